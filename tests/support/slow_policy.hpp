#pragma once

/// \file
/// A slow, plain checker of the documented rules about actions, by names and from the definitions, for comparison.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/decide/action.hpp>
#include <alloquy/decide/decider.hpp>
#include <alloquy/decide/decision.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::support {

/// Everything the rules speak of.
struct SlowWorld {
    const decide::ActionPolicy& policy;
    const std::vector<std::string>& channels;
    const std::vector<std::string>& columns;
    const model::Symbols& symbols;
};

/// Why a variant failed.
struct SlowFailure {
    decide::Rule rule;
    std::string detail{};
    std::optional<double> found{};
};

/// What became of one action: its best variants, or the failures that may speak for it.
struct SlowOutcome {
    double priority = 0;                  ///< Of the best variants.
    std::vector<std::uint32_t> best{};    ///< Variants with that priority; empty if the action is not possible.
    std::vector<SlowFailure> failures{};  ///< One for each variant that got furthest, or the one of the whole action.
    bool is_disputed = false;             ///< Both an unknown and an outside column: a case of its own.
};

[[nodiscard]] inline bool slow_is_permitted(model::LegalBasis basis, model::Purpose purpose, model::Channel channel,
                                            std::span<const model::ConsentState> consents) {
    using enum model::LegalBasis;
    std::vector<model::ConsentState> concerned;
    for (const model::ConsentState& state : consents) {
        const bool for_channel = !state.channel.has_value() || state.channel.value() == channel;
        if (state.purpose == purpose && for_channel) concerned.push_back(state);
    }
    const bool objected = std::any_of(concerned.begin(), concerned.end(), [](const auto& s) { return s.objected; });
    if (objected && (basis == consent || basis == public_task || basis == legitimate_interests)) return false;
    if (basis != consent) return true;
    // The latest word about consent; of several at one instant a single no is enough. Objections are no such word.
    std::erase_if(concerned, [](const auto& state) { return !state.given_at.has_value(); });
    if (concerned.empty()) return false;
    time::Instant latest = time::Instant::earliest();
    for (const auto& state : concerned) latest = std::max(latest, *state.given_at);
    return std::all_of(concerned.begin(), concerned.end(),
                       [&](const auto& state) { return *state.given_at < latest || state.given; });
}

[[nodiscard]] inline std::string lower_case(std::string_view text) {
    std::string lower{text};
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

[[nodiscard]] inline bool slow_language_suits(std::string_view offered, std::string_view wanted) {
    const std::string a = lower_case(offered);
    const std::string b = lower_case(wanted);
    return a == b || b.starts_with(a + "-");
}

[[nodiscard]] inline double slow_value(const decide::ValueCurve& curve, double x) {
    const auto& points = curve.points;
    if (curve.column.empty() || x <= points.front().at) return points.front().euros;
    if (x >= points.back().at) return points.back().euros;
    for (std::size_t i = points.size() - 1;; --i) {
        if (points[i - 1].at <= x) {
            const double share = (x - points[i - 1].at) / (points[i].at - points[i - 1].at);
            return (1 - share) * points[i - 1].euros + share * points[i].euros;
        }
    }
}

[[nodiscard]] inline std::uint32_t slow_count(const SlowWorld& world, const decide::ContactCap& cap,
                                              const decide::Subject& subject, time::Instant now) {
    std::uint32_t count = 0;
    for (const decide::Contact& contact : subject.contacts) {
        const bool in_window = contact.at.unix_ms() > now.unix_ms() - cap.window.count() && contact.at <= now;
        const bool by_channel =
            !cap.channel || (contact.channel > 0 && world.channels[contact.channel - 1U] == *cap.channel);
        const bool for_purpose =
            !cap.purpose || (contact.purpose > 0 && world.policy.purposes[contact.purpose - 1U].name == *cap.purpose);
        if (in_window && by_channel && for_purpose) ++count;
    }
    return count;
}

/// Weighs one action by the documented rules, each tried in its order.
[[nodiscard]] inline SlowOutcome slow_weigh(const SlowWorld& world, const decide::Action& action,
                                            const decide::Subject& subject, time::Instant now) {
    using decide::Rule;
    SlowOutcome outcome;
    const auto column = [&](const std::string& name) {
        const auto found = std::find(world.columns.begin(), world.columns.end(), name);
        return subject.columns[static_cast<std::size_t>(found - world.columns.begin())];
    };
    const auto stopped = [&](Rule rule, std::string detail = {}, std::optional<double> found = {}) {
        outcome.failures = {{rule, std::move(detail), found}};
        return outcome;
    };
    bool has_role = false;
    for (int kind = 0; kind < 8; ++kind) {
        const auto role = static_cast<model::RoleKind>(kind);
        has_role = has_role || (action.roles.contains(role) && subject.roles.contains(role));
    }
    if (!action.programmes.empty()) {
        has_role = false;
        for (const model::Role& role : subject.role_periods) {
            const bool asked_for = role.programme && std::count(action.programmes.begin(), action.programmes.end(),
                                                                world.symbols.programmes.text(*role.programme)) > 0;
            const bool runs = role.start <= now && (!role.end_exclusive || *role.end_exclusive > now);
            has_role = has_role || (asked_for && runs && action.roles.contains(role.kind));
        }
    }
    if (!has_role) return stopped(Rule::role);
    std::vector<SlowFailure> outside;
    std::vector<SlowFailure> unknown;
    for (const decide::ColumnRange& range : action.conditions) {
        const std::optional<double> value = column(range.column);
        if (!value) {
            unknown.push_back({Rule::unknown_value, range.column});
        } else if ((range.from && *value < *range.from) || (range.below && *value >= *range.below)) {
            outside.push_back({Rule::condition, range.column, value});
        }
    }
    outcome.is_disputed = !outside.empty() && !unknown.empty();
    if (!outside.empty()) return stopped(Rule::condition, outside.front().detail, outside.front().found);
    if (!action.value.column.empty() && !column(action.value.column)) {
        unknown.push_back({Rule::unknown_value, action.value.column});
    }
    if (!unknown.empty()) return stopped(Rule::unknown_value, unknown.front().detail);
    if (!subject.zone_known) return stopped(Rule::zone_unknown);
    if (subject.language.empty()) return stopped(Rule::language_unknown);

    const auto purpose = std::find_if(world.policy.purposes.begin(), world.policy.purposes.end(),
                                      [&](const auto& p) { return p.name == action.purpose; });
    const double value = slow_value(action.value, action.value.column.empty() ? 0 : *column(action.value.column));
    std::vector<SlowFailure> failures;
    for (std::uint32_t v = 0; v < action.variants.size(); ++v) {
        const decide::Variant& variant = action.variants[v];
        const auto failed = [&]() -> std::optional<SlowFailure> {
            if (!slow_language_suits(variant.language, subject.language)) return SlowFailure{Rule::language};
            if (!slow_is_permitted(purpose->basis, world.symbols.purposes.find(action.purpose).value(),
                                   world.symbols.channels.find(variant.channel).value(), subject.consents)) {
                return SlowFailure{Rule::legal_basis, action.purpose};
            }
            for (const decide::Contact& contact : subject.contacts) {
                if (!action.gap || contact.action == 0) continue;
                if (world.policy.actions[contact.action - 1U].name == action.name && contact.at <= now &&
                    now - contact.at < *action.gap) {
                    return SlowFailure{Rule::gap};
                }
            }
            for (const decide::ContactCap& cap : world.policy.caps) {
                const bool holds = (!cap.channel || *cap.channel == variant.channel) &&
                                   (!cap.purpose || *cap.purpose == action.purpose);
                const std::uint32_t count = slow_count(world, cap, subject, now);
                if (holds && count >= cap.most) return SlowFailure{Rule::contact_cap, cap.name, count};
            }
            return std::nullopt;
        }();
        if (failed) {
            failures.push_back(*failed);
            continue;
        }
        const auto number = static_cast<std::size_t>(
            std::find(world.channels.begin(), world.channels.end(), variant.channel) - world.channels.begin() + 1);
        const double priority = action.propensity * subject.response[number] * value * action.lever;
        if (priority <= 0) {
            failures.push_back({Rule::worthless, {}, 0});
        } else if (outcome.best.empty() || priority > outcome.priority) {
            outcome.priority = priority;
            outcome.best = {v};
        } else if (priority == outcome.priority) {
            outcome.best.push_back(v);
        }
    }
    if (outcome.best.empty()) {
        Rule furthest = Rule::role;
        for (const SlowFailure& failure : failures) furthest = std::max(furthest, failure.rule);
        for (SlowFailure& failure : failures) {
            if (failure.rule == furthest) outcome.failures.push_back(std::move(failure));
        }
    }
    return outcome;
}

}  // namespace alloquy::support
