#pragma once

/// \file
/// The tests that need one value or one person's state alone; what windows, other people and time do is elsewhere.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/fnv_1a.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/random.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/regular_expression.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment::detail {

/// Where no day is counted from today.
struct NoToday {
    [[noreturn]] time::Day operator()(const RelativeDay&) const {
        throw InvalidArgument{"segment condition: facts are compared with no day that is counted from today"};
    }
};

/// The one rule for missing values: what is missing, or of another type than it is compared with, makes no test hold.
/// \param today  Gives the day of a RelativeDay.
template <class Today>
[[nodiscard]] bool compare(const model::AttributeValue& found, Relation relation, const Value& against,
                           const Today& today) {
    const auto stand = [&](const auto& a, const auto& b) {
        switch (relation) {
            case Relation::equal:
                return a == b;
            case Relation::less:
                return a < b;
            case Relation::at_most:
                return a <= b;
            case Relation::greater:
                return a > b;
            case Relation::at_least:
                return a >= b;
        }
        return false;
    };
    const bool is_order = relation != Relation::equal;
    return std::visit(
        [&](const auto& a, const auto& b) -> bool {
            using A = std::decay_t<decltype(a)>;
            using B = std::decay_t<decltype(b)>;
            if constexpr (std::is_same_v<B, Parameter>) {
                throw InvalidArgument{"segment condition: parameter $" + b.name + " has no value"};
            } else if constexpr (std::is_same_v<B, RelativeDay>) {
                if constexpr (std::is_same_v<A, time::Day>) return stand(a, today(b));
                return false;
            } else if constexpr (!std::is_same_v<A, B>) {
                return false;
            } else if constexpr (std::is_same_v<A, double> || std::is_same_v<A, time::Day>) {
                return stand(a, b);
            } else {
                return !is_order && stand(a, b);
            }
        },
        found, against);
}

[[nodiscard]] inline const std::string* text_of(const Value& value) {
    if (const auto* const parameter = std::get_if<Parameter>(&value)) {
        throw InvalidArgument{"segment condition: parameter $" + parameter->name + " has no value"};
    }
    return std::get_if<std::string>(&value);
}
/// \param compiled  The expression of a test that matches one, or null.
[[nodiscard]] inline bool match(TextTest test, const std::string& text, const std::string& part,
                                const RegularExpression* compiled) {
    switch (test) {
        case TextTest::contains:
            return text.find(part) != std::string::npos;
        case TextTest::starts_with:
            return text.starts_with(part);
        case TextTest::ends_with:
            return text.ends_with(part);
        case TextTest::like:
            return like(text, part);
        case TextTest::matches:
            return compiled != nullptr ? compiled->found_in(text) : RegularExpression{part}.found_in(text);
    }
    return false;
}

/// Whether a test holds of a value: Comparison, Between, OneOf, TextMatch or IsKnown, whatever its operand.
template <class Test, class Today>
[[nodiscard]] bool test_value(const Test& test, const model::AttributeValue& found, const Today& today,
                              const RegularExpression* compiled = nullptr) {
    if constexpr (std::is_same_v<Test, Comparison>) {
        return compare(found, test.relation, test.value, today);
    } else if constexpr (std::is_same_v<Test, Between>) {
        return compare(found, Relation::at_least, test.from, today) &&
               compare(found, Relation::at_most, test.to, today);
    } else if constexpr (std::is_same_v<Test, OneOf>) {
        return std::any_of(test.values.begin(), test.values.end(),
                           [&](const Value& value) { return compare(found, Relation::equal, value, today); });
    } else if constexpr (std::is_same_v<Test, TextMatch>) {
        const std::string* const part = text_of(test.text);
        const auto* const text = std::get_if<std::string>(&found);
        return text != nullptr && part != nullptr && match(test.test, *text, *part, compiled);
    } else {
        static_assert(std::is_same_v<Test, IsKnown>);
        return !std::holds_alternative<std::monostate>(found);
    }
}
/// Calls `use` with the same test as a function of a number, NaN where it is missing. Parameters have been replaced.
template <class Test, class Use>
decltype(auto) with_number_test(const Test& test, const Use& use) {
    const auto never = [](double) { return false; };
    // No comparison with NaN holds.
    if constexpr (std::is_same_v<Test, Comparison>) {
        const auto* const bound = std::get_if<double>(&test.value);
        if (bound == nullptr) return use(never);
        switch (test.relation) {
            case Relation::equal:
                return use([b = *bound](double found) { return found == b; });
            case Relation::less:
                return use([b = *bound](double found) { return found < b; });
            case Relation::at_most:
                return use([b = *bound](double found) { return found <= b; });
            case Relation::greater:
                return use([b = *bound](double found) { return found > b; });
            case Relation::at_least:
                return use([b = *bound](double found) { return found >= b; });
        }
        return use(never);
    } else if constexpr (std::is_same_v<Test, Between>) {
        const auto* const from = std::get_if<double>(&test.from);
        const auto* const to = std::get_if<double>(&test.to);
        if (from == nullptr || to == nullptr) return use(never);
        return use([a = *from, b = *to](double found) { return found >= a && found <= b; });
    } else if constexpr (std::is_same_v<Test, OneOf>) {
        return use([&](double found) {
            return std::any_of(test.values.begin(), test.values.end(), [&](const Value& value) {
                const auto* const number = std::get_if<double>(&value);
                return number != nullptr && found == *number;
            });
        });
    } else if constexpr (std::is_same_v<Test, TextMatch>) {
        return use(never);
    } else {
        static_assert(std::is_same_v<Test, IsKnown>);
        return use([](double found) { return found == found; });
    }
}
template <class Test>
inline constexpr bool is_value_test =
    std::is_same_v<Test, Comparison> || std::is_same_v<Test, Between> || std::is_same_v<Test, OneOf> ||
    std::is_same_v<Test, TextMatch> || std::is_same_v<Test, IsKnown>;

/// Calls visit(value) for each value that a test compares with.
template <class N, class Visit>
void for_each_value(const N& node, const Visit& visit) {
    if constexpr (std::is_same_v<N, Comparison>) {
        visit(node.value);
    } else if constexpr (std::is_same_v<N, Between>) {
        visit(node.from);
        visit(node.to);
    } else if constexpr (std::is_same_v<N, OneOf>) {
        for (const Value& value : node.values) visit(value);
    } else if constexpr (std::is_same_v<N, TextMatch>) {
        visit(node.text);
    }
}

[[nodiscard]] inline bool is_one_of(const std::vector<std::string>& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}
/// Whether a period with this start and end is among those asked for.
[[nodiscard]] inline bool fits(RolePeriod period, time::Instant start, const std::optional<time::Instant>& end,
                               time::Instant now) {
    const bool begun = start <= now;
    const bool over = end && *end <= now;
    return begun && (period == RolePeriod::ever || (period == RolePeriod::former) == over);
}
[[nodiscard]] inline bool fits(const HasRole& wanted, const model::Role& role, time::Instant now,
                               const model::Symbols& symbols) {
    if (!fits(wanted.period, role.start, role.end_exclusive, now)) return false;
    if (wanted.kind && role.kind != *wanted.kind) return false;
    const auto named = [](const std::vector<std::string>& names, const auto& symbol, const auto& vocabulary) {
        return names.empty() || (symbol && is_one_of(names, vocabulary.text(*symbol)));
    };
    return named(wanted.programmes, role.programme, symbols.programmes) &&
           named(wanted.sites, role.site, symbols.sites);
}
[[nodiscard]] inline std::size_t count_roles(const HasRole& wanted, const model::Person& person, time::Instant now,
                                             const model::Symbols& symbols) {
    return static_cast<std::size_t>(
        std::count_if(person.roles.begin(), person.roles.end(),
                      [&](const model::Role& role) { return fits(wanted, role, now, symbols); }));
}
[[nodiscard]] inline bool holds_of(const HasObligation& wanted, const model::Person& person, time::Instant now,
                                   const model::Symbols& symbols) {
    return std::any_of(person.obligations.begin(), person.obligations.end(), [&](const model::Obligation& each) {
        const bool is_overdue = each.is_open() && each.due && *each.due < now;
        const bool in_state = [&] {
            switch (wanted.state) {
                case ObligationState::open:
                    return each.is_open();
                case ObligationState::overdue:
                    return is_overdue;
                case ObligationState::fulfilled:
                    return each.step == model::ObligationStep::fulfilled;
                case ObligationState::waived:
                    return each.step == model::ObligationStep::waived;
            }
            return false;
        }();
        if (!in_state || !is_one_of(wanted.kinds, symbols.obligations.text(each.kind))) return false;
        if (!wanted.due_within_ms) return true;
        return each.is_open() && each.due && !is_overdue && (*each.due - now).count() <= *wanted.due_within_ms;
    });
}
[[nodiscard]] inline bool holds_of(const HasDialogue& wanted, const model::Person& person,
                                   const model::Symbols& symbols) {
    return std::any_of(person.dialogues.begin(), person.dialogues.end(), [&](const model::Dialogue& each) {
        const auto named = [](const std::vector<std::string>& names, const auto& symbol, const auto& vocabulary) {
            return names.empty() || (symbol && is_one_of(names, vocabulary.text(*symbol)));
        };
        return each.is_open() == wanted.open && named(wanted.topics, each.topic, symbols.topics) &&
               named(wanted.teams, each.team, symbols.teams) &&
               (wanted.tones.empty() || (each.tone && is_one_of(wanted.tones, model::name_of(*each.tone))));
    });
}
[[nodiscard]] inline bool holds_of(const HasEnrolment& wanted, const model::Person& person,
                                   const model::Symbols& symbols) {
    return std::any_of(person.enrolments.begin(), person.enrolments.end(), [&](const model::Enrolment& each) {
        return is_one_of(wanted.statuses, model::name_of(each.status)) &&
               is_one_of(wanted.programmes, symbols.programmes.text(each.programme));
    });
}
/// Consent stands if the latest statement that covers the channel gave it; of two at one instant the one that says no
/// wins. An objection stands if one that covers the channel does.
[[nodiscard]] inline bool holds_of(const Stated& wanted, const model::Person& person, const model::Symbols& symbols) {
    const model::ConsentState* decisive = nullptr;
    for (const model::ConsentState& state : person.consents) {
        if (symbols.purposes.text(state.purpose) != wanted.purpose) continue;
        if (state.channel && (!wanted.channel || symbols.channels.text(*state.channel) != *wanted.channel)) continue;
        if (wanted.is_objection && state.objected) return true;
        if (!state.given_at) continue;
        if (decisive == nullptr || *decisive->given_at < *state.given_at ||
            (*decisive->given_at == *state.given_at && !state.given)) {
            decisive = &state;
        }
    }
    return !wanted.is_objection && decisive != nullptr && decisive->given;
}
[[nodiscard]] inline bool on_list(const OnList& list, const model::Person& person, const model::Symbols& symbols) {
    const auto name = symbols.attributes.find(list_attribute(list.name));
    const model::AttributeValue* const value = name ? model::attribute(person, *name) : nullptr;
    return value != nullptr && *value == model::AttributeValue{true};
}
/// Whether the other end of a relation to an organisation is one that is asked for.
[[nodiscard]] inline bool fits(const Related& wanted, const model::Organisation& organisation) {
    return is_one_of(wanted.organisations, organisation.name) &&
           (!wanted.organisation_kind || organisation.kind == *wanted.organisation_kind);
}

/// The first instant after `now` at which a role or relation begins or ends; never_ms without one.
template <class List>
[[nodiscard]] std::int64_t next_boundary(const List& periods, std::int64_t now_ms) {
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    for (const auto& each : periods) {
        if (each.start.unix_ms() > now_ms) next = std::min(next, each.start.unix_ms());
        if (each.end_exclusive && each.end_exclusive->unix_ms() > now_ms) {
            next = std::min(next, each.end_exclusive->unix_ms());
        }
    }
    return next;
}
/// The first instant after `now` at which a deadline is met or has passed.
[[nodiscard]] inline std::int64_t next_deadline(const model::Person& person, std::int64_t now_ms,
                                                std::int64_t before_ms = 0) {
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    for (const model::Obligation& each : person.obligations) {
        if (!each.due) continue;
        for (const std::int64_t at : {each.due->unix_ms() - before_ms, each.due->unix_ms(), each.due->unix_ms() + 1}) {
            if (at > now_ms) next = std::min(next, at);
        }
    }
    return next;
}

}  // namespace alloquy::segment::detail

namespace alloquy::segment {

/// Where a person stands in a named draw: percent, in [0, 100), the same at every instant and on every machine.
/// \param key  A number that identifies the person outside; its highest bit does not count.
[[nodiscard]] inline double draw(std::uint64_t key, std::string_view name) noexcept {
    // Streams from 2^63 on are taken; see random_bits().
    return 100 * score::random_fraction(fnv_1a(name), key & 0x7FFFFFFFFFFFFFFF, 0);
}

}  // namespace alloquy::segment
