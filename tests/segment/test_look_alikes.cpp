#include <alloquy/segment/look_alikes.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::segment::likeness_fields;
using alloquy::segment::LikenessField;
using alloquy::segment::LikenessWeights;
using alloquy::segment::look_alikes;
using alloquy::segment::LookAlike;
using alloquy::segment::LookAlikeOptions;
using alloquy::segment::PeopleTable;
using alloquy::segment::SharedField;
using alloquy::segment::detail::distance_by_chance;
using alloquy::segment::detail::largest_distance;
using alloquy::support::Random;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

LookAlikeOptions gower() {
    LookAlikeOptions options;
    options.weights = LikenessWeights::equal;
    options.range_tail = 0;
    return options;
}

/// One field that tells rows 0 to 19 from the others, and three that do not.
PeopleTable table_with_examples(std::size_t rows, std::uint64_t seed) {
    Random random{seed};
    PeopleTable table{{"engagement", "noise:1", "noise:2", "noise:3"}, {}, {}};
    table.columns.assign(4, std::vector<double>(rows));
    for (std::size_t row = 0; row < rows; ++row) {
        for (auto& column : table.columns) column[row] = random.chance(5) ? unknown : random.fraction();
        if (row < 20) table.columns[0][row] = 0.9 + 0.1 * random.fraction();
        table.keys.push_back(1'000'000 - row);
    }
    return table;
}

std::vector<std::uint32_t> first_rows(std::size_t count) {
    std::vector<std::uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0U);
    return rows;
}

}  // namespace

TEST_SUITE("segment/look_alikes") {
    TEST_CASE("similarity is Gower's, by hand") {
        // Ranges 10 and 100. Row 2 to the examples: (1 - 0.2, 1 - 0.2) and (1 - 0.5, 1 - 0.5), so (0.8 + 0.5) / 2.
        // Row 3, the second field unknown: (1 - 1, 1 - 0.6) / 2. Row 4: (0.9, 0.7) and (0.9, 0.1).
        const PeopleTable table{{"a", "b"}, {{0, 4, 2, 10, 1}, {0, 100, 50, unknown, 10}}, {11, 12, 13, 14, 15}};
        const std::vector<LookAlike> found = look_alikes(table, {0, 1}, gower());
        REQUIRE(found.size() == 3);
        CHECK(found[0].row == 2);
        CHECK(found[0].similarity == doctest::Approx(0.65).epsilon(1e-14));
        CHECK(found[1].row == 4);
        CHECK(found[1].similarity == doctest::Approx(0.65).epsilon(1e-14));
        CHECK(found[2].row == 3);
        CHECK(found[2].similarity == doctest::Approx(0.2).epsilon(1e-14));
        // Shared with the examples' 10 % to 90 % quantiles: 0.4 to 3.6 and 10 to 90.
        REQUIRE(found[0].shared.size() == 2);
        CHECK(found[0].shared[0].field == 0);
        CHECK(found[0].shared[0].value == 2);
        CHECK(found[0].shared[0].low == doctest::Approx(0.4));
        CHECK(found[0].shared[0].high == doctest::Approx(3.6));
        CHECK(found[0].shared[1].high == doctest::Approx(90));
        CHECK(found[2].shared.empty());
    }
    TEST_CASE("similarity is that of brute force over all examples") {
        const PeopleTable table = table_with_examples(500, 1);
        LookAlikeOptions options;
        options.weights = LikenessWeights::equal;
        options.most = 1000;
        options.least_known = 0;
        const std::vector<std::uint32_t> examples = first_rows(20);
        const std::vector<LookAlike> found = look_alikes(table, examples, options);
        CHECK(found.size() == 480);  // nobody is unknown in all four fields
        for (const LookAlike& one : found) {
            double sum = 0;
            double fields = 0;
            for (std::size_t field = 0; field < 4; ++field) {
                const std::vector<double>& column = table.columns[field];
                if (std::isnan(column[one.row])) continue;
                const auto range = alloquy::segment::detail::range_of(alloquy::segment::detail::known_values(column),
                                                                      options.range_tail);
                double similar = 0;
                double known = 0;
                for (const std::uint32_t example : examples) {
                    if (std::isnan(column[example])) continue;
                    similar += std::max(0.0, 1 - std::fabs(column[one.row] - column[example]) / range.width);
                    known += 1;
                }
                sum += similar / known;
                fields += 1;
            }
            REQUIRE(one.similarity == doctest::Approx(sum / fields).epsilon(1e-12));
        }
        CHECK(std::is_sorted(found.begin(), found.end(),
                             [](const LookAlike& a, const LookAlike& b) { return a.similarity > b.similarity; }));
    }

    TEST_CASE("only the fields count in which the examples differ from everybody") {
        const PeopleTable table = table_with_examples(2000, 2);
        const std::vector<LikenessField> fields = likeness_fields(table, first_rows(20));
        REQUIRE(fields.size() == 1);
        CHECK(fields[0].field == 0);
        CHECK(fields[0].low >= 0.9);
        const std::vector<LookAlike> found = look_alikes(table, first_rows(20));
        REQUIRE(found.size() == 100);
        for (const LookAlike& one : found) {
            CHECK(one.row >= 20);
            CHECK(table.columns[0][one.row] > 0.85);
        }
    }
    TEST_CASE("nobody is like examples that nothing tells from everybody") {
        const PeopleTable table = table_with_examples(2000, 3);
        std::vector<std::uint32_t> examples;
        for (std::uint32_t row = 25; row < 2000; row += 50) examples.push_back(row);
        CHECK(likeness_fields(table, examples).empty());
        CHECK(look_alikes(table, examples).empty());
    }
    TEST_CASE("the distance from everybody is that of the distribution functions, by hand") {
        // Examples 3, 4 of 1, 2, 3, 4: at 2 everybody has 1/2, the examples 0.
        CHECK(largest_distance({3, 4}, {1, 2, 3, 4}) == 0.5);
        CHECK(largest_distance({1, 2, 3, 4}, {1, 2, 3, 4}) == 0);
        CHECK(largest_distance({0, 0, 0, 1}, {0, 1, 1, 1}) == 0.5);
    }
    TEST_CASE("what is far by chance agrees with the exact table") {
        // L. H. Miller, "Table of percentage points of Kolmogorov statistics", JASA 51 (1956), two-sided 5 %.
        CHECK(distance_by_chance(1) == doctest::Approx(0.975));
        CHECK(distance_by_chance(2) == doctest::Approx(0.84189).epsilon(0.005));
        CHECK(distance_by_chance(5) == doctest::Approx(0.56328).epsilon(0.005));
        CHECK(distance_by_chance(10) == doctest::Approx(0.40925).epsilon(0.005));
        CHECK(distance_by_chance(20) == doctest::Approx(0.29408).epsilon(0.005));
        CHECK(distance_by_chance(100) == doctest::Approx(0.13403).epsilon(0.005));
    }

    TEST_CASE("who is known too little is left out") {
        const PeopleTable table{
            {"a", "b", "c"},
            {{0, 10, 1, 2, unknown}, {0, 10, unknown, 2, unknown}, {0, 10, unknown, unknown, unknown}},
            {1, 2, 3, 4, 5}};
        LookAlikeOptions options = gower();
        CHECK(look_alikes(table, {0}, options).size() == 2);  // rows 1 and 3
        options.least_known = 0.3;
        CHECK(look_alikes(table, {0}, options).size() == 3);
        options.least_known = 0;
        CHECK(look_alikes(table, {0}, options).size() == 3);  // of row 4 nothing is known
        options.most = 1;
        CHECK(look_alikes(table, {0}, options).size() == 1);
    }
    TEST_CASE("people who are equally alike come in the order of their keys") {
        const PeopleTable table{{"a"}, {{0, 5, 5, 5, 10}}, {1, 9, 3, 7, 2}};
        const std::vector<LookAlike> found = look_alikes(table, {0}, gower());
        REQUIRE(found.size() == 4);
        CHECK(found[0].row == 2);
        CHECK(found[1].row == 3);
        CHECK(found[2].row == 1);
        CHECK(found[3].row == 4);
    }
    TEST_CASE("neither the order of rows and examples nor threads change a bit") {
        const PeopleTable table = table_with_examples(10'000, 4);
        const std::vector<LookAlike> expected = look_alikes(table, first_rows(20));
        CHECK(look_alikes(table, first_rows(20), {}, 3) == expected);
        std::vector<std::uint32_t> order = first_rows(10'000);
        Random random{9};
        random.shuffle(order);
        PeopleTable shuffled{table.fields, std::vector<std::vector<double>>(4), {}};
        std::vector<std::uint32_t> examples;
        for (const std::uint32_t row : order) {
            if (row < 20) examples.push_back(static_cast<std::uint32_t>(shuffled.keys.size()));
            for (std::size_t field = 0; field < 4; ++field)
                shuffled.columns[field].push_back(table.columns[field][row]);
            shuffled.keys.push_back(table.keys[row]);
        }
        random.shuffle(examples);
        std::vector<LookAlike> found = look_alikes(shuffled, examples, {}, 2);
        for (LookAlike& one : found) one.row = order[one.row];
        CHECK(found == expected);
    }
    TEST_CASE("constant and unknown fields have no say") {
        const PeopleTable table{{"a", "b", "c"}, {{0, 1, 2}, {4, 4, 4}, {unknown, unknown, unknown}}, {1, 2, 3}};
        CHECK(likeness_fields(table, {0}, gower()).size() == 1);
        CHECK(look_alikes(table, {0, 1, 2}, gower()).empty());  // nobody is left
    }
    TEST_CASE("what cannot be asked is refused") {
        const PeopleTable table = table_with_examples(100, 5);
        CHECK_THROWS_AS((void)look_alikes(table, {}), InvalidArgument);
        CHECK_THROWS_AS((void)look_alikes(table, {100}), InvalidArgument);
        CHECK_THROWS_AS((void)look_alikes(table, {1, 1}), InvalidArgument);
        CHECK_THROWS_AS((void)look_alikes(table, {1}, {}, 0), InvalidArgument);
        CHECK_THROWS_AS((void)look_alikes(table, {1}, {0}), InvalidArgument);
        LookAlikeOptions options;
        options.least_known = unknown;
        CHECK_THROWS_AS((void)look_alikes(table, {1}, options), InvalidArgument);
        options = {};
        options.range_tail = 0.5;
        CHECK_THROWS_AS((void)look_alikes(table, {1}, options), InvalidArgument);
    }
}
