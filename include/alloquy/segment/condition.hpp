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
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/relation.hpp>
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

/// Units of the civil calendar. Weeks begin on Monday, quarters in January, April, July and October.
enum class CalendarUnit : std::uint8_t { day, week, month, quarter, year };

/// Which clock tells the civil day: empty = the institution's zone; "own" = the person's own, or the institution's
/// where it is unknown; else an IANA name.
using ZoneName = std::string;
inline constexpr std::string_view own_zone = "own";

/// A day counted from today: `today - 2 weeks`. A month or year later is the same day of the month, or the last one
/// where that month is shorter.
struct RelativeDay {
    std::int32_t amount = 0;  ///< In [-10000, 10000].
    CalendarUnit unit = CalendarUnit::day;
    ZoneName zone{};

    friend bool operator==(const RelativeDay&, const RelativeDay&) = default;
};

/// What a field is compared with.
using Value = std::variant<bool, double, std::string, time::Day, RelativeDay, Parameter>;

/// How two values stand to each other. Texts are equal or not, byte by byte; they have no order.
enum class Relation : std::uint8_t { equal, less, at_most, greater, at_least };

/// How a text is looked at. Byte by byte, case included.
enum class TextTest : std::uint8_t {
    contains,
    starts_with,
    ends_with,
    like,     ///< `%` stands for any characters, `_` for one, `\\` before one of the three for itself.
    matches,  ///< A regular expression finds itself somewhere in the text; see RegularExpression.
};

/// Which of a person's roles or relations are looked at.
enum class RolePeriod : std::uint8_t {
    current,  ///< That run at the instant.
    former,   ///< That are over.
    ever,     ///< That have begun.
};

// Windows: which facts count, up to the instant of the question. Facts that happen later never count. Facts from before
// 1691 or after 2248 count as at those ends.

/// From the first fact on.
struct Ever {
    friend bool operator==(const Ever&, const Ever&) = default;
};
/// `in last 30 days`: (now - length, now], to the millisecond. What happened exactly so long ago is out.
struct Rolling {
    std::int64_t length_ms;  ///< In [1, 3,155,760,000,000], a hundred years.

    friend bool operator==(const Rolling&, const Rolling&) = default;
};
/// `from 2026-01-01 to 2026-01-31`, both days included; either may be absent.
struct DayRange {
    std::optional<time::Day> from{};
    std::optional<time::Day> to{};
    ZoneName zone{};

    friend bool operator==(const DayRange&, const DayRange&) = default;
};
/// `in this week`, `in previous month`.
struct CalendarWindow {
    CalendarUnit unit = CalendarUnit::week;
    bool previous = false;  ///< The one before that of the instant.
    ZoneName zone{};

    friend bool operator==(const CalendarWindow&, const CalendarWindow&) = default;
};
/// Stretches of the playbook's academic calendar.
enum class AcademicUnit : std::uint8_t { term, academic_year };
/// `in this term`: since its start; nothing outside every term. `previous term`: the last one that began before this
/// one, or before the instant where that is in none.
struct AcademicWindow {
    AcademicUnit unit = AcademicUnit::term;
    bool previous = false;
    ZoneName zone{};

    friend bool operator==(const AcademicWindow&, const AcademicWindow&) = default;
};
using Window = std::variant<Ever, Rolling, DayRange, CalendarWindow, AcademicWindow>;

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

// Operands: what is compared. -------------------------------------------------------------------------------------

/// Kinds of facts that can be counted; see fact_fields() for what each has.
enum class FactKind : std::uint8_t { interactions, results, obligations, dialogues, enrolments, consents };

/// What is made of the facts of a window, of one field's values where it has a field. Facts without a value of the
/// field do not count. All but `count`, `sum` and `distinct` are missing where nothing counts.
enum class Function : std::uint8_t {
    count,             ///< Of facts; no field.
    sum,               ///< Of a number; 0 of nothing. Added by instant, at one instant by value.
    mean,              ///< sum / number of values.
    least,             ///< Of a number.
    greatest,          ///< Of a number.
    first,             ///< The oldest value; of several at one instant the least.
    last,              ///< The newest value; of several at one instant the greatest.
    distinct,          ///< Number of different values.
    most_frequent,     ///< Of a text; of several the one that is first byte by byte.
    days_since_first,  ///< No field: days of 24 hours from the oldest fact to the instant.
    days_since_last,   ///< No field: likewise from the newest.
};

/// `count of interactions where channel = "email" in last 30 days`, `mean fraction of results`.
struct Aggregate {
    Function function = Function::count;
    std::string field{};  ///< Of the facts; empty for functions without one.
    FactKind of = FactKind::interactions;
    std::optional<SubCondition> where{};  ///< Over the fields of the facts alone; see check().
    Window window{};

    friend bool operator==(const Aggregate&, const Aggregate&) = default;
};

/// `former role student of "nursing" at "Zwolle"`
struct HasRole {
    RolePeriod period = RolePeriod::current;
    std::optional<model::RoleKind> kind{};  ///< Any without it.
    std::vector<std::string> programmes{};  ///< One of these; any if empty.
    std::vector<std::string> sites{};       ///< Likewise.

    friend bool operator==(const HasRole&, const HasRole&) = default;
};
/// `count of current roles student of "nursing"`: a number, 0 without any.
struct RoleCount {
    HasRole of{};

    friend bool operator==(const RoleCount&, const RoleCount&) = default;
};

/// What a test looks at: a field by its name (a column, a text input, or `attribute:<name>`), or something counted.
using Operand = std::variant<std::string, Aggregate, RoleCount>;

// Tests ---------------------------------------------------------------------------------------------------------------

/// `field < 3`
struct Comparison {
    Operand of;
    Relation relation;
    Value value;

    friend bool operator==(const Comparison&, const Comparison&) = default;
};
/// `field between 2 and 5`, both included.
struct Between {
    Operand of;
    Value from;
    Value to;

    friend bool operator==(const Between&, const Between&) = default;
};
/// `field in (1, 2)`
struct OneOf {
    Operand of;
    std::vector<Value> values;  ///< At least one.

    friend bool operator==(const OneOf&, const OneOf&) = default;
};
/// `field contains "text"`
struct TextMatch {
    Operand of;
    TextTest test;
    Value text;  ///< A text or a parameter.

    friend bool operator==(const TextMatch&, const TextMatch&) = default;
};
/// `field is known`
struct IsKnown {
    Operand of;

    friend bool operator==(const IsKnown&, const IsKnown&) = default;
};
/// How the set of values found stands to the set asked for.
enum class SetRelation : std::uint8_t {
    any_of,   ///< They share a value.
    all_of,   ///< All asked for are found.
    none_of,  ///< They share none; also where nothing is found.
    only,     ///< Something is found, and nothing but what is asked for.
};
/// `channels of …`: `values of channel of interactions in last 30 days has all of ("email", "phone")`
struct SetTest {
    std::string field;
    FactKind of = FactKind::interactions;
    std::optional<SubCondition> where{};
    Window window{};
    SetRelation relation = SetRelation::any_of;
    std::vector<Value> values{};  ///< At least one.

    friend bool operator==(const SetTest&, const SetTest&) = default;
};
/// `anniversary of attribute:birthday in next 7 days`: a yearly return of the day falls on today or the days after it,
/// `days` in all. That of 29 February is 28 February in other years. The day itself is the first.
struct Anniversary {
    std::string field;      ///< An attribute; one that is no day makes the test not hold.
    std::int32_t days = 1;  ///< In [1, 366].
    ZoneName zone{};

    friend bool operator==(const Anniversary&, const Anniversary&) = default;
};

/// One step of a Sequence.
struct SequenceStep {
    FactKind of = FactKind::interactions;
    std::optional<SubCondition> where{};  ///< As in Aggregate.
    bool absent = false;                  ///< `then no …`: allowed for the last step alone, not for the first.
    std::int64_t within_ms = 0;           ///< At most so long after the step before; 0 = any time. Not of the first.

    friend bool operator==(const SequenceStep&, const SequenceStep&) = default;
};
/// `sequence (interactions where act = "sent" then no interactions where act = "replied" within 7 days)`
///
/// There are facts that fit the steps, each strictly later than the one before it and at most its `within` after it;
/// what is at one instant has no order. A last step that is absent holds for a choice of the others where no fact fits
/// it in (at, at + within], and that stretch is over at the instant, which it is from at + within on; without `within`
/// where none has come up to now.
struct Sequence {
    std::vector<SequenceStep> steps;  ///< Two to eight.
    Window window{};                  ///< Where the first step lies.

    friend bool operator==(const Sequence&, const Sequence&) = default;
};

/// `relation guardian_of to person where (…)`, `former relation works_at to organisation "…"`
struct Related {
    RolePeriod period = RolePeriod::current;
    std::optional<model::RelationKind> kind{};  ///< "This person is <kind> the other one"; any without it.
    /// Of the other person, at the same instant; must not ask for relations itself, nor through a segment.
    std::optional<SubCondition> person{};
    bool to_organisation = false;
    std::vector<std::string> organisations{};                    ///< One of these names; any if empty.
    std::optional<model::OrganisationKind> organisation_kind{};  ///< Any without it.

    friend bool operator==(const Related&, const Related&) = default;
};

/// Which duties count.
enum class ObligationState : std::uint8_t {
    open,       ///< Open, whether or not the deadline has passed.
    overdue,    ///< Open, and the deadline has passed.
    fulfilled,  ///< In time or late.
    waived,
};
/// `overdue obligation "intake"`, `open obligation due within 7 days`
struct HasObligation {
    ObligationState state = ObligationState::open;
    std::vector<std::string> kinds{};             ///< One of these; any if empty.
    std::optional<std::int64_t> due_within_ms{};  ///< Its deadline lies in [now, now + this]; only of open ones.

    friend bool operator==(const HasObligation&, const HasObligation&) = default;
};
/// `open dialogue about "housing" with "student desk" of tone complaint`
struct HasDialogue {
    bool open = true;                   ///< Else: confirmed by the person.
    std::vector<std::string> topics{};  ///< One of these; any if empty. So for the next two.
    std::vector<std::string> teams{};
    std::vector<std::string> tones{};  ///< Names of model::Tone.

    friend bool operator==(const HasDialogue&, const HasDialogue&) = default;
};
/// `enrolment with status ("enrolled", "interrupted") of "nursing"`
struct HasEnrolment {
    std::vector<std::string> statuses{};  ///< Names of model::EnrolmentStatus; any if empty.
    std::vector<std::string> programmes{};

    friend bool operator==(const HasEnrolment&, const HasEnrolment&) = default;
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
/// `on list "open day"`: the attribute `list:open day` is true.
struct OnList {
    std::string name;

    friend bool operator==(const OnList&, const OnList&) = default;
};
/// The attribute that is true of those on a list.
[[nodiscard]] inline std::string list_attribute(std::string_view list) {
    return "list:" + std::string{list};
}
/// What is asked about another segment.
enum class MembershipTest : std::uint8_t {
    now,      ///< `in segment "a"`
    was,      ///< `was in segment "a" in last 30 days`: at some instant of the window.
    entered,  ///< `entered segment "a" in last 7 days`: a change in the window.
    left,     ///< Likewise.
    since,    ///< `in segment "a" for 14 days`: without a break for so long.
};
struct InSegment {
    std::string name;
    MembershipTest test = MembershipTest::now;
    Window window{};          ///< Of was, entered and left.
    std::int64_t for_ms = 0;  ///< Of since, > 0.

    friend bool operator==(const InSegment&, const InSegment&) = default;
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
    std::variant<All, Any, Not, Comparison, Between, OneOf, TextMatch, IsKnown, SetTest, Anniversary, Sequence, HasRole,
                 Related, HasObligation, HasDialogue, HasEnrolment, Stated, RandomPart, OnList, InSegment>
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
struct alloquy::model::EnumNames<alloquy::segment::CalendarUnit> {
    static constexpr std::array<std::string_view, 5> values{"day", "week", "month", "quarter", "year"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::Relation> {
    static constexpr std::array<std::string_view, 5> values{"=", "<", "<=", ">", ">="};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::TextTest> {
    static constexpr std::array<std::string_view, 5> values{"contains", "starts with", "ends with", "like", "matches"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::RolePeriod> {
    static constexpr std::array<std::string_view, 3> values{"current", "former", "ever"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::AcademicUnit> {
    static constexpr std::array<std::string_view, 2> values{"term", "academic_year"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::FactKind> {
    static constexpr std::array<std::string_view, 6> values{"interactions", "results",    "obligations",
                                                            "dialogues",    "enrolments", "consents"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::Function> {
    static constexpr std::array<std::string_view, 11> values{
        "count",          "sum",  "mean",     "least",         "greatest",
        "first",          "last", "distinct", "most_frequent", "days_since_first",
        "days_since_last"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::SetRelation> {
    static constexpr std::array<std::string_view, 4> values{"any of", "all of", "none of", "only"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::ObligationState> {
    static constexpr std::array<std::string_view, 4> values{"open", "overdue", "fulfilled", "waived"};
};
template <>
struct alloquy::model::EnumNames<alloquy::segment::MembershipTest> {
    static constexpr std::array<std::string_view, 5> values{"now", "was", "entered", "left", "since"};
};
