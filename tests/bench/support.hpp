#pragma once

/// \file
/// What the timings share: made-up interactions, columns of numbers for the peers, and a stopwatch.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <vector>

#include <alloquy/model/interaction.hpp>
#include <alloquy/score/event.hpp>

#include "../support/random.hpp"

namespace bench {

/// 64 bits that are the same for the same seed.
inline std::uint64_t mix(std::uint64_t seed) {
    return alloquy::support::Random{seed}.bits();
}

/// How long `work()` takes, seconds.
double seconds(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Fills in what was done and when that was in the person's own zone, of an event with an instant. A student's mixture:
/// 82 % clicks and visits, 12 % messages and calls of the institution, 6 % answers.
/// \param draw  64 random bits.
inline void fill(alloquy::score::Event& event, std::uint64_t draw) {
    namespace model = alloquy::model;
    const std::uint64_t kind = draw % 100;
    event.quantity = static_cast<std::uint16_t>(1 + (draw >> 8) % 4);
    event.topic = static_cast<std::uint8_t>((draw >> 16) % 4);
    // People live on UTC.
    const std::int64_t hours = event.at_ms / 3'600'000;
    event.local_day = static_cast<std::int32_t>(hours / 24);
    event.hour_of_week = static_cast<std::uint8_t>((hours + 72) % 168);
    if (kind < 82) {
        event.channel = static_cast<std::uint8_t>(4 + (kind & 1));
        event.act = kind % 4 == 0 ? model::Act::visited : model::Act::clicked;
        event.direction = model::Direction::inbound;
    } else {
        event.channel = static_cast<std::uint8_t>(1 + (draw >> 32) % 3);
        event.act = kind < 94 ? model::Act::sent : model::Act::replied;
        event.direction = kind < 94 ? model::Direction::outbound : model::Direction::inbound;
    }
}

/// Events sorted by person and instant, as many for each: one at a random instant of each of as many equal parts of the
/// span.
/// \param span_ms  Milliseconds from `first_ms` (since 1970) on; a multiple of `events_per_person`.
inline std::vector<alloquy::score::Event> events_by_person(std::size_t people, std::size_t events_per_person,
                                                           std::int64_t first_ms, std::int64_t span_ms) {
    std::vector<alloquy::score::Event> all(people * events_per_person);
    const auto step = span_ms / static_cast<std::int64_t>(events_per_person);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::uint64_t draw = mix(i);
        alloquy::score::Event& event = all[i];
        event.person = static_cast<std::uint32_t>(i / events_per_person);
        event.at_ms = first_ms + static_cast<std::int64_t>(i % events_per_person) * step +
                      static_cast<std::int64_t>(mix(draw) % static_cast<std::uint64_t>(step));
        fill(event, draw);
    }
    return all;
}

/// Writes `get(0)` to `get(count - 1)` one after another, as this machine holds them.
template <class Get>
void write_column(const std::filesystem::path& path, std::size_t count, Get&& get) {
    std::ofstream out{path, std::ios::binary};
    std::vector<decltype(get(std::size_t{0}))> column;
    for (std::size_t i = 0; i < count;) {
        column.clear();
        for (; i < count && column.size() < (1U << 20U); ++i) column.push_back(get(i));
        out.write(reinterpret_cast<const char*>(column.data()),
                  static_cast<std::streamsize>(column.size() * sizeof column[0]));
    }
}

}  // namespace bench
