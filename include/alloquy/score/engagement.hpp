#pragma once

/// \file
/// Engagement: how much somebody deals with the institution of late, as a fraction with parts that add up to it.

#include <algorithm>
#include <array>
#include <bit>
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

/// One memory of the score: how fast it forgets and how much of the score it can give.
struct HalfLife {
    std::string name;  ///< As it stands in explanations, such as "last weeks".
    double days;       ///< Half-life, days, in [1, 3650].
    double share;      ///< Largest part of the score that it can give, in (0, 1]; all shares together at most 1.
    double scale;      ///< Decayed weight that gives half of the share, in (0, 1e12).

    friend bool operator==(const HalfLife&, const HalfLife&) = default;
};

/// Policy of the engagement score. The acts of one kind on one day weigh
/// act * log2(1 + sum of channel * direction * topic * quantity), so that the tenth click of a day counts less than the
/// first: 0.14 instead of 1.
struct EngagementConfig {
    std::vector<HalfLife> half_lives{
        {"this week", 7, 0.4, 6}, {"this month", 30, 0.4, 20}, {"this half-year", 180, 0.2, 60}};
    std::map<std::string, double> channels{};  ///< Weight by channel name; in [0, 256].
    double other_channels = 1;                 ///< Weight of a channel that is not named; in [0, 256].
    std::array<double, model::enum_size<model::Act>> acts = default_acts();  ///< Weight by act; in [0, 256].
    /// Weight of inbound and of outbound acts; in [0, 256]. What the institution sends is no engagement.
    std::array<double, 2> directions{1, 0};
    std::map<std::string, double> topics{};  ///< Weight by topic name; in [0, 256].
    double other_topics = 1;                 ///< Weight of a topic that is not named, and of no topic; in [0, 256].

    /// Effort that an act asks of a person, a plain scale by hand: a click is 1, a conversation 4, coming along 6.
    [[nodiscard]] static constexpr std::array<double, model::enum_size<model::Act>> default_acts() {
        using enum model::Act;
        std::array<double, model::enum_size<model::Act>> weights{};
        const auto set = [&](model::Act act, double weight) { weights[static_cast<std::size_t>(act)] = weight; };
        set(opened, 0.25);
        set(clicked, 1);
        set(visited, 1);
        set(replied, 3);
        set(posted, 2);
        set(mentioned, 1);
        set(submitted, 4);
        set(called, 4);
        set(answered, 3);
        set(attended, 6);
        set(donated, 6);
        return weights;
    }
    friend bool operator==(const EngagementConfig&, const EngagementConfig&) = default;
};

/// One part of an engagement score.
struct EngagementPart {
    std::string_view name;  ///< Name of the half-life; lives as long as the Engagement object.
    double decayed_weight;  ///< Sum of the days' weights * 2^(-age / half-life), no unit, >= 0.
    double share;           ///< Largest contribution.
    double contribution;    ///< share * decayed_weight / (decayed_weight + scale), a multiple of 2^-30.
};

/// How much of somebody's dealings goes by one channel, or is about one topic.
struct EngagementShare {
    std::string_view name;  ///< Of the channel or topic, "other" for the rest; lives as long as the Engagement object.
    double fraction;        ///< In [0, 1], a multiple of 2^-30.
};

/// Engagement at one instant. The parts' contributions add up to fraction exactly, in any order.
struct EngagementScore {
    double fraction;                             ///< In [0, 1]; 0 = no own act is known, or all are long past.
    double trend;                                ///< In [-1, 1]: > 0 rising. First memory against the second.
    double momentum;                             ///< Weight a day in the first memory beyond that in the second.
    std::vector<EngagementPart> parts;           ///< One for each half-life, as configured.
    std::vector<EngagementShare> channels;       ///< Shares that are not 0; they add up to 1 exactly. Empty if none.
    std::vector<EngagementShare> topics;         ///< Likewise.
    std::uint32_t active_days_7;                 ///< Days with acts among the last 7, today (UTC) included.
    std::uint32_t active_days_28;                ///< Likewise among the last 28.
    std::uint32_t events;                        ///< Events with weight that the score rests on.
    std::optional<time::Instant> last_event_at;  ///< The latest of them.
};

/// Decayed sums of days with several half-lives, with the open day apart.
///
/// Acts count by the day, in the person's own zone: within a day the effort of each act adds up (in whole steps, so in
/// any order) and saturates as a logarithm; once a later day opens, the day's weight enters the sums, which decay from
/// day to day. What a question finds is therefore a function of the set of events, but an act on an earlier day than
/// the latest asks for a refold. Shares are counted without saturation and halve every four weeks, stepwise.
class Engagement {
public:
    static constexpr std::string_view name = "engagement";
    static constexpr std::uint32_t version = 2;
    static constexpr std::size_t max_half_lives = 3;
    static constexpr double max_weight = 256;             ///< Largest weight of a channel, topic, act or direction.
    static constexpr std::size_t channel_slots = 8;       ///< Channels beyond the seventh share the last one.
    static constexpr std::size_t topic_slots = 25;        ///< Topics beyond the 24th, and no topic, share the last one.
    static constexpr std::int32_t remembered_days = 128;  ///< Active days further back are forgotten.
    /// Shares halve from one epoch of so many days, counted from year 1 on, to the next.
    static constexpr std::int32_t share_epoch_days = 28;

    struct State {
        /// Decayed sums at the start of open_day, without it; bits of doubles.
        std::array<std::uint64_t, max_half_lives> sums{};
        std::int64_t latest_ms = std::numeric_limits<std::int64_t>::min();
        std::array<std::uint64_t, 2> active_days{};  ///< Bit i: acts on open_day - i.
        std::int32_t open_day = no_day;
        std::uint32_t events = 0;
        std::uint32_t open_acts = 0;             ///< Bit a: effort[a] is not 0.
        std::array<std::uint32_t, 16> effort{};  ///< Of open_day by act, in 1/1024; saturates.
        std::array<std::uint32_t, channel_slots> channels{};
        std::array<std::uint32_t, topic_slots> topics{};  ///< The last one is no topic, and those that share it.
    };
    static constexpr std::int32_t no_day = std::numeric_limits<std::int32_t>::min();

    /// \param channels  The playbook's channels; an event's channel number is the position in here plus 1.
    /// \param topics    Likewise.
    /// \throws InvalidArgument  if a value of the config is out of its range.
    Engagement(const EngagementConfig& config, std::span<const std::string> channels,
               std::span<const std::string> topics)
        : half_lives_{config.half_lives},
          channel_names_{slot_names(channels, channel_slots)},
          topic_names_{slot_names(topics, topic_slots)} {
        if (half_lives_.empty() || half_lives_.size() > max_half_lives) {
            throw InvalidArgument{"Engagement: 1 to 3 half-lives expected, got " + std::to_string(half_lives_.size())};
        }
        double shares = 0;
        for (const HalfLife& half_life : half_lives_) {
            require(half_life.days >= 1 && half_life.days <= 3650, "half-life must be in [1, 3650] days");
            require(half_life.share > 0 && half_life.share <= 1, "share must be in (0, 1]");
            require(half_life.scale > 0 && half_life.scale < 1e12, "scale must be in (0, 1e12)");
            shares += on_grid(half_life.share, contribution_steps);
        }
        require(shares <= 1, "shares must add up to at most 1");
        // Memories that are not configured fold as the first one and are never read: no branch in the fold.
        for (std::size_t h = 0; h < max_half_lives; ++h) {
            per_day_[h] = 1 / half_lives_[h < half_lives_.size() ? h : 0].days;
            for (std::size_t days = 0; days < decay_table_days; ++days) {
                decay_[days][h] = exp2(-static_cast<double>(days) * per_day_[h]);
            }
        }
        fill_weights(config, channels, topics);
    }

    [[nodiscard]] std::span<const HalfLife> half_lives() const noexcept { return half_lives_; }
    /// Names of the shares' slots: the last one is "other", one without a channel or topic has none.
    [[nodiscard]] std::span<const std::string> channel_names() const noexcept { return channel_names_; }
    [[nodiscard]] std::span<const std::string> topic_names() const noexcept { return topic_names_; }

    /// Everything that the state depends on, as numbers.
    [[nodiscard]] std::vector<double> parameters() const {
        std::vector<double> all{per_day_.begin(), per_day_.end()};
        all.insert(all.end(), act_weight_.begin(), act_weight_.end());
        all.insert(all.end(), kind_weight_.begin(), kind_weight_.end());
        all.insert(all.end(), topic_weight_.begin(), topic_weight_.end());
        all.insert(all.end(), channel_slot_.begin(), channel_slot_.end());
        all.insert(all.end(), topic_slot_.begin(), topic_slot_.end());
        return all;
    }
    /// What an event adds to its day: channel * direction * topic * quantity, rounded to 1/1024; 0 for an act that
    /// weighs nothing.
    [[nodiscard]] double effort(const Event& event) const noexcept {
        return static_cast<double>(effort_steps(event)) / steps;
    }
    /// What one kind of act weighs on a day with this effort: act * log2(1 + effort).
    [[nodiscard]] double day_weight(model::Act act, double effort) const noexcept {
        return act_weight_[static_cast<std::size_t>(act)] * log2(1.0 + effort);
    }

    /// Asks for the cache lines that observe() will touch.
    void prefetch(const State& state, const Event& event) const noexcept {
        __builtin_prefetch(&state.sums, 1);
        __builtin_prefetch(&state.effort[static_cast<std::size_t>(event.act)], 1);
        __builtin_prefetch(&state.topics[topic_slot_[event.topic]], 1);
    }

    Observed observe(State& state, const Event& event, Order) const noexcept {
        const std::uint32_t steps_added = effort_steps(event);
        if (steps_added == 0) return Observed::done;
        if (event.local_day != state.open_day) {
            if (event.local_day < state.open_day) return Observed::late;
            if (state.open_day == no_day) {
                state.open_day = event.local_day;
            } else {
                open_day(state, event.local_day);
            }
        }
        const auto act = static_cast<std::size_t>(event.act);
        add(state.effort[act], steps_added);
        state.open_acts |= 1U << act;
        state.active_days[0] |= 1U;
        const auto weighted = static_cast<std::uint32_t>(
            std::min(static_cast<double>(steps_added) * act_weight_[act] + 0.5, 4294967295.0));
        add(state.channels[channel_slot_[event.channel]], weighted);
        add(state.topics[topic_slot_[event.topic]], weighted);
        state.latest_ms = std::max(state.latest_ms, event.at_ms);
        if (state.events != std::numeric_limits<std::uint32_t>::max()) ++state.events;
        return Observed::done;
    }

    /// Sum of the days' weights * 2^(-age / half-life) at an instant; age counts from 0:00 UTC of the day of the acts
    /// and is never below 0.
    /// \param half_life  Position among half_lives(), which the caller sees to.
    [[nodiscard]] double decayed_weight(const State& state, std::size_t half_life, time::Instant now) const noexcept {
        if (state.open_day == no_day) return 0;
        const double halvings = age_days(state, now) * per_day_[half_life];
        if (halvings > 1000) return 0;
        return (std::bit_cast<double>(state.sums[half_life]) + open_weight(state)) * exp2(-halvings);
    }

    /// The fraction alone, for columns; equal to value(...).fraction bit by bit.
    [[nodiscard]] double fraction(const State& state, time::Instant now) const noexcept {
        double fraction = 0;
        for (std::size_t h = 0; h < half_lives_.size(); ++h) {
            fraction += contribution(h, decayed_weight(state, h, now));
        }
        return fraction;
    }

    /// Rising or falling: (a - b) / (a + b) of the weight per day in the first and the second memory, where a memory
    /// with decayed weight S and half-life h holds S ln 2 / h per day in a steady state. 0 without events or with one
    /// half-life only.
    [[nodiscard]] double trend(const State& state, time::Instant now) const noexcept {
        const auto [recent, usual] = daily_weights(decayed_weight(state, 0, now), decayed_weight(state, 1, now));
        return trend_of(recent, usual);
    }
    /// a - b of the same: weight per day gained or lost against the second memory. 0 without events or with one
    /// half-life only.
    [[nodiscard]] double momentum(const State& state, time::Instant now) const noexcept {
        const auto [recent, usual] = daily_weights(decayed_weight(state, 0, now), decayed_weight(state, 1, now));
        return recent - usual;
    }

    /// fraction(), trend() and momentum() at once, with the same bits.
    void scores(const State& state, time::Instant now, double& fraction, double& trend,
                double& momentum) const noexcept {
        std::array<double, max_half_lives> decayed{};
        const double weight = state.open_day == no_day ? 0 : open_weight(state);
        const double age = age_days(state, now);
        fraction = 0;
        for (std::size_t h = 0; h < half_lives_.size() && state.open_day != no_day; ++h) {
            const double halvings = age * per_day_[h];
            decayed[h] = halvings > 1000 ? 0 : (std::bit_cast<double>(state.sums[h]) + weight) * exp2(-halvings);
            fraction += contribution(h, decayed[h]);
        }
        const auto [recent, usual] = daily_weights(decayed[0], decayed[1]);
        trend = trend_of(recent, usual);
        momentum = recent - usual;
    }

    /// Days with acts among the last `days`, today included; today is the day in UTC.
    /// \param days  1 to remembered_days, which the caller sees to.
    [[nodiscard]] std::uint32_t active_days(const State& state, time::Instant now, std::int32_t days) const noexcept {
        if (state.open_day == no_day) return 0;
        const std::int32_t left = days - whole_age_days(state, now);  // of the bits, counted from open_day
        if (left <= 0) return 0;
        const auto among = [](std::uint64_t bits, std::int32_t count) {
            if (count <= 0) return 0;
            return std::popcount(count >= 64 ? bits : bits & ((std::uint64_t{1} << count) - 1));
        };
        return static_cast<std::uint32_t>(among(state.active_days[0], left) + among(state.active_days[1], left - 64));
    }

    /// Share of one channel or topic in the recent effort: act * channel * direction * topic * quantity, summed without
    /// saturation, halved from one four-week epoch to the next. Nothing without any effort.
    /// \param slot  Position among channel_names() or topic_names(), which the caller sees to.
    [[nodiscard]] std::optional<double> channel_share(const State& state, std::size_t slot) const noexcept {
        return share(state.channels, slot);
    }
    [[nodiscard]] std::optional<double> topic_share(const State& state, std::size_t slot) const noexcept {
        return share(state.topics, slot);
    }

    /// Topics of the playbook with recent effort, counted as for topic_share(). Acts without a topic are none, and
    /// neither are topics beyond the 24th, which cannot be told from them. In [0, topic_slots - 1].
    [[nodiscard]] std::uint32_t topics_used(const State& state) const noexcept {
        return static_cast<std::uint32_t>(
            std::count_if(state.topics.begin(), state.topics.end() - 1, [](std::uint32_t count) { return count > 0; }));
    }

    /// All of it, at an instant.
    [[nodiscard]] EngagementScore value(const State& state, time::Instant now) const {
        EngagementScore score{fraction(state, now),
                              trend(state, now),
                              momentum(state, now),
                              {},
                              shares(state.channels, channel_names_),
                              shares(state.topics, topic_names_),
                              active_days(state, now, 7),
                              active_days(state, now, 28),
                              state.events,
                              std::nullopt};
        for (std::size_t h = 0; h < half_lives_.size(); ++h) {
            const double decayed = decayed_weight(state, h, now);
            score.parts.push_back({half_lives_[h].name, decayed, half_lives_[h].share, contribution(h, decayed)});
        }
        if (state.events > 0) score.last_event_at = time::Instant::from_unix_ms(state.latest_ms);
        return score;
    }

    /// The fraction as parts that add up to it exactly.
    [[nodiscard]] Explanation explain(const State& state, time::Instant now) const {
        Explanation explanation{std::string{name}, fraction(state, now), static_cast<double>(state.events), {}};
        for (std::size_t h = 0; h < half_lives_.size(); ++h) {
            const double decayed = decayed_weight(state, h, now);
            explanation.parts.push_back({half_lives_[h].name, decayed, half_lives_[h].share, contribution(h, decayed)});
        }
        return explanation;
    }

private:
    static constexpr double steps = 1024;  // of effort, per 1
    static constexpr std::size_t decay_table_days = 64;
    static constexpr double contribution_steps = 1073741824;  // 2^30

    static void require(bool holds, const char* expected) {
        if (!holds) throw InvalidArgument{std::string{"Engagement: "} + expected};
    }
    static std::vector<std::string> slot_names(std::span<const std::string> names, std::size_t slots) {
        std::vector<std::string> all{names.begin(),
                                     names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), slots - 1))};
        all.resize(slots - 1);
        all.emplace_back("other");
        return all;
    }
    static std::size_t kind_index(const Event& event) noexcept {
        return (std::size_t{event.channel} * 2 + static_cast<std::size_t>(event.direction)) * 16 +
               static_cast<std::size_t>(event.act);
    }
    static void add(std::uint32_t& counter, std::uint32_t amount) noexcept {
        const std::uint32_t sum = counter + amount;
        counter = sum < amount ? std::numeric_limits<std::uint32_t>::max() : sum;
    }
    [[nodiscard]] std::uint32_t effort_steps(const Event& event) const noexcept {
        const double effort = kind_weight_[kind_index(event)] * topic_weight_[event.topic] * event.quantity * steps;
        return static_cast<std::uint32_t>(std::min(effort + 0.5, 4294967295.0));
    }
    /// Weight of the open day: acts in their order, so that equal efforts give equal bits.
    [[nodiscard]] double open_weight(const State& state) const noexcept {
        double weight = 0;
        for (std::uint32_t acts = state.open_acts; acts != 0; acts &= acts - 1) {
            const auto act = static_cast<std::size_t>(std::countr_zero(acts));
            const std::uint32_t effort = state.effort[act];
            const std::size_t whole = effort / static_cast<std::uint32_t>(steps);
            const bool in_table = effort % static_cast<std::uint32_t>(steps) == 0 && whole < day_gain_.size();
            weight +=
                act_weight_[act] * (in_table ? day_gain_[whole] : log2(1.0 + static_cast<double>(effort) / steps));
        }
        return weight;
    }
    /// Closes the open day and opens a later one.
    void open_day(State& state, std::int32_t day) const noexcept {
        const double weight = open_weight(state);
        const std::int64_t days = std::int64_t{day} - state.open_day;
        if (days < static_cast<std::int64_t>(decay_table_days)) {
            const auto& decay = decay_[static_cast<std::size_t>(days)];
            for (std::size_t h = 0; h < max_half_lives; ++h) {
                state.sums[h] =
                    std::bit_cast<std::uint64_t>((std::bit_cast<double>(state.sums[h]) + weight) * decay[h]);
            }
        } else {
            for (std::size_t h = 0; h < max_half_lives; ++h) {
                const double decay = exp2(std::max(-static_cast<double>(days) * per_day_[h], -1000.0));
                state.sums[h] = std::bit_cast<std::uint64_t>((std::bit_cast<double>(state.sums[h]) + weight) * decay);
            }
        }
        for (std::uint32_t acts = state.open_acts; acts != 0; acts &= acts - 1) {
            state.effort[static_cast<std::size_t>(std::countr_zero(acts))] = 0;
        }
        state.open_acts = 0;
        auto& bits = state.active_days;
        if (days < 64) {
            bits = {bits[0] << days, bits[1] << days | bits[0] >> (64 - days)};
        } else {
            bits = {0, days < remembered_days ? bits[0] << (days - 64) : 0};
        }
        const std::int32_t halvings = epoch(day) - epoch(state.open_day);
        if (halvings > 0) {
            // A counter has 32 bits; shifting by 31 and then by 1 leaves nothing.
            const std::int32_t shift = std::min(halvings, 31);
            const std::int32_t rest = halvings > 31 ? 1 : 0;
            for (std::uint32_t& counter : state.channels) counter = counter >> shift >> rest;
            for (std::uint32_t& counter : state.topics) counter = counter >> shift >> rest;
        }
        state.open_day = day;
    }
    static std::int32_t epoch(std::int32_t day) noexcept { return (day - first_day) / share_epoch_days; }
    static constexpr auto first_day = static_cast<std::int32_t>(time::Instant::min_unix_ms / 86'400'000 - 1);

    static double age_days(const State& state, time::Instant now) noexcept {
        const std::int64_t age_ms = now.unix_ms() - std::int64_t{state.open_day} * 86'400'000;
        return age_ms > 0 ? static_cast<double>(age_ms) / 86'400'000.0 : 0.0;
    }
    template <std::size_t n>
    static std::optional<double> share(const std::array<std::uint32_t, n>& counts, std::size_t slot) noexcept {
        double sum = 0;
        for (const std::uint32_t count : counts) sum += static_cast<double>(count);
        return sum > 0 ? std::optional{static_cast<double>(counts[slot]) / sum} : std::nullopt;
    }
    static std::int32_t whole_age_days(const State& state, time::Instant now) noexcept {
        const std::int64_t age_ms = now.unix_ms() - std::int64_t{state.open_day} * 86'400'000;
        return age_ms > 0 ? static_cast<std::int32_t>(age_ms / 86'400'000) : 0;
    }
    /// Weight a day in the first and the second memory in a steady state.
    [[nodiscard]] std::pair<double, double> daily_weights(double first, double second) const noexcept {
        if (half_lives_.size() < 2) return {0, 0};
        constexpr double ln2 = 0.6931471805599453;
        return {first * ln2 * per_day_[0], second * ln2 * per_day_[1]};
    }
    static double trend_of(double recent, double usual) noexcept {
        const double sum = recent + usual;
        return sum > 0 ? (recent - usual) / sum : 0;
    }
    /// Cut to multiples of 2^-30, so that the parts add up without rounding and never exceed the shares.
    [[nodiscard]] double contribution(std::size_t half_life, double decayed) const noexcept {
        const HalfLife& config = half_lives_[half_life];
        return on_grid(config.share * (decayed / (decayed + config.scale)), contribution_steps);
    }
    /// The largest share takes what cutting leaves, so that all add up to 1.
    template <std::size_t n>
    [[nodiscard]] static std::vector<EngagementShare> shares(const std::array<std::uint32_t, n>& counts,
                                                             const std::vector<std::string>& names) {
        std::vector<EngagementShare> shares;
        double sum = 0;
        for (const std::uint32_t count : counts) sum += static_cast<double>(count);
        if (sum <= 0) return shares;
        double rest = 1;
        std::size_t largest = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double cut = on_grid(static_cast<double>(counts[i]) / sum, contribution_steps);
            if (cut <= 0) continue;
            shares.push_back({names[i], cut});
            rest -= shares.back().fraction;
            if (shares.back().fraction > shares[largest].fraction) largest = shares.size() - 1;
        }
        shares[largest].fraction += rest;
        return shares;
    }
    static double named(const std::map<std::string, double>& weights, const std::string& key, double other) {
        const auto found = weights.find(key);
        return found == weights.end() ? other : found->second;
    }
    void fill_weights(const EngagementConfig& config, std::span<const std::string> channels,
                      std::span<const std::string> topics) {
        const auto checked = [](double weight) {
            require(weight >= 0 && weight <= max_weight, "a weight must be in [0, 256]");
            return weight;
        };
        if (channels.size() > max_channels) throw InvalidArgument{"Engagement: more than 31 channels"};
        if (topics.size() > max_topics) throw InvalidArgument{"Engagement: more than 255 topics"};
        for (const auto& entry : config.channels) checked(entry.second);
        for (const auto& entry : config.topics) checked(entry.second);
        for (std::size_t a = 0; a < config.acts.size(); ++a) act_weight_[a] = checked(config.acts[a]);
        for (std::size_t c = 0; c <= channels.size(); ++c) {
            const double channel =
                c == 0 ? config.other_channels : named(config.channels, channels[c - 1], config.other_channels);
            for (std::size_t d = 0; d < 2; ++d) {
                const double weight = checked(channel) * checked(config.directions[d]);
                for (std::size_t a = 0; a < config.acts.size(); ++a) {
                    kind_weight_[(c * 2 + d) * 16 + a] = config.acts[a] > 0 ? weight : 0;
                }
            }
            channel_slot_[c] = static_cast<std::uint8_t>(c == 0 || c >= channel_slots ? channel_slots - 1 : c - 1);
        }
        topic_weight_.fill(checked(config.other_topics));
        topic_slot_.fill(topic_slots - 1);
        for (std::size_t t = 0; t < topics.size(); ++t) {
            topic_weight_[t + 1] = checked(named(config.topics, topics[t], config.other_topics));
            if (t + 1 < topic_slots) topic_slot_[t + 1] = static_cast<std::uint8_t>(t);
        }
        for (std::size_t effort = 0; effort < day_gain_.size(); ++effort) {
            day_gain_[effort] = log2(1.0 + static_cast<double>(effort));
        }
    }

    static_assert(model::enum_size<model::Act> <= 16);
    std::vector<HalfLife> half_lives_;
    std::vector<std::string> channel_names_;
    std::vector<std::string> topic_names_;
    std::array<double, max_half_lives> per_day_{};                              // half-lives per day
    std::array<std::array<double, max_half_lives>, decay_table_days> decay_{};  // by days
    std::array<double, 16> act_weight_{};
    std::array<double, (max_channels + 1) * 2 * 16> kind_weight_{};  // channel * direction; 0 where the act weighs 0
    std::array<double, max_topics + 1> topic_weight_{};
    std::array<std::uint8_t, max_channels + 1> channel_slot_{};
    std::array<std::uint8_t, max_topics + 1> topic_slot_{};
    std::array<double, 512> day_gain_{};  // log2(1 + effort) of whole efforts
};

}  // namespace alloquy::score
