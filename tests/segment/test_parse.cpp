#include <alloquy/segment/parse.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

constexpr std::int64_t day_ms = 86'400'000;

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

    TEST_CASE("aggregates have a function, a field where it needs one, facts, a where and a window") {
        const auto test = [](Aggregate of, Relation relation, Value value) {
            return Condition{Comparison{std::move(of), relation, std::move(value)}};
        };
        CHECK(read("count of interactions where channel = \"email\" in last 30 days >= 3") ==
              test({Function::count, "", FactKind::interactions, equal("channel", "email"), Rolling{30 * day_ms}},
                   Relation::at_least, 3.0));
        CHECK(
            read("sum quantity of interactions where (act = \"clicked\" and topic in (\"grants\",\"housing\")) in this "
                 "week in zone \"Europe/Amsterdam\" > 10") ==
            test({Function::sum, "quantity", FactKind::interactions,
                  Condition{All{
                      {equal("act", "clicked"), {OneOf{"topic", {std::string{"grants"}, std::string{"housing"}}}}}}},
                  CalendarWindow{CalendarUnit::week, false, "Europe/Amsterdam"}},
                 Relation::greater, 10.0));
        CHECK(read("mean fraction of results < 50 %") ==
              test({Function::mean, "fraction", FactKind::results}, Relation::less, 0.5));
        CHECK(read("first assessment of results = \"TMA 1\"") ==
              test({Function::first, "assessment", FactKind::results}, Relation::equal, "TMA 1"));
        CHECK(read("last fraction of results in this term != 1") ==
              negation(
                  test({Function::last, "fraction", FactKind::results, {}, AcademicWindow{AcademicUnit::term, false}},
                       Relation::equal, 1.0)));
        CHECK(
            read("distinct channel of interactions in previous month >= 2") ==
            test({Function::distinct, "channel", FactKind::interactions, {}, CalendarWindow{CalendarUnit::month, true}},
                 Relation::at_least, 2.0));
        CHECK(read("most frequent topic of interactions in last 90 days = \"housing\"") ==
              test({Function::most_frequent, "topic", FactKind::interactions, {}, Rolling{90 * day_ms}},
                   Relation::equal, "housing"));
        CHECK(read("days since last of interactions where direction = \"inbound\" > 14") ==
              test({Function::days_since_last, "", FactKind::interactions, equal("direction", "inbound")},
                   Relation::greater, 14.0));
        CHECK(read("days since first of consents <= 7") ==
              test({Function::days_since_first, "", FactKind::consents}, Relation::at_most, 7.0));
        CHECK(read("least weight of obligations < 1") ==
              test({Function::least, "weight", FactKind::obligations}, Relation::less, 1.0));
        CHECK(read("greatest fraction of results > $best") ==
              test({Function::greatest, "fraction", FactKind::results}, Relation::greater, Parameter{"best"}));
        const Aggregate dialogues{Function::count, "", FactKind::dialogues};
        CHECK(read("count of dialogues is known") == Condition{IsKnown{dialogues}});
        CHECK(read("count of dialogues is unknown") == negation({IsKnown{dialogues}}));
        CHECK(read("count of dialogues in (1, 2)") == Condition{OneOf{dialogues, {1.0, 2.0}}});
        CHECK(read("count of dialogues not between 1 and 2") == negation({Between{dialogues, 1.0, 2.0}}));
        CHECK(read("last status of enrolments starts with \"with\"") ==
              Condition{
                  TextMatch{Aggregate{Function::last, "status", FactKind::enrolments}, TextTest::starts_with, "with"}});
        CHECK(read("first status of enrolments in last 1 day in (\"applied\")") ==
              Condition{OneOf{Aggregate{Function::first, "status", FactKind::enrolments, {}, Rolling{day_ms}},
                              {std::string{"applied"}}}});
    }

    TEST_CASE("no and some are short for counts") {
        const Aggregate count{Function::count, "", FactKind::interactions, equal("act", "sent"), Rolling{30 * day_ms}};
        CHECK(read("no interactions where act = \"sent\" in last 30 days") ==
              Condition{Comparison{count, Relation::equal, 0.0}});
        CHECK(read("some interactions where act = \"sent\" in last 30 days") ==
              Condition{Comparison{count, Relation::at_least, 1.0}});
        CHECK(read("not no results and some results") ==
              Condition{
                  All{{negation({Comparison{Aggregate{Function::count, "", FactKind::results}, Relation::equal, 0.0}}),
                       {Comparison{Aggregate{Function::count, "", FactKind::results}, Relation::at_least, 1.0}}}}});
    }

    TEST_CASE("where takes one condition over the fields of the facts, with the tests of their types") {
        const auto where = [](const std::string& text) { return read("count of interactions where " + text + " = 0"); };
        const auto counted = [](Condition condition) {
            return Condition{Comparison{Aggregate{Function::count, "", FactKind::interactions, std::move(condition)},
                                        Relation::equal, 0.0}};
        };
        CHECK(where("text contains \"a\"") == counted({TextMatch{"text", TextTest::contains, "a"}}));
        CHECK(where("text not like \"a%\"") == counted(negation({TextMatch{"text", TextTest::like, "a%"}})));
        CHECK(where("text matches \"a|b\"") == counted({TextMatch{"text", TextTest::matches, "a|b"}}));
        CHECK(where("text is known") == counted({IsKnown{"text"}}));
        CHECK(where("not text is unknown") == counted(negation(negation({IsKnown{"text"}}))));
        CHECK(where("quantity between 2 and 5") == counted({Between{"quantity", 2.0, 5.0}}));
        CHECK(where("quantity > $n") == counted({Comparison{"quantity", Relation::greater, Parameter{"n"}}}));
        CHECK(where("\"channel\" != \"sms\"") == counted(negation(equal("channel", "sms"))));
        CHECK(where("(not (channel = \"sms\" or tone is known))") ==
              counted(negation({Any{{equal("channel", "sms"), {IsKnown{"tone"}}}}})));
        CHECK(where("true") == counted({All{}}));
        // Behind the one condition stands the window, the test or what comes after.
        CHECK(read("no interactions where act = \"sent\" and engagement = 1") ==
              Condition{All{{{Comparison{Aggregate{Function::count, "", FactKind::interactions, equal("act", "sent")},
                                         Relation::equal, 0.0}},
                             is(1)}}});
    }

    TEST_CASE("windows roll, lie between days, or follow a calendar, each by its zone") {
        const auto window = [](const std::string& text) {
            const Condition condition = read("count of results " + text + " = 0");
            return std::get<Aggregate>(std::get<Comparison>(condition.node).of).window;
        };
        const auto day = [](int d) { return Day::from_ymd(2026, 1, d); };
        CHECK(window("") == Window{Ever{}});
        CHECK(window("in last 30 days") == Window{Rolling{2'592'000'000}});
        CHECK(window("in last 1 day") == Window{Rolling{86'400'000}});
        CHECK(window("in last 2 weeks") == Window{Rolling{1'209'600'000}});
        CHECK(window("in last 3 hours") == Window{Rolling{10'800'000}});
        CHECK(window("in last 1 minute") == Window{Rolling{60'000}});
        CHECK(window("in last 5 second") == Window{Rolling{5000}});
        CHECK(window("in last 7 milliseconds") == Window{Rolling{7}});
        CHECK(window("in last 3155760000000 milliseconds") == Window{Rolling{3'155'760'000'000}});
        CHECK(window("in last 36525 days") == Window{Rolling{3'155'760'000'000}});
        CHECK(window("from 2026-01-01 to 2026-01-31") == Window{DayRange{day(1), day(31)}});
        CHECK(window("from 2026-01-01 to 2026-01-01") == Window{DayRange{day(1), day(1)}});
        CHECK(window("from 2026-01-01") == Window{DayRange{day(1), {}}});
        CHECK(window("since 2026-01-01") == Window{DayRange{day(1), {}}});
        CHECK(window("to 2026-01-31") == Window{DayRange{{}, day(31)}});
        CHECK(window("to 2026-01-31 in own zone") == Window{DayRange{{}, day(31), "own"}});
        CHECK(window("from 2026-01-01 in zone \"UTC\"") == Window{DayRange{day(1), {}, "UTC"}});
        for (const std::string_view unit : alloquy::model::EnumNames<CalendarUnit>::values) {
            const CalendarUnit expected = *alloquy::model::from_name<CalendarUnit>(unit);
            CHECK(window("in this " + std::string{unit}) == Window{CalendarWindow{expected, false}});
            CHECK(window("in previous " + std::string{unit}) == Window{CalendarWindow{expected, true}});
            CHECK(window("since the start of this " + std::string{unit}) == Window{CalendarWindow{expected, false}});
        }
        CHECK(window("in this term") == Window{AcademicWindow{AcademicUnit::term, false}});
        CHECK(window("since the start of this term") == Window{AcademicWindow{AcademicUnit::term, false}});
        CHECK(window("in previous academic year in own zone") ==
              Window{AcademicWindow{AcademicUnit::academic_year, true, "own"}});
        CHECK(window("in previous day in zone \"Europe/Amsterdam\"") ==
              Window{CalendarWindow{CalendarUnit::day, true, "Europe/Amsterdam"}});
    }

    TEST_CASE("today and days counted from it are values wherever a day is one") {
        const auto born = [](RelativeDay day) { return equal("attribute:born", day); };
        CHECK(read("attribute:born = today") == born({}));
        CHECK(read("attribute:born = today - 30 days") == born({-30, CalendarUnit::day}));
        CHECK(read("attribute:born = today + 2 weeks") == born({2, CalendarUnit::week}));
        CHECK(read("attribute:born = today - 1 month in zone \"Europe/Amsterdam\"") ==
              born({-1, CalendarUnit::month, "Europe/Amsterdam"}));
        CHECK(read("attribute:born = today in own zone") == born({0, CalendarUnit::day, "own"}));
        CHECK(read("attribute:born = today -3 quarters") == born({-3, CalendarUnit::quarter}));
        CHECK(read("attribute:born = today+10000 years") == born({10'000, CalendarUnit::year}));
        CHECK(read("attribute:born = today - 10000 days") == born({-10'000, CalendarUnit::day}));
        CHECK(read("attribute:born = today + 0 weeks") == born({0, CalendarUnit::week}));
        CHECK(read("attribute:born >= today - 18 years and true") ==
              Condition{All{{{Comparison{"attribute:born", Relation::at_least, RelativeDay{-18, CalendarUnit::year}}},
                             {All{}}}}});
        CHECK(read("attribute:born between today - 1 year and today") ==
              Condition{Between{"attribute:born", RelativeDay{-1, CalendarUnit::year}, RelativeDay{}}});
        CHECK(read("attribute:born in (today, 2026-01-31)") ==
              Condition{OneOf{"attribute:born", {RelativeDay{}, Day::from_ymd(2026, 1, 31)}}});
    }

    TEST_CASE("values of a field are looked at as a set") {
        const auto set = [](SetRelation relation) {
            return Condition{SetTest{
                "channel", FactKind::interactions, {}, Ever{}, relation, {std::string{"email"}, Parameter{"other"}}}};
        };
        CHECK(read("values of channel of interactions where act = \"sent\" in last 30 days has all of (\"email\", "
                   "\"phone\")") == Condition{SetTest{"channel",
                                                      FactKind::interactions,
                                                      equal("act", "sent"),
                                                      Rolling{30 * day_ms},
                                                      SetRelation::all_of,
                                                      {std::string{"email"}, std::string{"phone"}}}});
        CHECK(read("values of channel of interactions has any of (\"email\", $other)") == set(SetRelation::any_of));
        CHECK(read("values of channel of interactions has all of (\"email\", $other)") == set(SetRelation::all_of));
        CHECK(read("values of channel of interactions has none of (\"email\", $other)") == set(SetRelation::none_of));
        CHECK(read("values of channel of interactions has only (\"email\", $other)") == set(SetRelation::only));
        CHECK(read("values of fraction of results has any of (50 %)") ==
              Condition{SetTest{"fraction", FactKind::results, {}, Ever{}, SetRelation::any_of, {0.5}}});
    }

    TEST_CASE("like and matches look at texts by patterns") {
        CHECK(read("attribute:region like \"no_th%\"") ==
              Condition{TextMatch{"attribute:region", TextTest::like, "no_th%"}});
        CHECK(read("attribute:region matches \"^[a-z]+$\"") ==
              Condition{TextMatch{"attribute:region", TextTest::matches, "^[a-z]+$"}});
        CHECK(read("city not like \"a%\"") == negation({TextMatch{"city", TextTest::like, "a%"}}));
        CHECK(read("city not matches $p") == negation({TextMatch{"city", TextTest::matches, Parameter{"p"}}}));
    }

    TEST_CASE("anniversaries and sequences") {
        CHECK(read("anniversary of attribute:birthday today") == Condition{Anniversary{"attribute:birthday", 1}});
        CHECK(read("anniversary of attribute:birthday in next 1 day") ==
              Condition{Anniversary{"attribute:birthday", 1}});
        CHECK(read("anniversary of attribute:birthday in next 7 days in own zone") ==
              Condition{Anniversary{"attribute:birthday", 7, "own"}});
        CHECK(read("anniversary of \"any of it\" today in zone \"UTC\"") ==
              Condition{Anniversary{"any of it", 1, "UTC"}});
        CHECK(read("sequence (interactions where act = \"sent\" then no interactions where act = \"replied\" within 7 "
                   "days) in last 30 days") ==
              Condition{Sequence{{{FactKind::interactions, equal("act", "sent")},
                                  {FactKind::interactions, equal("act", "replied"), true, 7 * day_ms}},
                                 Rolling{30 * day_ms}}});
        CHECK(read("sequence (consents then results within 1 hour then no dialogues)") ==
              Condition{Sequence{
                  {{FactKind::consents}, {FactKind::results, {}, false, 3'600'000}, {FactKind::dialogues, {}, true}},
                  Ever{}}});
    }

    TEST_CASE("roles are counted") {
        const auto count = [](HasRole of) {
            return Condition{Comparison{RoleCount{std::move(of)}, Relation::at_least, 2.0}};
        };
        CHECK(read("count of current roles student of \"nursing\" >= 2") ==
              count({RolePeriod::current, RoleKind::student, {"nursing"}}));
        CHECK(read("count of roles >= 2") == count({}));
        CHECK(read("count of former role >= 2") == count({RolePeriod::former}));
        CHECK(read("count of ever roles at (\"Ede\", \"Zwolle\") >= 2") ==
              count({RolePeriod::ever, {}, {}, {"Ede", "Zwolle"}}));
        CHECK(read("count of roles in (1)") == Condition{OneOf{RoleCount{}, {1.0}}});
        CHECK(read("count of roles staff is known") ==
              Condition{IsKnown{RoleCount{{RolePeriod::current, RoleKind::staff}}}});
    }

    TEST_CASE("relations lead to people or organisations") {
        using alloquy::model::OrganisationKind;
        using alloquy::model::RelationKind;
        CHECK(read("relation guardian_of to person where (in segment \"at risk\")") ==
              Condition{Related{RolePeriod::current, RelationKind::guardian_of, Condition{InSegment{"at risk"}}}});
        CHECK(read("relation to person where engagement = 1 and engagement = 2") ==
              Condition{All{{{Related{RolePeriod::current, {}, is(1)}}, is(2)}}});
        CHECK(read("ever relation sibling_of to person") ==
              Condition{Related{RolePeriod::ever, RelationKind::sibling_of}});
        CHECK(read("former relation works_at to organisation \"A\"") ==
              Condition{Related{RolePeriod::former, RelationKind::works_at, {}, true, {"A"}}});
        CHECK(read("relation works_at to organisation (\"A\",\"B\") of kind employer") ==
              Condition{Related{
                  RolePeriod::current, RelationKind::works_at, {}, true, {"A", "B"}, OrganisationKind::employer}});
        CHECK(read("current relation to organisation") == Condition{Related{RolePeriod::current, {}, {}, true}});
        CHECK(read("relation to organisation of kind school") ==
              Condition{Related{RolePeriod::current, {}, {}, true, {}, OrganisationKind::school}});
        CHECK(read("relation to person where some results where fraction > 1 and relation to person") ==
              Condition{All{
                  {{Related{RolePeriod::current,
                            {},
                            Condition{Comparison{Aggregate{Function::count, "", FactKind::results,
                                                           Condition{Comparison{"fraction", Relation::greater, 1.0}}},
                                                 Relation::at_least, 1.0}}}},
                   {Related{}}}}});
    }

    TEST_CASE("obligations, dialogues, enrolments and lists") {
        CHECK(read("open obligation") == Condition{HasObligation{}});
        CHECK(read("open obligation \"intake\" due within 7 days") ==
              Condition{HasObligation{ObligationState::open, {"intake"}, 7 * day_ms}});
        CHECK(read("open obligation due within 1 week") ==
              Condition{HasObligation{ObligationState::open, {}, 7 * day_ms}});
        CHECK(read("overdue obligation (\"fee\",\"intake\")") ==
              Condition{HasObligation{ObligationState::overdue, {"fee", "intake"}}});
        CHECK(read("fulfilled obligation") == Condition{HasObligation{ObligationState::fulfilled}});
        CHECK(read("waived obligation") == Condition{HasObligation{ObligationState::waived}});
        CHECK(read("open dialogue about \"housing\" with \"student desk\" of tone complaint") ==
              Condition{HasDialogue{true, {"housing"}, {"student desk"}, {"complaint"}}});
        CHECK(read("closed dialogue about (\"a\",\"b\") with (\"c\",\"d\") of tone (neutral, \"question\")") ==
              Condition{HasDialogue{false, {"a", "b"}, {"c", "d"}, {"neutral", "question"}}});
        CHECK(read("open dialogue") == Condition{HasDialogue{}});
        CHECK(read("enrolment with status (enrolled, interrupted) of \"nursing\"") ==
              Condition{HasEnrolment{{"enrolled", "interrupted"}, {"nursing"}}});
        CHECK(read("enrolment with status \"passed\"") == Condition{HasEnrolment{{"passed"}, {}}});
        CHECK(read("enrolment of \"x\"") == Condition{HasEnrolment{{}, {"x"}}});
        CHECK(read("enrolment or enrolment") == Condition{Any{{{HasEnrolment{}}, {HasEnrolment{}}}}});
        CHECK(read("on list \"open day\"") == Condition{OnList{"open day"}});
    }

    TEST_CASE("other segments are asked for now, for so long, or for what happened in a window") {
        CHECK(read("in segment \"a\"") == Condition{InSegment{"a"}});
        CHECK(read("in segment \"a\" for 14 days") ==
              Condition{InSegment{"a", MembershipTest::since, Ever{}, 14 * day_ms}});
        CHECK(read("was in segment \"a\" in last 30 days") ==
              Condition{InSegment{"a", MembershipTest::was, Rolling{30 * day_ms}}});
        CHECK(read("was in segment \"a\"") == Condition{InSegment{"a", MembershipTest::was}});
        CHECK(read("entered segment \"a\" in last 7 days") ==
              Condition{InSegment{"a", MembershipTest::entered, Rolling{7 * day_ms}}});
        CHECK(read("left segment \"a\" since the start of this term") ==
              Condition{InSegment{"a", MembershipTest::left, AcademicWindow{AcademicUnit::term, false}}});
        CHECK(
            read("left segment \"a\" from 2026-01-01 and true") ==
            Condition{All{{{InSegment{"a", MembershipTest::left, DayRange{Day::from_ymd(2026, 1, 1), {}}}}, {All{}}}}});
    }

    TEST_CASE("a word of the language is a field where a test stands right behind") {
        for (const std::string word :
             {"count",   "sum",    "mean",        "least",     "greatest", "first",     "last",        "distinct",
              "most",    "days",   "no",          "some",      "values",   "sequence",  "anniversary", "relation",
              "open",    "closed", "overdue",     "fulfilled", "waived",   "enrolment", "on",          "was",
              "entered", "left",   "role",        "today",     "where",    "like",      "matches",     "then",
              "within",  "from",   "since",       "has",       "zone",     "own",       "for",         "list",
              "person",  "roles",  "interactions"}) {
            CAPTURE(word);
            const Catalogue one{{{word, FieldType::number}}};
            CHECK(parse(word + " < 1", one) == number_test(word, Relation::less, 1));
            CHECK(parse(word + " != 1", one) == negation(equal(word, 1.0)));
            CHECK(parse(word + " in (1)", one) == Condition{OneOf{word, {1.0}}});
            CHECK(parse(word + " not in (1)", one) == negation({OneOf{word, {1.0}}}));
            CHECK(parse(word + " is known", one) == Condition{IsKnown{word}});
            CHECK(parse(word + " between 1 and 2", one) == Condition{Between{word, 1.0, 2.0}});
            CHECK(parse('"' + word + "\" < 1", one) == number_test(word, Relation::less, 1));
            const Catalogue text{{{word, FieldType::text}, {word + ":x", FieldType::text}}};
            CHECK(parse(word + " like \"a\"", text) == Condition{TextMatch{word, TextTest::like, "a"}});
            CHECK(parse(word + " not matches \"a\"", text) == negation({TextMatch{word, TextTest::matches, "a"}}));
            CHECK(parse(word + ":x ends with \"a\"", text) ==
                  Condition{TextMatch{word + ":x", TextTest::ends_with, "a"}});
        }
        const Catalogue both{{{"count", FieldType::number}, {"was", FieldType::number}}};
        CHECK(parse("count in (1) and count of results in (1) and was in (1) and was in segment \"a\"", both) ==
              Condition{All{{{OneOf{"count", {1.0}}},
                             {OneOf{Aggregate{Function::count, "", FactKind::results}, {1.0}}},
                             {OneOf{"was", {1.0}}},
                             {InSegment{"a", MembershipTest::was}}}}});
    }

    TEST_CASE("comments reach to the end of the line, or from /* to the first */") {
        const Condition both{All{{is(1), is(2)}}};
        CHECK(read("/* a */engagement/**/=/* # \" */1 and/*\n*\n/\n***/engagement = 2 /* /* */") == both);
        CHECK(read("engagement = 1 # /* no comment\nand engagement = 2") == both);
        CHECK(read("city = \"/* a */\"") == equal("city", "/* a */"));
        complains_at("true /* open", 1, 6, "closing '*/'");
        complains_at("true\n /*/", 2, 2, "closing '*/'");
        complains_at("true /* a */ */", 1, 14);
        complains_at("true /", 1, 6);
        complains_at("/* \u20ac\n\u20ac */ !", 2, 6);
        complains_at("/* a */ nonsense = 1", 1, 9, "there is no field");
    }

    TEST_CASE("errors in aggregates, windows and durations stand at their place") {
        complains_at("count", 1, 6, "expected 'of', got the end");
        complains_at("count of", 1, 9, "the name of a kind of facts, got the end");
        complains_at("count of interaction > 1", 1, 10, "did you mean \"interactions\"?");
        complains_at("count of rols > 1", 1, 10, "did you mean \"roles\"?");
        complains_at("count of \"interactions\" > 1", 1, 10, "the name of a kind of facts");
        complains_at("count of current students > 1", 1, 18, "expected 'roles'");
        complains_at("count of roles studnet > 1", 1, 16, "did you mean \"student\"?");
        complains_at("count of results", 1, 17, "expected a test");
        complains_at("count of results > \"a\"", 1, 20, "expected a number");
        complains_at("count of results contains \"a\"", 1, 18, "is no text");
        complains_at("sum of results > 1", 1, 5, "the name of a field");
        complains_at("sum fracton of results > 1", 1, 5, "did you mean \"fraction\"?");
        complains_at("sum assessment of results > 1", 1, 5, "a field of numbers");
        complains_at("most frequent fraction of results = \"a\"", 1, 15, "a field of texts");
        complains_at("most frequnt topic of interactions = \"a\"", 1, 6, "did you mean \"frequent\"?");
        complains_at("most frequent topic of interactions > \"a\"", 1, 37, "texts have no order");
        complains_at("last text of interactions = \"a\"", 1, 6, "only looked at within 'where'");
        complains_at("distinct text of interactions > 1", 1, 10, "only looked at within 'where'");
        complains_at("days since frist of results > 1", 1, 12, "did you mean \"first\"?");
        complains_at("days sinc first of results > 1", 1, 6, "did you mean \"since\"?");
        complains_at("mean fraction in results > 1", 1, 15, "expected 'of'");
        complains_at("cuont of results > 1", 1, 1, "did you mean \"count\"?");
        complains_at("no interaction", 1, 4, "did you mean \"interactions\"?");
        complains_at("count of results where > 1", 1, 24, "a test of a field of results");
        complains_at("count of results where fractoin > 1", 1, 24, "results have no field \"fractoin\"; did you mean");
        complains_at("count of results where engagement > 1", 1, 24, "a field of the person");
        complains_at("count of results where attribute:x = 1", 1, 24, "a field of the person");
        complains_at("count of results where channel = \"a\"", 1, 24, "results have no field");
        for (const std::string_view other :
             {"role student", "in segment \"a\"", "consent to \"a\"", "random 1 % of \"a\"", "count of results > 1",
              "no results", "current role", "on list \"a\"", "relation to person", "open obligation", "enrolment",
              "was in segment \"a\"", "values of channel of interactions has only (\"a\")"}) {
            CAPTURE(other);
            complains_at("no interactions where " + std::string{other}, 1, 23, "'where' looks at nothing else");
            complains_at("no interactions where (true and not " + std::string{other}, 1, 37, "looks at nothing else");
        }
        complains_at("no interactions where text = \"a\"", 1, 28, "only looked at");
        complains_at("no interactions where text in (\"a\")", 1, 28, "only looked at");
        complains_at("no interactions where text not in (\"a\")", 1, 32, "only looked at");
        complains_at("no interactions where text < \"a\"", 1, 28, "only looked at");
        complains_at("no interactions where text between 1 and 2", 1, 28, "only looked at");
        complains_at("no results in lst 30 days", 1, 15, "did you mean \"last\"?");
        complains_at("no results in last week", 1, 20, "a duration");
        complains_at("no results in last 30", 1, 22, "milliseconds, seconds");
        complains_at("no results in last 30 dayz", 1, 23, "did you mean \"days\"?");
        complains_at("no results in last 3 months", 1, 22, "days or weeks");
        complains_at("no results in last 0 days", 1, 20, "a whole number from 1");
        complains_at("no results in last -1 days", 1, 20, "a whole number from 1");
        complains_at("no results in last 1.5 days", 1, 20, "a whole number from 1");
        complains_at("no results in last 36526 days", 1, 20, "a hundred years");
        complains_at("no results in last 3155760000001 milliseconds", 1, 20, "a hundred years");
        complains_at("no results in last 1e300 weeks", 1, 20, "a hundred years");
        complains_at("no results in last $n days", 1, 20, "a duration");
        complains_at("no results in this weak", 1, 20, "did you mean \"week\"?");
        complains_at("no results in previous academic term", 1, 33, "expected 'year'");
        complains_at("no results since the end of this term", 1, 22, "expected 'start'");
        complains_at("no results since the start of previous term", 1, 31, "expected 'this'");
        complains_at("no results from today", 1, 17, "a day such as");
        complains_at("no results to \"x\"", 1, 15, "a day such as");
        complains_at("no results from 2026-02-01 to 2026-01-31", 1, 31, "not before the first");
        complains_at("no results in this week in zone UTC", 1, 33, "the name of a zone");
        complains_at("no results in this week in zone \"\"", 1, 33, "not empty");
        complains_at("no results in this week in zone \"own\"", 1, 33, "in own zone");
        complains_at("no results in this week in own zoen", 1, 32, "did you mean \"zone\"?");
        complains_at("no results in last 3 days in own zone", 1, 27, "expected 'and', 'or' or the end");
    }

    TEST_CASE("errors in days counted from today, sets, patterns and anniversaries stand at their place") {
        complains_at("engagement = today", 1, 14, "expected a number");
        complains_at("city = today", 1, 8, "expected a text");
        complains_at("attribute:x = today - days", 1, 23, "a whole number of days");
        complains_at("attribute:x = today - -3 days", 1, 23, "a whole number of days");
        complains_at("attribute:x = today + 1.5 days", 1, 21, "at most 10,000");
        complains_at("attribute:x = today + 10001 days", 1, 21, "at most 10,000");
        complains_at("attribute:x = today -10001 days", 1, 21, "at most 10,000");
        complains_at("attribute:x = today + 3 hours", 1, 25, "days, weeks, months");
        complains_at("attribute:x = today + 3 monts", 1, 25, "did you mean \"months\"?");
        complains_at("attribute:x = today 3 days", 1, 21, "expected 'and', 'or' or the end");
        complains_at("attribute:x = tomorrow", 1, 15, "expected a value");
        complains_at("values channel of interactions has only (\"a\")", 1, 8, "expected 'of'");
        complains_at("values of chanel of interactions has only (\"a\")", 1, 11, "did you mean \"channel\"?");
        complains_at("values of text of interactions has only (\"a\")", 1, 11, "only looked at within");
        complains_at("values of channel of interactions = \"a\"", 1, 35, "expected 'has'");
        complains_at("values of channel of interactions has some of (\"a\")", 1, 39, "'any of', 'all of'");
        complains_at("values of channel of interactions has any (\"a\")", 1, 43, "expected 'of'");
        complains_at("values of channel of interactions has only \"a\"", 1, 44, "expected '('");
        complains_at("values of channel of interactions has only ()", 1, 45, "expected a value");
        complains_at("values of channel of interactions has only (3)", 1, 45, "expected a text");
        complains_at("values of fraction of results has only (\"a\")", 1, 41, "expected a number");
        complains_at("engagement like \"a\"", 1, 12, "a test of a number");
        complains_at("city like 3", 1, 11, "a text in double quotes");
        complains_at("city liek \"a\"", 1, 6, "did you mean \"like\"?");
        complains_at("city like \"a\\\\b\"", 1, 11, "behind the backslash");
        complains_at("city matches \"a(b\"", 1, 14, "character 2: ");
        complains_at("city not matches \"[a\"", 1, 18, "character 1: ");
        complains_at("anniversary attribute:x today", 1, 13, "expected 'of'");
        complains_at("anniversary of 3 today", 1, 16, "the name of an attribute");
        complains_at("anniversary of engagement today", 1, 16, "expected an attribute");
        complains_at("anniversary of nothing today", 1, 16, "expected an attribute");
        complains_at("anniversary of attribute:x", 1, 27, "'today' or 'in next");
        complains_at("anniversary of attribute:x tody", 1, 28, "did you mean \"today\"?");
        complains_at("anniversary of attribute:x in last 3 days", 1, 31, "expected 'next'");
        complains_at("anniversary of attribute:x in next week", 1, 36, "a number of days");
        complains_at("anniversary of attribute:x in next 0 days", 1, 36, "from 1 to 366");
        complains_at("anniversary of attribute:x in next 367 days", 1, 36, "from 1 to 366");
        complains_at("anniversary of attribute:x in next 1.5 days", 1, 36, "from 1 to 366");
        complains_at("anniversary of attribute:x in next 2 weeks", 1, 38, "expected 'days'");
        CHECK(read("anniversary of attribute:x in next 366 days") == Condition{Anniversary{"attribute:x", 366}});
    }

    TEST_CASE("errors in sequences, relations, obligations and the like stand at their place") {
        complains_at("sequence interactions", 1, 10, "expected '('");
        complains_at("sequence (results)", 1, 18, "expected 'then'");
        complains_at("sequence (no results then results)", 1, 11, "only the last step may be absent");
        complains_at("sequence (results then no results then results)", 1, 35, "only the last step may be absent");
        complains_at("sequence (results within 1 day then results)", 1, 19, "from the step before");
        complains_at("sequence (results then rseults)", 1, 24, "did you mean \"results\"?");
        complains_at("sequence (results then results within 0 days)", 1, 39, "a whole number from 1");
        complains_at("sequence (results then results in last 3 days)", 1, 32, "expected ')'");
        complains_at("sequence (results then results", 1, 31, "expected ')', got the end");
        std::string nine = "sequence (results";
        for (int i = 0; i < 7; ++i) nine += " then results";
        CHECK(std::get<Sequence>(read(nine + ')').node).steps.size() == 8);
        complains_at(nine + " then results)", 1, 17 + 7 * 13 + 2, "at most 8 steps");
        complains_at("relation", 1, 9, "the name of a relation, got the end");
        complains_at("relation gaurdian_of to person", 1, 10, "did you mean \"guardian_of\"?");
        complains_at("relation guardian_of person", 1, 22, "expected 'to'");
        complains_at("relation to persn", 1, 13, "did you mean \"person\"?");
        complains_at("relation to organisation A", 1, 26, "expected 'and', 'or' or the end");
        complains_at("relation to organisation of employer", 1, 29, "expected 'kind'");
        complains_at("relation to organisation of kind emploier", 1, 34, "did you mean \"employer\"?");
        complains_at("relation to organisation of kind \"employer\"", 1, 34, "the name of a kind of organisation");
        complains_at("relation to person where", 1, 25, "expected a condition");
        complains_at("relation to person where relation to person", 1, 26, "without relations");
        complains_at("relation to person where (true or not former relation to organisation)", 1, 46,
                     "without relations");
        complains_at("former rol student", 1, 8, "did you mean \"role\"?");
        complains_at("open", 1, 5, "expected 'obligation' or 'dialogue'");
        complains_at("open dialog", 1, 6, "did you mean \"dialogue\"?");
        complains_at("closed obligation", 1, 8, "expected 'dialogue'");
        complains_at("overdue dialogue", 1, 9, "expected 'obligation'");
        complains_at("open obligation intake", 1, 17, "expected 'and', 'or' or the end");
        complains_at("open obligation due in 3 days", 1, 21, "expected 'within'");
        complains_at("open obligation (\"a\" \"b\")", 1, 22, "expected ')'");
        complains_at("overdue obligation due within 3 days", 1, 20, "of open obligations");
        complains_at("open dialogue about housing", 1, 21, "the name of a topic");
        complains_at("open dialogue with desk", 1, 20, "the name of a team");
        complains_at("open dialogue of complaint", 1, 18, "expected 'tone'");
        complains_at("open dialogue of tone complant", 1, 23, "did you mean \"complaint\"?");
        complains_at("open dialogue of tone (question, \"complant\")", 1, 34, "did you mean \"complaint\"?");
        complains_at("open dialogue of tone ()", 1, 24, "the name of a tone");
        complains_at("enrolment with enrolled", 1, 16, "expected 'status'");
        complains_at("enrolment with status enroled", 1, 23, "did you mean \"enrolled\"?");
        complains_at("enrolment of nursing", 1, 14, "the name of a programme");
        complains_at("on lst \"a\"", 1, 4, "did you mean \"list\"?");
        complains_at("on list a", 1, 9, "the name of a list");
        complains_at("was segment \"a\"", 1, 5, "expected 'in'");
        complains_at("was in segmnet \"a\"", 1, 8, "did you mean \"segment\"?");
        complains_at("entered \"a\"", 1, 9, "expected 'segment'");
        complains_at("left segment a", 1, 14, "the name of a segment");
        complains_at("in segment \"a\" for ever", 1, 20, "a duration");
        complains_at("in segment \"a\" in last 3 days", 1, 16, "expected 'and', 'or' or the end");
        complains_at("entered segment \"a\" for 3 days", 1, 21, "expected 'and', 'or' or the end");
    }

    TEST_CASE("levels within where count like any others") {
        const auto nested = [](std::size_t brackets) {
            return repeated("(", brackets) + "relation to person where " + repeated("(", 50) + "no results where " +
                   repeated("(", 50) + "fraction = 1" + repeated(")", 100) + repeated(")", brackets);
        };
        CHECK_NOTHROW((void)read(nested(98)));  // 98 + 50 + 50 brackets and two wheres
        CHECK(complaint(nested(99)).message.find("200") != std::string::npos);
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
            "count of \"Secret\"",
            "count of results \"Secret\"",
            "sum \"x\" \"Secret\"",
            "no results where fraction = \"Secret\"",
            "no interactions where text = \"Secret\"",
            "no results in last \"Secret\"",
            "no results since \"Secret\"",
            "no results in this week in zone \"UTC\" \"Secret\"",
            "values of channel of interactions has \"Secret\"",
            "city like \"Secret\\\\x\"",
            "city matches \"(Secret\"",
            "city matches \"Secret[b-a]\"",
            "anniversary of attribute:x \"Secret\"",
            "sequence (\"Secret\")",
            "relation \"Secret\" to person",
            "relation to \"Secret\"",
            "relation to organisation of kind \"Secret\"",
            "open \"Secret\"",
            "open obligation \"a\" \"Secret\"",
            "open dialogue of tone \"Secret\"",
            "enrolment with status (passed, \"Secret\")",
            "relation to organisation Secret",
            "on list Secret",
            "on \"Secret\"",
            "was in \"Secret\"",
            "in segment \"a\" for \"Secret\"",
            "true /* Secret",
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
