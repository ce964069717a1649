#include <alloquy/engine/columns.hpp>

#include <set>
#include <string_view>

#include <doctest/doctest.h>

using alloquy::engine::Column;
using alloquy::engine::column_names;

TEST_SUITE("engine/columns") {
    TEST_CASE("names stand in the order of the enumerators, each once") {
        const auto name = [](Column column) { return column_names.at(static_cast<std::size_t>(column)); };
        CHECK(name(Column::engagement) == "engagement");
        CHECK(name(Column::engagement_trend) == "engagement_trend");
        CHECK(name(Column::days_since_own_act) == "days_since_own_act");
        CHECK(name(Column::days_in_role) == "days_in_role");
        CHECK(name(Column::days_to_obligation) == "days_to_obligation");
        CHECK(name(Column::days_overdue) == "days_overdue");
        CHECK(name(Column::open_complaints) == "open_complaints");
        CHECK(std::set<std::string_view>{column_names.begin(), column_names.end()}.size() == column_names.size());
    }
}
