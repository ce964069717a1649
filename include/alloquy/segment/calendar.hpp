#pragma once

/// \file
/// SegmentCalendar: which civil day it is and where a window begins, for conditions.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/range.hpp>
#include <alloquy/time/zone.hpp>

namespace alloquy::segment {

/// The end of all instants, for "never".
inline constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t always_ms = std::numeric_limits<std::int64_t>::min();

/// A window at one instant: facts with at in [from_ms, to_ms) and not after the instant count.
struct WindowAt {
    std::int64_t from_ms = always_ms;
    std::int64_t to_ms = never_ms;
    /// Until when (exclusive) these bounds stand, but for a rolling window, whose start moves with the instant.
    std::int64_t until_ms = never_ms;
    std::int64_t rolling_ms = 0;  ///< Length of a rolling window, else 0.

    friend bool operator==(const WindowAt&, const WindowAt&) = default;
};

/// The first of the days that a unit of the civil calendar holds.
[[nodiscard]] inline time::Day first_of(CalendarUnit unit, time::Day day) {
    switch (unit) {
        case CalendarUnit::day:
            return day;
        case CalendarUnit::week: {
            const std::int64_t monday = day.unix_days() - static_cast<int>(day.weekday());
            return time::Day::from_unix_days(std::max<std::int64_t>(monday, time::Day::min_unix_days));
        }
        case CalendarUnit::month:
            return time::Day::from_ymd(day.year(), day.month(), 1);
        case CalendarUnit::quarter:
            return time::Day::from_ymd(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
        case CalendarUnit::year:
            return time::Day::from_ymd(day.year(), 1, 1);
    }
    return day;
}
/// A day so many units later, or earlier where `amount` is negative; of a shorter month the last day. The ends of the
/// calendar hold what lies beyond them.
[[nodiscard]] inline time::Day moved(time::Day day, std::int64_t amount, CalendarUnit unit) {
    using time::Day;
    const auto by_days = [&](std::int64_t days) {
        return Day::from_unix_days(
            std::clamp<std::int64_t>(day.unix_days() + days, Day::min_unix_days, Day::max_unix_days));
    };
    const auto by_months = [&](std::int64_t months) {
        const std::int64_t month = std::int64_t{day.year()} * 12 + day.month() - 1 + months;
        if (month < 12) return Day::from_unix_days(Day::min_unix_days);
        if (month >= 120'000) return Day::from_unix_days(Day::max_unix_days);
        const int year = static_cast<int>(month / 12);
        const int of_year = static_cast<int>(month % 12) + 1;
        int of_month = day.day_of_month();
        while (!Day::is_date(year, of_year, of_month)) --of_month;
        return Day::from_ymd(year, of_year, of_month);
    };
    switch (unit) {
        case CalendarUnit::day:
            return by_days(amount);
        case CalendarUnit::week:
            return by_days(amount * 7);
        case CalendarUnit::month:
            return by_months(amount);
        case CalendarUnit::quarter:
            return by_months(amount * 3);
        case CalendarUnit::year:
            return by_months(amount * 12);
    }
    return day;
}
/// The first yearly return of a day on or after another; that of 29 February is 28 February in other years. The day
/// itself is the first. Nothing where the calendar ends before it.
[[nodiscard]] inline std::optional<time::Day> next_anniversary(time::Day of, time::Day from) {
    if (from <= of) return of;
    for (int year = from.year(); year <= from.year() + 1 && year <= 9999; ++year) {
        const int day = time::Day::is_date(year, of.month(), of.day_of_month()) ? of.day_of_month() : 28;
        const time::Day candidate = time::Day::from_ymd(year, of.month(), day);
        if (from <= candidate) return candidate;
    }
    return std::nullopt;
}

/// Zones and the academic calendar, as conditions need them. May be used by many threads.
class SegmentCalendar {
public:
    using ZoneSource = std::function<std::optional<time::Zone>(std::string_view name)>;

    /// \param zones     Finds a zone by its IANA name.
    /// \param own       The institution's zone.
    /// \param academic  Terms and years.
    /// \throws InvalidArgument  if the institution's zone is not found.
    SegmentCalendar(ZoneSource zones, std::string own, time::AcademicCalendar academic)
        : zones_{std::move(zones)}, own_{std::move(own)}, academic_{std::move(academic)} {
        institutions_ = find(own_);
        if (institutions_ == nullptr) throw InvalidArgument{"segments: there is no time zone '" + own_ + "'"};
    }
    /// UTC, without an academic calendar.
    SegmentCalendar() : SegmentCalendar{nullptr, "UTC", time::AcademicCalendar{{}}} {}

    /// The zone that a condition names. A person's own zone where it is "own" and known.
    /// \throws InvalidArgument  if there is no such zone.
    [[nodiscard]] const time::Zone& zone(const ZoneName& name, std::string_view persons) const {
        if (name == own_zone) {
            const time::Zone* const own = persons.empty() ? nullptr : find(persons);
            return own != nullptr ? *own : *institutions_;
        }
        const time::Zone* const found = name.empty() ? institutions_ : find(name);
        if (found == nullptr) throw InvalidArgument{"segments: there is no time zone '" + name + "'"};
        return *found;
    }
    /// True if a condition may name this zone.
    [[nodiscard]] bool has_zone(const ZoneName& name) const {
        return name.empty() || name == own_zone || find(name) != nullptr;
    }
    [[nodiscard]] const time::AcademicCalendar& academic() const noexcept { return academic_; }

    /// The civil day and the instant at which the next one begins.
    struct Today {
        time::Day day;
        std::int64_t until_ms;
    };
    [[nodiscard]] Today today(const ZoneName& name, std::string_view persons, std::int64_t now_ms) const {
        const time::Zone& zone = this->zone(name, persons);
        const time::Day day = zone.local_day(time::Instant::from_unix_ms(now_ms));
        return {day, start_of(zone, day, 1, now_ms)};
    }

    /// A window at an instant.
    [[nodiscard]] WindowAt window_at(const Window& window, std::string_view persons, std::int64_t now_ms) const {
        return std::visit(
            [&](const auto& each) -> WindowAt {
                using W = std::decay_t<decltype(each)>;
                if constexpr (std::is_same_v<W, Ever>) {
                    return {};
                } else if constexpr (std::is_same_v<W, Rolling>) {
                    return {now_ms - each.length_ms + 1, never_ms, never_ms, each.length_ms};
                } else if constexpr (std::is_same_v<W, DayRange>) {
                    const time::Zone& zone = this->zone(each.zone, persons);
                    return {each.from ? start_ms(zone, *each.from) : always_ms,
                            each.to && each.to->unix_days() < time::Day::max_unix_days ? start_ms(zone, *each.to + 1)
                                                                                       : never_ms,
                            never_ms, 0};
                } else if constexpr (std::is_same_v<W, CalendarWindow>) {
                    const time::Zone& zone = this->zone(each.zone, persons);
                    const time::Day today = zone.local_day(time::Instant::from_unix_ms(now_ms));
                    const time::Day first = first_of(each.unit, today);
                    const time::Day next = moved(first, 1, each.unit);
                    const std::int64_t until = next > today ? start_ms(zone, next) : never_ms;
                    const std::int64_t start = start_ms(zone, first);
                    if (!each.previous) return {start, until, until, 0};
                    return {start_ms(zone, moved(first, -1, each.unit)), start, until, 0};
                } else {
                    return academic_at(each, this->zone(each.zone, persons), now_ms);
                }
            },
            window);
    }

private:
    /// When a day begins. The first day of the calendar begins before all instants in some zones.
    static std::int64_t start_ms(const time::Zone& zone, time::Day day) {
        return day.unix_days() == time::Day::min_unix_days ? always_ms : zone.start_of_day(day).unix_ms();
    }
    static std::int64_t start_of(const time::Zone& zone, time::Day day, int after, std::int64_t now_ms) {
        for (; day.unix_days() + after <= time::Day::max_unix_days; ++after) {
            const std::int64_t start = zone.start_of_day(day + after).unix_ms();
            if (start > now_ms) return start;
        }
        return never_ms;
    }
    template <class Stretches>
    static WindowAt stretch_at(const Stretches& stretches, bool previous, const time::Zone& zone, std::int64_t now_ms) {
        WindowAt found{never_ms, never_ms, never_ms, 0};  // holds nothing
        for (const auto& days : stretches) {
            const std::int64_t start = start_ms(zone, days.start());
            const std::int64_t end = start_ms(zone, days.end_exclusive());
            if (now_ms < end) {
                const bool within = start <= now_ms;
                if (within && !previous) return {start, end, end, 0};
                found.until_ms = within ? end : start;
                break;
            }
            if (previous) found = {start, end, never_ms, 0};
        }
        return found;
    }
    [[nodiscard]] WindowAt academic_at(const AcademicWindow& window, const time::Zone& zone,
                                       std::int64_t now_ms) const {
        std::vector<time::Range<time::Day>> stretches;
        for (const time::AcademicYear& year : academic_.years()) {
            if (window.unit == AcademicUnit::academic_year) {
                stretches.push_back(year.days);
            } else {
                for (const time::Term& term : year.terms) stretches.push_back(term.days);
            }
        }
        return stretch_at(stretches, window.previous, zone, now_ms);
    }
    [[nodiscard]] const time::Zone* find(std::string_view name) const {
        const std::lock_guard lock{*mutex_};
        const auto found = known_->find(name);
        if (found != known_->end()) return found->second ? &*found->second : nullptr;
        std::optional<time::Zone> zone = zones_ ? zones_(name) : std::nullopt;
        if (!zone && name == "UTC") zone = time::Zone::utc();
        const auto added = known_->emplace(std::string{name}, std::move(zone)).first;
        return added->second ? &*added->second : nullptr;
    }

    ZoneSource zones_;
    std::string own_;
    time::AcademicCalendar academic_;
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
    /// Looked up by name; entries never move.
    std::unique_ptr<std::map<std::string, std::optional<time::Zone>, std::less<>>> known_ =
        std::make_unique<std::map<std::string, std::optional<time::Zone>, std::less<>>>();
    const time::Zone* institutions_ = nullptr;  // among them
};

}  // namespace alloquy::segment
