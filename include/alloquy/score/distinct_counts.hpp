#pragma once

/// \file
/// DistinctCounts: the different counts among many, so that what depends on a count alone is computed once for each.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace alloquy::score::detail {

/// Numbers the distinct counts among many, in rising order.
class DistinctCounts {
public:
    explicit DistinctCounts(std::span<const std::uint32_t> counts) {
        std::vector<char> is_there;
        for (const std::uint32_t count : counts) {
            if (count >= direct) {
                large_.push_back(count);
                continue;
            }
            if (count >= is_there.size()) is_there.resize(std::max<std::size_t>(count + 1, 2 * is_there.size()));
            is_there[count] = 1;
        }
        small_.resize(std::min<std::size_t>(is_there.size(), direct));
        for (std::size_t count = 0; count < small_.size(); ++count) {
            if (is_there[count] == 0) continue;
            small_[count] = static_cast<std::uint32_t>(values_.size());
            values_.push_back(static_cast<std::uint32_t>(count));
        }
        std::sort(large_.begin(), large_.end());
        large_.erase(std::unique(large_.begin(), large_.end()), large_.end());
        first_large_ = values_.size();
        values_.insert(values_.end(), large_.begin(), large_.end());
    }
    [[nodiscard]] const std::vector<std::uint32_t>& values() const noexcept { return values_; }
    /// Number of a count that is among them.
    [[nodiscard]] std::uint32_t number_of(std::uint32_t count) const noexcept {
        if (count < direct) return small_[count];
        const auto place = std::lower_bound(large_.begin(), large_.end(), count) - large_.begin();
        return static_cast<std::uint32_t>(first_large_ + static_cast<std::size_t>(place));
    }

private:
    static constexpr std::uint32_t direct = 65'536;  // smaller counts are looked up in a table
    std::vector<std::uint32_t> small_{};
    std::vector<std::uint32_t> large_{};
    std::vector<std::uint32_t> values_{};
    std::size_t first_large_ = 0;
};

}  // namespace alloquy::score::detail
