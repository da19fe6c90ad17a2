"""Step shapes of one column, and surfaces over two: what boosted bins, and sums of small trees, add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame, Ints


@dataclass(frozen=True, eq=False)
class Steps:
    """A value for each interval of a number column: values[i] where cuts[i-1] < x <= cuts[i], `missing` without x.

    Attributes
    ----------
    column : str
    cuts : ndarray of shape (n_cuts,)
        Ascending; the exact float64 boundaries of x <= cut.
    values : ndarray of shape (n_cuts + 1, k)
    missing : ndarray of shape (k,)
    centers : ndarray of shape (n_cuts + 1,)
        The mean of the training values in each interval, where `size` evaluates the shape.
    weights : ndarray of shape (n_cuts + 1,)
        The training rows in each interval.
    shown : ndarray of shape (n_cuts,) or None
        The cuts as texts print them.
    """

    kind: ClassVar[str] = "steps"
    column: str
    cuts: Floats
    values: Floats
    missing: Floats
    centers: Floats
    weights: Floats
    shown: Floats | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the term reads."""
        return (self.column,)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the function needs: cuts and values."""
        return self.cuts.size + self.values.size + self.missing.size

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, k)."""
        return np.vstack([self.values, self.missing])[number_cells(frame.numbers(self.column), self.cuts)]

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        return {
            "kind": self.kind,
            "column": self.column,
            "cuts": pack.put(self.cuts),
            "values": pack.put(self.values),
            "missing": array_to_json(self.missing),
            "centers": pack.put(self.centers),
            "weights": pack.put(self.weights),
            **({} if self.shown is None else {"shown": pack.put(self.shown)}),
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Steps:
        """Read what `to_dict` gave."""
        column, cuts = fields.text("column"), _ascending(fields, "cuts")
        n = cuts.size
        return cls(
            column,
            cuts,
            fields.array("values", n + 1, k),
            fields.array("missing", k),
            fields.array("centers", n + 1),
            fields.array("weights", n + 1),
            fields.array("shown", n) if "shown" in fields else None,
        )


@dataclass(frozen=True, eq=False)
class Axis:
    """One side of a surface: the intervals of a number column, or the levels of a category column.

    Cells are numbered: intervals, then missing; or levels, then unseen, then missing.

    Attributes
    ----------
    column : str
    cuts : ndarray of shape (n_cuts,)
        As in `Steps`; empty for a category column.
    levels : tuple of str
        () for a number column.
    weights : ndarray of shape (n_cells,)
        The training rows in each cell.
    """

    column: str
    cuts: Floats
    levels: tuple[str, ...]
    weights: Floats

    @property
    def n_cells(self) -> int:
        """How many cells there are, those for missing and unseen values included."""
        return len(self.levels) + 2 if self.levels else self.cuts.size + 2

    def cells(self, frame: Frame) -> Ints:
        """Give each row's cell, shape (n_samples,)."""
        if self.levels:
            return frame.codes(self.column, self.levels)
        return number_cells(frame.numbers(self.column), self.cuts)

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the axis."""
        return {
            "column": self.column,
            "cuts": pack.put(self.cuts),
            "levels": list(self.levels),
            "weights": pack.put(self.weights),
        }

    @classmethod
    def read(cls, fields: Fields) -> Axis:
        """Read what `to_dict` gave."""
        column, cuts, levels = fields.text("column"), _ascending(fields, "cuts"), fields.texts("levels")
        n_cells = len(levels) + 2 if levels else cuts.size + 2
        axis = cls(column, cuts, levels, fields.array("weights", n_cells))
        fields.done()
        return axis


@dataclass(frozen=True, eq=False)
class Surface:
    """A value for each cell of a grid over two columns.

    Attributes
    ----------
    first, second : Axis
    values : ndarray of shape (n_cells_first * n_cells_second, k)
        Row by row: the second axis runs fastest.
    """

    kind: ClassVar[str] = "surface"
    first: Axis
    second: Axis
    values: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the term reads."""
        return (self.first.column, self.second.column)

    @property
    def grid(self) -> Floats:
        """The values as a grid, shape (n_cells_first, n_cells_second, k)."""
        cells: Floats = self.values.reshape(self.first.n_cells, self.second.n_cells, -1)
        return cells

    @property
    def stored_numbers(self) -> int:
        """How many numbers the function needs: cuts and values."""
        return self.first.cuts.size + self.second.cuts.size + self.values.size

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, k)."""
        found: Floats = self.values[self.first.cells(frame) * self.second.n_cells + self.second.cells(frame)]
        return found

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        return {
            "kind": self.kind,
            "first": self.first.to_dict(pack),
            "second": self.second.to_dict(pack),
            "values": pack.put(self.values),
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Surface:
        """Read what `to_dict` gave."""
        first, second = (Axis.read(fields.inner(name)) for name in ("first", "second"))
        return cls(first, second, fields.array("values", first.n_cells * second.n_cells, k))


def number_cells(x: Floats, cuts: Floats) -> Ints:
    """Give the interval of each number, len(cuts) + 1 where it is missing."""
    return np.where(np.isnan(x), cuts.size + 1, np.searchsorted(cuts, x, side="left"))


def _ascending(fields: Fields, name: str) -> Floats:
    cuts: Floats = fields.array(name, None)
    if np.isnan(cuts).any() or (np.diff(cuts) <= 0).any():
        raise FormError(f"{fields.place}.{name} must ascend")
    return cuts
