#include <alloquy/score/bg_nbd_expectation.hpp>

#include <algorithm>
#include <cstdint>

#include <doctest/doctest.h>

#include "../support/random.hpp"
#include "support.hpp"

using alloquy::score::detail::ActiveExpectation;
using alloquy::score::detail::ExpectationIntegral;
using alloquy::support::relative_error;

// Against mpmath and published figures it is tested through expected_interactions(), in test_bg_nbd.cpp.
TEST_SUITE("score/bg_nbd_expectation") {
    TEST_CASE("nobody repeats within no time") {
        ActiveExpectation series{0.243, 0.793, 2.426, 2};
        series.prepare(0, 1);
        CHECK(series.value(0) == 0);
        CHECK(ExpectationIntegral{2.243, 0.793, 4.426, 1}.value(0) == 0);
    }

    TEST_CASE("the series and the integral tell the same of active people wherever both can") {
        alloquy::support::Random random{18};
        const auto between = [&](double low, double high) {
            return low * alloquy::score::exp(random.fraction() * alloquy::score::log(high / low));
        };
        double worst = 0;
        for (int round = 0; round < 3000; ++round) {
            const double r = between(0.01, 20);
            const double a = between(0.01, 20);
            const double b = between(0.01, 20);
            const auto x = static_cast<std::uint32_t>(random.below(2) == 0 ? random.below(5) : random.below(2000));
            const double tau = between(1e-4, 500);
            ActiveExpectation series{r, a, b, x};
            series.prepare(tau, tau);
            const ExpectationIntegral integral{r + x, a, b + x, 1e4};
            worst = std::max(worst, relative_error(series.value(tau), integral.value(tau)));
        }
        CHECK(worst <= 1e-13);
    }
}
