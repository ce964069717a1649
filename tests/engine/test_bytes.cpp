#include <alloquy/engine/bytes.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/model/role.hpp>

#include "../support/facts.hpp"

using alloquy::engine::ByteReader;
using alloquy::engine::ByteWriter;
using Bytes = std::vector<std::byte>;

namespace {

template <class Write>
Bytes written(Write&& write, std::size_t chunk_bytes = 1024) {
    Bytes bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) {
                       CHECK(chunk.size() <= chunk_bytes);
                       bytes.insert(bytes.end(), chunk.begin(), chunk.end());
                   },
                   chunk_bytes};
    write(out);
    out.flush();
    return bytes;
}

ByteReader reader_of(const Bytes& bytes, std::size_t chunk_bytes = 5) {
    return ByteReader{[&bytes, chunk_bytes, next = std::size_t{0}]() mutable {
        const std::size_t first = next;
        next = std::min(bytes.size(), first + chunk_bytes);
        return std::span{bytes}.subspan(first, next - first);
    }};
}

Bytes bytes_of(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

}  // namespace

TEST_SUITE("engine/bytes") {
    TEST_CASE("numbers are little-endian, texts have their length before them") {
        CHECK(written([](ByteWriter& out) { out.number(std::uint32_t{0x01020304}); }) == bytes_of({4, 3, 2, 1}));
        CHECK(written([](ByteWriter& out) { out.number(std::int16_t{-2}); }) == bytes_of({0xFE, 0xFF}));
        // IEEE 754: 1.0 is 0x3FF0000000000000.
        CHECK(written([](ByteWriter& out) { out.number(1.0); }) == bytes_of({0, 0, 0, 0, 0, 0, 0xF0, 0x3F}));
        CHECK(written([](ByteWriter& out) { out.number(alloquy::model::RoleKind::alumnus); }) == bytes_of({3}));
        CHECK(written([](ByteWriter& out) { out.text("hi"); }) == bytes_of({2, 0, 0, 0, 0, 0, 0, 0, 'h', 'i'}));
        CHECK(written([](ByteWriter& out) {
                  const auto write = [&](std::uint8_t value) { out.number(value); };
                  out.optional(std::optional<std::uint8_t>{}, write);
                  out.optional(std::optional<std::uint8_t>{9}, write);
                  out.list(std::array<std::uint8_t, 2>{7, 8}, write);
              }) == bytes_of({0, 1, 9, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8}));
    }

    TEST_CASE("what is written is read again, whatever the chunks of either side") {
        for (const unsigned chunk : {1U, 2U, 3U, 7U, 8U, 9U, 64U, 4096U}) {
            CAPTURE(chunk);
            const std::string longer(100, 'x');
            const Bytes bytes = written(
                [&](ByteWriter& out) {
                    out.number(std::uint64_t{0xFEDCBA9876543210});
                    out.text(longer);
                    out.text("");
                    out.instant(alloquy::support::minute(5));
                    out.number(-0.1);
                    out.list(std::vector<int>{1, 2, 3}, [&](int value) { out.number(value); });
                    out.optional(std::optional{3}, [&](int value) { out.number(value); });
                    out.optional(std::optional<int>{}, [&](int value) { out.number(value); });
                },
                chunk);
            for (const unsigned read_chunk : {1U, 6U, 1000U}) {
                ByteReader in = reader_of(bytes, read_chunk);
                CHECK(in.number<std::uint64_t>() == 0xFEDCBA9876543210);
                CHECK(in.text() == longer);
                CHECK(in.text().empty());
                CHECK(in.instant() == alloquy::support::minute(5));
                CHECK(in.number<double>() == -0.1);
                CHECK(in.list([&] { return in.number<int>(); }) == std::vector<int>{1, 2, 3});
                CHECK(in.optional([&] { return in.number<int>(); }) == 3);
                CHECK_FALSE(in.optional([&] { return in.number<int>(); }));
                CHECK_THROWS_AS((void)in.number<std::uint8_t>(), alloquy::ParseError);
            }
        }
    }

    TEST_CASE("bytes that end too early are refused, and so is everything after") {
        const Bytes bytes = written([](ByteWriter& out) { out.text("twelve bytes"); });
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const Bytes part{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
            ByteReader in = reader_of(part);
            CHECK_THROWS_AS((void)in.text(), alloquy::ParseError);
            CHECK_THROWS_AS((void)in.number<std::uint8_t>(), alloquy::ParseError);
        }
    }

    TEST_CASE("instants and lengths out of range are refused") {
        const Bytes late = written([](ByteWriter& out) { out.number(std::int64_t{253'402'300'800'000}); });
        CHECK_THROWS_AS((void)reader_of(late).instant(), alloquy::ParseError);
        const Bytes early = written([](ByteWriter& out) { out.number(std::int64_t{-62'135'596'800'001}); });
        CHECK_THROWS_AS((void)reader_of(early).instant(), alloquy::ParseError);
        const Bytes large = written([](ByteWriter& out) { out.number(std::uint64_t{1} << 40U); });
        CHECK_THROWS_AS((void)reader_of(large).length(), alloquy::ParseError);
        CHECK_THROWS_AS((void)reader_of(large).text(), alloquy::ParseError);
    }

    TEST_CASE("a damaged length does not ask for memory that the bytes cannot fill") {
        const Bytes damaged = written([](ByteWriter& out) { out.number(std::uint64_t{1} << 29U); });
        const auto peak_kb = [] {
            rusage usage{};
            getrusage(RUSAGE_SELF, &usage);
            return usage.ru_maxrss;
        };
        const long before = peak_kb();
        CHECK_THROWS_AS((void)reader_of(damaged).text(), alloquy::ParseError);
        CHECK(peak_kb() - before < 100'000);
    }
}
