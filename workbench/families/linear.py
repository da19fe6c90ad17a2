"""Linear and logistic regression, optionally penalized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workbench.families.engine import scikit_learn_module
from workbench.families.family import EncodedForm, Family, FamilyParameters
from workbench.families.policy import Policy
from workbench.forms import Identity, Input, Logistic, Softmax
from workbench.readers.linear import read_linear

_MOST_ITERATIONS = 10_000


class Linear(Family):
    """A weighted sum of the columns; for classes, of their log odds."""

    name = "linear"
    title = "linear model"
    summary = "adds up the columns, each times one coefficient; for classes the sum is on the log-odds scale"
    tasks = ("regression", "binary", "multiclass")
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="prior", scale=True)
    reference = (
        "Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning, doi 10.1007/978-0-387-84858-7"
    )
    assumptions = (
        "Each number column acts in proportion to its value, whatever the other columns are.",
        "Rows are independent of each other.",
    )
    limits = (
        "Bends, thresholds and interactions are invisible to it.",
        "Coefficients of strongly correlated columns are unstable; read them together.",
    )
    search_space = {"penalty": ("ridge", "lasso", "elastic_net"), "alpha": (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)}

    class Parameters(FamilyParameters):
        """Parameters of `linear`."""

        penalty: Literal["auto", "none", "ridge", "lasso", "elastic_net"] = Field(
            "auto",
            description="auto: none for a number; ridge for classes, where without a penalty separable classes have no "
            "best coefficients",
        )
        alpha: float = Field(
            1.0,
            gt=0,
            description="strength of the penalty on standardized columns: of the squared error's sum for ridge, of its "
            "mean for lasso and elastic_net, of the log loss's sum for classes",
        )
        l1_ratio: float = Field(0.5, ge=0, le=1, description="share of lasso in elastic_net")
        accelerate: bool = Field(
            False, description="fit a number target without a penalty by sklearnex, where it is installed"
        )

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the estimator of the penalty; for classes multinomial logistic regression."""
        linear_model = scikit_learn_module("linear_model", accelerate=False)
        penalty, alpha = params["penalty"], params["alpha"]
        if penalty == "auto":
            penalty = "none" if task == "regression" else "ridge"
        ratio = {"none": 0.0, "ridge": 0.0, "lasso": 1.0, "elastic_net": params["l1_ratio"]}[penalty]
        if task != "regression":
            smooth = penalty in ("none", "ridge")
            return linear_model.LogisticRegression(
                C=np.inf if penalty == "none" else 1.0 / alpha,
                l1_ratio=ratio,
                solver="lbfgs" if smooth else "saga",
                tol=1e-8 if smooth else 1e-6,
                max_iter=_MOST_ITERATIONS,
                random_state=None if smooth else 0,
            )
        if penalty == "none":
            faster = scikit_learn_module("linear_model", accelerate=params["accelerate"])
            return faster.LinearRegression(n_jobs=1)
        if penalty == "ridge":
            return linear_model.Ridge(alpha=alpha)
        return linear_model.ElasticNet(alpha=alpha, l1_ratio=ratio, max_iter=_MOST_ITERATIONS)

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """Coefficients and intercept; logistic for two classes, softmax for more."""
        body = read_linear(fitted)
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, Logistic() if len(fitted.classes_) == 2 else Softmax()

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's predictions, or decision function."""
        score = fitted.decision_function(Z) if hasattr(fitted, "classes_") else fitted.predict(Z)
        return score.reshape(len(Z), -1)

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Slopes come from all rows; levels and indicators are pooled before the fit where they have few."""
        return n_rows
