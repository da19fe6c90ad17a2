"""What one model's predictions score against those of another on rows that chose neither."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class HoldoutComparison(Answer):
    """The difference of two models on the holdout, with an interval over other holdouts that could have been drawn.

    The interval says nothing of other training rows: both models stay as they are.

    Attributes
    ----------
    model, reference, metric, against : str
        As in `Comparison`.
    difference : float
        How much worse the model scores than the reference; positive where it is worse.
    lower, upper : float
        NaN where no resample has a score of both.
    level : float
    model_score, reference_score : float
    n_rows : int
        Rows of the holdout that have a weight.
    n_groups : int or None
        The groups that were drawn whole; None where rows were drawn.
    n_resamples : int
        Those that have a score of both models.
    """

    kind: ClassVar[str] = "holdout_comparison"
    model: str
    reference: str
    metric: str
    against: str
    difference: float
    lower: float
    upper: float
    level: float
    model_score: float
    reference_score: float
    n_rows: int
    n_groups: int | None
    n_resamples: int

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("difference", "lower", "upper", "model_score", "reference_score"):
            if getattr(self, name) is None:  # JSON has no NaN
                object.__setattr__(self, name, math.nan)
