#pragma once

/// \file
/// Codec: what a fact says as bytes, once compactly for the file and once canonically for its commitment.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <alloquy/model/fact.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/store/hash.hpp>

namespace alloquy::store::detail {

/// Thrown for bytes that no encoder wrote.
struct DamagedPayload {};

/// Appends the payload of a fact: a version byte, then the fields of the alternative with LEB128 numbers and
/// length-prefixed texts; symbols by number, absent optionals as a cleared bit of the flags. Equal contents have equal
/// bytes.
void encode_payload(const model::FactContent& content, std::string& out);

/// \param kind  Index of the alternative.
/// \throws DamagedPayload  for anything that encode_payload did not make.
[[nodiscard]] model::FactContent decode_payload(std::int64_t kind, std::span<const std::byte> payload);

/// Appends the canonical bytes of a fact: fixed-width little-endian numbers and length-prefixed texts, symbols as text,
/// so that the numbering of a vocabulary does not matter. Never changes for an existing fact: a field that a later
/// version adds is appended only where it is present.
/// \throws InvalidArgument  if a symbol is not in `symbols`.
void canonical_bytes(const model::Fact& fact, const model::Symbols& symbols, std::string& out);

/// Appends a length (4 bytes, little-endian) and the bytes.
void put_text(std::string& out, std::string_view text);

/// Length of a commitment key, bytes.
inline constexpr std::size_t key_bytes = 32;
using CommitmentKey = std::array<std::byte, key_bytes>;

/// BLAKE2b-256 of canonical bytes, keyed with the key of their person.
[[nodiscard]] Hash commitment_of(std::string_view canonical, std::span<const std::byte, key_bytes> key);

}  // namespace alloquy::store::detail
