"""What a column adds to single predictions, counted in bins of rows: a beeswarm that shows no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_BINS = 24
_FEWEST = 10  # rows a bin, and beyond each end


@dataclass(frozen=True, kw_only=True)
class Swarm:
    """For each column and output how many rows it adds how much to, and how high the column's values are there.

    All three hold a tuple a column, in it one an output.

    Attributes
    ----------
    edges : tuple
        Of the bins, from the 10th lowest to the 10th highest value; rows beyond count in the outer bins.
    rows : tuple
        Rows in each bin, at least 10.
    height : tuple
        The mean rank of the column's values among all rows, 0 to 1, in each bin; None for a column without numbers, and
        where fewer than 10 values of a bin are known.
    """

    edges: tuple[tuple[tuple[float, ...], ...], ...]
    rows: tuple[tuple[tuple[int, ...], ...], ...]
    height: tuple[tuple[tuple[float | None, ...], ...], ...]

    @classmethod
    def read(cls, data: Any) -> Swarm | None:
        """Read what a dictionary of an answer holds."""
        return cls(**{k: _tuples(v) for k, v in data.items()}) if isinstance(data, Mapping) else data

    @classmethod
    def of(cls, values: np.ndarray, data: Sequence[Sequence[float | str | None]]) -> Swarm | None:
        """Count attributions, (n_samples, n_features, n_outputs), of rows; None of fewer than 20 rows, or with gaps."""
        values = np.asarray(values, dtype=float)
        if len(values) < 2 * _FEWEST or not np.isfinite(values).all():
            return None
        ranks = [_ranks([row[j] for row in data]) for j in range(values.shape[1])]
        told = [[_bins(values[:, j, k], ranks[j]) for k in range(values.shape[2])] for j in range(values.shape[1])]
        return cls(
            edges=tuple(tuple(each[0] for each in column) for column in told),
            rows=tuple(tuple(each[1] for each in column) for column in told),
            height=tuple(tuple(each[2] for each in column) for column in told),
        )


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _ranks(cells: Sequence[float | str | None]) -> np.ndarray:
    """Give the share of known values below each, ties at their middle; NaN where a value is no number."""
    numbers = np.array([np.nan if v is None or isinstance(v, str) else float(v) for v in cells])
    known = np.sort(numbers[np.isfinite(numbers)])
    if known.size < 2 or any(isinstance(v, str) for v in cells):
        return np.full(numbers.size, np.nan)
    ranks = np.searchsorted(known, numbers, side="left") + np.searchsorted(known, numbers, side="right") - 1
    return np.where(np.isfinite(numbers), ranks / (2 * (known.size - 1)), np.nan)


def _bins(values: np.ndarray, ranks: np.ndarray) -> tuple[tuple[float, ...], tuple[int, ...], tuple[float | None, ...]]:
    """Count values in equal bins, of which neighbours are joined until each holds 10 rows."""
    ordered = np.sort(values)
    low, high = float(ordered[_FEWEST - 1]), float(ordered[-_FEWEST])
    if not low < high:
        return (low, low), (values.size,), (_mean(ranks),)
    edges = np.linspace(low, high, _BINS + 1)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
    counts = np.bincount(place, minlength=_BINS)
    starts, held = [0], 0
    for i, count in enumerate(counts):
        held += int(count)
        if held >= _FEWEST and counts[i + 1 :].sum() >= _FEWEST:
            starts.append(i + 1)
            held = 0
    part = np.searchsorted(starts, place, side="right") - 1
    rows = np.bincount(part, minlength=len(starts))
    height = tuple(_mean(ranks[part == i]) for i in range(len(starts)))
    return (*edges[starts].tolist(), high), tuple(rows.tolist()), height


def _mean(ranks: np.ndarray) -> float | None:
    known = ranks[np.isfinite(ranks)]
    return float(known.mean()) if known.size >= _FEWEST else None
