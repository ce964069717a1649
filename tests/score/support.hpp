#pragma once

/// \file
/// Helpers that several tests of score/ share: refusals, errors of numbers, the real data.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>

namespace alloquy::support {

[[nodiscard]] inline double relative_error(double value, double exact) {
    return std::abs(value - exact) / std::abs(exact);
}

/// The text of the InvalidArgument that a call throws; empty if it throws none.
[[nodiscard]] inline std::string refusal(const std::function<void()>& call) {
    try {
        call();
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return {};
}

[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A file of the real data in $ALLOQUY_DATA (else ../shared/data), to be read line by line; where it is absent, nothing
/// and a message that the test is skipped.
[[nodiscard]] inline std::optional<std::ifstream> real_data(const std::string& folder, const std::string& name) {
    const char* const data = std::getenv("ALLOQUY_DATA");
    std::ifstream file{std::filesystem::path{data != nullptr ? data : "../shared/data"} / folder / name};
    if (!file) {
        MESSAGE("SKIPPED: " << name << " is not there (set ALLOQUY_DATA)");
        return std::nullopt;
    }
    return std::optional{std::move(file)};
}

}  // namespace alloquy::support
