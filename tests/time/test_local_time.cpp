#include <alloquy/time/local_time.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>

using alloquy::time::Day;
using alloquy::time::LocalTime;

TEST_SUITE("time/local_time") {
    TEST_CASE("parts go in and come out") {
        const LocalTime local = LocalTime::from_hms(Day::from_ymd(2026, 3, 29), 23, 59, 58, 7);
        CHECK(local.day() == Day::from_ymd(2026, 3, 29));
        CHECK(local.hour() == 23);
        CHECK(local.minute() == 59);
        CHECK(local.second() == 58);
        CHECK(local.millisecond() == 7);
        CHECK(local.ms_of_day() == 86'398'007);  // 86 400 000 - 1993
        CHECK(local == LocalTime::from_day(Day::from_ymd(2026, 3, 29), 86'398'007));
    }

    TEST_CASE("a time of day outside its range is refused") {
        const Day day = Day::from_ymd(2026, 1, 1);
        CHECK_THROWS_AS((void)LocalTime::from_day(day, -1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_day(day, 86'400'000), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_hms(day, 24, 0), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_hms(day, -1, 0), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_hms(day, 0, 60), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_hms(day, 0, 0, 60), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_hms(day, 0, 0, 0, 1000), alloquy::InvalidArgument);
    }

    TEST_CASE("milliseconds since 1970 round down, also before it") {
        CHECK(to_iso(LocalTime::from_epoch_ms(0)) == "1970-01-01T00:00:00.000");
        CHECK(to_iso(LocalTime::from_epoch_ms(-1)) == "1969-12-31T23:59:59.999");
        CHECK(to_iso(LocalTime::from_epoch_ms(-86'400'000)) == "1969-12-31T00:00:00.000");
        // RFC 3339, section 5.8: 1985-04-12T23:20:50.52Z is 482 196 050.52 s after the epoch.
        CHECK(to_iso(LocalTime::from_epoch_ms(482'196'050'520)) == "1985-04-12T23:20:50.520");
        for (const std::int64_t ms :
             std::array<std::int64_t, 4>{-62'135'596'800'000, -1'001, 1'785'000'000'123, 253'402'300'799'999}) {
            CHECK(LocalTime::from_epoch_ms(ms).epoch_ms() == ms);
        }
        CHECK_THROWS_AS((void)LocalTime::from_epoch_ms(-62'135'596'800'001), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)LocalTime::from_epoch_ms(253'402'300'800'000), alloquy::InvalidArgument);
    }

    TEST_CASE("ISO 8601 text is read with or without seconds and fraction") {
        const Day day = Day::from_ymd(2026, 11, 21);
        CHECK(LocalTime::from_iso("2026-11-21T08:05") == LocalTime::from_hms(day, 8, 5));
        CHECK(LocalTime::from_iso("2026-11-21 08:05:09") == LocalTime::from_hms(day, 8, 5, 9));
        CHECK(LocalTime::from_iso("2026-11-21T08:05:09.5") == LocalTime::from_hms(day, 8, 5, 9, 500));
        CHECK(LocalTime::from_iso("2026-11-21T08:05:09.123") == LocalTime::from_hms(day, 8, 5, 9, 123));
        CHECK(LocalTime::from_iso("2026-11-21T08:05:09.123999") == LocalTime::from_hms(day, 8, 5, 9, 123));
        CHECK(LocalTime::from_iso("2026-11-21T08:05:09.12345678901234567890") ==
              LocalTime::from_hms(day, 8, 5, 9, 123));
    }

    TEST_CASE("any other text is nothing") {
        for (const char* const text : {"",
                                       "2026-11-21",
                                       "2026-11-21T",
                                       "2026-11-21T8:05",
                                       "2026-11-21T08:5",
                                       "2026-11-21T08:05:",
                                       "2026-02-30T08:05",
                                       "2026-11-21T24:00",
                                       "2026-11-21T08:60",
                                       "2026-11-21T08:05:60",
                                       "2026-11-21T08:05:09.",
                                       "2026-11-21T08:05:09.1a",
                                       "2026-11-21T08:05Z",
                                       "2026-11-21T08:05+01:00",
                                       "2026-11-21T08:05:09Z",
                                       "2026-11-21T08:05:0",
                                       "2026-11-21x08:05",
                                       "2026-11-21T08.05",
                                       "2026-11-21T-8:05",
                                       " 2026-11-21T08:05"}) {
            CAPTURE(text);
            CHECK_FALSE(LocalTime::from_iso(text).has_value());
        }
    }

    TEST_CASE("local times are ordered by day, then by time of day, and hash alike when equal") {
        const LocalTime a = *LocalTime::from_iso("2026-11-21T23:59:59.999");
        const LocalTime b = *LocalTime::from_iso("2026-11-22T00:00");
        CHECK(a < b);
        CHECK(std::hash<LocalTime>{}(a) == std::hash<LocalTime>{}(*LocalTime::from_iso("2026-11-21 23:59:59.9990")));
        static_assert(LocalTime::from_iso("2026-11-22T00:00")->hour() == 0);
    }
}
