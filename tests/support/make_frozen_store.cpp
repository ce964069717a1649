// Made tests/data/store_v1.sqlite, once. Each released schema has such a file, which is never made again: it shows
// that files of that time can still be read. What is in it is told by tests/store/test_frozen.cpp.
//
// usage: make_frozen_store <journal>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <alloquy/store/journal.hpp>

#include "../store/support.hpp"

int main(int argc, char** argv) {
    try {
        if (argc != 2) return 2;
        using namespace store_test;
        Journal journal = Journal::open(argv[1]);
        auto& symbols = journal.symbols();
        const auto sis = symbols.sources.intern("sis");
        for (int i = 0; i < 20; ++i) {
            static_cast<void>(journal.person(sis, "student " + std::to_string(i), instant()));
            static_cast<void>(journal.organisation(sis, "school " + std::to_string(i), model::OrganisationKind::school,
                                                   "School " + std::to_string(i)));
        }
        journal.link_key(PersonId{1}, symbols.sources.intern("lms"), "account 1");
        model::Fact first = click(PersonId{1}, symbols, "first", 1000, 2000);
        auto& interaction = std::get<model::Interaction>(first.content);
        interaction.topic = symbols.topics.intern("timetable");
        interaction.quantity = 3;
        interaction.text = "three clicks";
        journal.record(first);
        RandomFacts random{1, symbols};
        std::vector<model::Fact> facts;
        for (int i = 0; i < 150; ++i) facts.push_back(random.fact(20, 20, "fact " + std::to_string(i)));
        journal.record(facts);
        const std::string playbook = "{}";
        const auto bytes = std::as_bytes(std::span{playbook});
        journal.record_playbook(alloquy::store::hash_bytes(bytes), bytes, instant());
        bool given = false;
        journal.write_snapshot(journal.last_seq(), bytes, [&](std::vector<std::byte>& chunk) {
            if (given) return false;
            chunk.assign(100, std::byte{7});
            return given = true;
        });
        journal.checkpoint();
        std::printf("facts %llu\nchain %s\n", static_cast<unsigned long long>(journal.last_seq()),
                    alloquy::store::to_hex(journal.chain_head()).c_str());
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
