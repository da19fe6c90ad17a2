"""How a model treats the groups that a sensitive column makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class GroupRate(Part):
    """One measure in every group of one sensitive column.

    Attributes
    ----------
    column : str
    measure : str
        "selection rate", "true positive rate", "false positive rate", "share wrong"; of a number "mean absolute error"
        and "mean residual".
    groups : tuple of str
        What the rows of each group have in common.
    rows : ndarray of shape (n_groups,)
        The rows that the measure is about, at least 10 each; NaN for a group with fewer, whose measure is withheld.
    values, lower, upper : ndarray of shape (n_groups,)
        With 95% intervals. In what is sent, shares from which a count below 10 follows are NaN, and gaps with them.
    gap, gap_lower, gap_upper : float
        The largest value less the smallest, with its bootstrap interval.
    p_value : float
        Of groups that differ by chance alone, corrected for all columns and measures.
    """

    column: str
    measure: str
    groups: tuple[str, ...]
    rows: np.ndarray
    values: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    gap: float
    gap_lower: float
    gap_upper: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Fairness(Answer):
    """Measures by group, for every sensitive column.

    Attributes
    ----------
    task : {"regression", "binary", "multiclass"}
    positive : str
        The class that counts as selected; "" where there are not two.
    rates : tuple of GroupRate
    spread : float
        Standard deviation of the target, what a number's gaps are read against; 1 for classes.
    n_rows : int
    level : float
    """

    kind: ClassVar[str] = "fairness"

    task: str
    positive: str
    rates: tuple[GroupRate, ...]
    spread: float
    n_rows: int
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "rates", GroupRate.read_all(self.rates))
        super().__post_init__()
