#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/journal.hpp>

#include "support.hpp"

using alloquy::InvalidArgument;
using alloquy::StoreError;
using alloquy::store::BulkAppend;
using alloquy::store::Entry;
using alloquy::store::Hash;
using alloquy::store::hash_bytes;
using alloquy::store::ModelSummary;
using alloquy::store::ModelVersion;
using alloquy::store::OpenMode;
using namespace store_test;

namespace {

/// Bytes that differ with the seed and along the way.
std::vector<std::byte> model_bytes(std::size_t size, std::uint32_t seed) {
    std::mt19937 random{seed};
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xFFU);
    return bytes;
}

Hash record_playbook(Journal& journal, const std::string& text = "{}") {
    const Hash hash = hash_bytes(text);
    journal.record_playbook(hash, std::as_bytes(std::span{text}), instant());
    return hash;
}

/// One person with this many facts.
void fill(Journal& journal, int facts) {
    const PersonId person = journal.person(journal.symbols().sources.intern("sis"), "a", instant());
    for (int i = 0; i < facts; ++i) journal.record(click(person, journal.symbols(), "k" + std::to_string(i)));
}

ModelSummary summary_of(const ModelVersion& version) {
    return {version.name, version.version, version.seq, version.made_at, version.playbook, version.hash};
}

std::string text_of_error(const auto& call) {
    try {
        call();
    } catch (const StoreError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

std::filesystem::path copy_of_v1(const TemporaryFolder& folder) {
    const auto frozen = std::filesystem::path{__FILE__}.parent_path() / "../data/store_v1.sqlite";
    std::filesystem::copy_file(frozen, folder / "v1.sqlite", std::filesystem::copy_options::overwrite_existing);
    for (const char* companion : {"v1.sqlite-wal", "v1.sqlite-shm"}) std::filesystem::remove(folder / companion);
    return folder / "v1.sqlite";
}

constexpr const char* model_tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'model'";
constexpr const char* membership_tables =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
    "('segment_version', 'membership', 'membership_block', 'erased_membership', 'membership_mark')";

}  // namespace

TEST_SUITE("store/models") {
    TEST_CASE("each name counts its versions from 1, and each is read back as it was recorded") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            std::vector<ModelVersion> expected;
            const auto check_all = [&](const Journal& journal) {
                for (const ModelVersion& version : expected) {
                    CHECK(journal.model(version.name, version.version) == version);
                }
                CHECK(journal.latest_model("dropout") == expected[4]);
                CHECK(journal.latest_model("answers") == expected[1]);
                CHECK(!journal.latest_model("drop"));
                CHECK(!journal.latest_model(""));
                CHECK(!journal.model("dropout", 0));
                CHECK(!journal.model("dropout", 4));
                CHECK(!journal.model("Dropout", 1));
                std::vector<ModelSummary> summaries;
                for (const std::size_t i : {3U, 1U, 0U, 2U, 4U}) summaries.push_back(summary_of(expected[i]));
                CHECK(journal.model_versions() == summaries);
            };
            {
                Journal journal = in_memory ? Journal::in_memory() : Journal::open(folder / "j.sqlite");
                CHECK(journal.model_versions().empty());
                CHECK(!journal.latest_model("dropout"));
                fill(journal, 10);
                const std::array playbooks{record_playbook(journal), record_playbook(journal, "{\"a\": 1}")};
                std::uint32_t seed = 0;
                // The last has the bytes of the first; "Zulu" stands before "answers" by its bytes.
                for (const auto& [name, version, seq, playbook, size] : {std::tuple{"dropout", 1U, 10U, 0U, 5000U},
                                                                         {"answers", 1U, 3U, 0U, 1U},
                                                                         {"dropout", 2U, 4U, 1U, 100'000U},
                                                                         {"Zulu", 1U, 0U, 1U, 40U},
                                                                         {"dropout", 3U, 10U, 1U, 5000U}}) {
                    const auto bytes = model_bytes(size, size == 5000U ? 99 : ++seed);
                    const auto made_at = instant(1000 - seed);
                    CHECK(journal.record_model(name, seq, made_at, playbooks.at(playbook), bytes) == version);
                    expected.push_back({name, version, seq, made_at, playbooks.at(playbook), bytes, hash_bytes(bytes)});
                }
                check_all(journal);
                CHECK(expected[0].hash == expected[4].hash);
                CHECK(journal.verify().empty());
                CHECK(journal.integrity_check().empty());
                journal.backup(folder / "copy.sqlite");
            }
            for (const char* file : {"j.sqlite", "copy.sqlite"}) {
                if (in_memory && std::string_view{file} == "j.sqlite") continue;
                for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write}) {
                    check_all(Journal::open(folder / file, {.mode = mode}));
                }
            }
        }
    }

    TEST_CASE("a model that cannot be is refused, and leaves no gap") {
        Journal journal = Journal::in_memory();
        fill(journal, 5);
        const Hash playbook = record_playbook(journal);
        const auto bytes = model_bytes(10, 1);
        CHECK_THROWS_AS(journal.record_model("m", 6, instant(), playbook, bytes), InvalidArgument);
        CHECK_THROWS_AS(journal.record_model("m", UINT64_MAX, instant(), playbook, bytes), InvalidArgument);
        CHECK_THROWS_AS(journal.record_model("m", 5, instant(), hash_bytes("never recorded"), bytes), InvalidArgument);
        CHECK_THROWS_AS(journal.record_model("", 5, instant(), playbook, bytes), InvalidArgument);
        CHECK_THROWS_AS(journal.record_model(std::string(256, 'm'), 5, instant(), playbook, bytes), InvalidArgument);
        CHECK_THROWS_AS(journal.record_model("m", 5, instant(), playbook, {}), InvalidArgument);
        CHECK_THROWS_AS(journal.record_model("m", 5, instant(), playbook,
                                             std::vector<std::byte>(alloquy::store::max_model_bytes + 1)),
                        InvalidArgument);
        CHECK(journal.model_versions().empty());
        CHECK(journal.record_model("m", 5, instant(), playbook, bytes) == 1);
        CHECK_THROWS_AS(journal.record_model("m", 6, instant(), playbook, bytes), InvalidArgument);
        CHECK(journal.record_model("m", 5, instant(), playbook, bytes) == 2);
        CHECK(journal.record_model(std::string(255, 'm'), 5, instant(), playbook, bytes) == 1);
        CHECK(journal.model_versions().size() == 3);
    }

    TEST_CASE("the name of a model is UTF-8 without zero bytes") {
        // The ends of the rows of table 3-7, "Well-Formed UTF-8 Byte Sequences", The Unicode Standard 15.0, and what
        // lies just beside them.
        const std::array<std::string, 10> good{"a",
                                               "\x7f",
                                               "\xc2\x80",
                                               "\xdf\xbf",
                                               "\xe0\xa0\x80",
                                               "\xed\x9f\xbf",
                                               "\xee\x80\x80",
                                               "\xef\xbf\xbf",
                                               "\xf0\x90\x80\x80",
                                               "\xf4\x8f\xbf\xbf"};
        const std::array<std::string, 17> bad{"\x80",
                                              "\xbf",
                                              "\xc0\x80",
                                              "\xc1\xbf",
                                              "\xc2",
                                              "\xc2\x7f",
                                              "\xc2\xc0",
                                              "\xe0\x9f\xbf",
                                              "\xe2\x82",
                                              "\xe2\x82q",
                                              "\xed\xa0\x80",
                                              "\xed\xbf\xbf",
                                              "\xf0\x8f\xbf\xbf",
                                              "\xf4\x90\x80\x80",
                                              "\xf5\x80\x80\x80",
                                              "\xff",
                                              std::string{"\0", 1}};
        Journal journal = Journal::in_memory();
        const Hash playbook = record_playbook(journal);
        const auto bytes = model_bytes(3, 1);
        for (std::size_t i = 0; i < good.size(); ++i) {
            CAPTURE(i);
            for (const std::string& name : {good.at(i), "x" + good.at(i) + "y"}) {
                CHECK(journal.record_model(name, 0, instant(), playbook, bytes) == 1);
                REQUIRE(journal.latest_model(name));
                CHECK(journal.latest_model(name)->name == name);
            }
        }
        for (std::size_t i = 0; i < bad.size(); ++i) {
            CAPTURE(i);
            for (const std::string& name : {bad.at(i), "x" + bad.at(i), bad.at(i) + "y"}) {
                CHECK_THROWS_AS(journal.record_model(name, 0, instant(), playbook, bytes), InvalidArgument);
                CHECK(!journal.latest_model(name));
            }
        }
    }

    TEST_CASE("a model of 128 MiB is kept") {
        const TemporaryFolder folder;
        const auto bytes = model_bytes(alloquy::store::max_model_bytes, 5);
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            const Hash playbook = record_playbook(journal);
            CHECK(journal.record_model("large", 0, instant(), playbook, bytes) == 1);
        }
        const auto stored = Journal::open(folder / "j.sqlite", {.mode = OpenMode::read_only}).latest_model("large");
        REQUIRE(stored);
        CHECK((stored->bytes == bytes));
    }

    TEST_CASE("a version that was changed behind the library's back says so by name and number, the others are read") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        {
            Journal journal = Journal::open(path);
            fill(journal, 10);
            const Hash playbook = record_playbook(journal);
            record_playbook(journal, "{\"a\": 1}");
            for (const std::uint32_t seed : {1U, 2U, 3U}) {
                journal.record_model("dropout", seed, instant(), playbook, model_bytes(20'000, seed));
            }
        }
        const auto damaged = [&](const std::string& sql) {
            const auto copy = folder / "copy.sqlite";
            std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
            tamper(copy, sql);
            return Journal::open(copy, {.mode = OpenMode::read_only});
        };
        const auto says = [](const std::string& text, std::string_view part) {
            INFO(text);
            CHECK(text.find("model dropout") != std::string::npos);
            CHECK(text.find(part) != std::string::npos);
        };
        const auto check_damage = [&](const std::string& set, bool in_bytes) {
            CAPTURE(set);
            const Journal journal = damaged("UPDATE model SET " + set + " WHERE version = 2");
            says(text_of_error([&] { static_cast<void>(journal.model("dropout", 2)); }), "version 2");
            CHECK(journal.model("dropout", 1).has_value());
            CHECK(journal.latest_model("dropout")->version == 3);
            if (in_bytes) {  // a listing does not read them
                CHECK(journal.model_versions().size() == 3);
            } else {
                says(text_of_error([&] { static_cast<void>(journal.model_versions()); }), "version 2");
            }
        };
        CHECK(damaged("SELECT 1").model_versions().size() == 3);
        check_damage("bytes = substr(bytes, 1, 19999) || x'00'", true);
        check_damage("bytes = substr(bytes, 1, 19999)", true);
        check_damage("bytes = bytes || x'00'", true);
        check_damage("bytes = x''", true);
        check_damage("bytes = (SELECT bytes FROM model WHERE version = 1)", true);
        check_damage(
            "bytes = (SELECT bytes FROM model WHERE version = 1), hash = (SELECT hash FROM model WHERE version = 1)",
            false);
        check_damage("seq = 3", false);
        check_damage("seq = -1", false);
        check_damage("made_at = made_at + 1", false);
        check_damage("made_at = 9223372036854775807", false);
        check_damage("playbook = (SELECT max(hash) FROM playbook WHERE hash <> playbook)", false);
        check_damage("playbook = x'00'", false);
        check_damage("hash = zeroblob(32)", false);
        check_damage("hash = x''", false);
        check_damage("record_hash = zeroblob(32)", false);
        check_damage("record_hash = x''", false);
        {
            const Journal journal = damaged("UPDATE model SET version = 4 WHERE version = 3");
            says(text_of_error([&] { static_cast<void>(journal.latest_model("dropout")); }), "version 4");
        }
        {
            const Journal journal = damaged("UPDATE model SET name = 'answers' WHERE version = 1");
            CHECK(text_of_error([&] { static_cast<void>(journal.latest_model("answers")); }).find("model answers") !=
                  std::string::npos);
        }
        {
            const Journal journal = damaged("DELETE FROM model WHERE version = 2");
            says(text_of_error([&] { static_cast<void>(journal.model_versions()); }), "version 2");
            CHECK(!journal.model("dropout", 2));
        }
    }

    TEST_CASE("the hash of a version covers what the format says") {
        // Recomputed from the format: fixed-width little-endian numbers, the length before the name.
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        Journal journal = Journal::open(path);
        fill(journal, 3);
        const Hash playbook = record_playbook(journal);
        const auto bytes = model_bytes(300, 7);
        journal.record_model("m\xc3\xa9", 2, Instant::from_unix_ms(-5), playbook, bytes);
        std::string text = "alloquy.model.1";
        const auto number = [&](std::uint64_t value) {
            for (unsigned shift = 0; shift < 64; shift += 8) text += static_cast<char>(value >> shift & 0xFFU);
        };
        number(3);
        text += "m\xc3\xa9";
        number(1);
        number(2);
        number(0xFFFF'FFFF'FFFF'FFFBU);  // -5
        for (const Hash& hash : {playbook, hash_bytes(bytes)}) {
            text.append(reinterpret_cast<const char*>(hash.data()), hash.size());
        }
        CHECK(integer_of(path, "SELECT count(*) FROM model WHERE record_hash = x'" +
                                   alloquy::store::to_hex(hash_bytes(text)) + "'") == 1);
    }

    TEST_CASE("threads that record models at once share the numbers out without gaps") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            Journal journal = in_memory ? Journal::in_memory() : Journal::open(folder / "j.sqlite");
            const PersonId person = journal.person(journal.symbols().sources.intern("sis"), "a", instant());
            const model::Fact pattern = click(person, journal.symbols(), "x");
            const Hash playbook = record_playbook(journal);
            std::array<std::vector<std::uint32_t>, 4> given;
            std::atomic<int> refused = 0;
            std::vector<std::thread> threads;
            for (std::size_t t = 0; t < given.size(); ++t) {
                threads.emplace_back([&, t] {
                    for (std::uint32_t i = 0; i < 25; ++i) {
                        model::Fact fact = pattern;
                        fact.key = std::to_string(t) + "-" + std::to_string(i);
                        journal.record(fact);
                        given.at(t).push_back(journal.record_model(i % 5 == 0 ? "seldom" : "often", 1, instant(),
                                                                   playbook, model_bytes(2000, i)));
                        if (i % 3 == 0) {  // what one caller does wrong is no other's trouble
                            try {
                                journal.record_model("often", 1000, instant(), playbook, model_bytes(10, i));
                            } catch (const InvalidArgument&) {
                                ++refused;
                            }
                        }
                    }
                });
            }
            for (std::thread& thread : threads) thread.join();
            std::vector<std::uint32_t> all;
            for (const auto& versions : given) all.insert(all.end(), versions.begin(), versions.end());
            std::ranges::sort(all);
            std::vector<std::uint32_t> expected;
            for (std::uint32_t i = 1; i <= 80; ++i) expected.push_back(i);
            for (std::uint32_t i = 1; i <= 20; ++i) expected.push_back(i);
            std::ranges::sort(expected);
            CHECK(all == expected);
            CHECK(refused == 36);
            CHECK(journal.model_versions().size() == 100);
            CHECK(journal.last_seq() == 100);
            CHECK(journal.verify().empty());
        }
    }

    TEST_CASE("a model may be recorded while a bulk append is open, which loses nothing by it") {
        Journal journal = Journal::in_memory();
        fill(journal, 1);
        const Hash playbook = record_playbook(journal);
        BulkAppend bulk{journal, {}};
        std::vector<model::Fact> facts;
        for (int i = 0; i < 500; ++i) {
            facts.push_back(click(PersonId{1}, journal.symbols(), "bulk " + std::to_string(i)));
        }
        bulk.append(std::span{facts}.first(200));
        CHECK(journal.record_model("m", 1, instant(), playbook, model_bytes(10, 1)) == 1);
        CHECK_THROWS_AS(journal.record_model("m", 10'000, instant(), playbook, model_bytes(10, 1)), InvalidArgument);
        bulk.append(std::span{facts}.subspan(200));
        CHECK(bulk.commit().entered == 500);
        CHECK(journal.record_model("m", 501, instant(), playbook, model_bytes(10, 1)) == 2);
        CHECK(journal.last_seq() == 501);
        CHECK(journal.verify().empty());
    }

    TEST_CASE("another process reads each version as soon as the writer has it, and cannot record any") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        std::array<int, 2> said{};
        std::array<int, 2> asked{};
        REQUIRE(::pipe(said.data()) == 0);
        REQUIRE(::pipe(asked.data()) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            int result = 1;
            {
                Journal journal = Journal::open(path);
                fill(journal, 3);
                const Hash playbook = record_playbook(journal);
                char byte = 'x';
                bool goes_on = ::write(said[1], &byte, 1) == 1;
                for (std::uint32_t i = 1; i <= 20 && goes_on; ++i) {
                    goes_on = ::read(asked[0], &byte, 1) == 1 &&
                              journal.record_model("m", 3, instant(i), playbook, model_bytes(30'000, i)) == i &&
                              ::write(said[1], &byte, 1) == 1;
                }
                if (goes_on) result = 0;
            }
            ::_exit(result);
        }
        ::close(said[1]);
        ::close(asked[0]);
        char byte = 'x';
        REQUIRE(::read(said[0], &byte, 1) == 1);
        Journal beside = Journal::open(path, {.mode = OpenMode::read_only});
        CHECK(beside.model_versions().empty());
        for (std::uint32_t i = 1; i <= 20; ++i) {
            REQUIRE(::write(asked[1], &byte, 1) == 1);
            REQUIRE(::read(said[0], &byte, 1) == 1);
            const auto newest = beside.latest_model("m");
            REQUIRE(newest);
            CHECK(newest->version == i);
            CHECK(newest->made_at == instant(i));
            CHECK((newest->bytes == model_bytes(30'000, i)));
        }
        CHECK(beside.model_versions().size() == 20);
        CHECK_THROWS_AS(beside.record_model("m", 3, instant(), hash_bytes("{}"), model_bytes(10, 1)), InvalidArgument);
        int status = -1;
        ::waitpid(child, &status, 0);
        CHECK(status == 0);
        ::close(said[0]);
        ::close(asked[1]);
    }

    TEST_CASE("kill -9 while models are recorded loses no version that was returned and leaves no half one") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        std::mt19937_64 random{1};
        std::uint32_t returned = 0;
        std::size_t cut = 0;
        constexpr std::size_t rounds = 20;
        const auto bytes_of_version = [](std::uint32_t version) {
            return model_bytes(1000 + version * 7919U % 300'000U, version);
        };
        for (std::size_t round = 0; round < rounds; ++round) {
            CAPTURE(round);
            std::array<int, 2> ends{};
            REQUIRE(::pipe(ends.data()) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                Journal journal = Journal::open(path);
                const Hash playbook = record_playbook(journal);
                for (std::uint32_t version = static_cast<std::uint32_t>(journal.model_versions().size()) + 1;;
                     ++version) {
                    const std::uint32_t got =
                        journal.record_model("m", 0, instant(version), playbook, bytes_of_version(version));
                    if (got != version || ::write(ends[1], &got, sizeof got) != sizeof got) ::_exit(1);
                }
            }
            ::close(ends[1]);
            const auto read_some = [&](std::uint32_t most) {
                std::uint32_t version = 0;
                for (; most > 0 && ::read(ends[0], &version, sizeof version) == sizeof version; --most) {
                    returned = version;
                }
            };
            read_some(static_cast<std::uint32_t>(1 + random() % 5));
            // Some moment within the next version, without sleeping.
            const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 5000};
            while (std::chrono::steady_clock::now() < until) {
            }
            ::kill(child, SIGKILL);
            int status = -1;
            ::waitpid(child, &status, 0);
            if (WIFSIGNALED(status)) ++cut;
            read_some(UINT32_MAX);  // what it said before it died is still in the pipe
            ::close(ends[0]);
            const Journal journal = Journal::open(path);
            CHECK(journal.integrity_check().empty());
            const auto versions = journal.model_versions();
            REQUIRE(versions.size() >= returned);
            CHECK(versions.size() <= returned + 1);  // one may be on disk whose number was not yet told
            for (const ModelSummary& summary : versions) {
                const auto stored = journal.model("m", summary.version);
                REQUIRE(stored);
                CHECK((stored->bytes == bytes_of_version(summary.version)));
                CHECK(stored->made_at == instant(summary.version));
            }
        }
        CHECK(returned >= rounds);
        CHECK(cut == rounds);
    }

    TEST_CASE("a full disk refuses a model, and the next one takes its number") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        const pid_t child = ::fork();
        if (child == 0) {
            // A limit on the size of files makes writing fail like a full disk does.
            std::signal(SIGXFSZ, SIG_IGN);
            int result = 1;
            {
                Journal journal = Journal::open(path);
                fill(journal, 2);
                const Hash playbook = record_playbook(journal);
                journal.record_model("m", 2, instant(), playbook, model_bytes(1000, 1));
                const rlimit small{2'000'000, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &small);
                bool refused = false;
                try {
                    journal.record_model("m", 2, instant(), playbook, model_bytes(5'000'000, 2));
                } catch (const StoreError&) {
                    refused = true;
                }
                const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &large);
                const bool only_one = journal.model_versions().size() == 1;
                const bool goes_on =
                    journal.record_model("m", 2, instant(), playbook, model_bytes(5'000'000, 3)) == 2 &&
                    journal.record(click(PersonId{1}, journal.symbols(), "after")) == Entry::entered;
                if (refused && only_one && goes_on) result = 0;
            }
            ::_exit(result);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
        const Journal journal = Journal::open(path);
        CHECK((journal.latest_model("m")->bytes == model_bytes(5'000'000, 3)));
        CHECK(journal.integrity_check().empty());
    }

    TEST_CASE("a file of schema 1 takes models once it was opened for writing") {
        const TemporaryFolder folder;
        const auto path = copy_of_v1(folder);
        const std::string before = bytes_of(path);
        const std::string text =
            text_of_error([&] { static_cast<void>(Journal::open(path, {.mode = OpenMode::read_only})); });
        CHECK(text.find("older schema 1; open it for writing once") != std::string::npos);
        CHECK(bytes_of(path) == before);
        {
            Journal journal = Journal::open(path);
            CHECK(journal.model_versions().empty());
            CHECK(journal.record_model("m", journal.last_seq(), instant(), hash_bytes("{}"), model_bytes(9, 1)) == 1);
        }
        CHECK(integer_of(path, "PRAGMA user_version") == 3);
        const Journal journal = Journal::open(path, {.mode = OpenMode::read_only});
        CHECK(journal.latest_model("m")->seq == 159);
        CHECK(journal.verify().empty());
        CHECK(journal.integrity_check().empty());
    }

    TEST_CASE("each step from schema 1 on is done whole or not at all") {
        const TemporaryFolder folder;
        {
            // A step that fails takes its version with it.
            const auto path = copy_of_v1(folder);
            tamper(path, "CREATE TABLE model (x)");
            CHECK_THROWS_AS((void)Journal::open(path), StoreError);
            CHECK(integer_of(path, "PRAGMA user_version") == 1);
            tamper(path, "DROP TABLE model");
            CHECK(Journal::open(path).last_seq() == 159);
        }
        {
            // Tables and version of a step are in one commit: for each of the two steps one frame of the log ends a
            // transaction ("Database File Format" of SQLite, section 4.1: header of 32 bytes, page size at 8; frame
            // headers of 24, the commit mark at 4).
            const auto path = copy_of_v1(folder);
            const Journal journal = Journal::open(path);
            const std::string log = bytes_of(path.string() + "-wal");
            const auto number_at = [&](std::size_t place) {
                std::uint32_t number = 0;
                for (std::size_t i = 0; i < 4; ++i)
                    number = number << 8U | static_cast<unsigned char>(log.at(place + i));
                return number;
            };
            int commits = 0;
            for (std::size_t frame = 32; frame + 24 <= log.size(); frame += 24 + number_at(8)) {
                if (number_at(frame + 4) != 0) ++commits;
            }
            CHECK(commits == 2);
        }
        std::mt19937_64 random{3};
        for (int round = 0; round < 30; ++round) {
            CAPTURE(round);
            const auto path = copy_of_v1(folder);
            std::array<int, 2> ends{};
            REQUIRE(::pipe(ends.data()) == 0);
            const pid_t child = ::fork();
            if (child == 0) {
                static_cast<void>(!::write(ends[1], "x", 1));
                const Journal journal = Journal::open(path);
                while (true) ::pause();
            }
            char byte = 0;
            REQUIRE(::read(ends[0], &byte, 1) == 1);
            const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 8000};
            while (std::chrono::steady_clock::now() < until) {
            }
            ::kill(child, SIGKILL);
            int status = 0;
            ::waitpid(child, &status, 0);
            ::close(ends[0]);
            ::close(ends[1]);
            const std::int64_t version = integer_of(path, "PRAGMA user_version");
            CHECK((version >= 1 && version <= 3));
            CHECK(integer_of(path, model_tables) == (version >= 2 ? 1 : 0));
            CHECK(integer_of(path, membership_tables) == (version >= 3 ? 5 : 0));
            const Journal journal = Journal::open(path);
            CHECK(journal.last_seq() == 159);
            CHECK(journal.model_versions().empty());
            CHECK(journal.integrity_check().empty());
        }
    }
}
