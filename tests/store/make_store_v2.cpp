// Made tests/data/store_v2.sqlite, once, like tests/support/make_frozen_store.cpp made the one of schema 1. What is in
// it is told by tests/store/test_frozen.cpp.
//
// usage: make_store_v2 <journal>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include <alloquy/store/journal.hpp>

#include "support.hpp"

int main(int argc, char** argv) {
    try {
        if (argc != 2) return 2;
        using namespace store_test;
        Journal journal = Journal::open(argv[1]);
        auto& symbols = journal.symbols();
        const auto sis = symbols.sources.intern("sis");
        for (int i = 0; i < 3; ++i) {
            const PersonId person = journal.person(sis, "student " + std::to_string(i), instant());
            for (int k = 0; k < 4; ++k) journal.record(click(person, symbols, "click " + std::to_string(k), k * 1000));
        }
        const std::string playbook = "{}";
        const auto playbook_bytes = std::as_bytes(std::span{playbook});
        const auto hash = alloquy::store::hash_bytes(playbook_bytes);
        journal.record_playbook(hash, playbook_bytes, instant());
        std::vector<std::byte> model(1000);
        for (std::size_t i = 0; i < model.size(); ++i) model[i] = static_cast<std::byte>((i * 7 + 3) % 256);
        journal.record_model("dropout", 8, instant(5000), hash, model);
        journal.checkpoint();
        std::printf("facts %llu\nchain %s\n", static_cast<unsigned long long>(journal.last_seq()),
                    alloquy::store::to_hex(journal.chain_head()).c_str());
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
