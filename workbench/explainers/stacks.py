"""Copies of rows, stacked, with one column exchanged: few large calls of a model instead of many small ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

MAX_BYTES = 64 * 2**20  # of one stack
MAX_ROWS = 2**16  # and of what a model makes of it: a kernel, say, holds a row of numbers per row


def copies_per_stack(rows: pd.DataFrame | np.ndarray) -> int:
    """Count the copies of the rows that one stack may hold; at least 1."""
    size = int(rows.memory_usage(index=False).sum()) if isinstance(rows, pd.DataFrame) else rows.nbytes
    return max(1, min(MAX_BYTES // max(size, 1), MAX_ROWS // len(rows)))


def stack(
    rows: pd.DataFrame | np.ndarray,
    column: int,
    donor: pd.DataFrame | np.ndarray,
    positions: np.ndarray,
) -> pd.DataFrame | np.ndarray:
    """Stack copies of rows in which one column takes the values of other rows.

    Values are moved, never converted: a category, a string, an integer or a missing value stays what it is.

    Parameters
    ----------
    rows : DataFrame or ndarray of shape (n_rows, n_features)
        The rows to copy; they are not changed.
    column : int
        The position of the column to exchange.
    donor : DataFrame or ndarray of shape (n_donors, n_features)
        The rows that its values come from.
    positions : ndarray of int, shape (n_copies, n_rows)
        The donor's row for every row of every copy.

    Returns
    -------
    DataFrame or ndarray of shape (n_copies * n_rows, n_features)
        Copy after copy.
    """
    tiled = np.tile(np.arange(len(rows)), len(positions))
    if isinstance(rows, pd.DataFrame):
        stacked = rows.iloc[tiled].reset_index(drop=True)
        stacked.isetitem(column, donor.iloc[positions.ravel(), column].array)  # type: ignore[union-attr]
        return stacked
    values = np.asarray(donor)[positions.ravel(), column]
    stacked_array = rows.astype(np.result_type(rows, values), copy=False)[tiled]
    stacked_array[:, column] = values
    return stacked_array
