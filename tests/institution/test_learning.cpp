// Models of an institution: learned from its facts, kept in its journal, learned again to the bit.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/institution.hpp>
#include <alloquy/score/evaluation.hpp>

#include <institution/real_facts.hpp>
#include <support/facts.hpp>
#include <support/random.hpp>

namespace engine = alloquy::engine;
namespace model = alloquy::model;
namespace score = alloquy::score;
namespace decide = alloquy::decide;
namespace store = alloquy::store;
using alloquy::Institution;
using alloquy::InstitutionOptions;
using alloquy::InvalidArgument;
using alloquy::LearnedModel;
using alloquy::NotFound;
using alloquy::PersonId;
using alloquy::support::Random;
using alloquy::time::Instant;
using score::Encoding;
using score::FeatureConfig;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using ::support::PortableFact;
using ::support::TemporaryFolder;
using Bytes = std::vector<std::byte>;
using Instants = std::vector<Instant>;

namespace {

const Instant start = alloquy::time::utc_start(alloquy::time::Day::from_ymd(2026, 9, 1));

Instant day(double number) {
    return start + milliseconds{static_cast<std::int64_t>(number * 86'400'000)};
}

FeatureConfig feature(std::string input, Encoding encoding = Encoding::linear) {
    FeatureConfig config;
    config.input = std::move(input);
    config.encoding = encoding;
    config.least_rows = 5;
    return config;
}

/// A bulk model and an online one of how enrolments end, one of whether mails are answered, each way of learning.
engine::Playbook playbook() {
    engine::Playbook book;
    book.name = "college";
    book.channels = {"mail", "phone", "portal"};
    book.topics = {"study"};
    book.reachability.channels = {"mail", "phone"};
    score::LifecycleConfig visits;
    visits.name = "visits";
    visits.acts = {model::Act::clicked};
    book.lifecycles = {visits};
    score::ModelConfig risk;
    risk.name = "risk";
    risk.features = {feature("engagement"), feature("days_since_own_act", Encoding::log), feature("active_days_28"),
                     feature("result_mean"), feature("attribute:region", Encoding::levels)};
    risk.group = "attribute:human";
    risk.prior = 0.4;
    score::ModelConfig drift = risk;
    drift.name = "drift";
    drift.learning = score::Learning::online;
    score::ModelConfig answer;
    answer.name = "answer";
    answer.outcome.kind = score::OutcomeKind::response;
    answer.outcome.channels = {"mail"};
    answer.features = {feature("engagement"), feature("response"), feature("days_since_own_act", Encoding::log)};
    answer.prior = 0.2;
    score::ModelConfig live_answer = answer;
    live_answer.name = "live answer";
    live_answer.learning = score::Learning::online;
    book.models = {risk, drift, answer, live_answer};
    book.columns = {"own score"};
    decide::ActionPolicy& policy = book.actions;
    policy.purposes = {{"guidance", model::LegalBasis::public_task}};
    decide::Action& action = policy.actions.emplace_back();
    action.name = "coach";
    action.purpose = "guidance";
    action.roles.insert(model::RoleKind::student);
    action.conditions = {{"model:risk", 0.5, std::nullopt}};
    action.value = {"model:risk", {{0, 0}, {1, 100}}};
    action.variants = {{"mail", "nl", decide::ExecutorKind::bot, {}, 0, "coach"}};
    return book;
}
engine::Playbook playbook_with(const auto& change) {
    engine::Playbook book = playbook();
    change(book);
    return book;
}

/// The words of the facts below; each institution numbers them in its own order.
model::Symbols& words() {
    static model::Symbols symbols;
    return symbols;
}
PortableFact told(std::string person, std::string key, Instant at, Instant known_at, model::FactContent content) {
    return {std::move(person),
            {PersonId{1}, at, known_at, words().sources.intern("sis"), std::move(key), std::move(content)}};
}
model::Fact placed(const PortableFact& fact, Institution& college) {
    return ::support::translate(fact.fact, college.person("sis", fact.person_key, start), words(), college.symbols());
}
void record(Institution& college, std::span<const PortableFact> facts) {
    std::vector<model::Fact> batch;
    for (const PortableFact& fact : facts) batch.push_back(placed(fact, college));
    for (const store::Entry entry : college.record(batch)) REQUIRE(entry == store::Entry::entered);
}
Institution open_with(std::span<const PortableFact> facts, unsigned threads = 2, engine::Playbook book = playbook()) {
    InstitutionOptions options;
    options.threads = threads;
    options.zones = alloquy::support::find_test_zone;
    Institution college = Institution::in_memory(std::move(book), start, options);
    if (!facts.empty()) record(college, facts);
    return college;
}
Institution open_file(const TemporaryFolder& folder, engine::Playbook book = playbook(), unsigned threads = 2) {
    InstitutionOptions options;
    options.threads = threads;
    options.zones = alloquy::support::find_test_zone;
    return Institution::open(folder.path() / "journal", std::move(book), start, options);
}

model::Interaction interaction(std::string_view channel, model::Act act,
                               model::Direction direction = model::Direction::inbound) {
    return {words().channels.intern(channel), act, direction};
}
model::FactContent ends_as(model::EnrolmentStatus status) {
    return model::EnrolmentChange{words().programmes.intern("law"), status};
}
model::FactContent attribute(std::string_view name, model::AttributeValue value) {
    return model::AttributeStatement{{{words().attributes.intern(name), std::move(value)}}};
}

/// Students of one year: those who click on keep on passing. Mails to them on four days, which the diligent answer.
/// Most of what happens is known some hours later. Two people are one human.
std::vector<PortableFact> cohort(std::uint64_t seed, int people, const std::string& prefix, double first_day = 0) {
    Random random{seed};
    std::vector<PortableFact> facts;
    for (int p = 0; p < people; ++p) {
        const std::string person = prefix + std::to_string(p);
        int number = 0;
        const auto add = [&](double when, double known_after, model::FactContent content) {
            facts.push_back(told(person, "k" + std::to_string(++number), day(first_day + when),
                                 day(first_day + when + known_after), std::move(content)));
        };
        add(0, 0, model::RoleChange{model::RoleKind::student, words().programmes.intern("law"), {}, false});
        add(0, 0, attribute("zone", std::string{"Test/East"}));
        add(0, 0, attribute("language", std::string{"nl"}));
        add(0, 0.5, attribute("region", std::string{random.chance(50) ? "coast" : "hills"}));
        add(0, 0, attribute("human", prefix + std::to_string(p / 2)));
        const double diligence = random.fraction();
        const double rate = 0.05 + 0.4 * diligence;
        const double drop = random.chance(60) ? 0.6 * (1 - diligence) : 0.01;
        double when = random.fraction() * 20;
        do {
            add(when, random.fraction(), interaction("portal", model::Act::clicked));
            when -= std::log(1 - random.fraction()) / rate;
        } while (when < 148 && random.fraction() > drop);
        if (random.chance(70)) {
            add(40, 2, model::Result{words().assessments.intern("exam"), 0.3 + 0.6 * diligence * random.fraction()});
        }
        for (const double sent : {20.0, 35.0, 50.0, 65.0}) {
            add(sent, 0, interaction("mail", model::Act::sent, model::Direction::outbound));
            if (random.fraction() < diligence)
                add(sent + 2 * random.fraction(), 0, interaction("mail", model::Act::replied));
        }
        if (random.chance(10)) continue;  // still enrolled
        const bool fails = random.fraction() < score::logistic(2.5 - 6 * diligence);
        const auto badly = random.chance(50) ? model::EnrolmentStatus::failed : model::EnrolmentStatus::withdrawn;
        add(100 + random.fraction() * 5, 1, ends_as(fails ? badly : model::EnrolmentStatus::passed));
    }
    return facts;
}
const Instants seen_from{day(30), day(60)};

Bytes bytes_of(const Institution& college, std::string_view name, std::optional<std::uint32_t> version = {}) {
    const auto kept = version ? college.journal().model(name, *version) : college.journal().latest_model(name);
    REQUIRE(kept.has_value());
    return kept->bytes;
}
bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
/// A number, or the text that it stands for.
std::string cell(const score::FeatureTable& table, std::size_t input, std::size_t row) {
    const auto& column = table.inputs[input];
    const double value = column.values[row];
    if (value != value) return "(missing)";
    return column.is_text ? column.levels[static_cast<std::size_t>(value)]
                          : std::to_string(std::bit_cast<std::int64_t>(value));
}
/// Predictions of everybody, by the key of the person.
std::map<std::string, score::Prediction> predictions(Institution& college, std::string_view name, Instant now) {
    std::map<std::string, score::Prediction> found;
    college.journal().for_each_person([&](PersonId person, std::uint64_t) {
        found.emplace(college.journal().keys_of(person).at(0).key, college.predict(person, name, now));
        return true;
    });
    return found;
}
std::size_t versions_of(const Institution& college, std::string_view name) {
    const auto all = college.model_versions();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& v) { return v.name == name; }));
}

}  // namespace

TEST_SUITE("institution/learning") {
    TEST_CASE("examples see of each person what a view just before their instant sees, and no more") {
        const auto facts = cohort(1, 60, "s");
        Institution college = open_with(facts);
        const engine::ExampleSet set = college.examples("risk", seen_from, day(150));
        REQUIRE(set.size() > 60);
        const std::vector<FeatureConfig> features = college.playbook().models[0].features;
        std::size_t compared = 0;
        for (const Instant instant : seen_from) {
            const auto view = college.as_of(instant - milliseconds{1});
            for (std::size_t i = 0; i < set.size(); ++i) {
                if (set.instants[i] != instant) continue;
                const std::array<std::uint32_t, 1> row{view.row(set.people[i])};
                const score::FeatureTable table = view.feature_table(row, features, instant);
                for (std::size_t input = 0; input < table.inputs.size(); ++input) {
                    CAPTURE(table.inputs[input].name);
                    REQUIRE(cell(set.table, input, i) == cell(table, input, 0));
                }
                ++compared;
            }
        }
        CHECK(compared == set.size());
    }

    TEST_CASE("learning: the model that the examples give, kept as version 1 and in use at once") {
        const auto facts = cohort(2, 150, "s");
        Institution college = open_with(facts);
        const PersonId somebody = college.find_person("sis", "s3").value();
        CHECK(college.predict(somebody, "risk", day(150)) == score::Prediction{0.4, 0});
        const engine::ExampleSet set = college.examples("risk", seen_from, day(150));
        const LearnedModel learned = college.learn("risk", seen_from, day(150));
        const auto positives = static_cast<std::size_t>(std::count(set.outcomes.begin(), set.outcomes.end(), 1));
        CHECK(learned == LearnedModel{"risk", 1, facts.size(), set.size(), positives});

        const score::Model* const model = college.engine().model("risk");
        REQUIRE(model != nullptr);
        CHECK(*model == score::train(college.playbook().models[0], set.table, set.outcomes, set.groups));
        CHECK(college.engine().model_version("risk") == 1);
        const score::Prediction told_now = college.predict(somebody, "risk", day(150));
        CHECK(told_now.evidence > 0);
        CHECK(college.engine().column(somebody, "model:risk", day(150)) == told_now.probability);
        CHECK(college.explain(somebody, day(150)).back().name == "log_odds:risk");

        const engine::ModelContent content = engine::model_from_bytes(bytes_of(college, "risk"));
        CHECK(content.model == *model);
        CHECK(content.instants == seen_from);
        CHECK(content.now == day(150));
        CHECK(content.continues == 0);
        const auto versions = college.model_versions();
        REQUIRE(versions.size() == 1);
        CHECK(versions[0].name == "risk");
        CHECK(versions[0].version == 1);
        CHECK(versions[0].seq == facts.size());
        CHECK(versions[0].made_at == day(150));
        CHECK(versions[0].playbook == college.playbook_hash());
        CHECK(versions[0].hash == store::hash_bytes(bytes_of(college, "risk")));
    }

    TEST_CASE("what was learned from one year tells of the next one who will fail") {
        Institution college = open_with(cohort(3, 250, "s"));
        (void)college.learn("risk", seen_from, day(150));
        const auto next_year = cohort(4, 250, "t", 365);
        record(college, next_year);
        // Seen on the 60th day of their year, with what was known then.
        const auto view = college.as_of(day(365 + 60));
        std::vector<double> told;
        std::vector<std::uint8_t> came;
        for (const PortableFact& fact : next_year) {
            const auto* const change = std::get_if<model::EnrolmentChange>(&fact.fact.content);
            if (change == nullptr) continue;
            const PersonId person = college.find_person("sis", fact.person_key).value();
            told.push_back(view.predict(person, "risk", day(365 + 60)).probability);
            came.push_back(change->status == model::EnrolmentStatus::passed ? 0 : 1);
        }
        REQUIRE(came.size() > 200);
        CHECK(score::auc(told, came) > 0.75);
    }

    TEST_CASE(
        "learning in bulk again from the same facts gives another version with the same bytes but for its instant") {
        Institution college = open_with(cohort(5, 100, "s"));
        CHECK(college.learn("risk", seen_from, day(150)).version == 1);
        CHECK(college.learn("risk", seen_from, day(150)).version == 2);
        CHECK(bytes_of(college, "risk", 1) == bytes_of(college, "risk", 2));
        CHECK(college.learn("risk", seen_from, day(151)).version == 3);
        CHECK(engine::model_from_bytes(bytes_of(college, "risk", 3)).model ==
              engine::model_from_bytes(bytes_of(college, "risk", 1)).model);
        CHECK(college.engine().model_version("risk") == 3);
        CHECK(versions_of(college, "risk") == 3);
    }

    TEST_CASE(
        "facts in any order, in any number of commits, give a bulk model the same bytes, for 1, 2 and 7 threads") {
        auto facts = cohort(6, 120, "s");
        Institution first = open_with(facts, 1);
        (void)first.learn("risk", seen_from, day(150));
        (void)first.learn("answer", {}, day(150));
        const Bytes risk = bytes_of(first, "risk");
        const Bytes answer = bytes_of(first, "answer");
        Random random{66};
        for (const unsigned threads : {1U, 2U, 7U}) {
            CAPTURE(threads);
            random.shuffle(facts);
            Institution college = open_with({}, threads);
            for (std::size_t next = 0; next < facts.size();) {
                const std::size_t size = std::min(facts.size() - next, 1 + random.below(700));
                record(college, std::span{facts}.subspan(next, size));
                next += size;
                if (random.chance(30)) (void)college.engine();  // a question in between
            }
            (void)college.learn("risk", seen_from, day(150));
            (void)college.learn("answer", {}, day(150));
            CHECK(bytes_of(college, "risk") == risk);
            CHECK(bytes_of(college, "answer") == answer);
            CHECK(predictions(college, "risk", day(150)) == predictions(first, "risk", day(150)));
            CHECK(college.relearns_equally("risk", 1));
        }
    }

    TEST_CASE("the same for people without another group, whose own key tells them apart") {
        auto facts = cohort(7, 100, "s");
        const engine::Playbook book = playbook_with([](engine::Playbook& b) { b.models[0].group.clear(); });
        Institution first = open_with(facts, 2, book);
        (void)first.learn("risk", seen_from, day(150));
        Random random{77};
        random.shuffle(facts);
        Institution second = open_with(facts, 7, book);
        (void)second.learn("risk", seen_from, day(150));
        CHECK(bytes_of(second, "risk") == bytes_of(first, "risk"));
    }

    TEST_CASE("an online model has the same bytes for 1, 2 and 7 threads") {
        const auto facts = cohort(8, 100, "s");
        std::set<Bytes> different;
        for (const unsigned threads : {1U, 2U, 7U}) {
            Institution college = open_with(facts, threads);
            (void)college.learn("drift", seen_from, day(150));
            (void)college.learn("live answer", {}, day(150));
            Bytes both = bytes_of(college, "drift");
            const Bytes other = bytes_of(college, "live answer");
            both.insert(both.end(), other.begin(), other.end());
            different.insert(both);
        }
        CHECK(different.size() == 1);
    }

    TEST_CASE("leakage: what happened before the instant but became known after it changes nothing") {
        const auto facts = cohort(9, 100, "s");
        Institution without = open_with(facts);
        (void)without.learn("risk", seen_from, day(150));
        // On day 29 all who will fail click a lot and hand in an exam, and say that they live on the moon.
        const auto telling = [&](double known) {
            std::vector<PortableFact> more = facts;
            for (const PortableFact& fact : facts) {
                const auto* const change = std::get_if<model::EnrolmentChange>(&fact.fact.content);
                if (change == nullptr || change->status == model::EnrolmentStatus::passed) continue;
                for (int i = 0; i < 9; ++i) {
                    more.push_back(told(fact.person_key, "click " + std::to_string(i), day(20 + i), day(known),
                                        interaction("portal", model::Act::clicked)));
                }
                more.push_back(told(fact.person_key, "exam 0", day(29), day(known),
                                    model::Result{words().assessments.intern("exam 0"), 0.01}));
                more.push_back(
                    told(fact.person_key, "moon", day(29), day(known), attribute("region", std::string{"moon"})));
            }
            return more;
        };
        const auto learned_with = [&](double known) {
            Institution college = open_with(telling(known));
            (void)college.learn("risk", seen_from, day(150));
            return bytes_of(college, "risk");
        };
        CHECK(learned_with(60) == bytes_of(without, "risk"));  // known at the last instant, not before it
        CHECK(learned_with(61) == bytes_of(without, "risk"));
        CHECK(learned_with(99) == bytes_of(without, "risk"));
        // Known before, it tells everything.
        CHECK(learned_with(59) != bytes_of(without, "risk"));
        Institution knowing = open_with(telling(29));
        (void)knowing.learn("risk", seen_from, day(150));
        CHECK(knowing.predict(knowing.find_person("sis", "s0").value(), "risk", day(150)) !=
              without.predict(without.find_person("sis", "s0").value(), "risk", day(150)));
    }

    TEST_CASE("leakage: an outcome that was known at the instant is no example") {
        auto facts = cohort(10, 80, "s");
        Institution college = open_with(facts);
        const std::size_t before = college.examples("risk", seen_from, day(150)).size();
        std::size_t outcomes = 0;
        for (PortableFact& fact : facts) {
            if (!std::holds_alternative<model::EnrolmentChange>(fact.fact.content)) continue;
            ++outcomes;
            if (outcomes % 2 == 0) fact.fact.at = fact.fact.known_at = day(45);  // between the two instants
        }
        Institution other = open_with(facts);
        CHECK(before == 2 * outcomes);
        CHECK(other.examples("risk", seen_from, day(150)).size() == 2 * outcomes - outcomes / 2);
    }

    TEST_CASE("a version is learned again to the bit from the facts that it was learned from, also when more came") {
        const auto facts = cohort(11, 120, "s");
        const std::span<const PortableFact> all{facts};
        Institution college = open_with(all.first(facts.size() * 3 / 4));
        for (const char* const name : {"risk", "drift"}) (void)college.learn(name, seen_from, day(150));
        for (const char* const name : {"answer", "live answer"}) (void)college.learn(name, {}, day(150));
        for (const auto& version : college.model_versions())
            CHECK(college.relearns_equally(version.name, version.version));
        record(college, all.subspan(facts.size() * 3 / 4));
        record(college, cohort(12, 40, "t"));
        for (const char* const name : {"risk", "drift"}) (void)college.learn(name, seen_from, day(160));
        for (const char* const name : {"answer", "live answer"}) (void)college.learn(name, {}, day(160));
        const auto versions = college.model_versions();
        CHECK(versions.size() == 8);
        for (const auto& version : versions) {
            CAPTURE(version.name);
            CAPTURE(version.version);
            CHECK(college.relearns_equally(version.name, version.version));
        }
        CHECK(bytes_of(college, "risk", 1) != bytes_of(college, "risk", 2));
        // Asking changes nothing.
        CHECK(college.model_versions() == versions);
        CHECK(college.engine().model_version("risk") == 2);
    }

    TEST_CASE("a version that somebody else put into the journal does not relearn equally") {
        const TemporaryFolder folder{"foreign"};
        {
            Institution college = open_file(folder);
            record(college, cohort(13, 80, "s"));
            (void)college.learn("risk", seen_from, day(150));
        }
        {
            store::Journal journal = store::Journal::open(folder.path() / "journal", {});
            const auto kept = journal.latest_model("risk").value();
            engine::ModelContent content = engine::model_from_bytes(kept.bytes);
            auto coefficients = std::get<score::LogisticModel>(content.model.coefficients());
            coefficients.coefficients[0] = std::nextafter(coefficients.coefficients[0], 100.0);
            content.model = score::Model{content.model.encoder(), coefficients, content.model.calibration()};
            CHECK(journal.record_model("risk", kept.seq, kept.made_at, kept.playbook, engine::to_bytes(content)) == 2);
        }
        Institution college = open_file(folder);
        CHECK(college.relearns_equally("risk", 1));
        CHECK_FALSE(college.relearns_equally("risk", 2));
    }

    TEST_CASE("what cannot be learned again is refused: no such version or model, another policy") {
        const TemporaryFolder folder{"playbooks"};
        {
            Institution college = open_file(folder);
            record(college, cohort(14, 60, "s"));
            (void)college.learn("risk", seen_from, day(150));
            CHECK_THROWS_AS((void)college.relearns_equally("risk", 2), NotFound);
            CHECK_THROWS_AS((void)college.relearns_equally("risk", 0), NotFound);
            CHECK_THROWS_AS((void)college.relearns_equally("drift", 1), NotFound);
            CHECK_THROWS_WITH_AS((void)college.relearns_equally("mood", 1), doctest::Contains("'mood'"),
                                 InvalidArgument);
        }
        Institution college = open_file(folder, playbook_with([](auto& book) { book.models[0].penalty = 2; }));
        CHECK_THROWS_WITH_AS((void)college.relearns_equally("risk", 1), doctest::Contains("another policy"),
                             InvalidArgument);
    }

    TEST_CASE("after reopening, the newest versions of models and lifecycles are in use again") {
        const TemporaryFolder folder{"reopen"};
        std::map<std::string, score::Prediction> risk;
        std::map<std::string, score::Prediction> live;
        engine::LifecycleParameters visits;
        {
            Institution college = open_file(folder);
            const auto facts = cohort(15, 120, "s");
            record(college, std::span{facts}.first(facts.size() * 2 / 3));
            (void)college.learn("risk", seen_from, day(140));
            record(college, std::span{facts}.subspan(facts.size() * 2 / 3));
            (void)college.learn("risk", seen_from, day(150));
            (void)college.learn("live answer", {}, day(150));
            (void)college.fit_lifecycle("visits", day(150));
            risk = predictions(college, "risk", day(150));
            live = predictions(college, "live answer", day(150));
            visits = college.engine().lifecycle("visits").value();
        }
        for (const bool with_snapshot : {false, true}) {
            Institution college = open_file(folder, playbook(), 1);
            CHECK(college.snapshot_refusal().empty());
            CHECK(college.engine().model_version("risk") == 2);
            CHECK(college.engine().model_version("live answer") == 1);
            CHECK(college.engine().model("drift") == nullptr);
            CHECK(predictions(college, "risk", day(150)) == risk);
            CHECK(predictions(college, "live answer", day(150)) == live);
            CHECK(college.engine().lifecycle("visits") == visits);
            const PersonId somebody = college.find_person("sis", "s1").value();
            CHECK(college.engine().column(somebody, "active:visits", day(150)).has_value());
            CHECK(college.relearns_equally("risk", 1));
            CHECK(college.relearns_equally("risk", 2));
            if (!with_snapshot) college.save_snapshot();
        }
    }

    TEST_CASE("a view as of an instant uses the versions that were made until then") {
        const auto facts = cohort(16, 120, "s");
        Institution college = open_with(facts);
        (void)college.learn("risk", seen_from, day(120));
        (void)college.fit_lifecycle("visits", day(150));
        record(college, cohort(17, 60, "t"));
        (void)college.learn("risk", seen_from, day(200));
        (void)college.fit_lifecycle("visits", day(160));
        const PersonId person = college.find_person("sis", "s1").value();
        const auto version_at = [&](Instant instant) { return college.as_of(instant).model_version("risk"); };
        CHECK(version_at(day(119)) == 0);
        CHECK(version_at(day(120) - milliseconds{1}) == 0);
        CHECK(version_at(day(120)) == 1);
        CHECK(version_at(day(200) - milliseconds{1}) == 1);
        CHECK(version_at(day(200)) == 2);
        CHECK(version_at(day(900)) == 2);
        CHECK(college.as_of(day(119)).predict(person, "risk", day(119)) == score::Prediction{0.4, 0});
        CHECK(*college.as_of(day(150)).model("risk") == engine::model_from_bytes(bytes_of(college, "risk", 1)).model);
        CHECK_FALSE(college.as_of(day(149)).lifecycle("visits").has_value());
        CHECK(college.as_of(day(159)).lifecycle("visits") ==
              engine::fitted_lifecycle_from_bytes(bytes_of(college, "lifecycle:visits", 1)).parameters);
        CHECK(college.as_of(day(160)).lifecycle("visits") ==
              engine::fitted_lifecycle_from_bytes(bytes_of(college, "lifecycle:visits", 2)).parameters);
        CHECK(bytes_of(college, "lifecycle:visits", 1) != bytes_of(college, "lifecycle:visits", 2));
    }

    TEST_CASE("a version made for an earlier instant later on does not reach views in between") {
        // Versions are numbered as they were made; their instants need not ascend.
        Institution college = open_with(cohort(18, 80, "s"));
        (void)college.learn("risk", seen_from, day(200));
        (void)college.learn("risk", seen_from, day(160));
        CHECK(college.as_of(day(159)).model_version("risk") == 0);
        CHECK(college.as_of(day(170)).model_version("risk") == 2);
    }

    TEST_CASE("a changed list of features leaves the old model out, until one is learned for it") {
        const TemporaryFolder folder{"features"};
        const auto facts = cohort(19, 100, "s");
        {
            Institution college = open_file(folder);
            record(college, facts);
            (void)college.learn("risk", seen_from, day(150));
            (void)college.learn("drift", seen_from, day(150));
        }
        const auto changed = [] {
            return playbook_with([](engine::Playbook& book) {
                for (const std::size_t i : {0U, 1U}) book.models[i].features.pop_back();
            });
        };
        {
            Institution college = open_file(folder, changed());
            const PersonId person = college.find_person("sis", "s1").value();
            CHECK(college.engine().model("risk") == nullptr);
            CHECK(college.predict(person, "risk", day(150)) == score::Prediction{0.4, 0});
            CHECK(college.as_of(day(150)).model("risk") == nullptr);
            CHECK(college.learn("risk", seen_from, day(160)).version == 2);
            CHECK(college.engine().model("risk")->inputs().size() == 4);
            // The online model cannot go on from one with other features: it starts with all examples.
            const LearnedModel again = college.learn("drift", seen_from, day(160));
            CHECK(again.version == 2);
            CHECK(again.examples == college.examples("drift", seen_from, day(160)).size());
            CHECK(engine::model_from_bytes(bytes_of(college, "drift", 2)).continues == 0);
            CHECK(college.relearns_equally("drift", 2));
        }
        Institution college = open_file(folder, changed());
        CHECK(college.engine().model_version("risk") == 2);
    }

    TEST_CASE("a model is not used for another outcome, nor with inputs of another meaning, and says why") {
        const TemporaryFolder folder{"outcome"};
        {
            Institution college = open_file(folder);
            record(college, cohort(36, 80, "s"));
            (void)college.learn("risk", seen_from, day(150));
            CHECK(college.model_refusal("risk").empty());
        }
        const auto refused_after = [&](const auto& change, const std::string& part) {
            Institution college = open_file(folder, playbook_with(change));
            const PersonId person = college.find_person("sis", "s1").value();
            CHECK(college.predict(person, "risk", day(150)) ==
                  score::Prediction{college.playbook().models[0].prior, 0});
            CHECK(college.as_of(day(150)).model("risk") == nullptr);
            CHECK(college.model_refusal("risk") ==
                  "version 1 of 'risk' was learned under another policy: '" + part + "' differs");
            CHECK_THROWS_WITH_AS((void)college.relearns_equally("risk", 1), doctest::Contains(part.c_str()),
                                 InvalidArgument);
        };
        // The probability of the opposite would look just as sure.
        refused_after(
            [](engine::Playbook& book) { std::swap(book.models[0].outcome.positive, book.models[0].outcome.negative); },
            "model");
        refused_after([](engine::Playbook& book) { book.models[0].roles.insert(model::RoleKind::alumnus); }, "model");
        refused_after([](engine::Playbook& book) { book.models[0].outcome.programmes = {"nursing"}; }, "model");
        refused_after([](engine::Playbook& book) { book.models[0].prior = 0.3; }, "model");
        refused_after([](engine::Playbook& book) { book.engagement.half_lives[0].days *= 2; }, "engagement");
        refused_after([](engine::Playbook& book) { book.channels.insert(book.channels.begin(), "letter"); },
                      "channels");
        // Actions and names are no part of what it means.
        Institution college = open_file(folder, playbook_with([](engine::Playbook& book) {
                                            book.name = "renamed";
                                            book.actions = {};
                                            book.models[3].penalty = 3;
                                        }));
        CHECK(college.engine().model_version("risk") == 1);
        CHECK(college.model_refusal("risk").empty());
        CHECK(college.relearns_equally("risk", 1));
        CHECK_THROWS_WITH_AS((void)college.model_refusal("mood"), doctest::Contains("'mood'"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)college.model_refusal("lifecycle:mood"), doctest::Contains("'mood'"),
                             InvalidArgument);
    }

    TEST_CASE("learning anew under the changed policy ends the refusal") {
        const TemporaryFolder folder{"anew"};
        {
            Institution college = open_file(folder);
            record(college, cohort(37, 80, "s"));
            (void)college.learn("risk", seen_from, day(150));
            (void)college.fit_lifecycle("visits", day(150));
        }
        const auto changed = playbook_with([](engine::Playbook& book) {
            book.models[0].penalty = 5;
            book.lifecycles[0].acts = {model::Act::clicked, model::Act::submitted};
        });
        Institution college = open_file(folder, changed);
        CHECK_FALSE(college.model_refusal("risk").empty());
        CHECK_FALSE(college.model_refusal("lifecycle:visits").empty());
        CHECK(college.learn("risk", seen_from, day(160)).version == 2);
        (void)college.fit_lifecycle("visits", day(160));
        CHECK(college.model_refusal("risk").empty());
        CHECK(college.model_refusal("lifecycle:visits").empty());
    }

    TEST_CASE("an online model does not go on under another penalty, half-life or prior: it starts with all examples") {
        const TemporaryFolder folder{"options"};
        {
            Institution college = open_file(folder);
            record(college, cohort(38, 100, "s"));
            (void)college.learn("drift", seen_from, day(150));
        }
        const auto changed = [](double penalty, double half_life, double prior) {
            return playbook_with([=](engine::Playbook& book) {
                book.models[1].penalty = penalty;
                book.models[1].half_life = half_life;
                book.models[1].prior = prior;
            });
        };
        std::uint32_t version = 1;
        for (const auto& book : {changed(9, 0, 0.4), changed(9, 40, 0.4), changed(9, 40, 0.2)}) {
            Institution college = open_file(folder, book);
            const LearnedModel learned = college.learn("drift", seen_from, day(160));
            CHECK(learned.version == ++version);
            CHECK(learned.examples == college.examples("drift", seen_from, day(160)).size());
            const auto& kept = std::get<score::OnlineLogistic>(college.engine().model("drift")->coefficients());
            CHECK(kept.options().penalty == book.models[1].penalty);
            CHECK(kept.options().half_life == book.models[1].half_life);
            CHECK(kept.options().probability == book.models[1].prior);
            CHECK(college.relearns_equally("drift", version));
        }
    }

    TEST_CASE("a model is not asked about instants before it was made: it may know what came after them") {
        Institution college = open_with(cohort(30, 150, "s"));
        (void)college.learn("risk", seen_from, day(158));
        (void)college.fit_lifecycle("visits", day(160));
        const PersonId person = college.find_person("sis", "s1").value();
        CHECK_NOTHROW((void)college.predict(person, "risk", day(158)));
        for (const double at : {151.0, 157.9}) {
            CHECK_THROWS_WITH_AS((void)college.predict(person, "risk", day(at)), doctest::Contains("model 'risk'"),
                                 InvalidArgument);
            CHECK_THROWS_WITH_AS((void)college.scores(day(at)), doctest::Contains("model 'risk'"), InvalidArgument);
            CHECK_THROWS_WITH_AS((void)college.explain(person, day(at)), doctest::Contains("model 'risk'"),
                                 InvalidArgument);
            CHECK_THROWS_WITH_AS((void)college.plan(day(at)), doctest::Contains("model 'risk'"), InvalidArgument);
        }
        CHECK_THROWS_WITH_AS((void)college.engine().column(person, "active:visits", day(158)),
                             doctest::Contains("lifecycle 'visits'"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)college.scores(day(158)), doctest::Contains("lifecycle 'visits'"), InvalidArgument);
        CHECK(college.engine().column(person, "active:visits", day(160)).has_value());
        CHECK_NOTHROW((void)college.scores(day(160)));
        // A view as of that instant answers without it.
        CHECK(college.as_of(day(155)).predict(person, "risk", day(155)) == score::Prediction{0.4, 0});
    }

    TEST_CASE("what becomes known after a model is made is not learned from") {
        // The cohort's outcomes become known one after another.
        const auto facts = cohort(41, 100, "s");
        Institution college = open_with(facts);
        std::vector<Instant> known;
        for (const PortableFact& each : facts) {
            if (std::holds_alternative<model::EnrolmentChange>(each.fact.content)) known.push_back(each.fact.known_at);
        }
        std::sort(known.begin(), known.end());
        const Instant half = known[known.size() / 2];
        const LearnedModel learned = college.learn("risk", seen_from, half);
        CHECK(learned.examples < college.examples("risk", seen_from, day(150)).size());
        // As if the rest had not happened yet.
        std::vector<PortableFact> until;
        for (const PortableFact& each : facts) {
            if (each.fact.known_at <= half) until.push_back(each);
        }
        Institution then = open_with(until);
        CHECK(then.learn("risk", seen_from, half).examples == learned.examples);
        CHECK(engine::model_from_bytes(bytes_of(then, "risk")).model ==
              engine::model_from_bytes(bytes_of(college, "risk")).model);
        CHECK(college.relearns_equally("risk", 1));
        // An online model takes up the rest as soon as it is known, though it came into the journal before.
        CHECK(college.learn("drift", seen_from, half).examples == learned.examples);
        const LearnedModel rest = college.learn("drift", seen_from, day(150));
        CHECK(rest.version == 2);
        CHECK(rest.examples + learned.examples == college.examples("drift", seen_from, day(150)).size());
        CHECK(college.relearns_equally("drift", 2));
        CHECK_THROWS_WITH_AS((void)college.learn("drift", seen_from, day(149)), doctest::Contains("last version"),
                             InvalidArgument);
    }

    TEST_CASE("an online model that looks back from more instants learns what it had not seen, and forgets none") {
        Institution college = open_with(cohort(42, 100, "s"));
        const Instants first{seen_from[0]};
        const LearnedModel one = college.learn("drift", first, day(150));
        const LearnedModel all = college.learn("drift", seen_from, day(150));
        CHECK(all.version == 2);
        CHECK(all.examples + one.examples == college.examples("drift", seen_from, day(150)).size());
        CHECK(all.examples > 0);
        // The earlier instants are kept beside those that are named.
        CHECK(college.learn("drift", first, day(151)).version == 2);
        CHECK(college.learn("drift", seen_from, day(151)).version == 2);
        CHECK(college.relearns_equally("drift", 2));
    }

    TEST_CASE("a fitted lifecycle can be fitted again from the journal, to the bit") {
        Institution college = open_with(cohort(30, 150, "s"));
        (void)college.fit_lifecycle("visits", day(150));
        record(college, cohort(43, 60, "t"));
        (void)college.fit_lifecycle("visits", day(160));
        CHECK(college.relearns_equally("lifecycle:visits", 1));
        CHECK(college.relearns_equally("lifecycle:visits", 2));
        CHECK(bytes_of(college, "lifecycle:visits", 1) != bytes_of(college, "lifecycle:visits", 2));
        CHECK_THROWS_AS((void)college.relearns_equally("lifecycle:visits", 3), NotFound);
        CHECK_THROWS_WITH_AS((void)college.relearns_equally("lifecycle:mood", 1), doctest::Contains("'mood'"),
                             InvalidArgument);
    }

    TEST_CASE("the playbook's penalty gives a fit where the data alone give none") {
        // Everybody acts every day: r grows without end (bg_nbd.hpp).
        std::vector<PortableFact> facts;
        for (int person = 0; person < 40; ++person) {
            const std::string name = "s" + std::to_string(person);
            for (int at = 0; at < 30; ++at) {
                facts.push_back(told(name, "act " + std::to_string(at), day(at), day(at),
                                     interaction("portal", model::Act::clicked)));
            }
        }
        Institution without = open_with(facts);
        CHECK_THROWS_WITH_AS((void)without.fit_lifecycle("visits", day(40)), doctest::Contains("too little data"),
                             InvalidArgument);
        Institution with =
            open_with(facts, 2, playbook_with([](engine::Playbook& book) { book.lifecycles[0].penalty = 0.01; }));
        CHECK_NOTHROW((void)with.fit_lifecycle("visits", day(40)));
    }

    TEST_CASE("a model must not have the name of a kept lifecycle") {
        CHECK_THROWS_WITH_AS(
            (void)open_with({}, 2, playbook_with([](engine::Playbook& b) { b.models[2].name = "lifecycle:visits"; })),
            doctest::Contains("'lifecycle:visits'"), InvalidArgument);
    }

    TEST_CASE("a view as of an instant has the host's columns that were known by then") {
        Institution college = open_with(cohort(44, 10, "s"));
        const PersonId person = college.find_person("sis", "s1").value();
        college.set_column("own score", std::array{person}, std::array{0.75}, day(150));
        CHECK(college.as_of(day(150)).column(person, "own score", day(160)) == 0.75);
        CHECK_FALSE(college.as_of(day(149)).column(person, "own score", day(160)).has_value());
    }

    TEST_CASE("the best hours rest on everybody, so they are not told for an instant that others are ahead of") {
        Institution college = open_with(cohort(45, 2, "s"));
        record(college,
               std::array{told("late", "click", day(300), day(300), interaction("portal", model::Act::clicked))});
        const PersonId person = college.find_person("sis", "s0").value();
        CHECK_NOTHROW((void)college.engagement(person, day(200)));
        CHECK_THROWS_AS((void)college.reachability(person, day(200)), InvalidArgument);
        CHECK_NOTHROW((void)college.reachability(person, day(300)));
        CHECK_NOTHROW((void)college.as_of(day(200)).reachability(person, day(200)));
    }

    TEST_CASE("a key that is linked later leaves what was learned as it was") {
        for (const char* const name : {"risk", "drift", "answer"}) {
            CAPTURE(name);
            Institution college = open_with(cohort(40, 120, "s"), 2, playbook_with([](engine::Playbook& book) {
                                                for (auto& config : book.models) config.group.clear();
                                            }));
            const bool by_instants = std::string_view{name} != "answer";
            (void)college.learn(name, by_instants ? seen_from : Instants{}, day(150));
            for (int i = 0; i < 120; i += 2) {
                const std::string number = std::to_string(i);
                college.link_key(college.find_person("sis", "s" + number).value(), "crm", "contact " + number);
            }
            CHECK(college.relearns_equally(name, 1));
        }
    }

    TEST_CASE("back under the first playbook, the newest version that suits it is in use") {
        const TemporaryFolder folder{"back"};
        {
            Institution college = open_file(folder);
            record(college, cohort(20, 80, "s"));
            (void)college.learn("risk", seen_from, day(150));
        }
        {
            Institution college =
                open_file(folder, playbook_with([](auto& book) { book.models[0].features.pop_back(); }));
            CHECK(college.learn("risk", seen_from, day(160)).version == 2);
        }
        Institution college = open_file(folder);
        CHECK(college.engine().model_version("risk") == 1);
        CHECK(college.as_of(day(170)).model_version("risk") == 1);
    }

    TEST_CASE("a model that learns in another way than the kept one leaves that out") {
        const TemporaryFolder folder{"way"};
        {
            Institution college = open_file(folder);
            record(college, cohort(21, 80, "s"));
            (void)college.learn("risk", seen_from, day(150));
        }
        Institution college =
            open_file(folder, playbook_with([](auto& book) { book.models[0].learning = score::Learning::online; }));
        CHECK(college.engine().model("risk") == nullptr);
        const LearnedModel learned = college.learn("risk", seen_from, day(150));
        CHECK(learned.version == 2);
        CHECK(learned.examples == college.examples("risk", seen_from, day(150)).size());
    }

    TEST_CASE("an online model goes on with the examples that came since, and without any keeps nothing") {
        Institution college = open_with(cohort(22, 100, "s"));
        const LearnedModel first = college.learn("drift", seen_from, day(150));
        CHECK(first.version == 1);
        CHECK(college.learn("drift", seen_from, day(151)) == LearnedModel{"drift", 1, first.seq, 0, 0});
        // Facts that tell no outcome are no reason either.
        record(college, std::array{told("s0", "one more click", day(152), day(152),
                                        interaction("portal", model::Act::clicked))});
        CHECK(college.learn("drift", seen_from, day(153)) == LearnedModel{"drift", 1, first.seq, 0, 0});
        CHECK(versions_of(college, "drift") == 1);

        record(college, cohort(23, 60, "t"));
        const engine::ExampleSet all = college.examples("drift", seen_from, day(160));
        std::vector<std::uint32_t> since;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (all.learned_at[i] > first.seq) since.push_back(i);
        }
        CHECK(all.size() == first.examples + since.size());
        const LearnedModel second = college.learn("drift", seen_from, day(160));
        CHECK(second.version == 2);
        CHECK(second.examples == since.size());
        const engine::ModelContent before = engine::model_from_bytes(bytes_of(college, "drift", 1));
        const engine::ModelContent after = engine::model_from_bytes(bytes_of(college, "drift", 2));
        CHECK(after.continues == 1);
        const engine::ExampleSet fresh = all.select(since);
        CHECK(after.model == score::learn_on(before.model, fresh.table, fresh.outcomes));
        CHECK(*college.engine().model("drift") == after.model);
        CHECK(after.model.examples() == doctest::Approx(static_cast<double>(all.size())));
        CHECK(college.relearns_equally("drift", 1));
        CHECK(college.relearns_equally("drift", 2));
    }

    TEST_CASE("learning online in steps, by whatever process, is learning from the same examples in their order") {
        const TemporaryFolder folder{"steps"};
        const auto facts = cohort(24, 120, "s");
        // By outcome: a person's own facts must be there when the outcome comes.
        std::vector<PortableFact> sorted = facts;
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](const auto& a, const auto& b) { return a.fact.known_at < b.fact.known_at; });
        auto cut = sorted.begin();  // behind half of the outcomes
        for (int outcomes = 0; outcomes < 54; ++cut) {
            outcomes += std::holds_alternative<model::EnrolmentChange>(cut->fact.content) ? 1 : 0;
        }
        {
            Institution college = open_file(folder);
            record(college, std::span<const PortableFact>{sorted.begin(), cut});
            (void)college.learn("drift", seen_from, day(150));
        }
        Institution college = open_file(folder);
        record(college, std::span<const PortableFact>{cut, sorted.end()});
        CHECK(college.learn("drift", seen_from, day(150)).version == 2);

        // In one: the encoder of the first step, then every example in the order of the journal.
        const engine::ExampleSet all = college.examples("drift", seen_from, day(150));
        CHECK(std::is_sorted(all.learned_at.begin(), all.learned_at.end()));
        const score::Model& stepped = *college.engine().model("drift");
        score::OnlineLogistic whole{stepped.encoder().columns(),
                                    std::get<score::OnlineLogistic>(stepped.coefficients()).options(),
                                    stepped.encoder().matrix().signs()};
        const score::Model empty{stepped.encoder(), whole, {}};
        CHECK(stepped == score::learn_on(empty, all.table, all.outcomes));
    }

    TEST_CASE("responses: a mail is answered within the window or it is not, seen from the mail") {
        const engine::Playbook book = playbook_with([](engine::Playbook& b) {
            b.models[2].least_rows = 2;
            b.models[2].calibration = score::CalibrationKind::none;
        });
        std::vector<PortableFact> facts;
        const auto student = [&](const char* key) {
            facts.push_back(told(key, "role", day(0), day(0), model::RoleChange{model::RoleKind::student}));
        };
        const auto mail = [&](const char* key, double when) {
            facts.push_back(told(key, "mail " + std::to_string(when), day(when), day(when),
                                 interaction("mail", model::Act::sent, model::Direction::outbound)));
        };
        const auto reply = [&](const char* key, double when, const char* channel = "mail") {
            facts.push_back(told(key, "reply " + std::to_string(when), day(when), day(when),
                                 interaction(channel, model::Act::replied)));
        };
        student("answers");
        mail("answers", 10);
        reply("answers", 11);
        mail("answers", 20);
        reply("answers", 27);  // seven days, the last moment of the window
        student("is silent");
        mail("is silent", 10);
        mail("is silent", 12);   // the first one stays unanswered
        reply("is silent", 20);  // too late
        student("elsewhere");
        mail("elsewhere", 10);
        reply("elsewhere", 11, "phone");  // by another channel: no answer to the mail
        student("is asked now");
        mail("is asked now", 58);  // the window runs
        mail("no student", 10);
        reply("no student", 11);
        Institution college = open_with(facts, 2, book);
        const engine::ExampleSet set = college.examples("answer", {}, day(60));
        std::map<std::pair<std::string, std::int64_t>, int> found;
        for (std::size_t i = 0; i < set.size(); ++i) {
            const std::string key = college.journal().keys_of(set.people[i]).at(0).key;
            found[{key, (set.instants[i] - start).count() / 86'400'000}] = set.outcomes[i];
        }
        const std::map<std::pair<std::string, std::int64_t>, int> expected{
            {{"answers", 10}, 1},   {{"answers", 20}, 1},   {{"elsewhere", 10}, 0},
            {{"is silent", 10}, 0}, {{"is silent", 12}, 0},
        };
        CHECK(found == expected);
        const LearnedModel learned = college.learn("answer", {}, day(60));
        CHECK(learned.examples == 5);
        CHECK(learned.positives == 2);
        CHECK(college.relearns_equally("answer", 1));
    }

    TEST_CASE("responses: who answered before is told to answer again") {
        Institution college = open_with(cohort(25, 200, "s"));
        const LearnedModel learned = college.learn("answer", {}, day(150));
        CHECK(learned.examples == 800);  // four mails each
        std::vector<double> told_now;
        std::vector<std::uint8_t> answered_most;
        for (int p = 0; p < 200; ++p) {
            const PersonId person = college.find_person("sis", "s" + std::to_string(p)).value();
            const auto mail = college.reachability(person, day(150)).channels.at(0);
            told_now.push_back(college.predict(person, "answer", day(150)).probability);
            answered_most.push_back(mail.answered >= 2 ? 1 : 0);
        }
        CHECK(score::auc(told_now, answered_most) > 0.7);
    }

    TEST_CASE("responses online: a mail whose window ran at the last learning is learned from once it is over") {
        Institution college = open_with(cohort(26, 60, "s"));
        // Three days after the last mails these are no examples, answered or not.
        const LearnedModel first = college.learn("live answer", {}, day(68));
        CHECK(first.examples == 180);
        // No fact tells a silence: the end of the window does.
        const LearnedModel second = college.learn("live answer", {}, day(150));
        CHECK(second.version == 2);
        CHECK(second.examples == 60);
        CHECK(second.positives > 0);
        CHECK(second.positives < 60);
        CHECK(college.relearns_equally("live answer", 2));
        CHECK(college.learn("live answer", {}, day(160)).version == 2);
        // The same examples as for who learns late, in another order.
        CHECK(college.examples("live answer", {}, day(150)).size() == 240);
    }

    TEST_CASE("responses online: however often one learns, each mail is learned from once") {
        Institution college = open_with({});
        auto facts = cohort(38, 60, "s");
        std::stable_sort(facts.begin(), facts.end(),
                         [](const auto& a, const auto& b) { return a.fact.known_at < b.fact.known_at; });
        std::size_t examples = 0;
        std::size_t positives = 0;
        std::size_t next = 0;
        for (int today = 1; today <= 80; ++today) {
            const std::size_t first = next;
            while (next < facts.size() && facts[next].fact.known_at <= day(today)) ++next;
            if (next > first) record(college, std::span{facts}.subspan(first, next - first));
            // The first mails' windows end on day 27; the last moment of a window is a learning day.
            if (today < 28) continue;
            const LearnedModel learned = college.learn("live answer", {}, day(today));
            examples += learned.examples;
            positives += learned.positives;
        }
        CHECK(examples == 240);
        const engine::ExampleSet all = college.examples("live answer", {}, day(80));
        CHECK(all.size() == 240);
        CHECK(positives == static_cast<std::size_t>(std::count(all.outcomes.begin(), all.outcomes.end(), 1)));
    }

    TEST_CASE("an outcome that became known at the very moment of learning is learned from once") {
        auto facts = cohort(39, 80, "s");
        for (PortableFact& fact : facts) {
            if (std::holds_alternative<model::EnrolmentChange>(fact.fact.content)) fact.fact.known_at = day(106);
        }
        Institution college = open_with(facts);
        const Instants instants{day(30), day(106)};
        const LearnedModel first = college.learn("drift", instants, day(106));
        CHECK(first.examples > 80);
        CHECK(college.learn("drift", instants, day(107)) == LearnedModel{"drift", 1, first.seq, 0, 0});
    }

    TEST_CASE("too little to learn from is refused with the numbers, and nothing is kept") {
        Institution college = open_with(cohort(27, 12, "s"));
        const std::size_t examples = college.examples("risk", seen_from, day(150)).size();
        const std::string text = std::to_string(examples) + " examples, at least 50";
        for (const char* const name : {"risk", "drift"}) {
            CHECK_THROWS_WITH_AS((void)college.learn(name, seen_from, day(150)), doctest::Contains(text.c_str()),
                                 InvalidArgument);
        }
        CHECK(college.model_versions().empty());
        CHECK(college.engine().model("risk") == nullptr);
        Institution nobody = open_with({});
        CHECK(nobody.examples("risk", seen_from, day(150)).size() == 0);
        CHECK_THROWS_WITH_AS((void)nobody.learn("risk", seen_from, day(150)), doctest::Contains("0 examples"),
                             InvalidArgument);
        CHECK_THROWS_WITH_AS((void)nobody.fit_lifecycle("visits", day(150)), doctest::Contains("too little data"),
                             InvalidArgument);
        CHECK(nobody.model_versions().empty());
    }

    TEST_CASE("unknown models and instants that do not suit the outcome are refused by name") {
        Institution college = open_with(cohort(28, 40, "s"));
        const auto refused = [&](const char* named, std::string_view name, const Instants& instants) {
            CAPTURE(named);
            CHECK_THROWS_WITH_AS((void)college.examples(name, instants, day(150)), doctest::Contains(named),
                                 InvalidArgument);
            CHECK_THROWS_WITH_AS((void)college.learn(name, instants, day(150)), doctest::Contains(named),
                                 InvalidArgument);
        };
        refused("'mood'", "mood", seen_from);
        refused("instants", "risk", {});
        refused("instants", "answer", seen_from);
        refused("ascending", "risk", {day(60), day(30)});
        refused("ascending", "risk", {day(30), day(30)});
        CHECK_THROWS_WITH_AS((void)college.predict(college.find_person("sis", "s0").value(), "mood", day(150)),
                             doctest::Contains("'mood'"), InvalidArgument);
        CHECK_THROWS_WITH_AS((void)college.fit_lifecycle("mood", day(150)), doctest::Contains("'mood'"),
                             InvalidArgument);
        CHECK(college.model_versions().empty());
    }

    TEST_CASE("a feature without a history of its own cannot be learned from") {
        for (const char* const input : {"model:answer", "own score", "active:visits", "expected:visits"}) {
            CAPTURE(input);
            Institution college = open_with(cohort(29, 40, "s"), 2, playbook_with([&](engine::Playbook& book) {
                                                book.models[0].features.push_back(feature(input));
                                            }));
            CHECK_THROWS_WITH_AS((void)college.learn("risk", seen_from, day(150)), doctest::Contains(input),
                                 InvalidArgument);
        }
    }

    TEST_CASE("a lifecycle is fitted to everybody, kept as the next version, and in use at once") {
        Institution college = open_with(cohort(30, 150, "s"));
        const PersonId person = college.find_person("sis", "s1").value();
        CHECK_FALSE(college.engine().column(person, "active:visits", day(150)).has_value());
        const auto of_engine = std::get<score::BgNbdFit>(college.engine().fit_lifecycle("visits", day(150)));
        const auto fit = std::get<score::BgNbdFit>(college.fit_lifecycle("visits", day(150)));
        CHECK(fit.parameters == of_engine.parameters);
        CHECK(fit.people == 150);
        CHECK(college.engine().lifecycle("visits") == engine::LifecycleParameters{fit.parameters});
        CHECK(college.engine().column(person, "active:visits", day(150)).has_value());
        CHECK(bytes_of(college, "lifecycle:visits") ==
              engine::to_bytes(engine::FittedLifecycle{fit.parameters, day(150),
                                                       engine::policy_of(college.playbook().lifecycles[0])}));
        (void)college.fit_lifecycle("visits", day(160));
        CHECK(versions_of(college, "lifecycle:visits") == 2);
        // In another order of arrival, with another number of threads: the same bytes.
        auto facts = cohort(30, 150, "s");
        Random random{30};
        random.shuffle(facts);
        Institution other = open_with(facts, 7);
        (void)other.fit_lifecycle("visits", day(150));
        CHECK(bytes_of(other, "lifecycle:visits") == bytes_of(college, "lifecycle:visits", 1));
    }

    TEST_CASE("kept parameters of a lifecycle are not used for another kind, other acts, nor in another unit of time") {
        const TemporaryFolder folder{"lifecycle"};
        {
            Institution college = open_file(folder);
            record(college, cohort(31, 150, "s"));
            (void)college.fit_lifecycle("visits", day(150));
        }
        {
            Institution college = open_file(folder, playbook_with([](engine::Playbook& book) {
                                                book.lifecycles[0].model = score::LifecycleModel::bg_bb;
                                            }));
            CHECK_FALSE(college.engine().lifecycle("visits").has_value());
        }
        {
            Institution college = open_file(folder, playbook_with([](engine::Playbook& book) {
                                                book.lifecycles[0].acts.push_back(model::Act::submitted);
                                            }));
            CHECK_FALSE(college.engine().lifecycle("visits").has_value());
            CHECK(college.model_refusal("lifecycle:visits") ==
                  "version 1 of 'lifecycle:visits' was learned under another policy: 'lifecycle' differs");
        }
        // alpha is a rate "in the caller's unit of time" (bg_nbd.hpp): weeks taken for days would tell nonsense.
        Institution college =
            open_file(folder, playbook_with([](engine::Playbook& book) { book.lifecycles[0].unit_days = 1; }));
        CHECK_FALSE(college.engine().lifecycle("visits").has_value());
    }

    TEST_CASE("a host's column: for those who are named, known from its instant on, and not kept") {
        const TemporaryFolder folder{"column"};
        {
            Institution college = open_file(folder);
            record(college, cohort(32, 10, "s"));
            const PersonId first = college.find_person("sis", "s0").value();
            const PersonId second = college.find_person("sis", "s1").value();
            college.set_column("own score", std::array{second}, std::array{0.75}, day(140));
            CHECK(college.engine().column(second, "own score", day(150)) == 0.75);
            CHECK_FALSE(college.engine().column(first, "own score", day(150)).has_value());
            CHECK_THROWS_AS((void)college.engine().column(second, "own score", day(130)), InvalidArgument);
            CHECK_THROWS_AS(college.set_column("own score", std::array{PersonId{999}}, std::array{0.5}, day(140)),
                            NotFound);
            CHECK_THROWS_WITH_AS(college.set_column("mood", std::array{second}, std::array{0.5}, day(140)),
                                 doctest::Contains("'mood'"), InvalidArgument);
            CHECK(college.engine().column(second, "own score", day(150)) == 0.75);
            // People who come later have none, and the others keep theirs.
            record(college, cohort(33, 5, "t"));
            CHECK(college.engine().column(second, "own score", day(150)) == 0.75);
            CHECK_FALSE(
                college.engine().column(college.find_person("sis", "t0").value(), "own score", day(150)).has_value());
        }
        Institution college = open_file(folder);
        CHECK_FALSE(
            college.engine().column(college.find_person("sis", "s1").value(), "own score", day(150)).has_value());
    }

    TEST_CASE("scores of everybody and explanations know what was learned") {
        Institution college = open_with(cohort(34, 120, "s"));
        (void)college.learn("risk", seen_from, day(150));
        const engine::ScoreTable scores = college.scores(day(150));
        REQUIRE(scores.names.back() == "model:risk");
        for (std::uint32_t row = 0; row < college.engine().size(); ++row) {
            const PersonId person = college.engine().person(row).id;
            const score::Prediction prediction = college.predict(person, "risk", day(150));
            REQUIRE(same_bits(scores.columns.back()[row], prediction.probability));
            const score::Explanation why = college.explain(person, day(150)).back();
            REQUIRE(why.name == "log_odds:risk");
            REQUIRE(why.evidence == prediction.evidence);
            double sum = 0;
            for (const score::Part& part : why.parts) sum += part.contribution;
            REQUIRE(sum == why.value);
        }
    }

    TEST_CASE("a plan that rests on a model is explained as things were, also after it was carried out") {
        Institution college = open_with(cohort(35, 120, "s"));
        (void)college.learn("risk", seen_from, day(150));
        const decide::Plan plan = college.plan(day(160));
        REQUIRE(plan.assignments.size() > 10);
        const PersonId person = plan.assignments[3].person;
        const decide::Decision before = college.explain(person, plan);
        REQUIRE(before.chosen.has_value());
        PortableFact mail =
            told("", "coached", day(161), day(161), interaction("mail", model::Act::sent, model::Direction::outbound));
        mail.person_key = college.journal().keys_of(person).at(0).key;
        record(college, std::array{mail});
        CHECK(college.explain(person, plan) == before);
    }

    TEST_CASE("a plan is explained with the model that it was made with, also after a newer one was learned") {
        Institution college = open_with(cohort(36, 120, "s"));
        (void)college.learn("risk", seen_from, day(150));
        const decide::Plan plan = college.plan(day(160));
        REQUIRE(plan.assignments.size() > 10);
        std::vector<decide::Decision> before;
        for (const decide::Assignment& assignment : plan.assignments) {
            before.push_back(college.explain(assignment.person, plan));
        }
        (void)college.learn("risk", Instants{day(20)}, day(200));
        REQUIRE(college.engine().model_version("risk") == 2);
        for (std::size_t i = 0; i < before.size(); ++i) {
            CAPTURE(i);
            CHECK(college.explain(plan.assignments[i].person, plan) == before[i]);
        }
    }

    TEST_CASE("learning beside recording: each version is learned again from its own facts") {
        const auto facts = cohort(37, 120, "s");
        Institution college = open_with(std::span{facts}.first(facts.size() / 2));
        std::vector<model::Fact> rest;
        for (const PortableFact& fact : std::span{facts}.subspan(facts.size() / 2))
            rest.push_back(placed(fact, college));
        std::atomic<bool> done{false};
        std::jthread writer{[&] {
            for (const model::Fact& fact : rest) (void)college.record(fact);
            done = true;
        }};
        int learned = 0;
        do {
            (void)college.learn("risk", seen_from, day(150));
            (void)college.learn("live answer", {}, day(150));
            ++learned;
        } while (!done && learned < 20);
        writer.join();
        (void)college.learn("risk", seen_from, day(150));
        Institution whole = open_with(facts);
        (void)whole.learn("risk", seen_from, day(150));
        CHECK(bytes_of(college, "risk") == bytes_of(whole, "risk"));
        const auto versions = college.model_versions();
        CHECK(college.relearns_equally("risk", versions.back().version));
        for (std::size_t i = 0; i < versions.size(); i += versions.size() / 4) {
            CHECK(college.relearns_equally(versions[i].name, versions[i].version));
        }
    }
}
