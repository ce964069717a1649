#pragma once

/// \file
/// Content of an ImportMapping: where each value of each fact of a row comes from.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <alloquy/io/csv_reader.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/local_time.hpp>
#include <alloquy/time/zone.hpp>

namespace alloquy::io {

/// A column that the mapping names, with the place where it does so.
struct ColumnUse {
    std::optional<std::size_t> lookup;  ///< Of this lookup file; of the imported file without it.
    std::string name;
    std::size_t line;
    std::string pointer;
};

/// What an attribute's text stands for.
enum class AttributeType : std::uint8_t { text, number, boolean, day };

/// Where one text of a row comes from.
struct ValueRule {
    enum class From : std::uint8_t { column, constant, lookup, join, each };

    From from = From::constant;
    std::string constant{};
    std::size_t column = 0;         ///< Position in Content::columns; for a lookup or `each`, the column that it gives.
    std::size_t lookup = 0;         ///< Position in Content::lookups.
    std::vector<std::size_t> by{};  ///< Columns of the row that make the key of the lookup.
    std::vector<ValueRule> parts{};  ///< Of a join.
    std::optional<std::map<std::string, std::string, std::less<>>> names{};
    std::optional<std::string> fallback{};
    std::optional<double> scale{};
    AttributeType type = AttributeType::text;
};

enum class TimeForm : std::uint8_t { local, utc, offset, day, day_offset, unix_s, unix_ms };

/// What a text says about time before a zone makes an instant of it.
using StatedTime = std::variant<time::Instant, time::LocalTime>;

struct TimeRule {
    ValueRule value;
    TimeForm form = TimeForm::utc;
    std::int32_t origin_days = 0;  ///< Unix days of day 0 of a day_offset.
    std::int32_t ms_of_day = 0;    ///< For forms without a time of day.
    std::int32_t plus_days = 0;
    std::optional<StatedTime> fallback{};
    std::size_t number = 0;  ///< Among the times of the mapping.
};

/// Reads the text of a time; nothing where it has another form or leaves the years 1 to 9999.
[[nodiscard]] std::optional<StatedTime> stated_time(const TimeRule& rule, std::string_view text);
/// What the text must be, for messages.
[[nodiscard]] std::string_view expected_of(TimeForm form);

/// When a fact became known.
struct KnownRule {
    enum class Kind : std::uint8_t { now, same_as_at, stated };
    Kind kind = Kind::now;
    std::optional<TimeRule> stated{};
};

/// Condition on a column of the row, or of a row of the lookup.
struct WhenRule {
    std::size_t column = 0;
    bool is_emptiness = false;  ///< Asks whether the column is empty, not for one of the values.
    bool wants_empty = false;
    std::vector<std::string> values{};
};

/// Whether the condition holds where its column has this text.
[[nodiscard]] bool holds(const WhenRule& rule, std::string_view text);

/// The rows of a lookup for each of which a row of the file states the fact: those whose key the row names.
struct EachRule {
    std::size_t lookup = 0;          ///< Position in Content::lookups.
    std::vector<std::size_t> by{};   ///< Columns of the row that make the key of the lookup.
    std::vector<std::size_t> key{};  ///< Columns of the lookup that tell its rows of one key apart.
    std::optional<WhenRule> when{};  ///< On a column of the lookup; other rows of it are passed over.
};

struct PersonRule {
    std::string system;
    std::vector<ValueRule> key;
    bool create = true;
};

struct OrganisationRule {
    std::string system;
    std::vector<ValueRule> key;
    std::optional<ValueRule> kind{};  ///< Without it, the organisation must be there already.
    std::optional<ValueRule> name{};
};

/// Fields of facts that are single values.
enum class Field : std::uint8_t {
    channel,
    act,
    direction,
    topic,
    language,
    actor,
    team,
    dialogue,
    purpose,
    action,
    quantity,
    tone,
    text,
    role,
    programme,
    site,
    ended,
    decision,
    text_version,
    relation,
    dialogue_step,
    status,
    assessment,
    fraction,
    obligation,
    item,
    obligation_step,
    weight,
};
inline constexpr std::size_t field_count = static_cast<std::size_t>(Field::weight) + 1;

/// What the text of a field must be.
enum class FieldType : std::uint8_t { name, text, language, integer, count, number, boolean, enumeration };

struct FieldRule {
    std::string_view key;  ///< As in the mapping.
    Field field;
    FieldType type;
    bool is_required;
    std::span<const std::string_view> names{};  ///< Of an enumeration.
};

/// The position of a fact kind in model::fact_content_names; `organisation` is behind them.
inline constexpr std::size_t organisation_kind = 9;
/// The fields of a kind of fact.
[[nodiscard]] std::span<const FieldRule> fields_of(std::size_t kind);

/// Reads a field's text as this type; nothing where it is not one. Names and texts always are.
[[nodiscard]] std::optional<std::int64_t> integer_of(std::string_view text);
[[nodiscard]] std::optional<double> number_of(std::string_view text);  ///< Finite.
[[nodiscard]] std::optional<bool> boolean_of(std::string_view text);   ///< true, false, 1, 0.
/// Why a text is no value of a field, as "expected …", or nothing if it is one. The text is not in it.
[[nodiscard]] std::optional<std::string> field_problem(const FieldRule& rule, std::string_view text);

struct AttributeRule {
    std::string name;
    ValueRule value;
};

struct FactRule {
    std::size_t kind = 0;  ///< Index in model::FactContent, or organisation_kind.
    std::optional<WhenRule> when{};
    std::optional<EachRule> each{};
    std::optional<TimeRule> at{};
    std::optional<KnownRule> known_at{};
    std::string suffix{};  ///< Goes behind the row's key; behind it goes the key of `each`.
    std::array<std::optional<ValueRule>, field_count> fields{};
    std::vector<AttributeRule> attributes{};
    std::optional<TimeRule> due{};
    std::optional<PersonRule> other_person{};
    std::size_t other_person_slot = 0;  ///< From 1, among the other_person rules of the mapping.
    std::optional<OrganisationRule> organisation{};
};

struct LookupRule {
    std::string name;
    std::string file;
    CsvFormat format;
    std::vector<std::string> column_names{};  ///< For a file without a header line.
    std::vector<std::size_t> key;             ///< Positions in Content::columns.
    bool serves_values = false;               ///< A value looks something up in it: a key means one row.
    bool serves_each = false;                 ///< An EachRule goes through its rows.
};

struct ImportMapping::Content {
    std::string name;
    std::string source;
    CsvFormat format;
    std::vector<std::string> column_names{};  ///< For a file without a header line.
    std::optional<PersonRule> person{};
    bool is_keyed_by_row = false;
    std::vector<ValueRule> key{};
    std::string zone{};  ///< Empty where no time needs one.
    time::WhenSkipped skipped = time::WhenSkipped::refuse;
    time::WhenRepeated repeated = time::WhenRepeated::refuse;
    std::optional<TimeRule> at{};
    KnownRule known_at{};
    std::vector<FactRule> facts{};
    std::vector<LookupRule> lookups{};
    std::vector<ColumnUse> columns{};
    std::size_t time_count = 0;
    std::size_t person_slots = 1;
};

}  // namespace alloquy::io
