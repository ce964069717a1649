#pragma once

/// \file
/// Logistic regression with a ridge penalty, learned in bulk: probabilities with parts, variance and evidence.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/feature_matrix.hpp>
#include <alloquy/score/row_chunks.hpp>
#include <alloquy/score/symmetric.hpp>

namespace alloquy::score {

/// How a logistic model is learned.
struct LogisticOptions {
    /// Ridge penalty, >= 0: penalty / 2 * (sum of squared coefficients) is added to the loss. The intercept is free.
    /// Equal to 1 / C in scikit-learn. The same for every column, so columns should be of like scale: that is the
    /// caller's matter.
    double penalty = 1;
    std::size_t max_iterations = 100;  ///< Newton steps, >= 1; 5 to 10 are usual.
    /// In (0, 1e-3]. Learning ends when a whole Newton step moved the coefficients by no more than `tolerance` standard
    /// errors, and no row's log-odds by more than sqrt(tolerance) * (1 + |log-odds|). As Newton's steps shrink to
    /// their square, what is left is far below.
    double tolerance = 1e-8;
    unsigned threads = 1;  ///< In [1, 1024]. The result has the same bits for any number.

    friend bool operator==(const LogisticOptions&, const LogisticOptions&) = default;
};

/// A learned logistic model. A plain value, to be stored; functions below check that its parts fit together.
struct LogisticModel {
    double intercept = 0;              ///< Log-odds of a row without stored values; a multiple of 2^-40.
    std::vector<double> coefficients;  ///< Log-odds per unit of a column's value. Shape (columns).
    /// Lower triangular R with R'R = covariance of (intercept, coefficients): the inverse of the lower Cholesky factor
    /// of the penalised Hessian in the last Newton step. Row i holds i + 1 numbers; rows follow one another. Shape
    /// ((columns + 1)(columns + 2) / 2); empty for a model that has seen no data. Rows and columns of a coefficient
    /// that its sign keeps at 0 are 0: such a coefficient counts as known.
    std::vector<double> covariance_factor;
    double log_likelihood = 0;   ///< Weighted sum of log(probability of the outcome), without the penalty; <= 0.
    double weight = 0;           ///< Sum of the rows' weights.
    std::size_t rows = 0;        ///< Rows with a weight above 0.
    std::size_t positives = 0;   ///< Of these, rows with outcome 1.
    std::size_t iterations = 0;  ///< Newton steps taken.

    friend bool operator==(const LogisticModel&, const LogisticModel&) = default;
};

inline constexpr std::size_t max_logistic_columns = 4096;

namespace detail {

/// Nearest multiple of 2^-40. Such numbers add up without rounding, in any order, as long as their absolute values
/// total less than 2^13. Beyond +-4096 every double is one; beyond 1e300 it is cut off, so that sums stay finite.
[[nodiscard]] inline double cut_log_odds(double x) noexcept {
    constexpr double shift = 6144;  // 1.5 * 2^12: doubles between 2^12 and 2^13 are 2^-40 apart
    if (x > -2048 && x < 2048) return (x + shift) - shift;
    if (x >= 2048) return x < 4096 ? (x + 4096) - 4096 : std::min(x, 1e300);
    if (x <= -2048) return x > -4096 ? (x - 4096) + 4096 : std::max(x, -1e300);
    return x;  // NaN
}

/// The rows' chunks for learning: at most 256, as each holds a gradient.
[[nodiscard]] inline RowChunks learning_chunks(std::size_t rows) noexcept {
    return {rows, std::max<std::size_t>(1024, (rows + 255) / 256)};
}

inline void require_threads(const std::string& function, unsigned threads) {
    if (threads < 1 || threads > 1024) {
        throw InvalidArgument{function + ": threads must be in [1, 1024], got " + std::to_string(threads)};
    }
}

/// Newton's method with step halving and, for coefficients with a sign, projection (see fit_logistic).
/// Position 0 is the intercept, position j + 1 column j.
class LogisticSolver {
public:
    LogisticSolver(const FeatureMatrix& matrix, std::span<const std::uint8_t> outcomes, std::span<const double> weights,
                   const LogisticOptions& options)
        : matrix_{matrix},
          outcomes_{outcomes},
          weights_{weights},
          options_{options},
          size_{matrix.columns() + 1},
          chunks_{learning_chunks(matrix.rows())},
          signs_(size_, 0.0),
          log_odds_(matrix.rows(), 0.0),
          trial_log_odds_(matrix.rows(), 0.0),
          curvature_(matrix.rows(), 0.0),
          chunk_gradients_(chunks_.count() * size_),
          chunk_sums_(chunks_.count()),
          hessian_{size_},
          factor_{0},
          scale_(size_),
          direction_(size_) {
        for (std::size_t j = 1; j < size_; ++j) {
            const CoefficientSign sign = matrix.signs()[j - 1];
            signs_[j] = sign == CoefficientSign::free ? 0.0 : sign == CoefficientSign::not_negative ? 1.0 : -1.0;
        }
        split_bands();
    }

    /// \param start  Intercept of the first point, all coefficients being 0.
    [[nodiscard]] LogisticModel solve(double start) {
        point_.assign(size_, 0.0);
        point_[0] = start;
        trial_ = point_;
        Value value = evaluate();
        std::swap(log_odds_, trial_log_odds_);
        std::size_t flat_steps = 0;
        double before = std::numeric_limits<double>::infinity();  // decrement of the step before
        for (std::size_t iteration = 1; iteration <= options_.max_iterations; ++iteration) {
            fill_hessian();
            find_direction(value.gradient, iteration == 1);
            const double slack = 1e-13 * (value.penalised + 1);  // a change below this is rounding
            double step = 1;
            double fall = move(step, value.gradient);
            Value next = evaluate();
            while (!(value.penalised - next.penalised >= 1e-4 * fall - slack)) {
                step /= 2;
                if (step < 1e-9) {
                    throw Error{"fit_logistic: no step lowers the loss; are columns of very unlike scale?"};
                }
                fall = move(step, value.gradient);
                next = evaluate();
            }
            std::swap(log_odds_, trial_log_odds_);
            std::swap(point_, trial_);
            value = std::move(next);
            // At the floor of rounding the decrement no longer falls, and the loss could not tell if it did.
            const bool floor = decrement_ * decrement_ <= 2 * slack && decrement_ > before / 2;
            const bool flat = (step == 1 && decrement_ <= options_.tolerance) || floor;
            if (flat && value.change <= std::sqrt(options_.tolerance)) return model(value, iteration);
            before = decrement_;
            // Outcomes that are separated: the loss is flat, but each step moves log-odds by about 1, without end.
            flat_steps = flat ? flat_steps + 1 : 0;
            if (options_.penalty == 0 && flat_steps == 6) refuse_separated();
        }
        throw Error{"fit_logistic: no convergence in max_iterations = " + std::to_string(options_.max_iterations) +
                    "; are columns of very unlike scale?"};
    }

private:
    struct Value {
        double loss = 0;       // without penalty
        double penalised = 0;  // with it
        double change = 0;     // largest |change| / (1 + |log-odds|) of a row's log-odds since the last accepted point
        std::vector<double> gradient{};
    };
    struct ChunkSums {
        double loss = 0;
        double change = 0;
    };

    [[noreturn]] static void refuse_separated() {
        throw InvalidArgument{
            "fit_logistic: penalty must be > 0: the features separate the outcomes, so that no finite optimum exists"};
    }
    [[nodiscard]] double weight(std::size_t row) const noexcept { return weights_.empty() ? 1.0 : weights_[row]; }
    /// Nearest allowed value of a coefficient.
    [[nodiscard]] double project(std::size_t j, double x) const noexcept { return signs_[j] * x < 0 ? 0.0 : x; }

    /// Loss and gradient at trial_; log-odds into trial_log_odds_, weight p (1 - p) into curvature_.
    [[nodiscard]] Value evaluate() {
        std::fill(chunk_gradients_.begin(), chunk_gradients_.end(), 0.0);
        for_each_chunk(chunks_, options_.threads, [&](std::size_t chunk) {
            double* const gradient = chunk_gradients_.data() + chunk * size_;
            ChunkSums sums;
            for (std::size_t r = chunks_.begin(chunk); r < chunks_.end(chunk); ++r) evaluate_row(r, gradient, sums);
            chunk_sums_[chunk] = sums;
        });
        Value value;
        value.gradient.assign(size_, 0.0);
        for (std::size_t chunk = 0; chunk < chunks_.count(); ++chunk) {
            value.loss += chunk_sums_[chunk].loss;
            value.change = std::max(value.change, chunk_sums_[chunk].change);
            for (std::size_t j = 0; j < size_; ++j) value.gradient[j] += chunk_gradients_[chunk * size_ + j];
        }
        double squares = 0;
        for (std::size_t j = 1; j < size_; ++j) {
            squares += trial_[j] * trial_[j];
            value.gradient[j] += options_.penalty * trial_[j];
        }
        value.penalised = value.loss + options_.penalty / 2 * squares;
        return value;
    }
    void evaluate_row(std::size_t r, double* gradient, ChunkSums& sums) {
        const double row_weight = weight(r);
        if (row_weight == 0) return;
        const FeatureRow row = matrix_.row(r);
        const std::size_t count = row.columns.size();
        double log_odds = trial_[0];
        for (std::size_t i = 0; i < count; ++i) log_odds += trial_[row.columns[i] + 1] * row.values[i];
        trial_log_odds_[r] = log_odds;
        sums.change = std::max(sums.change, std::abs(log_odds - log_odds_[r]) / (1 + std::abs(log_odds)));
        // Log-odds of the outcome that did not come.
        const bool positive = outcomes_[r] != 0;
        const double miss = positive ? -log_odds : log_odds;
        const double e = exp(miss < 0 ? miss : -miss);
        const double probability = (miss < 0 ? e : 1.0) / (1 + e);
        sums.loss += row_weight * ((miss > 0 ? miss : 0.0) + log1p(e));
        curvature_[r] = row_weight * (e / ((1 + e) * (1 + e)));
        const double residual = row_weight * (positive ? -probability : probability);
        gradient[0] += residual;
        for (std::size_t i = 0; i < count; ++i) gradient[row.columns[i] + 1] += residual * row.values[i];
    }

    /// Bands of Hessian rows with about the same work, one for each thread.
    void split_bands() {
        std::vector<double> work(size_, 0.0);
        double total = 0;
        for (std::size_t r = 0; r < matrix_.rows(); ++r) {
            const FeatureRow row = matrix_.row(r);
            const std::size_t count = row.columns.size();
            work[0] += static_cast<double>(count + 1);
            for (std::size_t i = 0; i < count; ++i) work[row.columns[i] + 1] += static_cast<double>(count - i);
        }
        for (const double one : work) total += one;
        const auto bands = static_cast<unsigned>(std::min<std::size_t>(options_.threads, size_));
        bands_.assign(1, 0);
        double done = 0;
        for (std::size_t j = 0; j < size_; ++j) {
            done += work[j];
            if (done * bands >= total * static_cast<double>(bands_.size())) bands_.push_back(j + 1);
        }
        bands_.back() = size_;
    }
    /// Each entry is a sum over the rows in their order, whatever the bands.
    void fill_hessian() {
        hessian_.clear();
        run_in_threads(static_cast<unsigned>(bands_.size() - 1),
                       [&](unsigned band) { fill_band(bands_[band], bands_[band + 1]); });
        for (std::size_t j = 1; j < size_; ++j) hessian_.row(j)[j] += options_.penalty;
    }
    void fill_band(std::size_t first, std::size_t last) {
        for (std::size_t r = 0; r < matrix_.rows(); ++r) {
            const double s = curvature_[r];
            if (s == 0) continue;
            const FeatureRow row = matrix_.row(r);
            const std::uint32_t* const columns = row.columns.data();
            const double* const values = row.values.data();
            const std::size_t count = row.columns.size();
            if (first == 0) {
                double* const out = hessian_.row(0);
                out[0] += s;
                for (std::size_t a = 0; a < count; ++a) out[columns[a] + 1] += s * values[a];
            }
            std::size_t b = 0;
            if (first > 1) {
                b = static_cast<std::size_t>(std::lower_bound(columns, columns + count, first - 1) - columns);
            }
            const bool full = count == size_ - 1;
            for (; b < count && columns[b] + 1 < last; ++b) {
                double* const out = hessian_.row(columns[b] + 1) + 1;
                const double factor = s * values[b];
                if (full) {
                    for (std::size_t a = b; a < count; ++a) out[a] += factor * values[a];
                } else {
                    for (std::size_t a = b; a < count; ++a) out[columns[a]] += factor * values[a];
                }
            }
        }
    }

    /// Newton's direction over the free coefficients. Those at (or next to) 0 which the gradient would move against
    /// their sign are held: they go to 0 along their own gradient.
    void find_direction(const std::vector<double>& gradient, bool first) {
        double farthest = 0;  // from the optimum of each coefficient alone, in its standard errors
        for (std::size_t j = 0; j < size_; ++j) {
            const double h = hessian_.row(j)[j];
            scale_[j] = std::sqrt(h);
            if (!(h > 0)) refuse_dependent(j, first);
            if (!(h < std::numeric_limits<double>::infinity())) {
                throw InvalidArgument{"fit_logistic: matrix: values of column '" + matrix_.names()[j - 1] +
                                      "' are too large"};
            }
            farthest = std::max(farthest, scale_[j] * std::abs(point_[j] - project(j, point_[j] - gradient[j] / h)));
        }
        held_.assign(size_, 0);
        if (first && options_.penalty == 0) solve_free(gradient, first);  // no column may depend on the others
        const double near = std::min(0.1, farthest);
        for (std::size_t j = 1; j < size_; ++j) {
            if (signs_[j] != 0 && signs_[j] * gradient[j] > 0 && scale_[j] * std::abs(point_[j]) <= near) held_[j] = 1;
        }
        while (true) {
            solve_free(gradient, first);
            bool blocked = false;
            for (std::size_t j = 1; j < size_; ++j) {
                if (signs_[j] == 0 || held_[j] != 0 || point_[j] != 0 || signs_[j] * direction_[j] >= 0) continue;
                held_[j] = 1;
                blocked = true;
            }
            if (!blocked) break;
        }
        newton_fall_ = 0;
        double held_fall = 0;
        for (std::size_t j = 0; j < size_; ++j) {
            if (held_[j] == 0) {
                newton_fall_ -= gradient[j] * direction_[j];
            } else {
                direction_[j] = point_[j] == 0 ? 0.0 : -gradient[j] / (scale_[j] * scale_[j]);
                held_fall += gradient[j] * (point_[j] - project(j, point_[j] + direction_[j]));
            }
        }
        // In exact arithmetic `farthest` is the lesser one, unless a held coefficient should move.
        decrement_ = std::max(farthest, std::sqrt(std::max(0.0, newton_fall_ + held_fall)));
    }
    void solve_free(const std::vector<double>& gradient, bool first) {
        free_.clear();
        for (std::size_t j = 0; j < size_; ++j) {
            if (held_[j] == 0) free_.push_back(j);
        }
        double damping = 0;
        while (true) {
            factor_ = UpperTriangle{free_.size()};
            for (std::size_t i = 0; i < free_.size(); ++i) {
                const double* const from = hessian_.row(free_[i]);
                double* const to = factor_.row(i);
                for (std::size_t k = i; k < free_.size(); ++k) {
                    to[k] = from[free_[k]] / (scale_[free_[i]] * scale_[free_[k]]);
                }
                to[i] = 1 + damping;
            }
            const double smallest = options_.penalty == 0 ? 1e-14 * static_cast<double>(free_.size()) : 4e-16;
            const std::size_t stopped = factor_cholesky(factor_, smallest, options_.threads);
            if (stopped == free_.size()) break;
            if (options_.penalty == 0) refuse_dependent(free_[stopped], first);
            if (damping > 1) throw Error{"fit_logistic: the Hessian is no finite matrix"};
            damping = damping == 0 ? 1e-15 : damping * 10;
        }
        std::vector<double> solution(free_.size());
        for (std::size_t i = 0; i < free_.size(); ++i) solution[i] = -gradient[free_[i]] / scale_[free_[i]];
        solve_cholesky(factor_, solution);
        for (std::size_t i = 0; i < free_.size(); ++i) direction_[free_[i]] = solution[i] / scale_[free_[i]];
    }
    /// A pivot of 0: in the first step, where all rows count alike, that is the features' fault; later, with a regular
    /// first step behind us, all rows but a few have lost their curvature.
    [[noreturn]] void refuse_dependent(std::size_t j, bool first) const {
        if (!first || j == 0) refuse_separated();
        throw InvalidArgument{"fit_logistic: penalty must be > 0: column '" + matrix_.names()[j - 1] +
                              "' depends linearly on the columns before it"};
    }
    /// trial_ = the projected point at this step; returns the fall of the loss that the gradient lets expect.
    [[nodiscard]] double move(double step, const std::vector<double>& gradient) {
        double fall = step * newton_fall_;
        for (std::size_t j = 0; j < size_; ++j) {
            trial_[j] = project(j, point_[j] + step * direction_[j]);
            if (held_[j] != 0) fall += gradient[j] * (point_[j] - trial_[j]);
        }
        return fall;
    }

    [[nodiscard]] LogisticModel model(const Value& value, std::size_t iterations) const {
        LogisticModel model;
        model.intercept = cut_log_odds(point_[0]);
        model.coefficients.assign(point_.begin() + 1, point_.end());
        model.covariance_factor = inverse_factor();
        model.log_likelihood = -value.loss;
        model.iterations = iterations;
        for (std::size_t r = 0; r < matrix_.rows(); ++r) {
            if (weight(r) == 0) continue;
            model.weight += weight(r);
            ++model.rows;
            model.positives += outcomes_[r] != 0 ? 1U : 0U;
        }
        return model;
    }
    /// Inverse of the factor of the free coefficients' Hessian: rows of L R = 1 from the top.
    [[nodiscard]] std::vector<double> inverse_factor() const {
        std::vector<double> all(size_ * (size_ + 1) / 2, 0.0);
        std::vector<double> rows(free_.size() * (free_.size() + 1) / 2, 0.0);
        for (std::size_t i = 0; i < free_.size(); ++i) {
            double* const row = rows.data() + i * (i + 1) / 2;
            row[i] = 1;
            for (std::size_t k = 0; k < i; ++k) {
                const double factor = factor_.row(k)[i];
                if (factor == 0) continue;
                const double* const above = rows.data() + k * (k + 1) / 2;
                for (std::size_t j = 0; j <= k; ++j) row[j] -= factor * above[j];
            }
            const double pivot = factor_.row(i)[i];
            for (std::size_t j = 0; j <= i; ++j) row[j] /= pivot;
        }
        for (std::size_t i = 0; i < free_.size(); ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                all[free_[i] * (free_[i] + 1) / 2 + free_[j]] = rows[i * (i + 1) / 2 + j] / scale_[free_[j]];
            }
        }
        return all;
    }

    const FeatureMatrix& matrix_;
    std::span<const std::uint8_t> outcomes_;
    std::span<const double> weights_;
    LogisticOptions options_;
    std::size_t size_;
    RowChunks chunks_;
    std::vector<double> signs_;  // +1: not negative, -1: not positive, 0: free
    std::vector<std::size_t> bands_;
    std::vector<double> point_;
    std::vector<double> trial_;
    std::vector<double> log_odds_;  // of the rows at point_
    std::vector<double> trial_log_odds_;
    std::vector<double> curvature_;
    std::vector<double> chunk_gradients_;
    std::vector<ChunkSums> chunk_sums_;
    UpperTriangle hessian_;
    UpperTriangle factor_;  // of the free coefficients' Hessian, scaled to a unit diagonal
    std::vector<double> scale_;
    std::vector<double> direction_;
    std::vector<std::uint8_t> held_;
    std::vector<std::size_t> free_;
    double newton_fall_ = 0;
    double decrement_ = 0;
};

[[nodiscard]] inline std::string number_text(double value) {
    return value == value ? std::to_string(value) : std::string{"NaN"};
}

/// What a training set holds of each outcome.
struct OutcomeWeights {
    double negative = 0;
    double positive = 0;
};

/// \throws InvalidArgument  in the function's name, if the lengths differ, an outcome is neither 0 nor 1, or a weight
///                          neither 0 nor in [1e-12, 1e12].
[[nodiscard]] inline OutcomeWeights weigh_outcomes(const std::string& function, std::size_t rows,
                                                   std::span<const std::uint8_t> outcomes,
                                                   std::span<const double> weights) {
    if (outcomes.size() != rows) {
        throw InvalidArgument{function + ": " + std::to_string(rows) + " outcomes expected, got " +
                              std::to_string(outcomes.size())};
    }
    if (!weights.empty() && weights.size() != rows) {
        throw InvalidArgument{function + ": no weights or " + std::to_string(rows) + " expected, got " +
                              std::to_string(weights.size())};
    }
    OutcomeWeights sums;
    for (std::size_t r = 0; r < rows; ++r) {
        if (outcomes[r] > 1) {
            throw InvalidArgument{function + ": outcomes[" + std::to_string(r) + "] must be 0 or 1, got " +
                                  std::to_string(outcomes[r])};
        }
        const double weight = weights.empty() ? 1.0 : weights[r];
        if (!(weight == 0 || (weight >= 1e-12 && weight <= 1e12))) {
            throw InvalidArgument{function + ": weights[" + std::to_string(r) +
                                  "] must be 0 or in [1e-12, 1e12], got " + number_text(weight)};
        }
        (outcomes[r] != 0 ? sums.positive : sums.negative) += weight;
    }
    return sums;
}

inline void require_options(const std::string& function, const LogisticOptions& options) {
    if (!(options.penalty >= 0 && options.penalty <= 1e15)) {
        throw InvalidArgument{function + ": penalty must be in [0, 1e15], got " + number_text(options.penalty)};
    }
    if (options.max_iterations < 1) throw InvalidArgument{function + ": max_iterations must be at least 1"};
    if (!(options.tolerance > 0 && options.tolerance <= 1e-3)) {
        throw InvalidArgument{function + ": tolerance must be in (0, 1e-3], got " + number_text(options.tolerance)};
    }
    require_threads(function, options.threads);
}

/// What is wrong with a row of which a column is not allowed: it must be at least `least` and below `columns`.
[[noreturn]] inline void refuse_column(std::size_t column, std::size_t least, std::size_t columns) {
    if (column < least) throw InvalidArgument{"FeatureRow: columns must be ascending, each once"};
    throw InvalidArgument{"FeatureRow: columns must be below the model's " + std::to_string(columns) + ", got " +
                          std::to_string(column)};
}
inline void require_one_value_each(const FeatureRow& row) {
    if (row.columns.size() == row.values.size()) return;
    throw InvalidArgument{"FeatureRow: as many values as columns expected, got " + std::to_string(row.values.size()) +
                          " for " + std::to_string(row.columns.size())};
}

/// \throws InvalidArgument  if the row is none of a model with so many columns.
inline void require_row(std::size_t columns, const FeatureRow& row) {
    require_one_value_each(row);
    std::size_t least = 0;
    for (const std::size_t column : row.columns) {
        if (column < least || column >= columns) refuse_column(column, least, columns);
        least = column + 1;
    }
}

inline void require_columns(const char* function, std::size_t columns, const FeatureMatrix& matrix) {
    if (matrix.columns() != columns) {
        throw InvalidArgument{std::string{function} + ": a matrix of " + std::to_string(columns) +
                              " columns expected, as the model has; got " + std::to_string(matrix.columns())};
    }
}

/// Sum of the intercept and the cut contributions; the caller has checked the row.
[[nodiscard]] inline double sum_log_odds(double intercept, const double* coefficients, const FeatureRow& row) noexcept {
    double sum = intercept;
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        sum += cut_log_odds(coefficients[row.columns[i]] * row.values[i]);
    }
    return sum;
}

/// The same of any row. The checks are done while the sum waits for its additions, so they cost next to nothing.
/// \throws InvalidArgument  as require_row(), or if a value is not finite.
[[nodiscard]] inline double checked_log_odds(double intercept, std::span<const double> coefficients,
                                             const FeatureRow& row) {
    require_one_value_each(row);
    double sum = intercept;
    std::size_t least = 0;
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        const std::size_t column = row.columns[i];
        if (column < least || column >= coefficients.size()) refuse_column(column, least, coefficients.size());
        sum += cut_log_odds(coefficients[column] * row.values[i]);
        least = column + 1;
    }
    if (!(sum == sum)) throw InvalidArgument{"log_odds: the row's values must be finite"};
    return sum;
}

/// p (1 - p) of the probability with these log-odds, exact also near 0 and 1.
[[nodiscard]] inline double bernoulli_variance(double log_odds) noexcept {
    const double e = exp(log_odds < 0 ? log_odds : -log_odds);
    return e / ((1 + e) * (1 + e));
}

/// See evidence().
/// \param weight  Of all that was learned from: the result is never above it.
[[nodiscard]] inline double equivalent_observations(double log_odds, double variance, double weight) noexcept {
    const double observations = 1 / (bernoulli_variance(log_odds) * variance) - 1;  // infinite where the product is 0
    return std::max(0.0, std::min(observations, weight));
}

/// The caller has checked the row and the factor.
[[nodiscard]] inline double variance_of_log_odds(const LogisticModel& model, const FeatureRow& row) noexcept {
    if (model.covariance_factor.empty()) return std::numeric_limits<double>::infinity();
    double variance = 0;
    const double* factor_row = model.covariance_factor.data();
    std::size_t below = 0;  // stored columns up to the factor's row
    for (std::size_t i = 0; i <= model.coefficients.size(); factor_row += ++i) {
        if (below < row.columns.size() && row.columns[below] + std::size_t{1} == i) ++below;
        double sum = factor_row[0];
        for (std::size_t k = 0; k < below; ++k) sum += factor_row[row.columns[k] + 1] * row.values[k];
        variance += sum * sum;
    }
    return variance;
}

inline void require_factor(const LogisticModel& model) {
    const std::size_t size = model.coefficients.size() + 1;
    if (!model.covariance_factor.empty() && model.covariance_factor.size() != size * (size + 1) / 2) {
        throw InvalidArgument{"LogisticModel: covariance_factor must hold " + std::to_string(size * (size + 1) / 2) +
                              " numbers or none, got " + std::to_string(model.covariance_factor.size())};
    }
}

/// evidence() where the log-odds are known and the row is checked.
[[nodiscard]] inline double evidence_at(double log_odds, const LogisticModel& model, const FeatureRow& row) {
    require_factor(model);
    return equivalent_observations(log_odds, variance_of_log_odds(model, row), model.weight);
}

/// value(row) for each row of the matrix.
template <class Function>
[[nodiscard]] std::vector<double> for_each_row(const FeatureMatrix& matrix, unsigned threads, const Function& value) {
    std::vector<double> values(matrix.rows());
    const RowChunks chunks = learning_chunks(matrix.rows());
    for_each_chunk(chunks, threads, [&](std::size_t chunk) {
        for (std::size_t r = chunks.begin(chunk); r < chunks.end(chunk); ++r) values[r] = value(matrix.row(r));
    });
    return values;
}

}  // namespace detail

/// Learns a logistic model: the intercept b and coefficients w that minimise
///
///     sum over rows of weight * log(1 + exp(-+ (b + w x))) + penalty / 2 * |w|^2,
///
/// the sign being - where the outcome is 1. Columns whose sign is not free keep theirs: w_j >= 0 or w_j <= 0.
/// A column without stored values, or with the same value in every row, gets the coefficient 0 if penalty > 0.
/// Where the features separate the outcomes, a penalty > 0 keeps the optimum finite.
///
/// Same bits for any number of threads, compiler and optimisation: gradient and loss are summed in chunks of rows that
/// depend on the number of rows alone and added in their order, each entry of the Hessian in the order of the rows.
///
/// \param matrix    Shape (n, p), p <= 4096; |values| below about 1e150.
/// \param outcomes  Shape (n), each 0 or 1; both must occur with a weight above 0. Where only one does, no model can be
///                  learned: fall back to prior_model().
/// \param weights   Shape (n), or empty: then each row counts 1. Each 0 (the row is as good as absent) or in
///                  [1e-12, 1e12]: the number of equal observations that the row stands for.
/// \throws InvalidArgument  naming the argument: lengths differ, a value is out of range, outcomes are all the same;
///                          with penalty = 0 also if the columns depend linearly on each other, or separate the
///                          outcomes, so that no finite optimum exists.
/// \throws Error            if max_iterations were not enough, or rounding leaves no step that lowers the loss. So it
///                          may be where columns depend on each other and the penalty is below about 1e-12 of the sum
///                          of their squares.
/// \par Cost    Per iteration O(n k^2 + p^3 / 3) for k stored values a row; memory 8 (n * 3 + p^2 * 2) bytes and 256
///              gradients. An active sign may ask for a second p^3 / 3.
/// \par Source  Newton's method as iteratively reweighted least squares: P. McCullagh, J. A. Nelder, "Generalized
///              Linear Models", 2nd ed. 1989, section 4.4. Signs: projected Newton of D. P. Bertsekas, "Projected
///              Newton methods for optimization problems with simple constraints", SIAM J. Control and Optimization 20
///              (1982), pp. 221-246; a free coefficient at 0 that the step would push out is held and the step solved
///              again.
[[nodiscard]] inline LogisticModel fit_logistic(const FeatureMatrix& matrix, std::span<const std::uint8_t> outcomes,
                                                std::span<const double> weights = {},
                                                const LogisticOptions& options = {}) {
    detail::require_options("fit_logistic", options);
    if (matrix.columns() > max_logistic_columns) {
        throw InvalidArgument{"fit_logistic: matrix must have at most 4096 columns, got " +
                              std::to_string(matrix.columns())};
    }
    const detail::OutcomeWeights sums = detail::weigh_outcomes("fit_logistic", matrix.rows(), outcomes, weights);
    if (sums.negative == 0 || sums.positive == 0) {
        throw InvalidArgument{std::string{"fit_logistic: outcomes must hold both 0 and 1 with a weight above 0; "} +
                              (sums.negative + sums.positive == 0 ? "there are no rows"
                               : sums.positive == 0               ? "all are 0"
                                                                  : "all are 1")};
    }
    return detail::LogisticSolver{matrix, outcomes, weights, options}.solve(log(sums.positive / sums.negative));
}

/// A model that knows a base rate and has seen no data: its evidence is 0.
///
/// \param probability  In (0, 1), given to every row (to about 1e-12).
/// \param columns      Number of coefficients, all 0; at most 4096.
/// \throws InvalidArgument  if an argument is out of range.
[[nodiscard]] inline LogisticModel prior_model(double probability, std::size_t columns) {
    if (!(probability >= 1e-300 && probability < 1)) {
        throw InvalidArgument{"prior_model: probability must be in (0, 1), got " + detail::number_text(probability)};
    }
    if (columns > max_logistic_columns) throw InvalidArgument{"prior_model: columns must be at most 4096"};
    LogisticModel model;
    model.intercept = detail::cut_log_odds(log(probability / (1 - probability)));
    model.coefficients.assign(columns, 0.0);
    return model;
}

/// Log-odds of outcome 1: the intercept and all contributions(), exactly (see there).
///
/// \throws InvalidArgument  if the row's columns are not ascending or not the model's, or a value is not finite.
/// \par Cost    O(stored values).
[[nodiscard]] inline double log_odds(const LogisticModel& model, const FeatureRow& row) {
    return detail::checked_log_odds(model.intercept, model.coefficients, row);
}

/// Probability of outcome 1, in [0, 1]. Errors and cost as log_odds().
[[nodiscard]] inline double probability(const LogisticModel& model, const FeatureRow& row) {
    return logistic(log_odds(model, row));
}

/// What each stored value adds to the log-odds: coefficient * value, as the nearest multiple of 2^-40 (1e-12).
///
/// intercept + contributions == log_odds() exactly, in any order of addition, as long as their absolute values total
/// less than 8,192 (a probability is 0 or 1 far before that); beyond, to within a rounding of the total.
/// \return   Shape (row.columns.size()), in the row's order. A column that is not stored adds 0.
/// \throws InvalidArgument  as log_odds().
[[nodiscard]] inline std::vector<double> contributions(const LogisticModel& model, const FeatureRow& row) {
    (void)log_odds(model, row);
    std::vector<double> parts(row.columns.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i] = detail::cut_log_odds(model.coefficients[row.columns[i]] * row.values[i]);
    }
    return parts;
}

/// Variance of a row's log-odds: x' H^-1 x with x = (1, values) and H the penalised Hessian (Laplace's approximation of
/// the posterior under a normal prior of variance 1 / penalty). Infinite for a model that has seen no data.
///
/// \throws InvalidArgument  as log_odds(), or if the covariance factor does not fit the coefficients.
/// \par Cost    O(columns * stored values / 2).
/// \par Source  C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.5.
[[nodiscard]] inline double variance_of_log_odds(const LogisticModel& model, const FeatureRow& row) {
    detail::require_row(model.coefficients.size(), row);
    detail::require_factor(model);
    return detail::variance_of_log_odds(model, row);
}

/// Observations that the probability p is worth: p (1 - p) / Var(p) - 1, with Var(p) = (p (1 - p))^2 times the variance
/// of the log-odds (delta method).
///
/// It is the a + b of the Beta(a, b) distribution with this mean and variance. In [0, model.weight]: the delta method
/// overrates what is known at probabilities near 0 and 1, and no probability rests on more than all rows. 0 for a model
/// that has seen no data.
/// \throws InvalidArgument  as variance_of_log_odds().
[[nodiscard]] inline double evidence(const LogisticModel& model, const FeatureRow& row) {
    return detail::evidence_at(log_odds(model, row), model, row);
}

/// log_odds() of every row. Shape (rows).
///
/// \param threads  In [1, 1024]; same bits for any number.
/// \throws InvalidArgument  if the matrix has not the model's columns, or threads are out of range.
/// \par Cost    O(stored values).
[[nodiscard]] inline std::vector<double> predict_log_odds(const LogisticModel& model, const FeatureMatrix& matrix,
                                                          unsigned threads = 1) {
    detail::require_threads("predict_log_odds", threads);
    detail::require_columns("predict_log_odds", model.coefficients.size(), matrix);
    return detail::for_each_row(matrix, threads, [&](const FeatureRow& row) {
        return detail::sum_log_odds(model.intercept, model.coefficients.data(), row);
    });
}

/// probability() of every row. Shape (rows). Arguments, errors and cost as predict_log_odds().
[[nodiscard]] inline std::vector<double> predict(const LogisticModel& model, const FeatureMatrix& matrix,
                                                 unsigned threads = 1) {
    detail::require_threads("predict", threads);
    detail::require_columns("predict", model.coefficients.size(), matrix);
    return detail::for_each_row(matrix, threads, [&](const FeatureRow& row) {
        return logistic(detail::sum_log_odds(model.intercept, model.coefficients.data(), row));
    });
}

/// evidence() of every row. Shape (rows). Arguments as predict_log_odds(); errors and cost per row as evidence().
[[nodiscard]] inline std::vector<double> predict_evidence(const LogisticModel& model, const FeatureMatrix& matrix,
                                                          unsigned threads = 1) {
    detail::require_threads("predict_evidence", threads);
    detail::require_columns("predict_evidence", model.coefficients.size(), matrix);
    detail::require_factor(model);
    return detail::for_each_row(matrix, threads, [&](const FeatureRow& row) {
        return detail::equivalent_observations(detail::sum_log_odds(model.intercept, model.coefficients.data(), row),
                                               detail::variance_of_log_odds(model, row), model.weight);
    });
}

}  // namespace alloquy::score
