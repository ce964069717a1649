#include <alloquy/score/random.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

using alloquy::score::philox4x32_10;
using alloquy::score::random_below;
using alloquy::score::random_bits;
using alloquy::score::random_fraction;

namespace {

using Block = std::array<std::uint32_t, 4>;

/// Sum of (found - expected)^2 / expected over cells that are equally likely.
double chi_squared(const std::vector<int>& found, int draws) {
    const double expected = static_cast<double>(draws) / static_cast<double>(found.size());
    double sum = 0;
    for (const int count : found) sum += (count - expected) * (count - expected) / expected;
    return sum;
}

}  // namespace

TEST_SUITE("score/random") {
    TEST_CASE("Philox gives the published known answers") {
        // The three lines "philox4x32 10" of tests/kat_vectors in Random123 1.14 (D. E. Shaw Research).
        CHECK(philox4x32_10({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
        CHECK(philox4x32_10({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
        CHECK(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
    }

    TEST_CASE("seed, stream and counter fill the key and the counter, lowest word first") {
        // The same known answers, now with the digits of pi as seed, stream and counter.
        CHECK(random_bits(0, 0, 0) == 0xe169c58d'6627e8d5U);
        CHECK(random_bits(0x299f31d0'a4093822U, 0x03707344'13198a2eU, 0x85a308d3'243f6a88U) == 0x94fdcceb'd16cfe09U);
        static_assert(random_bits(0, 0, 0) == 0xe169c58d'6627e8d5U);  // also at compile time
    }

    TEST_CASE("a fraction is the 53 high bits, so it never reaches 1") {
        // By hand: 0xe169c58d6627e8d5 >> 11 = 0x1c2d38b1acc4fd, times 2^-53.
        CHECK(random_fraction(0, 0, 0) == static_cast<double>(0x1c2d38b1acc4fdU) * 0x1p-53);
        for (std::uint64_t i = 0; i < 100'000; ++i) {
            const double fraction = random_fraction(1, 2, i);
            REQUIRE(fraction >= 0);
            REQUIRE(fraction < 1);
        }
    }

    TEST_CASE("the product has all 128 bits") {
        // By hand: (2^64 - 1)^2 = 2^128 - 2^65 + 1; others from Python's integers.
        constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
        const auto square = alloquy::score::detail::multiply(all, all);
        CHECK(square.high == all - 1);
        CHECK(square.low == 1);
        const auto product = alloquy::score::detail::multiply(0x123456789abcdef0U, 0xfedcba9876543210U);
        CHECK(product.high == 0x121fa00ad77d7422U);
        CHECK(product.low == 0x236d88fe5618cf00U);
    }

    TEST_CASE("a number below n is the high half of bits times n while no number is favoured") {
        // Powers of two divide 2^64: the result is the high bits themselves.
        for (std::uint64_t i = 0; i < 1000; ++i) {
            REQUIRE(random_below(3, 4, i, 1024) == random_bits(3, 4, i) >> 54U);
            REQUIRE(random_below(3, 4, i, 1) == 0);
        }
    }

    TEST_CASE("numbers that would be favoured are drawn again") {
        // With n = 2^63 + 1, 2^64 mod n = 2^63 - 1: nearly half of the first draws are refused. By hand: bits b are
        // refused if (b * n) mod 2^64 = b + (b odd ? 2^63 : 0) mod 2^64 lies below 2^63 - 1.
        constexpr std::uint64_t n = (std::uint64_t{1} << 63U) + 1;
        int refused = 0;
        for (std::uint64_t i = 0; i < 10'000; ++i) {
            const std::uint64_t bits = random_bits(5, 6, i);
            const std::uint64_t low = bits + (bits % 2 == 1 ? std::uint64_t{1} << 63U : 0);
            const std::uint64_t drawn = random_below(5, 6, i, n);
            REQUIRE(drawn < n);
            if (low < n - 2) {
                ++refused;
            } else {
                REQUIRE(drawn == (bits >> 1U) + (bits % 2 == 1 && bits >> 63U == 1 ? 1 : 0));
            }
        }
        CHECK(refused > 4700);  // 5000 expected, standard deviation 50
        CHECK(refused < 5300);
    }

    TEST_CASE("a large n that does not divide 2^64 is not biased") {
        // With n = 3 * 2^62, a draw without rejection gives each multiple of 3 twice the probability of its
        // neighbours: a half of all, where a third is right. 30,000 draws: standard deviation 82.
        constexpr std::uint64_t n = 3 * (std::uint64_t{1} << 62U);
        std::vector<int> by_remainder(3);
        for (std::uint64_t i = 0; i < 30'000; ++i) ++by_remainder[random_below(7, 8, i, n) % 3];
        for (const int count : by_remainder) CHECK(std::abs(count - 10'000) < 5 * 82);
    }

    TEST_CASE("all numbers below a small n are equally likely, in each stream and for neighbouring seeds") {
        // Chi-squared with 9 degrees of freedom is above 33.7 with probability 1e-4 (scipy.stats.chi2.isf).
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            for (std::uint64_t stream = 0; stream < 5; ++stream) {
                CAPTURE(seed);
                CAPTURE(stream);
                std::vector<int> found(10);
                for (std::uint64_t i = 0; i < 10'000; ++i) ++found[random_below(seed, stream, i, 10)];
                CHECK(chi_squared(found, 10'000) < 33.7);
            }
        }
    }

    TEST_CASE("streams and seeds side by side are independent") {
        // Pairs (a, b) from two streams, and from two seeds, fill 25 cells alike; chi-squared with 24 degrees of
        // freedom is above 59 with probability 1e-4.
        std::vector<int> streams(25);
        std::vector<int> seeds(25);
        for (std::uint64_t i = 0; i < 20'000; ++i) {
            const std::uint64_t base = random_below(1, 1, i, 5);
            ++streams[base * 5 + random_below(1, 2, i, 5)];
            ++seeds[base * 5 + random_below(2, 1, i, 5)];
        }
        CHECK(chi_squared(streams, 20'000) < 59);
        CHECK(chi_squared(seeds, 20'000) < 59);
    }

    TEST_CASE("below 0 there is nothing to draw") {
        CHECK_THROWS_AS((void)random_below(1, 2, 3, 0), alloquy::InvalidArgument);
    }
}
