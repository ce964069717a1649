// EXAMPLE 01_core_alone: the smallest host: the header-only core, a playbook built in code, no database, no JSON.
// SHOWS   Playbook, make_engine, observe, next, to_text      BEFORE  -
// NEEDS   nothing: the data are in this file              PRINTS  expected/01_core_alone.txt
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <alloquy/decide/text.hpp>
#include <alloquy/engine/engine.hpp>

namespace {

using namespace alloquy;

/// A school with two actions: an e-mail by a bot for everybody, a call for those who fall silent.
engine::Playbook playbook() {
    engine::Playbook book;
    book.name = "small school";
    book.channels = {"email", "phone", "portal"};
    book.topics = {"study"};
    book.reachability.channels = {"email", "phone"};
    book.actions.purposes = {{"study_guidance", model::LegalBasis::public_task}};
    book.actions.pools = {{"coaches", 60}};
    book.actions.caps = {{"one contact a week", {}, {}, 1, std::chrono::days{7}}};

    decide::Action mail{"tips_by_mail", "study_guidance"};
    mail.roles.insert(model::RoleKind::student);
    mail.value = {{}, {{0, 5}}};
    mail.variants = {{"email", "nl", decide::ExecutorKind::bot, {}, 0, "Studietips voor deze week"}};

    decide::Action call{"coaching_call", "study_guidance"};
    call.roles.insert(model::RoleKind::student);
    call.conditions = {{"days_since_own_act", 14.0, {}}};
    call.value = {"engagement", {{0, 300}, {1, 0}}};  // worth most for those who are least engaged
    call.variants = {{"phone", "nl", decide::ExecutorKind::team, "coaches", 15, "Hoe gaat het met je studie?"}};
    book.actions.actions = {mail, call};
    return book;
}

}  // namespace

int main() {
    try {
        model::Symbols symbols;
        // The core reads no files: the host brings the time zones that it needs.
        const engine::ZoneSource zones = [](std::string_view name) -> std::optional<time::Zone> {
            if (name == "Etc/GMT-1") return time::Zone::fixed("Etc/GMT-1", 3600);
            return std::nullopt;
        };
        engine::Engine engine = engine::make_engine(playbook(), {}, symbols, zones);

        // The host keeps the facts; here in a vector, in order, so that late ones can be folded again.
        std::vector<model::Fact> facts;
        const engine::History history = [&](PersonId person) {
            std::vector<model::Fact> own;
            for (const model::Fact& fact : facts) {
                if (fact.person == person) own.push_back(fact);
            }
            return own;
        };
        const model::Source sis = symbols.sources.intern("sis");
        const auto on = [](int day) {
            return time::utc_start(time::Day::from_ymd(2026, 9, 1)) + std::chrono::days{day};
        };
        const auto tell = [&](PersonId person, time::Instant at, model::FactContent content) {
            facts.push_back({person, at, at, sis, std::to_string(facts.size()), std::move(content)});
            engine.observe(facts.back(), history);
        };

        const PersonId busy{1};
        const PersonId silent{2};
        for (const PersonId person : {busy, silent}) {
            engine.add_person(person, static_cast<std::uint64_t>(person.value()));
            tell(person, on(0), model::RoleChange{model::RoleKind::student});
            tell(person, on(0),
                 model::AttributeStatement{{{symbols.attributes.intern("language"), std::string{"nl"}},
                                            {symbols.attributes.intern("zone"), std::string{"Etc/GMT-1"}}}});
        }
        const model::Channel portal = symbols.channels.intern("portal");
        for (int day = 1; day < 40; day += 2) {
            tell(busy, on(day), model::Interaction{portal, model::Act::clicked, model::Direction::inbound});
            if (day < 20)
                tell(silent, on(day), model::Interaction{portal, model::Act::clicked, model::Direction::inbound});
        }

        for (const PersonId person : {busy, silent}) {
            const decide::Decision decision = engine.next(person, on(40));
            std::printf("person %lld\n%s\n\n", static_cast<long long>(person.value()),
                        to_text(decision, engine.playbook().actions).c_str());
        }
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
