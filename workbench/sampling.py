"""Draws of rows for what does not need all of them: by a seed, each class by its share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def draw_rows(rows: np.ndarray, most: int | None, seed: Any, labels: Any = None) -> np.ndarray:
    """Draw so many rows, in their order; all of them where there are no more.

    Parameters
    ----------
    rows : ndarray of int, shape (n_rows,)
        Positions in a table.
    most : int or None
        None draws none: all rows are given.
    seed : int or sequence of int
        The same seed gives the same rows.
    labels : array-like of shape (n_rows,), optional
        Each row's class: each gets the whole number of rows next to its share, and at least one.

    Examples
    --------
    >>> draw_rows(np.arange(100), 10, 0, ["a"] * 80 + ["b"] * 20)
    array([ 5, 13, 16, 20, 36, 37, 52, 72, 82, 93])
    """
    if most is None or len(rows) <= most:
        return rows
    rng = np.random.default_rng(seed)
    if labels is None:
        return rows[np.sort(rng.choice(len(rows), most, replace=False))]
    code = pd.factorize(np.asarray(labels))[0]
    order = rng.permutation(len(rows))
    by_class = np.split(order[np.argsort(code[order], kind="stable")], np.cumsum(np.bincount(code))[:-1])
    taken = [at[:n] for at, n in zip(by_class, _shares(np.bincount(code), most), strict=True)]
    return rows[np.sort(np.concatenate(taken))]


def _shares(counts: np.ndarray, most: int) -> np.ndarray:
    """Divide a number of rows by the shares of classes; what rounding down leaves goes to the largest remainders."""
    exact = counts * (most / counts.sum())
    found = np.maximum(np.floor(exact).astype(int), 1)
    left = max(most - int(found.sum()), 0)
    found[np.argsort(np.floor(exact) - exact, kind="stable")[:left]] += 1
    return found
