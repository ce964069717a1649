#pragma once

/// \file
/// SegmentKeeper: who is in which segment, and since when, followed fact by fact and as time passes.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/people_columns.hpp>
#include <alloquy/engine/segment_bulk.hpp>
#include <alloquy/engine/segment_view.hpp>
#include <alloquy/error.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/prefetch.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// What made a membership change.
enum class TurnCause : std::uint8_t {
    fact,  ///< Something that happened to the person, or to one with a relation.
    time,  ///< Time alone: a window, a deadline, a score that falls.
    edit,  ///< Another condition, or a model learned anew.
};

/// A change of membership, or its correction. A record of what was known: it never changes.
struct MembershipChange {
    PersonId person;
    std::uint32_t segment;   ///< Place among the playbook's segments.
    bool entered;            ///< Else left.
    bool retracted;          ///< The earlier change did not happen after all: a fact came in late.
    time::Instant at;        ///< When membership turned.
    time::Instant known_at;  ///< When that was known.
    TurnCause cause;

    friend bool operator==(const MembershipChange&, const MembershipChange&) = default;
};

/// Follows the playbook's segments for everybody in one engine.
///
/// Membership is a function of the facts: of one person's, and of those of people with a relation where a condition
/// asks for it. What changes, and when that was known, is handed out as records by take_changes(). A person is in no
/// segment before the first fact.
///
/// Not to be used by several threads at once.
template <class Engine>
class SegmentKeeper {
public:
    /// Makes an empty engine of the same playbook, signals and vocabularies, for looks into the past.
    using MakeEngine = std::function<Engine()>;

    /// \param engine         Of the same playbook; the one that every call gets.
    /// \param configs        The segments.
    /// \param calendar       Zones and terms.
    /// \param make_engine    See MakeEngine.
    /// \param organisations  For conditions on relations to organisations; may be empty.
    /// \throws InvalidArgument  as segment::Segments and segment::Program, and for more than 4,096 segments.
    SegmentKeeper(const Engine& engine, const std::vector<segment::SegmentConfig>& configs,
                  segment::SegmentCalendar calendar, MakeEngine make_engine, OrganisationSource organisations)
        : catalogue_{engine.fields()},
          segments_{configs, catalogue_},
          calendar_{std::move(calendar)},
          kinds_{engine.symbols()},
          program_{catalogue_, kinds_, calendar_,
                   [this](std::string_view name) -> std::optional<std::uint32_t> {
                       const auto found = segments_.find(name);
                       return found ? std::optional{static_cast<std::uint32_t>(*found)} : std::nullopt;
                   }},
          make_engine_{std::move(make_engine)},
          organisations_{std::move(organisations)},
          cache_{engine.column_fields()},
          past_cache_{engine.column_fields()} {
        if (segments_.size() > segment::PackedTurn::max_segments) {
            throw InvalidArgument{"Playbook: at most 4,096 segments"};
        }
        for (std::size_t i = 0; i < segments_.size(); ++i) {
            try {
                program_.add(segments_.condition(i));
            } catch (const InvalidArgument& error) {
                throw InvalidArgument{"segment '" + segments_.name(i) + "': " + error.what()};
            }
        }
        words_ = (segments_.size() + 63) / 64;
        starts_ms_.assign(segments_.size(), segment::always_ms);
        close_over_names();
    }
    SegmentKeeper(const SegmentKeeper&) = delete;
    SegmentKeeper& operator=(const SegmentKeeper&) = delete;

    [[nodiscard]] const segment::Segments& segments() const noexcept { return segments_; }
    [[nodiscard]] const segment::Catalogue& catalogue() const noexcept { return catalogue_; }
    [[nodiscard]] const segment::SegmentCalendar& calendar() const noexcept { return calendar_; }
    [[nodiscard]] segment::FactKinds& kinds() noexcept { return kinds_; }
    [[nodiscard]] const segment::Program& program() const noexcept { return program_; }
    [[nodiscard]] const OrganisationSource& organisations() const noexcept { return organisations_; }
    /// All turns up to this instant are known.
    [[nodiscard]] time::Instant clock() const { return instant(clock_ms_); }

    // Who is in --------------------------------------------------------------------------------------------------

    /// Whether a person is in a segment at clock().
    [[nodiscard]] bool is_member(std::uint32_t row, std::uint32_t segment) const noexcept {
        return row < people_.size() && (masks_[row * words_ + segment / 64] >> segment % 64 & 1U) != 0;
    }
    /// Whether a person was in a segment at an instant not after clock(), by what is known now.
    [[nodiscard]] bool was_member(std::uint32_t row, std::uint32_t segment, time::Instant at) const noexcept {
        return row < people_.size() && engine::was_member(people_[row].turns, segment, at.unix_ms());
    }
    /// The same at any instant: of a later one than clock(), as things will be if no fact comes in.
    [[nodiscard]] bool is_member_at(const Engine& engine, std::uint32_t row, std::uint32_t segment,
                                    time::Instant at) const {
        if (row >= people_.size()) return false;
        if (at.unix_ms() < clock_ms_) return was_member(row, segment, at);
        if (people_[row].next_ms > at.unix_ms()) return is_member(row, segment);
        return bit(later(engine, row, at).mask.data(), segment);
    }
    /// Who is in which segment at any instant, as is_member_at(): bits by segment, words() of them.
    [[nodiscard]] std::vector<std::uint64_t> mask_at(const Engine& engine, std::uint32_t row, time::Instant at) const {
        if (at.unix_ms() >= clock_ms_ && kept(row).next_ms <= at.unix_ms()) return later(engine, row, at).mask;
        std::vector<std::uint64_t> mask{mask_of(row), mask_of(row) + words_};
        const std::vector<segment::PackedTurn>& turns = kept(row).turns;
        for (auto turn = turns.rbegin(); turn != turns.rend() && turn->at_ms() > at.unix_ms(); ++turn) {
            set_bit(mask.data(), turn->segment(), !turn->entered());
        }
        return mask;
    }
    /// One person as things were at an instant by what is known now, or will be if no fact comes in.
    struct Later {
        SegmentPerson person;
        std::vector<std::uint64_t> mask;
    };
    /// \param at  The kept facts are those of clock() or later, so let it not lie before the person's latest fact.
    [[nodiscard]] Later later(const Engine& engine, std::uint32_t row, time::Instant at) const {
        Later found{kept(row), {mask_of(row), mask_of(row) + words_}};
        if (at.unix_ms() < clock_ms_) {
            found.person.turns = turns_at(engine, row, at);
            found.mask = mask_at(engine, row, at);
            return found;
        }
        ColumnCache cache{engine.column_fields()};
        const Context shared = context(engine, cache);
        while (found.person.next_ms <= at.unix_ms()) {
            cache.reset();
            found.person.next_ms =
                ask(shared, row, found.person, found.mask.data(), found.person.next_ms, nullptr, true);
        }
        return found;
    }
    /// A person's turns, ascending, by what is known now.
    [[nodiscard]] std::span<const segment::PackedTurn> turns(std::uint32_t row) const noexcept {
        return row < people_.size() ? std::span<const segment::PackedTurn>{people_[row].turns}
                                    : std::span<const segment::PackedTurn>{};
    }
    /// The same at any instant: those up to it, and those that will come by then if no fact comes in.
    [[nodiscard]] std::vector<segment::PackedTurn> turns_at(const Engine& engine, std::uint32_t row,
                                                            time::Instant at) const {
        if (at.unix_ms() >= clock_ms_ && kept(row).next_ms <= at.unix_ms()) return later(engine, row, at).person.turns;
        std::vector<segment::PackedTurn> turns = kept(row).turns;
        while (!turns.empty() && turns.back().at_ms() > at.unix_ms()) turns.pop_back();
        return turns;
    }
    /// The changes since the last call, in the order in which they became known, then by instant, person and segment.
    [[nodiscard]] std::vector<MembershipChange> take_changes() { return std::exchange(changes_, {}); }

    // Following --------------------------------------------------------------------------------------------------

    /// Takes over a person's turns from an earlier run, before anything is followed.
    void restore_turns(std::uint32_t row, std::vector<segment::PackedTurn> turns) {
        grow(row + 1);
        std::sort(turns.begin(), turns.end());
        for (const segment::PackedTurn& turn : turns) set_bit(mask(row), turn.segment(), turn.entered());
        people_[row].turns = std::move(turns);
    }
    /// Begins to follow: everybody is asked at an instant, or goes on from there.
    /// \param from    Where the earlier run had come to; `now` for the first run.
    /// \param starts  By segment: since when its condition is in force.
    /// \param later   Rows of people whose facts the earlier run had not all seen, ascending: not_begun() gives them
    /// back.
    void begin(const Engine& engine, time::Instant from, const std::vector<time::Instant>& starts,
               std::span<const std::uint32_t> later = {}) {
        clock_ms_ = from.unix_ms();
        for (std::size_t i = 0; i < starts.size(); ++i) {
            starts_ms_[i] = starts[i].unix_ms();
            floor_ms_ = std::max(floor_ms_, starts_ms_[i]);
        }
        note_learned(engine);
        grow(engine.size());
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            if (std::binary_search(later.begin(), later.end(), row)) continue;
            if (people_[row].first_ms > clock_ms_) {
                people_[row].next_ms = people_[row].first_ms;
                queue(row);
            } else if (people_[row].latest_ms <= clock_ms_) {
                rows.push_back(row);
            }
        }
        const std::size_t first = changes_.size();
        ask_at(engine, std::move(rows), clock_ms_, false, std::nullopt);
        sort_changes(first);
    }
    /// Rows of people with facts after the instant from which begin() went on: their state does not tell what was then.
    /// revise() follows them.
    [[nodiscard]] std::vector<std::uint32_t> not_begun() const {
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = 0; row < people_.size(); ++row) {
            if (!people_[row].asked && people_[row].first_ms <= clock_ms_) rows.push_back(row);
        }
        return rows;
    }
    /// Goes on to an instant: whoever enters or leaves by then does so at the very instant at which the condition
    /// turns. An instant before clock() changes nothing. \par Cost  Of each person concerned, all segments once for
    /// each turn.
    void advance(const Engine& engine, time::Instant now) {
        if (now.unix_ms() <= clock_ms_) return;
        clock_ms_ = now.unix_ms();
        const std::size_t first = changes_.size();
        std::vector<std::uint32_t> due;
        while (!timers_.empty() && timers_.top().first <= clock_ms_) {
            // All of one instant together, so that it does not matter who is asked first.
            const std::int64_t at_ms = timers_.top().first;
            due.clear();
            for (; !timers_.empty() && timers_.top().first == at_ms; timers_.pop()) {
                const std::uint32_t row = timers_.top().second;
                if (people_[row].queued_ms != at_ms) continue;  // an earlier one has taken its place
                people_[row].queued_ms = segment::never_ms;
                if (people_[row].next_ms <= at_ms) {
                    due.push_back(row);
                } else {
                    queue(row);
                }
            }
            ask_at(engine, due, at_ms, true, std::nullopt);
        }
        sort_changes(first);
    }
    /// Lets a person rest whom the engine has folded afresh: refold() and revise() have to follow.
    void rest(std::uint32_t row) {
        grow(row + 1);
        people_[row].next_ms = segment::never_ms;
        people_[row].queued_ms = segment::never_ms;
    }
    /// Takes in a fact that the engine has folded. advance() to its known_at comes before it is folded.
    /// \param history  All facts of a person that the engine has folded, in their order.
    void observe(const Engine& engine, const model::Fact& fact, const History& history) {
        const std::uint32_t row = engine.row(fact.person);
        grow(engine.size());
        SegmentPerson& person = people_[row];
        // What is kept of one of very many people is in no cache: it is fetched while the fact is looked at.
        prefetch(&engine.person(row), sizeof(model::Person));
        prefetch(mask(row));
        prefetch_end(person.facts, 4);
        const std::size_t first = changes_.size();
        const std::int64_t at_ms = fact.at.unix_ms();
        const std::optional<std::uint32_t> kind = kinds_.kind_of(fact.content);
        if (kind) keep(person, segment::KeptFact{at_ms, *kind});
        const bool late = at_ms < person.latest_ms;
        if (!is_period(fact)) person.latest_ms = std::max(person.latest_ms, at_ms);
        person.first_ms = std::min(person.first_ms, at_ms);
        cache_.reset();
        const std::int64_t from_ms = std::min(std::max(at_ms, floor_ms_), clock_ms_);
        const std::uint64_t* which = nullptr;
        if (kind && std::holds_alternative<model::Interaction>(fact.content)) which = touched(*kind).data();
        const bool in_past = late && from_ms < person.latest_ms;
        if (in_past || looks_at_later_facts(engine, row, from_ms)) {
            replay(engine, row, from_ms, history);
        } else {
            forward(engine, row, from_ms, which, at_ms);
        }
        if (program_.reads_relations()) follow_relations(engine, row, from_ms, history);
        sort_changes(first);
    }
    /// Number of segments that a fact can change; all of them unless it is an interaction.
    [[nodiscard]] std::size_t touched_by(const model::Fact& fact) {
        const auto kind = kinds_.kind_of(fact.content);
        if (!kind || !std::holds_alternative<model::Interaction>(fact.content)) return segments_.size();
        std::size_t count = 0;
        for (const std::uint64_t word : touched(*kind)) count += static_cast<std::size_t>(std::popcount(word));
        return count;
    }
    /// Takes over what is kept of a person from all facts, after the engine has folded the person afresh; revise() has
    /// to follow.
    void refold(std::uint32_t row, std::span<const model::Fact> facts) {
        grow(row + 1);
        SegmentPerson& person = people_[row];
        keep_facts(person, facts, kinds_);
        trim(person);
    }
    /// Follows a person afresh from the last edit on, with whatever corrections that brings.
    void revise(const Engine& engine, std::uint32_t row, const History& history) {
        grow(engine.size());
        const std::size_t first = changes_.size();
        cache_.reset();
        const std::int64_t from_ms = std::min(floor_ms_, clock_ms_);
        if (people_[row].latest_ms > from_ms || looks_at_later_facts(engine, row, from_ms)) {
            replay(engine, row, from_ms, history);
        } else {
            forward(engine, row, from_ms, nullptr, segment::never_ms);
        }
        if (program_.reads_relations()) follow_relations(engine, row, from_ms, history);
        sort_changes(first);
    }
    /// Asks everybody anew at clock(), because something that facts do not tell has changed: a model was learned, a
    /// host's column filled. What was before stays as it was known.
    void reconsider(const Engine& engine) {
        note_learned(engine);
        floor_ms_ = std::max(floor_ms_, clock_ms_);
        const std::size_t first = changes_.size();
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = 0; row < people_.size(); ++row) {
            if (people_[row].asked) rows.push_back(row);
        }
        ask_at(engine, std::move(rows), clock_ms_, false, TurnCause::edit);
        sort_changes(first);
    }
    /// Keeps interactions that came in bulk, without asking anything: for hosts that fold events by Engine::fold().
    /// begin() has to follow.
    void fold(const Engine& engine, std::span<const score::Event> events) {
        grow(engine.size());
        std::vector<std::uint32_t> rows;
        for (const score::Event& event : events) {
            if (event.channel == 0) continue;  // no name, so no condition can name it
            const model::Interaction said = engine.interaction_of(event);
            people_[event.person].facts.emplace_back(event.at_ms, *kinds_.kind_of(said));
            people_[event.person].latest_ms = std::max(people_[event.person].latest_ms, event.at_ms);
            people_[event.person].first_ms = std::min(people_[event.person].first_ms, event.at_ms);
        }
        for (SegmentPerson& person : people_) {
            if (!std::is_sorted(person.facts.begin(), person.facts.end())) {
                std::sort(person.facts.begin(), person.facts.end());
            }
            trim(person);
        }
    }

    /// Who would be in each segment at an instant, asked of everybody afresh from the state: shape (segments). It is
    /// what advance() leads to, column by column and without records. \param now      Not before clock(). \param
    /// threads  >= 1; the answers are the same for any number. \par Cost  What tests/bench segments prints.
    [[nodiscard]] std::vector<RowBits> rebuild(const Engine& engine, time::Instant now, unsigned threads) {
        std::vector<std::uint32_t> places;
        for (const std::size_t place : segments_.in_order()) places.push_back(static_cast<std::uint32_t>(place));
        Context shared = context(engine, cache_);
        std::vector<SegmentPerson> then;
        if (looks_at_turns(program_) && !stands_at(now)) {
            then = people_at(engine, now);
            shared.find_other = find_among(engine, then);
        }
        SegmentBulk<Engine> bulk{program_, shared, then.empty() ? people_ : then, masks_, words_, columns_};
        std::vector<RowBits> in_order = bulk.ask(places, places, now, threads);
        std::vector<RowBits> all(in_order.size());
        for (std::size_t i = 0; i < places.size(); ++i) all[places[i]] = std::move(in_order[i]);
        return all;
    }
    /// Whether nobody turns between clock() and an instant: people() and masks() are those of the instant as well.
    [[nodiscard]] bool stands_at(time::Instant at) const {
        return at.unix_ms() >= clock_ms_ &&
               std::all_of(people_.begin(), people_.end(),
                           [&](const SegmentPerson& person) { return person.next_ms > at.unix_ms(); });
    }
    /// Whether a program looks at turns: at earlier membership, or at the segments of other people.
    [[nodiscard]] static bool looks_at_turns(const segment::Program& program) noexcept {
        return program.reads_turns() || program.reads_relations();
    }
    /// What is kept of everybody, with the turns of turns_at().
    [[nodiscard]] std::vector<SegmentPerson> people_at(const Engine& engine, time::Instant at) const {
        std::vector<SegmentPerson> all = people_;
        all.resize(engine.size());
        for (std::uint32_t row = 0; row < all.size(); ++row) all[row].turns = turns_at(engine, row, at);
        return all;
    }
    [[nodiscard]] std::span<const SegmentPerson> people() const noexcept { return people_; }
    [[nodiscard]] std::span<const std::uint64_t> masks() const noexcept { return masks_; }
    /// Words of a person's mask.
    [[nodiscard]] std::size_t words() const noexcept { return words_; }

    /// Columns of the engine's people, for questions of everybody at once.
    [[nodiscard]] PeopleColumns& columns() noexcept { return columns_; }

    // Views ------------------------------------------------------------------------------------------------------

    /// Finds other people among those of an instant; both must outlive it.
    [[nodiscard]] static auto find_among(const Engine& engine, const std::vector<SegmentPerson>& people) {
        return [&engine, &people](PersonId id) -> std::optional<std::pair<const SegmentPerson*, std::uint32_t>> {
            const auto row = engine.find_row(id);
            if (!row || *row >= people.size()) return std::nullopt;
            return std::pair{&people[*row], *row};
        };
    }
    /// What views of the present state share.
    [[nodiscard]] SegmentContext<Engine> context(const Engine& engine, ColumnCache& cache) const {
        return {&engine,
                &engine,
                &organisations_,
                [this, &engine](PersonId id) -> std::optional<std::pair<const SegmentPerson*, std::uint32_t>> {
                    const auto row = engine.find_row(id);
                    if (!row || *row >= people_.size()) return std::nullopt;
                    return std::pair{&people_[*row], *row};
                },
                &cache,
                engine.column_fields()};
    }
    /// What is kept of a person; an empty one for who has no facts.
    [[nodiscard]] const SegmentPerson& kept(std::uint32_t row) const noexcept {
        static const SegmentPerson nobody{};
        return row < people_.size() ? people_[row] : nobody;
    }
    [[nodiscard]] const std::uint64_t* mask_of(std::uint32_t row) const noexcept {
        return row < people_.size() ? masks_.data() + row * words_ : none_.data();
    }
    /// Bytes held for everybody, the kept facts apart.
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t all = people_.capacity() * sizeof(SegmentPerson) + masks_.capacity() * sizeof masks_[0] +
                          timers_.size() * sizeof(Timer) + columns_.bytes();
        for (const SegmentPerson& person : people_) all += person.turns.capacity() * sizeof(segment::PackedTurn);
        return all;
    }
    /// Bytes of the kept facts.
    [[nodiscard]] std::size_t fact_bytes() const noexcept {
        std::size_t all = 0;
        for (const SegmentPerson& person : people_) all += person.facts.capacity() * sizeof(segment::KeptFact);
        return all;
    }

private:
    using Timer = std::pair<std::int64_t, std::uint32_t>;
    using Context = SegmentContext<Engine>;
    using View = SegmentView<Engine>;

    static time::Instant instant(std::int64_t at_ms) {
        return time::Instant::from_unix_ms(std::clamp(at_ms, time::Instant::min_unix_ms, time::Instant::max_unix_ms));
    }
    static void set_bit(std::uint64_t* words, std::uint32_t segment, bool value) noexcept {
        const std::uint64_t bit = std::uint64_t{1} << segment % 64;
        words[segment / 64] = value ? words[segment / 64] | bit : words[segment / 64] & ~bit;
    }
    static bool bit(const std::uint64_t* words, std::uint32_t segment) noexcept {
        return (words[segment / 64] >> segment % 64 & 1U) != 0;
    }
    [[nodiscard]] std::uint64_t* mask(std::uint32_t row) noexcept { return masks_.data() + row * words_; }
    void grow(std::uint32_t rows) {
        if (people_.size() >= rows) return;
        people_.resize(rows);
        masks_.resize(std::size_t{rows} * words_, 0);
    }
    void keep(SegmentPerson& person, segment::KeptFact fact) {
        if (!person.facts.empty() && program_.horizon_ms() != segment::never_ms &&
            fact.at_ms() <= person.facts.back().at_ms() - program_.horizon_ms()) {
            return;
        }
        person.facts.insert(std::upper_bound(person.facts.begin(), person.facts.end(), fact), fact);
        // Not at each fact, so that it costs little.
        if (person.facts.size() % 64 == 0) trim(person);
    }
    /// Drops what no window of a question after the latest fact can reach.
    void trim(SegmentPerson& person) const {
        if (program_.horizon_ms() == segment::never_ms || person.facts.empty()) return;
        const std::int64_t oldest = person.facts.back().at_ms() - program_.horizon_ms();
        const auto first = std::partition_point(person.facts.begin(), person.facts.end(),
                                                [&](const segment::KeptFact& fact) { return fact.at_ms() <= oldest; });
        if (first != person.facts.begin()) person.facts.erase(person.facts.begin(), first);
    }
    void note_learned(const Engine& engine) {
        for (std::size_t field = 0; field < catalogue_.fields().size(); ++field) {
            if (!program_.reads_field(field)) continue;
            const auto at = engine.field_learned_at(field);
            if (at && *at <= instant(clock_ms_)) floor_ms_ = std::max(floor_ms_, at->unix_ms());
        }
        // What reads a host's column is not asked before the column is filled: after opening it is empty.
        waits_.assign(words_, 0);
        for (std::uint32_t s = 0; s < segments_.size(); ++s) {
            bool waits = false;
            for (std::size_t field = 0; field < engine.column_fields(); ++field) {
                waits = waits || (engine.is_host_field(field) && !engine.field_learned_at(field) &&
                                  program_.reads_field(s, field));
            }
            if (!waits) continue;
            for (std::size_t word = 0; word < words_; ++word) waits_[word] |= dependents_[s][word];
        }
        past_.reset();
    }
    /// For each segment those that name it, directly or through others, and itself.
    void close_over_names() {
        none_.assign(words_, 0);
        waits_.assign(words_, 0);
        for_others_.assign(words_, 0);
        for (const std::uint32_t segment : program_.segments_of_others()) set_bit(for_others_.data(), segment, true);
        dependents_.assign(segments_.size(), std::vector<std::uint64_t>(words_, 0));
        for (std::uint32_t i = 0; i < segments_.size(); ++i) set_bit(dependents_[i].data(), i, true);
        const std::vector<std::size_t>& order = segments_.in_order();
        for (auto s = order.rbegin(); s != order.rend(); ++s) {
            for (const std::uint32_t named : program_.segments_of(static_cast<std::uint32_t>(*s))) {
                for (std::size_t word = 0; word < words_; ++word) dependents_[named][word] |= dependents_[*s][word];
            }
        }
    }
    /// The segments that an interaction of a kind can change.
    [[nodiscard]] const std::vector<std::uint64_t>& touched(std::uint32_t kind) {
        while (touched_.size() <= kind) {
            const auto next = static_cast<std::uint32_t>(touched_.size());
            std::vector<std::uint64_t> all(words_, 0);
            for (std::uint32_t i = 0; i < segments_.size(); ++i) {
                if (!program_.touches(next, i)) continue;
                for (std::size_t word = 0; word < words_; ++word) all[word] |= dependents_[i][word];
            }
            touched_.push_back(std::move(all));
        }
        return touched_[kind];
    }

    /// Asks segments of one person at an instant, and writes down what turns.
    /// \param which  Bits of those to ask, or null for all.
    /// \return Until when the answers stand.
    std::int64_t ask(const Context& context, std::uint32_t row, SegmentPerson& person, std::uint64_t* mask,
                     std::int64_t at_ms, const std::uint64_t* which, bool precise) const {
        std::int64_t until = segment::never_ms;
        for (const std::size_t place : segments_.in_order()) {
            const auto s = static_cast<std::uint32_t>(place);
            if ((which != nullptr && !bit(which, s)) || bit(waits_.data(), s)) continue;
            if (at_ms < starts_ms_[s]) {
                until = std::min(until, starts_ms_[s]);
                continue;
            }
            const View view{context, row, at_ms, person, mask};
            const segment::Verdict verdict = program_.ask(s, view, precise);
            until = std::min(until, verdict.until_ms);
            if (verdict.holds != bit(mask, s)) {
                set_bit(mask, s, verdict.holds);
                person.turns.emplace_back(at_ms, s, verdict.holds);
            }
        }
        return std::max(until, at_ms + 1);
    }
    /// Of a turn that no fact brought.
    [[nodiscard]] TurnCause by_itself(const segment::PackedTurn& turn) const noexcept {
        for (std::uint32_t s = 0; s < segments_.size(); ++s) {
            if (starts_ms_[s] == turn.at_ms() && bit(dependents_[s].data(), turn.segment())) return TurnCause::edit;
        }
        return TurnCause::time;
    }
    /// Asks people at one instant, which no fact brought, and records what turns.
    /// \param cause  Of the turns; nothing: time, or an edit where a condition comes into force then.
    void ask_at(const Engine& engine, std::vector<std::uint32_t> rows, std::int64_t at_ms, bool precise,
                std::optional<TurnCause> cause) {
        std::sort(rows.begin(), rows.end());
        std::vector<std::vector<segment::PackedTurn>> old;
        old.reserve(rows.size());
        for (const std::uint32_t row : rows) old.push_back(ask_again(engine, row, at_ms, precise));
        if (program_.reads_relations()) {
            // Whoever is related to somebody whose segments turned, as far as relations ask for these.
            std::vector<std::uint32_t> others;
            for (const std::uint32_t row : rows) {
                if (turned_for_others(people_[row], at_ms)) append_related(engine, row, others);
            }
            std::sort(others.begin(), others.end());
            others.erase(std::unique(others.begin(), others.end()), others.end());
            const std::size_t before = rows.size();
            for (const std::uint32_t row : others) {
                if (!people_[row].asked || people_[row].first_ms > at_ms) continue;
                std::vector<segment::PackedTurn> had = ask_again(engine, row, at_ms, precise);
                if (std::binary_search(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(before), row)) continue;
                rows.push_back(row);
                old.push_back(std::move(had));
            }
        }
        for (std::size_t i = 0; i < rows.size(); ++i) {
            settle(
                engine, rows[i], first_turn(people_[rows[i]].turns, at_ms), old[i],
                [&](const segment::PackedTurn& turn) { return cause.value_or(by_itself(turn)); },
                cause.value_or(TurnCause::fact), at_ms);
            queue(rows[i]);
        }
    }
    /// \return The turns from the instant on that there were before.
    std::vector<segment::PackedTurn> ask_again(const Engine& engine, std::uint32_t row, std::int64_t at_ms,
                                               bool precise) {
        SegmentPerson& person = people_[row];
        std::vector<segment::PackedTurn> old = undo(person, mask(row), at_ms);
        person.asked = true;
        cache_.reset();
        const std::size_t base = person.turns.size();
        person.next_ms = ask(live_context(engine), row, person, mask(row), at_ms, nullptr, precise);
        std::sort(person.turns.begin() + static_cast<std::ptrdiff_t>(base), person.turns.end());
        return old;
    }
    [[nodiscard]] static std::size_t first_turn(const std::vector<segment::PackedTurn>& turns, std::int64_t from_ms) {
        std::size_t first = turns.size();
        while (first > 0 && turns[first - 1].at_ms() >= from_ms) --first;
        return first;
    }
    [[nodiscard]] bool turned_for_others(const SegmentPerson& person, std::int64_t from_ms) const {
        for (std::size_t i = first_turn(person.turns, from_ms); i < person.turns.size(); ++i) {
            if (bit(for_others_.data(), person.turns[i].segment())) return true;
        }
        return false;
    }
    /// The first turn after an instant of a segment that conditions about other people name.
    [[nodiscard]] std::int64_t next_turn_for_others(const SegmentPerson& person, std::int64_t at_ms) const {
        for (const segment::PackedTurn& turn : person.turns) {
            if (turn.at_ms() > at_ms && bit(for_others_.data(), turn.segment())) return turn.at_ms();
        }
        return segment::never_ms;
    }
    void append_related(const Engine& engine, std::uint32_t row, std::vector<std::uint32_t>& rows) const {
        for (const model::Relation& relation : engine.person(row).relations) {
            const auto* const id = std::get_if<PersonId>(&relation.other);
            const auto other = id != nullptr ? engine.find_row(*id) : std::nullopt;
            if (other && *other != row && *other < people_.size()) rows.push_back(*other);
        }
    }
    void pass(const Engine& engine, std::uint32_t row, std::int64_t end_ms) {
        SegmentPerson& person = people_[row];
        const Context& shared = live_context(engine);
        while (person.next_ms <= end_ms) {
            cache_.reset();
            person.next_ms = ask(shared, row, person, mask(row), person.next_ms, nullptr, true);
        }
    }
    /// Whether a turn stays as it is: it belongs to an earlier version of its segment, or the segment waits.
    [[nodiscard]] bool is_fixed(const segment::PackedTurn& turn) const noexcept {
        return turn.at_ms() < starts_ms_[turn.segment()] || bit(waits_.data(), turn.segment());
    }
    /// Cuts off the turns from an instant on that may be revised. \return Those.
    [[nodiscard]] std::vector<segment::PackedTurn> undo(SegmentPerson& person, std::uint64_t* mask,
                                                        std::int64_t from_ms) const {
        std::vector<segment::PackedTurn> cut;
        std::vector<segment::PackedTurn> fixed;
        const auto first = person.turns.begin() + static_cast<std::ptrdiff_t>(first_turn(person.turns, from_ms));
        for (auto turn = first; turn != person.turns.end(); ++turn) (is_fixed(*turn) ? fixed : cut).push_back(*turn);
        person.turns.erase(first, person.turns.end());
        person.turns.insert(person.turns.end(), fixed.begin(), fixed.end());
        for (auto turn = cut.rbegin(); turn != cut.rend(); ++turn) set_bit(mask, turn->segment(), !turn->entered());
        return cut;
    }
    /// Follows one person from an instant to the clock, with the state as it is: no later fact is in it.
    /// \param fact_ms  Instant of the fact that brings it, if one does.
    void forward(const Engine& engine, std::uint32_t row, std::int64_t from_ms, const std::uint64_t* which,
                 std::int64_t fact_ms) {
        SegmentPerson& person = people_[row];
        from_ms = std::max(from_ms, person.first_ms);
        if (from_ms > clock_ms_) {
            // All that is known is a role or relation to come.
            person.next_ms = std::min(person.next_ms, from_ms);
            queue(row);
            return;
        }
        std::vector<segment::PackedTurn> old;
        if (!person.turns.empty() && person.turns.back().at_ms() >= from_ms) {
            old = undo(person, mask(row), from_ms);
            which = nullptr;
        }
        if (!std::exchange(person.asked, true)) which = nullptr;
        const std::size_t base = person.turns.size();
        const std::int64_t until = ask(live_context(engine), row, person, mask(row), from_ms, which, false);
        person.next_ms = which == nullptr ? until : std::min(person.next_ms, until);
        if (person.next_ms <= clock_ms_) pass(engine, row, clock_ms_);
        if (person.turns.size() > base || !old.empty()) {
            const auto why = [&](const segment::PackedTurn& turn) {
                return turn.at_ms() == fact_ms ? TurnCause::fact : by_itself(turn);
            };
            settle(engine, row, base, old, why, TurnCause::fact, clock_ms_);
        }
        queue(row);
    }
    /// Records how the turns from `base` on differ from those that were known.
    /// \param why       Gives the cause of a turn that came; what is gone is gone by a fact or an edit.
    /// \param known_ms  When that became known.
    template <class Why>
    void settle(const Engine& engine, std::uint32_t row, std::size_t base, const std::vector<segment::PackedTurn>& old,
                const Why& why, TurnCause why_gone, std::int64_t known_ms) {
        SegmentPerson& person = people_[row];
        const auto first = person.turns.begin() + static_cast<std::ptrdiff_t>(base);
        std::sort(first, person.turns.end());
        std::vector<segment::PackedTurn> gone;
        std::set_difference(old.begin(), old.end(), first, person.turns.end(), std::back_inserter(gone));
        for (const segment::PackedTurn& turn : gone) record(engine, row, turn, true, why_gone, known_ms);
        std::vector<segment::PackedTurn> come;
        std::set_difference(first, person.turns.end(), old.begin(), old.end(), std::back_inserter(come));
        for (const segment::PackedTurn& turn : come) {
            if (!is_fixed(turn)) record(engine, row, turn, false, why(turn), known_ms);
        }
    }
    void record(const Engine& engine, std::uint32_t row, const segment::PackedTurn& turn, bool retracted,
                TurnCause cause, std::int64_t known_ms) {
        const std::int64_t at_ms = turn.at_ms();
        changes_.push_back({engine.person(row).id, turn.segment(), turn.entered(), retracted, instant(at_ms),
                            instant(known_ms), cause});
        rows_of_changes_.push_back(engine.tie_key(row));
    }
    void sort_changes(std::size_t first) {
        if (changes_.size() - first < 2) {
            rows_of_changes_.clear();
            return;
        }
        std::vector<std::size_t> order(changes_.size() - first);
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        const auto key = [&](std::size_t i) {
            const MembershipChange& change = changes_[first + i];
            return std::tuple{change.known_at, change.at,         rows_of_changes_[i],
                              change.segment,  !change.retracted, change.entered};
        };
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
        std::vector<MembershipChange> sorted;
        sorted.reserve(order.size());
        for (const std::size_t i : order) sorted.push_back(changes_[first + i]);
        std::move(sorted.begin(), sorted.end(), changes_.begin() + static_cast<std::ptrdiff_t>(first));
        rows_of_changes_.clear();
    }
    void queue(std::uint32_t row) {
        SegmentPerson& person = people_[row];
        if (person.next_ms == segment::never_ms || person.next_ms >= person.queued_ms) return;
        person.queued_ms = person.next_ms;
        timers_.emplace(person.next_ms, row);
    }
    [[nodiscard]] const Context& live_context(const Engine& engine) {
        if (!live_ || live_->engine != &engine) live_ = context(engine, cache_);
        return *live_;
    }

    // The past ---------------------------------------------------------------------------------------------------

    /// Whether somebody with a relation has facts after an instant, which the present state holds already.
    [[nodiscard]] bool looks_at_later_facts(const Engine& engine, std::uint32_t row, std::int64_t from_ms) const {
        if (!program_.reads_relations()) return false;
        for (const model::Relation& relation : engine.person(row).relations) {
            const auto* const id = std::get_if<PersonId>(&relation.other);
            const auto other = id != nullptr ? engine.find_row(*id) : std::nullopt;
            if (other && *other < people_.size() && people_[*other].latest_ms > from_ms) return true;
        }
        return false;
    }
    void follow_relations(const Engine& engine, std::uint32_t row, std::int64_t from_ms, const History& history) {
        std::vector<std::uint32_t> rows;
        append_related(engine, row, rows);
        std::sort(rows.begin(), rows.end());
        rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
        for (const std::uint32_t other : rows) {
            if (!people_[other].asked) continue;
            cache_.reset();
            if (people_[other].latest_ms > from_ms || looks_at_later_facts(engine, other, from_ms)) {
                replay(engine, other, from_ms, history);
            } else {
                forward(engine, other, from_ms, nullptr, from_ms);
            }
        }
    }
    /// One person on the way through the past.
    struct Line {
        std::vector<model::Fact> facts;
        std::size_t next = 0;
        std::uint32_t row = 0;  // in the engine of the past
        SegmentPerson kept{};
    };
    /// Follows one person from an instant to the clock, fact by fact, with the state as it was at each instant.
    void replay(const Engine& engine, std::uint32_t row, std::int64_t from_ms, const History& history) {
        if (!past_) {
            past_ = std::make_unique<Engine>(make_engine_());
            past_->copy_learned(engine);
        }
        past_->clear();
        std::vector<Line> lines;
        std::vector<PersonId> ids{engine.person(row).id};
        lines.push_back({history(ids[0]), 0, 0, {}});
        if (program_.reads_relations()) {
            for (const model::Fact& fact : lines[0].facts) {
                const auto* const relation = std::get_if<model::RelationChange>(&fact.content);
                const auto* const id = relation != nullptr ? std::get_if<PersonId>(&relation->other) : nullptr;
                if (id != nullptr && engine.find_row(*id) && std::find(ids.begin(), ids.end(), *id) == ids.end()) {
                    ids.push_back(*id);
                    lines.push_back({history(*id), 0, 0, {}});
                }
            }
        }
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::uint32_t there = *engine.find_row(ids[i]);
            lines[i].row = past_->add_person(ids[i], engine.tie_key(there));
            lines[i].kept.turns = people_[there].turns;
        }
        past_cache_.reset();
        const Context shared{past_.get(),
                             &engine,
                             &organisations_,
                             [&](PersonId id) -> std::optional<std::pair<const SegmentPerson*, std::uint32_t>> {
                                 for (std::size_t i = 0; i < ids.size(); ++i) {
                                     if (ids[i] == id) return std::pair{&lines[i].kept, lines[i].row};
                                 }
                                 return std::nullopt;
                             },
                             &past_cache_,
                             engine.column_fields()};
        SegmentPerson& followed = lines[0].kept;
        const std::vector<segment::PackedTurn> old = undo(followed, mask(row), from_ms);
        const std::size_t base = followed.turns.size();
        std::vector<std::int64_t> fact_instants;
        for (const Line& line : lines) {
            for (const model::Fact& fact : line.facts) fact_instants.push_back(fact.at.unix_ms());
        }
        std::int64_t at_ms = from_ms;
        for (;;) {
            std::int64_t next_fact = segment::never_ms;
            for (Line& line : lines) {
                feed(line, at_ms);
                if (&line != &lines[0]) next_fact = std::min(next_fact, next_turn_for_others(line.kept, at_ms));
                if (line.next < line.facts.size()) {
                    next_fact = std::min(next_fact, line.facts[line.next].at.unix_ms());
                }
            }
            past_cache_.reset();
            std::int64_t until = next_fact;
            if (lines[0].next > 0) {
                until = std::min(until, ask(shared, lines[0].row, followed, mask(row), at_ms, nullptr, true));
            }
            if (until > clock_ms_) {
                followed.next_ms = until;
                break;
            }
            at_ms = until;
        }
        people_[row].turns = std::move(followed.turns);
        people_[row].asked = true;
        people_[row].next_ms = followed.next_ms;
        std::sort(fact_instants.begin(), fact_instants.end());
        settle(
            engine, row, base, old,
            [&](const segment::PackedTurn& turn) {
                const bool by_fact = std::binary_search(fact_instants.begin(), fact_instants.end(), turn.at_ms());
                return by_fact ? TurnCause::fact : by_itself(turn);
            },
            TurnCause::fact, clock_ms_);
        queue(row);
    }
    void feed(Line& line, std::int64_t until_ms) {
        const std::size_t first = line.next;
        while (line.next < line.facts.size() && line.facts[line.next].at.unix_ms() <= until_ms) {
            const model::Fact& fact = line.facts[line.next++];
            if (const auto kind = kinds_.kind_of(fact.content)) {
                const segment::KeptFact kept{fact.at.unix_ms(), *kind};
                line.kept.facts.insert(std::upper_bound(line.kept.facts.begin(), line.kept.facts.end(), kept), kept);
            }
            if (!is_period(fact)) line.kept.latest_ms = std::max(line.kept.latest_ms, fact.at.unix_ms());
        }
        const std::span<const model::Fact> known{line.facts.data(), line.next};
        if (line.next == first) return;
        if (first == 0 || line.next - first > 1) {
            past_->refold(line.row, known);
        } else {
            past_->observe(known.back(),
                           [&](PersonId) { return std::vector<model::Fact>(known.begin(), known.end()); });
        }
    }

    segment::Catalogue catalogue_;
    segment::Segments segments_;
    segment::SegmentCalendar calendar_;
    segment::FactKinds kinds_;
    segment::Program program_;
    MakeEngine make_engine_;
    OrganisationSource organisations_;
    std::size_t words_ = 0;
    std::vector<std::int64_t> starts_ms_;                 // by segment
    std::vector<std::vector<std::uint64_t>> dependents_;  // by segment
    std::vector<std::vector<std::uint64_t>> touched_;     // by kind of fact
    std::vector<std::uint64_t> none_;
    std::vector<std::uint64_t> waits_;       // segments that are not asked for the time being
    std::vector<std::uint64_t> for_others_;  // segments that conditions about other people name
    std::vector<SegmentPerson> people_;      // by row
    std::vector<std::uint64_t> masks_;       // by row, words_ each
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::int64_t clock_ms_ = segment::always_ms;
    std::int64_t floor_ms_ = segment::always_ms;  // nothing before it is revised
    std::vector<MembershipChange> changes_;
    std::vector<std::uint64_t> rows_of_changes_;  // tie keys of the changes that are not sorted yet
    ColumnCache cache_;
    ColumnCache past_cache_;
    std::optional<Context> live_;
    std::unique_ptr<Engine> past_;
    PeopleColumns columns_;
};

}  // namespace alloquy::engine

template <>
struct alloquy::model::EnumNames<alloquy::engine::TurnCause> {
    static constexpr std::array<std::string_view, 3> values{"fact", "time", "edit"};
};
