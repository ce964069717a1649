#include <sodium.h>

#include <utility>

#include <alloquy/store/hash.hpp>

namespace alloquy::store {
namespace {

const unsigned char* raw(std::span<const std::byte> bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Hash hash_bytes(std::span<const std::byte> bytes) {
    Hash hash;
    crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(), raw(bytes), bytes.size(), nullptr,
                       0);
    return hash;
}

Hash hash_bytes(std::string_view text) {
    return hash_bytes(std::as_bytes(std::span{text}));
}

std::string to_hex(const Hash& hash) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : hash) {
        text += digits[std::to_integer<unsigned>(byte) >> 4U];
        text += digits[std::to_integer<unsigned>(byte) & 15U];
    }
    return text;
}

struct Hasher::State {
    crypto_generichash_state sodium;
};

Hasher::Hasher() : state_{std::make_unique<State>()} {
    crypto_generichash_init(&state_->sodium, nullptr, 0, std::tuple_size_v<Hash>);
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

Hasher& Hasher::add(std::span<const std::byte> bytes) {
    crypto_generichash_update(&state_->sodium, raw(bytes), bytes.size());
    return *this;
}

Hasher& Hasher::add(std::string_view text) {
    return add(std::as_bytes(std::span{text}));
}

Hasher& Hasher::add(std::uint64_t number) {
    std::array<std::byte, 8> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((number >> (8 * i)) & 0xFFU);
    return add(bytes);
}

Hash Hasher::hash() const {
    State copy = *state_;  // finishing destroys a state
    Hash hash;
    crypto_generichash_final(&copy.sodium, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
    return hash;
}

}  // namespace alloquy::store
