#pragma once

/// \file
/// Zone: an IANA time zone, read from the bytes of a TZif file.

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/local_time.hpp>
#include <alloquy/time/range.hpp>

namespace alloquy::time {

namespace detail {

/// Bounds of an offset from UTC in seconds: more than -25 h, less than 26 h (RFC 9636, section 3.2, "utoff").
inline constexpr std::int32_t min_offset_s = -89'999;
inline constexpr std::int32_t max_offset_s = 93'599;
inline constexpr std::int64_t day_s = 86'400;
/// The Gregorian calendar repeats after 400 years: 146 097 days, a whole number of weeks.
inline constexpr std::int64_t cycle_s = 146'097 * day_s;
inline constexpr std::int64_t min_unix_s = Instant::min_unix_ms / 1000;
inline constexpr std::int64_t max_unix_s = (Instant::max_unix_ms - 999) / 1000;

[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t value, std::int64_t divisor) noexcept {
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/// Days from 1970-01-01 to 1 January of a year >= 0.
[[nodiscard]] constexpr std::int64_t days_before_year(std::int64_t year) noexcept {
    const std::int64_t past = year - 1;
    return 365 * past + floor_div(past, 4) - floor_div(past, 100) + floor_div(past, 400) - 719'162;
}

[[nodiscard]] constexpr bool is_leap(std::int64_t year) noexcept {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// The year (UTC) in which a second falls.
[[nodiscard]] constexpr std::int64_t year_of_second(std::int64_t unix_s) noexcept {
    const std::int64_t days = floor_div(unix_s, day_s);
    // 146 097 / 400 days per year on average: the first guess is off by at most one.
    std::int64_t year = 1970 + floor_div(days * 400, 146'097);
    while (days_before_year(year) > days) --year;
    while (days_before_year(year + 1) <= days) ++year;
    return year;
}

/// One kind of local time: the record of RFC 9636, section 3.2, with its designation.
struct LocalType {
    std::int32_t seconds;
    bool is_dst;
    std::string abbreviation;
    friend bool operator==(const LocalType&, const LocalType&) = default;
};

/// The day and time at which the rule of a POSIX TZ string switches.
struct RuleDate {
    enum class Form : std::uint8_t { day_without_leap, day_with_leap, month_week_weekday };
    Form form = Form::day_with_leap;
    int day = 0;              ///< J form: 1 to 365; n form: 0 to 365; M form: weekday, 0 = Sunday.
    int month = 1;            ///< M form: 1 to 12.
    int week = 1;             ///< M form: 1 to 5, 5 = last.
    std::int32_t time_s = 0;  ///< Seconds after 00:00, -167:59:59 to 167:59:59.

    /// Seconds since 1970-01-01T00:00 on the clock that is in force before the switch.
    [[nodiscard]] constexpr std::int64_t local_second(std::int64_t year) const noexcept {
        const std::int64_t first = days_before_year(year);
        std::int64_t date = first;
        if (form == Form::day_without_leap) {
            date += day - 1 + (day >= 60 && is_leap(year) ? 1 : 0);
        } else if (form == Form::day_with_leap) {
            date += day;
        } else {
            constexpr std::array<int, 13> before{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
            const auto start_of = [&](int index) {
                return first + before[static_cast<std::size_t>(index)] + (index >= 2 && is_leap(year) ? 1 : 0);
            };
            const std::int64_t month_start = start_of(month - 1);
            const std::int64_t month_end = start_of(month);
            // 1970-01-01 was a Thursday, number 4 where Sunday is 0; the addend keeps the dividend positive.
            const std::int64_t weekday = (month_start + 4 + 7 * std::int64_t{200'000}) % 7;
            date = month_start + (day - weekday + 7) % 7 + std::int64_t{7} * (week - 1);
            if (date >= month_end) date -= 7;
        }
        return date * day_s + time_s;
    }
};

/// A POSIX TZ string: IEEE Std 1003.1-2017, section 8.3, with the wider hours of RFC 9636, section 3.3.2.
struct PosixRule {
    LocalType standard;
    std::optional<LocalType> daylight;
    RuleDate start;  ///< Of daylight time, on the standard clock; without meaning where there is none.
    RuleDate end;    ///< Of daylight time, on the daylight clock.

    [[nodiscard]] std::int64_t start_unix_s(std::int64_t year) const {
        return start.local_second(year) - standard.seconds;
    }
    [[nodiscard]] std::int64_t end_unix_s(std::int64_t year) const {
        return end.local_second(year) - daylight->seconds;
    }

    /// True if daylight time is in force: the last switch at or before unix_s is a start. Where both fall together a
    /// start wins, so that a rule whose end meets the next start means daylight time all year.
    [[nodiscard]] bool is_daylight(std::int64_t unix_s) const {
        if (!daylight) return false;
        const std::int64_t year = year_of_second(unix_s);
        std::int64_t last_start = std::numeric_limits<std::int64_t>::min();
        std::int64_t last_end = last_start;
        // A switch lies at most 168 h + 26 h outside its year, so the last one stems from these years.
        for (std::int64_t y = year - 2; y <= year + 1; ++y) {
            if (const std::int64_t at = start_unix_s(y); at <= unix_s) last_start = std::max(last_start, at);
            if (const std::int64_t at = end_unix_s(y); at <= unix_s) last_end = std::max(last_end, at);
        }
        return last_start >= last_end;
    }
};

[[noreturn]] inline void refuse_tzif(const std::string& zone_name, const std::string& reason) {
    throw ParseError{"time zone " + zone_name + ": not a valid TZif file", {{0, "", reason}}};
}

/// Reads the POSIX TZ string of a footer.
class PosixParser {
public:
    PosixParser(const std::string& zone_name, std::string_view text) : zone_name_{zone_name}, text_{text} {}

    [[nodiscard]] PosixRule parse() {
        PosixRule rule;
        rule.standard.is_dst = false;
        rule.standard.abbreviation = abbreviation();
        // POSIX counts west of Greenwich, this library east.
        rule.standard.seconds = -signed_time("offset of standard time", 24);
        if (next_ == text_.size()) return rule;
        LocalType daylight{rule.standard.seconds + 3600, true, abbreviation()};
        if (next_ < text_.size() && text_[next_] != ',') daylight.seconds = -signed_time("offset of daylight time", 24);
        rule.daylight = std::move(daylight);
        rule.start = date("start of daylight time");
        rule.end = date("end of daylight time");
        if (next_ != text_.size()) refuse("unexpected text after the rule");
        return rule;
    }

private:
    [[noreturn]] void refuse(const std::string& reason) const {
        refuse_tzif(zone_name_, "footer: " + reason + " at character " + std::to_string(next_ + 1));
    }
    [[nodiscard]] bool take(char expected) {
        if (next_ >= text_.size() || text_[next_] != expected) return false;
        ++next_;
        return true;
    }
    [[nodiscard]] static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    [[nodiscard]] static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

    [[nodiscard]] std::string abbreviation() {
        const bool quoted = take('<');
        const std::size_t first = next_;
        while (next_ < text_.size() &&
               (is_letter(text_[next_]) ||
                (quoted && (is_digit(text_[next_]) || text_[next_] == '+' || text_[next_] == '-')))) {
            ++next_;
        }
        const std::size_t length = next_ - first;
        if (length < 3) refuse("expected a designation of at least 3 letters (or <> with letters, digits, + and -)");
        if (quoted && !take('>')) refuse("expected '>'");
        return std::string{text_.substr(first, length)};
    }
    [[nodiscard]] int number(const std::string& what, int lowest, int highest, std::size_t max_digits) {
        const std::size_t first = next_;
        int value = 0;
        while (next_ < text_.size() && next_ - first < max_digits && is_digit(text_[next_])) {
            value = value * 10 + (text_[next_++] - '0');
        }
        if (next_ == first || value < lowest || value > highest) {
            next_ = first;
            refuse("expected " + what + " in [" + std::to_string(lowest) + ", " + std::to_string(highest) + "]");
        }
        return value;
    }
    /// [+-]hh[:mm[:ss]] in seconds.
    [[nodiscard]] std::int32_t signed_time(const std::string& what, int max_hours) {
        const bool negative = take('-');
        if (!negative) static_cast<void>(take('+'));
        std::int32_t value = number("the hours of the " + what, 0, max_hours, 3) * 3600;
        if (take(':')) {
            value += number("the minutes of the " + what, 0, 59, 2) * 60;
            if (take(':')) value += number("the seconds of the " + what, 0, 59, 2);
        }
        return negative ? -value : value;
    }
    [[nodiscard]] RuleDate date(const std::string& what) {
        if (!take(',')) refuse("expected ',' before the " + what);
        RuleDate result;
        if (take('J')) {
            result.form = RuleDate::Form::day_without_leap;
            result.day = number("the day of the " + what, 1, 365, 3);
        } else if (take('M')) {
            result.form = RuleDate::Form::month_week_weekday;
            result.month = number("the month of the " + what, 1, 12, 2);
            if (!take('.')) refuse("expected '.'");
            result.week = number("the week of the " + what, 1, 5, 1);
            if (!take('.')) refuse("expected '.'");
            result.day = number("the weekday of the " + what, 0, 6, 1);
        } else {
            result.day = number("the day of the " + what, 0, 365, 3);
        }
        result.time_s = take('/') ? signed_time("time of the " + what, 167) : 2 * 3600;
        return result;
    }

    const std::string& zone_name_;
    std::string_view text_;
    std::size_t next_ = 0;
};

/// What a TZif file says, in UNIX time (leap seconds not counted).
struct TzifContent {
    std::vector<LocalType> types;                                   ///< At least one; the first holds at the beginning.
    std::vector<std::pair<std::int64_t, std::size_t>> transitions;  ///< (unix_s, index of the type), in order.
    std::optional<PosixRule> rule;                                  ///< For times after the last transition.
};

/// Reads one TZif file (RFC 9636) without ever looking outside its bytes.
class TzifReader {
public:
    TzifReader(const std::string& name, std::span<const std::byte> bytes) : name_{name}, bytes_{bytes} {}

    [[nodiscard]] TzifContent read() {
        Header header = read_header();
        std::size_t time_size = 4;
        if (header.version >= 2) {
            // The first block is for readers of version 1 only and may be a mere stub (section 4).
            require(block_size(header, 4), "version 1 data block");
            next_ += static_cast<std::size_t>(block_size(header, 4));
            const int version = header.version;
            header = read_header();
            if (header.version != version) fail("second header has another version than the first");
            time_size = 8;
        }
        TzifContent content = read_block(header, time_size);
        if (header.version >= 2) {
            const std::string footer = read_footer();
            if (!footer.empty()) content.rule = PosixParser{name_, footer}.parse();
        }
        if (next_ != bytes_.size()) fail("unexpected bytes after the end, from offset " + std::to_string(next_));
        return content;
    }

private:
    struct Header {
        int version;
        std::uint64_t isut_count, isstd_count, leap_count, transition_count, type_count, char_count;
    };

    [[noreturn]] void fail(const std::string& reason) const { refuse_tzif(name_, reason); }
    void require(std::uint64_t count, const std::string& what) const {
        if (count > bytes_.size() - next_) {
            fail("truncated: " + what + " needs " + std::to_string(count) + " bytes at offset " +
                 std::to_string(next_) + ", only " + std::to_string(bytes_.size() - next_) + " are left");
        }
    }
    /// Big-endian unsigned number; the caller has checked that the bytes are there.
    [[nodiscard]] std::uint64_t take(std::size_t count) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) value = (value << 8U) | std::to_integer<std::uint64_t>(bytes_[next_++]);
        return value;
    }
    [[nodiscard]] std::int64_t take_signed(std::size_t count) {
        const std::uint64_t value = take(count);
        return count == 4 ? std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(value))}
                          : static_cast<std::int64_t>(value);
    }
    [[nodiscard]] static std::uint64_t block_size(const Header& h, std::uint64_t time_size) {
        return h.transition_count * (time_size + 1) + h.type_count * 6 + h.char_count + h.leap_count * (time_size + 4) +
               h.isstd_count + h.isut_count;
    }

    [[nodiscard]] Header read_header() {
        require(44, "header");
        constexpr std::string_view magic = "TZif";
        for (const char expected : magic) {
            if (take(1) != static_cast<unsigned char>(expected)) fail("bad magic: expected \"TZif\"");
        }
        const std::uint64_t version = take(1);
        if (version != 0 && (version < '2' || version > '4')) fail("version must be NUL, '2', '3' or '4'");
        next_ += 15;
        Header header{version == 0 ? 1 : static_cast<int>(version - '0'), 0, 0, 0, 0, 0, 0};
        for (std::uint64_t* const count : {&header.isut_count, &header.isstd_count, &header.leap_count,
                                           &header.transition_count, &header.type_count, &header.char_count}) {
            *count = take(4);
        }
        return header;
    }

    [[nodiscard]] TzifContent read_block(const Header& header, std::size_t time_size) {
        require(block_size(header, time_size), "data block");
        if (header.type_count == 0) fail("typecnt must not be 0");
        if (header.char_count == 0) fail("charcnt must not be 0");
        if (header.isut_count != 0 && header.isut_count != header.type_count) fail("isutcnt must be 0 or typecnt");
        if (header.isstd_count != 0 && header.isstd_count != header.type_count) fail("isstdcnt must be 0 or typecnt");

        TzifContent content;
        content.transitions.resize(static_cast<std::size_t>(header.transition_count));
        for (std::size_t i = 0; i < content.transitions.size(); ++i) {
            content.transitions[i].first = take_signed(time_size);
            if (i > 0 && content.transitions[i].first <= content.transitions[i - 1].first) {
                fail("unsorted: transition " + std::to_string(i) + " does not lie after the one before it");
            }
        }
        for (std::size_t i = 0; i < content.transitions.size(); ++i) {
            const std::uint64_t type = take(1);
            if (type >= header.type_count) {
                fail("transition " + std::to_string(i) + " names local time type " + std::to_string(type) +
                     ", but there are only " + std::to_string(header.type_count));
            }
            content.transitions[i].second = static_cast<std::size_t>(type);
        }
        read_types(header, content);
        read_leap_seconds(header, time_size, content);
        read_indicators(header);
        return content;
    }

    void read_types(const Header& header, TzifContent& content) {
        const std::size_t designations = next_ + static_cast<std::size_t>(header.type_count) * 6;
        content.types.reserve(static_cast<std::size_t>(header.type_count));
        for (std::size_t i = 0; i < header.type_count; ++i) {
            const std::string which = "local time type " + std::to_string(i);
            const std::int64_t seconds = take_signed(4);
            const std::uint64_t is_dst = take(1);
            const std::uint64_t index = take(1);
            if (seconds < min_offset_s || seconds > max_offset_s) {
                fail(which + ": offset must be in [-89999, 93599] seconds, got " + std::to_string(seconds));
            }
            if (is_dst > 1) fail(which + ": isdst must be 0 or 1, got " + std::to_string(is_dst));
            if (index >= header.char_count) {
                fail(which + ": designation index " + std::to_string(index) + " is not below charcnt, " +
                     std::to_string(header.char_count));
            }
            std::string abbreviation;
            std::size_t at = designations + static_cast<std::size_t>(index);
            const std::size_t end = designations + static_cast<std::size_t>(header.char_count);
            for (; at < end && bytes_[at] != std::byte{0}; ++at) {
                const char c = static_cast<char>(std::to_integer<unsigned char>(bytes_[at]));
                if (c < ' ' || c > '~') fail(which + ": designation must be printable ASCII");
                abbreviation += c;
            }
            if (at == end) fail(which + ": designation does not end with NUL");
            content.types.push_back({static_cast<std::int32_t>(seconds), is_dst == 1, std::move(abbreviation)});
        }
        next_ = designations + static_cast<std::size_t>(header.char_count);
    }

    /// Where a file counts leap seconds, its transition times do too; this takes them out again, so that such a file
    /// gives the same zone as one without (section 3.2, "leap-second records").
    void read_leap_seconds(const Header& header, std::size_t time_size, TzifContent& content) {
        std::vector<std::pair<std::int64_t, std::int64_t>> leaps;
        leaps.reserve(static_cast<std::size_t>(header.leap_count));
        for (std::size_t i = 0; i < header.leap_count; ++i) {
            const std::string which = "leap-second record " + std::to_string(i);
            const std::int64_t at = take_signed(time_size);
            const std::int64_t correction = take_signed(4);
            if (i == 0) {
                // Only version 4 may leave out the beginning of the table, and thus start with another correction.
                if (header.version < 4 && correction != 1 && correction != -1) {
                    fail(which + ": the first correction must be 1 or -1");
                }
            } else {
                if (at <= leaps.back().first) fail("unsorted: " + which + " does not lie after the one before it");
                const std::int64_t step = correction - leaps.back().second;
                const bool expires = header.version >= 4 && i + 1 == header.leap_count && step == 0;
                if (step != 1 && step != -1 && !expires) fail(which + ": correction must change by 1 or -1");
            }
            leaps.emplace_back(at, correction);
        }
        for (auto& [at, type] : content.transitions) {
            const auto after =
                std::upper_bound(leaps.begin(), leaps.end(), at,
                                 [](std::int64_t value, const auto& leap) { return value < leap.first; });
            if (after == leaps.begin()) continue;
            const std::int64_t correction = std::prev(after)->second;
            // Times far outside the range of Instant stay as they are, so that nothing overflows.
            if (at > min_unix_s && at <= 2 * max_unix_s) at -= correction;
        }
    }

    void read_indicators(const Header& header) {
        const std::size_t isstd_at = next_;
        const std::size_t isut_at = next_ + static_cast<std::size_t>(header.isstd_count);
        for (std::size_t i = 0; i < header.isstd_count; ++i) {
            if (bytes_[isstd_at + i] > std::byte{1}) fail("standard/wall indicator must be 0 or 1");
        }
        for (std::size_t i = 0; i < header.isut_count; ++i) {
            if (bytes_[isut_at + i] > std::byte{1}) fail("UT/local indicator must be 0 or 1");
            if (bytes_[isut_at + i] == std::byte{1} &&
                (header.isstd_count == 0 || bytes_[isstd_at + i] != std::byte{1})) {
                fail("UT/local indicator is 1 where the standard/wall indicator is not");
            }
        }
        next_ = isut_at + static_cast<std::size_t>(header.isut_count);
    }

    [[nodiscard]] std::string read_footer() {
        require(1, "footer");
        if (take(1) != '\n') fail("footer must begin with a newline");
        std::string text;
        while (next_ < bytes_.size()) {
            const char c = static_cast<char>(static_cast<unsigned char>(take(1)));
            if (c == '\n') return text;
            text += c;
        }
        fail("truncated: footer does not end with a newline");
    }

    const std::string& name_;
    std::span<const std::byte> bytes_;
    std::size_t next_ = 0;
};

/// The immutable content of a Zone: when which local time is in force, as one table.
///
/// A rule in the footer is unrolled for a little more than 400 years past the last transition; later instants are
/// moved back by whole cycles of the calendar, so that one binary search answers for every year.
class ZoneTable {
public:
    /// \throws ParseError  if the offsets of the footer leave [-89999, 93599] seconds.
    ZoneTable(const std::string& name, const TzifContent& content) {
        std::int64_t last = min_unix_s - 366 * day_s;
        add(std::numeric_limits<std::int64_t>::min(), content.types.front());
        for (const auto& [at, type] : content.transitions) {
            if (at > max_unix_s) break;
            add(at, content.types[type]);
            last = std::max(last, at);
        }
        const bool reaches_rule = content.transitions.empty() || content.transitions.back().first <= max_unix_s;
        if (content.rule && reaches_rule) unroll(name, *content.rule, content.transitions.empty(), last);
        fill_buckets();
    }

    struct Place {
        std::size_t segment;
        std::int64_t shift;  ///< Seconds by which the table's times are to be moved for this place.
    };
    [[nodiscard]] Place place_of(std::int64_t unix_s) const noexcept {
        std::int64_t shift = 0;
        if (cycle_from_ && unix_s >= *cycle_from_ + cycle_s) {
            shift = (unix_s - *cycle_from_) / cycle_s * cycle_s;
            unix_s -= shift;
        }
        const auto after = std::upper_bound(starts_.begin(), starts_.end(), unix_s);
        return {static_cast<std::size_t>(after - starts_.begin()) - 1, shift};
    }
    [[nodiscard]] const LocalType& type_at(std::int64_t unix_s) const noexcept {
        return types_[type_index_[place_of(unix_s).segment]];
    }
    /// First second after unix_s at which the local time type changes.
    [[nodiscard]] std::optional<std::int64_t> next_change(std::int64_t unix_s) const noexcept {
        const Place place = place_of(unix_s);
        if (place.segment + 1 == starts_.size()) return std::nullopt;
        return starts_[place.segment + 1] + place.shift;
    }
    [[nodiscard]] std::int32_t offset_at_ms(std::int64_t unix_ms) const noexcept {
        // A negative unix_ms becomes a huge number and so no bucket.
        const auto bucket = static_cast<std::uint64_t>(unix_ms >> bucket_bits);
        if (bucket < bucket_count) {
            const std::int32_t value = buckets_[bucket];
            if (value >= min_offset_s && value <= max_offset_s) return value;
            if (value < min_offset_s) {
                const Change& change = changes_[static_cast<std::size_t>(value - first_change)];
                return unix_ms < change.unix_ms ? change.before : change.after;
            }
        }
        return type_at(floor_div(unix_ms, 1000)).seconds;
    }
    friend bool operator==(const ZoneTable& a, const ZoneTable& b) {
        return a.starts_ == b.starts_ && a.type_index_ == b.type_index_ && a.types_ == b.types_ &&
               a.cycle_from_ == b.cycle_from_;
    }

private:
    static constexpr unsigned bucket_bits = 31;        ///< 2^31 ms, about 24.8 days.
    static constexpr std::size_t bucket_count = 1911;  ///< From 1970 to 2100.
    static constexpr std::int32_t first_change = std::numeric_limits<std::int32_t>::min();
    static constexpr std::int32_t many_changes = std::numeric_limits<std::int32_t>::max();
    /// The one change of offset in a bucket.
    struct Change {
        std::int64_t unix_ms;
        std::int32_t before;
        std::int32_t after;
    };

    /// Adds a change; one that changes nothing is left out, one that lies not after others replaces
    /// them (leap seconds taken out can bring two together).
    void add(std::int64_t unix_s, const LocalType& type) {
        while (starts_.size() > 1 && starts_.back() >= unix_s) {
            starts_.pop_back();
            type_index_.pop_back();
        }
        const auto known = std::find(types_.begin(), types_.end(), type);
        const auto index = static_cast<std::uint16_t>(known - types_.begin());
        if (known == types_.end()) types_.push_back(type);
        if (!type_index_.empty() && type_index_.back() == index) return;
        starts_.push_back(unix_s);
        type_index_.push_back(index);
    }

    void unroll(const std::string& name, const PosixRule& rule, bool is_everything, std::int64_t last) {
        for (const LocalType* const type : {&rule.standard, rule.daylight ? &*rule.daylight : &rule.standard}) {
            if (type->seconds < min_offset_s || type->seconds > max_offset_s) {
                refuse_tzif(name, "footer: offset must be in [-89999, 93599] seconds east of UTC");
            }
        }
        const auto in_force = [&](std::int64_t unix_s) -> const LocalType& {
            return rule.is_daylight(unix_s) ? *rule.daylight : rule.standard;
        };
        if (is_everything) {
            starts_.clear();
            type_index_.clear();
            types_.clear();
            add(std::numeric_limits<std::int64_t>::min(), in_force(last));
        } else {
            add(last, in_force(last));
        }
        if (!rule.daylight) return;

        // One year after the last transition only the rule speaks; from there on the table repeats itself.
        const std::int64_t from = last + 366 * day_s;
        const std::int64_t until = from + cycle_s + std::int64_t{2} * 366 * day_s;
        std::vector<std::int64_t> switches;
        for (std::int64_t year = year_of_second(last) - 1; year <= year_of_second(until); ++year) {
            switches.push_back(rule.start_unix_s(year));
            switches.push_back(rule.end_unix_s(year));
        }
        std::sort(switches.begin(), switches.end());
        const std::size_t fixed = starts_.size();
        for (const std::int64_t at : switches) {
            if (at > last && at <= until) add(at, in_force(at));
        }
        if (starts_.size() > fixed) cycle_from_ = from;
    }

    void fill_buckets() {
        for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
            const std::int64_t first_ms = static_cast<std::int64_t>(bucket) << bucket_bits;
            const std::int64_t end_ms = first_ms + (std::int64_t{1} << bucket_bits);
            std::int32_t offset = type_at(first_ms / 1000).seconds;
            std::vector<Change> found;
            for (auto at = next_change(first_ms / 1000); at && *at * 1000 < end_ms; at = next_change(*at)) {
                const std::int32_t after = type_at(*at).seconds;
                if (after != offset) found.push_back({*at * 1000, offset, after});
                offset = after;
            }
            if (found.empty()) {
                buckets_[bucket] = offset;
            } else if (found.size() == 1) {
                buckets_[bucket] = first_change + static_cast<std::int32_t>(changes_.size());
                changes_.push_back(found.front());
            } else {
                buckets_[bucket] = many_changes;
            }
        }
    }

    std::vector<std::int64_t> starts_;        ///< Unix second from which the type holds; the first is -infinity.
    std::vector<std::uint16_t> type_index_;   ///< Beside starts_.
    std::vector<LocalType> types_;            ///< All different.
    std::optional<std::int64_t> cycle_from_;  ///< From this second on the table repeats every 400 years.
    std::vector<Change> changes_;
    std::array<std::int32_t, bucket_count> buckets_{};  ///< Offset, or first_change + index, or many_changes.
};

}  // namespace detail

/// How local time relates to UTC at one instant.
struct Offset {
    std::int32_t seconds;      ///< East of UTC, in [-89 999, 93 599]; local time = UTC + seconds.
    bool is_dst;               ///< As tzdb flags it; Dublin's winter time counts as (negative) daylight time.
    std::string abbreviation;  ///< Such as "CEST"; for people to read, not unique.

    friend bool operator==(const Offset&, const Offset&) = default;
};

/// What becomes of a local time that the clocks skip.
enum class WhenSkipped : std::uint8_t {
    refuse,         ///< Throw InvalidArgument.
    shift_forward,  ///< Read it on the clock before the gap: 02:30 becomes 03:30. The rule of RFC 5545, section 3.3.5.
    next_valid,     ///< The first instant after the gap: 02:30 becomes 03:00.
};

/// What becomes of a local time that the clocks show twice.
enum class WhenRepeated : std::uint8_t {
    refuse,   ///< Throw InvalidArgument.
    earlier,  ///< The first of the two. The rule of RFC 5545, section 3.3.5.
    later,    ///< The second of the two.
};

/// Which instants a local time may mean.
struct LocalLookup {
    enum class Kind : std::uint8_t { unique, skipped, repeated };

    Kind kind;
    /// unique: the instant. repeated: the first one. skipped: the time read on the clock after the gap (02:30 read as
    /// 01:30), which lies before it.
    Instant earlier;
    /// unique: the instant. repeated: the last one. skipped: the time read on the clock before the gap (02:30 read as
    /// 03:30), which lies at its end or later.
    Instant later;
    /// When the clocks jump; empty for unique.
    std::optional<Instant> change;

    friend bool operator==(const LocalLookup&, const LocalLookup&) = default;
};

/// An IANA time zone: which local time holds at each instant of the years 1 to 9999.
///
/// Immutable; copies share their content and are cheap, and may be used by many threads. Equal zones have the same
/// name and the same content. About 25 kB.
class Zone {
public:
    /// Reads a TZif file of version 1 to 4. Times before the first transition have local time type 0; times from
    /// the last one on follow the footer, or keep the last type where the footer is empty or there is none (version 1).
    /// Leap seconds are taken out. The wider rule hours of version 3 are accepted in every footer.
    ///
    /// \param name   IANA name, such as "Europe/Amsterdam"; not checked.
    /// \param bytes  The whole file.
    /// \throws ParseError  with the reason if bytes is not a valid TZif file; nothing outside bytes is ever read.
    /// \par Cost    O(transitions); some 0.2 ms with a footer rule, which is unrolled here.
    /// \par Source  RFC 9636, "The Time Zone Information Format (TZif)", 2024.
    [[nodiscard]] static Zone from_tzif(std::string name, std::span<const std::byte> bytes) {
        const detail::TzifContent content = detail::TzifReader{name, bytes}.read();
        auto table = std::make_shared<const detail::ZoneTable>(name, content);
        return Zone{std::move(name), std::move(table)};
    }
    /// The zone named "UTC", in which local time is UTC.
    [[nodiscard]] static Zone utc() { return constant("UTC", {0, false, "UTC"}); }
    /// A zone with one offset for all time; its abbreviation is the offset, such as "+01" or "-0330".
    ///
    /// \param offset_seconds  East of UTC, in [-89 999, 93 599].
    /// \throws InvalidArgument  if offset_seconds lies outside its range.
    [[nodiscard]] static Zone fixed(std::string name, std::int32_t offset_seconds) {
        if (offset_seconds < detail::min_offset_s || offset_seconds > detail::max_offset_s) {
            throw InvalidArgument{"Zone: offset_seconds must be in [-89999, 93599], got " +
                                  std::to_string(offset_seconds)};
        }
        const int size = offset_seconds < 0 ? -offset_seconds : offset_seconds;
        std::string abbreviation{offset_seconds < 0 ? "-" : "+"};
        const auto put = [&](int value) {
            abbreviation += static_cast<char>('0' + value / 10);
            abbreviation += static_cast<char>('0' + value % 10);
        };
        put(size / 3600);
        if (size % 3600 != 0) put(size / 60 % 60);
        if (size % 60 != 0) put(size % 60);
        return constant(std::move(name), {offset_seconds, false, std::move(abbreviation)});
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// \par Cost  O(log transitions) and a short string.
    [[nodiscard]] Offset offset_at(Instant instant) const {
        const detail::LocalType& type = table_->type_at(detail::floor_div(instant.unix_ms(), 1000));
        return {type.seconds, type.is_dst, type.abbreviation};
    }
    /// Seconds east of UTC: the quick way for bulk work, without flag and abbreviation.
    ///
    /// \param unix_ms  Milliseconds since 1970-01-01T00:00Z. Outside the range of Instant the first type or the rule
    ///                 is continued.
    /// \par Cost  One or two loads from 1970 to 2100, else O(log transitions).
    [[nodiscard]] std::int32_t offset_seconds_at(std::int64_t unix_ms) const noexcept {
        return table_->offset_at_ms(unix_ms);
    }
    /// What the clocks show at an instant.
    /// \throws InvalidArgument  if the local date leaves the years 1 to 9999.
    [[nodiscard]] LocalTime to_local(Instant instant) const { return LocalTime::from_epoch_ms(local_ms(instant)); }
    /// The date that the calendars show at an instant.
    /// \throws InvalidArgument  if it leaves the years 1 to 9999.
    [[nodiscard]] Day local_day(Instant instant) const {
        return Day::from_unix_days(detail::floor_div(local_ms(instant), LocalTime::ms_per_day));
    }
    /// First instant after this one at which offset, flag or abbreviation changes; empty if none does any more.
    [[nodiscard]] std::optional<Instant> next_change(Instant after) const {
        const auto unix_s = table_->next_change(detail::floor_div(after.unix_ms(), 1000));
        if (!unix_s || *unix_s > detail::max_unix_s) return std::nullopt;
        return Instant::from_unix_ms(*unix_s * 1000);
    }

    /// Which instants a local time may mean. Should the clocks show it more than twice, the middle ones are left out.
    ///
    /// \throws InvalidArgument  if an instant leaves the years 1 to 9999 (UTC).
    /// \par Cost  O(log transitions).
    [[nodiscard]] LocalLookup lookup(const LocalTime& local) const {
        const std::int64_t local_ms = local.epoch_ms();
        // Every instant that can show this local time lies in this stretch.
        const std::int64_t first_s = detail::floor_div(local_ms, 1000) - detail::max_offset_s - 1;
        const std::int64_t last_s = detail::floor_div(local_ms, 1000) - detail::min_offset_s + 1;
        std::optional<std::int64_t> earlier;
        std::optional<std::int64_t> later;
        std::optional<std::int64_t> overlap;
        const auto consider = [&](std::int64_t offset_s) {
            const std::int64_t unix_ms = local_ms - offset_s * 1000;
            if (table_->offset_at_ms(unix_ms) != offset_s) return;
            if (!earlier || unix_ms < *earlier) earlier = unix_ms;
            if (!later || unix_ms > *later) later = unix_ms;
        };
        struct Gap {
            std::int64_t at_s, before_s, after_s;
        };
        std::optional<Gap> gap;
        std::int64_t before = table_->type_at(first_s).seconds;
        consider(before);
        for (auto at = table_->next_change(first_s); at && *at <= last_s; at = table_->next_change(*at)) {
            const std::int64_t after = table_->type_at(*at).seconds;
            const std::int64_t until_ms = (*at + before) * 1000;
            const std::int64_t from_ms = (*at + after) * 1000;
            if (until_ms <= local_ms && local_ms < from_ms && !gap) gap = Gap{*at, before, after};
            if (from_ms <= local_ms && local_ms < until_ms) overlap = *at;
            consider(after);
            before = after;
        }
        const auto instant = [](std::int64_t unix_ms) { return Instant::from_unix_ms(unix_ms); };
        if (!earlier) {
            assert(gap);  // local time runs through the whole stretch, so it must jump over what it does not show
            return {LocalLookup::Kind::skipped, instant(local_ms - gap->after_s * 1000),
                    instant(local_ms - gap->before_s * 1000), instant(gap->at_s * 1000)};
        }
        if (*earlier == *later) return {LocalLookup::Kind::unique, instant(*earlier), instant(*later), std::nullopt};
        return {LocalLookup::Kind::repeated, instant(*earlier), instant(*later),
                overlap ? std::optional{instant(*overlap * 1000)} : std::nullopt};
    }

    /// The instant of a local time, where the caller says what a skipped or repeated one means.
    ///
    /// \throws InvalidArgument  if the local time is skipped or repeated and the choice is to refuse, or if the
    ///                          instant leaves the years 1 to 9999 (UTC).
    /// \par Cost  O(log transitions).
    [[nodiscard]] Instant to_instant(const LocalTime& local, WhenSkipped skipped, WhenRepeated repeated) const {
        const LocalLookup found = lookup(local);
        if (found.kind == LocalLookup::Kind::skipped) {
            if (skipped == WhenSkipped::shift_forward) return found.later;
            if (skipped == WhenSkipped::next_valid) return *found.change;
            throw InvalidArgument{"Zone " + name_ + ": the clocks skip " + to_iso(local)};
        }
        if (found.kind == LocalLookup::Kind::repeated && repeated == WhenRepeated::refuse) {
            throw InvalidArgument{"Zone " + name_ + ": the clocks show " + to_iso(local) + " twice"};
        }
        return repeated == WhenRepeated::later ? found.later : found.earlier;
    }

    /// The first instant of a day: midnight, or the end of the gap where midnight is skipped. For a day that the zone
    /// skips as a whole (Apia, 2011-12-30) it is the start of the next one.
    ///
    /// \throws InvalidArgument  if the instant leaves the years 1 to 9999 (UTC).
    [[nodiscard]] Instant start_of_day(Day day) const {
        return to_instant(LocalTime::from_day(day), WhenSkipped::next_valid, WhenRepeated::earlier);
    }
    /// The instants of a day, from its start to that of the next day; empty for a day that the zone skips.
    ///
    /// \throws InvalidArgument  if a bound leaves the years 1 to 9999, so always for 9999-12-31.
    [[nodiscard]] Range<Instant> instants_of(Day day) const { return {start_of_day(day), start_of_day(day + 1)}; }

    friend bool operator==(const Zone& a, const Zone& b) {
        return a.name_ == b.name_ && (a.table_ == b.table_ || *a.table_ == *b.table_);
    }

private:
    Zone(std::string name, std::shared_ptr<const detail::ZoneTable> table)
        : name_{std::move(name)}, table_{std::move(table)} {}
    [[nodiscard]] static Zone constant(std::string name, detail::LocalType type) {
        detail::TzifContent content;
        content.types.push_back(std::move(type));
        auto table = std::make_shared<const detail::ZoneTable>(name, content);
        return Zone{std::move(name), std::move(table)};
    }
    [[nodiscard]] std::int64_t local_ms(Instant instant) const noexcept {
        return instant.unix_ms() + std::int64_t{offset_seconds_at(instant.unix_ms())} * 1000;
    }

    std::string name_;
    std::shared_ptr<const detail::ZoneTable> table_;
};

}  // namespace alloquy::time
