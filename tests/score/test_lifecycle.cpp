#include <alloquy/score/lifecycle.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

#include <doctest/doctest.h>

#include "../support/instants.hpp"
#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::model::Act;
using alloquy::model::Direction;
using alloquy::score::Event;
using alloquy::score::Lifecycle;
using alloquy::score::LifecycleConfig;
using alloquy::score::LifecycleModel;
using alloquy::score::Observed;
using alloquy::score::OccasionRecord;
using alloquy::score::Order;
using alloquy::score::Recurrence;
using alloquy::support::at;
using alloquy::support::Random;
using alloquy::time::Day;
using alloquy::time::Instant;
using alloquy::time::utc_start;
using State = Lifecycle::State;
using Configs = std::vector<LifecycleConfig>;

static_assert(alloquy::score::Signal<Lifecycle>);
static_assert(Lifecycle::max_lifecycles == 4);

namespace {

const std::vector<std::string> channels{"mail", "phone", "portal"};
const std::vector<std::string> topics{"admission", "money"};
constexpr std::uint8_t mail = 1;
constexpr std::uint8_t phone = 2;
constexpr std::uint8_t portal = 3;
constexpr std::uint8_t money = 2;
constexpr std::int64_t day_ms = 86'400'000;

std::int32_t day_number(std::string_view iso) {
    return Day::from_iso(iso).value().unix_days();
}

/// An act on a day, by default in its 13th hour UTC.
Event event_on(std::int32_t day, Act act = Act::replied, Direction direction = Direction::inbound,
               std::uint8_t channel = mail, std::uint8_t topic = 0, std::int64_t ms = 12 * 3'600'000) {
    return {day * day_ms + ms, 0, day, 1, channel, topic, act, direction, Event::no_hour};
}
Event event_on(std::string_view iso, Act act = Act::replied) {
    return event_on(day_number(iso), act);
}

LifecycleConfig often(std::string name = "visits", std::vector<Act> acts = {Act::replied}) {
    LifecycleConfig config;
    config.name = std::move(name);
    config.acts = std::move(acts);
    config.unit_days = 1;
    return config;
}
LifecycleConfig yearly(std::string name = "giving", int year_starts_in = 1, std::vector<Act> acts = {Act::donated}) {
    LifecycleConfig config = often(std::move(name), std::move(acts));
    config.model = LifecycleModel::bg_bb;
    config.year_starts_in = year_starts_in;
    config.horizon = 5;
    return config;
}
Lifecycle lifecycle_of(Configs configs) {
    return {std::move(configs), channels, topics};
}

State fold(const Lifecycle& lifecycle, const std::vector<Event>& events) {
    State state{};
    for (const Event& event : events) REQUIRE(lifecycle.observe(state, event, Order::canonical) == Observed::done);
    return state;
}
State on_days(const Lifecycle& lifecycle, const std::vector<std::string_view>& days, Act act = Act::replied) {
    std::vector<Event> events;
    for (const std::string_view day : days) events.push_back(event_on(day, act));
    return fold(lifecycle, events);
}
bool same_bytes(const State& a, const State& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}
/// Whether some call throws InvalidArgument with this word in its text.
bool refuses(const Configs& configs, const std::string& word) {
    try {
        (void)lifecycle_of(configs);
    } catch (const InvalidArgument& error) {
        return std::string{error.what()}.find(word) != std::string::npos;
    }
    return false;
}

/// Events in their order, on days that do not fall, with many ties.
std::vector<Event> random_events(Random& random, std::size_t count, std::int32_t first_day, std::int32_t days) {
    std::vector<std::int32_t> when;
    for (std::size_t i = 0; i < count; ++i) {
        when.push_back(first_day + static_cast<std::int32_t>(random.below(static_cast<std::size_t>(days))));
    }
    std::sort(when.begin(), when.end());
    std::vector<Event> events;
    for (std::size_t i = 0; i < count; ++i) {
        events.push_back(event_on(when[i], static_cast<Act>(random.below(16)),
                                  random.chance(75) ? Direction::inbound : Direction::outbound,
                                  static_cast<std::uint8_t>(random.below(4)),
                                  static_cast<std::uint8_t>(random.below(3)), static_cast<std::int64_t>(i)));
    }
    return events;
}
Configs random_configs(Random& random) {
    Configs configs;
    for (std::size_t i = random.below(5); i > 0; --i) {
        const std::string name = "cycle " + std::to_string(i);
        LifecycleConfig config =
            random.chance(50) ? often(name, {}) : yearly(name, static_cast<int>(random.between(1, 12)), {});
        for (std::size_t n = 1 + random.below(10); n > 0; --n)
            config.acts.push_back(static_cast<Act>(random.below(16)));
        if (random.chance(40)) config.channels = {"phone"};
        if (random.chance(20)) config.channels = {"portal", "mail"};
        if (random.chance(40)) config.topics = {random.chance(50) ? "money" : "admission"};
        config.unit_days = static_cast<double>(random.between(1, 30));
        configs.push_back(std::move(config));
    }
    return configs;
}
/// The year in which a day lies if years start in a month, counted by the year of their first day.
int year_of(std::int32_t day, int starts_in) {
    const Day date = Day::from_unix_days(day);
    return date.year() - (date.month() < starts_in ? 1 : 0);
}
bool counts(const LifecycleConfig& config, const Event& event) {
    const auto holds = [](const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                          std::uint8_t number) {
        return wanted.empty() ||
               (number > 0 && std::find(wanted.begin(), wanted.end(), names[number - 1U]) != wanted.end());
    };
    return event.direction == Direction::inbound &&
           std::find(config.acts.begin(), config.acts.end(), event.act) != config.acts.end() &&
           holds(config.channels, channels, event.channel) && holds(config.topics, topics, event.topic);
}

std::optional<std::filesystem::path> cdnow_folder() {
    const char* const data = std::getenv("ALLOQUY_DATA");
    const std::filesystem::path folder =
        (data == nullptr ? std::filesystem::path{"../shared/data"} : std::filesystem::path{data}) / "cdnow";
    return std::filesystem::exists(folder / "CDNOW_sample.txt.gz") &&
                   std::filesystem::exists(folder / "cdnow_customers_summary.csv")
               ? std::optional{folder}
               : std::nullopt;
}
std::string inflated(const std::filesystem::path& path) {
    const gzFile file = gzopen(path.c_str(), "rb");
    REQUIRE(file != nullptr);
    std::string text;
    std::array<char, 65'536> buffer{};
    for (int count = 0; (count = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    REQUIRE(gzclose(file) == Z_OK);
    return text;
}

}  // namespace

TEST_SUITE("score/lifecycle") {
    TEST_CASE("acts on one day count once, and the first day is no repeat") {
        const Lifecycle lifecycle = lifecycle_of({often()});
        const State state =
            on_days(lifecycle, {"2026-03-02", "2026-03-02", "2026-03-05", "2026-03-05", "2026-03-05", "2026-03-12"});
        const auto found = lifecycle.recurrence(state, 0, at("2026-03-20T00:00Z"));
        REQUIRE(found);
        CHECK(*found == Recurrence{2, 10, 18});
    }

    TEST_CASE("somebody who never acted has no statistics, and who acted once has no repeats") {
        const Lifecycle lifecycle = lifecycle_of({often(), yearly()});
        CHECK_FALSE(lifecycle.recurrence(State{}, 0, at("2026-03-20T00:00Z")));
        CHECK_FALSE(lifecycle.opportunities(State{}, 1, at("2026-03-20T00:00Z")));
        State state = on_days(lifecycle, {"2026-03-02"});
        CHECK(lifecycle.recurrence(state, 0, at("2026-03-20T00:00Z")) == Recurrence{0, 0, 18});
        CHECK_FALSE(lifecycle.opportunities(state, 1, at("2026-03-20T00:00Z")));  // of the other kind
        state = on_days(lifecycle, {"2024-03-02"}, Act::donated);
        CHECK(lifecycle.opportunities(state, 1, at("2026-03-20T00:00Z")) == OccasionRecord{0, 0, 1});
        CHECK_FALSE(lifecycle.recurrence(state, 0, at("2026-03-20T00:00Z")));
    }

    TEST_CASE("times are in the unit of the config, today included from its first moment on") {
        LifecycleConfig weekly = often();
        weekly.unit_days = 7;
        const Lifecycle lifecycle = lifecycle_of({weekly});
        const State state = on_days(lifecycle, {"2026-03-02", "2026-03-16"});
        CHECK(lifecycle.recurrence(state, 0, at("2026-03-30T00:00Z")) == Recurrence{1, 2, 4});
        CHECK(lifecycle.recurrence(state, 0, at("2026-03-29T23:59:59.999Z")) == Recurrence{1, 2, 27.0 / 7});
        CHECK(lifecycle.recurrence(state, 0, at("2026-03-30T23:59Z")) == Recurrence{1, 2, 4});
        CHECK(LifecycleConfig{}.unit_days == 7);
    }

    TEST_CASE("a person's local day may be ahead of today in UTC: the age never falls below the recency") {
        const Lifecycle lifecycle = lifecycle_of({often(), yearly("local", 1, {Act::replied})});
        Event act = event_on("2025-12-20");
        State state{};
        CHECK(lifecycle.observe(state, act, Order::arrival) == Observed::done);
        act.local_day = day_number("2026-01-01");
        act.at_ms = at("2025-12-31T20:00Z").unix_ms();  // after midnight where the person is
        CHECK(lifecycle.observe(state, act, Order::arrival) == Observed::done);
        CHECK(lifecycle.recurrence(state, 0, at("2025-12-31T21:00Z")) == Recurrence{1, 12, 12});
        CHECK(lifecycle.opportunities(state, 1, at("2025-12-31T21:00Z")) == OccasionRecord{1, 1, 1});
    }

    TEST_CASE("opportunities are whole years after the first, and the running one where it was used, by hand") {
        const Lifecycle lifecycle = lifecycle_of({yearly()});
        State state =
            on_days(lifecycle, {"2019-05-01", "2019-12-31", "2021-01-01", "2022-06-01", "2022-07-01"}, Act::donated);
        CHECK(lifecycle.opportunities(state, 0, at("2022-08-01T00:00Z")) ==
              OccasionRecord{2, 3, 3});  // 2022 runs and was used
        CHECK(lifecycle.opportunities(state, 0, at("2022-12-31T23:59:59.999Z")) == OccasionRecord{2, 3, 3});
        CHECK(lifecycle.opportunities(state, 0, at("2023-01-01T00:00Z")) ==
              OccasionRecord{2, 3, 3});  // 2022 has passed
        CHECK(lifecycle.opportunities(state, 0, at("2023-12-31T23:59Z")) ==
              OccasionRecord{2, 3, 3});  // 2023 runs, not used
        CHECK(lifecycle.opportunities(state, 0, at("2024-01-01T00:00Z")) == OccasionRecord{2, 3, 4});
        CHECK(lifecycle.opportunities(state, 0, at("2030-02-01T00:00Z")) == OccasionRecord{2, 3, 10});
        state = on_days(lifecycle, {"2022-01-01", "2022-12-31"}, Act::donated);
        CHECK(lifecycle.opportunities(state, 0, at("2022-12-31T13:00Z")) ==
              OccasionRecord{0, 0, 0});  // the first year runs
        CHECK(lifecycle.opportunities(state, 0, at("2023-12-31T13:00Z")) == OccasionRecord{0, 0, 0});
        CHECK(lifecycle.opportunities(state, 0, at("2024-01-01T00:00Z")) == OccasionRecord{0, 0, 1});
    }

    TEST_CASE("the fit sees whole years alone: who acted in the running year is no more faithful for that") {
        const Lifecycle lifecycle = lifecycle_of({yearly()});
        const State state =
            on_days(lifecycle, {"2019-05-01", "2019-12-31", "2021-01-01", "2022-06-01", "2022-07-01"}, Act::donated);
        CHECK(lifecycle.whole_opportunities(state, 0, at("2022-08-01T00:00Z")) == OccasionRecord{1, 2, 2});
        CHECK(lifecycle.whole_opportunities(state, 0, at("2022-12-31T13:00Z")) == OccasionRecord{1, 2, 2});
        CHECK(lifecycle.whole_opportunities(state, 0, at("2023-01-01T00:00Z")) == OccasionRecord{2, 3, 3});
        CHECK(lifecycle.whole_opportunities(state, 0, at("2023-12-31T13:00Z")) == OccasionRecord{2, 3, 3});
        CHECK(lifecycle.whole_opportunities(state, 0, at("2024-01-01T00:00Z")) == OccasionRecord{2, 3, 4});
        const State twice = on_days(lifecycle, {"2020-02-01", "2022-02-01"}, Act::donated);
        CHECK(lifecycle.whole_opportunities(twice, 0, at("2022-02-01T13:00Z")) == OccasionRecord{0, 0, 1});
        // No whole year has passed: nothing to learn from.
        const State once = on_days(lifecycle, {"2022-02-01"}, Act::donated);
        CHECK_FALSE(lifecycle.whole_opportunities(once, 0, at("2022-12-31T13:00Z")));
        CHECK_FALSE(lifecycle.whole_opportunities(once, 0, at("2023-12-31T13:00Z")));
        CHECK(lifecycle.whole_opportunities(once, 0, at("2024-01-01T00:00Z")) == OccasionRecord{0, 0, 1});
        CHECK_FALSE(lifecycle.whole_opportunities(State{}, 0, at("2024-01-01T00:00Z")));
        // The last evening of the year in UTC, the new year in the person's zone.
        const State early = on_days(lifecycle, {"2020-02-01", "2022-02-01", "2023-01-01"}, Act::donated);
        CHECK(lifecycle.whole_opportunities(early, 0, at("2022-12-31T21:00Z")) == OccasionRecord{1, 2, 2});
    }

    TEST_CASE("years may start in September") {
        const Lifecycle lifecycle = lifecycle_of({yearly("giving", 9)});
        // The years from September 2020, 2020 again, 2021 and 2023.
        const State state = on_days(lifecycle, {"2020-09-01", "2021-08-31", "2021-09-01", "2024-08-31"}, Act::donated);
        CHECK(lifecycle.opportunities(state, 0, at("2024-08-31T20:00Z")) == OccasionRecord{2, 3, 3});
        CHECK(lifecycle.opportunities(state, 0, at("2024-09-01T00:00Z")) == OccasionRecord{2, 3, 3});
        CHECK(lifecycle.opportunities(state, 0, at("2025-08-31T23:59Z")) == OccasionRecord{2, 3, 3});
        CHECK(lifecycle.opportunities(state, 0, at("2025-09-01T00:00Z")) == OccasionRecord{2, 3, 4});
        const Lifecycle december = lifecycle_of({yearly("giving", 12)});
        const State turn = on_days(december, {"2020-11-30", "2020-12-01"}, Act::donated);
        CHECK(december.opportunities(turn, 0, at("2020-12-01T13:00Z")) == OccasionRecord{1, 1, 1});
    }

    TEST_CASE("days and years before 1970 are days and years") {
        const Lifecycle lifecycle = lifecycle_of({often(), yearly(), yearly("school", 9)});
        State state = on_days(lifecycle, {"1969-12-30", "1969-12-31", "1970-01-01", "1970-01-02"});
        CHECK(lifecycle.recurrence(state, 0, at("1970-01-03T00:00Z")) == Recurrence{3, 3, 4});
        state = on_days(lifecycle, {"1960-02-29", "1961-02-28"});
        CHECK(lifecycle.recurrence(state, 0, at("1969-12-31T23:59:59.999Z")) ==
              Recurrence{1, 365, static_cast<double>(day_number("1969-12-31") - day_number("1960-02-29"))});
        CHECK(lifecycle.recurrence(state, 0, at("1969-12-31T00:00Z")) ==
              lifecycle.recurrence(state, 0, at("1969-12-31T23:59:59.999Z")));
        state = on_days(lifecycle, {"1955-08-31", "1955-09-01", "1957-01-01"}, Act::donated);
        CHECK(lifecycle.opportunities(state, 1, at("1959-12-31T00:00Z")) == OccasionRecord{1, 2, 3});
        CHECK(lifecycle.opportunities(state, 1, at("1960-01-01T00:00Z")) == OccasionRecord{1, 2, 4});
        // From September: 1954, 1955 and 1956.
        CHECK(lifecycle.opportunities(state, 2, at("1959-08-31T00:00Z")) == OccasionRecord{2, 2, 3});
        CHECK(lifecycle.opportunities(state, 2, at("1959-09-01T00:00Z")) == OccasionRecord{2, 2, 4});
        // The first and the last day that there are.
        const State ends = on_days(lifecycle, {"0001-01-01", "9999-12-31"});
        CHECK(lifecycle.recurrence(ends, 0, Instant::latest())->age == Day::max_unix_days - Day::min_unix_days);
        const State gifts = on_days(lifecycle, {"0001-01-01", "9999-12-31"}, Act::donated);
        CHECK(lifecycle.opportunities(gifts, 1, Instant::latest()) == OccasionRecord{1, 9998, 9998});
        CHECK(lifecycle.opportunities(gifts, 2, Instant::latest()) ==
              OccasionRecord{1, 9999, 9999});  // from September of year 0
    }

    TEST_CASE("only inbound acts of the kinds that are named count") {
        const Lifecycle lifecycle = lifecycle_of({often("replies", {Act::replied, Act::attended})});
        for (int act = 0; act < 16; ++act) {
            CAPTURE(act);
            for (const Direction direction : {Direction::inbound, Direction::outbound}) {
                State state{};
                CHECK(lifecycle.observe(state, event_on(20'000, static_cast<Act>(act), direction), Order::arrival) ==
                      Observed::done);
                const bool expected = direction == Direction::inbound &&
                                      (static_cast<Act>(act) == Act::replied || static_cast<Act>(act) == Act::attended);
                CHECK(lifecycle.recurrence(state, 0, Instant::latest()).has_value() == expected);
                CHECK(same_bytes(state, State{}) != expected);
            }
        }
    }

    TEST_CASE("channels and topics narrow what counts; without them all do, also those not in the playbook") {
        LifecycleConfig by_phone = often("by phone");
        by_phone.channels = {"phone", "portal"};
        LifecycleConfig on_money = often("on money");
        on_money.topics = {"money"};
        LifecycleConfig both = by_phone;
        both.name = "both";
        both.topics = {"money"};
        const Lifecycle lifecycle = lifecycle_of({often("any"), by_phone, on_money, both});
        const auto counted = [&](std::uint8_t channel, std::uint8_t topic) {
            State state{};
            (void)lifecycle.observe(state, event_on(20'000, Act::replied, Direction::inbound, channel, topic),
                                    Order::arrival);
            std::string which;
            for (std::size_t i = 0; i < 4; ++i) {
                which += lifecycle.recurrence(state, i, Instant::latest()).has_value() ? '1' : '0';
            }
            return which;
        };
        CHECK(counted(mail, 0) == "1000");
        CHECK(counted(phone, 0) == "1100");
        CHECK(counted(portal, 1) == "1100");
        CHECK(counted(mail, money) == "1010");
        CHECK(counted(phone, money) == "1111");
        CHECK(counted(0, 0) == "1000");
        CHECK(counted(0, money) == "1010");
        CHECK(counted(31, 255) == "1000");
    }

    TEST_CASE("an act on an earlier day than the latest asks for a refold, and no other act does") {
        const Lifecycle lifecycle = lifecycle_of({often()});
        const State state = on_days(lifecycle, {"2026-03-02", "2026-03-09"});
        for (const std::string_view day : {"2026-03-08", "2026-03-02", "2026-02-01"}) {
            State copy = state;
            CHECK(lifecycle.observe(copy, event_on(day), Order::arrival) == Observed::late);
        }
        State copy = state;
        Event earlier = event_on("2026-03-09");
        earlier.at_ms -= 3'600'000;
        CHECK(lifecycle.observe(copy, earlier, Order::arrival) == Observed::done);  // days count, not hours
        CHECK(same_bytes(copy, state));
        CHECK(lifecycle.observe(copy, event_on("2026-03-01", Act::visited), Order::arrival) == Observed::done);
        CHECK(same_bytes(copy, state));
    }

    TEST_CASE("of yearly dealings only an act in an earlier year asks for a refold") {
        const Lifecycle lifecycle = lifecycle_of({yearly("giving", 9)});
        const State state = on_days(lifecycle, {"2019-10-01", "2022-03-01"}, Act::donated);
        State copy = state;
        CHECK(lifecycle.observe(copy, event_on("2021-09-01", Act::donated), Order::arrival) == Observed::done);
        CHECK(same_bytes(copy, state));
        CHECK(lifecycle.observe(copy, event_on("2021-08-31", Act::donated), Order::arrival) == Observed::late);
    }

    TEST_CASE("statistics are those of the sets of days and years, on random events") {
        for (std::uint64_t seed = 0; seed < 500; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const Configs configs = random_configs(random);
            const Lifecycle lifecycle = lifecycle_of(configs);
            const auto first_day = static_cast<std::int32_t>(random.between(-8000, 8000));
            const auto days = static_cast<std::int32_t>(random.between(1, 6000));
            const auto events = random_events(random, random.below(120), first_day, days);
            const State state = fold(lifecycle, events);
            const std::int32_t today = first_day + days + static_cast<std::int32_t>(random.below(1000));
            const Instant now =
                utc_start(Day::from_unix_days(today)) + std::chrono::milliseconds{random.between(0, day_ms - 1)};
            for (std::size_t i = 0; i < configs.size(); ++i) {
                CAPTURE(i);
                std::set<int> periods;
                const bool by_year = configs[i].model == LifecycleModel::bg_bb;
                const auto period = [&](std::int32_t day) {
                    return by_year ? year_of(day, configs[i].year_starts_in) : day;
                };
                for (const Event& event : events) {
                    if (counts(configs[i], event)) periods.insert(period(event.local_day));
                }
                if (by_year) {
                    const auto found = lifecycle.opportunities(state, i, now);
                    REQUIRE(found.has_value() == !periods.empty());
                    if (!found) continue;
                    const int first = *periods.begin();
                    std::uint32_t passed = 0;
                    for (int year = first + 1; year < period(today); ++year) ++passed;
                    if (period(today) > first && periods.contains(period(today))) ++passed;
                    REQUIRE(*found == OccasionRecord{static_cast<std::uint32_t>(periods.size() - 1),
                                                     static_cast<std::uint32_t>(*periods.rbegin() - first), passed});
                    // The same as if nothing of the running year had been told.
                    periods.erase(period(today));
                    const auto whole = lifecycle.whole_opportunities(state, i, now);
                    REQUIRE(whole.has_value() == (period(today) - first > 1));
                    if (!whole) continue;
                    REQUIRE(*whole == OccasionRecord{static_cast<std::uint32_t>(periods.size() - 1),
                                                     static_cast<std::uint32_t>(*periods.rbegin() - first),
                                                     static_cast<std::uint32_t>(period(today) - first - 1)});
                } else {
                    const auto found = lifecycle.recurrence(state, i, now);
                    REQUIRE(found.has_value() == !periods.empty());
                    if (!found) continue;
                    const double unit = configs[i].unit_days;
                    REQUIRE(*found == Recurrence{static_cast<std::uint32_t>(periods.size() - 1),
                                                 (*periods.rbegin() - *periods.begin()) / unit,
                                                 (today - *periods.begin()) / unit});
                }
            }
        }
    }

    TEST_CASE("events in any order, with a refold whenever one is late, give the bytes of the sorted fold") {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed + 1000};
            const Lifecycle lifecycle = lifecycle_of(random_configs(random));
            const auto events =
                random_events(random, 1 + random.below(40), -500, static_cast<std::int32_t>(random.between(2, 2000)));
            std::vector<std::size_t> order(events.size());
            for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
            random.shuffle(order);
            State state{};
            std::vector<std::size_t> seen;
            for (const std::size_t index : order) {
                seen.insert(std::upper_bound(seen.begin(), seen.end(), index), index);
                std::vector<Event> sorted;
                for (const std::size_t i : seen) sorted.push_back(events[i]);
                const State expected = fold(lifecycle, sorted);
                lifecycle.prefetch(state, events[index]);
                if (lifecycle.observe(state, events[index], Order::arrival) == Observed::late) state = expected;
                REQUIRE(same_bytes(state, expected));
            }
        }
    }

    TEST_CASE("four lifecycles stand side by side, each with its own events") {
        const Lifecycle lifecycle = lifecycle_of(
            {often("a", {Act::replied}), yearly("b"), often("c", {Act::visited}), yearly("d", 9, {Act::replied})});
        CHECK(lifecycle.configs().size() == 4);
        CHECK(lifecycle.configs()[1].name == "b");
        State state{};
        const std::vector<Event> events{event_on("2020-02-01"), event_on("2020-10-01"),
                                        event_on("2021-01-05", Act::donated), event_on("2021-01-07", Act::visited),
                                        event_on("2021-01-09", Act::visited)};
        for (const Event& event : events) REQUIRE(lifecycle.observe(state, event, Order::arrival) == Observed::done);
        const Instant now = at("2022-01-09T00:00Z");
        CHECK(lifecycle.recurrence(state, 0, now) == Recurrence{1, 243, 708});
        CHECK(lifecycle.opportunities(state, 1, now) == OccasionRecord{0, 0, 0});
        CHECK(lifecycle.recurrence(state, 2, now) == Recurrence{1, 2, 367});
        CHECK(lifecycle.opportunities(state, 3, now) == OccasionRecord{1, 1, 1});  // 2019, 2020; 2021 runs
        // Late for one of them is late, though it is no earlier year for "d"; gifts are not concerned.
        CHECK(lifecycle.observe(state, event_on("2021-12-01", Act::donated), Order::arrival) == Observed::done);
        CHECK(lifecycle.observe(state, event_on("2020-09-15"), Order::arrival) == Observed::late);
    }

    TEST_CASE("without lifecycles nothing is folded") {
        const Lifecycle lifecycle = lifecycle_of({});
        State state{};
        CHECK(lifecycle.observe(state, event_on("2020-02-01"), Order::arrival) == Observed::done);
        CHECK(same_bytes(state, State{}));
        CHECK(lifecycle.configs().empty());
    }

    TEST_CASE("parameters tell apart what the state depends on, and nothing else") {
        const auto parameters = [](const LifecycleConfig& config) { return lifecycle_of({config}).parameters(); };
        const auto changed = [](LifecycleConfig config, const auto& change) {
            change(config);
            return config;
        };
        for (const LifecycleConfig& config : {often(), yearly()}) {
            const auto own = parameters(config);
            CHECK(own == parameters(config));
            CHECK(own != parameters(changed(config, [](auto& c) { c.acts.push_back(Act::visited); })));
            CHECK(own != parameters(changed(config, [](auto& c) { c.acts = {Act::clicked}; })));
            CHECK(own != parameters(changed(config, [](auto& c) { c.channels = {"phone"}; })));
            CHECK(own != parameters(changed(config, [](auto& c) { c.topics = {"money"}; })));
            CHECK(own != parameters(changed(config, [](auto& c) {
                      c.model = c.model == LifecycleModel::bg_bb ? LifecycleModel::bg_nbd : LifecycleModel::bg_bb;
                      c.horizon = 3;
                  })));
            CHECK(own == parameters(changed(config, [](auto& c) { c.unit_days = 3; })));  // the state is in days
            CHECK(own == parameters(changed(config, [](auto& c) { c.horizon = 3; })));
            CHECK(own != lifecycle_of({config, often("another", {Act::posted})}).parameters());
        }
        CHECK(parameters(yearly("giving", 1)) != parameters(yearly("giving", 9)));
        CHECK(lifecycle_of({often("a", {Act::replied}), often("b", {Act::visited})}).parameters() !=
              lifecycle_of({often("b", {Act::visited}), often("a", {Act::replied})}).parameters());
    }

    TEST_CASE("inconsistent configs are refused by their name") {
        const auto changed = [](LifecycleConfig config, const auto& change) {
            change(config);
            return config;
        };
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        CHECK_NOTHROW((void)lifecycle_of({often("1"), often("2"), often("3"), often("4")}));
        CHECK(refuses({often("1"), often("2"), often("3"), often("4"), often("5")}, "4"));
        CHECK(refuses({often("")}, "name"));
        CHECK(refuses({often("a"), yearly("a")}, "'a'"));
        CHECK(refuses({often("a", {})}, "'a'"));
        CHECK(refuses({changed(often("a"), [](auto& c) { c.channels = {"mail", "pigeon"}; })}, "'pigeon'"));
        CHECK(refuses({changed(often("a"), [](auto& c) { c.topics = {"sports"}; })}, "'sports'"));
        CHECK(refuses({changed(often("a"), [](auto& c) { c.topics = {"mail"}; })}, "'a'"));
        for (const double days : {0.0, 0.999, -7.0, 366.5, nan}) {
            CHECK(refuses({changed(often("a"), [&](auto& c) { c.unit_days = days; })}, "unit_days"));
        }
        for (const int month : {0, 13, -1}) {
            CHECK(refuses({changed(yearly("a"), [&](auto& c) { c.year_starts_in = month; })}, "year_starts_in"));
        }
        for (const double horizon : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
            CHECK(refuses({changed(often("a"), [&](auto& c) { c.horizon = horizon; })}, "horizon"));
        }
        CHECK(refuses({changed(yearly("a"), [](auto& c) { c.horizon = 1.5; })}, "whole years"));
        CHECK_NOTHROW((void)lifecycle_of({changed(often("a"), [](auto& c) { c.horizon = 1.5; })}));
        CHECK_NOTHROW((void)lifecycle_of({changed(often("a"), [](auto& c) { c.unit_days = 366; })}));
        CHECK_NOTHROW((void)lifecycle_of({changed(yearly("a"), [](auto& c) { c.year_starts_in = 12; })}));
    }

    TEST_CASE("models have their names") {
        CHECK(alloquy::model::name_of(LifecycleModel::bg_nbd) == "bg_nbd");
        CHECK(alloquy::model::name_of(LifecycleModel::bg_bb) == "bg_bb");
    }

    TEST_CASE("the published counts of all 2,357 customers of CDNOW come out of their transactions") {
        const auto folder = cdnow_folder();
        if (!folder) {
            MESSAGE("SKIPPED: the CDNOW files are not there (ALLOQUY_DATA)");
            return;
        }
        // P. Fader, B. Hardie, "Forecasting repeat sales at CDNOW", Interfaces 31 (2001); counts for the 39 weeks to
        // 1997-09-30 as shipped with the lifetimes package. Rows of the sample: master id, sample id, yyyymmdd, number
        // of CDs, dollars.
        LifecycleConfig purchases = often("purchases", {Act::submitted});
        purchases.unit_days = 7;
        const Lifecycle lifecycle = lifecycle_of({purchases});
        const Instant now = at("1997-09-30T00:00Z");
        std::map<int, std::vector<std::int32_t>> days;
        std::istringstream sample{inflated(*folder / "CDNOW_sample.txt.gz")};
        std::size_t transactions = 0;
        for (std::string master, id, date, number, dollars; sample >> master >> id >> date >> number >> dollars;) {
            REQUIRE(date.size() == 8);
            ++transactions;
            const Day day =
                Day::from_ymd(std::stoi(date.substr(0, 4)), std::stoi(date.substr(4, 2)), std::stoi(date.substr(6)));
            if (utc_start(day) <= now) days[std::stoi(id)].push_back(day.unix_days());
        }
        CHECK(transactions == 6919);
        std::ifstream summary{*folder / "cdnow_customers_summary.csv"};
        std::string line;
        std::getline(summary, line);
        REQUIRE(line.starts_with("ID,frequency,recency,T"));
        std::size_t rows = 0;
        std::size_t repeaters = 0;
        while (std::getline(summary, line)) {
            std::replace(line.begin(), line.end(), ',', ' ');
            std::istringstream fields{line};
            int id = 0;
            std::uint32_t frequency = 0;
            double recency = 0;
            double age = 0;
            REQUIRE((fields >> id >> frequency >> recency >> age));
            CAPTURE(id);
            std::vector<std::int32_t>& own = days[id];
            std::sort(own.begin(), own.end());
            std::vector<Event> events;
            for (const std::int32_t day : own) events.push_back(event_on(day, Act::submitted));
            const auto found = lifecycle.recurrence(fold(lifecycle, events), 0, now);
            REQUIRE(found);
            REQUIRE(found->repeats == frequency);
            REQUIRE(std::abs(found->recency - recency) <= 0.005 + 1e-9);  // two decimals in the file
            REQUIRE(std::abs(found->age - age) <= 0.005 + 1e-9);
            ++rows;
            repeaters += frequency > 0 ? 1 : 0;
        }
        CHECK(rows == 2357);
        CHECK(repeaters == 946);
    }
}
