#pragma once

/// \file
/// Decisions in words, for people who carry them out or check them.

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <alloquy/decide/action.hpp>
#include <alloquy/decide/decision.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>

namespace alloquy::decide {

namespace detail {

/// Decimal text with a fixed number of digits after the point, the same everywhere; rounds half away from zero.
[[nodiscard]] inline std::string fixed(double value, int digits) {
    double scale = 1;
    for (int i = 0; i < digits; ++i) scale *= 10;
    const double scaled = std::floor(std::abs(value) * scale + 0.5);
    if (!(scaled < 1e15)) return "beyond 1e15";
    const auto units = static_cast<std::int64_t>(scaled);
    const auto step = static_cast<std::int64_t>(scale);
    std::string text = (value < 0 && units != 0 ? "-" : "") + std::to_string(units / step);
    if (digits > 0) {
        const std::string fraction = std::to_string(units % step);
        text += "." + std::string(static_cast<std::size_t>(digits) - fraction.size(), '0') + fraction;
    }
    return text;
}

}  // namespace detail

/// What a rule says about an action that was not chosen, in English.
[[nodiscard]] inline std::string to_text(const Rejection& rejection) {
    const std::string found = rejection.found ? detail::fixed(*rejection.found, 2) : std::string{};
    switch (rejection.rule) {
        case Rule::role:
            return "is for people in another role";
        case Rule::condition:
            return rejection.detail + " is " + found + ", outside the action's range";
        case Rule::unknown_value:
            return rejection.detail + " is not known";
        case Rule::zone_unknown:
            return "the time zone is not known, so nobody is contacted";
        case Rule::language_unknown:
            return "the language is not known, so nobody is contacted";
        case Rule::language:
            return "there is no variant in the person's language";
        case Rule::legal_basis:
            return "no legal basis for " + rejection.detail + ": no consent, or an objection";
        case Rule::gap:
            return "was carried out too recently";
        case Rule::contact_cap:
            return "the cap '" + rejection.detail + "' is reached (" + detail::fixed(rejection.found.value_or(0), 0) +
                   " contacts)";
        case Rule::worthless:
            return "its priority is 0";
        case Rule::capacity:
            return "the minutes of " + rejection.detail + " go to others with a higher priority";
        case Rule::outranked:
            return "worth " + found + " euros, less than " + rejection.detail;
    }
    return {};
}

/// The factors of a candidate in one line, in English.
/// \throws InvalidArgument  if the policy has no such action or variant: it is not the one that was decided under.
[[nodiscard]] inline std::string to_text(const Candidate& candidate, const ActionPolicy& policy) {
    if (candidate.action >= policy.actions.size() ||
        candidate.variant >= policy.actions[candidate.action].variants.size()) {
        throw InvalidArgument{"to_text: the candidate is of another playbook"};
    }
    const Action& action = policy.actions[candidate.action];
    const Variant& variant = action.variants[candidate.variant];
    std::string text = action.name + " by " + variant.channel + " in " + variant.language + " by ";
    text += variant.executor == ExecutorKind::team ? variant.pool + " (" + detail::fixed(variant.minutes, 0) + " min)"
                                                   : std::string{model::name_of(variant.executor)};
    text += ": expected " + detail::fixed(candidate.priority, 2) +
            " euros = " + detail::fixed(candidate.factors.propensity, 3) + " propensity x " +
            detail::fixed(candidate.factors.value, 2) + " euros";
    if (candidate.factors.lever != 1) text += " x " + detail::fixed(candidate.factors.lever, 2) + " lever";
    return text;
}

/// The whole account of a decision, several lines, in English. Names no person.
/// \param policy  The one that was decided under.
/// \throws InvalidArgument  if it has not the actions that the decision speaks of.
[[nodiscard]] inline std::string to_text(const Decision& decision, const ActionPolicy& policy) {
    std::string text = decision.chosen ? "chosen: " + to_text(*decision.chosen, policy) : std::string{"no action"};
    text += "\nknown:";
    for (const ColumnValue& column : decision.columns) {
        text += " " + column.name + " " + (column.value ? detail::fixed(*column.value, 2) : "unknown") + ";";
    }
    if (text.back() == ';') text.pop_back();
    for (const Rejection& rejection : decision.rejections) {
        if (rejection.action >= policy.actions.size()) {
            throw InvalidArgument{"to_text: the decision is of another playbook"};
        }
        text += "\nnot " + policy.actions[rejection.action].name + " (" + std::string{model::name_of(rejection.rule)} +
                "): " + to_text(rejection);
    }
    return text;
}

}  // namespace alloquy::decide
