#pragma once

/// \file
/// Conditions of segments within other JSON documents, such as a playbook.

#include <cstddef>

#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>

#include "positioned_json.hpp"

namespace alloquy::io {

/// How deep the JSON of a condition may be, for PositionedJson::parse(): what 200 brackets within each other can take,
/// each with an `or` and an `and` of an object and an array.
inline constexpr std::size_t condition_json_depth = 1000;

/// Reads the JSON form of a condition; see condition_from_json(). Problems go to the checker.
///
/// \param checker    The one that the cursor is of.
/// \param node       The condition. May be void: then nothing is recorded.
/// \param catalogue  The fields that there are.
/// \return  The condition; where there were problems, some condition.
[[nodiscard]] segment::Condition condition_from(Checker& checker, Cursor node, const segment::Catalogue& catalogue);

}  // namespace alloquy::io
