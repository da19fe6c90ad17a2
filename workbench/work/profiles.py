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
    two classes those in which each of the first six has its highest share. A profile holds the (lower) median of each
    column of numbers or moments and the most frequent value of other columns; a column that most rows miss is missing.

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
        Without a profile that is the same as 1 to 9 rows of `X`, or with a level that 1 to 9 rows have; None where none
        is left, or there are fewer than 30 rows.
    """
    if len(X) < 3 * MIN_ROWS:
        return None
    response = Response.of(estimator, X, positive)
    made = [
        (name, len(group), positions)
        for name, group in _groups(response)
        if (positions := _typical(X, group)) is not None and not _is_of_few(X, positions)
    ]
    if not made:
        return None
    rows = pd.DataFrame(
        {
            column: X[column].take([positions[j] for _, _, positions in made]).array
            for j, column in enumerate(X.columns)
        },
    )
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


def _typical(X: pd.DataFrame, group: np.ndarray) -> list[int] | None:
    """Give for each column the position of a row that has its typical value; None where a level is one of few rows."""
    found = []
    for column in X.columns:
        whole = X[column]
        part = whole.take(group)
        missing = part.isna().to_numpy()
        if missing.sum() * 2 > len(part):
            found.append(int(group[missing.argmax()]))
            continue
        known, places = part[~missing], group[~missing]
        if _is_measured(whole):
            found.append(int(places[np.argsort(known.to_numpy(), kind="stable")[(len(known) - 1) // 2]]))
            continue
        first = known.mode().iloc[0]
        if (whole == first).sum() < MIN_ROWS:
            return None
        found.append(int(places[(known == first).to_numpy().argmax()]))
    return found


def _is_measured(column: pd.Series) -> bool:
    types = pd.api.types
    is_number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    return is_number or types.is_datetime64_any_dtype(column)


def _is_of_few(X: pd.DataFrame, positions: list[int]) -> bool:
    """Tell whether a profile is, by chance, what 1 to 9 rows are in all columns."""
    same = np.ones(len(X), dtype=bool)
    for column, at in zip(X.columns, positions, strict=True):
        value = X[column].iloc[at]
        same &= (X[column].isna() if pd.isna(value) else X[column] == value).to_numpy(dtype=bool, na_value=False)
    return 0 < int(same.sum()) < MIN_ROWS
