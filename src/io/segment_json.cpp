#include <alloquy/io/segment_json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/segment/check.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/utf8.hpp>

#include "policy_names.hpp"
#include "positioned_json.hpp"
#include "segment_condition.hpp"

namespace alloquy::io {

namespace {

using segment::AcademicUnit;
using segment::AcademicWindow;
using segment::Aggregate;
using segment::All;
using segment::Anniversary;
using segment::Any;
using segment::Between;
using segment::CalendarUnit;
using segment::CalendarWindow;
using segment::Comparison;
using segment::Condition;
using segment::DayRange;
using segment::Ever;
using segment::FactKind;
using segment::Function;
using segment::HasDialogue;
using segment::HasEnrolment;
using segment::HasObligation;
using segment::HasRole;
using segment::InSegment;
using segment::IsKnown;
using segment::MembershipTest;
using segment::Not;
using segment::ObligationState;
using segment::OneOf;
using segment::OnList;
using segment::Operand;
using segment::Parameter;
using segment::RandomPart;
using segment::Related;
using segment::Relation;
using segment::RelativeDay;
using segment::RoleCount;
using segment::RolePeriod;
using segment::Rolling;
using segment::Sequence;
using segment::SequenceStep;
using segment::SetRelation;
using segment::SetTest;
using segment::Stated;
using segment::SubCondition;
using segment::TextMatch;
using segment::TextTest;
using segment::Value;
using segment::Window;
using segment::ZoneName;
using segment::detail::key_of;
using segment::detail::membership_keys;
using segment::detail::relation_keys;
using segment::detail::set_relation_keys;
using segment::detail::text_test_keys;

/// Nodes within each other: 200 brackets, each with an `or` and an `and`, and what stands innermost.
constexpr std::size_t max_nodes_deep = 410;

/// Units of durations, by their key; from large to small.
struct Unit {
    std::string_view key;
    std::int64_t ms;
};
constexpr std::array<Unit, 6> units{{{"weeks", 604'800'000},
                                     {"days", 86'400'000},
                                     {"hours", 3'600'000},
                                     {"minutes", 60'000},
                                     {"seconds", 1000},
                                     {"milliseconds", 1}}};

// Writing. ------------------------------------------------------------------------------------------------------------

class ConditionWriter {
public:
    void write(const Condition& condition) {
        if (++depth_ > max_nodes_deep) throw InvalidArgument{"condition_to_json: the condition is too deep"};
        std::visit([&](const auto& node) { write_node(node); }, condition.node);
        --depth_;
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    // Objects: open, then keys each with a value, then close.
    void open() { text_ += '{'; }
    void close() { text_ += '}'; }
    void key(std::string_view name) {
        if (text_.back() != '{') text_ += ',';
        text_ += '"';
        text_ += name;  // no key needs an escape
        text_ += "\":";
    }
    template <class List, class Body>
    void array(const List& list, const Body& body) {
        text_ += '[';
        bool is_first = true;
        for (const auto& element : list) {
            if (!is_first) text_ += ',';
            is_first = false;
            body(element);
        }
        text_ += ']';
    }
    void text(const std::string& value) {
        if (first_invalid_utf8(value)) throw InvalidArgument{"condition_to_json: a text is not UTF-8"};
        text_ += nlohmann::json(value).dump();
    }
    void name(std::string_view value) { text(std::string{value}); }
    void number(double value) {
        if (!std::isfinite(value)) throw InvalidArgument{"condition_to_json: a number is not finite"};
        std::array<char, 32> digits{};
        text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value + 0.0).ptr);
    }
    void texts(std::string_view name, const std::vector<std::string>& values) {
        if (values.empty()) return;
        key(name);
        array(values, [&](const std::string& value) { text(value); });
    }
    void zone(const ZoneName& name) {
        if (name.empty()) return;
        key("zone");
        text(name);
    }
    void duration(std::string_view name, std::int64_t ms) {
        key(name);
        // Weeks are read but not written: durations of a playbook stand in days.
        const auto* const unit =
            std::find_if(units.begin() + 1, units.end() - 1, [&](const Unit& u) { return ms % u.ms == 0; });
        open();
        key(unit->key);
        text_ += std::to_string(ms / unit->ms);
        close();
    }
    void value(const Value& value) {
        std::visit(
            [&](const auto& v) {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, bool>) {
                    text_ += v ? "true" : "false";
                } else if constexpr (std::is_same_v<V, double>) {
                    number(v);
                } else if constexpr (std::is_same_v<V, std::string>) {
                    text(v);
                } else if constexpr (std::is_same_v<V, time::Day>) {
                    open();
                    key("day");
                    name(to_iso(v));
                    close();
                } else if constexpr (std::is_same_v<V, RelativeDay>) {
                    open();
                    key("today");
                    text_ += std::to_string(v.amount);
                    key("unit");
                    name(model::name_of(v.unit));
                    zone(v.zone);
                    close();
                } else {
                    open();
                    key("parameter");
                    text(v.name);
                    close();
                }
            },
            value);
    }
    void values(std::string_view name, const std::vector<Value>& all) {
        key(name);
        array(all, [&](const Value& v) { value(v); });
    }
    void window(const Window& window) {
        if (std::holds_alternative<Ever>(window)) return;
        key("in");
        open();
        if (const auto* const rolling = std::get_if<Rolling>(&window)) {
            duration("last", rolling->length_ms);
        } else if (const auto* const range = std::get_if<DayRange>(&window)) {
            if (range->from) {
                key("from");
                name(to_iso(*range->from));
            }
            if (range->to) {
                key("to");
                name(to_iso(*range->to));
            }
            zone(range->zone);
        } else if (const auto* const calendar = std::get_if<CalendarWindow>(&window)) {
            key(calendar->previous ? "previous" : "this");
            name(model::name_of(calendar->unit));
            zone(calendar->zone);
        } else if (const auto* const academic = std::get_if<AcademicWindow>(&window)) {
            key(academic->previous ? "previous" : "this");
            name(model::name_of(academic->unit));
            zone(academic->zone);
        }
        close();
    }
    /// Keys "of" and "where".
    void facts(FactKind of, const std::optional<SubCondition>& where) {
        key("of");
        name(model::name_of(of));
        if (!where) return;
        key("where");
        write(**where);
    }
    void role(const HasRole& role) {
        open();
        period(role.period);
        if (role.kind) {
            key("kind");
            name(model::name_of(*role.kind));
        }
        texts("programmes", role.programmes);
        texts("sites", role.sites);
        close();
    }
    void period(RolePeriod period) {
        if (period == RolePeriod::current) return;
        key("period");
        name(model::name_of(period));
    }
    void operand(const Operand& operand) {
        if (const auto* const field = std::get_if<std::string>(&operand)) {
            key("field");
            text(*field);
        } else if (const auto* const roles = std::get_if<RoleCount>(&operand)) {
            key("role_count");
            role(roles->of);
        } else {
            const auto& counted = std::get<Aggregate>(operand);
            key(model::name_of(counted.function));
            open();
            if (!counted.field.empty()) {
                key("field");
                text(counted.field);
            }
            facts(counted.of, counted.where);
            window(counted.window);
            close();
        }
    }

    void write_node(const All& node) { list("all", node.of); }
    void write_node(const Any& node) { list("any", node.of); }
    void list(std::string_view name, const std::vector<Condition>& of) {
        open();
        key(name);
        array(of, [&](const Condition& condition) { write(condition); });
        close();
    }
    void write_node(const Not& node) {
        open();
        key("not");
        write(*node.of);
        close();
    }
    void write_node(const Comparison& node) {
        open();
        operand(node.of);
        key(key_of(relation_keys, node.relation));
        value(node.value);
        close();
    }
    void write_node(const Between& node) {
        open();
        operand(node.of);
        key("between");
        array(std::array{&node.from, &node.to}, [&](const Value* v) { value(*v); });
        close();
    }
    void write_node(const OneOf& node) {
        open();
        operand(node.of);
        values("one_of", node.values);
        close();
    }
    void write_node(const TextMatch& node) {
        open();
        operand(node.of);
        key(key_of(text_test_keys, node.test));
        value(node.text);
        close();
    }
    void write_node(const IsKnown& node) {
        open();
        operand(node.of);
        key("known");
        text_ += "true";
        close();
    }
    void write_node(const SetTest& node) {
        open();
        key("values");
        open();
        key("field");
        text(node.field);
        facts(node.of, node.where);
        window(node.window);
        close();
        values(key_of(set_relation_keys, node.relation), node.values);
        close();
    }
    void write_node(const Anniversary& node) {
        open();
        key("anniversary");
        open();
        key("field");
        text(node.field);
        key("days");
        text_ += std::to_string(node.days);
        zone(node.zone);
        close();
        close();
    }
    void write_node(const Sequence& node) {
        open();
        key("sequence");
        array(node.steps, [&](const SequenceStep& step) {
            open();
            facts(step.of, step.where);
            if (step.absent) {
                key("absent");
                text_ += "true";
            }
            if (step.within_ms != 0) duration("within", step.within_ms);
            close();
        });
        window(node.window);
        close();
    }
    void write_node(const HasRole& node) {
        open();
        key("role");
        role(node);
        close();
    }
    void write_node(const Related& node) {
        open();
        key("relation");
        open();
        period(node.period);
        if (node.kind) {
            key("kind");
            name(model::name_of(*node.kind));
        }
        if (node.to_organisation) {
            key("to");
            name("organisation");
        }
        if (node.person) {
            key("person");
            write(**node.person);
        }
        texts("organisations", node.organisations);
        if (node.organisation_kind) {
            key("organisation_kind");
            name(model::name_of(*node.organisation_kind));
        }
        close();
        close();
    }
    void write_node(const HasObligation& node) {
        open();
        key("obligation");
        open();
        key("state");
        name(model::name_of(node.state));
        texts("kinds", node.kinds);
        if (node.due_within_ms) duration("due_within", *node.due_within_ms);
        close();
        close();
    }
    void write_node(const HasDialogue& node) {
        open();
        key("dialogue");
        open();
        key("state");
        name(node.open ? "open" : "closed");
        texts("topics", node.topics);
        texts("teams", node.teams);
        texts("tones", node.tones);
        close();
        close();
    }
    void write_node(const HasEnrolment& node) {
        open();
        key("enrolment");
        open();
        texts("statuses", node.statuses);
        texts("programmes", node.programmes);
        close();
        close();
    }
    void write_node(const Stated& node) {
        open();
        key(node.is_objection ? "objection" : "consent");
        open();
        key("purpose");
        text(node.purpose);
        if (node.channel) {
            key("channel");
            text(*node.channel);
        }
        close();
        close();
    }
    void write_node(const RandomPart& node) {
        open();
        key("random");
        open();
        if (node.from != 0) {
            key("from");
            number(node.from);
        }
        key("below");
        number(node.below);
        key("name");
        text(node.name);
        close();
        close();
    }
    void write_node(const OnList& node) {
        open();
        key("on_list");
        text(node.name);
        close();
    }
    void write_node(const InSegment& node) {
        open();
        key(key_of(membership_keys, node.test));
        text(node.name);
        window(node.window);
        if (node.test == MembershipTest::since) duration("for", node.for_ms);
        close();
    }

    std::string text_;
    std::size_t depth_ = 0;
};

// Reading. ------------------------------------------------------------------------------------------------------------

/// Keys that tell what a condition is; each has exactly one.
constexpr std::array<std::string_view, 32> heads{"all",
                                                 "any",
                                                 "not",
                                                 "field",
                                                 "count",
                                                 "sum",
                                                 "mean",
                                                 "least",
                                                 "greatest",
                                                 "first",
                                                 "last",
                                                 "distinct",
                                                 "most_frequent",
                                                 "days_since_first",
                                                 "days_since_last",
                                                 "role_count",
                                                 "values",
                                                 "anniversary",
                                                 "sequence",
                                                 "role",
                                                 "relation",
                                                 "obligation",
                                                 "dialogue",
                                                 "enrolment",
                                                 "consent",
                                                 "objection",
                                                 "random",
                                                 "on_list",
                                                 "in_segment",
                                                 "was_in_segment",
                                                 "entered_segment",
                                                 "left_segment"};
/// Keys that tell how an operand is tested; each test has exactly one.
constexpr std::array<std::string_view, 13> tests{"equal",   "less",    "at_most",  "greater",     "at_least",
                                                 "between", "one_of",  "contains", "starts_with", "ends_with",
                                                 "like",    "matches", "known"};

[[nodiscard]] std::string listed(std::span<const std::string_view> names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += i == 0 ? "\"" : ", \"";
        text += names[i];
        text += '"';
    }
    return text;
}
/// Place of a key, or nothing.
[[nodiscard]] std::optional<std::size_t> place_of(std::span<const std::string_view> keys, std::string_view key) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    return found == keys.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - keys.begin())};
}

/// Reads the shape; what the values mean is checked afterwards, on the tree.
class ConditionReader {
public:
    [[nodiscard]] Condition read(Cursor node) {
        if (!node.is_there()) return {All{}};
        if (!node.is_object()) {
            node.problem("expected a condition: an object");
            return {All{}};
        }
        if (depth_ == max_nodes_deep) {
            node.problem("expected at most 200 brackets and 'not's within each other");
            return {All{}};
        }
        const std::optional<std::string_view> head = only_one_of(node, heads, "a condition: one of the keys ");
        if (!head) return {All{}};
        ++depth_;
        Condition condition = body(node, *head);
        --depth_;
        node.finish();
        return condition;
    }

private:
    /// The one of the keys that the object has; else that is a problem.
    [[nodiscard]] static std::optional<std::string_view> only_one_of(Cursor& object,
                                                                     std::span<const std::string_view> keys,
                                                                     const std::string& what) {
        std::optional<std::string_view> found;
        for (const std::string_view key : keys) {
            if (!object.has(key)) continue;
            if (found) {
                object.problem(key, "expected only one of \"" + std::string{*found} + "\" and \"" + std::string{key} +
                                        "\", got both");
                return std::nullopt;
            }
            found = key;
        }
        if (!found) {
            std::string offer;
            for (const auto& [key, value] : object.members()) {
                if (offer.empty()) offer = did_you_mean(key, keys);
            }
            object.problem("expected " + what + listed(keys) + ", got none" + offer);
        }
        return found;
    }
    [[nodiscard]] Condition body(Cursor& node, std::string_view head) {
        if (head == "all") return {All{conditions(node.array(head))}};
        if (head == "any") return {Any{conditions(node.array(head))}};
        if (head == "not") return {Not{read(node.member(head))}};
        if (head == "values") return set_test(node);
        if (head == "anniversary") return anniversary(node.object(head));
        if (head == "sequence") return sequence(node);
        if (head == "role") return {role(node.object(head))};
        if (head == "relation") return related(node.object(head));
        if (head == "obligation") return obligation(node.object(head));
        if (head == "dialogue") return dialogue(node.object(head));
        if (head == "enrolment") return enrolment(node.object(head));
        if (head == "consent" || head == "objection") return stated(node.object(head), head == "objection");
        if (head == "random") return random_part(node.object(head));
        if (head == "on_list") return {OnList{node.string(head)}};
        if (const auto membership = place_of(membership_keys, head)) {
            return in_segment(node, head, static_cast<MembershipTest>(*membership));
        }
        return test(node, head);
    }
    [[nodiscard]] std::vector<Condition> conditions(const Cursor& list) {
        std::vector<Condition> all;
        for (Cursor one : list) all.push_back(read(std::move(one)));
        return all;
    }

    // Operands and tests. ---------------------------------------------------------------------------------------------

    [[nodiscard]] Operand operand(Cursor& node, std::string_view head) {
        if (head == "field") return node.string(head);
        if (head == "role_count") return RoleCount{role(node.object(head))};
        Aggregate counted;
        counted.function = *model::from_name<Function>(head);
        Cursor object = node.object(head);
        const bool has_field = counted.function != Function::count && counted.function != Function::days_since_first &&
                               counted.function != Function::days_since_last;
        if (has_field) counted.field = object.string("field");
        counted.of = enumerator<FactKind>(object, "of");
        counted.where = where(object);
        counted.window = window(object);
        object.finish();
        return counted;
    }
    [[nodiscard]] Condition test(Cursor& node, std::string_view head) {
        Operand of = operand(node, head);
        const std::optional<std::string_view> key = only_one_of(node, tests, "a test: one of the keys ");
        if (!key) return {All{}};
        if (*key == "known") {
            const Cursor known = node.member(*key);
            if (!known.is_boolean() || !known.as_boolean()) {
                known.problem("expected true; what is unknown is {\"not\": …}");
            }
            return {IsKnown{std::move(of)}};
        }
        if (*key == "between") {
            std::vector<Value> ends = values(node, *key);
            if (ends.size() != 2) {
                if (node.optional_member(*key).is_array()) node.problem(*key, "expected two values");
                return {All{}};
            }
            return {Between{std::move(of), std::move(ends[0]), std::move(ends[1])}};
        }
        if (*key == "one_of") return {OneOf{std::move(of), values(node, *key)}};
        Value against = value(node.member(*key));
        if (const auto relation = place_of(relation_keys, *key)) {
            return {Comparison{std::move(of), static_cast<Relation>(*relation), std::move(against)}};
        }
        return {TextMatch{std::move(of), static_cast<TextTest>(place_of(text_test_keys, *key).value()),
                          std::move(against)}};
    }
    [[nodiscard]] std::vector<Value> values(Cursor& node, std::string_view key) {
        std::vector<Value> all;
        for (Cursor one : node.array(key)) all.push_back(value(std::move(one)));
        return all;
    }
    [[nodiscard]] Value value(Cursor at) {
        if (at.is_boolean()) return at.as_boolean();
        if (at.is_number()) return at.as_number();
        if (at.is_string()) return at.as_string();
        if (!at.is_object()) {
            at.problem("expected a value: true, false, a number, a text, a day, today or a parameter");
            return false;
        }
        constexpr std::array<std::string_view, 3> kinds{"day", "today", "parameter"};
        const std::optional<std::string_view> kind = only_one_of(at, kinds, "a value: one of the keys ");
        if (!kind) return false;
        Value result = false;
        if (*kind == "parameter") {
            result = Parameter{at.string(*kind)};
        } else if (*kind == "day") {
            if (const auto day = read_day(at, *kind)) result = *day;
        } else {
            RelativeDay day;
            day.amount = static_cast<std::int32_t>(
                at.integer(*kind, {-segment::detail::max_relative_amount, segment::detail::max_relative_amount}));
            if (at.has("unit")) day.unit = enumerator<CalendarUnit>(at, "unit");
            day.zone = zone(at);
            result = std::move(day);
        }
        at.finish();
        return result;
    }
    [[nodiscard]] static std::optional<time::Day> read_day(Cursor& object, std::string_view key) {
        const Cursor at = object.member(key);
        const std::string text = at.as_string();
        const std::optional<time::Day> day = time::Day::from_iso(text);
        if (!day && at.is_string()) at.problem("expected a day such as \"2026-09-01\"");
        return day;
    }
    template <class Enum>
    [[nodiscard]] static Enum enumerator(Cursor& object, std::string_view key) {
        const auto names = named_values<Enum>();
        return object.enumeration<Enum>(key, std::span<const std::pair<std::string_view, Enum>>{names});
    }
    template <class Enum>
    [[nodiscard]] static std::optional<Enum> optional_enumerator(Cursor& object, std::string_view key) {
        return object.has(key) ? std::optional{enumerator<Enum>(object, key)} : std::nullopt;
    }
    [[nodiscard]] static ZoneName zone(Cursor& object) {
        const Cursor at = object.optional_member("zone");
        ZoneName name = at.as_string();
        if (at.is_string() && name.empty()) at.problem("expected \"own\" or the name of a zone");
        return name;
    }
    /// `{"days": 30}`; 1 ms where wrong.
    [[nodiscard]] static std::int64_t duration(Cursor object) {
        constexpr std::array<std::string_view, 6> keys{units[0].key, units[1].key, units[2].key,
                                                       units[3].key, units[4].key, units[5].key};
        if (!object.is_there()) return 1;
        const std::optional<std::string_view> key = only_one_of(object, keys, "a duration: one of the keys ");
        if (!key) return 1;
        const std::int64_t unit = units.at(place_of(keys, *key).value()).ms;
        const std::int64_t number = object.integer(*key, {1, segment::detail::max_duration_ms / unit});
        object.finish();
        return number * unit;
    }
    [[nodiscard]] std::optional<SubCondition> where(Cursor& object) {
        if (!object.has("where")) return std::nullopt;
        return SubCondition{read(object.member("where"))};
    }
    [[nodiscard]] static Window window(Cursor& object) {
        if (!object.has("in")) return Ever{};
        Cursor at = object.object("in");
        if (!at.is_there()) return Ever{};
        constexpr std::array<std::string_view, 4> keys{"last", "this", "previous", "from"};
        Window window;
        if (at.has("to")) {  // with or without "from"
            DayRange range;
            if (at.has("from")) range.from = read_day(at, "from");
            range.to = read_day(at, "to");
            range.zone = zone(at);
            at.finish();
            return range;
        }
        const std::optional<std::string_view> key = only_one_of(at, keys, "a window: \"to\" or one of the keys ");
        if (!key) return Ever{};
        if (*key == "last") {
            window = Rolling{duration(at.object(*key))};
        } else if (*key == "from") {
            DayRange range{read_day(at, *key), std::nullopt};
            range.zone = zone(at);
            window = std::move(range);
        } else {
            const bool is_previous = *key == "previous";
            using Stretch = std::variant<CalendarUnit, AcademicUnit>;
            const Stretch stretch = at.enumeration<Stretch>(*key, {{"day", CalendarUnit::day},
                                                                   {"week", CalendarUnit::week},
                                                                   {"month", CalendarUnit::month},
                                                                   {"quarter", CalendarUnit::quarter},
                                                                   {"year", CalendarUnit::year},
                                                                   {"term", AcademicUnit::term},
                                                                   {"academic_year", AcademicUnit::academic_year}});
            ZoneName name = zone(at);
            if (const auto* const calendar = std::get_if<CalendarUnit>(&stretch)) {
                window = CalendarWindow{*calendar, is_previous, std::move(name)};
            } else {
                window = AcademicWindow{std::get<AcademicUnit>(stretch), is_previous, std::move(name)};
            }
        }
        at.finish();
        return window;
    }

    // Conditions of their own. ----------------------------------------------------------------------------------------

    [[nodiscard]] Condition set_test(Cursor& node) {
        SetTest set;
        Cursor of = node.object("values");
        set.field = of.string("field");
        set.of = enumerator<FactKind>(of, "of");
        set.where = where(of);
        set.window = window(of);
        of.finish();
        const std::optional<std::string_view> key = only_one_of(node, set_relation_keys, "a test: one of the keys ");
        if (!key) return {All{}};
        set.relation = static_cast<SetRelation>(place_of(set_relation_keys, *key).value());
        set.values = values(node, *key);
        return {std::move(set)};
    }
    [[nodiscard]] static Condition anniversary(Cursor object) {
        Anniversary anniversary{object.string("field")};
        anniversary.days =
            static_cast<std::int32_t>(object.integer_or("days", 1, {1, segment::detail::max_anniversary_days}));
        anniversary.zone = zone(object);
        object.finish();
        return {std::move(anniversary)};
    }
    [[nodiscard]] Condition sequence(Cursor& node) {
        Sequence sequence;
        for (Cursor at : node.array("sequence")) {
            SequenceStep step;
            step.of = enumerator<FactKind>(at, "of");
            step.where = where(at);
            step.absent = at.boolean_or("absent", false);
            if (at.has("within")) step.within_ms = duration(at.object("within"));
            at.finish();
            sequence.steps.push_back(std::move(step));
        }
        sequence.window = window(node);
        return {std::move(sequence)};
    }
    [[nodiscard]] static HasRole role(Cursor object) {
        HasRole role;
        role.period = optional_enumerator<RolePeriod>(object, "period").value_or(RolePeriod::current);
        role.kind = optional_enumerator<model::RoleKind>(object, "kind");
        role.programmes = object.optional_strings("programmes");
        role.sites = object.optional_strings("sites");
        object.finish();
        return role;
    }
    [[nodiscard]] Condition related(Cursor object) {
        Related related;
        related.period = optional_enumerator<RolePeriod>(object, "period").value_or(RolePeriod::current);
        related.kind = optional_enumerator<model::RelationKind>(object, "kind");
        related.to_organisation = object.enumeration_or<bool>("to", false, {{"person", false}, {"organisation", true}});
        if (object.has("person")) related.person = SubCondition{read(object.member("person"))};
        related.organisations = object.optional_strings("organisations");
        related.organisation_kind = optional_enumerator<model::OrganisationKind>(object, "organisation_kind");
        object.finish();
        return {std::move(related)};
    }
    [[nodiscard]] static Condition obligation(Cursor object) {
        HasObligation obligation;
        obligation.state = enumerator<ObligationState>(object, "state");
        obligation.kinds = object.optional_strings("kinds");
        if (object.has("due_within")) obligation.due_within_ms = duration(object.object("due_within"));
        object.finish();
        return {std::move(obligation)};
    }
    [[nodiscard]] static Condition dialogue(Cursor object) {
        HasDialogue dialogue;
        dialogue.open = object.enumeration<bool>("state", {{"open", true}, {"closed", false}});
        dialogue.topics = object.optional_strings("topics");
        dialogue.teams = object.optional_strings("teams");
        dialogue.tones = object.optional_strings("tones");
        object.finish();
        return {std::move(dialogue)};
    }
    [[nodiscard]] static Condition enrolment(Cursor object) {
        HasEnrolment enrolment;
        enrolment.statuses = object.optional_strings("statuses");
        enrolment.programmes = object.optional_strings("programmes");
        object.finish();
        return {std::move(enrolment)};
    }
    [[nodiscard]] static Condition stated(Cursor object, bool is_objection) {
        Stated stated{is_objection, object.string("purpose"), object.optional_string("channel")};
        object.finish();
        return {std::move(stated)};
    }
    [[nodiscard]] static Condition random_part(Cursor object) {
        RandomPart part;
        part.from = object.number_or("from", 0);
        part.below = object.number("below");
        part.name = object.string("name");
        object.finish();
        return {std::move(part)};
    }
    [[nodiscard]] static Condition in_segment(Cursor& node, std::string_view head, MembershipTest test) {
        InSegment segment{node.string(head), test};
        if (test != MembershipTest::now) {
            segment.window = window(node);
        } else if (node.has("for")) {
            segment.test = MembershipTest::since;
            segment.for_ms = duration(node.object("for"));
        }
        return {std::move(segment)};
    }

    std::size_t depth_ = 0;
};

/// Whether one of the sorted pointers is of this value or of something in it.
[[nodiscard]] bool has_within(const std::set<std::string>& pointers, const std::string& pointer) {
    if (pointers.contains(pointer)) return true;
    const auto next = pointers.lower_bound(pointer + '/');
    return next != pointers.end() && next->starts_with(pointer + '/');
}

}  // namespace

segment::Condition condition_from(Checker& checker, Cursor node, const segment::Catalogue& catalogue) {
    const std::string start = node.pointer();
    if (!node.is_there()) return {All{}};
    Condition condition = ConditionReader{}.read(std::move(node));
    // What could not be read is not what was meant: no second problem of the same test.
    std::set<std::string> unread;
    if (checker.has_problems()) {
        for (const ParseError::Issue& issue : checker.issues()) unread.insert(issue.pointer);
    }
    for (segment::ConditionProblem& problem : problems_of(condition, catalogue)) {
        if (!has_within(unread, start + problem.node)) checker.add(start + problem.pointer, std::move(problem.message));
    }
    return condition;
}

std::string condition_to_json(const segment::Condition& condition) {
    ConditionWriter writer;
    writer.write(condition);
    return writer.take();
}

segment::Condition condition_from_json(std::string_view json, const segment::Catalogue& catalogue) {
    const std::string what = "segment condition";
    Checker checker{PositionedJson::parse(json, what, condition_json_depth)};
    Condition condition = condition_from(checker, checker.root(), catalogue);
    checker.throw_if_any(what);
    return condition;
}

}  // namespace alloquy::io
