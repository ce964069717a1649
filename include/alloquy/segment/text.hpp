#pragma once

/// \file
/// Text form of a condition; parse() reads it back.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <alloquy/model/names.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/time/day.hpp>

namespace alloquy::segment {

namespace detail {

/// Writes conditions; brackets stand where the tree would read back as another one.
class Writer {
public:
    enum class Around : std::uint8_t { nothing, any, all, negation };

    void write(const Condition& condition, Around around) {
        std::visit([&](const auto& node) { write_node(node, around); }, condition.node);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    template <class Node>
    void write_node(const Node& node, Around around) {
        if constexpr (std::is_same_v<Node, All>) {
            write_list(node.of, " and ", "true", Around::all, around == Around::all || around == Around::negation);
        } else if constexpr (std::is_same_v<Node, Any>) {
            write_list(node.of, " or ", "false", Around::any, around != Around::nothing);
        } else if constexpr (std::is_same_v<Node, Not>) {
            write_negated(*node.of);
        } else {
            write_leaf(node, false);
        }
    }
    void write_list(const std::vector<Condition>& of, const char* between, const char* none, Around own,
                    bool in_brackets) {
        if (of.empty()) {
            text_ += none;
            return;
        }
        if (in_brackets) text_ += '(';
        for (std::size_t i = 0; i < of.size(); ++i) {
            if (i > 0) text_ += between;
            write(of[i], own);
        }
        if (in_brackets) text_ += ')';
    }
    void write_negated(const Condition& of) {
        std::visit(
            [&](const auto& node) {
                using Node = std::decay_t<decltype(node)>;
                constexpr bool has_own_form = std::is_same_v<Node, Between> || std::is_same_v<Node, OneOf> ||
                                              std::is_same_v<Node, TextMatch> || std::is_same_v<Node, IsKnown>;
                if constexpr (has_own_form) {
                    write_leaf(node, true);
                } else if constexpr (std::is_same_v<Node, Comparison>) {
                    if (node.relation != Relation::equal) text_ += "not ";
                    write_leaf(node, node.relation == Relation::equal);
                } else {
                    text_ += "not ";
                    write_node(node, Around::negation);
                }
            },
            of.node);
    }
    void write_leaf(const Comparison& node, bool negated) {
        field(node.field);
        text_ += ' ';
        text_ += negated ? "!=" : model::name_of(node.relation);
        text_ += ' ';
        value(node.value);
    }
    void write_leaf(const Between& node, bool negated) {
        field(node.field);
        text_ += negated ? " not between " : " between ";
        value(node.from);
        text_ += " and ";
        value(node.to);
    }
    void write_leaf(const OneOf& node, bool negated) {
        field(node.field);
        text_ += negated ? " not in (" : " in (";
        for (std::size_t i = 0; i < node.values.size(); ++i) {
            if (i > 0) text_ += ", ";
            value(node.values[i]);
        }
        text_ += ')';
    }
    void write_leaf(const TextMatch& node, bool negated) {
        field(node.field);
        text_ += negated ? " not " : " ";
        text_ += model::name_of(node.test);
        text_ += ' ';
        value(node.text);
    }
    void write_leaf(const IsKnown& node, bool negated) {
        field(node.field);
        text_ += negated ? " is unknown" : " is known";
    }
    void write_leaf(const HasRole& node, bool) {
        if (node.period != RolePeriod::current) {
            text_ += model::name_of(node.period);
            text_ += ' ';
        }
        text_ += "role";
        if (node.kind) {
            text_ += ' ';
            text_ += model::name_of(*node.kind);
        }
        texts(" of ", node.programmes);
        texts(" at ", node.sites);
    }
    void write_leaf(const Stated& node, bool) {
        text_ += node.is_objection ? "objection to " : "consent to ";
        quoted(node.purpose);
        if (node.channel) {
            text_ += " by ";
            quoted(*node.channel);
        }
    }
    void write_leaf(const RandomPart& node, bool) {
        text_ += "random ";
        if (node.from > 0) {
            number(node.from);
            text_ += " % to ";
        }
        number(node.below);
        text_ += " % of ";
        quoted(node.name);
    }
    void write_leaf(const InSegment& node, bool) {
        text_ += "in segment ";
        quoted(node.name);
    }

    static bool is_plain(std::string_view name) {
        return !name.empty() && is_letter(name[0]) &&
               std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
    }
    void name(std::string_view part, bool first) {
        if (is_plain(part) && !(first && is_reserved(part))) {
            text_ += part;
        } else {
            quoted(part);
        }
    }
    void field(const std::string& whole) {
        const std::size_t colon = whole.find(':');
        const std::string_view start = std::string_view{whole}.substr(0, colon);
        const bool in_two = colon != std::string::npos && colon > 0 && colon + 1 < whole.size();
        if (!in_two) {
            name(whole, true);
            return;
        }
        name(start, true);
        text_ += ':';
        name(std::string_view{whole}.substr(colon + 1), false);
    }
    void texts(const char* before, const std::vector<std::string>& all) {
        if (all.empty()) return;
        text_ += before;
        if (all.size() > 1) text_ += '(';
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i > 0) text_ += ", ";
            quoted(all[i]);
        }
        if (all.size() > 1) text_ += ')';
    }
    void quoted(std::string_view text) {
        text_ += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\') text_ += '\\';
            if (c == '\n' || c == '\r' || c == '\t') {
                text_ += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
            } else {
                text_ += c;
            }
        }
        text_ += '"';
    }
    void number(double value) {
        std::array<char, 32> digits{};
        text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value + 0.0).ptr);
    }
    void value(const Value& value) {
        std::visit(
            [&](const auto& v) {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, bool>) {
                    text_ += v ? "true" : "false";
                } else if constexpr (std::is_same_v<V, double>) {
                    number(v);
                } else if constexpr (std::is_same_v<V, std::string>) {
                    quoted(v);
                } else if constexpr (std::is_same_v<V, time::Day>) {
                    text_ += to_iso(v);
                } else {
                    text_ += '$' + v.name;
                }
            },
            value);
    }

    std::string text_;
};

}  // namespace detail

/// The condition in the segment language, on one line. parse() gives back an equal condition, if it is one that parse()
/// can give: lists of `and` and `or` with none or several conditions.
[[nodiscard]] inline std::string to_text(const Condition& condition) {
    detail::Writer writer;
    writer.write(condition, detail::Writer::Around::nothing);
    return writer.take();
}

}  // namespace alloquy::segment
