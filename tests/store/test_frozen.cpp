#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>

#include <alloquy/store/journal.hpp>

#include "support.hpp"

using alloquy::store::Entry;
using alloquy::store::OpenMode;
using namespace store_test;

namespace {

/// A copy of a frozen file, so that opening it for writing leaves the file itself as it was.
std::filesystem::path copy_of(const char* name, const TemporaryFolder& folder) {
    const auto frozen = std::filesystem::path{__FILE__}.parent_path() / "../data" / name;
    std::filesystem::copy_file(frozen, folder / name);
    return folder / name;
}

}  // namespace

TEST_SUITE("store/frozen") {
    // Expected numbers: asked of the file with the sqlite3 3.40.1 program when it was made (tests/support/
    // make_frozen_store.cpp); the payloads decoded by hand and Python's struct.
    TEST_CASE("a file of schema 1 is read as it was written") {
        const TemporaryFolder folder;
        Journal journal = Journal::open(copy_of("store_v1.sqlite", folder));
        CHECK(journal.last_seq() == 159);
        CHECK(journal.fact_count() == 159);
        CHECK(journal.person_count() == 20);
        CHECK(journal.integrity_check().empty());
        // The commitments and the chain were computed by the library of that time over all that the facts say.
        CHECK(journal.verify().empty());
        CHECK(alloquy::store::to_hex(journal.chain_head()) ==
              "f9d81c1424fb5fc50c2bab50bf66bdaa5d28fdeba1366bb1b78d4acf18e4fd14");
        std::array<int, 9> of_kind{};
        journal.for_each_by_seq(1, [&](std::uint64_t, const model::Fact& fact) {
            ++of_kind.at(fact.content.index());
            return true;
        });
        CHECK(of_kind == std::array{21, 14, 18, 15, 28, 13, 15, 17, 18});

        auto& symbols = journal.symbols();
        const auto sis = symbols.sources.find("sis");
        REQUIRE(sis);
        CHECK(sis->number() == 1);
        CHECK(symbols.sources.texts().size() == 24);
        CHECK(symbols.sources.texts().back() == "word 42");
        CHECK(journal.find_person(*sis, "student 19") == PersonId{20});
        CHECK(journal.find_person(*symbols.sources.find("lms"), "account 1") == PersonId{1});
        CHECK(journal.organisation(OrganisationId{3}) ==
              model::Organisation{OrganisationId{3}, model::OrganisationKind::school, "School 2"});

        bool found_click = false;
        for (const model::Fact& fact : journal.facts_of(PersonId{1})) {
            if (fact.key != "first") continue;
            found_click = true;
            model::Fact expected = click(PersonId{1}, symbols, "first", 1000, 2000);
            auto& interaction = std::get<model::Interaction>(expected.content);
            interaction.topic = symbols.topics.find("timetable");
            interaction.quantity = 3;
            interaction.text = "three clicks";
            CHECK(fact == expected);
            CHECK(journal.record(fact) == Entry::already_there);
        }
        CHECK(found_click);
        // Payload 01 01 1904560e2db2e53f: version 1, assessment 1, little-endian double.
        const model::Fact result{.person = PersonId{17},
                                 .at = Instant::from_unix_ms(1'725'663'600'000),
                                 .known_at = Instant::from_unix_ms(1'725'825'600'000),
                                 .source = *symbols.sources.find("word 2"),
                                 .key = "fact 2",
                                 .content = model::Result{*symbols.assessments.find("word 0"), 0.678}};
        // Payload 01 01 06: programme 1, withdrawn.
        const model::Fact withdrawn{
            .person = PersonId{4},
            .at = Instant::from_unix_ms(1'726'808'400'000),
            .known_at = Instant::from_unix_ms(1'726'938'000'000),
            .source = *symbols.sources.find("word 2"),
            .key = "fact 22",
            .content = model::EnrolmentChange{*symbols.programmes.find("word 0"), model::EnrolmentStatus::withdrawn}};
        for (const model::Fact& fact : {result, withdrawn}) {
            const auto facts = journal.facts_of(fact.person);
            CHECK(std::ranges::find(facts, fact) != facts.end());
        }

        const std::string playbook = "{}";
        CHECK(journal.playbook(alloquy::store::hash_bytes(playbook)));
        const auto snapshot = journal.latest_snapshot();
        REQUIRE(snapshot);
        CHECK(snapshot->seq == 159);
        CHECK(snapshot->chunk_count == 1);
        CHECK(!journal.for_each_chunk(*snapshot, [](std::uint32_t, std::span<const std::byte> chunk) {
            CHECK(chunk.size() == 100);
            return true;
        }));
        CHECK(journal.record(click(PersonId{5}, symbols, "goes on")) == Entry::entered);
        CHECK(journal.verify().empty());
    }

    // Expected numbers: asked of the file with the sqlite3 3.40.1 program when it was made (tests/store/
    // make_store_v2.cpp); both hashes of the model computed with Python's hashlib.
    TEST_CASE("a file of schema 2 is read as it was written") {
        const TemporaryFolder folder;
        const auto path = copy_of("store_v2.sqlite", folder);
        for (const OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
            Journal journal = Journal::open(path, {.mode = mode});
            CHECK(journal.last_seq() == 12);
            CHECK(journal.person_count() == 3);
            CHECK(journal.integrity_check().empty());
            CHECK(journal.verify().empty());
            CHECK(alloquy::store::to_hex(journal.chain_head()) ==
                  "46795b4e8499cdb24fcaa6a3ec758d79920c3aac5a74ef072e5d72c2378bdb96");
            const auto sis = journal.symbols().sources.find("sis");
            REQUIRE(sis);
            CHECK(journal.find_person(*sis, "student 2") == PersonId{3});
            CHECK(journal.facts_of(PersonId{2}).size() == 4);
            CHECK(journal.facts_of(PersonId{2}, 6).size() == 2);

            const auto versions = journal.model_versions();
            REQUIRE(versions.size() == 1);
            CHECK(versions.front().name == "dropout");
            CHECK(versions.front().version == 1);
            CHECK(versions.front().seq == 8);
            CHECK(versions.front().made_at == Instant::from_unix_ms(1'725'148'805'000));
            CHECK(alloquy::store::to_hex(versions.front().playbook) ==
                  "c09da522dac261c3d2566230bed10d2f3ef13f8e7654576c12e857e07f786098");
            CHECK(alloquy::store::to_hex(versions.front().hash) ==
                  "d62b6c768ce1afc8367e0498ab2f8e3f7c178c35b1429f14c4604b545d200f52");
            const auto model = journal.latest_model("dropout");
            REQUIRE(model);
            REQUIRE(model->bytes.size() == 1000);
            for (std::size_t i = 0; i < 1000; ++i) CHECK(model->bytes[i] == static_cast<std::byte>((i * 7 + 3) % 256));
        }
        Journal journal = Journal::open(path);
        CHECK(journal.record_model("dropout", 12, instant(), alloquy::store::hash_bytes("{}"),
                                   std::array{std::byte{1}}) == 2);
        CHECK(journal.record(click(PersonId{1}, journal.symbols(), "goes on")) == Entry::entered);
        CHECK(journal.verify().empty());
    }
}
