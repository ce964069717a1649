#pragma once

/// \file
/// Elementary functions with the same bits on every compiler and machine; the standard library's differ.

#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>

#ifdef __FAST_MATH__
#error "alloquy promises equal bits everywhere: build without -ffast-math"
#endif

namespace alloquy::score {

static_assert(FLT_EVAL_METHOD == 0, "alloquy needs double arithmetic without excess precision");

namespace detail {

/// e^r for |r| <= ln(2) / 2: Taylor series to degree 13. The first term left out is below 5e-18.
[[nodiscard]] inline double exp_of_fraction(double r) noexcept {
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    return (p * r + 1.0) * r + 1.0;
}

/// A positive normal number as 2^exponent * (1 + z) / (1 - z) with a factor in [sqrt(1/2), sqrt(2)]. Its logarithm is
/// 2 artanh(z) = 2 * z * series, the series in z^2 to z^18, where |z| <= 0.1716; the first term left out is below
/// 1e-17.
struct LogParts {
    double exponent;
    double z;
    double series;
};
[[nodiscard]] inline LogParts log_parts(double x) noexcept {
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
    return {exponent, z, series};
}

/// Adding it to a double below 2^51 rounds to an integer, which then stands in the low bits: 1.5 * 2^52.
inline constexpr double rounding_shift = 6755399441055744.0;

// ln 2 in two parts; the first has 21 trailing zero bits, so that its product with an exponent is exact. As in Sun's
// fdlibm (1993), e_log.c.
inline constexpr double ln2_high = 6.93147180369123816490e-01;
inline constexpr double ln2_low = 1.90821492927058770002e-10;

}  // namespace detail

/// 2 to the power of x.
///
/// \param x  In [-1000, 1000], which the caller sees to; NaN gives NaN.
/// \return   Relative error below 1e-15. Uses +, -, * and integer operations only, so it vectorises.
[[nodiscard]] inline double exp2(double x) noexcept {
    if (x != x) return x;
    const double shifted = x + detail::rounding_shift;
    const double f = x - (shifted - detail::rounding_shift);
    const double p = detail::exp_of_fraction(f * 0.6931471805599453);
    const std::uint64_t exponent = std::bit_cast<std::uint64_t>(shifted) << 52U;
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) + exponent);
}

/// Logarithm to base 2.
///
/// \param x  A normal number > 0, which the caller sees to.
/// \return   Absolute error at most 1e-15 for the fraction, plus one rounding.
[[nodiscard]] inline double log2(double x) noexcept {
    constexpr double inverse_ln2_twice = 2.8853900817779268;  // 2 / ln 2
    const detail::LogParts parts = detail::log_parts(x);
    return parts.exponent + inverse_ln2_twice * parts.z * parts.series;
}

/// e to the power of x.
///
/// \param x  Any number. 0 below -708 (where results come near the subnormal ones), infinity above 709; NaN gives NaN.
/// \return   Relative error below 1e-15.
[[nodiscard]] inline double exp(double x) noexcept {
    if (!(x >= -708.0)) return x != x ? x : 0.0;
    if (x > 709.0) return std::numeric_limits<double>::infinity();
    const double shifted = x * 1.4426950408889634 + detail::rounding_shift;  // 1 / ln 2
    const double k = shifted - detail::rounding_shift;
    const double r = (x - k * detail::ln2_high) - k * detail::ln2_low;
    const double p = detail::exp_of_fraction(r);
    const std::uint64_t exponent = std::bit_cast<std::uint64_t>(shifted) << 52U;
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) + exponent);
}

/// Natural logarithm.
///
/// \param x  A normal number > 0, which the caller sees to.
/// \return   Absolute error at most 1e-15, plus one rounding.
[[nodiscard]] inline double log(double x) noexcept {
    const detail::LogParts parts = detail::log_parts(x);
    return parts.exponent * detail::ln2_high + (parts.exponent * detail::ln2_low + 2.0 * parts.z * parts.series);
}

/// log(1 + x), exact also for small x.
///
/// \param x  > -1, which the caller sees to.
/// \return   Relative error below 1e-14.
/// \par Source  W. Kahan's correction; D. Goldberg, "What every computer scientist should know about floating-point
///              arithmetic", ACM Computing Surveys 23 (1991), theorem 4.
[[nodiscard]] inline double log1p(double x) noexcept {
    const double u = 1.0 + x;
    return u == 1.0 ? x : log(u) * (x / (u - 1.0));
}

/// e^x - 1, exact also for small x.
///
/// \param x  Any number below 709.
/// \return   Relative error below 1e-14.
/// \par Source  Kahan's correction, as log1p().
[[nodiscard]] inline double expm1(double x) noexcept {
    const double u = exp(x);
    if (u == 1.0) return x;
    if (u < 1e-300) return -1.0;
    return (u - 1.0) * (x / log(u));
}

/// The probability whose log-odds are x: 1 / (1 + e^-x). In [0, 1]; NaN gives NaN.
[[nodiscard]] inline double logistic(double x) noexcept {
    const double e = exp(x < 0 ? x : -x);
    return x < 0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

/// log(1 + e^x) without overflow: the loss of log-odds -x where the outcome is positive. >= 0.
[[nodiscard]] inline double log1p_exp(double x) noexcept {
    return (x > 0 ? x : 0.0) + log1p(exp(x > 0 ? -x : x));
}

}  // namespace alloquy::score
