// Timing of the journal: appending in bulk beside a bare sqlite3 loop, recording one by one, and reading.
//
// usage: bench_append [folder] [facts] [people]      (temporary folder, 2000000, 20000)
// Prints `name value` lines. The peer inserts the very rows that the journal holds afterwards (encoded beforehand, with
// their commitments) into a table of the same schema under the same pragmas, in one transaction, as the journal does:
// once in the order in which the facts were given, and once in the order in which the journal writes them. Runs
// alternate; the best of three counts.

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/journal.hpp>

namespace alloquy::store::detail {
void leave_out_commitments(Journal& journal);  // src/store/journal_impl.hpp
}

namespace {

using alloquy::PersonId;
using alloquy::store::Journal;
using alloquy::time::Instant;
namespace model = alloquy::model;
namespace store = alloquy::store;

double seconds(const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void print(const char* name, double value) {
    std::printf("%s %.6g\n", name, value);
    std::fflush(stdout);
}

struct Sizes {
    std::size_t facts = 2'000'000;
    std::size_t people = 20'000;
};

/// Clicks in the order of time, each by some person, with a running number as key, as a learning platform exports them.
std::vector<model::Fact> make_facts(model::Symbols& symbols, const Sizes& sizes) {
    std::mt19937_64 random{1};
    const auto source = symbols.sources.intern("lms");
    const auto channel = symbols.channels.intern("web");
    std::vector<model::Topic> topics;
    for (const char* name : {"course", "forum", "quiz", "library"}) topics.push_back(symbols.topics.intern(name));
    std::vector<model::Fact> facts;
    facts.reserve(sizes.facts);
    for (std::size_t i = 0; i < sizes.facts; ++i) {
        const Instant at = Instant::from_unix_ms(1'725'148'800'000 + static_cast<std::int64_t>(i) * 9'000);
        model::Interaction click{
            .channel = channel, .act = model::Act::clicked, .direction = model::Direction::inbound};
        click.topic = topics[random() % topics.size()];
        click.quantity = static_cast<std::uint32_t>(1 + random() % 20);
        facts.push_back({.person = PersonId{static_cast<std::int64_t>(1 + random() % sizes.people)},
                         .at = at,
                         .known_at = at + alloquy::time::Duration{3'600'000},
                         .source = source,
                         .key = "click-" + std::to_string(i),
                         .content = click});
    }
    return facts;
}

void add_people(Journal& journal, const Sizes& sizes) {
    const auto system = journal.symbols().sources.intern("sis");
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < sizes.people; ++i) keys.push_back("student-" + std::to_string(i));
    const std::vector<std::string_view> views{keys.begin(), keys.end()};
    static_cast<void>(journal.people(system, views, Instant::from_unix_ms(1'725'148'800'000)));
}

struct BareRow {
    std::int64_t person, source, at, known_at, seq, kind;
    std::string key, payload, commitment;
};

class Bare {
public:
    explicit Bare(const std::filesystem::path& path, bool set_pragmas) {
        check(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr));
        if (!set_pragmas) return;
        for (const char* sql :
             {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON",
              "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -262144",
              "PRAGMA wal_autocheckpoint = 1000", "PRAGMA journal_size_limit = 67108864"}) {
            run(sql);
        }
    }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    ~Bare() { sqlite3_close(database_); }

    void run(const char* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }

    std::vector<BareRow> rows() {
        std::vector<BareRow> rows;
        sqlite3_stmt* select = nullptr;
        check(sqlite3_prepare_v2(database_,
                                 "SELECT person, source, at, known_at, seq, kind, key, payload, commitment FROM fact",
                                 -1, &select, nullptr));
        const auto bytes = [&](int column) {
            return std::string{static_cast<const char*>(sqlite3_column_blob(select, column)),
                               static_cast<std::size_t>(sqlite3_column_bytes(select, column))};
        };
        const auto number = [&](int column) { return sqlite3_column_int64(select, column); };
        while (sqlite3_step(select) == SQLITE_ROW) {
            rows.push_back(
                {number(0), number(1), number(2), number(3), number(4), number(5), bytes(6), bytes(7), bytes(8)});
        }
        sqlite3_finalize(select);
        return rows;
    }

    void insert(const std::vector<BareRow>& rows) {
        sqlite3_stmt* insert = nullptr;
        check(sqlite3_prepare_v2(database_,
                                 "INSERT INTO fact (person, source, key, at, known_at, seq, kind, payload, commitment) "
                                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                                 -1, &insert, nullptr));
        run("BEGIN");
        const auto blob = [&](int index, const std::string& value) {
            sqlite3_bind_blob(insert, index, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
        };
        for (const BareRow& row : rows) {
            sqlite3_bind_int64(insert, 1, row.person);
            sqlite3_bind_int64(insert, 2, row.source);
            blob(3, row.key);
            sqlite3_bind_int64(insert, 4, row.at);
            sqlite3_bind_int64(insert, 5, row.known_at);
            sqlite3_bind_int64(insert, 6, row.seq);
            sqlite3_bind_int64(insert, 7, row.kind);
            blob(8, row.payload);
            blob(9, row.commitment);
            if (sqlite3_step(insert) != SQLITE_DONE) check(SQLITE_ERROR);
            sqlite3_reset(insert);
        }
        run("COMMIT");
        sqlite3_finalize(insert);
    }

private:
    void check(int code) {
        if (code != SQLITE_OK) throw std::runtime_error{sqlite3_errmsg(database_)};
    }
    sqlite3* database_ = nullptr;
};

void remove_journal(const std::filesystem::path& path) {
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path.string() + suffix);
}

/// Seconds for one bulk append into a new journal.
double append_time(const std::filesystem::path& path, const Sizes& sizes, bool with_chain) {
    remove_journal(path);
    Journal journal = Journal::open(path);
    add_people(journal, sizes);
    const std::vector<model::Fact> facts = make_facts(journal.symbols(), sizes);
    if (!with_chain) store::detail::leave_out_commitments(journal);
    return seconds([&] {
        store::BulkAppend bulk{journal, {.facts_per_commit = 0}};
        constexpr std::size_t piece = 4096;  // as a reader of files would hand them over
        for (std::size_t i = 0; i < facts.size(); i += piece) {
            bulk.append(std::span{facts}.subspan(i, std::min(piece, facts.size() - i)));
        }
        if (bulk.commit().entered != facts.size()) throw std::runtime_error{"not all facts entered"};
    });
}

double bare_time(const std::filesystem::path& path, const std::vector<BareRow>& rows) {
    remove_journal(path);
    { const Journal empty = Journal::open(path); }
    Bare bare{path, true};
    return seconds([&] { bare.insert(rows); });
}

double record_rate(const std::filesystem::path& path, std::size_t threads, std::size_t facts_per_thread) {
    remove_journal(path);
    Journal journal = Journal::open(path);
    const Sizes sizes{threads * facts_per_thread, 1000};
    add_people(journal, sizes);
    const std::vector<model::Fact> facts = make_facts(journal.symbols(), sizes);
    const double time = seconds([&] {
        std::vector<std::thread> running;
        for (std::size_t t = 0; t < threads; ++t) {
            running.emplace_back([&, t] {
                for (std::size_t i = t; i < facts.size(); i += threads) journal.record(facts[i]);
            });
        }
        for (std::thread& thread : running) thread.join();
    });
    return static_cast<double>(facts.size()) / time;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::filesystem::path folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path();
        Sizes sizes;
        if (argc > 2) sizes.facts = std::stoul(argv[2]);
        if (argc > 3) sizes.people = std::stoul(argv[3]);
        const std::filesystem::path path = folder / "bench_append.sqlite";
        const std::filesystem::path bare_path = folder / "bench_append_bare.sqlite";
        const auto count = static_cast<double>(sizes.facts);

        double ours = append_time(path, sizes, true);
        print("file_bytes_per_fact", static_cast<double>(std::filesystem::file_size(path)) / count);
        std::vector<BareRow> as_written = Bare{path, false}.rows();
        std::ranges::sort(as_written, {}, &BareRow::seq);
        std::vector<BareRow> as_given = as_written;
        std::ranges::sort(as_given, {}, &BareRow::at);  // facts were made with rising instants
        for (std::size_t i = 0; i < as_given.size(); ++i) as_given[i].seq = static_cast<std::int64_t>(i + 1);
        double without_chain = append_time(path, sizes, false);
        double bare = bare_time(bare_path, as_given);
        double bare_sorted = bare_time(bare_path, as_written);
        for (int run = 1; run < 3; ++run) {
            ours = std::min(ours, append_time(path, sizes, true));
            bare = std::min(bare, bare_time(bare_path, as_given));
            without_chain = std::min(without_chain, append_time(path, sizes, false));
            bare_sorted = std::min(bare_sorted, bare_time(bare_path, as_written));
        }
        print("append_per_second", count / ours);
        print("append_without_chain_per_second", count / without_chain);
        print("bare_per_second", count / bare);
        print("bare_in_written_order_per_second", count / bare_sorted);
        print("append_ratio_to_bare_sqlite", bare / ours);
        print("append_ratio_to_bare_sqlite_in_written_order", bare_sorted / ours);
        print("append_ratio_without_chain", bare / without_chain);
        print("chain_cost_fraction", ours / without_chain - 1.0);
        remove_journal(bare_path);

        {
            const Journal journal = Journal::open(path);
            const auto end = static_cast<std::int64_t>(sizes.people + 1);
            const auto scan = [&](std::int64_t first, std::int64_t last) {
                std::size_t found = 0;
                journal.for_each_person_facts(PersonId{first}, PersonId{last},
                                              [&](PersonId, std::span<const model::Fact> facts) {
                                                  found += facts.size();
                                                  return true;
                                              });
                return found;
            };
            double best = 1e9;
            for (int run = 0; run < 3; ++run) {
                best = std::min(best, seconds([&] {
                                    if (scan(1, end) != sizes.facts) throw std::runtime_error{"facts are missing"};
                                }));
            }
            print("scan_per_second", count / best);
            best = 1e9;
            for (int run = 0; run < 3; ++run) {
                best = std::min(best, seconds([&] {
                                    std::thread other{[&] { scan(end / 2, end); }};
                                    scan(1, end / 2);
                                    other.join();
                                }));
            }
            print("scan_2_threads_per_second", count / best);
            const std::size_t looks = 20'000;
            print("facts_of_per_second", static_cast<double>(looks) / seconds([&] {
                                             std::mt19937_64 random{2};
                                             for (std::size_t i = 0; i < looks; ++i) {
                                                 static_cast<void>(journal.facts_of(
                                                     PersonId{static_cast<std::int64_t>(1 + random() % sizes.people)}));
                                             }
                                         }));
            std::size_t found = 0;
            print("by_seq_per_second", count / seconds([&] {
                                           journal.for_each_by_seq(1, [&](std::uint64_t, const model::Fact&) {
                                               ++found;
                                               return true;
                                           });
                                       }));
            if (found != sizes.facts) throw std::runtime_error{"facts are missing"};
        }
        append_time(path, sizes, true);
        {
            Journal journal = Journal::open(path);
            print("verify_per_second", count / seconds([&] {
                                           if (!journal.verify().empty()) throw std::runtime_error{"verify() failed"};
                                       }));
            std::vector<std::string> keys;
            for (std::size_t i = 0; i < sizes.people; ++i) keys.push_back("student-" + std::to_string(i));
            const auto system = journal.symbols().sources.intern("sis");
            const auto look = [&] {
                for (const std::string& key : keys) static_cast<void>(journal.find_person(system, key));
            };
            print("find_person_first_per_second", static_cast<double>(sizes.people) / seconds(look));
            print("find_person_again_per_second", static_cast<double>(sizes.people) / seconds(look));
        }
        print("record_per_second", record_rate(path, 1, 20'000));
        print("record_8_threads_per_second", record_rate(path, 8, 5'000));
        remove_journal(path);
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
