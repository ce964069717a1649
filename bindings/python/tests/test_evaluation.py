import pickle
import threading
import time

import numpy as np
import pytest

import alloquy

# Expected numbers of this table: scikit-learn 1.9.1 (roc_auc_score, log_loss, brier_score_loss).
SCORES = np.array([0.9, 0.8, 0.8, 0.3, 0.6, 0.1, 0.5, 0.2])
OUTCOMES = np.array([1, 0, 1, 0, 1, 0, 0, 1])


def test_numbers_agree_with_scikit_learn():
    assert alloquy.auc(SCORES, OUTCOMES) == 0.71875
    assert alloquy.log_loss(SCORES, OUTCOMES) == pytest.approx(0.6516735194703414, abs=1e-14)
    assert alloquy.brier(SCORES, OUTCOMES) == pytest.approx(0.23, abs=1e-15)


@pytest.mark.parametrize("outcomes", [OUTCOMES.astype(bool), OUTCOMES.astype(np.uint8), OUTCOMES.tolist()])
def test_outcomes_may_be_of_three_types(outcomes):
    assert alloquy.auc(SCORES, outcomes) == 0.71875


@pytest.mark.parametrize("scores", [SCORES.astype(np.float32), SCORES[::-1].copy()[::-1], SCORES.tolist()])
def test_scores_may_be_narrower_or_strided(scores):
    assert alloquy.auc(scores, OUTCOMES) == 0.71875


@pytest.mark.parametrize(
    "scores, outcomes, name",
    [
        (SCORES, OUTCOMES.astype(float), "outcomes"),
        (SCORES, OUTCOMES.astype(np.int32), "outcomes"),
        (SCORES, OUTCOMES + 255, "outcomes"),
        (SCORES, OUTCOMES + 1, "outcomes"),
        (SCORES, OUTCOMES[:3], "scores"),
        (SCORES, None, "outcomes"),
        (SCORES.reshape(2, 4), OUTCOMES, "scores"),
        (SCORES.astype(complex), OUTCOMES, "scores"),
        (SCORES.astype(str), OUTCOMES, "scores"),
        (np.full(8, 2**60), OUTCOMES, "scores"),
        (np.full(8, 2**63, dtype=np.uint64), OUTCOMES, "scores"),
        (np.full(8, np.nan), OUTCOMES, "scores"),
    ],
)
def test_a_wrong_array_is_named(scores, outcomes, name):
    with pytest.raises(alloquy.InvalidArgument, match=name):
        alloquy.auc(scores, outcomes)


def test_gains_by_hand():
    # Four of eight outcomes are 1. The best 2/8: 0.9 and half of the tie at 0.8, of which one of two is 1: 1.5 / 4.
    assert alloquy.gain_at(SCORES, OUTCOMES, 0.25) == 1.5 / 4
    assert alloquy.lift_at(SCORES, OUTCOMES, 0.25) == 1.5
    assert alloquy.precision_at(SCORES, OUTCOMES, 2) == 0.75
    people, outcomes = alloquy.gain_curve(SCORES, OUTCOMES)
    assert people.tolist() == [0, 1 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 1]
    assert outcomes.tolist() == [0, 1 / 4, 2 / 4, 3 / 4, 3 / 4, 3 / 4, 1, 1]


def test_ranked_outcomes_count_rows_as_often_as_asked():
    ranked = alloquy.RankedOutcomes(SCORES, OUTCOMES)
    assert (ranked.rows, ranked.positives) == (8, 4)
    assert ranked.auc() == 0.71875 and ranked.gain_at(0.25) == 1.5 / 4 and ranked.precision_at(2) == 0.75
    counts = np.array([2, 0, 1, 3, 0, 1, 1, 0])
    assert ranked.auc(counts) == alloquy.auc(np.repeat(SCORES, counts), np.repeat(OUTCOMES, counts))
    assert ranked.auc(np.array([1, 0, 0, 0, 0, 0, 0, 0])) is None
    assert ranked.gain_at(0.5, np.array([0, 1, 0, 0, 0, 0, 0, 0])) is None
    assert ranked.gain_curve()[1][-1] == 1
    with pytest.raises(alloquy.InvalidArgument, match="counts"):
        ranked.auc([1, 2])
    with pytest.raises(alloquy.InvalidArgument, match="counts"):
        ranked.auc([-1] * 8)


def test_a_calibration_table_is_the_rows_in_order():
    table = alloquy.calibration_table(SCORES, OUTCOMES, bins=2)
    assert [(b.rows, b.positives, b.lowest, b.highest) for b in table] == [(4, 1, 0.1, 0.5), (4, 3, 0.6, 0.9)]
    # By hand: |0.275 - 0.25| and |0.775 - 0.75|.
    assert alloquy.expected_calibration_error(table) == pytest.approx(0.025, abs=1e-15)
    assert pickle.loads(pickle.dumps(table)) == table
    assert table[0].observed == alloquy.wilson_interval(1, 4)


def test_wilson_by_hand():
    # Wilson (1927) with p = 1: the lower root is n / (n + z^2); z = 1.959964 for 95 %.
    found = alloquy.wilson_interval(10, 10)
    assert found.low == pytest.approx(10 / (10 + 1.959963984540054**2), abs=1e-12) and found.high == 1


def test_the_bootstrap_of_a_mean_is_that_of_numpy_in_distribution():
    values = np.random.default_rng(1).normal(size=400)
    found = alloquy.bootstrap(len(values), lambda counts: counts @ values / counts.sum(), resamples=2000, seed=5)
    assert found.estimate == pytest.approx(values.mean(), abs=1e-12)
    # Standard theory: mean +- 1.96 s / sqrt(n); 2,000 resamples place the ends within a tenth of the half-width.
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - half, abs=half / 10)
    assert found.high == pytest.approx(values.mean() + half, abs=half / 10)
    again = alloquy.bootstrap(len(values), lambda counts: counts @ values / counts.sum(), resamples=2000, seed=5)
    assert again == found and hash(again) == hash(found)


def test_one_seed_gives_the_same_resamples_everywhere():
    rng = np.random.default_rng(2)
    outcomes = rng.integers(0, 2, 300)
    scores = outcomes + rng.normal(size=300)
    ranked = alloquy.RankedOutcomes(scores, outcomes)
    own = alloquy.bootstrap(300, ranked.auc, resamples=200, seed=9)
    for threads in [1, 2, 3]:
        assert alloquy.bootstrap_auc(scores, outcomes, resamples=200, seed=9, threads=threads) == own
        assert alloquy.evaluate(scores.clip(0, 1), outcomes, resamples=200, threads=threads).rows == 300
    assert alloquy.bootstrap_auc(scores, outcomes, resamples=200, seed=8) != own
    noise = rng.normal(size=300)
    difference = alloquy.bootstrap_auc_difference(scores, noise, outcomes, resamples=200, level=0.8, threads=2)
    assert difference.estimate == alloquy.auc(scores, outcomes) - alloquy.auc(noise, outcomes)
    assert 0 < difference.low < difference.high and (difference.level, difference.resamples) == (0.8, 200)


def test_groups_may_be_numbers_or_texts():
    rng = np.random.default_rng(3)
    outcomes = rng.integers(0, 2, 200)
    scores = outcomes + rng.normal(size=200)
    numbers = np.arange(200) // 4
    found = [
        alloquy.bootstrap_auc(scores, outcomes, resamples=100, groups=groups)
        for groups in [numbers, numbers.astype(np.uint64), [f"class {n}" for n in numbers], numbers.astype(str)]
    ]
    assert all(each == found[0] for each in found)
    assert found[0] != alloquy.bootstrap_auc(scores, outcomes, resamples=100)
    for wrong in [numbers.astype(float), numbers.astype(np.int32), numbers[:5], [None] * 200, "class"]:
        with pytest.raises(alloquy.InvalidArgument, match="groups"):
            alloquy.bootstrap_auc(scores, outcomes, resamples=100, groups=wrong)


def test_groups_may_be_a_categorical():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(["b", "a", "b", "c"])
    expected = alloquy.grouped_folds(series.tolist(), 2)
    for groups in [series, series.astype("category"), pandas.Categorical(series)]:
        np.testing.assert_array_equal(alloquy.grouped_folds(groups, 2), expected)


def test_what_a_metric_raises_comes_out():
    class Stop(Exception):
        pass

    def metric(counts):
        raise Stop

    with pytest.raises(Stop):
        alloquy.bootstrap(10, metric)
    with pytest.raises(alloquy.InvalidArgument, match="metric"):
        alloquy.bootstrap(10, lambda counts: "text")
    with pytest.raises(alloquy.InvalidArgument, match="metric"):
        alloquy.bootstrap(10, lambda counts: None)


def test_an_evaluation_holds_all_numbers():
    rng = np.random.default_rng(4)
    outcomes = rng.integers(0, 2, 500)
    probabilities = (0.3 * outcomes + 0.6 * rng.random(500)).clip(0, 1)
    found = alloquy.evaluate(probabilities, outcomes, capacities=[50], shares=[0.1, 0.5], bins=5, resamples=100)
    assert (found.rows, found.positives, found.groups) == (500, outcomes.sum(), 0)
    assert found.auc.estimate == alloquy.auc(probabilities, outcomes)
    assert found.log_loss.estimate == pytest.approx(alloquy.log_loss(probabilities, outcomes), abs=1e-14)
    assert found.brier.estimate == pytest.approx(alloquy.brier(probabilities, outcomes), abs=1e-14)
    assert [gain.share for gain in found.gains] == [0.1, 0.5]
    assert found.gains[0].gain.estimate == alloquy.gain_at(probabilities, outcomes, 0.1)
    assert found.precisions[0].capacity == 50
    assert found.precisions[0].precision.estimate == alloquy.precision_at(probabilities, outcomes, 50)
    assert list(found.calibration) == alloquy.calibration_table(probabilities, outcomes, 5)
    assert found.expected_calibration_error == alloquy.expected_calibration_error(found.calibration)
    for ours, alone in zip(found.gain_curve, alloquy.gain_curve(probabilities, outcomes)):
        np.testing.assert_array_equal(ours, alone)
    assert found == alloquy.evaluate(probabilities, outcomes, [50], [0.1, 0.5], 5, 100)
    text = alloquy.to_text(found)
    assert "AUC" in text and "precision of the best 50" in text


def test_folds_agree_with_scikit_learn():
    # GroupKFold(3) of scikit-learn 1.9.1; its numbers of folds are those of the groups by size.
    groups = np.array([3, 1, 1, 2, 2, 2, 5, 5, 4, 4, 4, 4])
    assert alloquy.grouped_folds(groups, 3).tolist() == [1, 2, 2, 1, 1, 1, 2, 2, 0, 0, 0, 0]
    assert set(alloquy.grouped_folds(groups, 3, seed=1).tolist()) == {0, 1, 2}


def test_stratified_folds_share_the_outcomes():
    outcomes = np.array([1] * 10 + [0] * 25)
    folds = alloquy.stratified_folds(outcomes, 5, seed=3)
    assert folds.dtype == np.int64
    assert [outcomes[folds == fold].tolist().count(1) for fold in range(5)] == [2] * 5
    assert [(folds == fold).sum() for fold in range(5)] == [7] * 5


def test_splits_never_share_a_row():
    splits = alloquy.fold_splits(alloquy.grouped_folds(["a", "b", "c", "a"], 3))
    assert len(splits) == 3
    for split in splits:
        assert split.train.dtype == split.test.dtype == np.int64
        assert sorted([*split.train, *split.test]) == [0, 1, 2, 3]
    assert pickle.loads(pickle.dumps(splits)) == splits and len(set(splits)) == 3
    assert alloquy.Split([0, 1], [2]) == alloquy.Split(np.array([0, 1]), np.array([2]))
    for wrong in [[-1], [0.5], [2**32]]:
        with pytest.raises(alloquy.InvalidArgument, match="train"):
            alloquy.Split(wrong, [0])
    with pytest.raises(alloquy.InvalidArgument, match="folds"):
        alloquy.fold_splits([0, 2])


def test_splits_in_time_look_back_only():
    instants = np.array([5, 1, 3, 2, 4, 6])
    splits = alloquy.time_splits(instants, 3, gap_ms=0)
    assert [(split.train.tolist(), split.test.tolist()) for split in splits] == [
        ([1, 3], [2, 4]),
        ([1, 2, 3, 4], [0, 5]),
    ]
    # The outcomes of 2 and of 4 are known after 3 and 5 only.
    assert alloquy.time_splits(instants, 3, gap_ms=2)[0].train.tolist() == [1]
    # The same of each row by itself: at 3 the outcome of 1 is known, at 5 those of 1, 3 and 4.
    known = np.array([9, 3, 5, 9, 5, 9])
    apart = alloquy.time_splits(instants, 3, outcome_known_at_ms=known)
    assert [split.train.tolist() for split in apart] == [[1], [1, 2, 4]]
    # A round with nothing to learn from is none.
    assert len(alloquy.time_splits(instants, 3, gap_ms=3)) == 1
    # Row 2 is of the group of row 1, which may not be learned from then.
    groups = ["a", "b", "b", "c", "d", "e"]
    assert alloquy.time_splits(instants, 3, gap_ms=0, groups=groups)[0].train.tolist() == [3]
    with pytest.raises(alloquy.InvalidArgument, match="instants_ms"):
        alloquy.time_splits(instants.astype(float), 3, gap_ms=0)
    with pytest.raises(alloquy.InvalidArgument, match="outcome_known_at"):
        alloquy.time_splits(instants, 3, outcome_known_at_ms=known - 3)
    for wrong in [{}, {"gap_ms": 1, "outcome_known_at_ms": known}]:
        with pytest.raises(alloquy.InvalidArgument, match="either outcome_known_at_ms or gap_ms"):
            alloquy.time_splits(instants, 3, **wrong)
    with pytest.raises(alloquy.InvalidArgument, match="instants_ms: ms of the years 1 to 9999"):
        alloquy.time_blocks(np.array([0, 2**62]), 2)


def test_other_threads_run_during_a_bootstrap():
    rng = np.random.default_rng(6)
    outcomes = rng.integers(0, 2, 50_000)
    scores = outcomes + rng.normal(size=50_000)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(1)
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    alloquy.bootstrap_auc(scores, outcomes, resamples=100)
    done.set()
    thread.join()
    assert len(ticks) > 5
