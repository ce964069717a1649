#pragma once

/// \file
/// Text form of a condition; parse() reads it back.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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
        operand(node.of);
        text_ += ' ';
        text_ += negated ? "!=" : model::name_of(node.relation);
        text_ += ' ';
        value(node.value);
    }
    void write_leaf(const Between& node, bool negated) {
        operand(node.of);
        text_ += negated ? " not between " : " between ";
        value(node.from);
        text_ += " and ";
        value(node.to);
    }
    void write_leaf(const OneOf& node, bool negated) {
        operand(node.of);
        text_ += negated ? " not in " : " in ";
        values(node.values);
    }
    void write_leaf(const TextMatch& node, bool negated) {
        operand(node.of);
        text_ += negated ? " not " : " ";
        text_ += model::name_of(node.test);
        text_ += ' ';
        value(node.text);
    }
    void write_leaf(const IsKnown& node, bool negated) {
        operand(node.of);
        text_ += negated ? " is unknown" : " is known";
    }
    void write_leaf(const SetTest& node, bool) {
        text_ += "values of ";
        name(node.field, true);
        text_ += " of ";
        facts(node.of, node.where, node.window);
        text_ += " has ";
        text_ += model::name_of(node.relation);
        text_ += ' ';
        values(node.values);
    }
    void write_leaf(const Anniversary& node, bool) {
        text_ += "anniversary of ";
        field(node.field);
        text_ += node.days == 1 ? " today" : " in next " + std::to_string(node.days) + " days";
        zone(node.zone);
    }
    void write_leaf(const Sequence& node, bool) {
        text_ += "sequence (";
        for (std::size_t i = 0; i < node.steps.size(); ++i) {
            const SequenceStep& step = node.steps[i];
            if (i > 0) text_ += " then ";
            if (step.absent) text_ += "no ";
            facts(step.of, step.where, Ever{});
            if (step.within_ms != 0) text_ += " within " + duration(step.within_ms);
        }
        text_ += ')';
        window(node.window);
    }
    void write_leaf(const HasRole& node, bool) {
        period(node.period);
        text_ += "role";
        role(node);
    }
    void write_leaf(const Related& node, bool) {
        period(node.period);
        text_ += "relation";
        word(node.kind);
        if (!node.to_organisation) {
            text_ += " to person";
            where(node.person);
            return;
        }
        text_ += " to organisation";
        texts(" ", node.organisations);
        if (node.organisation_kind) text_ += " of kind";
        word(node.organisation_kind);
    }
    void write_leaf(const HasObligation& node, bool) {
        text_ += model::name_of(node.state);
        text_ += " obligation";
        texts(" ", node.kinds);
        if (node.due_within_ms) text_ += " due within " + duration(*node.due_within_ms);
    }
    void write_leaf(const HasDialogue& node, bool) {
        text_ += node.open ? "open dialogue" : "closed dialogue";
        texts(" about ", node.topics);
        texts(" with ", node.teams);
        words(" of tone ", node.tones);
    }
    void write_leaf(const HasEnrolment& node, bool) {
        text_ += "enrolment";
        words(" with status ", node.statuses);
        texts(" of ", node.programmes);
    }
    void write_leaf(const OnList& node, bool) {
        text_ += "on list ";
        quoted(node.name);
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
        constexpr std::array<std::string_view, 5> starts{"in", "was in", "entered", "left", "in"};  // by MembershipTest
        text_ += starts[static_cast<std::size_t>(node.test)];
        text_ += " segment ";
        quoted(node.name);
        window(node.window);
        if (node.test == MembershipTest::since) text_ += " for " + duration(node.for_ms);
    }

    void operand(const Operand& operand) {
        std::visit(
            [&](const auto& of) {
                using Of = std::decay_t<decltype(of)>;
                if constexpr (std::is_same_v<Of, std::string>) {
                    field(of);
                } else if constexpr (std::is_same_v<Of, Aggregate>) {
                    aggregate(of);
                } else {
                    text_ += "count of ";
                    period(of.of.period);
                    text_ += "roles";
                    role(of.of);
                }
            },
            operand);
    }
    void aggregate(const Aggregate& of) {
        for (const char c : model::name_of(of.function)) text_ += c == '_' ? ' ' : c;
        if (!of.field.empty()) {
            text_ += ' ';
            name(of.field, true);
        }
        text_ += " of ";
        facts(of.of, of.where, of.window);
    }
    void facts(FactKind kind, const std::optional<SubCondition>& condition, const Window& when) {
        text_ += model::name_of(kind);
        where(condition);
        window(when);
    }
    void where(const std::optional<SubCondition>& condition) {
        if (!condition) return;
        text_ += " where ";
        write(**condition, Around::negation);
    }
    void window(const Window& window) {
        std::visit(
            [&](const auto& when) {
                using When = std::decay_t<decltype(when)>;
                if constexpr (std::is_same_v<When, Rolling>) {
                    text_ += " in last " + duration(when.length_ms);
                } else if constexpr (std::is_same_v<When, DayRange>) {
                    if (when.from) text_ += " from " + to_iso(*when.from);
                    if (when.to) text_ += " to " + to_iso(*when.to);
                    zone(when.zone);
                } else if constexpr (!std::is_same_v<When, Ever>) {
                    text_ += when.previous ? " in previous " : " in this ";
                    for (const char c : model::name_of(when.unit)) text_ += c == '_' ? ' ' : c;
                    zone(when.zone);
                }
            },
            window);
    }
    void zone(const ZoneName& zone) {
        if (zone.empty()) return;
        if (zone == own_zone) {
            text_ += " in own zone";
            return;
        }
        text_ += " in zone ";
        quoted(zone);
    }
    /// In the largest unit that gives a whole number.
    static std::string duration(std::int64_t ms) {
        const auto unit = std::find_if(duration_units.rbegin(), duration_units.rend(),
                                       [&](const DurationUnit& each) { return ms % each.ms == 0; });
        return counted(ms / unit->ms, unit->name);
    }
    static std::string counted(std::int64_t count, std::string_view unit) {
        return std::to_string(count) + ' ' + std::string{unit} + (count == 1 ? "" : "s");
    }
    void period(RolePeriod period) {
        if (period == RolePeriod::current) return;
        text_ += model::name_of(period);
        text_ += ' ';
    }
    void role(const HasRole& role) {
        word(role.kind);
        texts(" of ", role.programmes);
        texts(" at ", role.sites);
    }
    template <class Enum>
    void word(const std::optional<Enum>& value) {
        if (!value) return;
        text_ += ' ';
        text_ += model::name_of(*value);
    }
    /// Names of a closed list: bare.
    void words(const char* before, const std::vector<std::string>& all) {
        if (all.empty()) return;
        text_ += before;
        if (all.size() > 1) text_ += '(';
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i > 0) text_ += ", ";
            name(all[i], false);
        }
        if (all.size() > 1) text_ += ')';
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
    void values(const std::vector<Value>& all) {
        text_ += '(';
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i > 0) text_ += ", ";
            value(all[i]);
        }
        text_ += ')';
    }
    void relative_day(const RelativeDay& day) {
        text_ += "today";
        if (day.amount != 0 || day.unit != CalendarUnit::day) {
            text_ += day.amount < 0 ? " - " : " + ";
            text_ += counted(std::abs(std::int64_t{day.amount}), model::name_of(day.unit));
        }
        zone(day.zone);
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
                } else if constexpr (std::is_same_v<V, RelativeDay>) {
                    relative_day(v);
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
/// can give: lists of `and` and `or` with none or several conditions, members within their ranges, and none set that
/// its text has no place for (a window of `in segment`, a `due` of what is not open).
[[nodiscard]] inline std::string to_text(const Condition& condition) {
    detail::Writer writer;
    writer.write(condition, detail::Writer::Around::nothing);
    return writer.take();
}

}  // namespace alloquy::segment
