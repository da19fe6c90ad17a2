import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

import workbench as wb
from workbench.answers import Answer, Effect, Effects, Provenance
from workbench.evaluation.complexity import complexity

PROVENANCE = Provenance(method="ale")


class Function(RegressorMixin, BaseEstimator):
    """Predicts by a function of the rows."""

    def __init__(self, function=None):
        self.function = function

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(self.function(X), dtype=float)


class Chances(ClassifierMixin, Function):
    def fit(self, X, y=None):
        self.classes_ = np.array(["a", "b", "c"])
        return self

    def predict_proba(self, X):
        return self.function(X)


def model(function, kind=Function):
    return kind(function).fit(None)


def curve(feature, grid, values, kind="number", outputs=("prediction",), scale="response"):
    average = np.atleast_2d(np.asarray(values, dtype=float))
    return Effect(
        feature=feature,
        feature_kind=kind,
        grid_values=tuple(grid),
        average=average,
        lower=average,
        upper=average,
        outputs=outputs,
        scale=scale,
        provenance=PROVENANCE,
    )


def effects(*curves):
    return Effects(effects=curves, n_background=100, provenance=PROVENANCE)


def accumulated(function, X, bins=40):
    """First-order ALE by its definition, over quantile bins from the lowest to the highest value."""
    made = []
    for j, name in enumerate(X.columns):
        x = X[name].to_numpy()
        edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)))
        at = np.clip(np.searchsorted(edges, x, side="left"), 1, len(edges) - 1)
        low, high = X.copy(), X.copy()
        low.isetitem(j, edges[at - 1])
        high.isetitem(j, edges[at])
        jumps = function(high) - function(low)
        means = [jumps[at == b].mean() if (at == b).any() else 0.0 for b in range(1, len(edges))]
        made.append(curve(name, edges, np.cumsum([0.0, *means])))
    return effects(*made)


def normal(n=400, p=3, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, p)), columns=["a b", "'c'", "d"][:p])


def test_a_line_is_all_main_effects_of_one_piece_each():
    X = normal()

    def line(X):
        return (3 + 2 * X["a b"] - X["'c'"]).to_numpy()

    found = complexity(model(line), X, accumulated(line, X))
    assert found.features_used == ("a b", "'c'")
    assert found.interaction_strength == pytest.approx(0, abs=1e-20)
    assert found.main_effect_complexity == pytest.approx(1)
    assert found.pieces.tolist() == [1, 1, 0]
    expected = [4 * X["a b"].var(ddof=0), X["'c'"].var(ddof=0), 0]
    np.testing.assert_allclose(found.variances, expected, rtol=1e-12)
    assert found.n_rows == 400


def test_interaction_strength_by_its_closed_form():
    """On a balanced grid x + a x z has main effect x, and the share of the rest follows from two variances."""
    x, z = (g.ravel() for g in np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]))
    X = pd.DataFrame({"x": np.tile(x, 20), "z": np.tile(z, 20)})
    for a in (0.0, 0.5, 2.0):
        given = effects(curve("x", (-1.0, 0.0, 1.0), (7.0, 8.0, 9.0)), curve("z", (-1.0, 0.0, 1.0), (0.0, 0.0, 0.0)))
        found = complexity(model(lambda X, a=a: X["x"] + a * X["x"] * X["z"]), X, given)
        between = a**2 * 4 / 9
        assert found.interaction_strength == pytest.approx(between / (2 / 3 + between), abs=1e-12)
        assert found.features_used == (("x",) if a == 0 else ("x", "z"))


def test_a_product_of_independent_columns_is_all_interaction():
    X = normal(2000, 2)

    def product(X):
        return (X["a b"] * X["'c'"]).to_numpy()

    found = complexity(model(product), X, accumulated(product, X))
    assert found.interaction_strength == pytest.approx(1, abs=0.05)


def test_pieces_are_weighted_by_the_variance_of_their_curves():
    grid = np.linspace(-1, 1, 41)
    X = pd.DataFrame({"x": np.tile(grid, 10), "z": np.tile(grid, 10)})
    given = effects(curve("x", grid, 4 * np.abs(grid)), curve("z", grid, grid))
    found = complexity(model(lambda X: 4 * X["x"].abs() + X["z"]), X, given)
    v, w = (4 * np.abs(grid)).var(), grid.var()
    assert found.pieces.tolist() == [2, 1]
    assert found.main_effect_complexity == pytest.approx((2 * v + w) / (v + w))
    assert found.interaction_strength == pytest.approx(0, abs=1e-20)


def test_levels_count_the_groups_that_differ_and_gaps_are_a_level():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"town": rng.choice(["p", "q", "r", "s"], 200), "x": rng.normal(size=200)})
    X.loc[::7, "x"] = np.nan
    X["sure"] = rng.choice([True, False], 200)
    values = {"p": 0.0, "q": 0.0, "r": 5.0, "s": 9.0}

    def function(X):
        return X["town"].map(values) + X["x"].fillna(12.0) + 3 * X["sure"]

    given = effects(
        curve("town", values, list(values.values()), "category"),
        curve("x", (X["x"].min(), X["x"].max()), (X["x"].min(), X["x"].max())),
        curve("sure", ("false", "true"), (0.0, 3.0), "boolean"),
    )
    found = complexity(model(function), X, given)
    assert found.interaction_strength == pytest.approx(0, abs=1e-20)
    assert found.pieces.tolist() == [2, 1, 1]
    assert found.features_used == ("town", "x", "sure")


def test_rows_beyond_the_curves_are_left_out_and_said_so():
    X = pd.DataFrame({"x": np.r_[np.linspace(0, 1, 99), 50.0]})
    found = complexity(model(lambda X: X["x"]), X, effects(curve("x", (0.0, 1.0), (0.0, 1.0))))
    assert found.n_rows == 99
    assert found.interaction_strength == pytest.approx(0, abs=1e-20)
    assert found.provenance.warnings == (
        "fewer than 10 rows lie beyond the curves and are left out of the interaction strength",
    )
    X = pd.DataFrame({"x": np.r_[np.linspace(0, 1, 85), np.full(15, 50.0)]})
    found = complexity(model(lambda X: X["x"]), X, effects(curve("x", (0.0, 1.0), (0.0, 1.0))))
    (warning,) = found.provenance.warnings
    assert warning.startswith("15% of the rows lie beyond")
    X = pd.DataFrame({"x": ["a"] * 5 + ["b"] * 5})
    found = complexity(model(lambda X: (X["x"] == "a") * 1.0), X, effects(curve("x", ("a",), (0.0,), "category")))
    assert found.n_rows == 5
    assert math.isnan(found.interaction_strength)


def test_weights_count_as_repeated_rows():
    X = normal(60, 2)
    weight = np.random.default_rng(1).integers(0, 4, 60)

    def function(X):
        return (np.sin(2 * X["a b"]) + X["a b"] * X["'c'"]).to_numpy()

    given = accumulated(function, X, bins=10)
    weighted = complexity(model(function), X, given, sample_weight=weight)
    repeated = complexity(model(function), X.iloc[np.repeat(np.arange(60), weight)].reset_index(drop=True), given)
    assert weighted.interaction_strength == pytest.approx(repeated.interaction_strength)
    assert weighted.main_effect_complexity == pytest.approx(repeated.main_effect_complexity)
    np.testing.assert_allclose(weighted.variances, repeated.variances)


def test_several_outputs_add_up():
    X = normal(300, 2)

    def shares(X):
        scores = np.column_stack([X["a b"], X["'c'"], 0 * X["'c'"]])
        return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)

    said = shares(X)
    away = said - said.mean(axis=0)
    flat = curve("a b", (-9.0, 9.0), np.zeros((3, 2)), outputs=("a", "b", "c"))
    found = complexity(model(shares, Chances), X, effects(flat))
    assert found.interaction_strength == pytest.approx(1)
    line = np.array([[-0.9, 0.9], [0.45, -0.45], [0.45, -0.45]])
    found = complexity(model(shares, Chances), X, effects(curve("a b", (-9.0, 9.0), line, outputs=("a", "b", "c"))))
    at = X["a b"].to_numpy()[:, None] / 9 * line[:, 1]
    rest = away - (at - at.mean(axis=0))
    assert found.interaction_strength == pytest.approx((rest**2).sum() / (away**2).sum())
    assert np.isnan(found.pieces[1])


def test_a_constant_model_has_no_shares():
    X = normal()
    found = complexity(model(lambda X: np.full(len(X), 1e6 / 3)), X, effects())
    assert found.features_used == ()
    assert math.isnan(found.interaction_strength)
    assert math.isnan(found.main_effect_complexity)
    read = Answer.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert read.to_dict() == found.to_dict()
    assert math.isnan(read.interaction_strength)


def test_columns_used_are_those_of_the_form():
    table = wb.load("wine-quality-red")
    fitted = wb.Regressor("tree", max_leaf_nodes=5).fit(table.X, table.y)
    found = complexity(fitted, table.X, effects())
    assert set(found.features_used) == set(fitted.form_.columns)
    again = complexity(fitted, table.X, effects())
    assert again.to_dict() == found.to_dict()


def test_raw_arrays_have_columns_too():
    X = normal().to_numpy()
    found = complexity(model(lambda X: X[:, 1]), X, effects(curve("x1", (-9.0, 9.0), (-9.0, 9.0))))
    assert found.features_used == ("x1",)
    assert found.interaction_strength == pytest.approx(0, abs=1e-20)


def test_effects_of_something_else_are_refused():
    X = normal()
    line = model(lambda X: X["d"])
    with pytest.raises(ValueError, match="effects must be of the columns of X; got one of 'z'"):
        complexity(line, X, effects(curve("z", (0.0, 1.0), (0.0, 1.0))))
    with pytest.raises(ValueError, match=r"scale .response., outputs .*got .link."):
        complexity(line, X, effects(curve("d", (0.0, 1.0), (0.0, 1.0), scale="link")))
