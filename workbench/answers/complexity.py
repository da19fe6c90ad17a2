"""How complex a model is to explain, found from its predictions alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Complexity(Answer):
    """Three measures that need no form, so that black boxes have them too.

    Attributes
    ----------
    feature_names : tuple of str
    features_used : tuple of str
        Those whose exchange changes a prediction.
    interaction_strength : float
        The share of the variance of predictions that curves of single columns leave unexplained; 0 where they explain
        all. Above 1 where they explain less than the mean does. NaN where predictions do not vary.
    main_effect_complexity : float
        The mean number of linear pieces of the curves, weighted by their variances; NaN where all curves are flat.
    pieces : ndarray of shape (n_features,)
        The fewest linear pieces that keep 95% of each curve's variance; of a column of levels one less than the groups
        of levels that do; 0 where the curve is flat, NaN where there is none.
    variances : ndarray of shape (n_features,)
        Of each column's curve over the rows, summed over outputs; NaN where there is no curve.
    scale : str
        Of the predictions.
    n_rows : int
        Rows at which all curves are known, which `interaction_strength` is about.
    """

    kind: ClassVar[str] = "complexity"
    feature_names: tuple[str, ...]
    features_used: tuple[str, ...]
    interaction_strength: float
    main_effect_complexity: float
    pieces: np.ndarray
    variances: np.ndarray
    scale: str
    n_rows: int

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("interaction_strength", "main_effect_complexity"):
            if getattr(self, name) is None:  # JSON has no NaN
                object.__setattr__(self, name, math.nan)
