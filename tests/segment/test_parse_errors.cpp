// Where an error stands and what it says.

#include <alloquy/segment/parse.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/condition.hpp>

#include "parse_support.hpp"

using namespace alloquy::segment;
using namespace parse_test;

TEST_SUITE("segment/parse_errors") {
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
