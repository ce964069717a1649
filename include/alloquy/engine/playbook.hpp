#pragma once

/// \file
/// Playbook: everything that is policy and nothing that is data, as one plain value.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <alloquy/decide/action.hpp>
#include <alloquy/engine/bytes.hpp>
#include <alloquy/score/engagement.hpp>
#include <alloquy/score/reachability.hpp>

namespace alloquy::engine {

/// The institution's policy. Read from JSON by io::read_playbook, or built in code.
struct Playbook {
    std::string name{};
    std::vector<std::string> channels{};  ///< At most 31.
    std::vector<std::string> topics{};    ///< At most 255.
    score::EngagementConfig engagement{};
    score::ReachabilityConfig reachability{};
    decide::ActionPolicy actions{};

    friend bool operator==(const Playbook&, const Playbook&) = default;
};

/// The canonical byte form: equal for equal playbooks, different for different ones. Its hash (store::hash_bytes)
/// stands in every decision.
[[nodiscard]] inline std::vector<std::byte> canonical_bytes(const Playbook& playbook) {
    std::vector<std::byte> bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
    const auto text = [&](const std::string& value) { out.text(value); };
    const auto number = [&](auto value) {
        if constexpr (std::is_floating_point_v<decltype(value)>) {
            out.number(value + 0.0);  // -0 equals 0, so it must give the same bytes
        } else {
            out.number(value);
        }
    };
    const auto duration = [&](time::Duration value) { out.number(std::int64_t{value.count()}); };
    const auto weights = [&](const std::map<std::string, double>& values) {
        out.list(values, [&](const auto& entry) {
            text(entry.first);
            number(entry.second);
        });
    };
    text("alloquy playbook 1");
    text(playbook.name);
    out.list(playbook.channels, text);
    out.list(playbook.topics, text);

    const score::EngagementConfig& engagement = playbook.engagement;
    out.list(engagement.half_lives, [&](const score::HalfLife& half_life) {
        text(half_life.name);
        number(half_life.days);
        number(half_life.share);
        number(half_life.scale);
    });
    weights(engagement.channels);
    number(engagement.other_channels);
    out.list(engagement.acts, number);
    out.list(engagement.directions, number);
    weights(engagement.topics);
    number(engagement.other_topics);

    out.list(playbook.reachability.channels, text);
    out.list(playbook.reachability.priors, [&](const auto& entry) {
        text(entry.first);
        number(entry.second.responses);
        number(entry.second.silences);
    });
    duration(playbook.reachability.response_window);

    const decide::ActionPolicy& policy = playbook.actions;
    out.list(policy.purposes, [&](const decide::PurposeRule& purpose) {
        text(purpose.name);
        number(purpose.basis);
    });
    out.list(policy.pools, [&](const decide::Pool& pool) {
        text(pool.name);
        number(pool.minutes);
    });
    out.list(policy.caps, [&](const decide::ContactCap& cap) {
        text(cap.name);
        out.optional(cap.channel, text);
        out.optional(cap.purpose, text);
        number(cap.most);
        duration(cap.window);
    });
    out.list(policy.actions, [&](const decide::Action& action) {
        text(action.name);
        text(action.purpose);
        number(action.roles.bits());
        out.list(action.programmes, text);
        out.list(action.conditions, [&](const decide::ColumnRange& range) {
            text(range.column);
            out.optional(range.from, number);
            out.optional(range.below, number);
        });
        text(action.value.column);
        out.list(action.value.points, [&](const decide::ValueCurve::Point& point) {
            number(point.at);
            number(point.euros);
        });
        number(action.propensity);
        number(action.lever);
        out.optional(action.gap, duration);
        out.list(action.variants, [&](const decide::Variant& variant) {
            text(variant.channel);
            text(variant.language);
            number(variant.executor);
            text(variant.pool);
            number(variant.minutes);
            text(variant.message);
        });
    });
    out.flush();
    return bytes;
}

}  // namespace alloquy::engine
