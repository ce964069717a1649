#pragma once

/// \file
/// Plan: one action for each person at most, within the minutes that staff have.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <alloquy/decide/decider.hpp>
#include <alloquy/decide/decision.hpp>
#include <alloquy/error.hpp>

namespace alloquy::decide {

/// Minutes per pool for one plan; a pool that is not named has the playbook's minutes.
struct Capacity {
    std::map<std::string, double> minutes{};  ///< By pool name, >= 0; counted in thousandths of a minute.

    friend bool operator==(const Capacity&, const Capacity&) = default;
};

/// One person's action in a plan.
struct Assignment {
    PersonId person;
    Candidate candidate;

    friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// What a pool had and gave.
struct PoolUse {
    std::string name;
    double available;  ///< Minutes.
    double used;       ///< Minutes.
    std::uint32_t assignments;
    std::uint32_t displaced;  ///< People whose best action was refused for lack of these minutes.

    friend bool operator==(const PoolUse&, const PoolUse&) = default;
};

/// Who gets which action now.
struct Plan {
    time::Instant now;
    PlaybookHash playbook;
    std::vector<Assignment> assignments;  ///< Highest priority first.
    std::vector<PoolUse> pools;           ///< In the playbook's order.
    std::uint64_t people = 0;             ///< How many were considered.
    std::uint64_t with_candidates = 0;    ///< How many had at least one possible action.

    friend bool operator==(const Plan&, const Plan&) = default;
};

/// A possible action of one person, as the arbitration sees it.
struct Offer {
    Candidate candidate;
    PersonId person;
    std::uint64_t tie_key;  ///< Orders people of equal priority; must not depend on the order of arrival.
    std::uint32_t row;      ///< The caller's number of the person, below `people`.
};

/// Gives minutes to the offers with the highest priority, one action per person.
///
/// Offers are served by (priority, tie key, person, action): a person whose best action finds its pool empty gets the
/// next one that is possible, be it another variant of the same action. Deterministic, whatever the order of `offers`.
///
/// \param offers    Any order; sorted in place.
/// \param people    Rows are below this.
/// \throws InvalidArgument  if the capacity names a pool that the playbook has not, or minutes are not >= 0.
/// \par Cost    O(n log n).
[[nodiscard]] inline Plan arbitrate(const Decider& decider, std::vector<Offer>& offers, std::size_t people,
                                    const Capacity& capacity, time::Instant now, const PlaybookHash& playbook) {
    Plan plan{now, playbook, {}, {}, people, 0};
    for (const Pool& pool : decider.policy().pools) plan.pools.push_back({pool.name, pool.minutes, 0, 0, 0});
    for (const auto& [name, minutes] : capacity.minutes) {
        const auto found = std::find_if(plan.pools.begin(), plan.pools.end(),
                                        [&name = name](const PoolUse& pool) { return pool.name == name; });
        if (found == plan.pools.end())
            throw InvalidArgument{"plan: capacity names no pool of the playbook: '" + name + "'"};
        if (!(minutes >= 0 && std::isfinite(minutes) && minutes < 1e12)) {
            throw InvalidArgument{"plan: minutes of pool '" + name + "' must be in [0, 1e12)"};
        }
        found->available = minutes;
    }
    std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
        if (a.candidate.priority != b.candidate.priority) return a.candidate.priority > b.candidate.priority;
        if (a.tie_key != b.tie_key) return a.tie_key < b.tie_key;
        if (a.person != b.person) return a.person < b.person;
        if (a.candidate.action != b.candidate.action) return a.candidate.action < b.candidate.action;
        return a.candidate.variant < b.candidate.variant;
    });
    // Whole thousandths of a minute: sums of doubles would refuse the third tenth of 0.3 minutes.
    const auto thousandths = [](double minutes) { return static_cast<std::int64_t>(minutes * 1000 + 0.5); };
    std::vector<std::int64_t> used(plan.pools.size(), 0);
    enum class Served : std::uint8_t { unseen, displaced, assigned };
    std::vector<Served> served(people, Served::unseen);
    for (const Offer& offer : offers) {
        Served& state = served[offer.row];
        if (state == Served::unseen) ++plan.with_candidates;
        if (state == Served::assigned) continue;
        if (const std::optional<std::size_t> index = decider.pool_of(offer.candidate)) {
            PoolUse& pool = plan.pools[*index];
            const std::int64_t minutes = thousandths(decider.minutes_of(offer.candidate));
            if (used[*index] + minutes > thousandths(pool.available)) {
                if (state == Served::unseen) ++pool.displaced;
                state = Served::displaced;
                continue;
            }
            used[*index] += minutes;
            pool.used = static_cast<double>(used[*index]) / 1000;
            ++pool.assignments;
        }
        state = Served::assigned;
        plan.assignments.push_back({offer.person, offer.candidate});
    }
    return plan;
}

}  // namespace alloquy::decide
