#include <alloquy/segment/leaf_tests.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/fnv_1a.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/time/instant.hpp>

#include "evaluate_support.hpp"

using namespace alloquy::segment;
using namespace evaluate_test;

namespace {

/// Key of a person, as a hash of the external key; the names are made up by counting.
std::uint64_t key_of(int i) {
    return alloquy::fnv_1a("person " + std::to_string(i));
}

}  // namespace

TEST_SUITE("segment/draw") {
    TEST_CASE("a name is hashed by FNV-1a with 64 bits") {
        // draft-eastlake-fnv, test vectors of the appendix: "", "a", "foobar".
        CHECK(alloquy::fnv_1a("") == 0xCBF29CE484222325U);
        CHECK(alloquy::fnv_1a("a") == 0xAF63DC4C8601EC8CU);
        CHECK(alloquy::fnv_1a("foobar") == 0x85944171F73967E8U);
        CHECK(alloquy::fnv_1a("bar", alloquy::fnv_1a("foo")) == alloquy::fnv_1a("foobar"));
        // Of the bytes 08 07 06 05 04 03 02 01, by a separate Python implementation; a number's bytes go lowest first.
        CHECK(alloquy::fnv_1a_number(0x0102030405060708, alloquy::fnv_1a("")) == 0x0C6D4496E17859D5U);
        CHECK(alloquy::fnv_1a_number(0x6261, alloquy::fnv_1a("")) ==
              alloquy::fnv_1a(std::string_view{"ab\0\0\0\0\0\0", 8}));
    }

    TEST_CASE("draws are the numbers that Philox4x32-10 and FNV-1a give") {
        // A separate implementation of both in Python, checked against the vectors of Random123 (kat_vectors,
        // philox4x32 10: counter and key 0 give 6627e8d5 e169c58d bc57ac4c 9b00dbd8) and of draft-eastlake-fnv:
        // 100 * (the upper 53 bits of words 0 and 1) / 2^53; key of Philox: the hash of the name; counter: 0, 0 and the
        // lower 63 bits of the person's key.
        CHECK(draw(0, "") == 0x1.cbefbb7c8c1bep+5);
        CHECK(draw(0, "pilot") == 0x1.5c1a4e6d90d31p+6);
        CHECK(draw(1, "pilot") == 0x1.fee021d3dd09ap+5);
        CHECK(draw(0x123456789ABCDEF, "pilot") == 0x1.4baea5a770bd4p+5);
        CHECK(draw(0xFFFFFFFFFFFFFFFF, "pilot") == 0x1.3b25ba22f2eddp+6);
        CHECK(draw(42, "Gruppe \u00c4") == 0x1.acaa33586f7d1p+3);
        CHECK(draw(alloquy::fnv_1a("s1234567"), "letter a/b") == 0x1.30f4d10f10462p+4);
        for (int i = 0; i < 1000; ++i) CHECK(draw(key_of(i), "pilot") == draw_again(key_of(i), "pilot"));
    }

    TEST_CASE("a part holds its lower bound but not its upper one") {
        Person person;
        person.number = 1;
        const double at = draw(1, "pilot");
        CHECK(holds({RandomPart{at, 100, "pilot"}}, person));
        CHECK_FALSE(holds({RandomPart{0, at, "pilot"}}, person));
        CHECK(holds({RandomPart{0, 100, "pilot"}}, person));
        person.instant = Instant::latest();
        CHECK(holds({RandomPart{at, 100, "pilot"}}, person));
    }

    TEST_CASE("parts of one name that do not overlap share nobody and together hold everybody") {
        const std::vector<Condition> parts{parse("random 10 % of \"pilot\"", catalogue),
                                           parse("random 10 % to 33.3 % of \"pilot\"", catalogue),
                                           parse("random 33.3 % to 33.4 % of \"pilot\"", catalogue),
                                           parse("random 33.4 % to 100 % of \"pilot\"", catalogue)};
        Person person;
        for (int i = 0; i < 20'000; ++i) {
            person.number = key_of(i);
            const auto count =
                std::count_if(parts.begin(), parts.end(), [&](const Condition& part) { return holds(part, person); });
            REQUIRE(count == 1);
        }
    }

    TEST_CASE("a part has about its share of everybody, of running numbers as of hashes") {
        // Binomial with n = 20,000: the standard deviation of a part of 10 % is 42 persons, of 25 % it is 61. Five of
        // them are allowed.
        for (const std::string name : {"pilot", "control", "", "x"}) {
            for (const bool hashed : {true, false}) {
                CAPTURE(name);
                CAPTURE(hashed);
                int first = 0;
                int second = 0;
                for (int i = 0; i < 20'000; ++i) {
                    const double at = draw(hashed ? key_of(i) : static_cast<std::uint64_t>(i), name);
                    REQUIRE(at >= 0);
                    REQUIRE(at < 100);
                    first += at < 10 ? 1 : 0;
                    second += at >= 10 && at < 35 ? 1 : 0;
                }
                CHECK(std::abs(first - 2000) < 5 * 42);
                CHECK(std::abs(second - 5000) < 5 * 61);
            }
        }
    }

    TEST_CASE("draws of two names are independent") {
        // A table of 10 by 10 cells, 200 persons expected in each: chi-squared with 99 degrees of freedom has mean 99
        // and standard deviation sqrt(198) = 14.1. Five of them are allowed.
        for (const auto& names : {std::pair{"pilot", "control"}, std::pair{"a", "b"}, std::pair{"a", "aa"}}) {
            const std::string one = names.first;
            const std::string other = names.second;
            CAPTURE(one);
            std::array<std::array<int, 10>, 10> cells{};
            for (int i = 0; i < 20'000; ++i) {
                const auto row = static_cast<std::size_t>(draw(key_of(i), one) / 10);
                const auto column = static_cast<std::size_t>(draw(key_of(i), other) / 10);
                ++cells.at(row).at(column);
            }
            double squares = 0;
            for (const auto& row : cells) {
                for (const int count : row) squares += (count - 200) * (count - 200) / 200.0;
            }
            CHECK(squares < 99 + 5 * 14.1);
            CHECK(squares > 99 - 5 * 14.1);
        }
    }
}
