#include <alloquy/io/import.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/io/byte_source.hpp>
#include <alloquy/io/csv_reader.hpp>
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
#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/hash.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/local_time.hpp>
#include <alloquy/time/zone.hpp>

#include "import_mapping.hpp"
#include "policy_names.hpp"

namespace alloquy::io {

namespace {

constexpr std::size_t rows_per_batch = 8'192;
constexpr std::size_t facts_per_commit = 1'000'000;
/// Where "each" makes more facts of a row than this, batches end sooner, so that they need no more memory.
constexpr std::size_t facts_per_row_of_batch = 8;
constexpr std::size_t max_lookup_issues = 100;

struct TextHash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

/// Adds a part to a key of several parts: joined by '/', with '\' before a '/' or '\' that is data, so that different
/// parts never give the same key. A key of one part is that part.
void add_key_part(std::string& key, std::string_view part, bool is_only, bool is_first) {
    if (is_only) {
        key = part;
        return;
    }
    if (!is_first) key += '/';
    for (const char c : part) {
        if (c == '/' || c == '\\') key += '\\';
        key += c;
    }
}

/// A lookup file in memory: only the columns that are asked for. Its rows of one key are a group; where values are
/// looked up in it, a group is one row.
class LookupTable {
public:
    LookupTable(std::unique_ptr<ByteSource> source, const LookupRule& rule, std::span<const ColumnUse> uses,
                std::size_t number, const std::string& mapping_name) {
        CsvReader reader{std::move(source), rule.format};
        file_ = reader.name();
        const std::span<const std::string> names = rule.format.has_header ? reader.header() : rule.column_names;
        std::vector<ParseError::Issue> missing;
        place_of_use_.assign(uses.size(), 0);
        std::vector<std::size_t> file_places;
        for (std::size_t use = 0; use < uses.size(); ++use) {
            if (uses[use].lookup != number) continue;
            const auto found = std::find(names.begin(), names.end(), uses[use].name);
            if (found == names.end()) {
                missing.push_back(missing_column(uses[use], file_, names));
                continue;
            }
            const auto file_place = static_cast<std::size_t>(found - names.begin());
            const auto place = std::find(file_places.begin(), file_places.end(), file_place);
            place_of_use_[use] = static_cast<std::size_t>(place - file_places.begin());
            if (place == file_places.end()) file_places.push_back(file_place);
        }
        if (!missing.empty()) throw ParseError{mapping_name, std::move(missing)};
        width_ = file_places.size();
        may_repeat_ = rule.serves_each && !rule.serves_values;
        CsvRow row;
        std::string key;
        std::vector<ParseError::Issue> issues;
        for (CsvEvent event = reader.read(row); event != CsvEvent::end; event = reader.read(row)) {
            if (issues.size() >= max_lookup_issues) break;
            if (event == CsvEvent::issue) {
                const RowIssue& issue = reader.issue();
                issues.push_back({issue.line, "", issue.column + (issue.column.empty() ? "" : ": ") + issue.message});
                continue;
            }
            if (row.size() < names.size()) {
                issues.push_back({row.line(), "", "expected " + std::to_string(names.size()) + " fields"});
                continue;
            }
            key.clear();
            for (std::size_t i = 0; i < rule.key.size(); ++i) {
                add_key_part(key, row[file_places[place_of_use_[rule.key[i]]]], rule.key.size() == 1, i == 0);
            }
            const auto [entry, is_new] = groups_.emplace(key, groups_.size());
            if (is_new || may_repeat_) {
                for (const std::size_t place : file_places) values_.emplace_back(row[place]);
                if (may_repeat_) group_of_row_.push_back(entry->second);
                if (rule.serves_each) lines_.push_back(row.line());
                continue;
            }
            for (std::size_t i = 0; i < width_; ++i) {
                if (values_[entry->second * width_ + i] != row[file_places[i]]) {
                    issues.push_back({row.line(), "",
                                      "the key stands twice, with different values" +
                                          std::string{rule.serves_each ? "; only a lookup that \"each\" alone goes "
                                                                         "through may have several rows of one key"
                                                                       : ""}});
                    break;
                }
            }
        }
        if (!issues.empty()) fail(std::move(issues));
    }

    [[nodiscard]] std::optional<std::size_t> find_group(std::string_view key) const {
        const auto found = groups_.find(key);
        return found == groups_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] std::string_view value(std::size_t row, std::size_t use) const {
        return values_[row * width_ + place_of_use_[use]];
    }
    /// For a lookup of values, whose groups are its rows.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view key, std::size_t use) const {
        const auto row = find_group(key);
        return row ? std::optional{value(*row, use)} : std::nullopt;
    }
    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }
    [[nodiscard]] std::size_t row_count() const noexcept { return may_repeat_ ? group_of_row_.size() : groups_.size(); }
    [[nodiscard]] std::size_t group_of(std::size_t row) const noexcept {
        return may_repeat_ ? group_of_row_[row] : row;
    }
    /// \return  Whether the rows have equal values in all columns that are asked for.
    [[nodiscard]] bool are_equal(std::size_t a, std::size_t b) const {
        const std::span<const std::string> values{values_};
        return std::ranges::equal(values.subspan(a * width_, width_), values.subspan(b * width_, width_));
    }
    /// Of a row of the file. Precondition: the lookup serves "each".
    [[nodiscard]] std::size_t line(std::size_t row) const { return lines_[row]; }
    [[noreturn]] void fail(std::vector<ParseError::Issue> issues) const {
        throw ParseError{"lookup file " + file_, std::move(issues)};
    }

    [[nodiscard]] static ParseError::Issue missing_column(const ColumnUse& use, const std::string& file,
                                                          std::span<const std::string> names) {
        std::string message = "expected a column of " + file + ", got \"" + use.name + "\"; it has ";
        for (std::size_t i = 0; i < names.size(); ++i) message += (i == 0 ? "\"" : ", \"") + names[i] + '"';
        if (names.empty()) message += "none";
        return {use.line, use.pointer, std::move(message)};
    }

private:
    std::string file_;
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> groups_;
    std::vector<std::string> values_;
    std::vector<std::size_t> place_of_use_;
    std::vector<std::size_t> group_of_row_;  ///< Where a group may have several.
    std::vector<std::size_t> lines_;         ///< By row; only for "each".
    std::size_t width_ = 0;
    bool may_repeat_ = false;
};

/// The rows that an EachRule goes through, by group of the lookup and in the order of its file.
class EachRows {
public:
    struct Row {
        std::size_t number;    ///< In the lookup.
        std::string suffix{};  ///< What goes behind the key of the fact; empty where a part of it is.
    };

    /// \param suffix  Of the fact; nothing for an organisation, which has no such key.
    /// \throws ParseError  if rows of one group have the same key, but are different.
    EachRows(const LookupTable& table, const EachRule& rule, const std::optional<std::string>& suffix) {
        std::vector<ParseError::Issue> issues;
        std::unordered_map<std::string, std::size_t> first_of_key;
        std::vector<Row> rows;
        begins_.assign(table.group_count() + 1, 0);
        for (std::size_t i = 0; i < table.row_count() && issues.size() < max_lookup_issues; ++i) {
            if (rule.when && !holds(*rule.when, table.value(i, rule.when->column))) continue;
            Row row{i};
            if (suffix) {
                std::string key;
                bool is_whole = true;
                for (std::size_t part = 0; part < rule.key.size(); ++part) {
                    const std::string_view text = table.value(i, rule.key[part]);
                    is_whole = is_whole && !text.empty();
                    add_key_part(key, text, rule.key.size() == 1, part == 0);
                }
                if (is_whole) {
                    const auto [first, is_new] = first_of_key.emplace(std::to_string(table.group_of(i)) + ':' + key, i);
                    if (!is_new) {
                        if (table.are_equal(first->second, i)) continue;
                        issues.push_back({table.line(i), "",
                                          "the key of \"each\" stands twice for one key of the lookup, with different "
                                          "values; the first time on line " +
                                              std::to_string(table.line(first->second))});
                    }
                    row.suffix = *suffix + ':' + key;
                }
            }
            ++begins_[table.group_of(i) + 1];
            rows.push_back(std::move(row));
        }
        if (!issues.empty()) table.fail(std::move(issues));
        for (std::size_t group = 1; group < begins_.size(); ++group) begins_[group] += begins_[group - 1];
        rows_.resize(rows.size());
        std::vector<std::size_t> next{begins_};
        for (Row& row : rows) rows_[next[table.group_of(row.number)]++] = std::move(row);
    }

    [[nodiscard]] std::span<const Row> of_group(std::size_t group) const {
        return std::span{rows_}.subspan(begins_[group], begins_[group + 1] - begins_[group]);
    }

private:
    std::vector<std::size_t> begins_;  ///< By group, and the end.
    std::vector<Row> rows_;
};

/// Counts how often each row was met: an open table of 96-bit hashes, of which even 10^9 rows hold no equal pair but
/// with a probability of 10^-11.
class RowCounter {
public:
    using Key = std::array<std::uint32_t, 3>;

    /// Which such row this is, from 1.
    std::uint32_t count(const Key& key) {
        if ((used_ + 1) * 10 > slots_.size() * 7) grow();
        Slot& slot = slot_of(slots_, key);
        if (slot.count == 0) {
            slot.key = key;
            ++used_;
        }
        return ++slot.count;
    }

private:
    struct Slot {
        Key key{};
        std::uint32_t count = 0;
    };
    [[nodiscard]] static Slot& slot_of(std::vector<Slot>& slots, const Key& key) {
        const std::size_t mask = slots.size() - 1;
        std::size_t at = (std::size_t{key[1]} << 32U | key[0]) & mask;
        while (slots[at].count != 0 && slots[at].key != key) at = (at + 1) & mask;
        return slots[at];
    }
    void grow() {
        std::vector<Slot> larger(slots_.size() * 2);
        for (const Slot& slot : slots_) {
            if (slot.count != 0) slot_of(larger, slot.key) = slot;
        }
        slots_ = std::move(larger);
    }
    std::vector<Slot> slots_ = std::vector<Slot>(1'024);
    std::size_t used_ = 0;
};

/// 96 bits as 16 characters (base64url, RFC 4648 section 5).
void append_base64(std::string& out, const RowCounter::Key& key) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array<unsigned, 12> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = (key[i / 4] >> (8 * (i % 4))) & 0xffU;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const unsigned triple = bytes[i] << 16U | bytes[i + 1] << 8U | bytes[i + 2];
        for (const unsigned shift : {18U, 12U, 6U, 0U}) out += digits[(triple >> shift) & 63U];
    }
}

constexpr PersonId no_person_yet{0};

[[nodiscard]] std::size_t index_of(Field field) noexcept {
    return static_cast<std::size_t>(field);
}

}  // namespace

/// One run of import_csv.
class Importer {
public:
    Importer(store::Journal& journal, const ImportMapping& mapping, std::unique_ptr<ByteSource> source,
             const std::filesystem::path& folder, const ImportOptions& options)
        : journal_{journal},
          rules_{*mapping.content_},
          options_{options},
          reader_{std::move(source), rules_.format},
          memos_(rules_.time_count) {
        bind_columns();
        for (std::size_t i = 0; i < rules_.lookups.size(); ++i) {
            const LookupRule& lookup = rules_.lookups[i];
            lookups_.emplace_back(open_file(folder / std::filesystem::path{lookup.file}), lookup, rules_.columns, i,
                                  rules_.name);
        }
        for (const FactRule& fact : rules_.facts) {
            each_rows_.emplace_back();
            if (!fact.each) continue;
            each_rows_.back().emplace(lookups_[fact.each->lookup], *fact.each,
                                      fact.kind == organisation_kind ? std::nullopt : std::optional{fact.suffix});
        }
        if (!rules_.zone.empty()) zone_ = options_.find_zone(rules_.zone);
        slots_.resize(rules_.person_slots);
        model::Symbols& symbols = journal_.symbols();
        source_ = symbols.sources.intern(rules_.source);
        if (rules_.person) slots_[0].system = symbols.sources.intern(rules_.person->system);
        if (rules_.person) slots_[0].create = rules_.person->create;
        for (const FactRule& fact : rules_.facts) {
            if (fact.other_person) {
                Slot& slot = slots_[fact.other_person_slot];
                slot.system = symbols.sources.intern(fact.other_person->system);
                slot.create = fact.other_person->create;
            }
            std::vector<model::AttributeName> names;
            for (const AttributeRule& attribute : fact.attributes) {
                names.push_back(symbols.attributes.intern(attribute.name));
            }
            attribute_names_.push_back(std::move(names));
            organisation_systems_.push_back(
                fact.organisation ? std::optional{symbols.sources.intern(fact.organisation->system)} : std::nullopt);
        }
    }

    ImportReport run() {
        bulk_.emplace(journal_, store::BulkOptions{0});
        std::size_t remarks = header_remarks();
        const std::size_t facts_per_batch = rows_per_batch * std::max(facts_per_row_of_batch, rules_.facts.size());
        CsvRow row;
        for (CsvEvent event = reader_.read(row); event != CsvEvent::end; event = reader_.read(row)) {
            if (event == CsvEvent::issue && remarks > 0) {
                --remarks;
                add_issue(reader_.issue());
                continue;
            }
            ++report_.rows_read;
            if (event == CsvEvent::issue) {
                refuse(reader_.issue());
            } else {
                take(row);
            }
            if (report_.rows_read % rows_per_batch == 0 || drafts_.size() >= facts_per_batch) flush();
        }
        flush();
        commit();
        bulk_.reset();
        std::stable_sort(report_.issues.begin(), report_.issues.end(),
                         [](const RowIssue& a, const RowIssue& b) { return a.line < b.line; });
        for (std::size_t id = 0; id < is_touched_.size(); ++id) {
            if (is_touched_[id]) report_.people.emplace_back(static_cast<std::int64_t>(id));
        }
        return std::move(report_);
    }

private:
    /// People of one PersonRule whose ids the batch needs.
    struct Slot {
        std::optional<model::Source> system;
        bool create = true;
        std::vector<std::string> keys;
        std::vector<std::optional<PersonId>> people;
    };
    /// An organisation that a row names, found or made once the row is known to be good.
    struct OrganisationDraft {
        const OrganisationRule* rule;
        model::Source system;
        std::string key;
        std::optional<model::OrganisationKind> kind;
        std::string name;
    };
    struct DraftFact {
        model::Fact fact;
        std::size_t slot = 0;                       ///< Of the other person of a relation; 0 = there is none.
        std::string other_key{};                    ///< Of that person.
        std::optional<std::size_t> organisation{};  ///< In row_organisations_.
        std::size_t other = 0;                      ///< Place of the other person in the slot.
    };
    struct DraftRow {
        std::size_t line;
        std::size_t person;  ///< Place in slot 0.
        std::size_t end_fact;
    };
    struct TimeMemo {
        std::string text;
        std::optional<time::Instant> instant;
    };

    // ---- Before the first row ----

    void bind_columns() {
        const std::span<const std::string> names = rules_.format.has_header ? reader_.header() : rules_.column_names;
        std::vector<ParseError::Issue> missing;
        for (const ColumnUse& use : rules_.columns) {
            std::size_t place = 0;
            if (!use.lookup) {
                const auto found = std::find(names.begin(), names.end(), use.name);
                place = static_cast<std::size_t>(found - names.begin());
                if (found == names.end()) {
                    missing.push_back(LookupTable::missing_column(use, reader_.name(), names));
                } else if (std::find(found + 1, names.end(), use.name) != names.end()) {
                    missing.push_back({use.line, use.pointer,
                                       "expected one column of " + reader_.name() + " with the name \"" + use.name +
                                           "\", got several"});
                }
            }
            places_.push_back(place);
        }
        if (!missing.empty()) throw ParseError{rules_.name, std::move(missing)};
        width_ = names.size();
    }
    /// How many issues of the reader are about the header line, which come first.
    [[nodiscard]] std::size_t header_remarks() const {
        const std::span<const std::string> names = reader_.header();
        std::size_t count = 0;
        for (auto name = names.begin(); name != names.end(); ++name) {
            if (name->empty() || std::find(names.begin(), name, *name) != name) ++count;
        }
        return count;
    }

    // ---- Issues ----

    void add_issue(RowIssue issue) {
        ++report_.issue_count;
        if (report_.issues.size() < options_.max_issues) report_.issues.push_back(std::move(issue));
    }
    void refuse(RowIssue issue) {
        ++report_.rows_refused;
        add_issue(std::move(issue));
    }
    /// Marks the row in hand as bad; only the first reason counts.
    void fail(std::string column, std::string message) {
        if (!failure_) failure_ = RowIssue{row_->line(), std::move(column), std::move(message)};
    }
    void fail(const ValueRule& rule, std::string message) {
        if (rule.from == ValueRule::From::each) message += place_in_lookup(rule.lookup, rule.column);
        fail(column_of(rule), std::move(message));
    }
    /// What an issue names: the column, or the first of those that a lookup goes by or that are joined.
    [[nodiscard]] std::string column_of(const ValueRule& rule) const {
        if (rule.from == ValueRule::From::constant) return {};
        if (rule.from == ValueRule::From::join) return column_of(rule.parts.front());
        const bool is_elsewhere = rule.from == ValueRule::From::lookup || rule.from == ValueRule::From::each;
        return rules_.columns[is_elsewhere ? rule.by.front() : rule.column].name;
    }
    /// Where the value of an `each` stands, for messages.
    [[nodiscard]] std::string place_in_lookup(std::size_t lookup, std::size_t use) const {
        return " in column \"" + rules_.columns[use].name + "\" of the lookup " + rules_.lookups[lookup].name +
               ", line " + std::to_string(lookups_[lookup].line(each_row_));
    }
    void fail_missing(const ValueRule& rule, std::string_view what) {
        std::string message = "expected " + std::string{what};
        message += rule.from == ValueRule::From::lookup
                       ? ", got none from the lookup " + rules_.lookups[rule.lookup].name
                       : ", got an empty field";
        fail(rule, std::move(message));
    }

    // ---- Values of the row in hand ----

    /// The key of a lookup, good until the next call.
    [[nodiscard]] std::string_view lookup_key(std::span<const std::size_t> by) {
        if (by.size() == 1) return (*row_)[places_[by[0]]];
        scratch_.clear();
        for (std::size_t i = 0; i < by.size(); ++i) add_key_part(scratch_, (*row_)[places_[by[i]]], false, i == 0);
        return scratch_;
    }
    /// The text as it stands in the file or lookup, before map and default; empty where there is none.
    [[nodiscard]] std::string_view raw(const ValueRule& rule) {
        switch (rule.from) {
            case ValueRule::From::constant:
                return rule.constant;
            case ValueRule::From::column:
                return (*row_)[places_[rule.column]];
            case ValueRule::From::lookup:
                return lookups_[rule.lookup].find(lookup_key(rule.by), rule.column).value_or("");
            case ValueRule::From::each:
                return lookups_[rule.lookup].value(each_row_, rule.column);
            case ValueRule::From::join: {
                std::string& joined = joined_.emplace_back();
                for (const ValueRule& part : rule.parts) {
                    const auto text = value(part);
                    if (!text) return {};
                    if (&part != &rule.parts.front()) joined += '/';
                    joined += *text;
                }
                return joined;
            }
        }
        return {};
    }
    /// The value of the row; nothing where it is empty.
    [[nodiscard]] std::optional<std::string_view> value(const ValueRule& rule) {
        std::string_view text = raw(rule);
        if (rule.names) {
            const auto found = rule.names->find(text);
            if (found != rule.names->end()) {
                text = found->second;
            } else if (!text.empty()) {
                std::string names;
                for (const auto& [from, to] : *rule.names) names += (names.empty() ? "" : ", ") + from;
                fail(rule, "expected one of " + names);
                return std::nullopt;
            }
        }
        if (text.empty() && rule.fallback) text = *rule.fallback;
        if (text.empty()) return std::nullopt;
        return text;
    }
    [[nodiscard]] std::optional<std::string> key_of(std::span<const ValueRule> rules, std::string_view what) {
        std::string key;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const auto part = value(rules[i]);
            if (!part) {
                fail_missing(rules[i], what);
                return std::nullopt;
            }
            add_key_part(key, *part, rules.size() == 1, i == 0);
        }
        if (key.size() > model::max_fact_key_bytes) {
            fail(rules[0], "expected " + std::string{what} + " of at most " +
                               std::to_string(model::max_fact_key_bytes) + " bytes, got " + std::to_string(key.size()));
            return std::nullopt;
        }
        return key;
    }

    /// The text of a field of this kind of fact, checked; nothing where it is absent or wrong.
    [[nodiscard]] std::optional<std::string_view> field(const FactRule& fact, const FieldRule& rule) {
        const std::optional<ValueRule>& source = fact.fields[index_of(rule.field)];
        if (!source) return std::nullopt;
        const auto text = value(*source);
        if (!text) {
            if (rule.is_required) {
                fail_missing(*source, rule.key == "fraction" ? "a number" : "a value for " + std::string{rule.key});
            }
            return std::nullopt;
        }
        if (auto problem = field_problem(rule, *text)) {
            fail(*source, *std::move(problem));
            return std::nullopt;
        }
        return text;
    }
    template <class Tag>
    [[nodiscard]] std::optional<model::Symbol<Tag>> symbol(const FactRule& fact, Field field,
                                                           model::Vocabulary<Tag>& vocabulary) {
        const std::optional<std::string_view>& text = texts_[index_of(field)];
        if (!text || failure_) return std::nullopt;
        if (const auto known = vocabulary.find(*text)) return known;
        if (vocabulary.size() >= 65'535) {
            fail(*fact.fields[index_of(field)], "expected one of the 65535 names that are there: no more fit");
            return std::nullopt;
        }
        return vocabulary.intern(*text);
    }
    template <class Enum>
    [[nodiscard]] std::optional<Enum> enumerator(Field field) const {
        const std::optional<std::string_view>& text = texts_[index_of(field)];
        return text ? model::from_name<Enum>(*text) : std::nullopt;
    }
    [[nodiscard]] std::string text_of(Field field) const { return std::string{texts_[index_of(field)].value_or("")}; }
    [[nodiscard]] std::optional<DialogueId> dialogue() const {
        const std::optional<std::string_view>& text = texts_[index_of(Field::dialogue)];
        return text ? std::optional{DialogueId{*integer_of(*text)}} : std::nullopt;
    }
    [[nodiscard]] bool has_ended() const {
        return boolean_of(texts_[index_of(Field::ended)].value_or("false")) == true;
    }

    /// \param is_required  Whether it is an issue that the row states none.
    [[nodiscard]] std::optional<time::Instant> instant(const TimeRule& rule, bool is_required) {
        const std::string_view text = raw(rule.value);
        TimeMemo& memo = memos_[rule.number];
        if (memo.instant && memo.text == text) return memo.instant;
        std::optional<StatedTime> stated;
        if (text.empty()) {
            if (!rule.fallback) {
                if (is_required) fail_missing(rule.value, expected_of(rule.form));
                return std::nullopt;
            }
            stated = rule.fallback;
        } else {
            stated = stated_time(rule, text);
        }
        if (!stated) {
            fail(rule.value, "expected " + std::string{expected_of(rule.form)});
            return std::nullopt;
        }
        if (const auto* const fixed = std::get_if<time::Instant>(&*stated)) {
            memo = {std::string{text}, *fixed};
        } else {
            const auto local = to_instant(rule.value, std::get<time::LocalTime>(*stated));
            if (!local) return std::nullopt;
            memo = {std::string{text}, *local};
        }
        return memo.instant;
    }
    [[nodiscard]] std::optional<time::Instant> to_instant(const ValueRule& rule, const time::LocalTime& local) {
        // An instant of these days exists for every offset.
        if (local.day().year() <= 1 || local.day().year() >= 9999) {
            fail(rule, "expected a time in the years 2 to 9998");
            return std::nullopt;
        }
        const time::LocalLookup found = zone_->lookup(local);
        if (found.kind == time::LocalLookup::Kind::skipped) {
            if (rules_.skipped == time::WhenSkipped::shift_forward) return found.later;
            if (rules_.skipped == time::WhenSkipped::next_valid) return *found.change;
            fail(rule, "expected a local time that exists: the clocks of " + rules_.zone + " skip this one");
            return std::nullopt;
        }
        if (found.kind == time::LocalLookup::Kind::repeated && rules_.repeated == time::WhenRepeated::refuse) {
            fail(rule, "expected a local time that exists once: the clocks of " + rules_.zone + " show this one twice");
            return std::nullopt;
        }
        return rules_.repeated == time::WhenRepeated::later ? found.later : found.earlier;
    }

    // ---- Facts of the row in hand ----

    [[nodiscard]] std::string row_key() {
        hash_input_.clear();
        for (const std::string_view field : row_->fields()) {
            auto length = static_cast<std::uint32_t>(field.size());
            for (int i = 0; i < 4; ++i, length >>= 8U) hash_input_ += static_cast<char>(length & 0xffU);
            hash_input_ += field;
        }
        const store::Hash hash = store::hash_bytes(hash_input_);
        RowCounter::Key key{};
        for (std::size_t i = 0; i < 12; ++i) key[i / 4] |= std::to_integer<std::uint32_t>(hash[i]) << (8 * (i % 4));
        const std::uint32_t which = row_counter_.count(key);
        std::string text;
        append_base64(text, key);
        if (which > 1) text += '#' + std::to_string(which);
        return text;
    }

    void take(const CsvRow& row) {
        row_ = &row;
        failure_.reset();
        row_drafts_.clear();
        row_organisations_.clear();
        person_key_.reset();
        joined_.clear();
        if (row.size() < width_) {
            fail("", "expected " + std::to_string(width_) + " fields, got " + std::to_string(row.size()));
        } else {
            draft_row();
        }
        for (const DraftFact& draft : row_drafts_) {
            if (failure_) break;
            if (const auto problem = store::fact_problem(draft.fact)) fail("", *problem);
            // Nobody could ask about today any more if one row claimed to be known in a hundred years.
            if (!failure_ && draft.fact.known_at > options_.now) fail("", "known_at lies after the import");
        }
        if (!failure_) resolve_organisations();
        if (failure_) {
            refuse(*std::move(failure_));
            return;
        }
        if (row_drafts_.empty()) return;
        for (DraftFact& draft : row_drafts_) {
            if (draft.slot != 0) {
                draft.other = slots_[draft.slot].keys.size();
                slots_[draft.slot].keys.push_back(std::move(draft.other_key));
            }
            drafts_.push_back(std::move(draft));
        }
        rows_.push_back({row.line(), slots_[0].keys.size(), drafts_.size()});
        slots_[0].keys.push_back(*std::move(person_key_));
    }

    void draft_row() {
        std::optional<std::string> key;
        for (std::size_t i = 0; i < rules_.facts.size() && !failure_; ++i) {
            const FactRule& rule = rules_.facts[i];
            if (rule.when && !holds(*rule.when, (*row_)[places_[rule.when->column]])) continue;
            if (!rule.each) {
                draft_fact(rule, i, key, rule.suffix);
                continue;
            }
            const auto group = lookups_[rule.each->lookup].find_group(lookup_key(rule.each->by));
            if (!group) continue;
            for (const EachRows::Row& each : each_rows_[i]->of_group(*group)) {
                each_row_ = each.number;
                if (each.suffix.empty() && rule.kind != organisation_kind) {
                    fail_each_key(*rule.each);
                } else {
                    draft_fact(rule, i, key, each.suffix);
                }
                if (failure_) return;
            }
        }
    }
    void fail_each_key(const EachRule& rule) {
        const auto is_empty = [&](std::size_t use) { return lookups_[rule.lookup].value(each_row_, use).empty(); };
        const std::size_t use = *std::find_if(rule.key.begin(), rule.key.end(), is_empty);
        fail(rules_.columns[rule.by.front()].name,
             "expected a key, got an empty field" + place_in_lookup(rule.lookup, use));
    }
    /// \param key  Of the row; made by the first fact that needs it.
    void draft_fact(const FactRule& rule, std::size_t index, std::optional<std::string>& key,
                    const std::string& suffix) {
        if (rule.kind == organisation_kind) {
            (void)draft_organisation(*rule.organisation, index);
            return;
        }
        if (!person_key_) person_key_ = key_of(rules_.person->key, "the key of a person");
        if (!key && !failure_) key = rules_.is_keyed_by_row ? row_key() : key_of(rules_.key, "a key");
        if (failure_) return;
        const std::optional<time::Instant> at = instant(rule.at ? *rule.at : *rules_.at, true);
        if (!at) return;
        const std::optional<time::Instant> known_at = known(rule.known_at ? *rule.known_at : rules_.known_at, *at);
        if (!known_at) return;
        DraftFact draft{{no_person_yet, *at, *known_at, *source_, *key + suffix, model::AttributeStatement{}}};
        if (draft_content(rule, index, draft) && !failure_) row_drafts_.push_back(std::move(draft));
    }
    [[nodiscard]] std::optional<time::Instant> known(const KnownRule& rule, time::Instant at) {
        if (rule.kind == KnownRule::Kind::stated) return instant(*rule.stated, true);
        return rule.kind == KnownRule::Kind::same_as_at ? at : options_.now;
    }

    /// \return  False if the row states nothing of this kind, or on failure.
    [[nodiscard]] bool draft_content(const FactRule& rule, std::size_t index, DraftFact& draft) {
        texts_.fill(std::nullopt);
        for (const FieldRule& field_rule : fields_of(rule.kind)) {
            texts_[index_of(field_rule.field)] = field(rule, field_rule);
            if (failure_) return false;
        }
        model::Symbols& symbols = journal_.symbols();
        model::FactContent& content = draft.fact.content;
        switch (rule.kind) {
            case 0:
                content = interaction(rule, symbols);
                return true;
            case 1:
                content = model::RoleChange{*enumerator<model::RoleKind>(Field::role),
                                            symbol(rule, Field::programme, symbols.programmes),
                                            symbol(rule, Field::site, symbols.sites), has_ended()};
                return true;
            case 2:
                return draft_attributes(rule, index, content);
            case 3: {
                const auto purpose = symbol(rule, Field::purpose, symbols.purposes);
                const auto channel = symbol(rule, Field::channel, symbols.channels);
                if (!purpose) return false;
                content =
                    model::ConsentStatement{*purpose, channel, *enumerator<model::ConsentDecision>(Field::decision),
                                            text_of(Field::text_version)};
                return true;
            }
            case 4:
                return draft_relation(rule, index, draft);
            case 5:
                content = model::DialogueChange{*dialogue(), *enumerator<model::DialogueStep>(Field::dialogue_step),
                                                symbol(rule, Field::team, symbols.teams),
                                                symbol(rule, Field::topic, symbols.topics),
                                                enumerator<model::Tone>(Field::tone)};
                return true;
            case 6: {
                const auto programme = symbol(rule, Field::programme, symbols.programmes);
                if (!programme) return false;
                content = model::EnrolmentChange{*programme, *enumerator<model::EnrolmentStatus>(Field::status)};
                return true;
            }
            case 7: {
                const auto assessment = symbol(rule, Field::assessment, symbols.assessments);
                if (!assessment) return false;
                const ValueRule& source = *rule.fields[index_of(Field::fraction)];
                const double fraction = *number_of(*texts_[index_of(Field::fraction)]) * source.scale.value_or(1);
                if (!(fraction >= 0 && fraction <= 1)) {
                    fail(source, "expected a fraction from 0 to 1, after scaling");
                    return false;
                }
                content = model::Result{*assessment, fraction};
                return true;
            }
            default: {
                const auto kind = symbol(rule, Field::obligation, symbols.obligations);
                if (!kind) return false;
                std::optional<time::Instant> due;
                if (rule.due) due = instant(*rule.due, false);
                std::optional<double> weight;
                if (const auto& text = texts_[index_of(Field::weight)]) {
                    const ValueRule& source = *rule.fields[index_of(Field::weight)];
                    weight = *number_of(*text) * source.scale.value_or(1);
                    if (!(*weight >= 0 && *weight <= 1e9)) {
                        fail(source, "expected a weight from 0 to 1000000000, after scaling");
                        return false;
                    }
                }
                content =
                    model::ObligationChange{*kind, text_of(Field::item),
                                            *enumerator<model::ObligationStep>(Field::obligation_step), due, weight};
                return true;
            }
        }
    }
    [[nodiscard]] model::FactContent interaction(const FactRule& rule, model::Symbols& symbols) {
        const auto channel = symbol(rule, Field::channel, symbols.channels);
        if (!channel) return model::AttributeStatement{};  // a failure is noted, and the row is dropped
        model::Interaction content{*channel, *enumerator<model::Act>(Field::act),
                                   *enumerator<model::Direction>(Field::direction)};
        content.topic = symbol(rule, Field::topic, symbols.topics);
        content.language = symbol(rule, Field::language, symbols.languages);
        content.actor = enumerator<model::ActorKind>(Field::actor).value_or(model::ActorKind::person);
        content.team = symbol(rule, Field::team, symbols.teams);
        content.dialogue = dialogue();
        content.purpose = symbol(rule, Field::purpose, symbols.purposes);
        content.action = symbol(rule, Field::action, symbols.actions);
        if (const auto& quantity = texts_[index_of(Field::quantity)]) {
            content.quantity = static_cast<std::uint32_t>(*integer_of(*quantity));
        }
        content.tone = enumerator<model::Tone>(Field::tone);
        content.text = text_of(Field::text);
        return content;
    }

    [[nodiscard]] bool draft_attributes(const FactRule& rule, std::size_t index, model::FactContent& content) {
        model::AttributeStatement statement;
        for (std::size_t i = 0; i < rule.attributes.size(); ++i) {
            const AttributeRule& attribute = rule.attributes[i];
            const auto text = value(attribute.value);
            if (failure_) return false;
            if (!text) continue;
            auto stated = attribute_value(attribute, *text);
            if (failure_) return false;
            statement.attributes.push_back({attribute_names_[index][i], std::move(stated)});
        }
        if (statement.attributes.empty()) return false;
        content = std::move(statement);
        return true;
    }
    [[nodiscard]] model::AttributeValue attribute_value(const AttributeRule& attribute, std::string_view text) {
        switch (attribute.value.type) {
            case AttributeType::text:
                if (attribute.name == model::language_attribute && !is_language_tag(text)) {
                    fail(attribute.value, "expected a language tag such as nl or pt-BR");
                }
                if (attribute.name == model::zone_attribute && !is_zone(text)) {
                    fail(attribute.value, "expected the name of a time zone such as Europe/Amsterdam");
                }
                return std::string{text};
            case AttributeType::number:
                if (const auto number = number_of(text)) return *number * attribute.value.scale.value_or(1);
                fail(attribute.value, "expected a number");
                return {};
            case AttributeType::boolean:
                if (const auto truth = boolean_of(text)) return *truth;
                fail(attribute.value, "expected true, false, 1 or 0");
                return {};
            case AttributeType::day:
                if (const auto day = time::Day::from_iso(text)) return *day;
                fail(attribute.value, "expected a day YYYY-MM-DD");
                return {};
        }
        return {};
    }
    [[nodiscard]] bool is_zone(std::string_view name) {
        const auto known = is_zone_.find(name);
        if (known != is_zone_.end()) return known->second;
        bool is_there = true;
        try {
            (void)options_.find_zone(name);
        } catch (const InvalidArgument&) {
            is_there = false;  // has not the form of a name
        } catch (const NotFound&) {
            is_there = false;
        } catch (const ParseError&) {
            is_there = false;  // a file beside the zones that is none
        }
        return is_zone_.emplace(name, is_there).first->second;
    }

    // ---- Organisations and relations of the row in hand ----

    /// \return  False if the row names none, or on failure.
    [[nodiscard]] bool draft_organisation(const OrganisationRule& rule, std::size_t index) {
        std::optional<std::string> key = key_of(rule.key, "the key of an organisation");
        if (!key) return false;
        OrganisationDraft draft{&rule, *organisation_systems_[index], *std::move(key), std::nullopt, {}};
        if (rule.kind) {
            const auto kind = value(*rule.kind);
            if (failure_) return false;
            draft.kind = model::from_name<model::OrganisationKind>(kind.value_or(""));
            if (!draft.kind) {
                std::string names;
                for (const std::string_view name : model::EnumNames<model::OrganisationKind>::values) {
                    names += (names.empty() ? "" : ", ") + std::string{name};
                }
                fail(*rule.kind, "expected one of " + names);
                return false;
            }
            const auto name = value(*rule.name);
            if (!name) {
                fail_missing(*rule.name, "the name of an organisation");
                return false;
            }
            draft.name = *name;
        }
        row_organisations_.push_back(std::move(draft));
        return true;
    }
    [[nodiscard]] bool is_stated(std::span<const ValueRule> key) {
        return std::any_of(key.begin(), key.end(), [&](const ValueRule& part) { return !raw(part).empty(); });
    }
    [[nodiscard]] bool draft_relation(const FactRule& rule, std::size_t index, DraftFact& draft) {
        const bool to_person = rule.other_person && is_stated(rule.other_person->key);
        const bool to_organisation = rule.organisation && is_stated(rule.organisation->key);
        if (to_person == to_organisation) {
            const ValueRule& place = rule.other_person ? rule.other_person->key[0] : rule.organisation->key[0];
            fail(place, to_person ? "expected another person or an organisation, got both"
                                  : "expected another person or an organisation, got neither");
            return false;
        }
        const model::RelationKind kind = *enumerator<model::RelationKind>(Field::relation);
        if (to_organisation) {
            draft.organisation = row_organisations_.size();
            if (!draft_organisation(*rule.organisation, index)) return false;
            draft.fact.content = model::RelationChange{kind, OrganisationId{0}, has_ended()};
            return true;
        }
        std::optional<std::string> key = key_of(rule.other_person->key, "the key of the other person");
        if (!key) return false;
        draft.slot = rule.other_person_slot;
        draft.other_key = *std::move(key);
        if (slots_[draft.slot].system == slots_[0].system && draft.other_key == *person_key_) {
            fail(rule.other_person->key[0], "expected another person than the row is about");
            return false;
        }
        draft.fact.content = model::RelationChange{kind, PersonId{-1}, has_ended()};
        return true;
    }
    /// Finds the organisations of a good row, or makes them: all or none.
    void resolve_organisations() {
        std::vector<std::optional<OrganisationId>> found;
        for (const OrganisationDraft& draft : row_organisations_) {
            found.push_back(journal_.find_organisation(draft.system, draft.key));
            if (!found.back() && !draft.kind) {
                fail(draft.rule->key[0], "expected the key of an organisation that is known already");
                return;
            }
        }
        for (std::size_t i = 0; i < row_organisations_.size(); ++i) {
            const OrganisationDraft& draft = row_organisations_[i];
            if (!found[i]) found[i] = journal_.find_organisation(draft.system, draft.key);  // by this same row
            ++(found[i] ? report_.organisations_already_there : report_.organisations_entered);
            if (!found[i]) found[i] = journal_.organisation(draft.system, draft.key, *draft.kind, draft.name);
        }
        for (DraftFact& draft : row_drafts_) {
            if (draft.organisation)
                std::get<model::RelationChange>(draft.fact.content).other = *found[*draft.organisation];
        }
    }

    // ---- Batches ----

    void flush() {
        for (Slot& slot : slots_) {
            slot.people.clear();
            if (slot.keys.empty()) continue;
            if (slot.create) {
                const std::vector<std::string_view> keys(slot.keys.begin(), slot.keys.end());
                for (const PersonId id : journal_.people(*slot.system, keys, options_.now))
                    slot.people.emplace_back(id);
            } else {
                for (const std::string& key : slot.keys) slot.people.push_back(journal_.find_person(*slot.system, key));
            }
            slot.keys.clear();
        }
        ready_.clear();
        std::size_t first = 0;
        for (const DraftRow& row : rows_) {
            if (give_people(row, std::span{drafts_}.subspan(first, row.end_fact - first))) {
                for (; first < row.end_fact; ++first) {
                    ready_.push_back(std::move(drafts_[first].fact));
                    lines_.push_back(row.line);
                }
            }
            first = row.end_fact;
        }
        rows_.clear();
        drafts_.clear();
        bulk_->append(ready_);
        if (lines_.size() >= facts_per_commit) commit();
        if (options_.on_progress) options_.on_progress({reader_.progress(), report_.rows_read});
    }
    /// \return  False if the row is refused, because one of its people is not known or has a relation to themselves.
    [[nodiscard]] bool give_people(const DraftRow& row, std::span<DraftFact> drafts) {
        const std::optional<PersonId> person = slots_[0].people[row.person];
        if (!person) {
            refuse({row.line, column_of(rules_.person->key[0]), "expected the key of a person who is known already"});
            return false;
        }
        for (DraftFact& draft : drafts) {
            draft.fact.person = *person;
            if (draft.slot == 0) continue;
            const std::optional<PersonId> other = slots_[draft.slot].people[draft.other];
            if (!other || *other == *person) {
                refuse({row.line, other_column(draft.slot),
                        other ? "expected another person than the row is about"
                              : "expected the key of a person who is known already"});
                return false;
            }
            std::get<model::RelationChange>(draft.fact.content).other = *other;
        }
        for (const DraftFact& draft : drafts) {
            touch(*person);
            if (draft.slot != 0) touch(*slots_[draft.slot].people[draft.other]);
        }
        return true;
    }
    [[nodiscard]] std::string other_column(std::size_t slot) const {
        for (const FactRule& fact : rules_.facts) {
            if (fact.other_person && fact.other_person_slot == slot) return column_of(fact.other_person->key[0]);
        }
        return {};
    }
    void touch(PersonId person) {
        const auto id = static_cast<std::size_t>(person.value());
        if (id >= is_touched_.size()) is_touched_.resize(std::max(id + 1, is_touched_.size() * 2));
        is_touched_[id] = true;
    }
    void commit() {
        const store::BulkResult result = bulk_->commit();
        const std::uint64_t end = bulk_->appended();
        const std::uint64_t first = end - lines_.size();
        for (const std::uint64_t ordinal : result.conflicts) {
            if (ordinal < first) continue;  // reported after an earlier commit
            add_issue({lines_[ordinal - first], "",
                       "conflict: the journal holds another fact of this person, source and key, which stays"});
        }
        lines_.clear();
        report_.facts_entered = result.entered;
        report_.facts_already_there = result.already_there;
        report_.facts_in_conflict = result.conflicts.size();
    }

    store::Journal& journal_;
    const ImportMapping::Content& rules_;
    const ImportOptions& options_;
    CsvReader reader_;
    std::vector<std::size_t> places_;  ///< Of rules_.columns in the file.
    std::size_t width_ = 0;
    std::vector<LookupTable> lookups_;
    std::vector<std::optional<EachRows>> each_rows_;  ///< By fact.
    std::optional<time::Zone> zone_;
    std::optional<model::Source> source_;
    std::vector<std::vector<model::AttributeName>> attribute_names_;  ///< By fact.
    std::vector<std::optional<model::Source>> organisation_systems_;  ///< By fact.
    std::map<std::string, bool, std::less<>> is_zone_;
    RowCounter row_counter_;
    std::optional<store::BulkAppend> bulk_;
    ImportReport report_;
    std::vector<bool> is_touched_;  ///< By person id.

    // The row in hand.
    const CsvRow* row_ = nullptr;
    std::optional<RowIssue> failure_;
    std::optional<std::string> person_key_;
    std::size_t each_row_ = 0;  ///< Of the lookup, for the fact in hand.
    std::vector<DraftFact> row_drafts_;
    std::vector<OrganisationDraft> row_organisations_;
    std::array<std::optional<std::string_view>, field_count> texts_{};
    std::vector<TimeMemo> memos_;
    std::string scratch_;
    std::deque<std::string> joined_;  ///< Values of this row that were put together; a deque keeps views of them good.
    std::string hash_input_;

    // The batch in hand.
    std::vector<Slot> slots_;  ///< Slot 0 holds the people whom the rows are about.
    std::vector<DraftFact> drafts_;
    std::vector<DraftRow> rows_;
    std::vector<model::Fact> ready_;
    std::vector<std::size_t> lines_;  ///< Of the facts that were appended since the last commit.
};

ImportReport import_csv(store::Journal& journal, const ImportMapping& mapping, const std::filesystem::path& path,
                        const ImportOptions& options) {
    return Importer{journal, mapping, open_file(path), options.lookup_directory.value_or(path.parent_path()), options}
        .run();
}

ImportReport import_csv(store::Journal& journal, const ImportMapping& mapping, std::unique_ptr<ByteSource> source,
                        const ImportOptions& options) {
    return Importer{journal, mapping, std::move(source), options.lookup_directory.value_or("."), options}.run();
}

}  // namespace alloquy::io
