#pragma once

/// \file
/// Checks that playbook and mapping share: names of enumerators and language tags.

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <alloquy/model/names.hpp>

namespace alloquy::io {

/// Names and values of an enumeration, as Cursor::enumeration wants them.
template <class Enum>
[[nodiscard]] constexpr std::array<std::pair<std::string_view, Enum>, model::enum_size<Enum>> named_values() {
    std::array<std::pair<std::string_view, Enum>, model::enum_size<Enum>> result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = {model::EnumNames<Enum>::values[i], static_cast<Enum>(i)};
    }
    return result;
}

/// Whether a text has the shape of a language tag: parts of 1 to 8 ASCII letters and digits, joined by '-', the first
/// of 2 to 8 letters. Source: BCP 47 (RFC 5646, section 2.1), without its registry.
[[nodiscard]] constexpr bool is_language_tag(std::string_view tag) noexcept {
    std::size_t length = 0;
    bool is_first = true;
    for (std::size_t i = 0; i <= tag.size(); ++i) {
        if (i == tag.size() || tag[i] == '-') {
            if (length < (is_first ? 2U : 1U) || length > 8) return false;
            length = 0;
            is_first = false;
            continue;
        }
        const char c = tag[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && (is_first || !is_digit)) return false;
        ++length;
    }
    return true;
}

}  // namespace alloquy::io
