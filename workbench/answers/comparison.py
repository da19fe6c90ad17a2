"""What one model's scores say against those of another, fold by fold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer

_NUMBERS = (
    "difference",
    "lower",
    "upper",
    "minimum_detectable",
    "p_value",
    "region",
    "probability_worse",
    "probability_equivalent",
    "probability_better",
)


@dataclass(frozen=True, kw_only=True)
class Comparison(Answer):
    """The price of a model against a reference, from paired scores on the same folds.

    Attributes
    ----------
    model, reference : str
        Names of models.
    metric : str
        Name of the metric; numbers are in its unit.
    difference : float
        The mean over folds of how much worse the model scores than the reference: positive where it is worse, whether
        higher or lower scores are better.
    lower, upper : float
        The interval of the difference; NaN where a single score allows none.
    level : float
        The coverage that the interval aims at.
    n_scores : int
        Folds in which both have a score.
    minimum_detectable : float
        Half the width of the interval: a smaller difference can't be told from none by these rows.
    p_value : float
        Two-sided, of no difference.
    against : {"black box", "glass box", "dummy", ""}
        What the reference is the best of; empty where it was named.
    region : float
        The smallest difference that matters, in the metric's unit; NaN where none was given.
    probability_worse, probability_equivalent, probability_better : float
        That the model is worse by more than the region, within it, better by more than it; NaN where no region was
        given, or a single score says nothing.
    """

    kind: ClassVar[str] = "comparison"
    model: str
    reference: str
    metric: str
    difference: float
    lower: float
    upper: float
    level: float
    n_scores: int
    minimum_detectable: float
    p_value: float
    against: str = ""
    region: float = math.nan
    probability_worse: float = math.nan
    probability_equivalent: float = math.nan
    probability_better: float = math.nan

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in _NUMBERS:
            if getattr(self, name) is None:  # JSON has no NaN
                object.__setattr__(self, name, math.nan)
