import pickle
from datetime import timedelta

import pytest

import alloquy
from alloquy import Act, Direction, Interaction
from conftest import NOW, START, add_student, fact, visit

DAY_MS = 86_400_000


def test_engagement_is_the_documented_formula(institution):
    # By hand: weight log2(1 + quantity) of a visit, decayed by half-lives; share * S / (S + scale).
    person = add_student(institution, "1")
    ages, quantities = [27, 14, 3, 1], [1, 3, 1, 7]
    institution.record([visit(person, str(a), NOW - timedelta(days=a), q) for a, q in zip(ages, quantities)])
    score = institution.engagement(person, NOW)
    assert score.events == 4 and score.last_event_at == NOW - timedelta(days=1)
    weights = {1: 1, 3: 2, 7: 3}  # log2(1 + quantity)
    expected = []
    for half_life in alloquy.EngagementConfig().half_lives:
        decayed = sum(weights[q] * 2 ** (-a / half_life.days) for a, q in zip(ages, quantities))
        expected.append(half_life.share * decayed / (decayed + half_life.scale))
    assert [part.contribution for part in score.parts] == pytest.approx(expected, abs=1e-6)
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
    assert email.probability == 3 / 5
    # The latency is kept to 2e-4 of itself.
    assert email.usual_latency.total_seconds() == pytest.approx(4 * 3600, rel=2e-4)


def test_configs_are_values():
    config = alloquy.EngagementConfig(channels={"web": 0.5})
    assert config == alloquy.EngagementConfig(channels={"web": 0.5})
    assert hash(config) == hash(alloquy.EngagementConfig(channels={"web": 0.5}))
    config.channels["web"] = 9  # a copy
    assert config.channels == {"web": 0.5}
    assert len(config.acts) == len(Act.__members__)
