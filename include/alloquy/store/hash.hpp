#pragma once

/// \file
/// Hash: BLAKE2b-256 of bytes, at once or piece by piece, for playbooks, states, snapshots and the audit chain.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace alloquy::store {

/// A BLAKE2b hash of 256 bits (RFC 7693, unkeyed unless said otherwise).
using Hash = std::array<std::byte, 32>;

/// Hash of all bytes.
///
/// \par Cost    About 1 ns a byte; no allocation.
/// \par Source  RFC 7693, computed by libsodium.
[[nodiscard]] Hash hash_bytes(std::span<const std::byte> bytes);

/// The same over the bytes of a text.
[[nodiscard]] Hash hash_bytes(std::string_view text);

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const Hash& hash);

/// Hash of bytes that come in pieces; where the pieces are cut does not matter. Not shared between threads.
class Hasher {
public:
    Hasher();
    Hasher(Hasher&& other) noexcept;
    Hasher& operator=(Hasher&& other) noexcept;
    ~Hasher();

    Hasher& add(std::span<const std::byte> bytes);
    Hasher& add(std::string_view text);
    /// The eight bytes of a number, little-endian.
    Hasher& add(std::uint64_t number);

    /// The hash of all that was added so far; more may be added afterwards.
    [[nodiscard]] Hash hash() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace alloquy::store
