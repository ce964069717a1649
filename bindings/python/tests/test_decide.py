import pickle

import numpy as np
import pytest

import alloquy
from conftest import NOW, START, add_student, fact


def test_a_decision_gives_the_reason_for_every_action(institution, playbook):
    person = add_student(institution, "1")
    decision = institution.next(person, NOW)
    # By hand: uniform prior 1/2; 0.5 * 100 * 1.
    assert decision.chosen.priority == 50
    assert playbook.actions.actions[decision.chosen.action].name == "call"
    factors = decision.chosen.factors
    assert factors.propensity * factors.value * factors.lever == decision.chosen.priority == factors.priority
    rules = {playbook.actions.actions[r.action].name: r.rule for r in decision.rejections}
    assert rules == {"reminder": alloquy.Rule.outranked, "newsletter": alloquy.Rule.legal_basis}
    assert decision.playbook == institution.playbook_hash == alloquy.playbook_hash(playbook)
    assert pickle.loads(pickle.dumps(decision)) == decision


def test_consent_opens_what_it_is_for(institution, playbook):
    person = add_student(institution, "1")
    institution.record(fact(person, "c", alloquy.ConsentStatement("news", alloquy.ConsentDecision.given)))
    names = {playbook.actions.actions[c.action].name for c in institution.next(person, NOW).weighed}
    assert "newsletter" in names


def test_a_plan_serves_as_many_as_there_are_minutes(institution, playbook):
    people = [add_student(institution, str(i)) for i in range(5)]
    plan = institution.plan(NOW)
    # By hand: 40 minutes are two calls of 20; the other three get the reminder.
    arrays = plan.to_arrays()
    assert sorted(arrays["action"].tolist()) == ["call"] * 2 + ["reminder"] * 3
    assert len(plan) == 5 and plan.people == 5 and plan.with_candidates == 5
    assert plan.pools == (alloquy.PoolUse("advisers", 40, 40, 2, 3),)
    displaced = alloquy.PersonId(int(arrays["person"][-1]))
    account = institution.explain(displaced, plan)
    rules = {playbook.actions.actions[r.action].name: r.rule for r in account.rejections}
    assert rules["call"] == alloquy.Rule.capacity
    assert "minutes of advisers" in alloquy.to_text(account, playbook)
    assert {int(p) for p in arrays["person"]} == {p.value for p in people}


def test_the_arrays_of_a_plan_agree_with_its_assignments(institution, playbook):
    for i in range(4):
        add_student(institution, str(i))
    plan = institution.plan(NOW, {"advisers": 20})
    arrays = plan.to_arrays()
    assert {name: array.dtype.kind for name, array in arrays.items()} == {
        "person": "i", "action": "U", "variant": "i", "channel": "U", "language": "U", "executor": "U", "pool": "U",
        "minutes": "f", "priority": "f", "propensity": "f", "value": "f", "lever": "f",
    }
    for i, assignment in enumerate(plan.assignments):
        action = playbook.actions.actions[assignment.candidate.action]
        variant = action.variants[assignment.candidate.variant]
        assert arrays["person"][i] == assignment.person.value
        assert arrays["action"][i] == action.name and arrays["channel"][i] == variant.channel
        assert arrays["minutes"][i] == variant.minutes and arrays["pool"][i] == variant.pool
        assert arrays["priority"][i] == assignment.candidate.priority
    np.testing.assert_array_equal(arrays["priority"], arrays["propensity"] * arrays["value"] * arrays["lever"])
    pandas = pytest.importorskip("pandas")
    assert len(pandas.DataFrame(arrays)) == len(plan)


def test_an_empty_plan_has_empty_arrays(institution):
    plan = institution.plan(NOW)
    assert len(plan) == 0 and plan.assignments == ()
    assert all(len(array) == 0 for array in plan.to_arrays().values())


def test_a_wrong_capacity_is_refused(institution):
    with pytest.raises(alloquy.InvalidArgument, match="nobody"):
        institution.plan(NOW, {"nobody": 10})


def test_text_is_of_the_own_playbook(institution):
    decision = institution.next(add_student(institution, "1"), NOW)
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.to_text(decision, alloquy.Playbook("other"))
