#include <doctest/doctest.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/journal.hpp>

#include "support.hpp"

using alloquy::InvalidArgument;
using alloquy::StoreError;
using alloquy::store::AuditIssue;
using alloquy::store::BulkAppend;
using alloquy::store::Entry;
using alloquy::store::Hash;
using alloquy::store::hash_bytes;
using alloquy::store::MembershipCause;
using alloquy::store::MembershipMark;
using alloquy::store::MembershipRecord;
using alloquy::store::MembershipStep;
using alloquy::store::OpenMode;
using alloquy::store::SegmentVersion;
using namespace store_test;

namespace {

/// This many people, each with one fact.
void fill(Journal& journal, int people) {
    const auto sis = journal.symbols().sources.intern("sis");
    for (int i = 0; i < people; ++i) {
        const PersonId person = journal.person(sis, "p" + std::to_string(i), instant());
        journal.record(click(person, journal.symbols(), "k"));
    }
}

/// "active" in three versions, the last of which takes it out, and "at risk" in one.
void record_segments(Journal& journal) {
    journal.record_segment_version("active", "count of clicked within 30 days >= 1", instant());
    journal.record_segment_version("at risk", "engagement < 0.2", instant());
    journal.record_segment_version("active", "count of clicked within 30 days >= 2", instant(1000));
    journal.record_segment_version("active", "", instant(2000));
}

MembershipRecord entry(std::int64_t person, std::int64_t at_ms = 0) {
    return {.number = 0,
            .person = PersonId{person},
            .segment = "active",
            .version = 1,
            .step = MembershipStep::entered,
            .retracted = false,
            .at = instant(at_ms),
            .known_at = instant(at_ms),
            .cause = MembershipCause::fact};
}

/// Random changes of people 1 to `people`, with numbers from `first` on; the same for the same seed.
std::vector<MembershipRecord> random_records(std::uint64_t seed, std::size_t count, std::int64_t people,
                                             std::uint64_t first = 1) {
    constexpr std::array segments{std::pair{"active", 1U}, std::pair{"active", 2U}, std::pair{"active", 3U},
                                  std::pair{"at risk", 1U}};
    std::mt19937_64 random{seed};
    const auto below = [&](std::uint64_t end) { return random() % end; };
    const auto any_instant = [&] {
        const std::array ends{Instant::earliest(), Instant::latest()};
        if (below(50) == 0) return ends.at(below(2));
        return instant(static_cast<std::int64_t>(below(100'000'000'000)) - 50'000'000'000);
    };
    std::vector<MembershipRecord> records;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& [segment, version] = segments.at(below(segments.size()));
        const Instant at = any_instant();
        records.push_back({.number = first + i,
                           .person = PersonId{1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(people)))},
                           .segment = segment,
                           .version = version,
                           .step = static_cast<MembershipStep>(below(2)),
                           .retracted = below(4) == 0,
                           .at = at,
                           .known_at = below(2) == 0 ? at : any_instant(),
                           .cause = static_cast<MembershipCause>(below(3))});
    }
    return records;
}

std::vector<MembershipRecord> all_of(const Journal& journal, std::uint64_t after = 0) {
    std::vector<MembershipRecord> records;
    journal.for_each_membership(after, [&](const MembershipRecord& record) {
        records.push_back(record);
        return true;
    });
    return records;
}

std::vector<MembershipRecord> all_of(const Journal& journal, PersonId person) {
    std::vector<MembershipRecord> records;
    journal.for_each_membership_of(person, [&](const MembershipRecord& record) {
        records.push_back(record);
        return true;
    });
    return records;
}

template <class ErrorType>
std::string text_of_error(const auto& call) {
    try {
        call();
    } catch (const ErrorType& error) {
        return error.what();
    }
    return "nothing was thrown";
}

std::filesystem::path copy_of_frozen(const char* name, const TemporaryFolder& folder) {
    const auto frozen = std::filesystem::path{__FILE__}.parent_path() / "../data" / name;
    std::filesystem::copy_file(frozen, folder / name, std::filesystem::copy_options::overwrite_existing);
    return folder / name;
}

}  // namespace

TEST_SUITE("store/memberships") {
    TEST_CASE("each segment counts its versions from 1, and each is read back as it was recorded") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            std::vector<SegmentVersion> expected;
            {
                Journal journal = file_or_memory(folder, in_memory);
                CHECK(journal.segment_versions().empty());
                // "Zulu" stands before "active" by its bytes; a condition may be given again, and may be empty.
                std::int64_t ms = 5000;
                for (const auto& [name, version, condition] :
                     {std::tuple{"risk \xc3\xa9", 1U, std::string{"engagement < 0.2"}},
                      std::tuple{"active", 1U, std::string(100'000, 'x')},
                      std::tuple{"risk \xc3\xa9", 2U, std::string{"engagement < 0.2"}},
                      std::tuple{"Zulu", 1U, std::string{"attribute \"a\" = \"\0\"", 19}},
                      std::tuple{"risk \xc3\xa9", 3U, std::string{}}}) {
                    ms -= 700;  // in_force is not compared
                    CHECK(journal.record_segment_version(name, condition, instant(ms)) == version);
                    expected.push_back({name, version, condition, instant(ms)});
                }
                expected = {expected[3], expected[1], expected[0], expected[2], expected[4]};
                CHECK(journal.segment_versions() == expected);
                CHECK(journal.verify().empty());
                CHECK(journal.integrity_check().empty());
                journal.backup(folder / "copy.sqlite");
            }
            for (const char* file : {"j.sqlite", "copy.sqlite"}) {
                if (in_memory && std::string_view{file} == "j.sqlite") continue;
                for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write}) {
                    CHECK(Journal::open(folder / file, {.mode = mode}).segment_versions() == expected);
                }
            }
        }
    }

    TEST_CASE("a segment version that cannot be is refused, and leaves no gap") {
        Journal journal = Journal::in_memory();
        const auto refused = [&](std::string_view name, std::string_view condition) {
            CHECK_THROWS_AS(journal.record_segment_version(name, condition, instant()), InvalidArgument);
        };
        refused("", "x");
        refused(std::string(256, 's'), "x");
        refused("a\xff", "x");
        refused(std::string_view{"a\0b", 3}, "x");
        refused("a", "\xc3");
        refused("a", std::string(alloquy::store::max_condition_bytes + 1, 'x'));
        CHECK(journal.segment_versions().empty());
        CHECK(journal.record_segment_version("a", "x", instant()) == 1);
        refused("a", "\xc3");
        CHECK(journal.record_segment_version("a", std::string(alloquy::store::max_condition_bytes, 'x'), instant()) ==
              2);
        CHECK(journal.record_segment_version(std::string(255, 's'), "x", instant()) == 1);
        CHECK(journal.segment_versions().size() == 3);
    }

    TEST_CASE("changes are read back as they were recorded, with numbers without gaps over calls and reopening") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            constexpr std::int64_t people = 7;
            std::optional<Journal> journal{file_or_memory(folder, in_memory)};
            CHECK(all_of(*journal).empty());
            CHECK(journal->last_membership_number() == 0);
            CHECK(!journal->membership_mark());
            fill(*journal, people);
            record_segments(*journal);
            std::vector<MembershipRecord> expected;
            const auto check_all = [&](const Journal& stored) {
                CHECK(all_of(stored) == expected);
                CHECK(stored.last_membership_number() == expected.size());
                for (std::int64_t person = 0; person <= people + 1; ++person) {
                    std::vector<MembershipRecord> of_person;
                    std::ranges::copy_if(expected, std::back_inserter(of_person),
                                         [&](const auto& record) { return record.person == PersonId{person}; });
                    CHECK(all_of(stored, PersonId{person}) == of_person);
                }
                for (const std::size_t after : {std::size_t{1}, expected.size() / 2, expected.size()}) {
                    CHECK(all_of(stored, after) ==
                          std::vector(expected.begin() + static_cast<std::ptrdiff_t>(after), expected.end()));
                }
                CHECK(all_of(stored, std::uint64_t{UINT64_MAX}).empty());
                CHECK(stored.verify().empty());
            };
            std::uint64_t call = 0;
            for (const std::size_t size : {1U, 100U, 0U, 2U, 300U, 1U}) {
                CAPTURE(size);
                ++call;
                const auto records = random_records(call, size, people, expected.size() + 1);
                expected.insert(expected.end(), records.begin(), records.end());
                auto given = records;
                for (MembershipRecord& record : given) record.number = call * 1000;  // is not looked at
                const MembershipMark mark{.clock = instant(static_cast<std::int64_t>(call)), .seq = call};
                journal->record_memberships(given, mark);
                CHECK(journal->membership_mark() == mark);
                check_all(*journal);
                if (in_memory) continue;
                check_all(Journal::open(folder / "j.sqlite", {.mode = OpenMode::read_only}));
                journal.reset();
                journal.emplace(Journal::open(folder / "j.sqlite"));
                CHECK(journal->membership_mark() == mark);
                check_all(*journal);
            }
            journal->backup(folder / "copy.sqlite");
            check_all(Journal::open(folder / "copy.sqlite"));
            CHECK(journal->integrity_check().empty());
        }
    }

    TEST_CASE("a visitor ends the reading, and may record while it reads") {
        const TemporaryFolder folder;
        Journal journal = Journal::open(folder / "j.sqlite");
        fill(journal, 2);
        record_segments(journal);
        journal.record_memberships(random_records(1, 20, 2), {instant(), 0});
        std::size_t visited = 0;
        journal.for_each_membership(5, [&](const MembershipRecord& record) {
            CHECK(record.number == 6 + visited);
            return ++visited < 3;
        });
        CHECK(visited == 3);
        visited = 0;
        journal.for_each_membership_of(PersonId{1}, [&](const MembershipRecord&) { return ++visited < 2; });
        CHECK(visited == 2);
        // The reading goes on in the state in which it began.
        visited = 0;
        journal.for_each_membership(0, [&](const MembershipRecord& record) {
            const MembershipRecord copy = record;
            journal.record_memberships(std::span{&copy, 1}, {instant(), 0});
            return ++visited != 0;
        });
        CHECK(visited == 20);
        CHECK(journal.last_membership_number() == 40);
        CHECK(journal.verify().empty());
    }

    TEST_CASE("a call without changes moves the mark alone") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        Journal journal = Journal::open(path);
        fill(journal, 3);
        record_segments(journal);
        const auto moves_to = [&](std::int64_t ms, std::uint64_t seq) {
            journal.record_memberships({}, {instant(ms), seq});
            CHECK(journal.membership_mark() == MembershipMark{instant(ms), seq});
            CHECK(journal.verify().empty());
        };
        moves_to(0, 0);
        moves_to(0, 0);
        moves_to(10, 0);
        moves_to(10, 2);
        CHECK(journal.last_membership_number() == 0);
        const MembershipRecord record = entry(1);
        journal.record_memberships(std::span{&record, 1}, {instant(20), 3});
        for (int i = 0; i < 100; ++i) moves_to(20 + i, 3);
        CHECK(journal.last_membership_number() == 1);
        CHECK(Journal::open(path, {.mode = OpenMode::read_only}).membership_mark() == MembershipMark{instant(119), 3});
        // The file does not grow by it.
        CHECK(integer_of(path, "SELECT count(*) FROM membership_mark") == 1);
        CHECK(integer_of(path, "SELECT count(*) FROM membership_block") == 1);
    }

    TEST_CASE("changes that cannot be are refused by name, and nothing of the call is kept") {
        Journal journal = Journal::in_memory();
        fill(journal, 3);
        record_segments(journal);
        const std::vector good{entry(1), entry(2)};
        const MembershipMark mark{instant(10), 2};
        journal.record_memberships(good, mark);
        const auto expected = all_of(journal);
        const auto refused = [&](const MembershipRecord& record, const MembershipMark& next, std::string_view part) {
            const std::vector records{entry(1), record, entry(2)};
            const std::string text = text_of_error<InvalidArgument>([&] { journal.record_memberships(records, next); });
            INFO(text);
            CHECK(text.find(part) != std::string::npos);
            CHECK(all_of(journal) == expected);
            CHECK(journal.membership_mark() == mark);
        };
        for (const std::int64_t person : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{4}, INT64_MAX}) {
            refused(entry(person), {instant(11), 3}, "no person " + std::to_string(person));
        }
        MembershipRecord record = entry(1);
        record.version = 4;
        refused(record, {instant(11), 3}, "no version 4 of segment active");
        record.version = 0;
        refused(record, {instant(11), 3}, "no version 0 of segment active");
        record = entry(1);
        record.segment = "activ";
        refused(record, {instant(11), 3}, "no version 1 of segment activ");
        record = entry(1);
        record.step = static_cast<MembershipStep>(2);
        refused(record, {instant(11), 3}, "step");
        record = entry(1);
        record.cause = static_cast<MembershipCause>(3);
        refused(record, {instant(11), 3}, "cause");
        refused(entry(1), {instant(9), 3}, "clock");
        refused(entry(1), {instant(11), 1}, "seq of the mark must not go back from 2, got 1");
        refused(entry(1), {instant(11), 4}, "but the last is 3");
        refused(entry(1), {instant(11), UINT64_MAX}, "but the last is 3");
        CHECK_THROWS_AS(journal.record_memberships({}, {instant(9), 2}), InvalidArgument);
        CHECK_THROWS_AS(journal.record_memberships({}, {instant(10), 1}), InvalidArgument);
        CHECK(journal.membership_mark() == mark);
        CHECK(journal.verify().empty());
        journal.record_memberships(good, mark);
        CHECK(journal.last_membership_number() == 4);
    }

    TEST_CASE("threads that record at once share the numbers out without gaps, and keep each call together") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            Journal journal = file_or_memory(folder, in_memory);
            fill(journal, 4);
            record_segments(journal);
            const model::Fact pattern = click(PersonId{1}, journal.symbols(), "x");
            journal.record_memberships({}, {instant(), 1});
            std::atomic<int> refused = 0;
            std::vector<std::thread> threads;
            for (std::int64_t t = 1; t <= 4; ++t) {
                threads.emplace_back([&, t] {
                    for (std::int64_t i = 0; i < 50; ++i) {
                        model::Fact fact = pattern;
                        fact.key = std::to_string(t) + "-" + std::to_string(i);
                        journal.record(fact);
                        if (i % 10 == 0) {
                            journal.record_segment_version("new " + std::to_string(t), "x", instant());
                        }
                        std::vector<MembershipRecord> records(static_cast<std::size_t>(i % 5), entry(t, i));
                        journal.record_memberships(records, {instant(), 1});
                        // What one caller does wrong is no other's trouble.
                        try {
                            journal.record_memberships(std::vector{entry(t)}, {instant(), 0});
                        } catch (const InvalidArgument&) {
                            ++refused;
                        }
                    }
                });
            }
            for (std::thread& thread : threads) thread.join();
            CHECK(refused == 200);
            const auto all = all_of(journal);
            REQUIRE(all.size() == 4 * 100);
            std::array<std::int64_t, 5> last{-1, -1, -1, -1, -1};
            for (std::size_t i = 0; i < all.size();) {
                const auto call = static_cast<std::size_t>(all[i].person.value());
                const std::int64_t ms = (all[i].at - instant()).count();
                CHECK(ms > last.at(call));
                last.at(call) = ms;
                for (std::int64_t k = 0; k < ms % 5; ++k, ++i) {
                    REQUIRE(i < all.size());
                    CHECK(all[i].number == i + 1);
                    CHECK(all[i].person == PersonId{static_cast<std::int64_t>(call)});
                    CHECK(all[i].at == instant(ms));
                }
            }
            CHECK(journal.segment_versions().size() == 4 + 4 * 5);
            CHECK(journal.last_seq() == 4 + 200);
            CHECK(journal.verify().empty());
        }
    }

    TEST_CASE("changes may be recorded while a bulk append is open, which loses nothing by it") {
        Journal journal = Journal::in_memory();
        fill(journal, 1);
        BulkAppend bulk{journal, {}};
        std::vector<model::Fact> facts;
        for (int i = 0; i < 500; ++i) {
            facts.push_back(click(PersonId{1}, journal.symbols(), "bulk " + std::to_string(i)));
        }
        bulk.append(std::span{facts}.first(200));
        CHECK(journal.record_segment_version("active", "x", instant()) == 1);
        // A person of whom the file does not know yet.
        const PersonId person = journal.person(journal.symbols().sources.intern("sis"), "new", instant());
        journal.record_memberships(std::vector{entry(person.value())}, {instant(), 1});
        CHECK_THROWS_AS(journal.record_memberships({}, {instant(), 10'000}), InvalidArgument);
        bulk.append(std::span{facts}.subspan(200));
        CHECK(bulk.commit().entered == 500);
        journal.record_memberships(std::vector{entry(1)}, {instant(), 501});
        CHECK(journal.last_seq() == 501);
        CHECK(journal.last_membership_number() == 2);
        CHECK(all_of(journal, person).size() == 1);
        CHECK(journal.verify().empty());
    }

    TEST_CASE("a mark may reach to facts of a bulk append that a journal in memory shows before their commit") {
        Journal journal = Journal::in_memory();
        fill(journal, 1);
        BulkAppend bulk{journal, {}};
        std::vector<model::Fact> facts;
        for (int i = 0; i < 70'000; ++i) {  // more than goes into one block of the chain
            facts.push_back(click(PersonId{1}, journal.symbols(), std::to_string(i)));
        }
        bulk.append(facts);
        while (journal.last_seq() == 1) std::this_thread::yield();
        const std::uint64_t seen = journal.last_seq();
        journal.record_memberships({}, {instant(), seen});
        CHECK(journal.membership_mark() == MembershipMark{instant(), seen});
        CHECK(bulk.commit().entered == facts.size());
        CHECK(journal.verify().empty());
    }

    TEST_CASE("a read-only journal beside the writer reads each change at once, and cannot record any") {
        const TemporaryFolder folder;
        Journal journal = Journal::open(folder / "j.sqlite");
        fill(journal, 3);
        const Journal beside = Journal::open(folder / "j.sqlite", {.mode = OpenMode::read_only});
        CHECK(beside.segment_versions().empty());
        record_segments(journal);
        CHECK(beside.segment_versions() == journal.segment_versions());
        for (std::uint64_t i = 1; i <= 10; ++i) {
            const auto records = random_records(i, 5, 3, beside.last_membership_number() + 1);
            journal.record_memberships(records, {instant(static_cast<std::int64_t>(i)), 3});
            CHECK(beside.last_membership_number() == 5 * i);
            CHECK(all_of(beside, 5 * (i - 1)) == records);
            CHECK(beside.membership_mark() == MembershipMark{instant(static_cast<std::int64_t>(i)), 3});
        }
        CHECK(beside.verify().empty());
        Journal other = Journal::open(folder / "j.sqlite", {.mode = OpenMode::read_only});
        CHECK_THROWS_AS(other.record_memberships({}, {instant(100), 3}), InvalidArgument);
        CHECK_THROWS_AS(other.record_segment_version("active", "x", instant()), InvalidArgument);
    }

    TEST_CASE("a call of 100,000 changes is kept whole") {
        const TemporaryFolder folder;
        constexpr std::int64_t people = 5000;
        const auto records = random_records(11, 100'000, people);
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            std::vector<std::string> keys(people);
            for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = "p" + std::to_string(i);
            const std::vector<std::string_view> views(keys.begin(), keys.end());
            CHECK(journal.people(journal.symbols().sources.intern("sis"), views, instant()).size() == people);
            record_segments(journal);
            journal.record_memberships(records, {instant(), 0});
        }
        const Journal journal = Journal::open(folder / "j.sqlite");
        CHECK((all_of(journal) == records));
        std::size_t of_people = 0;
        for (std::int64_t person = 1; person <= people; ++person) of_people += all_of(journal, PersonId{person}).size();
        CHECK(of_people == records.size());
        CHECK(journal.verify().empty());
        CHECK(journal.integrity_check().empty());
    }

    TEST_CASE("the audit finds what was changed behind the library's back") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        {
            Journal journal = Journal::open(path);
            fill(journal, 5);
            record_segments(journal);
            journal.record_memberships(random_records(5, 10, 5), {instant(1), 1});
            journal.record_memberships(random_records(6, 20, 5), {instant(2), 2});
            journal.record_memberships(random_records(7, 5, 5), {instant(3), 5});
            journal.checkpoint();
        }
        const auto damaged = [&](const std::string& sql) {
            const auto copy = folder / "copy.sqlite";
            std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
            tamper(copy, sql);
            return Journal::open(copy, {.mode = OpenMode::read_only});
        };
        /// The issues are these, each found by a part of its text.
        const auto check_issues = [&](const std::string& sql, const std::vector<std::string>& parts) {
            const auto issues = damaged(sql).verify();
            CAPTURE(sql);
            std::string text;
            for (const AuditIssue& issue : issues) text += issue.message + "\n";
            INFO(text);
            REQUIRE(issues.size() == parts.size());
            for (std::size_t i = 0; i < parts.size(); ++i) {
                CAPTURE(parts[i]);
                CHECK(issues[i].message.find(parts[i]) != std::string::npos);
                CHECK(issues[i].seq == 0);
            }
        };
        check_issues("SELECT 1", {});
        const std::string second = "record 11: the hash of the block up to 30 does not match";
        for (const char* set : {"at = at + 1", "delay = delay + 1", "at = at + 1, delay = delay - 1",
                                "change = change + 1", "change = change - 1", "change = change + 1000",
                                "change = (change + 2) % 12", "change = (change + 4) % 12", "segment = segment % 4 + 1",
                                "person = person % 5 + 1", "at = 9223372036854775807, delay = 9223372036854775807"}) {
            check_issues("UPDATE membership SET " + std::string{set} + " WHERE number = 17", {second});
        }
        check_issues("UPDATE membership SET segment = 9 WHERE number = 17", {"record 17: there is no such version"});
        check_issues("UPDATE membership SET person = 99 WHERE number = 17", {"record 17: the key of its person"});
        check_issues(
            "UPDATE membership SET number = -1 WHERE number = 17; "
            "UPDATE membership SET number = 17 WHERE number = 18; "
            "UPDATE membership SET number = 18 WHERE number = -1",
            {second});
        check_issues("DELETE FROM membership WHERE number = 17", {"record 17: it is missing"});
        check_issues("DELETE FROM membership WHERE number >= 33", {"record 33: it and those up to 35 are missing"});
        check_issues("DELETE FROM membership", {"record 1: it and those up to 10", "record 11: it and those up to 30",
                                                "record 31: it and those up to 35"});
        check_issues(
            "INSERT INTO membership SELECT 36, person, segment, change, at, delay FROM membership "
            "WHERE number = 17",
            {"record 36: it belongs to no block"});
        check_issues("UPDATE membership_block SET hash = zeroblob(32) WHERE first_number = 11",
                     {second, "record 31: the hash of the block up to 35 does not match"});
        check_issues("UPDATE membership_block SET hash = x'' WHERE first_number = 1", {"record 1: the hash"});
        check_issues("DELETE FROM membership_block WHERE first_number = 31; DELETE FROM membership WHERE number > 30",
                     {"not made for the last block"});
        {
            const auto issues = damaged("DELETE FROM membership_block WHERE first_number = 11").verify();
            REQUIRE(issues.size() == 22);
            CHECK(issues[0].message.find("record 11: the blocks do not follow") != std::string::npos);
            CHECK(issues[1].message.find("record 11: it belongs to no block") != std::string::npos);
            CHECK(issues[20].message.find("record 30: it belongs to no block") != std::string::npos);
            CHECK(issues[21].message.find("record 31: the hash of the block") != std::string::npos);
        }
        for (const char* set : {"clock = clock + 1", "seq = 4", "hash = zeroblob(32)", "hash = x''"}) {
            const std::string sql = "UPDATE membership_mark SET " + std::string{set};
            check_issues(sql, {"mark of the memberships does not match its hash"});
            CHECK(text_of_error<StoreError>([&] {
                      static_cast<void>(damaged(sql).membership_mark());
                  }).find("does not match its hash") != std::string::npos);
        }
        check_issues("UPDATE membership_mark SET head = zeroblob(32)", {"does not match its hash", "last block"});
        check_issues("UPDATE membership_mark SET seq = 6", {"does not match its hash", "lies behind the last fact"});
        check_issues("DELETE FROM membership_mark", {"mark of the memberships is missing"});

        // Segments, ids 1 to 4: active 1, at risk 1, active 2, active 3.
        const std::string two = "version 2 of segment active";
        for (const char* set : {"condition = condition || ' '", "condition = ''", "in_force = in_force + 1",
                                "in_force = 9223372036854775807", "record_hash = zeroblob(32)", "record_hash = x''"}) {
            const std::string sql = "UPDATE segment_version SET " + std::string{set} + " WHERE id = 3";
            check_issues(sql, {two + " does not match"});
            const Journal journal = damaged(sql);
            CHECK(text_of_error<StoreError>([&] { static_cast<void>(journal.segment_versions()); }).find(two) !=
                  std::string::npos);
            CHECK(text_of_error<StoreError>([&] { static_cast<void>(all_of(journal)); }).find(two) !=
                  std::string::npos);
        }
        {
            // What names the version is in the records' commitments, too.
            const auto issues = damaged("UPDATE segment_version SET name = 'other' WHERE id = 2").verify();
            REQUIRE(issues.size() >= 2);
            CHECK(issues[0].message == "version 1 of segment other does not match the hash of it");
            CHECK(issues.back().message.find("the hash of the block") != std::string::npos);
        }
        {
            const Journal journal = damaged("DELETE FROM segment_version WHERE id = 3");
            const auto issues = journal.verify();
            REQUIRE(issues.size() >= 3);
            CHECK(issues[0].message == "segment versions: expected number 3, found number 4");
            CHECK(issues[1].message == two + " is missing");
            CHECK(issues[2].message.find("there is no such version of a segment") != std::string::npos);
            CHECK(text_of_error<StoreError>([&] { static_cast<void>(journal.segment_versions()); }).find(two) !=
                  std::string::npos);
            CHECK(text_of_error<StoreError>([&] { static_cast<void>(all_of(journal)); }).find("membership record") !=
                  std::string::npos);
        }

        // A record that cannot be says so when it is read.
        for (const char* set : {"change = 12", "change = -1", "at = 9223372036854775807", "delay = 9223372036854775807",
                                "delay = -9223372036854775807", "at = 253402300799999, delay = 1", "segment = 9"}) {
            const Journal journal = damaged("UPDATE membership SET " + std::string{set} + " WHERE number = 17");
            CAPTURE(set);
            CHECK(text_of_error<StoreError>([&] {
                      static_cast<void>(all_of(journal));
                  }).find("membership record 17 is damaged") != std::string::npos);
            CHECK(all_of(journal, 17).size() == 18);
        }
    }

    TEST_CASE("a person's rows may be deleted, and what is left of them keeps the chain whole") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        std::string bytes;
        std::vector<MembershipRecord> others;
        {
            Journal journal = Journal::open(path);
            fill(journal, 2);
            record_segments(journal);
            const std::vector records{entry(1, 1), entry(2, 2), entry(1, 3), entry(2, 4)};
            journal.record_memberships(std::span{records}.first(2), {instant(1), 1});
            journal.record_memberships(std::span{records}.subspan(2), {instant(2), 2});
            others = all_of(journal, PersonId{1});
            journal.checkpoint();
        }
        // The commitments by the format, under the key of the person (see the case below).
        std::string key;
        {
            sqlite3* database = nullptr;
            sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
            sqlite3_stmt* row = nullptr;
            sqlite3_prepare_v2(database, "SELECT key FROM person_key WHERE person = 2", -1, &row, nullptr);
            REQUIRE(sqlite3_step(row) == SQLITE_ROW);
            key.assign(static_cast<const char*>(sqlite3_column_blob(row, 0)), 32);
            sqlite3_finalize(row);
            sqlite3_close(database);
        }
        const auto number = [&](std::uint64_t value, unsigned size) {
            for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
        };
        std::string sql = "DELETE FROM membership WHERE person = 2;";
        for (const auto& [place, ms] : {std::pair{2, 2}, std::pair{4, 4}}) {
            bytes.clear();
            number(20, 4);
            bytes += "alloquy.membership.1";
            number(2, 8);
            number(6, 4);
            bytes += "active";
            number(1, 8);
            number(0, 8);
            number(static_cast<std::uint64_t>(instant(ms).unix_ms()), 8);
            number(static_cast<std::uint64_t>(instant(ms).unix_ms()), 8);
            Hash commitment;
            crypto_generichash(reinterpret_cast<unsigned char*>(commitment.data()), 32,
                               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                               reinterpret_cast<const unsigned char*>(key.data()), key.size());
            sql += "INSERT INTO erased_membership VALUES (" + std::to_string(place) + ", x'" +
                   alloquy::store::to_hex(commitment) + "');";
        }
        tamper(path, sql);
        {
            Journal journal = Journal::open(path);
            CHECK(journal.verify().empty());
            CHECK(all_of(journal) == others);
            CHECK(all_of(journal, PersonId{2}).empty());
            CHECK(journal.last_membership_number() == 4);
            journal.record_memberships(std::vector{entry(1, 9)}, {instant(3), 2});
            CHECK(all_of(journal).back().number == 5);
            CHECK(journal.verify().empty());
        }
        tamper(path, "UPDATE erased_membership SET commitment = zeroblob(32) WHERE number = 2");
        const auto issues = Journal::open(path).verify();
        REQUIRE(issues.size() == 1);
        CHECK(issues.front().message.find("record 1: the hash of the block up to 2") != std::string::npos);
    }

    TEST_CASE("hashes, commitments and chain are what the format says") {
        // Recomputed with libsodium from the format: length-prefixed texts, fixed-width little-endian numbers.
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        Journal journal = Journal::open(path);
        fill(journal, 1);
        journal.record_segment_version("a", "x", instant());
        journal.record_segment_version("s\xc3\xa9", "true", Instant::from_unix_ms(-5));
        MembershipRecord record = entry(1, 7);
        record.segment = "s\xc3\xa9";
        record.step = MembershipStep::left;
        record.retracted = true;
        record.cause = MembershipCause::edit;
        record.known_at = instant(9);
        journal.record_memberships(std::vector{record, record}, {instant(50), 1});
        std::string bytes;
        const auto number = [&](std::uint64_t value, unsigned size = 8) {
            for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
        };
        const auto hex = [&] { return "x'" + alloquy::store::to_hex(hash_bytes(bytes)) + "'"; };
        const auto add_hash = [&](const Hash& hash) {
            bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
        };
        bytes = "alloquy.segment.1";
        number(2);  // the second version of any segment
        number(3);
        bytes += "s\xc3\xa9";
        number(1);
        number(4);
        bytes += "true";
        number(0xFFFF'FFFF'FFFF'FFFBU);  // -5
        CHECK(integer_of(path, "SELECT count(*) FROM segment_version WHERE id = 2 AND record_hash = " + hex()) == 1);

        std::string key;
        sqlite3* database = nullptr;
        sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
        sqlite3_stmt* row = nullptr;
        sqlite3_prepare_v2(database, "SELECT key FROM person_key", -1, &row, nullptr);
        REQUIRE(sqlite3_step(row) == SQLITE_ROW);
        key.assign(static_cast<const char*>(sqlite3_column_blob(row, 0)), 32);
        sqlite3_finalize(row);
        sqlite3_close(database);
        bytes.clear();
        number(20, 4);
        bytes += "alloquy.membership.1";
        number(1);  // person
        number(3, 4);
        bytes += "s\xc3\xa9";
        number(1);              // version
        number(1 + 2 + 4 * 2);  // left, retracted, edit
        number(static_cast<std::uint64_t>(instant(7).unix_ms()));
        number(static_cast<std::uint64_t>(instant(9).unix_ms()));
        Hash commitment;
        crypto_generichash(reinterpret_cast<unsigned char*>(commitment.data()), 32,
                           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                           reinterpret_cast<const unsigned char*>(key.data()), key.size());
        bytes.assign(32, '\0');  // there is no block before
        number(1);
        number(2);
        add_hash(commitment);
        add_hash(commitment);
        CHECK(integer_of(path, "SELECT count(*) FROM membership_block WHERE last_number = 2 AND hash = " + hex()) == 1);
        const Hash head = hash_bytes(bytes);
        bytes = "alloquy.membership.mark.1";
        number(static_cast<std::uint64_t>(instant(50).unix_ms()));
        number(1);
        add_hash(head);
        CHECK(integer_of(path, "SELECT count(*) FROM membership_mark WHERE hash = " + hex()) == 1);
    }

    TEST_CASE("kill -9 while changes are recorded loses no call that returned and leaves no half one") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        constexpr std::int64_t people = 50;
        {
            Journal journal = Journal::open(path);
            fill(journal, people);
            record_segments(journal);
        }
        // Call number i moves the clock to i, and records i * 7919 % 3000 changes at the instant i.
        const auto changes_of = [](std::int64_t call) { return call * 7919 % 3000; };
        std::mt19937_64 random{1};
        std::int64_t returned = 0;
        std::size_t cut = 0;
        constexpr std::size_t rounds = 20;
        for (std::size_t round = 0; round < rounds; ++round) {
            CAPTURE(round);
            std::array<int, 2> ends{};
            REQUIRE(::pipe(ends.data()) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                Journal journal = Journal::open(path);
                const auto mark = journal.membership_mark();
                for (std::int64_t call = mark ? (mark->clock - instant()).count() + 1 : 1;; ++call) {
                    std::vector<MembershipRecord> records;
                    for (std::int64_t i = 0; i < changes_of(call); ++i) records.push_back(entry(1 + i % people, call));
                    journal.record_memberships(records, {instant(call), 1});
                    if (::write(ends[1], &call, sizeof call) != sizeof call) ::_exit(1);
                }
            }
            ::close(ends[1]);
            const auto read_some = [&](std::uint64_t most) {
                std::int64_t call = 0;
                for (; most > 0 && ::read(ends[0], &call, sizeof call) == sizeof call; --most) returned = call;
            };
            read_some(1 + random() % 5);
            // Some moment within the next call, without sleeping.
            const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 5000};
            while (std::chrono::steady_clock::now() < until) {
            }
            ::kill(child, SIGKILL);
            int status = -1;
            ::waitpid(child, &status, 0);
            if (WIFSIGNALED(status)) ++cut;
            read_some(UINT64_MAX);  // what it said before it died is still in the pipe
            ::close(ends[0]);
            const Journal journal = Journal::open(path);
            CHECK(journal.integrity_check().empty());
            CHECK(journal.verify().empty());
            REQUIRE(journal.membership_mark());
            const std::int64_t reached = (journal.membership_mark()->clock - instant()).count();
            CHECK(reached >= returned);
            CHECK(reached <= returned + 1);  // one may be on disk that was not yet told
            std::int64_t call = 1;
            std::int64_t of_call = 0;
            std::uint64_t count = 0;
            bool as_recorded = true;
            journal.for_each_membership(0, [&](const MembershipRecord& record) {
                while (of_call == changes_of(call)) {
                    ++call;
                    of_call = 0;
                }
                as_recorded = as_recorded && record.number == ++count && record.at == instant(call) &&
                              record.person == PersonId{1 + of_call++ % people};
                return as_recorded;
            });
            CHECK(as_recorded);
            std::uint64_t expected = 0;
            for (std::int64_t i = 1; i <= reached; ++i) expected += static_cast<std::uint64_t>(changes_of(i));
            CHECK(count == expected);
            CHECK(journal.last_membership_number() == expected);
        }
        CHECK(returned >= static_cast<std::int64_t>(rounds));
        CHECK(cut == rounds);
    }

    TEST_CASE("a full disk refuses a call whole, and the next one takes its numbers") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        const pid_t child = ::fork();
        if (child == 0) {
            // A limit on the size of files makes writing fail like a full disk does.
            std::signal(SIGXFSZ, SIG_IGN);
            int result = 1;
            {
                Journal journal = Journal::open(path);
                fill(journal, 5);
                record_segments(journal);
                const MembershipMark mark{instant(1), 1};
                journal.record_memberships(random_records(1, 10, 5), mark);
                const auto many = random_records(2, 100'000, 5, 11);
                const rlimit small{1'000'000, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &small);
                int refused = 0;
                try {
                    journal.record_memberships(many, {instant(2), 2});
                } catch (const StoreError&) {
                    ++refused;
                }
                try {
                    journal.record_segment_version("large", std::string(2'000'000, 'x'), instant());
                } catch (const StoreError&) {
                    ++refused;
                }
                const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &large);
                const bool as_before = journal.last_membership_number() == 10 && journal.membership_mark() == mark &&
                                       all_of(journal) == random_records(1, 10, 5) &&
                                       journal.segment_versions().size() == 4;
                journal.record_memberships(many, {instant(2), 2});
                const bool goes_on = all_of(journal, 10) == many &&
                                     journal.record_segment_version("large", "x", instant()) == 1 &&
                                     journal.record(click(PersonId{1}, journal.symbols(), "after")) == Entry::entered;
                if (refused == 2 && as_before && goes_on) result = 0;
            }
            ::_exit(result);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
        const Journal journal = Journal::open(path);
        CHECK(journal.last_membership_number() == 100'010);
        CHECK(journal.verify().empty());
        CHECK(journal.integrity_check().empty());
    }

    TEST_CASE("files of schemas 1 and 2 take memberships once they were opened for writing") {
        for (const int schema : {1, 2}) {
            CAPTURE(schema);
            const std::uint64_t facts = schema == 1 ? 159 : 12;
            const std::string name = "store_v" + std::to_string(schema) + ".sqlite";
            const TemporaryFolder folder;
            const auto path = copy_of_frozen(name.c_str(), folder);
            const std::string before = bytes_of(path);
            const std::string text = text_of_error<StoreError>(
                [&] { static_cast<void>(Journal::open(path, {.mode = OpenMode::read_only})); });
            CHECK(text.find("older schema " + std::to_string(schema) + "; open it for writing once") !=
                  std::string::npos);
            CHECK(bytes_of(path) == before);
            {
                Journal journal = Journal::open(path);
                CHECK(journal.last_seq() == facts);
                CHECK(journal.segment_versions().empty());
                CHECK(journal.last_membership_number() == 0);
                CHECK(!journal.membership_mark());
                record_segments(journal);
                journal.record_memberships(random_records(1, 50, 3), {instant(), facts});
            }
            CHECK(integer_of(path, "PRAGMA user_version") == 3);
            const Journal journal = Journal::open(path, {.mode = OpenMode::read_only});
            CHECK(all_of(journal) == random_records(1, 50, 3));
            CHECK(journal.last_seq() == facts);
            CHECK(journal.verify().empty());
            CHECK(journal.integrity_check().empty());
        }
    }

    TEST_CASE("a step to schema 3 that fails takes its version and all its tables with it") {
        const TemporaryFolder folder;
        const auto path = copy_of_frozen("store_v2.sqlite", folder);
        tamper(path, "CREATE TABLE membership_mark (x)");  // the last of the step
        CHECK_THROWS_AS((void)Journal::open(path), StoreError);
        CHECK(integer_of(path, "PRAGMA user_version") == 2);
        CHECK(integer_of(path,
                         "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'segment%' OR name = 'membership'") == 0);
        tamper(path, "DROP TABLE membership_mark");
        CHECK(Journal::open(path).last_seq() == 12);
        CHECK(integer_of(path, "PRAGMA user_version") == 3);
    }
}
