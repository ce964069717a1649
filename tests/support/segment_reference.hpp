#pragma once

/// \file
/// SegmentReference: who is in a segment at an instant, told from all facts up to it and from nothing else; for
/// comparison with what follows facts one by one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/segment_view.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/time/instant.hpp>

#include "facts.hpp"

namespace alloquy::support {

/// The number by which a test person is known outside.
[[nodiscard]] inline std::uint64_t test_key(PersonId person) {
    return static_cast<std::uint64_t>(person.value()) * 0x9E3779B97F4A7C15U;
}

/// All people at one instant after another. Every person is folded afresh from the facts up to the instant; nothing is
/// carried over from one instant to the next but the buffers.
class SegmentReference {
public:
    /// The changes of a segment up to an instant, from the oldest to the newest: those of the side that is compared,
    /// as that segment is compared itself, instant by instant.
    using TurnSource = std::function<std::vector<segment::Turn>(PersonId person, const std::string& name)>;

    /// One person at the reference's instant; a segment::Subject.
    class Subject {
    public:
        Subject(SegmentReference& all, std::uint32_t row) : all_{&all}, row_{row} {}

        [[nodiscard]] time::Instant now() const { return all_->now_; }
        [[nodiscard]] model::AttributeValue value(const std::string& name) const { return all_->value(row_, name); }
        [[nodiscard]] const model::Person& person() const { return all_->engine_.person(row_); }
        [[nodiscard]] const model::Symbols& symbols() const { return all_->engine_.symbols(); }
        [[nodiscard]] const segment::SegmentCalendar& calendar() const { return *all_->calendar_; }
        [[nodiscard]] std::uint64_t key() const { return test_key(person().id); }
        [[nodiscard]] std::span<const segment::SeenFact> facts() const { return all_->seen(row_); }
        [[nodiscard]] bool is_in_segment(const std::string& name) const { return all_->is_in(row_, name); }
        [[nodiscard]] std::vector<segment::Turn> turns(const std::string& name) const {
            std::vector<segment::Turn> turns = all_->turns_(person().id, name);
            std::erase_if(turns, [&](const segment::Turn& turn) { return turn.at > all_->now_; });
            return turns;
        }
        [[nodiscard]] std::optional<Subject> other(PersonId person) const {
            const auto found = all_->rows_.find(person);
            if (found == all_->rows_.end() || !all_->exists(found->second)) return std::nullopt;
            return Subject{*all_, found->second};
        }
        [[nodiscard]] const model::Organisation* organisation(OrganisationId id) const {
            return all_->organisations_ ? all_->organisations_(id) : nullptr;
        }

    private:
        SegmentReference* all_;
        std::uint32_t row_;
    };

    /// \param engine    Empty; of the facts' symbols.
    /// \param facts     Of everybody, in any order.
    /// \param segments  By name; without parameters.
    /// \param calendar  Must outlive this.
    /// \param from      Nobody is in a segment before it.
    SegmentReference(engine::Engine engine, const std::vector<model::Fact>& facts,
                     std::map<std::string, segment::Condition> segments, const segment::SegmentCalendar& calendar,
                     engine::OrganisationSource organisations, time::Instant from, TurnSource turns)
        : engine_{std::move(engine)},
          catalogue_{engine_.fields()},
          segments_{std::move(segments)},
          calendar_{&calendar},
          organisations_{std::move(organisations)},
          turns_{std::move(turns)},
          from_{from} {
        std::set<PersonId> people;
        for (const model::Fact& fact : facts) people.insert(fact.person);
        for (const PersonId person : people) {
            rows_[person] = engine_.add_person(person, test_key(person));
            Line& line = lines_.emplace_back();
            line.facts = facts_of(person, facts, engine_.symbols());
            for (const model::Fact& fact : line.facts) {
                if (auto content = segment::fact_content(fact.content, engine_.symbols())) {
                    line.seen.push_back({fact.at, *std::move(content)});
                }
            }
        }
        go_to(from);
    }
    SegmentReference(const SegmentReference&) = delete;
    SegmentReference& operator=(const SegmentReference&) = delete;

    /// Adds a segment; go_to() has to follow.
    void add(const std::string& name, segment::Condition condition) {
        segments_.insert_or_assign(name, std::move(condition));
    }
    /// Goes to any instant, earlier or later.
    void go_to(time::Instant now) {
        now_ = now;
        for (Line& line : lines_) {
            line.is_folded = false;
            line.answers.clear();
        }
    }
    /// Whether a person is in a segment at the instant.
    [[nodiscard]] bool is_in(PersonId person, const std::string& name) { return is_in(rows_.at(person), name); }
    /// Whether a condition holds of a person at the instant, by segment::holds().
    [[nodiscard]] bool holds(PersonId person, const segment::Condition& condition) {
        const std::uint32_t row = rows_.at(person);
        return exists(row) && segment::holds(condition, Subject{*this, row});
    }
    /// A number of the catalogue at the instant.
    [[nodiscard]] model::AttributeValue value(PersonId person, const std::string& name) {
        const std::uint32_t row = rows_.at(person);
        return exists(row) ? value(row, name) : model::AttributeValue{};
    }

private:
    struct Line {
        std::vector<model::Fact> facts{};  // in their order
        std::vector<segment::SeenFact> seen{};
        bool is_folded = false;
        std::map<std::string, bool> answers{};  // of segments at the instant
    };

    /// A person is there from the first fact on.
    [[nodiscard]] bool exists(std::uint32_t row) {
        fold(row);
        return !lines_[row].facts.empty() && lines_[row].facts.front().at <= now_;
    }
    void fold(std::uint32_t row) {
        Line& line = lines_[row];
        if (std::exchange(line.is_folded, true)) return;
        const auto end =
            std::find_if(line.facts.begin(), line.facts.end(), [&](const model::Fact& fact) { return fact.at > now_; });
        engine_.refold(row, {line.facts.begin(), end});
    }
    [[nodiscard]] bool is_in(std::uint32_t row, const std::string& name) {
        if (now_ < from_ || !exists(row)) return false;
        const auto known = lines_[row].answers.find(name);
        if (known != lines_[row].answers.end()) return known->second;
        const bool holds = segment::holds(segments_.at(name), Subject{*this, row});
        lines_[row].answers.emplace(name, holds);
        return holds;
    }
    [[nodiscard]] std::span<const segment::SeenFact> seen(std::uint32_t row) {
        const std::vector<segment::SeenFact>& all = lines_[row].seen;
        const auto end = std::find_if(all.begin(), all.end(), [&](const auto& fact) { return fact.at > now_; });
        return {all.begin(), end};
    }
    [[nodiscard]] model::AttributeValue value(std::uint32_t row, const std::string& name) {
        fold(row);
        const std::optional<std::size_t> field = catalogue_.find(name);
        if (!field) {
            const auto attribute =
                engine_.symbols().attributes.find(name.substr(std::string{segment::attribute_prefix}.size()));
            const model::AttributeValue* const found =
                attribute ? model::attribute(engine_.person(row), *attribute) : nullptr;
            return found == nullptr ? model::AttributeValue{} : *found;
        }
        const segment::Field& about = catalogue_.fields()[*field];
        if (about.type == segment::FieldType::text) {
            std::optional<std::string> text = engine_.field_text(row, *field, now_);
            return text ? model::AttributeValue{*std::move(text)} : model::AttributeValue{};
        }
        const time::Instant at = about.motion == segment::Motion::hourly ? start_of_hour_or_latest_fact(row) : now_;
        const std::optional<double> number = engine_.field_number(row, *field, at);
        return number ? model::AttributeValue{*number} : model::AttributeValue{};
    }
    /// Of the facts that are no role and no relation.
    [[nodiscard]] time::Instant start_of_hour_or_latest_fact(std::uint32_t row) const {
        constexpr std::int64_t hour_ms = 3'600'000;
        std::int64_t at_ms = now_.unix_ms() / hour_ms * hour_ms;  // after 1970
        for (const model::Fact& fact : lines_[row].facts) {
            const bool is_period = std::holds_alternative<model::RoleChange>(fact.content) ||
                                   std::holds_alternative<model::RelationChange>(fact.content);
            if (!is_period && fact.at <= now_) at_ms = std::max(at_ms, fact.at.unix_ms());
        }
        return time::Instant::from_unix_ms(at_ms);
    }

    engine::Engine engine_;
    segment::Catalogue catalogue_;
    std::map<std::string, segment::Condition> segments_;
    const segment::SegmentCalendar* calendar_;
    engine::OrganisationSource organisations_;
    TurnSource turns_;
    time::Instant from_;
    time::Instant now_ = time::Instant::earliest();
    std::map<PersonId, std::uint32_t> rows_;
    std::vector<Line> lines_;  // by row
};
static_assert(segment::Subject<SegmentReference::Subject>);

}  // namespace alloquy::support
