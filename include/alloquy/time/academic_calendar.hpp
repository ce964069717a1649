#pragma once

/// \file
/// AcademicCalendar: academic years with their terms, exam weeks, deadlines and breaks.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/range.hpp>

namespace alloquy::time {

/// A stretch of an academic year in which lessons are given: semester, term, block.
struct Term {
    std::string name;  ///< Unique in its year.
    Range<Day> days;

    friend bool operator==(const Term&, const Term&) = default;
};

/// Days reserved for exams; usually within a term or just after it.
struct ExamWeek {
    std::string name;  ///< Unique in its year.
    Range<Day> days;

    friend bool operator==(const ExamWeek&, const ExamWeek&) = default;
};

/// A day by which something must be done, such as enrolment.
struct Deadline {
    std::string name;  ///< Unique in its year; the same name in another year is the same kind of deadline.
    Day day;           ///< Last day on which it is still in time. May lie outside the academic year that it belongs to.

    friend bool operator==(const Deadline&, const Deadline&) = default;
};

/// One academic year.
struct AcademicYear {
    std::string name;  ///< Unique, such as "2026-2027".
    Range<Day> days;
    std::vector<Term> terms;
    std::vector<ExamWeek> exam_weeks;
    std::vector<Deadline> deadlines;

    friend bool operator==(const AcademicYear&, const AcademicYear&) = default;
};

/// What an AcademicCalendar is built from.
struct AcademicCalendarConfig {
    std::vector<AcademicYear> years;  ///< In any order.
    /// Stretches without lessons, each with its regions; school holidays read from a file fit in as they are.
    std::vector<Holiday> breaks;

    friend bool operator==(const AcademicCalendarConfig&, const AcademicCalendarConfig&) = default;
};

/// Answers where in the academic year a day lies. "Nothing" means that the day lies outside.
///
/// Immutable after construction; may be used by many threads.
class AcademicCalendar {
public:
    /// \throws InvalidArgument  if a name is empty or not unique where it must be, a range is empty, years overlap, a
    ///                          term or exam week leaves its year, or terms of a year overlap. The text names the
    ///                          entry.
    explicit AcademicCalendar(AcademicCalendarConfig config) : breaks_{checked_breaks(std::move(config.breaks))} {
        years_ = std::move(config.years);
        std::stable_sort(years_.begin(), years_.end(), starts_earlier<AcademicYear>);
        check_entries(years_, "year", "the calendar", std::nullopt);
        for (std::size_t i = 1; i < years_.size(); ++i) {
            if (overlaps(years_[i - 1].days, years_[i].days)) {
                refuse("year \"" + years_[i].name + "\" overlaps year \"" + years_[i - 1].name + '"');
            }
        }
        for (AcademicYear& year : years_) check_year(year);
    }

    /// All years, and the terms in each, in order of time.
    [[nodiscard]] const std::vector<AcademicYear>& years() const noexcept { return years_; }

    /// \par Cost  O(log years), and a copy.
    [[nodiscard]] std::optional<AcademicYear> year_of(Day day) const {
        const AcademicYear* const year = find_year(day);
        return year != nullptr ? std::optional{*year} : std::nullopt;
    }
    [[nodiscard]] std::optional<Term> term_of(Day day) const {
        const Term* const term = find_term(day);
        return term != nullptr ? std::optional{*term} : std::nullopt;
    }
    /// Number of the week in the term of a day. Weeks begin on Monday; week 1 holds the term's first day, weeks in a
    /// break count on.
    [[nodiscard]] std::optional<int> week_of_term(Day day) const {
        const Term* const term = find_term(day);
        if (term == nullptr) return std::nullopt;
        // Day numbers of the Mondays, which may lie before 0001-01-01.
        const auto monday = [](Day any) { return any.unix_days() - static_cast<int>(any.weekday()); };
        return (monday(day) - monday(term->days.start())) / 7 + 1;
    }
    [[nodiscard]] bool is_exam_week(Day day) const {
        const AcademicYear* const year = find_year(day);
        return year != nullptr && std::any_of(year->exam_weeks.begin(), year->exam_weeks.end(),
                                              [&](const ExamWeek& week) { return week.days.contains(day); });
    }
    /// The day of a deadline in an academic year, or nothing if either is not in the calendar.
    [[nodiscard]] std::optional<Day> deadline(std::string_view name, std::string_view year) const {
        for (const AcademicYear& candidate : years_) {
            if (candidate.name != year) continue;
            for (const Deadline& entry : candidate.deadlines) {
                if (entry.name == name) return entry.day;
            }
        }
        return std::nullopt;
    }
    /// Days from a day to the next deadline of a name in any year: 0 on the day itself; nothing if all are past or
    /// none has that name.
    /// \par Cost  O(deadlines).
    [[nodiscard]] std::optional<int> days_until(std::string_view deadline_name, Day from) const {
        std::optional<int> fewest;
        for (const AcademicYear& year : years_) {
            for (const Deadline& entry : year.deadlines) {
                if (entry.name != deadline_name || entry.day < from) continue;
                if (!fewest || entry.day - from < *fewest) fewest = entry.day - from;
            }
        }
        return fewest;
    }
    /// True if lessons are given: Monday to Friday, in a term, outside exam weeks, breaks of the region and public
    /// holidays that are a day off there.
    /// \param holidays  Only its public holidays count; school holidays that are to count belong in the breaks.
    [[nodiscard]] bool is_teaching_day(Day day, std::string_view region, const HolidayCalendar& holidays) const {
        return find_term(day) != nullptr && holidays.is_working_day(day, region) && !is_exam_week(day) &&
               !breaks_.is_holiday(day, region);
    }
    /// The first term that starts after a day, in any year.
    [[nodiscard]] std::optional<Term> next_term(Day after) const {
        for (const AcademicYear& year : years_) {
            for (const Term& term : year.terms) {
                if (after < term.days.start()) return term;
            }
        }
        return std::nullopt;
    }

private:
    [[noreturn]] static void refuse(const std::string& reason) { throw InvalidArgument{"AcademicCalendar: " + reason}; }

    template <class Entry>
    static bool starts_earlier(const Entry& a, const Entry& b) {
        return a.days.start() < b.days.start();
    }

    static void check_name(const std::string& name, const std::string& kind, const std::string& owner) {
        if (name.empty()) refuse("a " + kind + " of " + owner + " has no name");
    }

    /// Names and ranges of entries of one kind; `frame` is where they must lie.
    template <class Entry>
    static void check_entries(const std::vector<Entry>& entries, const std::string& kind, const std::string& owner,
                              const std::optional<Range<Day>>& frame) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const Entry& entry = entries[i];
            check_name(entry.name, kind, owner);
            std::string which = kind + " \"";
            which.append(entry.name).append("\" of ").append(owner);
            for (std::size_t j = 0; j < i; ++j) {
                if (entries[j].name == entry.name) refuse(which + " is there twice");
            }
            if (entry.days.is_empty()) refuse(which + " has no days");
            if (frame && (entry.days.start() < frame->start() || frame->end_exclusive() < entry.days.end_exclusive())) {
                refuse(which + " does not lie inside it");
            }
        }
    }

    static void check_year(AcademicYear& year) {
        const std::string owner = "year \"" + year.name + '"';
        std::stable_sort(year.terms.begin(), year.terms.end(), starts_earlier<Term>);
        check_entries(year.terms, "term", owner, year.days);
        check_entries(year.exam_weeks, "exam week", owner, year.days);
        for (std::size_t i = 1; i < year.terms.size(); ++i) {
            if (overlaps(year.terms[i - 1].days, year.terms[i].days)) {
                refuse("term \"" + year.terms[i].name + "\" of " + owner + " overlaps term \"" +
                       year.terms[i - 1].name + '"');
            }
        }
        for (std::size_t i = 0; i < year.deadlines.size(); ++i) {
            check_name(year.deadlines[i].name, "deadline", owner);
            for (std::size_t j = 0; j < i; ++j) {
                if (year.deadlines[j].name == year.deadlines[i].name) {
                    refuse("deadline \"" + year.deadlines[i].name + "\" of " + owner + " is there twice");
                }
            }
        }
    }

    static HolidayCalendar checked_breaks(std::vector<Holiday> breaks) {
        for (std::size_t i = 0; i < breaks.size(); ++i) {
            if (!breaks[i].days.is_empty()) continue;
            const std::string name = breaks[i].names.empty() ? std::string{} : breaks[i].names.front().text;
            refuse("break \"" + name + "\" (number " + std::to_string(i) + ") has no days");
        }
        return HolidayCalendar{std::move(breaks)};
    }

    /// The entry that contains a day, in a list in order of time without overlaps.
    template <class Entry>
    [[nodiscard]] static const Entry* find(const std::vector<Entry>& entries, Day day) {
        const auto after = std::upper_bound(entries.begin(), entries.end(), day,
                                            [](Day value, const Entry& entry) { return value < entry.days.start(); });
        if (after == entries.begin()) return nullptr;
        const Entry& entry = *std::prev(after);
        return entry.days.contains(day) ? &entry : nullptr;
    }
    [[nodiscard]] const AcademicYear* find_year(Day day) const { return find(years_, day); }
    [[nodiscard]] const Term* find_term(Day day) const {
        const AcademicYear* const year = find_year(day);
        return year != nullptr ? find(year->terms, day) : nullptr;
    }

    std::vector<AcademicYear> years_;
    HolidayCalendar breaks_;
};

}  // namespace alloquy::time
