"""FIGS: a sum of few small trees, grown together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from pydantic import Field

from workbench.disclosure import MIN_ROWS
from workbench.families.distinct import by_distinct_rows
from workbench.families.family import EncodedForm, Family, FamilyParameters, Seed
from workbench.families.policy import Policy
from workbench.families.randomness import global_seed
from workbench.families.scoped import replaced
from workbench.forms import Clip, Identity, Input, OneVsRest, Tree
from workbench.readers.figs import reached, read_figs


class Figs(Family):
    """Trees that add up: each new cut goes where, over all trees, it explains most of what is left."""

    name = "figs"
    title = "FIGS"
    summary = "adds up the leaves of a few small trees, grown together so that each cut explains what the others leave"
    tasks = ("regression", "binary", "multiclass")
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="other")
    reference = "Tan, Singh, Nasseri, Agarwal and Yu 2022, Fast interpretable greedy-tree sums, arXiv 2201.11931"
    assumptions = ("The target is a sum of a few functions that are nearly constant within boxes.",)
    limits = (
        "It predicts steps: two rows on the two sides of a cut differ however near they are.",
        "Class shares are sums over trees, cut off where a leaf of 10 rows, all of one class, would stand.",
    )
    libraries = ("imodels",)
    search_space = {"max_rules": (6, 12, 20, 30), "max_trees": (None, 3, 5)}
    path = tuple({"max_rules": rules} for rules in (1, 2, 4, 6, 9, 12, 20, 30))
    example_params = {"max_rules": 6}
    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "min_samples_leaf counts rows: a row of weight 3 is one row"
    }

    class Parameters(FamilyParameters):
        """Parameters of `figs`."""

        max_rules: int = Field(12, ge=1, description="most cuts, over all trees")
        max_trees: int | None = Field(None, ge=1, description="most trees; null for no limit")
        max_depth: int | None = Field(None, ge=1, description="most questions on the way to a leaf; null for no limit")
        min_samples_leaf: int = Field(
            MIN_ROWS, ge=1, description="fewest training rows in a leaf; below 10 the form is kept private"
        )
        random_state: Seed = Field(0, description="seed: orders ties between equally good cuts")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give imodels' estimator."""
        from imodels import FIGSClassifier, FIGSRegressor

        settings = {name: params[name] for name in ("max_rules", "max_trees", "max_depth", "random_state")}
        made = (FIGSRegressor if task == "regression" else FIGSClassifier)(**settings)
        made.min_samples_leaf_ = params["min_samples_leaf"]
        return made

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit with leaves of at least so many rows, which the library has no parameter for."""
        from imodels.tree import figs
        from sklearn.tree import DecisionTreeRegressor

        stumps = partial(DecisionTreeRegressor, min_samples_leaf=estimator.min_samples_leaf_)
        with (
            replaced(figs, "tree", SimpleNamespace(DecisionTreeRegressor=stumps)),
            global_seed(estimator.random_state),  # it ignores its own seed
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            estimator.fit(Z, y, sample_weight=sample_weight)
        estimator.supports_ = [reached(tree, Z) for tree in estimator.trees_]

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's prediction; for classes the one with the highest probability."""
        if hasattr(fitted, "classes_"):
            return self.predict_proba(fitted, Z).argmax(axis=1)
        return by_distinct_rows(lambda rows: np.asarray(fitted.predict(rows)), Z, _used(fitted))

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's sums of class shares, cut off: no surer than a leaf of its least rows, all of one class.

        By Laplace's rule of succession that is (n + 1) / (n + 2) for n rows, 11/12 by default. The library's own
        choices are a softmax of the shares, or to cut off at 0 and 1.
        """
        score = by_distinct_rows(lambda rows: self.reference_score(fitted, rows), Z, _used(fitted))
        p = _clip(fitted)(score)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else OneVsRest(_clip(fitted))(score)

    def library_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Probabilities as the library gives them by default: a softmax of shares, of two classes from .2 to .8."""
        return by_distinct_rows(lambda rows: np.asarray(fitted.predict_proba(rows)), Z, _used(fitted))

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's sums over its trees."""
        total = sum((fitted._predict_tree(tree, Z) for tree in fitted.trees_), np.zeros((len(Z), fitted.n_outputs)))
        return total[:, 1:] if hasattr(fitted, "classes_") and total.shape[1] == 2 else total

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The sum of the trees; for classes cut off as `predict_proba` says."""
        body = read_figs(fitted)
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, _clip(fitted) if body.k == 1 else OneVsRest(_clip(fitted))

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """The rows of the smallest leaf."""
        return int(min(counts.min() for counts in fitted.supports_))


def _clip(fitted: Any) -> Clip:
    least = 1 / (max(MIN_ROWS, fitted.min_samples_leaf_) + 2)
    return Clip(least, 1 - least)


def _used(fitted: Any) -> np.ndarray:
    """Give the inputs that some tree reads."""
    trees = [term for term in read_figs(fitted).terms if isinstance(term, Tree)]
    return np.unique(np.concatenate([tree.feature[tree.feature >= 0] for tree in trees]))
