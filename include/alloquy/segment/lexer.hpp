#pragma once

/// \file
/// Lexer of the segment language: text into words, names, numbers, texts and signs, each with its place.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/utf8.hpp>

namespace alloquy::segment {

/// Where something stands in a text.
struct Place {
    std::size_t line = 1;    ///< From 1.
    std::size_t column = 1;  ///< From 1, in characters of UTF-8.

    friend bool operator==(const Place&, const Place&) = default;
};

namespace detail {

[[noreturn]] inline void fail(Place place, const std::string& message) {
    throw ParseError{"segment condition",
                     {{place.line, {}, "column " + std::to_string(place.column) + ": " + message}}};
}

enum class TokenKind : std::uint8_t { word, text, number, day, parameter, sign, end };

struct Token {
    TokenKind kind;
    Place place;
    std::string text{};              ///< Of a word, text, parameter or sign; as it is meant, without quotes.
    double number = 0;               ///< Of a number.
    std::optional<time::Day> day{};  ///< Of a day.
    bool has_sign = false;           ///< Of a number: it begins with '+' or '-'.
    bool follows_at_once = false;    ///< No space before it.
};

inline bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Reads one token after another.
class Lexer {
public:
    /// \throws ParseError  if the text is not UTF-8.
    explicit Lexer(std::string_view text) : text_{text} {
        const std::optional<std::size_t> invalid = first_invalid_utf8(text);
        while (invalid && at_ < *invalid) take();
        if (invalid) fail(place_, "expected UTF-8");
    }

    /// \throws ParseError  at what is no token.
    [[nodiscard]] Token next() {
        const bool spaced = skip_space();
        Token token{TokenKind::end, place_};
        token.follows_at_once = !spaced;
        if (at_ == text_.size()) return token;
        const char c = text_[at_];
        if (is_letter(c)) {
            token.kind = TokenKind::word;
            while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) token.text += take();
        } else if (c == '"') {
            token.kind = TokenKind::text;
            token.text = quoted();
        } else if (c == '$') {
            token.kind = TokenKind::parameter;
            take();
            while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) token.text += take();
            if (token.text.empty()) fail(token.place, "expected the name of a parameter behind '$'");
        } else if (is_digit(c) || ((c == '-' || c == '+') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
            read_number(token);
        } else {
            token.kind = TokenKind::sign;
            token.text = take();
            const bool may_be_two = token.text == "<" || token.text == ">" || token.text == "!";
            if (may_be_two && at_ < text_.size() && text_[at_] == '=') token.text += take();
            constexpr std::string_view signs = "=<>(),:%+-";
            if (token.text.size() == 1 && signs.find(token.text[0]) == std::string_view::npos) {
                fail(token.place, "expected a word, a number, a text in double quotes or a bracket");
            }
        }
        return token;
    }

private:
    char take() noexcept {
        const char c = text_[at_++];
        const bool ends_line = c == '\n' || (c == '\r' && (at_ == text_.size() || text_[at_] != '\n'));
        if (ends_line) {
            ++place_.line;
            place_.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            ++place_.column;
        }
        return c;
    }
    /// Spaces, line ends and comments (from `#` to the end of the line, and from `/*` to the first `*/`).
    /// \return  True if there were any.
    bool skip_space() {
        const std::size_t start = at_;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                take();
            } else if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') take();
            } else if (text_.substr(at_).starts_with("/*")) {
                const Place opening = place_;
                const std::size_t closing = text_.find("*/", at_ + 2);
                if (closing == std::string_view::npos) fail(opening, "expected a closing '*/' for this comment");
                while (at_ < closing + 2) take();
            } else {
                break;
            }
        }
        return at_ != start;
    }
    /// A text in double quotes; `\"` and `\\` stand for a quote and a backslash, `\n` and `\t` for a line end and a
    /// tab.
    std::string quoted() {
        const Place start = place_;
        take();
        std::string text;
        while (true) {
            if (at_ == text_.size()) fail(start, "expected a closing '\"' for this text");
            const Place place = place_;
            const char c = take();
            if (c == '"') return text;
            if (c != '\\') {
                text += c;
                continue;
            }
            const char escaped = at_ < text_.size() ? take() : '\0';
            switch (escaped) {
                case '"':
                case '\\':
                    text += escaped;
                    break;
                case 'n':
                    text += '\n';
                    break;
                case 'r':
                    text += '\r';
                    break;
                case 't':
                    text += '\t';
                    break;
                default:
                    fail(place, "expected \\\", \\\\, \\n, \\r or \\t behind a backslash");
            }
        }
    }
    /// A number (digits, a point, an exponent) or a day (2026-09-01).
    void read_number(Token& token) {
        std::string digits;
        const auto take_digits = [&] {
            while (at_ < text_.size() && is_digit(text_[at_])) digits += take();
        };
        token.has_sign = text_[at_] == '-' || text_[at_] == '+';
        if (token.has_sign) digits += take();
        take_digits();
        if (digits.size() == 4 && at_ < text_.size() && text_[at_] == '-') {
            read_day(token, digits);
            return;
        }
        if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
            digits += take();
            take_digits();
        }
        const bool has_exponent = at_ + 1 < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E') &&
                                  (is_digit(text_[at_ + 1]) || text_[at_ + 1] == '-' || text_[at_ + 1] == '+');
        if (has_exponent) {
            digits += take();
            digits += take();
            take_digits();
        }
        if (at_ < text_.size() && is_letter(text_[at_])) fail(token.place, "expected a number without letters");
        token.kind = TokenKind::number;
        const char* const start = digits.data() + (digits[0] == '+' ? 1 : 0);
        const auto [end, error] = std::from_chars(start, digits.data() + digits.size(), token.number);
        if (error != std::errc{} || end != digits.data() + digits.size()) {
            fail(token.place, "expected a number that a double can hold");
        }
    }
    void read_day(Token& token, std::string digits) {
        while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '-')) digits += take();
        token.kind = TokenKind::day;
        token.day = time::Day::from_iso(digits);
        if (!token.day) fail(token.place, "expected a day such as 2026-09-01");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Place place_{};
};

}  // namespace detail
}  // namespace alloquy::segment
