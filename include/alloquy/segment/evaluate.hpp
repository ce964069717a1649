#pragma once

/// \file
/// Whether a condition holds of one person, evaluated leaf by leaf: the meaning of the language, kept simple.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/fnv_1a.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/score/random.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment {

/// One person at one instant, as conditions see it.
template <class S>
concept Subject = requires(const S& subject, const std::string& name, const Stated& stated, model::Programme programme,
                           model::Site site) {
    { subject.now() } -> std::same_as<time::Instant>;
    /// Value of a field of the catalogue or of an attribute; monostate where it is missing.
    { subject.value(name) } -> std::same_as<model::AttributeValue>;
    { subject.roles() } -> std::convertible_to<std::span<const model::Role>>;
    { subject.programme_name(programme) } -> std::convertible_to<std::string_view>;
    { subject.site_name(site) } -> std::convertible_to<std::string_view>;
    /// Whether a consent or objection stands.
    { subject.has_stated(stated) } -> std::same_as<bool>;
    /// A number that identifies the person outside, for random parts.
    { subject.key() } -> std::same_as<std::uint64_t>;
    /// Whether the person is in another segment.
    { subject.is_in_segment(name) } -> std::same_as<bool>;
};

/// Values for parameters, by name without `$`.
using Parameters = std::map<std::string, Value, std::less<>>;

namespace detail {

/// The one rule for missing values: what is missing, or of another type than it is compared with, makes no test hold.
[[nodiscard]] inline bool compare(const model::AttributeValue& found, Relation relation, const Value& against) {
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

template <Subject S>
[[nodiscard]] bool has_role(const HasRole& wanted, const S& subject) {
    const auto is_one_of = [](const std::vector<std::string>& names, std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    const std::span<const model::Role> roles = subject.roles();
    return std::any_of(roles.begin(), roles.end(), [&](const model::Role& role) {
        const bool begun = role.start <= subject.now();
        const bool over = role.end_exclusive && *role.end_exclusive <= subject.now();
        const bool fits = wanted.period == RolePeriod::current  ? begun && !over
                          : wanted.period == RolePeriod::former ? begun && over
                                                                : begun;
        if (!fits || (wanted.kind && role.kind != *wanted.kind)) return false;
        if (!wanted.programmes.empty() &&
            !(role.programme && is_one_of(wanted.programmes, subject.programme_name(*role.programme)))) {
            return false;
        }
        return wanted.sites.empty() || (role.site && is_one_of(wanted.sites, subject.site_name(*role.site)));
    });
}

template <Subject S>
[[nodiscard]] bool match(const TextMatch& wanted, const S& subject) {
    if (const auto* const parameter = std::get_if<Parameter>(&wanted.text)) {
        throw InvalidArgument{"segment condition: parameter $" + parameter->name + " has no value"};
    }
    const model::AttributeValue found = subject.value(wanted.field);
    const auto* const text = std::get_if<std::string>(&found);
    const auto* const part = std::get_if<std::string>(&wanted.text);
    if (text == nullptr || part == nullptr) return false;
    switch (wanted.test) {
        case TextTest::contains:
            return text->find(*part) != std::string::npos;
        case TextTest::starts_with:
            return text->starts_with(*part);
        case TextTest::ends_with:
            return text->ends_with(*part);
    }
    return false;
}

}  // namespace detail

/// Where a person stands in a named draw: percent, in [0, 100), the same at every instant and on every machine.
/// \param key  Of the person, as Subject::key(); its highest bit does not count.
[[nodiscard]] inline double draw(std::uint64_t key, std::string_view name) noexcept {
    // Streams from 2^63 on are taken; see random_bits().
    return 100 * score::random_fraction(fnv_1a(name), key & 0x7FFFFFFFFFFFFFFF, 0);
}

/// Whether a condition holds of a person. See Condition for missing values.
/// \throws InvalidArgument  if the evaluation meets a parameter: with_parameters() gives it a value.
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
            } else if constexpr (std::is_same_v<Node, Comparison>) {
                return detail::compare(subject.value(node.field), node.relation, node.value);
            } else if constexpr (std::is_same_v<Node, Between>) {
                const model::AttributeValue found = subject.value(node.field);
                return detail::compare(found, Relation::at_least, node.from) &&
                       detail::compare(found, Relation::at_most, node.to);
            } else if constexpr (std::is_same_v<Node, OneOf>) {
                const model::AttributeValue found = subject.value(node.field);
                return std::any_of(node.values.begin(), node.values.end(),
                                   [&](const Value& value) { return detail::compare(found, Relation::equal, value); });
            } else if constexpr (std::is_same_v<Node, TextMatch>) {
                return detail::match(node, subject);
            } else if constexpr (std::is_same_v<Node, IsKnown>) {
                return !std::holds_alternative<std::monostate>(subject.value(node.field));
            } else if constexpr (std::is_same_v<Node, HasRole>) {
                return detail::has_role(node, subject);
            } else if constexpr (std::is_same_v<Node, Stated>) {
                return subject.has_stated(node);
            } else if constexpr (std::is_same_v<Node, RandomPart>) {
                const double at = draw(subject.key(), node.name);
                return at >= node.from && at < node.below;
            } else {
                return subject.is_in_segment(node.name);
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
    void condition(Condition& condition) {
        std::visit(
            [&](auto& node) {
                using Node = std::decay_t<decltype(node)>;
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
