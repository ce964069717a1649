#pragma once

/// \file
/// The name that a misspelt one most likely meant.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alloquy {

/// Optimal string alignment distance: edits that add, drop or change a byte, or swap two neighbours.
/// \par Cost  O(a.size() * b.size()).
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

/// The candidate that a misspelt name most likely meant, or nothing where none is near: at most one edit for up to five
/// bytes, two for up to eight, else three; an edit adds, drops or changes a byte or swaps two neighbours. Among equally
/// near ones the first.
[[nodiscard]] inline std::optional<std::string_view> nearest_name(std::string_view name,
                                                                  std::span<const std::string_view> candidates) {
    const std::size_t allowed = name.size() <= 5 ? 1 : name.size() <= 8 ? 2 : 3;
    std::optional<std::string_view> best;
    std::size_t best_distance = allowed + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t longer = std::max(name.size(), candidate.size());
        const std::size_t shorter = std::min(name.size(), candidate.size());
        if (longer - shorter >= best_distance) continue;  // also keeps a hostile long name cheap
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance && distance < longer) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}
/// "; did you mean \"…\"?", or empty where no candidate is near.
[[nodiscard]] inline std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates) {
    const std::optional<std::string_view> nearest = nearest_name(name, candidates);
    return nearest ? "; did you mean \"" + std::string{*nearest} + "\"?" : std::string{};
}

}  // namespace alloquy
