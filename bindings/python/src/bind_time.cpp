#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/operators.h>
#include <pybind11/pybind11.h>

#include <alloquy/error.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/local_time.hpp>
#include <alloquy/time/range.hpp>
#include <alloquy/time/zone.hpp>

#include "bindings.hpp"
#include "value.hpp"

namespace alloquy::python {

namespace {

using time::Day;
using time::Duration;
using time::Instant;
using time::LocalTime;
using time::Range;
using time::Zone;

constexpr auto instant_doc = R"doc(A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.

Range 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. Wherever an Instant is expected, an aware datetime does
as well; what it holds beyond the millisecond is cut. A naive datetime is refused: it names no instant.

>>> alloquy.Instant.from_iso("2026-03-01T09:30:00+01:00")
Instant('2026-03-01T08:30:00.000Z')
>>> alloquy.Instant.from_unix_ms(0).to_datetime()
datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
)doc";
constexpr auto instant_from_iso_doc = R"doc(Reads "YYYY-MM-DDTHH:MM[:SS[.f...]](Z|+HH:MM)" (ISO 8601 with offset).

Raises InvalidArgument for anything else; digits past the millisecond are cut. In C++: instant_from_iso.
)doc";
constexpr auto instant_from_datetime_doc =
    R"doc(The instant of an aware datetime, to the millisecond (cut, not rounded).

Raises InvalidArgument if it is naive.
)doc";
constexpr auto day_doc = R"doc(A civil date, 0001-01-01 to 9999-12-31: what a calendar on the wall shows.

Wherever a Day is expected, a datetime.date does as well.

>>> alloquy.Day.from_ymd(2024, 2, 28) + 1
Day('2024-02-29')
>>> alloquy.Day.from_iso("2026-03-01").weekday
<Weekday.sunday: 6>
)doc";
constexpr auto local_time_doc = R"doc(A civil date and time of day to the millisecond, without a zone.

It becomes an Instant only through a Zone, where it may exist once, twice or not at all.
)doc";
constexpr auto zone_doc = R"doc(An IANA time zone: which local time holds at each instant of the years 1 to 9999.

Made by read_zone or find_zone, or by the factories here.

>>> zone = alloquy.Zone.fixed("Etc/GMT-1", 3600)
>>> zone.to_local(alloquy.Instant.from_unix_ms(0))
LocalTime('1970-01-01T01:00:00.000')
)doc";
constexpr auto to_instant_doc =
    R"doc(The instant of a local time, where the caller says what a skipped or repeated one means.

Raises InvalidArgument if it is skipped or repeated and the choice is to refuse.
)doc";
constexpr auto dutch_doc = R"doc(Public holidays of the Netherlands in one year (1949 to 9999), in order of date.

Good Friday is in the list with is_day_off = False. Liberation Day is listed in every year since 1990, before that in
years divisible by five.

>>> [str(h.days.start) for h in alloquy.dutch_public_holidays(2026)][:2]
['2026-01-01', '2026-04-03']
)doc";

/// Comparison, hash, text and pickle of a point in time; made of, and rebuilt from, its number.
template <class T, class Rebuild, class Number>
void add_point(py::class_<T>& type, const char* name, Rebuild rebuild, Number number) {
    type.def(py::self == py::self, py::arg("other"))
        .def(py::self < py::self, py::arg("other"))
        .def(py::self <= py::self, py::arg("other"))
        .def(py::self > py::self, py::arg("other"))
        .def(py::self >= py::self, py::arg("other"))
        .def("__hash__", [number](const T& self) { return py::hash(py::int_{number(self)}); })
        .def("__str__", [](const T& self) { return to_iso(self); })
        .def("__repr__", [name = std::string{name}](const T& self) { return name + "('" + to_iso(self) + "')"; })
        .def(py::pickle([number](const T& self) { return py::make_tuple(number(self)); },
                        [rebuild](const py::tuple& state) { return rebuild(state[0].cast<std::int64_t>()); }));
}

template <class Point>
void bind_range(py::module_& module, const char* name, const char* doc) {
    using R = Range<Point>;
    py::class_<R> type{module, name, doc};
    type.def(py::init<Point, Point>(), py::arg("start"), py::arg("end_exclusive"))
        .def_property_readonly("start", &R::start, "First point of it.")
        .def_property_readonly("end_exclusive", &R::end_exclusive, "First point after it.")
        .def_property_readonly("is_empty", &R::is_empty, "True if it holds no point.")
        .def("contains", &R::contains, py::arg("point"), "True if start <= point < end_exclusive.")
        .def("__contains__", &R::contains, py::arg("point"))
        .def(py::self == py::self, py::arg("other"))
        .def(py::self < py::self, py::arg("other"))
        .def("__hash__", [](const R& self) { return py::hash(py::make_tuple(self.start(), self.end_exclusive())); })
        .def("__repr__",
             [name = std::string{name}](const R& self) {
                 return name + "('" + to_iso(self.start()) + "', '" + to_iso(self.end_exclusive()) + "')";
             })
        .def("__reduce__", [](const py::object& self) {
            const R& range = self.cast<const R&>();
            return py::make_tuple(py::type::of(self), py::make_tuple(range.start(), range.end_exclusive()));
        });
    module.def("overlaps", &time::overlaps<Point>, py::arg("a"), py::arg("b"),
               "True if some point lies in both ranges; an empty range overlaps nothing.");
    module.def("intersection", &time::intersection<Point>, py::arg("a"), py::arg("b"),
               "The points that lie in both ranges, or None where there are none.");
}

void bind_instant(py::module_& module) {
    py::class_<Instant> type{module, "Instant", instant_doc};
    type.def_static("from_unix_ms", &Instant::from_unix_ms, py::arg("unix_ms"),
                    "From milliseconds since 1970-01-01T00:00:00Z. Raises InvalidArgument outside the years 1 to 9999.")
        .def_static(
            "from_iso",
            [](std::string_view text) {
                const auto instant = time::instant_from_iso(text);
                if (!instant) throw InvalidArgument{"Instant: text in ISO 8601 with an offset expected"};
                return *instant;
            },
            py::arg("text"), instant_from_iso_doc)
        .def_static(
            "from_datetime",
            [](const py::object& datetime) {
                if (!is_datetime(datetime)) throw InvalidArgument{"Instant: a datetime expected"};
                return instant_of(datetime);
            },
            py::arg("datetime"), instant_from_datetime_doc)
        .def_static("earliest", &Instant::earliest, "0001-01-01T00:00:00.000Z")
        .def_static("latest", &Instant::latest, "9999-12-31T23:59:59.999Z")
        .def_property_readonly("unix_ms", &Instant::unix_ms, "Milliseconds since 1970-01-01T00:00:00Z.")
        .def(
            "to_datetime",
            [](Instant self) {
                const py::object epoch =
                    datetime_type("datetime")(1970, 1, 1, py::arg("tzinfo") = datetime_type("timezone").attr("utc"));
                return py::object{epoch + to_timedelta(self.unix_ms())};
            },
            "The same as an aware datetime in UTC, exactly.")
        .def(
            "__add__", [](Instant self, Duration duration) { return self + duration; }, py::arg("duration"),
            py::is_operator())
        .def(
            "__sub__", [](Instant self, Duration duration) { return self - duration; }, py::arg("other"),
            py::is_operator())
        .def(
            "__sub__", [](Instant self, Instant earlier) { return self - earlier; }, py::arg("other"),
            py::is_operator());
    add_point(type, "Instant", &Instant::from_unix_ms, [](Instant instant) { return instant.unix_ms(); });
}

void bind_day(py::module_& module) {
    py::enum_<time::Weekday>{module, "Weekday", "Days of the week, Monday first."}
        .value("monday", time::Weekday::monday)
        .value("tuesday", time::Weekday::tuesday)
        .value("wednesday", time::Weekday::wednesday)
        .value("thursday", time::Weekday::thursday)
        .value("friday", time::Weekday::friday)
        .value("saturday", time::Weekday::saturday)
        .value("sunday", time::Weekday::sunday);
    py::class_<Day> type{module, "Day", day_doc};
    type.def_static("from_ymd", &Day::from_ymd, py::arg("year"), py::arg("month"), py::arg("day"),
                    "Raises InvalidArgument if there is no such date in the years 1 to 9999.")
        .def_static("from_unix_days", &Day::from_unix_days, py::arg("unix_days"),
                    "From days since 1970-01-01. Raises InvalidArgument outside the years 1 to 9999.")
        .def_static("from_iso", &Day::from_iso, py::arg("text"), "Reads \"YYYY-MM-DD\"; None for anything else.")
        .def_static(
            "from_date",
            [](const py::object& date) {
                if (!is_date(date)) throw InvalidArgument{"Day: a datetime.date expected, not a datetime"};
                return day_of(date);
            },
            py::arg("date"), "From a datetime.date.")
        .def_static("is_leap_year", &Day::is_leap_year, py::arg("year"), "True if the year has a 29 February.")
        .def_static("is_date", &Day::is_date, py::arg("year"), py::arg("month"), py::arg("day"),
                    "True if the calendar has this date and it lies in the years 1 to 9999.")
        .def_property_readonly("unix_days", &Day::unix_days, "Days since 1970-01-01.")
        .def_property_readonly("year", &Day::year, "1 to 9999.")
        .def_property_readonly("month", &Day::month, "1 to 12.")
        .def_property_readonly("day_of_month", &Day::day_of_month, "1 to 31.")
        .def_property_readonly("weekday", &Day::weekday, "Day of the week.")
        .def(
            "to_date", [](Day self) { return datetime_type("date")(self.year(), self.month(), self.day_of_month()); },
            "The same as a datetime.date.")
        .def(
            "__add__", [](Day self, int days) { return self + days; }, py::arg("days"), py::is_operator())
        .def(
            "__sub__", [](Day self, int days) { return self - days; }, py::arg("other"), py::is_operator())
        .def(
            "__sub__", [](Day self, Day earlier) { return self - earlier; }, py::arg("other"), py::is_operator());
    add_point(type, "Day", &Day::from_unix_days, [](Day day) { return std::int64_t{day.unix_days()}; });
    module.def("utc_day", &time::utc_day, py::arg("instant"),
               "The day on which an instant falls in UTC; in local time ask a Zone.");
    module.def("utc_start", &time::utc_start, py::arg("day"), "Midnight UTC at the start of a day.");
}

void bind_local_time(py::module_& module) {
    py::class_<LocalTime> type{module, "LocalTime", local_time_doc};
    type.def_static("from_day", &LocalTime::from_day, py::arg("day"), py::arg("ms_of_day") = 0,
                    "Raises InvalidArgument if ms_of_day is not in [0, 86 400 000).")
        .def_static("from_hms", &LocalTime::from_hms, py::arg("day"), py::arg("hour"), py::arg("minute"),
                    py::arg("second") = 0, py::arg("millisecond") = 0,
                    "Raises InvalidArgument if there is no such time of day.")
        .def_static("from_epoch_ms", &LocalTime::from_epoch_ms, py::arg("epoch_ms"),
                    "From milliseconds since 1970-01-01T00:00 on the same clock.")
        .def_static("from_iso", &LocalTime::from_iso, py::arg("text"),
                    "Reads \"YYYY-MM-DDTHH:MM[:SS[.f...]]\" without offset; None for anything else.")
        .def_static(
            "from_datetime",
            [](const py::object& datetime) {
                if (!is_datetime(datetime)) throw InvalidArgument{"LocalTime: a datetime expected"};
                if (!datetime.attr("utcoffset")().is_none()) {
                    throw InvalidArgument{"LocalTime: a naive datetime expected, got an aware one"};
                }
                return LocalTime::from_hms(day_of(datetime), datetime.attr("hour").cast<int>(),
                                           datetime.attr("minute").cast<int>(), datetime.attr("second").cast<int>(),
                                           datetime.attr("microsecond").cast<int>() / 1000);
            },
            py::arg("datetime"), "From a naive datetime, to the millisecond. Raises InvalidArgument for an aware one.")
        .def_property_readonly("day", &LocalTime::day, "The date.")
        .def_property_readonly("ms_of_day", &LocalTime::ms_of_day, "Milliseconds since 00:00.")
        .def_property_readonly("hour", &LocalTime::hour, "0 to 23.")
        .def_property_readonly("minute", &LocalTime::minute, "0 to 59.")
        .def_property_readonly("second", &LocalTime::second, "0 to 59.")
        .def_property_readonly("millisecond", &LocalTime::millisecond, "0 to 999.")
        .def_property_readonly("epoch_ms", &LocalTime::epoch_ms,
                               "Milliseconds since 1970-01-01T00:00 on the same clock.")
        .def(
            "to_datetime",
            [](const LocalTime& self) {
                const Day day = self.day();
                return datetime_type("datetime")(day.year(), day.month(), day.day_of_month(), self.hour(),
                                                 self.minute(), self.second(), self.millisecond() * 1000);
            },
            "The same as a naive datetime.");
    add_point(type, "LocalTime", &LocalTime::from_epoch_ms, [](const LocalTime& local) { return local.epoch_ms(); });
}

void bind_zone(py::module_& module) {
    using time::LocalLookup;
    using time::Offset;
    using time::WhenRepeated;
    using time::WhenSkipped;
    bind_value<Offset>(module, "Offset", "How local time relates to UTC at one instant.",
                       field("seconds", &Offset::seconds, "East of UTC; local time = UTC + seconds."),
                       field("is_dst", &Offset::is_dst, "As tzdb flags it."),
                       field("abbreviation", &Offset::abbreviation, "Such as \"CEST\"; for people to read."));
    py::enum_<WhenSkipped>{module, "WhenSkipped", "What becomes of a local time that the clocks skip."}
        .value("refuse", WhenSkipped::refuse, "Raise InvalidArgument.")
        .value("shift_forward", WhenSkipped::shift_forward, "Read it on the clock before the gap: 02:30 becomes 03:30.")
        .value("next_valid", WhenSkipped::next_valid, "The first instant after the gap: 02:30 becomes 03:00.");
    py::enum_<WhenRepeated>{module, "WhenRepeated", "What becomes of a local time that the clocks show twice."}
        .value("refuse", WhenRepeated::refuse, "Raise InvalidArgument.")
        .value("earlier", WhenRepeated::earlier, "The first of the two.")
        .value("later", WhenRepeated::later, "The second of the two.");
    py::enum_<LocalLookup::Kind>{module, "LocalLookupKind", "How often the clocks show a local time."}
        .value("unique", LocalLookup::Kind::unique)
        .value("skipped", LocalLookup::Kind::skipped)
        .value("repeated", LocalLookup::Kind::repeated);
    bind_value<LocalLookup>(
        module, "LocalLookup", "Which instants a local time may mean.",
        field("kind", &LocalLookup::kind, "Whether the clocks show it once, twice or not at all."),
        field("earlier", &LocalLookup::earlier, "The first instant; if skipped, read on the clock after the gap."),
        field("later", &LocalLookup::later, "The last instant; if skipped, read on the clock before the gap."),
        field("change", &LocalLookup::change, "When the clocks jump; None for unique."));
    py::class_<Zone>{module, "Zone", zone_doc}
        .def_static(
            "from_tzif",
            [](std::string name, const py::bytes& bytes) {
                const auto text = static_cast<std::string_view>(bytes);
                return Zone::from_tzif(std::move(name), std::as_bytes(std::span{text.data(), text.size()}));
            },
            py::arg("name"), py::arg("bytes"), "Reads a TZif file (RFC 9636). Raises ParseError if it is not one.")
        .def_static("utc", &Zone::utc, "The zone named \"UTC\".")
        .def_static("fixed", &Zone::fixed, py::arg("name"), py::arg("offset_seconds"),
                    "A zone with one offset for all time, seconds east of UTC in [-89 999, 93 599].")
        .def_property_readonly("name", &Zone::name, "IANA name.")
        .def("offset_at", &Zone::offset_at, py::arg("instant"), "Offset, flag and abbreviation at an instant.")
        .def("offset_seconds_at", &Zone::offset_seconds_at, py::arg("unix_ms"), "Seconds east of UTC.")
        .def("to_local", &Zone::to_local, py::arg("instant"), "What the clocks show at an instant.")
        .def("local_day", &Zone::local_day, py::arg("instant"), "The date that the calendars show at an instant.")
        .def("next_change", &Zone::next_change, py::arg("after"),
             "First instant after this one at which something changes; None if nothing does any more.")
        .def("lookup", &Zone::lookup, py::arg("local"), "Which instants a local time may mean.")
        .def("to_instant", &Zone::to_instant, py::arg("local"), py::arg("skipped"), py::arg("repeated"), to_instant_doc)
        .def("start_of_day", &Zone::start_of_day, py::arg("day"),
             "The first instant of a day: midnight, or the end of the gap where midnight is skipped.")
        .def("instants_of", &Zone::instants_of, py::arg("day"),
             "The instants of a day, from its start to that of the next day.")
        .def(
            "__eq__", [](const Zone& self, const Zone& other) { return self == other; }, py::arg("other"),
            py::is_operator())
        .def("__hash__", [](const Zone& self) { return py::hash(py::str{self.name()}); })
        .def("__repr__", [](const Zone& self) { return "Zone('" + self.name() + "')"; });
}

void bind_holidays(py::module_& module) {
    using time::Holiday;
    using time::HolidayCalendar;
    using time::HolidayKind;
    using time::HolidayName;
    py::enum_<HolidayKind>{module, "HolidayKind", "Kinds of holiday."}
        .value("public_holiday", HolidayKind::public_holiday, "Of the whole population.")
        .value("school_holiday", HolidayKind::school_holiday, "Of primary, secondary or vocational schools.");
    bind_value<HolidayName>(module, "HolidayName", "A name in one language.",
                            field("language", &HolidayName::language, "ISO 639-1, lower case: \"nl\"."),
                            field("text", &HolidayName::text, "The name."));
    bind_value<Holiday>(
        module, "Holiday", "One holiday: consecutive days, with the regions in which they hold.",
        field("days", &Holiday::days, "Half-open: the second bound is the first day after it."),
        field("names", &Holiday::names, "Names, one for each language."),
        field("kind", &Holiday::kind, "Public or school.", HolidayKind::public_holiday),
        field("is_day_off", &Holiday::is_day_off, "False for a public holiday on which most people work.", true),
        field("regions", &Holiday::regions, "Codes of regions such as \"NO\"; empty = everywhere.", {}));
    module.def(
        "name_in",
        [](const Holiday& holiday, std::string_view language) -> std::optional<std::string> {
            const auto name = time::name_in(holiday, language);
            return name ? std::optional{std::string{*name}} : std::nullopt;
        },
        py::arg("holiday"), py::arg("language"), "The name in a language, or None.");
    module.def("holds_in", &time::holds_in, py::arg("holiday"), py::arg("region"),
               "True if a holiday holds in a region; \"\" asks for holidays that hold everywhere.");
    module.def("easter_sunday", &time::easter_sunday, py::arg("year"),
               "Easter Sunday in the Gregorian calendar, years 1583 to 9999.");
    module.def("dutch_public_holidays", &time::dutch_public_holidays, py::arg("year"), dutch_doc);
    py::class_<HolidayCalendar>{module, "HolidayCalendar",
                                "The holidays of one country. An empty region stands for \"no region known\"."}
        .def(py::init<std::vector<Holiday>>(), py::arg("holidays") = std::vector<Holiday>{},
             "Raises InvalidArgument if a holiday has no days.")
        .def_property_readonly(
            "holidays", [](const HolidayCalendar& self) { return to_python(self.holidays()); },
            "All holidays, in order of their first day.")
        .def("holidays_on", &HolidayCalendar::holidays_on, py::arg("day"), py::arg("region"),
             "The holidays that contain a day and hold in a region.")
        .def(
            "is_holiday",
            [](const HolidayCalendar& self, Day day, std::string_view region, std::optional<HolidayKind> kind) {
                return kind ? self.is_holiday(day, region, *kind) : self.is_holiday(day, region);
            },
            py::arg("day"), py::arg("region"), py::arg("kind") = py::none(),
            "True if a holiday (of the kind, if one is given) contains the day and holds in the region.")
        .def("is_public_day_off", &HolidayCalendar::is_public_day_off, py::arg("day"), py::arg("region"),
             "True on a public holiday that is a day off.")
        .def("is_working_day", &HolidayCalendar::is_working_day, py::arg("day"), py::arg("region"),
             "True from Monday to Friday, save on public holidays that are a day off.")
        .def("next_working_day", &HolidayCalendar::next_working_day, py::arg("after"), py::arg("region"),
             "The first working day after a day.")
        .def("__repr__", [](const HolidayCalendar& self) {
            return "HolidayCalendar(" + std::to_string(self.holidays().size()) + " holidays)";
        });
}

void bind_academic_calendar(py::module_& module) {
    using time::AcademicCalendar;
    using time::AcademicCalendarConfig;
    using time::AcademicYear;
    using time::Deadline;
    using time::ExamWeek;
    using time::Term;
    bind_value<Term>(module, "Term", "A stretch of an academic year in which lessons are given.",
                     field("name", &Term::name, "Unique in its year."), field("days", &Term::days, "Its days."));
    bind_value<ExamWeek>(module, "ExamWeek", "Days reserved for exams.",
                         field("name", &ExamWeek::name, "Unique in its year."),
                         field("days", &ExamWeek::days, "Its days."));
    bind_value<Deadline>(module, "Deadline", "A day by which something must be done, such as enrolment.",
                         field("name", &Deadline::name, "Unique in its year."),
                         field("day", &Deadline::day, "Last day on which it is still in time."));
    bind_value<AcademicYear>(module, "AcademicYear", "One academic year.",
                             field("name", &AcademicYear::name, "Unique, such as \"2026-2027\"."),
                             field("days", &AcademicYear::days, "Its days."),
                             field("terms", &AcademicYear::terms, "Terms, without overlap.", {}),
                             field("exam_weeks", &AcademicYear::exam_weeks, "Exam weeks.", {}),
                             field("deadlines", &AcademicYear::deadlines, "Deadlines.", {}));
    bind_value<AcademicCalendarConfig>(
        module, "AcademicCalendarConfig", "What an AcademicCalendar is built from.",
        field("years", &AcademicCalendarConfig::years, "In any order."),
        field("breaks", &AcademicCalendarConfig::breaks, "Stretches without lessons, each with its regions.", {}));
    py::class_<AcademicCalendar>{module, "AcademicCalendar",
                                 "Answers where in the academic year a day lies. None means outside."}
        .def(py::init<AcademicCalendarConfig>(), py::arg("config"),
             "Raises InvalidArgument if names are not unique or ranges are empty, overlap or leave their year.")
        .def_property_readonly(
            "years", [](const AcademicCalendar& self) { return to_python(self.years()); },
            "All years, and the terms in each, in order of time.")
        .def("year_of", &AcademicCalendar::year_of, py::arg("day"), "The academic year of a day.")
        .def("term_of", &AcademicCalendar::term_of, py::arg("day"), "The term of a day.")
        .def("week_of_term", &AcademicCalendar::week_of_term, py::arg("day"),
             "Number of the week in the term, from 1; weeks begin on Monday.")
        .def("is_exam_week", &AcademicCalendar::is_exam_week, py::arg("day"), "True in an exam week.")
        .def("deadline", &AcademicCalendar::deadline, py::arg("name"), py::arg("year"),
             "The day of a deadline in an academic year.")
        .def("days_until", &AcademicCalendar::days_until, py::arg("deadline_name"), py::arg("from_"),
             "Days to the next deadline of a name in any year; 0 on the day itself. from_ is `from` in C++.")
        .def("is_teaching_day", &AcademicCalendar::is_teaching_day, py::arg("day"), py::arg("region"),
             py::arg("holidays"), "True if lessons are given on a day.")
        .def("next_term", &AcademicCalendar::next_term, py::arg("after"), "The first term that starts after a day.")
        .def("__repr__", [](const AcademicCalendar& self) {
            return "AcademicCalendar(" + std::to_string(self.years().size()) + " years)";
        });
}

}  // namespace

void bind_time(py::module_& module) {
    bind_instant(module);
    bind_day(module);
    bind_range<Instant>(module, "InstantRange", "Half-open stretch [start, end_exclusive) of instants.");
    bind_range<Day>(module, "DayRange", "Half-open stretch [start, end_exclusive) of days.");
    bind_local_time(module);
    bind_zone(module);
    bind_holidays(module);
    bind_academic_calendar(module);
}

}  // namespace alloquy::python
