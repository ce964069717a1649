// BENCH fold: interactions into the standard signals, one core and two, sorted by person and in order of arrival.
// Prints `name value` lines. With a folder as argument, writes the sorted rows there for the peers (fold_peers.py).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <alloquy/engine/engine.hpp>

#include "../support/random.hpp"

namespace {

using namespace alloquy;

constexpr std::size_t people = 500'000;
constexpr std::size_t events_per_person = 100;
constexpr std::size_t events = people * events_per_person;
constexpr std::int64_t first_ms = 1'600'000'000'000;
constexpr std::int64_t span_ms = std::int64_t{2} * 365 * 86'400'000;

std::uint64_t mix(std::uint64_t seed) {
    return support::Random{seed}.bits();
}

engine::Playbook playbook() {
    engine::Playbook book;
    book.channels = {"email", "phone", "whatsapp", "portal", "web"};
    book.topics = {"study", "admission", "housing"};
    book.reachability.channels = {"email", "phone", "whatsapp"};
    return book;
}

/// A student's mixture: 82 % clicks and visits, 12 % messages and calls of the institution, 6 % answers.
void fill(score::Event& event, std::uint64_t draw) {
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

double seconds(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// \param mean    Gets the mean engagement of all people.
/// \param sum_30  Gets the sum of their weights with a half-life of 30 days, for the peers to compare.
double best_fold(const std::vector<score::Event>& all, unsigned threads, double& mean, double& sum_30) {
    double best = 1e9;
    for (int round = 0; round < 3; ++round) {
        model::Symbols symbols;
        engine::Engine engine = engine::make_engine(playbook(), {}, symbols, {});
        for (std::size_t p = 0; p < people; ++p) engine.add_person(PersonId{static_cast<std::int64_t>(p)}, p);
        std::size_t late = 0;
        best = std::min(best, seconds([&] { late = engine.fold(all, threads).size(); }));
        const time::Instant now = time::Instant::from_unix_ms((first_ms + span_ms) / 86'400'000 * 86'400'000);
        double sum = 0;
        sum_30 = 0;
        for (std::uint32_t row = 0; row < people; ++row) {
            const auto& state = engine.state<score::Engagement>(row);
            sum += engine.signal<score::Engagement>().fraction(state, now);
            sum_30 += engine.signal<score::Engagement>().decayed_weight(state, 1, now);
        }
        mean = sum / static_cast<double>(people);
        if (late > 0) std::printf("fold_people_to_refold %zu\n", late);
    }
    return best;
}

template <class Get>
void write_column(const std::filesystem::path& path, const std::vector<score::Event>& all, Get&& get) {
    std::ofstream out{path, std::ios::binary};
    std::vector<decltype(get(all[0]))> column;
    column.reserve(all.size());
    for (const score::Event& event : all) column.push_back(get(event));
    out.write(reinterpret_cast<const char*>(column.data()),
              static_cast<std::streamsize>(column.size() * sizeof column[0]));
}

}  // namespace

int main(int count, char** values) {
    std::vector<score::Event> all(events);
    for (std::size_t i = 0; i < events; ++i) {
        const std::uint64_t draw = mix(i);
        score::Event& event = all[i];
        event.person = static_cast<std::uint32_t>(i / events_per_person);
        constexpr auto step = span_ms / static_cast<std::int64_t>(events_per_person);
        event.at_ms = first_ms + static_cast<std::int64_t>(i % events_per_person) * step +
                      static_cast<std::int64_t>(mix(draw) % static_cast<std::uint64_t>(step));
        fill(event, draw);
    }
    double mean = 0;
    double sum_30 = 0;
    const double sorted = best_fold(all, 1, mean, sum_30);
    const double sorted_mean = mean;
    std::printf("fold_per_second_per_core %.0f\n", static_cast<double>(events) / sorted);
    const double both = best_fold(all, 2, mean, sum_30);
    std::printf("fold_per_second_two_threads %.0f\n", static_cast<double>(events) / both);
    std::printf("fold_two_threads_seconds %.3f\n", both);
    std::printf("fold_same_result_for_two_threads %d\n", mean == sorted_mean ? 1 : 0);
    std::printf("state_bytes_per_person %zu\n", engine::Engine::state_bytes_per_person);
    std::printf("fold_sum_30 %.9g\n", sum_30);
    if (count > 1) {
        const std::filesystem::path folder = values[1];
        const engine::Playbook book = playbook();
        const score::Engagement engagement{book.engagement, book.channels, book.topics};
        write_column(folder / "person.u32", all, [](const score::Event& event) { return event.person; });
        write_column(folder / "day.i32", all, [](const score::Event& event) { return event.local_day; });
        // The raw rows, and what one act of each kind weighs, for peers that look weights up as the fold does.
        const auto kind = [](const score::Event& event) {
            return static_cast<std::uint16_t>((event.channel * 2 + static_cast<int>(event.direction)) * 32 +
                                              static_cast<int>(event.act));
        };
        write_column(folder / "kind.u16", all, kind);
        write_column(folder / "quantity.u16", all, [](const score::Event& event) { return event.quantity; });
        std::ofstream kinds{folder / "kinds.csv"};
        kinds << "kind,act,act_weight,effort\n";
        for (std::uint8_t channel = 0; channel <= book.channels.size(); ++channel) {
            for (const auto direction : {model::Direction::inbound, model::Direction::outbound}) {
                for (std::size_t act = 0; act < model::enum_size<model::Act>; ++act) {
                    const score::Event event{0, 0, 0, 1, channel, 0, static_cast<model::Act>(act), direction, 0};
                    kinds << kind(event) << ',' << act << ',' << engagement.day_weight(static_cast<model::Act>(act), 1)
                          << ',' << engagement.effort(event) << '\n';
                }
            }
        }
    }

    // The same people and acts as they come in: by time, everybody mixed.
    for (std::size_t i = 0; i < events; ++i) {
        const std::uint64_t draw = mix(i + events);
        all[i].person = static_cast<std::uint32_t>(mix(draw) % people);
        all[i].at_ms = first_ms + static_cast<std::int64_t>(static_cast<double>(span_ms) * static_cast<double>(i) /
                                                            static_cast<double>(events));
        fill(all[i], draw);
    }
    const double arrival = best_fold(all, 1, mean, sum_30);
    std::printf("fold_arrival_per_second_per_core %.0f\n", static_cast<double>(events) / arrival);
    return EXIT_SUCCESS;
}
