#pragma once

/// \file
/// Folds: which rows a model learns from and which rows judge it, so that nothing leaks from one to the other.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/score/random.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// One round of validation: row numbers, ascending, no row in both.
struct Split {
    std::vector<std::uint32_t> train;  ///< Learn from these.
    std::vector<std::uint32_t> test;   ///< Judge by these.

    friend bool operator==(const Split&, const Split&) = default;
};

namespace detail {

// Streams of random.hpp that belong to this header; the low half may hold a class.
inline constexpr std::uint64_t group_stream = 0x8000'0001'0000'0000U;
inline constexpr std::uint64_t stratum_stream = 0x8000'0002'0000'0000U;

inline void expect_rows(const char* function, const char* argument, std::size_t rows) {
    if (rows == 0) throw InvalidArgument{std::string{function} + ": " + argument + " must not be empty"};
    if (rows > std::numeric_limits<std::uint32_t>::max() / 4) {
        throw InvalidArgument{std::string{function} + ": " + argument + " must have fewer than 2^30 rows, got " +
                              std::to_string(rows)};
    }
}

inline void expect_length(const char* function, const char* argument, std::size_t length, std::size_t rows) {
    if (length != rows) {
        throw InvalidArgument{std::string{function} + ": " + argument + " must have " + std::to_string(rows) +
                              " rows, got " + std::to_string(length)};
    }
}

/// Outcomes have an instant each at which they can be known, and none before the row's own.
inline void expect_known_after(const char* function, std::span<const time::Instant> instants,
                               std::span<const time::Instant> outcome_known_at) {
    expect_length(function, "outcome_known_at", outcome_known_at.size(), instants.size());
    for (std::size_t row = 0; row < instants.size(); ++row) {
        if (outcome_known_at[row] >= instants[row]) continue;
        throw InvalidArgument{std::string{function} + ": outcome_known_at must not lie before the row's instant, row " +
                              std::to_string(row)};
    }
}

/// The distinct values of a column, ascending.
template <class Value>
struct Distinct {
    std::vector<Value> values;
    std::vector<std::uint32_t> counts;  ///< Rows of each value.
    std::vector<std::uint32_t> of_row;  ///< Position among `values` of each row.
};
template <class Value>
[[nodiscard]] Distinct<Value> distinct(std::span<const Value> column) {
    Distinct<Value> found;
    found.values.assign(column.begin(), column.end());
    std::sort(found.values.begin(), found.values.end());
    found.values.erase(std::unique(found.values.begin(), found.values.end()), found.values.end());
    found.counts.resize(found.values.size());
    found.of_row.reserve(column.size());
    for (const Value& value : column) {
        const auto at = std::lower_bound(found.values.begin(), found.values.end(), value) - found.values.begin();
        found.of_row.push_back(static_cast<std::uint32_t>(at));
        ++found.counts[static_cast<std::size_t>(at)];
    }
    return found;
}

/// Cuts a sorted column into `parts` of about equally many rows without parting equal values.
///
/// Border b lies behind the distinct value at which the number of rows so far is nearest to b / parts of all (the
/// earlier of two), among those that leave at least one value for each part.
///
/// \param counts  Rows of each distinct value, ascending; at least `parts` values and all counts >= 1.
/// \return        Shape (parts): for each part, one past its last distinct value.
[[nodiscard]] inline std::vector<std::size_t> equal_count_ends(std::span<const std::uint32_t> counts,
                                                               std::size_t parts) {
    std::uint64_t rows = 0;
    for (const std::uint32_t count : counts) rows += count;
    std::vector<std::size_t> ends;
    ends.reserve(parts);
    std::size_t end = 0;       // distinct values in front of the border
    std::uint64_t before = 0;  // their rows
    for (std::size_t b = 1; b < parts; ++b) {
        const std::uint64_t wanted = rows * b;  // in units of 1 / parts of a row
        const auto distance = [&](std::uint64_t at) {
            return at * parts > wanted ? at * parts - wanted : wanted - at * parts;
        };
        before += counts[end++];
        while (end < counts.size() - (parts - b) && distance(before + counts[end]) < distance(before)) {
            before += counts[end++];
        }
        ends.push_back(end);
    }
    ends.push_back(counts.size());
    return ends;
}

[[nodiscard]] inline std::vector<std::uint32_t> grouped_folds(std::span<const std::uint64_t> groups, std::uint32_t k,
                                                              std::optional<std::uint64_t> seed) {
    if (k < 2) throw InvalidArgument{"grouped_folds: k must be >= 2, got " + std::to_string(k)};
    expect_rows("grouped_folds", "groups", groups.size());
    const Distinct<std::uint64_t> found = distinct(groups);
    if (k > found.values.size()) {
        throw InvalidArgument{"grouped_folds: k must be at most the number of groups, " +
                              std::to_string(found.values.size()) + ", got " + std::to_string(k)};
    }
    struct Place {
        std::uint32_t size;
        std::uint64_t key;
        std::uint32_t group;  // position among the distinct groups, which ascends with the group number
    };
    std::vector<Place> places;
    places.reserve(found.values.size());
    for (std::uint32_t g = 0; g < found.values.size(); ++g) {
        const std::uint32_t size = found.counts[g];
        places.push_back(seed ? Place{static_cast<std::uint32_t>(std::bit_width(size)),
                                      random_bits(*seed, group_stream, found.values[g]), g}
                              : Place{size, 0, g});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        if (a.size != b.size) return a.size > b.size;
        return a.key != b.key ? a.key > b.key : a.group > b.group;
    });
    using Load = std::pair<std::uint64_t, std::uint32_t>;  // rows, fold
    std::priority_queue<Load, std::vector<Load>, std::greater<>> folds;
    for (std::uint32_t fold = 0; fold < k; ++fold) folds.emplace(0, fold);
    std::vector<std::uint32_t> fold_of(found.values.size());
    for (const Place& place : places) {
        const auto [rows, fold] = folds.top();
        folds.pop();
        fold_of[place.group] = fold;
        folds.emplace(rows + found.counts[place.group], fold);
    }
    std::vector<std::uint32_t> folds_of_rows;
    folds_of_rows.reserve(groups.size());
    for (const std::uint32_t group : found.of_row) folds_of_rows.push_back(fold_of[group]);
    return folds_of_rows;
}

}  // namespace detail

/// Folds of about equal size with all rows of a group in one fold, so that no person, class or family stands on both
/// sides.
///
/// Groups go one by one to the fold with fewest rows (the lowest number of several): the largest group first, of equal
/// ones that with the larger number. The result depends on the set of rows, not on their order, and no two folds
/// differ by more than the largest group.
///
/// \param groups  Group number of each row. Shape (n), any numbers.
/// \param k       Number of folds, 2 <= k <= number of groups.
/// \return        Shape (n): the fold of each row, in [0, k); each fold has rows.
/// \throws InvalidArgument  if groups is empty or has 2^30 rows or more, or k is out of range.
/// \par Cost    O(n log n).
/// \par Source  GroupKFold of scikit-learn 1.9, which gives the same folds.
[[nodiscard]] inline std::vector<std::uint32_t> grouped_folds(std::span<const std::uint64_t> groups, std::uint32_t k) {
    return detail::grouped_folds(groups, k, std::nullopt);
}

/// As grouped_folds() above, with another partition for each seed: for repeated cross-validation.
///
/// Groups of 2^i to 2^(i+1) - 1 rows count as equally large and are dealt out in random order, larger ones first. That
/// keeps the folds nearly as even, and depends on the set of rows, not on their order.
[[nodiscard]] inline std::vector<std::uint32_t> grouped_folds(std::span<const std::uint64_t> groups, std::uint32_t k,
                                                              std::uint64_t seed) {
    return detail::grouped_folds(groups, k, seed);
}

/// Folds that all have the same share of each outcome, up to one row.
///
/// The rows of each outcome, in random order, are dealt out in turn; the next outcome goes on where the last one ended,
/// so that fold sizes differ by at most one. Rows must be independent: where a person has several, use grouped_folds().
///
/// \param outcomes  Class of each row, such as 0 and 1. Shape (n).
/// \param k         Number of folds, >= 2 and at most the rows of the rarest class.
/// \param seed      Same seed, same folds.
/// \return          Shape (n): the fold of each row, in [0, k).
/// \throws InvalidArgument  if outcomes is empty or has 2^30 rows or more, or k is out of range.
/// \par Cost    O(n log n).
/// \par Source  R. Kohavi, "A study of cross-validation and bootstrap for accuracy estimation and model selection",
///              IJCAI 1995, pp. 1137-1143.
[[nodiscard]] inline std::vector<std::uint32_t> stratified_folds(std::span<const std::uint8_t> outcomes,
                                                                 std::uint32_t k, std::uint64_t seed) {
    if (k < 2) throw InvalidArgument{"stratified_folds: k must be >= 2, got " + std::to_string(k)};
    detail::expect_rows("stratified_folds", "outcomes", outcomes.size());
    const detail::Distinct<std::uint8_t> found = detail::distinct(outcomes);
    const std::uint32_t rarest = *std::min_element(found.counts.begin(), found.counts.end());
    if (k > rarest) {
        throw InvalidArgument{"stratified_folds: k must be at most the rows of the rarest of the outcomes, " +
                              std::to_string(rarest) + ", got " + std::to_string(k)};
    }
    struct Card {
        std::uint8_t outcome;
        std::uint64_t key;
        std::uint32_t row;
    };
    std::vector<Card> cards;
    cards.reserve(outcomes.size());
    for (std::uint32_t row = 0; row < outcomes.size(); ++row) {
        cards.push_back({outcomes[row], random_bits(seed, detail::stratum_stream | outcomes[row], row), row});
    }
    std::sort(cards.begin(), cards.end(), [](const Card& a, const Card& b) {
        if (a.outcome != b.outcome) return a.outcome < b.outcome;
        return a.key != b.key ? a.key < b.key : a.row < b.row;
    });
    std::vector<std::uint32_t> folds(outcomes.size());
    for (std::size_t i = 0; i < cards.size(); ++i) folds[cards[i].row] = static_cast<std::uint32_t>(i % k);
    return folds;
}

/// Cuts rows into consecutive blocks of time with about equally many rows. Equal instants stand in one block.
///
/// The border in front of block b lies where the number of rows before it is nearest to b / blocks of all (the earlier
/// of two such places), with at least one instant in each block.
///
/// \param instants  Instant of each row. Shape (n), any order.
/// \param blocks    >= 2 and at most the number of distinct instants.
/// \return          Shape (n): the block of each row, in [0, blocks), ascending with time.
/// \throws InvalidArgument  if instants is empty or has 2^30 rows or more, or blocks is out of range.
/// \par Cost    O(n log n).
[[nodiscard]] inline std::vector<std::uint32_t> time_blocks(std::span<const time::Instant> instants,
                                                            std::uint32_t blocks) {
    if (blocks < 2) throw InvalidArgument{"time_blocks: blocks must be >= 2, got " + std::to_string(blocks)};
    detail::expect_rows("time_blocks", "instants", instants.size());
    const detail::Distinct<time::Instant> found = detail::distinct(instants);
    if (blocks > found.values.size()) {
        throw InvalidArgument{"time_blocks: blocks must be at most the number of distinct instants, " +
                              std::to_string(found.values.size()) + ", got " + std::to_string(blocks)};
    }
    const std::vector<std::size_t> ends = detail::equal_count_ends(found.counts, blocks);
    std::vector<std::uint32_t> block_of(found.values.size());
    std::uint32_t block = 0;
    for (std::size_t i = 0; i < block_of.size(); ++i) {
        if (i == ends[block]) ++block;
        block_of[i] = block;
    }
    std::vector<std::uint32_t> blocks_of_rows;
    blocks_of_rows.reserve(instants.size());
    for (const std::uint32_t at : found.of_row) blocks_of_rows.push_back(block_of[at]);
    return blocks_of_rows;
}

/// The rounds of k-fold cross-validation: round f judges by fold f and learns from all others.
///
/// \param folds  Fold of each row. Shape (n); the numbers 0 to k - 1, each at least once, k >= 2.
/// \return       Shape (k).
/// \throws InvalidArgument  if folds is empty, has one fold only, or a number in between has no rows.
/// \par Cost    O(n k) time and memory.
[[nodiscard]] inline std::vector<Split> fold_splits(std::span<const std::uint32_t> folds) {
    detail::expect_rows("fold_splits", "folds", folds.size());
    const std::uint32_t last = *std::max_element(folds.begin(), folds.end());
    if (last == 0) throw InvalidArgument{"fold_splits: folds must hold at least 2 folds"};
    std::vector<std::uint32_t> sizes(last < folds.size() ? last + 1 : 0);
    if (!sizes.empty()) {
        for (const std::uint32_t fold : folds) ++sizes[fold];
    }
    if (sizes.empty() || std::find(sizes.begin(), sizes.end(), 0U) != sizes.end()) {
        throw InvalidArgument{"fold_splits: folds must hold each number from 0 to the largest, " +
                              std::to_string(last)};
    }
    std::vector<Split> splits(sizes.size());
    for (std::size_t f = 0; f < splits.size(); ++f) {
        splits[f].test.reserve(sizes[f]);
        splits[f].train.reserve(folds.size() - sizes[f]);
        for (std::uint32_t row = 0; row < folds.size(); ++row) {
            (folds[row] == f ? splits[f].test : splits[f].train).push_back(row);
        }
    }
    return splits;
}

namespace detail {

/// The rounds of time_splits().
/// \param is_known  is_known(row, start): whether a row's outcome is known at the first instant of a test block.
template <class IsKnown>
[[nodiscard]] std::vector<Split> time_splits(std::span<const time::Instant> instants, std::uint32_t blocks,
                                             std::span<const std::uint64_t> group_of_row, const IsKnown& is_known) {
    const std::vector<std::uint32_t> block_of = time_blocks(instants, blocks);
    Distinct<std::uint64_t> groups;
    if (!group_of_row.empty()) {
        expect_length("time_splits", "groups", group_of_row.size(), instants.size());
        groups = distinct(group_of_row);
    }
    std::vector<std::uint32_t> tested_in(groups.values.size(), 0);  // latest test block with rows of the group
    std::vector<Split> splits;
    for (std::uint32_t b = 1; b < blocks; ++b) {
        Split split;
        time::Instant start = time::Instant::latest();
        for (std::uint32_t row = 0; row < block_of.size(); ++row) {
            if (block_of[row] != b) continue;
            split.test.push_back(row);
            start = std::min(start, instants[row]);
            if (!tested_in.empty()) tested_in[groups.of_row[row]] = b;
        }
        for (std::uint32_t row = 0; row < block_of.size(); ++row) {
            if (block_of[row] >= b || !is_known(row, start)) continue;
            if (!tested_in.empty() && tested_in[groups.of_row[row]] == b) continue;
            split.train.push_back(row);
        }
        if (!split.train.empty()) splits.push_back(std::move(split));
    }
    if (splits.empty()) {
        throw InvalidArgument{"time_splits: no block has a row before it to learn from, with an outcome known by then" +
                              std::string{group_of_row.empty() ? "" : " and of a group that is not tested"}};
    }
    return splits;
}

}  // namespace detail

/// The rounds of validation in order of time ("rolling origin"): each judges by one of the time_blocks(), from the
/// second on, and learns from the rows before it whose outcome was known at the block's first instant or earlier, as a
/// model in use from that instant on does.
///
/// A block with nothing to learn from has no round, as there would have been no model: so the first blocks, while no
/// outcome is known.
///
/// \param instants          Instant at which each row is asked. Shape (n), any order.
/// \param outcome_known_at  Instant from which on each row's outcome can be known. Shape (n), none before the row's
///                          own instant.
/// \param blocks            As for time_blocks().
/// \param groups            Group number of each row, shape (n), or empty. No row of a group that is tested is learned
///                          from.
/// \return       Shape (1 to blocks - 1), in order of time.
/// \throws InvalidArgument  as time_blocks(); if a shape differs, an outcome is known before its row's instant, or no
///                          block has anything to learn from.
/// \par Cost    O(n (log n + blocks)) time, O(n blocks) memory.
/// \par Source  L. J. Tashman, "Out-of-sample tests of forecasting accuracy: an analysis and review", International
///              Journal of Forecasting 16 (2000), pp. 437-450: rolling origin, with recalibration.
[[nodiscard]] inline std::vector<Split> time_splits(std::span<const time::Instant> instants,
                                                    std::span<const time::Instant> outcome_known_at,
                                                    std::uint32_t blocks, std::span<const std::uint64_t> groups = {}) {
    detail::expect_known_after("time_splits", instants, outcome_known_at);
    return detail::time_splits(instants, blocks, groups,
                               [&](std::uint32_t row, time::Instant start) { return outcome_known_at[row] <= start; });
}

/// As time_splits() above, where every row's outcome can be known `gap` after its instant.
///
/// \param gap  >= 0. With 0 an outcome is known at once, which is seldom so: a model that learns from outcomes which
///             are not there yet is judged better than it is.
/// \throws InvalidArgument  as above, or if gap is negative.
[[nodiscard]] inline std::vector<Split> time_splits(std::span<const time::Instant> instants, time::Duration gap,
                                                    std::uint32_t blocks, std::span<const std::uint64_t> groups = {}) {
    if (gap < time::Duration::zero()) {
        throw InvalidArgument{"time_splits: gap must be >= 0, got " + std::to_string(gap.count()) + " ms"};
    }
    // start - instant, as instant + gap may lie beyond the last Instant.
    return detail::time_splits(instants, blocks, groups,
                               [&](std::uint32_t row, time::Instant start) { return start - instants[row] >= gap; });
}

}  // namespace alloquy::score
