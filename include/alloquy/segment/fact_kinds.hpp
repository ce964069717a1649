#pragma once

/// \file
/// FactKinds: what facts say but for their instants, numbered, so that a fact is kept in eight bytes and a filter is
/// looked at once for each kind instead of once for each fact.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/leaf_tests.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::segment {

/// What a fact says, as conditions over facts see it.
struct FactContent {
    FactKind kind = FactKind::interactions;
    std::vector<model::AttributeValue> values{};  ///< By fact_fields(kind); monostate where missing.

    friend bool operator==(const FactContent&, const FactContent&) = default;
};

/// The content of a fact, with an interaction's words; nothing for roles, attributes and relations.
[[nodiscard]] inline std::optional<FactContent> fact_content(const model::FactContent& content,
                                                             const model::Symbols& symbols) {
    using model::AttributeValue;
    const auto word = [](const auto& vocabulary, const auto& symbol) -> AttributeValue {
        if (!symbol) return {};
        return vocabulary.text(*symbol);
    };
    const auto name = [](auto value) -> AttributeValue { return std::string{model::name_of(value)}; };
    return std::visit(
        [&](const auto& fact) -> std::optional<FactContent> {
            using Fact = std::decay_t<decltype(fact)>;
            if constexpr (std::is_same_v<Fact, model::Interaction>) {
                return FactContent{
                    FactKind::interactions,
                    {symbols.channels.text(fact.channel), name(fact.act), name(fact.direction),
                     word(symbols.topics, fact.topic), word(symbols.languages, fact.language), name(fact.actor),
                     word(symbols.teams, fact.team), word(symbols.purposes, fact.purpose),
                     word(symbols.actions, fact.action), fact.tone ? name(*fact.tone) : AttributeValue{},
                     fact.text.empty() ? AttributeValue{} : AttributeValue{fact.text},
                     static_cast<double>(fact.quantity)}};
            } else if constexpr (std::is_same_v<Fact, model::Result>) {
                return FactContent{FactKind::results,
                                   {symbols.assessments.text(fact.assessment), AttributeValue{fact.fraction}}};
            } else if constexpr (std::is_same_v<Fact, model::ObligationChange>) {
                return FactContent{FactKind::obligations,
                                   {symbols.obligations.text(fact.kind), name(fact.step),
                                    fact.weight ? AttributeValue{*fact.weight} : AttributeValue{}}};
            } else if constexpr (std::is_same_v<Fact, model::DialogueChange>) {
                return FactContent{FactKind::dialogues,
                                   {name(fact.step), word(symbols.topics, fact.topic), word(symbols.teams, fact.team),
                                    fact.tone ? name(*fact.tone) : AttributeValue{}}};
            } else if constexpr (std::is_same_v<Fact, model::EnrolmentChange>) {
                return FactContent{FactKind::enrolments, {symbols.programmes.text(fact.programme), name(fact.status)}};
            } else if constexpr (std::is_same_v<Fact, model::ConsentStatement>) {
                return FactContent{
                    FactKind::consents,
                    {symbols.purposes.text(fact.purpose), word(symbols.channels, fact.channel), name(fact.decision)}};
            } else {
                return std::nullopt;
            }
        },
        content);
}

/// The value of a field of a fact.
/// \param field  One of fact_fields(content.kind), which the parser sees to.
[[nodiscard]] inline const model::AttributeValue& fact_value(const FactContent& content, std::string_view field) {
    static const model::AttributeValue missing{};
    std::size_t i = 0;
    for (const Field& each : fact_fields(content.kind)) {
        if (each.name == field) return content.values[i];
        ++i;
    }
    return missing;
}

namespace detail {

inline bool is_text_field(const Operand& operand) {
    const auto* const field = std::get_if<std::string>(&operand);
    return field != nullptr && *field == "text";
}

/// Whether a test of words holds of them; monostate where there are none.
[[nodiscard]] inline bool text_test_holds(const Condition& test, const model::AttributeValue& words) {
    return std::visit(
        [&](const auto& node) {
            if constexpr (is_value_test<std::decay_t<decltype(node)>>) return test_value(node, words, NoToday{});
            return false;
        },
        test.node);
}

/// Whether a condition over facts holds of one.
/// \param looked_at  What to say of a test of an interaction's words; called with the test.
template <class LookedAt>
[[nodiscard]] bool fact_holds(const Condition& condition, const FactContent& content, const LookedAt& looked_at) {
    return std::visit(
        [&](const auto& node) -> bool {
            using Node = std::decay_t<decltype(node)>;
            const auto each = [&](const Condition& one) { return fact_holds(one, content, looked_at); };
            if constexpr (std::is_same_v<Node, All>) {
                return std::all_of(node.of.begin(), node.of.end(), each);
            } else if constexpr (std::is_same_v<Node, Any>) {
                return std::any_of(node.of.begin(), node.of.end(), each);
            } else if constexpr (std::is_same_v<Node, Not>) {
                return !each(*node.of);
            } else if constexpr (is_value_test<Node>) {
                const auto* const field = std::get_if<std::string>(&node.of);
                if (field == nullptr) throw InvalidArgument{"segment condition: facts have fields alone"};
                if (is_text_field(node.of)) return looked_at(condition);
                return test_value(node, fact_value(content, *field), NoToday{});
            } else {
                throw InvalidArgument{"segment condition: after 'where' fields of the facts are expected"};
            }
        },
        condition.node);
}

}  // namespace detail

/// Whether a condition over facts holds of one, words included. The meaning of `where`.
/// \throws InvalidArgument  if the condition asks for more than fields of facts, or meets a parameter.
[[nodiscard]] inline bool fact_holds(const Condition& condition, const FactContent& content) {
    return detail::fact_holds(condition, content, [&](const Condition& test) {
        return detail::text_test_holds(test, fact_value(content, "text"));
    });
}

/// Facts of one kind that a condition lets through.
struct FactFilter {
    FactKind of = FactKind::interactions;
    std::optional<SubCondition> where{};

    friend bool operator==(const FactFilter&, const FactFilter&) = default;
};

/// A kept fact: the instant and the number of what it says, in eight bytes. Ordered by instant, then number.
class KeptFact {
public:
    /// \param at_ms  Instant; kept to the millisecond from 1691 to 2248; earlier and later ones as those ends.
    KeptFact(std::int64_t at_ms, std::uint32_t kind) noexcept
        : bits_{static_cast<std::uint64_t>(std::clamp<std::int64_t>(at_ms, -offset, most - offset) + offset) << 20U |
                kind} {}
    [[nodiscard]] std::int64_t at_ms() const noexcept { return static_cast<std::int64_t>(bits_ >> 20U) - offset; }
    [[nodiscard]] std::uint32_t kind() const noexcept { return static_cast<std::uint32_t>(bits_ & 0xFFFFFU); }
    friend auto operator<=>(KeptFact, KeptFact) noexcept = default;

    static constexpr std::uint32_t max_kinds = 1U << 20U;

private:
    static constexpr std::int64_t offset = std::int64_t{1} << 43U;      // 2^43 ms before 1970 is 1691
    static constexpr std::int64_t most = (std::int64_t{1} << 44U) - 1;  // 2248
    std::uint64_t bits_;
};

/// Numbers for what facts say. Words of interactions are not kept: of them the tests in use are looked at once.
class FactKinds {
public:
    /// \param symbols  Of the facts to come; must outlive this.
    explicit FactKinds(const model::Symbols& symbols) : symbols_{&symbols} {}

    /// The number of a filter, the same for equal ones.
    /// \throws InvalidArgument  as fact_holds(), and beyond 64 different tests of words.
    std::uint32_t filter(const FactFilter& wanted) {
        const auto found = std::find(filters_.begin(), filters_.end(), wanted);
        if (found != filters_.end()) return static_cast<std::uint32_t>(found - filters_.begin());
        std::vector<Condition> text_tests = text_tests_;
        if (wanted.where) {
            check(**wanted.where, wanted.of);
            note_text_tests(**wanted.where, text_tests);
        }
        text_tests_ = std::move(text_tests);
        filters_.push_back(wanted);
        matches_.emplace_back();
        for (const FactContent& content : contents_) add_match(filters_.size() - 1, content);
        return static_cast<std::uint32_t>(filters_.size() - 1);
    }
    /// How many filters and tests of words there are.
    struct Mark {
        std::size_t filters;
        std::size_t text_tests;
    };
    [[nodiscard]] Mark mark() const noexcept { return {filters_.size(), text_tests_.size()}; }
    /// Forgets the filters since a mark, such as those of a question that is answered. No kind may have come since.
    void forget_filters(const Mark& mark) {
        filters_.resize(std::min(mark.filters, filters_.size()));
        matches_.resize(filters_.size());
        text_tests_.erase(text_tests_.begin() + static_cast<std::ptrdiff_t>(mark.text_tests), text_tests_.end());
    }
    [[nodiscard]] std::size_t filter_count() const noexcept { return filters_.size(); }
    /// Whether facts of a kind pass a filter.
    [[nodiscard]] bool passes(std::uint32_t kind, std::uint32_t filter) const noexcept {
        return matches_[filter][kind] != 0;
    }
    /// By kind: not 0 where its facts pass a filter. Good until the next kind or filter.
    [[nodiscard]] const std::uint8_t* passing(std::uint32_t filter) const noexcept { return matches_[filter].data(); }
    [[nodiscard]] const model::Symbols& symbols() const noexcept { return *symbols_; }
    /// Whether a filter looks at words, which a kind known before the filter cannot tell.
    [[nodiscard]] bool reads_text(std::uint32_t filter) const {
        return filters_[filter].where && has_text_test(**filters_[filter].where);
    }
    /// What facts of a kind say; words are left out.
    [[nodiscard]] const FactContent& content(std::uint32_t kind) const noexcept { return contents_[kind]; }
    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(contents_.size()); }

    /// The number of what a fact says; nothing for facts that conditions do not count.
    /// \throws Error  beyond 1,048,576 kinds: some field that is meant for few values has very many.
    std::optional<std::uint32_t> kind_of(const model::FactContent& content) {
        const std::optional<Key> key = key_of(content);
        if (!key) return std::nullopt;
        const auto [entry, added] = numbers_.try_emplace(*key, size());
        if (!added) return entry->second;
        if (size() == KeptFact::max_kinds) {
            numbers_.erase(entry);
            throw Error{"FactKinds: facts differ in more than 1,048,576 ways; is a vocabulary used for free text?"};
        }
        FactContent said = *fact_content(content, *symbols_);
        if (said.kind == FactKind::interactions) said.values[text_place] = {};
        contents_.push_back(std::move(said));
        texts_.push_back(key->texts);
        for (std::size_t filter = 0; filter < filters_.size(); ++filter) add_match(filter, contents_.back());
        return entry->second;
    }

private:
    static constexpr std::size_t text_place = 10;

    struct Key {
        std::uint64_t words[2];  // symbols, 16 bits each
        std::uint64_t small;     // enums, kind of fact, quantity
        std::uint64_t number;    // bits of a double
        std::uint64_t texts;     // which tests of words hold
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            // Mixing steps of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
            std::uint64_t hash = 0;
            for (const std::uint64_t part : {key.words[0], key.words[1], key.small, key.number, key.texts}) {
                hash = (hash ^ part) * 0xBF58476D1CE4E5B9U;
                hash ^= hash >> 31U;
            }
            return hash;
        }
    };

    [[nodiscard]] std::optional<Key> key_of(const model::FactContent& content) const {
        const auto word = [](const auto& symbol) -> std::uint64_t { return symbol ? symbol->number() : 0U; };
        const auto pack = [](std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
            return a << 48U | b << 32U | c << 16U | d;
        };
        const auto code = [](auto value) { return static_cast<std::uint64_t>(value); };
        return std::visit(
            [&](const auto& fact) -> std::optional<Key> {
                using Fact = std::decay_t<decltype(fact)>;
                if constexpr (std::is_same_v<Fact, model::Interaction>) {
                    const std::uint64_t tone = fact.tone ? code(*fact.tone) + 1 : 0;
                    return Key{{pack(fact.channel.number(), word(fact.topic), word(fact.language), word(fact.team)),
                                pack(word(fact.purpose), word(fact.action), code(fact.act),
                                     code(fact.direction) << 8U | code(fact.actor) << 4U | tone)},
                               code(FactKind::interactions) << 32U | fact.quantity,
                               0,
                               text_tests_.empty() ? 0 : text_bits(fact.text)};
                } else if constexpr (std::is_same_v<Fact, model::Result>) {
                    return Key{{fact.assessment.number(), 0},
                               code(FactKind::results) << 32U,
                               std::bit_cast<std::uint64_t>(fact.fraction + 0.0),
                               0};
                } else if constexpr (std::is_same_v<Fact, model::ObligationChange>) {
                    return Key{{fact.kind.number(), code(fact.step)},
                               code(FactKind::obligations) << 32U | (fact.weight ? 1U : 0U),
                               std::bit_cast<std::uint64_t>(fact.weight.value_or(0) + 0.0),
                               0};
                } else if constexpr (std::is_same_v<Fact, model::DialogueChange>) {
                    return Key{
                        {pack(word(fact.topic), word(fact.team), code(fact.step), fact.tone ? code(*fact.tone) + 1 : 0),
                         0},
                        code(FactKind::dialogues) << 32U,
                        0,
                        0};
                } else if constexpr (std::is_same_v<Fact, model::EnrolmentChange>) {
                    return Key{{fact.programme.number(), code(fact.status)}, code(FactKind::enrolments) << 32U, 0, 0};
                } else if constexpr (std::is_same_v<Fact, model::ConsentStatement>) {
                    return Key{{pack(fact.purpose.number(), word(fact.channel), code(fact.decision), 0), 0},
                               code(FactKind::consents) << 32U,
                               0,
                               0};
                } else {
                    return std::nullopt;
                }
            },
            content);
    }

    template <class Visit>
    static void for_each_text_test(const Condition& condition, const Visit& visit) {
        std::visit(
            [&](const auto& node) {
                using Node = std::decay_t<decltype(node)>;
                if constexpr (std::is_same_v<Node, All> || std::is_same_v<Node, Any>) {
                    for (const Condition& each : node.of) for_each_text_test(each, visit);
                } else if constexpr (std::is_same_v<Node, Not>) {
                    for_each_text_test(*node.of, visit);
                } else if constexpr (detail::is_value_test<Node>) {
                    if (detail::is_text_field(node.of)) visit(condition);
                }
            },
            condition.node);
    }
    static bool has_text_test(const Condition& condition) {
        bool found = false;
        for_each_text_test(condition, [&](const Condition&) { found = true; });
        return found;
    }
    static void note_text_tests(const Condition& where, std::vector<Condition>& tests) {
        for_each_text_test(where, [&](const Condition& test) {
            if (std::find(tests.begin(), tests.end(), test) != tests.end()) return;
            if (tests.size() == 64) {
                throw InvalidArgument{"FactKinds: segments look at words in more than 64 different ways"};
            }
            tests.push_back(test);
        });
    }
    /// \throws InvalidArgument  unless a condition asks for fields of these facts alone, without parameters.
    static void check(const Condition& condition, FactKind of) {
        std::visit(
            [&](const auto& node) {
                using Node = std::decay_t<decltype(node)>;
                if constexpr (std::is_same_v<Node, All> || std::is_same_v<Node, Any>) {
                    for (const Condition& each : node.of) check(each, of);
                } else if constexpr (std::is_same_v<Node, Not>) {
                    check(*node.of, of);
                } else if constexpr (detail::is_value_test<Node>) {
                    const auto* const field = std::get_if<std::string>(&node.of);
                    if (field == nullptr || !fact_field_type(of, *field)) {
                        throw InvalidArgument{"segment condition: " + std::string{model::name_of(of)} +
                                              " do not have what is asked for after 'where'"};
                    }
                    // With each type of value, so that a parameter or a day counted from today cannot hide.
                    for (const model::AttributeValue& value :
                         {model::AttributeValue{}, model::AttributeValue{0.0}, model::AttributeValue{std::string{}},
                          model::AttributeValue{time::Day::from_unix_days(0)}}) {
                        static_cast<void>(detail::test_value(node, value, detail::NoToday{}));
                    }
                } else {
                    throw InvalidArgument{"segment condition: after 'where' fields of the facts are expected"};
                }
            },
            condition.node);
    }
    [[nodiscard]] std::uint64_t text_bits(const std::string& text) const {
        const model::AttributeValue words = text.empty() ? model::AttributeValue{} : model::AttributeValue{text};
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < text_tests_.size(); ++i) {
            if (detail::text_test_holds(text_tests_[i], words)) bits |= std::uint64_t{1} << i;
        }
        return bits;
    }
    void add_match(std::size_t filter, const FactContent& content) {
        const FactFilter& wanted = filters_[filter];
        const std::size_t kind = matches_[filter].size();
        const auto looked_at = [&](const Condition& test) {
            const auto found = std::find(text_tests_.begin(), text_tests_.end(), test);
            return (texts_[kind] >> static_cast<unsigned>(found - text_tests_.begin()) & 1U) != 0;
        };
        const bool passes =
            wanted.of == content.kind && (!wanted.where || detail::fact_holds(**wanted.where, content, looked_at));
        matches_[filter].push_back(passes ? 1 : 0);
    }

    const model::Symbols* symbols_;
    std::vector<FactFilter> filters_;
    std::vector<std::vector<std::uint8_t>> matches_;  // by filter and kind
    std::vector<Condition> text_tests_;
    std::deque<FactContent> contents_;                         // by kind
    std::vector<std::uint64_t> texts_;                         // likewise
    std::unordered_map<Key, std::uint32_t, KeyHash> numbers_;  // looked up, never walked
};

}  // namespace alloquy::segment
