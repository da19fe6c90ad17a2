"""Linear and logistic regression, optionally penalized."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workbench.families.engine import scikit_learn_module
from workbench.families.family import EncodedForm, Family, MonotoneParameters
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

    class Parameters(MonotoneParameters):
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
        if params["monotone"]:
            return _bounded(task, penalty, alpha, ratio)
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
            return faster.LinearRegression(n_jobs=1, copy_X=False)  # the encoded rows are made for this fit alone
        if penalty == "ridge":
            return linear_model.Ridge(alpha=alpha)
        return linear_model.ElasticNet(alpha=alpha, l1_ratio=ratio, max_iter=_MOST_ITERATIONS)

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Bound the coefficients by 0 from one side."""
        estimator.set_params(
            lower_bounds=np.where(signs > 0, 0.0, -np.inf), upper_bounds=np.where(signs < 0, 0.0, np.inf)
        )

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit; glum's penalty is against the mean, scikit-learn's ridge and logistic regression against the sum."""
        if getattr(estimator, "against_sum_", False):
            weight = len(y) if sample_weight is None else float(sample_weight.sum())
            estimator.set_params(alpha=estimator.alpha / weight)
        super().fit(estimator, Z, y.astype(np.float64) if _is_bounded(estimator) else y, sample_weight, inputs)

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's prediction; of bounded models of classes the likelier one."""
        if _is_bounded(fitted) and hasattr(fitted, "classes_"):
            return self.predict_proba(fitted, Z).argmax(axis=1)
        return super().predict(fitted, Z)

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's probabilities."""
        if not _is_bounded(fitted):
            return super().predict_proba(fitted, Z)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sigmoid function too close")  # far away it is 0 or 1
            p = np.asarray(fitted.predict(Z))
        return np.column_stack([1 - p, p])

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """Coefficients and intercept; logistic for two classes, softmax for more."""
        body = read_linear(fitted)
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, Logistic() if len(fitted.classes_) == 2 else Softmax()

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's predictions, or decision function."""
        if _is_bounded(fitted):
            return np.asarray(fitted.linear_predictor(Z)).reshape(len(Z), 1)
        score = fitted.decision_function(Z) if hasattr(fitted, "classes_") else fitted.predict(Z)
        return np.asarray(score).reshape(len(Z), -1)

    def libraries_of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Bounded coefficients are glum's."""
        return ("glum",) if params.get("monotone") else self.libraries

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Slopes come from all rows; levels and indicators are pooled before the fit where they have few."""
        return n_rows


def _bounded(task: str, penalty: str, alpha: float, ratio: float) -> Any:
    """Give glum's estimator of the same model, as scikit-learn's take no bounds on single coefficients."""
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(
        family="gaussian" if task == "regression" else "binomial",
        alpha=0.0 if penalty == "none" else alpha,
        l1_ratio=ratio,
        gradient_tol=1e-8,
        max_iter=_MOST_ITERATIONS,
    )
    model.against_sum_ = penalty == "ridge" or task != "regression"
    if task != "regression":
        model.classes_ = np.array([0, 1])
    return model


def _is_bounded(fitted: Any) -> bool:
    return hasattr(fitted, "against_sum_")
