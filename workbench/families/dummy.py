"""The baseline that every score is read against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.families.family import EncodedForm, Family
from workbench.families.policy import Policy
from workbench.forms import Additive, Identity, Input


class Dummy(Family):
    """Predicts the training mean, or the training shares of the classes, for every row."""

    name = "dummy"
    title = "baseline"
    summary = "predicts the training mean, or the shares of the classes, for every row"
    tasks = ("regression", "binary", "multiclass")
    needs_columns = False
    policy = Policy(missing="native", categories="ordinal", unseen="other")
    reference = "scikit-learn, DummyRegressor and DummyClassifier"
    assumptions = ("Nothing about a row helps to predict its target.",)
    limits = ("It is no model to use: it is what a model has to beat.",)

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the mean, or the classes' shares."""
        from sklearn.dummy import DummyClassifier, DummyRegressor

        return DummyRegressor(strategy="mean") if task == "regression" else DummyClassifier(strategy="prior")

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """A constant."""
        if hasattr(fitted, "constant_"):
            return Additive(np.asarray(fitted.constant_, dtype=np.float64).ravel(), ()), Identity()
        shares = np.asarray(fitted.class_prior_, dtype=np.float64)
        return Additive(shares[1:] if shares.size == 2 else shares, ()), Identity()

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """All rows stand behind a mean."""
        return n_rows
