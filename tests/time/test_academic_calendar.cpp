#include <alloquy/time/academic_calendar.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/range.hpp>

namespace {

using alloquy::time::AcademicCalendar;
using alloquy::time::AcademicCalendarConfig;
using alloquy::time::AcademicYear;
using alloquy::time::Day;
using alloquy::time::dutch_public_holidays;
using alloquy::time::HolidayCalendar;
using alloquy::time::HolidayKind;
using alloquy::time::Range;

Day day(std::string_view iso) {
    return Day::from_iso(iso).value();
}
Range<Day> days(std::string_view first, std::string_view end) {
    return {day(first), day(end)};
}

/// Two years of two semesters, given out of order.
AcademicCalendarConfig config() {
    AcademicYear second{"2027-2028", days("2027-09-01", "2028-09-01"), {}, {}, {}};
    second.terms = {{"semester 1", days("2027-09-06", "2028-01-31")}};
    second.deadlines = {{"enrolment", day("2027-05-01")}};
    AcademicYear first{"2026-2027", days("2026-09-01", "2027-09-01"), {}, {}, {}};
    first.terms = {{"semester 2", days("2027-02-01", "2027-07-03")}, {"semester 1", days("2026-09-02", "2027-01-30")}};
    first.exam_weeks = {{"exams 1", days("2027-01-18", "2027-01-30")}};
    first.deadlines = {{"enrolment", day("2026-05-01")}, {"study advice", day("2027-08-31")}};
    AcademicCalendarConfig result;
    result.years = {second, first};
    result.breaks = {
        {days("2026-10-10", "2026-10-19"), {{"en", "Autumn"}}, HolidayKind::school_holiday, true, {"NO"}},
        {days("2026-12-21", "2027-01-04"), {{"en", "Christmas"}}, HolidayKind::school_holiday, true, {}},
    };
    return result;
}

/// Message with which a changed configuration is refused, or "accepted".
std::string refusal(const std::function<void(AcademicCalendarConfig&)>& change) {
    AcademicCalendarConfig changed = config();
    change(changed);
    try {
        const AcademicCalendar calendar{changed};
        return "accepted";
    } catch (const alloquy::InvalidArgument& error) {
        return error.what();
    }
}

}  // namespace

TEST_SUITE("time/academic_calendar") {
    TEST_CASE("a day lies in its year and term, or in none") {
        const AcademicCalendar calendar{config()};
        CHECK(calendar.years().front().name == "2026-2027");
        CHECK(calendar.years().front().terms.front().name == "semester 1");
        CHECK_FALSE(calendar.year_of(day("2026-08-31")).has_value());
        CHECK(calendar.year_of(day("2026-09-01"))->name == "2026-2027");
        CHECK(calendar.year_of(day("2027-08-31"))->name == "2026-2027");
        CHECK(calendar.year_of(day("2027-09-01"))->name == "2027-2028");
        CHECK_FALSE(calendar.year_of(day("2028-09-01")).has_value());

        CHECK_FALSE(calendar.term_of(day("2026-09-01")).has_value());
        CHECK(calendar.term_of(day("2026-09-02"))->name == "semester 1");
        CHECK(calendar.term_of(day("2027-01-29"))->name == "semester 1");
        CHECK_FALSE(calendar.term_of(day("2027-01-30")).has_value());
        CHECK(calendar.term_of(day("2027-02-01"))->name == "semester 2");
        CHECK_FALSE(calendar.term_of(day("2020-01-01")).has_value());
    }

    TEST_CASE("weeks of a term begin on Monday and count from 1") {
        const AcademicCalendar calendar{config()};
        // 2 September 2026 is a Wednesday: week 1 ends on Sunday the 6th.
        CHECK(calendar.week_of_term(day("2026-09-02")) == 1);
        CHECK(calendar.week_of_term(day("2026-09-06")) == 1);
        CHECK(calendar.week_of_term(day("2026-09-07")) == 2);
        CHECK(calendar.week_of_term(day("2026-09-14")) == 3);
        CHECK_FALSE(calendar.week_of_term(day("2026-09-01")).has_value());
        CHECK(calendar.week_of_term(day("2027-02-01")) == 1);  // a Monday
        CHECK(calendar.week_of_term(day("2027-02-08")) == 2);
    }

    TEST_CASE("exam weeks are half-open") {
        const AcademicCalendar calendar{config()};
        CHECK_FALSE(calendar.is_exam_week(day("2027-01-17")));
        CHECK(calendar.is_exam_week(day("2027-01-18")));
        CHECK(calendar.is_exam_week(day("2027-01-29")));
        CHECK_FALSE(calendar.is_exam_week(day("2027-01-30")));
        CHECK_FALSE(calendar.is_exam_week(day("2020-01-01")));
    }

    TEST_CASE("deadlines are found by name and year, and counted down to the next one in any year") {
        const AcademicCalendar calendar{config()};
        CHECK(calendar.deadline("enrolment", "2026-2027") == day("2026-05-01"));
        CHECK(calendar.deadline("enrolment", "2027-2028") == day("2027-05-01"));
        CHECK_FALSE(calendar.deadline("enrolment", "2028-2029").has_value());
        CHECK_FALSE(calendar.deadline("study advice", "2027-2028").has_value());
        CHECK(calendar.days_until("enrolment", day("2026-04-21")) == 10);
        CHECK(calendar.days_until("enrolment", day("2026-05-01")) == 0);
        CHECK(calendar.days_until("enrolment", day("2026-05-02")) == 364);
        CHECK_FALSE(calendar.days_until("enrolment", day("2027-05-02")).has_value());
        CHECK_FALSE(calendar.days_until("graduation", day("2026-01-01")).has_value());
    }

    TEST_CASE("lessons are given on weekdays in term, outside breaks of the region, exams and public holidays") {
        const AcademicCalendar calendar{config()};
        std::vector<alloquy::time::Holiday> all = dutch_public_holidays(2027);
        // A school holiday in the holiday calendar does not count: only the breaks of the academic calendar do.
        all.push_back({days("2027-03-01", "2027-03-08"), {}, HolidayKind::school_holiday, true, {}});
        const HolidayCalendar holidays{all};
        CHECK(calendar.is_teaching_day(day("2026-09-02"), "NO", holidays));
        CHECK_FALSE(calendar.is_teaching_day(day("2026-09-01"), "NO", holidays));  // before the term
        CHECK_FALSE(calendar.is_teaching_day(day("2026-09-05"), "NO", holidays));  // Saturday
        CHECK_FALSE(calendar.is_teaching_day(day("2026-10-12"), "NO", holidays));  // autumn break in the north
        CHECK(calendar.is_teaching_day(day("2026-10-12"), "ZU", holidays));
        CHECK_FALSE(calendar.is_teaching_day(day("2026-12-22"), "ZU", holidays));  // break everywhere
        CHECK_FALSE(calendar.is_teaching_day(day("2027-01-18"), "ZU", holidays));  // exams
        CHECK(calendar.is_teaching_day(day("2027-03-26"), "ZU", holidays));        // Good Friday
        CHECK_FALSE(calendar.is_teaching_day(day("2027-03-29"), "ZU", holidays));  // Easter Monday
        CHECK(calendar.is_teaching_day(day("2027-03-01"), "ZU", holidays));
        CHECK_FALSE(calendar.is_teaching_day(day("2030-03-01"), "ZU", holidays));
    }

    TEST_CASE("the next term starts after the day, if need be in the next year") {
        const AcademicCalendar calendar{config()};
        CHECK(calendar.next_term(day("2020-01-01"))->days.start() == day("2026-09-02"));
        CHECK(calendar.next_term(day("2026-09-01"))->days.start() == day("2026-09-02"));
        CHECK(calendar.next_term(day("2026-09-02"))->days.start() == day("2027-02-01"));
        CHECK(calendar.next_term(day("2027-02-01"))->days.start() == day("2027-09-06"));
        CHECK_FALSE(calendar.next_term(day("2027-09-06")).has_value());
    }

    TEST_CASE("an empty calendar answers nothing") {
        const AcademicCalendar calendar{AcademicCalendarConfig{}};
        CHECK_FALSE(calendar.year_of(day("2026-09-01")).has_value());
        CHECK_FALSE(calendar.next_term(day("2026-09-01")).has_value());
        CHECK_FALSE(calendar.is_teaching_day(day("2026-09-01"), "", HolidayCalendar{}));
    }

    TEST_CASE("a calendar that contradicts itself is refused, and the text names the entry") {
        CHECK(refusal([](auto&) {}) == "accepted");
        // In config() years[1] is 2026-2027, with semester 2 before semester 1.
        CHECK(refusal([](auto& c) { c.years[1].terms[1].name = "semester 2"; }) ==
              "AcademicCalendar: term \"semester 2\" of year \"2026-2027\" is there twice");
        CHECK(refusal([](auto& c) { c.years[1].terms[0].days = days("2027-01-29", "2027-07-03"); }) ==
              "AcademicCalendar: term \"semester 2\" of year \"2026-2027\" overlaps term \"semester 1\"");
        CHECK(refusal([](auto& c) { c.years[1].terms[0].days = days("2027-02-01", "2027-09-02"); }) ==
              "AcademicCalendar: term \"semester 2\" of year \"2026-2027\" does not lie inside it");
        CHECK(refusal([](auto& c) { c.years[1].terms[1].days = days("2026-08-31", "2026-10-01"); }) ==
              "AcademicCalendar: term \"semester 1\" of year \"2026-2027\" does not lie inside it");
        CHECK(refusal([](auto& c) { c.years[1].terms[0].days = days("2027-02-01", "2027-02-01"); }) ==
              "AcademicCalendar: term \"semester 2\" of year \"2026-2027\" has no days");
        CHECK(refusal([](auto& c) { c.years[1].terms[0].name = ""; }) ==
              "AcademicCalendar: a term of year \"2026-2027\" has no name");
        CHECK(refusal([](auto& c) { c.years[1].exam_weeks[0].days = days("2026-01-18", "2026-01-30"); }) ==
              "AcademicCalendar: exam week \"exams 1\" of year \"2026-2027\" does not lie inside it");
        CHECK(refusal([](auto& c) { c.years[1].deadlines[1].name = "enrolment"; }) ==
              "AcademicCalendar: deadline \"enrolment\" of year \"2026-2027\" is there twice");
        CHECK(refusal([](auto& c) { c.years[0].name = "2026-2027"; }) ==
              "AcademicCalendar: year \"2026-2027\" of the calendar is there twice");
        CHECK(refusal([](auto& c) { c.years[0].days = days("2027-08-31", "2028-09-01"); }) ==
              "AcademicCalendar: year \"2027-2028\" overlaps year \"2026-2027\"");
        CHECK(refusal([](auto& c) { c.breaks[1].days = days("2026-12-21", "2026-12-21"); }) ==
              "AcademicCalendar: break \"Christmas\" (number 1) has no days");
        // A term that ends with its year, and a deadline before it, are fine.
        CHECK(refusal([](auto& c) { c.years[1].terms[0].days = days("2027-02-01", "2027-09-01"); }) == "accepted");
    }
}
