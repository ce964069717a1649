#pragma once

/// \file
/// Event: an interaction as signals see it, small and in the playbook's own numbers.

#include <cstdint>
#include <limits>

#include <alloquy/model/interaction.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::score {

/// Most channels and topics that one playbook can name; 0 stands for "not in the playbook".
inline constexpr std::size_t max_channels = 31;
inline constexpr std::size_t max_topics = 255;

/// One interaction of one person, 24 bytes, free of text.
struct Event {
    std::int64_t at_ms;      ///< Instant, ms since 1970-01-01 UTC.
    std::uint32_t person;    ///< Row of the person in the engine.
    std::uint16_t quantity;  ///< How often; larger numbers stand as 65,535.
    std::uint8_t channel;    ///< 1-based position in the playbook's channels; 0 = not in it.
    std::uint8_t topic;      ///< 1-based position in the playbook's topics; 0 = not in it.
    model::Act act;
    model::Direction direction;
    std::uint8_t local_hour;  ///< 0 to 23 in the person's own zone; no_hour where the zone is unknown.

    static constexpr std::uint8_t no_hour = 24;
};

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
