#pragma once

/// \file
/// Instant: a point in time, UTC, to the millisecond.

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include <alloquy/error.hpp>

namespace alloquy::time {

/// Signed length of time in milliseconds; hours and days convert to it without loss.
using Duration = std::chrono::milliseconds;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Range 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. There is no "now": instants come from the caller.
class Instant {
public:
    static constexpr std::int64_t min_unix_ms = -62'135'596'800'000;  ///< 0001-01-01T00:00:00.000Z
    static constexpr std::int64_t max_unix_ms = 253'402'300'799'999;  ///< 9999-12-31T23:59:59.999Z

    /// \throws InvalidArgument  if unix_ms lies outside the range above.
    [[nodiscard]] static constexpr Instant from_unix_ms(std::int64_t unix_ms) {
        if (unix_ms < min_unix_ms || unix_ms > max_unix_ms) {
            throw InvalidArgument{"Instant: unix_ms must be in [" + std::to_string(min_unix_ms) + ", " +
                                  std::to_string(max_unix_ms) + "], got " + std::to_string(unix_ms)};
        }
        return Instant{unix_ms};
    }
    [[nodiscard]] constexpr std::int64_t unix_ms() const noexcept { return unix_ms_; }

    [[nodiscard]] static constexpr Instant earliest() noexcept { return Instant{min_unix_ms}; }
    [[nodiscard]] static constexpr Instant latest() noexcept { return Instant{max_unix_ms}; }

    /// \throws InvalidArgument  if the result lies outside the range.
    friend constexpr Instant operator+(Instant instant, Duration duration) {
        return from_unix_ms(instant.unix_ms_ + checked(duration));
    }
    /// \throws InvalidArgument  if the result lies outside the range.
    friend constexpr Instant operator-(Instant instant, Duration duration) {
        return from_unix_ms(instant.unix_ms_ - checked(duration));  // -duration might not exist
    }
    friend constexpr Duration operator-(Instant later, Instant earlier) noexcept {
        return Duration{later.unix_ms_ - earlier.unix_ms_};
    }
    friend constexpr auto operator<=>(Instant, Instant) = default;

private:
    explicit constexpr Instant(std::int64_t unix_ms) noexcept : unix_ms_{unix_ms} {}
    /// Both bounds are far from the limits of 64 bits, so only a duration beyond them can overflow.
    static constexpr std::int64_t checked(Duration duration) {
        const std::int64_t length = duration.count();
        if (length > max_unix_ms - min_unix_ms || length < min_unix_ms - max_unix_ms) {
            throw InvalidArgument{"Instant: duration of " + std::to_string(length) + " ms leaves the range"};
        }
        return length;
    }
    std::int64_t unix_ms_;
};

}  // namespace alloquy::time

template <>
struct std::hash<alloquy::time::Instant> {
    [[nodiscard]] std::size_t operator()(alloquy::time::Instant instant) const noexcept {
        return std::hash<std::int64_t>{}(instant.unix_ms());
    }
};
