"""Made-up rows with a low, a middling and a high prediction, for reasons that may be sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers import Attribution
from workbench.answers.profiles import Profiles
from workbench.disclosure import MIN_ROWS
from workbench.explainers.response import Response

_SHARE = 0.1
_MOST_CLASSES = 6


def profiles(
    estimator: Any, X: pd.DataFrame, ask: Callable[[pd.DataFrame], Attribution], *, positive: Any = None
) -> Profiles | None:
    """Make a row of each tenth of rows with alike predictions, and explain it.

    The tenths, of 10 rows at least, are those with the lowest, the middling and the highest prediction; of more than
    two classes those in which each of the first six has its highest share. A profile holds the median of each column of
    numbers or moments and the most frequent value of other columns; a column that most rows miss is missing. A median
    that fewer than 10 rows have would be somebody's own number: the mean of the 10 middle values stands in its place.

    Parameters
    ----------
    estimator : object
    X : DataFrame
        The rows of which profiles are made.
    ask : callable
        Explains rows.
    positive : object, optional
        The class of two that is explained.

    Returns
    -------
    Profiles or None
        Without a profile that is the same as 1 to 9 rows of `X`, or with a level that 1 to 9 rows have, or a median of
        fewer than 10 known values; None where none is left, or there are fewer than 30 rows.
    """
    if len(X) < 3 * MIN_ROWS:
        return None
    response = Response.of(estimator, X, positive)
    made = [
        (name, len(group), row)
        for name, group in _groups(response)
        if (row := _typical(X, group)) is not None and not _is_of_few(X, row)
    ]
    if not made:
        return None
    rows = pd.concat([row for _, _, row in made], ignore_index=True)
    answer = ask(rows)
    return Profiles(
        groups=tuple(name for name, _, _ in made),
        group_rows=tuple(n for _, n, _ in made),
        data=answer.data,
        values=answer.values,
        baseline=answer.baseline,
        predictions=answer.predictions,
        approximation_error=answer.approximation_error,
        additive=answer.additive,
    )


def _groups(response: Response) -> Iterator[tuple[str, np.ndarray]]:
    n = len(response.values)
    size = max(MIN_ROWS, math.ceil(_SHARE * n))
    if response.values.shape[1] > 1:
        for output, values in list(zip(response.outputs, response.values.T, strict=True))[:_MOST_CLASSES]:
            yield output, np.argsort(-values, kind="stable")[:size]
        return
    order = np.argsort(response.values[:, 0], kind="stable")
    middle = (n - size) // 2
    yield "low", order[:size]
    yield "middle", order[middle : middle + size]
    yield "high", order[-size:]


def _typical(X: pd.DataFrame, group: np.ndarray) -> pd.DataFrame | None:
    """Give a row of each column's typical value; None where few rows stand for one of them."""
    row = X.take(group[:1]).reset_index(drop=True)
    for column in X.columns:
        whole = X[column]
        part = whole.take(group)
        missing = part.isna().to_numpy()
        known, places = part[~missing], group[~missing]
        if missing.sum() * 2 > len(part):
            row[column] = whole.take(group[missing][:1]).array
        elif _is_measured(whole):
            if len(known) < MIN_ROWS:
                return None
            row[column] = pd.Series([_middle(known, whole)]).astype(whole.dtype).array
        else:
            first = known.mode().iloc[0]
            if (whole == first).sum() < MIN_ROWS:
                return None
            row[column] = whole.take(places[(known == first).to_numpy()][:1]).array
    return row


def _middle(known: pd.Series, whole: pd.Series) -> Any:
    """Give the lower median, where 10 rows or more have it, else the mean of the 10 middle values."""
    ordered = known.sort_values(kind="stable")
    median = ordered.iloc[(len(ordered) - 1) // 2]
    if (whole == median).sum() >= MIN_ROWS:
        return median
    start = (len(ordered) - MIN_ROWS) // 2
    mean = ordered.iloc[start : start + MIN_ROWS].mean()
    return round(mean) if pd.api.types.is_integer_dtype(whole) else mean


def _is_measured(column: pd.Series) -> bool:
    types = pd.api.types
    is_number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    return is_number or types.is_datetime64_any_dtype(column)


def _is_of_few(X: pd.DataFrame, row: pd.DataFrame) -> bool:
    """Tell whether a profile is, by chance, what 1 to 9 rows are in all columns."""
    same = np.ones(len(X), dtype=bool)
    for column in X.columns:
        value = row[column].iloc[0]
        same &= (X[column].isna() if pd.isna(value) else X[column] == value).to_numpy(dtype=bool, na_value=False)
    return 0 < int(same.sum()) < MIN_ROWS
