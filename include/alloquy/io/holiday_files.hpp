#pragma once

/// \file
/// Holiday files: reads public and school holidays in the CSV form of the OpenHolidays project.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/time/holidays.hpp>

namespace alloquy::io {

/// What a file of holidays holds.
struct HolidayFile {
    std::string country;                  ///< ISO 3166-1 alpha-2, of all rows; empty where no row was good.
    std::vector<time::Holiday> holidays;  ///< The good rows, in the order of the file.
    std::vector<RowIssue> issues;         ///< The bad rows.
};

/// Reads holidays from text: UTF-8 with or without byte order mark, lines ended by LF or CRLF, fields split by ';'
/// without quotes, the first line a header.
///
/// Columns: Country, StartDate (YYYY-MM-DD), EndDate (inclusive; empty = one day), Type (Public or School), Name
/// ("NL Kerstvakantie,EN Christmas Holidays"), and optionally Groups and Subdivisions (codes split by ','), which
/// both become regions; a holiday with none holds everywhere. Other columns are not looked at. All rows are of the
/// country of the first good one. Every public holiday is taken for a day off: the files do not say.
///
/// \throws ParseError  if the header is missing or lacks a needed column, or names one twice.
[[nodiscard]] HolidayFile parse_holidays(std::string_view text);

/// Reads holidays from a file; see parse_holidays.
///
/// \throws NotFound    if there is no such file.
/// \throws ParseError  as parse_holidays.
/// \throws Error       if the file cannot be read.
[[nodiscard]] HolidayFile read_holidays(const std::filesystem::path& path);

}  // namespace alloquy::io
