// EXAMPLE 04_nightly: the main job: import what is new, fold, decide, print today's plan with its reasons.
// SHOWS   read_mapping_file, import_csv, plan, explain      BEFORE  03_first_dialogue
// NEEDS   a folder made by sample_institution             PRINTS  today's plan (see examples/run.sh)
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <alloquy/alloquy.hpp>

#include "support.hpp"

namespace {

using namespace alloquy;

/// In which order the files go in; each has a mapping of the same name.
constexpr const char* tables[] = {"organisations", "people",    "roles",   "consents",    "relations",
                                  "enrolments",    "dialogues", "results", "obligations", "interactions"};

std::string external_key(const Institution& college, PersonId person) {
    const auto keys = college.journal().keys_of(person);
    return keys.empty() ? "?" : keys.front().key;
}

/// Why this person, in one line: what is known, and how sure an answer is.
std::string reason(const decide::Decision& decision) {
    std::string text;
    for (const decide::ColumnValue& column : decision.columns) {
        if (!column.value) continue;
        const auto add = [&](const char* format, double value) {
            char buffer[64];
            std::snprintf(buffer, sizeof buffer, format, value);
            text += (text.empty() ? "" : ", ") + std::string{buffer};
        };
        if (column.name == "engagement") add("engagement %.2f", *column.value);
        if (column.name == "engagement_trend" && *column.value < -0.25) add("falling (%+.2f)", *column.value);
        if (column.name == "engagement_trend" && *column.value > 0.25) add("rising (%+.2f)", *column.value);
        if (column.name == "days_since_own_act" && *column.value >= 1) add("last seen %.1f days ago", *column.value);
        if (column.name == "days_to_obligation") add("a deadline in %.0f days", *column.value);
        if (column.name == "days_overdue") add("a deadline missed %.0f days ago", *column.value);
        if (column.name == "open_complaints" && *column.value > 0) add("%.0f open complaint(s)", *column.value);
    }
    return text;
}

void print_assignments(Institution& college, const decide::Plan& plan, const char* title, bool by_team, int most) {
    const decide::ActionPolicy& policy = college.playbook().actions;
    int shown = 0;
    std::uint64_t all = 0;
    std::printf("\n%s\n", title);
    for (const decide::Assignment& assignment : plan.assignments) {
        const decide::Action& action = policy.actions[assignment.candidate.action];
        const decide::Variant& variant = action.variants[assignment.candidate.variant];
        if ((variant.executor == decide::ExecutorKind::team) != by_team) continue;
        ++all;
        if (shown == most) continue;
        ++shown;
        const decide::Decision decision = college.explain(assignment.person, plan);
        std::printf("  %-8s %-28s %-8s %-2s  %6.2f EUR = %.2f x %.0f  %s\n",
                    external_key(college, assignment.person).c_str(), action.name.c_str(), variant.channel.c_str(),
                    variant.language.c_str(), assignment.candidate.priority, assignment.candidate.factors.propensity,
                    assignment.candidate.factors.value * assignment.candidate.factors.lever, reason(decision).c_str());
    }
    if (all > static_cast<std::uint64_t>(shown)) {
        std::printf("  ... and %llu more\n", static_cast<unsigned long long>(all - static_cast<std::uint64_t>(shown)));
    }
}

}  // namespace

int main(int count, char** values) {
    try {
        const examples::Arguments arguments{count, values, {"--data", "--journal", "--examples", "--now", "--list"}};
        const std::filesystem::path data = arguments.text("--data", "sample");
        const std::filesystem::path journal = arguments.text("--journal", (data / "college.alloquy").string());
        const std::filesystem::path folder = arguments.text("--examples", "examples");
        const auto now = time::instant_from_iso(arguments.text("--now", "2026-09-01T06:00:00Z"));
        if (!now) throw InvalidArgument{"--now takes an instant such as 2026-09-01T06:00:00Z"};
        const int most = arguments.number("--list", 15);

        const auto start = std::chrono::steady_clock::now();
        const auto seconds = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        auto college = Institution::open(journal, io::read_playbook_file(folder / "playbooks" / "sample.json"), *now);
        std::printf("import\n");
        for (const char* table : tables) {
            const examples::ProgressBar bar{table};
            io::ImportOptions options{*now};
            options.on_progress = [&](const io::ImportProgress& progress) { bar.show(progress); };
            const io::ImportMapping mapping =
                io::read_mapping_file(folder / "mappings" / "sample" / (std::string{table} + ".json"));
            const std::string file = std::string{table} + ".csv";
            examples::print(file, college.import_csv(mapping, data / file, options));
        }
        const double imported = seconds();
        const decide::Plan plan = college.plan(*now);
        const double planned = seconds();

        std::printf("\nplan of %s, playbook %.16s, state %.16s\n", to_iso(*now).c_str(),
                    store::to_hex(plan.playbook).c_str(), store::to_hex(college.state_hash()).c_str());
        std::printf("  %llu people, %llu with a possible action, %zu with an action today\n",
                    static_cast<unsigned long long>(plan.people), static_cast<unsigned long long>(plan.with_candidates),
                    plan.assignments.size());
        for (const decide::PoolUse& pool : plan.pools) {
            std::printf("  %-20s %5.0f of %5.0f minutes, %3u people; %4u people went without\n", pool.name.c_str(),
                        pool.used, pool.available, pool.assignments, pool.displaced);
        }
        print_assignments(college, plan, "whom to call or see (staff time)", true, most);
        print_assignments(college, plan, "whom to write (no staff time)", false, most);

        if (!plan.assignments.empty()) {
            const decide::Assignment& first = plan.assignments.front();
            std::printf("\nwhy %s: the whole account\n%s\n", external_key(college, first.person).c_str(),
                        to_text(college.explain(first.person, plan), college.playbook().actions).c_str());
        }
        std::fflush(stdout);
        std::fprintf(stderr, "import %.2f s, fold and decide %.2f s\n", imported, planned - imported);
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
