#pragma once

/// \file
/// Writer: the one connection that writes, with the transaction and the block of the audit chain that are open.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <alloquy/store/journal.hpp>

#include "registry.hpp"
#include "rows.hpp"
#include "sqlite.hpp"

namespace alloquy::store::detail {

/// A mutex that serves in the order of asking, so that a bulk append cannot starve a single record.
class FairMutex {
public:
    void lock() {
        std::unique_lock guard{mutex_};
        const std::uint64_t ticket = next_++;
        changed_.wait(guard, [&] { return serving_ == ticket; });
    }
    void unlock() {
        {
            const std::lock_guard guard{mutex_};
            ++serving_;
        }
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t next_ = 0;
    std::uint64_t serving_ = 0;
};

/// Facts of one block at most; keeps the zone map fine and the memory for the chain small.
inline constexpr std::size_t max_block_facts = 65'536;

/// Every member but mutex() is called with the mutex held.
class Writer {
public:
    Writer(std::unique_ptr<sqlite::Connection> connection, Registry& registry);

    [[nodiscard]] FairMutex& mutex() noexcept { return mutex_; }
    [[nodiscard]] sqlite::Connection& connection() noexcept { return *connection_; }

    /// Opens a transaction unless one is open, and writes what the registry has pending.
    void begin();
    /// Enters a row, or a row and its inverse behind it.
    Entry enter(const RowBatch& batch, std::size_t row);
    /// Ends the open block of the chain.
    void close_block();
    /// Closes the block and commits. On failure all is rolled back.
    void commit();
    /// Gives pending people and words back to the registry.
    void rollback() noexcept;

    /// Committed facts.
    [[nodiscard]] std::uint64_t last_seq() const noexcept { return committed_.seq; }
    /// These and the facts of the open transaction, which are committed with whatever is written next.
    [[nodiscard]] std::uint64_t last_seq_so_far() const noexcept { return current_.seq; }

    /// To be called before rows of a bulk append are entered.
    void mark_bulk() noexcept { has_bulk_rows_ = true; }
    [[nodiscard]] bool has_bulk_rows() const noexcept { return has_bulk_rows_; }
    /// True once after another call's failure rolled back rows of a bulk append.
    [[nodiscard]] bool take_bulk_lost() noexcept { return std::exchange(bulk_lost_, false); }

    /// For measurements only: blocks are written without a hash.
    bool without_chain = false;

private:
    struct Place {
        std::uint64_t seq = 0;  ///< The last fact.
        Hash head{};            ///< Hash of the last block.
    };

    void write_pending();
    [[nodiscard]] Entry compare_with_stored(const RowBatch& batch, const Row& row);
    void insert(const RowBatch& batch, const Row& row);
    void note(const Row& row);

    FairMutex mutex_;
    std::unique_ptr<sqlite::Connection> connection_;
    Registry& registry_;
    Pending in_flight_;
    Place committed_;
    Place current_;
    bool has_bulk_rows_ = false;
    bool bulk_lost_ = false;

    std::vector<Hash> block_;
    std::int64_t min_at_ = 0;
    std::int64_t max_at_ = 0;
    std::int64_t min_known_at_ = 0;
    std::int64_t max_known_at_ = 0;

    sqlite::Statement insert_fact_;
};

}  // namespace alloquy::store::detail
