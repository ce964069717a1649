// The sample college: what its README promises about files, rows and effects is what the files hold.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/error.hpp>
#include <alloquy/model/consent.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/names.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/time/day.hpp>
#include <sample_institution/generator.hpp>

namespace {

namespace fs = std::filesystem;
namespace model = alloquy::model;
using alloquy::time::Day;

/// A folder of its own, removed at the end.
class Folder {
public:
    explicit Folder(const sample::Options& options) {
        std::random_device device;  // for the folder's name alone
        path_ =
            fs::temp_directory_path() / ("sample_institution_" + std::to_string(device()) + std::to_string(device()));
        counts_ = sample::generate(options, path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string text(std::string_view file) const {
        std::ifstream in{path_ / file, std::ios::binary};
        REQUIRE(in);
        std::string content(static_cast<std::size_t>(fs::file_size(path_ / file)), '\0');
        in.read(content.data(), static_cast<std::streamsize>(content.size()));
        REQUIRE(in);
        return content;
    }
    [[nodiscard]] const sample::Counts& counts() const { return counts_; }

private:
    fs::path path_;
    sample::Counts counts_{};
};

/// 5,000 people, two years: generated once for all cases below.
const Folder& college() {
    static const Folder folder{sample::Options{}};
    return folder;
}

using Fields = std::vector<std::string>;

/// One file, read by the grammar of RFC 4180, section 2; `is_clean` stays true while every record ends in CRLF.
struct Table {
    std::vector<std::string> header;
    std::vector<Fields> rows;  ///< Doubles and broken rows included.
    std::vector<bool> is_new;  ///< Per row: neither broken nor a double.
    bool is_clean = true;

    [[nodiscard]] std::size_t column(std::string_view name) const {
        const auto found = std::find(header.begin(), header.end(), name);
        REQUIRE(found != header.end());
        return static_cast<std::size_t>(found - header.begin());
    }
};

Table read_table(const std::string& text) {
    Table table;
    Fields fields(1);
    bool is_quoted = false;
    const auto end_record = [&] {
        if (table.header.empty()) {
            table.header = std::move(fields);
        } else {
            table.rows.push_back(std::move(fields));
        }
        fields.assign(1, {});
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_quoted) {
            if (c != '"') {
                fields.back() += c;
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                fields.back() += text[++i];
            } else {
                is_quoted = false;
            }
        } else if (c == '"') {
            is_quoted = true;
        } else if (c == ',') {
            fields.emplace_back();
        } else if (c == '\r') {
            if (i + 1 >= text.size() || text[i + 1] != '\n') table.is_clean = false;
        } else if (c == '\n') {
            if (i == 0 || text[i - 1] != '\r') table.is_clean = false;
            end_record();
        } else {
            const std::size_t stop = std::min(text.find_first_of(",\"\r\n", i), text.size());
            fields.back().append(text, i, stop - i);
            i = stop - 1;
        }
    }
    if (fields.size() != 1 || !fields[0].empty()) table.is_clean = false;  // the last record must end, too
    return table;
}

bool is_broken(const Fields& row) {
    return row[0].rfind("broken-", 0) == 0;
}

const Table& table(std::string_view file) {
    static std::map<std::string, Table, std::less<>> tables;
    const auto found = tables.find(file);
    if (found != tables.end()) return found->second;
    Table read = read_table(college().text(file));
    std::unordered_set<std::string_view> seen;
    for (const Fields& row : read.rows) read.is_new.push_back(!is_broken(row) && seen.insert(row[0]).second);
    return tables.emplace(std::string{file}, std::move(read)).first->second;
}

/// Visits the good rows of a file, each once, with the fields of the named columns.
void for_each_good(std::string_view file, const std::vector<std::string_view>& columns,
                   const std::function<void(const std::vector<std::string_view>&)>& visit) {
    const Table& all = table(file);
    std::vector<std::size_t> places;
    for (const std::string_view name : columns) places.push_back(all.column(name));
    std::vector<std::string_view> picked(places.size());
    for (std::size_t row = 0; row < all.rows.size(); ++row) {
        if (!all.is_new[row]) continue;
        for (std::size_t i = 0; i < places.size(); ++i) picked[i] = all.rows[row][places[i]];
        visit(picked);
    }
}

// -- What a field may hold ----------------------------------------------------------------------------------------

using Check = std::function<bool(std::string_view)>;

template <class Enum>
bool is_name(std::string_view text) {
    return model::from_name<Enum>(text).has_value();
}
Check optional(Check check) {
    return [check = std::move(check)](std::string_view text) { return text.empty() || check(text); };
}
bool anything(std::string_view) {
    return true;
}
bool something(std::string_view text) {
    return !text.empty();
}
bool is_person(std::string_view text) {
    return text.size() == 7 && text[0] == 'P' && text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}
bool is_count(std::string_view text) {
    return !text.empty() && text[0] != '0' && text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_fraction(std::string_view text) {
    return text.size() == 4 && text[1] == '.' && (text[0] == '0' || text == "1.00") &&
           text.find_first_not_of("0123456789.") == std::string_view::npos;
}
/// Whether the text is a date; remembered, as a million times share some hundreds of dates.
bool is_date(std::string_view text) {
    static std::map<std::string, bool, std::less<>> known;
    const auto found = known.find(text);
    return found != known.end() ? found->second
                                : known.emplace(std::string{text}, Day::from_iso(text).has_value()).first->second;
}
/// "YYYY-MM-DDTHH:MM:SS".
bool is_local(std::string_view text) {
    if (text.size() != 19 || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
    const auto is_below = [&](std::size_t place, int limit) {
        const int tens = text[place] - '0';
        const int ones = text[place + 1] - '0';
        return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && tens * 10 + ones < limit;
    };
    return is_below(11, 24) && is_below(14, 60) && is_below(17, 60) && is_date(text.substr(0, 10));
}
bool is_utc(std::string_view text) {
    return text.size() == 20 && text[19] == 'Z' && is_local(text.substr(0, 19));
}
bool is_change(std::string_view text) {
    return text == "started" || text == "ended";
}
bool is_language(std::string_view text) {
    constexpr std::array<std::string_view, 7> known{"nl", "en", "de", "tr", "uk", "ar", "pl"};
    return std::find(known.begin(), known.end(), text) != known.end();
}

struct Format {
    std::string_view file;
    std::string_view header;
    std::vector<Check> checks;
    std::uint64_t broken;  ///< As the README says.
};

const std::vector<Format>& formats() {
    static const std::vector<Format> all{
        {"people.csv",
         "id,person,email,language,zone,birth_year,region,prior_education,site",
         {something, is_person, something, optional(is_language), anything, is_count, something, anything, something},
         2},
        {"roles.csv",
         "id,person,kind,programme,site,change,at",
         {something, is_person, is_name<model::RoleKind>, anything, anything, is_change, is_local},
         4},
        {"consents.csv",
         "id,person,purpose,channel,decision,text_version,at",
         {something, is_person, something, anything, is_name<model::ConsentDecision>, something, is_utc},
         4},
        {"interactions.csv",
         "id,person,at,known_at,channel,act,direction,topic,language,actor,team,dialogue,purpose,action,quantity,tone,"
         "text",
         {something, is_person, is_local, is_local, something, is_name<model::Act>, is_name<model::Direction>,
          something, optional(is_language), is_name<model::ActorKind>, anything, optional(is_count), anything, anything,
          is_count, optional(is_name<model::Tone>), anything},
         8},
        {"dialogues.csv",
         "id,person,dialogue,step,team,topic,tone,at",
         {something, is_person, is_count, is_name<model::DialogueStep>, anything, anything,
          optional(is_name<model::Tone>), is_utc},
         5},
        {"relations.csv",
         "id,person,kind,other_person,organisation,at",
         {something, is_person, is_name<model::RelationKind>, optional(is_person), anything, is_local},
         3},
        {"organisations.csv", "id,kind,name", {something, is_name<model::OrganisationKind>, something}, 0},
        {"enrolments.csv",
         "id,person,programme,status,at",
         {something, is_person, something, is_name<model::EnrolmentStatus>, is_local},
         4},
        {"results.csv", "id,person,assessment,fraction,at", {something, is_person, something, is_fraction, is_utc}, 5},
        {"obligations.csv",
         "id,person,kind,item,step,due,at",
         {something, is_person, something, something, is_name<model::ObligationStep>, optional(is_utc), is_utc},
         4},
    };
    return all;
}

bool is_sound(const Format& format, const Fields& row) {
    if (row.size() != format.checks.size()) return false;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (!format.checks[i](row[i])) return false;
    }
    // A relation has exactly one other side.
    return format.file != "relations.csv" || row[3].empty() != row[4].empty();
}

// -- truth.csv ----------------------------------------------------------------------------------------------------

struct Truth {
    std::string person;
    double difficulty;
    double interest;
    double forgetfulness;
    double affinity;
    bool is_assigned;
    double propensity;
    double effect;
    double p0;
    double p1;
    bool y0;
    bool y1;
    [[nodiscard]] bool outcome() const { return is_assigned ? y1 : y0; }
};

std::vector<Truth> truth_of(const std::string& treatment) {
    std::vector<std::string_view> columns{"person", "difficulty", "interest", "forgetfulness", "affinity"};
    std::vector<std::string> own;
    for (const char* name : {"_assigned", "_propensity", "_effect", "_p0", "_p1", "_y0", "_y1"}) {
        own.push_back(treatment + name);
    }
    columns.insert(columns.end(), own.begin(), own.end());
    std::vector<Truth> all;
    for_each_good("truth.csv", columns, [&](const auto& f) {
        if (f[5].empty()) return;
        const auto number = [&](std::size_t i) { return std::stod(std::string{f[i]}); };
        all.push_back({std::string{f[0]}, number(1), number(2), number(3), number(4), f[5] == "1", number(6), number(7),
                       number(8), number(9), f[10] == "1", f[11] == "1"});
    });
    return all;
}

template <class Value>
double mean(const std::vector<Truth>& all, Value&& value) {
    double sum = 0.0;
    for (const Truth& truth : all) sum += static_cast<double>(value(truth));
    return sum / static_cast<double>(all.size());
}

double logistic(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

/// Expectation of f over a standard normal variable: midpoint rule on [-8, 8].
template <class Function>
double normal_mean(Function&& f) {
    double sum = 0.0;
    double mass = 0.0;
    for (double x = -7.995; x < 8.0; x += 0.01) {
        const double weight = std::exp(-0.5 * x * x);
        sum += weight * f(x);
        mass += weight;
    }
    return sum / mass;
}

/// An estimate of the average effect from outcomes and propensities alone (Hájek's weighting), with its standard error.
std::pair<double, double> weighted_difference(const std::vector<Truth>& all) {
    std::array<double, 2> weight{};
    std::array<double, 2> sum{};
    const auto weight_of = [](const Truth& t) { return 1.0 / (t.is_assigned ? t.propensity : 1.0 - t.propensity); };
    for (const Truth& t : all) {
        weight[t.is_assigned ? 1 : 0] += weight_of(t);
        sum[t.is_assigned ? 1 : 0] += t.outcome() ? weight_of(t) : 0.0;
    }
    double variance = 0.0;
    for (const Truth& t : all) {
        const std::size_t arm = t.is_assigned ? 1 : 0;
        const double part = weight_of(t) / weight[arm] * ((t.outcome() ? 1.0 : 0.0) - sum[arm] / weight[arm]);
        variance += part * part;
    }
    return {sum[1] / weight[1] - sum[0] / weight[0], std::sqrt(variance)};
}

double plus(double x) {
    return x > 0.0 ? x : 0.0;
}

}  // namespace

TEST_SUITE("examples/sample_institution") {
    TEST_CASE("equal options give byte-equal files, another seed does not") {
        sample::Options options;
        options.people = 400;
        const Folder first{options};
        const Folder second{options};
        options.seed = 2;
        const Folder other{options};
        CHECK(first.counts() == second.counts());
        for (const std::string_view file : sample::file_names) {
            CAPTURE(file);
            CHECK(first.text(file) == second.text(file));
            if (file != "organisations.csv") CHECK(first.text(file) != other.text(file));
        }
    }

    TEST_CASE("a person lives the same life in a college of another size") {
        sample::Options options;
        options.people = 300;
        const std::string smaller = Folder{options}.text("truth.csv");
        options.people = 400;
        CHECK(Folder{options}.text("truth.csv").compare(0, smaller.size(), smaller) == 0);
    }

    TEST_CASE("options out of range are the caller's mistake") {
        const fs::path unused = fs::temp_directory_path() / "sample_institution_unused";
        sample::Options options;
        options.people = 0;
        CHECK_THROWS_AS(sample::generate(options, unused), alloquy::InvalidArgument);
        options = {};
        options.people = 1'000'000;
        CHECK_THROWS_AS(sample::generate(options, unused), alloquy::InvalidArgument);
        options = {};
        options.years = 11;
        CHECK_THROWS_AS(sample::generate(options, unused), alloquy::InvalidArgument);
        options = {};
        options.end_exclusive = Day::from_ymd(2000, 12, 31);
        CHECK_THROWS_AS(sample::generate(options, unused), alloquy::InvalidArgument);
        CHECK_FALSE(fs::exists(unused));
    }

    TEST_CASE("a folder that cannot be made is an error") {
        CHECK_THROWS_AS(sample::generate(sample::Options{1}, "/dev/null/folder"), alloquy::Error);
    }

    TEST_CASE("one person, one year and odd ends of the period work") {
        sample::Options options{1, 1, 5, Day::from_ymd(2024, 2, 29)};
        CHECK(Folder{options}.counts()[0].rows == 3);  // the person and two broken rows
        options = {60, 3, 5, Day::from_ymd(2025, 12, 20)};
        CHECK(Folder{options}.counts()[3].rows > 1'000);
    }

    TEST_CASE("every field of a good row is valid, and exactly the documented broken rows are not") {
        for (const Format& format : formats()) {
            CAPTURE(format.file);
            const Table& all = table(format.file);
            CHECK(all.is_clean);
            std::string header;
            for (const std::string& name : all.header) header += (header.empty() ? "" : ",") + name;
            CHECK(header == format.header);
            std::uint64_t unsound = 0;
            std::uint64_t mismarked = 0;
            for (const Fields& row : all.rows) {
                const bool is_good = is_sound(format, row);
                if (!is_good) ++unsound;
                if (is_good == is_broken(row)) ++mismarked;
            }
            CHECK(unsound == format.broken);
            CHECK(mismarked == 0);
        }
    }

    TEST_CASE("the counts returned are those of the files: every 500th good row twice, 1 % of contacts late") {
        for (std::size_t i = 0; i < sample::file_names.size(); ++i) {
            const std::string_view file = sample::file_names[i];
            CAPTURE(file);
            const Table& all = table(file);
            std::unordered_map<std::string_view, const Fields*> first;
            std::uint64_t doubles = 0;
            std::uint64_t broken = 0;
            for (const Fields& row : all.rows) {
                if (is_broken(row)) ++broken;
                const auto [place, is_new] = first.emplace(row[0], &row);
                if (is_new) continue;
                ++doubles;
                CHECK(*place->second == row);
            }
            const bool is_doubled = file != "organisations.csv" && file != "truth.csv";
            CHECK(all.rows.size() == college().counts()[i].rows);
            CHECK(broken == college().counts()[i].broken);
            CHECK(doubles == college().counts()[i].doubles);
            CHECK(doubles == (is_doubled ? (all.rows.size() - doubles - broken) / 500 : 0));
        }
        std::uint64_t late = 0;
        std::uint64_t contacts = 0;
        bool is_ever_before = false;
        for_each_good("interactions.csv", {"at", "known_at"}, [&](const auto& f) {
            ++contacts;
            if (f[0] != f[1]) ++late;
            if (f[1] < f[0]) is_ever_before = true;
        });
        CHECK_FALSE(is_ever_before);
        CHECK(late == college().counts()[3].late);
        CHECK(contacts >= 300'000);
        CHECK(contacts <= 600'000);
        // Binomial with p = 0.01: standard deviation 75 of 560,000; some late ones fall behind the end.
        CHECK(std::abs(static_cast<double>(late) / static_cast<double>(contacts) - 0.0099) < 0.0006);
    }

    TEST_CASE("contacts lie in the period, in order of arrival, and never in the hour that occurs twice") {
        std::string previous;
        bool is_ordered = true;
        bool is_within = true;
        bool is_unambiguous = true;
        std::map<std::string, int> months;
        std::array<int, 7> weekdays{};
        for_each_good("interactions.csv", {"at", "known_at"}, [&](const auto& f) {
            if (f[1] < previous) is_ordered = false;
            previous = f[1];
            if (f[0] < "2024-09-01T00:00:00" || f[0] >= "2026-09-01T00:00:00") is_within = false;
            // Summer time ended on 27 October 2024 and 26 October 2025 (last Sundays; directive 2000/84/EC).
            for (const std::string_view time : f) {
                const std::string_view hour_text = time.substr(0, 13);
                if (hour_text == "2024-10-27T02" || hour_text == "2025-10-26T02") is_unambiguous = false;
            }
            ++months[std::string{f[0].substr(0, 7)}];
            ++weekdays[static_cast<std::size_t>(Day::from_iso(f[0].substr(0, 10)).value().weekday())];
        });
        CHECK(is_ordered);
        CHECK(is_within);
        CHECK(is_unambiguous);
        CHECK(months.size() == 24);
        CHECK(4 * months["2025-08"] < months["2025-10"]);  // summer is quiet
        CHECK(months["2026-01"] > months["2026-02"]);      // exams in late January
        for (std::size_t i = 0; i < 5; ++i) CHECK(weekdays[i] > weekdays[5]);
    }

    TEST_CASE("languages, zones and kinds of people have the documented shares") {
        std::map<std::string, int> languages;
        std::map<std::string, int> zones;
        for_each_good("people.csv", {"language", "zone"}, [&](const auto& f) {
            ++languages[std::string{f[0]}];
            ++zones[std::string{f[1]}];
        });
        // README: 74 %, 1.5 %, 93 %, 2 % of 5,000 people; bounds are four standard deviations.
        CHECK(std::abs(languages["nl"] - 3'700) < 125);
        CHECK(std::abs(languages[""] - 75) < 35);
        CHECK(std::abs(zones["Europe/Amsterdam"] - 4'650) < 75);
        CHECK(std::abs(zones[""] - 100) < 40);
        CHECK(languages.size() == 8);
        CHECK(zones.size() == 10);

        std::map<std::string, std::set<std::string>> kinds;  // per person
        std::map<std::string, int> current;                  // roles now, per person
        int ended_before_start = 0;
        std::set<std::pair<std::string, std::string>> running;
        for_each_good("roles.csv", {"person", "kind", "change"}, [&](const auto& f) {
            const std::string person{f[0]};
            const std::pair<std::string, std::string> role{person, std::string{f[1]}};
            kinds[person].insert(role.second);
            if (f[2] == "started") {
                running.insert(role);
                ++current[person];
            } else if (running.erase(role) == 0) {
                ++ended_before_start;
            } else {
                --current[person];
            }
        });
        CHECK(ended_before_start == 0);
        CHECK(kinds.size() == 5'000);
        const auto people_with = [&](std::initializer_list<std::string> wanted) {
            return std::count_if(kinds.begin(), kinds.end(), [&](const auto& entry) {
                return std::all_of(wanted.begin(), wanted.end(),
                                   [&](const std::string& kind) { return entry.second.count(kind) != 0; });
            });
        };
        for (const std::string_view kind : model::EnumNames<model::RoleKind>::values) {
            CAPTURE(kind);
            CHECK(people_with({std::string{kind}}) >= 40);
        }
        CHECK(people_with({"prospect", "applicant", "student", "alumnus"}) >= 100);
        CHECK(people_with({"student", "staff"}) >= 20);
        CHECK(std::count_if(current.begin(), current.end(), [](const auto& entry) { return entry.second >= 2; }) >= 50);
    }

    TEST_CASE("consents gate what rests on them, objections the rest") {
        std::map<std::pair<std::string, std::string>, std::vector<std::pair<std::string, std::string>>> said;
        for_each_good("consents.csv", {"person", "purpose", "channel", "decision", "at"}, [&](const auto& f) {
            if (!f[2].empty()) return;
            said[{std::string{f[0]}, std::string{f[1]}}].emplace_back(f[4], f[3]);
        });
        std::map<std::string, std::uint64_t> sent;
        std::uint64_t unlawful = 0;
        for_each_good("interactions.csv", {"person", "at", "direction", "purpose", "act"}, [&](const auto& f) {
            if (f[2] != "outbound" || f[3].empty() || (f[4] != "sent" && f[4] != "called")) return;
            const std::string purpose{f[3]};
            ++sent[purpose];
            if (purpose == "service") return;
            // Messages leave between 08:00 and 17:00, when local time is one or two hours ahead of UTC. Where a
            // decision fell within those hours of the message its order is not tested.
            const std::string at{f[1]};
            const std::string day_before = to_iso(Day::from_iso(at.substr(0, 10)).value() - 1);
            std::string last;
            bool is_near = false;
            for (const auto& [when, decision] : said[{std::string{f[0]}, purpose}]) {
                if (when.substr(0, 10) >= day_before && when.substr(0, 10) <= at.substr(0, 10)) is_near = true;
                if (when < at) last = decision;
            }
            const bool rests_on_consent = purpose != "study_guidance" && purpose != "study_progress";
            if (!is_near && (rests_on_consent ? last != "given" : last == "objected")) ++unlawful;
        });
        CHECK(unlawful == 0);
        CHECK(sent.size() == 6);
    }

    TEST_CASE("texts keep quotation marks, commas and line breaks through the file") {
        std::set<std::string_view> texts;
        for_each_good("interactions.csv", {"text"}, [&](const auto& f) { texts.insert(f[0]); });
        CHECK(texts.count("The page says \"in progress\", what does that mean?") == 1);
        CHECK(texts.count("This is the third time I ask.\nI would like one clear answer.") == 1);
        CHECK(texts.size() == 19);  // 18 sentences and none
    }

    TEST_CASE("dialogues open first, and their contacts carry their number") {
        std::map<std::string, std::vector<std::string>> steps;
        std::map<std::string, std::string> owners;
        for_each_good("dialogues.csv", {"dialogue", "step", "person"}, [&](const auto& f) {
            steps[std::string{f[0]}].emplace_back(f[1]);
            const auto [place, is_new] = owners.emplace(f[0], f[2]);
            if (!is_new) CHECK(place->second == f[2]);
        });
        std::map<std::string, int> seen;
        for (const auto& [dialogue, list] : steps) {
            CHECK(list.front() == "opened");
            CHECK(std::count(list.begin(), list.end(), "opened") == 1);
            for (const std::string& step : list) ++seen[step];
        }
        CHECK(seen.size() == model::enum_size<model::DialogueStep>);
        CHECK(steps.size() > 10'000);
        std::set<std::string_view> in_contacts;
        std::uint64_t strangers = 0;
        std::uint64_t complaints = 0;
        std::set<std::string_view> topics;
        for_each_good("interactions.csv", {"dialogue", "person", "tone", "topic"}, [&](const auto& f) {
            topics.insert(f[3]);
            if (f[2] == "complaint") ++complaints;
            if (f[0].empty()) return;
            in_contacts.insert(f[0]);
            const auto owner = owners.find(std::string{f[0]});
            if (owner == owners.end() || owner->second != f[1]) ++strangers;
        });
        CHECK(in_contacts.size() == steps.size());
        CHECK(strangers == 0);
        CHECK(complaints > 1'000);
        CHECK(topics.size() == 22);
    }

    TEST_CASE("relations name people and organisations that exist, and guardians have wards") {
        std::set<std::string> organisations;
        for_each_good("organisations.csv", {"id"}, [&](const auto& f) { organisations.emplace(f[0]); });
        std::map<std::string, int> kinds;
        std::uint64_t unknown = 0;
        for_each_good("relations.csv", {"kind", "person", "other_person", "organisation"}, [&](const auto& f) {
            ++kinds[std::string{f[0]}];
            if (f[2].empty() ? organisations.count(std::string{f[3]}) == 0 : (f[2] > "P005000" || f[2] == f[1])) {
                ++unknown;
            }
        });
        CHECK(unknown == 0);
        CHECK(kinds["guardian_of"] > 150);
        CHECK(kinds["mentor_of"] > 300);
        CHECK(kinds["works_at"] > 200);
    }

    TEST_CASE("an answer is likelier in the own language") {
        std::map<std::string, std::string> languages;
        for_each_good("people.csv", {"person", "language"}, [&](const auto& f) { languages.emplace(f[0], f[1]); });
        std::array<double, 2> sent{};
        std::array<double, 2> opened{};
        for_each_good("interactions.csv", {"person", "channel", "act", "direction", "language"}, [&](const auto& f) {
            const std::string& own = languages[std::string{f[0]}];
            if (f[1] != "email" || f[4].empty() || own.empty()) return;
            const std::size_t is_own = own == f[4] ? 1 : 0;
            if (f[2] == "sent" && f[3] == "outbound") ++sent[is_own];
            if (f[2] == "opened") ++opened[is_own];
        });
        // README: -0.7 in log-odds, about -0.16 near one half.
        CHECK(opened[1] / sent[1] - opened[0] / sent[0] > 0.1);
    }

    TEST_CASE("probabilities in truth.csv are those of the documented formulas") {
        // Traits are printed with 4 decimals; slopes of at most 1.25 / 4 per unit keep the error below 5e-5.
        constexpr double rounding = 5e-5;
        std::uint64_t wrong = 0;
        std::uint64_t reached = 0;
        const auto differs = [&](double a, double b) { return std::abs(a - b) > rounding; };
        const std::vector<Truth> coaching = truth_of("coaching_call");
        for (const Truth& t : coaching) {
            const double logit = -1.35 + 0.75 * t.difficulty;
            const double treated = logistic(logit - 0.25 - 0.45 * plus(t.difficulty + 0.5));
            if (t.p1 != t.p0) ++reached;
            if (differs(t.p0, logistic(logit)) || (t.p1 != t.p0 && differs(t.p1, treated))) ++wrong;
        }
        CHECK(static_cast<double>(reached) / static_cast<double>(coaching.size()) > 0.7);
        CHECK(reached < coaching.size());
        for (const Truth& t : truth_of("open_day_invitation")) {
            const double logit = -0.1 + t.interest;
            if (differs(t.p0, logistic(logit)) || differs(t.p1, logistic(logit + 0.8 - 0.6 * plus(t.interest))))
                ++wrong;
        }
        for (const Truth& t : truth_of("payment_reminder")) {
            const double logit = 1.2 - 0.4 * t.difficulty - 0.8 * t.forgetfulness;
            if (differs(t.p0, logistic(logit)) || differs(t.p1, logistic(logit + 0.4 + 0.7 * plus(t.forgetfulness)))) {
                ++wrong;
            }
        }
        for (const Truth& t : truth_of("alumni_call")) {
            const double logit = -2.2 + 0.8 * t.affinity;
            const double treated = logistic(logit + 0.5 + 0.4 * t.affinity);
            if (differs(t.p0, logistic(logit)) || (t.p1 != t.p0 && differs(t.p1, treated))) ++wrong;
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("average effects are those of the formulas, and outcomes and propensities alone recover them") {
        struct Expectation {
            std::string treatment;
            double p0;      ///< Mean over a standard normal trait, by numerical integration of the README's formula.
            double effect;  ///< The README's rounded average.
        };
        const std::array expectations{
            Expectation{"coaching_call", normal_mean([](double d) { return logistic(-1.35 + 0.75 * d); }), -0.08},
            Expectation{"open_day_invitation", normal_mean([](double i) { return logistic(-0.1 + i); }), 0.13},
            // Independent normal traits 0.4 d + 0.8 f: one normal variable with the root of the summed squares.
            Expectation{"payment_reminder", normal_mean([](double x) { return logistic(1.2 - std::sqrt(0.8) * x); }),
                        0.11},
            Expectation{"alumni_call", normal_mean([](double a) { return logistic(-2.2 + 0.8 * a); }), 0.07},
        };
        for (const Expectation& expected : expectations) {
            CAPTURE(expected.treatment);
            const std::vector<Truth> all = truth_of(expected.treatment);
            REQUIRE(all.size() > 400);
            const double n = static_cast<double>(all.size());
            const double p0 = mean(all, [](const Truth& t) { return t.p0; });
            const double effect = mean(all, [](const Truth& t) { return t.effect; });
            const double spread = std::sqrt(mean(all, [&](const Truth& t) { return (t.p0 - p0) * (t.p0 - p0); }));
            CHECK(std::abs(p0 - expected.p0) < 4.0 * spread / std::sqrt(n));
            CHECK(std::abs(effect - expected.effect) < 0.01);
            const double difference = mean(all, [](const Truth& t) { return (t.y1 ? 1.0 : 0.0) - (t.y0 ? 1.0 : 0.0); });
            // y0 and y1 share a draw, so their difference is -1, 0 or 1 with variance of at most |effect|.
            CHECK(std::abs(difference - effect) < 4.0 * std::sqrt(std::abs(effect) / n));
            const auto [estimate, error] = weighted_difference(all);
            CHECK(std::abs(estimate - effect) < 4.0 * error);
            CHECK(error < 0.05);
        }
    }

    TEST_CASE("coaching helps those with more difficulty most, and is not given at random") {
        std::vector<Truth> all = truth_of("coaching_call");
        std::sort(all.begin(), all.end(), [](const Truth& a, const Truth& b) { return a.difficulty < b.difficulty; });
        const auto third = static_cast<std::ptrdiff_t>(all.size() / 3);
        const std::vector<Truth> light(all.begin(), all.begin() + third);
        const std::vector<Truth> heavy(all.end() - third, all.end());
        const auto effect = [](const Truth& t) { return t.effect; };
        const auto assigned = [](const Truth& t) { return t.is_assigned ? 1.0 : 0.0; };
        CHECK(mean(heavy, effect) < 3.0 * mean(light, effect));  // effects are negative
        CHECK(mean(heavy, assigned) > mean(light, assigned) + 0.1);
        for (const Truth& t : all) CHECK((t.propensity >= 0.2 && t.propensity <= 0.8));
    }

    TEST_CASE("what truth.csv says is what happened") {
        std::map<std::string, std::vector<std::pair<std::string, std::string>>> statuses;
        for_each_good("enrolments.csv", {"person", "status", "at"},
                      [&](const auto& f) { statuses[std::string{f[0]}].emplace_back(f[1], f[2]); });
        std::uint64_t wrong = 0;
        for (const Truth& t : truth_of("coaching_call")) {
            std::string enrolled;
            bool withdrew = false;
            for (const auto& [status, at] : statuses[t.person]) {
                if (status == "enrolled" && enrolled.empty()) enrolled = at;
                if (status != "withdrawn" || enrolled.empty()) continue;
                if (Day::from_iso(at.substr(0, 10)).value() - Day::from_iso(enrolled.substr(0, 10)).value() <= 291) {
                    withdrew = true;
                }
            }
            if (withdrew != t.outcome()) ++wrong;
        }
        CHECK(wrong == 0);
        for (const Truth& t : truth_of("open_day_invitation")) {
            const auto& list = statuses[t.person];
            const bool applied =
                std::any_of(list.begin(), list.end(), [](const auto& s) { return s.first == "applied"; });
            if (applied != t.outcome()) ++wrong;
        }
        CHECK(wrong == 0);

        std::map<std::string, std::map<std::string, std::string>> due;
        std::map<std::string, std::map<std::string, std::string>> opened;
        std::map<std::string, std::map<std::string, std::string>> paid;
        for_each_good("obligations.csv", {"person", "kind", "item", "step", "due", "at"}, [&](const auto& f) {
            if (f[1] != "tuition_fee") return;
            const std::string person{f[0]};
            const std::string item{f[2]};
            if (f[3] == "opened") {
                due[person][item] = f[4];
                opened[person][item] = f[5];
            } else if (f[3] == "fulfilled") {
                paid[person][item] = f[5];
            }
        });
        for (const Truth& t : truth_of("payment_reminder")) {
            std::string first;  // items are years
            for (const auto& [item, at] : opened[t.person]) {
                if (first.empty() && at >= "2024-08-31T22:00:00Z") first = item;
            }
            const auto& payments = paid[t.person];
            const auto payment = payments.find(first);
            if ((payment != payments.end() && payment->second <= due[t.person][first]) != t.outcome()) ++wrong;
        }
        CHECK(wrong == 0);

        std::set<std::string> donors;
        std::map<std::string, std::set<std::string>> actions;
        for_each_good("interactions.csv", {"person", "act", "action"}, [&](const auto& f) {
            if (f[1] == "donated") donors.emplace(f[0]);
            if (!f[2].empty()) actions[std::string{f[2]}].emplace(f[0]);
        });
        for (const Truth& t : truth_of("alumni_call")) {
            if ((donors.count(t.person) != 0) != t.outcome()) ++wrong;
        }
        CHECK(wrong == 0);
        for (const char* treatment : {"coaching_call", "open_day_invitation", "payment_reminder", "alumni_call"}) {
            CAPTURE(treatment);
            std::set<std::string> assigned;
            for (const Truth& t : truth_of(treatment)) {
                if (t.is_assigned) assigned.insert(t.person);
            }
            CHECK(actions[treatment] == assigned);
        }
    }
}
