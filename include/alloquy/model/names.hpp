#pragma once

/// \file
/// Names of enumerators as they stand in playbooks, mappings and Python: one table per enumeration.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace alloquy::model {

/// Specialised for each public enumeration: `values` holds the names in the order of the enumerators, from 0.
template <class Enum>
struct EnumNames;

/// The name of an enumerator.
template <class Enum>
[[nodiscard]] constexpr std::string_view name_of(Enum value) noexcept {
    return EnumNames<Enum>::values[static_cast<std::size_t>(value)];
}

/// The enumerator of a name, or nothing.
template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> from_name(std::string_view name) noexcept {
    for (std::size_t i = 0; i < EnumNames<Enum>::values.size(); ++i) {
        if (EnumNames<Enum>::values[i] == name) return static_cast<Enum>(i);
    }
    return std::nullopt;
}

/// Number of enumerators.
template <class Enum>
inline constexpr std::size_t enum_size = EnumNames<Enum>::values.size();

}  // namespace alloquy::model
