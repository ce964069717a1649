#include <alloquy/io/playbook.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <alloquy/decide/decider.hpp>
#include <alloquy/engine/columns.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/time/instant.hpp>

namespace {

using alloquy::InvalidArgument;
using alloquy::NotFound;
using alloquy::ParseError;
using alloquy::engine::Playbook;
using alloquy::io::read_playbook;
using alloquy::io::read_playbook_file;
using alloquy::io::write_playbook;
using nlohmann::json;

std::filesystem::path repository() {
    return std::filesystem::path{__FILE__}.parent_path() / "../..";
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    REQUIRE_MESSAGE(file, path.string());
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Every key that the format has, with values other than the defaults.
constexpr std::string_view full = R"({
  "name": "Full",
  "channels": ["email", "phone", "portal"],
  "topics": ["admission", "grades"],
  "engagement": {
    "half_lives": [{"name": "week", "days": 7.5, "share": 0.6, "scale": 5},
                   {"name": "month", "days": 30, "share": 0.4, "scale": 15}],
    "channels": {"portal": 1.5}, "other_channels": 0.5,
    "acts": {"sent": 0, "delivered": 0, "bounced": 0, "opened": 0.1, "clicked": 1, "replied": 2, "visited": 1,
             "submitted": 4, "called": 3, "answered": 3, "missed": 0, "attended": 5, "absent": 0, "posted": 2,
             "mentioned": 1, "donated": 7},
    "directions": {"inbound": 1, "outbound": 0.25},
    "topics": {"grades": 2}, "other_topics": 0.75
  },
  "reachability": {"channels": ["email", "phone"], "response_window_days": 2.5,
                   "priors": {"email": {"responses": 1, "silences": 4}}},
  "purposes": [{"name": "guidance", "legal_basis": "public_task"}, {"name": "news", "legal_basis": "consent"}],
  "pools": [{"name": "coaches", "minutes": 480}],
  "contact_caps": [{"name": "calls", "channel": "phone", "purpose": "guidance", "most": 2, "window_days": 14}],
  "actions": [
    {"name": "call", "purpose": "guidance", "roles": ["student", "alumnus"],
     "programmes": ["CMD", "Nursing"], "conditions": [{"column": "engagement", "from": 0.1, "below": 0.4}],
     "value_euros": {"column": "engagement", "points": [[0, 900], [1, 0]]},
     "propensity": 0.6, "lever": 2, "gap_days": 0.5,
     "variants": [{"channel": "phone", "language": "nl", "executor": "team", "pool": "coaches", "minutes": 15,
                   "message": "Ask."}]},
    {"name": "letter", "purpose": "news", "roles": ["prospect"], "value_euros": 12.5,
     "variants": [{"channel": "email", "language": "pt-BR", "executor": "bot"}]}
  ]
})";

/// "line pointer: message" of each problem of the full playbook after a change.
std::string problems_of(std::string_view text) {
    std::string result;
    try {
        (void)read_playbook(text, "test.json");
    } catch (const ParseError& error) {
        for (const ParseError::Issue& issue : error.issues()) {
            result += std::to_string(issue.line) + ' ' + issue.pointer + ": " + issue.message + '\n';
        }
    }
    return result;
}
/// The same for the full playbook with one piece of its text replaced.
std::string problems_with(std::string_view piece, std::string_view replacement) {
    std::string text{full};
    const std::size_t at = text.find(piece);
    REQUIRE_MESSAGE(at != std::string::npos, std::string{piece});
    text.replace(at, piece.size(), replacement);
    return problems_of(text);
}

/// Whether a report begins like this; shows the whole where it does not.
bool begins(const std::string& report, std::string_view start) {
    const bool result = report.starts_with(start);
    if (!result) MESSAGE("got: " << report);
    return result;
}

// ---- The schema beside a document ----

const json& resolve(const json& root, const json& node) {
    const json* at = &node;
    while (at->contains("$ref")) at = &root.at(json::json_pointer{at->at("$ref").get<std::string>().substr(1)});
    return *at;
}
/// Notes, for each object of the document, where the schema has its properties; complains about keys that it has not.
void compare(const json& root, const json& schema_node, const json& value, const std::string& pointer,
             std::set<std::string>& met) {
    const json& schema = resolve(root, schema_node);
    CAPTURE(pointer);
    if (value.is_object()) {
        const json* objects = &schema;
        if (schema.contains("oneOf")) {
            for (const json& choice : schema["oneOf"]) {
                if (resolve(root, choice).value("type", json{}) == "object") objects = &resolve(root, choice);
            }
        }
        for (const auto& item : value.items()) {
            const std::string& key = item.key();
            const json& member = item.value();
            if (objects->contains("properties") && (*objects)["properties"].contains(key)) {
                met.insert(std::to_string(reinterpret_cast<std::size_t>(objects)) + key);
                compare(root, (*objects)["properties"][key], member, pointer + '/' + key, met);
            } else {
                const bool is_map =
                    objects->contains("additionalProperties") && (*objects)["additionalProperties"].is_object();
                CHECK_MESSAGE(is_map, "the schema has no " << pointer << '/' << key);
                if (is_map) compare(root, (*objects)["additionalProperties"], member, pointer + '/' + key, met);
            }
        }
    } else if (value.is_array() && schema.contains("items")) {
        for (const json& element : value) compare(root, schema["items"], element, pointer + "/-", met);
    }
}
/// Calls visit(object schema, property) for each property that the schema has anywhere.
template <class Visit>
void for_each_property(const json& node, Visit&& visit) {
    if (node.is_object()) {
        if (node.contains("properties")) {
            for (const auto& [key, property] : node["properties"].items()) visit(node, key);
        }
        for (const auto& [key, child] : node.items()) for_each_property(child, visit);
    } else if (node.is_array()) {
        for (const json& child : node) for_each_property(child, visit);
    }
}

}  // namespace

TEST_SUITE("io/playbook") {
    TEST_CASE("every value of the document arrives in its place") {
        const Playbook playbook = read_playbook(full, "test.json");
        CHECK(playbook.name == "Full");
        CHECK(playbook.channels == std::vector<std::string>{"email", "phone", "portal"});
        CHECK(playbook.topics == std::vector<std::string>{"admission", "grades"});
        const auto& engagement = playbook.engagement;
        REQUIRE(engagement.half_lives.size() == 2);
        CHECK(engagement.half_lives[0] == alloquy::score::HalfLife{"week", 7.5, 0.6, 5});
        CHECK(engagement.channels.at("portal") == 1.5);
        CHECK(engagement.other_channels == 0.5);
        CHECK(engagement.acts[static_cast<std::size_t>(alloquy::model::Act::donated)] == 7);
        CHECK(engagement.acts[static_cast<std::size_t>(alloquy::model::Act::opened)] == 0.1);
        CHECK(engagement.directions[1] == 0.25);
        CHECK(engagement.topics.at("grades") == 2);
        CHECK(engagement.other_topics == 0.75);
        CHECK(playbook.reachability.channels == std::vector<std::string>{"email", "phone"});
        CHECK(playbook.reachability.response_window == std::chrono::hours{60});
        CHECK(playbook.reachability.priors.at("email").silences == 4);
        const auto& policy = playbook.actions;
        REQUIRE(policy.purposes.size() == 2);
        CHECK(policy.purposes[1].basis == alloquy::model::LegalBasis::consent);
        REQUIRE(policy.pools.size() == 1);
        CHECK(policy.pools[0].minutes == 480);
        REQUIRE(policy.caps.size() == 1);
        CHECK(policy.caps[0].channel == "phone");
        CHECK(policy.caps[0].purpose == "guidance");
        CHECK(policy.caps[0].most == 2);
        CHECK(policy.caps[0].window == std::chrono::days{14});
        REQUIRE(policy.actions.size() == 2);
        const auto& call = policy.actions[0];
        CHECK(call.roles.contains(alloquy::model::RoleKind::alumnus));
        CHECK_FALSE(call.roles.contains(alloquy::model::RoleKind::prospect));
        REQUIRE(call.conditions.size() == 1);
        CHECK(call.conditions[0].from == 0.1);
        CHECK(call.conditions[0].below == 0.4);
        CHECK(call.value.column == "engagement");
        REQUIRE(call.value.points.size() == 2);
        CHECK(call.value.points[0].euros == 900);
        CHECK(call.propensity == 0.6);
        CHECK(call.lever == 2);
        CHECK(call.gap == std::chrono::hours{12});
        REQUIRE(call.variants.size() == 1);
        CHECK(call.variants[0].pool == "coaches");
        CHECK(call.variants[0].minutes == 15);
        CHECK(call.variants[0].message == "Ask.");
        const auto& letter = policy.actions[1];
        CHECK(letter.value.column.empty());
        CHECK(letter.value.points == std::vector<alloquy::decide::ValueCurve::Point>{{0, 12.5}});
        CHECK(letter.propensity == 1);
        CHECK_FALSE(letter.gap.has_value());
        CHECK(letter.variants[0].language == "pt-BR");
    }

    TEST_CASE("what is left out keeps its default") {
        const Playbook playbook = read_playbook(R"({"name": "Small", "channels": []})", "test.json");
        Playbook expected;
        expected.name = "Small";
        CHECK(playbook == expected);
    }

    TEST_CASE("a list of acts or directions is the whole list") {
        const Playbook playbook = read_playbook(
            R"({"name": "", "channels": [], "engagement": {"acts": {"clicked": 2}, "directions": {"outbound": 1}}})",
            "test.json");
        for (std::size_t act = 0; act < playbook.engagement.acts.size(); ++act) {
            CHECK(playbook.engagement.acts[act] ==
                  (act == static_cast<std::size_t>(alloquy::model::Act::clicked) ? 2 : 0));
        }
        CHECK(playbook.engagement.directions == std::array<double, 2>{0, 1});
        CHECK(playbook.engagement.half_lives == alloquy::score::EngagementConfig{}.half_lives);
    }

    TEST_CASE("a playbook that is written reads back equal, and writes the same text again") {
        for (const Playbook& playbook : {read_playbook(full, "test.json"),
                                         read_playbook(R"({"name": "\u00e9 \"x\"", "channels": []})", "test.json"),
                                         read_playbook_file(repository() / "examples/playbooks/oulad.json"),
                                         read_playbook_file(repository() / "examples/playbooks/sample.json")}) {
            const std::string text = write_playbook(playbook);
            const Playbook again = read_playbook(text, "again.json");
            CHECK(again == playbook);
            CHECK(alloquy::engine::canonical_bytes(again) == alloquy::engine::canonical_bytes(playbook));
            CHECK(write_playbook(again) == text);
        }
    }

    TEST_CASE("durations of any number of milliseconds survive the way through days") {
        Playbook playbook = read_playbook(full, "test.json");
        for (const std::int64_t ms : {1LL, 7LL, 86'399'999LL, 86'400'001LL, 1'234'567'891LL, 3'155'759'999'999LL}) {
            CAPTURE(ms);
            playbook.actions.actions[0].gap = alloquy::time::Duration{ms};
            playbook.actions.caps[0].window = alloquy::time::Duration{ms};
            CHECK(read_playbook(write_playbook(playbook), "again.json") == playbook);
        }
    }

    TEST_CASE("what JSON cannot hold is the writer's caller's mistake") {
        Playbook playbook;
        playbook.name = "\xff";
        CHECK_THROWS_AS((void)write_playbook(playbook), InvalidArgument);
        playbook.name = "x";
        playbook.engagement.other_topics = std::numeric_limits<double>::quiet_NaN();
        CHECK_THROWS_AS((void)write_playbook(playbook), InvalidArgument);
    }

    TEST_CASE("a name that nobody knows is refused where it stands, with the nearest one") {
        CHECK(begins(problems_with(R"("purpose": "guidance", "roles")", R"("purpose": "guidence", "roles")"),
                     "21 /actions/0/purpose: expected the name of a purpose, got the text \"guidence\"; did you mean "
                     "\"guidance\"?"));
        CHECK(begins(problems_with(R"("pool": "coaches")", R"("pool": "coach")"), "25 /actions/0/variants/0/pool: "));
        CHECK(begins(
            problems_with(R"({"channel": "phone", "language")", R"({"channel": "phne", "language")"),
            "25 /actions/0/variants/0/channel: expected the name of a channel, got the text \"phne\"; did you mean "
            "\"phone\"?"));
        CHECK(begins(
            problems_with(R"("conditions": [{"column": "engagement")", R"("conditions": [{"column": "engagment")"),
            "22 /actions/0/conditions/0/column: expected the name of a column, got the text \"engagment\"; did you "
            "mean \"engagement\"?"));
        CHECK(begins(problems_with(R"({"column": "engagement", "points")", R"({"column": "days", "points")"),
                     "23 /actions/0/value_euros/column: "));
        CHECK(begins(problems_with(R"("channel": "phone", "purpose")", R"("channel": "fax", "purpose")"),
                     "19 /contact_caps/0/channel: "));
        CHECK(begins(problems_with(R"("purpose": "guidance", "most")", R"("purpose": "x", "most")"),
                     "19 /contact_caps/0/purpose: "));
        CHECK(begins(problems_with(R"({"portal": 1.5})", R"({"portl": 1.5})"),
                     "8 /engagement/channels/portl: expected the name of a channel as key, got \"portl\"; did you mean "
                     "\"portal\"?"));
        CHECK(begins(problems_with(R"({"grades": 2})", R"({"marks": 2})"), "13 /engagement/topics/marks: "));
        CHECK(
            begins(problems_with(R"("channels": ["email", "phone"], "resp)", R"("channels": ["email", "fon"], "resp)"),
                   "15 /reachability/channels/1: "));
        CHECK(begins(problems_with(R"("priors": {"email")", R"("priors": {"portal")"),
                     "16 /reachability/priors/portal: "));
        CHECK(begins(problems_with(R"("public_task")", R"("public_tasks")"),
                     "17 /purposes/0/legal_basis: expected one of \"consent\""));
        CHECK(begins(
            problems_with(R"(["student", "alumnus"])", R"(["studant"])"),
            "21 /actions/0/roles/0: expected the name of a role, got the text \"studant\"; did you mean \"student\"?"));
        CHECK(begins(problems_with(R"("executor": "team")", R"("executor": "teem")"),
                     "25 /actions/0/variants/0/executor: expected one of "));
    }

    TEST_CASE("a key that nobody asks for is refused, with the nearest one") {
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 {R"("topics": ["adm)", R"("topcs": ["adm)",
                  "4 /topcs: unknown key \"topcs\"; did you mean \"topics\"?"},
                 {R"("days": 7.5,)", R"("days": 7.5, "shere": 1,)", "6 /engagement/half_lives/0/shere: unknown key"},
                 {R"("other_channels")", R"("other_chanels")",
                  "8 /engagement/other_chanels: unknown key \"other_chanels\"; did you mean \"other_channels\"?"},
                 {R"("clicked": 1,)", R"("click": 1,)", "9 /engagement/acts/click: unknown key"},
                 {R"("outbound")", R"("outbond")", "12 /engagement/directions/outbond: unknown key"},
                 {R"("response_window_days")", R"("window")", "15 /reachability/window: unknown key"},
                 {R"("silences": 4)", R"("silences": 4, "x": 1)", "16 /reachability/priors/email/x: unknown key"},
                 {R"("minutes": 480)", R"("minutes": 480, "x": 1)", "18 /pools/0/x: unknown key"},
                 {R"("most": 2)", R"("most": 2, "x": 1)", "19 /contact_caps/0/x: unknown key"},
                 {R"("lever": 2)", R"("levr": 2)", "24 /actions/0/levr: unknown key \"levr\"; did you mean \"lever\"?"},
                 {R"("below": 0.4)", R"("below": 0.4, "x": 1)", "22 /actions/0/conditions/0/x: unknown key"},
                 {R"([1, 0]]})", R"([1, 0]], "x": 1})", "23 /actions/0/value_euros/x: unknown key"},
                 {R"("message")", R"("messge")", "26 /actions/0/variants/0/messge: unknown key"},
             }) {
            const std::string& piece = row[0];
            const std::string& replacement = row[1];
            const std::string& start = row[2];
            CAPTURE(piece);
            CHECK(begins(problems_with(piece, replacement), start));
        }
    }

    TEST_CASE("a name stands once") {
        CHECK(begins(
            problems_with(R"(["email", "phone", "portal"])", R"(["email", "phone", "portal", "email"])"),
            "3 /channels/3: expected each channel once, got a second \"email\"; the first stands at /channels/0"));
        CHECK(begins(problems_with(R"(["admission", "grades"])", R"(["grades", "grades"])"), "4 /topics/1: "));
        CHECK(begins(problems_with(R"("name": "letter")", R"("name": "call")"), "27 /actions/1/name: "));
        CHECK(begins(problems_with(R"("name": "news", )", R"("name": "guidance", )"), "17 /purposes/1/name: "));
        CHECK(begins(problems_with(R"({"name": "coaches", "minutes": 480})",
                                   R"({"name": "coaches", "minutes": 1}, {"name": "coaches", "minutes": 2})"),
                     "18 /pools/1/name: "));
        CHECK(begins(problems_with(R"("name": "month")", R"("name": "week")"), "7 /engagement/half_lives/1/name: "));
        CHECK(begins(problems_with(R"("name": "letter")", R"("name": "")"),
                     "27 /actions/1/name: expected a name of 1 to 255 bytes, got 0"));
    }

    TEST_CASE("numbers out of range are refused where they stand") {
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 {R"("days": 7.5)", R"("days": 0.01)", "/engagement/half_lives/0/days"},
                 {R"("days": 30)", R"("days": 4000)", "/engagement/half_lives/1/days"},
                 {R"("share": 0.6)", R"("share": 0)", "/engagement/half_lives/0/share"},
                 {R"("share": 0.6)", R"("share": 0.7)", "/engagement/half_lives"},
                 {R"("scale": 5)", R"("scale": 0)", "/engagement/half_lives/0/scale"},
                 {R"("scale": 5)", R"("scale": 1e12)", "/engagement/half_lives/0/scale"},
                 {R"({"portal": 1.5})", R"({"portal": -1})", "/engagement/channels/portal"},
                 {R"("other_topics": 0.75)", R"("other_topics": 257)", "/engagement/other_topics"},
                 {R"("donated": 7)", R"("donated": 300)", "/engagement/acts/donated"},
                 {R"("outbound": 0.25)", R"("outbound": -0.25)", "/engagement/directions/outbound"},
                 {R"("response_window_days": 2.5)", R"("response_window_days": 0)",
                  "/reachability/response_window_days"},
                 {R"("response_window_days": 2.5)", R"("response_window_days": 367)",
                  "/reachability/response_window_days"},
                 {R"("silences": 4)", R"("silences": 0)", "/reachability/priors/email/silences"},
                 {R"("responses": 1)", R"("responses": 1000000)", "/reachability/priors/email/responses"},
                 {R"("minutes": 480)", R"("minutes": -1)", "/pools/0/minutes"},
                 {R"("most": 2)", R"("most": 2.5)", "/contact_caps/0/most"},
                 {R"("most": 2)", R"("most": -1)", "/contact_caps/0/most"},
                 {R"("window_days": 14)", R"("window_days": 0)", "/contact_caps/0/window_days"},
                 {R"("propensity": 0.6)", R"("propensity": 1.1)", "/actions/0/propensity"},
                 {R"("lever": 2)", R"("lever": -2)", "/actions/0/lever"},
                 {R"("gap_days": 0.5)", R"("gap_days": 0)", "/actions/0/gap_days"},
                 {R"("value_euros": 12.5)", R"("value_euros": -1)", "/actions/1/value_euros"},
                 {R"("value_euros": 12.5)", R"("value_euros": "much")", "/actions/1/value_euros"},
                 {R"([1, 0]])", R"([0, 0]])", "/actions/0/value_euros/points/1/0"},
                 {R"([1, 0]])", R"([1, -5]])", "/actions/0/value_euros/points/1/1"},
                 {R"([1, 0]])", R"([1]])", "/actions/0/value_euros/points/1"},
                 {R"([[0, 900], [1, 0]])", "[]", "/actions/0/value_euros/points"},
                 {R"("below": 0.4)", R"("below": 0.1)", "/actions/0/conditions/0/below"},
                 {R"("from": 0.1, "below": 0.4)", R"("from": "low")", "/actions/0/conditions/0/from"},
                 {R"(, "from": 0.1, "below": 0.4)", "", "/actions/0/conditions/0"},
                 {R"(["student", "alumnus"])", "[]", "/actions/0/roles"},
                 {R"("pool": "coaches", "minutes": 15)", R"("pool": "coaches")", "/actions/0/variants/0"},
                 {R"("pool": "coaches", "minutes": 15)", R"("pool": "coaches", "minutes": 0)",
                  "/actions/0/variants/0/minutes"},
                 {R"("pool": "coaches", "minutes": 15)", R"("minutes": 15)", "/actions/0/variants/0"},
                 {R"("executor": "bot")", R"("executor": "bot", "pool": "coaches")", "/actions/1/variants/0/pool"},
                 {R"("executor": "bot")", R"("executor": "self_service", "minutes": 3)",
                  "/actions/1/variants/0/minutes"},
                 {R"("language": "pt-BR")", R"("language": "pt_BR")", "/actions/1/variants/0/language"},
                 {R"("language": "pt-BR")", R"("language": "")", "/actions/1/variants/0/language"},
                 {R"([{"channel": "email", "language": "pt-BR", "executor": "bot"}])", "[]", "/actions/1/variants"},
             }) {
            const std::string& piece = row[0];
            const std::string& replacement = row[1];
            const std::string& pointer = row[2];
            CAPTURE(replacement);
            const std::string report = problems_with(piece, replacement);
            // One mistake is one problem.
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report.substr(report.find(' ') + 1), pointer + ": "));
        }
    }

    TEST_CASE("more channels, topics, half-lives or contact channels than the engine holds are refused") {
        std::string many = R"({"name": "", "channels": [)";
        for (int i = 0; i < 32; ++i) many += (i == 0 ? "\"c" : ",\"c") + std::to_string(i) + '"';
        CHECK(begins(problems_of(many + "]}"), "1 /channels: expected at most 31 names, got 32"));
        CHECK(begins(
            problems_of(many + R"(], "reachability": {"channels": ["c1","c2","c3","c4","c5","c6","c7","c8","c9"]}})"),
            "1 /channels: "));
        CHECK(begins(problems_of(R"({"name": "", "channels": [], "engagement": {"half_lives": []}})"),
                     "1 /engagement/half_lives: expected 1 to 3 half-lives, got 0"));
    }

    TEST_CASE("missing keys and wrong kinds are told, all in one error in the order of the text") {
        CHECK(problems_of("{\n\"channels\": 3,\n\"actions\": [\n{\"name\": \"x\"}]\n}") ==
              "1 : expected the key \"name\", got none\n"
              "2 /channels: expected an array, got 3\n"
              "4 /actions/0: expected the key \"purpose\", got none\n"
              "4 /actions/0: expected the key \"roles\", got none\n"
              "4 /actions/0: expected the key \"value_euros\", got none\n"
              "4 /actions/0: expected the key \"variants\", got none\n");
        CHECK(begins(problems_of("[]"), "1 : expected an object"));
        CHECK(begins(problems_of("{\n\"name\": ,"), "2 "));
        CHECK_THROWS_AS((void)read_playbook_file("no/such/playbook.json"), NotFound);
    }

    TEST_CASE("whatever the reader accepts, the engine's own checks accept") {
        for (const char* const file : {"oulad", "sample"}) {
            CAPTURE(file);
            const Playbook playbook =
                read_playbook_file(repository() / "examples/playbooks" / (std::string{file} + ".json"));
            CHECK_NOTHROW(alloquy::score::Engagement(playbook.engagement, playbook.channels, playbook.topics));
            CHECK_NOTHROW(alloquy::score::Reachability(playbook.reachability, playbook.channels));
            alloquy::model::Symbols symbols;
            CHECK_NOTHROW(
                alloquy::decide::Decider(playbook.actions, playbook.channels, alloquy::engine::column_names, symbols));
        }
    }

    TEST_CASE("the JSON Schema has the keys that the reader has, no more and no less") {
        const json schema = json::parse(text_of(repository() / "src/io/schema/playbook.schema.json"));
        // What the reader accepts stands in the schema ...
        std::set<std::string> met;
        compare(schema, schema, json::parse(full), "", met);
        compare(schema, schema, json::parse(write_playbook(read_playbook(full, "test.json"))), "", met);
        // ... what stands in the schema is in the document, which the reader accepts ...
        std::set<std::string> names;
        for_each_property(schema, [&](const json& object, const std::string& key) {
            CHECK_MESSAGE(met.contains(std::to_string(reinterpret_cast<std::size_t>(&object)) + key),
                          key << " stands in the schema, but not in the full playbook of this test");
            names.insert(key);
        });
        // ... and each literal that the reader asks for is one of these names.
        const std::string source = text_of(repository() / "src/io/playbook.cpp");
        const std::regex asks{
            R"re(\.(?:string|number|integer|boolean|object|array|member|reference|optional_\w+|\w+_or|has|enumeration<[^>]*>)\("([a-z_]+)")re"};
        std::size_t count = 0;
        for (std::sregex_iterator hit{source.begin(), source.end(), asks}; hit != std::sregex_iterator{}; ++hit) {
            CHECK_MESSAGE(names.contains((*hit)[1]), (*hit)[1].str() << " is read, but not in the schema");
            ++count;
        }
        CHECK(count > 40);
    }
}
