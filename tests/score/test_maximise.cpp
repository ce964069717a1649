#include <alloquy/score/maximise.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

#include "../support/random.hpp"

namespace {

namespace detail = alloquy::score::detail;

/// A function with its maximum, 5, at (1, 2, 3, 4), in the logarithms a tilted quadratic form.
detail::Curvature bowl(const std::array<double, 4>& p) {
    detail::Curvature sum;
    const std::array<double, 4> peak{1, 2, 3, 4};
    std::array<double, 4> t{};
    for (std::size_t i = 0; i < 4; ++i) t[i] = std::log(p[i] / peak[i]);
    sum.value = 5;
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
            const double form = i == j ? 2.0 : 0.5;
            sum.value -= 0.5 * form * t[i] * t[j];
            sum.gradient[i] -= form * t[j] / p[i];
            sum.hessian[i][j] -= form / (p[i] * p[j]);
        }
    }
    for (std::size_t i = 0; i < 4; ++i) sum.hessian[i][i] -= sum.gradient[i] / p[i];
    return sum;
}

constexpr detail::Search search{"fit", {"first", "second", "third", "fourth"}, 100, 1e-10};

}  // namespace

TEST_SUITE("score/maximise") {
    TEST_CASE("eigen takes a symmetric matrix apart, a singular one too") {
        alloquy::support::Random random{3};
        for (int round = 0; round < 200; ++round) {
            detail::Matrix4 matrix{};
            for (std::size_t i = 0; i < 4; ++i) {
                for (std::size_t j = 0; j <= i; ++j) {
                    matrix[i][j] = matrix[j][i] = round == 0 ? 1.0 : random.fraction() * 2 - 1;
                }
            }
            const detail::Eigen4 axes = detail::eigen(matrix);
            for (std::size_t i = 0; i < 4; ++i) {
                for (std::size_t j = 0; j < 4; ++j) {
                    double again = 0;
                    double dot = 0;
                    for (std::size_t k = 0; k < 4; ++k) {
                        again += axes.vectors[i][k] * axes.values[k] * axes.vectors[j][k];
                        dot += axes.vectors[k][i] * axes.vectors[k][j];
                    }
                    CHECK(std::abs(again - matrix[i][j]) <= 1e-14);
                    CHECK(std::abs(dot - (i == j ? 1.0 : 0.0)) <= 1e-14);
                }
            }
        }
    }

    TEST_CASE("climb finds the peak of a tilted bowl and its covariance") {
        const detail::Climb climbed = detail::climb(search, {20.0, 0.05, 7.0, 90.0}, bowl);
        REQUIRE(climbed.found);
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(climbed.found->parameters[i] == doctest::Approx(static_cast<double>(i + 1)).epsilon(1e-12));
            for (std::size_t j = 0; j < 4; ++j) {
                // The inverse of 1.5 I + 0.5 J is (I - J / 7) / 1.5 (Sherman-Morrison).
                const double exact = ((i == j ? 1.0 : 0.0) - 1.0 / 7.0) / 1.5 * static_cast<double>((i + 1) * (j + 1));
                CHECK(climbed.found->covariance[i][j] == doctest::Approx(exact).epsilon(1e-12));
            }
        }
        CHECK(climbed.found->at.value == doctest::Approx(5).epsilon(1e-14));
    }

    TEST_CASE("a parameter without a best value runs off and is named, and steps that lead nowhere are no maximum") {
        const auto rising = [](const std::array<double, 4>& p) {
            detail::Curvature sum = bowl(p);  // minus what holds the third parameter, plus -1 / p
            const double t = std::log(p[2] / 3);
            sum.value += 20 * t - 1 / p[2];
            sum.gradient[2] += 20 / p[2] + 1 / (p[2] * p[2]);
            sum.hessian[2][2] -= 20 / (p[2] * p[2]) + 2 / (p[2] * p[2] * p[2]);
            sum.value += t * t;  // undoes the bowl's own square
            sum.gradient[2] += 2 * t / p[2];
            sum.hessian[2][2] += (2 - 2 * t) / (p[2] * p[2]);
            return sum;
        };
        const detail::Climb climbed = detail::climb(search, {1, 1, 1, 1}, rising);
        CHECK_FALSE(climbed.found);
        CHECK(climbed.has_run_off);
        CHECK(climbed.why.find("third grows without end") != std::string::npos);
        detail::Search hasty = search;
        hasty.max_iterations = 2;
        const std::array<std::array<double, 4>, 1> start{{{20.0, 0.05, 7.0, 90.0}}};
        CHECK_THROWS_WITH_AS((void)detail::maximise(hasty, start, false, bowl),
                             "fit: no convergence after 2 iterations", alloquy::Error);
        CHECK_THROWS_AS((void)detail::maximise(search, start, true, rising), alloquy::InvalidArgument);
    }

    TEST_CASE("of several peaks the highest is taken where all starts are climbed from, else the first that is found") {
        // In the logarithm t of the first parameter a quartic, -(t^2 - 4)^2 / 4 + t / 2, with a lower peak near t = -2
        // and a higher one near t = 2; in the others the bowl's parabola.
        const auto two_peaks = [](const std::array<double, 4>& p) {
            detail::Curvature sum;
            const double t = std::log(p[0]);
            const double first = -(t * t - 4) * t + 0.5;  // d/dt
            const double second = 4 - 3 * t * t;
            sum.value = -0.25 * (t * t - 4) * (t * t - 4) + 0.5 * t;
            sum.gradient[0] = first / p[0];
            sum.hessian[0][0] = (second - first) / (p[0] * p[0]);
            for (std::size_t i = 1; i < 4; ++i) {
                const double away = std::log(p[i]);
                sum.value -= away * away;
                sum.gradient[i] = -2 * away / p[i];
                sum.hessian[i][i] = (2 * away - 2) / (p[i] * p[i]);
            }
            return sum;
        };
        const std::array<std::array<double, 4>, 2> starts{{{std::exp(-2.2), 1, 1, 1}, {std::exp(1.8), 2, 2, 2}}};
        // The roots of 4 t - t^3 + 1/2 beside -2 and 2 (mpmath: findroot(lambda t: 4 * t - t**3 + mpf(1) / 2, -2),
        // likewise 2).
        CHECK(std::log(detail::maximise(search, starts, false, two_peaks).parameters[0]) ==
              doctest::Approx(-1.9342978757660601).epsilon(1e-10));
        CHECK(std::log(detail::maximise(search, starts, true, two_peaks).parameters[0]) ==
              doctest::Approx(2.0597919701013208).epsilon(1e-10));
    }

    TEST_CASE("options of a fit out of range are refused by name") {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        CHECK_NOTHROW(detail::check_options("fit", 0, 0.01, 1));
        for (const double bad : {-1.0, 1e101, nan}) {
            CHECK_THROWS_WITH_AS(detail::check_options("fit", bad, 1e-9, 9), doctest::Contains("fit: penalty"),
                                 alloquy::InvalidArgument);
        }
        for (const double bad : {0.0, 0.02, nan}) {
            CHECK_THROWS_WITH_AS(detail::check_options("fit", 0, bad, 9), doctest::Contains("fit: tolerance"),
                                 alloquy::InvalidArgument);
        }
        CHECK_THROWS_WITH_AS(detail::check_options("fit", 0, 1e-9, 0), doctest::Contains("fit: max_iterations"),
                             alloquy::InvalidArgument);
    }
}
