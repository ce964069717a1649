#pragma once

/// \file
/// Random: a deterministic generator for tests, with the same numbers on every standard library.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace alloquy::support {

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_{seed} {}
    constexpr std::uint64_t bits() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }
    /// In [0, below); the slight bias of the remainder is of no matter here.
    constexpr std::size_t below(std::size_t below) noexcept { return static_cast<std::size_t>(bits() % below); }
    /// In [first, last].
    constexpr std::int64_t between(std::int64_t first, std::int64_t last) noexcept {
        return first + static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(last - first + 1));
    }
    /// In [0, 1).
    constexpr double fraction() noexcept { return static_cast<double>(bits() >> 11U) * 0x1p-53; }
    /// True in `percent` of 100 cases.
    constexpr bool chance(std::size_t percent) noexcept { return below(100) < percent; }
    template <class Value>
    void shuffle(std::vector<Value>& values) {
        for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
    }

private:
    std::uint64_t state_;
};

}  // namespace alloquy::support
