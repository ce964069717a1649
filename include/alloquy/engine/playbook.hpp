#pragma once

/// \file
/// Playbook: everything that is policy and nothing that is data, as one plain value.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
#include <alloquy/segment/segment_config.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/range.hpp>

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
    std::string zone = "UTC";  ///< The institution's IANA time zone, for days and weeks of conditions.
    std::vector<time::AcademicYear> academic_years{};  ///< Terms and years, for windows such as "this term".
    std::vector<segment::SegmentConfig> segments{};

    friend bool operator==(const Playbook&, const Playbook&) = default;
};

namespace detail {

/// Writes the parts of a playbook in their canonical form.
class PolicyWriter {
public:
    explicit PolicyWriter(ByteWriter& out) noexcept : out_{&out} {}

    void text(const std::string& value) { out_->text(value); }
    void texts(const std::vector<std::string>& values) {
        out_->list(values, [&](const std::string& value) { text(value); });
    }
    void engagement(const score::EngagementConfig& engagement) {
        out_->list(engagement.half_lives, [&](const score::HalfLife& half_life) {
            text(half_life.name);
            number(half_life.days);
            number(half_life.share);
            number(half_life.scale);
        });
        weights(engagement.channels);
        number(engagement.other_channels);
        numbers(engagement.acts);
        numbers(engagement.directions);
        weights(engagement.topics);
        number(engagement.other_topics);
    }
    void reachability(const score::ReachabilityConfig& reachability) {
        texts(reachability.channels);
        out_->list(reachability.priors, [&](const auto& entry) {
            text(entry.first);
            number(entry.second.responses);
            number(entry.second.silences);
        });
        duration(reachability.response_window);
        number(reachability.hour_prior);
    }
    void lifecycle(const score::LifecycleConfig& lifecycle) {
        text(lifecycle.name);
        number(lifecycle.model);
        numbers(lifecycle.acts);
        texts(lifecycle.channels);
        texts(lifecycle.topics);
        number(lifecycle.unit_days);
        number(lifecycle.year_starts_in);
        number(lifecycle.horizon);
        number(lifecycle.penalty);
    }
    void urgency(const score::UrgencyConfig& urgency) {
        const auto rule = [&](const score::UrgencyRule& each) {
            number(each.weight);
            number(each.half_life_days);
            number(each.grace_days);
        };
        rule(urgency.other);
        out_->list(urgency.kinds, [&](const auto& entry) {
            text(entry.first);
            rule(entry.second);
        });
    }
    void model(const score::ModelConfig& model) {
        text(model.name);
        number(model.outcome.kind);
        texts(model.outcome.programmes);
        numbers(model.outcome.positive);
        numbers(model.outcome.negative);
        texts(model.outcome.channels);
        texts(model.outcome.actions);
        number(model.roles.bits());
        out_->list(model.features, [&](const score::FeatureConfig& feature) {
            text(feature.name);
            text(feature.input);
            number(feature.encoding);
            numbers(feature.edges);
            number(feature.quantiles);
            number(feature.monotone);
            number(feature.least_rows);
            texts(feature.of);
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
    }
    void academic_years(const std::vector<time::AcademicYear>& years) {
        const auto days = [&](const time::Range<time::Day>& range) {
            number(range.start().unix_days());
            number(range.end_exclusive().unix_days());
        };
        out_->list(years, [&](const time::AcademicYear& year) {
            text(year.name);
            days(year.days);
            const auto stretch = [&](const auto& each) {
                text(each.name);
                days(each.days);
            };
            out_->list(year.terms, stretch);
            out_->list(year.exam_weeks, stretch);
            out_->list(year.deadlines, [&](const time::Deadline& deadline) {
                text(deadline.name);
                number(deadline.day.unix_days());
            });
        });
    }
    void segment(const segment::SegmentConfig& segment) {
        text(segment.name);
        text(segment.condition);
    }
    void actions(const decide::ActionPolicy& policy) {
        out_->list(policy.purposes, [&](const decide::PurposeRule& purpose) {
            text(purpose.name);
            number(purpose.basis);
        });
        out_->list(policy.pools, [&](const decide::Pool& pool) {
            text(pool.name);
            number(pool.minutes);
        });
        out_->list(policy.caps, [&](const decide::ContactCap& cap) {
            text(cap.name);
            optional_text(cap.channel);
            optional_text(cap.purpose);
            number(cap.most);
            duration(cap.window);
        });
        out_->list(policy.actions, [&](const decide::Action& each) { action(each); });
    }

private:
    template <class Number>
    void number(Number value) {
        if constexpr (std::is_floating_point_v<Number>) {
            out_->number(value + 0.0);  // -0 equals 0, so it must give the same bytes
        } else {
            out_->number(value);
        }
    }
    template <class List>
    void numbers(const List& values) {
        out_->list(values, [&](auto value) { number(value); });
    }
    void optional_text(const std::optional<std::string>& value) {
        out_->optional(value, [&](const std::string& each) { text(each); });
    }
    void optional_number(const std::optional<double>& value) {
        out_->optional(value, [&](double each) { number(each); });
    }
    void duration(time::Duration value) { out_->number(std::int64_t{value.count()}); }
    void weights(const std::map<std::string, double>& values) {
        out_->list(values, [&](const auto& entry) {
            text(entry.first);
            number(entry.second);
        });
    }
    void action(const decide::Action& action) {
        text(action.name);
        text(action.purpose);
        number(action.roles.bits());
        texts(action.programmes);
        out_->list(action.conditions, [&](const decide::ColumnRange& range) {
            text(range.column);
            optional_number(range.from);
            optional_number(range.below);
        });
        text(action.value.column);
        out_->list(action.value.points, [&](const decide::ValueCurve::Point& point) {
            number(point.at);
            number(point.euros);
        });
        number(action.propensity);
        number(action.lever);
        out_->optional(action.gap, [&](time::Duration gap) { duration(gap); });
        out_->list(action.variants, [&](const decide::Variant& variant) {
            text(variant.channel);
            text(variant.language);
            number(variant.executor);
            text(variant.pool);
            number(variant.minutes);
            text(variant.message);
        });
    }

    ByteWriter* out_;
};

/// What `write` hands to a PolicyWriter.
template <class Write>
[[nodiscard]] std::vector<std::byte> policy_bytes(Write&& write) {
    std::vector<std::byte> bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
    PolicyWriter writer{out};
    write(writer, out);
    out.flush();
    return bytes;
}

}  // namespace detail

/// The canonical byte form: equal for equal playbooks, different for different ones. Its hash (store::hash_bytes)
/// stands in every decision.
[[nodiscard]] inline std::vector<std::byte> canonical_bytes(const Playbook& playbook) {
    return detail::policy_bytes([&](detail::PolicyWriter& writer, ByteWriter& out) {
        writer.text("alloquy playbook 4");
        writer.text(playbook.name);
        writer.texts(playbook.channels);
        writer.texts(playbook.topics);
        writer.engagement(playbook.engagement);
        writer.reachability(playbook.reachability);
        out.list(playbook.lifecycles, [&](const score::LifecycleConfig& each) { writer.lifecycle(each); });
        writer.urgency(playbook.urgency);
        out.list(playbook.models, [&](const score::ModelConfig& each) { writer.model(each); });
        writer.texts(playbook.columns);
        writer.actions(playbook.actions);
        writer.text(playbook.zone);
        writer.academic_years(playbook.academic_years);
        out.list(playbook.segments, [&](const segment::SegmentConfig& each) { writer.segment(each); });
    });
}

/// One part of the policy under which something was learned, in canonical form.
struct PolicyPart {
    std::string name;  ///< As in the playbook: "model", "engagement", …; "signals" for what the host links.
    std::vector<std::byte> bytes;

    friend bool operator==(const PolicyPart&, const PolicyPart&) = default;
};

/// What the meaning of a learned model rests on: the model's own entry, and whatever gives its inputs their values. A
/// kept model is used under this very policy alone. Actions, other models and names of columns are not among it.
[[nodiscard]] inline std::vector<PolicyPart> policy_of(const Playbook& playbook, const score::ModelConfig& model) {
    using detail::PolicyWriter;
    score::ModelConfig named = model;
    for (score::FeatureConfig& feature : named.features) {
        if (feature.name.empty()) feature.name = feature.input;  // as FeatureEncoder does
    }
    const auto part = [](const char* name, auto&& write) {
        return PolicyPart{name, detail::policy_bytes([&](PolicyWriter& writer, ByteWriter&) { write(writer); })};
    };
    return {part("model", [&](PolicyWriter& writer) { writer.model(named); }),
            part("channels", [&](PolicyWriter& writer) { writer.texts(playbook.channels); }),
            part("topics", [&](PolicyWriter& writer) { writer.texts(playbook.topics); }),
            part("engagement", [&](PolicyWriter& writer) { writer.engagement(playbook.engagement); }),
            part("reachability", [&](PolicyWriter& writer) { writer.reachability(playbook.reachability); }),
            part("urgency", [&](PolicyWriter& writer) { writer.urgency(playbook.urgency); })};
}
/// What the meaning of fitted parameters rests on: what is counted, and in which unit of time. Not the horizon, which
/// is asked of them.
[[nodiscard]] inline std::vector<PolicyPart> policy_of(const score::LifecycleConfig& lifecycle) {
    score::LifecycleConfig counted = lifecycle;
    counted.horizon = score::LifecycleConfig{}.horizon;
    return {PolicyPart{"lifecycle", detail::policy_bytes([&](detail::PolicyWriter& writer, ByteWriter&) {
                           writer.lifecycle(counted);
                       })}};
}
/// The first part that differs, or empty where all are the same.
[[nodiscard]] inline std::string first_difference(std::span<const PolicyPart> kept,
                                                  std::span<const PolicyPart> wanted) {
    const auto lacks = [](std::span<const PolicyPart> parts, const PolicyPart& part) {
        return std::find(parts.begin(), parts.end(), part) == parts.end();
    };
    for (const PolicyPart& part : wanted) {
        if (lacks(kept, part)) return part.name;
    }
    for (const PolicyPart& part : kept) {
        if (lacks(wanted, part)) return part.name;
    }
    return {};
}

}  // namespace alloquy::engine
