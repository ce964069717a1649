#pragma once

/// \file
/// Parser of the segment language: text into a Condition, with the place of whatever is wrong.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/lexer.hpp>
#include <alloquy/segment/regular_expression.hpp>
#include <alloquy/utf8.hpp>

namespace alloquy::segment {

namespace detail {

/// Words with a meaning of their own; a field of such a name stands in double quotes.
inline constexpr std::array<std::string_view, 22> reserved_words{
    "and",  "or",   "not",   "in",      "between", "is",   "known",     "unknown", "contains", "starts", "ends",
    "with", "true", "false", "current", "former",  "ever", "objection", "consent", "random",   "to",     "of"};

inline bool is_reserved(std::string_view word) {
    return std::find(reserved_words.begin(), reserved_words.end(), word) != reserved_words.end();
}

/// Words that begin a condition of their own, unless a test stands right behind: then they are fields of that name.
inline constexpr std::array<std::string_view, 27> leading_words{
    "role",     "relation", "count",  "sum",       "mean",      "least",  "greatest", "first",       "last",
    "distinct", "most",     "days",   "no",        "some",      "values", "sequence", "anniversary", "open",
    "closed",   "overdue",  "waived", "fulfilled", "enrolment", "on",     "was",      "entered",     "left"};

/// Functions with a field, as they are written.
struct FunctionWord {
    std::string_view word;
    Function function;
};
inline constexpr std::array<FunctionWord, 7> function_words{{{"sum", Function::sum},
                                                             {"mean", Function::mean},
                                                             {"least", Function::least},
                                                             {"greatest", Function::greatest},
                                                             {"first", Function::first},
                                                             {"last", Function::last},
                                                             {"distinct", Function::distinct}}};

/// Units of durations, from small to large; each may have an `s` behind it.
struct DurationUnit {
    std::string_view name;
    std::int64_t ms;
};
inline constexpr std::array<DurationUnit, 6> duration_units{{{"millisecond", 1},
                                                             {"second", 1000},
                                                             {"minute", 60'000},
                                                             {"hour", 3'600'000},
                                                             {"day", 86'400'000},
                                                             {"week", 604'800'000}}};
/// A hundred years of 365.25 days.
inline constexpr std::int64_t max_duration_ms = 3'155'760'000'000;
inline constexpr std::int32_t max_relative_amount = 10'000;
inline constexpr std::int32_t max_anniversary_days = 366;
inline constexpr std::size_t max_sequence_steps = 8;

/// Recursive descent; one function for each line of the grammar in parse().
class Parser {
public:
    Parser(std::string_view text, const Catalogue& catalogue) : lexer_{text}, catalogue_{&catalogue} {
        token_ = lexer_.next();
    }

    [[nodiscard]] Condition whole() {
        Condition condition = any();
        if (token_.kind != TokenKind::end) expected("'and', 'or' or the end");
        return condition;
    }

private:
    static constexpr std::size_t max_depth = 200;

    /// \param candidates  Of these the nearest is offered, where a word is in hand that is near one.
    [[noreturn]] void expected(const std::string& what, std::span<const std::string_view> candidates = {}) const {
        const std::string got = token_.kind == TokenKind::end ? "the end" : describe();
        const std::string offer = token_.kind == TokenKind::word ? did_you_mean(token_.text, candidates) : "";
        fail(token_.place, "expected " + what + ", got " + got + offer);
    }
    [[nodiscard]] std::string describe() const {
        switch (token_.kind) {
            case TokenKind::text:
                return "a text";
            case TokenKind::number:
                return "a number";
            case TokenKind::day:
                return "a day";
            case TokenKind::parameter:
                return "a parameter";
            case TokenKind::word:
                // Words without a meaning may be anything, also a text whose quotes were forgotten.
                return is_reserved(token_.text) ? "'" + token_.text + "'" : "a word";
            default:
                return "'" + token_.text + "'";
        }
    }
    /// A name for an error: on one line, not longer than a line.
    static std::string shown(std::string_view name) {
        std::string text{name.substr(0, 80)};
        if (first_invalid_utf8(text)) text = text.substr(0, *first_invalid_utf8(text));  // cut within a character
        for (char& c : text) {
            if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) c = '?';
        }
        return '"' + text + (text.size() < name.size() ? "…\"" : "\"");
    }
    Token take() {
        Token taken = std::move(token_);
        if (ahead_.empty()) {
            token_ = lexer_.next();
        } else {
            token_ = std::move(ahead_.front());
            ahead_.pop_front();
        }
        return taken;
    }
    /// The token so many behind the one in hand.
    [[nodiscard]] const Token& peek(std::size_t behind = 1) {
        while (ahead_.size() < behind) ahead_.push_back(lexer_.next());
        return ahead_[behind - 1];
    }
    [[nodiscard]] bool is_word(std::string_view word) const {
        return token_.kind == TokenKind::word && token_.text == word;
    }
    [[nodiscard]] bool is_sign(std::string_view sign) const {
        return token_.kind == TokenKind::sign && token_.text == sign;
    }
    bool skip_word(std::string_view word) {
        if (!is_word(word)) return false;
        take();
        return true;
    }
    bool skip_sign(std::string_view sign) {
        if (!is_sign(sign)) return false;
        take();
        return true;
    }
    void need_word(std::string_view word) {
        if (!skip_word(word)) expected("'" + std::string{word} + "'", std::array{word});
    }
    void need_sign(std::string_view sign) {
        if (!skip_sign(sign)) expected("'" + std::string{sign} + "'");
    }
    [[nodiscard]] std::string need_text(const std::string& what) {
        if (token_.kind != TokenKind::text) expected(what + " in double quotes");
        if (token_.text.empty()) fail(token_.place, "expected " + what + " that is not empty");
        return take().text;
    }

    [[nodiscard]] Condition any() {
        std::vector<Condition> of{all()};
        while (skip_word("or")) of.push_back(all());
        return of.size() == 1 ? std::move(of[0]) : Condition{Any{std::move(of)}};
    }
    [[nodiscard]] Condition all() {
        std::vector<Condition> of{unary()};
        while (skip_word("and")) of.push_back(unary());
        return of.size() == 1 ? std::move(of[0]) : Condition{All{std::move(of)}};
    }
    [[nodiscard]] Condition unary() {
        // What they surround is a level of its own.
        if (++depth_ > max_depth + 1) fail(token_.place, "expected at most 200 brackets and 'not's within each other");
        Condition condition = [&] {
            if (skip_word("not")) return Condition{Not{unary()}};
            if (skip_sign("(")) {
                Condition inner = any();
                need_sign(")");
                return inner;
            }
            return leaf();
        }();
        --depth_;
        return condition;
    }
    [[nodiscard]] Condition leaf() {
        if (skip_word("true")) return {All{}};
        if (skip_word("false")) return {Any{}};
        if (facts_) return fact_test(*facts_);
        if (is_word("in")) {
            take();
            need_word("segment");
            return in_segment();
        }
        if (is_word("consent") || is_word("objection")) return stated();
        if (is_word("random")) return random_part();
        if (is_word("current") || is_word("former") || is_word("ever")) {
            const RolePeriod period = *model::from_name<RolePeriod>(take().text);
            if (is_word("relation")) return related(period);
            if (!skip_word("role"))
                expected("'role' or 'relation'", std::array<std::string_view, 2>{"role", "relation"});
            return {role_of(period)};
        }
        if (token_.kind == TokenKind::word && is_leading(token_.text) && !a_test_is_behind()) return leading();
        return test(field_operand());
    }
    [[nodiscard]] static bool is_leading(std::string_view word) {
        return std::find(leading_words.begin(), leading_words.end(), word) != leading_words.end();
    }
    /// Whether a test of a field begins with the token.
    [[nodiscard]] static bool begins_test(const Token& token) {
        constexpr std::array<std::string_view, 7> signs{"=", "!=", "<", "<=", ">", ">=", ":"};
        constexpr std::array<std::string_view, 9> words{"is",     "not",  "between", "in",     "contains",
                                                        "starts", "ends", "like",    "matches"};
        const auto is_among = [&](const auto& all) {
            return std::find(all.begin(), all.end(), token.text) != all.end();
        };
        return token.kind == TokenKind::sign ? is_among(signs) : token.kind == TokenKind::word && is_among(words);
    }
    /// Whether the word in hand is a field: `role = "x"`, but `was in segment "x"`.
    [[nodiscard]] bool a_test_is_behind() {
        if (!begins_test(peek())) return false;
        const bool is_membership = token_.text == "was" && peek().kind == TokenKind::word && peek().text == "in" &&
                                   peek(2).kind == TokenKind::word;
        return !is_membership;
    }
    /// What begins with one of leading_words.
    [[nodiscard]] Condition leading() {
        const Place place = token_.place;
        if (is_word("role")) {
            take();
            return {role_of(RolePeriod::current)};
        }
        if (is_word("relation")) return related(RolePeriod::current);
        if (is_word("no") || is_word("some")) {
            const bool none = take().text == "no";
            Aggregate count;
            count.of = need_kind();
            count.where = where(count.of);
            count.window = window();
            return {Comparison{std::move(count), none ? Relation::equal : Relation::at_least, none ? 0.0 : 1.0}};
        }
        if (is_word("values")) return set_test();
        if (is_word("sequence")) return sequence();
        if (is_word("anniversary")) return anniversary();
        if (is_word("open") || is_word("closed")) {
            const bool is_open = is_word("open");
            take();
            if (is_open && skip_word("obligation")) return obligation(ObligationState::open);
            if (skip_word("dialogue")) return dialogue(is_open);
            expected(is_open ? "'obligation' or 'dialogue'" : "'dialogue'",
                     std::array<std::string_view, 2>{"dialogue", "obligation"});
        }
        if (is_word("overdue") || is_word("fulfilled") || is_word("waived")) {
            const ObligationState state = *model::from_name<ObligationState>(take().text);
            need_word("obligation");
            return obligation(state);
        }
        if (is_word("enrolment")) return enrolment();
        if (skip_word("on")) {
            need_word("list");
            return {OnList{need_text("the name of a list")}};
        }
        if (skip_word("was")) {
            need_word("in");
            return segment_in_window(MembershipTest::was);
        }
        if (skip_word("entered")) return segment_in_window(MembershipTest::entered);
        if (skip_word("left")) return segment_in_window(MembershipTest::left);
        return test(counted(place));
    }

    // Operands: what a test looks at. ---------------------------------------------------------------------------------

    /// What stands before a test.
    struct Tested {
        Operand operand;
        FieldType type;
        std::string name;          ///< As errors show it.
        bool is_personal = false;  ///< Only looked at: no comparison, so that no values can be told apart.
    };

    /// `engagement`, `attribute:region`, `response:"e mail"`, `"a host's column"`.
    [[nodiscard]] std::string field(const char* what = "a condition") {
        if (token_.kind != TokenKind::word && token_.kind != TokenKind::text) expected(what);
        if (token_.kind == TokenKind::word && is_reserved(token_.text)) expected(what);
        std::string name = take().text;
        if (!is_sign(":") || !token_.follows_at_once) return name;
        take();
        const bool is_name = token_.kind == TokenKind::word || token_.kind == TokenKind::text;
        if (!is_name || !token_.follows_at_once) expected("a name right behind ':'");
        name += ':';
        return name + take().text;
    }
    [[nodiscard]] Tested field_operand() {
        const Place place = token_.place;
        // What stands before no test may also be a misspelt word of the language.
        const bool may_lead = token_.kind == TokenKind::word && !is_reserved(token_.text) && !begins_test(peek());
        std::string name = field();
        const std::optional<FieldType> type = catalogue_->type_of(name);
        if (!type) {
            std::vector<std::string_view> names;
            for (const Field& each : catalogue_->fields()) names.push_back(each.name);
            if (may_lead) names.insert(names.end(), leading_words.begin(), leading_words.end());
            if (may_lead) names.insert(names.end(), reserved_words.begin(), reserved_words.end());
            fail(place, "there is no field " + shown(name) + did_you_mean(name, names));
        }
        std::string as_shown = shown(name);
        return {std::move(name), *type, std::move(as_shown)};
    }
    /// Within `where`: a test of a field of the facts.
    [[nodiscard]] Condition fact_test(FactKind kind) {
        const std::string what = "a test of a field of " + std::string{model::name_of(kind)};
        const Place place = token_.place;
        if (token_.kind == TokenKind::word && is_leading(token_.text) && !a_test_is_behind()) {
            expected(what + " ('where' looks at nothing else)");
        }
        if (token_.kind == TokenKind::word && is_reserved(token_.text)) {
            expected(what + " ('where' looks at nothing else)");
        }
        std::string name = field(what.c_str());
        const FieldType type = need_fact_field(kind, name, place);
        std::string as_shown = shown(name);
        const bool is_personal = is_words_of_person(kind, name);
        return test({std::move(name), type, std::move(as_shown), is_personal});
    }
    [[nodiscard]] static bool is_words_of_person(FactKind kind, std::string_view field) {
        return kind == FactKind::interactions && field == "text";
    }
    [[nodiscard]] FieldType need_fact_field(FactKind kind, std::string_view name, Place place) const {
        if (const auto type = fact_field_type(kind, name)) return *type;
        const std::vector<Field>& fields = fact_fields(kind);
        std::vector<std::string_view> names;
        names.reserve(fields.size());
        for (const Field& each : fields) names.push_back(each.name);
        const bool is_of_person = catalogue_->type_of(name).has_value();
        fail(place, std::string{model::name_of(kind)} + " have no field " + shown(name) +
                        (is_of_person ? " (it is a field of the person)" : did_you_mean(name, names)));
    }
    /// `count of …`, `sum quantity of …`, `days since last of …`: all with a function.
    [[nodiscard]] Tested counted(Place place) {
        Aggregate of;
        std::string field_name;
        Place field_place = place;
        if (skip_word("count")) {
            need_word("of");
            if (auto roles = role_count()) return {std::move(*roles), FieldType::number, "a count"};
        } else if (skip_word("days")) {
            need_word("since");
            if (!is_word("first") && !is_word("last")) {
                expected("'first' or 'last'", std::array<std::string_view, 2>{"first", "last"});
            }
            of.function = take().text == "first" ? Function::days_since_first : Function::days_since_last;
            need_word("of");
        } else {
            if (skip_word("most")) {
                need_word("frequent");
                of.function = Function::most_frequent;
            } else {
                const auto found = std::find_if(function_words.begin(), function_words.end(),
                                                [&](const FunctionWord& each) { return is_word(each.word); });
                if (found == function_words.end()) expected("a condition");
                of.function = found->function;
                take();
            }
            field_place = token_.place;
            of.field = fact_field_name();
            need_word("of");
        }
        of.of = need_kind(of.function == Function::count ? "roles" : "");
        FieldType type = FieldType::number;
        if (!of.field.empty()) type = need_counted_field(of, field_place);
        of.where = where(of.of);
        of.window = window();
        return {std::move(of), type, "what is counted"};
    }
    [[nodiscard]] std::string fact_field_name() {
        const bool is_name =
            token_.kind == TokenKind::text || (token_.kind == TokenKind::word && !is_reserved(token_.text));
        if (!is_name || token_.text.empty()) expected("the name of a field");
        return take().text;
    }
    /// Whether the function takes the field, and the type of what comes out.
    [[nodiscard]] FieldType need_counted_field(const Aggregate& of, Place place) const {
        const FieldType type = need_fact_field(of.of, of.field, place);
        refuse_words_of_person(of.of, of.field, place);
        switch (of.function) {
            case Function::sum:
            case Function::mean:
            case Function::least:
            case Function::greatest:
                if (type != FieldType::number)
                    fail(place, "expected a field of numbers: " + shown(of.field) + " is a text");
                return FieldType::number;
            case Function::most_frequent:
                if (type != FieldType::text)
                    fail(place, "expected a field of texts: " + shown(of.field) + " is a number");
                return FieldType::text;
            case Function::distinct:
                return FieldType::number;
            default:
                return type;
        }
    }
    static void refuse_words_of_person(FactKind kind, std::string_view field, Place place) {
        if (!is_words_of_person(kind, field)) return;
        fail(place, "expected another field: the text of interactions is only looked at within 'where'");
    }
    [[nodiscard]] std::optional<RoleCount> role_count() {
        const bool has_period = is_word("current") || is_word("former") || is_word("ever");
        if (!has_period && !is_word("role") && !is_word("roles")) return std::nullopt;
        const RolePeriod period = has_period ? *model::from_name<RolePeriod>(take().text) : RolePeriod::current;
        if (!skip_word("roles") && !skip_word("role")) {
            expected("'roles'", std::array<std::string_view, 2>{"roles", "role"});
        }
        return RoleCount{role_of(period)};
    }

    // Tests. ----------------------------------------------------------------------------------------------------------

    [[nodiscard]] Condition test(Tested of) {
        if (skip_word("is")) {
            bool turned = skip_word("not");
            if (skip_word("unknown")) {
                turned = !turned;
            } else {
                need_word("known");
            }
            return negated(turned, {IsKnown{std::move(of.operand)}});
        }
        if (token_.kind == TokenKind::sign) {
            const bool unequal = is_sign("!=");
            const std::optional<Relation> relation =
                unequal ? Relation::equal : model::from_name<Relation>(token_.text);
            if (!relation) expected("a comparison");
            refuse_comparison_if_personal(of);
            const bool has_order = *relation != Relation::equal;
            if (has_order && of.type == FieldType::text) expected("'=' or '!=' (texts have no order)");
            take();
            Value against = value(of.type, has_order);
            return negated(unequal, {Comparison{std::move(of.operand), *relation, std::move(against)}});
        }
        const bool turned = skip_word("not");
        return negated(turned, positive_test(std::move(of)));
    }
    void refuse_comparison_if_personal(const Tested& of) const {
        if (!of.is_personal) return;
        expected(
            "'contains', 'starts with', 'ends with', 'like', 'matches' or 'is known' (the text of interactions is only "
            "looked at)");
    }
    [[nodiscard]] Condition positive_test(Tested of) {
        if (is_word("between")) {
            refuse_comparison_if_personal(of);
            if (of.type == FieldType::text) expected("another test (texts have no order)");
            take();
            Value from = value(of.type, true);
            need_word("and");
            Value to = value(of.type, true);
            return {Between{std::move(of.operand), std::move(from), std::move(to)}};
        }
        if (is_word("in")) {
            refuse_comparison_if_personal(of);
            take();
            return {OneOf{std::move(of.operand), values(of.type)}};
        }
        const std::optional<TextTest> text_test = [&]() -> std::optional<TextTest> {
            if (is_word("contains")) return TextTest::contains;
            if (is_word("starts")) return TextTest::starts_with;
            if (is_word("ends")) return TextTest::ends_with;
            if (is_word("like")) return TextTest::like;
            if (is_word("matches")) return TextTest::matches;
            return std::nullopt;
        }();
        if (!text_test) {
            constexpr std::array<std::string_view, 8> tests{"between", "in",   "contains", "starts",
                                                            "ends",    "like", "matches",  "is"};
            expected(
                "a test: =, !=, <, <=, >, >=, 'between', 'in', 'contains', 'starts with', 'ends with', 'like', "
                "'matches' or 'is known'",
                tests);
        }
        if (of.type == FieldType::number) expected("a test of a number (" + of.name + " is no text)");
        take();
        if (*text_test == TextTest::starts_with || *text_test == TextTest::ends_with) need_word("with");
        if (token_.kind != TokenKind::text && token_.kind != TokenKind::parameter) expected("a text in double quotes");
        const Place place = token_.place;
        Value text = value(FieldType::text, false);
        if (const auto* const pattern = std::get_if<std::string>(&text)) need_pattern(*text_test, *pattern, place);
        return {TextMatch{std::move(of.operand), *text_test, std::move(text)}};
    }
    static void need_pattern(TextTest test, std::string_view pattern, Place place) {
        const std::optional<std::string> problem = test == TextTest::matches ? regular_expression_problem(pattern)
                                                   : test == TextTest::like  ? like_problem(pattern)
                                                                             : std::nullopt;
        if (problem) fail(place, *problem);
    }
    [[nodiscard]] static Condition negated(bool turned, Condition condition) {
        return turned ? Condition{Not{std::move(condition)}} : condition;
    }
    /// `(1, 2)`.
    [[nodiscard]] std::vector<Value> values(FieldType type) {
        need_sign("(");
        std::vector<Value> all{value(type, false)};
        while (skip_sign(",")) all.push_back(value(type, false));
        need_sign(")");
        return all;
    }
    /// \param type       Of the field: what does not fit it is refused.
    /// \param has_order  Only numbers and days have one.
    [[nodiscard]] Value value(FieldType type, bool has_order) {
        const Place place = token_.place;
        const auto refuse_unless = [&](bool fits) {
            if (fits) return;
            fail(place, type == FieldType::number ? "expected a number"
                        : type == FieldType::text ? "expected a text in double quotes"
                                                  : "expected a number or a day: texts and truths have no order");
        };
        switch (token_.kind) {
            case TokenKind::number: {
                refuse_unless(type != FieldType::text);
                const double number = take().number;
                return skip_sign("%") ? number / 100 : number;
            }
            case TokenKind::text:
                refuse_unless(type != FieldType::number && !has_order);
                return take().text;
            case TokenKind::day:
                refuse_unless(type == FieldType::any);
                return *take().day;
            case TokenKind::parameter:
                return Parameter{take().text};
            case TokenKind::word:
                if (is_word("true") || is_word("false")) {
                    refuse_unless(type == FieldType::any && !has_order);
                    return take().text == "true";
                }
                if (is_word("today")) {
                    refuse_unless(type == FieldType::any);
                    return relative_day();
                }
                [[fallthrough]];
            default:
                expected("a value");
        }
    }
    /// `today`, `today - 30 days`, `today + 1 month in own zone`.
    [[nodiscard]] RelativeDay relative_day() {
        take();
        RelativeDay day;
        const bool is_counted = is_sign("+") || is_sign("-") || (token_.kind == TokenKind::number && token_.has_sign);
        if (is_counted) {
            const Place place = token_.place;
            const bool has_own_sign = token_.kind == TokenKind::number;  // `today -30 days`
            const bool is_before = !has_own_sign && is_sign("-");
            if (!has_own_sign) take();
            if (token_.kind != TokenKind::number || (token_.has_sign && !has_own_sign)) {
                expected("a whole number of days, weeks, months, quarters or years");
            }
            const double amount = take().number;
            if (amount != std::floor(amount) || std::abs(amount) > max_relative_amount) {
                fail(place, "expected a whole number of at most 10,000");
            }
            day.amount = static_cast<std::int32_t>(is_before ? -amount : amount);
            constexpr std::array<std::string_view, 10> units{"days", "weeks", "months", "quarters", "years",
                                                             "day",  "week",  "month",  "quarter",  "year"};
            const std::size_t unit = need_one_of(units, "days, weeks, months, quarters or years");
            day.unit = static_cast<CalendarUnit>(unit % 5);
        }
        day.zone = zone();
        return day;
    }
    /// Place of the word in hand, which is taken, among the candidates.
    [[nodiscard]] std::size_t need_one_of(std::span<const std::string_view> candidates, const std::string& what) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (skip_word(candidates[i])) return i;
        }
        expected(what, candidates);
    }

    // Facts and when they were. ---------------------------------------------------------------------------------------

    [[nodiscard]] FactKind need_kind(std::string_view other = {}) {
        return need_name<FactKind>("kind of facts", other);
    }
    /// `where` with one condition over the fields of the facts.
    [[nodiscard]] std::optional<SubCondition> where(FactKind kind) {
        if (!skip_word("where")) return std::nullopt;
        facts_ = kind;
        SubCondition condition{unary()};
        facts_ = std::nullopt;
        return condition;
    }
    [[nodiscard]] Window window() {
        // `in (1, 2)` is a test of what is counted.
        if (is_word("in") && peek().kind == TokenKind::word) {
            take();
            constexpr std::array<std::string_view, 3> words{"last", "this", "previous"};
            const std::size_t which = need_one_of(words, "'last', 'this' or 'previous'");
            if (which == 0) return Rolling{duration()};
            return calendar(which == 2);
        }
        if (skip_word("since")) {
            if (token_.kind == TokenKind::day) return day_range(take().day, false);
            for (const std::string_view word : {"the", "start", "of", "this"}) need_word(word);
            return calendar(false);
        }
        if (skip_word("from")) return day_range(need_day(), true);
        if (is_word("to")) return day_range(std::nullopt, true);
        return Ever{};
    }
    [[nodiscard]] DayRange day_range(std::optional<time::Day> from, bool may_end) {
        DayRange range{from, std::nullopt};
        if (may_end && skip_word("to")) {
            const Place place = token_.place;
            range.to = need_day();
            if (from && *range.to < *from) fail(place, "expected a day that is not before the first one");
        }
        range.zone = zone();
        return range;
    }
    [[nodiscard]] time::Day need_day() {
        if (token_.kind != TokenKind::day) expected("a day such as 2026-09-01");
        return *take().day;
    }
    [[nodiscard]] Window calendar(bool previous) {
        constexpr std::array<std::string_view, 7> units{"day", "week", "month", "quarter", "year", "term", "academic"};
        const std::size_t unit =
            need_one_of(units, "'day', 'week', 'month', 'quarter', 'year', 'term' or 'academic year'");
        if (unit < 5) return CalendarWindow{static_cast<CalendarUnit>(unit), previous, zone()};
        if (unit == 6) need_word("year");
        return AcademicWindow{unit == 5 ? AcademicUnit::term : AcademicUnit::academic_year, previous, zone()};
    }
    /// `in zone "Europe/Amsterdam"`, `in own zone`, or nothing.
    [[nodiscard]] ZoneName zone() {
        if (!is_word("in") || peek().kind != TokenKind::word) return {};
        if (peek().text == "own") {
            take();
            take();
            need_word("zone");
            return ZoneName{own_zone};
        }
        if (peek().text != "zone") return {};
        take();
        take();
        const Place place = token_.place;
        ZoneName name = need_text("the name of a zone");
        if (name == own_zone) fail(place, "expected the name of a zone; the person's own is written 'in own zone'");
        return name;
    }
    /// `30 days`.
    [[nodiscard]] std::int64_t duration() {
        if (token_.kind != TokenKind::number) expected("a duration such as 30 days");
        const Place place = token_.place;
        const double number = take().number;
        std::vector<std::string> plurals;
        plurals.reserve(std::size(duration_units));
        for (const DurationUnit& each : duration_units) plurals.push_back(std::string{each.name} + 's');
        std::vector<std::string_view> names(plurals.begin(), plurals.end());
        for (const DurationUnit& each : duration_units) names.push_back(each.name);
        const std::size_t unit = need_one_of(names, "milliseconds, seconds, minutes, hours, days or weeks");
        const std::int64_t unit_ms = duration_units[unit % duration_units.size()].ms;
        const std::int64_t most = max_duration_ms / unit_ms;
        if (number != std::floor(number) || number < 1 || number > static_cast<double>(most)) {
            fail(place, "expected a whole number from 1, and a hundred years at most");
        }
        return static_cast<std::int64_t>(number) * unit_ms;
    }
    /// `values of channel of interactions where … in last 30 days has all of ("email", "phone")`
    [[nodiscard]] Condition set_test() {
        take();
        need_word("of");
        SetTest set;
        const Place place = token_.place;
        set.field = fact_field_name();
        need_word("of");
        set.of = need_kind();
        const FieldType type = need_fact_field(set.of, set.field, place);
        refuse_words_of_person(set.of, set.field, place);
        set.where = where(set.of);
        set.window = window();
        need_word("has");
        constexpr std::array<std::string_view, 4> relations{"any", "all", "none", "only"};
        set.relation = static_cast<SetRelation>(need_one_of(relations, "'any of', 'all of', 'none of' or 'only'"));
        if (set.relation != SetRelation::only) need_word("of");
        set.values = values(type);
        return {std::move(set)};
    }
    [[nodiscard]] Condition sequence() {
        take();
        need_sign("(");
        Sequence sequence;
        do {
            const bool is_first = sequence.steps.empty();
            if (!is_first && sequence.steps.back().absent) expected("')': only the last step may be absent");
            if (sequence.steps.size() == max_sequence_steps) expected("')': at most 8 steps");
            if (!is_first) take();
            SequenceStep step;
            if (is_word("no")) {
                if (is_first) expected("facts that are there: only the last step may be absent");
                take();
                step.absent = true;
            }
            step.of = need_kind();
            step.where = where(step.of);
            if (is_word("within")) {
                if (is_first) expected("'then': 'within' counts from the step before");
                take();
                step.within_ms = duration();
            }
            sequence.steps.push_back(std::move(step));
        } while (is_word("then"));
        if (sequence.steps.size() == 1) need_word("then");
        need_sign(")");
        sequence.window = window();
        return {std::move(sequence)};
    }

    // Conditions of their own. ----------------------------------------------------------------------------------------

    [[nodiscard]] HasRole role_of(RolePeriod period) {
        HasRole role{period};
        const bool is_kind = token_.kind == TokenKind::word && !is_word("of") && !is_word("at") && !is_word("and") &&
                             !is_word("or") && !begins_test(token_);
        if (is_kind) role.kind = need_name<model::RoleKind>("role");
        if (skip_word("of")) role.programmes = texts("the name of a programme");
        if (skip_word("at")) role.sites = texts("the name of a site");
        return role;
    }
    /// An enumerator by its name, which is taken.
    /// \param other  Another word that would do here, to be offered where it is nearest.
    template <class Enum>
    [[nodiscard]] Enum need_name(const std::string& what, std::string_view other = {}) {
        if (token_.kind != TokenKind::word) expected("the name of a " + what);
        const std::optional<Enum> found = model::from_name<Enum>(token_.text);
        if (!found) {
            std::vector<std::string_view> near(model::EnumNames<Enum>::values.begin(),
                                               model::EnumNames<Enum>::values.end());
            if (!other.empty()) near.push_back(other);
            fail(token_.place, "there is no " + what + ' ' + shown(token_.text) + did_you_mean(token_.text, near));
        }
        take();
        return *found;
    }
    /// `enrolled` or `(enrolled, interrupted)`, also in double quotes.
    template <class Enum>
    [[nodiscard]] std::vector<std::string> names(const std::string& what) {
        std::vector<std::string> all;
        const auto one = [&] {
            if (token_.kind == TokenKind::text) {
                if (!model::from_name<Enum>(token_.text)) {
                    fail(token_.place, "expected the name of a " + what + ", got another text" +
                                           did_you_mean(token_.text, model::EnumNames<Enum>::values));
                }
                all.push_back(take().text);
            } else {
                all.emplace_back(model::name_of(need_name<Enum>(what)));
            }
        };
        if (!skip_sign("(")) {
            one();
            return all;
        }
        do one();
        while (skip_sign(","));
        need_sign(")");
        return all;
    }
    /// `"a"` or `("a", "b")`.
    [[nodiscard]] std::vector<std::string> texts(const std::string& what) {
        std::vector<std::string> all;
        if (!skip_sign("(")) {
            all.push_back(need_text(what));
            return all;
        }
        do all.push_back(need_text(what));
        while (skip_sign(","));
        need_sign(")");
        return all;
    }
    [[nodiscard]] Condition related(RolePeriod period) {
        if (is_other_person_) expected("a condition without relations: it is one of a related person");
        take();
        std::optional<model::RelationKind> kind;
        if (!is_word("to")) kind = need_name<model::RelationKind>("relation");
        need_word("to");
        if (skip_word("person")) return {Related{period, kind, other_person()}};
        if (!skip_word("organisation")) {
            expected("'person' or 'organisation'", std::array<std::string_view, 2>{"person", "organisation"});
        }
        Related related{period, kind, std::nullopt, true};
        if (token_.kind == TokenKind::text || is_sign("("))
            related.organisations = texts("the name of an organisation");
        if (skip_word("of")) {
            need_word("kind");
            related.organisation_kind = need_name<model::OrganisationKind>("kind of organisation");
        }
        return {std::move(related)};
    }
    /// `where` with one condition about somebody related.
    [[nodiscard]] std::optional<SubCondition> other_person() {
        if (!skip_word("where")) return std::nullopt;
        is_other_person_ = true;
        Condition condition = unary();
        is_other_person_ = false;
        return SubCondition{std::move(condition)};
    }
    [[nodiscard]] Condition obligation(ObligationState state) {
        HasObligation obligation{state};
        if (token_.kind == TokenKind::text || is_sign("("))
            obligation.kinds = texts("the name of a kind of obligation");
        if (is_word("due")) {
            if (state != ObligationState::open) expected("'and', 'or' or the end: 'due' is of open obligations");
            take();
            need_word("within");
            obligation.due_within_ms = duration();
        }
        return {std::move(obligation)};
    }
    [[nodiscard]] Condition dialogue(bool open) {
        HasDialogue dialogue{open};
        if (skip_word("about")) dialogue.topics = texts("the name of a topic");
        if (skip_word("with")) dialogue.teams = texts("the name of a team");
        if (skip_word("of")) {
            need_word("tone");
            dialogue.tones = names<model::Tone>("tone");
        }
        return {std::move(dialogue)};
    }
    [[nodiscard]] Condition enrolment() {
        take();
        HasEnrolment enrolment;
        if (skip_word("with")) {
            need_word("status");
            enrolment.statuses = names<model::EnrolmentStatus>("status");
        }
        if (skip_word("of")) enrolment.programmes = texts("the name of a programme");
        return {std::move(enrolment)};
    }
    [[nodiscard]] Condition anniversary() {
        take();
        need_word("of");
        const Place place = token_.place;
        Anniversary anniversary{field("the name of an attribute")};
        if (catalogue_->type_of(anniversary.field) != FieldType::any) {
            fail(place, "expected an attribute, such as attribute:birthday");
        }
        if (skip_word("in")) {
            need_word("next");
            if (token_.kind != TokenKind::number) expected("a number of days");
            const Place number_place = token_.place;
            const double days = take().number;
            if (days != std::floor(days) || days < 1 || days > max_anniversary_days) {
                fail(number_place, "expected a whole number of days from 1 to 366");
            }
            constexpr std::array<std::string_view, 2> units{"days", "day"};
            (void)need_one_of(units, "'days'");
            anniversary.days = static_cast<std::int32_t>(days);
        } else if (!skip_word("today")) {
            expected("'today' or 'in next … days'", std::array<std::string_view, 2>{"today", "in"});
        }
        anniversary.zone = zone();
        return {std::move(anniversary)};
    }
    /// Behind `in segment`.
    [[nodiscard]] Condition in_segment() {
        InSegment segment{need_text("the name of a segment")};
        if (skip_word("for")) {
            segment.test = MembershipTest::since;
            segment.for_ms = duration();
        }
        return {std::move(segment)};
    }
    /// Behind `was in`, `entered` and `left`.
    [[nodiscard]] Condition segment_in_window(MembershipTest test) {
        need_word("segment");
        InSegment segment{need_text("the name of a segment"), test};
        segment.window = window();
        return {std::move(segment)};
    }
    [[nodiscard]] Condition stated() {
        Stated stated{take().text == "objection", {}};
        need_word("to");
        stated.purpose = need_text("the name of a purpose");
        if (skip_word("by")) stated.channel = need_text("the name of a channel");
        return {std::move(stated)};
    }
    [[nodiscard]] Condition random_part() {
        take();
        RandomPart part;
        const Place place = token_.place;
        part.below = percent();
        if (skip_word("to")) {
            part.from = part.below;
            part.below = percent();
        }
        if (!(part.from >= 0 && part.from < part.below && part.below <= 100)) {
            fail(place, "expected percentages from 0 to 100, the second above the first");
        }
        need_word("of");
        part.name = need_text("the name of a draw");
        return {std::move(part)};
    }
    [[nodiscard]] double percent() {
        if (token_.kind != TokenKind::number) expected("a percentage");
        const double number = take().number;
        need_sign("%");
        return number;
    }

    Lexer lexer_;
    const Catalogue* catalogue_;
    Token token_{TokenKind::end, {}};
    std::deque<Token> ahead_{};  ///< What was looked at behind token_.
    std::size_t depth_ = 0;
    std::optional<FactKind> facts_{};  ///< Within a `where` over facts: of what kind.
    bool is_other_person_ = false;     ///< Within the condition of somebody related.
};

}  // namespace detail

/// Reads a condition.
///
/// \par Grammar
/// \code
/// any      = all { "or" all }                    all = unary { "and" unary }
/// unary    = "not" unary | "(" any ")" | leaf
/// leaf     = "true" | "false"
///          | ( field | counted ) test
///          | ( "no" | "some" ) kind [ where ] [ window ]               # count = 0, count >= 1
///          | "values" "of" name "of" kind [ where ] [ window ] "has"
///            ( ( "any" | "all" | "none" ) "of" | "only" ) values
///          | "sequence" "(" step "then" step { "then" step } ")" [ window ]
///          | "anniversary" "of" field ( "today" | "in" "next" number ( "day" | "days" ) ) [ zone ]
///          | [ period ] "role" role
///          | [ period ] "relation" [ relation kind ] "to" "person" [ "where" unary ]
///          | [ period ] "relation" [ relation kind ] "to" "organisation" [ texts ] [ "of" "kind" organisation kind ]
///          | "open" "obligation" [ texts ] [ "due" "within" duration ]
///          | ( "overdue" | "fulfilled" | "waived" ) "obligation" [ texts ]
///          | ( "open" | "closed" ) "dialogue" [ "about" texts ] [ "with" texts ] [ "of" "tone" tones ]
///          | "enrolment" [ "with" "status" statuses ] [ "of" texts ]
///          | ( "consent" | "objection" ) "to" text [ "by" text ]
///          | "random" number "%" [ "to" number "%" ] "of" text
///          | "on" "list" text
///          | "in" "segment" text [ "for" duration ]
///          | ( "was" "in" | "entered" | "left" ) "segment" text [ window ]
/// field    = name [ ":" name ]                   name = word | text
/// counted  = "count" "of" kind [ where ] [ window ]
///          | "days" "since" ( "first" | "last" ) "of" kind [ where ] [ window ]
///          | ( "sum" | "mean" | "least" | "greatest" | "first" | "last" | "distinct" | "most" "frequent" )
///            name "of" kind [ where ] [ window ]
///          | "count" "of" [ period ] ( "roles" | "role" ) role
/// kind     = "interactions" | "results" | "obligations" | "dialogues" | "enrolments" | "consents"
/// where    = "where" unary                       # over the fields of the facts: see fact_fields()
/// step     = [ "no" ] kind [ where ] [ "within" duration ]
/// period   = "current" | "former" | "ever"
/// role     = [ role kind ] [ "of" texts ] [ "at" texts ]
/// test     = ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
///          | "is" [ "not" ] ( "known" | "unknown" )
///          | [ "not" ] ( "between" value "and" value | "in" values
///                      | ( "contains" | "starts" "with" | "ends" "with" | "like" | "matches" ) ( text | "$" word ) )
/// window   = "in" "last" duration                                     # without a window: ever
///          | "from" day [ "to" day ] [ zone ] | "to" day [ zone ] | "since" day [ zone ]
///          | "in" ( "this" | "previous" ) stretch [ zone ]
///          | "since" "the" "start" "of" "this" stretch [ zone ]       # the same as "in" "this"
/// stretch  = "day" | "week" | "month" | "quarter" | "year" | "term" | "academic" "year"
/// zone     = "in" "zone" text | "in" "own" "zone"
/// duration = number ( "milliseconds" | "seconds" | "minutes" | "hours" | "days" | "weeks" )
/// values   = "(" value { "," value } ")"         texts = text | "(" text { "," text } ")"
/// value    = number [ "%" ] | text | day | "true" | "false" | "$" word
///          | "today" [ ( "+" | "-" ) number ( "days" | "weeks" | "months" | "quarters" | "years" ) ] [ zone ]
/// tones    = tone | "(" tone { "," tone } ")"    statuses likewise; each bare or in double quotes
/// \endcode
/// A word has letters, digits and `_`; a text stands in double quotes, with `\"`, `\\`, `\n`, `\r` and `\t`; a day is
/// 2026-09-01. Spaces, line ends, `#` to the end of the line and `/* … */` separate. Units may stand without their `s`.
///
/// \par Names
/// `and or not in between is known unknown contains starts ends with true false current former ever objection consent
/// random to of` are reserved: a field of such a name stands in double quotes. Every other word of the language is also
/// the name of a field wherever a test stands right behind it: `count > 3`, but `count of results > 3`. Fields and
/// attributes are those of the catalogue; roles, relations, organisations, tones and statuses have the names of the
/// enumerations in model/.
///
/// \par Limits
/// At most 200 brackets, `not`s and `where`s stand within each other. A duration is a whole number, from 1 millisecond
/// to a hundred years (3,155,760,000,000 ms); days are counted from today by whole numbers up to 10,000; an anniversary
/// looks at 1 to 366 days; a sequence has two to eight steps, of which only the last may be absent. `where` over facts
/// looks at their fields alone, and the condition of a related person has no relations of its own. The field `text` of
/// interactions is only looked at, by `contains`, `starts with`, `ends with`, `like`, `matches` and `is known`, and
/// only in `where`. Patterns of `like` and `matches` are checked: see like() and RegularExpression.
///
/// \param catalogue  The fields that there are.
/// \throws ParseError  with line and column, what was expected, and the nearest name where one is misspelt. Its text
///                     repeats no text of the condition but names: of fields, and words that stand where a name of a
///                     closed list was expected.
/// \par Cost  O(length), and that of the patterns.
[[nodiscard]] inline Condition parse(std::string_view text, const Catalogue& catalogue) {
    return detail::Parser{text, catalogue}.whole();
}

}  // namespace alloquy::segment
