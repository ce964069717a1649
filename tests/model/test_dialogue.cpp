#include <alloquy/model/dialogue.hpp>

#include <doctest/doctest.h>

#include <alloquy/model/names.hpp>

#include "../support/facts.hpp"

using alloquy::DialogueId;
using alloquy::model::Dialogue;
using alloquy::model::DialogueStep;
using alloquy::support::minute;

TEST_SUITE("model/dialogue") {
    TEST_CASE("only the person's confirmation closes a dialogue") {
        for (std::size_t i = 0; i < alloquy::model::enum_size<DialogueStep>; ++i) {
            const auto step = static_cast<DialogueStep>(i);
            CAPTURE(alloquy::model::name_of(step));
            CHECK(Dialogue{DialogueId{1}, step, minute(0), minute(0)}.is_open() == (step != DialogueStep::confirmed));
        }
    }
}
