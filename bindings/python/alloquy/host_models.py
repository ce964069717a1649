"""A host's own model as a column of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from alloquy import _core

_ROWS = 65_536  # encoded at a time, so that the matrix stays small


def use_model(
    institution: Union[_core.Institution, _core.View],
    column: str,
    model: Any,
    features: Union[_core.FeatureEncoder, Sequence[Union[_core.FeatureConfig, str]]],
    now: _core.AnyInstant,
) -> NDArray[np.float64]:
    """Fills a column of the host's with the probabilities of its own model, for everybody.

    institution : Institution or View. column : a name among the playbook's columns.
    model : has predict_proba over a 2-D float64 matrix, as scikit-learn's classifiers do, and gives a matrix of shape
        (n, 2): the probabilities of outcome 0 and of outcome 1. Where it has feature_names_in_ it gets a pandas
        DataFrame with the columns' names, which must be these; where it has classes_, they must hold 1 and another one.
    features : the FeatureEncoder by which it was trained; or FeatureConfigs or names of numeric inputs, which it then
        gets as they are, NaN = unknown. An encoder is never fitted here: it must be that of the training rows.
    now : seen from here; becomes the column's known_at.
    Returns the probabilities, a float64 array; element i belongs to institution.person_ids()[i].
    Raises InvalidArgument if facts became known after now, an input is text without an encoder, or the model wants
    other columns or gives anything but probabilities. Nothing is filled then.

    >>> class Half:
    ...     def predict_proba(self, matrix):
    ...         return np.full((len(matrix), 2), 0.5)
    >>> now = alloquy.Instant.from_iso("2026-03-01T09:00:00Z")
    >>> playbook = alloquy.read_playbook('{"name": "small", "channels": ["email"], "columns": ["own"]}', "small.json")
    >>> with alloquy.Institution.in_memory(playbook, now) as institution:
    ...     person = institution.person("crm", "4711", now)
    ...     probabilities = alloquy.use_model(institution, "own", Half(), ["engagement"], now)
    ...     value = institution.column(person, "own", now)
    >>> probabilities, value
    (array([0.5]), 0.5)
    """
    encoder = None
    if isinstance(features, _core.FeatureEncoder):
        encoder = features
        inputs = [feature.config for feature in encoder.features]
        names = list(encoder.column_names)
    else:
        inputs = [_core.FeatureConfig(input=each) if isinstance(each, str) else each for each in features]
        names = _numeric_names(inputs)
    expected = getattr(model, "feature_names_in_", None)
    if expected is not None and list(expected) != names:
        raise _core.InvalidArgument(
            f"use_model: the model wants other columns than {len(names)} such as {names[:3]}: {list(expected)[:3]}"
        )
    positive = _positive_column(model)
    people = institution.person_ids()
    probabilities = np.empty(len(people))
    for first in range(0, len(people), _ROWS):
        some = people[first : first + _ROWS]
        table = institution.feature_table(inputs, now, some)
        matrix: Any
        if encoder is not None:
            matrix = encoder.encode(table).dense()
        else:
            matrix = np.column_stack([table[name] for name in names])
        if expected is not None:
            import pandas

            matrix = pandas.DataFrame(matrix, columns=names)
        probabilities[first : first + _ROWS] = _checked(model.predict_proba(matrix), len(some), positive)
    institution.set_column(column, people, probabilities, now)
    return probabilities


def _numeric_names(inputs: Sequence[_core.FeatureConfig]) -> list[str]:
    names: list[str] = []
    for each in inputs:
        if each.encoding in (_core.Encoding.levels, _core.Encoding.cross):
            raise _core.InvalidArgument(f"use_model: features: '{each.name or each.input}' needs an encoder")
        if each.input not in names:
            names.append(each.input)
    if not names:
        raise _core.InvalidArgument("use_model: features: at least one expected")
    return names


def _positive_column(model: Any) -> int:
    classes = getattr(model, "classes_", None)
    if classes is None:
        return 1
    found = [i for i, each in enumerate(classes) if each == 1]
    if len(classes) != 2 or len(found) != 1:
        raise _core.InvalidArgument("use_model: model: classes_ must hold 1 and another one")
    return found[0]


def _checked(found: Any, rows: int, positive: int) -> NDArray[np.float64]:
    array = np.asarray(found)
    if array.shape != (rows, 2) or array.dtype.kind != "f":
        raise _core.InvalidArgument(
            f"use_model: predict_proba: floats of shape ({rows}, 2) expected, got {array.dtype} of {array.shape}"
        )
    chosen = array[:, positive].astype(np.float64)
    if not ((chosen >= 0) & (chosen <= 1)).all():
        raise _core.InvalidArgument("use_model: predict_proba: probabilities in [0, 1] expected")
    return chosen
