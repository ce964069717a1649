#include <alloquy/segment/parse.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/lexer.hpp>
#include <alloquy/segment/text.hpp>

#include "../support/random.hpp"
#include "random_condition.hpp"

using namespace alloquy::segment;
using alloquy::ParseError;
using alloquy::support::Random;
using alloquy::support::random_condition;

namespace {

const Catalogue catalogue{{{"engagement", FieldType::number},
                           {"city", FieldType::text},
                           {"any of it", FieldType::any},
                           {"role", FieldType::text},
                           {"count", FieldType::number},
                           {"was", FieldType::any},
                           {"response:e mail", FieldType::number}}};

/// Every production of the grammar at least once; more come from random_condition().
constexpr std::array<std::string_view, 30> written{
    "engagement < 30 % and not (city != \"Ede\" or count >= 12) # remark",
    "engagement between 0.1 and 1e1 /* remark */ or was in (1, \"a\", true, 2026-01-31, $p, today - 2 weeks)",
    "city not contains \"\\\"x\\\\\" and city starts with \"a\\n\\t\" or city not like \"D\u00fc%\"",
    "city matches \"^[a-z]{2,3}(x|y)*$\" and \"any of it\" is not unknown",
    "response:\"e mail\" is unknown or attribute:\"is new\" = true and role = \"student\"",
    "former role student of (\"nursing\", \"law\") at \"Zwolle\" and role and ever role",
    "consent to \"news\" by \"e-mail\" and not objection to \"news\" or random 20 % to 40.5 % of \"pilot\"",
    "count of interactions where channel = \"email\" in last 30 days >= 3",
    "sum quantity of interactions where (act = \"clicked\" and topic in (\"a\",\"b\")) in this week in own zone > 10",
    "mean fraction of results in previous academic year in zone \"Europe/Amsterdam\" < 50 %",
    "least weight of obligations from 2026-01-01 to 2026-01-31 is known",
    "greatest fraction of results to 2026-01-31 not in (1, 2)",
    "first assessment of results = \"TMA 1\" or last status of enrolments since 2026-01-01 ends with \"n\"",
    "distinct channel of interactions since the start of this term >= 2",
    "most frequent topic of interactions in last 90 days = \"housing\"",
    "days since last of interactions where direction = \"inbound\" > 14 and days since first of consents < $n",
    "no interactions where text contains \"help\" in last 2 weeks and some dialogues",
    "values of channel of interactions where act = \"sent\" has all of (\"email\", \"phone\")",
    "values of step of dialogues has only (\"opened\")",
    "anniversary of attribute:birthday in next 7 days in own zone or anniversary of \"any of it\" today",
    "sequence (interactions where act = \"sent\" then results within 1 hour then no interactions) in last 30 days",
    "count of former roles student of \"nursing\" at \"Ede\" between 1 and 2",
    "relation guardian_of to person where (in segment \"at risk\" for 3 days and no results)",
    "former relation works_at to organisation (\"A\", \"B\") of kind employer or relation to person",
    "open obligation \"intake\" due within 7 days or overdue obligation (\"fee\", \"intake\")",
    "open dialogue about \"housing\" with \"desk\" of tone (complaint, question) and closed dialogue",
    "enrolment with status (enrolled, interrupted) of \"nursing\" and fulfilled obligation and waived obligation",
    "on list \"open day\" and in segment \"a\" and was in segment \"a\" in last 30 days",
    "entered segment \"a\" in this quarter or left segment \"b\" from 2026-01-01 in zone \"UTC\"",
    "attribute:born < today - 18 years in zone \"UTC\" and (true or not false)",
};

/// Whether the place of an error lies in the text: a line that there is, and a column up to just behind it. Lines end
/// with LF, CR LF or a lone CR; columns count characters of UTF-8.
bool is_place_in(const ParseError& error, std::string_view text) {
    if (error.issues().size() != 1 || !error.issues()[0].pointer.empty()) return false;
    std::vector<std::size_t> columns{1};  // by line, just behind its end
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool ends_line = text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
        if (ends_line) {
            columns.push_back(1);
        } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
            ++columns.back();
        }
    }
    const auto& issue = error.issues()[0];
    constexpr std::string_view before = "column ";
    if (issue.line < 1 || issue.line > columns.size() || !issue.message.starts_with(before)) return false;
    const auto column = static_cast<std::size_t>(std::strtoull(issue.message.c_str() + before.size(), nullptr, 10));
    return column >= 1 && column <= columns[issue.line - 1];
}

/// Counts what becomes of texts, and holds each to the promise: a ParseError with its place, or a condition that reads
/// back equal.
struct Trial {
    std::size_t tried = 0;
    std::size_t refused = 0;

    void operator()(const std::string& text) {
        ++tried;
        std::string fault;
        try {
            const Condition condition = parse(text, catalogue);
            try {
                const std::string again = to_text(condition);
                if (!(parse(again, catalogue) == condition)) fault = "reads back as another condition";
                if (to_text(parse(again, catalogue)) != again) fault = "its text reads back as another text";
            } catch (const std::exception& error) {
                fault = std::string{"its text does not read back: "} + error.what();
            }
        } catch (const ParseError& error) {
            ++refused;
            if (!is_place_in(error, text)) fault = std::string{"a place outside of the text: "} + error.what();
            if (error.issues()[0].message.size() > 400) fault = "an endless message";
        } catch (const std::exception& error) {
            fault = std::string{"another exception: "} + error.what();
        }
        if (fault.empty()) return;
        CAPTURE(text);
        CHECK_MESSAGE(fault.empty(), fault);
    }
};

/// The texts to be damaged: those above, and as many again from random trees.
std::vector<std::string> valid_texts() {
    std::vector<std::string> texts(written.begin(), written.end());
    for (std::uint64_t seed = 1; seed <= written.size(); ++seed) {
        Random random{seed};
        texts.push_back(to_text(random_condition(random, static_cast<int>(seed % 3), {&catalogue})));
    }
    return texts;
}
/// Tokens with the space behind them, so that their sum is the text.
std::vector<std::string> tokens_of(const std::string& text) {
    std::vector<std::string> tokens;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool is_part = detail::is_letter(c) || detail::is_digit(c) || c == '.';
        const bool goes_on = !tokens.empty() && (in_text || (is_part && (detail::is_letter(tokens.back().back()) ||
                                                                         detail::is_digit(tokens.back().back()))));
        if (goes_on) {
            tokens.back() += c;
        } else {
            tokens.emplace_back(1, c);
        }
        if (c == '"' && !(in_text && text[i - 1] == '\\')) in_text = !in_text;
    }
    return tokens;
}
std::string joined(const std::vector<std::string>& tokens) {
    std::string text;
    for (const std::string& token : tokens) text += token;
    return text;
}
std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST_SUITE("segment/malformed") {
    TEST_CASE("the texts to be damaged are right themselves") {
        for (const std::string& text : valid_texts()) {
            CAPTURE(text);
            Condition condition{All{}};
            CHECK_NOTHROW(condition = parse(text, catalogue));
            CHECK(parse(to_text(condition), catalogue) == condition);
            CHECK(joined(tokens_of(text)) == text);
        }
    }

    TEST_CASE("texts cut at any byte") {
        Trial trial;
        for (const std::string& text : valid_texts()) {
            for (std::size_t at = 0; at <= text.size(); ++at) {
                trial(text.substr(0, at));
                trial(text.substr(at));
            }
        }
        CHECK(trial.refused >= 1000);
        CHECK(trial.refused < trial.tried);
    }

    TEST_CASE("tokens dropped, doubled, swapped and put in from elsewhere") {
        Trial trial;
        Random random{20'260'901};
        const std::vector<std::string> texts = valid_texts();
        for (const std::string& text : texts) {
            const std::vector<std::string> tokens = tokens_of(text);
            for (std::size_t i = 0; i < tokens.size(); ++i) {
                std::vector<std::string> damaged = tokens;
                damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
                trial(joined(damaged));
                damaged = tokens;
                damaged[i] += ' ' + tokens[i];
                trial(joined(damaged));
                damaged = tokens;
                std::swap(damaged[i], damaged[random.below(damaged.size())]);
                trial(joined(damaged));
                const std::vector<std::string> other = tokens_of(texts[random.below(texts.size())]);
                damaged = tokens;
                damaged[i] = ' ' + other[random.below(other.size())] + ' ';
                trial(joined(damaged));
            }
        }
        CHECK(trial.refused >= 1000);
        CHECK(trial.refused < trial.tried);
    }

    TEST_CASE("bytes changed, put in and taken out at random") {
        Trial trial;
        Random random{7};
        constexpr std::string_view signs = "()\"\\$%#=<>!,:.-+/* \n\r\t09ae_\xC3\xA9\xFF\x80";
        for (const std::string& valid : valid_texts()) {
            for (int i = 0; i < 100; ++i) {
                std::string text = valid;
                for (std::size_t edits = 1 + random.below(3); edits > 0 && !text.empty(); --edits) {
                    const std::size_t at = random.below(text.size());
                    const char byte =
                        random.chance(30) ? static_cast<char>(random.below(256)) : signs[random.below(signs.size())];
                    switch (random.below(3)) {
                        case 0:
                            text[at] = byte;
                            break;
                        case 1:
                            text.insert(at, 1, byte);
                            break;
                        default:
                            text.erase(at, 1 + random.below(4));
                            break;
                    }
                }
                trial(text);
            }
        }
        CHECK(trial.refused >= 1000);
        CHECK(trial.refused < trial.tried);
    }

    TEST_CASE("texts in other encodings are refused") {
        Trial trial;
        for (const std::string& text : valid_texts()) {
            std::string latin;  // ISO 8859-1 of what is in it
            std::string utf_16_le;
            std::string utf_16_be;
            for (std::size_t i = 0; i < text.size(); ++i) {
                const bool is_pair = static_cast<unsigned char>(text[i]) >= 0xC2U &&
                                     static_cast<unsigned char>(text[i]) <= 0xC3U && i + 1 < text.size();
                const char c = is_pair ? static_cast<char>((text[i] << 6) | (text[i + 1] & 0x3F)) : text[i];
                if (is_pair) ++i;
                latin += c;
                utf_16_le += c;
                utf_16_le += '\0';
                utf_16_be += '\0';
                utf_16_be += c;
            }
            trial(latin);  // refused where it has more than ASCII
            const std::size_t refused = trial.refused;
            trial(utf_16_le);
            trial(utf_16_be);
            trial("\xFF\xFE" + utf_16_le);
            trial("\xFE\xFF" + utf_16_be);
            trial("\xEF\xBB\xBF" + text);
            trial('\0' + text);
            trial(text + "\xC0\xAF");                      // an overlong '/'
            trial(text + " # \xED\xA0\x80");               // half a surrogate pair
            trial(text + " # \xF4\x90\x80\x80");           // above U+10FFFF
            trial("\"" + text.substr(0, 1) + "\xE2\x80");  // a character that breaks off
            CHECK(trial.refused == refused + 10);
        }
        CHECK(trial.refused >= 500);
    }

    TEST_CASE("any nesting, however deep, is refused without a crash") {
        Trial trial;
        const std::vector<std::string> units{"(",
                                             "not ",
                                             "not(",
                                             "true and (",
                                             "no results where ",
                                             "no results where (",
                                             "relation to person where ",
                                             "relation to person where (",
                                             "sequence (",
                                             "sequence (results where (",
                                             "/*",
                                             "/* (",
                                             "count of ",
                                             "values of ",
                                             "attribute:",
                                             "\"",
                                             "in (",
                                             "today - ",
                                             "then ",
                                             "- ",
                                             "((\n",
                                             "first ",
                                             "city in (\"a\", "};
        for (const std::string& unit : units) {
            for (const std::size_t times : {199U, 200U, 201U, 202U, 1000U, 100'000U}) {
                trial(repeated(unit, times));
                trial(repeated(unit, times) + "engagement = 1");
                trial(repeated(unit, times) + "fraction = 1" + std::string(times, ')'));
            }
        }
        CHECK(trial.refused >= 300);
        // Side by side is not within each other.
        Trial beside;
        beside("true" + repeated(" and (not no results where (not fraction = 1))", 3000));
        CHECK(beside.refused == 0);
    }

    TEST_CASE("tokens of any length are taken or refused") {
        Trial trial;
        constexpr std::size_t length = 100'000;
        const std::string x(length, 'x');
        const std::string nines(length, '9');
        for (const std::string& each : {x, '"' + x + '"', nines, "0." + nines, "1e" + nines, '-' + nines, '$' + x,
                                        repeated("\u20ac", length), '"' + repeated("\\\\", length),
                                        repeated("= ", length), std::string(length, '\n'), std::string(length, '\0')}) {
            for (const std::string before : {"",
                                             "engagement = ",
                                             "city = ",
                                             "city contains ",
                                             "city like ",
                                             "city matches ",
                                             "attribute:",
                                             "attribute:x = ",
                                             "role ",
                                             "count of ",
                                             "sum ",
                                             "no results where ",
                                             "no results in last ",
                                             "no results in this ",
                                             "no results from ",
                                             "in segment ",
                                             "relation ",
                                             "relation to organisation of kind ",
                                             "enrolment with status ",
                                             "open dialogue of tone ",
                                             "today - ",
                                             "attribute:x = today - ",
                                             "random "}) {
                trial(before + each);
                trial(before + each + " days");
            }
        }
        CHECK(trial.refused >= 300);
        CHECK(trial.refused < trial.tried);
    }

    TEST_CASE("words of the language in any order") {
        Trial trial;
        Random random{11};
        std::vector<std::string> words;
        for (const std::string_view text : written) {
            for (const std::string& token : tokens_of(std::string{text})) {
                if (token != " " && std::find(words.begin(), words.end(), token) == words.end()) words.push_back(token);
            }
        }
        for (int i = 0; i < 5000; ++i) {
            std::string text;
            for (std::size_t n = 1 + random.below(10); n > 0; --n) text += words[random.below(words.size())] + ' ';
            trial(text);
        }
        CHECK(trial.refused >= 1000);
        CHECK(trial.refused < trial.tried);
    }
}
