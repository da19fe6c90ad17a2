"""Whether two sets of rows are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class ColumnDrift(Part):
    """How one column differs between two sets of rows.

    Attributes
    ----------
    column, kind : str
    distance : float
        The largest difference of the distribution functions (numbers, moments), or half the sum of the absolute
        differences of the levels' shares: 0 where alike, 1 where nothing is shared.
    missing_before, missing_after : float
        Shares of missing values; NaN where they would tell of fewer than 10 rows.
    p_value : float
        Of two draws of the same distribution, corrected for the number of columns.
    """

    column: str
    kind: str
    distance: float
    missing_before: float
    missing_after: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Drift(Answer):
    """Two sets of rows compared column by column, and all columns together by a classifier.

    Attributes
    ----------
    columns : tuple of ColumnDrift
        In the order of the table.
    auc, auc_lower, auc_upper : float
        How well a classifier tells rows of one set from rows of the other that it has not seen: 0.5 where it can't.
    auc_p_value : float
        Of an AUC that is no better than chance.
    telling : tuple of str
        The columns whose p-values are below 0.01, smallest first.
    n_before, n_after : int
    """

    kind: ClassVar[str] = "drift"

    columns: tuple[ColumnDrift, ...]
    auc: float
    auc_lower: float
    auc_upper: float
    auc_p_value: float
    telling: tuple[str, ...]
    n_before: int
    n_after: int

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "columns", ColumnDrift.read_all(self.columns))
        super().__post_init__()
