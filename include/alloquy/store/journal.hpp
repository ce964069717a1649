#pragma once

/// \file
/// Journal: all facts of one institution in one SQLite file, with its people, vocabularies, playbooks, models, changes
/// of membership and snapshots.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/store/hash.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/range.hpp>

namespace alloquy::store {

/// What became of a fact that was given to a journal.
enum class Entry : std::uint8_t {
    entered,        ///< It is on disk now and was not before.
    already_there,  ///< The same fact was there; nothing changed. The first `known_at` stays.
    conflict,       ///< Another fact has its person, source and key; nothing changed.
};

/// How a journal is opened.
enum class OpenMode : std::uint8_t {
    read_write,  ///< The one writing process; creates the file where there is none.
    read_only,   ///< Beside a writer or without one; nothing is written.
};

struct JournalOptions {
    OpenMode mode = OpenMode::read_write;
    std::size_t cache_bytes = std::size_t{64} << 20U;  ///< Page cache of the writer; >= 1 MiB. A reader has 8 MiB.
};

/// One name of a person in one system. Personal.
struct ExternalKey {
    model::Source system;
    std::string key;

    friend bool operator==(const ExternalKey&, const ExternalKey&) = default;
};

/// Something that an audit found.
struct AuditIssue {
    std::uint64_t seq;    ///< The fact, or the first fact of the block; 0 where it is about segments or memberships.
    std::string message;  ///< What is wrong; no personal data.

    friend bool operator==(const AuditIssue&, const AuditIssue&) = default;
};

/// One version of a learned model, without its bytes. A record of what was known: later facts never change it.
struct ModelSummary {
    std::string name;
    std::uint32_t version;  ///< 1, 2, ... of this name, without gaps.
    std::uint64_t seq;      ///< All facts up to here were learned from.
    time::Instant made_at;
    Hash playbook;  ///< Under which it was learned.
    Hash hash;      ///< hash_bytes of its bytes; equal models have equal hashes.

    friend bool operator==(const ModelSummary&, const ModelSummary&) = default;
};

/// One version of a learned model.
struct ModelVersion {
    std::string name;
    std::uint32_t version;  ///< 1, 2, ... of this name, without gaps.
    std::uint64_t seq;      ///< All facts up to here were learned from.
    time::Instant made_at;
    Hash playbook;                 ///< Under which it was learned.
    std::vector<std::byte> bytes;  ///< What the model is; the journal does not look into it.
    Hash hash;                     ///< hash_bytes(bytes).

    friend bool operator==(const ModelVersion&, const ModelVersion&) = default;
};

/// Longest name of a model, bytes of UTF-8.
inline constexpr std::size_t max_model_name_bytes = 255;
/// Largest model, bytes (16 MiB). SQLite takes blobs of 10^9 bytes unless it was built with a smaller limit.
inline constexpr std::size_t max_model_bytes = std::size_t{128} << 20U;

/// One version of a segment: its condition from an instant on. A record of what was known, never rewritten.
struct SegmentVersion {
    std::string name;
    std::uint32_t version;  ///< 1, 2, ... of this name, without gaps.
    std::string condition;  ///< In canonical text; the journal does not look into it. Empty: the segment was taken out.
    time::Instant in_force;

    friend bool operator==(const SegmentVersion&, const SegmentVersion&) = default;
};

/// Longest name of a segment, bytes of UTF-8.
inline constexpr std::size_t max_segment_name_bytes = 255;
/// Longest condition of a segment, bytes of UTF-8 (16 MiB).
inline constexpr std::size_t max_condition_bytes = std::size_t{16} << 20U;

// The numbers of the two that follow stand in files: new ones are only ever added at the end.

/// What a person did to a segment.
enum class MembershipStep : std::uint8_t { entered, left };

/// Why a membership changed.
enum class MembershipCause : std::uint8_t {
    fact,  ///< A fact became known.
    time,  ///< Time passed, and the condition turned by itself.
    edit,  ///< The condition of the segment, or of one that it rests on, was changed.
};

/// One change of membership, or the correction of an earlier one. A record of what was known, never rewritten.
struct MembershipRecord {
    std::uint64_t number;  ///< 1, 2, ... in the order of recording, without gaps; given by the journal.
    PersonId person;
    std::string segment;
    std::uint32_t version;  ///< Of the segment.
    MembershipStep step;
    bool retracted;  ///< True: a late fact showed that this step at this instant, recorded earlier, did not happen.
    time::Instant at;
    time::Instant known_at;
    MembershipCause cause;

    friend bool operator==(const MembershipRecord&, const MembershipRecord&) = default;
};

/// How far the records of memberships reach: all turns up to `clock` and all facts up to `seq` are in them.
struct MembershipMark {
    time::Instant clock;
    std::uint64_t seq;

    friend bool operator==(const MembershipMark&, const MembershipMark&) = default;
};

/// A stored state of the engine, without its chunks.
struct Snapshot {
    std::int64_t id;
    std::uint64_t seq;  ///< All facts up to here are in it.
    std::vector<std::byte> header;
    std::uint32_t chunk_count;
    std::string damage;  ///< Why it cannot be used (refold instead); empty where nothing was found so far.
};

/// Longest chunk of a snapshot, bytes.
inline constexpr std::size_t max_snapshot_chunk_bytes = std::size_t{4} << 20U;

/// Called with a fact and its place in the journal; false ends the reading.
using FactVisitor = std::function<bool(std::uint64_t seq, const model::Fact& fact)>;
/// Called with a person and all facts about that person in canonical order; false ends the reading.
using PersonFactsVisitor = std::function<bool(PersonId person, std::span<const model::Fact> facts)>;
/// The same with the numbers of the facts; shape (facts).
using NumberedPersonFactsVisitor =
    std::function<bool(PersonId person, std::span<const model::Fact> facts, std::span<const std::uint64_t> seqs)>;
/// Called with a person and the person's tie key; false ends the reading.
using PersonVisitor = std::function<bool(PersonId person, std::uint64_t tie_key)>;
/// Called with an organisation; false ends the reading.
using OrganisationVisitor = std::function<bool(const model::Organisation& organisation)>;
/// Called with a change of membership; false ends the reading.
using MembershipVisitor = std::function<bool(const MembershipRecord& record)>;
/// Puts the next chunk of a snapshot into the (empty) vector; false, and nothing put in, at the end.
using ChunkProducer = std::function<bool(std::vector<std::byte>& chunk)>;
/// Called with the chunks of a snapshot in order; false ends the reading.
using ChunkVisitor = std::function<bool(std::uint32_t number, std::span<const std::byte> chunk)>;

/// Why a journal would refuse a fact by itself, whoever it is about, or nothing if it would not: key of 1 to
/// model::max_fact_key_bytes bytes, interactions not known before they happened, quantity >= 1, result in [0, 1],
/// finite attribute values, weight of an obligation in [0, 1e9], no relation of a person to themselves.
/// \return  Text without personal data.
[[nodiscard]] std::optional<std::string> fact_problem(const model::Fact& fact);

/// The order of one person's facts: (at, text of the source, bytes of the key).
[[nodiscard]] bool canonically_before(const model::Fact& a, const model::Fact& b, const model::Symbols& symbols);

/// The journal of one institution: an append-only set of facts, and who they are about.
///
/// Threads: every member may be called from several threads at once, with one exception: interning into symbols()
/// (and refresh()) must not run while another thread is inside any member, decodes facts or reads the symbols. Calls
/// that write at the same time share one commit. A visitor may call any member, writing ones included, as long as
/// the caller does not rely on seeing in this reading what it wrote; only a ChunkProducer must not.
///
/// Members that write throw InvalidArgument on a read-only journal, and StoreError if the file cannot be written
/// (disk full, say): then nothing of the call is in, all that was acknowledged before is, and the journal stays usable.
class Journal {
public:
    /// Opens a journal, or creates it.
    ///
    /// The writing process holds a lock on the file `<path>.lock` until it ends, however it ends.
    ///
    /// A file of an older library is brought to this one's schema, all of it or nothing; that needs read_write.
    ///
    /// \throws StoreError  if another process (or object) writes to it, if the file is not a journal, is of a newer
    ///                     library (it is left as it was) or is damaged, if it cannot be read or created, or if it is
    ///                     opened read-only and is of an older library (open it for writing once).
    /// \throws NotFound    if it is opened read-only and there is no such file.
    [[nodiscard]] static Journal open(const std::filesystem::path& path, const JournalOptions& options = {});

    /// A journal without a file, gone with the object; for tests and small programs. Readings see what is being
    /// written at the same time before it is committed.
    [[nodiscard]] static Journal in_memory();

    Journal(Journal&& other) noexcept;
    Journal& operator=(Journal&& other) noexcept;
    /// Closes the file. Nothing is pending: what was acknowledged is on disk.
    ~Journal();

    [[nodiscard]] OpenMode mode() const noexcept;

    /// The one Symbols object that facts of this journal use. The caller interns into it freely (see Threads); new
    /// words reach the file in the same commit as the first write after them, under the same numbers.
    [[nodiscard]] model::Symbols& symbols() noexcept;
    [[nodiscard]] const model::Symbols& symbols() const noexcept;

    /// Read-only journals: takes up the words that the writer has added since. Counts as interning.
    void refresh();

    // People ---------------------------------------------------------------------------------------------------

    /// The person of an external key, made on first mention. Durable when it returns; while a BulkAppend is open,
    /// durable with its next commit.
    ///
    /// \param key  1 to model::max_fact_key_bytes bytes, any bytes.
    /// \param now  Kept as the instant of first mention.
    /// \throws InvalidArgument  if the key is empty or too long.
    /// \par Cost  0.1 µs for a key met before in this process, a few µs else, and a commit for a new person.
    [[nodiscard]] PersonId person(model::Source system, std::string_view key, time::Instant now);
    /// The same for many keys of one system, in one commit. Result i belongs to keys[i].
    [[nodiscard]] std::vector<PersonId> people(model::Source system, std::span<const std::string_view> keys,
                                               time::Instant now);
    [[nodiscard]] std::optional<PersonId> find_person(model::Source system, std::string_view key) const;
    /// Gives a person one more external key. Nothing happens if the person has it.
    /// \throws InvalidArgument  if the key belongs to another person, or there is no such person.
    void link_key(PersonId person, model::Source system, std::string_view key);
    /// All external keys of a person that are on disk, by (text of the system, key).
    [[nodiscard]] std::vector<ExternalKey> keys_of(PersonId person) const;
    /// How many people there are; their ids are 1 to person_count().
    [[nodiscard]] std::uint64_t person_count() const;
    /// All people with external keys, by id, each with a number that does not depend on the order of arrival: the
    /// least, over the person's external keys, of the first 8 bytes (little-endian) of BLAKE2b-128 over the length
    /// (4 bytes, little-endian) and text of the system, and the length and bytes of the key.
    void for_each_person(const PersonVisitor& visit) const;

    // Organisations --------------------------------------------------------------------------------------------

    /// The organisation of an external key, made on first mention; kind and name of the first mention stay. Durable
    /// like person().
    /// \throws InvalidArgument  if the key is empty or too long.
    [[nodiscard]] OrganisationId organisation(model::Source system, std::string_view key, model::OrganisationKind kind,
                                              std::string_view name);
    [[nodiscard]] std::optional<OrganisationId> find_organisation(model::Source system, std::string_view key) const;
    [[nodiscard]] std::optional<model::Organisation> organisation(OrganisationId id) const;
    /// All organisations that are on disk, by id.
    void for_each_organisation(const OrganisationVisitor& visit) const;

    // Recording ------------------------------------------------------------------------------------------------

    /// Enters a fact. On return it is on disk (synced), unless the result says otherwise.
    ///
    /// A RelationChange to a person also enters its inverse about the other person: both or none.
    ///
    /// \throws InvalidArgument  if fact_problem() finds one, a symbol is unknown, or a person or organisation of it is
    ///                          not in the journal.
    /// \par Cost  One commit, shared with the other threads that record at the same time.
    Entry record(const model::Fact& fact);
    /// The same for several facts in one commit. Result i belongs to facts[i].
    /// \throws InvalidArgument  as above, for the first fact that is wrong; none of them enters then.
    std::vector<Entry> record(std::span<const model::Fact> facts);

    // Reading --------------------------------------------------------------------------------------------------

    /// Number of the last fact on disk; 0 where there is none. Numbers are given from 1 without gaps.
    [[nodiscard]] std::uint64_t last_seq() const;
    /// Facts on disk, erased ones not counted.
    [[nodiscard]] std::uint64_t fact_count() const;

    /// All facts about a person in canonical order; empty for an unknown person.
    /// \param until_seq  Only the facts with numbers up to here; all where there is none.
    [[nodiscard]] std::vector<model::Fact> facts_of(PersonId person,
                                                    std::optional<std::uint64_t> until_seq = std::nullopt) const;
    /// The people of [first, end) who have facts, by id, with their facts in canonical order. Each call reads one
    /// consistent state over its own connection, so several threads may read at once.
    ///
    /// \param visit      The span is valid during the call only.
    /// \param until_seq  Only the facts with numbers up to here, and only people who have such; all where there is
    ///                   none. The two sides of a relation have two numbers: up to what last_seq() was at some time,
    ///                   both are there or neither is.
    /// \par Cost  Of the range, whatever until_seq is: a fact behind it is passed over, for about a quarter of what it
    ///            costs to read one.
    void for_each_person_facts(PersonId first, PersonId end, const PersonFactsVisitor& visit,
                               std::optional<std::uint64_t> until_seq = std::nullopt) const;
    void for_each_person_facts(PersonId first, PersonId end, const NumberedPersonFactsVisitor& visit,
                               std::optional<std::uint64_t> until_seq = std::nullopt) const;
    /// The facts from a number on, in order of their numbers.
    /// \par Cost  About 1.5 µs a fact, as facts lie by person; for everything use for_each_person_facts.
    void for_each_by_seq(std::uint64_t from_seq, const FactVisitor& visit) const;
    /// The facts that happened in a range, in order of their numbers.
    /// \par Cost  About 0.2 µs a commit in the whole journal, and as above for the commits that touch the range.
    void for_each_by_time(time::Range<time::Instant> range, const FactVisitor& visit) const;
    /// The facts that became known in a range, in order of their numbers. Cost as above.
    void for_each_by_known_at(time::Range<time::Instant> range, const FactVisitor& visit) const;

    // Records --------------------------------------------------------------------------------------------------

    /// Keeps the canonical bytes of a playbook under their hash; nothing happens if they are there.
    /// \throws InvalidArgument  if hash is not hash_bytes(canonical).
    void record_playbook(const Hash& hash, std::span<const std::byte> canonical, time::Instant now);
    [[nodiscard]] std::optional<std::vector<std::byte>> playbook(const Hash& hash) const;

    /// Keeps a model as the next version of its name. On return it is on disk. A version is never rewritten, and equal
    /// bytes given again are a version of their own.
    ///
    /// \param name      1 to max_model_name_bytes bytes of UTF-8 without the character U+0000; compared byte by byte.
    /// \param seq       All facts up to here were learned from; <= last_seq(). 0 for a model that learned from none.
    /// \param playbook  Hash of a recorded playbook.
    /// \param bytes     Canonical bytes of the model, 1 to max_model_bytes of them.
    /// \return          The number of the version: 1 for a new name, else one more than the last.
    /// \throws InvalidArgument  if one of these is out of range or the playbook is not recorded; nothing is kept then.
    /// \par Cost  A commit of its own, and a few ns a byte.
    std::uint32_t record_model(std::string_view name, std::uint64_t seq, time::Instant made_at, const Hash& playbook,
                               std::span<const std::byte> bytes);
    /// The newest version of a model; nothing for an unknown name.
    /// \throws StoreError  with name and version, if it does not match its hashes.
    [[nodiscard]] std::optional<ModelVersion> latest_model(std::string_view name) const;
    /// One version of a model; nothing where there is no such.
    /// \throws StoreError  as above.
    [[nodiscard]] std::optional<ModelVersion> model(std::string_view name, std::uint32_t version) const;
    /// All versions of all models, by (bytes of the name, version). The bytes of the models are not read.
    /// \throws StoreError  with name and version, if what is said about one does not match its hash, or one before
    ///                     the last is missing.
    [[nodiscard]] std::vector<ModelSummary> model_versions() const;

    // Memberships ----------------------------------------------------------------------------------------------

    /// Keeps a condition as the next version of its segment. On return it is on disk. A version is never rewritten, and
    /// an equal condition given again is a version of its own.
    ///
    /// \param name       1 to max_segment_name_bytes bytes of UTF-8 without the character U+0000; compared byte by
    ///                   byte.
    /// \param condition  Up to max_condition_bytes bytes of UTF-8; empty where the segment was taken out.
    /// \param in_force   From when on it holds; not compared with that of the version before.
    /// \return           The number of the version: 1 for a new name, else one more than the last.
    /// \throws InvalidArgument  if one of these is out of range; nothing is kept then.
    /// \par Cost  A commit of its own.
    std::uint32_t record_segment_version(std::string_view name, std::string_view condition, time::Instant in_force);
    /// All versions of all segments, by (bytes of the name, version).
    /// \throws StoreError  with name and version, if one does not match its hash, or one before the last is missing.
    [[nodiscard]] std::vector<SegmentVersion> segment_versions() const;

    /// Keeps changes of membership, in the order given, and how far the records reach with them: all of it or nothing.
    /// On return it is on disk.
    ///
    /// \param records  Shape (n), may be empty. Their numbers are not looked at: they get the next ones. What they say
    ///                 is not compared with earlier records.
    /// \param mark     Replaces the mark before; neither its clock nor its seq lies before that one's, seq <=
    ///                 last_seq().
    /// \throws InvalidArgument  if the mark is out of range, or a person or a version of a segment is not in the
    ///                          journal; nothing is kept then.
    /// \par Cost  A commit, shared with the other threads that record at the same time, about 2 to 3 µs and 40 bytes a
    ///            record, and 50 bytes a call that has records. A call without any does not make the file larger.
    void record_memberships(std::span<const MembershipRecord> records, const MembershipMark& mark);
    /// How far the records reach; nothing before the first call of record_memberships().
    /// \throws StoreError  if it does not match its hash.
    [[nodiscard]] std::optional<MembershipMark> membership_mark() const;
    /// Number of the last change of membership on disk, erased ones counted; 0 where there is none.
    [[nodiscard]] std::uint64_t last_membership_number() const;
    /// The changes of membership behind a number (0: all), in order of their numbers, erased ones left out. The record
    /// is valid during the call only. Whether one was tampered with is told by verify(); only what cannot be is noticed
    /// here.
    /// \throws StoreError  with the number, if a record cannot be; with name and version, if its segment version does
    ///                     not match its hash.
    /// \par Cost  About 0.2 µs a record.
    void for_each_membership(std::uint64_t after_number, const MembershipVisitor& visit) const;
    /// One person's changes of membership, in order of their numbers; none for an unknown person. As above.
    /// \par Cost  About 5 µs a record, as records lie by number.
    void for_each_membership_of(PersonId person, const MembershipVisitor& visit) const;

    // Snapshots ------------------------------------------------------------------------------------------------

    /// Stores a snapshot in one commit and drops the oldest beyond `keep`.
    ///
    /// \param seq     The last fact in it; <= last_seq().
    /// \param header  1 byte to max_snapshot_chunk_bytes.
    /// \param chunk   Called until it returns false. Each chunk 1 byte to max_snapshot_chunk_bytes.
    /// \param keep    >= 1.
    /// \return        Its id.
    /// \throws InvalidArgument  if one of these is out of range; what `chunk` throws goes through. Nothing stays then.
    std::int64_t write_snapshot(std::uint64_t seq, std::span<const std::byte> header, const ChunkProducer& chunk,
                                std::size_t keep = 2);
    /// The newest snapshot, its header checked; nothing where there is none.
    [[nodiscard]] std::optional<Snapshot> latest_snapshot() const;
    /// Reads the chunks, each checked against its hash before it is handed over.
    /// \return  Why the snapshot cannot be used (then forget what was visited and refold), or nothing if all is well.
    [[nodiscard]] std::optional<std::string> for_each_chunk(const Snapshot& snapshot, const ChunkVisitor& visit) const;

    // Care -----------------------------------------------------------------------------------------------------

    /// Recomputes each commitment, the chain and the bounds of its blocks, of facts and of changes of membership.
    ///
    /// The commitment of a fact is BLAKE2b-256, keyed with a random key of its person, over the fact with symbols as
    /// text. Each commit closes blocks of facts; the hash of a block covers the hash before it, its first and last
    /// number and its commitments. Facts that were erased keep their commitment. So it is with changes of membership,
    /// in a chain of their own with a block for each call that recorded some; their mark covers the last hash. Each
    /// version of a segment has a hash of its own.
    ///
    /// \return  What is wrong: of facts in order of numbers, then of versions of segments and of changes of membership;
    ///          empty where nothing is.
    /// \par Cost  About 2 µs a fact, and as much a change of membership.
    [[nodiscard]] std::vector<AuditIssue> verify() const;
    /// SQLite's own check of the file's structure; empty where all is well.
    [[nodiscard]] std::vector<std::string> integrity_check() const;
    /// Hash of the last block of facts: whoever keeps it elsewhere can tell later that nothing up to here was changed.
    /// All zero for an empty journal.
    [[nodiscard]] Hash chain_head() const;
    /// Moves all that is in the write-ahead log into the file and empties the log.
    /// \throws StoreError  if a reading that is under way prevents it.
    void checkpoint();
    /// Copies the journal, as of now, into a new file, while others read and write.
    /// \throws StoreError  if there is such a file, or it cannot be written; nothing is left behind then.
    void backup(const std::filesystem::path& path) const;

private:
    friend struct JournalInternals;
    class Impl;
    explicit Journal(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace alloquy::store

template <>
struct alloquy::model::EnumNames<alloquy::store::MembershipStep> {
    static constexpr std::array<std::string_view, 2> values{"entered", "left"};
};
template <>
struct alloquy::model::EnumNames<alloquy::store::MembershipCause> {
    static constexpr std::array<std::string_view, 3> values{"fact", "time", "edit"};
};
