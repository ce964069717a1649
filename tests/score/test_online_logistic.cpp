#include <alloquy/score/online_logistic.hpp>

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

using alloquy::score::CoefficientSign;
using alloquy::score::FeatureMatrix;
using alloquy::score::FeatureRow;
using alloquy::score::OnlineLogistic;
using alloquy::score::OnlineLogisticOptions;
using alloquy::score::OnlineLogisticState;
using alloquy::support::contains;
using alloquy::support::Random;
using alloquy::support::refusal;

namespace {

/// A row that owns its data.
struct Row {
    std::vector<std::uint32_t> columns;
    std::vector<double> values;
    operator FeatureRow() const { return {columns, values}; }  // NOLINT: stands for the row everywhere in here
};

struct Step {
    Row row;
    bool outcome;
    double weight;
};

std::vector<Step> random_steps(std::uint64_t seed, std::size_t count, std::uint32_t columns) {
    Random random{seed};
    std::vector<Step> steps;
    for (std::size_t i = 0; i < count; ++i) {
        Step step{{}, false, random.chance(30) ? 0.5 + random.fraction() * 3 : 1.0};
        double log_odds = -0.5;
        for (std::uint32_t j = 0; j < columns; ++j) {
            if (!random.chance(60)) continue;
            step.row.columns.push_back(j);
            step.row.values.push_back(random.fraction() * 4 - 1.5);
            log_odds += (j % 2 == 0 ? 1.0 : -0.7) * step.row.values.back();
        }
        step.outcome = random.fraction() < 1 / (1 + std::exp(-log_odds));
        steps.push_back(step);
    }
    return steps;
}

void learn(OnlineLogistic& model, const std::vector<Step>& steps) {
    for (const Step& step : steps) model.update(step.row, step.outcome, step.weight);
}

/// The documented posterior in long double, each maximum found by halving an interval, precisions decayed directly.
struct SlowModel {
    OnlineLogisticOptions options;
    std::vector<long double> mean;         // 0 is the intercept
    std::vector<long double> information;  // beyond the prior

    SlowModel(std::size_t columns, const OnlineLogisticOptions& chosen)
        : options{chosen}, mean(columns + 1, 0.0L), information(columns + 1, 0.0L) {
        mean[0] = std::log(static_cast<long double>(chosen.probability) / (1 - chosen.probability));
    }
    [[nodiscard]] long double precision(std::size_t j) const {
        return (j == 0 ? options.intercept_penalty : options.penalty) + information[j];
    }
    void update(const Row& row, bool outcome, double weight) {
        if (options.half_life > 0) {
            for (long double& one : information) one *= std::exp2(-1.0L / options.half_life);
        }
        std::vector<std::size_t> positions{0};
        std::vector<long double> x{1};
        for (std::size_t i = 0; i < row.columns.size(); ++i) {
            positions.push_back(row.columns[i] + 1);
            x.push_back(row.values[i]);
        }
        long double before = 0;
        long double line = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            before += mean[positions[i]] * x[i];
            line += x[i] * x[i] / precision(positions[i]);
        }
        // The push: weight * (outcome - p) at the new log-odds before + line * push.
        const auto p_after = [&](long double push) { return 1 / (1 + std::exp(-(before + line * push))); };
        long double low = -weight;
        long double high = weight;
        for (int i = 0; i < 200; ++i) {
            const long double push = (low + high) / 2;
            (push > weight * ((outcome ? 1 : 0) - p_after(push)) ? high : low) = push;
        }
        const long double p = p_after(low);
        std::vector<long double> gain(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            mean[positions[i]] += low * x[i] / precision(positions[i]);
            gain[i] = weight * p * (1 - p) * x[i] * x[i];
        }
        for (std::size_t i = 0; i < x.size(); ++i) information[positions[i]] += gain[i];
    }
};

void check_equal(const OnlineLogistic& model, const SlowModel& slow, double tolerance) {
    CHECK(std::abs(model.state().intercept - static_cast<double>(slow.mean[0])) < tolerance);
    CHECK(model.intercept_variance() == doctest::Approx(static_cast<double>(1 / slow.precision(0))).epsilon(1e-9));
    for (std::size_t j = 0; j < model.columns(); ++j) {
        CAPTURE(j);
        CHECK(std::abs(model.coefficients()[j] - static_cast<double>(slow.mean[j + 1])) < tolerance);
        CHECK(model.variance(j) == doctest::Approx(static_cast<double>(1 / slow.precision(j + 1))).epsilon(1e-9));
    }
}

OnlineLogisticOptions forgetting(double half_life) {
    OnlineLogisticOptions options;
    options.half_life = half_life;
    return options;
}

}  // namespace

TEST_SUITE("score/online_logistic") {
    // The reference needs more digits than a double; x87 and quadruple formats have them.
    static_assert(std::numeric_limits<long double>::digits >= 64);

    TEST_CASE("before the first row the model gives its prior, without evidence") {
        OnlineLogisticOptions options;
        options.probability = 0.2;
        options.penalty = 100;  // so sure of its prior that the delta method alone would see evidence
        options.intercept_penalty = 1000;
        const OnlineLogistic model{3, options};
        const Row row{{0, 2}, {1, -1}};
        CHECK(probability(model, row) == doctest::Approx(0.2).epsilon(1e-11));
        CHECK(evidence(model, row) == 0);
        CHECK(variance_of_log_odds(model, row) == doctest::Approx(1.0 / 1000 + 2.0 / 100).epsilon(1e-14));
        CHECK(contributions(model, row) == std::vector<double>{0, 0});
        CHECK(model.weight() == 0);
        CHECK(model.state().updates == 0);
    }

    TEST_CASE("a row moves the means to the maximum of prior times likelihood") {
        // At the maximum: precision * (new mean - old mean) = weight * (outcome - p) * x for each coefficient.
        for (const double size : {0.5, 20.0, 1e6}) {
            for (const bool outcome : {false, true}) {
                for (const double weight : {1.0, 7.0}) {
                    CAPTURE(size);
                    CAPTURE(outcome);
                    CAPTURE(weight);
                    OnlineLogistic model{2, {2, 0.5, 0.3, 0}};
                    const Row row{{0, 1}, {size, -0.25}};
                    const double before = log_odds(model, row);
                    const double intercept = model.state().intercept;
                    model.update(row, outcome, weight);
                    const OnlineLogisticState& state = model.state();
                    const long double after = static_cast<long double>(state.intercept) +
                                              static_cast<long double>(state.coefficients[0]) * size -
                                              static_cast<long double>(state.coefficients[1]) * 0.25L;
                    const long double p = 1 / (1 + std::exp(-after));
                    const long double residual = weight * ((outcome ? 1 : 0) - p);
                    const auto gap = [&](long double force, long double x) {
                        return static_cast<double>(std::abs(force / (residual * x) - 1));
                    };
                    const double tolerance = 1e-9 * std::max(1.0, size);  // after, as a sum, is no more exact
                    CHECK(gap(0.5L * (state.intercept - static_cast<long double>(intercept)), 1) < tolerance);
                    CHECK(gap(2.0L * state.coefficients[0], size) < tolerance);
                    CHECK(gap(2.0L * state.coefficients[1], -0.25L) < tolerance);
                    const auto s = static_cast<double>(weight * p * (1 - p));
                    CHECK(state.intercept_information == doctest::Approx(s).epsilon(tolerance));
                    CHECK(state.information[1] == doctest::Approx(s * 0.0625).epsilon(tolerance));
                    CHECK((log_odds(model, row) > before) == outcome);
                }
            }
        }
    }

    TEST_CASE("many rows agree with a slow posterior, with and without forgetting") {
        for (const double half_life : {0.0, 1.0, 7.5, 300.0}) {
            CAPTURE(half_life);
            OnlineLogisticOptions options{0.7, 0.2, 0.4, half_life};
            OnlineLogistic model{5, options};
            SlowModel slow{5, options};
            for (const Step& step : random_steps(3, 1500, 5)) {  // with half-life 1 the unit is scaled back twice
                model.update(step.row, step.outcome, step.weight);
                slow.update(step.row, step.outcome, step.weight);
            }
            check_equal(model, slow, 1e-8);
            CHECK(model.state().updates == 1500);
        }
    }

    TEST_CASE("the weight of what was seen is forgotten by halves") {
        OnlineLogistic model{1, forgetting(2)};
        for (int i = 0; i < 3; ++i) model.update(Row{{0}, {1}}, true, 4);
        // 4 rows each time, halved every second row: 4 (1 + 2^-1/2 + 2^-1).
        CHECK(model.weight() == doctest::Approx(4 * (1.5 + std::sqrt(0.5))).epsilon(1e-12));
        OnlineLogistic fast{1, forgetting(1)};
        for (int i = 0; i < 1200; ++i) fast.update(Row{{0}, {1}}, i % 2 == 0);
        CHECK(fast.weight() == doctest::Approx(2).epsilon(1e-12));  // 1 + 1/2 + 1/4 ...
        OnlineLogistic keeping{1};
        for (int i = 0; i < 3; ++i) keeping.update(Row{{0}, {1}}, true, 4);
        CHECK(keeping.weight() == 12);
    }

    TEST_CASE("an unused coefficient falls back to the prior's variance and keeps its mean") {
        OnlineLogistic model{2, forgetting(10)};
        for (int i = 0; i < 5; ++i) model.update(Row{{0}, {2}}, true);
        const double mean = model.coefficients()[0];
        const double information = 1 / model.variance(0) - 1;
        for (int i = 0; i < 30; ++i) model.update(Row{{1}, {1}}, i % 2 == 0);
        CHECK(model.coefficients()[0] == mean);
        CHECK(model.variance(0) == doctest::Approx(1 / (1 + information / 8)).epsilon(1e-12));
    }

    TEST_CASE("without forgetting it comes close to the model learned in bulk") {
        // Groups that exclude each other, so that the independent posteriors lose little.
        Random random{17};
        const std::vector<double> truth{-1.5, -0.5, 0.0, 0.7, 1.5};
        FeatureMatrix matrix{{"a", "b", "c", "d", "e"}};
        std::vector<std::uint8_t> outcomes;
        OnlineLogistic model{5};
        for (int i = 0; i < 20'000; ++i) {
            const auto group = static_cast<std::uint32_t>(random.below(5));
            const Row row{{group}, {1}};
            matrix.add_row(row);
            outcomes.push_back(random.fraction() < 1 / (1 + std::exp(-truth[group])) ? 1 : 0);
            model.update(row, outcomes.back() == 1);
        }
        const auto bulk = fit_logistic(matrix, outcomes);
        for (std::uint32_t group = 0; group < 5; ++group) {
            CAPTURE(group);
            const Row row{{group}, {1}};
            CHECK(std::abs(log_odds(model, row) - log_odds(bulk, row)) < 0.1);  // standard error: about 0.035
        }
    }

    TEST_CASE("with a half-life it follows a coefficient that turns, without it lags") {
        Random random{23};
        OnlineLogistic keeping{1};
        OnlineLogistic forgetful{1, forgetting(200)};
        const Row row{{0}, {1}};
        for (int i = 0; i < 6000; ++i) {
            const bool outcome = random.chance(i < 4000 ? 80 : 20);
            keeping.update(row, outcome);
            forgetful.update(row, outcome);
        }
        CHECK(std::abs(probability(forgetful, row) - 0.2) < 0.06);
        CHECK(probability(keeping, row) > 0.4);
        CHECK(evidence(forgetful, row) < evidence(keeping, row));
    }

    TEST_CASE("evidence grows with the rows, and is never above their weight") {
        OnlineLogistic model{1, {1, 0.1, 0.5, 0}};
        const Row row{{0}, {1}};
        double before = 0;
        for (int i = 0; i < 200; ++i) {
            model.update(row, i % 3 == 0);
            const double worth = evidence(model, row);
            REQUIRE(worth <= model.weight());
            if (i % 20 == 19) {
                CHECK(worth > before);
                before = worth;
            }
        }
        CHECK(evidence(model, Row{{0}, {1e30}}) >= 0);
        CHECK(evidence(model, Row{{0}, {1e30}}) <= 200);
    }

    TEST_CASE("log-odds are the intercept and the contributions exactly, in any order") {
        OnlineLogistic model{8};
        const std::vector<Step> steps = random_steps(31, 400, 8);
        learn(model, steps);
        Random random{32};
        for (const Step& step : steps) {
            std::vector<double> parts = contributions(model, step.row);
            REQUIRE(parts.size() == step.row.columns.size());
            parts.push_back(model.intercept());
            for (int k = 0; k < 3; ++k) {
                random.shuffle(parts);
                double sum = 0;
                for (const double part : parts) sum += part;
                REQUIRE(sum == log_odds(model, step.row));
            }
        }
    }

    TEST_CASE("the same rows in the same order give the same bits, another order another state") {
        std::vector<Step> steps = random_steps(41, 300, 4);
        OnlineLogistic first{4, forgetting(50)};
        OnlineLogistic second{4, forgetting(50)};
        learn(first, steps);
        learn(second, steps);
        CHECK((first.state() == second.state()));
        std::reverse(steps.begin(), steps.end());
        OnlineLogistic reversed{4, forgetting(50)};
        learn(reversed, steps);
        CHECK_FALSE((first.state() == reversed.state()));
    }

    TEST_CASE("a stored state goes on as if it had never been away") {
        const std::vector<Step> steps = random_steps(51, 300, 4);
        const std::vector<CoefficientSign> signs{CoefficientSign::free, CoefficientSign::not_positive,
                                                 CoefficientSign::not_negative, CoefficientSign::free};
        OnlineLogistic whole{4, forgetting(3), signs};
        learn(whole, steps);
        OnlineLogistic part{4, forgetting(3), signs};
        learn(part, {steps.begin(), steps.begin() + 150});
        OnlineLogistic restored{OnlineLogisticState{part.state()}, part.options(), part.signs()};
        learn(restored, {steps.begin() + 150, steps.end()});
        CHECK((restored.state() == whole.state()));
    }

    TEST_CASE("signs are kept") {
        const std::vector<CoefficientSign> wrong{CoefficientSign::not_positive, CoefficientSign::not_negative};
        OnlineLogistic model{2, {}, wrong};  // column 0 pushes up, column 1 down
        OnlineLogistic free{2};
        for (const Step& step : random_steps(61, 500, 2)) {
            model.update(step.row, step.outcome, step.weight);
            free.update(step.row, step.outcome, step.weight);
            REQUIRE(model.coefficients()[0] <= 0);
            REQUIRE(model.coefficients()[1] >= 0);
        }
        CHECK(free.coefficients()[0] > 0.5);
        CHECK(free.coefficients()[1] < -0.3);
        CHECK(model.coefficients()[0] > -0.1);
    }

    TEST_CASE("a weight of 0 changes nothing, and forgets nothing") {
        OnlineLogistic model{2, forgetting(5)};
        model.update(Row{{0}, {1}}, true);
        const OnlineLogisticState before = model.state();
        model.update(Row{{0, 1}, {1, 5}}, false, 0);
        CHECK((model.state() == before));
    }

    TEST_CASE("predictions of a matrix are those of its rows, for any number of threads") {
        OnlineLogistic model{4};
        const std::vector<Step> steps = random_steps(71, 3000, 4);
        learn(model, steps);
        FeatureMatrix matrix{{"a", "b", "c", "d"}};
        for (const Step& step : steps) matrix.add_row(step.row);
        const std::vector<double> probabilities = predict(model, matrix);
        const std::vector<double> scores = predict_log_odds(model, matrix, 3);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            REQUIRE(probabilities[i] == probability(model, steps[i].row));
            REQUIRE(scores[i] == log_odds(model, steps[i].row));
        }
        CHECK(predict(model, matrix, 8) == probabilities);
        CHECK(contains(refusal([&] { (void)predict(model, FeatureMatrix{{"a"}}); }), "4 columns expected"));
        CHECK(contains(refusal([&] { (void)predict(model, matrix, 0); }), "threads"));
    }

    TEST_CASE("a bad row is refused, and the model is as before") {
        OnlineLogistic model{2, forgetting(5)};
        model.update(Row{{0, 1}, {1, -1}}, true);
        const OnlineLogisticState before = model.state();
        const double nan = std::numeric_limits<double>::quiet_NaN();
        for (const Row& row : {Row{{2}, {1}}, Row{{0, 1}, {1}}, Row{{0, 1}, {1, nan}}, Row{{0}, {1e61}},
                               Row{{1}, {-std::numeric_limits<double>::infinity()}}, Row{{9'000'000, 0}, {1, 1}},
                               Row{{1, 0}, {1, 1}}, Row{{0, 0}, {1, 1}}}) {
            CHECK_FALSE(refusal([&] { model.update(row, true); }).empty());
        }
        for (const double weight : {-1.0, nan, 1e-13, 1e13}) {
            CHECK(contains(refusal([&] { model.update(Row{{0}, {1}}, true, weight); }), "weight"));
        }
        CHECK((model.state() == before));
        CHECK_FALSE(refusal([&] { (void)log_odds(model, Row{{2}, {1}}); }).empty());
        CHECK(contains(refusal([&] { (void)log_odds(model, Row{{9'000'000, 0}, {1, 1}}); }), "got 9000000"));
        CHECK(contains(refusal([&] { (void)evidence(model, Row{{1, 0}, {1, 1}}); }), "ascending"));
        CHECK(contains(refusal([&] { (void)variance_of_log_odds(model, Row{{1, 0}, {1, 1}}); }), "ascending"));
        CHECK_FALSE(refusal([&] { (void)probability(model, Row{{0}, {nan}}); }).empty());
        CHECK_FALSE(refusal([&] { (void)evidence(model, Row{{0, 1}, {1}}); }).empty());
        CHECK_FALSE(refusal([&] { (void)contributions(model, Row{{7}, {1}}); }).empty());
        CHECK_FALSE(refusal([&] { (void)variance_of_log_odds(model, Row{{7}, {1}}); }).empty());
    }

    TEST_CASE("the largest values and weights keep the state finite") {
        OnlineLogistic model{1, forgetting(1)};
        for (int i = 0; i < 1500; ++i) {
            model.update(Row{{0}, {i % 2 == 0 ? 1e60 : -1e60}}, i % 3 == 0, 1e12);
            model.update(Row{{0}, {1e-60}}, i % 3 == 0, 1e-12);
        }
        CHECK_NOTHROW(OnlineLogistic{OnlineLogisticState{model.state()}, model.options()});
        const double p = probability(model, Row{{0}, {1}});
        CHECK((p >= 0 && p <= 1));
    }

    TEST_CASE("models are equal if options, signs and state are") {
        OnlineLogistic model{2};
        CHECK(model == OnlineLogistic{2});
        CHECK(model == OnlineLogistic{model.state(), model.options(), model.signs()});
        CHECK_FALSE(model == OnlineLogistic{3});
        CHECK_FALSE(model == OnlineLogistic{2, forgetting(9)});
        CHECK_FALSE(model == OnlineLogistic{2, {}, {CoefficientSign::free, CoefficientSign::not_negative}});
        OnlineLogistic taught = model;
        taught.update(Row{{0, 1}, {1, -1}}, true);
        CHECK_FALSE(model == taught);
        model.update(Row{{0, 1}, {1, -1}}, true);
        CHECK(model == taught);
    }

    TEST_CASE("options out of range are refused by name") {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const auto with = [](const std::function<void(OnlineLogisticOptions&)>& change) {
            OnlineLogisticOptions options;
            change(options);
            return refusal([&] { (void)OnlineLogistic{1, options}; });
        };
        for (const double bad : {0.0, -1.0, nan, 1e10}) {
            CHECK(contains(with([&](auto& o) { o.penalty = bad; }), "penalty"));
            CHECK(contains(with([&](auto& o) { o.intercept_penalty = bad; }), "intercept_penalty"));
        }
        for (const double bad : {0.0, 1.0, nan}) CHECK(contains(with([&](auto& o) { o.probability = bad; }), "prob"));
        for (const double bad : {0.5, -1.0, nan, 1e13}) {
            CHECK(contains(with([&](auto& o) { o.half_life = bad; }), "half_life"));
        }
        CHECK(contains(refusal([] { (void)OnlineLogistic{2, {}, {CoefficientSign::free}}; }), "signs"));
    }

    TEST_CASE("a state that no model can have is refused") {
        OnlineLogistic model{2};
        model.update(Row{{0, 1}, {1, -1}}, true);
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const auto with = [&](const std::function<void(OnlineLogisticState&)>& change,
                              const OnlineLogisticOptions& options = {},
                              const std::vector<CoefficientSign>& signs = {}) {
            OnlineLogisticState state = model.state();
            change(state);
            return refusal([&] { (void)OnlineLogistic{state, options, signs}; });
        };
        CHECK(with([](auto&) {}).empty());
        CHECK(contains(with([](auto& s) { s.information.pop_back(); }), "information"));
        CHECK(contains(with([&](auto& s) { s.information[0] = nan; }), "information"));
        CHECK(contains(with([&](auto& s) { s.information[0] = -1; }), "information"));
        CHECK(contains(with([&](auto& s) { s.coefficients[1] = nan; }), "coefficients"));
        CHECK(contains(with([&](auto& s) { s.intercept = nan; }), "intercept"));
        CHECK(contains(with([&](auto& s) { s.weight = -1; }), "weight"));
        CHECK(contains(with([&](auto& s) { s.unit = 2; }), "unit"));  // where nothing is forgotten
        CHECK(with([&](auto& s) { s.unit = 2; }, forgetting(9)).empty());
        CHECK(contains(with([&](auto& s) { s.unit = 0.5; }, forgetting(9)), "unit"));
        CHECK(contains(with([](auto&) {}, {}, {CoefficientSign::not_positive, CoefficientSign::free}), "signs"));
    }
}
