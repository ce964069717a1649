#pragma once

/// \file
/// Relation between two people, or a person and an organisation; reciprocal by construction.

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include <alloquy/id.hpp>
#include <alloquy/model/names.hpp>

namespace alloquy::model {

/// "The person of the fact is <kind> the other one." Numbers are stored in journals: only ever append.
enum class RelationKind : std::uint8_t {
    guardian_of,
    ward_of,
    mentor_of,
    mentored_by,
    supervisor_of,
    supervised_by,
    employs,
    works_at,
    partner_of,
    sibling_of,
};
template <>
struct EnumNames<RelationKind> {
    static constexpr std::array<std::string_view, 10> values{
        "guardian_of",   "ward_of", "mentor_of", "mentored_by", "supervisor_of",
        "supervised_by", "employs", "works_at",  "partner_of",  "sibling_of"};
};

/// How the same relation reads from the other side.
[[nodiscard]] constexpr RelationKind inverse(RelationKind kind) noexcept {
    switch (kind) {
        case RelationKind::guardian_of:
            return RelationKind::ward_of;
        case RelationKind::ward_of:
            return RelationKind::guardian_of;
        case RelationKind::mentor_of:
            return RelationKind::mentored_by;
        case RelationKind::mentored_by:
            return RelationKind::mentor_of;
        case RelationKind::supervisor_of:
            return RelationKind::supervised_by;
        case RelationKind::supervised_by:
            return RelationKind::supervisor_of;
        case RelationKind::employs:
            return RelationKind::works_at;
        case RelationKind::works_at:
            return RelationKind::employs;
        case RelationKind::partner_of:
        case RelationKind::sibling_of:
            return kind;
    }
    return kind;
}

/// The other side of a relation.
using RelationEnd = std::variant<PersonId, OrganisationId>;

/// A relation begins or ends at the instant of the fact around it. Where the other end is a person, the journal holds
/// the inverse as a fact about that person under the same (source, key), so that neither side can miss it.
struct RelationChange {
    RelationKind kind;
    RelationEnd other;
    bool ended = false;

    friend bool operator==(const RelationChange&, const RelationChange&) = default;
};

}  // namespace alloquy::model
