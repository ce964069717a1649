#pragma once

/// \file
/// Day: a civil date in the proleptic Gregorian calendar, without time or zone.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/date_time/gregorian_calendar.hpp>
#include <boost/date_time/year_month_day.hpp>

#include <alloquy/error.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::time {

enum class Weekday : std::uint8_t { monday, tuesday, wednesday, thursday, friday, saturday, sunday };

namespace detail {
using Ymd = boost::date_time::year_month_day_base<int, int, int>;
using Calendar = boost::date_time::gregorian_calendar_base<Ymd, std::int32_t>;
/// Boost's day number (the Julian day number at noon) of 1970-01-01.
inline constexpr std::int32_t unix_epoch_day_number = 2'440'588;
}  // namespace detail

/// A civil date, 0001-01-01 to 9999-12-31: what a calendar on the wall shows. Instants need a Zone to become one.
class Day {
public:
    static constexpr std::int32_t min_unix_days = -719'162;   ///< 0001-01-01
    static constexpr std::int32_t max_unix_days = 2'932'896;  ///< 9999-12-31

    /// \param month  1 to 12.
    /// \param day    1 to the length of the month.
    /// \throws InvalidArgument  if there is no such date in the years 1 to 9999.
    [[nodiscard]] static constexpr Day from_ymd(int year, int month, int day) {
        if (!is_date(year, month, day)) {
            throw InvalidArgument{"Day: no such date: year " + std::to_string(year) + ", month " +
                                  std::to_string(month) + ", day " + std::to_string(day)};
        }
        return Day{detail::Calendar::day_number(detail::Ymd{year, month, day}) - detail::unix_epoch_day_number};
    }
    /// \param unix_days  Days since 1970-01-01.
    /// \throws InvalidArgument  if it lies outside the years 1 to 9999.
    [[nodiscard]] static constexpr Day from_unix_days(std::int64_t unix_days) {
        if (unix_days < min_unix_days || unix_days > max_unix_days) {
            throw InvalidArgument{"Day: days since 1970-01-01 must be in [" + std::to_string(min_unix_days) + ", " +
                                  std::to_string(max_unix_days) + "], got " + std::to_string(unix_days)};
        }
        return Day{static_cast<std::int32_t>(unix_days)};
    }
    /// Reads "YYYY-MM-DD" (ISO 8601), or nothing if the text is anything else.
    [[nodiscard]] static constexpr std::optional<Day> from_iso(std::string_view text) noexcept {
        if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
        const auto number = [&](std::size_t first, std::size_t count) {
            int value = 0;
            for (std::size_t i = first; i < first + count; ++i) {
                if (text[i] < '0' || text[i] > '9') return -1;
                value = value * 10 + (text[i] - '0');
            }
            return value;
        };
        const int year = number(0, 4);
        const int month = number(5, 2);
        const int day = number(8, 2);
        if (!is_date(year, month, day)) return std::nullopt;
        return Day{detail::Calendar::day_number(detail::Ymd{year, month, day}) - detail::unix_epoch_day_number};
    }

    [[nodiscard]] static constexpr bool is_leap_year(int year) noexcept { return detail::Calendar::is_leap_year(year); }
    /// True if the calendar has this date and it lies in the years 1 to 9999.
    [[nodiscard]] static constexpr bool is_date(int year, int month, int day) noexcept {
        return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
               day <= detail::Calendar::end_of_month_day(year, month);
    }

    [[nodiscard]] constexpr std::int32_t unix_days() const noexcept { return unix_days_; }
    [[nodiscard]] constexpr int year() const noexcept { return ymd().year; }
    [[nodiscard]] constexpr int month() const noexcept { return ymd().month; }       ///< 1 to 12.
    [[nodiscard]] constexpr int day_of_month() const noexcept { return ymd().day; }  ///< 1 to 31.
    [[nodiscard]] constexpr Weekday weekday() const noexcept {
        // 1970-01-01 was a Thursday; the addend keeps the dividend positive.
        return static_cast<Weekday>((unix_days_ + 3 + 7 * 102'738) % 7);
    }

    /// \throws InvalidArgument  if the result leaves the years 1 to 9999.
    friend constexpr Day operator+(Day day, int days) { return from_unix_days(std::int64_t{day.unix_days_} + days); }
    friend constexpr Day operator-(Day day, int days) { return from_unix_days(std::int64_t{day.unix_days_} - days); }
    friend constexpr int operator-(Day later, Day earlier) noexcept { return later.unix_days_ - earlier.unix_days_; }
    friend constexpr auto operator<=>(Day, Day) = default;

private:
    explicit constexpr Day(std::int32_t unix_days) noexcept : unix_days_{unix_days} {}
    [[nodiscard]] constexpr detail::Ymd ymd() const noexcept {
        return detail::Calendar::from_day_number(unix_days_ + detail::unix_epoch_day_number);
    }
    std::int32_t unix_days_;
};

/// "YYYY-MM-DD" (ISO 8601).
[[nodiscard]] inline std::string to_iso(Day day) {
    std::string text = "0000-00-00";
    const auto put = [&](std::size_t first, std::size_t count, int value) {
        for (std::size_t i = first + count; i-- > first; value /= 10) text[i] = static_cast<char>('0' + value % 10);
    };
    put(0, 4, day.year());
    put(5, 2, day.month());
    put(8, 2, day.day_of_month());
    return text;
}

/// The day on which an instant falls in UTC; in local time ask a Zone.
[[nodiscard]] constexpr Day utc_day(Instant instant) {
    constexpr std::int64_t day_ms = 86'400'000;
    const std::int64_t ms = instant.unix_ms();
    return Day::from_unix_days(ms >= 0 ? ms / day_ms : -((-ms + day_ms - 1) / day_ms));
}

/// Midnight UTC at the start of a day.
[[nodiscard]] constexpr Instant utc_start(Day day) {
    return Instant::from_unix_ms(std::int64_t{day.unix_days()} * 86'400'000);
}

/// "YYYY-MM-DDTHH:MM:SS.mmmZ" (ISO 8601, UTC).
[[nodiscard]] inline std::string to_iso(Instant instant) {
    const Day day = utc_day(instant);
    auto rest = instant.unix_ms() - utc_start(day).unix_ms();
    std::string text = to_iso(day) + "T00:00:00.000Z";
    const auto put = [&](std::size_t first, std::size_t count, std::int64_t value) {
        for (std::size_t i = first + count; i-- > first; value /= 10) text[i] = static_cast<char>('0' + value % 10);
    };
    put(20, 3, rest % 1000);
    rest /= 1000;
    put(17, 2, rest % 60);
    rest /= 60;
    put(14, 2, rest % 60);
    put(11, 2, rest / 60);
    return text;
}

/// Reads "YYYY-MM-DDTHH:MM[:SS[.f…]](Z|±HH:MM)" (ISO 8601 with offset; also with a blank for the T), or nothing if
/// the text is anything else, the date does not exist or the offset is missing. Digits past the millisecond are cut.
[[nodiscard]] inline std::optional<Instant> instant_from_iso(std::string_view text) {
    if (text.size() < 17 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
    const std::optional<Day> day = Day::from_iso(text.substr(0, 10));
    if (!day) return std::nullopt;
    std::size_t next = 11;
    const auto two = [&](int limit) -> std::optional<int> {
        if (next + 2 > text.size()) return std::nullopt;
        const char tens = text[next];
        const char ones = text[next + 1];
        if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return std::nullopt;
        next += 2;
        const int value = (tens - '0') * 10 + (ones - '0');
        return value < limit ? std::optional{value} : std::nullopt;
    };
    const auto skip = [&](char expected) {
        if (next >= text.size() || text[next] != expected) return false;
        ++next;
        return true;
    };
    const std::optional<int> hour = two(24);
    if (!hour || !skip(':')) return std::nullopt;
    const std::optional<int> minute = two(60);
    if (!minute) return std::nullopt;
    std::optional<int> second = 0;
    int ms = 0;
    if (skip(':')) {
        second = two(60);
        if (!second) return std::nullopt;
        if (skip('.')) {
            int scale = 100;
            const std::size_t first = next;
            for (; next < text.size() && text[next] >= '0' && text[next] <= '9'; ++next, scale /= 10) {
                ms += (text[next] - '0') * scale;
            }
            if (next == first) return std::nullopt;
        }
    }
    std::int64_t offset_minutes = 0;
    if (!skip('Z')) {
        const bool west = next < text.size() && text[next] == '-';
        if (!skip('+') && !skip('-')) return std::nullopt;
        const std::optional<int> offset_hour = two(24);
        skip(':');
        const std::optional<int> offset_minute = two(60);
        if (!offset_hour || !offset_minute) return std::nullopt;
        offset_minutes = (west ? -1 : 1) * (std::int64_t{*offset_hour} * 60 + *offset_minute);
    }
    if (next != text.size()) return std::nullopt;
    const std::int64_t unix_ms =
        utc_start(*day).unix_ms() + ((*hour * 60 + *minute - offset_minutes) * 60 + *second) * 1000 + ms;
    if (unix_ms < Instant::min_unix_ms || unix_ms > Instant::max_unix_ms) return std::nullopt;
    return Instant::from_unix_ms(unix_ms);
}

}  // namespace alloquy::time

template <>
struct std::hash<alloquy::time::Day> {
    [[nodiscard]] std::size_t operator()(alloquy::time::Day day) const noexcept {
        return std::hash<std::int32_t>{}(day.unix_days());
    }
};
