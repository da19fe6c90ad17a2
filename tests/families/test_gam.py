"""Generalized additive models: smoothing per column, the exact form, constraints, degrees of freedom."""

import pickle

import numpy as np
import pandas as pd
import pytest
from pygam import LinearGAM
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning

from tests.contracts.tables import mixed
from workbench import Classifier, Regressor
from workbench.families.smoothing import GRID
from workbench.forms import Curve, Levels, Linear

SMALL = {"n_splines": 8, "search_rounds": 2}


def waves(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x1": rng.uniform(-1, 1, n), "x2": rng.uniform(-1, 1, n)})
    return X, np.sin(6 * X["x1"]) + X["x2"] + 0.3 * rng.normal(size=n)


def table(model):
    return pd.DataFrame(model.family().term_table(model.estimator_, model.inputs_))


def test_each_column_gets_its_own_smoothing():
    X, y = waves()
    fresh, _ = waves(4_000, seed=1)
    truth = np.sin(6 * fresh["x1"]) + fresh["x2"]
    model = Regressor("gam").fit(X, y)
    edof = table(model).set_index("column")["edof"]
    assert edof["x1"] - edof["x2"] > 4
    assert edof["x2"] < 1.5
    shared = LinearGAM().gridsearch(X.to_numpy(), y.to_numpy(), progress=False)
    errors = [np.mean((p - truth) ** 2) for p in (model.predict(fresh), shared.predict(fresh.to_numpy()))]
    assert errors[0] < 0.95 * errors[1]


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_form_is_the_library_s_at_knots_and_beyond(task):
    X, y = waves()
    if task != "regression":
        y = pd.cut(y, 2 if task == "binary" else 3, labels=False)
    model = (Regressor if task == "regression" else Classifier)("gam", **SMALL).fit(X, y)
    curves = [term for term in model.form_.body.terms if isinstance(term, Curve)]
    assert {term.column for term in curves} == {"x1", "x2"}
    for curve in curves:
        far = [curve.knots[0] - 0.3, curve.knots[-1] + 0.3, -1e6, 1e6, -1e30, 1e30]
        at = np.concatenate([curve.knots, np.nextafter(curve.knots, -9), np.nextafter(curve.knots, 9), far])
        rows = X.iloc[np.arange(at.size)].assign(**{curve.column: at})
        expected = model.family().reference_score(model.estimator_, model.encode(rows))
        np.testing.assert_allclose(model.form_.score(rows), expected, rtol=1e-9, atol=1e-11)


def test_curves_end_at_the_tenth_value_and_average_zero():
    X, y = waves()
    X.loc[0, "x1"] = 50.0
    model = Regressor("gam").fit(X, y)
    (curve,) = [t for t in model.form_.body.terms if isinstance(t, Curve) and t.column == "x1"]
    np.testing.assert_allclose(curve.knots[[0, -1]], np.sort(X["x1"])[[9, -10]], rtol=1e-12)
    assert abs(curve.at(X["x1"].to_numpy()).mean()) < 1e-12
    assert model.form_.body.intercept[0] == pytest.approx(y.mean())
    assert model.smallest_support_ == 10


def test_search_and_pygam_have_one_gcv_and_one_edof():
    X, y = waves()
    model = Regressor("gam", **SMALL).fit(X, y)
    gam = model.estimator_
    assert table(model)["edof"].sum() + 1 == pytest.approx(gam.statistics_["edof"], abs=1e-6)
    left = np.sum((y - model.predict(X)) ** 2)
    assert len(y) * left / (len(y) - 1.4 * gam.statistics_["edof"]) ** 2 == pytest.approx(gam.statistics_["GCV"])
    assert [term.lam[0] for term in gam.terms if not term.isintercept] == pytest.approx(table(model)["lambda"].tolist())


def test_search_finds_what_pygam_finds_by_refitting():
    X, y = waves()
    model = Regressor("gam", n_splines=8).fit(X, y)
    gam, Z, n = model.estimator_, model.encode(X), len(y)
    for j, part in enumerate(gam.parts_):
        scores = []
        for lam in n * GRID:
            lams = np.where(np.arange(2) == j, lam, gam.lams_)
            terms = [t for p, each in zip(gam.parts_, lams, strict=True) for t in p.terms(each, 1e-6 * n)]
            scores.append(LinearGAM(terms[0] + terms[1]).fit(Z, y - y.mean()).statistics_["GCV"])
        assert gam.lams_[j] == n * GRID[int(np.argmin(scores))], part.column


@pytest.mark.parametrize("smoothing", ["auto", 1.0])
def test_odds_have_pygam_s_degrees_of_freedom(smoothing):
    X, y = waves()
    model = Classifier("gam", smoothing=smoothing, **SMALL).fit(X, y > 0)
    assert table(model)["edof"].sum() + 1 == pytest.approx(model.estimator_.statistics_["edof"], abs=1e-4)
    np.testing.assert_allclose(
        model.predict_proba(X)[:, 1], model.estimator_.predict_proba(model.encode(X)), rtol=1e-12
    )
    if smoothing == 1.0:
        assert (table(model)["lambda"] == 1.0).all()


@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("direction", ["increasing", "decreasing"])
def test_monotone_columns_only_rise_or_fall(task, direction):
    X, y = waves()
    make = Regressor if task == "regression" else Classifier
    model = make("gam", monotone=dict.fromkeys(X, direction)).fit(X, y if task == "regression" else y > 0)
    free = make("gam").fit(X, y if task == "regression" else y > 0)
    for name in X:
        grid = X.iloc[np.zeros(5_005, dtype=int)].assign(**{name: [-1e30, -1e6, *np.linspace(-2, 2, 5_001), 1e6, 1e30]})
        score = model.form_.score(grid)[:, 0]
        steps = np.diff(score) * (1 if direction == "increasing" else -1)
        assert steps.min() >= -1e-12
        expected = model.family().reference_score(model.estimator_, model.encode(grid))[:, 0]
        np.testing.assert_allclose(score, expected, rtol=1e-9, atol=1e-12)
    assert model.estimator_.statistics_["edof"] < free.estimator_.statistics_["edof"]
    assert table(model)["edof"].sum() + 1 == pytest.approx(model.estimator_.statistics_["edof"], abs=1e-3)


def test_monotone_says_what_it_can_not_do():
    X, y = waves(15)
    with pytest.raises(ValueError, match="monotone: column 'x2' has too few rows"):
        Regressor("gam", monotone={"x2": "increasing"}).fit(X, y)
    with pytest.raises(ValueError, match="needs a number or two classes"):
        Classifier("gam", monotone={"x2": "increasing"}).fit(X, pd.cut(y, 3, labels=False))


def test_classes_share_one():
    X, y = mixed("multiclass", n=400)
    model = Classifier("gam", **SMALL).fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert (model.predict(X) == model.classes_[p.argmax(axis=1)]).all()
    odds = model.family().reference_score(model.estimator_, model.encode(X))
    np.testing.assert_allclose(p, expit(odds) / expit(odds).sum(axis=1, keepdims=True))
    assert set(table(model)["class"]) == {0, 1, 2}
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), p)


def test_gaps_levels_and_constants():
    X, y = mixed("regression", n=400)
    model = Regressor("gam", **SMALL).fit(X, y)
    kinds = {term.column: type(term) for term in model.form_.body.terms}
    assert kinds["x"] is Curve
    assert kinds["colour"] is Levels
    assert kinds["flag"] is Linear
    assert "constant" not in kinds
    parts = table(model)
    assert (parts["part"] == "levels").sum() == 2
    assert set(parts.loc[parts["column"] == "x", "part"]) == {"curve", "missing"}
    np.testing.assert_allclose(model.form_.predict(X), model.predict(X), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("scale", "shift"), [(1e-12, 0.0), (1e12, 0.0), (1.0, 1e9)])
def test_units_of_the_target_change_nothing(scale, shift):
    X, y = waves()
    plain = Regressor("gam", **SMALL).fit(X, y).predict(X)
    turned = Regressor("gam", **SMALL).fit(X, y * scale + shift).predict(X)
    np.testing.assert_allclose((turned - shift) / scale, plain, rtol=1e-5, atol=1e-5)


def test_weights_count_in_proportion():
    X, y = waves()
    weight = np.random.default_rng(0).uniform(0.1, 3, len(y))
    models = [Regressor("gam", **SMALL).fit(X, y, sample_weight=weight * c) for c in (1.0, 1e-9, 1e9)]
    for model in models[1:]:
        np.testing.assert_allclose(model.predict(X), models[0].predict(X), rtol=1e-4, atol=1e-4)
    assert not np.allclose(models[0].predict(X), Regressor("gam", **SMALL).fit(X, y).predict(X), atol=1e-3)


def test_constant_targets_and_few_rows():
    X, y = waves(15)
    few = Regressor("gam").fit(X, y)
    assert all(isinstance(term, Linear) for term in few.form_.body.terms)
    assert few.smallest_support_ == 15
    flat = Regressor("gam").fit(X, np.full(15, 7.0))
    np.testing.assert_allclose(flat.predict(X), 7.0)
    only = Regressor("gam").fit(pd.DataFrame({"one": np.ones(40)}), np.arange(40.0))
    np.testing.assert_allclose(only.predict(pd.DataFrame({"one": [1.0, 2.0]})), 19.5)


def test_more_inputs_than_rows_are_refused():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 40))).add_prefix("x")
    with pytest.raises(ValueError, match="at least as many rows as inputs; got 30 rows and 40 inputs"):
        Regressor("gam").fit(X, X["x0"])


def test_separable_classes_have_a_best_curve():
    X, _ = waves()
    model = Classifier("gam").fit(X, X["x1"] > 0.2)
    p = model.predict_proba(X)[:, 1]
    assert ((p > 0.5) == (X["x1"] > 0.2)).mean() > 0.98
    assert np.abs(model.form_.score(X)).max() < 50
    twice = Classifier("gam").fit(X.assign(again=X["x1"]), X["x1"] > 0.2)
    np.testing.assert_allclose(twice.predict_proba(X.assign(again=X["x1"]))[:, 1], p, atol=0.05)


def test_no_convergence_is_told_not_printed(monkeypatch, capsys):
    monkeypatch.setattr("workbench.families.gam._MOST_ITERATIONS", 1)
    monkeypatch.setattr("workbench.families.gam._TOLERANCE", 1e-300)
    X, y = waves()
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 steps"):
        Classifier("gam", **SMALL).fit(X, y > 0)
    assert capsys.readouterr().out == ""
