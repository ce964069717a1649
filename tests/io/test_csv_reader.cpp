#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/io/byte_source.hpp>
#include <alloquy/io/csv_reader.hpp>

namespace {

using alloquy::RowIssue;
using alloquy::io::CsvEvent;
using alloquy::io::CsvFormat;
using alloquy::io::CsvReader;
using alloquy::io::CsvRow;
using alloquy::io::Encoding;
using alloquy::io::from_memory;
using alloquy::io::LineEnd;
using Rows = std::vector<std::vector<std::string>>;

struct Result {
    Rows rows;
    std::vector<std::size_t> lines;
    std::vector<RowIssue> issues;

    friend bool operator==(const Result&, const Result&) = default;
};

Result read_source(std::unique_ptr<alloquy::io::ByteSource> source, const CsvFormat& format) {
    CsvReader reader{std::move(source), format};
    Result result;
    CsvRow row;
    while (reader.next(row)) {
        result.rows.emplace_back(row.fields().begin(), row.fields().end());
        result.lines.push_back(row.line());
    }
    result.issues = reader.take_issues();
    return result;
}

Result read(const std::string& bytes, const CsvFormat& format) {
    return read_source(from_memory(bytes), format);
}

/// Reads without a header line.
Rows rows_of(const std::string& bytes, CsvFormat format = {}) {
    format.has_header = false;
    Result result = read(bytes, format);
    CHECK(result.issues.empty());
    return result.rows;
}

CsvFormat without_header() {
    return {.has_header = false};
}

/// Gives pieces of changing size, so that every boundary falls everywhere sooner or later.
class Pieces final : public alloquy::io::ByteSource {
public:
    Pieces(std::string bytes, std::size_t largest) : bytes_{std::move(bytes)}, largest_{largest} {}
    std::size_t read(std::span<char> into) override {
        const std::size_t size = std::min({into.size(), bytes_.size() - at_, largest_});
        std::copy_n(bytes_.data() + at_, size, into.data());
        at_ += size;
        return size;
    }
    [[nodiscard]] alloquy::io::Progress progress() const noexcept override { return {at_, bytes_.size()}; }
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

private:
    std::string bytes_;
    std::size_t largest_;
    std::string name_ = "pieces";
    std::size_t at_ = 0;
};

std::filesystem::path data_folder() {
    const char* const folder = std::getenv("ALLOQUY_DATA");
    return folder != nullptr ? std::filesystem::path{folder} : std::filesystem::path{"../shared/data"};
}

/// Path of a file of real data, or nothing, said aloud, where it is absent.
std::optional<std::filesystem::path> real_file(const std::string& name) {
    const std::filesystem::path path = data_folder() / name;
    if (std::filesystem::exists(path)) return path;
    MESSAGE("SKIPPED: " << name << " is not there (set ALLOQUY_DATA)");
    return std::nullopt;
}

std::string utf_16(std::u16string_view text, bool is_big_endian) {
    std::string bytes;
    for (const char16_t unit : text) {
        const char high = static_cast<char>(unit >> 8U);
        const char low = static_cast<char>(unit & 0xffU);
        bytes += is_big_endian ? high : low;
        bytes += is_big_endian ? low : high;
    }
    return bytes;
}

}  // namespace

TEST_SUITE("io/csv_reader") {
    // ---- RFC 4180, section 2; its numbered rules with their own examples ----

    TEST_CASE("rule 1 and 2: records end with a line end, which the last one may lack") {
        const Rows expected{{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}};
        CHECK(rows_of("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n") == expected);
        CHECK(rows_of("aaa,bbb,ccc\r\nzzz,yyy,xxx") == expected);
    }

    TEST_CASE("rule 3: the header line names the columns") {
        CsvReader reader{from_memory("field_name,other\r\naaa,bbb\r\n")};
        CHECK(reader.header().size() == 2);
        CHECK(reader.header()[0] == "field_name");
        CHECK(reader.column("other") == 1);
        CsvRow row;
        REQUIRE(reader.next(row));
        CHECK(row.at(reader.column("other")) == "bbb");
        CHECK(row.line() == 2);
        CHECK_THROWS_AS((void)row.at(2), alloquy::InvalidArgument);
        CHECK_FALSE(reader.next(row));
        CHECK(row.size() == 0);
        CHECK_FALSE(reader.next(row));
    }

    TEST_CASE("rule 4: blanks belong to the field, and a last delimiter means one more field") {
        CHECK(rows_of(" a ,b,\n") == Rows{{" a ", "b", ""}});
        CHECK(rows_of(",,\n") == Rows{{"", "", ""}});
    }

    TEST_CASE("rule 5: fields may stand in quotes or not") {
        CHECK(rows_of("\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx") == Rows{{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}});
    }

    TEST_CASE("rule 6: line ends, quotes and delimiters inside quotes are data") {
        CHECK(rows_of("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,\"y,y\",xxx") ==
              Rows{{"aaa", "b\r\nbb", "ccc"}, {"zzz", "y,y", "xxx"}});
    }

    TEST_CASE("rule 7: a doubled quote inside quotes is one quote") {
        CHECK(rows_of("\"aaa\",\"b\"\"bb\",\"ccc\"") == Rows{{"aaa", "b\"bb", "ccc"}});
        CHECK(rows_of("\"\"\"\",\"\",\"\"\"a\"\"\"\"b\"") == Rows{{"\"", "", "\"a\"\"b"}});
    }

    // ---- lines ----

    TEST_CASE("LF, CRLF and CR files give the same rows and lines") {
        for (const std::string end : {"\n", "\r\n", "\r"}) {
            CAPTURE(end.size());
            const std::string text = "a,b" + end + "1,\"x" + end + "y\"" + end + end + "2,z" + end;
            const Result result = read(text, {});
            CHECK(result.rows == Rows{{"1", "x" + end + "y"}, {"2", "z"}});
            CHECK(result.lines == std::vector<std::size_t>{2, 5});
            CHECK(result.issues.empty());
        }
    }

    TEST_CASE("a CR in the text of an LF file is data, and is no line") {
        const Result result = read("a,b\n1,x\ry\n2,\"p\rq\"\n3,z\r\n", {});
        CHECK(result.rows == Rows{{"1", "x\ry"}, {"2", "p\rq"}, {"3", "z"}});
        CHECK(result.lines == std::vector<std::size_t>{2, 3, 4});
        // Also where the CR comes before the first LF, and with an LF that only stands inside quotes it is a CR file.
        CHECK(rows_of("x\ry,1\n2,3\n") == Rows{{"x\ry", "1"}, {"2", "3"}});
        CHECK(rows_of("1,\"p\nq\"\r2,3\r") == Rows{{"1", "p\nq"}, {"2", "3"}});
    }

    TEST_CASE("the kind of line end can be set") {
        CHECK(rows_of("x\ry\n", {.line_end = LineEnd::any}) == Rows{{"x"}, {"y"}});
        CHECK(rows_of("x\ry", {.line_end = LineEnd::lf_or_crlf}) == Rows{{"x\ry"}});
    }

    TEST_CASE("empty lines are skipped, a quoted empty field is not") {
        const Result result = read("\n\na\n\n\"\"\n\r\nb\n", without_header());
        CHECK(result.rows == Rows{{"a"}, {""}, {"b"}});
        CHECK(result.lines == std::vector<std::size_t>{3, 5, 7});
    }

    TEST_CASE("comment lines are skipped but counted") {
        const Result result = read("# made by hand, \"with a quote\na,b\n#x\n1,#2\n", {.comment = '#'});
        CHECK(result.rows == Rows{{"1", "#2"}});
        CHECK(result.lines == std::vector<std::size_t>{4});
    }

    TEST_CASE("trim drops blanks around fields, not those inside quotes") {
        CHECK(rows_of("  a\t, \" b \" ,c d  \n   \n", {.trim = true}) == Rows{{"a", " b ", "c d"}});
        CHECK(rows_of(" \t a\t\n", {.delimiter = '\t', .trim = true}) == Rows{{"", "a", ""}});
    }

    TEST_CASE("without a quote character quotes are data") {
        CHECK(rows_of("\"a,b\"\n", {.quote = std::nullopt}) == Rows{{"\"a", "b\""}});
    }

    // ---- bad records ----

    TEST_CASE("a record with another number of fields is an issue and the others go in") {
        const Result result = read("a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n", {});
        CHECK(result.rows == Rows{{"1", "2", "3"}, {"4", "5", "6"}});
        REQUIRE(result.issues.size() == 2);
        CHECK(result.issues[0] == RowIssue{3, "", "expected 3 fields, got 2"});
        CHECK(result.issues[1] == RowIssue{4, "", "expected 3 fields, got 4"});
    }

    TEST_CASE("without a header the first good record sets the number of fields") {
        const Result result = read("1,2\n1\n3,4\n", without_header());
        CHECK(result.rows == Rows{{"1", "2"}, {"3", "4"}});
        CHECK(result.issues == std::vector<RowIssue>{{2, "", "expected 2 fields, got 1"}});
    }

    TEST_CASE("a quote inside an unquoted field is data") {
        CHECK(rows_of("5\" pipe,x\"y\"\n") == Rows{{"5\" pipe", "x\"y\""}});
    }

    TEST_CASE("text after a closing quote costs its own record only") {
        const Result result = read("a,b\n1,\"x\"y\n2,z\n", {});
        CHECK(result.rows == Rows{{"2", "z"}});
        REQUIRE(result.issues.size() == 1);
        CHECK(result.issues[0].line == 2);
        CHECK(result.issues[0].column == "b");
        CHECK(result.issues[0].message.find("follows the closing quote of field 2") != std::string::npos);
    }

    TEST_CASE("a forgotten closing quote costs one record, not those up to the next quote") {
        const Result result = read("a,b\n1,\"x\n2,y\n3,\"z\"\n4,w\n", {});
        CHECK(result.rows == Rows{{"2", "y"}, {"3", "z"}, {"4", "w"}});
        REQUIRE(result.issues.size() == 1);
        CHECK(result.issues[0].line == 2);
    }

    TEST_CASE("a quote that is open at the end of the file names its line and swallows nothing") {
        const Result result = read("a,b\n1,x\n2,\"never\n3,y\n4,z", {});
        CHECK(result.rows == Rows{{"1", "x"}, {"3", "y"}, {"4", "z"}});
        CHECK(result.lines == std::vector<std::size_t>{2, 4, 5});
        REQUIRE(result.issues.size() == 1);
        CHECK(result.issues[0] ==
              RowIssue{3, "b", "the quote opened in line 3 is not closed before the end of the file"});
        // Alone at the very end too.
        CHECK(read("a\n\"", {}).issues.size() == 1);
    }

    TEST_CASE("a record that runs over lines with a wrong number of fields says which lines it took") {
        const Result result = read("a,b\n1,\"x\n2,y\"\n\n\"3\nz\"\n", {});
        CHECK(result.rows == Rows{{"1", "x\n2,y"}});
        REQUIRE(result.issues.size() == 1);
        CHECK(result.issues[0] == RowIssue{5, "", "expected 2 fields, got 1 (the record runs to line 6)"});
    }

    TEST_CASE("hostile quotes take linear time") {
        // Each line reopens the quote that the line before left open: reading anew from each line would take 200,000 x
        // 1 MiB steps.
        std::string text = "a,b\n";
        for (int i = 0; i < 200'000; ++i) text += "a\",\"\n";
        CsvReader reader{from_memory(std::move(text)), {.max_issues = 1'000'000}};
        CsvRow row;
        std::size_t rows = 0;
        while (reader.next(row)) ++rows;
        CHECK(rows + reader.issues().size() <= 200'000);
        CHECK(reader.issues().size() > 0);
    }

    TEST_CASE("bytes that are not UTF-8 are an issue with column and offset") {
        const Result result = read("a,b\n1,caf\xe9\n2,caf\xc3\xa9\n", {});
        CHECK(result.rows == Rows{{"2", "caf\xc3\xa9"}});
        REQUIRE(result.issues.size() == 1);
        CHECK(result.issues[0].line == 2);
        CHECK(result.issues[0].column == "b");
        CHECK(result.issues[0].message.find("byte offset 5 of the row") != std::string::npos);
        CHECK(result.issues[0].message.find("windows_1252") != std::string::npos);
        CHECK(result.issues[0].message.find("caf") == std::string::npos);  // no personal words
    }

    TEST_CASE("what RFC 3629 forbids in UTF-8 is refused, its extremes are not") {
        // RFC 3629, section 4 (syntax) and section 10 (overlong forms); bounds of each length from section 3.
        for (const std::string bad :
             {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
              "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xe2\x28\xa1"}) {
            CAPTURE(bad.size());
            CHECK(read("a\n" + bad + "\nok\n", {}).rows == Rows{{"ok"}});
            CHECK(read("a\n12345678" + bad + "12345678\nok\n", {}).issues.size() == 1);
        }
        for (const std::string good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                       "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
            CHECK(read("a\n" + good + "\n", {}).rows == Rows{{good}});
        }
    }

    TEST_CASE("a NUL byte is an issue") {
        using namespace std::string_literals;
        const Result result = read("a,b\n1,x\0y\n2,z\n3,\"\0\"\n"s, {});
        CHECK(result.rows == Rows{{"2", "z"}});
        REQUIRE(result.issues.size() == 2);
        CHECK(result.issues[0].column == "b");
        CHECK(result.issues[0].message.find("NUL byte at offset 3") != std::string::npos);
        CHECK(result.issues[1].line == 4);
    }

    TEST_CASE("a field over the limit is an issue, at the limit it is not") {
        const CsvFormat format{.max_field_bytes = 4};
        const Result result = read("a,b\n1,1234\n2,12345\n3,\"1234\"\n4,\"12345\"\n5,\"1\n345\"\n6,x\n", format);
        CHECK(result.rows == Rows{{"1", "1234"}, {"3", "1234"}, {"6", "x"}});
        REQUIRE(result.issues.size() == 4);  // the fourth: what is left of the record of line 6
        CHECK(result.issues[0] == RowIssue{3, "b", "field 2 is longer than 4 bytes"});
        CHECK(result.issues[1] == RowIssue{5, "b", "field 2 is longer than 4 bytes"});
        CHECK(result.issues[2].line == 6);
        CHECK(result.issues[3].line == 7);
    }

    TEST_CASE("a record over the limit is an issue, at the limit it is not") {
        const Result result = read("a,b\n1,345\n1,3456\n2,x\n", {.max_record_bytes = 5});
        CHECK(result.rows == Rows{{"1", "345"}, {"2", "x"}});
        CHECK(result.issues == std::vector<RowIssue>{{3, "", "the record is longer than 5 bytes"}});
    }

    TEST_CASE("rows and issues come in the order of the file") {
        CsvReader reader{from_memory("a,a\n1,2\n3\n4,5\n")};
        CsvRow row;
        CHECK(reader.read(row) == CsvEvent::issue);  // the doubled name
        CHECK(reader.read(row) == CsvEvent::row);
        CHECK(reader.read(row) == CsvEvent::issue);
        CHECK(row.size() == 0);
        CHECK(reader.issue().line == 3);
        CHECK(reader.read(row) == CsvEvent::row);
        CHECK(row.line() == 4);
        CHECK(reader.read(row) == CsvEvent::end);
        CHECK(reader.issues().empty());
    }

    TEST_CASE("more bad rows than the limit stop the reading with an error") {
        std::string text = "a,b\n";
        for (int i = 0; i < 30; ++i) text += "1\n";
        CsvReader reader{from_memory(text, "students.csv"), {.max_issues = 20}};
        CsvRow row;
        try {
            (void)reader.next(row);
            FAIL("did not stop");
        } catch (const alloquy::ParseError& error) {
            CHECK(error.issues().size() == 10);
            CHECK(error.line() == 2);
            CHECK(std::string_view{error.what()}.find("students.csv: more than 20 bad rows") != std::string_view::npos);
        }
    }

    // ---- header ----

    TEST_CASE("names that are empty or stand twice are reported and reading goes on") {
        CsvReader reader{from_memory(",id,id\n1,2,3\n")};
        CsvRow row;
        CHECK(reader.next(row));
        CHECK(reader.issues() ==
              std::vector<RowIssue>{{1, "", "column 1 has no name"},
                                    {1, "id", "the name stands for columns 2 and 3; take them by position"}});
        CHECK_THROWS_AS((void)reader.column("id"), alloquy::InvalidArgument);
        CHECK(reader.take_issues().size() == 2);
        CHECK(reader.issues().empty());
    }

    TEST_CASE("an unknown column is NotFound and the text lists those there are") {
        const CsvReader reader{from_memory("id,name\n", "people.csv")};
        CHECK_FALSE(reader.find_column("mail").has_value());
        try {
            (void)reader.column("mail");
            FAIL("found a column that is not there");
        } catch (const alloquy::NotFound& error) {
            CHECK(std::string{error.what()} == "people.csv: no column \"mail\"; there are: id, name");
        }
    }

    TEST_CASE("a file without a readable header line is a ParseError") {
        CHECK_THROWS_AS(CsvReader{from_memory("")}, alloquy::ParseError);
        CHECK_THROWS_AS(CsvReader{from_memory("\n\n")}, alloquy::ParseError);
        CHECK_THROWS_AS(CsvReader{from_memory("a,\"b\n1,2\n")}, alloquy::ParseError);
        CHECK_THROWS_AS(CsvReader{from_memory(std::string(20'000, ','))}, alloquy::ParseError);
        CHECK(rows_of("").empty());
    }

    TEST_CASE("a format that cannot be is refused") {
        const auto make = [](CsvFormat format) { CsvReader{from_memory("a\n"), format}; };
        CHECK_THROWS_AS(make({.delimiter = '\n'}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.delimiter = '\xe9'}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.delimiter = '"'}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.comment = ','}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.comment = '"'}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.quote = ' ', .trim = true}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.max_field_bytes = 0}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.max_record_bytes = 0}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.max_issues = 0}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(make({.buffer_bytes = 0}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(CsvReader{nullptr}, alloquy::InvalidArgument);
    }

    // ---- encodings ----

    TEST_CASE("single-byte encodings become UTF-8") {
        // Euro sign, S with caron, e acute, quotation marks: Unicode's CP1252.TXT, 8859-1.TXT and 8859-15.TXT.
        CHECK(rows_of("\x80\x8a\xe9\x93\x94\n", {.encoding = Encoding::windows_1252}) ==
              Rows{{"\u20ac\u0160\u00e9\u201c\u201d"}});
        CHECK(rows_of("\xe9\xa4\x80\n", {.encoding = Encoding::iso_8859_1}) == Rows{{"\u00e9\u00a4\xc2\x80"}});
        CHECK(rows_of("\xe9\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe\n", {.encoding = Encoding::iso_8859_15}) ==
              Rows{{"\u00e9\u20ac\u0160\u0161\u017d\u017e\u0152\u0153\u0178"}});
    }

    TEST_CASE("a byte that windows_1252 does not have is an issue") {
        const Result result = read("a\n\x81\nok\n", {.encoding = Encoding::windows_1252});
        CHECK(result.rows == Rows{{"ok"}});
        REQUIRE(result.issues.size() == 1);
        CHECK(result.issues[0].message.find("not valid windows_1252 at byte offset 0") != std::string::npos);
    }

    TEST_CASE("UTF-16 becomes UTF-8, with surrogate pairs, and with or without a byte order mark") {
        const std::u16string_view text = u"a,b\r\n\u00e9,\"\u20ac\n\U0001f600\"\r\n";
        const Rows expected{{"\u00e9", "\u20ac\n\U0001f600"}};
        for (const bool is_big_endian : {false, true}) {
            CAPTURE(is_big_endian);
            const Encoding encoding = is_big_endian ? Encoding::utf_16be : Encoding::utf_16le;
            CHECK(read(utf_16(text, is_big_endian), {.encoding = encoding}).rows == expected);
            const std::string marked = utf_16(u"\ufeff" + std::u16string{text}, is_big_endian);
            CHECK(read(marked, {}).rows == expected);
            CHECK(CsvReader{from_memory(marked)}.encoding() == encoding);
        }
    }

    TEST_CASE("half a surrogate pair and half a unit are issues") {
        const CsvFormat format{.encoding = Encoding::utf_16le};
        for (const char16_t half : {u'\xd83d', u'\xde00'}) {
            const Result result = read(utf_16(u"a\n" + std::u16string(1, half) + u"\nok\n", false), format);
            CHECK(result.rows == Rows{{"ok"}});
            REQUIRE(result.issues.size() == 1);
            CHECK(result.issues[0].line == 2);
        }
        CHECK(read(utf_16(u"a\nok\nx", false) + "y", format).issues.size() == 1);
    }

    TEST_CASE("a UTF-8 byte order mark is dropped and has precedence over the option") {
        const std::string text = "\xef\xbb\xbfid,b\n1,\xc3\xa9\n";
        CsvReader reader{from_memory(text), {.encoding = Encoding::windows_1252}};
        CHECK(reader.encoding() == Encoding::utf_8);
        CHECK(reader.column("id") == 0);
        CHECK(read(text, {.encoding = Encoding::windows_1252}).rows == Rows{{"1", "\u00e9"}});
        CHECK(rows_of("\xef\xbb\xbf").empty());
    }

    // ---- pieces ----

    TEST_CASE("the same bytes give the same rows and issues for any buffer and any pieces") {
        // Texts of the bytes that mean something, from a seeded generator.
        std::mt19937 random{20260501};
        const std::vector<std::string> tokens{",",  ",",    "\n",       "\r\n", "\r",
                                              "\"", "\"\"", "a",        "bc",   "\"",
                                              "#",  " ",    "\xc3\xa9", "\xe9", std::string(1, '\0')};
        for (int round = 0; round < 150; ++round) {
            CAPTURE(round);
            std::string text = "x,y\n";
            const std::size_t count = 20 + random() % 100;
            for (std::size_t i = 0; i < count; ++i) text += tokens[random() % tokens.size()];
            CsvFormat format;
            format.has_header = round % 2 == 0;
            format.trim = round % 3 == 0;
            format.line_end = static_cast<LineEnd>(round % 5 % 3);
            if (round % 7 == 0) format.comment = '#';
            if (round % 4 == 0) format.max_field_bytes = 6;
            if (round % 5 == 0) format.max_record_bytes = 15;
            if (round % 6 == 0) format.encoding = Encoding::windows_1252;
            const Result expected = read(text, format);
            for (std::size_t size = 1; size <= 64; ++size) {
                CAPTURE(size);
                format.buffer_bytes = size;
                REQUIRE(read(text, format) == expected);
                format.buffer_bytes = std::size_t{1} << 20U;
                REQUIRE(read_source(std::make_unique<Pieces>(text, size), format) == expected);
            }
        }
    }

    // ---- real data ----

    TEST_CASE("the OULAD tables have the published numbers of rows and no bad one") {
        // Row counts: the data set's own package, as given in SOURCE.md beside the files.
        const std::vector<std::pair<std::string, std::size_t>> files{
            {"assessments.csv", 206},       {"courses.csv", 22},
            {"studentInfo.csv.gz", 32'593}, {"studentRegistration.csv.gz", 32'593},
            {"vle.csv.gz", 6'364},          {"studentAssessment.csv.gz", 173'912}};
        for (const auto& file : files) {
            const auto& [name, expected] = file;
            CAPTURE(file.first);
            const auto path = real_file("oulad/" + name);
            if (!path) continue;
            const Result result = read_source(alloquy::io::open_file(*path), {});
            CHECK(result.rows.size() == expected);
            CHECK(result.issues.empty());
        }
    }

    TEST_CASE("the click file is read whole, sums to the counted clicks, and progress reaches the end") {
        const auto path = real_file("oulad/studentVle-first-1048575-rows.txt.gz");
        if (!path) return;
        CsvReader reader{alloquy::io::open_file(*path), {.delimiter = '\t', .quote = std::nullopt}};
        const std::size_t clicks_column = reader.column("sum_click");
        CsvRow row;
        std::size_t rows = 0;
        std::int64_t clicks = 0;
        while (reader.next(row)) {
            ++rows;
            clicks += std::stoll(std::string{row[clicks_column]});
        }
        CHECK(rows == 1'048'575);
        CHECK(clicks == 648'494 + 598'158 + 1'347'911 + 921'776);  // SOURCE.md, sum of clicks per presentation
        CHECK(row.size() == 0);
        CHECK(reader.issues().empty());
        CHECK(reader.progress().consumed_bytes == reader.progress().total_bytes);
        CHECK(reader.progress().total_bytes == std::filesystem::file_size(*path));
    }

    TEST_CASE("5,000 support tweets, with bare CRs inside a text, and an unnamed first column") {
        const auto path = real_file("twcs-first5000/twcs.csv.gz");
        if (!path) return;
        const Result result = read_source(alloquy::io::open_file(*path), {});
        REQUIRE(result.rows.size() == 5'000);
        CHECK(result.issues == std::vector<RowIssue>{{1, "", "column 1 has no name"}});
        std::size_t inbound = 0;
        std::size_t with_cr = 0;
        for (std::size_t i = 0; i < result.rows.size(); ++i) {
            CHECK(result.rows[i][0] == std::to_string(i));
            inbound += result.rows[i][3] == "True" ? 1U : 0U;
            if (result.rows[i][5].find('\r') != std::string::npos) {
                ++with_cr;
                CHECK(i == 2484);
            }
        }
        CHECK(inbound == 2'778);  // SOURCE.md
        CHECK(with_cr == 1);
    }

    TEST_CASE("14,640 airline tweets with line ends inside quotes") {
        const auto path = real_file("airline-tweets/Tweets.csv.gz");
        if (!path) return;
        const Result result = read_source(alloquy::io::open_file(*path), {});
        CHECK(result.rows.size() == 14'640);
        CHECK(result.issues.empty());
        std::size_t negative = 0;
        for (const auto& row : result.rows) negative += row[1] == "negative" ? 1U : 0U;
        CHECK(negative == 9'178);  // SOURCE.md
    }

    TEST_CASE("Python's csv module reads the same fields") {
        // Both sides give a 64-bit FNV-1a hash over all fields, each followed by byte 1f, each row by byte 1e.
        const std::string script =
            "import csv,gzip,sys\n"
            "h=0xcbf29ce484222325\n"
            "rows=csv.reader(gzip.open(sys.argv[1],'rt',encoding='utf-8',newline=''))\n"
            "data=''.join(''.join(f+'\\x1f' for f in r)+'\\x1e' for r in rows).encode()\n"
            "for b in data: h=((h^b)*0x100000001b3)&0xffffffffffffffff\n"
            "print('%016x'%h)\n";
        if (std::system("python3 -c 'import csv, gzip' >/dev/null 2>&1") != 0) {
            MESSAGE("SKIPPED: python3 is not there");
            return;
        }
        for (const std::string name : {"airline-tweets/Tweets.csv.gz", "oulad/studentInfo.csv.gz"}) {
            CAPTURE(name);
            const auto path = real_file(name);
            if (!path) continue;
            const std::string command = "python3 -c \"" + script + "\" '" + path->string() + "'";
            std::FILE* const pipe = popen(command.c_str(), "r");
            REQUIRE(pipe != nullptr);
            std::string expected;
            for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) expected += static_cast<char>(c);
            REQUIRE(pclose(pipe) == 0);

            std::uint64_t hash = 0xcbf29ce484222325U;
            const auto add = [&hash](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U; };
            CsvReader reader{alloquy::io::open_file(*path), without_header()};
            CsvRow row;
            while (reader.next(row)) {
                for (const std::string_view field : row.fields()) {
                    for (const char c : field) add(c);
                    add('\x1f');
                }
                add('\x1e');
            }
            std::array<char, 18> text{};
            std::snprintf(text.data(), text.size(), "%016llx\n", static_cast<unsigned long long>(hash));
            CHECK(std::string{text.data()} == expected);
        }
    }
}
