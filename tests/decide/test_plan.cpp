#include <alloquy/decide/plan.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

using namespace alloquy::decide;
using alloquy::PersonId;
using alloquy::support::minute;
using alloquy::support::Random;

namespace {

constexpr PlaybookHash hash{};

/// Actions 0 to 5: two paid by `desk` (5 and 12 minutes), two by `coaches` (8 and 20), two by bots.
ActionPolicy policy_of_six() {
    ActionPolicy policy;
    policy.purposes = {{"fees", alloquy::model::LegalBasis::contract}};
    policy.pools = {{"desk", 60}, {"coaches", 90}, {"idle", 15}};
    const auto add = [&](const char* name, const char* pool, double minutes) {
        Action action{name, "fees"};
        action.roles.insert(alloquy::model::RoleKind::student);
        Variant variant{"mail", "nl"};
        if (minutes > 0) {
            variant.executor = ExecutorKind::team;
            variant.pool = pool;
            variant.minutes = minutes;
        }
        action.variants = {variant};
        policy.actions.push_back(action);
    };
    add("a", "desk", 5);
    add("b", "desk", 12);
    add("c", "coaches", 8);
    add("d", "coaches", 20);
    add("e", "", 0);
    add("f", "", 0);
    return policy;
}

struct World {
    alloquy::model::Symbols symbols{};
    std::vector<std::string> channels{"mail"};
    std::vector<std::string_view> columns{};
    Decider decider{policy_of_six(), channels, columns, symbols};

    [[nodiscard]] Plan plan(std::vector<Offer> offers, std::size_t people, const Capacity& capacity = {}) const {
        return arbitrate(decider, offers, people, capacity, minute(0), hash);
    }
};

Offer offer(std::uint32_t row, std::uint32_t action, double priority, std::uint64_t tie_key) {
    return {{action, 0, {priority, 1, 1}, priority}, PersonId{1000 + row}, tie_key, row};
}

/// The documented arbitration, by looking for the best offer that is left, again and again.
Plan slow_plan(const World& world, std::vector<Offer> offers, std::size_t people, const Capacity& capacity) {
    Plan plan{minute(0), hash, {}, {}, people, 0};
    for (const Pool& pool : world.decider.policy().pools) {
        const auto named = capacity.minutes.find(pool.name);
        plan.pools.push_back({pool.name, named == capacity.minutes.end() ? pool.minutes : named->second, 0, 0, 0});
    }
    std::set<std::uint32_t> with_candidates;
    for (const Offer& o : offers) with_candidates.insert(o.row);
    plan.with_candidates = with_candidates.size();
    std::set<std::uint32_t> tried;  // rows whose best offer has been looked at
    const auto key = [](const Offer& o) {
        return std::tuple{-o.candidate.priority, o.tie_key, o.person, o.candidate.action};
    };
    while (!offers.empty()) {
        const auto best = std::min_element(offers.begin(), offers.end(),
                                           [&](const Offer& a, const Offer& b) { return key(a) < key(b); });
        const Offer taken = *best;
        offers.erase(best);
        const bool is_best_of_person = tried.insert(taken.row).second;
        const Variant& variant = world.decider.policy().actions[taken.candidate.action].variants[0];
        const auto pool = std::find_if(plan.pools.begin(), plan.pools.end(),
                                       [&](const PoolUse& use) { return use.name == variant.pool; });
        if (pool != plan.pools.end()) {
            if (pool->used + variant.minutes > pool->available) {
                if (is_best_of_person) ++pool->displaced;
                continue;
            }
            pool->used += variant.minutes;
            ++pool->assignments;
        }
        plan.assignments.push_back({taken.person, taken.candidate});
        std::erase_if(offers, [&](const Offer& o) { return o.row == taken.row; });
    }
    return plan;
}

}  // namespace

TEST_SUITE("decide/plan") {
    TEST_CASE("an empty plan still lists what the pools have") {
        const Plan plan = World{}.plan({}, 3);
        CHECK(plan.assignments.empty());
        CHECK(plan.people == 3);
        CHECK(plan.with_candidates == 0);
        CHECK(plan.now == minute(0));
        REQUIRE(plan.pools.size() == 3);
        CHECK(plan.pools[0] == PoolUse{"desk", 60, 0, 0, 0});
        CHECK(plan.pools[2] == PoolUse{"idle", 15, 0, 0, 0});
    }

    TEST_CASE("a worked example: 20 minutes at the desk go to the highest priorities that fit") {
        const World world;
        // Person 0: b (12 min) at 90. Person 1: b at 80, then a (5 min) at 10. Person 2: a at 70. Person 3: b at 60,
        // then a bot's e at 5. Person 4: a at 1.
        const Plan plan = world.plan({offer(3, 1, 60, 3), offer(3, 4, 5, 3), offer(1, 0, 10, 1), offer(1, 1, 80, 1),
                                      offer(0, 1, 90, 0), offer(2, 0, 70, 2), offer(4, 0, 1, 4)},
                                     6, Capacity{{{"desk", 22}}});
        // 12 to person 0, 10 left: b does not fit person 1; a fits person 2, 5 left; person 3 gets the bot; person 1's
        // second action takes the last 5 minutes; nothing is left for person 4.
        REQUIRE(plan.assignments.size() == 4);
        CHECK(plan.assignments[0].person == PersonId{1000});
        CHECK(plan.assignments[1].person == PersonId{1002});
        CHECK(plan.assignments[2].person == PersonId{1001});
        CHECK(plan.assignments[2].candidate.action == 0);
        CHECK(plan.assignments[3].person == PersonId{1003});
        CHECK(plan.assignments[3].candidate.action == 4);
        CHECK(plan.pools[0] == PoolUse{"desk", 22, 22, 3, 3});  // persons 1, 3 and 4 were refused their best
        CHECK(plan.people == 6);
        CHECK(plan.with_candidates == 5);
    }

    TEST_CASE("equal priorities go by tie key, then person, then action") {
        const World world;
        const Capacity one{{{"desk", 5}}};
        CHECK(world.plan({offer(0, 0, 10, 9), offer(1, 0, 10, 2)}, 2, one).assignments.at(0).person == PersonId{1001});
        CHECK(world.plan({offer(1, 0, 10, 2), offer(0, 0, 10, 2)}, 2, one).assignments.at(0).person == PersonId{1000});
        CHECK(world.plan({offer(0, 5, 10, 2), offer(0, 4, 10, 2)}, 1).assignments.at(0).candidate.action == 4);
    }

    TEST_CASE("minutes may be used to the last one, and a pool of none serves nobody") {
        const World world;
        CHECK(world.plan({offer(0, 0, 1, 0)}, 1, Capacity{{{"desk", 5}}}).assignments.size() == 1);
        CHECK(world.plan({offer(0, 0, 1, 0)}, 1, Capacity{{{"desk", 4.999}}}).assignments.empty());
        const Plan none = world.plan({offer(0, 0, 1, 0), offer(1, 4, 1, 1)}, 2, Capacity{{{"desk", 0}}});
        CHECK(none.assignments.size() == 1);
        CHECK(none.pools[0] == PoolUse{"desk", 0, 0, 0, 1});
    }

    TEST_CASE("random plans are those of the slow arbitration, in any order of offers, within capacity") {
        const World world;
        for (std::uint64_t seed = 0; seed < 400; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const std::size_t people = 1 + random.below(14);
            std::vector<Offer> offers;
            for (std::uint32_t row = 0; row < people; ++row) {
                const std::uint64_t tie_key = random.below(4);
                for (std::uint32_t action = 0; action < 6; ++action) {
                    if (random.chance(45)) {
                        offers.push_back(offer(row, action, static_cast<double>(1 + random.below(8)), tie_key));
                    }
                }
            }
            Capacity capacity;
            if (random.chance(80)) capacity.minutes["desk"] = static_cast<double>(random.below(50));
            if (random.chance(50)) capacity.minutes["coaches"] = static_cast<double>(random.below(60));
            const Plan plan = world.plan(offers, people, capacity);
            REQUIRE(plan == slow_plan(world, offers, people, capacity));
            for (int i = 0; i < 5; ++i) {
                random.shuffle(offers);
                REQUIRE(world.plan(offers, people, capacity) == plan);
            }
            std::set<PersonId> served;
            std::map<std::string, double> used;
            for (const Assignment& assignment : plan.assignments) {
                REQUIRE(served.insert(assignment.person).second);
                const Variant& variant = world.decider.policy().actions[assignment.candidate.action].variants[0];
                if (!variant.pool.empty()) used[variant.pool] += variant.minutes;
            }
            for (const PoolUse& pool : plan.pools) {
                REQUIRE(pool.used <= pool.available);
                REQUIRE(pool.used == used[pool.name]);
            }
            REQUIRE(std::is_sorted(plan.assignments.begin(), plan.assignments.end(), [](const auto& a, const auto& b) {
                return a.candidate.priority > b.candidate.priority;
            }));
        }
    }

    TEST_CASE("a pool that is not there and minutes that are none are refused") {
        const World world;
        CHECK_THROWS_AS((void)world.plan({}, 0, Capacity{{{"attic", 5}}}), alloquy::InvalidArgument);
        for (const double bad :
             {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            CHECK_THROWS_AS((void)world.plan({}, 0, Capacity{{{"desk", bad}}}), alloquy::InvalidArgument);
        }
    }
}
