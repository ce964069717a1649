#include <alloquy/score/row_chunks.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

namespace detail = alloquy::score::detail;

TEST_SUITE("score/row_chunks") {
    TEST_CASE("chunks follow one another and hold every row once") {
        for (const std::size_t rows : {0U, 1U, 9U, 10U, 11U, 1000U}) {
            CAPTURE(rows);
            const detail::RowChunks chunks{rows, 10};
            CHECK(chunks.count() == (rows == 0 ? 0 : (rows - 1) / 10 + 1));
            std::size_t next = 0;
            for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) {
                CHECK(chunks.begin(chunk) == next);
                CHECK(chunks.end(chunk) > next);
                CHECK(chunks.end(chunk) - next <= 10);
                next = chunks.end(chunk);
            }
            CHECK(next == rows);
        }
    }

    TEST_CASE("every chunk runs once, whatever the threads, and its error reaches the caller") {
        const detail::RowChunks chunks{361, 10};
        REQUIRE(chunks.count() == 37);
        for (const unsigned threads : {1U, 2U, 7U, 100U}) {
            std::vector<int> runs(37);
            detail::for_each_chunk(chunks, threads, [&](std::size_t chunk) { ++runs[chunk]; });
            CHECK(std::all_of(runs.begin(), runs.end(), [](int count) { return count == 1; }));
            CHECK_THROWS_AS(detail::for_each_chunk(chunks, threads,
                                                   [](std::size_t chunk) {
                                                       if (chunk == 36) throw alloquy::InvalidArgument{"chunk"};
                                                   }),
                            alloquy::InvalidArgument);
        }
        detail::for_each_chunk({0, 10}, 3, [](std::size_t) { throw std::logic_error{"there is no chunk"}; });
    }
}
