#include <alloquy/graph/dependence.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

using alloquy::graph::order_by_dependence;
using List = std::vector<std::size_t>;

TEST_SUITE("graph/dependence") {
    TEST_CASE("each comes after those that it needs, and else in the given order") {
        // 0 needs 2, 2 needs 3, 1 stands alone.
        CHECK(order_by_dependence({{2}, {}, {3}, {}}).order == List{3, 2, 0, 1});
        CHECK(order_by_dependence({{}, {}, {}}).order == List{0, 1, 2});
        CHECK(order_by_dependence({}).order.empty());
    }
    TEST_CASE("a circle is told as its path, and there is no order then") {
        const auto found = order_by_dependence({{1}, {2}, {3}, {1}});
        CHECK(found.order.empty());
        CHECK(found.circle == List{1, 2, 3});
        CHECK(order_by_dependence({{0}}).circle == List{0});
    }
    TEST_CASE("a long chain does not exhaust the stack") {
        std::vector<List> needs(200'000);
        for (std::size_t i = 0; i + 1 < needs.size(); ++i) needs[i] = {i + 1};
        const auto found = order_by_dependence(needs);
        REQUIRE(found.order.size() == needs.size());
        CHECK(found.order.front() == needs.size() - 1);
    }
    TEST_CASE("something needed twice by several is no circle") {
        CHECK(order_by_dependence({{1, 2}, {3, 3}, {3}, {}}).order == List{3, 1, 2, 0});
    }
}
