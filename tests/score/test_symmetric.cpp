#include <alloquy/score/symmetric.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::score::detail::factor_cholesky;
using alloquy::score::detail::solve_cholesky;
using alloquy::score::detail::UpperTriangle;
using alloquy::support::Random;

namespace {

/// B'B + size I, scaled to a unit diagonal: positive definite.
UpperTriangle random_matrix(std::size_t size, Random& random) {
    std::vector<double> b(size * size);
    for (double& one : b) one = 2 * random.fraction() - 1;
    UpperTriangle a{size};
    std::vector<double> diagonal(size);
    for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = i; j < size; ++j) {
            for (std::size_t k = 0; k < size; ++k) a.row(i)[j] += b[k * size + i] * b[k * size + j];
        }
        diagonal[i] = std::sqrt(a.row(i)[i] += static_cast<double>(size));
    }
    for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = i; j < size; ++j) a.row(i)[j] /= diagonal[i] * diagonal[j];
    }
    return a;
}

}  // namespace

TEST_SUITE("score/symmetric") {
    TEST_CASE("the factor and the solution of two by two, by hand") {
        // A = (1, 0.6; 0.6, 1) has U = (1, 0.6; 0, 0.8). A x = (1.6, 1.6) has x = (1, 1).
        UpperTriangle a{2};
        a.row(0)[0] = 1;
        a.row(0)[1] = 0.6;
        a.row(1)[1] = 1;
        REQUIRE(factor_cholesky(a, 1e-12, 1) == 2);
        CHECK(a.row(0)[0] == 1);
        CHECK(a.row(0)[1] == 0.6);
        CHECK(a.row(1)[1] == doctest::Approx(0.8).epsilon(1e-15));
        std::vector<double> x{1.6, 1.6};
        solve_cholesky(a, x);
        CHECK(x[0] == doctest::Approx(1).epsilon(1e-14));
        CHECK(x[1] == doctest::Approx(1).epsilon(1e-14));
    }

    TEST_CASE("a row that follows from those before it is named") {
        // The first two are uncorrelated, so 1 - 2 correlation^2 is left of the third pivot: 1/2, or nothing.
        for (const double correlation : {0.5, std::sqrt(0.5)}) {
            UpperTriangle a{3};
            for (std::size_t i = 0; i < 3; ++i) a.row(i)[i] = 1;
            a.row(0)[2] = correlation;
            a.row(1)[2] = correlation;
            CHECK(factor_cholesky(a, 1e-12, 1) == (correlation == 0.5 ? 3 : 2));
        }
    }

    TEST_CASE("U'U is the matrix, U'U x the right side, with the same bits for any number of threads") {
        Random random{1};
        for (const std::size_t size : {1U, 5U, 48U, 49U, 400U}) {
            CAPTURE(size);
            const UpperTriangle a = random_matrix(size, random);
            UpperTriangle u = a;
            REQUIRE(factor_cholesky(u, 1e-12, 1) == size);
            for (std::size_t i = 0; i < size; ++i) {
                for (std::size_t j = i; j < size; ++j) {
                    double sum = 0;
                    for (std::size_t k = 0; k <= i; ++k) sum += u.row(k)[i] * u.row(k)[j];
                    REQUIRE(std::abs(sum - a.row(i)[j]) <= 1e-12);
                }
            }
            std::vector<double> expected(size);
            for (double& one : expected) one = random.fraction();
            std::vector<double> x(size);
            for (std::size_t i = 0; i < size; ++i) {
                for (std::size_t j = 0; j < size; ++j) {
                    x[i] += (i <= j ? a.row(i)[j] : a.row(j)[i]) * expected[j];
                }
            }
            solve_cholesky(u, x);
            for (std::size_t i = 0; i < size; ++i) REQUIRE(std::abs(x[i] - expected[i]) <= 1e-11);
            for (const unsigned threads : {2U, 7U}) {
                UpperTriangle shared = a;
                REQUIRE(factor_cholesky(shared, 1e-12, threads) == size);
                for (std::size_t i = 0; i < size; ++i) {
                    for (std::size_t j = i; j < size; ++j) REQUIRE(shared.row(i)[j] == u.row(i)[j]);
                }
            }
        }
    }
}
