"""What a model's score on its own training rows is worth on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer
from workbench.answers.part import nan_for_none


@dataclass(frozen=True, kw_only=True)
class Overfit(Answer):
    """Scores of the folds' models on the rows that they were trained on, and on the rows left out.

    Attributes
    ----------
    metric : str
    train, test : float
        Means over the folds.
    gap, lower, upper : float
        How much better the training rows score, positive where better whatever the metric's direction; with its
        interval.
    share : float
        The gap as a share of what the training rows seem to gain over the dummy; NaN without a dummy's score, or where
        they gain nothing.
    above_dummy : float
        The lower end of the interval of what the left-out rows gain over the dummy; NaN without one.
    n_scores : int
    level : float
    """

    kind: ClassVar[str] = "overfit"

    metric: str
    train: float
    test: float
    gap: float
    lower: float
    upper: float
    share: float
    above_dummy: float
    n_scores: int
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        super().__post_init__()
