"""How rows' own curves differ from their average, told as quantiles: no row's curve is among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers.refits import floats


@dataclass(frozen=True, kw_only=True)
class RowQuantiles:
    """Quantiles over rows of their own curves, each moved so that its mean over the grid is that of the average.

    Where all rows' curves run in parallel, as those of a model that adds up, the quantiles are the average itself.

    Attributes
    ----------
    levels : tuple of float
        At least 10 rows lie beyond each.
    curves : ndarray of shape (n_levels, n_outputs, n_grid)
        Value by value: no row need follow such a curve.
    """

    levels: tuple[float, ...]
    curves: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", tuple(self.levels))
        array = floats(self.curves)
        array.setflags(write=False)
        object.__setattr__(self, "curves", array)

    @classmethod
    def read(cls, data: Any) -> RowQuantiles | None:
        """Read what a dictionary of an answer holds."""
        return cls(**data) if isinstance(data, Mapping) else data
