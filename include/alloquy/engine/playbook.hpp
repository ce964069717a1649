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
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/score/model_config.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/score/urgency.hpp>

namespace alloquy::engine {

/// The institution's policy. Read from JSON by io::read_playbook, or built in code.
struct Playbook {
    std::string name{};
    std::vector<std::string> channels{};  ///< At most 31.
    std::vector<std::string> topics{};    ///< At most 255.
    score::EngagementConfig engagement{};
    score::ReachabilityConfig reachability{};
    std::vector<score::LifecycleConfig> lifecycles{};  ///< At most 4.
    score::UrgencyConfig urgency{};
    std::vector<score::ModelConfig> models{};
    std::vector<std::string> columns{};  ///< Names of columns that the host fills, such as its own model's.
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
    text("alloquy playbook 2");
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
    number(playbook.reachability.hour_prior);

    out.list(playbook.lifecycles, [&](const score::LifecycleConfig& lifecycle) {
        text(lifecycle.name);
        number(lifecycle.model);
        out.list(lifecycle.acts, number);
        out.list(lifecycle.channels, text);
        out.list(lifecycle.topics, text);
        number(lifecycle.unit_days);
        number(lifecycle.year_starts_in);
        number(lifecycle.horizon);
    });
    const auto urgency_rule = [&](const score::UrgencyRule& rule) {
        number(rule.weight);
        number(rule.half_life_days);
        number(rule.grace_days);
    };
    urgency_rule(playbook.urgency.other);
    out.list(playbook.urgency.kinds, [&](const auto& entry) {
        text(entry.first);
        urgency_rule(entry.second);
    });
    out.list(playbook.models, [&](const score::ModelConfig& model) {
        text(model.name);
        number(model.outcome.kind);
        out.list(model.outcome.programmes, text);
        out.list(model.outcome.positive, number);
        out.list(model.outcome.negative, number);
        out.list(model.outcome.channels, text);
        out.list(model.outcome.actions, text);
        number(model.roles.bits());
        out.list(model.features, [&](const score::FeatureConfig& feature) {
            text(feature.name);
            text(feature.input);
            number(feature.encoding);
            out.list(feature.edges, number);
            number(feature.quantiles);
            number(feature.monotone);
            number(feature.least_rows);
            out.list(feature.of, text);
            text(feature.reason);
        });
        number(model.learning);
        text(model.group);
        number(model.penalty);
        number(model.half_life);
        number(model.calibration);
        number(model.folds);
        number(model.least_rows);
        number(model.prior);
    });
    out.list(playbook.columns, text);

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
