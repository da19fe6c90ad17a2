"""What is left when a prediction is taken from what came, and whether it still follows something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class ResidualsBy(Part):
    """Residuals in the parts of one column, or of the prediction.

    Attributes
    ----------
    column : str
        "" for the prediction itself.
    cells : tuple of str
        What the rows of each part have in common.
    rows : ndarray of shape (n_cells,)
        At least 20 each.
    mean, lower, upper : ndarray of shape (n_cells,)
        The mean residual with its interval: above 0 where predictions are too low.
    size : ndarray of shape (n_cells,)
        The mean absolute residual.
    bias_share : float
        The share of the residuals' variance that the parts' means explain, less what chance explains.
    bias_p, spread_p : float
        Of means, and of sizes, that differ by chance alone, corrected for the number of columns and for asking both.
    """

    column: str
    cells: tuple[str, ...]
    rows: np.ndarray
    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    size: np.ndarray
    bias_share: float
    bias_p: float
    spread_p: float

    @property
    def spread_ratio(self) -> float:
        """The largest mean absolute residual of a part against the smallest."""
        return float(self.size.max() / self.size.min()) if self.size.min() > 0 else float("inf")


@dataclass(frozen=True, kw_only=True)
class Residuals(Answer):
    """Residuals of a predicted number, against the prediction and against every column.

    Attributes
    ----------
    by : tuple of ResidualsBy
        The prediction first, then the columns.
    bias : float
        The mean residual.
    spread : float
        The standard deviation of the residuals.
    tail_weight : float
        (97.5% quantile - 2.5% quantile) / (75% quantile - 25% quantile), against 2.906 of the normal distribution:
        above 1 where large errors are more common than a normal distribution has them. NaN below 400 rows, where fewer
        than 10 lie beyond the outer quantiles.
    skewness : float
        (95% quantile + 5% quantile - 2 median) / (95% quantile - 5% quantile): above 0 where the large errors are
        those of predictions that are too low. NaN below 200 rows.
    n_rows : int
    level : float
    """

    kind: ClassVar[str] = "residuals"

    by: tuple[ResidualsBy, ...]
    bias: float
    spread: float
    tail_weight: float
    skewness: float
    n_rows: int
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "by", ResidualsBy.read_all(self.by))
        super().__post_init__()

    def __getitem__(self, column: str) -> ResidualsBy:
        """Give the residuals by one column; "" for the prediction."""
        for part in self.by:
            if part.column == column:
                return part
        raise KeyError(column)
