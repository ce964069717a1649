"""Scores, models, lifecycles and host columns of an institution and of its views."""

import pickle
from datetime import timedelta

import numpy as np
import pytest

import alloquy
from alloquy import Act, Direction, Encoding, FeatureConfig, Interaction
from conftest import NOW, START, fact, visit

SEEN = START + timedelta(days=14, minutes=30)
END = START + timedelta(days=20)
FEATURES = [FeatureConfig(input="engagement"),
            FeatureConfig(input="attribute:region", encoding=Encoding.levels, least_rows=5)]
PEOPLE = 80


def with_models(playbook, **changes):
    parts = dict(
        lifecycles=[alloquy.LifecycleConfig("visits", acts=[Act.visited], unit_days=1, horizon=14)],
        models=[
            alloquy.ModelConfig("dropout", features=FEATURES),
            alloquy.ModelConfig("answers", alloquy.OutcomeConfig(alloquy.OutcomeKind.response), features=FEATURES[:1],
                                learning=alloquy.Learning.online, calibration=alloquy.CalibrationKind.none,
                                least_rows=2, prior=0.25),
        ],
        columns=["own"],
        urgency=alloquy.UrgencyConfig(kinds={"essay": alloquy.UrgencyRule(0.5, 4, 2)}),
    )
    parts.update(changes)
    return alloquy.Playbook(playbook.name, playbook.channels, playbook.topics, playbook.engagement,
                            playbook.reachability, actions=playbook.actions, **parts)


@pytest.fixture
def learning(playbook):
    with alloquy.Institution.in_memory(with_models(playbook), START) as opened:
        yield opened


def failed(i):
    return i % 2 == 1 and i % 10 != 1 or i % 12 == 0


def add_cohort(institution):
    """Students of whom the odd ones hardly visit and mostly fail; told on the day of the end."""
    facts = []
    for i in range(PEOPLE):
        person = institution.person("sis", str(i), START)
        region = {"region": "north" if i % 4 < 2 else "south", "zone": "Europe/Amsterdam"}
        facts += [fact(person, "role", alloquy.RoleChange(alloquy.RoleKind.student, "history")),
                  fact(person, "region", alloquy.AttributeStatement(region)),
                  fact(person, "begin", alloquy.EnrolmentChange("history", alloquy.EnrolmentStatus.enrolled))]
        for day in range(1, 12, 1 if i % 2 == 0 else 10):
            facts.append(visit(person, f"v{day}", START + timedelta(days=day), 1 + i % 3))
        status = alloquy.EnrolmentStatus.failed if failed(i) else alloquy.EnrolmentStatus.passed
        facts.append(fact(person, "end", alloquy.EnrolmentChange("history", status), END))
    institution.record(facts)
    return [alloquy.PersonId(int(number)) for number in institution.person_ids()]


# Examples and models ----------------------------------------------------------------------------------------------


def test_examples_see_what_was_known_and_no_more(learning):
    add_cohort(learning)
    found = learning.examples("dropout", [SEEN], NOW)
    assert len(found) == PEOPLE == found.table.rows
    order = np.argsort(found.people)
    assert found.people[order].tolist() == learning.person_ids().tolist()
    assert found.outcomes[order].tolist() == [int(failed(i)) for i in range(PEOPLE)]
    assert [found.people.dtype, found.outcomes.dtype, found.groups.dtype, found.learned_at.dtype] == [
        np.int64, np.uint8, np.uint64, np.uint64]
    assert set(found.instants) == {SEEN} and set(found.instants_ms.tolist()) == {SEEN.unix_ms}
    assert found.table.names == ("engagement", "attribute:region") and len(found.outcome_known_at) == PEOPLE
    assert found.grouped.tolist() == [0] * PEOPLE and len(set(found.groups)) == PEOPLE
    view = learning.as_of(SEEN)
    np.testing.assert_array_equal(found.table["engagement"][order], view.engagement_fractions(SEEN))
    assert found.table["attribute:region"][order].tolist() == ["north" if i % 4 < 2 else "south" for i in range(PEOPLE)]
    # The state after the end knows more.
    assert (learning.engagement_fractions(NOW) != view.engagement_fractions(SEEN)).any()
    assert len(np.unique(found.groups)) == PEOPLE
    part = found.select([3, 1])
    assert part.people.tolist() == found.people[[3, 1]].tolist() and part.table.rows == 2
    with pytest.raises(alloquy.InvalidArgument, match="rows"):
        found.select([PEOPLE])


def test_a_table_outlives_its_examples(learning):
    add_cohort(learning)
    table = learning.examples("dropout", [SEEN], NOW).table
    assert table.rows == PEOPLE and table["engagement"].shape == (PEOPLE,)


def test_the_guard_against_leakage(learning):
    people = add_cohort(learning)
    with pytest.raises(alloquy.InvalidArgument):
        learning.feature_table(FEATURES, SEEN)
    table = learning.as_of(SEEN).feature_table(FEATURES, SEEN)
    assert table.rows == PEOPLE
    some = learning.feature_table(FEATURES, NOW, people=[people[4].value, people[1].value])
    assert some["engagement"].tolist() == [learning.engagement(people[i], NOW).fraction for i in (4, 1)]
    with pytest.raises(alloquy.NotFound):
        learning.feature_table(FEATURES, NOW, people=[999])
    with pytest.raises(alloquy.InvalidArgument, match="people"):
        learning.feature_table(FEATURES, NOW, people=[1.0])
    with pytest.raises(alloquy.InvalidArgument, match="no such|unknown|'x'"):
        learning.feature_table([FeatureConfig(input="x")], NOW)


def test_a_model_is_learned_kept_and_used(learning):
    people = add_cohort(learning)
    assert learning.model("dropout") is None and learning.model_version("dropout") == 0
    assert learning.predict(people[0], "dropout", NOW) == alloquy.Prediction(0.5, 0)
    assert "model:dropout" not in learning.scores(NOW)

    learned = learning.learn("dropout", [SEEN], NOW)
    positives = sum(failed(i) for i in range(PEOPLE))
    assert learned == alloquy.LearnedModel("dropout", 1, learning.journal.last_seq, PEOPLE, positives)
    assert learning.model_version("dropout") == 1
    (kept,) = learning.model_versions()
    assert (kept.name, kept.version, kept.made_at) == ("dropout", 1, NOW) and kept.playbook == learning.playbook_hash
    assert pickle.loads(pickle.dumps(kept)) == kept and pickle.loads(pickle.dumps(learned)) == learned

    examples = learning.examples("dropout", [SEEN], NOW)
    config = learning.playbook.models[0]
    model = alloquy.train(config, examples.table, examples.outcomes, examples.groups)
    assert learning.model("dropout") == model
    said = learning.scores(NOW)["model:dropout"]
    np.testing.assert_array_equal(said, model.predict(learning.feature_table(FEATURES, NOW)))
    np.testing.assert_array_equal(said, learning.columns(NOW)["model:dropout"])
    prediction = learning.predict(people[3], "dropout", NOW)
    assert prediction.probability == said[3] == learning.column(people[3], "model:dropout", NOW)
    assert prediction.evidence > 0
    assert alloquy.auc(model.predict(examples.table), examples.outcomes) > 0.8

    assert learning.relearns_equally("dropout", 1)
    with pytest.raises(alloquy.NotFound):
        learning.relearns_equally("dropout", 2)


def test_a_kept_model_is_there_after_opening_again(playbook, tmp_path):
    with alloquy.Institution.open(tmp_path / "a", with_models(playbook), START) as institution:
        add_cohort(institution)
        institution.learn("dropout", [SEEN], NOW)
        before = institution.scores(NOW)["model:dropout"]
    with alloquy.Institution.open(tmp_path / "a", with_models(playbook), START) as institution:
        assert institution.model_version("dropout") == 1 and institution.relearns_equally("dropout", 1)
        np.testing.assert_array_equal(institution.scores(NOW)["model:dropout"], before)


def test_a_model_of_another_policy_is_refused_with_a_reason(playbook, tmp_path):
    with alloquy.Institution.open(tmp_path / "a", with_models(playbook), START) as institution:
        add_cohort(institution)
        institution.learn("dropout", [SEEN], NOW)
        assert institution.model_refusal("dropout") == ""
    changed = with_models(playbook, models=[alloquy.ModelConfig("dropout", features=FEATURES, penalty=3.0)])
    with alloquy.Institution.open(tmp_path / "a", changed, START) as institution:
        assert institution.model("dropout") is None
        assert institution.model_refusal("dropout").endswith("under another policy: 'model' differs")
        with pytest.raises(alloquy.InvalidArgument, match="'model' differs"):
            institution.relearns_equally("dropout", 1)
        with pytest.raises(alloquy.InvalidArgument, match="'mood'"):
            institution.model_refusal("mood")


def test_a_view_uses_the_models_of_its_time(learning):
    people = add_cohort(learning)
    later = NOW + timedelta(days=1)
    learning.learn("dropout", [SEEN], later)
    before, after = learning.as_of(NOW), learning.as_of(later)
    assert before.model("dropout") is None and before.predict(people[0], "dropout", NOW).evidence == 0
    assert after.model("dropout") == learning.model("dropout") and after.model_version("dropout") == 1
    ours, theirs = learning.scores(later), after.scores(later)
    assert list(ours) == list(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name])
    assert after.explain(people[0], later) == learning.explain(people[0], later)
    assert after.column(people[0], "engagement", later) == learning.column(people[0], "engagement", later)
    np.testing.assert_array_equal(after.hour_counts(), learning.hour_counts())


def test_an_online_model_takes_up_answers(learning):
    person = learning.person("sis", "1", START)
    learning.record([fact(person, "role", alloquy.RoleChange(alloquy.RoleKind.student))])

    def contact(number, answered):
        at = START + timedelta(days=number)
        facts = [fact(person, f"s{number}", Interaction("email", Act.sent, Direction.outbound), at)]
        if answered:
            reply = Interaction("email", Act.replied, Direction.inbound)
            facts.append(fact(person, f"r{number}", reply, at + timedelta(hours=1)))
        learning.record(facts)

    assert learning.predict(person, "answers", NOW).probability == 0.25
    for number in range(1, 7):
        contact(number, number % 2 == 0)
    assert len(learning.examples("answers", [], NOW)) == 6
    assert learning.learn("answers", [], NOW) == alloquy.LearnedModel("answers", 1, learning.journal.last_seq, 6, 3)
    contact(8, True)
    again = learning.learn("answers", [], NOW)
    assert (again.version, again.examples, again.positives) == (2, 1, 1)
    assert learning.model("answers").learned.state.updates == 7
    assert learning.relearns_equally("answers", 1) and learning.relearns_equally("answers", 2)
    # Without new answers nothing is kept.
    assert learning.learn("answers", [], NOW).version == 2 and len(learning.model_versions()) == 2


def test_what_cannot_be_learned_is_said(learning):
    with pytest.raises(alloquy.InvalidArgument, match="too little data"):
        learning.learn("dropout", [SEEN], NOW)
    for ask in [lambda: learning.examples("nothing", [SEEN], NOW), lambda: learning.examples("dropout", [], NOW),
                lambda: learning.examples("dropout", [SEEN, SEEN], NOW),
                lambda: learning.examples("answers", [SEEN], NOW), lambda: learning.model("nothing"),
                lambda: learning.model_version("nothing"), lambda: learning.lifecycle("nothing"),
                lambda: learning.fit_lifecycle("nothing", NOW)]:
        with pytest.raises(alloquy.InvalidArgument):
            ask()


# Scores -----------------------------------------------------------------------------------------------------------


def test_scores_are_those_of_each_person(learning):
    people = add_cohort(learning)
    learning.record(fact(people[0], "essay", alloquy.ObligationChange("essay", alloquy.ObligationStep.opened,
                                                                      due=NOW + timedelta(days=4))))
    scores = learning.scores(NOW)
    assert list(scores) == ["engagement", "engagement_trend", "engagement_momentum", "response:email", "response:phone",
                            "best_hour", "urgency"]
    for i in [0, 1, 79]:
        engagement, reachability = learning.engagement(people[i], NOW), learning.reachability(people[i], NOW)
        assert scores["engagement"][i] == engagement.fraction and scores["engagement_trend"][i] == engagement.trend
        assert scores["engagement_momentum"][i] == engagement.momentum
        assert scores["response:email"][i] == reachability.channels[0].probability
        assert scores["best_hour"][i] == reachability.best_hours[0].hour_of_week
    # By hand: weight 0.5, half of it 4 days before the deadline.
    assert scores["urgency"][0] == 0.25 and scores["urgency"][1] == 0


def test_every_score_is_the_sum_of_its_parts(learning):
    people = add_cohort(learning)
    learning.learn("dropout", [SEEN], NOW)
    for person in people[:3]:
        explanations = {each.name: each for each in learning.explain(person, NOW)}
        assert list(explanations) == ["engagement", "response:email", "response:phone", "urgency", "log_odds:dropout"]
        for each in explanations.values():
            assert sum(part.contribution for part in each.parts) == each.value
        assert explanations["engagement"].value == learning.engagement(person, NOW).fraction
        model = learning.model("dropout")
        said = alloquy.apply(model.calibration, explanations["log_odds:dropout"].value)
        assert said == learning.predict(person, "dropout", NOW).probability
    plan = learning.plan(NOW)
    assert isinstance(learning.explain(people[0], plan), alloquy.Decision)


def test_acts_are_counted_by_hour_of_the_week(learning):
    add_cohort(learning)
    # By hand: START is a Monday, visits are at 9:00 in Amsterdam, of 40 people on days 1 to 11 and of 40
    # on days 1 and 11.
    expected = np.zeros(168, dtype=np.int64)
    for day in range(1, 12):
        expected[(day % 7) * 24 + 9] += 40 if day not in (1, 11) else 80
    counts = learning.hour_counts()
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, expected)


# Lifecycles -------------------------------------------------------------------------------------------------------


def test_a_lifecycle_is_fitted_to_everybody(learning):
    rng = np.random.default_rng(5)
    ids = learning.journal.people("sis", [str(i) for i in range(300)], START)
    who, when = [], []
    for person in ids:
        rate, leave, day = rng.gamma(1.0, 0.3), rng.beta(1, 3), rng.integers(0, 5)
        while day < 28:
            who.append(person)
            when.append(START.unix_ms + int(day) * 86_400_000)
            if rng.random() < leave:
                break
            day += 1 + int(rng.exponential(1 / rate))
    learning.record_interactions(np.array(who), np.array(when), "web", "visited", "inbound", "test",
                                 np.arange(len(who)))
    assert learning.lifecycle("visits") is None
    assert "active:visits" not in learning.scores(NOW)
    fit = learning.fit_lifecycle("visits", NOW)
    assert isinstance(fit, alloquy.BgNbdFit) and fit.people == 300
    assert learning.lifecycle("visits") == fit.parameters
    assert learning.model_versions()[0].name == "lifecycle:visits"
    # The same from counts by hand: days after the first, and days until now.
    days = [np.unique((np.array(when)[np.array(who) == person] - START.unix_ms) // 86_400_000) for person in ids]
    repeats = np.array([len(own) - 1 for own in days])
    recency, age = np.array([[own[-1] - own[0], 28 - own[0]] for own in days]).T
    again = alloquy.fit_bg_nbd(repeats, recency, age)
    assert again.parameters.r == pytest.approx(fit.parameters.r, rel=1e-6)
    scores = learning.scores(NOW)
    np.testing.assert_array_equal(scores["active:visits"], alloquy.p_active(fit.parameters, repeats, recency, age))
    np.testing.assert_array_equal(
        scores["expected:visits"], alloquy.expected_interactions(fit.parameters, repeats, recency, age, 14))
    assert learning.as_of(NOW).lifecycle("visits") == fit.parameters


# Columns of the host ----------------------------------------------------------------------------------------------


def test_a_host_fills_its_own_column(learning):
    people = add_cohort(learning)
    ids = learning.person_ids()
    assert learning.column(people[0], "own", NOW) is None
    learning.set_column("own", ids[:3], [0.5, float("nan"), 2.0], NOW)
    assert [learning.column(person, "own", NOW) for person in people[:4]] == [0.5, None, 2.0, None]
    np.testing.assert_array_equal(learning.columns(NOW)["own"][:4], [0.5, np.nan, 2.0, np.nan])
    later = NOW + timedelta(days=1)
    learning.set_column("own", ids[:1], [1.0], later)
    with pytest.raises(alloquy.InvalidArgument, match="own"):
        learning.column(people[0], "own", NOW)
    view = learning.as_of(NOW)
    assert view.column(people[0], "own", NOW) is None
    view.set_column("own", ids[:1], [0.25], NOW)
    assert view.column(people[0], "own", NOW) == 0.25 and learning.column(people[0], "own", later) == 1


@pytest.mark.parametrize(
    "change, error",
    [({"name": "other"}, alloquy.InvalidArgument), ({"people": [1]}, alloquy.InvalidArgument),
     ({"people": [1, 1]}, alloquy.InvalidArgument), ({"people": [1, 999]}, alloquy.NotFound),
     ({"people": [1.0, 2.0]}, alloquy.InvalidArgument), ({"values": ["a", "b"]}, alloquy.InvalidArgument),
     ({"values": [np.inf, 0.0]}, alloquy.InvalidArgument)],
)
def test_a_wrong_column_of_the_host_is_refused(learning, change, error):
    people = add_cohort(learning)
    for target in [learning, learning.as_of(NOW)]:
        with pytest.raises(error):
            target.set_column(**{"name": "own", "people": [1, 2], "values": [0.0, 1.0], "known_at": NOW, **change})
        assert target.column(people[0], "own", NOW) is None
