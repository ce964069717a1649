// Windows and days: what a condition sees of the clock on the wall and of the academic calendar.

#include <alloquy/segment/evaluate.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

#include "evaluate_support.hpp"

using namespace alloquy::segment;
using namespace evaluate_test;
using std::chrono::milliseconds;

namespace {

/// Of a window: [from, to) and the instant of the question.
struct WindowCase {
    std::string text;
    std::string now;
    std::string from;
    std::string to;
};
/// A fact counts from `from` on and before `to`, to the millisecond; nothing after the question does.
void check_window(const WindowCase& each, Person person) {
    const std::string& text = each.text;
    const std::string& now_text = each.now;
    CAPTURE(text);
    CAPTURE(now_text);
    person.instant = at(each.now);
    const Instant from = at(each.from);
    const Instant to = at(each.to);
    const milliseconds ms{1};
    for (const Instant when : {from - ms, from, from + ms, person.instant, to - ms, to, to + ms}) {
        person.seen = {act(when, "visited")};
        const bool counts = from <= when && when < to && when <= person.instant;
        CAPTURE(to_iso(when));
        CHECK(is_true("some interactions " + text, person) == counts);
        CHECK(is_true("no interactions " + text, person) == !counts);
    }
}

}  // namespace

TEST_SUITE("segment/evaluate_calendar") {
    // Windows ---------------------------------------------------------------------------------------------------------

    TEST_CASE("a rolling window leaves out what happened exactly so long ago") {
        const Instant then = at("2026-03-29T00:30Z");
        const Person person = with_facts({act(then, "visited")});
        const auto in_last = [&](const std::string& length, std::int64_t after_ms) {
            return is_true_at("some interactions in last " + length, person, then + milliseconds{after_ms});
        };
        CHECK_FALSE(in_last("1 second", -1));
        CHECK(in_last("1 second", 0));
        CHECK(in_last("1 second", 999));
        CHECK_FALSE(in_last("1 second", 1000));
        CHECK(in_last("1 millisecond", 0));
        CHECK_FALSE(in_last("1 millisecond", 1));
        // A day is 24 hours, whatever the clocks on the wall do.
        CHECK(in_last("1 day", 86'399'999));
        CHECK_FALSE(in_last("1 day", 86'400'000));
        CHECK(in_last("2 weeks", 1'209'599'999));
        CHECK_FALSE(in_last("2 weeks", 1'209'600'000));
        // A window may reach back beyond the first instant.
        Person early = with_facts({act(Instant::earliest(), "visited")});
        early.instant = Instant::earliest() + milliseconds{5};
        CHECK(is_true("some interactions in last 36525 days", early));
    }

    TEST_CASE("a day range holds both its days, by the clock that it names") {
        // Python: datetime(y, m, d, tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(timezone.utc). 2026-03-29 has 23
        // hours and 2026-10-25 has 25.
        const std::string later = "2026-12-31T12:00Z";
        for (const WindowCase& each : std::vector<WindowCase>{
                 {"from 2026-03-29 to 2026-03-29", later, "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"from 2026-10-25 to 2026-10-25", later, "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
                 {"from 2026-03-01 to 2026-03-31", later, "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
                 {"from 2026-03-29 to 2026-03-29", "2026-03-29T10:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"from 2026-03-29 to 2026-03-29 in zone \"UTC\"", later, "2026-03-29T00:00Z", "2026-03-30T00:00Z"},
                 {"from 2026-03-29 to 2026-03-29 in zone \"Test/East\"", later, "2026-03-28T18:30Z",
                  "2026-03-29T18:30Z"}}) {
            check_window(each, central());
        }
        Person person = central();
        person.instant = at(later);
        person.seen = {contact("2026-03-28T22:59:59.999Z"), contact("2026-03-28T23:00Z"),
                       contact("2026-03-29T21:59:59.999Z"), contact("2026-03-29T22:00Z")};
        CHECK(is_true("count of interactions from 2026-03-29 = 3", person));
        CHECK(is_true("count of interactions since 2026-03-29 = 3", person));
        CHECK(is_true("count of interactions to 2026-03-29 = 3", person));
        CHECK(is_true("count of interactions to 2026-03-28 = 1", person));
        CHECK(is_true("count of interactions since 2027-01-01 = 0", person));
        CHECK(is_true("count of interactions from 0001-01-02 to 9999-12-31 in zone \"Test/East\" = 4", person));
    }

    TEST_CASE("the own zone is the person's, or the institution's where that is unknown") {
        Person person = central();
        const std::string window = "from 2026-03-29 to 2026-03-29 in own zone";
        const std::string later = "2026-12-31T12:00Z";
        person.state.zone = "Test/East";
        check_window({window, later, "2026-03-28T18:30Z", "2026-03-29T18:30Z"}, person);
        // A zone that nobody names stays the institution's.
        check_window({"from 2026-03-29 to 2026-03-29", later, "2026-03-28T23:00Z", "2026-03-29T22:00Z"}, person);
        for (const std::string unknown : {"", "Nowhere/Land"}) {
            person.state.zone = unknown;
            check_window({window, later, "2026-03-28T23:00Z", "2026-03-29T22:00Z"}, person);
        }
    }

    TEST_CASE("this day, week, month, quarter and year begin by the clock on the wall, across a change of it") {
        // Python, as above; 2026-03-29 and 2026-10-25 are Sundays.
        for (const WindowCase& each : std::vector<WindowCase>{
                 {"in this day", "2026-03-28T23:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"in this day", "2026-03-29T21:59:59.999Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"in this day", "2026-03-29T22:00Z", "2026-03-29T22:00Z", "2026-03-30T22:00Z"},
                 {"in previous day", "2026-03-29T22:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {"in previous day", "2026-03-29T21:59:59.999Z", "2026-03-27T23:00Z", "2026-03-28T23:00Z"},
                 {"in this day", "2026-10-25T22:59:59.999Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
                 {"in previous day", "2026-10-25T23:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
                 {"in this week", "2026-03-29T21:59:59.999Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
                 {"in this week", "2026-03-29T22:00Z", "2026-03-29T22:00Z", "2026-04-05T22:00Z"},
                 {"in previous week", "2026-03-29T22:00Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
                 {"in previous week", "2026-04-05T21:59:59.999Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z"},
                 {"in this month", "2026-03-31T21:59:59.999Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
                 {"in this month", "2026-03-31T22:00Z", "2026-03-31T22:00Z", "2026-04-30T22:00Z"},
                 {"in previous month", "2026-03-31T22:00Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"},
                 {"in previous month", "2026-01-15T12:00Z", "2025-11-30T23:00Z", "2025-12-31T23:00Z"},
                 {"in this quarter", "2026-03-31T21:59:59.999Z", "2025-12-31T23:00Z", "2026-03-31T22:00Z"},
                 {"in this quarter", "2026-03-31T22:00Z", "2026-03-31T22:00Z", "2026-06-30T22:00Z"},
                 {"in this quarter", "2026-12-31T22:59:59.999Z", "2026-09-30T22:00Z", "2026-12-31T23:00Z"},
                 {"in previous quarter", "2026-03-31T22:00Z", "2025-12-31T23:00Z", "2026-03-31T22:00Z"},
                 {"in previous quarter", "2026-01-01T00:00Z", "2025-09-30T22:00Z", "2025-12-31T23:00Z"},
                 {"in this year", "2026-12-31T22:59:59.999Z", "2025-12-31T23:00Z", "2026-12-31T23:00Z"},
                 {"in this year", "2026-12-31T23:00Z", "2026-12-31T23:00Z", "2027-12-31T23:00Z"},
                 {"in previous year", "2026-07-01T00:00Z", "2024-12-31T23:00Z", "2025-12-31T23:00Z"},
                 {"since the start of this month", "2026-03-31T21:59:59.999Z", "2026-02-28T23:00Z",
                  "2026-03-31T22:00Z"},
                 {"in this month in zone \"UTC\"", "2026-03-31T22:00Z", "2026-03-01T00:00Z", "2026-04-01T00:00Z"},
                 {"in this day in zone \"Test/East\"", "2026-03-29T18:29:59.999Z", "2026-03-28T18:30Z",
                  "2026-03-29T18:30Z"}}) {
            check_window(each, central());
        }
        Person abroad = central();
        abroad.state.zone = "Test/East";
        check_window({"in this day in own zone", "2026-03-29T18:30Z", "2026-03-29T18:30Z", "2026-03-30T18:30Z"},
                     abroad);
    }

    TEST_CASE("a term is told by the academic calendar; outside every term there is no this term") {
        // Starts of days as above. Terms: 2025-09-01 to 2026-01-30, 2026-02-09 to 2026-07-10, 2026-08-31 to 2027-01-29.
        const std::string one = "2025-08-31T22:00Z";
        const std::string one_end = "2026-01-30T23:00Z";
        const std::string two = "2026-02-08T23:00Z";
        const std::string two_end = "2026-07-10T22:00Z";
        const std::string three = "2026-08-30T22:00Z";
        const std::string three_end = "2027-01-29T23:00Z";
        for (const WindowCase& each : std::vector<WindowCase>{
                 {"in this term", one, one, one_end},
                 {"in this term", "2026-01-30T22:59:59.999Z", one, one_end},
                 {"in this term", two, two, two_end},
                 {"in this term", "2026-07-10T21:59:59.999Z", two, two_end},
                 {"in previous term", two, one, one_end},
                 {"in previous term", "2026-07-10T21:59:59.999Z", one, one_end},
                 // Between terms the previous one is the last that began.
                 {"in previous term", one_end, one, one_end},
                 {"in previous term", "2026-02-08T22:59:59.999Z", one, one_end},
                 {"in previous term", two_end, two, two_end},
                 {"in previous term", three, two, two_end},
                 {"in previous term", "2035-01-01T00:00Z", three, three_end},
                 {"in this academic year", one_end, one, two_end},
                 {"in this academic year", "2026-07-10T21:59:59.999Z", one, two_end},
                 {"in this academic year", three, three, "2027-07-09T22:00Z"},
                 {"in previous academic year", two_end, one, two_end},
                 {"in previous academic year", three, one, two_end},
                 {"in previous academic year", "2035-01-01T00:00Z", three, "2027-07-09T22:00Z"},
                 {"since the start of this term", two, two, two_end},
                 {"in this term in zone \"UTC\"", "2026-02-09T00:00Z", "2026-02-09T00:00Z", "2026-07-11T00:00Z"}}) {
            check_window(each, central());
        }
        Person person = central();
        person.seen = {contact("2020-01-01T00:00Z"), contact("2025-10-01T00:00Z"), contact("2026-02-01T00:00Z")};
        const auto nothing = [&](const std::string& window, std::string_view now) {
            CAPTURE(window);
            CAPTURE(now);
            CHECK(is_true_at("no interactions " + window, person, at(now)));
        };
        nothing("in this term", one_end);
        nothing("in this term", "2026-02-08T22:59:59.999Z");
        nothing("in this term", two_end);
        nothing("in this term", "2035-01-01T00:00Z");
        nothing("in this term", "2025-08-31T21:59:59.999Z");
        nothing("in previous term", "2025-08-31T21:59:59.999Z");
        nothing("in previous term", one);
        nothing("in this academic year", two_end);
        nothing("in previous academic year", one);
        nothing("in previous academic year", "2026-07-10T21:59:59.999Z");
        CHECK(is_true_at("count of interactions in previous term = 1", person, at(two)));
        Person without;  // its calendar has no terms
        without.seen = person.seen;
        CHECK(is_true("no interactions in this term", without));
        CHECK(is_true("no interactions in previous academic year", without));
    }

    // Days ------------------------------------------------------------------------------------------------------------

    TEST_CASE("an anniversary falls on today or the days after it") {
        const std::string born = "anniversary of attribute:born ";
        const auto of = [&](std::string_view birthday, std::string_view today, const std::string& when) {
            return is_true_at(born + when, with("attribute:born", day(birthday)),
                              alloquy::time::utc_start(day(today)) + milliseconds{1});
        };
        CHECK(of("2006-08-31", "2026-08-31", "today"));
        CHECK_FALSE(of("2006-08-31", "2026-08-30", "today"));
        CHECK_FALSE(of("2006-08-31", "2026-09-01", "today"));
        CHECK(of("2006-08-31", "2026-08-31", "in next 1 day"));
        CHECK(of("2006-08-31", "2026-08-25", "in next 7 days"));
        CHECK_FALSE(of("2006-08-31", "2026-08-24", "in next 7 days"));
        CHECK(of("2006-01-02", "2026-12-28", "in next 6 days"));
        CHECK_FALSE(of("2006-01-02", "2026-12-28", "in next 5 days"));
        // 29 February is 28 February in other years.
        CHECK(of("2004-02-29", "2026-02-28", "today"));
        CHECK_FALSE(of("2004-02-29", "2026-03-01", "today"));
        CHECK(of("2004-02-29", "2028-02-29", "today"));
        CHECK_FALSE(of("2004-02-29", "2028-02-28", "today"));
        CHECK(of("2004-02-29", "2028-02-28", "in next 2 days"));
        CHECK(of("2004-02-29", "2100-02-28", "today"));  // no leap year
        CHECK(of("2004-02-29", "2026-12-31", "in next 60 days"));
        CHECK_FALSE(of("2004-02-29", "2026-12-31", "in next 59 days"));
        CHECK(of("2004-02-28", "2028-02-28", "today"));
        CHECK_FALSE(of("2004-02-28", "2028-02-29", "today"));
        // The longest way is from 29 February to that day of the next leap year's year before: 365 days and today.
        CHECK(of("2006-03-01", "2027-03-02", "in next 366 days"));
        CHECK_FALSE(of("2006-03-01", "2027-03-02", "in next 365 days"));
        CHECK(of("2006-03-01", "2026-03-02", "in next 365 days"));
        // The day itself is the first.
        CHECK(of("2026-08-31", "2026-08-31", "today"));
        CHECK_FALSE(of("2026-08-31", "2025-08-31", "today"));
        CHECK_FALSE(of("2026-08-31", "2025-08-31", "in next 365 days"));
        CHECK(of("2026-08-31", "2025-08-31", "in next 366 days"));
        CHECK(of("2026-08-31", "2026-08-30", "in next 2 days"));
        // What is no day has none.
        for (const AttributeValue& value : {AttributeValue{}, AttributeValue{true}, AttributeValue{20.0},
                                            AttributeValue{std::string{"2006-08-31"}}}) {
            CHECK_FALSE(is_true(born + "in next 366 days", with("attribute:born", value)));
            CHECK(is_true("not " + born + "in next 366 days", with("attribute:born", value)));
        }
        CHECK_FALSE(is_true(born + "in next 366 days", Person{}));
    }

    TEST_CASE("the day of an anniversary and today are told by the clock that is named") {
        Person person = central();
        person.values["attribute:born"] = day("2006-03-29");
        const std::string born = "anniversary of attribute:born today";
        for (const auto& [zone, first, end] : std::vector<std::tuple<std::string, std::string, std::string>>{
                 {"", "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
                 {" in own zone", "2026-03-28T18:30Z", "2026-03-29T18:30Z"},
                 {" in zone \"UTC\"", "2026-03-29T00:00Z", "2026-03-30T00:00Z"}}) {
            person.state.zone = "Test/East";
            const std::string text = born + zone;
            CAPTURE(text);
            CHECK_FALSE(is_true_at(text, person, at(first) - milliseconds{1}));
            CHECK(is_true_at(text, person, at(first)));
            CHECK(is_true_at(text, person, at(end) - milliseconds{1}));
            CHECK_FALSE(is_true_at(text, person, at(end)));
        }
    }

    TEST_CASE("a day counted from today moves by units of the calendar, to the last day of a shorter month") {
        const auto is = [&](std::string_view today, const std::string& relative, std::string_view expected) {
            CAPTURE(today);
            CAPTURE(relative);
            const Person person = with("attribute:on", day(expected));
            CHECK(is_true_at("attribute:on = " + relative, person, alloquy::time::utc_start(day(today))));
            const Person before = with("attribute:on", day(expected) - 1);
            CHECK(is_true_at("attribute:on < " + relative, before, alloquy::time::utc_start(day(today))));
            CHECK_FALSE(is_true_at("attribute:on = " + relative, before, alloquy::time::utc_start(day(today))));
        };
        is("2026-03-31", "today", "2026-03-31");
        is("2026-03-31", "today + 0 days", "2026-03-31");
        is("2026-03-31", "today - 30 days", "2026-03-01");
        is("2026-02-28", "today + 1 day", "2026-03-01");
        is("2028-02-28", "today + 1 day", "2028-02-29");
        is("2026-03-31", "today - 2 weeks", "2026-03-17");
        is("2026-03-31", "today - 1 month", "2026-02-28");
        is("2028-03-31", "today - 1 month", "2028-02-29");
        is("2026-01-31", "today + 1 month", "2026-02-28");
        is("2026-01-31", "today + 2 months", "2026-03-31");
        is("2026-01-31", "today + 3 months", "2026-04-30");
        is("2026-01-15", "today - 1 month", "2025-12-15");
        is("2026-12-15", "today + 1 month", "2027-01-15");
        is("2026-11-30", "today + 1 quarter", "2027-02-28");
        is("2026-05-31", "today - 1 quarter", "2026-02-28");
        is("2028-02-29", "today + 1 year", "2029-02-28");
        is("2028-02-29", "today - 4 years", "2024-02-29");
        is("2026-02-28", "today + 2 years", "2028-02-28");
        const Person person = with("attribute:on", day("2026-03-15"));
        const Instant now = at("2026-03-31T12:00Z");
        CHECK(is_true_at("attribute:on between today - 1 month and today", person, now));
        CHECK_FALSE(is_true_at("attribute:on between today - 2 weeks and today", person, now));
        CHECK(is_true_at("attribute:on in (today, today - 16 days)", person, now));
        CHECK(is_true_at("attribute:on != today", person, now));
        CHECK_FALSE(is_true_at("attribute:on <= today", with("attribute:on", 1.0), now));
        CHECK_FALSE(is_true_at("attribute:on <= today", Person{}, now));
        CHECK(is_true_at("not attribute:on <= today", Person{}, now));
    }

    TEST_CASE("today is told by the clock that is named") {
        Person person = central();
        person.values["attribute:on"] = day("2026-03-29");
        person.state.zone = "Test/East";
        CHECK_FALSE(is_true_at("attribute:on = today", person, at("2026-03-28T22:59:59.999Z")));
        CHECK(is_true_at("attribute:on = today", person, at("2026-03-28T23:00Z")));
        CHECK(is_true_at("attribute:on = today", person, at("2026-03-29T21:59:59.999Z")));
        CHECK_FALSE(is_true_at("attribute:on = today", person, at("2026-03-29T22:00Z")));
        CHECK_FALSE(is_true_at("attribute:on = today in own zone", person, at("2026-03-28T18:29:59.999Z")));
        CHECK(is_true_at("attribute:on = today in own zone", person, at("2026-03-28T18:30Z")));
        CHECK(is_true_at("attribute:on = today + 1 day in zone \"UTC\"", person, at("2026-03-28T23:59:59.999Z")));
    }
}
