// EXAMPLE 06_segments: the playbook's segments on one day: who is in them, who came and went, who just missed one.
// SHOWS   advance, segment_sizes, segment_intersections, explain_membership, members_where      BEFORE  04_nightly
// NEEDS   a folder made by sample_institution, or the OULAD files (--oulad FOLDER)    PRINTS  tables (examples/run.sh)
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <alloquy/alloquy.hpp>

#include "support.hpp"

namespace {

using namespace alloquy;

/// In which order the files of the sample institution go in; each has a mapping of the same name.
constexpr const char* sample_tables[] = {"organisations", "people",    "roles",   "consents",    "relations",
                                         "enrolments",    "dialogues", "results", "obligations", "interactions"};
struct Table {
    const char* mapping;
    const char* file;
};
constexpr Table oulad_tables[] = {{"student_info", "studentInfo.csv.gz"},
                                  {"student_registration", "studentRegistration.csv.gz"},
                                  {"student_assessment", "studentAssessment.csv.gz"},
                                  {"student_vle", "studentVle-first-1048575-rows.txt.gz"}};

/// What is asked, and from when on the segments are followed.
struct Question {
    std::string segment;     ///< Who just missed it?
    std::string candidates;  ///< A condition for who may have.
    std::string what_if;     ///< A condition with the parameter $mark.
    std::array<double, 3> marks;
    time::Instant opened;
    time::Instant now;
};

class Stopwatch {
public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string key_of(const Institution& place, PersonId person) {
    const auto keys = place.journal().keys_of(person);
    return keys.empty() ? "?" : keys.front().key;
}

/// What became of all files that were imported.
struct Imported {
    std::size_t files = 0;
    std::uint64_t rows = 0;
    std::uint64_t facts = 0;
    std::uint64_t refused = 0;
};

void import_table(Institution& place, const std::filesystem::path& mapping, const std::filesystem::path& file,
                  time::Instant now, Imported& all) {
    const examples::ProgressBar bar{file.filename().string()};
    io::ImportOptions options{now};
    options.on_progress = [&](const io::ImportProgress& progress) { bar.show(progress); };
    const io::ImportReport report = place.import_csv(io::read_mapping_file(mapping), file, options);
    ++all.files;
    all.rows += report.rows_read;
    all.facts += report.facts_entered;
    all.refused += report.rows_refused;
}
void print_imported(const Imported& all) {
    std::printf("import: %zu files, %llu rows, %llu facts that are new, %llu rows refused\n", all.files,
                static_cast<unsigned long long>(all.rows), static_cast<unsigned long long>(all.facts),
                static_cast<unsigned long long>(all.refused));
}

/// Hands one institution the facts of another that were known by an instant.
void copy_known(const Institution& from, Institution& to, time::Instant now) {
    // The same words in the same order have the same numbers.
    std::vector<std::vector<std::string>> words;
    model::Symbols::for_each(from.symbols(), [&](int, const auto& each) { words.push_back(each.texts()); });
    model::Symbols::for_each(to.symbols(), [&](int kind, auto& each) {
        for (const std::string& word : words[static_cast<std::size_t>(kind)]) each.intern(word);
        if (each.texts() != words[static_cast<std::size_t>(kind)]) throw InvalidArgument{"the vocabularies differ"};
    });
    std::vector<PersonId> people;
    std::vector<std::string> keys;
    from.journal().for_each_person([&](PersonId person, std::uint64_t) {
        people.push_back(person);
        keys.push_back(key_of(from, person));
        return true;
    });
    const std::vector<std::string_view> views{keys.begin(), keys.end()};
    const std::vector<PersonId> copies = to.people("oulad", views, now);
    std::unordered_map<PersonId, PersonId> copy_of;
    for (std::size_t i = 0; i < people.size(); ++i) copy_of.emplace(people[i], copies[i]);
    static_cast<void>(to.record_bulk([&](store::BulkAppend& bulk) {
        std::vector<model::Fact> known;
        from.journal().for_each_person_facts(PersonId{0}, PersonId{std::numeric_limits<std::int64_t>::max()},
                                             [&](PersonId person, std::span<const model::Fact> facts) {
                                                 known.clear();
                                                 for (const model::Fact& fact : facts) {
                                                     if (fact.known_at > now) continue;
                                                     known.push_back(fact);
                                                     known.back().person = copy_of.at(person);
                                                 }
                                                 bulk.append(known);
                                                 return true;
                                             });
    }));
}

// Tables ------------------------------------------------------------------------------------------------------------

std::string local_text(const time::Zone& zone, time::Instant at) {
    const std::string text = to_iso(zone.to_local(at));  // 2026-11-16T08:00:00.000
    return text.substr(0, 10) + ' ' + text.substr(11, 5);
}

/// A found number as a reader wants it; nothing for what is no number.
std::string found_text(const model::AttributeValue& found) {
    const auto* const number = std::get_if<double>(&found);
    if (number == nullptr) return "";
    char text[48];
    std::snprintf(text, sizeof text, "it is %.4g", *number);
    return text;
}

const char* cause_text(store::MembershipCause cause) {
    switch (cause) {
        case store::MembershipCause::fact:
            return "something happened";
        case store::MembershipCause::time:
            return "time passed";
        case store::MembershipCause::edit:
            return "the segment is new or was changed";
    }
    return "";
}

void print_sizes(Institution& place, const Question& question) {
    const std::vector<SegmentSize> sizes = place.segment_sizes(question.now);
    const std::array edges{question.now - std::chrono::hours{7 * 24}, question.now};
    std::printf("\n%-4s%-28s%9s%9s%9s   in the last 7 days\n", "", "segment", "members", "entered", "left");
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const SegmentFlow flow = place.segment_flow(sizes[i].name, edges).front();
        std::printf("%2zu  %-28s%9zu%9zu%9zu\n", i + 1, sizes[i].name.c_str(), sizes[i].members, flow.entered,
                    flow.left);
    }
}

/// One column for each segment, one row for each exact combination, the largest first.
void print_overlap(Institution& place, time::Instant now) {
    constexpr std::size_t most = 10;
    const std::vector<SegmentIntersection> table = place.segment_intersections(now);
    const segment::Segments& segments = place.segments().segments();
    std::printf("\nwho is in exactly these segments: the %zu largest of %zu groups\n%10s ",
                std::min(most, table.size()), table.size(), "people");
    for (std::size_t i = 0; i < segments.size(); ++i) std::printf("%3zu", i + 1);
    std::printf("\n");
    for (std::size_t row = 0; row < std::min(most, table.size()); ++row) {
        const std::vector<std::string>& in = table[row].segments;
        std::printf("%10zu ", table[row].members);
        for (std::size_t i = 0; i < segments.size(); ++i) {
            std::printf("  %s", std::find(in.begin(), in.end(), segments.name(i)) == in.end() ? "." : "x");
        }
        std::printf("%s\n", in.empty() ? "  (none)" : "");
    }
}

/// The tree of a condition, one test a line: does it hold, and what was found. Of a segment that it names more than
/// once the tests stand below the first.
void print_tree(const segment::ExplainedCondition& part, const segment::Catalogue& fields, int depth,
                std::set<std::string>& named) {
    std::string text = part.text;
    const segment::Condition condition = segment::parse(part.text, fields);
    if (std::holds_alternative<segment::All>(condition.node)) text = "all of these";
    if (std::holds_alternative<segment::Any>(condition.node)) text = "any of these";
    if (std::holds_alternative<segment::Not>(condition.node)) text = "not";
    const std::string found = found_text(part.found);
    std::printf("  %-3s %*s%s%s%s\n", part.holds ? "yes" : "no", 2 * depth, "", text.c_str(), found.empty() ? "" : ": ",
                found.c_str());
    if (std::holds_alternative<segment::InSegment>(condition.node) && !named.insert(part.text).second) return;
    for (const segment::ExplainedCondition& each : part.parts) print_tree(each, fields, depth + 1, named);
}

/// Of those who are not in the segment, the one for whom a number would have to change least.
std::optional<PersonId> who_just_missed(Institution& place, const Question& question) {
    std::optional<PersonId> nearest;
    double least = 2;
    for (const PersonId person : place.members_where(question.candidates, question.now)) {
        const segment::MembershipExplanation why = place.explain_membership(person, question.segment, question.now);
        for (const segment::SingleChange& change : why.changes) {
            if (change.distance >= least || !std::holds_alternative<double>(change.found)) continue;
            least = change.distance;
            nearest = person;
        }
    }
    return nearest;
}

void print_near_miss(Institution& place, const Question& question, const time::Zone& zone) {
    const std::optional<PersonId> person = who_just_missed(place, question);
    if (!person) {
        std::printf("\nnobody just missed \"%s\"\n", question.segment.c_str());
        return;
    }
    const std::string key = key_of(place, *person);
    const segment::MembershipExplanation why = place.explain_membership(*person, question.segment, question.now);
    std::printf("\nwho just missed \"%s\": %s\n", question.segment.c_str(), key.c_str());
    std::set<std::string> named;
    print_tree(why.condition, place.fields(), 0, named);
    std::printf("  one change would be enough, the smallest first:\n");
    for (const segment::SingleChange& change : why.changes) {
        std::string more = found_text(change.found);
        if (!more.empty()) more = "; " + more;
        if (change.by_itself_at) more += "; may turn by itself from " + local_text(zone, *change.by_itself_at) + " on";
        std::printf("    %s%s%s\n", change.holds ? "no longer " : "", change.test.c_str(), more.c_str());
    }
    constexpr std::size_t most = 12;
    const std::vector<store::MembershipRecord> records = place.membership_changes_of(*person);
    const std::size_t first = records.size() > most ? records.size() - most : 0;
    std::printf("\nwhat is on record of %s: the last %zu of %zu changes\n", key.c_str(), records.size() - first,
                records.size());
    for (std::size_t i = first; i < records.size(); ++i) {
        const store::MembershipRecord& record = records[i];
        std::printf("  %s  %s%-8s %-24s %s\n", local_text(zone, record.at).c_str(),
                    record.retracted ? "taken back: " : "",
                    record.step == store::MembershipStep::entered ? "entered" : "left", record.segment.c_str(),
                    cause_text(record.cause));
    }
}

void print_what_if(Institution& place, const Question& question) {
    std::printf("\nwhat if: %s\n", question.what_if.c_str());
    for (const double mark : question.marks) {
        const auto people = place.members_where(question.what_if, question.now, {{"mark", mark}});
        std::printf("  %6zu people where $mark = %g\n", people.size(), mark);
    }
}

/// Everything that is printed of one institution, once its facts are in.
void print_all(Institution& place, const Question& question, const time::Zone& zone) {
    const Stopwatch watch;
    place.advance(question.now);
    const double followed = watch.seconds();
    const auto& engine = place.engine();
    std::printf("\n%zu segments of %s on %s, followed since %s\n", place.playbook().segments.size(),
                place.playbook().name.c_str(), local_text(zone, question.now).c_str(),
                local_text(zone, question.opened).c_str());
    std::printf("%u people, %llu facts, %llu changes of membership on record\n", engine.size(),
                static_cast<unsigned long long>(place.journal().fact_count()),
                static_cast<unsigned long long>(place.journal().last_membership_number()));
    print_sizes(place, question);
    print_overlap(place, question.now);
    print_near_miss(place, question, zone);
    print_what_if(place, question);
    std::fflush(stdout);
    std::fprintf(stderr, "fold and follow %.2f s, tables %.2f s\n", followed, watch.seconds() - followed);
}

void sample(const examples::Arguments& arguments, const std::filesystem::path& folder) {
    const std::filesystem::path data = arguments.text("--data", "sample");
    const auto now = time::instant_from_iso(arguments.text("--now", "2026-09-01T06:00:00Z"));
    if (!now) throw InvalidArgument{"--now takes an instant such as 2026-09-01T06:00:00Z"};
    const Question question{"needs a call",
                            "role student and not in segment \"needs a call\"",
                            "role student and mean fraction of results in last 120 days < $mark",
                            {0.45, 0.5, 0.55},
                            *now - std::chrono::hours{77 * 24},
                            *now};
    auto college = Institution::open(arguments.text("--journal", (data / "segments.alloquy").string()),
                                     io::read_playbook_file(folder / "playbooks" / "sample.json"), question.opened);
    Imported imported;
    const Stopwatch watch;
    for (const std::string table : sample_tables) {
        import_table(college, folder / "mappings" / "sample" / (table + ".json"), data / (table + ".csv"), *now,
                     imported);
    }
    print_imported(imported);
    std::fprintf(stderr, "import %.2f s\n", watch.seconds());
    print_all(college, question, io::read_zone("Europe/Amsterdam"));
}

void oulad(const examples::Arguments& arguments, const std::filesystem::path& folder) {
    const std::filesystem::path data = arguments.text("--oulad", "../shared/data/oulad");
    const int day = arguments.number("--day", 56);
    // Day 0 of every presentation stands for 1 October 2013; the day ends at midnight in London.
    const time::Zone london = io::read_zone("Europe/London");
    const time::Day origin = time::Day::from_ymd(2013, 10, 1);
    const Question question{"to call",
                            "in segment \"on course\" and not in segment \"to call\"",
                            "in segment \"on course\" and mean fraction of results in this term < $mark",
                            {0.3, 0.4, 0.5},
                            london.start_of_day(origin),
                            london.start_of_day(origin + (day + 1)) - std::chrono::milliseconds{1}};
    const time::Instant imported_at = london.start_of_day(origin + 400);

    // The files tell whole presentations; the segments are to see what was known on the day alone.
    const engine::Playbook playbook = io::read_playbook_file(folder / "playbooks" / "oulad.json");
    auto everything = Institution::in_memory(playbook, imported_at);
    Imported files;
    const Stopwatch watch;
    for (const Table& table : oulad_tables) {
        import_table(everything, folder / "mappings" / "oulad" / (std::string{table.mapping} + ".json"),
                     data / table.file, imported_at, files);
    }
    const double imported = watch.seconds();
    print_imported(files);
    auto university = Institution::in_memory(playbook, question.opened);
    copy_known(everything, university, question.now);
    std::fprintf(stderr, "import %.2f s, copy of what was known by day %d %.2f s\n", imported, day,
                 watch.seconds() - imported);
    print_all(university, question, london);
}

}  // namespace

int main(int count, char** values) {
    try {
        const examples::Arguments arguments{
            count, values, {"--data", "--journal", "--examples", "--now", "--oulad", "--day"}};
        const std::filesystem::path folder = arguments.text("--examples", "examples");
        if (arguments.text("--oulad", "").empty()) {
            sample(arguments, folder);
        } else {
            oulad(arguments, folder);
        }
        return EXIT_SUCCESS;
    } catch (const alloquy::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
