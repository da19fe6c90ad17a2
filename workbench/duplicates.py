"""Rows that repeat another row's features: found exactly, and weighed against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.disclosure import in_words, small
from workbench.table import Table

CHOICES = ("auto", "together", "ignore", "drop")
_SHUFFLES = 20
_AS_ASKED = {
    "together": "as the study asks, identical rows stay on one side of every split",
    "ignore": "as the study asks, they are split like any other rows",
    "drop": "as the study asks, only the first of each is kept",
}


@dataclass(frozen=True)
class Duplicates:
    """What was found about rows with identical features, and what is done about them.

    Attributes
    ----------
    repeated_rows : int
        Rows minus distinct rows, n - d.
    rows : int
        The rows of the table, n.
    most_by_chance : int or None
        The most repeated rows in 20 copies of the table whose columns were shuffled one by one; None where not needed.
    asked, choice : str
        What the study said, and what is done: together, ignore, drop, or none where no row repeats.
    reason : str
        Why, in a sentence that may be sent: it tells no count of rows between 1 and 9.
    """

    repeated_rows: int
    rows: int
    most_by_chance: int | None
    asked: str
    choice: str
    reason: str


def identical_rows(table: Table) -> np.ndarray:
    """Give each row the number of its distinct row of features, in order of appearance, shape (n_samples,).

    Missing equals missing, and 0.0 equals -0.0. Codes are joined column by column, so no hash can take two different
    rows for one.
    """
    code = np.zeros(table.n_rows, dtype=np.int64)
    for column in _feature_codes(table):
        code = pd.factorize(code * (column.max() + 1) + column)[0]
        if code[-1] + 1 == len(code):  # numbered in order of appearance: all rows differ already
            break
    return code


def judge_duplicates(table: Table, same: np.ndarray, asked: str, seed: int) -> Duplicates:
    """Say what is done about repeated rows, and why.

    `auto` keeps them together when n - d exceeds the most that 20 independent shuffles of the columns give and at least
    half of the rows are distinct; otherwise it ignores them.

    Parameters
    ----------
    table : Table
    same : ndarray of shape (n_samples,)
        What `identical_rows` gave.
    asked : {"auto", "together", "ignore", "drop"}
    seed : int

    Notes
    -----
    Misleads where columns depend on each other: then rows coincide more often than in shuffled columns without being
    copies.
    """
    n, distinct = len(same), int(same.max()) + 1
    repeated = n - distinct
    if not repeated:
        return Duplicates(0, n, None, asked, "none", "No row repeats the features of another row.")
    by_chance = None
    if asked != "auto":
        choice, because = asked, _AS_ASKED[asked]
    elif 2 * distinct < n:
        choice = "ignore"
        because = "fewer than half of the rows differ, so equal rows are the rule and split like any others"
    else:
        by_chance = _most_by_chance(table, seed)
        most = in_words(by_chance) if small(by_chance) else f"at most {by_chance:,}"
        shuffles = f"{_SHUFFLES} shuffles of the columns gave {most}"
        if repeated > by_chance:
            choice = "together"
            because = f"{shuffles}, so chance does not explain them: they stay on one side of every split"
        else:
            choice, because = "ignore", f"{shuffles}, so chance explains them: they are split like any other rows"
    return Duplicates(repeated, n, by_chance, asked, choice, f"{repeats_in_words(repeated, n)}; {because}.")


def repeats_in_words(repeated: int, rows: int) -> str:
    """Say how many rows repeat another one, as a report may.

    Examples
    --------
    >>> repeats_in_words(240, 1599), repeats_in_words(3, 200)
    ('240 of 1,599 rows repeat the features of another row',
     'Fewer than 10 of 200 rows repeat the features of another row')
    """
    told = in_words(repeated)
    return f"{told[0].upper()}{told[1:]} of {in_words(rows)} rows repeat the features of another row"


def _feature_codes(table: Table) -> list[np.ndarray]:
    """Give each feature as integers, 0 for missing; the one with most levels first, as it parts rows soonest."""
    codes = [table.X[name].factorize()[0].astype(np.int64) + 1 for name in table.features]
    return sorted(codes, key=lambda code: -int(code.max()))


def _most_by_chance(table: Table, seed: int) -> int:
    rng = np.random.default_rng(seed)
    columns = _feature_codes(table)
    most = 0
    for _ in range(_SHUFFLES):
        code, n_codes = columns[0], int(columns[0].max()) + 1  # shuffling all columns but one is shuffling them all
        for column in columns[1:]:
            # Only rows that still equal another one are looked at: what they get of a shuffled column is a sample.
            code = code[np.bincount(code, minlength=n_codes)[code] > 1]
            n_levels = int(column.max()) + 1
            code = code * n_levels + rng.choice(column, len(code), replace=False)
            n_codes *= n_levels
            if n_codes > 4 * len(column):  # too many to count in an array of their own
                code = pd.factorize(code)[0]
                n_codes = int(code.max(initial=-1)) + 1
        most = max(most, len(code) - len(pd.unique(code)))
    return most
