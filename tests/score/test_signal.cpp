#include <alloquy/score/signal.hpp>

#include <cstdint>
#include <string_view>

#include <doctest/doctest.h>

#include <alloquy/score/engagement.hpp>
#include <alloquy/score/reachability.hpp>

using alloquy::score::Event;
using alloquy::score::Observed;
using alloquy::score::Order;
using alloquy::score::Signal;

namespace {

struct Counter {
    static constexpr std::string_view name = "counter";
    static constexpr std::uint32_t version = 1;
    struct State {
        std::uint32_t count = 0;
    };
    Observed observe(State& state, const Event& /*event*/, Order /*order*/) const noexcept {
        ++state.count;
        return Observed::done;
    }
    [[nodiscard]] std::uint32_t value(const State& state, alloquy::time::Instant /*now*/) const { return state.count; }
};

/// Equal states must have equal bytes, and padding may differ.
struct Padded : Counter {
    struct State {
        std::uint8_t flag = 0;
        std::uint32_t count = 0;
    };
    Observed observe(State& /*state*/, const Event& /*event*/, Order /*order*/) const noexcept {
        return Observed::done;
    }
    [[nodiscard]] std::uint32_t value(const State& state, alloquy::time::Instant /*now*/) const { return state.count; }
};

struct WithoutValue {
    static constexpr std::string_view name = "none";
    static constexpr std::uint32_t version = 1;
    using State = Counter::State;
    Observed observe(State& /*state*/, const Event& /*event*/, Order /*order*/) const noexcept {
        return Observed::done;
    }
};

}  // namespace

TEST_SUITE("score/signal") {
    static_assert(Signal<Counter>);
    static_assert(!Signal<Padded>);
    static_assert(!Signal<WithoutValue>);
    static_assert(!Signal<int>);
    static_assert(Signal<alloquy::score::Engagement>);
    static_assert(Signal<alloquy::score::Reachability>);

    TEST_CASE("an event is as small as its header promises") {
        CHECK(sizeof(Event) == 24);
    }

    TEST_CASE("a plain type with the members of a signal is one") {
        const Counter counter;
        Counter::State state{};
        const Event event{0, 0, 0, 1, 0, 0, alloquy::model::Act::clicked, alloquy::model::Direction::inbound, 0};
        CHECK(counter.observe(state, event, Order::arrival) == Observed::done);
        CHECK(counter.value(state, alloquy::time::Instant::from_unix_ms(0)) == 1);
    }
}
