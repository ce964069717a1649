#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <utility>

#include <alloquy/io/csv_reader.hpp>

#include "encoding.hpp"

namespace alloquy::io {
namespace {

constexpr std::size_t max_columns = 16'384;  // as many as a sheet of the usual spreadsheet programs has
constexpr std::size_t detection_bytes = std::size_t{1} << 16U;
constexpr std::size_t issues_in_error = 10;
constexpr std::size_t names_in_error = 50;
constexpr std::size_t none = static_cast<std::size_t>(-1);

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}
constexpr unsigned char to_byte(char c) noexcept {
    return static_cast<unsigned char>(c);
}

void check(const CsvFormat& format) {
    const auto fits = [](char c) { return to_byte(c) < 0x80 && c != '\n' && c != '\r' && c != '\0'; };
    if (!fits(format.delimiter)) throw InvalidArgument{"CsvFormat: delimiter must be ASCII and no line end or NUL"};
    if (format.quote && (!fits(*format.quote) || *format.quote == format.delimiter)) {
        throw InvalidArgument{"CsvFormat: quote must be ASCII, no line end or NUL, and not the delimiter"};
    }
    if (format.comment &&
        (!fits(*format.comment) || *format.comment == format.delimiter || format.comment == format.quote)) {
        throw InvalidArgument{"CsvFormat: comment must be ASCII, no line end or NUL, and neither delimiter nor quote"};
    }
    if (format.trim && format.quote && is_blank(*format.quote)) {
        throw InvalidArgument{"CsvFormat: with trim, quote must not be a blank or tab"};
    }
    if (format.max_field_bytes < 1) throw InvalidArgument{"CsvFormat: max_field_bytes must be >= 1, got 0"};
    if (format.max_record_bytes < 1) throw InvalidArgument{"CsvFormat: max_record_bytes must be >= 1, got 0"};
    if (format.max_issues < 1) throw InvalidArgument{"CsvFormat: max_issues must be >= 1, got 0"};
    if (format.buffer_bytes < 1) throw InvalidArgument{"CsvFormat: buffer_bytes must be >= 1, got 0"};
}

/// The rule of LineEnd::detect, over the start of the file.
LineEnd detect_line_end(std::string_view start, const CsvFormat& format) {
    bool saw_cr = false;
    bool in_quotes = false;
    bool in_comment = false;
    bool at_line_start = true;
    bool at_field_start = true;
    for (const char c : start) {
        if (in_quotes) {  // a doubled quote leaves and enters again, which comes to the same
            if (c == format.quote) in_quotes = false;
            continue;
        }
        if (c == '\n') return LineEnd::lf_or_crlf;
        if (c == '\r') {
            saw_cr = true;
            in_comment = false;
            at_line_start = true;
            at_field_start = true;
            continue;
        }
        if (at_line_start && c == format.comment) in_comment = true;
        at_line_start = false;
        if (in_comment) continue;
        if (c == format.quote && at_field_start) {
            in_quotes = true;
            // Behind the closing quote only its double may reopen the field, so the next quote counts as an opening
            // one.
            continue;
        }
        at_field_start = c == format.delimiter || (format.trim && at_field_start && is_blank(c));
    }
    return saw_cr ? LineEnd::any : LineEnd::lf_or_crlf;
}

std::string plural(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string{noun} + (count == 1 ? "" : "s");
}

}  // namespace

class CsvReader::Impl {
public:
    Impl(std::unique_ptr<ByteSource> source, const CsvFormat& format)
        : source_{std::move(source)}, format_{format}, input_{*source_, format.encoding} {
        if (format_.line_end == LineEnd::detect) {
            format_.line_end = detect_line_end(input_.peek(detection_bytes), format_);
        }
        cr_ends_line_ = format_.line_end == LineEnd::any;
        buffer_.resize(format_.buffer_bytes);

        unquoted_stop_[to_byte(format_.delimiter)] = 1;
        for (const char c : {'\n', '\r', '\0'}) unquoted_stop_[to_byte(c)] = 1;
        if (format_.quote) quoted_stop_[to_byte(*format_.quote)] = 1;
        for (const char c : {'\n', '\0'}) quoted_stop_[to_byte(c)] = 1;
        if (cr_ends_line_) quoted_stop_[to_byte('\r')] = 1;

        if (format_.has_header) read_header();
    }

    CsvEvent read(CsvRow& row) {
        if (header_issues_at_ < header_issues_.size()) {
            row.fields_.clear();
            issue_ = header_issues_[header_issues_at_++];
            return CsvEvent::issue;
        }
        return read_record(row);
    }

    bool next(CsvRow& row) {
        for (;;) {
            switch (read(row)) {
                case CsvEvent::row:
                    return true;
                case CsvEvent::end:
                    return false;
                case CsvEvent::issue:
                    if (issues_.size() >= format_.max_issues) too_many_issues();
                    issues_.push_back(issue_);
                    break;
            }
        }
    }

    [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const {
        const auto found = std::find(header_.begin(), header_.end(), name);
        if (found == header_.end()) return std::nullopt;
        const auto again = std::find(found + 1, header_.end(), name);
        if (again != header_.end()) {
            throw InvalidArgument{source_->name() + ": the name \"" + std::string{name} + "\" stands for columns " +
                                  std::to_string(found - header_.begin() + 1) + " and " +
                                  std::to_string(again - header_.begin() + 1) + "; take them by position"};
        }
        return static_cast<std::size_t>(found - header_.begin());
    }

    std::unique_ptr<ByteSource> source_;
    CsvFormat format_;
    Utf8Input input_;
    RowIssue issue_{};
    std::vector<RowIssue> issues_;
    std::vector<std::string> header_;

private:
    enum class Scan { record, refused, need_more };

    void read_header() {
        CsvRow row;
        switch (read_record(row)) {
            case CsvEvent::end:
                throw ParseError{source_->name(), {{line_, "", "expected a header line, got the end of the file"}}};
            case CsvEvent::issue:
                throw ParseError{source_->name(), {{issue_.line, "", "header: " + issue_.message}}};
            case CsvEvent::row:
                break;
        }
        header_.assign(row.fields_.begin(), row.fields_.end());
        std::unordered_map<std::string_view, std::size_t> first;
        for (std::size_t i = 0; i < header_.size(); ++i) {
            if (header_[i].empty()) {
                header_issues_.push_back({row.line(), "", "column " + std::to_string(i + 1) + " has no name"});
                continue;
            }
            const auto [place, is_new] = first.emplace(header_[i], i);
            if (!is_new) {
                header_issues_.push_back({row.line(), header_[i],
                                          "the name stands for columns " + std::to_string(place->second + 1) + " and " +
                                              std::to_string(i + 1) + "; take them by position"});
            }
        }
    }

    CsvEvent read_record(CsvRow& row) {
        for (;;) {
            if (begin_ == end_ && !fill()) {
                row.fields_.clear();
                return CsvEvent::end;
            }
            if (format_.comment && buffer_[begin_] == *format_.comment) {
                skip_line(begin_);
                continue;
            }
            const Scan scanned = scan(row.fields_);
            if (scanned == Scan::need_more) {
                fill();
                continue;
            }
            issue_ = {};
            row.line_ = line_;
            if (scanned == Scan::refused) {
                issue_ = {line_, is_whole_record_ ? std::string{} : column_name(field_count_), std::move(message_)};
                step_over_refused();
                row.fields_.clear();
                return CsvEvent::issue;
            }
            const bool is_empty_line = field_count_ == 1 && !has_quotes_ && row.fields_.front().empty();
            const bool is_good = is_empty_line || check_record(row.fields_);
            begin_ = record_end_;
            line_ += line_ends_;
            if (is_empty_line) continue;
            if (!is_good) {
                row.fields_.clear();
                return CsvEvent::issue;
            }
            for (const std::size_t index : escaped_) row.fields_[index] = undouble(row.fields_[index]);
            return CsvEvent::row;
        }
    }

    // ---- one record ----

    /// Finds the fields of the record at begin_. On record: fields (quotes still doubled), record_end_ and line_ends_.
    /// On refused: message_, failed_at_ and, if line ends inside quotes came before it, second_line_.
    ///
    /// Starts from scratch after need_more, so that the outcome depends on the bytes alone and not on how they came in.
    Scan scan(std::vector<std::string_view>& fields) {
        const char* const data = buffer_.data();
        const std::size_t end = end_;
        const std::size_t stored_fields = expected_.value_or(max_columns);
        const bool has_quote = format_.quote.has_value();
        const char quote = format_.quote.value_or('\0');
        const char delimiter = format_.delimiter;
        const bool trim = format_.trim;

        fields.clear();
        escaped_.clear();
        field_count_ = 0;
        line_ends_ = 0;
        second_line_ = none;
        has_quotes_ = false;
        saw_nul_ = false;
        is_whole_record_ = false;
        unsigned char bits = 0;

        std::size_t at = begin_;
        for (;;) {
            field_start_ = at;
            if (trim) {
                while (at < end && is_blank(data[at]) && data[at] != delimiter) ++at;
                field_start_ = at;
            }
            if (at == end && !at_end_) return need_more(at);

            std::size_t content_end = 0;
            bool is_escaped = false;
            if (has_quote && at < end && data[at] == quote) {
                has_quotes_ = true;
                const std::size_t opened_at = at;
                const std::size_t opened_in = line_ + line_ends_;
                field_start_ = ++at;
                for (;;) {
                    while (at < end && quoted_stop_[to_byte(data[at])] == 0) bits |= to_byte(data[at++]);
                    if (at == end) {
                        if (!at_end_) return need_more(at);
                        return refuse(at, "the quote opened in line " + std::to_string(opened_in) +
                                              " is not closed before the end of the file");
                    }
                    const char c = data[at];
                    if (c == '\0') {
                        saw_nul_ = true;
                        ++at;
                    } else if (c == quote) {
                        if (at + 1 == end && !at_end_) return need_more(at);
                        if (at + 1 == end || data[at + 1] != quote) break;
                        is_escaped = true;
                        at += 2;
                    } else {
                        if (too_long(at)) return Scan::refused;
                        if (c == '\r' && at + 1 == end && !at_end_) return need_more(at);
                        if (base_ + opened_at < one_line_until_) {
                            return refuse(at, "the quote opened in this line is not closed in it");
                        }
                        at += c == '\r' && at + 1 < end && data[at + 1] == '\n' ? 2 : 1;
                        if (second_line_ == none) second_line_ = at;
                        ++line_ends_;
                    }
                }
                content_end = at++;
                if (too_long(content_end)) return Scan::refused;
                if (fields.size() < stored_fields) {
                    if (is_escaped) escaped_.push_back(fields.size());
                    fields.emplace_back(data + field_start_, content_end - field_start_);
                }
                field_start_ = at;
                if (trim) {
                    while (at < end && is_blank(data[at]) && data[at] != delimiter) ++at;
                    field_start_ = at;
                }
                if (at == end && !at_end_) return need_more(at);
                if (at < end && data[at] == '\r' && at + 1 == end && !at_end_) return need_more(at);
                if (at < end && data[at] != delimiter && !is_line_end(at)) {
                    return refuse(at, "text follows the closing quote of field " + std::to_string(field_count_ + 1) +
                                          "; a quote inside a field must be doubled");
                }
                content_end = at;
            } else {
                for (;;) {
                    while (at < end && unquoted_stop_[to_byte(data[at])] == 0) bits |= to_byte(data[at++]);
                    if (at == end) {
                        if (!at_end_) return need_more(at);
                        break;
                    }
                    const char c = data[at];
                    if (c == delimiter || c == '\n') break;
                    if (c == '\r') {
                        if (at + 1 == end && !at_end_) return need_more(at);
                        if (is_line_end(at)) break;
                    }
                    saw_nul_ = saw_nul_ || c == '\0';
                    ++at;
                }
                content_end = at;
                if (fields.size() < stored_fields) {
                    std::size_t last = content_end;
                    if (trim) {
                        while (last > field_start_ && is_blank(data[last - 1])) --last;
                    }
                    fields.emplace_back(data + field_start_, last - field_start_);
                }
            }
            if (too_long(content_end)) return Scan::refused;
            ++field_count_;
            if (at < end && data[at] == delimiter) {
                ++at;
                continue;
            }
            if (at < end) {
                at += data[at] == '\r' && at + 1 < end && data[at + 1] == '\n' ? 2 : 1;
                ++line_ends_;
            }
            record_end_ = at;
            saw_high_bit_ = (bits & 0x80U) != 0;
            return Scan::record;
        }
    }

    /// Whether the CR or LF at this place, outside quotes, ends the line. Precondition for CR: the byte behind it is in
    /// the buffer, or the file ends.
    [[nodiscard]] bool is_line_end(std::size_t at) const noexcept {
        if (buffer_[at] == '\n') return true;
        return buffer_[at] == '\r' && (cr_ends_line_ || at + 1 == end_ || buffer_[at + 1] == '\n');
    }

    /// Sets the refusal if the field or record up to here is over its limit. The place of failure is that of the first
    /// byte too many, so that it does not depend on when this is noticed.
    bool too_long(std::size_t at) {
        const std::size_t field_limit = format_.max_field_bytes;
        const std::size_t record_limit = format_.max_record_bytes;
        const bool field_over = at - field_start_ > field_limit;
        const bool record_over = at - begin_ > record_limit;
        if (!field_over && !record_over) [[likely]] {
            return false;
        }
        if (field_over && (!record_over || field_start_ - begin_ + field_limit <= record_limit)) {
            failed_at_ = field_start_ + field_limit;
            message_ = "field " + std::to_string(field_count_ + 1) + " is longer than " + plural(field_limit, "byte");
        } else {
            failed_at_ = begin_ + record_limit;
            is_whole_record_ = true;
            message_ = "the record is longer than " + plural(record_limit, "byte");
        }
        return true;
    }

    Scan refuse(std::size_t at, std::string message) {
        if (too_long(at)) return Scan::refused;
        failed_at_ = at;
        message_ = std::move(message);
        return Scan::refused;
    }

    Scan need_more(std::size_t at) { return too_long(at) ? Scan::refused : Scan::need_more; }

    void step_over_refused() {
        if (second_line_ == none) {
            skip_line(failed_at_);
            return;
        }
        one_line_until_ = std::max(one_line_until_, base_ + failed_at_);
        begin_ = second_line_;
        ++line_;
    }

    /// Checks a record of sound structure; false with issue_ set if it is refused.
    bool check_record(const std::vector<std::string_view>& fields) {
        if (saw_nul_) {
            for (std::size_t i = 0; i < fields.size(); ++i) {
                const std::size_t place = fields[i].find('\0');
                if (place == std::string_view::npos) continue;
                issue_ = {line_, column_name(i),
                          "a NUL byte at offset " + std::to_string(offset_in_record(fields[i], place)) +
                              " of the row; if the file is in UTF-16, set the option encoding"};
                return false;
            }
        }
        if (saw_high_bit_) {
            for (std::size_t i = 0; i < fields.size(); ++i) {
                const std::optional<std::size_t> place = first_invalid_utf8(fields[i]);
                if (!place) continue;
                const std::string offset = std::to_string(offset_in_record(fields[i], *place));
                issue_ = {line_, column_name(i), ""};
                if (input_.encoding() == Encoding::utf_8) {
                    issue_.message = "not valid UTF-8 at byte offset " + offset +
                                     " of the row; is the file in another encoding, windows_1252 say? Set the option "
                                     "encoding";
                } else {
                    issue_.message = "not valid " + std::string{to_string(input_.encoding())} + " at byte offset " +
                                     offset + " of the row as UTF-8; check the option encoding";
                }
                return false;
            }
        }
        if (!expected_ && field_count_ > max_columns) {
            issue_ = {
                line_, "",
                "expected at most " + std::to_string(max_columns) + " fields, got " + std::to_string(field_count_)};
            return false;
        }
        if (!expected_) expected_ = field_count_;
        if (field_count_ != *expected_) {
            issue_ = {line_, "", "expected " + plural(*expected_, "field") + ", got " + std::to_string(field_count_)};
            // A forgotten quote may have drawn the next lines into this record: say which ones went with it.
            if (second_line_ != none) {
                const bool ends_with_line_end = buffer_[record_end_ - 1] == '\n' || buffer_[record_end_ - 1] == '\r';
                const std::size_t last = line_ + line_ends_ - (ends_with_line_end ? 1U : 0U);
                issue_.message += " (the record runs to line " + std::to_string(last) + ")";
            }
            return false;
        }
        return true;
    }

    [[nodiscard]] std::size_t offset_in_record(std::string_view field, std::size_t place) const noexcept {
        return static_cast<std::size_t>(field.data() - (buffer_.data() + begin_)) + place;
    }

    [[nodiscard]] std::string column_name(std::size_t index) const {
        return index < header_.size() ? header_[index] : std::string{};
    }

    /// Makes doubled quotes single, in the buffer.
    std::string_view undouble(std::string_view field) {
        char* const start = buffer_.data() + (field.data() - buffer_.data());
        char* const last = start + field.size();
        const char quote = *format_.quote;
        char* to = start;
        for (const char* from = start; from != last;) {
            const auto rest = static_cast<std::size_t>(last - from);
            const char* const found = static_cast<const char*>(std::memchr(from, quote, rest));
            const std::size_t length = found == nullptr ? rest : static_cast<std::size_t>(found - from) + 1;
            std::memmove(to, from, length);
            to += length;
            from += length + (found == nullptr ? 0 : 1);  // inside quotes they come in pairs
        }
        return {start, static_cast<std::size_t>(to - start)};
    }

    // ---- the buffer ----

    /// Reads on, keeping the bytes from begin_ on; false if there are no more.
    bool fill() {
        if (at_end_) return false;
        if (begin_ > 0) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            base_ += begin_;
            end_ -= begin_;
            begin_ = 0;
        }
        if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
        const std::size_t before = end_;
        while (end_ < buffer_.size()) {
            const std::size_t count = input_.read(std::span{buffer_}.subspan(end_));
            if (count == 0) {
                at_end_ = true;
                break;
            }
            end_ += count;
        }
        return end_ > before;
    }

    /// Goes behind the next line end from this place on, or to the end of the file, in constant memory.
    void skip_line(std::size_t from) {
        begin_ = from;
        for (;;) {
            const auto first = buffer_.begin() + static_cast<std::ptrdiff_t>(begin_);
            const auto last = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
            const auto found =
                std::find_if(first, last, [this](char c) { return c == '\n' || (cr_ends_line_ && c == '\r'); });
            begin_ += static_cast<std::size_t>(found - first);
            if (found == last) {
                if (!fill()) return;
                continue;
            }
            if (*found == '\r' && begin_ + 1 == end_ && fill()) continue;  // a LF may follow
            begin_ += *found == '\r' && begin_ + 1 < end_ && buffer_[begin_ + 1] == '\n' ? 2 : 1;
            ++line_;
            return;
        }
    }

    void too_many_issues() const {
        std::vector<ParseError::Issue> first;
        for (const RowIssue& issue : issues_) {
            if (first.size() == issues_in_error) break;
            first.push_back({issue.line, "",
                             issue.column.empty() ? issue.message : "column " + issue.column + ": " + issue.message});
        }
        throw ParseError{source_->name() + ": more than " + plural(format_.max_issues, "bad row") +
                             "; are delimiter, quote and encoding right? The first:",
                         std::move(first)};
    }

    std::array<unsigned char, 256> unquoted_stop_{};
    std::array<unsigned char, 256> quoted_stop_{};
    bool cr_ends_line_ = false;

    std::vector<char> buffer_;
    std::size_t begin_ = 0;             ///< Where the next record starts.
    std::size_t end_ = 0;               ///< Behind the last byte read.
    bool at_end_ = false;               ///< Nothing comes after end_.
    std::uint64_t base_ = 0;            ///< Offset of buffer_[0] in the text.
    std::size_t line_ = 1;              ///< Line at begin_.
    std::uint64_t one_line_until_ = 0;  ///< Quotes opened before this offset do not run over line ends.

    std::vector<RowIssue> header_issues_;
    std::size_t header_issues_at_ = 0;
    std::optional<std::size_t> expected_;

    // Outcome of scan(); places are positions in buffer_.
    std::size_t field_start_ = 0;
    std::size_t field_count_ = 0;
    std::size_t line_ends_ = 0;
    std::size_t record_end_ = 0;
    std::size_t second_line_ = none;
    std::size_t failed_at_ = 0;
    bool has_quotes_ = false;
    bool saw_nul_ = false;
    bool saw_high_bit_ = false;
    bool is_whole_record_ = false;  ///< The refusal is about the record, not about one field.
    std::string message_;
    std::vector<std::size_t> escaped_;
};

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, CsvFormat format) {
    if (!source) throw InvalidArgument{"CsvReader: source must not be null"};
    check(format);
    impl_ = std::make_unique<Impl>(std::move(source), format);
}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

bool CsvReader::next(CsvRow& row) {
    return impl_->next(row);
}
CsvEvent CsvReader::read(CsvRow& row) {
    return impl_->read(row);
}
const RowIssue& CsvReader::issue() const noexcept {
    return impl_->issue_;
}
const std::vector<RowIssue>& CsvReader::issues() const noexcept {
    return impl_->issues_;
}
std::vector<RowIssue> CsvReader::take_issues() {
    return std::exchange(impl_->issues_, {});
}
std::span<const std::string> CsvReader::header() const noexcept {
    return impl_->header_;
}
std::optional<std::size_t> CsvReader::find_column(std::string_view name) const {
    return impl_->find_column(name);
}
Encoding CsvReader::encoding() const noexcept {
    return impl_->input_.encoding();
}
Progress CsvReader::progress() const noexcept {
    return impl_->source_->progress();
}
const std::string& CsvReader::name() const noexcept {
    return impl_->source_->name();
}

std::size_t CsvReader::column(std::string_view name) const {
    const std::optional<std::size_t> found = find_column(name);
    if (found) return *found;
    std::string text = this->name() + ": no column \"" + std::string{name} + "\"; there are: ";
    const std::vector<std::string>& names = impl_->header_;
    if (names.empty()) text += "none";
    for (std::size_t i = 0; i < std::min(names.size(), names_in_error); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > names_in_error) text += " and " + std::to_string(names.size() - names_in_error) + " more";
    throw NotFound{text};
}

}  // namespace alloquy::io
