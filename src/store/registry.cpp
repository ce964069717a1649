#include "registry.hpp"

#include <sodium.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <alloquy/error.hpp>

namespace alloquy::store::detail {
namespace {

constexpr std::string_view find_person_sql = "SELECT person FROM external_key WHERE system = ?1 AND key = ?2";
constexpr std::string_view find_organisation_sql =
    "SELECT organisation FROM organisation_key WHERE system = ?1 AND key = ?2";

template <class Item>
void move_behind(std::vector<Item>& to, std::vector<Item>& from) {
    if (to.empty()) {
        to = std::move(from);
    } else {
        to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    }
}

}  // namespace

void Pending::append(Pending&& later) {
    move_behind(words, later.words);
    move_behind(people, later.people);
    move_behind(person_keys, later.person_keys);
    move_behind(organisations, later.organisations);
    move_behind(organisation_keys, later.organisation_keys);
}

Registry::KeyChunk::~KeyChunk() {
    sodium_memzero(keys.data(), sizeof keys);
}

Registry::Registry(std::unique_ptr<sqlite::Connection> lookup) : lookup_{std::move(lookup)} {
    reload_symbols();
    last_person_ = lookup_->integer_of("SELECT max(id) FROM person");
    durable_person_ = last_person_;
    last_organisation_ = lookup_->integer_of("SELECT max(id) FROM organisation");
    durable_organisation_ = last_organisation_;
}

void Registry::reload_symbols() {
    const std::lock_guard lock{mutex_};
    model::Symbols::for_each(symbols, [&](int index, auto& vocabulary) {
        const sqlite::Use words{
            lookup_->prepared("SELECT number, text FROM symbol WHERE vocabulary = ?1 AND number > ?2 ORDER BY number")};
        words->bind(1, index).bind(2, static_cast<std::int64_t>(vocabulary.size()));
        while (words->step()) {
            if (vocabulary.intern(words->text(1)).number() != words->integer(0)) {
                throw StoreError{"journal: the vocabulary " + std::to_string(index) + " is damaged", 0};
            }
        }
        noted_words_.at(static_cast<std::size_t>(index)) = vocabulary.size();
    });
}

void Registry::collect_words() {
    const std::lock_guard lock{mutex_};
    model::Symbols::for_each(symbols, [&](int index, const auto& vocabulary) {
        std::size_t& noted = noted_words_[static_cast<std::size_t>(index)];
        for (; noted < vocabulary.size(); ++noted) {
            pending_.words.push_back({index, static_cast<std::int64_t>(noted + 1), vocabulary.texts()[noted]});
        }
    });
}

std::optional<std::int64_t> Registry::lookup(KeyMap& cache, std::string_view sql, std::int64_t system,
                                             std::string_view key) {
    cache_key_.assign({static_cast<char>(system & 0xFF), static_cast<char>(system >> 8 & 0xFF)});
    cache_key_ += key;
    if (const auto found = cache.find(cache_key_); found != cache.end()) return found->second;
    const sqlite::Use row{lookup_->prepared(sql)};
    row->bind(1, system).bind_blob(2, key);
    if (!row->step()) return std::nullopt;
    const std::int64_t id = row->integer(0);
    cache.emplace(cache_key_, id);
    return id;
}

Registry::Found Registry::person(std::int64_t system, std::string_view key, std::int64_t now) {
    const std::lock_guard lock{mutex_};
    if (const auto id = lookup(people_, find_person_sql, system, key)) return {*id, *id <= durable_person_};
    const std::int64_t id = last_person_ + 1;
    Pending::Person person{id, now, {}};
    randombytes_buf(person.key.data(), person.key.size());
    KeyChunk& chunk = chunk_of(id);
    const auto place = static_cast<std::size_t>(id) % chunk_people;
    chunk.keys[place] = person.key;
    chunk.known.set(place);
    pending_.people.push_back(person);
    pending_.person_keys.push_back({id, system, std::string{key}});
    people_.emplace(cache_key_, id);
    last_person_ = id;
    return {id, false};
}

std::optional<std::int64_t> Registry::find_person(std::int64_t system, std::string_view key) {
    const std::lock_guard lock{mutex_};
    return lookup(people_, find_person_sql, system, key);
}

bool Registry::link(std::int64_t person, std::int64_t system, std::string_view key) {
    const std::lock_guard lock{mutex_};
    if (person < 1 || person > last_person_) {
        throw InvalidArgument{"journal: there is no person " + std::to_string(person)};
    }
    if (const auto id = lookup(people_, find_person_sql, system, key)) {
        if (*id == person) return false;
        throw InvalidArgument{"journal: the key belongs to person " + std::to_string(*id) + ", not to person " +
                              std::to_string(person)};
    }
    pending_.person_keys.push_back({person, system, std::string{key}});
    people_.emplace(cache_key_, person);
    return true;
}

std::int64_t Registry::person_count() {
    const std::lock_guard lock{mutex_};
    return last_person_;
}

Registry::Found Registry::organisation(std::int64_t system, std::string_view key, model::OrganisationKind kind,
                                       std::string_view name) {
    const std::lock_guard lock{mutex_};
    if (const auto id = lookup(organisations_, find_organisation_sql, system, key)) {
        return {*id, *id <= durable_organisation_};
    }
    const std::int64_t id = ++last_organisation_;
    pending_.organisations.push_back({id, static_cast<std::int64_t>(kind), std::string{name}});
    pending_.organisation_keys.push_back({id, system, std::string{key}});
    organisations_.emplace(cache_key_, id);
    return {id, false};
}

std::optional<std::int64_t> Registry::find_organisation(std::int64_t system, std::string_view key) {
    const std::lock_guard lock{mutex_};
    return lookup(organisations_, find_organisation_sql, system, key);
}

bool Registry::is_organisation(std::int64_t id) {
    const std::lock_guard lock{mutex_};
    return id >= 1 && id <= last_organisation_;
}

Registry::KeyChunk& Registry::chunk_of(std::int64_t person) {
    const auto index = static_cast<std::size_t>(person) / chunk_people;
    if (index >= keys_.size()) keys_.resize(index + 1);
    if (!keys_[index]) keys_[index] = std::make_unique<KeyChunk>();
    return *keys_[index];
}

const CommitmentKey* Registry::commitment_key(std::int64_t person) {
    const std::lock_guard lock{mutex_};
    if (person < 1 || person > last_person_) return nullptr;
    KeyChunk& chunk = chunk_of(person);
    const auto place = static_cast<std::size_t>(person) % chunk_people;
    if (!chunk.known[place] && !chunk.loaded) {
        const std::int64_t first = person - static_cast<std::int64_t>(place);
        const sqlite::Use rows{
            lookup_->prepared("SELECT person, key FROM person_key WHERE person >= ?1 AND person < ?2")};
        rows->bind(1, first).bind(2, first + static_cast<std::int64_t>(chunk_people));
        while (rows->step()) {
            const auto loaded = static_cast<std::size_t>(rows->integer(0) - first);
            const std::span<const std::byte> key = rows->blob(1);
            if (key.size() != key_bytes) {
                throw StoreError{"journal: the key of person " + std::to_string(rows->integer(0)) + " is damaged", 0};
            }
            std::ranges::copy(key, chunk.keys[loaded].begin());
            chunk.known.set(loaded);
        }
        chunk.loaded = true;
    }
    return chunk.known[place] ? &chunk.keys[place] : nullptr;
}

Pending Registry::take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(pending_, {});
}

void Registry::give_back(Pending&& pending) {
    const std::lock_guard lock{mutex_};
    pending.append(std::move(pending_));
    pending_ = std::move(pending);
}

void Registry::committed(const Pending& pending) {
    const std::lock_guard lock{mutex_};
    if (!pending.people.empty()) durable_person_ = pending.people.back().id;
    if (!pending.organisations.empty()) durable_organisation_ = pending.organisations.back().id;
}

}  // namespace alloquy::store::detail
