#pragma once

/// \file
/// Maximise: the highest point of a likelihood of four positive parameters, and how sure it makes them.
///
/// Used by fit_bg_nbd() and fit_bg_bb(), whose likelihoods come with exact first and second derivatives. Results have
/// the same bits for any compiler.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <alloquy/error.hpp>
#include <alloquy/score/elementary.hpp>

namespace alloquy::score::detail {

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
    unsigned max_iterations;           ///< >= 1.
    double tolerance;                  ///< In (0, 0.01]: largest relative change of a parameter that counts as none.
};

/// \throws InvalidArgument  in the function's name, if an option of a fit is out of range.
inline void check_options(const char* function, double penalty, double tolerance, unsigned max_iterations) {
    if (!(penalty >= 0 && penalty <= 1e100)) {
        throw InvalidArgument{std::string{function} + ": penalty must be in [0, 1e100], got " +
                              std::to_string(penalty)};
    }
    if (!(tolerance > 0 && tolerance <= 0.01)) {
        throw InvalidArgument{std::string{function} + ": tolerance must be in (0, 0.01], got " +
                              std::to_string(tolerance)};
    }
    if (max_iterations == 0) throw InvalidArgument{std::string{function} + ": max_iterations must be >= 1"};
}

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
/// \param parameters  Where to start, each in [smallest_parameter, largest_parameter].
/// \param evaluate    Curvature(const std::array<double, 4>& parameters).
/// \par Cost    One call of evaluate for each step tried: 6 to 12 where the data tell the parameters apart.
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
/// \param starts    At least one; see climb().
/// \param all       Climb from all starts; else until one leads to a maximum.
/// \param evaluate  As for climb().
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

}  // namespace alloquy::score::detail
