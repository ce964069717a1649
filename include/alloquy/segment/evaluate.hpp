#pragma once

/// \file
/// Whether a condition holds of one person, evaluated leaf by leaf from all facts: the meaning of the language, kept
/// simple. What answers for many people or follows them in time must give the same.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/leaf_tests.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment {

/// A fact as conditions see it.
struct SeenFact {
    time::Instant at;
    FactContent content;
};
/// A change of membership as it stands in the light of all facts.
struct Turn {
    time::Instant at;
    bool entered;

    friend bool operator==(const Turn&, const Turn&) = default;
};

/// One person at one instant, as conditions see it.
template <class S>
concept Subject = requires(const S& subject, const std::string& name, PersonId person, OrganisationId organisation) {
    { subject.now() } -> std::same_as<time::Instant>;
    /// Value of a field of the catalogue or of an attribute; monostate where it is missing.
    { subject.value(name) } -> std::same_as<model::AttributeValue>;
    /// Roles, relations, obligations, dialogues, enrolments, consents, attributes and zone.
    { subject.person() } -> std::convertible_to<const model::Person&>;
    { subject.symbols() } -> std::convertible_to<const model::Symbols&>;
    { subject.calendar() } -> std::convertible_to<const SegmentCalendar&>;
    /// A number that identifies the person outside, for random parts.
    { subject.key() } -> std::same_as<std::uint64_t>;
    /// All facts not after now(), from the oldest to the newest.
    { subject.facts() } -> std::convertible_to<std::span<const SeenFact>>;
    /// Whether the person is in another segment.
    { subject.is_in_segment(name) } -> std::same_as<bool>;
    /// The person's changes of another segment not after now(), from the oldest to the newest.
    { subject.turns(name) } -> std::same_as<std::vector<Turn>>;
    /// Another person at the same instant; nothing where there is none.
    { subject.other(person) } -> std::same_as<std::optional<S>>;
    { subject.organisation(organisation) } -> std::same_as<const model::Organisation*>;
};

/// Values for parameters, by name without `$`.
using Parameters = std::map<std::string, Value, std::less<>>;

template <Subject S>
[[nodiscard]] bool holds(const Condition& condition, const S& subject);

namespace detail {

template <Subject S>
[[nodiscard]] time::Day day_of(const RelativeDay& day, const S& subject) {
    const time::Day today = subject.calendar().today(day.zone, subject.person().zone, subject.now().unix_ms()).day;
    return moved(today, day.amount, day.unit);
}
/// The facts that a filter and a window let through.
template <Subject S>
[[nodiscard]] std::vector<const SeenFact*> facts_in(FactKind of, const std::optional<SubCondition>& where,
                                                    const Window& window, const S& subject) {
    const WindowAt at = subject.calendar().window_at(window, subject.person().zone, subject.now().unix_ms());
    std::vector<const SeenFact*> found;
    for (const SeenFact& fact : subject.facts()) {
        if (fact.at.unix_ms() < at.from_ms || fact.at.unix_ms() >= at.to_ms || fact.content.kind != of) continue;
        if (!where || fact_holds(**where, fact.content)) found.push_back(&fact);
    }
    return found;
}
[[nodiscard]] inline double days_between(std::int64_t from_ms, std::int64_t to_ms) noexcept {
    return static_cast<double>(to_ms - from_ms) / 86'400'000.0;
}

template <Subject S>
[[nodiscard]] model::AttributeValue value_of(const Aggregate& aggregate, const S& subject) {
    const std::vector<const SeenFact*> facts = facts_in(aggregate.of, aggregate.where, aggregate.window, subject);
    const std::int64_t now_ms = subject.now().unix_ms();
    switch (aggregate.function) {
        case Function::count:
            return static_cast<double>(facts.size());
        case Function::days_since_first:
            if (facts.empty()) return {};
            return days_between(facts.front()->at.unix_ms(), now_ms);
        case Function::days_since_last:
            if (facts.empty()) return {};
            return days_between(facts.back()->at.unix_ms(), now_ms);
        default:
            break;
    }
    // By instant, then value: what is at one instant has no other order.
    std::vector<std::pair<std::int64_t, model::AttributeValue>> values;
    for (const SeenFact* const fact : facts) {
        model::AttributeValue value = fact_value(fact->content, aggregate.field);
        if (!std::holds_alternative<std::monostate>(value)) values.emplace_back(fact->at.unix_ms(), std::move(value));
    }
    std::sort(values.begin(), values.end());
    const auto number = [&](std::size_t i) { return std::get<double>(values[i].second); };
    double sum = 0;
    std::set<model::AttributeValue> different;
    for (std::size_t i = 0; i < values.size(); ++i) {
        different.insert(values[i].second);
        if (std::holds_alternative<double>(values[i].second)) sum += number(i);
    }
    if (aggregate.function == Function::sum) return sum;
    if (aggregate.function == Function::distinct) return static_cast<double>(different.size());
    if (values.empty()) return {};
    switch (aggregate.function) {
        case Function::mean:
            return sum / static_cast<double>(values.size());
        case Function::least:
            return *different.begin();
        case Function::greatest:
            return *different.rbegin();
        case Function::first:
            return values.front().second;
        case Function::last:
            return values.back().second;
        default: {
            std::map<model::AttributeValue, std::size_t> times;
            for (const auto& value : values) ++times[value.second];
            const model::AttributeValue* most = nullptr;
            for (const auto& [value, count] : times) {
                if (most == nullptr || count > times[*most]) most = &value;
            }
            return *most;
        }
    }
}
template <Subject S>
[[nodiscard]] model::AttributeValue value_of(const Operand& operand, const S& subject) {
    return std::visit(
        [&](const auto& of) -> model::AttributeValue {
            using Of = std::decay_t<decltype(of)>;
            if constexpr (std::is_same_v<Of, std::string>) {
                return subject.value(of);
            } else if constexpr (std::is_same_v<Of, Aggregate>) {
                return value_of(of, subject);
            } else {
                return static_cast<double>(count_roles(of.of, subject.person(), subject.now(), subject.symbols()));
            }
        },
        operand);
}
template <Subject S>
[[nodiscard]] bool holds_of(const SetTest& test, const S& subject) {
    std::set<model::AttributeValue> found;
    for (const SeenFact* const fact : facts_in(test.of, test.where, test.window, subject)) {
        const model::AttributeValue& value = fact_value(fact->content, test.field);
        if (!std::holds_alternative<std::monostate>(value)) found.insert(value);
    }
    const auto is_found = [&](const Value& value) {
        return std::any_of(found.begin(), found.end(), [&](const model::AttributeValue& each) {
            return compare(each, Relation::equal, value, NoToday{});
        });
    };
    const auto is_asked_for = [&](const model::AttributeValue& each) {
        return std::any_of(test.values.begin(), test.values.end(),
                           [&](const Value& value) { return compare(each, Relation::equal, value, NoToday{}); });
    };
    switch (test.relation) {
        case SetRelation::any_of:
            return std::any_of(test.values.begin(), test.values.end(), is_found);
        case SetRelation::all_of:
            return std::all_of(test.values.begin(), test.values.end(), is_found);
        case SetRelation::none_of:
            return std::none_of(test.values.begin(), test.values.end(), is_found);
        case SetRelation::only:
            return !found.empty() && std::all_of(found.begin(), found.end(), is_asked_for);
    }
    return false;
}
template <Subject S>
[[nodiscard]] bool holds_of(const Anniversary& test, const S& subject) {
    const model::AttributeValue value = subject.value(test.field);
    const auto* const day = std::get_if<time::Day>(&value);
    if (day == nullptr) return false;
    const time::Day today = subject.calendar().today(test.zone, subject.person().zone, subject.now().unix_ms()).day;
    const std::optional<time::Day> next = next_anniversary(*day, today);
    return next && next->unix_days() - today.unix_days() < test.days;
}
/// Whether a sequence can go on after a fact at `at_ms`, by trying every next fact.
template <Subject S>
[[nodiscard]] bool goes_on(const Sequence& sequence, std::size_t step, std::int64_t at_ms, const S& subject) {
    if (step == sequence.steps.size()) return true;
    const SequenceStep& wanted = sequence.steps[step];
    const std::int64_t now_ms = subject.now().unix_ms();
    const std::int64_t until_ms = wanted.within_ms > 0 ? at_ms + wanted.within_ms : never_ms;
    const std::vector<const SeenFact*> facts = facts_in(wanted.of, wanted.where, Ever{}, subject);
    const auto fits = [&](const SeenFact* fact) {
        return fact->at.unix_ms() > at_ms && fact->at.unix_ms() <= until_ms;
    };
    if (wanted.absent) {
        return (wanted.within_ms == 0 || until_ms <= now_ms) && std::none_of(facts.begin(), facts.end(), fits);
    }
    return std::any_of(facts.begin(), facts.end(), [&](const SeenFact* fact) {
        return fits(fact) && goes_on(sequence, step + 1, fact->at.unix_ms(), subject);
    });
}
template <Subject S>
[[nodiscard]] bool holds_of(const Sequence& sequence, const S& subject) {
    if (sequence.steps.empty()) return false;
    const SequenceStep& first = sequence.steps[0];
    const std::vector<const SeenFact*> facts = facts_in(first.of, first.where, sequence.window, subject);
    return std::any_of(facts.begin(), facts.end(),
                       [&](const SeenFact* fact) { return goes_on(sequence, 1, fact->at.unix_ms(), subject); });
}
template <Subject S>
[[nodiscard]] bool holds_of(const Related& wanted, const S& subject) {
    const std::vector<model::Relation>& relations = subject.person().relations;
    return std::any_of(relations.begin(), relations.end(), [&](const model::Relation& relation) {
        if (!fits(wanted.period, relation.start, relation.end_exclusive, subject.now())) return false;
        if (wanted.kind && relation.kind != *wanted.kind) return false;
        if (const auto* const id = std::get_if<OrganisationId>(&relation.other)) {
            if (!wanted.to_organisation) return false;
            const model::Organisation* const organisation = subject.organisation(*id);
            return organisation != nullptr && fits(wanted, *organisation);
        }
        if (wanted.to_organisation) return false;
        const std::optional<S> other = subject.other(std::get<PersonId>(relation.other));
        return other && (!wanted.person || holds(**wanted.person, *other));
    });
}
template <Subject S>
[[nodiscard]] bool holds_of(const InSegment& wanted, const S& subject) {
    if (wanted.test == MembershipTest::now) return subject.is_in_segment(wanted.name);
    const std::vector<Turn> turns = subject.turns(wanted.name);
    const std::int64_t now_ms = subject.now().unix_ms();
    if (wanted.test == MembershipTest::since) {
        return !turns.empty() && turns.back().entered && now_ms - turns.back().at.unix_ms() >= wanted.for_ms;
    }
    const WindowAt window = subject.calendar().window_at(wanted.window, subject.person().zone, now_ms);
    for (std::size_t i = 0; i < turns.size(); ++i) {
        const std::int64_t at_ms = turns[i].at.unix_ms();
        const bool within = at_ms >= window.from_ms && at_ms < window.to_ms;
        if (wanted.test == MembershipTest::was) {
            if (!turns[i].entered) continue;
            const std::int64_t end_ms = i + 1 < turns.size() ? turns[i + 1].at.unix_ms() : now_ms + 1;
            if (at_ms < window.to_ms && end_ms > window.from_ms) return true;
        } else if (within && turns[i].entered == (wanted.test == MembershipTest::entered)) {
            return true;
        }
    }
    return false;
}

}  // namespace detail

/// Whether a condition holds of a person. See Condition for missing values.
/// \throws InvalidArgument  if the evaluation meets a parameter: with_parameters() gives it a value.
/// \par Cost  All facts for each leaf that counts some.
template <Subject S>
[[nodiscard]] bool holds(const Condition& condition, const S& subject) {
    return std::visit(
        [&](const auto& node) -> bool {
            using Node = std::decay_t<decltype(node)>;
            const auto each = [&](const Condition& one) { return holds(one, subject); };
            if constexpr (std::is_same_v<Node, All>) {
                return std::all_of(node.of.begin(), node.of.end(), each);
            } else if constexpr (std::is_same_v<Node, Any>) {
                return std::any_of(node.of.begin(), node.of.end(), each);
            } else if constexpr (std::is_same_v<Node, Not>) {
                return !holds(*node.of, subject);
            } else if constexpr (detail::is_value_test<Node>) {
                return detail::test_value(node, detail::value_of(node.of, subject),
                                          [&](const RelativeDay& day) { return detail::day_of(day, subject); });
            } else if constexpr (std::is_same_v<Node, HasRole>) {
                return detail::count_roles(node, subject.person(), subject.now(), subject.symbols()) > 0;
            } else if constexpr (std::is_same_v<Node, HasObligation>) {
                return detail::holds_of(node, subject.person(), subject.now(), subject.symbols());
            } else if constexpr (std::is_same_v<Node, HasDialogue> || std::is_same_v<Node, HasEnrolment> ||
                                 std::is_same_v<Node, Stated>) {
                return detail::holds_of(node, subject.person(), subject.symbols());
            } else if constexpr (std::is_same_v<Node, RandomPart>) {
                const double at = draw(subject.key(), node.name);
                return at >= node.from && at < node.below;
            } else if constexpr (std::is_same_v<Node, OnList>) {
                return detail::on_list(node, subject.person(), subject.symbols());
            } else {
                return detail::holds_of(node, subject);
            }
        },
        condition.node);
}

/// The condition with its parameters replaced by values.
/// \throws InvalidArgument  if a parameter has no value, a value is given for none, or is no finite number.
[[nodiscard]] inline Condition with_parameters(const Condition& condition, const Parameters& parameters);

namespace detail {

struct Binding {
    const Parameters* parameters;
    std::map<std::string, bool, std::less<>> used{};

    void value(Value& value) {
        const auto* const parameter = std::get_if<Parameter>(&value);
        if (parameter == nullptr) return;
        const auto found = parameters->find(parameter->name);
        if (found == parameters->end()) {
            throw InvalidArgument{"segment condition: parameter $" + parameter->name + " has no value"};
        }
        used[found->first] = true;
        value = Value{found->second};
    }
    void sub(std::optional<SubCondition>& where) {
        if (!where) return;
        Condition inner = **where;
        condition(inner);
        where = SubCondition{std::move(inner)};
    }
    void operand(Operand& of) {
        if (auto* const aggregate = std::get_if<Aggregate>(&of)) sub(aggregate->where);
    }
    void condition(Condition& condition) {
        std::visit(
            [&](auto& node) {
                using Node = std::decay_t<decltype(node)>;
                if constexpr (is_value_test<Node>) operand(node.of);
                if constexpr (std::is_same_v<Node, All> || std::is_same_v<Node, Any>) {
                    for (Condition& each : node.of) this->condition(each);
                } else if constexpr (std::is_same_v<Node, Not>) {
                    Condition inner = *node.of;
                    this->condition(inner);
                    node.of = SubCondition{std::move(inner)};
                } else if constexpr (std::is_same_v<Node, Comparison>) {
                    value(node.value);
                } else if constexpr (std::is_same_v<Node, Between>) {
                    value(node.from);
                    value(node.to);
                } else if constexpr (std::is_same_v<Node, OneOf>) {
                    for (Value& each : node.values) value(each);
                } else if constexpr (std::is_same_v<Node, TextMatch>) {
                    value(node.text);
                } else if constexpr (std::is_same_v<Node, SetTest>) {
                    sub(node.where);
                    for (Value& each : node.values) value(each);
                } else if constexpr (std::is_same_v<Node, Sequence>) {
                    for (SequenceStep& step : node.steps) sub(step.where);
                } else if constexpr (std::is_same_v<Node, Related>) {
                    sub(node.person);
                }
            },
            condition.node);
    }
};

}  // namespace detail

inline Condition with_parameters(const Condition& condition, const Parameters& parameters) {
    for (const auto& entry : parameters) {
        if (std::holds_alternative<Parameter>(entry.second)) {
            throw InvalidArgument{"segment condition: the value of $" + entry.first + " must not be a parameter"};
        }
        const auto* const number = std::get_if<double>(&entry.second);
        if (number != nullptr && *number - *number != 0) {
            throw InvalidArgument{"segment condition: the value of $" + entry.first + " must be finite"};
        }
    }
    Condition bound = condition;
    detail::Binding binding{&parameters};
    binding.condition(bound);
    for (const auto& entry : parameters) {
        if (!binding.used.contains(entry.first)) {
            throw InvalidArgument{"segment condition: there is no parameter $" + entry.first};
        }
    }
    return bound;
}

}  // namespace alloquy::segment
