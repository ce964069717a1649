#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <alloquy/institution.hpp>
#include <alloquy/io/playbook.hpp>

#include <institution/real_facts.hpp>

namespace {

using namespace alloquy;

constexpr const char* playbook_text = R"json({
  "name": "test", "channels": ["email", "phone"], "topics": ["study"],
  "reachability": {"channels": ["email", "phone"]},
  "purposes": [{"name": "guidance", "legal_basis": "public_task"}, {"name": "marketing", "legal_basis": "consent"}],
  "pools": [{"name": "coaches", "minutes": 15}],
  "contact_caps": [{"name": "one a week", "most": 1, "window_days": 7}],
  "actions": [
    {"name": "call", "purpose": "guidance", "roles": ["student"],
     "value_euros": {"column": "engagement", "points": [[0, 100], [1, 0]]},
     "variants": [{"channel": "phone", "language": "nl", "executor": "team", "pool": "coaches", "minutes": 15}]},
    {"name": "offer", "purpose": "marketing", "roles": ["student"], "value_euros": 10,
     "variants": [{"channel": "email", "language": "nl", "executor": "bot"}]}]
})json";

engine::Playbook playbook() {
    return io::read_playbook(playbook_text, "playbook");
}

const time::Instant start = time::utc_start(time::Day::from_ymd(2026, 9, 1));

time::Instant day(int days) {
    return start + std::chrono::days{days};
}

/// Makes a Dutch student with a zone.
PersonId enrol(Institution& college, const std::string& key, time::Instant at) {
    const PersonId person = college.person("sis", key, at);
    model::Symbols& words = college.symbols();
    const model::Source sis = words.sources.intern("sis");
    const std::vector<model::Fact> facts{
        {person, at, at, sis, key + "/role", model::RoleChange{model::RoleKind::student}},
        {person, at, at, sis, key + "/profile",
         model::AttributeStatement{{{words.attributes.intern("language"), std::string{"nl"}},
                                    {words.attributes.intern("zone"), std::string{"Europe/Amsterdam"}}}}}};
    for (const store::Entry entry : college.record(facts)) CHECK(entry == store::Entry::entered);
    return person;
}

model::Fact click(Institution& college, PersonId person, time::Instant at, const std::string& key) {
    model::Symbols& words = college.symbols();
    return {
        person, at,
        at,     words.sources.intern("lms"),
        key,    model::Interaction{words.channels.intern("portal"), model::Act::clicked, model::Direction::inbound}};
}

}  // namespace

TEST_SUITE("institution/institution") {
    TEST_CASE("facts in, next action out: the quieter student gets the only quarter of an hour") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId busy = enrol(college, "a", day(0));
        const PersonId quiet = enrol(college, "b", day(0));
        for (int i = 1; i < 10; ++i) (void)college.record(click(college, busy, day(i), "click " + std::to_string(i)));
        (void)college.record(click(college, quiet, day(1), "click"));

        const decide::Plan plan = college.plan(day(10));
        REQUIRE(plan.assignments.size() == 1);
        CHECK(plan.assignments[0].person == quiet);
        const decide::Decision refused = college.explain(busy, plan);
        CHECK_FALSE(refused.chosen.has_value());
        REQUIRE(refused.rejections.size() == 2);
        CHECK(refused.rejections[0].rule == decide::Rule::capacity);
        CHECK(refused.rejections[0].detail == "coaches");
        CHECK(refused.rejections[1].rule == decide::Rule::legal_basis);

        // The call is made: for a week nobody contacts this student again.
        model::Symbols& words = college.symbols();
        model::Interaction call{words.channels.intern("phone"), model::Act::called, model::Direction::outbound};
        call.action = words.actions.intern("call");
        (void)college.record({quiet, day(10), day(10), words.sources.intern("crm"), "call 1", call});
        const decide::Decision after = college.next(quiet, day(11));
        CHECK_FALSE(after.chosen.has_value());
        CHECK(after.rejections[0].rule == decide::Rule::contact_cap);
        CHECK(college.next(quiet, day(17)).chosen.has_value());  // (now - window, now] no longer holds day 10
    }

    TEST_CASE("a fact that is recorded twice counts once, and one with other content under its key is a conflict") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId person = enrol(college, "a", day(0));
        const model::Fact fact = click(college, person, day(1), "k");
        CHECK(college.record(fact) == store::Entry::entered);
        const double once = college.engagement(person, day(2)).fraction;
        CHECK(college.record(fact) == store::Entry::already_there);
        model::Fact other = fact;
        other.at = day(1) + std::chrono::hours{1};
        other.known_at = other.at;
        CHECK(college.record(other) == store::Entry::conflict);
        CHECK(college.engagement(person, day(2)).fraction == once);
        CHECK(college.engagement(person, day(2)).events == 1);
    }

    TEST_CASE("a late fact changes the past of one person as if it had come in time") {
        Institution in_time = Institution::in_memory(playbook(), start);
        Institution late = Institution::in_memory(playbook(), start);
        for (Institution* college : {&in_time, &late}) {
            const PersonId person = enrol(*college, "a", day(0));
            model::Symbols& words = college->symbols();
            const model::Channel phone = words.channels.intern("phone");
            const model::Source crm = words.sources.intern("crm");
            const model::Fact call{person, day(3),
                                   day(9), crm,
                                   "call", model::Interaction{phone, model::Act::called, model::Direction::outbound}};
            const model::Fact answer{
                person, day(4),   day(9),
                crm,    "answer", model::Interaction{phone, model::Act::answered, model::Direction::inbound}};
            (void)college->record(college == &in_time ? call : answer);
            (void)college->engine();
            (void)college->record(college == &in_time ? answer : call);
            CHECK(college->reachability(person, day(9)).channels.at(1).answered == 1);
        }
        CHECK(in_time.state_hash() == late.state_hash());
    }

    TEST_CASE("the state survives closing, with and without a snapshot, and other playbooks refuse the snapshot") {
        const support::TemporaryFolder folder{"reopen"};
        const auto path = folder.path() / "journal";
        store::Hash before{};
        {
            Institution college = Institution::open(path, playbook(), start);
            for (int i = 0; i < 50; ++i) {
                const PersonId person = enrol(college, std::to_string(i), day(0));
                (void)college.record(click(college, person, day(1), "c"));
            }
            before = college.state_hash();
        }
        {
            Institution college = Institution::open(path, playbook(), start);
            CHECK(college.state_hash() == before);
            college.save_snapshot();
            (void)college.record(click(college, *college.find_person("sis", "7"), day(2), "after the snapshot"));
            before = college.state_hash();
        }
        {
            Institution college = Institution::open(path, playbook(), start);
            CHECK(college.snapshot_refusal().empty());
            CHECK(college.state_hash() == before);
            CHECK(college.journal().verify().empty());
        }
        engine::Playbook other = playbook();
        other.engagement.half_lives[0].days = 6;
        Institution college = Institution::open(path, other, start);
        CHECK_FALSE(college.snapshot_refusal().empty());
        CHECK(college.state_hash() != before);
        // Both playbooks are kept, so that decisions under either can be replayed.
        CHECK(college.journal().playbook(college.playbook_hash()).has_value());
    }

    TEST_CASE("many threads record and ask at once: nothing counts twice, nothing is lost") {
        Institution college = Institution::in_memory(playbook(), start);
        std::vector<PersonId> people;
        for (int i = 0; i < 4; ++i) people.push_back(enrol(college, std::to_string(i), day(0)));
        constexpr int per_thread = 150;
        constexpr int threads = 6;
        // Facts are made beforehand: interning is not for several threads. Every second one is also another
        // thread's, and instants fall back, so that refolds meet facts in flight.
        std::vector<std::vector<model::Fact>> work(threads);
        for (int t = 0; t < threads; ++t) {
            for (int i = 0; i < per_thread; ++i) {
                const int number = i % 2 == 0 ? i : t * per_thread + i;
                const PersonId person = people[static_cast<std::size_t>(number % 4)];
                model::Symbols& words = college.symbols();
                const model::Channel phone = words.channels.intern("phone");
                const bool attempt = number % 3 == 0;
                const time::Instant at = day(100) - std::chrono::minutes{number * 7 % 997};
                work[static_cast<std::size_t>(t)].push_back(
                    {person, at, day(100), words.sources.intern("crm"), "fact " + std::to_string(number),
                     model::Interaction{phone, attempt ? model::Act::called : model::Act::answered,
                                        attempt ? model::Direction::outbound : model::Direction::inbound}});
            }
        }
        std::atomic<int> entered{0};
        std::vector<std::thread> workers;
        for (int t = 0; t < threads; ++t) {
            workers.emplace_back([&, t] {
                for (const model::Fact& fact : work[static_cast<std::size_t>(t)]) {
                    if (college.record(fact) == store::Entry::entered) ++entered;
                    (void)college.next(fact.person, day(100));
                }
            });
        }
        for (std::thread& worker : workers) worker.join();
        CHECK(college.journal().fact_count() == 8 + static_cast<std::uint64_t>(entered));
        CHECK(college.state_hash() == college.state_hash(college.as_of(day(100))));
    }

    TEST_CASE("a fact that is told again is not forgotten by a refold of another thread meanwhile") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId person = enrol(college, "a", day(0));
        model::Symbols& words = college.symbols();
        const model::Source crm = words.sources.intern("crm");
        const model::Purpose marketing = words.purposes.intern("marketing");
        const model::Channel phone = words.channels.intern("phone");
        const auto consent = [&](int at, const char* key, model::ConsentDecision decision) {
            return model::Fact{person, day(at), day(at), crm, key, model::ConsentStatement{marketing, {}, decision}};
        };
        (void)college.record(consent(1, "yes", model::ConsentDecision::given));
        const model::Fact no = consent(2, "no", model::ConsentDecision::withdrawn);
        (void)college.record(no);
        std::atomic<bool> stop{false};
        std::thread again{[&] {
            while (!stop) CHECK(college.record(no) == store::Entry::already_there);
        }};
        int mailed = 0;
        for (int i = 0; i < 300; ++i) {
            // Each is older than the one before, so each refolds the person.
            const time::Instant at = day(50) - std::chrono::minutes{i};
            (void)college.record({person, at, day(50), crm, "call " + std::to_string(i),
                                  model::Interaction{phone, model::Act::missed, model::Direction::outbound}});
            (void)college.record({person, day(5) - std::chrono::minutes{i}, day(50), crm, "role " + std::to_string(i),
                                  model::RoleChange{model::RoleKind::alumnus}});
            const decide::Decision decision = college.next(person, day(60));
            for (const decide::Candidate& candidate : decision.weighed) mailed += candidate.action == 1 ? 1 : 0;
            const auto view = college.as_of(day(50));
            for (const auto& state : view.person(view.row(person)).consents) CHECK_FALSE(state.given);
        }
        stop = true;
        again.join();
        CHECK(mailed == 0);
    }

    TEST_CASE("of consent given and withdrawn on one day the withdrawal counts, whatever the keys") {
        for (const bool withdrawn_first : {false, true}) {
            Institution college = Institution::in_memory(playbook(), start);
            const PersonId person = enrol(college, "a", day(0));
            model::Symbols& words = college.symbols();
            const model::Source crm = words.sources.intern("crm");
            const model::Purpose marketing = words.purposes.intern("marketing");
            for (const auto decision : {model::ConsentDecision::given, model::ConsentDecision::withdrawn}) {
                const bool first = (decision == model::ConsentDecision::withdrawn) == withdrawn_first;
                (void)college.record(
                    {person, day(1), day(1), crm, first ? "1" : "2", model::ConsentStatement{marketing, {}, decision}});
            }
            CHECK(college.next(person, day(2)).rejections.at(0).rule == decide::Rule::legal_basis);
        }
    }

    TEST_CASE("a role that begins and ends at one instant is over, whatever the keys") {
        for (const char* end_key : {"0 end", "9 end"}) {
            Institution college = Institution::in_memory(playbook(), start);
            const PersonId person = college.person("sis", "a", start);
            const model::Source sis = college.symbols().sources.intern("sis");
            (void)college.record(
                {person, day(1), day(1), sis, end_key, model::RoleChange{model::RoleKind::student, {}, {}, true}});
            (void)college.record({person, day(1), day(1), sis, "5 start", model::RoleChange{model::RoleKind::student}});
            CHECK(model::current_roles(college.profile(person), day(2)).is_empty());
        }
    }

    TEST_CASE("if folding fails after the commit, everybody concerned is folded afresh at the next question") {
        InstitutionOptions options;
        bool broken = true;
        options.zones = [&](std::string_view name) {
            if (broken && name == "Broken/Zone") throw Error{"no zones today"};
            return io::find_zone(name);
        };
        Institution college = Institution::in_memory(playbook(), start, options);
        const PersonId person = enrol(college, "a", day(0));
        model::Symbols& words = college.symbols();
        const model::Source crm = words.sources.intern("crm");
        const std::vector<model::Fact> facts{
            {person, day(1), day(1), crm, "zone",
             model::AttributeStatement{{{words.attributes.intern("zone"), std::string{"Broken/Zone"}}}}},
            {person, day(1), day(1), crm, "objection",
             model::ConsentStatement{words.purposes.intern("guidance"), {}, model::ConsentDecision::objected}}};
        CHECK_THROWS_AS((void)college.record(facts), Error);
        CHECK(college.journal().fact_count() == 4);
        broken = false;
        (void)college.record(facts);  // told again: already there
        const decide::Decision decision = college.next(person, day(2));
        CHECK_FALSE(decision.chosen.has_value());
        CHECK(college.profile(person).consents.at(0).objected);
        college.save_snapshot();
    }

    TEST_CASE("a file beside the zones is no zone: the person is not contacted, and others are") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId odd = enrol(college, "a", day(0));
        const PersonId usual = enrol(college, "b", day(0));
        model::Symbols& words = college.symbols();
        for (const char* name : {"leapseconds", "localtime", "zone.tab"}) {
            (void)college.record({odd, day(1), day(1), words.sources.intern("crm"), name,
                                  model::AttributeStatement{{{words.attributes.intern("zone"), std::string{name}}}}});
            CHECK(college.next(odd, day(2)).rejections.at(0).rule == decide::Rule::zone_unknown);
        }
        CHECK(college.next(usual, day(2)).chosen.has_value());
    }

    TEST_CASE("what is known of one person only later keeps nobody else from being asked about") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId early = enrol(college, "a", day(0));
        const PersonId later = enrol(college, "b", day(9));
        CHECK(college.next(early, day(5)).chosen.has_value());
        CHECK_THROWS_AS((void)college.next(later, day(5)), InvalidArgument);
        CHECK_THROWS_AS((void)college.plan(day(5)), InvalidArgument);  // the plan is about everybody
    }

    TEST_CASE("a plan is explained as things were, also after it was carried out") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId person = enrol(college, "a", day(0));
        const decide::Plan plan = college.plan(day(1));
        REQUIRE(plan.assignments.size() == 1);
        const decide::Decision before = college.explain(person, plan);
        model::Symbols& words = college.symbols();
        model::Interaction call{words.channels.intern("phone"), model::Act::called, model::Direction::outbound};
        call.action = words.actions.intern("call");
        (void)college.record({person, day(2), day(2), words.sources.intern("crm"), "call", call});
        CHECK(college.explain(person, plan) == before);
        // A late fact that makes the plan's action impossible is said, not hidden.
        (void)college.record(
            {person, day(1), day(1), words.sources.intern("crm"), "objection",
             model::ConsentStatement{words.purposes.intern("guidance"), {}, model::ConsentDecision::objected}});
        CHECK_THROWS_AS((void)college.explain(person, plan), InvalidArgument);
    }

    TEST_CASE("facts in bulk are known at the next question, and the call-back may ask for people") {
        Institution college = Institution::in_memory(playbook(), start);
        std::vector<PersonId> people;
        const store::BulkResult result = college.record_bulk([&](store::BulkAppend& bulk) {
            for (int i = 0; i < 20; ++i) {
                people.push_back(college.person("sis", std::to_string(i), start));
                const model::Fact fact = click(college, people.back(), day(1), "c");
                bulk.append(std::span{&fact, 1});
            }
        });
        CHECK(result.entered == 20);
        for (const PersonId person : people) CHECK(college.engagement(person, day(1)).events == 1);
        CHECK(college.state_hash() == college.state_hash(college.as_of(day(1))));
    }

    TEST_CASE("a snapshot of signals with other parameters is refused") {
        const support::TemporaryFolder folder{"parameters"};
        using Base = BasicInstitution<score::Engagement, score::Reachability, score::Lifecycle>;
        const engine::Playbook book = playbook();
        const auto open = [&](double half_life) {
            score::EngagementConfig config;
            config.half_lives = {{"one", half_life, 1, 10}};
            return Base::open(folder.path() / "journal", book, start, {},
                              score::Engagement{config, book.channels, book.topics},
                              score::Reachability{book.reachability, book.channels},
                              score::Lifecycle{book.lifecycles, book.channels, book.topics});
        };
        {
            auto college = open(7);
            (void)college.person("sis", "a", start);
            college.save_snapshot();
        }
        CHECK(open(7).snapshot_refusal().empty());
        CHECK_FALSE(open(300).snapshot_refusal().empty());
    }

    TEST_CASE("a relation is seen from both sides at once") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId child = enrol(college, "child", day(0));
        const PersonId parent = enrol(college, "parent", day(0));
        (void)college.record({parent, day(1), day(1), college.symbols().sources.intern("sis"), "family",
                              model::RelationChange{model::RelationKind::guardian_of, child}});
        REQUIRE(college.profile(child).relations.size() == 1);
        CHECK(college.profile(child).relations[0].kind == model::RelationKind::ward_of);
        CHECK(college.profile(child).relations[0].other == model::RelationEnd{parent});
        CHECK(college.profile(parent).relations.at(0).kind == model::RelationKind::guardian_of);
        CHECK(college.state_hash() == college.state_hash(college.as_of(day(1))));
    }

    TEST_CASE("questions about the past are refused, and so are unknown people") {
        Institution college = Institution::in_memory(playbook(), start);
        const PersonId person = enrol(college, "a", day(5));
        CHECK_THROWS_AS((void)college.next(person, day(4)), InvalidArgument);
        CHECK_THROWS_AS((void)college.next(PersonId{99}, day(5)), NotFound);
        CHECK_THROWS_AS((void)college.plan(day(5), {{{"nobody's pool", 10}}}), InvalidArgument);
        CHECK_FALSE(college.find_person("sis", "b").has_value());
        CHECK_FALSE(college.find_person("never heard of", "a").has_value());
        // Known, without any fact at that time: nobody, so nothing to do.
        const auto before = college.as_of(day(4));
        CHECK(before.next(person, day(4)).rejections.at(0).rule == decide::Rule::role);
    }
}
