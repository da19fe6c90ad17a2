"""The typed maps from one original column to one encoded input, which families fit and `pull_back` undoes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.forms.frame import Floats, Frame
from workbench.forms.shapes import number_cells


@dataclass(frozen=True)
class Affine:
    """A number column: z = (x - center) / scale, and `missing` where x is missing (NaN: left to the library).

    The identity is ``center=0, scale=1``; filling a gap is a `missing` that is no NaN.
    """

    column: str
    center: float = 0.0
    scale: float = 1.0
    missing: float = math.nan

    def encode(self, frame: Frame) -> Floats:
        """Give z, shape (n_samples,)."""
        x = frame.numbers(self.column)
        z = (x - self.center) / self.scale
        return np.where(np.isnan(x), self.missing, z)


@dataclass(frozen=True)
class IsMissing:
    """A number column: z = 1 where x is missing, else 0."""

    column: str

    def encode(self, frame: Frame) -> Floats:
        """Give z, shape (n_samples,)."""
        return np.isnan(frame.numbers(self.column)).astype(np.float64)


@dataclass(frozen=True)
class Lookup:
    """A category column: z = values[level], or `unseen`, or `missing`.

    "equals a level" is a lookup with one nonzero value, a code is one with the values 0, 1, 2, ...; `nominal` codes
    have no order, and a library that knows categories is told so.
    """

    column: str
    levels: tuple[str, ...]
    values: tuple[float, ...]
    unseen: float
    missing: float
    nominal: bool = False

    def encode(self, frame: Frame) -> Floats:
        """Give z, shape (n_samples,)."""
        return self.table[frame.codes(self.column, self.levels)]

    @property
    def table(self) -> Floats:
        """The values of all levels, then of an unseen level, then of a missing value; shape (n_levels + 2,)."""
        return np.array([*self.values, self.unseen, self.missing], dtype=np.float64)


@dataclass(frozen=True)
class Binned:
    """A number column: z = values[i] where cuts[i-1] < x <= cuts[i], `missing` where x is missing.

    "is above a cut" has the values 0, 1, "is not above it" 1, 0; a code is 0, 1, 2, ...
    """

    column: str
    cuts: tuple[float, ...]
    values: tuple[float, ...]
    missing: float

    def encode(self, frame: Frame) -> Floats:
        """Give z, shape (n_samples,)."""
        table = np.array([*self.values, self.missing], dtype=np.float64)
        return table[number_cells(frame.numbers(self.column), np.array(self.cuts, dtype=np.float64))]


Input = Affine | IsMissing | Lookup | Binned


def encode(inputs: Sequence[Input], frame: Frame) -> Floats:
    """Give the encoded inputs Z, shape (n_samples, n_inputs)."""
    Z = np.empty((frame.n_rows, len(inputs)), dtype=np.float64)
    for j, each in enumerate(inputs):
        Z[:, j] = each.encode(frame)
    return Z
