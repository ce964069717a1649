#include <alloquy/time/holidays.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/range.hpp>

namespace {

using alloquy::time::Day;
using alloquy::time::dutch_public_holidays;
using alloquy::time::easter_sunday;
using alloquy::time::Holiday;
using alloquy::time::HolidayCalendar;
using alloquy::time::HolidayKind;
using alloquy::time::name_in;
using alloquy::time::Range;
using alloquy::time::Weekday;

Day day(std::string_view iso) {
    return Day::from_iso(iso).value();
}

Holiday holiday(std::string_view first, std::string_view end, HolidayKind kind, std::vector<std::string> regions) {
    return {Range{day(first), day(end)}, {{"en", std::string{first}}}, kind, true, std::move(regions)};
}

/// Date of a Dutch public holiday by its English name, or "" if the year does not have it.
std::string date_of(int year, std::string_view english) {
    for (const Holiday& entry : dutch_public_holidays(year)) {
        if (name_in(entry, "en") == english) return to_iso(entry.days.start());
    }
    return "";
}

/// Easter by the classical tables of golden number, epact and Sunday letter that Clavius published in 1603, as given by
/// D. E. Knuth, "The Art of Computer Programming", vol. 1, section 1.3.2, exercise 14 (algorithm E).
Day easter_by_epact(int year) {
    const int golden = year % 19 + 1;
    const int century = year / 100 + 1;
    const int dropped_leap_years = 3 * century / 4 - 12;
    const int moon = (8 * century + 5) / 25 - 5;
    const int sunday = 5 * year / 4 - dropped_leap_years - 10;
    int epact = (11 * golden + 20 + moon - dropped_leap_years) % 30;
    if (epact < 0) epact += 30;
    if ((epact == 25 && golden > 11) || epact == 24) ++epact;
    int full_moon = 44 - epact;
    if (full_moon < 21) full_moon += 30;
    const int date = full_moon + 7 - (sunday + full_moon) % 7;
    return date > 31 ? Day::from_ymd(year, 4, date - 31) : Day::from_ymd(year, 3, date);
}

}  // namespace

TEST_SUITE("time/holidays") {
    TEST_CASE("Easter falls on the published dates") {
        // Meeus, "Astronomical Algorithms", chapter 8, examples and text; 2024 to 2026 from the OpenHolidays data.
        for (const char* const iso :
             {"1818-03-22", "1886-04-25", "1943-04-25", "1954-04-18", "1991-03-31", "1992-04-19", "1993-04-11",
              "2000-04-23", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25", "2285-03-22"}) {
            CAPTURE(iso);
            CHECK(easter_sunday(day(iso).year()) == day(iso));
        }
    }

    TEST_CASE("Easter agrees with the tables of epacts in every year") {
        for (int year = 1583; year <= 9999; ++year) {
            CAPTURE(year);
            REQUIRE(easter_sunday(year) == easter_by_epact(year));
            REQUIRE(easter_sunday(year).weekday() == Weekday::sunday);
        }
        CHECK_THROWS_AS((void)easter_sunday(1582), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)easter_sunday(10'000), alloquy::InvalidArgument);
    }

    TEST_CASE("the birthday of the monarch moves off Sundays, to the day that its time prescribed") {
        // Sundays: 30 April in 1950, 1961, 1967, 1978, 1989, 1995, 2000, 2006; 27 April in 2014, 2025, 2031.
        const std::array<std::pair<int, const char*>, 12> queens{{{1949, "1949-04-30"},
                                                                  {1950, "1950-05-01"},
                                                                  {1961, "1961-05-01"},
                                                                  {1967, "1967-05-01"},
                                                                  {1978, "1978-05-01"},
                                                                  {1979, "1979-04-30"},
                                                                  {1980, "1980-04-30"},
                                                                  {1989, "1989-04-29"},
                                                                  {1995, "1995-04-29"},
                                                                  {2000, "2000-04-29"},
                                                                  {2006, "2006-04-29"},
                                                                  {2013, "2013-04-30"}}};
        for (const auto& entry : queens) {
            const int year = entry.first;
            CAPTURE(year);
            CHECK(date_of(year, "Queen's Day") == entry.second);
            CHECK(date_of(year, "King's Day").empty());
        }
        const std::array<std::pair<int, const char*>, 5> kings{{{2014, "2014-04-26"},
                                                                {2015, "2015-04-27"},
                                                                {2025, "2025-04-26"},
                                                                {2026, "2026-04-27"},
                                                                {2031, "2031-04-26"}}};
        for (const auto& entry : kings) {
            const int year = entry.first;
            CAPTURE(year);
            CHECK(date_of(year, "King's Day") == entry.second);
            CHECK(date_of(year, "Queen's Day").empty());
        }
    }

    TEST_CASE("the Dutch public holidays of 2026, in order, with names in two languages") {
        // OpenHolidays, nl/holidays/holidays.public.csv, rows of 2026.
        const std::array<std::pair<const char*, const char*>, 11> expected{{{"2026-01-01", "Nieuwjaarsdag"},
                                                                            {"2026-04-03", "Goede Vrijdag"},
                                                                            {"2026-04-05", "Eerste paasdag"},
                                                                            {"2026-04-06", "Tweede paasdag"},
                                                                            {"2026-04-27", "Koningsdag"},
                                                                            {"2026-05-05", "Bevrijdingsdag"},
                                                                            {"2026-05-14", "Hemelvaartsdag"},
                                                                            {"2026-05-24", "Eerste pinksterdag"},
                                                                            {"2026-05-25", "Tweede pinksterdag"},
                                                                            {"2026-12-25", "Eerste kerstdag"},
                                                                            {"2026-12-26", "Tweede kerstdag"}}};
        const std::vector<Holiday> found = dutch_public_holidays(2026);
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(to_iso(found[i].days.start()) == expected[i].first);
            CHECK(found[i].days.end_exclusive() - found[i].days.start() == 1);
            CHECK(name_in(found[i], "nl") == expected[i].second);
            CHECK(name_in(found[i], "en").has_value());
            CHECK_FALSE(name_in(found[i], "fr").has_value());
            CHECK(found[i].is_day_off == (i != 1));  // Good Friday
            CHECK(found[i].kind == HolidayKind::public_holiday);
        }
    }

    TEST_CASE("the list stays in order where a feast of Easter passes a fixed day") {
        // Easter 2011 was 24 April, so Easter Monday before Queen's Day; Ascension 2005 was 5 May itself, and in 2008
        // 1 May, before Liberation Day.
        for (int year = 1949; year <= 2200; ++year) {
            const std::vector<Holiday> found = dutch_public_holidays(year);
            for (std::size_t i = 1; i < found.size(); ++i) {
                REQUIRE(found[i - 1].days.start() <= found[i].days.start());
            }
        }
        CHECK(date_of(2008, "Ascension Day") == "2008-05-01");
        CHECK(date_of(2005, "Ascension Day") == date_of(2005, "Liberation Day"));
    }

    TEST_CASE("Liberation Day is a national holiday in each year since 1990, before that every five years") {
        CHECK(date_of(1985, "Liberation Day") == "1985-05-05");
        CHECK(date_of(1989, "Liberation Day").empty());
        CHECK(date_of(1990, "Liberation Day") == "1990-05-05");
        CHECK(date_of(1991, "Liberation Day") == "1991-05-05");
    }

    TEST_CASE("years without a rule are refused") {
        CHECK_THROWS_AS((void)dutch_public_holidays(1948), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)dutch_public_holidays(10'000), alloquy::InvalidArgument);
        CHECK(dutch_public_holidays(9999).size() == 11);
    }

    TEST_CASE("a holiday holds in its regions and the finer ones below them, without regions everywhere") {
        const Holiday everywhere = holiday("2026-01-01", "2026-01-02", HolidayKind::public_holiday, {});
        CHECK(holds_in(everywhere, ""));
        CHECK(holds_in(everywhere, "NO"));
        const Holiday bavarian = holiday("2026-01-06", "2026-01-07", HolidayKind::public_holiday, {"BW", "BY"});
        CHECK(holds_in(bavarian, "BY"));
        CHECK(holds_in(bavarian, "BY-AU"));
        CHECK_FALSE(holds_in(bavarian, "BYX"));
        CHECK_FALSE(holds_in(bavarian, "B"));
        CHECK_FALSE(holds_in(bavarian, ""));
        const Holiday augsburg = holiday("2026-08-08", "2026-08-09", HolidayKind::public_holiday, {"BY-AU"});
        CHECK_FALSE(holds_in(augsburg, "BY"));
    }

    TEST_CASE("a calendar finds overlapping holidays of any length, half-open") {
        const HolidayCalendar calendar{{
            holiday("2026-07-18", "2026-08-31", HolidayKind::school_holiday, {"MI"}),
            holiday("2026-07-04", "2026-08-17", HolidayKind::school_holiday, {"NO"}),
            holiday("2026-08-15", "2026-08-16", HolidayKind::public_holiday, {}),
        }};
        CHECK(calendar.holidays().front().regions == std::vector<std::string>{"NO"});
        CHECK_FALSE(calendar.is_holiday(day("2026-07-03"), "NO"));
        CHECK(calendar.is_holiday(day("2026-07-04"), "NO"));
        CHECK(calendar.is_holiday(day("2026-08-16"), "NO"));
        CHECK_FALSE(calendar.is_holiday(day("2026-08-17"), "NO"));
        CHECK(calendar.is_holiday(day("2026-08-17"), "MI"));
        CHECK(calendar.is_holiday(day("2026-08-30"), "MI"));
        CHECK_FALSE(calendar.is_holiday(day("2026-08-31"), "MI"));
        CHECK(calendar.holidays_on(day("2026-08-15"), "MI").size() == 2);
        CHECK(calendar.holidays_on(day("2026-08-15"), "").size() == 1);
        CHECK(calendar.holidays_on(day("2026-08-14"), "").empty());
        CHECK(calendar.is_holiday(day("2026-08-15"), "NO", HolidayKind::public_holiday));
        CHECK_FALSE(calendar.is_holiday(day("2026-08-14"), "NO", HolidayKind::public_holiday));
        CHECK(HolidayCalendar{}.holidays_on(day("2026-08-15"), "").empty());
        CHECK(HolidayCalendar{dutch_public_holidays(1949)}.is_holiday(Day::from_ymd(1949, 1, 1), ""));
        CHECK_FALSE(HolidayCalendar{dutch_public_holidays(1949)}.is_holiday(Day::from_ymd(1, 1, 1), ""));
    }

    TEST_CASE("a holiday without days is refused") {
        CHECK_THROWS_WITH_AS(HolidayCalendar({holiday("2026-01-01", "2026-01-02", HolidayKind::public_holiday, {}),
                                              holiday("2026-01-01", "2026-01-01", HolidayKind::public_holiday, {})}),
                             "HolidayCalendar: holiday 1 has no days", alloquy::InvalidArgument);
    }

    TEST_CASE("working days leave out weekends and public days off, but not school holidays or Good Friday") {
        std::vector<Holiday> all = dutch_public_holidays(2026);
        all.push_back(holiday("2026-04-01", "2026-04-12", HolidayKind::school_holiday, {}));
        const HolidayCalendar calendar{all};
        // Easter 2026: Good Friday 3 April, Easter Monday 6 April.
        CHECK(calendar.next_working_day(day("2026-04-01"), "") == day("2026-04-02"));
        CHECK(calendar.next_working_day(day("2026-04-02"), "") == day("2026-04-03"));
        CHECK(calendar.next_working_day(day("2026-04-03"), "") == day("2026-04-07"));
        // Christmas 2026 falls on Friday and Saturday.
        CHECK(calendar.next_working_day(day("2026-12-24"), "") == day("2026-12-28"));
        CHECK(calendar.is_working_day(day("2026-04-27"), "") == false);
        CHECK_THROWS_AS((void)calendar.next_working_day(day("9999-12-31"), ""), alloquy::InvalidArgument);
    }
}
