"""Which number of a model is explained: this file alone decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.explainers.rows import take
from workbench.explainers.stacks import parts_of
from workbench.forms.frame import level_text


@dataclass(frozen=True, eq=False)
class Response:
    """What a model says of some rows: ``values`` (n_samples, n_outputs), a name per output, and the scale.

    ==============================  =======================  ==========================  ==========
    model                           values                   outputs                     scale
    ==============================  =======================  ==========================  ==========
    regressor                       ``predict``              "prediction" (one per       "response"
                                                             target, where several)
    classifier with probabilities   ``predict_proba``        the positive class,         "response"
                                                             ``classes_[1]``, of two;
                                                             every class of more
    classifier without              ``decision_function``    the same                    "margin"
    ==============================  =======================  ==========================  ==========
    """

    values: np.ndarray
    outputs: tuple[str, ...]
    scale: str

    @classmethod
    def of(cls, model: Any, X: Any, positive: Any = None) -> Response:
        """Ask a fitted model for the numbers to explain, in float64; `positive` is the class of two, if not the second.

        Raises
        ------
        ValueError
            If a classifier gives labels alone, has several targets, or doesn't give one score per class; if anything
            else finds clusters, or doesn't give numbers.
        """
        from sklearn.base import is_classifier, is_clusterer

        if is_classifier(model):
            return cls._of_classifier(model, X, positive)
        if is_clusterer(model):
            raise ValueError(
                f"{type(model).__name__} finds clusters, whose numbers are names: explain a classifier that was fitted "
                "to tell the clusters apart"
            )
        values = _asked(model.predict, X)
        several = values.shape[1] > 1
        return cls(
            values=values,
            outputs=tuple(f"prediction {k}" for k in range(values.shape[1])) if several else ("prediction",),
            scale="response",
        )

    @classmethod
    def _of_classifier(cls, model: Any, X: Any, positive: Any) -> Response:
        name = type(model).__name__
        if hasattr(model, "predict_proba"):
            method, scale = model.predict_proba, "response"
        elif hasattr(model, "decision_function"):
            method, scale = model.decision_function, "margin"
        else:
            raise ValueError(
                f"{name} gives labels alone: a classifier must have predict_proba or decision_function to be "
                "explained; wrap it in sklearn.calibration.CalibratedClassifierCV"
            )
        if isinstance(model.classes_, list):
            raise ValueError(f"{name} has several targets: explain a classifier of one target")
        values = _asked(method, X)
        classes = tuple(level_text(c) for c in model.classes_)
        if len(classes) == 2:
            if scale == "margin":  # one number, for the second class
                values = np.column_stack([-values[:, 0], values[:, 0]])
            which = 1 if positive is None else list(model.classes_).index(positive)
            return cls(values=values[:, [which]], outputs=(classes[which],), scale=scale)
        one_vs_one = scale == "margin" and getattr(_deciding(model), "decision_function_shape", "") == "ovo"
        if values.shape[1] != len(classes) or one_vs_one:
            raise ValueError(
                f"{name}.{method.__name__} must give one number per class ({len(classes)}); "
                f"got {values.shape[1]} columns{' of pairs of classes' if one_vs_one else ''}"
            )
        return cls(values=values, outputs=classes, scale=scale)


def _asked(method: Callable[[Any], Any], X: Any) -> np.ndarray:
    """Ask a model about rows, so many at a time as it may hold in what it makes of them, (n_samples, n_numbers)."""
    parts = [_numbers(method, X if len(X) == part.stop - part.start else take(X, part)) for part in parts_of(X)]
    return np.concatenate(parts)


def _numbers(method: Callable[[Any], Any], X: Any) -> np.ndarray:
    said = method(X)
    try:
        values = np.array(said, dtype=float)  # a copy: a model may give what it, or its caller, writes into later
    except (TypeError, ValueError) as error:
        owner = type(getattr(method, "__self__", method)).__name__
        first = np.asarray(said, dtype=object).ravel()[:1].tolist()
        raise ValueError(
            f"{owner}.{method.__name__} must give numbers, one row of them per row of X; got {first}; "
            "of a model of labels, sklearn.base.is_classifier must be true"
        ) from error
    return values.reshape(len(X), -1)


def _deciding(model: Any) -> Any:
    """Give the estimator that decides: the best one of a search, the last step of a pipeline."""
    while True:
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "steps"):
            model = model.steps[-1][1]
        else:
            return model
