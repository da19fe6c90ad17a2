"""Every way to a model's numbers for mixtures of rows says what the model predicts for rows put together by hand."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from workbench.estimator import Classifier, Regressor
from workbench.explainers.effects import leaf_sets, values
from workbench.explainers.effects.mixtures import mixtures_of
from workbench.explainers.effects.values import Values
from workbench.explainers.inputs import Inputs
from workbench.forms import Frame

SETS = [(0,), (1,), (2,), (3,), (4,), (5,), (0, 1), (1, 2), (0, 4), (2, 3)]
QUICK = {
    "ebm": {"preset": "fast"},
    "forest": {"n_estimators": 5},
    "xgboost": {"n_estimators": 15},
    "symbolic": {"generations": 3},
    "kernel": {"kernel": "rbf"},
    "rulefit": {"n_estimators": 10, "max_rules": 15, "cross_validate": False},
    "gam": {"n_splines": 6, "smoothing": 1.0},
    "gamma": {"distribution": "gamma", "link": "log"},
}
CLOSE = {"xgboost": 1e-5}


@pytest.fixture(name="X", scope="module")
def _rows():
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "a b": rng.normal(size=n),
            'the "b"': rng.normal(size=n),
            "c": rng.choice(list("xyz"), n),
            "größe": pd.Categorical(rng.choice(["S", "M", "L"], n), categories=["S", "M", "L"], ordered=True),
            "t": rng.random(n) < 0.5,
            "unused": 1.0,
        }
    )
    frame.loc[::7, 'the "b"'] = np.nan
    frame.loc[::11, "c"] = None
    return frame


@pytest.fixture(name="y", scope="module")
def _target(X):
    return X["a b"] ** 2 + X['the "b"'].fillna(2.0) * X["a b"] + (X["c"] == "x") + (X["größe"] == "S") * X["t"]


def fitted(family, n_classes, X, y):
    name = {"kernel": "svm", "gamma": "glm"}.get(family, family)
    params = QUICK.get(family, {})
    if not n_classes:
        return Regressor(name, **params).fit(X, y - y.min() + 1)
    labels = np.array(["low", "mid", "high"])[np.digitize(y, [0.5, 1.5] if n_classes == 3 else [1.0])]
    return Classifier(name, **params).fit(X, labels)


def said(model, rows):
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(rows), dtype=float)[:, None]
    chances = model.predict_proba(rows)
    return chances if chances.shape[1] > 2 else chances[:, [1]]


def by_hand(model, X, donor, columns, positions):
    """Set columns, value by value, and predict: (n_rows, n_values, n_outputs)."""
    found = []
    for which in zip(*positions, strict=True):
        rows = X.copy()
        for column, place in zip(columns, which, strict=True):
            rows.isetitem(column, donor.iloc[[place] * len(X), column].array)
        found.append(said(model, rows))
    return np.stack(found, axis=1)


REGRESSION = ["linear", "gamma", "gam", "ebm", "tree", "forest", "xgboost", "rulefit", "symbolic", "kernel"]
BINARY = ["linear", "gam", "tree", "forest", "xgboost", "kernel", "oner"]
CLASSES = ["linear", "ebm", "forest", "xgboost", "ruleset"]


@pytest.mark.parametrize(
    ("family", "n_classes"), [*((f, 0) for f in REGRESSION), *((f, 2) for f in BINARY), *((f, 3) for f in CLASSES)]
)
def test_says_what_the_model_predicts(X, y, family, n_classes):
    model = fitted(family, n_classes, X, y)
    inputs = Inputs.check(model, X)
    mixtures = mixtures_of(inputs, X, scale="response", place="here")
    assert mixtures.source == "form"
    close = CLOSE.get(family, 1e-10)
    for product in (True, False):
        asked = {j: np.array([3, 8, 14 + j, 11][: 4 if product else 3]) for j in range(6)}
        given = Values(X, asked, product)
        for block in mixtures.blocks(given, SETS):
            columns = SETS[block.which]
            expected = by_hand(model, X, X, columns, given.of(columns))
            told = block.moving + block.still[:, None]
            np.testing.assert_allclose(told, expected, atol=close * max(1.0, np.abs(expected).max()))
            if columns == (5,):
                assert not np.ptp(told, axis=1).any()
    generator = np.random.default_rng(1)
    corners = [(1, generator.integers(0, len(X), (2, len(X)))), (-1, generator.integers(0, len(X), (2, len(X))))]
    expected = 0.0
    for sign, positions in corners:
        rows = X.copy()
        for column, place in zip((0, 2), positions, strict=True):
            rows.isetitem(column, X.iloc[place, column].array)
        expected = expected + sign * said(model, rows)
    for few in (True, False):
        way = mixtures_of(inputs, X, scale="response", place="here", few=few)
        np.testing.assert_allclose(way.difference((0, 2), X, corners), expected, atol=10 * close)
        same = [(1, corners[0][1][:1]), (-1, corners[1][1][:1])]
        assert not way.difference((5,), X, same).any()
        assert way.outputs == {0: ("prediction",), 2: ("mid",), 3: ("high", "low", "mid")}[n_classes]


@pytest.mark.parametrize("family", ["gam", "forest", "kernel", "tree", "symbolic"])
def test_blocks_change_nothing(X, y, family, monkeypatch):
    model = fitted(family, 0, X, y)
    given = Values(X, {j: np.arange(10) for j in range(6)})
    whole = {}
    for block in mixtures_of(Inputs.check(model, X), X, scale="response", place="here").blocks(given, SETS):
        whole[block.which] = block.moving + block.still[:, None]
    assert whole[0].shape == (120, 10, 1)
    monkeypatch.setattr(values, "BLOCK_BYTES", 80_000)
    monkeypatch.setattr(leaf_sets, "_NUMBERS", 50)
    monkeypatch.setattr(leaf_sets, "_WORDS", 40)
    monkeypatch.setattr("workbench.explainers.effects.scored.MAX_ROWS", 100)
    monkeypatch.setattr("workbench.explainers.effects.kernel_mixtures._NUMBERS", 150)
    rows = set()
    for block in mixtures_of(Inputs.check(model, X), X, scale="response", place="here").blocks(given, SETS):
        rows.add((block.rows.start, block.rows.stop))
        told = block.moving + block.still[:, None]
        np.testing.assert_allclose(told, whole[block.which][block.rows], atol=1e-12)
    assert len(rows) > 1


def test_link_scale_is_the_score(X, y):
    model = fitted("linear", 2, X, y)
    given = Values(X, {0: np.arange(5)})
    (block,) = mixtures_of(Inputs.check(model, X), X, scale="link", place="here").blocks(given, [(0,)])
    chances = by_hand(model, X, X, (0,), [np.arange(5)])
    np.testing.assert_allclose(block.moving + block.still[:, None], np.log(chances / (1 - chances)), atol=1e-10)
    assert not np.ptp(block.moving, axis=0).any()  # the others were never evaluated on the grid
    positive = Inputs.check(model, X, positive=model.classes_[0])
    (other,) = mixtures_of(positive, X, scale="link", place="here").blocks(given, [(0,)])
    np.testing.assert_allclose(other.moving + other.still[:, None], np.log((1 - chances) / chances), atol=1e-10)


def test_link_scale_needs_a_form(function_model):
    X = np.zeros((20, 2))
    inputs = Inputs.check(function_model(lambda Z: Z[:, 0], X), X)
    message = "here: scale must be 'response' for a model without a form, whose score is not known; got 'link'"
    with pytest.raises(ValueError, match=re.escape(message)):
        mixtures_of(inputs, X, scale="link", place="here")


def test_sets_of_rows_are_those_of_the_conditions(X, y):
    model = fitted("tree", 0, X, y)
    (tree,) = model.form_.body.terms
    frame = Frame(X, model.form_.kinds)
    place = {name: i for i, name in enumerate(leaf_sets.used_columns(tree))}
    sets = leaf_sets.leaf_sets(tree, leaf_sets.RowSets(frame), place)
    grouped = leaf_sets.leaf_sets(tree, leaf_sets.RowSets(frame), {name: min(i, 1) for name, i in place.items()})
    np.testing.assert_array_equal(grouped[0], sets[0])
    np.testing.assert_array_equal(grouped[1], np.bitwise_and.reduce(sets[1:], axis=0))
    reached = np.bitwise_and.reduce(sets, axis=0)
    expected = tree.leaves(frame) == np.flatnonzero(tree.is_leaf)[:, None]
    np.testing.assert_array_equal(leaf_sets.unpack(reached, len(X)), expected)
    rows, begin = leaf_sets.members(reached)
    for leaf, (start, stop) in enumerate(pairwise(begin)):
        assert rows[start:stop].tolist() == np.flatnonzero(expected[leaf]).tolist()
