"""Which number of a model is explained: this file alone decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

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
            If a classifier gives labels alone, has several targets, or doesn't give one score per class.
        """
        from sklearn.base import is_classifier

        if is_classifier(model):
            return cls._of_classifier(model, X, positive)
        values = np.asarray(model.predict(X), dtype=float)
        values = values.reshape(len(values), -1)
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
        values = method(X)
        if isinstance(values, list) or isinstance(model.classes_, list):
            raise ValueError(f"{name} has several targets: explain a classifier of one target")
        values = np.asarray(values, dtype=float)
        values = values.reshape(len(values), -1)
        classes = tuple(level_text(c) for c in model.classes_)
        if len(classes) == 2:
            if scale == "margin":  # one number, for the second class
                values = np.column_stack([-values[:, 0], values[:, 0]])
            which = 1 if positive is None else list(model.classes_).index(positive)
            return cls(values=values[:, [which]], outputs=(classes[which],), scale=scale)
        one_vs_one = scale == "margin" and getattr(model, "decision_function_shape", "ovr") == "ovo"
        if values.shape[1] != len(classes) or one_vs_one:
            raise ValueError(
                f"{name}.{method.__name__} must give one number per class ({len(classes)}); "
                f"got {values.shape[1]} columns{' of pairs of classes' if one_vs_one else ''}"
            )
        return cls(values=values, outputs=classes, scale=scale)
