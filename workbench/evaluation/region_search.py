"""The search for regions of one or two columns where losses are high, in one half of the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from workbench.evaluation.cells import Cells

LEAST_ROWS = 30  # of a region and of its rest, in each half
_MOST_COLUMNS = 40  # whose pairs are searched
_MOST_REGIONS = 5
_PER_PAIR = 5
_MOST_CANDIDATES = 500


@dataclass(frozen=True, eq=False)
class Region:
    """A run of cells of one column or of each of two, and how it did in the half that is searched."""

    cells: tuple[Cells, ...]
    runs: tuple[tuple[int, int], ...]
    alone: float  # z squared
    worth: float  # less what the search costs

    def inside(self) -> np.ndarray:
        """Tell of each row whether it lies in the region."""
        return np.all([_within(c, run) for c, run in zip(self.cells, self.runs, strict=True)], axis=0)

    @property
    def text(self) -> str:
        """Say what its rows have in common."""
        return " and ".join(c.text(*run) for c, run in zip(self.cells, self.runs, strict=True))


def _within(cells: Cells, run: tuple[int, int]) -> np.ndarray:
    return (cells.codes >= run[0]) & (cells.codes <= run[1])


def search(
    cells: Sequence[Cells], losses: np.ndarray, weight: np.ndarray, first: np.ndarray
) -> tuple[list[Region], int, int]:
    """Give the worthiest regions, how many were compared, and of how many columns no pairs were.

    Of M regions with as many columns the worth of one is z^2 - 2 log M, z being its mean loss less that of the rest in
    standard errors: about what the best of M is worth where there is nothing to find. The worthiest is taken, then the
    worthiest without its rows, and so on, up to five.

    Parameters
    ----------
    cells : sequence of Cells
    losses, weight : ndarray of shape (n_samples,)
    first : ndarray of bool, shape (n_samples,)
        The half that is searched; of the other, rows are counted and no more.
    """
    cells = [c for c in cells if c.ranges]
    one = [_tables((c,), losses, weight, first) for c in cells]
    singles = [region for c, tables in zip(cells, one, strict=True) for region in _regions((c,), *tables)]
    best: dict[int, float] = {}
    for region in singles:
        key = id(region.cells[0])
        best[key] = max(best.get(key, -math.inf), region.alone)
    ranked = sorted(cells, key=lambda c: -best.get(id(c), -math.inf))
    kept = [c for c in cells if any(c is r for r in ranked[:_MOST_COLUMNS])]
    doubles: list[Region] = []
    n_doubles = 0
    for pair in combinations(kept, 2):
        regions = _regions(pair, *_tables(pair, losses, weight, first))
        n_doubles += len(regions)
        doubles += sorted(regions, key=lambda r: -r.alone)[:_PER_PAIR]
    candidates = [replace(r, worth=r.alone - 2 * math.log(len(singles))) for r in singles]
    candidates += [replace(r, worth=r.alone - 2 * math.log(n_doubles)) for r in doubles]
    return _apart(candidates, losses, weight, first), len(singles) + n_doubles, len(cells) - len(kept)


def _tables(cells: tuple[Cells, ...], losses: np.ndarray, weight: np.ndarray, first: np.ndarray) -> list[np.ndarray]:
    """Count rows, weight and weighted loss of the half in each cell, or where cells meet; and rows of the other."""
    shape = tuple(len(c) for c in cells)
    known = np.all([c.codes >= 0 for c in cells], axis=0)
    at = np.ravel_multi_index([np.where(known, c.codes, 0) for c in cells], shape)

    def table(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.bincount(at[rows], values[rows], minlength=int(np.prod(shape))).reshape(shape)

    half, other = known & first, known & ~first
    ones = np.ones(len(losses))
    total = np.array([first.sum(), (~first).sum(), weight[first].sum(), (weight * losses)[first].sum()])
    return [
        table(half, ones),
        table(other, ones),
        table(half, weight),
        table(half, weight * losses),
        total,
        _noise(losses, weight, first),
    ]


def _noise(losses: np.ndarray, weight: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Give the standard deviation of the losses of the half that is searched."""
    mean = np.average(losses[first], weights=weight[first])
    return np.sqrt(np.average((losses[first] - mean) ** 2, weights=weight[first]))


def _regions(
    cells: tuple[Cells, ...],
    rows: np.ndarray,
    others: np.ndarray,
    weight: np.ndarray,
    loss: np.ndarray,
    total: np.ndarray,
    noise: np.ndarray,
) -> list[Region]:
    """Give the regions of a column, or of two, that are large enough and weaker than the rest."""
    runs = [c.ranges for c in cells]
    members = [
        np.array([[i <= cell <= j for cell in range(len(c))] for i, j in r]) for c, r in zip(cells, runs, strict=True)
    ]

    def summed(table: np.ndarray) -> np.ndarray:
        inside = members[0] @ table
        return inside if len(cells) == 1 else inside @ members[1].T

    n, m, w, s = (summed(table) for table in (rows, others, weight, loss))
    enough = np.minimum(np.minimum(n, total[0] - n), np.minimum(m, total[1] - m)) >= LEAST_ROWS
    with np.errstate(divide="ignore", invalid="ignore"):
        more = s / w - (total[3] - s) / (total[2] - w)
        z = more / (noise * np.sqrt(1 / n + 1 / (total[0] - n)))
    found = np.argwhere(enough & (z > 0))
    return [Region(cells, tuple(runs[k][i] for k, i in enumerate(at)), float(z[tuple(at)] ** 2), 0.0) for at in found]


def _apart(candidates: Sequence[Region], losses: np.ndarray, weight: np.ndarray, first: np.ndarray) -> list[Region]:
    """Choose the worthiest region, then the worthiest without the rows of those before, and so on."""
    ranked = sorted((r for r in candidates if r.worth > 0), key=lambda r: -r.worth)[:_MOST_CANDIDATES]
    if not ranked:
        return []
    inside = np.column_stack([region.inside()[first] for region in ranked])
    own, w = losses[first], weight[first]
    noise = float(_noise(losses, weight, first))
    # what the search cost each region: 2 log M
    price = np.array([float(r.alone - r.worth) for r in ranked])
    left = np.ones(len(own), dtype=bool)
    chosen: list[Region] = []
    while len(chosen) < _MOST_REGIONS:
        part = inside & left[:, None]
        n, rest = part.sum(axis=0), left.sum() - part.sum(axis=0)
        enough = np.minimum(n, rest) >= LEAST_ROWS
        if not enough.any():
            break
        total, loss = w @ part, (w * own) @ part
        with np.errstate(divide="ignore", invalid="ignore"):
            more = loss / total - ((w * own)[left].sum() - loss) / (w[left].sum() - total)
            z = np.where(enough, more / (noise * np.sqrt(1 / n + 1 / rest)), 0.0)
        worth = np.maximum(z, 0.0) ** 2 - price
        best = int(np.argmax(worth))
        if worth[best] <= 0:
            break
        chosen.append(ranked[best])
        left &= ~inside[:, best]
    return chosen
