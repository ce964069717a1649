#pragma once

/// \file
/// Import: reads a CSV file into a journal by a mapping that says what its columns mean, and reports on each bad row.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/io/byte_source.hpp>
#include <alloquy/io/zone_files.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/zone.hpp>

namespace alloquy::io {

/// What the columns of one kind of file mean: which facts a row states, about whom, when, and under which key.
///
/// Immutable; copies share their content. The format is described by src/io/schema/import.schema.json.
class ImportMapping {
public:
    /// The source that its facts carry.
    [[nodiscard]] const std::string& source() const noexcept;
    /// What error texts call it.
    [[nodiscard]] const std::string& name() const noexcept;

    struct Content;

private:
    friend ImportMapping read_mapping(std::string_view json_text, const std::string& name);
    friend class Importer;
    explicit ImportMapping(std::shared_ptr<const Content> content) noexcept : content_{std::move(content)} {}
    std::shared_ptr<const Content> content_;
};

/// Reads a mapping.
///
/// \param json_text  JSON in UTF-8.
/// \param name       What error texts call it: the file's name, say.
/// \throws ParseError  with every problem found, each with line, JSON pointer and what was expected. Constants,
/// defaults
///                     and the values of maps are checked here already.
[[nodiscard]] ImportMapping read_mapping(std::string_view json_text, const std::string& name);

/// The same from a file, plain or gzip.
/// \throws NotFound    if there is no such file.
/// \throws Error       if it cannot be read or is larger than 64 MiB.
/// \throws ParseError  as above.
[[nodiscard]] ImportMapping read_mapping_file(const std::filesystem::path& path);

/// How far an import is.
struct ImportProgress {
    Progress bytes;      ///< Of the file as it lies on disk; runs ahead of the rows by up to one buffer.
    std::uint64_t rows;  ///< Rows read so far, refused ones included.
};

struct ImportOptions {
    /// When the import takes place: known_at of facts whose mapping states none, and first mention of new people.
    time::Instant now;
    /// Finds a time zone by its IANA name; throws InvalidArgument or NotFound for a name that is none.
    std::function<time::Zone(std::string_view)> find_zone = [](std::string_view name) { return read_zone(name); };
    /// Called every few thousand rows or tens of thousands of facts and at the end; may be empty. What it throws ends
    /// the import.
    std::function<void(const ImportProgress&)> on_progress{};
    /// Where the lookup files of the mapping are; the folder of the imported file where absent.
    std::optional<std::filesystem::path> lookup_directory{};
    std::size_t max_issues = 10'000;  ///< Longest list of issues; more are counted but not kept.
};

/// What became of a file.
struct ImportReport {
    std::uint64_t rows_read = 0;      ///< Data rows, refused ones included.
    std::uint64_t rows_refused = 0;   ///< Rows of which nothing went in.
    std::uint64_t facts_entered = 0;  ///< In the journal now and not before; inverses of relations not counted.
    std::uint64_t facts_already_there = 0;
    std::uint64_t facts_in_conflict = 0;      ///< Another fact has the person, source and key; it stays.
    std::uint64_t organisations_entered = 0;  ///< Not in the journal before.
    std::uint64_t organisations_already_there = 0;
    std::uint64_t issue_count = 0;   ///< One for each refused row, each conflict and each remark about the header.
    std::vector<RowIssue> issues{};  ///< By line; the first max_issues that were found.
    /// The people whom the facts of accepted rows are about, new facts or not, both sides of a relation; ascending.
    std::vector<PersonId> people{};

    friend bool operator==(const ImportReport&, const ImportReport&) = default;
};

/// Imports a CSV file, plain or gzip, row by row.
///
/// A row goes in whole or not at all: where a field that is needed is missing or any field is not what its place
/// wants, the row is refused with a RowIssue and the others go in. Importing the same file again changes nothing, nor
/// does importing it with its rows in another order.
///
/// A fact of the mapping with "each" is stated once for each row of a lookup file whose key the row names, in the order
/// of that file: one duty for each assessment of a student's course, say. Where no row of the lookup has the key, there
/// is no such fact and no issue. The key of the fact is that of the row, the fact's suffix and the columns of the
/// lookup that "key" names. An empty or wrong value of one row of the lookup refuses the whole row of the imported
/// file, and the issue names column and line of the lookup, unless the "when" of "each" passes that row over. Lookup
/// rows that are equal in all columns of use count once.
///
/// \param journal  Open for writing, without an open BulkAppend. Words are interned into its symbols.
/// \throws ParseError       if the file lacks a column that the mapping names (all of them, with pointer and line in
///                          the mapping, and the columns that there are), if it has no readable header line, or if a
///                          lookup file is not what the mapping says: a key that values are looked up by stands on
///                          rows with different values, or the rows of one key that "each" goes through have the same
///                          "key", though other values. Nothing went in then.
/// \throws NotFound         if there is no such file, or no such lookup file or zone. Nothing went in then.
/// \throws InvalidArgument  if the journal cannot be written to.
/// \throws StoreError       if writing failed. What was committed stays; importing again enters the rest.
/// \throws Error            if the file cannot be read to its end; likewise.
/// \par Cost  A few µs a fact. Memory: besides buffers, one bit for each person of the journal, the columns of lookup
///            files that are in use and, for mappings with the key "row", about 30 bytes a row. The facts of one row
///            are held together.
[[nodiscard]] ImportReport import_csv(store::Journal& journal, const ImportMapping& mapping,
                                      const std::filesystem::path& path, const ImportOptions& options);

/// The same out of a stream of bytes, plain or gzip.
/// \param source  Not null. Lookups need options.lookup_directory, the working folder where absent.
[[nodiscard]] ImportReport import_csv(store::Journal& journal, const ImportMapping& mapping,
                                      std::unique_ptr<ByteSource> source, const ImportOptions& options);

}  // namespace alloquy::io
