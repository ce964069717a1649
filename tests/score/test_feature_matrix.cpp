#include <alloquy/score/feature_matrix.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using alloquy::score::CoefficientSign;
using alloquy::score::FeatureMatrix;
using alloquy::score::FeatureRow;

namespace {

void add(FeatureMatrix& matrix, const std::vector<std::uint32_t>& columns, const std::vector<double>& values) {
    matrix.add_row(FeatureRow{columns, values});
}

FeatureMatrix example() {
    FeatureMatrix matrix{{"age", "site", "score"}};
    add(matrix, {0, 2}, {1.5, -2});
    add(matrix, {}, {});
    add(matrix, {1}, {0});
    return matrix;
}

/// The text of the refusal; empty if the row is taken.
std::string refusal(FeatureMatrix& matrix, const std::vector<std::uint32_t>& columns,
                    const std::vector<double>& values) {
    try {
        add(matrix, columns, values);
    } catch (const alloquy::InvalidArgument& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_SUITE("score/feature_matrix") {
    TEST_CASE("rows come back as they went in") {
        const FeatureMatrix matrix = example();
        REQUIRE(matrix.rows() == 3);
        CHECK(matrix.columns() == 3);
        CHECK(matrix.names() == std::vector<std::string>{"age", "site", "score"});
        const FeatureRow row = matrix.row(0);
        REQUIRE(row.columns.size() == 2);
        REQUIRE(row.values.size() == 2);
        CHECK(row.columns[1] == 2);
        CHECK(row.values[0] == 1.5);
        CHECK(matrix.row(1).columns.empty());
        CHECK(matrix.row(2).columns[0] == 1);
    }

    TEST_CASE("a value of 0 that was given is stored, and reads the same as none") {
        const FeatureMatrix matrix = example();
        CHECK(matrix.stored() == 3);
        CHECK(matrix.dense() == std::vector<double>{1.5, 0, -2, 0, 0, 0, 0, 0, 0});
    }

    TEST_CASE("without signs every coefficient is free") {
        CHECK(example().signs() == std::vector<CoefficientSign>(3, CoefficientSign::free));
        const FeatureMatrix matrix{{"a", "b"}, {CoefficientSign::not_negative, CoefficientSign::not_positive}};
        CHECK(matrix.signs()[1] == CoefficientSign::not_positive);
    }

    TEST_CASE("a matrix may have no rows, and no columns") {
        FeatureMatrix none;
        CHECK(none.rows() == 0);
        CHECK(none.columns() == 0);
        CHECK(none.dense().empty());
        add(none, {}, {});
        CHECK(none.rows() == 1);
        CHECK(none.row(0).values.empty());
    }

    TEST_CASE("fewer or more signs than columns are refused") {
        CHECK_THROWS_WITH_AS((FeatureMatrix{{"a", "b"}, {CoefficientSign::free}}),
                             doctest::Contains("2 signs expected, got 1"), alloquy::InvalidArgument);
    }

    TEST_CASE("a row out of order, of unknown columns or of unequal lengths is refused") {
        FeatureMatrix matrix = example();
        CHECK(refusal(matrix, {1, 0}, {1, 1}).find("ascending and below 3") != std::string::npos);
        CHECK(refusal(matrix, {1, 1}, {1, 1}).find("ascending and below 3") != std::string::npos);
        CHECK(refusal(matrix, {3}, {1}).find("below 3") != std::string::npos);
        CHECK(refusal(matrix, {0, 1}, {1}).find("as many values as columns") != std::string::npos);
    }

    TEST_CASE("a value that is not finite is refused by the column's name") {
        FeatureMatrix matrix = example();
        for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity()}) {
            CHECK(refusal(matrix, {0, 2}, {1, bad}).find("'score' must be finite") != std::string::npos);
        }
        CHECK(refusal(matrix, {0}, {std::numeric_limits<double>::max()}).empty());
    }

    TEST_CASE("a refused row leaves the matrix as it was") {
        FeatureMatrix matrix = example();
        const std::vector<double> before = matrix.dense();
        CHECK_FALSE(refusal(matrix, {0, 2, 1}, {1, 2, 3}).empty());
        CHECK(matrix.rows() == 3);
        CHECK(matrix.stored() == 3);
        CHECK(matrix.dense() == before);
    }
}
