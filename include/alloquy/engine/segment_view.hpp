#pragma once

/// \file
/// SegmentView: one person of an engine as a segment::Program sees it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <alloquy/id.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/segment/fact_kinds.hpp>
#include <alloquy/segment/program.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::engine {

/// Finds an organisation; null where there is none. What it gives must outlive the question.
using OrganisationSource = std::function<const model::Organisation*(OrganisationId id)>;

/// What the segments keep of one person.
struct SegmentPerson {
    std::vector<segment::KeptFact> facts{};       ///< Ascending; as far back as windows reach.
    std::vector<segment::PackedTurn> turns{};     ///< Ascending.
    std::int64_t next_ms = segment::never_ms;     ///< Nothing turns before.
    std::int64_t queued_ms = segment::never_ms;   ///< Earliest timer that waits.
    std::int64_t first_ms = segment::never_ms;    ///< Of the oldest fact: in no segment before it.
    bool asked = false;                           ///< Whether any segment was asked of the person.
    std::int64_t latest_ms = segment::always_ms;  ///< Of the facts folded.
};

/// Roles and relations are periods: a state that holds later ones tells those of earlier instants as well.
[[nodiscard]] inline bool is_period(const model::Fact& fact) noexcept {
    return std::holds_alternative<model::RoleChange>(fact.content) ||
           std::holds_alternative<model::RelationChange>(fact.content);
}
/// Takes over what conditions count of all facts of a person.
inline void keep_facts(SegmentPerson& person, std::span<const model::Fact> facts, segment::FactKinds& kinds) {
    person.facts.clear();
    person.latest_ms = segment::always_ms;
    person.first_ms = segment::never_ms;
    for (const model::Fact& fact : facts) {
        person.first_ms = std::min(person.first_ms, fact.at.unix_ms());
        if (const auto kind = kinds.kind_of(fact.content)) person.facts.emplace_back(fact.at.unix_ms(), *kind);
        if (!is_period(fact)) person.latest_ms = std::max(person.latest_ms, fact.at.unix_ms());
    }
    std::sort(person.facts.begin(), person.facts.end());
}

/// Whether a person was in a segment, the turn at the instant included.
[[nodiscard]] inline bool was_member(std::span<const segment::PackedTurn> turns, std::uint32_t segment,
                                     std::int64_t at_ms) noexcept {
    for (std::size_t i = turns.size(); i-- > 0;) {
        if (turns[i].segment() == segment && turns[i].at_ms() <= at_ms) return turns[i].entered();
    }
    return false;
}

/// Values of columns, so that several leaves that look at one compute it once.
class ColumnCache {
public:
    explicit ColumnCache(std::size_t columns) : entries_(columns) {}
    /// Forgets what it holds: another person, or a fact came in.
    void reset() noexcept { ++epoch_; }
    template <class Compute>
    [[nodiscard]] std::optional<double> value(std::size_t column, std::int64_t at_ms, const Compute& compute) {
        Entry& entry = entries_[column];
        if (entry.epoch != epoch_ || entry.at_ms != at_ms) entry = {compute(), at_ms, epoch_};
        return entry.value;
    }

private:
    struct Entry {
        std::optional<double> value{};
        std::int64_t at_ms = 0;
        std::uint64_t epoch = 0;
    };
    std::vector<Entry> entries_;
    std::uint64_t epoch_ = 1;
};

/// What the views of one question share.
template <class Engine>
struct SegmentContext {
    const Engine* engine;  ///< Whose states are read: the host's, or one of its own that stands at an earlier instant.
    const Engine* hosts_columns;  ///< Who has the host's columns.
    const OrganisationSource* organisations;
    /// Finds what is kept of another person, and the row in `engine`; nothing where there is none.
    std::function<std::optional<std::pair<const SegmentPerson*, std::uint32_t>>(PersonId person)> find_other;
    ColumnCache* cache;
    std::size_t column_fields;
};

/// See segment::LivePerson.
template <class Engine>
class SegmentView {
public:
    /// \param row    Of the person in context.engine.
    /// \param mask   Bits of the segments that the person is in, or null: then the turns tell.
    SegmentView(const SegmentContext<Engine>& context, std::uint32_t row, std::int64_t now_ms,
                const SegmentPerson& kept, const std::uint64_t* mask)
        : context_{&context}, kept_{&kept}, mask_{mask}, now_ms_{now_ms}, row_{row} {}

    [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
    [[nodiscard]] const model::Person& person() const noexcept { return context_->engine->person(row_); }
    [[nodiscard]] const model::Symbols& symbols() const noexcept { return context_->engine->symbols(); }
    [[nodiscard]] std::uint64_t key() const noexcept { return context_->engine->tie_key(row_); }
    [[nodiscard]] std::optional<double> number(std::size_t field, std::int64_t at_ms) const {
        const auto compute = [&]() -> std::optional<double> {
            if (context_->engine->is_host_field(field)) {
                const auto row = context_->hosts_columns->find_row(person().id);
                if (!row) return std::nullopt;
                return context_->hosts_columns->field_number(*row, field, instant(at_ms));
            }
            return context_->engine->field_number(row_, field, instant(at_ms));
        };
        // Only the asked person's values at now are worth keeping.
        if (mask_ == nullptr || at_ms > now_ms_) return compute();
        return context_->cache->value(field, at_ms, compute);
    }
    [[nodiscard]] model::AttributeValue text(std::size_t field) const {
        std::optional<std::string> text = context_->engine->field_text(row_, field, instant(now_ms_));
        return text ? model::AttributeValue{std::move(*text)} : model::AttributeValue{};
    }
    [[nodiscard]] std::int64_t next_jump(std::size_t field) const {
        if (field >= context_->column_fields || context_->engine->is_role_field(field)) {
            return segment::detail::next_boundary(person().roles, now_ms_);
        }
        return segment::detail::next_deadline(person(), now_ms_);
    }
    [[nodiscard]] double half_life_days(std::size_t field) const {
        return context_->engine->field_half_life_days(field);
    }
    [[nodiscard]] std::int64_t latest_fact_ms() const noexcept { return kept_->latest_ms; }
    [[nodiscard]] std::span<const segment::KeptFact> facts() const noexcept { return kept_->facts; }
    [[nodiscard]] bool is_member(std::uint32_t segment) const noexcept {
        if (mask_ != nullptr) return (mask_[segment / 64] >> segment % 64 & 1U) != 0;
        return was_member(kept_->turns, segment, now_ms_);
    }
    [[nodiscard]] std::span<const segment::PackedTurn> turns() const noexcept {
        const std::span<const segment::PackedTurn> all{kept_->turns};
        if (mask_ != nullptr) return all;
        // Another person may be followed further already.
        const auto end = std::partition_point(all.begin(), all.end(),
                                              [&](const segment::PackedTurn& turn) { return turn.at_ms() <= now_ms_; });
        return {all.begin(), end};
    }
    /// The next turn of a segment that is known already: of another person, who may be followed further.
    [[nodiscard]] std::int64_t next_turn(std::uint32_t segment) const noexcept {
        if (mask_ != nullptr) return segment::never_ms;
        const auto next = std::find_if(kept_->turns.begin(), kept_->turns.end(), [&](const segment::PackedTurn& turn) {
            return turn.segment() == segment && turn.at_ms() > now_ms_;
        });
        return next == kept_->turns.end() ? segment::never_ms : next->at_ms();
    }
    [[nodiscard]] const model::Organisation* organisation(OrganisationId id) const {
        return *context_->organisations ? (*context_->organisations)(id) : nullptr;
    }
    [[nodiscard]] std::optional<SegmentView> other(PersonId id) const {
        const auto found = context_->find_other(id);
        if (!found) return std::nullopt;
        return SegmentView{*context_, found->second, now_ms_, *found->first, nullptr};
    }

private:
    [[nodiscard]] static time::Instant instant(std::int64_t at_ms) {
        return time::Instant::from_unix_ms(std::clamp(at_ms, time::Instant::min_unix_ms, time::Instant::max_unix_ms));
    }

    const SegmentContext<Engine>* context_;
    const SegmentPerson* kept_;
    const std::uint64_t* mask_;
    std::int64_t now_ms_;
    std::uint32_t row_;
};

}  // namespace alloquy::engine
