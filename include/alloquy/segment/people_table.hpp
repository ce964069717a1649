#pragma once

/// \file
/// PeopleTable: numbers about people, column by column, as discovery, look-alikes and personas read them.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/random.hpp>

namespace alloquy::segment {

/// Numbers about people. The order of rows and of people means nothing; that of fields breaks ties.
struct PeopleTable {
    std::vector<std::string> fields;           ///< As the language names them: `engagement`, `attribute:age`.
    std::vector<std::vector<double>> columns;  ///< Shape (fields)(rows). NaN: unknown.
    std::vector<std::uint64_t> keys;           ///< Shape (rows). Identifies the person outside; all different.

    [[nodiscard]] std::size_t rows() const noexcept { return keys.size(); }

    /// \throws InvalidArgument  if the shapes differ, a name is empty or comes twice, a value is beyond 1e300, a key
    ///                          comes twice, or there are 2^30 rows or more.
    /// \par Cost    O(rows log rows + rows fields); 0.1 s for 1,000,000 people.
    void check() const {
        const auto refuse = [](const std::string& what) { throw InvalidArgument{"PeopleTable: " + what}; };
        if (columns.size() != fields.size()) {
            refuse("columns must have one column for each of " + std::to_string(fields.size()) + " fields, got " +
                   std::to_string(columns.size()));
        }
        if (rows() >= (std::size_t{1} << 30U)) refuse("keys must have fewer than 2^30 rows");
        std::vector<std::string> names = fields;
        std::sort(names.begin(), names.end());
        if (!names.empty() && names.front().empty()) refuse("fields must have names");
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice != names.end()) refuse("fields must differ, got \"" + *twice + "\" twice");
        for (std::size_t field = 0; field < fields.size(); ++field) {
            if (columns[field].size() != rows()) {
                refuse("column \"" + fields[field] + "\" must have " + std::to_string(rows()) + " rows, got " +
                       std::to_string(columns[field].size()));
            }
            const auto is_beyond = [](double value) { return std::fabs(value) > 1e300; };
            if (std::any_of(columns[field].begin(), columns[field].end(), is_beyond)) {
                refuse("column \"" + fields[field] + "\" must be in [-1e300, 1e300] or NaN (unknown)");
            }
        }
        std::vector<std::uint64_t> sorted = keys;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) refuse("keys must differ");
    }
};

namespace detail {

// Streams of score::random_bits() that belong to this folder; the low half holds the purpose.
inline constexpr std::uint64_t sample_stream = 0x8000'0011'0000'0000U;
inline constexpr std::uint64_t cluster_stream = 0x8000'0012'0000'0000U;
inline constexpr std::uint64_t resample_stream = 0x8000'0013'0000'0000U;
inline constexpr std::uint64_t spread_stream = 0x8000'0014'0000'0000U;

[[nodiscard]] inline bool is_known(double value) noexcept {
    return value == value;
}

/// Quantile by straight lines between the values (type 7 of Hyndman and Fan 1996). Reorders the values.
/// \param values    Not empty, all known.
/// \param fraction  In [0, 1].
[[nodiscard]] inline double quantile_of(std::vector<double>& values, double fraction) {
    const double place = static_cast<double>(values.size() - 1) * fraction;
    const auto below = static_cast<std::size_t>(place);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin(), at, values.end());
    const double low = *at;
    const double part = place - static_cast<double>(below);
    if (part == 0 || at + 1 == values.end()) return low;
    return low + part * (*std::min_element(at + 1, values.end()) - low);
}

/// The known values among some rows.
template <class Rows>
[[nodiscard]] std::vector<double> known_values(const std::vector<double>& column, const Rows& rows) {
    std::vector<double> known;
    known.reserve(rows.size());
    for (const auto row : rows) {
        if (is_known(column[row])) known.push_back(column[row]);
    }
    return known;
}
[[nodiscard]] inline std::vector<double> known_values(const std::vector<double>& column) {
    std::vector<double> known;
    known.reserve(column.size());
    std::copy_if(column.begin(), column.end(), std::back_inserter(known), is_known);
    return known;
}

/// Where a field's values lie. A field with width 0 is constant or unknown of everybody.
struct FieldRange {
    double low = 0;
    double width = 0;
};

/// Range from quantile `tail` to quantile 1 - tail; the whole range where that is a point.
[[nodiscard]] inline FieldRange range_of(std::vector<double> known, double tail) {
    if (known.empty()) return {};
    const double low = quantile_of(known, tail);
    const double high = quantile_of(known, 1 - tail);
    if (high > low) return {low, high - low};
    const auto [least, most] = std::minmax_element(known.begin(), known.end());
    return {*least, *most - *least};
}

[[nodiscard]] inline std::vector<FieldRange> ranges_of(const PeopleTable& table, double tail, unsigned threads) {
    std::vector<FieldRange> ranges(table.fields.size());
    run_tasks(ranges.size(), threads,
              [&](std::size_t field, unsigned) { ranges[field] = range_of(known_values(table.columns[field]), tail); });
    return ranges;
}

/// The number with the fewest digits in (low, high]: a multiple of the highest power of ten (up to 10^15) that has one
/// there, of several the one nearest to the middle. It reads back from its decimal text as the same double.
/// \param low  < high, both finite.
[[nodiscard]] inline double readable_between(double low, double high) noexcept {
    constexpr std::array<double, 16> powers{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    for (int exponent = 15; exponent >= -15; --exponent) {
        const double power = powers[static_cast<std::size_t>(exponent < 0 ? -exponent : exponent)];
        const auto in_steps = [&](double x) { return exponent < 0 ? x * power : x / power; };
        const auto from_steps = [&](double x) { return exponent < 0 ? x / power : x * power; };
        const double first = std::floor(in_steps(low)) + 1;
        const double last = std::floor(in_steps(high));
        if (first > last) continue;
        if (!(std::fabs(first) < 1e15 && std::fabs(last) < 1e15)) break;  // steps are no longer whole numbers
        const double middle = std::floor(in_steps(low / 2 + high / 2) + 0.5);
        const double found = from_steps(std::clamp(middle, first, last)) + 0.0;  // + 0.0: no -0
        if (low < found && found <= high) return found;
    }
    return high;
}

/// Rows of at most `most` of these people, in an order that depends on seed and keys alone.
/// \param rows  Any order.
[[nodiscard]] inline std::vector<std::uint32_t> keyed_sample(const PeopleTable& table,
                                                             const std::vector<std::uint32_t>& rows, std::size_t most,
                                                             std::uint64_t seed) {
    struct Draw {
        std::uint64_t bits;
        std::uint64_t key;
        std::uint32_t row;
    };
    std::vector<Draw> draws;
    draws.reserve(rows.size());
    for (const std::uint32_t row : rows) {
        draws.push_back({score::random_bits(seed, sample_stream, table.keys[row]), table.keys[row], row});
    }
    const auto before = [](const Draw& a, const Draw& b) { return a.bits != b.bits ? a.bits < b.bits : a.key < b.key; };
    const std::size_t size = std::min(most, draws.size());
    std::partial_sort(draws.begin(), draws.begin() + static_cast<std::ptrdiff_t>(size), draws.end(), before);
    std::vector<std::uint32_t> sample(size);
    for (std::size_t i = 0; i < size; ++i) sample[i] = draws[i].row;
    return sample;
}

/// \throws InvalidArgument  naming the function and its argument.
inline void expect_threads(const char* function, unsigned threads) {
    if (threads == 0) throw InvalidArgument{std::string{function} + ": threads must be >= 1, got 0"};
}
inline void expect_fraction(const char* function, const char* option, double value, double low, double high) {
    if (value >= low && value <= high) return;
    throw InvalidArgument{std::string{function} + ": " + option + " must be in [" + std::to_string(low) + ", " +
                          std::to_string(high) + "], got " + std::to_string(value)};
}
inline void expect_count(const char* function, const char* option, std::size_t value, std::size_t low,
                         std::size_t high) {
    if (value >= low && value <= high) return;
    throw InvalidArgument{std::string{function} + ": " + option + " must be in [" + std::to_string(low) + ", " +
                          std::to_string(high) + "], got " + std::to_string(value)};
}
/// Rows of a table that a caller chose: each there, none twice.
inline void expect_rows_of(const char* function, const char* argument, const PeopleTable& table,
                           const std::vector<std::uint32_t>& rows) {
    std::vector<bool> seen(table.rows());
    for (const std::uint32_t row : rows) {
        if (row >= table.rows()) {
            throw InvalidArgument{std::string{function} + ": " + argument + " must be rows below " +
                                  std::to_string(table.rows()) + ", got " + std::to_string(row)};
        }
        if (seen[row]) {
            throw InvalidArgument{std::string{function} + ": " + argument + " must differ, got row " +
                                  std::to_string(row) + " twice"};
        }
        seen[row] = true;
    }
}

}  // namespace detail

}  // namespace alloquy::segment
