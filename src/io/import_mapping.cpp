#include "import_mapping.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/io/csv_reader.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/local_time.hpp>
#include <alloquy/time/zone.hpp>

#include "policy_names.hpp"
#include "positioned_json.hpp"
#include "text_file.hpp"

namespace alloquy::io {

namespace {

constexpr std::int64_t ms_per_day = 86'400'000;

using enum FieldType;

template <class Enum>
constexpr FieldRule choice(std::string_view key, Field field, bool is_required) {
    return {key, field, enumeration, is_required, model::EnumNames<Enum>::values};
}

constexpr std::array interaction_fields{
    FieldRule{"channel", Field::channel, name, true},
    choice<model::Act>("act", Field::act, true),
    choice<model::Direction>("direction", Field::direction, true),
    FieldRule{"topic", Field::topic, name, false},
    FieldRule{"language", Field::language, language, false},
    choice<model::ActorKind>("actor", Field::actor, false),
    FieldRule{"team", Field::team, name, false},
    FieldRule{"dialogue", Field::dialogue, integer, false},
    FieldRule{"purpose", Field::purpose, name, false},
    FieldRule{"action", Field::action, name, false},
    FieldRule{"quantity", Field::quantity, count, false},
    choice<model::Tone>("tone", Field::tone, false),
    FieldRule{"text", Field::text, text, false},
};
constexpr std::array role_fields{
    choice<model::RoleKind>("role", Field::role, true),
    FieldRule{"programme", Field::programme, name, false},
    FieldRule{"site", Field::site, name, false},
    FieldRule{"ended", Field::ended, boolean, false},
};
constexpr std::array consent_fields{
    FieldRule{"purpose", Field::purpose, name, true},
    FieldRule{"channel", Field::channel, name, false},
    choice<model::ConsentDecision>("decision", Field::decision, true),
    FieldRule{"text_version", Field::text_version, text, false},
};
constexpr std::array relation_fields{
    choice<model::RelationKind>("relation", Field::relation, true),
    FieldRule{"ended", Field::ended, boolean, false},
};
constexpr std::array dialogue_fields{
    FieldRule{"dialogue", Field::dialogue, integer, true},
    choice<model::DialogueStep>("step", Field::dialogue_step, true),
    FieldRule{"team", Field::team, name, false},
    FieldRule{"topic", Field::topic, name, false},
    choice<model::Tone>("tone", Field::tone, false),
};
constexpr std::array enrolment_fields{
    FieldRule{"programme", Field::programme, name, true},
    choice<model::EnrolmentStatus>("status", Field::status, true),
};
constexpr std::array result_fields{
    FieldRule{"assessment", Field::assessment, name, true},
    FieldRule{"fraction", Field::fraction, number, true},
};
constexpr std::array obligation_fields{
    FieldRule{"obligation", Field::obligation, name, true},
    FieldRule{"item", Field::item, text, false},
    choice<model::ObligationStep>("step", Field::obligation_step, true),
    FieldRule{"weight", Field::weight, number, false},
};

enum Kind : std::size_t { interaction, role, attributes, consent, relation, dialogue, enrolment, result, obligation };

constexpr FieldRule organisation_kind_field =
    choice<model::OrganisationKind>("kind", Field::text /* not kept by field */, true);

[[nodiscard]] std::optional<std::string> name_problem(std::string_view value) {
    if (!value.empty() && value.size() <= model::max_symbol_bytes) return std::nullopt;
    return "expected a name of 1 to " + std::to_string(model::max_symbol_bytes) + " bytes";
}

[[nodiscard]] std::string list_of(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) {
        if (!text.empty()) text += ", ";
        text += name;
    }
    return text;
}

/// "HH:MM" or "HH:MM:SS".
[[nodiscard]] std::optional<std::int32_t> ms_of_day(std::string_view text) {
    const auto local = time::LocalTime::from_iso("2000-01-01T" + std::string{text});
    return local ? std::optional{local->ms_of_day()} : std::nullopt;
}

}  // namespace

std::span<const FieldRule> fields_of(std::size_t kind) {
    switch (kind) {
        case interaction:
            return interaction_fields;
        case role:
            return role_fields;
        case consent:
            return consent_fields;
        case relation:
            return relation_fields;
        case dialogue:
            return dialogue_fields;
        case enrolment:
            return enrolment_fields;
        case result:
            return result_fields;
        case obligation:
            return obligation_fields;
        default:
            return {};  // attributes and organisations have none
    }
}

std::optional<std::int64_t> integer_of(std::string_view text) {
    std::int64_t value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> number_of(std::string_view text) {
    double value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<bool> boolean_of(std::string_view text) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return std::nullopt;
}

std::optional<std::string> field_problem(const FieldRule& rule, std::string_view text) {
    switch (rule.type) {
        case FieldType::name:
            return name_problem(text);
        case FieldType::text:
            return std::nullopt;
        case FieldType::language:
            if (is_language_tag(text) && text.size() <= model::max_symbol_bytes) return std::nullopt;
            return "expected a language tag such as nl or pt-BR";
        case FieldType::integer:
            if (integer_of(text)) return std::nullopt;
            return "expected an integer";
        case FieldType::count:
            if (const auto value = integer_of(text);
                value && *value >= 1 && *value <= std::numeric_limits<std::uint32_t>::max()) {
                return std::nullopt;
            }
            return "expected an integer from 1 to 4294967295";
        case FieldType::number:
            if (number_of(text)) return std::nullopt;
            return "expected a number";
        case FieldType::boolean:
            if (boolean_of(text)) return std::nullopt;
            return "expected true, false, 1 or 0";
        case FieldType::enumeration:
            if (std::find(rule.names.begin(), rule.names.end(), text) != rule.names.end()) return std::nullopt;
            return "expected one of " + list_of(rule.names);
    }
    return std::nullopt;
}

std::string_view expected_of(TimeForm form) {
    switch (form) {
        case TimeForm::local:
            return "a local time YYYY-MM-DDTHH:MM[:SS[.fff]]";
        case TimeForm::utc:
            return "a UTC time YYYY-MM-DDTHH:MM[:SS[.fff]][Z]";
        case TimeForm::offset:
            return "a time with offset YYYY-MM-DDTHH:MM[:SS[.fff]](Z or +HH:MM)";
        case TimeForm::day:
            return "a day YYYY-MM-DD";
        case TimeForm::day_offset:
            return "a whole number of days";
        case TimeForm::unix_s:
            return "whole seconds since 1970-01-01T00:00Z";
        case TimeForm::unix_ms:
            return "whole milliseconds since 1970-01-01T00:00Z";
    }
    return "";
}

std::optional<StatedTime> stated_time(const TimeRule& rule, std::string_view text) {
    const auto instant = [&](std::optional<std::int64_t> unix_ms) -> std::optional<StatedTime> {
        if (!unix_ms) return std::nullopt;
        // Far beyond the range on both sides, so that the sum cannot overflow.
        constexpr std::int64_t bound = std::int64_t{1} << 60U;
        if (*unix_ms > bound || *unix_ms < -bound) return std::nullopt;
        const std::int64_t moved = *unix_ms + rule.plus_days * ms_per_day;
        if (moved < time::Instant::min_unix_ms || moved > time::Instant::max_unix_ms) return std::nullopt;
        return time::Instant::from_unix_ms(moved);
    };
    const auto local = [&](std::int64_t unix_days, std::int32_t of_day) -> std::optional<StatedTime> {
        const std::int64_t moved = unix_days + rule.plus_days;
        if (moved < time::Day::min_unix_days || moved > time::Day::max_unix_days) return std::nullopt;
        return time::LocalTime::from_day(time::Day::from_unix_days(moved), of_day);
    };
    switch (rule.form) {
        case TimeForm::local: {
            const auto stated = time::LocalTime::from_iso(text);
            if (!stated) return std::nullopt;
            return local(stated->day().unix_days(), stated->ms_of_day());
        }
        case TimeForm::utc: {
            if (text.ends_with('Z')) text.remove_suffix(1);
            const auto stated = time::LocalTime::from_iso(text);
            if (!stated) return std::nullopt;
            return instant(stated->epoch_ms());
        }
        case TimeForm::offset: {
            const auto stated = time::instant_from_iso(text);
            if (!stated) return std::nullopt;
            return instant(stated->unix_ms());
        }
        case TimeForm::day: {
            const auto stated = time::Day::from_iso(text);
            if (!stated) return std::nullopt;
            return local(stated->unix_days(), rule.ms_of_day);
        }
        case TimeForm::day_offset: {
            const auto days = integer_of(text);
            if (!days || *days > 10'000'000 || *days < -10'000'000) return std::nullopt;
            return local(rule.origin_days + *days, rule.ms_of_day);
        }
        case TimeForm::unix_s: {
            const auto seconds = integer_of(text);
            if (!seconds || *seconds > 1'000'000'000'000 || *seconds < -1'000'000'000'000) return std::nullopt;
            return instant(*seconds * 1000);
        }
        case TimeForm::unix_ms:
            return instant(integer_of(text));
    }
    return std::nullopt;
}

bool holds(const WhenRule& rule, std::string_view text) {
    if (rule.is_emptiness) return text.empty() == rule.wants_empty;
    return std::find(rule.values.begin(), rule.values.end(), text) != rule.values.end();
}

const std::string& ImportMapping::source() const noexcept {
    return content_->source;
}
const std::string& ImportMapping::name() const noexcept {
    return content_->name;
}

namespace {

class MappingReader {
public:
    explicit MappingReader(ImportMapping::Content& content) : content_{&content} {}

    void read(Cursor root) {
        content_->source = root.string("source");
        check_name(root, "source", content_->source);
        content_->format = format(root.optional_object("format"), content_->column_names);
        columns_known_ = content_->column_names;
        read_lookups(root);
        content_->zone = root.string_or("zone", "");
        content_->skipped = root.enumeration_or<time::WhenSkipped>("skipped", time::WhenSkipped::refuse,
                                                                   {{"refuse", time::WhenSkipped::refuse},
                                                                    {"shift_forward", time::WhenSkipped::shift_forward},
                                                                    {"next_valid", time::WhenSkipped::next_valid}});
        content_->repeated = root.enumeration_or<time::WhenRepeated>("repeated", time::WhenRepeated::refuse,
                                                                     {{"refuse", time::WhenRepeated::refuse},
                                                                      {"earlier", time::WhenRepeated::earlier},
                                                                      {"later", time::WhenRepeated::later}});
        if (Cursor person = root.optional_object("person"); person.is_there()) {
            content_->person = person_rule(std::move(person));
        }
        if (Cursor key = root.optional_member("key"); key.is_there()) {
            content_->is_keyed_by_row = key.is_string() && key.as_string() == "row";
            if (!content_->is_keyed_by_row) content_->key = key_rule(std::move(key), "or the text \"row\"");
        }
        if (Cursor at = root.optional_object("at"); at.is_there()) content_->at = time_rule(std::move(at));
        if (auto known = known_rule(root)) content_->known_at = *std::move(known);
        read_facts(root);
        root.finish();
    }

private:
    // ---- Small parts ----

    static void check_name(Cursor& object, std::string_view key, const std::string& name) {
        if (!object.optional_member(key).is_string()) return;
        if (auto problem = name_problem(name)) object.problem(key, *std::move(problem));
    }
    [[nodiscard]] std::size_t use(const Cursor& at, std::string name, std::optional<std::size_t> lookup) {
        const std::vector<std::string>& known = lookup ? content_->lookups[*lookup].column_names : columns_known_;
        if (!known.empty() && std::find(known.begin(), known.end(), name) == known.end()) {
            at.problem("expected a name that stands in the format's \"columns\", got \"" + name + '"');
        }
        content_->columns.push_back({lookup, std::move(name), at.line(), at.pointer()});
        return content_->columns.size() - 1;
    }
    /// A character of the format; a control character or a letter outside ASCII is left to CsvReader's own check.
    [[nodiscard]] static std::optional<char> character(Cursor& object, std::string_view key) {
        const auto value = object.optional_string(key);
        if (!value) return std::nullopt;
        const bool is_ascii = value->size() == 1 && static_cast<unsigned char>(value->front()) < 128 &&
                              value->front() != '\0' && value->front() != '\r' && value->front() != '\n';
        if (!is_ascii) {
            object.problem(key, "expected one ASCII character other than a line end");
            return std::nullopt;
        }
        return value->front();
    }
    [[nodiscard]] static CsvFormat format(Cursor object, std::vector<std::string>& columns) {
        CsvFormat result;
        if (!object.is_there()) return result;
        if (const auto delimiter = character(object, "delimiter")) result.delimiter = *delimiter;
        if (const Cursor quote = object.optional_member("quote"); quote.is_there()) {
            const bool is_null = !quote.is_string() && !quote.is_number() && !quote.is_boolean() &&
                                 !quote.is_object() && !quote.is_array();
            if (is_null) {
                result.quote.reset();
            } else if (const auto value = character(object, "quote")) {
                result.quote = value;
            }
        }
        if (result.quote == result.delimiter) object.problem("expected another quote than delimiter");
        result.encoding = object.enumeration_or<Encoding>("encoding", Encoding::utf_8,
                                                          {{"utf-8", Encoding::utf_8},
                                                           {"windows-1252", Encoding::windows_1252},
                                                           {"iso-8859-1", Encoding::iso_8859_1},
                                                           {"iso-8859-15", Encoding::iso_8859_15},
                                                           {"utf-16le", Encoding::utf_16le},
                                                           {"utf-16be", Encoding::utf_16be}});
        result.has_header = object.boolean_or("header", true);
        result.trim = object.boolean_or("trim", false);
        result.comment = character(object, "comment");
        if (result.has_header) {
            if (object.has("columns")) object.problem("columns", "expected no columns: the header line names them");
        } else {
            columns = object.strings("columns");
            if (std::set<std::string>(columns.begin(), columns.end()).size() != columns.size()) {
                object.problem("columns", "expected each column once");
            }
        }
        object.finish();
        return result;
    }
    void read_lookups(Cursor& root) {
        Cursor lookups = root.optional_object("lookups");
        for (auto& [lookup_name, entry] : lookups.members()) {
            const std::size_t number = content_->lookups.size();
            LookupRule& rule = content_->lookups.emplace_back();
            rule.name = lookup_name;
            lookup_names_.push_back(lookup_name);
            rule.file = entry.string("file");
            rule.format = format(entry.optional_object("format"), rule.column_names);
            const Cursor key = entry.array("key");
            if (key.is_array() && key.size() == 0) key.problem("expected at least one column");
            if (key.is_there()) {
                for (const Cursor& column : key) rule.key.push_back(use(column, column.as_string(), number));
            }
            entry.finish();
        }
    }

    // ---- Values ----

    /// The members "lookup" and "by": which lookup, and the columns of the row that make its key.
    [[nodiscard]] std::optional<std::size_t> lookup_by(Cursor& object, std::vector<std::size_t>& by) {
        const auto lookup = object.reference("lookup", "lookup", lookup_names_);
        const Cursor columns = object.array("by");
        if (columns.is_there()) {
            for (const Cursor& column : columns) by.push_back(use(column, column.as_string(), std::nullopt));
        }
        if (!lookup) return std::nullopt;
        const std::size_t wanted = content_->lookups[*lookup].key.size();
        if (columns.is_there() && wanted != 0 && columns.size() != wanted) {
            columns.problem("expected " + std::to_string(wanted) + " columns, as many as the lookup's key has, got " +
                            std::to_string(columns.size()));
        }
        return lookup;
    }
    /// The members of a VALUE that say where it comes from; `rest` reads those that are left.
    void value_origin(Cursor& object, ValueRule& rule) {
        const bool has_lookup = object.has("lookup");
        const bool has_constant = object.has("constant");
        const bool has_join = object.has("join");
        const bool has_each = object.has("each");
        // The column of a lookup is a part of it.
        const bool has_column = object.has("column") && !has_lookup;
        const int origins = int{has_lookup} + int{has_constant} + int{has_join} + int{has_each} + int{has_column};
        if (origins != 1) {
            object.problem(
                "expected one of the keys \"column\", \"constant\", \"lookup\", \"join\" and \"each\", got " +
                std::to_string(origins));
        }
        if (has_constant) {
            rule.from = ValueRule::From::constant;
            rule.constant = object.string("constant");
            return;
        }
        if (has_join) {
            rule.from = ValueRule::From::join;
            const Cursor parts = object.array("join");
            if (parts.is_array() && parts.size() < 2) parts.problem("expected two values or more");
            if (parts.is_there()) {
                for (Cursor part : parts) rule.parts.push_back(value_rule(std::move(part), nullptr));
            }
            return;
        }
        if (has_lookup) {
            rule.from = ValueRule::From::lookup;
            const auto lookup = lookup_by(object, rule.by);
            const std::string column = object.string("column");
            if (!lookup) return;
            rule.lookup = *lookup;
            content_->lookups[*lookup].serves_values = true;
            if (const Cursor at = object.optional_member("column"); at.is_string()) {
                rule.column = use(at, column, *lookup);
            }
            return;
        }
        if (has_each) {
            rule.from = ValueRule::From::each;
            const std::string column = object.string("each");
            if (!is_in_each_) {
                object.problem("each", "expected it only in a fact that has the key \"each\", whose rows it reads");
            }
            if (!each_) return;
            rule.lookup = each_->lookup;
            rule.by = each_->by;
            if (const Cursor at = object.optional_member("each"); at.is_string()) {
                rule.column = use(at, column, each_->lookup);
            }
            return;
        }
        rule.from = ValueRule::From::column;
        if (!has_column) return;
        const std::string column = object.string("column");
        rule.column = use(object.optional_member("column"), column, std::nullopt);
    }
    /// \param at  The VALUE. `field` says what its static texts must be, where that is known.
    [[nodiscard]] ValueRule value_rule(Cursor at, const FieldRule* field, bool may_scale = false,
                                       bool is_attribute = false) {
        ValueRule rule;
        if (!at.is_there()) return rule;
        if (at.is_string()) {
            rule.from = ValueRule::From::column;
            rule.column = use(at, at.as_string(), std::nullopt);
            return rule;
        }
        if (!at.is_object()) {
            at.problem("expected the name of a column or an object with column, constant, lookup, join or each");
            return rule;
        }
        value_origin(at, rule);
        if (Cursor names = at.optional_object("map"); names.is_there()) {
            rule.names.emplace();
            for (auto& [from, to] : names.members()) rule.names->emplace(from, to.as_string());
        }
        rule.fallback = at.optional_string("default");
        if (may_scale) rule.scale = at.optional_number("scale", finite);
        if (is_attribute) {
            rule.type = at.enumeration_or<AttributeType>("type", AttributeType::text,
                                                         {{"text", AttributeType::text},
                                                          {"number", AttributeType::number},
                                                          {"bool", AttributeType::boolean},
                                                          {"day", AttributeType::day}});
            if (rule.scale && rule.type != AttributeType::number) {
                at.problem("scale", "expected no scale: only numbers have one");
            }
        }
        at.finish();
        if (field != nullptr) check_static(at, rule, *field);
        return rule;
    }
    /// What the mapping itself states must be right: constants, defaults, results of maps.
    static void check_static(Cursor& at, const ValueRule& rule, const FieldRule& field) {
        const auto check = [&](const Cursor& where, const std::string& value) {
            if (!where.is_string() || value.empty()) return;
            auto problem = field_problem(field, value);
            if (!problem) return;
            *problem += ", got \"" + value + '"';
            if (const auto nearest = nearest_name(value, field.names)) {
                *problem += "; did you mean \"" + std::string{*nearest} + "\"?";
            }
            where.problem(*std::move(problem));
        };
        if (rule.from == ValueRule::From::constant && !rule.names) check(at.optional_member("constant"), rule.constant);
        if (rule.fallback) check(at.optional_member("default"), *rule.fallback);
        if (rule.names) {
            Cursor names = at.optional_object("map");
            for (auto& [from, to] : names.members()) check(to, rule.names->find(from)->second);
        }
    }
    /// One VALUE or an array of them.
    [[nodiscard]] std::vector<ValueRule> key_rule(Cursor at, const std::string& alternative = {}) {
        std::vector<ValueRule> result;
        if (at.is_array()) {
            if (at.size() == 0) at.problem("expected at least one value");
            for (Cursor part : at) result.push_back(value_rule(std::move(part), nullptr));
        } else if (at.is_string() || at.is_object()) {
            result.push_back(value_rule(std::move(at), nullptr));
        } else {
            at.problem("expected a value or an array of values" + (alternative.empty() ? "" : ' ' + alternative));
        }
        return result;
    }
    [[nodiscard]] PersonRule person_rule(Cursor object) {
        PersonRule rule;
        rule.system = object.string("system");
        check_name(object, "system", rule.system);
        if (Cursor key = object.member("key"); key.is_there()) rule.key = key_rule(std::move(key));
        rule.create = object.boolean_or("create", true);
        object.finish();
        return rule;
    }
    [[nodiscard]] OrganisationRule organisation_rule(Cursor object) {
        OrganisationRule rule;
        rule.system = object.string("system");
        check_name(object, "system", rule.system);
        if (Cursor key = object.member("key"); key.is_there()) rule.key = key_rule(std::move(key));
        if (Cursor kind = object.optional_member("kind"); kind.is_there()) {
            rule.kind = value_rule(std::move(kind), &organisation_kind_field);
        }
        if (Cursor organisation_name = object.optional_member("name"); organisation_name.is_there()) {
            rule.name = value_rule(std::move(organisation_name), nullptr);
        }
        if (rule.kind.has_value() != rule.name.has_value()) {
            object.problem("expected both \"kind\" and \"name\", which make a new organisation, or neither");
        }
        object.finish();
        return rule;
    }

    // ---- Times ----

    [[nodiscard]] TimeRule time_rule(Cursor object) {
        TimeRule rule;
        rule.number = content_->time_count++;
        value_origin(object, rule.value);
        const bool has_form = object.optional_member("form").is_string();
        rule.form = object.enumeration<TimeForm>("form", {{"local", TimeForm::local},
                                                          {"utc", TimeForm::utc},
                                                          {"offset", TimeForm::offset},
                                                          {"day", TimeForm::day},
                                                          {"day_offset", TimeForm::day_offset},
                                                          {"unix_s", TimeForm::unix_s},
                                                          {"unix_ms", TimeForm::unix_ms}});
        const bool is_day = rule.form == TimeForm::day || rule.form == TimeForm::day_offset;
        if (const auto origin = object.optional_string("origin")) {
            const auto day = time::Day::from_iso(*origin);
            if (!day) object.problem("origin", "expected a day YYYY-MM-DD");
            if (rule.form != TimeForm::day_offset) object.problem("origin", "expected no origin but for day_offset");
            rule.origin_days = day ? day->unix_days() : 0;
        } else if (has_form && rule.form == TimeForm::day_offset && !object.has("origin")) {
            object.problem("expected the key \"origin\", the day YYYY-MM-DD from which days are counted, got none");
        }
        if (const auto text = object.optional_string("time_of_day")) {
            const auto of_day = ms_of_day(*text);
            if (!of_day) object.problem("time_of_day", "expected a time of day HH:MM or HH:MM:SS");
            if (!is_day) object.problem("time_of_day", "expected no time of day but for day and day_offset");
            rule.ms_of_day = of_day.value_or(0);
        }
        rule.plus_days = static_cast<std::int32_t>(object.integer_or("plus_days", 0, {-3'652'424, 3'652'424}));
        if (const auto text = object.optional_string("default")) rule.fallback = fallback(object, rule, *text);
        object.finish();
        const bool is_zoned = is_day || rule.form == TimeForm::local ||
                              (rule.fallback && std::holds_alternative<time::LocalTime>(*rule.fallback));
        if (has_form && is_zoned && content_->zone.empty()) {
            object.problem("expected the key \"zone\" at the top of the mapping, which local times need, got none");
        }
        const Cursor constant = object.optional_member("constant");
        if (has_form && constant.is_string() && !stated_time(rule, rule.value.constant)) {
            constant.problem("expected " + std::string{expected_of(rule.form)} + ", got \"" + rule.value.constant +
                             '"');
        }
        return rule;
    }
    [[nodiscard]] static std::optional<StatedTime> fallback(const Cursor& object, const TimeRule& rule,
                                                            const std::string& text) {
        if (const auto instant = time::instant_from_iso(text)) return *instant;
        if (const auto local = time::LocalTime::from_iso(text)) return *local;
        if (const auto day = time::Day::from_iso(text)) return time::LocalTime::from_day(*day, rule.ms_of_day);
        object.problem("default", "expected a day YYYY-MM-DD, a local time or a time with offset (ISO 8601)");
        return std::nullopt;
    }
    [[nodiscard]] std::optional<KnownRule> known_rule(Cursor& object) {
        Cursor known = object.optional_member("known_at");
        if (!known.is_there()) return std::nullopt;
        if (known.is_object()) return KnownRule{KnownRule::Kind::stated, time_rule(std::move(known))};
        if (!known.is_string() || known.as_string() != "at") {
            known.problem("expected a time or the text \"at\", which means the time at which it happened");
        }
        return KnownRule{KnownRule::Kind::same_as_at, std::nullopt};
    }

    // ---- Facts ----

    void read_facts(Cursor& root) {
        const Cursor facts = root.array("facts");
        if (!facts.is_there()) return;
        if (facts.size() == 0) facts.problem("expected at least one fact");
        std::set<std::string> suffixes;
        std::vector<std::string> open_prefixes;  // what the keys of an `each` go behind
        bool needs_person = false;
        std::size_t index = 0;
        for (Cursor entry : facts) {
            FactRule fact = fact_rule(entry);
            // The first fact has the bare key, so that a fact added behind it renames nothing.
            const auto suffix = entry.optional_string("suffix");
            fact.suffix = suffix ? ':' + *suffix : index == 0 ? std::string{} : ':' + std::to_string(index);
            entry.finish();
            if (fact.kind != organisation_kind) {
                needs_person = true;
                if (entry.has("each")) {
                    if (suffix) open_prefixes.push_back(fact.suffix + ':');
                    if (!entry.has("suffix")) {
                        entry.problem("expected the key \"suffix\", which a fact with \"each\" needs, got none");
                    }
                }
                if (!suffixes.insert(fact.suffix).second) {
                    entry.problem("suffix", "expected a suffix that no other fact has");
                }
                if (!fact.at && !content_->at && !root.has("at")) {
                    entry.problem("expected the key \"at\" here or at the top of the mapping, got none");
                }
            }
            content_->facts.push_back(std::move(fact));
            ++index;
        }
        index = 0;
        for (const Cursor entry : facts) {
            const FactRule& fact = content_->facts[index++];
            if (fact.kind == organisation_kind) continue;
            for (const std::string& prefix : open_prefixes) {
                if (!fact.suffix.starts_with(prefix)) continue;
                entry.problem("suffix", "expected a suffix that does not begin with \"" + prefix.substr(1) +
                                            "\", as the keys of another fact do, which has \"each\"");
            }
        }
        if (!needs_person) return;
        if (!root.has("person")) root.problem("expected the key \"person\", got none");
        if (!root.has("key")) root.problem("expected the key \"key\", got none");
    }
    [[nodiscard]] FactRule fact_rule(Cursor& entry) {
        FactRule fact;
        static const std::vector<std::string> kinds = [] {
            std::vector<std::string> names(model::fact_content_names.begin(), model::fact_content_names.end());
            names.emplace_back("organisation");
            return names;
        }();
        const auto kind = entry.reference("kind", "kind of fact", kinds);
        // Before all values, which may mean its rows.
        is_in_each_ = entry.has("each");
        if (Cursor each = entry.optional_object("each"); each.is_there()) fact.each = each_rule(std::move(each), kind);
        each_ = fact.each;
        if (Cursor when = entry.optional_object("when"); when.is_there()) {
            fact.when = when_rule(std::move(when), std::nullopt);
        }
        if (Cursor at = entry.optional_object("at"); at.is_there()) fact.at = time_rule(std::move(at));
        fact.known_at = known_rule(entry);
        if (!kind) {
            (void)entry.members();  // without the kind nobody can tell which keys are right
            return fact;
        }
        fact.kind = *kind;
        for (const FieldRule& field : fields_of(fact.kind)) {
            Cursor value = field.is_required ? entry.member(field.key) : entry.optional_member(field.key);
            if (!value.is_there()) continue;
            fact.fields[static_cast<std::size_t>(field.field)] =
                value_rule(std::move(value), &field, field.type == FieldType::number);
        }
        if (fact.kind == attributes) read_attributes(entry, fact);
        if (fact.kind == obligation) {
            if (Cursor due = entry.optional_object("due"); due.is_there()) fact.due = time_rule(std::move(due));
        }
        if (fact.kind == relation) {
            if (Cursor other = entry.optional_object("other_person"); other.is_there()) {
                fact.other_person = person_rule(std::move(other));
                fact.other_person_slot = content_->person_slots++;
            }
        }
        if (fact.kind == relation || fact.kind == organisation_kind) {
            if (Cursor other = entry.optional_object("organisation"); other.is_there()) {
                fact.organisation = organisation_rule(std::move(other));
            }
        }
        if (fact.kind == relation && !entry.has("other_person") && !entry.has("organisation")) {
            entry.problem("expected the key \"other_person\" or \"organisation\" or both, got neither");
        }
        if (fact.kind == organisation_kind) {
            if (!entry.has("organisation")) {
                entry.problem("expected the key \"organisation\", got none");
            } else if (fact.organisation && !fact.organisation->kind) {
                entry.problem("organisation", "expected the keys \"kind\" and \"name\" of the organisation");
            }
        }
        return fact;
    }
    void read_attributes(Cursor& entry, FactRule& fact) {
        static constexpr FieldRule language_field{"language", Field::language, language, false};
        Cursor object = entry.object("attributes");
        for (auto& [attribute, value] : object.members()) {
            if (auto problem = name_problem(attribute)) value.problem(*std::move(problem));
            const bool is_language = attribute == model::language_attribute;
            const bool is_reserved = is_language || attribute == model::zone_attribute;
            ValueRule rule = value_rule(std::move(value), is_language ? &language_field : nullptr, true, true);
            if (is_reserved && rule.type != AttributeType::text) {
                entry.problem("attributes", "expected language and zone to be texts");
            }
            fact.attributes.push_back({attribute, std::move(rule)});
        }
        if (object.is_object() && fact.attributes.empty()) object.problem("expected at least one attribute");
    }
    /// \return  Nothing if the lookup is not known.
    [[nodiscard]] std::optional<EachRule> each_rule(Cursor object, std::optional<std::size_t> kind) {
        EachRule rule;
        const auto lookup = lookup_by(object, rule.by);
        const bool wants_key = kind && *kind != organisation_kind;
        const Cursor key = wants_key ? object.array("key") : object.optional_array("key");
        if (wants_key && key.is_array() && key.size() == 0) key.problem("expected at least one column");
        if (kind && !wants_key && object.has("key")) {
            object.problem("key", "expected no key: an organisation has one of its own");
        }
        Cursor when = object.optional_object("when");
        object.finish();
        if (!lookup) return std::nullopt;
        rule.lookup = *lookup;
        content_->lookups[*lookup].serves_each = true;
        if (key.is_there()) {
            for (const Cursor& column : key) rule.key.push_back(use(column, column.as_string(), *lookup));
        }
        if (when.is_there()) rule.when = when_rule(std::move(when), *lookup);
        return rule;
    }
    /// \param lookup  Whose column it asks about; without it, a column of the row.
    [[nodiscard]] WhenRule when_rule(Cursor object, std::optional<std::size_t> lookup) {
        WhenRule rule;
        const std::string column = object.string("column");
        if (const Cursor at = object.optional_member("column"); at.is_string()) {
            rule.column = use(at, column, lookup);
        }
        const auto is = object.optional_string("is");
        const bool has_in = object.has("in");
        if (has_in) rule.values = object.strings("in");
        if (is) rule.values.push_back(*is);
        const auto not_empty = object.optional_boolean("not_empty");
        const auto empty = object.optional_boolean("empty");
        const int count_of_tests =
            int{object.has("is")} + int{has_in} + int{not_empty.has_value()} + int{empty.has_value()};
        if (count_of_tests != 1) {
            object.problem("expected one of the keys \"is\", \"in\", \"empty\" and \"not_empty\", got " +
                           std::to_string(count_of_tests));
        }
        rule.is_emptiness = not_empty.has_value() || empty.has_value();
        rule.wants_empty = empty ? *empty : not_empty ? !*not_empty : false;
        object.finish();
        return rule;
    }

    static constexpr NumberRange finite{std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max()};
    ImportMapping::Content* content_;
    std::vector<std::string> columns_known_;
    std::vector<std::string> lookup_names_;
    // Of the fact in hand.
    bool is_in_each_ = false;         ///< It has the key "each".
    std::optional<EachRule> each_{};  ///< Where that key is right.
};

}  // namespace

ImportMapping read_mapping(std::string_view json_text, const std::string& name) {
    auto content = std::make_shared<ImportMapping::Content>();
    content->name = name;
    Checker checker{PositionedJson::parse(json_text, name)};
    MappingReader{*content}.read(checker.root());
    checker.throw_if_any(name);
    return ImportMapping{std::move(content)};
}

ImportMapping read_mapping_file(const std::filesystem::path& path) {
    return read_mapping(read_text_file(path), path.string());
}

}  // namespace alloquy::io
