#pragma once

/// \file
/// Bootstrap: how far any number that is computed from rows might be off by chance.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/folds.hpp>
#include <alloquy/score/random.hpp>

namespace alloquy::score {

/// A number and how far it might be off by chance.
struct Interval {
    double estimate = 0;          ///< On the rows themselves.
    double low = 0;               ///< Lower end.
    double high = 0;              ///< Upper end.
    double level = 0;             ///< Confidence level, a fraction: 0.95 = 95 %, two-sided.
    std::uint32_t resamples = 0;  ///< Resamples that the ends come from; 0: they come from a formula.
    std::uint32_t skipped = 0;    ///< Further resamples in which the number is not defined (one kind of outcome only).

    friend bool operator==(const Interval&, const Interval&) = default;
};

/// How resamples are drawn.
struct BootstrapOptions {
    /// At least 2 / (1 - level), so that one resample lies beyond each end; 1,000 or more for steady ends.
    std::uint32_t resamples = 1000;
    double level = 0.95;     ///< In (0, 0.9999].
    std::uint64_t seed = 0;  ///< Same seed, same bits.
    /// Group number of each row, shape (n), or empty. Rows of one person (class, family) are alike, so that n rows
    /// tell less than n people would: give the groups, and whole groups are drawn. At least 2; dozens are needed for
    /// the ends to mean anything.
    std::span<const std::uint64_t> groups{};
    unsigned threads = 1;  ///< >= 1. The result is the same for any number.
};

namespace detail {

inline constexpr std::uint64_t bootstrap_stream = 0x8000'0003'0000'0000U;  // the low half holds the resample

inline void expect_level(const char* function, double level) {
    if (!(level > 0 && level <= 0.9999)) {
        throw InvalidArgument{std::string{function} + ": level must be in (0, 0.9999], got " + std::to_string(level)};
    }
}

inline void expect_bootstrap(const char* function, const BootstrapOptions& options, std::size_t rows) {
    expect_level(function, options.level);
    if (options.resamples * (1 - options.level) < 2 - 1e-9) {  // 1 - level has been rounded
        throw InvalidArgument{std::string{function} + ": resamples must be at least 2 / (1 - level), got " +
                              std::to_string(options.resamples)};
    }
    if (options.threads == 0) throw InvalidArgument{std::string{function} + ": threads must be >= 1"};
    if (!options.groups.empty()) expect_length(function, "groups", options.groups.size(), rows);
}

/// Draws counts.size() times among as many, with replacement; counts[i] is how often i came.
/// Lemire's method as in random_below(), with 32 bits a draw and four draws a block.
inline void draw_counts(std::uint64_t seed, std::uint32_t resample, std::span<std::uint32_t> counts) noexcept {
    std::fill(counts.begin(), counts.end(), 0U);
    const auto n = static_cast<std::uint32_t>(counts.size());
    const std::uint32_t refused = (0U - n) % n;
    std::uint32_t left = n;
    for (std::uint64_t counter = 0; left > 0; ++counter) {
        for (const std::uint32_t bits : random_block(seed, bootstrap_stream | resample, counter)) {
            const std::uint64_t product = std::uint64_t{bits} * n;
            if (left == 0 || static_cast<std::uint32_t>(product) < refused) continue;
            ++counts[product >> 32U];
            --left;
        }
    }
}

/// Calls measure(counts, values) for each resample, where values has shape (numbers) and NaN means "not defined".
/// Shape of the result: (numbers, resamples).
template <class Measure>
[[nodiscard]] std::vector<double> resample_numbers(const char* function, std::size_t rows, std::size_t numbers,
                                                   const BootstrapOptions& options, const Measure& measure) {
    Distinct<std::uint64_t> groups;
    if (!options.groups.empty()) {
        groups = distinct(options.groups);
        if (groups.values.size() < 2) {
            throw InvalidArgument{std::string{function} + ": groups must hold at least 2 groups"};
        }
    }
    std::vector<double> results(numbers * options.resamples);
    const auto parts = std::min<std::uint32_t>(options.threads, options.resamples);
    run_in_threads(parts, [&](unsigned part) {
        const std::size_t first = std::size_t{options.resamples} * part / parts;
        const std::size_t end = std::size_t{options.resamples} * (part + 1) / parts;
        std::vector<std::uint32_t> counts(rows);
        std::vector<std::uint32_t> group_counts(groups.values.size());
        std::vector<double> values(numbers);
        for (std::size_t r = first; r < end; ++r) {
            if (groups.values.empty()) {
                draw_counts(options.seed, static_cast<std::uint32_t>(r), counts);
            } else {
                draw_counts(options.seed, static_cast<std::uint32_t>(r), group_counts);
                for (std::size_t i = 0; i < rows; ++i) counts[i] = group_counts[groups.of_row[i]];
            }
            measure(std::span<const std::uint32_t>{counts}, std::span<double>{values});
            for (std::size_t k = 0; k < numbers; ++k) results[k * options.resamples + r] = values[k];
        }
    });
    return results;
}

/// Quantile of ascending values by straight lines between them (type 7 of Hyndman and Fan 1996).
[[nodiscard]] inline double quantile(std::span<const double> ascending, double fraction) noexcept {
    const double place = static_cast<double>(ascending.size() - 1) * fraction;
    const auto below = static_cast<std::size_t>(place);
    if (below + 1 >= ascending.size()) return ascending.back();
    return ascending[below] + (place - static_cast<double>(below)) * (ascending[below + 1] - ascending[below]);
}

/// \param values  Of one number in all resamples, NaN where it is not defined.
/// \param reason  What the caller did wrong where it is not defined too often.
[[nodiscard]] inline Interval percentile_interval(double estimate, std::span<const double> values, double level,
                                                  const std::string& reason) {
    std::vector<double> defined;
    defined.reserve(values.size());
    for (const double value : values) {
        if (value == value) defined.push_back(value);
    }
    const std::size_t skipped = values.size() - defined.size();
    if (skipped * 10 > values.size()) {
        throw InvalidArgument{reason + ": not defined in " + std::to_string(skipped) + " of " +
                              std::to_string(values.size()) + " resamples; at most a tenth is allowed"};
    }
    std::sort(defined.begin(), defined.end());
    const double tail = (1 - level) / 2;
    return {estimate,
            quantile(defined, tail),
            quantile(defined, 1 - tail),
            level,
            static_cast<std::uint32_t>(defined.size()),
            static_cast<std::uint32_t>(skipped)};
}

}  // namespace detail

/// A number that is computed from rows, given how often each one counts; nothing where it is not defined.
template <class Metric>
concept CountedMetric = requires(const Metric& metric, std::span<const std::uint32_t> counts) {
    { metric(counts) } -> std::convertible_to<std::optional<double>>;
};

/// Percentile interval of any number that is computed from rows.
///
/// A resample draws as many rows as there are, with replacement (or as many groups, each with all its rows), and the
/// ends are quantiles of the number over all resamples. Resample r depends on seed and r alone, and draws row numbers:
/// the same rows in the same order give the same bits on any machine, and two numbers under one seed see the same
/// resamples.
///
/// \param rows    Number of rows, in [1, 2^30).
/// \param metric  Called as metric(counts) with how often each row counts, std::span<const std::uint32_t> of shape
///                (rows); gives std::optional<double>, nothing where the number is not defined. The first call has all
///                counts 1 and gives the estimate. Called from several threads at once if options.threads > 1; what it
///                throws comes out of here.
/// \throws InvalidArgument  if rows or an option is out of range, the metric gives NaN, is not defined on the rows
///                          themselves, or not in more than a tenth of the resamples.
/// \par Cost    options.resamples calls, and about 5 ns per row and resample for the draws.
/// \par Source  B. Efron, R. J. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13; groups:
///              A. C. Davison, D. V. Hinkley, "Bootstrap methods and their application", 1997, section 3.8.
template <CountedMetric Metric>
[[nodiscard]] Interval bootstrap(std::size_t rows, const Metric& metric, const BootstrapOptions& options = {}) {
    detail::expect_rows("bootstrap", "rows", rows);
    detail::expect_bootstrap("bootstrap", options, rows);
    const auto value_of = [&](std::span<const std::uint32_t> counts) {
        const std::optional<double> value = metric(counts);
        if (value && *value != *value) throw InvalidArgument{"bootstrap: metric must not give NaN"};
        return value.value_or(std::numeric_limits<double>::quiet_NaN());
    };
    const std::vector<std::uint32_t> once(rows, 1);
    const double estimate = value_of(once);
    if (estimate != estimate) throw InvalidArgument{"bootstrap: metric must be defined on the rows themselves"};
    const std::vector<double> values = detail::resample_numbers(
        "bootstrap", rows, 1, options,
        [&](std::span<const std::uint32_t> counts, std::span<double> found) { found[0] = value_of(counts); });
    return detail::percentile_interval(estimate, values, options.level, "bootstrap: metric");
}

}  // namespace alloquy::score
