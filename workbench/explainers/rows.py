"""Rows as an explainer is given them, a DataFrame or an array: some of them, and one of their columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import listed

Rows = pd.DataFrame | np.ndarray


def take(rows: Rows, which: Any) -> Any:
    """Take some rows, by positions, by truth values or by a slice."""
    return rows.iloc[which] if isinstance(rows, pd.DataFrame) else rows[which]


def column_of(rows: Rows, position: int) -> pd.Series:
    """Give a column by its position; that of an array is called x0, x1, ..."""
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[:, position]
    return pd.Series(rows[:, position], name=f"x{position}")


def check_types(X: Rows, background: Rows, place: str, *, by_text: bool = False) -> None:
    """Check that values of both can stand in one column without becoming something else, a category text, say.

    Parameters
    ----------
    X, background : DataFrame or ndarray
    place : str
        Begins the message of an error.
    by_text : bool
        Whether the model knows a level by its text, in a category or not, as the estimators of this package do.

    Raises
    ------
    ValueError
        If those of a column can't.
    """
    if not (isinstance(X, pd.DataFrame) and isinstance(background, pd.DataFrame)):
        return
    for j, name in enumerate(X.columns):
        ours, theirs = X.dtypes.iloc[j], background.dtypes.iloc[j]
        if ours == theirs:
            continue
        both = pd.concat([background.iloc[:1, j], X.iloc[:1, j]]).dtype
        levels = not by_text and any(isinstance(dtype, pd.CategoricalDtype) for dtype in (ours, theirs))
        anything = pd.api.types.is_object_dtype
        if levels or (anything(both) and not anything(ours) and not anything(theirs)):
            raise ValueError(
                f"{place}: column {str(name)!r} of the background must have a type that goes together with that of X, "
                f"{_type(ours)}; got {_type(theirs)}; give both the type that the model was fitted on"
            )


def _type(dtype: Any) -> str:
    if isinstance(dtype, pd.CategoricalDtype):
        return f"categories {listed(list(dtype.categories), most=5)}"
    return str(dtype)
