"""How much models that score alike differ on single rows, and in what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.part import nan_for_none


@dataclass(frozen=True, kw_only=True)
class Multiplicity(Answer):
    """What the choice among models within the region of the best decides for single rows.

    Two predictions conflict where they are other labels, or numbers that differ by more than the tolerance.

    In what is sent, a share of fewer than 10 rows is NaN, and of all but fewer than 10 that of all but 10.

    Attributes
    ----------
    models : tuple of str
        The best first.
    ambiguity : float
        The share of rows for which at least one model conflicts with the best.
    discrepancy : float
        The share of rows on which the model that differs most from the best conflicts with it.
    disagreement : ndarray of shape (n_models, n_models)
        The share of rows on which two models conflict.
    tolerance : float or None
        In the target's unit; None for labels.
    n_rows : int
    rank_correlation : ndarray of shape (n_models, n_models) or None
        Spearman's, between the importances that two models give to the columns; NaN where a model tells no column
        from another. None where no importances were given.
    """

    kind: ClassVar[str] = "multiplicity"
    models: tuple[str, ...]
    ambiguity: float
    discrepancy: float
    disagreement: np.ndarray
    tolerance: float | None
    n_rows: int
    rank_correlation: np.ndarray | None = None

    def __post_init__(self) -> None:
        nan_for_none(self)
        super().__post_init__()
