#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <pybind11/pybind11.h>

#include <alloquy/score/engagement.hpp>
#include <alloquy/score/explanation.hpp>
#include <alloquy/score/reachability.hpp>
#include <alloquy/score/urgency.hpp>

#include "bindings.hpp"
#include "scores.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

constexpr auto config_doc = R"doc(Policy of the engagement score.

The acts of one kind on one day weigh act * log2(1 + sum of channel * direction * topic * quantity), so that the tenth
click of a day counts less than the first.

acts : one weight for each Act, in the order of Act. directions : weights of inbound and outbound.

>>> alloquy.EngagementConfig().half_lives[0]
HalfLife(name='this week', days=7.0, share=0.4, scale=6.0)
)doc";
constexpr auto explanation_doc = R"doc(A score and what it is made of.

The parts' contributions add up to `value` exactly, in any order.
)doc";
constexpr auto score_doc =
    R"doc(Engagement at one instant. The parts' contributions add up to `fraction` exactly, in any order.)doc";

}  // namespace

void bind_score(py::module_& module) {
    using score::EngagementConfig;
    using score::Explanation;
    using score::HalfLife;
    using score::HourEstimate;
    using score::Part;
    using score::ReachabilityConfig;
    using score::ResponsePrior;
    using score::UrgencyConfig;
    using score::UrgencyRule;
    bind_value<Part>(
        module, "Part", "One part of a score.", field("name", &Part::name, "What it is."),
        field("value", &Part::value, "What was found of the person, in the part's own unit."),
        field("weight", &Part::weight, "What the score makes of it: a share, a coefficient; see the score."),
        field("contribution", &Part::contribution, "What it adds to the score."));
    bind_value<Explanation>(
        module, "Explanation", explanation_doc, field("name", &Explanation::name, "Name of the score."),
        field("value", &Explanation::value, "The score."),
        field("evidence", &Explanation::evidence, "How many observations it rests on; 0 where nothing is known."),
        field("parts", &Explanation::parts, "Tuple of Part."));
    bind_value<HalfLife>(module, "HalfLife", "One memory of the engagement score.",
                         field("name", &HalfLife::name, "As it stands in explanations, such as \"last weeks\"."),
                         field("days", &HalfLife::days, "Half-life, days, in [1, 3650]."),
                         field("share", &HalfLife::share, "Largest part of the score that it can give, in (0, 1]."),
                         field("scale", &HalfLife::scale, "Decayed weight that gives half of the share, > 0."));
    const EngagementConfig defaults;
    bind_value<EngagementConfig>(
        module, "EngagementConfig", config_doc,
        field("half_lives", &EngagementConfig::half_lives, "1 to 3, shortest first.", defaults.half_lives),
        field("channels", &EngagementConfig::channels, "Weight by channel name; in [0, 256].", defaults.channels),
        field("other_channels", &EngagementConfig::other_channels, "Weight of a channel that is not named.",
              defaults.other_channels),
        field("acts", &EngagementConfig::acts, "Weight of each Act, in its order.", defaults.acts),
        field("directions", &EngagementConfig::directions, "Weights of inbound and outbound.", defaults.directions),
        field("topics", &EngagementConfig::topics, "Weight by topic name; in [0, 256].", defaults.topics),
        field("other_topics", &EngagementConfig::other_topics, "Weight of a topic that is not named.",
              defaults.other_topics));
    bind_value<EngagementPart>(
        module, "EngagementPart", "One part of an engagement score.",
        field("name", &EngagementPart::name, "Name of the half-life."),
        field("decayed_weight", &EngagementPart::decayed_weight,
              "Sum of the days' weights * 2^(-age / half-life), no unit, >= 0."),
        field("share", &EngagementPart::share, "Largest contribution."),
        field("contribution", &EngagementPart::contribution, "share * decayed_weight / (decayed_weight + scale)."));
    bind_value<EngagementShare>(
        module, "EngagementShare", "How much of somebody's dealings goes by one channel, or is about one topic.",
        field("name", &EngagementShare::name, "Of the channel or topic, \"other\" for the rest."),
        field("fraction", &EngagementShare::fraction, "In [0, 1]."));
    bind_value<EngagementScore>(
        module, "EngagementScore", score_doc,
        field("fraction", &EngagementScore::fraction, "In [0, 1]; 0 = no own act is known, or all are long past."),
        field("trend", &EngagementScore::trend, "In [-1, 1]: > 0 rising. First memory against the second."),
        field("momentum", &EngagementScore::momentum, "Weight a day in the first memory beyond that in the second."),
        field("parts", &EngagementScore::parts, "One for each half-life, as configured."),
        field("channels", &EngagementScore::channels, "Tuple of EngagementShare that add up to 1; empty without acts."),
        field("topics", &EngagementScore::topics, "Likewise."),
        field("active_days_7", &EngagementScore::active_days_7,
              "Days with acts among the last 7, today (UTC) included."),
        field("active_days_28", &EngagementScore::active_days_28, "Likewise among the last 28."),
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
              "A timedelta of whole minutes; an answer after that is not one to this attempt.",
              ReachabilityConfig{}.response_window),
        field("hour_prior", &ReachabilityConfig::hour_prior,
              "How many own acts the group's habit weighs beside a person's own, > 0.",
              ReachabilityConfig{}.hour_prior));
    bind_value<ResponseEstimate>(
        module, "ResponseEstimate", "Reachability by one channel at one instant.",
        field("channel", &ResponseEstimate::channel, "Which channel."),
        field("probability", &ResponseEstimate::probability, "Posterior mean of an answer in the window, in (0, 1)."),
        field("attempts", &ResponseEstimate::attempts,
              "Evidence: attempts that were answered, followed by another, or whose window is over."),
        field("answered", &ResponseEstimate::answered, "Of these, answered within the window."),
        field("usual_latency", &ResponseEstimate::usual_latency, "A timedelta (geometric mean), or None."));
    bind_value<HourEstimate>(
        module, "HourEstimate", "An hour of the week at which somebody tends to act.",
        field("hour_of_week", &HourEstimate::hour_of_week,
              "0 = Monday 0:00 to 167 = Sunday 23:00, in the person's own zone."),
        field("probability", &HourEstimate::probability,
              "Share of the person's acts that fall into it, the group's habit mixed in, in (0, 1]."),
        field("acts", &HourEstimate::acts, "Evidence: the person's own acts in it; stays at 255."),
        field("own", &HourEstimate::own, "Part of the probability that comes from these."),
        field("group", &HourEstimate::group,
              "Part that comes from the group's habit; own + group == probability exactly."));
    bind_value<ReachabilityScore>(
        module, "ReachabilityScore", "Everything about how to reach one person.",
        field("channels", &ReachabilityScore::channels, "One ResponseEstimate for each configured channel."),
        field("own_acts", &ReachabilityScore::own_acts,
              "The person's own acts by hour of the week, 168 numbers; each stays at 255."),
        field("best_hours", &ReachabilityScore::best_hours, "The three best HourEstimates or fewer, best first."),
        field("last_two_way_at", &ReachabilityScore::last_two_way_at,
              "The latest moment of dealing with each other, or None."));
    bind_value<UrgencyRule>(
        module, "UrgencyRule", "How pressing one kind of obligation is.",
        field("weight", &UrgencyRule::weight, "Urgency at the deadline, in (0, 1].", UrgencyRule{}.weight),
        field("half_life_days", &UrgencyRule::half_life_days,
              "That many days before the deadline it is half of that; in (0, 3650].", UrgencyRule{}.half_life_days),
        field("grace_days", &UrgencyRule::grace_days,
              "Stays at its weight for so long after the deadline, then halves; in [0, 3650].",
              UrgencyRule{}.grace_days));
    bind_value<UrgencyConfig>(
        module, "UrgencyConfig", "Policy of urgency.",
        field("other", &UrgencyConfig::other, "Of kinds that are not named.", UrgencyRule{}),
        field("kinds", &UrgencyConfig::kinds, "Dict from kind of obligation to UrgencyRule.", {}));
}

}  // namespace alloquy::python
