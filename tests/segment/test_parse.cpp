#include <alloquy/segment/parse.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using namespace alloquy::segment;
using alloquy::ParseError;
using alloquy::model::RoleKind;
using alloquy::support::Random;
using alloquy::time::Day;

namespace {

const Catalogue catalogue{{{"engagement", FieldType::number},
                           {"visits", FieldType::number},
                           {"city", FieldType::text},
                           {"role", FieldType::text},
                           {"response:e mail", FieldType::number},
                           {"response:sms", FieldType::number},
                           {"a host's \"column\"", FieldType::number},
                           {"in", FieldType::number},
                           {"not", FieldType::text},
                           {"at", FieldType::number},
                           {"segment", FieldType::number},
                           {"student", FieldType::number},
                           {"any of it", FieldType::any}}};

Condition read(std::string_view text) {
    return parse(text, catalogue);
}
Condition number_test(std::string field, Relation relation, double number) {
    return {Comparison{std::move(field), relation, number}};
}
/// `engagement = <number>`, the leaf of the trees below.
Condition is(double number) {
    return number_test("engagement", Relation::equal, number);
}
Condition equal(std::string field, Value value) {
    return {Comparison{std::move(field), Relation::equal, std::move(value)}};
}
Condition negation(Condition of) {
    return {Not{std::move(of)}};
}
Condition role(HasRole role) {
    return {std::move(role)};
}

struct Complaint {
    std::size_t line = 0;
    std::string message{};
};
/// The one issue of a text that must not parse; line 0 if it does.
Complaint complaint(std::string_view text) {
    try {
        (void)read(text);
    } catch (const ParseError& error) {
        if (error.issues().size() != 1 || !error.issues()[0].pointer.empty()) return {0, "not one plain issue"};
        return {error.issues()[0].line, error.issues()[0].message};
    }
    return {0, "a condition"};
}
void complains_at(std::string_view text, std::size_t line, std::size_t column, std::string_view about = {}) {
    const Complaint found = complaint(text);
    CAPTURE(text);
    CAPTURE(found.line);
    CAPTURE(found.message);
    const bool fits = found.line == line && found.message.starts_with("column " + std::to_string(column) + ": ") &&
                      found.message.find(about) != std::string::npos;
    CHECK(fits);
}
std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

/// Texts of every form, to be damaged.
constexpr std::array<std::string_view, 16> valid_texts{
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
};

}  // namespace

TEST_SUITE("segment/parse") {
    TEST_CASE("each comparison of a number gives its relation, and != gives a Not") {
        CHECK(read("engagement = 1") == is(1));
        CHECK(read("engagement < 0.3") == number_test("engagement", Relation::less, 0.3));
        CHECK(read("engagement <= 3") == number_test("engagement", Relation::at_most, 3));
        CHECK(read("engagement > 3") == number_test("engagement", Relation::greater, 3));
        CHECK(read("engagement>=3") == number_test("engagement", Relation::at_least, 3));
        CHECK(read("engagement != 3") == negation(is(3)));
    }

    TEST_CASE("numbers have a sign, a point, an exponent or a percent sign") {
        const std::vector<std::pair<std::string, double>> numbers{{"0", 0},
                                                                  {"007", 7},
                                                                  {"-2.5", -2.5},
                                                                  {"+2.5", 2.5},
                                                                  {"1e3", 1000},
                                                                  {"1E+3", 1000},
                                                                  {"25e-1", 2.5},
                                                                  {"2026", 2026},
                                                                  {"2026.5", 2026.5},
                                                                  {"1234e1", 12340},
                                                                  {"0.1", 0.1},
                                                                  {"1.7976931348623157e308", 1.7976931348623157e308},
                                                                  {"5e-324", 5e-324},
                                                                  {"30 %", 0.3},
                                                                  {"30%", 0.3},
                                                                  {"-12.5 %", -0.125},
                                                                  {"30 # comment\n %", 0.3}};
        for (const auto& each : numbers) {
            const auto& text = each.first;
            const double number = each.second;
            CAPTURE(text);
            CHECK(read("engagement = " + text) == is(number));
        }
        CHECK(read("engagement between 10 % and 30 %") == Condition{Between{"engagement", 0.1, 0.3}});
        CHECK(read("engagement in (10 %, 1)") == Condition{OneOf{"engagement", {0.1, 1.0}}});
    }

    TEST_CASE("texts have four escapes and may hold anything else") {
        CHECK(read("city = \"Ede\"") == equal("city", "Ede"));
        CHECK(read("city = \"\"") == equal("city", ""));
        CHECK(read(R"(city = "a\"b\\c\nd\te")") == equal("city", "a\"b\\c\nd\te"));
        CHECK(read("city = \"two\nlines # no comment\"") == equal("city", "two\nlines # no comment"));
        CHECK(read("city = \"D\u00fcren \U0001F600\"") == equal("city", "D\u00fcren \U0001F600"));
        CHECK(read(std::string_view{"city = \"a\0b\"", 12}) == equal("city", std::string{"a\0b", 3}));
        CHECK(read("city != \"Ede\"") == negation(equal("city", "Ede")));
        CHECK(read("city = \"and\"and visits=1") ==
              Condition{All{{equal("city", "and"), number_test("visits", Relation::equal, 1)}}});
    }

    TEST_CASE("days, truths, texts and numbers are values of an attribute") {
        CHECK(read("attribute:born < 2006-09-01") ==
              Condition{Comparison{"attribute:born", Relation::less, Day::from_ymd(2006, 9, 1)}});
        CHECK(read("attribute:born = 2024-02-29") == equal("attribute:born", Day::from_ymd(2024, 2, 29)));
        CHECK(read("attribute:born between 0001-01-01 and 9999-12-31") ==
              Condition{Between{"attribute:born", Day::from_ymd(1, 1, 1), Day::from_ymd(9999, 12, 31)}});
        CHECK(read("attribute:new = true") == equal("attribute:new", true));
        CHECK(read("attribute:new != false") == negation(equal("attribute:new", false)));
        CHECK(
            read("attribute:x in (1, \"b\", 2026-01-31, true, $p)") ==
            Condition{OneOf{"attribute:x", {1.0, std::string{"b"}, Day::from_ymd(2026, 1, 31), true, Parameter{"p"}}}});
        CHECK(read("\"any of it\" = 2 %") == equal("any of it", 0.02));
        CHECK(read("attribute:x >= 2") == number_test("attribute:x", Relation::at_least, 2));
        CHECK(read("attribute:x contains \"b\"") == Condition{TextMatch{"attribute:x", TextTest::contains, "b"}});
    }

    TEST_CASE("parameters stand for a value of any field") {
        CHECK(read("engagement < $limit") == Condition{Comparison{"engagement", Relation::less, Parameter{"limit"}}});
        CHECK(read("city = $and") == equal("city", Parameter{"and"}));
        CHECK(read("city = $1_a") == equal("city", Parameter{"1_a"}));
        CHECK(read("engagement between $a and $b") == Condition{Between{"engagement", Parameter{"a"}, Parameter{"b"}}});
        CHECK(read("city in ($a,$b)") == Condition{OneOf{"city", {Parameter{"a"}, Parameter{"b"}}}});
        CHECK(read("city contains $a") == Condition{TextMatch{"city", TextTest::contains, Parameter{"a"}}});
    }

    TEST_CASE("between, in and the tests of texts have a negated form, which gives a Not") {
        const Condition between{Between{"visits", 2.0, 5.0}};
        CHECK(read("visits between 2 and 5") == between);
        CHECK(read("visits not between 2 and 5") == negation(between));
        CHECK(read("not visits between 2 and 5") == negation(between));
        CHECK(read("visits between 2 and 5 and true") == Condition{All{{between, {All{}}}}});
        const Condition one_of{OneOf{"city", {std::string{"a"}, std::string{"b"}}}};
        CHECK(read("city in (\"a\", \"b\")") == one_of);
        CHECK(read("city not in (\"a\", \"b\")") == negation(one_of));
        CHECK(read("city in (\"a\")") == Condition{OneOf{"city", {std::string{"a"}}}});
        CHECK(read("city starts with \"a\"") == Condition{TextMatch{"city", TextTest::starts_with, "a"}});
        CHECK(read("city ends with \"\"") == Condition{TextMatch{"city", TextTest::ends_with, ""}});
        CHECK(read("city not starts with \"a\"") == negation({TextMatch{"city", TextTest::starts_with, "a"}}));
        CHECK(read("city not contains \"a\"") == negation({TextMatch{"city", TextTest::contains, "a"}}));
    }

    TEST_CASE("is unknown is the opposite of is known, and two turns give the test itself") {
        const Condition known{IsKnown{"city"}};
        CHECK(read("city is known") == known);
        CHECK(read("city is not known") == negation(known));
        CHECK(read("city is unknown") == negation(known));
        CHECK(read("city is not unknown") == known);
        CHECK(read("not city is unknown") == negation(negation(known)));
    }

    TEST_CASE("a field has one or two parts, each of them plain or quoted") {
        const auto field = [](std::string name) { return Condition{IsKnown{std::move(name)}}; };
        CHECK(read("response:sms is known") == field("response:sms"));
        CHECK(read("response:\"sms\" is known") == field("response:sms"));
        CHECK(read("\"response\":sms is known") == field("response:sms"));
        CHECK(read("\"response:sms\" is known") == field("response:sms"));
        CHECK(read("response:\"e mail\" is known") == field("response:e mail"));
        CHECK(read("\"a host's \\\"column\\\"\" is known") == field("a host's \"column\""));
        CHECK(read("attribute:in is known") == field("attribute:in"));
        CHECK(read("attribute:not not in (1)") == negation({OneOf{"attribute:not", {1.0}}}));
        CHECK(read("attribute:\"a:b\" is known") == field("attribute:a:b"));
        CHECK(read("\"attribute:a:b\" is known") == field("attribute:a:b"));
    }

    TEST_CASE("a field named like a word of the language stands in double quotes") {
        CHECK(read("\"in\" > 1") == number_test("in", Relation::greater, 1));
        CHECK(read("\"not\" = \"x\"") == equal("not", "x"));
        CHECK(read("not \"not\" not contains \"not\"") ==
              negation(negation({TextMatch{"not", TextTest::contains, "not"}})));
        CHECK(read("\"in\" not in (1)") == negation({OneOf{"in", {1.0}}}));
        // Words that stand behind others only are fields without quotes too.
        CHECK(read("at > 1 and segment > 1 and student > 1") ==
              Condition{All{{number_test("at", Relation::greater, 1), number_test("segment", Relation::greater, 1),
                             number_test("student", Relation::greater, 1)}}});
        for (const std::string word : {"and",      "or",     "not",  "in",   "between", "is",     "known", "unknown",
                                       "contains", "starts", "ends", "with", "current", "former", "ever",  "objection",
                                       "consent",  "random", "to",   "of",   "true",    "false"}) {
            CAPTURE(word);
            const Catalogue one{{{word, FieldType::number}}};
            CHECK(parse('"' + word + "\" < 1", one) == number_test(word, Relation::less, 1));
            CHECK_THROWS_AS((void)parse(word + " < 1", one), ParseError);
        }
        // A field of which the first part is the word `role`; the grammar has name [ ":" name ].
        const Catalogue one{{{"role:x", FieldType::number}}};
        CHECK(parse("\"role:x\" < 1", one) == number_test("role:x", Relation::less, 1));
        CHECK(parse("role:x < 1", one) == number_test("role:x", Relation::less, 1));
    }

    TEST_CASE("role with a comparison is the input of that name, role with a kind is a role") {
        CHECK(read("role = \"student\"") == equal("role", "student"));
        CHECK(read("\"role\" = \"student\"") == equal("role", "student"));
        CHECK(read("role != \"student\"") == negation(equal("role", "student")));
        CHECK(read("role in (\"student\")") == Condition{OneOf{"role", {std::string{"student"}}}});
        CHECK(read("role not in (\"student\")") == negation({OneOf{"role", {std::string{"student"}}}}));
        CHECK(read("role is unknown") == negation({IsKnown{"role"}}));
        CHECK(read("role starts with \"s\"") == Condition{TextMatch{"role", TextTest::starts_with, "s"}});
        CHECK(read("role not ends with \"t\"") == negation({TextMatch{"role", TextTest::ends_with, "t"}}));
        CHECK(read("role contains \"t\"") == Condition{TextMatch{"role", TextTest::contains, "t"}});
        CHECK(read("role student") == role({RolePeriod::current, RoleKind::student}));
        CHECK(read("role") == role({}));
        CHECK(read("(role)") == role({}));
        CHECK(read("role and role or role") == Condition{Any{{{All{{role({}), role({})}}}, role({})}}});
        CHECK(read("not role") == negation(role({})));
    }

    TEST_CASE("roles have a period, a kind, programmes and sites") {
        CHECK(read("current role staff") == role({RolePeriod::current, RoleKind::staff}));
        CHECK(read("former role employer_contact") == role({RolePeriod::former, RoleKind::employer_contact}));
        CHECK(read("ever role") == role({RolePeriod::ever}));
        CHECK(read("former role student of \"nursing\" at \"Zwolle\"") ==
              role({RolePeriod::former, RoleKind::student, {"nursing"}, {"Zwolle"}}));
        CHECK(read("role of (\"nursing\", \"law\")") == role({RolePeriod::current, {}, {"nursing", "law"}}));
        CHECK(read("role at (\"Zwolle\")") == role({RolePeriod::current, {}, {}, {"Zwolle"}}));
        CHECK(read("ever role alumnus at (\"a\",\"b\",\"c\") or true") ==
              Condition{Any{{role({RolePeriod::ever, RoleKind::alumnus, {}, {"a", "b", "c"}}), {All{}}}}});
        for (const std::string_view kind : alloquy::model::EnumNames<RoleKind>::values) {
            CHECK(read("role " + std::string{kind}) ==
                  role({RolePeriod::current, alloquy::model::from_name<RoleKind>(kind)}));
        }
    }

    TEST_CASE("consent, random parts, segments and the two constants are conditions") {
        CHECK(read("consent to \"news\"") == Condition{Stated{false, "news", {}}});
        CHECK(read("objection to \"news\" by \"sms\"") == Condition{Stated{true, "news", "sms"}});
        CHECK(read("random 10 % of \"pilot\"") == Condition{RandomPart{0, 10, "pilot"}});
        CHECK(read("random 10% to 33.5% of \"pilot\"") == Condition{RandomPart{10, 33.5, "pilot"}});
        CHECK(read("random 0 % to 100 % of \"pilot\"") == Condition{RandomPart{0, 100, "pilot"}});
        CHECK(read("in segment \"quiet ones\"") == Condition{InSegment{"quiet ones"}});
        CHECK(read("true") == Condition{All{}});
        CHECK(read("false") == Condition{Any{}});
    }

    TEST_CASE("not binds before and, and before or; brackets come first") {
        const auto e = [](double number) { return "engagement = " + std::to_string(static_cast<int>(number)); };
        const std::string a = e(1);
        const std::string b = e(2);
        const std::string c = e(3);
        CHECK(read(a + " or " + b + " and " + c) == Condition{Any{{is(1), {All{{is(2), is(3)}}}}}});
        CHECK(read(a + " and " + b + " or " + c) == Condition{Any{{{All{{is(1), is(2)}}}, is(3)}}});
        CHECK(read('(' + a + " or " + b + ") and " + c) == Condition{All{{{Any{{is(1), is(2)}}}, is(3)}}});
        CHECK(read("not " + a + " and " + b) == Condition{All{{negation(is(1)), is(2)}}});
        CHECK(read("not (" + a + " and " + b + ')') == negation({All{{is(1), is(2)}}}));
        CHECK(read("not " + a + " or " + b) == Condition{Any{{negation(is(1)), is(2)}}});
        CHECK(read("not not " + a) == negation(negation(is(1))));
        CHECK(read("not(" + a + ")and(" + b + ')') == Condition{All{{negation(is(1)), is(2)}}});
        // Lists are flat as they are written, and brackets of their own keep a list in a list.
        CHECK(read(a + " and " + b + " and " + c) == Condition{All{{is(1), is(2), is(3)}}});
        CHECK(read('(' + a + " and " + b + ") and " + c) == Condition{All{{{All{{is(1), is(2)}}}, is(3)}}});
        CHECK(read(a + " or (" + b + " or " + c + ')') == Condition{Any{{is(1), {Any{{is(2), is(3)}}}}}});
        CHECK(read("((((" + a + "))))") == is(1));
    }

    TEST_CASE("spaces, tabs, line ends and comments separate and mean nothing") {
        const Condition both{All{{is(1), is(2)}}};
        CHECK(read("\t engagement\r\n=\n1\r\nand engagement = 2 \n") == both);
        CHECK(read("# first\nengagement = 1 # not engagement = 3\n# third\r\nand engagement = 2 # last") == both);
        CHECK(read("engagement = 1 and#\nengagement = 2#") == both);
    }

    TEST_CASE("errors stand at the line and column of what is wrong") {
        complains_at("", 1, 1, "expected a condition, got the end");
        complains_at("  # nothing", 1, 12, "expected a condition, got the end");
        complains_at("engagement = ", 1, 14, "expected a value, got the end");
        complains_at("engagement = 1 engagement = 2", 1, 16, "expected 'and', 'or' or the end");
        complains_at("engagement = 1 and", 1, 19, "expected a condition");
        complains_at("engagement = 1\nand\n  visits ~ 3", 3, 10);
        complains_at("engagement = 1\r\nand visits", 2, 11, "expected a test");
        complains_at("(engagement = 1", 1, 16, "expected ')', got the end");
        complains_at("engagement = 1)", 1, 15, "got ')'");
        complains_at("()", 1, 2, "expected a condition");
        complains_at("and true", 1, 1, "expected a condition");
        complains_at("true or or true", 1, 9, "expected a condition");
        complains_at("not", 1, 4, "expected a condition");
        complains_at("engagement == 1", 1, 13, "expected a value, got '='");
        complains_at("engagement ! 1", 1, 12);
        complains_at("engagement between 1 or 2", 1, 22, "expected 'and'");
        complains_at("visits in 1", 1, 11, "expected '('");
        complains_at("visits in ()", 1, 12, "expected a value");
        complains_at("visits in (1 2)", 1, 14, "expected ')'");
        complains_at("visits in (1,)", 1, 14, "expected a value");
        complains_at("city starts \"a\"", 1, 13, "expected 'with'");
        complains_at("city contains 3", 1, 15, "expected a text");
        complains_at("city is \"a\"", 1, 9, "expected 'known'");
        complains_at("city not = \"a\"", 1, 10, "expected a test");
        complains_at("city , \"a\"", 1, 6, "expected a comparison, got ','");
        complains_at("3 < engagement", 1, 1, "expected a condition, got a number");
        complains_at("$limit < 3", 1, 1, "got a parameter");
        complains_at("2026-01-01 < 3", 1, 1, "got a day");
        complains_at("in \"quiet\"", 1, 4, "expected 'segment'");
        complains_at("in segment quiet", 1, 12, "the name of a segment");
        complains_at("in segment \"\"", 1, 12, "not empty");
        complains_at("consent \"news\"", 1, 9, "expected 'to'");
        complains_at("consent to news", 1, 12, "the name of a purpose");
        complains_at("consent to \"news\" by sms", 1, 22, "the name of a channel");
        complains_at("former student", 1, 8, "expected 'role'");
        complains_at("role student of nursing", 1, 17, "the name of a programme");
        complains_at("role student at (\"a\" \"b\")", 1, 22, "expected ')'");
        complains_at("role at ()", 1, 10, "the name of a site");
        complains_at("attribute: region = 1", 1, 12, "a name right behind ':'");
        complains_at("attribute:3 = 1", 1, 11, "a name right behind ':'");
    }

    TEST_CASE("random parts lie in 0 to 100 percent and do not end before they begin") {
        complains_at("random 10 of \"x\"", 1, 11, "expected '%'");
        complains_at("random % of \"x\"", 1, 8, "expected a percentage");
        complains_at("random $p % of \"x\"", 1, 8, "expected a percentage");
        complains_at("random 0 % of \"x\"", 1, 8, "from 0 to 100");
        complains_at("random 100.5 % of \"x\"", 1, 8, "from 0 to 100");
        complains_at("random -1 % to 5 % of \"x\"", 1, 8, "from 0 to 100");
        complains_at("random 20 % to 20 % of \"x\"", 1, 8, "from 0 to 100");
        complains_at("random 20 % to 10 % of \"x\"", 1, 8, "from 0 to 100");
        complains_at("random 20 % to 10 of \"x\"", 1, 19, "expected '%'");
        complains_at("random 20 % \"x\"", 1, 13, "expected 'of'");
        complains_at("random 20 % of x", 1, 16, "the name of a draw");
        CHECK(read("random 99.5 % to 1e2 % of \"x\"") == Condition{RandomPart{99.5, 100, "x"}});
    }

    TEST_CASE("what is no token is refused where it begins") {
        complains_at("city = \"Ede", 1, 8, "closing");
        complains_at("city = \"Ede\n\n and true", 1, 8, "closing");
        complains_at("city = \"E\\de\"", 1, 10, "behind a backslash");
        complains_at("city = \"\n\\x\"", 2, 1, "behind a backslash");
        complains_at("city = \"E\\", 1, 10, "behind a backslash");
        complains_at("city = \"E\\\"", 1, 8, "closing");
        complains_at("city = $", 1, 8, "the name of a parameter");
        complains_at("city = $ a", 1, 8, "the name of a parameter");
        complains_at("city = 'Ede'", 1, 8);
        complains_at("visits = 3x", 1, 10, "without letters");
        complains_at("visits = 1e", 1, 10, "without letters");
        complains_at("visits = 1e+", 1, 10, "expected a number");
        complains_at("visits = 5.", 1, 11);
        complains_at("visits = .5", 1, 10);
        complains_at("visits = - 5", 1, 10);
        complains_at("visits = --5", 1, 10);
        complains_at("visits = 1e999", 1, 10, "that a double can hold");
        complains_at("visits = -1e999", 1, 10, "that a double can hold");
        complains_at("attribute:x = 2026-02-29", 1, 15, "expected a day");
        complains_at("attribute:x = 2026-9-1", 1, 15, "expected a day");
        complains_at("attribute:x = 2026-09-011", 1, 15, "expected a day");
        complains_at("attribute:x = 0000-01-01", 1, 15, "expected a day");
        complains_at("attribute:x = 2026-09-01T00:00", 1, 25, "expected 'and', 'or' or the end");
        complains_at("true; true", 1, 5);
        complains_at("[true]", 1, 1);
        complains_at(std::string_view{"true\0", 5}, 1, 5);
        complains_at("\xEF\xBB\xBFtrue", 1, 1);
    }

    TEST_CASE("columns count characters of UTF-8, lines count line feeds") {
        complains_at("\"a host's \\\"column\\\"\" = 1 !", 1, 27);
        complains_at("city = \"D\u00fcren\" !", 1, 16);
        complains_at("city = \"\u20ac\u20ac\" !", 1, 13);
        complains_at("city = \"\U0001F600\" !", 1, 12);
        complains_at("city = \"D\u00fc\nr\" !", 2, 4);
        complains_at("# caf\u00e9 \u20ac\n  \t!", 2, 4);
        complains_at("true # \u00e9\r\n\r\n !", 3, 2);
        complains_at("caf\u00e9 = 1", 1, 4);
    }

    TEST_CASE("a misspelt field or role gets the nearest name") {
        CHECK(complaint("enagement < 1").message ==
              "column 1: there is no field \"enagement\"; did you mean \"engagement\"?");
        CHECK(complaint("true and vists < 1").message ==
              "column 10: there is no field \"vists\"; did you mean \"visits\"?");
        CHECK(complaint("response:smss = 1").message ==
              "column 1: there is no field \"response:smss\"; did you mean \"response:sms\"?");
        CHECK(complaint("\"response:e-mail\" = 1").message ==
              "column 1: there is no field \"response:e-mail\"; did you mean \"response:e mail\"?");
        CHECK(complaint("something_else < 1").message == "column 1: there is no field \"something_else\"");
        CHECK(complaint("Engagement < 1").message ==
              "column 1: there is no field \"Engagement\"; did you mean \"engagement\"?");
        CHECK(complaint("role studnet").message == "column 6: there is no role \"studnet\"; did you mean \"student\"?");
        CHECK(complaint("former role\n  Staff").line == 2);
        CHECK(complaint("former role\n  Staff").message ==
              "column 3: there is no role \"Staff\"; did you mean \"staff\"?");
        CHECK(complaint("role minister").message == "column 6: there is no role \"minister\"");
        CHECK(complaint("attribute:\"\" = 1").message.starts_with("column 1: there is no field \"attribute:\""));
        const std::string long_name(100'000, 'x');
        CHECK(complaint(long_name + " = 1").line == 1);
    }

    TEST_CASE("a value that does not fit the field is refused at the value") {
        complains_at("engagement = \"much\"", 1, 14, "expected a number");
        complains_at("engagement < true", 1, 14, "expected a number");
        complains_at("engagement = 2026-01-01", 1, 14, "expected a number");
        complains_at("engagement in (1, \"much\")", 1, 19, "expected a number");
        complains_at("engagement between 1 and \"much\"", 1, 26, "expected a number");
        complains_at("engagement contains \"a\"", 1, 12, "a test of a number");
        complains_at("engagement not starts with $p", 1, 16, "a test of a number");
        complains_at("city = 3", 1, 8, "expected a text");
        complains_at("city = true", 1, 8, "expected a text");
        complains_at("city = 2026-01-01", 1, 8, "expected a text");
        complains_at("city in (\"a\", 3)", 1, 15, "expected a text");
        complains_at("attribute:x < \"a\"", 1, 15, "have no order");
        complains_at("attribute:x >= true", 1, 16, "have no order");
        complains_at("attribute:x between 1 and \"a\"", 1, 27, "have no order");
        complains_at("attribute:x between false and 1", 1, 21, "have no order");
        complains_at("city between \"a\" and \"b\"", 1, 6, "texts have no order");
    }

    TEST_CASE("an order of texts is refused at its sign, whatever stands behind it") {
        complains_at("city < \"a\"", 1, 6, "texts have no order");
        complains_at("city >= $p", 1, 6, "texts have no order");
        complains_at("role > \"a\"", 1, 6, "texts have no order");
    }

    TEST_CASE("no error repeats a quoted value") {
        const std::vector<std::string> wrong{
            "engagement = \"Secret\"",
            "engagement in (1, \"Secret\")",
            "engagement between \"Secret\" and 2",
            "city < \"Secret\"",
            "city = \"Secret",
            "city = \"Secret\\x\"",
            "city = \"a\" \"Secret\"",
            "city = \"Secret\" \"x\"",
            "city is \"Secret\"",
            "city starts \"Secret\"",
            "city not \"Secret\"",
            "visits in \"Secret\"",
            "attribute:x < \"Secret\"",
            "attribute:x between 1 and \"Secret\"",
            "consent \"Secret\"",
            "in \"Secret\"",
            "in segment \"Secret\" \"x\"",
            "role student \"Secret\"",
            "role student of \"a\" \"Secret\"",
            "random \"Secret\"",
            "random 3 % \"Secret\"",
            "former \"Secret\"",
            "engagement = 1 \"Secret\"",
            "engagement contains \"Secret\"",
        };
        for (const std::string& text : wrong) {
            CAPTURE(text);
            try {
                (void)read(text);
                CHECK_MESSAGE(false, "a condition");
            } catch (const ParseError& error) {
                CHECK(std::string{error.what()}.find("Secret") == std::string::npos);
            }
        }
    }

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
                if (text.empty()) text = "x";
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
        constexpr std::array<std::string_view, 34> words{
            "and",  "or",     "not",     "in",      "between",    "is",        "known", "unknown", "contains",
            "with", "true",   "current", "ever",    "consent",    "objection", "to",    "of",      "random",
            "role", "starts", "student", "segment", "engagement", "city",      "\"a\"", "1",       "2026-01-01",
            "$p",   "(",      ")",       ",",       "%",          "<",         "="};
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

    TEST_CASE("a lone CR ends a line, as elsewhere") {
        complains_at("true\rand nonsense", 2, 5);
        complains_at("true # comment\rand nonsense", 2, 5);
        complains_at("true\r\nand nonsense", 2, 5);
    }

    TEST_CASE("errors show no words that have no meaning, and names on one line") {
        const auto message = [](std::string_view text) { return complaint(text).message; };
        CHECK(message("language = Secret").find("Secret") == std::string::npos);
        CHECK(message("language = \"it\"Secret\"").find("Secret") == std::string::npos);
        CHECK(message("\"a\\nb\" = 1").find('\n') == std::string::npos);
        CHECK(message("\"" + std::string(5000, 'x') + "\" = 1").size() < 200);
    }
}
