"""The terms of an additive score over one column: linear, levels, offset; each gives a k-vector a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json, number_to_json
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame


@dataclass(frozen=True, eq=False)
class Linear:
    """coef * (x - center), and `missing` where x is missing.

    Attributes
    ----------
    column : str
    coef, missing : ndarray of shape (k,)
    center : float
        In the column's unit; the mean of the training rows, so that the intercept is the score of an average row.
    """

    kind: ClassVar[str] = "linear"
    column: str
    coef: Floats
    center: float
    missing: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the term reads."""
        return (self.column,)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the term holds."""
        return self.coef.size + 1 + self.missing.size

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, k)."""
        x = frame.numbers(self.column)[:, None]
        return np.where(np.isnan(x), self.missing, self.coef * (x - self.center))

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        return {
            "kind": self.kind,
            "column": self.column,
            "coef": array_to_json(self.coef),
            "center": number_to_json(self.center),
            "missing": array_to_json(self.missing),
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Linear:
        """Read what `to_dict` gave."""
        return cls(fields.text("column"), fields.array("coef", k), fields.number("center"), fields.array("missing", k))


@dataclass(frozen=True, eq=False)
class Levels:
    """values[level], `unseen` for a level that is not listed, and `missing` where x is missing.

    Attributes
    ----------
    column : str
    levels : tuple of str
    values : ndarray of shape (n_levels, k)
    unseen, missing : ndarray of shape (k,)
    """

    kind: ClassVar[str] = "levels"
    column: str
    levels: tuple[str, ...]
    values: Floats
    unseen: Floats
    missing: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the term reads."""
        return (self.column,)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the term holds."""
        return self.values.size + self.unseen.size + self.missing.size

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, k)."""
        table: Floats = np.vstack([self.values, self.unseen, self.missing])
        return table[frame.codes(self.column, self.levels)]

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        return {
            "kind": self.kind,
            "column": self.column,
            "levels": list(self.levels),
            "values": pack.put(self.values),
            "unseen": array_to_json(self.unseen),
            "missing": array_to_json(self.missing),
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Levels:
        """Read what `to_dict` gave."""
        column, levels = fields.text("column"), fields.texts("levels")
        values = fields.array("values", len(levels), k)
        return cls(column, levels, values, fields.array("unseen", k), fields.array("missing", k))


@dataclass(frozen=True, eq=False)
class Offset:
    """The column itself, or its logarithm, with the coefficient 1 that nobody fitted; NaN where it is missing.

    Attributes
    ----------
    column : str
    log : bool
        Whether the column is an exposure, which counts by its logarithm; one that is not above 0 gives NaN.
    """

    kind: ClassVar[str] = "offset"
    column: str
    log: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the term reads."""
        return (self.column,)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the term holds: none."""
        return 0

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, 1)."""
        x = frame.numbers(self.column)[:, None]
        return np.log(np.where(x > 0, x, np.nan)) if self.log else x

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        return {"kind": self.kind, "column": self.column, "log": self.log}

    @classmethod
    def read(cls, fields: Fields, k: int) -> Offset:
        """Read what `to_dict` gave."""
        if k != 1:
            raise FormError(f"{fields.place}: an offset needs a score of one number")
        return cls(fields.text("column"), fields.truth("log"))
