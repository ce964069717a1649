#pragma once

/// \file
/// Version of the library, as numbers and as text.

#include <string_view>

namespace alloquy {

/// Semantic version of this library; equal to `project(... VERSION)` in CMakeLists.txt, which a test checks.
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr std::string_view version_text = "0.1.0";

}  // namespace alloquy
