#pragma once

/// \file
/// Condition: what puts a person into a segment, as a plain tree of values.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/model/names.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment {

struct Condition;

/// A value that is filled in when the condition is used: `$name`.
struct Parameter {
    std::string name;

    friend bool operator==(const Parameter&, const Parameter&) = default;
};

/// What a field is compared with.
using Value = std::variant<bool, double, std::string, time::Day, Parameter>;

/// How two values stand to each other. Texts are equal or not, byte by byte; they have no order.
enum class Relation : std::uint8_t { equal, less, at_most, greater, at_least };

/// How a text is looked at. Byte by byte, case included.
enum class TextTest : std::uint8_t { contains, starts_with, ends_with };

/// Which of a person's roles are looked at.
enum class RolePeriod : std::uint8_t {
    current,  ///< That run at the instant.
    former,   ///< That are over.
    ever,     ///< That have begun.
};

/// `field < 3`
struct Comparison {
    std::string field;  ///< Name of a column or text input; `attribute:<name>` for an attribute.
    Relation relation;
    Value value;

    friend bool operator==(const Comparison&, const Comparison&) = default;
};
/// `field between 2 and 5`, both included.
struct Between {
    std::string field;
    Value from;
    Value to;

    friend bool operator==(const Between&, const Between&) = default;
};
/// `field in (1, 2)`
struct OneOf {
    std::string field;
    std::vector<Value> values;  ///< At least one.

    friend bool operator==(const OneOf&, const OneOf&) = default;
};
/// `field contains "text"`
struct TextMatch {
    std::string field;
    TextTest test;
    Value text;  ///< A text or a parameter.

    friend bool operator==(const TextMatch&, const TextMatch&) = default;
};
/// `field is known`
struct IsKnown {
    std::string field;

    friend bool operator==(const IsKnown&, const IsKnown&) = default;
};
/// `former role student of "nursing" at "Zwolle"`
struct HasRole {
    RolePeriod period = RolePeriod::current;
    std::optional<model::RoleKind> kind{};  ///< Any without it.
    std::vector<std::string> programmes{};  ///< One of these; any if empty.
    std::vector<std::string> sites{};       ///< Likewise.

    friend bool operator==(const HasRole&, const HasRole&) = default;
};
/// `consent to "newsletter" by "email"`: consent stands, for this channel or for every channel. `objection to …`
/// likewise.
struct Stated {
    bool is_objection = false;
    std::string purpose;
    std::optional<std::string> channel{};  ///< Without it, for every channel.

    friend bool operator==(const Stated&, const Stated&) = default;
};
/// `random 10 % of "name"`: a stable part of everybody, drawn by a hash of the person's external key and the name.
/// Parts of one name that do not overlap share nobody.
struct RandomPart {
    double from = 0;   ///< Percent, in [0, 100].
    double below = 0;  ///< Percent, in (from, 100].
    std::string name;

    friend bool operator==(const RandomPart&, const RandomPart&) = default;
};
/// `in segment "name"`
struct InSegment {
    std::string name;

    friend bool operator==(const InSegment&, const InSegment&) = default;
};

/// One condition on its own, so that a tree can hold trees. A plain value: copies are deep.
class SubCondition {
public:
    SubCondition(Condition condition);  // NOLINT(google-explicit-constructor): stands for the condition
    SubCondition(const SubCondition& other);
    SubCondition(SubCondition&& other) noexcept = default;
    SubCondition& operator=(const SubCondition& other);
    SubCondition& operator=(SubCondition&& other) noexcept = default;
    ~SubCondition() = default;

    [[nodiscard]] const Condition& operator*() const noexcept { return *condition_; }
    [[nodiscard]] const Condition* operator->() const noexcept { return condition_.get(); }
    friend bool operator==(const SubCondition& a, const SubCondition& b);

private:
    std::unique_ptr<Condition> condition_;
};

/// `not …`
struct Not {
    SubCondition of;

    friend bool operator==(const Not&, const Not&) = default;
};
/// `… and …`; true of no conditions.
struct All {
    std::vector<Condition> of;

    friend bool operator==(const All&, const All&);
};
/// `… or …`; false of no conditions.
struct Any {
    std::vector<Condition> of;

    friend bool operator==(const Any&, const Any&);
};

/// A condition about one person at one instant.
///
/// Missing values: a test of what is missing does not hold, whatever the test. `not` turns that round as it turns
/// anything, so `not engagement < 0.3` holds for who has no engagement; `!=`, `not in` and the other negated tests are
/// short for `not`. Whoever wants the known alone adds `… is known`.
struct Condition {
    std::variant<All, Any, Not, Comparison, Between, OneOf, TextMatch, IsKnown, HasRole, Stated, RandomPart, InSegment>
        node;

    friend bool operator==(const Condition&, const Condition&) = default;
};

inline SubCondition::SubCondition(Condition condition)
    : condition_{std::make_unique<Condition>(std::move(condition))} {}
inline SubCondition::SubCondition(const SubCondition& other) : SubCondition{*other} {}
inline SubCondition& SubCondition::operator=(const SubCondition& other) {
    SubCondition copy{other};
    condition_.swap(copy.condition_);
    return *this;
}
inline bool operator==(const SubCondition& a, const SubCondition& b) {
    return *a == *b;
}
inline bool operator==(const All& a, const All& b) {
    return a.of == b.of;
}
inline bool operator==(const Any& a, const Any& b) {
    return a.of == b.of;
}

}  // namespace alloquy::segment

template <>
struct alloquy::model::EnumNames<alloquy::segment::Relation> {
    static constexpr std::array<std::string_view, 5> values{"=", "<", "<=", ">", ">="};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::TextTest> {
    static constexpr std::array<std::string_view, 3> values{"contains", "starts with", "ends with"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::RolePeriod> {
    static constexpr std::array<std::string_view, 3> values{"current", "former", "ever"};
};
