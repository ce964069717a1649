#pragma once

/// \file
/// Reachability: by which channel somebody answers, how surely, how fast and at which hours.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/explanation.hpp>
#include <alloquy/score/signal.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// What is assumed of a channel before anything is known of a person: a Beta(responses, silences) prior.
struct ResponsePrior {
    double responses = 1;  ///< Pseudo-count of answered attempts, in [0.001, 1e6).
    double silences = 1;   ///< Pseudo-count of unanswered attempts, in [0.001, 1e6).

    friend bool operator==(const ResponsePrior&, const ResponsePrior&) = default;
};

/// Policy of reachability.
struct ReachabilityConfig {
    std::vector<std::string> channels{};            ///< Channels by which the institution contacts people; at most 8.
    std::map<std::string, ResponsePrior> priors{};  ///< By channel; Beta(1, 1), uniform, where there is none.
    /// A later answer is not one to this attempt. In [1 minute, 366 days], whole minutes.
    time::Duration response_window = std::chrono::days{7};
    /// How many own acts the group's habit weighs beside a person's own, in (0, 1e6): the shrinkage of the best hours.
    double hour_prior = 20;

    friend bool operator==(const ReachabilityConfig&, const ReachabilityConfig&) = default;
};

/// Reachability by one channel at one instant.
struct ResponseEstimate {
    std::string_view channel;  ///< Lives as long as the Reachability object.
    double probability;        ///< Posterior mean of an answer within the window, in (0, 1); a multiple of 2^-40.
    /// Evidence: attempts that were answered, that were followed by another, or whose window is over.
    std::uint32_t attempts;
    std::uint32_t answered;                       ///< Of these, answered within the window.
    std::optional<time::Duration> usual_latency;  ///< Geometric mean, whole minutes; none without an answer.
};

/// Counts of own acts by hour of the week, 0 = Monday 0:00 to 167, in people's own zones.
using HourCounts = std::array<std::uint64_t, hours_per_week>;

/// An hour of the week at which somebody tends to act.
struct HourEstimate {
    int hour_of_week;    ///< 0 = Monday 0:00 to 167 = Sunday 23:00, in the person's own zone.
    double probability;  ///< Share of the person's acts that fall into it, the group's habit mixed in, in [0, 1]; a
                         ///< multiple of 2^-40.
    std::uint32_t acts;  ///< Evidence: the person's own acts in it; stays at 255.
    double own;          ///< Part of the probability that comes from these.
    double group;        ///< Part that comes from the group's habit; own + group == probability exactly.

    friend bool operator==(const HourEstimate&, const HourEstimate&) = default;
};

/// Everything about how to reach one person.
struct ReachabilityScore {
    std::vector<ResponseEstimate> channels;             ///< One for each configured channel, in the config's order.
    std::array<std::uint8_t, hours_per_week> own_acts;  ///< Own acts by hour of the week; each stays at 255.
    std::vector<HourEstimate> best_hours;  ///< The three best, best first; fewer where neither person nor group acted.
    /// The latest moment of dealing with each other: an answer within the window, or an own act in a conversation
    /// (replied, answered, attended).
    std::optional<time::Instant> last_two_way_at;
};

/// Attempts and answers per channel, with the hours of the week of a person's own acts.
///
/// An attempt is an outbound `sent` or `called`. It is answered by the first own act on the same channel within the
/// window, counted in whole minutes, and before the next attempt on it (an attempt that is followed by another stays
/// unanswered). Own acts are inbound and neither what a channel reports (sent, delivered, bounced, opened) nor what did
/// not happen (missed, absent). Which act answers which attempt depends on the order, so an event that is not newer
/// than all others of the person asks for a refold, unless no attempt is concerned. Hours are counts that stop at 255,
/// which commute.
///
/// The best hours are those with the largest posterior mean of a Dirichlet prior: (acts in the hour + hour_prior *
/// share of the group's acts in it) / (all acts + hour_prior). A new person has the group's best hours.
class Reachability {
public:
    static constexpr std::string_view name = "reachability";
    static constexpr std::uint32_t version = 2;
    static constexpr std::size_t max_contact_channels = 8;

    struct Slot {
        std::uint32_t pending_minute = 0;  ///< Minute of the unanswered attempt (see minute_of), plus 1; 0 = none.
        std::uint16_t attempts = 0;
        std::uint16_t answered = 0;
        std::uint32_t latency = 0;  ///< Sum of round(2048 * log2(minutes, at least 1)) over the answers: below 2^32.
    };
    struct State {
        /// Of attempts and own acts on contact channels.
        std::int64_t latest_ms = never;
        std::int64_t two_way_ms = never;  ///< Last dealing with each other.
        std::array<Slot, max_contact_channels> slots{};
        std::array<std::uint8_t, hours_per_week> hours{};
    };
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

    /// \param channels  The playbook's channels; an event's channel number is the position in here plus 1.
    /// \throws InvalidArgument  if more than 8 contact channels are named, one is not in `channels`, or a prior or
    ///                          the window is out of range.
    Reachability(const ReachabilityConfig& config, std::span<const std::string> channels) : names_{config.channels} {
        if (channels.size() > max_channels) throw InvalidArgument{"Reachability: more than 31 channels"};
        if (names_.size() > max_contact_channels) throw InvalidArgument{"Reachability: at most 8 contact channels"};
        if (config.response_window < std::chrono::minutes{1} || config.response_window > std::chrono::days{366}) {
            throw InvalidArgument{"Reachability: response window must be in [1 minute, 366 days]"};
        }
        if (config.response_window % std::chrono::minutes{1} != time::Duration::zero()) {
            throw InvalidArgument{"Reachability: response window must be whole minutes"};
        }
        if (!(config.hour_prior > 0 && config.hour_prior < 1e6)) {
            throw InvalidArgument{"Reachability: the hours' prior must be in (0, 1e6)"};
        }
        hour_prior_ = config.hour_prior;
        for (const auto& entry : config.priors) {
            if (std::find(names_.begin(), names_.end(), entry.first) == names_.end()) {
                throw InvalidArgument{"Reachability: prior for '" + entry.first + "', which is no contact channel"};
            }
        }
        window_minutes_ = static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::minutes>(config.response_window).count());
        slot_of_.fill(no_slot);
        for (std::size_t slot = 0; slot < names_.size(); ++slot) {
            const auto found = std::find(channels.begin(), channels.end(), names_[slot]);
            if (std::count(names_.begin(), names_.end(), names_[slot]) > 1) {
                throw InvalidArgument{"Reachability: contact channel '" + names_[slot] + "' stands twice"};
            }
            if (found == channels.end()) {
                throw InvalidArgument{"Reachability: contact channel '" + names_[slot] + "' is not among the channels"};
            }
            slot_of_[static_cast<std::size_t>(found - channels.begin()) + 1] = static_cast<std::uint8_t>(slot);
            const auto prior = config.priors.find(names_[slot]);
            priors_.push_back(prior == config.priors.end() ? ResponsePrior{} : prior->second);
            if (!(priors_.back().responses >= 0.001 && priors_.back().responses < 1e6 &&
                  priors_.back().silences >= 0.001 && priors_.back().silences < 1e6)) {
                throw InvalidArgument{"Reachability: a prior's counts must be in [0.001, 1e6)"};
            }
        }
        fill_kinds();
    }

    /// True for an attempt to reach somebody.
    [[nodiscard]] static bool is_attempt(model::Act act, model::Direction direction) noexcept {
        return direction == model::Direction::outbound && (act == model::Act::sent || act == model::Act::called);
    }
    /// True for an own act of a person.
    [[nodiscard]] static bool is_own_act(model::Act act, model::Direction direction) noexcept {
        return direction == model::Direction::inbound && is_own(act);
    }
    /// True if an own act at `later` lies within the window of an attempt at `attempt`, in whole minutes: the one rule
    /// for what counts as an answer.
    [[nodiscard]] bool is_within_window(time::Instant attempt, time::Instant later) const noexcept {
        return minute_of(later.unix_ms()) - minute_of(attempt.unix_ms()) <= window_minutes_;
    }
    /// The first instant at which the window of an attempt is over.
    [[nodiscard]] time::Instant window_end(time::Instant attempt) const noexcept {
        const std::int64_t minute = (attempt.unix_ms() - time::Instant::min_unix_ms) / 60'000 + window_minutes_ + 1;
        return time::Instant::from_unix_ms(
            std::min(time::Instant::min_unix_ms + minute * 60'000, time::Instant::max_unix_ms));
    }
    [[nodiscard]] std::span<const std::string> channels() const noexcept { return names_; }
    /// Everything that the state depends on, as numbers.
    [[nodiscard]] std::vector<double> parameters() const {
        std::vector<double> all{static_cast<double>(window_minutes_)};
        all.insert(all.end(), slot_of_.begin(), slot_of_.end());
        return all;
    }
    /// Position of a playbook channel (its 1-based number) among channels(), or nothing.
    [[nodiscard]] std::optional<std::size_t> slot_of(std::uint8_t channel) const noexcept {
        const std::uint8_t slot = slot_of_[channel];
        return slot == no_slot ? std::nullopt : std::optional<std::size_t>{slot};
    }

    /// Asks for the cache lines that observe() will touch.
    void prefetch(const State& state, const Event& event) const noexcept {
        if (event.hour_of_week < hours_per_week) __builtin_prefetch(&state.hours[event.hour_of_week], 1);
        const Kind kind = kinds_[kind_index(event.channel, event.direction, event.act)];
        if (kind.slot == no_slot) return;
        __builtin_prefetch(&state.latest_ms, 1);
        __builtin_prefetch(&state.slots[kind.slot], 1);
    }

    Observed observe(State& state, const Event& event, Order order) const noexcept {
        const Kind kind = kinds_[kind_index(event.channel, event.direction, event.act)];
        const bool own_act = kind.own_act;
        if (own_act && event.hour_of_week < hours_per_week) {
            std::uint8_t& hour = state.hours[event.hour_of_week];
            hour = static_cast<std::uint8_t>(hour + (hour != 255 ? 1 : 0));
        }
        if (kind.two_way) state.two_way_ms = std::max(state.two_way_ms, event.at_ms);
        if (kind.slot == no_slot) return Observed::done;
        const std::int64_t latest = state.latest_ms;
        state.latest_ms = std::max(latest, event.at_ms);
        Slot& slot = state.slots[kind.slot];
        if (own_act && slot.attempts == 0) return Observed::done;
        if (order == Order::arrival && event.at_ms <= latest) return Observed::late;
        const std::uint32_t minute = minute_of(event.at_ms);
        if (!own_act) {
            count(slot.attempts);
            slot.pending_minute = minute + 1;
        } else if (slot.pending_minute != 0) {
            const std::uint32_t latency = minute - (slot.pending_minute - 1);
            if (latency <= window_minutes_) {
                state.two_way_ms = std::max(state.two_way_ms, event.at_ms);
                if (slot.attempts != 65535) {
                    count(slot.answered);
                    slot.latency +=
                        static_cast<std::uint32_t>(2048 * log2(std::max(1.0, static_cast<double>(latency))) + 0.5);
                }
            }
            slot.pending_minute = 0;
        }
        return Observed::done;
    }

    /// estimate(...).probability, fast.
    /// \param slot_index  Position among channels(), which the caller sees to.
    /// \param now         Not before the latest event.
    [[nodiscard]] double probability(const State& state, std::size_t slot_index, time::Instant now) const noexcept {
        const Slot& slot = state.slots[slot_index];
        return posterior(slot, slot_index, attempts_over(slot, now));
    }

    /// How surely an attempt by one channel is answered.
    /// \param slot_index  Position among channels(), which the caller sees to.
    /// \param now         Not before the latest event.
    [[nodiscard]] ResponseEstimate estimate(const State& state, std::size_t slot_index,
                                            time::Instant now) const noexcept {
        const Slot& slot = state.slots[slot_index];
        const std::uint32_t attempts = attempts_over(slot, now);
        const double probability = posterior(slot, slot_index, attempts);
        std::optional<time::Duration> latency;
        if (slot.answered > 0) {
            const double minutes = exp2(static_cast<double>(slot.latency) / 2048 / slot.answered);
            latency = std::chrono::minutes{static_cast<std::int64_t>(minutes + 0.5)};
        }
        return {names_[slot_index], probability, attempts, slot.answered, latency};
    }

    /// \param now    Not before the latest event.
    /// \param group  Acts of the group that the person belongs to, the person's own among them or not; all 0 for none.
    [[nodiscard]] ReachabilityScore value(const State& state, time::Instant now, const HourCounts& group = {}) const {
        ReachabilityScore score{{}, state.hours, best_hours(state, group), std::nullopt};
        for (std::size_t slot = 0; slot < names_.size(); ++slot) score.channels.push_back(estimate(state, slot, now));
        if (state.two_way_ms != never) score.last_two_way_at = time::Instant::from_unix_ms(state.two_way_ms);
        return score;
    }

    /// The three hours of the week with the largest posterior mean; of equals the earlier one.
    /// \param group  As in value().
    [[nodiscard]] std::vector<HourEstimate> best_hours(const State& state, const HourCounts& group) const {
        std::vector<HourEstimate> hours;
        const auto [own, all] = totals(state, group);
        if (own + all <= 0) return hours;
        for (std::size_t hour = 0; hour < hours_per_week; ++hour) {
            const double probability = hour_probability(state, hour, own, group, all);
            if (probability > 0) hours.push_back({static_cast<int>(hour), probability, state.hours[hour], 0, 0});
        }
        const auto better = [](const HourEstimate& a, const HourEstimate& b) {
            return a.probability > b.probability || (a.probability == b.probability && a.hour_of_week < b.hour_of_week);
        };
        const std::size_t count = std::min<std::size_t>(3, hours.size());
        std::partial_sort(hours.begin(), hours.begin() + static_cast<std::ptrdiff_t>(count), hours.end(), better);
        hours.resize(count);
        for (HourEstimate& hour : hours) {
            hour.probability = on_grid(hour.probability, probability_steps);
            hour.own = on_grid(hour.acts / (own + (all > 0 ? hour_prior_ : 0)), probability_steps);
            hour.group = hour.probability - hour.own;
        }
        return hours;
    }

    /// The best hour alone, fast: the first of best_hours(), or nothing.
    [[nodiscard]] std::optional<int> best_hour(const State& state, const HourCounts& group) const noexcept {
        const auto [own, all] = totals(state, group);
        if (own + all <= 0) return std::nullopt;
        std::size_t best = 0;
        double most = -1;
        for (std::size_t hour = 0; hour < hours_per_week; ++hour) {
            const double probability = hour_probability(state, hour, own, group, all);
            if (probability > most) {
                most = probability;
                best = hour;
            }
        }
        return static_cast<int>(best);
    }

    /// Probability of an answer by one channel as parts that add up to it exactly: what was assumed beforehand, and
    /// what this person did.
    /// \param slot_index  Position among channels(), which the caller sees to.
    [[nodiscard]] Explanation explain(const State& state, std::size_t slot_index, time::Instant now) const {
        const ResponseEstimate found = estimate(state, slot_index, now);
        const ResponsePrior& prior = priors_[slot_index];
        const double total = prior.responses + prior.silences + found.attempts;
        const double own = on_grid(found.answered / total, probability_steps);
        return {"response:" + names_[slot_index],
                found.probability,
                static_cast<double>(found.attempts),
                {{"assumed beforehand", prior.responses, 1 / total, found.probability - own},
                 {"answered attempts", static_cast<double>(found.answered), 1 / total, own}}};
    }

private:
    static constexpr std::uint8_t no_slot = 0xFF;
    static constexpr double probability_steps = 1099511627776;  // 2^40

    /// Attempts that tell something: one whose window still runs is no evidence of silence.
    [[nodiscard]] std::uint32_t attempts_over(const Slot& slot, time::Instant now) const noexcept {
        const bool open =
            slot.pending_minute != 0 && minute_of(now.unix_ms()) - (slot.pending_minute - 1) <= window_minutes_;
        return std::max<std::uint32_t>(slot.attempts - (open ? 1U : 0U), slot.answered);
    }
    /// Mean of the Beta posterior.
    [[nodiscard]] double posterior(const Slot& slot, std::size_t slot_index, std::uint32_t attempts) const noexcept {
        const ResponsePrior& prior = priors_[slot_index];
        return on_grid((prior.responses + slot.answered) / (prior.responses + prior.silences + attempts),
                       probability_steps);
    }
    /// All own acts that are counted, and those of the group.
    static std::pair<double, double> totals(const State& state, const HourCounts& group) noexcept {
        std::uint32_t own = 0;
        std::uint64_t all = 0;
        for (const std::uint8_t count : state.hours) own += count;
        for (const std::uint64_t count : group) all += count;
        return {static_cast<double>(own), static_cast<double>(all)};
    }
    [[nodiscard]] double hour_probability(const State& state, std::size_t hour, double own, const HourCounts& group,
                                          double all) const noexcept {
        const double prior = all > 0 ? hour_prior_ * (static_cast<double>(group[hour]) / all) : 0;
        return (static_cast<double>(state.hours[hour]) + prior) / (own + (all > 0 ? hour_prior_ : 0));
    }

    static bool is_own(model::Act act) noexcept {
        using enum model::Act;
        // What the channel reports (sent, delivered, bounced) and what did not happen (missed, absent) is no own act;
        // mail programs open mails by themselves.
        return act != sent && act != delivered && act != bounced && act != opened && act != missed && act != absent;
    }
    static void count(std::uint16_t& counter) noexcept {
        counter = static_cast<std::uint16_t>(counter + (counter != std::numeric_limits<std::uint16_t>::max() ? 1 : 0));
    }
    /// What an event of one kind does: an own act, an attempt (then `slot` is set and own_act is not), or nothing.
    struct Kind {
        std::uint8_t slot = no_slot;
        bool own_act = false;
        bool two_way = false;  ///< A conversation by itself.
    };
    static std::size_t kind_index(std::size_t channel, model::Direction direction, model::Act act) noexcept {
        return (channel * 2 + static_cast<std::size_t>(direction)) * 32 + static_cast<std::size_t>(act);
    }
    void fill_kinds() {
        for (std::size_t channel = 0; channel <= max_channels; ++channel) {
            for (std::size_t number = 0; number < model::enum_size<model::Act>; ++number) {
                const auto act = static_cast<model::Act>(number);
                if (is_own(act)) {
                    const bool two_way =
                        act == model::Act::replied || act == model::Act::answered || act == model::Act::attended;
                    kinds_[kind_index(channel, model::Direction::inbound, act)] = {slot_of_[channel], true, two_way};
                }
                if (is_attempt(act, model::Direction::outbound)) {
                    kinds_[kind_index(channel, model::Direction::outbound, act)] = {slot_of_[channel], false, false};
                }
            }
        }
    }
    /// Since year 1; instants that lie 2^32 minutes apart, 8,166 years, give the same.
    static std::uint32_t minute_of(std::int64_t unix_ms) noexcept {
        return static_cast<std::uint32_t>((unix_ms - time::Instant::min_unix_ms) / 60'000);
    }

    std::vector<std::string> names_;
    std::vector<ResponsePrior> priors_;
    std::array<std::uint8_t, max_channels + 1> slot_of_{};
    std::array<Kind, (max_channels + 1) * 2 * 32> kinds_{};
    std::uint32_t window_minutes_ = 0;
    double hour_prior_ = 0;
};

}  // namespace alloquy::score
