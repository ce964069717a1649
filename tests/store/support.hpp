#pragma once

/// \file
/// Builders for store tests: a folder that vanishes, seeded random facts of every kind, raw access to the file.

#include <sqlite3.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <alloquy/store/journal.hpp>

namespace store_test {

namespace model = alloquy::model;
using alloquy::DialogueId;
using alloquy::OrganisationId;
using alloquy::PersonId;
using alloquy::store::Journal;
using alloquy::time::Day;
using alloquy::time::Instant;

/// A new folder under the system's folder for temporary files; removed with all its files at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "alloquy-store-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code code;
        std::filesystem::remove_all(path_, code);
    }
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A new journal: "j.sqlite" in the folder, or one without a file.
inline Journal file_or_memory(const TemporaryFolder& folder, bool in_memory) {
    return in_memory ? Journal::in_memory() : Journal::open(folder / "j.sqlite");
}

inline std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Runs SQL on a file behind the library's back.
inline void tamper(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* database = nullptr;
    sqlite3_open(path.c_str(), &database);
    char* message = nullptr;
    const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
    const std::string text = message == nullptr ? "" : message;
    sqlite3_free(message);
    sqlite3_close(database);
    if (code != SQLITE_OK) throw std::runtime_error{text};
}

inline std::int64_t integer_of(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* database = nullptr;
    sqlite3_open(path.c_str(), &database);
    std::int64_t value = -1;
    const auto take = [](void* out, int, char** values, char**) {
        *static_cast<std::int64_t*>(out) = values[0] == nullptr ? 0 : std::strtoll(values[0], nullptr, 10);
        return 0;
    };
    sqlite3_exec(database, sql.c_str(), take, &value, nullptr);
    sqlite3_close(database);
    return value;
}

/// 2024-09-01T00:00:00Z, and some milliseconds.
inline Instant instant(std::int64_t ms = 0) {
    return Instant::from_unix_ms(1'725'148'800'000 + ms);
}

inline model::Fact click(PersonId person, model::Symbols& symbols, std::string key, std::int64_t at_ms = 0,
                         std::int64_t delay_ms = 0) {
    return {.person = person,
            .at = instant(at_ms),
            .known_at = instant(at_ms + delay_ms),
            .source = symbols.sources.intern("lms"),
            .key = std::move(key),
            .content = model::Interaction{.channel = symbols.channels.intern("web"),
                                          .act = model::Act::clicked,
                                          .direction = model::Direction::inbound}};
}

/// Random facts of every kind; the same for the same seed.
class RandomFacts {
public:
    RandomFacts(std::uint64_t seed, model::Symbols& symbols) : random_{seed}, symbols_{symbols} {}

    std::uint64_t below(std::uint64_t end) { return random_() % end; }
    bool coin() { return below(2) == 0; }
    std::string bytes(std::size_t most) {
        std::string text(below(most + 1), '\0');
        for (char& byte : text) byte = static_cast<char>(below(256));
        return text;
    }
    template <class Tag>
    model::Symbol<Tag> symbol(model::Vocabulary<Tag>& vocabulary) {
        // Now and then many words, so that numbers of more than one byte occur.
        return vocabulary.intern("word " + std::to_string(below(10) == 0 ? below(400) : below(4)));
    }
    template <class Tag>
    std::optional<model::Symbol<Tag>> maybe(model::Vocabulary<Tag>& vocabulary) {
        return coin() ? std::optional{symbol(vocabulary)} : std::nullopt;
    }
    template <class Enum>
    Enum enumerator() {
        return static_cast<Enum>(below(model::enum_size<Enum>));
    }
    std::int64_t integer() { return static_cast<std::int64_t>(random_()) >> below(64); }
    Instant any_instant() {
        return Instant::from_unix_ms(Instant::min_unix_ms + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(
                                                                Instant::max_unix_ms - Instant::min_unix_ms))));
    }

    model::FactContent content(std::size_t kind, std::int64_t people = 0, std::int64_t organisations = 0) {
        switch (kind) {
            case 0: {
                model::Interaction i{.channel = symbol(symbols_.channels),
                                     .act = enumerator<model::Act>(),
                                     .direction = enumerator<model::Direction>()};
                i.topic = maybe(symbols_.topics);
                i.language = maybe(symbols_.languages);
                i.actor = enumerator<model::ActorKind>();
                i.team = maybe(symbols_.teams);
                if (coin()) i.dialogue = DialogueId{integer()};
                i.purpose = maybe(symbols_.purposes);
                i.action = maybe(symbols_.actions);
                if (coin()) i.quantity = static_cast<std::uint32_t>(below(0xFFFF'FFFF) >> below(32)) + 1;
                if (coin()) i.tone = enumerator<model::Tone>();
                if (coin()) i.text = bytes(300);
                return i;
            }
            case 1:
                return model::RoleChange{.kind = enumerator<model::RoleKind>(),
                                         .programme = maybe(symbols_.programmes),
                                         .site = maybe(symbols_.sites),
                                         .ended = coin()};
            case 2: {
                model::AttributeStatement statement;
                for (std::uint64_t left = below(5); left != 0; --left) {
                    model::AttributeValue value{std::monostate{}};
                    switch (below(5)) {
                        case 0:
                            value = coin();
                            break;
                        case 1:
                            value = static_cast<double>(integer()) / 1024.0;
                            break;
                        case 2:
                            value = Day::from_unix_days(static_cast<std::int64_t>(below(60'000)) - 30'000);
                            break;
                        case 3:
                            value = bytes(40);
                            break;
                        default:
                            break;
                    }
                    statement.attributes.push_back({symbol(symbols_.attributes), std::move(value)});
                }
                return statement;
            }
            case 3:
                return model::ConsentStatement{.purpose = symbol(symbols_.purposes),
                                               .channel = maybe(symbols_.channels),
                                               .decision = enumerator<model::ConsentDecision>(),
                                               .text_version = bytes(20)};
            case 4: {
                model::RelationEnd other{OrganisationId{
                    organisations == 0
                        ? integer()
                        : 1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(organisations)))}};
                if (coin()) {
                    other = PersonId{people == 0
                                         ? integer()
                                         : 1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(people)))};
                }
                return model::RelationChange{
                    .kind = enumerator<model::RelationKind>(), .other = other, .ended = coin()};
            }
            case 5:
                return model::DialogueChange{.dialogue = DialogueId{integer()},
                                             .step = enumerator<model::DialogueStep>(),
                                             .team = maybe(symbols_.teams),
                                             .topic = maybe(symbols_.topics),
                                             .tone = coin() ? std::optional{enumerator<model::Tone>()} : std::nullopt};
            case 6:
                return model::EnrolmentChange{.programme = symbol(symbols_.programmes),
                                              .status = enumerator<model::EnrolmentStatus>()};
            case 7:
                return model::Result{.assessment = symbol(symbols_.assessments),
                                     .fraction = static_cast<double>(below(1001)) / 1000.0};
            default:
                return model::ObligationChange{.kind = symbol(symbols_.obligations),
                                               .item = bytes(30),
                                               .step = enumerator<model::ObligationStep>(),
                                               .due = coin() ? std::optional{any_instant()} : std::nullopt};
        }
    }

    /// A fact that a journal with these people and organisations takes; `key` makes it unique.
    model::Fact fact(std::int64_t people, std::int64_t organisations, std::string key) {
        const PersonId person{1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(people)))};
        const Instant at = instant(static_cast<std::int64_t>(below(1000)) * 3'600'000);
        model::FactContent what = content(below(9), people, organisations);
        if (const auto* relation = std::get_if<model::RelationChange>(&what)) {
            if (relation->other == model::RelationEnd{person}) what = content(0);
        }
        return {.person = person,
                .at = at,
                .known_at = at + alloquy::time::Duration{static_cast<std::int64_t>(below(50)) * 3'600'000},
                .source = symbol(symbols_.sources),
                .key = std::move(key),
                .content = std::move(what)};
    }

private:
    std::mt19937_64 random_;
    model::Symbols& symbols_;
};

}  // namespace store_test
