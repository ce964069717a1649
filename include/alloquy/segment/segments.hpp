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
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>

namespace alloquy::segment {

/// Policy of one segment.
struct SegmentConfig {
    std::string name;       ///< As in `in segment "name"`.
    std::string condition;  ///< In the segment language; without parameters.

    friend bool operator==(const SegmentConfig&, const SegmentConfig&) = default;
};

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
                } else if constexpr (std::is_same_v<Node, InSegment>) {
                    if (std::find(names.begin(), names.end(), node.name) == names.end()) names.push_back(node.name);
                }
            },
            each.node);
    };
    visit(visit, condition);
    return names;
}

/// Named conditions, parsed, whose mentions of each other lead nowhere in a circle.
class Segments {
public:
    /// \throws InvalidArgument  if a name is empty or stands twice, a condition is wrong (with the segment's name, line
    /// and
    ///                          column), one names a segment that there is not, or segments rest on each other in a
    ///                          circle (the text tells the path).
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
        std::vector<State> states(names_.size(), State::unseen);
        std::vector<std::size_t> path;
        for (std::size_t i = 0; i < names_.size(); ++i) put_in_order(i, states, path);
    }

    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    /// \param segment  Below size(), which the caller sees to; so for condition().
    [[nodiscard]] const std::string& name(std::size_t segment) const noexcept { return names_[segment]; }
    [[nodiscard]] const Condition& condition(std::size_t segment) const noexcept { return conditions_[segment]; }
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const {
        const auto found = places_.find(name);
        return found == places_.end() ? std::nullopt : std::optional{found->second};
    }
    /// The segments in an order in which each comes after those that it rests on; of several possible orders the one
    /// that keeps to the given order as far as it can.
    [[nodiscard]] const std::vector<std::size_t>& in_order() const noexcept { return order_; }

private:
    enum class State : std::uint8_t { unseen, on_path, done };

    /// Depth first (R. E. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972)).
    void put_in_order(std::size_t segment, std::vector<State>& states, std::vector<std::size_t>& path) {
        if (states[segment] == State::done) return;
        if (states[segment] == State::on_path) {
            std::string circle;
            bool in_circle = false;
            for (const std::size_t each : path) {
                in_circle = in_circle || each == segment;
                if (in_circle) circle += "'" + names_[each] + "' -> ";
            }
            throw InvalidArgument{"Segments: segments rest on each other in a circle: " + circle + "'" +
                                  names_[segment] + "'"};
        }
        states[segment] = State::on_path;
        path.push_back(segment);
        for (const std::string& named : segments_named(conditions_[segment])) {
            const auto found = find(named);
            if (!found) {
                const std::vector<std::string_view> known(names_.begin(), names_.end());
                throw InvalidArgument{"segment '" + names_[segment] + "': there is no segment \"" + named + '"' +
                                      did_you_mean(named, known)};
            }
            put_in_order(*found, states, path);
        }
        path.pop_back();
        states[segment] = State::done;
        order_.push_back(segment);
    }

    std::vector<std::string> names_;
    std::vector<Condition> conditions_;
    std::map<std::string, std::size_t, std::less<>> places_;
    std::vector<std::size_t> order_;
};

}  // namespace alloquy::segment
