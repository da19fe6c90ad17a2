"""The models of a study in order of their scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow:
    """One model: how well it scores, what it costs against the best black box, and how large it is.

    Attributes
    ----------
    model, family, title : str
    glassbox : bool
    score, lower, upper : float or None
        Mean over folds with its interval; None where there is none.
    price, price_lower, price_upper : float or None
        For a glass box, how much worse it scores than the leaderboard's reference, positive where worse.
    size, stored_numbers : int or None
        What a reader has to hold, and the literal count; None where the model has no form.
    holdout : float or None
        The score on the holdout.
    """

    model: str
    family: str
    title: str
    glassbox: bool
    score: float | None
    lower: float | None = None
    upper: float | None = None
    price: float | None = None
    price_lower: float | None = None
    price_upper: float | None = None
    size: int | None = None
    stored_numbers: int | None = None
    holdout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Leaderboard(Answer):
    """Models, best first, by the mean of one metric over the folds.

    Attributes
    ----------
    metric : str
        Name of the metric that ranks.
    rows : tuple of LeaderboardRow
    reference : str or None
        The best black box, which prices are counted against; None where no black box was trained.
    """

    kind: ClassVar[str] = "leaderboard"
    metric: str
    rows: tuple[LeaderboardRow, ...]
    reference: str | None

    def __post_init__(self) -> None:
        super().__post_init__()
        rows = tuple(LeaderboardRow(**row) if isinstance(row, Mapping) else row for row in self.rows)
        object.__setattr__(self, "rows", rows)
