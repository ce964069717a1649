#pragma once

/// \file
/// Progress of an import, with ==.

#include <cstdint>
#include <optional>

#include <alloquy/io/import.hpp>

namespace alloquy::python {

struct Progress {
    std::uint64_t consumed_bytes;
    std::optional<std::uint64_t> total_bytes;
    friend bool operator==(const Progress&, const Progress&) = default;
};
struct ImportProgress {
    Progress bytes;
    std::uint64_t rows;
    friend bool operator==(const ImportProgress&, const ImportProgress&) = default;
};

[[nodiscard]] inline ImportProgress comparable(const io::ImportProgress& progress) {
    return {{progress.bytes.consumed_bytes, progress.bytes.total_bytes}, progress.rows};
}

}  // namespace alloquy::python
