#pragma once

/// \file
/// Playbook reader: an institution's policy as one JSON document, read with all its errors at once, and written.

#include <filesystem>
#include <string>
#include <string_view>

#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>

namespace alloquy::io {

/// Reads a playbook. The format is described by src/io/schema/playbook.schema.json.
///
/// What may be left out keeps the default of its struct: the whole of "engagement" (or "half_lives", or "acts", or
/// "directions" in it), "reachability", "pools", "contact_caps" and so on. Where "acts" or "directions" is given, it
/// is the whole list: acts and directions that it does not name weigh 0. Lengths of time are in days, fractions
/// allowed, and are rounded to the millisecond. Names must be known: channels, topics, purposes and pools those of this
/// playbook, columns those of engine::column_names.
///
/// \param json_text  JSON in UTF-8.
/// \param name       What error texts call it: the file's name, say.
/// \throws ParseError  with every problem found, each with line, JSON pointer and what was expected.
/// \par Cost  O(n log n) in the size of the text, and O(n^2) in the number of entries of one kind.
[[nodiscard]] engine::Playbook read_playbook(std::string_view json_text, const std::string& name);

/// The same from a file, plain or gzip.
/// \throws NotFound    if there is no such file.
/// \throws Error       if it cannot be read or is larger than 64 MiB.
/// \throws ParseError  as above.
[[nodiscard]] engine::Playbook read_playbook_file(const std::filesystem::path& path);

/// The JSON document of a playbook, indented, every value written out. A playbook that read_playbook gave reads back
/// equal.
/// \throws InvalidArgument  if a text in it is not UTF-8 or a number is not finite.
[[nodiscard]] std::string write_playbook(const engine::Playbook& playbook);

}  // namespace alloquy::io
