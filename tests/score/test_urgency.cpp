#include <alloquy/score/urgency.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "../support/instants.hpp"
#include "../support/random.hpp"

namespace model = alloquy::model;
using alloquy::InvalidArgument;
using alloquy::PersonId;
using alloquy::score::count_obligations;
using alloquy::score::credit_earned;
using alloquy::score::Explanation;
using alloquy::score::ObligationCounts;
using alloquy::score::Part;
using alloquy::score::Urgency;
using alloquy::score::UrgencyConfig;
using alloquy::score::UrgencyRule;
using alloquy::support::minute;
using alloquy::support::Random;
using alloquy::time::Duration;
using alloquy::time::Instant;
using model::Obligation;
using model::ObligationStep;
using Obligations = std::vector<Obligation>;

namespace {

/// The instant so many days after the tests' Monday.
Instant day(double days) {
    return minute(0) + Duration{static_cast<std::int64_t>(days * 86'400'000)};
}

struct World {
    model::Symbols symbols{};

    Obligation duty(std::string_view kind, std::optional<double> due_day, ObligationStep step = ObligationStep::opened,
                    double changed_day = 0) {
        return {symbols.obligations.intern(kind),
                {},
                step,
                due_day ? std::optional{day(*due_day)} : std::nullopt,
                day(changed_day),
                {}};
    }
    /// A duty that gives a result of the assessment `item`.
    Obligation weighted(std::string item, double weight, std::optional<double> due_day,
                        ObligationStep step = ObligationStep::opened) {
        Obligation made = duty("assignment", due_day, step);
        made.item = std::move(item);
        made.weight = weight;
        return made;
    }
    model::DatedResult result(std::string_view assessment, double fraction, double on_day = 0) {
        return {symbols.assessments.intern(assessment), fraction, day(on_day)};
    }
    Urgency urgency(const UrgencyConfig& config = {}) { return Urgency{config, symbols}; }
};

std::optional<double> earned(World& world, const Obligations& obligations,
                             const std::vector<model::DatedResult>& results, double now_day) {
    model::Person person{PersonId{1}};
    person.obligations = obligations;
    person.results = results;
    return credit_earned(person, world.symbols, day(now_day));
}

double sum_of(const std::vector<Part>& parts) {
    double sum = 0;
    for (const Part& part : parts) sum += part.contribution;
    return sum;
}

constexpr double grid = 0x1p-40;

Obligations random_duties(Random& random, World& world, std::size_t count) {
    constexpr std::array kinds{"fee", "document", "intake", "assignment", "survey"};
    Obligations duties;
    for (std::size_t i = 0; i < count; ++i) {
        const auto due =
            random.chance(80) ? std::optional{static_cast<double>(random.between(-60, 60)) / 2} : std::nullopt;
        const auto step = random.chance(60) ? ObligationStep::opened : static_cast<ObligationStep>(random.below(3));
        duties.push_back(
            world.duty(kinds[random.below(kinds.size())], due, step, static_cast<double>(random.between(-40, 10))));
    }
    return duties;
}

}  // namespace

TEST_SUITE("score/urgency") {
    TEST_CASE("a duty presses half as much for each half-life that is left") {
        World world;
        const Urgency urgency = world.urgency();  // weight 1, 7 days, 14 days of grace
        const auto of = [&](double now_day) { return urgency.of(world.duty("fee", 0), day(now_day)); };
        CHECK(of(0) == 1);
        CHECK(of(-7) == 0.5);
        CHECK(of(-14) == 0.25);
        CHECK(of(-70) == doctest::Approx(1.0 / 1024).epsilon(1e-14));
        CHECK(of(-3.5) == doctest::Approx(std::sqrt(0.5)).epsilon(1e-14));
        CHECK(of(-1) == doctest::Approx(std::pow(2.0, -1.0 / 7)).epsilon(1e-14));
    }

    TEST_CASE("after the deadline it presses fully until the grace is over, then halves likewise") {
        World world;
        const Urgency urgency = world.urgency();
        const auto of = [&](double now_day) { return urgency.of(world.duty("fee", 0), day(now_day)); };
        CHECK(of(0.001) == 1);
        CHECK(of(13.999) == 1);
        CHECK(of(14) == 1);
        CHECK(of(21) == 0.5);
        CHECK(of(28) == 0.25);
        CHECK(of(17.5) == doctest::Approx(std::sqrt(0.5)).epsilon(1e-14));
        UrgencyConfig config;
        config.other = {0.5, 2, 0};  // no grace: the same on both sides
        const Urgency strict = world.urgency(config);
        CHECK(strict.of(world.duty("fee", 0), day(2)) == 0.25);
        CHECK(strict.of(world.duty("fee", 0), day(-2)) == 0.25);
        CHECK(strict.of(world.duty("fee", 0), day(0)) == 0.5);
    }

    TEST_CASE("each kind has its own rule, and others share one") {
        World world;
        world.symbols.obligations.intern("met before the policy");
        UrgencyConfig config;
        config.other = {0.5, 10, 1};
        config.kinds = {{"fee", {1, 5, 3}}, {"survey", {0.125, 1, 0}}};
        const Urgency urgency = world.urgency(config);
        CHECK(world.symbols.obligations.find("fee").has_value());
        CHECK(world.symbols.obligations.find("survey").has_value());
        CHECK(urgency.of(world.duty("fee", 5), day(0)) == 0.5);
        CHECK(urgency.of(world.duty("fee", -8), day(0)) == 0.5);
        CHECK(urgency.of(world.duty("survey", 1), day(0)) == 0.0625);
        CHECK(urgency.of(world.duty("survey", -1), day(0)) == 0.0625);
        CHECK(urgency.of(world.duty("met before the policy", 10), day(0)) == 0.25);
        CHECK(urgency.of(world.duty("met after the policy", 10), day(0)) == 0.25);
        CHECK(urgency.of(world.duty("met after the policy", -11), day(0)) == 0.25);
    }

    TEST_CASE("what is fulfilled, waived or without a deadline does not press") {
        World world;
        const Urgency urgency = world.urgency();
        const Obligations duties{world.duty("fee", 0, ObligationStep::fulfilled),
                                 world.duty("fee", 0, ObligationStep::waived), world.duty("fee", std::nullopt)};
        for (const Obligation& each : duties) CHECK(urgency.of(each, day(0)) == 0);
        CHECK(urgency.value(duties, day(0)) == 0);
        const Explanation explanation = urgency.explain(duties, day(0), world.symbols);
        CHECK(explanation.value == 0);
        CHECK(explanation.evidence == 0);
        CHECK(explanation.parts.empty());
        CHECK(urgency.value({}, day(0)) == 0);
    }

    TEST_CASE("several duties each take their share of what the more pressing ones left, by hand") {
        World world;
        const Urgency urgency = world.urgency();
        // 1/2 and 1/4: 1 - 1/2 * 3/4 = 5/8, of which the second adds 1/8.
        const Obligations duties{world.duty("fee", 14), world.duty("document", std::nullopt), world.duty("intake", 7)};
        CHECK(urgency.value(duties, day(0)) == 0.625);
        const Explanation explanation = urgency.explain(duties, day(0), world.symbols);
        CHECK(explanation.name == "urgency");
        CHECK(explanation.value == 0.625);
        CHECK(explanation.evidence == 2);
        REQUIRE(explanation.parts.size() == 2);
        CHECK(explanation.parts[0] == Part{"intake", 7, 0.5, 0.5});
        CHECK(explanation.parts[1] == Part{"fee", 14, 0.25, 0.125});
        // Equals in the order of the facts: 1/2, then half of the half that is left, then half of that.
        const Obligations equals{world.duty("c", 7), world.duty("a", 7), world.duty("b", -21)};
        const Explanation three = urgency.explain(equals, day(0), world.symbols);
        CHECK(three.value == 0.875);
        REQUIRE(three.parts.size() == 3);
        CHECK(three.parts[0] == Part{"c", 7, 0.5, 0.5});
        CHECK(three.parts[1] == Part{"a", 7, 0.5, 0.25});
        CHECK(three.parts[2] == Part{"b", -21, 0.5, 0.125});
    }

    TEST_CASE("one duty that presses fully leaves nothing to the others, but they stay in the account") {
        World world;
        const Urgency urgency = world.urgency();
        const Obligations duties{world.duty("fee", 7), world.duty("intake", -3)};
        const Explanation explanation = urgency.explain(duties, day(0), world.symbols);
        CHECK(explanation.value == 1);
        REQUIRE(explanation.parts.size() == 2);
        CHECK(explanation.parts[0] == Part{"intake", -3, 1, 1});
        CHECK(explanation.parts[1] == Part{"fee", 7, 0.5, 0});
        CHECK(explanation.evidence == 2);
    }

    TEST_CASE("the value is 1 less the product of what each duty leaves, and the parts add up to it exactly") {
        for (std::uint64_t seed = 0; seed < 400; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            World world;
            UrgencyConfig config;
            config.other = {0.01 + 0.99 * random.fraction(), 0.5 + 30 * random.fraction(), 20 * random.fraction()};
            for (const char* const kind : {"fee", "intake"}) {
                config.kinds[kind] = {0.01 + 0.99 * random.fraction(), 0.5 + 30 * random.fraction(),
                                      20 * random.fraction()};
            }
            const Urgency urgency = world.urgency(config);
            Obligations duties = random_duties(random, world, random.below(30));
            const Instant now = day(static_cast<double>(random.between(-1000, 1000)) / 100);
            double left = 1;
            std::size_t pressing = 0;
            for (const Obligation& each : duties) {
                if (each.step != ObligationStep::opened || !each.due) continue;
                ++pressing;
                const std::string& kind = world.symbols.obligations.text(each.kind);
                const UrgencyRule rule = config.kinds.contains(kind) ? config.kinds.at(kind) : config.other;
                const double days = static_cast<double>((*each.due - now).count()) / 86'400'000;
                const double away = days > 0 ? days : std::max(0.0, -days - rule.grace_days);
                const double expected = rule.weight * std::pow(2.0, -away / rule.half_life_days);
                REQUIRE(urgency.of(each, now) == doctest::Approx(expected).epsilon(1e-12));
                left *= 1 - expected;
            }
            Explanation explanation = urgency.explain(duties, now, world.symbols);
            REQUIRE(std::abs(explanation.value - (1 - left)) <= grid * static_cast<double>(pressing + 1) + 1e-11);
            REQUIRE(urgency.value(duties, now) == explanation.value);
            REQUIRE(explanation.value >= 0);
            REQUIRE(explanation.value <= 1);
            REQUIRE(explanation.parts.size() == pressing);
            REQUIRE(explanation.evidence == static_cast<double>(pressing));
            for (std::size_t i = 0; i < pressing; ++i) {
                REQUIRE(explanation.parts[i].contribution >= 0);
                REQUIRE(explanation.parts[i].contribution <= explanation.parts[i].weight);
                if (i > 0) REQUIRE(explanation.parts[i].weight <= explanation.parts[i - 1].weight);
            }
            const double value = explanation.value;
            for (int i = 0; i < 5; ++i) {
                REQUIRE(sum_of(explanation.parts) == value);
                random.shuffle(explanation.parts);
                random.shuffle(duties);
                REQUIRE(urgency.value(duties, now) == value);
            }
        }
    }

    TEST_CASE("more duties never press less, and one presses ever more until its deadline") {
        World world;
        Random random{8};
        const Urgency urgency = world.urgency();
        Obligations duties;
        double last = 0;
        for (int i = 0; i < 40; ++i) {
            const Obligations more = random_duties(random, world, 1);
            duties.insert(duties.end(), more.begin(), more.end());
            const double value = urgency.value(duties, day(1));
            REQUIRE(value >= last - 40 * grid);  // each share is cut to the grid
            last = value;
        }
        last = 0;
        for (double now = -50; now <= 0; now += 0.25) {
            const double value = urgency.of(world.duty("fee", 0), day(now));
            REQUIRE(value > last);
            last = value;
        }
    }

    TEST_CASE("deadlines ages away press by nothing that counts, and never by a wrong number") {
        World world;
        UrgencyConfig config;
        config.other = {1, 1e-300, 0};
        for (const Urgency& urgency : {world.urgency(), world.urgency(config)}) {
            Obligation duty = world.duty("fee", 0);
            for (const Instant due : {Instant::earliest(), Instant::latest()}) {
                duty.due = due;
                for (const Instant now : {Instant::earliest(), day(0), Instant::latest()}) {
                    const double value = urgency.of(duty, now);
                    REQUIRE(value >= 0);
                    REQUIRE(value <= 1);
                    REQUIRE(urgency.value(Obligations{duty}, now) == (now == due ? 1 : 0));
                }
            }
        }
    }

    TEST_CASE("numbers out of range are refused by the name of the kind") {
        const auto refuses = [](const UrgencyConfig& config, const std::string& word) {
            World world;
            try {
                (void)world.urgency(config);
            } catch (const InvalidArgument& error) {
                return std::string{error.what()}.find(word) != std::string::npos;
            }
            return false;
        };
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        constexpr double infinite = std::numeric_limits<double>::infinity();
        std::vector<UrgencyRule> bad;
        for (const double weight : {0.0, -0.5, 1.001, nan, infinite}) bad.push_back({weight, 7, 14});
        for (const double half_life : {0.0, -7.0, nan, infinite}) bad.push_back({1, half_life, 14});
        for (const double grace : {-0.001, nan, infinite}) bad.push_back({1, 7, grace});
        for (const UrgencyRule& rule : bad) {
            CAPTURE(rule.weight);
            CAPTURE(rule.half_life_days);
            CAPTURE(rule.grace_days);
            UrgencyConfig of_kind;
            of_kind.kinds = {{"intake", rule}};
            CHECK(refuses(of_kind, "'intake'"));
            UrgencyConfig of_others;
            of_others.other = rule;
            CHECK(refuses(of_others, "other"));
        }
        UrgencyConfig good;
        good.kinds = {{"fee", {1, 0.01, 0}}, {"intake", {0.001, 365, 365}}};
        World world;
        CHECK_NOTHROW((void)world.urgency(good));
    }

    TEST_CASE("obligations are counted by what became of them, by hand") {
        World world;
        const Obligations duties{
            world.duty("fee", 5),                                            // open, to come
            world.duty("fee", 0),                                            // open, due this very moment: not passed
            world.duty("fee", -0.5),                                         // open and missed
            world.duty("fee", std::nullopt),                                 // open without a deadline
            world.duty("fee", -2, ObligationStep::waived, -9),               // none of all
            world.duty("fee", -5, ObligationStep::fulfilled, -7),            // 2 days early
            world.duty("fee", -5, ObligationStep::fulfilled, -5),            // just in time
            world.duty("fee", -5, ObligationStep::fulfilled, -4),            // a day late
            world.duty("fee", std::nullopt, ObligationStep::fulfilled, -1),  // in time, as there is no deadline
        };
        const ObligationCounts counts = count_obligations(duties, day(0));
        CHECK(counts.open == 4);
        CHECK(counts.missed == 1);
        CHECK(counts.in_time == 3);
        CHECK(counts.late == 1);
        CHECK(counts.with_deadline == 3);
        // (log 3 + 0 - log 2) / 3
        CHECK(counts.earliness == doctest::Approx((std::log(3.0) - std::log(2.0)) / 3).epsilon(1e-14));
        CHECK(count_obligations({}, day(0)) == ObligationCounts{});
        CHECK(count_obligations(duties, day(6)).missed == 3);
    }

    TEST_CASE("earliness counts 21 days early and 14 days late at most, and parts of a day") {
        World world;
        const auto earliness = [&](double days_ahead) {
            const Obligations duties{world.duty("fee", 0, ObligationStep::fulfilled, -days_ahead)};
            return count_obligations(duties, day(100)).earliness;
        };
        CHECK(earliness(21) == doctest::Approx(std::log(22.0)).epsilon(1e-14));
        CHECK(earliness(21.5) == earliness(21));
        CHECK(earliness(3000) == earliness(21));
        CHECK(earliness(-14) == doctest::Approx(-std::log(15.0)).epsilon(1e-14));
        CHECK(earliness(-3000) == earliness(-14));
        CHECK(earliness(0.5) == doctest::Approx(std::log(1.5)).epsilon(1e-14));
        CHECK(earliness(-0.5) == doctest::Approx(-std::log(1.5)).epsilon(1e-14));
        CHECK(earliness(0) == 0);
    }

    TEST_CASE("obligations are counted as a slow count does it") {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed + 500};
            World world;
            const Obligations duties = random_duties(random, world, random.below(40));
            const Instant now = day(static_cast<double>(random.between(-60, 60)) / 2);
            const auto count = [&](const auto& holds) {
                return static_cast<std::uint32_t>(std::count_if(duties.begin(), duties.end(), holds));
            };
            const ObligationCounts counts = count_obligations(duties, now);
            REQUIRE(counts.open == count([](const Obligation& o) { return o.step == ObligationStep::opened; }));
            REQUIRE(counts.missed == count([&](const Obligation& o) {
                        return o.step == ObligationStep::opened && o.due && *o.due < now;
                    }));
            const auto is_late = [](const Obligation& o) { return o.due && o.changed_at > *o.due; };
            REQUIRE(counts.late ==
                    count([&](const Obligation& o) { return o.step == ObligationStep::fulfilled && is_late(o); }));
            REQUIRE(counts.in_time ==
                    count([&](const Obligation& o) { return o.step == ObligationStep::fulfilled && !is_late(o); }));
            double sum = 0;
            std::uint32_t with_deadline = 0;
            for (const Obligation& o : duties) {
                if (o.step != ObligationStep::fulfilled || !o.due) continue;
                const double e =
                    std::min(21.0, std::max(-14.0, static_cast<double>((*o.due - o.changed_at).count()) / 86'400'000));
                sum += std::copysign(std::log(1 + std::abs(e)), e);
                ++with_deadline;
            }
            REQUIRE(counts.with_deadline == with_deadline);
            REQUIRE(counts.earliness == doctest::Approx(with_deadline == 0 ? 0 : sum / with_deadline).epsilon(1e-12));
        }
    }

    TEST_CASE("credit earned is the weighted mean of results, by hand") {
        World world;
        const Obligations both{world.weighted("essay", 30, -5, ObligationStep::fulfilled),
                               world.weighted("exam", 70, -1, ObligationStep::fulfilled)};
        // (30 * 0.5 + 70 * 0.8) / 100
        const auto credit = earned(world, both, {world.result("essay", 0.5), world.result("exam", 0.8)}, 0);
        REQUIRE(credit);
        CHECK(*credit == doctest::Approx(0.71).epsilon(1e-14));
        // Only the ratio of the weights matters.
        const Obligations small{world.weighted("essay", 0.03, -5), world.weighted("exam", 0.07, -1)};
        CHECK(earned(world, small, {world.result("essay", 0.5), world.result("exam", 0.8)}, 0).value() ==
              doctest::Approx(0.71).epsilon(1e-14));
    }

    TEST_CASE("work that was due and has no result earns nothing; what is not due yet does not count") {
        World world;
        const Obligations duties{world.weighted("essay", 1, -5), world.weighted("report", 1, -1),
                                 world.weighted("exam", 2, 10)};
        const std::vector<model::DatedResult> results{world.result("essay", 0.5)};
        CHECK(earned(world, duties, results, -3) == 0.5);   // the essay alone
        CHECK(earned(world, duties, results, -1) == 0.25);  // the report is due at this moment
        CHECK(earned(world, duties, results, 9) == 0.25);
        CHECK(earned(world, duties, results, 10) == 0.125);  // 0.5 of 4
        CHECK(earned(world, duties, {}, 0) == 0.0);
        const Obligations no_deadline{world.weighted("essay", 1, std::nullopt)};
        CHECK(earned(world, no_deadline, {}, 1000) == std::nullopt);
        CHECK(earned(world, no_deadline, results, 0) == 0.5);
    }

    TEST_CASE("a result counts before its deadline, and whatever its day") {
        World world;
        const Obligations duties{world.weighted("exam", 3, 10)};
        CHECK(earned(world, duties, {world.result("exam", 0.75, -2)}, 0) == 0.75);
        CHECK(earned(world, duties, {world.result("exam", 0.75, 30)}, 31) == 0.75);  // came after the deadline
        CHECK(earned(world, duties, {world.result("exam", 0)}, 0) == 0.0);
    }

    TEST_CASE("a waived duty counts only with a result") {
        World world;
        const Obligations duties{world.weighted("essay", 1, -5, ObligationStep::waived), world.weighted("exam", 1, -1)};
        CHECK(earned(world, duties, {world.result("exam", 0.5)}, 0) == 0.5);
        CHECK(earned(world, duties, {world.result("exam", 0.5), world.result("essay", 1)}, 0) == 0.75);
        const Obligations waived{world.weighted("essay", 1, -5, ObligationStep::waived)};
        CHECK(earned(world, waived, {}, 0) == std::nullopt);
        CHECK(earned(world, waived, {world.result("essay", 0.25)}, 0) == 0.25);
    }

    TEST_CASE("of several results of one assessment the last in the order of the facts counts") {
        World world;
        const Obligations duties{world.weighted("exam", 2, -1), world.weighted("essay", 2, -1)};
        CHECK(earned(world, duties,
                     {world.result("exam", 0.25, 1), world.result("essay", 0.5, 2), world.result("exam", 1, 3)},
                     4) == 0.75);
        CHECK(earned(world, duties, {world.result("exam", 1, 1), world.result("exam", 0, 2)}, 4) == 0.0);
    }

    TEST_CASE("duties without a weight and results without a duty are none of the credit") {
        World world;
        Obligation unweighted = world.weighted("essay", 1, -5);
        unweighted.weight.reset();
        const Obligations duties{unweighted, world.weighted("exam", 1, -1)};
        CHECK(earned(world, duties, {world.result("essay", 0), world.result("exam", 0.5)}, 0) == 0.5);
        CHECK(earned(world, duties, {world.result("quiz", 1), world.result("exam", 0.5)}, 0) == 0.5);
        CHECK(earned(world, {unweighted}, {world.result("essay", 1)}, 0) == std::nullopt);
        CHECK(earned(world, {}, {world.result("quiz", 1)}, 0) == std::nullopt);
        CHECK(earned(world, {}, {}, 0) == std::nullopt);
    }

    TEST_CASE("credit earned stays in [0, 1] and is what a slow sum gives") {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            CAPTURE(seed);
            Random random{seed + 900};
            World world;
            Obligations duties;
            std::vector<model::DatedResult> results;
            const std::size_t count = random.below(12);
            for (std::size_t i = 0; i < count; ++i) {
                const auto due =
                    random.chance(80) ? std::optional{static_cast<double>(random.between(-20, 20))} : std::nullopt;
                duties.push_back(world.weighted("a" + std::to_string(i), 0.1 + 50 * random.fraction(), due,
                                                static_cast<ObligationStep>(random.below(3))));
            }
            for (std::size_t i = random.below(20); i > 0; --i) {
                results.push_back(
                    world.result("a" + std::to_string(random.below(14)), random.chance(30) ? 1.0 : random.fraction()));
            }
            double top = 0;
            double bottom = 0;
            for (const Obligation& duty : duties) {
                std::optional<double> last;
                for (const model::DatedResult& result : results) {
                    if (world.symbols.assessments.text(result.assessment) == duty.item) last = result.fraction;
                }
                const bool counts = last || (duty.step != ObligationStep::waived && duty.due && *duty.due <= day(0));
                if (counts) bottom += *duty.weight;
                if (last) top += *last * *duty.weight;
            }
            const std::optional<double> credit = earned(world, duties, results, 0);
            REQUIRE(credit.has_value() == (bottom > 0));
            if (!credit) continue;
            REQUIRE(*credit >= 0);
            REQUIRE(*credit <= 1);
            REQUIRE(*credit == doctest::Approx(top / bottom).epsilon(1e-12));
        }
    }
}
