"""The generated estimators: parameters, pickling, search, gaps, categories, errors, published values."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV

from tests.contracts.tables import mixed
from workbench import Classifier, Regressor, estimator
from workbench.estimator import estimator_for


def test_signature_is_the_family_s():
    model = Regressor("tree", max_leaf_nodes=4)
    signature = inspect.signature(type(model))
    own = ["max_leaf_nodes", "max_depth", "min_samples_leaf", "random_state"]
    assert list(signature.parameters) == ["calibrate", "monotone", *own]
    assert model.get_params()["max_leaf_nodes"] == 4
    assert type(model) is type(Regressor("tree"))
    assert type(model) is estimator.TreeRegressor
    assert "most leaves" in type(model).__doc__
    assert is_regressor(model)
    assert is_classifier(Classifier("tree"))


def test_pickle_clone_and_search():
    X, y = mixed("regression")
    model = Regressor("tree").fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert str(again.form_) == str(model.form_)
    search = GridSearchCV(clone(model), {"max_leaf_nodes": [2, 8]}, cv=3).fit(X, y)
    assert search.best_params_["max_leaf_nodes"] in (2, 8)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Regressor("tre"), ValueError, "did you mean 'tree'"),
        (lambda: Regressor("tree", leaves=3), TypeError, "no parameter 'leaves'"),
        (lambda: Regressor("tree", max_leaf_nodes=1).fit([[0.0]], [0.0]), ValueError, "tree: max_leaf_nodes"),
        (lambda: Regressor("linear", penalty="l2").fit([[0.0]], [0.0]), ValueError, "linear: penalty"),
        (lambda: estimator_for("ranking", "tree"), ValueError, "can't do ranking"),
    ],
)
def test_wrong_parameters_are_named(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_a_task_that_a_family_cannot_do_is_refused(monkeypatch):
    from workbench.families import find_family

    monkeypatch.setattr(find_family("linear"), "tasks", ("regression", "binary"))
    with pytest.raises(
        ValueError, match=r"'linear' can't do multiclass, only regression, binary; families that can: .*dummy"
    ):
        Classifier("linear").fit(np.arange(9.0)[:, None], [0, 1, 2] * 3)
    monkeypatch.setattr(find_family("linear"), "tasks", ("binary",))
    with pytest.raises(ValueError, match="can't do regression"):
        Regressor("linear")


@pytest.mark.parametrize("family", ["dummy", "linear", "tree", "forest"])
def test_gaps_unseen_levels_and_one_row(family):
    X, y = mixed("binary")
    model = Classifier(family).fit(X, y)
    row = X.iloc[[0]].assign(colour="never seen", x=np.nan)
    p = model.predict_proba(row)
    assert p.shape == (1, 2)
    np.testing.assert_allclose(p.sum(), 1)
    np.testing.assert_allclose(model.form_.predict_proba(row), p, atol=1e-12)


def test_unseen_level_stands_for_the_average_row():
    X = pd.DataFrame({"c": ["a"] * 30 + ["b"] * 10})
    y = np.array([1.0] * 30 + [5.0] * 10)
    model = Regressor("linear").fit(X, y)
    np.testing.assert_allclose(model.predict(pd.DataFrame({"c": ["a", "b", "new", None]})), [1, 5, 2, 2])


def test_rare_levels_are_pooled_and_count_for_unseen_ones():
    X = pd.DataFrame({"c": ["a"] * 30 + ["b"] * 30 + [f"rare {i}" for i in range(12)]})
    y = np.array([1.0] * 30 + [5.0] * 30 + [9.0] * 12)
    model = Regressor("linear").fit(X, y)
    np.testing.assert_allclose(model.predict(pd.DataFrame({"c": ["a", "rare 3", "new"]})), [1, 9, 9])
    assert "rare" not in str(model.form_.to_dict())


def test_missing_numbers_have_their_own_value():
    X = pd.DataFrame({"x": [0.0, 1.0] * 20 + [np.nan] * 20})
    y = np.where(X["x"].isna(), 7.0, X["x"])
    model = Regressor("linear").fit(X, y)
    np.testing.assert_allclose(model.predict(pd.DataFrame({"x": [0.0, 0.5, np.nan]})), [0, 0.5, 7], atol=1e-12)


def test_columns_of_rare_text_alone_are_refused():
    X = pd.DataFrame({"c": [f"v{i}" for i in range(20)]})
    with pytest.raises(ValueError, match="no column can be used"):
        Regressor("linear").fit(X, np.arange(20.0))


def test_infinity_is_named():
    X, y = mixed("regression")
    with pytest.raises(ValueError, match="column 'x' contains infinity"):
        Regressor("linear").fit(X.assign(x=np.inf), y)


def test_text_where_a_number_was_is_named():
    X, y = mixed("regression")
    model = Regressor("linear").fit(X, y)
    with pytest.raises(ValueError, match="column 'x' must hold numbers"):
        model.predict(X.assign(x="a"))


def test_zero_weights_leave_rows_out():
    X, y = mixed("regression")
    weight = (np.arange(len(y)) % 2).astype(float)
    kept = weight > 0
    for family in ("linear", "tree", "forest", "dummy"):
        weighted = Regressor(family).fit(X, y, sample_weight=weight)
        part = Regressor(family).fit(X[kept], y[kept], sample_weight=weight[kept])
        np.testing.assert_allclose(weighted.predict(X), part.predict(X), atol=1e-10)


def test_published_values_of_linear_regression():
    rng = np.random.RandomState(1)
    x = np.linspace(0, 6, 100)
    y = np.sin(x) + np.sin(6 * x) + rng.normal(0, 0.1, x.shape[0])
    model = Regressor("linear").fit(x[:, None], y)
    residual = y - model.predict(x[:, None])
    assert round(float(model.form_.body.terms[0].coef[0]), 8) == -0.35745894
    assert round(float(np.mean(residual**2)), 2) == 0.61
    assert round(float(1 - residual.var() / y.var()), 2) == 0.39


def test_unpenalized_logistic_regression_is_at_its_optimum():
    X, y = make_classification(200, 4, flip_y=0.3, random_state=0)
    model = Classifier("linear", penalty="none").fit(X, y)
    p = model.predict_proba(X)[:, 1]
    gradient = np.column_stack([np.ones(len(y)), X]).T @ (p - y)
    assert np.abs(gradient).max() < 1e-3


@pytest.mark.parametrize("penalty", ["ridge", "lasso", "elastic_net"])
def test_penalties_agree_with_scikit_learn_on_standardized_columns(penalty):
    from sklearn.linear_model import ElasticNet, Lasso, Ridge
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(80, 3)) * [1, 10, 100], rng.normal(size=80)
    y = X @ [1.0, 0.1, 0.0] + noise
    usual = {"ridge": Ridge(0.1), "lasso": Lasso(0.1), "elastic_net": ElasticNet(alpha=0.1)}[penalty]
    Z = StandardScaler().fit_transform(X)
    model = Regressor("linear", penalty=penalty, alpha=0.1).fit(X, y)
    np.testing.assert_allclose(model.predict(X), usual.fit(Z, y).predict(Z), atol=1e-6)


def test_a_small_leaf_is_no_promise():
    X, y = mixed("regression")
    assert Regressor("tree").fit(X, y).smallest_support_ >= 10
    assert Regressor("tree", min_samples_leaf=2, max_leaf_nodes=None).fit(X, y).smallest_support_ < 10
    assert Regressor("forest").fit(X, y).smallest_support_ is None


def test_kinds_and_classes_are_the_table_s():
    rng = np.random.default_rng(0)
    day = rng.choice(["2020-01-01", "2020-06-01", "2021-01-01"], 90)
    X = pd.DataFrame({"day": day, "x": rng.normal(size=90)})
    y = np.where(X["x"] > 0, "approved", "rejected")
    model = Classifier("linear").fit(X, y, kinds={"day": "category"}, classes=("rejected", "approved"))
    assert model.kinds_ == {"day": "category", "x": "number"}
    assert list(model.classes_) == ["rejected", "approved"]
    assert "log odds of y = approved" in str(model.form_)
    (slope,) = [t.coef[0] for t in model.form_.body.terms if t.columns == ("x",)]
    assert slope > 0
    assert (model.predict(X) == model.form_.predict(X)).all()
    with pytest.raises(ValueError, match="classes must list"):
        Classifier("linear").fit(X, y, classes=("a", "b"))


def test_a_column_without_values_in_training_stands_for_nothing():
    X = pd.DataFrame({"x": np.arange(60.0), "gone": pd.Series([None] * 60, dtype="str")})
    for family in ("linear", "tree", "ebm", "xgboost", "forest", "dummy"):
        model = Regressor(family, **({"outer_bags": 1, "max_rounds": 20} if family == "ebm" else {})).fit(
            X, X["x"], kinds={"gone": "category"}
        )
        later = X.assign(gone="text")
        np.testing.assert_array_equal(model.predict(later), model.predict(X))
        assert "gone" not in model.form_.columns


def test_what_few_rows_hold_does_not_enter_a_linear_form():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=200), "lone": np.nan, "rare": False})
    X.loc[7, "lone"] = 123.456
    X.loc[:2, "rare"] = True
    model = Regressor("linear").fit(X, X["x"] + 5.0 * X["rare"])
    assert model.form_.columns == ("x",)
    assert "123.456" not in str(model.form_.to_dict())
    X.loc[:14, "rare"] = True
    assert "rare" in Regressor("linear").fit(X, X["x"] + 5.0 * X["rare"]).form_.columns


@pytest.mark.parametrize("unit", [1e-200, 1e-13, 1.0, 1e13, 1e200])
def test_units_do_not_matter_to_a_linear_model(unit):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100))
    X = pd.DataFrame({"a": a * unit, "b": b})
    np.testing.assert_allclose(Regressor("linear").fit(X, a + b).predict(X), a + b, atol=1e-9)


def test_ordered_columns_keep_all_their_levels():
    levels = [f"level {i:02}" for i in range(20)]
    X = pd.DataFrame({"grade": pd.Categorical(levels * 8, levels, ordered=True)})
    y = X["grade"].cat.codes.to_numpy(dtype=float)
    model = Regressor("tree", max_leaf_nodes=16).fit(X, y)
    assert np.corrcoef(model.predict(X), y)[0, 1] > 0.95


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0.0, 1.0] * 50),
        pd.Series([True, False] * 50, dtype="boolean"),
        pd.Series([3, 1] * 50, dtype="Int64"),
        np.array([True, False] * 50, dtype=object),
        pd.Series(["a", "b"] * 50, dtype="category"),
    ],
    ids=["float", "boolean", "Int64", "object", "category"],
)
def test_labels_of_any_dtype_survive_json(labels):
    from workbench import Form

    X = pd.DataFrame({"x": np.arange(100.0) % 2})
    model = Classifier("tree").fit(X, labels)
    again = Form.from_dict(model.form_.to_dict())
    assert list(again.predict(X)) == list(model.predict(X)) == list(labels)


def test_ties_are_decided_as_the_library_decides_them():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(0, 4, 400), "b": rng.integers(0, 4, 400)}).astype(float)
    model = Classifier("forest", n_estimators=100, min_samples_leaf=2).fit(X, rng.integers(0, 2, 400))
    p = model.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(model.form_.predict_proba(X)[:, 1], p)


@pytest.mark.parametrize("seed", ["abc", -1, 1.5, True])
def test_seeds_are_checked(seed):
    with pytest.raises(ValueError, match="tree: random_state"):
        Regressor("tree", random_state=seed).fit([[0.0]] * 20, np.arange(20.0))


def test_repeated_names_and_hidden_infinities_are_named():
    X = pd.DataFrame(np.ones((20, 2)), columns=["a", "a"])
    with pytest.raises(ValueError, match="unique column names"):
        Regressor("tree").fit(X, np.arange(20.0))
    hidden = pd.DataFrame({"a": np.array([1.0, np.inf] * 10, dtype=object)})
    with pytest.raises(ValueError, match="'a' contains infinity"):
        Regressor("tree").fit(hidden, np.arange(20.0))
