#include <alloquy/io/import.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <alloquy/error.hpp>
#include <alloquy/io/byte_source.hpp>
#include <alloquy/model/attribute.hpp>
#include <alloquy/model/dialogue.hpp>
#include <alloquy/model/fact.hpp>
#include <alloquy/model/interaction.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/model/programme.hpp>
#include <alloquy/model/relation.hpp>
#include <alloquy/model/role.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/day.hpp>
#include <alloquy/time/instant.hpp>

namespace {

using alloquy::NotFound;
using alloquy::ParseError;
using alloquy::PersonId;
using alloquy::RowIssue;
using alloquy::io::ImportOptions;
using alloquy::io::ImportReport;
using alloquy::io::read_mapping;
using alloquy::io::read_mapping_file;
using alloquy::store::Journal;
using alloquy::time::Instant;
using nlohmann::json;
namespace model = alloquy::model;

std::filesystem::path repository() {
    return std::filesystem::path{__FILE__}.parent_path() / "../..";
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    REQUIRE_MESSAGE(file, path.string());
    return {std::istreambuf_iterator<char>{file}, {}};
}

Instant instant(std::string_view iso) {
    return alloquy::time::instant_from_iso(iso).value();
}

const Instant import_time = instant("2026-01-15T10:00:00Z");

ImportReport import_text(Journal& journal, std::string_view mapping, std::string csv,
                         ImportOptions options = {import_time}) {
    return alloquy::io::import_csv(journal, read_mapping(mapping, "mapping.json"),
                                   alloquy::io::from_memory(std::move(csv), "rows.csv"), options);
}

/// A folder of its own for one test, removed at the end.
class Folder {
public:
    explicit Folder(const std::string& name)
        : path_{std::filesystem::temp_directory_path() / ("alloquy_test_import_" + name)} {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::filesystem::path write(const std::string& name, std::string_view text) const {
        std::ofstream{path_ / name, std::ios::binary} << text;
        return path_ / name;
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// All facts of a journal, with the external key of the person instead of the id, sorted: what does not depend on the
/// order of arrival.
using Facts = std::vector<std::tuple<std::string, std::int64_t, std::int64_t, std::string, std::size_t>>;
Facts facts_of(const Journal& journal) {
    Facts facts;
    journal.for_each_by_seq(1, [&](std::uint64_t, const model::Fact& fact) {
        facts.emplace_back(journal.keys_of(fact.person).at(0).key, fact.at.unix_ms(), fact.known_at.unix_ms(), fact.key,
                           fact.content.index());
        return true;
    });
    std::sort(facts.begin(), facts.end());
    return facts;
}

/// The facts of the person with this key in system "s".
std::vector<model::Fact> about(const Journal& journal, std::string_view key) {
    const auto system = journal.symbols().sources.find("s");
    REQUIRE(system.has_value());
    const auto person = journal.find_person(*system, key);
    REQUIRE(person.has_value());
    return journal.facts_of(*person);
}

/// "line column: message" of each issue.
std::string report_of(const ImportReport& report) {
    std::string text;
    for (const RowIssue& issue : report.issues) {
        text += std::to_string(issue.line) + ' ' + issue.column + ": " + issue.message + '\n';
    }
    return text;
}

/// A mapping of one enrolment a row with this TIME; `rest` goes to the top.
std::string timed(std::string_view time, std::string_view rest = "") {
    return R"({"source": "t", "person": {"system": "s", "key": "who"}, "key": "who", "known_at": "at", "at": )" +
           std::string{time} + std::string{rest} +
           R"(, "facts": [{"kind": "enrolment", "programme": {"constant": "p"}, "status": {"constant": "enrolled"}}]})";
}
/// The instant that a TIME makes of a text, as ISO text, or the message of the issue.
std::string time_of(std::string_view text, std::string_view time, std::string_view rest = "") {
    Journal journal = Journal::in_memory();
    const ImportReport report = import_text(journal, timed(time, rest), "who,t\na," + std::string{text} + "\n");
    if (!report.issues.empty()) {
        CHECK(report.issues[0].line == 2);
        CHECK(report.issues[0].column == "t");
        CHECK(report.rows_refused == 1);
        CHECK(report.facts_entered == 0);
        CHECK(journal.person_count() == 0);
        return report.issues[0].message;
    }
    CHECK(report.facts_entered == 1);
    return to_iso(about(journal, "a").at(0).at);
}

std::string problems_of(std::string_view mapping) {
    std::string result;
    try {
        (void)read_mapping(mapping, "mapping.json");
    } catch (const ParseError& error) {
        for (const ParseError::Issue& issue : error.issues()) {
            result += std::to_string(issue.line) + ' ' + issue.pointer + ": " + issue.message + '\n';
        }
    }
    return result;
}

/// Every key that the format has.
constexpr std::string_view full = R"({
  "source": "everything",
  "format": {"delimiter": ";", "quote": "\"", "encoding": "utf-8", "header": true, "trim": true, "comment": "#"},
  "lookups": {"table": {"file": "table.csv", "format": {"header": false, "columns": ["k", "v"]}, "key": ["k"]}, "list": {"file": "list.csv", "key": ["k"]}},
  "zone": "Europe/Amsterdam", "skipped": "shift_forward", "repeated": "later",
  "person": {"system": "s", "key": ["who", {"lookup": "table", "by": ["place"], "column": "v"}], "create": true},
  "key": ["id"],
  "at": {"column": "at", "form": "local", "default": "2025-01-01"},
  "known_at": "at",
  "facts": [
    {"kind": "interaction", "when": {"column": "what", "is": "i"}, "suffix": "i",
     "channel": {"constant": "email"}, "act": {"column": "x", "map": {"a": "sent"}, "default": "opened"},
     "direction": {"constant": "outbound"}, "topic": "y", "language": {"constant": "nl"},
     "actor": {"constant": "bot"}, "team": "y", "dialogue": "number", "purpose": "y", "action": "y",
     "quantity": "number", "tone": {"constant": "question"}, "text": "y"},
    {"kind": "role", "when": {"column": "what", "in": ["r", "q"]}, "role": {"constant": "student"},
     "programme": {"join": ["x", "y"]}, "site": "y", "ended": {"constant": "true"},
     "at": {"column": "number", "form": "day_offset", "origin": "2025-01-01", "time_of_day": "12:30", "plus_days": 1},
     "known_at": {"column": "at", "form": "local"}},
    {"kind": "attributes", "when": {"column": "what", "not_empty": true},
     "attributes": {"n": {"column": "number", "type": "number", "scale": 0.5}, "t": "x"}},
    {"kind": "consent", "when": {"column": "what", "is": "c"}, "purpose": "y", "channel": "y",
     "decision": {"constant": "given"}, "text_version": "y"},
    {"kind": "relation", "when": {"column": "what", "is": "l"}, "relation": {"constant": "sibling_of"},
     "ended": {"constant": "0"}, "other_person": {"system": "s", "key": "y", "create": false},
     "organisation": {"system": "o", "key": "z", "kind": {"constant": "school"}, "name": "z"}},
    {"kind": "dialogue", "when": {"column": "what", "is": "d"}, "dialogue": "number", "step": {"constant": "opened"},
     "team": "y", "topic": "y", "tone": {"constant": "neutral"}},
    {"kind": "enrolment", "when": {"column": "what", "is": "e"}, "programme": "y", "status": {"constant": "passed"}},
    {"kind": "result", "when": {"column": "what", "is": "g"}, "assessment": "y",
     "fraction": {"column": "number", "scale": 0.01}},
    {"kind": "obligation", "when": {"column": "what", "empty": true}, "obligation": "y", "item": "y",
     "step": {"constant": "opened"}, "weight": {"constant": "25", "scale": 0.01}, "due": {"column": "due", "form": "utc"}},
    {"kind": "organisation", "when": {"column": "what", "is": "o"},
     "organisation": {"system": "o", "key": "z", "kind": {"constant": "school"}, "name": "z"}},
    {"kind": "obligation", "when": {"column": "what", "is": "m"}, "suffix": "each",
     "each": {"lookup": "list", "by": ["place"], "key": ["n"], "when": {"column": "d", "not_empty": true}},
     "obligation": {"each": "v", "map": {"t": "test"}, "default": "other"}, "item": {"join": ["id", {"each": "n"}]},
     "step": {"constant": "opened"}, "weight": {"constant": "2.5"}, "due": {"each": "d", "form": "day", "time_of_day": "23:59:59"}}
  ]
})";

std::string problems_with(std::string_view piece, std::string_view replacement) {
    std::string text{full};
    const std::size_t at = text.find(piece);
    REQUIRE_MESSAGE(at != std::string::npos, std::string{piece});
    text.replace(at, piece.size(), replacement);
    return problems_of(text);
}

bool begins(const std::string& report, std::string_view start) {
    const bool result = report.starts_with(start);
    if (!result) MESSAGE("got: " << report << " expected: " << std::string{start});
    return result;
}

std::filesystem::path data_folder() {
    const char* const folder = std::getenv("ALLOQUY_DATA");
    return folder != nullptr ? std::filesystem::path{folder} : repository() / "../shared/data";
}

constexpr std::string_view clicks = R"({
  "source": "clicks", "person": {"system": "s", "key": "who"}, "key": "row",
  "at": {"column": "at", "form": "utc"}, "known_at": "at",
  "facts": [{"kind": "interaction", "channel": {"constant": "web"}, "act": {"constant": "clicked"},
             "direction": {"constant": "inbound"}, "quantity": "n"}]
})";

/// The duties of a course, opened for everybody who takes it.
constexpr std::string_view duties = R"({
  "source": "duties", "person": {"system": "s", "key": "who"}, "key": ["who", "course"], "zone": "Etc/UTC",
  "lookups": {"duties": {"file": "duties.csv", "key": ["course", "term"]}},
  "facts": [{"kind": "obligation", "suffix": "duty",
    "each": {"lookup": "duties", "by": ["course", "term"], "key": ["id"], "when": {"column": "day", "not_empty": true}},
    "at": {"each": "day", "form": "day_offset", "origin": "2025-01-01"},
    "known_at": {"column": "day", "form": "day_offset", "origin": "2025-02-01"},
    "obligation": {"each": "type"}, "item": {"join": ["course", {"each": "id"}]}, "step": {"constant": "opened"},
    "due": {"each": "day", "form": "day_offset", "origin": "2025-01-01", "time_of_day": "23:59:59", "plus_days": 1}}]
})";

}  // namespace

TEST_SUITE("io/import") {
    // ---- Facts of each kind ----

    TEST_CASE("a row of each kind gives the fact that the mapping says") {
        const Folder folder{"kinds"};
        (void)folder.write("table.csv", "1,one\n2,two\n");
        (void)folder.write("list.csv", "k,n,v,d\n1,a,t,2025-09-01\n2,a,t,2025-09-01\n2,b,,2025-12-01\n2,c,t,\n");
        Journal journal = Journal::in_memory();
        // The person of a relation must be known already.
        const auto s = journal.symbols().sources.intern("s");
        (void)journal.person(s, "p/one", import_time);
        const std::string rows =
            "# a comment\n"
            "id;who;place;at;what;x;y;z;number;due\n"
            "1;p;1;2025-07-01T12:00;i;a;greeting;;3;\n"
            "2;p;1;2025-07-01T12:00; r ;;;;5;\n"
            "3;p;2;2025-07-01T12:00;c;;news;;;\n"
            "4;p;2;2025-07-01T12:00;l;;p/one;;;\n"
            "5;p;2;2025-07-01T12:00;l;;;org;;\n"
            "6;p;2;2025-07-01T12:00;d;;it;;77;\n"
            "7;p;2;2025-07-01T12:00;e;;maths;;;\n"
            "8;p;2;2025-07-01T12:00;g;;test;;78;\n"
            "9;p;2;;;;fee;;;2025-09-30T22:00:00Z\n"
            "10;p;2;2025-07-01T12:00;m;;;;;\n";
        ImportOptions options{import_time};
        options.lookup_directory = folder.path();
        const ImportReport report = import_text(journal, full, rows, options);
        CHECK(report_of(report) == "");
        CHECK(report.rows_read == 10);
        CHECK(report.organisations_entered == 1);
        CHECK(journal.person_count() == 2);
        const model::Symbols& symbols = journal.symbols();

        const auto one = about(journal, "p/one");
        const auto two = about(journal, "p/two");
        // Person one: interaction, attributes of rows 1 and 2, role, inverse of the relation.
        REQUIRE(one.size() == 5);
        std::map<std::string, model::Fact> by_key;
        for (const auto& fact : one) by_key.emplace(fact.key, fact);
        for (const auto& fact : two) by_key.emplace(fact.key + "/two", fact);

        const auto& interaction = std::get<model::Interaction>(by_key.at("1:i").content);
        CHECK(symbols.channels.text(interaction.channel) == "email");
        CHECK(interaction.act == model::Act::sent);
        CHECK(interaction.direction == model::Direction::outbound);
        CHECK(symbols.topics.text(interaction.topic.value()) == "greeting");
        CHECK(symbols.languages.text(interaction.language.value()) == "nl");
        CHECK(interaction.actor == model::ActorKind::bot);
        CHECK(symbols.teams.text(interaction.team.value()) == "greeting");
        CHECK(interaction.dialogue.value().value() == 3);
        CHECK(symbols.purposes.text(interaction.purpose.value()) == "greeting");
        CHECK(symbols.actions.text(interaction.action.value()) == "greeting");
        CHECK(interaction.quantity == 3);
        CHECK(interaction.tone == model::Tone::question);
        CHECK(interaction.text == "greeting");
        CHECK(to_iso(by_key.at("1:i").at) == "2025-07-01T10:00:00.000Z");  // CEST = UTC+2
        CHECK(by_key.at("1:i").known_at == by_key.at("1:i").at);
        CHECK(symbols.sources.text(by_key.at("1:i").source) == "everything");

        // The second fact of the mapping has the suffix 1; 2025-01-01 + 5 + 1 days, 12:30 in CET = 11:30 UTC.
        const auto& role_fact = by_key.at("2:1");
        const auto& role = std::get<model::RoleChange>(role_fact.content);
        CHECK(role.kind == model::RoleKind::student);
        CHECK_FALSE(role.programme.has_value());  // a join of two empty fields
        CHECK(role.ended);
        CHECK(to_iso(role_fact.at) == "2025-01-07T11:30:00.000Z");
        CHECK(to_iso(role_fact.known_at) == "2025-07-01T10:00:00.000Z");

        const auto& attributes = std::get<model::AttributeStatement>(by_key.at("1:2").content);
        REQUIRE(attributes.attributes.size() == 2);
        CHECK(std::get<double>(attributes.attributes[0].value) == 1.5);
        CHECK(std::get<std::string>(attributes.attributes[1].value) == "a");

        const auto& consent = std::get<model::ConsentStatement>(by_key.at("3:3/two").content);
        CHECK(symbols.purposes.text(consent.purpose) == "news");
        CHECK(consent.decision == model::ConsentDecision::given);
        const auto& sibling = std::get<model::RelationChange>(by_key.at("4:4/two").content);
        CHECK(std::get<PersonId>(sibling.other) == one[0].person);
        CHECK_FALSE(sibling.ended);
        const auto& member = std::get<model::RelationChange>(by_key.at("5:4/two").content);
        CHECK(journal.organisation(std::get<alloquy::OrganisationId>(member.other)).value().name == "org");
        const auto& step = std::get<model::DialogueChange>(by_key.at("6:5/two").content);
        CHECK(step.dialogue.value() == 77);
        CHECK(step.step == model::DialogueStep::opened);
        CHECK(std::get<model::EnrolmentChange>(by_key.at("7:6/two").content).status == model::EnrolmentStatus::passed);
        CHECK(std::get<model::Result>(by_key.at("8:7/two").content).fraction == doctest::Approx(0.78).epsilon(1e-15));
        const auto& duty = std::get<model::ObligationChange>(by_key.at("9:8/two").content);
        CHECK(duty.item == "fee");
        CHECK(duty.weight == 0.25);
        CHECK(to_iso(duty.due.value()) == "2025-09-30T22:00:00.000Z");
        // The default day of the row's time, at 00:00 CET.
        CHECK(to_iso(by_key.at("9:8/two").at) == "2024-12-31T23:00:00.000Z");
        CHECK(report.people == std::vector<PersonId>{one[0].person, two[0].person});

        // Two of the three rows of the lookup with the key 2 have a day; 23:59:59 in CEST and CET.
        const auto& test = std::get<model::ObligationChange>(by_key.at("10:each:a/two").content);
        CHECK(test.weight == 2.5);
        CHECK(symbols.obligations.text(test.kind) == "test");
        CHECK(test.item == "10/a");
        CHECK(to_iso(test.due.value()) == "2025-09-01T21:59:59.000Z");
        const auto& other = std::get<model::ObligationChange>(by_key.at("10:each:b/two").content);
        CHECK(symbols.obligations.text(other.kind) == "other");
        CHECK(to_iso(other.due.value()) == "2025-12-01T22:59:59.000Z");
        CHECK_FALSE(by_key.contains("10:each:c/two"));
    }

    TEST_CASE("attributes have types, and what is blank is not stated") {
        constexpr std::string_view mapping = R"({
          "source": "a", "person": {"system": "s", "key": "who"}, "key": "who",
          "at": {"constant": "0", "form": "unix_s"},
          "facts": [{"kind": "attributes", "attributes": {
            "language": "l", "zone": "z", "born": {"column": "d", "type": "day"},
            "member": {"column": "b", "type": "bool"}, "grade": {"column": "n", "type": "number"},
            "town": {"column": "t", "default": "none"}}}]})";
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, mapping,
                                                "who,l,z,d,b,n,t\n"
                                                "a,pt-BR,Europe/Amsterdam,2000-02-29,true,7.5,x\n"
                                                "b,,,,,,\n"
                                                "c,dutch_nl,,,,,\n"
                                                "d,,Europe/Nowhere,,,,\n"
                                                "e,,../../etc/passwd,,,,\n"
                                                "f,,,2001-02-29,,,\n"
                                                "g,,,,yes,,\n"
                                                "h,,,,,inf,\n");
        CHECK(report.facts_entered == 2);
        CHECK(report_of(report) ==
              "4 l: expected a language tag such as nl or pt-BR\n"
              "5 z: expected the name of a time zone such as Europe/Amsterdam\n"
              "6 z: expected the name of a time zone such as Europe/Amsterdam\n"
              "7 d: expected a day YYYY-MM-DD\n"
              "8 b: expected true, false, 1 or 0\n"
              "9 n: expected a number\n");
        const auto a = std::get<model::AttributeStatement>(about(journal, "a").at(0).content).attributes;
        REQUIRE(a.size() == 6);  // in the order of their names
        CHECK(std::get<alloquy::time::Day>(a[0].value) == alloquy::time::Day::from_ymd(2000, 2, 29));
        CHECK(std::get<bool>(a[3].value));
        CHECK(std::get<double>(a[1].value) == 7.5);
        const auto b = std::get<model::AttributeStatement>(about(journal, "b").at(0).content).attributes;
        REQUIRE(b.size() == 1);
        CHECK(std::get<std::string>(b[0].value) == "none");
        CHECK(about(journal, "a").at(0).known_at == import_time);
    }

    TEST_CASE("an organisation keeps kind and name of its first mention, and can be asked for without making it") {
        constexpr std::string_view make = R"({"source": "o", "facts": [{"kind": "organisation",
          "organisation": {"system": "o", "key": "id", "kind": "kind", "name": "name"}}]})";
        constexpr std::string_view relate = R"({"source": "r", "person": {"system": "s", "key": "who"}, "key": "row",
          "at": {"constant": "0", "form": "unix_ms"}, "facts": [{"kind": "relation", "relation": {"constant": "works_at"},
          "organisation": {"system": "o", "key": "where"}}]})";
        Journal journal = Journal::in_memory();
        const std::string file = "id,kind,name\n1,employer,First\n2,castle,Second\n,school,Third\n3,school,\n";
        const ImportReport made = import_text(journal, make, file);
        CHECK(made.organisations_entered == 1);
        CHECK(report_of(made) ==
              "3 kind: expected one of employer, research_partner, municipality, school, supplier, other\n"
              "4 id: expected the key of an organisation, got an empty field\n"
              "5 name: expected the name of an organisation, got an empty field\n");
        CHECK(import_text(journal, make, file).organisations_already_there == 1);
        const ImportReport related = import_text(journal, relate, "who,where\na,1\nb,9\n");
        CHECK(related.facts_entered == 1);
        CHECK(report_of(related) == "3 where: expected the key of an organisation that is known already\n");
        CHECK(journal.person_count() == 1);  // the refused row made nobody
    }

    TEST_CASE("people that a mapping may not make are refused where they are not known") {
        constexpr std::string_view mapping =
            R"({"source": "r", "person": {"system": "s", "key": "who", "create": false},
          "key": "row", "at": {"constant": "0", "form": "unix_ms"}, "facts": [{"kind": "relation",
          "relation": {"constant": "mentor_of"}, "other_person": {"system": "s", "key": "whom", "create": false}}]})";
        Journal journal = Journal::in_memory();
        const auto s = journal.symbols().sources.intern("s");
        const PersonId a = journal.person(s, "a", import_time);
        const PersonId b = journal.person(s, "b", import_time);
        journal.link_key(a, s, "a2");
        const ImportReport report = import_text(journal, mapping, "who,whom\na,b\nx,b\na,x\na,a\na,a2\n");
        CHECK(report.facts_entered == 1);
        CHECK(report_of(report) ==
              "3 who: expected the key of a person who is known already\n"
              "4 whom: expected the key of a person who is known already\n"
              "5 whom: expected another person than the row is about\n"
              "6 whom: expected another person than the row is about\n");
        CHECK(report.people == std::vector<PersonId>{a, b});
        CHECK(std::get<model::RelationChange>(journal.facts_of(b).at(0).content).kind ==
              model::RelationKind::mentored_by);
        CHECK(journal.person_count() == 2);
    }

    // ---- One fact for each row of a lookup ----

    TEST_CASE("each row of the lookup with the key of the row gives a fact, and other rows of it give none") {
        const Folder folder{"each"};
        // The rows of a course need not stand together; course c has no dated one, and course d none at all.
        (void)folder.write("duties.csv",
                           "course,term,id,type,day,hours\n"
                           "a,1,11,essay,5,2\n"
                           "b,1,21,essay,7,3\n"
                           "a,1,12,exam,,1\n"
                           "a,2,13,essay,5,1\n"
                           "a,1,14,test,-1,9\n"
                           "c,1,31,exam,,4\n");
        const auto rows = folder.write("rows.csv",
                                       "who,course,term,day\n"
                                       "p,a,1,2\n"
                                       "q,b,1,3\n"
                                       "r,c,1,4\n"
                                       "s,d,1,4\n"
                                       "p,b,1,6\n"
                                       "t,,,4\n");
        Journal journal = Journal::in_memory();
        const auto run = [&] {
            return alloquy::io::import_csv(journal, read_mapping(duties, "mapping.json"), rows,
                                           ImportOptions{import_time});
        };
        const ImportReport report = run();
        CHECK(report_of(report) == "");
        CHECK(report.rows_refused == 0);
        CHECK(report.facts_entered == 4);
        CHECK(journal.person_count() == 2);  // rows without a fact make nobody
        const model::Symbols& symbols = journal.symbols();
        std::vector<std::string> lines;
        for (const char* const who : {"p", "q"}) {
            for (const model::Fact& fact : about(journal, who)) {
                const auto& duty = std::get<model::ObligationChange>(fact.content);
                lines.push_back(fact.key + ' ' + symbols.obligations.text(duty.kind) + ' ' + duty.item + ' ' +
                                to_iso(fact.at).substr(0, 10) + ' ' + to_iso(fact.known_at).substr(0, 10) + ' ' +
                                to_iso(duty.due.value()));
            }
        }
        std::sort(lines.begin(), lines.end());
        // It happens on the day of the lookup, counted from 1 January 2025, is due a day later, and is known on the day
        // of the row, counted from 1 February.
        CHECK(lines == std::vector<std::string>{"p/a:duty:11 essay a/11 2025-01-06 2025-02-03 2025-01-07T23:59:59.000Z",
                                                "p/a:duty:14 test a/14 2024-12-31 2025-02-03 2025-01-01T23:59:59.000Z",
                                                "p/b:duty:21 essay b/21 2025-01-08 2025-02-07 2025-01-09T23:59:59.000Z",
                                                "q/b:duty:21 essay b/21 2025-01-08 2025-02-04 "
                                                "2025-01-09T23:59:59.000Z"});

        const auto head = journal.chain_head();
        const ImportReport again = run();
        CHECK(again.facts_entered == 0);
        CHECK(again.facts_already_there == 4);
        CHECK(journal.chain_head() == head);
    }

    TEST_CASE("an empty or wrong value of one row of the lookup refuses the row, and the issue names its place") {
        const Folder folder{"each_bad"};
        const auto rows =
            folder.write("rows.csv", "who,course,term,day\np,a,1,2\nq,b,1,2\nr,c,1,2\ns,d,1,2\nt,e,1,2\n");
        (void)folder.write("duties.csv",
                           "course,term,id,type,day,hours\n"
                           "a,1,11,essay,5,1\n"
                           "a,1,12,,6,1\n"       // type, needed: row 2 is refused, its good duty with it
                           "b,1,21,essay,x,1\n"  // no day
                           "c,1,,essay,6,1\n"    // no key
                           "d,1,41,essay,6,1\n"
                           "d,1,,,,\n"  // passed over, as it has no day
                           "e,1,51,,99,1\n"
                           "e,1,52,,2,1\n");
        Journal journal = Journal::in_memory();
        const ImportReport report =
            alloquy::io::import_csv(journal, read_mapping(duties, "mapping.json"), rows, ImportOptions{import_time});
        CHECK(report_of(report) ==
              "2 course: expected a value for obligation, got an empty field in column \"type\" of the lookup duties, "
              "line 3\n"
              "3 course: expected a whole number of days in column \"day\" of the lookup duties, line 4\n"
              "4 course: expected a key, got an empty field in column \"id\" of the lookup duties, line 5\n"
              "6 course: expected a value for obligation, got an empty field in column \"type\" of the lookup duties, "
              "line 8\n");
        CHECK(report.rows_refused == 4);
        CHECK(report.facts_entered == 1);
        CHECK(about(journal, "s").at(0).key == "s/d:duty:41");
        CHECK(journal.person_count() == 1);
    }

    TEST_CASE("a lookup whose rows of one key cannot be told apart stops the import before it begins") {
        const Folder folder{"each_lookup"};
        const auto rows = folder.write("rows.csv", "who,course,term,day\np,a,1,2\n");
        const std::string header = "course,term,id,type,day,hours\n";
        Journal journal = Journal::in_memory();
        const auto run = [&](std::string_view mapping) {
            return alloquy::io::import_csv(journal, read_mapping(mapping, "mapping.json"), rows,
                                           ImportOptions{import_time});
        };
        const auto issues_of = [&](std::string_view mapping) {
            std::string text;
            try {
                (void)run(mapping);
            } catch (const ParseError& error) {
                for (const auto& issue : error.issues())
                    text += std::to_string(issue.line) + ' ' + issue.message + '\n';
            }
            return text;
        };
        (void)folder.write("duties.csv", header + "a,1,11,essay,5,1\nb,1,11,essay,6,1\na,1,11,test,5,1\n");
        CHECK(issues_of(duties) ==
              "4 the key of \"each\" stands twice for one key of the lookup, with different values; the first time on "
              "line 2\n");
        CHECK(journal.last_seq() == 0);

        // Values can only be looked up where a key means one row.
        (void)folder.write("duties.csv", header + "a,1,11,essay,5,1\na,1,12,essay,6,1\n");
        std::string both{duties};
        const std::string_view step = R"("step": {"constant": "opened"})";
        both.replace(both.find(step), step.size(),
                     R"("step": {"lookup": "duties", "by": ["course", "term"], "column": "hours"})");
        CHECK(issues_of(both) ==
              "3 the key stands twice, with different values; only a lookup that \"each\" alone goes through may have "
              "several rows of one key\n");
        (void)folder.write("duties.csv", "course,term,type,day\n");
        CHECK(issues_of(duties).starts_with("5 expected a column of "));
        CHECK(journal.last_seq() == 0);

        // What differs only in columns that nobody reads, hours here, or where "when" passes a row over, is no clash.
        (void)folder.write("duties.csv", header + "a,1,11,essay,5,1\na,1,11,essay,5,2\na,1,11,test,,1\n");
        const ImportReport report = run(duties);
        CHECK(report_of(report) == "");
        CHECK(report.facts_entered == 1);
        CHECK(report.facts_already_there == 0);
    }

    TEST_CASE("a row may give more facts than a batch holds") {
        constexpr std::string_view mapping = R"({"source": "d", "person": {"system": "s", "key": "who"}, "key": "who",
          "at": {"constant": "0", "form": "unix_s"}, "lookups": {"all": {"file": "all.csv", "key": ["g"]}},
          "facts": [{"kind": "result", "suffix": "r", "each": {"lookup": "all", "by": ["g"], "key": ["n", "m"]},
                     "assessment": {"constant": "t"}, "fraction": {"each": "n", "scale": 0.0001}}]})";
        const Folder folder{"each_many"};
        std::string all = "g,n,m\n";
        for (int i = 0; i < 1'000; ++i) all += "x," + std::to_string(i) + ",a/b\n";
        all += "y,1,a/b\n";
        (void)folder.write("all.csv", all);
        std::string text = "who,g\n";
        for (int i = 0; i < 200; ++i) text += 'p' + std::to_string(i) + (i % 2 == 0 ? ",x\n" : ",y\n");
        std::size_t batches = 0;
        ImportOptions options{import_time};
        options.lookup_directory = folder.path();
        options.on_progress = [&](const alloquy::io::ImportProgress&) { ++batches; };
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, mapping, text, options);
        CHECK(report.rows_read == 200);
        CHECK(report.facts_entered == 100 * 1'000 + 100);
        CHECK(report.people.size() == 200);
        CHECK(batches >= 2);  // 200 rows alone would be one
        const auto facts = about(journal, "p2");
        REQUIRE(facts.size() == 1'000);
        std::set<std::string> keys;
        std::set<double> fractions;
        for (const model::Fact& fact : facts) {
            keys.insert(fact.key);
            fractions.insert(std::get<model::Result>(fact.content).fraction);
        }
        CHECK(keys.size() == 1'000);
        CHECK(keys.contains("p2:r:7/a\\/b"));
        CHECK(fractions.size() == 1'000);
        CHECK(about(journal, "p3").size() == 1);
        CHECK(import_text(journal, mapping, text, options).facts_already_there == 100'100);
    }

    TEST_CASE("people, organisations and attributes can come from each row of a lookup") {
        constexpr std::string_view mapping = R"({"source": "e", "person": {"system": "s", "key": "who"}, "key": "row",
          "at": {"constant": "0", "form": "unix_s"},
          "lookups": {"staff": {"file": "staff.csv", "key": ["school"]}},
          "facts": [
            {"kind": "organisation", "each": {"lookup": "staff", "by": ["school"]},
             "organisation": {"system": "o", "key": {"each": "board"}, "kind": {"constant": "school"},
                              "name": {"each": "board"}}},
            {"kind": "relation", "suffix": "tutor", "each": {"lookup": "staff", "by": ["school"], "key": ["id"]},
             "relation": {"constant": "mentored_by"}, "other_person": {"system": "s", "key": {"each": "id"}}},
            {"kind": "attributes", "suffix": "board",
             "each": {"lookup": "staff", "by": ["school"], "key": ["id"], "when": {"column": "id", "is": "t2"}},
             "attributes": {"board": {"each": "board"}, "school": "school", "age": {"each": "age", "type": "number"}}}
          ]})";
        const Folder folder{"each_kinds"};
        (void)folder.write("staff.csv", "school,id,board,age\nx,t1,north,40\nx,t2,north,50\ny,t3,south,60\n");
        Journal journal = Journal::in_memory();
        ImportOptions options{import_time};
        options.lookup_directory = folder.path();
        const ImportReport report = import_text(journal, mapping, "who,school\na,x\nb,z\n", options);
        CHECK(report_of(report) == "");
        CHECK(report.organisations_entered == 1);
        CHECK(report.organisations_already_there == 1);  // the second row of the lookup names the same one
        CHECK(report.facts_entered == 3);
        CHECK(journal.person_count() == 3);
        std::size_t tutors = 0;
        for (const model::Fact& fact : about(journal, "a")) {
            if (const auto* relation = std::get_if<model::RelationChange>(&fact.content)) {
                CHECK(relation->kind == model::RelationKind::mentored_by);
                CHECK(journal.facts_of(std::get<PersonId>(relation->other)).size() == 1);
                ++tutors;
            } else {
                const auto& stated = std::get<model::AttributeStatement>(fact.content).attributes;
                REQUIRE(stated.size() == 3);
                CHECK(std::get<double>(stated[0].value) == 50);
            }
        }
        CHECK(tutors == 2);
        CHECK(about(journal, "t1").size() == 1);
        CHECK(about(journal, "t2").size() == 1);
    }

    // ---- Times ----

    TEST_CASE("every form of time gives the instant that a calendar gives") {
        constexpr std::string_view zone = R"(, "zone": "Europe/Amsterdam")";
        // Amsterdam keeps UTC+1, in summer UTC+2 (Directive 2000/84/EC: from the last Sunday of March, 01:00 UTC, to
        // the last Sunday of October, 01:00 UTC).
        CHECK(time_of("2025-01-31T23:30", R"({"column": "t", "form": "local"})", zone) == "2025-01-31T22:30:00.000Z");
        CHECK(time_of("2025-07-01 12:00:01.5", R"({"column": "t", "form": "local"})", zone) ==
              "2025-07-01T10:00:01.500Z");
        CHECK(time_of("2025-07-01T12:00:00Z", R"({"column": "t", "form": "utc"})") == "2025-07-01T12:00:00.000Z");
        CHECK(time_of("2025-07-01 12:00", R"({"column": "t", "form": "utc", "plus_days": -1})") ==
              "2025-06-30T12:00:00.000Z");
        CHECK(time_of("2025-07-01T12:00:00+05:45", R"({"column": "t", "form": "offset"})") ==
              "2025-07-01T06:15:00.000Z");
        CHECK(time_of("2025-07-01", R"({"column": "t", "form": "day"})", zone) == "2025-06-30T22:00:00.000Z");
        CHECK(time_of("2025-03-29", R"({"column": "t", "form": "day", "time_of_day": "12:00", "plus_days": 1})",
                      zone) == "2025-03-30T10:00:00.000Z");  // the clocks went forward in between
        CHECK(time_of("56", R"({"column": "t", "form": "day_offset", "origin": "2013-10-01", "time_of_day": "12:00"})",
                      R"(, "zone": "Europe/London")") == "2013-11-26T12:00:00.000Z");
        CHECK(time_of("-10", R"({"column": "t", "form": "day_offset", "origin": "2013-10-01"})",
                      R"(, "zone": "Europe/London")") == "2013-09-20T23:00:00.000Z");
        // 1,000,000,000 s is 2001-09-09T01:46:40Z (POSIX, "seconds since the Epoch").
        CHECK(time_of("1000000000", R"({"column": "t", "form": "unix_s"})") == "2001-09-09T01:46:40.000Z");
        CHECK(time_of("1000000000001", R"({"column": "t", "form": "unix_ms"})") == "2001-09-09T01:46:40.001Z");
        CHECK(time_of("", R"({"column": "t", "form": "utc", "default": "2020-05-05T05:05+02:00"})") ==
              "2020-05-05T03:05:00.000Z");
        CHECK(time_of("", R"({"column": "t", "form": "day", "time_of_day": "06:00", "default": "2020-12-05"})", zone) ==
              "2020-12-05T05:00:00.000Z");
    }

    TEST_CASE("a time in another form is refused") {
        constexpr std::string_view zone = R"(, "zone": "Europe/Amsterdam")";
        for (const char* const text :
             {"2025-02-29T10:00", "2025-07-01", "2025-07-01T12:00Z", "2025-07-01T24:00", "x"}) {
            CHECK(time_of(text, R"({"column": "t", "form": "local"})", zone) ==
                  "expected a local time YYYY-MM-DDTHH:MM[:SS[.fff]]");
        }
        CHECK(time_of("", R"({"column": "t", "form": "local"})", zone) ==
              "expected a local time YYYY-MM-DDTHH:MM[:SS[.fff]], got an empty field");
        CHECK(
            time_of("2025-07-01T12:00+02:00", R"({"column": "t", "form": "utc"})").starts_with("expected a UTC time"));
        CHECK(time_of("2025-07-01T12:00", R"({"column": "t", "form": "offset"})")
                  .starts_with("expected a time with offset"));
        CHECK(time_of("1-7-2025", R"({"column": "t", "form": "day"})", zone) == "expected a day YYYY-MM-DD");
        for (const char* const text : {"1.5", "99999999999", "3000000", " 1"}) {
            CHECK(time_of(text, R"({"column": "t", "form": "day_offset", "origin": "2013-10-01"})", zone) ==
                  "expected a whole number of days");
        }
        for (const char* const text : {"1e9", "9223372036854775807", "-9223372036854775808", "99999999999999999999"}) {
            CHECK(time_of(text, R"({"column": "t", "form": "unix_s"})").starts_with("expected whole seconds"));
            CHECK(time_of(text, R"({"column": "t", "form": "unix_ms", "plus_days": 9})")
                      .starts_with("expected whole milliseconds"));
        }
        CHECK(time_of("0001-01-01", R"({"column": "t", "form": "day"})", zone) ==
              "expected a time in the years 2 to 9998");
    }

    TEST_CASE(
        "local times that the clocks skip or show twice follow the mapping's choice, and are refused without one") {
        const auto at = [](std::string_view text, std::string_view choices) {
            return time_of(text, R"({"column": "t", "form": "local"})",
                           R"(, "zone": "Europe/Amsterdam")" + std::string{choices});
        };
        // 2025-03-30 02:30 does not exist, 2025-10-26 02:30 exists twice.
        CHECK(at("2025-03-30T02:30", "") ==
              "expected a local time that exists: the clocks of Europe/Amsterdam skip this one");
        CHECK(at("2025-03-30T02:30", R"(, "skipped": "shift_forward")") == "2025-03-30T01:30:00.000Z");  // 03:30 CEST
        CHECK(at("2025-03-30T02:30", R"(, "skipped": "next_valid")") == "2025-03-30T01:00:00.000Z");     // 03:00 CEST
        CHECK(at("2025-10-26T02:30", "") ==
              "expected a local time that exists once: the clocks of Europe/Amsterdam show this one twice");
        CHECK(at("2025-10-26T02:30", R"(, "repeated": "earlier")") == "2025-10-26T00:30:00.000Z");  // CEST
        CHECK(at("2025-10-26T02:30", R"(, "repeated": "later")") == "2025-10-26T01:30:00.000Z");    // CET
        CHECK(at("2025-10-26T03:30", "") == "2025-10-26T02:30:00.000Z");
    }

    TEST_CASE("an interaction cannot be known before it happened") {
        constexpr std::string_view mapping = R"({
          "source": "clicks", "person": {"system": "s", "key": "who"}, "key": "row",
          "at": {"column": "at", "form": "utc"}, "known_at": {"column": "known", "form": "utc"},
          "facts": [{"kind": "interaction", "channel": {"constant": "web"}, "act": {"constant": "clicked"},
                     "direction": {"constant": "inbound"}}]})";
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, mapping,
                                                "who,at,known\n"
                                                "a,2025-01-02T10:00,2025-01-02T09:59\n"
                                                "a,2025-01-02T10:00,2025-01-03T10:00\n");
        CHECK(report.rows_refused == 1);
        REQUIRE(report.issues.size() == 1);
        CHECK(report.issues[0].line == 2);
        CHECK(to_iso(about(journal, "a").at(0).known_at) == "2025-01-03T10:00:00.000Z");
    }

    // ---- Keys: what a second import does ----

    TEST_CASE(
        "with the key \"row\", equal rows are different facts, and neither a second import nor another order adds "
        "any") {
        const std::string header = "who,at,n\n";
        std::vector<std::string> rows;
        for (int i = 0; i < 20'000; ++i) {  // more than one batch
            rows.push_back("p" + std::to_string(i % 97) + ",2025-01-0" + std::to_string(1 + i % 7) + "T10:00," +
                           std::to_string(1 + i % 3) + "\n");
        }
        const auto file = [&] {
            std::string text = header;
            for (const std::string& row : rows) text += row;
            return text;
        };
        Journal journal = Journal::in_memory();
        const ImportReport first = import_text(journal, clicks, file());
        CHECK(first.rows_read == 20'000);
        CHECK(first.facts_entered == 20'000);
        CHECK(first.people.size() == 97);
        const auto head = journal.chain_head();
        const ImportReport second = import_text(journal, clicks, file());
        CHECK(second.facts_entered == 0);
        CHECK(second.facts_already_there == 20'000);
        CHECK(second.facts_in_conflict == 0);
        CHECK(journal.chain_head() == head);

        std::uint64_t state = 1;  // a fixed shuffle
        for (std::size_t i = rows.size(); i > 1; --i) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            std::swap(rows[i - 1], rows[(state >> 33U) % i]);
        }
        Journal other = Journal::in_memory();
        CHECK(import_text(other, clicks, file()).facts_entered == 20'000);
        CHECK(facts_of(other) == facts_of(journal));
        CHECK(import_text(journal, clicks, file()).facts_entered == 0);
    }

    TEST_CASE("with a key of columns, a double row is already there and another content is a conflict") {
        constexpr std::string_view mapping =
            R"({"source": "g", "person": {"system": "s", "key": "who"}, "key": ["a", "b"],
          "at": {"constant": "0", "form": "unix_s"},
          "facts": [{"kind": "result", "assessment": "test", "fraction": "f"}]})";
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, mapping,
                                                "who,a,b,test,f\n"
                                                "p,1,2,t,0.5\n"
                                                "p,1,2,t,0.5\n"
                                                "p,1,2,t,0.75\n"
                                                "p,1/2,,t,0.5\n"
                                                "p,1/2,3,t,0.5\n"
                                                "p,1,2/3,t,0.25\n"
                                                "p,1,4,t,1.5\n"
                                                "p,1,5,t,-0.5\n");
        CHECK(report.facts_entered == 3);
        CHECK(report.facts_already_there == 1);
        CHECK(report.facts_in_conflict == 1);
        CHECK(report_of(report) ==
              "4 : conflict: the journal holds another fact of this person, source and key, which stays\n"
              "5 b: expected a key, got an empty field\n"
              "8 f: expected a fraction from 0 to 1, after scaling\n"
              "9 f: expected a fraction from 0 to 1, after scaling\n");
        CHECK(report.rows_refused == 3);
        CHECK(report.issue_count == 4);
        std::set<std::string> keys;
        for (const auto& fact : about(journal, "p")) keys.insert(fact.key);
        CHECK(keys == std::set<std::string>{"1/2", "1\\/2/3", "1/2\\/3"});
    }

    TEST_CASE("keys of people that are put together keep apart what is apart") {
        constexpr std::string_view mapping =
            R"({"source": "g", "person": {"system": "s", "key": ["a", "b"]}, "key": "row",
          "at": {"constant": "0", "form": "unix_s"},
          "facts": [{"kind": "enrolment", "programme": {"constant": "x"}, "status": {"constant": "enrolled"}}]})";
        Journal journal = Journal::in_memory();
        const std::string too_long(600, 'k');
        const ImportReport report = import_text(journal, mapping, "a,b\n1,2/3\n1/2,3\n1,2/3\n" + too_long + ",1\n");
        CHECK(report.people.size() == 2);
        CHECK(report_of(report) == "5 a: expected the key of a person of at most 512 bytes, got 602\n");
    }

    // ---- Bad rows and bad files ----

    TEST_CASE("an issue names line, column and what was expected, never what stood there") {
        constexpr std::string_view mapping = R"({
          "source": "i", "person": {"system": "s", "key": "who"}, "key": "row", "at": {"column": "at", "form": "utc"},
          "known_at": "at",
          "facts": [{"kind": "interaction", "channel": "c", "act": "a", "direction": {"column": "d", "map": {"in": "inbound"}},
                     "quantity": "n", "dialogue": "g", "language": "l"}]})";
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, mapping,
                                                "who,at,c,a,d,n,g,l\n"
                                                "p,2025-01-01T10:00,mail,sent,in,1,1,nl\n"
                                                ",2025-01-01T10:00,mail,sent,in,1,1,nl\n"
                                                "p,2025-01-01T10:00,,sent,in,1,1,nl\n"
                                                "p,2025-01-01T10:00,mail,SECRET,in,1,1,nl\n"
                                                "p,2025-01-01T10:00,mail,sent,SECRET,1,1,nl\n"
                                                "p,2025-01-01T10:00,mail,sent,in,0,1,nl\n"
                                                "p,2025-01-01T10:00,mail,sent,in,4294967296,1,nl\n"
                                                "p,2025-01-01T10:00,mail,sent,in,1,1.5,nl\n"
                                                "p,2025-01-01T10:00,mail,sent,in,1,1,SECRET_x\n"
                                                "p,2025-01-01T10:00,mail,sent,in,1,1\n"
                                                "p,2025-01-01T10:00,mail,sent,in,1,\"1,nl\n"
                                                "p,2025-01-01T10:00," +
                                                    std::string(256, 'c') +
                                                    ",sent,in,1,1,nl\n"
                                                    "p,2025-01-01T10:00,mail,sent,in,,,\n");
        CHECK(report.rows_read == 13);
        CHECK(report.rows_refused == 11);
        CHECK(report.facts_entered == 2);
        const std::string text = report_of(report);
        CHECK(text.find("SECRET") == std::string::npos);
        CHECK(begins(text,
                     "3 who: expected the key of a person, got an empty field\n"
                     "4 c: expected a value for channel, got an empty field\n"
                     "5 a: expected one of sent, delivered, bounced, opened, "));
        CHECK(text.find("\n6 d: expected one of in\n"
                        "7 n: expected an integer from 1 to 4294967295\n"
                        "8 n: expected an integer from 1 to 4294967295\n"
                        "9 g: expected an integer\n"
                        "10 l: expected a language tag such as nl or pt-BR\n"
                        "11 ") != std::string::npos);
        CHECK(text.find("\n13 c: expected a name of 1 to 255 bytes\n") != std::string::npos);
    }

    TEST_CASE("the list of issues is bounded, their count is not") {
        std::string file = "who,at,n\n";
        for (int i = 0; i < 50; ++i) file += "a,never,1\n";
        Journal journal = Journal::in_memory();
        ImportOptions options{import_time};
        options.max_issues = 7;
        const ImportReport report = import_text(journal, clicks, file, options);
        CHECK(report.issues.size() == 7);
        CHECK(report.issue_count == 50);
        CHECK(report.rows_refused == 50);
    }

    TEST_CASE("a remark about the header is an issue and no row") {
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, clicks, "who,at,n,,x,x\na,2025-01-01T10:00,1,,,\n");
        CHECK(report.rows_read == 1);
        CHECK(report.rows_refused == 0);
        CHECK(report.issue_count == 2);
        CHECK(report.facts_entered == 1);
    }

    TEST_CASE("columns that the file lacks are all told before anything goes in, with their place in the mapping") {
        Journal journal = Journal::in_memory();
        try {
            (void)import_text(journal, clicks, "who,when,m\na,2025-01-01T10:00,1\n");
            FAIL("no error");
        } catch (const ParseError& error) {
            REQUIRE(error.issues().size() == 2);
            CHECK(error.issues()[0].pointer == "/at/column");
            CHECK(error.issues()[0].line == 3);
            CHECK(error.issues()[0].message ==
                  "expected a column of rows.csv, got \"at\"; it has \"who\", \"when\", \"m\"");
            CHECK(error.issues()[1].pointer == "/facts/0/quantity");
            CHECK(error.issues()[1].line == 5);
        }
        CHECK_THROWS_AS((void)import_text(journal, clicks, "who,at,n,n\n"), ParseError);
        CHECK_THROWS_AS((void)import_text(journal, clicks, ""), ParseError);
        CHECK(journal.last_seq() == 0);
        CHECK_THROWS_AS((void)alloquy::io::import_csv(journal, read_mapping(clicks, "m"), "no/such/file.csv",
                                                      ImportOptions{import_time}),
                        NotFound);
        CHECK_THROWS_AS((void)import_text(
                            journal, timed(R"({"column": "t", "form": "day"})", R"(, "zone": "No/Where")"), "who,t\n"),
                        NotFound);
    }

    TEST_CASE("lookup files give values by key; a bad one stops the import before it begins") {
        constexpr std::string_view mapping = R"({"source": "g", "person": {"system": "s", "key": "who"}, "key": "row",
          "at": {"constant": "0", "form": "unix_s"},
          "lookups": {"places": {"file": "places.csv", "format": {"delimiter": "\t"}, "key": ["x", "y"]}},
          "facts": [{"kind": "enrolment", "programme": {"lookup": "places", "by": ["a", "b"], "column": "name"},
                     "status": {"constant": "enrolled"}}]})";
        const Folder folder{"lookups"};
        const auto rows = folder.write("rows.csv", "who,a,b\np,1,2\nq,1,3\n");
        const auto run = [&](Journal& journal) {
            return alloquy::io::import_csv(journal, read_mapping(mapping, "mapping.json"), rows,
                                           ImportOptions{import_time});
        };
        Journal journal = Journal::in_memory();
        CHECK_THROWS_AS((void)run(journal), NotFound);
        (void)folder.write("places.csv", "x\ty\tname\n1\t2\tPlace\n1\t2\tPlace\n");
        const ImportReport report = run(journal);
        CHECK(report.facts_entered == 1);
        CHECK(report_of(report) == "3 a: expected a value for programme, got none from the lookup places\n");
        const auto programme = std::get<model::EnrolmentChange>(about(journal, "p").at(0).content).programme;
        CHECK(journal.symbols().programmes.text(programme) == "Place");

        Journal other = Journal::in_memory();
        (void)folder.write("places.csv", "x\ty\tname\n1\t2\tPlace\n1\t2\tOther\n");
        try {
            (void)run(other);
            FAIL("no error");
        } catch (const ParseError& error) {
            CHECK(error.line() == 3);
            CHECK(error.issues()[0].message == "the key stands twice, with different values");
        }
        (void)folder.write("places.csv", "x\ty\ttitle\n");
        try {
            (void)run(other);
            FAIL("no error");
        } catch (const ParseError& error) {
            CHECK(error.issues()[0].pointer == "/facts/0/programme/column");
        }
        (void)folder.write("places.csv", "x\ty\tname\n1\t2\n");
        CHECK_THROWS_AS((void)run(other), ParseError);
        CHECK(other.last_seq() == 0);
    }

    TEST_CASE("files in other encodings and without a header give the same texts") {
        const auto mapping = [](std::string_view format) {
            return R"({"source": "g", "person": {"system": "s", "key": "who"}, "key": "row",
              "at": {"constant": "0", "form": "unix_s"}, "format": )" +
                   std::string{format} + R"(, "facts": [{"kind": "attributes", "attributes": {"town": "town"}}]})";
        };
        const auto town = [&](std::string_view format, std::string bytes) {
            Journal journal = Journal::in_memory();
            const ImportReport report = import_text(journal, mapping(format), std::move(bytes));
            CHECK(report_of(report) == "");
            return std::get<std::string>(
                std::get<model::AttributeStatement>(about(journal, "a").at(0).content).attributes.at(0).value);
        };
        // e-acute is E9 and the euro sign 80 in Windows-1252, A4 in ISO 8859-15 (Unicode's mapping tables).
        CHECK(town(R"({"encoding": "windows-1252"})", "who,town\na,Caf\xe9 \x80\n") == "Caf\u00e9 \u20ac");
        CHECK(town(R"({"encoding": "iso-8859-15"})", "who,town\na,\xa4\n") == "\u20ac");
        CHECK(town(R"({"encoding": "iso-8859-1"})", "who,town\na,\xe9\n") == "\u00e9");
        CHECK(town(R"({"encoding": "utf-16le"})", std::string{"w\0h\0o\0,\0t\0o\0w\0n\0\n\0a\0,\0\xe9\0\n\0", 26}) ==
              "\u00e9");
        CHECK(town(R"({"header": false, "columns": ["who", "town"], "delimiter": "|", "quote": null})", "a|\"x\"\n") ==
              "\"x\"");
        CHECK(town(R"({"header": false, "columns": ["who", "town"], "quote": "'", "trim": true})", "a , 'x,y'\n") ==
              "x,y");
        // Fewer fields than columns: nothing to read there.
        Journal journal = Journal::in_memory();
        const ImportReport report =
            import_text(journal, mapping(R"({"header": false, "columns": ["who", "town"]})"), "a\n");
        CHECK(report.rows_refused == 1);
    }

    TEST_CASE("rows for which no fact holds make nobody and are not refused") {
        constexpr std::string_view mapping = R"({"source": "g", "person": {"system": "s", "key": "who"}, "key": "row",
          "at": {"column": "at", "form": "utc"}, "facts": [{"kind": "enrolment", "when": {"column": "x", "is": "yes"},
          "programme": {"constant": "p"}, "status": {"constant": "enrolled"}}]})";
        Journal journal = Journal::in_memory();
        const ImportReport report = import_text(journal, mapping, "who,at,x\na,2025-01-01T10:00,yes\nb,never,no\n");
        CHECK(report.rows_refused == 0);
        CHECK(report.facts_entered == 1);
        CHECK(journal.person_count() == 1);
    }

    TEST_CASE("progress tells rows and bytes, and what it throws ends the import") {
        std::string file = "who,at,n\n";
        for (int i = 0; i < 20'000; ++i) file += "a,2025-01-01T10:00,1\n";
        Journal journal = Journal::in_memory();
        std::vector<std::uint64_t> rows;
        ImportOptions options{import_time};
        options.on_progress = [&](const alloquy::io::ImportProgress& progress) {
            rows.push_back(progress.rows);
            CHECK(progress.bytes.total_bytes == file.size());
        };
        (void)import_text(journal, clicks, file, options);
        REQUIRE(rows.size() >= 2);
        CHECK(std::is_sorted(rows.begin(), rows.end()));
        CHECK(rows.back() == 20'000);
        struct Stop {};
        options.on_progress = [](const alloquy::io::ImportProgress&) { throw Stop{}; };
        CHECK_THROWS_AS((void)import_text(journal, clicks, file, options), Stop);
        CHECK(import_text(journal, clicks, file).facts_already_there == 20'000);
    }

    // ---- Mappings ----

    TEST_CASE("a mapping with every key is read") {
        CHECK(problems_of(full) == "");
        CHECK(read_mapping(full, "m.json").source() == "everything");
        CHECK(read_mapping(full, "m.json").name() == "m.json");
        CHECK_THROWS_AS((void)read_mapping_file("no/such/mapping.json"), NotFound);
    }

    TEST_CASE("each mistake in a mapping is told once, with pointer and line") {
        // The lines are those of `full`, counted by hand.
        for (const auto& row : std::vector<std::array<std::string, 3>>{
                 {R"("source": "everything")", R"("source": "")", "2 /source: expected a name of 1 to 255 bytes"},
                 {R"("source": "everything")", R"("sorce": "everything", "source": "x")", "2 /sorce: unknown key"},
                 {R"("delimiter": ";")", R"("delimiter": ";;")", "3 /format/delimiter: expected one ASCII character"},
                 {R"("delimiter": ";")", R"("delimiter": "\"")", "3 /format: expected another quote than delimiter"},
                 {R"("encoding": "utf-8")", R"("encoding": "utf8")", "3 /format/encoding: expected one of \"utf-8\""},
                 {R"("trim": true)", R"("trimm": true)",
                  "3 /format/trimm: unknown key \"trimm\"; did you mean \"trim\"?"},
                 {R"("columns": ["k", "v"])", R"("columns": ["k", "v", "k"])", "4 /lookups/table/format/columns: "},
                 {R"("key": ["k"])", R"("key": ["kk"])", "4 /lookups/table/key/0: expected a name that stands in"},
                 {R"("key": ["k"])", R"("key": [])", "4 /lookups/table/key: expected at least one column"},
                 {R"("skipped": "shift_forward")", R"("skipped": "forward")", "5 /skipped: expected one of \"refuse\""},
                 {R"("repeated": "later")", R"("repeated": "last")", "5 /repeated: expected one of "},
                 {R"("lookup": "table")", R"("lookup": "tble")",
                  "6 /person/key/1/lookup: expected the name of a lookup, got the text \"tble\"; did you mean "
                  "\"table\"?"},
                 {R"("by": ["place"])", R"("by": ["place", "who"])", "6 /person/key/1/by: expected 1 columns"},
                 {R"("key": ["id"])", R"("key": [])", "7 /key: expected at least one value"},
                 {R"("key": ["id"])", R"("key": 3)",
                  "7 /key: expected a value or an array of values or the text \"row\""},
                 {R"("form": "local", "default")", R"("form": "lokal", "default")",
                  "8 /at/form: expected one of \"local\""},
                 {R"("default": "2025-01-01")", R"("default": "soon")", "8 /at/default: expected a day YYYY-MM-DD"},
                 {R"("known_at": "at")", R"("known_at": "now")", "9 /known_at: expected a time or the text \"at\""},
                 {R"("kind": "interaction")", R"("kind": "interacton")",
                  "11 /facts/0/kind: expected the name of a kind of fact, got the text \"interacton\"; did you mean "
                  "\"interaction\"?"},
                 {R"("is": "i")", R"("is": "i", "empty": true)", "11 /facts/0/when: expected one of the keys"},
                 {R"("suffix": "i")", R"("suffix": "1")", "16 /facts/1: expected a suffix that no other fact has"},
                 {R"({"a": "sent"})", R"({"a": "snt"})", "12 /facts/0/act/map/a: expected one of sent, delivered, "},
                 {R"("default": "opened")", R"("default": "open")", "12 /facts/0/act/default: expected one of "},
                 {R"({"constant": "outbound"})", R"({"constant": "outbund"})",
                  "13 /facts/0/direction/constant: expected one of inbound, outbound, got "
                  "\"outbund\"; did you mean \"outbound\"?"},
                 {R"({"constant": "nl"})", R"({"constant": "n"})",
                  "13 /facts/0/language/constant: expected a language tag"},
                 {R"("topic": "y", "lang)", R"("topc": "y", "lang)",
                  "13 /facts/0/topc: unknown key \"topc\"; did you mean \"topic\"?"},
                 {R"({"join": ["x", "y"]})", R"({"join": ["x"]})",
                  "17 /facts/1/programme/join: expected two values or more"},
                 {R"({"join": ["x", "y"]})", R"({"join": ["x", "y"], "column": "x"})",
                  "17 /facts/1/programme: expected one of the keys"},
                 {R"({"join": ["x", "y"]})", R"({})", "17 /facts/1/programme: expected one of the keys"},
                 {R"({"join": ["x", "y"]})", "4", "17 /facts/1/programme: expected the name of a column or an object"},
                 {R"("ended": {"constant": "true"})", R"("ended": {"constant": "yes"})",
                  "17 /facts/1/ended/constant: expected true, false, 1 or 0"},
                 {R"("origin": "2025-01-01", )", "", "18 /facts/1/at: expected the key \"origin\""},
                 {R"("origin": "2025-01-01")", R"("origin": "day one")", "18 /facts/1/at/origin: expected a day"},
                 {R"("time_of_day": "12:30")", R"("time_of_day": "noon")",
                  "18 /facts/1/at/time_of_day: expected a time of day"},
                 {R"("type": "number", "scale": 0.5)", R"("type": "text", "scale": 0.5)",
                  "21 /facts/2/attributes/n/scale: expected no scale"},
                 {R"("type": "number", "scale": 0.5)", R"("type": "float")",
                  "21 /facts/2/attributes/n/type: expected one of \"text\""},
                 {R"("kind": {"constant": "school"}, "name": "z"}},)", R"("kind": {"constant": "school"}}},)",
                  "26 /facts/4/organisation: expected both"},
                 {R"("kind": {"constant": "school"}, "name": "z"}},)",
                  R"("kind": {"constant": "scool"}, "name": "z"}},)",
                  "26 /facts/4/organisation/kind/constant: expected one of employer"},
                 {R"("fraction": {"column": "number", "scale": 0.01})", R"("fraction": {"constant": "half"})",
                  "31 /facts/7/fraction/constant: expected a number"},
                 {R"("assessment": "y",)", "", "30 /facts/7: expected the key \"assessment\", got none"},
                 {R"("topic": "y")", R"("topic": {"each": "n"})",
                  "13 /facts/0/topic/each: expected it only in a fact that has the key \"each\", whose rows it reads"},
                 {R"("lookup": "list")", R"("lookup": "lst")",
                  "37 /facts/10/each/lookup: expected the name of a lookup, got the text \"lst\"; did you mean "
                  "\"list\"?"},
                 {R"("by": ["place"], "key")", R"("by": ["place", "x"], "key")",
                  "37 /facts/10/each/by: expected 1 columns, as many as the lookup's key has, got 2"},
                 {R"("key": ["n"])", R"("key": [])", "37 /facts/10/each/key: expected at least one column"},
                 {R"("key": ["n"], )", "", "37 /facts/10/each: expected the key \"key\", got none"},
                 {R"({"column": "d", "not_empty": true})", R"({"column": "d"})",
                  "37 /facts/10/each/when: expected one of the keys"},
                 {R"({"each": "n"})", R"({"each": "n", "column": "x"})",
                  "38 /facts/10/item/join/1: expected one of the keys \"column\", \"constant\", \"lookup\", \"join\" "
                  "and "
                  "\"each\", got 2"},
                 {R"({"each": "n"})", R"({"each": 7})", "38 /facts/10/item/join/1/each: expected a text"},
                 {R"("suffix": "each",)", "",
                  "36 /facts/10: expected the key \"suffix\", which a fact with \"each\" needs"},
                 {R"("suffix": "i")", R"("suffix": "each:x")",
                  "11 /facts/0/suffix: expected a suffix that does not begin with \"each:\""},
                 {R"("is": "o"},)", R"("is": "o"}, "each": {"lookup": "list", "by": ["x"], "key": ["n"]},)",
                  "34 /facts/9/each/key: expected no key: an organisation has one of its own"},
             }) {
            const std::string& piece = row[0];
            const std::string& replacement = row[1];
            const std::string& start = row[2];
            CAPTURE(replacement);
            const std::string report = problems_with(piece, replacement);
            CHECK(std::count(report.begin(), report.end(), '\n') == 1);
            CHECK(begins(report, start));
        }
    }

    TEST_CASE("what a mapping needs as a whole is told") {
        CHECK(problems_of("{}") ==
              "1 : expected the key \"source\", got none\n1 : expected the key \"facts\", got none\n");
        CHECK(problems_of(R"({"source": "x", "facts": []})") == "1 /facts: expected at least one fact\n");
        CHECK(problems_of(R"({"source": "x",
          "facts": [{"kind": "enrolment", "programme": "p", "status": "s"}]})") ==
              "1 : expected the key \"person\", got none\n1 : expected the key \"key\", got none\n"
              "2 /facts/0: expected the key \"at\" here or at the top of the mapping, got none\n");
        CHECK(begins(problems_of(timed(R"({"column": "t", "form": "local"})")), "1 /at: expected the key \"zone\""));
        CHECK(begins(problems_of(timed(R"({"constant": "x", "form": "unix_s"})")),
                     "1 /at/constant: expected whole seconds since 1970-01-01T00:00Z, got \"x\""));
        CHECK(begins(problems_of(timed(R"({"column": "t", "form": "utc", "origin": "2020-01-01"})")),
                     "1 /at/origin: expected no origin but for day_offset"));
        CHECK(begins(problems_of(timed(R"({"column": "t", "form": "utc", "time_of_day": "12:00"})")),
                     "1 /at/time_of_day: expected no time of day but for day and day_offset"));
        CHECK(begins(problems_of(R"({"source": "x", "facts": [{"kind": "organisation"}]})"),
                     "1 /facts/0: expected the key \"organisation\", got none"));
    }

    TEST_CASE("the JSON Schema has the keys that the reader has, no more and no less") {
        const json schema = json::parse(text_of(repository() / "src/io/schema/import.schema.json"));
        const auto names_of = [](const json& root, const json& start) {
            std::set<std::string> names;
            std::vector<const json*> open{&start};
            while (!open.empty()) {
                const json& node = *open.back();
                open.pop_back();
                if (node.is_object() && node.contains("properties")) {
                    for (const auto& [key, property] : node["properties"].items()) names.insert(key);
                }
                if (node.is_structured()) {
                    for (const json& child : node) open.push_back(&child);
                }
            }
            (void)root;
            return names;
        };
        const std::set<std::string> in_schema = names_of(schema, schema);
        // Every key of the full mapping, which the reader accepts whole, but those of maps that the user names.
        std::set<std::string> in_mapping;
        std::vector<json> open{json::parse(full)};
        while (!open.empty()) {
            const json node = open.back();
            open.pop_back();
            if (node.is_array()) {
                for (const json& child : node) open.push_back(child);
            }
            if (!node.is_object()) continue;
            for (const auto& [key, child] : node.items()) {
                in_mapping.insert(key);
                if (key == "map") continue;
                if (key == "attributes" || key == "lookups") {
                    for (const json& named : child) open.push_back(named);
                } else {
                    open.push_back(child);
                }
            }
        }
        CHECK(in_mapping == in_schema);
        // Each kind of fact has the same keys on both sides.
        const json mapping = json::parse(full);
        for (const json& fact : mapping["facts"]) {
            CAPTURE(fact["kind"].get<std::string>());
            const json& choices = schema["$defs"]["fact"]["oneOf"];
            const auto choice = std::find_if(choices.begin(), choices.end(), [&](const json& candidate) {
                return candidate["properties"]["kind"]["const"] == fact["kind"];
            });
            REQUIRE(choice != choices.end());
            for (const auto& member : fact.items()) {
                CHECK_MESSAGE((*choice)["properties"].contains(member.key()), member.key());
            }
            for (const auto& member : (*choice)["properties"].items()) {
                const std::string& key = member.key();
                const bool is_common =
                    key == "when" || key == "each" || key == "at" || key == "known_at" || key == "suffix";
                CHECK_MESSAGE((is_common || fact.contains(key)), key);
            }
        }
        // And each literal that the reader asks for is one of these names.
        const std::string source = text_of(repository() / "src/io/import_mapping.cpp");
        const std::regex asks{
            R"re((?:\.(?:string|number|integer|boolean|object|array|member|reference|strings|optional_\w+|\w+_or|has|enumeration<[^>]*>)\(|character\(object, |FieldRule\{|choice<[^>]*>\()"([a-z_]+)")re"};
        std::size_t count = 0;
        for (std::sregex_iterator hit{source.begin(), source.end(), asks}; hit != std::sregex_iterator{}; ++hit) {
            CHECK_MESSAGE(in_schema.contains((*hit)[1]), (*hit)[1].str() << " is read, but not in the schema");
            ++count;
        }
        CHECK(count > 60);
    }

    // ---- Real data ----

    TEST_CASE("OULAD comes in whole, and a second time not at all") {
        const std::filesystem::path data = data_folder() / "oulad";
        if (!std::filesystem::exists(data / "studentInfo.csv.gz")) {
            MESSAGE("SKIPPED: oulad is not there (set ALLOQUY_DATA)");
            return;
        }
        const auto run = [&](Journal& journal, const std::string& mapping, const std::string& file) {
            const ImportReport report =
                alloquy::io::import_csv(journal, read_mapping_file(repository() / "examples/mappings/oulad" / mapping),
                                        data / file, ImportOptions{import_time});
            CHECK(report_of(report) == "");
            return report;
        };
        Journal journal = Journal::in_memory();
        // All counts from SOURCE.md: rows of the tables, 10,072 unregistration dates, 173 missing scores.
        const ImportReport info = run(journal, "student_info.json", "studentInfo.csv.gz");
        CHECK(info.rows_read == 32'593);
        CHECK(info.facts_entered == 2 * 32'593);
        CHECK(journal.person_count() == 32'593);
        const ImportReport registration = run(journal, "student_registration.json", "studentRegistration.csv.gz");
        CHECK(registration.rows_read == 32'593);
        // Duties: registrations of each presentation times its assessments with a date, 304,597 in all (a join of
        // studentRegistration and assessments in Python). 45 registrations have no day to state.
        CHECK(registration.facts_entered == 32'593 + 10'072 + (32'593 - 45) + 304'597);
        const ImportReport assessment = run(journal, "student_assessment.json", "studentAssessment.csv.gz");
        CHECK(assessment.rows_read == 173'912);
        // 2,865 rows, counted in the same way, are of exams without a date, which are no duties here.
        CHECK(assessment.facts_entered == 2 * 173'912 - 1'909 - 173 + (173'912 - 2'865));
        std::map<std::size_t, std::uint64_t> kinds;
        std::map<std::string, std::uint64_t> outcomes;
        std::map<std::string, std::uint64_t> duties_opened;
        std::map<std::string, std::uint64_t> duties_by_state;
        std::uint64_t late_duties = 0;
        std::map<std::string, std::set<std::int64_t>> clickers;
        std::map<std::string, std::uint64_t> click_sums;
        const ImportReport vle = run(journal, "student_vle.json", "studentVle-first-1048575-rows.txt.gz");
        CHECK(vle.rows_read == 1'048'575);
        CHECK(vle.facts_entered == 1'048'575);
        CHECK(journal.person_count() == 32'593);  // nobody who is not in studentInfo
        const model::Symbols& symbols = journal.symbols();
        std::int64_t first_day = 0;
        std::int64_t last_day = 0;
        const std::int64_t day_0_noon = instant("2013-10-01T11:00:00Z").unix_ms();  // 12:00 British Summer Time
        journal.for_each_person_facts(PersonId{1}, PersonId{40'000}, [&](PersonId person, auto facts) {
            const auto key = journal.keys_of(person).at(0).key;
            const std::string presentation = key.substr(0, 9);
            model::Person state{person};
            for (const model::Fact& fact : facts) {
                model::apply(state, fact, symbols);
                ++kinds[fact.content.index()];
                if (const auto* duty = std::get_if<model::ObligationChange>(&fact.content);
                    duty != nullptr && duty->step == model::ObligationStep::opened) {
                    ++duties_opened[presentation];
                    CHECK(fact.known_at >= fact.at);
                    CHECK(fact.at < instant("2012-09-01T00:00:00Z"));
                }
                if (const auto* change = std::get_if<model::EnrolmentChange>(&fact.content)) {
                    ++outcomes[std::string{model::name_of(change->status)}];
                    CHECK(symbols.programmes.text(change->programme) == presentation);
                }
                const auto* contact = std::get_if<model::Interaction>(&fact.content);
                if (contact == nullptr || symbols.channels.text(contact->channel) != "vle") continue;
                click_sums[presentation] += contact->quantity;
                clickers[presentation].insert(person.value());
                if (presentation == "AAA/2013J") {
                    // An hour of winter time does not change the day.
                    const std::int64_t day =
                        (fact.at.unix_ms() - day_0_noon + 86'400'000LL * 1'000) / 86'400'000 - 1'000;
                    first_day = std::min(first_day, day);
                    last_day = std::max(last_day, day);
                }
            }
            for (const model::Obligation& duty : state.obligations) {
                REQUIRE(duty.due.has_value());
                ++duties_by_state[symbols.obligations.text(duty.kind) + ' ' + std::string{model::name_of(duty.step)}];
                if (duty.step == model::ObligationStep::fulfilled && *duty.due < duty.changed_at) ++late_duties;
            }
            return true;
        });
        CHECK(kinds[7] == 173'912 - 173);  // results
        CHECK(duties_opened.size() == 22);
        CHECK(duties_opened["AAA/2013J"] == 383 * 5);  // registered (SOURCE.md) times dated rows of assessments.csv
        CHECK(duties_opened["AAA/2014J"] == 365 * 5);
        CHECK(duties_opened["BBB/2013B"] == 1'767 * 11);
        CHECK(duties_opened["BBB/2013J"] == 2'237 * 11);
        // In the end, by a join in Python of studentRegistration, assessments and studentAssessment: handed in, or
        // waived where the result was carried over, or open. The table has exams of two modules only.
        CHECK(duties_by_state == std::map<std::string, std::uint64_t>{{"TMA fulfilled", 97'088},
                                                                      {"TMA opened", 63'992},
                                                                      {"TMA waived", 1'338},
                                                                      {"CMA fulfilled", 69'956},
                                                                      {"CMA opened", 53'953},
                                                                      {"CMA waived", 571},
                                                                      {"Exam fulfilled", 2'094},
                                                                      {"Exam opened", 15'605}});
        CHECK(late_duties == 49'318);  // date_submitted behind date
        CHECK(outcomes["passed"] == 12'361 + 3'024);
        CHECK(outcomes["failed"] == 7'052);
        CHECK(outcomes["withdrawn"] == 10'156);
        CHECK(click_sums["AAA/2013J"] == 648'494);
        CHECK(click_sums["AAA/2014J"] == 598'158);
        CHECK(click_sums["BBB/2013B"] == 1'347'911);
        CHECK(click_sums["BBB/2013J"] == 921'776);
        CHECK(clickers["AAA/2013J"].size() == 378);
        CHECK(clickers["AAA/2014J"].size() == 357);
        CHECK(clickers["BBB/2013B"].size() == 1'537);
        CHECK(clickers["BBB/2013J"].size() == 1'865);
        CHECK(first_day == -10);
        CHECK(last_day == 268);

        const auto head = journal.chain_head();
        CHECK(run(journal, "student_info.json", "studentInfo.csv.gz").facts_entered == 0);
        CHECK(run(journal, "student_registration.json", "studentRegistration.csv.gz").facts_entered == 0);
        CHECK(run(journal, "student_assessment.json", "studentAssessment.csv.gz").facts_entered == 0);
        const ImportReport again = run(journal, "student_vle.json", "studentVle-first-1048575-rows.txt.gz");
        CHECK(again.facts_entered == 0);
        CHECK(again.facts_already_there == 1'048'575);
        CHECK(journal.chain_head() == head);
    }

    TEST_CASE("the mappings of the sample institution are right in themselves") {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator{repository() / "examples/mappings/sample"}) {
            CAPTURE(entry.path().string());
            CHECK_NOTHROW((void)read_mapping_file(entry.path()));
            ++count;
        }
        CHECK(count == 10);
    }
}
