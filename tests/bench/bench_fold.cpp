// BENCH fold: interactions into the standard signals, one core and two, sorted by person and in order of arrival.
// Prints `name value` lines. With a folder as argument, writes the sorted rows there for the peers (fold_peers.py).
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <alloquy/engine/engine.hpp>

#include "support.hpp"

namespace {

using namespace alloquy;
using bench::mix;
using bench::seconds;
using bench::write_column;

constexpr std::size_t people = 500'000;
constexpr std::size_t events_per_person = 100;
constexpr std::size_t events = people * events_per_person;
constexpr std::int64_t first_ms = 1'600'000'000'000;
constexpr std::int64_t span_ms = std::int64_t{2} * 365 * 86'400'000;

engine::Playbook playbook() {
    engine::Playbook book;
    book.channels = {"email", "phone", "whatsapp", "portal", "web"};
    book.topics = {"study", "admission", "housing"};
    book.reachability.channels = {"email", "phone", "whatsapp"};
    return book;
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

}  // namespace

int main(int count, char** values) {
    std::vector<score::Event> all = bench::events_by_person(people, events_per_person, first_ms, span_ms);
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
        write_column(folder / "person.u32", events, [&](std::size_t i) { return all[i].person; });
        write_column(folder / "day.i32", events, [&](std::size_t i) { return all[i].local_day; });
        // The raw rows, and what one act of each kind weighs, for peers that look weights up as the fold does.
        const auto kind = [](const score::Event& event) {
            return static_cast<std::uint16_t>((event.channel * 2 + static_cast<int>(event.direction)) * 32 +
                                              static_cast<int>(event.act));
        };
        write_column(folder / "kind.u16", events, [&](std::size_t i) { return kind(all[i]); });
        write_column(folder / "quantity.u16", events, [&](std::size_t i) { return all[i].quantity; });
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
        bench::fill(all[i], draw);
    }
    const double arrival = best_fold(all, 1, mean, sum_30);
    std::printf("fold_arrival_per_second_per_core %.0f\n", static_cast<double>(events) / arrival);
    return EXIT_SUCCESS;
}
