#pragma once

/// \file
/// The facts that kill_writer records: the same for each run, with new people, words and relations all along.

#include <cstddef>
#include <string>

#include <alloquy/store/journal.hpp>

namespace store_test {

inline alloquy::model::Fact kill_fact(alloquy::store::Journal& journal, std::size_t number) {
    namespace model = alloquy::model;
    using alloquy::time::Instant;
    auto& symbols = journal.symbols();
    const auto system = symbols.sources.intern("sis");
    const Instant now = Instant::from_unix_ms(1'725'148'800'000 + static_cast<std::int64_t>(number) * 1000);
    const auto person_of = [&](std::size_t n) {
        return journal.person(system, "p" + std::to_string(n), Instant::from_unix_ms(1'725'148'800'000));
    };
    const std::size_t who = number / 20;
    model::Fact fact{.person = person_of(who),
                     .at = now,
                     .known_at = now,
                     .source = system,
                     .key = "k" + std::to_string(number),
                     .content = model::Interaction{.channel = symbols.channels.intern("web"),
                                                   .act = model::Act::visited,
                                                   .direction = model::Direction::inbound}};
    auto& visit = std::get<model::Interaction>(fact.content);
    visit.topic = symbols.topics.intern("topic " + std::to_string(number / 50));
    visit.text = std::string(number % 700, 'x');
    if (who > 0 && number % 7 == 0) {
        fact.content = model::RelationChange{.kind = model::RelationKind::mentor_of, .other = person_of(who - 1)};
    }
    return fact;
}

}  // namespace store_test
