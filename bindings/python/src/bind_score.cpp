#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/score/engagement.hpp>
#include <alloquy/score/reachability.hpp>

#include "bindings.hpp"
#include "scores.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto config_doc = R"doc(Policy of the engagement score.

An event weighs channel * act * direction * topic * log2(1 + quantity).

acts : one weight for each Act, in the order of Act. directions : weights of inbound and outbound.

>>> alloquy.EngagementConfig().half_lives[0]
HalfLife(name='this week', days=7.0, share=0.4, scale=6.0)
)doc";
constexpr auto score_doc =
    R"doc(Engagement at one instant. The parts' contributions add up to `fraction` exactly, in any order.)doc";

}  // namespace

void bind_score(py::module_& module) {
    using score::EngagementConfig;
    using score::HalfLife;
    using score::ReachabilityConfig;
    using score::ResponsePrior;
    bind_value<HalfLife>(module, "HalfLife", "One memory of the engagement score.",
                         field("name", &HalfLife::name, "As it stands in explanations, such as \"last weeks\"."),
                         field("days", &HalfLife::days, "Half-life, days, in [1/24, 3650]."),
                         field("share", &HalfLife::share, "Largest part of the score that it can give, in (0, 1]."),
                         field("scale", &HalfLife::scale, "Decayed weight that gives half of the share, > 0."));
    const EngagementConfig defaults;
    bind_value<EngagementConfig>(
        module, "EngagementConfig", config_doc,
        field("half_lives", &EngagementConfig::half_lives, "1 to 3, shortest first.", defaults.half_lives),
        field("channels", &EngagementConfig::channels, "Weight by channel name; >= 0.", defaults.channels),
        field("other_channels", &EngagementConfig::other_channels, "Weight of a channel that is not named.",
              defaults.other_channels),
        field("acts", &EngagementConfig::acts, "Weight of each Act, in its order.", defaults.acts),
        field("directions", &EngagementConfig::directions, "Weights of inbound and outbound.", defaults.directions),
        field("topics", &EngagementConfig::topics, "Weight by topic name; >= 0.", defaults.topics),
        field("other_topics", &EngagementConfig::other_topics, "Weight of a topic that is not named.",
              defaults.other_topics));
    bind_value<EngagementPart>(
        module, "EngagementPart", "One part of an engagement score.",
        field("name", &EngagementPart::name, "Name of the half-life."),
        field("decayed_weight", &EngagementPart::decayed_weight,
              "Sum of weight * 2^(-age / half-life), no unit, >= 0."),
        field("share", &EngagementPart::share, "Largest contribution."),
        field("contribution", &EngagementPart::contribution, "share * decayed_weight / (decayed_weight + scale)."));
    bind_value<EngagementScore>(
        module, "EngagementScore", score_doc,
        field("fraction", &EngagementScore::fraction, "In [0, 1]; 0 = no own act is known."),
        field("trend", &EngagementScore::trend, "In [-1, 1]: > 0 rising."),
        field("parts", &EngagementScore::parts, "One for each half-life."),
        field("events", &EngagementScore::events, "Events with weight that the score rests on."),
        field("last_event_at", &EngagementScore::last_event_at, "The latest of them, or None."));
    bind_value<ResponsePrior>(
        module, "ResponsePrior", "What is assumed of a channel beforehand: a Beta(responses, silences) prior.",
        field("responses", &ResponsePrior::responses, "Pseudo-count of answered attempts, > 0.", 1.0),
        field("silences", &ResponsePrior::silences, "Pseudo-count of unanswered attempts, > 0.", 1.0));
    bind_value<ReachabilityConfig>(
        module, "ReachabilityConfig", "Policy of reachability.",
        field("channels", &ReachabilityConfig::channels, "Channels by which people are contacted; at most 8.", {}),
        field("priors", &ReachabilityConfig::priors, "By channel; Beta(1, 1) where there is none.", {}),
        field("response_window", &ReachabilityConfig::response_window,
              "A timedelta; an answer after that is not one to this attempt.", ReachabilityConfig{}.response_window));
    bind_value<ResponseEstimate>(
        module, "ResponseEstimate", "Reachability by one channel at one instant.",
        field("channel", &ResponseEstimate::channel, "Which channel."),
        field("probability", &ResponseEstimate::probability, "Posterior mean of an answer in the window, in (0, 1)."),
        field("attempts", &ResponseEstimate::attempts, "Evidence: attempts that are over or were answered."),
        field("answered", &ResponseEstimate::answered, "Of these, answered within the window."),
        field("usual_latency", &ResponseEstimate::usual_latency, "A timedelta (geometric mean), or None."));
    bind_value<ReachabilityScore>(
        module, "ReachabilityScore", "Everything about how to reach one person.",
        field("channels", &ReachabilityScore::channels, "One ResponseEstimate for each configured channel."),
        field("own_acts", &ReachabilityScore::own_acts, "The person's own acts by hour of the day, 24 numbers."),
        field("best_hours", &ReachabilityScore::best_hours, "Up to three hours with most own acts, best first."));
}

}  // namespace alloquy::python
