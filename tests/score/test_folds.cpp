#include <alloquy/score/folds.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::score::fold_splits;
using alloquy::score::grouped_folds;
using alloquy::score::Split;
using alloquy::score::stratified_folds;
using alloquy::score::time_blocks;
using alloquy::score::time_splits;
using alloquy::support::Random;
using alloquy::time::Duration;
using alloquy::time::Instant;

namespace {

using Folds = std::vector<std::uint32_t>;
using Groups = std::vector<std::uint64_t>;
using Instants = std::vector<Instant>;

/// Milliseconds since 1970.
Instants at(const std::vector<std::int64_t>& unix_ms) {
    Instants instants;
    for (const std::int64_t ms : unix_ms) instants.push_back(Instant::from_unix_ms(ms));
    return instants;
}
constexpr Duration at_once{0};

std::string text_of(const Folds& folds) {
    std::string text;
    for (const std::uint32_t fold : folds) text += static_cast<char>('0' + fold);
    return text;
}

std::vector<std::size_t> sizes_of(const Folds& folds) {
    std::vector<std::size_t> sizes;
    for (const std::uint32_t fold : folds) {
        sizes.resize(std::max<std::size_t>(sizes.size(), fold + std::size_t{1}));
        ++sizes[fold];
    }
    return sizes;
}

/// Groups of 1 to 40 rows, scattered.
Groups random_groups(Random& random, std::size_t count) {
    Groups groups;
    for (std::size_t g = 0; g < count; ++g) {
        const std::size_t rows = 1 + random.below(40);
        groups.insert(groups.end(), rows, random.bits());
    }
    random.shuffle(groups);
    return groups;
}

void check_groups_stay_whole(const Groups& groups, const Folds& folds) {
    REQUIRE(groups.size() == folds.size());
    std::map<std::uint64_t, std::uint32_t> fold_of;
    for (std::size_t i = 0; i < groups.size(); ++i)
        REQUIRE(fold_of.try_emplace(groups[i], folds[i]).first->second == folds[i]);
}

/// The fold of each group.
std::map<std::uint64_t, std::uint32_t> by_group(const Groups& groups, const Folds& folds) {
    std::map<std::uint64_t, std::uint32_t> fold_of;
    for (std::size_t i = 0; i < groups.size(); ++i) fold_of[groups[i]] = folds[i];
    return fold_of;
}

/// Whether some call throws InvalidArgument with this word in its text.
template <class Call>
bool refuses(const std::string& word, const Call& call) {
    try {
        (void)call();
    } catch (const InvalidArgument& error) {
        return std::string{error.what()}.find(word) != std::string::npos;
    }
    return false;
}

/// Blocks by brute force: border by border, each possible place is tried, and the nearest to b / blocks of all rows
/// (the earlier of two) is taken.
Folds brute_blocks(const Instants& instants, std::uint32_t blocks) {
    const std::set<Instant> distinct(instants.begin(), instants.end());
    const Instants values(distinct.begin(), distinct.end());
    std::vector<std::size_t> first_of{0};
    for (std::size_t b = 1; b < blocks; ++b) {
        std::size_t best = 0;
        std::size_t best_distance = std::numeric_limits<std::size_t>::max();
        for (std::size_t at = first_of.back() + 1; at + (blocks - b) <= values.size(); ++at) {
            const auto before = static_cast<std::size_t>(
                std::count_if(instants.begin(), instants.end(), [&](Instant instant) { return instant < values[at]; }));
            const std::size_t wanted = instants.size() * b;
            const std::size_t distance = before * blocks > wanted ? before * blocks - wanted : wanted - before * blocks;
            if (distance < best_distance) {
                best = at;
                best_distance = distance;
            }
        }
        first_of.push_back(best);
    }
    Folds result;
    for (const Instant instant : instants) {
        std::uint32_t block = 0;
        while (block + 1 < blocks && instant >= values[first_of[block + 1]]) ++block;
        result.push_back(block);
    }
    return result;
}

}  // namespace

TEST_SUITE("score/folds") {
    TEST_CASE("grouped folds are those of scikit-learn") {
        // sklearn.model_selection.GroupKFold(k).split(X, groups=g) of scikit-learn 1.9.1 with g[i] = (7 i i + i) % 11
        // for i = 0 to 39; the groups have 8, 7, 7, 7, 8 and 3 rows.
        Groups groups;
        for (std::uint64_t i = 0; i < 40; ++i) groups.push_back((7 * i * i + i) % 11);
        CHECK(text_of(grouped_folds(groups, 2)) == "1001001110010010011100100100111001001001");
        CHECK(text_of(grouped_folds(groups, 3)) == "1001202120210012021202100120212021001202");
        CHECK(text_of(grouped_folds(groups, 4)) == "1001223332210012233322100122333221001223");
    }

    TEST_CASE("grouped folds keep groups whole, are even, and do not depend on the order of rows") {
        Random random{1};
        for (int round = 0; round < 50; ++round) {
            CAPTURE(round);
            Groups groups = random_groups(random, 20 + random.below(60));
            const auto k = static_cast<std::uint32_t>(2 + random.below(8));
            const Folds plain = grouped_folds(groups, k);
            const Folds seeded = grouped_folds(groups, k, 9);
            Groups shuffled = groups;
            random.shuffle(shuffled);
            for (const Folds& folds : {plain, seeded}) {
                check_groups_stay_whole(groups, folds);
                const auto sizes = sizes_of(folds);
                REQUIRE(sizes.size() == k);
                const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
                CHECK(*least > 0);
                CHECK(*most - *least <= 40);  // a group has at most 40 rows
            }
            CHECK(by_group(groups, plain) == by_group(shuffled, grouped_folds(shuffled, k)));
            CHECK(by_group(groups, seeded) == by_group(shuffled, grouped_folds(shuffled, k, 9)));
        }
    }

    TEST_CASE("as many folds as groups gives each group its own") {
        const Groups groups{7, 7, 7, 1, 1, 9};
        CHECK(grouped_folds(groups, 3) == Folds{0, 0, 0, 1, 1, 2});
        CHECK(sizes_of(grouped_folds(groups, 3, 5)).size() == 3);
    }

    TEST_CASE("each seed deals groups out differently, and the same seed alike") {
        Random random{2};
        const Groups groups = random_groups(random, 60);
        std::set<Folds> partitions;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const Folds folds = grouped_folds(groups, 5, seed);
            CHECK(folds == grouped_folds(groups, 5, seed));
            partitions.insert(folds);
        }
        CHECK(partitions.size() == 20);
    }

    TEST_CASE("over many seeds two groups of like size meet in a fold as often as chance has it") {
        // 10 groups of one row in 5 folds of two: a pair meets with probability 1 / 9. 9,000 seeds: 1,000 expected,
        // standard deviation 30.
        Groups groups(10);
        std::iota(groups.begin(), groups.end(), std::uint64_t{0});
        int together = 0;
        for (std::uint64_t seed = 0; seed < 9000; ++seed) {
            const Folds folds = grouped_folds(groups, 5, seed);
            if (folds[2] == folds[3]) ++together;
        }
        CHECK(together > 850);
        CHECK(together < 1150);
    }

    TEST_CASE("grouped folds refuse fewer than two folds, more folds than groups, and no rows") {
        const Groups groups{1, 1, 2};
        CHECK(refuses("k must be >= 2", [&] { return grouped_folds(groups, 1); }));
        CHECK(refuses("k must be at most", [&] { return grouped_folds(groups, 3); }));
        CHECK(refuses("k must be at most", [&] { return grouped_folds(groups, 3, 1); }));
        CHECK(refuses("groups must not be empty", [&] { return grouped_folds(Groups{}, 2); }));
    }

    TEST_CASE("stratified folds share each outcome and all rows evenly, up to one") {
        Random random{3};
        for (int round = 0; round < 50; ++round) {
            CAPTURE(round);
            std::vector<std::uint8_t> outcomes;
            for (std::size_t i = 0, n = 100 + random.below(200); i < n; ++i) {
                outcomes.push_back(random.chance(25) ? 1 : 0);
            }
            outcomes.insert(outcomes.end(), 8, 1);  // enough for 8 folds
            random.shuffle(outcomes);
            const auto k = static_cast<std::uint32_t>(2 + random.below(7));
            const Folds folds = stratified_folds(outcomes, k, 4);
            std::vector<std::size_t> all(k);
            std::vector<std::size_t> positive(k);
            for (std::size_t i = 0; i < folds.size(); ++i) {
                REQUIRE(folds[i] < k);
                ++all[folds[i]];
                positive[folds[i]] += outcomes[i];
            }
            const auto range = [](const std::vector<std::size_t>& sizes) {
                return *std::max_element(sizes.begin(), sizes.end()) - *std::min_element(sizes.begin(), sizes.end());
            };
            CHECK(range(all) <= 1);
            CHECK(range(positive) <= 1);
        }
    }

    TEST_CASE("stratified folds are random in the seed and within each outcome") {
        std::vector<std::uint8_t> outcomes(200);
        for (std::size_t i = 0; i < 50; ++i) outcomes[i * 4] = 1;
        CHECK(stratified_folds(outcomes, 4, 1) == stratified_folds(outcomes, 4, 1));
        CHECK(stratified_folds(outcomes, 4, 1) != stratified_folds(outcomes, 4, 2));
        // Two positive rows meet with probability (50 / 4 - 1) / 49 on average: 12.5 rows a fold, exactly
        // (2 * 12 * 11 + 2 * 13 * 12) / (50 * 49) = 0.2351. 4,000 seeds: 940 expected, standard deviation 27.
        int together = 0;
        for (std::uint64_t seed = 0; seed < 4000; ++seed) {
            const Folds folds = stratified_folds(outcomes, 4, seed);
            if (folds[0] == folds[4]) ++together;
        }
        CHECK(together > 940 - 5 * 27);
        CHECK(together < 940 + 5 * 27);
    }

    TEST_CASE("stratified folds refuse an outcome that is rarer than the folds are many") {
        const std::vector<std::uint8_t> outcomes{0, 0, 0, 0, 1, 1};
        CHECK(stratified_folds(outcomes, 2, 1).size() == 6);
        CHECK(refuses("k must be at most the rows of the rarest", [&] { return stratified_folds(outcomes, 3, 1); }));
        CHECK(refuses("k must be >= 2", [&] { return stratified_folds(outcomes, 1, 1); }));
        CHECK(refuses("outcomes must not be empty", [&] { return stratified_folds({}, 2, 1); }));
    }

    TEST_CASE("blocks of time are those of scikit-learn where instants differ and blocks divide the rows") {
        // sklearn.model_selection.TimeSeriesSplit(3) of scikit-learn 1.9.1 on 12 rows: tests 3-5, 6-8 and 9-11, each
        // learned from all rows before.
        const Instants instants = at({-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8});
        const std::vector<Split> splits = time_splits(instants, at_once, 4);
        CHECK(splits == std::vector<Split>{{{0, 1, 2}, {3, 4, 5}},
                                           {{0, 1, 2, 3, 4, 5}, {6, 7, 8}},
                                           {{0, 1, 2, 3, 4, 5, 6, 7, 8}, {9, 10, 11}}});
    }

    TEST_CASE("equal instants stay in one block, and the border goes to the nearest place") {
        // By hand. Ten rows, borders wanted at 5: instants 1 x 4, 2 x 4, 3 x 2 have borders at 4 and 8.
        CHECK(time_blocks(at({1, 1, 1, 1, 2, 2, 2, 2, 3, 3}), 2) == Folds{0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
        // 4 and 6 are as near to 5: the earlier.
        CHECK(time_blocks(at({1, 1, 1, 1, 2, 2, 3, 3, 3, 3}), 2) == Folds{0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
        // One instant has nearly all rows; each block still gets an instant.
        CHECK(time_blocks(at({5, 5, 5, 9, 5, 5, 1, 5}), 3) == Folds{1, 1, 1, 2, 1, 1, 0, 1});
        CHECK(time_blocks(at({1, 1, 1, 1, 1, 1, 2, 3}), 3) == Folds{0, 0, 0, 0, 0, 0, 1, 2});
    }

    TEST_CASE("blocks of time agree with brute force on random instants with ties") {
        Random random{5};
        for (int round = 0; round < 300; ++round) {
            CAPTURE(round);
            const auto blocks = static_cast<std::uint32_t>(2 + random.below(5));
            std::vector<std::int64_t> instants;
            for (std::uint32_t i = 0; i < blocks; ++i) instants.push_back(i);
            for (std::size_t i = 0, n = random.below(40); i < n; ++i) instants.push_back(random.between(-3, 12));
            random.shuffle(instants);
            REQUIRE(time_blocks(at(instants), blocks) == brute_blocks(at(instants), blocks));
        }
    }

    TEST_CASE("what is learned from came before the test and was known by then, at any order of rows: by brute force") {
        Random random{6};
        for (int round = 0; round < 100; ++round) {
            CAPTURE(round);
            std::vector<std::int64_t> asked;
            std::vector<std::int64_t> known;
            Groups groups;
            for (int i = 0; i < 80; ++i) {
                asked.push_back(random.between(0, 60));
                known.push_back(asked.back() + random.between(0, 25));
                groups.push_back(random.below(40));
            }
            const Folds blocks = time_blocks(at(asked), 5);
            for (const bool apart : {false, true}) {
                std::vector<Split> expected;
                for (std::uint32_t b = 1; b < 5; ++b) {
                    Split split;
                    std::int64_t start = 1000;
                    std::set<std::uint64_t> tested;
                    for (std::uint32_t row = 0; row < 80; ++row) {
                        if (blocks[row] != b) continue;
                        split.test.push_back(row);
                        start = std::min(start, asked[row]);
                        tested.insert(groups[row]);
                    }
                    for (std::uint32_t row = 0; row < 80; ++row) {
                        if (asked[row] < start && known[row] <= start && !(apart && tested.contains(groups[row]))) {
                            split.train.push_back(row);
                        }
                    }
                    if (!split.train.empty()) expected.push_back(split);
                }
                REQUIRE(time_splits(at(asked), at(known), 5, apart ? groups : Groups{}) == expected);
            }
        }
    }

    TEST_CASE("a row whose outcome is known only after the test began is not learned from") {
        // By hand: blocks {0, 10, 20}, {30, 40, 50}; the test begins at 30.
        const Instants instants = at({50, 0, 40, 10, 30, 20});
        CHECK(time_splits(instants, at({90, 30, 90, 31, 90, 20}), 2) == std::vector<Split>{{{1, 5}, {0, 2, 4}}});
        // The same of a gap: with 20 ms, rows after 10 ms are not yet known at 30.
        CHECK(time_splits(instants, Duration{20}, 2) == std::vector<Split>{{{1, 3}, {0, 2, 4}}});
        CHECK(time_splits(instants, Duration{21}, 2) == std::vector<Split>{{{1}, {0, 2, 4}}});
        CHECK(time_splits(instants, Duration{20}, 2) == time_splits(instants, at({70, 20, 60, 30, 50, 40}), 2));
    }

    TEST_CASE("a block before which no outcome was known has no round, and none at all is refused") {
        // By hand: blocks {1, 2}, {3, 4}, {5, 6}; all that was asked before 5 is known at 5.
        const Instants instants = at({1, 2, 3, 4, 5, 6});
        CHECK(time_splits(instants, at({5, 5, 5, 5, 9, 9}), 3) == std::vector<Split>{{{0, 1, 2, 3}, {4, 5}}});
        const Instants late = at({6, 6, 6, 6, 9, 9});
        CHECK(refuses("no block has a row before it to learn from", [&] { return time_splits(instants, late, 3); }));
        CHECK(refuses("no block has a row before it", [&] { return time_splits(instants, Duration{5}, 3); }));
    }

    TEST_CASE("an outcome that is known before its row is asked, a wrong shape and a negative gap are refused") {
        const Instants instants = at({1, 2, 3, 4});
        CHECK(refuses("outcome_known_at must not lie before the row's instant, row 2", [&] {
            return time_splits(instants, at({1, 2, 2, 4}), 2);
        }));
        CHECK(refuses("outcome_known_at must have 4 rows, got 3", [&] {
            return time_splits(instants, at({1, 2, 3}), 2);
        }));
        CHECK(refuses("gap must be >= 0, got -1 ms", [&] { return time_splits(instants, Duration{-1}, 2); }));
    }

    TEST_CASE("the ends of time are no overflow") {
        const Instants instants{Instant::earliest(), Instant::latest()};
        CHECK(time_splits(instants, Instant::latest() - Instant::earliest(), 2) == std::vector<Split>{{{0}, {1}}});
        CHECK(refuses("no block has a row before it", [&] { return time_splits(instants, Duration::max(), 2); }));
        CHECK(time_splits(instants, instants, 2) == std::vector<Split>{{{0}, {1}}});
    }

    TEST_CASE("a group that is tested is not learned from") {
        // By hand: persons 1 and 2 come back in the second half, person 3 does not.
        const Instants instants = at({1, 2, 3, 4, 5, 6});
        const Groups groups{1, 2, 3, 1, 2, 4};
        CHECK(time_splits(instants, at_once, 2, groups) == std::vector<Split>{{{2}, {3, 4, 5}}});
        // Three blocks: block 1 tests persons 3 and 1, block 2 tests 2 and 4.
        CHECK(time_splits(instants, instants, 3, groups) == std::vector<Split>{{{1}, {2, 3}}, {{0, 2, 3}, {4, 5}}});
        const Groups same(6, 1);
        CHECK(refuses("of a group that is not tested", [&] { return time_splits(instants, at_once, 2, same); }));
        const Groups shorter(5, 1);
        CHECK(refuses("groups must have 6 rows", [&] { return time_splits(instants, at_once, 2, shorter); }));
    }

    TEST_CASE("blocks of time refuse too few distinct instants") {
        const Instants instants = at({1, 1, 2});
        CHECK(refuses("blocks must be at most", [&] { return time_blocks(instants, 3); }));
        CHECK(refuses("blocks must be >= 2", [&] { return time_blocks(instants, 1); }));
        CHECK(refuses("instants must not be empty", [&] { return time_blocks(Instants{}, 2); }));
        CHECK(refuses("blocks must be at most", [&] { return time_splits(instants, instants, 3); }));
    }

    TEST_CASE("splits of folds hold each row once, ascending") {
        CHECK(fold_splits(Folds{1, 0, 1, 2}) ==
              std::vector<Split>{{{0, 2, 3}, {1}}, {{1, 3}, {0, 2}}, {{0, 1, 2}, {3}}});
        CHECK(refuses("folds must hold at least 2", [&] { return fold_splits(Folds{0, 0}); }));
        CHECK(refuses("each number from 0", [&] { return fold_splits(Folds{0, 2, 2}); }));
        CHECK(refuses("each number from 0", [&] { return fold_splits(Folds{0, 4'000'000'000U}); }));
        CHECK(refuses("folds must not be empty", [&] { return fold_splits(Folds{}); }));
    }
}
