#pragma once

/// \file
/// RowBatch: facts as they go into the file, encoded and with their commitments.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/store/hash.hpp>

namespace alloquy::store::detail {

/// One row of the table fact, without its number. Key and payload lie in the batch's bytes.
struct Row {
    std::int64_t person;
    std::int64_t at;
    std::int64_t known_at;
    std::uint64_t ordinal;  ///< Which of the caller's facts it is.
    std::size_t offset;     ///< Of the key; the payload follows it.
    std::uint32_t key_size;
    std::uint32_t payload_size;
    std::uint16_t source;
    std::uint8_t kind;
    bool has_inverse;  ///< The next row is the inverse of this relation: both enter or none.
    bool is_inverse;
    Hash commitment;
};

struct RowBatch {
    std::string bytes;
    std::vector<Row> rows;

    [[nodiscard]] std::string_view key(const Row& row) const noexcept {
        return std::string_view{bytes}.substr(row.offset, row.key_size);
    }
    [[nodiscard]] std::string_view payload(const Row& row) const noexcept {
        return std::string_view{bytes}.substr(row.offset + row.key_size, row.payload_size);
    }
    void clear() noexcept {
        bytes.clear();
        rows.clear();
    }
};

}  // namespace alloquy::store::detail
