#pragma once

/// \file
/// Evaluation: how good probabilities and scores were, once the outcomes are known, each number with its interval.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/score/bootstrap.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/folds.hpp>

// In all of this header: scores have no unit and are any numbers but NaN, higher = more likely; probabilities are in
// [0, 1]; outcomes are 0 or 1; one of each per row, shape (n), 1 <= n < 2^30. Nothing is read from rows in an order
// that depends on the number of threads.

namespace alloquy::score {

namespace detail {

inline void expect_outcomes(const char* function, std::span<const std::uint8_t> outcomes) {
    expect_rows(function, "outcomes", outcomes.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] > 1) {
            throw InvalidArgument{std::string{function} + ": outcomes must be 0 or 1, got " +
                                  std::to_string(outcomes[i]) + " in row " + std::to_string(i)};
        }
    }
}

inline void expect_scores(const char* function, const char* argument, std::span<const double> scores,
                          std::size_t rows) {
    expect_length(function, argument, scores.size(), rows);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (scores[i] != scores[i]) {
            throw InvalidArgument{std::string{function} + ": " + argument + " must not be NaN, but row " +
                                  std::to_string(i) + " is"};
        }
    }
}

inline void expect_ranking(const char* function, const char* argument, std::span<const double> scores,
                           std::span<const std::uint8_t> outcomes) {
    expect_outcomes(function, outcomes);
    expect_scores(function, argument, scores, outcomes.size());
}

inline void expect_probabilities(const char* function, std::span<const double> probabilities, std::size_t rows) {
    expect_length(function, "probabilities", probabilities.size(), rows);
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
        if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) {
            throw InvalidArgument{std::string{function} + ": probabilities must be in [0, 1], got " +
                                  std::to_string(probabilities[i]) + " in row " + std::to_string(i)};
        }
    }
}

inline void expect_share(const char* function, double share) {
    if (!(share > 0 && share <= 1)) {
        throw InvalidArgument{std::string{function} + ": share must be in (0, 1], got " + std::to_string(share)};
    }
}

inline void expect_capacity(const char* function, std::size_t capacity, std::size_t rows) {
    if (capacity == 0 || capacity > rows) {
        throw InvalidArgument{std::string{function} + ": capacity must be in [1, " + std::to_string(rows) +
                              "], the number of rows, got " + std::to_string(capacity)};
    }
}

/// Sum of term(0) ... term(n - 1), in four lanes of chunks of 1,024: one fixed order, small error.
template <class Term>
[[nodiscard]] double chunked_sum(std::size_t n, const Term& term) {
    double sum = 0;
    for (std::size_t first = 0; first < n; first += 1024) {
        const std::size_t end = std::min<std::size_t>(n, first + 1024);
        std::array<double, 4> lanes{};
        std::size_t i = first;
        for (; i + 4 <= end; i += 4) {
            for (std::size_t lane = 0; lane < 4; ++lane) lanes[lane] += term(i + lane);
        }
        for (; i < end; ++i) lanes[0] += term(i);
        sum += (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    }
    return sum;
}

/// The number that a standard normal variable exceeds with probability `tail`, for tail in [1e-10, 0.5].
/// Source: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
/// (1988), pp. 477-484, PPND16; relative error about 1e-15. Its third range, tails below 1.4e-11, is not needed.
[[nodiscard]] inline double normal_upper_point(double tail) noexcept {
    const auto polynomial = [](double x, const std::array<double, 8>& c) {
        double sum = c[7];
        for (std::size_t i = 7; i-- > 0;) sum = sum * x + c[i];
        return sum;
    };
    const double q = 0.5 - tail;
    if (q <= 0.425) {
        const double r = 0.180625 - q * q;
        return q *
               polynomial(r, {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                              1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                              3.3430575583588128105e+4, 2.5090809287301226727e+3}) /
               polynomial(r, {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                              2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
                              5.2264952788528545610e+3});
    }
    const double r = std::sqrt(-log(tail)) - 1.6;
    return polynomial(r, {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                          3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                          2.27238449892691845833e-2, 7.74545014278341407640e-4}) /
           polynomial(r, {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                          1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                          1.05075007164441684324e-9});
}

/// Least distance of a probability from 0 and 1 in log_loss().
inline constexpr double log_loss_margin = 0x1p-52;

[[nodiscard]] inline double log_loss_of(double probability, std::uint8_t outcome) noexcept {
    const double p = std::clamp(probability, log_loss_margin, 1 - log_loss_margin);
    return outcome != 0 ? -log(p) : -log1p(-p);
}
[[nodiscard]] inline double brier_of(double probability, std::uint8_t outcome) noexcept {
    const double error = probability - outcome;
    return error * error;
}

}  // namespace detail

// ---- From ranks: only the order of the scores counts. ----

/// A point of a gain curve.
struct GainPoint {
    double people;    ///< Share of the rows, those with the highest scores, in [0, 1].
    double outcomes;  ///< Share of all rows with outcome 1 that are among them, in [0, 1].

    friend bool operator==(const GainPoint&, const GainPoint&) = default;
};

/// Scores sorted once, for numbers that are asked many times, as in a bootstrap.
///
/// Rows with equal scores count as in any random order of them, on average: half a pair won in the AUC, a straight
/// line in the gain curve. Immutable; may be used by several threads at once.
///
/// Each question takes `counts`, how often each row counts, shape (rows()); empty stands for once each. It gives
/// nothing where the counted rows leave the number undefined. Cost O(n) each.
class RankedOutcomes {
public:
    /// \throws InvalidArgument  if the lengths differ, there are no rows or 2^30 or more, a score is NaN or an outcome
    ///                          neither 0 nor 1.
    /// \par Cost    O(n log n).
    RankedOutcomes(std::span<const double> scores, std::span<const std::uint8_t> outcomes) {
        detail::expect_ranking("RankedOutcomes", "scores", scores, outcomes);
        std::vector<std::pair<double, std::uint32_t>> ranked;
        ranked.reserve(scores.size());
        for (std::uint32_t row = 0; row < scores.size(); ++row) ranked.emplace_back(scores[row], row);
        std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first > b.first : a.second < b.second;
        });
        entries_.reserve(ranked.size());
        for (std::size_t i = 0; i < ranked.size(); ++i) {
            const std::uint32_t row = ranked[i].second;
            const bool last = i + 1 == ranked.size() || ranked[i + 1].first != ranked[i].first;
            entries_.push_back((row << 2U) | (std::uint32_t{outcomes[row]} << 1U) | (last ? 1U : 0U));
            positives_ += outcomes[row];
        }
    }

    [[nodiscard]] std::size_t rows() const noexcept { return entries_.size(); }
    /// Rows with outcome 1.
    [[nodiscard]] std::size_t positives() const noexcept { return positives_; }

    /// See auc(); nothing without a row of each outcome.
    /// \throws InvalidArgument  if counts has another length.
    [[nodiscard]] std::optional<double> auc(std::span<const std::uint32_t> counts = {}) const {
        return walk(counts, {}, {}).auc();
    }
    /// See gain_at(); nothing without a row of outcome 1.
    /// \throws InvalidArgument  if share is not in (0, 1] or counts has another length.
    [[nodiscard]] std::optional<double> gain_at(double share, std::span<const std::uint32_t> counts = {}) const {
        detail::expect_share("gain_at", share);
        const std::array cut{share * static_cast<double>(total(counts))};
        std::array<double, 1> found{};
        const Walk all = walk(counts, cut, found);
        if (all.positives == 0) return std::nullopt;
        return found[0] / static_cast<double>(all.positives);
    }
    /// See precision_at(). Where the counts add up to other than rows(), the capacity is scaled along: it stays the
    /// same share of the rows. Nothing where all counts are 0.
    /// \throws InvalidArgument  if capacity is not in [1, rows()] or counts has another length.
    [[nodiscard]] std::optional<double> precision_at(std::size_t capacity,
                                                     std::span<const std::uint32_t> counts = {}) const {
        detail::expect_capacity("precision_at", capacity, rows());
        const std::array cut{scaled_capacity(capacity, total(counts))};
        std::array<double, 1> found{};
        const Walk all = walk(counts, cut, found);
        if (all.positives + all.negatives == 0) return std::nullopt;
        return found[0] / cut[0];
    }
    /// See gain_curve(); empty without a row of outcome 1.
    [[nodiscard]] std::vector<GainPoint> gain_curve() const {
        std::vector<GainPoint> points;
        if (positives_ == 0) return points;
        points.push_back({0, 0});
        std::size_t found = 0;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            found += outcome_of(entries_[i]);
            if (is_last(entries_[i])) {
                points.push_back({static_cast<double>(i + 1) / static_cast<double>(entries_.size()),
                                  static_cast<double>(found) / static_cast<double>(positives_)});
            }
        }
        return points;
    }

    /// What one pass from the highest score down finds.
    struct Walk {
        double pairs_won = 0;         ///< Pairs of a positive and a negative row in the right order; ties count half.
        std::uint64_t positives = 0;  ///< Counted rows with outcome 1.
        std::uint64_t negatives = 0;  ///< Counted rows with outcome 0.

        [[nodiscard]] std::optional<double> auc() const noexcept {
            if (positives == 0 || negatives == 0) return std::nullopt;
            return pairs_won / (static_cast<double>(positives) * static_cast<double>(negatives));
        }
    };
    /// Answers several questions in one pass.
    ///
    /// \param counts  As above.
    /// \param cuts    Numbers of people, ascending, each in [0, sum of counts]; fractions of people are allowed.
    /// \param found   Same shape as cuts; becomes the expected number of positives among that many best.
    /// \throws InvalidArgument  if counts has another length, or found another than cuts.
    Walk walk(std::span<const std::uint32_t> counts, std::span<const double> cuts, std::span<double> found) const {
        if (!counts.empty()) detail::expect_length("RankedOutcomes", "counts", counts.size(), rows());
        detail::expect_length("RankedOutcomes", "found", found.size(), cuts.size());
        if (counts.empty()) return walk_with([](std::uint32_t) { return std::uint32_t{1}; }, cuts, found);
        return walk_with([&](std::uint32_t entry) { return counts[row_of(entry)]; }, cuts, found);
    }
    /// Sum of the counts.
    [[nodiscard]] std::uint64_t total(std::span<const std::uint32_t> counts) const noexcept {
        return counts.empty() ? rows() : std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    }
    /// The capacity as the same share of rows that count `total` in all; a cut for walk().
    [[nodiscard]] double scaled_capacity(std::size_t capacity, std::uint64_t total) const noexcept {
        const auto people = static_cast<double>(capacity);
        return total == rows() ? people : people / static_cast<double>(rows()) * static_cast<double>(total);
    }

private:
    // An entry: the row, its outcome, and whether it is the last of its score, in one number.
    static std::uint32_t row_of(std::uint32_t entry) noexcept { return entry >> 2U; }
    static std::uint32_t outcome_of(std::uint32_t entry) noexcept { return (entry >> 1U) & 1U; }
    static bool is_last(std::uint32_t entry) noexcept { return (entry & 1U) != 0; }

    template <class CountOf>
    Walk walk_with(const CountOf& count_of, std::span<const double> cuts, std::span<double> found) const {
        Walk all;
        std::uint64_t tied_positives = 0;
        std::uint64_t tied = 0;
        std::size_t cut = 0;
        for (const std::uint32_t entry : entries_) {
            const std::uint64_t count = count_of(entry);
            tied += count;
            tied_positives += count * outcome_of(entry);
            if (!is_last(entry)) continue;
            const auto positives = static_cast<double>(tied_positives);
            const auto above = static_cast<double>(all.positives);
            all.pairs_won += static_cast<double>(tied - tied_positives) * (above + 0.5 * positives);
            const auto seen = static_cast<double>(all.positives + all.negatives);
            for (; cut < cuts.size() && cuts[cut] <= seen + static_cast<double>(tied); ++cut) {
                found[cut] = tied == 0 ? above : above + (cuts[cut] - seen) * positives / static_cast<double>(tied);
            }
            all.positives += tied_positives;
            all.negatives += tied - tied_positives;
            tied = 0;
            tied_positives = 0;
        }
        for (; cut < cuts.size(); ++cut) found[cut] = static_cast<double>(all.positives);
        return all;
    }

    std::vector<std::uint32_t> entries_;  // highest score first
    std::size_t positives_ = 0;
};

/// Area under the ROC curve: the probability that a random row with outcome 1 has a higher score than a random row
/// with outcome 0; equal scores count half. 0.5 = no better than chance.
///
/// \throws InvalidArgument  if the lengths differ, there are no rows or 2^30 or more, a score is NaN, an outcome is
///                          neither 0 nor 1, or all outcomes are equal.
/// \par Cost    O(n log n).
/// \par Source  J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic
///              (ROC) curve", Radiology 143 (1982), pp. 29-36: the Mann-Whitney statistic.
[[nodiscard]] inline double auc(std::span<const double> scores, std::span<const std::uint8_t> outcomes) {
    detail::expect_ranking("auc", "scores", scores, outcomes);
    const std::optional<double> found = RankedOutcomes{scores, outcomes}.auc();
    if (!found) throw InvalidArgument{"auc: outcomes must hold both 0 and 1"};
    return *found;
}

/// The gain curve: which share of the outcomes lies in which share of the people, best scores first.
///
/// \return  (0, 0), then one point behind each distinct score, the last (1, 1). Between points the curve is straight:
///          the expectation over random orders of rows with equal scores.
/// \throws InvalidArgument  as auc(), except that all outcomes may be 1; naming `outcomes` if all are 0.
/// \par Cost    O(n log n).
[[nodiscard]] inline std::vector<GainPoint> gain_curve(std::span<const double> scores,
                                                       std::span<const std::uint8_t> outcomes) {
    detail::expect_ranking("gain_curve", "scores", scores, outcomes);
    std::vector<GainPoint> points = RankedOutcomes{scores, outcomes}.gain_curve();
    if (points.empty()) throw InvalidArgument{"gain_curve: outcomes must hold a 1"};
    return points;
}

/// Which share of the outcomes lies in the best `share` of the people: the gain curve at that place, a fraction.
///
/// \param share  In (0, 1].
/// \throws InvalidArgument  as gain_curve(), or if share is out of range.
/// \par Cost    O(n log n).
[[nodiscard]] inline double gain_at(std::span<const double> scores, std::span<const std::uint8_t> outcomes,
                                    double share) {
    detail::expect_ranking("gain_at", "scores", scores, outcomes);
    detail::expect_share("gain_at", share);
    const std::optional<double> gain = RankedOutcomes{scores, outcomes}.gain_at(share);
    if (!gain) throw InvalidArgument{"gain_at: outcomes must hold a 1"};
    return *gain;
}

/// How many times more outcomes the best `share` of the people holds than as many people at random: gain_at() / share.
/// Parameters, errors and cost as gain_at().
[[nodiscard]] inline double lift_at(std::span<const double> scores, std::span<const std::uint8_t> outcomes,
                                    double share) {
    detail::expect_ranking("lift_at", "scores", scores, outcomes);
    detail::expect_share("lift_at", share);
    const std::optional<double> gain = RankedOutcomes{scores, outcomes}.gain_at(share);
    if (!gain) throw InvalidArgument{"lift_at: outcomes must hold a 1"};
    return *gain / share;
}

/// Precision at capacity: the expected share of outcomes 1 among the `capacity` people with the highest scores, who are
/// all that the staff has time for.
///
/// \param capacity  In [1, n].
/// \throws InvalidArgument  as auc(), except that all outcomes may be equal, or if capacity is out of range.
/// \par Cost    O(n log n).
[[nodiscard]] inline double precision_at(std::span<const double> scores, std::span<const std::uint8_t> outcomes,
                                         std::size_t capacity) {
    detail::expect_ranking("precision_at", "scores", scores, outcomes);
    return RankedOutcomes{scores, outcomes}.precision_at(capacity).value();
}

// ---- From probabilities. ----

/// Mean of -log(probability given to what happened), natural logarithm, in nats. Lower is better.
///
/// Probabilities are moved into [2^-52, 1 - 2^-52] first, so that one row that was called certain and went the other
/// way costs 36.04 and not infinity. scikit-learn does so since 1.3.
///
/// \throws InvalidArgument  if the lengths differ, there are no rows or 2^30 or more, a probability is NaN or outside
///                          [0, 1], or an outcome is neither 0 nor 1.
/// \par Cost    O(n).
[[nodiscard]] inline double log_loss(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes) {
    detail::expect_outcomes("log_loss", outcomes);
    detail::expect_probabilities("log_loss", probabilities, outcomes.size());
    return detail::chunked_sum(outcomes.size(),
                               [&](std::size_t i) { return detail::log_loss_of(probabilities[i], outcomes[i]); }) /
           static_cast<double>(outcomes.size());
}

/// Brier score: mean of (probability - outcome)^2, in [0, 1]. Lower is better.
///
/// \throws InvalidArgument  as log_loss().
/// \par Cost    O(n).
/// \par Source  G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78
///              (1950), pp. 1-3; here of one class, half of the original sum over both.
[[nodiscard]] inline double brier(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes) {
    detail::expect_outcomes("brier", outcomes);
    detail::expect_probabilities("brier", probabilities, outcomes.size());
    return detail::chunked_sum(outcomes.size(),
                               [&](std::size_t i) { return detail::brier_of(probabilities[i], outcomes[i]); }) /
           static_cast<double>(outcomes.size());
}

/// Wilson interval of a share of independent rows.
///
/// \param positives  Rows with outcome 1, in [0, rows].
/// \param rows       >= 1.
/// \param level      In (0, 0.9999]; 0.95 = 95 %, two-sided.
/// \return           Estimate positives / rows; ends in [0, 1].
/// \throws InvalidArgument  if an argument is out of range.
/// \par Source  E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927),
///              pp. 209-212.
[[nodiscard]] inline Interval wilson_interval(std::size_t positives, std::size_t rows, double level = 0.95) {
    if (rows == 0) throw InvalidArgument{"wilson_interval: rows must be >= 1"};
    if (positives > rows) {
        throw InvalidArgument{"wilson_interval: positives must be at most rows, " + std::to_string(rows) + ", got " +
                              std::to_string(positives)};
    }
    detail::expect_level("wilson_interval", level);
    const double z = detail::normal_upper_point((1 - level) / 2);
    const auto n = static_cast<double>(rows);
    const auto k = static_cast<double>(positives);
    const double middle = (k + z * z / 2) / (n + z * z);
    const double half = z / (n + z * z) * std::sqrt(k * (n - k) / n + z * z / 4);
    return {k / n, positives == 0 ? 0 : middle - half, positives == rows ? 1 : middle + half, level, 0, 0};
}

/// Rows with probabilities of about the same size, and what came of them.
struct CalibrationBin {
    std::size_t rows = 0;         ///< >= 1.
    std::size_t positives = 0;    ///< Of these, rows with outcome 1.
    double lowest = 0;            ///< Least probability in the bin.
    double highest = 0;           ///< Greatest; the next bin starts above it.
    double mean_probability = 0;  ///< What was foretold.
    Interval observed{};          ///< What came: share of outcomes 1, Wilson interval; for independent rows.

    friend bool operator==(const CalibrationBin&, const CalibrationBin&) = default;
};

/// Compares probabilities with outcomes in bins of about equally many rows, lowest probabilities first.
///
/// Equal probabilities stand in one bin, so bins may differ in size; with fewer distinct probabilities than bins, each
/// has its own. Border b lies where the number of rows below is nearest to b / bins of all.
///
/// \param bins   >= 1.
/// \param level  Of the Wilson intervals, in (0, 0.9999]. They take rows for independent.
/// \return       Shape (min(bins, distinct probabilities)).
/// \throws InvalidArgument  as log_loss(), or if bins or level is out of range.
/// \par Cost    O(n log n).
[[nodiscard]] inline std::vector<CalibrationBin> calibration_table(std::span<const double> probabilities,
                                                                   std::span<const std::uint8_t> outcomes,
                                                                   std::size_t bins = 10, double level = 0.95) {
    detail::expect_outcomes("calibration_table", outcomes);
    detail::expect_probabilities("calibration_table", probabilities, outcomes.size());
    detail::expect_level("calibration_table", level);
    if (bins == 0) throw InvalidArgument{"calibration_table: bins must be >= 1"};
    const detail::Distinct<double> found = detail::distinct(probabilities);
    const std::size_t parts = std::min(bins, found.values.size());
    const std::vector<std::size_t> ends = detail::equal_count_ends(found.counts, parts);
    std::vector<std::size_t> positives(found.values.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) positives[found.of_row[i]] += outcomes[i];
    std::vector<CalibrationBin> table;
    table.reserve(parts);
    for (std::size_t b = 0; b < parts; ++b) {
        const std::size_t first = b == 0 ? 0 : ends[b - 1];
        CalibrationBin bin;
        // Adding 0 makes 0 of -0, which compares as equal.
        bin.lowest = found.values[first] + 0.0;
        bin.highest = found.values[ends[b] - 1] + 0.0;
        for (std::size_t v = first; v < ends[b]; ++v) {
            bin.rows += found.counts[v];
            bin.positives += positives[v];
        }
        bin.mean_probability =
            detail::chunked_sum(ends[b] - first,
                                [&](std::size_t i) { return found.counts[first + i] * found.values[first + i]; }) /
            static_cast<double>(bin.rows);
        bin.observed = wilson_interval(bin.positives, bin.rows, level);
        table.push_back(bin);
    }
    return table;
}

/// Expected calibration error: mean over rows of |foretold - observed| of their bin, in [0, 1].
///
/// Even perfect probabilities get more than 0, as bins are finite: about 0.8 * sqrt(p (1 - p) / rows of a bin).
/// Compare only errors from the same number of bins and rows.
///
/// \param table  As calibration_table() gives it, at least one bin.
/// \throws InvalidArgument  if table is empty or a bin has no rows.
/// \par Source  M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
///              binning", AAAI 2015, pp. 2901-2907; here with bins of equal count.
[[nodiscard]] inline double expected_calibration_error(std::span<const CalibrationBin> table) {
    double sum = 0;
    double rows = 0;
    for (const CalibrationBin& bin : table) {
        if (bin.rows == 0) throw InvalidArgument{"expected_calibration_error: each bin of table must have rows"};
        sum += static_cast<double>(bin.rows) * std::abs(bin.mean_probability - bin.observed.estimate);
        rows += static_cast<double>(bin.rows);
    }
    if (rows == 0) throw InvalidArgument{"expected_calibration_error: table must not be empty"};
    return sum / rows;
}

// ---- Bootstrap. ----

/// auc() with its bootstrap() interval.
///
/// \throws InvalidArgument  as auc() and bootstrap(); naming `outcomes` if more than a tenth of the resamples hold one
///                          kind of outcome only, as with one or two rows of a kind.
/// \par Cost    One sort, then O(n) per resample: 0.3 s for 40,000 rows and 1,000 resamples on one core.
[[nodiscard]] inline Interval bootstrap_auc(std::span<const double> scores, std::span<const std::uint8_t> outcomes,
                                            const BootstrapOptions& options = {}) {
    detail::expect_ranking("bootstrap_auc", "scores", scores, outcomes);
    const RankedOutcomes ranked{scores, outcomes};
    detail::expect_bootstrap("bootstrap_auc", options, outcomes.size());
    const std::optional<double> estimate = ranked.auc();
    if (!estimate) throw InvalidArgument{"bootstrap_auc: outcomes must hold both 0 and 1"};
    const std::vector<double> values =
        detail::resample_numbers("bootstrap_auc", outcomes.size(), 1, options,
                                 [&](std::span<const std::uint32_t> counts, std::span<double> found) {
                                     found[0] = ranked.auc(counts).value_or(std::numeric_limits<double>::quiet_NaN());
                                 });
    return detail::percentile_interval(*estimate, values, options.level,
                                       "bootstrap_auc: outcomes must hold more rows of the rarer kind; AUC");
}

/// How much better one score ranks than another on the same rows: auc(scores) - auc(baseline), with its interval.
///
/// Both are computed on the same resamples, so that the interval is far narrower than those of the two AUCs suggest. An
/// interval above 0 says that the scores are better beyond chance.
///
/// \throws InvalidArgument  as bootstrap_auc(), for either.
/// \par Cost    Twice that of bootstrap_auc().
[[nodiscard]] inline Interval bootstrap_auc_difference(std::span<const double> scores, std::span<const double> baseline,
                                                       std::span<const std::uint8_t> outcomes,
                                                       const BootstrapOptions& options = {}) {
    detail::expect_ranking("bootstrap_auc_difference", "scores", scores, outcomes);
    detail::expect_ranking("bootstrap_auc_difference", "baseline", baseline, outcomes);
    const RankedOutcomes ranked{scores, outcomes};
    const RankedOutcomes other{baseline, outcomes};
    detail::expect_bootstrap("bootstrap_auc_difference", options, outcomes.size());
    const auto difference = [&](std::span<const std::uint32_t> counts) {
        const std::optional<double> one = ranked.auc(counts);
        return one ? *one - other.auc(counts).value() : std::numeric_limits<double>::quiet_NaN();
    };
    const double estimate = difference({});
    if (estimate != estimate) throw InvalidArgument{"bootstrap_auc_difference: outcomes must hold both 0 and 1"};
    const std::vector<double> values = detail::resample_numbers(
        "bootstrap_auc_difference", outcomes.size(), 1, options,
        [&](std::span<const std::uint32_t> counts, std::span<double> found) { found[0] = difference(counts); });
    return detail::percentile_interval(estimate, values, options.level,
                                       "bootstrap_auc_difference: outcomes must hold more rows of the rarer kind; AUC");
}

// ---- All at once. ----

/// What evaluate() is asked.
struct EvaluationOptions {
    std::vector<std::size_t> capacities{};       ///< For precision_at(), each in [1, n].
    std::vector<double> shares{0.05, 0.1, 0.2};  ///< For gain_at(), each in (0, 1].
    std::size_t bins = 10;                       ///< Of the calibration table, >= 1.
    BootstrapOptions bootstrap{};                ///< Also the level of the calibration table.
};

/// What lies in the best share of the people.
struct GainAtShare {
    double share;   ///< As asked.
    Interval gain;  ///< See gain_at(). Divided by share: the lift.

    friend bool operator==(const GainAtShare&, const GainAtShare&) = default;
};
/// What comes of as many people as there is time for.
struct PrecisionAtCapacity {
    std::size_t capacity;  ///< As asked.
    Interval precision;    ///< See precision_at().

    friend bool operator==(const PrecisionAtCapacity&, const PrecisionAtCapacity&) = default;
};

/// How good probabilities were.
struct Evaluation {
    std::size_t rows = 0;
    std::size_t positives = 0;  ///< Rows with outcome 1.
    std::size_t groups = 0;     ///< Groups that were resampled; 0: rows were.
    Interval auc{};
    Interval log_loss{};
    Interval brier{};
    std::vector<GainAtShare> gains{};               ///< In the order of EvaluationOptions::shares.
    std::vector<PrecisionAtCapacity> precisions{};  ///< In the order of EvaluationOptions::capacities.
    std::vector<CalibrationBin> calibration{};      ///< See calibration_table().
    /// Of that table. Without an interval: resampling adds noise that raises it, so that a bootstrap interval would lie
    /// too high.
    double expected_calibration_error = 0;
    std::vector<GainPoint> gain_curve{};

    friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

/// All numbers of this header about one set of probabilities, each with its bootstrap() interval.
///
/// Estimates are those of auc(), log_loss(), brier(), gain_at() and precision_at(); all intervals come from the same
/// resamples, those of bootstrap_auc(). In a resample of groups, which may have more or fewer rows, a capacity stays
/// the same share of the rows.
///
/// \throws InvalidArgument  as log_loss(), calibration_table(), gain_at(), precision_at() and bootstrap_auc().
/// \par Cost    One sort, then O(n) per resample: 0.4 s for 40,000 rows and 1,000 resamples on one core.
[[nodiscard]] inline Evaluation evaluate(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes,
                                         const EvaluationOptions& options = {}) {
    detail::expect_outcomes("evaluate", outcomes);
    detail::expect_probabilities("evaluate", probabilities, outcomes.size());
    detail::expect_bootstrap("evaluate", options.bootstrap, outcomes.size());
    for (const double share : options.shares) detail::expect_share("evaluate", share);
    for (const std::size_t capacity : options.capacities) {
        detail::expect_capacity("evaluate", capacity, outcomes.size());
    }
    if (options.bins == 0) throw InvalidArgument{"evaluate: bins must be >= 1"};

    Evaluation result;
    const RankedOutcomes ranked{probabilities, outcomes};
    result.rows = ranked.rows();
    result.positives = ranked.positives();
    if (result.positives == 0 || result.positives == result.rows) {
        throw InvalidArgument{"evaluate: outcomes must hold both 0 and 1"};
    }
    if (!options.bootstrap.groups.empty()) result.groups = detail::distinct(options.bootstrap.groups).values.size();
    result.gain_curve = ranked.gain_curve();
    result.calibration = calibration_table(probabilities, outcomes, options.bins, options.bootstrap.level);
    result.expected_calibration_error = expected_calibration_error(result.calibration);

    std::vector<double> log_losses(result.rows);
    std::vector<double> squares(result.rows);
    for (std::size_t i = 0; i < result.rows; ++i) {
        log_losses[i] = detail::log_loss_of(probabilities[i], outcomes[i]);
        squares[i] = detail::brier_of(probabilities[i], outcomes[i]);
    }
    // Numbers in this order: AUC, log loss, Brier score, gains, precisions.
    const std::size_t cuts = options.shares.size() + options.capacities.size();
    const auto measure = [&](std::span<const std::uint32_t> counts, std::span<double> values) {
        const auto total = ranked.total(counts);
        const auto people = static_cast<double>(total);
        std::vector<std::pair<double, std::size_t>> order;
        order.reserve(cuts);
        for (const double share : options.shares) order.emplace_back(share * people, order.size());
        for (const std::size_t capacity : options.capacities) {
            order.emplace_back(ranked.scaled_capacity(capacity, total), order.size());
        }
        std::sort(order.begin(), order.end());
        std::vector<double> places;
        places.reserve(cuts);
        for (const auto& cut : order) places.push_back(cut.first);
        std::vector<double> found(cuts);
        const RankedOutcomes::Walk all = ranked.walk(counts, places, found);
        const double undefined = std::numeric_limits<double>::quiet_NaN();
        values[0] = all.auc().value_or(undefined);
        values[1] =
            detail::chunked_sum(counts.size(), [&](std::size_t i) { return counts[i] * log_losses[i]; }) / people;
        values[2] = detail::chunked_sum(counts.size(), [&](std::size_t i) { return counts[i] * squares[i]; }) / people;
        for (std::size_t c = 0; c < cuts; ++c) {
            const bool is_gain = order[c].second < options.shares.size();
            if (!is_gain) {
                values[3 + order[c].second] = found[c] / places[c];
            } else {
                values[3 + order[c].second] =
                    all.positives == 0 ? undefined : found[c] / static_cast<double>(all.positives);
            }
        }
    };
    std::vector<double> estimates(3 + cuts);
    measure(std::vector<std::uint32_t>(result.rows, 1), estimates);
    const std::vector<double> values =
        detail::resample_numbers("evaluate", result.rows, estimates.size(), options.bootstrap, measure);
    const auto interval = [&](std::size_t number) {
        return detail::percentile_interval(
            estimates[number],
            std::span<const double>{values}.subspan(number * options.bootstrap.resamples, options.bootstrap.resamples),
            options.bootstrap.level, "evaluate: outcomes must hold more rows of the rarer kind; AUC or gain");
    };
    result.auc = interval(0);
    result.log_loss = interval(1);
    result.brier = interval(2);
    for (const double share : options.shares) result.gains.push_back({share, interval(3 + result.gains.size())});
    for (const std::size_t capacity : options.capacities) {
        result.precisions.push_back({capacity, interval(3 + options.shares.size() + result.precisions.size())});
    }
    return result;
}

namespace detail {

/// Decimal text with a fixed number of digits after the point, the same everywhere; rounds half away from zero.
/// For |value| < 1e9 and at most 6 digits.
[[nodiscard]] inline std::string fixed_decimals(double value, unsigned digits) {
    std::int64_t scale = 1;
    for (unsigned i = 0; i < digits; ++i) scale *= 10;
    const auto units = static_cast<std::int64_t>(std::abs(value) * static_cast<double>(scale) + 0.5);
    std::string text = (value < 0 && units != 0 ? "-" : "") + std::to_string(units / scale);
    if (digits == 0) return text;
    const std::string fraction = std::to_string(units % scale);
    return text + "." + std::string(digits - fraction.size(), '0') + fraction;
}

[[nodiscard]] inline std::string right_aligned(const std::string& text, std::size_t width) {
    return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

/// A fraction in percent with up to three digits after the point, no trailing zeros: 0.125 gives "12.5 %".
[[nodiscard]] inline std::string percent(double fraction) {
    std::string text = fixed_decimals(fraction * 100, 3);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text + " %";
}

}  // namespace detail

/// The evaluation as a table in plain text, without the gain curve. Lines end with a newline; four decimals; ASCII.
[[nodiscard]] inline std::string to_text(const Evaluation& evaluation) {
    const auto columns = [](std::initializer_list<std::string> texts) {
        std::string line;
        for (const std::string& text : texts) line += detail::right_aligned(text, 10);
        return line + "\n";
    };
    const auto number = [](double value) { return detail::fixed_decimals(value, 4); };
    const auto named = [](std::string name) {
        name.resize(std::max<std::size_t>(name.size(), 30), ' ');
        return name;
    };
    std::string text = std::to_string(evaluation.rows) + " rows, " + std::to_string(evaluation.positives) +
                       " with outcome 1 (" +
                       detail::percent(static_cast<double>(evaluation.positives) /
                                       static_cast<double>(std::max<std::size_t>(evaluation.rows, 1))) +
                       "); intervals of " + detail::percent(evaluation.auc.level) + " from " +
                       std::to_string(evaluation.auc.resamples) + " resamples of " +
                       (evaluation.groups == 0 ? "rows" : std::to_string(evaluation.groups) + " groups");
    if (evaluation.auc.skipped > 0) {
        text += ", " + std::to_string(evaluation.auc.skipped) + " more with one kind of outcome left out";
    }
    text += "\n";
    text += named("") + columns({"estimate", "low", "high"});
    const auto add = [&](const std::string& name, const Interval& interval, double factor) {
        text += named(name) + columns({number(interval.estimate * factor), number(interval.low * factor),
                                       number(interval.high * factor)});
    };
    add("AUC", evaluation.auc, 1);
    add("log loss", evaluation.log_loss, 1);
    add("Brier score", evaluation.brier, 1);
    for (const GainAtShare& gain : evaluation.gains) {
        add("outcomes in the best " + detail::percent(gain.share), gain.gain, 1);
        add("lift of the best " + detail::percent(gain.share), gain.gain, 1 / gain.share);
    }
    for (const PrecisionAtCapacity& precision : evaluation.precisions) {
        add("precision of the best " + std::to_string(precision.capacity), precision.precision, 1);
    }
    text += named("expected calibration error") + columns({number(evaluation.expected_calibration_error)});
    text += "\n" + columns({"rows", "foretold", "observed", "low", "high"});
    for (const CalibrationBin& bin : evaluation.calibration) {
        text += columns({std::to_string(bin.rows), number(bin.mean_probability), number(bin.observed.estimate),
                         number(bin.observed.low), number(bin.observed.high)});
    }
    return text;
}

}  // namespace alloquy::score
