#pragma once

/// \file
/// Little-endian byte forms: of playbooks for their hash, of engine state for snapshots and digests.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

static_assert(std::endian::native == std::endian::little, "alloquy's byte forms are copied from memory");

/// Takes bytes in pieces and hands them on in chunks.
class ByteWriter {
public:
    using Sink = std::function<void(std::span<const std::byte>)>;

    /// \param sink         Gets every byte written, in order, in chunks of at most chunk_bytes.
    /// \param chunk_bytes  > 0.
    explicit ByteWriter(Sink sink, std::size_t chunk_bytes = std::size_t{1} << 20U)
        : sink_{std::move(sink)}, chunk_bytes_{chunk_bytes} {
        buffer_.reserve(chunk_bytes_);
    }

    void raw(const void* data, std::size_t size) {
        const auto* next = static_cast<const std::byte*>(data);
        while (size > 0) {
            const std::size_t part = std::min(size, chunk_bytes_ - buffer_.size());
            buffer_.insert(buffer_.end(), next, next + part);
            next += part;
            size -= part;
            if (buffer_.size() == chunk_bytes_) flush();
        }
    }
    template <class Number>
    requires(std::is_arithmetic_v<Number> || std::is_enum_v<Number>) void number(Number value) {
        raw(&value, sizeof value);
    }
    void text(std::string_view value) {
        number(static_cast<std::uint64_t>(value.size()));
        raw(value.data(), value.size());
    }
    void instant(time::Instant value) { number(value.unix_ms()); }
    /// Writes whether there is a value, then the value by `write`.
    template <class Value, class Write>
    void optional(const std::optional<Value>& value, Write&& write) {
        number(static_cast<std::uint8_t>(value ? 1 : 0));
        if (value) write(*value);
    }
    template <class List, class Write>
    void list(const List& values, Write&& write) {
        number(static_cast<std::uint64_t>(values.size()));
        for (const auto& value : values) write(value);
    }
    /// Hands on what is left.
    void flush() {
        if (!buffer_.empty()) sink_(buffer_);
        buffer_.clear();
    }

private:
    Sink sink_;
    std::size_t chunk_bytes_;
    std::vector<std::byte> buffer_;
};

/// Reads what a ByteWriter wrote.
class ByteReader {
public:
    /// Gives the next chunk, empty at the end.
    using Source = std::function<std::span<const std::byte>()>;

    explicit ByteReader(Source source) : source_{std::move(source)} {}

    /// \throws ParseError  if the bytes end too early; so do all that follow.
    void raw(void* data, std::size_t size) {
        auto* next = static_cast<std::byte*>(data);
        while (size > 0) {
            if (rest_.empty()) {
                rest_ = source_();
                if (rest_.empty()) throw ParseError{"snapshot", {{0, "", "ends too early"}}};
            }
            const std::size_t part = std::min(size, rest_.size());
            std::memcpy(next, rest_.data(), part);
            rest_ = rest_.subspan(part);
            next += part;
            size -= part;
        }
    }
    template <class Number>
    requires(std::is_arithmetic_v<Number> || std::is_enum_v<Number>) [[nodiscard]] Number number() {
        Number value{};
        raw(&value, sizeof value);
        return value;
    }
    [[nodiscard]] std::string text() {
        // In pieces: a damaged length must not ask for memory that the bytes do not fill.
        std::string value;
        for (std::size_t left = length(); left > 0;) {
            const std::size_t part = std::min(left, std::size_t{1} << 16U);
            const std::size_t first = value.size();
            value.resize(first + part);
            raw(value.data() + first, part);
            left -= part;
        }
        return value;
    }
    /// \throws ParseError  if the number is no instant.
    [[nodiscard]] time::Instant instant() {
        const auto value = number<std::int64_t>();
        if (value < time::Instant::min_unix_ms || value > time::Instant::max_unix_ms) fail("an instant out of range");
        return time::Instant::from_unix_ms(value);
    }
    template <class Read>
    [[nodiscard]] auto optional(Read&& read) -> std::optional<decltype(read())> {
        if (number<std::uint8_t>() == 0) return std::nullopt;
        return read();
    }
    template <class Read>
    [[nodiscard]] auto list(Read&& read) -> std::vector<decltype(read())> {
        std::vector<decltype(read())> values;
        for (std::size_t left = length(); left > 0; --left) values.push_back(read());
        return values;
    }
    /// \throws ParseError  if there are bytes left.
    void expect_end() {
        if (rest_.empty()) rest_ = source_();
        if (!rest_.empty()) fail("bytes after the end");
    }
    /// A length that leaves room for what follows; guards against damaged bytes asking for all memory.
    [[nodiscard]] std::size_t length() {
        const auto value = number<std::uint64_t>();
        if (value > (std::uint64_t{1} << 32U)) fail("a length out of range");
        return static_cast<std::size_t>(value);
    }
    [[noreturn]] static void fail(const char* what) { throw ParseError{"snapshot", {{0, "", what}}}; }

private:
    Source source_;
    std::span<const std::byte> rest_;
};

}  // namespace alloquy::engine
