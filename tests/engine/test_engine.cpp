#include <alloquy/engine/engine.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

namespace model = alloquy::model;
namespace score = alloquy::score;
namespace decide = alloquy::decide;
using namespace alloquy::engine;
using alloquy::OrganisationId;
using alloquy::PersonId;
using alloquy::support::facts_of;
using alloquy::support::find_test_zone;
using alloquy::support::make_fact;
using alloquy::support::minute;
using alloquy::support::PopulationShape;
using alloquy::support::Random;
using alloquy::support::test_playbook;
using alloquy::time::Instant;
using Bytes = std::vector<std::byte>;
using std::chrono::days;
using std::chrono::minutes;

namespace {

constexpr decide::PlaybookHash hash{std::byte{1}, std::byte{2}};

std::uint64_t tie_key_of(std::size_t person) {
    return (person * 7 + 3) % 101;
}
PersonId forward_id(std::size_t person) {
    return PersonId{static_cast<std::int64_t>(person) + 1};
}

/// Makes most people students whom one may talk to in Dutch, from the first minute on; random facts may undo it.
void settle(std::vector<model::Fact>& facts, model::Symbols& symbols, std::size_t people,
            const std::function<PersonId(std::size_t)>& id_of) {
    for (std::size_t p = 0; p < people; ++p) {
        const auto add = [&](std::int64_t when, std::string key, model::FactContent content) {
            facts.push_back(make_fact(symbols, id_of(p), minute(when), std::move(key), std::move(content)));
        };
        if (p % 5 == 4) continue;
        add(60 * 24 * 60, "settle zone",
            model::AttributeStatement{{{symbols.attributes.intern("zone"), std::string{"Test/West"}}}});
        add(60 * 24 * 60, "settle language",
            model::AttributeStatement{
                {{symbols.attributes.intern("language"), std::string{p % 2 == 0 ? "nl" : "en"}}}});
        add(0, "settle role", model::RoleChange{model::RoleKind::student, symbols.programmes.intern("law"), {}, false});
    }
}

/// People, their facts and an engine for them.
struct World {
    model::Symbols symbols{};
    std::vector<model::Fact> facts{};
    std::function<PersonId(std::size_t)> id_of = forward_id;
    std::size_t people = 0;

    World() = default;
    explicit World(std::uint64_t seed, const PopulationShape& shape = {})
        : facts{alloquy::support::random_facts(seed, symbols, shape, forward_id)}, people{shape.people} {
        settle(facts, symbols, people, id_of);
    }

    [[nodiscard]] Engine engine() {
        Engine made = make_engine(test_playbook(), hash, symbols, find_test_zone);
        for (std::size_t p = 0; p < people; ++p) made.add_person(id_of(p), tie_key_of(p));
        return made;
    }
    /// All facts folded person by person, each in canonical order.
    [[nodiscard]] Engine refolded(const std::vector<model::Fact>& some) {
        Engine made = engine();
        for (std::size_t p = 0; p < people; ++p) made.refold(made.row(id_of(p)), facts_of(id_of(p), some, symbols));
        return made;
    }
};

template <class AnyEngine>
Bytes canonical(const AnyEngine& engine) {
    Bytes bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
    engine.write_canonical(out, [](OrganisationId id) { return static_cast<std::uint64_t>(id.value()) * 3; });
    return bytes;
}
template <class AnyEngine>
Bytes saved(const AnyEngine& engine) {
    Bytes bytes;
    ByteWriter out{[&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
    engine.save(out);
    return bytes;
}
template <class AnyEngine>
void restore(AnyEngine& engine, const Bytes& bytes, std::size_t chunk_bytes = 4096) {
    std::size_t next = 0;
    ByteReader in{[&] {
        const std::size_t first = next;
        next = std::min(bytes.size(), first + chunk_bytes);
        return std::span{bytes}.subspan(first, next - first);
    }};
    engine.restore(in);
}

/// Observes facts one by one; a history is what was observed so far.
template <class AnyEngine>
void observe_all(AnyEngine& engine, const std::vector<model::Fact>& facts, const model::Symbols& symbols,
                 const std::function<void(const std::vector<model::Fact>&)>& after_each = {}) {
    std::vector<model::Fact> so_far;
    for (const model::Fact& fact : facts) {
        so_far.push_back(fact);
        engine.observe(fact, [&](PersonId person) { return facts_of(person, so_far, symbols); });
        if (after_each) after_each(so_far);
    }
}

/// Assignments by what identifies people outside.
std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t, double>> outside(
    const decide::Plan& plan, const std::function<std::uint64_t(PersonId)>& tie_key) {
    std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t, double>> rows;
    for (const auto& assignment : plan.assignments) {
        rows.emplace_back(tie_key(assignment.person), assignment.candidate.action, assignment.candidate.variant,
                          assignment.candidate.priority);
    }
    return rows;
}

model::Fact interaction(World& world, std::int64_t at_minute, std::string key, std::string_view channel, model::Act act,
                        model::Direction direction) {
    return make_fact(world.symbols, PersonId{1}, minute(at_minute), std::move(key),
                     model::Interaction{world.symbols.channels.intern(channel), act, direction});
}
model::Fact attribute(World& world, std::int64_t at_minute, std::string key, std::string_view name, std::string value) {
    return make_fact(world.symbols, PersonId{1}, minute(at_minute), std::move(key),
                     model::AttributeStatement{{{world.symbols.attributes.intern(name), std::move(value)}}});
}
model::Fact student(World& world, std::int64_t at_minute) {
    return make_fact(world.symbols, PersonId{1}, minute(at_minute), "role",
                     model::RoleChange{model::RoleKind::student, {}, {}, false});
}

/// One person who can be contacted in Dutch.
World one_person() {
    World world;
    world.people = 1;
    world.facts = {attribute(world, 0, "l", "language", "nl"), attribute(world, 1, "z", "zone", "Test/East"),
                   student(world, 2)};
    return world;
}

/// An own signal whose value depends on order: the act that came last, and how often the act changed.
class Changes {
public:
    static constexpr std::string_view name = "changes";
    static constexpr std::uint32_t version = 3;
    struct State {
        std::int64_t latest_ms = Instant::min_unix_ms - 1;
        std::uint32_t changes = 0;
        std::uint32_t last_act = 99;
    };
    static score::Observed observe(State& state, const score::Event& event, score::Order order) {
        if (order == score::Order::arrival && event.at_ms <= state.latest_ms) return score::Observed::late;
        state.latest_ms = event.at_ms;
        if (state.last_act != static_cast<std::uint32_t>(event.act)) ++state.changes;
        state.last_act = static_cast<std::uint32_t>(event.act);
        return score::Observed::done;
    }
    [[nodiscard]] static std::uint32_t value(const State& state, Instant /*now*/) { return state.changes; }
    [[nodiscard]] static std::optional<double> column(const State& state, Instant /*now*/) {
        return state.changes == 0 ? std::nullopt : std::optional<double>{state.changes};
    }
};
using OwnEngine = BasicEngine<score::Engagement, score::Reachability, score::Lifecycle, Changes>;

OwnEngine own_engine(World& world, Playbook playbook) {
    score::Engagement engagement{playbook.engagement, playbook.channels, playbook.topics};
    score::Reachability reachability{playbook.reachability, playbook.channels};
    score::Lifecycle lifecycle{playbook.lifecycles, playbook.channels, playbook.topics};
    OwnEngine engine{
        std::move(playbook),  hash,     world.symbols, find_test_zone, std::move(engagement), std::move(reachability),
        std::move(lifecycle), Changes{}};
    for (std::size_t p = 0; p < world.people; ++p) engine.add_person(world.id_of(p), tie_key_of(p));
    return engine;
}

/// The civil day in UTC.
std::int32_t day_of(Instant instant) {
    return static_cast<std::int32_t>(instant.unix_ms() / 86'400'000);
}

std::optional<double> column_of(const Engine& engine, Column column, Instant now) {
    std::vector<std::optional<double>> values(engine.columns().size());
    engine.column_values(0, now, values);
    return values[static_cast<std::size_t>(column)];
}

}  // namespace

TEST_SUITE("engine/engine") {
    static_assert(ColumnSignal<Changes> && !ColumnSignal<score::Engagement>);

    TEST_CASE("any order of arrival gives the state of the canonical fold, byte by byte") {
        for (std::uint64_t seed = 0; seed < 6; ++seed) {
            CAPTURE(seed);
            World world{seed};
            const Engine expected = world.refolded(world.facts);
            const Bytes bytes = canonical(expected);
            const Instant now = expected.known_until().value();
            const decide::Plan plan = expected.plan(now);
            Random random{seed + 100};
            for (int shuffle = 0; shuffle < 10; ++shuffle) {
                random.shuffle(world.facts);
                Engine engine = world.engine();
                observe_all(engine, world.facts, world.symbols);
                REQUIRE(canonical(engine) == bytes);
                REQUIRE(saved(engine) == saved(expected));
                REQUIRE(engine.known_until() == now);
                REQUIRE(engine.plan(now) == plan);
                for (std::size_t p = 0; p < world.people; ++p) {
                    REQUIRE(engine.next(world.id_of(p), now) == expected.next(world.id_of(p), now));
                }
            }
        }
    }

    TEST_CASE("after each single fact the state is that of the facts so far") {
        World world{41, {3, 40, 24 * 60, 120}};  // twelve instants, so that most facts tie
        Random random{4};
        random.shuffle(world.facts);
        Engine engine = world.engine();
        observe_all(engine, world.facts, world.symbols, [&](const std::vector<model::Fact>& so_far) {
            REQUIRE(canonical(engine) == canonical(world.refolded(so_far)));
        });
    }

    TEST_CASE("of two facts at one instant the later in (source text, key) wins, whichever arrives first") {
        for (const bool swapped : {false, true}) {
            World world = one_person();
            const auto say = [&](std::string key, std::string_view source, const char* language) {
                return make_fact(
                    world.symbols, PersonId{1}, minute(9), std::move(key),
                    model::AttributeStatement{{{world.symbols.attributes.intern("language"), std::string{language}}}},
                    source);
            };
            // "zebra" is met first, so that its number is the lower one; the text decides.
            std::vector<model::Fact> facts{say("1", "zebra", "fr"), say("2", "ant", "en")};
            if (swapped) std::swap(facts[0], facts[1]);
            Engine engine = world.engine();
            observe_all(engine, facts, world.symbols);
            CHECK(engine.person(0).language == "fr");
            facts = {say("b", "ant", "nl"), say("a", "ant", "pt")};
            if (swapped) std::swap(facts[0], facts[1]);
            Engine other = world.engine();
            observe_all(other, facts, world.symbols);
            CHECK(other.person(0).language == "nl");
        }
    }

    TEST_CASE("neither the order of people nor that of words shows in plan and canonical bytes") {
        World first{7};
        const Engine a = first.refolded(first.facts);
        World second;
        for (const char* word : {"pigeon", "post", "portal", "phone"}) (void)second.symbols.channels.intern(word);
        for (const char* word : {"sports", "study"}) (void)second.symbols.topics.intern(word);
        for (const char* word : {"hobby", "fees"}) (void)second.symbols.purposes.intern(word);
        for (const char* word : {"old action", "keep in touch"}) (void)second.symbols.actions.intern(word);
        (void)second.symbols.sources.intern("register");
        second.people = first.people;
        second.id_of = [](std::size_t person) { return PersonId{500 - static_cast<std::int64_t>(person * person)}; };
        second.facts = alloquy::support::random_facts(7, second.symbols, {}, second.id_of);
        settle(second.facts, second.symbols, second.people, second.id_of);
        Engine b = make_engine(test_playbook(), hash, second.symbols, find_test_zone);
        for (std::size_t p = second.people; p-- > 0;) b.add_person(second.id_of(p), tie_key_of(p));
        Random random{1};
        random.shuffle(second.facts);
        observe_all(b, second.facts, second.symbols);
        CHECK(canonical(a) == canonical(b));
        const Instant now = a.known_until().value();
        const auto key = [](World& world) {
            return [&world](PersonId id) {
                std::size_t p = 0;
                while (world.id_of(p) != id) ++p;
                return tie_key_of(p);
            };
        };
        const decide::Plan plan_a = a.plan(now, {{{"coaches", 30}}});
        const decide::Plan plan_b = b.plan(now, {{{"coaches", 30}}});
        CHECK_FALSE(plan_a.assignments.empty());
        CHECK(outside(plan_a, key(first)) == outside(plan_b, key(second)));
        CHECK(plan_a.pools == plan_b.pools);
    }

    TEST_CASE("canonical bytes differ for different facts") {
        World world{8};
        const Bytes bytes = canonical(world.refolded(world.facts));
        World other{9};
        CHECK(canonical(other.refolded(other.facts)) != bytes);
        world.facts.push_back(make_fact(world.symbols, PersonId{1}, minute(1), "more",
                                        model::Result{world.symbols.assessments.intern("exam"), 0.5}));
        CHECK(canonical(world.refolded(world.facts)) != bytes);
    }

    TEST_CASE("a bulk fold is the same for any number of threads and, after refolds, for any order") {
        World world{11, {50, 60, 40 * 24 * 60, 7}};
        const Engine expected = world.refolded(world.facts);
        std::vector<score::Event> events;
        for (const model::Fact& fact : world.facts) {
            if (const auto* content = std::get_if<model::Interaction>(&fact.content)) {
                events.push_back(expected.to_event(expected.row(fact.person), fact, *content));
            }
        }
        Random random{2};
        random.shuffle(events);
        const auto check = [&] {
            std::optional<Bytes> bytes;
            std::optional<std::vector<std::uint32_t>> late;
            for (const unsigned threads : {1U, 2U, 7U, 80U}) {
                Engine engine = world.engine();
                const std::vector<std::uint32_t> rows = engine.fold(events, threads);
                if (!bytes) {
                    bytes = saved(engine);
                    late = rows;
                }
                REQUIRE(saved(engine) == *bytes);
                REQUIRE(rows == *late);
                REQUIRE(std::is_sorted(rows.begin(), rows.end()));
                for (const std::uint32_t row : rows) {
                    engine.refold(row, facts_of(world.id_of(row), world.facts, world.symbols));
                }
                for (std::uint32_t row = 0; row < engine.size(); ++row) {
                    using E = score::Engagement;
                    using R = score::Reachability;
                    REQUIRE(std::memcmp(&engine.state<E>(row), &expected.state<E>(row), sizeof(E::State)) == 0);
                    REQUIRE(std::memcmp(&engine.state<R>(row), &expected.state<R>(row), sizeof(R::State)) == 0);
                }
            }
        };
        check();
        std::stable_sort(events.begin(), events.end(), [](const score::Event& a, const score::Event& b) {
            return std::pair{a.person, a.at_ms} < std::pair{b.person, b.at_ms};
        });
        check();
    }

    TEST_CASE("events that come in order ask for no refold") {
        World world;
        world.people = 3;
        Engine engine = world.engine();
        std::vector<score::Event> events;
        for (std::uint32_t i = 0; i < 1000; ++i) {
            events.push_back({minute(i).unix_ms(), i % 3, day_of(minute(i)), 1, 1, 0,
                              i % 2 == 0 ? model::Act::sent : model::Act::replied,
                              i % 2 == 0 ? model::Direction::outbound : model::Direction::inbound, 9});
        }
        CHECK(engine.fold(events, 2).empty());
        CHECK(engine.known_until() == minute(999));
        events[500].person = 3;
        CHECK_THROWS_AS((void)engine.fold(events), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)engine.fold({}, 0), alloquy::InvalidArgument);
    }

    TEST_CASE("a snapshot brings back everything") {
        World world{13};
        Engine engine = world.refolded(world.facts);
        const Bytes bytes = saved(engine);
        const Instant now = engine.known_until().value() + days{1};
        for (const std::size_t chunk : {std::size_t{1}, std::size_t{13}, bytes.size()}) {
            Engine copy = make_engine(test_playbook(), hash, world.symbols, find_test_zone);
            copy.add_person(PersonId{77}, 5);  // is replaced
            restore(copy, bytes, chunk);
            CHECK(saved(copy) == bytes);
            CHECK(canonical(copy) == canonical(engine));
            CHECK(copy.known_until() == engine.known_until());
            CHECK(copy.plan(now) == engine.plan(now));
            CHECK(copy.engagement_fractions(now) == engine.engagement_fractions(now));
            CHECK_FALSE(copy.find_row(PersonId{77}));
            // It goes on like the original.
            const model::Fact fact = make_fact(world.symbols, PersonId{2}, now, "new",
                                               model::Interaction{world.symbols.channels.intern("mail"),
                                                                  model::Act::replied, model::Direction::inbound});
            copy.observe(fact, [](PersonId) -> std::vector<model::Fact> {
                FAIL("not late");
                return {};
            });
            World longer = world;
            longer.facts.push_back(fact);
            CHECK(canonical(copy) == canonical(longer.refolded(longer.facts)));
        }
    }

    TEST_CASE("a snapshot that ends too early is refused, and the engine is then empty") {
        World world{14, {3, 25}};
        const Bytes bytes = saved(world.refolded(world.facts));
        Engine engine = world.engine();
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(size);
            REQUIRE_THROWS_AS(restore(engine, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}),
                              alloquy::ParseError);
            REQUIRE(engine.size() == 0);
            REQUIRE_FALSE(engine.known_until());
        }
    }

    TEST_CASE("a damaged snapshot never crashes: it is refused as such, or read as another state") {
        World world{15, {3, 25}};
        const Bytes bytes = saved(world.refolded(world.facts));
        Random random{5};
        Engine engine = world.engine();
        int refused = 0;
        for (int i = 0; i < 1500; ++i) {
            Bytes damaged = bytes;
            for (std::size_t flips = 1 + random.below(3); flips > 0; --flips) {
                const std::size_t place = random.below(damaged.size());
                damaged[place] ^= static_cast<std::byte>(1U << random.below(8));
            }
            if (damaged == bytes) continue;
            CAPTURE(i);
            try {
                restore(engine, damaged);
                REQUIRE(saved(engine).size() >= 12);
            } catch (const alloquy::ParseError&) {
                REQUIRE(engine.size() == 0);
                ++refused;
            }
        }
        CHECK(refused > 20);
    }

    TEST_CASE("snapshot headers agree only under equal playbook hash and signals") {
        World world;
        const Engine engine = world.engine();
        CHECK(engine.snapshot_header() == world.engine().snapshot_header());
        CHECK(make_engine(test_playbook(), {}, world.symbols, find_test_zone).snapshot_header() !=
              engine.snapshot_header());
        CHECK(own_engine(world, test_playbook()).snapshot_header() != engine.snapshot_header());
    }

    TEST_CASE("a question about an instant before the latest known fact is refused") {
        World world = one_person();
        world.facts.push_back(interaction(world, 500, "i", "mail", model::Act::replied, model::Direction::inbound));
        world.facts.back().known_at = minute(600);
        const Engine engine = world.refolded(world.facts);
        CHECK(engine.known_until() == minute(600));
        const decide::Plan plan = engine.plan(minute(600));
        CHECK_NOTHROW((void)engine.next(PersonId{1}, minute(600)));
        decide::Plan earlier = plan;
        earlier.now = minute(599);
        for (const Instant now : {minute(599), Instant::earliest()}) {
            CHECK_THROWS_AS(engine.check_now(now), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)engine.next(PersonId{1}, now), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)engine.plan(now), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)engine.engagement(PersonId{1}, now), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)engine.reachability(PersonId{1}, now), alloquy::InvalidArgument);
            CHECK_THROWS_AS((void)engine.engagement_fractions(now), alloquy::InvalidArgument);
        }
        CHECK_THROWS_AS((void)engine.explain(PersonId{1}, earlier), alloquy::InvalidArgument);
        CHECK_FALSE(World{}.engine().known_until());
        CHECK_NOTHROW(World{}.engine().check_now(Instant::earliest()));
    }

    TEST_CASE("people who were not added are not found") {
        World world = one_person();
        Engine engine = world.engine();
        CHECK(engine.size() == 1);
        CHECK(engine.add_person(PersonId{1}, 9) == 0);  // the same again
        CHECK(engine.size() == 1);
        CHECK(engine.add_person(PersonId{5}, 9) == 1);
        CHECK(engine.find_row(PersonId{5}) == 1U);
        CHECK_FALSE(engine.find_row(PersonId{2}));
        CHECK_THROWS_AS((void)engine.row(PersonId{2}), alloquy::NotFound);
        CHECK_THROWS_AS((void)engine.next(PersonId{2}, minute(0)), alloquy::NotFound);
        CHECK_THROWS_AS((void)engine.engagement(PersonId{2}, minute(0)), alloquy::NotFound);
        const model::Fact fact = make_fact(world.symbols, PersonId{2}, minute(0), "x",
                                           model::RoleChange{model::RoleKind::student, {}, {}, false});
        CHECK_THROWS_AS(engine.observe(fact, {}), alloquy::NotFound);
        engine.clear();
        CHECK(engine.size() == 0);
    }

    TEST_CASE("a new zone moves the hours of all own acts, also of earlier ones") {
        World world;
        world.people = 1;
        Engine engine = world.engine();
        // 10:10 UTC is 15:40 at +05:30 and 02:10 at -08:00; 23:50 UTC is 05:20 and 15:50.
        world.facts = {interaction(world, 610, "i", "mail", model::Act::replied, model::Direction::inbound),
                       interaction(world, 1430, "j", "pigeon", model::Act::visited, model::Direction::inbound)};
        const auto hours = [&] {
            std::map<int, int> counts;
            const auto own_acts = engine.reachability(PersonId{1}, minute(9000)).own_acts;
            for (int hour = 0; hour < 168; ++hour) {
                if (own_acts[static_cast<std::size_t>(hour)] > 0)
                    counts[hour % 24] = own_acts[static_cast<std::size_t>(hour)];
            }
            return counts;
        };
        const auto tell = [&](model::Fact fact) {
            world.facts.push_back(fact);
            engine.observe(fact, [&](PersonId person) { return facts_of(person, world.facts, world.symbols); });
        };
        for (const model::Fact& fact : std::vector<model::Fact>{world.facts}) engine.observe(fact, {});
        CHECK(hours().empty());  // no zone yet
        tell(attribute(world, 2000, "z1", "zone", "Test/East"));
        CHECK(hours() == std::map<int, int>{{15, 1}, {5, 1}});
        tell(attribute(world, 3000, "z2", "zone", "Test/West"));
        CHECK(hours() == std::map<int, int>{{2, 1}, {15, 1}});
        tell(attribute(world, 2500, "z3", "zone", "Test/East"));  // late: the zone of minute 3000 stands
        CHECK(hours() == std::map<int, int>{{2, 1}, {15, 1}});
        tell(attribute(world, 4000, "z4", "zone", "Test/Lost"));
        CHECK(hours().empty());
        CHECK(engine.person(0).zone == "Test/Lost");
    }

    TEST_CASE("hours before 1970 are those of the clock too") {
        World world = one_person();
        model::Fact fact = interaction(world, 0, "i", "mail", model::Act::replied, model::Direction::inbound);
        fact.at = fact.known_at = alloquy::support::at("1969-12-31T20:15:00.001Z");  // 01:45 at +05:30
        const Engine engine = world.refolded(world.facts);
        const score::Event event = engine.to_event(0, fact, std::get<model::Interaction>(fact.content));
        CHECK(event.hour_of_week == 3 * 24 + 1);  // 1970-01-01 was a Thursday
        CHECK(event.local_day == 0);
    }

    TEST_CASE("words that the playbook has not fold as unknown ones") {
        World world = one_person();
        model::Fact fact = interaction(world, 10, "i", "pigeon", model::Act::replied, model::Direction::inbound);
        std::get<model::Interaction>(fact.content).topic = world.symbols.topics.intern("sports");
        std::get<model::Interaction>(fact.content).quantity = 100'000;
        world.facts.push_back(fact);
        Engine engine = world.engine();  // before the next words are met
        observe_all(engine, world.facts, world.symbols);
        const score::Event event = engine.to_event(0, fact, std::get<model::Interaction>(fact.content));
        CHECK(event.channel == 0);
        CHECK(event.topic == 0);
        CHECK(event.quantity == 65'535);
        const model::Fact later =
            interaction(world, 20, "j", "carrier wave", model::Act::replied, model::Direction::inbound);
        CHECK(engine.to_event(0, later, std::get<model::Interaction>(later.content)).channel == 0);
        CHECK(engine.engagement(PersonId{1}, minute(30)).events == 1);
        // Contacts by an unknown channel count for caps on all channels alone.
        model::Fact contact = interaction(world, 40, "c", "pigeon", model::Act::sent, model::Direction::outbound);
        std::get<model::Interaction>(contact.content).purpose = world.symbols.purposes.intern("hobby");
        std::get<model::Interaction>(contact.content).action = world.symbols.actions.intern("old action");
        engine.observe(contact, {});
        REQUIRE(engine.contacts(0).size() == 1);
        CHECK(engine.contacts(0)[0] == decide::Contact{minute(40), 0, 0, 0});
    }

    TEST_CASE("contacts carry the playbook's numbers; a missing purpose is the action's") {
        World world = one_person();
        model::Fact fact = interaction(world, 40, "c", "phone", model::Act::called, model::Direction::outbound);
        std::get<model::Interaction>(fact.content).action = world.symbols.actions.intern("fee reminder");
        world.facts.push_back(fact);
        world.facts.push_back(make_fact(world.symbols, PersonId{1}, minute(3), "o",
                                        model::ObligationChange{world.symbols.obligations.intern("fee"), "a",
                                                                model::ObligationStep::opened, minute(9000)}));
        fact = interaction(world, 50, "d", "mail", model::Act::sent, model::Direction::outbound);
        std::get<model::Interaction>(fact.content).purpose = world.symbols.purposes.intern("guidance");
        world.facts.push_back(fact);
        world.facts.push_back(interaction(world, 60, "e", "mail", model::Act::sent, model::Direction::inbound));
        world.facts.push_back(interaction(world, 70, "f", "mail", model::Act::delivered, model::Direction::outbound));
        const Engine engine = world.refolded(world.facts);
        REQUIRE(engine.contacts(0).size() == 2);
        CHECK(engine.contacts(0)[0] == decide::Contact{minute(40), 2, 4, 3});
        CHECK(engine.contacts(0)[1] == decide::Contact{minute(50), 1, 2, 0});
        // The gap of three days after the reminder holds, then ends.
        const auto is_stopped_by_gap = [&](Instant now) {
            const auto rejections = engine.next(PersonId{1}, now).rejections;
            return std::any_of(rejections.begin(), rejections.end(), [](const decide::Rejection& rejection) {
                return rejection.action == 2 && rejection.rule == decide::Rule::gap;
            });
        };
        CHECK(is_stopped_by_gap(minute(100)));
        CHECK(is_stopped_by_gap(minute(39) + days{3}));
        CHECK_FALSE(is_stopped_by_gap(minute(40) + days{3}));
    }

    TEST_CASE("columns are the documented numbers, by hand") {
        World world = one_person();
        const auto duty = [&](std::int64_t at, const char* key, const char* item, model::ObligationStep step,
                              std::optional<Instant> due) {
            world.facts.push_back(
                make_fact(world.symbols, PersonId{1}, minute(at), key,
                          model::ObligationChange{world.symbols.obligations.intern("fee"), item, step, due}));
        };
        const auto dialogue = [&](std::int64_t at, const char* key, std::int64_t id, model::DialogueStep step,
                                  std::optional<model::Tone> tone) {
            world.facts.push_back(make_fact(world.symbols, PersonId{1}, minute(at), key,
                                            model::DialogueChange{alloquy::DialogueId{id}, step, {}, {}, tone}));
        };
        const Instant now = minute(2) + days{10};
        {
            const Engine engine = world.refolded(world.facts);
            CHECK_FALSE(column_of(engine, Column::days_since_own_act, now));
            CHECK_FALSE(column_of(engine, Column::days_to_obligation, now));
            CHECK_FALSE(column_of(engine, Column::days_overdue, now));
            CHECK(column_of(engine, Column::open_complaints, now) == 0);
            CHECK(column_of(engine, Column::engagement, now) == 0);
            CHECK(column_of(engine, Column::engagement_trend, now) == 0);
            CHECK(column_of(engine, Column::days_in_role, now) == 10);
            CHECK_FALSE(column_of(engine, Column::days_in_role, minute(1)));
        }
        world.facts.push_back(
            interaction(world, 2 + 1440 * 9, "i", "mail", model::Act::replied, model::Direction::inbound));
        duty(10, "d1", "a", model::ObligationStep::opened, now + days{5});
        duty(11, "d2", "b", model::ObligationStep::opened, now - days{2});
        duty(12, "d3", "c", model::ObligationStep::opened, now - days{9});
        duty(13, "d4", "c", model::ObligationStep::fulfilled, {});
        duty(14, "d5", "e", model::ObligationStep::opened, {});
        dialogue(20, "g1", 1, model::DialogueStep::opened, model::Tone::complaint);
        dialogue(21, "g2", 2, model::DialogueStep::solved, model::Tone::complaint);
        dialogue(22, "g3", 3, model::DialogueStep::opened, model::Tone::complaint);
        dialogue(23, "g4", 3, model::DialogueStep::confirmed, {});
        dialogue(24, "g5", 4, model::DialogueStep::opened, model::Tone::question);
        const Engine engine = world.refolded(world.facts);
        CHECK(column_of(engine, Column::days_since_own_act, now) == 1);
        // The missed one must not hide the one to come.
        CHECK(column_of(engine, Column::days_to_obligation, now) == 5);
        CHECK(column_of(engine, Column::days_overdue, now) == 2);
        CHECK(column_of(engine, Column::open_complaints, now) == 2);  // solved is still open
        CHECK(column_of(engine, Column::engagement, now) == engine.engagement(PersonId{1}, now).fraction);
        CHECK(column_of(engine, Column::engagement_trend, now) == engine.engagement(PersonId{1}, now).trend);
        CHECK(engine.engagement_fractions(now).at(0) == engine.engagement(PersonId{1}, now).fraction);
        CHECK(engine.engagement(PersonId{1}, now).fraction > 0);
    }

    TEST_CASE("many events of many people are brought together before they are folded, and give the same states") {
        // Slices with fewer events than people are folded as they come; the whole is gathered by person first.
        constexpr std::uint32_t crowd = 40'000;
        World world;
        std::vector<score::Event> events;
        alloquy::support::Random random{23};
        for (std::uint32_t i = 0; i < 3 * crowd; ++i) {
            const bool attempt = random.below(3) == 0;
            events.push_back({minute(i).unix_ms(), static_cast<std::uint32_t>(random.below(crowd)), day_of(minute(i)),
                              static_cast<std::uint16_t>(1 + random.below(5)),
                              static_cast<std::uint8_t>(random.below(3)), 0,
                              attempt ? model::Act::called : model::Act::replied,
                              attempt ? model::Direction::outbound : model::Direction::inbound,
                              static_cast<std::uint8_t>(random.below(168))});
        }
        const auto fresh = [&] {
            Engine engine = world.engine();
            for (std::uint32_t p = engine.size(); p < crowd; ++p) engine.add_person(PersonId{1'000'000 + p}, p);
            return engine;
        };
        Engine sliced = fresh();
        for (std::size_t first = 0; first < events.size(); first += 1000) {
            CHECK(sliced.fold(std::span{events}.subspan(first, std::min<std::size_t>(1000, events.size() - first)))
                      .empty());
        }
        for (const unsigned threads : {1U, 2U, 7U}) {
            Engine whole = fresh();
            CHECK(whole.fold(events, threads).empty());
            bool same = true;
            for (std::uint32_t row = 0; row < crowd; ++row) {
                same = same &&
                       std::memcmp(&whole.state<score::Engagement>(row), &sliced.state<score::Engagement>(row),
                                   sizeof(score::Engagement::State)) == 0 &&
                       std::memcmp(&whole.state<score::Reachability>(row), &sliced.state<score::Reachability>(row),
                                   sizeof(score::Reachability::State)) == 0;
            }
            CHECK(same);
        }
    }

    TEST_CASE("the plan is the same for any number of threads and never exceeds the pools") {
        World world{17, {40, 60}};
        const Engine engine = world.refolded(world.facts);
        const Instant now = engine.known_until().value();
        for (const decide::Capacity& capacity :
             {decide::Capacity{}, decide::Capacity{{{"coaches", 20}, {"desk", 6}}}, decide::Capacity{{{"desk", 0}}}}) {
            const decide::Plan plan = engine.plan(now, capacity);
            CHECK(plan.people == 40);
            CHECK(plan.playbook == hash);
            for (const unsigned threads : {2U, 7U, 64U}) CHECK(engine.plan(now, capacity, threads) == plan);
            std::set<PersonId> people;
            for (const auto& assignment : plan.assignments) CHECK(people.insert(assignment.person).second);
            for (const auto& pool : plan.pools) CHECK(pool.used <= pool.available);
        }
        CHECK_THROWS_AS((void)engine.plan(now, {}, 0), alloquy::InvalidArgument);
        CHECK_THROWS_AS((void)engine.plan(now, {{{"attic", 1}}}), alloquy::InvalidArgument);
    }

    TEST_CASE("with minutes for all, everybody gets what would be next for them alone") {
        World world{18, {40, 60}};
        const Engine engine = world.refolded(world.facts);
        const Instant now = engine.known_until().value();
        const decide::Plan plan = engine.plan(now, {{{"coaches", 1e9}, {"desk", 1e9}}});
        std::map<PersonId, decide::Candidate> assigned;
        for (const auto& assignment : plan.assignments) assigned.emplace(assignment.person, assignment.candidate);
        std::size_t with_candidates = 0;
        for (std::size_t p = 0; p < world.people; ++p) {
            const decide::Decision next = engine.next(world.id_of(p), now);
            with_candidates += next.weighed.empty() ? 0U : 1U;
            REQUIRE(next.chosen.has_value() == assigned.contains(world.id_of(p)));
            if (next.chosen) REQUIRE(*next.chosen == assigned.at(world.id_of(p)));
        }
        CHECK(with_candidates > 3);
        CHECK(plan.with_candidates == with_candidates);
    }

    TEST_CASE("an account of a plan says capacity before the chosen action and outranked after it") {
        World world{19, {60, 60}};
        const Engine engine = world.refolded(world.facts);
        const Instant now = engine.known_until().value();
        const decide::Plan plan = engine.plan(now, {{{"coaches", 20}, {"desk", 6}}});
        std::size_t stopped_by_capacity = 0;
        for (std::size_t p = 0; p < world.people; ++p) {
            const PersonId id = world.id_of(p);
            const decide::Decision alone = engine.next(id, now);
            const decide::Decision decision = engine.explain(id, plan);
            CHECK(decision.weighed == alone.weighed);
            CHECK(decision.columns == alone.columns);
            const auto assignment = std::find_if(plan.assignments.begin(), plan.assignments.end(),
                                                 [&](const auto& a) { return a.person == id; });
            REQUIRE(decision.chosen.has_value() == (assignment != plan.assignments.end()));
            if (decision.chosen) REQUIRE(*decision.chosen == assignment->candidate);
            std::set<std::uint32_t> actions;
            if (decision.chosen) actions.insert(decision.chosen->action);
            for (const auto& rejection : decision.rejections) REQUIRE(actions.insert(rejection.action).second);
            CHECK(actions.size() == engine.playbook().actions.actions.size());
            bool before_chosen = true;
            for (const auto& candidate : decision.weighed) {
                if (decision.chosen && candidate == *decision.chosen) {
                    before_chosen = false;
                    continue;
                }
                const auto rejection = std::find_if(decision.rejections.begin(), decision.rejections.end(),
                                                    [&](const auto& r) { return r.action == candidate.action; });
                REQUIRE(rejection->rule == (before_chosen ? decide::Rule::capacity : decide::Rule::outranked));
                if (before_chosen) {
                    ++stopped_by_capacity;
                    const auto pool = engine.decider().pool_of(candidate);
                    REQUIRE(pool);
                    REQUIRE(rejection->detail == plan.pools[*pool].name);
                }
            }
        }
        CHECK(stopped_by_capacity > 0);
        decide::Plan other = plan;
        other.playbook = {};
        CHECK_THROWS_AS((void)engine.explain(PersonId{1}, other), alloquy::InvalidArgument);
    }

    TEST_CASE("an own signal is folded, refolded, asked, used as a column and saved") {
        World world{21};
        Playbook playbook = test_playbook();
        playbook.actions.actions[3].conditions = {{"changes", 3, std::nullopt}};
        std::optional<Bytes> bytes;
        std::vector<model::Fact> facts = world.facts;
        Random random{6};
        for (int shuffle = 0; shuffle < 4; ++shuffle) {
            OwnEngine engine = own_engine(world, playbook);
            CHECK(std::count(engine.columns().begin(), engine.columns().end(), "changes") == 1);
            observe_all(engine, facts, world.symbols);
            if (!bytes) bytes = canonical(engine);
            REQUIRE(canonical(engine) == *bytes);
            const Instant now = engine.known_until().value();
            for (std::size_t p = 0; p < world.people; ++p) {
                // From the definition: how often the act differs from the one before it.
                double changes = 0;
                std::optional<model::Act> last;
                for (const model::Fact& fact : facts_of(world.id_of(p), facts, world.symbols)) {
                    if (const auto* content = std::get_if<model::Interaction>(&fact.content)) {
                        changes += last == content->act ? 0 : 1;
                        last = content->act;
                    }
                }
                REQUIRE(engine.value<Changes>(world.id_of(p), now) == changes);
                const decide::Decision decision = engine.next(world.id_of(p), now);
                REQUIRE(decision.columns.back() == decide::ColumnValue{"changes", changes});
            }
            OwnEngine copy = own_engine(world, playbook);
            restore(copy, saved(engine));
            CHECK(canonical(copy) == *bytes);
            CHECK(copy.plan(now) == engine.plan(now));
            random.shuffle(facts);
        }
        CHECK_THROWS_AS((void)make_engine(playbook, hash, world.symbols, find_test_zone), alloquy::InvalidArgument);
    }

    TEST_CASE("a playbook with too many or doubled names is refused") {
        model::Symbols symbols;
        const auto refused = [&](const std::function<void(Playbook&)>& change) {
            Playbook playbook;
            change(playbook);
            try {
                (void)make_engine(playbook, hash, symbols, find_test_zone);
                return false;
            } catch (const alloquy::InvalidArgument&) {
                return true;
            }
        };
        const auto many = [](std::size_t count) {
            std::vector<std::string> names;
            for (std::size_t i = 0; i < count; ++i) names.push_back("n" + std::to_string(i));
            return names;
        };
        CHECK_FALSE(refused([&](Playbook& p) { p.channels = many(31); }));
        CHECK(refused([&](Playbook& p) { p.channels = many(32); }));
        CHECK_FALSE(refused([&](Playbook& p) { p.topics = many(255); }));
        CHECK(refused([&](Playbook& p) { p.topics = many(256); }));
        CHECK(refused([](Playbook& p) { p.channels = {"mail", "mail"}; }));
        CHECK(refused([](Playbook& p) { p.topics = {"study", "study"}; }));
        CHECK(refused([](Playbook& p) { p.channels = {""}; }));
    }
}
