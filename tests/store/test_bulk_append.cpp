#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <alloquy/store/bulk_append.hpp>

#include "support.hpp"

using alloquy::InvalidArgument;
using alloquy::StoreError;
using alloquy::store::BulkAppend;
using alloquy::store::BulkResult;
using alloquy::store::Entry;
using namespace store_test;

namespace {

constexpr std::int64_t people = 50;

void add_people(Journal& journal) {
    const auto system = journal.symbols().sources.intern("sis");
    for (std::int64_t i = 0; i < people; ++i) {
        static_cast<void>(journal.person(system, "p" + std::to_string(i), instant()));
        static_cast<void>(journal.organisation(system, "o" + std::to_string(i), model::OrganisationKind::school, "O"));
    }
}

std::vector<model::Fact> random_facts(Journal& journal, std::uint64_t seed, int count) {
    RandomFacts random{seed, journal.symbols()};
    std::vector<model::Fact> facts;
    for (int i = 0; i < count; ++i) facts.push_back(random.fact(people, people, "k" + std::to_string(i)));
    return facts;
}

std::vector<std::vector<model::Fact>> by_person(const Journal& journal) {
    std::vector<std::vector<model::Fact>> facts;
    for (std::int64_t i = 1; i <= people; ++i) facts.push_back(journal.facts_of(PersonId{i}));
    return facts;
}

}  // namespace

TEST_SUITE("store/bulk_append") {
    TEST_CASE("the facts are those that single recording would have entered, whatever the portions") {
        for (const bool in_memory : {false, true}) {
            const TemporaryFolder folder;
            Journal single = Journal::in_memory();
            add_people(single);
            const std::vector<model::Fact> facts = random_facts(single, 3, 4000);
            single.record(facts);
            for (const std::size_t per_commit : {0U, 1U, 100U, 1000U}) {
                CAPTURE(per_commit);
                Journal journal =
                    in_memory ? Journal::in_memory() : Journal::open(folder / std::to_string(per_commit).c_str());
                add_people(journal);
                CHECK(random_facts(journal, 3, 4000) == facts);
                BulkAppend bulk{journal, {.facts_per_commit = per_commit}};
                RandomFacts random{per_commit, journal.symbols()};
                for (std::size_t i = 0; i < facts.size();) {
                    const std::size_t size = std::min<std::size_t>(random.below(700), facts.size() - i);
                    bulk.append(std::span{facts}.subspan(i, size));
                    i += size;
                }
                CHECK(bulk.appended() == facts.size());
                CHECK(bulk.commit() == BulkResult{facts.size(), 0, {}});
                CHECK(journal.last_seq() == single.last_seq());
                CHECK(by_person(journal) == by_person(single));
                CHECK(journal.verify().empty());
                CHECK(journal.integrity_check().empty());
                // A rerun enters nothing.
                bulk.append(facts);
                CHECK(bulk.commit() == BulkResult{facts.size(), facts.size(), {}});
                CHECK(journal.last_seq() == single.last_seq());
            }
        }
    }

    TEST_CASE("conflicts are told by ordinal, and the first of two contradicting facts stays") {
        Journal journal = Journal::in_memory();
        add_people(journal);
        auto& symbols = journal.symbols();
        journal.record(click(PersonId{7}, symbols, "old", 1));
        const std::vector<model::Fact> facts{
            click(PersonId{9}, symbols, "a", 5),   click(PersonId{7}, symbols, "old", 2),
            click(PersonId{3}, symbols, "b", 5),   click(PersonId{9}, symbols, "a", 6),
            click(PersonId{7}, symbols, "old", 1), click(PersonId{3}, symbols, "b", 5)};
        BulkAppend bulk{journal};
        bulk.append(facts);
        CHECK(bulk.commit() == BulkResult{2, 2, {1, 3}});
        CHECK(journal.facts_of(PersonId{9}) == std::vector{facts[0]});
        CHECK(journal.last_seq() == 3);
        CHECK(journal.verify().empty());
    }

    TEST_CASE("what was not committed is rolled back, people are not lost") {
        const TemporaryFolder folder;
        Journal journal = Journal::open(folder / "j.sqlite");
        add_people(journal);
        const auto facts = random_facts(journal, 8, 3000);
        const auto sis = journal.symbols().sources.intern("sis");
        PersonId late{1};
        {
            BulkAppend bulk{journal, {.facts_per_commit = 0}};
            bulk.append(std::span{facts}.first(1000));
            static_cast<void>(bulk.commit());
            late = journal.person(sis, "late", instant());
            bulk.append(std::vector{click(late, journal.symbols(), "x")});
            bulk.append(std::span{facts}.subspan(1000));
        }
        const std::uint64_t committed = journal.last_seq();
        CHECK(committed >= 1000);
        CHECK(committed < 1200);
        CHECK(journal.verify().empty());
        CHECK(journal.person(sis, "late", instant()) == late);
        CHECK(journal.record(click(late, journal.symbols(), "x")) == Entry::entered);
        CHECK(journal.last_seq() == committed + 1);
    }

    TEST_CASE("a wrong fact keeps its span out and nothing else") {
        Journal journal = Journal::in_memory();
        add_people(journal);
        BulkAppend bulk{journal};
        bulk.append(std::vector{click(PersonId{1}, journal.symbols(), "a")});
        CHECK_THROWS_AS(bulk.append(std::vector{click(PersonId{1}, journal.symbols(), "b"),
                                                click(PersonId{people + 1}, journal.symbols(), "c")}),
                        InvalidArgument);
        CHECK(bulk.appended() == 1);
        bulk.append(std::vector{click(PersonId{1}, journal.symbols(), "d")});
        CHECK(bulk.commit().entered == 2);
        CHECK(journal.last_seq() == 2);
        CHECK_THROWS_AS(BulkAppend{journal}, InvalidArgument);
    }

    TEST_CASE("people, organisations, words and live facts come in while a bulk append is open") {
        for (const bool in_memory : {false, true}) {
            const TemporaryFolder folder;
            Journal journal = in_memory ? Journal::in_memory() : Journal::open(folder / "j.sqlite");
            add_people(journal);
            const auto sis = journal.symbols().sources.intern("sis");
            const model::Fact pattern = click(PersonId{1}, journal.symbols(), "x");
            std::uint64_t live = 0;
            {
                BulkAppend bulk{journal, {.facts_per_commit = 0}};
                std::thread other{[&] {
                    for (; live < 50; ++live) {
                        model::Fact fact = pattern;
                        fact.key = "live " + std::to_string(live);
                        journal.record(fact);
                    }
                }};
                for (int i = 0; i < 20'000; ++i) {
                    model::Fact fact = pattern;
                    fact.person = journal.person(sis, "new " + std::to_string(i / 10), instant());
                    fact.key = "bulk " + std::to_string(i);
                    bulk.append(std::span{&fact, 1});
                }
                other.join();
                const auto word = journal.symbols().topics.intern("interned meanwhile");
                const auto organisation = journal.organisation(sis, "late", model::OrganisationKind::other, "Late");
                model::Fact fact = pattern;
                fact.key = "last";
                std::get<model::Interaction>(fact.content).topic = word;
                bulk.append(std::span{&fact, 1});
                fact.key = "works";
                fact.content = model::RelationChange{.kind = model::RelationKind::works_at, .other = organisation};
                CHECK(journal.record(fact) == Entry::entered);  // from the thread of the bulk append itself
                CHECK(bulk.commit().entered == 20'001);
            }
            CHECK(journal.last_seq() == 20'001 + 50 + 1);
            CHECK(journal.person_count() == people + 2000);
            CHECK(journal.verify().empty());
        }
    }

    TEST_CASE("a full disk ends the append, keeps what was committed, and a rerun enters the rest") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        std::uint64_t committed = 0;
        std::vector<model::Fact> facts;
        {
            Journal journal = Journal::open(path);
            add_people(journal);
            facts = random_facts(journal, 1, 6000);
            BulkAppend bulk{journal};
            bulk.append(std::span{facts}.first(500));
            static_cast<void>(bulk.commit());
            committed = journal.last_seq();
        }
        const pid_t child = ::fork();
        if (child == 0) {
            std::signal(SIGXFSZ, SIG_IGN);
            int result = 1;
            {
                Journal journal = Journal::open(path);
                const rlimit small{300'000, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &small);
                bool refused = false;
                {
                    BulkAppend bulk{journal, {.facts_per_commit = 0}};
                    try {
                        for (const model::Fact& fact : facts) bulk.append(std::span{&fact, 1});
                        static_cast<void>(bulk.commit());
                    } catch (const StoreError& error) {
                        refused = error.extended_code() != 0;
                    }
                    try {  // and stays ended
                        bulk.append(std::span{facts}.first(1));
                        refused = false;
                    } catch (const StoreError&) {
                    }
                }
                const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &large);
                const bool unchanged = journal.last_seq() == committed && journal.verify().empty();
                BulkAppend bulk{journal};
                bulk.append(facts);
                const bool complete = bulk.commit() == BulkResult{facts.size() - 500, 500, {}};
                if (refused && unchanged && complete) result = 0;
            }
            ::_exit(result);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
        const Journal journal = Journal::open(path);
        CHECK(journal.verify().empty());
        CHECK(journal.integrity_check().empty());
    }
}
