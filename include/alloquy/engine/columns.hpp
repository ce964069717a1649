#pragma once

/// \file
/// Columns: the named numbers about a person that actions may ask for, computed from the engine's state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alloquy::engine {

/// The columns that every engine has, in their order.
enum class Column : std::uint8_t {
    engagement,          ///< EngagementScore::fraction, in [0, 1].
    engagement_trend,    ///< EngagementScore::trend, in [-1, 1].
    days_since_own_act,  ///< Days since the latest event with weight; unknown if there was none.
    days_in_role,        ///< Days since the primary role began; unknown without a role.
    days_to_obligation,  ///< Days until the next deadline of an open obligation; unknown if none is to come.
    days_overdue,        ///< Days since the oldest missed deadline of an open obligation; unknown if none is missed.
    open_complaints,     ///< Open dialogues whose tone is complaint.
};

inline constexpr std::array<std::string_view, 7> column_names{
    "engagement",         "engagement_trend", "days_since_own_act", "days_in_role",
    "days_to_obligation", "days_overdue",     "open_complaints"};

}  // namespace alloquy::engine
