// What a condition sees of the state of a person: roles, consents, relations, obligations, dialogues, enrolments,
// lists and segments.

#include <alloquy/segment/evaluate.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/id.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/model/person.hpp>
#include <alloquy/time/instant.hpp>

#include "evaluate_support.hpp"

using namespace alloquy::segment;
using namespace evaluate_test;
using model::RoleKind;
using std::chrono::milliseconds;

TEST_SUITE("segment/evaluate_state") {
    TEST_CASE("a role runs from its start up to, but not at, its end") {
        const Instant start = at("2025-09-01T00:00Z");
        const Instant end = at("2026-09-01T00:00Z");
        Person person = with(model::Role{RoleKind::student, {}, {}, start, end});
        const auto check_at = [&](Instant now, bool current, bool former, bool ever) {
            person.instant = now;
            CHECK(is_true("role student", person) == current);
            CHECK(is_true("current role student", person) == current);
            CHECK(is_true("role", person) == current);
            CHECK(is_true("former role student", person) == former);
            CHECK(is_true("ever role student", person) == ever);
            CHECK_FALSE(is_true("ever role staff", person));
        };
        check_at(start - milliseconds{1}, false, false, false);
        check_at(start, true, false, true);
        check_at(start + milliseconds{1}, true, false, true);
        check_at(end - milliseconds{1}, true, false, true);
        check_at(end, false, true, true);
        check_at(end + milliseconds{1}, false, true, true);
        person.state.roles[0].end_exclusive.reset();
        check_at(end, true, false, true);
        check_at(Instant::latest(), true, false, true);
        // A role without length never runs; it is over as soon as it begins.
        person.state.roles[0].end_exclusive = start;
        check_at(start - milliseconds{1}, false, false, false);
        check_at(start, false, true, true);
        CHECK_FALSE(is_true("ever role", Person{}));
    }

    TEST_CASE("programme, site, kind and period are those of one role") {
        Person person = with(model::Role{RoleKind::student, programme(1), site(1), at("2025-09-01T00:00Z"), {}});
        CHECK(is_true("role of \"nursing\"", person));
        CHECK(is_true("role of (\"law\", \"nursing\")", person));
        CHECK_FALSE(is_true("role of \"law\"", person));
        CHECK_FALSE(is_true("role of \"Nursing\"", person));
        CHECK(is_true("role student of \"nursing\" at \"Zwolle\"", person));
        CHECK_FALSE(is_true("role student of \"nursing\" at \"Ede\"", person));
        CHECK_FALSE(is_true("role staff at \"Zwolle\"", person));
        CHECK_FALSE(is_true("role of \"unheard of\"", person));
        person.state.roles.push_back(
            {RoleKind::staff, programme(2), site(2), at("2020-01-01T00:00Z"), at("2021-01-01T00:00Z")});
        CHECK_FALSE(is_true("role staff", person));
        CHECK(is_true("former role staff of \"law\" at \"Ede\"", person));
        CHECK_FALSE(is_true("ever role student of \"law\"", person));
        CHECK_FALSE(is_true("ever role of \"nursing\" at \"Ede\"", person));
        CHECK_FALSE(is_true("former role student", person));
        // A role that has no programme or site is of none.
        const Person bare = with(model::Role{RoleKind::prospect, {}, {}, at("2025-09-01T00:00Z"), {}});
        CHECK(is_true("role prospect", bare));
        CHECK_FALSE(is_true("role of \"nursing\"", bare));
        CHECK_FALSE(is_true("role at \"Zwolle\"", bare));
    }

    TEST_CASE("consents and segments are what the subject says") {
        Person person;
        const Instant then = at("2026-01-01T00:00Z");
        const model::Channel sms = words().channels.intern("sms");
        person.state.consents = {{words().purposes.intern("news"), {}, true, false, {}, then, then, {}},
                                 {words().purposes.intern("fees"), sms, false, true, then, {}, then, {}}};
        person.segments = {"quiet"};
        CHECK(is_true("consent to \"news\"", person));
        CHECK_FALSE(is_true("objection to \"news\"", person));
        CHECK(is_true("consent to \"news\" by \"sms\"", person));  // what is said of every channel covers each
        CHECK_FALSE(is_true("consent to \"fees\"", person));
        CHECK(is_true("objection to \"fees\" by \"sms\"", person));
        CHECK_FALSE(is_true("objection to \"fees\"", person));
        CHECK(is_true("in segment \"quiet\"", person));
        CHECK_FALSE(is_true("in segment \"loud\"", person));
        CHECK(is_true("not in segment \"loud\"", person));
    }

    TEST_CASE("roles are counted by kind, programme, site and period") {
        Person person = with(model::Role{RoleKind::student, programme(1), site(1), at("2025-09-01T00:00Z"), {}});
        person.state.roles.push_back({RoleKind::student, programme(2), site(1), at("2025-09-01T00:00Z"), {}});
        person.state.roles.push_back(
            {RoleKind::student, programme(1), {}, at("2020-09-01T00:00Z"), at("2021-09-01T00:00Z")});
        person.state.roles.push_back({RoleKind::staff, {}, {}, at("2027-01-01T00:00Z"), {}});
        CHECK(is_true("count of roles = 2", person));
        CHECK(is_true("count of current roles student = 2", person));
        CHECK(is_true("count of current role student of \"nursing\" = 1", person));
        CHECK(is_true("count of former roles student = 1", person));
        CHECK(is_true("count of ever roles = 3", person));
        CHECK(is_true("count of ever roles of \"nursing\" between 2 and 2", person));
        CHECK(is_true("count of current roles at (\"Zwolle\", \"Ede\") in (2, 3)", person));
        CHECK(is_true("count of current roles staff = 0", person));
        CHECK(is_true("count of current roles staff is known", person));
        CHECK(is_true("count of ever roles = 0", Person{}));
        CHECK(is_true_at("count of current roles = 1", person, at("2021-08-31T23:59:59.999Z")));
        CHECK(is_true_at("count of current roles = 0", person, at("2021-09-01T00:00Z")));
    }

    TEST_CASE("a relation to a person runs like a role, and its condition is asked of the other one") {
        using model::RelationKind;
        const Instant start = at("2026-03-01T00:00Z");
        const Instant end = at("2026-06-01T00:00Z");
        Person child = with(model::Role{RoleKind::student, programme(1), {}, start, end});
        child.state.id = alloquy::PersonId{2};
        child.values["score"] = 0.25;
        child.segments = {"quiet"};
        child.seen = {contact("2026-04-01T00:00Z")};
        Person person;
        person.others = {child};
        person.state.relations = {{RelationKind::guardian_of, alloquy::PersonId{2}, start, end}};
        const auto check_at = [&](Instant now, bool current, bool former, bool ever) {
            CAPTURE(to_iso(now));
            CHECK(is_true_at("relation to person", person, now) == current);
            CHECK(is_true_at("relation guardian_of to person", person, now) == current);
            CHECK(is_true_at("former relation guardian_of to person", person, now) == former);
            CHECK(is_true_at("ever relation guardian_of to person", person, now) == ever);
            CHECK_FALSE(is_true_at("ever relation ward_of to person", person, now));
            CHECK_FALSE(is_true_at("ever relation to organisation", person, now));
        };
        check_at(start - milliseconds{1}, false, false, false);
        check_at(start, true, false, true);
        check_at(end - milliseconds{1}, true, false, true);
        check_at(end, false, true, true);
        const Instant during = at("2026-04-02T00:00Z");
        const auto of_child = [&](const std::string& condition) {
            return is_true_at("relation guardian_of to person where (" + condition + ')', person, during);
        };
        CHECK(of_child("true"));
        CHECK_FALSE(of_child("false"));
        CHECK(of_child("role student of \"nursing\""));
        CHECK_FALSE(of_child("role student of \"law\""));
        CHECK(of_child("score < 0.3"));
        CHECK_FALSE(of_child("visits < 0.3"));
        CHECK(of_child("not visits < 0.3"));
        CHECK(of_child("in segment \"quiet\""));
        CHECK(of_child("some interactions in last 2 days"));
        CHECK_FALSE(of_child("some interactions in last 1 day"));
        // The guardian's own state is not the child's.
        person.values["visits"] = 0.1;
        CHECK_FALSE(of_child("visits < 0.3"));
        // At the end the child's role is over as well as the relation.
        CHECK(is_true_at("former relation guardian_of to person where former role student", person, end));
        CHECK_FALSE(is_true_at("former relation guardian_of to person where role student", person, end));
        // Nobody knows what holds of somebody who is not there.
        person.state.relations[0].other = alloquy::PersonId{7};
        CHECK_FALSE(of_child("score < 0.3"));
        CHECK_FALSE(of_child("not score < 0.3"));
    }

    TEST_CASE("kind, period and condition are those of one relation") {
        using model::RelationKind;
        Person first;
        first.state.id = alloquy::PersonId{2};
        first.values["score"] = 1.0;
        Person second = first;
        second.state.id = alloquy::PersonId{3};
        second.values["score"] = 2.0;
        Person person;
        person.others = {first, second};
        const Instant then = at("2020-01-01T00:00Z");
        const Instant over = at("2021-01-01T00:00Z");
        person.state.relations = {{RelationKind::mentor_of, alloquy::PersonId{2}, then, {}},
                                  {RelationKind::sibling_of, alloquy::PersonId{3}, then, {}},
                                  {RelationKind::mentor_of, alloquy::PersonId{3}, then, over}};
        CHECK(is_true("relation mentor_of to person where score = 1", person));
        CHECK_FALSE(is_true("relation mentor_of to person where score = 2", person));
        CHECK(is_true("relation sibling_of to person where score = 2", person));
        CHECK(is_true("former relation mentor_of to person where score = 2", person));
        CHECK_FALSE(is_true("former relation mentor_of to person where score = 1", person));
        CHECK(is_true("ever relation mentor_of to person where score = 2", person));
        CHECK(is_true("relation to person where score = 2", person));
        CHECK_FALSE(is_true("former relation sibling_of to person", person));
        CHECK_FALSE(is_true("relation to person where score = 3", person));
    }

    TEST_CASE("a relation to an organisation by its name and kind") {
        using model::OrganisationKind;
        using model::RelationKind;
        const Instant then = at("2020-01-01T00:00Z");
        Person person;
        person.organisations = {{alloquy::OrganisationId{1}, OrganisationKind::employer, "Mill"},
                                {alloquy::OrganisationId{2}, OrganisationKind::school, "Lyceum"}};
        person.state.relations = {
            {RelationKind::works_at, alloquy::OrganisationId{1}, then, {}},
            {RelationKind::partner_of, alloquy::OrganisationId{2}, then, at("2021-01-01T00:00Z")}};
        CHECK(is_true("relation to organisation", person));
        CHECK(is_true("relation works_at to organisation", person));
        CHECK(is_true("relation works_at to organisation \"Mill\"", person));
        CHECK(is_true("relation works_at to organisation (\"Lyceum\", \"Mill\")", person));
        CHECK(is_true("relation works_at to organisation \"Mill\" of kind employer", person));
        CHECK(is_true("relation to organisation of kind employer", person));
        CHECK_FALSE(is_true("relation works_at to organisation \"mill\"", person));
        CHECK_FALSE(is_true("relation works_at to organisation \"Lyceum\"", person));
        CHECK_FALSE(is_true("relation works_at to organisation \"Mill\" of kind school", person));
        CHECK_FALSE(is_true("relation employs to organisation", person));
        CHECK_FALSE(is_true("relation to organisation of kind school", person));
        CHECK(is_true("former relation to organisation of kind school", person));
        CHECK(is_true("former relation partner_of to organisation \"Lyceum\"", person));
        CHECK_FALSE(is_true("former relation to organisation \"Mill\"", person));
        CHECK(is_true("ever relation to organisation \"Lyceum\"", person));
        CHECK_FALSE(is_true("ever relation to person", person));
        // An organisation of which nothing is known has no such name or kind.
        person.organisations.clear();
        CHECK_FALSE(is_true("relation works_at to organisation \"Mill\"", person));
        CHECK_FALSE(is_true("relation works_at to organisation of kind employer", person));
    }

    TEST_CASE("a duty is overdue when its deadline has passed, and due within while it lies ahead") {
        using model::ObligationStep;
        const Instant due = at("2026-06-01T00:00Z");
        const Instant then = at("2026-01-01T00:00Z");
        Person person;
        person.state.obligations = {{words().obligations.intern("fee"), "a", ObligationStep::opened, due, then, {}}};
        const auto check_at = [&](std::int64_t ms, bool overdue, bool within) {
            CAPTURE(ms);
            const Instant now = due + milliseconds{ms};
            CHECK(is_true_at("open obligation", person, now));
            CHECK(is_true_at("open obligation \"fee\"", person, now));
            CHECK_FALSE(is_true_at("open obligation \"intake\"", person, now));
            CHECK(is_true_at("overdue obligation", person, now) == overdue);
            CHECK(is_true_at("overdue obligation (\"intake\", \"fee\")", person, now) == overdue);
            CHECK(is_true_at("open obligation due within 1 hour", person, now) == within);
            CHECK_FALSE(is_true_at("open obligation \"intake\" due within 1 hour", person, now));
            CHECK_FALSE(is_true_at("fulfilled obligation", person, now));
            CHECK_FALSE(is_true_at("waived obligation", person, now));
        };
        check_at(-3'600'001, false, false);
        check_at(-3'600'000, false, true);
        check_at(-1, false, true);
        check_at(0, false, true);
        check_at(1, true, false);
        person.state.obligations[0].due.reset();
        check_at(0, false, false);
        check_at(1, false, false);
        person.state.obligations[0] = {
            words().obligations.intern("fee"), "a", ObligationStep::fulfilled, due, then, {}};
        person.state.obligations.push_back(
            {words().obligations.intern("intake"), "", ObligationStep::waived, due, then, {}});
        for (const Instant now : {then, due, due + milliseconds{1}}) {
            CHECK_FALSE(is_true_at("open obligation", person, now));
            CHECK_FALSE(is_true_at("overdue obligation", person, now));
            CHECK_FALSE(is_true_at("open obligation due within 365 days", person, now));
            CHECK(is_true_at("fulfilled obligation \"fee\"", person, now));
            CHECK(is_true_at("waived obligation \"intake\"", person, now));
            CHECK_FALSE(is_true_at("fulfilled obligation \"intake\"", person, now));
            CHECK_FALSE(is_true_at("waived obligation \"fee\"", person, now));
        }
    }

    TEST_CASE("a dialogue is open until the person confirms; topic, team and tone are those of one") {
        using model::DialogueStep;
        using model::Tone;
        const Instant then = at("2026-01-01T00:00Z");
        const model::Team desk = words().teams.intern("desk");
        const model::Topic housing = words().topics.intern("housing");
        const model::Topic money = words().topics.intern("money");
        Person person;
        for (const DialogueStep step : {DialogueStep::opened, DialogueStep::assigned, DialogueStep::pending,
                                        DialogueStep::solved, DialogueStep::confirmed, DialogueStep::reopened}) {
            CAPTURE(name_of(step));
            person.state.dialogues = {{alloquy::DialogueId{1}, step, then, then, {}, {}, {}, 0}};
            const bool is_open = step != DialogueStep::confirmed;
            CHECK(is_true("open dialogue", person) == is_open);
            CHECK(is_true("closed dialogue", person) == !is_open);
            CHECK_FALSE(is_true("open dialogue about \"housing\"", person));
            CHECK_FALSE(is_true("open dialogue of tone neutral", person));
        }
        person.state.dialogues = {
            {alloquy::DialogueId{1}, DialogueStep::assigned, then, then, desk, housing, Tone::complaint, 0},
            {alloquy::DialogueId{2}, DialogueStep::confirmed, then, then, {}, money, Tone::question, 1}};
        CHECK(is_true("open dialogue about \"housing\" with \"desk\" of tone complaint", person));
        CHECK(is_true("open dialogue about (\"money\", \"housing\") of tone (question, complaint)", person));
        CHECK_FALSE(is_true("open dialogue about \"money\"", person));
        CHECK_FALSE(is_true("open dialogue about \"housing\" of tone question", person));
        CHECK_FALSE(is_true("open dialogue with \"dean\"", person));
        CHECK(is_true("closed dialogue about \"money\" of tone question", person));
        CHECK_FALSE(is_true("closed dialogue with \"desk\"", person));
        CHECK_FALSE(is_true("closed dialogue about \"housing\"", person));
        CHECK_FALSE(is_true("open dialogue", Person{}));
        CHECK_FALSE(is_true("closed dialogue", Person{}));
    }

    TEST_CASE("an enrolment by status and programme") {
        using model::EnrolmentStatus;
        const Instant then = at("2026-01-01T00:00Z");
        Person person;
        person.state.enrolments = {{programme(1), EnrolmentStatus::enrolled, then},
                                   {programme(2), EnrolmentStatus::interrupted, then}};
        CHECK(is_true("enrolment", person));
        CHECK(is_true("enrolment with status enrolled", person));
        CHECK(is_true("enrolment with status (\"passed\", \"interrupted\")", person));
        CHECK(is_true("enrolment of \"nursing\"", person));
        CHECK(is_true("enrolment with status enrolled of \"nursing\"", person));
        CHECK_FALSE(is_true("enrolment with status enrolled of \"law\"", person));
        CHECK(is_true("enrolment with status enrolled of (\"law\", \"nursing\")", person));
        CHECK_FALSE(is_true("enrolment of \"music\"", person));
        CHECK_FALSE(is_true("enrolment with status withdrawn", person));
        CHECK_FALSE(is_true("enrolment", Person{}));
    }

    TEST_CASE(
        "consent is that of the latest statement that covers the channel, and at one instant the one that says no") {
        const model::Purpose news = words().purposes.intern("news");
        const model::Channel sms = words().channels.intern("sms");
        const model::Channel mail = words().channels.intern("mail");
        const Instant early = at("2026-01-01T00:00Z");
        const Instant late = early + milliseconds{1};
        const auto stated = [&](std::optional<model::Channel> channel, bool given, Instant when) {
            return model::ConsentState{news, channel, given, false, {}, when, when, {}};
        };
        const auto check = [&](std::vector<model::ConsentState> consents, bool every, bool by_sms, bool by_mail) {
            Person person;
            person.state.consents = std::move(consents);
            CHECK(is_true("consent to \"news\"", person) == every);
            CHECK(is_true("consent to \"news\" by \"sms\"", person) == by_sms);
            CHECK(is_true("consent to \"news\" by \"mail\"", person) == by_mail);
            CHECK_FALSE(is_true("consent to \"fees\" by \"sms\"", person));
            CHECK_FALSE(is_true("objection to \"news\" by \"sms\"", person));
        };
        check({}, false, false, false);
        check({stated({}, true, early)}, true, true, true);
        check({stated({}, false, early)}, false, false, false);
        check({stated(sms, true, early)}, false, true, false);
        check({stated({}, true, early), stated(sms, false, late)}, true, false, true);
        check({stated({}, true, late), stated(sms, false, early)}, true, true, true);
        check({stated({}, false, late), stated(sms, true, early)}, false, false, false);
        check({stated({}, false, early), stated(sms, true, late)}, false, true, false);
        check({stated({}, true, early), stated(sms, false, early)}, true, false, true);
        check({stated(sms, false, early), stated({}, true, early)}, true, false, true);
        check({stated({}, false, early), stated(sms, true, early)}, false, false, false);
        check({stated(sms, true, early), stated({}, false, early)}, false, false, false);
        check({stated(mail, false, late), stated({}, true, early), stated(sms, true, early)}, true, true, false);
        // A later word about objection is none about consent.
        model::ConsentState objection_withdrawn{news, sms, false, false, late, {}, late, {}};
        check({stated({}, true, early), objection_withdrawn}, true, true, true);
    }

    TEST_CASE("an objection stands for its channel, or for every one") {
        const model::Purpose news = words().purposes.intern("news");
        const model::Channel sms = words().channels.intern("sms");
        const Instant then = at("2026-01-01T00:00Z");
        const auto objects = [&](std::optional<model::Channel> channel) {
            return model::ConsentState{news, channel, false, true, then, {}, then, {}};
        };
        Person person;
        CHECK_FALSE(is_true("objection to \"news\"", person));
        person.state.consents = {objects(sms)};
        CHECK_FALSE(is_true("objection to \"news\"", person));
        CHECK(is_true("objection to \"news\" by \"sms\"", person));
        CHECK_FALSE(is_true("objection to \"news\" by \"mail\"", person));
        CHECK_FALSE(is_true("objection to \"fees\" by \"sms\"", person));
        person.state.consents = {objects({})};
        CHECK(is_true("objection to \"news\"", person));
        CHECK(is_true("objection to \"news\" by \"sms\"", person));
        CHECK(is_true("objection to \"news\" by \"mail\"", person));
        CHECK_FALSE(is_true("consent to \"news\" by \"sms\"", person));
        CHECK(is_true("not consent to \"news\"", person));
    }

    TEST_CASE("on a list is whose attribute of that name is true") {
        const std::string field = "list:open day";
        const auto on = [&](const AttributeValue& value) {
            Person person = with("attribute:" + field, value);
            person.state.attributes = {{words().attributes.intern(field), value}};
            return is_true("on list \"open day\"", person);
        };
        CHECK(on(true));
        CHECK_FALSE(on(false));
        CHECK_FALSE(on(std::monostate{}));
        CHECK_FALSE(on(1.0));
        CHECK_FALSE(on(std::string{"true"}));
        CHECK_FALSE(is_true("on list \"open day\"", Person{}));
        CHECK_FALSE(is_true("on list \"unheard of\"", Person{}));
        Person person;
        person.state.attributes = {{words().attributes.intern("open day"), true}};
        CHECK_FALSE(is_true("on list \"open day\"", person));
    }

    TEST_CASE("was in a segment: at some instant of the window") {
        const Instant in = at("2026-06-10T00:00Z");
        const Instant out = at("2026-06-20T00:00Z");
        Person person;
        person.changes["a"] = {{in, true}, {out, false}};
        const auto was_at = [&](const std::string& window, Instant now) {
            return is_true_at("was in segment \"a\" " + window, person, now);
        };
        const milliseconds ms{1};
        CHECK_FALSE(was_at("", in - ms));
        CHECK(was_at("", in));
        CHECK(was_at("", out));
        CHECK(was_at("", Instant::latest()));
        CHECK_FALSE(was_at("in last 1 day", in - ms));
        CHECK(was_at("in last 1 day", in));
        CHECK(was_at("in last 1 day", at("2026-06-15T00:00Z")));  // it began long before the window
        // The last instant in the segment is 1 ms before the change; (now - 1 day, now] holds it until 2 ms before
        // a day after the change.
        CHECK(was_at("in last 1 day", out + milliseconds{86'400'000 - 2}));
        CHECK_FALSE(was_at("in last 1 day", out + milliseconds{86'400'000 - 1}));
        CHECK(was_at("from 2026-06-10 to 2026-06-10", Instant::latest()));
        CHECK(was_at("from 2026-06-19 to 2026-06-19", Instant::latest()));
        CHECK_FALSE(was_at("from 2026-06-20 to 2026-06-30", Instant::latest()));
        CHECK_FALSE(was_at("from 2026-06-01 to 2026-06-09", Instant::latest()));
        CHECK(was_at("from 2026-06-01 to 2026-06-30", Instant::latest()));
        CHECK_FALSE(was_at("from 2026-07-01", at("2026-06-15T00:00Z")));  // a window to come has no instant yet
        CHECK_FALSE(is_true("was in segment \"b\"", person));
    }

    TEST_CASE("entered and left a segment: a change in the window") {
        const Instant in = at("2026-06-10T00:00Z");
        const Instant out = at("2026-06-20T00:00Z");
        Person person;
        person.changes["a"] = {{in, true}, {out, false}};
        const auto check_at = [&](Instant now, bool entered, bool left) {
            CAPTURE(to_iso(now));
            CHECK(is_true_at("entered segment \"a\" in last 7 days", person, now) == entered);
            CHECK(is_true_at("left segment \"a\" in last 7 days", person, now) == left);
            CHECK_FALSE(is_true_at("entered segment \"b\" in last 7 days", person, now));
        };
        const milliseconds ms{1};
        const milliseconds week{7 * 86'400'000};
        check_at(in - ms, false, false);
        check_at(in, true, false);
        check_at(in + week - ms, true, false);
        check_at(in + week, false, false);
        check_at(out - ms, false, false);
        check_at(out, false, true);
        check_at(out + week - ms, false, true);
        check_at(out + week, false, false);
        CHECK(is_true_at("entered segment \"a\"", person, Instant::latest()));
        CHECK(is_true_at("left segment \"a\"", person, Instant::latest()));
        CHECK_FALSE(is_true_at("left segment \"a\"", person, out - ms));
        CHECK(is_true_at("entered segment \"a\" from 2026-06-10 to 2026-06-10", person, out));
        CHECK_FALSE(is_true_at("entered segment \"a\" from 2026-06-11", person, out));
        CHECK(is_true_at("left segment \"a\" in this month", person, at("2026-06-30T23:59:59.999Z")));
        CHECK(is_true_at("left segment \"a\" in previous month", person, at("2026-07-01T00:00Z")));
    }

    TEST_CASE("in a segment for so long: without a break") {
        const Instant in = at("2026-06-10T00:00Z");
        Person person;
        person.changes["a"] = {{at("2026-05-01T00:00Z"), true}, {in - milliseconds{1}, false}, {in, true}};
        person.segments = {"a"};
        const std::string text = "in segment \"a\" for 14 days";
        CHECK_FALSE(is_true_at(text, person, in));
        CHECK_FALSE(is_true_at(text, person, at("2026-06-23T23:59:59.999Z")));
        CHECK(is_true_at(text, person, at("2026-06-24T00:00Z")));
        CHECK(is_true_at(text, person, at("2026-12-24T00:00Z")));
        CHECK_FALSE(is_true_at("in segment \"b\" for 14 days", person, at("2026-12-24T00:00Z")));
        // Who is out of it is not in it, however long it was.
        person.changes["a"].push_back({at("2026-08-01T00:00Z"), false});
        person.segments.clear();
        CHECK_FALSE(is_true_at(text, person, at("2026-08-01T00:00Z")));
    }
}
