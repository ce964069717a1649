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
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/signal.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// What is assumed of a channel before anything is known of a person: a Beta(responses, silences) prior.
struct ResponsePrior {
    double responses = 1;  ///< Pseudo-count of answered attempts, > 0.
    double silences = 1;   ///< Pseudo-count of unanswered attempts, > 0.

    friend bool operator==(const ResponsePrior&, const ResponsePrior&) = default;
};

/// Policy of reachability.
struct ReachabilityConfig {
    std::vector<std::string> channels{};            ///< Channels by which the institution contacts people; at most 8.
    std::map<std::string, ResponsePrior> priors{};  ///< By channel; Beta(1, 1), uniform, where there is none.
    time::Duration response_window =
        std::chrono::days{7};  ///< Whole minutes. A later answer is not one to this attempt.

    friend bool operator==(const ReachabilityConfig&, const ReachabilityConfig&) = default;
};

/// Reachability by one channel at one instant.
struct ResponseEstimate {
    std::string_view channel;  ///< Lives as long as the Reachability object.
    double probability;        ///< Posterior mean of an answer within the window, in (0, 1).
    /// Evidence: attempts that were answered, that were followed by another, or whose window is over.
    std::uint32_t attempts;
    std::uint32_t answered;                       ///< Of these, answered within the window.
    std::optional<time::Duration> usual_latency;  ///< Geometric mean, within 2e-4; none without an answer.
};

/// Everything about how to reach one person.
struct ReachabilityScore {
    std::vector<ResponseEstimate> channels;  ///< One for each configured channel, in the playbook's order.
    std::array<std::uint16_t, 24> own_acts;  ///< The person's own acts by hour of the day in the own zone.
    std::vector<int> best_hours;             ///< Up to three hours with most own acts, best first; empty without any.
};

/// Attempts and answers per channel, with the hours of a person's own acts.
///
/// An attempt is an outbound `sent` or `called`. It is answered by the first own act on the same channel within the
/// window, counted in whole minutes, and before the next attempt on it (an attempt that is followed by another stays
/// unanswered). Own acts are inbound and neither what a channel reports (sent, delivered, bounced, opened) nor what did
/// not happen (missed, absent). Which act
/// answers which attempt depends on the order, so an event that is not newer than all others of the person asks for a
/// refold, unless no attempt is concerned. Hours are counts, which commute.
class Reachability {
public:
    static constexpr std::string_view name = "reachability";
    static constexpr std::uint32_t version = 1;
    static constexpr std::size_t max_contact_channels = 8;

    struct Slot {
        std::uint32_t pending_minute = 0;  ///< Minute since year 1 of the unanswered attempt, plus 1; 0 = none.
        std::uint16_t attempts = 0;
        std::uint16_t answered = 0;
        std::uint32_t latency = 0;  ///< Sum of round(2048 * log2(minutes, at least 1)) over the answers: below 2^32.
    };
    struct State {
        std::array<std::uint16_t, 24> hours{};
        /// Of attempts and own acts on contact channels.
        std::int64_t latest_ms = std::numeric_limits<std::int64_t>::min();
        std::array<Slot, max_contact_channels> slots{};
        std::uint64_t reserved = 0;  ///< 160 bytes in all, so that hours and latest_ms lie in one or two cache lines.
    };

    /// \param channels  The playbook's channels; an event's channel number is the position in here plus 1.
    /// \throws InvalidArgument  if more than 8 contact channels are named, one is not in `channels`, or a prior or
    ///                          the window is out of range.
    Reachability(const ReachabilityConfig& config, std::span<const std::string> channels) : names_{config.channels} {
        if (names_.size() > max_contact_channels) throw InvalidArgument{"Reachability: at most 8 contact channels"};
        if (config.response_window < std::chrono::minutes{1} || config.response_window > std::chrono::days{366}) {
            throw InvalidArgument{"Reachability: response window must be in [1 minute, 366 days]"};
        }
        if (config.response_window % std::chrono::minutes{1} != time::Duration::zero()) {
            throw InvalidArgument{"Reachability: response window must be whole minutes"};
        }
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
            if (!(priors_.back().responses > 0 && priors_.back().responses < 1e6 && priors_.back().silences > 0 &&
                  priors_.back().silences < 1e6)) {
                throw InvalidArgument{"Reachability: a prior's counts must be in (0, 1e6)"};
            }
        }
        fill_kinds();
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
        if (event.local_hour < state.hours.size()) __builtin_prefetch(&state.hours[event.local_hour], 1);
        const Kind kind = kinds_[kind_index(event.channel, event.direction, event.act)];
        if (kind.slot == no_slot) return;
        __builtin_prefetch(&state.latest_ms, 1);
        __builtin_prefetch(&state.slots[kind.slot], 1);
    }

    Observed observe(State& state, const Event& event, Order order) const noexcept {
        const Kind kind = kinds_[kind_index(event.channel, event.direction, event.act)];
        const bool own_act = kind.own_act;
        if (own_act && event.local_hour < state.hours.size()) count(state.hours[event.local_hour]);
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
                count(slot.answered);
                slot.latency +=
                    static_cast<std::uint32_t>(2048 * log2(std::max(1.0, static_cast<double>(latency))) + 0.5);
            }
            slot.pending_minute = 0;
        }
        return Observed::done;
    }

    /// \param now  Not before the latest event.
    [[nodiscard]] ResponseEstimate estimate(const State& state, std::size_t slot_index,
                                            time::Instant now) const noexcept {
        const Slot& slot = state.slots[slot_index];
        // An attempt whose window still runs is no evidence of silence.
        const bool open =
            slot.pending_minute != 0 && minute_of(now.unix_ms()) - (slot.pending_minute - 1) <= window_minutes_;
        const std::uint32_t attempts = std::max<std::uint32_t>(slot.attempts - (open ? 1U : 0U), slot.answered);
        const ResponsePrior& prior = priors_[slot_index];
        const double probability = (prior.responses + slot.answered) / (prior.responses + prior.silences + attempts);
        std::optional<time::Duration> latency;
        if (slot.answered > 0) {
            const double minutes = exp2(static_cast<double>(slot.latency) / 2048 / slot.answered);
            latency = std::chrono::minutes{static_cast<std::int64_t>(minutes + 0.5)};
        }
        return {names_[slot_index], probability, attempts, slot.answered, latency};
    }

    [[nodiscard]] ReachabilityScore value(const State& state, time::Instant now) const {
        ReachabilityScore score{{}, state.hours, {}};
        for (std::size_t slot = 0; slot < names_.size(); ++slot) score.channels.push_back(estimate(state, slot, now));
        std::array<int, 24> order{};
        for (int hour = 0; hour < 24; ++hour) order[static_cast<std::size_t>(hour)] = hour;
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
            return state.hours[static_cast<std::size_t>(a)] > state.hours[static_cast<std::size_t>(b)];
        });
        for (std::size_t i = 0; i < 3 && state.hours[static_cast<std::size_t>(order[i])] > 0; ++i) {
            score.best_hours.push_back(order[i]);
        }
        return score;
    }

private:
    static constexpr std::uint8_t no_slot = 0xFF;

    static bool is_own_act(model::Act act) noexcept {
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
    };
    static std::size_t kind_index(std::size_t channel, model::Direction direction, model::Act act) noexcept {
        return (channel * 2 + static_cast<std::size_t>(direction)) * 32 + static_cast<std::size_t>(act);
    }
    void fill_kinds() {
        for (std::size_t channel = 0; channel <= max_channels; ++channel) {
            for (std::size_t number = 0; number < model::enum_size<model::Act>; ++number) {
                const auto act = static_cast<model::Act>(number);
                if (is_own_act(act)) {
                    kinds_[kind_index(channel, model::Direction::inbound, act)] = {slot_of_[channel], true};
                }
                if (act == model::Act::sent || act == model::Act::called) {
                    kinds_[kind_index(channel, model::Direction::outbound, act)] = {slot_of_[channel], false};
                }
            }
        }
    }
    static std::uint32_t minute_of(std::int64_t unix_ms) noexcept {
        return static_cast<std::uint32_t>((unix_ms - time::Instant::min_unix_ms) / 60'000);
    }

    std::vector<std::string> names_;
    std::vector<ResponsePrior> priors_;
    std::array<std::uint8_t, max_channels + 1> slot_of_{};
    std::array<Kind, (max_channels + 1) * 2 * 32> kinds_{};
    std::uint32_t window_minutes_ = 0;
};

}  // namespace alloquy::score
