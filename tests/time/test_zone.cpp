#include <alloquy/time/zone.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/local_time.hpp>

namespace {

using alloquy::time::Day;
using alloquy::time::Instant;
using alloquy::time::instant_from_iso;
using alloquy::time::LocalLookup;
using alloquy::time::LocalTime;
using alloquy::time::Offset;
using alloquy::time::WhenRepeated;
using alloquy::time::WhenSkipped;
using alloquy::time::Zone;

const std::filesystem::path database = "/usr/share/zoneinfo";

std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

bool has_database() {
    if (std::filesystem::is_regular_file(database / "Europe/Amsterdam")) return true;
    MESSAGE("SKIPPED: no time zone database in ", database.string());
    return false;
}

Zone load(const std::string& name) {
    return Zone::from_tzif(name, file_bytes(database / name));
}

Instant utc(std::string_view iso) {
    return instant_from_iso(iso).value();
}
LocalTime local(std::string_view iso) {
    return LocalTime::from_iso(iso).value();
}
Instant from_s(std::int64_t unix_s) {
    return Instant::from_unix_ms(unix_s * 1000);
}

/// A TZif file in parts, for files that no compiler of the database writes.
struct TzifFile {
    struct Type {
        std::int32_t seconds;
        std::uint8_t is_dst;
        std::uint8_t index;
    };
    char version = '2';
    std::vector<std::pair<std::int64_t, std::uint8_t>> transitions;
    std::vector<Type> types = {{3600, 0, 0}};
    std::string chars = std::string("AAA\0BBB\0", 8);
    std::vector<std::pair<std::int64_t, std::int32_t>> leaps;
    std::vector<std::uint8_t> isstd;
    std::vector<std::uint8_t> isut;
    std::string footer = "\n\n";

    [[nodiscard]] std::vector<std::byte> bytes() const {
        std::string out;
        const auto put = [&](std::int64_t value, int size) {
            for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
                out += static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> shift));
            }
        };
        const auto block = [&](int time_size, bool is_stub) {
            out += "TZif";
            out += version;
            out.append(15, '\0');
            if (is_stub) {
                for (const int count : {0, 0, 0, 0, 1, 1}) put(count, 4);
                out.append(7, '\0');
                return;
            }
            for (const std::size_t count :
                 {isut.size(), isstd.size(), leaps.size(), transitions.size(), types.size(), chars.size()}) {
                put(static_cast<std::int64_t>(count), 4);
            }
            for (const auto& transition : transitions) put(transition.first, time_size);
            for (const auto& transition : transitions) put(transition.second, 1);
            for (const Type& type : types) {
                put(type.seconds, 4);
                put(type.is_dst, 1);
                put(type.index, 1);
            }
            out += chars;
            for (const auto& [at, correction] : leaps) {
                put(at, time_size);
                put(correction, 4);
            }
            for (const std::uint8_t value : isstd) put(value, 1);
            for (const std::uint8_t value : isut) put(value, 1);
        };
        if (version == '\0') {
            block(4, false);
        } else {
            block(4, true);
            block(8, false);
            out += footer;
        }
        const auto view = std::as_bytes(std::span{out});
        return {view.begin(), view.end()};
    }
    [[nodiscard]] Zone zone() const { return Zone::from_tzif("Test/Zone", bytes()); }
};

/// Message of the refusal, or "accepted".
std::string refusal(const TzifFile& file) {
    try {
        static_cast<void>(file.zone());
        return "accepted";
    } catch (const alloquy::ParseError& error) {
        REQUIRE(error.issues().size() == 1);
        return error.issues().front().message;
    }
}

TzifFile with_footer(const std::string& rule) {
    TzifFile file;
    file.footer = "\n" + rule + "\n";
    return file;
}

Zone rule_zone(const std::string& rule) {
    return with_footer(rule).zone();
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("time/zone") {
    TEST_CASE("UTC and fixed zones have one offset for all time") {
        const Zone zone = Zone::utc();
        CHECK(zone.name() == "UTC");
        CHECK(zone.offset_at(Instant::earliest()) == Offset{0, false, "UTC"});
        CHECK(zone.offset_at(Instant::latest()) == Offset{0, false, "UTC"});
        CHECK_FALSE(zone.next_change(Instant::earliest()).has_value());

        CHECK(Zone::fixed("a", 3600).offset_at(from_s(0)) == Offset{3600, false, "+01"});
        CHECK(Zone::fixed("a", -12'600).offset_at(from_s(0)) == Offset{-12'600, false, "-0330"});
        CHECK(Zone::fixed("a", 1172).offset_at(from_s(0)) == Offset{1172, false, "+001932"});
        CHECK_THROWS_AS((void)Zone::fixed("a", 93'600), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Zone::fixed("a", -90'000), alloquy::InvalidArgument);
    }

    TEST_CASE("zones are equal by name and content") {
        CHECK(Zone::fixed("a", 3600) == Zone::fixed("a", 3600));
        CHECK_FALSE(Zone::fixed("a", 3600) == Zone::fixed("b", 3600));
        CHECK_FALSE(Zone::fixed("a", 3600) == Zone::fixed("a", 3601));
        CHECK(rule_zone("CET-1CEST,M3.5.0,M10.5.0/3") == rule_zone("CET-1CEST-2,M3.5.0/2,M10.5.0/03:00:00"));
        CHECK_FALSE(rule_zone("CET-1CEST,M3.5.0,M10.5.0/3") == rule_zone("CET-1CEST,M3.5.0,M10.5.0/4"));
    }

    TEST_CASE("Amsterdam follows the European Union's rule of the last Sundays of March and October at 01:00 UTC") {
        if (!has_database()) return;
        // Directive 2000/84/EC, articles 2 and 3; in 2026 these Sundays are 29 March and 25 October.
        const Zone zone = load("Europe/Amsterdam");
        CHECK(zone.offset_at(utc("2026-03-29T00:59:59.999Z")) == Offset{3600, false, "CET"});
        CHECK(zone.offset_at(utc("2026-03-29T01:00:00.000Z")) == Offset{7200, true, "CEST"});
        CHECK(zone.offset_at(utc("2026-10-25T00:59:59.999Z")) == Offset{7200, true, "CEST"});
        CHECK(zone.offset_at(utc("2026-10-25T01:00:00.000Z")) == Offset{3600, false, "CET"});
        CHECK(zone.next_change(utc("2026-01-01T00:00Z")) == utc("2026-03-29T01:00Z"));
        CHECK(zone.next_change(utc("2026-03-29T01:00Z")) == utc("2026-10-25T01:00Z"));
        CHECK(to_iso(zone.to_local(utc("2026-07-01T22:30:15.250Z"))) == "2026-07-02T00:30:15.250");
        CHECK(zone.local_day(utc("2026-07-01T22:30Z")) == Day::from_ymd(2026, 7, 2));
        CHECK(zone.local_day(utc("2026-07-01T21:59Z")) == Day::from_ymd(2026, 7, 1));

        // Year 2040 and the far end: the last Sundays are 25 March and 28 October; 28 March and 31 October in 9999.
        CHECK(zone.next_change(utc("2040-01-01T00:00Z")) == utc("2040-03-25T01:00Z"));
        CHECK(zone.next_change(utc("2040-03-25T01:00Z")) == utc("2040-10-28T01:00Z"));
        CHECK(zone.next_change(utc("9999-01-01T00:00Z")) == utc("9999-03-28T01:00Z"));
        CHECK(zone.next_change(utc("9999-03-28T01:00Z")) == utc("9999-10-31T01:00Z"));
        CHECK_FALSE(zone.next_change(utc("9999-10-31T01:00Z")).has_value());
    }

    TEST_CASE("a skipped local time is refused, shifted, or moved to the end of the gap, as the caller says") {
        if (!has_database()) return;
        const Zone zone = load("Europe/Amsterdam");
        const LocalTime skipped = local("2026-03-29T02:30");
        CHECK(zone.lookup(skipped) == LocalLookup{LocalLookup::Kind::skipped, utc("2026-03-29T00:30Z"),
                                                  utc("2026-03-29T01:30Z"), utc("2026-03-29T01:00Z")});
        const auto choose = [&](WhenSkipped choice) { return zone.to_instant(skipped, choice, WhenRepeated::refuse); };
        CHECK(choose(WhenSkipped::shift_forward) == utc("2026-03-29T03:30+02:00"));
        CHECK(choose(WhenSkipped::next_valid) == utc("2026-03-29T03:00+02:00"));
        CHECK_THROWS_WITH_AS((void)choose(WhenSkipped::refuse),
                             "Zone Europe/Amsterdam: the clocks skip 2026-03-29T02:30:00.000",
                             alloquy::InvalidArgument);
        // The edges: 02:00 is the first skipped time, 03:00 the first that exists again.
        CHECK(zone.lookup(local("2026-03-29T01:59:59.999")).kind == LocalLookup::Kind::unique);
        CHECK(zone.lookup(local("2026-03-29T02:00:00.000")).kind == LocalLookup::Kind::skipped);
        CHECK(zone.lookup(local("2026-03-29T02:59:59.999")).kind == LocalLookup::Kind::skipped);
        CHECK(zone.lookup(local("2026-03-29T03:00:00.000")).kind == LocalLookup::Kind::unique);
    }

    TEST_CASE("a repeated local time is refused, or the earlier or later one, as the caller says") {
        if (!has_database()) return;
        const Zone zone = load("Europe/Amsterdam");
        const LocalTime repeated = local("2026-10-25T02:30");
        CHECK(zone.lookup(repeated) == LocalLookup{LocalLookup::Kind::repeated, utc("2026-10-25T00:30Z"),
                                                   utc("2026-10-25T01:30Z"), utc("2026-10-25T01:00Z")});
        const auto choose = [&](WhenRepeated choice) { return zone.to_instant(repeated, WhenSkipped::refuse, choice); };
        CHECK(choose(WhenRepeated::earlier) == utc("2026-10-25T02:30+02:00"));
        CHECK(choose(WhenRepeated::later) == utc("2026-10-25T02:30+01:00"));
        CHECK_THROWS_WITH_AS((void)choose(WhenRepeated::refuse),
                             "Zone Europe/Amsterdam: the clocks show 2026-10-25T02:30:00.000 twice",
                             alloquy::InvalidArgument);
        CHECK(zone.lookup(local("2026-10-25T01:59:59.999")).kind == LocalLookup::Kind::unique);
        CHECK(zone.lookup(local("2026-10-25T02:00:00.000")).kind == LocalLookup::Kind::repeated);
        CHECK(zone.lookup(local("2026-10-25T02:59:59.999")).kind == LocalLookup::Kind::repeated);
        CHECK(zone.lookup(local("2026-10-25T03:00:00.000")).kind == LocalLookup::Kind::unique);
    }

    TEST_CASE("offsets of the zones that break simple readers") {
        if (!has_database()) return;
        // From the tz database's source files (europe, australasia, asia, northamerica), release 2026.
        CHECK(load("Europe/Dublin").offset_at(utc("2026-07-01T12:00Z")).abbreviation == "IST");
        CHECK(load("Europe/Dublin").offset_at(utc("2026-01-01T12:00Z")).abbreviation == "GMT");
        CHECK(load("Europe/Dublin").offset_at(utc("2040-07-01T12:00Z")).seconds == 3600);
        CHECK(load("Europe/Dublin").offset_at(utc("2040-01-01T12:00Z")).seconds == 0);
        CHECK(load("Australia/Lord_Howe").offset_at(utc("2026-01-01T12:00Z")).seconds == 11 * 3600);
        CHECK(load("Australia/Lord_Howe").offset_at(utc("2026-07-01T12:00Z")).seconds == 10 * 3600 + 1800);
        CHECK(load("Asia/Kathmandu").offset_at(utc("2040-07-01T12:00Z")) == Offset{20'700, false, "+0545"});
        CHECK(load("America/Nuuk").offset_at(utc("2040-07-01T12:00Z")) == Offset{-3600, true, "-01"});
        // Ramadan interrupts Moroccan summer time: in 2026 it ran from about 18 February to 19 March.
        CHECK(load("Africa/Casablanca").offset_at(utc("2026-03-01T12:00Z")).seconds == 0);
        CHECK(load("Africa/Casablanca").offset_at(utc("2026-04-01T12:00Z")).seconds == 3600);
        // Paris Mean Time was 9 min 21 s ahead of Greenwich until 1911.
        CHECK(load("Europe/Paris").offset_at(utc("1900-01-01T00:00Z")).seconds == 561);
    }

    TEST_CASE("the day of a zone begins at its first instant, also where midnight or the whole day is skipped") {
        if (!has_database()) return;
        CHECK(load("Europe/Amsterdam").start_of_day(Day::from_ymd(2026, 7, 1)) == utc("2026-06-30T22:00Z"));
        // Havana goes to summer time at midnight of 8 March 2026: the day begins at 01:00 local time, 05:00 UTC.
        CHECK(load("America/Havana").start_of_day(Day::from_ymd(2026, 3, 8)) == utc("2026-03-08T05:00Z"));
        // Apia skipped 2011-12-30 as it moved across the date line, from UTC-10 to UTC+14 (tzdb, australasia).
        const Zone apia = load("Pacific/Apia");
        CHECK(apia.start_of_day(Day::from_ymd(2011, 12, 29)) == utc("2011-12-29T10:00Z"));
        CHECK(apia.start_of_day(Day::from_ymd(2011, 12, 30)) == utc("2011-12-30T10:00Z"));
        CHECK(apia.start_of_day(Day::from_ymd(2011, 12, 31)) == utc("2011-12-30T10:00Z"));
        CHECK(apia.instants_of(Day::from_ymd(2011, 12, 30)).is_empty());
        // Days of 23 and 25 hours.
        const Zone zone = load("Europe/Amsterdam");
        const auto hours = [&](int month, int day) {
            const auto range = zone.instants_of(Day::from_ymd(2026, month, day));
            return (range.end_exclusive() - range.start()).count() / 3'600'000;
        };
        CHECK(hours(3, 28) == 24);
        CHECK(hours(3, 29) == 23);
        CHECK(hours(10, 25) == 25);
    }

    TEST_CASE("the bounds of time are refused, not wrapped") {
        CHECK_THROWS_AS((void)Zone::fixed("w", -3600).to_local(Instant::earliest()), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Zone::fixed("e", 3600).local_day(Instant::latest()), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)Zone::fixed("e", 3600).start_of_day(Day::from_ymd(1, 1, 1)), alloquy::InvalidArgument);
        CHECK(Zone::fixed("e", 3600).to_local(Instant::earliest()) == local("0001-01-01T01:00"));
        const Zone zone = rule_zone("CET-1CEST,M3.5.0,M10.5.0/3");
        for (const std::int64_t unix_ms : {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX}) {
            const std::int32_t offset = zone.offset_seconds_at(unix_ms);
            CHECK((offset == 3600 || offset == 7200));
        }
    }

    TEST_CASE("the quick offset equals the full one at every edge and at random") {
        if (!has_database()) return;
        std::mt19937_64 random{1};
        for (const char* const name : {"Europe/Amsterdam", "Africa/Casablanca", "America/Nuuk", "Pacific/Apia",
                                       "America/Argentina/San_Luis", "Asia/Gaza", "Antarctica/Troll", "EST5EDT"}) {
            CAPTURE(name);
            const Zone zone = load(name);
            std::vector<std::int64_t> instants;
            for (auto at = zone.next_change(Instant::earliest()); at && *at < utc("2110-01-01T00:00Z");
                 at = zone.next_change(*at)) {
                for (const int delta : {-1000, -1, 0, 1, 999, 1000}) instants.push_back(at->unix_ms() + delta);
            }
            for (std::int64_t bucket = -2; bucket < 1920; ++bucket) {
                for (const int delta : {-1, 0, 1}) instants.push_back(bucket * (std::int64_t{1} << 31) + delta);
            }
            std::uniform_int_distribution<std::int64_t> any{Instant::min_unix_ms, Instant::max_unix_ms};
            for (int i = 0; i < 20'000; ++i) instants.push_back(any(random));
            int wrong = 0;
            for (const std::int64_t unix_ms : instants) {
                const Instant instant = Instant::from_unix_ms(unix_ms);
                if (zone.offset_seconds_at(unix_ms) != zone.offset_at(instant).seconds) ++wrong;
            }
            CHECK(wrong == 0);
        }
    }

    TEST_CASE("the quick offset is right for changes beside the bounds of its buckets and for many in one bucket") {
        TzifFile file;
        file.types = {{0, 0, 0}, {3600, 0, 4}};
        // A bucket is 2^31 ms = 2 147 483.648 s: changes on both sides of the bounds of buckets 1 to 3, five in
        // bucket 5.
        const std::array<std::int64_t, 9> seconds{2'147'483,  2'147'484,  4'294'967,  6'442'451, 10'737'419,
                                                  10'737'420, 10'800'000, 11'000'000, 12'800'000};
        std::uint8_t type = 0;
        for (const std::int64_t unix_s : seconds) {
            type ^= 1U;
            file.transitions.emplace_back(unix_s, type);
        }
        const Zone zone = file.zone();
        std::int32_t expected = 0;
        for (const std::int64_t unix_s : seconds) {
            CAPTURE(unix_s);
            CHECK(zone.offset_seconds_at(unix_s * 1000 - 1) == expected);
            expected = 3600 - expected;
            CHECK(zone.offset_seconds_at(unix_s * 1000) == expected);
        }
        CHECK(zone.offset_seconds_at(20'000'000'000) == expected);
    }

    TEST_CASE("a short spell of another offset: earlier and later are in order of time") {
        TzifFile file;
        file.types = {{0, 0, 0}, {3600, 0, 4}};
        file.transitions = {{0, 1}, {1000, 0}};
        // At 400 s the clock is an hour ahead and shows 4000 s; at 4000 s, back on UTC, it shows the same again.
        const LocalLookup found = file.zone().lookup(LocalTime::from_epoch_ms(4'000'000));
        CHECK(found == LocalLookup{LocalLookup::Kind::repeated, from_s(400), from_s(4000), from_s(1000)});
    }

    TEST_CASE("version 1 has 32-bit times, no footer, and keeps its last type") {
        TzifFile file;
        file.version = '\0';
        file.types = {{-100, 0, 0}, {7200, 1, 4}};
        file.transitions = {{-1000, 1}, {2000, 0}, {3000, 1}};
        const Zone zone = file.zone();
        CHECK(zone.offset_at(from_s(-1001)) == Offset{-100, false, "AAA"});
        CHECK(zone.offset_at(from_s(-1000)) == Offset{7200, true, "BBB"});
        CHECK(zone.offset_at(from_s(1999)).seconds == 7200);
        CHECK(zone.offset_at(from_s(2000)).seconds == -100);
        CHECK(zone.offset_at(from_s(3000)).seconds == 7200);
        CHECK(zone.offset_at(Instant::latest()).seconds == 7200);
    }

    TEST_CASE("versions 2 to 4 use the 64-bit block and the footer") {
        for (const char version : {'2', '3', '4'}) {
            TzifFile file;
            file.version = version;
            file.types = {{600, 0, 0}, {3600, 0, 4}};
            file.transitions = {{-5'000'000'000, 1}};  // 1811, which 32 bits cannot hold
            file.footer = "\nBBB-1\n";
            const Zone zone = file.zone();
            CHECK(zone.offset_at(from_s(-5'000'000'001)) == Offset{600, false, "AAA"});
            CHECK(zone.offset_at(from_s(-5'000'000'000)) == Offset{3600, false, "BBB"});
            CHECK(zone.offset_at(Instant::latest()) == Offset{3600, false, "BBB"});
        }
    }

    TEST_CASE("an empty footer keeps the last type; without transitions the footer holds for all time") {
        TzifFile file;
        file.types = {{600, 0, 0}, {3600, 0, 4}};
        file.transitions = {{0, 1}};
        CHECK(file.zone().offset_at(Instant::latest()).seconds == 3600);
        const Zone zone = rule_zone("<+05>-5");
        CHECK(zone.offset_at(Instant::earliest()) == Offset{18'000, false, "+05"});
        CHECK(zone.offset_at(Instant::latest()) == Offset{18'000, false, "+05"});
        const Zone ruled = rule_zone("EST5EDT,M3.2.0,M11.1.0");
        CHECK(ruled.offset_at(utc("0001-07-01T00:00Z")) == Offset{-14'400, true, "EDT"});
        CHECK(ruled.offset_at(utc("1500-01-01T00:00Z")) == Offset{-18'000, false, "EST"});
        CHECK(ruled.offset_at(utc("9999-07-01T00:00Z")) == Offset{-14'400, true, "EDT"});
    }

    TEST_CASE("footer dates: Jn never counts 29 February, n does, Mm.5.d is the last weekday") {
        // POSIX.1-2017, section 8.3: J60 is 1 March in every year; day 59 (from 0) is 29 February in leap years.
        const Zone julian = rule_zone("AAA0BBB,J60/0,J300/0");
        CHECK(julian.next_change(utc("2023-01-01T00:00Z")) == utc("2023-03-01T00:00Z"));
        CHECK(julian.next_change(utc("2024-01-01T00:00Z")) == utc("2024-03-01T00:00Z"));
        const Zone counted = rule_zone("AAA0BBB,59/0,300/0");
        CHECK(counted.next_change(utc("2023-01-01T00:00Z")) == utc("2023-03-01T00:00Z"));
        CHECK(counted.next_change(utc("2024-01-01T00:00Z")) == utc("2024-02-29T00:00Z"));
        // February 2026 begins on a Sunday and has four of them; in 2032 it has five.
        const Zone last = rule_zone("AAA0BBB,M2.5.0/0,M6.1.3/0");
        CHECK(last.next_change(utc("2026-01-01T00:00Z")) == utc("2026-02-22T00:00Z"));
        CHECK(last.next_change(utc("2032-01-01T00:00Z")) == utc("2032-02-29T00:00Z"));
        // The first Wednesday of June 2026 is the 3rd; the end is read on the daylight clock, an hour ahead.
        CHECK(last.next_change(utc("2026-03-01T00:00Z")) == utc("2026-06-02T23:00Z"));
    }

    TEST_CASE("footer times reach from -167 to 167 hours") {
        // RFC 9636, section 3.3.2, example: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0" is America/Nuuk: 22:00 on the Saturday
        // at UTC-3 is 01:00 UTC on the Sunday.
        const Zone nuuk = rule_zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
        CHECK(nuuk.next_change(utc("2026-01-01T00:00Z")) == utc("2026-03-29T01:00Z"));
        CHECK(nuuk.next_change(utc("2026-03-29T01:00Z")) == utc("2026-10-25T01:00Z"));
        // The first Thursday of 2026 is 1 January; 167 h later is 7 January 23:00.
        const Zone late = rule_zone("AAA0BBB,M1.1.4/167,M12.5.4/-167:30:30");
        CHECK(late.next_change(utc("2026-01-01T00:00Z")) == utc("2026-01-07T23:00Z"));
        // The last Thursday of 2026 is 31 December; 167:30:30 before is the 24th at 00:29:30, on the daylight clock.
        CHECK(late.next_change(utc("2026-02-01T00:00Z")) == utc("2026-12-23T23:29:30Z"));
        // A rule whose end falls into the following year: 31 December and 100 h is 4 January 04:00, on the clock ahead.
        const Zone over = rule_zone("AAA0BBB,M10.1.0/0,J365/100");
        CHECK(over.offset_at(utc("2027-01-04T02:59:59Z")).is_dst);
        CHECK_FALSE(over.offset_at(utc("2027-01-04T03:00:00Z")).is_dst);
    }

    TEST_CASE("daylight time may be negative, span the new year, or last all year") {
        const Zone dublin = rule_zone("IST-1GMT0,M10.5.0,M3.5.0/1");
        CHECK(dublin.offset_at(utc("2026-01-01T00:00Z")) == Offset{0, true, "GMT"});
        CHECK(dublin.offset_at(utc("2026-07-01T00:00Z")) == Offset{3600, false, "IST"});
        CHECK(dublin.next_change(utc("2026-01-01T00:00Z")) == utc("2026-03-29T01:00Z"));
        CHECK(dublin.next_change(utc("2026-03-29T01:00Z")) == utc("2026-10-25T01:00Z"));
        const Zone south = rule_zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
        CHECK(south.offset_at(utc("2026-12-31T23:59Z")) == Offset{39'600, true, "+11"});
        CHECK(south.offset_at(utc("2026-06-01T00:00Z")) == Offset{37'800, false, "+1030"});
        // RFC 9636, section 3.3.1: daylight time is in force all year if it starts on January 1 at 00:00 and ends on
        // December 31 at 24:00 plus the difference between daylight and standard time.
        for (const char* const rule : {"EST5EDT,0/0,J365/25", "XXX3EDT4,0/0,J365/23"}) {
            CAPTURE(rule);
            const Zone always = rule_zone(rule);
            CHECK(always.offset_at(Instant::earliest()) == Offset{-14'400, true, "EDT"});
            CHECK(always.offset_at(utc("2025-01-01T04:30Z")) == Offset{-14'400, true, "EDT"});
            CHECK_FALSE(always.next_change(Instant::earliest()).has_value());
        }
    }

    TEST_CASE("a rule repeats after 400 years, however far") {
        TzifFile file = with_footer("CET-1CEST,M3.5.0,M10.5.0/3");
        file.types = {{3600, 0, 0}};
        file.chars = std::string("CET\0", 4);
        file.transitions = {{1'000'000'000, 0}};
        const Zone zone = file.zone();
        // Last Sundays by counting weekdays, so independent of the cycle.
        const auto last_sunday = [](int year, int month) {
            Day day = Day::from_ymd(year, month, 31);
            while (day.weekday() != alloquy::time::Weekday::sunday) day = day - 1;
            return utc_start(day).unix_ms() / 1000 + 3600;
        };
        for (int year = 2002; year <= 9999; ++year) {
            const std::int64_t spring = last_sunday(year, 3);
            const std::int64_t autumn = last_sunday(year, 10);
            CAPTURE(year);
            REQUIRE(zone.next_change(from_s(spring - 1)) == from_s(spring));
            REQUIRE(zone.next_change(from_s(spring)) == from_s(autumn));
            REQUIRE(zone.offset_at(from_s(spring)).seconds == 7200);
            REQUIRE(zone.offset_at(from_s(spring - 1)).seconds == 3600);
            REQUIRE(zone.offset_at(from_s(autumn)).seconds == 3600);
            REQUIRE(zone.offset_at(from_s(autumn - 1)).seconds == 7200);
        }
    }

    TEST_CASE("leap seconds are taken out of the transitions") {
        // Unix second 1 000 000 000 with 22 leap seconds before it is written as 1 000 000 022.
        TzifFile plain;
        plain.types = {{0, 0, 0}, {3600, 0, 4}};
        plain.transitions = {{100, 1}, {500, 0}, {1000, 1}};
        TzifFile leaping = plain;
        leaping.leaps = {{400, 1}, {900, 2}};
        leaping.transitions = {{100, 1}, {501, 0}, {1002, 1}};
        CHECK(leaping.zone() == plain.zone());
        // Version 4 may begin with any correction and end with an expiry that repeats the last one.
        TzifFile truncated = plain;
        truncated.version = '4';
        truncated.leaps = {{0, 27}, {900, 28}, {2000, 28}};
        truncated.transitions = {{127, 1}, {527, 0}, {1028, 1}};
        CHECK(truncated.zone() == plain.zone());
        truncated.version = '3';
        CHECK(contains(refusal(truncated), "leap-second record 0"));
        leaping.leaps = {{400, 1}, {900, 3}};
        CHECK(contains(refusal(leaping), "leap-second record 1"));
        leaping.leaps = {{400, 1}, {400, 2}};
        CHECK(contains(refusal(leaping), "unsorted: leap-second record 1"));
    }

    TEST_CASE("standard and UT indicators are checked and otherwise without effect") {
        TzifFile file;
        file.isstd = {1};
        file.isut = {1};
        CHECK(file.zone() == TzifFile{}.zone());
        file.isstd = {0};
        CHECK(contains(refusal(file), "UT/local indicator is 1"));
        file.isstd = {2};
        CHECK(contains(refusal(file), "standard/wall indicator"));
        file.isstd = {1, 1};
        CHECK(contains(refusal(file), "isstdcnt"));
    }

    TEST_CASE("a malformed file is refused with its reason") {
        TzifFile file;
        file.version = '1';
        CHECK(contains(refusal(file), "version must be"));
        file = {};
        file.types.clear();
        CHECK(contains(refusal(file), "typecnt"));
        file = {};
        file.chars.clear();
        CHECK(contains(refusal(file), "charcnt"));
        file = {};
        file.transitions = {{10, 0}, {10, 0}};
        CHECK(refusal(file) == "unsorted: transition 1 does not lie after the one before it");
        file.transitions = {{10, 1}};
        CHECK(refusal(file) == "transition 0 names local time type 1, but there are only 1");
        file = {};
        file.types = {{0, 0, 8}};
        CHECK(contains(refusal(file), "designation index 8"));
        file.types = {{0, 2, 0}};
        CHECK(contains(refusal(file), "isdst"));
        file.types = {{93'600, 0, 0}};
        CHECK(contains(refusal(file), "offset must be in"));
        file = {};
        file.chars = "AAA";
        CHECK(contains(refusal(file), "does not end with NUL"));
        file = {};
        file.footer = "AAA0\n";
        CHECK(contains(refusal(file), "footer must begin"));
        file.footer = "\nAAA0";
        CHECK(contains(refusal(file), "footer does not end"));
        file.footer = "";
        CHECK(contains(refusal(file), "truncated: footer"));
        file.footer = "\nAAA0\nx";
        CHECK(contains(refusal(file), "unexpected bytes after the end"));
        std::vector<std::byte> bytes = TzifFile{}.bytes();
        bytes[3] = std::byte{'g'};
        CHECK_THROWS_AS((void)Zone::from_tzif("x", bytes), alloquy::ParseError);
        CHECK_THROWS_WITH((void)Zone::from_tzif("Europe/Nowhere", {}),
                          "time zone Europe/Nowhere: not a valid TZif file\n"
                          "  truncated: header needs 44 bytes at offset 0, only 0 are left");
    }

    TEST_CASE("a bad footer is refused") {
        for (const char* const rule : {"AA0",
                                       "AAA",
                                       "AAA25",
                                       "AAA+",
                                       "AAA0:60",
                                       "AAA0:00:60",
                                       "<AAA0",
                                       "<A_A>0",
                                       "AAA0BBB",
                                       "AAA0BBB,",
                                       "A1A0",
                                       "AAA0BBB,M3.2.0",
                                       "AAA0BBB,M13.1.0,M1.1.0",
                                       "AAA0BBB,M3.6.0,M1.1.0",
                                       "AAA0BBB,M3.0.0,M1.1.0",
                                       "AAA0BBB,M3.1.7,M1.1.0",
                                       "AAA0BBB,J0,J1",
                                       "AAA0BBB,J366,J1",
                                       "AAA0BBB,366,1",
                                       "AAA0BBB,1/168,2",
                                       "AAA0BBB,1/-168,2",
                                       "AAA0BBB,1,2,3",
                                       "AAA0BBB,1,2 ",
                                       " AAA0",
                                       "AAA0,M3.2.0,M4.1.0",
                                       "AAA0BBB1/2,1,2"}) {
            CAPTURE(rule);
            CHECK(contains(refusal(with_footer(rule)), "footer: "));
        }
        CHECK(contains(refusal(with_footer("AAA-24BBB-24,1,2")), "accepted"));
        CHECK(contains(refusal(with_footer(std::string("AAA0\0", 5))), "footer: "));
    }

    TEST_CASE("a file cut short or damaged anywhere is refused or read, never more") {
        if (!has_database()) return;
        for (const char* const name : {"Europe/Amsterdam", "America/Nuuk"}) {
            const std::vector<std::byte> whole = file_bytes(database / name);
            for (std::size_t size = 0; size < whole.size(); ++size) {
                // A copy of exactly this size, so that a sanitiser sees a read beyond it.
                const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
                CHECK_THROWS_AS((void)Zone::from_tzif(name, part), alloquy::ParseError);
            }
            std::mt19937_64 random{2};
            int read = 0;
            for (int i = 0; i < 4000; ++i) {
                std::vector<std::byte> damaged = whole;
                for (int changes = 1 + i % 3; changes > 0; --changes) {
                    damaged[random() % damaged.size()] = static_cast<std::byte>(random() & 0xFFU);
                }
                try {
                    const Zone zone = Zone::from_tzif(name, damaged);
                    ++read;
                    const auto at = static_cast<std::int64_t>(random() % 8'000'000'000U);
                    CHECK(zone.offset_seconds_at(at * 1000) == zone.offset_at(from_s(at)).seconds);
                    static_cast<void>(zone.lookup(LocalTime::from_epoch_ms(at * 1000)));
                } catch (const alloquy::ParseError&) {
                    continue;
                }
            }
            CHECK(read > 0);
        }
    }

    TEST_CASE("every file of the database is read, and each local time leads back to its instant") {
        if (!has_database()) return;
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{database}) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file{entry.path(), std::ios::binary};
            std::array<char, 4> magic{};
            file.read(magic.data(), 4);
            if (std::string_view{magic.data(), 4} == "TZif") names.insert(entry.path().lexically_relative(database));
        }
        CHECK(names.size() > 300);
        std::mt19937_64 random{3};
        std::uniform_int_distribution<std::int64_t> any{utc("1850-01-01T00:00Z").unix_ms(),
                                                        utc("2500-01-01T00:00Z").unix_ms()};
        for (const std::string& name : names) {
            CAPTURE(name);
            const Zone zone = load(name);
            std::vector<Instant> instants;
            for (int i = 0; i < 200; ++i) instants.push_back(Instant::from_unix_ms(any(random)));
            for (auto at = zone.next_change(Instant::earliest()); at && *at < utc("2045-01-01T00:00Z");
                 at = zone.next_change(*at)) {
                instants.push_back(*at);
                instants.push_back(*at - alloquy::time::Duration{1});
            }
            int wrong = 0;
            for (const Instant instant : instants) {
                const LocalLookup found = zone.lookup(zone.to_local(instant));
                if (found.kind == LocalLookup::Kind::skipped || instant < found.earlier || found.later < instant) {
                    ++wrong;
                }
                if (found.kind == LocalLookup::Kind::unique && found.earlier != instant) ++wrong;
                const Day day = zone.local_day(instant);
                if (instant < zone.start_of_day(day)) ++wrong;
            }
            CHECK(wrong == 0);
        }
    }

    TEST_CASE("offsets and local times agree with Python's zoneinfo on the same database") {
        if (!has_database()) return;
        const char* const chosen = std::getenv("ALLOQUY_PYTHON");
        const std::string python = chosen != nullptr ? chosen : "python3";
        const std::filesystem::path script = std::filesystem::path{__FILE__}.parent_path() / "zone_peer.py";
        const std::string command =
            "\"" + python + "\" \"" + script.string() + "\" \"" + database.string() + "\" 20261101 2>&1";
        struct Close {
            void operator()(std::FILE* pipe) const { ::pclose(pipe); }
        };
        const std::unique_ptr<std::FILE, Close> pipe{::popen(command.c_str(), "r")};
        REQUIRE(pipe != nullptr);
        std::string output;
        std::array<char, 65'536> buffer{};
        for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
            output.append(buffer.data(), n);
        }
        if (output.substr(0, 8) != "version ") {
            MESSAGE("SKIPPED: no Python with zoneinfo as \"", python, "\": ", output.substr(0, 200));
            return;
        }

        std::map<std::string, Zone> zones;
        const auto zone_of = [&](const std::string& name) -> const Zone& {
            const auto known = zones.find(name);
            return known != zones.end() ? known->second : zones.emplace(name, load(name)).first->second;
        };
        std::map<std::string, std::vector<std::array<std::int64_t, 3>>> changes;
        int utc_lines = 0;
        int local_lines = 0;
        bool is_complete = false;
        std::vector<std::string> wrong;
        std::istringstream lines{output};
        for (std::string line; std::getline(lines, line);) {
            std::istringstream fields{line};
            std::string kind;
            std::string name;
            fields >> kind;
            if (kind == "version") MESSAGE("peer: Python ", line.substr(8));
            if (kind == "end") is_complete = true;
            if (kind == "change") {
                std::array<std::int64_t, 3> change{};
                fields >> name >> change[0] >> change[1] >> change[2];
                changes[name].push_back(change);
            } else if (kind == "utc") {
                std::int64_t unix_s = 0;
                Offset expected{};
                fields >> name >> unix_s >> expected.seconds >> expected.is_dst >> expected.abbreviation;
                const Zone& zone = zone_of(name);
                if (zone.offset_at(from_s(unix_s)) != expected) wrong.push_back(line);
                if (zone.offset_seconds_at(unix_s * 1000) != expected.seconds) wrong.push_back(line);
                ++utc_lines;
            } else if (kind == "local") {
                std::string iso;
                int fold = 0;
                std::int64_t unix_s = 0;
                fields >> name >> iso >> fold >> unix_s;
                const LocalLookup found = zone_of(name).lookup(local(iso));
                // PEP 495: fold=1 reads a skipped time on the clock after the gap, so the instant before it.
                const bool wants_later = (found.kind == LocalLookup::Kind::skipped) == (fold == 0);
                if ((wants_later ? found.later : found.earlier) != from_s(unix_s)) wrong.push_back(line);
                ++local_lines;
            }
        }
        CHECK(is_complete);
        CHECK(utc_lines >= 200 * 100);
        CHECK(local_lines >= 200 * 80);
        for (std::size_t i = 0; i < wrong.size() && i < 20; ++i) MESSAGE("differs: ", wrong[i]);
        CHECK(wrong.empty());

        // Each gap and overlap of 2026, no more and no fewer. Asia/Kathmandu has none.
        CHECK(changes.size() == 9);
        changes["Asia/Kathmandu"];
        for (const auto& entry : changes) {
            const std::string& name = entry.first;
            CAPTURE(name);
            const Zone& zone = zone_of(name);
            std::vector<std::array<std::int64_t, 3>> found;
            for (auto at = zone.next_change(utc("2025-12-31T23:59:59.999Z")); at && *at < utc("2027-01-01T00:00Z");
                 at = zone.next_change(*at)) {
                const std::int64_t unix_s = at->unix_ms() / 1000;
                const std::int64_t before = zone.offset_at(from_s(unix_s - 1)).seconds;
                const std::int64_t after = zone.offset_at(*at).seconds;
                if (before != after) found.push_back({unix_s, before, after});
            }
            CHECK(found == entry.second);
        }
    }
}
