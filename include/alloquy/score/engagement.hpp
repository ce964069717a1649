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
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/signal.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// One memory of the score: how fast it forgets and how much of the score it can give.
struct HalfLife {
    std::string name;  ///< As it stands in explanations, such as "last weeks".
    double days;       ///< Half-life, days, in [1/24, 3650].
    double share;      ///< Largest part of the score that it can give, in (0, 1]; all shares together at most 1.
    double scale;      ///< Decayed weight that gives half of the share, > 0.

    friend bool operator==(const HalfLife&, const HalfLife&) = default;
};

/// Policy of the engagement score. An event weighs
/// channel * act * direction * topic * log2(1 + quantity), so that the tenth click on one page counts less.
struct EngagementConfig {
    std::vector<HalfLife> half_lives{
        {"this week", 7, 0.4, 6}, {"this month", 30, 0.4, 20}, {"this half-year", 180, 0.2, 60}};
    std::map<std::string, double> channels{};  ///< Weight by channel name; >= 0.
    double other_channels = 1;                 ///< Weight of a channel that is not named.
    std::array<double, model::enum_size<model::Act>> acts = default_acts();
    std::array<double, 2> directions{1, 0};  ///< Inbound, outbound: what the institution sends is no engagement.
    std::map<std::string, double> topics{};  ///< Weight by topic name; >= 0.
    double other_topics = 1;                 ///< Weight of a topic that is not named, and of no topic.

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
    double decayed_weight;  ///< Sum of weight * 2^(-age / half-life), no unit, >= 0.
    double share;           ///< Largest contribution.
    double contribution;    ///< share * decayed_weight / (decayed_weight + scale), a multiple of 2^-30.
};

/// Engagement at one instant. The parts' contributions add up to fraction exactly, in any order.
struct EngagementScore {
    double fraction;                             ///< In [0, 1]; 0 = no own act is known.
    double trend;                                ///< In [-1, 1]: > 0 rising. Shortest memory against the next one.
    std::vector<EngagementPart> parts;           ///< One for each half-life, shortest first as configured.
    std::uint32_t events;                        ///< Events with weight that the score rests on.
    std::optional<time::Instant> last_event_at;  ///< The latest of them.
};

/// Decayed sums of weighted events with several half-lives, kept as integers.
///
/// The decay runs forward from a landmark (Cormode, Shkapenyuk, Srivastava, Xu: "Forward Decay: A Practical Time Decay
/// Model for Streaming Systems", ICDE 2009): an event of weight w at time t adds w * 2^((t - landmark) / half-life),
/// and a question divides by the same power of its own time. The exponent is split into epochs of 16 half-lives; each
/// epoch has a fixed-point sum of its own (22 fractional bits), and the newest three are kept. Integer addition
/// commutes, and what is dropped depends only on the newest epoch, so the state is a function of the set of events
/// whatever their order: late facts cost nothing. What is dropped is older than 32 half-lives and weighs below 2^-32
/// of its first weight.
class Engagement {
public:
    static constexpr std::string_view name = "engagement";
    static constexpr std::uint32_t version = 1;
    static constexpr std::size_t max_half_lives = 3;
    static constexpr std::size_t epochs_kept = 3;
    static constexpr double half_lives_per_epoch = 16;
    static constexpr double max_weight = 256;  ///< Largest weight of one event.

    struct State {
        /// Newest epoch first; saturates at 2^63 - 1 (8,000 events of the largest weight in one half-life).
        std::array<std::array<std::int64_t, epochs_kept>, max_half_lives> sums{};
        std::int64_t latest_ms = std::numeric_limits<std::int64_t>::min();
        std::array<std::int32_t, max_half_lives> newest_epoch{-4, -4, -4};  // before any event's, which is >= 0
        std::uint32_t events = 0;
    };

    struct Block {
        std::array<double, block_size> weight;
        std::array<double, block_size> age_ms;
        std::array<std::array<std::int64_t, block_size>, max_half_lives> addend;
        std::array<std::array<std::int32_t, block_size>, max_half_lives> epoch;
    };

    /// \param channels  The playbook's channels; an event's channel number is the position in here plus 1.
    /// \param topics    Likewise.
    /// \throws InvalidArgument  if a value of the config is out of its range.
    Engagement(const EngagementConfig& config, std::span<const std::string> channels,
               std::span<const std::string> topics)
        : half_lives_{config.half_lives} {
        if (half_lives_.empty() || half_lives_.size() > max_half_lives) {
            throw InvalidArgument{"Engagement: 1 to 3 half-lives expected, got " + std::to_string(half_lives_.size())};
        }
        double shares = 0;
        for (const HalfLife& half_life : half_lives_) {
            require(half_life.days >= 1.0 / 24 && half_life.days <= 3650, "half-life must be in [1/24, 3650] days");
            require(half_life.share > 0 && half_life.share <= 1, "share must be in (0, 1]");
            require(half_life.scale > 0 && half_life.scale < 1e12, "scale must be in (0, 1e12)");
            shares += cut(half_life.share);
        }
        require(shares <= 1, "shares must add up to at most 1");
        // Memories that are not configured fold as the first one and are never read: no branch in the fold.
        for (std::size_t h = 0; h < max_half_lives; ++h) {
            per_ms_[h] = 1 / (half_lives_[h < half_lives_.size() ? h : 0].days * 86'400'000.0);
        }
        fill_weights(config, channels, topics);
    }

    [[nodiscard]] std::span<const HalfLife> half_lives() const noexcept { return half_lives_; }

    /// Everything that the state depends on, as numbers.
    [[nodiscard]] std::vector<double> parameters() const {
        std::vector<double> all{per_ms_.begin(), per_ms_.end()};
        all.insert(all.end(), kind_weight_.begin(), kind_weight_.end());
        all.insert(all.end(), topic_weight_.begin(), topic_weight_.end());
        return all;
    }
    /// Weight of an event, no unit, in [0, max_weight].
    [[nodiscard]] double weight(const Event& event) const noexcept {
        const std::size_t kind = kind_index(event);
        const double gain = event.quantity < quantity_gain_.size() ? quantity_gain_[event.quantity]
                                                                   : log2(1.0 + static_cast<double>(event.quantity));
        return std::min(kind_weight_[kind] * topic_weight_[event.topic] * gain, max_weight);
    }

    /// Computes weights, epochs and addends of up to block_size events.
    void prepare(std::span<const Event> events, Block& block) const noexcept {
        for (std::size_t i = 0; i < events.size(); ++i) {
            block.weight[i] = weight(events[i]);
            block.age_ms[i] = age_ms(events[i].at_ms);
        }
        // Whole blocks alone: a fixed count vectorises.
        std::fill(block.weight.begin() + static_cast<std::ptrdiff_t>(events.size()), block.weight.end(), 0.0);
        std::fill(block.age_ms.begin() + static_cast<std::ptrdiff_t>(events.size()), block.age_ms.end(), 0.0);
#if defined(__x86_64__)
        if (has_avx2_) return compute_terms_avx2(per_ms_, block);
#endif
        compute_terms(per_ms_, block);
    }
    Observed observe(State& state, const Event& event, Order, const Block& block, std::size_t index) const noexcept {
        if (block.weight[index] == 0) return Observed::done;
        for (std::size_t h = 0; h < max_half_lives; ++h) {
            add(state, h, Term{block.addend[h][index], block.epoch[h][index]});
        }
        return count(state, event);
    }
    /// The same without blocks.
    Observed observe(State& state, const Event& event, Order) const noexcept {
        const double event_weight = weight(event);
        if (event_weight == 0) return Observed::done;
        const double age = age_ms(event.at_ms);
        for (std::size_t h = 0; h < max_half_lives; ++h) add(state, h, term_of(event_weight, age * per_ms_[h]));
        return count(state, event);
    }

    /// Sum of weight * 2^(-age / half-life) over the events, no unit.
    /// \param half_life  Position in half_lives().
    /// \param now        Not before the latest event: older questions need the facts, not this state.
    [[nodiscard]] double decayed_weight(const State& state, std::size_t half_life, time::Instant now) const noexcept {
        if (state.newest_epoch[half_life] < 0) return 0;
        const double x = age_ms(now.unix_ms()) * per_ms_[half_life];
        double sum = 0;
        for (std::size_t i = 0; i < epochs_kept; ++i) {
            const double epoch = state.newest_epoch[half_life] - static_cast<double>(i);
            const double exponent = half_lives_per_epoch * epoch - x;
            if (exponent < -900) continue;  // below 1e-250 of a unit
            sum += static_cast<double>(state.sums[half_life][i]) * exp2(exponent);
        }
        return sum * (1.0 / one);
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
        if (half_lives_.size() < 2) return 0;
        const double recent = decayed_weight(state, 0, now) / half_lives_[0].days;
        const double usual = decayed_weight(state, 1, now) / half_lives_[1].days;
        const double sum = recent + usual;
        return sum > 0 ? (recent - usual) / sum : 0;
    }

    [[nodiscard]] EngagementScore value(const State& state, time::Instant now) const {
        EngagementScore score{fraction(state, now), trend(state, now), {}, state.events, std::nullopt};
        for (std::size_t h = 0; h < half_lives_.size(); ++h) {
            const double decayed = decayed_weight(state, h, now);
            score.parts.push_back({half_lives_[h].name, decayed, half_lives_[h].share, contribution(h, decayed)});
        }
        if (state.events > 0) score.last_event_at = time::Instant::from_unix_ms(state.latest_ms);
        return score;
    }

private:
    struct Term {
        std::int64_t addend;
        std::int32_t epoch;
    };
    static constexpr double one = 4'194'304;              // 2^22: weight 1 at the start of an epoch
    static constexpr double two_52 = 4503599627370496.0;  // 2^52
    static constexpr std::uint64_t two_52_bits = 0x4330000000000000;
    static constexpr double contribution_steps = 1073741824;  // 2^30

    static void require(bool holds, const char* expected) {
        if (!holds) throw InvalidArgument{std::string{"Engagement: "} + expected};
    }
    static std::size_t kind_index(const Event& event) noexcept {
        return (std::size_t{event.channel} * 2 + static_cast<std::size_t>(event.direction)) * 32 +
               static_cast<std::size_t>(event.act);
    }
    /// Milliseconds since the landmark, 0001-01-01: never negative, below 2^49, so exact.
    static double age_ms(std::int64_t unix_ms) noexcept {
        return static_cast<double>(unix_ms - time::Instant::min_unix_ms);
    }
    /// weight * 2^(x - 16 * epoch) in fixed point.
    ///
    /// Relative error of the power at most 2.6e-9: the polynomial interpolates 2^f at the 7 Chebyshev nodes of
    /// [-1/2, 1/2], so the bound is ln(2)^7 sqrt(2) * 2 (1/4)^7 / 7!.
    /// \param x  Half-lives since the landmark, >= 0.
    [[gnu::always_inline]] static inline Term term_of(double weight, double x) noexcept {
        const auto epoch = static_cast<std::int32_t>(x * (1 / half_lives_per_epoch));
        const double y = x - half_lives_per_epoch * static_cast<double>(epoch);  // [0, 16)
        constexpr double round = 6755399441055744.0;                             // as in exp2()
        const double rounded = y + round;
        const double f = y - (rounded - round);
        double power = 0.0001546144469856913;
        power = power * f + 0.0013400428177615838;
        power = power * f + 0.009618056678524637;
        power = power * f + 0.05550327226670302;
        power = power * f + 0.24022650922288757;
        power = power * f + 0.6931472067028326;
        power = power * f + 1.0;
        const std::uint64_t exponent = std::bit_cast<std::uint64_t>(rounded) << 52U;
        power = std::bit_cast<double>(std::bit_cast<std::uint64_t>(power) + exponent);
        // At most 2^(8 + 16 + 22), so the nearest integer stands in the low bits after this addition.
        const double fixed = weight * one * power + two_52;
        return {static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(fixed) - two_52_bits), epoch};
    }
    [[gnu::always_inline]] static inline void compute_terms(const std::array<double, max_half_lives>& per_ms,
                                                            Block& block) noexcept {
        for (std::size_t h = 0; h < max_half_lives; ++h) {
            const double factor = per_ms[h];
            for (std::size_t i = 0; i < block_size; ++i) {
                const Term term = term_of(block.weight[i], block.age_ms[i] * factor);
                block.addend[h][i] = term.addend;
                block.epoch[h][i] = term.epoch;
            }
        }
    }
#if defined(__x86_64__)
    /// The same operations, four at a time; no fused ones, so the same bits.
    [[gnu::target("avx2"), gnu::noinline]] static void compute_terms_avx2(
        const std::array<double, max_half_lives>& per_ms, Block& block) noexcept {
        compute_terms(per_ms, block);
    }
#endif
    static void add(State& state, std::size_t half_life, Term term) noexcept {
        auto& sums = state.sums[half_life];
        std::int32_t& newest = state.newest_epoch[half_life];
        std::int32_t age = newest - term.epoch;
        if (age < 0) {
            for (; age < 0 && age > -static_cast<std::int32_t>(epochs_kept); ++age) {
                sums = {0, sums[0], sums[1]};
            }
            if (age < 0) sums = {0, 0, 0};
            newest = term.epoch;
            age = 0;
        }
        if (age >= static_cast<std::int32_t>(epochs_kept)) return;
        auto& sum = sums[static_cast<std::size_t>(age)];
        const std::uint64_t total = static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(term.addend);
        constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();
        sum = static_cast<std::int64_t>(std::min(total, limit));
    }
    static Observed count(State& state, const Event& event) noexcept {
        state.latest_ms = std::max(state.latest_ms, event.at_ms);
        if (state.events != std::numeric_limits<std::uint32_t>::max()) ++state.events;
        return Observed::done;
    }
    /// Cut to multiples of 2^-30, so that the parts add up without rounding and never exceed the shares.
    [[nodiscard]] double contribution(std::size_t half_life, double decayed) const noexcept {
        const HalfLife& config = half_lives_[half_life];
        const double part = config.share * (decayed / (decayed + config.scale));
        return cut(part);
    }
    static double cut(double part) noexcept {
        return static_cast<double>(static_cast<std::int64_t>(part * contribution_steps)) / contribution_steps;
    }
    void fill_weights(const EngagementConfig& config, std::span<const std::string> channels,
                      std::span<const std::string> topics) {
        const auto named = [](const std::map<std::string, double>& weights, const std::string& key, double other) {
            const auto found = weights.find(key);
            return found == weights.end() ? other : found->second;
        };
        const auto checked = [](double weight) {
            require(weight >= 0 && weight <= max_weight, "a weight must be in [0, 256]");
            return weight;
        };
        if (channels.size() > max_channels) throw InvalidArgument{"Engagement: more than 31 channels"};
        if (topics.size() > max_topics) throw InvalidArgument{"Engagement: more than 255 topics"};
        for (const auto& entry : config.channels) checked(entry.second);
        for (const auto& entry : config.topics) checked(entry.second);
        kind_weight_.assign((max_channels + 1) * 2 * 32, 0.0);
        for (std::size_t c = 0; c <= channels.size(); ++c) {
            const double channel =
                c == 0 ? config.other_channels : named(config.channels, channels[c - 1], config.other_channels);
            for (std::size_t d = 0; d < 2; ++d) {
                for (std::size_t a = 0; a < config.acts.size(); ++a) {
                    kind_weight_[(c * 2 + d) * 32 + a] =
                        checked(channel) * checked(config.directions[d]) * checked(config.acts[a]);
                }
            }
        }
        topic_weight_.assign(max_topics + 1, checked(config.other_topics));
        for (std::size_t t = 0; t < topics.size(); ++t) {
            topic_weight_[t + 1] = checked(named(config.topics, topics[t], config.other_topics));
        }
        quantity_gain_.resize(1024);
        for (std::size_t q = 0; q < quantity_gain_.size(); ++q) {
            quantity_gain_[q] = log2(1.0 + static_cast<double>(q));
        }
    }

    std::vector<HalfLife> half_lives_;
    std::array<double, max_half_lives> per_ms_{};  // half-lives per millisecond
#if defined(__x86_64__)
    bool has_avx2_ = __builtin_cpu_supports("avx2") != 0;
#endif
    std::vector<double> kind_weight_;    // (channel, direction, act)
    std::vector<double> topic_weight_;   // 256
    std::vector<double> quantity_gain_;  // log2(1 + quantity) for the usual quantities
};

}  // namespace alloquy::score
