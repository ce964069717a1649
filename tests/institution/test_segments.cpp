#include <chrono>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/institution.hpp>
#include <alloquy/io/playbook.hpp>

#include <institution/real_facts.hpp>

namespace {

using namespace alloquy;

const time::Instant start = time::utc_start(time::Day::from_ymd(2026, 9, 1));

time::Instant day(int days) {
    return start + std::chrono::days{days};
}
engine::Playbook playbook(std::vector<segment::SegmentConfig> segments) {
    engine::Playbook playbook = io::read_playbook(R"json({
        "name": "test", "channels": ["email", "portal"], "topics": ["study"],
        "reachability": {"channels": ["email"]}})json",
                                                  "playbook");
    playbook.segments = std::move(segments);
    return playbook;
}
const std::vector<segment::SegmentConfig> configs{
    {"students", "role student"},
    {"silent", "in segment \"students\" and no interactions where direction = \"inbound\" in last 7 days"}};

PersonId enrol(Institution& college, const std::string& key, time::Instant at) {
    const PersonId person = college.person("sis", key, at);
    college.record(model::Fact{person, at, at, college.symbols().sources.intern("sis"), "role",
                               model::RoleChange{model::RoleKind::student}});
    return person;
}
model::Fact click(Institution& college, PersonId person, time::Instant at, const std::string& key) {
    model::Symbols& words = college.symbols();
    return {
        person, at,
        at,     words.sources.intern("lms"),
        key,    model::Interaction{words.channels.intern("portal"), model::Act::clicked, model::Direction::inbound}};
}
using Change = std::tuple<std::string, store::MembershipStep, bool, time::Instant, store::MembershipCause>;
std::vector<Change> plain(const std::vector<store::MembershipRecord>& records) {
    std::vector<Change> all;
    for (const store::MembershipRecord& record : records) {
        all.emplace_back(record.segment, record.step, record.retracted, record.at, record.cause);
    }
    return all;
}
constexpr auto entered = store::MembershipStep::entered;
constexpr auto left = store::MembershipStep::left;
constexpr auto by_fact = store::MembershipCause::fact;
constexpr auto by_time = store::MembershipCause::time;
constexpr auto by_edit = store::MembershipCause::edit;

}  // namespace

TEST_SUITE("institution/segments") {
    TEST_CASE("members come and go with facts and with time, and every change is a record on disk") {
        Institution college = Institution::in_memory(playbook(configs), start);
        const PersonId person = enrol(college, "1", day(0));
        college.record(click(college, person, day(1), "a"));
        CHECK(college.members("silent", day(1)).empty());
        college.advance(day(9));
        CHECK(college.members("silent", day(9)) == std::vector{person});
        // Asked about the future, nothing is recorded; about the past, it is what is known now.
        CHECK(college.members("silent", day(30)) == std::vector{person});
        CHECK(college.members("silent", day(8) - std::chrono::milliseconds{1}).empty());
        CHECK(plain(college.membership_changes(0, 100)) ==
              std::vector<Change>{{"students", entered, false, day(0), by_fact},
                                  {"silent", entered, false, day(0), by_fact},
                                  {"silent", left, false, day(1), by_fact},
                                  {"silent", entered, false, day(8), by_time}});
        CHECK(college.members_where("in segment \"silent\" and count of interactions >= $n", day(9), {{"n", 1.0}}) ==
              std::vector{person});
        CHECK_THROWS_WITH_AS((void)college.members("silnt", day(9)),
                             "Institution: there is no segment \"silnt\"; did you mean \"silent\"?", InvalidArgument);
    }

    TEST_CASE("the listener hears each change once, in order, with its number") {
        Institution college = Institution::in_memory(playbook(configs), start);
        std::vector<std::uint64_t> numbers;
        college.on_membership_change([&](const store::MembershipRecord& record) { numbers.push_back(record.number); });
        const PersonId person = enrol(college, "1", day(0));
        college.record(click(college, person, day(1), "a"));
        college.advance(day(9));
        CHECK(numbers == std::vector<std::uint64_t>{1, 2, 3, 4});
    }

    TEST_CASE("closing and opening changes nothing, and time that passed in between counts to the millisecond") {
        const support::TemporaryFolder folder{"segments"};
        const auto path = folder.path() / "journal";
        {
            Institution college = Institution::open(path, playbook(configs), start);
            const PersonId person = enrol(college, "1", day(0));
            college.record(click(college, person, day(1), "a"));
        }
        for (const bool with_snapshot : {false, true}) {
            Institution college = Institution::open(path, playbook(configs), day(3));
            CHECK(college.members("silent", day(3)).empty());
            CHECK(college.membership_changes(0, 100).size() == 3);
            if (with_snapshot) college.save_snapshot();
        }
        Institution college = Institution::open(path, playbook(configs), day(10));
        CHECK(plain(college.membership_changes(3, 100)) ==
              std::vector<Change>{{"silent", entered, false, day(8), by_time}});
        CHECK(college.journal().verify().empty());
    }

    TEST_CASE("editing a segment gives one set of changes at the instant of the edit, under the next version") {
        const support::TemporaryFolder folder{"segments"};
        const auto path = folder.path() / "journal";
        PersonId person{0};
        {
            Institution college = Institution::open(path, playbook(configs), start);
            person = enrol(college, "1", day(0));
            college.record(click(college, person, day(1), "a"));
            college.advance(day(5));
        }
        std::vector<segment::SegmentConfig> edited = configs;
        edited[1].condition =
            "in segment \"students\" and no interactions where direction = \"inbound\" in last 3 days";
        {
            Institution college = Institution::open(path, playbook(edited), day(6));
            CHECK(plain(college.membership_changes(3, 100)) ==
                  std::vector<Change>{{"silent", entered, false, day(6), by_edit}});
            CHECK(college.membership_changes(3, 100).at(0).version == 2);
            CHECK(college.journal().segment_versions().size() == 3);
        }
        // Taken out: everybody leaves.
        edited.pop_back();
        Institution college = Institution::open(path, playbook(edited), day(7));
        CHECK(plain(college.membership_changes(4, 100)) ==
              std::vector<Change>{{"silent", left, false, day(7), by_edit}});
        CHECK(college.members("students", day(7)) == std::vector{person});
    }

    TEST_CASE("edits never touch what was before them, also where something turned at that very instant") {
        const support::TemporaryFolder folder{"segments"};
        const auto path = folder.path() / "journal";
        PersonId person{0};
        {
            Institution college = Institution::open(path, playbook({{"s", "role student"}}), start);
            person = enrol(college, "1", day(0));  // the clock stands at this turn
        }
        for (const int at : {1, 2}) {
            Institution college = Institution::open(
                path, playbook({{"s", at == 1 ? "role student or role alumnus" : "role student or role prospect"}}),
                day(at));
            CHECK(college.members("s", day(at)) == std::vector{person});
        }
        {
            Institution college = Institution::open(path, playbook({}), day(3));
            CHECK(plain(college.membership_changes(1, 100)) ==
                  std::vector<Change>{{"s", left, false, day(3), by_edit}});
        }
        Institution college = Institution::open(path, playbook({{"s", "role student"}}), day(3));
        CHECK(college.members("s", day(0)) == std::vector{person});
        CHECK(college.members("s", day(2)) == std::vector{person});
        CHECK(college.members("s", day(3)).empty());
        // Again at the same instant: a millisecond later, after every turn before it.
        const std::vector<Change> again{{"s", entered, false, day(3) + std::chrono::milliseconds{1}, by_edit}};
        CHECK(plain(college.membership_changes(2, 100)) == again);
        CHECK(college.members("s", day(4)) == std::vector{person});
    }

    TEST_CASE("what gives conditions their values is part of a segment's version") {
        const support::TemporaryFolder folder{"segments"};
        const auto path = folder.path() / "journal";
        const std::vector<segment::SegmentConfig> keen{{"keen", "engagement >= 2 %"}};
        PersonId person{0};
        {
            Institution college = Institution::open(path, playbook(keen), start);
            person = enrol(college, "1", day(0));
            college.record(click(college, person, day(1), "a"));
            CHECK(college.members("keen", day(1)) == std::vector{person});
        }
        engine::Playbook other = playbook(keen);
        for (score::HalfLife& half_life : other.engagement.half_lives) half_life.scale *= 1000;
        Institution college = Institution::open(path, other, day(1) + std::chrono::hours{1});
        CHECK(plain(college.membership_changes(1, 100)) ==
              std::vector<Change>{{"keen", left, false, day(1) + std::chrono::hours{1}, by_edit}});
        CHECK(college.members("keen", day(1)) == std::vector{person});  // under the policy of that time
    }

    TEST_CASE("late facts of a bulk load that nobody asked about before closing bring no false entry") {
        const support::TemporaryFolder folder{"segments"};
        const auto path = folder.path() / "journal";
        PersonId person{0};
        {
            Institution college = Institution::open(path, playbook({{"students", "role student"}}), start);
            person = college.person("sis", "1", day(0));
            college.record(click(college, person, day(1), "a"));
            college.advance(day(5));
            const model::Fact late{person, day(2),
                                   day(5), college.symbols().sources.intern("sis"),
                                   "role", model::RoleChange{model::RoleKind::student}};
            college.record_bulk([&](store::BulkAppend& bulk) { bulk.append(std::span{&late, 1}); });
        }
        Institution college = Institution::open(path, playbook({{"students", "role student"}}), day(5));
        CHECK(plain(college.membership_changes(0, 100)) ==
              std::vector<Change>{{"students", entered, false, day(2), by_fact}});
    }

    TEST_CASE("a segment that reads a host's column waits until the column is filled again") {
        const support::TemporaryFolder folder{"segments"};
        const auto path = folder.path() / "journal";
        engine::Playbook with_column = playbook({{"likely", "own_model >= 0.5"}});
        with_column.columns = {"own_model"};
        PersonId person{0};
        {
            Institution college = Institution::open(path, with_column, start);
            person = enrol(college, "1", day(0));
            college.set_column("own_model", std::vector{person}, std::vector{0.9}, day(1));
            CHECK(college.members("likely", day(1)) == std::vector{person});
        }
        Institution college = Institution::open(path, with_column, day(2));
        CHECK(college.members("likely", day(2)) == std::vector{person});
        college.set_column("own_model", std::vector{person}, std::vector{0.1}, day(3));
        CHECK(
            plain(college.membership_changes(0, 100)) ==
            std::vector<Change>{{"likely", entered, false, day(1), by_edit}, {"likely", left, false, day(3), by_edit}});
    }

    TEST_CASE("a question that fails leaves no filter behind") {
        Institution college = Institution::in_memory(playbook(configs), start);
        for (int i = 0; i < 70; ++i) {
            const std::string word = "word" + std::to_string(i);
            CHECK_THROWS_AS((void)college.members_where("count of interactions where text contains \"" + word +
                                                            "\" in this week in zone \"No/Where\" > 0",
                                                        day(1)),
                            InvalidArgument);
        }
        CHECK(college.members_where("some interactions where text contains \"word\"", day(1)).empty());
    }

    TEST_CASE("of a later instant, members and conditions say the same of earlier membership") {
        Institution college = Institution::in_memory(playbook({{"busy", "some interactions in last 2 days"},
                                                               {"was busy", "left segment \"busy\" in last 7 days"}}),
                                                     start);
        const PersonId person = enrol(college, "1", day(0));
        college.record(click(college, person, day(0), "a"));
        CHECK(college.members("was busy", day(5)) == std::vector{person});
        CHECK(college.members_where("left segment \"busy\" in last 7 days", day(5)) == std::vector{person});
        // A year reaches further back than the playbook's segments, so the facts come from the journal.
        CHECK(college.members_where("left segment \"busy\" in last 7 days and some interactions in last 365 days",
                                    day(5)) == std::vector{person});
    }

    TEST_CASE("conditions say the same as members of an instant that has passed") {
        Institution college = Institution::in_memory(playbook({{"busy", "some interactions in last 3 days"}}), start);
        const PersonId person = enrol(college, "1", day(0));
        college.record(click(college, person, day(0), "a"));
        college.advance(day(10));
        const std::vector<PersonId> one{person};
        const std::vector<PersonId> nobody;
        const std::string year = " and some interactions in last 365 days";  // reaches further than what is kept
        for (const auto& [now, in, out] :
             {std::tuple{day(1), one, nobody}, std::tuple{day(5), nobody, one}, std::tuple{day(20), nobody, nobody}}) {
            CHECK(college.members("busy", now) == in);
            CHECK(college.members_where("in segment \"busy\"", now) == in);
            CHECK(college.members_where("in segment \"busy\"" + year, now) == in);
            CHECK(college.members_where("left segment \"busy\" in last 7 days", now) == out);
            CHECK(college.members_where("left segment \"busy\" in last 7 days" + year, now) == out);
            CHECK(college.explain_where(person, "left segment \"busy\" in last 7 days" + year, now).is_member ==
                  !out.empty());
        }
    }

    TEST_CASE("a question about other people reads their facts as far back as it asks") {
        Institution college = Institution::in_memory(playbook({{"busy", "some interactions in last 3 days"}}), start);
        const PersonId parent = enrol(college, "1", day(0));
        const PersonId child = enrol(college, "2", day(0));
        college.record(model::Fact{parent, day(0), day(0), college.symbols().sources.intern("sis"), "relation",
                                   model::RelationChange{model::RelationKind::guardian_of, child, false}});
        college.record(click(college, child, day(0), "a"));
        college.record(click(college, child, day(1), "b"));
        model::Fact mail = click(college, parent, day(1), "c");
        std::get<model::Interaction>(mail.content).channel = college.symbols().channels.intern("email");
        college.record(mail);
        const auto ask = [&](const std::string& channel, int times, const std::string& window) {
            const std::string condition =
                "relation guardian_of to person where (count of interactions where channel = \"" + channel +
                "\" in last " + window + " = " + std::to_string(times) + ")";
            const std::vector<PersonId> found = college.members_where(condition, day(2));
            const bool is_in = found == std::vector{parent};
            CHECK((is_in || found.empty()));
            CHECK(college.explain_where(parent, condition, day(2)).is_member == is_in);
            return is_in;
        };
        CHECK(ask("portal", 2, "3 days"));
        CHECK(ask("portal", 2, "300 days"));
        CHECK_FALSE(ask("portal", 1, "300 days"));
        CHECK(ask("email", 0, "300 days"));
        CHECK_FALSE(ask("email", 2, "300 days"));
    }

    TEST_CASE("why: the tree with what was found, and the smallest change") {
        Institution college = Institution::in_memory(
            playbook({{"busy student", "role student and count of interactions in last 7 days >= 3"}}), start);
        const PersonId person = enrol(college, "1", day(0));
        college.record(click(college, person, day(1), "a"));
        college.record(click(college, person, day(2), "b"));
        const segment::MembershipExplanation why = college.explain_membership(person, "busy student", day(3));
        CHECK_FALSE(why.is_member);
        REQUIRE(why.condition.parts.size() == 2);
        CHECK(why.condition.parts[0].holds);
        CHECK_FALSE(why.condition.parts[1].holds);
        CHECK(why.condition.parts[1].found == model::AttributeValue{2.0});
        CHECK(why.condition.parts[1].stands_until == day(8));
        REQUIRE(why.changes.size() == 1);
        CHECK(why.changes[0].test == "count of interactions in last 1 week >= 3");
        CHECK(why.changes[0].distance == doctest::Approx(0.2));  // (3 - 2) / (3 + 2)
    }

    TEST_CASE("why: a condition that names a segment is explained by the segment's membership") {
        Institution college = Institution::in_memory(playbook(configs), start);
        const PersonId person = enrol(college, "1", day(0));
        college.record(click(college, person, day(1), "a"));
        const segment::MembershipExplanation why =
            college.explain_where(person, "in segment \"students\" and engagement > 2", day(1));
        CHECK_FALSE(why.is_member);
        CHECK(why.condition.parts.at(0).holds);
        CHECK(why.condition.parts.at(0).parts.empty());
        // Of a segment of the playbook its own condition stands below.
        const segment::MembershipExplanation silent = college.explain_membership(person, "silent", day(1));
        REQUIRE(silent.condition.parts.at(0).parts.size() == 1);
        CHECK(silent.condition.parts[0].parts[0].text == "role student");
        CHECK(silent.condition.parts[0].kind == segment::ExplainedKind::segment);
    }

    TEST_CASE("sizes, intersections and flow add up") {
        Institution college = Institution::in_memory(playbook(configs), start);
        const PersonId one = enrol(college, "1", day(0));
        const PersonId two = enrol(college, "2", day(0));
        college.record(click(college, one, day(1), "a"));
        college.record(click(college, two, day(2), "a"));
        college.advance(day(20));
        const std::vector<SegmentSize> sizes = college.segment_sizes(day(20));
        CHECK(sizes.at(0).members == 2);
        CHECK(sizes.at(1).shared == std::vector<std::size_t>{2, 2});
        const std::vector<SegmentIntersection> table = college.segment_intersections(day(8));
        REQUIRE(table.size() == 2);  // one is silent since day 8, two is not
        CHECK(table[0].members == 1);
        CHECK_THROWS_AS((void)college.segment_flow("silent", std::vector{day(0), day(21)}), InvalidArgument);
        const std::vector<time::Instant> edges{day(0), day(5), day(9), day(20)};
        const std::vector<SegmentFlow> flow = college.segment_flow("silent", edges);
        REQUIRE(flow.size() == 3);
        CHECK(std::tuple{flow[0].entered, flow[0].left, flow[0].members} == std::tuple{2U, 2U, 0U});
        CHECK(std::tuple{flow[1].entered, flow[1].left, flow[1].members} == std::tuple{1U, 0U, 1U});
        CHECK(std::tuple{flow[2].entered, flow[2].left, flow[2].members} == std::tuple{1U, 0U, 2U});
    }
}
