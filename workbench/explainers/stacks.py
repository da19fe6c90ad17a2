"""Copies of rows, stacked, with one column exchanged: few large calls of a model instead of many small ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench.explainers.rows import Rows, take

MAX_BYTES = 64 * 2**20  # of one stack
MAX_ROWS = 2**16  # and of what a model makes of it: a kernel, say, holds a row of numbers per row


def size_of(rows: Rows) -> int:
    """Count the bytes of rows; of text and other objects those of the references alone."""
    return int(rows.memory_usage(index=False).sum()) if isinstance(rows, pd.DataFrame) else rows.nbytes


def copies_per_stack(rows: Rows) -> int:
    """Count the copies of the rows that one stack may hold; at least 1."""
    return max(1, min(MAX_BYTES // max(size_of(rows), 1), MAX_ROWS // len(rows)))


def rows_per_call(rows: Rows) -> int:
    """Count the rows like these that a model may be asked about at once; at least 1."""
    each = max(1, -(-size_of(rows) // max(len(rows), 1)))
    return max(1, min(MAX_ROWS, MAX_BYTES // each))


def parts_of(rows: Rows) -> list[slice]:
    """Divide rows into parts that a model may be asked about at once."""
    step = rows_per_call(rows)
    return [slice(start, min(start + step, len(rows))) for start in range(0, len(rows), step)]


def copied(rows: Rows, copies: int) -> Any:
    """Stack copies of rows, copy after copy."""
    tiled = take(rows, np.tile(np.arange(len(rows)), copies))
    return tiled.reset_index(drop=True) if isinstance(rows, pd.DataFrame) else tiled


def exchanged(stacked: Any, column: int, donor: Rows, positions: np.ndarray) -> Any:
    """Let a column of stacked rows, which are written into, take the values of other rows.

    Values are moved, never converted: a category, a string, an integer or a missing value stays what it is.
    """
    if isinstance(donor, pd.DataFrame):
        stacked.isetitem(column, donor.iloc[positions, column].array)
        return stacked
    values = donor[positions, column]
    stacked = stacked.astype(np.result_type(stacked, values), copy=False)
    stacked[:, column] = values
    return stacked


def stack(rows: Rows, column: int, donor: Rows, positions: np.ndarray) -> Any:
    """Stack copies of rows in which one column takes the values of other rows, as `exchanged` does.

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
    return exchanged(copied(rows, len(positions)), column, donor, positions.ravel())
