#pragma once

/// \file
/// Counter-based randomness: random numbers as a pure function of (seed, stream, counter), without any state.

#include <array>
#include <cstddef>
#include <cstdint>

#include <alloquy/error.hpp>

namespace alloquy::score {

/// Philox 4x32 with 10 rounds: a bijection of 128-bit counters for each 64-bit key, that passes BigCrush.
///
/// Not for secrets: whoever sees some numbers may find the key.
///
/// \param counter  Four words; the first is the lowest.
/// \param key      Two words.
/// \par Cost    20 multiplications.
/// \par Source  J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
///              SC 2011, section 3.3 and table 2; constants as in its reference implementation, Random123.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                                                   std::array<std::uint32_t, 2> key) noexcept {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t even = std::uint64_t{0xD2511F53U} * counter[0];
        const std::uint64_t odd = std::uint64_t{0xCD9E8D57U} * counter[2];
        counter = {static_cast<std::uint32_t>(odd >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(odd),
                   static_cast<std::uint32_t>(even >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(even)};
        key[0] += 0x9E3779B9U;  // the golden ratio
        key[1] += 0xBB67AE85U;  // sqrt(3) - 1
    }
    return counter;
}

namespace detail {

[[nodiscard]] constexpr std::array<std::uint32_t, 2> words_of(std::uint64_t number) noexcept {
    return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32U)};
}

/// 128 random bits. Key: the seed. Counter: `counter` in the two low words, `stream` in the two high ones.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> random_block(std::uint64_t seed, std::uint64_t stream,
                                                                  std::uint64_t counter) noexcept {
    const auto low = words_of(counter);
    const auto high = words_of(stream);
    return philox4x32_10({low[0], low[1], high[0], high[1]}, words_of(seed));
}

struct Product {
    std::uint64_t high;
    std::uint64_t low;
};
/// a * b in 128 bits.
[[nodiscard]] constexpr Product multiply(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr std::uint64_t mask = 0xFFFFFFFFU;
    const std::uint64_t low = (a & mask) * (b & mask);
    const std::uint64_t middle = (a >> 32U) * (b & mask) + (low >> 32U);
    const std::uint64_t other = (a & mask) * (b >> 32U) + (middle & mask);
    return {(a >> 32U) * (b >> 32U) + (middle >> 32U) + (other >> 32U), (other << 32U) | (low & mask)};
}

}  // namespace detail

/// 64 random bits, the same on every machine.
///
/// \param seed     The experiment, chosen by the caller.
/// \param stream   The purpose or the owner, such as a person's number. Streams from 2^63 on belong to this library's
///                 own functions (folds, bootstrap); numbers drawn from others are independent of theirs.
/// \param counter  0, 1, 2 ... within the stream. Any order, any thread.
/// \par Cost    About 10 ns; no memory.
/// \par Source  philox4x32_10(): the first two words of the block for this counter.
[[nodiscard]] constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream,
                                                  std::uint64_t counter) noexcept {
    const auto block = detail::random_block(seed, stream, counter);
    return block[0] | (std::uint64_t{block[1]} << 32U);
}

/// A random number in [0, 1): a multiple of 2^-53, each with the same probability. Parameters as random_bits().
[[nodiscard]] constexpr double random_fraction(std::uint64_t seed, std::uint64_t stream,
                                               std::uint64_t counter) noexcept {
    return static_cast<double>(random_bits(seed, stream, counter) >> 11U) * 0x1p-53;
}

/// A random whole number in [0, n), each with exactly the same probability. Parameters as random_bits().
///
/// Takes the high half of (64 random bits) * n and draws again where that would favour some numbers. Further bits are
/// the rest of the block, then the block's image under Philox, so that counters never share bits.
///
/// \throws InvalidArgument  if n is 0.
/// \par Cost    As random_bits(), twice at worst on average (n just above 2^63).
/// \par Source  D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019), algorithm 5.
[[nodiscard]] constexpr std::uint64_t random_below(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
                                                   std::uint64_t n) {
    if (n == 0) throw InvalidArgument{"random_below: n must be >= 1"};
    for (auto block = detail::random_block(seed, stream, counter);;
         block = philox4x32_10(block, detail::words_of(seed))) {
        for (const std::size_t half : {std::size_t{0}, std::size_t{2}}) {
            const std::uint64_t bits = block[half] | (std::uint64_t{block[half + 1]} << 32U);
            const detail::Product product = detail::multiply(bits, n);
            // Of the 2^64 inputs, the 2^64 mod n with the smallest low halves are one too many for some results.
            if (product.low >= n || product.low >= (0 - n) % n) return product.high;
        }
    }
}

}  // namespace alloquy::score
