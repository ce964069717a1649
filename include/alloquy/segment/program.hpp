#pragma once

/// \file
/// Program: conditions made ready to be asked often. Each answer says until when it stands if no fact comes in.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/check.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/leaf_tests.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment {

/// Whether something holds, and until when (exclusive) it does so at least, if no fact comes in.
struct Verdict {
    bool holds = false;
    std::int64_t until_ms = never_ms;

    friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// A change of membership in eight bytes, ordered by instant, segment, and left before entered.
class PackedTurn {
public:
    /// \param segment  Below max_segments, which the caller sees to.
    PackedTurn(std::int64_t at_ms, std::uint32_t segment, bool entered) noexcept
        : bits_{static_cast<std::uint64_t>(at_ms - time::Instant::min_unix_ms) << 13U | std::uint64_t{segment} << 1U |
                (entered ? 1U : 0U)} {}
    [[nodiscard]] std::int64_t at_ms() const noexcept {
        return static_cast<std::int64_t>(bits_ >> 13U) + time::Instant::min_unix_ms;
    }
    [[nodiscard]] std::uint32_t segment() const noexcept {
        return static_cast<std::uint32_t>(bits_ >> 1U) & (max_segments - 1);
    }
    [[nodiscard]] bool entered() const noexcept { return (bits_ & 1U) != 0; }
    friend auto operator<=>(PackedTurn, PackedTurn) noexcept = default;

    static constexpr std::uint32_t max_segments = 1U << 12U;

private:
    std::uint64_t bits_;  // 51 bits of instant hold 71,000 years
};

/// One person as a Program sees it, with the facts not after now().
template <class V>
concept LivePerson = requires(const V& view, std::size_t field, std::int64_t at_ms, PersonId person,
                              OrganisationId organisation, std::uint32_t segment) {
    { view.now_ms() } -> std::same_as<std::int64_t>;
    { view.person() } -> std::convertible_to<const model::Person&>;
    { view.symbols() } -> std::convertible_to<const model::Symbols&>;
    { view.key() } -> std::same_as<std::uint64_t>;
    /// A number of the catalogue as it is, or as it will be at a later instant if no fact comes in.
    { view.number(field, at_ms) } -> std::same_as<std::optional<double>>;
    /// A text of the catalogue.
    { view.text(field) } -> std::same_as<model::AttributeValue>;
    /// The next instant at which a field that jumps, ages or nears may change otherwise.
    { view.next_jump(field) } -> std::same_as<std::int64_t>;
    /// Shortest half-life of a falling field, in days.
    { view.half_life_days(field) } -> std::same_as<double>;
    { view.latest_fact_ms() } -> std::same_as<std::int64_t>;
    /// From the oldest to the newest.
    { view.facts() } -> std::convertible_to<std::span<const KeptFact>>;
    { view.is_member(segment) } -> std::same_as<bool>;
    /// All turns of all segments, ascending.
    { view.turns() } -> std::convertible_to<std::span<const PackedTurn>>;
    /// The first turn of a segment after now that is known already, as of another person who was followed further;
    /// never_ms without one.
    { view.next_turn(segment) } -> std::same_as<std::int64_t>;
    { view.organisation(organisation) } -> std::same_as<const model::Organisation*>;
    /// Another person at the same instant; nothing where there is none.
    { view.other(person) } -> std::same_as<std::optional<V>>;
};

/// The instant to which a field that moves hourly is read.
[[nodiscard]] constexpr std::int64_t sample_ms(std::int64_t now_ms, std::int64_t latest_fact_ms) noexcept {
    constexpr std::int64_t hour_ms = 3'600'000;
    const std::int64_t hour = now_ms - (now_ms % hour_ms + hour_ms) % hour_ms;
    return std::max(hour, std::min(latest_fact_ms, now_ms));
}

/// Conditions, each asked by its place. Segments among them may name each other; whatever else they name is looked up
/// by the view.
class Program {
public:
    /// What one leaf of a tree needs beside its condition.
    struct Leaf {
        Condition condition;                                    ///< No All, Any or Not.
        std::optional<std::size_t> field{};                     ///< Of the catalogue.
        std::string attribute{};                                ///< Name of the attribute, else empty.
        std::optional<model::AttributeName> attribute_word{};   ///< Its word, where a fact has used it already.
        Motion motion = Motion::steady;                         ///< Of the field.
        std::vector<std::uint32_t> filters{};                   ///< Of the facts that it counts, or of the steps.
        std::size_t fact_field{};                               ///< Of an aggregate or set, among fact_fields().
        std::vector<double> bounds{};                           ///< Numbers that it is compared with, ascending.
        std::shared_ptr<const RegularExpression> expression{};  ///< Of `matches`.
        std::optional<std::uint32_t> segment{};                 ///< That it names.
        std::optional<std::uint32_t> person{};                  ///< Root of what a relation asks of the other person.
    };
    enum class Op : std::uint8_t { all, any, negation, leaf };
    struct Node {
        Op op;
        std::uint32_t first;  ///< Into children(), or the leaf's number.
        std::uint32_t count;
    };
    /// Finds the number of a segment that a condition names; nothing where there is none.
    using FindSegment = std::function<std::optional<std::uint32_t>(std::string_view name)>;

    /// \param catalogue  As the view numbers its fields.
    /// \param kinds      Gains the filters; must outlive this.
    /// \param calendar   Must outlive this.
    Program(const Catalogue& catalogue, FactKinds& kinds, const SegmentCalendar& calendar, FindSegment find)
        : catalogue_{&catalogue}, kinds_{&kinds}, calendar_{&calendar}, find_{std::move(find)} {}

    /// Adds a condition without parameters.
    /// \return Its place: 0, 1, …
    /// \throws InvalidArgument  if it names a field, zone or segment that there is not, still has a parameter, or is
    /// one
    ///                          that parse() would not give.
    std::uint32_t add(const Condition& condition) {
        check(condition, *catalogue_);
        static_cast<void>(with_parameters(condition, {}));  // throws where a parameter is left
        roots_.push_back(add_node(condition));
        return static_cast<std::uint32_t>(roots_.size() - 1);
    }
    [[nodiscard]] std::size_t size() const noexcept { return roots_.size(); }
    [[nodiscard]] const std::vector<Leaf>& leaves() const noexcept { return leaves_; }
    [[nodiscard]] const Node& node(std::uint32_t number) const noexcept { return nodes_[number]; }
    [[nodiscard]] std::uint32_t root(std::uint32_t place) const noexcept { return roots_[place]; }
    [[nodiscard]] std::span<const std::uint32_t> children(const Node& node) const noexcept {
        return std::span{children_}.subspan(node.first, node.count);
    }
    [[nodiscard]] const FactKinds& kinds() const noexcept { return *kinds_; }
    [[nodiscard]] const SegmentCalendar& calendar() const noexcept { return *calendar_; }
    [[nodiscard]] const Catalogue& catalogue() const noexcept { return *catalogue_; }

    /// Longest stretch before an instant of which facts are needed; never_ms where all are.
    [[nodiscard]] std::int64_t horizon_ms() const noexcept { return horizon_ms_; }
    /// Whether something asks for words of interactions, which kept facts cannot tell after the event.
    [[nodiscard]] bool reads_text() const {
        return std::any_of(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) {
            return std::any_of(leaf.filters.begin(), leaf.filters.end(),
                               [&](std::uint32_t filter) { return kinds_->reads_text(filter); });
        });
    }
    /// Whether something asks about other people.
    [[nodiscard]] bool reads_relations() const noexcept { return reads_relations_; }
    /// Whether something asks for earlier membership.
    [[nodiscard]] bool reads_turns() const noexcept { return reads_turns_; }
    /// Whether a field of the catalogue is read.
    [[nodiscard]] bool reads_field(std::size_t field) const {
        return std::any_of(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) { return leaf.field == field; });
    }
    /// Whether a condition reads a field of the catalogue.
    [[nodiscard]] bool reads_field(std::uint32_t place, std::size_t field) const {
        return node_reads(roots_[place], field);
    }
    /// Whether an interaction of a kind can change the answer of a condition by itself; that of the segments which it
    /// names is not counted.
    [[nodiscard]] bool touches(std::uint32_t kind, std::uint32_t place) const {
        return touches_node(kind, roots_[place]);
    }
    /// The segments that conditions about other people name.
    [[nodiscard]] std::vector<std::uint32_t> segments_of_others() const {
        std::vector<std::uint32_t> all;
        for (const Leaf& leaf : leaves_) {
            if (leaf.person) collect_segments(*leaf.person, all);
        }
        return all;
    }
    /// The segments that a condition names.
    [[nodiscard]] std::vector<std::uint32_t> segments_of(std::uint32_t place) const {
        std::vector<std::uint32_t> all;
        collect_segments(roots_[place], all);
        return all;
    }

    /// The attribute that a leaf looks at; null where nothing was stated.
    [[nodiscard]] static const model::AttributeValue* attribute_of(const Leaf& leaf, const model::Person& person,
                                                                   const model::Symbols& symbols) {
        if (leaf.attribute_word) return model::attribute(person, *leaf.attribute_word);
        const auto word = symbols.attributes.find(leaf.attribute);
        return word ? model::attribute(person, *word) : nullptr;
    }
    /// Whether a condition holds of a person.
    /// \param precise  Find the very instant at which a falling score crosses; else an instant not after it.
    template <LivePerson V>
    [[nodiscard]] Verdict ask(std::uint32_t place, const V& view, bool precise = true) const {
        return ask_node(roots_[place], view, precise);
    }
    template <LivePerson V>
    [[nodiscard]] Verdict ask_node(std::uint32_t number, const V& view, bool precise) const {
        const Node& node = nodes_[number];
        switch (node.op) {
            case Op::leaf:
                return ask_leaf(leaves_[node.first], view, precise);
            case Op::negation: {
                Verdict verdict = ask_node(children_[node.first], view, precise);
                verdict.holds = !verdict.holds;
                return verdict;
            }
            case Op::all:
            case Op::any: {
                // One child that decides is enough: the answer stands as long as that child's does.
                const bool decisive = node.op == Op::any;
                std::int64_t until = never_ms;
                for (std::uint32_t i = 0; i < node.count; ++i) {
                    const Verdict verdict = ask_node(children_[node.first + i], view, precise);
                    if (verdict.holds == decisive) return verdict;
                    until = std::min(until, verdict.until_ms);
                }
                return {!decisive, until};
            }
        }
        return {};
    }
    /// What a leaf looks at: the value of its operand; monostate where it is missing or the leaf has none.
    template <LivePerson V>
    [[nodiscard]] model::AttributeValue found_by(const Leaf& leaf, const V& view) const {
        return std::visit(
            [&](const auto& node) -> model::AttributeValue {
                using N = std::decay_t<decltype(node)>;
                if constexpr (detail::is_value_test<N>) {
                    return operand_value(leaf, node.of, view).first;
                } else if constexpr (std::is_same_v<N, Anniversary>) {
                    return attribute_value(leaf, view);
                } else if constexpr (std::is_same_v<N, RandomPart>) {
                    return draw(view.key(), node.name);
                } else {
                    return {};
                }
            },
            leaf.condition.node);
    }
    template <LivePerson V>
    [[nodiscard]] Verdict ask_leaf(const Leaf& leaf, const V& view, bool precise) const {
        return std::visit(
            [&](const auto& node) -> Verdict {
                using N = std::decay_t<decltype(node)>;
                const std::int64_t now_ms = view.now_ms();
                if constexpr (detail::is_value_test<N>) {
                    return ask_value(leaf, node, view, precise);
                } else if constexpr (std::is_same_v<N, SetTest>) {
                    return ask_set(leaf, node, view);
                } else if constexpr (std::is_same_v<N, Anniversary>) {
                    const model::AttributeValue value = attribute_value(leaf, view);
                    const auto* const day = std::get_if<time::Day>(&value);
                    if (day == nullptr) return {};
                    const auto today = calendar_->today(node.zone, view.person().zone, now_ms);
                    const auto next = next_anniversary(*day, today.day);
                    return {next && next->unix_days() - today.day.unix_days() < node.days, today.until_ms};
                } else if constexpr (std::is_same_v<N, Sequence>) {
                    return ask_sequence(leaf, node, view);
                } else if constexpr (std::is_same_v<N, HasRole>) {
                    return {detail::count_roles(node, view.person(), time::Instant::from_unix_ms(now_ms),
                                                view.symbols()) > 0,
                            detail::next_boundary(view.person().roles, now_ms)};
                } else if constexpr (std::is_same_v<N, Related>) {
                    return ask_related(leaf, node, view, precise);
                } else if constexpr (std::is_same_v<N, HasObligation>) {
                    const bool holds =
                        detail::holds_of(node, view.person(), time::Instant::from_unix_ms(now_ms), view.symbols());
                    const bool in_time = node.state == ObligationState::overdue || node.due_within_ms;
                    return {holds, in_time
                                       ? detail::next_deadline(view.person(), now_ms, node.due_within_ms.value_or(0))
                                       : never_ms};
                } else if constexpr (std::is_same_v<N, HasDialogue> || std::is_same_v<N, HasEnrolment> ||
                                     std::is_same_v<N, Stated>) {
                    return {detail::holds_of(node, view.person(), view.symbols()), never_ms};
                } else if constexpr (std::is_same_v<N, RandomPart>) {
                    const double at = draw(view.key(), node.name);
                    return {at >= node.from && at < node.below, never_ms};
                } else if constexpr (std::is_same_v<N, OnList>) {
                    return {detail::on_list(node, view.person(), view.symbols()), never_ms};
                } else if constexpr (std::is_same_v<N, InSegment>) {
                    return ask_segment(leaf, node, view);
                } else {
                    return {};
                }
            },
            leaf.condition.node);
    }

private:
    // Making ready -----------------------------------------------------------------------------------------------

    std::uint32_t add_node(const Condition& condition) {
        return std::visit(
            [&](const auto& node) -> std::uint32_t {
                using Node_ = std::decay_t<decltype(node)>;
                if constexpr (std::is_same_v<Node_, All> || std::is_same_v<Node_, Any>) {
                    std::vector<std::uint32_t> own;
                    for (const Condition& each : node.of) own.push_back(add_node(each));
                    return put(std::is_same_v<Node_, All> ? Op::all : Op::any, own);
                } else if constexpr (std::is_same_v<Node_, Not>) {
                    return put(Op::negation, {add_node(*node.of)});
                } else {
                    const std::uint32_t leaf = add_leaf(condition);
                    nodes_.push_back({Op::leaf, leaf, 0});
                    return static_cast<std::uint32_t>(nodes_.size() - 1);
                }
            },
            condition.node);
    }
    std::uint32_t put(Op op, const std::vector<std::uint32_t>& own) {
        nodes_.push_back({op, static_cast<std::uint32_t>(children_.size()), static_cast<std::uint32_t>(own.size())});
        children_.insert(children_.end(), own.begin(), own.end());
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    std::uint32_t add_leaf(const Condition& condition) {
        for (std::size_t i = 0; i < leaves_.size(); ++i) {
            if (leaves_[i].condition == condition) return static_cast<std::uint32_t>(i);
        }
        Leaf leaf{condition};
        std::visit(
            [&](const auto& node) {
                using N = std::decay_t<decltype(node)>;
                if constexpr (detail::is_value_test<N>) {
                    note_operand(leaf, node.of);
                    detail::for_each_value(node, [&](const Value& value) {
                        if (const auto* const parameter = std::get_if<Parameter>(&value)) {
                            throw InvalidArgument{"segment condition: parameter $" + parameter->name + " has no value"};
                        }
                        if (const auto* const number = std::get_if<double>(&value)) leaf.bounds.push_back(*number);
                        if (const auto* const day = std::get_if<RelativeDay>(&value)) check_zone(day->zone);
                    });
                    std::sort(leaf.bounds.begin(), leaf.bounds.end());
                    if constexpr (std::is_same_v<N, TextMatch>) {
                        if (node.test == TextTest::matches) {
                            if (const std::string* const pattern = detail::text_of(node.text)) {
                                leaf.expression = std::make_shared<const RegularExpression>(*pattern);
                            }
                        }
                    }
                } else if constexpr (std::is_same_v<N, SetTest>) {
                    note_facts(leaf, node.of, node.where, node.window);
                    note_fact_field(leaf, node.of, node.field);
                } else if constexpr (std::is_same_v<N, Anniversary>) {
                    note_field(leaf, node.field);
                    check_zone(node.zone);
                } else if constexpr (std::is_same_v<N, Sequence>) {
                    for (const SequenceStep& step : node.steps)
                        leaf.filters.push_back(kinds_->filter({step.of, step.where}));
                    note_window(node.window);
                } else if constexpr (std::is_same_v<N, Related>) {
                    reads_relations_ = true;
                    if (node.person) leaf.person = add_node(**node.person);
                } else if constexpr (std::is_same_v<N, InSegment>) {
                    leaf.segment = find_ ? find_(node.name) : std::nullopt;
                    if (!leaf.segment)
                        throw InvalidArgument{"segment condition: there is no segment \"" + node.name + '"'};
                    if (node.test != MembershipTest::now) reads_turns_ = true;
                    check_window(node.window);
                }
            },
            condition.node);
        leaves_.push_back(std::move(leaf));
        return static_cast<std::uint32_t>(leaves_.size() - 1);
    }
    void note_operand(Leaf& leaf, const Operand& operand) {
        if (const auto* const name = std::get_if<std::string>(&operand)) {
            note_field(leaf, *name);
        } else if (const auto* const aggregate = std::get_if<Aggregate>(&operand)) {
            note_facts(leaf, aggregate->of, aggregate->where, aggregate->window);
            if (!aggregate->field.empty()) note_fact_field(leaf, aggregate->of, aggregate->field);
        }
    }
    void note_field(Leaf& leaf, const std::string& name) {
        leaf.field = catalogue_->find(name);
        if (leaf.field) {
            leaf.motion = catalogue_->fields()[*leaf.field].motion;
        } else if (catalogue_->type_of(name)) {
            leaf.attribute = name.substr(attribute_prefix.size());
            leaf.attribute_word = kinds_->symbols().attributes.find(leaf.attribute);
        } else {
            throw InvalidArgument{"segment condition: there is no field \"" + name + '"'};
        }
    }
    void note_facts(Leaf& leaf, FactKind of, const std::optional<SubCondition>& where, const Window& window) {
        leaf.filters.push_back(kinds_->filter({of, where}));
        note_window(window);
    }
    void note_fact_field(Leaf& leaf, FactKind of, const std::string& name) {
        const std::vector<Field>& fields = fact_fields(of);
        const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
        if (found == fields.end() || name == "text") {
            throw InvalidArgument{"segment condition: " + std::string{model::name_of(of)} + " have no field \"" + name +
                                  "\" that can be counted"};
        }
        leaf.fact_field = static_cast<std::size_t>(found - fields.begin());
    }
    void check_zone(const ZoneName& zone) const {
        if (!calendar_->has_zone(zone)) throw InvalidArgument{"segments: there is no time zone '" + zone + "'"};
    }
    void check_window(const Window& window) const {
        std::visit(
            [&](const auto& each) {
                if constexpr (requires { each.zone; }) check_zone(each.zone);
            },
            window);
    }
    /// Also notes how far back it reaches.
    void note_window(const Window& window) {
        check_window(window);
        constexpr std::int64_t day_ms = 86'400'000;
        const auto* const rolling = std::get_if<Rolling>(&window);
        const auto* const calendar = std::get_if<CalendarWindow>(&window);
        std::int64_t reach = never_ms;
        if (rolling != nullptr) {
            reach = rolling->length_ms;
        } else if (calendar != nullptr) {
            constexpr std::int64_t longest[] = {2, 8, 32, 93, 367};
            reach = longest[static_cast<std::size_t>(calendar->unit)] * day_ms * (calendar->previous ? 2 : 1);
        }
        horizon_ms_ = std::max(horizon_ms_, reach);
    }
    [[nodiscard]] bool node_reads(std::uint32_t number, std::size_t field) const {
        const Node& node = nodes_[number];
        if (node.op == Op::leaf) {
            const Leaf& leaf = leaves_[node.first];
            return leaf.field == field || (leaf.person && node_reads(*leaf.person, field));
        }
        const auto own = children(node);
        return std::any_of(own.begin(), own.end(), [&](std::uint32_t child) { return node_reads(child, field); });
    }
    [[nodiscard]] bool touches_node(std::uint32_t kind, std::uint32_t number) const {
        const Node& node = nodes_[number];
        if (node.op == Op::leaf) {
            const Leaf& leaf = leaves_[node.first];
            // A column may rest on any fact.
            if (leaf.field && catalogue_->fields()[*leaf.field].type == FieldType::number) return true;
            return std::any_of(leaf.filters.begin(), leaf.filters.end(),
                               [&](std::uint32_t filter) { return kinds_->passes(kind, filter); });
        }
        const auto own = children(node);
        return std::any_of(own.begin(), own.end(), [&](std::uint32_t child) { return touches_node(kind, child); });
    }
    void collect_segments(std::uint32_t number, std::vector<std::uint32_t>& all) const {
        const Node& node = nodes_[number];
        if (node.op != Op::leaf) {
            for (const std::uint32_t child : children(node)) collect_segments(child, all);
            return;
        }
        const Leaf& leaf = leaves_[node.first];
        if (leaf.segment) all.push_back(*leaf.segment);
        if (leaf.person) collect_segments(*leaf.person, all);
    }

    // Answers ----------------------------------------------------------------------------------------------------

    template <class V>
    [[nodiscard]] static model::AttributeValue attribute_value(const Leaf& leaf, const V& view) {
        const model::AttributeValue* const value = attribute_of(leaf, view.person(), view.symbols());
        return value == nullptr ? model::AttributeValue{} : *value;
    }
    [[nodiscard]] WindowAt window_at(const Window& window, const model::Person& person, std::int64_t now_ms) const {
        if (const auto* const rolling = std::get_if<Rolling>(&window)) {
            return {now_ms - rolling->length_ms + 1, never_ms, never_ms, rolling->length_ms};
        }
        return calendar_->window_at(window, person.zone, now_ms);
    }
    /// The facts of a window, by instant.
    [[nodiscard]] static std::span<const KeptFact> within(std::span<const KeptFact> facts, const WindowAt& window) {
        const auto not_before = [](std::int64_t at_ms) {
            return [at_ms](const KeptFact& fact) { return fact.at_ms() < at_ms; };
        };
        auto first = facts.begin();
        if (window.rolling_ms > 0) {
            // Most windows are short beside what is kept.
            first = facts.end();
            while (first != facts.begin() && std::prev(first)->at_ms() >= window.from_ms) --first;
        } else if (window.from_ms != always_ms) {
            first = std::partition_point(facts.begin(), facts.end(), not_before(window.from_ms));
        }
        const auto end =
            window.to_ms == never_ms ? facts.end() : std::partition_point(first, facts.end(), not_before(window.to_ms));
        return {first, end};
    }

    /// The value of an operand, and until when it stands by itself.
    template <class V>
    [[nodiscard]] std::pair<model::AttributeValue, std::int64_t> operand_value(const Leaf& leaf, const Operand& operand,
                                                                               const V& view) const {
        const std::int64_t now_ms = view.now_ms();
        if (const auto* const aggregate = std::get_if<Aggregate>(&operand))
            return aggregate_value(leaf, *aggregate, view);
        if (const auto* const roles = std::get_if<RoleCount>(&operand)) {
            const std::size_t count =
                detail::count_roles(roles->of, view.person(), time::Instant::from_unix_ms(now_ms), view.symbols());
            return {static_cast<double>(count), detail::next_boundary(view.person().roles, now_ms)};
        }
        if (!leaf.field) return {attribute_value(leaf, view), never_ms};
        if (catalogue_->fields()[*leaf.field].type != FieldType::number) {
            return {view.text(*leaf.field), leaf.motion == Motion::jumps ? view.next_jump(*leaf.field) : never_ms};
        }
        std::int64_t until = never_ms;
        std::int64_t at_ms = now_ms;
        switch (leaf.motion) {
            case Motion::steady:
            case Motion::falling:
                break;
            case Motion::jumps:
            case Motion::ageing:
            case Motion::nearing:
                until = view.next_jump(*leaf.field);
                break;
            case Motion::hourly:
                at_ms = sample_ms(now_ms, view.latest_fact_ms());
                until = sample_ms(now_ms, always_ms) + 3'600'000;
                break;
        }
        const std::optional<double> number = view.number(*leaf.field, at_ms);
        return {number ? model::AttributeValue{*number} : model::AttributeValue{}, until};
    }

    template <class V, class Test>
    [[nodiscard]] Verdict ask_value(const Leaf& leaf, const Test& test, const V& view, bool precise) const {
        const std::pair<model::AttributeValue, std::int64_t> found = operand_value(leaf, test.of, view);
        const model::AttributeValue& value = found.first;
        std::int64_t until = found.second;
        const std::int64_t now_ms = view.now_ms();
        const bool holds = detail::test_value(
            test, value,
            [&](const RelativeDay& day) {
                const auto today = calendar_->today(day.zone, view.person().zone, now_ms);
                until = std::min(until, today.until_ms);
                return moved(today.day, day.amount, day.unit);
            },
            leaf.expression.get());
        const auto* const number = std::get_if<double>(&value);
        if (number != nullptr && !leaf.bounds.empty()) {
            until = std::min(until, next_crossing(leaf, test.of, *number, view, precise));
        }
        return {holds, until};
    }
    /// The first instant after now, or one before it, at which a moving number reaches or leaves one of the numbers
    /// that it is compared with.
    template <class V>
    [[nodiscard]] std::int64_t next_crossing(const Leaf& leaf, const Operand& operand, double value, const V& view,
                                             bool precise) const {
        const std::int64_t now_ms = view.now_ms();
        constexpr double day_ms = 86'400'000;
        std::int64_t next = never_ms;
        if (const auto* const aggregate = std::get_if<Aggregate>(&operand)) {
            const bool ages =
                aggregate->function == Function::days_since_first || aggregate->function == Function::days_since_last;
            if (!ages) return never_ms;
            const double since_ms = value * day_ms;
            for (const double bound : leaf.bounds) {
                next = std::min(next, first_time(now_ms, bound * day_ms - since_ms, [&](std::int64_t at_ms) {
                                    return age_at(value, now_ms, at_ms) - bound;
                                }));
            }
            return next;
        }
        if (!leaf.field) return never_ms;
        const auto later = [&](std::int64_t at_ms) { return view.number(*leaf.field, at_ms).value_or(value); };
        switch (leaf.motion) {
            case Motion::ageing:
                for (const double bound : leaf.bounds) {
                    next = std::min(next, first_time(now_ms, (bound - value) * day_ms,
                                                     [&](std::int64_t at_ms) { return later(at_ms) - bound; }));
                }
                return next;
            case Motion::nearing:
                for (const double bound : leaf.bounds) {
                    next = std::min(next, first_time(now_ms, (value - bound) * day_ms,
                                                     [&](std::int64_t at_ms) { return bound - later(at_ms); }));
                }
                return next;
            case Motion::falling: {
                // The nearest number below, or the value itself.
                const auto above = std::upper_bound(leaf.bounds.begin(), leaf.bounds.end(), value);
                if (above == leaf.bounds.begin() || value <= 0) return never_ms;
                const double bound = *std::prev(above);
                if (bound < 0) return never_ms;
                if (value == bound) {
                    return precise ? first_time_of(now_ms + 1, [&](std::int64_t at_ms) { return later(at_ms) < bound; })
                                   : now_ms + 1;
                }
                // It keeps at least the part that its shortest half-life leaves; scores are rounded by less than this.
                constexpr double rounding = 1e-8;
                const double ratio = (value - rounding) / (bound + rounding);
                const double halvings = ratio > 1 ? score::log2(ratio) : 0;
                const double least_ms = std::floor(halvings * view.half_life_days(*leaf.field) * day_ms) - 2;
                const std::int64_t earliest = now_ms + static_cast<std::int64_t>(std::clamp(least_ms, 1.0, most_ms));
                if (!precise) return earliest;
                return first_time_of(earliest, [&](std::int64_t at_ms) { return later(at_ms) <= bound; });
            }
            default:
                return never_ms;
        }
    }
    static constexpr double most_ms = 6.4e12;  // two hundred years
    [[nodiscard]] static double age_at(double age_days, std::int64_t now_ms, std::int64_t at_ms) noexcept {
        // The age is a quotient of whole milliseconds, which this gives back.
        const auto since = static_cast<std::int64_t>(age_days * 86'400'000.0 + 0.5);
        return static_cast<double>(since + (at_ms - now_ms)) / 86'400'000.0;
    }
    /// The first instant after now at which a rising excess is at least 0; the one after it where it is 0 now.
    /// \param wait_ms  About how long that takes.
    template <class Excess>
    [[nodiscard]] static std::int64_t first_time(std::int64_t now_ms, double wait_ms, const Excess& excess) {
        if (wait_ms < -4 || wait_ms > most_ms) return never_ms;
        // Rounding moves it by less than a few milliseconds.
        const std::int64_t from = now_ms + std::max<std::int64_t>(1, static_cast<std::int64_t>(wait_ms) - 4);
        const double at_now = excess(now_ms);
        if (at_now > 0) return never_ms;
        // Where it jumps before that, the caller asks again at the jump.
        for (std::int64_t at_ms = from; at_ms < from + 16; ++at_ms) {
            const double reached = excess(at_ms);
            if (at_now < 0 ? reached >= 0 : reached > 0) return at_ms;
        }
        return from + 16;
    }
    /// The first instant from `from` on at which something that stays true once it is becomes true; never_ms where that
    /// takes more than two hundred years.
    template <class Reached>
    [[nodiscard]] static std::int64_t first_time_of(std::int64_t from, const Reached& reached) {
        if (reached(from)) return from;
        std::int64_t not_yet = from;
        std::int64_t then = from;
        for (std::int64_t step = 1024;; step *= 2) {
            if (static_cast<double>(step) > most_ms) return never_ms;
            then = from + step;
            if (reached(then)) break;
            not_yet = then;
        }
        while (then - not_yet > 1) {
            const std::int64_t middle = not_yet + (then - not_yet) / 2;
            (reached(middle) ? then : not_yet) = middle;
        }
        return then;
    }

    template <class V>
    [[nodiscard]] std::pair<model::AttributeValue, std::int64_t> aggregate_value(const Leaf& leaf,
                                                                                 const Aggregate& aggregate,
                                                                                 const V& view) const {
        const WindowAt window = window_at(aggregate.window, view.person(), view.now_ms());
        const std::span<const KeptFact> facts = within(view.facts(), window);
        const std::uint32_t filter = leaf.filters[0];
        std::int64_t until = window.until_ms;
        const auto leaves_at = [&](const KeptFact& oldest) {
            if (window.rolling_ms > 0) until = std::min(until, oldest.at_ms() + window.rolling_ms);
        };
        switch (aggregate.function) {
            case Function::count: {
                const std::uint8_t* const passes = kinds_->passing(filter);
                std::size_t count = 0;
                const KeptFact* oldest = nullptr;
                for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
                    if (passes[fact->kind()] == 0) continue;
                    ++count;
                    oldest = &*fact;
                }
                if (oldest != nullptr) leaves_at(*oldest);
                return {static_cast<double>(count), until};
            }
            case Function::days_since_first:
            case Function::days_since_last: {
                const std::uint8_t* const passes = kinds_->passing(filter);
                const KeptFact* found = nullptr;
                for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
                    if (passes[fact->kind()] == 0) continue;
                    found = &*fact;
                    if (aggregate.function == Function::days_since_last) break;
                }
                if (found == nullptr) return {{}, until};
                // The newest is the last to leave the window.
                leaves_at(*found);
                return {static_cast<double>(view.now_ms() - found->at_ms()) / 86'400'000.0, until};
            }
            default:
                break;
        }
        std::vector<std::pair<std::int64_t, const model::AttributeValue*>> values;
        for (const KeptFact& fact : facts) {
            if (!kinds_->passes(fact.kind(), filter)) continue;
            const model::AttributeValue& value = kinds_->content(fact.kind()).values[leaf.fact_field];
            if (std::holds_alternative<std::monostate>(value)) continue;
            if (values.empty()) leaves_at(fact);
            values.emplace_back(fact.at_ms(), &value);
        }
        return {value_of(aggregate.function, values), until};
    }
    [[nodiscard]] static model::AttributeValue value_of(
        Function function, std::vector<std::pair<std::int64_t, const model::AttributeValue*>>& values) {
        const auto by_value = [](const auto& a, const auto& b) { return *a.second < *b.second; };
        const auto by_instant = [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first < b.first : *a.second < *b.second;
        };
        if (values.empty()) {
            return function == Function::sum || function == Function::distinct ? model::AttributeValue{0.0}
                                                                               : model::AttributeValue{};
        }
        switch (function) {
            case Function::sum:
            case Function::mean: {
                std::sort(values.begin(), values.end(), by_instant);
                double sum = 0;
                for (const auto& value : values) sum += std::get<double>(*value.second);
                return function == Function::sum ? sum : sum / static_cast<double>(values.size());
            }
            case Function::least:
                return *std::min_element(values.begin(), values.end(), by_value)->second;
            case Function::greatest:
                return *std::max_element(values.begin(), values.end(), by_value)->second;
            case Function::first:
                return *std::min_element(values.begin(), values.end(), by_instant)->second;
            case Function::last:
                return *std::max_element(values.begin(), values.end(), by_instant)->second;
            case Function::distinct:
            case Function::most_frequent: {
                std::sort(values.begin(), values.end(), by_value);
                std::size_t different = 0;
                std::size_t most = 0;
                const model::AttributeValue* frequent = nullptr;
                for (std::size_t i = 0; i < values.size();) {
                    std::size_t end = i;
                    while (end < values.size() && *values[end].second == *values[i].second) ++end;
                    if (end - i > most) {
                        most = end - i;
                        frequent = values[i].second;
                    }
                    ++different;
                    i = end;
                }
                return function == Function::distinct ? model::AttributeValue{static_cast<double>(different)}
                                                      : *frequent;
            }
            default:
                return {};
        }
    }
    template <class V>
    [[nodiscard]] Verdict ask_set(const Leaf& leaf, const SetTest& test, const V& view) const {
        const WindowAt window = window_at(test.window, view.person(), view.now_ms());
        std::int64_t until = window.until_ms;
        std::vector<bool> found(test.values.size(), false);
        bool any = false;
        bool others = false;
        for (const KeptFact& fact : within(view.facts(), window)) {
            if (!kinds_->passes(fact.kind(), leaf.filters[0])) continue;
            const model::AttributeValue& value = kinds_->content(fact.kind()).values[leaf.fact_field];
            if (std::holds_alternative<std::monostate>(value)) continue;
            if (!any && window.rolling_ms > 0) until = std::min(until, fact.at_ms() + window.rolling_ms);
            any = true;
            bool asked_for = false;
            for (std::size_t i = 0; i < test.values.size(); ++i) {
                if (!detail::compare(value, Relation::equal, test.values[i], detail::NoToday{})) continue;
                found[i] = true;
                asked_for = true;
            }
            others = others || !asked_for;
        }
        const bool some = std::find(found.begin(), found.end(), true) != found.end();
        const bool every = std::find(found.begin(), found.end(), false) == found.end();
        switch (test.relation) {
            case SetRelation::any_of:
                return {some, until};
            case SetRelation::all_of:
                return {every, until};
            case SetRelation::none_of:
                return {!some, until};
            case SetRelation::only:
                return {any && !others, until};
        }
        return {};
    }
    template <class V>
    [[nodiscard]] Verdict ask_sequence(const Leaf& leaf, const Sequence& sequence, const V& view) const {
        const std::int64_t now_ms = view.now_ms();
        const WindowAt window = window_at(sequence.window, view.person(), now_ms);
        std::int64_t until = window.until_ms;
        const bool ends_absent = sequence.steps.back().absent;
        const std::size_t present = sequence.steps.size() - (ends_absent ? 1 : 0);
        // reached[i]: the latest instant at which a fact fits step i after the steps before it. A later one is never
        // worse for the step behind it. What is at one instant is taken together, as it has no order.
        std::vector<std::int64_t> reached(present, always_ms);
        std::vector<std::int64_t> ends;  // all instants at which the last present step is reached
        const std::span<const KeptFact> facts = view.facts();
        bool first_seen = false;
        for (std::size_t i = 0; i < facts.size();) {
            const std::int64_t at_ms = facts[i].at_ms();
            std::size_t end = i;
            while (end < facts.size() && facts[end].at_ms() == at_ms) ++end;
            for (std::size_t step = present; step-- > 0;) {
                const bool fits = std::any_of(
                    facts.begin() + static_cast<std::ptrdiff_t>(i), facts.begin() + static_cast<std::ptrdiff_t>(end),
                    [&](const KeptFact& fact) { return kinds_->passes(fact.kind(), leaf.filters[step]); });
                if (!fits) continue;
                if (step == 0) {
                    if (at_ms < window.from_ms || at_ms >= window.to_ms) continue;
                    if (!first_seen && window.rolling_ms > 0) until = std::min(until, at_ms + window.rolling_ms);
                    first_seen = true;
                } else {
                    const std::int64_t before = reached[step - 1];
                    const std::int64_t within_ms = sequence.steps[step].within_ms;
                    if (before == always_ms || (within_ms > 0 && at_ms - before > within_ms)) continue;
                }
                reached[step] = at_ms;
                if (step + 1 == present) ends.push_back(at_ms);
            }
            i = end;
        }
        if (!ends_absent) return {!ends.empty(), until};
        const std::int64_t within_ms = sequence.steps.back().within_ms;
        bool holds = false;
        std::size_t next = 0;
        for (const std::int64_t at_ms : ends) {
            while (next < facts.size() &&
                   (facts[next].at_ms() <= at_ms || !kinds_->passes(facts[next].kind(), leaf.filters.back()))) {
                ++next;
            }
            const bool comes = next < facts.size() && (within_ms == 0 || facts[next].at_ms() <= at_ms + within_ms);
            if (comes) continue;
            if (within_ms > 0 && at_ms + within_ms > now_ms) {
                until = std::min(until, at_ms + within_ms);
            } else {
                holds = true;
            }
        }
        return {holds, until};
    }
    template <class V>
    [[nodiscard]] Verdict ask_related(const Leaf& leaf, const Related& wanted, const V& view, bool precise) const {
        const time::Instant now = time::Instant::from_unix_ms(view.now_ms());
        const std::vector<model::Relation>& relations = view.person().relations;
        const std::int64_t boundary = detail::next_boundary(relations, view.now_ms());
        std::int64_t until = boundary;
        for (const model::Relation& relation : relations) {
            if (!detail::fits(wanted.period, relation.start, relation.end_exclusive, now)) continue;
            if (wanted.kind && relation.kind != *wanted.kind) continue;
            if (const auto* const id = std::get_if<OrganisationId>(&relation.other)) {
                if (!wanted.to_organisation) continue;
                const model::Organisation* const organisation = view.organisation(*id);
                if (organisation != nullptr && detail::fits(wanted, *organisation)) return {true, boundary};
                continue;
            }
            if (wanted.to_organisation) continue;
            const std::optional<V> other = view.other(std::get<PersonId>(relation.other));
            if (!other) continue;
            if (!leaf.person) return {true, boundary};
            const Verdict verdict = ask_node(*leaf.person, *other, precise);
            if (verdict.holds) return {true, std::min(boundary, verdict.until_ms)};
            until = std::min(until, verdict.until_ms);
        }
        return {false, until};
    }
    template <class V>
    [[nodiscard]] Verdict ask_segment(const Leaf& leaf, const InSegment& wanted, const V& view) const {
        Verdict verdict = ask_segment_alone(leaf, wanted, view);
        verdict.until_ms = std::min(verdict.until_ms, view.next_turn(*leaf.segment));
        return verdict;
    }
    template <class V>
    [[nodiscard]] Verdict ask_segment_alone(const Leaf& leaf, const InSegment& wanted, const V& view) const {
        const std::int64_t now_ms = view.now_ms();
        const std::uint32_t segment = *leaf.segment;
        if (wanted.test == MembershipTest::now) return {view.is_member(segment), never_ms};
        if (wanted.test == MembershipTest::since) {
            if (!view.is_member(segment)) return {};
            const std::span<const PackedTurn> turns = view.turns();
            const auto last = std::find_if(turns.rbegin(), turns.rend(),
                                           [&](const PackedTurn& turn) { return turn.segment() == segment; });
            const std::int64_t since_ms = (last == turns.rend() ? now_ms : last->at_ms()) + wanted.for_ms;
            return now_ms >= since_ms ? Verdict{true, never_ms} : Verdict{false, since_ms};
        }
        const WindowAt window = window_at(wanted.window, view.person(), now_ms);
        std::int64_t until = window.until_ms;
        bool holds = false;
        std::int64_t entered_ms = never_ms;
        const auto stay = [&](std::int64_t from_ms, std::int64_t end_ms) {  // [from, end)
            if (from_ms >= window.to_ms || end_ms <= window.from_ms) return;
            holds = true;
            if (window.rolling_ms > 0 && end_ms != never_ms) until = std::min(until, end_ms + window.rolling_ms - 1);
        };
        for (const PackedTurn& turn : view.turns()) {
            if (turn.segment() != segment) continue;
            const std::int64_t at_ms = turn.at_ms();
            if (wanted.test == MembershipTest::was) {
                if (turn.entered()) {
                    entered_ms = at_ms;
                } else {
                    stay(entered_ms, at_ms);
                    entered_ms = never_ms;
                }
            } else if (turn.entered() == (wanted.test == MembershipTest::entered) && at_ms >= window.from_ms &&
                       at_ms < window.to_ms) {
                holds = true;
                if (window.rolling_ms > 0) until = std::min(until, at_ms + window.rolling_ms);
            }
        }
        if (entered_ms != never_ms && now_ms < window.from_ms) {
            until = std::min(until, window.from_ms);  // the window is to come
        } else if (entered_ms != never_ms) {
            stay(entered_ms, never_ms);
        }
        return {holds, std::max(until, now_ms + 1)};
    }

    const Catalogue* catalogue_;
    FactKinds* kinds_;
    const SegmentCalendar* calendar_;
    FindSegment find_;
    std::vector<Leaf> leaves_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> children_;
    std::vector<std::uint32_t> roots_;
    std::int64_t horizon_ms_ = 0;
    bool reads_relations_ = false;
    bool reads_turns_ = false;
};

}  // namespace alloquy::segment
