#include <alloquy/decide/decision.hpp>

#include <doctest/doctest.h>

using alloquy::decide::PriorityFactors;

TEST_SUITE("decide/decision") {
    TEST_CASE("a priority is the product of its factors from left to right") {
        CHECK(PriorityFactors{0.5, 80, 1.5}.priority() == 60);
        CHECK(PriorityFactors{0, 80, 1.5}.priority() == 0);
        // (0.1 * 3) * 10 and 0.1 * (3 * 10) differ in the last bit: 0.1 * 3 rounds up.
        CHECK(PriorityFactors{0.1, 3, 10}.priority() == 0.1 * 3.0 * 10.0);
        CHECK(PriorityFactors{0.1, 3, 10}.priority() != 0.1 * (3.0 * 10.0));
    }
}
