#pragma once

/// \file
/// Calibration: from a model's log-odds to probabilities that come true, learned on rows that the model has not seen.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/logistic.hpp>

namespace alloquy::score {

/// How log-odds become a probability.
enum class CalibrationKind : std::uint8_t {
    none,      ///< 1 / (1 + e^-x).
    platt,     ///< 1 / (1 + e^-(slope x + offset)): two numbers, for few rows.
    isotonic,  ///< Straight lines between thresholds: any rising shape, for thousands of rows.
};

/// A map from log-odds to a probability that never falls as the log-odds rise.
class Calibration {
public:
    /// Takes the log-odds at their word: 1 / (1 + e^-x).
    Calibration() = default;
    /// 1 / (1 + e^-(slope x + offset)).
    /// \throws InvalidArgument  if slope is not in [0, 1e100], or offset not in [-1e100, 1e100].
    [[nodiscard]] static Calibration platt(double slope, double offset) {
        require(slope >= 0 && slope <= 1e100, "platt: slope must be in [0, 1e100]");
        require(offset >= -1e100 && offset <= 1e100, "platt: offset must be in [-1e100, 1e100]");
        Calibration calibration;
        calibration.kind_ = CalibrationKind::platt;
        calibration.slope_ = slope;
        calibration.offset_ = offset;
        return calibration;
    }
    /// The probability at each threshold, straight lines between them, the first and the last value outside.
    /// \param thresholds     Log-odds, at least one; finite, each above the one before.
    /// \param probabilities  Shape (thresholds); in [0, 1], none below the one before.
    /// \throws InvalidArgument  if this does not hold.
    [[nodiscard]] static Calibration isotonic(std::vector<double> thresholds, std::vector<double> probabilities) {
        require(!thresholds.empty(), "isotonic: at least one threshold expected");
        require(thresholds.size() == probabilities.size(), "isotonic: as many probabilities as thresholds expected");
        for (std::size_t i = 0; i < thresholds.size(); ++i) {
            require(thresholds[i] - thresholds[i] == 0, "isotonic: thresholds must be finite");
            require(probabilities[i] >= 0 && probabilities[i] <= 1, "isotonic: probabilities must be in [0, 1]");
            require(i == 0 || (thresholds[i] > thresholds[i - 1] && probabilities[i] >= probabilities[i - 1]),
                    "isotonic: thresholds must rise, probabilities must not fall");
        }
        Calibration calibration;
        calibration.kind_ = CalibrationKind::isotonic;
        calibration.thresholds_ = std::move(thresholds);
        calibration.probabilities_ = std::move(probabilities);
        return calibration;
    }

    [[nodiscard]] CalibrationKind kind() const noexcept { return kind_; }
    [[nodiscard]] double slope() const noexcept { return slope_; }                                ///< Of platt; else 1.
    [[nodiscard]] double offset() const noexcept { return offset_; }                              ///< Of platt; else 0.
    [[nodiscard]] const std::vector<double>& thresholds() const noexcept { return thresholds_; }  ///< Of isotonic.
    /// Of isotonic: at the thresholds.
    [[nodiscard]] const std::vector<double>& probabilities() const noexcept { return probabilities_; }
    friend bool operator==(const Calibration&, const Calibration&) = default;

private:
    static void require(bool holds, const char* expected) {
        if (!holds) throw InvalidArgument{std::string{"Calibration::"} + expected};
    }
    CalibrationKind kind_ = CalibrationKind::none;
    double slope_ = 1;
    double offset_ = 0;
    std::vector<double> thresholds_;
    std::vector<double> probabilities_;
};

/// The calibrated probability of log-odds, in [0, 1]. Never falls as log_odds rise, but for the last bit or two of
/// the logistic function (none, platt); isotonic gives 0 and 1 where the rows that it was learned from did.
///
/// \throws InvalidArgument  if log_odds is NaN or infinite.
/// \par Cost    O(1); isotonic O(log thresholds).
[[nodiscard]] inline double apply(const Calibration& calibration, double log_odds) {
    if (!(log_odds - log_odds == 0)) throw InvalidArgument{"apply: log_odds must be finite"};
    if (calibration.kind() != CalibrationKind::isotonic) {
        return logistic(calibration.slope() * log_odds + calibration.offset());
    }
    const std::vector<double>& x = calibration.thresholds();
    const std::vector<double>& y = calibration.probabilities();
    const auto above = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), log_odds) - x.begin());
    if (above == 0) return y.front();
    if (above == x.size()) return y.back();
    // Halves, as the difference of two doubles can be infinite.
    const double part = (log_odds / 2 - x[above - 1] / 2) / (x[above] / 2 - x[above - 1] / 2);
    return std::min(y[above], y[above - 1] + part * (y[above] - y[above - 1]));
}

/// apply() to each. Shape (log_odds). Errors as apply().
[[nodiscard]] inline std::vector<double> apply_to_all(const Calibration& calibration,
                                                      std::span<const double> log_odds) {
    std::vector<double> probabilities;
    probabilities.reserve(log_odds.size());
    for (const double one : log_odds) probabilities.push_back(apply(calibration, one));
    return probabilities;
}

namespace detail {

/// Checks what both fits share.
/// \return  Weights of the outcomes; both are above 0.
[[nodiscard]] inline OutcomeWeights weigh_scores(const std::string& function, std::span<const double> scores,
                                                 std::span<const std::uint8_t> outcomes,
                                                 std::span<const double> weights) {
    const OutcomeWeights sums = weigh_outcomes(function, scores.size(), outcomes, weights);
    if (sums.negative == 0 || sums.positive == 0) {
        throw InvalidArgument{function + ": outcomes must hold both 0 and 1 with a weight above 0"};
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (!(scores[i] >= -1e100 && scores[i] <= 1e100)) {
            throw InvalidArgument{function + ": scores[" + std::to_string(i) + "] must be in [-1e100, 1e100]"};
        }
    }
    return sums;
}

}  // namespace detail

/// Platt scaling: the slope >= 0 and offset of the greatest likelihood, with Platt's targets instead of 0 and 1:
/// 1 / (N0 + 2) and (N1 + 1) / (N1 + 2), where N0 and N1 are the weights of the outcomes. Two numbers: for few rows.
///
/// A slope of 0 (everybody gets the base rate of the targets) comes out where higher scores do not go with outcome 1,
/// and where all scores are equal.
/// \param scores    Log-odds of rows that the model was not learned from (see cross_fitted_log_odds). Shape (n), each
///                  in [-1e100, 1e100].
/// \param outcomes  Shape (n), each 0 or 1; both must occur with a weight above 0.
/// \param weights   Shape (n), or empty: then each counts 1. 0 or in [1e-12, 1e12].
/// \throws InvalidArgument  naming the argument, if lengths differ, a value is out of range or an outcome is missing.
/// \par Cost    O(n) a step, 5 to 10 steps.
/// \par Source  J. Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers,
///              1999, with Newton's method as in H.-T. Lin, C.-J. Lin, R. C. Weng, "A note on Platt's probabilistic
///              outputs for support vector machines", Machine Learning 68 (2007), pp. 267-276. Each row enters once
///              with outcome 1 and once with outcome 0, weighted by its target.
[[nodiscard]] inline Calibration fit_platt(std::span<const double> scores, std::span<const std::uint8_t> outcomes,
                                           std::span<const double> weights = {}) {
    const detail::OutcomeWeights sums = detail::weigh_scores("fit_platt", scores, outcomes, weights);
    const double target_if_positive = (sums.positive + 1) / (sums.positive + 2);
    const double target_if_negative = 1 / (sums.negative + 2);
    const double total = sums.positive + sums.negative;
    const double base = (sums.positive * target_if_positive + sums.negative * target_if_negative) / total;
    const double base_log_odds = log(base / (1 - base));
    const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : weights[i]; };

    // Scores to mean 0 and deviation 1, so that slope and offset hardly depend on each other.
    double mean = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) mean += weight(i) / total * scores[i];
    double deviation = 0;
    double farthest = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (weight(i) > 0) farthest = std::max(farthest, std::abs(scores[i] - mean));
    }
    if (farthest > 0) {
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const double one = (scores[i] - mean) / farthest;
            if (weight(i) > 0) deviation += weight(i) / total * one * one;
        }
    }
    deviation = farthest * std::sqrt(deviation);
    // Equal scores differ from their mean by roundings.
    if (!(deviation > 1e-12 * std::abs(mean))) return Calibration::platt(0, base_log_odds);

    FeatureMatrix matrix{{"score"}, {CoefficientSign::not_negative}};
    std::vector<std::uint8_t> twice_outcomes;
    std::vector<double> twice_weights;
    constexpr std::array<std::uint32_t, 1> column{0};
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (weight(i) == 0) continue;
        const std::array<double, 1> value{(scores[i] - mean) / deviation};
        const double target = outcomes[i] != 0 ? target_if_positive : target_if_negative;
        for (const std::uint8_t outcome : {std::uint8_t{1}, std::uint8_t{0}}) {
            matrix.add_row({column, value});
            twice_outcomes.push_back(outcome);
            twice_weights.push_back(weight(i) * (outcome != 0 ? target : 1 - target));
        }
    }
    LogisticOptions options;
    options.penalty = 0;
    options.tolerance = 1e-8;
    const LogisticModel model =
        detail::LogisticSolver{matrix, twice_outcomes, twice_weights, options}.solve(base_log_odds);
    const double slope = model.coefficients[0] / deviation;
    return Calibration::platt(slope, model.intercept - slope * mean);
}

/// Isotonic regression: the probabilities, never falling with the score, that are nearest to the outcomes in squares.
/// Makes no assumption of the shape; needs some thousand rows. May give probabilities of exactly 0 or 1.
///
/// Rows of equal score are pooled. Between two neighbouring steps the probability rises in a straight line; outside
/// the scores it stays at the first and the last value. The result does not depend on the order of the rows.
/// \param scores, outcomes, weights  As for fit_platt().
/// \throws InvalidArgument  as fit_platt().
/// \par Cost    O(n log n).
/// \par Source  Pool adjacent violators: M. Ayer et al., "An empirical distribution function for sampling with
///              incomplete information", Ann. Math. Statist. 26 (1955), pp. 641-647. Lines as in scikit-learn's
///              IsotonicRegression(out_of_bounds="clip"): the ends of each step are thresholds.
[[nodiscard]] inline Calibration fit_isotonic(std::span<const double> scores, std::span<const std::uint8_t> outcomes,
                                              std::span<const double> weights = {}) {
    (void)detail::weigh_scores("fit_isotonic", scores, outcomes, weights);
    struct Row {
        double score;
        double weight;
        std::uint8_t outcome;
    };
    std::vector<Row> rows;
    rows.reserve(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const double weight = weights.empty() ? 1.0 : weights[i];
        if (weight > 0) rows.push_back({scores[i] + 0.0, weight, outcomes[i]});  // + 0.0: -0 becomes 0
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        if (a.score != b.score) return a.score < b.score;
        return a.outcome != b.outcome ? a.outcome < b.outcome : a.weight < b.weight;
    });
    struct Step {
        double first;  // score
        double last;
        double weight;
        double positive;
        [[nodiscard]] double mean() const { return positive / weight; }
    };
    std::vector<Step> steps;
    for (std::size_t i = 0; i < rows.size();) {
        Step step{rows[i].score, rows[i].score, 0, 0};
        for (; i < rows.size() && rows[i].score == step.first; ++i) {
            step.weight += rows[i].weight;
            if (rows[i].outcome != 0) step.positive += rows[i].weight;
        }
        while (!steps.empty() && steps.back().mean() >= step.mean()) {
            const Step& before = steps.back();
            step = {before.first, step.last, before.weight + step.weight, before.positive + step.positive};
            steps.pop_back();
        }
        steps.push_back(step);
    }
    std::vector<double> thresholds;
    std::vector<double> probabilities;
    for (const Step& step : steps) {
        const double probability = std::min(1.0, step.mean());
        thresholds.push_back(step.first);
        probabilities.push_back(probability);
        if (step.last == step.first) continue;
        thresholds.push_back(step.last);
        probabilities.push_back(probability);
    }
    return Calibration::isotonic(std::move(thresholds), std::move(probabilities));
}

/// Log-odds of each row by a model that was learned without the row's fold: honest scores, to learn a calibration
/// from. Then the model itself is learned from all rows:
///
///     const auto scores = cross_fitted_log_odds(matrix, outcomes, {}, folds, options);
///     const Calibration calibration = fit_platt(scores, outcomes);
///     const LogisticModel model = fit_logistic(matrix, outcomes, {}, options);
///     apply(calibration, log_odds(model, row));
///
/// \param matrix, outcomes, weights, options  As for fit_logistic(). A row of weight 0 gets log-odds and teaches none.
/// \param folds    Shape (n): the fold's number of each row; any numbers, at least two different ones. Rows of one
///                 person belong in one fold.
/// \return         Shape (n); result[i] belongs to row i. Same bits for any number of threads.
/// \throws InvalidArgument  naming the argument: as fit_logistic(); if there is one fold only; if the rows outside a
///                          fold have one outcome only (the text names the fold).
/// \throws Error            as fit_logistic().
/// \par Cost    That of fit_logistic() for each fold.
/// \par Source  M. Stone, "Cross-validatory choice and assessment of statistical predictions", JRSS B 36 (1974),
///              pp. 111-147.
[[nodiscard]] inline std::vector<double> cross_fitted_log_odds(const FeatureMatrix& matrix,
                                                               std::span<const std::uint8_t> outcomes,
                                                               std::span<const double> weights,
                                                               std::span<const std::uint32_t> folds,
                                                               const LogisticOptions& options = {}) {
    const std::size_t rows = matrix.rows();
    (void)detail::weigh_outcomes("cross_fitted_log_odds", rows, outcomes, weights);
    if (folds.size() != rows) {
        throw InvalidArgument{"cross_fitted_log_odds: folds: " + std::to_string(rows) + " numbers expected, got " +
                              std::to_string(folds.size())};
    }
    std::vector<std::uint32_t> numbers{folds.begin(), folds.end()};
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    if (numbers.size() < 2) throw InvalidArgument{"cross_fitted_log_odds: folds: at least two folds expected"};

    // A row of weight 0 is as good as absent, so each model sees the same matrix.
    std::vector<double> log_odds_of(rows);
    std::vector<double> outside(rows);
    for (const std::uint32_t fold : numbers) {
        for (std::size_t r = 0; r < rows; ++r) {
            outside[r] = folds[r] == fold ? 0.0 : weights.empty() ? 1.0 : weights[r];
        }
        const detail::OutcomeWeights sums = detail::weigh_outcomes("cross_fitted_log_odds", rows, outcomes, outside);
        if (sums.negative == 0 || sums.positive == 0) {
            throw InvalidArgument{"cross_fitted_log_odds: folds: without fold " + std::to_string(fold) +
                                  " both outcomes expected, with a weight above 0"};
        }
        const LogisticModel model = fit_logistic(matrix, outcomes, outside, options);
        for (std::size_t r = 0; r < rows; ++r) {
            if (folds[r] == fold) log_odds_of[r] = log_odds(model, matrix.row(r));
        }
    }
    return log_odds_of;
}

}  // namespace alloquy::score
