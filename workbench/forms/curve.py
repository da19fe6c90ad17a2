"""The curve of one number column: polynomials between knots, straight lines among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame

_MOST_DEGREE = 9


@dataclass(frozen=True, eq=False)
class Curve:
    """On piece i, from knots[i-1] up to knots[i], the polynomial sum_d coef[i, d] (x - origin[i])^d in each output.

    The first piece goes on below the first knot and the last one above the last knot: a column's values outside the
    training range are extrapolated as the pieces there say.

    Attributes
    ----------
    column : str
    knots : ndarray of shape (n_knots,)
        Ascending.
    origin : ndarray of shape (n_knots + 1,)
    coef : ndarray of shape (n_knots + 1, (degree + 1) * k)
        For each piece the constants of all outputs, then their slopes, and so on.
    missing : ndarray of shape (k,)
    centers, weights : ndarray of shape (n_points,)
        Where `size` evaluates the curve: means and counts of training values in intervals of 10 rows or more.
    """

    kind: ClassVar[str] = "curve"
    column: str
    knots: Floats
    origin: Floats
    coef: Floats
    missing: Floats
    centers: Floats
    weights: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the term reads."""
        return (self.column,)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the function needs."""
        return self.knots.size + self.origin.size + self.coef.size + self.missing.size

    def at(self, x: Floats) -> Floats:
        """Give the curve at numbers, shape (n, k)."""
        piece = np.searchsorted(self.knots, x, side="left")
        k = self.missing.size
        parts = self.coef[piece].reshape(x.size, -1, k)
        z = (x - self.origin[piece])[:, None]
        value: Floats = parts[:, -1]
        for d in range(parts.shape[1] - 2, -1, -1):
            value = value * z + parts[:, d]
        return value

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, k)."""
        x = frame.numbers(self.column)
        return np.where(np.isnan(x)[:, None], self.missing, self.at(np.nan_to_num(x)))

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        arrays = ("knots", "origin", "coef", "centers", "weights")
        return {
            "kind": self.kind,
            "column": self.column,
            **{name: pack.put(getattr(self, name)) for name in arrays},
            "missing": array_to_json(self.missing),
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Curve:
        """Read what `to_dict` gave."""
        column, knots = fields.text("column"), fields.array("knots", None)
        if np.isnan(knots).any() or (np.diff(knots) <= 0).any():
            raise FormError(f"{fields.place}.knots must ascend")
        coef = fields.array("coef", knots.size + 1, None)
        if coef.shape[1] == 0 or coef.shape[1] % k or coef.shape[1] > (_MOST_DEGREE + 1) * k:
            raise FormError(f"{fields.place}.coef must hold polynomials of degree {_MOST_DEGREE} at most")
        centers = fields.array("centers", None)
        return cls(
            column,
            knots,
            fields.array("origin", knots.size + 1),
            coef,
            fields.array("missing", k),
            centers,
            fields.array("weights", centers.size),
        )
