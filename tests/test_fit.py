"""The unit that fits a model: what it refuses to hand on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench import load
from workbench.families import find_family
from workbench.work.fit import FormMismatchError, fit_model


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
