#include <alloquy/engine/playbook.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"

using alloquy::engine::canonical_bytes;
using alloquy::engine::Playbook;
using alloquy::support::test_playbook;
using Change = std::function<void(Playbook&)>;

TEST_SUITE("engine/playbook") {
    TEST_CASE("equal playbooks have equal bytes") {
        CHECK(test_playbook() == test_playbook());
        CHECK(canonical_bytes(test_playbook()) == canonical_bytes(test_playbook()));
        CHECK(canonical_bytes(Playbook{}) == canonical_bytes(Playbook{}));
        CHECK(canonical_bytes(Playbook{}) != canonical_bytes(test_playbook()));
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
        };
        std::set<std::vector<std::byte>> seen{canonical_bytes(test_playbook())};
        for (std::size_t i = 0; i < changes.size(); ++i) {
            CAPTURE(i);
            Playbook changed = test_playbook();
            changes[i](changed);
            REQUIRE(changed != test_playbook());
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
    }

    TEST_CASE("zero and minus zero are equal, and so are the bytes") {
        Playbook plus = test_playbook();
        plus.actions.actions[0].lever = 0.0;
        Playbook minus = test_playbook();
        minus.actions.actions[0].lever = -0.0;
        REQUIRE(plus == minus);
        CHECK(canonical_bytes(plus) == canonical_bytes(minus));
    }
}
