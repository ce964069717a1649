#pragma once

/// \file
/// Gamma and beta functions with the same bits everywhere, and the numerical tools that models of dialogues share.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
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
        return (x - 0.5) * log(x) - x + 0.91893853320467278 + detail::stirling_correction(x);  // log(2 pi) / 2
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
    return 0.91893853320467278 - 0.5 * log(large) + correction + (small - 0.5) * log(small / (small + large)) -
           large * log1p(small / large);
}

/// log B(a, b + x) - log B(a, b): what x occasions passed do to a Beta(a, b) distribution's weight.
///
/// \param a,b  In [1e-300, 1e300].
/// \param x    In [0, 1e300]; the caller sees to all.
/// \return     Error below 1e-14 times the larger of 1 and the result's size, for large a and b as well as for large x.
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
    for (double m = 1; m < 1e6; ++m) {
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

/// Runs work(chunk) for each chunk in [0, chunks). Who runs which depends on the number of threads, so a chunk may
/// write only what belongs to it. Throws what a chunk threw.
template <class Work>
void for_each_chunk(std::size_t chunks, unsigned threads, const Work& work) {
    const std::size_t workers = threads < chunks ? threads : chunks;
    if (workers <= 1) {
        for (std::size_t chunk = 0; chunk < chunks; ++chunk) work(chunk);
        return;
    }
    std::vector<std::exception_ptr> failures(workers);
    {
        const auto share = [&](std::size_t worker) noexcept {
            try {
                for (std::size_t chunk = chunks * worker / workers; chunk < chunks * (worker + 1) / workers; ++chunk) {
                    work(chunk);
                }
            } catch (...) {
                failures[worker] = std::current_exception();
            }
        };
        std::vector<std::jthread> others;
        others.reserve(workers - 1);
        for (std::size_t worker = 1; worker < workers; ++worker) others.emplace_back(share, worker);
        share(0);
    }
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

/// Rows that one thread works on at a time; sums over rows are made chunk by chunk, whatever the threads.
inline constexpr std::size_t rows_per_chunk = 4096;

[[nodiscard]] inline std::size_t chunks_of(std::size_t rows) noexcept {
    return (rows + rows_per_chunk - 1) / rows_per_chunk;
}

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

/// log Gamma(base + x) - log Gamma(base), and its derivatives by base.
struct Rise {
    double value = 0;
    double first = 0;
    double second = 0;
};

/// \param x  A whole number >= 0.
/// \return   Relative error below 1e-14 for x <= 32, so that differences of large numbers keep their digits; else as
///           log_gamma_ratio(), digamma() and trigamma().
[[nodiscard]] inline Rise rise(double base, double x) noexcept {
    if (x > 32) {
        return {log_gamma_ratio(base, x), digamma(base + x) - digamma(base), trigamma(base + x) - trigamma(base)};
    }
    Rise sum;
    double product = 1;
    for (double i = 0; i < x; ++i) {
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

using Matrix4 = std::array<std::array<double, 4>, 4>;

/// A function of four parameters with its first and second derivatives, all by the parameters themselves.
struct Curvature {
    double value = 0;
    std::array<double, 4> gradient{};
    Matrix4 hessian{};  ///< Symmetric.
};

/// Where a likelihood is highest.
struct Maximum {
    std::array<double, 4> parameters;
    Curvature at;        ///< There; the gradient is nearly 0.
    Matrix4 covariance;  ///< Of the parameters: the inverse of minus the Hessian.
    unsigned iterations;
};

/// What climb() came to: a maximum, or why there is none.
struct Climb {
    std::optional<Maximum> found;
    bool has_run_off;  ///< Out of [smallest_parameter, largest_parameter]; else it did not converge.
    std::string why;
};

/// What the search for a maximum may do.
struct Search {
    const char* function;              ///< Name of the public function, for errors.
    std::array<const char*, 4> names;  ///< Of the parameters, for errors.
    unsigned max_iterations;
    double tolerance;
};

/// A symmetric matrix as sum over k of values[k] * v v^T, v being column k of `vectors`.
struct Eigen4 {
    std::array<double, 4> values{};
    Matrix4 vectors{};
};

/// By Jacobi's rotations (G. Golub, C. Van Loan, "Matrix computations" (2013), section 8.5): some six sweeps, each
/// eigenvalue exact to 1e-15 of the largest.
[[nodiscard]] inline Eigen4 eigen(Matrix4 matrix) noexcept {
    Eigen4 result;
    for (std::size_t i = 0; i < 4; ++i) result.vectors[i][i] = 1;
    for (int sweep = 0; sweep < 30; ++sweep) {
        double off = 0;
        double all = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            for (std::size_t j = 0; j < 4; ++j) {
                const double square = matrix[i][j] * matrix[i][j];
                all += square;
                if (i != j) off += square;
            }
        }
        if (!(off > 1e-30 * all)) break;
        for (std::size_t i = 0; i < 3; ++i) {
            for (std::size_t j = i + 1; j < 4; ++j) {
                if (matrix[i][j] == 0) continue;
                const double cotangent = (matrix[j][j] - matrix[i][i]) / (2 * matrix[i][j]);
                const double size = cotangent < 0 ? -cotangent : cotangent;
                const double positive = size > 1e100 ? 0.5 / size : 1 / (size + std::sqrt(size * size + 1));
                const double tangent = cotangent < 0 ? -positive : positive;
                const double cosine = 1 / std::sqrt(tangent * tangent + 1);
                const double sine = tangent * cosine;
                for (std::size_t k = 0; k < 4; ++k) {
                    const double one = matrix[k][i];
                    const double other = matrix[k][j];
                    matrix[k][i] = cosine * one - sine * other;
                    matrix[k][j] = sine * one + cosine * other;
                }
                for (std::size_t k = 0; k < 4; ++k) {
                    const double one = matrix[i][k];
                    const double other = matrix[j][k];
                    matrix[i][k] = cosine * one - sine * other;
                    matrix[j][k] = sine * one + cosine * other;
                    const double left = result.vectors[k][i];
                    const double right = result.vectors[k][j];
                    result.vectors[k][i] = cosine * left - sine * right;
                    result.vectors[k][j] = sine * left + cosine * right;
                }
                matrix[i][j] = matrix[j][i] = 0;
            }
        }
    }
    for (std::size_t i = 0; i < 4; ++i) result.values[i] = matrix[i][i];
    return result;
}

/// Each parameter of a maximum lies in here, or it has run off: there is none.
inline constexpr double smallest_parameter = 1e-6;
inline constexpr double largest_parameter = 1e6;

/// Newton's method for four positive parameters, in their logarithms.
///
/// A step moves along each eigenvector of minus the Hessian by slope / (|eigenvalue| + mu): Newton's step where all
/// eigenvalues are positive and mu is 0, and else still uphill by a step of the right size, along a ridge as well. mu
/// is raised when a step did not raise the function by a part of what it foretold, and no step moves a logarithm by
/// more than 2. It has converged when a Newton step would change no parameter by more than a fraction `tolerance`; or,
/// where the data hardly tell the parameters apart, when a step below 0.01 foretells a gain that is lost in rounding
/// and steps no longer shrink. Far out on a ridge without a maximum steps stay near 1, so that a likelihood without a
/// maximum runs off and is never taken for converged.
///
/// \param evaluate  Curvature(const std::array<double, 4>& parameters).
/// \par Source  J. Nocedal, S. J. Wright, "Numerical optimization" (2006), chapters 3 and 4.
template <class Evaluate>
[[nodiscard]] Climb climb(const Search& search, std::array<double, 4> parameters, const Evaluate& evaluate) {
    Curvature at = evaluate(parameters);
    double damping = 0;
    double last_step = std::numeric_limits<double>::infinity();
    for (unsigned iteration = 1; iteration <= search.max_iterations; ++iteration) {
        // By the logarithms: d/dlog p = p d/dp.
        std::array<double, 4> gradient{};
        Matrix4 curvature{};
        for (std::size_t i = 0; i < 4; ++i) {
            gradient[i] = parameters[i] * at.gradient[i];
            for (std::size_t j = 0; j < 4; ++j) curvature[i][j] = -parameters[i] * parameters[j] * at.hessian[i][j];
            curvature[i][i] -= gradient[i];
        }
        const Eigen4 axes = eigen(curvature);
        std::array<double, 4> slope{};
        double largest = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            for (std::size_t i = 0; i < 4; ++i) slope[k] += axes.vectors[i][k] * gradient[i];
            largest = std::max({largest, axes.values[k], -axes.values[k]});
        }
        const double lowest = 1e-13 * largest;  // what rounding leaves of an eigenvalue
        bool is_peak = true;
        for (const double value : axes.values) is_peak = is_peak && value > lowest;
        const double rounding = 1e-13 * std::abs(at.value);  // of the function: a smaller gain cannot be seen
        bool moved = false;
        for (int trial = 0; trial < 60 && !moved; ++trial) {
            std::array<double, 4> step{};
            for (std::size_t k = 0; k < 4; ++k) {
                const double value = axes.values[k] < 0 ? -axes.values[k] : axes.values[k];
                const double along = slope[k] / (std::max(value, lowest) + damping);
                for (std::size_t i = 0; i < 4; ++i) step[i] += axes.vectors[i][k] * along;
            }
            double size = 0;
            for (const double part : step) size = std::max({size, part, -part});
            const bool is_newton = is_peak && damping == 0;
            const double shorten = size > 2 ? 2 / size : 1.0;
            double foretold = 0;
            for (std::size_t i = 0; i < 4; ++i) step[i] *= shorten;
            for (std::size_t i = 0; i < 4; ++i) {
                foretold += gradient[i] * step[i];
                for (std::size_t j = 0; j < 4; ++j) foretold -= 0.5 * step[i] * curvature[i][j] * step[j];
            }
            const bool is_lost = foretold <= rounding && size <= 0.01 && size >= 0.5 * last_step;
            if (is_newton && (size <= search.tolerance || is_lost)) {
                Maximum found{parameters, at, {}, iteration};
                for (std::size_t i = 0; i < 4; ++i) {
                    for (std::size_t j = 0; j < 4; ++j) {
                        double sum = 0;
                        for (std::size_t k = 0; k < 4; ++k) {
                            sum += axes.vectors[i][k] * axes.vectors[j][k] / axes.values[k];
                        }
                        found.covariance[i][j] = parameters[i] * parameters[j] * sum;
                    }
                }
                return {found, false, {}};
            }
            std::array<double, 4> next{};
            for (std::size_t i = 0; i < 4; ++i) next[i] = parameters[i] * exp(step[i]);
            for (std::size_t i = 0; i < 4; ++i) {
                if (next[i] >= smallest_parameter && next[i] <= largest_parameter) continue;
                return {std::nullopt, true,
                        std::string{search.names[i]} + (next[i] > 1 ? " grows without end" : " falls to 0") +
                            ", so the likelihood has no maximum" + (next[i] > 1 ? " (a penalty may give it one)" : "")};
            }
            const Curvature there = evaluate(next);
            const double gain = there.value - at.value;
            if (gain >= 0.01 * foretold - rounding) {
                if (is_newton) last_step = size;
                if (gain >= 0.5 * foretold - rounding) damping = damping > 1e-6 * largest ? 0.1 * damping : 0.0;
                parameters = next;
                at = there;
                moved = true;
            } else {
                damping = std::max(8 * damping, 1e-4 * largest);
            }
        }
        if (!moved) break;
    }
    return {std::nullopt, false, "no convergence after " + std::to_string(search.max_iterations) + " iterations"};
}

/// The maximum that is found first, or the highest that is found from any of the starts.
///
/// \throws InvalidArgument  if there is none because a parameter ran off: too little data.
/// \throws Error            if there is none for lack of convergence.
template <class Evaluate>
[[nodiscard]] Maximum maximise(const Search& search, std::span<const std::array<double, 4>> starts, bool all,
                               const Evaluate& evaluate) {
    std::optional<Maximum> best;
    std::optional<Climb> failed;
    for (const std::array<double, 4>& start : starts) {
        Climb climbed = climb(search, start, evaluate);
        if (!climbed.found) {
            if (!failed) failed = std::move(climbed);
            continue;
        }
        // Two ways up to the same maximum differ in rounding: the first one counts.
        if (!best || climbed.found->at.value > best->at.value + 1e-9 * std::abs(best->at.value)) best = climbed.found;
        if (!all) break;
    }
    if (best) return *best;
    if (!failed->has_run_off) throw Error{std::string{search.function} + ": " + failed->why};
    throw InvalidArgument{std::string{search.function} + ": too little data: " + failed->why};
}

}  // namespace detail

}  // namespace alloquy::score
