"""Targets so large or small that their squares leave float64: computed in a unit near their size, told in their own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from workbench.answers import Calibration, Fairness, Residuals
from workbench.evaluation.predictions import Predictions
from workbench.magnitude import unit_of

A = TypeVar("A", Calibration, Fairness, Residuals)
_CURVE = ("predicted", "observed", "lower", "upper", "intercept", "intercept_lower", "intercept_upper")
_PARTS: dict[type, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    Calibration: ("curves", (*_CURVE, "error", "expected_error"), ("spread",)),
    Residuals: ("by", ("mean", "lower", "upper", "size"), ("bias", "spread")),
    Fairness: ("rates", ("values", "lower", "upper", "gap", "gap_lower", "gap_upper"), ("spread",)),
}


def in_its_unit(question: Callable[..., A]) -> Callable[..., A]:
    """Ask a question about a number in a unit near its size, and give the answer in the number's own."""

    @functools.wraps(question)
    def ask(predictions: Predictions, *args: Any, **options: Any) -> A:
        unit = 1.0 if predictions.classes else unit_of(predictions.y, predictions.predicted)
        if unit == 1.0:
            return question(predictions, *args, **options)
        return times(question(predictions.by(unit), *args, **options), unit)

    return ask


def times(answer: A, unit: float) -> A:
    """Give an answer whose numbers in the target's unit are so many times as large."""
    name, inner, outer = _PARTS[type(answer)]
    parts = [replace(part, **{key: getattr(part, key) * unit for key in inner}) for part in getattr(answer, name)]
    return answer.but(**{name: tuple(parts)}, **{key: getattr(answer, key) * unit for key in outer})
