"""Models that may only rise or fall with a column: every family that offers it, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.contracts.contracts import check_parity
from workbench import Classifier, Regressor
from workbench.families import registry
from workbench.families.monotone import check_monotone
from workbench.study import Study, StudyError

SMALL = {
    "ebm": {"preset": "fast", "outer_bags": 1, "interactions": 2},
    "forest": {"n_estimators": 10},
    "xgboost": {"n_estimators": 20},
    "gam": {"n_splines": 8},
}
ABLE = sorted(name for name, family in registry().items() if "monotone" in family.Parameters.model_fields)


def wavy(n=300):
    """It falls and rises with a, but may only rise; it falls with b, with gaps; c is free."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.uniform(-2, 2, n), "b": rng.normal(size=n), "c": rng.normal(size=n)})
    y = ((X["a"] - 1) ** 2 - X["b"] + X["c"] + rng.normal(scale=0.2, size=n)).rename("y")
    X.loc[rng.random(n) < 0.1, "b"] = np.nan
    return X, y


def test_the_families_that_offer_it():
    assert ABLE == ["ebm", "forest", "gam", "glm", "linear", "tree", "xgboost"]


@pytest.mark.parametrize("name", ABLE)
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_predictions_rise_and_fall(name, task):
    X, y = wavy()
    y = y if task == "regression" else (y > y.median()).rename("y")
    made = (Regressor if task == "regression" else Classifier)(
        name, monotone={"a": "increasing", "b": "decreasing"}, **SMALL.get(name, {})
    )
    model = made.fit(X, y)
    for column, sign in (("a", 1), ("b", -1)):
        grid = np.linspace(-5, 5, 201)
        for _, row in X.head(10).iterrows():
            rows = pd.DataFrame({n: np.full(grid.size, row[n]) for n in X}).assign(**{column: grid})
            steps = sign * np.diff(model.form_.score(rows)[:, 0])
            assert steps.min() >= -1e-7
    free = (Regressor if task == "regression" else Classifier)(name, **SMALL.get(name, {})).fit(X, y)
    assert not np.allclose(free.form_.score(X), model.form_.score(X))
    check_parity(made, (X, y))


def test_bounded_linear_models_are_the_unbounded_ones_where_signs_agree():
    X, y = wavy()
    for settings in ({}, {"penalty": "ridge", "alpha": 3.0}, {"penalty": "lasso", "alpha": 0.01}):
        free = Regressor("linear", **settings).fit(X, y)
        held = Regressor("linear", monotone={"b": "decreasing"}, **settings).fit(X, y)
        np.testing.assert_allclose(held.predict(X), free.predict(X), atol=1e-5)
    yes = y > 1
    free = Classifier("linear").fit(X, yes)
    held = Classifier("linear", monotone={"b": "decreasing"}).fit(X, yes)
    np.testing.assert_allclose(held.predict_proba(X), free.predict_proba(X), atol=1e-5)


def test_the_form_is_checked():
    X, y = wavy()
    form = Regressor("tree", max_leaf_nodes=12).fit(X, (X["a"] - 1) ** 2).form_
    with pytest.raises(ValueError, match="'a' must be increasing, but the fitted form goes back by"):
        check_monotone(form, {"a": "increasing"}, X)
    falling = Regressor("linear", monotone={"b": "decreasing"}).fit(X, y).form_
    terms = tuple(replace(t, coef=-t.coef) if t.column == "b" else t for t in falling.body.terms)
    broken = replace(falling, body=replace(falling.body, terms=terms))
    with pytest.raises(ValueError, match="'b' must be decreasing, but the fitted form goes back"):
        check_monotone(broken, {"b": "decreasing"}, X)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"d": "increasing"}, "must name columns of the data; got 'd'"),
        ({"level": "increasing"}, "must name number columns; 'level' is of kind category"),
    ],
)
def test_other_columns_are_refused(asked, said):
    X, y = wavy()
    X["level"] = np.resize(["p", "q"], len(X))
    with pytest.raises(ValueError, match=said):
        Regressor("tree", monotone=asked).fit(X, y)


def test_several_classes_are_refused():
    X, _ = wavy()
    with pytest.raises(ValueError, match="needs a number or two classes"):
        Classifier("tree", monotone={"a": "increasing"}).fit(X, np.resize(["p", "q", "r"], len(X)))


@pytest.mark.parametrize("name", sorted(set(registry()) - set(ABLE)))
def test_a_study_is_told_where_it_can_not_be_had(name):
    study = {"data": {"source": "wine-quality-red"}, "models": [{name: {"monotone": {"alcohol": "increasing"}}}]}
    with pytest.raises(StudyError, match="can't be held to rise or fall"):
        Study.from_dict(study, families=registry(), explainers={})
