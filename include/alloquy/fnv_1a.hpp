#pragma once

/// \file
/// FNV-1a: a hash of texts and numbers that is the same on every machine. Not for secrets, nor against hostile input.

#include <cstdint>
#include <string_view>

namespace alloquy {

/// FNV-1a with 64 bits, going on from a hash.
/// \par Source  G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, "The FNV non-cryptographic hash algorithm",
///              draft-eastlake-fnv; offset basis and prime of its section 5.
[[nodiscard]] constexpr std::uint64_t fnv_1a(std::string_view text, std::uint64_t hash = 0xCBF29CE484222325) noexcept {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    return hash;
}
/// The same of a number's bytes, the lowest first.
[[nodiscard]] constexpr std::uint64_t fnv_1a_number(std::uint64_t number, std::uint64_t hash) noexcept {
    for (unsigned i = 0; i < 8; ++i) hash = (hash ^ (number >> (8 * i) & 0xFFU)) * 0x100000001B3;
    return hash;
}

}  // namespace alloquy
