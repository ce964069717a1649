// Feeds any bytes to CsvReader, in every format, and holds it to its promises: the same rows and issues for any cut of
// the bytes into pieces, valid UTF-8 out, one width for all rows, lines that do not go back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <alloquy/io/csv_reader.hpp>

#include "../../src/io/encoding.hpp"

namespace {

using alloquy::io::CsvEvent;
using alloquy::io::CsvFormat;
using alloquy::io::CsvReader;
using alloquy::io::CsvRow;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Everything that comes out of the reader, as one text.
std::string read_all(const std::string& bytes, const CsvFormat& format) {
    std::string log;
    try {
        CsvReader reader{alloquy::io::from_memory(bytes), format};
        for (const std::string& name : reader.header()) log += "h " + name + '\n';
        CsvRow row;
        std::size_t last_line = 0;
        std::size_t width = reader.header().size();
        for (;;) {
            const CsvEvent event = reader.read(row);
            if (event == CsvEvent::end) break;
            if (event == CsvEvent::issue) {
                const alloquy::RowIssue& issue = reader.issue();
                require(issue.line >= last_line && !issue.message.empty());
                last_line = issue.line;
                log += "i " + std::to_string(issue.line) + ' ' + issue.column + ' ' + issue.message + '\n';
                continue;
            }
            require(row.line() >= last_line && row.line() >= 1);
            last_line = row.line();
            if (width == 0) width = row.size();
            require(row.size() == width);
            log += "r " + std::to_string(row.line());
            for (const std::string_view field : row.fields()) {
                require(!alloquy::io::first_invalid_utf8(field));
                require(field.size() <= format.max_field_bytes);
                log += '|';
                log += field;
            }
            log += '\n';
        }
    } catch (const alloquy::Error& error) {
        log += std::string{"e "} + error.what();
    }
    return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    CsvFormat format;
    format.delimiter = (data[0] & 1U) != 0 ? '\t' : ',';
    if ((data[0] & 2U) != 0) format.quote.reset();
    format.has_header = (data[0] & 4U) != 0;
    format.trim = (data[0] & 8U) != 0;
    if ((data[0] & 16U) != 0) format.comment = '#';
    format.line_end = static_cast<alloquy::io::LineEnd>((data[0] >> 5U) % 3);
    format.encoding = static_cast<alloquy::io::Encoding>(data[1] % 6);
    format.max_field_bytes = 1 + data[2] % 32;
    format.max_record_bytes = 1 + data[3] % 128;
    const std::string bytes{reinterpret_cast<const char*>(data + 4), size - 4};
    const std::string expected = read_all(bytes, format);
    for (const std::size_t buffer_bytes : {1U, 2U, 3U, 7U, 64U}) {
        format.buffer_bytes = buffer_bytes;
        require(read_all(bytes, format) == expected);
    }
    return 0;
}
