#pragma once

/// \file
/// Case: random facts of a few people and random segments about them, to be followed; how a case is shown, and
/// conditions that say less, to make one smaller.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/segment_config.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

#include "../segment/random_condition.hpp"
#include "condition_writer.hpp"
#include "fact_maker.hpp"
#include "random.hpp"
#include "segment_case_world.hpp"
#include "segment_reference.hpp"

namespace segment_cases {

using alloquy::support::SegmentReference;

struct NamedCondition {
    std::string name;
    segment::Condition condition;
};
/// What is told, and of which segments it is followed.
struct Case {
    std::shared_ptr<model::Symbols> symbols{};
    std::vector<Telling> tellings{};  ///< In the order of arrival.
    std::vector<NamedCondition> segments{};
    std::vector<std::int64_t> lengths_ms{};  ///< Instants so long after facts are looked at.
    std::uint64_t seed = 0;

    [[nodiscard]] std::vector<model::Fact> facts() const {
        std::vector<model::Fact> all;
        for (const Telling& telling : tellings) all.insert(all.end(), telling.begin(), telling.end());
        return all;
    }
    [[nodiscard]] std::vector<segment::SegmentConfig> configs() const {
        std::vector<segment::SegmentConfig> all;
        for (const NamedCondition& each : segments) all.push_back({each.name, to_text(each.condition)});
        return all;
    }
    [[nodiscard]] std::map<std::string, segment::Condition> by_name() const {
        std::map<std::string, segment::Condition> all;
        for (const NamedCondition& each : segments) all.emplace(each.name, each.condition);
        return all;
    }
};

inline void sort_by_arrival(std::vector<Telling>& tellings) {
    std::stable_sort(tellings.begin(), tellings.end(),
                     [](const Telling& a, const Telling& b) { return a[0].known_at < b[0].known_at; });
}

/// How often a condition turns between instants after the facts of somebody.
inline std::size_t turns_seen(SegmentReference& reference, const Case& about, const segment::Condition& condition,
                              Random& random) {
    const PersonId person = about.tellings[random.below(about.tellings.size())][0].person;
    std::vector<Instant> looks;
    for (const Telling& telling : about.tellings) {
        if (telling[0].person != person || looks.size() >= 16) continue;
        looks.push_back(telling[0].at);
        looks.push_back(telling[0].at + milliseconds{random.between(0, 3 * day_ms)});
    }
    std::sort(looks.begin(), looks.end());
    std::size_t turns = 0;
    bool was = false;
    for (const Instant at : looks) {
        reference.go_to(at);
        const bool is = reference.holds(person, condition);
        if (is != was) ++turns;
        was = is;
    }
    return turns;
}
/// The same case for the same seed. Most of its segments turn now and then.
inline Case random_case(std::uint64_t seed) {
    Random random{seed};
    Case made{std::make_shared<model::Symbols>(), {}, {}, {}, seed};
    const std::size_t people = 1 + random.below(4);
    const std::size_t facts = random.chance(30) ? 2 + random.below(12) : people * (8 + random.below(24));
    FactMaker maker{random, *made.symbols, people};
    for (std::size_t i = 0; i < facts; ++i) made.tellings.push_back(maker.make());
    sort_by_arrival(made.tellings);
    const segment::SegmentCalendar calendar = make_calendar();
    SegmentReference reference{make_property_engine(*made.symbols),
                               made.facts(),
                               {},
                               calendar,
                               nullptr,
                               first_instant,
                               [](PersonId, const std::string&) { return std::vector<segment::Turn>{}; }};
    const segment::Catalogue catalogue = make_property_engine(*made.symbols).fields();
    const auto sample = [&](const std::string& field) -> std::optional<double> {
        const model::Fact& fact = made.tellings[random.below(made.tellings.size())][0];
        reference.go_to(fact.at + milliseconds{random.between(0, 3 * day_ms)});
        const model::AttributeValue value = reference.value(fact.person, field);
        const auto* const number = std::get_if<double>(&value);
        return number == nullptr ? std::nullopt : std::optional{*number};
    };
    ConditionWriter writer{random, catalogue, sample};
    alloquy::support::RandomConditionOptions options{&catalogue};
    options.attributes = {"credits", "birthday", "visit", "city", "list:open day"};
    for (const auto& words :
         {std::span<const std::string_view>{channels}, std::span<const std::string_view>{topics},
          std::span<const std::string_view>{purposes}, std::span<const std::string_view>{programmes},
          std::span<const std::string_view>{duties}, std::span<const std::string_view>{teams}}) {
        options.names.insert(options.names.end(), words.begin(), words.end());
    }
    options.names.emplace_back("open day");
    options.zones = {zones.begin(), zones.end()};
    options.texts = options.names;
    for (const auto word : {"inbound", "sent", "replied", "opened", "student", "exam", "nl"})
        options.texts.emplace_back(word);
    options.numbers = {0, 0.02, 0.1, 0.5, 1, 2, 3, 7};
    for (int day = 0; day < 50; day += 7) options.days.push_back(Day::from_ymd(2026, 3, 3) + day);
    options.durations_ms = {lengths.begin(), lengths.end()};
    options.with_parameters = false;
    const std::size_t segments = 3 + random.below(6);
    for (std::size_t i = 0; i < segments; ++i) {
        const std::string name{static_cast<char>('a' + static_cast<char>(i))};
        const int depth = random.chance(40) ? 0 : static_cast<int>(random.below(4));
        // Of some conditions the first that holds now and then.
        for (int tries = 0; tries < 20; ++tries) {
            NamedCondition next{name, {}};
            writer.asks_for_relations = false;
            if (random.chance(25)) {
                options.with_relations = random.chance(30);
                options.with_segments = !options.segments.empty();
                next.condition = alloquy::support::random_condition(random, depth, options);
                writer.asks_for_relations = options.with_relations;
            } else {
                next.condition = segment::parse(writer.condition(depth), catalogue);
            }
            const bool is_lively = turns_seen(reference, made, next.condition, random) >= 2;
            if (!is_lively && tries < 19 && random.chance(95)) continue;
            reference.add(name, next.condition);
            made.segments.push_back(std::move(next));
            break;
        }
        writer.add_segment(name, writer.asks_for_relations);
        if (!writer.asks_for_relations) options.segments.push_back(name);
    }
    random.shuffle(made.segments);  // a segment may name a later one
    made.lengths_ms = std::move(writer.used_ms);
    std::sort(made.lengths_ms.begin(), made.lengths_ms.end());
    made.lengths_ms.erase(std::unique(made.lengths_ms.begin(), made.lengths_ms.end()), made.lengths_ms.end());
    return made;
}

/// The same facts, known at other instants and so in another order.
inline Case in_another_order(const Case& about) {
    Case other = about;
    Random random{about.seed ^ 0x07DE7};
    FactMaker maker{random, *other.symbols, 1};
    for (Telling& telling : other.tellings) {
        const bool is_period = std::holds_alternative<model::RoleChange>(telling[0].content) ||
                               std::holds_alternative<model::RelationChange>(telling[0].content);
        const Instant known = maker.known(telling[0].at, is_period);
        for (model::Fact& fact : telling) fact.known_at = known;
    }
    random.shuffle(other.tellings);
    sort_by_arrival(other.tellings);
    return other;
}

/// Conditions that say less.
inline std::vector<segment::Condition> simpler(const segment::Condition& condition) {
    std::vector<segment::Condition> all;
    if (!(condition == segment::Condition{segment::All{}}) && !(condition == segment::Condition{segment::Any{}})) {
        all.push_back({segment::All{}});
        all.push_back({segment::Any{}});
    }
    std::visit(
        [&](const auto& node) {
            using Node = std::decay_t<decltype(node)>;
            if constexpr (std::is_same_v<Node, segment::All> || std::is_same_v<Node, segment::Any>) {
                for (std::size_t i = 0; i < node.of.size(); ++i) {
                    all.push_back(node.of[i]);
                    if (node.of.size() > 2) {
                        Node fewer = node;
                        fewer.of.erase(fewer.of.begin() + static_cast<std::ptrdiff_t>(i));
                        all.push_back({std::move(fewer)});
                    }
                    for (segment::Condition& less : simpler(node.of[i])) {
                        Node changed = node;
                        changed.of[i] = std::move(less);
                        all.push_back({std::move(changed)});
                    }
                }
            } else if constexpr (std::is_same_v<Node, segment::Not>) {
                all.push_back(*node.of);
                for (segment::Condition& less : simpler(*node.of)) all.push_back({segment::Not{std::move(less)}});
            } else if constexpr (std::is_same_v<Node, segment::Sequence>) {
                for (std::size_t i = 0; i < node.steps.size(); ++i) {
                    Node changed = node;
                    if (node.steps.size() > 2) {
                        changed.steps.erase(changed.steps.begin() + static_cast<std::ptrdiff_t>(i));
                        all.push_back({changed});
                    }
                    if (node.steps[i].where) {
                        changed = node;
                        changed.steps[i].where.reset();
                        all.push_back({changed});
                    }
                }
            } else if constexpr (std::is_same_v<Node, segment::Related>) {
                if (node.person) {
                    for (segment::Condition& less : simpler(**node.person)) {
                        Node changed = node;
                        changed.person = segment::SubCondition{std::move(less)};
                        all.push_back({std::move(changed)});
                    }
                }
            } else if constexpr (segment::detail::is_value_test<Node>) {
                if (const auto* const of = std::get_if<segment::Aggregate>(&node.of); of && of->where) {
                    Node changed = node;
                    std::get<segment::Aggregate>(changed.of).where.reset();
                    all.push_back({std::move(changed)});
                }
            } else if constexpr (std::is_same_v<Node, segment::SetTest>) {
                if (node.where) {
                    Node changed = node;
                    changed.where.reset();
                    all.push_back({std::move(changed)});
                }
            }
        },
        condition.node);
    return all;
}

/// For a case that fails.
inline std::string describe(const model::AttributeValue& value) {
    if (const auto* const truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
    if (const auto* const number = std::get_if<double>(&value)) return decimal(*number);
    if (const auto* const day = std::get_if<Day>(&value)) return to_iso(*day);
    if (const auto* const text = std::get_if<std::string>(&value)) return *text;
    return "-";
}
inline std::string describe(const model::Fact& fact, const model::Symbols& symbols) {
    std::string text = "person " + std::to_string(fact.person.value()) + " at " + to_iso(fact.at) + " known " +
                       to_iso(fact.known_at) + " " + symbols.sources.text(fact.source) + "/" + fact.key + " " +
                       std::string{model::fact_content_names[fact.content.index()]};
    if (const auto content = segment::fact_content(fact.content, symbols)) {
        for (const model::AttributeValue& value : content->values) text += " " + describe(value);
    }
    if (const auto* const role = std::get_if<model::RoleChange>(&fact.content)) {
        text += " " + std::string{model::name_of(role->kind)} + (role->ended ? " ended" : "") +
                (role->programme ? " of " + symbols.programmes.text(*role->programme) : "") +
                (role->site ? " at " + symbols.sites.text(*role->site) : "");
    } else if (const auto* const relation = std::get_if<model::RelationChange>(&fact.content)) {
        const auto* const person = std::get_if<PersonId>(&relation->other);
        text += " " + std::string{model::name_of(relation->kind)} + (relation->ended ? " ended" : "") +
                (person ? " person " + std::to_string(person->value()) : " an organisation");
    } else if (const auto* const duty = std::get_if<model::ObligationChange>(&fact.content)) {
        text += " item " + duty->item + (duty->due ? " due " + to_iso(*duty->due) : "");
    } else if (const auto* const said = std::get_if<model::AttributeStatement>(&fact.content)) {
        for (const model::Attribute& each : said->attributes) {
            text += " " + symbols.attributes.text(each.name) + "=" + describe(each.value);
        }
    }
    return text;
}
inline std::string describe(const Case& about) {
    std::string text = "seed " + std::to_string(about.seed) + "\n";
    for (const segment::SegmentConfig& each : about.configs()) text += "  " + each.name + ": " + each.condition + "\n";
    for (const Telling& telling : about.tellings) text += "  " + describe(telling[0], *about.symbols) + "\n";
    return text;
}

}  // namespace segment_cases
