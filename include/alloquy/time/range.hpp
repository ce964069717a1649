#pragma once

/// \file
/// Range: a half-open stretch [start, end) of instants or days.

#include <algorithm>
#include <compare>
#include <optional>

#include <alloquy/error.hpp>

namespace alloquy::time {

/// Half-open range [start, end_exclusive) over an ordered type such as Instant or Day. May be empty.
template <class Point>
class Range {
public:
    /// \throws InvalidArgument  if end_exclusive < start.
    constexpr Range(Point start, Point end_exclusive) : start_{start}, end_{end_exclusive} {
        if (end_ < start_) throw InvalidArgument{"Range: end_exclusive must not lie before start"};
    }
    [[nodiscard]] constexpr Point start() const noexcept { return start_; }
    [[nodiscard]] constexpr Point end_exclusive() const noexcept { return end_; }
    [[nodiscard]] constexpr bool is_empty() const noexcept { return start_ == end_; }
    [[nodiscard]] constexpr bool contains(Point point) const noexcept { return start_ <= point && point < end_; }
    friend constexpr auto operator<=>(const Range&, const Range&) = default;

private:
    Point start_;
    Point end_;
};

/// True if some point lies in both; an empty range overlaps nothing.
template <class Point>
[[nodiscard]] constexpr bool overlaps(const Range<Point>& a, const Range<Point>& b) noexcept {
    return std::max(a.start(), b.start()) < std::min(a.end_exclusive(), b.end_exclusive());
}

/// The points that lie in both, or nothing where there are none.
template <class Point>
[[nodiscard]] constexpr std::optional<Range<Point>> intersection(const Range<Point>& a, const Range<Point>& b) {
    if (!overlaps(a, b)) return std::nullopt;
    return Range<Point>{std::max(a.start(), b.start()), std::min(a.end_exclusive(), b.end_exclusive())};
}

}  // namespace alloquy::time
