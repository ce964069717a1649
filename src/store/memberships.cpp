// Versions of segments and changes of membership.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/store/journal.hpp>
#include <alloquy/utf8.hpp>

#include "codec.hpp"
#include "journal_impl.hpp"

namespace alloquy::store {

using detail::as_hash;
using detail::Writer;
using sqlite::Connection;
using sqlite::Statement;
using sqlite::Use;

namespace {

constexpr std::string_view last_block_sql =
    "SELECT last_number, hash FROM membership_block ORDER BY first_number DESC LIMIT 1";

bool is_instant(std::int64_t unix_ms) noexcept {
    return unix_ms >= time::Instant::min_unix_ms && unix_ms <= time::Instant::max_unix_ms;
}

// Versions of segments -------------------------------------------------------------------------------------------

/// What a row of membership says of its segment.
struct SegmentName {
    std::string name;
    std::int64_t version;
};

Hash version_hash(std::int64_t id, std::string_view name, std::int64_t version, std::string_view condition,
                  std::int64_t in_force_unix_ms) {
    return Hasher{}
        .add("alloquy.segment.1")
        .add(static_cast<std::uint64_t>(id))
        .add(std::uint64_t{name.size()})
        .add(name)
        .add(static_cast<std::uint64_t>(version))
        .add(std::uint64_t{condition.size()})
        .add(condition)
        .add(static_cast<std::uint64_t>(in_force_unix_ms))
        .hash();
}

/// For rows that begin with id, name, version, condition, in_force, record_hash.
bool matches_its_hash(const Statement& row) {
    return std::ranges::equal(row.blob(5),
                              version_hash(row.integer(0), row.text(1), row.integer(2), row.text(3), row.integer(4)));
}

std::string name_of_version(std::string_view name, std::int64_t version) {
    return "version " + std::to_string(version) + " of segment " + std::string{name};
}

[[noreturn]] void fail_damaged(std::string_view name, std::int64_t version, std::string_view what) {
    throw StoreError{"journal: " + name_of_version(name, version) + " is damaged: " + std::string{what}, 0};
}

/// Throws unless the row, which begins as above, is as it was recorded. All its values are in their ranges then.
void check_version(const Statement& row) {
    if (!matches_its_hash(row)) {
        fail_damaged(row.text(1), row.integer(2), "its record does not match the hash of it");
    }
}

// Changes of membership ------------------------------------------------------------------------------------------

std::int64_t change_number(const MembershipRecord& record) noexcept {
    return static_cast<std::int64_t>(record.step) + (record.retracted ? 2 : 0) +
           4 * static_cast<std::int64_t>(record.cause);
}
constexpr std::int64_t changes = 12;  ///< Two steps, retracted or not, three causes.

void put_number(std::string& out, std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift & 0xFFU);
}

/// What the commitment of a change covers. Its number is not in it: the block covers the order.
void put_change(std::string& out, std::int64_t person, std::string_view segment, std::int64_t version,
                std::int64_t change, std::int64_t at, std::uint64_t known_at) {
    detail::put_text(out, "alloquy.membership.1");
    put_number(out, static_cast<std::uint64_t>(person));
    detail::put_text(out, segment);
    put_number(out, static_cast<std::uint64_t>(version));
    put_number(out, static_cast<std::uint64_t>(change));
    put_number(out, static_cast<std::uint64_t>(at));
    put_number(out, known_at);
}

Hash mark_hash(std::int64_t clock_unix_ms, std::int64_t seq, std::span<const std::byte> head) {
    return Hasher{}
        .add("alloquy.membership.mark.1")
        .add(static_cast<std::uint64_t>(clock_unix_ms))
        .add(static_cast<std::uint64_t>(seq))
        .add(head)
        .hash();
}

std::optional<MembershipMark> read_mark(Connection& connection) {
    const Use row{connection.prepared("SELECT clock, seq, head, hash FROM membership_mark")};
    if (!row->step()) return std::nullopt;
    if (!std::ranges::equal(row->blob(3), mark_hash(row->integer(0), row->integer(1), row->blob(2)))) {
        throw StoreError{"journal: the mark of the memberships does not match its hash", 0};
    }
    // Nobody but record_memberships made this row, so its values are in their ranges.
    return MembershipMark{.clock = time::Instant::from_unix_ms(row->integer(0)),
                          .seq = static_cast<std::uint64_t>(row->integer(1))};
}

/// Changes as they go into the file.
class Batch {
public:
    /// Throws InvalidArgument for a record that can never be.
    void add(const MembershipRecord& record, const detail::CommitmentKey* key) {
        if (key == nullptr) {
            throw InvalidArgument{"journal: there is no person " + std::to_string(record.person.value())};
        }
        if (record.step > MembershipStep::left) throw InvalidArgument{"journal: step is no MembershipStep"};
        if (record.cause > MembershipCause::edit) throw InvalidArgument{"journal: cause is no MembershipCause"};
        const auto [found, is_new] =
            segment_places_.try_emplace({record.segment, record.version}, segment_places_.size());
        const Row row{.person = record.person.value(),
                      .segment = found->second,
                      .change = change_number(record),
                      .at = record.at.unix_ms(),
                      .delay = record.known_at.unix_ms() - record.at.unix_ms()};
        canonical_.clear();
        put_change(canonical_, row.person, record.segment, std::int64_t{record.version}, row.change, row.at,
                   static_cast<std::uint64_t>(record.known_at.unix_ms()));
        rows_.push_back(row);
        commitments_.push_back(detail::commitment_of(canonical_, *key));
    }

    /// Throws InvalidArgument if a version of a segment is not recorded.
    void look_up_segments(Connection& connection) {
        segment_ids_.resize(segment_places_.size());
        for (const auto& [segment, place] : segment_places_) {
            const Use row{connection.prepared("SELECT id FROM segment_version WHERE name = ?1 AND version = ?2")};
            row->bind_text(1, segment.first).bind(2, std::int64_t{segment.second});
            if (!row->step()) {
                throw InvalidArgument{"journal: there is no " + name_of_version(segment.first, segment.second)};
            }
            segment_ids_[place] = row->integer(0);
        }
    }

    /// Enters the rows and their block; the segments were looked up. Returns the hash of the last block.
    [[nodiscard]] Hash enter(Connection& connection) const {
        std::int64_t last = 0;
        Hash head{};
        {
            const Use block{connection.prepared(last_block_sql)};
            if (block->step()) {
                last = block->integer(0);
                const std::optional<Hash> hash = as_hash(block->blob(1));
                if (!hash) throw StoreError{"journal: the last block of the memberships is damaged", 0};
                head = *hash;
            }
        }
        if (rows_.empty()) return head;
        const std::int64_t first = last + 1;
        Statement& insert = connection.prepared(
            "INSERT INTO membership (number, person, segment, change, at, delay) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        for (const Row& row : rows_) {
            insert.bind(1, ++last)
                .bind(2, row.person)
                .bind(3, segment_ids_[row.segment])
                .bind(4, row.change)
                .bind(5, row.at)
                .bind(6, row.delay)
                .run();
        }
        head = Hasher{}
                   .add(head)
                   .add(static_cast<std::uint64_t>(first))
                   .add(static_cast<std::uint64_t>(last))
                   .add(std::as_bytes(std::span{commitments_}))
                   .hash();
        connection.prepared("INSERT INTO membership_block (first_number, last_number, hash) VALUES (?1, ?2, ?3)")
            .bind(1, first)
            .bind(2, last)
            .bind_blob(3, head)
            .run();
        return head;
    }

private:
    struct Row {
        std::int64_t person;
        std::size_t segment;  ///< Place in segment_ids_.
        std::int64_t change;
        std::int64_t at;
        std::int64_t delay;
    };

    std::vector<Row> rows_;
    std::vector<Hash> commitments_;
    std::map<std::pair<std::string_view, std::uint32_t>, std::size_t> segment_places_;
    std::vector<std::int64_t> segment_ids_;
    std::string canonical_;
};

void check_mark(const Writer& writer, const std::optional<MembershipMark>& before, const MembershipMark& mark) {
    if (mark.seq > writer.last_seq_so_far()) {
        throw InvalidArgument{"journal: memberships up to fact " + std::to_string(mark.seq) + ", but the last is " +
                              std::to_string(writer.last_seq_so_far())};
    }
    if (!before) return;
    if (mark.clock < before->clock) {
        throw InvalidArgument{"journal: the clock of the mark must not go back from " +
                              std::to_string(before->clock.unix_ms()) + " ms since 1970, got " +
                              std::to_string(mark.clock.unix_ms())};
    }
    if (mark.seq < before->seq) {
        throw InvalidArgument{"journal: the seq of the mark must not go back from " + std::to_string(before->seq) +
                              ", got " + std::to_string(mark.seq)};
    }
}

/// Reads rows that begin with number, person, segment, change, at, delay.
class MembershipReader {
public:
    explicit MembershipReader(Connection& connection) : connection_{connection} {}

    /// Visits all rows of a query.
    void visit_all(const Use& rows, const MembershipVisitor& visit) {
        while (rows->step()) {
            read(*rows.operator->());
            if (!visit(record_)) return;
        }
    }

private:
    void read(const Statement& row) {
        const std::int64_t number = row.integer(0);
        const std::int64_t change = row.integer(3);
        const std::int64_t at = row.integer(4);
        const std::int64_t delay = row.integer(5);
        constexpr std::int64_t longest = time::Instant::max_unix_ms - time::Instant::min_unix_ms;
        if (change < 0 || change >= changes || !is_instant(at) || delay < -longest || delay > longest ||
            !is_instant(at + delay)) {
            throw StoreError{"journal: membership record " + std::to_string(number) + " is damaged", 0};
        }
        if (row.integer(2) != segment_) {
            const SegmentName& segment = segment_of(row.integer(2), number);
            segment_ = row.integer(2);
            record_.segment = segment.name;
            record_.version = static_cast<std::uint32_t>(segment.version);
        }
        record_.number = static_cast<std::uint64_t>(number);
        record_.person = PersonId{row.integer(1)};
        record_.step = static_cast<MembershipStep>(change % 2);
        record_.retracted = change / 2 % 2 != 0;
        record_.at = time::Instant::from_unix_ms(at);
        record_.known_at = time::Instant::from_unix_ms(at + delay);
        record_.cause = static_cast<MembershipCause>(change / 4);
    }

    const SegmentName& segment_of(std::int64_t id, std::int64_t number) {
        if (const auto found = segments_.find(id); found != segments_.end()) return found->second;
        const Use row{
            connection_.prepared("SELECT id, name, version, condition, in_force, record_hash FROM segment_version "
                                 "WHERE id = ?1")};
        row->bind(1, id);
        if (!row->step()) {
            throw StoreError{"journal: membership record " + std::to_string(number) +
                                 " is damaged: there is no such version of a segment",
                             0};
        }
        check_version(*row.operator->());
        return segments_.emplace(id, SegmentName{std::string{row->text(1)}, row->integer(2)}).first->second;
    }

    Connection& connection_;
    std::map<std::int64_t, SegmentName> segments_;
    std::int64_t segment_ = 0;  ///< Whose name stands in the record; ids are from 1.
    MembershipRecord record_{.number = 0,
                             .person = PersonId{0},
                             .segment = {},
                             .version = 0,
                             .step = MembershipStep::entered,
                             .retracted = false,
                             .at = time::Instant::earliest(),
                             .known_at = time::Instant::earliest(),
                             .cause = MembershipCause::fact};
};

// Audit ----------------------------------------------------------------------------------------------------------

/// Walks through all versions of segments, then through all blocks and changes in the order of their numbers.
class MembershipAudit {
public:
    MembershipAudit(Connection& reader, std::vector<AuditIssue>& issues) : reader_{reader}, issues_{issues} {}

    void run() {
        check_versions();
        check_blocks();
        check_mark();
    }

private:
    void report(std::string message) { issues_.push_back({0, std::move(message)}); }
    void report(std::int64_t number, const std::string& message) {
        report("membership record " + std::to_string(number) + ": " + message);
    }

    void check_versions() {
        const Use rows{
            reader_.prepared("SELECT id, name, version, condition, in_force, record_hash FROM segment_version "
                             "ORDER BY id")};
        std::map<std::string, std::int64_t, std::less<>> last_versions;
        std::int64_t expected_id = 1;
        while (rows->step()) {
            const std::int64_t id = rows->integer(0);
            const std::string name{rows->text(1)};
            const std::int64_t version = rows->integer(2);
            if (id != expected_id) {
                report("segment versions: expected number " + std::to_string(expected_id) + ", found number " +
                       std::to_string(id));
            }
            std::int64_t& last = last_versions[name];
            if (version != last + 1) report(name_of_version(name, last + 1) + " is missing");
            if (!matches_its_hash(*rows.operator->())) {
                report(name_of_version(name, version) + " does not match the hash of it");
            }
            segments_.emplace(id, SegmentName{name, version});
            // Going on from what is stored keeps one fault from hiding the next.
            last = version;
            expected_id = id + 1;
        }
    }

    void check_blocks() {
        const Use rows{reader_.prepared(
            "SELECT m.number, m.person, m.segment, m.change, m.at, m.delay, k.key FROM membership AS m "
            "LEFT JOIN person_key AS k ON k.person = m.person ORDER BY m.number")};
        const Use erased{reader_.prepared("SELECT number, commitment FROM erased_membership ORDER BY number")};
        const Use blocks{
            reader_.prepared("SELECT first_number, last_number, hash FROM membership_block ORDER BY first_number")};
        bool has_row = rows->step();
        bool has_erased = erased->step();
        const auto skip_before = [&](std::int64_t end) {
            for (; has_row && rows->integer(0) < end; has_row = rows->step()) {
                report(rows->integer(0), "it belongs to no block");
            }
            for (; has_erased && erased->integer(0) < end; has_erased = erased->step()) {
                report(erased->integer(0), "it was erased and belongs to no block");
            }
        };
        std::int64_t expected = 1;
        while (blocks->step()) {
            const std::int64_t first = blocks->integer(0);
            const std::int64_t last = blocks->integer(1);
            const std::optional<Hash> hash = as_hash(blocks->blob(2));
            if (first != expected) {
                report(expected, "the blocks do not follow each other: expected one from here, found one from " +
                                     std::to_string(first));
            }
            skip_before(first);
            bool is_whole = true;
            Hasher hasher;
            hasher.add(head_).add(static_cast<std::uint64_t>(first)).add(static_cast<std::uint64_t>(last));
            for (std::int64_t number = first; number <= last; ++number) {
                const bool is_there = has_row && rows->integer(0) == number;
                const bool is_erased = has_erased && erased->integer(0) == number;
                if (is_there) {
                    if (is_erased) report(number, "it was erased, yet it is there");
                    const std::optional<Hash> commitment = commitment_of(*rows.operator->());
                    is_whole = is_whole && commitment.has_value();
                    if (commitment) hasher.add(*commitment);
                } else if (is_erased) {
                    hasher.add(erased->blob(1));
                } else {
                    const std::int64_t next = std::min(
                        {has_row ? rows->integer(0) : last + 1, has_erased ? erased->integer(0) : last + 1, last + 1});
                    is_whole = false;
                    report(number, next == number + 1
                                       ? "it is missing"
                                       : "it and those up to " + std::to_string(next - 1) + " are missing");
                    number = next - 1;
                    continue;
                }
                if (is_there) has_row = rows->step();
                if (is_erased) has_erased = erased->step();
            }
            if (!hash || (is_whole && hasher.hash() != *hash)) {
                report(first, "the hash of the block up to " + std::to_string(last) + " does not match");
            }
            head_ = hash.value_or(hasher.hash());
            expected = last + 1;
        }
        skip_before(INT64_MAX);
    }

    /// Nothing, and an issue, if the row has none.
    std::optional<Hash> commitment_of(const Statement& row) {
        const std::int64_t number = row.integer(0);
        const auto segment = segments_.find(row.integer(2));
        if (segment == segments_.end()) {
            report(number, "there is no such version of a segment");
            return std::nullopt;
        }
        const std::span<const std::byte> key = row.blob(6);
        if (key.size() != detail::key_bytes) {
            report(number, "the key of its person is missing or damaged");
            return std::nullopt;
        }
        canonical_.clear();
        // Added without sign, as a damaged row may hold any numbers.
        put_change(canonical_, row.integer(1), segment->second.name, segment->second.version, row.integer(3),
                   row.integer(4),
                   static_cast<std::uint64_t>(row.integer(4)) + static_cast<std::uint64_t>(row.integer(5)));
        return detail::commitment_of(canonical_, key.first<detail::key_bytes>());
    }

    void check_mark() {
        const Use row{reader_.prepared("SELECT clock, seq, head, hash FROM membership_mark")};
        if (!row->step()) {
            if (head_ != Hash{}) report("the mark of the memberships is missing");
            return;
        }
        if (!std::ranges::equal(row->blob(3), mark_hash(row->integer(0), row->integer(1), row->blob(2)))) {
            report("the mark of the memberships does not match its hash");
        }
        if (!std::ranges::equal(row->blob(2), head_)) {
            report("the mark of the memberships was not made for the last block of them");
        }
        if (row->integer(1) > reader_.integer_of("SELECT last_seq FROM block ORDER BY first_seq DESC LIMIT 1")) {
            report("the mark of the memberships lies behind the last fact");
        }
    }

    Connection& reader_;
    std::vector<AuditIssue>& issues_;
    std::map<std::int64_t, SegmentName> segments_;
    Hash head_{};
    std::string canonical_;
};

}  // namespace

void detail::audit_memberships(Connection& reader, std::vector<AuditIssue>& issues) {
    MembershipAudit{reader, issues}.run();
}

std::uint32_t Journal::record_segment_version(std::string_view name, std::string_view condition,
                                              time::Instant in_force) {
    impl_->check_writable();
    if (name.empty() || name.size() > max_segment_name_bytes) {
        throw InvalidArgument{"journal: the name of a segment must have 1 to " +
                              std::to_string(max_segment_name_bytes) + " bytes, got " + std::to_string(name.size())};
    }
    if (!detail::is_name_text(name)) {
        throw InvalidArgument{"journal: the name of a segment must be UTF-8 without zero bytes"};
    }
    if (condition.size() > max_condition_bytes) {
        throw InvalidArgument{"journal: the condition of a segment must have at most " +
                              std::to_string(max_condition_bytes) + " bytes, got " + std::to_string(condition.size())};
    }
    if (first_invalid_utf8(condition)) throw InvalidArgument{"journal: the condition of a segment must be UTF-8"};
    impl_->registry->collect_words();
    std::int64_t version = 0;
    impl_->write_alone([&](Writer& writer) {
        Connection& connection = writer.connection();
        {
            const Use last{
                connection.prepared("SELECT coalesce(max(version), 0) FROM segment_version WHERE name = ?1")};
            last->bind_text(1, name);
            last->step();
            version = last->integer(0) + 1;
        }
        if (version > std::int64_t{UINT32_MAX}) throw InvalidArgument{"journal: a segment has too many versions"};
        const std::int64_t id = connection.integer_of("SELECT coalesce(max(id), 0) + 1 FROM segment_version");
        const Hash hash = version_hash(id, name, version, condition, in_force.unix_ms());
        connection
            .prepared(
                "INSERT INTO segment_version (id, name, version, condition, in_force, record_hash) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .bind(1, id)
            .bind_text(2, name)
            .bind(3, version)
            .bind_text(4, condition)
            .bind(5, in_force.unix_ms())
            .bind_blob(6, hash)
            .run();
    });
    return static_cast<std::uint32_t>(version);
}

std::vector<SegmentVersion> Journal::segment_versions() const {
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT id, name, version, condition, in_force, record_hash FROM segment_version "
                         "ORDER BY name, version")};
    std::vector<SegmentVersion> versions;
    while (rows->step()) {
        check_version(*rows.operator->());
        SegmentVersion version{.name = std::string{rows->text(1)},
                               .version = static_cast<std::uint32_t>(rows->integer(2)),
                               .condition = std::string{rows->text(3)},
                               .in_force = time::Instant::from_unix_ms(rows->integer(4))};
        const bool is_first = versions.empty() || versions.back().name != version.name;
        const std::uint32_t expected = is_first ? 1 : versions.back().version + 1;
        if (version.version != expected) fail_damaged(version.name, expected, "it is missing");
        versions.push_back(std::move(version));
    }
    return versions;
}

void Journal::record_memberships(std::span<const MembershipRecord> records, const MembershipMark& mark) {
    impl_->check_writable();
    Batch batch;
    for (const MembershipRecord& record : records) {
        batch.add(record, impl_->registry->commitment_key(record.person.value()));
    }
    impl_->registry->collect_words();
    std::exception_ptr refusal;
    impl_->write([&](Writer& writer) {
        Connection& connection = writer.connection();
        try {
            check_mark(writer, read_mark(connection), mark);
            batch.look_up_segments(connection);
        } catch (const InvalidArgument&) {
            refusal = std::current_exception();  // not thrown, as others share the transaction; nothing is written yet
            return;
        }
        const Hash head = batch.enter(connection);
        const auto seq = static_cast<std::int64_t>(mark.seq);
        const Hash hash = mark_hash(mark.clock.unix_ms(), seq, head);
        connection
            .prepared("INSERT OR REPLACE INTO membership_mark (id, clock, seq, head, hash) VALUES (1, ?1, ?2, ?3, ?4)")
            .bind(1, mark.clock.unix_ms())
            .bind(2, seq)
            .bind_blob(3, head)
            .bind_blob(4, hash)
            .run();
    });
    if (refusal) std::rethrow_exception(refusal);
}

std::optional<MembershipMark> Journal::membership_mark() const {
    const Impl::Reader reader{*impl_};
    return read_mark(*reader);
}

std::uint64_t Journal::last_membership_number() const {
    const Impl::Reader reader{*impl_};
    return static_cast<std::uint64_t>(reader->integer_of(last_block_sql));
}

void Journal::for_each_membership(std::uint64_t after_number, const MembershipVisitor& visit) const {
    if (after_number > std::uint64_t{INT64_MAX}) return;
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT number, person, segment, change, at, delay FROM membership WHERE number > ?1 "
                         "ORDER BY number")};
    rows->bind(1, static_cast<std::int64_t>(after_number));
    MembershipReader{*reader}.visit_all(rows, visit);
}

void Journal::for_each_membership_of(PersonId person, const MembershipVisitor& visit) const {
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT number, person, segment, change, at, delay FROM membership "
                         "INDEXED BY membership_by_person WHERE person = ?1 ORDER BY number")};
    rows->bind(1, person.value());
    MembershipReader{*reader}.visit_all(rows, visit);
}

}  // namespace alloquy::store
