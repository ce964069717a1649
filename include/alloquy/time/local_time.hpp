#pragma once

/// \file
/// LocalTime: a civil date and time of day to the millisecond, without a zone.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>

namespace alloquy::time {

/// What calendar and clock on the wall show: a Day and milliseconds since 00:00. It becomes an Instant only through a
/// Zone, where it may exist once, twice or not at all.
///
/// Range 0001-01-01T00:00:00.000 to 9999-12-31T23:59:59.999. There is no 24:00 and no leap second.
class LocalTime {
public:
    static constexpr std::int32_t ms_per_day = 86'400'000;  ///< Length of a civil day in milliseconds.

    /// \param ms_of_day  Milliseconds since 00:00, in [0, 86 400 000).
    /// \throws InvalidArgument  if ms_of_day lies outside its range.
    [[nodiscard]] static constexpr LocalTime from_day(Day day, std::int64_t ms_of_day = 0) {
        if (ms_of_day < 0 || ms_of_day >= ms_per_day) {
            throw InvalidArgument{"LocalTime: ms_of_day must be in [0, 86400000), got " + std::to_string(ms_of_day)};
        }
        return LocalTime{day, static_cast<std::int32_t>(ms_of_day)};
    }
    /// \param hour, minute, second, millisecond  0 to 23, 0 to 59, 0 to 59, 0 to 999.
    /// \throws InvalidArgument  if one of them lies outside its range.
    [[nodiscard]] static constexpr LocalTime from_hms(Day day, int hour, int minute, int second = 0,
                                                      int millisecond = 0) {
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || millisecond < 0 ||
            millisecond > 999) {
            throw InvalidArgument{"LocalTime: no such time of day: hour " + std::to_string(hour) + ", minute " +
                                  std::to_string(minute) + ", second " + std::to_string(second) + ", millisecond " +
                                  std::to_string(millisecond)};
        }
        return LocalTime{day, ((hour * 60 + minute) * 60 + second) * 1000 + millisecond};
    }
    /// \param epoch_ms  Milliseconds since 1970-01-01T00:00 on the same clock.
    /// \throws InvalidArgument  if the date leaves the years 1 to 9999.
    [[nodiscard]] static constexpr LocalTime from_epoch_ms(std::int64_t epoch_ms) {
        std::int64_t days = epoch_ms / ms_per_day;
        if (epoch_ms % ms_per_day < 0) --days;
        return LocalTime{Day::from_unix_days(days), static_cast<std::int32_t>(epoch_ms - days * ms_per_day)};
    }
    /// Reads "YYYY-MM-DDTHH:MM[:SS[.f...]]" (ISO 8601; also with a blank for the T), or nothing if the text is
    /// anything else, has an offset, or the date or time does not exist. Digits past the millisecond are cut.
    [[nodiscard]] static constexpr std::optional<LocalTime> from_iso(std::string_view text) noexcept {
        if (text.size() < 16 || (text[10] != 'T' && text[10] != ' ') || text[13] != ':') return std::nullopt;
        const std::optional<Day> day = Day::from_iso(text.substr(0, 10));
        const auto is_digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
        const auto two = [&](std::size_t first, int limit) -> int {
            if (!is_digit(first) || !is_digit(first + 1)) return -1;
            const int value = (text[first] - '0') * 10 + (text[first + 1] - '0');
            return value < limit ? value : -1;
        };
        const int hour = two(11, 24);
        const int minute = two(14, 60);
        if (!day || hour < 0 || minute < 0) return std::nullopt;
        int second = 0;
        int millisecond = 0;
        if (text.size() > 16) {
            if (text.size() < 19 || text[16] != ':') return std::nullopt;
            second = two(17, 60);
            if (second < 0) return std::nullopt;
        }
        if (text.size() > 19) {
            if (text[19] != '.' || text.size() == 20) return std::nullopt;
            int scale = 100;
            for (std::size_t i = 20; i < text.size(); ++i, scale /= 10) {
                if (!is_digit(i)) return std::nullopt;
                millisecond += (text[i] - '0') * scale;
            }
        }
        return LocalTime{*day, ((hour * 60 + minute) * 60 + second) * 1000 + millisecond};
    }

    [[nodiscard]] constexpr Day day() const noexcept { return day_; }
    [[nodiscard]] constexpr std::int32_t ms_of_day() const noexcept { return ms_of_day_; }    ///< Since 00:00.
    [[nodiscard]] constexpr int hour() const noexcept { return ms_of_day_ / 3'600'000; }      ///< 0 to 23.
    [[nodiscard]] constexpr int minute() const noexcept { return ms_of_day_ / 60'000 % 60; }  ///< 0 to 59.
    [[nodiscard]] constexpr int second() const noexcept { return ms_of_day_ / 1000 % 60; }    ///< 0 to 59.
    [[nodiscard]] constexpr int millisecond() const noexcept { return ms_of_day_ % 1000; }    ///< 0 to 999.
    /// Milliseconds since 1970-01-01T00:00 on the same clock.
    [[nodiscard]] constexpr std::int64_t epoch_ms() const noexcept {
        return std::int64_t{day_.unix_days()} * ms_per_day + ms_of_day_;
    }
    friend constexpr auto operator<=>(const LocalTime&, const LocalTime&) = default;

private:
    constexpr LocalTime(Day day, std::int32_t ms_of_day) noexcept : day_{day}, ms_of_day_{ms_of_day} {}
    Day day_;
    std::int32_t ms_of_day_;
};

/// "YYYY-MM-DDTHH:MM:SS.mmm" (ISO 8601, without offset).
[[nodiscard]] inline std::string to_iso(const LocalTime& local) {
    std::string text = to_iso(local.day()) + "T00:00:00.000";
    const auto put = [&](std::size_t first, std::size_t count, int value) {
        for (std::size_t i = first + count; i-- > first; value /= 10) text[i] = static_cast<char>('0' + value % 10);
    };
    put(11, 2, local.hour());
    put(14, 2, local.minute());
    put(17, 2, local.second());
    put(20, 3, local.millisecond());
    return text;
}

}  // namespace alloquy::time

template <>
struct std::hash<alloquy::time::LocalTime> {
    [[nodiscard]] std::size_t operator()(const alloquy::time::LocalTime& local) const noexcept {
        return std::hash<std::int64_t>{}(local.epoch_ms());
    }
};
