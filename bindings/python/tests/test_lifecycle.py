import csv
import pickle

import numpy as np
import pytest

import alloquy
from alloquy import BgBbParameters, BgNbdParameters

# Fader, Hardie, Lee (2005), table 2, and Fader, Hardie, Shang (2010), section 4.
CDNOW = BgNbdParameters(r=0.243, alpha=4.414, a=0.793, b=2.426)
BTYD = BgNbdParameters(r=0.2425967, alpha=4.413659, a=0.7929869, b=2.426164)  # walkthrough of the R package BTYD
DONATIONS = BgBbParameters(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)


def test_bg_nbd_as_published():
    # Hardie's spreadsheet, as in the tests of the package lifetimes.
    assert alloquy.expected_interactions(CDNOW, 2, 30.43, 38.86, horizon=39) == pytest.approx(1.226, abs=1e-3)
    # The same, at the spreadsheet's own fit.
    times = [0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0]
    published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert alloquy.expected_interactions(BTYD, times) == pytest.approx(published, abs=5e-4)
    # BTYD's walkthrough.
    assert alloquy.expected_interactions(BTYD, 52) == pytest.approx(1.444004, abs=1e-6)
    assert alloquy.expected_interactions(BTYD, 26, 30.85714, 31, 52) == pytest.approx(25.75659, abs=1e-4)
    assert alloquy.p_active(BTYD, 26, 30.85714, 31) == pytest.approx(0.9688523, abs=1e-6)
    published = [0.3474606, 0.04283391, 0.004158973, 0.0003583685]
    assert alloquy.expected_interactions(BTYD, [10, 15, 20, 25], 20, 39, 52) == pytest.approx(published, rel=1e-5)
    # lifetimes, after the manual of BTYD.
    assert alloquy.probability_of_count(CDNOW, 0, 39) == pytest.approx(0.5737864, abs=1e-7)
    assert alloquy.probability_of_count(CDNOW, [11, 12], 30) == pytest.approx([0.0019995214, 0.0015170236], abs=1e-10)


def test_bg_bb_as_published():
    # Fader, Hardie, Shang (2010), table 6, as in the tests of the package lifetimes.
    active = alloquy.p_active(DONATIONS, taken=[0, 2, 6], last=[0, 4, 6], offered=6)
    assert active == pytest.approx([0.11, 0.59, 0.93], abs=5e-3)
    # BTYD's walkthrough, with its own fit.
    fit = BgBbParameters(1.203528, 0.7497260, 0.6567808, 2.783796)
    assert alloquy.expected_interactions(fit, 10) == pytest.approx(3.179805, abs=1e-4)
    assert alloquy.expected_interactions(fit, [0, 4], [0, 5], 6, ahead=10) == pytest.approx(
        [0.1302169, 3.627858], abs=1e-4)
    # Hardie's spreadsheet: 3,454.9 of 11,104 people with no gift in six years, 1,253.1 with six.
    expected = 11_104 * alloquy.probability_of_count(DONATIONS, [0, 6], 6)
    assert expected == pytest.approx([3454.9, 1253.1], rel=1e-3)


def test_bg_nbd_fits_the_published_parameters(data):
    if not (data / "cdnow").is_dir():
        pytest.skip("no CDNOW data")
    with open(data / "cdnow" / "cdnow_customers_summary.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    repeats = np.array([int(row["frequency"]) for row in rows])
    recency, age = (np.array([float(row[name]) for row in rows]) for name in ("recency", "T"))
    fit = alloquy.fit_bg_nbd(repeats, recency, age, threads=2)
    # BTYD's walkthrough; the log-likelihood at the published parameters stands in SOURCE.md.
    found = fit.parameters
    assert [found.r, found.alpha, found.a, found.b] == pytest.approx([BTYD.r, BTYD.alpha, BTYD.a, BTYD.b], rel=2e-3)
    published = alloquy.log_likelihood(CDNOW, repeats, recency, age)
    assert published == pytest.approx(-9582.4268, abs=1e-4)
    assert published < fit.log_likelihood < published + 2e-3
    assert fit.log_likelihood == alloquy.log_likelihood(found, repeats, recency, age)
    assert fit.people == 2357 and fit.iterations >= 1
    np.testing.assert_allclose(fit.standard_errors**2, np.diag(fit.covariance))
    assert fit.covariance.shape == (4, 4)
    assert alloquy.fit_bg_nbd(repeats, recency, age, threads=1).parameters == found
    doubled = alloquy.fit_bg_nbd(repeats, recency, age, weights=np.full(2357, 2.0))
    assert doubled.people == 2 * 2357 and doubled.parameters.r == pytest.approx(found.r, rel=1e-9)
    assert doubled.standard_errors == pytest.approx(fit.standard_errors / np.sqrt(2), rel=1e-6)
    assert alloquy.fit_bg_nbd(repeats, recency, age, penalty=1e-3).parameters.b < found.b
    with pytest.raises(alloquy.Error, match="converge"):
        alloquy.fit_bg_nbd(repeats, recency, age, max_iterations=1)
    with pytest.raises(alloquy.InvalidArgument, match="tolerance"):
        alloquy.fit_bg_nbd(repeats, recency, age, tolerance=1.0)
    active = alloquy.p_active(found, repeats, recency, age, threads=2)
    assert active.shape == (2357,)
    assert active[0] == alloquy.p_active(found, int(repeats[0]), recency[0], age[0])


def test_bg_bb_fits_the_published_parameters(data):
    if not (data / "donations-bgbb").is_dir():
        pytest.skip("no donations data")
    with open(data / "donations-bgbb" / "donations.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    taken, last, offered = (np.array([int(row[name]) for row in rows]) for name in ("frequency", "recency", "periods"))
    fit = alloquy.fit_bg_bb(taken, last, offered, weights=[float(row["weights"]) for row in rows])
    # BTYD's walkthrough.
    found = fit.parameters
    assert [found.alpha, found.beta, found.gamma, found.delta] == pytest.approx(
        [1.203528, 0.7497260, 0.6567808, 2.783796], rel=1e-2)
    assert fit.log_likelihood == pytest.approx(-33225.58, abs=1e-2)
    assert fit.people == 11_104 and fit.covariance.shape == (4, 4)
    weights = [float(row["weights"]) for row in rows]
    assert fit.log_likelihood == alloquy.log_likelihood(found, taken, last, offered, weights)
    assert alloquy.fit_bg_bb(taken, last, offered, weights, penalty=1e-3).parameters.delta < found.delta
    for wrong in [{"max_iterations": 0}, {"tolerance": 1.0}, {"penalty": -1.0}, {"threads": 0}]:
        with pytest.raises(alloquy.InvalidArgument, match=next(iter(wrong))):
            alloquy.fit_bg_bb(taken, last, offered, weights, **wrong)
    assert fit.standard_errors.shape == (4,)


def test_numbers_and_arrays_may_be_mixed():
    alone = alloquy.p_active(CDNOW, 2, 30.43, 38.86)
    assert isinstance(alone, float)
    mixed = alloquy.p_active(CDNOW, np.array([2, 0]), [30.43, 0.0], 38.86)
    assert mixed.tolist() == [alone, 1.0]
    assert alloquy.p_active(CDNOW, 2, [30.43], [38.86]).tolist() == [alone]
    assert alloquy.p_active(CDNOW, np.int64(2), np.float64(30.43), 38.86) == alone
    assert alloquy.p_active(CDNOW, np.array(2, np.uint8), np.array(30.43), np.float64(38.86)) == alone
    assert alloquy.p_active(CDNOW, 2, np.float32(30.5), np.int16(38)) == alloquy.p_active(CDNOW, 2, 30.5, 38)
    assert alloquy.expected_interactions(CDNOW, [2], [30.43], 38.86, 39).tolist() == [
        alloquy.expected_interactions(CDNOW, 2, 30.43, 38.86, 39)]
    whole = alloquy.expected_interactions(CDNOW, np.array([39, 78]))
    assert whole.tolist() == [alloquy.expected_interactions(CDNOW, 39.0), alloquy.expected_interactions(CDNOW, 78.0)]
    assert alloquy.log_likelihood(CDNOW, 2, 30.43, 38.86) == alloquy.log_likelihood(CDNOW, [2], [30.43], [38.86])
    assert alloquy.log_likelihood(DONATIONS, 1, 1, 6) == alloquy.log_likelihood(DONATIONS, [1], [1], [6])


@pytest.mark.parametrize(
    "repeats, recency, age, name",
    [
        ([1.0], [1.0], [2.0], "repeats"),
        ([-1], [1.0], [2.0], "repeats"),
        ([2**32], [1.0], [2.0], "repeats"),
        (True, 1.0, 2.0, "repeats"),
        (1.5, 1.0, 2.0, "repeats"),
        (2**40, 1.0, 2.0, "repeats"),
        (1, "1", 2.0, "recency"),
        (1, None, 2.0, "recency"),
        (1, 2**60, 2.0, "recency"),
        (1, True, 2.0, "recency"),
        (1, np.True_, 2.0, "recency: dtype float64 expected, got bool"),
        (1, np.complex128(1 + 2j), 2.0, "recency: dtype float64 expected, got complex128"),
        (1, np.array(True), 2.0, "recency: dtype float64 expected, got bool"),
        (np.True_, 1.0, 2.0, "repeats"),
        (np.array(True), 1.0, 2.0, "repeats"),
        (np.float64(1), 1.0, 2.0, "repeats"),
        ([1], [[1.0]], [2.0], "recency"),
        ([1], [1.0, 2.0], [2.0], "same length"),
        ([1], [3.0], [2.0], "recency"),
        (0, 1.0, 2.0, "recency"),
    ],
)
def test_a_wrong_argument_is_named(repeats, recency, age, name):
    with pytest.raises(alloquy.InvalidArgument, match=name):
        alloquy.p_active(CDNOW, repeats, recency, age)


def test_too_little_data_is_said():
    with pytest.raises(alloquy.InvalidArgument, match="too little data"):
        alloquy.fit_bg_nbd([0, 0], [0.0, 0.0], [1.0, 2.0])
    with pytest.raises(alloquy.InvalidArgument, match="too little data"):
        alloquy.fit_bg_bb([0, 0], [0, 0], [3, 3])
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.p_active(BgNbdParameters(-1, 1, 1, 1), 0, 0.0, 1.0)
    assert alloquy.most_occasions == 1_000_000


def test_parameters_and_configs_are_values():
    config = alloquy.LifecycleConfig("gifts", alloquy.LifecycleModel.bg_bb, [alloquy.Act.donated], year_starts_in=9,
                                     horizon=5)
    for each in [CDNOW, DONATIONS, config]:
        assert pickle.loads(pickle.dumps(each)) == each and hash(each) == hash(pickle.loads(pickle.dumps(each)))
    assert CDNOW != BgNbdParameters(0.243, 4.414, 0.793, 2.427)
    assert config.acts == (alloquy.Act.donated,) and config.penalty == 0


def test_the_penalty_of_a_lifecycle_is_part_of_the_playbook():
    config = alloquy.LifecycleConfig("gifts", acts=[alloquy.Act.donated], penalty=0.25)
    assert config.penalty == 0.25 and pickle.loads(pickle.dumps(config)) == config
    assert config != alloquy.LifecycleConfig("gifts", acts=[alloquy.Act.donated])
    playbook = alloquy.Playbook("p", channels=("email",), lifecycles=(config,))
    text = alloquy.write_playbook(playbook)
    assert alloquy.read_playbook(text, "p").lifecycles[0].penalty == 0.25
    with pytest.raises(alloquy.ParseError, match="/lifecycles/0/penalty"):
        alloquy.read_playbook(text.replace("0.25", "-1"), "p")
    now = alloquy.Instant.from_iso("2026-03-01T09:00:00Z")
    wrong = alloquy.LifecycleConfig("gifts", acts=[alloquy.Act.donated], penalty=2e6)
    with pytest.raises(alloquy.InvalidArgument, match="penalty"):
        alloquy.Institution.in_memory(alloquy.Playbook("p", channels=("email",), lifecycles=(wrong,)), now)
