#pragma once

/// \file
/// Elementary functions with the same bits on every compiler and machine; the standard library's differ.

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>

#ifdef __FAST_MATH__
#error "alloquy promises equal bits everywhere: build without -ffast-math"
#endif

namespace alloquy::score {

static_assert(FLT_EVAL_METHOD == 0, "alloquy needs double arithmetic without excess precision");

/// 2 to the power of x.
///
/// \param x  In [-1000, 1000], which the caller sees to; NaN gives NaN.
/// \return   Relative error at most 3e-13. Uses +, -, * and integer operations only, so it vectorises.
/// \par Source  Taylor series of exp(f ln 2) about 0 to degree 10 on [-1/2, 1/2]; the first term left out is
///              (ln 2 / 2)^11 / 11! = 2.2e-13.
[[nodiscard]] inline double exp2(double x) noexcept {
    constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer in the low bits
    if (x != x) return x;
    const double shifted = x + shift;
    const double rounded = shifted - shift;
    const double f = x - rounded;
    // ln(2)^k / k!, k = 10 down to 0, each the nearest double.
    double p = 7.054911620801123e-09;
    p = p * f + 1.01780860092397e-07;
    p = p * f + 1.321548679014431e-06;
    p = p * f + 1.5252733804059841e-05;
    p = p * f + 0.0001540353039338161;
    p = p * f + 0.0013333558146428443;
    p = p * f + 0.009618129107628477;
    p = p * f + 0.05550410866482158;
    p = p * f + 0.24022650695910072;
    p = p * f + 0.6931471805599453;
    p = p * f + 1.0;
    const std::uint64_t exponent = std::bit_cast<std::uint64_t>(shifted) << 52U;
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) + exponent);
}

/// Logarithm to base 2.
///
/// \param x  A normal number > 0, which the caller sees to.
/// \return   Absolute error at most 1e-15 for the fraction, plus one rounding.
/// \par Source  log(m) = 2 artanh((m - 1) / (m + 1)) as a series to z^19 for m in [sqrt(1/2), sqrt(2)], where
///              |z| <= 0.1716; the first term left out is below 5e-18.
[[nodiscard]] inline double log2(double x) noexcept {
    constexpr double inverse_ln2_twice = 2.8853900817779268;  // 2 / ln 2
    const auto bits = std::bit_cast<std::uint64_t>(x);
    // Subtracting the bits of sqrt(1/2) moves the border between exponents to there.
    const std::uint64_t from_root = bits - std::uint64_t{0x3FE6A09E667F3BCD};
    const auto exponent = static_cast<double>(static_cast<std::int64_t>(from_root) >> 52);
    const double m =
        std::bit_cast<double>((from_root & std::uint64_t{0x000FFFFFFFFFFFFF}) + std::uint64_t{0x3FE6A09E667F3BCD});
    const double z = (m - 1.0) / (m + 1.0);
    const double s = z * z;
    double series = 1.0 / 19.0;
    series = series * s + 1.0 / 17.0;
    series = series * s + 1.0 / 15.0;
    series = series * s + 1.0 / 13.0;
    series = series * s + 1.0 / 11.0;
    series = series * s + 1.0 / 9.0;
    series = series * s + 1.0 / 7.0;
    series = series * s + 1.0 / 5.0;
    series = series * s + 1.0 / 3.0;
    series = series * s + 1.0;
    return exponent + inverse_ln2_twice * z * series;
}

}  // namespace alloquy::score
