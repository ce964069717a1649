// The segments of the example playbooks: twelve each, and in a small sample college who is in them by the files' rows.
// What the whole files say, and OULAD's, count_segments.py counts.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/alloquy.hpp>
#include <sample_institution/generator.hpp>

using namespace alloquy;
namespace fs = std::filesystem;

namespace {

fs::path examples_folder() {
    const char* const source = std::getenv("ALLOQUY_SOURCE");
    return fs::path{source == nullptr ? "." : source} / "examples";
}
engine::Playbook playbook(std::string_view name) {
    return io::read_playbook_file(examples_folder() / "playbooks" / (std::string{name} + ".json"));
}

/// 08:00 on a Monday in Amsterdam.
time::Instant now() {
    return time::instant_from_iso("2026-11-16T07:00:00Z").value();
}
constexpr const char* tables[] = {"organisations", "people",    "roles",   "consents",    "relations",
                                  "enrolments",    "dialogues", "results", "obligations", "interactions"};

/// 1,500 people in two years, with their files, followed for eleven weeks; made once for all cases below.
class College {
public:
    College() {
        std::random_device device;  // for the folder's name alone
        folder_ = fs::temp_directory_path() / ("alloquy_segments_" + std::to_string(device()));
        sample::Options options;
        options.people = 1500;
        options.end_exclusive = time::Day::from_ymd(2026, 11, 16);
        sample::generate(options, folder_);
        institution_ = std::make_unique<Institution>(
            Institution::in_memory(playbook("sample"), now() - std::chrono::hours{11 * 7 * 24}));
        for (const std::string table : tables) {
            (void)institution_->import_csv(
                io::read_mapping_file(examples_folder() / "mappings/sample" / (table + ".json")),
                folder_ / (table + ".csv"), io::ImportOptions{now()});
        }
        institution_->advance(now());
    }
    College(const College&) = delete;
    College& operator=(const College&) = delete;
    ~College() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    [[nodiscard]] Institution& institution() { return *institution_; }
    [[nodiscard]] std::set<std::string> members(std::string_view segment) {
        std::set<std::string> keys;
        for (const PersonId person : institution_->members(segment, now())) {
            keys.insert(institution_->journal().keys_of(person).front().key);
        }
        return keys;
    }
    /// Visits the good rows of a file in order of time, then of arrival; each once.
    void for_each_row(const std::string& table,
                      const std::function<void(std::map<std::string, std::string>&)>& visit) const {
        io::CsvReader reader{io::open_file(folder_ / (table + ".csv"))};
        io::CsvRow row;
        std::set<std::string> seen;
        std::vector<std::map<std::string, std::string>> rows;
        while (reader.next(row)) {
            std::map<std::string, std::string> fields;
            for (std::size_t i = 0; i < reader.header().size(); ++i) fields[reader.header()[i]] = row[i];
            if (fields["id"].starts_with("broken-") || !seen.insert(fields["id"]).second) continue;
            rows.push_back(std::move(fields));
        }
        std::stable_sort(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return a.at("at") < b.at("at"); });
        for (auto& fields : rows) visit(fields);
    }

private:
    fs::path folder_;
    std::unique_ptr<Institution> institution_;
};
College& college() {
    static College all;
    return all;
}

}  // namespace

TEST_SUITE("examples/segments") {
    TEST_CASE("each example playbook has twelve segments, each with a line in plain words before it") {
        for (const char* name : {"sample", "oulad"}) {
            CAPTURE(name);
            const engine::Playbook policy = playbook(name);
            CHECK(policy.segments.size() == 12);
            for (const segment::SegmentConfig& segment : policy.segments) {
                CAPTURE(segment.name);
                CHECK(segment.condition.starts_with("# "));
                CHECK(segment.condition.find('\n') != std::string::npos);
            }
        }
    }
    TEST_CASE("an open complaint is a dialogue whose last tone is complaint and whose last step is not confirmed") {
        std::map<std::string, std::pair<std::string, std::string>> dialogues;  // step and tone
        std::map<std::string, std::string> whose;
        college().for_each_row("dialogues", [&](auto& row) {
            auto& [step, tone] = dialogues[row["dialogue"]];
            step = row["step"];
            if (!row["tone"].empty()) tone = row["tone"];
            whose[row["dialogue"]] = row["person"];
        });
        std::set<std::string> expected;
        for (const auto& [dialogue, last] : dialogues) {
            if (last.first != "confirmed" && last.second == "complaint") expected.insert(whose[dialogue]);
        }
        CHECK(!expected.empty());
        CHECK(college().members("open complaint") == expected);
    }
    TEST_CASE("a fee is overdue when it was due, neither paid nor waived, and nobody of finance is in talks") {
        std::map<std::pair<std::string, std::string>, std::string> due;  // by person and item
        college().for_each_row("obligations", [&](auto& row) {
            if (row["kind"] != "tuition_fee") return;
            if (row["step"] == "opened") due[{row["person"], row["item"]}] = row["due"];
        });
        college().for_each_row("obligations", [&](auto& row) {
            if (row["kind"] == "tuition_fee" && row["step"] != "opened") due.erase({row["person"], row["item"]});
        });
        std::map<std::string, std::string> last_step;
        std::map<std::string, std::pair<std::string, std::string>> talks;  // topic and person
        college().for_each_row("dialogues", [&](auto& row) {
            last_step[row["dialogue"]] = row["step"];
            auto& [topic, person] = talks[row["dialogue"]];
            if (!row["topic"].empty()) topic = row["topic"];
            person = row["person"];
        });
        std::set<std::string> in_talks;
        for (const auto& [dialogue, talk] : talks) {
            const bool of_finance = talk.first == "finance" || talk.first == "scholarship";
            if (of_finance && last_step[dialogue] != "confirmed") in_talks.insert(talk.second);
        }
        std::set<std::string> expected;
        for (const auto& [duty, by] : due) {
            // Both are ISO texts in UTC.
            if (by < "2026-11-16T07:00:00Z" && !in_talks.contains(duty.first)) expected.insert(duty.first);
        }
        CHECK(!expected.empty());
        CHECK(college().members("fee overdue") == expected);
    }
    TEST_CASE("silent are the students without an act of their own since Monday a week ago, when the block began") {
        std::map<std::string, std::map<std::string, bool>> studies;  // by person and programme
        college().for_each_row("roles", [&](auto& row) {
            if (row["kind"] == "student") studies[row["person"]][row["programme"]] = row["change"] == "started";
        });
        std::set<std::string> active;
        college().for_each_row("interactions", [&](auto& row) {
            if (row["direction"] == "inbound" && row["at"] >= "2026-11-09T00:00:00") active.insert(row["person"]);
        });
        std::set<std::string> expected;
        for (const auto& [person, programmes] : studies) {
            const bool is_student =
                std::any_of(programmes.begin(), programmes.end(), [](const auto& p) { return p.second; });
            if (is_student && !active.contains(person)) expected.insert(person);
        }
        CHECK(!expected.empty());
        CHECK(college().members("silent this block") == expected);
    }
    TEST_CASE("asked afresh, every segment has the members that were followed") {
        Institution& institution = college().institution();
        for (const segment::SegmentConfig& segment : institution.playbook().segments) {
            CAPTURE(segment.name);
            CHECK(institution.members_where(segment.condition, now()) == institution.members(segment.name, now()));
        }
    }
    TEST_CASE("a tenth of those who need a call is held out, and nobody else") {
        const std::set<std::string> needing = college().members("needs a call");
        const std::set<std::string> held_out = college().members("held out");
        CHECK(std::includes(needing.begin(), needing.end(), held_out.begin(), held_out.end()));
        CHECK(held_out.size() < needing.size());
    }
}
