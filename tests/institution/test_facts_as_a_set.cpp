// The promise: state is a function of the set of facts. OULAD's rows have days, no times, so nearly all of them tie.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/institution.hpp>

#include <institution/real_facts.hpp>

namespace {

using namespace alloquy;

std::string state_of(Institution& university) {
    return store::to_hex(university.state_hash());
}

struct Collected {
    std::vector<support::PortableFact> facts;
    std::string hash;
};

/// The rows as facts, and the hash of the state after a plain import.
Collected collect(const std::filesystem::path& oulad, std::size_t clicks, Institution& university) {
    const support::TemporaryFolder work{"collect"};
    support::import_head(university, oulad, work.path(), clicks);
    Collected collected;
    std::map<PersonId, std::string> keys;
    university.journal().for_each_by_seq(1, [&](std::uint64_t, const model::Fact& fact) {
        auto [key, added] = keys.try_emplace(fact.person);
        if (added) key->second = university.journal().keys_of(fact.person).at(0).key;
        collected.facts.push_back({key->second, fact});
        return true;
    });
    collected.hash = state_of(university);
    return collected;
}

}  // namespace

TEST_SUITE("institution/facts_as_a_set") {
    TEST_CASE("shuffled, doubled, cut by snapshots: ten arrivals of the same real facts give one state") {
        const auto oulad = support::oulad_folder();
        if (!oulad) {
            MESSAGE("SKIPPED: the OULAD files are not there (ALLOQUY_DATA)");
            return;
        }
        Institution first = Institution::in_memory(support::oulad_playbook(), support::after_oulad());
        const Collected all = collect(*oulad, 20'000, first);
        REQUIRE(all.facts.size() > 22'000);

        for (std::uint32_t seed = 1; seed <= 10; ++seed) {
            CAPTURE(seed);
            std::mt19937 random{seed};
            std::vector<std::size_t> order(all.facts.size());
            for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
            std::shuffle(order.begin(), order.end(), random);
            // One row in fifty comes twice, at another time.
            for (std::size_t i = 0; i < all.facts.size() / 50; ++i) {
                order.insert(order.begin() + static_cast<std::ptrdiff_t>(random() % order.size()),
                             random() % all.facts.size());
            }
            const support::TemporaryFolder folder{"set"};
            InstitutionOptions options;
            options.threads = seed % 3 == 0 ? 7 : seed % 3;
            const auto open = [&] {
                return Institution::open(folder.path() / "journal", support::oulad_playbook(), support::after_oulad(),
                                         options);
            };
            auto university = std::make_unique<Institution>(open());
            std::size_t next = 0;
            const auto record_until = [&](std::size_t end) {
                while (next < end) {
                    std::vector<model::Fact> batch;
                    for (std::size_t left = 1 + random() % 900; left > 0 && next < end; --left, ++next) {
                        const support::PortableFact& portable = all.facts[order[next]];
                        const PersonId person =
                            university->person("oulad", portable.person_key, support::after_oulad());
                        batch.push_back(
                            support::translate(portable.fact, person, first.symbols(), university->symbols()));
                    }
                    for (const store::Entry entry : university->record(batch)) {
                        CHECK(entry != store::Entry::conflict);
                    }
                    // A question in between makes the engine follow fact by fact.
                    (void)university->engine();
                }
            };
            record_until(order.size() / 3);
            university->save_snapshot();
            university.reset();
            university = std::make_unique<Institution>(open());
            CHECK(university->snapshot_refusal().empty());
            record_until(order.size() / 2);
            university->save_snapshot();
            record_until(order.size() * 3 / 4);
            university.reset();
            university = std::make_unique<Institution>(open());
            record_until(order.size());

            CHECK(university->journal().fact_count() == all.facts.size());
            CHECK(state_of(*university) == all.hash);
            // Folded afresh from the journal.
            CHECK(store::to_hex(university->state_hash(university->as_of(support::after_oulad()))) == all.hash);
        }
    }

    TEST_CASE("what became known after an instant does not reach a view of it") {
        const auto oulad = support::oulad_folder();
        if (!oulad) {
            MESSAGE("SKIPPED: the OULAD files are not there (ALLOQUY_DATA)");
            return;
        }
        Institution everything = Institution::in_memory(support::oulad_playbook(), support::after_oulad());
        const Collected all = collect(*oulad, 20'000, everything);
        const time::Instant then = time::utc_start(time::Day::from_ymd(2013, 10, 1));

        // An institution that stopped recording at that instant.
        Institution stopped = Institution::in_memory(support::oulad_playbook(), support::after_oulad());
        std::size_t known = 0;
        for (const support::PortableFact& portable : all.facts) {
            const PersonId person = stopped.person("oulad", portable.person_key, then);
            if (portable.fact.known_at > then) continue;
            ++known;
            (void)stopped.record(support::translate(portable.fact, person, everything.symbols(), stopped.symbols()));
        }
        REQUIRE(known > 1000);
        REQUIRE(known < all.facts.size());
        const auto view = everything.as_of(then);
        CHECK(store::to_hex(everything.state_hash(view)) == state_of(stopped));
        CHECK(view.plan(then) == view.plan(then, {}, 7));
        CHECK_THROWS_AS((void)everything.plan(then), InvalidArgument);
    }
}
