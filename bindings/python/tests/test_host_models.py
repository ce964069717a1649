from datetime import timedelta

import numpy as np
import pytest

import alloquy
from alloquy import Encoding, FeatureConfig
from conftest import NOW
from test_learning import FEATURES, PEOPLE, add_cohort, learning  # noqa: F401


class Host:
    """A stand-in for a classifier of scikit-learn; keeps what it was asked."""

    def __init__(self, answer=None, **attributes):
        self.answer = answer or (lambda matrix: np.column_stack([1 - self.ones(matrix), self.ones(matrix)]))
        self.asked = []
        vars(self).update(attributes)

    @staticmethod
    def ones(matrix):
        return 1 / (1 + np.exp(-np.asarray(matrix).sum(axis=1)))

    def predict_proba(self, matrix):
        self.asked.append(matrix)
        return self.answer(matrix)


@pytest.fixture
def encoder(learning):  # noqa: F811
    add_cohort(learning)
    return alloquy.FeatureEncoder.fit(FEATURES, learning.feature_table(FEATURES, NOW))


def test_a_model_plugs_in_as_a_column(learning, encoder):  # noqa: F811
    host = Host()
    said = alloquy.use_model(learning, "own", host, encoder, NOW)
    matrix = encoder.encode(learning.feature_table(FEATURES, NOW)).dense()
    np.testing.assert_array_equal(host.asked[0], matrix)
    np.testing.assert_array_equal(said, Host.ones(matrix))
    np.testing.assert_array_equal(said, learning.columns(NOW)["own"])
    assert said.shape == (PEOPLE,) and said.dtype == np.float64
    view = learning.as_of(NOW)
    np.testing.assert_array_equal(alloquy.use_model(view, "own", Host(), encoder, NOW), said)
    np.testing.assert_array_equal(view.columns(NOW)["own"], said)


def test_numeric_inputs_need_no_encoder(learning, encoder):  # noqa: F811
    for features in [["engagement", "results"], [FeatureConfig(input="engagement"), FeatureConfig("n", "results")]]:
        host = Host()
        alloquy.use_model(learning, "own", host, features, NOW)
        columns = learning.columns(NOW)
        np.testing.assert_array_equal(host.asked[0], np.column_stack([columns["engagement"], columns["results"]]))
    for wrong in [FEATURES, [], [FeatureConfig("c", encoding=Encoding.cross, of=["a", "b"])]]:
        with pytest.raises(alloquy.InvalidArgument, match="features"):
            alloquy.use_model(learning, "own", Host(), wrong, NOW)


def test_a_model_with_names_gets_a_data_frame(learning, encoder):  # noqa: F811
    pandas = pytest.importorskip("pandas")
    names = np.array(encoder.column_names, dtype=object)
    host = Host(feature_names_in_=names)
    alloquy.use_model(learning, "own", host, encoder, NOW)
    assert isinstance(host.asked[0], pandas.DataFrame) and list(host.asked[0].columns) == list(names)
    for wrong in [names[::-1], names[:1], ["x"]]:
        with pytest.raises(alloquy.InvalidArgument, match="other columns"):
            alloquy.use_model(learning, "own", Host(feature_names_in_=wrong), encoder, NOW)


def test_the_class_is_looked_up(learning, encoder):  # noqa: F811
    straight = alloquy.use_model(learning, "own", Host(classes_=np.array([0, 1])), encoder, NOW)
    turned = alloquy.use_model(learning, "own", Host(classes_=np.array([1, 0])), encoder, NOW)
    np.testing.assert_allclose(straight, 1 - turned)
    np.testing.assert_array_equal(
        alloquy.use_model(learning, "own", Host(classes_=np.array([False, True])), encoder, NOW), straight)
    for wrong in [["no", "yes"], [0, 1, 2], [1]]:
        with pytest.raises(alloquy.InvalidArgument, match="classes_"):
            alloquy.use_model(learning, "own", Host(classes_=wrong), encoder, NOW)


@pytest.mark.parametrize(
    "answer",
    [
        lambda matrix: np.zeros(len(matrix)),
        lambda matrix: np.zeros((len(matrix), 3)),
        lambda matrix: np.zeros((len(matrix) - 1, 2)),
        lambda matrix: np.zeros((len(matrix), 2), dtype=int),
        lambda matrix: np.full((len(matrix), 2), np.nan),
        lambda matrix: np.full((len(matrix), 2), 1.5),
        lambda matrix: np.full((len(matrix), 2), -0.1),
        lambda matrix: None,
    ],
)
def test_what_are_no_probabilities_fills_nothing(learning, encoder, answer):  # noqa: F811
    with pytest.raises(alloquy.InvalidArgument, match="predict_proba"):
        alloquy.use_model(learning, "own", Host(answer), encoder, NOW)
    assert np.isnan(learning.columns(NOW)["own"]).all()


def test_the_column_is_known_from_now_on(learning, encoder):  # noqa: F811
    later = NOW + timedelta(days=1)
    alloquy.use_model(learning, "own", Host(), encoder, later)
    with pytest.raises(alloquy.InvalidArgument, match="own"):
        learning.columns(NOW)
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.use_model(learning, "own", Host(), encoder, NOW - timedelta(days=20))
    with pytest.raises(alloquy.InvalidArgument, match="nothing"):
        alloquy.use_model(learning, "nothing", Host(), encoder, later)


def test_nobody_has_no_probabilities(playbook):
    empty = alloquy.Playbook("empty", channels=["web"], columns=["own"])
    with alloquy.Institution.in_memory(empty, NOW) as institution:
        assert alloquy.use_model(institution, "own", Host(), ["engagement"], NOW).shape == (0,)


def test_a_classifier_of_scikit_learn_plugs_in(learning, encoder):  # noqa: F811
    linear = pytest.importorskip("sklearn.linear_model")
    pandas = pytest.importorskip("pandas")
    matrix = encoder.encode(learning.feature_table(FEATURES, NOW))
    outcomes = np.arange(PEOPLE) % 2
    frame = pandas.DataFrame(matrix.dense(), columns=matrix.names)
    for data in [matrix.dense(), frame]:
        model = linear.LogisticRegression().fit(data, outcomes)
        said = alloquy.use_model(learning, "own", model, encoder, NOW)
        np.testing.assert_allclose(said, model.predict_proba(data)[:, 1])
