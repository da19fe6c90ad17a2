"""Gradient-boosted trees, a black-box baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from pydantic import Field

from workbench.families.family import EncodedForm, Family, MonotoneParameters, Seed
from workbench.families.policy import Policy
from workbench.forms import Identity, Input, Logistic, Lookup, Softmax
from workbench.readers.xgboost import read_xgboost

PATIENCE = 120  # seconds that workers which train together wait for each other


def _installed(distribution: str) -> bool:
    """Whether a distribution is there: two of them bring the same module."""
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


class Xgboost(Family):
    """Trees that each mend what those before left over."""

    name = "xgboost"
    title = "boosted trees"
    summary = (
        "adds up many trees, each fitted to what those before it left over; exact as a form, but too large to read"
    )
    tasks = ("regression", "binary", "multiclass")
    glassbox = False
    distributes = True
    policy = Policy(missing="native", categories="native", unseen="other")
    reference = "Chen and Guestrin 2016, XGBoost: a scalable tree boosting system, doi 10.1145/2939672.2939785"
    assumptions = ("The score is nearly constant within small boxes cut along the columns.",)
    limits = (
        "No person can hold its form; what is said of its behaviour is summary.",
        "It never predicts far beyond the range of the training target.",
        "Its leaves may be made of few rows, so its form is kept private.",
    )
    libraries = (next((name for name in ("xgboost-cpu", "xgboost") if _installed(name)), "xgboost"),)
    search_space = {"max_depth": (3, 4, 6, 8), "learning_rate": (0.02, 0.05, 0.1, 0.3), "n_estimators": (100, 300)}
    quick = {"n_estimators": 50}
    example_params = {"n_estimators": 20, "max_depth": 3, "learning_rate": 0.1}
    tolerance = 1e-5

    class Parameters(MonotoneParameters):
        """Parameters of `xgboost`."""

        n_estimators: int = Field(200, ge=1, description="number of trees, of each class where there are several")
        max_depth: int = Field(4, ge=1, description="most questions on the way to a leaf")
        learning_rate: float = Field(0.05, gt=0, le=1, description="how far each tree goes")
        min_child_weight: float = Field(1.0, ge=0, description="least sum of second derivatives in a leaf")
        subsample: float = Field(1.0, gt=0, le=1, description="share of the rows drawn for each tree")
        reg_lambda: float = Field(1.0, ge=0, description="squared penalty of the leaves' values")
        random_state: Seed = Field(0, description="seed of the draws")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the library's scikit-learn estimator."""
        from xgboost import XGBClassifier, XGBRegressor

        made = XGBRegressor if task == "regression" else XGBClassifier
        settings = {name: value for name, value in params.items() if name != "monotone"}
        return made(tree_method="hist", enable_categorical=True, n_jobs=1, **settings)

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit, telling the library which inputs are categories."""
        estimator.set_params(feature_types=_feature_types(inputs))
        super().fit(estimator, Z, y, sample_weight, inputs)

    def fit_distributed(
        self, estimator: Any, Z: Any, y: Any, sample_weight: Any, inputs: Sequence[Input], client: Any
    ) -> None:
        """Fit by the library's own Dask interface, and give the estimator the model that came of it."""
        from xgboost import dask as distributed
        from xgboost.collective import Config

        estimator.set_params(feature_types=_feature_types(inputs))
        by = distributed.DaskXGBClassifier if hasattr(estimator, "predict_proba") else distributed.DaskXGBRegressor
        away = by(**estimator.get_params(), coll_cfg=Config(timeout=PATIENCE, tracker_timeout=PATIENCE))
        away.client = client
        away.fit(Z, y, sample_weight=sample_weight)
        estimator.load_model(away.get_booster().save_raw("ubj"))

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Hold every tree to signs, one an input."""
        estimator.set_params(monotone_constraints=tuple(signs.tolist()))

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The sum of the trees; logistic for two classes, softmax for more."""
        body = read_xgboost(fitted)
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, Logistic() if len(fitted.classes_) == 2 else Softmax()

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's margins."""
        return np.asarray(fitted.predict(Z, output_margin=True), dtype=np.float64).reshape(len(Z), -1)


def _feature_types(inputs: Sequence[Input]) -> list[str]:
    """Tell the library which inputs are categories."""
    return ["c" if isinstance(each, Lookup) and each.nominal else "q" for each in inputs]
