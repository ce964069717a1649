#include <alloquy/engine/segment_keeper.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"

namespace model = alloquy::model;
namespace segment = alloquy::segment;
namespace decide = alloquy::decide;
using namespace alloquy::engine;
using alloquy::PersonId;
using alloquy::support::find_test_zone;
using alloquy::support::test_playbook;
using alloquy::time::Instant;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

constexpr decide::PlaybookHash hash{std::byte{1}};

/// One engine with its segments, fed fact by fact.
struct World {
    explicit World(std::vector<segment::SegmentConfig> configs,
                   Instant from = alloquy::support::at("2026-01-01T00:00Z"))
        : engine{make_engine(test_playbook(), hash, symbols, find_test_zone)},
          keeper{engine, configs, segment::SegmentCalendar{find_test_zone, "UTC", alloquy::time::AcademicCalendar{{}}},
                 [this] { return make_engine(test_playbook(), hash, symbols, find_test_zone); }, nullptr} {
        keeper.begin(engine, from, std::vector<Instant>(configs.size(), from));
    }
    void tell(std::int64_t person, Instant at, model::FactContent content, std::optional<Instant> known = {}) {
        const model::Fact fact{
            PersonId{person},  at, known.value_or(at), symbols.sources.intern("test"), "k" + std::to_string(++told),
            std::move(content)};
        engine.add_person(fact.person, static_cast<std::uint64_t>(person));
        auto& own = facts[fact.person];
        own.push_back(fact);
        alloquy::support::sort_canonical(own, symbols);
        keeper.advance(engine, fact.known_at);
        const History history = [this](PersonId id) { return facts[id]; };
        engine.observe(fact, history);
        keeper.observe(engine, fact, history);
    }
    /// A relation and its mirror.
    void relate(std::int64_t person, model::RelationKind kind, std::int64_t other, Instant at,
                std::optional<Instant> known = {}) {
        tell(person, at, model::RelationChange{kind, PersonId{other}, false}, known);
        tell(other, at, model::RelationChange{inverse(kind), PersonId{person}, false}, known);
    }
    model::Interaction inbound(std::uint32_t quantity = 1) {
        return {.channel = symbols.channels.intern("email"),
                .act = model::Act::replied,
                .direction = model::Direction::inbound,
                .quantity = quantity};
    }
    /// "entered a 5" …, in order, with instants in ms since `from`.
    std::vector<std::string> changes(Instant from) {
        std::vector<std::string> all;
        for (const MembershipChange& change : keeper.take_changes()) {
            all.push_back(std::string{change.retracted ? "not " : ""} + (change.entered ? "entered " : "left ") +
                          keeper.segments().name(change.segment) + " " + std::to_string((change.at - from).count()));
        }
        return all;
    }

    model::Symbols symbols{};
    Engine engine;
    SegmentKeeper<Engine> keeper;
    std::map<PersonId, std::vector<model::Fact>> facts{};
    int told = 0;
};

}  // namespace

TEST_SUITE("engine/segment_keeper") {
    TEST_CASE("a rolling window is left at the very millisecond, without any fact") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"writes", "count of interactions where direction = \"inbound\" in last 7 days >= 2"}}};
        world.tell(1, start + hours{1}, world.inbound());
        CHECK(world.changes(start).empty());
        world.tell(1, start + hours{2}, world.inbound());
        CHECK(world.changes(start) == std::vector<std::string>{"entered writes 7200000"});
        // The older of the two is exactly seven days old at 7 d + 1 h, and out: (now - 7 d, now].
        world.keeper.advance(world.engine, start + days{7} + hours{1} - milliseconds{1});
        CHECK(world.changes(start).empty());
        world.keeper.advance(world.engine, start + days{8});
        CHECK(world.changes(start) == std::vector<std::string>{"left writes 608400000"});
    }

    TEST_CASE("a late fact corrects what was known and rewrites nothing") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"silent", "no interactions where direction = \"inbound\" in last 7 days"}}};
        world.tell(1, start, world.inbound());
        world.keeper.advance(world.engine, start + days{10});
        CHECK(world.changes(start) == std::vector<std::string>{"entered silent 604800000"});
        // Four days ago the person wrote, and nobody knew: silent neither then nor now.
        world.tell(1, start + days{6}, world.inbound(), start + days{10});
        CHECK(world.changes(start) == std::vector<std::string>{"not entered silent 604800000"});
        world.keeper.advance(world.engine, start + days{14});
        CHECK(world.changes(start) == std::vector<std::string>{"entered silent 1123200000"});
    }

    TEST_CASE("a segment that names another turns with it") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"quiet student", "in segment \"silent\" and role student"},
                     {"silent", "no interactions where direction = \"inbound\" in last 7 days"}}};
        world.tell(1, start, model::RoleChange{model::RoleKind::student, {}, {}, false});
        CHECK(world.changes(start) == std::vector<std::string>{"entered quiet student 0", "entered silent 0"});
        world.tell(1, start + hours{1}, world.inbound());
        CHECK(world.changes(start) == std::vector<std::string>{"left quiet student 3600000", "left silent 3600000"});
    }

    TEST_CASE("a falling score is left at the first millisecond at which it is below") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"keen", "engagement >= 0.02"}}};
        world.tell(1, start, world.inbound(5));
        REQUIRE(world.keeper.is_member(0, 0));
        static_cast<void>(world.changes(start));
        world.keeper.advance(world.engine, start + days{3000});
        const auto changes = world.keeper.take_changes();
        REQUIRE(changes.size() == 1);
        const auto fraction = [&](Instant at) { return *world.engine.field_number(0, 0, at); };
        CHECK(fraction(changes[0].at) < 0.02);
        CHECK(fraction(changes[0].at - milliseconds{1}) >= 0.02);
    }

    TEST_CASE("nobody is in a segment before the first fact, be it a role to come") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"no mailer", "no interactions"}}};
        world.tell(1, start + days{3}, model::RoleChange{model::RoleKind::student, {}, {}, false}, start + days{1});
        CHECK_FALSE(world.keeper.is_member(0, 0));
        CHECK(world.keeper.rebuild(world.engine, world.keeper.clock(), 1) == std::vector<RowBits>{{0}});
        world.keeper.advance(world.engine, start + days{3});
        CHECK(world.changes(start) == std::vector<std::string>{"entered no mailer 259200000"});
        CHECK(world.keeper.rebuild(world.engine, world.keeper.clock(), 1) == std::vector<RowBits>{{1}});
    }

    TEST_CASE("a keeper that begins later finds in who is there by a fact that left no trace") {
        // The end of a relation that nobody stated: model::Person keeps nothing of it, yet the person is known by it.
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        const std::vector<segment::SegmentConfig> configs{{"no mailer", "no interactions"}};
        World world{configs};
        world.tell(1, start + hours{1},
                   model::RelationChange{model::RelationKind::works_at, alloquy::OrganisationId{1}, true});
        REQUIRE(world.keeper.is_member(0, 0));
        SegmentKeeper<Engine> later{
            world.engine, configs, segment::SegmentCalendar{find_test_zone, "UTC", alloquy::time::AcademicCalendar{{}}},
            [&] { return make_engine(test_playbook(), hash, world.symbols, find_test_zone); }, nullptr};
        later.refold(0, world.facts[PersonId{1}]);
        const Instant now = start + days{1};
        later.begin(world.engine, now, {now});
        CHECK(later.is_member(0, 0));
    }

    TEST_CASE("earlier membership in a window to come counts from the start of the window") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"here", "true"}, {"was here", "was in segment \"here\" from 2026-01-05 to 2026-01-06"}}};
        world.tell(1, start, world.inbound());
        CHECK(world.changes(start) == std::vector<std::string>{"entered here 0"});
        // Four days of 86,400,000 ms; what was in the window stays so.
        world.keeper.advance(world.engine, start + days{20});
        CHECK(world.changes(start) == std::vector<std::string>{"entered was here 345600000"});
    }

    TEST_CASE("what is told of another person asks nobody before the first fact") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"here", "true"}, {"guards", "relation guardian_of to person where some interactions"}}};
        world.relate(1, model::RelationKind::guardian_of, 2, start + hours{5}, start);
        world.keeper.advance(world.engine, start + hours{6});
        static_cast<void>(world.changes(start));
        // The other wrote an hour before the relation began.
        world.tell(2, start + hours{4}, world.inbound(), start + hours{7});
        CHECK(world.keeper.turns(0).front().at_ms() == (start + hours{5}).unix_ms());
        CHECK(world.keeper.was_member(0, 1, start + hours{5}));
    }

    TEST_CASE("who is asked about another's segment turns when that one does, by time alone") {
        const Instant start = alloquy::support::at("2026-01-01T00:00Z");
        World world{{{"writes", "some interactions where direction = \"inbound\" in last 7 days"},
                     {"guards a writer", "relation guardian_of to person where in segment \"writes\""},
                     {"guards one who fell silent",
                      "relation guardian_of to person where left segment \"writes\" in last 1 hour"}}};
        world.relate(1, model::RelationKind::guardian_of, 2, start);
        world.tell(2, start + hours{1}, world.inbound());
        CHECK(world.changes(start) ==
              std::vector<std::string>{"entered guards a writer 3600000", "entered writes 3600000"});
        world.keeper.advance(world.engine, start + days{30});
        // 7 d + 1 h and 7 d + 2 h.
        CHECK(world.changes(start) ==
              std::vector<std::string>{"left guards a writer 608400000", "entered guards one who fell silent 608400000",
                                       "left writes 608400000", "left guards one who fell silent 612000000"});
    }
}
