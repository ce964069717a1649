#pragma once

/// \file
/// CsvReader: the records of a CSV or tab-separated file one after the other, as UTF-8, with an issue for each bad one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/io/byte_source.hpp>

namespace alloquy::io {

/// How the characters of a text file are written as bytes.
enum class Encoding {
    utf_8,
    windows_1252,  ///< Western European, as Windows programs write it; bytes 81, 8d, 8f, 90 and 9d are not valid.
    iso_8859_1,    ///< Latin-1; bytes 80 to 9f are control characters.
    iso_8859_15,   ///< Latin-9: Latin-1 with the euro sign.
    utf_16le,
    utf_16be,
};

/// Which bytes end a line outside quotes.
enum class LineEnd {
    detect,  ///< lf_or_crlf if an LF stands outside quotes in the first 64 KiB, else any if a CR does, else lf_or_crlf.
    lf_or_crlf,  ///< LF, with or without a CR before it. A CR elsewhere is data.
    any,         ///< CR, LF or CRLF.
};

/// How a CSV file is written. The defaults are RFC 4180 in UTF-8, with a header line.
struct CsvFormat {
    char delimiter = ',';             ///< Between fields. ASCII; not CR, LF or NUL.
    std::optional<char> quote = '"';  ///< Around fields; empty: quotes are data. ASCII, another one than delimiter.
    bool has_header = true;           ///< The first record holds the names of the columns.
    /// A byte order mark at the start of the file (UTF-8, UTF-16LE, UTF-16BE) is dropped and has precedence over this.
    Encoding encoding = Encoding::utf_8;
    LineEnd line_end = LineEnd::detect;                   ///< See LineEnd.
    bool trim = false;                                    ///< Drops blanks and tabs around fields, outside the quotes.
    std::optional<char> comment{};                        ///< A line that begins with it is skipped. ASCII.
    std::size_t max_field_bytes = std::size_t{1} << 20U;  ///< Longest field, as UTF-8 in the file; >= 1.
    std::size_t max_record_bytes = std::size_t{16} << 20U;  ///< Longest record, likewise; >= 1. Bounds the memory.
    std::size_t max_issues = 10'000;                        ///< How many issues CsvReader::next gathers; >= 1.
    std::size_t buffer_bytes = std::size_t{1} << 18U;       ///< Buffer at the start; >= 1. Does not change results.
};

/// One record. Its fields point into the reader's buffer: they are valid until the reader is asked for the next one.
class CsvRow {
public:
    /// How many fields it has.
    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
    /// Field by position, from 0: UTF-8, quotes removed, doubled quotes made single. Precondition: index < size().
    [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept { return fields_[index]; }
    /// The same, checked.
    /// \throws InvalidArgument  if index >= size().
    [[nodiscard]] std::string_view at(std::size_t index) const {
        if (index >= fields_.size()) {
            throw InvalidArgument{"CsvRow: index " + std::to_string(index) + " of " + std::to_string(fields_.size()) +
                                  " fields"};
        }
        return fields_[index];
    }
    /// All fields, in order.
    [[nodiscard]] std::span<const std::string_view> fields() const noexcept { return fields_; }
    /// 1-based line of the file in which the record starts.
    [[nodiscard]] std::size_t line() const noexcept { return line_; }

private:
    friend class CsvReader;
    std::vector<std::string_view> fields_;
    std::size_t line_ = 0;
};

/// What CsvReader::read came upon.
enum class CsvEvent {
    row,    ///< A good record; it is in the CsvRow.
    issue,  ///< A bad record, or a remark about the header; see CsvReader::issue. Reading goes on behind it.
    end,    ///< The end of the file.
};

/// Reads a file of separated values record by record, in one pass, with bounded memory.
///
/// Quoting is that of RFC 4180: a field that begins with the quote runs to the next quote that is not doubled, over
/// delimiters and line ends. A quote inside an unquoted field is data. Empty lines are skipped. A record is refused,
/// and comes back as one RowIssue, if
/// - text follows a closing quote, or a quote is not closed before the end of the file,
/// - a field is longer than max_field_bytes or the record longer than max_record_bytes,
/// - it holds a NUL byte, or bytes that are not valid in the file's encoding,
/// - it has another number of fields than the header (without one: than the first good record).
///
/// Where a refused quote had run over line ends, reading goes on at the second line of that record, so that one
/// forgotten quote costs one record and not the rest of the file. In the stretch that is read for the second time,
/// fields do not run over line ends; that keeps the time linear in the size of the file for every input. The same bytes
/// give the same rows and issues however the source cuts them into pieces.
///
/// Use by one thread at a time.
class CsvReader {
public:
    /// Reads up to the end of the header line. Names that are empty or that stand twice become issues, in front of
    /// those of the records.
    ///
    /// \throws InvalidArgument  if source is null or the format breaks a rule of CsvFormat.
    /// \throws ParseError       if has_header and there is no readable header line.
    /// \throws Error            as ByteSource::read.
    explicit CsvReader(std::unique_ptr<ByteSource> source, CsvFormat format = {});
    CsvReader(CsvReader&&) noexcept;
    CsvReader& operator=(CsvReader&&) noexcept;
    ~CsvReader();

    /// Goes to the next good record; the issues of bad ones before it are gathered in issues().
    ///
    /// \return  False at the end of the file; row is empty then.
    /// \throws ParseError  once max_issues are gathered and not taken and one more comes: the format does not fit the
    ///                     file. It holds the first ten of them.
    /// \throws Error       as ByteSource::read.
    /// \par Cost  O(bytes), without allocation except to grow buffers; several 100 MB/s for unquoted fields.
    [[nodiscard]] bool next(CsvRow& row);

    /// Goes to the next record, good or bad: for callers that need rows and issues in the order of the file. Gathers
    /// nothing.
    ///
    /// \throws Error  as ByteSource::read.
    [[nodiscard]] CsvEvent read(CsvRow& row);

    /// The issue that the last call of read() came upon. Precondition: that call returned CsvEvent::issue.
    [[nodiscard]] const RowIssue& issue() const noexcept;

    /// Issues gathered by next() and not yet taken, in the order of the file.
    [[nodiscard]] const std::vector<RowIssue>& issues() const noexcept;
    /// Hands over the gathered issues and forgets them.
    [[nodiscard]] std::vector<RowIssue> take_issues();

    /// Names of the columns; empty if the format has no header.
    [[nodiscard]] std::span<const std::string> header() const noexcept;
    /// Position of a column, from 0.
    ///
    /// \throws NotFound         if there is none of that name; the text lists those there are.
    /// \throws InvalidArgument  if the name stands more than once in the header.
    [[nodiscard]] std::size_t column(std::string_view name) const;
    /// Position of a column that may be missing.
    ///
    /// \throws InvalidArgument  if the name stands more than once in the header.
    [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const;

    /// The encoding in use: that of the byte order mark, else that of the format.
    [[nodiscard]] Encoding encoding() const noexcept;
    /// How far the file has been read; runs ahead of the rows by up to one buffer.
    [[nodiscard]] Progress progress() const noexcept;
    /// Name of the source.
    [[nodiscard]] const std::string& name() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Name of an encoding as in the code, "windows_1252" say.
[[nodiscard]] std::string_view to_string(Encoding encoding) noexcept;

}  // namespace alloquy::io
