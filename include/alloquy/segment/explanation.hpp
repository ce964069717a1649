#pragma once

/// \file
/// Explanations: why somebody is in a segment or not, and which single change would turn it.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/model/attribute.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment {

/// What an ExplainedCondition is.
enum class ExplainedKind : std::uint8_t {
    all,       ///< `and` of its parts.
    any,       ///< `or`.
    negation,  ///< `not` its one part.
    test,
    segment,  ///< A test whose one part is the condition of the segment that it names.
};

/// A condition with what was found of one person.
struct ExplainedCondition {
    ExplainedKind kind = ExplainedKind::test;
    std::string text;  ///< In the segment language.
    bool holds;
    model::AttributeValue found;                ///< The value that a test looked at; monostate where there is none.
    std::optional<time::Instant> stands_until;  ///< When it may turn by time alone, at the earliest; nothing: never.
    std::vector<ExplainedCondition> parts;      ///< Of `and`, `or` and `not`, and of a segment that it names.

    friend bool operator==(const ExplainedCondition&, const ExplainedCondition&) = default;
};

/// A single test that, were it to turn, would turn the whole.
struct SingleChange {
    std::string test;             ///< In the segment language.
    bool holds;                   ///< Now; the other way round it would turn the whole.
    model::AttributeValue found;  ///< As in ExplainedCondition.
    /// How far the found number is from the nearest number that it is compared with, |a - b| / (|a| + |b|), in [0, 1];
    /// 1 for what is no number or missing.
    double distance;
    std::optional<time::Instant> by_itself_at;  ///< When it may turn by time alone, at the earliest.

    friend bool operator==(const SingleChange&, const SingleChange&) = default;
};

/// Why somebody is in a segment or not.
struct MembershipExplanation {
    bool is_member;
    ExplainedCondition condition;
    /// Every single test that would turn it, the smallest distance first, then in the order of the condition. Empty
    /// where no single one does.
    std::vector<SingleChange> changes;

    friend bool operator==(const MembershipExplanation&, const MembershipExplanation&) = default;
};

namespace detail {

/// Walks a program's tree for one person.
template <LivePerson V>
class Explainer {
public:
    Explainer(const Program& program, const V& view, bool places_are_segments)
        : program_{&program}, view_{&view}, places_are_segments_{places_are_segments} {
        verdicts_.resize(program.leaves().size());
        asked_.resize(program.leaves().size(), false);
    }
    [[nodiscard]] MembershipExplanation explain(std::uint32_t root) {
        MembershipExplanation explanation{holds(root, none), explained(root), {}};
        std::vector<std::uint32_t> leaves;
        collect(root, leaves);
        for (const std::uint32_t leaf : leaves) {
            if (holds(root, leaf) != explanation.is_member) explanation.changes.push_back(change(leaf));
        }
        std::stable_sort(explanation.changes.begin(), explanation.changes.end(),
                         [](const SingleChange& a, const SingleChange& b) { return a.distance < b.distance; });
        return explanation;
    }

private:
    static constexpr std::uint32_t none = 0xFFFF'FFFF;

    static std::optional<time::Instant> instant(std::int64_t at_ms) {
        if (at_ms > time::Instant::max_unix_ms) return std::nullopt;
        return time::Instant::from_unix_ms(at_ms);
    }
    [[nodiscard]] const Verdict& verdict(std::uint32_t leaf) {
        if (!asked_[leaf]) {
            verdicts_[leaf] = program_->ask_leaf(program_->leaves()[leaf], *view_, true);
            asked_[leaf] = true;
        }
        return verdicts_[leaf];
    }
    /// The root of the segment that a leaf asks for, where that is among the program's conditions.
    [[nodiscard]] std::optional<std::uint32_t> named_root(std::uint32_t leaf) const {
        const Program::Leaf& each = program_->leaves()[leaf];
        const auto* const in = std::get_if<InSegment>(&each.condition.node);
        if (!places_are_segments_) return std::nullopt;
        if (in == nullptr || in->test != MembershipTest::now || !each.segment || *each.segment >= program_->size()) {
            return std::nullopt;
        }
        return program_->root(*each.segment);
    }
    /// Whether a node holds if one leaf were the other way round.
    [[nodiscard]] bool holds(std::uint32_t number, std::uint32_t turned) {
        const Program::Node& node = program_->node(number);
        const auto children = program_->children(node);
        switch (node.op) {
            case Program::Op::leaf: {
                const auto named = named_root(node.first);
                const bool now = named && turned != node.first ? holds(*named, turned) : verdict(node.first).holds;
                return now != (turned == node.first);
            }
            case Program::Op::negation:
                return !holds(children[0], turned);
            case Program::Op::all:
                return std::all_of(children.begin(), children.end(), [&](std::uint32_t c) { return holds(c, turned); });
            case Program::Op::any:
                return std::any_of(children.begin(), children.end(), [&](std::uint32_t c) { return holds(c, turned); });
        }
        return false;
    }
    void collect(std::uint32_t number, std::vector<std::uint32_t>& leaves) {
        const Program::Node& node = program_->node(number);
        if (node.op != Program::Op::leaf) {
            for (const std::uint32_t child : program_->children(node)) collect(child, leaves);
        } else if (const auto named = named_root(node.first)) {
            collect(*named, leaves);
        } else if (std::find(leaves.begin(), leaves.end(), node.first) == leaves.end()) {
            leaves.push_back(node.first);
        }
    }
    [[nodiscard]] Condition condition(std::uint32_t number) const {
        const Program::Node& node = program_->node(number);
        if (node.op == Program::Op::leaf) return program_->leaves()[node.first].condition;
        std::vector<Condition> parts;
        for (const std::uint32_t child : program_->children(node)) parts.push_back(condition(child));
        if (node.op == Program::Op::negation) return {Not{std::move(parts[0])}};
        if (node.op == Program::Op::all) return {All{std::move(parts)}};
        return {Any{std::move(parts)}};
    }
    [[nodiscard]] ExplainedCondition explained(std::uint32_t number) {
        const Program::Node& node = program_->node(number);
        ExplainedCondition all{
            ExplainedKind::test, to_text(condition(number)), holds(number, none), {}, std::nullopt, {}};
        if (node.op == Program::Op::leaf) {
            const Program::Leaf& leaf = program_->leaves()[node.first];
            all.found = program_->found_by(leaf, *view_);
            all.stands_until = instant(verdict(node.first).until_ms);
            if (const auto named = named_root(node.first)) {
                all.kind = ExplainedKind::segment;
                all.parts.push_back(explained(*named));
            }
        } else {
            all.kind = node.op == Program::Op::all   ? ExplainedKind::all
                       : node.op == Program::Op::any ? ExplainedKind::any
                                                     : ExplainedKind::negation;
            all.stands_until = instant(program_->ask_node(number, *view_, true).until_ms);
            for (const std::uint32_t child : program_->children(node)) all.parts.push_back(explained(child));
        }
        return all;
    }
    [[nodiscard]] SingleChange change(std::uint32_t number) {
        const Program::Leaf& leaf = program_->leaves()[number];
        SingleChange change{to_text(leaf.condition), verdict(number).holds, program_->found_by(leaf, *view_), 1,
                            instant(verdict(number).until_ms)};
        if (const auto* const found = std::get_if<double>(&change.found)) {
            for (const double bound : leaf.bounds) {
                const double size = std::abs(*found) + std::abs(bound);
                change.distance = std::min(change.distance, size > 0 ? std::abs(*found - bound) / size : 0.0);
            }
        }
        return change;
    }

    const Program* program_;
    const V* view_;
    bool places_are_segments_;
    std::vector<Verdict> verdicts_;
    std::vector<bool> asked_;
};

}  // namespace detail

/// Why a condition of a program holds of a person or does not.
/// \param places_are_segments  The program's conditions are the segments that they name, by their numbers: a test of
///                             membership is explained by the condition of its segment then.
/// \par Cost  The condition once for each of its tests.
template <LivePerson V>
[[nodiscard]] MembershipExplanation explain(const Program& program, std::uint32_t place, const V& view,
                                            bool places_are_segments) {
    return detail::Explainer<V>{program, view, places_are_segments}.explain(program.root(place));
}

}  // namespace alloquy::segment

template <>
struct alloquy::model::EnumNames<alloquy::segment::ExplainedKind> {
    static constexpr std::array<std::string_view, 5> values{"all", "any", "negation", "test", "segment"};
};
