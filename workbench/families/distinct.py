"""Prediction of distinct rows alone, for libraries that go through rows one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def by_distinct_rows(predict: Callable[[np.ndarray], np.ndarray], Z: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Ask for each distinct row once: rows that are equal where the model reads them get the same answer.

    Parameters
    ----------
    predict : callable
        From (m, n_inputs) to an array of m rows.
    Z : ndarray of shape (n_samples, n_inputs)
    used : ndarray of int
        The inputs that the model reads.
    """
    if not used.size:
        return np.repeat(predict(Z[:1]), len(Z), axis=0)
    _, first, inverse = np.unique(Z[:, used], axis=0, return_index=True, return_inverse=True)
    return np.asarray(predict(Z[first]))[inverse.ravel()]
