#pragma once

/// \file
/// Scores that own their names: the library's point into the engine, which Python objects may outlive.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <alloquy/score/engagement.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::python {

struct EngagementPart {
    std::string name;
    double decayed_weight;
    double share;
    double contribution;
    friend bool operator==(const EngagementPart&, const EngagementPart&) = default;
};
struct EngagementShare {
    std::string name;
    double fraction;
    friend bool operator==(const EngagementShare&, const EngagementShare&) = default;
};
struct EngagementScore {
    double fraction;
    double trend;
    double momentum;
    std::vector<EngagementPart> parts;
    std::vector<EngagementShare> channels;
    std::vector<EngagementShare> topics;
    std::uint32_t active_days_7;
    std::uint32_t active_days_28;
    std::uint32_t events;
    std::optional<time::Instant> last_event_at;
    friend bool operator==(const EngagementScore&, const EngagementScore&) = default;
};
struct ResponseEstimate {
    std::string channel;
    double probability;
    std::uint32_t attempts;
    std::uint32_t answered;
    std::optional<time::Duration> usual_latency;
    friend bool operator==(const ResponseEstimate&, const ResponseEstimate&) = default;
};
struct ReachabilityScore {
    std::vector<ResponseEstimate> channels;
    std::array<std::uint8_t, score::hours_per_week> own_acts;
    std::vector<score::HourEstimate> best_hours;
    std::optional<time::Instant> last_two_way_at;
    friend bool operator==(const ReachabilityScore&, const ReachabilityScore&) = default;
};

[[nodiscard]] inline EngagementScore owned(const score::EngagementScore& score) {
    EngagementScore result{score.fraction,       score.trend,  score.momentum,     {}, {}, {}, score.active_days_7,
                           score.active_days_28, score.events, score.last_event_at};
    for (const score::EngagementPart& part : score.parts) {
        result.parts.push_back({std::string{part.name}, part.decayed_weight, part.share, part.contribution});
    }
    for (const score::EngagementShare& share : score.channels) {
        result.channels.push_back({std::string{share.name}, share.fraction});
    }
    for (const score::EngagementShare& share : score.topics) {
        result.topics.push_back({std::string{share.name}, share.fraction});
    }
    return result;
}
[[nodiscard]] inline ReachabilityScore owned(const score::ReachabilityScore& score) {
    ReachabilityScore result{{}, score.own_acts, score.best_hours, score.last_two_way_at};
    for (const score::ResponseEstimate& estimate : score.channels) {
        result.channels.push_back({std::string{estimate.channel}, estimate.probability, estimate.attempts,
                                   estimate.answered, estimate.usual_latency});
    }
    return result;
}

}  // namespace alloquy::python
