"""The parts that a column's values fall into, each of enough rows to speak of: intervals, levels, missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from workbench.bins import even_bins
from workbench.columns import level_texts, quoted
from workbench.disclosure import MIN_ROWS
from workbench.explainers.grid import as_floats, kind_of
from workbench.forms.cuts import shortest_between
from workbench.forms.text import cut_number

_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one column.

    Attributes
    ----------
    column : str
    codes : ndarray of int, shape (n_samples,)
        Each row's cell, from 0; -1 where its level, or missing, has too few rows to be one.
    n_ordered : int
        The first so many cells are neighbours in order.
    names : tuple of str
        What each cell is, as " > 11.4" or " is red" after the column's name.
    cuts : tuple of str
        Between the ordered cells of numbers, written in full; empty for levels.
    ends : tuple of (str, str)
        The first and last level of each ordered cell; empty for numbers.
    """

    column: str
    codes: np.ndarray
    n_ordered: int
    names: tuple[str, ...]
    cuts: tuple[str, ...] = ()
    ends: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, name: str, column: pd.Series, *, most: int, least: int) -> Cells:
        """Cut a column: numbers and moments into intervals of about equally many rows, others into levels.

        Neighbouring ordered levels are joined until they have enough rows; other levels with too few are pooled, and
        named where they are up to three of 10 rows or more. Missing is a cell of its own.

        Parameters
        ----------
        name : str
        column : Series of shape (n_samples,)
        most : int
            The most intervals; of levels the commonest so many.
        least : int
            Rows that each cell has at least.
        """
        kind = kind_of(column)
        if kind in ("number", "datetime"):
            return cls._of_numbers(name, as_floats(column, kind), kind, most, least)
        return cls._of_levels(name, column, kind == "ordered", most, least)

    @classmethod
    def of_numbers(cls, name: str, numbers: np.ndarray, *, most: int, least: int) -> Cells:
        """Cut numbers into intervals of about equally many rows."""
        return cls._of_numbers(name, np.asarray(numbers, dtype=float), "number", most, least)

    @classmethod
    def _of_numbers(cls, name: str, numbers: np.ndarray, kind: str, most: int, least: int) -> Cells:
        known = np.isfinite(numbers)
        codes = np.full(len(numbers), -1)
        if known.sum() >= least:
            codes[known] = even_bins(numbers[known], most, least)
        n = int(codes.max()) + 1
        cuts = []
        for i in range(n - 1):
            low, high = numbers[codes == i].max(), numbers[codes == i + 1].min()
            cuts.append(_cut(float(low), float(high), kind))
        return cls(name, codes, n, tuple(_between(cuts, i, i) for i in range(n)), tuple(cuts))._with_missing(
            ~known, least
        )

    @classmethod
    def _of_levels(cls, name: str, column: pd.Series, ordered: bool, most: int, least: int) -> Cells:
        texts = level_texts(column)
        known = [t for t in (level_texts(pd.Series(column.cat.categories)) if ordered else texts) if t is not None]
        order = known if ordered else sorted(set(known))
        place = {text: i for i, text in enumerate(order)}
        at = np.array([-1 if text is None else place[text] for text in texts], dtype=int)
        counts = np.bincount(at[at >= 0], minlength=len(order))
        groups = _neighbours(counts, least) if ordered else _commonest(counts, most, least)
        codes = np.full(len(texts), -1)
        for code, group in enumerate(groups):
            codes[np.isin(at, group)] = code
        ends = tuple((order[group[0]], order[group[-1]]) for group in groups)
        if ordered:
            return cls(name, codes, len(groups), tuple(_levels(*e) for e in ends), ends=ends)._with_missing(
                at < 0, least
            )
        names = tuple(f" is {_either([order[i] for i in g], counts[g])}" for g in groups)
        return cls(name, codes, 0, names)._with_missing(at < 0, least)

    def _with_missing(self, missing: np.ndarray, least: int) -> Cells:
        if missing.sum() < least:
            return self
        codes = np.where(missing, len(self.names), self.codes)
        return replace(self, codes=codes, names=(*self.names, " is missing"))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """All runs of neighbouring cells, first and last, but for the one that holds all cells."""
        n = self.n_ordered
        runs = [(i, j) for i in range(n) for j in range(i, n)]
        runs += [(i, i) for i in range(n, len(self))]
        return [run for run in runs if run != (0, len(self) - 1)]

    def text(self, first: int, last: int) -> str:
        """Say what the rows in a run of cells have in common.

        Examples
        --------
        >>> cells = Cells.of("x", pd.Series(range(40)), most=4, least=10)
        >>> cells.text(0, 1), cells.text(1, 2), cells.text(3, 3)
        ("'x' ≤ 19.5", "'x' > 9.5 and ≤ 29.5", "'x' > 29.5")
        """
        name = quoted([self.column])
        if last >= self.n_ordered or first == last:
            return name + self.names[first]
        if (first, last) == (0, self.n_ordered - 1):
            return f"{name} is present"
        return name + (
            _levels(self.ends[first][0], self.ends[last][1]) if self.ends else _between(self.cuts, first, last)
        )

    def texts(self) -> list[str]:
        """Say of each cell what its rows have in common."""
        return [self.text(i, i) for i in range(len(self))]


def _cut(low: float, high: float, kind: str) -> str:
    """Write a cut between two values that follow each other: the shortest decimal, or a day."""
    day = math.ceil(low)
    return cut_number(day if kind == "datetime" and day < high else shortest_between(low, high), kind)


def _between(cuts: Sequence[str], first: int, last: int) -> str:
    lower = f" > {cuts[first - 1]}" if first > 0 else ""
    upper = f" ≤ {cuts[last]}" if last < len(cuts) else ""
    return f"{lower} and{upper}" if lower and upper else lower or upper or " is present"


def _levels(first: str, last: str) -> str:
    """Say from which level to which an ordered column runs."""
    return f" is {quoted([first])}" if first == last else f" is {quoted([first])} to {quoted([last])}"


def _either(levels: Sequence[str], counts: np.ndarray) -> str:
    """Name up to three levels; where one has too few rows to be named, or there are more, none of them."""
    if len(levels) > _MOST_NAMED or (counts.min() < MIN_ROWS and len(levels) > 1):
        return "another level"
    return " or ".join(quoted([level]) for level in levels)


def _neighbours(counts: np.ndarray, least: int) -> list[list[int]]:
    """Join neighbouring levels until each group has enough rows; the last ones join the group before."""
    groups: list[list[int]] = [[]]
    for i in range(len(counts)):
        groups[-1].append(i)
        if counts[groups[-1]].sum() >= least:
            groups.append([])
    rest = groups.pop()
    if groups:
        groups[-1] += rest
    return groups


def _commonest(counts: np.ndarray, most: int, least: int) -> list[list[int]]:
    """Give the commonest levels a group each, in their order, and pool the others where they have enough rows."""
    commonest = sorted(np.argsort(-counts, kind="stable")[:most].tolist())
    alone = [i for i in commonest if counts[i] >= least]
    rest = [i for i in range(len(counts)) if i not in alone]
    groups = [[i] for i in alone]
    return [*groups, rest] if rest and counts[rest].sum() >= least else groups
