#pragma once

/// \file
/// Institution: the facade that hosts use. Journal, engine and playbook of one institution in one object.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <alloquy/decide/decision.hpp>
#include <alloquy/decide/plan.hpp>
#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/io/zone_files.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/store/bulk_append.hpp>
#include <alloquy/store/hash.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy {

/// How an institution is opened.
struct InstitutionOptions {
    unsigned threads = 2;        ///< For bulk work; results are the same for any number. >= 1.
    engine::ZoneSource zones{};  ///< Finds time zones; the system's IANA files where absent.
    std::size_t cache_bytes = store::JournalOptions{}.cache_bytes;  ///< Page cache of the journal's writer.
};

/// Journal, engine and playbook in one. All members may be called from several threads at once: `record` commits
/// together with other threads' facts; questions wait for each other.
///
/// What the engine does not know yet (after opening or an import) is folded when the first question is asked.
template <score::Signal... Signals>
class BasicInstitution {
public:
    using Engine = engine::BasicEngine<Signals...>;

    /// Opens the journal file, or makes it, and loads the newest snapshot that fits.
    ///
    /// \param path      The journal.
    /// \param playbook  The policy; kept in the journal under its hash, which stands in every decision.
    /// \param now       When the playbook came into force, if the journal does not know it yet.
    /// \param signals   One object of each type.
    /// \throws StoreError       if the file cannot be opened, is in use by another process or is of a newer library.
    /// \throws InvalidArgument  if the playbook is inconsistent.
    [[nodiscard]] static BasicInstitution open(const std::filesystem::path& path, engine::Playbook playbook,
                                               time::Instant now, InstitutionOptions options, Signals... signals) {
        store::Journal journal = store::Journal::open(path, {store::OpenMode::read_write, options.cache_bytes});
        return BasicInstitution{std::move(journal), std::move(playbook), now, std::move(options),
                                std::move(signals)...};
    }
    /// The same in memory, for tests and small programs: nothing survives the object.
    [[nodiscard]] static BasicInstitution in_memory(engine::Playbook playbook, time::Instant now,
                                                    InstitutionOptions options, Signals... signals) {
        return BasicInstitution{store::Journal::in_memory(), std::move(playbook), now, std::move(options),
                                std::move(signals)...};
    }

    // Facts in -------------------------------------------------------------------------------------------------

    /// The person with this external key, made where there is none.
    /// \param system  Name of the system that gave the key, such as "sis".
    [[nodiscard]] PersonId person(std::string_view system, std::string_view key, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        std::optional<model::Source> source = journal_.symbols().sources.find(system);
        if (!source) {
            const std::unique_lock words{*words_mutex_};  // no commit may read the vocabularies meanwhile
            source = journal_.symbols().sources.intern(system);
        }
        return journal_.person(*source, key, now);
    }
    /// The same for many keys in one commit. Element i of the result belongs to key i.
    [[nodiscard]] std::vector<PersonId> people(std::string_view system, std::span<const std::string_view> keys,
                                               time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const std::unique_lock words{*words_mutex_};
        return journal_.people(journal_.symbols().sources.intern(system), keys, now);
    }
    [[nodiscard]] std::optional<PersonId> find_person(std::string_view system, std::string_view key) const {
        const std::lock_guard lock{*mutex_};
        const std::optional<model::Source> source = journal_.symbols().sources.find(system);
        return source ? journal_.find_person(*source, key) : std::nullopt;
    }
    /// The vocabularies: intern the words of facts to come here, while no other thread uses the institution.
    [[nodiscard]] model::Symbols& symbols() noexcept { return journal_.symbols(); }
    [[nodiscard]] const model::Symbols& symbols() const noexcept { return journal_.symbols(); }
    /// Calls `use` with the vocabularies while no other call of this object reads or extends them: for programmes,
    /// topics and other words that turn up while the host runs. \return What `use` returns.
    template <class Use>
    auto with_symbols(Use&& use) {
        const std::lock_guard lock{*mutex_};
        const std::unique_lock words{*words_mutex_};
        return use(journal_.symbols());
    }
    /// Gives a person one more external key.
    /// \throws InvalidArgument  if the key is another person's.
    void link_key(PersonId person, std::string_view system, std::string_view key) {
        const std::lock_guard lock{*mutex_};
        const std::unique_lock words{*words_mutex_};
        journal_.link_key(person, journal_.symbols().sources.intern(system), key);
        add_people(*engine_);  // the tie key may be another now
    }
    /// The organisation with this external key, made where there is none; its first kind and name stay.
    [[nodiscard]] OrganisationId organisation(std::string_view system, std::string_view key,
                                              model::OrganisationKind kind, std::string_view name) {
        const std::lock_guard lock{*mutex_};
        const std::unique_lock words{*words_mutex_};
        return journal_.organisation(journal_.symbols().sources.intern(system), key, kind, name);
    }

    /// Records one fact; returns after it is on disk and the scores know it.
    /// \throws InvalidArgument  if the fact is malformed (store::fact_problem) or its person does not exist.
    /// \throws StoreError       if it could not be written; then it is not there.
    store::Entry record(const model::Fact& fact) { return record(std::span{&fact, 1}).front(); }

    /// Records several in one commit. Element i of the result belongs to fact i.
    std::vector<store::Entry> record(std::span<const model::Fact> facts) {
        announce(facts);
        std::size_t landed = 0;
        std::vector<store::Entry> entries;
        try {
            {
                const std::shared_lock words{*words_mutex_};
                entries = journal_.record(facts);
            }
            const std::lock_guard lock{*mutex_};
            while (landed < facts.size()) {
                const model::Fact& fact = facts[landed];
                const std::optional<model::Fact> mirror = model::mirrored(fact);
                const bool entered = entries[landed] == store::Entry::entered;
                ++landed;
                // A refold that found the fact on disk has folded it already.
                const bool folded = land(fact, fact.person);
                const bool mirror_folded = mirror && land(fact, mirror->person);
                if (entered && !folded) observe(fact);
                if (entered && mirror && !mirror_folded) observe(*mirror);
            }
        } catch (...) {
            // What is on disk is known, what the engine has seen is not: everybody concerned is folded afresh.
            const std::lock_guard lock{*mutex_};
            for (std::size_t i = 0; i < facts.size(); ++i) {
                const std::optional<model::Fact> mirror = model::mirrored(facts[i]);
                stale_.insert(facts[i].person);
                if (mirror) stale_.insert(mirror->person);
                if (i < landed) continue;
                static_cast<void>(land(facts[i], facts[i].person));
                if (mirror) static_cast<void>(land(facts[i], mirror->person));
            }
            throw;
        }
        return entries;
    }

    /// Records very many facts, in few large commits; the scores know them at the next question.
    ///
    /// \param append  Called once with the open store::BulkAppend, to which it hands the facts; what it throws ends the
    ///                recording. What was committed until then stays.
    /// \throws StoreError  if writing failed.
    template <class Append>
    store::BulkResult record_bulk(const Append& append) {
        const auto distrust = [this] {
            const std::lock_guard lock{*mutex_};
            everybody_stale_ = true;
        };
        distrust();  // also if it ends early
        store::BulkAppend bulk{journal_};
        append(bulk);
        store::BulkResult result = bulk.commit();
        distrust();  // a question in between has folded a part
        return result;
    }

    /// Imports a CSV file; the scores know it at the next question. Other calls wait until it is over, so
    /// `options.on_progress` must make none.
    io::ImportReport import_csv(const io::ImportMapping& mapping, const std::filesystem::path& file,
                                const io::ImportOptions& options) {
        const std::lock_guard lock{*mutex_};
        const std::unique_lock words{*words_mutex_};  // the import meets new words
        // If it ends early, what was committed until then stays.
        const bool was_stale = std::exchange(everybody_stale_, true);
        io::ImportReport report = io::import_csv(journal_, mapping, file, options);
        everybody_stale_ = was_stale;
        stale_.insert(report.people.begin(), report.people.end());
        return report;
    }

    // Questions ------------------------------------------------------------------------------------------------

    /// \throws NotFound         if there is no such person.
    /// \throws InvalidArgument  if facts are there that became known after `now`; ask as_of(now) then.
    [[nodiscard]] score::EngagementScore engagement(PersonId person, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().engagement(person, now);
    }
    /// \throws NotFound, InvalidArgument  as engagement().
    [[nodiscard]] score::ReachabilityScore reachability(PersonId person, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().reachability(person, now);
    }
    /// What is known of one person besides interactions.
    [[nodiscard]] model::Person profile(PersonId person) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = settled();
        return engine.person(engine.row(person));
    }
    /// The next dialogue action of one person, with the whole account of why.
    /// \throws NotFound, InvalidArgument  as engagement().
    [[nodiscard]] decide::Decision next(PersonId person, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().next(person, now);
    }
    /// One action for each person at most, within the minutes that staff have.
    /// \throws InvalidArgument  as engagement(), and if the capacity is wrong.
    [[nodiscard]] decide::Plan plan(time::Instant now, const decide::Capacity& capacity = {}) {
        const std::lock_guard lock{*mutex_};
        return settled().plan(now, capacity, options_.threads);
    }
    /// The account of one person's place in a plan, as things were known when it was made: also after the first mail
    /// has been recorded as sent. \throws NotFound         if there is no such person. \throws InvalidArgument  if the
    /// plan is of another playbook, or if facts that came in since, though known before
    ///                          the plan, make its action impossible.
    [[nodiscard]] decide::Decision explain(PersonId person, const decide::Plan& plan) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = settled();
        std::vector<model::Fact> facts = journal_.facts_of(person);
        if (std::erase_if(facts, [&](const model::Fact& fact) { return fact.known_at > plan.now; }) == 0) {
            return engine.explain(person, plan);
        }
        Engine then = make_engine();
        then.refold(then.add_person(person, 0), facts);
        return then.explain(person, plan);
    }

    /// The state as it was known at an instant: folded from the facts with known_at <= instant alone. Answers any
    /// question about that instant or later without seeing what became known after it. Must not outlive the
    /// institution, and does not follow it.
    /// \par Cost  A scan of the journal.
    [[nodiscard]] Engine as_of(time::Instant instant) {
        const std::lock_guard lock{*mutex_};
        Engine engine = make_engine();
        add_people(engine);
        refold_all(engine, instant);
        return engine;
    }

    /// The engine with all facts folded, for questions that are not repeated here. The reference is good until the
    /// next call that adds facts; do not use it beside such calls.
    [[nodiscard]] const Engine& engine() {
        const std::lock_guard lock{*mutex_};
        return settled();
    }

    /// Hash of the whole state in canonical form: equal for equal sets of facts and equal playbooks, whatever the order
    /// of arrival, the number of threads or the compiler.
    [[nodiscard]] store::Hash state_hash() {
        const std::lock_guard lock{*mutex_};
        return state_hash(settled());
    }
    /// The same of a view.
    [[nodiscard]] store::Hash state_hash(const Engine& engine) const {
        store::Hasher hasher;
        engine::ByteWriter out{[&](std::span<const std::byte> bytes) { hasher.add(bytes); }};
        engine.write_canonical(out, [&](OrganisationId id) { return organisation_key(id); });
        return hasher.hash();
    }

    // Care -----------------------------------------------------------------------------------------------------

    /// Saves the engine's state, so that the next opening need not fold all facts.
    void save_snapshot() {
        const std::lock_guard lock{*mutex_};
        if (!in_flight_.empty()) throw InvalidArgument{"Institution::save_snapshot: not while `record` is running"};
        const Engine& engine = settled();
        std::vector<std::vector<std::byte>> chunks;
        engine::ByteWriter out{
            [&](std::span<const std::byte> bytes) { chunks.emplace_back(bytes.begin(), bytes.end()); }};
        engine.save(out);
        std::size_t next = 0;
        journal_.write_snapshot(journal_.last_seq(), engine.snapshot_header(), [&](std::vector<std::byte>& chunk) {
            if (next == chunks.size()) return false;
            chunk = std::move(chunks[next++]);
            return true;
        });
    }
    /// Why the snapshot was not used at opening; empty if it was, or if there was none.
    [[nodiscard]] const std::string& snapshot_refusal() const noexcept { return snapshot_refusal_; }

    /// Moves what the write-ahead log holds into the file.
    void checkpoint() { journal_.checkpoint(); }
    /// The journal, for reading; facts go in by this object alone, or the scores would not know them.
    [[nodiscard]] const store::Journal& journal() const noexcept { return journal_; }
    [[nodiscard]] const engine::Playbook& playbook() const noexcept { return playbook_; }
    /// Hash of the playbook's canonical bytes.
    [[nodiscard]] const store::Hash& playbook_hash() const noexcept { return playbook_hash_; }

private:
    BasicInstitution(store::Journal journal, engine::Playbook playbook, time::Instant now, InstitutionOptions options,
                     Signals... signals)
        : options_{std::move(options)},
          playbook_{std::move(playbook)},
          signals_{std::move(signals)...},
          journal_{std::move(journal)} {
        if (options_.threads == 0) throw InvalidArgument{"Institution: threads must be >= 1"};
        if (!options_.zones) options_.zones = [](std::string_view name) { return io::find_zone(name); };
        const std::vector<std::byte> canonical = engine::canonical_bytes(playbook_);
        playbook_hash_ = store::hash_bytes(canonical);
        engine_ = std::make_unique<Engine>(make_engine());
        journal_.record_playbook(playbook_hash_, canonical, now);
        load();
    }

    [[nodiscard]] Engine make_engine() {
        return std::apply(
            [&](const auto&... signal) {
                return Engine{playbook_, playbook_hash_, journal_.symbols(), options_.zones, signal...};
            },
            signals_);
    }

    /// From the snapshot, if it fits, and the facts after it; else everybody is stale.
    void load() {
        const std::optional<store::Snapshot> snapshot = journal_.latest_snapshot();
        if (snapshot && restore(*snapshot)) {
            journal_.for_each_by_seq(snapshot->seq + 1, [&](std::uint64_t, const model::Fact& fact) {
                stale_.insert(fact.person);
                return true;
            });
        } else {
            everybody_stale_ = journal_.fact_count() > 0;
        }
    }
    [[nodiscard]] bool restore(const store::Snapshot& snapshot) {
        if (!snapshot.damage.empty()) {
            snapshot_refusal_ = snapshot.damage;
            return false;
        }
        if (snapshot.header != engine_->snapshot_header()) {
            snapshot_refusal_ = "the snapshot is of another playbook, other signals or another version";
            return false;
        }
        std::vector<std::vector<std::byte>> chunks;
        if (const std::optional<std::string> damage =
                journal_.for_each_chunk(snapshot, [&](std::uint32_t, std::span<const std::byte> chunk) {
                    chunks.emplace_back(chunk.begin(), chunk.end());
                    return true;
                })) {
            snapshot_refusal_ = *damage;
            return false;
        }
        std::size_t next = 0;
        engine::ByteReader in{[&]() -> std::span<const std::byte> {
            if (next > 0) std::vector<std::byte>{}.swap(chunks[next - 1]);
            return next < chunks.size() ? std::span<const std::byte>{chunks[next++]} : std::span<const std::byte>{};
        }};
        try {
            engine_->restore(in);
        } catch (const ParseError& error) {
            snapshot_refusal_ = error.what();
            return false;
        }
        return true;
    }

    void add_people(Engine& engine) const {
        journal_.for_each_person([&](PersonId person, std::uint64_t tie_key) {
            engine.add_person(person, tie_key);
            return true;
        });
    }

    /// Folds what is stale. The caller holds the lock.
    const Engine& settled() {
        if (!everybody_stale_ && stale_.empty()) {
            if (engine_->size() != journal_.person_count()) add_people(*engine_);
            return *engine_;
        }
        add_people(*engine_);
        // A scan reads about ten times as many facts a second as look-ups by person.
        if (everybody_stale_ || stale_.size() > engine_->size() / 8) {
            refold_all(*engine_, std::nullopt);
        } else {
            for (const PersonId person : stale_) refold_one(*engine_, person);
        }
        everybody_stale_ = false;
        stale_.clear();
        return *engine_;
    }

    void refold_one(Engine& engine, PersonId person) { engine.refold(engine.row(person), history(person)); }

    /// \param known_until  Only facts that were known by then, for an engine of its own; all without it.
    void refold_all(Engine& engine, std::optional<time::Instant> known_until) {
        if (engine.size() == 0) return;
        // Ids are given in sequence, so equal ranges of ids are about equal shares of the work.
        std::int64_t last = 0;
        for (std::uint32_t row = 0; row < engine.size(); ++row) last = std::max(last, engine.person(row).id.value());
        constexpr std::int64_t people_per_task = 512;
        const std::int64_t tasks = last / people_per_task + 1;
        std::atomic<std::int64_t> next_task{0};
        std::vector<std::vector<InFlight*>> met(options_.threads);
        std::vector<std::exception_ptr> failures(options_.threads);
        const auto work = [&](unsigned thread) {
            try {
                std::vector<model::Fact> kept;
                for (std::int64_t task = next_task++; task < tasks; task = next_task++) {
                    journal_.for_each_person_facts(PersonId{task * people_per_task},
                                                   PersonId{(task + 1) * people_per_task},
                                                   [&](PersonId person, std::span<const model::Fact> facts) {
                                                       kept.clear();
                                                       if (known_until) {
                                                           for (const model::Fact& fact : facts) {
                                                               if (fact.known_at <= *known_until) kept.push_back(fact);
                                                           }
                                                           engine.refold(engine.row(person), kept);
                                                           return true;
                                                       }
                                                       for (InFlight* flying : in_flight_among(person, facts))
                                                           met[thread].push_back(flying);
                                                       engine.refold(engine.row(person), facts);
                                                       return true;
                                                   });
                }
            } catch (...) {
                failures[thread] = std::current_exception();
            }
        };
        std::vector<std::thread> workers;
        for (unsigned thread = 1; thread < options_.threads; ++thread) workers.emplace_back(work, thread);
        work(0);
        for (std::thread& worker : workers) worker.join();
        for (const std::exception_ptr& failure : failures) {
            if (failure) std::rethrow_exception(failure);
        }
        for (const std::vector<InFlight*>& flying : met) {
            for (InFlight* each : flying) each->folded = true;
        }
    }

    // A fact may be on disk and not observed yet: of this call or of another thread's. A refold that meets it folds it,
    // and it must not be observed after that, or it would count twice. So each `record` announces its facts before it
    // commits them, and refolds mark those that they have met.
    struct InFlight {
        const model::Fact* fact;
        bool folded = false;
    };
    void announce(std::span<const model::Fact> facts) {
        const std::lock_guard lock{*mutex_};
        for (const model::Fact& fact : facts) {
            in_flight_[fact.person].push_back({&fact});
            if (const auto mirror = model::mirrored(fact)) in_flight_[mirror->person].push_back({&fact});
        }
    }
    /// The caller holds the lock, as in all that follow.
    /// \return Whether a refold of this person has folded the fact.
    [[nodiscard]] bool land(const model::Fact& fact, PersonId person) {
        const auto flying = in_flight_.find(person);
        const auto found = std::find_if(flying->second.begin(), flying->second.end(),
                                        [&](const InFlight& each) { return each.fact == &fact; });
        const bool folded = found->folded;
        flying->second.erase(found);
        if (flying->second.empty()) in_flight_.erase(flying);
        return folded;
    }
    [[nodiscard]] std::vector<InFlight*> in_flight_among(PersonId person, std::span<const model::Fact> facts) {
        std::vector<InFlight*> among;
        const auto flying = in_flight_.find(person);
        if (flying == in_flight_.end()) return among;
        for (InFlight& each : flying->second) {
            if (std::any_of(facts.begin(), facts.end(), [&](const model::Fact& fact) {
                    return fact.source == each.fact->source && fact.key == each.fact->key;
                })) {
                among.push_back(&each);
            }
        }
        return among;
    }
    [[nodiscard]] std::vector<model::Fact> history(PersonId person) {
        std::vector<model::Fact> facts = journal_.facts_of(person);
        for (InFlight* each : in_flight_among(person, facts)) each->folded = true;
        return facts;
    }
    void observe(const model::Fact& fact) {
        if (everybody_stale_ || stale_.contains(fact.person)) {
            stale_.insert(fact.person);
            return;
        }
        if (!engine_->find_row(fact.person)) add_people(*engine_);
        engine_->observe(fact, [this](PersonId person) { return history(person); });
    }

    [[nodiscard]] std::uint64_t organisation_key(OrganisationId id) const {
        const std::optional<model::Organisation> organisation = journal_.organisation(id);
        if (!organisation) return 0;
        const store::Hash hash = store::hash_bytes(organisation->name);
        std::uint64_t key = 0;
        for (std::size_t i = 0; i < sizeof key; ++i) key = key << 8U | std::to_integer<std::uint64_t>(hash[i]);
        return key;
    }

    InstitutionOptions options_;
    engine::Playbook playbook_;
    store::Hash playbook_hash_{};
    std::tuple<Signals...> signals_;
    store::Journal journal_;
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
    std::unique_ptr<std::shared_mutex> words_mutex_ = std::make_unique<std::shared_mutex>();  // taken after mutex_
    std::unique_ptr<Engine> engine_;
    std::unordered_set<PersonId> stale_;  // people whose state in the engine is not what their facts say
    bool everybody_stale_ = false;
    std::unordered_map<PersonId, std::vector<InFlight>> in_flight_;  // announced, not landed yet
    std::string snapshot_refusal_;
};

/// The institution with the standard signals.
class Institution : public BasicInstitution<score::Engagement, score::Reachability> {
public:
    using Base = BasicInstitution<score::Engagement, score::Reachability>;

    /// Opens the journal file, or makes it. See BasicInstitution::open.
    [[nodiscard]] static Institution open(const std::filesystem::path& path, engine::Playbook playbook,
                                          time::Instant now, InstitutionOptions options = {}) {
        auto [engagement, reachability] = signals(playbook);
        return Institution{Base::open(path, std::move(playbook), now, std::move(options), std::move(engagement),
                                      std::move(reachability))};
    }
    /// The same in memory: nothing survives the object.
    [[nodiscard]] static Institution in_memory(engine::Playbook playbook, time::Instant now,
                                               InstitutionOptions options = {}) {
        auto [engagement, reachability] = signals(playbook);
        return Institution{Base::in_memory(std::move(playbook), now, std::move(options), std::move(engagement),
                                           std::move(reachability))};
    }

private:
    explicit Institution(Base base) : Base{std::move(base)} {}
    static std::pair<score::Engagement, score::Reachability> signals(const engine::Playbook& playbook) {
        return {score::Engagement{playbook.engagement, playbook.channels, playbook.topics},
                score::Reachability{playbook.reachability, playbook.channels}};
    }
};

}  // namespace alloquy
