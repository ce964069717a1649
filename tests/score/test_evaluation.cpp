#include <alloquy/score/evaluation.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::score::auc;
using alloquy::score::bootstrap;
using alloquy::score::bootstrap_auc;
using alloquy::score::bootstrap_auc_difference;
using alloquy::score::BootstrapOptions;
using alloquy::score::brier;
using alloquy::score::calibration_table;
using alloquy::score::CalibrationBin;
using alloquy::score::evaluate;
using alloquy::score::Evaluation;
using alloquy::score::EvaluationOptions;
using alloquy::score::expected_calibration_error;
using alloquy::score::gain_at;
using alloquy::score::gain_curve;
using alloquy::score::GainPoint;
using alloquy::score::Interval;
using alloquy::score::lift_at;
using alloquy::score::log_loss;
using alloquy::score::precision_at;
using alloquy::score::RankedOutcomes;
using alloquy::score::wilson_interval;
using alloquy::support::Random;

namespace {

using Counts = std::span<const std::uint32_t>;

struct Rows {
    std::vector<double> scores;
    std::vector<std::uint8_t> outcomes;
};

/// Probabilities a / 100 with a = 37 i % 101 (0 and 1 among them, with ties), and outcomes likelier where a is larger.
Rows tied_rows(int n) {
    Rows rows;
    for (int i = 0; i < n; ++i) {
        const int a = (i * 37) % 101;
        rows.scores.push_back(a / 100.0);
        rows.outcomes.push_back(((i * i * 29 + i * 7) % 113) * 100 < a * 113 ? 1 : 0);
    }
    return rows;
}

/// 600 different probabilities (a + 0.25) / 601 with a = 217 i % 601.
Rows distinct_rows() {
    Rows rows;
    for (int i = 0; i < 600; ++i) {
        const int a = (i * 217) % 601;
        rows.scores.push_back((a + 0.25) / 601);
        rows.outcomes.push_back(((i * i * 31 + i * 11) % 127) * 601 * 601 < a * a * 127 ? 1 : 0);
    }
    return rows;
}

/// Few rows with whole scores in [0, 4], both outcomes at hand.
Rows small_rows(Random& random, std::size_t n) {
    Rows rows;
    for (std::size_t i = 0; i < n; ++i) {
        rows.scores.push_back(static_cast<double>(random.below(5)));
        rows.outcomes.push_back(i < 2 ? static_cast<std::uint8_t>(i) : static_cast<std::uint8_t>(random.below(2)));
    }
    return rows;
}

/// Each pair of a positive and a negative row, one by one.
double brute_auc(const Rows& rows) {
    double won = 0;
    double pairs = 0;
    for (std::size_t i = 0; i < rows.scores.size(); ++i) {
        for (std::size_t j = 0; j < rows.scores.size(); ++j) {
            if (rows.outcomes[i] == 0 || rows.outcomes[j] != 0) continue;
            pairs += 1;
            won += rows.scores[i] > rows.scores[j] ? 1 : (rows.scores[i] == rows.scores[j] ? 0.5 : 0);
        }
    }
    return won / pairs;
}

/// Mean number of positives among the best `people`, over all orders that sort the scores.
double brute_positives(const Rows& rows, std::size_t people) {
    std::vector<std::size_t> order(rows.scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    double sum = 0;
    double orders = 0;
    do {
        bool sorted = true;
        for (std::size_t i = 1; i < order.size(); ++i) {
            sorted = sorted && rows.scores[order[i - 1]] >= rows.scores[order[i]];
        }
        if (!sorted) continue;
        orders += 1;
        for (std::size_t i = 0; i < people; ++i) sum += rows.outcomes[order[i]];
    } while (std::next_permutation(order.begin(), order.end()));
    return sum / orders;
}

/// The rows, each as often as it counts.
Rows repeated(const Rows& rows, Counts counts) {
    Rows all;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        all.scores.insert(all.scores.end(), counts[i], rows.scores[i]);
        all.outcomes.insert(all.outcomes.end(), counts[i], rows.outcomes[i]);
    }
    return all;
}

/// Whether a call throws InvalidArgument with these words in its text.
template <class Call>
bool refuses(const std::string& words, const Call& call) {
    try {
        (void)call();
    } catch (const InvalidArgument& error) {
        const bool found = std::string{error.what()}.find(words) != std::string::npos;
        if (!found) MESSAGE(error.what());
        return found;
    }
    return false;
}

/// Normal by the central limit: the sum of 12 uniform numbers less 6 has mean 0 and variance 1.
double nearly_normal(Random& random) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += random.fraction();
    return sum;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<std::uint8_t> both{0, 1};

}  // namespace

TEST_SUITE("score/evaluation") {
    TEST_CASE("AUC, log loss and Brier score are those of scikit-learn") {
        // roc_auc_score, log_loss and brier_score_loss of scikit-learn 1.9.1 on the same formulas in NumPy. log_loss
        // moves the 0 and 1 among the probabilities of tied_rows().
        const Rows tied = tied_rows(500);
        REQUIRE(std::accumulate(tied.outcomes.begin(), tied.outcomes.end(), 0) == 256);
        CHECK(auc(tied.scores, tied.outcomes) == doctest::Approx(0.8305023693647541).epsilon(1e-14));
        CHECK(log_loss(tied.scores, tied.outcomes) == doctest::Approx(0.500536236296507).epsilon(1e-13));
        CHECK(brier(tied.scores, tied.outcomes) == doctest::Approx(0.16820780000000002).epsilon(1e-13));
        const Rows distinct = distinct_rows();
        REQUIRE(std::accumulate(distinct.outcomes.begin(), distinct.outcomes.end(), 0) == 222);
        CHECK(auc(distinct.scores, distinct.outcomes) == doctest::Approx(0.8814886314886315).epsilon(1e-14));
        CHECK(log_loss(distinct.scores, distinct.outcomes) == doctest::Approx(0.4757296050008078).epsilon(1e-13));
        CHECK(brier(distinct.scores, distinct.outcomes) == doctest::Approx(0.1552728559260172).epsilon(1e-13));
    }

    TEST_CASE("a certain probability that goes wrong costs 36.04, not infinity") {
        // sklearn.metrics.log_loss([0, 1, 1, 0], [1, 0, 1, 0.25]) of scikit-learn 1.9.1; -log(2^-52) = 36.0436...
        const std::vector<double> probabilities{1, 0, 1, 0.25};
        const std::vector<std::uint8_t> outcomes{0, 1, 1, 0};
        CHECK(log_loss(probabilities, outcomes) == doctest::Approx(18.093747212671524).epsilon(1e-13));
        CHECK(log_loss(std::array{0.0}, std::array<std::uint8_t, 1>{1}) ==
              doctest::Approx(36.04365338911715).epsilon(1e-14));
    }

    TEST_CASE("AUC agrees with counting pairs one by one, ties included") {
        Random random{1};
        for (int round = 0; round < 300; ++round) {
            CAPTURE(round);
            const Rows rows = small_rows(random, 2 + random.below(40));
            REQUIRE(auc(rows.scores, rows.outcomes) == doctest::Approx(brute_auc(rows)).epsilon(1e-14));
        }
    }

    TEST_CASE("AUC by hand: all right, all wrong, all tied, infinite scores") {
        CHECK(auc(std::array{0.1, 0.2}, both) == 1);
        CHECK(auc(std::array{0.2, 0.1}, both) == 0);
        CHECK(auc(std::array{0.2, 0.2}, both) == 0.5);
        CHECK(auc(std::array{-0.0, 0.0}, both) == 0.5);  // equal numbers
        CHECK(auc(std::array{-infinity, infinity}, both) == 1);
    }

    TEST_CASE("gain, lift and precision are expectations over the orders of tied rows") {
        Random random{2};
        for (int round = 0; round < 25; ++round) {
            CAPTURE(round);
            const Rows rows = small_rows(random, 7);
            const auto positives = std::accumulate(rows.outcomes.begin(), rows.outcomes.end(), 0.0);
            for (std::size_t people = 1; people <= 7; ++people) {
                CAPTURE(people);
                const double expected = brute_positives(rows, people);
                const double share = static_cast<double>(people) / 7;
                REQUIRE(gain_at(rows.scores, rows.outcomes, share) ==
                        doctest::Approx(expected / positives).epsilon(1e-13));
                REQUIRE(lift_at(rows.scores, rows.outcomes, share) ==
                        doctest::Approx(expected / positives / share).epsilon(1e-13));
                REQUIRE(precision_at(rows.scores, rows.outcomes, people) ==
                        doctest::Approx(expected / static_cast<double>(people)).epsilon(1e-13));
            }
        }
    }

    TEST_CASE("the gain curve by hand") {
        // Scores 4, 3, 3, 3, 1, 1 with outcomes 1, 1, 0, 0, 1, 0: three outcomes.
        const std::vector<double> scores{3, 1, 4, 3, 1, 3};
        const std::vector<std::uint8_t> outcomes{1, 1, 1, 0, 0, 0};
        CHECK(gain_curve(scores, outcomes) ==
              std::vector<GainPoint>{{0, 0}, {1.0 / 6, 1.0 / 3}, {4.0 / 6, 2.0 / 3}, {1, 1}});
        CHECK(gain_at(scores, outcomes, 1.0 / 12) == doctest::Approx(1.0 / 6));  // half of the best one
        CHECK(gain_at(scores, outcomes, 0.5) == doctest::Approx((1 + 2.0 / 3) / 3));
        CHECK(gain_at(scores, outcomes, 1) == 1);
        CHECK(precision_at(scores, outcomes, 1) == 1);
        CHECK(precision_at(scores, outcomes, 3) == doctest::Approx((1 + 2.0 / 3) / 3));
        CHECK(precision_at(scores, outcomes, 6) == 0.5);
        CHECK(lift_at(scores, outcomes, 0.5) == doctest::Approx((1 + 2.0 / 3) / 1.5));
    }

    TEST_CASE("the area under the gain curve is the AUC, stretched") {
        // With a share q of outcomes: area = q / 2 + (1 - q) AUC, as each outcome gains on itself by half.
        const Rows rows = tied_rows(500);
        const std::vector<GainPoint> curve = gain_curve(rows.scores, rows.outcomes);
        double area = 0;
        for (std::size_t i = 1; i < curve.size(); ++i) {
            area += (curve[i].people - curve[i - 1].people) * (curve[i].outcomes + curve[i - 1].outcomes) / 2;
        }
        const double q = 256.0 / 500;
        CHECK(area == doctest::Approx(q / 2 + (1 - q) * auc(rows.scores, rows.outcomes)).epsilon(1e-12));
    }

    TEST_CASE("a row that counts n times is like n rows") {
        Random random{3};
        for (int round = 0; round < 200; ++round) {
            CAPTURE(round);
            const Rows rows = small_rows(random, 12);
            const RankedOutcomes ranked{rows.scores, rows.outcomes};
            std::vector<std::uint32_t> counts;
            for (int i = 0; i < 12; ++i) counts.push_back(static_cast<std::uint32_t>(random.below(4)));
            counts[0] = counts[1] = 1;  // both outcomes
            const Rows all = repeated(rows, counts);
            REQUIRE(ranked.auc(counts).value() == doctest::Approx(brute_auc(all)).epsilon(1e-14));
            for (const double share : {0.01, 0.3, 0.77, 1.0}) {
                REQUIRE(ranked.gain_at(share, counts).value() ==
                        doctest::Approx(gain_at(all.scores, all.outcomes, share)).epsilon(1e-13));
            }
            // A capacity of 3 of 12 people is a quarter of the rows, however many there are.
            const double quarter = static_cast<double>(all.scores.size()) / 4;
            const double positives = std::accumulate(all.outcomes.begin(), all.outcomes.end(), 0.0);
            REQUIRE(ranked.precision_at(3, counts).value() ==
                    doctest::Approx(gain_at(all.scores, all.outcomes, 0.25) * positives / quarter).epsilon(1e-13));
        }
        const RankedOutcomes ranked{std::array{0.1, 0.2}, both};
        CHECK_FALSE(ranked.auc(std::array<std::uint32_t, 2>{3, 0}).has_value());
        CHECK_FALSE(ranked.gain_at(1, std::array<std::uint32_t, 2>{3, 0}).has_value());
        CHECK_FALSE(ranked.precision_at(1, std::array<std::uint32_t, 2>{0, 0}).has_value());
        CHECK(refuses("counts must have 2 rows", [&] { return ranked.auc(std::array<std::uint32_t, 3>{1, 1, 1}); }));
    }

    TEST_CASE("percentage points of the normal distribution") {
        // scipy.stats.norm.isf(tail) of SciPy 1.17.1.
        struct Point {
            double tail;
            double expected;
        };
        for (const Point& point : {Point{0.5, 0},
                                   {0.4, 0.25334710313579972},
                                   {0.25, 0.67448975019608171},
                                   {0.1, 1.2815515655446004},
                                   {0.075, 1.4395314709384563},
                                   {0.07, 1.4757910281791706},
                                   {0.025, 1.9599639845400545},
                                   {0.005, 2.5758293035489008},
                                   {5e-05, 3.8905918864130942}}) {
            CAPTURE(point.tail);
            CHECK(alloquy::score::detail::normal_upper_point(point.tail) ==
                  doctest::Approx(point.expected).epsilon(1e-14));
        }
    }

    TEST_CASE("Wilson intervals are those of SciPy") {
        // scipy.stats.binomtest(positives, rows).proportion_ci(level, method="wilson") of SciPy 1.17.1.
        struct Case {
            std::size_t positives;
            std::size_t rows;
            double level;
            double low;
            double high;
        };
        for (const Case& c : {Case{0, 10, 0.95, 0, 0.27753279986288926},
                              {1, 10, 0.95, 0.017876213095072896, 0.40415002679523848},
                              {7, 10, 0.9, 0.4416997958698351, 0.87312341609680211},
                              {10, 10, 0.95, 0.72246720013711085, 1},
                              {133, 4000, 0.99, 0.026686179034286411, 0.041359675813208582},
                              {50, 100, 0.5, 0.46635196422237973, 0.53364803577762032}}) {
            CAPTURE(c.positives);
            CAPTURE(c.rows);
            const Interval interval = wilson_interval(c.positives, c.rows, c.level);
            CHECK(interval.estimate == static_cast<double>(c.positives) / static_cast<double>(c.rows));
            CHECK(interval.low == doctest::Approx(c.low).epsilon(1e-12));
            CHECK(interval.high == doctest::Approx(c.high).epsilon(1e-12));
            CHECK(interval.level == c.level);
            CHECK(interval.resamples == 0);
        }
        for (std::size_t n = 1; n <= 200; ++n) {
            CAPTURE(n);
            CHECK(wilson_interval(0, n).low == 0);
            CHECK(wilson_interval(n, n).high == 1);
        }
        CHECK(refuses("rows must be >= 1", [] { return wilson_interval(0, 0); }));
        CHECK(refuses("positives must be at most", [] { return wilson_interval(4, 3); }));
        CHECK(refuses("level must be in (0, 0.9999]", [] { return wilson_interval(1, 3, 1); }));
        CHECK(refuses("level must be in (0, 0.9999]", [] { return wilson_interval(1, 3, not_a_number); }));
    }

    TEST_CASE("the calibration table is that of scikit-learn where no probabilities are tied") {
        // calibration_curve(y, p, n_bins=6, strategy="quantile") of scikit-learn 1.9.1 on distinct_rows().
        const std::array observed{0.04, 0.05, 0.2, 0.38, 0.64, 0.91};
        const std::array foretold{0.08277870216306166, 0.24916805324459226, 0.4155574043261232,
                                  0.5822129783693845,  0.7500000000000003,  0.9163893510815303};
        const Rows rows = distinct_rows();
        const std::vector<CalibrationBin> table = calibration_table(rows.scores, rows.outcomes, 6);
        REQUIRE(table.size() == 6);
        double error = 0;
        for (std::size_t b = 0; b < 6; ++b) {
            CAPTURE(b);
            CHECK(table[b].rows == 100);
            CHECK(table[b].observed.estimate == doctest::Approx(observed[b]).epsilon(1e-14));
            CHECK(table[b].mean_probability == doctest::Approx(foretold[b]).epsilon(1e-13));
            CHECK(table[b].observed == wilson_interval(table[b].positives, 100, 0.95));
            if (b > 0) CHECK(table[b].lowest > table[b - 1].highest);
            error += std::abs(observed[b] - foretold[b]) / 6;
        }
        CHECK(expected_calibration_error(table) == doctest::Approx(error).epsilon(1e-12));
    }

    TEST_CASE("equal probabilities stand in one bin") {
        // By hand: 0.2 x 5, 0.4 x 2, 0.9 x 3; two bins part at 5 of 10, three give each its own, more cannot be.
        const std::vector<double> probabilities{0.9, 0.2, 0.2, 0.4, 0.2, 0.9, 0.2, 0.4, 0.9, 0.2};
        const std::vector<std::uint8_t> outcomes{1, 0, 0, 1, 1, 1, 0, 0, 0, 0};
        const auto two = calibration_table(probabilities, outcomes, 2);
        REQUIRE(two.size() == 2);
        CHECK(two[0].rows == 5);
        CHECK(two[0].positives == 1);
        CHECK(two[0].lowest == 0.2);
        CHECK(two[0].highest == 0.2);
        CHECK(two[1].rows == 5);
        CHECK(two[1].positives == 3);
        CHECK(two[1].lowest == 0.4);
        CHECK(two[1].highest == 0.9);
        CHECK(two[1].mean_probability == doctest::Approx(0.7));
        // (5 * |0.2 - 0.2| + 5 * |0.7 - 0.6|) / 10
        CHECK(expected_calibration_error(two) == doctest::Approx(0.05));
        const auto ten = calibration_table(probabilities, outcomes, 10);
        REQUIRE(ten.size() == 3);
        CHECK(ten[2].rows == 3);
        CHECK(ten == calibration_table(probabilities, outcomes, 3));
        CHECK(calibration_table(probabilities, outcomes, 1).front().rows == 10);
        CHECK(refuses("bins must be >= 1", [&] { return calibration_table(probabilities, outcomes, 0); }));
        CHECK(refuses("table must not be empty", [] { return expected_calibration_error({}); }));
        CHECK(refuses("bin of table must have rows",
                      [] { return expected_calibration_error(std::array<CalibrationBin, 1>{}); }));
    }

    TEST_CASE("the bits of an interval are those of another program") {
        // Philox, draws, AUC in fractions and quantiles written again in Python from the comments of random.hpp and
        // evaluation.hpp; 60 rows with scores rounded to tenths, 100 resamples.
        Rows rows = tied_rows(60);
        for (int i = 0; i < 60; ++i) rows.scores[static_cast<std::size_t>(i)] = ((i * 37) % 101 + 5) / 10;
        const Interval plain =
            bootstrap_auc(rows.scores, rows.outcomes, {.resamples = 100, .level = 0.9, .seed = 0x123456789abcdef0U});
        CHECK(plain.estimate == 0x1.c0db6db6db6dbp-1);
        CHECK(plain.low == 0x1.95f28db47e30ap-1);
        CHECK(plain.high == 0x1.e6472fd3e0e7bp-1);
        std::vector<std::uint64_t> groups;
        for (std::uint64_t i = 0; i < 60; ++i) groups.push_back(i * i % 17 + 1000);
        const Interval grouped =
            bootstrap_auc(rows.scores, rows.outcomes, {.resamples = 100, .seed = 7, .groups = groups});
        CHECK(grouped.estimate == 0x1.c0db6db6db6dbp-1);
        CHECK(grouped.low == 0x1.a04f96b7be1c3p-1);
        CHECK(grouped.high == 0x1.e3ccb0e3e3042p-1);
    }

    TEST_CASE("the interval of an AUC is as wide as DeLong's") {
        // Standard errors by E. R. DeLong et al., "Comparing the areas under two or more correlated receiver operating
        // characteristic curves", Biometrics 44 (1988), computed with NumPy: mean over one class, variance over the
        // other.
        const Rows tied = tied_rows(500);
        const Rows distinct = distinct_rows();
        const Interval one = bootstrap_auc(tied.scores, tied.outcomes, {.resamples = 2000});
        CHECK(one.estimate == doctest::Approx(0.8305023693647541).epsilon(1e-14));
        CHECK(one.high - one.low == doctest::Approx(2 * 1.96 * 0.01765935706023345).epsilon(0.08));
        const Interval two = bootstrap_auc(distinct.scores, distinct.outcomes, {.resamples = 2000});
        CHECK(two.high - two.low == doctest::Approx(2 * 1.96 * 0.014033868648956428).epsilon(0.08));
    }

    TEST_CASE("intervals of 90 % hold the true AUC in about 90 % of simulations") {
        // Scores of outcome 1 lie 1 standard deviation higher: AUC = Phi(1 / sqrt(2)) = 0.7602 (scipy.stats.norm.cdf).
        // 400 simulations: the standard deviation of the coverage is 1.5 %; percentile intervals of AUC are a little
        // short at 100 rows.
        Random random{5};
        int held = 0;
        for (std::uint64_t simulation = 0; simulation < 400; ++simulation) {
            Rows rows;
            for (int i = 0; i < 100; ++i) {
                rows.outcomes.push_back(i % 3 == 0 ? 1 : 0);
                rows.scores.push_back(nearly_normal(random) + rows.outcomes.back());
            }
            const Interval interval =
                bootstrap_auc(rows.scores, rows.outcomes, {.resamples = 200, .level = 0.9, .seed = simulation});
            if (interval.low <= 0.7602 && 0.7602 <= interval.high) ++held;
        }
        CHECK(held > 340);
        CHECK(held < 380);
    }

    TEST_CASE("where rows of a person are alike, only whole persons give honest intervals") {
        // 40 persons of 10 equal rows each: the share of outcomes has the error of 40 rows. 300 simulations of 90 %
        // intervals; drawn by row, they are sqrt(10) times too short and hold the truth in about 40 %.
        Random random{6};
        std::vector<std::uint64_t> groups;
        for (std::uint64_t i = 0; i < 400; ++i) groups.push_back(i / 10);
        int held_by_rows = 0;
        int held_by_groups = 0;
        for (std::uint64_t simulation = 0; simulation < 300; ++simulation) {
            std::vector<double> outcomes;
            for (int person = 0; person < 40; ++person) outcomes.insert(outcomes.end(), 10, random.chance(40) ? 1 : 0);
            const auto share = [&](Counts counts) -> std::optional<double> {
                double sum = 0;
                double rows = 0;
                for (std::size_t i = 0; i < counts.size(); ++i) {
                    sum += counts[i] * outcomes[i];
                    rows += counts[i];
                }
                return sum / rows;
            };
            BootstrapOptions options{.resamples = 200, .level = 0.9, .seed = simulation};
            const Interval by_rows = bootstrap(400, share, options);
            options.groups = groups;
            const Interval by_groups = bootstrap(400, share, options);
            if (by_rows.low <= 0.4 && 0.4 <= by_rows.high) ++held_by_rows;
            if (by_groups.low <= 0.4 && 0.4 <= by_groups.high) ++held_by_groups;
        }
        CHECK(held_by_rows < 180);
        CHECK(held_by_groups > 250);
        CHECK(held_by_groups < 295);
    }

    TEST_CASE("a paired difference knows more than two separate intervals") {
        Random random{7};
        Rows rows;
        std::vector<double> noisy;
        for (int i = 0; i < 1000; ++i) {
            rows.outcomes.push_back(random.chance(30) ? 1 : 0);
            rows.scores.push_back(nearly_normal(random) + rows.outcomes.back());
            noisy.push_back(rows.scores.back() + 0.5 * nearly_normal(random));
        }
        const Interval difference = bootstrap_auc_difference(rows.scores, noisy, rows.outcomes);
        CHECK(difference.estimate == auc(rows.scores, rows.outcomes) - auc(noisy, rows.outcomes));
        CHECK(difference.low > 0);
        const Interval one = bootstrap_auc(rows.scores, rows.outcomes);
        const Interval two = bootstrap_auc(noisy, rows.outcomes);
        CHECK(one.low < two.high);  // apart from each other, these leave the matter open
        CHECK(difference.high - difference.low < 0.7 * (one.high - one.low));
        const Interval same = bootstrap_auc_difference(rows.scores, rows.scores, rows.outcomes);
        CHECK(same.low == 0);
        CHECK(same.high == 0);
    }

    TEST_CASE("resamples with one kind of outcome are left out and counted, and refused where they are many") {
        // Three positives in 20 rows: none is drawn with probability (17 / 20)^20 = 3.9 %.
        Rows rows;
        for (int i = 0; i < 20; ++i) {
            rows.scores.push_back(i);
            rows.outcomes.push_back(i % 7 == 6 || i == 3 ? 1 : 0);
        }
        const BootstrapOptions options{.resamples = 5000, .seed = 3};
        const Interval interval = bootstrap_auc(rows.scores, rows.outcomes, options);
        std::uint32_t without = 0;
        (void)bootstrap(
            20,
            [&](Counts counts) -> std::optional<double> {
                if (counts[3] + counts[6] + counts[13] == 0) ++without;
                return 0.0;
            },
            options);
        CHECK(interval.skipped == without);
        CHECK(interval.resamples == 5000 - without);
        CHECK(without > 195 - 5 * 14);
        CHECK(without < 195 + 5 * 14);
        EvaluationOptions asked{.capacities = {2}, .bootstrap = options};
        for (double& score : rows.scores) score /= 20;
        const Evaluation evaluation = evaluate(rows.scores, rows.outcomes, asked);
        CHECK(evaluation.auc.skipped == without);
        CHECK(evaluation.gains.front().gain.skipped == without);
        CHECK(evaluation.brier.skipped == 0);
        CHECK(evaluation.precisions.front().precision.skipped == 0);
        CHECK(alloquy::score::to_text(evaluation).find(std::to_string(without) + " more with one kind") !=
              std::string::npos);
        // One positive: none is drawn with probability (19 / 20)^20 = 36 %.
        rows.outcomes.assign(20, 0);
        rows.outcomes[5] = 1;
        CHECK(refuses("outcomes must hold more rows of the rarer kind",
                      [&] { return bootstrap_auc(rows.scores, rows.outcomes, options); }));
        CHECK(refuses("outcomes must hold more rows of the rarer kind",
                      [&] { return bootstrap_auc_difference(rows.scores, rows.scores, rows.outcomes, options); }));
        CHECK(refuses("outcomes must hold more rows of the rarer kind",
                      [&] { return evaluate(rows.scores, rows.outcomes, asked); }));
    }

    TEST_CASE("evaluate gives the numbers of the single functions") {
        const Rows rows = tied_rows(500);
        EvaluationOptions options{.capacities = {500, 20, 1}, .shares = {0.5, 0.04, 1}, .bins = 7};
        options.bootstrap = {.resamples = 200, .level = 0.9, .seed = 11};
        const Evaluation evaluation = evaluate(rows.scores, rows.outcomes, options);
        CHECK(evaluation.rows == 500);
        CHECK(evaluation.positives == 256);
        CHECK(evaluation.groups == 0);
        CHECK(evaluation.auc == bootstrap_auc(rows.scores, rows.outcomes, options.bootstrap));
        CHECK(evaluation.log_loss.estimate == log_loss(rows.scores, rows.outcomes));
        CHECK(evaluation.brier.estimate == brier(rows.scores, rows.outcomes));
        CHECK(evaluation.gain_curve == gain_curve(rows.scores, rows.outcomes));
        CHECK(evaluation.calibration == calibration_table(rows.scores, rows.outcomes, 7, 0.9));
        CHECK(evaluation.expected_calibration_error == expected_calibration_error(evaluation.calibration));
        const RankedOutcomes ranked{rows.scores, rows.outcomes};
        REQUIRE(evaluation.gains.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) {
            const double share = options.shares[i];
            CHECK(evaluation.gains[i].share == share);
            CHECK(evaluation.gains[i].gain ==
                  bootstrap(
                      500, [&](Counts counts) { return ranked.gain_at(share, counts); }, options.bootstrap));
        }
        REQUIRE(evaluation.precisions.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) {
            const std::size_t capacity = options.capacities[i];
            CHECK(evaluation.precisions[i].capacity == capacity);
            CHECK(evaluation.precisions[i].precision ==
                  bootstrap(
                      500, [&](Counts counts) { return ranked.precision_at(capacity, counts); }, options.bootstrap));
        }
        // A resample's Brier score, in another way.
        const Interval resampled_brier = bootstrap(
            500,
            [&](Counts counts) -> std::optional<double> {
                const Rows all = repeated(rows, counts);
                return brier(all.scores, all.outcomes);
            },
            options.bootstrap);
        CHECK(evaluation.brier.low == doctest::Approx(resampled_brier.low).epsilon(1e-12));
        CHECK(evaluation.brier.high == doctest::Approx(resampled_brier.high).epsilon(1e-12));
        const Interval resampled_loss = bootstrap(
            500,
            [&](Counts counts) -> std::optional<double> {
                const Rows all = repeated(rows, counts);
                return log_loss(all.scores, all.outcomes);
            },
            options.bootstrap);
        CHECK(evaluation.log_loss.low == doctest::Approx(resampled_loss.low).epsilon(1e-12));
        CHECK(evaluation.log_loss.high == doctest::Approx(resampled_loss.high).epsilon(1e-12));
    }

    TEST_CASE("any number of threads gives the same bits") {
        const Rows rows = tied_rows(500);
        std::vector<std::uint64_t> groups;
        for (std::uint64_t i = 0; i < 500; ++i) groups.push_back(i % 90);
        for (const bool grouped : {false, true}) {
            CAPTURE(grouped);
            EvaluationOptions options{.capacities = {25}};
            options.bootstrap.resamples = 101;
            options.bootstrap.seed = 12;
            if (grouped) options.bootstrap.groups = groups;
            const Evaluation one = evaluate(rows.scores, rows.outcomes, options);
            CHECK(one.groups == (grouped ? 90 : 0));
            for (const unsigned threads : {2U, 7U, 200U}) {
                CAPTURE(threads);
                options.bootstrap.threads = threads;
                CHECK(evaluate(rows.scores, rows.outcomes, options) == one);
            }
            options.bootstrap.seed = 13;
            CHECK(evaluate(rows.scores, rows.outcomes, options).auc != one.auc);
        }
    }

    TEST_CASE("bad rows are refused by name") {
        const std::vector<double> good{0.2, 0.7};
        const std::vector<double> longer{0.2, 0.7, 0.1};
        const std::vector<double> unknown{0.2, not_a_number};
        const std::vector<double> above{0.2, 1.5};
        const std::vector<double> below{-0.1, 0.5};
        const std::vector<std::uint8_t> ones{1, 1};
        const std::vector<std::uint8_t> zeros{0, 0};
        const std::vector<std::uint8_t> other{0, 2};
        CHECK(refuses("auc: scores must have 2 rows, got 3", [&] { return auc(longer, both); }));
        CHECK(refuses("auc: scores must not be NaN, but row 1 is", [&] { return auc(unknown, both); }));
        CHECK(refuses("auc: outcomes must not be empty", [&] { return auc({}, {}); }));
        CHECK(refuses("auc: outcomes must hold both 0 and 1", [&] { return auc(good, ones); }));
        CHECK(refuses("auc: outcomes must hold both 0 and 1", [&] { return auc(good, zeros); }));
        CHECK(refuses("auc: outcomes must be 0 or 1, got 2 in row 1", [&] { return auc(good, other); }));
        CHECK(refuses("RankedOutcomes: scores", [&] { return RankedOutcomes(unknown, both); }));
        CHECK(refuses("log_loss: probabilities must be in [0, 1]", [&] { return log_loss(above, both); }));
        CHECK(refuses("log_loss: probabilities must be in [0, 1]", [&] { return log_loss(unknown, both); }));
        CHECK(refuses("log_loss: probabilities must have 2 rows", [&] { return log_loss(longer, both); }));
        CHECK(refuses("log_loss: outcomes must not be empty", [&] { return log_loss({}, {}); }));
        CHECK(refuses("brier: probabilities must be in [0, 1]", [&] { return brier(below, both); }));
        CHECK(refuses("brier: outcomes must be 0 or 1", [&] { return brier(good, other); }));
        CHECK(refuses("calibration_table: probabilities", [&] { return calibration_table(above, both); }));
        CHECK(refuses("gain_curve: outcomes must hold a 1", [&] { return gain_curve(good, zeros); }));
        CHECK(refuses("gain_curve: scores", [&] { return gain_curve(unknown, both); }));
        CHECK(refuses("gain_at: outcomes must hold a 1", [&] { return gain_at(good, zeros, 0.5); }));
        CHECK(refuses("lift_at: outcomes must hold a 1", [&] { return lift_at(good, zeros, 0.5); }));
        for (const double share : {0.0, -0.5, 1.01, not_a_number}) {
            CAPTURE(share);
            CHECK(refuses("gain_at: share must be in (0, 1]", [&] { return gain_at(good, both, share); }));
            CHECK(refuses("lift_at: share must be in (0, 1]", [&] { return lift_at(good, both, share); }));
            CHECK(refuses("evaluate: share must be in (0, 1]", [&] {
                return evaluate(good, both, {.shares = {0.5, share}});
            }));
        }
        for (const std::size_t capacity : {std::size_t{0}, std::size_t{3}}) {
            CAPTURE(capacity);
            CHECK(refuses("precision_at: capacity must be in [1, 2]",
                          [&] { return precision_at(good, both, capacity); }));
            CHECK(refuses("evaluate: capacity must be in [1, 2]", [&] {
                return evaluate(good, both, {.capacities = {1, capacity}});
            }));
        }
        CHECK(precision_at(good, zeros, 1) == 0);
        CHECK(gain_at(good, ones, 0.5) == 0.5);
        CHECK(refuses("evaluate: outcomes must hold both", [&] { return evaluate(good, ones); }));
        CHECK(refuses("evaluate: probabilities must be in [0, 1]", [&] { return evaluate(above, both); }));
        CHECK(refuses("evaluate: bins must be >= 1", [&] { return evaluate(good, both, {.bins = 0}); }));
        CHECK(refuses("bootstrap_auc: outcomes must hold both", [&] { return bootstrap_auc(good, ones); }));
        CHECK(refuses("bootstrap_auc_difference: baseline must have 2 rows",
                      [&] { return bootstrap_auc_difference(good, longer, both); }));
        CHECK(refuses("bootstrap_auc_difference: outcomes must hold both",
                      [&] { return bootstrap_auc_difference(good, good, ones); }));
    }

    TEST_CASE("an evaluation in words") {
        // Written by hand from the numbers.
        Evaluation evaluation;
        evaluation.rows = 4000;
        evaluation.positives = 500;
        evaluation.groups = 812;
        evaluation.auc = {0.78905, 0.77, 0.81004, 0.95, 998, 2};
        evaluation.log_loss = {0.3, 0.25, 0.35, 0.95, 1000, 0};
        evaluation.brier = {0.09996, 0.05, 0.1, 0.95, 1000, 0};
        evaluation.gains = {{0.1, {0.25, 0.2, 0.3, 0.95, 998, 2}}};
        evaluation.precisions = {{120, {0.5, 0.4, 0.625, 0.95, 1000, 0}}};
        evaluation.calibration = {{3000, 150, 0, 0.2, 0.04, {0.05, 0.043, 0.0584, 0.95, 0, 0}},
                                  {1000, 350, 0.21, 0.9, 0.361, {0.35, 0.32, 0.38, 0.95, 0, 0}}};
        evaluation.expected_calibration_error = 0.01025;
        CHECK(alloquy::score::to_text(evaluation) ==
              "4000 rows, 500 with outcome 1 (12.5 %); intervals of 95 % from 998 resamples of 812 groups, 2 more with "
              "one kind of outcome left out\n"
              "                                estimate       low      high\n"
              "AUC                               0.7891    0.7700    0.8100\n"
              "log loss                          0.3000    0.2500    0.3500\n"
              "Brier score                       0.1000    0.0500    0.1000\n"
              "outcomes in the best 10 %         0.2500    0.2000    0.3000\n"
              "lift of the best 10 %             2.5000    2.0000    3.0000\n"
              "precision of the best 120         0.5000    0.4000    0.6250\n"
              "expected calibration error        0.0103\n"
              "\n"
              "      rows  foretold  observed       low      high\n"
              "      3000    0.0400    0.0500    0.0430    0.0584\n"
              "      1000    0.3610    0.3500    0.3200    0.3800\n");
    }

    TEST_CASE("numbers in words are rounded half away from zero") {
        using alloquy::score::detail::fixed_decimals;
        using alloquy::score::detail::percent;
        CHECK(fixed_decimals(0.5, 0) == "1");
        CHECK(fixed_decimals(-0.5, 0) == "-1");
        CHECK(fixed_decimals(0.0625, 3) == "0.063");
        CHECK(fixed_decimals(-0.0001, 3) == "0.000");
        CHECK(fixed_decimals(12.0, 2) == "12.00");
        CHECK(fixed_decimals(0.999999, 2) == "1.00");
        CHECK(percent(0.05) == "5 %");
        CHECK(percent(0.125) == "12.5 %");
        CHECK(percent(1) == "100 %");
        CHECK(percent(0.00001) == "0.001 %");
    }
}
