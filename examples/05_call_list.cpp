// EXAMPLE 05_call_list: real students of the Open University: whom to call on one day, and what became of them.
// SHOWS   as_of, plan, explain, an honest look back       BEFORE  04_nightly
// NEEDS   the OULAD files (bash examples/run.sh --oulad FOLDER)      PRINTS  the list (see examples/run.sh)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <alloquy/alloquy.hpp>

#include "support.hpp"

namespace {

using namespace alloquy;

struct Table {
    const char* mapping;
    const char* file;
};
constexpr Table tables[] = {{"student_info", "studentInfo.csv.gz"},
                            {"student_registration", "studentRegistration.csv.gz"},
                            {"student_assessment", "studentAssessment.csv.gz"},
                            {"student_vle", "studentVle-first-1048575-rows.txt.gz"}};

/// One student who is enrolled on the day.
struct Enrolled {
    PersonId person;
    bool lost;       ///< Failed or withdrew in the end.
    double need;     ///< 1 - engagement.
    double silence;  ///< Days since the last click.
};

/// Area under the ROC curve: the chance that a lost student ranks above one who passed, ties counting half
/// (Mann and Whitney, Annals of Mathematical Statistics 18 (1947), pp. 50-60).
double auc(const std::vector<Enrolled>& students, double Enrolled::*score) {
    std::vector<std::pair<double, bool>> ranked;
    for (const Enrolled& student : students) ranked.emplace_back(student.*score, student.lost);
    std::sort(ranked.begin(), ranked.end());
    double rank_sum = 0;
    double lost = 0;
    for (std::size_t first = 0; first < ranked.size();) {
        std::size_t end = first;
        while (end < ranked.size() && ranked[end].first == ranked[first].first) ++end;
        const double mean_rank = (static_cast<double>(first + end) + 1) / 2;
        for (std::size_t i = first; i < end; ++i) {
            if (ranked[i].second) {
                rank_sum += mean_rank;
                ++lost;
            }
        }
        first = end;
    }
    const double passed = static_cast<double>(ranked.size()) - lost;
    return (rank_sum - lost * (lost + 1) / 2) / (lost * passed);
}

std::size_t lost_among_first(std::vector<Enrolled> students, double Enrolled::*score, std::size_t count) {
    std::stable_sort(students.begin(), students.end(),
                     [&](const Enrolled& a, const Enrolled& b) { return a.*score > b.*score; });
    return static_cast<std::size_t>(std::count_if(
        students.begin(), students.begin() + static_cast<std::ptrdiff_t>(std::min(count, students.size())),
        [](const Enrolled& student) { return student.lost; }));
}

std::uint64_t count_rows(const std::filesystem::path& file) {
    io::CsvReader reader{io::open_file(file)};
    io::CsvRow row;
    std::uint64_t rows = 0;
    while (reader.next(row)) ++rows;
    return rows;
}

}  // namespace

int main(int count, char** values) {
    try {
        const examples::Arguments arguments{
            count, values, {"--oulad", "--day", "--calls", "--journal", "--examples", "--list"}};
        const std::filesystem::path data = arguments.text("--oulad", "../shared/data/oulad");
        const std::filesystem::path folder = arguments.text("--examples", "examples");
        const std::filesystem::path journal = arguments.text("--journal", "oulad.alloquy");
        const int day = arguments.number("--day", 56);
        const int calls = arguments.number("--calls", 200);
        const auto list = static_cast<std::size_t>(arguments.number("--list", calls));

        const auto start = std::chrono::steady_clock::now();
        const auto seconds = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        // Day 0 of every presentation stands for 1 October 2013; the day ends at midnight in London.
        const time::Zone london = io::read_zone("Europe/London");
        const time::Day origin = time::Day::from_ymd(2013, 10, 1);
        const time::Instant now = london.start_of_day(origin + (day + 1)) - std::chrono::milliseconds{1};
        // The import takes place after the last presentation, when everything is known.
        const time::Instant imported_at = london.start_of_day(origin + 400);

        auto university =
            Institution::open(journal, io::read_playbook_file(folder / "playbooks" / "oulad.json"), imported_at);
        std::printf("import\n");
        for (const Table& table : tables) {
            const examples::ProgressBar bar{table.file};
            io::ImportOptions options{imported_at};
            options.on_progress = [&](const io::ImportProgress& progress) { bar.show(progress); };
            const io::ImportMapping mapping =
                io::read_mapping_file(folder / "mappings" / "oulad" / (std::string{table.mapping} + ".json"));
            examples::print(table.file, university.import_csv(mapping, data / table.file, options));
        }
        for (const char* file : {"assessments.csv", "vle.csv.gz", "courses.csv"}) {
            std::printf("%-40s %9llu rows, looked up by the others\n", file,
                        static_cast<unsigned long long>(count_rows(data / file)));
        }
        const double imported = seconds();

        // What the university knew on the day, and nothing that it learned later.
        const auto then = university.as_of(now);
        const double folded = seconds();
        const decide::Plan plan = then.plan(now, {{{"coaches", 15.0 * calls}}}, 2);
        const double planned = seconds();

        // Looking back with everything that is known now.
        const auto& programmes = university.symbols().programmes;
        std::vector<Enrolled> enrolled;
        std::vector<std::optional<double>> columns(then.columns().size());
        for (std::uint32_t row = 0; row < then.size(); ++row) {
            const model::Person& person = then.person(row);
            const auto student = model::Student::of(person, now);
            if (!student || !student->programme()) continue;
            const std::string& programme = programmes.text(*student->programme());
            const auto& wanted = then.playbook().actions.actions.front().programmes;
            if (std::find(wanted.begin(), wanted.end(), programme) == wanted.end()) continue;
            bool lost = false;
            for (const model::Enrolment& enrolment : university.profile(person.id).enrolments) {
                lost |= enrolment.status == model::EnrolmentStatus::failed ||
                        enrolment.status == model::EnrolmentStatus::withdrawn;
            }
            then.column_values(row, now, columns);
            double silence = 1e9;  // never seen
            for (const model::Fact& fact : university.journal().facts_of(person.id)) {
                const auto* interaction = std::get_if<model::Interaction>(&fact.content);
                if (interaction == nullptr || fact.known_at > now || interaction->act != model::Act::clicked) continue;
                silence = london.local_day(now) - london.local_day(fact.at);
            }
            enrolled.push_back(
                {person.id, lost, 1 - columns[static_cast<std::size_t>(engine::Column::engagement)].value(), silence});
        }
        const auto lost = static_cast<std::size_t>(
            std::count_if(enrolled.begin(), enrolled.end(), [](const Enrolled& student) { return student.lost; }));

        std::printf(
            "\nday %d: %zu calls of 15 minutes. A person here is one registration (module, presentation, student), on\n"
            "its own clock; people of equal priority stand in an order by hash, so that nobody is first by habit.\n",
            day, plan.assignments.size());
        std::size_t lost_among_called = 0;
        for (std::size_t i = 0; i < plan.assignments.size(); ++i) {
            const decide::Assignment& assignment = plan.assignments[i];
            const auto student = std::find_if(enrolled.begin(), enrolled.end(),
                                              [&](const Enrolled& each) { return each.person == assignment.person; });
            if (student != enrolled.end() && student->lost) ++lost_among_called;
            if (i >= list) continue;
            const score::EngagementScore score = then.engagement(assignment.person, now);
            const auto& action = then.playbook().actions.actions[assignment.candidate.action];
            std::printf("%4zu  %-24s %s in %s  %6.2f EUR = %.2f x %.0f  engagement %.3f =", i + 1,
                        university.journal().keys_of(assignment.person).front().key.c_str(),
                        action.variants[assignment.candidate.variant].channel.c_str(),
                        action.variants[assignment.candidate.variant].language.c_str(), assignment.candidate.priority,
                        assignment.candidate.factors.propensity, assignment.candidate.factors.value, score.fraction);
            for (std::size_t part = 0; part < score.parts.size(); ++part) {
                std::printf("%s %.3f %s", part == 0 ? "" : " +", score.parts[part].contribution,
                            std::string{score.parts[part].name}.c_str());
            }
            if (score.last_event_at) {
                std::printf("; last seen %d days ago\n",
                            london.local_day(now) - london.local_day(*score.last_event_at));
            } else {
                std::printf("; never seen\n");
            }
        }
        const auto share = [](std::size_t part, std::size_t whole) {
            return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
        };
        const auto n = static_cast<std::size_t>(calls);
        std::printf("\nwhat became of them\n");
        std::printf("  enrolled on day %-3d        %5zu students, %5zu failed or withdrew later: %.1f %% (base rate)\n",
                    day, enrolled.size(), lost, share(lost, enrolled.size()));
        std::printf("  called by the plan         %5zu students, %5zu failed or withdrew later: %.1f %%\n",
                    plan.assignments.size(), lost_among_called, share(lost_among_called, plan.assignments.size()));
        const std::size_t lost_silent = lost_among_first(enrolled, &Enrolled::silence, n);
        std::printf("  longest silent first       %5zu students, %5zu failed or withdrew later: %.1f %%\n",
                    std::min(n, enrolled.size()), lost_silent, share(lost_silent, std::min(n, enrolled.size())));
        std::printf("  AUC over all enrolled: 1 - engagement %.3f, longest silent first %.3f\n",
                    auc(enrolled, &Enrolled::need), auc(enrolled, &Enrolled::silence));
        std::fflush(stdout);
        std::fprintf(stderr, "import %.2f s, fold as of day %d %.2f s, plan %.2f s, in all %.2f s\n", imported, day,
                     folded - imported, planned - folded, seconds());
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
