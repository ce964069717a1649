#pragma once

/// \file
/// Journal::Impl: what a journal is made of.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/store/journal.hpp>
#include <alloquy/utf8.hpp>

#include "file.hpp"
#include "registry.hpp"
#include "rows.hpp"
#include "sqlite.hpp"
#include "writer.hpp"

namespace alloquy::store {

class Journal::Impl {
public:
    /// \param taken  Null for read-only journals and those in memory.
    Impl(std::string file, OpenMode how, std::unique_ptr<detail::WriterLock> taken, std::size_t writer_cache_bytes);

    /// A reading connection, lent for a scope.
    class Reader {
    public:
        explicit Reader(const Impl& impl);
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        ~Reader();
        sqlite::Connection* operator->() const noexcept { return connection_.get(); }
        sqlite::Connection& operator*() const noexcept { return *connection_; }

    private:
        const Impl& impl_;
        std::unique_ptr<sqlite::Connection> connection_;
    };

    void check_writable() const;
    /// Throws unless the symbol of an external key is known and the key has an allowed length.
    void check_key(model::Source system, std::string_view key) const;

    /// Throws InvalidArgument unless this journal would take the fact. Encodes as a side product, into `scratch`.
    void check(const model::Fact& fact, std::string& scratch) const;
    /// Appends the rows of a fact.
    void encode(const model::Fact& fact, std::uint64_t ordinal, detail::RowBatch& batch, std::string& scratch) const;

    /// Runs work in a transaction that is shared with the calls that come at the same time; returns when it is on disk.
    void write(const std::function<void(detail::Writer&)>& work);
    /// Runs work in a transaction of its own. Whatever it throws rolls it back.
    void write_alone(const std::function<void(detail::Writer&)>& work);
    /// Makes what the registry has pending durable, unless a bulk append will.
    void write_pending();

    std::string name;
    OpenMode mode;
    std::size_t cache_bytes;
    std::unique_ptr<detail::WriterLock> lock;
    std::unique_ptr<detail::Writer> writer;  // after the lock, so that it is closed before it
    mutable std::unique_ptr<detail::Registry> registry;
    std::atomic<bool> bulk_open = false;
    bool leave_out_commitments = false;  ///< For measurements only.

private:
    struct Request {
        const std::function<void(detail::Writer&)>& work;
        std::exception_ptr error{};
        bool done = false;
    };
    void run(std::vector<Request*>& requests);
    void encode_row(const model::Fact& fact, std::uint64_t ordinal, detail::RowBatch& batch,
                    std::string& scratch) const;

    std::mutex queue_mutex_;
    std::condition_variable queue_changed_;
    std::vector<Request*> queue_;
    bool has_leader_ = false;

    mutable std::mutex readers_mutex_;
    mutable std::vector<std::unique_ptr<sqlite::Connection>> readers_;
};

/// The way from a journal to its inside.
struct JournalInternals {
    using Impl = Journal::Impl;
    [[nodiscard]] static Journal::Impl& of(Journal& journal) noexcept { return *journal.impl_; }
};

namespace detail {

/// True for UTF-8 without the character U+0000, at which SQLite's functions of texts stop.
[[nodiscard]] inline bool is_name_text(std::string_view text) noexcept {
    return text.find('\0') == std::string_view::npos && !first_invalid_utf8(text);
}

/// A hash from a column; nothing if it has another length.
[[nodiscard]] inline std::optional<Hash> as_hash(std::span<const std::byte> bytes) noexcept {
    Hash hash;
    if (bytes.size() != hash.size()) return std::nullopt;
    std::ranges::copy(bytes, hash.begin());
    return hash;
}

/// Adds what is wrong with the versions of segments and the changes of membership. The caller holds a read transaction.
void audit_memberships(sqlite::Connection& reader, std::vector<AuditIssue>& issues);

/// For measurements only: all later facts of this journal carry commitments of zeros and its chain is not computed.
void leave_out_commitments(Journal& journal);

}  // namespace detail

}  // namespace alloquy::store
