#include <alloquy/model/person.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

#include "../support/facts.hpp"

namespace model = alloquy::model;
using alloquy::DialogueId;
using alloquy::OrganisationId;
using alloquy::PersonId;
using alloquy::support::minute;
using model::ConsentDecision;
using model::DialogueStep;
using model::ObligationStep;
using model::RelationKind;
using model::RoleKind;

namespace {

/// A person into whom facts are folded one by one, in order.
struct Folded {
    model::Symbols symbols{};
    model::Person person{PersonId{7}};
    int facts = 0;

    void say(std::int64_t at_minute, model::FactContent content) {
        model::apply(person,
                     alloquy::support::make_fact(symbols, person.id, minute(at_minute), std::to_string(++facts),
                                                 std::move(content)),
                     symbols);
    }
    void consent(std::int64_t at_minute, ConsentDecision decision, std::string version = {},
                 std::optional<model::Channel> channel = {}) {
        say(at_minute,
            model::ConsentStatement{symbols.purposes.intern("marketing"), channel, decision, std::move(version)});
    }
    void attribute(std::int64_t at_minute, std::string_view name, model::AttributeValue value) {
        say(at_minute, model::AttributeStatement{{{symbols.attributes.intern(name), std::move(value)}}});
    }
    void dialogue(std::int64_t at_minute, DialogueStep step, std::optional<model::Team> team = {},
                  std::optional<model::Tone> tone = {}, std::int64_t id = 1) {
        say(at_minute, model::DialogueChange{DialogueId{id}, step, team, {}, tone});
    }
};

}  // namespace

TEST_SUITE("model/person") {
    TEST_CASE("an interaction changes nothing") {
        Folded folded;
        folded.say(1, model::Interaction{folded.symbols.channels.intern("mail"), model::Act::replied,
                                         model::Direction::inbound});
        CHECK(folded.person == model::Person{PersonId{7}});
    }

    TEST_CASE("the instant of the last fact is kept") {
        Folded folded;
        folded.attribute(3, "credits", 10.0);
        CHECK(folded.person.latest_at == minute(3));
        folded.attribute(9, "credits", 11.0);
        CHECK(folded.person.latest_at == minute(9));
    }

    TEST_CASE("a role begins, ends and begins again as a new period") {
        Folded folded;
        const auto nursing = folded.symbols.programmes.intern("nursing");
        const auto law = folded.symbols.programmes.intern("law");
        folded.say(10, model::RoleChange{RoleKind::student, nursing, {}, false});
        folded.say(20, model::RoleChange{RoleKind::student, nursing, {}, false});  // runs already
        folded.say(25, model::RoleChange{RoleKind::student, law, {}, false});      // another programme, beside it
        folded.say(30, model::RoleChange{RoleKind::student, nursing, {}, true});
        folded.say(40, model::RoleChange{RoleKind::student, nursing, {}, true});  // ended already
        folded.say(50, model::RoleChange{RoleKind::student, nursing, {}, false});
        REQUIRE(folded.person.roles.size() == 3);
        CHECK(folded.person.roles[0] == model::Role{RoleKind::student, nursing, {}, minute(10), minute(30)});
        CHECK(folded.person.roles[1] == model::Role{RoleKind::student, law, {}, minute(25), {}});
        CHECK(folded.person.roles[2] == model::Role{RoleKind::student, nursing, {}, minute(50), {}});
    }

    TEST_CASE("site and programme tell roles apart, also by their absence") {
        Folded folded;
        const auto north = folded.symbols.sites.intern("north");
        folded.say(10, model::RoleChange{RoleKind::staff, {}, north, false});
        folded.say(11, model::RoleChange{RoleKind::staff, {}, {}, false});
        folded.say(12, model::RoleChange{RoleKind::staff, {}, {}, true});
        REQUIRE(folded.person.roles.size() == 2);
        CHECK_FALSE(folded.person.roles[0].end_exclusive);
        CHECK(folded.person.roles[1].end_exclusive == minute(12));
    }

    TEST_CASE("the end of a role that was never seen to begin makes an empty period") {
        Folded folded;
        folded.say(10, model::RoleChange{RoleKind::student, {}, {}, true});
        REQUIRE(folded.person.roles.size() == 1);
        CHECK(folded.person.roles[0] == model::Role{RoleKind::student, {}, {}, minute(10), minute(10)});
        CHECK(model::current_roles(folded.person, minute(10)).is_empty());
    }

    TEST_CASE("current roles are those whose period holds the instant") {
        Folded folded;
        folded.say(10, model::RoleChange{RoleKind::applicant, {}, {}, false});
        folded.say(20, model::RoleChange{RoleKind::applicant, {}, {}, true});
        folded.say(20, model::RoleChange{RoleKind::student, {}, {}, false});
        folded.say(25, model::RoleChange{RoleKind::staff, {}, {}, false});
        CHECK(model::current_roles(folded.person, minute(9)).is_empty());
        CHECK(model::current_roles(folded.person, minute(10)).bits() == 0b10);
        CHECK(model::current_roles(folded.person, minute(20)).bits() == 0b100);
        CHECK(model::current_roles(folded.person, minute(25)).bits() == 0b1000'0100);
    }

    TEST_CASE("a typed view is there exactly while its role runs, and shows the period that started last") {
        Folded folded;
        const auto nursing = folded.symbols.programmes.intern("nursing");
        const auto law = folded.symbols.programmes.intern("law");
        const auto south = folded.symbols.sites.intern("south");
        folded.say(10, model::RoleChange{RoleKind::student, nursing, {}, false});
        folded.say(20, model::RoleChange{RoleKind::student, law, south, false});
        folded.say(30, model::RoleChange{RoleKind::student, law, south, true});
        CHECK_FALSE(model::Student::of(folded.person, minute(9)));
        CHECK_FALSE(model::Alumnus::of(folded.person, minute(25)));
        const auto student = model::Student::of(folded.person, minute(25));
        REQUIRE(student);
        CHECK(student->programme() == law);
        CHECK(student->site() == south);
        CHECK(student->age(minute(25)) == std::chrono::minutes{5});
        CHECK(&student->person() == &folded.person);
        CHECK(&student->role() == &folded.person.roles[1]);
        CHECK(model::Student::of(folded.person, minute(30))->programme() == nursing);
    }

    TEST_CASE("attributes replace earlier values of their name; language and zone have places of their own") {
        Folded folded;
        folded.attribute(1, "language", std::string{"nl"});
        folded.attribute(1, "zone", std::string{"Europe/Amsterdam"});
        folded.attribute(2, "region", std::string{"north"});
        folded.attribute(3, "credits", 10.0);
        folded.attribute(4, "region", alloquy::time::Day::from_ymd(2026, 1, 2));
        CHECK(folded.person.language == "nl");
        CHECK(folded.person.zone == "Europe/Amsterdam");
        REQUIRE(folded.person.attributes.size() == 2);
        const auto* const region = model::attribute(folded.person, folded.symbols.attributes.intern("region"));
        REQUIRE(region != nullptr);
        CHECK(std::get<alloquy::time::Day>(*region) == alloquy::time::Day::from_ymd(2026, 1, 2));
        CHECK(model::attribute(folded.person, folded.symbols.attributes.intern("unheard")) == nullptr);
        folded.attribute(5, "credits", std::monostate{});
        CHECK(std::holds_alternative<std::monostate>(
            *model::attribute(folded.person, folded.symbols.attributes.intern("credits"))));
        folded.attribute(6, "language", std::monostate{});
        folded.attribute(6, "zone", 3.0);  // no text, so no zone
        CHECK(folded.person.language.empty());
        CHECK(folded.person.zone.empty());
    }

    TEST_CASE("within one statement the later entry of a name wins") {
        Folded folded;
        const auto credits = folded.symbols.attributes.intern("credits");
        folded.say(1, model::AttributeStatement{{{credits, 1.0}, {credits, 2.0}}});
        CHECK(std::get<double>(*model::attribute(folded.person, credits)) == 2);
    }

    TEST_CASE("the later word about consent wins, and carries its wording") {
        Folded folded;
        folded.consent(1, ConsentDecision::given, "v1");
        REQUIRE(folded.person.consents.size() == 1);
        CHECK(folded.person.consents[0].given);
        CHECK(folded.person.consents[0].text_version == "v1");
        folded.consent(2, ConsentDecision::withdrawn, "v2");
        CHECK_FALSE(folded.person.consents[0].given);
        CHECK(folded.person.consents[0].given_at == minute(2));
        CHECK(folded.person.consents[0].text_version == "v2");
        folded.consent(3, ConsentDecision::given, "v3");
        CHECK(folded.person.consents[0].given);
        CHECK(folded.person.consents[0].changed_at == minute(3));
    }

    TEST_CASE("an objection stands beside consent and leaves it as it was") {
        Folded folded;
        folded.consent(1, ConsentDecision::given, "v1");
        folded.consent(2, ConsentDecision::objected, "v2");
        const auto& state = folded.person.consents.at(0);
        CHECK(state.given);
        CHECK(state.objected);
        CHECK(state.given_at == minute(1));
        CHECK(state.changed_at == minute(2));
        CHECK(state.text_version == "v1");
        folded.consent(3, ConsentDecision::given, "v3");
        CHECK(folded.person.consents[0].objected);  // only its withdrawal ends an objection
        folded.consent(4, ConsentDecision::objection_withdrawn);
        CHECK_FALSE(folded.person.consents[0].objected);
        CHECK(folded.person.consents[0].given);
        CHECK(folded.person.consents[0].given_at == minute(3));
        folded.consent(5, ConsentDecision::withdrawn);
        folded.consent(6, ConsentDecision::objected);
        folded.consent(7, ConsentDecision::objection_withdrawn);
        CHECK_FALSE(folded.person.consents[0].given);  // nor is the withdrawal of an objection a consent
    }

    TEST_CASE("without a word about consent there is no given_at") {
        Folded folded;
        folded.consent(1, ConsentDecision::objected);
        CHECK_FALSE(folded.person.consents.at(0).given_at.has_value());
        CHECK(folded.person.consents.at(0).changed_at == minute(1));
        folded.consent(5, ConsentDecision::objection_withdrawn);
        CHECK_FALSE(folded.person.consents.at(0).given);
        CHECK_FALSE(folded.person.consents.at(0).given_at.has_value());
        CHECK(folded.person.consents.at(0).changed_at == minute(5));
    }

    TEST_CASE("each purpose and channel has a state of its own") {
        Folded folded;
        const auto mail = folded.symbols.channels.intern("mail");
        folded.consent(1, ConsentDecision::given);
        folded.consent(2, ConsentDecision::withdrawn, {}, mail);
        folded.say(3, model::ConsentStatement{folded.symbols.purposes.intern("research"), {}, ConsentDecision::given});
        REQUIRE(folded.person.consents.size() == 3);
        CHECK(folded.person.consents[0].given);
        CHECK_FALSE(folded.person.consents[1].given);
        CHECK(folded.person.consents[1].channel == mail);
        CHECK(folded.person.consents[2].purpose == folded.symbols.purposes.intern("research"));
    }

    TEST_CASE("a relation begins, ends and begins again; ends without a beginning leave nothing") {
        Folded folded;
        const model::RelationEnd employer = OrganisationId{4};
        folded.say(1, model::RelationChange{RelationKind::works_at, employer, true});
        CHECK(folded.person.relations.empty());
        folded.say(2, model::RelationChange{RelationKind::works_at, employer, false});
        folded.say(3, model::RelationChange{RelationKind::works_at, employer, false});
        folded.say(4, model::RelationChange{RelationKind::works_at, employer, true});
        folded.say(5, model::RelationChange{RelationKind::works_at, employer, false});
        folded.say(6, model::RelationChange{RelationKind::works_at, PersonId{4}, false});  // another other end
        REQUIRE(folded.person.relations.size() == 3);
        CHECK(folded.person.relations[0] == model::Relation{RelationKind::works_at, employer, minute(2), minute(4)});
        CHECK(folded.person.relations[1] == model::Relation{RelationKind::works_at, employer, minute(5), {}});
        CHECK(folded.person.relations[2].other == model::RelationEnd{PersonId{4}});
    }

    TEST_CASE("both people see the same relation from a fact and its mirror") {
        Folded guardian;
        const auto fact =
            alloquy::support::make_fact(guardian.symbols, PersonId{7}, minute(3), "r",
                                        model::RelationChange{RelationKind::guardian_of, PersonId{8}, false});
        model::Person ward{PersonId{8}};
        model::apply(guardian.person, fact, guardian.symbols);
        model::apply(ward, *model::mirrored(fact), guardian.symbols);
        CHECK(ward.relations.at(0) == model::Relation{RelationKind::ward_of, PersonId{7}, minute(3), {}});
        CHECK(guardian.person.relations.at(0) ==
              model::Relation{RelationKind::guardian_of, PersonId{8}, minute(3), {}});
    }

    TEST_CASE("a dialogue goes from opening to the person's confirmation and may come back") {
        Folded folded;
        const auto desk = folded.symbols.teams.intern("desk");
        const auto coaches = folded.symbols.teams.intern("coaches");
        folded.dialogue(1, DialogueStep::opened, {}, model::Tone::complaint);
        folded.dialogue(2, DialogueStep::assigned, desk);
        folded.dialogue(3, DialogueStep::pending);
        folded.dialogue(4, DialogueStep::solved);
        REQUIRE(folded.person.dialogues.size() == 1);
        const model::Dialogue& dialogue = folded.person.dialogues[0];
        CHECK(dialogue.is_open());  // only the person closes it
        CHECK(dialogue.team == desk);
        CHECK(dialogue.tone == model::Tone::complaint);
        folded.dialogue(5, DialogueStep::reopened, coaches);
        folded.dialogue(6, DialogueStep::solved);
        folded.dialogue(7, DialogueStep::reopened);
        CHECK(dialogue.times_reopened == 2);
        CHECK(dialogue.team == coaches);
        folded.dialogue(8, DialogueStep::confirmed, {}, model::Tone::compliment);
        CHECK_FALSE(dialogue.is_open());
        CHECK(dialogue.opened_at == minute(1));
        CHECK(dialogue.changed_at == minute(8));
        CHECK(dialogue.tone == model::Tone::compliment);
        folded.dialogue(9, DialogueStep::opened, {}, {}, 2);
        CHECK(folded.person.dialogues.size() == 2);
    }

    TEST_CASE("an enrolment holds the last status of each programme") {
        Folded folded;
        const auto nursing = folded.symbols.programmes.intern("nursing");
        const auto law = folded.symbols.programmes.intern("law");
        folded.say(1, model::EnrolmentChange{nursing, model::EnrolmentStatus::applied});
        folded.say(2, model::EnrolmentChange{law, model::EnrolmentStatus::enrolled});
        folded.say(3, model::EnrolmentChange{nursing, model::EnrolmentStatus::admitted});
        REQUIRE(folded.person.enrolments.size() == 2);
        CHECK(folded.person.enrolments[0] == model::Enrolment{nursing, model::EnrolmentStatus::admitted, minute(3)});
        CHECK(folded.person.enrolments[1] == model::Enrolment{law, model::EnrolmentStatus::enrolled, minute(2)});
    }

    TEST_CASE("a duty keeps its deadline until another is named; kind and item tell duties apart") {
        Folded folded;
        const auto fee = folded.symbols.obligations.intern("fee");
        const auto form = folded.symbols.obligations.intern("form");
        folded.say(1, model::ObligationChange{fee, "a", ObligationStep::opened, minute(100)});
        folded.say(2, model::ObligationChange{fee, "b", ObligationStep::opened, {}});
        folded.say(3, model::ObligationChange{form, "a", ObligationStep::opened, minute(300)});
        folded.say(4, model::ObligationChange{fee, "a", ObligationStep::fulfilled, {}});
        folded.say(5, model::ObligationChange{form, "a", ObligationStep::waived, minute(400)});
        REQUIRE(folded.person.obligations.size() == 3);
        CHECK(folded.person.obligations[0] ==
              model::Obligation{fee, "a", ObligationStep::fulfilled, minute(100), minute(4)});
        CHECK_FALSE(folded.person.obligations[0].is_open());
        CHECK(folded.person.obligations[1].is_open());
        CHECK_FALSE(folded.person.obligations[1].due);
        CHECK(folded.person.obligations[2].due == minute(400));
        CHECK_FALSE(folded.person.obligations[2].is_open());
        folded.say(6, model::ObligationChange{fee, "a", ObligationStep::opened, {}});
        CHECK(folded.person.obligations[0].is_open());
    }

    TEST_CASE("every result is kept with its day, also of one assessment taken twice") {
        Folded folded;
        const auto exam = folded.symbols.assessments.intern("exam");
        folded.say(1, model::Result{exam, 0.25});
        folded.say(2, model::Result{exam, 0.75});
        REQUIRE(folded.person.results.size() == 2);
        CHECK(folded.person.results[0] == model::DatedResult{exam, 0.25, minute(1)});
        CHECK(folded.person.results[1] == model::DatedResult{exam, 0.75, minute(2)});
    }
}
