import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.estimator import Classifier, Regressor
from workbench.explainers.response import Response
from workbench.explainers.score import Score
from workbench.forms import Picked


@pytest.fixture(name="X", scope="module")
def _rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200), "c": rng.choice(list("xyz"), 200)})
    frame.loc[::7, "b"] = np.nan
    return frame


@pytest.fixture(name="y", scope="module")
def _target(X):
    return X["a"] ** 2 + X["b"].fillna(2.0) * X["a"] + (X["c"] == "x")


@pytest.mark.parametrize("family", ["linear", "tree", "ebm", "forest", "svm", "figs", "gam"])
@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_is_what_the_model_says_and_the_sum_of_its_components(X, y, family, n_classes):
    params = {"n_estimators": 5} if family == "forest" else {"preset": "fast"} if family == "ebm" else {}
    labels = np.array(["low", "mid", "high"])[np.digitize(y, [0.5, 1.5] if n_classes == 3 else [1.0])]
    model = Classifier(family, **params).fit(X, labels) if n_classes else Regressor(family, **params).fit(X, y)
    for positive in list(model.classes_) if n_classes == 2 else [None]:
        score = Score.of(model, X, positive)
        response = Response.of(model, X, positive)
        values = score.values(score.frame(X))
        assert score.outputs == response.outputs
        if score.scale == "response":
            np.testing.assert_allclose(values, response.values, atol=1e-9)
        else:  # each link rises, so the order of rows is that of the predictions
            inner = (response.values > 1e-9) & (response.values < 1 - 1e-9)
            if n_classes == 2:
                order = np.argsort(values[inner], kind="stable")
                assert (np.diff(response.values[inner][order]) >= -1e-9).all()
        parts = score.components
        if parts is not None:
            total = score.constant + sum(part.values(score.frame(X)) for part in parts)
            np.testing.assert_allclose(total, values, atol=1e-9)
            assert len({part.columns for part in parts}) == len(parts)


def test_reads_estimators_of_scikit_learn(X, y):
    Z = X[["a", "b"]].fillna(0.0)
    label = (y > 1).to_numpy()
    for model in (
        RandomForestRegressor(5, random_state=0),
        RandomForestClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=5),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ):
        for rows in (Z, Z.to_numpy()):
            model.fit(rows, label if hasattr(model, "predict_proba") else y)
            score = Score.of(model, rows)
            said = score.values(score.frame(rows))
            if score.scale == "link":
                said = 1 / (1 + np.exp(-said))
            np.testing.assert_allclose(said, Response.of(model, rows).values, atol=1e-9)
            assert list(score.frame(rows).numbers("a" if isinstance(rows, pd.DataFrame) else "x0")) == list(Z["a"])


def test_what_is_not_known_has_no_score(X, y, function_model):
    assert Score.of(function_model(lambda Z: Z[:, 0], np.zeros((3, 1))), np.zeros((3, 1))) is None


def test_picked_frames_mix_rows(X, y):
    model = Regressor("tree", max_leaf_nodes=20).fit(X, y)
    score = Score.of(model, X)
    one, other = score.frame(X.iloc[:50]), score.frame(X.iloc[50:100])
    order = np.arange(50)[::-1].copy()
    mixed = Picked({"a": (one, order), "b": (other, order), "c": (one, order)})
    rows = X.iloc[:50].iloc[::-1].reset_index(drop=True)
    rows["b"] = X["b"].iloc[50:100].to_numpy()[::-1]
    np.testing.assert_array_equal(score.values(mixed), score.values(score.frame(rows)))
