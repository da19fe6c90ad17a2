"""How many rows lie nearest to each point of a grid of two columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.disclosure import withheld
from workbench.explainers.grid import MISSING, Grid, as_floats
from workbench.explainers.inputs import Inputs


def nearest_values(column: pd.Series, grid: Grid) -> np.ndarray:
    """Give the position of the grid value nearest to each row's, (n_rows,); -1 where the row has none that is shown."""
    if grid.kind in ("number", "datetime"):
        numbers = as_floats(column, grid.kind)
        values = np.asarray(grid.values, dtype=float)
        found = np.searchsorted((values[1:] + values[:-1]) / 2, numbers)
        return np.where(np.isnan(numbers), -1, found)
    place = {value: i for i, value in enumerate(grid.values)}
    return np.array([place.get(MISSING if text is None else text, -1) for text in level_texts(column)])


def nearest_counts(inputs: Inputs, pair: tuple[int, int], grids: tuple[Grid, Grid], *, few: bool) -> np.ndarray:
    """Count the rows of X nearest to each point, (n_first, n_second).

    Unless `few` is true, counts between 1 and 9 are NaN, and such others as would give them away.
    """
    first, second = (nearest_values(inputs.column(j), grid) for j, grid in zip(pair, grids, strict=True))
    shape = (len(grids[0]), len(grids[1]))
    known = (first >= 0) & (second >= 0)
    counts = np.bincount(first[known] * shape[1] + second[known], minlength=shape[0] * shape[1])
    if few:
        return counts.reshape(shape)
    told = withheld([*counts.tolist(), int(len(first) - counts.sum())])[:-1]
    return np.array([np.nan if count is None else count for count in told]).reshape(shape)
