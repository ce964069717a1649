#include <doctest/doctest.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include <alloquy/store/journal.hpp>

#include "support.hpp"

using alloquy::InvalidArgument;
using alloquy::NotFound;
using alloquy::StoreError;
using alloquy::store::AuditIssue;
using alloquy::store::Entry;
using alloquy::store::JournalOptions;
using alloquy::store::OpenMode;
using alloquy::time::Range;
using namespace store_test;

namespace {

std::vector<std::pair<std::uint64_t, model::Fact>> all_by_seq(const Journal& journal) {
    std::vector<std::pair<std::uint64_t, model::Fact>> facts;
    journal.for_each_by_seq(1, [&](std::uint64_t seq, const model::Fact& fact) {
        facts.emplace_back(seq, fact);
        return true;
    });
    return facts;
}

/// The journal holds people and organisations of this many, and a number of random facts in random portions.
void fill(Journal& journal, std::uint64_t seed, int count, std::int64_t people = 20) {
    const auto system = journal.symbols().sources.intern("sis");
    for (std::int64_t i = 0; i < people; ++i) {
        static_cast<void>(journal.person(system, "p" + std::to_string(i), instant()));
        static_cast<void>(journal.organisation(system, "o" + std::to_string(i), model::OrganisationKind::employer,
                                               "Org " + std::to_string(i)));
    }
    RandomFacts random{seed, journal.symbols()};
    std::vector<model::Fact> portion;
    for (int i = 0; i < count; ++i) {
        portion.push_back(random.fact(people, people, "key " + std::to_string(i)));
        if (random.below(5) == 0) {
            journal.record(portion);
            portion.clear();
        }
    }
    journal.record(portion);
}

template <class Error = StoreError>
std::string text_of_error(const auto& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_SUITE("store/journal") {
    TEST_CASE("random facts of every kind are read back as they were recorded, also after reopening") {
        const TemporaryFolder folder;
        std::vector<model::Fact> facts;
        std::vector<Entry> entries;
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            const auto system = journal.symbols().sources.intern("sis");
            for (int i = 0; i < 30; ++i) {
                static_cast<void>(journal.person(system, "p" + std::to_string(i), instant()));
                static_cast<void>(
                    journal.organisation(system, "o" + std::to_string(i), model::OrganisationKind::school, "Org"));
            }
            RandomFacts random{11, journal.symbols()};
            for (int i = 0; i < 3000; ++i) facts.push_back(random.fact(30, 30, "k" + std::to_string(i)));
            entries = journal.record(facts);
        }
        CHECK(std::ranges::all_of(entries, [](Entry entry) { return entry == Entry::entered; }));
        const Journal journal = Journal::open(folder / "j.sqlite");
        std::map<std::tuple<std::int64_t, std::uint16_t, std::string>, model::Fact> stored;
        for (const auto& [seq, fact] : all_by_seq(journal)) {
            stored.emplace(std::tuple{fact.person.value(), fact.source.number(), fact.key}, fact);
        }
        std::size_t relations = 0;
        for (const model::Fact& fact : facts) {
            const auto found = stored.find({fact.person.value(), fact.source.number(), fact.key});
            REQUIRE(found != stored.end());
            CHECK(found->second == fact);
            const auto* relation = std::get_if<model::RelationChange>(&fact.content);
            if (relation != nullptr && std::holds_alternative<PersonId>(relation->other)) ++relations;
        }
        CHECK(relations > 0);
        CHECK(stored.size() == facts.size() + relations);
        CHECK(journal.fact_count() == stored.size());
        CHECK(journal.last_seq() == stored.size());
        CHECK(journal.verify().empty());
        CHECK(journal.integrity_check().empty());
    }

    TEST_CASE("a fact enters once; other content under its key is a conflict and changes nothing") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            Journal journal = file_or_memory(folder, in_memory);
            auto& symbols = journal.symbols();
            const PersonId person = journal.person(symbols.sources.intern("sis"), "a", instant());
            const model::Fact fact = click(person, symbols, "k", 5, 10);
            CHECK(journal.record(fact) == Entry::entered);
            CHECK(journal.record(fact) == Entry::already_there);
            CHECK(journal.record(click(person, symbols, "k", 5, 99)) == Entry::already_there);  // only known_at differs
            CHECK(journal.record(click(person, symbols, "k", 6, 10)) == Entry::conflict);
            model::Fact other = fact;
            std::get<model::Interaction>(other.content).quantity = 2;
            CHECK(journal.record(other) == Entry::conflict);
            other.content = model::RoleChange{.kind = model::RoleKind::student};
            CHECK(journal.record(other) == Entry::conflict);
            other = fact;
            other.source = symbols.sources.intern("other source");
            CHECK(journal.record(other) == Entry::entered);
            CHECK(journal.facts_of(person) == std::vector{fact, other});
            CHECK(journal.last_seq() == 2);
            // One that conflicts does not keep its neighbours out.
            const std::array several{click(person, symbols, "x"), click(person, symbols, "k", 7),
                                     click(person, symbols, "x"), click(person, symbols, "x", 1)};
            CHECK(journal.record(several) ==
                  std::vector{Entry::entered, Entry::conflict, Entry::already_there, Entry::conflict});
            CHECK(journal.verify().empty());
        }
    }

    TEST_CASE("a relation to a person stands on both sides or on none") {
        Journal journal = Journal::in_memory();
        const auto system = journal.symbols().sources.intern("sis");
        const PersonId a = journal.person(system, "a", instant());
        const PersonId b = journal.person(system, "b", instant());
        const model::Fact guards{
            .person = a,
            .at = instant(),
            .known_at = instant(),
            .source = system,
            .key = "g",
            .content = model::RelationChange{.kind = model::RelationKind::guardian_of, .other = b}};
        CHECK(journal.record(guards) == Entry::entered);
        model::Fact guarded = guards;
        guarded.person = b;
        guarded.content = model::RelationChange{.kind = model::RelationKind::ward_of, .other = a};
        CHECK(journal.facts_of(b) == std::vector{guarded});
        CHECK(journal.record(guarded) == Entry::already_there);
        CHECK(journal.record(guards) == Entry::already_there);
        // b has another fact under the key, so a must not get one either.
        model::Fact in_the_way = click(b, journal.symbols(), "h");
        in_the_way.source = system;
        journal.record(in_the_way);
        model::Fact second = guards;
        second.key = "h";
        CHECK(journal.record(second) == Entry::conflict);
        CHECK(journal.facts_of(a) == std::vector{guards});
        CHECK(journal.last_seq() == 3);
        CHECK(journal.verify().empty());
    }

    TEST_CASE("what cannot be true is refused, and nothing of the call enters") {
        Journal journal = Journal::in_memory();
        auto& symbols = journal.symbols();
        const auto system = symbols.sources.intern("sis");
        const PersonId person = journal.person(system, "a", instant());
        const model::Fact good = click(person, symbols, "good");
        std::vector<model::Fact> bad(12, click(person, symbols, "bad"));
        bad[0].key.clear();
        bad[1].key = std::string(513, 'x');
        bad[2].at = instant(1);
        std::get<model::Interaction>(bad[3].content).quantity = 0;
        const auto assessment = symbols.assessments.intern("exam");
        bad[4].content = model::Result{assessment, std::numeric_limits<double>::quiet_NaN()};
        bad[5].content = model::Result{assessment, 1.0000001};
        bad[6].content =
            model::AttributeStatement{{{symbols.attributes.intern("x"), std::numeric_limits<double>::infinity()}}};
        bad[7].content = model::RelationChange{.kind = model::RelationKind::sibling_of, .other = person};
        bad[8].person = PersonId{2};
        bad[9].content = model::RelationChange{.kind = model::RelationKind::sibling_of, .other = PersonId{2}};
        bad[10].content = model::RelationChange{.kind = model::RelationKind::works_at, .other = OrganisationId{1}};
        std::get<model::Interaction>(bad[11].content).topic = model::Topic{77};
        for (std::size_t i = 0; i < bad.size(); ++i) {
            CAPTURE(i);
            const std::array both{good, bad[i]};
            CHECK_THROWS_AS(journal.record(both), InvalidArgument);
        }
        CHECK(journal.last_seq() == 0);
        CHECK(text_of_error<InvalidArgument>([&] { journal.record(bad[2]); }).find("known before it happened") !=
              std::string::npos);
        CHECK(journal.record(good) == Entry::entered);
    }

    TEST_CASE("keys may hold any bytes") {
        const TemporaryFolder folder;
        std::vector<std::string> keys{"'; DROP TABLE fact; --",
                                      std::string{"\0", 1},
                                      std::string{"a\0b", 3},
                                      "a",
                                      "\"",
                                      "\xff\xfe\xc3\x28",
                                      std::string(512, '\xff'),
                                      "%_",
                                      "a "};
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            const auto system = journal.symbols().sources.intern("sis");
            for (const std::string& key : keys) {
                const PersonId person = journal.person(system, key, instant());
                CHECK(journal.record(click(person, journal.symbols(), key)) == Entry::entered);
            }
            CHECK_THROWS_AS((void)journal.person(system, "", instant()), InvalidArgument);
            CHECK_THROWS_AS((void)journal.person(system, std::string(513, 'a'), instant()), InvalidArgument);
        }
        Journal journal = Journal::open(folder / "j.sqlite");
        const auto system = *journal.symbols().sources.find("sis");
        CHECK(journal.person_count() == keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const PersonId person{static_cast<std::int64_t>(i + 1)};
            CHECK(journal.find_person(system, keys[i]) == person);
            CHECK(journal.keys_of(person) == std::vector{alloquy::store::ExternalKey{system, keys[i]}});
            REQUIRE(journal.facts_of(person).size() == 1);
            CHECK(journal.facts_of(person).front().key == keys[i]);
        }
        CHECK(journal.verify().empty());
    }

    TEST_CASE("a person is found by each of their keys, and a key belongs to one person") {
        const TemporaryFolder folder;
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            auto& sources = journal.symbols().sources;
            const auto sis = sources.intern("sis");
            const auto mail = sources.intern("mail");
            const PersonId a = journal.person(sis, "1", instant());
            const PersonId b = journal.person(sis, "2", instant());
            CHECK(a == PersonId{1});
            CHECK(b == PersonId{2});
            CHECK(journal.person(sis, "1", instant(9)) == a);
            CHECK(journal.person(mail, "1", instant()) == PersonId{3});
            journal.link_key(a, mail, "secret@example.org");
            journal.link_key(a, mail, "secret@example.org");
            const std::string text =
                text_of_error<InvalidArgument>([&] { journal.link_key(b, mail, "secret@example.org"); });
            CHECK(text.find("person 1") != std::string::npos);
            CHECK(text.find("secret") == std::string::npos);
            CHECK_THROWS_AS(journal.link_key(PersonId{4}, mail, "x"), InvalidArgument);
            const auto found = journal.people(sis, std::array<std::string_view, 4>{"2", "7", "8", "7"}, instant());
            CHECK(found == std::vector{b, PersonId{4}, PersonId{5}, PersonId{4}});
        }
        Journal journal = Journal::open(folder / "j.sqlite");
        const auto mail = *journal.symbols().sources.find("mail");
        CHECK(journal.find_person(mail, "secret@example.org") == PersonId{1});
        CHECK(!journal.find_person(mail, "nobody"));
        CHECK(journal.person_count() == 5);
        CHECK(journal.keys_of(PersonId{1}).size() == 2);
        CHECK(journal.person(mail, "new", instant()) == PersonId{6});
    }

    TEST_CASE("a person's tie key does not depend on arrival and is the least over the keys") {
        // Recomputed here from the definition in the header.
        const auto number_of = [](std::string_view system, std::string_view key) {
            std::string bytes;
            for (const std::string_view part : {system, key}) {
                for (unsigned shift = 0; shift < 32; shift += 8)
                    bytes += static_cast<char>(part.size() >> shift & 0xFF);
                bytes += part;
            }
            std::array<unsigned char, 16> digest;
            crypto_generichash(digest.data(), 16, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                               nullptr, 0);
            std::uint64_t number = 0;
            std::memcpy(&number, digest.data(), 8);
            return number;
        };
        for (const bool swapped : {false, true}) {
            Journal journal = Journal::in_memory();
            auto& sources = journal.symbols().sources;
            if (swapped) static_cast<void>(sources.intern("mail"));
            const auto sis = sources.intern("sis");
            const auto mail = sources.intern("mail");
            if (swapped) static_cast<void>(journal.person(sis, "b", instant()));
            const PersonId a = journal.person(sis, "a", instant());
            static_cast<void>(journal.person(sis, "b", instant()));
            journal.link_key(a, mail, "a@example.org");
            std::set<std::uint64_t> keys;
            std::uint64_t of_a = 0;
            journal.for_each_person([&](PersonId person, std::uint64_t tie_key) {
                if (person == a) of_a = tie_key;
                keys.insert(tie_key);
                return true;
            });
            CHECK(of_a == std::min(number_of("sis", "a"), number_of("mail", "a@example.org")));
            CHECK(keys == std::set{of_a, number_of("sis", "b")});
        }
    }

    TEST_CASE("organisations are found by key and keep what was said first") {
        const TemporaryFolder folder;
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            const auto crm = journal.symbols().sources.intern("crm");
            const auto id = journal.organisation(crm, "x", model::OrganisationKind::employer, "Bakery");
            CHECK(journal.organisation(crm, "x", model::OrganisationKind::other, "Else") == id);
            CHECK(journal.find_organisation(crm, "x") == id);
            CHECK(!journal.find_organisation(crm, "y"));
        }
        const Journal journal = Journal::open(folder / "j.sqlite");
        const model::Organisation bakery{OrganisationId{1}, model::OrganisationKind::employer, "Bakery"};
        CHECK(journal.organisation(OrganisationId{1}) == bakery);
        CHECK(!journal.organisation(OrganisationId{2}));
        int visited = 0;
        journal.for_each_organisation([&](const model::Organisation& organisation) {
            CHECK(organisation == bakery);
            return ++visited != 0;
        });
        CHECK(visited == 1);
    }

    TEST_CASE("symbols keep their numbers in the file, and words without facts go in with the next write") {
        const TemporaryFolder folder;
        {
            Journal journal = Journal::open(folder / "j.sqlite");
            static_cast<void>(journal.symbols().topics.intern("late"));
            static_cast<void>(journal.symbols().topics.intern("early"));
            static_cast<void>(journal.person(journal.symbols().sources.intern("sis"), "a", instant()));
            static_cast<void>(journal.symbols().topics.intern("never written"));
        }
        const Journal journal = Journal::open(folder / "j.sqlite");
        CHECK(journal.symbols().topics.texts() == std::vector<std::string>{"late", "early"});
        CHECK(journal.symbols().sources.texts() == std::vector<std::string>{"sis"});
    }

    TEST_CASE("facts of a person come by instant, text of the source and key") {
        Journal journal = Journal::in_memory();
        auto& symbols = journal.symbols();
        static_cast<void>(symbols.sources.intern("zeta"));  // the first number, the last text
        static_cast<void>(symbols.sources.intern("alpha"));
        const PersonId person = journal.person(symbols.sources.intern("mid"), "a", instant());
        RandomFacts random{3, symbols};
        std::vector<model::Fact> facts;
        for (int i = 0; i < 500; ++i) {
            model::Fact fact = click(person, symbols, "", static_cast<std::int64_t>(random.below(20)), 1000);
            fact.key = std::to_string(random.below(1000)) + "/" + std::to_string(i);
            fact.source = model::Source{static_cast<std::uint16_t>(1 + random.below(3))};
            facts.push_back(fact);
        }
        journal.record(facts);
        std::ranges::sort(facts, [&](const model::Fact& a, const model::Fact& b) {
            return std::tie(a.at, symbols.sources.text(a.source), a.key) <
                   std::tie(b.at, symbols.sources.text(b.source), b.key);
        });
        CHECK(journal.facts_of(person) == facts);
        CHECK(std::ranges::is_sorted(
            facts, [&](const auto& a, const auto& b) { return alloquy::store::canonically_before(a, b, symbols); }));
    }

    TEST_CASE("reading by person, time, known_at and number agrees with brute force") {
        for (const bool in_memory : {false, true}) {
            const TemporaryFolder folder;
            Journal journal = file_or_memory(folder, in_memory);
            fill(journal, 5, 1500);
            const auto all = all_by_seq(journal);
            for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i].first == i + 1);
            using List = std::vector<std::pair<std::uint64_t, model::Fact>>;
            const auto collect = [](List& into) {
                return [&into](std::uint64_t seq, const model::Fact& fact) {
                    into.emplace_back(seq, fact);
                    return true;
                };
            };
            for (const auto& [from, to] : {std::pair{0, 1001}, {0, 1}, {100, 120}, {500, 500}, {999, 2000}}) {
                const Range range{instant(from * 3'600'000LL), instant(to * 3'600'000LL)};
                List by_time;
                List by_known;
                journal.for_each_by_time(range, collect(by_time));
                journal.for_each_by_known_at(range, collect(by_known));
                List want_time;
                List want_known;
                for (const auto& item : all) {
                    if (range.contains(item.second.at)) want_time.push_back(item);
                    if (range.contains(item.second.known_at)) want_known.push_back(item);
                }
                CHECK(by_time == want_time);
                CHECK(by_known == want_known);
            }
            List tail;
            journal.for_each_by_seq(1000, collect(tail));
            CHECK(tail == List{all.begin() + 999, all.end()});
            std::size_t visited = 0;
            journal.for_each_by_seq(1, [&](std::uint64_t, const model::Fact&) { return ++visited < 7; });
            CHECK(visited == 7);
            std::vector<std::int64_t> people;
            journal.for_each_person_facts(PersonId{3}, PersonId{9}, [&](PersonId person, auto facts) {
                people.push_back(person.value());
                CHECK(std::vector(facts.begin(), facts.end()) == journal.facts_of(person));
                const auto count =
                    std::ranges::count_if(all, [&](const auto& item) { return item.second.person == person; });
                CHECK(facts.size() == static_cast<std::size_t>(count));
                return person.value() != 7;
            });
            CHECK(people == std::vector<std::int64_t>{3, 4, 5, 6, 7});
            CHECK(journal.facts_of(PersonId{21}).empty());
        }
    }

    TEST_CASE("reading by person up to a number agrees with brute force") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            Journal journal = file_or_memory(folder, in_memory);
            fill(journal, 8, 400);
            // A person whose first fact is the last of all.
            const PersonId late = journal.person(*journal.symbols().sources.find("sis"), "late", instant());
            journal.record(click(late, journal.symbols(), "late"));
            const auto all = all_by_seq(journal);
            const std::uint64_t last = journal.last_seq();
            using Lists = std::vector<std::pair<PersonId, std::vector<model::Fact>>>;
            const auto read = [&](auto... until) {
                Lists people;
                journal.for_each_person_facts(
                    PersonId{2}, PersonId{22},
                    [&](PersonId person, auto facts) {
                        people.emplace_back(person, std::vector(facts.begin(), facts.end()));
                        return true;
                    },
                    until...);
                return people;
            };
            for (const std::uint64_t until : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, last / 2, last - 1,
                                              last, last + 1, std::uint64_t{INT64_MAX}, UINT64_MAX}) {
                CAPTURE(until);
                Lists expected;
                for (std::int64_t id = 1; id <= 21; ++id) {
                    std::vector<model::Fact> facts;
                    for (const auto& [seq, fact] : all) {
                        if (fact.person == PersonId{id} && seq <= until) facts.push_back(fact);
                    }
                    std::ranges::sort(facts, [&](const auto& a, const auto& b) {
                        return alloquy::store::canonically_before(a, b, journal.symbols());
                    });
                    CHECK(journal.facts_of(PersonId{id}, until) == facts);
                    if (id >= 2 && !facts.empty()) expected.emplace_back(PersonId{id}, std::move(facts));
                }
                CHECK((read(until) == expected));
                CHECK((read(std::optional{until}) == expected));
            }
            CHECK(read(last - 1).size() == 19);
            CHECK((read() == read(last)));
            CHECK((read(std::nullopt) == read(last)));
            CHECK(journal.facts_of(late) == journal.facts_of(late, last));
        }
    }

    TEST_CASE("threads that record at once all get in, with numbers without gaps") {
        for (const bool in_memory : {false, true}) {
            CAPTURE(in_memory);
            const TemporaryFolder folder;
            Journal journal = file_or_memory(folder, in_memory);
            auto& symbols = journal.symbols();
            const auto sis = symbols.sources.intern("sis");
            const model::Fact pattern = click(PersonId{1}, symbols, "x");
            std::atomic<int> refused = 0;
            std::vector<std::thread> threads;
            for (int t = 0; t < 8; ++t) {
                threads.emplace_back([&, t] {
                    const PersonId person = journal.person(sis, "p" + std::to_string(t % 4), instant());
                    for (int i = 0; i < 100; ++i) {
                        model::Fact fact = pattern;
                        fact.person = person;
                        fact.key = std::to_string(t) + "-" + std::to_string(i);
                        journal.record(fact);
                        if (i % 10 == 0) {  // what one caller does wrong is no other's trouble
                            fact.key.clear();
                            try {
                                journal.record(fact);
                            } catch (const InvalidArgument&) {
                                ++refused;
                            }
                        }
                    }
                });
            }
            for (std::thread& thread : threads) thread.join();
            CHECK(refused == 80);
            CHECK(journal.person_count() == 4);
            const auto all = all_by_seq(journal);
            REQUIRE(all.size() == 800);
            std::set<std::string> keys;
            for (std::size_t i = 0; i < all.size(); ++i) {
                CHECK(all[i].first == i + 1);
                keys.insert(all[i].second.key);
            }
            CHECK(keys.size() == 800);
            CHECK(journal.verify().empty());
        }
    }

    TEST_CASE("readers see commits while the writer goes on") {
        const TemporaryFolder folder;
        Journal journal = Journal::open(folder / "j.sqlite");
        fill(journal, 1, 200);
        Journal beside = Journal::open(folder / "j.sqlite", {.mode = OpenMode::read_only});
        CHECK(all_by_seq(beside) == all_by_seq(journal));
        const auto news = journal.symbols().sources.intern("new source");
        const PersonId person = journal.person(news, "late", instant());
        journal.record(click(person, journal.symbols(), "late"));
        CHECK(beside.last_seq() == journal.last_seq());
        CHECK(!beside.symbols().sources.find("new source"));
        beside.refresh();
        CHECK(beside.symbols().sources.find("new source") == news);
        CHECK(beside.find_person(news, "late") == person);
        CHECK(beside.person_count() == journal.person_count());
        CHECK(beside.facts_of(person) == journal.facts_of(person));
        CHECK(beside.verify().empty());
        CHECK_THROWS_AS(beside.record(click(person, journal.symbols(), "x")), InvalidArgument);
        CHECK_THROWS_AS((void)beside.person(news, "x", instant()), InvalidArgument);
        CHECK_THROWS_AS((void)Journal::open(folder / "none.sqlite", {.mode = OpenMode::read_only}), NotFound);
        // A visitor may record; the reading goes on in the state in which it began.
        std::size_t visited = 0;
        const std::uint64_t before = journal.last_seq();
        journal.for_each_by_seq(1, [&](std::uint64_t seq, const model::Fact&) {
            journal.record(click(person, journal.symbols(), "while " + std::to_string(seq)));
            return ++visited != 0;
        });
        CHECK(visited == before);
        CHECK(journal.last_seq() == 2 * before);
    }

    TEST_CASE("a second writer is refused as long as the first one lives, however that ends") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        std::array<int, 2> ready{};
        REQUIRE(::pipe(ready.data()) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            Journal journal = Journal::open(path);
            fill(journal, 1, 20);
            static_cast<void>(!::write(ready[1], "x", 1));
            while (true) ::pause();
        }
        char byte = 0;
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        CHECK(text_of_error([&] { static_cast<void>(Journal::open(path)); }).find("in use by another process") !=
              std::string::npos);
        std::filesystem::create_symlink(path, folder / "link.sqlite");
        CHECK_THROWS_AS((void)Journal::open(folder / "link.sqlite"), StoreError);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ::close(ready[0]);
        ::close(ready[1]);
        Journal journal = Journal::open(path);
        CHECK(journal.last_seq() >= 20);
        CHECK_THROWS_AS((void)Journal::open(path), StoreError);
    }

    TEST_CASE("a file of a newer library is refused and left as it was") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        {
            Journal journal = Journal::open(path);
            fill(journal, 1, 20);
        }
        tamper(path, "PRAGMA user_version = 1000");
        const std::string before = bytes_of(path);
        for (const OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
            CHECK(text_of_error([&] { static_cast<void>(Journal::open(path, {.mode = mode})); }).find("newer") !=
                  std::string::npos);
        }
        CHECK(bytes_of(path) == before);
    }

    TEST_CASE("a file that is no journal is refused and left as it was; an empty one becomes a journal") {
        const TemporaryFolder folder;
        tamper(folder / "other.sqlite", "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        std::ofstream{folder / "text.sqlite"} << std::string(5000, 'x');
        std::ofstream{folder / "short.sqlite"} << "SQLite";
        for (const char* name : {"other.sqlite", "text.sqlite", "short.sqlite"}) {
            CAPTURE(name);
            const std::string before = bytes_of(folder / name);
            for (const OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
                CHECK(text_of_error([&] {
                          static_cast<void>(Journal::open(folder / name, {.mode = mode}));
                      }).find("not an alloquy journal") != std::string::npos);
            }
            CHECK(bytes_of(folder / name) == before);
        }
        CHECK_THROWS_AS((void)Journal::open(folder.path()), StoreError);
        CHECK_THROWS_AS((void)Journal::open(folder / "no/such/folder.sqlite"), StoreError);
        std::ofstream{folder / "empty.sqlite"}.close();
        CHECK(Journal::open(folder / "empty.sqlite").last_seq() == 0);
        CHECK_THROWS_AS((void)Journal::open(folder / "j.sqlite", {.cache_bytes = 1}), InvalidArgument);
    }

    TEST_CASE("the audit finds what was changed behind the library's back") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        {
            Journal journal = Journal::open(path);
            fill(journal, 2, 100);
            CHECK(journal.verify().empty());
        }
        const auto issues_after = [&](const std::string& sql) {
            const auto copy = folder / "copy.sqlite";
            std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
            tamper(copy, sql);
            return Journal::open(copy, {.mode = OpenMode::read_only}).verify();
        };
        const auto block_of = [&](int seq) {
            return static_cast<std::uint64_t>(
                integer_of(path, "SELECT max(first_seq) FROM block WHERE first_seq <= " + std::to_string(seq)));
        };
        const auto has = [](const std::vector<AuditIssue>& issues, std::uint64_t seq, std::string_view text) {
            return std::ranges::any_of(issues, [&](const AuditIssue& issue) {
                return issue.seq == seq && issue.message.find(text) != std::string::npos;
            });
        };
        CHECK(issues_after("SELECT 1").empty());
        // The last bit of a payload: still readable or not, it is another fact now.
        auto issues = issues_after(
            "UPDATE fact SET payload = substr(payload, 1, length(payload) - 1) || x'00' WHERE seq = 42 AND "
            "substr(payload, -1) <> x'00'; UPDATE fact SET payload = substr(payload, 1, length(payload) - 1) || x'01' "
            "WHERE seq = 42 AND substr(payload, -1) = x'00' AND changes() = 0");
        REQUIRE(issues.size() == 1);
        CHECK(issues.front().seq == 42);
        for (const char* column : {"at", "known_at"}) {
            issues = issues_after("UPDATE fact SET " + std::string{column} + " = " + column + " + 1 WHERE seq = 17");
            CHECK(has(issues, 17, "commitment"));
        }
        issues = issues_after("UPDATE fact SET key = 'other' WHERE seq = 17");
        CHECK(has(issues, 17, "commitment"));
        issues = issues_after("UPDATE fact SET commitment = zeroblob(32) WHERE seq = 30");
        CHECK(has(issues, 30, "commitment"));
        CHECK(has(issues, block_of(30), "hash of the block"));
        CHECK(issues.size() == 2);
        issues = issues_after("UPDATE block SET hash = zeroblob(32) WHERE first_seq = " + std::to_string(block_of(50)));
        CHECK(has(issues, block_of(50), "hash of the block"));
        CHECK(issues.size() == 2);  // and the one that builds on it
        issues = issues_after("UPDATE block SET min_at = min_at + 1, max_at = min_at WHERE first_seq = " +
                              std::to_string(block_of(50)));
        CHECK(!issues.empty());
        issues = issues_after("DELETE FROM fact WHERE seq = 60");
        REQUIRE(issues.size() == 1);
        CHECK(has(issues, 60, "missing"));
        issues = issues_after("DELETE FROM block WHERE first_seq = " + std::to_string(block_of(70)));
        CHECK(has(issues, block_of(70), "blocks do not follow"));
        issues = issues_after("UPDATE fact SET seq = 100000 WHERE seq = 5");
        CHECK(has(issues, 5, "missing"));
        CHECK(has(issues, 100'000, "no block"));
        issues = issues_after("DELETE FROM person_key WHERE person = (SELECT person FROM fact WHERE seq = 9)");
        CHECK(has(issues, 9, "key of its person"));
        issues = issues_after("UPDATE symbol SET text = text || '!' WHERE vocabulary = 0");
        CHECK(has(issues, 1, "commitment"));
        // An erased fact leaves its commitment, and the chain holds.
        issues = issues_after(
            "INSERT INTO erased_commitment SELECT seq, commitment FROM fact WHERE seq IN (3, 4); "
            "DELETE FROM fact WHERE seq IN (3, 4)");
        CHECK(issues.empty());
        issues = issues_after(
            "INSERT INTO erased_commitment SELECT seq, zeroblob(32) FROM fact WHERE seq = 3; "
            "DELETE FROM fact WHERE seq = 3");
        CHECK(has(issues, block_of(3), "hash of the block"));
    }

    TEST_CASE("commitments and chain are what the format says") {
        // Recomputed with libsodium from the format: length-prefixed texts, fixed-width little-endian numbers.
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        Journal journal = Journal::open(path);
        const PersonId person = journal.person(journal.symbols().sources.intern("sis"), "a", instant());
        journal.record(click(person, journal.symbols(), "k", 1, 2));
        std::string key;
        std::string commitment;
        sqlite3* database = nullptr;
        sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
        sqlite3_stmt* row = nullptr;
        sqlite3_prepare_v2(database, "SELECT k.key, f.commitment FROM fact f JOIN person_key k USING (person)", -1,
                           &row, nullptr);
        REQUIRE(sqlite3_step(row) == SQLITE_ROW);
        for (std::string* text : {&key, &commitment}) {
            const int column = text == &key ? 0 : 1;
            text->assign(static_cast<const char*>(sqlite3_column_blob(row, column)),
                         static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
        }
        sqlite3_finalize(row);
        sqlite3_close(database);
        std::string bytes;
        const auto number = [&](std::uint64_t value, unsigned size) {
            for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
        };
        const auto text = [&](std::string_view value) {
            number(value.size(), 4);
            bytes += value;
        };
        text("alloquy.fact.1");
        number(1, 8);                                                 // person
        number(static_cast<std::uint64_t>(instant(1).unix_ms()), 8);  // at
        number(static_cast<std::uint64_t>(instant(3).unix_ms()), 8);  // known_at
        text("lms");
        text("k");
        number(0, 1);  // interaction
        text("web");
        number(4, 1);                              // clicked
        number(0, 1);                              // inbound
        number(0, 1);                              // topic
        number(0, 1);                              // language
        number(0, 1);                              // actor: person
        for (int i = 0; i < 4; ++i) number(0, 1);  // team, dialogue, purpose, action
        number(1, 4);                              // quantity
        number(0, 1);                              // tone
        text("");
        std::string expected(32, '\0');
        const auto raw = [](std::string& value) { return reinterpret_cast<unsigned char*>(value.data()); };
        REQUIRE(key.size() == 32);
        crypto_generichash(raw(expected), 32, raw(bytes), bytes.size(), raw(key), 32);
        CHECK(commitment == expected);
        bytes.assign(32, '\0');  // there is no block before
        number(1, 8);
        number(1, 8);
        bytes += commitment;
        CHECK(journal.chain_head() == alloquy::store::hash_bytes(bytes));
    }

    TEST_CASE("a full disk loses nothing that was acknowledged, and the journal goes on when there is room") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        {
            Journal journal = Journal::open(path);
            fill(journal, 4, 50);
            journal.checkpoint();
        }
        const pid_t child = ::fork();
        if (child == 0) {
            // A limit on the size of files makes writing fail like a full disk does.
            std::signal(SIGXFSZ, SIG_IGN);
            int result = 1;
            {
                Journal journal = Journal::open(path);
                const std::uint64_t before = journal.last_seq();
                const rlimit small{static_cast<rlim_t>(std::filesystem::file_size(path)) + 100'000, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &small);
                std::uint64_t acknowledged = 0;
                int code = 0;
                try {
                    for (int i = 0; i < 10'000; ++i) {
                        model::Fact fact = click(PersonId{1}, journal.symbols(), "full " + std::to_string(i));
                        std::get<model::Interaction>(fact.content).text = std::string(2000, 'x');
                        journal.record(fact);
                        ++acknowledged;
                    }
                } catch (const StoreError& error) {
                    code = error.extended_code() & 0xFF;
                }
                // A person whose commit fails is not forgotten, and keeps the id that the next commit writes.
                const auto later = journal.symbols().sources.intern("later");
                std::string key;
                bool person_failed = false;
                for (int i = 0; i < 1000 && !person_failed; ++i) {
                    key = "late " + std::to_string(i);
                    try {
                        static_cast<void>(journal.person(later, key, instant()));
                    } catch (const StoreError&) {
                        person_failed = true;
                    }
                }
                const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &large);
                const bool refused = code == SQLITE_FULL || code == SQLITE_IOERR;
                const PersonId late = journal.person(later, key, instant());
                const bool goes_on = journal.record(click(late, journal.symbols(), "after")) == Entry::entered;
                const bool complete = journal.last_seq() == before + acknowledged + 1;
                if (refused && person_failed && acknowledged > 0 && goes_on && complete && journal.verify().empty())
                    result = 0;
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
        const PersonId last{static_cast<std::int64_t>(journal.person_count())};
        REQUIRE(journal.facts_of(last).size() == 1);
        CHECK(journal.facts_of(last).front().key == "after");
        CHECK(journal.keys_of(last).size() == 1);
    }

    TEST_CASE("a playbook is kept under its hash") {
        Journal journal = Journal::in_memory();
        const std::string text = "{\"channels\": []}";
        const auto bytes = std::as_bytes(std::span{text});
        const auto hash = alloquy::store::hash_bytes(bytes);
        CHECK(!journal.playbook(hash));
        journal.record_playbook(hash, bytes, instant());
        journal.record_playbook(hash, bytes, instant(1));
        const auto stored = journal.playbook(hash);
        REQUIRE(stored);
        CHECK(std::ranges::equal(*stored, bytes));
        CHECK_THROWS_AS(journal.record_playbook({}, bytes, instant()), InvalidArgument);
    }

    TEST_CASE("the newest snapshots are kept and a damaged one says why") {
        const TemporaryFolder folder;
        const auto path = folder / "j.sqlite";
        const auto bytes = [](std::size_t size, int value) {
            return std::vector<std::byte>(size, static_cast<std::byte>(value));
        };
        const auto write = [&](Journal& journal, int value, std::uint32_t chunks) {
            std::uint32_t made = 0;
            return journal.write_snapshot(journal.last_seq(), bytes(10, value), [&](std::vector<std::byte>& chunk) {
                if (made == chunks) return false;
                chunk = bytes(1000 + made, value);
                ++made;
                return true;
            });
        };
        {
            Journal journal = Journal::open(path);
            CHECK(!journal.latest_snapshot());
            fill(journal, 1, 10);
            for (const int value : {1, 2, 3}) write(journal, value, 5);
            const auto snapshot = journal.latest_snapshot();
            REQUIRE(snapshot);
            CHECK(snapshot->seq == journal.last_seq());
            CHECK(snapshot->header == bytes(10, 3));
            CHECK(snapshot->chunk_count == 5);
            CHECK(snapshot->damage.empty());
            std::uint32_t seen = 0;
            CHECK(!journal.for_each_chunk(*snapshot, [&](std::uint32_t number, std::span<const std::byte> chunk) {
                CHECK(number == seen);
                CHECK(std::ranges::equal(chunk, bytes(1000 + number, 3)));
                return ++seen != 0;
            }));
            CHECK(seen == 5);
            // What the producer throws, or gives too large, leaves the older one in place.
            CHECK_THROWS_AS(journal.write_snapshot(1, bytes(1, 9),
                                                   [&](std::vector<std::byte>& chunk) {
                                                       chunk = bytes((std::size_t{4} << 20U) + 1, 9);
                                                       return true;
                                                   }),
                            InvalidArgument);
            CHECK_THROWS_AS(journal.write_snapshot(journal.last_seq() + 1, bytes(1, 9), [](auto&) { return false; }),
                            InvalidArgument);
            CHECK(journal.latest_snapshot()->id == snapshot->id);
        }
        CHECK(integer_of(path, "SELECT count(*) FROM snapshot") == 2);
        CHECK(integer_of(path, "SELECT count(*) FROM snapshot_chunk") == 10);
        const auto why = [&](const std::string& sql) -> std::string {
            const auto copy = folder / "copy.sqlite";
            std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
            tamper(copy, sql);
            const Journal journal = Journal::open(copy);
            const auto snapshot = journal.latest_snapshot();
            if (!snapshot) return "none";
            return journal.for_each_chunk(*snapshot, [](auto, auto) { return true; }).value_or("fine");
        };
        CHECK(why("SELECT 1") == "fine");
        CHECK(why("UPDATE snapshot_chunk SET bytes = zeroblob(1002) WHERE number = 2").find("chunk 2") == 0);
        CHECK(why("DELETE FROM snapshot_chunk WHERE number = 4").find("chunk 4 is missing") == 0);
        CHECK(why("UPDATE snapshot SET seq = seq - 1").find("header") != std::string::npos);
        CHECK(why("UPDATE snapshot SET header = zeroblob(10)").find("header") != std::string::npos);
        CHECK(why("DELETE FROM snapshot_chunk; DELETE FROM snapshot") == "none");
    }

    TEST_CASE("a backup is a journal of its own, and the log can be emptied") {
        const TemporaryFolder folder;
        Journal journal = Journal::open(folder / "j.sqlite");
        fill(journal, 6, 300);
        journal.backup(folder / "copy.sqlite");
        CHECK_THROWS_AS(journal.backup(folder / "copy.sqlite"), StoreError);
        const std::uint64_t then = journal.last_seq();
        journal.record(click(PersonId{1}, journal.symbols(), "later"));
        const Journal copy = Journal::open(folder / "copy.sqlite");
        CHECK(copy.last_seq() == then);
        CHECK(copy.verify().empty());
        CHECK(copy.facts_of(PersonId{2}) == journal.facts_of(PersonId{2}));
        CHECK(std::filesystem::file_size(folder / "j.sqlite-wal") > 0);
        journal.checkpoint();
        CHECK(std::filesystem::file_size(folder / "j.sqlite-wal") == 0);
        Journal memory = Journal::in_memory();
        fill(memory, 6, 30);
        memory.checkpoint();
        memory.backup(folder / "from_memory.sqlite");
        CHECK(all_by_seq(Journal::open(folder / "from_memory.sqlite")) == all_by_seq(memory));
    }

    TEST_CASE("a journal goes on working after it was moved") {
        Journal first = Journal::in_memory();
        model::Symbols& symbols = first.symbols();
        const PersonId person = first.person(symbols.sources.intern("sis"), "a", instant());
        Journal second = std::move(first);
        CHECK(&second.symbols() == &symbols);
        CHECK(second.record(click(person, symbols, "k")) == Entry::entered);
    }
}
