#pragma once

/// \file
/// Action: something the institution can do for a person in a dialogue, and the policy around all actions.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/model/consent.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::decide {

/// What personal data are used for, with the legal basis that allows it.
struct PurposeRule {
    std::string name;
    model::LegalBasis basis;

    friend bool operator==(const PurposeRule&, const PurposeRule&) = default;
};

/// A supply of staff minutes for one planning period.
struct Pool {
    std::string name;
    double minutes;  ///< Available when the caller of `plan` names no other number; >= 0.

    friend bool operator==(const Pool&, const Pool&) = default;
};

/// Who carries an action out.
enum class ExecutorKind : std::uint8_t { team, bot, self_service };
}  // namespace alloquy::decide

template <>
struct alloquy::model::EnumNames<alloquy::decide::ExecutorKind> {
    static constexpr std::array<std::string_view, 3> values{"team", "bot", "self_service"};
};

namespace alloquy::decide {

/// One way to carry out an action: by which channel, in which language, by whom.
struct Variant {
    std::string channel;
    std::string language;  ///< BCP 47 tag; must be the person's own.
    ExecutorKind executor = ExecutorKind::bot;
    std::string pool{};     ///< Pool that pays the minutes; required for a team, empty otherwise.
    double minutes = 0;     ///< Staff minutes it takes, >= 0; > 0 for a team.
    std::string message{};  ///< What to say: a template's name or its text, for the host.

    friend bool operator==(const Variant&, const Variant&) = default;
};

/// A condition on a numeric column of a person: from <= value < below.
struct ColumnRange {
    std::string column;
    std::optional<double> from{};
    std::optional<double> below{};

    friend bool operator==(const ColumnRange&, const ColumnRange&) = default;
};

/// What an action is worth for a person: a constant, or a broken line over one column.
struct ValueCurve {
    struct Point {
        double at;     ///< Value of the column.
        double euros;  ///< Worth there, >= 0.

        friend bool operator==(const Point&, const Point&) = default;
    };
    std::string column{};       ///< Empty: `points` holds one point, whose euros count for everybody.
    std::vector<Point> points;  ///< Ascending in `at`; linear in between, constant outside.

    friend bool operator==(const ValueCurve&, const ValueCurve&) = default;
};

/// A dialogue action.
struct Action {
    std::string name;
    std::string purpose;
    model::RoleSet roles{};  ///< For people who have one of these roles now.
    /// Only for people who have one of these roles in one of these programmes now; every programme if empty.
    std::vector<std::string> programmes{};
    std::vector<ColumnRange> conditions{};  ///< All must hold.
    ValueCurve value{{}, {{0, 0}}};         ///< Euros if it succeeds.
    double propensity = 1;  ///< Probability that an answered contact succeeds, in [0, 1]; times reachability.
    double lever = 1;       ///< The institution's own weight on this action, >= 0.
    std::optional<time::Duration> gap{};  ///< Not again within this time after it was carried out.
    std::vector<Variant> variants{};

    friend bool operator==(const Action&, const Action&) = default;
};

/// At most `most` contacts in the window before now (now - window, now].
struct ContactCap {
    std::string name;
    std::optional<std::string> channel{};  ///< Counts only contacts by this channel, and holds only for them.
    std::optional<std::string> purpose{};  ///< Likewise for a purpose.
    std::uint32_t most = 1;
    time::Duration window = std::chrono::days{7};

    friend bool operator==(const ContactCap&, const ContactCap&) = default;
};

/// All policy about actions.
struct ActionPolicy {
    std::vector<PurposeRule> purposes{};
    std::vector<Pool> pools{};
    std::vector<ContactCap> caps{};
    std::vector<Action> actions{};

    friend bool operator==(const ActionPolicy&, const ActionPolicy&) = default;
};

}  // namespace alloquy::decide
