"""The explainable boosting machine: a shape for each column, and surfaces for pairs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workbench.disclosure import MIN_ROWS
from workbench.families.cutting import interval_cuts
from workbench.families.family import EncodedForm, Family, MonotoneParameters, Seed
from workbench.families.policy import Policy
from workbench.forms import Identity, Input, Logistic, Lookup, Softmax
from workbench.readers.ebm import read_ebm

# Chosen by tests/benchmarks/ebm_presets.py; its table is in the README beside it.
_PRESETS: dict[str, dict[str, Any]] = {
    "fast": {
        "interactions": 5,
        "outer_bags": 2,
        "max_bins": 32,
        "learning_rate": 0.1,
        "max_rounds": 1_000,
        "smoothing_rounds": 25,
        "interaction_smoothing_rounds": 10,
    },
    "balanced": {
        "interactions": 10,
        "outer_bags": 4,
        "max_bins": 64,
        "learning_rate": 0.08,
        "max_rounds": 2_000,
        "smoothing_rounds": 100,
        "interaction_smoothing_rounds": 25,
    },
    "thorough": {
        "interactions": 20,
        "outer_bags": 14,
        "max_bins": 128,
        "learning_rate": 0.04,
        "max_rounds": 10_000,
        "smoothing_rounds": 300,
        "interaction_smoothing_rounds": 75,
    },
}


class Ebm(Family):
    """Boosted step functions, one column or pair at a time, that add up to the score."""

    name = "ebm"
    title = "explainable boosting machine"
    summary = "adds up one step-shaped curve per column and surfaces over pairs of columns, found by boosting"
    tasks = ("regression", "binary", "multiclass")
    policy = Policy(missing="native", categories="native", unseen="prior")
    reference = (
        "Lou, Caruana, Gehrke and Hooker 2013, Accurate intelligible models with pairwise interactions, "
        "doi 10.1145/2487575.2487579"
    )
    assumptions = ("The score is a sum of curves of single columns and surfaces over pairs.",)
    limits = (
        "Interactions of three or more columns are invisible to it.",
        "Where columns are strongly correlated, the effect may be split between their curves in another way.",
        "Beyond the range of the training rows its curves go on flat.",
    )
    libraries = ("interpret-core",)
    presets = _PRESETS
    search_space = {"interactions": (0, 5, 10, 20), "max_bins": (32, 64, 128), "learning_rate": (0.02, 0.04, 0.08)}
    path = tuple({"interactions": pairs} for pairs in (0, 3, 10))
    quick = {"preset": "fast"}
    example_params = {"preset": "fast", "interactions": 2, "outer_bags": 1, "max_rounds": 30}

    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "bags draw rows: a row of weight 3 is not drawn as three"
    }

    class Parameters(MonotoneParameters):
        """Parameters of `ebm`."""

        preset: Literal["fast", "balanced", "thorough"] = Field(
            "balanced", description="how much work to put in: the settings that are left open are the preset's"
        )
        interactions: int | None = Field(None, ge=0, description="number of pairs of columns; null: the preset's")
        max_bins: int | None = Field(
            None,
            ge=2,
            le=1024,
            description="most intervals of a number column, each of 10 rows or more; null: the preset's",
        )
        outer_bags: int | None = Field(None, ge=1, description="number of refits that are averaged; null: the preset's")
        smoothing_rounds: int | None = Field(None, ge=0, description="rounds of random cuts first; null: the preset's")
        interaction_smoothing_rounds: int | None = Field(
            None, ge=0, description="the same for pairs; null: the preset's"
        )
        learning_rate: float | None = Field(None, gt=0, le=1, description="how far each round goes; null: the preset's")
        max_leaves: int = Field(2, ge=2, description="most leaves of each round's tree")
        min_samples_leaf: int = Field(
            MIN_ROWS, ge=1, description="fewest training rows in a leaf; below 10 the form is kept private"
        )
        max_rounds: int | None = Field(None, ge=1, description="most rounds; null: the preset's")
        random_state: Seed = Field(0, description="seed")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give interpret's machine with the preset's settings where none are given."""
        from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor

        given = {
            name: value for name, value in params.items() if value is not None and name not in ("preset", "monotone")
        }
        settings = {**_PRESETS[params["preset"]], **given}
        made = ExplainableBoostingRegressor if task == "regression" else ExplainableBoostingClassifier
        return made(n_jobs=1, **settings)

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit with cuts that leave at least 10 training rows in each interval."""
        kinds: list[Any] = [
            "nominal" if isinstance(each, Lookup) and each.nominal else interval_cuts(Z[:, j], estimator.max_bins)
            for j, each in enumerate(inputs)
        ]
        estimator.set_params(feature_types=kinds)
        with warnings.catch_warnings():
            # its own plots show neither missing values nor pairs of several classes; ours do
            warnings.filterwarnings("ignore", message="Missing values detected|For multiclass we cannot currently")
            super().fit(estimator, Z, y, sample_weight, inputs)

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Hold every shape and surface to signs, one an input."""
        estimator.set_params(monotone_constraints=signs.tolist())

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The shapes and surfaces; logistic for two classes, softmax for more."""
        body = read_ebm(fitted)
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, Logistic() if len(fitted.classes_) == 2 else Softmax()

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's predictions, or decision function."""
        score = fitted.decision_function(Z) if hasattr(fitted, "classes_") else fitted.predict(Z)
        return np.asarray(score).reshape(len(Z), -1)

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Intervals and levels hold at least 10 rows by construction, leaves as many as asked for."""
        return min(MIN_ROWS, int(fitted.min_samples_leaf))
