"""What a careless split would have claimed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class CarelessScore(Part):
    """One model under both splits.

    Attributes
    ----------
    model : str
    guarded, careless : float
        Mean score on folds that keep groups together (or run forward in time), and on folds drawn at random.
    gap, lower, upper : float
        How much better the careless one looks, positive where better whatever the metric's direction.
    p_value : float
        Of a gap no larger than what matters, corrected for the number of models; NaN where there is no interval.
    """

    model: str
    guarded: float
    careless: float
    gap: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Leakage(Answer):
    """Scores under the folds of the study and under folds drawn at random.

    Attributes
    ----------
    by : {"group", "time"}
        What the study's folds respect.
    metric : str
    region : float
        The smallest difference that matters.
    scores : tuple of CarelessScore
    level : float
    """

    kind: ClassVar[str] = "leakage"

    by: str
    metric: str
    region: float
    scores: tuple[CarelessScore, ...]
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "scores", CarelessScore.read_all(self.scores))
        super().__post_init__()
