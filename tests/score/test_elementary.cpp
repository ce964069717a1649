#include <alloquy/score/elementary.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include "../support/random.hpp"

// The bit-exact numbers were made by this program (python3, exact rationals rounded once per documented operation):
//   from fractions import Fraction as F; from decimal import Decimal as D, getcontext; import math
//   getcontext().prec = 60; L = D(2).ln(); r = lambda v: F(float(v))
//   def e2(x):
//       n = round(F(x)); f = F(x) - n; p = F(0)
//       for k in range(10, -1, -1): p = r(r(p * f) + r(F(L ** k / math.factorial(k))))
//       return float(p * F(2) ** n)
//   def l2(x):
//       m, e = math.frexp(x); m = F(m)
//       if m < F(math.sqrt(0.5)): m *= 2; e -= 1
//       z = r((m - 1) / r(m + 1)); s = r(z * z); p = F(0)
//       for k in range(19, 0, -2): p = r(r(p * s) + r(F(1, k)))
//       return float(r(e + r(r(r(F(2 / L)) * z) * p)))
//   print(e2(0.1).hex(), l2(3.0).hex())   # and so on
namespace {

struct Golden {
    double x;
    double expected;
};

/// Distance of neighbouring doubles at a value.
double ulp(double value) {
    return std::nextafter(std::abs(value), std::numeric_limits<double>::infinity()) - std::abs(value);
}

long double relative_error_of_exp2(double x) {
    const long double exact = std::exp2(static_cast<long double>(x));
    return std::abs((static_cast<long double>(alloquy::score::exp2(x)) - exact) / exact);
}

/// Error beyond what the documentation allows: 1e-15 for the fraction and one rounding.
long double excess_of_log2(double x) {
    const long double exact = std::log2(static_cast<long double>(x));
    const double result = alloquy::score::log2(x);
    return std::abs(static_cast<long double>(result) - exact) - (1e-15L + 0.5L * ulp(result));
}

}  // namespace

TEST_SUITE("score/elementary") {
    // The reference needs more digits than a double; x87 and quadruple formats have them.
    static_assert(std::numeric_limits<long double>::digits >= 64);

    TEST_CASE("exp2 gives the same bits everywhere") {
        for (const Golden& golden : {Golden{0x1.999999999999ap-4, 0x1.125fbee250664p+0},
                                     {0x1.0000000000000p-1, 0x1.6a09e667f37dep+0},
                                     {-0x1.0000000000000p-1, 0x1.6a09e667f4339p-1},
                                     {0x1.4000000000000p-2, 0x1.3dea64c12341cp+0},
                                     {0x1.5555555555555p-2, 0x1.428a2f98d727fp+0},
                                     {-0x1.d000000000000p+2, 0x1.ae89f995ad3aep-8},
                                     {0x1.9180000000000p+6, 0x1.4bfdad53629fdp+100},
                                     {-0x1.f3e0000000000p+9, 0x1.306fe0a31b715p-1000},
                                     {0x1.f3f3333333333p+9, 0x1.ddb680117aa8ep+999},
                                     {-0x1.ffe5c91d14e3cp-2, 0x1.6a105310365f2p-1}}) {
            CAPTURE(golden.x);
            CHECK(std::bit_cast<std::uint64_t>(alloquy::score::exp2(golden.x)) ==
                  std::bit_cast<std::uint64_t>(golden.expected));
        }
    }

    TEST_CASE("log2 gives the same bits everywhere") {
        for (const Golden& golden : {Golden{0x1.8000000000000p+1, 0x1.95c01a39fbd68p+0},
                                     {0x1.4000000000000p+3, 0x1.a934f0979a371p+1},
                                     {0x1.999999999999ap-4, -0x1.a934f0979a371p+1},
                                     {0x1.8000000000000p+0, 0x1.2b803473f7ad1p-1},
                                     {0x1.6666666666666p-1, -0x1.0776228967d13p-1},
                                     {0x1.fae147ae147aep-1, -0x1.db1f34d2c386dp-7},
                                     {0x1.028f5c28f5c29p+0, 0x1.d664ecee35b80p-7},
                                     {0x1.7e43c8800759cp+996, 0x1.f24a09f1a8b89p+9},
                                     {0x1.56e1fc2f8f359p-997, -0x1.f24a09f1a8b89p+9},
                                     {0x1.00068db8bac71p+16, 0x1.000097451d282p+4}}) {
            CAPTURE(golden.x);
            CHECK(std::bit_cast<std::uint64_t>(alloquy::score::log2(golden.x)) ==
                  std::bit_cast<std::uint64_t>(golden.expected));
        }
    }

    TEST_CASE("exp2 of a whole number is that power of two exactly") {
        for (int n = -1000; n <= 1000; ++n) {
            CAPTURE(n);
            REQUIRE(alloquy::score::exp2(n) == std::ldexp(1.0, n));
        }
        CHECK(alloquy::score::exp2(-0.0) == 1);
    }

    TEST_CASE("log2 of a power of two is its exponent exactly, over all normal numbers") {
        for (int n = std::numeric_limits<double>::min_exponent - 1; n < std::numeric_limits<double>::max_exponent;
             ++n) {
            CAPTURE(n);
            REQUIRE(alloquy::score::log2(std::ldexp(1.0, n)) == n);
        }
    }

    TEST_CASE("exp2 is within 3e-13 of the exact value over its whole range") {
        long double worst = 0;
        for (int i = -1'000'000; i <= 1'000'000; ++i) worst = std::max(worst, relative_error_of_exp2(i / 1000.0));
        // Densely around the ends of the series' own range, on both sides of each half.
        for (const double half : {-999.5, -17.5, -0.5, 0.5, 1.5, 999.5}) {
            for (int i = -2000; i <= 2000; ++i) worst = std::max(worst, relative_error_of_exp2(half + i * 1e-7));
        }
        alloquy::support::Random random{1};
        for (int i = 0; i < 500'000; ++i) {
            worst = std::max(worst, relative_error_of_exp2(random.fraction() * 2000 - 1000));
        }
        CHECK(static_cast<double>(worst) <= 3e-13);
    }

    TEST_CASE("exp2 never falls by more than its error bound as its argument grows") {
        double before = alloquy::score::exp2(-2.0);
        for (int i = 1; i <= 400'000; ++i) {
            const double now = alloquy::score::exp2(-2.0 + i * 1e-5);
            REQUIRE(now > before);  // a step of 1e-5 raises 2^x by 7e-6, far more than 6e-13
            before = now;
        }
    }

    TEST_CASE("log2 is within 1e-15 and a rounding of the exact value") {
        long double worst = -1;
        for (int i = 1; i <= 400'000; ++i) worst = std::max(worst, excess_of_log2(i * 1e-5));
        for (int i = -100'000; i <= 100'000; ++i) {
            worst = std::max(worst, excess_of_log2(1 + i * 1e-9));
            worst = std::max(worst, excess_of_log2(std::sqrt(0.5) * (1 + i * 1e-12)));
            worst = std::max(worst, excess_of_log2(std::sqrt(2.0) * (1 + i * 1e-12)));
        }
        alloquy::support::Random random{2};
        for (int i = 0; i < 400'000; ++i) {
            const double x = std::ldexp(1 + random.fraction(), static_cast<int>(random.between(-1022, 1023)));
            worst = std::max(worst, excess_of_log2(x));
        }
        for (const double end : {std::numeric_limits<double>::min(), std::numeric_limits<double>::max()}) {
            worst = std::max(worst, excess_of_log2(end));
        }
        CHECK(static_cast<double>(worst) <= 0);
    }

    TEST_CASE("each function undoes the other") {
        for (int i = -100'000; i <= 100'000; ++i) {
            const double x = i / 101.0;
            REQUIRE(std::abs(alloquy::score::log2(alloquy::score::exp2(x)) - x) <= 1e-12);
        }
    }

    TEST_CASE("exp2 of NaN is NaN, whatever bits it carries") {
        CHECK(std::isnan(alloquy::score::exp2(std::numeric_limits<double>::quiet_NaN())));
        for (const std::uint64_t payload : {0x001U, 0x7FFU, 0x800U, 0xFFFU, 0x1234U}) {
            CAPTURE(payload);
            CHECK(std::isnan(alloquy::score::exp2(std::bit_cast<double>(0x7FF8000000000000U | payload))));
            CHECK(std::isnan(alloquy::score::exp2(std::bit_cast<double>(0xFFF8000000000000U | payload))));
        }
    }
}
