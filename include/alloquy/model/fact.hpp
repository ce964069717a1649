#pragma once

/// \file
/// Fact: the only thing that a journal holds; everything else is a fold over facts.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::model {

/// What a fact says. The index of an alternative is stored in journals: only ever append.
using FactContent = std::variant<Interaction, RoleChange, AttributeStatement, ConsentStatement, RelationChange,
                                 DialogueChange, EnrolmentChange, Result, ObligationChange>;

/// Names of the alternatives of FactContent, by index.
inline constexpr std::array<std::string_view, 9> fact_content_names{
    "interaction", "role", "attributes", "consent", "relation", "dialogue", "enrolment", "result", "obligation"};

/// Longest key of a fact, bytes.
inline constexpr std::size_t max_fact_key_bytes = 512;

/// One thing that happened to or was said by one person.
///
/// Identity is (person, source, key): a fact enters a journal once, and the same key with other content is a conflict
/// that the source must settle under a new key. The order of a person's facts is (at, source text, key).
struct Fact {
    PersonId person;
    time::Instant at;        ///< When it happened.
    time::Instant known_at;  ///< When the institution could know it; not before `at`, but for roles and relations.
    Source source;
    std::string key;  ///< The source's own name of this fact, 1 to max_fact_key_bytes bytes. May be personal.
    FactContent content;

    friend bool operator==(const Fact&, const Fact&) = default;
};

/// A relation with another person as a fact about that person, under the same source and key; nothing for other facts.
[[nodiscard]] inline std::optional<Fact> mirrored(const Fact& fact) {
    const auto* const relation = std::get_if<RelationChange>(&fact.content);
    if (relation == nullptr) return std::nullopt;
    const auto* const other = std::get_if<PersonId>(&relation->other);
    if (other == nullptr) return std::nullopt;
    return Fact{*other,      fact.at,  fact.known_at,
                fact.source, fact.key, RelationChange{inverse(relation->kind), fact.person, relation->ended}};
}

}  // namespace alloquy::model
