#include <alloquy/score/explanation.hpp>

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::score::Explanation;
using alloquy::score::on_grid;
using alloquy::score::Part;
using alloquy::support::Random;

TEST_SUITE("score/explanation") {
    TEST_CASE("a number is cut towards 0, by hand") {
        CHECK(on_grid(0.74, 4) == 0.5);
        CHECK(on_grid(0.75, 4) == 0.75);
        CHECK(on_grid(-0.74, 4) == -0.5);
        CHECK(on_grid(-0.75, 4) == -0.75);
        CHECK(on_grid(7.999, 1) == 7);
        CHECK(on_grid(-0.999, 1) == 0);
        CHECK(on_grid(0, 1024) == 0);
        CHECK(on_grid(1e-300, 0x1p40) == 0);
        CHECK(on_grid(13, 0.25) == 12);                       // a grid of fours
        CHECK(on_grid(0.1, 0x1p30) == 107'374'182 / 0x1p30);  // 2^30 / 10 = 107,374,182.4
    }

    TEST_CASE("what lies on the grid stays, up to 2^62 steps") {
        for (const double steps : {1.0, 1024.0, 0x1p30, 0x1p40}) {
            for (const double count : {1.0, 3.0, 12'345.0, 0x1p52 - 1, 0x1p53, 0x1p61, 0x1p62 * (1 - 0x1p-53)}) {
                CAPTURE(steps);
                CAPTURE(count);
                CHECK(on_grid(count / steps, steps) == count / steps);
                CHECK(on_grid(-count / steps, steps) == -count / steps);
            }
        }
    }

    TEST_CASE("the result is the largest multiple that is not farther from 0") {
        Random random{1};
        for (int i = 0; i < 20'000; ++i) {
            const double steps = std::ldexp(1.0, static_cast<int>(random.below(50)));
            const double number = (random.fraction() - 0.5) * std::ldexp(1.0, static_cast<int>(random.below(12)));
            const double found = on_grid(number, steps);
            // number * steps is exact, as steps is a power of 2.
            REQUIRE(found * steps == std::trunc(number * steps));
            REQUIRE(std::abs(found) <= std::abs(number));
            REQUIRE(std::abs(number - found) < 1 / steps);
        }
    }

    TEST_CASE("sums of numbers on one grid are the same in any order, up to 2^52 steps") {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            Random random{seed};
            constexpr double steps = 0x1p30;
            std::vector<double> numbers;
            std::int64_t exact = 0;
            for (int i = 0; i < 40; ++i) {
                // 40 numbers below 2^16 stay below 2^22 = 2^52 / 2^30.
                numbers.push_back(on_grid((random.fraction() - 0.5) * 0x1p17, steps));
                exact += static_cast<std::int64_t>(numbers.back() * steps);
            }
            for (int order = 0; order < 20; ++order) {
                double sum = 0;
                for (const double number : numbers) sum += number;
                REQUIRE(sum == static_cast<double>(exact) / steps);
                random.shuffle(numbers);
            }
        }
    }

    TEST_CASE("explanations are equal where all their parts are") {
        const Explanation explanation{"score", 0.75, 4, {{"a", 2, 0.25, 0.5}, {"b", 1, 0.25, 0.25}}};
        Explanation other = explanation;
        CHECK(other == explanation);
        other.parts[1].contribution = 0.5;
        CHECK(other != explanation);
        other = explanation;
        other.evidence = 5;
        CHECK(other != explanation);
        std::swap(other.parts[0], other.parts[1]);
        other.evidence = 4;
        CHECK(other != explanation);  // the order of the parts is part of it
        CHECK(Part{"a", 2, 0.25, 0.5} == explanation.parts[0]);
    }
}
