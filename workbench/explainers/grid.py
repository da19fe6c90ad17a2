"""The values of a column that an effect is shown at, and how many rows lie around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import TableError, infer_kind, level_texts

MISSING = "(missing)"
FEW_VALUES = 12  # numbers with no more distinct values are shown at each of them
N_BINS = 20
MOST_LEVELS = 100  # of a category: more can neither be read nor, of all rows at each, be asked in good time


@dataclass(frozen=True, eq=False)
class Grid:
    """Values of one column, each one that a row holds, so that any model can take it as it stands.

    Privacy: no value is an extreme of fewer than `min_rows` rows, no level and no bin stands for fewer.

    - Numbers and datetimes: at most `resolution` values at evenly spaced ranks, from the `min_rows`-th lowest to the
      `min_rows`-th highest. With fewer than 2 * min_rows - 1 known values nothing is left between them: no grid.
    - Numbers with at most 12 distinct values: those that at least `min_rows` rows hold, if there are any.
    - Categories and booleans: the levels that at least `min_rows` rows hold, and "(missing)" likewise; of more than
      100 the commonest.

    Missing numbers and datetimes are not on the grid.
    """

    kind: str
    values: tuple[float | str, ...]
    positions: np.ndarray  # for each value the position of a row that holds it
    bin_edges: np.ndarray | None
    bin_counts: np.ndarray
    n_hidden: int = 0  # levels that enough rows hold, and are not shown

    def __len__(self) -> int:
        return len(self.values)

    def hidden(self, n_rows: int) -> str:
        """Say that some levels of a column of so many rows are not shown."""
        share = self.bin_counts.sum() / n_rows
        return f"of {len(self) + self.n_hidden:,} levels the {len(self)} commonest are shown: {share:.0%} of the rows"

    @classmethod
    def of(cls, column: pd.Series, *, resolution: int, min_rows: int, place: str = "grid") -> Grid:
        """Choose the grid of a column; it is empty where too few rows stand behind every value.

        Raises
        ------
        ValueError
            If a number is infinite; `place` begins the message.
        """
        kind = kind_of(column)
        if kind in ("number", "datetime"):
            return cls._of_numbers(kind, finite_floats(column, kind, place), resolution, min_rows)
        return cls._of_levels(kind, column, min_rows)

    @classmethod
    def _of_numbers(cls, kind: str, numbers: np.ndarray, resolution: int, min_rows: int) -> Grid:
        known = np.flatnonzero(~np.isnan(numbers))
        order = known[np.argsort(numbers[known], kind="stable")]
        distinct, first, counts = np.unique(numbers[order], return_index=True, return_counts=True)
        held = counts >= min_rows
        if kind == "number" and len(distinct) <= FEW_VALUES and held.any():
            return cls(kind, tuple(distinct[held].tolist()), order[first[held]], None, counts[held])
        lowest, highest = min_rows - 1, len(order) - min_rows
        if lowest > highest:
            return cls(kind, (), order[:0], None, counts[:0])
        ranks = np.linspace(lowest, highest, resolution).round().astype(int)
        values, which = np.unique(numbers[order[ranks]], return_index=True)
        edges, counts = density(numbers[known], float(values[0]), float(values[-1]), min_rows)
        return cls(kind, tuple(values.tolist()), order[ranks[which]], edges, counts)

    @classmethod
    def _of_levels(cls, kind: str, column: pd.Series, min_rows: int) -> Grid:
        codes, known = pd.factorize(np.array(level_texts(column), dtype=object))
        names = [*known, None]
        codes = np.where(codes < 0, len(known), codes)  # missing ones are a level of their own
        code, first, counts = np.unique(codes, return_index=True, return_counts=True)
        held = np.flatnonzero(counts >= min_rows)
        held = held[np.argsort(-counts[held], kind="stable")]
        rank = {}
        if kind == "ordered":
            rank = {text: r for r, text in enumerate(level_texts(pd.Series(column.cat.categories)))}
        place = {at: names[code[at]] for at in held[:MOST_LEVELS]}
        kept = sorted(place, key=lambda at: (place[at] is None, rank.get(place[at], -1), place[at] or ""))
        return cls(
            kind=kind,
            values=tuple(MISSING if place[at] is None else place[at] for at in kept),
            positions=first[kept],
            bin_edges=None,
            bin_counts=counts[kept],
            n_hidden=max(0, len(held) - MOST_LEVELS),
        )


def kind_of(column: pd.Series) -> str:
    """Say how a column is shown: as one of the kinds of a table's columns."""
    try:
        kind = infer_kind(column)
    except TableError:  # mixed or exotic values, which a model of one's own may well take: told apart as levels
        return "category"
    as_dates = pd.api.types.is_datetime64_any_dtype(column.dtype)
    return "category" if kind == "datetime" and not as_dates else kind


def as_floats(column: pd.Series, kind: str) -> np.ndarray:
    """Give numbers as float64 and datetimes as days since 1970-01-01 in UTC; NaN where missing."""
    if kind == "datetime":
        zone: Any = getattr(column.dtype, "tz", None)
        moments = column.dt.tz_convert(None) if zone is not None else column
        since: np.ndarray = (moments - pd.Timestamp(0)).to_numpy(dtype="timedelta64[ns]") / np.timedelta64(1, "D")
        return since
    return pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)


def finite_floats(column: pd.Series, kind: str, place: str) -> np.ndarray:
    """Give numbers as `as_floats` does, for methods that need to tell how far they lie apart.

    Raises
    ------
    ValueError
        If one is infinite; `place` begins the message.
    """
    numbers = as_floats(column, kind)
    if (infinite := numbers[np.isinf(numbers)]).size:
        raise ValueError(
            f"{place}: column {str(column.name)!r} must be finite; got {infinite[0]}; replace it by a number, or leave "
            "the cell empty"
        )
    return numbers


def level_codes(column: pd.Series) -> np.ndarray:
    """Give the level of each row as a number from 0, in order of appearance; missing is a level of its own."""
    return pd.factorize(np.array(level_texts(column), dtype=object), use_na_sentinel=False)[0].astype(np.int64)


def density(numbers: np.ndarray, low: float, high: float, min_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Count rows in bins between two values; those beyond count in the outer bins.

    Up to 20 bins of one width, of which neighbours are merged from left to right until each holds `min_rows` rows.

    Returns
    -------
    bin_edges : ndarray of shape (n_bins + 1,)
    bin_counts : ndarray of int, shape (n_bins,)
    """
    edges = np.unique(np.linspace(low, high, N_BINS + 1))
    if len(edges) == 1:
        return np.array([low, high]), np.array([len(numbers)])
    counts, _ = np.histogram(np.clip(numbers, low, high), bins=edges)
    kept, sums, waiting = [edges[0]], [], 0
    for edge, count in zip(edges[1:], counts, strict=True):
        waiting += int(count)
        if waiting >= min_rows:
            kept.append(edge)
            sums.append(waiting)
            waiting = 0
    if waiting:
        sums[-1] += waiting
    kept[-1] = edges[-1]
    return np.array(kept), np.array(sums)
