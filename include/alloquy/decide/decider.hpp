#pragma once

/// \file
/// Decider: weighs all actions for one person and says of each that is not possible which rule stopped it.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <alloquy/decide/action.hpp>
#include <alloquy/decide/decision.hpp>
#include <alloquy/error.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/score/event.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::decide {

/// One outbound contact, in the playbook's numbers: 1-based positions, 0 = not in the playbook.
struct Contact {
    time::Instant at;
    std::uint8_t channel;
    std::uint16_t purpose;
    std::uint16_t action;

    friend auto operator<=>(const Contact&, const Contact&) = default;
};

/// What the decider needs to know of a person at one instant. Refers to the caller's data.
struct Subject {
    PersonId person;
    model::RoleSet roles;       ///< Current ones.
    std::string_view language;  ///< Empty where unknown.
    bool zone_known;
    std::span<const model::ConsentState> consents;
    std::span<const Contact> contacts;               ///< Ascending.
    std::span<const std::optional<double>> columns;  ///< In the order of the decider's column names.
    std::span<const double> response;                ///< By channel number: probability of an answer, in [0, 1].
    std::span<const model::Role> role_periods{};     ///< All roles, for actions that ask for programmes.
};

/// True if the purpose may be pursued by this channel, given what the person said. Fails closed: where consent is the
/// basis, no statement means no; the later of the statements for this channel and for all channels decides, and of two
/// at the same instant the one that says no. An objection stops a purpose that rests on consent, on public task or on
/// legitimate interests, be it for this channel or for all.
[[nodiscard]] inline bool is_permitted(model::LegalBasis basis, model::Purpose purpose, model::Channel channel,
                                       std::span<const model::ConsentState> consents) noexcept {
    const model::ConsentState* decisive = nullptr;
    for (const model::ConsentState& state : consents) {
        if (state.purpose != purpose || (state.channel && *state.channel != channel)) continue;
        if (state.objected && (basis == model::LegalBasis::consent || model::can_be_objected_to(basis))) return false;
        if (!state.given_at) continue;  // an objection alone says nothing about consent
        if (decisive == nullptr || state.given_at > decisive->given_at ||
            (state.given_at == decisive->given_at && !state.given)) {
            decisive = &state;
        }
    }
    return basis != model::LegalBasis::consent || (decisive != nullptr && decisive->given);
}

/// True if a message in `offered` suits a person who reads `wanted`: the same tag, or `offered` is the language of it
/// without region ("pt" for "pt-BR"). Letters' case is ignored (BCP 47, RFC 5646 section 2.1.1).
[[nodiscard]] inline bool language_suits(std::string_view offered, std::string_view wanted) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (wanted.size() < offered.size()) return false;
    for (std::size_t i = 0; i < offered.size(); ++i) {
        if (lower(offered[i]) != lower(wanted[i])) return false;
    }
    return wanted.size() == offered.size() || wanted[offered.size()] == '-';
}

/// Value of a broken line.
/// \param column  Ignored for a constant.
[[nodiscard]] inline double value_at(const ValueCurve& curve, double column) noexcept {
    const auto& points = curve.points;
    if (curve.column.empty() || column <= points.front().at) return points.front().euros;
    for (std::size_t i = 1; i < points.size(); ++i) {
        if (column < points[i].at) {
            const double fraction = (column - points[i - 1].at) / (points[i].at - points[i - 1].at);
            return points[i - 1].euros + fraction * (points[i].euros - points[i - 1].euros);
        }
    }
    return points.back().euros;
}

/// The policy about actions with all names resolved. Immutable; may be used by several threads at once.
class Decider {
public:
    /// A rule that failed, without text.
    struct Verdict {
        static constexpr std::uint16_t no_detail = 0xFFFF;
        Rule rule;
        /// Position of what failed, in the list that `rule` speaks of.
        std::uint16_t detail = no_detail;
        std::optional<double> found{};
    };

    /// \param policy    What may be done.
    /// \param channels  The playbook's channels.
    /// \param columns   Names of the columns that each Subject brings.
    /// \param symbols   Gains the names of the playbook's channels, purposes and programmes; later it may only grow.
    /// \throws InvalidArgument  if a name is not known or doubled or a number is out of range; the text names the
    /// entry.
    Decider(ActionPolicy policy, std::span<const std::string> channels, std::span<const std::string_view> columns,
            model::Symbols& symbols)
        : policy_{std::move(policy)}, columns_{columns.begin(), columns.end()} {
        channel_symbols_.reserve(channels.size());
        for (const std::string& channel : channels) channel_symbols_.push_back(symbols.channels.intern(channel));
        check_unique(policy_.purposes, "purpose");
        check_unique(policy_.pools, "pool");
        check_unique(policy_.caps, "contact cap");
        check_unique(policy_.actions, "action");
        for (const PurposeRule& purpose : policy_.purposes) {
            purpose_symbols_.push_back(symbols.purposes.intern(purpose.name));
        }
        for (const Pool& pool : policy_.pools) {
            require(pool.minutes >= 0 && pool.minutes < 1e12, "pool", pool.name, "minutes must be >= 0");
        }
        for (const ContactCap& cap : policy_.caps) {
            require(cap.window > time::Duration::zero(), "contact cap", cap.name, "window must be > 0");
            caps_.push_back({cap.channel ? channel_number(*cap.channel, channels, "contact cap", cap.name) : 0U,
                             cap.purpose ? purpose_number(*cap.purpose, "contact cap", cap.name) : 0U});
            longest_window_ = std::max(longest_window_, cap.window);
        }
        for (const Action& action : policy_.actions) {
            actions_.push_back(resolve(action, channels));
            for (const std::string& programme : action.programmes) {
                actions_.back().programmes.push_back(symbols.programmes.intern(programme));
            }
            if (action.gap) longest_window_ = std::max(longest_window_, *action.gap);
        }
    }

    [[nodiscard]] const ActionPolicy& policy() const noexcept { return policy_; }
    [[nodiscard]] std::span<const std::string> columns() const noexcept { return columns_; }
    /// No rule looks further back at contacts than this.
    [[nodiscard]] time::Duration longest_window() const noexcept { return longest_window_; }
    /// 1-based position of an action or purpose, 0 where the playbook has none of that name.
    [[nodiscard]] std::uint16_t action_number(std::string_view name) const noexcept {
        return position(policy_.actions, name);
    }
    [[nodiscard]] std::uint16_t purpose_number(std::string_view name) const noexcept {
        return position(policy_.purposes, name);
    }
    /// Position of an action's purpose, 1-based.
    [[nodiscard]] std::uint16_t purpose_of_action(std::uint16_t action_number) const noexcept {
        return static_cast<std::uint16_t>(actions_[action_number - 1U].purpose + 1U);
    }
    /// Position of the pool that pays a candidate's minutes, or nothing.
    [[nodiscard]] std::optional<std::size_t> pool_of(const Candidate& candidate) const noexcept {
        return actions_[candidate.action].variants[candidate.variant].pool;
    }
    [[nodiscard]] double minutes_of(const Candidate& candidate) const noexcept {
        return policy_.actions[candidate.action].variants[candidate.variant].minutes;
    }

    /// Weighs every action.
    ///
    /// \param on_candidate  Called with the best variant of each action that passes all rules; the first of equals.
    /// \param on_rejection  Called with (action, Verdict) for every other one: of the variant that got furthest, the
    ///                      first of equals.
    /// \par Cost  O(actions * variants * (caps + contacts in the longest window)).
    template <class OnCandidate, class OnRejection>
    void weigh(const Subject& subject, time::Instant now, OnCandidate&& on_candidate,
               OnRejection&& on_rejection) const {
        const CapCounts counts = count_contacts(subject, now);
        for (std::uint32_t a = 0; a < actions_.size(); ++a) {
            Candidate best{};
            const std::optional<Verdict> failed = weigh_action(subject, now, a, counts, best, [](const Candidate&) {});
            if (failed) {
                on_rejection(a, *failed);
            } else {
                on_candidate(best);
            }
        }
    }

    /// Every variant of every action that passes all rules: what a plan may choose from.
    /// \param on_offer  Called with each.
    template <class OnOffer>
    void offers(const Subject& subject, time::Instant now, OnOffer&& on_offer) const {
        const CapCounts counts = count_contacts(subject, now);
        for (std::uint32_t a = 0; a < actions_.size(); ++a) {
            Candidate best{};
            static_cast<void>(weigh_action(subject, now, a, counts, best, on_offer));
        }
    }

    /// The best action for one person by itself, with the whole account. Free of side effects.
    [[nodiscard]] Decision decide(const Subject& subject, time::Instant now, const PlaybookHash& playbook) const {
        return account(subject, now, playbook, [](const std::vector<Candidate>& weighed) {
            return weighed.empty() ? std::nullopt : std::optional{weighed.front()};
        });
    }

    /// The account of a choice that was made elsewhere, such as in a plan. Actions that would have gone first are
    /// reported as stopped by capacity.
    /// \param chosen  One of the offers, or nothing.
    /// \throws InvalidArgument  if the choice is no offer for this subject.
    [[nodiscard]] Decision explain(const Subject& subject, time::Instant now, const PlaybookHash& playbook,
                                   const std::optional<Candidate>& chosen) const {
        if (chosen) {
            bool offered = false;
            offers(subject, now, [&](const Candidate& offer) { offered |= offer == *chosen; });
            if (!offered) {
                throw InvalidArgument{"explain: the chosen action is not possible for person " +
                                      std::to_string(subject.person.value()) + " from these facts"};
            }
        }
        return account(subject, now, playbook, [&](const std::vector<Candidate>&) { return chosen; });
    }

    /// A verdict in words' reach: the name of what failed.
    [[nodiscard]] Rejection describe(std::uint32_t action, const Verdict& verdict) const {
        std::string detail;
        switch (verdict.rule) {
            case Rule::condition:
            case Rule::unknown_value:
                detail = columns_[verdict.detail];
                break;
            case Rule::legal_basis:
                detail = policy_.actions[action].purpose;
                break;
            case Rule::contact_cap:
                detail = policy_.caps[verdict.detail].name;
                break;
            case Rule::capacity:
                if (verdict.detail != Verdict::no_detail) detail = policy_.pools[verdict.detail].name;
                break;
            case Rule::outranked:
                detail = policy_.actions[verdict.detail].name;
                break;
            case Rule::role:
            case Rule::zone_unknown:
            case Rule::language_unknown:
            case Rule::language:
            case Rule::gap:
            case Rule::worthless:
                break;
        }
        return {action, verdict.rule, std::move(detail), verdict.found};
    }

private:
    struct ResolvedCap {
        std::uint32_t channel;  // 1-based, 0 = every channel
        std::uint32_t purpose;
    };
    struct ResolvedRange {
        std::uint16_t column;
        std::optional<double> from;
        std::optional<double> below;
    };
    struct ResolvedVariant {
        std::uint32_t channel;
        std::optional<std::size_t> pool;
    };
    struct ResolvedAction {
        std::size_t purpose;
        std::vector<ResolvedRange> conditions;
        std::optional<std::uint16_t> value_column;
        std::vector<ResolvedVariant> variants;
        std::vector<model::Programme> programmes;
    };
    using CapCounts = std::vector<std::uint32_t>;

    [[noreturn]] static void refuse(const char* what, const std::string& name, const std::string& why) {
        throw InvalidArgument{std::string{what} + " '" + name + "': " + why};
    }
    static void require(bool holds, const char* what, const std::string& name, const char* expected) {
        if (!holds) refuse(what, name, expected);
    }
    template <class Entries>
    static void check_unique(const Entries& entries, const char* what) {
        if (entries.size() > 65'000) throw InvalidArgument{std::string{"too many entries of kind "} + what};
        for (std::size_t i = 0; i < entries.size(); ++i) {
            require(!entries[i].name.empty(), what, entries[i].name, "needs a name");
            for (std::size_t j = 0; j < i; ++j) {
                require(entries[i].name != entries[j].name, what, entries[i].name, "stands twice");
            }
        }
    }
    template <class Entries>
    static std::uint16_t position(const Entries& entries, std::string_view name) noexcept {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (entries[i].name == name) return static_cast<std::uint16_t>(i + 1);
        }
        return 0;
    }
    static std::uint32_t channel_number(const std::string& channel, std::span<const std::string> channels,
                                        const char* what, const std::string& name) {
        const auto found = std::find(channels.begin(), channels.end(), channel);
        if (found == channels.end()) refuse(what, name, "channel '" + channel + "' is not in the playbook");
        return static_cast<std::uint32_t>(found - channels.begin()) + 1;
    }
    [[nodiscard]] std::uint32_t purpose_number(const std::string& purpose, const char* what,
                                               const std::string& name) const {
        const std::uint16_t number = position(policy_.purposes, purpose);
        if (number == 0) refuse(what, name, "purpose '" + purpose + "' is not in the playbook");
        return number;
    }
    [[nodiscard]] std::uint16_t column_number(const std::string& column, const Action& action) const {
        const auto found = std::find(columns_.begin(), columns_.end(), column);
        if (found == columns_.end()) refuse("action", action.name, "there is no column '" + column + "'");
        return static_cast<std::uint16_t>(found - columns_.begin());
    }
    [[nodiscard]] ResolvedAction resolve(const Action& action, std::span<const std::string> channels) const {
        const auto expect = [&](bool holds, const char* expected) { require(holds, "action", action.name, expected); };
        ResolvedAction resolved{purpose_number(action.purpose, "action", action.name) - 1, {}, {}, {}, {}};
        expect(!action.roles.is_empty(), "needs at least one role");
        expect(action.propensity >= 0 && action.propensity <= 1, "propensity must be in [0, 1]");
        expect(action.lever >= 0 && std::isfinite(action.lever), "lever must be >= 0");
        expect(!action.gap || *action.gap > time::Duration::zero(), "gap must be > 0");
        for (const ColumnRange& range : action.conditions) {
            expect(range.from || range.below, "a condition needs 'from' or 'below'");
            expect(std::isfinite(range.from.value_or(0)) && std::isfinite(range.below.value_or(0)),
                   "the bounds of a condition must be finite");
            resolved.conditions.push_back({column_number(range.column, action), range.from, range.below});
        }
        expect(!action.value.points.empty(), "value needs at least one point");
        for (std::size_t i = 0; i < action.value.points.size(); ++i) {
            expect(action.value.points[i].euros >= 0 && std::isfinite(action.value.points[i].euros),
                   "value must be >= 0");
            expect(std::isfinite(action.value.points[i].at), "value points must lie at finite values");
            expect(i == 0 || action.value.points[i - 1].at < action.value.points[i].at, "value points must ascend");
        }
        if (!action.value.column.empty()) resolved.value_column = column_number(action.value.column, action);
        expect(!action.variants.empty(), "needs at least one variant");
        for (const Variant& variant : action.variants) {
            expect(!variant.language.empty(), "each variant needs a language");
            expect(variant.minutes >= 0 && variant.minutes < 1e12, "minutes must be >= 0");
            const bool by_team = variant.executor == ExecutorKind::team;
            expect(by_team == (variant.minutes > 0), "a team needs minutes > 0, a bot or self-service none");
            expect(by_team == !variant.pool.empty(), "a team needs a pool, a bot or self-service none");
            std::optional<std::size_t> pool;
            if (by_team) {
                const std::uint16_t number = position(policy_.pools, variant.pool);
                if (number == 0) refuse("action", action.name, "pool '" + variant.pool + "' is not in the playbook");
                pool = number - 1U;
            }
            resolved.variants.push_back({channel_number(variant.channel, channels, "action", action.name), pool});
        }
        return resolved;
    }

    [[nodiscard]] CapCounts count_contacts(const Subject& subject, time::Instant now) const {
        CapCounts counts(caps_.size(), 0);
        for (const Contact& contact : subject.contacts) {
            if (contact.at > now) break;
            const time::Duration age = now - contact.at;
            for (std::size_t c = 0; c < caps_.size(); ++c) {
                const bool counted = (caps_[c].channel == 0 || caps_[c].channel == contact.channel) &&
                                     (caps_[c].purpose == 0 || caps_[c].purpose == contact.purpose);
                if (counted && age < policy_.caps[c].window) ++counts[c];
            }
        }
        return counts;
    }

    template <class Choose>
    [[nodiscard]] Decision account(const Subject& subject, time::Instant now, const PlaybookHash& playbook,
                                   Choose&& choose) const {
        Decision decision{subject.person, now, playbook, {}, {}, {}, {}};
        std::vector<std::pair<std::uint32_t, Verdict>> failed;
        weigh(
            subject, now, [&](const Candidate& candidate) { decision.weighed.push_back(candidate); },
            [&](std::uint32_t action, const Verdict& verdict) { failed.emplace_back(action, verdict); });
        const auto by_priority = [](const Candidate& a, const Candidate& b) { return a.priority > b.priority; };
        std::stable_sort(decision.weighed.begin(), decision.weighed.end(), by_priority);
        decision.chosen = choose(decision.weighed);
        for (Candidate& candidate : decision.weighed) {
            if (decision.chosen && candidate.action == decision.chosen->action) {
                candidate = *decision.chosen;  // a plan may have taken another variant than the best one
                continue;
            }
            const bool outranked = decision.chosen && candidate.priority <= decision.chosen->priority;
            const std::size_t detail =
                outranked ? decision.chosen->action : pool_of(candidate).value_or(Verdict::no_detail);
            failed.emplace_back(candidate.action, Verdict{outranked ? Rule::outranked : Rule::capacity,
                                                          static_cast<std::uint16_t>(detail), candidate.priority});
        }
        std::stable_sort(decision.weighed.begin(), decision.weighed.end(), by_priority);
        std::sort(failed.begin(), failed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [action, verdict] : failed) decision.rejections.push_back(describe(action, verdict));
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            decision.columns.push_back({columns_[c], subject.columns[c]});
        }
        return decision;
    }

    static bool studies_one_of(const Subject& subject, time::Instant now, model::RoleSet kinds,
                               std::span<const model::Programme> programmes) noexcept {
        return std::any_of(subject.role_periods.begin(), subject.role_periods.end(), [&](const model::Role& role) {
            return role.programme && kinds.contains(role.kind) && role.is_current(now) &&
                   std::find(programmes.begin(), programmes.end(), *role.programme) != programmes.end();
        });
    }

    /// \param on_offer  Called with each variant that passes.
    template <class OnOffer>
    std::optional<Verdict> weigh_action(const Subject& subject, time::Instant now, std::uint32_t index,
                                        const CapCounts& counts, Candidate& best, OnOffer&& on_offer) const {
        const Action& action = policy_.actions[index];
        const ResolvedAction& resolved = actions_[index];
        if (!subject.roles.intersects(action.roles)) return Verdict{Rule::role};
        if (!resolved.programmes.empty() && !studies_one_of(subject, now, action.roles, resolved.programmes)) {
            return Verdict{Rule::role};
        }
        for (const ResolvedRange& range : resolved.conditions) {
            const std::optional<double>& value = subject.columns[range.column];
            if (!value) continue;
            if ((range.from && !(*value >= *range.from)) || (range.below && !(*value < *range.below))) {
                return Verdict{Rule::condition, range.column, value};
            }
        }
        for (const ResolvedRange& range : resolved.conditions) {
            if (!subject.columns[range.column]) return Verdict{Rule::unknown_value, range.column};
        }
        if (resolved.value_column && !subject.columns[*resolved.value_column]) {
            return Verdict{Rule::unknown_value, *resolved.value_column};
        }
        if (!subject.zone_known) return Verdict{Rule::zone_unknown};
        if (subject.language.empty()) return Verdict{Rule::language_unknown};
        // Of the variants that fail, the one that got furthest through the rules speaks for the action.
        Verdict furthest{Rule::language};
        bool found = false;
        bool found_exact = false;
        const double value =
            value_at(action.value, resolved.value_column ? *subject.columns[*resolved.value_column] : 0);
        for (std::uint32_t v = 0; v < resolved.variants.size(); ++v) {
            const std::optional<Verdict> failed = weigh_variant(subject, now, index, v, counts);
            if (failed) {
                if (failed->rule > furthest.rule) furthest = *failed;
                continue;
            }
            const PriorityFactors factors{action.propensity * subject.response[resolved.variants[v].channel], value,
                                          action.lever};
            const double priority = factors.priority();
            if (!(priority > 0)) {
                furthest = Verdict{Rule::worthless, Verdict::no_detail, priority};
                continue;
            }
            const Candidate candidate{index, v, factors, priority};
            on_offer(candidate);
            // Of equals the one in the person's very language ("pt-BR" before "pt"), then the first.
            const bool exact = action.variants[v].language.size() == subject.language.size();
            if (!found || priority > best.priority || (priority == best.priority && exact && !found_exact)) {
                best = candidate;
                found = true;
                found_exact = exact;
            }
        }
        return found ? std::nullopt : std::optional{furthest};
    }

    [[nodiscard]] std::optional<Verdict> weigh_variant(const Subject& subject, time::Instant now, std::uint32_t index,
                                                       std::uint32_t variant, const CapCounts& counts) const {
        const Action& action = policy_.actions[index];
        const ResolvedAction& resolved = actions_[index];
        const std::uint32_t channel = resolved.variants[variant].channel;
        if (!language_suits(action.variants[variant].language, subject.language)) return Verdict{Rule::language};
        if (!is_permitted(policy_.purposes[resolved.purpose].basis, purpose_symbols_[resolved.purpose],
                          channel_symbols_[channel - 1], subject.consents)) {
            return Verdict{Rule::legal_basis};
        }
        if (action.gap) {
            for (const Contact& contact : subject.contacts) {
                if (contact.action == index + 1 && contact.at <= now && now - contact.at < *action.gap) {
                    return Verdict{Rule::gap};
                }
            }
        }
        for (std::size_t c = 0; c < caps_.size(); ++c) {
            const bool holds = (caps_[c].channel == 0 || caps_[c].channel == channel) &&
                               (caps_[c].purpose == 0 || caps_[c].purpose == resolved.purpose + 1);
            if (holds && counts[c] >= policy_.caps[c].most) {
                return Verdict{Rule::contact_cap, static_cast<std::uint16_t>(c), static_cast<double>(counts[c])};
            }
        }
        return std::nullopt;
    }

    ActionPolicy policy_;
    std::vector<std::string> columns_;
    std::vector<model::Channel> channel_symbols_;
    std::vector<model::Purpose> purpose_symbols_;
    std::vector<ResolvedCap> caps_;
    std::vector<ResolvedAction> actions_;
    time::Duration longest_window_{0};
};

}  // namespace alloquy::decide
