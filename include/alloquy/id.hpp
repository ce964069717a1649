#pragma once

/// \file
/// Id: the identity of one record, with a type of its own for each kind of record.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace alloquy {

/// Identity of one record. There is no null id: use std::optional<Id<Tag>>.
template <class Tag>
class Id {
public:
    explicit constexpr Id(std::int64_t value) noexcept : value_{value} {}
    [[nodiscard]] constexpr std::int64_t value() const noexcept { return value_; }
    friend constexpr auto operator<=>(Id, Id) = default;

private:
    std::int64_t value_;
};

using PersonId = Id<struct PersonTag>;              ///< Given by the journal, in order of first mention.
using OrganisationId = Id<struct OrganisationTag>;  ///< Given by the journal, in order of first mention.
using DialogueId = Id<struct DialogueTag>;          ///< Given by the host's dialogue system, unique in one institution.

}  // namespace alloquy

template <class Tag>
struct std::hash<alloquy::Id<Tag>> {
    [[nodiscard]] std::size_t operator()(alloquy::Id<Tag> id) const noexcept {
        return std::hash<std::int64_t>{}(id.value());
    }
};
