// Snapshots, audit and copies of a journal.

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <alloquy/store/journal.hpp>

#include "codec.hpp"
#include "journal_impl.hpp"
#include "read_fact.hpp"

namespace alloquy::store {

using detail::as_hash;
using detail::Writer;
using sqlite::Connection;
using sqlite::Statement;
using sqlite::Use;

namespace {

void check_chunk(std::string_view what, std::size_t size) {
    if (size < 1 || size > max_snapshot_chunk_bytes) {
        throw InvalidArgument{"journal: " + std::string{what} + " of a snapshot must have 1 to " +
                              std::to_string(max_snapshot_chunk_bytes) + " bytes, got " + std::to_string(size)};
    }
}

bool is_equal(std::span<const std::byte> bytes, const Hash& hash) {
    return std::ranges::equal(bytes, hash);
}

/// Covers what latest_snapshot() gives besides the chunks.
Hash header_hash(std::uint64_t seq, std::uint64_t chunk_count, std::span<const std::byte> header) {
    return Hasher{}.add(seq).add(chunk_count).add(header).hash();
}

struct Block {
    std::int64_t first;
    std::int64_t last;
    std::int64_t min_at;
    std::int64_t max_at;
    std::int64_t min_known_at;
    std::int64_t max_known_at;
    std::optional<Hash> hash;
};

/// Walks through all blocks and facts in the order of their numbers.
class Audit {
public:
    Audit(Connection& reader, const model::Symbols& symbols) : reader_{reader}, symbols_{symbols} {}

    std::vector<AuditIssue> run() {
        const Use facts{reader_.prepared(
            "SELECT f.person, f.source, f.key, f.at, f.known_at, f.kind, f.payload, f.seq, f.commitment, k.key "
            "FROM fact AS f INDEXED BY fact_by_seq LEFT JOIN person_key AS k ON k.person = f.person ORDER BY f.seq")};
        const Use erased{reader_.prepared("SELECT seq, commitment FROM erased_commitment ORDER BY seq")};
        const Use blocks{
            reader_.prepared("SELECT first_seq, last_seq, min_at, max_at, min_known_at, max_known_at, hash FROM block "
                             "ORDER BY first_seq")};
        bool has_fact = facts->step();
        bool has_erased = erased->step();
        std::int64_t expected = 1;
        Hash head{};
        while (blocks->step()) {
            const Block block{blocks->integer(0), blocks->integer(1), blocks->integer(2),      blocks->integer(3),
                              blocks->integer(4), blocks->integer(5), as_hash(blocks->blob(6))};
            if (block.first != expected) {
                report(expected, "the blocks do not follow each other: expected one from here, found one from " +
                                     std::to_string(block.first));
            }
            for (; has_fact && facts->integer(7) < block.first; has_fact = facts->step()) {
                report(facts->integer(7), "the fact belongs to no block");
            }
            for (; has_erased && erased->integer(0) < block.first; has_erased = erased->step()) {
                report(erased->integer(0), "the erased fact belongs to no block");
            }
            bool is_whole = true;
            Hasher hasher;
            hasher.add(head).add(static_cast<std::uint64_t>(block.first)).add(static_cast<std::uint64_t>(block.last));
            for (std::int64_t seq = block.first; seq <= block.last; ++seq) {
                const bool is_erased = has_erased && erased->integer(0) == seq;
                const bool is_there = has_fact && facts->integer(7) == seq;
                if (is_there) {
                    if (is_erased) report(seq, "the fact was erased, yet it is there");
                    check_fact(*facts.operator->(), block);
                    hasher.add(facts->blob(8));
                } else if (is_erased) {
                    hasher.add(erased->blob(1));
                } else {
                    const std::int64_t next =
                        std::min({has_fact ? facts->integer(7) : block.last + 1,
                                  has_erased ? erased->integer(0) : block.last + 1, block.last + 1});
                    is_whole = false;
                    report(seq, next == seq + 1 ? "the fact is missing"
                                                : "the facts up to " + std::to_string(next - 1) + " are missing");
                    seq = next - 1;
                    continue;
                }
                if (is_there) has_fact = facts->step();
                if (is_erased) has_erased = erased->step();
            }
            if (!block.hash || (is_whole && hasher.hash() != *block.hash)) {
                report(block.first, "the hash of the block up to " + std::to_string(block.last) + " does not match");
            }
            // Going on from the stored hash keeps one fault from hiding the next.
            head = block.hash.value_or(hasher.hash());
            expected = block.last + 1;
        }
        for (; has_fact; has_fact = facts->step()) report(facts->integer(7), "the fact belongs to no block");
        for (; has_erased; has_erased = erased->step()) {
            report(erased->integer(0), "the erased fact belongs to no block");
        }
        std::ranges::stable_sort(issues_, {}, &AuditIssue::seq);
        return std::move(issues_);
    }

private:
    void report(std::int64_t seq, std::string message) {
        issues_.push_back({static_cast<std::uint64_t>(seq), std::move(message)});
    }

    void check_fact(const Statement& row, const Block& block) {
        const std::int64_t seq = row.integer(7);
        const std::int64_t at = row.integer(3);
        const std::int64_t known_at = row.integer(4);
        if (at < block.min_at || at > block.max_at || known_at < block.min_known_at || known_at > block.max_known_at) {
            report(seq, "an instant lies outside the bounds of its block");
        }
        const std::span<const std::byte> key = row.blob(9);
        if (key.size() != detail::key_bytes) {
            report(seq, "the key of its person is missing or damaged");
            return;
        }
        canonical_.clear();
        try {
            detail::canonical_bytes(detail::read_fact(row), symbols_, canonical_);
        } catch (const Error&) {  // undecodable, or with unknown symbols
            report(seq, "the fact cannot be read");
            return;
        }
        const Hash commitment = detail::commitment_of(canonical_, key.first<detail::key_bytes>());
        if (!is_equal(row.blob(8), commitment)) report(seq, "the commitment does not match the fact");
    }

    Connection& reader_;
    const model::Symbols& symbols_;
    std::vector<AuditIssue> issues_;
    std::string canonical_;
};

}  // namespace

// Snapshots ------------------------------------------------------------------------------------------------------

std::int64_t Journal::write_snapshot(std::uint64_t seq, std::span<const std::byte> header, const ChunkProducer& chunk,
                                     std::size_t keep) {
    impl_->check_writable();
    check_chunk("the header", header.size());
    if (keep < 1) throw InvalidArgument{"journal: keep must be at least 1"};
    impl_->registry->collect_words();
    std::int64_t id = 0;
    impl_->write_alone([&](Writer& writer) {
        if (seq > writer.last_seq()) {
            throw InvalidArgument{"journal: a snapshot up to fact " + std::to_string(seq) + ", but the last is " +
                                  std::to_string(writer.last_seq())};
        }
        Connection& connection = writer.connection();
        connection.prepared("INSERT INTO snapshot (seq, chunk_count, header, hash) VALUES (?1, 0, ?2, x'')")
            .bind(1, static_cast<std::int64_t>(seq))
            .bind_blob(2, header)
            .run();
        id = sqlite3_last_insert_rowid(connection.handle());
        auto& insert =
            connection.prepared("INSERT INTO snapshot_chunk (snapshot, number, hash, bytes) VALUES (?1, ?2, ?3, ?4)");
        std::vector<std::byte> bytes;
        std::int64_t count = 0;
        for (; chunk(bytes); ++count) {
            check_chunk("a chunk", bytes.size());
            if (count == INT32_MAX) throw InvalidArgument{"journal: a snapshot has too many chunks"};
            const Hash hash = hash_bytes(bytes);
            insert.bind(1, id).bind(2, count).bind_blob(3, hash).bind_blob(4, bytes).run();
            bytes.clear();
        }
        const Hash hash = header_hash(seq, static_cast<std::uint64_t>(count), header);
        connection.prepared("UPDATE snapshot SET chunk_count = ?2, hash = ?3 WHERE id = ?1")
            .bind(1, id)
            .bind(2, count)
            .bind_blob(3, hash)
            .run();
        const auto kept = static_cast<std::int64_t>(std::min<std::size_t>(keep, INT32_MAX));
        connection
            .prepared(
                "DELETE FROM snapshot_chunk WHERE snapshot NOT IN "
                "(SELECT id FROM snapshot ORDER BY id DESC LIMIT ?1)")
            .bind(1, kept)
            .run();
        connection.prepared("DELETE FROM snapshot WHERE id NOT IN (SELECT id FROM snapshot ORDER BY id DESC LIMIT ?1)")
            .bind(1, kept)
            .run();
    });
    return id;
}

std::optional<Snapshot> Journal::latest_snapshot() const {
    const Impl::Reader reader{*impl_};
    const Use row{reader->prepared("SELECT id, seq, chunk_count, header, hash FROM snapshot ORDER BY id DESC LIMIT 1")};
    if (!row->step()) return std::nullopt;
    const std::span<const std::byte> header = row->blob(3);
    Snapshot snapshot{.id = row->integer(0),
                      .seq = static_cast<std::uint64_t>(row->integer(1)),
                      .header = {header.begin(), header.end()},
                      .chunk_count = static_cast<std::uint32_t>(row->integer(2)),
                      .damage = {}};
    if (!is_equal(row->blob(4), header_hash(snapshot.seq, snapshot.chunk_count, header))) {
        snapshot.damage = "the header does not match its hash";
    }
    return snapshot;
}

std::optional<std::string> Journal::for_each_chunk(const Snapshot& snapshot, const ChunkVisitor& visit) const {
    if (!snapshot.damage.empty()) return snapshot.damage;
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT number, hash, bytes FROM snapshot_chunk WHERE snapshot = ?1 ORDER BY number")};
    rows->bind(1, snapshot.id);
    std::uint32_t expected = 0;
    for (; rows->step(); ++expected) {
        if (rows->integer(0) != std::int64_t{expected}) break;
        const std::span<const std::byte> bytes = rows->blob(2);
        if (!is_equal(rows->blob(1), hash_bytes(bytes))) {
            return "chunk " + std::to_string(expected) + " does not match its hash";
        }
        if (!visit(expected, bytes)) return std::nullopt;
    }
    if (expected != snapshot.chunk_count) return "chunk " + std::to_string(expected) + " is missing";
    return std::nullopt;
}

// Care -----------------------------------------------------------------------------------------------------------

std::vector<AuditIssue> Journal::verify() const {
    const Impl::Reader reader{*impl_};
    const sqlite::ReadTransaction transaction{*reader};
    std::vector<AuditIssue> issues = Audit{*reader, symbols()}.run();
    detail::audit_memberships(*reader, issues);
    return issues;
}

std::vector<std::string> Journal::integrity_check() const {
    const Impl::Reader reader{*impl_};
    const Use rows{reader->prepared("PRAGMA integrity_check")};
    std::vector<std::string> problems;
    while (rows->step()) {
        if (rows->text(0) != "ok") problems.emplace_back(rows->text(0));
    }
    return problems;
}

Hash Journal::chain_head() const {
    const Impl::Reader reader{*impl_};
    const Use row{reader->prepared("SELECT hash FROM block ORDER BY first_seq DESC LIMIT 1")};
    if (!row->step()) return Hash{};
    const std::optional<Hash> hash = as_hash(row->blob(0));
    if (!hash) throw StoreError{"journal: the last block is damaged", 0};
    return *hash;
}

void Journal::checkpoint() {
    impl_->check_writable();
    const std::lock_guard guard{impl_->writer->mutex()};
    Connection& connection = impl_->writer->connection();
    if (connection.in_transaction()) impl_->writer->commit();  // what a bulk append has written so far
    const int code =
        sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) sqlite::fail(connection.handle(), code, "emptying the write-ahead log");
}

void Journal::backup(const std::filesystem::path& path) const {
    std::error_code code;
    if (std::filesystem::exists(path, code) || code) {
        throw StoreError{path.string() + ": cannot be made: " + (code ? code.message() : "it is there already"), 0};
    }
    const Impl::Reader reader{*impl_};
    detail::create_file_with(path, [&](Connection& copy) {
        sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", reader->handle(), "main");
        if (backup == nullptr) sqlite::fail(copy.handle(), SQLITE_ERROR, "starting a backup");
        // In one step, so that it shows one state of the journal.
        const int step = sqlite3_backup_step(backup, -1);
        const int finish = sqlite3_backup_finish(backup);
        if (step != SQLITE_DONE || finish != SQLITE_OK) sqlite::fail(copy.handle(), finish, "writing a backup");
    });
}

}  // namespace alloquy::store
