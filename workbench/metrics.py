"""Scores by name: what they measure, which way is better, and the smallest difference that matters by default."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

_SHARE = 0.01  # of the dummy's score: the smallest difference that matters where a metric has no region of its own
_REGRESSION = ("regression",)
_CLASSES = ("binary", "multiclass")


class MetricError(ValueError):
    """A score can't be computed as asked: names the metric, the rule, the value and the way out."""


@dataclass(frozen=True)
class Metric:
    """One score, computed by scikit-learn.

    Attributes
    ----------
    name, title : str
        As in a study file, and as in a sentence.
    greater_is_better : bool
    tasks : tuple of str
    needs : {"predict", "predict_proba"}
        What is asked of a model.
    in_target_units : bool
        Whether the score carries the unit of the target.
    region : float or None
        The smallest difference that matters, in the metric's unit; None: 1% of the dummy's score.
    function : callable
        ``function(y_true, predicted, sample_weight, n_classes)``, classes as codes from 0.
    """

    name: str
    title: str
    greater_is_better: bool
    tasks: tuple[str, ...]
    needs: str
    in_target_units: bool
    region: float | None
    function: Callable[[np.ndarray, np.ndarray, np.ndarray | None, int], float] = field(repr=False)

    def __call__(
        self,
        y_true: Any,
        y_pred: Any = None,
        y_proba: Any = None,
        *,
        classes: Sequence[Any] = (),
        sample_weight: Any = None,
    ) -> float:
        """Score predictions; NaN where the score is undefined on these rows, or beyond what a float can hold.

        Undefined are R² where all targets are equal, deviances where a prediction is not above 0 or a target is
        outside the distribution (below 0; of gamma, 0 too), AUC where a class does not occur, and F1 where the positive
        class is neither there nor predicted (of several classes, those are left out of the mean). The Tweedie deviance
        is that of power 1.5.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Numbers, or class labels.
        y_pred : array-like of shape (n_samples,)
            For a metric that needs "predict".
        y_proba : array-like of shape (n_samples, n_classes)
            For a metric that needs "predict_proba"; columns in the order of `classes`.
        classes : sequence
            All labels that may occur; of two, the second is the positive one. By default the sorted labels of `y_true`
            and `y_pred`.
        sample_weight : array-like of shape (n_samples,), optional
            At least 0, not all 0. Rows of weight 0 count as absent.

        Raises
        ------
        MetricError
            If what the metric needs is absent, of another length, not finite, or a label is not among `classes`.
        """
        y_true = np.asarray(y_true)
        predicted = self._needed(y_pred, y_proba, len(y_true))
        weight = self._checked_weight(sample_weight, len(y_true))
        if weight is not None:
            there = weight > 0
            y_true, predicted, weight = y_true[there], predicted[there], weight[there]
        if self.tasks == _REGRESSION:
            y_true, predicted = self._numbers(y_true), self._numbers(predicted)
            return self._finite(y_true, predicted, weight, 0)
        labels = list(classes) or sorted({*y_true.tolist(), *(predicted.tolist() if predicted.ndim == 1 else ())})
        codes = self._codes(y_true, labels)
        if self.needs == "predict":
            predicted = self._codes(predicted, labels)
        elif predicted.shape != (len(codes), len(labels)):
            raise MetricError(
                f"{self.name}: y_proba must have shape ({len(codes)}, {len(labels)}), a column for each of the classes "
                f"{labels}; got {predicted.shape}"
            )
        else:
            predicted = self._numbers(predicted)
        return self._finite(codes, predicted, weight, len(labels))

    def score(
        self, model: Any, X: pd.DataFrame, y: Any, *, classes: Sequence[Any] = (), sample_weight: Any = None
    ) -> float:
        """Ask a fitted model once for what the metric needs, and score it.

        Parameters
        ----------
        model : fitted estimator
        X : DataFrame of shape (n_samples, n_columns)
        y : array-like of shape (n_samples,)
        classes : sequence
            The classes in the table's order, by default the model's; of two, the second is the positive one.
        sample_weight : array-like of shape (n_samples,), optional

        Raises
        ------
        MetricError
            As above, and if the model knows other classes than `classes`.
        """
        if self.tasks == _REGRESSION:
            return self(y, model.predict(X), sample_weight=sample_weight)
        known = np.asarray(model.classes_).tolist()
        classes = list(classes) or known
        if set(known) != set(classes):
            raise MetricError(f"{self.name}: the model knows the classes {known}, the table has {classes}")
        if self.needs == "predict":
            return self(y, model.predict(X), classes=classes, sample_weight=sample_weight)
        proba = np.asarray(model.predict_proba(X))[:, [known.index(label) for label in classes]]
        return self(y, y_proba=proba, classes=classes, sample_weight=sample_weight)

    def _finite(self, y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, n_classes: int) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            score = float(self.function(y, predicted, weight, n_classes))
        return score if math.isfinite(score) else math.nan

    def region_for(self, dummy_score: float) -> float:
        """Give the smallest difference that matters: the metric's own, or 1% of the dummy's score."""
        return _SHARE * abs(dummy_score) if self.region is None else self.region

    def _needed(self, y_pred: Any, y_proba: Any, n_rows: int) -> np.ndarray:
        name, given = ("y_pred", y_pred) if self.needs == "predict" else ("y_proba", y_proba)
        if given is None:
            raise MetricError(f"{self.name} needs {name}, what {self.needs} gives; it was not given")
        given = np.asarray(given)
        if n_rows == 0 or len(given) != n_rows:
            raise MetricError(f"{self.name}: {name} must have as many rows as y_true, at least one; got {len(given)}")
        return given

    def _checked_weight(self, sample_weight: Any, n_rows: int) -> np.ndarray | None:
        if sample_weight is None:
            return None
        weight = np.asarray(sample_weight, dtype=float)
        if weight.shape != (n_rows,) or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
            raise MetricError(f"{self.name}: sample_weight must be {n_rows} numbers of at least 0, not all 0")
        return weight

    def _numbers(self, values: np.ndarray) -> np.ndarray:
        numbers = values.astype(float)
        if not np.isfinite(numbers).all():
            raise MetricError(f"{self.name}: {int((~np.isfinite(numbers)).sum())} values are missing or infinite")
        return numbers

    def _codes(self, labels: np.ndarray, classes: list[Any]) -> np.ndarray:
        codes = pd.Index(classes, dtype=object).get_indexer(pd.Index(labels, dtype=object))
        if (codes < 0).any():
            raise MetricError(f"{self.name}: label {labels[codes < 0].tolist()[0]!r} is none of the classes {classes}")
        return codes


def _r2(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, _: int) -> float:
    from sklearn.metrics import r2_score

    return math.nan if (y == y[0]).all() else r2_score(y, predicted, sample_weight=weight)


def _rmse(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, _: int) -> float:
    from sklearn.metrics import root_mean_squared_error

    return root_mean_squared_error(y, predicted, sample_weight=weight)


def _mae(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, _: int) -> float:
    from sklearn.metrics import mean_absolute_error

    return mean_absolute_error(y, predicted, sample_weight=weight)


def _deviance(power: float) -> Callable[[np.ndarray, np.ndarray, np.ndarray | None, int], float]:
    """Give the mean deviance of a Tweedie distribution: power 1 is Poisson, 2 is gamma; NaN outside its domain."""

    def deviance(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, _: int) -> float:
        from sklearn.metrics import mean_tweedie_deviance

        if (predicted <= 0).any() or (y < 0).any() or (power >= 2 and (y == 0).any()):
            return math.nan
        return mean_tweedie_deviance(y, predicted, sample_weight=weight, power=power)

    return deviance


def _log_loss(y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, n_classes: int) -> float:
    from sklearn.metrics import log_loss

    return log_loss(y, proba, sample_weight=weight, labels=np.arange(n_classes))


def _brier(y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, n_classes: int) -> float:
    from sklearn.metrics import brier_score_loss

    return brier_score_loss(y, proba, sample_weight=weight, labels=np.arange(n_classes))


def _roc_auc(y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, n_classes: int) -> float:
    from sklearn.metrics import roc_auc_score

    if len(np.unique(y)) < n_classes:
        return math.nan
    if n_classes == 2:
        return roc_auc_score(y, proba[:, 1], sample_weight=weight)
    return roc_auc_score(y, proba, sample_weight=weight, multi_class="ovr", average="macro")


def _accuracy(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, _: int) -> float:
    from sklearn.metrics import accuracy_score

    return accuracy_score(y, predicted, sample_weight=weight)


def _balanced_accuracy(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, _: int) -> float:
    from sklearn.metrics import recall_score

    # balanced_accuracy_score is this, but warns of each fold where a class is predicted that does not occur
    return recall_score(y, predicted, sample_weight=weight, labels=np.unique(y), average="macro")


def _f1(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None, n_classes: int) -> float:
    from sklearn.metrics import f1_score

    labels = [1] if n_classes == 2 else np.arange(n_classes)
    return f1_score(y, predicted, sample_weight=weight, labels=labels, average="macro", zero_division=np.nan)


_METRICS = {
    m.name: m
    for m in (
        Metric("r2", "R²", True, _REGRESSION, "predict", False, 0.01, _r2),
        Metric("rmse", "RMSE", False, _REGRESSION, "predict", True, None, _rmse),
        Metric("mae", "MAE", False, _REGRESSION, "predict", True, None, _mae),
        Metric("poisson_deviance", "Poisson deviance", False, _REGRESSION, "predict", False, None, _deviance(1.0)),
        Metric("gamma_deviance", "gamma deviance", False, _REGRESSION, "predict", False, None, _deviance(2.0)),
        Metric("tweedie_deviance", "Tweedie deviance", False, _REGRESSION, "predict", False, None, _deviance(1.5)),
        Metric("log_loss", "log loss", False, _CLASSES, "predict_proba", False, None, _log_loss),
        Metric("brier", "Brier score", False, _CLASSES, "predict_proba", False, None, _brier),
        Metric("roc_auc", "AUC", True, _CLASSES, "predict_proba", False, 0.01, _roc_auc),
        Metric("accuracy", "accuracy", True, _CLASSES, "predict", False, 0.01, _accuracy),
        Metric("balanced_accuracy", "balanced accuracy", True, _CLASSES, "predict", False, 0.01, _balanced_accuracy),
        Metric("f1", "F1", True, _CLASSES, "predict", False, 0.01, _f1),
    )
}
_DEFAULTS = {
    "regression": ("r2", "rmse", "mae"),
    "binary": ("log_loss", "roc_auc", "brier", "accuracy"),
    "multiclass": ("log_loss", "roc_auc", "brier", "accuracy"),
}


def metrics() -> tuple[str, ...]:
    """Give the names of all metrics."""
    return tuple(_METRICS)


def metric(name: str, *, task: str | None = None) -> Metric:
    """Give a metric by name.

    Parameters
    ----------
    name : str
    task : {"regression", "binary", "multiclass"}, optional
        Checks that the metric can score it.

    Raises
    ------
    MetricError
        If no metric has this name (the nearest one is named), or it can't score the task.

    Examples
    --------
    >>> metric("rmse")([1.0, 2.0, 3.0], [1.0, 2.0, 6.0])
    1.7320508075688772
    """
    found = _METRICS.get(name)
    if found is None:
        near = difflib.get_close_matches(str(name), _METRICS, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise MetricError(f"metric must be one of {', '.join(_METRICS)}; got {name!r}{hint}")
    if task is not None and task not in found.tasks:
        able = ", ".join(m.name for m in _METRICS.values() if task in m.tasks)
        raise MetricError(f"metric {name!r} can't score a {task} task; take one of {able}")
    return found


def default_metrics(task: str) -> tuple[str, ...]:
    """Give the metrics of a task; the first one ranks."""
    if task not in _DEFAULTS:
        raise MetricError(f"task must be one of {', '.join(_DEFAULTS)}; got {task!r}")
    return _DEFAULTS[task]
