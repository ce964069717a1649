#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../../src/store/codec.hpp"
#include "support.hpp"

using alloquy::store::detail::canonical_bytes;
using alloquy::store::detail::DamagedPayload;
using alloquy::store::detail::decode_payload;
using alloquy::store::detail::encode_payload;
using namespace store_test;

namespace {

std::string encoded(const model::FactContent& content) {
    std::string bytes;
    encode_payload(content, bytes);
    return bytes;
}

model::FactContent decoded(std::size_t kind, std::string_view bytes) {
    return decode_payload(static_cast<std::int64_t>(kind), std::as_bytes(std::span{bytes}));
}

}  // namespace

TEST_SUITE("store/codec") {
    TEST_CASE("random contents of every kind survive the round trip, and equal contents have equal bytes") {
        model::Symbols symbols;
        RandomFacts random{1, symbols};
        for (std::size_t kind = 0; kind < std::variant_size_v<model::FactContent>; ++kind) {
            CAPTURE(kind);
            for (int i = 0; i < 2000; ++i) {
                const model::FactContent content = random.content(kind);
                REQUIRE(content.index() == kind);
                const std::string bytes = encoded(content);
                const model::FactContent again = decoded(kind, bytes);
                REQUIRE(again == content);
                REQUIRE(encoded(again) == bytes);
            }
        }
    }
    TEST_CASE("the payload is the documented bytes") {
        // By hand: version 1; flags direction 1, quantity 1 << 8 = 257 = 0x81 0x02 (LEB128); channel 300 = 0xac 0x02;
        // act sent = 0; quantity 5.
        model::Interaction sent{
            .channel = model::Channel{300}, .act = model::Act::sent, .direction = model::Direction::outbound};
        sent.quantity = 5;
        CHECK(encoded(sent) == std::string{"\x01\x81\x02\xac\x02\0\x05", 7});
        // Version; flags 0 (a person); kind mentor_of = 2; id -3 in zigzag = 5.
        CHECK(encoded(model::RelationChange{.kind = model::RelationKind::mentor_of, .other = PersonId{-3}}) ==
              std::string{"\x01\0\x02\x05", 4});
    }
    TEST_CASE("bytes that no encoder wrote are damage, never a crash") {
        model::Symbols symbols;
        RandomFacts random{2, symbols};
        std::size_t damaged = 0;
        const auto try_it = [&](std::size_t kind, std::string_view bytes) {
            try {
                static_cast<void>(decoded(kind, bytes));
            } catch (const DamagedPayload&) {
                ++damaged;
            }
        };
        for (int i = 0; i < 3000; ++i) {
            const std::size_t kind = random.below(9);
            std::string bytes = encoded(random.content(kind));
            for (std::size_t size = 0; size < bytes.size(); ++size) {
                const std::size_t before = damaged;
                try_it(kind, std::string_view{bytes}.substr(0, size));
                REQUIRE(damaged == before + 1);  // a cut payload is always noticed
            }
            const std::size_t before = damaged;
            try_it(kind, bytes + '\0');
            REQUIRE(damaged == before + 1);
            bytes[random.below(bytes.size())] ^= static_cast<char>(1U << random.below(8));
            try_it(kind, bytes);
            try_it(random.below(12), random.bytes(60));
        }
        CHECK(damaged > 10'000);
        CHECK_THROWS_AS((void)decoded(9, "\x01"), DamagedPayload);
        CHECK_THROWS_AS((void)decoded(6, std::string{"\x02\x01\0", 3}), DamagedPayload);  // another version
    }
    TEST_CASE("canonical bytes do not depend on the numbering of symbols, and do on everything else") {
        model::Symbols straight;
        model::Symbols shifted;
        model::Symbols::for_each(shifted, [](int, auto& vocabulary) { static_cast<void>(vocabulary.intern("other")); });
        RandomFacts in_straight{5, straight};
        RandomFacts in_shifted{5, shifted};
        std::string previous;
        for (int i = 0; i < 2000; ++i) {
            const model::Fact a = in_straight.fact(20, 20, "k" + std::to_string(i));
            const model::Fact b = in_shifted.fact(20, 20, "k" + std::to_string(i));
            std::string bytes_a;
            std::string bytes_b;
            canonical_bytes(a, straight, bytes_a);
            canonical_bytes(b, shifted, bytes_b);
            REQUIRE(bytes_a == bytes_b);
            REQUIRE(bytes_a != previous);
            previous = bytes_a;
        }
        model::Fact strange = click(PersonId{1}, straight, "k");
        strange.source = model::Source{999};
        CHECK_THROWS_AS(canonical_bytes(strange, straight, previous), alloquy::InvalidArgument);
    }
}
