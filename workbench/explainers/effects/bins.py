"""The bins of a column, between values that rows hold, in which local effects are measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.explainers.effects.level_order import by_likeness
from workbench.explainers.effects.nearest_rows import nearest_values
from workbench.explainers.grid import MISSING, Grid, as_floats
from workbench.explainers.inputs import Inputs

LADDERS = ("number", "datetime")


@dataclass(frozen=True, eq=False)
class Bins:
    """A column cut at values that rows hold: bin b lies between the values b and b + 1.

    - Numbers and datetimes: a row is in the bin with ``lower < x <= upper``; rows beyond the outermost values are in
      the outer bins. Each bin holds `min_rows` rows or more: the values are those of `Grid`, without those that would
      leave fewer between them.
    - Levels: bin b is the step from level b to level b + 1; the rows of both levels are in it, so that a row may be in
      two. Ordered levels stand as they are ordered; others by how alike their rows are (`by_likeness`).

    Rows that miss the value, or hold a level that too few rows hold, are in no bin.

    Attributes
    ----------
    grid : Grid
        The values in their order.
    row_bin : ndarray of shape (n_rows,)
        The bin of each row, -1 where it is in none. Of levels: the row's level less one, 0 for the first level.
    level : ndarray of shape (n_rows,) or None
        Of levels: the position of each row's, -1 where it is not shown.
    share : ndarray of shape (n_rows,)
        How far between the ends of its bin the row lies, from 0 to 1.
    """

    grid: Grid
    row_bin: np.ndarray
    level: np.ndarray | None
    share: np.ndarray

    @property
    def n_bins(self) -> int:
        """Count the bins; 0 where a single value is shown."""
        return max(len(self.grid) - 1, 0)

    @classmethod
    def of(cls, inputs: Inputs, feature: int, *, resolution: int, min_rows: int) -> Bins:
        """Cut a column of X; there may be no value to show."""
        column = inputs.column(feature)
        grid = Grid.of(column, resolution=resolution, min_rows=min_rows, place="ale")
        if grid.kind in LADDERS:
            return cls._of_numbers(as_floats(column, grid.kind), grid, min_rows)
        kept = [i for i, value in enumerate(grid.values) if value != MISSING]
        if grid.kind == "category" and len(kept) > 2:
            shown = nearest_values(column, _picked(grid, kept))
            kept = [kept[i] for i in by_likeness(inputs, feature, shown, len(kept))]
        grid = _picked(grid, kept)
        level = nearest_values(column, grid)
        return cls(grid, np.where(level < 0, -1, np.maximum(level - 1, 0)), level, np.where(level == 0, 0.0, 1.0))

    @classmethod
    def _of_numbers(cls, numbers: np.ndarray, grid: Grid, min_rows: int) -> Bins:
        values = np.asarray(grid.values, dtype=float)
        known = numbers[~np.isnan(numbers)]
        up_to = np.searchsorted(np.sort(known), values, side="right")
        up_to[-1:] = known.size  # rows beyond the ends count in the outer bins
        kept, before = [0], 0
        for i in range(1, len(values)):
            if up_to[i] - before >= min_rows:
                kept.append(i)
                before = up_to[i]
        if len(kept) > 1:
            kept[-1] = len(values) - 1
        grid = _picked(grid, kept[: len(values)])
        values = np.asarray(grid.values, dtype=float)
        found = np.clip(np.searchsorted(values, numbers) - 1, 0, max(len(values) - 2, 0))
        missing = np.isnan(numbers)
        share = np.zeros(numbers.size)
        if len(values) > 1:
            low, high = values[found], values[found + 1]
            share = np.clip((np.where(missing, low, numbers) - low) / (high - low), 0.0, 1.0)
        return cls(grid, np.where(missing, -1, found), None, share)

    @property
    def steps(self) -> tuple[np.ndarray, ...]:
        """The bins that each row is in: one array (n_rows,), or two for levels; -1 where it is in none."""
        if self.level is None:
            return (self.row_bin,)
        above = np.where(self.level < len(self.grid) - 1, self.level, -1)
        return np.where(self.level > 0, self.level - 1, -1), above

    def ends(self, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the rows of X that hold the lower and the upper value of each row's bin; of bin 0 where in none."""
        inside = np.maximum(bins, 0)
        return self.grid.positions[inside], self.grid.positions[inside + 1]

    @property
    def widths(self) -> np.ndarray:
        """How wide the bins are, (n_bins,): each 1 for levels."""
        if self.level is not None:
            return np.ones(self.n_bins)
        return np.diff(np.asarray(self.grid.values, dtype=float))


def _picked(grid: Grid, kept: list[int]) -> Grid:
    own_counts = grid.bin_edges is None
    return replace(
        grid,
        values=tuple(grid.values[i] for i in kept),
        positions=grid.positions[kept],
        bin_counts=grid.bin_counts[kept] if own_counts else grid.bin_counts,
    )
