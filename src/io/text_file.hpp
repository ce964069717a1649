#pragma once

/// \file
/// read_text_file: a whole small file (playbook, mapping) as one text.

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <alloquy/error.hpp>
#include <alloquy/io/byte_source.hpp>

namespace alloquy::io {

/// \throws NotFound  if there is no such file.
/// \throws Error     if it cannot be read or is larger than 64 MiB.
[[nodiscard]] inline std::string read_text_file(const std::filesystem::path& path) {
    constexpr std::size_t max_bytes = std::size_t{64} << 20U;
    const auto source = open_file(path);
    std::string text;
    std::array<char, 16'384> buffer;
    for (std::size_t count = source->read(buffer); count > 0; count = source->read(buffer)) {
        text.append(buffer.data(), count);
        if (text.size() > max_bytes) throw Error{path.string() + ": larger than 64 MiB"};
    }
    return text;
}

}  // namespace alloquy::io
