#pragma once

/// \file
/// Days, zones and academic years for tests, without a file.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/range.hpp>
#include <alloquy/time/zone.hpp>

namespace alloquy::support {

/// A day from ISO 8601 text; a typing error in a test throws.
[[nodiscard]] inline time::Day day(std::string_view iso) {
    return time::Day::from_iso(iso).value();
}
/// From `first` up to, but not with, `end`.
[[nodiscard]] inline time::Range<time::Day> days(std::string_view first, std::string_view end) {
    return time::Range<time::Day>{day(first), day(end)};
}

/// A zone that follows a POSIX rule at every instant: a TZif file (RFC 9636) of version 2 without transitions, with one
/// local time type, which is in force nowhere, and the rule as its footer.
[[nodiscard]] inline time::Zone rule_zone(std::string name, const std::string& rule) {
    std::string bytes;
    for (int block = 0; block < 2; ++block) {
        bytes += "TZif2" + std::string(15, '\0');
        // No isutcnt, isstdcnt, leapcnt and timecnt; typecnt 1; charcnt 4.
        for (const char count : {'\0', '\0', '\0', '\0', '\1', '\4'}) bytes += std::string(3, '\0') + count;
        bytes += std::string(6, '\0') + std::string("AAA\0", 4);
    }
    bytes += "\n" + rule + "\n";
    const auto view = std::as_bytes(std::span{bytes});
    return time::Zone::from_tzif(std::move(name), view);
}

/// "Test/Central": the rule of Europe/Amsterdam since 1996, without a transition before it. Summer time runs from
/// 01:00 UTC on the last Sunday of March to 01:00 UTC on that of October. "Test/East" is 5.5 hours east of Greenwich.
[[nodiscard]] inline std::optional<time::Zone> find_central_zone(std::string_view name) {
    if (name == "Test/East") return time::Zone::fixed("Test/East", 19'800);
    if (name == "Test/Central") return rule_zone("Test/Central", "CET-1CEST,M3.5.0,M10.5.0/3");
    return std::nullopt;
}

/// Two academic years with a summer, and terms with a gap, between them.
[[nodiscard]] inline time::AcademicCalendar two_academic_years() {
    return time::AcademicCalendar{
        {{{"2025-2026",
           days("2025-09-01", "2026-07-11"),
           {{"1", days("2025-09-01", "2026-01-31")}, {"2", days("2026-02-09", "2026-07-11")}},
           {},
           {}},
          {"2026-2027", days("2026-08-31", "2027-07-10"), {{"1", days("2026-08-31", "2027-01-30")}}, {}, {}}},
         {}}};
}

}  // namespace alloquy::support
