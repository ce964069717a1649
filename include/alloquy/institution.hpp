#pragma once

/// \file
/// Institution: the facade that hosts use. Journal, engine and playbook of one institution in one object.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/decide/decision.hpp>
#include <alloquy/decide/plan.hpp>
#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/examples.hpp>
#include <alloquy/engine/model_bytes.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/engine/segment_bulk.hpp>
#include <alloquy/engine/typical_person.hpp>
#include <alloquy/engine/typical_subject.hpp>
#include <alloquy/error.hpp>
#include <alloquy/followed_segments.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/io/zone_files.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/parallel.hpp>
#include <alloquy/score/model.hpp>
#include <alloquy/score/training.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/explanation.hpp>
#include <alloquy/segment/people_table.hpp>
#include <alloquy/segment/persona.hpp>
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

/// A model that was learned and kept.
struct LearnedModel {
    std::string name;
    std::uint32_t version;  ///< In the journal; 1, 2, … without gaps.
    std::uint64_t seq;      ///< All facts up to here were learned from.
    std::size_t examples;   ///< Learned from; of an online model those that were new.
    std::size_t positives;  ///< Of these, with outcome 1.

    friend bool operator==(const LearnedModel&, const LearnedModel&) = default;
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

    BasicInstitution(BasicInstitution&& other) noexcept = default;
    BasicInstitution& operator=(BasicInstitution&& other) noexcept = default;
    /// Writes the changes of membership that wait. Where that fails nothing is lost: they follow from the facts, and
    /// the next opening finds them again.
    ~BasicInstitution() {
        if (!segments_ || !mutex_) return;
        try {
            segments_->flush(journal_, settled_seq(), true);
            segments_->tell();
        } catch (...) {  // NOLINT(bugprone-empty-catch): see above; a destructor must not throw
        }
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
        const std::optional<std::uint32_t> row = engine_->find_row(person);
        const std::uint64_t before = row ? engine_->tie_key(*row) : 0;
        add_people(*engine_);  // the tie key may be another now
        // Random parts are drawn by it.
        if (row && engine_->tie_key(*row) != before && segments_->has_segments()) stale_.insert(person);
    }
    /// The organisation with this external key, made where there is none; its first kind and name stay.
    [[nodiscard]] OrganisationId organisation(std::string_view system, std::string_view key,
                                              model::OrganisationKind kind, std::string_view name) {
        const std::lock_guard lock{*mutex_};
        const std::unique_lock words{*words_mutex_};
        const OrganisationId id = journal_.organisation(journal_.symbols().sources.intern(system), key, kind, name);
        if (const auto known = journal_.organisation(id)) segments_->add_organisation(*known);
        return id;
    }

    /// Records one fact; returns after it is on disk and the scores know it.
    /// \throws InvalidArgument  if the fact is malformed (store::fact_problem) or its person does not exist.
    /// \throws StoreError       if it could not be written; then it is not there. Where only the changes of membership
    ///                          that it brings could not be, they wait for the next call that writes some.
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
                if (entered) observe(fact, folded);
                if (entered && mirror) observe(*mirror, mirror_folded);
            }
            try {
                segments_->flush(journal_, settled_seq(), false);
            } catch (const StoreError&) {  // NOLINT(bugprone-empty-catch): the changes wait, and advance() says it
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
        const std::lock_guard lock{*mutex_};
        segments_->tell();
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
        struct Running {
            explicit Running(BasicInstitution& institution) : of{&institution} {
                const std::lock_guard lock{*of->mutex_};
                ++of->bulks_running_;
            }
            Running(const Running&) = delete;
            Running& operator=(const Running&) = delete;
            ~Running() {
                const std::lock_guard lock{*of->mutex_};
                --of->bulks_running_;
                of->everybody_stale_ = true;  // a question in between has folded a part
            }
            BasicInstitution* of;
        };
        const Running running{*this};
        store::BulkAppend bulk{journal_};
        append(bulk);
        return bulk.commit();
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
        segments_->read_organisations(journal_);
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
    /// has been recorded as sent.
    /// \throws NotFound         if there is no such person.
    /// \throws InvalidArgument  if the plan is of another playbook, or if facts that came in since, though known before
    ///                          the plan, make its action impossible.
    [[nodiscard]] decide::Decision explain(PersonId person, const decide::Plan& plan) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = settled();
        std::vector<model::Fact> facts = journal_.facts_of(person);
        const bool as_it_is =
            std::erase_if(facts, [&](const model::Fact& fact) { return fact.known_at > plan.now; }) == 0;
        if (as_it_is && playbook_.models.empty() && playbook_.lifecycles.empty()) return engine.explain(person, plan);
        // With what was in use when the plan was made, also after a newer model was learned.
        Engine then = make_engine();
        load_models(then, plan.now);
        for (const std::string& column : playbook_.columns) then.copy_column(column, engine, person, plan.now);
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
        refold_all(engine, instant, std::nullopt);
        load_models(engine, instant);
        engine.copy_columns(*engine_, instant);
        return engine;
    }

    /// Every score of one person as parts that add up to it exactly; see BasicEngine::explain.
    /// \throws NotFound, InvalidArgument  as engagement().
    [[nodiscard]] std::vector<score::Explanation> explain(PersonId person, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().explain(person, now);
    }
    /// Standard scores of everybody, by column; see BasicEngine::scores.
    /// \throws InvalidArgument  as engagement().
    [[nodiscard]] engine::ScoreTable scores(time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().scores(now, options_.threads);
    }
    /// Probability by a model of the playbook; while nothing was learned its prior, with evidence 0.
    /// \throws NotFound, InvalidArgument  as engagement(), and if there is no such model.
    [[nodiscard]] score::Prediction predict(PersonId person, std::string_view model, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().predict(person, model, now);
    }

    // Models ---------------------------------------------------------------------------------------------------

    /// What a model of the playbook may learn from; see engine::ExampleFinder. In an order that depends on the facts
    /// alone: by group and instant, or, of an online model, as the outcomes came into the journal.
    ///
    /// \param instants  From which the past is seen (outcome `enrolment`); empty for outcome `response`.
    /// \param now       Windows of responses that end later are open.
    /// \throws InvalidArgument  if there is no such model, the instants do not suit its outcome, or a feature cannot be
    ///                          learned from.
    /// \par Cost  A scan of the journal; a fold of each example's past.
    [[nodiscard]] engine::ExampleSet examples(std::string_view model, std::span<const time::Instant> instants,
                                              time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return examples_of(model_config(model), instants, now, journal_.last_seq(), nullptr);
    }
    /// Learns a model of the playbook from all facts, keeps it in the journal as its next version, and puts it into use
    /// as the column `model:<name>`. An online model goes on from its last version with the examples whose outcome came
    /// into the journal since; without new ones nothing is kept and the last version is returned.
    ///
    /// An online model keeps the instants of its earlier steps beside those that are given. An outcome that is
    /// corrected after it was learned is learned once more, beside the wrong one: what was taken up cannot be taken
    /// out.
    ///
    /// \param now  When it is made: what became known later is not learned from, and views as of an earlier instant do
    ///             not use it. Of an online model not before that of its last version.
    /// \throws InvalidArgument  as examples(), if `now` is too early, and if there is too little to learn from: the
    /// text
    ///                          says how much.
    LearnedModel learn(std::string_view model, std::span<const time::Instant> instants, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const score::ModelConfig& config = model_config(model);
        const std::uint64_t seq = journal_.last_seq();
        std::optional<Kept> last =
            config.learning == score::Learning::online ? kept_model(config, std::nullopt) : std::nullopt;
        if (last && now < last->content.now) {
            throw InvalidArgument{"model '" + config.name + "': its last version was made at " +
                                  to_iso(last->content.now) + ", it cannot go on at " + to_iso(now)};
        }
        check_instants(config, instants);
        std::vector<time::Instant> all_instants{instants.begin(), instants.end()};
        if (last) {
            const std::vector<time::Instant>& earlier = last->content.instants;
            all_instants.clear();
            std::set_union(earlier.begin(), earlier.end(), instants.begin(), instants.end(),
                           std::back_inserter(all_instants));
        }
        const engine::ExampleSet set = examples_of(config, all_instants, now, seq, last ? &*last : nullptr);
        const auto positives = static_cast<std::size_t>(std::count(set.outcomes.begin(), set.outcomes.end(), 1));
        if (last && set.size() == 0) return {config.name, last->version, last->seq, 0, 0};
        const score::Model learned = learn_from(config, set, last ? &last->content.model : nullptr);
        const engine::ModelContent content{learned, std::move(all_instants), now, last ? last->version : 0,
                                           engine_->model_policy(config.name)};
        const std::uint32_t version =
            journal_.record_model(config.name, seq, now, playbook_hash_, engine::to_bytes(content));
        pass_time(now);
        engine_->set_model(config.name, learned, version, now);
        reconsider_segments();
        model_refusals_.erase(config.name);
        return {config.name, version, seq, set.size(), positives};
    }
    /// Learns a kept version of a model, or of a lifecycle (as `lifecycle:<name>`), again from the facts that it was
    /// learned from, and compares the bytes.
    /// \return True if they are the same: the model is a fold over the journal.
    /// \throws NotFound         if there is no such version.
    /// \throws InvalidArgument  if the playbook has no such model, or it was learned under another policy; the text
    ///                          names the part that differs.
    [[nodiscard]] bool relearns_equally(std::string_view model, std::uint32_t version) {
        const std::lock_guard lock{*mutex_};
        const std::optional<std::string_view> lifecycle = lifecycle_name(model);
        const std::vector<engine::PolicyPart> policy =
            lifecycle ? engine_->lifecycle_policy(*lifecycle) : engine_->model_policy(model);
        const std::optional<store::ModelVersion> kept = journal_.model(model, version);
        if (!kept) {
            throw NotFound{"Institution: no version " + std::to_string(version) + " of model '" + std::string{model} +
                           "'"};
        }
        const std::string refusal = refusal_of(*kept, policy);
        if (!refusal.empty()) throw InvalidArgument{"Institution: " + refusal};
        if (lifecycle) {
            engine::FittedLifecycle fitted = engine::fitted_lifecycle_from_bytes(kept->bytes);
            const auto fit = up_to(kept->seq).fit_lifecycle(*lifecycle, fitted.now, options_.threads);
            std::visit([&](const auto& each) { fitted.parameters = each.parameters; }, fit);
            return engine::to_bytes(fitted) == kept->bytes;
        }
        const score::ModelConfig& config = model_config(model);
        engine::ModelContent content = engine::model_from_bytes(kept->bytes);
        std::optional<Kept> before;
        if (content.continues > 0) {
            const std::optional<store::ModelVersion> previous = journal_.model(model, content.continues);
            if (previous) {
                before = Kept{engine::model_from_bytes(previous->bytes), previous->version, previous->seq,
                              previous->made_at};
            }
        }
        const engine::ExampleSet set =
            examples_of(config, content.instants, content.now, kept->seq, before ? &*before : nullptr);
        content.model = learn_from(config, set, before ? &before->content.model : nullptr);
        return engine::to_bytes(content) == kept->bytes;
    }
    /// Kept versions of all models and lifecycles (as `lifecycle:<name>`), by name and version.
    [[nodiscard]] std::vector<store::ModelSummary> model_versions() const { return journal_.model_versions(); }

    /// Fits a lifecycle of the playbook to everybody's counts, keeps the parameters in the journal as the next version
    /// of `lifecycle:<name>`, and puts them into use as the columns `active:<name>` and `expected:<name>`.
    /// \throws InvalidArgument  as BasicEngine::fit_lifecycle(): too little data, say.
    std::variant<score::BgNbdFit, score::BgBbFit> fit_lifecycle(std::string_view name, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = settled();
        engine.check_now(now);
        const std::uint64_t seq = journal_.last_seq();
        // While `record` runs elsewhere, the engine may know more or less than the journal up to there.
        const auto fit = in_flight_.empty() ? engine.fit_lifecycle(name, now, options_.threads)
                                            : up_to(seq).fit_lifecycle(name, now, options_.threads);
        const engine::LifecycleParameters parameters =
            std::visit([](const auto& each) { return engine::LifecycleParameters{each.parameters}; }, fit);
        const std::string kept_name = "lifecycle:" + std::string{name};
        const engine::FittedLifecycle fitted{parameters, now, engine.lifecycle_policy(name)};
        journal_.record_model(kept_name, seq, now, playbook_hash_, engine::to_bytes(fitted));
        pass_time(now);
        engine_->set_lifecycle(name, parameters, now);
        reconsider_segments();
        model_refusals_.erase(kept_name);
        return fit;
    }
    /// Why the newest kept version of a model, or of a lifecycle (as `lifecycle:<name>`), was not put into use at
    /// opening: it was learned under another policy; the text names the part that differs. An older version that suits
    /// is in use then, or none. Empty if the newest is in use, or there is none. Learning anew mends it.
    /// \throws InvalidArgument  if the playbook has no such model.
    [[nodiscard]] std::string model_refusal(std::string_view name) const {
        const std::lock_guard lock{*mutex_};
        if (const auto lifecycle = lifecycle_name(name)) {
            static_cast<void>(engine_->lifecycle(*lifecycle));
        } else {
            static_cast<void>(model_config(name));
        }
        const auto found = model_refusals_.find(name);
        return found == model_refusals_.end() ? std::string{} : found->second;
    }

    /// Fills a column that the playbook names with values of the host's own model or measure. Not kept: fill it again
    /// after opening. See BasicEngine::set_column.
    /// \param people  Each once; shape of `values`.
    /// \throws NotFound, InvalidArgument  if somebody is not there, or as BasicEngine::set_column().
    void set_column(std::string_view name, std::span<const PersonId> people, std::span<const double> values,
                    time::Instant known_at) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = settled();
        std::vector<std::uint32_t> rows;
        rows.reserve(people.size());
        for (const PersonId person : people) rows.push_back(engine.row(person));
        pass_time(known_at);
        engine_->set_column(name, rows, values, known_at);
        reconsider_segments();
    }

    // Segments -------------------------------------------------------------------------------------------------

    /// Lets time pass: whoever enters or leaves a segment by then does so at the very instant at which its condition
    /// turns, which becomes a record. Recording a fact does the same up to the fact's known_at. An earlier instant than
    /// that of the last call changes nothing.
    void advance(time::Instant now) {
        const std::lock_guard lock{*mutex_};
        static_cast<void>(followed());
        pass_time(now);
        segments_->flush(journal_, settled_seq(), true);
        segments_->tell();
    }
    /// Everybody in a segment of the playbook, by person.
    /// \param now  Of an instant that has passed: as it is known now; of a later one: as it will be if no fact comes
    /// in. \throws InvalidArgument  if there is no such segment; the text tells a near name.
    [[nodiscard]] std::vector<PersonId> members(std::string_view segment, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        return people_of(engine, segments_->members(engine, segment_number(segment), now));
    }
    /// \throws NotFound, InvalidArgument  if there is no such person or segment.
    [[nodiscard]] bool is_member(PersonId person, std::string_view segment, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        return segments_->keeper().is_member_at(engine, engine.row(person), segment_number(segment), now);
    }
    /// Everybody of whom a condition in the segment language holds, by person.
    /// \param now         Not before the latest fact became known.
    /// \param parameters  Values for `$names`.
    /// \throws ParseError       if the condition is wrong: line, column and what was expected.
    /// \throws InvalidArgument  if `now` is too early, a parameter is missing or one too many, or a named segment or
    ///                          zone is not there.
    /// \par Cost  A pass over everybody; a scan of the journal where the condition reaches further back than the
    /// playbook's
    ///            segments, or looks at words.
    [[nodiscard]] std::vector<PersonId> members_where(std::string_view condition, time::Instant now,
                                                      const segment::Parameters& parameters = {}) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        engine.check_now(now);
        return people_of(engine, rows_where(engine, segments_->condition(condition, parameters), now));
    }
    /// Why a person is in a segment of the playbook or not, and which single change would turn it.
    /// \throws NotFound, InvalidArgument  as members(), and if `now` is before the latest fact became known.
    [[nodiscard]] segment::MembershipExplanation explain_membership(PersonId person, std::string_view segment,
                                                                    time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        const std::uint32_t row = engine.row(person);
        engine.check_now(row, now);
        const std::uint32_t place = segment_number(segment);
        return with_view(engine, row, now, [&](const auto& view) {
            return segment::explain(segments_->keeper().program(), place, view, true);
        });
    }
    /// The same of a condition in the segment language.
    /// \throws NotFound, ParseError, InvalidArgument  as members_where().
    [[nodiscard]] segment::MembershipExplanation explain_where(PersonId person, std::string_view condition,
                                                               time::Instant now,
                                                               const segment::Parameters& parameters = {}) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        const std::uint32_t row = engine.row(person);
        engine.check_now(row, now);
        const segment::Condition bound = segments_->condition(condition, parameters);
        const typename Followed::Query query{segments_->keeper(), bound};
        if (segments_->can_ask(query.program())) {
            return with_view(engine, row, now,
                             [&](const auto& view) { return segment::explain(query.program(), 0, view, false); });
        }
        typename Followed::HistoryQuery history_query{segments_->keeper(), bound, engine};
        return with_view(
            engine, row, now,
            [&](PersonId of, engine::SegmentPerson& kept) { history_query.read(kept, journal_.facts_of(of)); },
            [&](const auto& view) { return segment::explain(history_query.program(), 0, view, false); });
    }
    /// Size of each segment and how much it shares with each other one, in the playbook's order.
    [[nodiscard]] std::vector<SegmentSize> segment_sizes(time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        const segment::Segments& segments = segments_->keeper().segments();
        std::vector<SegmentSize> sizes;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            sizes.push_back({segments.name(i), 0, std::vector<std::size_t>(segments.size(), 0)});
        }
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            const std::vector<std::uint32_t> in = segments_of_row(engine, row, now);
            for (const std::uint32_t a : in) {
                ++sizes[a].members;
                for (const std::uint32_t b : in) ++sizes[a].shared[b];
            }
        }
        return sizes;
    }
    /// How many are in exactly which segments: an UpSet table, the largest first, then by the playbook's order. People
    /// of whom nothing is known are in none.
    [[nodiscard]] std::vector<SegmentIntersection> segment_intersections(time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        std::map<std::vector<std::uint32_t>, std::size_t> counts;
        for (std::uint32_t row = 0; row < engine.size(); ++row) ++counts[segments_of_row(engine, row, now)];
        std::vector<SegmentIntersection> table;
        for (const auto& [in, members] : counts) {
            SegmentIntersection entry{{}, members};
            for (const std::uint32_t segment : in)
                entry.segments.push_back(segments_->keeper().segments().name(segment));
            table.push_back(std::move(entry));
        }
        std::stable_sort(table.begin(), table.end(),
                         [](const auto& a, const auto& b) { return a.members > b.members; });
        return table;
    }
    /// How many entered and left a segment in each stretch of time, by what is known now.
    /// \param edges  Ascending, at least two: stretches are [edges[i], edges[i + 1]). Not after what has passed.
    /// \throws InvalidArgument  if there is no such segment or the edges are not ascending.
    [[nodiscard]] std::vector<SegmentFlow> segment_flow(std::string_view segment,
                                                        std::span<const time::Instant> edges) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        const std::uint32_t number = segment_number(segment);
        std::vector<SegmentFlow> flow;
        for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
            if (edges[i + 1] <= edges[i]) throw InvalidArgument{"segment_flow: edges must be ascending"};
            flow.push_back({std::string{segment}, edges[i], edges[i + 1]});
        }
        if (flow.empty()) throw InvalidArgument{"segment_flow: at least two edges expected"};
        if (segments_->keeper().clock() < edges.back()) {
            throw InvalidArgument{"segment_flow: edges must not lie after what has passed (" +
                                  to_iso(segments_->keeper().clock()) + "); advance() comes first"};
        }
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            bool inside = false;
            std::size_t at = 0;
            for (const segment::PackedTurn& turn : segments_->keeper().turns(row)) {
                if (turn.segment() != number) continue;
                const time::Instant when = time::Instant::from_unix_ms(turn.at_ms());
                for (; at < flow.size() && flow[at].to <= when; ++at) flow[at].members += inside ? 1 : 0;
                inside = turn.entered();
                if (at == flow.size() || when < flow[at].from) continue;
                ++(inside ? flow[at].entered : flow[at].left);
            }
            for (; at < flow.size(); ++at) flow[at].members += inside ? 1 : 0;
        }
        return flow;
    }
    /// Changes of membership behind a number (0: from the first on), in their order: what the listener was told.
    /// \param most  At most so many.
    [[nodiscard]] std::vector<store::MembershipRecord> membership_changes(std::uint64_t after, std::size_t most) {
        const std::lock_guard lock{*mutex_};
        static_cast<void>(followed());
        segments_->flush(journal_, settled_seq(), true);
        segments_->tell();
        std::vector<store::MembershipRecord> changes;
        if (most == 0) return changes;
        journal_.for_each_membership(after, [&](const store::MembershipRecord& record) {
            changes.push_back(record);
            return changes.size() < most;
        });
        return changes;
    }
    /// One person's changes of membership, in their order.
    [[nodiscard]] std::vector<store::MembershipRecord> membership_changes_of(PersonId person) {
        const std::lock_guard lock{*mutex_};
        static_cast<void>(followed());
        segments_->flush(journal_, settled_seq(), true);
        segments_->tell();
        std::vector<store::MembershipRecord> changes;
        journal_.for_each_membership_of(person, [&](const store::MembershipRecord& record) {
            changes.push_back(record);
            return true;
        });
        return changes;
    }
    /// Called with every change of membership from here on, in order, when it is on disk; an empty one ends that.
    /// Changes are written at once then, one commit for each call that brings some. It must make no call of this
    /// object. What came while nobody listened is in membership_changes().
    void on_membership_change(MembershipListener listener) {
        const std::lock_guard lock{*mutex_};
        static_cast<void>(followed());
        segments_->flush(journal_, settled_seq(), true);
        segments_->set_listener(std::move(listener));
    }
    /// People with the values of fields at an instant: what segment::discover(), look_alikes() and persona() ask for.
    struct PeopleFields {
        std::vector<PersonId> people;  ///< By row of the table.
        segment::PeopleTable table;
    };
    /// \param fields  Names of number fields or attributes (`attribute:<name>`; true is 1; days and texts are unknown).
    /// \param people  Whom; everybody of whom something is known where it is empty.
    /// \throws NotFound, InvalidArgument  if there is no such person or field, a field is a text, or `now` is before
    /// the
    ///                                    latest fact became known.
    [[nodiscard]] PeopleFields people_fields(std::span<const std::string> fields, time::Instant now,
                                             std::span<const PersonId> people = {}) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        engine.check_now(now);
        std::vector<std::uint32_t> rows;
        for (const PersonId person : people) rows.push_back(engine.row(person));
        if (people.empty()) {
            for (std::uint32_t row = 0; row < engine.size(); ++row) {
                if (engine.known_until(row)) rows.push_back(row);
            }
        }
        PeopleFields found{people_of(engine, rows), {{fields.begin(), fields.end()}, {}, {}}};
        for (const std::uint32_t row : rows) found.table.keys.push_back(engine.tie_key(row));
        for (const std::string& name : fields) {
            const auto place = this->fields().find(name);
            if (this->fields().type_of(name).value_or(segment::FieldType::text) == segment::FieldType::text) {
                throw InvalidArgument{"Institution: there is no number field \"" + name + '"'};
            }
            std::vector<double> column;
            for (const std::uint32_t row : rows) {
                const std::optional<double> number =
                    place ? engine.field_number(row, *place, now) : attribute_number(engine, row, name);
                column.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
            }
            found.table.columns.push_back(std::move(column));
        }
        return found;
    }
    /// A typical profile of some people: medians of fields, and the role and language that most have.
    /// \throws InvalidArgument  as people_fields() and segment::persona(): for fewer than options.least_people, say.
    [[nodiscard]] engine::TypicalPerson typical_person(std::span<const PersonId> people,
                                                       std::span<const std::string> fields, time::Instant now,
                                                       const segment::PersonaOptions& options = {}) {
        if (people.empty()) throw InvalidArgument{"typical_person: nobody to be typical of"};
        const PeopleFields found = people_fields(fields, now, people);
        std::vector<std::uint32_t> all(people.size());
        for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
        engine::TypicalPerson typical{segment::persona(found.table, all, options), {}, {}};
        const std::lock_guard lock{*mutex_};
        std::map<model::RoleKind, std::size_t> roles;
        std::map<std::string, std::size_t> languages;
        for (const PersonId person : people) {
            const model::Person& each = engine_->person(engine_->row(person));
            if (const model::Role* const role = model::primary_role(each.roles, now)) ++roles[role->kind];
            if (!each.language.empty()) ++languages[each.language];
        }
        for (const auto& [role, count] : roles) {
            if (2 * count > people.size()) typical.role = role;
        }
        for (const auto& [language, count] : languages) {
            if (2 * count > people.size()) typical.language = language;
        }
        return typical;
    }
    /// The segments that a persona would be in, in the playbook's order; see engine::TypicalSubject.
    [[nodiscard]] std::vector<std::string> segments_of(const engine::TypicalPerson& typical, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        const Engine& engine = followed();
        const auto& keeper = segments_->keeper();
        std::map<std::string, bool, std::less<>> in;
        const engine::TypicalSubject subject{typical, engine.symbols(), keeper.calendar(), now, in};
        for (const std::size_t place : keeper.segments().in_order()) {
            in[keeper.segments().name(place)] = segment::holds(keeper.segments().condition(place), subject);
        }
        std::vector<std::string> names;
        for (std::size_t i = 0; i < keeper.segments().size(); ++i) {
            if (in[keeper.segments().name(i)]) names.push_back(keeper.segments().name(i));
        }
        return names;
    }
    /// The next dialogue action for a persona; see BasicEngine::next.
    [[nodiscard]] decide::Decision next(const engine::TypicalPerson& typical, time::Instant now) {
        const std::lock_guard lock{*mutex_};
        return settled().next(typical, now);
    }
    /// Puts people on a list, as facts from a source: `on list "<name>"` holds from `now` on. Their attribute
    /// `list:<name>` becomes true.
    /// \param key  Names this listing; the same one enters once.
    void add_to_list(std::string_view list, std::span<const PersonId> people, std::string_view source,
                     std::string_view key, time::Instant now) {
        put_on_list(list, people, source, key, now, true);
    }
    /// Takes people off a list, likewise.
    void remove_from_list(std::string_view list, std::span<const PersonId> people, std::string_view source,
                          std::string_view key, time::Instant now) {
        put_on_list(list, people, source, key, now, false);
    }
    /// The segments, their conditions and who is in them by row of engine(). Good until the next call.
    [[nodiscard]] const engine::SegmentKeeper<Engine>& segments() {
        const std::lock_guard lock{*mutex_};
        static_cast<void>(followed());
        return segments_->keeper();
    }
    /// What conditions may read, as the segment language names it; besides these `attribute:<name>`.
    [[nodiscard]] const segment::Catalogue& fields() const noexcept { return segments_->keeper().catalogue(); }

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
    void checkpoint() {
        {
            const std::lock_guard lock{*mutex_};
            segments_->flush(journal_, settled_seq(), true);
        }
        journal_.checkpoint();
    }
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
        load_models(*engine_, std::nullopt, &model_refusals_);
        segments_ = std::make_unique<Followed>(
            *engine_,
            [playbook = playbook_, hash = playbook_hash_, symbols = &journal_.symbols(), zones = options_.zones,
             signals = signals_] {
                return std::apply(
                    [&](const auto&... signal) {
                        return Engine{playbook, hash, *symbols, zones, signal...};
                    },
                    signals);
            },
            options_.zones, now);
        segments_->read_organisations(journal_);
        if (journal_.fact_count() == 0) begin_to_follow(*engine_);
    }

    using Followed = FollowedSegments<Engine>;

    [[nodiscard]] std::optional<double> attribute_number(const Engine& engine, std::uint32_t row,
                                                         std::string_view field) const {
        const auto word = engine.symbols().attributes.find(field.substr(segment::attribute_prefix.size()));
        const model::AttributeValue* const value = word ? model::attribute(engine.person(row), *word) : nullptr;
        if (value == nullptr) return std::nullopt;
        if (const auto* const number = std::get_if<double>(value)) return *number;
        if (const auto* const truth = std::get_if<bool>(value)) return *truth ? 1.0 : 0.0;
        return std::nullopt;
    }
    void put_on_list(std::string_view list, std::span<const PersonId> people, std::string_view source,
                     std::string_view key, time::Instant now, bool on) {
        if (list.empty()) throw InvalidArgument{"Institution: a list needs a name"};
        std::vector<model::Fact> facts;
        with_symbols([&](model::Symbols& words) {
            const model::AttributeName name = words.attributes.intern(segment::list_attribute(list));
            const model::Source from = words.sources.intern(source);
            for (const PersonId person : people) {
                facts.push_back({person, now, now, from, std::string{key}, model::AttributeStatement{{{name, on}}}});
            }
        });
        record(facts);
    }
    /// The number of the last fact that is folded, or nothing while some are on their way.
    [[nodiscard]] std::optional<std::uint64_t> settled_seq() const {
        if (!in_flight_.empty() || everybody_stale_ || !stale_.empty() || bulks_running_ > 0) return std::nullopt;
        return journal_.last_seq();
    }
    /// What the engine has folded of a person, as the segments look back on it.
    [[nodiscard]] std::vector<model::Fact> folded_history(PersonId person) const {
        std::vector<model::Fact> facts = journal_.facts_of(person);
        const auto flying = in_flight_.find(person);
        if (flying == in_flight_.end()) return facts;
        std::erase_if(facts, [&](const model::Fact& fact) {
            return std::any_of(flying->second.begin(), flying->second.end(), [&](const InFlight& each) {
                return !each.folded && each.fact->source == fact.source && each.fact->key == fact.key;
            });
        });
        return facts;
    }
    /// The engine with all facts folded and the segments followed up to them.
    const Engine& followed() {
        const Engine& engine = settled();
        if (!segments_->has_begun()) begin_to_follow(engine);
        return engine;
    }
    void begin_to_follow(const Engine& engine) {
        const auto history = [this](PersonId person) { return folded_history(person); };
        if (segments_->has_segments()) {
            journal_.for_each_person_facts(PersonId{0}, PersonId{std::numeric_limits<std::int64_t>::max()},
                                           [&](PersonId person, std::span<const model::Fact> facts) {
                                               if (in_flight_.contains(person)) {
                                                   segments_->keeper().refold(engine.row(person), history(person));
                                               } else {
                                                   segments_->keeper().refold(engine.row(person), facts);
                                               }
                                               return true;
                                           });
        }
        segments_->begin(journal_, engine, history);
        segments_->flush(journal_, settled_seq(), true);
    }
    void pass_time(time::Instant now) {
        if (segments_->has_begun() && segments_->has_segments()) segments_->keeper().advance(*engine_, now);
    }
    void reconsider_segments() {
        if (!segments_->has_begun() || !segments_->has_segments()) return;
        segments_->keeper().reconsider(*engine_);
        segments_->flush(journal_, settled_seq(), true);
        segments_->tell();
    }
    [[nodiscard]] std::uint32_t segment_number(std::string_view name) const {
        const segment::Segments& segments = segments_->keeper().segments();
        const auto found = segments.find(name);
        if (found) return static_cast<std::uint32_t>(*found);
        std::vector<std::string_view> known;
        for (std::size_t i = 0; i < segments.size(); ++i) known.push_back(segments.name(i));
        throw InvalidArgument{"Institution: there is no segment \"" + std::string{name} + '"' +
                              did_you_mean(name, known)};
    }
    [[nodiscard]] static std::vector<PersonId> people_of(const Engine& engine, const std::vector<std::uint32_t>& rows) {
        std::vector<PersonId> people;
        people.reserve(rows.size());
        for (const std::uint32_t row : rows) people.push_back(engine.person(row).id);
        return people;
    }
    [[nodiscard]] std::vector<std::uint32_t> segments_of_row(const Engine& engine, std::uint32_t row,
                                                             time::Instant now) const {
        const std::vector<std::uint64_t> mask = segments_->keeper().mask_at(engine, row, now);
        std::vector<std::uint32_t> in;
        for (std::uint32_t s = 0; s < segments_->keeper().segments().size(); ++s) {
            if ((mask[s / 64] >> s % 64 & 1U) != 0) in.push_back(s);
        }
        return in;
    }
    /// Who is in which segment at any instant, as SegmentBulk takes it.
    [[nodiscard]] std::vector<std::uint64_t> masks_at(const Engine& engine, time::Instant now) const {
        const auto& keeper = segments_->keeper();
        if (keeper.stands_at(now)) return {keeper.masks().begin(), keeper.masks().end()};
        std::vector<std::uint64_t> masks;
        masks.reserve(engine.size() * keeper.words());
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            const std::vector<std::uint64_t> own = keeper.mask_at(engine, row, now);
            masks.insert(masks.end(), own.begin(), own.end());
        }
        return masks;
    }
    [[nodiscard]] std::vector<std::uint32_t> rows_where(const Engine& engine, const segment::Condition& condition,
                                                        time::Instant now) {
        auto& keeper = segments_->keeper();
        const auto ask = [&](const segment::Program& program, const std::vector<engine::SegmentPerson>& people) {
            engine::ColumnCache cache{engine.column_fields()};
            engine::SegmentContext<Engine> context = keeper.context(engine, cache);
            if (!people.empty()) context.find_other = keeper.find_among(engine, people);
            const std::vector<std::uint64_t> masks =
                program.segments_of(0).empty() ? std::vector<std::uint64_t>{} : masks_at(engine, now);
            engine::SegmentBulk<Engine> bulk{program, context,        people.empty() ? keeper.people() : people,
                                             masks,   keeper.words(), keeper.columns()};
            constexpr std::array<std::uint32_t, 1> first{0};
            const engine::RowBits bits = bulk.ask(first, {}, now, options_.threads).front();
            std::vector<std::uint32_t> rows;
            for (std::uint32_t row = 0; row < engine.size(); ++row) {
                if ((bits[row / 64] >> row % 64 & 1U) != 0) rows.push_back(row);
            }
            return rows;
        };
        {
            const typename Followed::Query query{keeper, condition};
            if (segments_->can_ask(query.program())) {
                const bool others = keeper.looks_at_turns(query.program()) && !keeper.stands_at(now);
                return ask(query.program(),
                           others ? keeper.people_at(engine, now) : std::vector<engine::SegmentPerson>{});
            }
        }
        typename Followed::HistoryQuery query{keeper, condition, engine};
        std::vector<engine::SegmentPerson> people(engine.size());
        if (keeper.looks_at_turns(query.program())) {
            for (std::uint32_t row = 0; row < people.size(); ++row) {
                people[row].turns = keeper.turns_at(engine, row, now);
            }
        }
        journal_.for_each_person_facts(PersonId{0}, PersonId{std::numeric_limits<std::int64_t>::max()},
                                       [&](PersonId person, std::span<const model::Fact> facts) {
                                           query.read(people[engine.row(person)], facts);
                                           return true;
                                       });
        return ask(query.program(), people);
    }
    template <class Use>
    [[nodiscard]] auto with_view(const Engine& engine, std::uint32_t row, time::Instant now, const Use& use) const {
        return with_view(
            engine, row, now, [](PersonId, engine::SegmentPerson&) {}, use);
    }
    /// Shows one person as things are, were or will be at an instant, and with the person whoever conditions ask for.
    /// \param read  Called with each of them and what is kept, which it may replace.
    template <class Read, class Use>
    [[nodiscard]] auto with_view(const Engine& engine, std::uint32_t row, time::Instant now, const Read& read,
                                 const Use& use) const {
        const auto& keeper = segments_->keeper();
        typename Followed::Keeper::Later later = keeper.later(engine, row, now);
        read(engine.person(row).id, later.person);
        std::map<std::uint32_t, engine::SegmentPerson> others;
        engine::ColumnCache cache{engine.column_fields()};
        engine::SegmentContext<Engine> context = keeper.context(engine, cache);
        context.find_other = [&](PersonId id) -> std::optional<std::pair<const engine::SegmentPerson*, std::uint32_t>> {
            const auto other = engine.find_row(id);
            if (!other) return std::nullopt;
            const auto [entry, added] = others.try_emplace(*other);
            if (added) {
                entry->second = keeper.later(engine, *other, now).person;
                read(id, entry->second);
            }
            return std::pair{&entry->second, *other};
        };
        return use(engine::SegmentView<Engine>{context, row, now.unix_ms(), later.person, later.mask.data()});
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
            refold_all(*engine_, std::nullopt, std::nullopt);
        } else {
            for (const PersonId person : stale_) refold_one(*engine_, person);
        }
        if (segments_ && segments_->has_begun() && segments_->has_segments()) revise_stale();
        everybody_stale_ = false;
        stale_.clear();
        return *engine_;
    }
    /// Follows those afresh whom the engine has folded afresh.
    void revise_stale() {
        auto& keeper = segments_->keeper();
        std::vector<std::uint32_t> rows;
        if (everybody_stale_) {
            for (std::uint32_t row = 0; row < engine_->size(); ++row) rows.push_back(row);
        } else {
            for (const PersonId person : stale_) rows.push_back(engine_->row(person));
        }
        std::sort(rows.begin(), rows.end(),
                  [&](std::uint32_t a, std::uint32_t b) { return engine_->tie_key(a) < engine_->tie_key(b); });
        for (const std::uint32_t row : rows) keeper.rest(row);
        const auto history = [this](PersonId person) { return folded_history(person); };
        // Where conditions look at other people, everybody's facts must be there before anybody is followed.
        const bool at_once = keeper.program().reads_relations();
        if (at_once) {
            for (const std::uint32_t row : rows) keeper.refold(row, history(engine_->person(row).id));
        }
        if (const auto known = engine_->known_until()) keeper.advance(*engine_, *known);
        for (const std::uint32_t row : rows) {
            if (at_once) {
                keeper.revise(*engine_, row, history);
            } else {
                const std::vector<model::Fact> facts = history(engine_->person(row).id);
                keeper.refold(row, facts);
                keeper.revise(*engine_, row, [&](PersonId) { return facts; });
            }
        }
    }

    void refold_one(Engine& engine, PersonId person) { engine.refold(engine.row(person), history(person)); }

    /// \param known_until  Only facts that were known by then, for an engine of its own; all without it.
    /// \param until_seq    Only facts up to there in the journal, likewise.
    void refold_all(Engine& engine, std::optional<time::Instant> known_until, std::optional<std::uint64_t> until_seq) {
        const bool of_its_own = known_until || until_seq;
        std::vector<std::vector<InFlight*>> met(options_.threads);
        std::vector<std::vector<model::Fact>> kept(options_.threads);
        run_tasks(person_tasks(engine), options_.threads, [&](std::size_t task, unsigned thread) {
            const auto [first, end] = people_of_task(task);
            journal_.for_each_person_facts(
                first, end,
                [&](PersonId person, std::span<const model::Fact> facts) {
                    if (known_until) {
                        kept[thread].clear();
                        for (const model::Fact& fact : facts) {
                            if (fact.known_at <= *known_until) kept[thread].push_back(fact);
                        }
                        facts = kept[thread];
                    }
                    if (!of_its_own) {
                        for (InFlight* flying : in_flight_among(person, facts)) met[thread].push_back(flying);
                    }
                    engine.refold(engine.row(person), facts);
                    return true;
                },
                until_seq);
        });
        for (const std::vector<InFlight*>& flying : met) {
            for (InFlight* each : flying) each->folded = true;
        }
    }
    // Ids are given in sequence, so equal ranges of ids are about equal shares of the work.
    static constexpr std::int64_t people_per_task = 512;
    [[nodiscard]] static std::size_t person_tasks(const Engine& engine) {
        std::int64_t last = 0;
        for (std::uint32_t row = 0; row < engine.size(); ++row) last = std::max(last, engine.person(row).id.value());
        return engine.size() == 0 ? 0 : static_cast<std::size_t>(last / people_per_task + 1);
    }
    [[nodiscard]] static std::pair<PersonId, PersonId> people_of_task(std::size_t task) {
        const auto number = static_cast<std::int64_t>(task);
        return {PersonId{number * people_per_task}, PersonId{(number + 1) * people_per_task}};
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
    /// A kept version, decoded.
    struct Kept {
        engine::ModelContent content;
        std::uint32_t version;
        std::uint64_t seq;
        time::Instant made_at;
    };
    [[nodiscard]] const score::ModelConfig& model_config(std::string_view name) const {
        const auto found = std::find_if(playbook_.models.begin(), playbook_.models.end(),
                                        [&](const score::ModelConfig& config) { return config.name == name; });
        if (found == playbook_.models.end()) {
            throw InvalidArgument{"Institution: the playbook has no model '" + std::string{name} + "'"};
        }
        return *found;
    }
    [[nodiscard]] score::Model learn_from(const score::ModelConfig& config, const engine::ExampleSet& set,
                                          const score::Model* last) const {
        if (last != nullptr) return score::learn_on(*last, set.table, set.outcomes);
        return score::train(config, set.table, set.outcomes, set.groups, options_.threads);
    }
    /// What stands behind "lifecycle:", if the name begins with it.
    [[nodiscard]] static std::optional<std::string_view> lifecycle_name(std::string_view name) {
        constexpr std::string_view prefix = "lifecycle:";
        return name.starts_with(prefix) ? std::optional{name.substr(prefix.size())} : std::nullopt;
    }
    /// An engine of its own with the facts of the journal up to a number.
    [[nodiscard]] Engine up_to(std::uint64_t seq) {
        Engine engine = make_engine();
        add_people(engine);
        refold_all(engine, std::nullopt, seq);
        return engine;
    }
    using Refusals = std::map<std::string, std::string, std::less<>>;
    /// Why a kept version must not be used under a policy; empty where it may.
    [[nodiscard]] static std::string refusal_of(const store::ModelVersion& kept,
                                                std::span<const engine::PolicyPart> policy) {
        const std::string version = "version " + std::to_string(kept.version) + " of '" + kept.name + "' was learned ";
        if (engine::is_without_policy(kept.bytes)) return version + "by an earlier library, which kept no policy";
        const std::string part = engine::first_difference(engine::policy_of_bytes(kept.bytes), policy);
        return part.empty() ? std::string{} : version + "under another policy: '" + part + "' differs";
    }
    /// The newest version of a model or lifecycle that suits a policy, made not after `until`.
    [[nodiscard]] std::optional<store::ModelVersion> newest_that_suits(const std::string& name,
                                                                       std::span<const engine::PolicyPart> policy,
                                                                       std::optional<time::Instant> until,
                                                                       Refusals* refusals = nullptr) const {
        const std::vector<store::ModelSummary> all = journal_.model_versions();
        for (auto summary = all.rbegin(); summary != all.rend(); ++summary) {
            if (summary->name != name || (until && summary->made_at > *until)) continue;
            std::optional<store::ModelVersion> version = journal_.model(name, summary->version);
            if (!version) continue;
            std::string refusal = refusal_of(*version, policy);
            if (refusal.empty()) return version;
            if (refusals != nullptr) refusals->try_emplace(name, std::move(refusal));
        }
        return std::nullopt;
    }
    [[nodiscard]] std::optional<Kept> kept_model(const score::ModelConfig& config, std::optional<time::Instant> until,
                                                 Refusals* refusals = nullptr) const {
        const auto version = newest_that_suits(config.name, engine_->model_policy(config.name), until, refusals);
        if (!version) return std::nullopt;
        return Kept{engine::model_from_bytes(version->bytes), version->version, version->seq, version->made_at};
    }
    /// Puts the newest kept models and lifecycles into use.
    /// \param refusals  Gets why a newer one was passed over.
    void load_models(Engine& engine, std::optional<time::Instant> until, Refusals* refusals = nullptr) const {
        for (const score::ModelConfig& config : playbook_.models) {
            if (std::optional<Kept> kept = kept_model(config, until, refusals)) {
                engine.set_model(config.name, std::move(kept->content.model), kept->version, kept->made_at);
            }
        }
        for (const score::LifecycleConfig& config : playbook_.lifecycles) {
            const auto version =
                newest_that_suits("lifecycle:" + config.name, engine_->lifecycle_policy(config.name), until, refusals);
            if (!version) continue;
            engine.set_lifecycle(config.name, engine::fitted_lifecycle_from_bytes(version->bytes).parameters,
                                 version->made_at);
        }
    }
    static void check_instants(const score::ModelConfig& config, std::span<const time::Instant> instants) {
        const bool by_instants = config.outcome.kind == score::OutcomeKind::enrolment;
        if (by_instants == instants.empty()) {
            throw InvalidArgument{"model '" + config.name + "': instants are " + (by_instants ? "needed" : "not used") +
                                  " for this outcome"};
        }
        for (std::size_t i = 1; i < instants.size(); ++i) {
            if (instants[i] <= instants[i - 1]) {
                throw InvalidArgument{"model '" + config.name + "': instants must be ascending"};
            }
        }
    }
    /// True for an example that a version did not learn from: its outcome came into the journal since, or was not known
    /// then, or nobody looked back from its instant.
    [[nodiscard]] static bool is_new(const engine::ExampleSet& set, std::uint32_t i, bool by_instants,
                                     const Kept& before) {
        const std::vector<time::Instant>& instants = before.content.instants;
        return set.learned_at[i] > before.seq || set.outcome_known_at[i] > before.content.now ||
               (by_instants && !std::binary_search(instants.begin(), instants.end(), set.instants[i]));
    }
    /// \param until_seq  Only facts up to here.
    /// \param before     Only examples that this version did not learn from.
    [[nodiscard]] engine::ExampleSet examples_of(const score::ModelConfig& config,
                                                 std::span<const time::Instant> instants, time::Instant now,
                                                 std::uint64_t until_seq, const Kept* before) {
        const bool by_instants = config.outcome.kind == score::OutcomeKind::enrolment;
        check_instants(config, instants);
        add_people(*engine_);
        const std::size_t tasks = person_tasks(*engine_);
        std::vector<engine::ExampleSet> parts(tasks);
        std::vector<Engine> scratch;
        for (unsigned thread = 0; thread < options_.threads; ++thread) scratch.push_back(make_engine());
        // Also where there is nobody to learn from: what is wrong with the features is said first.
        static_cast<void>(engine::ExampleFinder<Engine>{scratch[0], config, journal_.symbols()});
        run_tasks(tasks, options_.threads, [&](std::size_t task, unsigned thread) {
            engine::ExampleFinder<Engine> finder{scratch[thread], config, journal_.symbols()};
            const auto [first, end] = people_of_task(task);
            journal_.for_each_person_facts(
                first, end,
                [&](PersonId person, std::span<const model::Fact> facts, std::span<const std::uint64_t> seqs) {
                    finder.add(person, facts, seqs, instants, now);
                    return true;
                },
                until_seq);
            parts[task] = finder.take();
        });
        engine::ExampleSet all;
        for (const engine::ExampleSet& part : parts) all.append(part);
        all.number_people();
        std::vector<std::uint32_t> order;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (before == nullptr || is_new(all, i, by_instants, *before)) order.push_back(i);
        }
        const bool in_order_of_outcomes = config.learning == score::Learning::online;
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            if (in_order_of_outcomes && all.learned_at[a] != all.learned_at[b]) {
                return all.learned_at[a] < all.learned_at[b];
            }
            return all.precedes(a, b);
        });
        return all.select(order);
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
    /// \param folded  A refold has met the fact on disk: the engine knows it, the segments do not.
    void observe(const model::Fact& fact, bool folded) {
        if (everybody_stale_ || stale_.contains(fact.person)) {
            if (!folded) stale_.insert(fact.person);
            return;
        }
        const bool follow = segments_->has_begun() && segments_->has_segments();
        if (folded) {
            // Whether the segments have seen it depends on who met it: they are followed afresh.
            if (follow) stale_.insert(fact.person);
            return;
        }
        if (!engine_->find_row(fact.person)) add_people(*engine_);
        if (follow) segments_->keeper().advance(*engine_, fact.known_at);
        engine_->observe(fact, [this](PersonId person) { return history(person); });
        if (follow) {
            segments_->keeper().observe(*engine_, fact, [this](PersonId person) { return folded_history(person); });
        }
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
    std::unique_ptr<Followed> segments_;
    std::unordered_set<PersonId> stale_;  // people whose state in the engine is not what their facts say
    bool everybody_stale_ = false;
    int bulks_running_ = 0;
    std::unordered_map<PersonId, std::vector<InFlight>> in_flight_;  // announced, not landed yet
    std::string snapshot_refusal_;
    Refusals model_refusals_;
};

/// The institution with the standard signals.
class Institution : public BasicInstitution<score::Engagement, score::Reachability, score::Lifecycle> {
public:
    using Base = BasicInstitution<score::Engagement, score::Reachability, score::Lifecycle>;

    /// Opens the journal file, or makes it. See BasicInstitution::open.
    [[nodiscard]] static Institution open(const std::filesystem::path& path, engine::Playbook playbook,
                                          time::Instant now, InstitutionOptions options = {}) {
        auto [engagement, reachability, lifecycle] = signals(playbook);
        return Institution{Base::open(path, std::move(playbook), now, std::move(options), std::move(engagement),
                                      std::move(reachability), std::move(lifecycle))};
    }
    /// The same in memory: nothing survives the object.
    [[nodiscard]] static Institution in_memory(engine::Playbook playbook, time::Instant now,
                                               InstitutionOptions options = {}) {
        auto [engagement, reachability, lifecycle] = signals(playbook);
        return Institution{Base::in_memory(std::move(playbook), now, std::move(options), std::move(engagement),
                                           std::move(reachability), std::move(lifecycle))};
    }

private:
    explicit Institution(Base base) : Base{std::move(base)} {}
    static std::tuple<score::Engagement, score::Reachability, score::Lifecycle> signals(
        const engine::Playbook& playbook) {
        return {score::Engagement{playbook.engagement, playbook.channels, playbook.topics},
                score::Reachability{playbook.reachability, playbook.channels},
                score::Lifecycle{playbook.lifecycles, playbook.channels, playbook.topics}};
    }
};

}  // namespace alloquy
