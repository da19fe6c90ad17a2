"""The second order accumulated local effect: what two columns add together beyond what each does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.explainers.effects.bins import Bins
from workbench.explainers.effects.values import row_blocks


@dataclass(frozen=True, eq=False)
class JointEffect:
    """What two columns add together.

    Attributes
    ----------
    values : ndarray of shape (n_first, n_second, n_outputs)
        At the ends of bins; NaN where all cells around have too few rows.
    sparse_share : float
        The share of cells that have too few rows.
    """

    values: np.ndarray
    sparse_share: float


def joint_effect(bins: tuple[Bins, Bins], second: np.ndarray, weight: np.ndarray, min_rows: int) -> JointEffect | None:
    r"""Accumulate second differences over the cells of two columns, and take out what each column does alone.

    With :math:`\Delta_{mn}` the weighted mean of the second differences of the rows in cell (m, n) and h their double
    sum, the effect is :math:`h - g_1 - g_2 - c`: g are the first order effects of h, its differences along one column
    averaged over the rows in each bin (at both ends of their cells), c makes the mean over all rows, at the four
    corners of their cells, 0.

    Parameters
    ----------
    bins : tuple of two Bins
    second : ndarray of shape (n_rows, n_outputs)
        The second difference of each row at the corners of its cell.
    weight : ndarray of shape (n_rows,)
    min_rows : int

    Returns
    -------
    JointEffect or None
        None where no cell has enough rows.
    """
    shape = (bins[0].n_bins, bins[1].n_bins)
    known = (bins[0].row_bin >= 0) & (bins[1].row_bin >= 0)
    cell = (bins[0].row_bin * shape[1] + bins[1].row_bin)[known]
    n_cells = shape[0] * shape[1]
    enough = np.bincount(cell, minlength=n_cells).reshape(shape) >= min_rows
    if not enough.any():
        return None
    weights = np.bincount(cell, weight[known], minlength=n_cells).reshape(shape)
    sums = [np.bincount(cell, (weight * column)[known], minlength=n_cells).reshape(shape) for column in second.T]
    area = bins[0].widths[:, None] * bins[1].widths
    steep = np.stack(sums, axis=-1)[_nearest(enough)] / (weights[_nearest(enough)] * area[_nearest(enough)])[..., None]
    h = np.zeros((shape[0] + 1, shape[1] + 1, second.shape[1]))
    h[1:, 1:] = (steep * area[..., None]).cumsum(axis=0).cumsum(axis=1)
    f = h - _own(h, weights)[:, None] - _own(h.transpose(1, 0, 2), weights.T)[None]
    corners = (f[1:, 1:] + f[1:, :-1] + f[:-1, 1:] + f[:-1, :-1]) / 4
    f -= np.average(corners.reshape(n_cells, -1), axis=0, weights=weights.ravel())
    near = np.zeros((shape[0] + 1, shape[1] + 1), dtype=np.bool_)
    for i in (0, 1):
        for j in (0, 1):
            near[i : i + shape[0], j : j + shape[1]] |= enough
    f[~near] = np.nan
    return JointEffect(f, float(1.0 - enough.mean()))


def _nearest(enough: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give for each cell the nearest one with enough rows: itself, or by the share of bins between."""
    places = np.argwhere(enough)
    every = np.indices(enough.shape).reshape(2, -1).T
    scale = np.array(enough.shape, dtype=float)
    nearest = np.empty(len(every), dtype=np.intp)
    for some in row_blocks(len(every), 32.0 * len(places)):  # the differences, their squares and sums
        nearest[some] = (((every[some, None] - places) / scale) ** 2).sum(axis=2).argmin(axis=1)
    found = places[nearest].reshape(*enough.shape, 2)
    return found[..., 0], found[..., 1]


def _own(h: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the first order effect of h along its first axis, (n_first, n_outputs)."""
    steps = np.diff(h, axis=0)
    middle = (steps[:, 1:] + steps[:, :-1]) / 2
    total = weights.sum(axis=1, keepdims=True)
    share = np.where(total > 0, weights, weights.sum(axis=0)) / np.where(total > 0, total, weights.sum())
    own = np.zeros((len(h), h.shape[2]))
    own[1:] = (share[..., None] * middle).sum(axis=1).cumsum(axis=0)
    return own
