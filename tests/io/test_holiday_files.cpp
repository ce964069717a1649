#include <alloquy/io/holiday_files.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/range.hpp>

namespace {

using alloquy::RowIssue;
using alloquy::io::HolidayFile;
using alloquy::io::parse_holidays;
using alloquy::io::read_holidays;
using alloquy::time::Day;
using alloquy::time::Holiday;
using alloquy::time::HolidayCalendar;
using alloquy::time::HolidayKind;
using alloquy::time::name_in;

constexpr std::string_view header = "Id;Country;StartDate;EndDate;Type;RegionalScope;Name;Groups\n";

Day day(std::string_view iso) {
    return Day::from_iso(iso).value();
}

/// The folder of the OpenHolidays data, or nothing where it is absent.
std::optional<std::filesystem::path> data() {
    const char* const chosen = std::getenv("ALLOQUY_DATA");
    const std::filesystem::path root = chosen != nullptr
                                           ? std::filesystem::path{chosen}
                                           : std::filesystem::path{__FILE__}.parent_path() / "../../../shared/data";
    std::filesystem::path folder = root / "openholidays";
    if (std::filesystem::is_directory(folder)) return folder;
    MESSAGE("SKIPPED: no data in ", folder.string());
    return std::nullopt;
}

/// One bad row behind the header.
RowIssue issue_of(const std::string& row) {
    const HolidayFile file = parse_holidays(std::string{header} + row + "\n");
    CHECK(file.holidays.empty());
    REQUIRE(file.issues.size() == 1);
    CHECK(file.issues.front().line == 2);
    return file.issues.front();
}

}  // namespace

TEST_SUITE("io/holiday_files") {
    TEST_CASE("rows become holidays with half-open days, names by language and regions") {
        const HolidayFile file = parse_holidays(
            "\xEF\xBB\xBFId;Country;StartDate;EndDate;Type;RegionalScope;Name;Groups;Subdivisions\r\n"
            "1;NL;2019-12-21;2020-01-05;School;Regional;NL Kerstvakantie,EN Christmas Holidays;NO,MI;DR\r\n"
            "2;NL;2020-01-01;;Public;National;NL Nieuwjaarsdag, ook feest,EN New Year\xE2\x80\x99s Day;;\r\n");
        CHECK(file.issues.empty());
        CHECK(file.country == "NL");
        REQUIRE(file.holidays.size() == 2);
        const Holiday& christmas = file.holidays[0];
        CHECK(christmas.days.start() == day("2019-12-21"));
        CHECK(christmas.days.end_exclusive() == day("2020-01-06"));
        CHECK(christmas.kind == HolidayKind::school_holiday);
        CHECK(christmas.regions == std::vector<std::string>{"NO", "MI", "DR"});
        CHECK(name_in(christmas, "nl") == "Kerstvakantie");
        CHECK(name_in(christmas, "en") == "Christmas Holidays");
        const Holiday& new_year = file.holidays[1];
        CHECK(new_year.days.end_exclusive() == day("2020-01-02"));
        CHECK(new_year.kind == HolidayKind::public_holiday);
        CHECK(new_year.regions.empty());
        CHECK(name_in(new_year, "nl") == "Nieuwjaarsdag, ook feest");
        CHECK(name_in(new_year, "en") == "New Year\xE2\x80\x99s Day");
    }

    TEST_CASE("a bad row comes back with line, column and reason; the others go in") {
        const std::string good = "1;NL;2020-01-01;;Public;National;NL Nieuwjaarsdag;";
        const HolidayFile file =
            parse_holidays(std::string{header} + good + "\n2;NL;2020-01-32;;Public;National;NL X;\n\n" + good);
        CHECK(file.holidays.size() == 2);
        REQUIRE(file.issues.size() == 1);
        CHECK(file.issues[0] == RowIssue{3, "StartDate", "expected a date YYYY-MM-DD"});

        CHECK(issue_of("1;NL;2020-01-01;x;Public;National;NL X;").column == "EndDate");
        CHECK(issue_of("1;NL;2020-01-02;2020-01-01;Public;National;NL X;").message == "must not lie before StartDate");
        CHECK(issue_of("1;NL;2020-01-02;9999-12-31;Public;National;NL X;").column == "EndDate");
        CHECK(issue_of("1;NL;2020-01-02;;Bank;National;NL X;").column == "Type");
        CHECK(issue_of("1;NL;2020-01-02;;Public;National;;").column == "Name");
        CHECK(issue_of("1;NL;2020-01-02;;Public;National;Kerst;").column == "Name");
        CHECK(issue_of("1;NL;2020-01-02;;Public;National;NL Kerst,NL Weer;").column == "Name");
        CHECK(issue_of("1;NL;2020-01-02;;Public;National;NL Kerst;NO,,MI").column == "Groups");
        CHECK(issue_of("1;nl;2020-01-02;;Public;National;NL Kerst;").column == "Country");
        CHECK(issue_of("1;NL;2020-01-02;;Public;National;NL Kerst").message == "expected 8 fields, got 7");
        CHECK(issue_of("1;NL;2020-01-02;;Public;National;\"NL Kerst\";").message ==
              "quotes are not part of this format");
        const HolidayFile mixed =
            parse_holidays(std::string{header} + good + "\n2;BE;2020-01-01;;Public;National;NL Nieuwjaar;\n");
        REQUIRE(mixed.issues.size() == 1);
        CHECK(mixed.issues[0].column == "Country");
    }

    TEST_CASE("a text without the needed columns is refused as a whole, with all that is wrong") {
        try {
            static_cast<void>(parse_holidays("Id;Country;Country;StartDate;Type\n"));
            FAIL("expected ParseError");
        } catch (const alloquy::ParseError& error) {
            REQUIRE(error.issues().size() == 3);
            CHECK(error.issues()[0].message == "column Country is there twice");
            CHECK(error.issues()[1].message == "column EndDate is missing");
            CHECK(error.issues()[2].message == "column Name is missing");
            CHECK(error.line() == 1);
        }
        CHECK_THROWS_AS((void)parse_holidays(""), alloquy::ParseError);
        CHECK_THROWS_AS((void)read_holidays("no/such/file.csv"), alloquy::NotFound);
    }

    TEST_CASE("the OpenHolidays files are read without an issue, as many rows as their SOURCE.md counts") {
        const auto folder = data();
        if (!folder) return;
        // Data rows as listed in SOURCE.md beside the files.
        const std::map<std::string, std::size_t> rows{
            {"be/holidays/holidays.public.csv", 132},    {"be/holidays/holidays.school.de.csv", 40},
            {"be/holidays/holidays.school.fr.csv", 45},  {"be/holidays/holidays.school.nl.csv", 49},
            {"de/holidays/holidays.public.csv", 223},    {"de/holidays/holidays.school.bb.csv", 129},
            {"de/holidays/holidays.school.be.csv", 138}, {"de/holidays/holidays.school.bw.csv", 104},
            {"de/holidays/holidays.school.by.csv", 129}, {"de/holidays/holidays.school.hb.csv", 138},
            {"de/holidays/holidays.school.he.csv", 75},  {"de/holidays/holidays.school.hh.csv", 125},
            {"de/holidays/holidays.school.mv.csv", 206}, {"de/holidays/holidays.school.ni.csv", 143},
            {"de/holidays/holidays.school.nw.csv", 91},  {"de/holidays/holidays.school.rp.csv", 81},
            {"de/holidays/holidays.school.sh.csv", 147}, {"de/holidays/holidays.school.sl.csv", 99},
            {"de/holidays/holidays.school.sn.csv", 119}, {"de/holidays/holidays.school.st.csv", 121},
            {"de/holidays/holidays.school.th.csv", 113}, {"nl/holidays/holidays.public.csv", 121},
            {"nl/holidays/holidays.school.csv", 97}};
        for (const auto& entry : rows) {
            const std::string& name = entry.first;
            CAPTURE(name);
            const HolidayFile file = read_holidays(*folder / name);
            CHECK(file.holidays.size() == entry.second);
            CHECK(file.issues.empty());
        }
    }

    TEST_CASE("the computed Dutch public holidays are those of the data, 2020 to 2030") {
        const auto folder = data();
        if (!folder) return;
        std::set<std::pair<Day, std::string>> published;
        const auto lower = [](std::string text) {
            for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            return text;  // The data write "Goede vrijdag".
        };
        for (const Holiday& holiday : read_holidays(*folder / "nl/holidays/holidays.public.csv").holidays) {
            CHECK(holiday.days.end_exclusive() - holiday.days.start() == 1);
            published.emplace(holiday.days.start(), lower(std::string{name_in(holiday, "nl").value()}));
        }
        std::set<std::pair<Day, std::string>> computed;
        for (int year = 2020; year <= 2030; ++year) {
            for (const Holiday& holiday : alloquy::time::dutch_public_holidays(year)) {
                computed.emplace(holiday.days.start(), lower(std::string{name_in(holiday, "nl").value()}));
            }
        }
        CHECK(published.size() == 121);
        CHECK(computed == published);
    }

    TEST_CASE("the Dutch school holidays hold in their regions") {
        const auto folder = data();
        if (!folder) return;
        const HolidayFile file = read_holidays(*folder / "nl/holidays/holidays.school.csv");
        CHECK(file.country == "NL");
        const HolidayCalendar calendar{file.holidays};
        // Spot values of SOURCE.md, last days inclusive there.
        struct Stretch {
            const char* region;
            const char* first;
            const char* last;
        };
        for (const Stretch& stretch :
             {Stretch{"NO", "2019-12-21", "2020-01-05"}, Stretch{"MI", "2019-12-21", "2020-01-05"},
              Stretch{"ZU", "2019-12-21", "2020-01-05"}, Stretch{"NO", "2020-07-04", "2020-08-16"},
              Stretch{"ZU", "2020-07-11", "2020-08-23"}, Stretch{"MI", "2020-07-18", "2020-08-30"}}) {
            CAPTURE(stretch.region);
            CAPTURE(stretch.first);
            CHECK_FALSE(calendar.is_holiday(day(stretch.first) - 1, stretch.region));
            for (Day d = day(stretch.first); d <= day(stretch.last); d = d + 1) {
                REQUIRE(calendar.is_holiday(d, stretch.region, HolidayKind::school_holiday));
            }
            CHECK_FALSE(calendar.is_holiday(day(stretch.last) + 1, stretch.region));
        }
        CHECK_FALSE(calendar.is_holiday(day("2020-01-01"), ""));

        // The ministry's holidays last nine days (spring, autumn, May), sixteen (Christmas) or 44 (summer). Two rows of
        // the data are a month too long, evidently by a slip of 03 for 02 in the last day.
        std::vector<std::string> odd;
        for (const Holiday& holiday : file.holidays) {
            const int length = holiday.days.end_exclusive() - holiday.days.start();
            if (length != 9 && length != 16 && length != 44) odd.push_back(to_iso(holiday.days.start()));
        }
        CHECK(odd == std::vector<std::string>{"2027-02-13", "2029-02-10"});
    }
}
