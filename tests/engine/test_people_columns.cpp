#include <alloquy/engine/people_columns.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/engine/segment_keeper.hpp>

#include "../support/facts.hpp"

namespace model = alloquy::model;
namespace segment = alloquy::segment;
using namespace alloquy::engine;
using alloquy::PersonId;
using alloquy::support::at;
using alloquy::support::find_test_zone;
using alloquy::support::test_playbook;
using alloquy::time::Instant;
using std::chrono::days;

namespace {

constexpr std::int64_t people = 1300;
const Instant start = at("2026-01-01T00:00Z");

/// People of all sorts: the facts of person i differ by remainders of i.
struct Town {
    Town() {
        for (std::int64_t i = 1; i <= people; ++i) add(i);
    }
    void add(std::int64_t i) {
        // Everybody's role began at an instant of its own.
        const Instant began = start - days{500} + std::chrono::milliseconds{i};
        tell(i, began, role(model::RoleKind::student, "programme " + std::to_string(i % 3)));
        // Of every hundred one role ends later on.
        if (i % 100 == 50) {
            tell(i, start + days{30}, role(model::RoleKind::student, "programme " + std::to_string(i % 3), true));
        }
        if (i % 7 == 0) tell(i, began, role(model::RoleKind::alumnus, "programme 0"));
        if (i == 76) tell(i, start + days{90}, role(model::RoleKind::alumnus, "programme 0"));
        model::AttributeStatement said{{{word("region"), "region " + std::to_string(i % 5)}}};
        if (i % 4 != 0) said.attributes.push_back({word("language"), std::string{i % 2 == 0 ? "nl" : "en"}});
        if (i % 6 == 0) said.attributes.push_back({word("zone"), std::string{"Test/East"}});
        if (i % 10 != 0) said.attributes.push_back({word("age"), static_cast<double>(17 + i % 20)});
        if (i % 11 == 0) said.attributes.push_back({word("list:open day"), i % 22 == 0});
        tell(i, began + days{1}, said);
        consent(i, began + days{2}, model::ConsentDecision::given);
        if (i % 3 == 0) consent(i, began + days{2 + i % 2}, model::ConsentDecision::withdrawn);
        if (i % 13 == 0) consent(i, began, model::ConsentDecision::objected);
        if (i % 9 == 0) {
            tell(i, began + days{3},
                 model::DialogueChange{alloquy::DialogueId{i},
                                       model::DialogueStep::opened,
                                       {},
                                       symbols.topics.intern("housing"),
                                       model::Tone::complaint});
        }
        if (i % 8 == 0) {
            tell(i, began + days{3},
                 model::EnrolmentChange{
                     symbols.programmes.intern("programme 1"),
                     i % 16 == 0 ? model::EnrolmentStatus::enrolled : model::EnrolmentStatus::withdrawn});
        }
    }
    model::RoleChange role(model::RoleKind kind, const std::string& programme, bool ended = false) {
        return {kind, symbols.programmes.intern(programme), {}, ended};
    }
    model::AttributeName word(const char* name) { return symbols.attributes.intern(name); }
    void consent(std::int64_t i, Instant when, model::ConsentDecision decision) {
        tell(i, when,
             model::ConsentStatement{
                 symbols.purposes.intern("marketing"), symbols.channels.intern("mail"), decision, {}});
    }
    void tell(std::int64_t i, Instant when, model::FactContent content) {
        auto& own = facts[i];
        own.push_back(
            alloquy::support::make_fact(symbols, PersonId{i}, when, "k" + std::to_string(++told), std::move(content)));
        alloquy::support::sort_canonical(own, symbols);
        const std::uint32_t row = engine.add_person(PersonId{i}, static_cast<std::uint64_t>(i));
        engine.refold(row, own);
    }
    std::size_t values(PeoplePart part, std::string attribute = {}, Instant now = start) {
        PeopleColumn column{part, std::move(attribute)};
        REQUIRE(column.make(engine, now));
        return column.size();
    }

    model::Symbols symbols{};
    Engine engine = make_engine(test_playbook(), {}, symbols, find_test_zone);
    std::map<std::int64_t, std::vector<model::Fact>> facts{};
    int told = 0;
};

/// One condition for each part of people, and for several at once.
const std::vector<segment::SegmentConfig>& configs() {
    static const std::vector<segment::SegmentConfig> all{
        {"students", "role student of \"programme 1\""},
        {"former", "former role student"},
        {"two roles", "count of current roles >= 2"},
        {"region", "attribute:region in (\"region 1\", \"region 3\")"},
        {"not region", "not attribute:region ends with \"1\""},
        {"young", "attribute:age between 18 and 20"},
        {"no age", "attribute:age is unknown"},
        {"dutch", "language = \"nl\""},
        {"language unknown", "language is unknown"},
        {"east", "zone = \"Test/East\""},
        {"mail", "consent to \"marketing\" by \"mail\""},
        {"guest", "on list \"open day\""},
        {"complaint", "open dialogue about \"housing\" of tone complaint"},
        {"enrolled", "enrolment with status enrolled of \"programme 1\""},
        {"chess", "attribute:club = \"chess\""},
        {"all", "in segment \"dutch\" and in segment \"mail\" and not in segment \"former\""},
    };
    return all;
}

/// A keeper that knows everybody's facts and has not begun to follow.
std::unique_ptr<SegmentKeeper<Engine>> keep(const Town& town, const std::vector<segment::SegmentConfig>& of) {
    auto keeper =
        std::make_unique<SegmentKeeper<Engine>>(town.engine, of, segment::SegmentCalendar{}, nullptr, nullptr);
    for (const auto& [i, facts] : town.facts) keeper->refold(town.engine.row(PersonId{i}), facts);
    return keeper;
}
/// The same answers by the plain way: each person asked alone.
std::vector<RowBits> one_by_one(const Town& town, const std::vector<segment::SegmentConfig>& of, Instant now) {
    const auto keeper = keep(town, of);
    keeper->begin(town.engine, now, std::vector<Instant>(of.size(), now));
    std::vector<RowBits> all(of.size(), RowBits((town.engine.size() + 63) / 64, 0));
    for (std::uint32_t s = 0; s < of.size(); ++s) {
        for (std::uint32_t row = 0; row < town.engine.size(); ++row) {
            if (keeper->is_member(row, s)) all[s][row / 64] |= std::uint64_t{1} << row % 64;
        }
    }
    return all;
}
std::vector<std::size_t> rows_of(const RowBits& bits) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < bits.size() * 64; ++row) {
        if ((bits[row / 64] >> row % 64 & 1U) != 0) rows.push_back(row);
    }
    return rows;
}

}  // namespace

TEST_SUITE("engine/people_columns") {
    TEST_CASE("people who differ in instants alone share a value") {
        Town town;
        // Three programmes, each with and without a second role, and person 76 with one to come; who leaves later is a
        // student still.
        CHECK(town.values(PeoplePart::roles) == 7);
        // After a month persons 50, 150, 250 … have left: three programmes, and with a second role persons 350 and 1050
        // of programmes 2 and 0.
        CHECK(town.values(PeoplePart::roles, {}, start + days{31}) == 12);
        // Given or withdrawn, with an objection or without.
        CHECK(town.values(PeoplePart::consents) == 4);
        CHECK(town.values(PeoplePart::language) == 3);
        CHECK(town.values(PeoplePart::zone) == 2);
        CHECK(town.values(PeoplePart::attribute, "region") == 5);
        CHECK(town.values(PeoplePart::attribute, "age") == 19);  // 17 to 36 without 17 and 27, and unknown
        CHECK(town.values(PeoplePart::attribute, "list:open day") == 3);
        CHECK(town.values(PeoplePart::attribute, "nobody said this") == 1);
        CHECK(town.values(PeoplePart::dialogues) == 2);
        CHECK(town.values(PeoplePart::enrolments) == 3);
    }

    TEST_CASE("a column is made at the second question, and tells who has become another since") {
        Town town;
        PeopleColumns columns;
        const std::vector<PeopleColumns::Wanted> region{{PeoplePart::attribute, "region"}};
        columns.need(town.engine, region, start, 1);
        CHECK(columns.find_column(region[0], start) == nullptr);
        columns.need(town.engine, region, start, 1);
        const PeopleColumn* const column = columns.find_column(region[0], start);
        REQUIRE(column != nullptr);
        REQUIRE(column->codes().size() == people);
        CHECK(column->codes()[0] == column->codes()[5]);  // persons 1 and 6
        CHECK(column->codes()[0] != column->codes()[1]);
        const auto changed = [&] {
            std::set<std::size_t> rows;
            for (std::size_t row = 0; row < people; ++row) {
                if (columns.seen()[row] != town.engine.person_versions()[row]) rows.insert(row);
            }
            return rows;
        };
        CHECK(changed().empty());
        town.tell(7, start, model::AttributeStatement{{{town.word("region"), std::string{"elsewhere"}}}});
        CHECK(changed() == std::set<std::size_t>{6});
        // One of 1,300 is few: the column stays as it is.
        columns.need(town.engine, region, start, 1);
        CHECK(changed() == std::set<std::size_t>{6});
        CHECK(columns.find_column(region[0], start)->size() == 5);
        for (std::int64_t i = 20; i < 50; ++i) {
            town.tell(i, start, model::AttributeStatement{{{town.word("region"), std::string{"elsewhere"}}}});
        }
        columns.need(town.engine, region, start, 1);
        CHECK(changed().empty());
        // That was the first question since; there is a column at the second.
        CHECK(columns.find_column(region[0], start) == nullptr);
        columns.need(town.engine, region, start, 1);
        REQUIRE(columns.find_column(region[0], start) != nullptr);
        CHECK(columns.find_column(region[0], start)->size() == 6);
    }

    TEST_CASE("an attribute in which nearly everybody differs has no column") {
        Town town;
        for (std::int64_t i = 1; i <= people; ++i) {
            town.tell(i, start, model::AttributeStatement{{{town.word("number"), static_cast<double>(i)}}});
        }
        const std::vector<PeopleColumns::Wanted> number{{PeoplePart::attribute, "number"},
                                                        {PeoplePart::attribute, "number"}};
        PeopleColumns columns;
        columns.need(town.engine, number, start, 1);
        CHECK(columns.find_column(number[0], start) == nullptr);
    }

    TEST_CASE("a role column is of an instant: whose role ends later is told, and an earlier one asks for another") {
        Town town;
        PeopleColumn column{PeoplePart::roles, {}};
        REQUIRE(column.make(town.engine, start));
        CHECK(column.stands_at(start.unix_ms()));
        CHECK_FALSE(column.stands_at(start.unix_ms() - 1));
        const auto over = [&](Instant now) {
            std::vector<std::uint32_t> rows;
            column.for_each_turned(now.unix_ms(), [&](std::uint32_t row) { rows.push_back(row); });
            return rows;
        };
        CHECK(over(start + days{30} - std::chrono::milliseconds{1}).empty());
        CHECK(over(start + days{30}) ==
              std::vector<std::uint32_t>{49, 149, 249, 349, 449, 549, 649, 749, 849, 949, 1049, 1149, 1249});
        CHECK(over(start + days{90}).size() == 14);
        CHECK(column.stands_at((start + days{90}).unix_ms()));  // fourteen of 1,300 are few
    }

    TEST_CASE("answers are the same with columns, without them, and for whoever has changed") {
        Town town;
        const auto keeper = keep(town, configs());
        const auto check = [&](Instant now) {
            const std::vector<RowBits> expected = one_by_one(town, configs(), now);
            for (const unsigned threads : {1U, 2U, 7U}) {
                const std::vector<RowBits> found = keeper->rebuild(town.engine, now, threads);
                for (std::size_t s = 0; s < expected.size(); ++s) {
                    CAPTURE(configs()[s].name);
                    CHECK(rows_of(found[s]) == rows_of(expected[s]));
                }
            }
        };
        check(start);
        REQUIRE(keeper->columns().find_column({PeoplePart::roles}, start) != nullptr);
        REQUIRE(keeper->columns().find_column({PeoplePart::attribute, "region"}, start) != nullptr);
        const std::vector<RowBits> members = keeper->rebuild(town.engine, start, 1);
        CHECK(rows_of(members[0]).size() == 434);   // persons 1, 4, 7 …
        CHECK(rows_of(members[3]).size() == 520);   // two fifths
        CHECK(rows_of(members[6]).size() == 130);   // a tenth
        CHECK(rows_of(members[7]).size() == 325);   // even and no multiple of four
        CHECK(rows_of(members[10]).size() == 867);  // without the 433 multiples of three
        CHECK(rows_of(members[11]).size() == 59);   // the multiples of 22
        CHECK(rows_of(members[13]).size() == 81);   // the multiples of 16
        // Thirteen roles are over then, which the column does not know.
        check(start + days{31});
        CHECK(rows_of(keeper->rebuild(town.engine, start + days{31}, 1)[1]).size() == 13);
        check(start + days{91});
        // Somebody changes, in all parts; somebody new comes.
        const auto again = [&](std::int64_t i) { keeper->refold(town.engine.row(PersonId{i}), town.facts[i]); };
        town.tell(2, start + days{1},
                  model::AttributeStatement{{{town.word("region"), std::string{"region 3"}},
                                             {town.word("age"), 19.0},
                                             {town.word("language"), std::string{"nl"}},
                                             {town.word("zone"), std::string{"Test/West"}},
                                             {town.word("list:open day"), true}}});
        town.tell(2, start + days{1}, town.role(model::RoleKind::student, "programme 1"));
        town.consent(2, start + days{1}, model::ConsentDecision::withdrawn);
        again(2);
        town.add(people + 1);
        again(people + 1);
        // A word that nobody had said before.
        town.tell(3, start + days{1}, model::AttributeStatement{{{town.word("club"), std::string{"chess"}}}});
        again(3);
        check(start + days{32});
        CHECK(keeper->columns().seen().size() == people);
        // An instant before that of the columns of roles.
        check(start + days{20});
    }

    TEST_CASE("hundreds of facts of one person are counted in full") {
        // A count has one byte for each counter, which 255 fills.
        Town town;
        const std::vector<segment::SegmentConfig> counted{
            {"many", "count of interactions where act = \"clicked\" in last 30 days >= 700"},
            {"exactly", "count of interactions where act = \"clicked\" in last 30 days between 699 and 701"},
            {"week", "count of interactions where act = \"clicked\" in last 7 days = 168"},
            {"last", "days since last of interactions where act = \"visited\" between 9 and 10"},
            {"ever", "count of interactions >= 721"},
        };
        const Instant now = start + days{40};
        for (int hour = 0; hour < 720; ++hour) {
            town.tell(1, now - std::chrono::hours{hour},
                      model::Interaction{.channel = town.symbols.channels.intern("mail"),
                                         .act = model::Act::clicked,
                                         .direction = model::Direction::inbound});
        }
        town.tell(1, now - std::chrono::hours{228},
                  model::Interaction{.channel = town.symbols.channels.intern("mail"),
                                     .act = model::Act::visited,
                                     .direction = model::Direction::inbound});
        const auto keeper = keep(town, counted);
        const std::vector<RowBits> members = keeper->rebuild(town.engine, now, 1);
        CHECK(members == one_by_one(town, counted, now));
        // 720 hours lie in the last 30 days, 168 in the last seven, the visit 9.5 days ago.
        CHECK((members[0][0] & 1U) == 1);
        CHECK((members[1][0] & 1U) == 0);
        CHECK((members[2][0] & 1U) == 1);
        CHECK((members[3][0] & 1U) == 1);
        CHECK((members[4][0] & 1U) == 1);
    }
}
