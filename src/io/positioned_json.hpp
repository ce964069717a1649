#pragma once

/// \file
/// PositionedJson and Cursor: JSON with the line of every value, and a reader of configs that finds all problems at
/// once.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <alloquy/error.hpp>
#include <alloquy/nearest_name.hpp>

namespace alloquy::io {

/// Place in a text.
struct TextPosition {
    std::size_t line;    ///< 1-based. LF, CRLF and CR end a line.
    std::size_t column;  ///< 1-based, counted in code points.

    friend bool operator==(const TextPosition&, const TextPosition&) = default;
};

/// How deep objects and arrays may lie in each other, unless the caller says otherwise.
inline constexpr std::size_t default_json_depth = 64;

/// A JSON document and the place of each of its values.
class PositionedJson {
public:
    /// Reads strict JSON (RFC 8259) in UTF-8: no comments, no trailing commas, no doubled keys. A byte order mark is
    /// dropped.
    ///
    /// \param text       The document.
    /// \param what       What an error text calls it: the file's name, say.
    /// \param max_depth  Deepest nesting allowed, >= 1; the outermost object or array counts as 1.
    /// \throws ParseError  if it is no such JSON. A syntax error ends the reading; all doubled keys before come along.
    /// \par Cost  O(n log n) in the size of the text; about 150 bytes for each value beside the value itself.
    [[nodiscard]] static PositionedJson parse(std::string_view text, const std::string& what,
                                              std::size_t max_depth = default_json_depth);

    /// The document.
    [[nodiscard]] const nlohmann::json& value() const noexcept { return value_; }
    /// Where a value begins.
    /// \param pointer  JSON pointer (RFC 6901), "" = the whole document.
    /// \throws NotFound  if there is no such value.
    [[nodiscard]] TextPosition position_of(const std::string& pointer) const;
    /// Where the key of a value begins; for an element of an array or the whole document, where the value begins.
    /// \throws NotFound  if there is no such value.
    [[nodiscard]] TextPosition key_position_of(const std::string& pointer) const;
    /// Line of position_of().
    /// \throws NotFound  if there is no such value.
    [[nodiscard]] std::size_t line_of(const std::string& pointer) const { return position_of(pointer).line; }

private:
    friend class PositionReader;
    struct Place {
        TextPosition key;
        TextPosition value;
    };
    [[nodiscard]] const Place& place_of(const std::string& pointer) const;

    nlohmann::json value_;
    std::unordered_map<std::string, Place> places_;  ///< By JSON pointer. Looked up only, never walked.
};

/// Writes a name as one token of a JSON pointer (RFC 6901, section 3: ~ becomes ~0, / becomes ~1).
[[nodiscard]] std::string escape_pointer_token(std::string_view name);

/// Closed interval of the numbers allowed. The default allows all.
struct NumberRange {
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
};

/// Closed interval of the integers allowed. The default allows all.
struct IntegerRange {
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

class Cursor;

/// Gathers the problems of one document while cursors walk over it. Must outlive them and stays where it is.
///
/// For texts that hold policy (playbooks, mappings), not data about people: messages quote names and numbers found.
class Checker {
public:
    explicit Checker(PositionedJson document) : document_{std::move(document)} {}
    Checker(const Checker&) = delete;
    Checker& operator=(const Checker&) = delete;

    /// The outermost value.
    [[nodiscard]] Cursor root();

    /// Records a problem of the value at this pointer. Precondition: the pointer names a value of the document.
    void add(const std::string& pointer, std::string message);
    /// The same, placed at the value's key.
    void add_at_key(const std::string& pointer, std::string message);

    [[nodiscard]] bool has_problems() const noexcept { return !problems_.empty(); }
    /// All problems so far, in the order of their places; those of one place in the order of finding.
    [[nodiscard]] std::vector<ParseError::Issue> issues() const;
    /// \param what  Names the text in the error: the file's name, say.
    /// \throws ParseError  with issues(), if there are any.
    void throw_if_any(const std::string& what) const;

private:
    friend class Cursor;
    struct Problem {
        TextPosition place;
        ParseError::Issue issue;
    };
    PositionedJson document_;
    std::vector<Problem> problems_;
};

/// One value of the document, read by what is expected of it. Problems go to the Checker, never thrown: a getter that
/// finds something else records "expected X, got Y" and returns a default, so that reading goes on.
///
/// \code
/// Cursor root = checker.root();
/// for (Cursor action : root.array("actions")) {
///     const std::string name = action.string("name");
///     const double value = action.number_or("value_eur", 0.0, {.min = 0.0});
///     const Channel channel = action.enumeration<Channel>("channel", {{"email", Channel::email}, ...});
///     action.finish();  // keys that nobody asked for
/// }
/// root.finish();
/// checker.throw_if_any("playbook.json");
/// \endcode
///
/// A getter named `x(key)` wants the key to be there; `x_or(key, fallback)` and `optional_x(key)` do not. The JSON
/// value null counts as a wrong kind, not as missing. A cursor that stands for a missing or wrong value is "void": it
/// returns defaults, has no elements, and records nothing more, so that one mistake gives one problem.
///
/// Views of names that are passed in (keys) must outlive the cursor; literals do.
class Cursor {
public:
    Cursor(Cursor&&) noexcept = default;
    Cursor& operator=(Cursor&&) noexcept = default;
    Cursor(const Cursor&) = delete;  // two copies would each miss the keys that the other was asked for
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor() = default;

    /// False if it is void.
    [[nodiscard]] bool is_there() const noexcept { return value_ != nullptr; }
    /// JSON pointer of the value; where it is missing, of the nearest value around it.
    [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }
    /// Line in which the value at pointer() begins.
    [[nodiscard]] std::size_t line() const { return checker_->document_.line_of(pointer_); }

    // Members of an object.

    /// Whether the object has the key. Counts as asking for it.
    [[nodiscard]] bool has(std::string_view key);

    /// Text; "" where wrong.
    [[nodiscard]] std::string string(std::string_view key);
    [[nodiscard]] std::string string_or(std::string_view key, std::string_view fallback);
    [[nodiscard]] std::optional<std::string> optional_string(std::string_view key);

    /// Number within the range; where wrong, the number in the range that is nearest to 0.
    [[nodiscard]] double number(std::string_view key, NumberRange range = {});
    [[nodiscard]] double number_or(std::string_view key, double fallback, NumberRange range = {});
    [[nodiscard]] std::optional<double> optional_number(std::string_view key, NumberRange range = {});

    /// Integer within the range (4.0 is one, 4.5 is not); where wrong, the one in the range that is nearest to 0.
    [[nodiscard]] std::int64_t integer(std::string_view key, IntegerRange range = {});
    [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t fallback, IntegerRange range = {});
    [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view key, IntegerRange range = {});

    /// true or false; false where wrong.
    [[nodiscard]] bool boolean(std::string_view key);
    [[nodiscard]] bool boolean_or(std::string_view key, bool fallback);
    [[nodiscard]] std::optional<bool> optional_boolean(std::string_view key);

    /// An object; a void cursor where missing or wrong. Only object() records that it is missing.
    [[nodiscard]] Cursor object(std::string_view key);
    [[nodiscard]] Cursor optional_object(std::string_view key);
    /// An array, to iterate over; a void cursor where missing or wrong. Only array() records that it is missing.
    [[nodiscard]] Cursor array(std::string_view key);
    [[nodiscard]] Cursor optional_array(std::string_view key);
    /// A value of any kind, to be looked at with is_string() and the like; void where missing.
    [[nodiscard]] Cursor member(std::string_view key);
    [[nodiscard]] Cursor optional_member(std::string_view key);

    /// An array of texts; elements of another kind are left out.
    [[nodiscard]] std::vector<std::string> strings(std::string_view key);
    [[nodiscard]] std::vector<std::string> optional_strings(std::string_view key);
    /// An array of numbers within the range; others are left out.
    [[nodiscard]] std::vector<double> numbers(std::string_view key, NumberRange range = {});

    /// One of the names, as the value that belongs to it; where wrong, the first one. Precondition: names is not empty.
    template <class Enum>
    [[nodiscard]] Enum enumeration(std::string_view key,
                                   std::initializer_list<std::pair<std::string_view, Enum>> names) {
        return enumeration<Enum>(key, std::span{names.begin(), names.size()});
    }
    template <class Enum>
    [[nodiscard]] Enum enumeration(std::string_view key, std::span<const std::pair<std::string_view, Enum>> names) {
        return names[one_of(member(key), "", names_in(names)).value_or(0)].second;
    }
    template <class Enum>
    [[nodiscard]] Enum enumeration_or(std::string_view key, Enum fallback,
                                      std::initializer_list<std::pair<std::string_view, Enum>> names) {
        return optional_enumeration<Enum>(key, names).value_or(fallback);
    }
    template <class Enum>
    [[nodiscard]] std::optional<Enum> optional_enumeration(
        std::string_view key, std::initializer_list<std::pair<std::string_view, Enum>> names) {
        const std::span all{names.begin(), names.size()};
        const std::optional<std::size_t> place = one_of(optional_member(key), "", names_in(all));
        if (!place) return std::nullopt;
        return all[*place].second;
    }

    /// Position of the text in a list of names that stand elsewhere in the document.
    ///
    /// \param kind  What the names are, for the message: "channel" gives "expected the name of a channel".
    /// \return      Nothing where missing or wrong; only reference() records that it is missing.
    [[nodiscard]] std::optional<std::size_t> reference(std::string_view key, std::string_view kind,
                                                       std::span<const std::string> names);
    [[nodiscard]] std::optional<std::size_t> optional_reference(std::string_view key, std::string_view kind,
                                                                std::span<const std::string> names);

    // The value itself: elements of arrays, members of maps.

    [[nodiscard]] bool is_string() const noexcept { return value_ != nullptr && value_->is_string(); }
    [[nodiscard]] bool is_number() const noexcept { return value_ != nullptr && value_->is_number(); }
    [[nodiscard]] bool is_boolean() const noexcept { return value_ != nullptr && value_->is_boolean(); }
    [[nodiscard]] bool is_object() const noexcept { return value_ != nullptr && value_->is_object(); }
    [[nodiscard]] bool is_array() const noexcept { return value_ != nullptr && value_->is_array(); }

    /// The value as this kind, with the defaults of string(), number(), integer(), boolean().
    [[nodiscard]] std::string as_string() const;
    [[nodiscard]] double as_number(NumberRange range = {}) const;
    [[nodiscard]] std::int64_t as_integer(IntegerRange range = {}) const;
    [[nodiscard]] bool as_boolean() const;
    /// Like reference(), for the value itself.
    [[nodiscard]] std::optional<std::size_t> as_reference(std::string_view kind,
                                                          std::span<const std::string> names) const;

    /// Elements of an array; none if it is no array, which is a problem.
    class Iterator {
    public:
        [[nodiscard]] Cursor operator*() const { return owner_->element(index_); }
        Iterator& operator++() noexcept {
            ++index_;
            return *this;
        }
        [[nodiscard]] bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

    private:
        friend class Cursor;
        Iterator(const Cursor& owner, std::size_t index) noexcept : owner_{&owner}, index_{index} {}
        const Cursor* owner_;
        std::size_t index_;
    };
    [[nodiscard]] Iterator begin() const { return {*this, 0}; }
    [[nodiscard]] Iterator end() const { return {*this, count_elements()}; }
    /// How many elements the array has; 0 if it is none.
    [[nodiscard]] std::size_t size() const noexcept { return is_array() ? value_->size() : 0; }

    /// Keys and values of an object that is used as a map, in the order of the keys' bytes. Counts as asking for all.
    [[nodiscard]] std::vector<std::pair<std::string, Cursor>> members();

    /// Records a problem of this value, found by the caller: "a before b" and the like. Nothing for a void cursor.
    void problem(std::string message) const;
    /// The same for one member; where that is missing, for this value.
    void problem(std::string_view key, std::string message) const;

    /// Records each key that was not asked for, with the nearest of those that were. Call it once, at the end.
    void finish() const;

private:
    friend class Checker;
    friend class Iterator;
    Cursor(Checker& checker, const nlohmann::json* value, std::string pointer)
        : checker_{&checker}, value_{value}, pointer_{std::move(pointer)} {}

    template <class Enum>
    [[nodiscard]] static std::vector<std::string_view> names_in(
        std::span<const std::pair<std::string_view, Enum>> names) {
        std::vector<std::string_view> result;
        for (const auto& [name, value] : names) result.push_back(name);
        return result;
    }
    [[nodiscard]] static std::optional<std::size_t> one_of(const Cursor& value, std::string_view kind,
                                                           std::span<const std::string_view> names);
    [[nodiscard]] Cursor find(std::string_view key, bool is_required);
    [[nodiscard]] Cursor element(std::size_t index) const;
    [[nodiscard]] std::size_t count_elements() const;
    [[nodiscard]] Cursor nothing() const { return {*checker_, nullptr, pointer_}; }
    [[nodiscard]] Cursor if_object(Cursor value) const;
    [[nodiscard]] Cursor if_array(Cursor value) const;
    [[nodiscard]] std::optional<std::string> read_string() const;
    [[nodiscard]] std::optional<double> read_number(NumberRange range) const;
    [[nodiscard]] std::optional<std::int64_t> read_integer(IntegerRange range) const;
    [[nodiscard]] std::optional<bool> read_boolean() const;
    void expected(std::string_view what) const;

    Checker* checker_;
    const nlohmann::json* value_;  ///< Null: void.
    std::string pointer_;
    std::vector<std::string_view> asked_;
};

}  // namespace alloquy::io
