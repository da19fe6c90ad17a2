"""What would have had to be different for another prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.attribution import Cell


@dataclass(frozen=True, kw_only=True)
class Counterfactuals(Answer):
    """Rows that the model decides as asked, as close to the explained ones as could be found.

    Attributes
    ----------
    feature_names : tuple of str
    data : tuple of tuples
        The explained rows.
    wanted : str
        What the prediction was to become, in words.
    row : ndarray of int, shape (n_found,)
        Which explained row each one belongs to, best first for each; a row without one is not among them.
    found : tuple of tuples
        The changed rows.
    changed : ndarray of int, shape (n_found,)
        How many columns differ.
    distance : ndarray of shape (n_found,)
        The sum of changes, each in units of its column: see the method.
    before : ndarray of shape (n_samples,)
    after : ndarray of shape (n_found,)
        What the model itself says of the rows as they are, and changed.
    outputs : tuple of str
        The output that `before` and `after` speak of: one for all rows, or one for each explained row.
    """

    kind: ClassVar[str] = "counterfactuals"

    feature_names: tuple[str, ...]
    data: tuple[tuple[Cell, ...], ...]
    wanted: str
    row: np.ndarray
    found: tuple[tuple[Cell, ...], ...]
    changed: np.ndarray
    distance: np.ndarray
    before: np.ndarray
    after: np.ndarray
    outputs: tuple[str, ...]
    scale: str

    def __post_init__(self) -> None:
        for name in ("row", "changed"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.int64))
        super().__post_init__()

    def public(self) -> None:
        """Give nothing: it is all about single rows."""
        return
