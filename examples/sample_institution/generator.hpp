#pragma once

/// \file
/// generator: writes a made-up Dutch college (people, contacts, dialogues, outcomes) as CSV files, from a seed alone.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <alloquy/time/day.hpp>

namespace sample {

/// What to generate. Equal options give byte-equal files with any compiler and optimisation level, provided that the
/// compiler neither contracts nor reassociates floating-point operations (-ffp-contract=off, no -ffast-math).
struct Options {
    std::uint32_t people = 5'000;  ///< People of all kinds; 1 to 999,999.
    int years = 2;                 ///< Length of the period, years; 1 to 10.
    std::uint64_t seed = 1;        ///< Any value; another seed is another college.
    /// First day after the period, in Europe/Amsterdam; 2001-01-01 to 2090-12-31. The period begins on the same date
    /// `years` earlier (on 28 February where that date does not exist).
    alloquy::time::Day end_exclusive = alloquy::time::Day::from_ymd(2026, 9, 1);
};

/// The files, in the order of Counts.
inline constexpr std::array<std::string_view, 11> file_names{
    "people.csv",        "roles.csv",      "consents.csv", "interactions.csv", "dialogues.csv", "relations.csv",
    "organisations.csv", "enrolments.csv", "results.csv",  "obligations.csv",  "truth.csv"};

/// What one file holds.
struct FileCount {
    std::uint64_t rows = 0;     ///< Data rows in all, doubles and broken rows included, header line excluded.
    std::uint64_t doubles = 0;  ///< Of these: exact repetitions of an earlier row.
    std::uint64_t broken = 0;   ///< Of these: rows that an import must refuse.
    std::uint64_t late = 0;     ///< Of the rows that are neither: known later than they happened.

    friend bool operator==(const FileCount&, const FileCount&) = default;
};

/// Counts per file; element i belongs to file_names[i].
using Counts = std::array<FileCount, file_names.size()>;

/// Generates the college and writes its files into a folder, which is made where it is absent; files of the same names
/// are replaced.
///
/// \throws alloquy::InvalidArgument  if an option is out of range.
/// \throws alloquy::Error            if the folder or a file cannot be written.
/// \par Cost  About 100 interactions per person and two years, all held in memory at once (some 120 bytes each).
Counts generate(const Options& options, const std::filesystem::path& out_dir);

}  // namespace sample
