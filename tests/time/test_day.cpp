#include <alloquy/time/day.hpp>

#include <cstdint>
#include <optional>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/instant.hpp>

using alloquy::time::Day;
using alloquy::time::Instant;
using alloquy::time::instant_from_iso;
using alloquy::time::utc_day;
using alloquy::time::utc_start;
using alloquy::time::Weekday;

TEST_SUITE("time/day") {
    TEST_CASE("every date of the years 1 to 9999 follows the one before it") {
        // The Gregorian rules counted by hand, without arithmetic on day numbers. 0001-01-01 was a Monday.
        int year = 1;
        int month = 1;
        int date = 1;
        int weekday = 0;
        for (std::int32_t number = Day::min_unix_days; number <= Day::max_unix_days; ++number) {
            const Day day = Day::from_unix_days(number);
            if (day.year() != year || day.month() != month || day.day_of_month() != date ||
                static_cast<int>(day.weekday()) != weekday || day != Day::from_ymd(year, month, date)) {
                CAPTURE(number);
                FAIL("wrong date");
            }
            const bool is_leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
            const int length = month == 2                                                ? (is_leap ? 29 : 28)
                               : (month == 4 || month == 6 || month == 9 || month == 11) ? 30
                                                                                         : 31;
            weekday = (weekday + 1) % 7;
            if (++date > length) {
                date = 1;
                if (++month > 12) {
                    month = 1;
                    ++year;
                }
            }
        }
        CHECK(year == 10'000);
    }

    TEST_CASE("known days have their number and weekday") {
        CHECK(Day::from_ymd(1970, 1, 1).unix_days() == 0);
        CHECK(Day::from_ymd(1970, 1, 1).weekday() == Weekday::thursday);
        CHECK(Day::from_ymd(2000, 2, 29).unix_days() == 11'016);  // 951 782 400 s, from `date -u -d 2000-02-29 +%s`
        CHECK(Day::from_ymd(2026, 11, 21).weekday() == Weekday::saturday);
    }

    TEST_CASE("dates that do not exist are refused") {
        CHECK_THROWS_AS((void)Day::from_ymd(2026, 2, 29), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_ymd(1900, 2, 29), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_ymd(2026, 13, 1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_ymd(2026, 0, 1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_ymd(2026, 1, 0), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_ymd(0, 1, 1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_ymd(10'000, 1, 1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Day::from_unix_days(INT64_MAX), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)(Day::from_ymd(9999, 12, 31) + 1), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)(Day::from_ymd(1, 1, 1) - 1), alloquy::InvalidArgument);
    }

    TEST_CASE("ISO dates are read and written, anything else is nothing") {
        CHECK(Day::from_iso("2024-02-29") == Day::from_ymd(2024, 2, 29));
        CHECK(to_iso(Day::from_ymd(7, 3, 9)) == "0007-03-09");
        for (const char* const text : {"", "2026-1-01", "2026-01-1 ", "2026/01/01", "2023-02-29", "0000-01-01",
                                       "20260101", "2026-01-011", "-026-01-01", "+026-01-01"}) {
            CAPTURE(text);
            CHECK_FALSE(Day::from_iso(text).has_value());
        }
    }

    TEST_CASE("days are told apart at midnight UTC, also before 1970") {
        CHECK(utc_day(Instant::from_unix_ms(-1)) == Day::from_ymd(1969, 12, 31));
        CHECK(utc_day(Instant::from_unix_ms(0)) == Day::from_ymd(1970, 1, 1));
        CHECK(utc_day(Instant::from_unix_ms(86'399'999)) == Day::from_ymd(1970, 1, 1));
        CHECK(utc_day(Instant::earliest()) == Day::from_ymd(1, 1, 1));
        CHECK(utc_day(Instant::latest()) == Day::from_ymd(9999, 12, 31));
        CHECK(utc_start(Day::from_ymd(1, 1, 1)) == Instant::earliest());
    }

    TEST_CASE("instants are read with their offset and written in UTC") {
        // RFC 3339, section 5.8, examples.
        CHECK(to_iso(instant_from_iso("1985-04-12T23:20:50.52Z").value()) == "1985-04-12T23:20:50.520Z");
        CHECK(to_iso(instant_from_iso("1996-12-19T16:39:57-08:00").value()) == "1996-12-20T00:39:57.000Z");
        CHECK(to_iso(instant_from_iso("1937-01-01T12:00:27.87+00:20").value()) == "1937-01-01T11:40:27.870Z");
        CHECK(to_iso(instant_from_iso("2026-11-21 08:05+0530").value()) == "2026-11-21T02:35:00.000Z");
        CHECK(to_iso(instant_from_iso("2026-11-21T08:05-00:30").value()) == "2026-11-21T08:35:00.000Z");
        CHECK(instant_from_iso("2026-11-21T08:05:00.1239Z")->unix_ms() % 1000 == 123);
        for (const char* const text :
             {"", "2026-11-21T08:05", "2026-11-21T08:05:00", "2026-11-21T24:00Z", "2026-11-21T08:60Z",
              "2026-02-30T00:00Z", "2026-11-21T08:05:00.Z", "2026-11-21T08:05Zx", "2026-11-21T08:05+1",
              "2026-11-21T08:05+24:00", "0001-01-01T00:00+00:01", "9999-12-31T23:59-00:01", "2026-11-21T08:05:60Z"}) {
            CAPTURE(text);
            CHECK_FALSE(instant_from_iso(text).has_value());
        }
    }
}
