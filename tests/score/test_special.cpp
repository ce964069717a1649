#include <alloquy/score/special.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <doctest/doctest.h>

#include "../support/random.hpp"
#include "support.hpp"

// The numbers were made by this program (python3, mpmath 1.3):
//   from mpmath import *; mp.dps = 50; f = lambda v: repr(float(v))
//   B = lambda p, q: loggamma(p) + loggamma(q) - loggamma(p + q)
// gamma family:
//   m = mpf(x); f(loggamma(m)), f(digamma(m)), f(polygamma(1, m))
// log_beta:
//   f(B(mpf(a), mpf(b)))
// ratios:
//   f(loggamma(mpf(x) + mpf(d)) - loggamma(mpf(x))), f(B(mpf(a), mpf(b) + mpf(x)) - B(mpf(a), mpf(b)))
// incomplete:
//   f(betainc(mpf(a), mpf(b), 0, mpf(x), regularized=True))
namespace {

namespace score = alloquy::score;
namespace detail = alloquy::score::detail;
using alloquy::support::relative_error;

double error(double value, double exact) {
    return std::abs(value - exact) / std::max(1.0, std::abs(exact));
}

struct GammaFamily {
    double x;
    double log_gamma;
    double digamma;
    double trigamma;
};

constexpr std::array gamma_family{
    GammaFamily{1e-08, 18.42068073818021, -100000000.57721564, 1.0000000000000002e+16},
    GammaFamily{0.001, 6.907178885383853, -1000.5755719318103, 1000001.6425331958},
    GammaFamily{0.25, 1.2880225246980774, -4.2274535333762655, 17.19732915450711},
    GammaFamily{0.5, 0.5723649429247001, -1.9635100260214235, 4.934802200544679},
    GammaFamily{0.9999999, 5.772157468444193e-08, -0.5772158293949515, 1.6449343072596394},
    GammaFamily{1.0000001, -5.772155829918507e-08, -0.5772155004081381, 1.6449338264368782},
    GammaFamily{1.25, -0.09827183642181316, -0.22745353337626542, 1.1973291545071107},
    GammaFamily{1.5, -0.12078223763524522, 0.03648997397857652, 0.9348022005446793},
    GammaFamily{1.75, -0.08440112102048555, 0.24747245354686118, 0.7641018698938287},
    GammaFamily{1.9999999, -4.2278430309861296e-08, 0.4227842706050584, 0.6449341072596095},
    GammaFamily{2.0000001, 4.227843666532498e-08, 0.4227843995918717, 0.6449340264368484},
    GammaFamily{2.5, 0.2846828704729192, 0.7031566406452432, 0.49035775610023485},
    GammaFamily{3.7, 1.428072326665388, 1.1671535393615113, 0.3100378576700383},
    GammaFamily{9.99, 12.779315214350193, 2.250700372831201, 0.10527695014824179},
    GammaFamily{10.0, 12.801827480081469, 2.251752589066721, 0.10516633568168575},
    GammaFamily{25.5, 56.389167643719944, 3.2189424728839198, 0.03999466964956292},
    GammaFamily{1000.25, 5906.9472682711175, 6.907505289414428, 0.0010002499791197934},
    GammaFamily{1000000.0, 12815504.569147611, 13.815510057964191, 1.0000005000001667e-06},
    GammaFamily{1000000000000000.0, 3.3538776394910668e+16, 34.538776394910684, 1.0000000000000005e-15}};

}  // namespace

TEST_SUITE("score/special") {
    // The reference of the dense tests needs more digits than a double; x87 and quadruple formats have them.
    static_assert(std::numeric_limits<long double>::digits >= 64);

    TEST_CASE("log_gamma, digamma and trigamma agree with mpmath to 4e-15") {
        for (const GammaFamily& row : gamma_family) {
            CAPTURE(row.x);
            CHECK(relative_error(score::log_gamma(row.x), row.log_gamma) <= 4e-15);
            CHECK(relative_error(score::digamma(row.x), row.digamma) <= 4e-15);
            CHECK(relative_error(score::trigamma(row.x), row.trigamma) <= 4e-15);
        }
        CHECK(relative_error(score::log_gamma(1e-300), 690.7755278982137) <= 4e-15);
    }

    TEST_CASE("log_gamma is exact at its zeros, and digamma keeps its digits at its own") {
        CHECK(score::log_gamma(1) == 0);
        CHECK(score::log_gamma(2) == 0);
        // The double next to the zero, 1.4616321449683622, is off it by 9.55e-17; mpmath as above.
        CHECK(relative_error(score::digamma(1.4616321449683622), -9.241265521729427e-17) <= 1e-12);
    }

    TEST_CASE("log_gamma agrees with the long double function everywhere between its series") {
        long double worst = 0;
        alloquy::support::Random random{1};
        for (int i = 0; i < 300'000; ++i) {
            const double x = i % 3 == 0   ? random.fraction() * 12 + 1e-9
                             : i % 3 == 1 ? std::exp2(random.fraction() * 60 - 30)
                                          : 0.4 + random.fraction() * 2.2;
            const long double exact = std::lgamma(static_cast<long double>(x));
            if (exact == 0) continue;
            worst = std::max(worst, std::abs((static_cast<long double>(score::log_gamma(x)) - exact) / exact));
        }
        CHECK(static_cast<double>(worst) <= 2e-15);
    }

    TEST_CASE("each function rises by its recurrence from x to x + 1") {
        // DLMF 5.5.1, 5.5.2, 5.15.5.
        alloquy::support::Random random{2};
        double worst = 0;
        for (int i = 0; i < 100'000; ++i) {
            const double x = i % 2 == 0 ? random.fraction() * 12 + 1e-3 : std::exp2(random.fraction() * 40 - 10);
            const double y = x + 1;
            if (y - 1 != x) continue;
            worst = std::max(worst, error(score::log_gamma(y), score::log_gamma(x) + std::log(x)));
            worst = std::max(worst, std::abs(score::digamma(y) - score::digamma(x) - 1 / x) /
                                        std::max(1.0, std::abs(score::digamma(x))));
            worst =
                std::max(worst, std::abs(score::trigamma(y) - score::trigamma(x) + 1 / (x * x)) / score::trigamma(x));
        }
        CHECK(worst <= 1e-14);
    }

    TEST_CASE("log_beta agrees with mpmath, from tiny to huge arguments, in both orders") {
        struct Row {
            double a;
            double b;
            double exact;
        };
        for (const Row& row : {Row{0.25, 0.5, 1.6571065161914822}, Row{0.793, 2.426, -0.5115692885937033},
                               Row{1e-06, 3.5, 13.815508877592626}, Row{5.5, 12.25, -10.717799548940311},
                               Row{0.793, 1000000.0, -10.796828460103812}, Row{40.5, 1000000.0, -451.05590239282293},
                               Row{1000000.0, 2500000.0, -2093949.3806289348},
                               Row{1e-08, 1000000000.0, 18.42068053094755}, Row{12.0, 15.0, -18.568172732389435}}) {
            CAPTURE(row.a);
            CAPTURE(row.b);
            CHECK(error(score::log_beta(row.a, row.b), row.exact) <= 1e-14);
            CHECK(score::log_beta(row.a, row.b) == score::log_beta(row.b, row.a));
        }
    }

    TEST_CASE("ratios keep the digits that a difference of two large logarithms loses") {
        struct Row {
            double x;
            double d;
            double exact;
        };
        for (const Row& row : {Row{0.25, 0.5, -1.084741573266782}, Row{0.243, 1000000.0, 12815506.608273001},
                               Row{1000000.0, 0.793, 10.955699790390177}, Row{1000000.0, -0.757, -10.458340827354178},
                               Row{1000000000000.0, 3.5, 96.70857390575429}, Row{12.5, 7.25, 19.864514778671317}}) {
            CAPTURE(row.x);
            CHECK(error(score::log_gamma_ratio(row.x, row.d), row.exact) <= 1e-14);
        }
        // What is left of a difference of 1e-9 is exact as well.
        CHECK(std::abs(score::log_gamma_ratio(50.5, 1e-09) - 3.912039670938392e-09) <= 1e-17);
        struct Beta {
            double a;
            double b;
            double x;
            double exact;
        };
        for (const Beta& row : {Beta{0.793, 2.426, 26, -1.9810943042605895},
                                Beta{0.793, 2.426, 1e6, -10.285261095325975}, Beta{1e5, 2e5, 1, -0.4054651081081644},
                                Beta{2e5, 1e5, 20, -21.970979216461718}, Beta{1e-6, 2.5, 3, -9.079363624288561e-07}}) {
            CAPTURE(row.a);
            CHECK(error(score::log_beta_ratio(row.a, row.b, row.x), row.exact) <= 1e-14);
        }
    }

    TEST_CASE("a rise is the logarithm of a product, with its derivatives, below 32 factors and above") {
        // log Gamma(b + x) - log Gamma(b) = log b + ... + log(b + x - 1); its derivatives term by term.
        for (const double base : {1e-6, 0.243, 3.0, 1e5}) {
            for (const double x : {0.0, 1.0, 7.0, 32.0, 33.0, 500.0}) {
                long double value = 0;
                long double first = 0;
                long double second = 0;
                for (double i = 0; i < x; ++i) {
                    const long double factor = static_cast<long double>(base) + static_cast<long double>(i);
                    value += std::log(factor);
                    first += 1 / factor;
                    second -= 1 / (factor * factor);
                }
                CAPTURE(base);
                CAPTURE(x);
                const detail::Rise rise = detail::rise(base, x);
                CHECK(rise.value == doctest::Approx(static_cast<double>(value)).epsilon(1e-13));
                CHECK(rise.first == doctest::Approx(static_cast<double>(first)).epsilon(x > 32 ? 1e-12 : 1e-14));
                CHECK(rise.second == doctest::Approx(static_cast<double>(second)).epsilon(x > 32 ? 1e-9 : 1e-14));
            }
        }
        // 32 factors of 1e10 and of 1e-10 leave the range of a double on the way.
        CHECK(detail::rise(1e10, 32).value == doctest::Approx(32 * std::log(1e10)).epsilon(1e-9));
    }

    TEST_CASE("incomplete_beta agrees with mpmath on both sides of its mean and far in its tails") {
        struct Row {
            double a;
            double b;
            double x;
            double exact;
        };
        for (const Row& row :
             {Row{1, 0.243, 0.25, 0.06751922435389053}, Row{10, 0.243, 0.3125, 5.312369688611815e-07},
              Row{10, 0.243, 0.96875, 0.21963555489620737}, Row{2.5, 3.5, 0.5, 0.669765272631355},
              Row{100, 0.5, 0.75, 3.562951043507363e-14}, Row{1000, 0.25, 0.9990234375, 0.07033715981811207},
              Row{40, 400, 0.0625, 0.01169328797379595},
              Row{1000000.0, 0.75, 0.99999904632568359375, 0.27433906896400617}, Row{0.001, 0.001, 0.5, 0.5}}) {
            CAPTURE(row.a);
            CAPTURE(row.x);
            CHECK(relative_error(score::incomplete_beta(row.a, row.b, row.x, 1 - row.x), row.exact) <= 1e-12);
            CHECK(score::incomplete_beta(row.b, row.a, 1 - row.x, row.x) ==
                  doctest::Approx(1 - row.exact).epsilon(1e-12));
        }
        CHECK(score::incomplete_beta(2, 3, 0, 1) == 0);
        CHECK(score::incomplete_beta(2, 3, 1, 0) == 1);
    }

    TEST_CASE("for whole a and b incomplete_beta is a binomial tail") {
        // DLMF 8.17.5: I_x(m, n - m + 1) = sum over j >= m of C(n, j) x^j (1 - x)^(n - j).
        for (const double x : {0.03125, 0.25, 0.5, 0.875}) {
            for (int n = 1; n <= 30; ++n) {
                double tail = 0;
                for (int j = n; j >= 1; --j) {
                    double term = std::pow(x, j) * std::pow(1 - x, n - j);
                    for (int k = 0; k < j; ++k) term *= static_cast<double>(n - k) / (k + 1);
                    tail += term;
                    CHECK(score::incomplete_beta(j, n - j + 1, x, 1 - x) == doctest::Approx(tail).epsilon(1e-13));
                }
            }
        }
    }

    TEST_CASE("expm1_over is exact through 0") {
        for (int i = -500; i <= 500; ++i) {
            const double y = i * 1e-3;
            const double exact =
                i == 0 ? 1.0
                       : static_cast<double>(std::expm1(static_cast<long double>(y)) / static_cast<long double>(y));
            CHECK(relative_error(detail::expm1_over(y), exact) <= 5e-16);
        }
    }
}
