// Feeds any bytes to PositionedJson and holds it to its promises: each value has a place, and at that place its text
// begins; a Cursor walks over anything without throwing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../../src/io/positioned_json.hpp"

namespace {

using alloquy::io::PositionedJson;
using alloquy::io::TextPosition;

void require(bool holds) {
    if (!holds) std::abort();
}

/// The byte at a place, found the slow way.
char byte_at(std::string_view text, TextPosition place) {
    std::size_t at = 0;
    for (std::size_t line = 1; line < place.line; ++line) {
        at = text.find_first_of("\r\n", at);
        require(at != std::string_view::npos);
        at += text.substr(at).starts_with("\r\n") ? 2 : 1;
    }
    for (std::size_t column = 1; column < place.column; ++column) {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80) ++at;
    }
    require(at < text.size());
    return text[at];
}

void walk(const PositionedJson& document, const nlohmann::json& value, const std::string& pointer,
          std::string_view text) {
    const char first = byte_at(text, document.position_of(pointer));
    switch (value.type()) {
        case nlohmann::json::value_t::object:
            require(first == '{');
            for (const auto& [key, member] : value.items()) {
                const std::string inner = pointer + '/' + alloquy::io::escape_pointer_token(key);
                require(byte_at(text, document.key_position_of(inner)) == '"');
                walk(document, member, inner, text);
            }
            break;
        case nlohmann::json::value_t::array:
            require(first == '[');
            for (std::size_t i = 0; i < value.size(); ++i) {
                walk(document, value[i], pointer + '/' + std::to_string(i), text);
            }
            break;
        case nlohmann::json::value_t::string:
            require(first == '"');
            break;
        case nlohmann::json::value_t::null:
            require(first == 'n');
            break;
        case nlohmann::json::value_t::boolean:
            require(first == (value.get<bool>() ? 't' : 'f'));
            break;
        default:
            require(first == '-' || (first >= '0' && first <= '9'));
            break;
    }
}

void read_as_config(const PositionedJson& document) {
    alloquy::io::Checker checker{document};
    alloquy::io::Cursor root = checker.root();
    static_cast<void>(root.string("a"));
    static_cast<void>(root.number("b", {.min = 0, .max = 1}));
    static_cast<void>(root.integer("c", {.min = 1}));
    static_cast<void>(root.enumeration<int>("d", {{"one", 1}, {"two", 2}}));
    static_cast<void>(root.optional_strings("e"));
    for (alloquy::io::Cursor element : root.array("f")) {
        static_cast<void>(element.boolean("g"));
        element.finish();
    }
    alloquy::io::Cursor map = root.optional_object("h");
    for (const auto& [key, value] : map.members()) static_cast<void>(value.as_integer());
    root.finish();
    const std::vector<alloquy::ParseError::Issue> issues = checker.issues();
    require(std::is_sorted(issues.begin(), issues.end(),
                           [](const auto& left, const auto& right) { return left.line < right.line; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const PositionedJson document = PositionedJson::parse(text, "fuzz", 16);
        if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
        walk(document, document.value(), "", text);
        read_as_config(document);
    } catch (const alloquy::ParseError& error) {
        const auto lines = 1 + static_cast<std::size_t>(std::count_if(text.begin(), text.end(),
                                                                      [](char c) { return c == '\n' || c == '\r'; }));
        require(!error.issues().empty());
        for (const auto& issue : error.issues()) require(issue.line >= 1 && issue.line <= lines);
    }
    return 0;
}
