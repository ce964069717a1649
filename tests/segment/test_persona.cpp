#include <alloquy/segment/persona.hpp>

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
using alloquy::NotFound;
using alloquy::segment::PeopleTable;
using alloquy::segment::Persona;
using alloquy::segment::persona;
using alloquy::segment::PersonaOptions;
using alloquy::support::Random;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

PeopleTable random_table(std::size_t rows) {
    Random random{1};
    PeopleTable table{{"engagement", "topic:grants"}, {{}, {}}, {}};
    for (std::size_t row = 0; row < rows; ++row) {
        table.columns[0].push_back(random.fraction());
        table.columns[1].push_back(1000 * random.fraction());
        table.keys.push_back(row);
    }
    return table;
}

std::vector<std::uint32_t> rows_below(std::size_t count) {
    std::vector<std::uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0U);
    return rows;
}

}  // namespace

TEST_SUITE("segment/persona") {
    TEST_CASE("a persona has medians and quartiles, by hand") {
        // 0, 10 ... 100: median 50, quartiles 25 and 75.
        PeopleTable table{{"a"}, {{}}, {}};
        for (std::uint64_t i = 0; i <= 10; ++i) {
            table.columns[0].push_back(static_cast<double>(10 * i));
            table.keys.push_back(i);
        }
        const Persona found = persona(table, rows_below(11));
        CHECK(found.people == 11);
        REQUIRE(found.fields.size() == 1);
        CHECK(found.fields[0].name == "a");
        CHECK(found.fields[0].known == 1);
        CHECK(found.fields[0].typical == 50);
        CHECK(found.fields[0].lower_quartile == 25);
        CHECK(found.fields[0].upper_quartile == 75);
        CHECK(found.value("a") == 50);
    }
    TEST_CASE("numbers are rounded by at most a fiftieth of the distance between the quartiles, and are nobody's") {
        const PeopleTable table = random_table(501);
        const Persona found = persona(table, rows_below(501));
        for (std::size_t field = 0; field < 2; ++field) {
            std::vector<double> sorted = table.columns[field];
            std::sort(sorted.begin(), sorted.end());
            const double slack = (sorted[375] - sorted[125]) / 50;
            CHECK(std::fabs(*found.fields[field].typical - sorted[250]) <= slack);
            CHECK(std::fabs(*found.fields[field].lower_quartile - sorted[125]) <= slack);
            CHECK(std::fabs(*found.fields[field].upper_quartile - sorted[375]) <= slack);
            CHECK_FALSE(std::binary_search(sorted.begin(), sorted.end(), *found.fields[field].typical));
        }
    }
    TEST_CASE("a number that most agree in stands as it is") {
        PeopleTable table{{"a"}, {std::vector<double>(20, 0.123456)}, {}};
        for (std::uint64_t i = 0; i < 20; ++i) table.keys.push_back(i);
        CHECK(persona(table, rows_below(20)).value("a") == 0.123456);
    }
    TEST_CASE("a field that is known of less than half is unknown of the typical person") {
        PeopleTable table = random_table(40);
        for (std::size_t row = 0; row < 25; ++row) table.columns[1][row] = unknown;
        const Persona found = persona(table, rows_below(40));
        CHECK(found.fields[1].known == doctest::Approx(15.0 / 40));
        CHECK_FALSE(found.value("topic:grants").has_value());
        CHECK(found.fields[1].lower_quartile.has_value());
        CHECK(found.value("engagement").has_value());
    }
    TEST_CASE("nothing is told of a field that is known of too few") {
        PeopleTable table = random_table(15);
        for (std::size_t row = 0; row < 6; ++row) table.columns[1][row] = unknown;
        const Persona found = persona(table, rows_below(15));  // known of 9 of 15
        CHECK(found.fields[1].known == doctest::Approx(0.6));
        CHECK_FALSE(found.value("topic:grants").has_value());
        CHECK_FALSE(found.fields[1].lower_quartile.has_value());
        CHECK_FALSE(found.fields[1].upper_quartile.has_value());
    }
    TEST_CASE("a profile of few people is refused") {
        const PeopleTable table = random_table(30);
        CHECK_NOTHROW((void)persona(table, rows_below(10)));
        CHECK_THROWS_AS((void)persona(table, rows_below(9)), InvalidArgument);
        CHECK_THROWS_AS((void)persona(table, rows_below(19), {20}), InvalidArgument);
        CHECK_THROWS_AS((void)persona(table, rows_below(20), {1}), InvalidArgument);
        CHECK_THROWS_AS((void)persona(PeopleTable{}, {}), InvalidArgument);
    }
    TEST_CASE("the order of rows does not matter, and each is there once") {
        const PeopleTable table = random_table(100);
        std::vector<std::uint32_t> rows = rows_below(100);
        const Persona expected = persona(table, rows);
        Random random{2};
        random.shuffle(rows);
        CHECK(persona(table, rows) == expected);
        rows[0] = rows[1];
        CHECK_THROWS_AS((void)persona(table, rows), InvalidArgument);
        rows[0] = 100;
        CHECK_THROWS_AS((void)persona(table, rows), InvalidArgument);
    }
    TEST_CASE("a field that is not there is told") {
        CHECK_THROWS_AS((void)persona(random_table(10), rows_below(10)).value("age"), NotFound);
    }
}
