#include <alloquy/segment/clusters.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/random.hpp"

using alloquy::InvalidArgument;
using alloquy::segment::dip;
using alloquy::segment::jaccard;
using alloquy::segment::PeopleTable;
using alloquy::segment::detail::average_silhouettes;
using alloquy::segment::detail::k_means;
using alloquy::segment::detail::Partition;
using alloquy::segment::detail::Points;
using alloquy::segment::detail::quantile_of;
using alloquy::segment::detail::readable_between;
using alloquy::support::Random;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

Points points_of(const std::vector<std::vector<double>>& rows) {
    Points points{rows.size(), rows.front().size()};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t field = 0; field < rows[i].size(); ++field) points.set(i, field, rows[i][field]);
    }
    return points;
}

const std::vector<std::vector<double>> eight{{0, 0}, {1, 0}, {0, 2}, {5, 5}, {6, 5}, {5, 7}, {9, 0}, {9, 1}};

double silhouette(const Points& points, std::vector<std::uint32_t> assignments, std::size_t count,
                  unsigned threads = 1) {
    Partition partition;
    partition.assignments = std::move(assignments);
    partition.count = count;
    return average_silhouettes(points, {&partition}, threads).at(0);
}

PeopleTable small_table() {
    return {{"a", "b"}, {{1, 2, unknown}, {3, unknown, 5}}, {7, 8, 9}};
}

}  // namespace

TEST_SUITE("segment/people_table") {
    TEST_CASE("a table with equal shapes, different names and keys is in order") {
        CHECK_NOTHROW(small_table().check());
        CHECK_NOTHROW(PeopleTable{}.check());
    }
    TEST_CASE("a table that contradicts itself is refused") {
        const auto refuses = [](const auto& change) {
            PeopleTable table = small_table();
            change(table);
            CHECK_THROWS_AS(table.check(), InvalidArgument);
        };
        refuses([](PeopleTable& table) { table.columns.pop_back(); });
        refuses([](PeopleTable& table) { table.columns[1].pop_back(); });
        refuses([](PeopleTable& table) { table.fields[1] = "a"; });
        refuses([](PeopleTable& table) { table.fields[1].clear(); });
        refuses([](PeopleTable& table) { table.keys[1] = 9; });
        refuses([](PeopleTable& table) { table.columns[0][0] = std::numeric_limits<double>::infinity(); });
    }
    TEST_CASE("quantiles are those of NumPy") {
        // numpy.quantile([4, 1, 9, 16, 25], q)
        const std::map<double, double> expected{{0, 1}, {0.1, 2.2}, {0.25, 4}, {0.5, 9}, {0.9, 21.4}, {1, 25}};
        for (const auto& point : expected) {
            std::vector<double> values{4, 1, 9, 16, 25};
            CAPTURE(point.first);
            CHECK(quantile_of(values, point.first) == doctest::Approx(point.second).epsilon(1e-14));
        }
    }
    TEST_CASE("a readable number is the one with the fewest digits in the interval") {
        CHECK(readable_between(0.234, 0.371) == 0.3);
        CHECK(readable_between(0.31, 0.39) == 0.35);
        CHECK(readable_between(0.11, 0.21) == 0.2);
        CHECK(readable_between(1, 2) == 2);  // the lower end does not belong to it
        CHECK(readable_between(-2, -1) == -1);
        CHECK(readable_between(-0.4, 0.9) == 0);
        CHECK(readable_between(1998.2, 2003.9) == 2000);
        CHECK(readable_between(1287, 1293) == 1290);
        CHECK(readable_between(0.0001234, 0.0001238) == 0.0001236);
        CHECK(readable_between(3e200, 4e200) == 4e200);  // beyond whole steps: the upper end
    }
    TEST_CASE("a readable number lies in its interval and reads back from 15 digits") {
        Random random{3};
        for (int round = 0; round < 10'000; ++round) {
            const double low = (random.fraction() - 0.5) * std::exp(20 * random.fraction() - 10);
            const double high = low + std::exp(20 * random.fraction() - 15);
            if (!(low < high)) continue;
            const double found = readable_between(low, high);
            REQUIRE(low < found);
            REQUIRE(found <= high);
            std::array<char, 40> text{};
            std::snprintf(text.data(), text.size(), "%.15g", found);
            REQUIRE(std::strtod(text.data(), nullptr) == found);
        }
    }
}

TEST_SUITE("segment/clusters") {
    TEST_CASE("the dip is that of the package diptest") {
        // diptest.dipstat() of the Python package diptest 0.12.0, a port of M. Maechler's diptest for R.
        CHECK(dip(std::vector{0.1, 0.2, 0.25, 0.3, 0.9, 1.0, 1.1, 1.15, 1.3, 2.0}) ==
              doctest::Approx(0.15).epsilon(1e-12));
        CHECK(dip(std::vector<double>{1, 2, 2, 3, 3, 3, 4, 8, 9, 9, 10}) ==
              doctest::Approx(0.1212121212121212).epsilon(1e-12));
    }
    TEST_CASE("evenly spread numbers have the smallest dip, 1 / 2n") {
        // Hartigan & Hartigan (1985), p. 71.
        for (const std::size_t n : {3U, 10U, 100U}) {
            std::vector<double> values;
            for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<double>(i));
            CHECK(dip(values) == doctest::Approx(0.5 / static_cast<double>(n)).epsilon(1e-12));
        }
    }
    TEST_CASE("two far apart heaps of shares p <= q have a dip of p / 2, one heap none to speak of") {
        std::vector<double> values(30, 0.0);
        values.resize(100, 1.0);
        CHECK(dip(values) == doctest::Approx(0.15).epsilon(1e-12));
        // A heap may be the mode: half of all at 0, the others evenly behind it.
        std::vector<double> heap(100, 0.0);
        for (int i = 1; i <= 100; ++i) heap.push_back(i);
        CHECK(dip(heap) == doctest::Approx(0.5 / 200).epsilon(1e-12));
        CHECK(dip(std::vector<double>{}) == 0);
        CHECK(dip(std::vector{1.0, 1.0}) == 0);
    }
    TEST_CASE("the dip wants its values in order") {
        CHECK_THROWS_AS((void)dip(std::vector{2.0, 1.0}), InvalidArgument);
        CHECK_THROWS_AS((void)dip(std::vector{1.0, unknown}), InvalidArgument);
    }

    TEST_CASE("Jaccard's coefficient is what both hold by what one holds") {
        CHECK(jaccard({true, true, true, false, false}, {false, true, true, true, false}) == 0.5);
        CHECK(jaccard({true, false}, {false, true}) == 0);
        CHECK(jaccard({false}, {false}) == 1);
        CHECK_THROWS_AS((void)jaccard({true}, {true, false}), InvalidArgument);
    }

    TEST_CASE("silhouettes of four people on a line, by hand") {
        // {0, 1} and {10, 12}: (11 - 1) / 11, (10 - 1) / 10, (9.5 - 2) / 9.5, (11.5 - 2) / 11.5.
        const Points points = points_of({{0}, {1}, {10}, {12}});
        const double expected = (10.0 / 11 + 9.0 / 10 + 7.5 / 9.5 + 9.5 / 11.5) / 4;
        CHECK(silhouette(points, {0, 0, 1, 1}, 2) == doctest::Approx(expected).epsilon(1e-14));
    }
    TEST_CASE("silhouettes are those of scikit-learn") {
        // sklearn.metrics.silhouette_score, scikit-learn 1.9.1
        const Points points = points_of(eight);
        CHECK(silhouette(points, {0, 0, 0, 1, 1, 1, 2, 2}, 3) == doctest::Approx(0.7647965810029406).epsilon(1e-12));
        CHECK(silhouette(points, {0, 0, 0, 1, 1, 1, 1, 1}, 2) == doctest::Approx(0.560585910284317).epsilon(1e-12));
        CHECK(silhouette(points, {0, 0, 0, 1, 1, 1, 1, 1}, 2, 3) == silhouette(points, {0, 0, 0, 1, 1, 1, 1, 1}, 2));
    }
    TEST_CASE("somebody alone in a cluster has the width 0") {
        // {0}, {4, 5}: 0, (4 - 1) / 4, (5 - 1) / 5.
        CHECK(silhouette(points_of({{0}, {4}, {5}}), {0, 1, 1}, 2) ==
              doctest::Approx((0 + 0.75 + 0.8) / 3).epsilon(1e-14));
    }
    TEST_CASE("distances of partly known people are scaled up from the fields known of both") {
        // (0, 0), (0, ?), (3, 4), (?, 4): distances 0-1: 0, 0-2: 5, 0-3: sqrt(2) 4, 1-2: sqrt(2) 3, 1-3: none,
        // 2-3: 0. Widths: 1 in each case, as nobody is away from the own cluster.
        const Points points = points_of({{0, 0}, {0, unknown}, {3, 4}, {unknown, 4}});
        CHECK(silhouette(points, {0, 0, 1, 1}, 2) == doctest::Approx(1).epsilon(1e-14));
        // Crosswise: a = (5, none, 5, none), so 1 and 3 count as alone; b of 0 is the mean of 0 and 4 sqrt(2), of 2
        // that of 3 sqrt(2) and 0.
        const double first = (2 * std::sqrt(2.0) - 5) / 5;
        const double third = (1.5 * std::sqrt(2.0) - 5) / 5;
        CHECK(silhouette(points, {0, 1, 0, 1}, 2) == doctest::Approx((first + third) / 4).epsilon(1e-14));
    }

    TEST_CASE("k-means reaches the least sum of squares that scikit-learn finds in 50 starts") {
        const Points points = points_of(eight);
        CHECK(k_means(points, 3, 10, 1, 0).loss == doctest::Approx(7.166666666666667).epsilon(1e-12));
        CHECK(k_means(points, 2, 10, 1, 0).loss == doctest::Approx(55.33333333333334).epsilon(1e-12));
    }
    TEST_CASE("k-means is never better than the best of all partitions, and mostly meets it") {
        // Brute force over all assignments of 9 points to 3 clusters. Points without any groups, the hardest case.
        Random random{5};
        int met = 0;
        for (int round = 0; round < 20; ++round) {
            std::vector<std::vector<double>> rows(9, std::vector<double>(2));
            for (auto& row : rows) {
                for (double& value : row) value = random.fraction();
            }
            double best = std::numeric_limits<double>::infinity();
            for (int code = 0; code < 19'683; ++code) {
                std::vector<double> sums(6);
                std::vector<double> sizes(3);
                double squares = 0;
                int left = code;
                for (const auto& row : rows) {
                    const auto c = static_cast<std::size_t>(left % 3);
                    left /= 3;
                    sizes[c] += 1;
                    sums[2 * c] += row[0];
                    sums[2 * c + 1] += row[1];
                    squares += row[0] * row[0] + row[1] * row[1];
                }
                for (std::size_t c = 0; c < 3; ++c) {
                    if (sizes[c] == 0) continue;
                    squares -= (sums[2 * c] * sums[2 * c] + sums[2 * c + 1] * sums[2 * c + 1]) / sizes[c];
                }
                best = std::min(best, squares);
            }
            const double found = k_means(points_of(rows), 3, 40, 2, 0).loss;
            CHECK(found > best - 1e-9);
            met += found < best + 1e-9 ? 1 : 0;
        }
        CHECK(met >= 15);
    }
    TEST_CASE("an unknown field has no say in where somebody belongs") {
        const Partition found =
            k_means(points_of({{0, 0}, {0, unknown}, {1, 0}, {9, 9}, {unknown, 9}, {9, 8}}), 2, 5, 1, 0);
        REQUIRE(found.count == 2);
        CHECK(found.assignments[1] == found.assignments[0]);
        CHECK(found.assignments[2] == found.assignments[0]);
        CHECK(found.assignments[4] == found.assignments[3]);
        CHECK(found.assignments[5] == found.assignments[3]);
        CHECK(found.assignments[3] != found.assignments[0]);
        // Means of the known: (1/3, 0) and (9, 26/3); squares 1/9 + 1/9 + 4/9 each.
        CHECK(found.loss == doctest::Approx(6.0 / 9 + 6.0 / 9).epsilon(1e-12));
    }
    TEST_CASE("more clusters than different people cannot be had") {
        CHECK(k_means(points_of({{1}, {1}, {2}}), 3, 5, 1, 0).count == 0);
        CHECK(k_means(points_of({{1}, {2}}), 3, 5, 1, 0).count == 0);
        CHECK(k_means(points_of({{1}, {1}, {2}}), 2, 5, 1, 0).count == 2);
    }
}
