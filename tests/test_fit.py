"""The unit that fits a model: what it refuses to hand on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench import Form, load
from workbench.families import find_family
from workbench.metrics import metric
from workbench.table import Table
from workbench.work.fit import FormMismatchError, fit_model, score_fold
from workbench.work.said import Said


def fit(table, family="tree", **params):
    rows = np.arange(table.n_rows - 100)
    return fit_model(
        table, rows, np.arange(rows.size, table.n_rows), name=family, family=family, params=params, metrics=["r2"]
    )


def test_a_form_that_is_not_the_model_goes_no_further(monkeypatch):
    table = load("diabetes")
    assert fit(table).form is not None
    tree = find_family("tree")
    read = tree.form

    def wrong(self, fitted, inputs):
        body, output = read(self, fitted, inputs)
        (term,) = body.terms
        return replace(body, terms=(replace(term, value=term.value * 1.001),)), output

    monkeypatch.setattr(tree, "form", wrong)
    with pytest.raises(FormMismatchError, match="tree: the form is off from the model by up to"):
        fit(table)


def test_rules_and_details_come_with_the_fit():
    table = load("diabetes")
    fitted = fit(table)
    assert fitted.rules.n_train == table.n_rows - 100
    assert fitted.rules.n_holdout == 100
    assert np.nansum(fitted.rules.train_rows) <= table.n_rows - 100
    assert fit(table, "glm").details[0].title == "Coefficients"


def test_the_card_holds_the_shapes_of_a_machine_with_surfaces():
    form = fit(load("wine-quality-red"), "ebm").form
    assert form.stored_numbers > 10_000
    assert Form.from_dict(form.plain).stored_numbers == form.stored_numbers


def classes(n=90):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    frame = pd.DataFrame({"x": x, "y": np.where(x + rng.normal(size=n) > 0, "yes", "no")})
    return Table.from_frame(frame, target="y", positive="no")


def test_predictions_are_kept_in_the_order_of_the_rows_and_of_the_tables_classes():
    table = classes()
    holdout = np.array([80, 5, 44])
    how = {"family": "linear", "params": {}, "metrics": ["log_loss", "accuracy"]}
    fitted = fit_model(table, np.arange(60), holdout, name="m", **how)
    X = table.take(holdout).X
    assert list(fitted.estimator.classes_) == ["yes", "no"]
    np.testing.assert_array_equal(fitted.said.predicted, fitted.estimator.predict_proba(X))
    np.testing.assert_array_equal(fitted.said.labels, fitted.estimator.predict(X))
    assert (fitted.said.shares.argmax(axis=1) == (fitted.said.labels == "no")).all()
    own = table.take(np.arange(60))
    assert fitted.train["accuracy"] == pytest.approx((fitted.estimator.predict(own.X) == own.y).mean())
    assert fit_model(table, np.arange(60), holdout[:0], name="m", **how).said is None

    class Sorted:
        feature_names_in_, classes_ = ["x"], np.array(["no", "yes"])

        def predict(self, X):
            return np.full(len(X), "no")

        def predict_proba(self, X):
            return np.tile([0.9, 0.1], (len(X), 1))

    assert Said.of(Sorted(), table, ()).shares[0].tolist() == [0.1, 0.9]


def test_a_fold_keeps_what_it_is_asked_to():
    table = load("diabetes")
    train, test = np.arange(100), np.arange(100, 140)
    how = {"family": "tree", "params": {"max_leaf_nodes": 4}, "metrics": ["r2"]}
    kept, scored = (score_fold(table, train, test, **how, keep=n) for n in (10, 0))
    assert kept.scores == scored.scores
    model = kept.estimator()
    np.testing.assert_array_equal(kept.said.predicted, model.predict(table.X.iloc[test]))
    assert kept.train["r2"] == metric("r2")(table.y.iloc[train], model.predict(table.X.iloc[train]))
    assert (scored.pickled, scored.said, scored.train) == (None, None, {})


def test_a_model_without_probabilities_is_scored_by_its_labels():
    from sklearn.svm import LinearSVC

    from workbench import Classifier

    table = classes()
    model = Classifier("custom", estimator=LinearSVC()).fit(table.X, table.y)
    said = Said.of(model, table, ["accuracy"])
    assert said.shares is None
    assert said.scores(table, ["accuracy"])["accuracy"] == (model.predict(table.X) == table.y).mean()
    with pytest.raises(ValueError, match="gives no probabilities"):
        Said.of(model, table, ["accuracy", "log_loss"])
