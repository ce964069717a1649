#pragma once

/// \file
/// Urgency: how pressing somebody's open obligations are, as a function of the time left.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <alloquy/error.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/elementary.hpp>
#include <alloquy/score/explanation.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// How pressing one kind of obligation is.
struct UrgencyRule {
    double weight = 1;          ///< Urgency at the deadline, in (0, 1].
    double half_life_days = 7;  ///< That many days before the deadline it is half of that; in (0, 3650].
    double grace_days = 14;     ///< Stays at its weight for so long after the deadline, then halves; in [0, 3650].

    friend bool operator==(const UrgencyRule&, const UrgencyRule&) = default;
};

/// Policy of urgency.
struct UrgencyConfig {
    UrgencyRule other{};                         ///< Of kinds that are not named.
    std::map<std::string, UrgencyRule> kinds{};  ///< By kind of obligation.

    friend bool operator==(const UrgencyConfig&, const UrgencyConfig&) = default;
};

/// What became of somebody's obligations until an instant.
struct ObligationCounts {
    std::uint32_t open = 0;           ///< Neither fulfilled nor waived.
    std::uint32_t missed = 0;         ///< Of these, with a deadline that has passed.
    std::uint32_t in_time = 0;        ///< Fulfilled by the deadline, or without one.
    std::uint32_t late = 0;           ///< Fulfilled after the deadline.
    std::uint32_t with_deadline = 0;  ///< Fulfilled ones that had a deadline.
    /// Mean over these of sign(e) * log(1 + |e|), e = days from fulfilment to deadline, within [-14, 21]: a day early
    /// or late matters more than the tenth. 0 without any.
    double earliness = 0;

    friend bool operator==(const ObligationCounts&, const ObligationCounts&) = default;
};

/// Counts the obligations of one person.
/// \param obligations  As known at `now`.
[[nodiscard]] inline ObligationCounts count_obligations(std::span<const model::Obligation> obligations,
                                                        time::Instant now) noexcept {
    ObligationCounts counts;
    double sum = 0;
    for (const model::Obligation& obligation : obligations) {
        if (obligation.is_open()) {
            ++counts.open;
            if (obligation.due && *obligation.due < now) ++counts.missed;
        } else if (obligation.step == model::ObligationStep::fulfilled) {
            ++(obligation.due && *obligation.due < obligation.changed_at ? counts.late : counts.in_time);
            if (obligation.due) {
                const double ahead = std::clamp(
                    static_cast<double>((*obligation.due - obligation.changed_at).count()) / 86'400'000.0, -14.0, 21.0);
                sum += ahead < 0 ? -log1p(-ahead) : log1p(ahead);
                ++counts.with_deadline;
            }
        }
    }
    if (counts.with_deadline > 0) counts.earliness = sum / counts.with_deadline;
    return counts;
}

/// Credit earned of the credit that was due: sum of weight * fraction over the results, by the sum of weights of the
/// obligations that are due by `now` or have a result. What was not handed in earns nothing; a waived one without a
/// result does not count. Obligations without a weight are none of these.
///
/// \return In [0, 1]; nothing while no weight was due.
[[nodiscard]] inline std::optional<double> credit_earned(const model::Person& person, const model::Symbols& symbols,
                                                         time::Instant now) {
    double earned = 0;
    double due = 0;
    for (const model::Obligation& obligation : person.obligations) {
        if (!obligation.weight) continue;
        // The latest result counts: results stand in the order of the facts.
        const auto result =
            std::find_if(person.results.rbegin(), person.results.rend(), [&](const model::DatedResult& each) {
                return symbols.assessments.text(each.assessment) == obligation.item;
            });
        if (result != person.results.rend()) {
            earned += *obligation.weight * result->fraction;
            due += *obligation.weight;
        } else if (obligation.step != model::ObligationStep::waived && obligation.due && *obligation.due <= now) {
            due += *obligation.weight;
        }
    }
    if (!(due > 0)) return std::nullopt;
    return earned / due;
}

/// Urgency of open obligations with a deadline, in [0, 1]; 0 = none presses. One duty with time t left (days) presses
/// u = weight * 2^(-t / half-life) before its deadline, `weight` until the grace is over, and less again after that;
/// several press 1 - (1 - u1)(1 - u2)…: each takes its share of what the more pressing ones left.
class Urgency {
public:
    static constexpr std::string_view name = "urgency";

    /// \param symbols  Gains the config's kinds.
    /// \throws InvalidArgument  if a number is out of range; the text names the kind.
    Urgency(const UrgencyConfig& config, model::Symbols& symbols) : other_{checked(config.other, "other")} {
        for (const auto& [kind, rule] : config.kinds) {
            const std::size_t number = symbols.obligations.intern(kind).number();
            if (rules_.size() <= number) rules_.resize(number + 1);
            rules_[number] = checked(rule, kind);
        }
    }

    /// Urgency of one obligation, in [0, 1]; 0 if it is closed or has no deadline.
    [[nodiscard]] double of(const model::Obligation& obligation, time::Instant now) const noexcept {
        if (!obligation.is_open() || !obligation.due) return 0;
        const UrgencyRule& rule = rule_of(obligation.kind);
        const double left = days_left(obligation, now);
        const double away = left >= 0 ? left : std::max(0.0, -left - rule.grace_days);
        return rule.weight * exp2(std::max(-away / rule.half_life_days, -1000.0));
    }

    /// Equal to explain(...).value bit by bit.
    [[nodiscard]] double value(std::span<const model::Obligation> obligations, time::Instant now) const {
        std::vector<Pressing> pressing;
        double sum = 0;
        for_each_part(obligations, now, pressing, [&](const Pressing&, double contribution) { sum += contribution; });
        return sum;
    }
    /// One part for each open obligation with a deadline, most pressing first: value = days left (< 0 overdue), weight
    /// = its own urgency.
    [[nodiscard]] Explanation explain(std::span<const model::Obligation> obligations, time::Instant now,
                                      const model::Symbols& symbols) const {
        Explanation explanation{std::string{name}, 0, 0, {}};
        std::vector<Pressing> pressing;
        for_each_part(obligations, now, pressing, [&](const Pressing& each, double contribution) {
            explanation.value += contribution;
            explanation.parts.push_back({symbols.obligations.text(each.obligation->kind),
                                         days_left(*each.obligation, now), each.urgency, contribution});
        });
        explanation.evidence = static_cast<double>(explanation.parts.size());
        return explanation;
    }

private:
    struct Pressing {
        double urgency;
        const model::Obligation* obligation;
    };
    static constexpr double grid = 1099511627776;  // 2^40

    static double days_left(const model::Obligation& obligation, time::Instant now) noexcept {
        return static_cast<double>((*obligation.due - now).count()) / 86'400'000.0;
    }
    template <class Use>
    void for_each_part(std::span<const model::Obligation> obligations, time::Instant now,
                       std::vector<Pressing>& pressing, Use&& use) const {
        for (const model::Obligation& obligation : obligations) {
            if (obligation.is_open() && obligation.due) pressing.push_back({of(obligation, now), &obligation});
        }
        // Equals in the order of the facts.
        std::stable_sort(pressing.begin(), pressing.end(),
                         [](const Pressing& a, const Pressing& b) { return a.urgency > b.urgency; });
        double left = 1;
        for (const Pressing& each : pressing) {
            const double contribution = on_grid(left * each.urgency, grid);
            left -= contribution;
            use(each, contribution);
        }
    }
    [[nodiscard]] const UrgencyRule& rule_of(model::ObligationKind kind) const noexcept {
        return kind.number() < rules_.size() && rules_[kind.number()] ? *rules_[kind.number()] : other_;
    }
    static UrgencyRule checked(const UrgencyRule& rule, std::string_view kind) {
        const auto require = [&](bool holds, const char* expected) {
            if (!holds) throw InvalidArgument{"Urgency of '" + std::string{kind} + "': " + expected};
        };
        require(rule.weight > 0 && rule.weight <= 1, "weight must be in (0, 1]");
        require(rule.half_life_days > 0 && rule.half_life_days <= 3650, "half_life_days must be in (0, 3650]");
        require(rule.grace_days >= 0 && rule.grace_days <= 3650, "grace_days must be in [0, 3650]");
        return rule;
    }

    UrgencyRule other_;
    std::vector<std::optional<UrgencyRule>> rules_;  // by symbol number
};

}  // namespace alloquy::score
