import copy
import pickle

import numpy as np
import pytest

import alloquy
from alloquy import CoefficientSign, Encoding, FeatureConfig, FeatureMatrix, FeatureTable

NAN = float("nan")
VALUES = np.array([[0, 1], [1, 0], [2, 1], [3, 0], [4, 1], [5, 0], [1, 1], [4, 0]], dtype=float)
OUTCOMES = np.array([0, 0, 1, 0, 1, 1, 1, 1])


@pytest.fixture
def matrix():
    return FeatureMatrix(["a", "b"], VALUES)


def learnable(rows=400, seed=1):
    """A table whose outcomes follow x and job, and a config for it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    job = np.array(["cook", "nurse", "pilot"])[rng.integers(0, 3, rows)]
    outcomes = (x + (job == "nurse") + rng.logistic(size=rows) > 0).astype(np.uint8)
    features = [FeatureConfig(input="x"), FeatureConfig(input="job", encoding=Encoding.levels)]
    config = alloquy.ModelConfig("m", features=features)
    return config, FeatureTable({"x": x, "job": job}), outcomes


# Tables -----------------------------------------------------------------------------------------------------------


def test_a_table_takes_numbers_and_texts():
    table = FeatureTable(
        {
            "float": np.array([1.5, NAN]),
            "int": np.array([1, 2]),
            "small": np.array([1, 255], dtype=np.uint8),
            "bool": np.array([True, False]),
            "list": [None, 3],
            "text": ["a", None],
            "array": np.array(["a", "b"]),
            "objects": np.array(["a", NAN], dtype=object),
        }
    )
    assert table.rows == len(table) == 2 and "int" in table and "x" not in table
    np.testing.assert_array_equal(table["float"], [1.5, NAN])
    np.testing.assert_array_equal(table["list"], [NAN, 3])
    assert table["small"].tolist() == [1, 255] and table["bool"].tolist() == [1, 0]
    assert all(table[name].dtype == np.float64 for name in ["float", "int", "small", "bool", "list"])
    assert table["text"].tolist() == ["a", None] and table["array"].tolist() == ["a", "b"]
    assert table["objects"].tolist() == ["a", None]
    assert FeatureTable({"mixed": [np.True_, None, False, 2]})["mixed"].tolist()[::2] == [1, 0]
    assert [table.is_text(name) for name in table.names] == [False] * 5 + [True] * 3
    assert list(table.to_arrays()) == list(table.names)


def test_a_table_takes_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "x": [1.0, None, 3.0],
            "n": pandas.array([1, None, 3], dtype="Int64"),
            "yes": pandas.array([True, None, False], dtype="boolean"),
            "job": pandas.Categorical(["cook", None, "nurse"], categories=["nurse", "none", "cook"]),
            "text": ["a", None, "b"],
            "string": pandas.array(["a", None, "b"], dtype="string"),
        }
    )
    table = FeatureTable(frame)
    assert table.names == tuple(frame.columns)
    np.testing.assert_array_equal(table["n"], [1, NAN, 3])
    np.testing.assert_array_equal(table["yes"], [1, NAN, 0])
    assert table["job"].tolist() == ["cook", None, "nurse"]
    assert table["text"].tolist() == table["string"].tolist() == ["a", None, "b"]
    assert pandas.DataFrame(table.to_arrays()).shape == (3, 6)
    with pytest.raises(alloquy.InvalidArgument, match="when"):
        FeatureTable(pandas.DataFrame({"when": pandas.to_datetime(["2026-01-01"])}))


@pytest.mark.parametrize(
    "column",
    [["a", 1], [1, "a"], [b"a"], [2**60], [np.complex128(1), None], [np.longdouble(1), None], [np.array([1.0]), None],
     [np.array([True, False]), None], [[1, 2]], np.zeros((2, 2)), np.array([1j]), "text", 5,
     np.array(["2026-01-01"], dtype="M8[D]"), np.array([2**60])],
)
def test_a_wrong_column_is_named(column):
    with pytest.raises(alloquy.InvalidArgument, match="wrong"):
        FeatureTable({"wrong": column})


def test_a_table_is_rectangular_and_named():
    with pytest.raises(alloquy.InvalidArgument, match="b: 2 elements expected, got 1"):
        FeatureTable({"a": [1, 2], "b": [1]})
    with pytest.raises(alloquy.InvalidArgument, match="names"):
        FeatureTable({1: [1, 2]})
    with pytest.raises(alloquy.InvalidArgument, match="inputs"):
        FeatureTable([1, 2])
    table = FeatureTable({"a": [1.0, 2.0, 3.0], "t": ["x", "y", None]})
    part = table.select([2, 0, 0])
    assert part["a"].tolist() == [3, 1, 1] and part["t"].tolist() == [None, "x", "x"]
    for wrong in [[3], [-1], [0.5]]:
        with pytest.raises(alloquy.InvalidArgument, match="rows"):
            table.select(wrong)
    with pytest.raises(alloquy.InvalidArgument, match="'c'"):
        table["c"]


# Encoding ---------------------------------------------------------------------------------------------------------


def test_encodings_by_hand():
    table = FeatureTable({"x": [1.0, 2.0, 3.0, NAN], "job": ["cook", "nurse", "cook", "rare"]})
    features = [
        FeatureConfig(input="x"),
        FeatureConfig("x bins", "x", Encoding.bins, edges=[2, 3]),
        FeatureConfig("x steps", "x", Encoding.steps, edges=[2], monotone=alloquy.Monotone.rising),
        FeatureConfig(input="job", encoding=Encoding.levels, least_rows=2),
        FeatureConfig("both", encoding=Encoding.cross, of=["x bins", "job"], least_rows=1),
    ]
    encoder = alloquy.FeatureEncoder.fit(features, table)
    assert encoder.inputs == ("x", "job") and [encoder.is_text(i) for i in range(2)] == [False, True]
    matrix = encoder.encode(table)
    dense = dict(zip(matrix.names, matrix.dense().T.tolist()))
    deviation = np.array([1.0, 2, 3]).std()
    np.testing.assert_allclose(dense["x"], [-1 / deviation, 0, 1 / deviation, 0])
    assert dense["x missing"] == [0, 0, 0, 1]
    assert dense["x bins < 2"] == [1, 0, 0, 0] and dense["x bins in [2, 3)"] == [0, 1, 0, 0]
    assert dense["x steps >= 2"] == [0, 1, 1, 0]
    assert dense["job=cook"] == [1, 0, 1, 0] and dense["job rare"] == [0, 1, 0, 1]
    assert dense["x bins < 2 & job=cook"] == [1, 0, 0, 0]
    assert matrix.signs[matrix.names.index("x steps >= 2")] == CoefficientSign.not_negative
    assert encoder.column_names == matrix.names and encoder.columns == len(matrix.names)
    learned = {feature.config.name: feature for feature in encoder.features}
    assert learned["x"].mean == 2 and learned["x"].least == 1 and learned["job"].levels == ("cook",)
    for position, name in enumerate(matrix.names):
        feature = encoder.features[encoder.feature_of(position)]
        assert feature.first <= position < feature.first + feature.count
        assert name.startswith(feature.config.name) or feature.config.name == "both"
    for wrong in [-1, encoder.columns]:
        with pytest.raises(alloquy.InvalidArgument, match="column"):
            encoder.feature_of(wrong)


def test_an_encoder_survives_pickling():
    config, table, _ = learnable()
    encoder = alloquy.FeatureEncoder.fit(config.features, table)
    again = pickle.loads(pickle.dumps(encoder))
    assert again == encoder and hash(again) == hash(encoder)
    np.testing.assert_array_equal(again.encode(table).dense(), encoder.encode(table).dense())


def test_an_inconsistent_feature_is_named():
    table = FeatureTable({"x": [1.0, 2.0], "attribute:disability": ["yes", "no"]})
    for features, match in [
        ([FeatureConfig(input="y")], "'y'"),
        ([FeatureConfig(input="x", encoding=Encoding.levels)], "'x'"),
        ([FeatureConfig(input="x"), FeatureConfig(input="x")], "'x'"),
        ([FeatureConfig(input="attribute:disability", encoding=Encoding.levels)], "GDPR"),
    ]:
        with pytest.raises(alloquy.InvalidArgument, match=match):
            alloquy.FeatureEncoder.fit(features, table)
    reason = FeatureConfig(input="attribute:disability", encoding=Encoding.levels, least_rows=1, reason="support")
    assert alloquy.FeatureEncoder.fit([reason], table).columns == 2


# Matrices ---------------------------------------------------------------------------------------------------------


def test_a_matrix_is_sparse_by_row(matrix):
    assert matrix.shape == (8, 2) == (matrix.rows, matrix.columns) and matrix.stored == 11
    np.testing.assert_array_equal(matrix.dense(), VALUES)
    data, indices, indptr = matrix.csr()
    assert (data.dtype, indices.dtype, indptr.dtype) == (np.float64, np.int64, np.int64)
    assert indptr.tolist() == [0, 1, 2, 4, 5, 7, 8, 10, 11]
    again = FeatureMatrix.from_csr(matrix.names, data, indices, indptr)
    np.testing.assert_array_equal(again.dense(), VALUES)
    # SciPy's indices are int32 unless they must be int64.
    narrow = FeatureMatrix.from_csr(matrix.names, data, indices.astype(np.int32), indptr.astype(np.int32))
    np.testing.assert_array_equal(narrow.dense(), VALUES)
    for mixed in [(indices.astype(np.int32), indptr), (indices, indptr.astype(np.int32))]:
        np.testing.assert_array_equal(FeatureMatrix.from_csr(matrix.names, data, *mixed).dense(), VALUES)
    row = matrix.row(2)
    assert row == alloquy.FeatureRow([0, 1], [2.0, 1.0]) and pickle.loads(pickle.dumps(row)) == row
    assert row.columns.dtype == np.int64 and row.values.tolist() == [2, 1]
    assert FeatureMatrix([], np.zeros((3, 0))).shape == (3, 0)


@pytest.mark.parametrize(
    "build, name",
    [
        (lambda: FeatureMatrix(["a"], VALUES), "values"),
        (lambda: FeatureMatrix(["a", "b"], VALUES[0]), "values"),
        (lambda: FeatureMatrix(["a", "b"], VALUES.astype(str)), "values"),
        (lambda: FeatureMatrix(["a", "b"], [[NAN, 1.0]]), "'a'"),
        (lambda: FeatureMatrix(["a", "b"], VALUES, [CoefficientSign.free]), "signs"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [1], [0, 1]), "columns"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0, 0], [0, 1]), "indices"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0], [0, 2]), "indptr"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0], [0, 2, 1]), "indptr"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0], [0, -1, 1]), "indptr"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0], []), "indptr"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0], [0, 1, -(2**63), 1]), "indptr"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], np.array([0], np.int16), [0, 1]),
         "indices: dtype int64 or int32"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], np.array([0], np.uint32), [0, 1]), "indices: dtype"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], [0], np.array([0.0, 1.0])), "indptr: dtype int64 or int32"),
        (lambda: FeatureMatrix.from_csr(["a"], [1.0], np.array([-1], np.int32), [0, 1]), "indices"),
        (lambda: FeatureMatrix(["a"], [[1.0]], ["free"]), "signs: CoefficientSign"),
        (lambda: alloquy.FeatureRow([1, 0], [1.0, 1.0]), "columns"),
        (lambda: alloquy.FeatureRow([0], [1.0, 1.0]), "columns"),
        (lambda: alloquy.FeatureRow([0], [NAN]), "values"),
    ],
)
def test_a_wrong_matrix_is_refused(build, name):
    with pytest.raises(alloquy.InvalidArgument, match=name):
        build()


def test_a_row_that_is_not_there_is_refused(matrix):
    for wrong in [-1, 8]:
        with pytest.raises(alloquy.InvalidArgument, match="index"):
            matrix.row(wrong)


# Logistic models --------------------------------------------------------------------------------------------------


def test_bulk_learning_agrees_with_scikit_learn(matrix):
    # LogisticRegression(C=0.5, tol=1e-12) of scikit-learn 1.9.1.
    model = alloquy.fit_logistic(matrix, OUTCOMES, penalty=2)
    assert model.intercept == pytest.approx(-0.96657178, abs=1e-7)
    assert model.coefficients == pytest.approx([0.55647653, 0.35334228], abs=1e-7)
    assert alloquy.predict(model, matrix)[:3] == pytest.approx([0.35132286, 0.39888928, 0.62239436], abs=1e-7)
    weighted = alloquy.fit_logistic(matrix, OUTCOMES.astype(bool), weights=[1, 2, 1, 1, 3, 1, 1, 2], penalty=2)
    assert weighted.intercept == pytest.approx(-1.44693838, abs=1e-7)
    assert weighted.coefficients == pytest.approx([0.76762986, 0.48068841], abs=1e-7)
    assert (model.rows, model.positives, model.weight, weighted.weight) == (8, 5, 8, 12)
    assert alloquy.fit_logistic(matrix, OUTCOMES, penalty=2, threads=3) == model


def test_signs_are_kept():
    signs = [CoefficientSign.not_positive, CoefficientSign.free]
    model = alloquy.fit_logistic(FeatureMatrix(["a", "b"], VALUES, signs), OUTCOMES)
    assert model.coefficients[0] == 0 and model.coefficients[1] != 0


@pytest.mark.parametrize("kind", ["bulk", "online"])
def test_parts_of_a_row_add_up(matrix, kind):
    online = alloquy.OnlineLogistic(2).updated(matrix, OUTCOMES)
    model = alloquy.fit_logistic(matrix, OUTCOMES) if kind == "bulk" else online
    probabilities, log_odds = alloquy.predict(model, matrix), alloquy.predict_log_odds(model, matrix, threads=2)
    for i in range(matrix.rows):
        row = matrix.row(i)
        assert alloquy.log_odds(model, row) == log_odds[i] == model.intercept + sum(alloquy.contributions(model, row))
        assert alloquy.probability(model, row) == probabilities[i]
        p, variance = probabilities[i], alloquy.variance_of_log_odds(model, row)
        evidence = min(max(1 / (p * (1 - p) * variance) - 1, 0), model.weight)
        assert alloquy.evidence(model, row) == pytest.approx(evidence, rel=1e-9)
    assert alloquy.predict_evidence(alloquy.fit_logistic(matrix, OUTCOMES), matrix)[0] > 0
    with pytest.raises(alloquy.InvalidArgument):
        alloquy.log_odds(model, alloquy.FeatureRow([2], [1.0]))
    with pytest.raises(alloquy.InvalidArgument, match="columns"):
        alloquy.predict(model, FeatureMatrix(["a"], [[1.0]]))


def test_the_variance_is_that_of_the_inverse_hessian(matrix):
    # By hand: x' (Z'WZ + penalty)^-1 x with Z = (1, values) and no penalty on the intercept.
    model = alloquy.fit_logistic(matrix, OUTCOMES)
    p = alloquy.predict(model, matrix)
    z = np.column_stack([np.ones(8), VALUES])
    covariance = np.linalg.inv(z.T @ (z * (p * (1 - p))[:, None]) + np.diag([0, 1, 1]))
    assert alloquy.variance_of_log_odds(model, matrix.row(4)) == pytest.approx(z[4] @ covariance @ z[4], rel=1e-5)
    factor = np.zeros((3, 3))
    factor[np.tril_indices(3)] = model.covariance_factor
    np.testing.assert_allclose(factor.T @ factor, covariance, rtol=1e-5)


@pytest.mark.parametrize("wrong", [{"penalty": -1.0}, {"tolerance": 0.0}, {"threads": 0}, {"max_iterations": 0},
                                   {"weights": [1.0]}, {"outcomes": [1] * 8}, {"outcomes": [0, 1]}])
def test_what_cannot_be_learned_is_refused(matrix, wrong):
    with pytest.raises(alloquy.InvalidArgument, match=next(iter(wrong))):
        alloquy.fit_logistic(**{"matrix": matrix, "outcomes": OUTCOMES, **wrong})


def test_a_prior_model_knows_nothing():
    model = alloquy.prior_model(0.2, 2)
    row = alloquy.FeatureRow([0], [3.0])
    assert alloquy.probability(model, row) == pytest.approx(0.2, abs=1e-12) and alloquy.evidence(model, row) == 0
    assert model.covariance_factor.shape == (0,)
    with pytest.raises(alloquy.InvalidArgument, match="columns"):
        alloquy.prior_model(0.2, alloquy.max_logistic_columns + 1)


def test_learned_models_are_values(matrix):
    online = alloquy.OnlineLogistic(2, penalty=2.0, half_life=50).updated(matrix, OUTCOMES)
    for model in [alloquy.fit_logistic(matrix, OUTCOMES), online, online.state]:
        again = pickle.loads(pickle.dumps(model))
        assert again == model and hash(again) == hash(model) and copy.deepcopy(model) == model
        with pytest.raises(AttributeError):
            model.intercept = 1.0


def test_online_learning_is_the_maximum_of_prior_times_likelihood():
    # By brute force: Newton's method over (intercept, coefficient), prior N(0, 1 / 0.1) and N(0, 1), row by row with a
    # diagonal covariance; see Chapelle and Li (2011).
    rows, outcomes = [1.0, -2.0, 0.5], [1, 0, 0]
    mean, precision = np.zeros(2), np.array([0.1, 1.0])
    for value, outcome in zip(rows, outcomes):
        z, w = np.array([1.0, value]), mean.copy()
        for _ in range(100):
            p = 1 / (1 + np.exp(-w @ z))
            gradient = precision * (w - mean) + (p - outcome) * z
            w = w - np.linalg.solve(np.diag(precision) + p * (1 - p) * np.outer(z, z), gradient)
        p = 1 / (1 + np.exp(-w @ z))
        mean, precision = w, precision + z**2 * p * (1 - p)
    matrix = FeatureMatrix(["x"], np.array(rows)[:, None])
    model = alloquy.OnlineLogistic(1).updated(matrix, outcomes)
    assert [model.intercept, *model.coefficients] == pytest.approx(mean, abs=1e-9)
    assert [1 / model.intercept_variance, 1 / model.variance(0)] == pytest.approx(precision, rel=1e-9)
    assert model.weight == 3 and model.state.updates == 3


def test_an_online_model_goes_on_from_its_state(matrix):
    empty = alloquy.OnlineLogistic(2, half_life=4, signs=[CoefficientSign.not_negative, CoefficientSign.free])
    whole = empty.updated(matrix, OUTCOMES)
    assert empty.state.updates == 0  # stays as it is
    first, rest = FeatureMatrix(["a", "b"], VALUES[:3]), FeatureMatrix(["a", "b"], VALUES[3:])
    half = empty.updated(first, OUTCOMES[:3])
    stored = alloquy.OnlineLogistic(half.state, half_life=half.half_life, signs=half.signs)
    assert stored == half and stored.updated(rest, OUTCOMES[3:]) == whole
    assert (whole.columns, whole.penalty, whole.intercept_penalty, whole.probability) == (2, 1, 0.1, 0.5)
    # Forgetting by hand: the i-th last of n rows weighs 2^(-i / half_life).
    assert whole.weight == pytest.approx(sum(2 ** (-i / 4) for i in range(8)))
    said = alloquy.prequential(empty, matrix, OUTCOMES)
    assert said[3] == alloquy.predict(half, matrix)[3] and said.shape == (8,)
    # Every outcome is known when the last row is asked, and none before: all rows but that are asked of the empty model.
    asked = np.arange(8)
    late = alloquy.prequential(empty, matrix, OUTCOMES, instants_ms=asked, outcome_known_at_ms=np.maximum(asked, 7))
    assert late[:7].tolist() == [0.5] * 7 and late[7] == said[7]
    for wrong in [{"instants_ms": asked}, {"instants_ms": asked, "outcome_known_at_ms": asked - 1}]:
        with pytest.raises(alloquy.InvalidArgument, match="outcome_known_at"):
            alloquy.prequential(empty, matrix, OUTCOMES, **wrong)
    for wrong in [{"outcomes": OUTCOMES[:3]}, {"outcomes": OUTCOMES + 1}, {"outcomes": OUTCOMES, "weights": [1.0]},
                  {"outcomes": OUTCOMES, "weights": [-1.0] * 8}]:
        with pytest.raises(alloquy.InvalidArgument, match="outcomes|weights"):
            empty.updated(matrix, **wrong)
    with pytest.raises(alloquy.InvalidArgument, match="half_life"):
        alloquy.OnlineLogistic(2, half_life=0.5)


# Calibration ------------------------------------------------------------------------------------------------------


def test_isotonic_by_hand():
    # Pool adjacent violators: the outcomes 0 | 1, 0 | 1 at scores 0 | 1, 2 | 3.
    found = alloquy.fit_isotonic([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1])
    assert found.kind == alloquy.CalibrationKind.isotonic
    assert found.thresholds.tolist() == [0, 1, 2, 3] and found.probabilities.tolist() == [0, 0.5, 0.5, 1]
    assert alloquy.apply(found, [-9.0, 0.5, 1.5, 2.5, 9.0]).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert alloquy.apply(found, 0.5) == 0.25


def test_platt_meets_its_conditions():
    # At the greatest likelihood the probabilities add up to the targets, also weighted by the score (Platt 1999).
    rng = np.random.default_rng(7)
    scores = rng.normal(size=300)
    outcomes = rng.random(300) < 1 / (1 + np.exp(-2 * scores + 0.5))
    found = alloquy.fit_platt(scores, outcomes)
    n1, n0 = outcomes.sum(), (~outcomes).sum()
    targets = np.where(outcomes, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    said = alloquy.apply(found, scores)
    np.testing.assert_allclose(said, 1 / (1 + np.exp(-(found.slope * scores + found.offset))), rtol=1e-12)
    assert (said - targets).sum() == pytest.approx(0, abs=1e-6)
    assert ((said - targets) * scores).sum() == pytest.approx(0, abs=1e-6)


def test_calibrations_are_values():
    platt = alloquy.Calibration.platt(2, -1)
    isotonic = alloquy.Calibration.isotonic([0.0, 1.0], [0.1, 0.9])
    for each in [alloquy.Calibration(), platt, isotonic]:
        assert pickle.loads(pickle.dumps(each)) == each and hash(each) == hash(pickle.loads(pickle.dumps(each)))
    assert len({alloquy.Calibration(), platt, isotonic}) == 3
    assert alloquy.apply(alloquy.Calibration(), 0) == 0.5
    for wrong in [lambda: alloquy.Calibration.platt(-1, 0),
                  lambda: alloquy.Calibration.isotonic([1.0, 0.0], [0.0, 1.0]),
                  lambda: alloquy.apply(platt, NAN), lambda: alloquy.apply(platt, "0"),
                  lambda: alloquy.apply(platt, [[0.0]])]:
        with pytest.raises(alloquy.InvalidArgument):
            wrong()


def test_cross_fitted_rows_are_not_learned_from(matrix):
    folds = np.array([0, 0, 1, 1, 0, 1, 1, 0])
    found = alloquy.cross_fitted_log_odds(matrix, OUTCOMES, folds, penalty=2)
    for fold in [0, 1]:
        outside = folds != fold
        model = alloquy.fit_logistic(FeatureMatrix(["a", "b"], VALUES[outside]), OUTCOMES[outside], penalty=2)
        expected = alloquy.predict_log_odds(model, matrix)[folds == fold]
        np.testing.assert_allclose(found[folds == fold], expected, atol=1e-6)
    with pytest.raises(alloquy.InvalidArgument, match="folds"):
        alloquy.cross_fitted_log_odds(matrix, OUTCOMES, np.zeros(8, dtype=np.int64))


# Models -----------------------------------------------------------------------------------------------------------


def test_a_model_is_encoder_coefficients_and_calibration():
    config, table, outcomes = learnable()
    model = alloquy.train(config, table, outcomes)
    matrix = model.encoder.encode(table)
    assert list(model.coefficients) == list(model.encoder.column_names) and model.inputs == ("x", "job")
    assert model.learned == alloquy.fit_logistic(matrix, outcomes)
    assert list(model.coefficients.values()) == model.learned.coefficients.tolist()
    said = model.predict(table)
    log_odds = alloquy.predict_log_odds(model.learned, matrix)
    np.testing.assert_array_equal(said, alloquy.apply(model.calibration, log_odds))
    np.testing.assert_array_equal(model.evidence(table), alloquy.predict_evidence(model.learned, matrix))
    assert model.examples == 400 and model.calibration.kind == alloquy.CalibrationKind.platt
    rebuilt = alloquy.Model(model.encoder, model.learned, model.calibration)
    assert rebuilt == model and hash(rebuilt) == hash(model)
    assert alloquy.Model(model.encoder, model.learned) != model  # without its calibration
    assert pickle.loads(pickle.dumps(model)) == model
    assert alloquy.train(config, table, outcomes, threads=2) == model
    assert alloquy.auc(said, outcomes) > 0.7


def test_an_input_that_training_never_saw_so_is_no_evidence():
    config, table, outcomes = learnable()
    model = alloquy.train(config, table, outcomes)
    people = FeatureTable({"x": [0.5, np.nan, np.nan], "job": ["cook", "cook", "diver"]})
    known, half, stranger = model.evidence(people)
    matrix = model.encoder.encode(people)
    of_columns = alloquy.predict_evidence(model.learned, matrix)
    assert known == of_columns[0] and half == of_columns[1] / 2 and stranger == 0
    explanation = model.explain(people, 1)
    assert explanation.evidence == half
    assert explanation.parts[-1] == alloquy.Part("x never seen so in training", 1, 0, 0)


def test_an_explanation_adds_up_exactly():
    config, table, outcomes = learnable()
    model = alloquy.train(config, table, outcomes)
    for row in [0, 7, 399]:
        explanation = model.explain(table, row, name="risk")
        assert explanation.name == "risk" and explanation.parts[0].name == "base"
        assert explanation.value == sum(part.contribution for part in explanation.parts)
        assert explanation.value == alloquy.log_odds(model.learned, model.encoder.encode(table).row(row))
        assert explanation.evidence == model.evidence(table)[row]
        assert all(part.weight == model.coefficients[part.name] for part in explanation.parts[1:])
        assert pickle.loads(pickle.dumps(explanation)) == explanation
    with pytest.raises(alloquy.InvalidArgument, match="row"):
        model.explain(table, 400)
    with pytest.raises(alloquy.InvalidArgument, match="'job'"):
        model.explain(FeatureTable({"x": [1.0], "job": [1.0]}), 0)


def test_online_models_go_on():
    config, table, outcomes = learnable()
    online = alloquy.ModelConfig("m", features=config.features, learning=alloquy.Learning.online, half_life=1000,
                                 calibration=alloquy.CalibrationKind.none)
    first, rest = np.arange(200), np.arange(200, 400)
    model = alloquy.train(online, table.select(first), outcomes[first])
    after = alloquy.learn_on(model, table.select(rest), outcomes[rest])
    assert isinstance(after.learned, alloquy.OnlineLogistic) and after.learned.state.updates == 400
    assert after.learned == model.learned.updated(model.encoder.encode(table.select(rest)), outcomes[rest])
    assert pickle.loads(pickle.dumps(after)) == after != model
    # Models of both kinds are compared with each other and with themselves.
    bulk = alloquy.Model(model.encoder, alloquy.prior_model(0.5, model.encoder.columns))
    assert bulk != model != bulk and bulk == bulk and not model == "model"
    halved = alloquy.OnlineLogistic(model.learned.state, half_life=500, signs=model.learned.signs)
    assert alloquy.Model(model.encoder, halved) != model
    with pytest.raises(alloquy.InvalidArgument, match="bulk"):
        alloquy.learn_on(alloquy.train(config, table, outcomes), table, outcomes)


def test_cross_validation_learns_anew_for_each_split():
    config, table, outcomes = learnable()
    groups = np.arange(400) // 2
    splits = alloquy.fold_splits(alloquy.grouped_folds(groups, 4))
    said = alloquy.cross_validate(config, table, outcomes, splits, groups=groups, threads=2)
    for split in splits:
        model = alloquy.train(config, table.select(split.train), outcomes[split.train], groups[split.train])
        np.testing.assert_array_equal(said[split.test], model.predict(table.select(split.test)))
    untested = alloquy.cross_validate(config, table, outcomes, splits[:1])
    assert np.isnan(untested).sum() == 400 - len(splits[0].test)
    for wrong in [alloquy.Split(np.arange(300), [400]), alloquy.Split([400], np.arange(300))]:
        with pytest.raises(alloquy.InvalidArgument, match="400"):
            alloquy.cross_validate(config, table, outcomes, [wrong])


@pytest.mark.parametrize(
    "change, name",
    [({"outcomes": [1, 0]}, "outcomes"), ({"outcomes": np.ones(400)}, "outcomes"), ({"groups": [1]}, "groups"),
     ({"outcomes": np.ones(400, dtype=bool)}, "outcomes")],
)
def test_wrong_examples_are_named(change, name):
    config, table, outcomes = learnable()
    with pytest.raises(alloquy.InvalidArgument, match=name):
        alloquy.train(**{"config": config, "table": table, "outcomes": outcomes, **change})


def test_too_little_data_is_said():
    config, table, outcomes = learnable(rows=20)
    with pytest.raises(alloquy.InvalidArgument, match="too little data: 20 examples, at least 50"):
        alloquy.train(config, table, outcomes)


def test_policies_are_values():
    config, _, _ = learnable()
    outcome = alloquy.OutcomeConfig(alloquy.OutcomeKind.response, channels=["email"])
    roles = [alloquy.RoleKind.student, alloquy.RoleKind.alumnus]
    full = alloquy.ModelConfig("answers", outcome, roles, config.features, group="attribute:student", prior=0.2)
    for each in [*config.features, outcome, full, alloquy.Prediction(0.5, 0), alloquy.prior_prediction(0.5)]:
        assert pickle.loads(pickle.dumps(each)) == each and hash(each) == hash(pickle.loads(pickle.dumps(each)))
    assert full.roles == frozenset(roles)
    assert alloquy.prior_prediction(0.5) == alloquy.Prediction(0.5, 0)
    for wrong in [0, 1, -0.5, 7, NAN]:
        with pytest.raises(alloquy.InvalidArgument, match="prior"):
            alloquy.prior_prediction(wrong)
    assert alloquy.is_special_category("ethnic group") and not alloquy.is_special_category("age")
