#pragma once

/// \file
/// Gamma and beta functions with the same bits everywhere.

#include <array>
#include <cstddef>

#include <alloquy/score/elementary.hpp>

namespace alloquy::score {

namespace detail {

/// log Gamma(2 + w) for |w| <= 1/2: the series in (-1)^k (zeta(k) - 1) / k to degree 26; the first term left out is
/// below 1e-17 of the sum (DLMF 5.7.3).
[[nodiscard]] inline double log_gamma_around_two(double w) noexcept {
    constexpr std::array<double, 26> terms{
        0.42278433509846713,     0.3224670334241132,     -0.0673523010531981,     0.020580808427784546,
        -0.007385551028673986,   0.0028905103307415234,  -0.001192753911703261,   0.0005096695247430425,
        -0.00022315475845357939, 9.945751278180853e-05,  -4.492623673813314e-05,  2.050721277567069e-05,
        -9.439488275268397e-06,  4.374866789907488e-06,  -2.039215753801366e-06,  9.55141213040742e-07,
        -4.492469198764566e-07,  2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08,
        -2.2711094608943164e-08, 1.0838659214896955e-08, -5.183475041970047e-09,  2.4836745438024785e-09,
        -1.1921401405860912e-09, 5.731367241678862e-10};
    double sum = 0;
    for (std::size_t k = terms.size(); k-- > 0;) sum = sum * w + terms[k];
    return sum * w;
}

/// log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2) for x >= 10; the first term left out is below 2e-18 (DLMF
/// 5.11.1).
[[nodiscard]] inline double stirling_correction(double x) noexcept {
    const double inverse = 1.0 / x;
    const double s = inverse * inverse;
    double sum = -3617.0 / 122400.0;
    sum = sum * s + 1.0 / 156.0;
    sum = sum * s - 691.0 / 360360.0;
    sum = sum * s + 1.0 / 1188.0;
    sum = sum * s - 1.0 / 1680.0;
    sum = sum * s + 1.0 / 1260.0;
    sum = sum * s - 1.0 / 360.0;
    sum = sum * s + 1.0 / 12.0;
    return sum * inverse;
}

/// From here on Stirling's series are used.
inline constexpr double stirling_from = 10.0;

inline constexpr double half_log_two_pi = 0.91893853320467278;

/// (e^y - 1) / y for |y| <= 1/2: Taylor series to degree 13, whose first term left out is below 1e-16 of 1e-2.
[[nodiscard]] inline double expm1_over(double y) noexcept {
    double p = 1.0 / 87178291200.0;
    p = p * y + 1.0 / 6227020800.0;
    p = p * y + 1.0 / 479001600.0;
    p = p * y + 1.0 / 39916800.0;
    p = p * y + 1.0 / 3628800.0;
    p = p * y + 1.0 / 362880.0;
    p = p * y + 1.0 / 40320.0;
    p = p * y + 1.0 / 5040.0;
    p = p * y + 1.0 / 720.0;
    p = p * y + 1.0 / 120.0;
    p = p * y + 1.0 / 24.0;
    p = p * y + 1.0 / 6.0;
    p = p * y + 0.5;
    return p * y + 1.0;
}

}  // namespace detail

/// Natural logarithm of the gamma function.
///
/// \param x  In [1e-300, 1e300], which the caller sees to.
/// \return   Relative error below 2e-15, also beside the zeros at 1 and 2.
/// \par Source  DLMF 5.5.1, 5.7.3 and 5.11.1.
[[nodiscard]] inline double log_gamma(double x) noexcept {
    if (x >= detail::stirling_from) {
        return (x - 0.5) * log(x) - x + detail::half_log_two_pi + detail::stirling_correction(x);
    }
    if (x < 0.5) return detail::log_gamma_around_two(x) - log(x) - log1p(x);
    if (x < 1.5) return detail::log_gamma_around_two(x - 1.0) - log1p(x - 1.0);
    if (x <= 2.5) return detail::log_gamma_around_two(x - 2.0);
    double product = 1.0;
    while (x > 2.5) {
        x -= 1.0;
        product *= x;
    }
    return log(product) + detail::log_gamma_around_two(x - 2.0);
}

/// The digamma function, the derivative of log_gamma().
///
/// \param x  In [1e-300, 1e300], which the caller sees to.
/// \return   Relative error below 4e-15, also beside the zero at 1.4616.
/// \par Source  DLMF 5.5.2 and 5.11.2; beside the zero its Taylor series there, to degree 24 (coefficients by mpmath).
[[nodiscard]] inline double digamma(double x) noexcept {
    if (x > 1.17 && x < 1.75) {
        constexpr std::array<double, 24> terms{
            0.9676722454476212,     -0.4427631689835921,     0.258499760955651,     -0.16394270544240652,
            0.10782405069126237,    -0.07219956125645471,    0.04880428816414311,   -0.03316112647484736,
            0.022597648232218104,   -0.01542476590494896,    0.010538791616612175,  -0.007204534386356869,
            0.004926781395729853,   -0.003369801655439328,   0.002305126326734928,  -0.0015769367714301972,
            0.0010788252019162967,  -0.0007380709389960052,  0.000504953265834602,  -0.0003454680251063077,
            0.00023635601564027053, -0.00016170622091974803, 0.0001106337276874741, -7.569179582195066e-05};
        const double w = (x - 1.4616321449683622) - 9.549995429965697e-17;
        double sum = 0;
        for (std::size_t k = terms.size(); k-- > 0;) sum = sum * w + terms[k];
        return sum * w;
    }
    double before = 0;
    while (x < detail::stirling_from) {
        before += 1.0 / x;
        x += 1.0;
    }
    const double inverse = 1.0 / x;
    const double s = inverse * inverse;
    double sum = -3617.0 / 8160.0;
    sum = sum * s + 1.0 / 12.0;
    sum = sum * s - 691.0 / 32760.0;
    sum = sum * s + 1.0 / 132.0;
    sum = sum * s - 1.0 / 240.0;
    sum = sum * s + 1.0 / 252.0;
    sum = sum * s - 1.0 / 120.0;
    sum = sum * s + 1.0 / 12.0;
    return log(x) - 0.5 * inverse - sum * s - before;
}

/// The trigamma function, the derivative of digamma().
///
/// \param x  In [1e-150, 1e150], which the caller sees to.
/// \return   Relative error below 2e-15.
/// \par Source  DLMF 5.15.5 and 5.15.8.
[[nodiscard]] inline double trigamma(double x) noexcept {
    double before = 0;
    while (x < detail::stirling_from) {
        before += 1.0 / (x * x);
        x += 1.0;
    }
    const double inverse = 1.0 / x;
    const double s = inverse * inverse;
    double sum = -3617.0 / 510.0;
    sum = sum * s + 7.0 / 6.0;
    sum = sum * s - 691.0 / 2730.0;
    sum = sum * s + 5.0 / 66.0;
    sum = sum * s - 1.0 / 30.0;
    sum = sum * s + 1.0 / 42.0;
    sum = sum * s - 1.0 / 30.0;
    sum = sum * s + 1.0 / 6.0;
    return inverse + s * (0.5 + sum * inverse) + before;
}

/// log Gamma(x + d) - log Gamma(x), without the loss of digits of a difference of two large numbers.
///
/// \param x  In [1e-300, 1e300].
/// \param d  Any number for which x + d is in that range too; the caller sees to both.
/// \return   Error below 1e-14 times the larger of 1 and the result's size, as long as x >= 10 or d is small.
/// \par Source  The difference of two of Stirling's series, as algdiv in A. R. DiDonato, A. H. Morris, "Algorithm 708",
///              ACM TOMS 18 (1992).
[[nodiscard]] inline double log_gamma_ratio(double x, double d) noexcept {
    const double y = x + d;
    if (x < detail::stirling_from || y < detail::stirling_from) return log_gamma(y) - log_gamma(x);
    const double correction = detail::stirling_correction(y) - detail::stirling_correction(x);
    return d * (log(y) - 1.0) + (x - 0.5) * log1p(d / x) + correction;
}

/// Natural logarithm of the beta function, Gamma(a) Gamma(b) / Gamma(a + b).
///
/// \param a,b  In [1e-300, 1e300], which the caller sees to.
/// \return     Error below 1e-14 times the larger of 1 and the result's size, however large a and b are.
/// \par Source  As betaln in A. R. DiDonato, A. H. Morris, "Algorithm 708", ACM TOMS 18 (1992).
[[nodiscard]] inline double log_beta(double a, double b) noexcept {
    const double small = a < b ? a : b;
    const double large = a < b ? b : a;
    if (large < detail::stirling_from) return log_gamma(small) + (log_gamma(large) - log_gamma(small + large));
    if (small < detail::stirling_from) return log_gamma(small) - log_gamma_ratio(large, small);
    const double correction = detail::stirling_correction(small) + detail::stirling_correction(large) -
                              detail::stirling_correction(small + large);
    return detail::half_log_two_pi - 0.5 * log(large) + correction + (small - 0.5) * log(small / (small + large)) -
           large * log1p(small / large);
}

/// log B(a, b + x) - log B(a, b): what x occasions passed do to a Beta(a, b) distribution's weight.
///
/// \param a,b  In [1e-300, 1e300].
/// \param x    In [0, 1e300]; the caller sees to all.
/// \return     Error below 1e-14 times the larger of 1 and the result's size, for large a and b as well as for large x.
/// \par Source  As log_gamma_ratio() and log_beta().
[[nodiscard]] inline double log_beta_ratio(double a, double b, double x) noexcept {
    return x < b ? log_gamma_ratio(b, x) - log_gamma_ratio(a + b, x) : log_beta(a, b + x) - log_beta(a, b);
}

namespace detail {

/// The continued fraction of the incomplete beta function; it converges fast for x <= (a + 1) / (a + b + 2).
[[nodiscard]] inline double incomplete_beta_fraction(double a, double b, double x) noexcept {
    constexpr double tiny = 1e-300;  // in place of a denominator that happens to be 0
    const auto sure = [](double value) { return value > -tiny && value < tiny ? tiny : value; };
    double c = 1;
    double d = 1 / sure(1 - (a + b) * x / (a + 1));
    double fraction = d;
    for (int step = 1; step < 1'000'000; ++step) {
        const double m = step;
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / sure(1 + even * d);
        c = sure(1 + even / c);
        fraction *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / sure(1 + odd * d);
        c = sure(1 + odd / c);
        const double factor = d * c;
        fraction *= factor;
        if (factor > 1 - 3e-16 && factor < 1 + 3e-16) break;
    }
    return fraction;
}

}  // namespace detail

/// Regularised incomplete beta function: the probability that a Beta(a, b) variable is at most x.
///
/// \param a,b  In [1e-8, 1e9].
/// \param x,y  In [0, 1], y = 1 - x; both are given, so that neither loses digits near 1. The caller sees to all.
/// \return     In [0, 1]. Relative error below 1e-12, or 1e-10 for b below 1e-3 and x near 1, where it is above 1e-290.
/// \par Cost    Some 20 steps of a continued fraction, some 5 sqrt(max(a, b)) for large a and b.
/// \par Source  DLMF 8.17.4 and 8.17.22, evaluated as I. J. Thompson, A. R. Barnett, "Coulomb and Bessel functions of
///              complex arguments and order", J. Comput. Phys. 64 (1986) do (modified Lentz).
[[nodiscard]] inline double incomplete_beta(double a, double b, double x, double y) noexcept {
    if (x < 1e-300) return 0;
    if (y < 1e-300) return 1;
    // The logarithm of whichever of the two is near 1 is taken from the other.
    const double log_x = x > 0.5 ? log1p(-y) : log(x);
    const double log_y = y > 0.5 ? log1p(-x) : log(y);
    const double front = exp(a * log_x + b * log_y - log_beta(a, b));
    double result = 0;
    if (x * (a + b + 2) > a + 1) result = 1 - front / b * detail::incomplete_beta_fraction(b, a, y);
    // A small result would lose digits as a difference from 1; the fraction converges here too, more slowly.
    if (result < 1e-3) result = front / a * detail::incomplete_beta_fraction(a, b, x);
    return result < 0 ? 0.0 : result > 1 ? 1.0 : result;
}

namespace detail {

/// log Gamma(base + x) - log Gamma(base), and its first and second derivative by base.
struct Rise {
    double value = 0;
    double first = 0;
    double second = 0;
};

/// Rise of log_gamma() from base to base + x.
///
/// \param base  In [1e-10, 1e10].
/// \param x     A whole number in [0, 1e10]; the caller sees to both.
/// \return      Relative error below 1e-14 for x <= 32, so that differences of large numbers keep their digits; else as
///              log_gamma_ratio(), digamma() and trigamma().
/// \par Source  DLMF 5.5.1 and its derivatives.
[[nodiscard]] inline Rise rise(double base, double x) noexcept {
    if (x > 32) {
        return {log_gamma_ratio(base, x), digamma(base + x) - digamma(base), trigamma(base + x) - trigamma(base)};
    }
    Rise sum;
    double product = 1;
    for (int i = 0; i < x; ++i) {
        const double factor = base + i;
        const double inverse = 1.0 / factor;
        product *= factor;
        if (product > 1e150 || product < 1e-150) {
            sum.value += log(product);
            product = 1;
        }
        sum.first += inverse;
        sum.second -= inverse * inverse;
    }
    sum.value += log(product);
    return sum;
}

}  // namespace detail

}  // namespace alloquy::score
