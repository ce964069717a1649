#pragma once

/// \file
/// Lifecycle: the counts that BG/NBD and BG/BB rest on, folded per person, so that fitting needs no second pass.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/score/bg_bb.hpp>
#include <alloquy/score/bg_nbd.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/score/signal.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// How somebody's dealings come about and end.
enum class LifecycleModel : std::uint8_t {
    bg_nbd,  ///< At any moment; what happens on one day counts once.
    bg_bb,   ///< Once a year or not, such as giving.
};

/// One kind of dealing that people take up, repeat and drop.
struct LifecycleConfig {
    std::string name;  ///< As it stands in columns: `active:<name>`, `expected:<name>`.
    LifecycleModel model = LifecycleModel::bg_nbd;
    std::vector<model::Act> acts{};       ///< Inbound acts that count; at least one.
    std::vector<std::string> channels{};  ///< Only by these; any if empty.
    std::vector<std::string> topics{};    ///< Only about these; any if empty.
    double unit_days = 7;                 ///< BG/NBD: the unit of time, days, in [1, 366].
    int year_starts_in = 1;               ///< BG/BB: month in which a year of opportunity starts, 1 to 12.
    double horizon = 13;  ///< Of `expected:<name>`: units of time (BG/NBD) or whole years (BG/BB), in (0, 1000].
    /// Of the fit, in [0, 1e6]: see BgNbdOptions and BgBbOptions; where data alone give no maximum.
    double penalty = 0;

    friend bool operator==(const LifecycleConfig&, const LifecycleConfig&) = default;
};

/// Folds, for up to four configured lifecycles, when a person first and last acted and on how many days or in how many
/// years. An act on an earlier day (year) than the latest asks for a refold.
class Lifecycle {
public:
    static constexpr std::string_view name = "lifecycle";
    static constexpr std::uint32_t version = 2;
    static constexpr std::size_t max_lifecycles = 4;

    struct Track {
        std::int32_t first = never;   ///< Day since 1970, or year.
        std::int32_t latest = never;  ///< Likewise.
        std::int32_t before = never;  ///< Likewise: the last one before `latest`; `never` where there is one alone.
        std::uint32_t repeats = 0;    ///< Different days or years after the first.
    };
    struct State {
        std::array<Track, max_lifecycles> tracks{};
    };
    static constexpr std::int32_t never = std::numeric_limits<std::int32_t>::min();

    /// \param channels  The playbook's channels; an event's channel number is the position in here plus 1.
    /// \param topics    Likewise.
    /// \throws InvalidArgument  if there are more than four, a name is empty or stands twice, a channel or topic is
    ///                          unknown, or a number is out of range.
    Lifecycle(std::vector<LifecycleConfig> configs, std::span<const std::string> channels,
              std::span<const std::string> topics)
        : configs_{std::move(configs)} {
        if (channels.size() > max_channels) throw InvalidArgument{"Lifecycle: more than 31 channels"};
        if (topics.size() > max_topics) throw InvalidArgument{"Lifecycle: more than 255 topics"};
        if (configs_.size() > max_lifecycles) throw InvalidArgument{"Lifecycle: at most 4 lifecycles"};
        for (std::size_t i = 0; i < configs_.size(); ++i) {
            const LifecycleConfig& config = configs_[i];
            const auto require = [&](bool holds, const char* expected) {
                if (!holds) throw InvalidArgument{"Lifecycle '" + config.name + "': " + expected};
            };
            require(!config.name.empty(), "a name is needed");
            for (std::size_t j = 0; j < i; ++j) require(configs_[j].name != config.name, "stands twice");
            require(!config.acts.empty(), "at least one act is needed");
            require(config.unit_days >= 1 && config.unit_days <= 366, "unit_days must be in [1, 366]");
            require(config.year_starts_in >= 1 && config.year_starts_in <= 12, "year_starts_in must be 1 to 12");
            require(config.penalty >= 0 && config.penalty <= 1e6, "penalty must be in [0, 1e6]");
            require(config.horizon > 0 && config.horizon <= 1000, "horizon must be in (0, 1000]");
            if (config.model == LifecycleModel::bg_bb) {
                require(config.horizon == static_cast<double>(static_cast<int>(config.horizon)),
                        "horizon must be whole years");
            }
            const auto bit = static_cast<std::uint8_t>(1U << i);
            mark(config.channels, channels, bit, channel_mask_, config, "channel");
            mark(config.topics, topics, bit, topic_mask_, config, "topic");
            for (const model::Act act : config.acts) {
                act_mask_[static_cast<std::size_t>(act)] =
                    static_cast<std::uint8_t>(act_mask_[static_cast<std::size_t>(act)] | bit);
            }
        }
    }

    [[nodiscard]] std::span<const LifecycleConfig> configs() const noexcept { return configs_; }
    /// Everything that the state depends on, as numbers.
    [[nodiscard]] std::vector<double> parameters() const {
        std::vector<double> all{static_cast<double>(configs_.size())};
        for (const LifecycleConfig& config : configs_) {
            all.push_back(static_cast<double>(config.model));
            all.push_back(config.model == LifecycleModel::bg_bb ? config.year_starts_in : 0);
        }
        all.insert(all.end(), act_mask_.begin(), act_mask_.end());
        all.insert(all.end(), channel_mask_.begin(), channel_mask_.end());
        all.insert(all.end(), topic_mask_.begin(), topic_mask_.end());
        return all;
    }

    void prefetch(const State& state, const Event& event) const noexcept {
        if (!configs_.empty() && mask(event) != 0) __builtin_prefetch(&state.tracks, 1);
    }

    Observed observe(State& state, const Event& event, Order) const noexcept {
        if (configs_.empty()) return Observed::done;
        std::uint8_t tracks = mask(event);
        if (tracks == 0) return Observed::done;
        for (std::size_t i = 0; i < configs_.size(); ++i) {
            if ((tracks & 1U << i) != 0 && period(i, event.local_day) < state.tracks[i].latest) return Observed::late;
        }
        for (std::size_t i = 0; tracks != 0; ++i, tracks = static_cast<std::uint8_t>(tracks >> 1U)) {
            if ((tracks & 1U) == 0) continue;
            Track& track = state.tracks[i];
            const std::int32_t at = period(i, event.local_day);
            if (track.first == never) {
                track.first = at;
            } else if (at > track.latest) {
                ++track.repeats;
                track.before = track.latest;
            }
            track.latest = at;
        }
        return Observed::done;
    }

    /// The counts of all lifecycles, for Signal; recurrence() and opportunities() make sense of each.
    [[nodiscard]] std::array<Track, max_lifecycles> value(const State& state, time::Instant) const noexcept {
        return state.tracks;
    }

    /// Statistics of a BG/NBD lifecycle: days with such acts after the first one, the time from the first to the last
    /// of them, and from the first to today (UTC), in the config's units. Nothing where the person never acted.
    /// \param index  Position among configs(); its model must be bg_nbd, which the caller sees to.
    [[nodiscard]] std::optional<Recurrence> recurrence(const State& state, std::size_t index,
                                                       time::Instant now) const noexcept {
        const Track& track = state.tracks[index];
        if (track.first == never) return std::nullopt;
        const double unit = configs_[index].unit_days;
        const std::int32_t today = std::max(day_of(now), track.latest);
        return Recurrence{track.repeats, static_cast<double>(track.latest - track.first) / unit,
                          static_cast<double>(today - track.first) / unit};
    }
    /// Statistics of a BG/BB lifecycle for what is said about one person: years with such acts after the first one, the
    /// last of these, and the whole years that have passed after the first, with the running year if it has an act.
    /// Nothing where the person never acted.
    /// \param index  Position among configs(); its model must be bg_bb, which the caller sees to.
    [[nodiscard]] std::optional<OccasionRecord> opportunities(const State& state, std::size_t index,
                                                              time::Instant now) const noexcept {
        const Track& track = state.tracks[index];
        if (track.first == never) return std::nullopt;
        const std::int32_t whole_years = period(index, day_of(now)) - track.first - 1;
        const std::int32_t recency = track.latest - track.first;
        return OccasionRecord{track.repeats, static_cast<std::uint32_t>(recency),
                              static_cast<std::uint32_t>(std::max({whole_years, recency, 0}))};
    }
    /// The same for the fit: of whole years alone. Had the running year counted for those who have acted in it, and for
    /// nobody else, the fit would take everybody for more faithful than they are. Nothing where no whole year has
    /// passed after the first one with an act.
    [[nodiscard]] std::optional<OccasionRecord> whole_opportunities(const State& state, std::size_t index,
                                                                    time::Instant now) const noexcept {
        const Track& track = state.tracks[index];
        if (track.first == never) return std::nullopt;
        // In the person's own zone the next year may have begun.
        const std::int32_t running = std::max(period(index, day_of(now)), track.latest);
        const std::int32_t offered = running - track.first - 1;
        if (offered < 1) return std::nullopt;
        const bool acted_in_running = track.latest == running;
        const std::uint32_t taken = track.repeats - (acted_in_running ? 1U : 0U);
        const std::int32_t last = acted_in_running ? track.before : track.latest;
        return OccasionRecord{taken, static_cast<std::uint32_t>(last - track.first),
                              static_cast<std::uint32_t>(offered)};
    }

private:
    static std::int32_t day_of(time::Instant now) noexcept {
        const std::int64_t ms = now.unix_ms();
        return static_cast<std::int32_t>(ms >= 0 ? ms / 86'400'000 : -((-ms + 86'399'999) / 86'400'000));
    }
    [[nodiscard]] std::int32_t period(std::size_t index, std::int32_t day) const noexcept {
        const LifecycleConfig& config = configs_[index];
        if (config.model == LifecycleModel::bg_nbd) return day;
        const auto date =
            time::Day::from_unix_days(std::clamp(day, time::Day::min_unix_days, time::Day::max_unix_days));
        return date.year() + (static_cast<int>(date.month()) >= config.year_starts_in ? 0 : -1);
    }
    template <std::size_t n>
    static void mark(const std::vector<std::string>& wanted, std::span<const std::string> names, std::uint8_t bit,
                     std::array<std::uint8_t, n>& masks, const LifecycleConfig& config, const char* what) {
        const auto set = [bit](std::uint8_t& mask) { mask = static_cast<std::uint8_t>(mask | bit); };
        if (wanted.empty()) std::for_each(masks.begin(), masks.end(), set);
        for (const std::string& each : wanted) {
            const auto found = std::find(names.begin(), names.end(), each);
            if (found == names.end()) {
                throw InvalidArgument{"Lifecycle '" + config.name + "': unknown " + what + " '" + each + "'"};
            }
            set(masks[static_cast<std::size_t>(found - names.begin()) + 1]);
        }
    }
    [[nodiscard]] std::uint8_t mask(const Event& event) const noexcept {
        if (event.direction != model::Direction::inbound) return 0;
        return static_cast<std::uint8_t>(act_mask_[static_cast<std::size_t>(event.act)] & channel_mask_[event.channel] &
                                         topic_mask_[event.topic]);
    }

    std::vector<LifecycleConfig> configs_;
    std::array<std::uint8_t, 16> act_mask_{};
    std::array<std::uint8_t, max_channels + 1> channel_mask_{};
    std::array<std::uint8_t, max_topics + 1> topic_mask_{};
};

}  // namespace alloquy::score

template <>
struct alloquy::model::EnumNames<alloquy::score::LifecycleModel> {
    static constexpr std::array<std::string_view, 2> values{"bg_nbd", "bg_bb"};
};
