#pragma once

/// \file
/// The institution of random cases of segments: its zones, calendar, organisations and playbook, and its words.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <alloquy/decide/decision.hpp>
#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/id.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/symbols.hpp>
#include <alloquy/score/bg_nbd.hpp>
#include <alloquy/score/lifecycle.hpp>
#include <alloquy/segment/calendar.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>
#include <alloquy/time/range.hpp>
#include <alloquy/time/zone.hpp>

#include "calendars.hpp"
#include "facts.hpp"
#include "instants.hpp"
#include "random.hpp"

namespace segment_cases {

namespace decide = alloquy::decide;
namespace model = alloquy::model;
namespace segment = alloquy::segment;
namespace time_ = alloquy::time;
using alloquy::OrganisationId;
using alloquy::engine::Engine;
using alloquy::support::Random;
using alloquy::time::Day;
using alloquy::time::Instant;
using std::chrono::days;
using std::chrono::milliseconds;
using std::literals::string_view_literals::operator""sv;

/// Test/Summer sets its clocks forward on 29 March 2026 at 01:00 UTC; Test/Midnight skips the first hour of 4 April.
inline std::optional<time_::Zone> find_property_zone(std::string_view name) {
    static const time_::Zone summer = alloquy::support::rule_zone("Test/Summer", "CET-1CEST,M3.5.0,M10.5.0/3");
    static const time_::Zone midnight = alloquy::support::rule_zone("Test/Midnight", "AAA4BBB,94/0,M10.1.0/0");
    if (name == "Test/Summer") return summer;
    if (name == "Test/Midnight") return midnight;
    return alloquy::support::find_test_zone(name);
}

/// Facts lie in the span from the first instant on; segments are followed up to the last one.
inline const Instant first_instant = alloquy::support::at("2026-03-02T00:00Z");
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t span_ms = 50 * day_ms;
inline const Instant last_instant = first_instant + milliseconds{span_ms} + days{75};

inline segment::SegmentCalendar make_calendar() {
    const auto range = [](int from_month, int from_day, int to_month, int to_day) {
        return time_::Range<Day>{Day::from_ymd(2026, from_month, from_day), Day::from_ymd(2026, to_month, to_day)};
    };
    time_::AcademicYear year{"a year", {Day::from_ymd(2025, 9, 1), Day::from_ymd(2026, 5, 4)}, {}, {}, {}};
    year.terms = {{
                      "first",
                      range(3, 5, 3, 24),
                  },
                  {"second", range(4, 1, 4, 21)}};
    return {find_property_zone, "Test/Summer", time_::AcademicCalendar{{{year}, {}}}};
}
inline const model::Organisation* find_organisation(OrganisationId id) {
    static const std::array<model::Organisation, 2> all{
        model::Organisation{OrganisationId{1}, model::OrganisationKind::employer, "Harbour"},
        model::Organisation{OrganisationId{2}, model::OrganisationKind::school, "Hill"}};
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.id == id; });
    return found == all.end() ? nullptr : &*found;
}
inline Engine make_property_engine(model::Symbols& symbols) {
    alloquy::engine::Playbook playbook = alloquy::support::test_playbook();
    playbook.lifecycles = {{"acts",
                            alloquy::score::LifecycleModel::bg_nbd,
                            {model::Act::replied, model::Act::visited, model::Act::clicked}}};
    constexpr decide::PlaybookHash hash{std::byte{1}};
    Engine engine = alloquy::engine::make_engine(std::move(playbook), hash, symbols, find_property_zone);
    engine.set_lifecycle("acts", alloquy::score::BgNbdParameters{0.25, 4, 0.8, 2.5});
    return engine;
}

// Words that facts use and conditions ask for. ------------------------------------------------------------------------

inline constexpr std::array channels{"mail"sv, "phone"sv, "portal"sv, "pigeon"sv};
inline constexpr std::array topics{"admission"sv, "money"sv, "study"sv, "sports"sv};
inline constexpr std::array purposes{"marketing"sv, "guidance"sv};
inline constexpr std::array programmes{"nursing"sv, "logistics"sv};
inline constexpr std::array sites{"north"sv, "south"sv};
inline constexpr std::array teams{"desk"sv, "coaches"sv};
inline constexpr std::array actions{"open day"sv, "coach call"sv};
inline constexpr std::array duties{"fee"sv, "intake"sv};
inline constexpr std::array assessments{"exam"sv, "essay"sv};
inline constexpr std::array languages{"nl"sv, "en"sv};
inline constexpr std::array zones{"Test/Summer"sv, "Test/Midnight"sv, "Test/East"sv, "Test/West"sv};
inline constexpr std::array sayings{"please help"sv, "the fee, again"sv, "thanks"sv, "Help! 42"sv};
inline constexpr std::array draws{"trial"sv, "panel"sv};
/// Lengths of windows, of waits and of what is added to the instants of facts.
inline constexpr std::array<std::int64_t, 16> lengths{
    1,          2,          1000,       60'000,      3'600'000,   5'400'000,   21'600'000,     day_ms, 36 * 3'600'000,
    2 * day_ms, 3 * day_ms, 7 * day_ms, 14 * day_ms, 30 * day_ms, 60 * day_ms, 11 * day_ms + 1};

template <class Words>
inline std::string pick(Random& random, const Words& words) {
    return std::string{words[random.below(words.size())]};
}

}  // namespace segment_cases
