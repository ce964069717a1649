#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <alloquy/store/hash.hpp>

using alloquy::store::hash_bytes;
using alloquy::store::Hasher;
using alloquy::store::to_hex;

TEST_SUITE("store/hash") {
    TEST_CASE("the hash is BLAKE2b-256") {
        // Expected: coreutils 9.1, `printf '' | b2sum -l 256` and `printf abc | b2sum -l 256`.
        CHECK(to_hex(hash_bytes("")) == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
        CHECK(to_hex(hash_bytes("abc")) == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    }
    TEST_CASE("it does not matter where the pieces are cut") {
        std::string text;
        for (int i = 0; i < 1000; ++i) text += static_cast<char>(i % 251);
        for (const std::size_t cut : {0U, 1U, 127U, 128U, 129U, 999U}) {
            CAPTURE(cut);
            Hasher hasher;
            hasher.add(text.substr(0, cut)).add(text.substr(cut));
            CHECK(hasher.hash() == hash_bytes(text));
        }
    }
    TEST_CASE("a number counts as its eight bytes, little-endian") {
        CHECK(Hasher{}.add(std::uint64_t{0x0102}).hash() == hash_bytes(std::string{"\x02\x01\0\0\0\0\0\0", 8}));
    }
    TEST_CASE("more may be added after the hash was taken") {
        Hasher hasher;
        hasher.add("ab");
        static_cast<void>(hasher.hash());
        hasher.add("c");
        CHECK(hasher.hash() == hash_bytes("abc"));
    }
}
