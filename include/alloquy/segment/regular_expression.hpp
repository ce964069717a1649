#pragma once

/// \file
/// RegularExpression and like(): patterns over texts, in linear time and without recursion.

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/utf8.hpp>

namespace alloquy::segment {

namespace detail {

/// A character of a text: a code point, or `first_invalid_byte` and the byte for one that belongs to no character.
using Character = char32_t;
inline constexpr Character first_invalid_byte = 0x110000;
inline constexpr Character last_character = first_invalid_byte + 0xFF;

/// The character that begins at this offset, which moves behind it. Precondition: at < text.size().
[[nodiscard]] inline Character next_character(std::string_view text, std::size_t& at) noexcept {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const Character lead = byte(at);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length == 1) {
        ++at;
        return lead;
    }
    const bool is_valid = length != 0 && text.size() - at >= length && !first_invalid_utf8(text.substr(at, length));
    if (!is_valid) {
        ++at;
        return first_invalid_byte + lead;
    }
    Character character = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) character = (character << 6U) | (byte(at + i) & 0x3FU);
    at += length;
    return character;
}

[[nodiscard]] constexpr bool is_ascii_letter(Character c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// The same letter in the other case; anything but an ASCII letter itself.
[[nodiscard]] constexpr Character other_case(Character c) noexcept {
    return is_ascii_letter(c) ? c ^ 0x20U : c;
}

/// A set of characters as ranges.
class CharacterSet {
public:
    void add(Character first, Character last) { ranges_.emplace_back(first, last); }
    void add(const CharacterSet& other) { ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end()); }
    /// Also the other case of its ASCII letters.
    void add_other_case() {
        const std::size_t count = ranges_.size();
        for (std::size_t i = 0; i < count; ++i) {
            const auto [first, last] = ranges_[i];
            for (Character c = first; c <= last && c < 0x80; ++c) {
                if (is_ascii_letter(c)) add(other_case(c), other_case(c));
            }
        }
    }
    [[nodiscard]] CharacterSet complement() const {
        CharacterSet sorted = *this;
        sorted.settle();
        CharacterSet result;
        Character next = 0;
        for (const auto& [first, last] : sorted.ranges_) {
            if (next < first) result.add(next, first - 1);
            next = last + 1;
        }
        if (next <= last_character) result.add(next, last_character);
        return result;
    }
    /// Sorts and joins the ranges; contains() wants it.
    void settle() {
        std::sort(ranges_.begin(), ranges_.end());
        std::vector<std::pair<Character, Character>> joined;
        for (const auto& [first, last] : ranges_) {
            if (!joined.empty() && first <= joined.back().second + 1) {
                joined.back().second = std::max(joined.back().second, last);
            } else {
                joined.emplace_back(first, last);
            }
        }
        ranges_ = std::move(joined);
        for (const auto& [first, last] : ranges_) {
            for (Character c = first; c <= last && c < 0x80; ++c) ascii_.set(c);
        }
    }
    [[nodiscard]] bool contains(Character c) const noexcept {
        if (c < 0x80) return ascii_[c];
        const auto behind =
            std::upper_bound(ranges_.begin(), ranges_.end(), c, [](Character x, const auto& r) { return x < r.first; });
        return behind != ranges_.begin() && c <= std::prev(behind)->second;
    }

private:
    std::vector<std::pair<Character, Character>> ranges_;
    std::bitset<0x80> ascii_;
};

/// One step of the machine. Distances are from the step itself, so that code can be copied and moved.
struct Step {
    enum class Kind : std::uint8_t {
        one,    ///< The character is `a` or `b`.
        set,    ///< The character is in set number `a`.
        any,    ///< Any character but a line feed.
        begin,  ///< The text begins here.
        end,    ///< The text ends here.
        split,  ///< Goes on at `a` and at `b`.
        jump,   ///< Goes on at `a`.
        found,
    };
    Kind kind;
    std::int32_t a = 0;
    std::int32_t b = 0;
};
using Steps = std::vector<Step>;

/// Pattern into steps, with a stack of its own for what is open.
class PatternCompiler {
public:
    static constexpr std::size_t max_pattern_bytes = 1000;
    static constexpr std::size_t max_repetitions = 1000;
    static constexpr std::size_t max_steps = 10'000;

    explicit PatternCompiler(std::string_view pattern) : pattern_{pattern} {}

    [[nodiscard]] Steps compile() {
        if (pattern_.size() > max_pattern_bytes) {
            throw InvalidArgument{"regular expression: expected at most 1000 bytes, got " +
                                  std::to_string(pattern_.size())};
        }
        if (const auto invalid = first_invalid_utf8(pattern_)) fail(*invalid, "expected UTF-8");
        if (skip("(?i)")) ignores_case_ = true;
        open_.push_back({at_});
        while (at_ < pattern_.size()) read_one();
        if (open_.size() > 1) fail(open_.back().at, "expected a ')' for this '('");
        Steps steps = close();
        steps.push_back({Step::Kind::found});
        return steps;
    }
    [[nodiscard]] std::vector<CharacterSet> take_sets() { return std::move(sets_); }

private:
    /// A group that is being read.
    struct Group {
        std::size_t at;  ///< Where it begins.
        std::vector<Steps> alternatives{};
        Steps sequence{};  ///< Of the alternative that is being read, without the last item.
        Steps item{};      ///< The last item.
        bool may_repeat = false;
    };

    [[noreturn]] void fail(std::size_t at, const std::string& message) const {
        const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
        const auto start = pattern_.begin();
        const auto before = std::count_if(start, start + static_cast<std::ptrdiff_t>(at), is_start);
        throw InvalidArgument{"regular expression, character " + std::to_string(before + 1) + ": " + message};
    }
    [[nodiscard]] bool is_next(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }
    bool skip(std::string_view text) {
        if (!is_next(text)) return false;
        at_ += text.size();
        return true;
    }

    void read_one() {
        const std::size_t at = at_;
        const Character c = next_character(pattern_, at_);
        switch (c) {
            case '(':
                if (is_next("?") && !skip("?:")) {
                    fail(at,
                         "expected '(' or '(?:' ('(?i)' may stand at the start alone; nothing else begins by '(?')");
                }
                finish_item();
                open_.push_back({at});
                return;
            case ')': {
                if (open_.size() == 1) fail(at, "expected a '(' before this ')'; the character itself is '\\)'");
                Steps group = close();
                put(std::move(group), true);
                return;
            }
            case '|':
                finish_item();
                open_.back().alternatives.push_back(std::exchange(open_.back().sequence, {}));
                return;
            case '*':
                return repeat(at, 0, std::nullopt);
            case '+':
                return repeat(at, 1, std::nullopt);
            case '?':
                return repeat(at, 0, 1);
            case '{':
                return read_counts(at);
            case '^':
                return put({{Step::Kind::begin}}, false);
            case '$':
                return put({{Step::Kind::end}}, false);
            case '.':
                return put({{Step::Kind::any}}, true);
            case '[':
                return put_set(read_set(at));
            case '\\': {
                Escape escape = read_escape(at);
                return escape.set ? put_set(*std::move(escape.set)) : put_one(escape.character);
            }
            default:
                return put_one(c);
        }
    }

    // Items. ----------------------------------------------------------------------------------------------------------

    void finish_item() {
        Group& group = open_.back();
        append(group.sequence, group.item);
        group.item.clear();
        group.may_repeat = false;
    }
    void put(Steps item, bool may_repeat) {
        finish_item();
        open_.back().item = std::move(item);
        open_.back().may_repeat = may_repeat;
    }
    void put_one(Character c) {
        const auto a = static_cast<std::int32_t>(c);
        put({{Step::Kind::one, a, ignores_case_ ? static_cast<std::int32_t>(other_case(c)) : a}}, true);
    }
    void put_set(CharacterSet set) {
        set.settle();
        sets_.push_back(std::move(set));
        put({{Step::Kind::set, static_cast<std::int32_t>(sets_.size() - 1)}}, true);
    }
    void append(Steps& to, const Steps& what) {
        need_room(to.size() + what.size());
        to.insert(to.end(), what.begin(), what.end());
    }
    void need_room(std::size_t steps) const {
        if (steps > max_steps) {
            throw InvalidArgument{"regular expression: expected repetitions that multiply to less (" +
                                  std::to_string(max_steps) + " steps in all)"};
        }
    }
    [[nodiscard]] static std::int32_t distance(std::size_t steps) noexcept { return static_cast<std::int32_t>(steps); }

    /// The group that was opened last, as one item.
    [[nodiscard]] Steps close() {
        finish_item();
        Group group = std::move(open_.back());
        open_.pop_back();
        Steps result = std::move(group.sequence);
        while (!group.alternatives.empty()) {
            const Steps first = std::move(group.alternatives.back());
            group.alternatives.pop_back();
            need_room(first.size() + result.size() + 2);
            Steps either{{Step::Kind::split, 1, distance(first.size() + 2)}};
            append(either, first);
            either.push_back({Step::Kind::jump, distance(result.size() + 1)});
            append(either, result);
            result = std::move(either);
        }
        return result;
    }

    // Repetition. -----------------------------------------------------------------------------------------------------

    /// `{m}`, `{m,}`, `{m,n}`, behind the '{'.
    void read_counts(std::size_t at) {
        const auto number = [&]() -> std::size_t {
            if (at_ == pattern_.size() || pattern_[at_] < '0' || pattern_[at_] > '9') {
                fail(at, "expected {2}, {2,} or {2,5}; the character itself is '\\{'");
            }
            std::size_t value = 0;
            for (; at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '9'; ++at_) {
                value = std::min(value * 10 + static_cast<std::size_t>(pattern_[at_] - '0'), max_repetitions + 1);
            }
            if (value > max_repetitions) fail(at, "expected at most 1000 repetitions");
            return value;
        };
        const std::size_t least = number();
        std::optional<std::size_t> most{least};
        if (skip(",")) {
            most.reset();
            if (!is_next("}")) most.emplace(number());
        }
        if (!skip("}")) fail(at, "expected {2}, {2,} or {2,5}; the character itself is '\\{'");
        if (most && *most < least) fail(at, "expected a second number of repetitions that is not below the first");
        repeat(at, least, most);
    }
    /// \param most  Without an end if nothing.
    void repeat(std::size_t at, std::size_t least, std::optional<std::size_t> most) {
        Group& group = open_.back();
        if (!group.may_repeat) {
            fail(at, "expected a character or a group before it; repeat a repetition in brackets");
        }
        group.may_repeat = false;
        if (group.item.empty()) return;  // nothing, however often
        const Steps once = std::exchange(group.item, {});
        Steps& item = group.item;
        const std::size_t optional = most ? *most - least : 0;
        need_room(least * once.size() + optional * (once.size() + 1) + 2 + (most ? 0 : once.size()));
        const std::size_t plain = most || least == 0 ? least : least - 1;
        for (std::size_t i = 0; i < plain; ++i) append(item, once);
        for (std::size_t i = 0; i < optional; ++i) {  // x{0,2} = (x(x)?)?
            item.push_back({Step::Kind::split, 1, distance((optional - i) * (once.size() + 1))});
            append(item, once);
        }
        if (most) return;
        if (least == 0) item.push_back({Step::Kind::split, 1, distance(once.size() + 2)});
        append(item, once);
        if (least == 0) {
            item.push_back({Step::Kind::jump, -distance(once.size() + 1)});
        } else {
            item.push_back({Step::Kind::split, -distance(once.size()), 1});
        }
    }

    // Characters and sets of them. ------------------------------------------------------------------------------------

    /// What a backslash and the character behind it stand for.
    struct Escape {
        Character character = 0;
        std::optional<CharacterSet> set{};
    };
    /// Behind the backslash that stands at `at`.
    [[nodiscard]] Escape read_escape(std::size_t at) {
        if (at_ == pattern_.size()) fail(at, "expected a character behind the backslash; itself it is '\\\\'");
        const Character c = next_character(pattern_, at_);
        CharacterSet set;
        switch (c) {
            case 'd':
            case 'D':
                set.add('0', '9');
                break;
            case 'w':
            case 'W':
                set.add('0', '9');
                set.add('A', 'Z');
                set.add('_', '_');
                set.add('a', 'z');
                break;
            case 's':
            case 'S':
                set.add('\t', '\r');
                set.add(' ', ' ');
                break;
            case 'n':
                return {'\n'};
            case 'r':
                return {'\r'};
            case 't':
                return {'\t'};
            default:
                if (c < 0x80 && (c <= ' ' || is_ascii_letter(c) || (c >= '0' && c <= '9') || c == 0x7F)) {
                    fail(at, "expected \\d, \\w, \\s, \\D, \\W, \\S, \\n, \\r, \\t or a sign behind the backslash");
                }
                return {c};
        }
        const bool is_negated = c == 'D' || c == 'W' || c == 'S';
        return {0, is_negated ? set.complement() : std::move(set)};
    }
    /// `[a-z_]`, behind the '[' that stands at `at`.
    [[nodiscard]] CharacterSet read_set(std::size_t at) {
        const bool is_negated = skip("^");
        CharacterSet set;
        for (bool is_first = true; is_first || !is_next("]"); is_first = false) {
            if (at_ == pattern_.size()) fail(at, "expected a ']' for this '['");
            const std::size_t item_at = at_;
            if (is_next("[:")) fail(at_, "expected no class of that kind; the character itself is '\\['");
            const Escape first = read_set_item(at);
            const bool is_range = is_next("-") && !is_next("-]");
            if (!is_range) {
                if (first.set) {
                    set.add(*first.set);
                } else {
                    set.add(first.character, first.character);
                }
                continue;
            }
            skip("-");
            const Escape last = read_set_item(at);
            if (first.set || last.set) fail(item_at, "expected a range between two characters");
            if (last.character < first.character) fail(item_at, "expected a range that does not run backwards");
            set.add(first.character, last.character);
        }
        skip("]");
        if (ignores_case_) set.add_other_case();
        return is_negated ? set.complement() : set;
    }
    [[nodiscard]] Escape read_set_item(std::size_t set_at) {
        if (at_ == pattern_.size()) fail(set_at, "expected a ']' for this '['");
        const std::size_t at = at_;
        const Character c = next_character(pattern_, at_);
        return c == '\\' ? read_escape(at) : Escape{c};
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    bool ignores_case_ = false;
    std::vector<Group> open_;
    std::vector<CharacterSet> sets_;
};

}  // namespace detail

/// A regular expression that looks for itself in texts. Copies are deep; one object may be used by many threads.
///
/// | pattern | finds |
/// | --- | --- |
/// | `a` | the character itself; so any but the signs `\ . [ ( ) * + ? { ^ $` and the upright bar |
/// | `\.` | the sign behind the backslash; `\n`, `\r` and `\t` are line feed, carriage return and tab |
/// | `.` | any character but a line feed |
/// | `\d \w \s` | an ASCII digit; ASCII letter, digit or `_`; space, tab, line feed, `\v`, `\f`, carriage return |
/// | `\D \W \S` | any other character |
/// | `[a-z_\d]`, `[^a-z]` | one character of these, or any but these; `]` at the start and `-` at an end are themselves
/// | | `(x)`, `(?:x)` | x; both only keep together | | x, upright bar, y | x or y | | `x* x+ x?` | any number of x, at
/// least one, at most one | | `x{2} x{2,} x{2,5}` | that number of x, up to 1,000 | | `^ $` | nothing, at the start and
/// at the end of the text (not of a line) | | `(?i)` | at the start of the pattern alone: ASCII letters find both cases
/// |
///
/// A character is one of UTF-8; a byte of a text that belongs to none counts as one that no pattern names, but `.` and
/// negated sets find. There is no more: no back-references, no looking around, no `x*?` (of no meaning here).
///
/// \par Source  K. Thompson, "Regular expression search algorithm", CACM 11 (1968), pp. 419-422; R. Cox, "Regular
///              expression matching: the virtual machine approach" (2009), section "Thompson's implementation".
class RegularExpression {
public:
    /// \throws InvalidArgument  if the pattern is none of these, with the place as "character 5" (from 1, in characters
    ///                          of UTF-8); or if it is longer than 1,000 bytes or its repetitions multiply to more than
    ///                          10,000 steps.
    /// \par Cost  O(bytes + steps * depth of brackets).
    explicit RegularExpression(std::string_view pattern) {
        detail::PatternCompiler compiler{pattern};
        steps_ = compiler.compile();
        sets_ = compiler.take_sets();
    }

    /// Whether it finds itself somewhere in the text, which may be any bytes.
    /// \par Cost  O(characters * steps) time at worst, O(steps) memory; no recursion.
    [[nodiscard]] bool found_in(std::string_view text) const {
        using Kind = detail::Step::Kind;
        const bool only_at_start = steps_[0].kind == Kind::begin;
        std::vector<std::size_t> seen(steps_.size());  // 1 + the offset of the text where a step was last reached
        std::vector<std::size_t> waiting;              // steps that want a character, at this offset
        std::vector<std::size_t> next;                 // the same behind the character
        std::vector<std::size_t> todo;
        // Adds all that can be reached from a step without a character. \return True if that is the end.
        const auto reach = [&](std::size_t step, std::size_t at, std::vector<std::size_t>& into) {
            const auto go = [&](std::size_t to) {
                if (seen[to] == at + 1) return;
                seen[to] = at + 1;
                todo.push_back(to);
            };
            const auto behind = [](std::size_t from, std::int32_t distance) {
                return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(from) + distance);
            };
            go(step);
            while (!todo.empty()) {
                const std::size_t here = todo.back();
                todo.pop_back();
                const detail::Step& s = steps_[here];
                switch (s.kind) {
                    case Kind::one:
                    case Kind::set:
                    case Kind::any:
                        into.push_back(here);
                        break;
                    case Kind::begin:
                        if (at == 0) go(here + 1);
                        break;
                    case Kind::end:
                        if (at == text.size()) go(here + 1);
                        break;
                    case Kind::split:
                        go(behind(here, s.a));
                        go(behind(here, s.b));
                        break;
                    case Kind::jump:
                        go(behind(here, s.a));
                        break;
                    case Kind::found:
                        return true;
                }
            }
            return false;
        };
        std::size_t at = 0;
        while (true) {
            if ((at == 0 || !only_at_start) && reach(0, at, waiting)) return true;
            if (at == text.size() || (only_at_start && waiting.empty())) return false;
            const detail::Character c = detail::next_character(text, at);
            next.clear();
            for (const std::size_t step : waiting) {
                if (takes(steps_[step], c) && reach(step + 1, at, next)) return true;
            }
            waiting.swap(next);
        }
    }

private:
    [[nodiscard]] bool takes(const detail::Step& step, detail::Character c) const noexcept {
        switch (step.kind) {
            case detail::Step::Kind::one:
                return c == static_cast<detail::Character>(step.a) || c == static_cast<detail::Character>(step.b);
            case detail::Step::Kind::set:
                return sets_[static_cast<std::size_t>(step.a)].contains(c);
            default:
                return c != '\n';
        }
    }

    detail::Steps steps_;
    std::vector<detail::CharacterSet> sets_;
};

/// What is wrong with a pattern of a RegularExpression, in the words of its error; nothing if it is right.
/// \par Cost  As that of the constructor.
[[nodiscard]] inline std::optional<std::string> regular_expression_problem(std::string_view pattern) {
    try {
        (void)RegularExpression{pattern};
        return std::nullopt;
    } catch (const InvalidArgument& error) {
        return error.what();
    }
}

/// What is wrong with a pattern of like(); nothing if it is right.
/// \par Cost  O(length).
[[nodiscard]] inline std::optional<std::string> like_problem(std::string_view pattern) {
    std::size_t at = 0;
    for (std::size_t number = 1; at < pattern.size(); ++number) {
        if (detail::next_character(pattern, at) != '\\') continue;
        const bool is_right = at < pattern.size() && (pattern[at] == '%' || pattern[at] == '_' || pattern[at] == '\\');
        if (!is_right)
            return "pattern, character " + std::to_string(number) + ": expected %, _ or \\ behind the backslash";
        ++at;
        ++number;
    }
    return std::nullopt;
}

/// Whether the whole text is as the pattern says: `%` stands for any characters or none, `_` for one character, a
/// backslash before one of `%`, `_` and itself for that sign; all else for itself. This is SQL's LIKE with the escape
/// character backslash (ISO/IEC 9075-2, like predicate).
///
/// A character is one of UTF-8; a byte that belongs to none counts as one.
/// \throws InvalidArgument  if the pattern has a backslash before anything else; see like_problem().
/// \par Cost  O(text * pattern) time at worst, no memory: only the last `%` is ever tried again.
[[nodiscard]] inline bool like(std::string_view text, std::string_view pattern) {
    if (const auto problem = like_problem(pattern)) throw InvalidArgument{"like: " + *problem};
    std::size_t t = 0;
    std::size_t p = 0;
    std::optional<std::size_t> behind_any;  // of the pattern, behind the last %
    std::size_t any_until = 0;              // of the text: what that % stands for ends here
    while (t < text.size() || p < pattern.size()) {
        if (p < pattern.size()) {
            if (pattern[p] == '%') {
                behind_any = ++p;
                any_until = t;
                continue;
            }
            if (t < text.size()) {
                std::size_t p_next = p;
                std::size_t t_next = t;
                const detail::Character found = detail::next_character(text, t_next);
                detail::Character wanted = detail::next_character(pattern, p_next);
                const bool is_one = wanted == '_';
                if (wanted == '\\') wanted = detail::next_character(pattern, p_next);
                if (is_one || found == wanted) {
                    p = p_next;
                    t = t_next;
                    continue;
                }
            }
        }
        if (!behind_any || any_until == text.size()) return false;
        (void)detail::next_character(text, any_until);
        t = any_until;
        p = *behind_any;
    }
    return true;
}

}  // namespace alloquy::segment
