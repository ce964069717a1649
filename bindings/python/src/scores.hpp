#pragma once

/// \file
/// Scores that own their names: the library's point into the engine, which Python objects may outlive.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <alloquy/score/engagement.hpp>
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
struct EngagementScore {
    double fraction;
    double trend;
    std::vector<EngagementPart> parts;
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
    std::array<std::uint16_t, 24> own_acts;
    std::vector<int> best_hours;
    friend bool operator==(const ReachabilityScore&, const ReachabilityScore&) = default;
};

[[nodiscard]] inline EngagementScore owned(const score::EngagementScore& score) {
    EngagementScore result{score.fraction, score.trend, {}, score.events, score.last_event_at};
    for (const score::EngagementPart& part : score.parts) {
        result.parts.push_back({std::string{part.name}, part.decayed_weight, part.share, part.contribution});
    }
    return result;
}
[[nodiscard]] inline ReachabilityScore owned(const score::ReachabilityScore& score) {
    ReachabilityScore result{{}, score.own_acts, score.best_hours};
    for (const score::ResponseEstimate& estimate : score.channels) {
        result.channels.push_back({std::string{estimate.channel}, estimate.probability, estimate.attempts,
                                   estimate.answered, estimate.usual_latency});
    }
    return result;
}

}  // namespace alloquy::python
