"""How much of what an effect averages over lies where there are no data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workbench.explainers.correlation import rank_correlation
from workbench.explainers.grid import Grid, as_floats, kind_of
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import Rows, column_of

SPARSE_LIMIT = 0.25
_MOST_ROWS = 1_000
_NEIGHBOURS = 30  # at least; 0.05 of more than 600 rows
_SHARE = 0.05


def sparse_shares(inputs: Inputs, grids: Mapping[int, Grid]) -> dict[int, float]:
    r"""Give for columns of numbers or datetimes the share of points (grid value, background row) without data near.

    A point is the background row with the column set to the grid value. Its neighbours are the rows of X that are like
    the background row in the other columns of numbers: with :math:`r` the ranks of columns as shares, and
    :math:`\rho` the rank correlation of a column with the one that is set, those of the smallest
    :math:`\sum_k |\rho_{jk}| (r_{ik} - r_{mk})^2`; 0.05 of the rows, but 30 at least. There are no data where the grid
    value lies outside the range of the column among the neighbours.

    Where columns are independent about 2 / 31 to 2 / 51 of all points come out so by chance. Of more than 1,000 rows
    1,000 are drawn by the seed of the inputs. Columns that move together without correlation of ranks (as on a
    circle), and categories, are not seen. A missing value counts as a middle one.

    Returns
    -------
    dict of int to float
        By position of the column; none where no other column of numbers has a rank.
    """
    numbers = [j for j in range(len(inputs.feature_names)) if kind_of(inputs.column(j)) in ("number", "datetime")]
    asked = [j for j in numbers if j in grids]
    if len(numbers) < 2 or not asked or len(inputs.X) < _NEIGHBOURS:
        return {}
    generator = np.random.default_rng(inputs.random_state)
    data = _numbers(inputs.X, numbers, generator)
    points = data if inputs.background is inputs.X else _numbers(inputs.background, numbers, generator)
    correlation = np.abs(rank_correlation(data, [numbers.index(j) for j in asked]))
    ranks, own = _ranks(data, data), _ranks(data, points)
    shares = {}
    for row, j in enumerate(asked):
        weights = correlation[row].copy()
        weights[numbers.index(j)] = 0.0
        if not weights.any():
            continue
        near = _neighbours(ranks * np.sqrt(weights), own * np.sqrt(weights))
        column = data[:, numbers.index(j)][near]
        low = np.where(np.isnan(column), np.inf, column).min(axis=1)
        high = np.where(np.isnan(column), -np.inf, column).max(axis=1)
        values = np.asarray(grids[j].values, dtype=float)
        outside = (values < low[:, None]) | (values > high[:, None])
        shares[j] = float(outside.mean())
    return shares


def _numbers(rows: Rows, columns: list[int], generator: np.random.Generator) -> np.ndarray:
    chosen = np.arange(len(rows))
    if len(rows) > _MOST_ROWS:
        chosen = np.sort(generator.choice(len(rows), _MOST_ROWS, replace=False))
    some = [column_of(rows, j).iloc[chosen] for j in columns]
    return np.column_stack([as_floats(column, kind_of(column)) for column in some])


def _ranks(data: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Give the share of known values of a column below each of some values, and half of those that equal it."""
    found = np.full(rows.shape, 0.5)
    for k in range(rows.shape[1]):
        ordered = np.sort(data[~np.isnan(data[:, k]), k])
        known = ~np.isnan(rows[:, k])
        if ordered.size:
            both = [np.searchsorted(ordered, rows[known, k], side=side) for side in ("left", "right")]
            found[known, k] = (both[0] + both[1]) / (2 * ordered.size)
    return found


def _neighbours(data: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Give the positions of the nearest rows of each point, (n_points, n_neighbours)."""
    n = min(len(data), max(_NEIGHBOURS, round(_SHARE * len(data))))
    distance = (data**2).sum(axis=1) - 2.0 * points @ data.T  # but for what is the same for all rows
    return np.argpartition(distance, n - 1, axis=1)[:, :n]
