// Aggregates, filters, sets and sequences: what a condition sees of facts.

#include <alloquy/segment/evaluate.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/time/instant.hpp>

#include "evaluate_support.hpp"

using namespace alloquy::segment;
using namespace evaluate_test;
using std::chrono::milliseconds;

TEST_SUITE("segment/evaluate_facts") {
    // Aggregates ------------------------------------------------------------------------------------------------------

    TEST_CASE("numbers of facts: sum, mean, least, greatest, first, last and distinct of the values that there are") {
        const Person person = with_facts(
            {result("2026-01-01T00:00Z", 0.5), result("2026-01-02T00:00Z", 0.75), result("2026-01-02T00:00Z", 0.25),
             result("2026-01-03T00:00Z", std::monostate{}), result("2026-01-04T00:00Z", 0.5)});
        CHECK(is_true("count of results = 5", person));
        CHECK(is_true("sum fraction of results = 2", person));
        CHECK(is_true("mean fraction of results = 0.5", person));
        CHECK(is_true("least fraction of results = 0.25", person));
        CHECK(is_true("greatest fraction of results = 0.75", person));
        CHECK(is_true("first fraction of results = 0.5", person));
        CHECK(is_true("last fraction of results = 0.5", person));
        CHECK(is_true("distinct fraction of results = 3", person));
        // Of several at one instant the first is the least and the last the greatest.
        CHECK(is_true("first fraction of results from 2026-01-02 = 0.25", person));
        CHECK(is_true("last fraction of results to 2026-01-03 = 0.75", person));
        CHECK(is_true("mean fraction of results from 2026-01-02 to 2026-01-03 = 0.5", person));
        // A fact without a value is a fact, and has none.
        CHECK(is_true("count of results from 2026-01-03 to 2026-01-03 = 1", person));
        CHECK(is_true("sum fraction of results from 2026-01-03 to 2026-01-03 = 0", person));
        CHECK(is_true("distinct fraction of results from 2026-01-03 to 2026-01-03 = 0", person));
        for (const std::string name : {"mean", "least", "greatest", "first", "last"}) {
            CAPTURE(name);
            const std::string operand = name + " fraction of results from 2026-01-03 to 2026-01-03";
            CHECK(is_true(operand + " is unknown", person));
            CHECK_FALSE(is_true(operand + " <= 1", person));
            CHECK(is_true("not " + operand + " <= 1", person));
        }
        // Other kinds are other facts.
        CHECK(is_true("count of interactions = 0", person));
        CHECK(is_true("sum quantity of interactions = 0", person));
        CHECK(is_true("count of obligations = 0 and count of dialogues = 0 and count of enrolments = 0", person));
    }

    TEST_CASE("of nothing a count, a sum and a number of values are 0, all else is missing") {
        const Person nobody;
        for (const std::string zero : {"count of interactions", "sum quantity of interactions",
                                       "distinct channel of interactions", "distinct fraction of results"}) {
            CAPTURE(zero);
            CHECK(is_true(zero + " = 0", nobody));
            CHECK(is_true(zero + " is known", nobody));
        }
        CHECK(is_true("no interactions and not some interactions", nobody));
        for (const std::string missing :
             {"mean quantity of interactions", "least quantity of interactions", "greatest quantity of interactions",
              "first quantity of interactions", "last quantity of interactions", "days since first of interactions",
              "days since last of interactions"}) {
            CAPTURE(missing);
            CHECK(is_true(missing + " is unknown", nobody));
            CHECK_FALSE(is_true(missing + " >= 0", nobody));
            CHECK_FALSE(is_true(missing + " < 1", nobody));
            CHECK_FALSE(is_true(missing + " between -9e9 and 9e9", nobody));
            CHECK_FALSE(is_true(missing + " in (0, 1)", nobody));
            CHECK(is_true("not " + missing + " >= 0", nobody));
            CHECK(is_true(missing + " != 0", nobody));
        }
        for (const std::string missing :
             {"first topic of interactions", "last topic of interactions", "most frequent topic of interactions"}) {
            CAPTURE(missing);
            CHECK(is_true(missing + " is unknown", nobody));
            CHECK_FALSE(is_true(missing + " contains \"\"", nobody));
            CHECK(is_true(missing + " != \"a\"", nobody));
        }
    }

    TEST_CASE("a sum is added by instant and, at one instant, by value") {
        // In doubles 1e16 + 1 is 1e16. By instant 1e16 - 1e16 + 1 is 1; at one instant -1e16 comes before 1.
        const Person by_instant = with_facts(
            {result("2026-01-01T00:00Z", 1e16), result("2026-01-02T00:00Z", -1e16), result("2026-01-03T00:00Z", 1.0)});
        CHECK(is_true("sum fraction of results = 1", by_instant));
        const Person late = with_facts(
            {result("2026-01-01T00:00Z", 1.0), result("2026-01-02T00:00Z", 1e16), result("2026-01-03T00:00Z", -1e16)});
        CHECK(is_true("sum fraction of results = 0", late));
        for (const bool turned : {false, true}) {
            CAPTURE(turned);
            Person tie = with_facts({result("2026-01-01T00:00Z", 1e16), result("2026-01-02T00:00Z", 1.0),
                                     result("2026-01-02T00:00Z", -1e16)});
            if (turned) std::swap(tie.seen[1], tie.seen[2]);
            CHECK(is_true("sum fraction of results = 1", tie));
            CHECK(is_true("mean fraction of results between 0.333 and 0.334", tie));
            CHECK(is_true("first fraction of results from 2026-01-02 = -10000000000000000", tie));
            CHECK(is_true("last fraction of results = 1", tie));
        }
    }

    TEST_CASE("texts of facts: first, last, distinct and most frequent, ties told byte by byte") {
        const auto topic = [](std::string_view when, std::string_view word) {
            return contact(when, {{"topic", std::string{word}}});
        };
        for (const bool turned : {false, true}) {
            CAPTURE(turned);
            Person person = with_facts({contact("2026-01-01T00:00Z"), topic("2026-01-02T00:00Z", "b"),
                                        topic("2026-01-02T00:00Z", "a"), topic("2026-01-03T00:00Z", "c"),
                                        topic("2026-01-04T00:00Z", "Z"), topic("2026-01-04T00:00Z", "b"),
                                        contact("2026-01-05T00:00Z")});
            if (turned) {
                std::swap(person.seen[1], person.seen[2]);
                std::swap(person.seen[4], person.seen[5]);
            }
            CHECK(is_true("first topic of interactions = \"a\"", person));
            CHECK(is_true("last topic of interactions = \"b\"", person));  // 'Z' is before 'b'
            CHECK(is_true("distinct topic of interactions = 4", person));
            CHECK(is_true("most frequent topic of interactions = \"b\"", person));
            CHECK(is_true("most frequent topic of interactions to 2026-01-04 = \"b\"", person));
            CHECK(is_true("most frequent topic of interactions to 2026-01-03 = \"a\"", person));
            CHECK(is_true("most frequent topic of interactions from 2026-01-03 = \"Z\"", person));
            CHECK(is_true("first topic of interactions starts with \"a\"", person));
            CHECK(is_true("last topic of interactions in (\"x\", \"b\")", person));
            CHECK_FALSE(is_true("last topic of interactions in (\"x\", \"Z\")", person));
            CHECK(is_true("count of interactions = 7", person));
            CHECK(is_true("first topic of interactions to 2026-01-01 is unknown", person));
        }
    }

    TEST_CASE("days since the first and the last fact are of 24 hours, with their parts") {
        const Person person = with_facts({contact("2026-08-30T00:00Z", {{"channel", "email"}}),
                                          contact("2026-08-31T12:00Z", {{"channel", "phone"}})});
        CHECK(is_true("days since first of interactions = 2", person));
        CHECK(is_true("days since last of interactions = 0.5", person));
        CHECK(is_true("days since last of interactions where channel = \"email\" = 2", person));
        CHECK(is_true("days since first of interactions in last 1 day = 0.5", person));
        CHECK(is_true("days since first of interactions in last 1 hour is unknown", person));
        CHECK(is_true_at("days since last of interactions = 0", person, at("2026-08-31T12:00Z")));
        CHECK(is_true_at("days since last of interactions > 0", person, at("2026-08-31T12:00:00.001Z")));
        // The fact after the question is not there yet.
        CHECK(is_true_at("days since last of interactions = 1.25", person, at("2026-08-31T06:00Z")));
    }

    // Filters and sets ------------------------------------------------------------------------------------------------

    TEST_CASE("a filter lets through the facts of which it holds, missing values as everywhere") {
        const Person person =
            with_facts({contact("2026-01-01T00:00Z", {{"channel", "email"}, {"topic", "money"}, {"quantity", 1.0}}),
                        contact("2026-01-02T00:00Z",
                                {{"channel", "email"}, {"quantity", 3.0}, {"text", "Wanneer moet ik betalen?"}}),
                        contact("2026-01-03T00:00Z", {{"channel", "phone"}, {"topic", "housing"}, {"quantity", 2.0}}),
                        contact("2026-01-04T00:00Z", {{"topic", "money"}, {"text", "50 % off_now"}})});
        const auto count = [&](const std::string& where, int expected) {
            CAPTURE(where);
            CHECK(is_true("count of interactions where " + where + " = " + std::to_string(expected), person));
        };
        count("channel = \"email\"", 2);
        count("channel = \"fax\"", 0);
        count("(channel = \"email\" and topic = \"money\")", 1);
        count("(channel = \"phone\" or topic = \"money\")", 3);
        count("channel != \"email\"", 2);
        count("not channel = \"email\"", 2);
        count("(channel != \"email\" and channel is known)", 1);
        count("topic is known", 3);
        count("topic is unknown", 1);
        count("quantity >= 2", 2);
        count("quantity between 1 and 2", 2);
        count("not quantity >= 2", 2);
        count("quantity in (1, 3)", 2);
        count("channel in (\"email\", \"phone\")", 3);
        count("channel not in (\"email\", \"phone\")", 1);
        count("topic contains \"ous\"", 1);
        count("topic starts with \"mon\"", 2);
        count("topic ends with \"g\"", 1);
        count("topic like \"h%g\"", 1);
        count("topic like \"_oney\"", 2);
        count("topic like \"oney\"", 0);
        count("topic matches \"^(money|housing)$\"", 3);
        count("topic matches \"o[nu]\"", 3);
        count("text contains \"betalen\"", 1);
        count("text contains \"Betalen\"", 0);
        count("text is known", 2);
        count("not text contains \"betalen\"", 3);
        count("text like \"50 \\\\% off\\\\_now\"", 1);
        count("text like \"%\\\\_%\"", 1);
        count("text ends with \"?\"", 1);
        count("text matches \"[0-9]+ %\"", 1);
        count("true", 4);
        count("false", 0);
        CHECK(is_true("sum quantity of interactions where channel = \"email\" = 4", person));
        CHECK(is_true("sum quantity of interactions where channel = \"email\" from 2026-01-02 = 3", person));
        CHECK(is_true("some interactions where channel = \"phone\" from 2026-01-03 to 2026-01-03", person));
        CHECK(is_true("no interactions where channel = \"phone\" from 2026-01-04", person));
    }

    TEST_CASE("a set of values found stands to the set asked for in four ways") {
        const Person person = with_facts({contact("2026-01-01T00:00Z", {{"channel", "email"}, {"quantity", 1.0}}),
                                          contact("2026-01-02T00:00Z", {{"channel", "phone"}, {"quantity", 2.0}}),
                                          contact("2026-01-03T00:00Z", {{"channel", "email"}, {"quantity", 1.0}}),
                                          contact("2026-01-04T00:00Z")});
        const auto has = [&](const std::string& test, const std::string& window = "") {
            return is_true("values of channel of interactions " + window + " has " + test, person);
        };
        CHECK(has("any of (\"email\", \"fax\")"));
        CHECK_FALSE(has("any of (\"fax\", \"Email\")"));
        CHECK(has("all of (\"email\", \"phone\")"));
        CHECK(has("all of (\"email\", \"email\")"));
        CHECK_FALSE(has("all of (\"email\", \"phone\", \"fax\")"));
        CHECK(has("none of (\"fax\")"));
        CHECK_FALSE(has("none of (\"fax\", \"phone\")"));
        CHECK(has("only (\"phone\", \"email\")"));
        CHECK(has("only (\"phone\", \"email\", \"fax\")"));
        CHECK_FALSE(has("only (\"email\")"));
        CHECK(has("only (\"email\")", "from 2026-01-03"));
        CHECK(has("only (\"email\")", "where quantity = 1"));
        CHECK_FALSE(has("any of (\"phone\")", "where quantity = 1"));
        // Nothing is found: no facts, or none with a value.
        for (const std::string window : {"from 2026-01-05", "from 2026-01-04", "where channel = \"fax\""}) {
            CAPTURE(window);
            CHECK_FALSE(has("any of (\"email\")", window));
            CHECK_FALSE(has("all of (\"email\")", window));
            CHECK(has("none of (\"email\")", window));
            CHECK_FALSE(has("only (\"email\")", window));
        }
        CHECK(is_true("values of quantity of interactions has all of (1, 2)", person));
        CHECK(is_true("values of quantity of interactions has only (1, 2)", person));
        CHECK_FALSE(is_true("values of quantity of interactions has any of (3)", person));
    }

    TEST_CASE("facts of every kind are counted by their own fields") {
        const Person person = with_facts(
            {fact("2026-01-01T00:00Z", FactKind::obligations, {{"kind", "fee"}, {"step", "opened"}, {"weight", 10.0}}),
             fact("2026-01-02T00:00Z", FactKind::dialogues, {{"step", "opened"}, {"topic", "housing"}}),
             fact("2026-01-03T00:00Z", FactKind::enrolments, {{"programme", "law"}, {"status", "enrolled"}}),
             fact("2026-01-04T00:00Z", FactKind::consents, {{"purpose", "news"}, {"decision", "withdrawn"}}),
             fact("2026-01-05T00:00Z", FactKind::obligations, {{"kind", "fee"}, {"step", "fulfilled"}})});
        CHECK(is_true("count of obligations where step = \"opened\" = 1", person));
        CHECK(is_true("sum weight of obligations where kind = \"fee\" = 10", person));
        CHECK(is_true("last step of obligations = \"fulfilled\"", person));
        CHECK(is_true("some dialogues where (topic = \"housing\" and team is unknown)", person));
        CHECK(is_true("first status of enrolments = \"enrolled\"", person));
        CHECK(is_true("values of decision of consents has only (\"withdrawn\", \"objected\")", person));
        CHECK(is_true("no interactions and no results", person));
        CHECK(is_true("sequence (enrolments then consents then obligations where step = \"fulfilled\")", person));
        CHECK_FALSE(is_true("sequence (enrolments then dialogues)", person));
    }

    // Sequences -------------------------------------------------------------------------------------------------------

    TEST_CASE("each step of a sequence is strictly later than the one before it and at most its within after it") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const auto found = [](const std::string& steps, std::vector<SeenFact> facts) {
            return is_true("sequence (" + steps + ")", with_facts(std::move(facts)));
        };
        const std::string two = "interactions where act = \"sent\" then interactions where act = \"replied\"";
        CHECK(found(two, {after(0, "sent"), after(1, "replied")}));
        CHECK_FALSE(found(two, {after(0, "sent"), after(0, "replied")}));
        CHECK_FALSE(found(two, {after(0, "replied"), after(1, "sent")}));
        CHECK_FALSE(found(two, {after(0, "sent")}));
        CHECK_FALSE(found(two, {after(0, "replied")}));
        CHECK_FALSE(found(two, {}));
        CHECK(found(two, {after(0, "sent"), after(0, "replied"), after(86'400'000'000, "opened")}) == false);
        // What is at one instant has no order: the later of two replies will do.
        CHECK(found(two, {after(0, "replied"), after(0, "sent"), after(2, "replied")}));
        const std::string within = two + " within 1 second";
        CHECK(found(within, {after(0, "sent"), after(1000, "replied")}));
        CHECK_FALSE(found(within, {after(0, "sent"), after(1001, "replied")}));
        CHECK(found(within, {after(0, "sent"), after(10, "sent"), after(1010, "replied")}));
        CHECK(found(within, {after(0, "sent"), after(1, "replied"), after(10, "sent")}));
        CHECK_FALSE(found(within, {after(0, "sent"), after(1001, "replied"), after(1002, "sent")}));
        // The same fact does not serve for two steps.
        CHECK_FALSE(found("interactions then interactions", {after(0, "sent")}));
        CHECK_FALSE(found("interactions then interactions", {after(0, "sent"), after(0, "sent")}));
        CHECK(found("interactions then interactions", {after(0, "sent"), after(1, "sent")}));
    }

    TEST_CASE("any choice of facts for the steps of a sequence will do") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const std::string three =
            "sequence (interactions where act = \"sent\" then interactions where act = \"opened\" within 5 "
            "milliseconds then interactions where act = \"replied\" within 5 milliseconds)";
        // The first opening is too early for the reply, the second is not.
        CHECK(is_true(three,
                      with_facts({after(0, "sent"), after(3, "opened"), after(5, "opened"), after(10, "replied")})));
        // The second opening is too late for the sending.
        CHECK_FALSE(is_true(
            three, with_facts({after(0, "sent"), after(3, "opened"), after(6, "opened"), after(10, "replied")})));
        // A second sending saves it.
        CHECK(is_true(three, with_facts({after(0, "sent"), after(1, "sent"), after(3, "opened"), after(6, "opened"),
                                         after(10, "replied")})));
        // A later opening may follow a later sending alone and still not reach.
        CHECK_FALSE(is_true(three, with_facts({after(0, "sent"), after(5, "opened"), after(20, "sent"),
                                               after(26, "opened"), after(30, "replied")})));
        const std::string eight =
            "sequence (interactions then interactions then interactions then interactions then interactions then "
            "interactions then interactions then interactions)";
        std::vector<SeenFact> facts;
        for (int i = 0; i < 7; ++i) facts.push_back(after(i, "sent"));
        CHECK_FALSE(is_true(eight, with_facts(facts)));
        facts.push_back(after(6, "sent"));
        CHECK_FALSE(is_true(eight, with_facts(facts)));
        facts.push_back(after(7, "sent"));
        CHECK(is_true(eight, with_facts(facts)));
    }

    TEST_CASE("the window of a sequence is that of its first step alone") {
        Person person = with_facts({act(at("2026-06-01T00:00Z"), "sent"), act(at("2026-06-10T00:00Z"), "replied")});
        const std::string steps =
            "sequence (interactions where act = \"sent\" then interactions where act = \"replied\") ";
        CHECK(is_true(steps + "from 2026-06-01 to 2026-06-01", person));
        CHECK_FALSE(is_true(steps + "from 2026-06-02", person));
        CHECK(is_true(steps + "to 2026-06-05", person));
        CHECK(is_true_at(steps + "in last 10 days", person, at("2026-06-10T23:59:59.999Z")));
        CHECK_FALSE(is_true_at(steps + "in last 10 days", person, at("2026-06-11T00:00Z")));
        CHECK_FALSE(is_true_at(steps, person, at("2026-06-09T23:59:59.999Z")));
        const std::string silent =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"opened\" within 2 days) ";
        CHECK(is_true_at(silent + "in last 10 days", person, at("2026-06-10T23:59:59.999Z")));
        CHECK_FALSE(is_true_at(silent + "in last 10 days", person, at("2026-06-11T00:00Z")));
    }

    TEST_CASE("a last step that is absent holds without within where none has come up to now") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const std::string none =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\")";
        const Person person = with_facts({after(0, "sent"), after(5, "replied"), after(10, "sent")});
        CHECK_FALSE(is_true_at(none, person, t - milliseconds{1}));
        CHECK(is_true_at(none, person, t));
        CHECK(is_true_at(none, person, t + milliseconds{4}));
        CHECK_FALSE(is_true_at(none, person, t + milliseconds{5}));
        CHECK_FALSE(is_true_at(none, person, t + milliseconds{9}));
        CHECK(is_true_at(none, person, t + milliseconds{10}));
        // A reply at the very instant is not after it.
        CHECK(is_true(none, with_facts({after(0, "replied"), after(0, "sent")})));
        CHECK_FALSE(is_true(none, with_facts({after(0, "replied"), after(0, "sent"), after(1, "replied")})));
        CHECK_FALSE(is_true(none, Person{}));
    }

    TEST_CASE("a last step that is absent within a time holds once that time is over") {
        const Instant t = at("2026-06-01T12:00Z");
        const auto after = [&](std::int64_t ms, std::string_view what) { return act(t + milliseconds{ms}, what); };
        const std::string none =
            "sequence (interactions where act = \"sent\" then no interactions where act = \"replied\" within 1 second)";
        const auto silent_at = [&](std::int64_t ms, const Person& person) {
            return is_true_at(none, person, t + milliseconds{ms});
        };
        const Person quiet = with_facts({after(0, "sent")});
        CHECK_FALSE(silent_at(0, quiet));
        CHECK_FALSE(silent_at(999, quiet));
        CHECK(silent_at(1000, quiet));  // facts at the instant are there, so nothing of the stretch is open
        CHECK(silent_at(1001, quiet));
        CHECK(silent_at(1'000'000, quiet));
        // (at, at + within]: the end belongs to it, the beginning does not.
        const Person at_end = with_facts({after(0, "sent"), after(1000, "replied")});
        CHECK_FALSE(silent_at(1000, at_end));
        CHECK_FALSE(silent_at(1001, at_end));
        CHECK_FALSE(silent_at(1'000'000, at_end));
        const Person too_late = with_facts({after(0, "sent"), after(1001, "replied")});
        CHECK(silent_at(1001, too_late));
        CHECK(silent_at(2000, too_late));
        const Person same = with_facts({after(0, "sent"), after(0, "replied")});
        CHECK(silent_at(1001, same));
        const Person soon = with_facts({after(0, "sent"), after(1, "replied")});
        CHECK_FALSE(silent_at(5000, soon));
        // One sending without a reply is enough.
        const Person second = with_facts({after(0, "sent"), after(1, "replied"), after(2000, "sent")});
        CHECK_FALSE(silent_at(2999, second));
        CHECK(silent_at(3001, second));
        const Person first = with_facts({after(0, "sent"), after(2000, "sent"), after(2001, "replied")});
        CHECK(silent_at(1001, first));
        CHECK(silent_at(9000, first));
        // The absent step counts from the step before it, of any choice of the others.
        const std::string chain =
            "sequence (results then interactions where act = \"sent\" then no interactions where act = \"replied\" "
            "within 1 second)";
        Person person = with_facts(
            {after(0, "sent"), result("2026-06-01T12:00:05Z", 1.0), after(6000, "sent"), after(7000, "replied")});
        CHECK_FALSE(is_true_at(chain, person, t + milliseconds{8000}));
        person.seen.push_back(after(8000, "sent"));
        CHECK(is_true_at(chain, person, t + milliseconds{9001}));
    }
}
