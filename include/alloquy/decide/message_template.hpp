#pragma once

/// \file
/// MessageTemplate: what to say to a person, with fields that are filled in for each; a missing field is refused.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/utf8.hpp>

namespace alloquy::decide {

/// What becomes of characters in a field's value that mean something in the medium.
enum class Escaping : std::uint8_t {
    none,  ///< Values stand in the text as they are: plain mail, chat, SMS.
    html,  ///< & < > " ' become character references, so that a value can neither end a tag nor begin one.
};

/// A text with fields: "Dear {{first_name}}, your fee is due on {{deadline}}."
///
/// A field is any name between {{ and }}, without braces and line breaks; spaces around it are left out. A backslash
/// before a brace or a backslash makes that character plain text: "\{{" begins no field. "}}" outside of a field is
/// plain text. Immutable; may be used by several threads at once.
class MessageTemplate {
public:
    /// \throws ParseError  if the text is no UTF-8, a field has no end or no name, or a name holds a brace or a line
    ///     break; with the line and the column in bytes of every such place.
    explicit MessageTemplate(std::string_view text) { read(text); }

    /// Names of the fields, each once, in alphabetical order of their bytes.
    [[nodiscard]] std::span<const std::string> fields() const noexcept { return fields_; }

    /// The fields that have no value.
    /// \param value  Takes a name (std::string_view), returns std::optional<std::string> or the like.
    template <class Value>
    [[nodiscard]] std::vector<std::string> missing(const Value& value) const {
        std::vector<std::string> names;
        for (const std::string& name : fields_) {
            if (!value(std::string_view{name})) names.push_back(name);
        }
        return names;
    }

    /// The text for one person.
    /// \param value  As for missing(); is called once for each field, in the order of fields().
    /// \throws NotFound  if a field has no value; the text names the fields, and no value.
    template <class Value>
    [[nodiscard]] std::string render(const Value& value, Escaping escaping = Escaping::none) const {
        std::vector<std::string> values;
        std::string absent;
        for (const std::string& name : fields_) {
            const auto found = value(std::string_view{name});
            if (!found) absent += (absent.empty() ? "'" : ", '") + name + "'";
            values.push_back(found ? escaped(std::string_view{*found}, escaping) : std::string{});
        }
        if (!absent.empty()) throw NotFound{"message: no value for the fields " + absent};
        std::string text = pieces_.front();
        for (std::size_t i = 0; i < places_.size(); ++i) {
            text += values[places_[i]];
            text += pieces_[i + 1];
        }
        return text;
    }

private:
    [[nodiscard]] static std::string escaped(std::string_view value, Escaping escaping) {
        if (escaping == Escaping::none) return std::string{value};
        std::string text;
        for (const char c : value) {
            switch (c) {
                case '&':
                    text += "&amp;";
                    break;
                case '<':
                    text += "&lt;";
                    break;
                case '>':
                    text += "&gt;";
                    break;
                case '"':
                    text += "&quot;";
                    break;
                case '\'':
                    text += "&#39;";
                    break;
                default:
                    text += c;
            }
        }
        return text;
    }

    void read(std::string_view text) {
        std::vector<ParseError::Issue> issues;
        const auto refuse = [&](std::size_t at, const char* message) {
            const std::string_view before = text.substr(0, at);
            const std::size_t line_break = before.rfind('\n');
            const std::size_t column = line_break == std::string_view::npos ? at : at - line_break - 1;
            issues.push_back({static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1,
                              {},
                              "column " + std::to_string(column + 1) + ": " + message});
        };
        if (const std::optional<std::size_t> bad = first_invalid_utf8(text)) refuse(*bad, "expected UTF-8");
        std::vector<std::string> names;  // in the order of the text
        std::string piece;
        for (std::size_t i = 0; i < text.size();) {
            const std::string_view rest = text.substr(i);
            if (rest.size() >= 2 && rest[0] == '\\' && (rest[1] == '{' || rest[1] == '}' || rest[1] == '\\')) {
                piece += rest[1];
                i += 2;
            } else if (rest.starts_with("{{")) {
                const std::size_t end = rest.find_first_of("{}\n\r", 2);
                if (end == std::string_view::npos || !rest.substr(end).starts_with("}}")) {
                    refuse(
                        i,
                        "expected a field's name and \"}}\" after \"{{\" (write \"\\{{\" for the braces themselves)");
                    i += 2;
                    continue;
                }
                std::string_view name = rest.substr(2, end - 2);
                while (name.starts_with(' ')) name.remove_prefix(1);
                while (name.ends_with(' ')) name.remove_suffix(1);
                if (name.empty()) refuse(i, "expected the name of a field between \"{{\" and \"}}\"");
                names.emplace_back(name);
                pieces_.push_back(std::exchange(piece, {}));
                i += end + 2;
            } else {
                piece += rest.front();
                ++i;
            }
        }
        if (!issues.empty()) {
            std::stable_sort(issues.begin(), issues.end(),
                             [](const auto& a, const auto& b) { return a.line < b.line; });
            throw ParseError{"message template", std::move(issues)};
        }
        pieces_.push_back(std::move(piece));
        fields_ = names;
        std::sort(fields_.begin(), fields_.end());
        fields_.erase(std::unique(fields_.begin(), fields_.end()), fields_.end());
        for (const std::string& name : names) {
            places_.push_back(
                static_cast<std::size_t>(std::lower_bound(fields_.begin(), fields_.end(), name) - fields_.begin()));
        }
    }

    std::vector<std::string> pieces_;  // the plain text before, between and after the fields
    std::vector<std::size_t> places_;  // which field stands between two pieces
    std::vector<std::string> fields_;  // sorted
};

}  // namespace alloquy::decide
