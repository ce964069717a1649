#pragma once

/// \file
/// Event: an interaction as signals see it, small and in the playbook's own numbers.

#include <cstddef>
#include <cstdint>

#include <alloquy/model/interaction.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// Most channels and topics that one playbook can name; 0 stands for "not in the playbook".
inline constexpr std::size_t max_channels = 31;
inline constexpr std::size_t max_topics = 255;

/// Hours of a week.
inline constexpr std::size_t hours_per_week = 168;

/// One interaction of one person, 24 bytes, free of text.
struct Event {
    std::int64_t at_ms;    ///< Instant, ms since 1970-01-01 UTC.
    std::uint32_t person;  ///< Row of the person in the engine.
    /// Civil day in the person's own zone (UTC where it is unknown), days since 1970-01-01. One person's days must not
    /// fall while at_ms grows.
    std::int32_t local_day;
    std::uint16_t quantity;  ///< How often; larger numbers stand as 65,535.
    std::uint8_t channel;    ///< 1-based position in the playbook's channels; 0 = not in it.
    std::uint8_t topic;      ///< 1-based position in the playbook's topics; 0 = not in it.
    model::Act act;
    model::Direction direction;
    /// Hour of the week in the person's own zone, 0 = Monday 0:00 to 167; no_hour where the zone is unknown.
    std::uint8_t hour_of_week;

    static constexpr std::uint8_t no_hour = hours_per_week;
};
static_assert(sizeof(Event) == 24);

/// How a signal is fed.
enum class Order : std::uint8_t {
    arrival,    ///< As facts come in: an older fact may follow a newer one.
    canonical,  ///< One person's facts in their order (at, source, key), from the first one on.
};

/// What a signal did with an event.
enum class Observed : std::uint8_t {
    done,  ///< The state is what it would be had the events come in their order.
    late,  ///< The event belongs before others: refold this person. Never returned for Order::canonical.
};

}  // namespace alloquy::score
