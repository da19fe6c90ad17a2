"""Rows as an explainer is given them, a DataFrame or an array: some of them, and one of their columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Rows = pd.DataFrame | np.ndarray


def take(rows: Rows, which: Any) -> Any:
    """Take some rows, by positions, by truth values or by a slice."""
    return rows.iloc[which] if isinstance(rows, pd.DataFrame) else rows[which]


def column_of(rows: Rows, position: int) -> pd.Series:
    """Give a column by its position; that of an array is called x0, x1, ..."""
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[:, position]
    return pd.Series(rows[:, position], name=f"x{position}")
