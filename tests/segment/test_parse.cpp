#include <alloquy/segment/parse.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/time/day.hpp>

#include "parse_support.hpp"

using namespace alloquy::segment;
using namespace parse_test;
using alloquy::model::RoleKind;
using alloquy::time::Day;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

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
}
