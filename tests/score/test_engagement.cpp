#include <alloquy/score/engagement.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

using alloquy::model::Act;
using alloquy::model::Direction;
using alloquy::score::Engagement;
using alloquy::score::EngagementConfig;
using alloquy::score::Event;
using alloquy::score::HalfLife;
using alloquy::score::Observed;
using alloquy::score::Order;
using alloquy::support::at;
using alloquy::support::Random;
using alloquy::time::Instant;
using State = Engagement::State;

namespace {

constexpr std::int64_t day_ms = 86'400'000;
const std::vector<std::string> channels{"mail", "phone"};
const std::vector<std::string> topics{"study"};

/// Channel, act and topic weigh 1 and log2(1 + 1) = 1, so that an event weighs 1.
EngagementConfig plain(std::vector<HalfLife> half_lives) {
    EngagementConfig config;
    config.half_lives = std::move(half_lives);
    return config;
}

Event click(Instant when, std::uint16_t quantity = 1) {
    return {when.unix_ms(), 0, quantity, 0, 0, Act::clicked, Direction::inbound, Event::no_hour};
}

State fold(const Engagement& engagement, const std::vector<Event>& events) {
    State state{};
    for (const Event& event : events) REQUIRE(engagement.observe(state, event, Order::arrival) == Observed::done);
    return state;
}

bool same_bytes(const State& a, const State& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

/// The documented weight: channel * act * direction * topic * log2(1 + quantity), at most 256.
long double slow_weight(const EngagementConfig& config, const Event& event) {
    const auto named = [](const std::map<std::string, double>& weights, const std::vector<std::string>& names,
                          std::size_t number, double other) {
        if (number == 0) return other;
        const auto found = weights.find(names[number - 1]);
        return found == weights.end() ? other : found->second;
    };
    const long double weight =
        static_cast<long double>(named(config.channels, channels, event.channel, config.other_channels)) *
        config.acts[static_cast<std::size_t>(event.act)] *
        config.directions[static_cast<std::size_t>(event.direction)] *
        named(config.topics, topics, event.topic, config.other_topics) * std::log2(1.0L + event.quantity);
    return std::min(weight, 256.0L);
}

/// The documented sum, straight from its definition.
long double slow_sum(const EngagementConfig& config, const std::vector<Event>& events, double half_life_days,
                     Instant now) {
    long double sum = 0;
    for (const Event& event : events) {
        const long double age = static_cast<long double>(now.unix_ms() - event.at_ms) / day_ms;
        sum += slow_weight(config, event) * std::exp2(-age / half_life_days);
    }
    return sum;
}

/// Events with weights of at least a quarter, so that the fixed point's step of 2^-22 stays below a relative 1e-6.
std::vector<Event> random_events(Random& random, std::size_t count, std::int64_t first_ms, std::int64_t span_ms) {
    constexpr std::array acts{Act::opened, Act::clicked, Act::replied, Act::attended, Act::submitted};
    std::vector<Event> events;
    for (std::size_t i = 0; i < count; ++i) {
        events.push_back({first_ms + random.between(0, span_ms), 0, static_cast<std::uint16_t>(random.between(1, 900)),
                          static_cast<std::uint8_t>(random.below(3)), static_cast<std::uint8_t>(random.below(2)),
                          acts[random.below(acts.size())], Direction::inbound, Event::no_hour});
    }
    return events;
}

EngagementConfig varied() {
    EngagementConfig config;
    config.channels = {{"mail", 2}, {"phone", 3.5}};
    config.other_channels = 1.25;
    config.topics = {{"study", 1.5}};
    return config;
}

}  // namespace

TEST_SUITE("score/engagement") {
    static_assert(alloquy::score::BlockSignal<Engagement>);

    TEST_CASE("a click one half-life ago weighs a half, and its contribution follows by hand") {
        // weight 1 * 2^-1 = 0.5; contribution 0.8 * 0.5 / (0.5 + 1.5) = 0.2.
        const Engagement engagement{plain({{"week", 7, 0.8, 1.5}}), channels, topics};
        const Instant now = at("2026-03-08T00:00Z");
        const State state = fold(engagement, {click(at("2026-03-01T00:00Z"))});
        CHECK(engagement.decayed_weight(state, 0, now) == doctest::Approx(0.5).epsilon(1e-6));
        const auto score = engagement.value(state, now);
        CHECK(score.fraction == doctest::Approx(0.2).epsilon(1e-6));
        REQUIRE(score.parts.size() == 1);
        CHECK(score.parts[0].name == "week");
        CHECK(score.parts[0].share == 0.8);
        CHECK(score.parts[0].contribution == score.fraction);
        CHECK(score.parts[0].decayed_weight == engagement.decayed_weight(state, 0, now));
        CHECK(score.events == 1);
        CHECK(score.last_event_at == at("2026-03-01T00:00Z"));
        CHECK(score.trend == 0);  // one half-life only
    }

    TEST_CASE("nobody's acts known is a score of 0 with all its parts") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        const auto score = engagement.value(State{}, at("2026-03-08T00:00Z"));
        CHECK(score.fraction == 0);
        CHECK(score.trend == 0);
        CHECK(score.events == 0);
        CHECK_FALSE(score.last_event_at);
        REQUIRE(score.parts.size() == 3);
        for (const auto& part : score.parts) CHECK(part.contribution == 0);
    }

    TEST_CASE("an event weighs channel * act * direction * topic * log2(1 + quantity)") {
        EngagementConfig config = varied();
        config.directions = {1, 0.5};
        const Engagement engagement{config, channels, topics};
        // By hand: phone 3.5 * replied 3 * inbound 1 * study 1.5 * log2(1 + 3) = 31.5.
        const Event reply{0, 0, 3, 2, 1, Act::replied, Direction::inbound, 0};
        CHECK(engagement.weight(reply) == doctest::Approx(31.5).epsilon(1e-12));
        // Not in the playbook: channel 1.25, topic 1; opened 0.25; outbound 0.5; log2(1 + 7) = 3.
        const Event opened{0, 0, 7, 0, 0, Act::opened, Direction::outbound, 0};
        CHECK(engagement.weight(opened) == doctest::Approx(1.25 * 0.25 * 0.5 * 3).epsilon(1e-12));
        Random random{3};
        for (const Event& event : random_events(random, 2000, 0, 1)) {
            REQUIRE(engagement.weight(event) ==
                    doctest::Approx(static_cast<double>(slow_weight(config, event))).epsilon(1e-12));
        }
    }

    TEST_CASE("large quantities go on counting, to the largest that an event can hold") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        for (const int quantity : {1023, 1024, 2047, 4095, 65'535}) {
            CAPTURE(quantity);
            CHECK(engagement.weight(click(at("2026-03-01T00:00Z"), static_cast<std::uint16_t>(quantity))) ==
                  doctest::Approx(std::log2(1.0 + quantity)).epsilon(1e-12));
        }
    }

    TEST_CASE("one event weighs at most 256") {
        EngagementConfig config;
        config.other_channels = 200;
        config.other_topics = 200;
        const Engagement engagement{config, channels, topics};
        CHECK(engagement.weight(click(at("2026-03-01T00:00Z"), 1)) == 256);
    }

    TEST_CASE("the decayed sums are those of the definition") {
        const EngagementConfig config = varied();
        for (const std::array<double, 3>& days : {std::array{7.0, 30.0, 180.0}, {1.0 / 24, 1.0, 3650.0}}) {
            EngagementConfig with = config;
            with.half_lives = {{"a", days[0], 0.3, 5}, {"b", days[1], 0.3, 5}, {"c", days[2], 0.3, 5}};
            const Engagement engagement{with, channels, topics};
            for (std::uint64_t seed = 0; seed < 60; ++seed) {
                CAPTURE(seed);
                Random random{seed};
                const std::int64_t first_ms = random.between(0, 4'000'000'000'000);
                const std::int64_t span_ms = random.between(1, 2) == 1 ? 3 * 3'600'000 : 40 * day_ms;
                const auto events = random_events(random, 1 + random.below(300), first_ms, span_ms);
                const State state = fold(engagement, events);
                // Not before the latest event; up to 100 of the shortest half-life later.
                const Instant now = Instant::from_unix_ms(
                    first_ms + span_ms + static_cast<std::int64_t>(random.fraction() * 20 * days[0] * day_ms));
                for (std::size_t h = 0; h < 3; ++h) {
                    const auto exact = static_cast<double>(slow_sum(with, events, days[h], now));
                    // What is dropped is below 2^-32 of a first weight, the events' largest is 76.
                    const double newest = std::exp2(-static_cast<double>(now.unix_ms() - first_ms) / day_ms / days[h]);
                    REQUIRE(std::abs(engagement.decayed_weight(state, h, now) - exact) <= 1e-6 * exact + 1e-9 * newest);
                }
            }
        }
    }

    TEST_CASE("any order of arrival gives the same bytes") {
        EngagementConfig config = varied();
        config.half_lives[0].days = 0.5;  // epochs of eight days, so that many events fall out of what is kept
        const Engagement engagement{config, channels, topics};
        for (std::uint64_t seed = 0; seed < 40; ++seed) {
            Random random{seed};
            auto events = random_events(random, 200, at("2024-01-01T00:00Z").unix_ms(), 500 * day_ms);
            std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at_ms < b.at_ms; });
            const State sorted = fold(engagement, events);
            std::reverse(events.begin(), events.end());
            REQUIRE(same_bytes(fold(engagement, events), sorted));
            for (int i = 0; i < 10; ++i) {
                random.shuffle(events);
                REQUIRE(same_bytes(fold(engagement, events), sorted));
            }
        }
    }

    TEST_CASE("events at the ends of all time are folded in any order") {
        const Engagement engagement{plain({{"hour", 1.0 / 24, 0.5, 1}, {"decade", 3650, 0.5, 1}}), channels, topics};
        const std::vector<Event> events{click(Instant::earliest()), click(at("2026-01-01T00:00Z")),
                                        click(Instant::latest())};
        const State state = fold(engagement, events);
        CHECK(same_bytes(fold(engagement, {events[2], events[0], events[1]}), state));
        // The last hour holds the last event alone.
        CHECK(engagement.decayed_weight(state, 0, Instant::latest()) == doctest::Approx(1).epsilon(1e-6));
        // 7973 years before the last are 797 decades: nothing of the others is left there either.
        CHECK(engagement.decayed_weight(state, 1, Instant::latest()) == doctest::Approx(1).epsilon(1e-6));
        CHECK(engagement.value(state, Instant::latest()).events == 3);
    }

    TEST_CASE("a very late event still counts in the sum and in the number of events") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        const Instant now = at("2026-06-01T00:00Z");
        State state = fold(engagement, {click(now)});
        // 70 days are ten half-lives: 1 + 2^-10.
        REQUIRE(engagement.observe(state, click(at("2026-03-23T00:00Z")), Order::arrival) == Observed::done);
        CHECK(engagement.decayed_weight(state, 0, now) == doctest::Approx(1 + 1.0 / 1024).epsilon(1e-6));
        // Forty half-lives earlier nothing that could be seen is added.
        const double before = engagement.decayed_weight(state, 0, now);
        REQUIRE(engagement.observe(state, click(at("2025-08-25T00:00Z")), Order::arrival) == Observed::done);
        CHECK(engagement.decayed_weight(state, 0, now) - before <= std::exp2(-32.0));
        CHECK(state.events == 3);
        CHECK(engagement.value(state, now).last_event_at == now);
    }

    TEST_CASE("sums and the counter of events stop at their limits") {
        EngagementConfig config = plain({{"decade", 3650, 1, 1}});
        config.other_channels = 256;
        config.other_topics = 256;
        const Engagement engagement{config, channels, topics};
        State state{};
        const Event heavy = click(Instant::latest());
        double before = 0;
        for (int i = 0; i < 3'000'000; ++i) {
            (void)engagement.observe(state, heavy, Order::arrival);
            if (i % 100'000 == 0) {
                const double now = engagement.fraction(state, Instant::latest());
                REQUIRE(now >= before);
                REQUIRE(now <= 1);
                before = now;
            }
        }
        for (const auto& sums : state.sums) {
            for (const std::int64_t sum : sums) REQUIRE(sum >= 0);
        }
        state.events = std::numeric_limits<std::uint32_t>::max();
        (void)engagement.observe(state, heavy, Order::arrival);
        CHECK(state.events == std::numeric_limits<std::uint32_t>::max());
    }

    TEST_CASE("a saturated sum stays the same in any order") {
        const Engagement engagement{plain({{"week", 7, 1, 1}}), channels, topics};
        State state = fold(engagement, {click(at("2026-03-01T00:00Z"))});
        state.sums[0][0] = std::numeric_limits<std::int64_t>::max() - 1;
        (void)engagement.observe(state, click(at("2026-03-01T00:00Z")), Order::arrival);
        CHECK(state.sums[0][0] == std::numeric_limits<std::int64_t>::max());
        (void)engagement.observe(state, click(at("2026-03-01T00:00Z")), Order::arrival);
        CHECK(state.sums[0][0] == std::numeric_limits<std::int64_t>::max());
    }

    TEST_CASE("the parts add up to the fraction exactly, in any order, and stay in [0, 1]") {
        const Engagement engagement{varied(), channels, topics};
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            Random random{seed};
            const auto first = at("2025-01-01T00:00Z");
            const auto events = random_events(random, random.below(200), first.unix_ms(), 100 * day_ms);
            const State state = fold(engagement, events);
            const auto score = engagement.value(
                state, first + std::chrono::days{100} + std::chrono::minutes{random.between(0, 90'000)});
            std::array<std::size_t, 3> order{0, 1, 2};
            do {
                double sum = 0;
                for (const std::size_t part : order) sum += score.parts[part].contribution;
                REQUIRE(sum == score.fraction);
            } while (std::next_permutation(order.begin(), order.end()));
            REQUIRE(score.fraction >= 0);
            REQUIRE(score.fraction <= 1);
            for (const auto& part : score.parts) {
                REQUIRE(part.contribution <= part.share);
                const double steps = part.contribution * 1'073'741'824;  // a multiple of 2^-30
                REQUIRE(steps == std::floor(steps));
                // share * S / (S + scale), cut by less than 2^-30
                const double scale =
                    engagement.half_lives()[static_cast<std::size_t>(&part - score.parts.data())].scale;
                const double exact = part.share * part.decayed_weight / (part.decayed_weight + scale);
                REQUIRE(std::abs(part.contribution - exact) <= 1.0 / 1'073'741'824);
            }
            REQUIRE(score.trend >= -1);
            REQUIRE(score.trend <= 1);
        }
    }

    TEST_CASE("the fraction of columns is the fraction of the explained score, bit by bit") {
        const Engagement engagement{varied(), channels, topics};
        Random random{9};
        for (int i = 0; i < 200; ++i) {
            const State state =
                fold(engagement, random_events(random, random.below(50), 1'700'000'000'000, 9 * day_ms));
            const Instant now = Instant::from_unix_ms(1'700'900'000'000 + random.between(0, 90 * day_ms));
            REQUIRE(engagement.fraction(state, now) == engagement.value(state, now).fraction);
        }
    }

    TEST_CASE("one more event never lowers the score at its instant") {
        const Engagement engagement{varied(), channels, topics};
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            Random random{seed};
            const Instant now = at("2026-01-01T00:00Z");
            State state{};
            double before = 0;
            for (const Event& event : random_events(random, 300, now.unix_ms() - 300 * day_ms, 300 * day_ms)) {
                (void)engagement.observe(state, event, Order::arrival);
                const double fraction = engagement.fraction(state, now);
                REQUIRE(fraction >= before);
                before = fraction;
            }
        }
    }

    TEST_CASE("without new events the score falls to 0") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        const Instant start = at("2026-01-01T00:00Z");
        const State state = fold(engagement, {click(start), click(start, 500)});
        double before = 1;
        for (int day = 0; day < 20'000; day += 10) {
            const double now = engagement.fraction(state, start + std::chrono::days{day});
            REQUIRE(now <= before);
            before = now;
        }
        CHECK(before == 0);  // 111 half-lives of the longest memory
        CHECK(engagement.fraction(state, Instant::latest()) == 0);
        CHECK(engagement.trend(state, Instant::latest()) >= -1);
    }

    TEST_CASE("the trend tells rising from falling and steady, by hand") {
        const Engagement engagement{plain({{"short", 1, 0.5, 1}, {"long", 2, 0.5, 1}}), channels, topics};
        const Instant now = at("2026-03-01T00:00Z");
        // One event now: (1/1 - 1/2) / (1/1 + 1/2) = 1/3.
        CHECK(engagement.trend(fold(engagement, {click(now)}), now) == doctest::Approx(1.0 / 3).epsilon(1e-6));
        // One event four days ago: short 2^-4, long 2^-2: (1/16 - 1/8) / (1/16 + 1/8) = -1/3.
        CHECK(engagement.trend(fold(engagement, {click(now - std::chrono::days{4})}), now) ==
              doctest::Approx(-1.0 / 3).epsilon(1e-6));
        // One event two days ago: short 1/4, long 1/2 over two: equal.
        CHECK(std::abs(engagement.trend(fold(engagement, {click(now - std::chrono::days{2})}), now)) < 1e-6);
        // An event each minute for 60 days: near the steady state, where both hold h / ln 2 per day's weight.
        State steady{};
        for (int minute = 0; minute < 60 * 1440; ++minute) {
            (void)engagement.observe(steady, click(now - std::chrono::minutes{minute}), Order::arrival);
        }
        CHECK(std::abs(engagement.trend(steady, now)) < 1e-3);
    }

    TEST_CASE("what the institution sends is no engagement, nor is an act that weighs nothing") {
        const Engagement engagement{EngagementConfig{}, channels, topics};
        State state{};
        Event event = click(at("2026-03-01T00:00Z"));
        event.direction = Direction::outbound;
        CHECK(engagement.observe(state, event, Order::arrival) == Observed::done);
        event.direction = Direction::inbound;
        for (const Act act : {Act::sent, Act::delivered, Act::bounced, Act::missed, Act::absent}) {
            event.act = act;
            CHECK(engagement.observe(state, event, Order::arrival) == Observed::done);
        }
        CHECK(same_bytes(state, State{}));
    }

    TEST_CASE("blocks give the same bytes as single events, at every size up to a block") {
        EngagementConfig config = varied();
        config.acts[static_cast<std::size_t>(Act::opened)] = 0;  // so that some events weigh nothing
        const Engagement engagement{config, channels, topics};
        const auto block = std::make_unique<Engagement::Block>();
        for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{255},
                                       alloquy::score::block_size}) {
            Random random{size};
            const auto events = random_events(random, size, Instant::min_unix_ms, 3'000'000 * day_ms);
            const State single = fold(engagement, events);
            engagement.prepare(events, *block);
            State state{};
            for (std::size_t i = 0; i < size; ++i) {
                REQUIRE(engagement.observe(state, events[i], Order::arrival, *block, i) == Observed::done);
            }
            REQUIRE(same_bytes(state, single));
        }
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
        CHECK_FALSE(refused([](EngagementConfig&) {}));
        CHECK(refused([](EngagementConfig& c) { c.half_lives.clear(); }));
        CHECK(refused([](EngagementConfig& c) { c.half_lives.assign(4, {"x", 7, 0.1, 1}); }));
        for (const double days : {0.0, -1.0, 0.04, 3650.1, nan}) {
            CHECK(refused([&](EngagementConfig& c) { c.half_lives[0].days = days; }));
        }
        CHECK_FALSE(refused([](EngagementConfig& c) { c.half_lives[0].days = 1.0 / 24; }));
        CHECK_FALSE(refused([](EngagementConfig& c) { c.half_lives[2].days = 3650; }));
        for (const double share : {0.0, -0.1, 1.1, nan}) {
            CHECK(refused([&](EngagementConfig& c) { c.half_lives.assign(1, {"x", 7, share, 1}); }));
        }
        CHECK(refused([](EngagementConfig& c) { c.half_lives[0].share = 0.41; }));  // 1.01 in all
        for (const double scale : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
            CHECK(refused([&](EngagementConfig& c) { c.half_lives[1].scale = scale; }));
        }
        for (const double weight : {-0.1, nan, std::numeric_limits<double>::infinity()}) {
            CHECK(refused([&](EngagementConfig& c) { c.channels["mail"] = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.topics["study"] = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.other_channels = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.other_topics = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.acts[3] = weight; }));
            CHECK(refused([&](EngagementConfig& c) { c.directions[1] = weight; }));
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

    TEST_CASE("shares that add up to a little more than 1 never give more than 1") {
        const double more = 0.5 + 9.4e-10;  // just above 2^-30, the step of a contribution
        const EngagementConfig config = plain({{"a", 7, 0.5, 1e-30}, {"b", 30, more, 1e-30}});
        try {
            const Engagement engagement{config, channels, topics};
            State state{};
            for (int i = 0; i < 1000; ++i)
                (void)engagement.observe(state, click(at("2026-03-01T00:00Z"), 1000), Order::arrival);
            CHECK(engagement.fraction(state, at("2026-03-01T00:00Z")) <= 1);
        } catch (const alloquy::InvalidArgument&) {
            CHECK(true);  // refusing them is as good
        }
    }
}
