import pickle
from datetime import timedelta

import pytest

import alloquy
from alloquy import Act, Direction, Interaction
from conftest import NOW, START, add_student, fact, visit

DAY_MS = 86_400_000


def test_engagement_is_the_documented_formula(institution):
    # By hand: a day with visits weighs log2(1 + quantity); it is decayed by half-lives from 0:00 UTC of the day, which
    # is 8 hours before; share * S / (S + scale).
    person = add_student(institution, "1")
    ages, quantities = [27, 14, 3, 1], [1, 3, 1, 7]
    institution.record([visit(person, str(a), NOW - timedelta(days=a), q) for a, q in zip(ages, quantities)])
    score = institution.engagement(person, NOW)
    assert score.events == 4 and score.last_event_at == NOW - timedelta(days=1)
    weights = {1: 1, 3: 2, 7: 3}  # log2(1 + quantity)
    expected = []
    for half_life in alloquy.EngagementConfig().half_lives:
        decayed = sum(weights[q] * 2 ** (-(a + 8 / 24) / half_life.days) for a, q in zip(ages, quantities))
        expected.append(half_life.share * decayed / (decayed + half_life.scale))
    assert [part.contribution for part in score.parts] == pytest.approx(expected, abs=2**-30)
    assert sum(part.contribution for part in score.parts) == score.fraction


def test_a_score_outlives_its_institution(playbook):
    with alloquy.Institution.in_memory(playbook, START) as institution:
        score = institution.engagement(add_student(institution, "1"), NOW)
        reachability = institution.reachability(institution.find_person("sis", "1"), NOW)
    assert [part.name for part in score.parts] == ["this week", "this month", "this half-year"]
    assert [channel.channel for channel in reachability.channels] == ["email", "phone"]
    assert pickle.loads(pickle.dumps(score)) == score
    assert pickle.loads(pickle.dumps(reachability)) == reachability


def test_reachability_is_the_posterior_mean(institution):
    # By hand: Beta(1, 1) and 3 attempts, 2 of them answered: (1 + 2) / (2 + 3).
    person = add_student(institution, "1")
    facts = []
    for i, answered in enumerate([True, True, False]):
        at = START + timedelta(days=8 * i)
        facts.append(fact(person, f"s{i}", Interaction("email", Act.sent, Direction.outbound), at))
        if answered:
            reply = Interaction("email", Act.replied, Direction.inbound)
            facts.append(fact(person, f"r{i}", reply, at + timedelta(hours=4)))
    institution.record(facts)
    email = institution.reachability(person, NOW).channels[0]
    assert (email.attempts, email.answered) == (3, 2)
    assert email.probability == pytest.approx(3 / 5, abs=2**-40)
    # The latency is kept to 2e-4 of itself.
    assert email.usual_latency.total_seconds() == pytest.approx(4 * 3600, rel=2e-4)


def test_shares_and_active_days_are_counted(institution):
    # By hand: three visits and one click of email, each of effort 1; 2 of 4 about study.
    person = add_student(institution, "1")
    click = Interaction("email", Act.clicked, Direction.inbound, "study")
    seen = Interaction("web", Act.visited, Direction.inbound, "study")
    institution.record([visit(person, "a", NOW - timedelta(days=20)), visit(person, "b", NOW - timedelta(days=3)),
                        fact(person, "c", seen, NOW - timedelta(days=2)),
                        fact(person, "d", click, NOW - timedelta(days=2))])
    score = institution.engagement(person, NOW)
    channels = {share.name: share.fraction for share in score.channels}
    topics = {share.name: share.fraction for share in score.topics}
    assert sum(channels.values()) == 1 and sum(topics.values()) == 1
    assert set(channels) == {"email", "web"} and set(topics) == {"study", "other"}
    assert (score.active_days_7, score.active_days_28) == (2, 3)
    assert score.momentum > 0 and score.trend > 0
    assert alloquy.EngagementShare("web", 0.5).fraction == 0.5


def test_best_hours_are_posterior_means(institution):
    # By hand: own acts at Monday 9:00 (2) and Tuesday 9:00 (1) local time; the group is the person and another one with
    # two acts at Monday 9:00: (own + 20 * share of the group) / (3 + 20).
    person, other = add_student(institution, "1"), add_student(institution, "2")
    institution.record([visit(person, "a", START), visit(person, "b", START + timedelta(days=7)),
                        visit(person, "c", START + timedelta(days=1)), visit(other, "d", START),
                        visit(other, "e", START + timedelta(days=14))])
    score = institution.reachability(person, NOW)
    assert len(score.own_acts) == 168 and score.own_acts[9] == 2 and score.own_acts[24 + 9] == 1
    assert [(hour.hour_of_week, hour.acts) for hour in score.best_hours] == [(9, 2), (33, 1)]
    expected = [(2 + 20 * 4 / 5) / 23, (1 + 20 / 5) / 23]
    assert [hour.probability for hour in score.best_hours] == pytest.approx(expected)
    assert all(hour.own + hour.group == hour.probability for hour in score.best_hours)
    assert score.last_two_way_at is None
    institution.record(fact(person, "r", Interaction("email", Act.replied, Direction.inbound), NOW - timedelta(days=1)))
    assert institution.reachability(person, NOW).last_two_way_at == NOW - timedelta(days=1)


def test_configs_are_values():
    for each in [alloquy.UrgencyRule(0.5, 3, 1), alloquy.UrgencyConfig(kinds={"fee": alloquy.UrgencyRule()}),
                 alloquy.ReachabilityConfig(hour_prior=5), alloquy.HourEstimate(3, 0.5, 2, 0.375, 0.125),
                 alloquy.Explanation("x", 1, 2, [alloquy.Part("p", 1, 1, 1)])]:
        assert pickle.loads(pickle.dumps(each)) == each and hash(each) == hash(pickle.loads(pickle.dumps(each)))
    config = alloquy.EngagementConfig(channels={"web": 0.5})
    assert config == alloquy.EngagementConfig(channels={"web": 0.5})
    assert hash(config) == hash(alloquy.EngagementConfig(channels={"web": 0.5}))
    config.channels["web"] = 9  # a copy
    assert config.channels == {"web": 0.5}
    assert len(config.acts) == len(Act.__members__)
