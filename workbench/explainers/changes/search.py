"""The search for the least that has to be changed in one row: single columns first, then pairs, then more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from workbench.explainers.changes.candidates import Changes
from workbench.explainers.changes.column import differ
from workbench.explainers.changes.goal import Goal, Verdict
from workbench.explainers.rows import take
from workbench.explainers.stacks import copies_per_stack

_POINTS = 32  # of a line that is searched for its first point that does
_ROUNDS = 3
_KEPT = (96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)  # candidates of a column, where not all can be tried
_FEW = 4  # with so few columns are left out rather than candidates


@dataclass(frozen=True, eq=False)
class Found:
    """What was found for one row.

    Attributes
    ----------
    values : ndarray of shape (n_found, n_columns)
        Changed rows as `Changes` tells them, fewest changed columns first, then the cheapest.
    costs : ndarray of shape (n_found, n_columns)
    narrowed : tuple of int
        The numbers of columns for which not all combinations of candidates were tried.
    n_evaluations : int
    """

    values: np.ndarray
    costs: np.ndarray
    narrowed: tuple[int, ...]
    n_evaluations: int


class Search:
    """The search for one row: see `CounterfactualSearch`."""

    def __init__(self, changes: Changes, goal: Goal, row: int, max_evaluations: int) -> None:
        self._changes, self._goal, self._row = changes, goal, row
        self._own = changes.codes[row]
        self._left = max_evaluations
        self._asked = 0
        # beside the copies stand as many rows of codes
        self._block = max(1, copies_per_stack(take(changes.X, [row])) // 2)

    def run(self, n: int, max_changed: int) -> Found:
        """Look for up to n sets of columns; none of them contains another one."""
        grids = [c.candidates(own) for c, own in zip(self._changes.columns, self._own, strict=True)]
        found, worth = self._singles(grids)
        narrowed = []
        open_ = [j for j, grid in enumerate(grids) if len(grid) and not any(differ(self._own, v)[j] for v in found)]
        for size in range(2, min(max_changed, len(open_)) + 1):
            if len(found) >= n:
                break
            tried, all_of_them = self._affordable(grids, worth, open_, size)
            if not all_of_them:
                narrowed.append(size)
            hits = self._refined(self._best_of_sets(tried, size, found))
            found = self._least([*found, *hits])
        kept = np.array(found[:n]).reshape(len(found[:n]), len(self._own))
        return Found(kept, self._changes.costs(self._row, kept), tuple(narrowed), self._asked)

    def _judge(self, values: np.ndarray) -> Verdict:
        """Ask the model of copies of the row, in blocks."""
        parts = []
        for start in range(0, len(values), self._block):
            rows = self._changes.rows(self._row, values[start : start + self._block])
            parts.append(self._goal.judge(self._row, rows))
        self._asked += len(values)
        return Verdict(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("met", "gap", "told")))

    def _singles(self, grids: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Try every candidate of every column alone.

        Returns
        -------
        found : list of ndarray
            The cheapest change of each column that does alone.
        worth : list of ndarray
            For each column the gap that each candidate leaves.
        """
        which = np.repeat(np.arange(len(grids)), [len(grid) for grid in grids])
        if not len(which):
            return [], [np.empty(0) for _ in grids]
        to = np.concatenate(grids)
        parts = []
        for start in range(0, len(which), self._block):
            some = slice(start, start + self._block)
            parts.append(self._judge(self._with(which[some], to[some])))
        met, gap = (np.concatenate([getattr(part, name) for part in parts]) for name in ("met", "gap"))
        hits = []
        for j, column in enumerate(self._changes.columns):
            # upwards and downwards: what is nearer on the grid need not be nearer
            for side in (to > self._own[j], ~(to > self._own[j])):
                at = np.flatnonzero((which == j) & met & side)
                if len(at):
                    best = at[[column.cost(self._own[j], to[at]).argmin()]]
                    hits.append(self._with(which[best], to[best])[0])
        worth = [gap[which == j] for j in range(len(grids))]
        return self._least(self._refined(hits)), worth

    def _with(self, columns: np.ndarray, to: np.ndarray) -> np.ndarray:
        """Give copies of the row in each of which one column is changed."""
        values = np.tile(self._own, (len(columns), 1))
        values[np.arange(len(columns)), columns] = to
        return values

    def _affordable(
        self, grids: Sequence[np.ndarray], worth: Sequence[np.ndarray], open_: Sequence[int], size: int
    ) -> tuple[dict[int, np.ndarray], bool]:
        """Choose candidates whose combinations can all be tried; tell whether these are all there are.

        Where they are too many, fewer of each column are kept: first those that no cheaper one beats by itself, and
        always the one that comes closest; where four of each are too many, the columns that come closest by themselves.
        """
        full = {j: grids[j] for j in open_}
        if _n_combinations(full, size) <= self._left:
            return full, True
        fronts = {j: self._front(j, grids[j], worth[j]) for j in open_}
        order = sorted(open_, key=lambda j: (worth[j].min(), j))
        for most in _KEPT:
            some = {j: _thinned(fronts[j], grids[j], most) for j in order}
            while most <= _FEW and len(some) > size and _n_combinations(some, size) > self._left:
                some.popitem()
            if _n_combinations(some, size) <= self._left:
                break
        return some, False

    def _front(self, column: int, grid: np.ndarray, worth: np.ndarray) -> np.ndarray:
        """Give the candidates of a column that leave a smaller gap than all cheaper ones, cheapest first."""
        cost = self._changes.columns[column].cost(self._own[column], grid)
        order = np.lexsort((worth, cost))
        best_before = np.minimum.accumulate(np.concatenate([[np.inf], worth[order][:-1]]))
        return grid[order[worth[order] < best_before]]

    def _best_of_sets(self, grids: dict[int, np.ndarray], size: int, found: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Try all combinations of candidates over all sets of columns; give the cheapest that does of each set."""
        taken = [frozenset(np.flatnonzero(differ(self._own, v))) for v in found]
        best: dict[int, tuple[float, np.ndarray]] = {}
        sets = [s for s in combinations(sorted(grids), size) if not any(t <= frozenset(s) for t in taken)]
        for which, values in self._blocks(grids, sets):
            met = np.flatnonzero(self._judge(values).met)
            self._left -= len(values)
            costs = self._changes.costs(self._row, values[met]).sum(axis=1)
            for at in np.argsort(costs, kind="stable"):
                known = best.get(int(which[met[at]]))
                if known is None or costs[at] < known[0]:
                    best[int(which[met[at]])] = (float(costs[at]), values[met[at]])
        return [values for _, values in best.values()]

    def _blocks(
        self, grids: dict[int, np.ndarray], sets: Sequence[tuple[int, ...]]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield combinations of candidates, block by block, with the position of their set."""
        waiting: list[tuple[np.ndarray, np.ndarray]] = []
        n_waiting = 0
        for position, columns in enumerate(sets):
            combined = np.array(np.meshgrid(*(grids[j] for j in columns), indexing="ij")).reshape(len(columns), -1).T
            for start in range(0, len(combined), self._block):
                part = combined[start : start + self._block]
                values = np.tile(self._own, (len(part), 1))
                values[:, columns] = part
                waiting.append((np.full(len(part), position), values))
                n_waiting += len(part)
                if n_waiting >= self._block:
                    yield _joined(waiting)
                    waiting, n_waiting = [], 0
        if waiting:
            yield _joined(waiting)

    def _refined(self, hits: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Take changes of numbers back as far as still does, one column after the other, the dearest first."""
        if not len(hits):
            return []
        values = np.array(hits)
        costs = self._changes.costs(self._row, values)
        for j, column in enumerate(self._changes.columns):
            if column.is_complete or np.isnan(self._own[j]):
                costs[:, j] = 0.0  # its candidates are as near as they can be
        order = np.argsort(-costs, axis=1, kind="stable")
        for turn in range(int((costs > 0).sum(axis=1).max())):
            at = np.flatnonzero(costs[np.arange(len(values)), order[:, turn]] > 0)
            self._taken_back(values, at, order[at, turn])
        return list(values)

    def _taken_back(self, values: np.ndarray, at: np.ndarray, columns: np.ndarray) -> None:
        """Move one number of each of some changed rows towards its own, to the first point from there that does."""
        far = values[at, columns].copy()
        near = np.array([np.clip(self._own[j], *self._changes.columns[j].range) for j in columns])
        start = near.copy()
        for _ in range(_ROUNDS):
            share = np.linspace(0, 1, _POINTS + 1)[:-1]
            points = near[:, None] + (far - near)[:, None] * share
            points = np.array([self._held(j, line) for j, line in zip(columns, points, strict=True)])
            met = self._met(values, at, columns, points)
            first = np.where(met.any(axis=1), met.argmax(axis=1), _POINTS)
            ends = np.column_stack([points, far])
            far = ends[np.arange(len(at)), first]
            near = ends[np.arange(len(at)), np.maximum(first - 1, 0)]
        short = np.array([self._rounded(*line) for line in zip(columns, far, start, values[at, columns], strict=True)])
        met = self._met(values, at, columns, short[:, None])[:, 0]
        values[at, columns] = np.where(met, short, far)

    def _held(self, column: int, numbers: np.ndarray) -> np.ndarray:
        return self._changes.columns[column].representable(numbers)

    def _rounded(self, column: int, value: float, start: float, end: float) -> float:
        """Give a number of few digits just beyond a value, not beyond `end`."""
        found = self._changes.columns[column].rounded(value, start, min(value, end), max(value, end))
        return float(self._held(column, np.array([found]))[0])

    def _met(self, values: np.ndarray, at: np.ndarray, columns: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Tell for each of some changed rows at which of these points of one of its columns it does."""
        tried = np.repeat(values[at], points.shape[1], axis=0)
        tried[np.arange(len(tried)), np.repeat(columns, points.shape[1])] = points.ravel()
        return self._judge(tried).met.reshape(points.shape)

    def _least(self, hits: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Keep the cheapest of each set of columns, and no set that contains another; fewest columns first."""
        if not len(hits):
            return []
        values = np.array(hits)
        costs = self._changes.costs(self._row, values).sum(axis=1)
        changed = differ(self._own, values)
        kept: dict[frozenset[int], np.ndarray] = {}
        for i in np.lexsort((costs, changed.sum(axis=1))):
            columns = frozenset(np.flatnonzero(changed[i]).tolist())
            if not any(known <= columns for known in kept):
                kept[columns] = values[i]
        return list(kept.values())


def _thinned(front: np.ndarray, grid: np.ndarray, most: int) -> np.ndarray:
    """Keep so many candidates of a column: of its front evenly from the last, the closest, then of the rest."""
    if len(front) >= most:
        return front[np.unique(np.linspace(len(front) - 1, 0, most).round().astype(int))]
    rest = np.setdiff1d(grid, front)
    some = np.unique(np.linspace(0, len(rest) - 1, min(most - len(front), len(rest))).round().astype(int))
    return np.concatenate([front, rest[some]])


def _n_combinations(grids: dict[int, np.ndarray], size: int) -> int:
    """Count the combinations of one candidate each of so many columns."""
    lengths = [len(grid) for grid in grids.values()]
    if comb(len(lengths), size) > 10**7:
        return comb(len(lengths), size)
    # elementary symmetric polynomial of the lengths
    sums = [1] + [0] * size
    for length in lengths:
        for k in range(size, 0, -1):
            sums[k] += sums[k - 1] * length
    return sums[size]


def _joined(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
