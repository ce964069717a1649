#include <alloquy/decide/decider.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "../support/facts.hpp"
#include "../support/random.hpp"
#include "../support/slow_policy.hpp"

namespace model = alloquy::model;
using namespace alloquy::decide;
using alloquy::PersonId;
using alloquy::support::minute;
using alloquy::support::Random;
using alloquy::time::Duration;
using alloquy::time::Instant;
using model::ConsentState;
using model::LegalBasis;
using model::RoleKind;
using model::RoleSet;
using std::chrono::days;
using std::chrono::milliseconds;

namespace {

const std::vector<std::string> channels{"mail", "phone", "portal"};
const std::vector<std::string> columns{"score", "debt"};
const std::vector<std::string_view> column_views{"score", "debt"};
constexpr PlaybookHash hash{};

RoleSet roles_of(std::initializer_list<RoleKind> kinds) {
    RoleSet roles;
    for (const RoleKind kind : kinds) roles.insert(kind);
    return roles;
}

/// A small policy in which nothing stops the one action for a fresh subject.
ActionPolicy one_action() {
    ActionPolicy policy;
    policy.purposes = {{"fees", LegalBasis::contract}};
    policy.pools = {{"desk", 30}};
    Action action{"remind", "fees"};
    action.roles = roles_of({RoleKind::student});
    action.value = {{}, {{0, 50}}};
    action.variants = {{"mail", "nl"}};
    policy.actions = {action};
    return policy;
}

/// A subject that owns what a Subject refers to.
struct Person {
    RoleSet roles = roles_of({RoleKind::student});
    std::string language = "nl";
    bool zone_known = true;
    std::vector<ConsentState> consents{};
    std::vector<Contact> contacts{};
    std::vector<std::optional<double>> values{0.5, 100.0};
    std::vector<double> response{1, 1, 1, 1};
    std::vector<model::Role> periods{};

    [[nodiscard]] Subject subject() const {
        return {PersonId{1}, roles, language, zone_known, consents, contacts, values, response, periods};
    }
};

struct World {
    model::Symbols symbols{};
    Decider decider;

    explicit World(ActionPolicy policy) : decider{std::move(policy), channels, column_views, symbols} {
        for (const char* name : {"nursing", "law", "logistics"}) (void)symbols.programmes.intern(name);
    }
    [[nodiscard]] Decision decide(const Person& person, Instant now = minute(0)) const {
        return decider.decide(person.subject(), now, hash);
    }
};

ConsentState state_of(const model::Symbols& symbols, std::string_view purpose, std::string_view channel, bool given,
                      bool objected, std::int64_t given_at) {
    ConsentState state{
        symbols.purposes.find(purpose).value(), {}, given, objected, {}, minute(given_at), minute(given_at), {}};
    if (!channel.empty()) state.channel = symbols.channels.find(channel).value();
    return state;
}

std::string refusal(const std::function<void(ActionPolicy&)>& change) {
    ActionPolicy policy = one_action();
    policy.caps = {{"weekly", "mail", "fees", 1, days{7}}};
    change(policy);
    try {
        const World world{policy};
        return {};
    } catch (const alloquy::InvalidArgument& error) {
        return error.what();
    }
}

ActionPolicy random_policy(Random& random) {
    ActionPolicy policy;
    const auto pick = [&](const auto& words) { return words[random.below(words.size())]; };
    for (int i = 0; i < 4; ++i) {
        policy.purposes.push_back({"purpose" + std::to_string(i), static_cast<LegalBasis>(random.below(6))});
    }
    policy.pools = {{"desk", 30}, {"coaches", 60}};
    const auto purpose = [&] { return "purpose" + std::to_string(random.below(4)); };
    for (std::size_t i = 0, count = random.below(4); i < count; ++i) {
        ContactCap cap{"cap" + std::to_string(i)};
        if (random.chance(50)) cap.channel = pick(channels);
        if (random.chance(50)) cap.purpose = purpose();
        cap.most = static_cast<std::uint32_t>(random.below(5));
        cap.window = std::chrono::minutes{random.between(1, 40)};
        policy.caps.push_back(cap);
    }
    const std::vector<std::string> languages{"nl", "en", "EN", "pt", "pt-BR"};
    for (std::size_t i = 0, count = 1 + random.below(5); i < count; ++i) {
        Action action{"action" + std::to_string(i), purpose()};
        action.roles.insert(static_cast<RoleKind>(random.below(8)));
        for (int more = 0; more < 4; ++more) action.roles.insert(static_cast<RoleKind>(random.below(8)));
        if (random.chance(25)) action.programmes = {"nursing"};
        if (random.chance(15)) action.programmes.emplace_back("law");
        for (std::size_t c = 0, conditions = random.below(3); c < conditions; ++c) {
            ColumnRange range{pick(columns)};
            if (random.chance(70)) range.from = static_cast<double>(random.below(6));
            if (random.chance(60) || !range.from) range.below = static_cast<double>(4 + random.below(6));
            action.conditions.push_back(range);
        }
        action.value.points.clear();
        if (random.chance(50)) action.value.column = pick(columns);
        double at = static_cast<double>(random.below(4));
        for (std::size_t p = 0, points = 1 + random.below(4); p < points; ++p) {
            action.value.points.push_back({at, static_cast<double>(random.below(5)) * 10});
            at += 0.5 + static_cast<double>(random.below(4));
        }
        action.propensity = static_cast<double>(random.below(9)) / 8;
        action.lever = static_cast<double>(random.below(9)) / 4;
        if (random.chance(40)) action.gap = std::chrono::minutes{random.between(1, 30)};
        for (std::size_t v = 0, variants = 1 + random.below(4); v < variants; ++v) {
            Variant variant{pick(channels), pick(languages)};
            if (random.chance(40)) {
                variant.executor = ExecutorKind::team;
                variant.pool = random.chance(50) ? "desk" : "coaches";
                variant.minutes = static_cast<double>(random.between(1, 20));
            } else if (random.chance(30)) {
                variant.executor = ExecutorKind::self_service;
            }
            action.variants.push_back(variant);
        }
        policy.actions.push_back(action);
    }
    return policy;
}

Person random_person(Random& random, const World& world, Instant now) {
    Person person;
    person.roles = {};
    for (std::size_t i = 0, count = random.below(6); i < count; ++i) {
        model::Role role{static_cast<RoleKind>(random.below(8)), {}, {}, now - days{random.between(-1, 3)}, {}};
        if (random.chance(60)) {
            role.programme = model::Programme{static_cast<std::uint16_t>(random.between(1, 3))};
        }
        if (random.chance(30)) role.end_exclusive = role.start + days{random.between(0, 4)};
        if (role.is_current(now)) person.roles.insert(role.kind);
        person.periods.push_back(role);
    }
    constexpr std::array languages{"nl", "NL", "en-GB", "pt-br", "pt", "ptx", ""};
    person.language = languages[random.below(languages.size())];
    person.zone_known = random.chance(93);
    for (std::size_t i = 0, count = random.below(7); i < count; ++i) {
        person.consents.push_back(state_of(world.symbols, "purpose" + std::to_string(random.below(4)),
                                           random.chance(50) ? "" : channels[random.below(3)], random.chance(60),
                                           random.chance(15), random.between(0, 3)));
    }
    for (std::size_t i = 0, count = random.below(8); i < count; ++i) {
        person.contacts.push_back(
            {now - std::chrono::minutes{random.between(-3, 45)}, static_cast<std::uint8_t>(random.below(4)),
             static_cast<std::uint16_t>(random.below(5)),
             static_cast<std::uint16_t>(random.below(world.decider.policy().actions.size() + 1))});
    }
    std::sort(person.contacts.begin(), person.contacts.end());
    for (auto& value : person.values) {
        value = random.chance(85) ? std::optional{static_cast<double>(random.below(40)) / 4} : std::nullopt;
    }
    for (double& response : person.response) response = static_cast<double>(random.below(9)) / 8;
    return person;
}

}  // namespace

TEST_SUITE("decide/decider") {
    TEST_CASE("the truth table of consent and objection, for all six legal bases") {
        model::Symbols symbols;
        const auto purpose = symbols.purposes.intern("p");
        (void)symbols.purposes.intern("q");
        const auto mail = symbols.channels.intern("mail");
        (void)symbols.channels.intern("phone");
        struct Row {
            const char* story;
            std::vector<ConsentState> states;
            std::string permitted;  // for consent, contract, legal obligation, vital interests, public task, legitimate
        };
        const auto p = [&](std::string_view channel, bool given, bool objected, std::int64_t at) {
            return state_of(symbols, "p", channel, given, objected, at);
        };
        const auto q = [&](bool given, bool objected) { return state_of(symbols, "q", "", given, objected, 1); };
        // GDPR: consent must have been given (art. 6(1)(a), 7); an objection stops public task and legitimate
        // interests (art. 21(1)), never a contract, a legal obligation or vital interests.
        const std::vector<Row> rows{
            {"nothing was ever said", {}, "nyyyyy"},
            {"given", {p("", true, false, 1)}, "yyyyyy"},
            {"withdrawn", {p("", false, false, 1)}, "nyyyyy"},
            {"objected", {p("", false, true, 1)}, "nyyynn"},
            {"given and objected", {p("", true, true, 1)}, "nyyynn"},
            {"given for this channel", {p("mail", true, false, 1)}, "yyyyyy"},
            {"withdrawn for this channel", {p("mail", false, false, 1)}, "nyyyyy"},
            {"objected for this channel", {p("mail", false, true, 1)}, "nyyynn"},
            {"given for another channel", {p("phone", true, false, 1)}, "nyyyyy"},
            {"objected for another channel", {p("phone", false, true, 1)}, "nyyyyy"},
            {"given, objected for another channel", {p("", true, false, 1), p("phone", false, true, 2)}, "yyyyyy"},
            {"given, later withdrawn for this channel", {p("", true, false, 1), p("mail", false, false, 2)}, "nyyyyy"},
            {"withdrawn for this channel, later given", {p("mail", false, false, 1), p("", true, false, 2)}, "yyyyyy"},
            {"withdrawn, later given for this channel", {p("", false, false, 1), p("mail", true, false, 2)}, "yyyyyy"},
            {"given for this channel, later withdrawn", {p("mail", true, false, 1), p("", false, false, 2)}, "nyyyyy"},
            {"given and withdrawn for this channel at once",
             {p("", true, false, 1), p("mail", false, false, 1)},
             "nyyyyy"},
            {"withdrawn and given for this channel at once",
             {p("", false, false, 1), p("mail", true, false, 1)},
             "nyyyyy"},
            {"given, objected for this channel", {p("", true, false, 1), p("mail", true, true, 2)}, "nyyynn"},
            {"objected, later given for this channel", {p("", false, true, 1), p("mail", true, false, 2)}, "nyyynn"},
            {"given for another purpose", {q(true, false)}, "nyyyyy"},
            {"objected for another purpose", {q(false, true)}, "nyyyyy"},
            {"given here, objected there", {p("", true, false, 1), q(false, true)}, "yyyyyy"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.story);
            std::vector<ConsentState> states = row.states;
            for (int order = 0; order < 2; ++order) {
                std::string permitted;
                for (int basis = 0; basis < 6; ++basis) {
                    permitted += is_permitted(static_cast<LegalBasis>(basis), purpose, mail, states) ? 'y' : 'n';
                }
                CHECK(permitted == row.permitted);
                std::reverse(states.begin(), states.end());  // the order of the states says nothing
            }
        }
    }

    TEST_CASE("an objection that was withdrawn leaves consent as it was") {
        model::Symbols symbols;
        alloquy::model::Person person{PersonId{1}};
        const auto purpose = symbols.purposes.intern("p");
        const auto mail = symbols.channels.intern("mail");
        const auto say = [&](std::int64_t when, model::ConsentDecision decision) {
            model::apply(person,
                         alloquy::support::make_fact(symbols, person.id, minute(when), std::to_string(when),
                                                     model::ConsentStatement{purpose, {}, decision}),
                         symbols);
        };
        say(1, model::ConsentDecision::given);
        say(2, model::ConsentDecision::objected);
        CHECK_FALSE(is_permitted(LegalBasis::consent, purpose, mail, person.consents));
        CHECK_FALSE(is_permitted(LegalBasis::public_task, purpose, mail, person.consents));
        say(3, model::ConsentDecision::objection_withdrawn);
        CHECK(is_permitted(LegalBasis::consent, purpose, mail, person.consents));
        CHECK(is_permitted(LegalBasis::public_task, purpose, mail, person.consents));
    }

    TEST_CASE("a language suits its own regions, not the other way round, whatever the case") {
        CHECK(language_suits("nl", "nl"));
        CHECK(language_suits("pt", "pt-BR"));
        CHECK(language_suits("PT", "pt-br"));
        CHECK(language_suits("zh-Hant", "zh-hant-TW"));
        CHECK_FALSE(language_suits("pt-BR", "pt"));
        CHECK_FALSE(language_suits("pt-BR", "pt-PT"));
        CHECK_FALSE(language_suits("n", "nl"));
        CHECK_FALSE(language_suits("es", "est"));
        CHECK_FALSE(language_suits("nl", ""));
        CHECK_FALSE(language_suits("nl", "en"));
    }

    TEST_CASE("a broken line is straight between its points and flat outside") {
        const ValueCurve curve{"score", {{1, 10}, {3, 30}, {4, 0}}};
        CHECK(value_at(curve, -5) == 10);
        CHECK(value_at(curve, 1) == 10);
        CHECK(value_at(curve, 2) == 20);
        CHECK(value_at(curve, 2.5) == 25);
        CHECK(value_at(curve, 3) == 30);
        CHECK(value_at(curve, 3.25) == 22.5);
        CHECK(value_at(curve, 4) == 0);
        CHECK(value_at(curve, 9) == 0);
        CHECK(value_at({{}, {{7, 12}}}, -100) == 12);  // a constant asks no column
        CHECK(value_at({"score", {{7, 12}}}, 100) == 12);
    }

    TEST_CASE("the highest priority wins; its factors give it bit by bit") {
        ActionPolicy policy = one_action();
        Action second = policy.actions[0];
        second.name = "coach";
        second.value = {"score", {{0, 100}, {1, 40}}};
        second.propensity = 0.7;
        second.lever = 1.1;
        second.variants = {{"mail", "nl"}, {"phone", "nl", ExecutorKind::team, "desk", 10}};
        policy.actions.push_back(second);
        const World world{policy};
        Person person;
        person.response = {0, 0.5, 0.9, 1};
        const Decision decision = world.decide(person);
        REQUIRE(decision.chosen);
        CHECK(decision.chosen->action == 1);
        CHECK(decision.chosen->variant == 1);  // answered more often by phone
        CHECK(decision.chosen->factors == PriorityFactors{0.7 * 0.9, 70, 1.1});
        CHECK(decision.chosen->priority == 0.7 * 0.9 * 70.0 * 1.1);  // 48.5 euros
        REQUIRE(decision.weighed.size() == 2);
        CHECK(decision.weighed[0] == *decision.chosen);
        CHECK(decision.weighed[1].priority == 1 * 0.5 * 50 * 1);
        REQUIRE(decision.rejections.size() == 1);
        CHECK(decision.rejections[0] == Rejection{0, Rule::outranked, "coach", 25});
        CHECK(decision.columns == std::vector<ColumnValue>{{"score", 0.5}, {"debt", 100.0}});
        CHECK(decision.person == PersonId{1});
        CHECK(decision.now == minute(0));
        CHECK(world.decider.pool_of(*decision.chosen) == 0U);
        CHECK(world.decider.minutes_of(*decision.chosen) == 10);
        CHECK_FALSE(world.decider.pool_of(decision.weighed[1]));
    }

    TEST_CASE("rejections come in the playbook's order, whatever stopped them") {
        ActionPolicy policy = one_action();
        for (const char* name : {"a", "b", "c", "d"}) {
            policy.actions.push_back(policy.actions[0]);
            policy.actions.back().name = name;
        }
        policy.actions[1].roles = roles_of({RoleKind::alumnus});
        policy.actions[2].value = {{}, {{0, 90}}};
        policy.actions[3].value = {{}, {{0, 0}}};
        const Decision decision = World{policy}.decide(Person{});
        REQUIRE(decision.chosen);
        CHECK(decision.chosen->action == 2);
        REQUIRE(decision.rejections.size() == 4);
        CHECK(decision.rejections[0] == Rejection{0, Rule::outranked, "b", 50});
        CHECK(decision.rejections[1] == Rejection{1, Rule::role, "", {}});
        CHECK(decision.rejections[2] == Rejection{3, Rule::worthless, "", 0});
        CHECK(decision.rejections[3] == Rejection{4, Rule::outranked, "b", 50});
    }

    TEST_CASE("of equal priorities the one that stands first in the playbook is chosen") {
        ActionPolicy policy = one_action();
        policy.actions.push_back(policy.actions[0]);
        policy.actions[1].name = "again";
        CHECK(World{policy}.decide(Person{}).chosen->action == 0);
    }

    TEST_CASE("each rule stops the action and says what failed") {
        ActionPolicy policy = one_action();
        policy.purposes.push_back({"ads", LegalBasis::consent});
        policy.actions[0].conditions = {{"debt", 10, 200}};
        policy.actions[0].gap = days{2};
        policy.caps = {{"weekly", "mail", {}, 1, days{7}}};
        const World world{policy};
        const auto stopped = [&](const std::function<void(Person&)>& change) {
            Person person;
            change(person);
            const Decision decision = world.decide(person);
            CHECK_FALSE(decision.chosen);
            REQUIRE(decision.rejections.size() == 1);
            return decision.rejections[0];
        };
        CHECK(world.decide(Person{}).chosen);
        CHECK(stopped([](Person& p) { p.roles = roles_of({RoleKind::staff}); }) == Rejection{0, Rule::role, "", {}});
        CHECK(stopped([](Person& p) { p.values[1] = 9.0; }) == Rejection{0, Rule::condition, "debt", 9.0});
        CHECK(stopped([](Person& p) { p.values[1] = 200.0; }) == Rejection{0, Rule::condition, "debt", 200.0});
        CHECK(stopped([](Person& p) { p.values[1].reset(); }) == Rejection{0, Rule::unknown_value, "debt", {}});
        CHECK(stopped([](Person& p) { p.zone_known = false; }) == Rejection{0, Rule::zone_unknown, "", {}});
        CHECK(stopped([](Person& p) { p.language.clear(); }) == Rejection{0, Rule::language_unknown, "", {}});
        CHECK(stopped([](Person& p) { p.language = "en"; }) == Rejection{0, Rule::language, "", {}});
        CHECK(stopped([](Person& p) { p.contacts = {{minute(-60), 2, 1, 1}}; }) == Rejection{0, Rule::gap, "", {}});
        CHECK(stopped([](Person& p) {
                  p.contacts = {{minute(-60), 1, 0, 0}};
              }) == Rejection{0, Rule::contact_cap, "weekly", 1});
        CHECK(stopped([](Person& p) { p.response[1] = 0; }) == Rejection{0, Rule::worthless, "", 0});
        policy.actions[0].purpose = "ads";
        CHECK(World{policy}.decide(Person{}).rejections.at(0) == Rejection{0, Rule::legal_basis, "ads", {}});
    }

    TEST_CASE("an action for programmes asks for one of its roles in one of them now") {
        ActionPolicy policy = one_action();
        policy.actions[0].programmes = {"nursing", "law"};
        const World world{policy};
        const auto programme = [&](const char* name) { return world.symbols.programmes.find(name).value(); };
        const auto allowed = [&](model::Role role) {
            Person person;
            person.roles = roles_of({RoleKind::student, RoleKind::alumnus});
            person.periods = {{RoleKind::student, {}, {}, minute(-9), {}}, role};
            return world.decide(person).chosen.has_value();
        };
        CHECK(allowed({RoleKind::student, programme("nursing"), {}, minute(-9), {}}));
        CHECK(allowed({RoleKind::student, programme("law"), {}, minute(0), minute(1)}));
        CHECK_FALSE(allowed({RoleKind::student, programme("logistics"), {}, minute(-9), {}}));
        CHECK_FALSE(allowed({RoleKind::alumnus, programme("law"), {}, minute(-9), {}}));
        CHECK_FALSE(allowed({RoleKind::student, programme("law"), {}, minute(-9), minute(0)}));
        CHECK_FALSE(allowed({RoleKind::student, programme("law"), {}, minute(1), {}}));
        Person unknown;  // periods that were not handed over are no proof
        CHECK(world.decide(unknown).rejections.at(0) == Rejection{0, Rule::role, "", {}});
    }

    TEST_CASE("without zone or language nobody is contacted, by no action") {
        ActionPolicy policy = alloquy::support::test_playbook().actions;
        model::Symbols symbols;
        const std::vector<std::string_view> names{"engagement", "days_to_obligation", "open_complaints"};
        const Decider decider{policy, alloquy::support::test_playbook().channels, names, symbols};
        Person person;
        person.values = {0.2, 3.0, 0.0};
        person.response.assign(5, 1);
        CHECK(decider.decide(person.subject(), minute(0), hash).weighed.size() == 3);
        person.zone_known = false;
        CHECK(decider.decide(person.subject(), minute(0), hash).weighed.empty());
        person.zone_known = true;
        person.language.clear();
        CHECK(decider.decide(person.subject(), minute(0), hash).weighed.empty());
    }

    TEST_CASE("of two columns, one unknown and one outside, the rule that is tried first speaks") {
        // Rule's own order: condition stands before unknown_value.
        ActionPolicy policy = one_action();
        policy.actions[0].conditions = {{"score", 0, {}}, {"debt", 0, 10}};
        Person person;
        person.values = {std::nullopt, 100.0};
        CHECK(World{policy}.decide(person).rejections.at(0) == Rejection{0, Rule::condition, "debt", 100.0});
    }

    TEST_CASE("a range holds its lower bound but not its upper one, and never a value that is no number") {
        ActionPolicy policy = one_action();
        policy.actions[0].conditions = {{"score", 1, 2}};
        const World world{policy};
        Person person;
        for (const auto& [value, holds] :
             std::map<double, bool>{{0.999, false}, {1, true}, {1.999, true}, {2, false}}) {
            person.values[0] = value;
            CHECK(world.decide(person).chosen.has_value() == holds);
        }
        person.values[0] = std::numeric_limits<double>::quiet_NaN();
        CHECK_FALSE(world.decide(person).chosen);
    }

    TEST_CASE("a cap counts the contacts in (now - window, now]") {
        ActionPolicy policy = one_action();
        policy.caps = {{"weekly", {}, {}, 1, days{7}}};
        const World world{policy};
        const Instant now = minute(0);
        const auto allowed = [&](Instant contact) {
            Person person;
            person.contacts = {{contact, 1, 1, 0}};
            return world.decide(person, now).chosen.has_value();
        };
        CHECK(allowed(now - days{7}));
        CHECK_FALSE(allowed(now - days{7} + milliseconds{1}));
        CHECK_FALSE(allowed(now - milliseconds{1}));
        CHECK_FALSE(allowed(now));
        CHECK(allowed(now + milliseconds{1}));
    }

    TEST_CASE("a gap ends when its time is over") {
        ActionPolicy policy = one_action();
        policy.actions[0].gap = days{3};
        const World world{policy};
        Person person;
        person.contacts = {{minute(0) - days{3} + milliseconds{1}, 3, 1, 1}};
        CHECK_FALSE(world.decide(person).chosen);
        person.contacts[0].at = minute(0) - days{3};
        CHECK(world.decide(person).chosen);
        person.contacts[0] = {minute(-1), 1, 1, 0};  // another action
        CHECK(world.decide(person).chosen);
    }

    TEST_CASE("a cap with channel and purpose counts only such contacts and holds only for such actions") {
        ActionPolicy policy = one_action();
        policy.purposes.push_back({"study", LegalBasis::public_task});
        policy.actions.push_back(policy.actions[0]);
        policy.actions[1].name = "advise";
        policy.actions[1].purpose = "study";
        policy.actions.push_back(policy.actions[0]);
        policy.actions[2].name = "ring";
        policy.actions[2].variants = {{"phone", "nl"}};
        policy.caps = {{"fees by mail", "mail", "fees", 2, days{7}}};
        const World world{policy};
        Person person;
        person.contacts = {{minute(-5), 1, 1, 0}, {minute(-4), 1, 2, 0}, {minute(-3), 2, 1, 0}, {minute(-2), 0, 1, 0}};
        CHECK(world.decide(person).weighed.size() == 3);  // one contact counts
        person.contacts.push_back({minute(-1), 1, 1, 0});
        const Decision decision = world.decide(person);
        CHECK(decision.weighed.size() == 2);
        CHECK(decision.rejections.at(0) == Rejection{0, Rule::contact_cap, "fees by mail", 2});
    }

    TEST_CASE("a cap of none allows none") {
        ActionPolicy policy = one_action();
        policy.caps = {{"silence", {}, {}, 0, days{1}}};
        CHECK(World{policy}.decide(Person{}).rejections.at(0) == Rejection{0, Rule::contact_cap, "silence", 0});
    }

    TEST_CASE("the variant that got furthest speaks for the action") {
        ActionPolicy policy = one_action();
        policy.actions[0].variants = {{"mail", "nl"}, {"phone", "en"}, {"portal", "nl"}};
        policy.caps = {{"no mail", "mail", {}, 0, days{1}}};
        Person person;
        person.response = {1, 1, 1, 0};
        // nl by mail: cap; en: language; nl by portal: worthless, the last rule.
        CHECK(World{policy}.decide(person).rejections.at(0) == Rejection{0, Rule::worthless, "", 0});
        person.language = "en-GB";
        policy.actions[0].variants[1].channel = "mail";
        CHECK(World{policy}.decide(person).rejections.at(0) == Rejection{0, Rule::contact_cap, "no mail", 0});
    }

    TEST_CASE("a slow reading of the rules finds the same candidates and the same first failing rules") {
        std::map<Rule, int> seen;
        int candidates = 0;
        for (std::uint64_t seed = 0; seed < 1500; ++seed) {
            CAPTURE(seed);
            Random random{seed};
            const World world{random_policy(random)};
            const ActionPolicy& policy = world.decider.policy();
            const alloquy::support::SlowWorld slow{policy, channels, columns, world.symbols};
            for (int i = 0; i < 12; ++i) {
                const Instant now = minute(100);
                const Person person = random_person(random, world, now);
                const Subject subject = person.subject();
                const Decision decision = world.decider.decide(subject, now, hash);
                double highest = 0;
                for (std::uint32_t a = 0; a < policy.actions.size(); ++a) {
                    CAPTURE(a);
                    const auto expected = slow_weigh(slow, policy.actions[a], subject, now);
                    const auto candidate = std::find_if(decision.weighed.begin(), decision.weighed.end(),
                                                        [&](const Candidate& c) { return c.action == a; });
                    const auto rejection = std::find_if(decision.rejections.begin(), decision.rejections.end(),
                                                        [&](const Rejection& r) { return r.action == a; });
                    REQUIRE((candidate != decision.weighed.end()) == !expected.best.empty());
                    if (!expected.best.empty()) {
                        ++candidates;
                        highest = std::max(highest, candidate->priority);
                        REQUIRE(candidate->priority == doctest::Approx(expected.priority).epsilon(1e-12));
                        REQUIRE(candidate->priority ==
                                candidate->factors.propensity * candidate->factors.value * candidate->factors.lever);
                        REQUIRE(std::find(expected.best.begin(), expected.best.end(), candidate->variant) !=
                                expected.best.end());
                        const bool is_chosen = decision.chosen->action == a;
                        REQUIRE((rejection == decision.rejections.end()) == is_chosen);
                        if (!is_chosen) {
                            REQUIRE(rejection->rule == Rule::outranked);
                            REQUIRE(rejection->detail == policy.actions[decision.chosen->action].name);
                            REQUIRE(rejection->found == candidate->priority);
                        }
                    } else {
                        REQUIRE(rejection != decision.rejections.end());
                        if (expected.is_disputed) continue;
                        REQUIRE(rejection->rule == expected.failures.front().rule);
                        REQUIRE(std::any_of(expected.failures.begin(), expected.failures.end(), [&](const auto& f) {
                            return f.detail == rejection->detail && f.found == rejection->found;
                        }));
                        ++seen[rejection->rule];
                    }
                }
                REQUIRE(decision.chosen.has_value() == (highest > 0));
                if (decision.chosen) REQUIRE(decision.chosen->priority == highest);
                REQUIRE(std::is_sorted(decision.weighed.begin(), decision.weighed.end(),
                                       [](const auto& a, const auto& b) { return a.priority > b.priority; }));
            }
        }
        CHECK(candidates > 500);
        for (const Rule rule :
             {Rule::role, Rule::condition, Rule::unknown_value, Rule::zone_unknown, Rule::language_unknown,
              Rule::language, Rule::legal_basis, Rule::gap, Rule::contact_cap, Rule::worthless}) {
            CAPTURE(model::name_of(rule));
            CHECK(seen[rule] > 20);  // else the comparison above says little about it
        }
    }

    TEST_CASE("an account of no choice says of each candidate why, also where no minutes are concerned") {
        ActionPolicy policy = one_action();
        policy.pools.clear();  // the only variant is a bot's
        const World world{policy};
        const Person person;
        const Decision decision = world.decider.explain(person.subject(), minute(0), hash, std::nullopt);
        CHECK_FALSE(decision.chosen);
        REQUIRE(decision.rejections.size() == 1);
        CHECK(decision.rejections[0].detail.empty());
    }

    TEST_CASE("candidates before the chosen one are stopped by capacity, those after it outranked") {
        ActionPolicy policy = one_action();
        for (const double euros : {90.0, 70.0}) {
            policy.actions.push_back(policy.actions[0]);
            policy.actions.back().name = "at " + std::to_string(static_cast<int>(euros));
            policy.actions.back().value = {{}, {{0, euros}}};
            policy.actions.back().variants = {{"phone", "nl", ExecutorKind::team, "desk", 5}};
        }
        const World world{policy};
        const Person person;
        const Decision alone = world.decider.decide(person.subject(), minute(0), hash);
        REQUIRE(alone.weighed.size() == 3);
        const Decision decision = world.decider.explain(person.subject(), minute(0), hash, alone.weighed[1]);
        // What was never on offer cannot have been chosen.
        Candidate other = alone.weighed[1];
        other.priority += 1;
        CHECK_THROWS_AS((void)world.decider.explain(person.subject(), minute(0), hash, other),
                        alloquy::InvalidArgument);
        REQUIRE(decision.chosen);
        CHECK(decision.chosen->action == 2);
        REQUIRE(decision.rejections.size() == 2);
        CHECK(decision.rejections[0] == Rejection{0, Rule::outranked, "at 70", 50});
        CHECK(decision.rejections[1] == Rejection{1, Rule::capacity, "desk", 90});
    }

    TEST_CASE("no rule looks further back than the longest window or gap") {
        ActionPolicy policy = one_action();
        CHECK(World{policy}.decider.longest_window() == Duration::zero());
        policy.caps = {{"a", {}, {}, 1, days{7}}, {"b", {}, {}, 1, days{30}}};
        CHECK(World{policy}.decider.longest_window() == days{30});
        policy.actions[0].gap = days{90};
        CHECK(World{policy}.decider.longest_window() == days{90});
    }

    TEST_CASE("names have 1-based positions, 0 where there is none") {
        ActionPolicy policy = one_action();
        policy.purposes.push_back({"study", LegalBasis::public_task});
        policy.actions.push_back(policy.actions[0]);
        policy.actions[1].name = "advise";
        policy.actions[1].purpose = "study";
        const World world{policy};
        CHECK(world.decider.action_number("remind") == 1);
        CHECK(world.decider.action_number("advise") == 2);
        CHECK(world.decider.action_number("other") == 0);
        CHECK(world.decider.purpose_number("study") == 2);
        CHECK(world.decider.purpose_of_action(1) == 1);
        CHECK(world.decider.purpose_of_action(2) == 2);
    }

    TEST_CASE("an inconsistent policy is refused, and the text names the entry") {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double infinity = std::numeric_limits<double>::infinity();
        const auto names = [](const std::string& text, const std::string& what, const std::string& name) {
            CAPTURE(text);
            CHECK(text.find(what) != std::string::npos);
            CHECK(text.find("'" + name + "'") != std::string::npos);
        };
        CHECK(refusal([](ActionPolicy&) {}).empty());
        names(refusal([](ActionPolicy& p) { p.purposes.push_back(p.purposes[0]); }), "purpose", "fees");
        names(refusal([](ActionPolicy& p) { p.pools.push_back(p.pools[0]); }), "pool", "desk");
        names(refusal([](ActionPolicy& p) { p.caps.push_back(p.caps[0]); }), "contact cap", "weekly");
        names(refusal([](ActionPolicy& p) { p.actions.push_back(p.actions[0]); }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].name.clear(); }), "action", "");
        for (const double bad : {-1.0, nan, infinity}) {
            names(refusal([&](ActionPolicy& p) { p.pools[0].minutes = bad; }), "pool", "desk");
            names(refusal([&](ActionPolicy& p) { p.actions[0].lever = bad; }), "action", "remind");
            names(refusal([&](ActionPolicy& p) { p.actions[0].value.points[0].euros = bad; }), "action", "remind");
            names(refusal([&](ActionPolicy& p) { p.actions[0].variants[0].minutes = bad; }), "action", "remind");
        }
        for (const double bad : {-0.1, 1.1, nan}) {
            names(refusal([&](ActionPolicy& p) { p.actions[0].propensity = bad; }), "action", "remind");
        }
        names(refusal([](ActionPolicy& p) { p.caps[0].window = Duration{0}; }), "contact cap", "weekly");
        names(refusal([](ActionPolicy& p) { p.caps[0].channel = "fax"; }), "contact cap", "weekly");
        names(refusal([](ActionPolicy& p) { p.caps[0].purpose = "fun"; }), "contact cap", "weekly");
        names(refusal([](ActionPolicy& p) { p.actions[0].purpose = "fun"; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].roles = {}; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].gap = Duration{0}; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].conditions = {{"score", {}, {}}}; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].conditions = {{"shoe size", 1, {}}}; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].value.column = "shoe size"; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].value.points.clear(); }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].value = {"score", {{1, 1}, {1, 2}}}; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].value = {"score", {{2, 1}, {1, 2}}}; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].variants.clear(); }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].variants[0].language.clear(); }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].variants[0].channel = "fax"; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].variants[0].minutes = 5; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].variants[0].pool = "desk"; }), "action", "remind");
        names(refusal([](ActionPolicy& p) { p.actions[0].variants[0].executor = ExecutorKind::team; }), "action",
              "remind");
        names(refusal([](ActionPolicy& p) {
                  p.actions[0].variants[0] = {"mail", "nl", ExecutorKind::team, "attic", 5};
              }),
              "action", "remind");
    }

    TEST_CASE("bounds of conditions and points of values must be numbers") {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        CHECK_FALSE(refusal([&](ActionPolicy& p) { p.actions[0].conditions = {{"score", nan, {}}}; }).empty());
        CHECK_FALSE(refusal([&](ActionPolicy& p) { p.actions[0].conditions = {{"score", {}, nan}}; }).empty());
        CHECK_FALSE(refusal([&](ActionPolicy& p) { p.actions[0].value = {"score", {{nan, 1}}}; }).empty());
    }
}
