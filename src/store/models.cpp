// Versions of learned models.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <alloquy/store/journal.hpp>

#include "journal_impl.hpp"

namespace alloquy::store {

using detail::Writer;
using sqlite::Connection;
using sqlite::Statement;
using sqlite::Use;

namespace {

void check_new_model(std::string_view name, std::span<const std::byte> bytes) {
    if (name.empty() || name.size() > max_model_name_bytes) {
        throw InvalidArgument{"journal: the name of a model must have 1 to " + std::to_string(max_model_name_bytes) +
                              " bytes, got " + std::to_string(name.size())};
    }
    if (!detail::is_name_text(name))
        throw InvalidArgument{"journal: the name of a model must be UTF-8 without zero bytes"};
    if (bytes.empty() || bytes.size() > max_model_bytes) {
        throw InvalidArgument{"journal: a model must have 1 to " + std::to_string(max_model_bytes) + " bytes, got " +
                              std::to_string(bytes.size())};
    }
}

/// Covers all of a version but the bytes, for which their hash stands.
Hash record_hash(std::string_view name, std::uint64_t version, std::uint64_t seq, std::int64_t made_at_unix_ms,
                 std::span<const std::byte> playbook, std::span<const std::byte> hash) {
    return Hasher{}
        .add("alloquy.model.1")
        .add(std::uint64_t{name.size()})
        .add(name)
        .add(version)
        .add(seq)
        .add(static_cast<std::uint64_t>(made_at_unix_ms))
        .add(playbook)
        .add(hash)
        .hash();
}

[[noreturn]] void fail_damaged(std::string_view name, std::int64_t version, std::string_view what) {
    throw StoreError{"journal: version " + std::to_string(version) + " of model " + std::string{name} +
                         " is damaged: " + std::string{what},
                     0};
}

/// Reads a row that begins with name, version, seq, made_at, playbook, hash, record_hash.
ModelSummary read_summary(const Statement& row) {
    const std::string_view name = row.text(0);
    const std::int64_t version = row.integer(1);
    const std::span<const std::byte> playbook = row.blob(4);
    const std::span<const std::byte> hash = row.blob(5);
    const Hash expected = record_hash(name, static_cast<std::uint64_t>(version),
                                      static_cast<std::uint64_t>(row.integer(2)), row.integer(3), playbook, hash);
    ModelSummary summary{.name = std::string{name},
                         .version = static_cast<std::uint32_t>(version),
                         .seq = static_cast<std::uint64_t>(row.integer(2)),
                         .made_at = time::Instant::earliest(),
                         .playbook = {},
                         .hash = {}};
    if (playbook.size() != summary.playbook.size() || hash.size() != summary.hash.size() ||
        !std::ranges::equal(row.blob(6), expected)) {
        fail_damaged(name, version, "its record does not match the hash of it");
    }
    // Nobody but record_model made this row, so all values are in their ranges.
    summary.made_at = time::Instant::from_unix_ms(row.integer(3));
    std::ranges::copy(playbook, summary.playbook.begin());
    std::ranges::copy(hash, summary.hash.begin());
    return summary;
}

/// Reads such a row with the bytes behind it, if there is one.
std::optional<ModelVersion> read_version(const Use& row) {
    if (!row->step()) return std::nullopt;
    ModelSummary summary = read_summary(*row.operator->());
    const std::span<const std::byte> bytes = row->blob(7);
    if (hash_bytes(bytes) != summary.hash) {
        fail_damaged(summary.name, summary.version, "its bytes do not match their hash");
    }
    return ModelVersion{.name = std::move(summary.name),
                        .version = summary.version,
                        .seq = summary.seq,
                        .made_at = summary.made_at,
                        .playbook = summary.playbook,
                        .bytes = {bytes.begin(), bytes.end()},
                        .hash = summary.hash};
}

}  // namespace

std::uint32_t Journal::record_model(std::string_view name, std::uint64_t seq, time::Instant made_at,
                                    const Hash& playbook, std::span<const std::byte> bytes) {
    impl_->check_writable();
    check_new_model(name, bytes);
    const Hash hash = hash_bytes(bytes);
    impl_->registry->collect_words();
    std::int64_t version = 0;
    impl_->write_alone([&](Writer& writer) {
        if (seq > writer.last_seq()) {
            throw InvalidArgument{"journal: a model up to fact " + std::to_string(seq) + ", but the last is " +
                                  std::to_string(writer.last_seq())};
        }
        Connection& connection = writer.connection();
        {
            const Use known{connection.prepared("SELECT 1 FROM playbook WHERE hash = ?1")};
            known->bind_blob(1, playbook);
            if (!known->step()) {
                throw InvalidArgument{"journal: the playbook " + to_hex(playbook) + " of a model is not recorded"};
            }
        }
        {
            const Use last{connection.prepared("SELECT coalesce(max(version), 0) FROM model WHERE name = ?1")};
            last->bind_text(1, name);
            last->step();
            version = last->integer(0) + 1;
        }
        if (version > std::int64_t{UINT32_MAX}) throw InvalidArgument{"journal: a model has too many versions"};
        const Hash record =
            record_hash(name, static_cast<std::uint64_t>(version), seq, made_at.unix_ms(), playbook, hash);
        connection
            .prepared(
                "INSERT INTO model (name, version, seq, made_at, playbook, hash, record_hash, bytes) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .bind_text(1, name)
            .bind(2, version)
            .bind(3, static_cast<std::int64_t>(seq))
            .bind(4, made_at.unix_ms())
            .bind_blob(5, playbook)
            .bind_blob(6, hash)
            .bind_blob(7, record)
            .bind_blob(8, bytes)
            .run();
    });
    return static_cast<std::uint32_t>(version);
}

std::optional<ModelVersion> Journal::latest_model(std::string_view name) const {
    const Impl::Reader reader{*impl_};
    const Use row{
        reader->prepared("SELECT name, version, seq, made_at, playbook, hash, record_hash, bytes FROM model "
                         "WHERE name = ?1 ORDER BY version DESC LIMIT 1")};
    row->bind_text(1, name);
    return read_version(row);
}

std::optional<ModelVersion> Journal::model(std::string_view name, std::uint32_t version) const {
    const Impl::Reader reader{*impl_};
    const Use row{
        reader->prepared("SELECT name, version, seq, made_at, playbook, hash, record_hash, bytes FROM model "
                         "WHERE name = ?1 AND version = ?2")};
    row->bind_text(1, name).bind(2, std::int64_t{version});
    return read_version(row);
}

std::vector<ModelSummary> Journal::model_versions() const {
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT name, version, seq, made_at, playbook, hash, record_hash FROM model "
                         "ORDER BY name, version")};
    std::vector<ModelSummary> versions;
    while (rows->step()) {
        ModelSummary summary = read_summary(*rows.operator->());
        const bool is_first = versions.empty() || versions.back().name != summary.name;
        const std::uint32_t expected = is_first ? 1 : versions.back().version + 1;
        if (summary.version != expected) fail_damaged(summary.name, expected, "it is missing");
        versions.push_back(std::move(summary));
    }
    return versions;
}

}  // namespace alloquy::store
