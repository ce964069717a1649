#pragma once

/// \file
/// Prefetch: asks for memory that is needed soon. A hint: it changes no result, and other compilers leave it out.
///
/// The functions must become part of their callers: GCC takes a function that only prefetches for one without effect
/// and drops its calls.

#include <cstddef>

namespace alloquy {

/// Bytes that are fetched together on the machines of today.
inline constexpr std::size_t cache_line = 64;

/// \param at  Need not be readable.
[[gnu::always_inline]] inline void prefetch([[maybe_unused]] const void* at) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(at);
#endif
}
/// All lines of an object.
[[gnu::always_inline]] inline void prefetch([[maybe_unused]] const void* at, std::size_t bytes) noexcept {
    for (std::size_t line = 0; line < bytes; line += cache_line) prefetch(static_cast<const char*>(at) + line);
}
/// The last entries of a list, so many lines at most.
template <class Entries>
[[gnu::always_inline]] inline void prefetch_end(const Entries& entries, std::size_t lines) noexcept {
    constexpr std::size_t per_line = cache_line / sizeof(typename Entries::value_type);
    const std::size_t size = entries.size();
    for (std::size_t back = 1; back <= size && back <= lines * per_line; back += per_line) {
        prefetch(entries.data() + (size - back));
    }
}

}  // namespace alloquy
