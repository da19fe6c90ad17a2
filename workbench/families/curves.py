"""What each column adds to a generalized additive model: a curve, a slope, or values of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.disclosure import MIN_ROWS
from workbench.forms import Affine, Input, IsMissing

# a cubic spline of one interval has four coefficients
FEWEST_SPLINES = 4


@dataclass(frozen=True)
class Part:
    """What one original column adds to the score by one penalty.

    Attributes
    ----------
    column : str
    kind : {"curve", "slope", "levels", "missing"}
    inputs : tuple of int
        Positions among the encoded inputs.
    n_splines : int
        Of a curve.
    ends : tuple of float
        Where a curve's knots begin and end, in the input's unit.
    sign : int
        1 where the curve may only rise, -1 where it may only fall.
    """

    column: str
    kind: str
    inputs: tuple[int, ...]
    n_splines: int = 0
    ends: tuple[float, float] = (0.0, 0.0)
    sign: int = 0

    def block(self, ridge: float) -> Any:
        """Give the part's `Block`: second differences of a curve's coefficients are penalized, squares elsewhere."""
        from workbench.families.smoothing import Block

        if self.kind == "curve":
            return Block(np.diff(np.eye(self.n_splines), n=2, axis=0), True, ridge)
        return Block(np.eye(len(self.inputs)), False, ridge)

    def terms(self, lam: float, ridge: float) -> list[Any]:
        """Give pygam's terms."""
        from pygam import l, s

        if self.kind != "curve":
            return [l(j, lam=lam + ridge) for j in self.inputs]
        held = {1: "monotonic_inc", -1: "monotonic_dec", 0: None}[self.sign]
        smooth = {"penalties": ["derivative", "l2"], "lam": [lam, ridge]}
        return [s(self.inputs[0], self.n_splines, edge_knots=list(self.ends), constraints=held, **smooth)]


def find_parts(Z: np.ndarray, inputs: Sequence[Input], n_splines: int, signs: np.ndarray) -> tuple[Part, ...]:
    """Decide what each column adds: a curve where it has the rows and values for one, a slope, or levels.

    Columns whose input is constant add nothing. All coefficients together are at most half as many as rows, or every
    number column has a slope alone: with more coefficients than rows pygam does not solve what it says.

    Raises
    ------
    ValueError
        If there are more inputs than rows, or a monotone column has too few values for a curve.
    """
    for most in range(n_splines, FEWEST_SPLINES - 2, -1):
        parts = _parts(Z, inputs, most, signs)
        if 2 * (1 + sum(part.n_splines or len(part.inputs) for part in parts)) <= len(Z):
            break
    if 1 + sum(part.n_splines or len(part.inputs) for part in parts) > max(len(Z), 2):
        raise ValueError(f"gam: needs at least as many rows as inputs; got {len(Z)} rows and {len(inputs)} inputs")
    return parts


def _parts(Z: np.ndarray, inputs: Sequence[Input], most: int, signs: np.ndarray) -> tuple[Part, ...]:
    found: dict[tuple[str, str], Part] = {}
    for j, (source, sign) in enumerate(zip(inputs, signs, strict=True)):
        if not np.ptp(Z[:, j]):
            continue
        if isinstance(source, Affine):
            found[source.column, "number"] = _number(source.column, j, Z[:, j], most, int(sign))
        else:
            kind = "missing" if isinstance(source, IsMissing) else "levels"
            before = found.get((source.column, kind), Part(source.column, kind, ()))
            found[source.column, kind] = Part(source.column, kind, (*before.inputs, j))
    return tuple(found.values())


def _number(column: str, j: int, z: np.ndarray, most: int, sign: int) -> Part:
    ordered = np.sort(z)
    if z.size >= 2 * MIN_ROWS and ordered[MIN_ROWS - 1] < ordered[-MIN_ROWS]:
        low, high = float(ordered[MIN_ROWS - 1]), float(ordered[-MIN_ROWS])
        inside = ordered[(ordered >= low) & (ordered <= high)]
        intervals = min(inside.size // MIN_ROWS, np.unique(inside).size - 1, most - 3)
        # two values are joined by a straight line, which only a curve can be kept from falling
        if sign or (intervals >= 1 and np.unique(z).size > 2):
            return Part(column, "curve", (j,), max(intervals, 1) + 3, (low, high), sign)
    if sign:
        raise ValueError(
            f"gam: monotone: column {column!r} has too few rows, or nearly all of them have one value; leave it free"
        )
    return Part(column, "slope", (j,))
