"""Bins of neighbouring values that hold enough rows to speak of."""

from __future__ import annotations

import numpy as np

from workbench.disclosure import MIN_ROWS, small


def even_bins(values: np.ndarray, n_bins: int, least: int = MIN_ROWS) -> np.ndarray:
    """Number the bins of about equally many rows that values fall into, lowest first; equal values are never parted.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Without missing values.
    n_bins : int
        The most bins; fewer where rows are few or many are equal.
    least : int
        Rows that each bin has at least; all rows are one bin where there are fewer.

    Returns
    -------
    ndarray of int, shape (n_samples,)

    Examples
    --------
    >>> even_bins(np.array([3.0, 1.0, 2.0, 2.0, 9.0]), n_bins=2, least=2)
    array([1, 0, 0, 0, 1])
    """
    distinct, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    bins = max(1, min(n_bins, len(values) // least))
    until = np.cumsum(counts)
    ends: list[int] = []  # for each bin the last of its distinct values
    start = 0
    for j in range(1, bins):
        reach = max(start + least, round(len(values) * j / bins))
        i = int(np.searchsorted(until, reach - 1e-9))
        # of the two places around the wished one the nearer that leaves enough rows
        if i > 0 and until[i - 1] - start >= least and reach - until[i - 1] < until[i] - reach:
            i -= 1
        if i >= len(distinct) - 1 or len(values) - until[i] < least:
            break
        if not ends or i > ends[-1]:
            ends.append(i)
            start = int(until[i])
    return np.searchsorted(np.array(ends, dtype=int), np.arange(len(distinct)), side="left")[which]


def joined_bins(counts: np.ndarray) -> np.ndarray:
    """Number the runs of neighbouring bins that hold no count between 1 and 9.

    Parameters
    ----------
    counts : ndarray of int, shape (n_bins, n_counts)
        In how many rows of each bin something came, say, and in how many it did not.

    Returns
    -------
    ndarray of int, shape (n_bins,)
        All 0 where all bins together hold a count between 1 and 9.

    Examples
    --------
    >>> joined_bins(np.array([[0, 40], [3, 37], [12, 28], [38, 2]])).tolist()
    [0, 1, 1, 1]
    """
    runs: list[np.ndarray] = []
    number = np.empty(len(counts), dtype=int)
    pending = np.zeros_like(counts[0])
    for i, count in enumerate(counts):
        pending = pending + count
        number[i] = len(runs)
        if not _few(pending):
            runs.append(pending)
            pending = np.zeros_like(pending)
    while runs and _few(pending):  # the last bins join those before
        pending = pending + runs.pop()
        number = np.minimum(number, len(runs))
    return number


def _few(counts: np.ndarray) -> bool:
    return any(small(int(count)) for count in counts)
