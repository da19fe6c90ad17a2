"""RuleFit: a sparse sum of rules and of clipped lines."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field
from scipy.special import expit

from workbench.disclosure import MIN_ROWS
from workbench.families.family import EncodedForm, Family, FamilyParameters, Seed
from workbench.families.one_vs_rest import OneVsRestModel
from workbench.families.policy import Policy
from workbench.families.randomness import draw_seed, global_seed
from workbench.forms import Identity, Input, Logistic, OneVsRest
from workbench.readers.rulefit import read_rulefit, stacked


class Rulefit(Family):
    """Rules cut out of boosted trees, and the columns themselves, weighed by a lasso."""

    name = "rulefit"
    title = "RuleFit"
    summary = "adds up rules and clipped lines, each with a number of its own; a lasso picks few of both"
    tasks = ("regression", "binary", "multiclass")
    weighs_rows = False
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="other")
    reference = "Friedman and Popescu 2008, Predictive learning via rule ensembles, doi 10.1214/07-AOAS148"
    assumptions = ("The score is a sum of a few rules and of lines that end at the outer hundredths of each column.",)
    limits = (
        "Rules overlap: what one of them adds can't be read without the others that match too.",
        "A small change of the data can give other rules.",
    )
    libraries = ("imodels",)
    search_space = {"max_rules": (10, 20, 30, 50), "tree_size": (3, 4, 6)}
    path = tuple({"max_rules": terms} for terms in (2, 4, 8, 15, 30, 60))
    quick = {"n_estimators": 30}
    example_params = {"n_estimators": 10, "max_rules": 8, "cross_validate": False}
    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "the library takes no weights, and unequal ones are refused",
        "check_sample_weights_not_overwritten": "the library takes no weights, and unequal ones are refused",
    }

    class Parameters(FamilyParameters):
        """Parameters of `rulefit`."""

        max_rules: int = Field(30, ge=1, description="most terms, rules and lines together, that the lasso may keep")
        n_estimators: int = Field(100, ge=1, description="trees whose branches are candidates for rules")
        tree_size: int = Field(4, ge=2, description="mean number of leaves of those trees")
        include_linear: bool = Field(True, description="whether columns take part as lines too")
        cross_validate: bool = Field(
            True, description="choose the penalty by cross-validation; else the least that keeps max_rules"
        )
        min_samples_leaf: int = Field(
            MIN_ROWS, ge=1, description="fewest training rows in a leaf; below 10 the form is kept private"
        )
        random_state: Seed = Field(0, description="seed of the trees")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give imodels' estimator over trees with leaves of 10 rows or more; for several classes one each."""
        from imodels import RuleFitClassifier, RuleFitRegressor
        from sklearn.ensemble import GradientBoostingRegressor

        settings = {name: params[name] for name in ("max_rules", "n_estimators", "tree_size", "include_linear")}
        seed = draw_seed(params["random_state"])
        leaf = params["min_samples_leaf"]

        def one() -> Any:
            # as the library's own generator, but for the leaves
            trees = GradientBoostingRegressor(learning_rate=0.01, min_samples_leaf=leaf, max_depth=100)
            made = RuleFitRegressor if task == "regression" else RuleFitClassifier
            return made(tree_generator=trees, random_state=seed, cv=params["cross_validate"], **settings)

        return OneVsRestModel(one) if task == "multiclass" else one()

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit with lines that end where at least 10 rows lie beyond."""
        if isinstance(estimator, OneVsRestModel):
            estimator.fit_each(y, lambda part, target: self.fit(part, Z, target, None, inputs))
            return
        n_rows = len(Z)
        if n_rows < 2:
            raise ValueError(f"rulefit: needs at least 2 rows to divide; got n_samples={n_rows}")
        drawn = min(0.5, (100 + 6 * np.sqrt(n_rows)) / n_rows)  # Friedman and Popescu's share of rows a tree
        estimator.tree_generator.set_params(subsample=drawn)
        estimator.set_params(lin_trim_quantile=min(0.5, max(0.025, MIN_ROWS / n_rows)))
        with global_seed(estimator.random_state), warnings.catch_warnings():
            # scikit-learn's deprecations inside the library, hundreds of them, and lassos that stop early
            warnings.simplefilter("ignore")
            estimator.fit(Z, y)

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's prediction; for classes the one with the highest probability."""
        if hasattr(fitted, "classes_"):
            return self.predict_proba(fitted, Z).argmax(axis=1)
        return self.reference_score(fitted, Z)[:, 0]

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Probabilities from the library's log odds by the logistic link; its own go through another one."""
        p = expit(self.reference_score(fitted, Z))
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else OneVsRest(Identity())(p)

    def library_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray | None:
        """Probabilities as the library gives them: softmax of (1 - s, s) of log odds s; of two classes alone."""
        return None if isinstance(fitted, OneVsRestModel) else np.asarray(fitted.predict_proba(Z))

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's weighted sum, for classes log odds."""
        parts = fitted.parts_ if isinstance(fitted, OneVsRestModel) else [fitted]
        return np.column_stack([part._predict_continuous_output(Z) for part in parts])

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The rules and clipped lines; logistic for two classes, shares of one-vs-rest for more."""
        if isinstance(fitted, OneVsRestModel):
            return stacked([read_rulefit(part, inputs) for part in fitted.parts_]), OneVsRest(Logistic())
        return read_rulefit(fitted, inputs), Logistic() if hasattr(fitted, "classes_") else Identity()

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Leaves hold as many rows as asked for; lines end where at least 10 rows lie beyond."""
        part = fitted.parts_[0] if isinstance(fitted, OneVsRestModel) else fitted
        return min(MIN_ROWS, int(part.tree_generator.min_samples_leaf))
