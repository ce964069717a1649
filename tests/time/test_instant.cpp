#include <alloquy/time/instant.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <type_traits>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

using alloquy::time::Duration;
using alloquy::time::Instant;

static_assert(!std::is_convertible_v<std::int64_t, Instant>);
static_assert(!std::is_default_constructible_v<Instant>);

TEST_SUITE("time/instant") {
    TEST_CASE("an instant holds the years 1 to 9999 and refuses what lies outside") {
        CHECK(Instant::earliest().unix_ms() == -62'135'596'800'000);
        CHECK(Instant::latest().unix_ms() == 253'402'300'799'999);
        CHECK(Instant::from_unix_ms(Instant::min_unix_ms) == Instant::earliest());
        CHECK(Instant::from_unix_ms(Instant::max_unix_ms) == Instant::latest());
        CHECK_THROWS_AS((void)Instant::from_unix_ms(Instant::min_unix_ms - 1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Instant::from_unix_ms(Instant::max_unix_ms + 1), alloquy::InvalidArgument);
    }

    TEST_CASE("durations are added and taken off, and instants subtracted") {
        const Instant instant = Instant::from_unix_ms(1000);
        CHECK((instant + std::chrono::hours{1}).unix_ms() == 3'601'000);
        CHECK((instant - std::chrono::seconds{2}).unix_ms() == -1000);
        CHECK(Instant::from_unix_ms(5000) - instant == Duration{4000});
        CHECK(instant - Instant::from_unix_ms(5000) == Duration{-4000});
        CHECK(Instant::earliest() + (Instant::latest() - Instant::earliest()) == Instant::latest());
        CHECK(Instant::latest() - (Instant::latest() - Instant::earliest()) == Instant::earliest());
    }

    TEST_CASE("a sum outside the range is refused, whatever the duration") {
        CHECK_THROWS_AS((void)(Instant::latest() + Duration{1}), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)(Instant::earliest() - Duration{1}), alloquy::InvalidArgument);
        for (const Instant instant : {Instant::earliest(), Instant::from_unix_ms(0), Instant::latest()}) {
            CHECK_THROWS_AS((void)(instant + Duration::max()), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)(instant + Duration::min()), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)(instant - Duration::max()), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)(instant - Duration::min()), alloquy::InvalidArgument);
        }
    }

    TEST_CASE("instants are ordered and hash alike when equal") {
        CHECK(Instant::from_unix_ms(-1) < Instant::from_unix_ms(0));
        CHECK(std::hash<Instant>{}(Instant::from_unix_ms(7)) == std::hash<Instant>{}(Instant::from_unix_ms(7)));
    }
}
