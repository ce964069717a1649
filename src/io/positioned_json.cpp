#include "positioned_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace alloquy::io {
namespace {

constexpr std::size_t quoted_bytes = 60;

/// Turns offsets into lines and columns. Offsets must not decrease from call to call: the text is walked once.
class PositionCounter {
public:
    explicit PositionCounter(std::string_view text) noexcept : text_{text} {}

    TextPosition at(std::size_t offset) noexcept {
        for (; at_ < offset && at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            const bool is_cr_of_crlf = c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
            if (c == '\n' || (c == '\r' && !is_cr_of_crlf)) {
                ++place_.line;
                place_.column = 1;
            } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) {  // not inside a code point
                ++place_.column;
            }
        }
        return place_;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    TextPosition place_{1, 1};
};

std::string number_text(double value) {
    std::array<char, 32> buffer{};
    const auto [last, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return code == std::errc{} ? std::string{buffer.data(), last} : "a number";
}

std::string in_quotes(std::string_view name) {
    if (name.size() <= quoted_bytes) return "\"" + std::string{name} + "\"";
    std::size_t length = quoted_bytes;
    while (length > 0 && (static_cast<unsigned char>(name[length]) & 0xc0U) == 0x80) --length;  // keep UTF-8 whole
    return "\"" + std::string{name.substr(0, length)} + "...\"";
}

std::string describe(const nlohmann::json& value) {
    switch (value.type()) {
        case nlohmann::json::value_t::null:
            return "null";
        case nlohmann::json::value_t::boolean:
            return value.get<bool>() ? "true" : "false";
        case nlohmann::json::value_t::number_integer:
            return std::to_string(value.get<std::int64_t>());
        case nlohmann::json::value_t::number_unsigned:
            return std::to_string(value.get<std::uint64_t>());
        case nlohmann::json::value_t::number_float:
            return number_text(value.get<double>());
        case nlohmann::json::value_t::string:
            return "the text " + in_quotes(value.get_ref<const std::string&>());
        case nlohmann::json::value_t::array:
            return "an array";
        case nlohmann::json::value_t::object:
            return "an object";
        case nlohmann::json::value_t::binary:
        case nlohmann::json::value_t::discarded:
            break;
    }
    return "something else";
}

template <class Number, class Text>
std::string range_text(std::string noun, Number min, Number max, Number lowest, Number highest, Text text) {
    if (min != lowest && max != highest) return noun + " from " + text(min) + " to " + text(max);
    if (min != lowest) return noun + " >= " + text(min);
    if (max != highest) return noun + " <= " + text(max);
    return noun;
}

std::string range_text(NumberRange range) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return range_text("a number", range.min, range.max, -infinity, infinity, number_text);
}

std::string range_text(IntegerRange range) {
    using Limits = std::numeric_limits<std::int64_t>;
    return range_text("an integer", range.min, range.max, Limits::min(), Limits::max(),
                      [](std::int64_t value) { return std::to_string(value); });
}

/// nlohmann's message without its prefix (it has its own line count) and without the text last read.
std::string syntax_message(std::string_view text) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - ..."
    if (const std::size_t bracket = text.find("] "); text.starts_with('[') && bracket != std::string_view::npos) {
        text.remove_prefix(bracket + 2);
    }
    if (const std::size_t colon = text.find(": "); text.starts_with("parse error") && colon != std::string_view::npos) {
        text.remove_prefix(colon + 2);
    }
    std::string result{text};
    const std::size_t start = result.find("; last read: '");
    if (start != std::string::npos) {
        const std::size_t stop = result.rfind("'; expected ");
        if (stop != std::string::npos && stop > start) {
            result.erase(start, stop + 1 - start);
        } else {
            result.erase(start);
        }
    }
    return result;
}

}  // namespace

/// Receives the parser's events, builds the value, and follows along in the text: the parser has checked a token before
/// it reports it, so that finding where the token starts and ends needs no checks of its own.
class PositionReader final : public nlohmann::json_sax<nlohmann::json> {
public:
    PositionReader(std::string_view text, std::size_t max_depth, PositionedJson& result)
        : text_{text}, max_depth_{max_depth}, result_{result}, counter_{text} {}

    bool null() override { return scalar(nullptr); }
    bool boolean(bool value) override { return scalar(value); }
    bool number_integer(number_integer_t value) override { return scalar(value); }
    bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
    bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
    bool string(string_t& value) override { return scalar(std::move(value)); }
    // Only binary formats have such values.
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(nlohmann::json::object()); }
    bool start_array(std::size_t) override { return open(nlohmann::json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        const TextPosition place = start_of_token();
        level.pointer.resize(level.pointer_bytes);
        level.pointer += '/' + escape_pointer_token(name);
        if (level.container->contains(name)) {
            issues_.push_back({place.line, level.pointer,
                               "the key stands twice in this object, first in line " +
                                   std::to_string(result_.places_.at(level.pointer).key.line)});
        }
        level.key = std::move(name);
        level.key_place = place;
        skip_token();
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
        // position counts the characters read, the offending one included; at the end of the text it may be one more.
        const std::size_t offset = std::min(position == 0 ? 0 : position - 1, text_.size());
        issues_.push_back({PositionCounter{text_}.at(offset).line, "", syntax_message(error.what())});
        return false;
    }

    [[nodiscard]] std::vector<ParseError::Issue>& issues() noexcept { return issues_; }

private:
    struct Level {
        nlohmann::json* container;
        std::string pointer;        ///< Of the container, and behind pointer_bytes the key that was read last.
        std::size_t pointer_bytes;  ///< Length of the container's own pointer.
        std::string key{};
        TextPosition key_place{1, 1};
    };

    template <class Value>
    bool scalar(Value&& value) {
        place_value(nlohmann::json(std::forward<Value>(value)));
        skip_token();
        return true;
    }

    bool open(nlohmann::json value) {
        if (levels_.size() == max_depth_) {
            issues_.push_back(
                {start_of_token().line, "",
                 "expected at most " + std::to_string(max_depth_) + " objects and arrays inside each other, got more"});
            return false;
        }
        auto [container, pointer] = place_value(std::move(value));
        const std::size_t pointer_bytes = pointer.size();
        levels_.push_back({container, std::move(pointer), pointer_bytes});
        ++at_;
        return true;
    }

    bool close() {
        start_of_token();
        ++at_;
        levels_.pop_back();
        return true;
    }

    /// Puts a value where it belongs and remembers its place; gives its address and pointer.
    std::pair<nlohmann::json*, std::string> place_value(nlohmann::json value) {
        const TextPosition place = start_of_token();
        if (levels_.empty()) {
            result_.value_ = std::move(value);
            result_.places_.insert_or_assign("", PositionedJson::Place{place, place});
            return {&result_.value_, ""};
        }
        Level& level = levels_.back();
        if (level.container->is_array()) {
            std::string pointer = level.pointer + '/' + std::to_string(level.container->size());
            level.container->push_back(std::move(value));
            result_.places_.insert_or_assign(pointer, PositionedJson::Place{place, place});
            return {&level.container->back(), std::move(pointer)};
        }
        nlohmann::json& slot = (*level.container)[level.key];
        slot = std::move(value);
        result_.places_.insert_or_assign(level.pointer, PositionedJson::Place{level.key_place, place});
        return {&slot, level.pointer};
    }

    /// Goes to the token that was just reported and gives its place.
    TextPosition start_of_token() noexcept {
        while (at_ < text_.size() && std::string_view{" \t\r\n,:"}.find(text_[at_]) != std::string_view::npos) ++at_;
        return counter_.at(at_);
    }

    /// Goes behind the string, number or word that starts here.
    void skip_token() noexcept {
        if (at_ < text_.size() && text_[at_] == '"') {
            for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
                if (text_[at_] == '\\') ++at_;
            }
            ++at_;
            return;
        }
        at_ = std::min(text_.find_first_of(" \t\r\n,:]}", at_), text_.size());
    }

    std::string_view text_;
    std::size_t max_depth_;
    PositionedJson& result_;
    PositionCounter counter_;
    std::size_t at_ = 0;
    std::vector<Level> levels_;
    std::vector<ParseError::Issue> issues_;
};

PositionedJson PositionedJson::parse(std::string_view text, const std::string& what, std::size_t max_depth) {
    if (max_depth < 1) throw InvalidArgument{"PositionedJson: max_depth must be >= 1, got 0"};
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    PositionedJson result;
    PositionReader reader{text, max_depth, result};
    nlohmann::json::sax_parse(text, &reader);  // its result says no more than the list of issues
    if (!reader.issues().empty()) throw ParseError{what, std::move(reader.issues())};
    return result;
}

const PositionedJson::Place& PositionedJson::place_of(const std::string& pointer) const {
    const auto found = places_.find(pointer);
    if (found == places_.end()) throw NotFound{"PositionedJson: no value at \"" + pointer + "\""};
    return found->second;
}

TextPosition PositionedJson::position_of(const std::string& pointer) const {
    return place_of(pointer).value;
}
TextPosition PositionedJson::key_position_of(const std::string& pointer) const {
    return place_of(pointer).key;
}

std::string escape_pointer_token(std::string_view name) {
    std::string result;
    result.reserve(name.size());
    for (const char c : name) {
        if (c == '~') {
            result += "~0";
        } else if (c == '/') {
            result += "~1";
        } else {
            result += c;
        }
    }
    return result;
}

// ---- Checker ----

Cursor Checker::root() {
    return {*this, &document_.value(), ""};
}

void Checker::add(const std::string& pointer, std::string message) {
    const TextPosition place = document_.position_of(pointer);
    problems_.push_back({place, {place.line, pointer, std::move(message)}});
}

void Checker::add_at_key(const std::string& pointer, std::string message) {
    const TextPosition place = document_.key_position_of(pointer);
    problems_.push_back({place, {place.line, pointer, std::move(message)}});
}

std::vector<ParseError::Issue> Checker::issues() const {
    std::vector<Problem> sorted = problems_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
        return std::pair{a.place.line, a.place.column} < std::pair{b.place.line, b.place.column};
    });
    std::vector<ParseError::Issue> result;
    result.reserve(sorted.size());
    for (Problem& problem : sorted) result.push_back(std::move(problem.issue));
    return result;
}

void Checker::throw_if_any(const std::string& what) const {
    if (has_problems()) throw ParseError{what, issues()};
}

// ---- Cursor ----

void Cursor::expected(std::string_view what) const {
    checker_->add(pointer_, "expected " + std::string{what} + ", got " + describe(*value_));
}

Cursor Cursor::find(std::string_view key, bool is_required) {
    if (value_ == nullptr) return nothing();
    if (!value_->is_object()) {
        // Once: the cursor is void from here on.
        expected("an object");
        value_ = nullptr;
        return nothing();
    }
    asked_.push_back(key);
    const auto found = value_->find(key);
    if (found == value_->end()) {
        if (is_required) checker_->add(pointer_, "expected the key " + in_quotes(key) + ", got none");
        return nothing();
    }
    return {*checker_, &*found, pointer_ + '/' + escape_pointer_token(key)};
}

Cursor Cursor::element(std::size_t index) const {
    return {*checker_, &(*value_)[index], pointer_ + '/' + std::to_string(index)};
}

std::size_t Cursor::count_elements() const {
    if (value_ != nullptr && !value_->is_array()) expected("an array");
    return size();
}

Cursor Cursor::if_object(Cursor value) const {
    if (value.value_ == nullptr || value.value_->is_object()) return value;
    value.expected("an object");
    return value.nothing();
}

Cursor Cursor::if_array(Cursor value) const {
    if (value.value_ == nullptr || value.value_->is_array()) return value;
    value.expected("an array");
    return value.nothing();
}

std::optional<std::string> Cursor::read_string() const {
    if (value_ == nullptr) return std::nullopt;
    if (value_->is_string()) return value_->get<std::string>();
    expected("a text");
    return std::nullopt;
}

std::optional<double> Cursor::read_number(NumberRange range) const {
    if (value_ == nullptr) return std::nullopt;
    if (value_->is_number()) {
        const double number = value_->get<double>();
        if (number >= range.min && number <= range.max) return number;
    }
    expected(range_text(range));
    return std::nullopt;
}

std::optional<std::int64_t> Cursor::read_integer(IntegerRange range) const {
    if (value_ == nullptr) return std::nullopt;
    std::optional<std::int64_t> number;
    if (value_->is_number_unsigned()) {
        const auto wide = value_->get<std::uint64_t>();
        if (wide <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            number = static_cast<std::int64_t>(wide);
        }
    } else if (value_->is_number_integer()) {
        number = value_->get<std::int64_t>();
    } else if (value_->is_number_float()) {
        const double wide = value_->get<double>();
        constexpr double exact = 9'007'199'254'740'992.0;  // 2^53: up to here a double holds every integer
        if (std::abs(wide) <= exact && std::trunc(wide) == wide) number = static_cast<std::int64_t>(wide);
    }
    if (number && *number >= range.min && *number <= range.max) return number;
    expected(range_text(range));
    return std::nullopt;
}

std::optional<bool> Cursor::read_boolean() const {
    if (value_ == nullptr) return std::nullopt;
    if (value_->is_boolean()) return value_->get<bool>();
    expected("true or false");
    return std::nullopt;
}

std::optional<std::size_t> Cursor::one_of(const Cursor& value, std::string_view kind,
                                          std::span<const std::string_view> names) {
    if (value.value_ == nullptr) return std::nullopt;
    std::string text;
    if (value.value_->is_string()) {
        const auto& name = value.value_->get_ref<const std::string&>();
        const auto found = std::find(names.begin(), names.end(), name);
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
        if (const auto nearest = nearest_name(name, names)) text = "; did you mean " + in_quotes(*nearest) + "?";
    }
    std::string what;
    if (kind.empty()) {
        what = "one of ";
        for (std::size_t i = 0; i < names.size(); ++i) what += (i == 0 ? "" : ", ") + in_quotes(names[i]);
    } else {
        what = "the name of a " + std::string{kind};
    }
    value.checker_->add(value.pointer_, "expected " + what + ", got " + describe(*value.value_) + text);
    return std::nullopt;
}

bool Cursor::has(std::string_view key) {
    return find(key, false).is_there();
}

std::string Cursor::string(std::string_view key) {
    return find(key, true).as_string();
}
std::string Cursor::string_or(std::string_view key, std::string_view fallback) {
    return optional_string(key).value_or(std::string{fallback});
}
std::optional<std::string> Cursor::optional_string(std::string_view key) {
    return find(key, false).read_string();
}

double Cursor::number(std::string_view key, NumberRange range) {
    return find(key, true).as_number(range);
}
double Cursor::number_or(std::string_view key, double fallback, NumberRange range) {
    return optional_number(key, range).value_or(fallback);
}
std::optional<double> Cursor::optional_number(std::string_view key, NumberRange range) {
    return find(key, false).read_number(range);
}

std::int64_t Cursor::integer(std::string_view key, IntegerRange range) {
    return find(key, true).as_integer(range);
}
std::int64_t Cursor::integer_or(std::string_view key, std::int64_t fallback, IntegerRange range) {
    return optional_integer(key, range).value_or(fallback);
}
std::optional<std::int64_t> Cursor::optional_integer(std::string_view key, IntegerRange range) {
    return find(key, false).read_integer(range);
}

bool Cursor::boolean(std::string_view key) {
    return find(key, true).as_boolean();
}
bool Cursor::boolean_or(std::string_view key, bool fallback) {
    return optional_boolean(key).value_or(fallback);
}
std::optional<bool> Cursor::optional_boolean(std::string_view key) {
    return find(key, false).read_boolean();
}

Cursor Cursor::object(std::string_view key) {
    return if_object(find(key, true));
}
Cursor Cursor::optional_object(std::string_view key) {
    return if_object(find(key, false));
}
Cursor Cursor::array(std::string_view key) {
    return if_array(find(key, true));
}
Cursor Cursor::optional_array(std::string_view key) {
    return if_array(find(key, false));
}
Cursor Cursor::member(std::string_view key) {
    return find(key, true);
}
Cursor Cursor::optional_member(std::string_view key) {
    return find(key, false);
}

std::vector<std::string> Cursor::strings(std::string_view key) {
    std::vector<std::string> result;
    for (const Cursor element : array(key)) {
        if (auto text = element.read_string()) result.push_back(*std::move(text));
    }
    return result;
}

std::vector<std::string> Cursor::optional_strings(std::string_view key) {
    return has(key) ? strings(key) : std::vector<std::string>{};
}

std::vector<double> Cursor::numbers(std::string_view key, NumberRange range) {
    std::vector<double> result;
    for (const Cursor element : array(key)) {
        if (const auto number = element.read_number(range)) result.push_back(*number);
    }
    return result;
}

std::optional<std::size_t> Cursor::reference(std::string_view key, std::string_view kind,
                                             std::span<const std::string> names) {
    return find(key, true).as_reference(kind, names);
}
std::optional<std::size_t> Cursor::optional_reference(std::string_view key, std::string_view kind,
                                                      std::span<const std::string> names) {
    return find(key, false).as_reference(kind, names);
}
std::optional<std::size_t> Cursor::as_reference(std::string_view kind, std::span<const std::string> names) const {
    return one_of(*this, kind, std::vector<std::string_view>(names.begin(), names.end()));
}

std::string Cursor::as_string() const {
    return read_string().value_or(std::string{});
}
double Cursor::as_number(NumberRange range) const {
    return read_number(range).value_or(std::clamp(0.0, range.min, range.max));
}
std::int64_t Cursor::as_integer(IntegerRange range) const {
    return read_integer(range).value_or(std::clamp<std::int64_t>(0, range.min, range.max));
}
bool Cursor::as_boolean() const {
    return read_boolean().value_or(false);
}

std::vector<std::pair<std::string, Cursor>> Cursor::members() {
    std::vector<std::pair<std::string, Cursor>> result;
    if (value_ == nullptr) return result;
    if (!value_->is_object()) {
        expected("an object");
        value_ = nullptr;
        return result;
    }
    for (const auto& [key, value] : value_->items()) {
        asked_.push_back(key);  // the document owns the key and outlives the cursor
        result.emplace_back(key, Cursor{*checker_, &value, pointer_ + '/' + escape_pointer_token(key)});
    }
    return result;
}

void Cursor::problem(std::string message) const {
    if (value_ != nullptr) checker_->add(pointer_, std::move(message));
}

void Cursor::problem(std::string_view key, std::string message) const {
    if (value_ == nullptr) return;
    const bool has_member = value_->is_object() && value_->contains(key);
    checker_->add(has_member ? pointer_ + '/' + escape_pointer_token(key) : pointer_, std::move(message));
}

void Cursor::finish() const {
    if (value_ == nullptr) return;
    if (!value_->is_object()) {
        expected("an object");
        return;
    }
    for (const auto& [key, value] : value_->items()) {
        if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
        std::string message = "unknown key " + in_quotes(key);
        // A name that the object has already is not what was meant.
        std::vector<std::string_view> free_names;
        for (const std::string_view name : asked_) {
            if (!value_->contains(name)) free_names.push_back(name);
        }
        if (const auto nearest = nearest_name(key, free_names))
            message += "; did you mean " + in_quotes(*nearest) + "?";
        checker_->add_at_key(pointer_ + '/' + escape_pointer_token(key), std::move(message));
    }
}

}  // namespace alloquy::io
