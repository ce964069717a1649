// Prints the hash of the state after OULAD's head, and of the plan, for 1, 2 and 7 threads: one line, the same for
// every compiler and optimisation level (same_bits.sh).
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <alloquy/institution.hpp>

#include <institution/real_facts.hpp>

int main() {
    using namespace alloquy;
    try {
        const auto oulad = support::oulad_folder();
        if (!oulad) {
            std::puts("SKIPPED: the OULAD files are not there (ALLOQUY_DATA)");
            return EXIT_SUCCESS;
        }
        std::string line;
        for (const unsigned threads : {1U, 2U, 7U}) {
            InstitutionOptions options;
            options.threads = threads;
            Institution university = Institution::in_memory(support::oulad_playbook(), support::after_oulad(), options);
            const support::TemporaryFolder work{"same_bits"};
            support::import_head(university, *oulad, work.path(), 20'000);
            store::Hasher plans;
            for (int day = -20; day <= 260; day += 40) {
                const time::Instant now = time::utc_start(time::Day::from_ymd(2013, 10, 1)) + std::chrono::days{day};
                const auto then = university.as_of(now);
                for (const decide::Assignment& assignment : then.plan(now, {{{"coaches", 300}}}, threads).assignments) {
                    // Every bit of the number that orders people, and who they are.
                    plans.add(university.journal().keys_of(assignment.person).at(0).key);
                    plans.add(std::bit_cast<std::uint64_t>(assignment.candidate.priority));
                    plans.add(std::bit_cast<std::uint64_t>(then.engagement(assignment.person, now).trend));
                }
            }
            const std::string result = store::to_hex(university.state_hash()) + " " + store::to_hex(plans.hash());
            if (!line.empty() && line != result) {
                std::printf("%u threads give another state or plan\n", threads);
                return EXIT_FAILURE;
            }
            line = result;
        }
        std::puts(line.c_str());
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
