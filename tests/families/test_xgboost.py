"""Boosted trees: the library's JSON read for margins, categories, gaps and base scores."""

import numpy as np
import pandas as pd
import pytest
from xgboost import XGBRegressor

from workbench import Classifier, Regressor
from workbench.readers.xgboost import read_xgboost

QUICK = {"n_estimators": 8, "max_depth": 3}


def data(n=500, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.normal(size=n), "c": rng.choice(list("abcdefgh"), n)})
    X.loc[rng.random(n) < 0.2, "x"] = np.nan
    X.loc[rng.random(n) < 0.1, "c"] = None
    return X, X["x"].fillna(-1) + 2.0 * X["c"].isin(["b", "e", "g"]) + 0.1 * rng.normal(size=n)


def test_categorical_splits_are_sets_of_levels():
    X, y = data()
    model = Regressor("xgboost", **QUICK).fit(X, y)
    tree = model.form_.body.terms[0]
    assert (tree.subset >= 0).any()
    probe = pd.DataFrame({"x": 0.5, "c": [*"abcdefgh", "new", None]})
    np.testing.assert_allclose(model.form_.predict(probe), model.predict(probe), atol=1e-5)
    assert np.ptp(model.predict(probe)) > 0.5


@pytest.mark.parametrize("target", ["rare", "balanced", "several"])
def test_base_scores_stand_on_the_margin(target):
    X, y = data()
    label = {"rare": y > np.quantile(y, 0.95), "balanced": y > y.median(), "several": np.digitize(y, [0, 1, 2])}[target]
    model = Classifier("xgboost", **QUICK).fit(X, label)
    np.testing.assert_allclose(model.form_.predict_proba(X), model.predict_proba(X), atol=1e-5)


def test_a_cut_is_exact_at_its_float32_neighbours():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(300, 1)).astype(np.float32).astype(float)
    model = XGBRegressor(n_estimators=1, max_depth=1, learning_rate=1.0, n_jobs=1).fit(Z, Z[:, 0] > 0.3)
    (tree,) = read_xgboost(model).terms
    cut = tree.threshold[0]
    at = np.array([cut, np.nextafter(cut, np.inf), np.nextafter(cut, -np.inf)])
    left, right = tree.value[tree.left[0], 0], tree.value[tree.right[0], 0]
    assert left != right
    base = model.predict(np.array([[1e9]]))[0] - right
    np.testing.assert_allclose(model.predict(at[:, None]) - base, [left, right, left], atol=1e-6)


def test_probabilities_sum_to_one_in_float64():
    X, y = data()
    model = Classifier("xgboost", **QUICK).fit(X, np.digitize(y, [0, 1, 2]))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=0, atol=1e-15)
