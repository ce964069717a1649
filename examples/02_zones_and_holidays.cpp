// EXAMPLE 02_zones_and_holidays: civil time is not UTC: gaps, overlaps, holidays and terms.
// SHOWS   Zone, find_zone, dutch_public_holidays, AcademicCalendar      BEFORE  01_core_alone
// NEEDS   the system's time zones (package tzdata)        PRINTS  expected/02_zones_and_holidays.txt
#include <cstdio>
#include <cstdlib>

#include <alloquy/error.hpp>
#include <alloquy/io/zone_files.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/zone.hpp>

int main() {
    using namespace alloquy::time;
    try {
        const Zone amsterdam = alloquy::io::read_zone("Europe/Amsterdam");

        // 02:30 on 29 March 2026 does not exist: the caller says what shall happen.
        const LocalTime skipped = LocalTime::from_hms(Day::from_ymd(2026, 3, 29), 2, 30);
        std::printf("02:30 skipped, shifted  %s\n",
                    to_iso(amsterdam.to_instant(skipped, WhenSkipped::shift_forward, WhenRepeated::refuse)).c_str());
        // 02:30 on 25 October 2026 exists twice.
        const LocalTime repeated = LocalTime::from_hms(Day::from_ymd(2026, 10, 25), 2, 30);
        std::printf("02:30 repeated, first   %s\n",
                    to_iso(amsterdam.to_instant(repeated, WhenSkipped::refuse, WhenRepeated::earlier)).c_str());
        std::printf("02:30 repeated, second  %s\n\n",
                    to_iso(amsterdam.to_instant(repeated, WhenSkipped::refuse, WhenRepeated::later)).c_str());

        std::printf("public holidays of the Netherlands in 2026\n");
        for (const Holiday& holiday : dutch_public_holidays(2026)) {
            std::printf("  %s  %s\n", to_iso(holiday.days.start()).c_str(),
                        std::string{name_in(holiday, "en").value()}.c_str());
        }

        AcademicYear year{"2026/27", {Day::from_ymd(2026, 9, 1), Day::from_ymd(2027, 9, 1)}, {}, {}, {}};
        year.terms.push_back({"autumn", {Day::from_ymd(2026, 9, 1), Day::from_ymd(2027, 2, 1)}});
        year.terms.push_back({"spring", {Day::from_ymd(2027, 2, 1), Day::from_ymd(2027, 7, 10)}});
        year.deadlines.push_back({"application", Day::from_ymd(2027, 5, 1)});
        const AcademicCalendar calendar{{{year}, {}}};
        const Day today = Day::from_ymd(2026, 11, 21);
        std::printf("\n%s: week %d of the term, %d days to the application deadline\n", to_iso(today).c_str(),
                    calendar.week_of_term(today).value(), calendar.days_until("application", today).value());
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
