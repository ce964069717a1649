// The scores of engine.hpp: columns, tables of scores, models, lifecycles and the hours of the group.
#include <alloquy/engine/engine.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
using alloquy::NotFound;
using alloquy::PersonId;
using alloquy::support::at;
using alloquy::support::find_test_zone;
using alloquy::support::make_fact;
using alloquy::support::minute;
using alloquy::support::PopulationShape;
using alloquy::support::Random;
using alloquy::support::test_playbook;
using alloquy::time::Instant;
using score::Encoding;
using score::FeatureConfig;
using score::FeatureTable;
using std::chrono::days;
using std::chrono::hours;
using Facts = std::vector<model::Fact>;
using Values = std::vector<double>;

namespace {

constexpr decide::PlaybookHash hash{std::byte{3}};
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// The instant so many days after 2026-01-05T00:00Z, a Monday.
Instant day(double number) {
    return minute(static_cast<std::int64_t>(number * 1440));
}
PersonId person(std::size_t number) {
    return PersonId{static_cast<std::int64_t>(number) + 1};
}
FeatureConfig feature(std::string input, Encoding encoding = Encoding::linear) {
    FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    config.least_rows = 1;
    return config;
}

/// The test playbook with lifecycles of both kinds, two models and a host's column.
Playbook scored_playbook() {
    Playbook playbook = test_playbook();
    score::LifecycleConfig visits;
    visits.name = "visits";
    visits.acts = {model::Act::clicked, model::Act::submitted};
    visits.unit_days = 2;
    visits.horizon = 3;
    score::LifecycleConfig gifts;
    gifts.name = "gifts";
    gifts.model = score::LifecycleModel::bg_bb;
    gifts.acts = {model::Act::donated};
    gifts.year_starts_in = 9;
    gifts.horizon = 2;
    playbook.lifecycles = {visits, gifts};
    playbook.urgency.other = {0.2, 10, 0};
    playbook.urgency.kinds = {{"fee", {0.5, 4, 1}}};
    score::ModelConfig risk;
    risk.name = "risk";
    risk.prior = 0.3;
    risk.features = {feature("engagement"), feature("days_since_own_act", Encoding::log), feature("attribute:credits"),
                     feature("role", Encoding::levels), feature("zone", Encoding::levels)};
    score::ModelConfig answer;
    answer.name = "answer";
    answer.prior = 0.25;
    answer.features = {feature("response"), feature("urgency")};
    playbook.models = {risk, answer};
    playbook.columns = {"own score"};
    return playbook;
}

/// A model with coefficients by hand, its encoder fitted to the engine's people.
score::Model made_model(const Engine& engine, std::span<const FeatureConfig> features, Instant now) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < engine.size(); ++row) rows.push_back(row);
    const score::FeatureEncoder encoder =
        score::FeatureEncoder::fit(features, engine.feature_table(rows, features, now));
    score::LogisticModel coefficients;
    coefficients.intercept = -0.5;
    coefficients.weight = 100;
    for (std::size_t j = 0; j < encoder.columns(); ++j) {
        coefficients.coefficients.push_back(j % 2 == 0 ? 0.75 : -0.3);
    }
    coefficients.covariance_factor.assign((encoder.columns() + 1) * (encoder.columns() + 2) / 2, 0.05);
    return score::Model{encoder, coefficients, score::Calibration::platt(0.9, 0.1)};
}

/// Random people in an engine, with all that they are asked about.
struct World {
    model::Symbols symbols{};
    Facts facts{};
    std::map<PersonId, Facts> by_person{};
    std::size_t people = 0;

    World() = default;
    World(std::uint64_t seed, const PopulationShape& shape)
        : facts{alloquy::support::random_facts(seed, symbols, shape, person)}, people{shape.people} {
        for (const model::Fact& fact : facts) by_person[fact.person].push_back(fact);
        for (auto& entry : by_person) alloquy::support::sort_canonical(entry.second, symbols);
    }
    [[nodiscard]] Engine engine(Playbook playbook = scored_playbook()) {
        Engine made = make_engine(std::move(playbook), hash, symbols, find_test_zone);
        for (std::size_t p = 0; p < people; ++p) made.add_person(person(p), (p * 7919 + 5) % 100'003);
        return made;
    }
    [[nodiscard]] Engine refolded(Playbook playbook = scored_playbook()) {
        Engine made = engine(std::move(playbook));
        for (const auto& [id, own] : by_person) made.refold(made.row(id), own);
        return made;
    }
    /// With lifecycles and models in use.
    [[nodiscard]] Engine learned(Instant now) {
        Engine made = refolded();
        made.set_lifecycle("visits", score::BgNbdParameters{0.5, 2, 1, 3});
        made.set_lifecycle("gifts", score::BgBbParameters{1, 2, 1, 3});
        for (const score::ModelConfig& config : made.playbook().models) {
            made.set_model(config.name, made_model(made, config.features, now), 4);
        }
        return made;
    }
};

bool same_bits(const Values& a, const Values& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
    });
}
bool same_bits(const ScoreTable& a, const ScoreTable& b) {
    return a.names == b.names && std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                                            [](const Values& x, const Values& y) { return same_bits(x, y); });
}
const Values& column_of(const ScoreTable& table, std::string_view name) {
    const auto found = std::find(table.names.begin(), table.names.end(), name);
    REQUIRE(found != table.names.end());
    return table.columns[static_cast<std::size_t>(found - table.names.begin())];
}

/// Own acts by hour of the week from the facts alone: Reachability's words, people's last zones, at most 255 each.
score::HourCounts hours_of(const std::map<PersonId, Facts>& by_person, const model::Symbols& symbols) {
    score::HourCounts counts{};
    for (const auto& [id, facts] : by_person) {
        std::string zone;
        for (const model::Fact& fact : facts) {
            const auto* const statement = std::get_if<model::AttributeStatement>(&fact.content);
            if (statement == nullptr) continue;
            for (const model::Attribute& attribute : statement->attributes) {
                if (symbols.attributes.text(attribute.name) != "zone") continue;
                const auto* const text = std::get_if<std::string>(&attribute.value);
                zone = text == nullptr ? "" : *text;
            }
        }
        if (zone != "Test/East" && zone != "Test/West") continue;
        const hours offset{zone == "Test/East" ? 5 : -8};
        const std::chrono::minutes rest{zone == "Test/East" ? 30 : 0};
        std::array<std::uint64_t, score::hours_per_week> own{};
        for (const model::Fact& fact : facts) {
            const auto* const interaction = std::get_if<model::Interaction>(&fact.content);
            if (interaction == nullptr || interaction->direction != model::Direction::inbound) continue;
            using enum model::Act;
            const std::array no_act{sent, delivered, bounced, opened, missed, absent};
            if (std::find(no_act.begin(), no_act.end(), interaction->act) != no_act.end()) continue;
            // 1969-12-29 was a Monday.
            const auto since = fact.at + offset + rest - at("1969-12-29T00:00Z");
            ++own[static_cast<std::size_t>(std::chrono::duration_cast<hours>(since).count() % 168)];
        }
        for (std::size_t hour = 0; hour < own.size(); ++hour) counts[hour] += std::min<std::uint64_t>(own[hour], 255);
    }
    return counts;
}

/// A table of two people by hand, on day 10; see the test of all columns.
struct SmallTable {
    model::Symbols symbols{};
    Facts facts{};
    Instant now = day(10);

    SmallTable() {
        using enum model::Act;
        add(1, model::RoleChange{model::RoleKind::student, symbols.programmes.intern("law"),
                                 symbols.sites.intern("north"), false});
        act(2.5, "portal", clicked, "study", 3);
        act(3, "mail", sent, {}, 1, model::Direction::outbound);  // no answer within three days
        act(4, "phone", called, {}, 1, model::Direction::outbound);
        act(4 + 10 / 24.0, "phone", answered, "study");
        act(8.25, "mail", submitted, "study");
        act(8.75, "portal", clicked, "money");
        act(9, "mail", sent, {}, 1, model::Direction::outbound);  // still open
        owe(1, "fee", "a", day(14), {});
        owe(1, "fee", "b", day(7), {});
        owe(1, "essay", "exam 1", day(5), 30);
        owe(1, "essay", "exam 2", day(5), 20);
        owe(1, "essay", "paper", day(9), 50);
        owe(1, "essay", "thesis", day(20), 100);
        owe(1, "card", "", std::nullopt, {});
        owe(1, "book", "", day(3), {});
        close(4, "essay", "exam 1", model::ObligationStep::fulfilled);
        close(8, "essay", "exam 2", model::ObligationStep::fulfilled);
        close(2, "book", "", model::ObligationStep::waived);
        add(5, model::Result{symbols.assessments.intern("exam 1"), 0.8});
        add(6, model::Result{symbols.assessments.intern("quiz"), 0.5});
        add(9, model::Result{symbols.assessments.intern("exam 2"), 0.6});
        talk(1, model::Tone::complaint, model::DialogueStep::opened);
        talk(2, model::Tone::complaint, model::DialogueStep::confirmed);
        talk(3, model::Tone::question, model::DialogueStep::opened);
        add(1, model::EnrolmentChange{symbols.programmes.intern("law"), model::EnrolmentStatus::enrolled});
        add(2, model::EnrolmentChange{symbols.programmes.intern("logistics"), model::EnrolmentStatus::passed});
        state("credits", 42.5);
        state("local", true);
        state("since", alloquy::time::Day::from_ymd(2026, 1, 1));
        state("region", std::string{"coast"});
        state("language", std::string{"nl"});
        alloquy::support::sort_canonical(facts, symbols);
    }
    [[nodiscard]] Engine engine(Playbook playbook = scored_playbook()) {
        for (const char* const name : {"attribute:credits", "attribute:local", "attribute:since", "attribute:region"}) {
            decide::Action& asks = playbook.actions.actions.emplace_back(playbook.actions.actions[0]);
            asks.name = std::string{"asks for "} + name;
            asks.conditions = {{name, 1e6, std::nullopt}};
        }
        Engine made = make_engine(std::move(playbook), hash, symbols, find_test_zone);
        made.add_person(person(0), 17);
        made.add_person(person(1), 5);  // of whom nothing is known
        made.refold(0, facts);
        return made;
    }

private:
    void add(double when, model::FactContent content) {
        facts.push_back(
            make_fact(symbols, person(0), day(when), "k" + std::to_string(100 + facts.size()), std::move(content)));
    }
    void act(double when, std::string_view channel, model::Act act, std::string_view topic, std::uint32_t quantity = 1,
             model::Direction direction = model::Direction::inbound) {
        model::Interaction interaction{symbols.channels.intern(channel), act, direction};
        if (!topic.empty()) interaction.topic = symbols.topics.intern(topic);
        interaction.quantity = quantity;
        add(when, interaction);
    }
    void owe(double when, std::string_view kind, std::string item, std::optional<Instant> due,
             std::optional<double> weight) {
        add(when, model::ObligationChange{symbols.obligations.intern(kind), std::move(item),
                                          model::ObligationStep::opened, due, weight});
    }
    void close(double when, std::string_view kind, std::string item, model::ObligationStep step) {
        add(when, model::ObligationChange{symbols.obligations.intern(kind), std::move(item), step, {}, {}});
    }
    void talk(std::int64_t id, model::Tone tone, model::DialogueStep step) {
        add(3, model::DialogueChange{alloquy::DialogueId{id}, step, {}, {}, tone});
    }
    void state(std::string_view name, model::AttributeValue value) {
        add(1, model::AttributeStatement{{{symbols.attributes.intern(name), std::move(value)}}});
    }
};

/// People who click as BG/NBD and give as BG/BB say, more or less.
World lively_world(std::size_t people) {
    World world;
    world.people = people;
    Random random{77};
    const model::Channel portal = world.symbols.channels.intern("portal");
    for (std::size_t p = 0; p < people; ++p) {
        const auto add = [&](Instant when, model::Act act) {
            const model::Interaction interaction{portal, act, model::Direction::inbound};
            world.by_person[person(p)].push_back(make_fact(
                world.symbols, person(p), when, "k" + std::to_string(world.by_person[person(p)].size()), interaction));
        };
        const double rate = 0.02 + 0.3 * random.fraction() * random.fraction();
        const double drop = 0.6 * random.fraction() * random.fraction();
        double when = random.fraction() * 100;
        do {
            add(day(when), model::Act::clicked);
            when += -std::log(1 - random.fraction()) / rate;
        } while (when < 300 && random.fraction() > drop);
        const double gives = random.fraction();
        const double leaves = 0.5 * random.fraction() * random.fraction();
        for (int year = 2012; year < 2026; ++year) {
            if (year > 2012 && random.fraction() < leaves) break;
            if (year > 2012 && random.fraction() >= gives) continue;
            add(at(std::to_string(year) + "-11-03T12:00Z"), model::Act::donated);
        }
        alloquy::support::sort_canonical(world.by_person[person(p)], world.symbols);
    }
    return world;
}

}  // namespace

TEST_SUITE("engine/scores") {
    TEST_CASE("every column of one person, by hand") {
        SmallTable small;
        Engine engine = small.engine();
        const auto value = [&](std::string_view name) { return engine.column(person(0), name, small.now); };
        const auto near = [](double number) { return doctest::Approx(number).epsilon(1e-8); };
        const auto is = [&](std::string_view name, double expected) {
            CAPTURE(name);
            const std::optional<double> found = value(name);
            REQUIRE(found.has_value());
            CHECK(*found == near(expected));
        };
        // Own acts by day, with the playbook's weights (phone 1.5, portal 0.5, study 2). 2: three clicks, effort 3,
        // log2(4); 4: an answer, effort 3, 3 log2(4); 8: a paper handed in, effort 2, 4 log2(3), and a click, effort
        // 0.5, log2(1.5). So S(h) = 2 * 2^(-8/h) + 6 * 2^(-6/h) + (4 log2(3) + log2(1.5)) * 2^(-2/h) for half-lives of
        // 7, 30 and 180 days; the fraction is 0.4 S / (S + 6) + 0.4 S / (S + 20) + 0.2 S / (S + 60) (mpmath).
        is("engagement", 0.449524227506895425);
        is("engagement:this week", 9.89866073571693449);
        is("engagement:this month", 13.4978782497841714);
        is("engagement:this half-year", 14.6739710698579881);
        // (a - b) / (a + b) and a - b with a = S(7) ln 2 / 7 and b = S(30) ln 2 / 30.
        is("engagement_trend", 0.517249396297326688);
        is("engagement_momentum", 0.66830833162758885);
        is("days_since_own_act", 1.25);
        is("days_in_role", 9);
        is("days_to_obligation", 4);  // fee a; the thesis is due later
        is("days_overdue", 3);        // fee b; the paper is overdue for one day
        is("open_complaints", 1);
        is("active_days_7", 2);  // days 4 and 8 of 4 to 10
        is("active_days_14", 3);
        is("active_days_28", 3);
        is("active_days_128", 3);
        is("topics_used", 2);
        is("days_since_two_way", 5 + 14 / 24.0);
        // Mail: one silence with a Beta(2, 6) beforehand, 2/9. Phone: one answer to one call, 2/3. Portal: 1/2.
        is("response", 2 / 3.0);
        // Fee a: 0.5 * 2^(-4/4). Fee b: overdue for 3 days, a day's grace: 0.5 * 2^(-2/4). Paper: 0.2 * 2^(-1/10).
        // Thesis: 0.2 * 2^(-10/10). 1 less the product of what each leaves (mpmath).
        is("urgency", 0.645074600519343609);
        is("open_obligations", 5);  // fees a and b, paper, thesis, card
        is("missed_obligations", 2);
        is("late_obligations", 1);
        is("fulfilled_obligations", 2);
        is("earliness", -0.346573590279972655);  // a day early, three days late: (ln 2 - ln 4) / 2
        is("results", 3);
        is("result_mean", 1.9 / 3);
        is("result_least", 0.5);
        is("result_last", 0.6);
        is("result_trend", -0.2);
        is("credit_earned", 0.36);  // (30 * 0.8 + 20 * 0.6) of 30 + 20 + 50 that were due
        is("enrolments", 2);
        // Shares of act * effort: 3 by portal about study, 9 by phone about study, 8 by mail about study, and 0.5 by
        // portal about money.
        is("channel:portal", 3.5 / 20.5);
        is("channel:phone", 9 / 20.5);
        is("channel:mail", 8 / 20.5);
        is("channel:post", 0);
        is("topic:study", 20 / 20.5);
        is("topic:money", 0.5 / 20.5);
        is("topic:admission", 0);
        is("attribute:credits", 42.5);
        is("attribute:local", 1);
        is("attribute:since", 14);
        CHECK_FALSE(value("attribute:region").has_value());  // a text is no number
        is("model:risk", 0.3);                               // nothing learned: the priors
        is("model:answer", 0.25);
        for (const char* const name :
             {"active:visits", "expected:visits", "active:gifts", "expected:gifts", "own score"}) {
            CAPTURE(name);
            CHECK_FALSE(value(name).has_value());  // not fitted, not filled
        }
    }

    TEST_CASE("of a person without facts every count is 0, and what rests on facts is unknown") {
        SmallTable small;
        const Engine engine = small.engine();
        const auto value = [&](std::string_view name) { return engine.column(person(1), name, small.now); };
        for (const char* const name :
             {"engagement", "engagement_trend", "engagement_momentum", "open_complaints", "active_days_7",
              "active_days_14", "active_days_28", "active_days_128", "topics_used", "urgency", "open_obligations",
              "missed_obligations", "late_obligations", "fulfilled_obligations", "results", "enrolments",
              "engagement:this week"}) {
            CAPTURE(name);
            CHECK(value(name) == 0.0);
        }
        for (const char* const name :
             {"days_since_own_act", "days_in_role", "days_to_obligation", "days_overdue", "days_since_two_way",
              "earliness", "result_mean", "result_least", "result_last", "result_trend", "credit_earned",
              "channel:mail", "topic:study", "attribute:credits"}) {
            CAPTURE(name);
            CHECK_FALSE(value(name).has_value());
        }
        CHECK(value("response") == 0.5);  // phone and portal without anything known; mail has 2 / 8
        CHECK(value("model:risk") == 0.3);
    }

    TEST_CASE("the columns' list has each name once, and column_values is column for each of them") {
        World world{1, {8, 60}};
        const Instant now = world.refolded().known_until().value();
        const Engine engine = world.learned(now);
        const auto names = engine.columns();
        std::vector<std::string> sorted{names.begin(), names.end()};
        std::sort(sorted.begin(), sorted.end());
        CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
        for (std::size_t i = 0; i < column_names.size(); ++i) CHECK(names[i] == column_names[i]);
        std::vector<std::optional<double>> values(names.size());
        std::size_t known = 0;
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            engine.column_values(row, now, values);
            for (std::size_t i = 0; i < names.size(); ++i) {
                CAPTURE(names[i]);
                REQUIRE(values[i] == engine.column(engine.person(row).id, names[i], now));
                known += values[i] ? 1 : 0;
            }
        }
        CHECK(known > 8 * names.size() / 2);
    }

    TEST_CASE("lifecycles: the counts by hand, unknown before the fit and for who never acted") {
        SmallTable small;
        Engine engine = small.engine();
        CHECK_FALSE(engine.lifecycle("visits").has_value());
        const score::BgNbdParameters visits{0.5, 2, 1, 3};
        const score::BgBbParameters gifts{1, 2, 1, 3};
        engine.set_lifecycle("visits", visits);
        engine.set_lifecycle("gifts", gifts);
        CHECK(engine.lifecycle("visits") == LifecycleParameters{visits});
        const auto value = [&](std::size_t who, std::string_view name) {
            return engine.column(person(who), name, small.now);
        };
        // Clicks and papers on days 2 and 8: one repeat, 6 days after the first, which is 8 days ago; in units of two
        // days x = 1, t_x = 3, T = 4. P = 1 / (1 + a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r + x)) = 1 / (1 +
        // (6/5)^1.5 / 3) (Fader, Hardie, Lee 2008; mpmath).
        CHECK(value(0, "active:visits").value() == doctest::Approx(0.695324200489934541).epsilon(1e-12));
        CHECK(value(0, "expected:visits") == score::expected_interactions(visits, {1, 3, 4}, 3));
        CHECK_FALSE(value(1, "active:visits").has_value());
        CHECK_FALSE(value(1, "expected:visits").has_value());

        // Gifts in the years that begin in September 2023 and 2024; that of 2025 is running without one: of one
        // occasion the one was taken. P(active at the next) by eq. (11) of Fader, Hardie, Shang 2010 (mpmath): 0.8.
        CHECK_FALSE(value(0, "active:gifts").has_value());
        const auto give = [&](std::string_view when) {
            const model::Interaction gift{small.symbols.channels.intern("post"), model::Act::donated,
                                          model::Direction::inbound};
            engine.observe(make_fact(small.symbols, person(1), at(when), std::string{when}, gift),
                           [](PersonId) { return Facts{}; });
        };
        give("2023-10-01T12:00Z");
        give("2023-12-01T12:00Z");
        give("2025-02-01T12:00Z");
        CHECK(value(1, "active:gifts").value() == doctest::Approx(0.8).epsilon(1e-12));
        CHECK(value(1, "expected:gifts") == score::expected_interactions(gifts, {1, 1, 1}, 2));
    }

    TEST_CASE("a host's column says what the host filled in, of those whom it named") {
        SmallTable small;
        Engine engine = small.engine();
        const auto value = [&](std::size_t who) { return engine.column(person(who), "own score", small.now); };
        const std::array<std::uint32_t, 1> second{1};
        const std::array<std::uint32_t, 2> both{1, 0};
        engine.set_column("own score", second, std::array{-2.5}, day(9));
        CHECK_FALSE(value(0).has_value());
        CHECK(value(1) == -2.5);
        engine.set_column("own score", both, std::array{missing, 7.0}, small.now);  // replaces all
        CHECK(value(0) == 7.0);
        CHECK_FALSE(value(1).has_value());
        engine.add_person(person(2), 9);  // came later
        CHECK_FALSE(value(2).has_value());
        engine.set_column("own score", {}, {}, day(9));
        CHECK_FALSE(value(0).has_value());
    }

    TEST_CASE("people who come after all were forgotten do not inherit a host's numbers") {
        SmallTable small;
        Engine engine = small.engine();
        const std::array<std::uint32_t, 2> rows{0, 1};
        engine.set_column("own score", rows, std::array{1.0, 2.0}, day(9));
        engine.clear();
        engine.add_person(person(7), 70);
        CHECK_FALSE(engine.column(person(7), "own score", small.now).has_value());
    }

    TEST_CASE("one person's value of a host's column is taken over from another engine, as far as it was known") {
        SmallTable small;
        Engine engine = small.engine();
        engine.set_column("own score", std::array<std::uint32_t, 2>{0, 1}, std::array{1.5, missing}, day(9));
        const auto taken_over = [&](std::size_t who, Instant now) {
            model::Symbols symbols = small.symbols;
            Engine other = make_engine(engine.playbook(), hash, symbols, find_test_zone);
            other.copy_column("own score", engine, person(who), now);
            other.add_person(person(who), 1);
            return other.column(person(who), "own score", day(11));
        };
        CHECK(taken_over(0, day(9)) == 1.5);
        CHECK_FALSE(taken_over(0, day(8.9)).has_value());
        CHECK_FALSE(taken_over(1, day(9)).has_value());
        CHECK_FALSE(taken_over(5, day(9)).has_value());  // nobody there
        CHECK_THROWS_WITH_AS(engine.copy_column("mood", engine, person(0), day(9)), doctest::Contains("'mood'"),
                             InvalidArgument);
    }

    TEST_CASE("a host's column is refused where it does not fit, by name") {
        SmallTable small;
        Engine engine = small.engine();
        const std::array<std::uint32_t, 1> one{1};
        const std::array<std::uint32_t, 1> beyond{2};
        const std::array<std::uint32_t, 2> twice{1, 1};
        engine.set_column("own score", one, std::array{4.0}, day(9));
        const auto refused = [&](const char* named, std::string_view column, std::span<const std::uint32_t> rows,
                                 const Values& values) {
            CAPTURE(named);
            CHECK_THROWS_WITH_AS(engine.set_column(column, rows, values, day(9)), doctest::Contains(named),
                                 InvalidArgument);
        };
        refused("'their score'", "their score", one, {1});
        refused("'engagement'", "engagement", one, {1});
        refused("values", "own score", one, {1, 2});
        refused("values", "own score", one, {});
        refused("row 2", "own score", beyond, {1});
        refused("row 1", "own score", twice, {1, 2});
        refused("'own score'", "own score", one, {std::numeric_limits<double>::infinity()});
        refused("'own score'", "own score", one, {-std::numeric_limits<double>::infinity()});
        CHECK(engine.column(person(1), "own score", small.now) == 4.0);  // as before
    }

    TEST_CASE("an unknown column, person, model or lifecycle is refused by name, and so is the past") {
        SmallTable small;
        Engine engine = small.engine();
        const PersonId known = person(0);
        CHECK_THROWS_WITH_AS((void)engine.column(known, "mood", small.now), doctest::Contains("'mood'"),
                             InvalidArgument);
        CHECK_THROWS_AS((void)engine.column(person(8), "engagement", small.now), NotFound);
        CHECK_THROWS_AS((void)engine.column(known, "engagement", day(8)), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.predict(known, "mood", small.now), doctest::Contains("'mood'"),
                             InvalidArgument);
        CHECK_THROWS_AS((void)engine.predict(person(8), "risk", small.now), NotFound);
        CHECK_THROWS_AS((void)engine.predict(known, "risk", day(8)), InvalidArgument);
        CHECK_THROWS_AS((void)engine.explain(person(8), small.now), NotFound);
        CHECK_THROWS_AS((void)engine.explain(known, day(8)), InvalidArgument);
        CHECK_THROWS_AS((void)engine.scores(day(8)), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.scores(small.now, 0), doctest::Contains("threads"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.model("mood"), doctest::Contains("'mood'"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.model_version("mood"), doctest::Contains("'mood'"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.lifecycle("mood"), doctest::Contains("'mood'"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.fit_lifecycle("mood", small.now), doctest::Contains("'mood'"),
                             InvalidArgument);
        CHECK_THROWS_AS((void)engine.fit_lifecycle("visits", day(8)), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.fit_lifecycle("visits", small.now, 0), doctest::Contains("threads"),
                             InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.fit_lifecycle("visits", small.now), doctest::Contains("too little data"),
                             InvalidArgument);
        CHECK_THROWS_WITH_AS((void)engine.fit_lifecycle("gifts", small.now), doctest::Contains("too little data"),
                             InvalidArgument);
        CHECK_THROWS_WITH_AS(engine.set_lifecycle("mood", score::BgNbdParameters{1, 1, 1, 1}),
                             doctest::Contains("'mood'"), InvalidArgument);
        CHECK_THROWS_WITH_AS(engine.set_lifecycle("visits", score::BgBbParameters{1, 1, 1, 1}),
                             doctest::Contains("'visits'"), InvalidArgument);
        CHECK_THROWS_WITH_AS(engine.set_lifecycle("gifts", score::BgNbdParameters{1, 1, 1, 1}),
                             doctest::Contains("'gifts'"), InvalidArgument);
    }

    TEST_CASE("inputs of models: numbers, texts and missing ones, a row for each person in the order asked for") {
        SmallTable small;
        const Engine engine = small.engine();
        FeatureConfig again = feature("engagement", Encoding::bins);
        again.name = "engagement bins";
        FeatureConfig cross = feature({}, Encoding::cross);
        cross.name = "cross";
        cross.of = {"role", "engagement bins"};
        const std::vector<FeatureConfig> features{feature("engagement"),
                                                  feature("attribute:credits"),
                                                  feature("attribute:since"),
                                                  feature("attribute:never heard of"),
                                                  feature("role", Encoding::levels),
                                                  feature("programme", Encoding::levels),
                                                  feature("site", Encoding::levels),
                                                  feature("language", Encoding::levels),
                                                  feature("zone", Encoding::levels),
                                                  feature("attribute:region", Encoding::levels),
                                                  feature("attribute:local", Encoding::levels),
                                                  feature("attribute:unheard", Encoding::levels),
                                                  again,
                                                  cross};
        const std::array<std::uint32_t, 3> rows{1, 0, 0};
        const FeatureTable table = engine.feature_table(rows, features, small.now);
        REQUIRE(table.rows == 3);
        REQUIRE(table.inputs.size() == 12);  // each input once; a cross has none
        const auto number = [&](std::string_view name, std::size_t row) { return table.input(name).values[row]; };
        const auto text = [&](std::string_view name, std::size_t row) {
            const FeatureTable::Input& input = table.input(name);
            REQUIRE(input.is_text);
            const double value = input.values[row];
            return value == value ? input.levels[static_cast<std::size_t>(value)] : "(missing)";
        };
        CHECK(number("engagement", 0) == 0);
        CHECK(number("engagement", 1) == engine.column(person(0), "engagement", small.now));
        CHECK(number("attribute:credits", 1) == 42.5);
        CHECK(std::isnan(number("attribute:credits", 0)));
        CHECK(number("attribute:since", 2) == 14);
        for (std::size_t row = 0; row < 3; ++row) CHECK(std::isnan(number("attribute:never heard of", row)));
        const std::array<std::pair<const char*, const char*>, 8> texts{{{"role", "student"},
                                                                        {"programme", "law"},
                                                                        {"site", "north"},
                                                                        {"language", "nl"},
                                                                        {"zone", "(missing)"},
                                                                        {"attribute:region", "coast"},
                                                                        {"attribute:local", "true"},
                                                                        {"attribute:unheard", "(missing)"}}};
        for (const auto& entry : texts) {  // no binding: clang 14 captures none in a lambda
            const auto name = entry.first;
            const auto expected = entry.second;
            CAPTURE(name);
            CHECK(text(name, 0) == "(missing)");
            CHECK(text(name, 1) == expected);
            CHECK(text(name, 2) == expected);
            CHECK(engine.text_of(0, name, small.now).value_or("(missing)") == expected);
        }
        CHECK(engine.feature_table({}, features, small.now).rows == 0);
        CHECK(engine.feature_table({}, features, small.now).inputs.size() == 12);
    }

    TEST_CASE("a table of inputs is refused for rows and inputs that are not there, and for an input of two kinds") {
        SmallTable small;
        const Engine engine = small.engine();
        const std::array<std::uint32_t, 1> first{0};
        const auto refused = [&](const char* named, std::span<const std::uint32_t> rows,
                                 const std::vector<FeatureConfig>& features) {
            CAPTURE(named);
            CHECK_THROWS_WITH_AS((void)engine.feature_table(rows, features, small.now), doctest::Contains(named),
                                 InvalidArgument);
        };
        refused("row 2", std::array<std::uint32_t, 1>{2}, {feature("engagement")});
        refused("'mood'", first, {feature("mood")});
        refused("'mood'", first, {feature("mood", Encoding::levels)});
        refused("'role'", first, {feature("role")});
        refused("'engagement'", first, {feature("engagement", Encoding::levels)});
        FeatureConfig levels = feature("attribute:local", Encoding::levels);
        levels.name = "as text";
        refused("'attribute:local'", first, {feature("attribute:local"), levels});
        CHECK_THROWS_AS((void)engine.text_of(0, "mood", small.now), InvalidArgument);
    }

    TEST_CASE("leakage guard: inputs are refused for an instant before something about the person became known") {
        SmallTable small;
        Engine engine = small.engine();
        model::Fact late = make_fact(small.symbols, person(1), day(2), "late",
                                     model::Result{small.symbols.assessments.intern("quiz"), 0.1});
        late.known_at = day(12);
        engine.observe(late, [&](PersonId) { return Facts{late}; });
        const std::vector<FeatureConfig> features{feature("results")};
        const std::array<std::uint32_t, 1> first{0};
        const std::array<std::uint32_t, 2> both{0, 1};
        // Of the second person something is known only on day 12; that does not matter to the first one.
        CHECK(engine.feature_table(first, features, small.now).rows == 1);
        CHECK_THROWS_AS((void)engine.feature_table(both, features, small.now), InvalidArgument);
        CHECK_THROWS_AS((void)engine.column(person(1), "results", small.now), InvalidArgument);
        CHECK_THROWS_AS((void)engine.predict(person(1), "risk", small.now), InvalidArgument);
        CHECK_THROWS_AS((void)engine.scores(small.now), InvalidArgument);
        CHECK(engine.feature_table(both, features, day(12)).input("results").values == Values{3, 1});
    }

    TEST_CASE("leakage guard: a host's column is refused for an instant before the host could know it") {
        SmallTable small;
        Playbook playbook = scored_playbook();
        playbook.models[1].features = {feature("own score")};
        playbook.actions.actions[0].value = {"own score", {{0, 10}, {1, 20}}};
        Engine engine = small.engine(playbook);
        const std::array<std::uint32_t, 2> rows{0, 1};
        engine.set_column("own score", rows, std::array{0.25, 0.75}, day(11));
        engine.set_model("answer", made_model(engine, playbook.models[1].features, day(11)));
        const auto refused = [&](const auto& ask) {
            CHECK_THROWS_WITH_AS(static_cast<void>(ask(small.now)), doctest::Contains("'own score'"), InvalidArgument);
            CHECK_NOTHROW(static_cast<void>(ask(day(11))));  // the first instant at which it is known
        };
        refused([&](Instant now) { return engine.column(person(0), "own score", now); });
        refused([&](Instant now) { return engine.feature_table(rows, playbook.models[1].features, now); });
        refused([&](Instant now) { return engine.predict(person(0), "answer", now); });
        refused([&](Instant now) { return engine.explain(person(0), now); });
        refused([&](Instant now) { return engine.next(person(0), now); });
        refused([&](Instant now) { return engine.scores(now, 1); });
        refused([&](Instant now) { return engine.scores(now, 7); });
        refused([&](Instant now) { return engine.plan(now, {}, 1); });
        // Columns that do not look at it can be asked for.
        CHECK(engine.column(person(0), "results", small.now) == 3.0);
        CHECK_NOTHROW((void)engine.predict(person(0), "risk", small.now));
    }

    TEST_CASE("a model speaks from its inputs at the instant; before it is learned its prior does, without evidence") {
        World world{2, {30, 40}};
        Engine engine = world.refolded();
        const Instant now = engine.known_until().value();
        CHECK(engine.predict(person(3), "risk", now) == score::Prediction{0.3, 0});
        CHECK(engine.predict(person(3), "answer", now) == score::Prediction{0.25, 0});
        CHECK(engine.model("risk") == nullptr);
        CHECK(engine.model_version("risk") == 0);

        const std::vector<FeatureConfig>& features = engine.playbook().models[0].features;
        const score::Model made = made_model(engine, features, now);
        engine.set_model("risk", made, 12);
        REQUIRE(engine.model("risk") != nullptr);
        CHECK(*engine.model("risk") == made);
        CHECK(engine.model_version("risk") == 12);
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = 0; row < engine.size(); ++row) rows.push_back(row);
        for (const Instant when : {now, now + days{40}}) {
            const Values all = made.predict(engine.feature_table(rows, features, when));
            for (const std::uint32_t row : rows) {
                const score::Prediction found = engine.predict(engine.person(row).id, "risk", when);
                REQUIRE(found.probability == all[row]);
                REQUIRE(found.evidence > 0);
                REQUIRE(engine.column(engine.person(row).id, "model:risk", when) == all[row]);
            }
        }
        CHECK(engine.predict(person(3), "answer", now) == score::Prediction{0.25, 0});  // still its prior
        engine.set_model("risk", made);
        CHECK(engine.model_version("risk") == 0);
    }

    TEST_CASE("a model is refused under an unknown name, with an unknown input, or if it reads another model") {
        SmallTable small;
        Engine engine = small.engine();
        const auto reading = [](std::string input, bool text = false) {
            FeatureTable table{2, {}};
            table.inputs.push_back({input, text, {0, 1}, {}});
            if (text) table.inputs[0].levels = {"a", "b"};
            const std::vector<FeatureConfig> features{
                feature(std::move(input), text ? Encoding::levels : Encoding::linear)};
            const score::FeatureEncoder encoder = score::FeatureEncoder::fit(features, table);
            return score::Model{encoder, score::prior_model(0.5, encoder.columns()), {}};
        };
        const auto refused = [&](std::string_view name, const score::Model& model, const char* named) {
            CHECK_THROWS_WITH_AS(engine.set_model(name, model), doctest::Contains(named), InvalidArgument);
        };
        refused("mood", reading("engagement"), "'mood'");
        refused("risk", reading("mood"), "'mood'");
        refused("risk", reading("mood", true), "'mood'");
        refused("risk", reading("role"), "'role'");
        refused("risk", reading("model:answer"), "'risk'");
        refused("risk", reading("model:risk"), "'risk'");
        CHECK(engine.model("risk") == nullptr);
        // An attribute that nobody has yet is no mistake; it is seen as soon as somebody has it.
        engine.set_model("risk", reading("attribute:brand new", true));
        const auto parts = engine.explain(person(1), small.now).back().parts;
        REQUIRE(parts.size() == 2);  // the base, and a word that the attribute is unknown
        CHECK(parts[1].contribution == 0);
        const model::Fact fact =
            make_fact(small.symbols, person(1), day(3), "new",
                      model::AttributeStatement{{{small.symbols.attributes.intern("brand new"), std::string{"b"}}}});
        engine.observe(fact, [&](PersonId) { return Facts{fact}; });
        CHECK(engine.explain(person(1), small.now).back().parts.size() == 2);
    }

    TEST_CASE("scores of everybody: each is the one that is told of the person alone, bit by bit") {
        World world{3, {150, 40}};
        const Instant then = world.refolded().known_until().value();
        const Engine engine = world.learned(then);
        for (const Instant now : {then, then + days{100}}) {
            const ScoreTable table = engine.scores(now);
            const std::vector<std::string> names{"engagement",      "engagement_trend", "engagement_momentum",
                                                 "response:mail",   "response:phone",   "response:portal",
                                                 "best_hour",       "urgency",          "active:visits",
                                                 "expected:visits", "active:gifts",     "expected:gifts",
                                                 "model:risk",      "model:answer"};
            REQUIRE(table.names == names);
            REQUIRE(table.columns.size() == names.size());
            std::size_t hours_known = 0;
            for (const Values& column : table.columns) REQUIRE(column.size() == engine.size());
            for (std::uint32_t row = 0; row < engine.size(); ++row) {
                CAPTURE(row);
                const PersonId id = engine.person(row).id;
                const auto told = [&](std::string_view name) { return column_of(table, name)[row]; };
                const auto same = [](double a, double b) {
                    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
                };
                const score::EngagementScore engagement = engine.engagement(id, now);
                REQUIRE(same(told("engagement"), engagement.fraction));
                REQUIRE(same(told("engagement_trend"), engagement.trend));
                REQUIRE(same(told("engagement_momentum"), engagement.momentum));
                const score::ReachabilityScore reach = engine.reachability(id, now);
                for (const score::ResponseEstimate& estimate : reach.channels) {
                    REQUIRE(same(told("response:" + std::string{estimate.channel}), estimate.probability));
                }
                REQUIRE(same(told("best_hour"), reach.best_hours.empty() ? missing : reach.best_hours[0].hour_of_week));
                hours_known += reach.best_hours.empty() ? 0 : 1;
                REQUIRE(same(told("urgency"), engine.urgency().value(engine.person(row).obligations, now)));
                for (const char* const name :
                     {"engagement", "engagement_trend", "engagement_momentum", "urgency", "active:visits",
                      "expected:visits", "active:gifts", "expected:gifts", "model:risk", "model:answer"}) {
                    CAPTURE(name);
                    REQUIRE(same(told(name), engine.column(id, name, now).value_or(missing)));
                }
                REQUIRE(same(told("model:risk"), engine.predict(id, "risk", now).probability));
            }
            CHECK(hours_known > 0);
            const Values& active = column_of(table, "active:gifts");
            const auto unknown = std::count_if(active.begin(), active.end(), [](double p) { return p != p; });
            CHECK(unknown > 0);
            CHECK(unknown < 150);
        }
    }

    TEST_CASE("scores of everybody have models and lifecycles only where these are in use") {
        SmallTable small;
        Engine engine = small.engine();
        const std::vector<std::string> base{"engagement",    "engagement_trend", "engagement_momentum",
                                            "response:mail", "response:phone",   "response:portal",
                                            "best_hour",     "urgency"};
        CHECK(engine.scores(small.now).names == base);
        engine.set_lifecycle("gifts", score::BgBbParameters{1, 2, 1, 3});
        engine.set_model("answer", made_model(engine, engine.playbook().models[1].features, small.now));
        std::vector<std::string> more = base;
        more.insert(more.end(), {"active:gifts", "expected:gifts", "model:answer"});
        CHECK(engine.scores(small.now).names == more);
        // Nobody's zone is known, so nobody's hours are.
        CHECK(std::isnan(column_of(engine.scores(small.now), "best_hour")[0]));
        engine.clear();
        CHECK(engine.scores(small.now).names == more);
        CHECK(engine.scores(small.now).columns[0].empty());
    }

    TEST_CASE("every name in the scores of everybody, but the best hour and the responses by channel, is a column's") {
        World world{3, {5, 20}};
        const Instant now = world.refolded().known_until().value();
        const Engine engine = world.learned(now);
        const auto columns = engine.columns();
        for (const std::string& name : engine.scores(now).names) {
            CAPTURE(name);
            CHECK((name == "best_hour" || name.starts_with("response:") ||
                   std::find(columns.begin(), columns.end(), name) != columns.end()));
        }
    }

    TEST_CASE("scores have the same bits for 1, 2 and 7 threads, and in whatever order people were added") {
        World world{4, {3000, 10}};  // several chunks of rows
        const Instant now = world.refolded().known_until().value();
        const Engine engine = world.learned(now);
        const ScoreTable one = engine.scores(now, 1);
        for (const unsigned threads : {2U, 7U}) {
            CAPTURE(threads);
            CHECK(same_bits(engine.scores(now, threads), one));
        }
        Engine backwards = make_engine(scored_playbook(), hash, world.symbols, find_test_zone);
        for (std::size_t p = world.people; p-- > 0;) {
            backwards.refold(backwards.add_person(person(p), 3000 - p), world.by_person[person(p)]);
        }
        for (const char* const name : {"visits", "gifts"})
            backwards.set_lifecycle(name, engine.lifecycle(name).value());
        for (const char* const name : {"risk", "answer"}) backwards.set_model(name, *engine.model(name));
        const ScoreTable other = backwards.scores(now, 3);
        REQUIRE(other.names == one.names);
        for (std::size_t i = 0; i < one.names.size(); ++i) {
            CAPTURE(one.names[i]);
            CHECK(same_bits(Values(other.columns[i].rbegin(), other.columns[i].rend()), one.columns[i]));
        }
    }

    TEST_CASE("explanations: every score by name, with parts that add up to it exactly") {
        World world{5, {60, 40}};
        const Instant now = world.refolded().known_until().value();
        const Engine engine = world.learned(now);
        for (std::uint32_t row = 0; row < engine.size(); ++row) {
            CAPTURE(row);
            const PersonId id = engine.person(row).id;
            const std::vector<score::Explanation> all = engine.explain(id, now);
            std::vector<std::string> names;
            for (const score::Explanation& each : all) {
                names.push_back(each.name);
                double sum = 0;
                for (const score::Part& part : each.parts) sum += part.contribution;
                REQUIRE(sum == each.value);
                sum = 0;
                for (std::size_t i = each.parts.size(); i > 0; --i) sum += each.parts[i - 1].contribution;
                REQUIRE(sum == each.value);
            }
            REQUIRE(names == std::vector<std::string>{"engagement", "response:mail", "response:phone",
                                                      "response:portal", "urgency", "log_odds:risk",
                                                      "log_odds:answer"});
            REQUIRE(all[0].value == engine.engagement(id, now).fraction);
            REQUIRE(all[0].evidence == engine.engagement(id, now).events);
            for (std::size_t channel = 0; channel < 3; ++channel) {
                const score::ResponseEstimate estimate = engine.reachability(id, now).channels[channel];
                REQUIRE(all[1 + channel].value == estimate.probability);
                REQUIRE(all[1 + channel].evidence == estimate.attempts);
            }
            REQUIRE(all[4].value == engine.column(id, "urgency", now));
            for (const std::size_t i : {std::size_t{5}, std::size_t{6}}) {
                const std::string name = all[i].name.substr(std::string_view{"log_odds:"}.size());
                const score::Prediction found = engine.predict(id, name, now);
                REQUIRE(score::apply(engine.model(name)->calibration(), all[i].value) == found.probability);
                REQUIRE(all[i].evidence == found.evidence);
            }
        }
        // A model that is not learned has no log-odds to explain.
        CHECK(world.refolded().explain(person(0), now).size() == 5);
    }

    TEST_CASE("the group's hours are everybody's own acts, fact by fact, in whatever order they come") {
        for (const std::uint64_t seed : {6U, 7U}) {
            World world{seed, {6, 50, 7 * 24 * 60, 30}};
            Random random{seed};
            random.shuffle(world.facts);
            Engine engine = world.engine();
            std::map<PersonId, Facts> so_far;
            std::uint64_t most = 0;
            for (const model::Fact& fact : world.facts) {
                so_far[fact.person].push_back(fact);
                alloquy::support::sort_canonical(so_far[fact.person], world.symbols);
                engine.observe(fact, [&](PersonId id) { return so_far[id]; });
                const score::HourCounts counts = engine.hour_counts();
                REQUIRE(counts == hours_of(so_far, world.symbols));
                most = std::max(most, *std::max_element(counts.begin(), counts.end()));
            }
            CHECK(most > 1);
            CHECK(world.refolded().hour_counts() == engine.hour_counts());
            // Half of the people's facts taken back, all of them again, then nobody.
            for (std::size_t p = 0; p < 3; ++p) {
                engine.refold(engine.row(person(p)), {});
                so_far.erase(person(p));
                REQUIRE(engine.hour_counts() == hours_of(so_far, world.symbols));
            }
            for (std::size_t p = 0; p < 3; ++p) engine.refold(engine.row(person(p)), world.by_person[person(p)]);
            CHECK(engine.hour_counts() == hours_of(world.by_person, world.symbols));
            engine.clear();
            CHECK(engine.hour_counts() == score::HourCounts{});
        }
    }

    TEST_CASE("the group's hours follow folds in small and in large batches, and a saved state") {
        World world{8, {64, 40}};
        Engine folded = world.engine();
        std::map<PersonId, Facts> known;  // zones first: events carry the hour of the zone
        for (const auto& [id, facts] : world.by_person) {
            for (const model::Fact& fact : facts) {
                if (!std::holds_alternative<model::Interaction>(fact.content)) known[id].push_back(fact);
            }
            folded.refold(folded.row(id), known[id]);
        }
        Facts acts;
        for (const model::Fact& fact : world.facts) {
            if (std::holds_alternative<model::Interaction>(fact.content)) acts.push_back(fact);
        }
        std::stable_sort(acts.begin(), acts.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
        Random random{9};
        for (std::size_t next = 0; next < acts.size();) {
            // Batches of fewer events than an eighth of the people, of more, and empty ones.
            const std::size_t size = std::min(acts.size() - next, random.below(random.chance(50) ? 8 : 200));
            std::vector<score::Event> events;
            for (std::size_t i = 0; i < size; ++i, ++next) {
                const model::Fact& fact = acts[next];
                events.push_back(
                    folded.to_event(folded.row(fact.person), fact, std::get<model::Interaction>(fact.content)));
                known[fact.person].push_back(fact);
            }
            static_cast<void>(folded.fold(events, static_cast<unsigned>(1 + random.below(3))));
            std::map<PersonId, Facts> in_order = known;
            for (auto& entry : in_order) alloquy::support::sort_canonical(entry.second, world.symbols);
            REQUIRE(folded.hour_counts() == hours_of(in_order, world.symbols));
        }
        REQUIRE(folded.hour_counts() == hours_of(world.by_person, world.symbols));

        std::vector<std::byte> bytes;
        ByteWriter out{
            [&](std::span<const std::byte> chunk) { bytes.insert(bytes.end(), chunk.begin(), chunk.end()); }};
        folded.save(out);
        Engine restored = world.engine();
        bool given = false;
        ByteReader in{[&]() -> std::span<const std::byte> {
            return std::exchange(given, true) ? std::span<const std::byte>{} : std::span<const std::byte>{bytes};
        }};
        restored.restore(in);
        CHECK(restored.hour_counts() == folded.hour_counts());
    }

    TEST_CASE("in the group's hours one person's acts in an hour count up to 255") {
        World world;
        world.people = 2;
        const model::Channel portal = world.symbols.channels.intern("portal");
        for (std::size_t p = 0; p < 2; ++p) {
            Facts& facts = world.by_person[person(p)];
            facts.push_back(make_fact(
                world.symbols, person(p), minute(0), "zone",
                model::AttributeStatement{{{world.symbols.attributes.intern("zone"), std::string{"Test/West"}}}}));
            for (int i = 0; i < (p == 0 ? 300 : 40); ++i) {
                facts.push_back(make_fact(world.symbols, person(p), minute(8 * 60), "k" + std::to_string(1000 + i),
                                          model::Interaction{portal, model::Act::clicked, model::Direction::inbound}));
            }
        }
        Engine engine = world.refolded();
        // 8:00 UTC is Monday 0:00 eight hours to the west.
        CHECK(engine.hour_counts()[0] == 255 + 40);
        CHECK(engine.hour_counts() == hours_of(world.by_person, world.symbols));
        engine.refold(0, {});
        CHECK(engine.hour_counts()[0] == 40);
    }

    TEST_CASE("a lifecycle of an engine is the fit to the arrays made by hand, whatever people's order and threads") {
        const World world = lively_world(200);
        const Instant now = day(310);
        // By day for clicks; by year from September for gifts, the running one only if it has a gift.
        struct Counts {
            std::uint64_t tie_key;
            std::uint32_t repeats;
            double recency;
            double age;
        };
        std::vector<Counts> clicks;
        std::vector<std::uint32_t> taken;
        std::vector<std::uint32_t> last;
        std::vector<std::uint32_t> offered;
        Engine numbered = World{world}.engine();
        for (const auto& [id, facts] : world.by_person) {
            std::vector<std::int64_t> click_days;
            std::vector<int> gift_years;
            for (const model::Fact& fact : facts) {
                const auto& act = std::get<model::Interaction>(fact.content).act;
                if (act == model::Act::clicked) {
                    const std::int64_t unix_day = fact.at.unix_ms() / 86'400'000;
                    if (click_days.empty() || click_days.back() != unix_day) click_days.push_back(unix_day);
                } else {
                    // Always on the third of November.
                    const auto since = static_cast<double>((fact.at - at("2012-11-03T12:00Z")).count());
                    gift_years.push_back(2012 + static_cast<int>(std::lround(since / 86'400'000 / 365.25)));
                }
            }
            const std::int64_t today = now.unix_ms() / 86'400'000;
            clicks.push_back({numbered.tie_key(numbered.row(id)), static_cast<std::uint32_t>(click_days.size() - 1),
                              static_cast<double>(click_days.back() - click_days.front()) / 2,
                              static_cast<double>(today - click_days.front()) / 2});
            // All gave in 2012; years of occasions are 2013 to 2025. Now is November 2026, so 2025/26 is over.
            taken.push_back(static_cast<std::uint32_t>(gift_years.size() - 1));
            last.push_back(static_cast<std::uint32_t>(gift_years.back() - 2012));
            offered.push_back(13);
        }
        std::sort(clicks.begin(), clicks.end(), [](const auto& a, const auto& b) { return a.tie_key < b.tie_key; });
        std::vector<std::uint32_t> repeats;
        Values recency;
        Values age;
        for (const Counts& each : clicks) {
            repeats.push_back(each.repeats);
            recency.push_back(each.recency);
            age.push_back(each.age);
        }
        const score::BgNbdFit visits = score::fit_bg_nbd({repeats, recency, age});
        const score::BgBbFit gifts = score::fit_bg_bb({taken, last, offered});

        for (const bool backwards : {false, true}) {
            World copy = world;
            Engine engine = make_engine(scored_playbook(), hash, copy.symbols, find_test_zone);
            for (std::size_t i = 0; i < copy.people; ++i) {
                const std::size_t p = backwards ? copy.people - 1 - i : i;
                engine.add_person(person(p), numbered.tie_key(numbered.row(person(p))));
                engine.refold(engine.row(person(p)), copy.by_person[person(p)]);
            }
            for (const unsigned threads : {1U, 2U, 7U}) {
                const auto found = std::get<score::BgNbdFit>(engine.fit_lifecycle("visits", now, threads));
                CHECK(found.parameters == visits.parameters);
                CHECK(found.log_likelihood == visits.log_likelihood);
                CHECK(found.people == 200);
                const auto giving = std::get<score::BgBbFit>(engine.fit_lifecycle("gifts", now, threads));
                CHECK(giving.people == 200);
                CHECK(giving.log_likelihood == doctest::Approx(gifts.log_likelihood).epsilon(1e-10));
                CHECK(giving.parameters.alpha == doctest::Approx(gifts.parameters.alpha).epsilon(1e-6));
                CHECK(giving.parameters.delta == doctest::Approx(gifts.parameters.delta).epsilon(1e-6));
            }
            // A fit alone changes nothing; putting it into use does.
            CHECK_FALSE(engine.column(person(0), "active:visits", now).has_value());
            engine.set_lifecycle("visits", visits.parameters);
            const Counts& least = clicks.front();
            for (std::uint32_t row = 0; row < engine.size(); ++row) {
                if (engine.tie_key(row) != least.tie_key) continue;
                CHECK(engine.column(engine.person(row).id, "active:visits", now) ==
                      score::p_active(visits.parameters, {least.repeats, least.recency, least.age}));
            }
        }
    }

    TEST_CASE("decisions rest on models, on a host's columns and on attributes, and account for them") {
        World world;
        world.people = 1;
        Playbook playbook = scored_playbook();
        playbook.actions.caps.clear();
        playbook.actions.actions.clear();
        const auto add = [&](std::string name) -> decide::Action& {
            decide::Action& action = playbook.actions.actions.emplace_back();
            action.name = std::move(name);
            action.purpose = "guidance";
            action.roles.insert(model::RoleKind::student);
            action.value = {{}, {{0, 10}}};
            action.variants = {{"mail", "nl", decide::ExecutorKind::bot, {}, 0, "m"}};
            return action;
        };
        add("at risk").conditions = {{"model:risk", 0.5, std::nullopt}};
        add("by own score").value = {"own score", {{0, 0}, {10, 50}}};
        add("few credits").conditions = {{"attribute:credits", std::nullopt, 30}};
        playbook.models[0].features = {feature("results")};
        Engine engine = world.engine(playbook);
        Facts& facts = world.by_person[person(0)];
        const auto know = [&](model::FactContent content) {
            facts.push_back(
                make_fact(world.symbols, person(0), day(0), "k" + std::to_string(facts.size()), std::move(content)));
            engine.refold(0, facts);
        };
        const auto attribute = [&](std::string_view name, model::AttributeValue value) {
            know(model::AttributeStatement{{{world.symbols.attributes.intern(name), std::move(value)}}});
        };
        attribute("language", std::string{"nl"});
        attribute("zone", std::string{"Test/East"});
        know(model::RoleChange{model::RoleKind::student, {}, {}, false});
        const Instant now = day(1);

        const decide::Decision before = engine.next(person(0), now);
        CHECK_FALSE(before.chosen.has_value());
        CHECK(before.rejections ==
              std::vector<decide::Rejection>{{0, decide::Rule::condition, "model:risk", 0.3},
                                             {1, decide::Rule::unknown_value, "own score", std::nullopt},
                                             {2, decide::Rule::unknown_value, "attribute:credits", std::nullopt}});
        REQUIRE(before.columns.size() == decision_columns + 3);
        for (std::size_t i = 0; i < decision_columns; ++i) CHECK(before.columns[i].name == column_names[i]);
        CHECK(before.columns[7] == decide::ColumnValue{"model:risk", 0.3});
        CHECK(before.columns[8] == decide::ColumnValue{"own score", std::nullopt});
        CHECK(before.columns[9] == decide::ColumnValue{"attribute:credits", std::nullopt});

        // Learned: probability 0.8 for everybody. Filled: 5, worth 25 euros. Stated: 20 credits.
        const std::vector<FeatureConfig>& features = playbook.models[0].features;
        const score::FeatureEncoder encoder =
            score::FeatureEncoder::fit(features, engine.feature_table(std::array<std::uint32_t, 1>{0}, features, now));
        engine.set_model("risk", score::Model{encoder, score::prior_model(0.8, encoder.columns()), {}});
        engine.set_column("own score", std::array<std::uint32_t, 1>{0}, std::array{5.0}, now);
        attribute("credits", 20.0);
        const decide::Decision after = engine.next(person(0), now);
        REQUIRE(after.weighed.size() == 3);
        REQUIRE(after.chosen.has_value());
        CHECK(after.chosen->action == 1);
        CHECK(after.chosen->factors.value == 25);
        CHECK(after.columns[7].value == engine.predict(person(0), "risk", now).probability);
        CHECK(after.columns[8].value == 5.0);
        CHECK(after.columns[9].value == 20.0);
        const decide::Plan plan = engine.plan(now);
        REQUIRE(plan.assignments.size() == 1);
        CHECK(plan.assignments[0].candidate == *after.chosen);

        attribute("credits", 30.0);
        const decide::Decision then = engine.next(person(0), now);
        REQUIRE(then.rejections.size() == 2);
        CHECK(then.rejections[0].rule == decide::Rule::outranked);
        CHECK(then.rejections[1] == decide::Rejection{2, decide::Rule::condition, "attribute:credits", 30.0});
    }

    TEST_CASE("plans that rest on models are the same for any number of threads") {
        World world{10, {400, 30}};
        Playbook playbook = scored_playbook();
        playbook.actions.actions[0].conditions = {{"model:risk", 0.35, std::nullopt}};
        playbook.actions.actions[1].value = {"own score", {{0, 5}, {1, 400}}};
        Engine engine = world.refolded(playbook);
        const Instant now = engine.known_until().value();
        engine.set_model("risk", made_model(engine, playbook.models[0].features, now));
        std::vector<std::uint32_t> rows;
        Values values;
        for (std::uint32_t row = 0; row < engine.size(); row += 2) {
            rows.push_back(row);
            values.push_back(row % 7 / 7.0);
        }
        engine.set_column("own score", rows, values, now);
        const decide::Plan one = engine.plan(now);
        CHECK(one.assignments.size() > 5);
        CHECK(engine.plan(now, {}, 2) == one);
        CHECK(engine.plan(now, {}, 7) == one);
    }

    TEST_CASE("an action that asks for a column that is not there is refused by name") {
        for (const char* const name : {"mood", "model:mood", "active:mood", "their score"}) {
            model::Symbols symbols;
            Playbook playbook = scored_playbook();
            playbook.actions.actions[0].conditions = {{name, 0, 1}};
            CHECK_THROWS_WITH_AS((void)make_engine(playbook, hash, symbols, find_test_zone), doctest::Contains(name),
                                 InvalidArgument);
        }
        model::Symbols symbols;
        Playbook playbook = scored_playbook();
        playbook.columns = {"own score", "engagement"};
        CHECK_THROWS_WITH_AS((void)make_engine(playbook, hash, symbols, find_test_zone),
                             doctest::Contains("'engagement'"), InvalidArgument);
    }

    TEST_CASE("a plan by several threads refuses a host's column from the future, as one thread does") {
        World world{11, {50, 20}};
        Playbook playbook = scored_playbook();
        playbook.actions.actions[0].value = {"own score", {{0, 5}, {1, 400}}};
        Engine engine = world.refolded(playbook);
        const Instant now = engine.known_until().value();
        engine.set_column("own score", std::array<std::uint32_t, 1>{0}, std::array{1.0}, now + days{1});
        for (const unsigned threads : {1U, 2U, 7U}) {
            CAPTURE(threads);
            CHECK_THROWS_WITH_AS((void)engine.plan(now, {}, threads), doctest::Contains("'own score'"),
                                 InvalidArgument);
        }
    }
}
