// Writes facts into a journal and tells which are acknowledged, to be killed at any moment by
// tests/store/test_kill.cpp.
//
// usage: kill_writer <journal> record|bulk <facts>
// Writes one line to standard output per acknowledgement: the number of facts that are on disk for certain, counted
// from the first. The facts are those of tests/store/kill_facts.hpp; what is there already is gone through again.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/journal.hpp>

#include "../store/kill_facts.hpp"

namespace {

/// By write(2), so that nothing waits in a buffer when the process is killed.
void acknowledge(std::size_t count) {
    const std::string line = std::to_string(count) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(3);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 4) {
            std::fprintf(stderr, "usage: kill_writer <journal> record|bulk <facts>\n");
            return 2;
        }
        const std::size_t count = std::stoul(argv[3]);
        auto journal = alloquy::store::Journal::open(argv[1]);
        acknowledge(0);
        if (std::string{argv[2]} == "record") {
            for (std::size_t i = 0; i < count; ++i) {
                journal.record(store_test::kill_fact(journal, i));
                acknowledge(i + 1);
            }
        } else {
            // Commits of its own after 300 facts, and those that the caller asks for.
            alloquy::store::BulkAppend bulk{journal, {.facts_per_commit = 300}};
            std::vector<alloquy::model::Fact> portion;
            for (std::size_t i = 0; i < count; ++i) {
                portion.push_back(store_test::kill_fact(journal, i));
                if (portion.size() == 37 || i + 1 == count) {
                    bulk.append(portion);
                    portion.clear();
                }
                if (i % 1000 == 999 || i + 1 == count) {
                    bulk.append(portion);
                    portion.clear();
                    static_cast<void>(bulk.commit());
                    acknowledge(i + 1);
                }
            }
        }
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kill_writer: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
