#include "encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace alloquy::io {
namespace {

constexpr char invalid_marker = '\xff';
constexpr std::size_t raw_bytes = std::size_t{1} << 15U;

/// Windows-1252 for bytes 80 to 9f; 0 = not assigned. Source: Microsoft's table cp1252.txt (version 2.01), as published
/// by Unicode.
constexpr std::array<char32_t, 32> windows_1252_high = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                                        0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/// The eight places where ISO 8859-15 differs from ISO 8859-1. Source: Unicode's table 8859-15.TXT.
constexpr char32_t from_iso_8859_15(unsigned char byte) noexcept {
    switch (byte) {
        case 0xa4:
            return 0x20ac;
        case 0xa6:
            return 0x0160;
        case 0xa8:
            return 0x0161;
        case 0xb4:
            return 0x017d;
        case 0xb8:
            return 0x017e;
        case 0xbc:
            return 0x0152;
        case 0xbd:
            return 0x0153;
        case 0xbe:
            return 0x0178;
        default:
            return byte;
    }
}

constexpr bool is_high_surrogate(char32_t unit) noexcept {
    return unit >= 0xd800 && unit <= 0xdbff;
}
constexpr bool is_low_surrogate(char32_t unit) noexcept {
    return unit >= 0xdc00 && unit <= 0xdfff;
}

}  // namespace

std::string_view to_string(Encoding encoding) noexcept {
    switch (encoding) {
        case Encoding::utf_8:
            return "utf_8";
        case Encoding::windows_1252:
            return "windows_1252";
        case Encoding::iso_8859_1:
            return "iso_8859_1";
        case Encoding::iso_8859_15:
            return "iso_8859_15";
        case Encoding::utf_16le:
            return "utf_16le";
        case Encoding::utf_16be:
            return "utf_16be";
    }
    return "unknown";
}

void append_utf8(std::string& text, char32_t code_point) {
    const auto add = [&text](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code_point < 0x80) {
        add(code_point);
    } else if (code_point < 0x800) {
        add(0xc0 | (code_point >> 6U));
        add(0x80 | (code_point & 0x3fU));
    } else if (code_point < 0x10000) {
        add(0xe0 | (code_point >> 12U));
        add(0x80 | ((code_point >> 6U) & 0x3fU));
        add(0x80 | (code_point & 0x3fU));
    } else {
        add(0xf0 | (code_point >> 18U));
        add(0x80 | ((code_point >> 12U) & 0x3fU));
        add(0x80 | ((code_point >> 6U) & 0x3fU));
        add(0x80 | (code_point & 0x3fU));
    }
}

Utf8Input::Utf8Input(ByteSource& source, Encoding encoding) : source_{source}, encoding_{encoding} {
    std::array<char, 3> start{};
    std::size_t size = 0;
    while (size < start.size()) {
        const std::size_t count = source_.read(std::span{start}.subspan(size));
        if (count == 0) {
            source_ended_ = true;
            break;
        }
        size += count;
    }
    std::string_view bytes{start.data(), size};
    if (bytes.starts_with("\xef\xbb\xbf")) {
        encoding_ = Encoding::utf_8;
        bytes.remove_prefix(3);
    } else if (bytes.starts_with("\xff\xfe")) {
        encoding_ = Encoding::utf_16le;
        bytes.remove_prefix(2);
    } else if (bytes.starts_with("\xfe\xff")) {
        encoding_ = Encoding::utf_16be;
        bytes.remove_prefix(2);
    }
    if (encoding_ != Encoding::utf_8) raw_.resize(raw_bytes);
    transcode(bytes, source_ended_);
}

bool Utf8Input::transcode_more() {
    if (source_ended_) return false;
    if (encoding_ == Encoding::utf_8) raw_.resize(raw_bytes);
    const std::size_t count = source_.read(raw_);
    source_ended_ = count == 0;
    transcode({raw_.data(), count}, source_ended_);
    return !source_ended_;
}

std::string_view Utf8Input::peek(std::size_t max_bytes) {
    while (pending_.size() - pending_at_ < max_bytes && transcode_more()) {
    }
    return std::string_view{pending_}.substr(pending_at_, max_bytes);
}

std::size_t Utf8Input::read(std::span<char> into) {
    if (pending_at_ == pending_.size()) {
        pending_.clear();
        pending_at_ = 0;
        if (encoding_ == Encoding::utf_8) {  // nothing to turn: straight into the caller's buffer
            if (source_ended_) return 0;
            const std::size_t count = source_.read(into);
            source_ended_ = count == 0;
            return count;
        }
        // One piece may give nothing: half of a UTF-16 unit, say.
        while (pending_.empty() && transcode_more()) {
        }
    }
    const std::size_t count = std::min(into.size(), pending_.size() - pending_at_);
    std::copy_n(pending_.data() + pending_at_, count, into.data());
    pending_at_ += count;
    return count;
}

void Utf8Input::append_utf16_unit(char32_t unit) {
    if (high_) {
        if (is_low_surrogate(unit)) {
            append_utf8(pending_, 0x10000 + ((*high_ - 0xd800) << 10U) + (unit - 0xdc00));
            high_.reset();
            return;
        }
        pending_ += invalid_marker;
        high_.reset();
    }
    if (is_high_surrogate(unit)) {
        high_ = unit;
    } else if (is_low_surrogate(unit)) {
        pending_ += invalid_marker;
    } else {
        append_utf8(pending_, unit);
    }
}

void Utf8Input::transcode(std::string_view bytes, bool at_end) {
    switch (encoding_) {
        case Encoding::utf_8:
            pending_ += bytes;
            break;
        case Encoding::windows_1252:
            for (const char c : bytes) {
                const auto byte = static_cast<unsigned char>(c);
                const char32_t code_point = byte >= 0x80 && byte < 0xa0 ? windows_1252_high[byte - 0x80U] : byte;
                if (code_point == 0 && byte != 0) {
                    pending_ += invalid_marker;
                } else {
                    append_utf8(pending_, code_point);
                }
            }
            break;
        case Encoding::iso_8859_1:
            for (const char c : bytes) append_utf8(pending_, static_cast<unsigned char>(c));
            break;
        case Encoding::iso_8859_15:
            for (const char c : bytes) append_utf8(pending_, from_iso_8859_15(static_cast<unsigned char>(c)));
            break;
        case Encoding::utf_16le:
        case Encoding::utf_16be:
            for (const char c : bytes) {
                const auto byte = static_cast<unsigned char>(c);
                if (!odd_) {
                    odd_ = byte;
                    continue;
                }
                const unsigned low = encoding_ == Encoding::utf_16le ? *odd_ : byte;
                const unsigned high = encoding_ == Encoding::utf_16le ? byte : *odd_;
                odd_.reset();
                append_utf16_unit((high << 8U) | low);
            }
            if (at_end) {
                if (high_) pending_ += invalid_marker;
                if (odd_) pending_ += invalid_marker;
                high_.reset();
                odd_.reset();
            }
            break;
    }
}

}  // namespace alloquy::io
