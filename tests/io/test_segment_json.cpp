#include <alloquy/io/segment_json.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <alloquy/error.hpp>
#include <alloquy/segment/check.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/text.hpp>

#include "../../src/io/positioned_json.hpp"
#include "../../src/io/segment_condition.hpp"
#include "../segment/random_condition.hpp"
#include "../support/random.hpp"

namespace {

using namespace alloquy::segment;
using alloquy::InvalidArgument;
using alloquy::ParseError;
using alloquy::io::Checker;
using alloquy::io::condition_from;
using alloquy::io::condition_from_json;
using alloquy::io::condition_json_depth;
using alloquy::io::condition_to_json;
using alloquy::io::PositionedJson;
using alloquy::support::Random;
using alloquy::support::random_condition;
using nlohmann::json;

const Catalogue catalogue{{{"engagement", FieldType::number},
                           {"visits", FieldType::number},
                           {"city", FieldType::text},
                           {"any of it", FieldType::any},
                           {"response:e mail", FieldType::number}}};

struct Pair {
    const char* text;
    const char* json;
};
/// The same condition in both forms, written by hand after the table of condition_to_json().
constexpr Pair pairs[]{
    {R"(true)", R"({"all":[]})"},
    {R"(false)", R"({"any":[]})"},
    {R"(engagement < 0.3)", R"({"field":"engagement","less":0.3})"},
    {R"(engagement <= 1 and visits > 2 or visits >= 1e300)",
     R"({"any":[{"all":[{"field":"engagement","at_most":1},{"field":"visits","greater":2}]},)"
     R"({"field":"visits","at_least":1e+300}]})"},
    {R"(not (visits = 2 or city != "a/b~\"\\ é"))",
     R"({"not":{"any":[{"field":"visits","equal":2},{"not":{"field":"city","equal":"a/b~\"\\ é"}}]}})"},
    {R"(visits not between 2 and $most)", R"({"not":{"field":"visits","between":[2,{"parameter":"most"}]}})"},
    {R"(city in ("a", $b))", R"({"field":"city","one_of":["a",{"parameter":"b"}]})"},
    {R"(city contains "a" and city starts with "b" and city ends with $c)",
     R"({"all":[{"field":"city","contains":"a"},{"field":"city","starts_with":"b"},)"
     R"({"field":"city","ends_with":{"parameter":"c"}}]})"},
    {R"(city like "a\\_%" or city matches "^a\\.")",
     R"({"any":[{"field":"city","like":"a\\_%"},{"field":"city","matches":"^a\\."}]})"},
    {R"(city is known and "response:e mail" is unknown)",
     R"({"all":[{"field":"city","known":true},{"not":{"field":"response:e mail","known":true}}]})"},
    {R"(attribute:x > 2026-01-01)", R"({"field":"attribute:x","greater":{"day":"2026-01-01"}})"},
    {R"(attribute:x = true)", R"({"field":"attribute:x","equal":true})"},
    {R"(attribute:x < today - 30 days)", R"({"field":"attribute:x","less":{"today":-30,"unit":"day"}})"},
    {R"(attribute:x < today + 2 months in own zone)",
     R"({"field":"attribute:x","less":{"today":2,"unit":"month","zone":"own"}})"},
    {R"(count of interactions where channel = "email" in last 30 days >= 3)",
     R"({"count":{"of":"interactions","where":{"field":"channel","equal":"email"},"in":{"last":{"days":30}}},)"
     R"("at_least":3})"},
    {R"(no results in last 36 hours)", R"({"count":{"of":"results","in":{"last":{"hours":36}}},"equal":0})"},
    {R"(mean fraction of results in last 2 weeks < 0.55)",
     R"({"mean":{"field":"fraction","of":"results","in":{"last":{"days":14}}},"less":0.55})"},
    {R"(most frequent channel of interactions from 2026-01-01 to 2026-01-31 in zone "UTC" = "sms")",
     R"({"most_frequent":{"field":"channel","of":"interactions",)"
     R"("in":{"from":"2026-01-01","to":"2026-01-31","zone":"UTC"}},"equal":"sms"})"},
    {R"(days since last of dialogues to 2026-01-31 > 5)",
     R"({"days_since_last":{"of":"dialogues","in":{"to":"2026-01-31"}},"greater":5})"},
    {R"(count of former roles student > 1)", R"({"role_count":{"period":"former","kind":"student"},"greater":1})"},
    {R"(values of act of interactions in this week has all of ("sent", "opened"))",
     R"({"values":{"field":"act","of":"interactions","in":{"this":"week"}},"all_of":["sent","opened"]})"},
    {R"(values of programme of enrolments in previous academic year in own zone has only ("n"))",
     R"({"values":{"field":"programme","of":"enrolments","in":{"previous":"academic_year","zone":"own"}},)"
     R"("only":["n"]})"},
    {R"(anniversary of attribute:birthday in next 7 days)",
     R"({"anniversary":{"field":"attribute:birthday","days":7}})"},
    {R"(sequence (interactions where act = "sent" then no interactions where not act = "sent" within 7 days) in this term)",
     R"({"sequence":[{"of":"interactions","where":{"field":"act","equal":"sent"}},{"of":"interactions",)"
     R"("where":{"not":{"field":"act","equal":"sent"}},"absent":true,"within":{"days":7}}],"in":{"this":"term"}})"},
    {R"(role)", R"({"role":{}})"},
    {R"(former role student of "nursing" at ("Zwolle", "Ede"))",
     R"({"role":{"period":"former","kind":"student","programmes":["nursing"],"sites":["Zwolle","Ede"]}})"},
    {R"(relation to person)", R"({"relation":{}})"},
    {R"(ever relation guardian_of to person where (visits > 1 and role student))",
     R"({"relation":{"period":"ever","kind":"guardian_of","person":{"all":[{"field":"visits","greater":1},)"
     R"({"role":{"kind":"student"}}]}}})"},
    {R"(relation works_at to organisation "o" of kind school)",
     R"({"relation":{"kind":"works_at","to":"organisation","organisations":["o"],"organisation_kind":"school"}})"},
    {R"(overdue obligation ("intake", "fee"))", R"({"obligation":{"state":"overdue","kinds":["intake","fee"]}})"},
    {R"(open obligation due within 1 minute)", R"({"obligation":{"state":"open","due_within":{"minutes":1}}})"},
    {R"(open dialogue about "housing" with "desk" of tone (complaint, question))",
     R"({"dialogue":{"state":"open","topics":["housing"],"teams":["desk"],"tones":["complaint","question"]}})"},
    {R"(closed dialogue)", R"({"dialogue":{"state":"closed"}})"},
    {R"(enrolment with status (enrolled, interrupted) of "nursing")",
     R"({"enrolment":{"statuses":["enrolled","interrupted"],"programmes":["nursing"]}})"},
    {R"(consent to "newsletter" by "email")", R"({"consent":{"purpose":"newsletter","channel":"email"}})"},
    {R"(objection to "newsletter")", R"({"objection":{"purpose":"newsletter"}})"},
    {R"(random 10 % of "d")", R"({"random":{"below":10,"name":"d"}})"},
    {R"(random 10 % to 12.5 % of "d")", R"({"random":{"from":10,"below":12.5,"name":"d"}})"},
    {R"(on list "open day")", R"({"on_list":"open day"})"},
    {R"(in segment "a" and in segment "a" for 14 days)",
     R"({"all":[{"in_segment":"a"},{"in_segment":"a","for":{"days":14}}]})"},
    {R"(was in segment "a" in last 500 milliseconds or entered segment "a" or left segment "a" since 2026-01-01)",
     R"({"any":[{"was_in_segment":"a","in":{"last":{"milliseconds":500}}},{"entered_segment":"a"},)"
     R"({"left_segment":"a","in":{"from":"2026-01-01"}}]})"},
};

std::vector<ParseError::Issue> issues_of(const std::string& text) {
    try {
        (void)condition_from_json(text, catalogue);
    } catch (const ParseError& error) {
        return error.issues();
    }
    return {};
}
/// The text has this one problem.
void complains(const std::string& text, const std::string& pointer, std::string_view about) {
    CAPTURE(text);
    const std::vector<ParseError::Issue> issues = issues_of(text);
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].line == 1);
    CHECK(issues[0].pointer == pointer);
    CAPTURE(issues[0].message);
    CHECK(issues[0].message.find(about) != std::string::npos);
}

/// Every key of every object.
void gather_keys(const json& value, std::set<std::string>& keys) {
    if (value.is_object()) {
        for (const auto& [key, child] : value.items()) {
            keys.insert(key);
            gather_keys(child, keys);
        }
    } else if (value.is_array()) {
        for (const json& child : value) gather_keys(child, keys);
    }
}
/// Every name of a property that a schema has.
void gather_properties(const json& schema, std::set<std::string>& keys) {
    if (schema.is_object() && schema.contains("properties")) {
        for (const auto& item : schema["properties"].items()) keys.insert(item.key());
    }
    if (schema.is_structured()) {
        for (const json& child : schema) gather_properties(child, keys);
    }
}

/// `not` so many times around `false`.
Condition negations(std::size_t count) {
    Condition condition{Any{}};
    for (std::size_t i = 0; i < count; ++i) condition = {Not{std::move(condition)}};
    return condition;
}
/// So many brackets, each around an `or` of an `and`.
std::string brackets(std::size_t count) {
    std::string text = "true";
    for (std::size_t i = 0; i < count; ++i) text = "false or true and (" + text + ")";
    return text;
}

}  // namespace

TEST_SUITE("io/segment_json") {
    TEST_CASE("each condition reads and writes as the table of the format says") {
        for (const Pair& pair : pairs) {
            CAPTURE(pair.text);
            CAPTURE(pair.json);
            const Condition condition = parse(pair.text, catalogue);
            CHECK(condition_to_json(condition) == pair.json);
            CHECK(condition_from_json(pair.json, catalogue) == condition);
        }
    }

    TEST_CASE("defaults, weeks, spaces and another order of the keys may be written") {
        const auto read = [](const char* text) { return condition_from_json(text, catalogue); };
        CHECK(read(R"({"role": {"sites": [], "period": "current"}})") == parse("role", catalogue));
        CHECK(read("\xEF\xBB\xBF {\n \"in_segment\": \"a\",\n \"for\": {\"weeks\": 2} }") ==
              parse(R"(in segment "a" for 14 days)", catalogue));
        CHECK(read(R"({"relation": {"to": "person"}})") == parse("relation to person", catalogue));
        CHECK(read(R"({"less": {"unit": "day", "today": 0}, "field": "attribute:x"})") ==
              parse("attribute:x < today", catalogue));
        CHECK(read(R"({"less": {"today": 0}, "field": "attribute:x"})") == parse("attribute:x < today", catalogue));
        CHECK(read(R"({"anniversary": {"field": "attribute:x"}})") ==
              parse("anniversary of attribute:x today", catalogue));
        CHECK(read(R"({"random": {"name": "d", "from": 0.0, "below": 1e1}})") ==
              parse(R"(random 10 % of "d")", catalogue));
    }

    TEST_CASE("random conditions come back equal from JSON, from text, and from one by the other") {
        Random random{20'260'101};
        alloquy::support::RandomConditionOptions options;
        options.catalogue = &catalogue;
        for (int i = 0; i < 3000; ++i) {
            const Condition condition = random_condition(random, 4, options);
            const std::string as_json = condition_to_json(condition);
            CAPTURE(as_json);
            REQUIRE(problems_of(condition, catalogue).empty());
            REQUIRE_NOTHROW(check(condition, catalogue));
            REQUIRE(condition_from_json(as_json, catalogue) == condition);
            const Condition from_text = parse(to_text(condition), catalogue);
            REQUIRE(from_text == condition);
            REQUIRE(condition_to_json(from_text) == as_json);
            // Numbers and escapes are JSON's own: its library reads them and writes an equal document.
            REQUIRE(condition_from_json(json::parse(as_json).dump(2), catalogue) == condition);
        }
    }

    TEST_CASE("the schema has the keys that the writer writes, and weeks") {
        const std::filesystem::path file =
            std::filesystem::path{__FILE__}.parent_path() / "../../src/io/schema/condition.schema.json";
        std::ifstream stream{file, std::ios::binary};
        REQUIRE(stream);
        std::set<std::string> in_schema;
        gather_properties(json::parse(std::string{std::istreambuf_iterator<char>{stream}, {}}), in_schema);
        std::set<std::string> written{"weeks"};
        Random random{7};
        alloquy::support::RandomConditionOptions options;
        options.catalogue = &catalogue;
        for (int i = 0; i < 2000; ++i) {
            gather_keys(json::parse(condition_to_json(random_condition(random, 3, options))), written);
        }
        CHECK(in_schema == written);
    }

    TEST_CASE("what is wrong is told with line, pointer and what was expected, all at once") {
        const std::vector<ParseError::Issue> issues = issues_of(R"({"all": [
  {"feild": "visits", "less": 1},
  {"field": "visit", "less": 1},
  {"field": "visits", "les": 1},
  {"count": {"of": "result", "where": {"field": "assessment", "less": 1}}, "less": 1},
  {"relation": {"person": {"field": "visits", "equal": "two"}}},
  {"in_segment": "", "for": {"days": 0}},
  {"role": {"kind": "studnet", "site": []}},
  5
]})");
        struct Expected {
            std::size_t line;
            const char* pointer;
            const char* about;
        };
        const Expected expected[]{
            {2, "/all/0", "did you mean \"field\"?"},
            {3, "/all/1/field", "there is no field \"visit\"; did you mean \"visits\"?"},
            {4, "/all/2", "did you mean \"less\"?"},
            {5, "/all/3/count/of", "did you mean \"results\"?"},
            {6, "/all/4/relation/person/equal", "expected a number"},
            {7, "/all/5/for/days", "expected an integer from 1 to 36525, got 0"},
            {8, "/all/6/role/kind", "did you mean \"student\"?"},
            {8, "/all/6/role/site", "unknown key \"site\"; did you mean \"sites\"?"},
            {9, "/all/7", "expected a condition: an object"},
        };
        REQUIRE(issues.size() == std::size(expected));
        for (std::size_t i = 0; i < issues.size(); ++i) {
            CAPTURE(issues[i].pointer);
            CAPTURE(issues[i].message);
            CHECK(issues[i].line == expected[i].line);
            CHECK(issues[i].pointer == expected[i].pointer);
            CHECK(issues[i].message.find(expected[i].about) != std::string::npos);
        }
    }

    TEST_CASE("the shape must be right") {
        complains(R"({})", "", "one of the keys \"all\"");
        complains(R"({"all": [], "any": []})", "/any", "only one of \"all\" and \"any\"");
        complains(R"({"all": {}})", "/all", "expected an array");
        complains(R"({"all": [], "fields": 1})", "/fields", "unknown key");
        complains(R"({"field": "visits"})", "", "a test: one of the keys");
        complains(R"({"field": "visits", "less": 1, "greater": 2})", "/greater", "only one of");
        complains(R"({"field": "visits", "known": false})", "/known", "expected true");
        complains(R"({"field": "visits", "between": [1]})", "/between", "two values");
        complains(R"({"field": "visits", "equal": null})", "/equal", "expected a value");
        complains(R"({"field": "visits", "equal": {"dya": 1}})", "/equal", "did you mean \"day\"?");
        complains(R"({"field": "attribute:x", "equal": {"day": "2026-02-30"}})", "/equal/day", "such as");
        complains(R"({"field": "attribute:x", "equal": {"today": 10001}})", "/equal/today", "from -10000 to 10000");
        complains(R"({"field": "attribute:x", "equal": {"today": 1, "unit": "days"}})", "/equal/unit", "\"day\"?");
        complains(R"({"field": "attribute:x", "equal": {"today": 1, "zone": ""}})", "/equal/zone", "own");
        complains(R"({"values": {"field": "act", "of": "interactions"}})", "", "\"any_of\"");
        complains(R"({"in_segment": "a", "in": {"this": "week"}})", "/in", "unknown key");
        complains(R"({"was_in_segment": "a", "in": {}})", "/in", "a window");
        complains(R"({"was_in_segment": "a", "in": {"this": "decade"}})", "/in/this", "one of \"day\"");
        complains(R"({"was_in_segment": "a", "in": {"last": {"days": 1, "hours": 1}}})", "/in/last/hours", "only one");
        complains(R"({"was_in_segment": "a", "in": {"last": {"days": 1.5}}})", "/in/last/days", "an integer");
        complains(R"({"dialogue": {}})", "/dialogue", "expected the key \"state\"");
        complains(R"({"count": {"of": "results", "field": "fraction"}, "less": 1})", "/count/field", "unknown key");
        CHECK_THROWS_AS((void)condition_from_json("{\"all\": []", catalogue), ParseError);
        CHECK_THROWS_AS((void)condition_from_json(R"({"all": [], "all": []})", catalogue), ParseError);
    }

    TEST_CASE("what the parser refuses in a text is refused here") {
        complains(R"({"field": "visits", "equal": "a"})", "/equal", "expected a number");
        complains(R"({"field": "visits", "contains": "a"})", "/contains", "no text");
        complains(R"({"field": "city", "less": "a"})", "/less", "no order");
        complains(R"({"field": "city", "between": ["a", "b"]})", "/between", "no order");
        complains(R"({"field": "city", "equal": 1})", "/equal", "expected a text");
        complains(R"({"field": "attribute:x", "less": "a"})", "/less", "no order");
        complains(R"({"field": "attribute:x", "between": [1, true]})", "/between/1", "no order");
        complains(R"({"field": "city", "contains": 1})", "/contains", "expected a text");
        complains(R"({"field": "city", "matches": "a("})", "/matches", "character 2: expected a ')'");
        complains(R"({"field": "city", "like": "a\\b"})", "/like", "character 2: expected %, _ or \\");
        complains(R"({"field": "city", "equal": {"parameter": "a b"}})", "/equal/parameter", "ASCII letters");
        complains(R"({"field": "visits", "one_of": []})", "/one_of", "at least one");
        complains(R"({"mean": {"field": "assessment", "of": "results"}, "less": 1})", "/mean/field", "of numbers");
        complains(R"({"most_frequent": {"field": "fraction", "of": "results"}, "equal": "a"})", "/most_frequent/field",
                  "of texts");
        complains(R"({"last": {"field": "text", "of": "interactions"}, "contains": "a"})", "/last/field",
                  "only looked at");
        complains(R"({"count": {"of": "interactions", "where": {"field": "text", "equal": "a"}}, "less": 1})",
                  "/count/where/equal", "only looked at");
        complains(R"({"count": {"of": "interactions", "where": {"field": "text", "one_of": ["a"]}}, "less": 1})",
                  "/count/where/one_of", "only looked at");
        complains(R"({"count": {"of": "results", "where": {"field": "city", "equal": "a"}}, "less": 1})",
                  "/count/where/field", "it is a field of the person");
        complains(R"({"count": {"of": "results", "where": {"not": {"role": {}}}}, "less": 1})", "/count/where/not",
                  "'where' looks at nothing else");
        complains(R"({"count": {"of": "results", "where": {"count": {"of": "results"}, "less": 1}}, "less": 1})",
                  "/count/where", "'where' looks at nothing else");
        complains(R"({"values": {"field": "text", "of": "interactions"}, "only": ["a"]})", "/values/field",
                  "only looked at");
        complains(R"({"values": {"field": "act", "of": "interactions"}, "only": []})", "/only", "at least one");
        complains(R"({"anniversary": {"field": "city"}})", "/anniversary/field", "an attribute");
        complains(R"({"sequence": [{"of": "results"}]})", "/sequence", "2 to 8");
        complains(R"({"sequence": [{"of": "results", "within": {"days": 1}}, {"of": "results"}]})",
                  "/sequence/0/within", "step before");
        complains(R"({"sequence": [{"of": "results"}, {"of": "results", "absent": true}, {"of": "results"}]})",
                  "/sequence/1/absent", "only the last step");
        complains(R"({"relation": {"person": {"not": {"relation": {}}}}})", "/relation/person/not/relation",
                  "without relations");
        complains(R"({"relation": {"organisations": ["o"]}})", "/relation/organisations", "to a person");
        complains(R"({"relation": {"organisation_kind": "school"}})", "/relation/organisation_kind", "to a person");
        complains(R"({"relation": {"to": "organisation", "organisations": [""]}})", "/relation/organisations/0",
                  "not empty");
        complains(R"({"role": {"programmes": ["a", ""]}})", "/role/programmes/1", "not empty");
        complains(R"({"role_count": {"sites": [""]}, "less": 1})", "/role_count/sites/0", "not empty");
        complains(R"({"obligation": {"state": "open", "kinds": [""]}})", "/obligation/kinds/0", "not empty");
        complains(R"({"dialogue": {"state": "open", "topics": [""]}})", "/dialogue/topics/0", "not empty");
        complains(R"({"dialogue": {"state": "open", "teams": [""]}})", "/dialogue/teams/0", "not empty");
        complains(R"({"enrolment": {"programmes": [""]}})", "/enrolment/programmes/0", "not empty");
        complains(R"({"objection": {"purpose": "p", "channel": ""}})", "/objection/channel", "not empty");
        complains(R"({"random": {"below": 10, "name": ""}})", "/random/name", "not empty");
        complains(R"({"relation": {"to": "organisation", "person": {"all": []}}})", "/relation/person",
                  "to an organisation");
        complains(R"({"obligation": {"state": "overdue", "due_within": {"days": 1}}})", "/obligation/due_within",
                  "only open");
        complains(R"({"dialogue": {"state": "open", "tones": ["complain"]}})", "/dialogue/tones/0", "\"complaint\"?");
        complains(R"({"enrolment": {"statuses": ["enroled"]}})", "/enrolment/statuses/0", "\"enrolled\"?");
        complains(R"({"consent": {"purpose": ""}})", "/consent/purpose", "not empty");
        complains(R"({"random": {"from": 10, "below": 10, "name": "d"}})", "/random/below", "above the first");
        complains(R"({"random": {"below": 101, "name": "d"}})", "/random/below", "0 to 100");
        complains(R"({"on_list": ""})", "/on_list", "not empty");
        complains(R"({"was_in_segment": "a", "in": {"from": "2026-02-01", "to": "2026-01-31"}})", "/in/to",
                  "not before the first");
        complains(R"({"not": {"all": [{"any": [{"field": "attribute:", "less": 1}]}]}})", "/not/all/0/any/0/field",
                  "no field");
    }

    TEST_CASE("conditions are as deep as texts may be, and no deeper") {
        for (const std::string& text : {to_text(negations(200)), brackets(200)}) {
            const Condition deepest = parse(text, catalogue);
            CHECK(problems_of(deepest, catalogue).empty());
            CHECK(condition_from_json(condition_to_json(deepest), catalogue) == deepest);
        }
        CHECK_THROWS_AS((void)parse(to_text(negations(201)), catalogue), ParseError);
        const std::vector<ParseError::Issue> issues = issues_of(condition_to_json(negations(201)));
        REQUIRE(issues.size() == 1);
        CHECK(issues[0].message == "expected at most 200 brackets and 'not's within each other");
        // Far too deep: the reader ends before its own calls lie too deep in each other.
        for (const std::size_t depth : {450U, 100'000U}) {
            std::string text;
            for (std::size_t i = 0; i < depth; ++i) text += R"({"all":[)";
            for (std::size_t i = 0; i < depth; ++i) text += "]}";
            CHECK_FALSE(issues_of(text).empty());
        }
        CHECK_THROWS_AS((void)condition_to_json(negations(1000)), InvalidArgument);
    }

    TEST_CASE("check refuses what cannot be written, with the place in the JSON form") {
        const auto message = [](const Condition& condition) -> std::string {
            try {
                check(condition, catalogue);
            } catch (const InvalidArgument& error) {
                return error.what();
            }
            return {};
        };
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const Condition not_a_number{All{{{Comparison{"visits", Relation::less, nan}}, {OnList{"\xFF"}}}}};
        CHECK(message(not_a_number) ==
              "segment condition\n  /all/0/less: expected a finite number\n  /all/1/on_list: expected a text in UTF-8");
        CHECK_THROWS_AS((void)condition_to_json(not_a_number), InvalidArgument);
        CHECK_THROWS_AS((void)condition_to_json({OnList{"\xFF"}}), InvalidArgument);
        CHECK(message({InSegment{"a", MembershipTest::since}}).find("/for: expected 1 millisecond") !=
              std::string::npos);
        CHECK(message({InSegment{"a", MembershipTest::now, Rolling{1}}}).find("/in: expected none") !=
              std::string::npos);
        CHECK(message({InSegment{"a", MembershipTest::was, DayRange{}}}).find("/in: expected a first or a last day") !=
              std::string::npos);
        CHECK(message({InSegment{"a", MembershipTest::was, Rolling{3'155'760'000'001}}}).find("/in/last") !=
              std::string::npos);
        CHECK(message({Comparison{"any of it", Relation::less, RelativeDay{10'001}}}).find("/less/today") !=
              std::string::npos);
        CHECK(message({Comparison{"any of it", Relation::less, RelativeDay{1, CalendarUnit::day, "\xFF"}}})
                  .find("/less/zone") != std::string::npos);
        CHECK(message({InSegment{"a", MembershipTest::now, Ever{}, 1}}).find("/for: expected none") !=
              std::string::npos);
        CHECK(message({HasObligation{ObligationState::open, {}, 0}}).find("/obligation/due_within") !=
              std::string::npos);
        CHECK(message({Sequence{{SequenceStep{}, SequenceStep{FactKind::results, {}, false, -1}}}})
                  .find("/sequence/1/within") != std::string::npos);
        CHECK(message({RandomPart{nan, 10, "d"}}).find("/random/below") != std::string::npos);
        CHECK(message({Anniversary{"attribute:x", 367}}).find("/anniversary/days") != std::string::npos);
        CHECK(message(parse("engagement < 0.3", catalogue)).empty());
    }

    TEST_CASE("check finds something wrong exactly where the text form does not give the condition back") {
        // One place of a right condition becomes a wrong one, or another right one: JSON is where that is simple.
        Random random{99};
        alloquy::support::RandomConditionOptions options;
        options.catalogue = &catalogue;
        const json others[]{json(nullptr),
                            json(true),
                            json(false),
                            json(0),
                            json(-1),
                            json(7.5),
                            json(1e300),
                            json(""),
                            json("text"),
                            json("results"),
                            json("fraction"),
                            json("student"),
                            json("a\\"),
                            json("own"),
                            json("2026-09-01"),
                            json::array(),
                            json::array({1}),
                            json::object(),
                            json::parse(R"({"today":1})"),
                            json::parse(R"({"days":3})"),
                            json::parse(R"({"day":"2026-01-01"})"),
                            json::parse(R"({"parameter":"p"})"),
                            json::parse(R"({"field":"visits","less":1})"),
                            json::parse(R"({"relation":{}})"),
                            json::parse(R"({"all":[]})")};
        const auto spoil = [&](json document) {
            json* at = &document;
            while (at->is_structured() && !at->empty() && !random.chance(20)) {
                at = &*std::next(at->begin(), static_cast<std::ptrdiff_t>(random.below(at->size())));
            }
            *at = others[random.below(std::size(others))];
            return document;
        };
        const auto text_gives_it_back = [](const Condition& condition) {
            try {
                return parse(to_text(condition), catalogue) == condition;
            } catch (const ParseError&) {
                return false;
            }
        };
        std::size_t right = 0;
        std::size_t wrong = 0;
        for (int i = 0; i < 20'000; ++i) {
            const std::string text = spoil(json::parse(condition_to_json(random_condition(random, 2, options)))).dump();
            CAPTURE(text);
            Checker checker{PositionedJson::parse(text, "test", condition_json_depth)};
            const Condition condition = condition_from(checker, checker.root(), catalogue);
            const std::size_t meanings = problems_of(condition, catalogue).size();
            // Shapes that are wrong have no condition.
            if (checker.issues().size() != meanings) continue;
            REQUIRE((meanings == 0) == text_gives_it_back(condition));
            if (meanings == 0) {
                ++right;
                REQUIRE(condition_from_json(condition_to_json(condition), catalogue) == condition);
                REQUIRE(condition_from_json(text, catalogue) == condition);
            } else {
                ++wrong;
                REQUIRE(issues_of(text).size() == meanings);
            }
        }
        CHECK(right > 1000);
        CHECK(wrong > 1000);
    }

    TEST_CASE("check knows the types that the parser knows") {
        // The same fields with other types: what fits the one need not fit the other.
        const Catalogue other{{{"engagement", FieldType::text},
                               {"visits", FieldType::any},
                               {"city", FieldType::number},
                               {"response:e mail", FieldType::number}}};
        Random random{5};
        alloquy::support::RandomConditionOptions options;
        options.catalogue = &catalogue;
        std::size_t right = 0;
        for (int i = 0; i < 5000; ++i) {
            const Condition condition = random_condition(random, 1, options);
            const std::string text = to_text(condition);
            CAPTURE(text);
            bool parses = true;
            try {
                (void)parse(text, other);
            } catch (const ParseError&) {
                parses = false;
            }
            REQUIRE(problems_of(condition, other).empty() == parses);
            if (parses) ++right;
        }
        CHECK(right > 1000);
        CHECK(right < 4900);
    }
}
