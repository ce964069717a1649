#include <alloquy/io/holiday_files.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/range.hpp>

namespace alloquy::io {

namespace {

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

[[nodiscard]] bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
[[nodiscard]] char to_lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Places of the columns in a line.
struct Columns {
    std::size_t count = 0;
    std::size_t country = 0;
    std::size_t start = 0;
    std::size_t end = 0;
    std::size_t type = 0;
    std::size_t name = 0;
    std::optional<std::size_t> groups;
    std::optional<std::size_t> subdivisions;
};

[[nodiscard]] Columns read_header(std::string_view line) {
    const std::vector<std::string_view> fields = split(line, ';');
    std::vector<ParseError::Issue> issues;
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
        const auto found = std::find(fields.begin(), fields.end(), name);
        if (found == fields.end()) return std::nullopt;
        if (std::find(std::next(found), fields.end(), name) != fields.end()) {
            issues.push_back({1, "", "column " + std::string{name} + " is there twice"});
        }
        return static_cast<std::size_t>(found - fields.begin());
    };
    const auto need = [&](std::string_view name) {
        const std::optional<std::size_t> place = find(name);
        if (!place) issues.push_back({1, "", "column " + std::string{name} + " is missing"});
        return place.value_or(0);
    };
    Columns columns;
    columns.count = fields.size();
    columns.country = need("Country");
    columns.start = need("StartDate");
    columns.end = need("EndDate");
    columns.type = need("Type");
    columns.name = need("Name");
    columns.groups = find("Groups");
    columns.subdivisions = find("Subdivisions");
    if (!issues.empty()) throw ParseError{"file of holidays: not in its format", std::move(issues)};
    return columns;
}

/// A row is refused for its first fault.
struct Fault {
    std::string column;
    std::string message;
};

/// "NL Kerstvakantie,EN Christmas Holidays"; a part without a language continues the one before it.
[[nodiscard]] std::optional<Fault> read_names(std::string_view field, std::vector<time::HolidayName>& names) {
    for (const std::string_view part : split(field, ',')) {
        const bool has_language = part.size() > 3 && is_upper(part[0]) && is_upper(part[1]) && part[2] == ' ';
        if (!has_language) {
            if (names.empty()) return Fault{"Name", "expected a language of two capitals, a blank and a name"};
            names.back().text += ',';
            names.back().text += part;
            continue;
        }
        const std::string language{to_lower(part[0]), to_lower(part[1])};
        for (const time::HolidayName& known : names) {
            if (known.language == language) return Fault{"Name", "language " + language + " is there twice"};
        }
        names.push_back({language, std::string{part.substr(3)}});
    }
    return std::nullopt;
}

[[nodiscard]] std::optional<Fault> read_codes(const std::string& column, std::string_view field,
                                              std::vector<std::string>& codes) {
    if (field.empty()) return std::nullopt;
    for (const std::string_view code : split(field, ',')) {
        if (code.empty()) return Fault{column, "expected codes split by ',', got an empty one"};
        codes.emplace_back(code);
    }
    return std::nullopt;
}

/// Reads one line into the file, or says why not.
[[nodiscard]] std::optional<Fault> read_row(std::string_view line, const Columns& columns, HolidayFile& file) {
    if (line.find('"') != std::string_view::npos) return Fault{"", "quotes are not part of this format"};
    const std::vector<std::string_view> fields = split(line, ';');
    if (fields.size() != columns.count) {
        return Fault{"", "expected " + std::to_string(columns.count) + " fields, got " + std::to_string(fields.size())};
    }
    const std::string_view country = fields[columns.country];
    if (country.size() != 2 || !is_upper(country[0]) || !is_upper(country[1])) {
        return Fault{"Country", "expected two capitals (ISO 3166-1)"};
    }
    if (!file.country.empty() && country != file.country) {
        return Fault{"Country", "expected the same country as in the rows before, " + file.country};
    }
    const std::optional<time::Day> start = time::Day::from_iso(fields[columns.start]);
    if (!start) return Fault{"StartDate", "expected a date YYYY-MM-DD"};
    std::optional<time::Day> last = start;
    if (!fields[columns.end].empty()) last = time::Day::from_iso(fields[columns.end]);
    if (!last) return Fault{"EndDate", "expected a date YYYY-MM-DD or nothing"};
    if (*last < *start) return Fault{"EndDate", "must not lie before StartDate"};
    if (last->unix_days() == time::Day::max_unix_days) return Fault{"EndDate", "must lie before 9999-12-31"};

    time::Holiday holiday{time::Range{*start, *last + 1}, {}, time::HolidayKind::public_holiday, true, {}};
    const std::string_view type = fields[columns.type];
    if (type == "School") {
        holiday.kind = time::HolidayKind::school_holiday;
    } else if (type != "Public") {
        return Fault{"Type", "expected Public or School"};
    }
    if (auto fault = read_names(fields[columns.name], holiday.names)) return fault;
    if (columns.groups) {
        if (auto fault = read_codes("Groups", fields[*columns.groups], holiday.regions)) return fault;
    }
    if (columns.subdivisions) {
        if (auto fault = read_codes("Subdivisions", fields[*columns.subdivisions], holiday.regions)) return fault;
    }
    file.country = country;
    file.holidays.push_back(std::move(holiday));
    return std::nullopt;
}

}  // namespace

HolidayFile parse_holidays(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());
    HolidayFile file;
    std::optional<Columns> columns;
    std::size_t number = 0;
    for (std::string_view line : split(text, '\n')) {
        ++number;
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!columns) {
            columns = read_header(line);
        } else if (!line.empty()) {
            if (auto fault = read_row(line, *columns, file)) {
                file.issues.push_back({number, std::move(fault->column), std::move(fault->message)});
            }
        }
    }
    return file;
}

HolidayFile read_holidays(const std::filesystem::path& path) {
    std::error_code status_error;
    if (!std::filesystem::is_regular_file(path, status_error)) {
        throw NotFound{"read_holidays: no file " + path.string()};
    }
    std::ifstream file{path, std::ios::binary};
    if (!file) throw Error{"read_holidays: cannot open " + path.string()};
    const std::string text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    if (file.bad()) throw Error{"read_holidays: cannot read " + path.string()};
    return parse_holidays(text);
}

}  // namespace alloquy::io
