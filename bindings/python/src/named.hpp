#pragma once

/// \file
/// Facts and people with words as text, as Python sees them, and the way between them and the library's symbols.

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::python {

/// The twins of the model's structs: symbols are text, and members without default stand first. The meaning of each
/// member is that of its namesake.
struct Interaction {
    std::string channel;
    model::Act act;
    model::Direction direction;
    std::optional<std::string> topic;
    std::optional<std::string> language;
    model::ActorKind actor;
    std::optional<std::string> team;
    std::optional<DialogueId> dialogue;
    std::optional<std::string> purpose;
    std::optional<std::string> action;
    std::uint32_t quantity;
    std::optional<model::Tone> tone;
    std::string text;
    friend bool operator==(const Interaction&, const Interaction&) = default;
};
struct RoleChange {
    model::RoleKind kind;
    std::optional<std::string> programme;
    std::optional<std::string> site;
    bool ended;
    friend bool operator==(const RoleChange&, const RoleChange&) = default;
};
struct Attribute {
    std::string name;
    model::AttributeValue value;
    friend bool operator==(const Attribute&, const Attribute&) = default;
};
struct AttributeStatement {
    std::vector<Attribute> attributes;
    friend bool operator==(const AttributeStatement&, const AttributeStatement&) = default;
};
struct ConsentStatement {
    std::string purpose;
    model::ConsentDecision decision;
    std::optional<std::string> channel;
    std::string text_version;
    friend bool operator==(const ConsentStatement&, const ConsentStatement&) = default;
};
using model::RelationChange;  // has no words
struct DialogueChange {
    DialogueId dialogue;
    model::DialogueStep step;
    std::optional<std::string> team;
    std::optional<std::string> topic;
    std::optional<model::Tone> tone;
    friend bool operator==(const DialogueChange&, const DialogueChange&) = default;
};
struct EnrolmentChange {
    std::string programme;
    model::EnrolmentStatus status;
    friend bool operator==(const EnrolmentChange&, const EnrolmentChange&) = default;
};
struct Result {
    std::string assessment;
    double fraction;
    friend bool operator==(const Result&, const Result&) = default;
};
struct ObligationChange {
    std::string kind;
    model::ObligationStep step;
    std::string item;
    std::optional<time::Instant> due;
    std::optional<double> weight;
    friend bool operator==(const ObligationChange&, const ObligationChange&) = default;
};
using FactContent = std::variant<Interaction, RoleChange, AttributeStatement, ConsentStatement, RelationChange,
                                 DialogueChange, EnrolmentChange, Result, ObligationChange>;
struct Fact {
    PersonId person;
    time::Instant at;
    time::Instant known_at;
    std::string source;
    std::string key;
    FactContent content;
    friend bool operator==(const Fact&, const Fact&) = default;
};

struct Role {
    model::RoleKind kind;
    std::optional<std::string> programme;
    std::optional<std::string> site;
    time::Instant start;
    std::optional<time::Instant> end_exclusive;
    [[nodiscard]] bool is_current(time::Instant now) const noexcept {
        return model::Role{kind, {}, {}, start, end_exclusive}.is_current(now);
    }
    friend bool operator==(const Role&, const Role&) = default;
};
struct ConsentState {
    std::string purpose;
    std::optional<std::string> channel;
    bool given;
    bool objected;
    std::optional<time::Instant> objected_at;
    std::optional<time::Instant> given_at;
    time::Instant changed_at;
    std::string text_version;
    friend bool operator==(const ConsentState&, const ConsentState&) = default;
};
using model::Relation;  // has no words
struct Dialogue {
    DialogueId id;
    model::DialogueStep step;
    time::Instant opened_at;
    time::Instant changed_at;
    std::optional<std::string> team;
    std::optional<std::string> topic;
    std::optional<model::Tone> tone;
    std::uint32_t times_reopened;
    [[nodiscard]] bool is_open() const noexcept { return step != model::DialogueStep::confirmed; }
    friend bool operator==(const Dialogue&, const Dialogue&) = default;
};
struct Enrolment {
    std::string programme;
    model::EnrolmentStatus status;
    time::Instant changed_at;
    friend bool operator==(const Enrolment&, const Enrolment&) = default;
};
struct Obligation {
    std::string kind;
    std::string item;
    model::ObligationStep step;
    std::optional<time::Instant> due;
    time::Instant changed_at;
    std::optional<double> weight;
    [[nodiscard]] bool is_open() const noexcept { return step == model::ObligationStep::opened; }
    friend bool operator==(const Obligation&, const Obligation&) = default;
};
struct DatedResult {
    std::string assessment;
    double fraction;
    time::Instant at;
    friend bool operator==(const DatedResult&, const DatedResult&) = default;
};
struct Person {
    PersonId id;
    std::string language;
    std::string zone;
    std::vector<Role> roles;
    std::vector<Attribute> attributes;
    std::vector<ConsentState> consents;
    std::vector<Relation> relations;
    std::vector<Dialogue> dialogues;
    std::vector<Enrolment> enrolments;
    std::vector<Obligation> obligations;
    std::vector<DatedResult> results;
    std::optional<time::Instant> latest_at;
    friend bool operator==(const Person&, const Person&) = default;
};

/// The library's fact. `word` gives the symbol of a text: word(vocabulary, text).
template <class Word>
[[nodiscard]] model::Fact to_model(const Fact& fact, model::Symbols& symbols, const Word& word) {
    const auto maybe = [&](auto& vocabulary, const std::optional<std::string>& text) {
        using Symbol = decltype(word(vocabulary, *text));
        return text ? std::optional<Symbol>{word(vocabulary, *text)} : std::nullopt;
    };
    const auto content = [&](const auto& named) -> model::FactContent {
        using C = std::decay_t<decltype(named)>;
        if constexpr (std::is_same_v<C, Interaction>) {
            return model::Interaction{word(symbols.channels, named.channel),
                                      named.act,
                                      named.direction,
                                      maybe(symbols.topics, named.topic),
                                      maybe(symbols.languages, named.language),
                                      named.actor,
                                      maybe(symbols.teams, named.team),
                                      named.dialogue,
                                      maybe(symbols.purposes, named.purpose),
                                      maybe(symbols.actions, named.action),
                                      named.quantity,
                                      named.tone,
                                      named.text};
        } else if constexpr (std::is_same_v<C, RoleChange>) {
            return model::RoleChange{named.kind, maybe(symbols.programmes, named.programme),
                                     maybe(symbols.sites, named.site), named.ended};
        } else if constexpr (std::is_same_v<C, AttributeStatement>) {
            model::AttributeStatement statement;
            for (const Attribute& attribute : named.attributes) {
                statement.attributes.push_back({word(symbols.attributes, attribute.name), attribute.value});
            }
            return statement;
        } else if constexpr (std::is_same_v<C, ConsentStatement>) {
            return model::ConsentStatement{word(symbols.purposes, named.purpose),
                                           maybe(symbols.channels, named.channel), named.decision, named.text_version};
        } else if constexpr (std::is_same_v<C, RelationChange>) {
            return named;
        } else if constexpr (std::is_same_v<C, DialogueChange>) {
            return model::DialogueChange{named.dialogue, named.step, maybe(symbols.teams, named.team),
                                         maybe(symbols.topics, named.topic), named.tone};
        } else if constexpr (std::is_same_v<C, EnrolmentChange>) {
            return model::EnrolmentChange{word(symbols.programmes, named.programme), named.status};
        } else if constexpr (std::is_same_v<C, Result>) {
            return model::Result{word(symbols.assessments, named.assessment), named.fraction};
        } else {
            static_assert(std::is_same_v<C, ObligationChange>);
            return model::ObligationChange{word(symbols.obligations, named.kind), named.item, named.step, named.due,
                                           named.weight};
        }
    };
    return {fact.person,   fact.at,
            fact.known_at, word(symbols.sources, fact.source),
            fact.key,      std::visit(content, fact.content)};
}

/// The same with the words that are there; nothing if one is missing. Changes nothing.
[[nodiscard]] inline std::optional<model::Fact> find_model(const Fact& fact, model::Symbols& symbols) {
    bool is_complete = true;
    const auto find = [&]<class Tag>(const model::Vocabulary<Tag>& vocabulary, const std::string& text) {
        const std::optional<model::Symbol<Tag>> symbol = vocabulary.find(text);
        if (!symbol) is_complete = false;
        return symbol.value_or(model::Symbol<Tag>{1});
    };
    model::Fact found = to_model(fact, symbols, find);
    return is_complete ? std::optional{std::move(found)} : std::nullopt;
}

/// The same, where words that are missing are made.
[[nodiscard]] inline model::Fact intern_model(const Fact& fact, model::Symbols& symbols) {
    return to_model(fact, symbols, [](auto& vocabulary, const std::string& text) { return vocabulary.intern(text); });
}

/// From the library's facts and people to those with words.
class Naming {
    template <class Tag>
    [[nodiscard]] static std::optional<std::string> maybe(const model::Vocabulary<Tag>& vocabulary,
                                                          const std::optional<model::Symbol<Tag>>& symbol) {
        return symbol ? std::optional{vocabulary.text(*symbol)} : std::nullopt;
    }
    template <class M>
    [[nodiscard]] auto all(const std::vector<M>& entries) const {
        std::vector<decltype(named(entries.front()))> result;
        for (const M& entry : entries) result.push_back(named(entry));
        return result;
    }

    [[nodiscard]] Interaction named(const model::Interaction& interaction) const {
        return {symbols_.channels.text(interaction.channel),
                interaction.act,
                interaction.direction,
                maybe(symbols_.topics, interaction.topic),
                maybe(symbols_.languages, interaction.language),
                interaction.actor,
                maybe(symbols_.teams, interaction.team),
                interaction.dialogue,
                maybe(symbols_.purposes, interaction.purpose),
                maybe(symbols_.actions, interaction.action),
                interaction.quantity,
                interaction.tone,
                interaction.text};
    }
    [[nodiscard]] RoleChange named(const model::RoleChange& change) const {
        return {change.kind, maybe(symbols_.programmes, change.programme), maybe(symbols_.sites, change.site),
                change.ended};
    }
    [[nodiscard]] Attribute named(const model::Attribute& attribute) const {
        return {symbols_.attributes.text(attribute.name), attribute.value};
    }
    [[nodiscard]] AttributeStatement named(const model::AttributeStatement& statement) const {
        return {all(statement.attributes)};
    }
    [[nodiscard]] ConsentStatement named(const model::ConsentStatement& statement) const {
        return {symbols_.purposes.text(statement.purpose), statement.decision,
                maybe(symbols_.channels, statement.channel), statement.text_version};
    }
    [[nodiscard]] RelationChange named(const model::RelationChange& change) const { return change; }
    [[nodiscard]] DialogueChange named(const model::DialogueChange& change) const {
        return {change.dialogue, change.step, maybe(symbols_.teams, change.team), maybe(symbols_.topics, change.topic),
                change.tone};
    }
    [[nodiscard]] EnrolmentChange named(const model::EnrolmentChange& change) const {
        return {symbols_.programmes.text(change.programme), change.status};
    }
    [[nodiscard]] Result named(const model::Result& result) const {
        return {symbols_.assessments.text(result.assessment), result.fraction};
    }
    [[nodiscard]] ObligationChange named(const model::ObligationChange& change) const {
        return {symbols_.obligations.text(change.kind), change.step, change.item, change.due, change.weight};
    }
    [[nodiscard]] Role named(const model::Role& role) const {
        return {role.kind, maybe(symbols_.programmes, role.programme), maybe(symbols_.sites, role.site), role.start,
                role.end_exclusive};
    }
    [[nodiscard]] ConsentState named(const model::ConsentState& state) const {
        return {symbols_.purposes.text(state.purpose),
                maybe(symbols_.channels, state.channel),
                state.given,
                state.objected,
                state.objected_at,
                state.given_at,
                state.changed_at,
                state.text_version};
    }
    [[nodiscard]] Dialogue named(const model::Dialogue& dialogue) const {
        return {dialogue.id,
                dialogue.step,
                dialogue.opened_at,
                dialogue.changed_at,
                maybe(symbols_.teams, dialogue.team),
                maybe(symbols_.topics, dialogue.topic),
                dialogue.tone,
                dialogue.times_reopened};
    }
    [[nodiscard]] Enrolment named(const model::Enrolment& enrolment) const {
        return {symbols_.programmes.text(enrolment.programme), enrolment.status, enrolment.changed_at};
    }
    [[nodiscard]] Obligation named(const model::Obligation& obligation) const {
        return {symbols_.obligations.text(obligation.kind),
                obligation.item,
                obligation.step,
                obligation.due,
                obligation.changed_at,
                obligation.weight};
    }
    [[nodiscard]] DatedResult named(const model::DatedResult& result) const {
        return {symbols_.assessments.text(result.assessment), result.fraction, result.at};
    }

    const model::Symbols& symbols_;

public:
    explicit Naming(const model::Symbols& symbols) noexcept : symbols_{symbols} {}

    [[nodiscard]] Fact operator()(const model::Fact& fact) const {
        return {fact.person,
                fact.at,
                fact.known_at,
                symbols_.sources.text(fact.source),
                fact.key,
                std::visit([&](const auto& content) -> FactContent { return named(content); }, fact.content)};
    }
    [[nodiscard]] Person operator()(const model::Person& person) const {
        return {person.id,
                person.language,
                person.zone,
                all(person.roles),
                all(person.attributes),
                all(person.consents),
                person.relations,
                all(person.dialogues),
                all(person.enrolments),
                all(person.obligations),
                all(person.results),
                person.latest_at};
    }
};

}  // namespace alloquy::python
