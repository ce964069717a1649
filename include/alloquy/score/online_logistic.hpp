#pragma once

/// \file
/// Logistic regression learned row by row: a normal posterior for each coefficient, that can forget.

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

/// What an online model assumes before the first row, and how it forgets.
struct OnlineLogisticOptions {
    double penalty = 1;              ///< Prior precision (1 / variance) of each coefficient, in [1e-9, 1e9]; mean 0.
    double intercept_penalty = 0.1;  ///< Prior precision of the intercept, in [1e-9, 1e9].
    double probability = 0.5;        ///< Prior mean of the intercept, as a probability in [1e-9, 1 - 1e-9].
    /// Rows after which what a row taught counts half: 0 = nothing is forgotten, else in [1, 1e12]. For outcomes that
    /// drift. Precisions fall back to the prior's, means stay where they are.
    double half_life = 0;

    friend bool operator==(const OnlineLogisticOptions&, const OnlineLogisticOptions&) = default;
};

/// Everything that an online model has learned; a plain value, to be stored.
///
/// Precisions run forward: a new row counts `unit`, which grows by 2^(1 / half_life) a row, and a precision is
/// prior + information / unit (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
struct OnlineLogisticState {
    double intercept = 0;              ///< Posterior mean, log-odds.
    double intercept_information = 0;  ///< In multiples of unit, >= 0.
    std::vector<double> coefficients;  ///< Posterior means, log-odds per unit of a column's value. Shape (columns).
    std::vector<double> information;   ///< In multiples of unit, >= 0. Shape (columns).
    double unit = 1;                   ///< Weight of one row at present, in [1, 2^500].
    double weight = 0;                 ///< Sum of the rows' weights, in multiples of unit.
    std::uint64_t updates = 0;         ///< Rows learned from.

    friend bool operator==(const OnlineLogisticState&, const OnlineLogisticState&) = default;
};

/// A logistic model that learns one row at a time.
///
/// The posterior is kept as one normal distribution per coefficient, independent of each other. A row moves the means
/// to the maximum of prior times likelihood, which lies on one line and is found by Newton's method in one dimension,
/// so no row can overshoot, however large its values; then each precision grows by the row's curvature at that maximum
/// (Laplace). Signs are kept by cutting a mean at 0.
///
/// The state is a function of the options and of the rows in their order, bit by bit; another order gives another
/// state. Not to be changed and read by two threads at once.
/// \par Source  O. Chapelle, L. Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 3, with
///              batches of one row. The precisions' decay towards the prior is that of M. West, J. Harrison, "Bayesian
///              Forecasting and Dynamic Models", 2nd ed. 1997, section 6.3 (discount factors), applied to information.
class OnlineLogistic {
public:
    /// A model that has seen nothing.
    /// \param columns  At most 2^32.
    /// \param signs    One per column, or none: then every coefficient is free.
    /// \throws InvalidArgument  if an option is out of range, or there are not as many signs as columns.
    explicit OnlineLogistic(std::size_t columns, const OnlineLogisticOptions& options = {},
                            std::vector<CoefficientSign> signs = {})
        : OnlineLogistic{fresh_state(columns, options), options, std::move(signs)} {}

    /// A model from a stored state.
    /// \throws InvalidArgument  as above, or if the state cannot be that of a model with these options.
    OnlineLogistic(OnlineLogisticState state, const OnlineLogisticOptions& options,
                   std::vector<CoefficientSign> signs = {})
        : options_{options}, signs_{std::move(signs)}, state_{std::move(state)} {
        require_options(options_);
        if (signs_.empty()) signs_.assign(state_.coefficients.size(), CoefficientSign::free);
        require(signs_.size() == state_.coefficients.size(), "signs: none or one per column expected");
        require_state();
        growth_ = options_.half_life == 0 ? 1.0 : exp2(1 / options_.half_life);
    }

    [[nodiscard]] std::size_t columns() const noexcept { return state_.coefficients.size(); }
    [[nodiscard]] const OnlineLogisticOptions& options() const noexcept { return options_; }
    [[nodiscard]] const std::vector<CoefficientSign>& signs() const noexcept { return signs_; }
    [[nodiscard]] const OnlineLogisticState& state() const noexcept { return state_; }
    /// Log-odds of a row without stored values: the intercept's mean as the nearest multiple of 2^-40.
    [[nodiscard]] double intercept() const noexcept { return detail::cut_log_odds(state_.intercept); }
    [[nodiscard]] std::span<const double> coefficients() const noexcept { return state_.coefficients; }
    /// Sum of the weights of all rows, as far as they are not forgotten.
    [[nodiscard]] double weight() const noexcept { return state_.weight / state_.unit; }
    /// Posterior variance of the intercept.
    [[nodiscard]] double intercept_variance() const noexcept {
        return 1 / (options_.intercept_penalty + state_.intercept_information / state_.unit);
    }
    /// Posterior variance of a coefficient.
    /// \param column  Below columns(), which the caller sees to.
    [[nodiscard]] double variance(std::size_t column) const noexcept {
        return 1 / (options_.penalty + state_.information[column] / state_.unit);
    }

    /// Learns from one row.
    ///
    /// \param outcome  What came of it.
    /// \param weight   Number of equal observations that the row stands for: 0 (nothing changes, nothing is forgotten)
    ///                 or in [1e-12, 1e12].
    /// \throws InvalidArgument  if the row's columns are not ascending or not the model's, a value is not in
    ///                          [-1e60, 1e60], or the weight is out of range; the model is then as before.
    /// \par Cost    O(stored values), and a few dozen logistic functions at most for the search along the line.
    void update(const FeatureRow& row, bool outcome, double weight = 1) {
        require(weight == 0 || (weight >= 1e-12 && weight <= 1e12), "weight must be 0 or in [1e-12, 1e12]");
        for (const double value : row.values) {
            require(value >= -1e60 && value <= 1e60, "the row's values must be in [-1e60, 1e60]");
        }
        const double log_odds = detail::checked_log_odds(intercept(), state_.coefficients, row);
        if (weight == 0) return;
        forget();
        double line = intercept_variance();  // by how much the log-odds move for each unit of push
        for (std::size_t i = 0; i < row.columns.size(); ++i) {
            line += row.values[i] * row.values[i] * variance(row.columns[i]);
        }
        const double miss = miss_at_maximum(outcome ? -log_odds : log_odds, line * weight);
        const double push = outcome ? weight * logistic(miss) : -weight * logistic(miss);
        const double information = weight * detail::bernoulli_variance(miss) * state_.unit;
        state_.intercept += push * intercept_variance();
        state_.intercept_information += information;
        for (std::size_t i = 0; i < row.columns.size(); ++i) {
            const std::uint32_t column = row.columns[i];
            const double mean = state_.coefficients[column] + push * row.values[i] * variance(column);
            const bool keeps_sign = signs_[column] == CoefficientSign::free ||
                                    (signs_[column] == CoefficientSign::not_negative ? mean >= 0 : mean <= 0);
            state_.coefficients[column] = keeps_sign ? mean : 0.0;
            state_.information[column] += information * (row.values[i] * row.values[i]);
        }
        state_.weight += weight * state_.unit;
        ++state_.updates;
    }

    /// The same options, signs and state.
    friend bool operator==(const OnlineLogistic&, const OnlineLogistic&) = default;

private:
    static void require(bool holds, const char* expected) {
        if (!holds) throw InvalidArgument{std::string{"OnlineLogistic: "} + expected};
    }
    static void require_options(const OnlineLogisticOptions& options) {
        require(options.penalty >= 1e-9 && options.penalty <= 1e9, "penalty must be in [1e-9, 1e9]");
        require(options.intercept_penalty >= 1e-9 && options.intercept_penalty <= 1e9,
                "intercept_penalty must be in [1e-9, 1e9]");
        require(options.probability >= 1e-9 && options.probability <= 1 - 1e-9,
                "probability must be in [1e-9, 1 - 1e-9]");
        require(options.half_life == 0 || (options.half_life >= 1 && options.half_life <= 1e12),
                "half_life must be 0 or in [1, 1e12] rows");
    }
    static OnlineLogisticState fresh_state(std::size_t columns, const OnlineLogisticOptions& options) {
        require_options(options);
        OnlineLogisticState state;
        state.intercept = log(options.probability / (1 - options.probability));
        state.coefficients.assign(columns, 0.0);
        state.information.assign(columns, 0.0);
        return state;
    }
    void require_state() const {
        const auto finite = [](double x) { return x - x == 0; };
        const auto information = [&](double x) { return x >= 0 && finite(x); };
        require(state_.information.size() == state_.coefficients.size(),
                "state: as many information values as coefficients expected");
        require(state_.unit >= 1 && state_.unit <= largest_unit && (options_.half_life != 0 || state_.unit == 1),
                "state: unit must be in [1, 2^500], and 1 where nothing is forgotten");
        require(finite(state_.intercept) && information(state_.intercept_information) && information(state_.weight),
                "state: the intercept must be finite, information and weight >= 0");
        for (std::size_t j = 0; j < columns(); ++j) {
            const double mean = state_.coefficients[j];
            require(finite(mean) && !(signs_[j] == CoefficientSign::not_negative && mean < 0) &&
                        !(signs_[j] == CoefficientSign::not_positive && mean > 0),
                    "state: coefficients must be finite and keep their signs");
            require(information(state_.information[j]), "state: information must be finite and >= 0");
        }
    }
    /// Lets the next row count more than those before. Scaling by a power of two does not round.
    void forget() {
        state_.unit *= growth_;
        if (state_.unit <= largest_unit) return;
        constexpr double down = 1 / largest_unit;
        state_.unit *= down;
        state_.weight *= down;
        state_.intercept_information *= down;
        for (double& one : state_.information) one *= down;
    }
    /// Root of miss + k logistic(miss) = before: log-odds of the outcome that did not come, at the maximum of prior
    /// times likelihood.
    /// \param before  The same under the prior.
    /// \param k       Variance of the row's log-odds under the prior, times the row's weight; > 0.
    static double miss_at_maximum(double before, double k) noexcept {
        double low = before - k;
        double high = before;
        double miss = before;
        for (int i = 0; i < 500; ++i) {  // about 5; log(k) where a row pushes beyond all measure
            const double excess = miss + k * logistic(miss) - before;  // rises with miss
            (excess > 0 ? high : low) = miss;
            double next = miss - excess / (1 + k * detail::bernoulli_variance(miss));
            if (!(next > low && next < high)) next = low + (high - low) / 2;
            const double change = next - miss;
            miss = next;
            if (std::abs(change) <= 1e-14 * (1 + std::abs(miss))) break;
        }
        return miss;
    }

    static constexpr double largest_unit = 0x1p500;
    OnlineLogisticOptions options_;
    std::vector<CoefficientSign> signs_;
    OnlineLogisticState state_;
    double growth_ = 1;  // of the unit, a row
};

namespace detail {

/// The caller has checked the row.
[[nodiscard]] inline double variance_of_log_odds(const OnlineLogistic& model, const FeatureRow& row) noexcept {
    double variance = model.intercept_variance();
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        variance += row.values[i] * row.values[i] * model.variance(row.columns[i]);
    }
    return variance;
}

/// evidence() where the log-odds are known and the row is checked.
[[nodiscard]] inline double evidence_at(double log_odds, const OnlineLogistic& model, const FeatureRow& row) noexcept {
    return equivalent_observations(log_odds, variance_of_log_odds(model, row), model.weight());
}

}  // namespace detail

/// Log-odds of outcome 1: the intercept and all contributions(), exactly, as for a LogisticModel.
///
/// \throws InvalidArgument  if the row's columns are not ascending or not the model's, or a value is not finite.
/// \par Cost    O(stored values).
[[nodiscard]] inline double log_odds(const OnlineLogistic& model, const FeatureRow& row) {
    return detail::checked_log_odds(model.intercept(), model.coefficients(), row);
}

/// Probability of outcome 1 at the posterior mean, in [0, 1]. Errors and cost as log_odds().
[[nodiscard]] inline double probability(const OnlineLogistic& model, const FeatureRow& row) {
    return logistic(log_odds(model, row));
}

/// What each stored value adds to the log-odds; see contributions() of a LogisticModel.
/// \return   Shape (row.columns.size()), in the row's order.
/// \throws InvalidArgument  as log_odds().
[[nodiscard]] inline std::vector<double> contributions(const OnlineLogistic& model, const FeatureRow& row) {
    (void)log_odds(model, row);
    std::vector<double> parts(row.columns.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i] = detail::cut_log_odds(model.coefficients()[row.columns[i]] * row.values[i]);
    }
    return parts;
}

/// Posterior variance of a row's log-odds: the sum of value^2 * variance over intercept and stored values.
/// \throws InvalidArgument  as log_odds().
/// \par Cost    O(stored values).
[[nodiscard]] inline double variance_of_log_odds(const OnlineLogistic& model, const FeatureRow& row) {
    detail::require_row(model.columns(), row);
    return detail::variance_of_log_odds(model, row);
}

/// Observations that the probability is worth: as evidence() of a LogisticModel, in [0, model.weight()]; 0 before the
/// first update.
/// \throws InvalidArgument  as log_odds().
[[nodiscard]] inline double evidence(const OnlineLogistic& model, const FeatureRow& row) {
    return detail::evidence_at(log_odds(model, row), model, row);
}

/// log_odds() of every row. Shape (rows).
///
/// \param threads  In [1, 1024]; same bits for any number.
/// \throws InvalidArgument  if the matrix has not the model's columns, or threads are out of range.
/// \par Cost    O(stored values).
[[nodiscard]] inline std::vector<double> predict_log_odds(const OnlineLogistic& model, const FeatureMatrix& matrix,
                                                          unsigned threads = 1) {
    detail::require_threads("predict_log_odds", threads);
    detail::require_columns("predict_log_odds", model.columns(), matrix);
    return detail::for_each_row(matrix, threads, [&](const FeatureRow& row) {
        return detail::sum_log_odds(model.intercept(), model.coefficients().data(), row);
    });
}

/// probability() of every row. Shape (rows). Arguments, errors and cost as predict_log_odds().
[[nodiscard]] inline std::vector<double> predict(const OnlineLogistic& model, const FeatureMatrix& matrix,
                                                 unsigned threads = 1) {
    std::vector<double> values = predict_log_odds(model, matrix, threads);
    for (double& value : values) value = logistic(value);
    return values;
}

}  // namespace alloquy::score
