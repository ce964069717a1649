#pragma once

/// \file
/// Reading of a fact from a row of the table fact.

#include <alloquy/model/fact.hpp>

#include "sqlite.hpp"

namespace alloquy::store::detail {

/// Reads a fact from a row that begins with person, source, key, at, known_at, kind, payload.
/// \throws StoreError  if it is damaged; the text names the person's id.
[[nodiscard]] model::Fact read_fact(const sqlite::Statement& row);

}  // namespace alloquy::store::detail
