#include <alloquy/segment/evaluate.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/id.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/time/day.hpp>

#include "evaluate_support.hpp"

using namespace alloquy::segment;
using namespace evaluate_test;

TEST_SUITE("segment/evaluate") {
    TEST_CASE("numbers are compared as numbers") {
        const Person person = with("score", 0.5);
        const std::vector<std::tuple<std::string, bool, bool, bool>> relations{
            // against less, equal, more
            {"=", false, true, false}, {"!=", true, false, true}, {"<", false, false, true},
            {"<=", false, true, true}, {">", true, false, false}, {">=", true, true, false},
        };
        for (const auto& [relation, less, equal, more] : relations) {
            const std::string& sign = relation;
            CAPTURE(sign);
            CHECK(is_true("score " + sign + " 0.25", person) == less);
            CHECK(is_true("score " + sign + " 50 %", person) == equal);
            CHECK(is_true("score " + sign + " 0.75", person) == more);
        }
        CHECK(is_true("score = 0", with("score", -0.0)));
        CHECK(is_true("score = -0", with("score", 0.0)));
        CHECK_FALSE(is_true("score < 0", with("score", -0.0)));
        CHECK(is_true("score < 5e-324", with("score", 0.0)));
    }

    TEST_CASE("days have an order; texts and truths are equal or not, byte by byte") {
        const Person born = with("attribute:born", Day::from_ymd(2006, 8, 31));
        CHECK(is_true("attribute:born < 2006-09-01", born));
        CHECK(is_true("attribute:born = 2006-08-31", born));
        CHECK_FALSE(is_true("attribute:born > 2006-08-31", born));
        CHECK(is_true("attribute:born between 2006-08-31 and 2006-08-31", born));
        CHECK_FALSE(is_true("attribute:born between 2006-09-01 and 2007-08-31", born));
        const Person ede = with("city", "Ede");
        CHECK(is_true("city = \"Ede\"", ede));
        CHECK_FALSE(is_true("city = \"ede\"", ede));
        CHECK_FALSE(is_true("city = \"Ede \"", ede));
        CHECK(is_true("city != \"ede\"", ede));
        // The same letter as one code point and as two is not the same bytes.
        CHECK_FALSE(is_true("city = \"\u00e9\"", with("city", "e\u0301")));
        const Person fresh = with("attribute:new", true);
        CHECK(is_true("attribute:new = true", fresh));
        CHECK_FALSE(is_true("attribute:new = false", fresh));
        CHECK(is_true("attribute:new != false", fresh));
        for (const Relation relation : {Relation::less, Relation::at_most, Relation::greater, Relation::at_least}) {
            CHECK_FALSE(holds({Comparison{"city", relation, "Ede"}}, ede));
            CHECK_FALSE(holds({Comparison{"attribute:new", relation, true}}, fresh));
            CHECK_FALSE(holds({Comparison{"attribute:new", relation, false}}, fresh));
        }
    }

    TEST_CASE("no test of what is missing holds, and not turns that round") {
        const Person nobody;
        const Person stated_missing = with("score", std::monostate{});
        for (const std::string test : {"score = 1", "score < 1", "score <= 1", "score > 1", "score >= 1",
                                       "score between -9e9 and 9e9", "score in (1, 2)", "city contains \"\"",
                                       "city starts with \"\"", "city ends with \"\"", "score is known"}) {
            CAPTURE(test);
            CHECK_FALSE(is_true(test, nobody));
            CHECK_FALSE(is_true(test, stated_missing));
            CHECK(is_true("not " + test, nobody));
            CHECK(is_true("not " + test, stated_missing));
            CHECK_FALSE(is_true("not not " + test, nobody));
        }
        for (const std::string test : {"score != 1", "score not between 1 and 2", "score not in (1)",
                                       "city not contains \"x\"", "score is unknown"}) {
            CAPTURE(test);
            CHECK(is_true(test, nobody));
            CHECK_FALSE(is_true("not " + test, nobody));
        }
        CHECK_FALSE(is_true("score != 1 and score is known", nobody));
    }

    TEST_CASE("no test of a value of another type holds, and not turns that round") {
        const std::vector<std::pair<AttributeValue, std::string>> values{
            {true, "true"}, {1.0, "1"}, {Day::from_ymd(2026, 1, 1), "2026-01-01"}, {std::string{"1"}, "\"1\""}};
        for (const auto& value : values) {
            const std::string& own = value.second;
            const Person person = with("thing", value.first);
            for (const auto& against : values) {
                const std::string& text = against.second;
                CAPTURE(own);
                CAPTURE(text);
                const bool same = own == text;
                CHECK(is_true("thing = " + text, person) == same);
                CHECK(is_true("thing != " + text, person) == !same);
                CHECK(is_true("thing in (" + text + ", " + text + ')', person) == same);
                if (text == "true" || text[0] == '"') continue;
                CHECK(is_true("thing <= " + text, person) == same);
                CHECK(is_true("thing >= " + text, person) == same);
                CHECK(is_true("thing between " + text + " and " + text, person) == same);
                CHECK_FALSE(is_true("thing < " + text, person));
                CHECK(is_true("not thing < " + text, person));
            }
            CHECK(is_true("thing is known", person));
            CHECK(is_true("thing contains \"1\"", person) == (own == "\"1\""));
        }
        // Both ends must be of the value's type.
        CHECK_FALSE(is_true("thing between 0 and 2026-01-01", with("thing", 1.0)));
    }

    TEST_CASE("between includes both ends and nothing when they are the wrong way round") {
        for (const auto& each : {std::pair{1.999, false}, std::pair{2.0, true}, std::pair{3.0, true},
                                 std::pair{5.0, true}, std::pair{5.001, false}}) {
            const double number = each.first;
            const bool inside = each.second;
            CAPTURE(number);
            CHECK(is_true("score between 2 and 5", with("score", number)) == inside);
            CHECK(is_true("score not between 2 and 5", with("score", number)) == !inside);
            CHECK_FALSE(is_true("score between 5 and 2", with("score", number)));
        }
    }

    TEST_CASE("a text test looks at bytes, case included, and every text holds the empty one") {
        const Person person = with("city", "Den Haag");
        CHECK(is_true("city contains \"n H\"", person));
        CHECK(is_true("city contains \"Den Haag\"", person));
        CHECK_FALSE(is_true("city contains \"n h\"", person));
        CHECK_FALSE(is_true("city contains \"Den Haag \"", person));
        CHECK(is_true("city starts with \"Den\"", person));
        CHECK_FALSE(is_true("city starts with \"Haag\"", person));
        CHECK(is_true("city ends with \"Haag\"", person));
        CHECK_FALSE(is_true("city ends with \"Den\"", person));
        for (const std::string test : {"contains", "starts with", "ends with"}) {
            CHECK(is_true("city " + test + " \"\"", person));
            CHECK(is_true("city " + test + " \"\"", with("city", std::string{})));
            CHECK_FALSE(is_true("city " + test + " \"x\"", with("city", std::string{})));
        }
        CHECK(is_true("city = \"\"", with("city", std::string{})));
        CHECK(is_true("city is known", with("city", std::string{})));
    }

    TEST_CASE("and of nothing holds, or of nothing does not") {
        CHECK(holds({All{}}, Person{}));
        CHECK_FALSE(holds({Any{}}, Person{}));
        CHECK_FALSE(is_true("not true", Person{}));
        CHECK_FALSE(is_true("true and false", Person{}));
        CHECK(is_true("false or true", Person{}));
        CHECK(is_true("true or true and false", Person{}));
        CHECK_FALSE(is_true("(true or true) and false", Person{}));
    }

    TEST_CASE("a parameter without a value is the caller's mistake") {
        const Person person = with("score", 1.0);
        for (const std::string text :
             {"score < $p", "score = $p", "score between $p and 2", "score between 0 and $p", "score in ($p)",
              "score in (0, $p)", "city contains $p", "not score > $p", "true and (false or score > $p)"}) {
            CAPTURE(text);
            CHECK_THROWS_AS((void)is_true(text, person), InvalidArgument);
            CHECK_THROWS_AS((void)segment::with_parameters(parse(text, catalogue), {}), InvalidArgument);
            CHECK_THROWS_AS((void)segment::with_parameters(parse(text, catalogue), {{"P", 1.0}}), InvalidArgument);
        }
        CHECK_THROWS_AS((void)is_true("score < $p", Person{}), InvalidArgument);
    }

    TEST_CASE("with_parameters() puts values wherever a parameter may stand and leaves the rest") {
        const Parameters ab{{"a", 1.0}, {"b", 2.0}};
        const std::vector<std::pair<std::string, std::string>> bound{
            {"score < $a and visits >= $b", "score < 1 and visits >= 2"},
            {"score between $a and $b", "score between 1 and 2"},
            {"score not between $b and $a", "score not between 2 and 1"},
            {"score in ($a, 7, $b, $a)", "score in (1, 7, 2, 1)"},
            {"not (score = $a or not not (visits != $b and true))",
             "not (score = 1 or not not (visits != 2 and true))"},
            {"thing = $a or attribute:x not in ($b)", "thing = 1 or attribute:x not in (2)"}};
        for (const auto& each : bound) {
            const auto& [given, expected] = each;
            const std::string& text = given;
            CAPTURE(text);
            const Condition condition = parse(text, catalogue);
            const Condition before = condition;
            CHECK(segment::with_parameters(condition, ab) == parse(expected, catalogue));
            CHECK(condition == before);
        }
        CHECK(segment::with_parameters(parse("city starts with $t or city = $t", catalogue), {{"t", "a\"b"}}) ==
              parse(R"(city starts with "a\"b" or city = "a\"b")", catalogue));
        CHECK(segment::with_parameters(parse("thing = $d or thing = $t", catalogue),
                                       {{"d", Day::from_ymd(2026, 9, 1)}, {"t", true}}) ==
              parse("thing = 2026-09-01 or thing = true", catalogue));
        const Condition plain = parse("score < 1 and role student and not random 5 % of \"p\"", catalogue);
        CHECK(segment::with_parameters(plain, {}) == plain);
    }

    TEST_CASE("with_parameters() refuses what is given for no parameter, and parameters as values") {
        const Condition condition = parse("score < $a or city = \"$b\"", catalogue);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", 1.0}, {"b", 2.0}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", 1.0}, {"$a", 2.0}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters({All{}}, {{"a", 1.0}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", Parameter{"b"}}}), InvalidArgument);
        CHECK_THROWS_AS((void)segment::with_parameters(condition, {{"a", Parameter{"a"}}}), InvalidArgument);
        try {
            (void)segment::with_parameters(parse("score < $a and visits < $b", catalogue), {{"a", 1.0}});
            CHECK_MESSAGE(false, "no error");
        } catch (const InvalidArgument& error) {
            CHECK(std::string_view{error.what()}.find("$b") != std::string_view::npos);
        }
    }

    TEST_CASE("a bound value of another type makes no test hold") {
        const Person person = with("score", 1.0);
        CHECK_FALSE(holds(segment::with_parameters(parse("score >= $a", catalogue), {{"a", "0"}}), person));
        CHECK_FALSE(
            holds(segment::with_parameters(parse("city contains $a", catalogue), {{"a", 1.0}}), with("city", "1")));
    }

    TEST_CASE("with_parameters() reaches every nested place") {
        const Parameters values{{"n", 2.0}, {"t", "money"}, {"u", "phone"}};
        const std::vector<std::pair<std::string, std::string>> bound{
            {"count of interactions where topic = $t >= $n and visits = 1 or city = $u",
             "count of interactions where topic = \"money\" >= 2 and visits = 1 or city = \"phone\""},
            {"sum quantity of interactions where (topic in ($t, $u) and not quantity between 1 and $n) < 3",
             "sum quantity of interactions where (topic in (\"money\", \"phone\") and not quantity between 1 and 2) < "
             "3"},
            {"most frequent topic of interactions where text contains $u in ($t) or score in ($n)",
             "most frequent topic of interactions where text contains \"phone\" in (\"money\") or score in (2)"},
            {"count of ever roles student between $n and 3 and city in ($t, $u)",
             "count of ever roles student between 2 and 3 and city in (\"money\", \"phone\")"},
            {"values of topic of interactions where quantity > $n in last 3 days has only ($t, \"x\", $u)",
             "values of topic of interactions where quantity > 2 in last 3 days has only (\"money\", \"x\", "
             "\"phone\")"},
            {"sequence (interactions where topic = $t then results then no interactions where (quantity < $n or "
             "channel = $u) within 2 days) in last 9 days",
             "sequence (interactions where topic = \"money\" then results then no interactions where (quantity < 2 or "
             "channel = \"phone\") within 2 days) in last 9 days"},
            {"relation guardian_of to person where (score < $n and not (city = $t or count of interactions where "
             "channel = $u = 0))",
             "relation guardian_of to person where (score < 2 and not (city = \"money\" or count of interactions where "
             "channel = \"phone\" = 0))"},
            {"some interactions where topic = $t and city starts with $u and score > $n",
             "some interactions where topic = \"money\" and city starts with \"phone\" and score > 2"},
            {"first topic of interactions contains $t or last topic of interactions like $u or visits != $n",
             "first topic of interactions contains \"money\" or last topic of interactions like \"phone\" or visits "
             "!= 2"}};
        for (const auto& each : bound) {
            const std::string& text = each.first;
            CAPTURE(text);
            const Condition condition = parse(text, catalogue);
            CHECK(segment::with_parameters(condition, values) == parse(each.second, catalogue));
            for (const std::string missing : {"n", "t", "u"}) {
                Parameters fewer = values;
                fewer.erase(missing);
                CHECK_THROWS_AS((void)segment::with_parameters(condition, fewer), InvalidArgument);
            }
            Parameters more = values;
            more["more"] = 1.0;
            CHECK_THROWS_AS((void)segment::with_parameters(condition, more), InvalidArgument);
        }
        const Parameters relative{{"d", RelativeDay{-2, CalendarUnit::week, {}}}};
        CHECK(segment::with_parameters(parse("attribute:on > $d", catalogue), relative) ==
              parse("attribute:on > today - 2 weeks", catalogue));
        for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
            CHECK_THROWS_AS((void)segment::with_parameters(parse("score < $n", catalogue), {{"n", number}}),
                            InvalidArgument);
        }
    }

    TEST_CASE("a parameter without a value is met in every nested place") {
        Person other;
        other.state.id = alloquy::PersonId{2};
        Person person = with_facts({contact("2026-01-01T00:00Z", {{"topic", "a"}, {"text", "b"}}),
                                    contact("2026-01-02T00:00Z", {{"topic", "a"}, {"text", "b"}})});
        person.others = {other};
        person.state.relations = {{model::RelationKind::mentor_of, alloquy::PersonId{2}, at("2026-01-01T00:00Z"), {}}};
        for (const std::string text :
             {"count of interactions > $p", "count of interactions where topic = $p > 1",
              "count of interactions where text contains $p > 1", "count of ever roles < $p",
              "some interactions where not topic = $p", "values of topic of interactions has any of ($p)",
              "values of topic of interactions has only ($p, \"a\")",
              "values of topic of interactions where topic = $p has none of (\"a\")",
              "sequence (interactions where topic = $p then interactions)",
              "sequence (interactions then interactions where topic = $p)",
              "sequence (interactions then no interactions where topic = $p)",
              "relation mentor_of to person where score < $p"}) {
            CAPTURE(text);
            CHECK_THROWS_AS((void)is_true(text, person), InvalidArgument);
        }
    }
}
