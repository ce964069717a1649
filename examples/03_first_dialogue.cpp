// EXAMPLE 03_first_dialogue: a journal on disk, a playbook from JSON, facts in, the next action out, with the reasons.
// SHOWS   Institution, read_playbook, record, next, engagement, reachability      BEFORE  01_core_alone
// NEEDS   a folder for temporary files                    PRINTS  expected/03_first_dialogue.txt
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <alloquy/alloquy.hpp>

namespace {

constexpr const char* playbook_text = R"json({
  "name": "first dialogue",
  "channels": ["email", "phone", "web"],
  "topics": ["open_day", "admission"],
  "reachability": {"channels": ["email", "phone"], "priors": {"email": {"responses": 1, "silences": 3}}},
  "purposes": [{"name": "marketing", "legal_basis": "consent"}, {"name": "admission", "legal_basis": "contract"}],
  "pools": [{"name": "advisers", "minutes": 120}],
  "contact_caps": [{"name": "two contacts a week", "most": 2, "window_days": 7}],
  "actions": [
    {"name": "invite_to_open_day", "purpose": "marketing", "roles": ["prospect"], "value_euros": 40,
     "variants": [{"channel": "email", "language": "en", "executor": "bot", "message": "open_day_invitation"},
                  {"channel": "email", "language": "nl", "executor": "bot", "message": "open_day_invitation"}]},
    {"name": "help_with_application", "purpose": "admission", "roles": ["applicant"], "value_euros": 200,
     "variants": [{"channel": "phone", "language": "nl", "executor": "team", "pool": "advisers", "minutes": 20}]}
  ]
})json";

}  // namespace

int main() {
    using namespace alloquy;
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "alloquy_03_first_dialogue";
    try {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        const auto now = time::instant_from_iso("2026-11-21T10:00:00Z").value();
        {
            auto college =
                Institution::open(folder / "college.alloquy", io::read_playbook(playbook_text, "playbook"), now);
            const PersonId person = college.person("crm", "lead-1", now);

            model::Symbols& words = college.symbols();
            const model::Source crm = words.sources.intern("crm");
            int key = 0;
            const auto tell = [&](const char* at, model::FactContent content) {
                const time::Instant instant = time::instant_from_iso(at).value();
                college.record({person, instant, instant, crm, "fact-" + std::to_string(++key), std::move(content)});
            };
            tell("2026-11-01T09:00:00Z", model::RoleChange{model::RoleKind::prospect});
            tell("2026-11-01T09:00:00Z",
                 model::AttributeStatement{{{words.attributes.intern("language"), std::string{"en"}},
                                            {words.attributes.intern("zone"), std::string{"Europe/Amsterdam"}}}});
            tell("2026-11-18T19:30:00Z",
                 model::Interaction{words.channels.intern("web"), model::Act::visited, model::Direction::inbound,
                                    words.topics.intern("open_day")});

            std::printf("--- without consent\n%s\n\n",
                        to_text(college.next(person, now), college.playbook().actions).c_str());

            // The prospect ticks the box: now marketing has its legal basis.
            tell("2026-11-20T20:00:00Z",
                 model::ConsentStatement{
                     words.purposes.intern("marketing"), {}, model::ConsentDecision::given, "web form 3"});
            std::printf("--- with consent\n%s\n\n",
                        to_text(college.next(person, now), college.playbook().actions).c_str());

            const score::EngagementScore score = college.engagement(person, now);
            std::printf("--- engagement %.3f =", score.fraction);
            for (std::size_t i = 0; i < score.parts.size(); ++i) {
                std::printf("%s %.3f (%s)", i == 0 ? "" : " +", score.parts[i].contribution,
                            std::string{score.parts[i].name}.c_str());
            }
            std::printf("\n");
        }
        {
            // Everything is in the file: a later program goes on where this one stopped.
            auto college =
                Institution::open(folder / "college.alloquy", io::read_playbook(playbook_text, "playbook"), now);
            const PersonId person = college.find_person("crm", "lead-1").value();
            std::printf("--- after reopening: %llu facts, chosen: %s\n",
                        static_cast<unsigned long long>(college.journal().fact_count()),
                        college.next(person, now).chosen ? "invite_to_open_day" : "nothing");
        }
        std::filesystem::remove_all(folder);
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
