#pragma once

/// \file
/// Segments: named conditions that may rest on each other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/graph/dependence.hpp>
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/segment_config.hpp>

namespace alloquy::segment {

/// The segments that a condition names, each once, in the order of first mention.
[[nodiscard]] inline std::vector<std::string> segments_named(const Condition& condition) {
    std::vector<std::string> names;
    const auto visit = [&](const auto& self, const Condition& each) -> void {
        std::visit(
            [&](const auto& node) {
                using Node = std::decay_t<decltype(node)>;
                if constexpr (std::is_same_v<Node, All> || std::is_same_v<Node, Any>) {
                    for (const Condition& one : node.of) self(self, one);
                } else if constexpr (std::is_same_v<Node, Not>) {
                    self(self, *node.of);
                } else if constexpr (std::is_same_v<Node, Related>) {
                    if (node.person) self(self, **node.person);
                } else if constexpr (std::is_same_v<Node, InSegment>) {
                    if (std::find(names.begin(), names.end(), node.name) == names.end()) names.push_back(node.name);
                }
            },
            each.node);
    };
    visit(visit, condition);
    return names;
}

/// What a condition asks of people with a relation.
struct RelationUse {
    bool asks = false;                     ///< For any relation.
    std::vector<std::string> of_others{};  ///< Segments that it names in what it asks of the other person.
};
[[nodiscard]] inline RelationUse relation_use(const Condition& condition) {
    RelationUse use;
    const auto visit = [&](const auto& self, const Condition& each) -> void {
        std::visit(
            [&](const auto& node) {
                using Node = std::decay_t<decltype(node)>;
                if constexpr (std::is_same_v<Node, All> || std::is_same_v<Node, Any>) {
                    for (const Condition& one : node.of) self(self, one);
                } else if constexpr (std::is_same_v<Node, Not>) {
                    self(self, *node.of);
                } else if constexpr (std::is_same_v<Node, Related>) {
                    use.asks = true;
                    if (!node.person) return;
                    const std::vector<std::string> named = segments_named(**node.person);
                    use.of_others.insert(use.of_others.end(), named.begin(), named.end());
                }
            },
            each.node);
    };
    visit(visit, condition);
    return use;
}

/// Named conditions, parsed, whose mentions of each other lead nowhere in a circle.
class Segments {
public:
    /// \throws InvalidArgument  if a name is empty or stands twice, a condition is wrong (with the segment's name, line
    /// and
    ///                          column), one names a segment that there is not, or segments rest on each other in a
    ///                          circle (the text tells the path), or ask for relations of people with a
    ///                          relation.
    Segments(const std::vector<SegmentConfig>& configs, const Catalogue& catalogue) {
        for (const SegmentConfig& config : configs) {
            if (config.name.empty()) throw InvalidArgument{"Segments: a segment needs a name"};
            if (!places_.try_emplace(config.name, names_.size()).second) {
                throw InvalidArgument{"Segments: segment '" + config.name + "' stands twice"};
            }
            names_.push_back(config.name);
            try {
                conditions_.push_back(parse(config.condition, catalogue));
            } catch (const ParseError& error) {
                throw InvalidArgument{"segment '" + config.name + "': " + error.what()};
            }
        }
        put_in_order();
    }

    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    /// \param segment  Below size(), which the caller sees to; so for condition().
    [[nodiscard]] const std::string& name(std::size_t segment) const noexcept { return names_[segment]; }
    [[nodiscard]] const Condition& condition(std::size_t segment) const noexcept { return conditions_[segment]; }
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const {
        const auto found = places_.find(name);
        return found == places_.end() ? std::nullopt : std::optional{found->second};
    }
    /// \throws InvalidArgument  if a condition outside names a segment that asks for relations where it asks for them.
    void check_relations(const Condition& condition) const { check_relations_of(relation_use(condition), "condition"); }
    /// The segments in an order in which each comes after those that it rests on; of several possible orders the one
    /// that keeps to the given order as far as it can.
    [[nodiscard]] const std::vector<std::size_t>& in_order() const noexcept { return order_; }

private:
    void put_in_order() {
        std::vector<std::vector<std::size_t>> needs(names_.size());
        for (std::size_t i = 0; i < names_.size(); ++i) {
            for (const std::string& named : segments_named(conditions_[i])) {
                const auto found = find(named);
                if (!found) {
                    const std::vector<std::string_view> known(names_.begin(), names_.end());
                    throw InvalidArgument{"segment '" + names_[i] + "': there is no segment \"" + named + '"' +
                                          did_you_mean(named, known)};
                }
                needs[i].push_back(*found);
            }
        }
        graph::DependenceOrder found = graph::order_by_dependence(needs);
        if (!found.circle.empty()) {
            std::string path;
            for (const std::size_t each : found.circle) path += "'" + names_[each] + "' -> ";
            throw InvalidArgument{"Segments: segments rest on each other in a circle: " + path + "'" +
                                  names_[found.circle.front()] + "'"};
        }
        order_ = std::move(found.order);
        check_relations();
    }
    /// One look from person to person is enough: a chain of them could come back.
    void check_relations() {
        asks_for_relations_.assign(names_.size(), false);
        for (const std::size_t segment : order_) {
            const RelationUse use = relation_use(conditions_[segment]);
            bool asks = use.asks;
            for (const std::string& named : segments_named(conditions_[segment])) {
                asks = asks || asks_for_relations_[*find(named)];
            }
            asks_for_relations_[segment] = asks;
            check_relations_of(use, "segment '" + names_[segment] + "'");
        }
    }
    void check_relations_of(const RelationUse& use, const std::string& where) const {
        for (const std::string& named : use.of_others) {
            const auto found = find(named);
            if (found && asks_for_relations_[*found]) {
                std::string why = where;
                why += ": what a relation asks of the other person must not ask for relations, as segment \"";
                why += named;
                throw InvalidArgument{why + "\" does"};
            }
        }
    }

    std::vector<std::string> names_;
    std::vector<Condition> conditions_;
    std::map<std::string, std::size_t, std::less<>> places_;
    std::vector<std::size_t> order_;
    std::vector<bool> asks_for_relations_;
};

}  // namespace alloquy::segment
