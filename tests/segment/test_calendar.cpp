#include <alloquy/segment/calendar.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/range.hpp>
#include <alloquy/time/zone.hpp>

#include "../support/calendars.hpp"
#include "../support/instants.hpp"

using namespace alloquy::segment;
using alloquy::InvalidArgument;
using alloquy::support::at;
using alloquy::support::day;
using alloquy::time::Day;
using alloquy::time::Instant;
using alloquy::time::Zone;

namespace {

std::int64_t ms(std::string_view iso) {
    return at(iso).unix_ms();
}

/// Besides Test/Central and Test/East "Test/Skip": ten hours west of Greenwich up to 2011-12-30T10:00Z, 14 hours east
/// of it from there on, as Pacific/Apia: it has no 2011-12-30.
std::optional<Zone> find_zone(std::string_view name) {
    using namespace std::string_literals;
    if (name != "Test/Skip") return alloquy::support::find_central_zone(name);
    // RFC 9636: version, 15 unused bytes, counts isut, isstd, leap, time, type, char; then types and their names.
    const std::string magic = "TZif2"s + std::string(15, '\0') + std::string(12, '\0');
    const std::string one = magic + "\0\0\0\0\0\0\0\1\0\0\0\4"s + "\0\0\x0E\x10\0\0"s + "CET\0"s;  // +3600 s
    // 2011-12-30T10:00Z is 1325239200 = 0x4EFD8BA0; -36000 s is 0xFFFF7360 and 50400 s is 0x0000C4E0.
    const std::string types = "\1"s + "\xFF\xFF\x73\x60\0\0"s + "\0\0\xC4\xE0\0\4"s + "OLD\0NEW\0"s;
    const std::string two = magic + "\0\0\0\1\0\0\0\2\0\0\0\x8"s + "\0\0\0\0\x4E\xFD\x8B\xA0"s + types;
    const std::string file = one + two + "\n<NEW>-14\n";
    return Zone::from_tzif(std::string{name}, std::as_bytes(std::span{file}));
}
const SegmentCalendar& central() {
    static const SegmentCalendar calendar{find_zone, "Test/Central", alloquy::support::two_academic_years()};
    return calendar;
}
WindowAt window(const Window& window, std::string_view now, std::string_view persons = "") {
    return central().window_at(window, persons, ms(now));
}
bool holds_nothing(const WindowAt& window) {
    return window.from_ms >= window.to_ms;
}

}  // namespace

TEST_SUITE("segment/calendar") {
    TEST_CASE("units begin on their first day; weeks on Monday") {
        // Python's date.isocalendar() and date arithmetic; 2026-03-29 is a Sunday.
        const std::vector<std::tuple<CalendarUnit, std::string, std::string>> firsts{
            {CalendarUnit::day, "2026-03-29", "2026-03-29"},     {CalendarUnit::week, "2026-03-29", "2026-03-23"},
            {CalendarUnit::week, "2026-03-30", "2026-03-30"},    {CalendarUnit::week, "2027-01-01", "2026-12-28"},
            {CalendarUnit::week, "1970-01-01", "1969-12-29"},    {CalendarUnit::month, "2028-02-29", "2028-02-01"},
            {CalendarUnit::month, "2026-12-01", "2026-12-01"},   {CalendarUnit::quarter, "2026-03-31", "2026-01-01"},
            {CalendarUnit::quarter, "2026-04-01", "2026-04-01"}, {CalendarUnit::quarter, "2026-09-30", "2026-07-01"},
            {CalendarUnit::quarter, "2026-12-31", "2026-10-01"}, {CalendarUnit::year, "2026-12-31", "2026-01-01"},
            {CalendarUnit::week, "0001-01-01", "0001-01-01"},    {CalendarUnit::week, "0001-01-07", "0001-01-01"},
            {CalendarUnit::week, "0001-01-08", "0001-01-08"},    {CalendarUnit::year, "0001-12-31", "0001-01-01"},
            {CalendarUnit::week, "9999-12-31", "9999-12-27"}};
        for (const auto& [unit, of, expected] : firsts) {
            const std::string& text = of;
            CAPTURE(text);
            CHECK(to_iso(first_of(unit, day(of))) == expected);
        }
    }

    TEST_CASE("a day moves by units, to the last day of a shorter month, and stays within the calendar") {
        // Python's date + timedelta and dateutil's relativedelta, which keeps to the last day of a month likewise.
        const std::vector<std::tuple<std::string, std::int64_t, CalendarUnit, std::string>> moves{
            {"2026-02-28", 1, CalendarUnit::day, "2026-03-01"},
            {"2026-03-31", -30, CalendarUnit::day, "2026-03-01"},
            {"2026-03-31", 0, CalendarUnit::month, "2026-03-31"},
            {"2026-03-31", -2, CalendarUnit::week, "2026-03-17"},
            {"2026-01-31", 1, CalendarUnit::month, "2026-02-28"},
            {"2028-01-31", 1, CalendarUnit::month, "2028-02-29"},
            {"2026-03-31", -1, CalendarUnit::month, "2026-02-28"},
            {"2026-01-31", -1, CalendarUnit::month, "2025-12-31"},
            {"2026-01-31", -2, CalendarUnit::month, "2025-11-30"},
            {"2026-12-31", 2, CalendarUnit::month, "2027-02-28"},
            {"2026-11-30", 1, CalendarUnit::quarter, "2027-02-28"},
            {"2026-05-31", -1, CalendarUnit::quarter, "2026-02-28"},
            {"2028-02-29", 1, CalendarUnit::year, "2029-02-28"},
            {"2028-02-29", -4, CalendarUnit::year, "2024-02-29"},
            {"2000-02-29", 100, CalendarUnit::year, "2100-02-28"},
            // The ends of the calendar hold what lies beyond them.
            {"0001-01-01", -1, CalendarUnit::day, "0001-01-01"},
            {"0001-01-31", -1, CalendarUnit::month, "0001-01-01"},
            {"0001-02-01", -1, CalendarUnit::month, "0001-01-01"},
            {"0001-12-31", -1, CalendarUnit::year, "0001-01-01"},
            {"9999-12-01", 1, CalendarUnit::month, "9999-12-31"},
            {"9999-11-30", 1, CalendarUnit::month, "9999-12-30"},
            {"9999-12-31", 10'000, CalendarUnit::week, "9999-12-31"},
            {"2026-01-01", 10'000, CalendarUnit::year, "9999-12-31"},
            {"2026-01-01", -10'000, CalendarUnit::year, "0001-01-01"}};
        for (const auto& [from, amount, unit, expected] : moves) {
            const std::string text = from + " by " + std::to_string(amount);
            CAPTURE(text);
            CHECK(to_iso(moved(day(from), amount, unit)) == expected);
        }
    }

    TEST_CASE("the next yearly return of a day; that of 29 February is 28 February in other years") {
        // Python: the first date(y, m, d) on or after the other one, with date(y, 2, 28) where date() refuses.
        const std::vector<std::tuple<std::string, std::string, std::string>> returns{
            {"2006-08-31", "2026-08-31", "2026-08-31"}, {"2006-08-31", "2026-09-01", "2027-08-31"},
            {"2006-08-31", "2026-01-01", "2026-08-31"}, {"2006-08-31", "2000-01-01", "2006-08-31"},
            {"2006-08-31", "2006-08-31", "2006-08-31"}, {"2006-08-31", "2006-09-01", "2007-08-31"},
            {"2004-02-29", "2026-01-01", "2026-02-28"}, {"2004-02-29", "2026-02-28", "2026-02-28"},
            {"2004-02-29", "2026-03-01", "2027-02-28"}, {"2004-02-29", "2027-03-01", "2028-02-29"},
            {"2004-02-29", "2028-02-28", "2028-02-29"}, {"2004-02-29", "2028-02-29", "2028-02-29"},
            {"2004-02-29", "2028-03-01", "2029-02-28"}, {"2004-02-29", "2099-03-01", "2100-02-28"},
            {"2004-01-01", "2026-12-31", "2027-01-01"}};
        for (const auto& [of, from, expected] : returns) {
            const std::string text = of + " from " + from;
            CAPTURE(text);
            const std::optional<Day> next = next_anniversary(day(of), day(from));
            REQUIRE(next.has_value());
            CHECK(to_iso(*next) == expected);
        }
        CHECK(next_anniversary(day("2006-12-31"), day("9999-12-31")) == day("9999-12-31"));
        CHECK_FALSE(next_anniversary(day("2006-12-30"), day("9999-12-31")).has_value());
    }

    TEST_CASE("today is told by the zone, with the instant of the next day") {
        // Python: datetime(..., tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(timezone.utc).
        const auto check = [](const std::string& zone, std::string_view persons, std::string_view now,
                              std::string_view expected, std::string_view until) {
            CAPTURE(now);
            const SegmentCalendar::Today today = central().today(zone, persons, ms(now));
            CHECK(today.day == day(expected));
            CHECK(today.until_ms == ms(until));
        };
        check("", "", "2026-03-28T22:59:59.999Z", "2026-03-28", "2026-03-28T23:00Z");
        check("", "", "2026-03-28T23:00Z", "2026-03-29", "2026-03-29T22:00Z");
        check("", "", "2026-03-29T21:59:59.999Z", "2026-03-29", "2026-03-29T22:00Z");
        check("", "", "2026-10-24T22:00Z", "2026-10-25", "2026-10-25T23:00Z");
        check("", "Test/East", "2026-03-28T23:00Z", "2026-03-29", "2026-03-29T22:00Z");
        check("own", "Test/East", "2026-03-28T18:30Z", "2026-03-29", "2026-03-29T18:30Z");
        check("own", "", "2026-03-28T23:00Z", "2026-03-29", "2026-03-29T22:00Z");
        check("own", "Test/Nowhere", "2026-03-28T23:00Z", "2026-03-29", "2026-03-29T22:00Z");
        check("UTC", "Test/East", "2026-03-28T23:00Z", "2026-03-28", "2026-03-29T00:00Z");
        // 2011-12-29 is followed by 2011-12-31.
        check("Test/Skip", "", "2011-12-30T09:59:59.999Z", "2011-12-29", "2011-12-30T10:00Z");
        check("Test/Skip", "", "2011-12-30T10:00Z", "2011-12-31", "2011-12-31T10:00Z");
        CHECK(central().today("UTC", "", Instant::max_unix_ms).until_ms == never_ms);
    }

    TEST_CASE("zones are found by name; an unknown one is refused, but not as a person's own") {
        CHECK(central().has_zone(""));
        CHECK(central().has_zone("own"));
        CHECK(central().has_zone("Test/East"));
        CHECK(central().has_zone("UTC"));
        CHECK_FALSE(central().has_zone("Test/Nowhere"));
        CHECK(central().zone("", "").name() == "Test/Central");
        CHECK(central().zone("own", "Test/East").name() == "Test/East");
        CHECK(central().zone("own", "Test/Nowhere").name() == "Test/Central");
        CHECK(central().zone("Test/East", "Test/Skip").name() == "Test/East");
        CHECK_THROWS_AS((void)central().zone("Test/Nowhere", ""), InvalidArgument);
        CHECK_THROWS_AS((void)window(DayRange{{}, {}, "Test/Nowhere"}, "2026-01-01T00:00Z"), InvalidArgument);
        CHECK_THROWS_AS((SegmentCalendar{find_zone, "Test/Nowhere", alloquy::time::AcademicCalendar{{}}}),
                        InvalidArgument);
        const SegmentCalendar plain;
        CHECK(plain.zone("", "").name() == "UTC");
        CHECK_FALSE(plain.has_zone("Test/East"));
        CHECK(plain.zone("own", "Test/East").name() == "UTC");
    }

    TEST_CASE("ever has no bounds; a rolling window ends at the instant and begins 1 ms after its length ago") {
        CHECK(window(Ever{}, "2026-01-01T00:00Z") == WindowAt{always_ms, never_ms, never_ms, 0});
        CHECK(window(Rolling{1000}, "1970-01-01T00:00:05Z") == WindowAt{4001, never_ms, never_ms, 1000});
        CHECK(window(Rolling{1}, "1970-01-01T00:00:05Z") == WindowAt{5000, never_ms, never_ms, 1});
    }

    TEST_CASE("a day range stands for ever") {
        // Starts of days as above.
        CHECK(window(DayRange{day("2026-03-29"), day("2026-03-29"), ""}, "2000-01-01T00:00Z") ==
              WindowAt{ms("2026-03-28T23:00Z"), ms("2026-03-29T22:00Z"), never_ms, 0});
        CHECK(window(DayRange{day("2026-10-25"), {}, ""}, "2000-01-01T00:00Z") ==
              WindowAt{ms("2026-10-24T22:00Z"), never_ms, never_ms, 0});
        CHECK(window(DayRange{{}, day("2026-10-25"), ""}, "2000-01-01T00:00Z") ==
              WindowAt{always_ms, ms("2026-10-25T23:00Z"), never_ms, 0});
        CHECK(window(DayRange{{}, {}, ""}, "2000-01-01T00:00Z") == WindowAt{});
        CHECK(window(DayRange{day("2026-03-29"), {}, "own"}, "2000-01-01T00:00Z", "Test/East").from_ms ==
              ms("2026-03-28T18:30Z"));
        CHECK(window(DayRange{{}, day("9999-12-31"), ""}, "2000-01-01T00:00Z").to_ms == never_ms);
        CHECK(holds_nothing(window(DayRange{day("2011-12-30"), day("2011-12-30"), "Test/Skip"}, "2026-01-01T00:00Z")));
    }

    TEST_CASE("this and the previous unit of the calendar, until the next one begins") {
        const auto check = [](CalendarUnit unit, std::string_view now, std::string_view previous,
                              std::string_view start, std::string_view end, const std::string& zone = "",
                              std::string_view persons = "") {
            CAPTURE(now);
            CHECK(window(CalendarWindow{unit, false, zone}, now, persons) == WindowAt{ms(start), ms(end), ms(end), 0});
            CHECK(window(CalendarWindow{unit, true, zone}, now, persons) ==
                  WindowAt{ms(previous), ms(start), ms(end), 0});
        };
        // Starts of days as above; the clocks change on Sundays 2026-03-29 and 2026-10-25.
        check(CalendarUnit::day, "2026-03-28T23:00Z", "2026-03-27T23:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z");
        check(CalendarUnit::day, "2026-03-29T21:59:59.999Z", "2026-03-27T23:00Z", "2026-03-28T23:00Z",
              "2026-03-29T22:00Z");
        check(CalendarUnit::day, "2026-03-29T22:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z", "2026-03-30T22:00Z");
        check(CalendarUnit::day, "2026-10-25T23:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z", "2026-10-26T23:00Z");
        check(CalendarUnit::week, "2026-03-29T21:59:59.999Z", "2026-03-15T23:00Z", "2026-03-22T23:00Z",
              "2026-03-29T22:00Z");
        check(CalendarUnit::week, "2026-03-29T22:00Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z", "2026-04-05T22:00Z");
        check(CalendarUnit::month, "2026-03-31T22:00Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z", "2026-04-30T22:00Z");
        check(CalendarUnit::month, "2026-01-01T00:00Z", "2025-11-30T23:00Z", "2025-12-31T23:00Z", "2026-01-31T23:00Z");
        check(CalendarUnit::quarter, "2026-03-31T21:59:59.999Z", "2025-09-30T22:00Z", "2025-12-31T23:00Z",
              "2026-03-31T22:00Z");
        check(CalendarUnit::quarter, "2026-10-01T00:00Z", "2026-06-30T22:00Z", "2026-09-30T22:00Z",
              "2026-12-31T23:00Z");
        check(CalendarUnit::year, "2026-07-01T00:00Z", "2024-12-31T23:00Z", "2025-12-31T23:00Z", "2026-12-31T23:00Z");
        check(CalendarUnit::day, "2026-03-29T18:30Z", "2026-03-28T18:30Z", "2026-03-29T18:30Z", "2026-03-30T18:30Z",
              "own", "Test/East");
        check(CalendarUnit::month, "2026-03-31T22:00Z", "2026-02-01T00:00Z", "2026-03-01T00:00Z", "2026-04-01T00:00Z",
              "UTC", "Test/East");
        // The day after 2011-12-29 is not there: the 31st begins where it would.
        CHECK(window(CalendarWindow{CalendarUnit::day, false, "Test/Skip"}, "2011-12-30T09:59:59.999Z") ==
              WindowAt{ms("2011-12-29T10:00Z"), ms("2011-12-30T10:00Z"), ms("2011-12-30T10:00Z"), 0});
        CHECK(window(CalendarWindow{CalendarUnit::day, false, "Test/Skip"}, "2011-12-30T10:00Z") ==
              WindowAt{ms("2011-12-30T10:00Z"), ms("2011-12-31T10:00Z"), ms("2011-12-31T10:00Z"), 0});
        // The last day of all has no next one.
        const WindowAt last = window(CalendarWindow{CalendarUnit::year, false, "UTC"}, "9999-12-31T12:00Z");
        CHECK(last.from_ms == ms("9999-01-01T00:00Z"));
        CHECK(last.to_ms > Instant::max_unix_ms);
    }

    TEST_CASE("this and the previous term and academic year, until the answer can change") {
        // Starts of days as above; terms 2025-09-01 to 2026-01-30, 2026-02-09 to 2026-07-10, 2026-08-31 to 2027-01-29.
        const std::int64_t one = ms("2025-08-31T22:00Z");
        const std::int64_t one_end = ms("2026-01-30T23:00Z");
        const std::int64_t two = ms("2026-02-08T23:00Z");
        const std::int64_t two_end = ms("2026-07-10T22:00Z");
        const std::int64_t three = ms("2026-08-30T22:00Z");
        const std::int64_t three_end = ms("2027-01-29T23:00Z");
        const std::int64_t last_end = ms("2027-07-09T22:00Z");
        const AcademicWindow term{AcademicUnit::term, false, ""};
        const AcademicWindow previous{AcademicUnit::term, true, ""};
        const AcademicWindow year{AcademicUnit::academic_year, false, ""};
        const AcademicWindow last_year{AcademicUnit::academic_year, true, ""};
        const auto at_ms = [](const Window& of, std::int64_t now_ms) { return central().window_at(of, "", now_ms); };
        const auto check = [&](const Window& of, std::int64_t now_ms, std::int64_t from, std::int64_t to,
                               std::int64_t until) {
            CAPTURE(now_ms);
            CHECK(at_ms(of, now_ms) == WindowAt{from, to, until, 0});
        };
        check(term, one, one, one_end, one_end);
        check(term, one_end - 1, one, one_end, one_end);
        check(term, two, two, two_end, two_end);
        check(term, two_end - 1, two, two_end, two_end);
        check(term, three_end - 1, three, three_end, three_end);
        check(previous, two, one, one_end, two_end);
        check(previous, one_end, one, one_end, two);
        check(previous, two - 1, one, one_end, two);
        check(previous, two_end, two, two_end, three);
        check(previous, three, two, two_end, three_end);
        check(previous, three_end, three, three_end, never_ms);
        check(year, one_end, one, two_end, two_end);
        check(year, three_end, three, last_end, last_end);
        check(last_year, two_end, one, two_end, three);
        check(last_year, three, one, two_end, last_end);
        check(last_year, last_end, three, last_end, never_ms);
        const auto check_nothing = [&](const Window& of, std::int64_t now_ms, std::int64_t until) {
            CAPTURE(now_ms);
            CHECK(holds_nothing(at_ms(of, now_ms)));
            CHECK(at_ms(of, now_ms).until_ms == until);
        };
        check_nothing(term, one - 1, one);
        check_nothing(term, one_end, two);
        check_nothing(term, two - 1, two);
        check_nothing(term, two_end, three);
        check_nothing(term, three_end, never_ms);
        check_nothing(previous, one - 1, one);
        check_nothing(previous, one, one_end);
        check_nothing(year, one - 1, one);
        check_nothing(year, two_end, three);
        check_nothing(year, last_end, never_ms);
        check_nothing(last_year, one, two_end);
        CHECK(holds_nothing(SegmentCalendar{}.window_at(term, "", two)));
        CHECK(SegmentCalendar{}.window_at(previous, "", two).until_ms == never_ms);
        // The zone says where days begin.
        CHECK(central().window_at(AcademicWindow{AcademicUnit::term, false, "UTC"}, "", two + 3'600'000).from_ms ==
              ms("2026-02-09T00:00Z"));
        CHECK(holds_nothing(central().window_at(AcademicWindow{AcademicUnit::term, false, "UTC"}, "", two)));
    }

    TEST_CASE("the bounds of a window stand until the instant that it tells") {
        // By brute force, hour by hour over a year with both changes of the clock.
        constexpr std::int64_t hour = 3'600'000;
        std::vector<Window> windows;
        for (const CalendarUnit unit :
             {CalendarUnit::day, CalendarUnit::week, CalendarUnit::month, CalendarUnit::quarter, CalendarUnit::year}) {
            for (const bool previous : {false, true}) windows.emplace_back(CalendarWindow{unit, previous, ""});
        }
        for (const AcademicUnit unit : {AcademicUnit::term, AcademicUnit::academic_year}) {
            for (const bool previous : {false, true}) windows.emplace_back(AcademicWindow{unit, previous, ""});
        }
        for (const Window& each : windows) {
            WindowAt before = central().window_at(each, "", ms("2026-01-01T00:00Z"));
            for (std::int64_t now = ms("2026-01-01T00:00Z"); now < ms("2027-02-01T00:00Z"); now += hour) {
                const WindowAt found = central().window_at(each, "", now);
                REQUIRE(found.until_ms > now);
                REQUIRE((found == before) == (now < before.until_ms));
                before = found;
            }
        }
    }
}
