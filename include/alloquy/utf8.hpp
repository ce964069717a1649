#pragma once

/// \file
/// Whether a text is UTF-8.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace alloquy {

/// Offset of the first byte that does not belong to a valid UTF-8 sequence (RFC 3629: no surrogates, no overlong forms,
/// nothing above U+10FFFF), or nothing if the text is valid.
[[nodiscard]] inline std::optional<std::size_t> first_invalid_utf8(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t i = 0;
    while (i < text.size()) {
        if (text.size() - i >= 8) {  // most text is ASCII: eight bytes at a time
            std::uint64_t block = 0;
            std::memcpy(&block, text.data() + i, 8);
            if ((block & 0x8080'8080'8080'8080U) == 0) {
                i += 8;
                continue;
            }
        }
        const unsigned lead = byte(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        // RFC 3629, section 4: length, and the range of the second byte, which keeps out overlong forms and surrogates.
        std::size_t length = 0;
        unsigned low = 0x80;
        unsigned high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) {
            length = 2;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            length = 3;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            length = 4;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else {
            return i;
        }
        if (text.size() - i < length || byte(i + 1) < low || byte(i + 1) > high) return i;
        for (std::size_t k = 2; k < length; ++k) {
            if ((byte(i + k) & 0xc0U) != 0x80) return i;
        }
        i += length;
    }
    return std::nullopt;
}

}  // namespace alloquy
