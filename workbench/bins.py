"""Bins of neighbouring values that hold enough rows to speak of."""

from __future__ import annotations

import numpy as np

from workbench.disclosure import MIN_ROWS


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
