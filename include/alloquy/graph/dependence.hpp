#pragma once

/// \file
/// Order of dependence: things in an order in which each comes after those that it needs, or the circle that forbids
/// one.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>

namespace alloquy::graph {

/// What order_by_dependence() found: one of the two is empty, unless there is nothing to order.
struct DependenceOrder {
    std::vector<std::size_t> order;   ///< Each after those that it needs; else in the given order as far as that goes.
    std::vector<std::size_t> circle;  ///< A first one that was met: each needs the next, the last needs the first.
};

/// Puts 0 … needs.size() - 1 in order, depth first (Boost.Graph).
/// \param needs  For each those that it needs, each below needs.size(), which the caller sees to.
/// \par Cost  O(things + needs).
[[nodiscard]] inline DependenceOrder order_by_dependence(const std::vector<std::vector<std::size_t>>& needs) {
    using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
    Graph graph{needs.size()};
    for (std::size_t thing = 0; thing < needs.size(); ++thing) {
        for (const std::size_t need : needs[thing]) boost::add_edge(thing, need, graph);
    }
    struct Visitor : boost::default_dfs_visitor {
        explicit Visitor(DependenceOrder& to_fill, std::vector<std::size_t>& on_way) : found{&to_fill}, way{&on_way} {}
        void discover_vertex(std::size_t thing, const Graph&) { way->push_back(thing); }
        void finish_vertex(std::size_t thing, const Graph&) {
            way->pop_back();
            found->order.push_back(thing);
        }
        void back_edge(const Graph::edge_descriptor& edge, const Graph& whole) {
            if (!found->circle.empty()) return;
            found->circle.assign(std::find(way->begin(), way->end(), boost::target(edge, whole)), way->end());
        }
        DependenceOrder* found;
        std::vector<std::size_t>* way;
    };
    DependenceOrder found;
    std::vector<std::size_t> way;
    boost::depth_first_search(graph, boost::visitor(Visitor{found, way}));
    if (!found.circle.empty()) found.order.clear();
    return found;
}

}  // namespace alloquy::graph
