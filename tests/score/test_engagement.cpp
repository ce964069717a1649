#include <alloquy/score/engagement.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/instants.hpp"
#include "../support/random.hpp"

using alloquy::model::Act;
using alloquy::model::Direction;
using alloquy::score::Engagement;
using alloquy::score::EngagementConfig;
using alloquy::score::EngagementScore;
using alloquy::score::EngagementShare;
using alloquy::score::Event;
using alloquy::score::Explanation;
using alloquy::score::HalfLife;
using alloquy::score::Observed;
using alloquy::score::Order;
using alloquy::support::at;
using alloquy::support::Random;
using alloquy::time::Instant;
using State = Engagement::State;

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
constexpr double grid = 1'073'741'824;  // 2^30
const std::vector<std::string> channels{"mail", "phone"};
const std::vector<std::string> topics{"study"};
constexpr std::uint8_t mail = 1;
constexpr std::uint8_t phone = 2;
constexpr std::uint8_t study = 1;

std::int32_t day_of(std::int64_t unix_ms) {
    return static_cast<std::int32_t>(unix_ms >= 0 ? unix_ms / day_ms : -((day_ms - 1 - unix_ms) / day_ms));
}
Instant start_of(std::int32_t day) {
    return Instant::from_unix_ms(day * day_ms);
}

/// An act at an instant, on the day that it is in UTC.
Event act_at(Instant when, Act act = Act::clicked, std::uint16_t quantity = 1, std::uint8_t channel = 0,
             std::uint8_t topic = 0) {
    return {when.unix_ms(), 0,   day_of(when.unix_ms()), quantity,      channel,
            topic,          act, Direction::inbound,     Event::no_hour};
}
/// An act at noon.
Event act_on(std::int32_t day, Act act = Act::clicked, std::uint16_t quantity = 1, std::uint8_t channel = 0,
             std::uint8_t topic = 0) {
    return act_at(start_of(day) + std::chrono::hours{12}, act, quantity, channel, topic);
}

/// Channels and topics weigh 1, so that a day with one click weighs log2(1 + 1) = 1.
EngagementConfig plain(std::vector<HalfLife> half_lives) {
    EngagementConfig config;
    config.half_lives = std::move(half_lives);
    return config;
}

EngagementConfig varied() {
    EngagementConfig config;
    config.channels = {{"mail", 2}, {"phone", 3.5}};
    config.other_channels = 1.25;
    config.directions = {1, 0.125};
    config.topics = {{"study", 1.5}};
    return config;
}

State fold(const Engagement& engagement, const std::vector<Event>& events) {
    State state{};
    for (const Event& event : events) REQUIRE(engagement.observe(state, event, Order::canonical) == Observed::done);
    return state;
}

bool same_bytes(const State& a, const State& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

/// The documented rules, straight from their words: integers for counts, long double for the rest.
class Slow {
public:
    explicit Slow(EngagementConfig config) : config_{std::move(config)} {}

    /// channel * direction * topic * quantity in 1/1024.
    [[nodiscard]] std::uint32_t effort_steps(const Event& event) const {
        const auto named = [](const std::map<std::string, double>& weights, const std::vector<std::string>& names,
                              std::size_t number, double other) {
            if (number == 0) return other;
            const auto found = weights.find(names[number - 1]);
            return found == weights.end() ? other : found->second;
        };
        if (act_weight(event) == 0) return 0;
        const long double effort =
            static_cast<long double>(named(config_.channels, channels, event.channel, config_.other_channels)) *
            config_.directions[static_cast<std::size_t>(event.direction)] *
            named(config_.topics, topics, event.topic, config_.other_topics) * event.quantity;
        return static_cast<std::uint32_t>(std::min(std::floor(effort * 1024 + 0.5L), static_cast<long double>(most)));
    }

    /// Sum of the days' weights * 2^(-age / half-life), age from 0:00 UTC of the day.
    [[nodiscard]] long double decayed_weight(const std::vector<Event>& events, double half_life, Instant now) const {
        std::map<std::pair<std::int32_t, Act>, std::uint64_t> efforts;
        for (const Event& event : events) {
            std::uint64_t& effort = efforts[{event.local_day, event.act}];
            effort = std::min<std::uint64_t>(effort + effort_steps(event), most);
        }
        long double sum = 0;
        for (const auto& [key, effort] : efforts) {
            const auto [day, act] = key;
            const long double age = static_cast<long double>(now.unix_ms() - day * day_ms) / day_ms;
            sum += config_.acts[static_cast<std::size_t>(act)] *
                   std::log2(1 + static_cast<long double>(effort) / 1024) * std::exp2(-std::max(age, 0.0L) / half_life);
        }
        return sum;
    }

    [[nodiscard]] std::set<std::int32_t> days(const std::vector<Event>& events) const {
        std::set<std::int32_t> days;
        for (const Event& event : events) {
            if (effort_steps(event) > 0) days.insert(event.local_day);
        }
        return days;
    }

    /// Unsaturated effort * act by name, halved at each border between epochs of 28 days. The epochs start with
    /// 0000-12-31, the first day that any zone can name (719,163 days before 1970).
    template <class Name>
    [[nodiscard]] std::map<std::string, std::uint64_t> shares(const std::vector<Event>& events, Name name) const {
        std::map<std::string, std::uint64_t> counts;
        std::int32_t epoch = 0;
        for (const Event& event : events) {
            const std::uint32_t steps = effort_steps(event);
            if (steps == 0) continue;
            for (; epoch < (event.local_day + 719'163) / 28; ++epoch) {
                for (auto& entry : counts) entry.second /= 2;
            }
            const auto weighted = static_cast<std::uint64_t>(
                std::min(std::floor(static_cast<long double>(steps) * act_weight(event) + 0.5L),
                         static_cast<long double>(most)));
            std::uint64_t& count = counts[name(event)];
            count = std::min<std::uint64_t>(count + weighted, most);
        }
        return counts;
    }

private:
    [[nodiscard]] double act_weight(const Event& event) const {
        return config_.acts[static_cast<std::size_t>(event.act)];
    }
    EngagementConfig config_;
};

/// Acts of all kinds in canonical order, by a person whose zone is up to 14 hours from UTC.
std::vector<Event> random_events(Random& random, std::size_t count, std::int32_t first_day, std::int32_t span_days) {
    constexpr std::array acts{Act::opened, Act::clicked, Act::clicked, Act::replied, Act::attended, Act::submitted};
    const std::int64_t offset_ms = random.between(-12, 14) * 3'600'000;
    std::vector<std::int64_t> moments;
    for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t day = first_day + random.between(0, span_days);
        moments.push_back(day * day_ms + random.between(0, day_ms - 1));
        if (random.chance(50)) moments.push_back(moments.back() + random.between(0, 3) * 3'600'000);
    }
    std::sort(moments.begin(), moments.end());
    std::vector<Event> events;
    for (const std::int64_t moment : moments) {
        const auto quantity =
            static_cast<std::uint16_t>(random.chance(90) ? random.between(1, 20) : random.between(1, 65'535));
        events.push_back({moment, 0, day_of(moment + offset_ms), quantity, static_cast<std::uint8_t>(random.below(3)),
                          static_cast<std::uint8_t>(random.below(2)), acts[random.below(acts.size())],
                          random.chance(80) ? Direction::inbound : Direction::outbound, Event::no_hour});
    }
    return events;
}
/// The first moment at which no day of the events lies in the future.
Instant after(const std::vector<Event>& events) {
    return events.empty() ? at("2026-01-01T00:00Z")
                          : std::max(Instant::from_unix_ms(events.back().at_ms), start_of(events.back().local_day));
}

/// True if the contributions add up to the total without rounding, in every order.
template <class Part>
bool adds_up(std::vector<Part> parts, double total, double Part::*value) {
    std::vector<std::size_t> order(parts.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
        double sum = 0;
        for (const std::size_t part : order) sum += parts[part].*value;
        if (sum != total) return false;
    } while (std::next_permutation(order.begin(), order.end()));
    return true;
}

bool is_on_grid(double number) {
    return number * grid == std::floor(number * grid);
}

double share_of(const std::vector<EngagementShare>& shares, std::string_view name) {
    for (const EngagementShare& share : shares) {
        if (share.name == name) return share.fraction;
    }
    return 0;
}

}  // namespace

TEST_SUITE("score/engagement") {
    static_assert(alloquy::score::Signal<Engagement>);

    TEST_CASE("a click one half-life ago weighs a half, and its contribution follows by hand") {
        // weight log2(1 + 1) * 2^-1 = 0.5; contribution 0.8 * 0.5 / (0.5 + 1.5) = 0.2.
        const Engagement engagement{plain({{"week", 7, 0.8, 1.5}}), channels, topics};
        const Instant now = at("2026-03-08T00:00Z");
        const State state = fold(engagement, {act_at(at("2026-03-01T15:20Z"))});  // age counts from 0:00
        CHECK(engagement.decayed_weight(state, 0, now) == 0.5);
        const EngagementScore score = engagement.value(state, now);
        CHECK(std::abs(score.fraction - 0.2) <= 1 / grid);
        REQUIRE(score.parts.size() == 1);
        CHECK(score.parts[0].name == "week");
        CHECK(score.parts[0].share == 0.8);
        CHECK(score.parts[0].contribution == score.fraction);
        CHECK(score.parts[0].decayed_weight == 0.5);
        CHECK(score.events == 1);
        CHECK(score.last_event_at == at("2026-03-01T15:20Z"));
        CHECK(score.trend == 0);  // one half-life only
        CHECK(score.momentum == 0);
        CHECK(score.active_days_7 == 0);
        CHECK(score.active_days_28 == 1);
    }

    TEST_CASE("nobody's acts known is a score of 0 with all its parts") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        const EngagementScore score = engagement.value(State{}, at("2026-03-08T00:00Z"));
        CHECK(score.fraction == 0);
        CHECK(score.trend == 0);
        CHECK(score.momentum == 0);
        CHECK(score.events == 0);
        CHECK_FALSE(score.last_event_at);
        CHECK(score.channels.empty());
        CHECK(score.topics.empty());
        CHECK(score.active_days_7 == 0);
        CHECK(score.active_days_28 == 0);
        REQUIRE(score.parts.size() == 3);
        for (const auto& part : score.parts) {
            CHECK(part.contribution == 0);
            CHECK(part.decayed_weight == 0);
        }
        const Explanation explanation = engagement.explain(State{}, at("2026-03-08T00:00Z"));
        CHECK(explanation.name == "engagement");
        CHECK(explanation.value == 0);
        CHECK(explanation.evidence == 0);
        CHECK(explanation.parts.size() == 3);
    }

    TEST_CASE("an event adds channel * direction * topic * quantity to its day's effort, by hand") {
        const Engagement engagement{varied(), channels, topics};
        // phone 3.5 * inbound 1 * study 1.5 * 3.
        CHECK(engagement.effort(act_on(0, Act::replied, 3, phone, study)) == 15.75);
        // Not in the playbook: channel 1.25, topic 1; outbound 0.125; 7 times: 1.09375.
        Event opened = act_on(0, Act::opened, 7);
        opened.direction = Direction::outbound;
        CHECK(engagement.effort(opened) == 1.09375);
        CHECK(engagement.effort(act_on(0, Act::absent, 7)) == 0);  // weighs nothing
        // A day's weight: act * log2(1 + effort).
        CHECK(engagement.day_weight(Act::replied, 15) == 3 * 4);
        CHECK(engagement.day_weight(Act::opened, 1) == 0.25);
        CHECK(engagement.day_weight(Act::attended, 0) == 0);
        CHECK(engagement.day_weight(Act::clicked, 15.75) == doctest::Approx(std::log2(16.75)).epsilon(1e-14));
        const Slow slow{varied()};
        Random random{3};
        for (const Event& event : random_events(random, 2000, 0, 1)) {
            REQUIRE(engagement.effort(event) == slow.effort_steps(event) / 1024.0);
        }
    }

    TEST_CASE("effort is rounded to 1/1024, half of one upwards") {
        EngagementConfig config;
        config.other_channels = 0.5 / 1024;
        const Engagement engagement{config, channels, topics};
        CHECK(engagement.effort(act_on(0, Act::clicked, 1)) == 1.0 / 1024);
        CHECK(engagement.effort(act_on(0, Act::clicked, 2)) == 1.0 / 1024);
        CHECK(engagement.effort(act_on(0, Act::clicked, 3)) == 2.0 / 1024);
        config.other_channels = 0.49 / 1024;
        CHECK((Engagement{config, channels, topics}.effort(act_on(0))) == 0);
    }

    TEST_CASE("the default efforts of acts are those of the list in the config") {
        const EngagementConfig config;
        const auto weight = [&](Act act) { return config.acts[static_cast<std::size_t>(act)]; };
        CHECK(weight(Act::clicked) == 1);   // "a click is 1,
        CHECK(weight(Act::called) == 4);    //  a conversation 4,
        CHECK(weight(Act::attended) == 6);  //  coming along 6"
        for (const Act none : {Act::sent, Act::delivered, Act::bounced, Act::missed, Act::absent}) {
            CHECK(weight(none) == 0);
        }
    }

    TEST_CASE("acts of one kind saturate within a day, and each day begins anew") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        const auto weight = [&](const std::vector<Event>& events, std::int32_t day) {
            return engagement.decayed_weight(fold(engagement, events), 0, start_of(day));
        };
        std::vector<Event> clicks;
        double before = 0;
        for (int click = 1; click <= 10; ++click) {
            clicks.push_back(act_on(100));
            const double now = weight(clicks, 100);
            CHECK(now == doctest::Approx(std::log2(1.0 + click)).epsilon(1e-14));
            if (click == 1) CHECK(now == 1);
            if (click == 10) CHECK(now - before == doctest::Approx(0.14).epsilon(0.02));  // "0.14 instead of 1"
            before = now;
        }
        // Three clicks a day, seven days apart: log2(4) and half of it.
        CHECK(weight({act_on(93), act_on(93), act_on(93), act_on(100), act_on(100), act_on(100)}, 100) == 3);
        // Three clicks and a reply on one day: each kind has its own logarithm.
        CHECK(weight({act_on(100, Act::clicked, 3), act_on(100, Act::replied)}, 100) == 2 + 3);
    }

    TEST_CASE("one row of ten clicks is ten rows of one click, but for the number of events") {
        const Engagement engagement{varied(), channels, topics};
        const State rows = fold(engagement, std::vector<Event>(10, act_on(100, Act::clicked, 1, phone, study)));
        State row = fold(engagement, {act_on(100, Act::clicked, 10, phone, study)});
        CHECK(row.events == 1);
        row.events = 10;
        CHECK(same_bytes(row, rows));
    }

    TEST_CASE("a day's weight is day_weight() of its effort, bit by bit, for whole efforts and others") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        for (std::uint16_t quantity = 1; quantity < 1200; ++quantity) {
            const State state = fold(engagement, {act_on(100, Act::clicked, quantity)});
            REQUIRE(engagement.decayed_weight(state, 0, start_of(100)) ==
                    engagement.day_weight(Act::clicked, quantity));
        }
        EngagementConfig config = plain({{"week", 7, 1, 1}});
        config.other_channels = 1.0 / 1024;
        const Engagement fine{config, channels, topics};
        for (std::uint16_t quantity = 1; quantity < 3000; ++quantity) {
            const State state = fold(fine, {act_on(100, Act::clicked, quantity)});
            REQUIRE(fine.decayed_weight(state, 0, start_of(100)) == fine.day_weight(Act::clicked, quantity / 1024.0));
        }
    }

    TEST_CASE("the decayed sums are those of the definition, over gaps of any length and in any century") {
        for (const std::array<double, 3>& days :
             {std::array{7.0, 30.0, 180.0}, {1.0, 2.5, 3650.0}, {3650.0, 1.0, 14.0}}) {
            EngagementConfig config = varied();
            config.half_lives = {{"a", days[0], 0.3, 5}, {"b", days[1], 0.3, 5}, {"c", days[2], 0.3, 5}};
            const Engagement engagement{config, channels, topics};
            const Slow slow{config};
            for (std::uint64_t seed = 0; seed < 90; ++seed) {
                CAPTURE(seed);
                Random random{seed};
                const auto first_day = static_cast<std::int32_t>(random.between(-700'000, 2'000'000));
                constexpr std::array spans{2, 40, 300, 5000};  // 5000: decays of more than 64 days
                const auto events =
                    random_events(random, 1 + random.below(80), first_day, spans[random.below(spans.size())]);
                const State state = fold(engagement, events);
                const Instant now = after(events) + std::chrono::milliseconds{random.between(0, 30 * day_ms)};
                for (std::size_t h = 0; h < 3; ++h) {
                    const auto exact = static_cast<double>(slow.decayed_weight(events, days[h], now));
                    REQUIRE(std::abs(engagement.decayed_weight(state, h, now) - exact) <= 1e-12 * exact);
                }
            }
        }
    }

    TEST_CASE("a decay of 63, 64, 65 and many days is the same 2^(-days / half-life), by hand") {
        const Engagement engagement{plain({{"day", 1, 0.5, 1}, {"month", 32, 0.5, 1}}), channels, topics};
        for (const std::int32_t gap : {1, 2, 62, 63, 64, 65, 66, 127, 128, 129, 640, 900}) {
            CAPTURE(gap);
            const State state = fold(engagement, {act_on(1000), act_on(1000 + gap)});
            CHECK(engagement.decayed_weight(state, 0, start_of(1000 + gap)) == 1 + std::ldexp(1.0, -gap));
            CHECK(engagement.decayed_weight(state, 1, start_of(1000 + gap)) ==
                  doctest::Approx(1 + std::exp2(-gap / 32.0)).epsilon(1e-15));
        }
    }

    TEST_CASE("the day is the person's own: before its 0:00 UTC nothing has decayed yet") {
        const Engagement engagement{plain({{"day", 1, 1, 1}}), channels, topics};
        Event east = act_at(at("2026-03-01T20:00Z"));
        ++east.local_day;  // already 2 March there
        const State state = fold(engagement, {east});
        CHECK(engagement.decayed_weight(state, 0, at("2026-03-01T20:00Z")) == 1);
        CHECK(engagement.decayed_weight(state, 0, at("2026-03-02T00:00Z")) == 1);
        CHECK(engagement.decayed_weight(state, 0, at("2026-03-03T00:00Z")) == 0.5);
        CHECK(engagement.active_days(state, at("2026-03-01T20:00Z"), 1) == 1);
    }

    TEST_CASE("the order within a day does not matter, to the byte") {
        const Engagement engagement{varied(), channels, topics};
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            Random random{seed};
            auto events = random_events(random, 60, 20'000, 5);
            const State state = fold(engagement, events);
            for (int i = 0; i < 5; ++i) {
                random.shuffle(events);
                std::stable_sort(events.begin(), events.end(),
                                 [](const Event& a, const Event& b) { return a.local_day < b.local_day; });
                REQUIRE(same_bytes(fold(engagement, events), state));
            }
        }
    }

    TEST_CASE("events in any order, with a refold whenever one is late, give the bytes of the canonical fold") {
        EngagementConfig config = varied();
        config.acts[static_cast<std::size_t>(Act::opened)] = 0;  // so that some events weigh nothing
        const Engagement engagement{config, channels, topics};
        for (std::uint64_t seed = 0; seed < 150; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            constexpr std::array spans{3, 60, 400};
            const auto events = random_events(random, 1 + random.below(40), -30, spans[random.below(spans.size())]);
            std::vector<std::size_t> order(events.size());
            for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
            random.shuffle(order);
            State state{};
            std::vector<std::size_t> seen;
            std::int32_t latest = std::numeric_limits<std::int32_t>::min();
            for (const std::size_t index : order) {
                seen.insert(std::upper_bound(seen.begin(), seen.end(), index), index);
                std::vector<Event> sorted;
                for (const std::size_t i : seen) sorted.push_back(events[i]);
                const State expected = fold(engagement, sorted);
                const bool counts = engagement.effort(events[index]) > 0;
                const State before = state;
                const Observed observed = engagement.observe(state, events[index], Order::arrival);
                REQUIRE((observed == Observed::late) == (counts && events[index].local_day < latest));
                if (counts) latest = std::max(latest, events[index].local_day);
                if (!counts) REQUIRE(same_bytes(state, before));
                if (observed == Observed::late) state = expected;
                REQUIRE(same_bytes(state, expected));
            }
        }
    }

    TEST_CASE("an act on an earlier day than the latest is late, one earlier on the same day is not") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        State state = fold(engagement, {act_at(at("2026-03-05T12:00Z"))});
        CHECK(engagement.observe(state, act_at(at("2026-03-05T00:00Z")), Order::arrival) == Observed::done);
        CHECK(engagement.observe(state, act_at(at("2026-03-05T23:59Z")), Order::arrival) == Observed::done);
        CHECK(engagement.observe(state, act_at(at("2026-03-04T23:59Z")), Order::arrival) == Observed::late);
        CHECK(engagement.observe(state, act_at(at("2026-03-06T00:00Z")), Order::arrival) == Observed::done);
        CHECK(engagement.observe(state, act_at(at("2026-03-05T23:59Z")), Order::arrival) == Observed::late);
    }

    TEST_CASE("the latest event is the latest, whatever came last") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        const State state =
            fold(engagement, {act_at(at("2026-03-05T12:00Z")), act_at(at("2026-03-05T15:00Z")),
                              act_at(at("2026-03-05T09:00Z")), act_at(at("2026-03-05T18:00Z"), Act::absent)});
        CHECK(engagement.value(state, at("2026-03-06T00:00Z")).last_event_at == at("2026-03-05T15:00Z"));
        CHECK(engagement.value(state, at("2026-03-06T00:00Z")).events == 3);
    }

    TEST_CASE("what weighs nothing is ignored and never late") {
        EngagementConfig config;
        config.channels["mail"] = 0;
        config.topics["study"] = 0;
        const Engagement engagement{config, channels, topics};
        const State before = fold(engagement, {act_on(1000, Act::clicked, 1, phone)});
        State state = before;
        for (const std::int32_t day : {900, 1000, 1100}) {
            CAPTURE(day);
            Event outbound = act_on(day);
            outbound.direction = Direction::outbound;  // 0 unless configured
            CHECK(engagement.observe(state, outbound, Order::arrival) == Observed::done);
            CHECK(engagement.observe(state, act_on(day, Act::clicked, 1, mail), Order::arrival) == Observed::done);
            CHECK(engagement.observe(state, act_on(day, Act::clicked, 1, phone, study), Order::arrival) ==
                  Observed::done);
            CHECK(engagement.observe(state, act_on(day, Act::clicked, 0, phone), Order::arrival) == Observed::done);
            for (const Act act : {Act::sent, Act::delivered, Act::bounced, Act::missed, Act::absent}) {
                CHECK(engagement.observe(state, act_on(day, act, 1, phone), Order::arrival) == Observed::done);
            }
        }
        CHECK(same_bytes(state, before));
    }

    TEST_CASE("the parts add up to the fraction exactly, in any order, and stay in [0, 1]") {
        const Engagement engagement{varied(), channels, topics};
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const auto events = random_events(random, random.below(100), 20'000, 100);
            const State state = fold(engagement, events);
            const Instant now = after(events) + std::chrono::minutes{random.between(0, 90'000)};
            const EngagementScore score = engagement.value(state, now);
            REQUIRE(adds_up(score.parts, score.fraction, &alloquy::score::EngagementPart::contribution));
            REQUIRE(score.fraction >= 0);
            REQUIRE(score.fraction <= 1);
            for (std::size_t h = 0; h < score.parts.size(); ++h) {
                const auto& part = score.parts[h];
                const double scale = engagement.half_lives()[h].scale;
                REQUIRE(part.contribution <= part.share);
                REQUIRE(is_on_grid(part.contribution));
                // share * weight / (weight + scale), cut by less than 2^-30
                const double exact = part.share * part.decayed_weight / (part.decayed_weight + scale);
                REQUIRE(std::abs(part.contribution - exact) <= 1 / grid);
                REQUIRE(part.decayed_weight == engagement.decayed_weight(state, h, now));
            }
            REQUIRE(score.fraction == engagement.fraction(state, now));
            REQUIRE(score.trend == engagement.trend(state, now));
            REQUIRE(score.momentum == engagement.momentum(state, now));
            REQUIRE(score.trend >= -1);
            REQUIRE(score.trend <= 1);

            const Explanation explanation = engagement.explain(state, now);
            REQUIRE(explanation.value == score.fraction);
            REQUIRE(explanation.evidence == score.events);
            REQUIRE(adds_up(explanation.parts, explanation.value, &alloquy::score::Part::contribution));
            REQUIRE(explanation.parts.size() == score.parts.size());
            for (std::size_t h = 0; h < score.parts.size(); ++h) {
                REQUIRE(explanation.parts[h] ==
                        alloquy::score::Part{std::string{score.parts[h].name}, score.parts[h].decayed_weight,
                                             score.parts[h].share, score.parts[h].contribution});
            }
        }
    }

    TEST_CASE("shares are those of the definition, halve by epochs and add up to 1 exactly") {
        const EngagementConfig config = varied();
        const Engagement engagement{config, channels, topics};
        const Slow slow{config};
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            constexpr std::array spans{5, 60, 400, 3000};
            const auto events =
                random_events(random, random.below(60), static_cast<std::int32_t>(random.between(-700'000, 60'000)),
                              spans[random.below(spans.size())]);
            const State state = fold(engagement, events);
            const EngagementScore score = engagement.value(state, after(events));
            const auto check = [&](const std::vector<EngagementShare>& found,
                                   const std::map<std::string, std::uint64_t>& counts,
                                   std::span<const std::string> slots, auto&& of_slot) {
                std::uint64_t all = 0;
                for (const auto& entry : counts) all += entry.second;
                REQUIRE(found.empty() == (all == 0));
                for (std::size_t slot = 0; slot < slots.size(); ++slot) {
                    const std::optional<double> share = of_slot(slot);
                    REQUIRE(share.has_value() == (all != 0));
                    if (!share) continue;
                    const auto count = counts.find(slots[slot]);
                    const double exact =
                        count == counts.end() ? 0 : static_cast<double>(count->second) / static_cast<double>(all);
                    REQUIRE(*share == doctest::Approx(exact).epsilon(1e-15));
                }
                if (all == 0) return;
                REQUIRE(adds_up(found, 1, &EngagementShare::fraction));
                for (const auto& [name, count] : counts) {
                    const long double exact = static_cast<long double>(count) / static_cast<long double>(all);
                    // Cut by less than 2^-30 each; the largest takes what is cut from the others.
                    REQUIRE(std::abs(share_of(found, name) - static_cast<double>(exact)) <= 3 / grid);
                }
                for (const EngagementShare& share : found) {
                    REQUIRE(is_on_grid(share.fraction));
                    REQUIRE(share.fraction >= 0);
                    REQUIRE(share.fraction <= 1);
                    REQUIRE(counts.count(std::string{share.name}) == 1);
                }
            };
            const auto by_channel = slow.shares(events, [](const Event& event) {
                return event.channel == 0 ? std::string{"other"} : channels[std::size_t{event.channel} - 1];
            });
            const auto by_topic = slow.shares(events, [](const Event& event) {
                return event.topic == 0 ? std::string{"other"} : topics[std::size_t{event.topic} - 1];
            });
            check(score.channels, by_channel, engagement.channel_names(),
                  [&](std::size_t slot) { return engagement.channel_share(state, slot); });
            check(score.topics, by_topic, engagement.topic_names(),
                  [&](std::size_t slot) { return engagement.topic_share(state, slot); });
        }
    }

    TEST_CASE("an act four weeks older counts half in the shares, by hand") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        const std::int32_t start = 17;  // an epoch's first day: 719,163 + 17 = 28 * 25,685
        const auto phone_share = [&](std::int32_t first, std::int32_t second) {
            const State state = fold(engagement, {act_on(first, Act::clicked, 1, phone), act_on(second)});
            return share_of(engagement.value(state, start_of(second)).channels, "phone");
        };
        CHECK(phone_share(start, start) == 0.5);
        CHECK(phone_share(start, start + 27) == 0.5);
        CHECK(std::abs(phone_share(start, start + 28) - 1.0 / 3) <= 1 / grid);
        CHECK(std::abs(phone_share(start + 27, start + 28) - 1.0 / 3) <= 1 / grid);
        CHECK(std::abs(phone_share(start, start + 56) - 0.2) <= 1 / grid);
        // A click stands as 1024 steps: after 10 halvings one is left, after 11 none.
        CHECK(std::abs(phone_share(start, start + 280) - 1.0 / 1025) <= 1 / grid);
        CHECK(phone_share(start, start + 28 * 11) == 0);
        CHECK(phone_share(start, start + 28 * 31) == 0);
        CHECK(phone_share(start, start + 28 * 32) == 0);
        CHECK(phone_share(start, start + 28 * 40'000) == 0);
        // The largest count, 2^32 - 1, leaves 1 after 31 halvings and nothing after 32.
        const auto full_share = [&](std::int32_t epochs) {
            std::vector<Event> events(70, act_on(start, Act::clicked, 65'535, phone));
            events.push_back(act_on(start + 28 * epochs));
            return engagement.channel_share(fold(engagement, events), phone - 1);
        };
        CHECK(full_share(0).value() > 0.9999);
        CHECK(full_share(31).value() == doctest::Approx(1.0 / 1025).epsilon(1e-15));
        CHECK(full_share(32).value() == 0);
        CHECK(full_share(33).value() == 0);
        CHECK(full_share(1000).value() == 0);
    }

    TEST_CASE("shares count without saturation within the day") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        const State state =
            fold(engagement, {act_on(100, Act::clicked, 300, phone), act_on(100, Act::clicked, 100, mail)});
        CHECK(share_of(engagement.value(state, start_of(100)).channels, "phone") == 0.75);
        // The act weighs here too: a reply is 3 clicks.
        const State replied =
            fold(engagement, {act_on(100, Act::replied, 1, phone), act_on(100, Act::clicked, 1, mail)});
        CHECK(share_of(engagement.value(replied, start_of(100)).channels, "phone") == 0.75);
    }

    TEST_CASE("a share that is 0 is not listed") {
        EngagementConfig config = plain({{"week", 7, 1, 1}});
        config.channels["mail"] = 1.0 / 1024;
        const Engagement engagement{config, channels, topics};
        std::vector<Event> events(100, act_on(100, Act::clicked, 65'535, phone));
        events.push_back(act_on(100, Act::clicked, 1, mail));  // one step of more than 2^30
        const EngagementScore score = engagement.value(fold(engagement, events), start_of(100));
        CHECK(adds_up(score.channels, 1, &EngagementShare::fraction));
        for (const EngagementShare& share : score.channels) CHECK(share.fraction > 0);
        // Forgotten: the 1024 steps of a click are halved away in eleven epochs.
        const EngagementScore later = engagement.value(
            fold(engagement, {act_on(100, Act::clicked, 1, phone), act_on(100 + 28 * 12)}), start_of(100 + 28 * 12));
        REQUIRE(later.channels.size() == 1);
        CHECK(later.channels[0].name == "other");
        CHECK(later.channels[0].fraction == 1);
    }

    TEST_CASE("channels beyond the seventh and topics beyond the 24th share the last slot") {
        std::vector<std::string> many_channels;
        std::vector<std::string> many_topics;
        for (int i = 1; i <= 31; ++i) many_channels.push_back("c" + std::to_string(i));
        for (int i = 1; i <= 255; ++i) many_topics.push_back("t" + std::to_string(i));
        const Engagement engagement{plain({{"week", 7, 1, 1}}), many_channels, many_topics};
        for (int channel = 0; channel <= 31; ++channel) {
            CAPTURE(channel);
            const State state = fold(engagement, {act_on(5, Act::clicked, 1, static_cast<std::uint8_t>(channel))});
            const EngagementScore score = engagement.value(state, start_of(5));
            REQUIRE(score.channels.size() == 1);
            CHECK(score.channels[0].fraction == 1);
            CHECK(score.channels[0].name ==
                  (channel == 0 || channel > 7 ? std::string{"other"} : "c" + std::to_string(channel)));
        }
        for (int topic = 0; topic <= 255; ++topic) {
            CAPTURE(topic);
            const State state = fold(engagement, {act_on(5, Act::clicked, 1, 0, static_cast<std::uint8_t>(topic))});
            const EngagementScore score = engagement.value(state, start_of(5));
            REQUIRE(score.topics.size() == 1);
            CHECK(score.topics[0].fraction == 1);
            CHECK(score.topics[0].name ==
                  (topic == 0 || topic > 24 ? std::string{"other"} : "t" + std::to_string(topic)));
        }
        CHECK(engagement.channel_names().size() == Engagement::channel_slots);
        CHECK(engagement.topic_names().size() == Engagement::topic_slots);
    }

    TEST_CASE("topics used are those with a name: no topic is none, and neither is one beyond the 24th") {
        std::vector<std::string> many;
        for (int i = 1; i <= 30; ++i) many.push_back("t" + std::to_string(i));
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, many};
        const auto used = [&](const std::vector<std::uint8_t>& by_act) {
            std::vector<Event> events;
            for (const std::uint8_t topic : by_act) events.push_back(act_on(5, Act::clicked, 1, 0, topic));
            return engagement.topics_used(fold(engagement, events));
        };
        CHECK(used({}) == 0);
        CHECK(used({0}) == 0);
        CHECK(used({1}) == 1);
        CHECK(used({1, 0, 1}) == 1);
        CHECK(used({1, 2, 24, 0}) == 3);
        CHECK(used({25, 30}) == 0);
        std::vector<std::uint8_t> all;
        for (std::uint8_t topic = 0; topic <= 30; ++topic) all.push_back(topic);
        CHECK(used(all) == 24);
        // Recent: the 1024 steps of a click are halved away in eleven epochs of four weeks.
        const auto later = [&](std::int32_t days) {
            return engagement.topics_used(
                fold(engagement, {act_on(100, Act::clicked, 1, 0, 1), act_on(100 + days, Act::clicked, 1, 0, 2)}));
        };
        CHECK(later(28 * 9) == 2);
        CHECK(later(28 * 12) == 1);
    }

    TEST_CASE("active days are counted at the borders of 7, 28, 64 and 128 days") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        // One act, seen from later and later, and in the bits of a state whose newest act is later still.
        for (const std::int32_t age : {0, 1, 6, 7, 27, 28, 62, 63, 64, 65, 126, 127, 128, 129, 1000}) {
            CAPTURE(age);
            const State one = fold(engagement, {act_on(1000)});
            const State two = fold(engagement, {act_on(1000), act_on(1000 + age)});
            for (const std::int32_t days : {1, 2, 7, 28, 63, 64, 65, 127, 128}) {
                CAPTURE(days);
                const std::uint32_t first = age < days ? 1 : 0;
                const Instant last_moment = start_of(1000 + age + 1) - std::chrono::milliseconds{1};
                CHECK(engagement.active_days(one, start_of(1000 + age), days) == first);
                CHECK(engagement.active_days(one, last_moment, days) == first);
                CHECK(engagement.active_days(two, last_moment, days) == first + (age > 0 ? 1 : 0));
            }
        }
        std::vector<Event> daily;
        for (std::int32_t day = 0; day < 300; ++day) daily.push_back(act_on(day));
        const State state = fold(engagement, daily);
        for (std::int32_t days = 1; days <= Engagement::remembered_days; ++days) {
            CHECK(engagement.active_days(state, start_of(299), days) == static_cast<std::uint32_t>(days));
        }
        CHECK(engagement.value(state, start_of(299)).active_days_7 == 7);
        CHECK(engagement.value(state, start_of(299)).active_days_28 == 28);
        CHECK(engagement.value(state, start_of(302)).active_days_7 == 4);
        CHECK(engagement.value(state, start_of(302)).active_days_28 == 25);
    }

    TEST_CASE("active days are the different days of the definition, for any window") {
        const Engagement engagement{varied(), channels, topics};
        const Slow slow{varied()};
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            constexpr std::array spans{10, 70, 140, 600};
            const auto events =
                random_events(random, random.below(60), static_cast<std::int32_t>(random.between(-800, 800)),
                              spans[random.below(spans.size())]);
            const State state = fold(engagement, events);
            const Instant now = after(events) + std::chrono::hours{random.between(0, 24 * 140)};
            const std::set<std::int32_t> active = slow.days(events);
            for (std::int32_t days = 1; days <= Engagement::remembered_days; ++days) {
                const auto expected = std::count_if(
                    active.begin(), active.end(), [&](std::int32_t day) { return day_of(now.unix_ms()) - day < days; });
                REQUIRE(engagement.active_days(state, now, days) == static_cast<std::uint32_t>(expected));
            }
        }
    }

    TEST_CASE("trend and momentum tell rising from falling and steady, by hand") {
        const Engagement engagement{plain({{"short", 1, 0.5, 1}, {"long", 2, 0.5, 1}}), channels, topics};
        const double ln2 = std::log(2.0);
        const State click = fold(engagement, {act_on(1000)});
        // On the day: a = 1 ln 2 / 1, b = 1 ln 2 / 2: (1 - 1/2) / (1 + 1/2) = 1/3.
        CHECK(engagement.trend(click, start_of(1000)) == doctest::Approx(1.0 / 3).epsilon(1e-14));
        CHECK(engagement.momentum(click, start_of(1000)) == doctest::Approx(ln2 / 2).epsilon(1e-14));
        // Two days later: 1/4 and 1/2 / 2: equal.
        CHECK(std::abs(engagement.trend(click, start_of(1002))) <= 1e-15);
        CHECK(std::abs(engagement.momentum(click, start_of(1002))) <= 1e-15);
        // Four days later: 1/16 and 1/4 / 2: (1/16 - 1/8) / (1/16 + 1/8) = -1/3.
        CHECK(engagement.trend(click, start_of(1004)) == doctest::Approx(-1.0 / 3).epsilon(1e-14));
        CHECK(engagement.momentum(click, start_of(1004)) == doctest::Approx(-ln2 / 16).epsilon(1e-14));
        // A click each day for 200 days, asked at noon: the sums are 2^(-1/2h) / (1 - 2^(-1/h)); h = 1 gives 1.41421,
        // h = 2 gives 2.87094; times ln 2 / h 0.98026 and 0.99499.
        std::vector<Event> daily;
        for (std::int32_t day = 800; day <= 1000; ++day) daily.push_back(act_on(day));
        const State steady = fold(engagement, daily);
        const Instant noon = start_of(1000) + std::chrono::hours{12};
        CHECK(engagement.momentum(steady, noon) == doctest::Approx(0.98026 - 0.99499).epsilon(1e-3));
        CHECK(std::abs(engagement.trend(steady, noon)) < 0.01);
        // Without the second half-life there is nothing to compare.
        const Engagement single{plain({{"short", 1, 0.5, 1}}), channels, topics};
        CHECK(single.trend(fold(single, {act_on(1000)}), start_of(1000)) == 0);
        CHECK(single.momentum(fold(single, {act_on(1000)}), start_of(1000)) == 0);
    }

    TEST_CASE("silence never makes the trend rise") {
        for (const auto& days : {std::pair{1.0, 2.0}, {7.0, 30.0}}) {
            const Engagement engagement{plain({{"a", days.first, 0.5, 1}, {"b", days.second, 0.5, 1}}), channels,
                                        topics};
            const State state = fold(engagement, {act_on(1000)});
            double before = 1;
            for (std::int32_t age = 0; age < 40'000; age += 10) {
                CAPTURE(age);
                const double trend = engagement.trend(state, start_of(1000 + age));
                // Once both memories are below all numbers, 0 is as good; a rounding may raise it.
                REQUIRE((trend <= before + 1e-9 || trend == 0));
                before = trend;
            }
        }
    }

    TEST_CASE("one act more never lowers the score, whenever it was") {
        const Engagement engagement{varied(), channels, topics};
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            Random random{seed};
            const auto events = random_events(random, 100, 20'000, 100);
            const Instant now = after(events);
            State state{};
            double before = 0;
            for (const Event& event : events) {
                (void)engagement.observe(state, event, Order::canonical);
                const double fraction = engagement.fraction(state, now);
                // A decay in two steps may round otherwise than one in a single step: one step of the grid each.
                REQUIRE(fraction >= before - 3 / grid);
                before = fraction;
            }
        }
    }

    TEST_CASE("without new acts the score falls to 0") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        const State state = fold(engagement, {act_on(20'000), act_on(20'000, Act::clicked, 500)});
        double before = 1;
        for (std::int32_t day = 0; day < 20'000; day += 10) {
            const double now = engagement.fraction(state, start_of(20'000 + day));
            REQUIRE(now <= before);
            before = now;
        }
        CHECK(before == 0);  // 111 half-lives of the longest memory
        CHECK(engagement.fraction(state, Instant::latest()) == 0);
    }

    TEST_CASE("a day's effort and the shares stop at the limits of 32 bits, in any order") {
        EngagementConfig config = plain({{"week", 7, 1, 1}});
        config.channels["phone"] = 256;
        config.topics["study"] = 256;
        config.acts[static_cast<std::size_t>(Act::clicked)] = 256;
        const Engagement engagement{config, channels, topics};
        const Event heavy = act_on(100, Act::clicked, 65'535, phone, study);  // 4.3e9 of effort, 4e12 steps
        const Event light = act_on(100, Act::clicked, 1, mail);
        CHECK(engagement.effort(heavy) == most / 1024.0);
        const State state = fold(engagement, {light, heavy, heavy, light});
        CHECK(same_bytes(fold(engagement, {heavy, light, light, heavy}), state));
        CHECK(same_bytes(fold(engagement, {light, light, heavy, heavy}), state));
        CHECK(state.effort[static_cast<std::size_t>(Act::clicked)] == most);
        // 256 * log2(1 + (2^32 - 1) / 1024) = 256 * 22.0000003.
        CHECK(engagement.decayed_weight(state, 0, start_of(100)) ==
              doctest::Approx(256 * std::log2(1 + most / 1024.0)).epsilon(1e-14));
        const EngagementScore score = engagement.value(state, start_of(100));
        CHECK(score.fraction <= 1);
        // Phone stands at 2^32 - 1, mail at 2 * 1024 * 256: 2^19 / (2^32 + 2^19 - 1) = 1.2206e-4.
        CHECK(share_of(score.channels, "mail") == doctest::Approx(1.2206e-4).epsilon(1e-4));
        CHECK(adds_up(score.channels, 1, &EngagementShare::fraction));
        // Many small acts reach the limit as well.
        State many = fold(engagement, {heavy});
        many.effort[static_cast<std::size_t>(Act::clicked)] = most - 1023;
        (void)engagement.observe(many, light, Order::arrival);
        CHECK(many.effort[static_cast<std::size_t>(Act::clicked)] == most);
        many.effort[static_cast<std::size_t>(Act::clicked)] = most - 1024;
        (void)engagement.observe(many, light, Order::arrival);
        CHECK(many.effort[static_cast<std::size_t>(Act::clicked)] == most);
        many.effort[static_cast<std::size_t>(Act::clicked)] = most - 1025;
        (void)engagement.observe(many, light, Order::arrival);
        CHECK(many.effort[static_cast<std::size_t>(Act::clicked)] == most - 1);
    }

    TEST_CASE("the counter of events stops at its limit") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        State state = fold(engagement, {act_on(100)});
        state.events = most - 1;
        (void)engagement.observe(state, act_on(100), Order::arrival);
        CHECK(state.events == most);
        (void)engagement.observe(state, act_on(100), Order::arrival);
        CHECK(state.events == most);
        CHECK(engagement.value(state, start_of(100)).events == most);
    }

    TEST_CASE("acts before 1970 count as others do, by hand") {
        const Engagement engagement{plain({{"day", 1, 1, 1}}), channels, topics};
        const std::vector<Event> events{act_at(at("1969-12-29T23:59Z")), act_at(at("1969-12-31T00:00Z")),
                                        act_at(at("1969-12-31T23:59Z")), act_at(at("1970-01-01T00:00Z"))};
        CHECK(events[2].local_day == -1);
        const State state = fold(engagement, events);
        // Ages 3, 1 and 0 days from 0:00: 1/8 + log2(3)/2 + 1.
        CHECK(engagement.decayed_weight(state, 0, at("1970-01-01T00:00Z")) ==
              doctest::Approx(0.125 + std::log2(3.0) / 2 + 1).epsilon(1e-14));
        CHECK(engagement.active_days(state, at("1970-01-01T23:00Z"), 1) == 1);
        CHECK(engagement.active_days(state, at("1970-01-01T23:00Z"), 2) == 2);
        CHECK(engagement.active_days(state, at("1970-01-01T23:00Z"), 4) == 3);
        CHECK(engagement.value(state, at("1970-01-01T00:00Z")).last_event_at == at("1970-01-01T00:00Z"));
    }

    TEST_CASE("events at the ends of all time are folded and asked about") {
        const Engagement engagement{plain({{"day", 1, 0.5, 1}, {"decade", 3650, 0.5, 1}}), channels, topics};
        std::vector<Event> events{act_at(Instant::earliest()), act_at(at("2026-01-01T00:00Z")),
                                  act_at(Instant::latest(), Act::clicked, 1, phone)};
        --events[0].local_day;  // west of Greenwich
        ++events[2].local_day;  // east of it
        const State state = fold(engagement, events);
        // The day has not begun in UTC; 7973 years before it are 797 decades: nothing of the others is left.
        CHECK(engagement.decayed_weight(state, 0, Instant::latest()) == 1);
        CHECK(engagement.decayed_weight(state, 1, Instant::latest()) == 1);
        const EngagementScore score = engagement.value(state, Instant::latest());
        CHECK(score.events == 3);
        CHECK(score.active_days_7 == 1);
        CHECK(score.last_event_at == Instant::latest());
        REQUIRE(score.channels.size() == 1);
        CHECK(score.channels[0].name == "phone");
        // Asked about at the end of all time, an act at its beginning is nothing but an event.
        const EngagementScore old = engagement.value(fold(engagement, {events[0]}), Instant::latest());
        CHECK(old.fraction == 0);
        CHECK(old.active_days_28 == 0);
        CHECK(old.events == 1);
        CHECK(old.trend <= 0);
        CHECK(old.last_event_at == Instant::earliest());
        State late = state;
        CHECK(engagement.observe(late, events[0], Order::arrival) == Observed::late);
    }

    TEST_CASE("parameters change with what the state depends on, and with nothing else") {
        const std::vector<double> before = Engagement{varied(), channels, topics}.parameters();
        const auto changed = [&](const std::function<void(EngagementConfig&)>& change) {
            EngagementConfig config = varied();
            change(config);
            return Engagement{config, channels, topics}.parameters() != before;
        };
        CHECK_FALSE(changed([](EngagementConfig&) {}));
        CHECK_FALSE(changed([](EngagementConfig& c) { c.half_lives[0].name = "other name"; }));
        CHECK_FALSE(changed([](EngagementConfig& c) { c.half_lives[0].share = 0.3; }));
        CHECK_FALSE(changed([](EngagementConfig& c) { c.half_lives[0].scale = 7; }));
        CHECK_FALSE(changed([](EngagementConfig& c) { c.channels["fax"] = 7; }));  // not in the playbook
        CHECK(changed([](EngagementConfig& c) { c.half_lives[1].days = 31; }));
        CHECK(changed([](EngagementConfig& c) { c.half_lives.pop_back(); }));
        CHECK(changed([](EngagementConfig& c) { c.channels["mail"] = 7; }));
        CHECK(changed([](EngagementConfig& c) { c.other_channels = 7; }));
        CHECK(changed([](EngagementConfig& c) { c.topics["study"] = 7; }));
        CHECK(changed([](EngagementConfig& c) { c.other_topics = 7; }));
        CHECK(changed([](EngagementConfig& c) { c.directions[1] = 0.5; }));
        CHECK(changed([](EngagementConfig& c) { c.acts[static_cast<std::size_t>(Act::donated)] = 7; }));
        const std::vector<std::string> turned{"phone", "mail"};
        CHECK(Engagement{varied(), turned, topics}.parameters() != before);
    }

    TEST_CASE("asking for cache lines changes nothing, for any event") {
        const Engagement engagement{varied(), channels, topics};
        const State state = fold(engagement, {act_on(100)});
        for (int number = 0; number < 256; ++number) {
            engagement.prefetch(state,
                                act_on(100, static_cast<Act>(number % 16), 1, 2, static_cast<std::uint8_t>(number)));
        }
        CHECK(same_bytes(state, fold(engagement, {act_on(100)})));
    }

    TEST_CASE("a config out of range is refused") {
        const auto refused = [](const std::function<void(EngagementConfig&)>& change) {
            EngagementConfig config;
            change(config);
            try {
                const Engagement engagement{config, channels, topics};
                return false;
            } catch (const alloquy::InvalidArgument&) {
                return true;
            }
        };
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double infinity = std::numeric_limits<double>::infinity();
        CHECK_FALSE(refused([](EngagementConfig&) {}));
        CHECK(refused([](EngagementConfig& c) { c.half_lives.clear(); }));
        CHECK(refused([](EngagementConfig& c) { c.half_lives.assign(4, {"x", 7, 0.1, 1}); }));
        for (const double days : {0.0, -1.0, 0.999, 3650.1, nan, infinity}) {
            CHECK(refused([&](EngagementConfig& c) { c.half_lives[0].days = days; }));
        }
        for (const double days : {1.0, 3650.0}) {
            CHECK_FALSE(refused([&](EngagementConfig& c) { c.half_lives[2].days = days; }));
        }
        for (const double share : {0.0, -0.1, 1.1, nan}) {
            CHECK(refused([&](EngagementConfig& c) { c.half_lives.assign(1, {"x", 7, share, 1}); }));
        }
        CHECK(refused([](EngagementConfig& c) { c.half_lives[0].share = 0.41; }));  // 1.01 in all
        CHECK_FALSE(refused([](EngagementConfig& c) { c.half_lives.assign(3, {"x", 7, 1.0 / 3, 1}); }));
        CHECK_FALSE(refused([](EngagementConfig& c) {
            c.half_lives = {{"x", 7, 0.1, 1}, {"y", 7, 0.2, 1}, {"z", 7, 0.7, 1}};  // 1 but for a rounding
        }));
        for (const double scale : {0.0, -1.0, nan, infinity}) {
            CHECK(refused([&](EngagementConfig& c) { c.half_lives[1].scale = scale; }));
        }
        for (const double weight : {-0.1, 256.5, nan, infinity}) {
            CHECK(refused([&](EngagementConfig& c) { c.channels["mail"] = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.topics["study"] = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.other_channels = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.other_topics = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.acts[3] = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.directions[1] = weight; }));
        }
        for (const double weight : {0.0, 256.0}) {
            CHECK_FALSE(refused([&](EngagementConfig& c) { c.channels["mail"] = weight; }));
            CHECK_FALSE(refused([&](EngagementConfig& c) { c.topics["study"] = weight; }));
            CHECK_FALSE(refused([&](EngagementConfig& c) { c.acts[3] = weight; }));
        }
    }

    TEST_CASE("a weight out of range is refused even for a name that the playbook does not use") {
        EngagementConfig config;
        config.channels["fax"] = -1;
        CHECK_THROWS_AS((Engagement{config, channels, topics}), alloquy::InvalidArgument);
        config.channels.clear();
        config.topics["sports"] = -1;
        CHECK_THROWS_AS((Engagement{config, channels, topics}), alloquy::InvalidArgument);
    }

    TEST_CASE("more than 31 channels or 255 topics are refused") {
        std::vector<std::string> names;
        for (int i = 0; i < 256; ++i) names.push_back("n" + std::to_string(i));
        const std::span<const std::string> all{names};
        CHECK_NOTHROW((Engagement{EngagementConfig{}, all.first(31), all.first(255)}));
        CHECK_THROWS_AS((Engagement{EngagementConfig{}, all.first(32), topics}), alloquy::InvalidArgument);
        CHECK_THROWS_AS((Engagement{EngagementConfig{}, channels, all.first(256)}), alloquy::InvalidArgument);
        CHECK_NOTHROW((Engagement{EngagementConfig{}, {}, {}}));
    }

    TEST_CASE("shares that add up to a little more than 1 never give more than 1") {
        for (const double more : {0.5 + 1e-16, 0.5 + 5e-10, 0.5 + 9.4e-10}) {  // the last is just above 2^-30
            const EngagementConfig config = plain({{"a", 7, 0.5, 1e-30}, {"b", 30, more, 1e-30}});
            try {
                const Engagement engagement{config, channels, topics};
                const State state = fold(engagement, std::vector<Event>(1000, act_on(100, Act::clicked, 1000)));
                CHECK(engagement.fraction(state, start_of(100)) <= 1);
            } catch (const alloquy::InvalidArgument&) {
                CHECK(true);  // refusing them is as good
            }
        }
    }
}
