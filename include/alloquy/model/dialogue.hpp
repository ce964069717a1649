#pragma once

/// \file
/// Dialogue: one matter between a person and the institution, from its opening to the person's confirmation.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <alloquy/id.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::model {

/// Where a dialogue stands; also the step that brought it there. Numbers are stored in journals: only ever append.
enum class DialogueStep : std::uint8_t {
    opened,
    assigned,   ///< A team owns it.
    pending,    ///< Waiting for the person.
    solved,     ///< The team says it is solved.
    confirmed,  ///< The person says it is solved: closed.
    reopened,   ///< It was not.
};
template <>
struct EnumNames<DialogueStep> {
    static constexpr std::array<std::string_view, 6> values{"opened", "assigned",  "pending",
                                                            "solved", "confirmed", "reopened"};
};

/// A step of a dialogue at the instant of the fact around it.
struct DialogueChange {
    DialogueId dialogue;
    DialogueStep step;
    std::optional<Team> team{};    ///< Owner from here on; kept from earlier steps where absent.
    std::optional<Topic> topic{};  ///< Kept from earlier steps where absent.
    std::optional<Tone> tone{};    ///< Kept from earlier steps where absent.

    friend bool operator==(const DialogueChange&, const DialogueChange&) = default;
};

/// State of one dialogue: the fold over its changes in order.
struct Dialogue {
    DialogueId id;
    DialogueStep step;
    time::Instant opened_at;
    time::Instant changed_at;
    std::optional<Team> team{};
    std::optional<Topic> topic{};
    std::optional<Tone> tone{};
    std::uint32_t times_reopened = 0;

    /// Solved is still open: only the person closes a dialogue.
    [[nodiscard]] bool is_open() const noexcept { return step != DialogueStep::confirmed; }
    friend bool operator==(const Dialogue&, const Dialogue&) = default;
};

}  // namespace alloquy::model
