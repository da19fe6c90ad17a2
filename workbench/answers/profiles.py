"""Reasons for predictions of rows that nobody is: made of medians and most frequent values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers.refits import floats

Cell = float | str | None


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """Made-up rows, each from a group of 10 rows or more with alike predictions, and what columns add there.

    Attributes
    ----------
    groups : tuple of str
        "low", "middle" or "high" prediction; of several classes the class whose share is highest in the group.
    group_rows : tuple of int
        Rows in each group.
    data : tuple of tuples
        For each profile the median of each column of numbers in its group, the most frequent value of others.
    values, baseline, predictions, approximation_error, additive
        As in `Attribution`, of these rows.
    """

    groups: tuple[str, ...]
    group_rows: tuple[int, ...]
    data: tuple[tuple[Cell, ...], ...]
    values: np.ndarray
    baseline: np.ndarray
    predictions: np.ndarray
    approximation_error: np.ndarray | None = None
    additive: bool = True

    def __post_init__(self) -> None:
        for name in ("groups", "group_rows", "data"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "data", tuple(map(tuple, self.data)))
        for name in ("values", "baseline", "predictions", "approximation_error"):
            if (given := getattr(self, name)) is not None:
                array = floats(given)
                array.setflags(write=False)
                object.__setattr__(self, name, array)

    @classmethod
    def read(cls, data: Any) -> Profiles | None:
        """Read what a dictionary of an answer holds."""
        return cls(**data) if isinstance(data, Mapping) else data
