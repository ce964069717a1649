#include <alloquy/segment/rules.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::segment::All;
using alloquy::segment::Any;
using alloquy::segment::Comparison;
using alloquy::segment::Condition;
using alloquy::segment::holds;
using alloquy::segment::Not;
using alloquy::segment::PeopleTable;
using alloquy::segment::quality_of;
using alloquy::segment::Relation;
using alloquy::segment::Rule;
using alloquy::segment::RuleOptions;
using alloquy::segment::RuleQuality;
using alloquy::segment::RuleTest;
using alloquy::segment::to_condition;
using alloquy::segment::Value;
using alloquy::segment::detail::RuleFinder;
using alloquy::support::Random;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

PeopleTable random_table(std::size_t rows, std::size_t fields, std::uint64_t seed) {
    Random random{seed};
    PeopleTable table;
    for (std::size_t field = 0; field < fields; ++field) {
        table.fields.push_back("topic:" + std::to_string(field));
        table.columns.emplace_back();
        for (std::size_t row = 0; row < rows; ++row) table.columns.back().push_back(random.fraction());
    }
    for (std::size_t row = 0; row < rows; ++row) table.keys.push_back(row);
    return table;
}

std::vector<std::uint32_t> all_rows(const PeopleTable& table) {
    std::vector<std::uint32_t> rows(table.rows());
    std::iota(rows.begin(), rows.end(), 0U);
    return rows;
}

template <class Wanted>
Rule find(const PeopleTable& table, const Wanted& wanted, const RuleOptions& options = {}) {
    std::vector<bool> chosen;
    for (std::size_t row = 0; row < table.rows(); ++row) chosen.push_back(wanted(row));
    return RuleFinder{table, all_rows(table), 1}.find(chosen, options);
}

}  // namespace

TEST_SUITE("segment/rules") {
    TEST_CASE("a comparison does not hold of what is unknown, and its negation does") {
        const RuleTest at_least{0, Relation::at_least, 2, false};
        const RuleTest not_at_least{0, Relation::at_least, 2, true};
        CHECK(holds(at_least, 2));
        CHECK_FALSE(holds(at_least, 1.9));
        CHECK_FALSE(holds(at_least, unknown));
        CHECK_FALSE(holds(not_at_least, 2));
        CHECK(holds(not_at_least, 1.9));
        CHECK(holds(not_at_least, unknown));
        CHECK(holds(RuleTest{0, Relation::less, 2, false}, 1.9));
        CHECK_FALSE(holds(RuleTest{0, Relation::less, 2, false}, 2));
        CHECK_FALSE(holds(RuleTest{0, Relation::less, 2, false}, unknown));
    }

    TEST_CASE("quality is counted by hand") {
        // a >= 2 holds of rows 1 and 2; wanted are 2 and 3.
        const PeopleTable table{{"a"}, {{1, 2, 3, unknown, 0}}, {1, 2, 3, 4, 5}};
        const Rule rule{{{{0, Relation::at_least, 2, false}}}};
        const RuleQuality quality = quality_of(rule, table, [](std::size_t row) { return row == 2 || row == 3; });
        CHECK(quality == RuleQuality{1, 1, 1, 2});
        CHECK(quality.precision() == 0.5);
        CHECK(quality.recall() == 0.5);
        CHECK(quality.f1() == 0.5);
        CHECK(quality.accuracy() == 0.6);
        CHECK(RuleQuality{}.precision() == 0);
        CHECK(RuleQuality{}.accuracy() == 0);
    }
    TEST_CASE("quality is that of brute force, for any number of threads") {
        PeopleTable table = random_table(100'000, 3, 1);
        Random random{2};
        for (auto& column : table.columns) {
            for (double& value : column) value = random.chance(10) ? unknown : value;
        }
        const Rule rule{
            {{{0, Relation::at_least, 0.3, false}, {1, Relation::less, 0.7, true}}, {{2, Relation::less, 0.1, false}}}};
        const auto wanted = [&](std::size_t row) { return row % 3 == 0; };
        RuleQuality expected;
        for (std::size_t row = 0; row < table.rows(); ++row) {
            const double a = table.columns[0][row];
            const double b = table.columns[1][row];
            const double c = table.columns[2][row];
            const bool is_in = (a >= 0.3 && (std::isnan(b) || b >= 0.7)) || c < 0.1;
            if (is_in && row % 3 == 0) ++expected.true_positives;
            if (is_in && row % 3 != 0) ++expected.false_positives;
            if (!is_in && row % 3 == 0) ++expected.false_negatives;
            if (!is_in && row % 3 != 0) ++expected.true_negatives;
        }
        for (const unsigned threads : {1U, 2U, 5U}) CHECK(quality_of(rule, table, wanted, threads) == expected);
        CHECK_THROWS_AS((void)quality_of(rule, table, wanted, 0), InvalidArgument);
    }

    TEST_CASE("a rule becomes a condition of comparisons, and, or and not") {
        const std::vector<std::string> fields{"engagement", "topic:grants"};
        const Condition engaged{Comparison{"engagement", Relation::at_least, Value{0.3}}};
        const Condition grants{Comparison{"topic:grants", Relation::less, Value{2.0}}};
        const RuleTest first{0, Relation::at_least, 0.3, false};
        const RuleTest second{1, Relation::less, 2, false};
        const RuleTest negated{1, Relation::less, 2, true};
        CHECK(to_condition({{{first}}}, fields) == engaged);
        CHECK(to_condition({{{first, second}}}, fields) == Condition{All{{engaged, grants}}});
        CHECK(to_condition({{{first}, {second}}}, fields) == Condition{Any{{engaged, grants}}});
        CHECK(to_condition({{{first, negated}, {second}}}, fields) ==
              Condition{Any{{Condition{All{{engaged, Condition{Not{grants}}}}}, grants}}});
        CHECK(to_condition({}, fields) == Condition{Any{}});
        CHECK_THROWS_AS((void)to_condition({{{{2, Relation::less, 1, false}}}}, fields), InvalidArgument);
        CHECK_THROWS_AS((void)to_condition({{{{0, Relation::equal, 1, false}}}}, fields), InvalidArgument);
    }

    TEST_CASE("a planted box is found again with round thresholds and no further comparison") {
        const PeopleTable table = random_table(5000, 6, 3);
        const auto wanted = [&](std::size_t row) {
            return table.columns[1][row] >= 0.3 && table.columns[4][row] < 0.7;
        };
        const Rule rule = find(table, wanted);
        REQUIRE(rule.boxes.size() == 1);
        REQUIRE(rule.tests() == 2);
        CHECK(rule.boxes[0][0].field == 1);
        CHECK(rule.boxes[0][0].threshold == doctest::Approx(0.3).epsilon(0.02));
        CHECK(rule.boxes[0][1].field == 4);
        CHECK(rule.boxes[0][1].threshold == doctest::Approx(0.7).epsilon(0.02));
        CHECK(quality_of(rule, table, wanted).f1() > 0.98);
        for (const RuleTest& test : rule.boxes[0]) {
            std::array<char, 20> text{};
            std::snprintf(text.data(), text.size(), "%.3g", test.threshold);
            CHECK(std::strtod(text.data(), nullptr) == test.threshold);
        }
    }
    TEST_CASE("two ends of a field need an or") {
        const PeopleTable table = random_table(5000, 3, 4);
        const auto wanted = [&](std::size_t row) {
            return table.columns[2][row] < 0.1 || table.columns[2][row] >= 0.8;
        };
        const Rule rule = find(table, wanted);
        CHECK(rule.boxes.size() == 2);
        CHECK(rule.tests() == 2);
        CHECK(quality_of(rule, table, wanted).f1() > 0.97);
    }
    TEST_CASE("people of whom a field is unknown are met by a negation") {
        PeopleTable table = random_table(3000, 2, 5);
        for (std::size_t row = 0; row < table.rows(); row += 4) table.columns[0][row] = unknown;
        const auto wanted = [&](std::size_t row) { return !(table.columns[0][row] >= 0.4); };
        const Rule rule = find(table, wanted);
        REQUIRE(rule.tests() == 1);
        CHECK(rule.boxes[0][0].is_negated);
        CHECK(rule.boxes[0][0].relation == Relation::at_least);
        CHECK(quality_of(rule, table, wanted).f1() > 0.98);
        const auto known = [&](std::size_t row) { return table.columns[0][row] < 0.4; };
        CHECK_FALSE(find(table, known).boxes[0][0].is_negated);
    }
    TEST_CASE("of one comparison the rule is the best of all") {
        // Brute force over every value as a threshold: a rule between neighbouring quantiles loses at most the people
        // between them, 1 / 128 of all.
        for (std::uint64_t seed = 10; seed < 20; ++seed) {
            const PeopleTable table = random_table(1000, 4, seed);
            Random random{seed};
            const auto wanted = [&](std::size_t row) {
                return table.columns[0][row] + table.columns[1][row] + table.columns[2][row] < 1.2;
            };
            double best = 0;
            for (std::size_t field = 0; field < 4; ++field) {
                for (const double threshold : table.columns[field]) {
                    for (const Relation relation : {Relation::less, Relation::at_least}) {
                        const Rule rule{{{{field, relation, threshold, false}}}};
                        best = std::max(best, quality_of(rule, table, wanted).f1());
                    }
                }
            }
            RuleOptions options;
            options.most_tests = 1;
            CHECK(quality_of(find(table, wanted, options), table, wanted).f1() > best - 0.015);
        }
    }
    TEST_CASE("a dearer comparison makes shorter rules, and no rule is longer than asked for") {
        const PeopleTable table = random_table(2000, 4, 6);
        const auto wanted = [&](std::size_t row) {
            return table.columns[0][row] > 0.2 && table.columns[1][row] > 0.2 && table.columns[2][row] > 0.2 &&
                   table.columns[3][row] > 0.2;
        };
        CHECK(find(table, wanted).tests() == 4);
        CHECK(find(table, wanted, {4, 0.5}).tests() == 1);
        CHECK(find(table, wanted, {3, 0}).tests() <= 3);
    }
    TEST_CASE("without anything to compare there is a rule that holds of nobody") {
        PeopleTable table = random_table(50, 1, 7);
        std::fill(table.columns[0].begin(), table.columns[0].end(), 3.0);
        CHECK(find(table, [](std::size_t row) { return row < 5; }).boxes.empty());
    }
}
