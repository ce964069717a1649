#include <alloquy/engine/playbook.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/model/interaction.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/score/calibration.hpp>
#include <alloquy/score/features.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/range.hpp>

#include "../support/facts.hpp"

using alloquy::engine::canonical_bytes;
using alloquy::engine::Playbook;
using alloquy::support::test_playbook;
using Change = std::function<void(Playbook&)>;

namespace {

/// A named value: GCC 12 takes a member of a temporary one for uninitialised.
Playbook empty_playbook() {
    Playbook playbook;
    return playbook;
}

using alloquy::time::Day;

/// From 1 September 2026 to the start of a month.
alloquy::time::Range<Day> september_to(int year, int month) {
    return {Day::from_ymd(2026, 9, 1), Day::from_ymd(year, month, 1)};
}

/// The test playbook with lifecycles, urgency, models, columns, years and segments of which every field can be changed.
Playbook playbook_with_models() {
    using namespace alloquy::score;
    using alloquy::model::Act;
    Playbook playbook = test_playbook();
    playbook.lifecycles = {{"visits", LifecycleModel::bg_nbd, {Act::visited, Act::clicked}, {"portal"}, {"study"}},
                           {"giving", LifecycleModel::bg_bb, {Act::donated}}};
    playbook.urgency.kinds = {{"fee", {0.5, 3, 1}}};
    FeatureConfig region;
    region.name = "region";
    region.input = "attribute:region";
    region.encoding = Encoding::levels;
    FeatureConfig age;
    age.input = "attribute:age";
    age.encoding = Encoding::bins;
    age.edges = {20, 30};
    FeatureConfig both;
    both.name = "region x age";
    both.encoding = Encoding::cross;
    both.of = {"region", "attribute:age"};
    ModelConfig dropout{"dropout"};
    dropout.outcome.programmes = {"nursing"};
    dropout.features = {region, age, both};
    ModelConfig answers{"answers"};
    answers.outcome.kind = OutcomeKind::response;
    answers.outcome.channels = {"phone"};
    answers.outcome.actions = {"coach call"};
    playbook.models = {dropout, answers};
    playbook.columns = {"host score", "credits"};
    playbook.zone = "Europe/Amsterdam";
    playbook.academic_years = {{"2026-2027",
                                september_to(2027, 8),
                                {{"autumn", september_to(2027, 1)}, {"spring", september_to(2027, 7)}},
                                {{"week 7", september_to(2026, 10)}},
                                {{"enrolment", Day::from_ymd(2026, 8, 31)}}},
                               {"2027-2028", {Day::from_ymd(2027, 9, 1), Day::from_ymd(2028, 9, 1)}, {}, {}, {}}};
    playbook.segments = {{"at risk", "engagement < 0.3"}, {"waiting", "open_obligations > 0"}};
    return playbook;
}

}  // namespace

TEST_SUITE("engine/playbook") {
    TEST_CASE("equal playbooks have equal bytes") {
        CHECK(test_playbook() == test_playbook());
        CHECK(canonical_bytes(test_playbook()) == canonical_bytes(test_playbook()));
        CHECK(canonical_bytes(empty_playbook()) == canonical_bytes(empty_playbook()));
        CHECK(canonical_bytes(empty_playbook()) != canonical_bytes(test_playbook()));
    }

    TEST_CASE("each single change of a field changes the bytes, to bytes of its own") {
        using namespace std::chrono_literals;
        const std::vector<Change> changes{
            [](Playbook& p) { p.name += "x"; },
            [](Playbook& p) { p.channels[0] += "x"; },
            [](Playbook& p) { p.channels.pop_back(); },
            [](Playbook& p) { std::swap(p.channels[0], p.channels[1]); },
            [](Playbook& p) { p.topics[1] += "x"; },
            [](Playbook& p) { p.topics.emplace_back("new"); },
            [](Playbook& p) { p.engagement.half_lives[0].name += "x"; },
            [](Playbook& p) { p.engagement.half_lives[0].days += 1; },
            [](Playbook& p) { p.engagement.half_lives[1].share += 0.001; },
            [](Playbook& p) { p.engagement.half_lives[2].scale += 1; },
            [](Playbook& p) { p.engagement.half_lives.pop_back(); },
            [](Playbook& p) { p.engagement.channels["phone"] += 1; },
            [](Playbook& p) { p.engagement.channels["mail"] = 1; },
            [](Playbook& p) { p.engagement.channels.erase("portal"); },
            [](Playbook& p) { p.engagement.other_channels += 1; },
            [](Playbook& p) { p.engagement.acts[0] += 1; },
            [](Playbook& p) { p.engagement.acts[15] += 1; },
            [](Playbook& p) { p.engagement.directions[0] += 1; },
            [](Playbook& p) { p.engagement.directions[1] += 1; },
            [](Playbook& p) { p.engagement.topics["study"] += 1; },
            [](Playbook& p) { p.engagement.topics["money"] = 1; },
            [](Playbook& p) { p.engagement.other_topics += 1; },
            [](Playbook& p) { p.reachability.channels.pop_back(); },
            [](Playbook& p) { std::swap(p.reachability.channels[0], p.reachability.channels[1]); },
            [](Playbook& p) { p.reachability.priors["mail"].responses += 1; },
            [](Playbook& p) { p.reachability.priors["mail"].silences += 1; },
            [](Playbook& p) { p.reachability.priors["phone"] = {}; },
            [](Playbook& p) { p.reachability.response_window += 1ms; },
            [](Playbook& p) { p.reachability.hour_prior += 1; },
            [](Playbook& p) { p.lifecycles[0].name += "x"; },
            [](Playbook& p) { p.lifecycles[0].model = alloquy::score::LifecycleModel::bg_bb; },
            [](Playbook& p) { p.lifecycles[0].acts.pop_back(); },
            [](Playbook& p) { p.lifecycles[0].acts[0] = alloquy::model::Act::posted; },
            [](Playbook& p) { p.lifecycles[0].channels[0] = "mail"; },
            [](Playbook& p) { p.lifecycles[0].channels.clear(); },
            [](Playbook& p) { p.lifecycles[0].topics[0] = "money"; },
            [](Playbook& p) { p.lifecycles[0].topics.clear(); },
            [](Playbook& p) { p.lifecycles[0].unit_days += 1; },
            [](Playbook& p) { p.lifecycles[1].year_starts_in += 1; },
            [](Playbook& p) { p.lifecycles[1].horizon += 1; },
            [](Playbook& p) { std::swap(p.lifecycles[0], p.lifecycles[1]); },
            [](Playbook& p) { p.lifecycles.pop_back(); },
            [](Playbook& p) { p.urgency.other.weight -= 0.25; },
            [](Playbook& p) { p.urgency.other.half_life_days += 1; },
            [](Playbook& p) { p.urgency.other.grace_days += 1; },
            [](Playbook& p) { p.urgency.kinds["fee"].weight += 0.25; },
            [](Playbook& p) { p.urgency.kinds["fee"].half_life_days += 1; },
            [](Playbook& p) { p.urgency.kinds["fee"].grace_days += 1; },
            [](Playbook& p) { p.urgency.kinds["intake"] = {}; },
            [](Playbook& p) { p.urgency.kinds.clear(); },
            [](Playbook& p) { p.models[0].name += "x"; },
            [](Playbook& p) { p.models[0].outcome.kind = alloquy::score::OutcomeKind::response; },
            [](Playbook& p) { p.models[0].outcome.programmes[0] += "x"; },
            [](Playbook& p) { p.models[0].outcome.programmes.clear(); },
            [](Playbook& p) { p.models[0].outcome.positive.pop_back(); },
            [](Playbook& p) { p.models[0].outcome.positive[0] = alloquy::model::EnrolmentStatus::interrupted; },
            [](Playbook& p) { p.models[0].outcome.negative[0] = alloquy::model::EnrolmentStatus::enrolled; },
            [](Playbook& p) { p.models[0].outcome.negative.push_back(alloquy::model::EnrolmentStatus::enrolled); },
            [](Playbook& p) { p.models[1].outcome.channels[0] = "mail"; },
            [](Playbook& p) { p.models[1].outcome.channels.clear(); },
            [](Playbook& p) { p.models[1].outcome.actions[0] = "open day"; },
            [](Playbook& p) { p.models[1].outcome.actions.clear(); },
            [](Playbook& p) { p.models[0].roles.insert(alloquy::model::RoleKind::alumnus); },
            [](Playbook& p) { p.models[0].features[0].name += "x"; },
            [](Playbook& p) { p.models[0].features[0].input += "x"; },
            [](Playbook& p) { p.models[0].features[0].encoding = alloquy::score::Encoding::linear; },
            [](Playbook& p) { p.models[0].features[1].edges[0] += 1; },
            [](Playbook& p) { p.models[0].features[1].edges.pop_back(); },
            [](Playbook& p) { p.models[0].features[1].quantiles += 1; },
            [](Playbook& p) { p.models[0].features[1].monotone = alloquy::score::Monotone::falling; },
            [](Playbook& p) { p.models[0].features[0].least_rows += 1; },
            [](Playbook& p) { p.models[0].features[2].of[1] = "region"; },
            [](Playbook& p) { std::swap(p.models[0].features[2].of[0], p.models[0].features[2].of[1]); },
            [](Playbook& p) { p.models[0].features[0].reason = "because"; },
            [](Playbook& p) { p.models[0].features.pop_back(); },
            [](Playbook& p) { std::swap(p.models[0].features[0], p.models[0].features[1]); },
            [](Playbook& p) { p.models[0].learning = alloquy::score::Learning::online; },
            [](Playbook& p) { p.models[0].group = "site"; },
            [](Playbook& p) { p.models[0].penalty += 1; },
            [](Playbook& p) { p.models[0].half_life += 100; },
            [](Playbook& p) { p.models[0].calibration = alloquy::score::CalibrationKind::isotonic; },
            [](Playbook& p) { p.models[0].folds += 1; },
            [](Playbook& p) { p.models[0].least_rows += 1; },
            [](Playbook& p) { p.models[0].prior += 0.25; },
            [](Playbook& p) { p.models.pop_back(); },
            [](Playbook& p) { std::swap(p.models[0], p.models[1]); },
            [](Playbook& p) { p.columns[0] += "x"; },
            [](Playbook& p) { p.columns.pop_back(); },
            [](Playbook& p) { std::swap(p.columns[0], p.columns[1]); },
            [](Playbook& p) { p.actions.purposes[0].name += "x"; },
            [](Playbook& p) { p.actions.purposes[0].basis = alloquy::model::LegalBasis::vital_interests; },
            [](Playbook& p) { p.actions.purposes.pop_back(); },
            [](Playbook& p) { p.actions.pools[0].name += "x"; },
            [](Playbook& p) { p.actions.pools[1].minutes += 1; },
            [](Playbook& p) { p.actions.caps[0].name += "x"; },
            [](Playbook& p) { p.actions.caps[0].channel = "phone"; },
            [](Playbook& p) { p.actions.caps[0].channel.reset(); },
            [](Playbook& p) { p.actions.caps[1].purpose = "fees"; },
            [](Playbook& p) { p.actions.caps[1].purpose.reset(); },
            [](Playbook& p) { p.actions.caps[2].most += 1; },
            [](Playbook& p) { p.actions.caps[2].window += 1ms; },
            [](Playbook& p) { p.actions.caps.pop_back(); },
            [](Playbook& p) { p.actions.actions[0].name += "x"; },
            [](Playbook& p) { p.actions.actions[0].purpose = "fees"; },
            [](Playbook& p) { p.actions.actions[0].roles.insert(alloquy::model::RoleKind::partner); },
            [](Playbook& p) { p.actions.actions[0].programmes.emplace_back("nursing"); },
            [](Playbook& p) { p.actions.actions[2].conditions[0].column = "engagement"; },
            [](Playbook& p) { p.actions.actions[2].conditions[0].from = -31; },
            [](Playbook& p) { p.actions.actions[2].conditions[0].from.reset(); },
            [](Playbook& p) { p.actions.actions[2].conditions[0].below = 15; },
            [](Playbook& p) { p.actions.actions[2].conditions[0].below.reset(); },
            [](Playbook& p) { p.actions.actions[2].conditions.clear(); },
            [](Playbook& p) { p.actions.actions[1].value.column = "days_in_role"; },
            [](Playbook& p) { p.actions.actions[1].value.points[1].at += 1; },
            [](Playbook& p) { p.actions.actions[1].value.points[1].euros += 1; },
            [](Playbook& p) { p.actions.actions[1].value.points.pop_back(); },
            [](Playbook& p) { p.actions.actions[1].propensity = 0.25; },
            [](Playbook& p) { p.actions.actions[1].lever += 1; },
            [](Playbook& p) { p.actions.actions[1].gap = 1h; },
            [](Playbook& p) { p.actions.actions[0].gap.reset(); },
            [](Playbook& p) { *p.actions.actions[0].gap += 1ms; },
            [](Playbook& p) { p.actions.actions[0].variants[0].channel = "portal"; },
            [](Playbook& p) { p.actions.actions[0].variants[0].language = "fr"; },
            [](Playbook& p) {
                p.actions.actions[0].variants[0].executor = alloquy::decide::ExecutorKind::self_service;
            },
            [](Playbook& p) { p.actions.actions[1].variants[0].pool = "desk"; },
            [](Playbook& p) { p.actions.actions[1].variants[0].minutes += 1; },
            [](Playbook& p) { p.actions.actions[0].variants[0].message += "x"; },
            [](Playbook& p) { p.actions.actions[0].variants.pop_back(); },
            [](Playbook& p) { std::swap(p.actions.actions[0], p.actions.actions[1]); },
            [](Playbook& p) { p.actions.actions.pop_back(); },
            [](Playbook& p) { p.zone = "UTC"; },
            [](Playbook& p) { p.academic_years[0].name += "x"; },
            [](Playbook& p) { p.academic_years[0].days = september_to(2027, 9); },
            [](Playbook& p) {
                p.academic_years[0].days = {Day::from_ymd(2026, 9, 2), Day::from_ymd(2027, 8, 1)};
            },
            [](Playbook& p) { p.academic_years[0].terms[0].name += "x"; },
            [](Playbook& p) { p.academic_years[0].terms[0].days = september_to(2027, 2); },
            [](Playbook& p) { p.academic_years[0].terms.pop_back(); },
            [](Playbook& p) { std::swap(p.academic_years[0].terms[0], p.academic_years[0].terms[1]); },
            [](Playbook& p) { p.academic_years[0].exam_weeks[0].name += "x"; },
            [](Playbook& p) { p.academic_years[0].exam_weeks[0].days = september_to(2026, 11); },
            [](Playbook& p) { p.academic_years[0].exam_weeks.clear(); },
            [](Playbook& p) { p.academic_years[0].deadlines[0].name += "x"; },
            [](Playbook& p) { p.academic_years[0].deadlines[0].day = Day::from_ymd(2026, 9, 1); },
            [](Playbook& p) { p.academic_years[0].deadlines.clear(); },
            [](Playbook& p) { std::swap(p.academic_years[0], p.academic_years[1]); },
            [](Playbook& p) { p.academic_years.pop_back(); },
            [](Playbook& p) { p.segments[0].name += "x"; },
            [](Playbook& p) { p.segments[0].condition += " "; },
            [](Playbook& p) { std::swap(p.segments[0].condition, p.segments[1].condition); },
            [](Playbook& p) { std::swap(p.segments[0], p.segments[1]); },
            [](Playbook& p) { p.segments.pop_back(); },
        };
        std::set<std::vector<std::byte>> seen{canonical_bytes(playbook_with_models())};
        for (std::size_t i = 0; i < changes.size(); ++i) {
            CAPTURE(i);
            Playbook changed = playbook_with_models();
            changes[i](changed);
            REQUIRE(changed != playbook_with_models());
            CHECK(seen.insert(canonical_bytes(changed)).second);
        }
    }

    TEST_CASE("a text that moves from one list or name to the next changes the bytes") {
        Playbook a;
        Playbook b;
        a.channels = {"x", "y"};
        b.channels = {"x"};
        b.topics = {"y"};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
        a = b = {};
        a.channels = {"ab", "c"};
        b.channels = {"a", "bc"};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
        a = b = {};
        a.topics = {"x"};
        b.columns = {"x"};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
        a = b = {};
        a.lifecycles.resize(1);
        b.lifecycles.resize(1);
        a.lifecycles[0].channels = {"x"};
        b.lifecycles[0].topics = {"x"};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
        a = b = {};
        a.models.resize(1);
        b.models.resize(1);
        a.models[0].outcome.channels = {"x"};
        b.models[0].outcome.actions = {"x"};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
        a = b = {};
        a.segments = {{"ab", "c"}};
        b.segments = {{"a", "bc"}};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
        a = b = {};
        a.academic_years = {{"y", september_to(2027, 9), {{"x", september_to(2027, 1)}}, {}, {}}};
        b.academic_years = {{"y", september_to(2027, 9), {}, {{"x", september_to(2027, 1)}}, {}}};
        CHECK(canonical_bytes(a) != canonical_bytes(b));
    }

    TEST_CASE("the bytes begin with their own version, so that another form has other bytes") {
        // The text stands behind its length; see bytes.hpp.
        const std::vector<std::byte> bytes = canonical_bytes(empty_playbook());
        const std::string_view version = "alloquy playbook 4";
        REQUIRE(bytes.size() > version.size() + 8);
        const auto* const text = reinterpret_cast<const char*>(bytes.data());
        const std::size_t at = std::string_view{text, bytes.size()}.find(version);
        CHECK(at <= 8);
        CHECK(bytes[0] == std::byte{18});  // the text's length, low byte first
    }

    TEST_CASE("zero and minus zero are equal, and so are the bytes") {
        Playbook plus = test_playbook();
        plus.actions.actions[0].lever = 0.0;
        Playbook minus = test_playbook();
        minus.actions.actions[0].lever = -0.0;
        REQUIRE(plus == minus);
        CHECK(canonical_bytes(plus) == canonical_bytes(minus));
        plus = minus = playbook_with_models();
        plus.models[0].features[1].edges[0] = 0.0;
        minus.models[0].features[1].edges[0] = -0.0;
        REQUIRE(plus == minus);
        CHECK(canonical_bytes(plus) == canonical_bytes(minus));
    }

    TEST_CASE("a model's policy is its own entry and what gives its inputs their values, part by part") {
        using alloquy::engine::first_difference;
        using alloquy::engine::policy_of;
        const Playbook before = playbook_with_models();
        const auto part_that_differs = [&](const Change& change) {
            Playbook after = before;
            change(after);
            return first_difference(policy_of(before, before.models[0]), policy_of(after, after.models[0]));
        };
        CHECK(part_that_differs([](Playbook&) {}).empty());
        CHECK(part_that_differs([](Playbook& p) {
                  std::swap(p.models[0].outcome.positive, p.models[0].outcome.negative);
              }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].outcome.programmes = {"law"}; }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].roles = {}; }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].penalty = 2; }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].prior = 0.25; }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].half_life = 100; }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].features.pop_back(); }) == "model");
        CHECK(part_that_differs([](Playbook& p) { p.models[0].learning = alloquy::score::Learning::online; }) ==
              "model");
        CHECK(part_that_differs([](Playbook& p) { p.engagement.half_lives[0].days += 1; }) == "engagement");
        CHECK(part_that_differs([](Playbook& p) { p.reachability.hour_prior += 1; }) == "reachability");
        CHECK(part_that_differs([](Playbook& p) { p.urgency.other.weight += 1; }) == "urgency");
        CHECK(part_that_differs([](Playbook& p) { p.channels.push_back("letter"); }) == "channels");
        CHECK(part_that_differs([](Playbook& p) { p.topics.push_back("letter"); }) == "topics");
        // What a model never reads.
        CHECK(part_that_differs([](Playbook& p) { p.name = "renamed"; }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.actions = {}; }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.columns = {"other"}; }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.zone = "UTC"; }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.academic_years.clear(); }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.segments.clear(); }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.models.pop_back(); }).empty());
        CHECK(part_that_differs([](Playbook& p) { p.lifecycles.clear(); }).empty());
        // A feature without a name has its input's.
        CHECK(part_that_differs([](Playbook& p) { p.models[0].features[1].name = "attribute:age"; }).empty());
    }

    TEST_CASE("a lifecycle's policy is what it counts, in which unit of time, not how far it looks ahead") {
        using alloquy::engine::first_difference;
        using alloquy::engine::policy_of;
        using alloquy::score::LifecycleConfig;
        const LifecycleConfig before = playbook_with_models().lifecycles[0];
        const auto differs = [&](const std::function<void(LifecycleConfig&)>& change) {
            LifecycleConfig after = before;
            change(after);
            return first_difference(policy_of(before), policy_of(after)) == "lifecycle";
        };
        CHECK_FALSE(differs([](LifecycleConfig&) {}));
        CHECK_FALSE(differs([](LifecycleConfig& c) { c.horizon += 1; }));
        CHECK(differs([](LifecycleConfig& c) { c.acts.pop_back(); }));
        CHECK(differs([](LifecycleConfig& c) { c.channels.clear(); }));
        CHECK(differs([](LifecycleConfig& c) { c.topics.clear(); }));
        CHECK(differs([](LifecycleConfig& c) { c.unit_days += 1; }));
        CHECK(differs([](LifecycleConfig& c) { c.year_starts_in += 1; }));
        CHECK(differs([](LifecycleConfig& c) { c.model = alloquy::score::LifecycleModel::bg_bb; }));
    }

    TEST_CASE("a part more or less is a difference too") {
        using alloquy::engine::first_difference;
        using alloquy::engine::PolicyPart;
        const std::vector<PolicyPart> one{{"model", {std::byte{1}}}};
        const std::vector<PolicyPart> two{{"model", {std::byte{1}}}, {"graph", {}}};
        CHECK(first_difference(one, one).empty());
        CHECK(first_difference(one, two) == "graph");
        CHECK(first_difference(two, one) == "graph");
        CHECK(first_difference({}, one) == "model");
    }
}
