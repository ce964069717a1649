#include <alloquy/segment/text.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"
#include "random_condition.hpp"

using namespace alloquy::segment;
using alloquy::model::RoleKind;
using alloquy::support::Random;
using alloquy::support::random_condition;
using alloquy::time::Day;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

const Catalogue catalogue{{{"engagement", FieldType::number},
                           {"visits", FieldType::number},
                           {"city", FieldType::text},
                           {"role", FieldType::text},
                           {"segment", FieldType::number},
                           {"in", FieldType::number},
                           {"of", FieldType::text},
                           {"random", FieldType::any},
                           {"response:e mail", FieldType::number},
                           {"response:in", FieldType::number},
                           {"not:x", FieldType::number},
                           // Words that begin a condition of their own, unless a test stands behind them.
                           {"was", FieldType::any},
                           {"count", FieldType::any},
                           {"first", FieldType::text},
                           {"no", FieldType::number},
                           {"open", FieldType::any},
                           {"relation", FieldType::text},
                           {"enrolment:x", FieldType::number},
                           {"sequence", FieldType::any},
                           {"a:b:c", FieldType::text},
                           {":start", FieldType::number},
                           {"end:", FieldType::number},
                           {"9 lives", FieldType::number},
                           {"\u00fcber", FieldType::any},
                           {"quote \" slash \\ tab \t line \n", FieldType::any}}};

Condition known(std::string field) {
    return {IsKnown{std::move(field)}};
}
Condition negation(Condition of) {
    return {Not{std::move(of)}};
}
Condition all(std::vector<Condition> of) {
    return {All{std::move(of)}};
}
Condition any(std::vector<Condition> of) {
    return {Any{std::move(of)}};
}
std::string text_of(Value value) {
    return to_text({Comparison{"x", Relation::equal, std::move(value)}});
}

}  // namespace

TEST_SUITE("segment/text") {
    TEST_CASE("brackets stand only where the tree would read back as another one") {
        const Condition a = known("a");
        const Condition b = known("b");
        const Condition c = known("c");
        CHECK(to_text(a) == "a is known");
        CHECK(to_text(all({a, b, c})) == "a is known and b is known and c is known");
        CHECK(to_text(any({a, b, c})) == "a is known or b is known or c is known");
        CHECK(to_text(any({all({a, b}), c})) == "a is known and b is known or c is known");
        CHECK(to_text(all({any({a, b}), c})) == "(a is known or b is known) and c is known");
        CHECK(to_text(all({a, any({b, c})})) == "a is known and (b is known or c is known)");
        CHECK(to_text(all({all({a, b}), c})) == "(a is known and b is known) and c is known");
        CHECK(to_text(any({a, any({b, c})})) == "a is known or (b is known or c is known)");
        CHECK(to_text(negation(all({a, b}))) == "not (a is known and b is known)");
        CHECK(to_text(negation(any({a, b}))) == "not (a is known or b is known)");
        CHECK(to_text(all({negation(all({a, b})), c})) == "not (a is known and b is known) and c is known");
        CHECK(to_text(negation(negation(any({a, b})))) == "not not (a is known or b is known)");
        CHECK(to_text(any({negation({InSegment{"q"}}), {HasRole{}}})) == "not in segment \"q\" or role");
        CHECK(to_text(all({})) == "true");
        CHECK(to_text(any({})) == "false");
        CHECK(to_text(negation(all({}))) == "not true");
        CHECK(to_text(all({any({}), negation(any({}))})) == "false and not false");
    }

    TEST_CASE("a Not takes the short form of its test where there is one") {
        CHECK(to_text(negation(known("a"))) == "a is unknown");
        CHECK(to_text(negation(negation(known("a")))) == "not a is unknown");
        CHECK(to_text(negation({Comparison{"a", Relation::equal, 1.0}})) == "a != 1");
        CHECK(to_text(negation({Comparison{"a", Relation::less, 1.0}})) == "not a < 1");
        CHECK(to_text(negation(negation({Comparison{"a", Relation::equal, 1.0}}))) == "not a != 1");
        CHECK(to_text(negation({Between{"a", 1.0, 2.0}})) == "a not between 1 and 2");
        CHECK(to_text(negation({OneOf{"a", {1.0, 2.0}}})) == "a not in (1, 2)");
        CHECK(to_text(negation({TextMatch{"a", TextTest::starts_with, "x"}})) == "a not starts with \"x\"");
        CHECK(to_text(negation({HasRole{}})) == "not role");
        CHECK(to_text(negation({Stated{false, "news", {}}})) == "not consent to \"news\"");
        CHECK(to_text(negation({RandomPart{0, 5, "p"}})) == "not random 5 % of \"p\"");
    }

    TEST_CASE("each leaf has one text") {
        CHECK(to_text({Comparison{"a", Relation::less, 1.0}}) == "a < 1");
        CHECK(to_text({Comparison{"a", Relation::at_most, 1.0}}) == "a <= 1");
        CHECK(to_text({Comparison{"a", Relation::greater, 1.0}}) == "a > 1");
        CHECK(to_text({Comparison{"a", Relation::at_least, 1.0}}) == "a >= 1");
        CHECK(to_text({Comparison{"a", Relation::equal, 1.0}}) == "a = 1");
        CHECK(to_text({Between{"a", 1.0, Parameter{"p"}}}) == "a between 1 and $p");
        CHECK(to_text({OneOf{"a", {std::string{"x"}}}}) == "a in (\"x\")");
        CHECK(to_text({TextMatch{"a", TextTest::contains, "x"}}) == "a contains \"x\"");
        CHECK(to_text({TextMatch{"a", TextTest::ends_with, Parameter{"p"}}}) == "a ends with $p");
        CHECK(to_text({HasRole{RolePeriod::former, RoleKind::student, {"nursing"}, {"Zwolle", "Ede"}}}) ==
              "former role student of \"nursing\" at (\"Zwolle\", \"Ede\")");
        CHECK(to_text({HasRole{RolePeriod::ever, {}, {}, {"Ede"}}}) == "ever role at \"Ede\"");
        CHECK(to_text({HasRole{RolePeriod::current, RoleKind::employer_contact, {}, {}}}) == "role employer_contact");
        CHECK(to_text({Stated{true, "news", "sms"}}) == "objection to \"news\" by \"sms\"");
        CHECK(to_text({RandomPart{0, 10, "p"}}) == "random 10 % of \"p\"");
        CHECK(to_text({RandomPart{10, 33.5, "p"}}) == "random 10 % to 33.5 % of \"p\"");
        CHECK(to_text({InSegment{"quiet"}}) == "in segment \"quiet\"");
    }

    TEST_CASE("what is counted is written out, with its where and window") {
        const auto text = [](Operand of) { return to_text({Comparison{std::move(of), Relation::greater, 1.0}}); };
        const Condition email{Comparison{"channel", Relation::equal, "email"}};
        CHECK(text(Aggregate{}) == "count of interactions > 1");
        CHECK(text(Aggregate{Function::count, "", FactKind::interactions, email, Rolling{30 * day_ms}}) ==
              "count of interactions where channel = \"email\" in last 30 days > 1");
        CHECK(text(Aggregate{Function::sum, "quantity", FactKind::interactions, any({email, known("tone")})}) ==
              "sum quantity of interactions where (channel = \"email\" or tone is known) > 1");
        CHECK(text(Aggregate{Function::mean, "fraction", FactKind::results, negation(known("assessment"))}) ==
              "mean fraction of results where assessment is unknown > 1");
        CHECK(text(Aggregate{Function::least, "weight", FactKind::obligations, negation(all({email, email}))}) ==
              "least weight of obligations where not (channel = \"email\" and channel = \"email\") > 1");
        CHECK(text(Aggregate{Function::greatest, "fraction", FactKind::results}) == "greatest fraction of results > 1");
        CHECK(text(Aggregate{Function::first, "fraction", FactKind::results}) == "first fraction of results > 1");
        CHECK(text(Aggregate{Function::last, "fraction", FactKind::results}) == "last fraction of results > 1");
        CHECK(text(Aggregate{Function::distinct, "programme", FactKind::enrolments}) ==
              "distinct programme of enrolments > 1");
        CHECK(to_text({IsKnown{Aggregate{Function::most_frequent, "topic", FactKind::dialogues}}}) ==
              "most frequent topic of dialogues is known");
        CHECK(text(Aggregate{Function::days_since_first, "", FactKind::consents}) ==
              "days since first of consents > 1");
        CHECK(text(Aggregate{Function::days_since_last, "", FactKind::results}) == "days since last of results > 1");
        CHECK(text(RoleCount{{RolePeriod::current, RoleKind::student, {"nursing"}}}) ==
              "count of roles student of \"nursing\" > 1");
        CHECK(text(RoleCount{{RolePeriod::former}}) == "count of former roles > 1");
        // The short forms are written back in the long one.
        CHECK(to_text(parse("no results", catalogue)) == "count of results = 0");
        CHECK(to_text(parse("not no results", catalogue)) == "count of results != 0");
        CHECK(to_text(parse("some results", catalogue)) == "count of results >= 1");
    }

    TEST_CASE("windows and durations are written in the largest unit that is exact") {
        const auto text = [](Window window) {
            const std::string whole = to_text({InSegment{"a", MembershipTest::was, std::move(window)}});
            return whole.substr(std::string_view{"was in segment \"a\""}.size());
        };
        CHECK(text(Ever{}) == "");
        CHECK(text(Rolling{1}) == " in last 1 millisecond");
        CHECK(text(Rolling{1001}) == " in last 1001 milliseconds");
        CHECK(text(Rolling{60'000}) == " in last 1 minute");
        CHECK(text(Rolling{61'000}) == " in last 61 seconds");
        CHECK(text(Rolling{5'400'000}) == " in last 90 minutes");
        CHECK(text(Rolling{36 * 3'600'000}) == " in last 36 hours");
        CHECK(text(Rolling{10 * day_ms}) == " in last 10 days");
        CHECK(text(Rolling{14 * day_ms}) == " in last 2 weeks");
        CHECK(text(Rolling{3'155'760'000'000}) == " in last 36525 days");
        CHECK(text(DayRange{Day::from_ymd(2026, 1, 1), Day::from_ymd(2026, 1, 31)}) ==
              " from 2026-01-01 to 2026-01-31");
        CHECK(text(DayRange{Day::from_ymd(2026, 1, 1), {}, "own"}) == " from 2026-01-01 in own zone");
        CHECK(text(DayRange{{}, Day::from_ymd(2026, 1, 31), "UTC"}) == " to 2026-01-31 in zone \"UTC\"");
        CHECK(text(CalendarWindow{CalendarUnit::quarter, false}) == " in this quarter");
        CHECK(text(CalendarWindow{CalendarUnit::month, true, "own"}) == " in previous month in own zone");
        CHECK(text(AcademicWindow{AcademicUnit::term, false}) == " in this term");
        CHECK(text(AcademicWindow{AcademicUnit::academic_year, true, "UTC"}) ==
              " in previous academic year in zone \"UTC\"");
    }

    TEST_CASE("each further leaf has one text") {
        CHECK(text_of(RelativeDay{}) == "x = today");
        CHECK(text_of(RelativeDay{-30, CalendarUnit::day}) == "x = today - 30 days");
        CHECK(text_of(RelativeDay{1, CalendarUnit::month, "own"}) == "x = today + 1 month in own zone");
        CHECK(text_of(RelativeDay{0, CalendarUnit::week}) == "x = today + 0 weeks");
        CHECK(to_text({SetTest{"channel", FactKind::interactions, {}, Ever{}, SetRelation::all_of, {"a", "b"}}}) ==
              "values of channel of interactions has all of (\"a\", \"b\")");
        CHECK(to_text({SetTest{"fraction", FactKind::results, {}, Ever{}, SetRelation::only, {0.5}}}) ==
              "values of fraction of results has only (0.5)");
        CHECK(to_text({Anniversary{"attribute:birthday", 1}}) == "anniversary of attribute:birthday today");
        CHECK(to_text({Anniversary{"attribute:birthday", 7, "own"}}) ==
              "anniversary of attribute:birthday in next 7 days in own zone");
        CHECK(to_text({Sequence{{{FactKind::interactions, Condition{Comparison{"act", Relation::equal, "sent"}}},
                                 {FactKind::results, {}, true, 3 * day_ms}},
                                Rolling{day_ms}}}) ==
              "sequence (interactions where act = \"sent\" then no results within 3 days) in last 1 day");
        using alloquy::model::OrganisationKind;
        using alloquy::model::RelationKind;
        CHECK(to_text({Related{}}) == "relation to person");
        CHECK(to_text({Related{RolePeriod::former, RelationKind::guardian_of, Condition{InSegment{"a"}}}}) ==
              "former relation guardian_of to person where in segment \"a\"");
        CHECK(to_text({Related{RolePeriod::ever, {}, all({known("city"), known("visits")})}}) ==
              "ever relation to person where (city is known and visits is known)");
        CHECK(to_text({Related{RolePeriod::current, {}, {}, true}}) == "relation to organisation");
        CHECK(to_text({Related{
                  RolePeriod::current, RelationKind::works_at, {}, true, {"A", "B"}, OrganisationKind::employer}}) ==
              "relation works_at to organisation (\"A\", \"B\") of kind employer");
        CHECK(to_text({HasObligation{ObligationState::open, {"fee"}, 3 * day_ms}}) ==
              "open obligation \"fee\" due within 3 days");
        CHECK(to_text({HasObligation{ObligationState::waived, {}, {}}}) == "waived obligation");
        CHECK(to_text({HasDialogue{true, {"housing"}, {"desk", "b"}, {"complaint"}}}) ==
              "open dialogue about \"housing\" with (\"desk\", \"b\") of tone complaint");
        CHECK(to_text({HasDialogue{false, {}, {}, {"neutral", "question"}}}) ==
              "closed dialogue of tone (neutral, question)");
        CHECK(to_text({HasEnrolment{{"enrolled", "passed"}, {"nursing"}}}) ==
              "enrolment with status (enrolled, passed) of \"nursing\"");
        CHECK(to_text({HasEnrolment{}}) == "enrolment");
        CHECK(to_text({OnList{"open day"}}) == "on list \"open day\"");
        CHECK(to_text({InSegment{"a", MembershipTest::since, Ever{}, 3 * day_ms}}) == "in segment \"a\" for 3 days");
        CHECK(to_text({InSegment{"a", MembershipTest::entered}}) == "entered segment \"a\"");
        CHECK(to_text({InSegment{"a", MembershipTest::left}}) == "left segment \"a\"");
        CHECK(to_text({TextMatch{"a", TextTest::like, "x%"}}) == "a like \"x%\"");
        CHECK(to_text(negation({TextMatch{"a", TextTest::matches, "x"}})) == "a not matches \"x\"");
    }

    TEST_CASE("texts escape quotes, backslashes, line ends and tabs, and nothing else") {
        CHECK(text_of("") == "x = \"\"");
        CHECK(text_of("a\"b") == R"(x = "a\"b")");
        CHECK(text_of("a\\b") == R"(x = "a\\b")");
        CHECK(text_of("\\\"") == R"(x = "\\\"")");
        CHECK(text_of("a\nb\tc") == R"(x = "a\nb\tc")");
        CHECK(text_of("D\u00fcren # %") == "x = \"D\u00fcren # %\"");
        CHECK(to_text({InSegment{"a\"\n"}}) == R"(in segment "a\"\n")");
        CHECK(to_text({HasRole{RolePeriod::current, {}, {"a\\"}, {}}}) == R"(role of "a\\")");
    }

    TEST_CASE("numbers have their shortest form, and zero has no sign") {
        CHECK(text_of(0.0) == "x = 0");
        CHECK(text_of(-0.0) == "x = 0");
        CHECK(text_of(0.1) == "x = 0.1");
        CHECK(text_of(-2.5) == "x = -2.5");
        CHECK(text_of(0.1 + 0.2) == "x = 0.30000000000000004");  // the textbook sum, IEEE 754
        CHECK(text_of(2026.0) == "x = 2026");
        CHECK(text_of(1e21) == "x = 1e+21");
        CHECK(text_of(5e-324) == "x = 5e-324");
        CHECK(text_of(std::numeric_limits<double>::max()) == "x = 1.7976931348623157e+308");
        CHECK(to_text(parse("visits between -0 and 30 %", catalogue)) == "visits between 0 and 0.3");
        CHECK(to_text(parse("random -0 % to 1e1 % of \"p\"", catalogue)) == "random 10 % of \"p\"");
    }

    TEST_CASE("days, truths and parameters are written as they are read") {
        CHECK(text_of(Day::from_ymd(2026, 9, 1)) == "x = 2026-09-01");
        CHECK(text_of(Day::from_ymd(1, 1, 1)) == "x = 0001-01-01");
        CHECK(text_of(true) == "x = true");
        CHECK(text_of(false) == "x = false");
        CHECK(text_of(Parameter{"p"}) == "x = $p");
    }

    TEST_CASE("names of fields have quotes only where they need them") {
        CHECK(to_text(known("a_B9")) == "a_B9 is known");
        CHECK(to_text(known("e mail")) == "\"e mail\" is known");
        CHECK(to_text(known("9lives")) == "\"9lives\" is known");
        CHECK(to_text(known("\u00fcber")) == "\"\u00fcber\" is known");
        CHECK(to_text(known("in")) == "\"in\" is known");
        CHECK(to_text(known("role")) == "role is known");
        CHECK(to_text(known("segment")) == "segment is known");
        CHECK(to_text(known("count")) == "count is known");
        CHECK(to_text({OneOf{"was", {1.0}}}) == "was in (1)");
        CHECK(to_text(known("attribute:region")) == "attribute:region is known");
        CHECK(to_text(known("attribute:in")) == "attribute:in is known");
        CHECK(to_text(known("response:e mail")) == "response:\"e mail\" is known");
        CHECK(to_text(known("not:x")) == "\"not\":x is known");
        CHECK(to_text(known("a:b:c")) == "a:\"b:c\" is known");
        CHECK(to_text(known(":a")) == "\":a\" is known");
        CHECK(to_text(known("a:")) == "\"a:\" is known");
        CHECK(to_text(known("a\"b")) == R"("a\"b" is known)");
    }

    TEST_CASE("spelling does not matter: equal conditions have one text") {
        const std::string text = "not (engagement < 0.3 or city in (\"a\", \"b\")) and visits != 2";
        for (const std::string_view other :
             {"not(engagement<30%or city in(\"a\",\"b\"))and visits!=2",
              "# remark\nnot ((engagement < 3e-1) or (city in (\"a\" , \"b\")))\nand not (visits = +2.0)",
              "(not (\"engagement\" < 0.30 or (city in (\"a\", \"b\"))) and (visits != 2))"}) {
            CHECK(to_text(parse(other, catalogue)) == text);
        }
    }

    TEST_CASE("a field whose first part is the word role reads back") {
        const Catalogue one{{{"role:x", FieldType::number}}};
        for (const Condition& condition : {known("role:x"), Condition{Comparison{"role:x", Relation::less, 1.0}},
                                           negation({OneOf{"role:x", {1.0}}})}) {
            CHECK(parse(to_text(condition), one) == condition);
        }
    }

    TEST_CASE("any condition that parse() can make reads back equal, and its text as the same text") {
        std::set<std::size_t> kinds;
        for (std::uint64_t seed = 1; seed <= 8000; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const Condition condition = random_condition(random, static_cast<int>(seed % 6), {&catalogue});
            kinds.insert(condition.node.index());
            const std::string text = to_text(condition);
            CAPTURE(text);
            CHECK(text.find('\n') == std::string::npos);
            const Condition again = parse(text, catalogue);
            CHECK(again == condition);
            CHECK(to_text(again) == text);
        }
        CHECK(kinds.size() == std::variant_size_v<decltype(Condition::node)>);
    }

    TEST_CASE("the deepest conditions that parse() takes read back") {
        for (const std::string& unit : {std::string{"not "}, std::string{"true and (false or ("}}) {
            std::optional<Condition> deepest;
            for (std::size_t times = 1; times <= 200; ++times) {
                std::string text;
                for (std::size_t i = 0; i < times; ++i) text += unit;
                text += "visits < 1";
                if (unit.back() == '(') text += std::string(2 * times, ')');
                try {
                    deepest = parse(text, catalogue);
                } catch (const alloquy::ParseError&) {
                    break;
                }
            }
            REQUIRE(deepest.has_value());
            CHECK(parse(to_text(*deepest), catalogue) == *deepest);
        }
    }
}
