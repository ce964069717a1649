#pragma once

/// \file
/// Random conditions for property tests: every kind of node that parse() can give, and no other tree.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/time/day.hpp>

#include "../support/random.hpp"

namespace alloquy::support {

/// What random conditions may be made of. An empty list means "anything": any finite number, any UTF-8 text, any day.
/// Tests of the text form leave all lists empty; tests of meaning fill them, so that some tests of a condition hold.
struct RandomConditionOptions {
    const segment::Catalogue* catalogue = nullptr;  ///< Fields of the person; must outlive the call.
    std::vector<std::string> attributes{};          ///< Names without `attribute:`.
    std::vector<std::string> names{};  ///< Of programmes, sites, topics, teams, purposes, channels, lists, draws, …
    std::vector<std::string> segments{};  ///< Names for `in segment` and its kin.
    std::vector<std::string> zones{};     ///< IANA names; besides them there is the own zone and none.
    std::vector<std::string> texts{};     ///< Values to compare texts with.
    std::vector<double> numbers{};        ///< Values to compare numbers with.
    std::vector<time::Day> days{};        ///< Values, and ends of `from … to …`.
    /// Lengths of windows, steps and deadlines, in [1, 3,155,760,000,000] ms.
    std::vector<std::int64_t> durations_ms{};
    bool with_segments = true;    ///< InSegment.
    bool with_relations = true;   ///< Related.
    bool with_parameters = true;  ///< Parameter as a value.
};

namespace detail {

/// One function for each part of the tree; see random_condition().
class ConditionMaker {
public:
    ConditionMaker(Random& random, const RandomConditionOptions& options) : random_{&random}, options_{&options} {}

    /// \param depth  `and`, `or` and `not` within each other at most.
    segment::Condition condition(int depth) {
        if (depth == 0 || random_->chance(25)) return leaf(depth);
        switch (random_->below(3)) {
            case 0:
                return {segment::Not{condition(depth - 1)}};
            case 1:
                return {segment::All{some(depth)}};
            default:
                return {segment::Any{some(depth)}};
        }
    }

private:
    /// Two to four: lists of one are never written.
    std::vector<segment::Condition> some(int depth) {
        std::vector<segment::Condition> of;
        for (std::size_t n = 2 + random_->below(3); n > 0; --n) of.push_back(condition(depth - 1));
        return of;
    }
    segment::Condition leaf(int depth) {
        if (facts_) return random_->chance(10) ? constant() : fact_test();
        switch (random_->below(22)) {
            case 0:
                return constant();
            case 1:
                return {set_test(depth)};
            case 2:
                return {anniversary()};
            case 3:
                return {sequence(depth)};
            case 4:
                return {role()};
            case 5:
                return options_->with_relations && !is_other_person_ ? segment::Condition{related(depth)} : constant();
            case 6:
                return {obligation()};
            case 7:
                return {segment::HasDialogue{random_->chance(50), names(), names(), enum_names<model::Tone>()}};
            case 8:
                return {segment::HasEnrolment{enum_names<model::EnrolmentStatus>(), names()}};
            case 9:
                return {segment::Stated{random_->chance(50), name(),
                                        random_->chance(50) ? std::optional{name()} : std::optional<std::string>{}}};
            case 10:
                return {random_part()};
            case 11:
                return {segment::OnList{name()}};
            case 12:
            case 13:
                return options_->with_segments ? segment::Condition{in_segment()} : constant();
            case 14:
                return test(segment::RoleCount{role()}, segment::FieldType::number);
            case 15:
            case 16:
            case 17:
            case 18:
                return aggregate_test(depth);
            default: {
                auto [field, type] = person_field();
                return test(std::move(field), type);
            }
        }
    }
    segment::Condition constant() {
        return random_->chance(50) ? segment::Condition{segment::All{}} : segment::Condition{segment::Any{}};
    }

    // Tests of an operand. --------------------------------------------------------------------------------------------

    /// Any test that the type allows: texts have no order, numbers are no texts.
    segment::Condition test(segment::Operand of, segment::FieldType type) {
        using segment::FieldType;
        switch (random_->below(6)) {
            case 0:
                return {segment::IsKnown{std::move(of)}};
            case 1:
                if (type != FieldType::text) {
                    return {segment::Between{std::move(of), value(type, true), value(type, true)}};
                }
                [[fallthrough]];
            case 2:
                if (type != FieldType::number) return {text_match(std::move(of))};
                [[fallthrough]];
            case 3:
                return {segment::OneOf{std::move(of), values(type)}};
            default: {
                const auto relation = type == FieldType::text ? segment::Relation::equal : any_of<segment::Relation>();
                return {
                    segment::Comparison{std::move(of), relation, value(type, relation != segment::Relation::equal)}};
            }
        }
    }
    /// Within `where`. The words of a person are only looked at.
    segment::Condition fact_test() {
        const std::vector<segment::Field> fields = segment::fact_fields(*facts_);
        const segment::Field& field = fields[random_->below(fields.size())];
        if (field.name != "text") return test(field.name, field.type);
        return random_->chance(20) ? segment::Condition{segment::IsKnown{field.name}}
                                   : segment::Condition{text_match(field.name)};
    }
    segment::TextMatch text_match(segment::Operand of) {
        const auto kind = any_of<segment::TextTest>();
        if (is_parameter()) return {std::move(of), kind, segment::Parameter{parameter()}};
        // Patterns that are right whatever their texts: parse() refuses the others.
        constexpr std::array<std::string_view, 6> likes{"", "%", "no_th%", "\\%\\_\\\\", "_\"\n%", "caf\u00e9%"};
        constexpr std::array<std::string_view, 6> expressions{"",      "^[a-z]+$",  "a|b", "\\\\ \\d{2,3}",
                                                              "(x?)*", "\"\n\u20ac"};
        if (kind == segment::TextTest::like) return {std::move(of), kind, std::string{pick(likes)}};
        if (kind == segment::TextTest::matches) return {std::move(of), kind, std::string{pick(expressions)}};
        return {std::move(of), kind, text()};
    }
    segment::Condition aggregate_test(int depth) {
        using segment::FieldType;
        using segment::Function;
        segment::Aggregate of;
        of.function = any_of<Function>();
        of.of = any_of<segment::FactKind>();
        const auto needed = [&]() -> std::optional<FieldType> {
            switch (of.function) {
                case Function::sum:
                case Function::mean:
                case Function::least:
                case Function::greatest:
                    return FieldType::number;
                case Function::most_frequent:
                    return FieldType::text;
                default:
                    return std::nullopt;
            }
        }();
        const bool has_no_field = of.function == Function::count || of.function == Function::days_since_first ||
                                  of.function == Function::days_since_last;
        FieldType type = FieldType::number;
        if (!has_no_field) {
            const std::optional<segment::Field> field = fact_field(of.of, needed);
            if (!field) {  // no field of that type: count instead
                of.function = Function::count;
            } else {
                of.field = field->name;
                type = of.function == Function::distinct ? FieldType::number : field->type;
            }
        }
        of.where = where(of.of, depth);
        of.window = window();
        return test(std::move(of), type);
    }
    /// A field of the facts of that type, or of any; never the words of a person.
    std::optional<segment::Field> fact_field(segment::FactKind kind, std::optional<segment::FieldType> type) {
        std::vector<segment::Field> fields;
        for (const segment::Field& each : segment::fact_fields(kind)) {
            if (each.name != "text" && (!type || each.type == *type)) fields.push_back(each);
        }
        if (fields.empty()) return std::nullopt;
        return fields[random_->below(fields.size())];
    }
    std::pair<std::string, segment::FieldType> person_field() {
        const auto& fields = options_->catalogue->fields();
        if (fields.empty() || random_->chance(30)) return {attribute(), segment::FieldType::any};
        const segment::Field& found = fields[random_->below(fields.size())];
        return {found.name, found.type};
    }
    std::string attribute() {
        return std::string{segment::attribute_prefix} +
               (options_->attributes.empty() ? any_name() : pick(options_->attributes));
    }

    // Facts. ----------------------------------------------------------------------------------------------------------

    std::optional<segment::SubCondition> where(segment::FactKind kind, int depth) {
        if (random_->chance(40)) return std::nullopt;
        facts_ = kind;
        segment::SubCondition made{condition(depth < 2 ? depth : 2)};
        facts_ = std::nullopt;
        return made;
    }
    segment::Window window() {
        switch (random_->below(5)) {
            case 0:
                return segment::Rolling{duration()};
            case 1: {
                segment::DayRange range{day(), day(), zone()};
                if (*range.to < *range.from) std::swap(range.from, range.to);
                if (random_->chance(30)) {
                    range.from.reset();
                } else if (random_->chance(30)) {
                    range.to.reset();
                }
                return range;
            }
            case 2:
                return segment::CalendarWindow{any_of<segment::CalendarUnit>(), random_->chance(50), zone()};
            case 3:
                return segment::AcademicWindow{any_of<segment::AcademicUnit>(), random_->chance(50), zone()};
            default:
                return segment::Ever{};
        }
    }
    segment::SetTest set_test(int depth) {
        segment::SetTest set;
        set.of = any_of<segment::FactKind>();
        const segment::Field field = *fact_field(set.of, std::nullopt);
        set.field = field.name;
        set.where = where(set.of, depth);
        set.window = window();
        set.relation = any_of<segment::SetRelation>();
        set.values = values(field.type);
        return set;
    }
    segment::Sequence sequence(int depth) {
        segment::Sequence sequence;
        const std::size_t steps = 2 + random_->below(7);  // up to the eight that are allowed
        for (std::size_t i = 0; i < steps; ++i) {
            segment::SequenceStep step;
            step.of = any_of<segment::FactKind>();
            step.where = where(step.of, depth);
            step.absent = i + 1 == steps && random_->chance(50);
            if (i > 0 && random_->chance(50)) step.within_ms = duration();
            sequence.steps.push_back(std::move(step));
        }
        sequence.window = window();
        return sequence;
    }

    // Conditions of their own. ----------------------------------------------------------------------------------------

    segment::HasRole role() { return {any_of<segment::RolePeriod>(), maybe<model::RoleKind>(), names(), names()}; }
    segment::Related related(int depth) {
        segment::Related related{any_of<segment::RolePeriod>(), maybe<model::RelationKind>()};
        related.to_organisation = random_->chance(50);
        if (related.to_organisation) {
            related.organisations = names();
            related.organisation_kind = maybe<model::OrganisationKind>();
        } else if (random_->chance(70)) {
            is_other_person_ = true;
            related.person.emplace(condition(depth < 3 ? depth : 3));
            is_other_person_ = false;
        }
        return related;
    }
    segment::HasObligation obligation() {
        segment::HasObligation obligation{any_of<segment::ObligationState>(), names()};
        const bool is_open = obligation.state == segment::ObligationState::open;
        if (is_open && random_->chance(50)) obligation.due_within_ms = duration();
        return obligation;
    }
    segment::Anniversary anniversary() {
        const bool is_today = random_->chance(30);
        return {attribute(), is_today ? 1 : static_cast<std::int32_t>(random_->between(1, 366)), zone()};
    }
    segment::RandomPart random_part() {
        const double below = random_->chance(30) ? 100 : 100 * (1 - random_->fraction());
        const double from = random_->chance(50) ? 0 : below * random_->fraction();
        return {from, below, name()};
    }
    segment::InSegment in_segment() {
        using segment::MembershipTest;
        segment::InSegment in{options_->segments.empty() ? any_name() : pick(options_->segments),
                              any_of<MembershipTest>()};
        if (in.test == MembershipTest::since) {
            in.for_ms = duration();
        } else if (in.test != MembershipTest::now) {
            in.window = window();
        }
        return in;
    }

    // Values. ---------------------------------------------------------------------------------------------------------

    std::vector<segment::Value> values(segment::FieldType type) {
        std::vector<segment::Value> all;
        for (std::size_t n = 1 + random_->below(4); n > 0; --n) all.push_back(value(type, false));
        return all;
    }
    segment::Value value(segment::FieldType type, bool has_order) {
        if (is_parameter()) return segment::Parameter{parameter()};
        if (type == segment::FieldType::number) return number();
        if (type == segment::FieldType::text) return text();
        switch (random_->below(has_order ? 3 : 5)) {
            case 0:
                return number();
            case 1:
                return day();
            case 2: {
                segment::RelativeDay relative;
                if (random_->chance(70)) relative.amount = static_cast<std::int32_t>(random_->between(-10'000, 10'000));
                relative.unit = any_of<segment::CalendarUnit>();
                relative.zone = zone();
                return relative;
            }
            case 3:
                return random_->chance(50);
            default:
                return text();
        }
    }
    double number() {
        if (!options_->numbers.empty()) return pick(options_->numbers);
        switch (random_->below(5)) {
            case 0:
                return static_cast<double>(random_->between(-20, 20));
            case 1:
                return static_cast<double>(random_->between(-9999, 9999)) / 100;
            case 2:
                return random_->fraction();
            case 3:
                return static_cast<double>(random_->between(-9'007'199'254'740'992, 9'007'199'254'740'992));
            default: {  // any bits that are a finite number
                double number = 0;
                do {
                    const std::uint64_t bits = random_->bits();
                    std::memcpy(&number, &bits, sizeof number);
                } while (!(number - number == 0));
                return number;
            }
        }
    }
    time::Day day() {
        if (!options_->days.empty()) return pick(options_->days);
        return time::Day::from_unix_days(random_->between(time::Day::min_unix_days, time::Day::max_unix_days));
    }
    std::int64_t duration() {
        if (!options_->durations_ms.empty()) return pick(options_->durations_ms);
        constexpr std::int64_t most = 3'155'760'000'000;
        constexpr std::array<std::int64_t, 6> units{1, 1000, 60'000, 3'600'000, 86'400'000, 604'800'000};
        const std::int64_t unit = pick(units);
        return unit * random_->between(1, random_->chance(80) ? 400 : most / unit > 400 ? most / unit : 400);
    }
    segment::ZoneName zone() {
        if (random_->chance(60)) return {};
        if (random_->chance(30)) return segment::ZoneName{segment::own_zone};
        constexpr std::array<std::string_view, 3> some{"Europe/Amsterdam", "UTC", "Etc/GMT+3"};
        return options_->zones.empty() ? std::string{pick(some)} : pick(options_->zones);
    }
    std::string text() {
        if (!options_->texts.empty()) return pick(options_->texts);
        return random_->chance(10) ? std::string{} : any_name();
    }
    bool is_parameter() { return options_->with_parameters && random_->chance(15); }
    std::string parameter() {
        constexpr std::array<std::string_view, 5> parameters{"limit", "and", "_", "9", "a_B9"};
        return std::string{pick(parameters)};
    }
    std::string name() { return options_->names.empty() ? any_name() : pick(options_->names); }
    /// Not empty; any characters, those with a meaning more often.
    std::string any_name() {
        constexpr std::array<std::string_view, 27> pieces{
            "a", "Z",    "_",  "7",  " ",    "\"", "\\", "\n",     "\t",     "\r",         "#",
            ":", "%",    "in", "or", "(",    ")",  "$",  "\u00e9", "\u20ac", "\U0001F600", std::string_view{"\0", 1},
            "n", "role", "/*", "*/", "count"};
        std::string made;
        for (std::size_t n = 1 + random_->below(6); n > 0; --n) made += pick(pieces);
        return made;
    }
    std::vector<std::string> names() {
        std::vector<std::string> all;
        if (random_->chance(50)) return all;
        for (std::size_t n = 1 + random_->below(3); n > 0; --n) all.push_back(name());
        return all;
    }
    template <class Enum>
    std::vector<std::string> enum_names() {
        std::vector<std::string> all;
        if (random_->chance(50)) return all;
        for (std::size_t n = 1 + random_->below(3); n > 0; --n) all.emplace_back(model::name_of(any_of<Enum>()));
        return all;
    }
    template <class Enum>
    Enum any_of() {
        return static_cast<Enum>(random_->below(model::enum_size<Enum>));
    }
    template <class Enum>
    std::optional<Enum> maybe() {
        if (random_->chance(40)) return std::nullopt;
        return any_of<Enum>();
    }
    template <class Values>
    typename Values::value_type pick(const Values& values) {
        return values[random_->below(values.size())];
    }

    Random* random_;
    const RandomConditionOptions* options_;
    std::optional<segment::FactKind> facts_{};  ///< Within `where`: conditions look at fields of these alone.
    bool is_other_person_ = false;              ///< Within Related: no relations.
};

}  // namespace detail

/// A condition that parse() can give, of any kind of node.
/// \param depth  `and`, `or` and `not` within each other at most, >= 0; a few more within `where`.
[[nodiscard]] inline segment::Condition random_condition(Random& random, int depth,
                                                         const RandomConditionOptions& options) {
    return detail::ConditionMaker{random, options}.condition(depth);
}

}  // namespace alloquy::support
