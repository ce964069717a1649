#pragma once

/// \file
/// Zone files: reads IANA time zones from the system's compiled time zone database.

#include <filesystem>
#include <optional>
#include <string_view>

#include <alloquy/time/zone.hpp>

namespace alloquy::io {

/// Reads one IANA time zone from a directory of TZif files.
///
/// \param name       Such as "Europe/Amsterdam": parts of ASCII letters, digits, '_', '-' and '+', joined by '/'.
/// \param directory  Root of the compiled database.
/// \throws InvalidArgument  if name has another form, so that no name can leave the directory.
/// \throws NotFound         if the directory has no such file; the text says what to install.
/// \throws ParseError       if the file is not a valid TZif file or larger than 1 MiB.
/// \throws Error            if the file cannot be read.
[[nodiscard]] time::Zone read_zone(std::string_view name,
                                   const std::filesystem::path& directory = "/usr/share/zoneinfo");

/// The same for a name that may be wrong, such as one out of a person's data: nothing where it names no zone or the
/// database has none of that name. A damaged file or a missing database is still an error.
/// \throws NotFound, ParseError, Error  if the directory is not there, or as read_zone for a file that is.
[[nodiscard]] std::optional<time::Zone> find_zone(std::string_view name,
                                                  const std::filesystem::path& directory = "/usr/share/zoneinfo");

}  // namespace alloquy::io
