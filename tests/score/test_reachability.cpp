#include <alloquy/score/reachability.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/instants.hpp"
#include "../support/random.hpp"

using alloquy::model::Act;
using alloquy::model::Direction;
using alloquy::score::Event;
using alloquy::score::Explanation;
using alloquy::score::HourCounts;
using alloquy::score::HourEstimate;
using alloquy::score::hours_per_week;
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
    return {minute(at_minute).unix_ms(), 0, 0, 1, channel, 0, act, direction, hour};
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

/// Own acts in these hours of the week, so many each, on changing channels.
State acts_in(const Reachability& reachability, const std::vector<std::pair<int, int>>& counts) {
    std::vector<Event> events;
    for (const auto& [hour, count] : counts) {
        for (int i = 0; i < count; ++i) {
            const auto next = static_cast<std::int64_t>(events.size());
            events.push_back(reply(next, static_cast<std::uint8_t>(next % 4), static_cast<std::uint8_t>(hour)));
        }
    }
    return fold(reachability, events);
}
HourCounts group_of(const std::vector<std::pair<std::size_t, std::uint64_t>>& counts) {
    HourCounts group{};
    for (const auto& [hour, count] : counts) group[hour] = count;
    return group;
}
std::vector<int> hours_in(const std::vector<HourEstimate>& estimates) {
    std::vector<int> hours_of_week;
    for (const HourEstimate& estimate : estimates) hours_of_week.push_back(estimate.hour_of_week);
    return hours_of_week;
}

/// Cut to a multiple of 2^-40, as probabilities are.
double cut(double fraction) {
    return std::floor(fraction * 0x1p40) / 0x1p40;
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
    std::int64_t last_answer_ms = Reachability::never;
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
                estimate.last_answer_ms = events[j].at_ms;
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
            random.chance(50) ? Direction::inbound : Direction::outbound,
            static_cast<std::uint8_t>(random.below(169))));
    }
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at_ms < b.at_ms; });
    return events;
}

/// True if these are the hours with their parts, to the grid of 2^-40 on which they lie.
bool are(const std::vector<HourEstimate>& found, const std::vector<HourEstimate>& expected) {
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-12; };
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [&](const HourEstimate& a, const HourEstimate& b) {
                          return a.hour_of_week == b.hour_of_week && a.acts == b.acts &&
                                 near(a.probability, b.probability) && near(a.own, b.own) && near(a.group, b.group);
                      });
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
        CHECK_FALSE(score.last_two_way_at);
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
        CHECK(estimate.probability == cut((2.0 + 2) / (2.0 + 6 + 4)));
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
        CHECK(reachability.estimate(state, 1, minute(100)).probability == cut(2.0 / 9));
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

    TEST_CASE("an act is an attempt, an own act or neither, by its kind and direction") {
        for (int number = 0; number < 16; ++number) {
            const auto act = static_cast<Act>(number);
            for (const Direction direction : {Direction::inbound, Direction::outbound}) {
                CAPTURE(number);
                const Event event = event_of(0, mail, act, direction);
                CHECK(Reachability::is_attempt(act, direction) == is_attempt(event));
                CHECK(Reachability::is_own_act(act, direction) == is_own(event));
            }
        }
    }

    TEST_CASE("the last two-way moment is an answer within the window or a conversation, on any channel") {
        const Reachability reachability{config_of(hours{1}), channels};
        const auto last = [&](const std::vector<Event>& events) {
            return reachability.value(fold(reachability, events), minute(1000)).last_two_way_at;
        };
        const auto inbound = [](std::int64_t at_minute, std::uint8_t channel, Act act) {
            return event_of(at_minute, channel, act, Direction::inbound);
        };
        CHECK_FALSE(last({sent(0)}));
        CHECK_FALSE(last({inbound(5, mail, Act::clicked)}));  // an own act, but no answer
        CHECK(last({sent(0), inbound(5, mail, Act::clicked)}) == minute(5));
        CHECK_FALSE(last({sent(0), inbound(61, mail, Act::clicked)}));  // too late
        CHECK_FALSE(last({sent(0), inbound(5, phone, Act::clicked)}));  // another channel
        CHECK(last({sent(0), inbound(5, mail, Act::clicked), inbound(6, mail, Act::clicked)}) == minute(5));
        for (const Act act : {Act::replied, Act::answered, Act::attended}) {
            for (const std::uint8_t channel : {mail, phone, post, std::uint8_t{0}}) {
                CHECK(last({inbound(5, channel, act)}) == minute(5));
                CHECK(last({inbound(5, channel, act), inbound(9, channel, Act::visited)}) == minute(5));
                CHECK_FALSE(last({event_of(5, channel, act, Direction::outbound)}));
            }
        }
    }

    TEST_CASE("without a group the best hours are the three with most own acts, where the zone is known") {
        const Reachability reachability{config_of(), channels};
        const State state = acts_in(reachability, {{20, 5}, {8, 2}, {0, 9}, {167, 3}, {int{Event::no_hour}, 50}});
        const auto score = reachability.value(state, minute(100));
        // Shares of the 19 acts whose hour is known.
        CHECK(are(score.best_hours,
                  {{0, 9.0 / 19, 9, 9.0 / 19, 0}, {20, 5.0 / 19, 5, 5.0 / 19, 0}, {167, 3.0 / 19, 3, 3.0 / 19, 0}}));
        CHECK(score.own_acts[8] == 2);
        CHECK(score.own_acts[0] == 9);
        CHECK(score.own_acts[167] == 3);
        const auto one = reachability.value(fold(reachability, {reply(0, post, 17)}), minute(100));
        CHECK(one.best_hours == std::vector<HourEstimate>{{17, 1, 1, 1, 0}});
        const auto none = reachability.value(fold(reachability, {reply(0, post)}), minute(100));
        CHECK(none.best_hours.empty());
        CHECK_FALSE(reachability.best_hour(fold(reachability, {reply(0, post)}), HourCounts{}));
    }

    TEST_CASE("the group's habit is mixed in with the weight of hour_prior acts, by hand") {
        ReachabilityConfig config = config_of();
        REQUIRE(config.hour_prior == 20);
        const HourCounts group = group_of({{10, 60}, {34, 40}});
        const Reachability reachability{config, channels};
        const State state = acts_in(reachability, {{34, 5}, {100, 3}});
        // (5 + 20 * 0.4) / 28, (0 + 20 * 0.6) / 28, (3 + 0) / 28.
        const auto best = reachability.best_hours(state, group);
        REQUIRE(hours_in(best) == std::vector<int>{34, 10, 100});
        CHECK(best[0].probability == doctest::Approx(13.0 / 28).epsilon(1e-12));
        CHECK(best[1].probability == doctest::Approx(12.0 / 28).epsilon(1e-12));
        CHECK(best[2].probability == doctest::Approx(3.0 / 28).epsilon(1e-12));
        CHECK(are(best, {{34, 13.0 / 28, 5, 5.0 / 28, 8.0 / 28},
                         {10, 12.0 / 28, 0, 0, 12.0 / 28},
                         {100, 3.0 / 28, 3, 3.0 / 28, 0}}));
        for (const HourEstimate& hour : best) CHECK(hour.own + hour.group == hour.probability);
        CHECK(reachability.value(state, minute(100), group).best_hours == best);
        CHECK(hours_in(reachability.value(state, minute(100)).best_hours) == std::vector<int>{34, 100});  // no group
        // A group that weighs one act only: (5 + 0.4) / 9, 3 / 9, 0.6 / 9.
        config.hour_prior = 1;
        const auto own = Reachability{config, channels}.best_hours(state, group);
        REQUIRE(hours_in(own) == std::vector<int>{34, 100, 10});
        CHECK(own[0].probability == doctest::Approx(5.4 / 9).epsilon(1e-12));
        CHECK(own[1].probability == doctest::Approx(3.0 / 9).epsilon(1e-12));
        CHECK(own[2].probability == doctest::Approx(0.6 / 9).epsilon(1e-12));
        // One that weighs ten thousand: the group's hours, nearly as the group has them.
        config.hour_prior = 10'000;
        const auto habit = Reachability{config, channels}.best_hours(state, group);
        REQUIRE(hours_in(habit) == std::vector<int>{10, 34, 100});
        CHECK(habit[0].probability == doctest::Approx(6000.0 / 10'008).epsilon(1e-12));
    }

    TEST_CASE("somebody unknown has the group's best hours") {
        const Reachability reachability{config_of(), channels};
        const HourCounts group = group_of({{0, 1}, {30, 50}, {99, 20}, {167, 29}});
        const auto best = reachability.best_hours(State{}, group);
        REQUIRE(hours_in(best) == std::vector<int>{30, 167, 99});
        CHECK(best[0].probability == doctest::Approx(0.5).epsilon(1e-12));
        CHECK(best[0].acts == 0);
        CHECK(reachability.best_hour(State{}, group) == 30);
        CHECK_FALSE(reachability.best_hour(State{}, HourCounts{}));
        CHECK(reachability.best_hours(State{}, HourCounts{}).empty());
        // The size of the group does not matter, its shares do.
        HourCounts large = group;
        for (std::uint64_t& count : large) count *= 1'000'000'000'000;
        CHECK(reachability.best_hours(State{}, large) == best);
        CHECK(reachability.best_hours(State{}, group_of({{5, 7}})) == std::vector<HourEstimate>{{5, 1, 0, 0, 1}});
    }

    TEST_CASE("of equal hours the earlier one is better") {
        const Reachability reachability{config_of(), channels};
        const State state = acts_in(reachability, {{150, 2}, {40, 2}, {3, 2}, {90, 2}, {2, 1}});
        CHECK(hours_in(reachability.best_hours(state, HourCounts{})) == std::vector<int>{3, 40, 90});
        CHECK(reachability.best_hour(state, HourCounts{}) == 3);
        HourCounts flat{};
        flat.fill(17);
        CHECK(hours_in(reachability.best_hours(State{}, flat)) == std::vector<int>{0, 1, 2});
        CHECK(reachability.best_hour(State{}, flat) == 0);
        CHECK(hours_in(reachability.best_hours(state, flat)) == std::vector<int>{3, 40, 90});
    }

    TEST_CASE("best hours are those with the largest posterior mean, computed slowly for every hour") {
        for (std::uint64_t seed = 0; seed < 1500; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            ReachabilityConfig config = config_of();
            config.hour_prior = random.chance(50) ? 20 : std::exp2(random.fraction() * 26 - 8);
            const Reachability reachability{config, channels};
            State state{};
            HourCounts group{};
            const std::size_t own_hours = random.below(12);
            for (std::size_t i = 0; i < own_hours; ++i) {
                state.hours[random.below(hours_per_week)] = static_cast<std::uint8_t>(random.below(256));
            }
            if (random.chance(80)) {
                const std::size_t group_hours = random.below(30);
                for (std::size_t i = 0; i < group_hours; ++i) {
                    group[random.below(hours_per_week)] = random.below(random.chance(50) ? 10 : 1'000'000'000);
                }
            }
            long double own = 0;
            long double all = 0;
            for (std::size_t hour = 0; hour < hours_per_week; ++hour) {
                own += state.hours[hour];
                all += static_cast<long double>(group[hour]);
            }
            std::array<long double, hours_per_week> exact{};
            std::size_t possible = 0;
            for (std::size_t hour = 0; hour < hours_per_week; ++hour) {
                if (own + all == 0) continue;
                const long double prior = all > 0 ? config.hour_prior * static_cast<long double>(group[hour]) / all : 0;
                exact[hour] = (state.hours[hour] + prior) / (own + (all > 0 ? config.hour_prior : 0.0L));
                if (exact[hour] > 0) ++possible;
            }
            const auto best = reachability.best_hours(state, group);
            REQUIRE(best.size() == std::min<std::size_t>(3, possible));
            for (std::size_t i = 0; i < best.size(); ++i) {
                const auto hour = static_cast<std::size_t>(best[i].hour_of_week);
                REQUIRE(best[i].probability > 0);
                REQUIRE(best[i].probability <= 1);
                REQUIRE(best[i].probability == doctest::Approx(static_cast<double>(exact[hour])).epsilon(1e-12));
                REQUIRE(best[i].own + best[i].group == best[i].probability);
                const double own_part =
                    static_cast<double>(state.hours[hour] / (own + (all > 0 ? config.hour_prior : 0.0L)));
                REQUIRE(best[i].own == doctest::Approx(own_part).epsilon(1e-12));
                REQUIRE(best[i].acts == state.hours[hour]);
                // All hours that are better, or as good and earlier, stand before it.
                for (std::size_t other = 0; other < hours_per_week; ++other) {
                    if (exact[other] < exact[hour] - 1e-14L || other == hour) continue;
                    const bool is_better =
                        exact[other] > exact[hour] + 1e-14L ||
                        (state.hours[other] == state.hours[hour] && group[other] == group[hour] && other < hour);
                    if (!is_better) continue;
                    const bool stands_before = std::any_of(
                        best.begin(), best.begin() + static_cast<std::ptrdiff_t>(i),
                        [&](const HourEstimate& estimate) { return estimate.hour_of_week == static_cast<int>(other); });
                    REQUIRE(stands_before);
                }
            }
            const auto first = reachability.best_hour(state, group);
            REQUIRE(first.has_value() == !best.empty());
            if (first) REQUIRE(*first == best.front().hour_of_week);
        }
    }

    TEST_CASE("an hour's acts stop at 255, and its probability with them") {
        const Reachability reachability{config_of(), channels};
        for (const int count : {254, 255, 256, 257, 1000}) {
            CAPTURE(count);
            const State state = acts_in(reachability, {{77, count}, {12, 45}});
            const auto score = reachability.value(state, minute(5000));
            const int counted = std::min(count, 255);
            CHECK(score.own_acts[77] == counted);
            CHECK(score.own_acts[76] == 0);
            CHECK(score.own_acts[78] == 0);
            REQUIRE(score.best_hours.size() == 2);
            CHECK(score.best_hours[0].acts == static_cast<std::uint32_t>(counted));
            CHECK(score.best_hours[0].probability == doctest::Approx(counted / (counted + 45.0)).epsilon(1e-12));
        }
    }

    TEST_CASE("the explanation of a channel adds up to its probability exactly") {
        ReachabilityConfig config = config_of(minutes{200});
        config.priors["phone"] = {0.3, 1.7};
        const Reachability reachability{config, channels};
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const auto events = random_events(random, random.below(120), 5000);
            const State state = fold(reachability, events);
            const Instant now = minute(5000 + random.between(0, 300));
            for (std::size_t slot = 0; slot < 2; ++slot) {
                const ResponseEstimate estimate = reachability.estimate(state, slot, now);
                const Explanation explanation = reachability.explain(state, slot, now);
                REQUIRE(explanation.value == estimate.probability);
                REQUIRE(explanation.evidence == estimate.attempts);
                REQUIRE(explanation.parts.size() == 2);
                const auto& [assumed, answered] = std::pair{explanation.parts[0], explanation.parts[1]};
                REQUIRE(assumed.contribution + answered.contribution == explanation.value);
                REQUIRE(answered.contribution + assumed.contribution == explanation.value);
                REQUIRE(assumed.contribution >= 0);
                REQUIRE(answered.contribution >= 0);
                const auto& prior = config.priors.at(slot == 0 ? "phone" : "mail");
                REQUIRE(assumed.value == prior.responses);
                REQUIRE(answered.value == estimate.answered);
                // A pseudo-count or an answer weighs 1 / (responses + silences + attempts).
                const double weight = 1 / (prior.responses + prior.silences + estimate.attempts);
                REQUIRE(assumed.weight == weight);
                REQUIRE(answered.weight == weight);
                REQUIRE(std::abs(assumed.contribution - assumed.value * weight) <= 0x1p-39);
                REQUIRE(std::abs(answered.contribution - answered.value * weight) <= 0x1p-39);
            }
        }
        const Explanation nothing = reachability.explain(State{}, 1, minute(0));
        CHECK(nothing.name == "response:mail");
        CHECK(nothing.value == 0.25);
        CHECK(nothing.evidence == 0);
        CHECK(nothing.parts[0].contribution == 0.25);
        CHECK(nothing.parts[1].contribution == 0);
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
            std::array<std::uint8_t, hours_per_week> by_hour{};
            std::int64_t last_ms = std::max(slow_estimate(events, phone, window, now).last_answer_ms,
                                            slow_estimate(events, mail, window, now).last_answer_ms);
            for (const Event& event : events) {
                if (!is_own(event)) continue;
                if (event.hour_of_week < hours_per_week) ++by_hour[event.hour_of_week];
                if (event.act == Act::replied || event.act == Act::answered || event.act == Act::attended) {
                    last_ms = std::max(last_ms, event.at_ms);
                }
            }
            const auto score = reachability.value(state, now);
            REQUIRE(score.own_acts == by_hour);
            REQUIRE(score.last_two_way_at.has_value() == (last_ms != Reachability::never));
            if (score.last_two_way_at) REQUIRE(score.last_two_way_at->unix_ms() == last_ms);
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

    TEST_CASE("attempts and answers stop at 65,535") {
        const Reachability reachability{config_of(minutes{5}), channels};
        State state{};
        for (int i = 0; i < 70'000; ++i) {
            (void)reachability.observe(state, sent(2 * i), Order::canonical);
            (void)reachability.observe(state, reply(2 * i + 1, mail, 4), Order::canonical);
        }
        const auto score = reachability.value(state, minute(200'000));
        CHECK(score.own_acts[4] == 255);
        CHECK(score.channels[1].attempts == 65'535);
        CHECK(score.channels[1].answered >= 65'534);  // the last one's answer may come too late to count
        CHECK(score.channels[1].answered <= 65'535);
        CHECK(score.channels[1].probability < 1);
        CHECK(score.last_two_way_at == minute(2 * 69'999 + 1));
    }

    TEST_CASE("what more attempts than can be counted say of the latency and the probability stays true") {
        const Reachability reachability{config_of(minutes{5}), channels};
        State state{};
        for (int i = 0; i < 200'000; ++i) {
            (void)reachability.observe(state, sent(10 * i), Order::canonical);
            if (i % 2 == 0) (void)reachability.observe(state, reply(10 * i + 4), Order::canonical);
        }
        // Every second attempt is answered, always after four minutes.
        const ResponseEstimate estimate = reachability.estimate(state, 1, minute(3'000'000));
        CHECK(estimate.probability == doctest::Approx(0.5).epsilon(1e-3));
        REQUIRE(estimate.usual_latency);
        CHECK(*estimate.usual_latency == minutes{4});
    }

    TEST_CASE("attempts are answered at the ends of all time") {
        const Reachability reachability{config_of(minutes{30}), channels};
        const auto event = [](Instant when, Act act, Direction direction) {
            return Event{when.unix_ms(), 0, 0, 1, mail, 0, act, direction, Event::no_hour};
        };
        const State state =
            fold(reachability, {event(Instant::earliest(), Act::sent, Direction::outbound),
                                event(Instant::earliest() + minutes{7}, Act::replied, Direction::inbound),
                                event(Instant::latest() - minutes{7}, Act::sent, Direction::outbound),
                                event(Instant::latest(), Act::replied, Direction::inbound)});
        const ResponseEstimate estimate = reachability.estimate(state, 1, Instant::latest());
        CHECK(estimate.attempts == 2);
        CHECK(estimate.answered == 2);
        CHECK(*estimate.usual_latency == minutes{7});
        CHECK(reachability.value(state, Instant::latest()).last_two_way_at == Instant::latest());
        const State before =
            fold(reachability, {event(minute(0) - hours{24 * 365 * 100}, Act::sent, Direction::outbound)});
        CHECK(reachability.estimate(before, 1, minute(0)).attempts == 1);
    }

    TEST_CASE("a probability is never 0 or 1, whatever prior is accepted") {
        for (const auto& prior : {alloquy::score::ResponsePrior{1e-9, 999'999}, {999'999, 1e-12}}) {
            ReachabilityConfig config = config_of();
            config.priors["mail"] = prior;
            try {
                const Reachability reachability{config, channels};
                const double probability = reachability.estimate(State{}, 1, minute(0)).probability;
                CHECK(probability > 0);
                CHECK(probability < 1);
            } catch (const alloquy::InvalidArgument&) {
                CHECK(true);  // refusing it is as good
            }
        }
    }

    TEST_CASE("parameters change with what the state depends on, and with nothing else") {
        const std::vector<double> before = Reachability{config_of(), channels}.parameters();
        const auto changed = [&](const std::function<void(ReachabilityConfig&)>& change) {
            ReachabilityConfig config = config_of();
            change(config);
            return Reachability{config, channels}.parameters() != before;
        };
        CHECK_FALSE(changed([](ReachabilityConfig&) {}));
        CHECK_FALSE(changed([](ReachabilityConfig& c) { c.priors["phone"] = {3, 4}; }));
        CHECK_FALSE(changed([](ReachabilityConfig& c) { c.hour_prior = 5; }));
        CHECK(changed([](ReachabilityConfig& c) { c.response_window = hours{71}; }));
        CHECK(changed([](ReachabilityConfig& c) { c.channels = {"mail", "phone"}; }));
        CHECK(changed([](ReachabilityConfig& c) { c.channels.emplace_back("post"); }));
    }

    TEST_CASE("asking for cache lines changes nothing, for any event") {
        const Reachability reachability{config_of(), channels};
        const State state{};
        for (int number = 0; number < 16; ++number) {
            for (std::uint8_t channel = 0; channel <= 31; ++channel) {
                reachability.prefetch(state, event_of(0, channel, static_cast<Act>(number), Direction::inbound, 167));
                reachability.prefetch(state, event_of(0, channel, static_cast<Act>(number), Direction::outbound));
            }
        }
        CHECK(same_bytes(state, State{}));
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
        CHECK(refused([](ReachabilityConfig& c) { c.response_window = std::chrono::seconds{59}; }));
        CHECK(refused([](ReachabilityConfig& c) { c.response_window = hours{24 * 366} + Duration{1}; }));
        for (const double count : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
            CHECK(refused([&](ReachabilityConfig& c) { c.priors["mail"].responses = count; }));
            CHECK(refused([&](ReachabilityConfig& c) { c.priors["phone"] = {1, count}; }));
            CHECK(refused([&](ReachabilityConfig& c) { c.hour_prior = count; }));
        }
        CHECK(refused([](ReachabilityConfig& c) { c.priors["post"] = {1, 1}; }));  // no contact channel
        CHECK_FALSE(refused([](ReachabilityConfig& c) { c.response_window = minutes{1}; }));
        CHECK_FALSE(refused([](ReachabilityConfig& c) { c.response_window = hours{24 * 366}; }));
        CHECK_FALSE(refused([](ReachabilityConfig& c) { c.hour_prior = 1e-6; }));
    }

    TEST_CASE("at most eight contact channels of at most 31 channels are taken") {
        std::vector<std::string> many;
        for (int i = 1; i <= 40; ++i) many.push_back("c" + std::to_string(i));
        ReachabilityConfig config;
        config.channels.assign(many.begin() + 23, many.begin() + 31);
        const std::span<const std::string> all{many};
        const Reachability reachability{config, all.first(31)};
        CHECK(reachability.slot_of(24) == 0U);
        CHECK(reachability.slot_of(31) == 7U);
        config.channels.assign(many.begin(), many.begin() + 9);
        CHECK_THROWS_AS((Reachability{config, all.first(31)}), alloquy::InvalidArgument);
        config.channels = {"c1"};
        CHECK_THROWS_AS((Reachability{config, all.first(32)}), alloquy::InvalidArgument);
    }

    TEST_CASE("a contact channel that stands twice is refused") {
        ReachabilityConfig config = config_of();
        config.channels = {"mail", "mail"};
        CHECK_THROWS_AS((Reachability{config, channels}), alloquy::InvalidArgument);
    }
}
