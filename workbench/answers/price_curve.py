"""The best score that models of an allowed size reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class PriceCurve(Answer):
    """Steps of the best score so far, from the smallest size up; and all models that the steps are the best of.

    Between two steps the curve is level: allowed a size, the best score is that of the last step at or below it.

    Attributes
    ----------
    metric : str
    greater_is_better : bool
    models : tuple of str
        The model of each step: no other is both no larger and no worse.
    sizes, scores, lower, upper : ndarray of shape (n_steps,)
        Ascending sizes, and better and better scores with their corrected intervals.
    level : float
    all_models : tuple of str
    all_sizes, all_scores : ndarray of shape (n_models,)
        In the order of their sizes.
    """

    kind: ClassVar[str] = "price_curve"
    metric: str
    greater_is_better: bool
    models: tuple[str, ...]
    sizes: np.ndarray
    scores: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    level: float
    all_models: tuple[str, ...]
    all_sizes: np.ndarray
    all_scores: np.ndarray

    def best(self, size: float) -> float:
        """Give the best score that models of at most this size reach; NaN where none is so small."""
        reached = int(np.searchsorted(self.sizes, size, side="right"))
        return float(self.scores[reached - 1]) if reached else math.nan
