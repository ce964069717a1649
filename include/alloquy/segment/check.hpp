#pragma once

/// \file
/// Checks of conditions that were built by hand or read from JSON: the same rules that parse() keeps for texts.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/regular_expression.hpp>
#include <alloquy/utf8.hpp>

namespace alloquy::segment {

/// One thing that is wrong with a condition.
struct ConditionProblem {
    std::string pointer;  ///< JSON pointer (RFC 6901) of the value in the JSON form; see io::condition_to_json().
    std::string message;  ///< What was expected.
    std::string node;     ///< Likewise of the test that it belongs to; a test with `where` over facts is one with it.
};

namespace detail {

// Keys of the JSON form, in the order of the enumerators.
inline constexpr std::array<std::string_view, 5> relation_keys{"equal", "less", "at_most", "greater", "at_least"};
inline constexpr std::array<std::string_view, 5> text_test_keys{"contains", "starts_with", "ends_with", "like",
                                                                "matches"};
inline constexpr std::array<std::string_view, 4> set_relation_keys{"any_of", "all_of", "none_of", "only"};
inline constexpr std::array<std::string_view, 5> membership_keys{"in_segment", "was_in_segment", "entered_segment",
                                                                 "left_segment", "in_segment"};
template <class Enum, std::size_t n>
[[nodiscard]] constexpr std::string_view key_of(const std::array<std::string_view, n>& keys, Enum value) noexcept {
    return keys[static_cast<std::size_t>(value)];
}

/// Whether the text form has a sign of its own for the test turned round, such as `!=`; else it puts `not` before it.
[[nodiscard]] inline bool has_negated_form(const Condition& condition) noexcept {
    if (const auto* const comparison = std::get_if<Comparison>(&condition.node)) {
        return comparison->relation == Relation::equal;
    }
    return std::holds_alternative<Between>(condition.node) || std::holds_alternative<OneOf>(condition.node) ||
           std::holds_alternative<TextMatch>(condition.node) || std::holds_alternative<IsKnown>(condition.node);
}

/// Walks over a condition and gathers what is wrong.
class ConditionChecker {
public:
    explicit ConditionChecker(const Catalogue& catalogue) : catalogue_{&catalogue} {}

    [[nodiscard]] std::vector<ConditionProblem> check(const Condition& condition) {
        visit(condition, Around::nothing, 1);
        return std::move(problems_);
    }

private:
    /// What surrounds a condition in the text form: it tells where brackets stand.
    enum class Around : std::uint8_t { nothing, any, all, one };
    static constexpr std::size_t max_level = 201;  // 200 things around a test, and the test

    // Places. ---------------------------------------------------------------------------------------------------------

    template <class Body>
    void at(std::string_view token, const Body& body) {
        const std::size_t length = path_.size();
        path_ += '/';
        for (const char c : token) {  // RFC 6901, section 3
            if (c == '~' || c == '/') {
                path_ += c == '~' ? "~0" : "~1";
            } else {
                path_ += c;
            }
        }
        body();
        path_.resize(length);
    }
    template <class List, class Body>
    void each(std::string_view token, const List& list, const Body& body) {
        at(token, [&] {
            for (std::size_t i = 0; i < list.size(); ++i) {
                at(std::to_string(i), [&] { body(list[i]); });
            }
        });
    }
    void problem(std::string message) {
        problems_.push_back({path_, std::move(message), path_.substr(0, node_length_)});
    }
    void problem_at(std::string_view token, std::string message) {
        at(token, [&] { problem(std::move(message)); });
    }
    void need(bool is_right, std::string_view token, const char* message) {
        if (!is_right) problem_at(token, message);
    }

    // Texts and names. ------------------------------------------------------------------------------------------------

    /// For an error: on one line, not longer than a line.
    [[nodiscard]] static std::string shown(std::string_view name) {
        std::string text{name.substr(0, 80)};
        if (const auto invalid = first_invalid_utf8(text)) text.resize(*invalid);
        for (char& c : text) {
            if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) c = '?';
        }
        return '"' + text + (text.size() < name.size() ? "…\"" : "\"");
    }
    void need_text(std::string_view text) {
        if (first_invalid_utf8(text)) problem("expected a text in UTF-8");
    }
    void need_name(const std::string& name, const char* what) {
        need_text(name);
        if (name.empty()) problem(std::string{"expected "} + what + " that is not empty");
    }
    void need_names(std::string_view token, const std::vector<std::string>& names, const char* what) {
        each(token, names, [&](const std::string& name) { need_name(name, what); });
    }
    template <class Enum>
    void need_enumerators(std::string_view token, const std::vector<std::string>& names, const char* what) {
        each(token, names, [&](const std::string& name) {
            if (model::from_name<Enum>(name)) return;
            problem(std::string{"expected the name of a "} + what + ", got another text" +
                    did_you_mean(name, model::EnumNames<Enum>::values));
        });
    }
    void check_zone(const ZoneName& zone) {
        at("zone", [&] { need_text(zone); });
    }
    void need_duration(std::string_view token, std::int64_t ms) {
        need(ms >= 1 && ms <= max_duration_ms, token, "expected 1 millisecond to a hundred years");
    }

    // The tree. -------------------------------------------------------------------------------------------------------

    /// \param level  As parse() counts it: 1, and 1 for each bracket, `not` and `where` around this.
    void visit(const Condition& condition, Around around, std::size_t level) {
        const std::size_t outer_node = node_length_;
        if (!facts_) node_length_ = path_.size();
        if (level > max_level) {
            problem("expected at most 200 brackets and 'not's within each other");
        } else {
            std::visit([&](const auto& node) { check_node(node, around, level); }, condition.node);
        }
        node_length_ = outer_node;
    }
    void check_node(const All& node, Around around, std::size_t level) {
        check_list("all", node.of, Around::all, level, around == Around::all || around == Around::one);
    }
    void check_node(const Any& node, Around around, std::size_t level) {
        check_list("any", node.of, Around::any, level, around != Around::nothing);
    }
    void check_list(std::string_view key, const std::vector<Condition>& of, Around own, std::size_t level,
                    bool in_brackets) {
        each(key, of, [&](const Condition& one) { visit(one, own, level + (in_brackets ? 1 : 0)); });
    }
    void check_node(const Not& node, Around, std::size_t level) {
        at("not", [&] { visit(*node.of, Around::one, level + (has_negated_form(*node.of) ? 0 : 1)); });
    }
    /// Tests of a field or of something counted, and all conditions of their own: none holds lists.
    template <class Node>
    void check_node(const Node& node, Around, std::size_t level) {
        constexpr bool is_test = std::is_same_v<Node, Comparison> || std::is_same_v<Node, Between> ||
                                 std::is_same_v<Node, OneOf> || std::is_same_v<Node, TextMatch> ||
                                 std::is_same_v<Node, IsKnown>;
        if constexpr (is_test) {
            if (const std::optional<Tested> tested = operand(node.of, level)) check_test(node, *tested);
        } else {
            if (facts_) {
                problem("expected a test of a field of " + std::string{model::name_of(*facts_)} +
                        " ('where' looks at nothing else)");
                return;
            }
            check_leaf(node, level);
        }
    }

    // Operands. -------------------------------------------------------------------------------------------------------

    struct Tested {
        FieldType type;
        bool is_personal = false;  ///< Only looked at: no comparison, so that no values can be told apart.
    };
    [[nodiscard]] std::optional<Tested> operand(const Operand& of, std::size_t level) {
        if (const auto* const name = std::get_if<std::string>(&of)) {
            if (facts_) {
                const std::optional<FieldType> type = fact_field(*facts_, *name);
                return type ? std::optional{Tested{*type, is_words_of_person(*facts_, *name)}} : std::nullopt;
            }
            const std::optional<FieldType> type = catalogue_->type_of(*name);
            if (!type) {
                std::vector<std::string_view> names;
                for (const Field& field : catalogue_->fields()) names.push_back(field.name);
                problem_at("field", "there is no field " + shown(*name) + did_you_mean(*name, names));
                return std::nullopt;
            }
            at("field", [&] { need_text(*name); });
            return Tested{*type};
        }
        if (facts_) {
            problem("expected a test of a field of " + std::string{model::name_of(*facts_)} +
                    " ('where' looks at nothing else)");
            return std::nullopt;
        }
        if (const auto* const roles = std::get_if<RoleCount>(&of)) {
            at("role_count", [&] { check_role(roles->of); });
            return Tested{FieldType::number};
        }
        const auto& counted = std::get<Aggregate>(of);
        std::optional<Tested> tested;
        at(model::name_of(counted.function), [&] {
            if (const auto type = counted_type(counted)) tested = Tested{*type};
            check_where(counted.of, counted.where, level);
            check_window("in", counted.window);
        });
        return tested;
    }
    [[nodiscard]] static bool is_words_of_person(FactKind kind, std::string_view field) {
        return kind == FactKind::interactions && field == "text";
    }
    [[nodiscard]] std::optional<FieldType> fact_field(FactKind kind, const std::string& name) {
        const std::optional<FieldType> type = fact_field_type(kind, name);
        if (type) return type;
        const std::vector<Field>& fields = fact_fields(kind);
        std::vector<std::string_view> names;
        names.reserve(fields.size());
        for (const Field& field : fields) names.push_back(field.name);
        const bool is_of_person = catalogue_->type_of(name).has_value();
        problem_at("field", std::string{model::name_of(kind)} + " have no field " + shown(name) +
                                (is_of_person ? " (it is a field of the person)" : did_you_mean(name, names)));
        return std::nullopt;
    }
    /// A field of facts of which something is made.
    [[nodiscard]] std::optional<FieldType> made_of_field(FactKind kind, const std::string& name) {
        if (is_words_of_person(kind, name)) {
            problem_at("field", "expected another field: the text of interactions is only looked at within 'where'");
            return std::nullopt;
        }
        return fact_field(kind, name);
    }
    /// Type of what comes out.
    [[nodiscard]] std::optional<FieldType> counted_type(const Aggregate& of) {
        switch (of.function) {
            case Function::count:
            case Function::days_since_first:
            case Function::days_since_last:
                if (of.field.empty()) return FieldType::number;
                problem_at("field", "expected no field: facts are counted");
                return std::nullopt;
            default:
                break;
        }
        const std::optional<FieldType> type = made_of_field(of.of, of.field);
        if (!type) return std::nullopt;
        switch (of.function) {
            case Function::first:
            case Function::last:
                return type;
            case Function::distinct:
                return FieldType::number;
            case Function::most_frequent:
                need(*type == FieldType::text, "field", "expected a field of texts");
                return FieldType::text;
            default:
                need(*type == FieldType::number, "field", "expected a field of numbers");
                return FieldType::number;
        }
    }
    void check_where(FactKind kind, const std::optional<SubCondition>& where, std::size_t level) {
        if (!where) return;
        facts_ = kind;
        at("where", [&] { visit(**where, Around::one, level + 1); });
        facts_ = std::nullopt;
    }

    // Windows. --------------------------------------------------------------------------------------------------------

    void check_window(std::string_view key, const Window& window) {
        at(key, [&] {
            if (const auto* const rolling = std::get_if<Rolling>(&window)) {
                need_duration("last", rolling->length_ms);
            } else if (const auto* const range = std::get_if<DayRange>(&window)) {
                if (!range->from && !range->to) problem("expected a first or a last day");
                const bool is_right = !range->from || !range->to || *range->from <= *range->to;
                need(is_right, "to", "expected a day that is not before the first one");
                check_zone(range->zone);
            } else if (const auto* const calendar = std::get_if<CalendarWindow>(&window)) {
                check_zone(calendar->zone);
            } else if (const auto* const academic = std::get_if<AcademicWindow>(&window)) {
                check_zone(academic->zone);
            }
        });
    }
    // Tests. ----------------------------------------------------------------------------------------------------------

    void refuse_comparison_if_personal(std::string_view key, const Tested& tested) {
        need(!tested.is_personal, key,
             "expected 'contains', 'starts_with', 'ends_with', 'like', 'matches' or 'known' (the text of interactions "
             "is only looked at)");
    }
    void check_test(const Comparison& node, const Tested& tested) {
        const std::string_view key = key_of(relation_keys, node.relation);
        refuse_comparison_if_personal(key, tested);
        const bool has_order = node.relation != Relation::equal;
        if (has_order && tested.type == FieldType::text) {
            problem_at(key, "expected 'equal' (texts have no order)");
            return;
        }
        at(key, [&] { check_value(node.value, tested.type, has_order); });
    }
    void check_test(const Between& node, const Tested& tested) {
        if (tested.type == FieldType::text) {
            problem_at("between", "expected another test (texts have no order)");
            return;
        }
        each("between", std::array{&node.from, &node.to},
             [&](const Value* value) { check_value(*value, tested.type, true); });
    }
    void check_test(const OneOf& node, const Tested& tested) {
        refuse_comparison_if_personal("one_of", tested);
        check_values("one_of", node.values, tested.type);
    }
    void check_test(const TextMatch& node, const Tested& tested) {
        const std::string_view key = key_of(text_test_keys, node.test);
        if (tested.type == FieldType::number) {
            problem_at(key, "expected a test of a number (the field is no text)");
            return;
        }
        at(key, [&] {
            check_value(node.text, FieldType::text, false);
            const auto* const text = std::get_if<std::string>(&node.text);
            if (text == nullptr) return;
            const std::optional<std::string> wrong = node.test == TextTest::matches ? regular_expression_problem(*text)
                                                     : node.test == TextTest::like  ? like_problem(*text)
                                                                                    : std::nullopt;
            if (wrong) problem(*wrong);
        });
    }
    void check_test(const IsKnown&, const Tested&) {}

    void check_values(std::string_view key, const std::vector<Value>& values, FieldType type) {
        need(!values.empty(), key, "expected at least one value");
        each(key, values, [&](const Value& value) { check_value(value, type, false); });
    }
    void check_value(const Value& value, FieldType type, bool has_order) {
        const auto need_fit = [&](bool fits) {
            if (fits) return;
            problem(type == FieldType::number ? "expected a number"
                    : type == FieldType::text ? "expected a text"
                                              : "expected a number or a day: texts and truths have no order");
        };
        std::visit(
            [&](const auto& v) {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, bool>) {
                    need_fit(type == FieldType::any && !has_order);
                } else if constexpr (std::is_same_v<V, double>) {
                    need_fit(type != FieldType::text);
                    if (!std::isfinite(v)) problem("expected a finite number");
                } else if constexpr (std::is_same_v<V, std::string>) {
                    need_fit(type != FieldType::number && !has_order);
                    need_text(v);
                } else if constexpr (std::is_same_v<V, time::Day>) {
                    need_fit(type == FieldType::any);
                } else if constexpr (std::is_same_v<V, RelativeDay>) {
                    need_fit(type == FieldType::any);
                    need(v.amount >= -max_relative_amount && v.amount <= max_relative_amount, "today",
                         "expected a whole number of at most 10,000");
                    check_zone(v.zone);
                } else {
                    const bool is_name = !v.name.empty() && std::all_of(v.name.begin(), v.name.end(), [](char c) {
                        return is_letter(c) || is_digit(c);
                    });
                    need(is_name, "parameter", "expected a name of ASCII letters, digits and '_'");
                }
            },
            value);
    }

    // Conditions of their own. ----------------------------------------------------------------------------------------

    void check_leaf(const SetTest& node, std::size_t level) {
        std::optional<FieldType> type;
        at("values", [&] {
            type = made_of_field(node.of, node.field);
            check_where(node.of, node.where, level);
            check_window("in", node.window);
        });
        if (type) check_values(key_of(set_relation_keys, node.relation), node.values, *type);
    }
    void check_leaf(const Anniversary& node, std::size_t) {
        at("anniversary", [&] {
            need(catalogue_->type_of(node.field) == FieldType::any, "field",
                 "expected an attribute, such as attribute:birthday");
            at("field", [&] { need_text(node.field); });
            need(node.days >= 1 && node.days <= max_anniversary_days, "days",
                 "expected a whole number of days from 1 to 366");
            check_zone(node.zone);
        });
    }
    void check_leaf(const Sequence& node, std::size_t level) {
        need(node.steps.size() >= 2 && node.steps.size() <= max_sequence_steps, "sequence", "expected 2 to 8 steps");
        each("sequence", node.steps, [&](const SequenceStep& step) {
            const bool is_first = &step == &node.steps.front();
            need(!step.absent || (!is_first && &step == &node.steps.back()), "absent",
                 "expected facts that are there: only the last step may be absent");
            if (is_first) {
                need(step.within_ms == 0, "within", "expected none: 'within' counts from the step before");
            } else if (step.within_ms != 0) {
                need_duration("within", step.within_ms);
            }
            check_where(step.of, step.where, level);
        });
        check_window("in", node.window);
    }
    void check_role(const HasRole& role) {
        need_names("programmes", role.programmes, "the name of a programme");
        need_names("sites", role.sites, "the name of a site");
    }
    void check_leaf(const HasRole& node, std::size_t) {
        at("role", [&] { check_role(node); });
    }
    void check_leaf(const Related& node, std::size_t level) {
        at("relation", [&] {
            if (is_other_person_) problem("expected a condition without relations: it is one of a related person");
            need_names("organisations", node.organisations, "the name of an organisation");
            need(node.to_organisation || node.organisations.empty(), "organisations",
                 "expected none: the relation is to a person");
            need(node.to_organisation || !node.organisation_kind, "organisation_kind",
                 "expected none: the relation is to a person");
            if (!node.person) return;
            need(!node.to_organisation, "person", "expected none: the relation is to an organisation");
            const bool outer = std::exchange(is_other_person_, true);
            at("person", [&] { visit(**node.person, Around::one, level + 1); });
            is_other_person_ = outer;
        });
    }
    void check_leaf(const HasObligation& node, std::size_t) {
        at("obligation", [&] {
            need_names("kinds", node.kinds, "the name of a kind of obligation");
            if (!node.due_within_ms) return;
            need(node.state == ObligationState::open, "due_within", "expected none: only open obligations are due");
            need_duration("due_within", *node.due_within_ms);
        });
    }
    void check_leaf(const HasDialogue& node, std::size_t) {
        at("dialogue", [&] {
            need_names("topics", node.topics, "the name of a topic");
            need_names("teams", node.teams, "the name of a team");
            need_enumerators<model::Tone>("tones", node.tones, "tone");
        });
    }
    void check_leaf(const HasEnrolment& node, std::size_t) {
        at("enrolment", [&] {
            need_enumerators<model::EnrolmentStatus>("statuses", node.statuses, "status");
            need_names("programmes", node.programmes, "the name of a programme");
        });
    }
    void check_leaf(const Stated& node, std::size_t) {
        at(node.is_objection ? "objection" : "consent", [&] {
            at("purpose", [&] { need_name(node.purpose, "the name of a purpose"); });
            if (node.channel) at("channel", [&] { need_name(*node.channel, "the name of a channel"); });
        });
    }
    void check_leaf(const RandomPart& node, std::size_t) {
        at("random", [&] {
            const bool is_right = node.from >= 0 && node.from < node.below && node.below <= 100;  // not of NaN
            need(is_right, "below", "expected percentages from 0 to 100, the second above the first");
            at("name", [&] { need_name(node.name, "the name of a draw"); });
        });
    }
    void check_leaf(const OnList& node, std::size_t) {
        at("on_list", [&] { need_name(node.name, "the name of a list"); });
    }
    void check_leaf(const InSegment& node, std::size_t) {
        at(key_of(membership_keys, node.test), [&] { need_name(node.name, "the name of a segment"); });
        const bool has_window = node.test == MembershipTest::was || node.test == MembershipTest::entered ||
                                node.test == MembershipTest::left;
        if (has_window) {
            check_window("in", node.window);
        } else {
            need(std::holds_alternative<Ever>(node.window), "in", "expected none");
        }
        if (node.test == MembershipTest::since) {
            need_duration("for", node.for_ms);
        } else {
            need(node.for_ms == 0, "for", "expected none");
        }
    }

    const Catalogue* catalogue_;
    std::vector<ConditionProblem> problems_;
    std::string path_;
    std::size_t node_length_ = 0;      ///< Of path_: up to here it names the test.
    std::optional<FactKind> facts_{};  ///< Within a `where` over facts: of what kind.
    bool is_other_person_ = false;     ///< Within the condition of somebody related.
};

}  // namespace detail

/// All that is wrong with a condition, in the order of the tree; empty for every one that parse() gives. These are the
/// rules and limits of parse(): fields that there are, values that fit them, `where` over the fields of its facts,
/// ranges, at most 200 brackets, `not`s and `where`s within each other.
///
/// \par Cost  O(nodes * depth), and that of the patterns.
[[nodiscard]] inline std::vector<ConditionProblem> problems_of(const Condition& condition, const Catalogue& catalogue) {
    return detail::ConditionChecker{catalogue}.check(condition);
}

/// For programs that build conditions without text.
/// \throws InvalidArgument  with all of problems_of(), each with its place in the JSON form.
/// \par Cost  As problems_of().
inline void check(const Condition& condition, const Catalogue& catalogue) {
    const std::vector<ConditionProblem> problems = problems_of(condition, catalogue);
    if (problems.empty()) return;
    std::string text = "segment condition";
    for (const ConditionProblem& problem : problems) {
        text += "\n  ";
        if (!problem.pointer.empty()) text += problem.pointer + ": ";
        text += problem.message;
    }
    throw InvalidArgument{text};
}

}  // namespace alloquy::segment
