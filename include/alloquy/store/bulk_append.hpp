#pragma once

/// \file
/// BulkAppend: enters very many facts, in few large commits, while the caller prepares the next ones.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <alloquy/model/fact.hpp>
#include <alloquy/store/journal.hpp>

namespace alloquy::store {

struct BulkOptions {
    /// A commit after at least so many facts; 0 = only at commit().
    std::size_t facts_per_commit = 1'000'000;
    /// Page cache of the writer meanwhile, where it is more than the journal's. Filled only as far as it is needed.
    std::size_t cache_bytes = std::size_t{256} << 20U;
};

/// What became of the facts that were appended.
struct BulkResult {
    std::uint64_t entered = 0;        ///< Facts on disk now that were not before; inverses of relations not counted.
    std::uint64_t already_there = 0;  ///< Same fact was there.
    /// Conflicts, by ordinal: 0 is the first fact that was ever appended to this object. Ascending.
    std::vector<std::uint64_t> conflicts;

    friend bool operator==(const BulkResult&, const BulkResult&) = default;
};

/// A running bulk append. The thread that appends encodes the facts and computes their commitments; a second one writes
/// them. What is refused, what conflicts and what is entered is as with Journal::record, and a rerun enters what is
/// missing.
///
/// At most one per journal at a time, not shared between threads, and gone before its journal. Another thread may
/// record meanwhile; its commit includes what this one has written so far. Interning into the journal's symbols between
/// two calls is fine.
class BulkAppend {
public:
    /// \throws InvalidArgument  if the journal is read-only or another BulkAppend is open.
    explicit BulkAppend(Journal& journal, const BulkOptions& options = {});
    BulkAppend(const BulkAppend&) = delete;
    BulkAppend& operator=(const BulkAppend&) = delete;
    /// Rolls back what was not committed.
    ~BulkAppend();

    /// Takes facts; they need not outlive the call. Within one batch of 65,536, facts are numbered by (person, source,
    /// key) and not by arrival; a person's first fact of a key comes first.
    ///
    /// \throws InvalidArgument  as Journal::record does; none of these facts is taken then, and it goes on.
    /// \throws StoreError       if writing failed. What was committed stays, the rest is rolled back, and this object
    ///                          takes no more.
    void append(std::span<const model::Fact> facts);

    /// Facts taken so far: the ordinal of the next one.
    [[nodiscard]] std::uint64_t appended() const noexcept;

    /// Writes and commits all that was appended. More may be appended afterwards.
    /// \return  Totals since the object was made.
    /// \throws StoreError  as append() does.
    BulkResult commit();

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace alloquy::store
