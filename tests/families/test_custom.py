"""Custom estimators: by path, as objects, fitted; forms through scalers, imputers and encoders."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import HuberRegressor, Lasso, LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from tests.contracts.tables import mixed, probes
from workbench import Classifier, Regressor, run
from workbench.study import StudyError

CODES = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
NUMBERS, LEVELS = ["x", 'odd "name" <b>é</b>', "constant"], ["colour", "grade"]


def table(task="regression"):
    X, y = mixed(task)
    return X[NUMBERS + LEVELS].assign(grade=X["grade"].astype(str)), y


def encoded(*scaler, encoder=None):
    numbers = make_pipeline(SimpleImputer(add_indicator=True), *scaler)
    levels = make_pipeline(SimpleImputer(strategy="most_frequent"), encoder or OneHotEncoder(handle_unknown="ignore"))
    return make_column_transformer((numbers, NUMBERS), (levels, LEVELS))


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(encoded(StandardScaler()), Ridge()),
        make_pipeline(encoded(MinMaxScaler()), Lasso(alpha=0.01)),
        make_pipeline(encoded(RobustScaler()), HuberRegressor(max_iter=1_000)),
        make_pipeline(encoded(MaxAbsScaler()), StandardScaler(), PoissonRegressor(max_iter=1_000)),
        make_pipeline(encoded(encoder=CODES), DecisionTreeRegressor(max_leaf_nodes=6)),
        make_pipeline(encoded(), ExtraTreesRegressor(5, random_state=0)),
        make_pipeline(encoded(StandardScaler()), LogisticRegression()),
        make_pipeline(encoded(), HistGradientBoostingClassifier(max_iter=5)),
    ],
    ids=lambda p: type(p[-1]).__name__,
)
def test_forms_are_read_through_pipelines(pipeline):
    classes = hasattr(pipeline, "predict_proba")
    X, y = table("multiclass" if classes else "regression")
    y = np.exp(y / 3) if isinstance(pipeline[-1], PoissonRegressor) else y
    model = (Classifier if classes else Regressor)("custom", estimator=pipeline).fit(X, y)
    form = model.form_
    assert set(form.columns) <= set(X.columns)
    for what, rows in probes(X, form).items():
        if "far away" in what and isinstance(pipeline[-1], PoissonRegressor):
            continue  # exp overflows on both sides
        ask = "predict_proba" if classes else "predict"
        np.testing.assert_allclose(
            getattr(form, ask)(rows), getattr(model, ask)(rows), rtol=1e-9, atol=1e-9, err_msg=what
        )


@pytest.mark.parametrize("estimator", [SVR(), GradientBoostingRegressor(n_estimators=3)])
def test_other_kinds_have_no_form(estimator):
    X, y = table()
    model = Regressor("custom", estimator=estimator).fit(X, y)
    assert model.form_ is None
    assert np.isfinite(model.predict(X)).all()


def test_trees_on_scaled_columns_have_no_form():
    X, y = table()
    model = Regressor("custom", estimator=make_pipeline(encoded(StandardScaler()), DecisionTreeRegressor(max_depth=2)))
    assert model.fit(X, y).form_ is None


def test_path_and_its_ending():
    X, y = table()
    ridge = Regressor("custom", estimator="sklearn.linear_model.Ridge", params={"alpha": 3.0}).fit(X, y)
    assert ridge.estimator_.alpha == 3.0
    tree = Regressor("custom", estimator="sklearn.tree.DecisionTree").fit(X, y)
    assert isinstance(tree.estimator_, DecisionTreeRegressor)


def test_a_fitted_estimator_is_used_as_it_is():
    X, y = table()
    fitted = make_pipeline(encoded(StandardScaler()), Ridge()).fit(X, y)
    model = Regressor("custom", estimator=fitted).fit(X, -y)
    assert model.estimator_ is fitted
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))
    np.testing.assert_allclose(model.form_.predict(X), fitted.predict(X))
    # an unfitted one is cloned
    unfitted = Ridge()
    assert Regressor("custom", estimator=unfitted).fit(X, y).estimator_ is not unfitted


def test_a_fitted_classifier_keeps_its_labels():
    X, y = table("binary")
    fitted = make_pipeline(encoded(), LogisticRegression(max_iter=1_000)).fit(X, y)
    model = Classifier("custom", estimator=fitted).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))
    np.testing.assert_allclose(model.form_.predict_proba(X), fitted.predict_proba(X))
    for labels in (["a", "b", "c"], ["aye", "nay"]):
        with pytest.raises(ValueError, match="was fitted on the classes"):
            Classifier("custom", estimator=fitted).fit(X, np.resize(labels, len(X)))


def test_a_fitted_classifier_of_truth_values():
    A = np.random.default_rng(0).normal(size=(50, 2))
    fitted = LogisticRegression().fit(A, A[:, 0] > 0)
    model = Classifier("custom", estimator=fitted).fit(A, A[:, 0] > 0)
    np.testing.assert_array_equal(model.predict(A), fitted.predict(A))


def test_a_fitted_estimator_of_arrays_gets_arrays():
    A = np.random.default_rng(0).normal(size=(50, 3))
    fitted = Ridge().fit(A, A[:, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Regressor("custom", estimator=fitted).fit(A, A[:, 0])
        np.testing.assert_allclose(model.predict(A), fitted.predict(A))
    np.testing.assert_allclose(model.form_.predict({f"x{j}": A[:, j] for j in range(3)}), fitted.predict(A))


class Mean(RegressorMixin, BaseEstimator):
    """An estimator that nobody knows."""

    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), Ridge()),
        make_pipeline(
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), SimpleImputer(), Ridge()
        ),
    ],
)
def test_levels_and_gaps_that_an_encoder_never_saw(pipeline):
    X = pd.DataFrame({"c": np.resize(["p", "q", "r"], 60), "d": np.resize(["u", "v"], 60)})
    model = Regressor("custom", estimator=pipeline).fit(X, np.arange(60.0) % 3)
    rows = pd.DataFrame({"c": ["p", "new", None, "r"], "d": ["u", None, "v", "new"]})
    np.testing.assert_allclose(model.form_.predict(rows), model.predict(rows))


def test_parameters_that_do_not_go_with_a_path():
    X, y = table()
    with pytest.raises(ValueError, match=r"custom: params: don't go with sklearn\.linear_model\.Ridge"):
        Regressor("custom", estimator="sklearn.linear_model.Ridge", params={"alfa": 1}).fit(X, y)


def test_an_unknown_estimator():
    X, y = table()
    model = clone(Regressor("custom", estimator=Mean())).fit(X, y)
    assert model.form_ is None
    np.testing.assert_allclose(model.predict(X), y.mean())
    with pytest.raises(ValueError, match="Mean takes no weights of rows"):
        Regressor("custom", estimator=Mean()).fit(X, y, sample_weight=np.arange(1.0, len(X) + 1))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sklearn.nope.X", "can't be imported"),
        ("Ridge", "can't be imported"),
        ("sklearn.linear_model.Rigde", "neither 'Rigde' nor 'RigdeRegressor'"),
        ("collections.OrderedDict", "must have fit and predict"),
    ],
)
def test_paths_that_lead_nowhere(path, said):
    X, y = table()
    with pytest.raises(ValueError, match=said):
        Regressor("custom", estimator=path).fit(X, y)


def test_labels_alone_are_refused():
    X, y = table("binary")
    model = Classifier("custom", estimator="sklearn.svm.LinearSVC").fit(X, y)
    with pytest.raises(ValueError, match="LinearSVC gives no probabilities"):
        model.predict_proba(X)


def test_a_study_names_code_only_where_that_is_allowed(tmp_path):
    data = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60.0) % 7})
    data.to_csv(tmp_path / "data.csv", index=False)
    study = {
        "data": {"source": str(tmp_path / "data.csv"), "target": "y", "task": "regression"},
        "models": [{"custom": {"estimator": "sklearn.linear_model.Ridge"}}],
        "split": {"folds": 2, "repeats": 1, "holdout": 0},
        "explain": [],
        "report": {"formats": ["html"]},
    }
    with pytest.raises(StudyError, match=r"models\[0\]\.custom\.estimator names code to import"):
        run(study, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    result = run(study, out=tmp_path / "out", allow_code=True, jobs=1)
    assert result.failed == ()
