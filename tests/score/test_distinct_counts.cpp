#include <alloquy/score/distinct_counts.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace detail = alloquy::score::detail;

TEST_SUITE("score/distinct_counts") {
    TEST_CASE("distinct counts are numbered in rising order, small and large") {
        const std::vector<std::uint32_t> counts{7, 0, 4'000'000'000U, 65'536, 7, 65'535, 100'000, 0};
        const detail::DistinctCounts distinct{counts};
        CHECK(distinct.values() == std::vector<std::uint32_t>{0, 7, 65'535, 65'536, 100'000, 4'000'000'000U});
        for (std::size_t i = 0; i < distinct.values().size(); ++i) {
            CHECK(distinct.number_of(distinct.values()[i]) == i);
        }
        CHECK(detail::DistinctCounts{std::vector<std::uint32_t>{}}.values().empty());
    }
}
