#pragma once

/// \file
/// Signal: what a score about one person must offer so that the engine can fold, ask, save and restore it.

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <alloquy/score/event.hpp>

namespace alloquy::score {

/// A small immutable object that knows its configuration; the state of each person is a plain value beside it.
///
/// `State{}` is the state without events. `observe` must make the state a function of the set of events: by additions
/// that commute exactly, or by answering Observed::late, whereupon the engine refolds the person in canonical order.
/// A state holds no padding, so that equal states have equal bytes. A change of its meaning raises `version`. A signal
/// may offer `prefetch(state, event)`, which asks for the cache lines that `observe` will touch, and should offer
/// `parameters()`, a list of doubles: a snapshot made under other parameters is refused.
template <class S>
concept Signal = requires(const S& signal, typename S::State& state, const Event& event, time::Instant now) {
    requires std::is_trivially_copyable_v<typename S::State>;
    requires std::has_unique_object_representations_v<typename S::State>;
    { S::name } -> std::convertible_to<std::string_view>;
    { S::version } -> std::convertible_to<std::uint32_t>;
    { signal.observe(state, event, Order::arrival) } -> std::same_as<Observed>;
    signal.value(std::as_const(state), now);
};

}  // namespace alloquy::score
