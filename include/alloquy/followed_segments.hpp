#pragma once

/// \file
/// FollowedSegments: the segments of one institution, followed beside its engine and kept in its journal.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/segment_bulk.hpp>
#include <alloquy/engine/segment_keeper.hpp>
#include <alloquy/engine/segment_view.hpp>
#include <alloquy/error.hpp>
#include <alloquy/fnv_1a.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/nearest_name.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/explanation.hpp>
#include <alloquy/segment/parse.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/segment/text.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy {

/// Called with each change of membership, in the order of their numbers, when it is on disk.
using MembershipListener = std::function<void(const store::MembershipRecord& record)>;

/// Size of one segment, and how much of it lies in each other one.
struct SegmentSize {
    std::string name;
    std::size_t members;
    std::vector<std::size_t> shared;  ///< With each segment, by the playbook's order; the own place holds `members`.

    friend bool operator==(const SegmentSize&, const SegmentSize&) = default;
};
/// People who are in exactly these segments: a row of an UpSet table (Lex et al. 2014, "UpSet: Visualization of
/// Intersecting Sets", IEEE TVCG 20(12)).
struct SegmentIntersection {
    std::vector<std::string> segments;  ///< In the playbook's order; empty: in none.
    std::size_t members;

    friend bool operator==(const SegmentIntersection&, const SegmentIntersection&) = default;
};
/// How many came and went within one stretch of time.
struct SegmentFlow {
    std::string name;
    time::Instant from;
    time::Instant to;         ///< Exclusive.
    std::size_t entered = 0;  ///< Turns in [from, to), by what is known now.
    std::size_t left = 0;
    std::size_t members = 0;  ///< Just before `to`.

    friend bool operator==(const SegmentFlow&, const SegmentFlow&) = default;
};

/// Brings engine, journal and segments together. The institution calls it under its lock.
template <class Engine>
class FollowedSegments {
public:
    using Keeper = engine::SegmentKeeper<Engine>;
    using MakeEngine = typename Keeper::MakeEngine;

    /// \param opened_at  Since when conditions that are not in the journal yet are in force.
    FollowedSegments(const Engine& engine, MakeEngine make_engine, engine::ZoneSource zones, time::Instant opened_at)
        : opened_at_{opened_at},
          organisations_{std::make_shared<Organisations>()},
          keeper_{std::make_unique<Keeper>(
              engine, engine.playbook().segments,
              segment::SegmentCalendar{
                  zones, engine.playbook().zone,
                  time::AcademicCalendar{time::AcademicCalendarConfig{engine.playbook().academic_years, {}}}},
              std::move(make_engine), [known = organisations_](OrganisationId id) -> const model::Organisation* {
                  const auto found = known->find(id.value());
                  return found == known->end() ? nullptr : &found->second;
              })} {}

    /// Whether there are segments to follow.
    [[nodiscard]] bool has_segments() const noexcept { return keeper_->segments().size() > 0; }
    [[nodiscard]] bool has_begun() const noexcept { return begun_; }
    [[nodiscard]] const Keeper& keeper() const noexcept { return *keeper_; }
    [[nodiscard]] Keeper& keeper() noexcept { return *keeper_; }
    void set_listener(MembershipListener listener) {
        listener_ = std::move(listener);
        untold_.clear();
    }

    /// Reads what the journal knows of organisations.
    void read_organisations(const store::Journal& journal) {
        journal.for_each_organisation([&](const model::Organisation& organisation) {
            organisations_->insert_or_assign(organisation.id.value(), organisation);
            return true;
        });
    }
    void add_organisation(const model::Organisation& organisation) {
        organisations_->insert_or_assign(organisation.id.value(), organisation);
    }

    /// Begins to follow, or goes on where the journal's records end. The keeper has everybody's facts.
    /// \param history  See SegmentKeeper::observe.
    void begin(store::Journal& journal, const Engine& engine, const engine::History& history) {
        begun_ = true;
        if (!has_segments() && journal.segment_versions().empty()) return;
        const segment::Segments& segments = keeper_->segments();
        const std::optional<store::MembershipMark> mark = journal.membership_mark();
        const time::Instant clock = mark ? mark->clock : opened_at_;
        // An edit comes after every turn of the condition before it.
        const time::Instant now = mark ? std::max(clock + time::Duration{1}, opened_at_) : opened_at_;
        std::map<std::string, store::SegmentVersion, std::less<>> last;
        for (const store::SegmentVersion& version : journal.segment_versions()) {
            last.insert_or_assign(version.name, version);
        }
        std::vector<time::Instant> starts;
        versions_.clear();
        for (std::size_t i = 0; i < segments.size(); ++i) {
            const std::string text = segment::to_text(segments.condition(i)) + policy_mark(engine.playbook());
            const auto found = last.find(segments.name(i));
            if (found != last.end() && found->second.condition == text) {
                versions_.push_back(found->second.version);
                starts.push_back(found->second.in_force);
            } else {
                versions_.push_back(journal.record_segment_version(segments.name(i), text, now));
                starts.push_back(now);
            }
        }
        load_turns(journal, engine, last, now);
        // The state holds facts that the records have not seen: those people are followed from fact to fact.
        std::vector<std::uint32_t> rows;
        if (mark) {
            journal.for_each_by_seq(mark->seq + 1, [&](std::uint64_t, const model::Fact& fact) {
                if (const auto row = engine.find_row(fact.person)) rows.push_back(*row);
                return true;
            });
            std::sort(rows.begin(), rows.end());
            rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
        }
        keeper_->begin(engine, clock, starts, rows);
        rows = keeper_->not_begun();
        if (const auto known = engine.known_until()) keeper_->advance(engine, *known);
        std::sort(rows.begin(), rows.end(), [&](std::uint32_t x, std::uint32_t y) {
            return std::pair{engine.tie_key(x), x} < std::pair{engine.tie_key(y), y};
        });
        for (const std::uint32_t row : rows) keeper_->revise(engine, row, history);
        keeper_->advance(engine, now);
    }
    /// Writes the changes that wait into the journal; tell() has to follow.
    /// \param seq    All facts up to here are in the changes; nothing where that cannot be said now.
    /// \param force  Also where there are few and nobody listens.
    void flush(store::Journal& journal, std::optional<std::uint64_t> seq, bool force) {
        if (!begun_ || (!has_segments() && waiting_.empty())) return;
        for (const engine::MembershipChange& change : keeper_->take_changes()) {
            waiting_.push_back({0, change.person, keeper_->segments().name(change.segment), versions_[change.segment],
                                change.entered ? store::MembershipStep::entered : store::MembershipStep::left,
                                change.retracted, change.at, change.known_at,
                                static_cast<store::MembershipCause>(change.cause)});
        }
        const bool enough = waiting_.size() >= 1024 || (listener_ && !waiting_.empty());
        if (!seq || (!force && !enough)) return;
        const store::MembershipMark mark{keeper_->clock(), *seq};
        const std::optional<store::MembershipMark> before = journal.membership_mark();
        if (waiting_.empty() && before == mark) return;
        std::uint64_t number = journal.last_membership_number();
        journal.record_memberships(waiting_, mark);
        std::vector<store::MembershipRecord> written = std::exchange(waiting_, {});
        if (!listener_) return;
        for (store::MembershipRecord& record : written) {
            record.number = ++number;
            untold_.push_back(std::move(record));
        }
    }
    /// Tells the listener what flush() has written. What a listener throws ends that; the rest waits for the next call.
    void tell() {
        while (listener_ && !untold_.empty()) {
            const store::MembershipRecord record = std::move(untold_.front());
            untold_.pop_front();
            listener_(record);
        }
    }

    /// Everybody in a segment at an instant, by row; see Institution::members.
    [[nodiscard]] std::vector<std::uint32_t> members(const Engine& engine, std::uint32_t segment,
                                                     time::Instant now) const {
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            if (keeper_->is_member_at(engine, row, segment, now)) rows.push_back(row);
        }
        return rows;
    }
    /// A condition that is not among the playbook's segments, made ready. Its filters are gone when it is.
    class Query {
    public:
        Query(Keeper& keeper, const segment::Condition& condition)
            : kinds_{&keeper.kinds()},
              filters_{keeper.kinds().mark()},
              program_{keeper.catalogue(), keeper.kinds(), keeper.calendar(), [&keeper](std::string_view name) {
                           const auto found = keeper.segments().find(name);
                           return found ? std::optional{static_cast<std::uint32_t>(*found)} : std::nullopt;
                       }} {
            try {
                program_.add(condition);
            } catch (...) {
                kinds_->forget_filters(filters_);
                throw;
            }
        }
        Query(const Query&) = delete;
        Query& operator=(const Query&) = delete;
        ~Query() { kinds_->forget_filters(filters_); }
        [[nodiscard]] const segment::Program& program() const noexcept { return program_; }

    private:
        segment::FactKinds* kinds_;
        segment::FactKinds::Mark filters_;
        segment::Program program_;
    };

    /// The same for a condition that needs more than is kept: its facts are read from the journal, into numbers of its
    /// own.
    class HistoryQuery {
    public:
        HistoryQuery(const Keeper& keeper, const segment::Condition& condition, const Engine& engine)
            : kinds_{engine.symbols()},
              program_{keeper.catalogue(), kinds_, keeper.calendar(), [&keeper](std::string_view name) {
                           const auto found = keeper.segments().find(name);
                           return found ? std::optional{static_cast<std::uint32_t>(*found)} : std::nullopt;
                       }} {
            program_.add(condition);
        }
        HistoryQuery(const HistoryQuery&) = delete;
        HistoryQuery& operator=(const HistoryQuery&) = delete;
        ~HistoryQuery() = default;
        /// Replaces what is kept of a person by what these facts say to the condition; turns stay.
        void read(engine::SegmentPerson& person, std::span<const model::Fact> facts) {
            engine::keep_facts(person, facts, kinds_);
        }
        [[nodiscard]] const segment::Program& program() const noexcept { return program_; }

    private:
        segment::FactKinds kinds_;
        segment::Program program_;
    };

    /// The parsed and bound form of a condition.
    [[nodiscard]] segment::Condition condition(std::string_view text, const segment::Parameters& parameters) const {
        const segment::Condition parsed = segment::parse(text, keeper_->catalogue());
        for (const std::string& named : segment::segments_named(parsed)) {
            if (!keeper_->segments().find(named)) {
                std::vector<std::string_view> known;
                for (std::size_t i = 0; i < keeper_->segments().size(); ++i) {
                    known.push_back(keeper_->segments().name(i));
                }
                throw InvalidArgument{"there is no segment \"" + named + '"' + did_you_mean(named, known)};
            }
        }
        keeper_->segments().check_relations(parsed);
        return segment::with_parameters(parsed, parameters);
    }
    /// Whether what is kept is enough to ask a program.
    [[nodiscard]] bool can_ask(const segment::Program& program) const {
        return has_segments() && program.horizon_ms() <= keeper_->program().horizon_ms() && !program.reads_text();
    }

private:
    using Organisations = std::map<std::int64_t, model::Organisation>;

    /// Turns of the segments that are still there; members of those that are not leave.
    void load_turns(store::Journal& journal, const Engine& engine,
                    const std::map<std::string, store::SegmentVersion, std::less<>>& last, time::Instant now) {
        std::map<std::uint32_t, std::map<segment::PackedTurn, int>> turns;
        std::map<std::string, std::map<std::int64_t, std::map<std::pair<time::Instant, bool>, int>>, std::less<>> gone;
        journal.for_each_membership(0, [&](const store::MembershipRecord& record) {
            const auto segment = keeper_->segments().find(record.segment);
            const bool entered = record.step == store::MembershipStep::entered;
            const int sign = record.retracted ? -1 : 1;
            if (!segment) {
                gone[record.segment][record.person.value()][{record.at, entered}] += sign;
                return true;
            }
            const std::optional<std::uint32_t> row = engine.find_row(record.person);
            if (!row) return true;
            turns[*row][{record.at.unix_ms(), static_cast<std::uint32_t>(*segment), entered}] += sign;
            return true;
        });
        for (const auto& [row, all] : turns) {
            std::vector<segment::PackedTurn> stand;
            for (const auto& [turn, count] : all) {
                if (count > 0) stand.push_back(turn);
            }
            keeper_->restore_turns(row, std::move(stand));
        }
        for (const auto& [name, version] : last) {
            if (keeper_->segments().find(name)) continue;
            std::vector<PersonId> inside;
            for (const auto& [person, all] : gone[name]) {
                // Of a step in and a step out at one instant the one in came first: edits come after every turn.
                std::optional<std::pair<time::Instant, bool>> latest;
                for (const auto& [turn, count] : all) {
                    if (count > 0 && (!latest || latest->first < turn.first || !turn.second)) latest = turn;
                }
                if (latest && latest->second) inside.emplace_back(person);
            }
            // Also where the version was written before, and the process ended before the members had left.
            std::uint32_t taken_out = version.version;
            if (!version.condition.empty()) taken_out = journal.record_segment_version(name, "", now);
            for (const PersonId person : inside) {
                waiting_.push_back({0, person, name, taken_out, store::MembershipStep::left, false, now, now,
                                    store::MembershipCause::edit});
            }
        }
    }
    /// A comment behind a kept condition that is another one where anything else is that gives conditions their values:
    /// under another policy a segment is another version.
    [[nodiscard]] static std::string policy_mark(engine::Playbook playbook) {
        playbook.actions = {};
        playbook.segments.clear();
        playbook.name.clear();
        const std::vector<std::byte> bytes = engine::canonical_bytes(playbook);
        const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        constexpr std::string_view digits = "0123456789abcdef";
        std::string mark = "  # policy ";
        for (unsigned shift = 64; shift > 0; shift -= 4) mark += digits[fnv_1a(text) >> (shift - 4) & 15U];
        return mark;
    }

    time::Instant opened_at_;
    std::shared_ptr<Organisations> organisations_;
    std::unique_ptr<Keeper> keeper_;
    std::vector<std::uint32_t> versions_;  // by segment
    std::vector<store::MembershipRecord> waiting_;
    std::deque<store::MembershipRecord> untold_;
    MembershipListener listener_;
    bool begun_ = false;
};

}  // namespace alloquy
