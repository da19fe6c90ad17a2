"""How columns of two sets would differ if whole blocks of rows were dealt to the sets at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from workbench.evaluation.alarms import share_at_least

_DRAWS = 999
_BLOCK = 4_000_000  # numbers at once: 32 MB

# of deals, shape (m, n_rows), 1 where a row is in the second set: a statistic of each
Statistic = Callable[[np.ndarray], np.ndarray]


def deals(unit: np.ndarray, later: np.ndarray, rng: np.random.Generator, n_draws: int = _DRAWS) -> Iterator[np.ndarray]:
    """Yield ways to deal blocks to two sets, as many to each as there are now: in blocks of shape (m, n_rows).

    Parameters
    ----------
    unit : ndarray of shape (n_rows,)
        The block of each row.
    later : ndarray of bool, shape (n_rows,)
        Which rows are in the second set now.
    rng : Generator
    n_draws : int
    """
    code = pd.factorize(unit)[0]
    side = np.zeros(int(code.max()) + 1)
    side[code[later]] = 1.0
    step = max(1, _BLOCK // len(code))
    for start in range(0, n_draws, step):
        m = min(step, n_draws - start)
        yield rng.permuted(np.broadcast_to(side, (m, len(side))), axis=1)[:, code]


def distances(values: np.ndarray) -> Statistic:
    """Give the largest difference of the distribution functions of known numbers: Kolmogorov and Smirnov's distance."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    ends = np.flatnonzero(np.r_[np.diff(values[order]) > 0, True]) if len(order) else order

    def statistic(later: np.ndarray) -> np.ndarray:
        if not len(order):
            return np.zeros(len(later))
        second = np.cumsum(later[:, order], axis=1)
        n = second[:, -1:]
        first = np.arange(1, len(order) + 1) - second
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.abs(second[:, ends] / n - first[:, ends] / (len(order) - n))
        return np.nan_to_num(apart).max(axis=1)

    return statistic


def counts(codes: np.ndarray) -> Statistic:
    """Give the chi-squared statistic of the counts of levels, numbered from 0; rows of -1 are left out."""
    known = codes >= 0
    inside = (codes[:, None] == np.arange(max(int(codes.max(initial=-1)) + 1, 1))).astype(float)
    total = inside.sum(axis=0)

    def statistic(later: np.ndarray) -> np.ndarray:
        second = later @ inside
        share = second.sum(axis=1, keepdims=True) / max(known.sum(), 1)
        expected = share * (1 - share) * total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.nan_to_num((second - share * total) ** 2 / expected, posinf=0.0).sum(axis=1))

    return statistic


def chances(
    statistics: Sequence[Sequence[Statistic]], unit: np.ndarray, later: np.ndarray, random_state: int
) -> np.ndarray:
    """Give a p-value for each column: the share of deals in which any column differs as much, by any of its statistics.

    Each statistic is standardized by its deals; the largest of all columns is what a column is read against, so that
    p-values are corrected for the number of columns (Westfall and Young).

    Parameters
    ----------
    statistics : sequence of sequence of callable
        Those of each column; NaN is given for a column without any.
    unit, later : ndarray of shape (n_rows,)
        As in `deals`.
    random_state : int
    """
    flat = [statistic for own in statistics for statistic in own]
    if not flat:
        return np.full(len(statistics), np.nan)
    found = np.array([statistic(later[None].astype(float))[0] for statistic in flat])
    rng = np.random.default_rng(random_state)
    drawn = np.vstack([np.column_stack([s(dealt) for s in flat]) for dealt in deals(unit, later, rng)])
    middle, spread = drawn.mean(axis=0), drawn.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)
    largest = ((drawn - middle) / spread).max(axis=1)
    standard = ((found - middle) / spread).tolist()
    ends = np.cumsum([len(own) for own in statistics]).tolist()
    parts = [standard[end - len(own) : end] for own, end in zip(statistics, ends, strict=True)]
    return np.array([share_at_least(max(part), largest) if part else np.nan for part in parts])
