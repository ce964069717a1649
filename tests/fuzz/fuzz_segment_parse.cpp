// Feeds any bytes to parse() and holds it to its promises: a ParseError with a place inside the text, or a condition
// that reads back equal from its text and whose text is the same again.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/text.hpp>

namespace {

using alloquy::segment::Catalogue;
using alloquy::segment::Condition;
using alloquy::segment::FieldType;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Names of every form: plain, in two parts, with signs and spaces, and like the words of the language.
const Catalogue& catalogue() {
    static const Catalogue fields{{{"n", FieldType::number},
                                   {"t", FieldType::text},
                                   {"x", FieldType::any},
                                   {"role", FieldType::text},
                                   {"role:x", FieldType::number},
                                   {"in", FieldType::number},
                                   {"not:x", FieldType::any},
                                   {"e mail", FieldType::number},
                                   {"count", FieldType::any},
                                   {"was", FieldType::any},
                                   {"first", FieldType::text},
                                   {"open", FieldType::number},
                                   {"n:\"\\\n", FieldType::text},
                                   {":n", FieldType::number}}};
    return fields;
}

void check_place(const alloquy::ParseError& error, std::string_view text) {
    require(error.issues().size() == 1);
    const alloquy::ParseError::Issue& issue = error.issues().front();
    // Lines end with LF, CR LF or a lone CR.
    std::size_t start = 0;
    for (std::size_t line = 1; line < issue.line; ++line) {
        start = text.find_first_of("\r\n", start);
        require(start != std::string_view::npos);
        start += text.substr(start).starts_with("\r\n") ? 2 : 1;
    }
    std::string_view line = text.substr(start);
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool ends = line[i] == '\n' || (line[i] == '\r' && !line.substr(i).starts_with("\r\n"));
        if (ends) line = line.substr(0, i);
    }
    const auto characters = static_cast<std::size_t>(std::count_if(
        line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    constexpr std::string_view before = "column ";
    require(issue.line >= 1 && issue.message.starts_with(before));
    const unsigned long column = std::strtoul(issue.message.c_str() + before.size(), nullptr, 10);
    require(column >= 1 && column <= characters + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const Condition condition = alloquy::segment::parse(text, catalogue());
        std::string written;
        try {
            written = alloquy::segment::to_text(condition);
            const Condition again = alloquy::segment::parse(written, catalogue());
            require(again == condition);
            require(alloquy::segment::to_text(again) == written);
        } catch (const alloquy::ParseError&) {
            require(false);
        }
    } catch (const alloquy::ParseError& error) {
        check_place(error, text);
    }
    return 0;
}
