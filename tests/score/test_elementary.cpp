#include <alloquy/score/elementary.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include "../support/random.hpp"

// The bit-exact numbers were made by this program (python3, exact rationals rounded once per documented operation):
//   from fractions import Fraction as F; import math
//   r = lambda v: F(float(v)); HI = F(6.93147180369123816490e-01); LO = F(1.90821492927058770002e-10)
//   def series(f):                             # Taylor, degree 13
//       p = F(0)
//       for k in range(13, -1, -1): p = r(r(p * f) + r(F(1, math.factorial(k))))
//       return p
//   def exp2(x): n = round(x); return series(r((x - n) * F(0.6931471805599453))) * F(2) ** n
//   def exp(x):
//       k = r(r(x * F(1.4426950408889634)) + 3 * 2**51) - 3 * 2**51
//       return series(r(r(x - r(k * HI)) - r(k * LO))) * F(2) ** int(k)
//   def parts(x):
//       m, e = math.frexp(x); m = F(m); p = F(0)
//       if m < F(math.sqrt(0.5)): m *= 2; e -= 1
//       z = r(r(m - 1) / r(m + 1)); s = r(z * z)
//       for k in range(19, 0, -2): p = r(r(p * s) + r(F(1, k)))
//       return e, z, p
//   def log2(x): e, z, p = parts(x); return r(e + r(r(F(2.8853900817779268) * z) * p))
//   def log(x): e, z, p = parts(x); return r(r(e * HI) + r(r(e * LO) + r(r(2 * z) * p)))
//   def log1p(x): u = r(1 + x); return x if u == 1 else r(log(u) * r(x / r(u - 1)))
//   def expm1(x): u = exp(x); return x if u == 1 else r(r(u - 1) * r(x / log(u)))
//   def logistic(x): e = exp(-abs(x)); return r((e if x < 0 else 1) / r(1 + e))
//   def log1p_exp(x): return r(max(x, 0) + log1p(exp(-abs(x))))
//   print(float(exp2(F(0.1))).hex(), float(log2(F(3.0))).hex())   # and so on
namespace {

namespace score = alloquy::score;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest_normal = std::numeric_limits<double>::min();

struct Golden {
    double x;
    double expected;
};

template <class Function, std::size_t n>
void check_bits(Function function, const std::array<Golden, n>& all) {
    for (const Golden& golden : all) {
        CAPTURE(golden.x);
        CHECK(std::bit_cast<std::uint64_t>(function(golden.x)) == std::bit_cast<std::uint64_t>(golden.expected));
    }
}

/// Distance of neighbouring doubles at a value.
double ulp(double value) {
    return std::nextafter(std::abs(value), infinity) - std::abs(value);
}

/// The larger of two errors; NaN is the largest.
long double worse(long double a, long double b) {
    return a >= b || a != a ? a : b;
}

/// The largest relative error seen, against the same function with more digits.
template <class Function, class Exact>
class RelativeError {
public:
    RelativeError(Function function, Exact exact) : function_{function}, exact_{exact} {}
    void at(double x) {
        const long double exact = exact_(static_cast<long double>(x));
        if (exact == 0) {
            if (function_(x) != 0) worst_ = infinity;
            return;
        }
        const long double error = std::abs((static_cast<long double>(function_(x)) - exact) / exact);
        worst_ = worse(worst_, error);
    }
    [[nodiscard]] double worst() const { return static_cast<double>(worst_); }

private:
    Function function_;
    Exact exact_;
    long double worst_ = 0;
};

/// Error of a logarithm beyond what the documentation allows: 1e-15 and one rounding.
long double excess(double found, long double exact) {
    return std::abs(static_cast<long double>(found) - exact) - (1e-15L + 0.5L * ulp(found));
}

/// Of both logarithms at once.
long double excess_of_logs(double x) {
    return worse(excess(score::log2(x), std::log2(static_cast<long double>(x))),
                 excess(score::log(x), std::log(static_cast<long double>(x))));
}

/// A number of any size, of either sign, down to 2^-70.
double any_small(alloquy::support::Random& random, double largest_size) {
    const double size = std::ldexp(largest_size * random.fraction(), -static_cast<int>(random.below(70)));
    return random.chance(50) ? size : -size;
}

}  // namespace

TEST_SUITE("score/elementary") {
    // The reference needs more digits than a double; x87 and quadruple formats have them.
    static_assert(std::numeric_limits<long double>::digits >= 64);

    TEST_CASE("exp2 gives the same bits everywhere") {
        check_bits(score::exp2, std::array{Golden{0x1.999999999999ap-4, 0x1.125fbee250664p+0},
                                           Golden{0x1.0000000000000p-1, 0x1.6a09e667f3bccp+0},
                                           Golden{-0x1.0000000000000p-1, 0x1.6a09e667f3bccp-1},
                                           Golden{0x1.8000000000000p+0, 0x1.6a09e667f3bccp+1},
                                           Golden{0x1.4000000000000p-2, 0x1.3dea64c123422p+0},
                                           Golden{0x1.5555555555555p-2, 0x1.428a2f98d728bp+0},
                                           Golden{-0x1.d000000000000p+2, 0x1.ae89f995ad3aep-8},
                                           Golden{0x1.9180000000000p+6, 0x1.4bfdad5362a27p+100},
                                           Golden{-0x1.f3e0000000000p+9, 0x1.306fe0a31b715p-1000},
                                           Golden{0x1.f3f3333333333p+9, 0x1.ddb680117aa8ep+999},
                                           Golden{-0x1.ffe5c267183d1p-2, 0x1.6a1054b541e7fp-1},
                                           Golden{0x1.70ef54646d497p-57, 0x1.0000000000000p+0}});
    }

    TEST_CASE("log2 gives the same bits everywhere") {
        check_bits(score::log2, std::array{Golden{0x1.8000000000000p+1, 0x1.95c01a39fbd68p+0},
                                           Golden{0x1.4000000000000p+3, 0x1.a934f0979a371p+1},
                                           Golden{0x1.999999999999ap-4, -0x1.a934f0979a371p+1},
                                           Golden{0x1.8000000000000p+0, 0x1.2b803473f7ad1p-1},
                                           Golden{0x1.6666666666666p-1, -0x1.0776228967d13p-1},
                                           Golden{0x1.fae147ae147aep-1, -0x1.db1f34d2c386dp-7},
                                           Golden{0x1.028f5c28f5c29p+0, 0x1.d664ecee35b80p-7},
                                           Golden{0x1.7e43c8800759cp+996, 0x1.f24a09f1a8b89p+9},
                                           Golden{0x1.56e1fc2f8f359p-997, -0x1.f24a09f1a8b89p+9},
                                           Golden{0x1.0007000000000p+16, 0x1.0000a192be453p+4},
                                           Golden{0x1.0000000000001p+0, 0x1.71547652b82fep-52},
                                           Golden{0x1.fffffffffffffp-1, -0x1.71547652b82fep-53}});
    }

    TEST_CASE("exp and log give the same bits everywhere") {
        check_bits(score::exp, std::array{Golden{0x1.0000000000000p+0, 0x1.5bf0a8b14576ap+1},
                                          Golden{-0x1.0000000000000p+0, 0x1.78b56362cef38p-2},
                                          Golden{0x1.999999999999ap-4, 0x1.1aec7b35a00d4p+0},
                                          Golden{-0x1.999999999999ap-4, 0x1.cf46d99d52b3ap-1},
                                          Golden{0x1.0000000000000p-30, 0x1.0000000400000p+0},
                                          Golden{0x1.4000000000000p+3, 0x1.5829dcf950560p+14},
                                          Golden{-0x1.2c00000000000p+5, 0x1.dd5c566301ec8p-55},
                                          Golden{0x1.62e42fefa39efp-2, 0x1.6a09e667f3bccp+0},
                                          Golden{0x1.9080000000000p+6, 0x1.5daaf24221d5ep+144},
                                          Golden{-0x1.6200000000000p+9, 0x1.7c8ab2288c9acp-1022},
                                          Golden{0x1.6280000000000p+9, 0x1.d422d2be5dc9bp+1022},
                                          Golden{0x1.70ef54646d497p-57, 0x1.0000000000000p+0}});
        check_bits(
            score::log,
            std::array{
                Golden{0x1.0000000000000p+1, 0x1.62e42fefa39efp-1}, Golden{0x1.8000000000000p+1, 0x1.193ea7aad030bp+0},
                Golden{0x1.4000000000000p+3, 0x1.26bb1bbb55516p+1}, Golden{0x1.999999999999ap-4, -0x1.26bb1bbb55515p+1},
                Golden{0x1.fae147ae147aep-1, -0x1.495453e6fd4bcp-7}, Golden{0x1.028f5c28f5c29p+0, 0x1.460d6ccca367cp-7},
                Golden{0x1.6a09e667f3bcdp+0, 0x1.62e42fefa39f0p-2}, Golden{0x1.6a09e667f3bcdp-1, -0x1.62e42fefa39eep-2},
                Golden{0x1.7e43c8800759cp+996, 0x1.5963447f87fb5p+9},
                Golden{0x1.56e1fc2f8f359p-997, -0x1.5963447f87fb5p+9},
                Golden{0x1.0000000000001p+0, 0x1.0000000000000p-52},
                Golden{0x1.fffffffffffffp-1, -0x1.0000000000000p-53}});
    }

    TEST_CASE("log1p and expm1 give the same bits everywhere") {
        check_bits(score::log1p, std::array{Golden{0x1.0000000000000p+0, 0x1.62e42fefa39efp-1},
                                            Golden{-0x1.0000000000000p-1, -0x1.62e42fefa39efp-1},
                                            Golden{0x1.999999999999ap-4, 0x1.8663f793c46c7p-4},
                                            Golden{-0x1.999999999999ap-4, -0x1.af8e8210a415dp-4},
                                            Golden{0x1.0624dd2f1a9fcp-10, 0x1.060354f8c3ebfp-10},
                                            Golden{-0x1.0624dd2f1a9fcp-10, -0x1.064670d979b6fp-10},
                                            Golden{0x1.b7cdfd9d7bdbbp-34, 0x1.b7cdfd9d1d693p-34},
                                            Golden{0x1.0000000000000p-52, 0x1.0000000000000p-52},
                                            Golden{0x1.70ef54646d497p-57, 0x1.70ef54646d497p-57},
                                            Golden{0x1.4800000000000p+5, 0x1.de6bf542e3d2dp+1},
                                            Golden{0x1.4e718d7d7625ap+664, 0x1.cc845b54b54f2p+8},
                                            Golden{-0x1.fffffffffffffp-1, -0x1.25e4f7b2737fap+5}});
        check_bits(score::expm1, std::array{Golden{0x1.0000000000000p+0, 0x1.b7e151628aed4p+0},
                                            Golden{-0x1.0000000000000p+0, -0x1.43a54e4e98864p-1},
                                            Golden{0x1.999999999999ap-4, 0x1.aec7b35a00d3ap-4},
                                            Golden{-0x1.999999999999ap-4, -0x1.85c933156a62bp-4},
                                            Golden{0x1.0624dd2f1a9fcp-10, 0x1.06466dfb8cf3ap-10},
                                            Golden{-0x1.0624dd2f1a9fcp-10, -0x1.0603521cac48bp-10},
                                            Golden{0x1.b7cdfd9d7bdbbp-34, 0x1.b7cdfd9dda4e3p-34},
                                            Golden{0x1.70ef54646d497p-57, 0x1.70ef54646d497p-57},
                                            Golden{0x1.4000000000000p+4, 0x1.ceb088a68e804p+28},
                                            Golden{-0x1.4000000000000p+4, -0x1.ffffffee4b79bp-1},
                                            Golden{0x1.5e00000000000p+9, 0x1.d945df4f8ec8ep+1009},
                                            Golden{-0x1.5900000000000p+9, -0x1.0000000000000p+0}});
    }

    TEST_CASE("logistic and log1p_exp give the same bits everywhere") {
        check_bits(
            score::logistic,
            std::array{
                Golden{0, 0x1.0000000000000p-1}, Golden{0x1.0000000000000p+0, 0x1.764d4f5d5a2bdp-1},
                Golden{-0x1.0000000000000p+0, 0x1.136561454ba86p-2}, Golden{0x1.999999999999ap-4, 0x1.0cca12729afb8p-1},
                Golden{-0x1.999999999999ap-4, 0x1.e66bdb1aca090p-2}, Golden{0x1.6000000000000p+2, 0x1.fdea84d73d720p-1},
                Golden{-0x1.6000000000000p+2, 0x1.0abd946147066p-8}, Golden{0x1.2000000000000p+5, 0x1.ffffffffffffep-1},
                Golden{-0x1.2000000000000p+5, 0x1.0b6c3afdde063p-52},
                Golden{0x1.5e00000000000p+9, 0x1.0000000000000p+0},
                Golden{-0x1.5e00000000000p+9, 0x1.14f2b0fb9307fp-1010}});
        check_bits(
            score::log1p_exp,
            std::array{
                Golden{0, 0x1.62e42fefa39efp-1}, Golden{0x1.0000000000000p+0, 0x1.5031eafefb049p+0},
                Golden{-0x1.0000000000000p+0, 0x1.40c7abfbec124p-2}, Golden{0x1.999999999999ap-4, 0x1.7d218f1c8904fp-1},
                Golden{-0x1.999999999999ap-4, 0x1.49ee5be955d1cp-1}, Golden{0x1.6000000000000p+2, 0x1.6042d23b1dcdep+2},
                Golden{-0x1.6000000000000p+2, 0x1.0b48ec7737a00p-8}, Golden{0x1.2000000000000p+5, 0x1.2000000000000p+5},
                Golden{-0x1.2000000000000p+5, 0x1.0b6c3afdde064p-52},
                Golden{0x1.5e00000000000p+9, 0x1.5e00000000000p+9},
                Golden{-0x1.5e00000000000p+9, 0x1.14f2b0fb9307fp-1010}});
    }

    TEST_CASE("exp2 of a whole number is that power of two exactly") {
        for (int n = -1000; n <= 1000; ++n) {
            CAPTURE(n);
            REQUIRE(score::exp2(n) == std::ldexp(1.0, n));
        }
        CHECK(score::exp2(-0.0) == 1);
    }

    TEST_CASE("log2 of a power of two is its exponent exactly, over all normal numbers") {
        for (int n = std::numeric_limits<double>::min_exponent - 1; n < std::numeric_limits<double>::max_exponent;
             ++n) {
            CAPTURE(n);
            REQUIRE(score::log2(std::ldexp(1.0, n)) == n);
        }
    }

    TEST_CASE("what is exact by its meaning is exact") {
        CHECK(score::exp(0) == 1);
        CHECK(score::exp(-0.0) == 1);
        CHECK(score::log(1) == 0);
        CHECK(score::log1p(0) == 0);
        CHECK(score::expm1(0) == 0);
        CHECK(score::logistic(0) == 0.5);
        CHECK(score::logistic(-0.0) == 0.5);
    }

    TEST_CASE("exp2 has a relative error below 1e-15 over its whole range") {
        RelativeError error{score::exp2, [](long double x) { return std::exp2(x); }};
        for (int i = -200'000; i <= 200'000; ++i) error.at(i / 200.0);
        // Densely around the ends of the series' own range, on both sides of each half.
        for (const double half : {-999.5, -17.5, -0.5, 0.5, 1.5, 999.5}) {
            for (int i = -2000; i <= 2000; ++i) error.at(half + i * 1e-7);
        }
        alloquy::support::Random random{1};
        for (int i = 0; i < 200'000; ++i) {
            error.at(random.fraction() * 2000 - 1000);
            error.at(any_small(random, 1));
        }
        error.at(-1000);
        error.at(1000);
        CHECK(error.worst() < 1e-15);
    }

    TEST_CASE("exp has a relative error below 1e-15 over its whole range") {
        RelativeError error{score::exp, [](long double x) { return std::exp(x); }};
        for (int i = -141'600; i <= 141'800; ++i) error.at(i / 200.0);  // -708 to 709
        // Around the borders between two powers of two, odd multiples of ln(2) / 2.
        for (int n = -2041; n <= 2043; n += 2) {
            for (int i = -20; i <= 20; ++i) error.at(n * 0.34657359027997264 + i * 1e-9);
        }
        alloquy::support::Random random{5};
        for (int i = 0; i < 200'000; ++i) {
            error.at(random.fraction() * 1417 - 708);
            error.at(any_small(random, 1));
        }
        CHECK(error.worst() < 1e-15);
    }

    TEST_CASE("beyond -708 and 709 exp is 0 and infinity") {
        CHECK(score::exp(-708) > smallest_normal);
        CHECK(score::exp(std::nextafter(-708.0, -infinity)) == 0);
        CHECK(score::exp(709) < infinity);
        CHECK(score::exp(std::nextafter(709.0, infinity)) == infinity);
        CHECK(score::exp(-infinity) == 0);
        CHECK(score::exp(infinity) == infinity);
        CHECK(score::exp(-largest) == 0);
        CHECK(score::exp(largest) == infinity);
    }

    TEST_CASE("log2 and log are within 1e-15 and a rounding of the exact value") {
        long double worst = -1;
        for (int i = 1; i <= 200'000; ++i) worst = worse(worst, excess_of_logs(i * 2e-5));
        for (int i = -30'000; i <= 30'000; ++i) {
            worst = worse(worst, excess_of_logs(1 + i * 1e-9));
            worst = worse(worst, excess_of_logs(std::sqrt(0.5) * (1 + i * 1e-12)));
            worst = worse(worst, excess_of_logs(std::sqrt(2.0) * (1 + i * 1e-12)));
        }
        alloquy::support::Random random{2};
        for (int i = 0; i < 200'000; ++i) {
            const double x = std::ldexp(1 + random.fraction(), static_cast<int>(random.between(-1022, 1023)));
            worst = worse(worst, excess_of_logs(x));
        }
        for (const double end : {smallest_normal, largest}) worst = worse(worst, excess_of_logs(end));
        CHECK(static_cast<double>(worst) <= 0);
    }

    TEST_CASE("log1p has a relative error below 1e-14, for small numbers and close to -1 too") {
        RelativeError error{score::log1p, [](long double x) { return std::log1p(x); }};
        alloquy::support::Random random{3};
        for (int i = 0; i < 200'000; ++i) {
            error.at(any_small(random, 1));
            error.at(4 * random.fraction() - 0.999);
            error.at(std::ldexp(1 + random.fraction(), -static_cast<int>(random.below(52)) - 1) - 1);
            error.at(std::ldexp(1 + random.fraction(), static_cast<int>(random.below(1023))));
        }
        // Around the borders where the sum rounds to 1, and where the logarithm changes its exponent.
        for (int i = -2000; i <= 2000; ++i) {
            error.at(0x1p-53 * (1 + i * 1e-4));
            error.at(-0x1p-54 * (1 + i * 1e-4));
            error.at(std::sqrt(0.5) - 1 + i * 1e-12);
            error.at(std::sqrt(2.0) - 1 + i * 1e-12);
        }
        for (const double end : {std::nextafter(-1.0, 0.0), smallest_normal, largest, 0.0}) error.at(end);
        CHECK(error.worst() < 1e-14);
        for (const double tiny : {1e-17, -1e-17, 1e-300, -1e-300}) CHECK(score::log1p(tiny) == tiny);
    }

    TEST_CASE("expm1 has a relative error below 1e-14, for small numbers and far from 0 too") {
        RelativeError error{score::expm1, [](long double x) { return std::expm1(x); }};
        alloquy::support::Random random{4};
        for (int i = 0; i < 200'000; ++i) {
            error.at(any_small(random, 1));
            error.at(random.fraction() * 8 - 4);
            error.at(random.fraction() * 1417 - 708);
        }
        for (int i = -2000; i <= 2000; ++i) {
            error.at(0x1p-53 * (1 + i * 1e-4));
            error.at(-0x1p-54 * (1 + i * 1e-4));
            error.at(0.34657359027997264 + i * 1e-12);
            error.at(-0.34657359027997264 + i * 1e-12);
            error.at(-690.7755278982137 + i * 1e-6);  // where e^x passes 1e-300
        }
        error.at(std::nextafter(709.0, 0.0));
        error.at(0);
        CHECK(error.worst() < 1e-14);
        for (const double tiny : {1e-17, -1e-17, 1e-300, -1e-300}) CHECK(score::expm1(tiny) == tiny);
        for (const double far : {-40.0, -708.0, -709.0, -1e6, -largest, -infinity}) CHECK(score::expm1(far) == -1);
    }

    TEST_CASE("logistic is 1 / (1 + e^-x), in [0, 1], and both outcomes make up 1") {
        // Three roundings beyond that of exp: 1e-15 + 3 * 2^-53.
        RelativeError error{score::logistic, [](long double x) { return 1 / (1 + std::exp(-x)); }};
        for (int i = -141'600; i <= 141'600; ++i) {
            const double x = i / 200.0;
            error.at(x);
            REQUIRE(std::abs(score::logistic(x) + score::logistic(-x) - 1) <= 2e-15);
        }
        CHECK(error.worst() < 1.4e-15);
        for (const double far : {708.0, 709.0, 710.0, 1e6, largest, infinity}) {
            CAPTURE(far);
            CHECK(score::logistic(far) == 1);
            CHECK(score::logistic(-far) >= 0);
            CHECK(score::logistic(-far) < 1e-307);
        }
    }

    TEST_CASE("log1p_exp is log(1 + e^x), never below 0, and does not overflow") {
        // exp, log1p and a sum: 1e-15 + 1e-14 + 2^-53.
        RelativeError error{score::log1p_exp,
                            [](long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); }};
        for (int i = -141'600; i <= 141'600; ++i) error.at(i / 200.0);
        for (const double x : {709.0, 710.0, 1e6, largest}) error.at(x);
        CHECK(error.worst() < 1.2e-14);
        CHECK(score::log1p_exp(infinity) == infinity);
        for (const double far : {-708.0, -709.0, -1e6, -largest, -infinity}) {
            CAPTURE(far);
            CHECK(score::log1p_exp(far) >= 0);
            CHECK(score::log1p_exp(far) < 1e-307);
        }
    }

    TEST_CASE("each function rises with its argument, in steps that are larger than its error") {
        double exp2_before = score::exp2(-2.001);
        double exp_before = score::exp(-2.001);
        double log2_before = score::log2(0.499);
        double log_before = score::log(0.499);
        double log1p_before = score::log1p(-0.501);
        double expm1_before = score::expm1(-2.001);
        double logistic_before = score::logistic(-2.001);
        double log1p_exp_before = score::log1p_exp(-2.001);
        const auto rises = [](double& before, double now) {
            const bool is_higher = now > before;
            before = now;
            return is_higher;
        };
        for (int i = 0; i <= 400'000; ++i) {
            const double x = -2 + i * 1e-5;
            REQUIRE(rises(exp2_before, score::exp2(x)));
            REQUIRE(rises(exp_before, score::exp(x)));
            REQUIRE(rises(log2_before, score::log2(2.5 + x)));
            REQUIRE(rises(log_before, score::log(2.5 + x)));
            REQUIRE(rises(log1p_before, score::log1p(1.5 + x)));
            REQUIRE(rises(expm1_before, score::expm1(x)));
            REQUIRE(rises(logistic_before, score::logistic(x)));
            REQUIRE(rises(log1p_exp_before, score::log1p_exp(x)));
        }
    }

    TEST_CASE("each function undoes the other") {
        for (int i = -50'000; i <= 50'000; ++i) {
            const double x = i / 101.0;
            REQUIRE(std::abs(score::log2(score::exp2(x)) - x) <= 1e-15 * (3 + std::abs(x)));
            REQUIRE(std::abs(score::log(score::exp(x)) - x) <= 1e-15 * (3 + std::abs(x)));
            const double small = x / 1000;
            REQUIRE(std::abs(score::log1p(score::expm1(small)) - small) <= 3e-14 * std::abs(small));
        }
    }

    TEST_CASE("NaN stays NaN in exp2, exp, logistic, whatever bits it carries") {
        for (const std::uint64_t payload : {0x000U, 0x001U, 0x7FFU, 0x800U, 0xFFFU, 0x1234U}) {
            CAPTURE(payload);
            for (const std::uint64_t sign : {0x7FF8000000000000U, 0xFFF8000000000000U}) {
                const double nan = std::bit_cast<double>(sign | payload);
                CHECK(std::isnan(score::exp2(nan)));
                CHECK(std::isnan(score::exp(nan)));
                CHECK(std::isnan(score::logistic(nan)));
            }
        }
    }
}
