#pragma once

/// \file
/// Instants for tests, from text or in minutes from a fixed Monday.

#include <chrono>
#include <cstdint>
#include <string_view>

#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::support {

/// An instant from ISO 8601 text; a typing error in a test throws.
[[nodiscard]] inline time::Instant at(std::string_view iso) {
    return time::instant_from_iso(iso).value();
}

/// The instant so many minutes after 2026-01-05T00:00Z, a Monday.
[[nodiscard]] inline time::Instant minute(std::int64_t minutes) {
    return at("2026-01-05T00:00Z") + std::chrono::minutes{minutes};
}

}  // namespace alloquy::support
