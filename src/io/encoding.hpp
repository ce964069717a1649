#pragma once

/// \file
/// Utf8Input: a byte source turned into UTF-8.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/io/byte_source.hpp>
#include <alloquy/io/csv_reader.hpp>
#include <alloquy/utf8.hpp>

namespace alloquy::io {

using alloquy::first_invalid_utf8;

/// Adds one code point as UTF-8. Precondition: code_point <= 0x10ffff and no surrogate.
void append_utf8(std::string& text, char32_t code_point);

/// Reads a source as UTF-8, without its byte order mark.
///
/// UTF-8 itself is passed on unchecked. What another encoding does not allow becomes the byte ff, which no valid UTF-8
/// holds, so that one check downstream finds both kinds.
class Utf8Input {
public:
    /// Reads the first bytes to see whether there is a byte order mark.
    Utf8Input(ByteSource& source, Encoding encoding);

    /// The next bytes; 0 only at the end.
    [[nodiscard]] std::size_t read(std::span<char> into);
    /// Up to max_bytes of what read() will give next; fewer only if the file ends there.
    [[nodiscard]] std::string_view peek(std::size_t max_bytes);
    [[nodiscard]] Encoding encoding() const noexcept { return encoding_; }

private:
    bool transcode_more();
    void transcode(std::string_view bytes, bool at_end);
    void append_utf16_unit(char32_t unit);

    ByteSource& source_;
    Encoding encoding_;
    std::vector<char> raw_;
    std::string pending_;               ///< Decoded, not yet handed out from pending_at_ on.
    std::size_t pending_at_ = 0;        //
    std::optional<unsigned char> odd_;  ///< First half of a UTF-16 unit that was cut by the end of a chunk.
    std::optional<char32_t> high_;      ///< High surrogate that waits for its low one.
    bool source_ended_ = false;
};

}  // namespace alloquy::io
