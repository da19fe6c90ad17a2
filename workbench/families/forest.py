"""The random forest, a black-box baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workbench.families.engine import accelerator, is_accelerated, scikit_learn_module
from workbench.families.family import EncodedForm, Family, MonotoneParameters, Seed
from workbench.families.policy import Policy
from workbench.forms import Identity, Input
from workbench.readers.trees import read_trees

_FILLED = Policy(missing="impute+indicator", categories="ordinal", unseen="other")


class Forest(Family):
    """The average of many deep trees, each grown on a bootstrap sample."""

    name = "forest"
    title = "random forest"
    summary = (
        "averages many deep trees, each grown on a random draw of the rows; exact as a form, but too large to read"
    )
    tasks = ("regression", "binary", "multiclass")
    glassbox = False
    policy = Policy(missing="native", categories="ordinal", unseen="other")
    reference = "Breiman 2001, Random Forests, doi 10.1023/A:1010933404324"
    assumptions = ("The target is nearly constant within small boxes cut along the columns.",)
    limits = (
        "No person can hold its form; what is said of its behaviour is summary.",
        "It never predicts beyond the range of the training target.",
        "Its leaves are made of few rows, so its form is kept private.",
    )
    search_space = {"min_samples_leaf": (1, 2, 5, 10), "max_features": ("third", "sqrt", "all")}
    quick = {"n_estimators": 50}
    example_params = {"n_estimators": 5}
    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "each tree draws rows: a row of weight 3 is not drawn as three"
    }

    class Parameters(MonotoneParameters):
        """Parameters of `forest`."""

        n_estimators: int = Field(100, ge=1, description="number of trees")
        max_features: Literal["auto", "third", "sqrt", "all"] = Field(
            "auto", description="inputs that each cut may choose from; auto: 0.8 of them for a number, sqrt for classes"
        )
        min_samples_leaf: int = Field(1, ge=1, description="fewest training rows in a leaf")
        max_leaf_nodes: int | None = Field(
            1_000, ge=2, description="most leaves of a tree, so that the form can be stored; null for no limit"
        )
        max_depth: int | None = Field(None, ge=1, description="most questions on the way to a leaf; null for no limit")
        accelerate: bool = Field(
            False, description="grow the trees of a number target by sklearnex, where it is installed: another forest"
        )
        random_state: Seed = Field(0, description="seed of the draws")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the forest; sklearnex's for a number target alone, as its classes' shares are not those of its trees."""
        chosen: dict[str, Any] = {"third": 1 / 3, "sqrt": "sqrt", "all": 1.0}
        # 0.8: a third loses 0.1 R² on bikeshare, all a little on red wine (tests/benchmarks/README.md)
        chosen["auto"] = 0.8 if task == "regression" else "sqrt"
        settings = {name: value for name, value in params.items() if name not in ("accelerate", "monotone")}
        settings["max_features"] = chosen[params["max_features"]]
        module = scikit_learn_module("ensemble", accelerate=self._accelerates(task, params))
        made = module.RandomForestRegressor if task == "regression" else module.RandomForestClassifier
        return made(n_jobs=1, **settings)

    def policy_for(self, task: str, params: Mapping[str, Any]) -> Policy:
        """Fill gaps before sklearnex sees them: one gap would send all rows of a prediction to another model."""
        return _FILLED if self._accelerates(task, params) else self.policy

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Hold every tree to signs, one an input."""
        estimator.set_params(monotonic_cst=signs)

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The average of the trees; sklearnex compares in float64, scikit-learn in float32."""
        return read_trees(fitted.estimators_, in_float32=not is_accelerated(fitted)), Identity()

    @staticmethod
    def _accelerates(task: str, params: Mapping[str, Any]) -> bool:
        # sklearnex has no constraints
        wanted = bool(params["accelerate"]) and not params["monotone"]
        return task == "regression" and wanted and accelerator() is not None
