"""How likely residuals are that differ between parts of a column as much, by chance: the tests of `residuals`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.evaluation.alarms import share_at_least
from workbench.evaluation.cells import Cells
from workbench.evaluation.draws import null_ratios, null_sums, ratios_of, shuffles, signs

_MOST_ROWS, _FEWEST_ROWS, _MOST_NUMBERS = 10_000, 1_000, 5_000_000


def most_tested(cells: Sequence[Cells]) -> int:
    """Give the rows that the tests may take, so that a number for each row and part stays within 40 MB."""
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // max(1, sum(map(len, cells)))))


def chances(
    cells: Sequence[Cells], r: np.ndarray, weight: np.ndarray, random_state: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give p-values of means and of sizes for each column: see `residuals`.

    Parameters
    ----------
    cells : sequence of Cells
        The parts of each column.
    r, weight : ndarray of shape (n_samples,)
        Residuals less their mean, and weights.
    random_state : int
    """
    from scipy.stats import rankdata

    rows = np.arange(len(r))
    most = most_tested(cells)
    if len(r) > most:
        rows = np.sort(np.random.default_rng(random_state).choice(len(r), most, replace=False))
    owner = np.repeat(np.arange(len(cells)), [len(c) for c in cells])
    if not owner.size or not r[rows].any():
        return np.ones(len(cells)), np.ones(len(cells))
    inside = np.column_stack([c.codes[rows] == i for c in cells for i in range(len(c))]).astype(float)
    own, w = r[rows], weight[rows][:, None]
    ranks = rankdata(np.abs(own))
    ranks -= ranks.mean()
    counts = np.maximum(inside.sum(axis=0), 1)
    bias = [
        _adjusted(ratios_of(own[None], w * inside), null_ratios(draw(own), w * inside, random_state + 1 + i), owner)
        for i, draw in enumerate((shuffles, signs))
    ]
    by_order = null_sums(shuffles(ranks), inside, random_state + 3)
    spread = _adjusted((ranks @ inside)[None] ** 2 / counts, by_order**2 / counts, owner)
    p_values = np.ones((2, len(cells)))
    several = np.bincount(owner, minlength=len(cells)) > 1
    p_values[:, several] = np.minimum(1, 2 * np.array([np.maximum(*bias), spread]))
    return p_values[0], p_values[1]


def _adjusted(found: np.ndarray, drawn: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Give the p-value of each column of several parts by the largest standardized statistic of a draw.

    Parameters
    ----------
    found : ndarray of shape (1, n_parts)
    drawn : ndarray of shape (n_draws, n_parts)
    owner : ndarray of int, shape (n_parts,)
        The column of each part.
    """
    columns = np.flatnonzero(np.bincount(owner) > 1)
    if not columns.size:
        return np.ones(0)
    both = [np.column_stack([each[:, owner == j].sum(axis=1) for j in columns]) for each in (found, drawn)]
    middle, spread = both[1].mean(axis=0), both[1].std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)
    largest = ((both[1] - middle) / spread).max(axis=1)
    return np.array([share_at_least(float(t), largest) for t in (both[0][0] - middle) / spread])
