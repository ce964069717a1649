// BENCH score_all: all standard scores of a million people at one instant, on two cores and on one.
// Prints `name value` lines.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <alloquy/engine/engine.hpp>

#include "support.hpp"

namespace {

using namespace alloquy;
using bench::mix;
using bench::seconds;

constexpr std::uint32_t people = 1'000'000;
constexpr std::uint64_t most_events = 100;
constexpr std::int64_t first_ms = 1'700'000'000'000;
constexpr std::int64_t span_ms = std::int64_t{200} * 86'400'000;

engine::Playbook playbook() {
    engine::Playbook book;
    book.channels = {"email", "phone", "whatsapp", "portal", "web"};
    book.topics = {"study", "admission", "housing"};
    book.reachability.channels = {"email", "phone", "whatsapp"};
    score::LifecycleConfig study;
    study.name = "study";
    study.acts = {model::Act::clicked, model::Act::visited, model::Act::replied};
    book.lifecycles = {study};
    return book;
}

/// A fraction in (0, 1).
double fraction(std::uint64_t draw) {
    return (static_cast<double>(mix(draw) >> 11U) + 0.5) / 9007199254740992.0;
}

/// One person's acts and what the institution sent: own rate, own probability to drop out after an act, so that the
/// lifecycle has something to find.
void add_events(std::uint32_t person, std::vector<score::Event>& events) {
    const std::uint64_t seed = mix(person);
    const double per_day = 0.02 - 0.15 * score::log(fraction(seed));  // acts a day
    const double drop_out = 0.02 + 0.4 * fraction(seed + 1) * fraction(seed + 2);
    double day = 60 * fraction(seed + 3);
    for (std::uint64_t i = 0; i < most_events && day < 200; ++i) {
        const std::uint64_t draw = mix(seed + 100 + i);
        score::Event event{};
        event.at_ms = first_ms + static_cast<std::int64_t>(day * 86'400'000);
        event.person = person;
        const std::int64_t hours = event.at_ms / 3'600'000;
        event.local_day = static_cast<std::int32_t>(hours / 24);
        event.hour_of_week = static_cast<std::uint8_t>((hours + 72) % 168);
        event.quantity = static_cast<std::uint16_t>(1 + (draw >> 8) % 4);
        event.topic = static_cast<std::uint8_t>((draw >> 16) % 4);
        const std::uint64_t kind = draw % 100;
        const bool inbound = kind < 82 || kind >= 94;
        event.channel = static_cast<std::uint8_t>(kind < 82 ? 4 + (kind & 1) : 1 + (draw >> 32) % 3);
        event.act = kind < 82 ? model::Act::clicked : kind < 94 ? model::Act::sent : model::Act::replied;
        event.direction = inbound ? model::Direction::inbound : model::Direction::outbound;
        events.push_back(event);
        if (inbound && fraction(draw) < drop_out) return;
        day -= score::log(fraction(draw + 1)) / per_day;
    }
}

}  // namespace

int main() {
    model::Symbols symbols;
    engine::Engine engine = engine::make_engine(playbook(), {}, symbols, {});
    const auto source = symbols.sources.intern("bench");
    const auto fee = symbols.obligations.intern("fee");
    const time::Instant start = time::Instant::from_unix_ms(first_ms);
    const time::Instant now = time::Instant::from_unix_ms(first_ms + span_ms);
    for (std::uint32_t p = 0; p < people; ++p) {
        const PersonId person{p};
        engine.add_person(person, p);
        std::vector<model::Fact> facts{
            {person, start, start, source, "role", model::RoleChange{model::RoleKind::student}}};
        if (p % 4 == 0) {
            facts.push_back({person, start, start, source, "fee",
                             model::ObligationChange{fee, "a", model::ObligationStep::opened,
                                                     now + std::chrono::hours{mix(p) % 700}}});
        }
        engine.refold(p, facts);
    }
    std::vector<score::Event> events;
    std::size_t all = 0;
    constexpr std::uint32_t batch = 100'000;
    for (std::uint32_t first = 0; first < people; first += batch) {
        events.clear();
        for (std::uint32_t p = first; p < first + batch; ++p) add_events(p, events);
        all += events.size();
        if (const std::size_t late = engine.fold(events, 2).size(); late > 0) std::printf("score_all_late %zu\n", late);
    }

    std::printf("score_all_interactions %zu\n", all);
    const double fit = seconds([&] {
        const auto fitted = std::get<score::BgNbdFit>(engine.fit_lifecycle("study", now, 2));
        engine.set_lifecycle("study", fitted.parameters);
        std::printf("lifecycle_of_the_engine r %.3f alpha %.3f a %.3f b %.3f\n", fitted.parameters.r,
                    fitted.parameters.alpha, fitted.parameters.a, fitted.parameters.b);
    });
    std::printf("lifecycle_fit_of_the_engine_1m_seconds %.2f\n", fit);
    engine::ScoreTable table;
    for (const unsigned threads : {1U, 2U}) {
        double best = 1e9;
        for (int round = 0; round < 5; ++round) {
            best = std::min(best, seconds([&] { table = engine.scores(now, threads); }));
        }
        std::printf("score_all_seconds%s %.3f\n", threads == 1 ? "_one_core" : "", best);
    }
    for (std::size_t c = 0; c < table.names.size(); ++c) {
        double sum = 0;
        std::size_t known = 0;
        for (const double value : table.columns[c]) {
            if (value != value) continue;  // nothing is known of this person
            sum += value;
            ++known;
        }
        std::printf("mean_of_%s %.6f\n", table.names[c].c_str(), sum / static_cast<double>(known));
    }
    return EXIT_SUCCESS;
}
