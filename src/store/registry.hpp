#pragma once

/// \file
/// Registry: symbols, people and organisations in memory, and those of them that are not on disk yet.

#include <bitset>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/symbols.hpp>

#include "codec.hpp"
#include "sqlite.hpp"

namespace alloquy::store::detail {

/// What the next commit has to write before its facts.
struct Pending {
    struct Word {
        int vocabulary;
        std::int64_t number;
        std::string text;
    };
    struct Person {
        std::int64_t id;
        std::int64_t first_mentioned_at;
        CommitmentKey key;
    };
    struct Key {
        std::int64_t id;
        std::int64_t system;
        std::string key;
    };
    struct Organisation {
        std::int64_t id;
        std::int64_t kind;
        std::string name;
    };

    std::vector<Word> words;
    std::vector<Person> people;
    std::vector<Key> person_keys;
    std::vector<Organisation> organisations;
    std::vector<Key> organisation_keys;

    [[nodiscard]] bool is_empty() const noexcept {
        return words.empty() && person_keys.empty() && organisation_keys.empty();
    }
    /// Puts `later` behind what is here.
    void append(Pending&& later);
};

/// Safe for several threads, but for the symbols: see Journal.
class Registry {
public:
    /// Loads the symbols and the highest ids.
    explicit Registry(std::unique_ptr<sqlite::Connection> lookup);

    model::Symbols symbols;

    /// Takes up words that were added to the file by another process.
    void reload_symbols();
    /// Notes words that the caller interned since the last call. To be called by a thread that may read the symbols.
    void collect_words();

    /// What was found or made, and whether it is on disk already.
    struct Found {
        std::int64_t id;
        bool durable;
    };
    [[nodiscard]] Found person(std::int64_t system, std::string_view key, std::int64_t now);
    [[nodiscard]] std::optional<std::int64_t> find_person(std::int64_t system, std::string_view key);
    /// \return  False if the key belongs to the person already.
    bool link(std::int64_t person, std::int64_t system, std::string_view key);
    [[nodiscard]] std::int64_t person_count();

    [[nodiscard]] Found organisation(std::int64_t system, std::string_view key, model::OrganisationKind kind,
                                     std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> find_organisation(std::int64_t system, std::string_view key);
    [[nodiscard]] bool is_organisation(std::int64_t id);

    /// The key of a person's commitments, or null if there is no such person (any more). Valid as long as the registry.
    [[nodiscard]] const CommitmentKey* commitment_key(std::int64_t person);

    [[nodiscard]] Pending take();
    void give_back(Pending&& pending);
    /// Called when these have been committed.
    void committed(const Pending& pending);

private:
    struct TextHash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using KeyMap = std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>>;
    static constexpr std::size_t chunk_people = 1024;
    struct KeyChunk {
        std::array<CommitmentKey, chunk_people> keys;
        std::bitset<chunk_people> known;
        bool loaded = false;
        KeyChunk() = default;
        KeyChunk(const KeyChunk&) = delete;
        KeyChunk& operator=(const KeyChunk&) = delete;
        ~KeyChunk();
    };

    [[nodiscard]] std::optional<std::int64_t> lookup(KeyMap& cache, std::string_view sql, std::int64_t system,
                                                     std::string_view key);
    [[nodiscard]] KeyChunk& chunk_of(std::int64_t person);

    std::mutex mutex_;
    std::unique_ptr<sqlite::Connection> lookup_;
    std::string cache_key_;
    KeyMap people_;
    KeyMap organisations_;
    std::int64_t last_person_ = 0;
    std::int64_t durable_person_ = 0;
    std::int64_t last_organisation_ = 0;
    std::int64_t durable_organisation_ = 0;
    std::vector<std::unique_ptr<KeyChunk>> keys_;
    std::array<std::size_t, 12> noted_words_{};
    Pending pending_;
};

}  // namespace alloquy::store::detail
