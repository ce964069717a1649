#pragma once

/// \file
/// TypicalPerson: a persona that can be asked what a real person is asked, and is none.

#include <optional>
#include <string>

#include <alloquy/model/role.hpp>
#include <alloquy/segment/persona.hpp>

namespace alloquy::engine {

/// What is typical of a group: numbers field by field, and the role and language that most of them have.
struct TypicalPerson {
    segment::Persona profile;
    std::optional<model::RoleKind> role{};  ///< Of the primary role, where more than half have it.
    std::string language{};                 ///< Likewise; empty where no language is.
};

}  // namespace alloquy::engine
