#pragma once

/// \file
/// Parser of the segment language: text into a Condition, with the place of whatever is wrong.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/lexer.hpp>
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

    [[noreturn]] void expected(const std::string& what) const {
        const std::string got = token_.kind == TokenKind::end ? "the end" : describe();
        fail(token_.place, "expected " + what + ", got " + got);
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
        token_ = lexer_.next();
        return taken;
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
        if (!skip_word(word)) expected("'" + std::string{word} + "'");
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
        if (skip_word("in")) {
            need_word("segment");
            return {InSegment{need_text("the name of a segment")}};
        }
        if (is_word("consent") || is_word("objection")) return stated();
        if (is_word("random")) return random_part();
        if (is_word("current") || is_word("former") || is_word("ever")) {
            const RolePeriod period = *model::from_name<RolePeriod>(take().text);
            need_word("role");
            return role_of(period);
        }
        if (is_word("role")) {
            const Token word = take();
            if (is_sign(":") && token_.follows_at_once) return test(second_part(word.text), word.place);
            const bool is_test_of_the_input = token_.kind == TokenKind::sign
                                                  ? !is_sign(")")
                                                  : is_word("in") || is_word("is") || is_word("not") ||
                                                        is_word("contains") || is_word("starts") || is_word("ends") ||
                                                        is_word("between");
            return is_test_of_the_input ? test(word.text, word.place) : role_of(RolePeriod::current);
        }
        const Place place = token_.place;
        return test(field(), place);
    }
    /// `engagement`, `attribute:region`, `response:"e mail"`, `"a host's column"`.
    [[nodiscard]] std::string field() {
        if (token_.kind != TokenKind::word && token_.kind != TokenKind::text) expected("a condition");
        if (token_.kind == TokenKind::word && is_reserved(token_.text)) expected("a condition");
        return second_part(take().text);
    }
    /// The name with what follows behind a ':', if there is one.
    [[nodiscard]] std::string second_part(std::string name) {
        if (!is_sign(":") || !token_.follows_at_once) return name;
        take();
        const bool is_name = token_.kind == TokenKind::word || token_.kind == TokenKind::text;
        if (!is_name || !token_.follows_at_once) expected("a name right behind ':'");
        name += ':';
        return name + take().text;
    }
    [[nodiscard]] Condition test(std::string name, Place place) {
        const std::optional<FieldType> type = catalogue_->type_of(name);
        if (!type) {
            std::vector<std::string_view> names;
            for (const Field& each : catalogue_->fields()) names.push_back(each.name);
            fail(place, "there is no field " + shown(name) + did_you_mean(name, names));
        }
        if (skip_word("is")) {
            bool turned = skip_word("not");
            if (skip_word("unknown")) {
                turned = !turned;
            } else {
                need_word("known");
            }
            return negated(turned, {IsKnown{std::move(name)}});
        }
        if (token_.kind == TokenKind::sign) {
            const bool unequal = is_sign("!=");
            const std::optional<Relation> relation =
                unequal ? Relation::equal : model::from_name<Relation>(token_.text);
            if (!relation) expected("a comparison");
            const bool has_order = *relation != Relation::equal;
            if (has_order && *type == FieldType::text) expected("'=' or '!=' (texts have no order)");
            take();
            return negated(unequal, {Comparison{std::move(name), *relation, value(*type, has_order)}});
        }
        const bool turned = skip_word("not");
        return negated(turned, positive_test(std::move(name), *type));
    }
    [[nodiscard]] Condition positive_test(std::string name, FieldType type) {
        if (is_word("between")) {
            if (type == FieldType::text) expected("another test (texts have no order)");
            take();
            Value from = value(type, true);
            need_word("and");
            return {Between{std::move(name), std::move(from), value(type, true)}};
        }
        if (skip_word("in")) {
            need_sign("(");
            std::vector<Value> values{value(type, false)};
            while (skip_sign(",")) values.push_back(value(type, false));
            need_sign(")");
            return {OneOf{std::move(name), std::move(values)}};
        }
        const std::optional<TextTest> text_test = [&]() -> std::optional<TextTest> {
            if (is_word("contains")) return TextTest::contains;
            if (is_word("starts")) return TextTest::starts_with;
            if (is_word("ends")) return TextTest::ends_with;
            return std::nullopt;
        }();
        if (!text_test) {
            expected(
                "a test: =, !=, <, <=, >, >=, 'between', 'in', 'contains', 'starts with', 'ends with' or 'is known'");
        }
        if (type == FieldType::number) expected("a test of a number (" + shown(name) + " is no text)");
        take();
        if (*text_test != TextTest::contains) need_word("with");
        if (token_.kind != TokenKind::text && token_.kind != TokenKind::parameter) expected("a text in double quotes");
        return {TextMatch{std::move(name), *text_test, value(FieldType::text, false)}};
    }
    [[nodiscard]] static Condition negated(bool turned, Condition condition) {
        return turned ? Condition{Not{std::move(condition)}} : condition;
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
                [[fallthrough]];
            default:
                expected("a value");
        }
    }
    [[nodiscard]] Condition role_of(RolePeriod period) {
        HasRole role{period};
        if (token_.kind == TokenKind::word && !is_word("of") && !is_word("at") && !is_word("and") && !is_word("or")) {
            role.kind = model::from_name<model::RoleKind>(token_.text);
            if (!role.kind) {
                fail(token_.place, "there is no role " + shown(token_.text) +
                                       did_you_mean(token_.text, model::EnumNames<model::RoleKind>::values));
            }
            take();
        }
        if (skip_word("of")) role.programmes = texts("the name of a programme");
        if (skip_word("at")) role.sites = texts("the name of a site");
        return {std::move(role)};
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
    std::size_t depth_ = 0;
};

}  // namespace detail

/// Reads a condition.
///
/// \par Grammar
/// \code
/// any      = all { "or" all }                    all = unary { "and" unary }
/// unary    = "not" unary | "(" any ")" | leaf
/// leaf     = "true" | "false"
///          | field test
///          | [ "current" | "former" | "ever" ] "role" [ kind ] [ "of" texts ] [ "at" texts ]
///          | ( "consent" | "objection" ) "to" text [ "by" text ]
///          | "random" number "%" [ "to" number "%" ] "of" text
///          | "in" "segment" text
/// field    = name [ ":" name ]                   name = word | text
/// test     = ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
///          | "is" [ "not" ] ( "known" | "unknown" )
///          | [ "not" ] ( "between" value "and" value | "in" "(" value { "," value } ")"
///                      | ( "contains" | "starts" "with" | "ends" "with" ) text )
/// texts    = text | "(" text { "," text } ")"
/// value    = number [ "%" ] | text | day | "true" | "false" | "$" word
/// \endcode
/// A word has letters, digits and `_`; a text stands in double quotes; a day is 2026-09-01; `#` begins a comment. At
/// most 200 brackets and `not`s stand within each other.
///
/// \param catalogue  The fields that there are.
/// \throws ParseError  with line and column, what was expected, and the nearest name where one is misspelt. Its text
///                     repeats no text of the condition but names of fields and roles.
/// \par Cost  O(length).
[[nodiscard]] inline Condition parse(std::string_view text, const Catalogue& catalogue) {
    return detail::Parser{text, catalogue}.whole();
}

}  // namespace alloquy::segment
