"""The boxes of trees and rules: every leaf is a value times a product of one condition per original column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.explainers.shapley.questions import Questions, Reading, questions, readings_of
from workbench.forms import Rule, Term, Tree
from workbench.forms.frame import Bools, Floats, Frame, Ints


@dataclass(frozen=True, eq=False)
class Boxes:
    """All boxes with conditions on the same number d of columns, at most one condition a column.

    A cell c meets a condition where ``low <= c <= low + span`` (numbers), or where its row of `sets` says so
    (levels: ``subset >= 0``), or where it is the missing one and ``missing`` is true.

    Attributes
    ----------
    reading : ndarray of shape (n_boxes, d)
        Position of the condition's column among the readings.
    low, span : ndarray of unsigned integers, shape (n_boxes, d)
    subset : ndarray of shape (n_boxes, d)
        Row of `Catalogue.sets`; -1 for a number column.
    missing : ndarray of bool, shape (n_boxes, d)
    share : ndarray of shape (n_boxes, d) or None
        The product, over the nodes that ask the column, of the share of training rows that go the leaf's way; None
        where some term does not know it.
    value : ndarray of shape (n_boxes, k)
    """

    reading: Ints
    low: np.ndarray
    span: np.ndarray
    subset: Ints
    missing: Bools
    share: Floats | None
    value: Floats

    @property
    def n_columns(self) -> int:
        """The number d of columns with a condition."""
        return self.reading.shape[1]

    def __len__(self) -> int:
        return len(self.reading)

    def __getitem__(self, which: slice | Ints) -> Boxes:
        share = None if self.share is None else self.share[which]
        parts = (self.low[which], self.span[which], self.subset[which], self.missing[which])
        return Boxes(self.reading[which], *parts, share, self.value[which])


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The boxes of a sum of trees and rules, and what is needed to read rows for them.

    Attributes
    ----------
    readings : tuple of Reading
    sets : ndarray of bool, shape (n_sets, n_cells + 1)
        Which levels meet a condition; the last entry, for missing values, is false: `Boxes.missing` decides.
    groups : tuple of Boxes
        One for each number of columns. Boxes that no row can meet are left out, and conditions that every row meets.
    dtype : dtype
        Of cells: the narrowest unsigned integer.
    k : int
        The length of a value.
    """

    readings: tuple[Reading, ...]
    sets: Bools
    groups: tuple[Boxes, ...]
    dtype: np.dtype
    k: int

    @property
    def missing(self) -> int:
        """The cell of a missing value."""
        return int(np.iinfo(self.dtype).max)

    def cells(self, frame: Frame, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Give the cells of some rows, shape (n_readings, n_samples)."""
        stop = frame.n_rows if stop is None else min(stop, frame.n_rows)
        found = np.empty((len(self.readings), stop - start), dtype=self.dtype)
        for row, reading in zip(found, self.readings, strict=True):
            row[:] = reading.cells(frame, slice(start, stop), self.missing)
        return found

    def fails(self, boxes: Boxes, d: int, cells: np.ndarray) -> Bools:
        """Say which rows fail the d-th condition of each box, shape (n_boxes, n_samples)."""
        mine = cells[boxes.reading[:, d]]
        # unsigned: a cell below `low` wraps round to a number above any span
        failed: Bools = mine - boxes.low[:, d, None] > boxes.span[:, d, None]
        subset = boxes.subset[:, d]
        if (by_set := np.flatnonzero(subset >= 0)).size:
            asked = boxes.reading[by_set, d]
            for reading in np.unique(asked):
                some = by_set[asked == reading]
                cell = np.minimum(cells[reading], self.sets.shape[1] - 1)
                failed[some] = ~self.sets[subset[some]].take(cell, axis=1)
        if (free := np.flatnonzero(boxes.missing[:, d])).size:
            failed[free] &= mine[free] != self.missing
        return failed

    @classmethod
    def of(cls, terms: Sequence[Term], k: int) -> Catalogue:
        """Take trees and rules apart.

        Raises
        ------
        ValueError
            If a term is neither a tree nor a rule.
        """
        for term in terms:
            if not isinstance(term, Tree | Rule):
                raise ValueError(f"boxes: every term must be a tree or a rule; got one of kind {term.kind!r}")
        readings = readings_of(terms)
        largest = max((r.n_cells for r in readings), default=0) + 2
        dtype = np.dtype(np.uint16 if largest < 2**16 else np.uint32)
        sets: list[Bools] = []
        by_size: dict[int, list[Boxes]] = {}
        for some in questions(terms, readings):
            for boxes in _merged(some, readings, dtype, sum(map(len, sets)), sets):
                by_size.setdefault(boxes.n_columns, []).append(boxes)
        width = max((len(r.levels) for r in readings), default=0) + 2
        groups = tuple(_joined(by_size[d]) for d in sorted(by_size))
        return cls(readings, np.concatenate([np.zeros((0, width), dtype=np.bool_), *sets]), groups, dtype, k)


def _merged(
    asked: Questions, readings: tuple[Reading, ...], dtype: np.dtype, n_sets: int, sets: list[Bools]
) -> list[Boxes]:
    """Make one condition of all questions of a box on one column; the new sets of levels are added to `sets`."""
    order = np.lexsort((asked.reading, asked.box))
    box, reading = asked.box[order], asked.reading[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(box) != 0) | (np.diff(reading) != 0)][: len(box)])
    box, reading = box[starts], reading[starts]
    low = np.maximum.reduceat(asked.first[order], starts)
    high = np.minimum.reduceat(asked.last[order], starts)
    missing = np.logical_and.reduceat(asked.missing[order], starts)
    share = None if asked.share is None else np.multiply.reduceat(asked.share[order], starts)
    n_cells = np.array([r.n_cells for r in readings])[reading]
    nothing: Bools = low > high
    everything: Bools = (low <= 0) & (high >= n_cells - 1)

    subset = np.full(len(starts), -1, dtype=np.intp)
    of_levels = asked.entry[order][starts] >= 0
    if of_levels.any():
        rows = _levels_met(asked, order, starts[of_levels])
        listed = np.arange(rows.shape[1]) < n_cells[of_levels, None]
        nothing[of_levels] = ~(rows & listed).any(axis=1)
        everything[of_levels] = (rows | ~listed).all(axis=1)
        distinct, which = _distinct(rows)
        subset[of_levels] = n_sets + which
        sets.append(np.pad(distinct, ((0, 0), (0, 1))))

    # a gap alone: a cell that no value has
    low = np.where(nothing & ~of_levels, n_cells, low)
    high = np.where(nothing & ~of_levels, n_cells, high)
    kept: Bools = np.asarray(asked.value.any(axis=1))
    kept[box[nothing & ~missing]] = False
    asks = ~(everything & missing) if share is None else ~(everything & missing & (share == 1.0))
    asks &= kept[box]
    conditions = {
        "reading": reading,
        "low": low.astype(dtype),
        "span": (high - low).astype(dtype),
        "subset": subset,
        "missing": missing,
        "share": share,
    }
    told = {name: None if each is None else each[asks] for name, each in conditions.items()}
    return _by_columns(told, box[asks], kept, asked.value)


def _by_columns(conditions: dict[str, Any], box: Ints, kept: Bools, value: Floats) -> list[Boxes]:
    """Part boxes by how many conditions they have; `box` is the box that each condition belongs to, in order."""
    sizes = np.bincount(box, minlength=len(kept))
    found = []
    for d in np.unique(sizes[kept]):
        boxes = np.flatnonzero(kept & (sizes == d))
        at = np.flatnonzero(sizes[box] == d).reshape(len(boxes), d)
        own: dict[str, Any] = {name: None if each is None else each[at] for name, each in conditions.items()}
        found.append(Boxes(**own, value=value[boxes]))
    return found


def _levels_met(asked: Questions, order: Ints, starts: Ints) -> Bools:
    """Say which levels meet all questions of each run of `order` that begins at `starts`, (n_runs, n_levels)."""
    entry = asked.entry[order]
    told = np.flatnonzero(entry >= 0)
    met: Bools = np.logical_and.reduceat(asked.rows[entry[told]], np.searchsorted(told, starts), axis=0)
    return met


def _distinct(rows: Bools) -> tuple[Bools, Ints]:
    """Give the distinct rows, and which of them each row is; numpy.unique takes ten times as long over bytes."""
    packed = np.packbits(rows, axis=1)
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)
    order = np.lexsort(words.T)
    new = np.r_[True, (words[order[1:]] != words[order[:-1]]).any(axis=1)]
    which = np.empty(len(rows), dtype=np.intp)
    which[order] = np.cumsum(new) - 1
    return rows[order[new]], which


def _joined(parts: list[Boxes]) -> Boxes:
    """Put boxes together, those over the same columns side by side."""
    names = ("reading", "low", "span", "subset", "missing", "value")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    shares = [part.share for part in parts if part.share is not None]
    boxes = Boxes(**joined, share=np.concatenate(shares) if shares else None)
    return boxes[np.lexsort(boxes.reading.T[::-1])] if boxes.n_columns else boxes
