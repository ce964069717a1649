#pragma once

/// \file
/// Holidays: the date of Easter, the Dutch public holidays, and a calendar of public and school holidays by region.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/range.hpp>

namespace alloquy::time {

enum class HolidayKind : std::uint8_t {
    public_holiday,  ///< Of the whole population.
    school_holiday,  ///< Of primary, secondary or vocational schools.
};

/// A name in one language.
struct HolidayName {
    std::string language;  ///< ISO 639-1, lower case: "nl".
    std::string text;      ///< UTF-8.

    friend bool operator==(const HolidayName&, const HolidayName&) = default;
};

/// One holiday: consecutive days, with the regions in which they hold.
struct Holiday {
    Range<Day> days;  ///< Half-open: the second bound is the first day after it.
    std::vector<HolidayName> names;
    HolidayKind kind = HolidayKind::public_holiday;
    /// False for a public holiday on which most people work, such as the Dutch Good Friday. Counts for public holidays
    /// only.
    bool is_day_off = true;
    /// Codes of regions such as "NO" or "BY-AU"; empty = everywhere. A code holds for the finer ones below it too:
    /// "BY" for "BY-AU".
    std::vector<std::string> regions;

    friend bool operator==(const Holiday&, const Holiday&) = default;
};

/// The name in a language, or nothing if there is none in it.
[[nodiscard]] inline std::optional<std::string_view> name_in(const Holiday& holiday, std::string_view language) {
    for (const HolidayName& name : holiday.names) {
        if (name.language == language) return std::string_view{name.text};
    }
    return std::nullopt;
}

/// True if a holiday holds in a region; an empty region asks for holidays that hold everywhere.
[[nodiscard]] inline bool holds_in(const Holiday& holiday, std::string_view region) {
    if (holiday.regions.empty()) return true;
    return std::any_of(holiday.regions.begin(), holiday.regions.end(), [&](std::string_view code) {
        return region == code ||
               (region.size() > code.size() && region.substr(0, code.size()) == code && region[code.size()] == '-');
    });
}

/// Easter Sunday in the Gregorian calendar.
///
/// \param year  1583 to 9999.
/// \throws InvalidArgument  if year lies outside its range.
/// \par Source  J. Meeus, "Astronomical Algorithms", 2nd ed. (1998), chapter 8; first printed in Nature 13 (1876),
///              p. 487, where a correspondent from New York gave it without a name.
[[nodiscard]] constexpr Day easter_sunday(int year) {
    if (year < 1583 || year > 9999) {
        throw InvalidArgument{"easter_sunday: year must be in [1583, 9999], got " + std::to_string(year)};
    }
    const int a = year % 19;
    const int b = year / 100;
    const int c = year % 100;
    const int d = b / 4;
    const int e = b % 4;
    const int f = (b + 8) / 25;
    const int g = (b - f + 1) / 3;
    const int h = (19 * a + b - d - g + 15) % 30;
    const int i = c / 4;
    const int k = c % 4;
    const int l = (32 + 2 * e + 2 * i - h - k) % 7;
    const int m = (a + 11 * h + 22 * l) / 451;
    const int n = h + l - 7 * m + 114;
    return Day::from_ymd(year, n / 31, n % 31 + 1);
}

/// Public holidays of the Netherlands in one year, in order of date, with names in Dutch ("nl") and English ("en").
///
/// - Good Friday is in the list with is_day_off = false: few agreements make it a day off.
/// - The birthday of the monarch: 30 April from 1949, on a Sunday moved to 1 May until 1979 and to 29 April from 1980
///   (Queen's Day); 27 April from 2014, on a Sunday moved to 26 April (King's Day).
/// - Liberation Day, 5 May, is a national holiday in every year since 1990; before that it is listed in years
///   divisible by five only. Whether it is a day off in each year differs between agreements: a host for whom it is
///   not clears is_day_off.
///
/// \param year  1949 to 9999.
/// \throws InvalidArgument  if year lies outside its range.
[[nodiscard]] inline std::vector<Holiday> dutch_public_holidays(int year) {
    if (year < 1949 || year > 9999) {
        throw InvalidArgument{"dutch_public_holidays: year must be in [1949, 9999], got " + std::to_string(year)};
    }
    std::vector<Holiday> holidays;
    const auto add = [&](Day day, std::string_view dutch, std::string_view english, bool is_day_off = true) {
        holidays.push_back({Range{day, day + 1},
                            {{"nl", std::string{dutch}}, {"en", std::string{english}}},
                            HolidayKind::public_holiday,
                            is_day_off,
                            {}});
    };
    const Day easter = easter_sunday(year);
    add(Day::from_ymd(year, 1, 1), "Nieuwjaarsdag", "New Year's Day");
    add(easter - 2, "Goede Vrijdag", "Good Friday", false);
    add(easter, "Eerste paasdag", "Easter Sunday");
    add(easter + 1, "Tweede paasdag", "Easter Monday");
    if (year >= 2014) {
        const Day birthday = Day::from_ymd(year, 4, 27);
        add(birthday.weekday() == Weekday::sunday ? birthday - 1 : birthday, "Koningsdag", "King's Day");
    } else {
        Day birthday = Day::from_ymd(year, 4, 30);
        if (birthday.weekday() == Weekday::sunday) birthday = year < 1980 ? birthday + 1 : birthday - 1;
        add(birthday, "Koninginnedag", "Queen's Day");
    }
    if (year >= 1990 || year % 5 == 0) add(Day::from_ymd(year, 5, 5), "Bevrijdingsdag", "Liberation Day");
    add(easter + 39, "Hemelvaartsdag", "Ascension Day");
    add(easter + 49, "Eerste pinksterdag", "Whit Sunday");
    add(easter + 50, "Tweede pinksterdag", "Whit Monday");
    add(Day::from_ymd(year, 12, 25), "Eerste kerstdag", "Christmas Day");
    add(Day::from_ymd(year, 12, 26), "Tweede kerstdag", "Boxing Day");
    // The feasts that move with Easter can fall before or after the fixed ones.
    std::stable_sort(holidays.begin(), holidays.end(),
                     [](const Holiday& a, const Holiday& b) { return a.days.start() < b.days.start(); });
    return holidays;
}

/// The holidays of one country. A region is a code as in Holiday::regions; an empty one stands for "no region known",
/// to which only holidays that hold everywhere apply.
///
/// Immutable after construction; may be used by many threads.
class HolidayCalendar {
public:
    /// A calendar without holidays.
    HolidayCalendar() = default;
    /// \param holidays  In any order; may overlap.
    /// \throws InvalidArgument  if a holiday has no days; the text names its place in the list.
    explicit HolidayCalendar(std::vector<Holiday> holidays) : holidays_{std::move(holidays)} {
        for (std::size_t i = 0; i < holidays_.size(); ++i) {
            if (holidays_[i].days.is_empty()) {
                throw InvalidArgument{"HolidayCalendar: holiday " + std::to_string(i) + " has no days"};
            }
        }
        std::stable_sort(holidays_.begin(), holidays_.end(),
                         [](const Holiday& a, const Holiday& b) { return a.days.start() < b.days.start(); });
        for (const Holiday& holiday : holidays_) {
            longest_ = std::max(longest_, holiday.days.end_exclusive() - holiday.days.start());
        }
    }

    /// All holidays, in order of their first day, and as given where that is the same.
    [[nodiscard]] const std::vector<Holiday>& holidays() const noexcept { return holidays_; }
    /// The holidays that contain a day and hold in a region, in the same order.
    [[nodiscard]] std::vector<Holiday> holidays_on(Day day, std::string_view region) const {
        std::vector<Holiday> found;
        static_cast<void>(any_on(day, region, [&](const Holiday& holiday) {
            found.push_back(holiday);
            return false;
        }));
        return found;
    }
    /// True if a holiday of any kind contains the day and holds in the region.
    /// \par Cost  O(log n), and the holidays that start within the longest holiday's length before the day.
    [[nodiscard]] bool is_holiday(Day day, std::string_view region) const {
        return any_on(day, region, [](const Holiday&) { return true; });
    }
    /// The same for holidays of one kind.
    [[nodiscard]] bool is_holiday(Day day, std::string_view region, HolidayKind kind) const {
        return any_on(day, region, [&](const Holiday& holiday) { return holiday.kind == kind; });
    }
    /// True on a public holiday that is a day off.
    [[nodiscard]] bool is_public_day_off(Day day, std::string_view region) const {
        return any_on(day, region, [](const Holiday& holiday) {
            return holiday.kind == HolidayKind::public_holiday && holiday.is_day_off;
        });
    }
    /// True from Monday to Friday, save on public holidays that are a day off; school holidays do not count.
    [[nodiscard]] bool is_working_day(Day day, std::string_view region) const {
        return day.weekday() < Weekday::saturday && !is_public_day_off(day, region);
    }
    /// The first working day after a day.
    /// \throws InvalidArgument  if there is none up to 9999-12-31.
    [[nodiscard]] Day next_working_day(Day after, std::string_view region) const {
        Day day = after + 1;
        while (!is_working_day(day, region)) day = day + 1;
        return day;
    }

private:
    /// True if `accept` is true for one of the holidays of a day; asks them in order and stops there.
    template <class Accept>
    [[nodiscard]] bool any_on(Day day, std::string_view region, const Accept& accept) const {
        const auto starts_before = [](const Holiday& holiday, std::int32_t unix_days) {
            return holiday.days.start().unix_days() < unix_days;
        };
        // A holiday that contains the day starts less than the longest length before it.
        auto next = std::lower_bound(holidays_.begin(), holidays_.end(), day.unix_days() - longest_ + 1, starts_before);
        for (; next != holidays_.end() && next->days.start() <= day; ++next) {
            if (next->days.contains(day) && holds_in(*next, region) && accept(*next)) return true;
        }
        return false;
    }

    std::vector<Holiday> holidays_;
    int longest_ = 0;  ///< Length of the longest holiday in days.
};

}  // namespace alloquy::time
