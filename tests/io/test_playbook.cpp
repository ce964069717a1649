#include <alloquy/io/playbook.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
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
#include <alloquy/engine/fields.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/score/online_logistic.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/score/training.hpp>
#include <alloquy/score/urgency.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/segment/segment_config.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/range.hpp>

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
                   "priors": {"email": {"responses": 1, "silences": 4}}, "hour_prior": 12.5},
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
  ],
  "lifecycles": [
    {"name": "visits", "model": "bg_nbd", "acts": ["visited", "clicked"], "channels": ["portal"], "topics": ["grades"],
     "unit_days": 14, "horizon": 6.5},
    {"name": "giving", "model": "bg_bb", "acts": ["donated"], "year_starts_in": 9, "penalty": 0.25, "horizon": 5}
  ],
  "urgency": {"other": {"weight": 0.5, "half_life_days": 3, "grace_days": 0},
              "kinds": {"fee": {"weight": 0.9, "half_life_days": 10.5, "grace_days": 30}, "intake": {}}},
  "columns": ["my_model", "credit score"],
  "models": [
    {"name": "dropout",
     "outcome": {"kind": "enrolment", "programmes": ["CMD"],
                 "positive": ["withdrawn"], "negative": ["passed", "enrolled"]},
     "roles": ["student", "applicant"], "group": "attribute:student",
     "features": [
       {"input": "engagement:week", "encoding": "log", "monotone": "falling"},
       {"name": "region", "input": "attribute:region", "encoding": "levels", "least_rows": 15},
       {"name": "age", "input": "attribute:age", "encoding": "bins", "edges": [20, 25.5, 40]},
       {"input": "attribute:disability", "encoding": "levels", "reason": "Support is offered first."},
       {"input": "days_since_own_act", "encoding": "steps", "quantiles": 4, "monotone": "rising"},
       {"input": "earliness"},
       {"input": "programme", "encoding": "levels"},
       {"name": "region x age", "encoding": "cross", "of": ["region", "age"], "least_rows": 30}],
     "learning": "bulk", "penalty": 30, "calibration": "isotonic", "folds": 8, "least_rows": 60, "prior": 0.3},
    {"name": "answers", "outcome": {"kind": "response", "channels": ["phone"], "actions": ["call"]},
     "features": [{"input": "channel:portal"}, {"input": "urgency"}],
     "learning": "online", "half_life": 500, "penalty": 2.5}
  ],
  "zone": "Europe/Amsterdam",
  "academic_years": [
    {"name": "2026-2027", "from": "2026-09-01", "to": "2027-08-31",
     "terms": [{"name": "autumn", "from": "2026-09-01", "to": "2027-01-31"},
               {"name": "spring", "from": "2027-02-01", "to": "2027-07-09"}],
     "exam_weeks": [{"name": "week 7", "from": "2026-10-19", "to": "2026-10-23"}],
     "deadlines": [{"name": "enrolment", "day": "2026-08-31"}]},
    {"name": "2027-2028", "from": "2027-09-01", "to": "2028-08-31"}
  ],
  "segments": [
    {"name": "at risk", "condition": "engagement < 0.3\n  and not in segment \"graduates\""},
    {"name": "graduates", "condition": {"role": {"period": "former", "kind": "student"}}}
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
/// The full playbook with the first such piece of its text replaced.
std::string full_with(std::string_view piece, std::string_view replacement) {
    std::string text{full};
    const std::size_t at = text.find(piece);
    REQUIRE_MESSAGE(at != std::string::npos, std::string{piece});
    return text.replace(at, piece.size(), replacement);
}
std::string problems_with(std::string_view piece, std::string_view replacement) {
    return problems_of(full_with(piece, replacement));
}

/// Whether a report begins like this; shows the whole where it does not.
bool begins(const std::string& report, std::string_view start) {
    const bool result = report.starts_with(start);
    if (!result) MESSAGE("got: " << report);
    return result;
}

/// The playbook that has nothing but these segments.
std::string with_segments(std::string_view segments) {
    return R"({"name": "", "channels": ["email"], "segments": [)" + std::string{segments} + "]}";
}
/// The same of one, with this condition as a text.
std::string with_condition(std::string_view condition) {
    return with_segments(json{{"name", "a"}, {"condition", condition}}.dump());
}
std::string with_years(std::string_view years) {
    return R"({"name": "", "channels": [], "academic_years": [)" + std::string{years} + "]}";
}
alloquy::time::Day day(int year, int month, int day_of_month) {
    return alloquy::time::Day::from_ymd(year, month, day_of_month);
}

// ---- The schema beside a document ----

const json& playbook_schema() {
    static const json schema = json::parse(text_of(repository() / "src/io/schema/playbook.schema.json"));
    return schema;
}
const json& condition_schema() {
    static const json schema = json::parse(text_of(repository() / "src/io/schema/condition.schema.json"));
    return schema;
}
/// Whether a schema, or one of its choices, stands in another file.
bool is_elsewhere(const json& schema) {
    if (schema.contains("$ref") && !schema["$ref"].get<std::string>().starts_with('#')) return true;
    const json choices = schema.value("oneOf", json::array());
    return std::any_of(choices.begin(), choices.end(), is_elsewhere);
}
const json& resolve(const json& root, const json& node) {
    const json* at = &node;
    while (at->contains("$ref") && !is_elsewhere(*at)) {
        at = &root.at(json::json_pointer{at->at("$ref").get<std::string>().substr(1)});
    }
    return *at;
}
/// Notes, for each object of the document, where the schema has its properties; complains about keys that it has not.
void compare(const json& root, const json& schema_node, const json& value, const std::string& pointer,
             std::set<std::string>& met) {
    const json& schema = resolve(root, schema_node);
    CAPTURE(pointer);
    if (value.is_object() && is_elsewhere(schema)) return;  // the other file has a test of its own
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
/// What a JSON Schema finds wrong with a value, "pointer: keyword" each. Knows the keywords that the schemas of
/// playbooks and conditions use; another one is a violation by itself.
void violations(const json& root, const json& node, const json& value, const std::string& pointer,
                std::vector<std::string>& found) {
    const auto require = [&](bool holds, const std::string& keyword) {
        if (!holds) found.push_back(pointer + ": " + keyword);
    };
    const auto count_matching = [&](const json& choices) {
        return std::count_if(choices.begin(), choices.end(), [&](const json& choice) {
            std::vector<std::string> own;
            violations(root, choice, value, pointer, own);
            return own.empty();
        });
    };
    const auto is_of_type = [&](const std::string& type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        if (type == "number") return value.is_number();
        return type == "integer" && value.is_number() && value.get<double>() == std::trunc(value.get<double>());
    };
    const auto length = [&] {  // in code points
        const auto& text = value.get_ref<const std::string&>();
        return std::count_if(text.begin(), text.end(),
                             [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    };
    for (const auto& [keyword, rule] : node.items()) {
        if (keyword == "$ref" && rule == "condition.schema.json") {
            violations(condition_schema(), condition_schema(), value, pointer, found);
        } else if (keyword == "$ref") {
            violations(root, root.at(json::json_pointer{rule.get<std::string>().substr(1)}), value, pointer, found);
        } else if (keyword == "type") {
            require(is_of_type(rule.get<std::string>()), keyword);
        } else if (keyword == "enum") {
            require(std::find(rule.begin(), rule.end(), value) != rule.end(), keyword);
        } else if (keyword == "const") {
            require(value == rule, keyword);
        } else if (keyword == "minProperties") {
            require(!value.is_object() || value.size() >= rule.get<std::size_t>(), keyword);
        } else if (keyword == "maxProperties") {
            require(!value.is_object() || value.size() <= rule.get<std::size_t>(), keyword);
        } else if (keyword == "allOf") {
            require(count_matching(rule) == static_cast<std::ptrdiff_t>(rule.size()), keyword);
        } else if (keyword == "anyOf") {
            require(count_matching(rule) >= 1, keyword);
        } else if (keyword == "oneOf") {
            require(count_matching(rule) == 1, keyword);
        } else if (keyword == "minimum") {
            require(!value.is_number() || value.get<double>() >= rule.get<double>(), keyword);
        } else if (keyword == "maximum") {
            require(!value.is_number() || value.get<double>() <= rule.get<double>(), keyword);
        } else if (keyword == "exclusiveMinimum") {
            require(!value.is_number() || value.get<double>() > rule.get<double>(), keyword);
        } else if (keyword == "exclusiveMaximum") {
            require(!value.is_number() || value.get<double>() < rule.get<double>(), keyword);
        } else if (keyword == "minLength") {
            require(!value.is_string() || length() >= rule.get<std::ptrdiff_t>(), keyword);
        } else if (keyword == "maxLength") {
            require(!value.is_string() || length() <= rule.get<std::ptrdiff_t>(), keyword);
        } else if (keyword == "pattern") {
            require(!value.is_string() ||
                        std::regex_search(value.get_ref<const std::string&>(), std::regex{rule.get<std::string>()}),
                    keyword);
        } else if (keyword == "minItems") {
            require(!value.is_array() || value.size() >= rule.get<std::size_t>(), keyword);
        } else if (keyword == "maxItems") {
            require(!value.is_array() || value.size() <= rule.get<std::size_t>(), keyword);
        } else if (keyword == "uniqueItems") {
            require(!value.is_array() || std::set<json>(value.begin(), value.end()).size() == value.size(), keyword);
        } else if (keyword == "items" && value.is_array()) {
            const std::size_t first = node.contains("prefixItems") ? node["prefixItems"].size() : 0;
            for (std::size_t i = first; i < value.size(); ++i) {
                violations(root, rule, value[i], pointer + '/' + std::to_string(i), found);
            }
        } else if (keyword == "prefixItems" && value.is_array()) {
            for (std::size_t i = 0; i < std::min(rule.size(), value.size()); ++i) {
                violations(root, rule[i], value[i], pointer + '/' + std::to_string(i), found);
            }
        } else if (keyword == "required" && value.is_object()) {
            for (const json& key : rule) require(value.contains(key.get<std::string>()), keyword);
        } else if (keyword == "properties" && value.is_object()) {
            for (const auto& [key, schema] : rule.items()) {
                if (value.contains(key)) violations(root, schema, value[key], pointer + '/' + key, found);
            }
        } else if (keyword == "propertyNames" && value.is_object()) {
            for (const auto& item : value.items()) violations(root, rule, json(item.key()), pointer, found);
        } else if (keyword == "additionalProperties" && value.is_object()) {
            for (const auto& item : value.items()) {
                if (node.contains("properties") && node["properties"].contains(item.key())) continue;
                if (rule.is_object()) {
                    violations(root, rule, item.value(), pointer + '/' + item.key(), found);
                } else {
                    require(rule.get<bool>(), keyword);
                }
            }
        } else {
            const std::set<std::string> others{
                "$schema",     "title",    "description", "$defs",         "items",
                "prefixItems", "required", "properties",  "propertyNames", "additionalProperties"};
            require(others.contains(keyword), keyword + ", which this test does not know");
        }
    }
}
std::vector<std::string> violations_of(std::string_view text) {
    std::vector<std::string> found;
    violations(playbook_schema(), playbook_schema(), json::parse(text), "", found);
    return found;
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
        CHECK(playbook.reachability.hour_prior == 12.5);
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

    TEST_CASE("lifecycles, urgency, models and columns arrive in their places") {
        using namespace alloquy::score;
        using alloquy::model::Act;
        using alloquy::model::EnrolmentStatus;
        using alloquy::model::RoleKind;
        const Playbook playbook = read_playbook(full, "test.json");
        // The designated values are those of the text above.
        CHECK(playbook.lifecycles ==
              std::vector<LifecycleConfig>{
                  {"visits", LifecycleModel::bg_nbd, {Act::visited, Act::clicked}, {"portal"}, {"grades"}, 14, 1, 6.5},
                  {"giving", LifecycleModel::bg_bb, {Act::donated}, {}, {}, 7, 9, 5, 0.25}});
        CHECK(playbook.urgency == UrgencyConfig{{0.5, 3, 0}, {{"fee", {0.9, 10.5, 30}}, {"intake", {1, 7, 14}}}});
        CHECK(playbook.columns == std::vector<std::string>{"my_model", "credit score"});
        REQUIRE(playbook.models.size() == 2);
        const ModelConfig& dropout = playbook.models[0];
        CHECK(dropout.name == "dropout");
        CHECK(dropout.outcome == OutcomeConfig{OutcomeKind::enrolment,
                                               {"CMD"},
                                               {EnrolmentStatus::withdrawn},
                                               {EnrolmentStatus::passed, EnrolmentStatus::enrolled},
                                               {},
                                               {}});
        alloquy::model::RoleSet roles;
        roles.insert(RoleKind::student);
        roles.insert(RoleKind::applicant);
        CHECK(dropout.roles == roles);
        CHECK(dropout.group == "attribute:student");
        const auto feature = [](std::string name, std::string input, Encoding encoding) {
            FeatureConfig config;
            config.name = std::move(name);
            config.input = std::move(input);
            config.encoding = encoding;
            return config;
        };
        std::vector<FeatureConfig> features{
            feature("", "engagement:week", Encoding::log),      feature("region", "attribute:region", Encoding::levels),
            feature("age", "attribute:age", Encoding::bins),    feature("", "attribute:disability", Encoding::levels),
            feature("", "days_since_own_act", Encoding::steps), feature("", "earliness", Encoding::linear),
            feature("", "programme", Encoding::levels),         feature("region x age", "", Encoding::cross)};
        features[0].monotone = Monotone::falling;
        features[1].least_rows = 15;
        features[2].edges = {20, 25.5, 40};
        features[3].reason = "Support is offered first.";
        features[4].quantiles = 4;
        features[4].monotone = Monotone::rising;
        features[7].of = {"region", "age"};
        features[7].least_rows = 30;
        CHECK(dropout.features == features);
        CHECK(dropout.learning == Learning::bulk);
        CHECK(dropout.penalty == 30);
        CHECK(dropout.half_life == 0);
        CHECK(dropout.calibration == CalibrationKind::isotonic);
        CHECK(dropout.folds == 8);
        CHECK(dropout.least_rows == 60);
        CHECK(dropout.prior == 0.3);
        const ModelConfig& answers = playbook.models[1];
        CHECK(answers.outcome.kind == OutcomeKind::response);
        CHECK(answers.outcome.channels == std::vector<std::string>{"phone"});
        CHECK(answers.outcome.actions == std::vector<std::string>{"call"});
        CHECK(answers.roles == ModelConfig::student());
        CHECK(answers.learning == Learning::online);
        CHECK(answers.half_life == 500);
        CHECK(answers.penalty == 2.5);
    }

    TEST_CASE("the zone, academic years and segments arrive in their places") {
        using alloquy::segment::SegmentConfig;
        using namespace alloquy::time;
        const Playbook playbook = read_playbook(full, "test.json");
        CHECK(playbook.zone == "Europe/Amsterdam");
        // Ranges are half-open: they end on the day after "to".
        CHECK(playbook.academic_years ==
              std::vector<AcademicYear>{
                  {"2026-2027",
                   {day(2026, 9, 1), day(2027, 9, 1)},
                   {{"autumn", {day(2026, 9, 1), day(2027, 2, 1)}}, {"spring", {day(2027, 2, 1), day(2027, 7, 10)}}},
                   {{"week 7", {day(2026, 10, 19), day(2026, 10, 24)}}},
                   {{"enrolment", day(2026, 8, 31)}}},
                  {"2027-2028", {day(2027, 9, 1), day(2028, 9, 1)}, {}, {}, {}}});
        // A text stays as it is, JSON becomes a text.
        CHECK(playbook.segments ==
              std::vector<SegmentConfig>{{"at risk", "engagement < 0.3\n  and not in segment \"graduates\""},
                                         {"graduates", "former role student"}});
    }

    TEST_CASE("what is left out keeps its default") {
        Playbook expected;
        expected.name = "Small";
        CHECK(read_playbook(R"({"name": "Small", "channels": []})", "test.json") == expected);
        CHECK(read_playbook(R"({"name": "Small", "channels": [], "engagement": {}, "reachability": {}, "urgency": {},
                                "lifecycles": [], "models": [], "columns": [], "zone": "UTC", "academic_years": [],
                                "segments": []})",
                            "test.json") == expected);
        expected.lifecycles.resize(1);
        expected.lifecycles[0].name = "calls";
        expected.lifecycles[0].acts = {alloquy::model::Act::called};
        expected.urgency.kinds["fee"].weight = 0.5;
        expected.models.resize(1);
        expected.models[0].name = "m";
        expected.models[0].features.resize(1);
        expected.models[0].features[0].input = "engagement";
        CHECK(read_playbook(R"({"name": "Small", "channels": [], "lifecycles": [{"name": "calls", "acts": ["called"]}],
                                "urgency": {"other": {}, "kinds": {"fee": {"weight": 0.5}}},
                                "models": [{"name": "m", "outcome": {}, "features": [{"input": "engagement"}]}]})",
                            "test.json") == expected);
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

    TEST_CASE("every default that means something is written out") {
        const json written = json::parse(write_playbook(read_playbook(R"({"name": "", "channels": [],
                              "lifecycles": [{"name": "a", "acts": ["called"]},
                                             {"name": "b", "acts": ["called"], "model": "bg_bb"}],
                              "urgency": {"kinds": {"fee": {}}},
                              "models": [{"name": "m", "features": [{"input": "results"},
                                            {"input": "results", "name": "bins", "encoding": "bins"},
                                            {"input": "site", "encoding": "levels"}]},
                                         {"name": "n", "features": [{"input": "results"}], "learning": "online",
                                          "outcome": {"kind": "response"}}]})",
                                                                      "test.json")));
        // The values are the structs' defaults.
        CHECK(written["reachability"]["hour_prior"] == 20);
        CHECK(written["lifecycles"] == json::parse(R"([
            {"name": "a", "model": "bg_nbd", "acts": ["called"], "channels": [], "topics": [], "unit_days": 7,
             "horizon": 13},
            {"name": "b", "model": "bg_bb", "acts": ["called"], "channels": [], "topics": [], "year_starts_in": 1,
             "horizon": 13}])"));
        const json rule = json::parse(R"({"weight": 1, "half_life_days": 7, "grace_days": 14})");
        CHECK(written["urgency"] == json{{"other", rule}, {"kinds", {{"fee", rule}}}});
        CHECK(written["models"] == json::parse(R"([
            {"name": "m", "roles": ["student"], "learning": "bulk", "penalty": 1, "calibration": "platt", "folds": 5,
             "least_rows": 50, "prior": 0.5,
             "outcome": {"kind": "enrolment", "programmes": [], "positive": ["failed", "withdrawn"],
                         "negative": ["passed"]},
             "features": [{"input": "results", "encoding": "linear", "monotone": "free"},
                          {"name": "bins", "input": "results", "encoding": "bins", "quantiles": 10},
                          {"input": "site", "encoding": "levels", "least_rows": 20}]},
            {"name": "n", "roles": ["student"], "learning": "online", "penalty": 1, "half_life": 0, "least_rows": 50,
             "prior": 0.5, "outcome": {"kind": "response", "programmes": [], "channels": [], "actions": []},
             "features": [{"input": "results", "encoding": "linear", "monotone": "free"}]}])"));
        CHECK(written["columns"] == json::array());
        CHECK(written["zone"] == "UTC");
        CHECK(written["academic_years"] == json::array());
        CHECK(written["segments"] == json::array());
        const json years = json::parse(write_playbook(read_playbook(full, "test.json")))["academic_years"];
        CHECK(years == json::parse(R"([
            {"name": "2026-2027", "from": "2026-09-01", "to": "2027-08-31",
             "terms": [{"name": "autumn", "from": "2026-09-01", "to": "2027-01-31"},
                       {"name": "spring", "from": "2027-02-01", "to": "2027-07-09"}],
             "exam_weeks": [{"name": "week 7", "from": "2026-10-19", "to": "2026-10-23"}],
             "deadlines": [{"name": "enrolment", "day": "2026-08-31"}]},
            {"name": "2027-2028", "from": "2027-09-01", "to": "2028-08-31", "terms": [], "exam_weeks": [],
             "deadlines": []}])"));
    }

    TEST_CASE("the penalty of a lifecycle is written where there is one") {
        const json lifecycles = json::parse(write_playbook(read_playbook(full, "test.json")))["lifecycles"];
        CHECK_FALSE(lifecycles[0].contains("penalty"));
        CHECK(lifecycles[1]["penalty"] == 0.25);
    }

    TEST_CASE("a value that means nothing where it stands is told by the reader, not dropped by the writer") {
        const auto refused = [](const Playbook& playbook, const std::string& pointer) {
            const std::string report = problems_of(write_playbook(playbook));
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report.substr(std::min(report.find(' '), report.size() - 1) + 1), pointer + ": expected no "));
        };
        const Playbook playbook = read_playbook(full, "test.json");
        Playbook changed = playbook;
        changed.lifecycles[1].unit_days = 3;
        refused(changed, "/lifecycles/1/unit_days");
        changed = playbook;
        changed.lifecycles[0].year_starts_in = 3;
        refused(changed, "/lifecycles/0/year_starts_in");
        changed = playbook;
        changed.models[0].half_life = 50;
        refused(changed, "/models/0/half_life");
        changed = playbook;
        changed.models[1].folds = 7;
        refused(changed, "/models/1/folds");
        changed = playbook;
        changed.models[1].outcome.positive = {alloquy::model::EnrolmentStatus::interrupted};
        refused(changed, "/models/1/outcome/positive");
        changed = playbook;
        changed.models[0].features[0].quantiles = 3;
        refused(changed, "/models/0/features/0/quantiles");
    }

    TEST_CASE("what JSON cannot hold is the writer's caller's mistake") {
        Playbook playbook;
        playbook.name = "\xff";
        CHECK_THROWS_AS((void)write_playbook(playbook), InvalidArgument);
        playbook.name = "x";
        playbook.engagement.other_topics = std::numeric_limits<double>::quiet_NaN();
        CHECK_THROWS_AS((void)write_playbook(playbook), InvalidArgument);
        Playbook other;
        other.segments = {{"a", "on list \"\xff\""}};
        CHECK_THROWS_AS((void)write_playbook(other), InvalidArgument);
        // "from" and "to" both belong to a stretch, so none is empty.
        other.segments.clear();
        const alloquy::time::Range<alloquy::time::Day> none{day(2026, 9, 1), day(2026, 9, 1)};
        other.academic_years = {{"y", none, {}, {}, {}}};
        CHECK_THROWS_AS((void)write_playbook(other), InvalidArgument);
        other.academic_years = {{"y", {day(2026, 9, 1), day(2027, 9, 1)}, {{"t", none}}, {}, {}}};
        CHECK_THROWS_AS((void)write_playbook(other), InvalidArgument);
        other.academic_years[0].terms.clear();
        CHECK_NOTHROW((void)write_playbook(other));
    }

    TEST_CASE("stretches of days, in any order, from one day on, survive the way through both ends") {
        const Playbook playbook = read_playbook(with_years(R"({"name": "b", "from": "2027-09-01", "to": "9999-12-30",
                           "terms": [{"name": "2", "from": "2027-11-01", "to": "2027-11-01"},
                                     {"name": "1", "from": "2027-09-01", "to": "2027-10-31"}]},
                          {"name": "a", "from": "0001-01-01", "to": "2027-08-31",
                           "deadlines": [{"name": "d", "day": "9999-12-31"}]})"),
                                                "test.json");
        REQUIRE(playbook.academic_years.size() == 2);
        CHECK(playbook.academic_years[0].name == "b");
        CHECK(playbook.academic_years[0].terms[0].days.end_exclusive() -
                  playbook.academic_years[0].terms[0].days.start() ==
              1);
        CHECK(read_playbook(write_playbook(playbook), "again.json") == playbook);
    }

    TEST_CASE("days that are none, or the wrong way round, are told where they stand") {
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 {R"("to": "2027-08-31",)", R"("to": "2027-02-29",)",
                  "59 /academic_years/0/to: expected a day such as \"2026-09-01\", got \"2027-02-29\""},
                 {R"("to": "2027-08-31",)", R"("to": 20270831,)",
                  "59 /academic_years/0/to: expected a text, got 20270831"},
                 {R"("to": "2027-08-31",)", "", "59 /academic_years/0: expected the key \"to\", got none"},
                 {R"("from": "2026-10-19")", R"("from": "19-10-2026")",
                  "62 /academic_years/0/exam_weeks/0/from: expected a day such as"},
                 {R"("to": "2026-10-23")", R"("to": "2026-10-18")",
                  "62 /academic_years/0/exam_weeks/0/to: expected a day that is not before \"from\", 2026-10-19, got "
                  "2026-10-18"},
                 {R"("day": "2026-08-31")", R"("day": "soon")", "63 /academic_years/0/deadlines/0/day: expected a day"},
                 {R"("to": "2028-08-31")", R"("to": "9999-12-31")",
                  "64 /academic_years/1/to: expected a day before 9999-12-31"},
                 // What time::AcademicCalendar says.
                 {R"("from": "2027-02-01")", R"("from": "2027-01-31")",
                  "60 /academic_years/0/terms: term \"spring\" of year \"2026-2027\" overlaps term \"autumn\""},
                 {R"("to": "2027-07-09")", R"("to": "2027-09-09")",
                  "61 /academic_years/0/terms/1: term \"spring\" of year \"2026-2027\" does not lie inside it"},
                 {R"("from": "2026-10-19")", R"("from": "2026-08-31")",
                  "62 /academic_years/0/exam_weeks/0: exam week \"week 7\" of year \"2026-2027\" does not lie inside "
                  "it"},
                 {R"("from": "2027-09-01")", R"("from": "2027-08-31")",
                  "58 /academic_years: year \"2027-2028\" overlaps year \"2026-2027\""},
                 {R"("2027-2028")", R"("2026-2027")",
                  "64 /academic_years/1/name: expected each academic year once, got a second \"2026-2027\"; the first "
                  "stands at /academic_years/0/name"},
                 {R"("2027-2028")", R"("")", "64 /academic_years/1/name: expected a name of 1 to 255 bytes, got 0"},
                 {R"("spring")", R"("autumn")", "61 /academic_years/0/terms/1/name: expected each term once"},
                 {R"("deadlines": [)", R"("deadlines": [{"name": "enrolment", "day": "2026-07-01"}, )",
                  "63 /academic_years/0/deadlines/1/name: expected each deadline once"},
                 {R"("exam_weeks": [)",
                  R"("exam_weeks": [{"name": "week 7", "from": "2027-03-01", "to": "2027-03-05"}, )",
                  "62 /academic_years/0/exam_weeks/1/name: expected each exam week once"},
                 {R"("zone": "Europe/Amsterdam")", R"("zone": "Amsterdam, Europe")",
                  "57 /zone: expected the IANA name of a time zone"},
                 {R"("zone": "Europe/Amsterdam")", R"("zone": "")", "57 /zone: expected the IANA name of a time zone"},
                 {R"("zone": "Europe/Amsterdam")", R"("zone": "../secret")", "57 /zone: expected the IANA name"},
                 {R"("zone": "Europe/Amsterdam")", R"("zone": 1)", "57 /zone: expected a text, got 1"},
             }) {
            const std::string& replacement = row[1];
            CAPTURE(replacement);
            const std::string report = problems_with(row[0], replacement);
            // One mistake is one problem.
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report, row[2]));
        }
        for (const char* const zone :
             {"UTC", "Etc/GMT+1", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"}) {
            CHECK(read_playbook(full_with("Europe/Amsterdam", zone), "test.json").zone == zone);
            CHECK(violations_of(full_with("Europe/Amsterdam", zone)).empty());
        }
    }

    TEST_CASE("all that is wrong with academic years comes at once") {
        CHECK(problems_of(
                  with_years("\n{\"name\": \"a\", \"from\": \"2026-09-01\", \"to\": \"2027-08-31\", \"terms\": [\n"
                             "{\"name\": \"1\", \"from\": \"2026-08-01\", \"to\": \"2026-12-31\"},\n"
                             "{\"name\": \"2\", \"from\": \"2027-01-32\", \"to\": \"2027-02-28\", \"x\": 1},\n"
                             "{\"name\": \"3\", \"from\": \"2027-03-01\", \"to\": \"2027-05-31\"},\n"
                             "{\"name\": \"4\", \"from\": \"2027-05-31\", \"to\": \"2027-06-30\"}]},\n"
                             "{\"name\": \"b\", \"from\": \"2027-08-31\", \"to\": \"2028-08-31\"}")) ==
              "1 /academic_years: year \"b\" overlaps year \"a\"\n"
              "2 /academic_years/0/terms: term \"4\" of year \"a\" overlaps term \"3\"\n"
              "3 /academic_years/0/terms/0: term \"1\" of year \"a\" does not lie inside it\n"
              "4 /academic_years/0/terms/1/from: expected a day such as \"2026-09-01\", got \"2027-01-32\"\n"
              "4 /academic_years/0/terms/1/x: unknown key \"x\"\n");
    }

    TEST_CASE("a condition may stand as text or as JSON, with the same meaning") {
        const Playbook as_json =
            read_playbook(with_segments(R"({"name": "a", "condition": {"all": [{"field": "engagement", "less": 0.3},
                              {"not": {"in_segment": "b"}},
                              {"count": {"of": "results", "in": {"last": {"days": 30}}}, "greater": 3}]}},
                             {"name": "b", "condition": {"any": []}})"),
                          "test.json");
        const Playbook as_text = read_playbook(
            with_segments(R"({"name": "a", "condition": "engagement < 0.3 and not in segment \"b\" and )"
                          R"(count of results in last 30 days > 3"}, {"name": "b", "condition": "false"})"),
            "test.json");
        REQUIRE(as_json.segments.size() == 2);
        const auto parsed = [](const Playbook& playbook) {
            return alloquy::segment::Segments{playbook.segments, alloquy::engine::fields_of(playbook)};
        };
        for (std::size_t i = 0; i < 2; ++i) {
            CHECK(parsed(as_json).condition(i) == parsed(as_text).condition(i));
        }
        CHECK(read_playbook(write_playbook(as_json), "again.json") == as_json);
    }

    TEST_CASE("conditions in JSON may be as deep as those in text") {
        // parse() allows 200 things within each other, more than other parts of a playbook need.
        const auto nested = [](int depth) {
            std::string condition;
            for (int i = 0; i < depth; ++i) condition += R"({"not":)";
            condition += R"({"on_list":"x"})";
            return with_segments(R"({"name": "a", "condition": )" + condition +
                                 std::string(static_cast<std::size_t>(depth), '}') + "}");
        };
        const Playbook playbook = read_playbook(nested(200), "test.json");
        CHECK(read_playbook(write_playbook(playbook), "again.json") == playbook);
        const std::string report = problems_of(nested(201));
        CHECK(report.find("expected at most 200 brackets") != std::string::npos);
        CHECK(std::count(report.begin(), report.end(), '\n') == 1);
    }

    TEST_CASE("conditions may read every field that the playbook gives the engine") {
        const Playbook playbook = read_playbook(full, "test.json");
        json document = json::parse(full);
        for (const alloquy::segment::Field& field : alloquy::engine::field_list(playbook)) {
            const std::size_t colon = field.name.find(':');
            std::string quoted = '"' + field.name.substr(0, colon) + '"';
            if (colon != std::string::npos) quoted += ":\"" + field.name.substr(colon + 1) + '"';
            const bool is_text = field.type == alloquy::segment::FieldType::text;
            document["segments"].push_back(
                {{"name", field.name}, {"condition", quoted + (is_text ? " = \"x\"" : " > 1")}});
        }
        document["segments"].push_back({{"name", "attribute"}, {"condition", "attribute:anything = true"}});
        CHECK(problems_of(document.dump()).empty());
        CHECK(begins(
            problems_of(with_condition("engagement:weak > 1")),
            "1 /segments/0/condition: in the condition, line 1, column 1: there is no field \"engagement:weak\""));
        CHECK(
            begins(problems_of(with_condition("my_model > 1")), "1 /segments/0/condition: in the condition, line 1, "));
        CHECK(begins(problems_of(with_condition("role > 1")), "1 /segments/0/condition: in the condition, line 1, "));
    }

    TEST_CASE("what is wrong with a condition is told with its place in the playbook and in the condition") {
        for (const auto& row : std::vector<std::array<std::string, 2>>{
                 {R"("engagement < 0.3\n and vist > 1")",
                  "1 /segments/0/condition: in the condition, line 2, column 6: there is no field \"vist\""},
                 {R"("")", "1 /segments/0/condition: in the condition, line 1, column 1: expected "},
                 {R"("in segment \"\"")", "1 /segments/0/condition: in the condition, line 1, column 12: expected "},
                 {R"({"in_segment": ""})", "1 /segments/0/condition/in_segment: expected "},
                 {R"(" # nothing")", "1 /segments/0/condition: in the condition, line 1, column 11: expected "},
                 {R"("engagement <")", "1 /segments/0/condition: in the condition, line 1, column 13: expected "},
                 {R"("engagement < $least")",
                  "1 /segments/0/condition: expected a condition without parameters: segment condition: parameter "
                  "$least "
                  "has no value"},
                 {R"({"field": "engagement", "less": {"parameter": "least"}})",
                  "1 /segments/0/condition: expected a condition without parameters: "},
                 {R"({"any": [{"all": []}, {"field": "engagment", "less": 1}]})",
                  "1 /segments/0/condition/any/1/field: there is no field \"engagment\"; did you mean \"engagement\"?"},
                 {R"({"on_lst": "x"})", "1 /segments/0/condition"},
                 {"{}", "1 /segments/0/condition: expected "},
                 {"3", "1 /segments/0/condition: expected a condition: a text, or an object in the JSON form"},
                 {"[]", "1 /segments/0/condition: expected a condition"},
                 {"null", "1 /segments/0/condition: expected a condition"},
             }) {
            CAPTURE(row[0]);
            const std::string report = problems_of(with_segments(R"({"name": "a", "condition": )" + row[0] + "}"));
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report, row[1]));
        }
        CHECK(problems_of(with_segments(R"({"name": "a"})")) ==
              "1 /segments/0: expected the key \"condition\", got none\n");
        CHECK(begins(problems_of(with_segments(R"({"name": "a", "condition": "true", "contidion": 1})")),
                     "1 /segments/0/contidion: unknown key"));
        CHECK(begins(problems_of(with_segments(R"("true")")), "1 /segments/0: expected an object"));
    }

    TEST_CASE("segments that conditions name must be there, and rest on each other in no circle") {
        CHECK(begins(problems_with(R"(not in segment \"graduates\")", R"(not in segment \"gradautes\")"),
                     "67 /segments/0/condition: expected the name of a segment, got \"gradautes\"; did you mean "
                     "\"graduates\"?"));
        CHECK(begins(problems_with(R"({"name": "graduates")", R"({"name": "at risk")"),
                     "67 /segments/0/condition: expected the name of a segment, got \"graduates\""));
        CHECK(
            problems_of(with_segments(R"({"name": "a", "condition": "true"}, {"name": "a", "condition": "false"})")) ==
            "1 /segments/1/name: expected each segment once, got a second \"a\"; the first stands at "
            "/segments/0/name\n");
        CHECK(begins(problems_of(with_segments(R"({"name": "", "condition": "true"})")),
                     "1 /segments/0/name: expected a name of 1 to 255 bytes, got 0"));
        // Two circles, one through JSON, and a segment that rests on itself: by hand, in the order of the text.
        CHECK(
            problems_of(with_segments(R"({"name": "a", "condition": "in segment \"b\" or in segment \"d\""},
{"name": "b", "condition": {"not": {"was_in_segment": "c"}}},
{"name": "c", "condition": "in segment \"a\" or in segment \"nobody\""},
{"name": "d", "condition": "true"},
{"name": "e", "condition": "entered segment \"e\" in last 3 days"},
{"name": "f", "condition": "in segment \"e\" and nonsense"})")) ==
            "3 /segments/2/condition: expected the name of a segment, got \"nobody\"\n"
            "3 /segments/2/condition: expected segments that do not rest on each other in a circle, got \"a\" -> \"b\" "
            "-> \"c\" -> \"a\"\n"
            "5 /segments/4/condition: expected segments that do not rest on each other in a circle, got \"e\" -> "
            "\"e\"\n"
            "6 /segments/5/condition: in the condition, line 1, column 20: there is no field \"nonsense\"\n");
        // A diamond is no circle.
        CHECK(problems_of(with_segments(R"({"name": "a", "condition": "in segment \"b\" or in segment \"c\""},
                                           {"name": "b", "condition": "in segment \"d\""},
                                           {"name": "c", "condition": "in segment \"d\""},
                                           {"name": "d", "condition": "true"})"))
                  .empty());
    }

    TEST_CASE("more segments than the engine holds are refused; as many as that may rest on each other in a row") {
        const auto row_of = [](std::size_t count) {
            std::string list;
            for (std::size_t i = 0; i < count; ++i) {
                list += (i == 0 ? R"({"name": "s)" : R"(, {"name": "s)") + std::to_string(i) + R"(", "condition": ")";
                list += i + 1 < count ? R"(in segment \"s)" + std::to_string(i + 1) + R"(\""})" : R"(true"})";
            }
            return with_segments(list);
        };
        constexpr std::size_t most = alloquy::segment::PackedTurn::max_segments;
        REQUIRE(most == 4096);  // as the reader and the schema say
        CHECK(read_playbook(row_of(most), "test.json").segments.size() == most);
        CHECK(problems_of(row_of(most + 1)) == "1 /segments: expected at most 4096 segments, got 4097\n");
        CHECK(violations_of(row_of(most)).empty());
        CHECK_FALSE(violations_of(row_of(most + 1)).empty());
    }

    TEST_CASE("a playbook with other problems has its conditions read all the same") {
        CHECK(problems_of("{\"name\": \"\", \"channels\": [],\n\"columns\": [\"x\", \"x\", \"\", \"role\"],\n"
                          "\"segments\": [{\"name\": \"a\", \"condition\": \"x > 1\"},\n"
                          "{\"name\": \"b\", \"condition\": \"y > 1\"},\n"
                          "{\"name\": \"c\", \"condition\": {\"field\": \"x\", \"less\": 1}}]}") ==
              "2 /columns/1: expected each column once, got a second \"x\"; the first stands at /columns/0\n"
              "2 /columns/2: expected a name of 1 to 255 bytes, got 0\n"
              "2 /columns/3: expected a name of your own, got \"role\", which the engine fills itself\n"
              "4 /segments/1/condition: in the condition, line 1, column 1: there is no field \"y\"\n");
    }

    TEST_CASE("what the schema can see of years and segments, it refuses as the reader does") {
        for (const auto& row : std::vector<std::array<std::string, 2>>{
                 {R"("to": "2027-08-31",)", R"("to": "31-08-2027",)"},
                 {R"("to": "2027-08-31",)", ""},
                 {R"("from": "2026-10-19")", R"("from": 20261019)"},
                 {R"("day": "2026-08-31")", R"("days": "2026-08-31")"},
                 {R"("autumn")", R"("")"},
                 {R"("Europe/Amsterdam")", R"("Europe/")"},
                 {R"("Europe/Amsterdam")", "null"},
                 {R"({"period": "former", "kind": "student"})", R"({"period": "former", "kind": "pupil"})"},
                 {R"({"role": {"period": "former", "kind": "student"}})", R"("")"},
                 {R"({"role": {"period": "former", "kind": "student"}})", "[]"},
                 {R"({"role": {"period": "former", "kind": "student"}})", "{}"},
                 {R"({"name": "graduates")", R"({"name": "graduates", "size": 3)"},
                 {R"("segments": [)", R"("segments": ["at risk", )"},
             }) {
            const std::string& piece = row[0];
            const std::string& replacement = row[1];
            CAPTURE(replacement);
            CHECK_FALSE(violations_of(full_with(piece, replacement)).empty());
            CHECK_FALSE(problems_with(piece, replacement).empty());
        }
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

    TEST_CASE("names in lifecycles and models must be known") {
        CHECK(
            begins(problems_with(R"("channels": ["portal"], "topics")", R"("channels": ["portl"], "topics")"),
                   "31 /lifecycles/0/channels/0: expected the name of a channel, got the text \"portl\"; did you mean "
                   "\"portal\"?"));
        CHECK(begins(problems_with(R"("topics": ["grades"],)", R"("topics": ["grade"],)"),
                     "31 /lifecycles/0/topics/0: expected the name of a topic, got the text \"grade\"; did you mean "
                     "\"grades\"?"));
        CHECK(begins(problems_with(R"(["visited", "clicked"])", R"(["visit"])"),
                     "31 /lifecycles/0/acts/0: expected one of \"sent\""));
        CHECK(
            begins(problems_with(R"("model": "bg_bb")", R"("model": "bgbb")"),
                   "33 /lifecycles/1/model: expected one of \"bg_nbd\", \"bg_bb\", got the text \"bgbb\"; did you mean "
                   "\"bg_bb\"?"));
        CHECK(begins(problems_with(R"("positive": ["withdrawn"])", R"("positive": ["withdrew"])"),
                     "41 /models/0/outcome/positive/0: expected one of \"applied\""));
        CHECK(begins(problems_with(R"(["student", "applicant"])", R"(["applicnt"])"),
                     "42 /models/0/roles/0: expected the name of a role, got the text \"applicnt\"; did you mean "
                     "\"applicant\"?"));
        CHECK(begins(problems_with(R"("group": "attribute:student")", R"("group": "sit")"),
                     "42 /models/0/group: expected the name of a text input, got the text \"sit\"; did you mean "
                     "\"site\"?"));
        // A contact channel: the portal is a channel, but people are not contacted by it.
        CHECK(
            begins(problems_with(R"("channels": ["phone"], "actions")", R"("channels": ["portal"], "actions")"),
                   "53 /models/1/outcome/channels/0: expected the name of a contact channel, got the text \"portal\""));
        CHECK(begins(problems_with(R"("actions": ["call"])", R"("actions": ["cal"])"),
                     "53 /models/1/outcome/actions/0: expected the name of a declared action, got the text \"cal\"; "
                     "did you mean "
                     "\"call\"?"));
        CHECK(begins(problems_with(R"("input": "engagement:week")", R"("input": "engagement:weak")"),
                     "44 /models/0/features/0/input: expected the name of a column or text input, got the text "
                     "\"engagement:weak\"; did you mean \"engagement:week\"?"));
        CHECK(
            begins(problems_with(R"("of": ["region", "age"])", R"("of": ["region", "agee"])"),
                   "51 /models/0/features/7/of/1: expected the name of a feature before this one that is no cross, got "
                   "the text \"agee\"; did you mean \"age\"?"));
    }

    TEST_CASE("conditions and values may name every column that the playbook gives the engine") {
        for (const std::string name :
             {"days_overdue", "enrolments", "engagement:week", "engagement:month", "channel:portal", "channel:other",
              "topic:grades", "topic:other", "active:visits", "expected:giving", "model:dropout", "model:answers",
              "attribute:credits", "my_model", "credit score"}) {
            CAPTURE(name);
            CHECK(problems_with(R"("conditions": [{"column": "engagement")",
                                R"("conditions": [{"column": ")" + name + '"') == "");
            CHECK(problems_with(R"({"column": "engagement", "points")", R"({"column": ")" + name + R"(", "points")") ==
                  "");
        }
        for (const std::string name : {"engagement:year", "channel:fax", "topic:sports", "active:dropout",
                                       "expected:", "model:visits", "attribute:", "attribute:language",
                                       "attribute:zone", "role", "my_modle", "best_hour", "response:phone"}) {
            CAPTURE(name);
            const std::string report = problems_with(R"("conditions": [{"column": "engagement")",
                                                     R"("conditions": [{"column": ")" + name + '"');
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report, "22 /actions/0/conditions/0/column: expected "));
        }
        CHECK(begins(
            problems_with(R"("conditions": [{"column": "engagement")", R"("conditions": [{"column": "model:dropuot")"),
            "22 /actions/0/conditions/0/column: expected the name of a column, got the text \"model:dropuot\"; "
            "did you mean \"model:dropout\"?"));
    }

    TEST_CASE("channels beyond the seventh and topics beyond the 24th share a column called other") {
        // Engagement::channel_slots is 8 and topic_slots is 25, the last of which is shared.
        const auto problems = [](const std::string& channels, const std::string& topics, const std::string& input) {
            return problems_of(R"({"name": "", "channels": [)" + channels + R"(], "topics": [)" + topics +
                               R"(], "models": [{"name": "m", "features": [{"input": ")" + input + R"("}]}]})");
        };
        std::string many = R"("1")";
        for (int i = 2; i <= 24; ++i) many += ",\"" + std::to_string(i) + '"';
        const std::string seven = R"("1","2","3","4","5","6","7")";
        CHECK(problems(seven, many, "channel:7") == "");
        CHECK(problems(seven + R"(,"other")", many + R"(,"other")", "topic:24") == "");
        CHECK(problems(seven + R"(,"8")", many, "channel:8") ==
              "1 /models/0/features/0/input: expected the name of a column or text input, got the text \"channel:8\", "
              "which is part of \"channel:other\"\n");
        CHECK(problems(seven, many + R"(,"25")", "topic:25") ==
              "1 /models/0/features/0/input: expected the name of a column or text input, got the text \"topic:25\", "
              "which is part of \"topic:other\"\n");
        CHECK(problems(R"("1","other")", "", "engagement") ==
              "1 /channels/1: expected another name among the first 7: \"other\" is what the column of the remaining "
              "ones "
              "is called\n");
        CHECK(problems("", R"("other")", "engagement") ==
              "1 /topics/0: expected another name among the first 24: \"other\" is what the column of the remaining "
              "ones is "
              "called\n");
    }

    TEST_CASE("a feature reads what its encoding is for, and no model") {
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 // texts and numbers
                 {R"("engagement:week", "encoding": "log", "monotone": "falling")",
                  R"("engagement:week", "encoding": "levels")",
                  "/models/0/features/0/input: expected a text for levels, got \"engagement:week\", which is a number"},
                 {R"({"input": "programme", "encoding": "levels"})", R"({"input": "programme"})",
                  "/models/0/features/6/input: expected a number, got \"programme\", which is a text, for levels "
                  "alone"},
                 {R"({"input": "programme", "encoding": "levels"})",
                  R"({"name": "again", "input": "attribute:age", "encoding": "levels"})",
                  "/models/0/features/6/input: expected one reading of \"attribute:age\" in a model"},
                 {R"("input": "earliness")", R"("input": "model:answers")",
                  "/models/0/features/5/input: expected no model: models do not read each other"},
                 {R"("input": "earliness")", R"("input": "attribute:zone")",
                  "/models/0/features/5/input: expected another attribute: this one is the text input \"zone\""},
                 // special categories (GDPR, article 9)
                 {R"(, "reason": "Support is offered first.")", "",
                  "/models/0/features/3/input: expected a \"reason\" beside a special category"},
                 {R"("reason": "Support is offered first.")", R"("reason": "")",
                  "/models/0/features/3/input: expected a \"reason\""},
                 {R"("reason": "Support is offered first.")", R"("reason": 1)",
                  "/models/0/features/3/reason: expected a text, got 1"},
                 {R"("input": "attribute:age")", R"("input": "attribute:Health status")",
                  "/models/0/features/2/input: expected a \"reason\""},
                 // crosses
                 {R"("of": ["region", "age"])", R"("of": ["region"])",
                  "/models/0/features/7/of: expected the names of two features, got 1"},
                 {R"("of": ["region", "age"])", R"("of": ["region", "age", "programme"])",
                  "/models/0/features/7/of: expected the names of two features, got 3"},
                 {R"("of": ["region", "age"])", R"("of": ["region", "region"])",
                  "/models/0/features/7/of/1: expected two different features"},
                 {R"("of": ["region", "age"])", R"("of": ["region", "region x age"])",
                  "/models/0/features/7/of/1: expected the name of a feature before this one"},
                 {R"("of": ["region", "age"])", R"("of": ["region", "attribute:age"])",
                  "/models/0/features/7/of/1: expected the name of a feature before this one"},
                 {R"({"name": "region x age", "encoding": "cross", "of": ["region", "age"], "least_rows": 30})",
                  R"({"encoding": "cross", "of": ["region", "age"]})",
                  "/models/0/features/7: expected the key \"name\", got none"},
                 {R"("encoding": "cross", "of": ["region", "age"], )", R"("encoding": "cross", )",
                  "/models/0/features/7: expected the key \"of\", got none"},
                 {R"("encoding": "cross", )", R"("encoding": "cross", "input": "results", )",
                  "/models/0/features/7/input: expected no input"},
                 {R"({"input": "earliness"})", R"({"input": "earliness", "of": ["region", "age"]})",
                  "/models/0/features/5/of: expected no of"},
                 {R"({"input": "earliness"})", "{}", "/models/0/features/5: expected the key \"input\", got none"},
                 // An encoding that nobody knows is one problem, whatever else stands beside it.
                 {R"("encoding": "bins")", R"("encoding": "bin")",
                  "/models/0/features/2/encoding: expected one of \"linear\""},
                 {R"("input": "attribute:age")", R"("input": 7)",
                  "/models/0/features/2/input: expected the name of a column or text input, got 7"},
                 // what means nothing for the encoding
                 {R"({"input": "earliness"})", R"({"input": "earliness", "edges": [1]})",
                  "/models/0/features/5/edges: expected no edges"},
                 {R"({"input": "earliness"})", R"({"input": "earliness", "quantiles": 5})",
                  "/models/0/features/5/quantiles: expected no quantiles"},
                 {R"("edges": [20, 25.5, 40])", R"("edges": [20], "quantiles": 5)",
                  "/models/0/features/2/quantiles: expected no quantiles: the edges are given"},
                 {R"("edges": [20, 25.5, 40])", R"("edges": [20], "monotone": "rising")",
                  "/models/0/features/2/monotone: expected no monotone"},
                 {R"("edges": [20, 25.5, 40])", R"("edges": [20], "least_rows": 3)",
                  "/models/0/features/2/least_rows: expected no least_rows"},
             }) {
            CAPTURE(row[1]);
            const std::string report = problems_with(row[0], row[1]);
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report.substr(report.find(' ') + 1), row[2]));
        }
        // A cross may name a feature by its input, where that is its name.
        CHECK(problems_with(R"("of": ["region", "age"])", R"("of": ["engagement:week", "programme"])") == "");
        // Two features of one input need names.
        CHECK(problems_with(R"("input": "earliness")", R"("input": "engagement:week", "name": "plain")") == "");
        // Values that say what holds anyhow.
        CHECK(problems_with(R"("edges": [20, 25.5, 40])", R"("edges": [], "monotone": "free")") == "");
        CHECK(problems_with(R"("learning": "online")", R"("learning": "online", "calibration": "none")") == "");
    }

    TEST_CASE("a model reads only what has a history") {
        // Nobody knows what a model, a lifecycle or the host said at an earlier instant: see src/decisions/008.
        for (const auto& row : std::vector<std::pair<std::string, std::string>>{
                 {"active:visits", "expected no lifecycle, got \"active:visits\": its column has no history"},
                 {"expected:giving", "expected no lifecycle, got \"expected:giving\": its column has no history"},
                 {"active:nobody", "expected no lifecycle"},
                 {"my_model", "expected no column of the host, got \"my_model\": it has no history"},
                 {"credit score", "expected no column of the host, got \"credit score\": it has no history"},
                 {"model:answers", "expected no model"},
             }) {
            const std::string& input = row.first;
            const std::string& reason = row.second;
            CAPTURE(input);
            const std::string report = problems_with(R"("input": "earliness")", R"("input": ")" + input + '"');
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report, "49 /models/0/features/5/input: " + reason));
            // An action may ask for all of them that are there.
            if (input == "active:nobody") continue;
            CHECK(problems_with(R"("conditions": [{"column": "engagement")",
                                R"("conditions": [{"column": ")" + input + '"') == "");
        }
        // None of them is proposed for a name that nobody knows.
        const std::string report = problems_with(R"("input": "earliness")", R"("input": "my_modle")");
        CHECK(begins(report, "49 /models/0/features/5/input: expected the name of a column or text input"));
        CHECK(report.find("my_model") == std::string::npos);
        // What the schema can know; the host's columns it cannot.
        for (const std::string input : {"active:visits", "expected:giving", "model:answers"}) {
            CAPTURE(input);
            const std::vector<std::string> found =
                violations_of(full_with(R"("input": "earliness")", R"("input": ")" + input + '"'));
            CHECK(found == std::vector<std::string>{"/models/0/features/5/input: pattern"});
        }
    }

    TEST_CASE("no model is called like a kept lifecycle") {
        // BasicInstitution::fit_lifecycle() keeps its versions as lifecycle:<name>.
        CHECK(problems_with(R"("name": "dropout")", R"("name": "lifecycle:visits")") ==
              "39 /models/0/name: expected a name that does not begin with \"lifecycle:\": so fitted lifecycles are "
              "called where they are kept\n");
        CHECK(violations_of(full_with(R"("name": "dropout")", R"("name": "lifecycle:visits")")) ==
              std::vector<std::string>{"/models/0/name: pattern"});
        CHECK(problems_with(R"("name": "dropout")", R"("name": "lifecycle")") == "");
        CHECK(violations_of(full_with(R"("name": "dropout")", R"("name": "my lifecycle:")")).empty());
    }

    TEST_CASE("an outcome has two sides, and only what its kind knows") {
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 {R"("positive": ["withdrawn"])", R"("positive": [])",
                  "/models/0/outcome/positive: expected at least one status"},
                 {R"("negative": ["passed", "enrolled"])", R"("negative": [])",
                  "/models/0/outcome/negative: expected at least one status"},
                 {R"("negative": ["passed", "enrolled"])", R"("negative": ["passed", "withdrawn"])",
                  "/models/0/outcome/negative: expected no status that is both positive and negative, got "
                  "\"withdrawn\""},
                 {R"("positive": ["withdrawn"], "negative": ["passed", "enrolled"])", R"("positive": ["passed"])",
                  "/models/0/outcome/positive: expected no status that is both positive and negative, got \"passed\", "
                  "which is negative by default"},
                 {R"("positive": ["withdrawn"], "negative": ["passed", "enrolled"])", R"("negative": ["failed"])",
                  "/models/0/outcome/negative: expected no status that is both positive and negative, got \"failed\", "
                  "which is positive by default"},
                 {R"("kind": "enrolment",)", R"("kind": "enrolment", "channels": ["email"],)",
                  "/models/0/outcome/channels: expected no channels"},
                 {R"("kind": "enrolment",)", R"("actions": ["call"],)",
                  "/models/0/outcome/actions: expected no actions"},
                 {R"("kind": "response",)", R"("kind": "response", "positive": ["passed"],)",
                  "/models/1/outcome/positive: expected no positive"},
                 {R"("kind": "response",)", R"("kind": "response", "negative": ["passed"],)",
                  "/models/1/outcome/negative: expected no negative"},
                 {R"("kind": "response",)", R"("kind": "answer",)",
                  "/models/1/outcome/kind: expected one of \"enrolment\", \"response\""},
                 {R"("learning": "bulk")", R"("learning": "bulk", "half_life": 50)",
                  "/models/0/half_life: expected no half_life"},
                 {R"("learning": "online")", R"("learning": "online", "calibration": "platt")",
                  "/models/1/calibration: expected no calibration"},
                 {R"("learning": "online")", R"("learning": "online", "calibration": "plat")",
                  "/models/1/calibration: expected one of \"none\""},
                 {R"("learning": "online")", R"("learning": "online", "folds": 3)",
                  "/models/1/folds: expected no folds"},
                 {R"("learning": "online")", R"("learning": "slow")", "/models/1/learning: expected one of \"bulk\""},
                 {R"("unit_days": 14)", R"("year_starts_in": 2)",
                  "/lifecycles/0/year_starts_in: expected no year_starts_in"},
                 {R"("year_starts_in": 9)", R"("unit_days": 2)", "/lifecycles/1/unit_days: expected no unit_days"},
                 {R"("horizon": 5})", R"("horizon": 5.5})", "/lifecycles/1/horizon: expected whole years"},
             }) {
            CAPTURE(row[1]);
            const std::string report = problems_with(row[0], row[1]);
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report.substr(report.find(' ') + 1), row[2]));
        }
    }

    TEST_CASE("a column of the host has a name that the engine does not use") {
        for (const std::string name : {"engagement", "days_overdue", "role", "zone", "model:mine", "attribute:mine",
                                       "channel:fax", "engagement:mine", "active:x", "topic:x", "expected:x"}) {
            CAPTURE(name);
            const std::string report = problems_with(R"("credit score")", '"' + name + '"');
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report, "37 /columns/1: expected a name "));
        }
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
                 {R"("hour_prior")", R"("hours_prior")", "16 /reachability/hours_prior: unknown key"},
                 {R"("horizon": 5})", R"("horizon": 5, "x": 1})", "33 /lifecycles/1/x: unknown key"},
                 {R"("urgency": {"other")", R"("urgency": {"others")", "35 /urgency/others: unknown key"},
                 {R"("intake": {})", R"("intake": {"half_life": 1})",
                  "36 /urgency/kinds/intake/half_life: unknown key"},
                 {R"("folds": 8)", R"("fold": 8)", "52 /models/0/fold: unknown key \"fold\"; did you mean \"folds\"?"},
                 {R"("actions": ["call"])", R"("action": ["call"])", "53 /models/1/outcome/action: unknown key"},
                 {R"({"input": "earliness"})", R"({"input": "earliness", "weight": 1})",
                  "49 /models/0/features/5/weight: unknown key"},
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
        CHECK(begins(problems_with(R"("name": "giving")", R"("name": "visits")"),
                     "33 /lifecycles/1/name: expected each lifecycle once"));
        CHECK(begins(problems_with(R"("name": "answers")", R"("name": "dropout")"),
                     "53 /models/1/name: expected each model once"));
        CHECK(begins(problems_with(R"("credit score")", R"("my_model")"), "37 /columns/1: expected each column once"));
        CHECK(begins(problems_with(R"("credit score")", R"("")"), "37 /columns/1: expected a name of 1 to 255 bytes"));
        CHECK(begins(problems_with(R"("intake": {})", R"("": {})"), "36 /urgency/kinds/: expected a name of 1 to 255"));
        CHECK(begins(problems_with(R"(["visited", "clicked"])", R"(["visited", "visited"])"),
                     "31 /lifecycles/0/acts/1: expected each act once"));
        CHECK(begins(problems_with(R"(["passed", "enrolled"])", R"(["passed", "passed"])"),
                     "41 /models/0/outcome/negative/1: expected each status once"));
        CHECK(begins(problems_with(R"("actions": ["call"])", R"("actions": ["call", "call"])"),
                     "53 /models/1/outcome/actions/1: expected each declared action once"));
        // A feature without a name has its input's.
        CHECK(begins(problems_with(R"("input": "earliness")", R"("input": "engagement:week")"),
                     "49 /models/0/features/5/input: expected each feature once, got a second \"engagement:week\"; the "
                     "first stands at /models/0/features/0/input"));
        CHECK(begins(problems_with(R"("name": "age")", R"("name": "region")"), "46 /models/0/features/2/name: "));
        CHECK(begins(problems_with(R"("name": "age")", R"("name": "")"),
                     "46 /models/0/features/2/name: expected a name of 1 to 255 bytes"));
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

    TEST_CASE("numbers out of range in lifecycles, urgency and models are refused by reader and schema") {
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 {R"("days": 7.5)", R"("days": 0.99)", "/engagement/half_lives/0/days"},
                 {R"("days": 30)", R"("days": 3650.5)", "/engagement/half_lives/1/days"},
                 {R"("hour_prior": 12.5)", R"("hour_prior": 0)", "/reachability/hour_prior"},
                 {R"("hour_prior": 12.5)", R"("hour_prior": 1000000)", "/reachability/hour_prior"},
                 {R"("acts": ["donated"])", R"("acts": [])", "/lifecycles/1/acts"},
                 {R"("acts": ["donated"], )", "", "/lifecycles/1"},
                 {R"("unit_days": 14)", R"("unit_days": 0.5)", "/lifecycles/0/unit_days"},
                 {R"("unit_days": 14)", R"("unit_days": 367)", "/lifecycles/0/unit_days"},
                 {R"("year_starts_in": 9)", R"("year_starts_in": 0)", "/lifecycles/1/year_starts_in"},
                 {R"("year_starts_in": 9)", R"("year_starts_in": 13)", "/lifecycles/1/year_starts_in"},
                 {R"("year_starts_in": 9)", R"("year_starts_in": 1.5)", "/lifecycles/1/year_starts_in"},
                 {R"("horizon": 6.5)", R"("horizon": 0)", "/lifecycles/0/horizon"},
                 {R"("horizon": 6.5)", R"("horizon": 1001)", "/lifecycles/0/horizon"},
                 {R"("weight": 0.5)", R"("weight": 0)", "/urgency/other/weight"},
                 {R"("weight": 0.9)", R"("weight": 1.1)", "/urgency/kinds/fee/weight"},
                 {R"("half_life_days": 3,)", R"("half_life_days": 0,)", "/urgency/other/half_life_days"},
                 {R"("half_life_days": 10.5)", R"("half_life_days": 3651)", "/urgency/kinds/fee/half_life_days"},
                 {R"("grace_days": 0)", R"("grace_days": -1)", "/urgency/other/grace_days"},
                 {R"("grace_days": 30)", R"("grace_days": 3651)", "/urgency/kinds/fee/grace_days"},
                 {R"("intake": {})", R"("intake": 3)", "/urgency/kinds/intake"},
                 {R"(["student", "applicant"])", "[]", "/models/0/roles"},
                 {R"([{"input": "channel:portal"}, {"input": "urgency"}])", "[]", "/models/1/features"},
                 {R"("features": [{"input": "channel:portal"}, {"input": "urgency"}],)", "", "/models/1"},
                 {R"("penalty": 0.25)", R"("penalty": -0.1)", "/lifecycles/1/penalty"},
                 {R"("penalty": 0.25)", R"("penalty": 1000001)", "/lifecycles/1/penalty"},
                 {R"("penalty": 0.25)", R"("penalty": "some")", "/lifecycles/1/penalty"},
                 {R"("penalty": 30)", R"("penalty": 0)", "/models/0/penalty"},
                 {R"("penalty": 30)", R"("penalty": 9e-10)", "/models/0/penalty"},
                 {R"("penalty": 2.5)", R"("penalty": 9e-10)", "/models/1/penalty"},
                 {R"("penalty": 30)", R"("penalty": 1e9)", "/models/0/penalty"},
                 {R"("half_life": 500)", R"("half_life": -1)", "/models/1/half_life"},
                 {R"("half_life": 500)", R"("half_life": 1e13)", "/models/1/half_life"},
                 {R"("folds": 8)", R"("folds": 1)", "/models/0/folds"},
                 {R"("folds": 8)", R"("folds": 101)", "/models/0/folds"},
                 {R"("folds": 8)", R"("folds": 2.5)", "/models/0/folds"},
                 {R"("least_rows": 60)", R"("least_rows": 1)", "/models/0/least_rows"},
                 {R"("least_rows": 60)", R"("least_rows": 4294967296)", "/models/0/least_rows"},
                 {R"("prior": 0.3)", R"("prior": 0)", "/models/0/prior"},
                 {R"("prior": 0.3)", R"("prior": 9e-10)", "/models/0/prior"},
                 {R"("prior": 0.3)", R"("prior": 0.9999999991)", "/models/0/prior"},
                 {R"("prior": 0.3)", R"("prior": 1)", "/models/0/prior"},
                 {R"("prior": 0.3)", R"("prior": "low")", "/models/0/prior"},
                 {R"("quantiles": 4)", R"("quantiles": 1)", "/models/0/features/4/quantiles"},
                 {R"("quantiles": 4)", R"("quantiles": 101)", "/models/0/features/4/quantiles"},
                 {R"("least_rows": 15)", R"("least_rows": -1)", "/models/0/features/1/least_rows"},
                 {R"("least_rows": 15)", R"("least_rows": 4294967296)", "/models/0/features/1/least_rows"},
                 {R"("edges": [20, 25.5, 40])", R"("edges": ["20"])", "/models/0/features/2/edges/0"},
                 {R"("monotone": "falling")", R"("monotone": "down")", "/models/0/features/0/monotone"},
                 {R"("calibration": "isotonic")", R"("calibration": "iso")", "/models/0/calibration"},
             }) {
            CAPTURE(row[1]);
            const std::string report = problems_with(row[0], row[1]);
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report.substr(report.find(' ') + 1), row[2] + ": "));
            const std::vector<std::string> found = violations_of(full_with(row[0], row[1]));
            REQUIRE(found.size() == 1);
            CHECK(begins(found[0], row[2] + ": "));
        }
        CHECK(problems_with(R"("penalty": 30)", R"("penalty": 0)")
                  .find(" /models/0/penalty: expected a number from 1e-9 on and below 1e9\n") != std::string::npos);
        CHECK(problems_with(R"("prior": 0.3)", R"("prior": 1)")
                  .find(" /models/0/prior: expected a probability from 1e-9 to 1 - 1e-9\n") != std::string::npos);
        // Only the reader knows that half an example is none.
        CHECK(problems_with(R"("half_life": 500)", R"("half_life": 0.5)")
                  .find(" /models/1/half_life: expected 0 or a number of examples from 1 on") != std::string::npos);
        // Only the reader can know the order of edges.
        CHECK(begins(problems_with("[20, 25.5, 40]", "[20, 20, 40]"),
                     "46 /models/0/features/2/edges/1: expected an edge above the one before"));
    }

    TEST_CASE("numbers at the ends of their ranges are accepted by reader and schema") {
        for (const auto& row : std::vector<std::array<std::string, 2>>{
                 {R"("days": 7.5)", R"("days": 1)"},
                 {R"("days": 7.5)", R"("days": 3650)"},
                 {R"("hour_prior": 12.5)", R"("hour_prior": 999999)"},
                 {R"("unit_days": 14)", R"("unit_days": 1)"},
                 {R"("unit_days": 14)", R"("unit_days": 366)"},
                 {R"("year_starts_in": 9)", R"("year_starts_in": 1)"},
                 {R"("year_starts_in": 9)", R"("year_starts_in": 12)"},
                 {R"("horizon": 5})", R"("horizon": 1000})"},
                 {R"("weight": 0.5)", R"("weight": 1)"},
                 {R"("half_life_days": 3,)", R"("half_life_days": 3650,)"},
                 {R"("grace_days": 30)", R"("grace_days": 3650)"},
                 {R"("penalty": 0.25)", R"("penalty": 0)"},
                 {R"("penalty": 0.25)", R"("penalty": 1000000)"},
                 {R"("penalty": 30)", R"("penalty": 1e-9)"},
                 {R"("penalty": 30)", R"("penalty": 999999999.9)"},
                 {R"("prior": 0.3)", R"("prior": 1e-9)"},
                 {R"("prior": 0.3)", R"("prior": 0.999999999)"},
                 {R"("half_life": 500)", R"("half_life": 0)"},
                 {R"("half_life": 500)", R"("half_life": 1)"},
                 {R"("folds": 8)", R"("folds": 2)"},
                 {R"("folds": 8)", R"("folds": 100)"},
                 {R"("least_rows": 60)", R"("least_rows": 2)"},
                 {R"("least_rows": 60)", R"("least_rows": 4294967295)"},
                 {R"("least_rows": 15)", R"("least_rows": 0)"},
                 {R"("quantiles": 4)", R"("quantiles": 2)"},
                 {R"("quantiles": 4)", R"("quantiles": 100)"},
             }) {
            CAPTURE(row[1]);
            CHECK(problems_with(row[0], row[1]) == "");
            CHECK(violations_of(full_with(row[0], row[1])).empty());
            const Playbook playbook = read_playbook(full_with(row[0], row[1]), "test.json");
            CHECK(read_playbook(write_playbook(playbook), "again.json") == playbook);
        }
    }

    TEST_CASE("a penalty and a prior that the reader accepts, every way of learning accepts") {
        using namespace alloquy::score;
        for (const double penalty : {1e-9, 999'999'999.9}) {
            for (const double prior : {1e-9, 0.999'999'999}) {
                CAPTURE(penalty);
                CAPTURE(prior);
                Playbook playbook = read_playbook(full, "test.json");
                for (ModelConfig& model : playbook.models) {
                    model.penalty = penalty;
                    model.prior = prior;
                }
                REQUIRE(read_playbook(write_playbook(playbook), "again.json") == playbook);
                OnlineLogisticOptions options;
                options.penalty = penalty;
                options.probability = prior;
                CHECK_NOTHROW(OnlineLogistic(1, options));
                for (const Learning learning : {Learning::bulk, Learning::online}) {
                    ModelConfig model;
                    model.name = "m";
                    model.features.resize(1);
                    model.features[0].input = "x";
                    model.learning = learning;
                    model.calibration = CalibrationKind::none;
                    model.least_rows = 4;
                    model.penalty = penalty;
                    model.prior = prior;
                    const std::vector<std::uint8_t> outcomes{0, 1, 0, 1};
                    CHECK_NOTHROW((void)train(model, {4, {{"x", false, {0, 1, 2, 3}, {}}}}, outcomes));
                }
            }
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
        std::string lifecycles;
        for (int i = 0; i < 5; ++i) {
            lifecycles +=
                (i == 0 ? R"({"name": ")" : R"(, {"name": ")") + std::to_string(i) + R"(", "acts": ["called"]})";
        }
        CHECK(problems_of(R"({"name": "", "channels": [], "lifecycles": [)" + lifecycles + "]}") ==
              "1 /lifecycles: expected at most 4 lifecycles, got 5\n");
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
        using namespace alloquy::score;
        for (const Playbook& playbook :
             {read_playbook_file(repository() / "examples/playbooks/oulad.json"),
              read_playbook_file(repository() / "examples/playbooks/sample.json"), read_playbook(full, "test.json")}) {
            CAPTURE(playbook.name);
            CHECK_NOTHROW(Engagement(playbook.engagement, playbook.channels, playbook.topics));
            CHECK_NOTHROW(Reachability(playbook.reachability, playbook.channels));
            CHECK_NOTHROW(Lifecycle(playbook.lifecycles, playbook.channels, playbook.topics));
            alloquy::model::Symbols symbols;
            CHECK_NOTHROW(Urgency(playbook.urgency, symbols));
            CHECK_NOTHROW(
                alloquy::decide::Decider(playbook.actions, playbook.channels, alloquy::engine::column_names, symbols));
            CHECK_NOTHROW(alloquy::time::AcademicCalendar({playbook.academic_years, {}}));
            CHECK_NOTHROW(alloquy::segment::Segments(playbook.segments, alloquy::engine::fields_of(playbook)));
            for (const ModelConfig& model : playbook.models) {
                CAPTURE(model.name);
                FeatureTable table{2, {}};
                for (const FeatureConfig& feature : model.features) {
                    if (feature.encoding == Encoding::cross) continue;
                    const bool is_text = feature.encoding == Encoding::levels;
                    table.inputs.push_back({feature.input, is_text, {0, 1}, {}});
                    if (is_text) table.inputs.back().levels = {"a", "b"};
                }
                CHECK_NOTHROW((void)FeatureEncoder::fit(model.features, table));
            }
        }
    }

    TEST_CASE("the JSON Schema accepts what the reader accepts and what the writer writes") {
        for (const std::string& text : {std::string{full}, std::string{R"({"name": "\u00e9", "channels": []})"},
                                        text_of(repository() / "examples/playbooks/oulad.json"),
                                        text_of(repository() / "examples/playbooks/sample.json")}) {
            for (const std::string& document : {text, write_playbook(read_playbook(text, "test.json"))}) {
                for (const std::string& violation : violations_of(document)) FAIL_CHECK(violation);
            }
        }
    }

    TEST_CASE("the JSON Schema has the keys that the reader has, no more and no less") {
        const json& schema = playbook_schema();
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
            R"re((?:\.(?:string|number|integer|boolean|object|array|member|reference|optional_\w+|\w+_or|has|enumeration<[^>]*>)\(|\b(?:enumerator_or|number_between|refuse|read_day)\(\w+,\s*)"([a-z_]+)")re"};
        std::size_t count = 0;
        for (std::sregex_iterator hit{source.begin(), source.end(), asks}; hit != std::sregex_iterator{}; ++hit) {
            CHECK_MESSAGE(names.contains((*hit)[1]), (*hit)[1].str() << " is read, but not in the schema");
            ++count;
        }
        CHECK(count > 90);
    }
}
