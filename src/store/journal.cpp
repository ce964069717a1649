#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

#include <alloquy/store/journal.hpp>

#include "codec.hpp"
#include "journal_impl.hpp"
#include "read_fact.hpp"

namespace alloquy::store {

using detail::RowBatch;
using detail::Writer;
using sqlite::Connection;
using sqlite::Statement;
using sqlite::Use;

namespace {

constexpr std::string_view fact_columns_of_person =
    "SELECT person, source, key, at, known_at, kind, payload, seq FROM fact WHERE person >= ?1 AND person < ?2 "
    "ORDER BY person, source, key";
constexpr std::string_view fact_columns_of_person_until =
    "SELECT person, source, key, at, known_at, kind, payload, seq FROM fact WHERE person >= ?1 AND person < ?2 "
    "AND seq <= ?3 ORDER BY person, source, key";
constexpr std::string_view fact_columns_by_seq =
    "SELECT person, source, key, at, known_at, kind, payload, seq FROM fact INDEXED BY fact_by_seq "
    "WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq";

/// Puts one person's facts, read in the order of (source number, key), into canonical order.
class CanonicalOrder {
public:
    explicit CanonicalOrder(const model::Symbols& symbols) {
        const auto& texts = symbols.sources.texts();
        std::vector<std::size_t> by_text(texts.size());
        for (std::size_t i = 0; i < by_text.size(); ++i) by_text[i] = i;
        std::ranges::sort(by_text, {}, [&](std::size_t i) { return std::string_view{texts[i]}; });
        rank_.resize(texts.size() + 1);
        for (std::size_t rank = 0; rank < by_text.size(); ++rank) rank_[by_text[rank] + 1] = rank;
    }

    /// \param seqs  Moved along with the facts.
    void apply(std::vector<model::Fact>& facts, std::vector<std::uint64_t>& seqs) {
        places_.clear();
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const std::uint16_t source = facts[i].source.number();
            // A reader that is behind the writer may not know the newest words yet.
            if (source >= rank_.size()) throw StoreError{"journal: unknown symbols; refresh() the journal", 0};
            places_.emplace_back(facts[i].at, rank_[source], i);
        }
        if (std::ranges::is_sorted(places_)) return;
        std::ranges::sort(places_);
        moved_seqs_.clear();
        for (const auto& place : places_) moved_seqs_.push_back(seqs[std::get<2>(place)]);
        seqs.swap(moved_seqs_);
        for (std::size_t i = 0; i < facts.size(); ++i) {
            // Follow the cycle that starts here; each fact moves once.
            if (std::get<2>(places_[i]) == i) continue;
            model::Fact moved = std::move(facts[i]);
            std::size_t hole = i;
            while (true) {
                const std::size_t from = std::exchange(std::get<2>(places_[hole]), hole);
                if (from == i) break;
                facts[hole] = std::move(facts[from]);
                hole = from;
            }
            facts[hole] = std::move(moved);
        }
    }

private:
    std::vector<std::size_t> rank_;
    std::vector<std::uint64_t> moved_seqs_;
    std::vector<std::tuple<time::Instant, std::size_t, std::size_t>> places_;
};

void visit_people(Connection& reader, const model::Symbols& symbols, std::int64_t first, std::int64_t end,
                  const NumberedPersonFactsVisitor& visit, std::optional<std::uint64_t> until_seq) {
    CanonicalOrder order{symbols};
    std::vector<model::Fact> facts;
    std::vector<std::uint64_t> seqs;
    const Use rows{reader.prepared(until_seq ? fact_columns_of_person_until : fact_columns_of_person)};
    rows->bind(1, first).bind(2, end);
    if (until_seq) rows->bind(3, static_cast<std::int64_t>(std::min(*until_seq, std::uint64_t{INT64_MAX})));
    while (rows->step()) {
        model::Fact fact = detail::read_fact(*rows.operator->());
        if (!facts.empty() && facts.front().person != fact.person) {
            order.apply(facts, seqs);
            if (!visit(facts.front().person, facts, seqs)) return;
            facts.clear();
            seqs.clear();
        }
        facts.push_back(std::move(fact));
        seqs.push_back(static_cast<std::uint64_t>(rows->integer(7)));
    }
    if (facts.empty()) return;
    order.apply(facts, seqs);
    visit(facts.front().person, facts, seqs);
}

/// Visits the facts of [first, last] that `wanted` lets through; false if the visitor ended it.
template <class Wanted>
bool visit_seqs(Connection& reader, std::int64_t first, std::int64_t last, const Wanted& wanted,
                const FactVisitor& visit) {
    const Use rows{reader.prepared(fact_columns_by_seq)};
    rows->bind(1, first).bind(2, last);
    while (rows->step()) {
        if (!wanted(*rows.operator->())) continue;
        if (!visit(static_cast<std::uint64_t>(rows->integer(7)), detail::read_fact(*rows.operator->()))) return false;
    }
    return true;
}

/// Visits the facts whose instant in a column lies in a range, block by block of those that touch it.
void visit_range(Connection& reader, std::string_view blocks_sql, int column, time::Range<time::Instant> range,
                 const FactVisitor& visit) {
    const std::int64_t start = range.start().unix_ms();
    const std::int64_t end = range.end_exclusive().unix_ms();
    const auto wanted = [&](const Statement& row) { return row.integer(column) >= start && row.integer(column) < end; };
    const sqlite::ReadTransaction transaction{reader};
    const Use blocks{reader.prepared(blocks_sql)};
    blocks->bind(1, start).bind(2, end);
    std::int64_t first = 1;
    std::int64_t last = 0;
    while (blocks->step()) {
        if (blocks->integer(0) == last + 1) {  // neighbours are read in one go
            last = blocks->integer(1);
            continue;
        }
        if (first <= last && !visit_seqs(reader, first, last, wanted, visit)) return;
        first = blocks->integer(0);
        last = blocks->integer(1);
    }
    if (first <= last) visit_seqs(reader, first, last, wanted, visit);
}

/// Throws if an external key has a length that is not allowed.
void check_length(std::string_view key) {
    if (key.empty() || key.size() > model::max_fact_key_bytes) {
        throw InvalidArgument{"journal: a key must have 1 to " + std::to_string(model::max_fact_key_bytes) +
                              " bytes, got " + std::to_string(key.size())};
    }
}

}  // namespace

std::optional<std::string> fact_problem(const model::Fact& fact) {
    if (fact.key.empty() || fact.key.size() > model::max_fact_key_bytes) {
        return "key must have 1 to " + std::to_string(model::max_fact_key_bytes) + " bytes, got " +
               std::to_string(fact.key.size());
    }
    // Roles and relations have periods, so they may be told beforehand; all else would count before its time.
    if (fact.at > fact.known_at && !std::holds_alternative<model::RoleChange>(fact.content) &&
        !std::holds_alternative<model::RelationChange>(fact.content)) {
        return "such a fact cannot be known before it happened";
    }
    if (const auto* interaction = std::get_if<model::Interaction>(&fact.content)) {
        if (interaction->quantity < 1) return "quantity must be at least 1";
    } else if (const auto* result = std::get_if<model::Result>(&fact.content)) {
        if (!(result->fraction >= 0.0 && result->fraction <= 1.0)) return "fraction of a result must be in [0, 1]";
    } else if (const auto* obligation = std::get_if<model::ObligationChange>(&fact.content)) {
        if (obligation->weight && !(*obligation->weight >= 0 && *obligation->weight <= 1e9)) {
            return "weight of an obligation must be in [0, 1e9]";
        }
    } else if (const auto* statement = std::get_if<model::AttributeStatement>(&fact.content)) {
        for (const model::Attribute& attribute : statement->attributes) {
            const auto* number = std::get_if<double>(&attribute.value);
            if (number != nullptr && !std::isfinite(*number)) return "the value of an attribute must be finite";
        }
    } else if (const auto* relation = std::get_if<model::RelationChange>(&fact.content)) {
        const auto* other = std::get_if<PersonId>(&relation->other);
        if (other != nullptr && *other == fact.person) return "a person cannot have a relation to themselves";
    }
    return std::nullopt;
}

model::Fact detail::read_fact(const Statement& row) {
    const std::int64_t person = row.integer(0);
    const std::int64_t source = row.integer(1);
    const std::int64_t at = row.integer(3);
    const std::int64_t known_at = row.integer(4);
    const auto is_instant = [](std::int64_t unix_ms) {
        return unix_ms >= time::Instant::min_unix_ms && unix_ms <= time::Instant::max_unix_ms;
    };
    try {
        if (source < 1 || source > 0xFFFF || !is_instant(at) || !is_instant(known_at)) throw detail::DamagedPayload{};
        return model::Fact{.person = PersonId{person},
                           .at = time::Instant::from_unix_ms(at),
                           .known_at = time::Instant::from_unix_ms(known_at),
                           .source = model::Source{static_cast<std::uint16_t>(source)},
                           .key = std::string{row.text(2)},
                           .content = detail::decode_payload(row.integer(5), row.blob(6))};
    } catch (const detail::DamagedPayload&) {
        throw StoreError{"journal: a fact of person " + std::to_string(person) + " is damaged", 0};
    }
}

bool canonically_before(const model::Fact& a, const model::Fact& b, const model::Symbols& symbols) {
    if (a.at != b.at) return a.at < b.at;
    if (a.source != b.source) return symbols.sources.text(a.source) < symbols.sources.text(b.source);
    return std::string_view{a.key} < std::string_view{b.key};
}

// Impl -----------------------------------------------------------------------------------------------------------

Journal::Impl::Impl(std::string file, OpenMode how, std::unique_ptr<detail::WriterLock> taken,
                    std::size_t writer_cache_bytes)
    : name{std::move(file)}, mode{how}, cache_bytes{writer_cache_bytes}, lock{std::move(taken)} {
    std::unique_ptr<Connection> connection;
    if (mode == OpenMode::read_write) connection = detail::open_writer(name, cache_bytes);
    registry = std::make_unique<detail::Registry>(detail::open_reader(name));
    if (connection) writer = std::make_unique<Writer>(std::move(connection), *registry);
}

Journal::Impl::Reader::Reader(const Impl& impl) : impl_{impl} {
    {
        const std::lock_guard guard{impl_.readers_mutex_};
        if (!impl_.readers_.empty()) {
            connection_ = std::move(impl_.readers_.back());
            impl_.readers_.pop_back();
        }
    }
    if (!connection_) connection_ = detail::open_reader(impl_.name);
}

Journal::Impl::Reader::~Reader() {
    const std::lock_guard guard{impl_.readers_mutex_};
    impl_.readers_.push_back(std::move(connection_));
}

void Journal::Impl::check_writable() const {
    if (mode != OpenMode::read_write) throw InvalidArgument{name + ": the journal is open for reading only"};
}

void Journal::Impl::check_key(model::Source system, std::string_view key) const {
    check_length(key);
    static_cast<void>(registry->symbols.sources.text(system));
}

void Journal::Impl::check(const model::Fact& fact, std::string& scratch) const {
    if (const auto problem = fact_problem(fact)) throw InvalidArgument{"journal: " + *problem};
    if (registry->commitment_key(fact.person.value()) == nullptr) {
        throw InvalidArgument{"journal: there is no person " + std::to_string(fact.person.value())};
    }
    if (const auto* relation = std::get_if<model::RelationChange>(&fact.content)) {
        if (const auto* person = std::get_if<PersonId>(&relation->other)) {
            if (registry->commitment_key(person->value()) == nullptr) {
                throw InvalidArgument{"journal: there is no person " + std::to_string(person->value())};
            }
        } else if (!registry->is_organisation(std::get<OrganisationId>(relation->other).value())) {
            throw InvalidArgument{"journal: there is no organisation " +
                                  std::to_string(std::get<OrganisationId>(relation->other).value())};
        }
    }
    scratch.clear();
    detail::canonical_bytes(fact, registry->symbols, scratch);
}

void Journal::Impl::encode(const model::Fact& fact, std::uint64_t ordinal, RowBatch& batch,
                           std::string& scratch) const {
    encode_row(fact, ordinal, batch, scratch);
    const std::optional<model::Fact> inverse = model::mirrored(fact);
    if (!inverse) return;
    batch.rows.back().has_inverse = true;
    encode_row(*inverse, ordinal, batch, scratch);
    batch.rows.back().is_inverse = true;
}

void Journal::Impl::encode_row(const model::Fact& fact, std::uint64_t ordinal, RowBatch& batch,
                               std::string& scratch) const {
    detail::Row row{};
    row.person = fact.person.value();
    row.at = fact.at.unix_ms();
    row.known_at = fact.known_at.unix_ms();
    row.ordinal = ordinal;
    row.source = fact.source.number();
    row.kind = static_cast<std::uint8_t>(fact.content.index());
    row.offset = batch.bytes.size();
    row.key_size = static_cast<std::uint32_t>(fact.key.size());
    batch.bytes += fact.key;
    detail::encode_payload(fact.content, batch.bytes);
    row.payload_size = static_cast<std::uint32_t>(batch.bytes.size() - row.offset - row.key_size);
    if (!leave_out_commitments) {
        scratch.clear();
        detail::canonical_bytes(fact, registry->symbols, scratch);
        row.commitment = detail::commitment_of(scratch, *registry->commitment_key(row.person));
    }
    batch.rows.push_back(row);
}

void Journal::Impl::run(std::vector<Request*>& requests) {
    const std::lock_guard guard{writer->mutex()};
    try {
        writer->begin();
        for (const Request* request : requests) request->work(*writer);
        writer->commit();
    } catch (...) {
        writer->rollback();
        for (Request* request : requests) request->error = std::current_exception();
    }
}

void Journal::Impl::write(const std::function<void(Writer&)>& work) {
    Request request{work};
    std::unique_lock guard{queue_mutex_};
    queue_.push_back(&request);
    while (!request.done) {
        if (has_leader_) {
            queue_changed_.wait(guard);
            continue;
        }
        // Whoever finds no leader becomes it, for all that wait by now.
        has_leader_ = true;
        std::vector<Request*> requests = std::exchange(queue_, {});
        guard.unlock();
        run(requests);
        guard.lock();
        for (Request* finished : requests) finished->done = true;
        has_leader_ = false;
        queue_changed_.notify_all();
    }
    guard.unlock();
    if (request.error) std::rethrow_exception(request.error);
}

void Journal::Impl::write_alone(const std::function<void(Writer&)>& work) {
    const std::lock_guard guard{writer->mutex()};
    try {
        if (writer->connection().in_transaction()) writer->commit();  // what a bulk append has written so far
        writer->begin();
        work(*writer);
        writer->commit();
    } catch (...) {
        writer->rollback();
        throw;
    }
}

void Journal::Impl::write_pending() {
    if (!bulk_open) write([](Writer&) {});
}

void detail::leave_out_commitments(Journal& journal) {
    JournalInternals::of(journal).leave_out_commitments = true;
    JournalInternals::of(journal).writer->without_chain = true;
}

// Journal --------------------------------------------------------------------------------------------------------

Journal::Journal(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Journal Journal::open(const std::filesystem::path& path, const JournalOptions& options) {
    if (options.cache_bytes < (std::size_t{1} << 20U)) {
        throw InvalidArgument{"Journal: cache_bytes must be at least 1048576, got " +
                              std::to_string(options.cache_bytes)};
    }
    if (sodium_init() < 0) throw StoreError{"journal: libsodium cannot be initialised", 0};
    // One name for one file, whatever links lead to it, so that there is one lock.
    std::error_code code;
    const std::filesystem::path file = std::filesystem::weakly_canonical(path, code);
    if (code) throw StoreError{path.string() + ": cannot be found: " + code.message(), 0};
    const bool is_there = std::filesystem::exists(file, code);
    if (options.mode == OpenMode::read_only) {
        if (!is_there) throw NotFound{path.string() + ": no such file"};
        detail::check_file(file, false);
        return Journal{std::make_unique<Impl>(file.string(), options.mode, nullptr, options.cache_bytes)};
    }
    auto lock = std::make_unique<detail::WriterLock>(file);
    const bool is_new = !std::filesystem::exists(file, code) ||
                        (std::filesystem::is_regular_file(file, code) && std::filesystem::file_size(file, code) == 0);
    if (is_new) {
        detail::create_file(file);
    } else {
        detail::check_file(file, true);
    }
    return Journal{std::make_unique<Impl>(file.string(), options.mode, std::move(lock), options.cache_bytes)};
}

Journal Journal::in_memory() {
    if (sodium_init() < 0) throw StoreError{"journal: libsodium cannot be initialised", 0};
    return Journal{
        std::make_unique<Impl>(detail::memory_name(), OpenMode::read_write, nullptr, JournalOptions{}.cache_bytes)};
}

OpenMode Journal::mode() const noexcept {
    return impl_->mode;
}
model::Symbols& Journal::symbols() noexcept {
    return impl_->registry->symbols;
}
const model::Symbols& Journal::symbols() const noexcept {
    return impl_->registry->symbols;
}

void Journal::refresh() {
    if (impl_->mode == OpenMode::read_only) impl_->registry->reload_symbols();
}

// People ---------------------------------------------------------------------------------------------------------

PersonId Journal::person(model::Source system, std::string_view key, time::Instant now) {
    return people(system, std::span{&key, 1}, now).front();
}

std::vector<PersonId> Journal::people(model::Source system, std::span<const std::string_view> keys, time::Instant now) {
    impl_->check_writable();
    for (const std::string_view key : keys) impl_->check_key(system, key);
    std::vector<PersonId> ids;
    ids.reserve(keys.size());
    bool durable = true;
    for (const std::string_view key : keys) {
        const auto found = impl_->registry->person(system.number(), key, now.unix_ms());
        ids.emplace_back(found.id);
        durable = durable && found.durable;
    }
    if (!durable) {
        impl_->registry->collect_words();
        impl_->write_pending();
    }
    return ids;
}

std::optional<PersonId> Journal::find_person(model::Source system, std::string_view key) const {
    const auto id = impl_->registry->find_person(system.number(), key);
    return id ? std::optional{PersonId{*id}} : std::nullopt;
}

void Journal::link_key(PersonId person, model::Source system, std::string_view key) {
    impl_->check_writable();
    impl_->check_key(system, key);
    impl_->registry->link(person.value(), system.number(), key);
    impl_->registry->collect_words();
    impl_->write_pending();
}

std::vector<ExternalKey> Journal::keys_of(PersonId person) const {
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT system, key FROM external_key INDEXED BY external_key_by_person "
                         "WHERE person = ?1")};
    rows->bind(1, person.value());
    std::vector<ExternalKey> keys;
    while (rows->step()) {
        keys.push_back({model::Source{static_cast<std::uint16_t>(rows->integer(0))}, std::string{rows->text(1)}});
    }
    const auto& sources = symbols().sources;
    std::ranges::sort(keys, [&](const ExternalKey& a, const ExternalKey& b) {
        if (a.system != b.system) return sources.text(a.system) < sources.text(b.system);
        return a.key < b.key;
    });
    return keys;
}

std::uint64_t Journal::person_count() const {
    if (impl_->mode == OpenMode::read_only) {  // the writer may have added some
        const Impl::Reader reader{*impl_};
        return static_cast<std::uint64_t>(reader->integer_of("SELECT max(id) FROM person"));
    }
    return static_cast<std::uint64_t>(impl_->registry->person_count());
}

void Journal::for_each_person(const PersonVisitor& visit) const {
    const auto& sources = symbols().sources;
    const Impl::Reader reader{*impl_};
    const Use rows{
        reader->prepared("SELECT person, system, key FROM external_key INDEXED BY external_key_by_person "
                         "ORDER BY person")};
    std::string canonical;
    std::int64_t person = 0;
    std::uint64_t tie_key = 0;
    while (rows->step()) {
        canonical.clear();
        detail::put_text(canonical, sources.text(model::Source{static_cast<std::uint16_t>(rows->integer(1))}));
        detail::put_text(canonical, rows->text(2));
        std::array<unsigned char, 16> digest;
        crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(canonical.data()),
                           canonical.size(), nullptr, 0);
        std::uint64_t number = 0;
        for (std::size_t i = 8; i-- > 0;) number = number << 8U | digest[i];
        if (rows->integer(0) == person) {
            tie_key = std::min(tie_key, number);
            continue;
        }
        if (person != 0 && !visit(PersonId{person}, tie_key)) return;
        person = rows->integer(0);
        tie_key = number;
    }
    if (person != 0) visit(PersonId{person}, tie_key);
}

// Organisations --------------------------------------------------------------------------------------------------

OrganisationId Journal::organisation(model::Source system, std::string_view key, model::OrganisationKind kind,
                                     std::string_view name) {
    impl_->check_writable();
    impl_->check_key(system, key);
    const auto found = impl_->registry->organisation(system.number(), key, kind, name);
    if (!found.durable) {
        impl_->registry->collect_words();
        impl_->write_pending();
    }
    return OrganisationId{found.id};
}

std::optional<OrganisationId> Journal::find_organisation(model::Source system, std::string_view key) const {
    const auto id = impl_->registry->find_organisation(system.number(), key);
    return id ? std::optional{OrganisationId{*id}} : std::nullopt;
}

namespace {

model::Organisation read_organisation(const Statement& row) {
    const std::int64_t kind = row.integer(1);
    if (kind < 0 || kind >= static_cast<std::int64_t>(model::enum_size<model::OrganisationKind>)) {
        throw StoreError{"journal: organisation " + std::to_string(row.integer(0)) + " is damaged", 0};
    }
    return {OrganisationId{row.integer(0)}, static_cast<model::OrganisationKind>(kind), std::string{row.text(2)}};
}

}  // namespace

std::optional<model::Organisation> Journal::organisation(OrganisationId id) const {
    const Impl::Reader reader{*impl_};
    const Use row{reader->prepared("SELECT id, kind, name FROM organisation WHERE id = ?1")};
    row->bind(1, id.value());
    return row->step() ? std::optional{read_organisation(*row.operator->())} : std::nullopt;
}

void Journal::for_each_organisation(const OrganisationVisitor& visit) const {
    const Impl::Reader reader{*impl_};
    const Use rows{reader->prepared("SELECT id, kind, name FROM organisation ORDER BY id")};
    while (rows->step()) {
        if (!visit(read_organisation(*rows.operator->()))) return;
    }
}

// Recording ------------------------------------------------------------------------------------------------------

Entry Journal::record(const model::Fact& fact) {
    return record(std::span{&fact, 1}).front();
}

std::vector<Entry> Journal::record(std::span<const model::Fact> facts) {
    impl_->check_writable();
    RowBatch batch;
    std::string scratch;
    for (const model::Fact& fact : facts) impl_->check(fact, scratch);
    for (std::size_t i = 0; i < facts.size(); ++i) impl_->encode(facts[i], i, batch, scratch);
    impl_->registry->collect_words();
    std::vector<Entry> entries(facts.size());
    impl_->write([&](Writer& writer) {
        for (std::size_t i = 0; i < batch.rows.size(); ++i) {
            const detail::Row& row = batch.rows[i];
            if (!row.is_inverse) entries[static_cast<std::size_t>(row.ordinal)] = writer.enter(batch, i);
        }
    });
    return entries;
}

// Reading --------------------------------------------------------------------------------------------------------

std::uint64_t Journal::last_seq() const {
    const Impl::Reader reader{*impl_};
    return static_cast<std::uint64_t>(reader->integer_of("SELECT last_seq FROM block ORDER BY first_seq DESC LIMIT 1"));
}

std::uint64_t Journal::fact_count() const {
    const Impl::Reader reader{*impl_};
    return static_cast<std::uint64_t>(
        reader->integer_of("SELECT coalesce((SELECT last_seq FROM block ORDER BY first_seq DESC LIMIT 1), 0) - "
                           "(SELECT count(*) FROM erased_commitment)"));
}

std::vector<model::Fact> Journal::facts_of(PersonId person, std::optional<std::uint64_t> until_seq) const {
    const Impl::Reader reader{*impl_};
    std::vector<model::Fact> facts;
    visit_people(
        *reader, symbols(), person.value(), person.value() + 1,
        [&](PersonId, std::span<const model::Fact> found, std::span<const std::uint64_t>) {
            facts.assign(found.begin(), found.end());
            return true;
        },
        until_seq);
    return facts;
}

void Journal::for_each_person_facts(PersonId first, PersonId end, const PersonFactsVisitor& visit,
                                    std::optional<std::uint64_t> until_seq) const {
    for_each_person_facts(
        first, end,
        [&](PersonId person, std::span<const model::Fact> facts, std::span<const std::uint64_t>) {
            return visit(person, facts);
        },
        until_seq);
}

void Journal::for_each_person_facts(PersonId first, PersonId end, const NumberedPersonFactsVisitor& visit,
                                    std::optional<std::uint64_t> until_seq) const {
    const Impl::Reader reader{*impl_};
    visit_people(*reader, symbols(), first.value(), end.value(), visit, until_seq);
}

void Journal::for_each_by_seq(std::uint64_t from_seq, const FactVisitor& visit) const {
    constexpr std::int64_t no_end = INT64_MAX;
    if (from_seq > static_cast<std::uint64_t>(no_end)) return;
    const Impl::Reader reader{*impl_};
    visit_seqs(
        *reader, static_cast<std::int64_t>(from_seq), no_end, [](const Statement&) { return true; }, visit);
}

void Journal::for_each_by_time(time::Range<time::Instant> range, const FactVisitor& visit) const {
    const Impl::Reader reader{*impl_};
    visit_range(*reader, "SELECT first_seq, last_seq FROM block WHERE max_at >= ?1 AND min_at < ?2 ORDER BY first_seq",
                3, range, visit);
}

void Journal::for_each_by_known_at(time::Range<time::Instant> range, const FactVisitor& visit) const {
    const Impl::Reader reader{*impl_};
    visit_range(*reader,
                "SELECT first_seq, last_seq FROM block WHERE max_known_at >= ?1 AND min_known_at < ?2 "
                "ORDER BY first_seq",
                4, range, visit);
}

// Records --------------------------------------------------------------------------------------------------------

void Journal::record_playbook(const Hash& hash, std::span<const std::byte> canonical, time::Instant now) {
    impl_->check_writable();
    if (hash != hash_bytes(canonical)) throw InvalidArgument{"journal: hash is not the hash of the playbook's bytes"};
    impl_->registry->collect_words();
    impl_->write([&](Writer& writer) {
        writer.connection()
            .prepared(
                "INSERT INTO playbook (hash, bytes, recorded_at) VALUES (?1, ?2, ?3) "
                "ON CONFLICT (hash) DO NOTHING")
            .bind_blob(1, hash)
            .bind_blob(2, canonical)
            .bind(3, now.unix_ms())
            .run();
    });
}

std::optional<std::vector<std::byte>> Journal::playbook(const Hash& hash) const {
    const Impl::Reader reader{*impl_};
    const Use row{reader->prepared("SELECT bytes FROM playbook WHERE hash = ?1")};
    row->bind_blob(1, hash);
    if (!row->step()) return std::nullopt;
    const std::span<const std::byte> bytes = row->blob(0);
    if (hash_bytes(bytes) != hash) throw StoreError{"journal: playbook " + to_hex(hash) + " is damaged", 0};
    return std::vector<std::byte>{bytes.begin(), bytes.end()};
}

}  // namespace alloquy::store
