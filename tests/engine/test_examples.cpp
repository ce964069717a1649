#include <alloquy/engine/examples.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"

namespace model = alloquy::model;
namespace score = alloquy::score;
namespace decide = alloquy::decide;
using namespace alloquy::engine;
using alloquy::InvalidArgument;
using alloquy::PersonId;
using alloquy::support::find_test_zone;
using alloquy::support::minute;
using alloquy::support::Random;
using alloquy::support::test_playbook;
using alloquy::time::Instant;
using model::Act;
using model::Direction;
using model::EnrolmentStatus;
using model::RoleKind;
using score::Encoding;
using score::OutcomeKind;
using Finder = ExampleFinder<Engine>;
using Instants = std::vector<Instant>;
using Texts = std::vector<std::string>;
using std::chrono::hours;

namespace {

/// The instant so many days after the tests' Monday.
Instant day(double days) {
    return minute(static_cast<std::int64_t>(days * 1440));
}

score::FeatureConfig feature(std::string input, Encoding encoding = Encoding::linear) {
    score::FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    return config;
}

/// One person's facts as they are told, each with its place in the journal.
struct Story {
    model::Symbols& symbols;
    PersonId person{1};
    std::vector<std::pair<model::Fact, std::uint64_t>> told{};

    /// Returns the place in the journal.
    std::uint64_t say(double at_day, model::FactContent content, std::optional<double> known_day = {},
                      std::string_view source = "register") {
        const std::uint64_t seq = 100 * static_cast<std::uint64_t>(person.value()) + told.size();
        model::Fact fact = alloquy::support::make_fact(symbols, person, day(at_day), "key " + std::to_string(seq),
                                                       std::move(content), source);
        if (known_day) fact.known_at = day(*known_day);
        told.emplace_back(std::move(fact), seq);
        return seq;
    }
    std::uint64_t role(double at_day, std::optional<std::string_view> programme, RoleKind kind = RoleKind::student,
                       bool ended = false, std::optional<double> known_day = {}) {
        return say(
            at_day,
            model::RoleChange{
                kind, programme ? std::optional{symbols.programmes.intern(*programme)} : std::nullopt, {}, ended},
            known_day);
    }
    std::uint64_t ends(double at_day, EnrolmentStatus status, std::optional<double> known_day = {},
                       std::string_view programme = "nursing") {
        return say(at_day, model::EnrolmentChange{symbols.programmes.intern(programme), status}, known_day);
    }
    std::uint64_t attribute(double at_day, std::string_view name, model::AttributeValue value,
                            std::optional<double> known_day = {}) {
        return say(at_day, model::AttributeStatement{{{symbols.attributes.intern(name), std::move(value)}}}, known_day);
    }
    std::uint64_t interaction(double at_day, std::string_view channel, Act act, Direction direction,
                              std::optional<std::string_view> action = {}) {
        model::Interaction content{symbols.channels.intern(channel), act, direction};
        if (action) content.action = symbols.actions.intern(*action);
        return say(at_day, std::move(content));
    }
    std::uint64_t sent(double at_day, std::string_view channel = "mail", std::optional<std::string_view> action = {}) {
        return interaction(at_day, channel, Act::sent, Direction::outbound, action);
    }
    std::uint64_t reply(double at_day, std::string_view channel = "mail") {
        return interaction(at_day, channel, Act::replied, Direction::inbound);
    }
    /// In the order of one person's facts: at, source text, key.
    [[nodiscard]] std::vector<std::pair<model::Fact, std::uint64_t>> sorted() const {
        auto all = told;
        std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
            const std::string& source_a = symbols.sources.text(a.first.source);
            const std::string& source_b = symbols.sources.text(b.first.source);
            return std::tie(a.first.at, source_a, a.first.key) < std::tie(b.first.at, source_b, b.first.key);
        });
        return all;
    }
};

/// A policy, a model and people.
struct World {
    model::Symbols symbols{};
    Playbook playbook = test_playbook();
    score::ModelConfig config{};
    std::vector<Story> people{};

    /// The first person studies from day 0 on, if a programme is given.
    explicit World(OutcomeKind kind = OutcomeKind::enrolment, std::optional<std::string_view> programme = {}) {
        config.name = "risk";
        config.outcome.kind = kind;
        config.features = {feature("attribute:points"), feature("attribute:region", Encoding::levels)};
        people.reserve(10);
        add_person();
        if (programme) one().role(0, programme);
    }
    World(const World&) = delete;  // the stories refer to the symbols
    World& operator=(const World&) = delete;
    ~World() = default;
    Story& add_person() {
        const auto number = static_cast<std::int64_t>(people.size()) + 1;
        return people.emplace_back(Story{symbols, PersonId{number}});
    }
    Story& one() { return people[0]; }

    [[nodiscard]] ExampleSet find(const Instants& instants, Instant now = day(1000)) {
        Engine scratch = make_engine(playbook, decide::PlaybookHash{}, symbols, find_test_zone);
        Finder finder{scratch, config, symbols};
        for (const Story& story : people) {
            std::vector<model::Fact> facts;
            std::vector<std::uint64_t> seqs;
            for (const auto& [fact, seq] : story.sorted()) {
                facts.push_back(fact);
                seqs.push_back(seq);
            }
            finder.add(story.person, facts, seqs, instants, now);
        }
        return finder.take();
    }
    [[nodiscard]] ExampleSet find_responses(Instant now = day(1000)) { return find({}, now); }
};

/// A student of nursing from day 0 on.
World student(OutcomeKind kind = OutcomeKind::enrolment) {
    return World{kind, "nursing"};
}

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

std::vector<double> numbers(const ExampleSet& set, std::string_view input = "attribute:points") {
    return set.table.input(input).values;
}
/// Missing ones as "-".
Texts texts(const ExampleSet& set, std::string_view input = "attribute:region") {
    Texts all;
    for (const double value : set.table.input(input).values) {
        all.push_back(std::isnan(value) ? "-" : set.table.input(input).levels.at(static_cast<std::size_t>(value)));
    }
    return all;
}
bool equal(const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}
/// Outcomes as text, after a check that all lists are of one length.
std::string outcomes(const ExampleSet& set) {
    REQUIRE(set.table.rows == set.size());
    REQUIRE(set.people.size() == set.size());
    REQUIRE(set.instants.size() == set.size());
    REQUIRE(set.outcomes.size() == set.size());
    REQUIRE(set.groups.size() == set.size());
    REQUIRE(set.learned_at.size() == set.size());
    for (const auto& input : set.table.inputs) REQUIRE(input.values.size() == set.size());
    std::string text;
    for (const std::uint8_t outcome : set.outcomes) text += static_cast<char>('0' + outcome);
    return text;
}

/// Whether a finder for this config throws InvalidArgument with this word in its text.
bool refuses(World& world, const score::FeatureConfig& config, const std::string& word) {
    world.config.features = {config};
    try {
        (void)world.find({});
    } catch (const InvalidArgument& error) {
        const bool has_word = std::string{error.what()}.find(word) != std::string::npos;
        if (!has_word) MESSAGE("refused, but with: " << error.what());
        return has_word;
    }
    return false;
}

}  // namespace

TEST_SUITE("engine/examples") {
    TEST_CASE("an enrolment gives an example for each instant until its end is known") {
        World world = student();
        world.one().attribute(1, "points", 1.0);
        world.one().attribute(10, "points", 2.0);
        const std::uint64_t end = world.one().ends(100, EnrolmentStatus::passed);
        const ExampleSet set = world.find({day(0.5), day(5), day(20), day(100), day(100.5)});
        CHECK(outcomes(set) == "0000");
        CHECK(set.instants == Instants{day(0.5), day(5), day(20), day(100)});  // known at 100, so not before it
        CHECK(equal(numbers(set), {missing, 1, 2, 2}));
        CHECK(set.people == std::vector<PersonId>(4, PersonId{1}));
        CHECK(set.learned_at == std::vector<std::uint64_t>(4, end));
        CHECK(set.table.rows == 4);
    }

    TEST_CASE("failed and withdrawn are outcome 1 unless the model says otherwise") {
        const std::vector<std::pair<EnrolmentStatus, std::string>> expected{
            {EnrolmentStatus::failed, "1"},    {EnrolmentStatus::withdrawn, "1"}, {EnrolmentStatus::passed, "0"},
            {EnrolmentStatus::applied, ""},    {EnrolmentStatus::admitted, ""},   {EnrolmentStatus::enrolled, ""},
            {EnrolmentStatus::interrupted, ""}};
        for (const auto& entry : expected) {
            CAPTURE(static_cast<int>(entry.first));
            World world = student();
            world.one().ends(50, entry.first);
            CHECK(outcomes(world.find({day(5)})) == entry.second);
        }
        World world = student();
        world.one().ends(50, EnrolmentStatus::withdrawn);
        world.config.outcome.positive = {EnrolmentStatus::passed};
        world.config.outcome.negative = {EnrolmentStatus::failed};
        CHECK(outcomes(world.find({day(5)})).empty());
        world.config.outcome.negative = {EnrolmentStatus::failed, EnrolmentStatus::withdrawn};
        CHECK(outcomes(world.find({day(5)})) == "0");
        world.config.outcome.positive = {EnrolmentStatus::withdrawn};
        world.config.outcome.negative = {EnrolmentStatus::passed};
        CHECK(outcomes(world.find({day(5)})) == "1");
    }

    TEST_CASE("without an end there is no example") {
        World world = student();
        world.one().attribute(1, "points", 1.0);
        world.one().ends(2, EnrolmentStatus::enrolled);
        const ExampleSet set = world.find({day(5), day(500)});
        CHECK(set.size() == 0);
        CHECK(outcomes(set).empty());
        world.one().ends(60, EnrolmentStatus::failed);
        CHECK(world.find({}).size() == 0);
    }

    TEST_CASE("what happened before the instant but became known at it or later is not seen") {
        World world = student();
        world.one().attribute(1, "points", 1.0);
        world.one().attribute(4, "points", 2.0, 6);
        world.one().attribute(2, "region", std::string{"west"}, 30);
        world.one().ends(100, EnrolmentStatus::failed);
        const ExampleSet set = world.find({day(1), day(1.5), day(5), day(6), day(6.001), day(30), day(31)});
        CHECK(outcomes(set) == "1111111");
        CHECK(equal(numbers(set), {missing, 1, 1, 1, 2, 2, 2}));
        CHECK(texts(set) == Texts{"-", "-", "-", "-", "-", "-", "west"});
    }

    TEST_CASE("an end that happened but is not known yet is an outcome, and one that is known is none") {
        World world = student();
        const std::uint64_t end = world.one().ends(50, EnrolmentStatus::withdrawn, 60);
        const ExampleSet set = world.find({day(49), day(55), day(60), day(60.5), day(70)});
        CHECK(set.instants == Instants{day(49), day(55), day(60)});
        CHECK(outcomes(set) == "111");
        CHECK(set.learned_at == std::vector<std::uint64_t>(3, end));
    }

    TEST_CASE("columns of the engine see the past of the instant alone") {
        World world = student();
        world.config.features = {feature("results"),      feature("result_mean"), feature("active_days_14"),
                                 feature("days_in_role"), feature("enrolments"),  feature("open_obligations")};
        Story& story = world.one();
        const auto exam = world.symbols.assessments.intern("exam");
        story.say(3, model::Result{exam, 0.25}, 8);
        story.say(9, model::Result{exam, 0.75});
        story.reply(2);
        story.reply(4);
        story.say(1,
                  model::ObligationChange{world.symbols.obligations.intern("fee"), {}, model::ObligationStep::opened});
        story.say(
            7, model::ObligationChange{world.symbols.obligations.intern("fee"), {}, model::ObligationStep::fulfilled});
        story.ends(0, EnrolmentStatus::enrolled);
        story.ends(90, EnrolmentStatus::passed);
        const ExampleSet set = world.find({day(1), day(3.5), day(8), day(9), day(10)});
        CHECK(outcomes(set) == "00000");
        CHECK(equal(numbers(set, "results"), {0, 0, 0, 1, 2}));
        CHECK(equal(numbers(set, "result_mean"), {missing, missing, missing, 0.25, 0.5}));
        CHECK(equal(numbers(set, "active_days_14"), {0, 1, 2, 2, 2}));
        CHECK(equal(numbers(set, "days_in_role"), {1, 3.5, 8, 9, 10}));
        CHECK(equal(numbers(set, "enrolments"), {1, 1, 1, 1, 1}));  // the end is not the state of the enrolment yet
        CHECK(equal(numbers(set, "open_obligations"), {0, 1, 0, 0, 0}));
    }

    TEST_CASE("facts that become known at the instant or later change no input, whenever they happened") {
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            World world = student();
            world.config.features = {feature("attribute:credits"),
                                     feature("language", Encoding::levels),
                                     feature("engagement"),
                                     feature("days_since_own_act"),
                                     feature("active_days_28"),
                                     feature("response"),
                                     feature("urgency"),
                                     feature("results"),
                                     feature("open_complaints"),
                                     feature("enrolments"),
                                     feature("days_since_two_way"),
                                     feature("role", Encoding::levels),
                                     feature("zone", Encoding::levels)};
            // One of many random people, whose enrolments are left out but for one end.
            const auto facts = alloquy::support::random_facts(
                seed, world.symbols, {2, 80}, [](std::size_t p) { return PersonId{static_cast<std::int64_t>(p) + 1}; });
            Story& story = world.one();
            for (const model::Fact& fact : facts) {
                if (fact.person != PersonId{1} || std::holds_alternative<model::EnrolmentChange>(fact.content) ||
                    std::holds_alternative<model::RoleChange>(fact.content)) {
                    continue;
                }
                story.told.emplace_back(fact, story.told.size());
            }
            story.ends(400, EnrolmentStatus::failed);
            const Instant instant = minute(random.between(10, 60 * 24 * 60));
            const ExampleSet all = world.find({instant});
            REQUIRE(outcomes(all) == "1");
            auto& told = story.told;
            const auto is_later = [&](const auto& entry) {
                return entry.first.known_at >= instant &&
                       !std::holds_alternative<model::EnrolmentChange>(entry.first.content);
            };
            told.erase(std::remove_if(told.begin(), told.end(), is_later), told.end());
            const ExampleSet known = world.find({instant});
            REQUIRE(outcomes(known) == "1");
            for (std::size_t i = 0; i < all.table.inputs.size(); ++i) {
                CAPTURE(all.table.inputs[i].name);
                if (all.table.inputs[i].is_text) {
                    REQUIRE(texts(all, all.table.inputs[i].name) == texts(known, all.table.inputs[i].name));
                } else {
                    REQUIRE(equal(all.table.inputs[i].values, known.table.inputs[i].values));
                }
            }
        }
    }

    TEST_CASE("only people with the role at the instant give examples, as far as it was known") {
        World world;
        world.one().role(10, "nursing", RoleKind::student, false, 12);
        world.one().role(40, "nursing", RoleKind::student, true, 45);
        world.one().ends(100, EnrolmentStatus::withdrawn);
        // Known from after 12 on; the end from after 45 on.
        const ExampleSet set =
            world.find({day(5), day(11), day(12), day(12.5), day(39), day(42), day(45), day(45.5), day(60)});
        CHECK(set.instants == Instants{day(12.5), day(39), day(42), day(45)});
    }

    TEST_CASE("a role that was announced begins at its own time") {
        World world;
        world.one().role(10, "nursing", RoleKind::student, false, 2);  // known before
        world.one().role(20, "nursing", RoleKind::student, true, 15);
        world.one().ends(100, EnrolmentStatus::withdrawn);
        const ExampleSet set = world.find({day(3), day(9.999), day(10), day(19.999), day(20), day(50)});
        CHECK(set.instants == Instants{day(10), day(19.999)});
    }

    TEST_CASE("a model is about people with one of its roles, in one of its programmes") {
        World world;
        Story& story = world.one();
        story.role(0, "nursing", RoleKind::applicant);
        story.ends(50, EnrolmentStatus::withdrawn);
        const Instants instants{day(5)};
        CHECK(outcomes(world.find(instants)).empty());  // of students by default
        world.config.roles.insert(RoleKind::applicant);
        CHECK(outcomes(world.find(instants)) == "1");
        world.config.outcome.programmes = {"logistics"};
        CHECK(outcomes(world.find(instants)).empty());
        world.config.outcome.programmes = {"logistics", "nursing"};
        CHECK(outcomes(world.find(instants)) == "1");
        story.told.clear();
        story.role(0, std::nullopt);  // without a programme
        story.ends(50, EnrolmentStatus::withdrawn);
        CHECK(outcomes(world.find(instants)).empty());
        world.config.outcome.programmes = {"never met in a fact"};
        CHECK(outcomes(world.find(instants)).empty());
    }

    TEST_CASE(
        "an outcome carries the instant at which it could be known, and none that became known after now counts") {
        World world = student();
        Story& story = world.one();
        story.ends(50, EnrolmentStatus::passed, 57);
        CHECK(world.find({day(5)}).outcome_known_at == Instants{day(57)});
        CHECK(world.find({day(5)}, day(57)).size() == 1);
        CHECK(world.find({day(5)}, day(56.9)).size() == 0);
        story.ends(60, EnrolmentStatus::failed, 90);  // a correction, or what came of it at last
        CHECK(outcomes(world.find({day(5)}, day(89))) == "0");
        CHECK(outcomes(world.find({day(5)}, day(90))) == "1");
        CHECK(world.find({day(5)}, day(90)).outcome_known_at == Instants{day(90)});
    }

    TEST_CASE("an attribute of another kind than its feature reads is refused, not taken for a missing one") {
        const auto refused = [](std::string_view name, model::AttributeValue value, std::string_view expected) {
            World world = student();
            world.one().attribute(1, name, std::move(value));
            world.one().ends(50, EnrolmentStatus::passed);
            try {
                static_cast<void>(world.find({day(5)}));
            } catch (const InvalidArgument& error) {
                const std::string_view text = error.what();
                return text.find(name) != std::string_view::npos && text.find(expected) != std::string_view::npos;
            }
            return false;
        };
        CHECK(refused("points", std::string{"many"}, "a number expected"));
        CHECK(refused("region", 7.0, "a text expected"));
        CHECK(refused("region", alloquy::time::Day::from_ymd(2026, 1, 1), "a text expected"));
        // What fits, or was taken back.
        CHECK_FALSE(refused("points", true, ""));
        CHECK_FALSE(refused("points", alloquy::time::Day::from_ymd(2026, 1, 1), ""));
        CHECK_FALSE(refused("region", true, ""));
        CHECK_FALSE(refused("region", std::monostate{}, ""));
        CHECK_FALSE(refused("points", std::monostate{}, ""));
    }

    TEST_CASE("a group may be told by numbers and days as well") {
        World world;
        world.config.group = "attribute:human";
        const auto add = [&](Story& story, model::AttributeValue human) {
            story.role(0, "nursing");
            story.attribute(1, "human", std::move(human));
            story.ends(50, EnrolmentStatus::passed);
        };
        const auto first_day = alloquy::time::Day::from_ymd(2026, 1, 1);
        add(world.one(), 17.0);
        add(world.add_person(), 18.0);
        add(world.add_person(), 17.0);
        add(world.add_person(), std::string{"17"});
        add(world.add_person(), first_day);
        add(world.add_person(), first_day);
        const std::vector<std::uint64_t> groups = world.find({day(5)}).groups;
        REQUIRE(groups.size() == 6);
        CHECK(groups[0] == groups[2]);
        CHECK(groups[0] == groups[3]);  // by what is written
        CHECK(groups[0] != groups[1]);
        CHECK(groups[4] == groups[5]);
        CHECK(groups[4] != groups[0]);
    }

    TEST_CASE("answers are counted in whole minutes, as reachability counts them") {
        // A window of 72 hours from 00:00:00: an answer at 72:00:30 is in the last minute of it.
        const auto found = [](double seconds_after) {
            World world = student(OutcomeKind::response);
            world.one().sent(10);
            world.one().reply(13);
            model::Fact& answer = world.one().told.back().first;
            answer.at = answer.at + std::chrono::milliseconds{static_cast<std::int64_t>(seconds_after * 1000)};
            answer.known_at = answer.at;
            const ExampleSet set = world.find_responses();
            Engine engine = make_engine(world.playbook, decide::PlaybookHash{}, world.symbols, find_test_zone);
            engine.add_person(PersonId{1}, 1);
            std::vector<model::Fact> facts;
            for (const auto& entry : world.one().sorted()) facts.push_back(entry.first);
            engine.refold(0, facts);
            const auto channels = engine.reachability(PersonId{1}, day(1000)).channels;
            CHECK(outcomes(set) == (channels[0].answered == 1 ? "1" : "0"));
            CHECK(set.outcome_known_at.at(0) == day(13) + std::chrono::minutes{1});
            return outcomes(set);
        };
        CHECK(found(30) == "1");
        CHECK(found(59.9) == "1");
        CHECK(found(60) == "0");
        World world = student(OutcomeKind::response);
        world.one().sent(10);
        CHECK(world.find_responses(day(13)).size() == 0);
        CHECK(world.find_responses(day(13) + std::chrono::milliseconds{59'999}).size() == 0);
        CHECK(world.find_responses(day(13) + std::chrono::minutes{1}).size() == 1);
    }

    TEST_CASE("the end of that enrolment counts, not of another") {
        World world = student();
        Story& story = world.one();
        story.ends(3, EnrolmentStatus::failed, {}, "logistics");
        story.ends(70, EnrolmentStatus::passed, {}, "logistics");
        CHECK(outcomes(world.find({day(5)})).empty());
        const std::uint64_t end = story.ends(60, EnrolmentStatus::withdrawn);
        const ExampleSet set = world.find({day(5)});
        CHECK(outcomes(set) == "1");
        CHECK(set.learned_at == std::vector<std::uint64_t>{end});
    }

    TEST_CASE("of several roles the one that started last tells the enrolment") {
        World world;
        Story& story = world.one();
        story.role(0, "nursing");
        story.role(10, "logistics");
        story.ends(50, EnrolmentStatus::passed, {}, "nursing");
        story.ends(60, EnrolmentStatus::failed, {}, "logistics");
        const ExampleSet set = world.find({day(5), day(20), day(55)});
        CHECK(outcomes(set) == "011");
        world.config.outcome.programmes = {"nursing"};
        CHECK(world.find({day(5), day(20), day(55)}).instants == Instants{day(5), day(20)});
        CHECK(outcomes(world.find({day(5), day(20)})) == "00");
    }

    TEST_CASE("the last statement about the end wins, in the order of the facts") {
        World world = student();
        Story& story = world.one();
        story.ends(50, EnrolmentStatus::withdrawn);
        const std::uint64_t last = story.ends(80, EnrolmentStatus::passed);
        story.ends(85, EnrolmentStatus::interrupted);  // no end
        ExampleSet set = world.find({day(5), day(60)});
        CHECK(outcomes(set) == "0");  // on day 60 an end was known already
        CHECK(set.instants == Instants{day(5)});
        CHECK(set.learned_at == std::vector<std::uint64_t>{last});
        story.ends(70, EnrolmentStatus::failed, 90);  // told last, but of an earlier day
        set = world.find({day(5)});
        CHECK(outcomes(set) == "0");
        CHECK(set.learned_at == std::vector<std::uint64_t>{last});
    }

    TEST_CASE("people are groups of their own unless the model names a group") {
        World world = student();
        world.one().ends(50, EnrolmentStatus::passed);
        Story& other = world.add_person();
        other.role(0, "nursing");
        other.ends(50, EnrolmentStatus::failed);
        const ExampleSet set = world.find({day(5), day(6)});
        REQUIRE(set.size() == 4);
        CHECK(set.groups == std::vector<std::uint64_t>{1, 1, 2, 2});
        CHECK(set.grouped == std::vector<std::uint8_t>{0, 0, 0, 0});
    }

    TEST_CASE("numbers of people depend on what is learned from alone, and tell apart who is alike") {
        // Told twice, of people in another order: the same examples have the same numbers.
        const auto made = [](const std::vector<int>& order) {
            World world;
            world.people.clear();
            for (const int who : order) {
                Story& story = world.add_person();
                story.role(0, "nursing");
                if (who % 3 != 0) story.attribute(1, "points", 1.0 * (who % 3));
                story.attribute(1, "region", std::string{who % 2 == 0 ? "west" : "east"});
                story.ends(50, who < 6 ? EnrolmentStatus::passed : EnrolmentStatus::failed);
            }
            ExampleSet set = world.find({day(5), day(6)});
            set.number_people();
            return set;
        };
        const std::vector<int> forwards{0, 1, 2, 3, 4, 5, 6, 7, 0, 1};
        const std::vector<int> backwards{1, 0, 7, 6, 5, 4, 3, 2, 1, 0};
        const ExampleSet one = made(forwards);
        const ExampleSet other = made(backwards);
        std::map<std::uint64_t, std::vector<int>> who;
        for (std::size_t i = 0; i < one.size(); ++i) who[one.groups[i]].push_back(forwards[i / 2]);
        CHECK(who.size() == 10);  // 0 and 1 stand twice and are two groups each
        for (const auto& [group, members] : who) {
            REQUIRE(members.size() == 2);
            CHECK(members[0] == members[1]);
        }
        std::map<std::uint64_t, std::vector<int>> again;
        for (std::size_t i = 0; i < other.size(); ++i) again[other.groups[i]].push_back(backwards[i / 2]);
        CHECK(again == who);
    }

    TEST_CASE("numbers of people leave groups that were told as they are") {
        World world;
        world.config.group = "attribute:student";
        for (const bool told : {true, false}) {
            Story& story = told ? world.one() : world.add_person();
            story.role(0, "nursing");
            if (told) story.attribute(1, "student", std::string{"s1"});
            story.ends(50, EnrolmentStatus::passed);
        }
        ExampleSet set = world.find({day(5)});
        REQUIRE(set.grouped == std::vector<std::uint8_t>{1, 0});
        const std::uint64_t told = set.groups[0];
        set.number_people();
        CHECK(set.groups[0] == told);
        CHECK(set.groups[1] != 2);
    }

    TEST_CASE("equal texts of the group's input belong together, as known at the instant") {
        World world;
        world.config.group = "attribute:student";
        const auto add = [&](Story& story, std::optional<std::string> human) {
            story.role(0, "nursing");
            if (human) story.attribute(1, "student", *human);
            story.ends(50, EnrolmentStatus::passed);
        };
        add(world.one(), "s1");
        add(world.add_person(), "s2");
        add(world.add_person(), "s1");
        add(world.add_person(), std::nullopt);
        world.one().attribute(20, "student", std::string{"s2"}, 22);
        const ExampleSet set = world.find({day(5), day(21), day(23)});
        REQUIRE(set.size() == 12);
        const auto group = [&](std::int64_t person, double at_day) {
            for (std::size_t i = 0; i < set.size(); ++i) {
                if (set.people[i] == PersonId{person} && set.instants[i] == day(at_day)) return set.groups[i];
            }
            FAIL("no such example");
            return std::uint64_t{0};
        };
        CHECK(group(1, 5) == group(3, 5));
        CHECK(group(1, 5) != group(2, 5));
        CHECK(group(1, 21) == group(3, 21));
        CHECK(group(1, 23) == group(2, 23));
        CHECK(group(1, 23) != group(3, 23));
        CHECK(group(4, 5) == 4);  // the person where the text is missing
        CHECK(group(2, 5) == group(2, 23));
    }

    TEST_CASE("a group that is no text input is refused") {
        World world = student();
        world.one().ends(50, EnrolmentStatus::passed);
        world.config.group = "no such input";
        CHECK_THROWS_AS((void)world.find({day(5)}), InvalidArgument);
    }

    TEST_CASE("each person is seen alone") {
        World world;
        for (int p = 0; p < 4; ++p) {
            Story& story = p == 0 ? world.one() : world.add_person();
            story.role(0, "nursing");
            if (p != 2) story.attribute(p, "points", 10.0 * p);
            if (p % 2 == 0) story.attribute(1, "region", std::string{p == 0 ? "west" : "east"});
            story.ends(40 + p, p == 1 ? EnrolmentStatus::failed : EnrolmentStatus::passed);
        }
        const ExampleSet set = world.find({day(10)});
        CHECK(set.people == std::vector<PersonId>{PersonId{1}, PersonId{2}, PersonId{3}, PersonId{4}});
        CHECK(outcomes(set) == "0100");
        CHECK(equal(numbers(set), {0, 10, missing, 30}));
        CHECK(texts(set) == Texts{"west", "-", "east", "-"});
    }

    TEST_CASE("what was found comes in the order of adding") {
        World world = student();
        world.one().ends(50, EnrolmentStatus::passed);
        for (int i = 0; i < 2; ++i) {
            Story& other = world.add_person();
            other.role(0, "nursing");
            other.ends(50, EnrolmentStatus::failed);
        }
        const ExampleSet set = world.find({day(5), day(6)});
        CHECK(set.instants == Instants{day(5), day(6), day(5), day(6), day(5), day(6)});
        CHECK(set.people ==
              std::vector<PersonId>{PersonId{1}, PersonId{1}, PersonId{2}, PersonId{2}, PersonId{3}, PersonId{3}});
        CHECK(outcomes(set) == "001111");
    }

    TEST_CASE("inputs without a history of their own are refused by name") {
        World world = student();
        world.playbook.columns = {"own score"};
        score::LifecycleConfig visits;
        visits.name = "visits";
        visits.acts = {Act::visited};
        world.playbook.lifecycles = {visits};
        score::ModelConfig other;
        other.name = "other";
        other.features = {feature("results")};
        world.playbook.models = {other};
        for (const char* const input : {"model:other", "own score", "active:visits", "expected:visits"}) {
            CAPTURE(input);
            CHECK(refuses(world, feature(input), std::string{"'"} + input + "'"));
        }
        for (const char* const input : {"no such column", "model:none", "active:none"}) {
            CAPTURE(input);
            CHECK(refuses(world, feature(input), input));
        }
        CHECK(refuses(world, feature("no such text", Encoding::levels), "no such text"));
        world.config.features = {feature("attribute:nobody has it"), feature("site", Encoding::levels)};
        world.one().ends(50, EnrolmentStatus::passed);
        const ExampleSet set = world.find({day(5)});
        CHECK(std::isnan(numbers(set, "attribute:nobody has it").at(0)));
        CHECK(texts(set, "site") == Texts{"-"});
    }

    TEST_CASE("an input as number and as text is refused") {
        World world = student();
        world.config.features = {feature("attribute:points"), feature("attribute:points", Encoding::levels)};
        CHECK_THROWS_AS((void)world.find({}), InvalidArgument);
    }

    TEST_CASE("the scratch engine is emptied, whoever was in it") {
        World world = student();
        world.one().attribute(1, "points", 5.0);
        world.one().ends(50, EnrolmentStatus::passed);
        Engine scratch = make_engine(world.playbook, decide::PlaybookHash{}, world.symbols, find_test_zone);
        scratch.add_person(PersonId{17}, 1);
        scratch.refold(0, std::vector<model::Fact>{alloquy::support::make_fact(
                              world.symbols, PersonId{17}, day(900), "k",
                              model::AttributeStatement{{{world.symbols.attributes.intern("points"), 99.0}}})});
        Finder finder{scratch, world.config, world.symbols};
        std::vector<model::Fact> facts;
        for (const auto& entry : world.one().sorted()) facts.push_back(entry.first);
        const std::vector<std::uint64_t> seqs(facts.size(), 1);
        finder.add(PersonId{1}, facts, seqs, Instants{day(3)}, day(1000));
        const ExampleSet set = finder.take();
        CHECK(equal(numbers(set), {5}));
        CHECK_FALSE(scratch.find_row(PersonId{17}));
    }

    TEST_CASE("a contact is answered by an own act on its channel within the window") {
        // The window of the test playbook is 72 hours.
        const auto found = [](double reply_day, std::string_view channel = "mail", Act act = Act::replied,
                              Direction direction = Direction::inbound) {
            World world = student(OutcomeKind::response);
            world.one().sent(10);
            world.one().interaction(reply_day, channel, act, direction);
            return outcomes(world.find_responses());
        };
        CHECK(found(10.5) == "1");
        CHECK(found(13) == "1");
        CHECK(found(13.001) == "0");
        CHECK(found(9.9) == "0");
        CHECK(found(10.5, "phone") == "0");
        CHECK(found(10.5, "mail", Act::clicked) == "1");
        CHECK(found(10.5, "mail", Act::submitted) == "1");
        for (const Act act : {Act::sent, Act::delivered, Act::bounced, Act::opened, Act::missed, Act::absent}) {
            CAPTURE(static_cast<int>(act));
            CHECK(found(10.5, "mail", act) == "0");  // no act of the person's own
        }
        CHECK(found(10.5, "mail", Act::replied, Direction::outbound) == "0");
    }

    TEST_CASE("an answered contact names the person, its own instant and the fact that told the answer") {
        World world = student(OutcomeKind::response);
        world.one().sent(10);
        const std::uint64_t answer = world.one().reply(11);
        world.one().reply(12);
        const ExampleSet set = world.find_responses();
        CHECK(outcomes(set) == "1");
        CHECK(set.instants == Instants{day(10)});
        CHECK(set.people == std::vector<PersonId>{PersonId{1}});
        CHECK(set.groups.size() == 1);
        CHECK(set.learned_at == std::vector<std::uint64_t>{answer});
    }

    TEST_CASE("the next contact by that channel ends the wait for the one before") {
        World world = student(OutcomeKind::response);
        world.one().sent(10);
        const std::uint64_t again = world.one().sent(11);
        const std::uint64_t answer = world.one().reply(12);
        ExampleSet set = world.find_responses();
        CHECK(set.instants == Instants{day(10), day(11)});
        CHECK(outcomes(set) == "01");
        CHECK(set.learned_at == std::vector<std::uint64_t>{again, answer});
        // By another channel it does not, and what a channel reports is no contact.
        World across = student(OutcomeKind::response);
        across.one().sent(10);
        across.one().interaction(10.5, "phone", Act::called, Direction::outbound);
        across.one().interaction(10.6, "mail", Act::delivered, Direction::outbound);
        across.one().reply(11);
        set = across.find_responses();
        CHECK(set.instants == Instants{day(10), day(10.5)});
        CHECK(outcomes(set) == "10");
    }

    TEST_CASE("one answer answers the contact before it once") {
        World world = student(OutcomeKind::response);
        world.one().sent(10);
        world.one().reply(10.2);
        world.one().sent(11);
        world.one().sent(20);
        world.one().reply(20.1);
        world.one().reply(20.2);
        CHECK(outcomes(world.find_responses()) == "101");
    }

    TEST_CASE("while the window runs there is no example of a contact without an answer") {
        World world = student(OutcomeKind::response);
        world.one().sent(10);
        CHECK(outcomes(world.find_responses(day(10.5))).empty());
        CHECK(outcomes(world.find_responses(day(12.999))).empty());
        CHECK(outcomes(world.find_responses(day(13.001))) == "0");
    }

    TEST_CASE("while the window runs there is no example of a contact that was answered either") {
        // Otherwise the last days would teach answers alone.
        World world = student(OutcomeKind::response);
        world.one().sent(10);
        world.one().reply(10.2);
        CHECK(outcomes(world.find_responses(day(10.5))).empty());
        CHECK(outcomes(world.find_responses(day(13.001))) == "1");
    }

    TEST_CASE("contacts are outbound messages and calls on the contact channels") {
        World world = student(OutcomeKind::response);
        Story& story = world.one();
        story.interaction(10, "mail", Act::sent, Direction::outbound);
        story.interaction(20, "phone", Act::called, Direction::outbound);
        story.interaction(30, "portal", Act::sent, Direction::outbound);
        story.interaction(40, "post", Act::sent, Direction::outbound);    // not a contact channel
        story.interaction(50, "pigeon", Act::sent, Direction::outbound);  // not in the playbook
        story.interaction(60, "phone", Act::called, Direction::inbound);
        story.interaction(70, "mail", Act::posted, Direction::outbound);
        CHECK(world.find_responses().instants == Instants{day(10), day(20), day(30)});
        world.config.outcome.channels = {"phone"};
        CHECK(world.find_responses().instants == Instants{day(20)});
        world.config.outcome.channels = {"phone", "portal"};
        CHECK(world.find_responses().instants == Instants{day(20), day(30)});
        world.config.outcome.channels = {"chat"};
        CHECK(world.find_responses().size() == 0);
    }

    TEST_CASE("a model may be about the contacts of some actions alone") {
        World world = student(OutcomeKind::response);
        Story& story = world.one();
        story.sent(10, "mail", "open day");
        story.sent(11, "mail");
        story.reply(11.5);
        story.sent(20, "phone", "coach call");
        story.sent(30, "mail", "coach call");
        CHECK(world.find_responses().size() == 4);
        world.config.outcome.actions = {"open day"};
        ExampleSet set = world.find_responses();
        CHECK(set.instants == Instants{day(10)});
        CHECK(outcomes(set) == "0");  // the contact of no action came before the answer
        world.config.outcome.actions = {"coach call", "never done"};
        CHECK(world.find_responses().instants == Instants{day(20), day(30)});
        world.config.outcome.channels = {"mail"};
        CHECK(world.find_responses().instants == Instants{day(30)});
    }

    TEST_CASE("a contact is seen with what was known before it, itself left out") {
        World world = student(OutcomeKind::response);
        world.config.features = {feature("attribute:points"), feature("days_since_own_act"), feature("response")};
        Story& story = world.one();
        story.attribute(1, "points", 1.0);
        story.attribute(2, "points", 2.0, 10);  // becomes known with the contact
        story.reply(4);
        story.sent(10);
        story.reply(11);
        story.sent(20);
        const ExampleSet set = world.find_responses();
        CHECK(set.instants == Instants{day(10), day(20)});
        CHECK(outcomes(set) == "10");
        CHECK(equal(numbers(set), {1, 2}));
        CHECK(equal(numbers(set, "days_since_own_act"), {6, 9}));
        // Priors of the test playbook: mail 2 of 8, else 1 of 2; the best channel counts. Nothing was tried before
        // day 10.
        CHECK(numbers(set, "response").at(0) == doctest::Approx(0.5));
    }

    TEST_CASE("only contacts with people in scope count, as known at the contact") {
        World world{OutcomeKind::response};
        Story& story = world.one();
        story.role(10, "nursing", RoleKind::student, false, 12);
        story.role(50, "nursing", RoleKind::student, true);
        for (const double at_day : {5.0, 11.0, 12.0, 13.0, 49.0, 50.0, 51.0}) story.sent(at_day);
        // At the very moment of the end it is not known yet, but at 51 it is.
        CHECK(world.find_responses().instants == Instants{day(13), day(49), day(50)});
        world.config.outcome.programmes = {"logistics"};
        CHECK(world.find_responses().size() == 0);
        world.config.outcome.programmes = {"nursing"};
        CHECK(world.find_responses().instants == Instants{day(13), day(49), day(50)});
        world.config.roles = {};
        world.config.roles.insert(RoleKind::alumnus);
        CHECK(world.find_responses().size() == 0);
    }

    TEST_CASE("responses are those of a slow search, on random contacts") {
        constexpr std::array own_acts{Act::clicked,  Act::replied,  Act::visited, Act::submitted, Act::called,
                                      Act::answered, Act::attended, Act::posted,  Act::mentioned, Act::donated};
        constexpr std::array all_channels{"mail", "phone", "portal", "post"};
        for (std::uint64_t seed = 0; seed < 150; ++seed) {
            CAPTURE(seed);
            Random random{seed + 100};
            World world = student(OutcomeKind::response);
            world.playbook.reachability.response_window = hours{random.between(1, 200)};
            Story& story = world.one();
            const std::int64_t span = random.between(2, 40);
            for (std::size_t i = random.below(60); i > 0; --i) {
                // On a grid of six hours, so that ties and exact windows are frequent.
                const double at_day = 1 + static_cast<double>(random.between(0, 4 * span)) / 4;
                story.interaction(at_day, all_channels[random.below(4)], static_cast<Act>(random.below(16)),
                                  random.chance(50) ? Direction::inbound : Direction::outbound);
                if (random.chance(40)) story.sent(at_day, all_channels[random.below(2)]);
                if (random.chance(30)) story.reply(at_day, all_channels[random.below(2)]);
            }
            const auto facts = story.sorted();
            const auto is_contact = [](const model::Interaction& i) {
                return i.direction == Direction::outbound && (i.act == Act::sent || i.act == Act::called);
            };
            std::vector<std::pair<Instant, int>> expected;
            for (std::size_t i = 0; i < facts.size(); ++i) {
                const auto* const contact = std::get_if<model::Interaction>(&facts[i].first.content);
                if (contact == nullptr || !is_contact(*contact)) continue;
                if (world.symbols.channels.text(contact->channel) == "post") continue;
                std::optional<std::size_t> first_answer;
                std::optional<std::size_t> next_contact;
                for (std::size_t j = i + 1; j < facts.size(); ++j) {
                    const auto* const later = std::get_if<model::Interaction>(&facts[j].first.content);
                    if (later == nullptr || later->channel != contact->channel) continue;
                    const bool is_own = later->direction == Direction::inbound &&
                                        std::find(own_acts.begin(), own_acts.end(), later->act) != own_acts.end();
                    if (is_own && !first_answer) first_answer = j;
                    if (is_contact(*later) && !next_contact) next_contact = j;
                }
                const bool is_answered =
                    first_answer && (!next_contact || *first_answer < *next_contact) &&
                    facts[*first_answer].first.at - facts[i].first.at <= world.playbook.reachability.response_window;
                expected.emplace_back(facts[i].first.at, is_answered ? 1 : 0);
            }
            const ExampleSet set = world.find_responses();
            std::vector<std::pair<Instant, int>> found;
            for (std::size_t i = 0; i < set.size(); ++i) found.emplace_back(set.instants[i], set.outcomes[i]);
            // Of contacts at one instant either may come first.
            std::sort(found.begin(), found.end());
            std::sort(expected.begin(), expected.end());
            REQUIRE(found == expected);
        }
    }

    TEST_CASE("sets of one model append, with texts and not positions of levels") {
        World first = student();
        first.one().attribute(1, "points", 1.0);
        first.one().attribute(1, "region", std::string{"west"});
        first.one().attribute(7, "region", std::string{"east"});
        first.one().ends(50, EnrolmentStatus::passed);
        World second = student();
        second.one().person = PersonId{2};
        second.one().attribute(6, "region", std::string{"south"});
        second.one().attribute(8, "region", std::string{"east"});
        second.one().attribute(9, "region", std::string{"west"});
        second.one().ends(60, EnrolmentStatus::failed);
        ExampleSet all = first.find({day(5), day(10)});
        const ExampleSet more = second.find({day(5), day(7), day(8.5), day(10)});
        const ExampleSet before = all;
        all.append(more);
        CHECK(outcomes(all) == "001111");
        CHECK(texts(all) == Texts{"west", "east", "-", "south", "east", "west"});
        CHECK(equal(numbers(all), {1, 1, missing, missing, missing, missing}));
        CHECK(all.people[1] == PersonId{1});
        CHECK(all.people[2] == PersonId{2});
        CHECK(std::equal(before.groups.begin(), before.groups.end(), all.groups.begin()));
        CHECK(std::equal(more.groups.begin(), more.groups.end(), all.groups.begin() + 2));
        CHECK(all.instants == Instants{day(5), day(10), day(5), day(7), day(8.5), day(10)});
        CHECK(all.learned_at[1] == before.learned_at[0]);
        CHECK(all.learned_at[5] == more.learned_at[0]);
        const auto& levels = all.table.input("attribute:region").levels;
        CHECK(std::set<std::string>{levels.begin(), levels.end()}.size() == levels.size());
        CHECK(levels.size() == 3);
    }

    TEST_CASE("examples have an order of their own: by group, instant, outcome and inputs") {
        ExampleSet set;
        set.table.inputs = {{"points", false, {1, 2, missing, 1, 1, 1, 1}, {}},
                            // "north" has the greater code: codes tell who came first, texts do not
                            {"region", true, {0, 0, 0, 1, missing, 0, 0}, {"south", "north"}}};
        set.table.rows = 7;
        for (int i = 0; i < 7; ++i) {
            set.people.push_back(PersonId{i});
            set.groups.push_back(i == 5 ? 1 : 2);
            set.grouped.push_back(1);
            set.instants.push_back(day(5));
            set.outcomes.push_back(i == 6 ? 1 : 0);
        }
        std::vector<std::uint32_t> order{0, 1, 2, 3, 4, 5, 6};
        std::sort(order.begin(), order.end(), [&](auto a, auto b) { return set.precedes(a, b); });
        // The lesser group; then missing points, missing region, north, south; more points; outcome 1.
        CHECK(order == std::vector<std::uint32_t>{5, 2, 4, 3, 0, 1, 6});
        for (std::uint32_t i = 0; i < 7; ++i) CHECK_FALSE(set.precedes(i, i));
    }

    TEST_CASE("appending to an empty set gives the other, and a set without examples adds none") {
        World world = student();
        world.one().attribute(1, "region", std::string{"west"});
        world.one().ends(50, EnrolmentStatus::passed);
        const ExampleSet some = world.find({day(5), day(6)});
        const ExampleSet none = world.find({});
        CHECK(none.size() == 0);
        ExampleSet all;
        all.append(some);
        CHECK(outcomes(all) == "00");
        CHECK(texts(all) == texts(some));
        all.append(none);
        CHECK(outcomes(all) == "00");
        ExampleSet after_none = none;
        after_none.append(some);
        CHECK(outcomes(after_none) == "00");
        CHECK(texts(after_none) == Texts{"west", "west"});
    }

    TEST_CASE("sets of a model without features append too") {
        World world = student();
        world.config.features.clear();
        world.one().ends(50, EnrolmentStatus::passed);
        ExampleSet all = world.find({day(5), day(6)});
        all.append(world.find({day(7)}));
        CHECK(outcomes(all) == "000");
        CHECK(all.instants == Instants{day(5), day(6), day(7)});
    }

    TEST_CASE("examples found in parts and appended are those found at once") {
        const auto build = [](World& world, std::size_t from, std::size_t to) {
            world.people.clear();
            for (std::size_t p = from; p < to; ++p) {
                Random random{p};
                Story& story = world.people.emplace_back(Story{world.symbols, PersonId{static_cast<std::int64_t>(p)}});
                story.role(0, "nursing");
                for (int i = 0; i < 3; ++i) {
                    story.attribute(static_cast<double>(random.below(20)), "region",
                                    std::string(1, static_cast<char>('a' + random.below(5))));
                    story.attribute(static_cast<double>(random.below(20)), "points", random.fraction());
                }
                story.ends(static_cast<double>(random.below(40)),
                           random.chance(50) ? EnrolmentStatus::passed : EnrolmentStatus::failed);
            }
        };
        const Instants instants{day(3), day(9), day(15), day(21)};
        World world;
        build(world, 0, 9);
        const ExampleSet once = world.find(instants);
        ExampleSet parts;
        for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{0, 2}, {2, 3}, {3, 3}, {3, 9}}) {
            World part;
            build(part, from, to);
            parts.append(part.find(instants));
        }
        REQUIRE(once.size() > 10);
        CHECK(outcomes(parts) == outcomes(once));
        CHECK(parts.people == once.people);
        CHECK(parts.instants == once.instants);
        CHECK(parts.groups == once.groups);
        CHECK(parts.learned_at == once.learned_at);
        CHECK(texts(parts) == texts(once));
        CHECK(equal(numbers(parts), numbers(once)));
    }

    TEST_CASE("the examples that are asked for come in the order in which they are asked for") {
        World world = student();
        world.one().attribute(1, "points", 1.0);
        world.one().attribute(5, "points", 2.0);
        world.one().attribute(5, "region", std::string{"west"});
        world.one().ends(50, EnrolmentStatus::passed);
        Story& other = world.add_person();
        other.role(0, "nursing");
        other.ends(40, EnrolmentStatus::failed);
        const ExampleSet set = world.find({day(4), day(6)});
        REQUIRE(set.size() == 4);
        const std::vector<std::uint32_t> which{3, 0, 3};
        const ExampleSet some = set.select(which);
        CHECK(some.size() == 3);
        (void)outcomes(some);
        for (std::size_t i = 0; i < which.size(); ++i) {
            CHECK(some.people[i] == set.people[which[i]]);
            CHECK(some.instants[i] == set.instants[which[i]]);
            CHECK(some.outcomes[i] == set.outcomes[which[i]]);
            CHECK(some.groups[i] == set.groups[which[i]]);
            CHECK(some.learned_at[i] == set.learned_at[which[i]]);
            CHECK(texts(some)[i] == texts(set)[which[i]]);
            CHECK(equal({numbers(some)[i]}, {numbers(set)[which[i]]}));
        }
        CHECK(set.select({}).size() == 0);
    }
}
