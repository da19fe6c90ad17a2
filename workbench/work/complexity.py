"""Measure how complex a model is to explain, whether it has a form or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.answers import Complexity, Effects
from workbench.evaluation.complexity import complexity
from workbench.explainers import explain
from workbench.magnitude import unit_of
from workbench.table import Table
from workbench.work.explain import of_drawn
from workbench.work.fitted import Fitted
from workbench.work.said import Said


class _InUnit:
    """A model of a number whose squares leave float64, asked in a unit near its size: all measures are ratios."""

    def __init__(self, model: Any, unit: float) -> None:
        self.model, self.unit = model, unit
        self.feature_names_in_ = model.feature_names_in_

    def fit(self, *_: Any) -> None:
        raise TypeError("it stands for a fitted model and is not fitted itself")

    def __sklearn_tags__(self) -> Any:
        return self.model.__sklearn_tags__()

    def predict(self, X: Any) -> np.ndarray:
        return np.asarray(self.model.predict(X), dtype=float) / self.unit


def measure_complexity(
    table: Table, fitted: Fitted, development: np.ndarray, *, seed: int, drawn: str | None = None
) -> Complexity | None:
    """Measure a model on the development rows by its predictions and their accumulated local effects.

    The curves reach to the last row, and stay here: nothing of them is told but how bent they are. None where the
    model gives no probabilities.
    """
    part = table.take(development)
    model: Any = fitted.estimator
    if table.classes and Said.of(model, part.take(np.arange(1)), ()).shares is None:
        return None
    X = part.X[list(model.feature_names_in_)]
    positive = table.classes[1] if table.task == "binary" else None
    if not table.classes and (unit := unit_of(part.y.to_numpy(dtype=float))) != 1.0:
        model = _InUnit(model, unit)
    given: dict[str, Any] = {"sample_weight": part.sample_weight, "random_state": seed, "positive": positive}
    effects = explain(model, "ale", X, min_rows=1, scale="response", **given)
    if not isinstance(effects, Effects):
        raise TypeError(f"complexity needs effects; got {type(effects).__name__}")
    found: Complexity = of_drawn(complexity(model, X, effects, **given), drawn)
    return found
