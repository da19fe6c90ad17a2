"""The order of levels that have none: by how alike their rows are in the other columns."""

from __future__ import annotations

import numpy as np

from workbench.columns import level_texts
from workbench.explainers.grid import as_floats, kind_of
from workbench.explainers.inputs import Inputs

_QUANTILES = 100


def by_likeness(inputs: Inputs, feature: int, level: np.ndarray, n_levels: int) -> list[int]:
    r"""Order the levels of a column such that neighbours have rows that are alike in the other columns.

    The distance of two levels is the sum over the other columns of the largest difference between the distribution
    functions of their rows (numbers, datetimes), or half the sum of absolute differences between the shares of levels
    (others). Classical scaling to one dimension (the first eigenvector of the centred squares) gives the order, as in
    the supplement of Apley and Zhu (2020). Which end comes first says nothing: that of the level given first.

    Parameters
    ----------
    inputs : Inputs
    feature : int
        The position of the column.
    level : ndarray of int, shape (n_rows,)
        The level of each row of X; -1 where it is none of those to order.
    n_levels : int

    Returns
    -------
    list of int
    """
    distance = np.zeros((n_levels, n_levels))
    for other in range(len(inputs.feature_names)):
        if other != feature:
            distance += _distances(inputs, other, level, n_levels)
    middle = np.eye(n_levels) - 1.0 / n_levels
    scaled, vectors = np.linalg.eigh(-0.5 * middle @ distance**2 @ middle)
    if scaled[-1] <= 1e-12:
        return list(range(n_levels))
    place = vectors[:, -1]
    order = np.argsort(place, kind="stable").tolist()
    return order if order.index(0) <= order.index(n_levels - 1) else order[::-1]


def _distances(inputs: Inputs, other: int, level: np.ndarray, n_levels: int) -> np.ndarray:
    """Give the distances of levels by one other column, (n_levels, n_levels), each from 0 to 1."""
    column = inputs.column(other)
    kind = kind_of(column)
    numeric = kind in ("number", "datetime")
    if numeric:
        numbers = as_floats(column, kind)
        used = (level >= 0) & ~np.isnan(numbers)
        if not used.any():
            return np.zeros((n_levels, n_levels))
        at = np.unique(np.quantile(numbers[used], np.linspace(0, 1, _QUANTILES), method="inverted_cdf"))
        cell = np.searchsorted(at, numbers[used])
        n_cells = len(at)
    else:
        used = level >= 0
        texts = [text or "" for text in level_texts(column)]
        cell = np.unique(texts, return_inverse=True)[1][used]
        n_cells = int(cell.max(initial=0)) + 1
    counts = np.bincount(level[used] * n_cells + cell, minlength=n_levels * n_cells).reshape(n_levels, n_cells)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if numeric:
        return np.array([np.abs(np.cumsum(shares - one, axis=1)).max(axis=1) for one in shares])
    return np.array([np.abs(shares - one).sum(axis=1) / 2 for one in shares])
