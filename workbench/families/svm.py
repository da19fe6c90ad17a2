"""Support vector machines: a linear kernel can be read, a radial one can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workbench.families.engine import scikit_learn_module
from workbench.families.family import EncodedForm, Family, FamilyParameters, Seed
from workbench.families.policy import Policy
from workbench.forms import Additive, Identity, Input, Logistic, Softmax
from workbench.readers.svm import read_svm


class Svm(Family):
    """The widest band that keeps the classes apart, or the flattest function within a band around the target."""

    name = "svm"
    title = "support vector machine"
    summary = (
        "keeps the classes apart by the widest band, or a number within a band; linear in the columns, or, with the "
        "radial kernel, a sum over training rows that can't be read"
    )
    tasks = ("regression", "binary", "multiclass")
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="prior", scale=True)
    reference = "Cortes and Vapnik 1995, Support-vector networks, doi 10.1007/BF00994018"
    assumptions = ("With the linear kernel each column acts in proportion to its value, whatever the others are.",)
    limits = (
        "Its probabilities are its scores through one slope, fitted on folds; on all rows where a class has one row.",
        "With the radial kernel the form holds training rows, so it is kept private.",
        "Far from all training rows a radial kernel predicts its constant.",
    )
    search_space = {"kernel": ("linear", "rbf"), "C": (0.1, 1.0, 10.0), "epsilon": (0.05, 0.1, 0.2)}
    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "the slope of probabilities is fitted on folds of rows",
    }

    class Parameters(FamilyParameters):
        """Parameters of `svm`."""

        kernel: Literal["linear", "rbf"] = Field(
            "linear", description="linear: a glass box; rbf: radial kernels, a black box"
        )
        C: float = Field(1.0, gt=0, description="how much a row outside the band costs")
        epsilon: float = Field(
            0.1, ge=0, description="half the width of the band around a number, in standard deviations of the target"
        )
        gamma: float | None = Field(
            None, gt=0, description="how fast a radial kernel falls; null: one over the variance of all inputs together"
        )
        accelerate: bool = Field(False, description="fit radial kernels by sklearnex, where it is installed")
        random_state: Seed = Field(0, description="seed of the folds on which the probabilities' slope is fitted")

    def is_glassbox(self, params: Mapping[str, Any]) -> bool:
        """Only the linear kernel can be read."""
        return params.get("kernel", "linear") == "linear"

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the machine: of a number on its standardized target, of classes with a fitted slope."""
        radial = params["kernel"] == "rbf"
        module = scikit_learn_module("svm", accelerate=radial and params["accelerate"])
        kernel: dict[str, Any] = {"kernel": "rbf", "C": params["C"], "gamma": params["gamma"] or "scale"}
        if task == "regression":
            from sklearn.compose import TransformedTargetRegressor
            from sklearn.preprocessing import StandardScaler

            line = {
                "C": params["C"],
                "loss": "squared_epsilon_insensitive",
                "dual": False,
                "max_iter": 100_000,
            }
            epsilon = params["epsilon"]
            made = module.SVR(epsilon=epsilon, **kernel) if radial else module.LinearSVR(epsilon=epsilon, **line)
            return TransformedTargetRegressor(made, transformer=StandardScaler())
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.multiclass import OneVsRestClassifier

        if not radial:
            made = module.LinearSVC(C=params["C"], dual=False, max_iter=100_000)
        else:
            made = module.SVC(**kernel) if task == "binary" else OneVsRestClassifier(module.SVC(**kernel))
        calibrated = CalibratedClassifierCV(made, ensemble=False, method="temperature")
        calibrated.seed_ = params["random_state"]
        return calibrated

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit; the slope of the probabilities on at most 5 folds, as many as the rarest class has rows.

        A class of one row is in no fold's training rows and test rows both: the slope is then fitted on all rows.
        """
        if hasattr(estimator, "cv"):
            from sklearn.model_selection import StratifiedKFold

            rarest, every = int(np.bincount(y).min()), np.arange(len(y))
            divided = StratifiedKFold(min(5, max(2, rarest)), shuffle=True, random_state=estimator.seed_)
            folds: Any = divided if rarest >= 2 else [(every, every)]
            estimator.set_params(cv=folds)
        super().fit(estimator, Z, y, sample_weight, inputs)

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's prediction; for classes its decision function times the slope, of two classes twice that."""
        if not hasattr(fitted, "classes_"):
            return np.asarray(fitted.predict(Z)).reshape(len(Z), 1)
        (calibrated,) = fitted.calibrated_classifiers_
        (scale,) = calibrated.calibrators
        decision = np.asarray(calibrated.estimator.decision_function(Z)).reshape(len(Z), -1)
        return scale.beta_ * decision * (2 if decision.shape[1] == 1 else 1)

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """Coefficients, or support vectors; for classes the slope is folded in."""
        body = read_svm(fitted)
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, Logistic() if body.k == 1 else Softmax()

    def smallest_support(self, fitted: Any, n_rows: int) -> int | None:
        """Slopes come from all rows; support vectors are training rows."""
        return n_rows if isinstance(read_svm(fitted), Additive) else None
