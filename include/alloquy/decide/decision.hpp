#pragma once

/// \file
/// Decision: which action was chosen for a person, what was weighed, and which rule stopped every other one.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/decide/action.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::decide {

/// Why an action was not chosen: the first rule that failed. The rules are tried in this order.
enum class Rule : std::uint8_t {
    role,              ///< The person has none of the action's roles (in its programmes) now.
    condition,         ///< A column lies outside the action's range.
    unknown_value,     ///< A column that a condition or the value needs is not known for this person.
    zone_unknown,      ///< Without a time zone nobody is contacted.
    language_unknown,  ///< Without a language nobody is contacted.
    language,          ///< No variant in the person's language.
    legal_basis,       ///< Consent is missing or withdrawn, or the person objected.
    gap,               ///< The same action was carried out too recently.
    contact_cap,       ///< A cap on contacts is reached.
    worthless,         ///< The priority is 0.
    capacity,          ///< The pool's minutes went to people with higher priority.
    outranked,         ///< Another action of this person has the higher priority.
};
}  // namespace alloquy::decide

template <>
struct alloquy::model::EnumNames<alloquy::decide::Rule> {
    static constexpr std::array<std::string_view, 12> values{
        "role",        "condition", "unknown_value", "zone_unknown", "language_unknown", "language",
        "legal_basis", "gap",       "contact_cap",   "worthless",    "capacity",         "outranked"};
};

namespace alloquy::decide {

/// The factors of a priority; their product, in this order, is the priority bit by bit.
struct PriorityFactors {
    double propensity;  ///< Probability that the contact is answered times the action's own, in [0, 1].
    double value;       ///< Euros, >= 0.
    double lever;       ///< No unit, >= 0.

    [[nodiscard]] double priority() const noexcept { return propensity * value * lever; }
    friend bool operator==(const PriorityFactors&, const PriorityFactors&) = default;
};

/// One action that passed all rules, with the best variant of it.
struct Candidate {
    std::uint32_t action;   ///< Position in ActionPolicy::actions.
    std::uint32_t variant;  ///< Position in Action::variants.
    PriorityFactors factors;
    double priority;  ///< factors.priority(); euros expected.

    friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// One action that was not chosen.
struct Rejection {
    std::uint32_t action;  ///< Position in ActionPolicy::actions.
    Rule rule;             ///< The first that failed, for the variant that got furthest.
    /// What failed, by name: a column, a purpose, a cap, a pool; empty where the rule says it all. Never personal.
    std::string detail;
    std::optional<double> found{};  ///< The value that failed, such as a score or a number of contacts.

    friend bool operator==(const Rejection&, const Rejection&) = default;
};

/// The value of a column at the time of a decision.
struct ColumnValue {
    std::string name;
    std::optional<double> value;  ///< Nothing where unknown.

    friend bool operator==(const ColumnValue&, const ColumnValue&) = default;
};

/// Hash of a playbook's canonical bytes.
using PlaybookHash = std::array<std::byte, 32>;

/// The next dialogue action of one person, or none, with the whole account of why.
struct Decision {
    PersonId person;
    time::Instant now;
    PlaybookHash playbook;
    std::optional<Candidate> chosen;
    std::vector<Candidate> weighed;     ///< All that passed the rules, highest priority first; `chosen` is among them.
    std::vector<Rejection> rejections;  ///< Every action that was not chosen, in the playbook's order.
    std::vector<ColumnValue> columns;   ///< What was known of the person, in the order of the columns.

    friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace alloquy::decide
