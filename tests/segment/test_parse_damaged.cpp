// Texts that are damaged, deep or no text at all.

#include <alloquy/segment/parse.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/condition.hpp>

#include "../support/random.hpp"
#include "parse_support.hpp"

using namespace alloquy::segment;
using namespace parse_test;
using alloquy::support::Random;

namespace {

/// Texts of every form, to be damaged.
constexpr std::array<std::string_view, 26> valid_texts{
    "engagement < 0.3 and not (city = \"Ede\" or visits >= 12)",
    "engagement between 10 % and 30 %",
    "visits not in (1, 2, 3) or city in (\"a\", \"b\")",
    "city not contains \"\\\"x\\\\\" # remark\n and city starts with \"a\\n\\t\"",
    "attribute:born < 2006-09-01 and attribute:\"is new\" = true",
    "\"response:e mail\" is unknown or response:\"e mail\" is not unknown",
    "former role student of (\"nursing\", \"law\") at \"Zwolle\"",
    "ever role at \"Zwolle\" or role and current role staff",
    "role = \"student\" and role student",
    "consent to \"newsletter\" by \"e-mail\" and not objection to \"news\"",
    "random 10 % of \"pilot\" or random 20 % to 40.5 % of \"pilot\"",
    "in segment \"quiet\" and true or not false",
    "engagement != $limit and attribute:x in ($a, 2, \"b\", 2026-01-31, false)",
    "not not not ((engagement is known))",
    "engagement is known and \"a host's \\\"column\\\"\" <= +3",
    "\"any of it\" ends with $end\r\n\tor \"in\" > -1.5e-3",
    "count of interactions where channel = \"email\" /* remark */ in last 30 days >= 3 and no results since 2026-01-01",
    "sum quantity of interactions where (act = \"clicked\" and not text like \"a%\") in this week in own zone > 10",
    "values of channel of interactions from 2026-01-01 to 2026-01-31 has all of (\"email\", \"phone\")",
    "attribute:born between today - 18 years in zone \"UTC\" and today + 1 day or city matches \"^[a-z]+$\"",
    "sequence (consents then interactions within 3 hours then no results within 1 week) in previous academic year",
    "relation guardian_of to person where (in segment \"x\" for 3 days) or relation to organisation \"A\" of kind "
    "school",
    "overdue obligation (\"a\", \"b\") and open obligation due within 7 days or open dialogue of tone (neutral, "
    "question)",
    "enrolment with status (passed, \"failed\") of \"nursing\" and on list \"a\" and count of former roles staff in "
    "(1, 2)",
    "was in segment \"a\" in last 30 days or left segment \"a\" since the start of this term",
    "anniversary of attribute:born in next 7 days in own zone and days since last of dialogues is known",
};

}  // namespace

TEST_SUITE("segment/parse_damaged") {
    TEST_CASE("brackets and nots nest 200 deep; deeper ones are refused without a crash") {
        const std::string leaf = "engagement = 1";
        CHECK(read(repeated("(", 200) + leaf + repeated(")", 200)) == is(1));
        CHECK(read(repeated("(", 199) + leaf + " and (" + leaf + ')' + repeated(")", 199)) ==
              Condition{All{{is(1), is(1)}}});
        CHECK_NOTHROW((void)read(repeated("not ", 200) + leaf));
        CHECK_NOTHROW((void)read(repeated("not(", 100) + leaf + repeated(")", 100)));
        for (const std::size_t depth : {202U, 1000U, 1'000'000U}) {
            CAPTURE(depth);
            CHECK(complaint(repeated("(", depth) + leaf + repeated(")", depth)).message.find("200") !=
                  std::string::npos);
            CHECK(complaint(repeated("not ", depth) + leaf).message.find("200") != std::string::npos);
            CHECK(complaint(repeated("(", depth)).message.find("200") != std::string::npos);
            CHECK(complaint(repeated("not(true or ", depth)).message.find("200") != std::string::npos);
        }
        // Side by side is not within each other.
        std::string many = leaf;
        for (int i = 0; i < 5000; ++i) many += " or not (not (true))";
        CHECK(std::get<Any>(read(many).node).of.size() == 5001);
    }

    TEST_CASE("damaged texts give a ParseError or a condition, nothing else") {
        Random random{20'260'901};
        constexpr std::string_view pieces = "()\"\\$%#=<>!,:.-+ \n\t09ae_\xC3\xA9\xFF\x80";
        std::size_t refused = 0;
        std::size_t tried = 0;
        const auto attempt = [&](const std::string& text) {
            CAPTURE(text);
            ++tried;
            try {
                (void)read(text);
            } catch (const ParseError& error) {
                ++refused;
                const auto lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n') +
                                                                std::count(text.begin(), text.end(), '\r'));
                const bool has_place = error.issues().size() == 1 && error.line() >= 1 && error.line() <= lines &&
                                       error.issues()[0].message.starts_with("column ");
                CHECK(has_place);
            } catch (...) {
                CHECK_MESSAGE(false, "another exception");
            }
        };
        for (const std::string_view text : valid_texts) {
            for (std::size_t length = 0; length <= text.size(); ++length) {
                attempt(std::string{text.substr(0, length)});
                attempt(std::string{text.substr(length)});
            }
        }
        for (int i = 0; i < 3000; ++i) {
            std::string text{valid_texts[random.below(valid_texts.size())]};
            for (std::size_t edits = 1 + random.below(4); edits > 0; --edits) {
                const std::size_t at = random.below(text.size());
                switch (random.below(4)) {
                    case 0:
                        text.erase(at, 1 + random.below(5));
                        break;
                    case 1:
                        text.insert(at, 1, pieces[random.below(pieces.size())]);
                        break;
                    case 2:
                        std::swap(text[at], text[random.below(text.size())]);
                        break;
                    default:
                        text[at] = static_cast<char>(random.below(256));
                        break;
                }
                if (text.empty()) text.push_back('x');
            }
            attempt(text);
        }
        for (int i = 0; i < 2000; ++i) {
            std::string text;
            for (std::size_t length = random.below(40); length > 0; --length) {
                text += random.chance(50) ? static_cast<char>(random.below(256)) : pieces[random.below(pieces.size())];
            }
            attempt(text);
        }
        // Whole tokens in any order get deeper into the grammar than bytes do.
        constexpr std::array<std::string_view, 66> words{"and",
                                                         "or",
                                                         "not",
                                                         "in",
                                                         "between",
                                                         "is",
                                                         "known",
                                                         "unknown",
                                                         "contains",
                                                         "with",
                                                         "true",
                                                         "current",
                                                         "ever",
                                                         "consent",
                                                         "objection",
                                                         "to",
                                                         "of",
                                                         "random",
                                                         "role",
                                                         "starts",
                                                         "student",
                                                         "segment",
                                                         "engagement",
                                                         "city",
                                                         "\"a\"",
                                                         "1",
                                                         "2026-01-01",
                                                         "$p",
                                                         "(",
                                                         ")",
                                                         ",",
                                                         "%",
                                                         "<",
                                                         "=",
                                                         "count",
                                                         "of interactions",
                                                         "sum quantity",
                                                         "where",
                                                         "in last",
                                                         "3 days",
                                                         "no",
                                                         "results",
                                                         "in this",
                                                         "week",
                                                         "values of channel",
                                                         "has only",
                                                         "anniversary of",
                                                         "today",
                                                         "-",
                                                         "sequence (",
                                                         "then",
                                                         "within",
                                                         "relation",
                                                         "to person",
                                                         "to organisation",
                                                         "open obligation",
                                                         "due",
                                                         "dialogue",
                                                         "of tone",
                                                         "complaint",
                                                         "enrolment",
                                                         "with status",
                                                         "was in segment",
                                                         "in own zone",
                                                         "since",
                                                         "roles"};
        for (int i = 0; i < 5000; ++i) {
            std::string text;
            for (std::size_t length = 1 + random.below(12); length > 0; --length) {
                text += words[random.below(words.size())];
                text += ' ';
            }
            attempt(text);
        }
        CHECK(tried > 10'000);
        CHECK(refused > tried / 2);
        CHECK(refused < tried);
    }

    TEST_CASE("invalid UTF-8 is refused wherever it stands, and NUL bytes outside of texts and comments") {
        for (const std::string_view bad :
             {std::string_view{"\xFF"}, std::string_view{"\x80"}, std::string_view{"\xC3"}, std::string_view{"\0", 1},
              std::string_view{"\x7F"}, std::string_view{"\xED\xA0\x80"}}) {
            complains_at(std::string{bad} + "true", 1, 1);
            complains_at("true " + std::string{bad}, 1, 6);
            complains_at("engagement = " + std::string{bad}, 1, 14);
        }
        complains_at("true # \xFF\x80 ", 1, 8);
        complains_at("language = \"\xFF\"", 1, 13);
        CHECK(read(std::string{"true # "} + std::string(1, '\0') + "\n") == Condition{All{}});
    }
}
