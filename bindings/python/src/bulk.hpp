#pragma once

/// \file
/// Interactions out of columns into the journal, in bulk.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/institution.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/instant.hpp>

#include "words.hpp"

namespace alloquy::python {

/// Columns of one length; words without column are empty.
struct InteractionColumns {
    std::span<const std::int64_t> people;
    std::span<const std::int64_t> at_ms;
    std::span<const std::int64_t> known_at_ms;
    std::span<const std::int64_t> quantities;  ///< Empty: 1 in every row.
    const std::vector<std::string_view>* keys;
    std::string source;
    WordColumn channels, acts, directions, topics, languages, purposes, actions, teams;
};

/// A word column whose names have become values: symbols or enumerators. Nothing where a name is none.
template <class Value>
struct ResolvedColumn {
    const WordColumn* column;
    std::vector<std::optional<Value>> values;

    [[nodiscard]] bool has_word(std::size_t row) const { return !column->codes.empty() && column->codes[row] >= 0; }
    /// Only where has_word(row).
    [[nodiscard]] const std::optional<Value>& operator[](std::size_t row) const {
        return values[static_cast<std::size_t>(column->codes[row])];
    }
};

template <class Tag>
[[nodiscard]] ResolvedColumn<model::Symbol<Tag>> interned(model::Vocabulary<Tag>& vocabulary,
                                                          const WordColumn& column) {
    ResolvedColumn<model::Symbol<Tag>> result{&column, {}};
    for (const std::string& name : column.names) {
        const bool is_word = !name.empty() && name.size() <= model::max_symbol_bytes;
        result.values.push_back(is_word ? std::optional{vocabulary.intern(name)} : std::nullopt);
    }
    return result;
}
template <class Enum>
[[nodiscard]] ResolvedColumn<Enum> enumerators(const WordColumn& column) {
    ResolvedColumn<Enum> result{&column, {}};
    for (const std::string& name : column.names) result.values.push_back(model::from_name<Enum>(name));
    return result;
}

/// Turns rows into facts. The words are interned at construction.
class InteractionRows {
public:
    InteractionRows(const InteractionColumns& columns, model::Symbols& symbols)
        : columns_{columns},
          source_{symbols.sources.intern(columns.source)},
          channels_{interned(symbols.channels, columns.channels)},
          topics_{interned(symbols.topics, columns.topics)},
          languages_{interned(symbols.languages, columns.languages)},
          purposes_{interned(symbols.purposes, columns.purposes)},
          actions_{interned(symbols.actions, columns.actions)},
          teams_{interned(symbols.teams, columns.teams)},
          acts_{enumerators<model::Act>(columns.acts)},
          directions_{enumerators<model::Direction>(columns.directions)} {}

    /// The fact of a row, or nothing, and then why in `issue`.
    [[nodiscard]] std::optional<model::Fact> fact(std::size_t row, std::uint64_t person_count, RowIssue& issue) const {
        issue = {row + 1, {}, {}};
        const auto refuse = [&](const char* column, std::string message) {
            issue.column = column;
            issue.message = std::move(message);
            return std::nullopt;
        };
        const std::int64_t person = columns_.people[row];
        if (person < 1 || static_cast<std::uint64_t>(person) > person_count) {
            return refuse("person_ids", "no person with id " + std::to_string(person));
        }
        const auto instant = [](std::int64_t ms) -> std::optional<time::Instant> {
            if (ms < time::Instant::min_unix_ms || ms > time::Instant::max_unix_ms) return std::nullopt;
            return time::Instant::from_unix_ms(ms);
        };
        const std::optional<time::Instant> at = instant(columns_.at_ms[row]);
        if (!at) return refuse("at_ms", "outside the years 1 to 9999");
        const std::optional<time::Instant> known_at = instant(columns_.known_at_ms[row]);
        if (!known_at) return refuse("known_at_ms", "outside the years 1 to 9999");
        if (!is_given(channels_, row)) return refuse("channels", "a name of 1 to 255 bytes expected");
        if (!is_given(acts_, row)) return refuse("acts", "the name of an Act expected");
        if (!is_given(directions_, row)) return refuse("directions", "the name of a Direction expected");
        model::Interaction interaction{*channels_[row], *acts_[row], *directions_[row]};
        const auto put = [&](const auto& column, auto& member) {
            if (!column.has_word(row)) return true;
            member = column[row];
            return member.has_value();
        };
        if (!put(topics_, interaction.topic)) return refuse("topics", "a name of 1 to 255 bytes expected");
        if (!put(languages_, interaction.language)) return refuse("languages", "a name of 1 to 255 bytes expected");
        if (!put(purposes_, interaction.purpose)) return refuse("purposes", "a name of 1 to 255 bytes expected");
        if (!put(actions_, interaction.action)) return refuse("actions", "a name of 1 to 255 bytes expected");
        if (!put(teams_, interaction.team)) return refuse("teams", "a name of 1 to 255 bytes expected");
        if (!columns_.quantities.empty()) {
            const std::int64_t quantity = columns_.quantities[row];
            if (quantity < 1 || quantity > std::int64_t{0xFFFF'FFFF}) {
                return refuse("quantities", "expected 1 to 4294967295, got " + std::to_string(quantity));
            }
            interaction.quantity = static_cast<std::uint32_t>(quantity);
        }
        model::Fact fact{PersonId{person},      *at, *known_at, source_, std::string{(*columns_.keys)[row]},
                         std::move(interaction)};
        if (const std::optional<std::string> problem = store::fact_problem(fact)) return refuse("", *problem);
        return fact;
    }

private:
    template <class Value>
    [[nodiscard]] static bool is_given(const ResolvedColumn<Value>& column, std::size_t row) {
        return column.has_word(row) && column[row].has_value();
    }

    const InteractionColumns& columns_;
    model::Source source_;
    ResolvedColumn<model::Channel> channels_;
    ResolvedColumn<model::Topic> topics_;
    ResolvedColumn<model::Language> languages_;
    ResolvedColumn<model::Purpose> purposes_;
    ResolvedColumn<model::ActionName> actions_;
    ResolvedColumn<model::Team> teams_;
    ResolvedColumn<model::Act> acts_;
    ResolvedColumn<model::Direction> directions_;
};

/// Records all rows; on_chunk(rows so far) is called now and then, and what it throws ends it.
template <class I>
[[nodiscard]] io::ImportReport record_rows(I& institution, const InteractionRows& rows, std::size_t count,
                                           std::size_t max_issues, const std::function<void(std::size_t)>& on_chunk) {
    constexpr std::size_t rows_per_chunk = 65'536;
    const std::uint64_t person_count = institution.journal().person_count();
    io::ImportReport report;
    report.rows_read = count;
    const auto add_issue = [&](RowIssue issue) {
        ++report.issue_count;
        if (report.issues.size() < max_issues) report.issues.push_back(std::move(issue));
    };
    std::vector<std::size_t> accepted;  // row by ordinal
    std::vector<model::Fact> facts;
    // Calls append(facts) for each chunk.
    const auto feed = [&](const auto& append) {
        for (std::size_t first = 0; first < count; first += rows_per_chunk) {
            const std::size_t end = std::min(first + rows_per_chunk, count);
            facts.clear();
            for (std::size_t row = first; row < end; ++row) {
                RowIssue issue{};
                std::optional<model::Fact> fact = rows.fact(row, person_count, issue);
                if (!fact) {
                    ++report.rows_refused;
                    add_issue(std::move(issue));
                    continue;
                }
                accepted.push_back(row);
                report.people.push_back(fact->person);
                facts.push_back(std::move(*fact));
            }
            append(std::span<const model::Fact>{facts});
            // Neighbouring rows are often about the same people: keeps the list short.
            std::sort(report.people.begin(), report.people.end());
            report.people.erase(std::unique(report.people.begin(), report.people.end()), report.people.end());
            on_chunk(end);
        }
    };
    std::vector<std::uint64_t> conflicts;
    const auto append_in_bulk = [&](store::BulkAppend& bulk) {
        feed([&](std::span<const model::Fact> chunk) { bulk.append(chunk); });
    };
    store::BulkResult result = institution.record_bulk(append_in_bulk);
    report.facts_entered = result.entered;
    report.facts_already_there = result.already_there;
    conflicts = std::move(result.conflicts);
    report.facts_in_conflict = conflicts.size();
    for (const std::uint64_t ordinal : conflicts) {
        add_issue({accepted[ordinal] + 1, {}, "another fact has this person, source and key; it stays"});
    }
    std::stable_sort(report.issues.begin(), report.issues.end(),
                     [](const RowIssue& a, const RowIssue& b) { return a.line < b.line; });
    return report;
}

}  // namespace alloquy::python
