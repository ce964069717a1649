#include "writer.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "codec.hpp"

namespace alloquy::store::detail {

Writer::Writer(std::unique_ptr<sqlite::Connection> connection, Registry& registry)
    : connection_{std::move(connection)},
      registry_{registry},
      insert_fact_{connection_->handle(),
                   "INSERT INTO fact (person, source, key, at, known_at, seq, kind, payload, commitment) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (person, source, key) DO NOTHING"} {
    const sqlite::Use last{connection_->prepared("SELECT last_seq, hash FROM block ORDER BY first_seq DESC LIMIT 1")};
    if (last->step()) {
        committed_.seq = static_cast<std::uint64_t>(last->integer(0));
        const std::span<const std::byte> hash = last->blob(1);
        if (hash.size() != committed_.head.size()) throw StoreError{"journal: the last block is damaged", 0};
        std::ranges::copy(hash, committed_.head.begin());
    }
    current_ = committed_;
}

void Writer::begin() {
    if (!connection_->in_transaction()) {
        connection_->prepared("BEGIN IMMEDIATE").run();
        current_ = committed_;
        block_.clear();
    }
    write_pending();
}

void Writer::write_pending() {
    Pending pending = registry_.take();
    if (pending.is_empty()) return;
    // In flight before it is written, so that a failure gives it back.
    const std::size_t words = in_flight_.words.size();
    const std::size_t people = in_flight_.people.size();
    const std::size_t person_keys = in_flight_.person_keys.size();
    const std::size_t organisations = in_flight_.organisations.size();
    const std::size_t organisation_keys = in_flight_.organisation_keys.size();
    in_flight_.append(std::move(pending));
    auto& word = connection_->prepared("INSERT INTO symbol (vocabulary, number, text) VALUES (?1, ?2, ?3)");
    for (const auto& item : std::span{in_flight_.words}.subspan(words)) {
        word.bind(1, item.vocabulary).bind(2, item.number).bind_text(3, item.text).run();
    }
    auto& person = connection_->prepared("INSERT INTO person (id, first_mentioned_at) VALUES (?1, ?2)");
    auto& secret = connection_->prepared("INSERT INTO person_key (person, key) VALUES (?1, ?2)");
    for (const auto& item : std::span{in_flight_.people}.subspan(people)) {
        person.bind(1, item.id).bind(2, item.first_mentioned_at).run();
        secret.bind(1, item.id).bind_blob(2, item.key).run();
    }
    auto& external = connection_->prepared("INSERT INTO external_key (system, key, person) VALUES (?1, ?2, ?3)");
    for (const auto& item : std::span{in_flight_.person_keys}.subspan(person_keys)) {
        external.bind(1, item.system).bind_blob(2, item.key).bind(3, item.id).run();
    }
    auto& organisation = connection_->prepared("INSERT INTO organisation (id, kind, name) VALUES (?1, ?2, ?3)");
    for (const auto& item : std::span{in_flight_.organisations}.subspan(organisations)) {
        organisation.bind(1, item.id).bind(2, item.kind).bind_text(3, item.name).run();
    }
    auto& its_key =
        connection_->prepared("INSERT INTO organisation_key (system, key, organisation) VALUES (?1, ?2, ?3)");
    for (const auto& item : std::span{in_flight_.organisation_keys}.subspan(organisation_keys)) {
        its_key.bind(1, item.system).bind_blob(2, item.key).bind(3, item.id).run();
    }
}

Entry Writer::enter(const RowBatch& batch, std::size_t row) {
    const Row& fact = batch.rows[row];
    if (!fact.has_inverse) {
        insert(batch, fact);
        if (sqlite3_changes(connection_->handle()) == 0) return compare_with_stored(batch, fact);
        note(fact);
        return Entry::entered;
    }
    // Both sides are looked at first, so that neither enters where the other one conflicts.
    const Row& inverse = batch.rows[row + 1];
    const Entry here = compare_with_stored(batch, fact);
    const Entry there = compare_with_stored(batch, inverse);
    if (here == Entry::conflict || there == Entry::conflict) return Entry::conflict;
    if (here == Entry::already_there && there == Entry::already_there) return Entry::already_there;
    for (const Row* side : {&fact, &inverse}) {
        insert(batch, *side);
        if (sqlite3_changes(connection_->handle()) != 0) note(*side);
    }
    return Entry::entered;
}

void Writer::insert(const RowBatch& batch, const Row& row) {
    insert_fact_.bind(1, row.person)
        .bind(2, row.source)
        .bind_blob(3, batch.key(row))
        .bind(4, row.at)
        .bind(5, row.known_at)
        .bind(6, static_cast<std::int64_t>(current_.seq + 1))
        .bind(7, row.kind)
        .bind_blob(8, batch.payload(row))
        .bind_blob(9, row.commitment)
        .run();
}

void Writer::note(const Row& row) {
    ++current_.seq;
    if (block_.empty()) {
        min_at_ = max_at_ = row.at;
        min_known_at_ = max_known_at_ = row.known_at;
    } else {
        min_at_ = std::min(min_at_, row.at);
        max_at_ = std::max(max_at_, row.at);
        min_known_at_ = std::min(min_known_at_, row.known_at);
        max_known_at_ = std::max(max_known_at_, row.known_at);
    }
    block_.push_back(row.commitment);
    if (block_.size() == max_block_facts) close_block();
}

Entry Writer::compare_with_stored(const RowBatch& batch, const Row& row) {
    const sqlite::Use stored{
        connection_->prepared("SELECT at, kind, payload FROM fact WHERE person = ?1 AND source = ?2 AND key = ?3")};
    stored->bind(1, row.person).bind(2, row.source).bind_blob(3, batch.key(row));
    if (!stored->step()) return Entry::entered;
    if (stored->integer(0) != row.at || stored->integer(1) != row.kind) return Entry::conflict;
    if (stored->text(2) == batch.payload(row)) return Entry::already_there;
    // Another version of the encoding may say the same with other bytes.
    try {
        const auto mine = decode_payload(row.kind, std::as_bytes(std::span{batch.payload(row)}));
        return decode_payload(row.kind, stored->blob(2)) == mine ? Entry::already_there : Entry::conflict;
    } catch (const DamagedPayload&) {
        throw StoreError{"journal: a fact of person " + std::to_string(row.person) + " is damaged", 0};
    }
}

void Writer::close_block() {
    if (block_.empty()) return;
    const std::uint64_t first = current_.seq - block_.size() + 1;
    if (!without_chain) {
        Hasher hasher;
        hasher.add(current_.head).add(first).add(current_.seq).add(std::as_bytes(std::span{block_}));
        current_.head = hasher.hash();
    }
    connection_
        ->prepared(
            "INSERT INTO block (first_seq, last_seq, min_at, max_at, min_known_at, max_known_at, hash) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        .bind(1, static_cast<std::int64_t>(first))
        .bind(2, static_cast<std::int64_t>(current_.seq))
        .bind(3, min_at_)
        .bind(4, max_at_)
        .bind(5, min_known_at_)
        .bind(6, max_known_at_)
        .bind_blob(7, current_.head)
        .run();
    block_.clear();
}

void Writer::commit() {
    try {
        close_block();
        connection_->prepared("COMMIT").run();
    } catch (...) {
        rollback();
        throw;
    }
    committed_ = current_;
    registry_.committed(in_flight_);
    in_flight_ = {};
    has_bulk_rows_ = false;
}

void Writer::rollback() noexcept {
    // SQLite rolls back by itself after some failures. If this fails too, the transaction stays open and the next
    // begin() would go on in it; closing the statements' work is all that is left, and SQLite does that on close.
    if (connection_->in_transaction()) {
        static_cast<void>(sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr));
    }
    current_ = committed_;
    block_.clear();
    bulk_lost_ = bulk_lost_ || has_bulk_rows_;
    has_bulk_rows_ = false;
    registry_.give_back(std::exchange(in_flight_, {}));
}

}  // namespace alloquy::store::detail
