#pragma once

/// \file
/// RowChunks: rows in fixed chunks, so that sums over rows have the same bits for any number of threads.

#include <algorithm>
#include <cstddef>

#include <alloquy/parallel.hpp>

namespace alloquy::score::detail {

/// Chunks of `size` rows each, the last one may be shorter. Where a chunk ends must never depend on the threads.
struct RowChunks {
    std::size_t rows;
    std::size_t size = 4096;  ///< >= 1.

    [[nodiscard]] std::size_t count() const noexcept { return (rows + size - 1) / size; }
    [[nodiscard]] std::size_t begin(std::size_t chunk) const noexcept { return chunk * size; }
    [[nodiscard]] std::size_t end(std::size_t chunk) const noexcept { return std::min(rows, (chunk + 1) * size); }
};

/// Calls work(chunk) once for every chunk. A chunk may write only what belongs to it: partial sums are added by the
/// caller, in the order of the chunks. Threads and errors as run_tasks().
template <class Work>
void for_each_chunk(const RowChunks& chunks, unsigned threads, const Work& work) {
    run_tasks(chunks.count(), threads, [&](std::size_t chunk, unsigned) { work(chunk); });
}

}  // namespace alloquy::score::detail
