#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <alloquy/store/journal.hpp>

#include "kill_facts.hpp"
#include "support.hpp"

using alloquy::store::OpenMode;
using namespace store_test;

namespace {

/// ALLOQUY_KILL_WRITER, else the file kill_writer beside the running test.
std::string kill_writer() {
    if (const char* path = std::getenv("ALLOQUY_KILL_WRITER")) return path;
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "kill_writer").string();
}

struct Child {
    pid_t id;
    int output;
};

Child start(const std::string& program, const std::string& journal, const std::string& how, std::size_t facts) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const std::string count = std::to_string(facts);
    const pid_t id = ::fork();
    if (id == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::execl(program.c_str(), program.c_str(), journal.c_str(), how.c_str(), count.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(ends[1]);
    return {id, ends[0]};
}

/// Reads acknowledgements until there are `lines` of them or the end. Returns the last whole one read.
std::size_t read_acknowledged(int output, std::string& text, std::size_t lines) {
    const auto count = [&] { return static_cast<std::size_t>(std::ranges::count(text, '\n')); };
    std::array<char, 4096> buffer{};
    while (count() < lines) {
        const ssize_t size = ::read(output, buffer.data(), buffer.size());
        if (size <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    const std::size_t end = text.rfind('\n');
    if (end == std::string::npos) return 0;
    const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    return std::stoul(text.substr(before == std::string::npos ? 0 : before + 1));
}

/// All facts by person, with the people's keys: what must not depend on kills.
std::vector<std::string> all_of(const Journal& journal) {
    std::vector<std::string> facts;
    journal.for_each_person_facts(PersonId{1}, PersonId{static_cast<std::int64_t>(journal.person_count()) + 1},
                                  [&](PersonId person, std::span<const model::Fact> found) {
                                      for (const model::Fact& fact : found) {
                                          std::string text = journal.keys_of(person).front().key + ' ' + fact.key +
                                                             ' ' + std::to_string(fact.at.unix_ms()) + ' ';
                                          if (const auto* visit = std::get_if<model::Interaction>(&fact.content)) {
                                              text += journal.symbols().topics.text(*visit->topic) + ' ' + visit->text;
                                          } else {
                                              const auto& relation = std::get<model::RelationChange>(fact.content);
                                              text += std::string{name_of(relation.kind)} + ' ' +
                                                      journal.keys_of(std::get<PersonId>(relation.other)).front().key;
                                          }
                                          facts.push_back(std::move(text));
                                      }
                                      return true;
                                  });
    std::ranges::sort(facts);
    return facts;
}

void kill_often(const std::string& how, std::size_t facts, std::size_t rounds, std::size_t kills_per_journal,
                std::size_t most_lines) {
    const std::string program = kill_writer();
    REQUIRE_MESSAGE(std::filesystem::exists(program), "the helper program kill_writer is not there");
    const TemporaryFolder folder;
    const auto finish = [&](const std::filesystem::path& path) {
        const Child child = start(program, path.string(), how, facts);
        std::string text;
        CHECK(read_acknowledged(child.output, text, SIZE_MAX) == facts);
        ::close(child.output);
        int status = -1;
        ::waitpid(child.id, &status, 0);
        CHECK(status == 0);
    };
    finish(folder / "undisturbed.sqlite");
    const std::vector<std::string> expected = all_of(Journal::open(folder / "undisturbed.sqlite"));
    CHECK(expected.size() > facts);  // relations stand on both sides
    std::mt19937_64 random{how.size()};
    std::size_t survived = 0;
    std::size_t cut = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        CAPTURE(round);
        const auto path = folder / ("killed" + std::to_string(round) + ".sqlite").c_str();
        std::size_t most_acknowledged = 0;
        for (std::size_t kill = 0; kill < kills_per_journal; ++kill) {
            const Child child = start(program, path.string(), how, facts);
            std::string text;
            read_acknowledged(child.output, text, random() % most_lines);
            // Some moment between two acknowledgements, without sleeping.
            const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random() % 3000};
            while (std::chrono::steady_clock::now() < until) {
            }
            ::kill(child.id, SIGKILL);
            int status = -1;
            ::waitpid(child.id, &status, 0);
            if (WIFSIGNALED(status)) ++cut;
            // What it said before it died is still in the pipe.
            const std::size_t acknowledged = read_acknowledged(child.output, text, SIZE_MAX);
            ::close(child.output);
            most_acknowledged = std::max(most_acknowledged, acknowledged);
            if (!std::filesystem::exists(path)) {
                CHECK(acknowledged == 0);
                continue;
            }
            Journal journal = Journal::open(path);
            CHECK(journal.integrity_check().empty());
            CHECK(journal.verify().empty());
            std::vector<bool> there(facts);
            journal.for_each_by_seq(1, [&](std::uint64_t, const model::Fact& fact) {
                there.at(std::stoul(fact.key.substr(1))) = true;
                return true;
            });
            bool all_there = true;
            for (std::size_t i = 0; i < most_acknowledged; ++i) all_there = all_there && there[i];
            CHECK(all_there);
            survived += most_acknowledged;
        }
        finish(path);
        const Journal journal = Journal::open(path);
        CHECK((all_of(journal) == expected));
        CHECK(journal.verify().empty());
        CHECK(journal.integrity_check().empty());
    }
    CHECK(survived > 0);
    CHECK(cut > rounds * kills_per_journal / 2);
}

}  // namespace

TEST_SUITE("store/kill") {
    TEST_CASE("kill -9 while recording loses nothing that was acknowledged, and a rerun completes the set") {
        kill_often("record", 1500, 10, 5, 700);
    }
    TEST_CASE("kill -9 during bulk appends loses nothing that was acknowledged, and a rerun completes the set") {
        kill_often("bulk", 10'000, 10, 5, 9);
    }
}
