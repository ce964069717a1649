#include <alloquy/segment/discovery.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::segment::CountTrial;
using alloquy::segment::discover;
using alloquy::segment::Discovery;
using alloquy::segment::DiscoveryOptions;
using alloquy::segment::FoundGroup;
using alloquy::segment::PeopleTable;
using alloquy::segment::Relation;
using alloquy::segment::RuleQuality;
using alloquy::segment::RuleTest;
using alloquy::segment::Stability;
using alloquy::segment::stability_of;
using alloquy::segment::to_condition;
using alloquy::support::Random;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Sum of 12 uniform numbers less 6: near to a standard normal one, without the C library.
double normal(Random& random) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += random.fraction();
    return sum;
}

PeopleTable empty_table(std::size_t rows, std::size_t fields) {
    PeopleTable table;
    for (std::size_t field = 0; field < fields; ++field) table.fields.push_back("topic:" + std::to_string(field));
    table.columns.assign(fields, std::vector<double>(rows));
    for (std::size_t row = 0; row < rows; ++row) table.keys.push_back(row * 7919 + 3);
    return table;
}

template <class Draw>
PeopleTable drawn_table(std::size_t rows, std::size_t fields, const Draw& draw) {
    PeopleTable table = empty_table(rows, fields);
    for (auto& column : table.columns) {
        for (double& value : column) value = draw();
    }
    return table;
}

struct Planted {
    PeopleTable table;
    std::vector<std::uint32_t> truth;
};

/// Groups of shares 1 : 2 : 3 ... in six fields, seven standard deviations apart in one field each; two of noise.
Planted planted(std::size_t rows, std::size_t groups, std::uint64_t seed, std::size_t unknown_percent = 0) {
    Random random{seed};
    Planted found{empty_table(rows, 6), {}};
    for (std::size_t row = 0; row < rows; ++row) {
        std::size_t drawn = random.below(groups * (groups + 1) / 2);
        std::uint32_t group = 0;
        while (drawn > group) drawn -= ++group;
        found.truth.push_back(group);
        for (std::size_t field = 0; field < 6; ++field) {
            const double value = normal(random) + (field == group ? 7 : 0);
            found.table.columns[field][row] = random.chance(unknown_percent) ? unknown : value;
        }
    }
    return found;
}

/// How well two partitions agree: 1 the same, 0 as by chance. L. Hubert, P. Arabie, "Comparing partitions",
/// J. Classification 2 (1985), pp. 193-218, formula 5.
double adjusted_rand(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
    const std::size_t count =
        std::max(*std::max_element(a.begin(), a.end()), *std::max_element(b.begin(), b.end())) + 1U;
    std::vector<double> both(count * count);
    std::vector<double> of_a(count);
    std::vector<double> of_b(count);
    for (std::size_t i = 0; i < a.size(); ++i) {
        both[a[i] * count + b[i]] += 1;
        of_a[a[i]] += 1;
        of_b[b[i]] += 1;
    }
    const auto pairs = [](const std::vector<double>& sizes) {
        return std::accumulate(sizes.begin(), sizes.end(), 0.0,
                               [](double sum, double size) { return sum + size * (size - 1) / 2; });
    };
    const double all = static_cast<double>(a.size()) * static_cast<double>(a.size() - 1) / 2;
    const double expected = pairs(of_a) * pairs(of_b) / all;
    return (pairs(both) - expected) / ((pairs(of_a) + pairs(of_b)) / 2 - expected);
}

std::string outcomes_of(const Discovery& discovery) {
    std::string text;
    for (const CountTrial& trial : discovery.trials) {
        text += std::to_string(trial.count) + ":" + std::to_string(static_cast<int>(trial.outcome)) + " ";
    }
    return text;
}

void check_no_groups(const PeopleTable& table, const std::string& what) {
    const Discovery found = discover(table);
    CAPTURE(what);
    CAPTURE(outcomes_of(found));
    CHECK(found.groups.empty());
    CHECK(found.group_of == std::vector<std::uint32_t>(table.rows(), Discovery::no_group));
}

/// Quality of a rule by an evaluation of its own, row by row.
RuleQuality brute_force(const FoundGroup& group, const PeopleTable& table, const std::vector<std::uint32_t>& group_of,
                        std::uint32_t number) {
    RuleQuality found;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        bool is_in = false;
        for (const auto& box : group.rule.boxes) {
            bool fits = true;
            for (const RuleTest& test : box) {
                const double value = table.columns[test.field][row];
                bool stands = false;
                if (!std::isnan(value) && test.relation == Relation::less) stands = value < test.threshold;
                if (!std::isnan(value) && test.relation == Relation::at_least) stands = value >= test.threshold;
                fits = fits && (test.is_negated ? !stands : stands);
            }
            is_in = is_in || fits;
        }
        const bool wanted = group_of[row] == number;
        found.true_positives += is_in && wanted ? 1U : 0U;
        found.false_positives += is_in && !wanted ? 1U : 0U;
        found.false_negatives += !is_in && wanted ? 1U : 0U;
        found.true_negatives += !is_in && !wanted ? 1U : 0U;
    }
    return found;
}

}  // namespace

TEST_SUITE("segment/discovery") {
    TEST_CASE("the measure of these tests agrees with scikit-learn") {
        // sklearn.metrics.adjusted_rand_score, scikit-learn 1.9.1
        CHECK(adjusted_rand({0, 0, 1, 2}, {0, 0, 1, 1}) == doctest::Approx(0.5714285714285714).epsilon(1e-12));
        CHECK(adjusted_rand({0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 2, 2}) ==
              doctest::Approx(0.24242424242424243).epsilon(1e-12));
    }

    TEST_CASE("planted groups are found again, and their number") {
        for (const std::size_t groups : {2U, 3U, 4U}) {
            for (const std::size_t rows : {300U, 3000U}) {
                if (groups == 4 && rows == 300) continue;  // a group of 30 is too few to be told from chance
                const Planted people = planted(rows, groups, 10 * groups + rows);
                const Discovery found = discover(people.table);
                CAPTURE(groups);
                CAPTURE(rows);
                CAPTURE(outcomes_of(found));
                REQUIRE(found.groups.size() == groups);
                CHECK(adjusted_rand(people.truth, found.group_of) > 0.97);
                for (std::size_t i = 0; i < groups; ++i) {
                    CHECK(stability_of(found.groups[i].stability) == Stability::highly_stable);
                    CHECK(found.groups[i].recovered > 0.95);
                    CHECK(found.groups[i].dissolved < 0.05);
                    if (i > 0) CHECK(found.groups[i].people <= found.groups[i - 1].people);
                }
            }
        }
    }
    TEST_CASE("a table larger than the sample is clustered by the sample, and everybody gets a group") {
        const Planted people = planted(20'000, 3, 7);
        DiscoveryOptions options;
        options.sample = 1000;
        const Discovery found = discover(people.table, options);
        CHECK(found.sampled == 1000);
        REQUIRE(found.groups.size() == 3);
        CHECK(adjusted_rand(people.truth, found.group_of) > 0.97);
        CHECK(found.groups[0].people + found.groups[1].people + found.groups[2].people == 20'000);
        CHECK(found.groups[0].share == doctest::Approx(0.5).epsilon(0.03));
    }
    TEST_CASE("each group is told by a short rule, whose quality is that of brute force") {
        const Planted people = planted(5000, 3, 8, 10);
        const Discovery found = discover(people.table);
        REQUIRE(found.groups.size() == 3);
        for (std::uint32_t i = 0; i < 3; ++i) {
            const FoundGroup& group = found.groups[i];
            CHECK(group.quality == brute_force(group, people.table, found.group_of, i));
            CHECK(group.quality.f1() > 0.9);
            CHECK(group.quality.accuracy() > 0.9);
            CHECK(group.rule.tests() >= 1);
            CHECK(group.rule.tests() <= 4);
            CHECK(group.condition == to_condition(group.rule, people.table.fields));
            // Group g stands out in field g, by 7 standard deviations.
            const std::uint32_t truth = people.truth[static_cast<std::size_t>(
                std::find(found.group_of.begin(), found.group_of.end(), i) - found.group_of.begin())];
            REQUIRE(group.distinctions.size() == 6);
            CHECK(group.distinctions[0].field == truth);
            CHECK(group.distinctions[0].difference > 3);
            CHECK(group.distinctions[0].median == doctest::Approx(7).epsilon(0.05));
            CHECK(std::fabs(group.distinctions[0].rest_median) < 0.3);
        }
    }
    TEST_CASE("differences are Cohen's d, by hand") {
        // Range 0 to 3, so values are divided by 3, which d does not see. Group 0, 1; rest 2, 3: means 0.5 and 2.5,
        // squares 0.5 + 0.5 with 2 degrees of freedom.
        const PeopleTable table{{"a"}, {{0, 1, 2, 3}}, {1, 2, 3, 4}};
        const alloquy::segment::detail::ScaledFields scaled{table, 1};
        const auto found = alloquy::segment::detail::distinctions_of(table, scaled, {0, 1, 2, 3}, {0, 0, 1, 1}, 0);
        REQUIRE(found.size() == 1);
        CHECK(found[0].difference == doctest::Approx(-2 / std::sqrt(0.5)).epsilon(1e-12));
        CHECK(found[0].median == 0.5);
        CHECK(found[0].rest_median == 2.5);
    }

    TEST_CASE("where there are no groups, none are found") {
        Random random{1};
        for (const std::size_t fields : {1U, 2U, 3U, 6U, 20U}) {
            for (const std::size_t rows : {100U, 1500U}) {
                const auto make = [&](const auto& draw) { return drawn_table(rows, fields, draw); };
                check_no_groups(make([&] { return random.fraction(); }), "uniform");
                check_no_groups(make([&] { return normal(random); }), "normal");
                check_no_groups(make([&] { return std::exp(normal(random)); }), "log-normal");
                check_no_groups(make([&] { return random.chance(80) ? 0 : random.fraction(); }), "mostly zero");
                check_no_groups(make([&] { return static_cast<double>(random.below(6)); }), "a scale of six steps");
                PeopleTable one = make([&] { return normal(random); });
                for (std::size_t field = 1; field < fields; ++field) {
                    for (std::size_t row = 0; row < rows; ++row) one.columns[field][row] += 2 * one.columns[0][row];
                }
                check_no_groups(one, "one long normal");
            }
        }
    }
    TEST_CASE("twenty independent yes-or-no fields are no groups: no cut comes back") {
        Random random{2};
        check_no_groups(drawn_table(1500, 20, [&] { return random.chance(50) ? 1 : 0; }), "yes or no");
    }
    TEST_CASE("a continuum can be cut all the same, and its parts are not stable") {
        Random random{3};
        const PeopleTable table = drawn_table(800, 6, [&] { return normal(random); });
        DiscoveryOptions options;
        options.least_separation = 0;
        options.least_stability = 0;
        options.least = options.most = 5;
        const Discovery found = discover(table, options);
        REQUIRE(found.groups.size() == 5);
        for (const FoundGroup& group : found.groups) CHECK(stability_of(group.stability) == Stability::untrusted);
        options.least_stability = 0.6;
        const Discovery none = discover(table, options);
        CHECK(none.groups.empty());
        CHECK(none.trials[0].outcome == CountTrial::Outcome::not_stable);
        CHECK(none.trials[0].least_stability < 0.6);
    }
    TEST_CASE("stability is named as Hennig does") {
        CHECK(stability_of(0.59) == Stability::untrusted);
        CHECK(stability_of(0.6) == Stability::pattern);
        CHECK(stability_of(0.75) == Stability::stable);
        CHECK(stability_of(0.85) == Stability::highly_stable);
    }
    TEST_CASE("each number of groups tells what became of it") {
        const Discovery found = discover(planted(1000, 3, 4).table);
        REQUIRE(found.trials.size() == 9);
        for (const CountTrial& trial : found.trials) {
            CAPTURE(trial.count);
            if (trial.count == 3) CHECK(trial.outcome == CountTrial::Outcome::chosen);
            if (trial.count == 3) CHECK(trial.separation > 0.5);
            if (trial.count > 3) CHECK(trial.outcome == CountTrial::Outcome::not_separated);
            if (trial.count > 3) CHECK(trial.silhouette < found.trials[1].silhouette);
        }
    }

    TEST_CASE("neither threads nor the order of rows change a bit") {
        for (const std::size_t rows : {600U, 6000U}) {
            const Planted people = planted(rows, 3, 11, 10);
            DiscoveryOptions options;
            options.sample = 800;
            options.rule_sample = 1500;
            const Discovery expected = discover(people.table, options);
            REQUIRE(expected.groups.size() == 3);
            CHECK(discover(people.table, options, 2) == expected);
            CHECK(discover(people.table, options, 5) == expected);

            std::vector<std::uint32_t> order(rows);
            std::iota(order.begin(), order.end(), 0U);
            Random random{12};
            random.shuffle(order);
            PeopleTable shuffled{people.table.fields, {}, {}};
            std::vector<std::uint32_t> group_of;
            for (const auto& column : people.table.columns) {
                shuffled.columns.emplace_back();
                for (const std::uint32_t row : order) shuffled.columns.back().push_back(column[row]);
            }
            for (const std::uint32_t row : order) {
                shuffled.keys.push_back(people.table.keys[row]);
                group_of.push_back(expected.group_of[row]);
            }
            const Discovery found = discover(shuffled, options, 2);
            CHECK(found.groups == expected.groups);
            CHECK(found.trials == expected.trials);
            CHECK(found.group_of == group_of);
        }
    }
    TEST_CASE("another seed draws other people, and finds the same groups") {
        const Planted people = planted(3000, 3, 13);
        DiscoveryOptions options;
        options.sample = 500;
        const Discovery first = discover(people.table, options);
        options.seed = 99;
        const Discovery second = discover(people.table, options);
        REQUIRE(second.groups.size() == 3);
        CHECK(adjusted_rand(first.group_of, second.group_of) > 0.97);
        CHECK(first.trials != second.trials);
    }

    TEST_CASE("units do not matter") {
        Planted people = planted(1000, 3, 14);
        const Discovery expected = discover(people.table);
        for (double& value : people.table.columns[2]) value *= 4096;  // exact
        CHECK(discover(people.table).group_of == expected.group_of);
    }
    TEST_CASE("a few stray values do not hide the groups") {
        Planted people = planted(1000, 3, 15);
        for (std::size_t row = 0; row < 10; ++row) people.table.columns[row % 6][row] = 1e9;
        const Discovery found = discover(people.table);
        REQUIRE(found.groups.size() == 3);
        CHECK(adjusted_rand(people.truth, found.group_of) > 0.95);
    }
    TEST_CASE("unknown values have no say, and who is wholly unknown is in no group") {
        Planted people = planted(2000, 3, 16, 20);
        for (std::size_t row = 0; row < 50; ++row) {
            for (auto& column : people.table.columns) column[row] = unknown;
        }
        const Discovery found = discover(people.table);
        REQUIRE(found.groups.size() == 3);
        std::vector<std::uint32_t> truth;
        std::vector<std::uint32_t> groups;
        for (std::size_t row = 0; row < 2000; ++row) {
            CHECK((found.group_of[row] == Discovery::no_group) == (row < 50));
            if (row < 50) continue;
            truth.push_back(people.truth[row]);
            groups.push_back(found.group_of[row]);
        }
        // Of a person in five the field that tells the group is unknown: those cannot be placed.
        CHECK(adjusted_rand(truth, groups) > 0.5);
        CHECK(found.groups[0].people + found.groups[1].people + found.groups[2].people == 1950);
    }
    TEST_CASE("constant and unknown fields are left out and named") {
        Planted people = planted(600, 3, 17);
        const Discovery expected = discover(people.table);
        people.table.fields.insert(people.table.fields.begin() + 1, {"constant", "unknown"});
        people.table.columns.insert(people.table.columns.begin() + 1,
                                    {std::vector<double>(600, 5), std::vector<double>(600, unknown)});
        const Discovery found = discover(people.table);
        CHECK(found.idle_fields == std::vector<std::size_t>{1, 2});
        CHECK(found.group_of == expected.group_of);
    }
    TEST_CASE("no group has fewer people than asked for") {
        Planted people = planted(1000, 2, 18);
        DiscoveryOptions options;
        options.least_people = 400;  // one of the groups has a third
        const Discovery found = discover(people.table, options);
        CHECK(found.groups.empty());
        CHECK(found.trials[0].outcome == CountTrial::Outcome::too_few_people);
    }
    TEST_CASE("tables without people, fields or knowledge have no groups") {
        check_no_groups(PeopleTable{}, "nothing");
        check_no_groups(empty_table(0, 3), "no people");
        check_no_groups(empty_table(50, 0), "no fields");
        check_no_groups(empty_table(50, 3), "constant");
        check_no_groups(drawn_table(50, 3, [] { return unknown; }), "unknown");
        Random random{19};
        check_no_groups(drawn_table(1, 3, [&] { return random.fraction(); }), "one person");
        check_no_groups(drawn_table(7, 3, [&] { return random.fraction(); }), "fewer people than groups");
        DiscoveryOptions options;
        options.least_people = 1;
        options.least_separation = options.least_stability = 0;
        CHECK(discover(drawn_table(7, 3, [&] { return random.fraction(); }), options).trials.back().outcome ==
              CountTrial::Outcome::too_few_people);
        CHECK(discover(empty_table(50, 3)).idle_fields.size() == 3);
    }
    TEST_CASE("what cannot be asked is refused") {
        const PeopleTable table = planted(100, 2, 20).table;
        const auto refuses = [&](const auto& change) {
            DiscoveryOptions options;
            change(options);
            CHECK_THROWS_AS((void)discover(table, options), InvalidArgument);
        };
        refuses([](DiscoveryOptions& options) { options.least = 1; });
        refuses([](DiscoveryOptions& options) { options.least = 11; });
        refuses([](DiscoveryOptions& options) { options.most = 65; });
        refuses([](DiscoveryOptions& options) { options.least_people = 0; });
        refuses([](DiscoveryOptions& options) { options.sample = 19; });
        refuses([](DiscoveryOptions& options) { options.rule_sample = 0; });
        refuses([](DiscoveryOptions& options) { options.starts = 0; });
        refuses([](DiscoveryOptions& options) { options.resamples = 9; });
        refuses([](DiscoveryOptions& options) { options.least_separation = unknown; });
        refuses([](DiscoveryOptions& options) { options.least_stability = 1.1; });
        refuses([](DiscoveryOptions& options) { options.rule.most_tests = 0; });
        refuses([](DiscoveryOptions& options) { options.rule.test_price = -1; });
        CHECK_THROWS_AS((void)discover(table, {}, 0), InvalidArgument);
        PeopleTable twice = table;
        twice.keys[1] = twice.keys[0];
        CHECK_THROWS_AS((void)discover(twice), InvalidArgument);
    }
}
