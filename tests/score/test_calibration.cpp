#include <alloquy/score/calibration.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"
#include "support.hpp"

using alloquy::score::apply;
using alloquy::score::Calibration;
using alloquy::score::CalibrationKind;
using alloquy::score::cross_fitted_log_odds;
using alloquy::score::FeatureMatrix;
using alloquy::score::fit_isotonic;
using alloquy::score::fit_logistic;
using alloquy::score::fit_platt;
using alloquy::support::contains;
using alloquy::support::Random;
using alloquy::support::refusal;

namespace {

struct Scored {
    std::vector<double> scores;
    std::vector<std::uint8_t> outcomes;
    std::vector<double> weights;  // empty: 1 each
};

// The data that the figures below were made on (n = 60):
//   s[i] = ((37*i)%41)/8-2.5;  y[i] = ((31*i*i+17*i+7)%103)/103 < 0.5+0.15*s[i];  w[i] = 0.5*(i%4)
Scored reference_scores(bool weighted) {
    Scored data;
    for (int i = 0; i < 60; ++i) {
        data.scores.push_back(((37 * i) % 41) / 8.0 - 2.5);
        data.outcomes.push_back(((31 * i * i + 17 * i + 7) % 103) / 103.0 < 0.5 + 0.15 * data.scores.back() ? 1 : 0);
        if (weighted) data.weights.push_back(0.5 * (i % 4));
    }
    return data;
}

Scored random_scores(std::uint64_t seed, std::size_t count, std::size_t grid) {
    Random random{seed};
    Scored data;
    for (std::size_t i = 0; i < count; ++i) {
        data.scores.push_back(static_cast<double>(random.below(grid)) / 4 - 3);
        data.outcomes.push_back(random.fraction() < 1 / (1 + std::exp(-data.scores.back())) ? 1 : 0);
        data.weights.push_back(0.5 + static_cast<double>(random.below(4)));
    }
    data.outcomes[0] = 0;
    data.outcomes[1] = 1;
    return data;
}

Calibration platt_of(const Scored& data) {
    return fit_platt(data.scores, data.outcomes, data.weights);
}
Calibration isotonic_of(const Scored& data) {
    return fit_isotonic(data.scores, data.outcomes, data.weights);
}

/// Rows with three features, and folds that follow no feature.
struct Rows {
    FeatureMatrix matrix{{"a", "b", "c"}};
    std::vector<std::uint8_t> outcomes{};
    std::vector<double> weights{};
    std::vector<std::uint32_t> folds{};
};
Rows random_rows(std::uint64_t seed, std::size_t count) {
    Random random{seed};
    Rows rows;
    for (std::size_t i = 0; i < count; ++i) {
        constexpr std::array<std::uint32_t, 3> columns{0, 1, 2};
        const std::array<double, 3> x{random.fraction() * 2 - 1, random.fraction() * 4 - 2,
                                      random.chance(30) ? 1. : 0.};
        rows.matrix.add_row({columns, x});
        const double log_odds = 1.5 * x[0] - 0.8 * x[1] + x[2] - 0.5;
        rows.outcomes.push_back(random.fraction() < 1 / (1 + std::exp(-log_odds)) ? 1 : 0);
        rows.weights.push_back(static_cast<double>(random.below(3)));
        rows.folds.push_back(static_cast<std::uint32_t>(random.below(3) * 7));
    }
    return rows;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_SUITE("score/calibration") {
    TEST_CASE("without a calibration log-odds are taken at their word") {
        const Calibration none;
        CHECK(none.kind() == CalibrationKind::none);
        CHECK(apply(none, 0) == 0.5);
        CHECK(apply(none, std::log(3.0)) == doctest::Approx(0.75).epsilon(1e-15));
    }

    TEST_CASE("Platt's slope and offset are those of scikit-learn") {
        // scikit-learn 1.9.1 on reference_scores(): sklearn.calibration._sigmoid_calibration(s, y, w) gives (-slope,
        // -offset), to about 1e-7; the digits below are of 50 Newton steps on the same likelihood in numpy.
        const Calibration plain = platt_of(reference_scores(false));
        CHECK(plain.kind() == CalibrationKind::platt);
        CHECK(std::abs(plain.slope() - 1.3864785816950718) < 1e-6);
        CHECK(std::abs(plain.offset() - 0.3496470112157981) < 1e-6);
        CHECK(std::abs(plain.slope() - 1.3864786034620538) < 1e-10);
        CHECK(std::abs(plain.offset() - 0.3496469562861406) < 1e-10);
        const Calibration weighted = platt_of(reference_scores(true));
        CHECK(std::abs(weighted.slope() - 1.5487293429464464) < 1e-6);
        CHECK(std::abs(weighted.offset() - 0.10556976773697085) < 1e-6);
        CHECK(std::abs(weighted.slope() - 1.5487293483830449) < 1e-10);
        CHECK(std::abs(weighted.offset() - 0.10556977175055314) < 1e-10);
    }

    TEST_CASE("Platt's likelihood is flat at the result, also for scores far from 0 and for separated ones") {
        for (const double shift : {0.0, 1000.0, -3e6}) {
            for (const bool separated : {false, true}) {
                CAPTURE(shift);
                CAPTURE(separated);
                Scored data = reference_scores(false);
                for (std::size_t i = 0; i < data.scores.size(); ++i) {
                    if (separated) data.outcomes[i] = data.scores[i] > 0.3 ? 1 : 0;
                    data.scores[i] += shift;
                }
                const Calibration platt = platt_of(data);
                const auto positive = std::count(data.outcomes.begin(), data.outcomes.end(), 1);
                const auto negative = std::count(data.outcomes.begin(), data.outcomes.end(), 0);
                const auto up = (static_cast<long double>(positive) + 1) / (static_cast<long double>(positive) + 2);
                const auto down = 1 / (static_cast<long double>(negative) + 2);
                long double by_slope = 0;
                long double by_offset = 0;
                for (std::size_t i = 0; i < data.scores.size(); ++i) {
                    const long double x = static_cast<long double>(platt.slope()) * data.scores[i] + platt.offset();
                    const long double residual = 1 / (1 + std::exp(-x)) - (data.outcomes[i] == 1 ? up : down);
                    by_slope += residual * (data.scores[i] - static_cast<long double>(shift));
                    by_offset += residual;
                }
                const double tolerance = shift == 0 ? 1e-9 : 1e-15 * std::abs(shift) * 100;
                CHECK(std::abs(static_cast<double>(by_slope)) < std::max(1e-9, tolerance));
                CHECK(std::abs(static_cast<double>(by_offset)) < std::max(1e-9, tolerance));
            }
        }
    }

    TEST_CASE("scores that say nothing, or the contrary, get the base rate of Platt's targets") {
        // N1 = 2, N0 = 3: targets 3/4 and 1/5; mean (2 * 3/4 + 3 * 1/5) / 5 = 0.42.
        const std::vector<std::uint8_t> outcomes{1, 1, 0, 0, 0};
        for (const std::vector<double>& scores :
             {std::vector<double>(5, 0.1), std::vector<double>(5, -1e90), std::vector<double>{-3, -2, 1, 2, 3}}) {
            const Calibration platt = fit_platt(scores, outcomes);
            CHECK(platt.slope() == 0);
            CHECK(apply(platt, 7) == doctest::Approx(0.42).epsilon(1e-10));
            CHECK(apply(platt, -7) == apply(platt, 7));
        }
    }

    TEST_CASE("isotonic steps are those of scikit-learn") {
        // scikit-learn 1.9.1 on reference_scores(): IsotonicRegression(out_of_bounds='clip').fit(s, y, w):
        // X_thresholds_, y_thresholds_ and predict() at the points below.
        const std::vector<double> points{-9, -2.5, -2.4, -1.3, -0.7, 0.01, 0.4, 1.1, 1.77, 2.2, 9};
        struct Golden {
            std::vector<double> thresholds;
            std::vector<double> probabilities;
            std::vector<double> predictions;
        };
        const std::array golden{
            Golden{{-2.5, -0.875, -0.75, -0.125, 0.0, 0.625, 0.75, 2.125, 2.25, 2.5},
                   {0.05, 0.05, 0.3333333333333333, 0.3333333333333333, 0.8888888888888888, 0.8888888888888888,
                    0.9444444444444444, 0.9444444444444444, 1.0, 1.0},
                   {0.05, 0.05, 0.05, 0.05, 0.3333333333333333, 0.8888888888888888, 0.8888888888888888,
                    0.9444444444444444, 0.9444444444444444, 0.9777777777777779, 1.0}},
            Golden{{-2.5, -0.875, -0.75, -0.375, -0.25, -0.125, 0.125, 0.625, 0.75, 2.125, 2.25, 2.5},
                   {0.0, 0.0, 0.25, 0.25, 0.3333333333333333, 0.3333333333333333, 0.9090909090909091,
                    0.9090909090909091, 0.9285714285714286, 0.9285714285714286, 1.0, 1.0},
                   {0.0, 0.0, 0.0, 0.0, 0.25, 0.6442424242424243, 0.9090909090909091, 0.9285714285714286,
                    0.9285714285714286, 0.9714285714285715, 1.0}}};
        for (const bool weighted : {false, true}) {
            CAPTURE(weighted);
            const Golden& expected = golden.at(weighted ? 1 : 0);
            const Calibration isotonic = isotonic_of(reference_scores(weighted));
            CHECK(isotonic.kind() == CalibrationKind::isotonic);
            CHECK(isotonic.thresholds() == expected.thresholds);
            REQUIRE(isotonic.probabilities().size() == expected.probabilities.size());
            for (std::size_t i = 0; i < expected.probabilities.size(); ++i) {
                CHECK(isotonic.probabilities()[i] == doctest::Approx(expected.probabilities[i]).epsilon(1e-14));
            }
            const std::vector<double> predictions = apply_to_all(isotonic, points);
            for (std::size_t i = 0; i < points.size(); ++i) {
                CAPTURE(points[i]);
                CHECK(predictions[i] == doctest::Approx(expected.predictions[i]).epsilon(1e-12));
            }
        }
    }

    TEST_CASE("isotonic values are the minimax of interval means") {
        // Robertson, Wright, Dykstra, "Order Restricted Statistical Inference" (1988), theorem 1.4.4: the value at i is
        // the maximum over a <= i of the minimum over b >= i of the mean of a to b.
        for (std::uint64_t seed = 1; seed <= 30; ++seed) {
            CAPTURE(seed);
            const Scored data = random_scores(seed, 40, 5 + seed);
            const Calibration isotonic = isotonic_of(data);
            std::vector<double> levels = data.scores;
            std::sort(levels.begin(), levels.end());
            levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
            const auto mean = [&](double first, double last) {
                double weight = 0;
                double positive = 0;
                for (std::size_t i = 0; i < data.scores.size(); ++i) {
                    if (data.scores[i] < first || data.scores[i] > last) continue;
                    weight += data.weights[i];
                    if (data.outcomes[i] == 1) positive += data.weights[i];
                }
                return positive / weight;
            };
            for (std::size_t i = 0; i < levels.size(); ++i) {
                double value = 0;
                for (std::size_t a = 0; a <= i; ++a) {
                    double least = 1;
                    for (std::size_t b = i; b < levels.size(); ++b) least = std::min(least, mean(levels[a], levels[b]));
                    value = std::max(value, least);
                }
                CHECK(apply(isotonic, levels[i]) == doctest::Approx(value).epsilon(1e-12));
            }
        }
    }

    TEST_CASE("no calibration falls as log-odds rise, nor leaves [0, 1]") {
        const Scored data = random_scores(77, 500, 60);
        for (const Calibration& calibration : {Calibration{}, platt_of(data), isotonic_of(data)}) {
            double before = 0;
            for (int i = -40'000; i <= 40'000; ++i) {
                const double p = apply(calibration, i * 1e-3);
                REQUIRE(p >= before - 1e-15);
                if (calibration.kind() == CalibrationKind::isotonic) REQUIRE(p >= before);
                REQUIRE(p <= 1);
                before = p;
            }
            for (const double far : {-1e300, -800.0, 800.0, 1e300}) {
                const double p = apply(calibration, far);
                CHECK((p >= 0 && p <= 1));
            }
        }
    }

    TEST_CASE("isotonic bits do not depend on the order of the rows") {
        Scored data = random_scores(5, 300, 25);
        for (double& weight : data.weights) weight /= 3;
        const Calibration expected = isotonic_of(data);
        Random random{6};
        std::vector<std::size_t> order(300);
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        for (int k = 0; k < 5; ++k) {
            random.shuffle(order);
            Scored shuffled;
            for (const std::size_t i : order) {
                shuffled.scores.push_back(data.scores[i]);
                shuffled.outcomes.push_back(data.outcomes[i]);
                shuffled.weights.push_back(data.weights[i]);
            }
            CHECK((isotonic_of(shuffled) == expected));
        }
    }

    TEST_CASE("a row of weight 0 leaves no trace, a whole weight stands for so many rows") {
        Scored data = reference_scores(true);
        for (double& weight : data.weights) weight *= 2;
        Scored repeated;
        for (std::size_t i = 0; i < data.scores.size(); ++i) {
            for (int k = 0; k < static_cast<int>(data.weights[i]); ++k) {
                repeated.scores.push_back(data.scores[i]);
                repeated.outcomes.push_back(data.outcomes[i]);
            }
        }
        CHECK((isotonic_of(data) == isotonic_of(repeated)));
        CHECK(platt_of(data).slope() == doctest::Approx(platt_of(repeated).slope()).epsilon(1e-9));
        CHECK(platt_of(data).offset() == doctest::Approx(platt_of(repeated).offset()).epsilon(1e-9));
    }

    TEST_CASE("a calibration mends log-odds that are twice too sure") {
        Random random{91};
        Scored data;
        for (int i = 0; i < 20'000; ++i) {
            const double truth = random.fraction() * 4 - 2;
            data.scores.push_back(2 * truth + 1);
            data.outcomes.push_back(random.fraction() < 1 / (1 + std::exp(-truth)) ? 1 : 0);
        }
        const Calibration platt = platt_of(data);
        CHECK(std::abs(platt.slope() - 0.5) < 0.03);  // standard error: about 0.007
        CHECK(std::abs(platt.offset() + 0.5) < 0.06);
        const Calibration isotonic = isotonic_of(data);
        for (const double truth : {-1.5, -0.5, 0.0, 1.0}) {
            CHECK(std::abs(apply(isotonic, 2 * truth + 1) - 1 / (1 + std::exp(-truth))) < 0.06);
        }
    }

    TEST_CASE("a calibration is rebuilt from its numbers") {
        const Calibration isotonic = isotonic_of(reference_scores(false));
        CHECK((Calibration::isotonic(isotonic.thresholds(), isotonic.probabilities()) == isotonic));
        const Calibration platt = platt_of(reference_scores(false));
        CHECK((Calibration::platt(platt.slope(), platt.offset()) == platt));
        CHECK_FALSE((platt == isotonic));
        CHECK(apply(Calibration::isotonic({1}, {0.25}), -5) == 0.25);
        // Between -1e308 and 1e308 lies more than the largest double.
        CHECK(apply(Calibration::isotonic({-1e308, 1e308}, {0, 1}), 0) == 0.5);
    }

    TEST_CASE("numbers that make no calibration are refused") {
        for (const double bad : {-0.1, not_a_number, infinity}) {
            CHECK(contains(refusal([&] { (void)Calibration::platt(bad, 0); }), "slope"));
        }
        CHECK(contains(refusal([] { (void)Calibration::platt(1, not_a_number); }), "offset"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({}, {}); }), "at least one threshold"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({1, 2}, {0.5}); }), "as many probabilities"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({1, 1}, {0.5, 0.6}); }), "must rise"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({1, 2}, {0.5, 0.4}); }), "must not fall"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({1, not_a_number}, {0.5, 0.6}); }), "finite"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({1, 2}, {0.5, 1.1}); }), "[0, 1]"));
        CHECK(contains(refusal([] { (void)Calibration::isotonic({1}, {not_a_number}); }), "[0, 1]"));
        for (const double bad : {not_a_number, infinity, -infinity}) {
            CHECK(contains(refusal([&] { (void)apply(Calibration{}, bad); }), "log_odds"));
            CHECK(contains(refusal([&] { (void)apply(Calibration::isotonic({1}, {0.5}), bad); }), "log_odds"));
        }
    }

    TEST_CASE("bad arguments of the fits are refused by name") {
        using Fit = Calibration (*)(std::span<const double>, std::span<const std::uint8_t>, std::span<const double>);
        for (const Fit fit : {Fit{fit_platt}, Fit{fit_isotonic}}) {
            const auto with = [&](const std::function<void(Scored&)>& change) {
                Scored data = reference_scores(true);
                change(data);
                return refusal([&] { (void)fit(data.scores, data.outcomes, data.weights); });
            };
            CHECK(with([](auto&) {}).empty());
            CHECK(contains(with([](auto& d) { d.outcomes.pop_back(); }), "outcomes"));
            CHECK(contains(with([](auto& d) { d.weights.pop_back(); }), "weights"));
            CHECK(contains(with([](auto& d) { d.outcomes[3] = 2; }), "outcomes[3]"));
            CHECK(contains(with([](auto& d) { d.weights[3] = -1; }), "weights[3]"));
            CHECK(contains(with([](auto& d) { d.weights[3] = not_a_number; }), "weights[3]"));
            CHECK(contains(with([](auto& d) { d.scores[3] = not_a_number; }), "scores[3]"));
            CHECK(contains(with([](auto& d) { d.scores[3] = infinity; }), "scores[3]"));
            CHECK(contains(with([](auto& d) { d = {}; }), "outcomes"));
            for (const std::uint8_t only : {std::uint8_t{0}, std::uint8_t{1}}) {
                CHECK(contains(with([&](auto& d) { std::fill(d.outcomes.begin(), d.outcomes.end(), only); }),
                               "outcomes must hold both"));
            }
        }
    }

    TEST_CASE("cross-fitted log-odds come from a model of the other folds' rows") {
        const Rows rows = random_rows(13, 150);
        const std::vector<double> scores = cross_fitted_log_odds(rows.matrix, rows.outcomes, rows.weights, rows.folds);
        REQUIRE(scores.size() == 150);
        for (const std::uint32_t fold : {0U, 7U, 14U}) {
            FeatureMatrix others{{"a", "b", "c"}};
            std::vector<std::uint8_t> outcomes;
            std::vector<double> weights;
            for (std::size_t r = 0; r < 150; ++r) {
                if (rows.folds[r] == fold) continue;
                others.add_row(rows.matrix.row(r));
                outcomes.push_back(rows.outcomes[r]);
                weights.push_back(rows.weights[r]);
            }
            const auto model = fit_logistic(others, outcomes, weights);
            for (std::size_t r = 0; r < 150; ++r) {
                if (rows.folds[r] != fold) continue;
                CHECK(std::abs(scores[r] - log_odds(model, rows.matrix.row(r))) < 1e-10);
            }
        }
    }

    TEST_CASE("a row's own outcome never reaches its cross-fitted log-odds") {
        Rows rows = random_rows(14, 150);
        const std::vector<double> before = cross_fitted_log_odds(rows.matrix, rows.outcomes, {}, rows.folds);
        for (std::size_t r = 0; r < 150; ++r) {
            if (rows.folds[r] == 7) rows.outcomes[r] = rows.outcomes[r] == 1 ? 0 : 1;
        }
        const std::vector<double> after = cross_fitted_log_odds(rows.matrix, rows.outcomes, {}, rows.folds);
        for (std::size_t r = 0; r < 150; ++r) {
            if (rows.folds[r] == 7) {
                CHECK(after[r] == before[r]);
            } else {
                CHECK(after[r] != before[r]);
            }
        }
    }

    TEST_CASE("cross-fitting gives the same bits for any number of threads") {
        const Rows rows = random_rows(15, 4000);
        alloquy::score::LogisticOptions options;
        const auto expected = cross_fitted_log_odds(rows.matrix, rows.outcomes, rows.weights, rows.folds, options);
        options.threads = 3;
        CHECK(cross_fitted_log_odds(rows.matrix, rows.outcomes, rows.weights, rows.folds, options) == expected);
    }

    TEST_CASE("folds that cannot be left out are refused by name") {
        const Rows rows = random_rows(16, 60);
        const auto with = [&](const std::function<void(Rows&)>& change) {
            Rows changed = rows;
            change(changed);
            return refusal(
                [&] { (void)cross_fitted_log_odds(changed.matrix, changed.outcomes, changed.weights, changed.folds); });
        };
        CHECK(with([](auto&) {}).empty());
        CHECK(contains(with([](auto& r) { r.folds.pop_back(); }), "folds: 60 numbers expected, got 59"));
        CHECK(contains(with([](auto& r) { std::fill(r.folds.begin(), r.folds.end(), 4U); }), "at least two folds"));
        CHECK(contains(with([](auto& r) { r.outcomes.pop_back(); }), "outcomes"));
        CHECK(contains(with([](auto& r) { r.weights[5] = -1; }), "weights[5]"));
        // All of outcome 1 lie in fold 14.
        CHECK(contains(with([](auto& r) {
                           for (std::size_t i = 0; i < r.folds.size(); ++i) {
                               if (r.outcomes[i] == 1) r.folds[i] = 14;
                           }
                       }),
                       "folds: without fold 14"));
    }
}
