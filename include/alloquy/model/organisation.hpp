#pragma once

/// \file
/// Organisation: an employer, research partner, municipality or supplying school.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <alloquy/id.hpp>
#include <alloquy/model/names.hpp>

namespace alloquy::model {

/// Kinds of organisation. Numbers are stored in journals: only ever append.
enum class OrganisationKind : std::uint8_t { employer, research_partner, municipality, school, supplier, other };
template <>
struct EnumNames<OrganisationKind> {
    static constexpr std::array<std::string_view, 6> values{"employer", "research_partner", "municipality",
                                                            "school",   "supplier",         "other"};
};

/// An organisation that people have relations with.
struct Organisation {
    OrganisationId id;
    OrganisationKind kind;
    std::string name;

    friend bool operator==(const Organisation&, const Organisation&) = default;
};

}  // namespace alloquy::model
