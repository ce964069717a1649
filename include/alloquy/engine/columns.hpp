#pragma once

/// \file
/// Columns: the named numbers about a person that actions, models and analysts may ask for.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alloquy::engine {

/// The columns that every engine has, in their order. After them come, by name: `engagement:<half-life>` (decayed
/// weight), `channel:<name>` and `topic:<name>` (share of the recent effort, in [0, 1]; unknown without any),
/// `active:<lifecycle>` and `expected:<lifecycle>` (unknown before it was fitted), `model:<name>` (probability), the
/// host's own columns, and `attribute:<name>` (a number; true is 1; a day counts as days since then).
enum class Column : std::uint8_t {
    engagement,           ///< EngagementScore::fraction, in [0, 1].
    engagement_trend,     ///< EngagementScore::trend, in [-1, 1].
    days_since_own_act,   ///< Days since the latest event with weight; unknown if there was none.
    days_in_role,         ///< Days since the primary role began; unknown without a role.
    days_to_obligation,   ///< Days until the next deadline of an open obligation; unknown if none is to come.
    days_overdue,         ///< Days since the oldest missed deadline of an open obligation; unknown if none is missed.
    open_complaints,      ///< Open dialogues whose tone is complaint.
    engagement_momentum,  ///< EngagementScore::momentum, weight a day.
    active_days_7,        ///< Days with own acts among the last 7.
    active_days_14,       ///< Likewise 14.
    active_days_28,       ///< Likewise 28.
    active_days_128,      ///< Likewise 128.
    topics_used,          ///< Named topics with recent effort; see Engagement::topics_used.
    days_since_two_way,   ///< Days since ReachabilityScore::last_two_way_at; unknown if never.
    response,          ///< Highest probability of an answer over the contact channels, in (0, 1); unknown without any.
    urgency,           ///< score::Urgency of open obligations, in [0, 1].
    open_obligations,  ///< Count.
    missed_obligations,     ///< Open ones whose deadline has passed.
    late_obligations,       ///< Fulfilled after their deadline.
    fulfilled_obligations,  ///< Fulfilled, in time or late.
    earliness,              ///< ObligationCounts::earliness; unknown if none with a deadline was fulfilled.
    results,                ///< Results of assessments, count.
    result_mean,            ///< Mean of their fractions, in [0, 1]; unknown without results.
    result_least,           ///< The lowest; unknown without results.
    result_last,            ///< The latest; unknown without results.
    result_trend,           ///< The latest less the first, in [-1, 1]; unknown without results.
    credit_earned,          ///< score::credit_earned(), in [0, 1]; unknown while nothing with a weight was due.
    enrolments,             ///< Programmes that the person was or is enrolled in.
};

/// Columns that every decision accounts for; the others only where its actions ask for them.
inline constexpr std::size_t decision_columns = 7;

inline constexpr std::array<std::string_view, 28> column_names{
    "engagement",     "engagement_trend", "days_since_own_act",  "days_in_role",       "days_to_obligation",
    "days_overdue",   "open_complaints",  "engagement_momentum", "active_days_7",      "active_days_14",
    "active_days_28", "active_days_128",  "topics_used",         "days_since_two_way", "response",
    "urgency",        "open_obligations", "missed_obligations",  "late_obligations",   "fulfilled_obligations",
    "earliness",      "results",          "result_mean",         "result_least",       "result_last",
    "result_trend",   "credit_earned",    "enrolments"};

/// Text inputs of models, beside `attribute:<name>`: of the primary role.
inline constexpr std::array<std::string_view, 5> text_inputs{"role", "programme", "site", "language", "zone"};

}  // namespace alloquy::engine
