import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from workbench.explainers.response import Response

X = np.random.default_rng(0).normal(size=(60, 2))
TWO = np.where(X[:, 0] > 0, "yes", "no")
THREE = np.digitize(X[:, 0], [-0.4, 0.4])


def asked(model):
    response = Response.of(model, X)
    assert response.values.dtype == np.float64
    assert response.values.shape == (60, len(response.outputs))
    return response


def test_regressor():
    model = LinearRegression().fit(X, X[:, 0])
    assert (asked(model).outputs, asked(model).scale) == (("prediction",), "response")
    assert np.array_equal(asked(model).values[:, 0], model.predict(X))
    several = LinearRegression().fit(X, X)
    assert asked(several).outputs == ("prediction 0", "prediction 1")


def test_binary_is_the_positive_class():
    model = LogisticRegression().fit(X, TWO)
    assert (asked(model).outputs, asked(model).scale) == (("yes",), "response")
    assert np.array_equal(asked(model).values[:, 0], model.predict_proba(X)[:, 1])
    searched = GridSearchCV(LogisticRegression(), {"C": [1.0]}).fit(X, TWO)
    assert np.array_equal(asked(searched).values, asked(model).values)


def test_another_positive_class():
    model, margin = LogisticRegression().fit(X, TWO), LinearSVC().fit(X, TWO)
    assert Response.of(model, X, "no").outputs == ("no",)
    assert np.array_equal(Response.of(model, X, "no").values[:, 0], model.predict_proba(X)[:, 0])
    assert np.array_equal(Response.of(margin, X, "no").values[:, 0], -margin.decision_function(X))


def test_multiclass_is_every_class():
    model = LogisticRegression().fit(X, THREE)
    assert asked(model).outputs == ("0", "1", "2")
    assert np.array_equal(asked(model).values, model.predict_proba(X))


def test_margin_without_probabilities():
    two, three = LinearSVC().fit(X, TWO), LinearSVC().fit(X, THREE)
    assert (asked(two).outputs, asked(two).scale) == (("yes",), "margin")
    assert np.array_equal(asked(two).values[:, 0], two.decision_function(X))
    assert np.array_equal(asked(three).values, three.decision_function(X))
    assert asked(CalibratedClassifierCV(LinearSVC()).fit(X, TWO)).scale == "response"


def test_what_has_no_such_number_is_refused(label_classifier):
    with pytest.raises(ValueError, match="LabelClassifier gives labels alone"):
        Response.of(label_classifier.fit(X, TWO), X)
    with pytest.raises(ValueError, match=r"SVC.decision_function must give one number per class .*pairs of classes"):
        Response.of(SVC(decision_function_shape="ovo").fit(X, THREE), X)
    with pytest.raises(ValueError, match="several targets"):
        Response.of(RandomForestClassifier(n_estimators=2).fit(X, np.c_[THREE, THREE]), X)


def test_pairs_of_three_classes_are_found_inside_pipelines_and_searches():
    pairs = SVC(decision_function_shape="ovo")
    for model in (make_pipeline(StandardScaler(), pairs), GridSearchCV(pairs, {"C": [1.0]})):
        with pytest.raises(ValueError, match=r"must give one number per class .*pairs of classes"):
            Response.of(model.fit(X, THREE), X)
    classes = make_pipeline(StandardScaler(), SVC()).fit(X, THREE)
    assert np.array_equal(asked(classes).values, classes.decision_function(X))


class Says(BaseEstimator):
    """A model, of no declared kind, that says what it was given."""

    def __init__(self, said=None):
        self.said = said

    def predict(self, rows):
        return self.said


def test_numbers_of_clusters_and_labels_of_no_classifier_are_refused():
    with pytest.raises(ValueError, match="KMeans finds clusters, whose numbers are names"):
        Response.of(KMeans(2, n_init=1, random_state=0).fit(X), X)
    with pytest.raises(ValueError, match=r"Says.predict must give numbers, one row of them per row of X; got \['no'\]"):
        Response.of(Says(np.array(["no", "yes"])), X[:2])


def test_what_a_model_keeps_is_copied():
    model = Says(np.zeros(2))
    values = Response.of(model, X[:2]).values
    model.said[:] = 1.0
    assert (values == 0).all()


def test_no_call_has_too_many_rows(function_model, monkeypatch):
    model = function_model(lambda rows: rows[:, 0], X)
    monkeypatch.setattr("workbench.explainers.stacks.MAX_ROWS", 25)
    assert np.array_equal(Response.of(model, X).values[:, 0], X[:, 0])
    assert model.calls_ == [25, 25, 10]
    del model.calls_[:]
    monkeypatch.setattr("workbench.explainers.stacks.MAX_BYTES", 20 * 16)
    assert np.array_equal(Response.of(model, X).values[:, 0], X[:, 0])
    assert model.calls_ == [20, 20, 20]
