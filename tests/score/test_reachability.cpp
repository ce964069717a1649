#include <alloquy/score/reachability.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

using alloquy::model::Act;
using alloquy::model::Direction;
using alloquy::score::Event;
using alloquy::score::Observed;
using alloquy::score::Order;
using alloquy::score::Reachability;
using alloquy::score::ReachabilityConfig;
using alloquy::score::ResponseEstimate;
using alloquy::support::minute;
using alloquy::support::Random;
using alloquy::time::Duration;
using alloquy::time::Instant;
using State = Reachability::State;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const std::vector<std::string> channels{"mail", "phone", "post"};
constexpr std::uint8_t mail = 1;
constexpr std::uint8_t phone = 2;
constexpr std::uint8_t post = 3;  // not a contact channel

ReachabilityConfig config_of(Duration window = hours{72}) {
    ReachabilityConfig config;
    config.channels = {"phone", "mail"};  // not in the playbook's order
    config.priors = {{"mail", {2, 6}}};
    config.response_window = window;
    return config;
}

Event event_of(std::int64_t at_minute, std::uint8_t channel, Act act, Direction direction,
               std::uint8_t hour = Event::no_hour) {
    return {minute(at_minute).unix_ms(), 0, 1, channel, 0, act, direction, hour};
}
Event sent(std::int64_t at_minute, std::uint8_t channel = mail) {
    return event_of(at_minute, channel, Act::sent, Direction::outbound);
}
Event reply(std::int64_t at_minute, std::uint8_t channel = mail, std::uint8_t hour = Event::no_hour) {
    return event_of(at_minute, channel, Act::replied, Direction::inbound, hour);
}

State fold(const Reachability& reachability, const std::vector<Event>& events) {
    State state{};
    for (const Event& event : events) {
        REQUIRE(reachability.observe(state, event, Order::canonical) == Observed::done);
    }
    return state;
}

bool same_bytes(const State& a, const State& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

/// An act of the person's own: what a channel reports and what did not happen is none, nor is an opened mail.
bool is_own(const Event& event) {
    constexpr std::array none{Act::sent, Act::delivered, Act::bounced, Act::opened, Act::missed, Act::absent};
    return event.direction == Direction::inbound && std::find(none.begin(), none.end(), event.act) == none.end();
}
bool is_attempt(const Event& event) {
    return event.direction == Direction::outbound && (event.act == Act::sent || event.act == Act::called);
}

struct SlowEstimate {
    std::uint32_t attempts = 0;
    std::uint32_t answered = 0;
    double log_minutes = 0;
};

/// The documented rule on the sorted list: each attempt looks for its own answer.
SlowEstimate slow_estimate(const std::vector<Event>& events, std::uint8_t channel, Duration window, Instant now) {
    SlowEstimate estimate;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].channel != channel || !is_attempt(events[i])) continue;
        bool is_settled = now.unix_ms() - events[i].at_ms > window.count();
        for (std::size_t j = i + 1; j < events.size(); ++j) {
            if (events[j].channel != channel) continue;
            if (is_attempt(events[j])) {
                is_settled = true;  // followed by another: it stays unanswered
                break;
            }
            if (!is_own(events[j])) continue;
            is_settled = true;
            const std::int64_t latency_ms = events[j].at_ms - events[i].at_ms;
            if (latency_ms <= window.count()) {
                ++estimate.answered;
                estimate.log_minutes += std::log(std::max(1.0, static_cast<double>(latency_ms) / 60'000));
            }
            break;
        }
        if (is_settled) ++estimate.attempts;
    }
    return estimate;
}

std::vector<Event> random_events(Random& random, std::size_t count, std::int64_t span_minutes) {
    std::vector<Event> events;
    for (std::size_t i = 0; i < count; ++i) {
        events.push_back(event_of(
            random.between(0, span_minutes), static_cast<std::uint8_t>(random.below(4)),
            random.chance(60) ? (random.chance(60) ? Act::sent : Act::replied) : static_cast<Act>(random.below(16)),
            random.chance(50) ? Direction::inbound : Direction::outbound, static_cast<std::uint8_t>(random.below(25))));
    }
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at_ms < b.at_ms; });
    return events;
}

}  // namespace

TEST_SUITE("score/reachability") {
    static_assert(alloquy::score::Signal<Reachability>);

    TEST_CASE("a channel without attempts has the prior's mean") {
        const Reachability reachability{config_of(), channels};
        const auto score = reachability.value(State{}, minute(0));
        REQUIRE(score.channels.size() == 2);
        CHECK(score.channels[0].channel == "phone");  // in the config's order
        CHECK(score.channels[0].probability == 0.5);  // Beta(1, 1): 1 / 2
        CHECK(score.channels[1].channel == "mail");
        CHECK(score.channels[1].probability == 0.25);  // Beta(2, 6): 2 / 8
        CHECK(score.channels[1].attempts == 0);
        CHECK_FALSE(score.channels[1].usual_latency);
        CHECK(score.best_hours.empty());
    }

    TEST_CASE("the posterior mean is (a + answered) / (a + b + attempts), by hand") {
        const Reachability reachability{config_of(), channels};
        // Four mails, three days apart and more; answered after 10 min and 40 min.
        const State state =
            fold(reachability, {sent(0), reply(10), sent(6000), sent(12'000), reply(12'040), sent(18'000)});
        const Instant now = minute(30'000);  // all windows are over
        const ResponseEstimate estimate = reachability.estimate(state, 1, now);
        CHECK(estimate.attempts == 4);
        CHECK(estimate.answered == 2);
        CHECK(estimate.probability == (2.0 + 2) / (2.0 + 6 + 4));
        // sqrt(10 * 40) = 20 minutes.
        REQUIRE(estimate.usual_latency);
        CHECK(*estimate.usual_latency == minutes{20});
    }

    TEST_CASE("an attempt whose window still runs is no evidence") {
        const Reachability reachability{config_of(), channels};
        const State state = fold(reachability, {sent(0), sent(100)});
        // The first was followed by another, so it stays unanswered; the second is open for 72 hours.
        CHECK(reachability.estimate(state, 1, minute(100)).attempts == 1);
        CHECK(reachability.estimate(state, 1, minute(100 + 72 * 60)).attempts == 1);
        CHECK(reachability.estimate(state, 1, minute(100 + 72 * 60 + 1)).attempts == 2);
        CHECK(reachability.estimate(state, 1, minute(100)).probability == 2.0 / 9);
        const State answered = fold(reachability, {sent(0), reply(5)});
        CHECK(reachability.estimate(answered, 1, minute(5)).attempts == 1);  // settled before its window is over
    }

    TEST_CASE("an answer at the end of the window counts, one after it does not") {
        const Reachability reachability{config_of(hours{1}), channels};
        CHECK(reachability.estimate(fold(reachability, {sent(0), reply(60)}), 1, minute(900)).answered == 1);
        const ResponseEstimate late = reachability.estimate(fold(reachability, {sent(0), reply(61)}), 1, minute(900));
        CHECK(late.answered == 0);
        CHECK(late.attempts == 1);
        // The late act is not an answer to anything; nor is a second one.
        const State state = fold(reachability, {sent(0), reply(61), reply(62), sent(100), reply(101), reply(102)});
        CHECK(reachability.estimate(state, 1, minute(900)).answered == 1);
        CHECK(reachability.estimate(state, 1, minute(900)).attempts == 2);
    }

    TEST_CASE("the window is counted in whole minutes, from the minute of the attempt to that of the answer") {
        const Reachability reachability{config_of(hours{1}), channels};
        Event attempt = sent(0);
        Event answer = reply(60);
        answer.at_ms += 59'999;  // still the sixtieth minute
        CHECK(reachability.estimate(fold(reachability, {attempt, answer}), 1, minute(900)).answered == 1);
        answer.at_ms += 1;
        CHECK(reachability.estimate(fold(reachability, {attempt, answer}), 1, minute(900)).answered == 0);
        attempt.at_ms += 60'000;
        CHECK(reachability.estimate(fold(reachability, {attempt, answer}), 1, minute(900)).answered == 1);
        ReachabilityConfig half = config_of(hours{1});
        half.response_window += std::chrono::seconds{30};
        CHECK_THROWS_AS((Reachability{half, channels}), alloquy::InvalidArgument);
    }

    TEST_CASE("a call is an attempt too; an answer on another channel is none") {
        const Reachability reachability{config_of(), channels};
        const State state = fold(reachability, {event_of(0, phone, Act::called, Direction::outbound), reply(5, mail),
                                                event_of(10, phone, Act::answered, Direction::inbound)});
        CHECK(reachability.estimate(state, 0, minute(10)).answered == 1);
        CHECK(*reachability.estimate(state, 0, minute(10)).usual_latency == minutes{10});
        CHECK(reachability.estimate(state, 1, minute(10)).attempts == 0);
    }

    TEST_CASE("what a channel reports, an opened mail and a missed call are no answer") {
        const Reachability reachability{config_of(), channels};
        for (const Act act : {Act::sent, Act::delivered, Act::bounced, Act::opened, Act::missed, Act::absent}) {
            const State state = fold(reachability, {sent(0), event_of(1, mail, act, Direction::inbound, 9), reply(2)});
            CHECK(*reachability.estimate(state, 1, minute(5)).usual_latency == minutes{2});
            CHECK(reachability.value(state, minute(5)).own_acts[9] == 0);
        }
        // Outbound acts other than sent and called are no attempts.
        const State state = fold(reachability, {event_of(0, mail, Act::delivered, Direction::outbound),
                                                event_of(1, mail, Act::replied, Direction::outbound)});
        CHECK(same_bytes(state, State{}));
    }

    TEST_CASE("an answer within the same minute has a latency of one minute") {
        const Reachability reachability{config_of(), channels};
        CHECK(*reachability.estimate(fold(reachability, {sent(3), reply(3)}), 1, minute(3)).usual_latency ==
              minutes{1});
    }

    TEST_CASE("a single answer's usual latency is that latency, within 2e-4") {
        const Reachability reachability{config_of(hours{24 * 300}), channels};
        for (const int latency : {1, 2, 3, 7, 45, 100, 333, 777, 1000, 4320, 10'000, 100'000, 400'000}) {
            CAPTURE(latency);
            const State state = fold(reachability, {sent(0), reply(latency)});
            const auto found = *reachability.estimate(state, 1, minute(latency)).usual_latency;
            CHECK(std::abs(static_cast<double>((found - minutes{latency}).count())) <= 60'000 * (0.5 + 2e-4 * latency));
        }
    }

    TEST_CASE("the best hours are the three with most own acts, on any channel, where the zone is known") {
        const Reachability reachability{config_of(), channels};
        std::vector<Event> events;
        std::int64_t next = 0;
        const auto add = [&](std::uint8_t hour, int count) {
            for (int i = 0; i < count; ++i) {
                events.push_back(reply(next, static_cast<std::uint8_t>(next % 4), hour));
                ++next;
            }
        };
        add(20, 5);
        add(8, 2);
        add(0, 9);
        add(23, 3);
        add(Event::no_hour, 50);
        const auto score = reachability.value(fold(reachability, events), minute(100));
        CHECK(score.best_hours == std::vector<int>{0, 20, 23});
        CHECK(score.own_acts[8] == 2);
        CHECK(score.own_acts[0] == 9);
        const auto one = reachability.value(fold(reachability, {reply(0, post, 17)}), minute(100));
        CHECK(one.best_hours == std::vector<int>{17});
    }

    TEST_CASE("all estimates are those of the documented rule, applied slowly to the sorted list") {
        for (std::uint64_t seed = 0; seed < 600; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const Duration window = minutes{random.between(1, 600)};
            const Reachability reachability{config_of(window), channels};
            const auto events = random_events(random, random.below(120), random.between(10, 20'000));
            const State state = fold(reachability, events);
            const Instant now = (events.empty() ? minute(0) : Instant::from_unix_ms(events.back().at_ms)) +
                                minutes{random.between(0, 700)};
            for (const auto& [slot, channel] : {std::pair{std::size_t{0}, phone}, {std::size_t{1}, mail}}) {
                const SlowEstimate slow = slow_estimate(events, channel, window, now);
                const ResponseEstimate estimate = reachability.estimate(state, slot, now);
                REQUIRE(estimate.attempts == slow.attempts);
                REQUIRE(estimate.answered == slow.answered);
                const double a = channel == mail ? 2 : 1;
                const double b = channel == mail ? 6 : 1;
                REQUIRE(estimate.probability == doctest::Approx((a + slow.answered) / (a + b + slow.attempts)));
                REQUIRE(estimate.probability > 0);
                REQUIRE(estimate.probability < 1);
                REQUIRE(estimate.usual_latency.has_value() == (slow.answered > 0));
                if (slow.answered > 0) {
                    const double mean = std::exp(slow.log_minutes / slow.answered);
                    REQUIRE(std::abs(static_cast<double>(estimate.usual_latency->count()) / 60'000 - mean) <=
                            0.5 + 0.003 * mean);  // to the minute has a case of its own
                }
            }
            std::array<std::uint16_t, 24> hours_of_day{};
            for (const Event& event : events) {
                if (is_own(event) && event.local_hour < 24) ++hours_of_day[event.local_hour];
            }
            REQUIRE(reachability.value(state, now).own_acts == hours_of_day);
        }
    }

    TEST_CASE("events in any order, with a refold whenever one is late, give the bytes of the sorted fold") {
        const Reachability reachability{config_of(minutes{200}), channels};
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const auto events = random_events(random, 1 + random.below(40), random.between(5, 2000));
            std::vector<std::size_t> order(events.size());
            for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
            random.shuffle(order);
            State state{};
            std::vector<std::size_t> seen;
            for (const std::size_t index : order) {
                seen.insert(std::upper_bound(seen.begin(), seen.end(), index), index);
                std::vector<Event> sorted;
                for (const std::size_t i : seen) sorted.push_back(events[i]);
                const State expected = fold(reachability, sorted);
                if (reachability.observe(state, events[index], Order::arrival) == Observed::late) state = expected;
                REQUIRE(same_bytes(state, expected));
            }
        }
    }

    TEST_CASE("an event is late if it is not newer than all others and an attempt is concerned") {
        const Reachability reachability{config_of(), channels};
        const auto observe_after = [&](const std::vector<Event>& before, const Event& event) {
            State state = fold(reachability, before);
            return reachability.observe(state, event, Order::arrival);
        };
        CHECK(observe_after({sent(10)}, reply(11)) == Observed::done);
        CHECK(observe_after({sent(10), reply(20)}, sent(15)) == Observed::late);
        CHECK(observe_after({sent(10), reply(20)}, reply(15)) == Observed::late);
        CHECK(observe_after({sent(10), reply(20)}, reply(20)) == Observed::late);  // a tie has an order of its own
        CHECK(observe_after({reply(20)}, sent(15)) == Observed::late);             // it may have been answered
        CHECK(observe_after({reply(20)}, reply(15)) == Observed::done);            // no attempt there
        CHECK(observe_after({sent(20)}, reply(15, post)) == Observed::done);       // not a contact channel
        CHECK(observe_after({sent(20)}, reply(15, 0)) == Observed::done);          // not in the playbook
        CHECK(observe_after({sent(20)}, event_of(15, mail, Act::opened, Direction::inbound)) == Observed::done);
        CHECK(observe_after({reply(30, post)}, sent(20)) == Observed::done);
    }

    TEST_CASE("a canonical fold never asks for a refold") {
        const Reachability reachability{config_of(), channels};
        Random random{77};
        const auto events = random_events(random, 2000, 300);  // many ties
        CHECK(reachability.estimate(fold(reachability, events), 1, minute(10'000)).attempts > 0);
    }

    TEST_CASE("counters stop at their limits") {
        const Reachability reachability{config_of(minutes{5}), channels};
        State state{};
        for (int i = 0; i < 70'000; ++i) {
            (void)reachability.observe(state, sent(2 * i), Order::canonical);
            (void)reachability.observe(state, reply(2 * i + 1, mail, 4), Order::canonical);
        }
        const auto score = reachability.value(state, minute(200'000));
        CHECK(score.own_acts[4] == 65'535);
        CHECK(score.channels[1].attempts == 65'535);
        CHECK(score.channels[1].answered == 65'535);
        CHECK(score.channels[1].probability < 1);
    }

    TEST_CASE("slots belong to the contact channels alone") {
        const Reachability reachability{config_of(), channels};
        CHECK(reachability.slot_of(phone) == 0U);
        CHECK(reachability.slot_of(mail) == 1U);
        CHECK_FALSE(reachability.slot_of(post));
        CHECK_FALSE(reachability.slot_of(0));
    }

    TEST_CASE("a config out of range is refused") {
        const auto refused = [](const std::function<void(ReachabilityConfig&)>& change) {
            ReachabilityConfig config = config_of();
            change(config);
            try {
                const Reachability reachability{config, channels};
                return false;
            } catch (const alloquy::InvalidArgument&) {
                return true;
            }
        };
        const double nan = std::numeric_limits<double>::quiet_NaN();
        CHECK_FALSE(refused([](ReachabilityConfig&) {}));
        CHECK(refused([](ReachabilityConfig& c) { c.channels.emplace_back("fax"); }));
        CHECK(refused([](ReachabilityConfig& c) { c.channels.assign(9, "mail"); }));
        CHECK(refused([](ReachabilityConfig& c) { c.response_window = Duration{0}; }));
        CHECK(refused([](ReachabilityConfig& c) { c.response_window = Duration{-1}; }));
        CHECK(refused([](ReachabilityConfig& c) { c.response_window = hours{24 * 366} + Duration{1}; }));
        for (const double count : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
            CHECK(refused([&](ReachabilityConfig& c) { c.priors["mail"].responses = count; }));
            CHECK(refused([&](ReachabilityConfig& c) { c.priors["phone"] = {1, count}; }));
        }
    }

    TEST_CASE("a contact channel that stands twice is refused") {
        ReachabilityConfig config = config_of();
        config.channels = {"mail", "mail"};
        CHECK_THROWS_AS((Reachability{config, channels}), alloquy::InvalidArgument);
    }
}
