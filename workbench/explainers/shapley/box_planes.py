"""Planes: for each condition of some boxes, the Shapley values of its column in the games of many rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workbench.explainers.shapley.box_games import pair_values, pattern_values, share_values
from workbench.explainers.shapley.boxes import Boxes, Catalogue
from workbench.forms.frame import Bools, Floats, Ints

MOST_PATTERNS = 16  # columns of a box whose patterns are tabulated: one word, and a table of some 10 MiB
_TABLE = 2**17  # numbers in the tables of some boxes: they stay in a core's cache
_PLANE = 2**18  # numbers in a plane
_PAIRS = 2**19  # pairs of rows looked at together: some 100 MiB where all of them count

Plane = tuple[int, slice, Floats]  # the condition, the rows, values of shape (n_boxes, n_rows)


@dataclass(frozen=True, eq=False)
class Background:
    """Games against background rows: `cells` of shape (n_readings, n_background), their weights."""

    catalogue: Catalogue
    cells: np.ndarray
    weight: Floats

    def baseline(self) -> Floats:
        """Give the sum of all boxes' values, each times the weight of the background rows in it; shape (k,)."""
        total = np.zeros(self.catalogue.k)
        for group in self.catalogue.groups:
            for boxes in _slices(len(group), 1024):
                block = group[boxes]
                for some in _slices(len(self.weight), _PLANE // 1024):
                    inside = ~_words(self.catalogue, block, self.cells[:, some]).any(axis=0)
                    total += inside @ self.weight[some] @ block.value
        return total

    def blocks(self, group: Boxes, n_rows: int) -> Iterator[Boxes]:
        """Take boxes apart into blocks whose work fits into memory."""
        if self._tabulates(group.n_columns, n_rows):
            return _blocks(group, _TABLE // (2**group.n_columns * ((group.n_columns + 1) // 2)))
        return _blocks(group, _PAIRS // (n_rows * len(self.weight)))

    def planes(self, boxes: Boxes, cells: np.ndarray) -> Iterator[Plane]:
        """Give the values of all columns for all rows."""
        if self._tabulates(boxes.n_columns, cells.shape[1]):
            yield from self._by_pattern(boxes, cells)
        else:
            yield from self._by_pair(boxes, cells)

    def _tabulates(self, d: int, n_rows: int) -> bool:
        """Choose the cheaper way; both are exact.

        Measured on forests over 20 and 60 columns, 1 to 2,000 rows and 100 or 500 background rows: 1 to 2 ns for each
        number that the sums of a table touch, about 2 ns for each pair, of which few meet a box together.
        """
        if d > MOST_PATTERNS:
            return False
        table = 2**d * ((d + 1) // 2) * (d / 2 + 6) + 3 * d * n_rows
        return table < 1.5 * n_rows * len(self.weight)

    def _by_pattern(self, boxes: Boxes, cells: np.ndarray) -> Iterator[Plane]:
        d, n_boxes = boxes.n_columns, len(boxes)
        weight = np.zeros(2**d * n_boxes)
        for some in _slices(self.cells.shape[1], _PLANE // n_boxes):
            met = 2**d - 1 - _code(self.catalogue, boxes, self.cells[:, some])
            key = met * n_boxes + np.arange(n_boxes)[:, None]
            weights = np.broadcast_to(self.weight[some], key.shape)
            weight += np.bincount(key.ravel(), weights.ravel(), len(weight))
        yield from _looked_up(self.catalogue, boxes, cells, pattern_values(weight.reshape(2**d, n_boxes)))

    def _by_pair(self, boxes: Boxes, cells: np.ndarray) -> Iterator[Plane]:
        others = _slices(len(self.weight), _PAIRS // len(boxes))
        most = _PAIRS // (len(boxes) * (others[0].stop - others[0].start))
        for rows in _slices(cells.shape[1], most):
            failed = _words(self.catalogue, boxes, cells[:, rows])
            total: Floats | None = None
            for some in others:
                theirs = _words(self.catalogue, boxes, self.cells[:, some])
                part = pair_values(failed, theirs, self.weight[some], boxes.n_columns)
                total = part if total is None else total + part
            for d, plane in enumerate(total if total is not None else ()):
                yield d, rows, plane


@dataclass(frozen=True, eq=False)
class Paths:
    """Games in which a column outside the coalition counts by the shares of training rows in the trees' nodes."""

    catalogue: Catalogue

    def baseline(self) -> Floats:
        """Give the sum of all boxes' values, each times its share of training rows; shape (k,)."""
        total = np.zeros(self.catalogue.k)
        for boxes in self.catalogue.groups:
            if boxes.share is not None:
                total += boxes.share.prod(axis=1) @ boxes.value
        return total

    def blocks(self, group: Boxes, n_rows: int) -> Iterator[Boxes]:
        """Take boxes apart into blocks whose work fits into memory."""
        return _blocks(group, _TABLE // (group.n_columns * min(2 ** min(group.n_columns, 30), n_rows) or 1))

    def planes(self, boxes: Boxes, cells: np.ndarray) -> Iterator[Plane]:
        """Give the values of all columns for all rows."""
        d, n_rows = boxes.n_columns, cells.shape[1]
        share = boxes.share
        assert share is not None  # noqa: S101, asked before anything is computed
        if d <= MOST_PATTERNS and 2**d <= n_rows:
            patterns = (np.arange(2**d) >> np.arange(d)[:, None] & 1).astype(np.bool_)
            table = share_values(patterns[:, None, :], share)
            yield from _looked_up(self.catalogue, boxes, cells, table.transpose(0, 2, 1))
            return
        for rows in _slices(n_rows, _TABLE // (len(boxes) * d)):
            failed = np.array([self.catalogue.fails(boxes, j, cells[:, rows]) for j in range(d)])
            for j, plane in enumerate(share_values(failed, share)):
                yield j, rows, plane


def _blocks(group: Boxes, most: int) -> Iterator[Boxes]:
    if group.n_columns:  # a box without conditions is a constant
        for some in _slices(len(group), min(most, 1024)):
            yield group[some]


def _slices(n: int, most: int) -> list[slice]:
    step = max(1, most)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def _looked_up(catalogue: Catalogue, boxes: Boxes, cells: np.ndarray, table: Floats) -> Iterator[Plane]:
    """Give every row the value of its pattern, from a table of shape (d, 2**d, n_boxes)."""
    n_boxes, n_patterns = len(boxes), table.shape[1]
    by_box = [np.ascontiguousarray(values.T).ravel() for values in table]
    starts = np.arange(n_boxes, dtype=np.intp)[:, None] * n_patterns
    for rows in _slices(cells.shape[1], max(64, _PLANE // n_boxes)):
        at = _code(catalogue, boxes, cells[:, rows]) + starts
        for d, values in enumerate(by_box):
            yield d, rows, values.take(at)


def _code(catalogue: Catalogue, boxes: Boxes, cells: np.ndarray) -> Ints:
    """Give the pattern of conditions that each row fails as a number, shape (n_boxes, n_samples)."""
    return _words(catalogue, boxes, cells)[0].astype(np.intp)


def _words(catalogue: Catalogue, boxes: Boxes, cells: np.ndarray) -> np.ndarray:
    """Give which conditions each row fails, 16 a word, shape (n_words, n_boxes, n_samples)."""
    words = np.zeros(((boxes.n_columns + 15) // 16, len(boxes), cells.shape[1]), dtype=np.uint16)
    for d in range(boxes.n_columns):
        failed: Bools = catalogue.fails(boxes, d, cells)
        words[d // 16] |= failed.astype(np.uint16) << np.uint16(d % 16)
    return words
