"""What one column of a row may be changed to, and what a change costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.explainers.grid import as_floats
from workbench.forms.cuts import shortest_between

CLOSE = 0.01  # spreads: how much farther than needed a change may go, so that it can be told in few digits
N_QUANTILES = 21
MOST_WHOLE = 200
MOST_CELLS = 500


@dataclass(frozen=True, eq=False)
class ChangeableColumn:
    """One column that may be changed: to levels and within a range that the background has.

    Attributes
    ----------
    position : int
    kind : str
        "number" or "datetime", and otherwise one of the kinds with levels.
    template : Series
        A few values of the column in the type that the model is given.
    direction : int
        1 where it may only grow, -1 where it may only fall, 0 otherwise.
    levels : tuple
        The values of the background, one a level; () for numbers.
    ranks : dict of str to int
        The place of a level by its text; of levels without an order their position in `levels`.
    numbers : ndarray
        The known values of the background in ascending order, within the range that it may be changed in.
    unit : float
        The column's spread, which changes are counted in.
    whole : bool
        Whether its numbers are whole ones.
    cuts : ndarray or None
        Where the model steps; None where it is not known to be constant between steps.
    """

    position: int
    kind: str
    template: pd.Series
    direction: int
    levels: tuple[Any, ...] = ()
    texts: tuple[str, ...] = ()
    ranks: Mapping[str, int] | None = None
    numbers: np.ndarray | None = None
    unit: float = 1.0
    whole: bool = False
    cuts: np.ndarray | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is changed along an axis, not from level to level."""
        return self.numbers is not None

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest number that it may be changed to."""
        numbers = np.asarray(self.numbers)
        return float(numbers[0]), float(numbers[-1])

    @property
    def n_whole(self) -> int | None:
        """How many whole numbers the range holds; None of a column whose numbers are not."""
        low, high = self.range
        return int(high - low) + 1 if self.whole else None

    @property
    def is_complete(self) -> bool:
        """Whether its candidates stand for all values that it may be changed to."""
        if not self.is_number:
            return True
        few = self.n_whole is not None and self.n_whole <= MOST_WHOLE
        return few or (self.cuts is not None and len(self.cuts) <= MOST_CELLS)

    def codes(self, values: pd.Series) -> np.ndarray:
        """Give the column's values as numbers: NaN where missing; of a level its rank, -1 where it has none."""
        if values.isna().all():
            return np.full(len(values), np.nan)
        if self.is_number:
            return as_floats(values, self.kind)
        ranks = self.ranks or {}
        return np.array([np.nan if text is None else ranks.get(text, -1) for text in level_texts(values)], dtype=float)

    def candidates(self, own: float) -> np.ndarray:
        """Give what a value, told by its code, may be changed to."""
        if self.direction and (np.isnan(own) or (not self.is_number and own < 0)):
            return np.empty(0)  # nothing tells up from down
        found = self._numbers(own) if self.is_number else np.array([float((self.ranks or {})[t]) for t in self.texts])
        found = found[found != own]
        return found[np.sign(found - own) == self.direction] if self.direction else found

    def _numbers(self, own: float) -> np.ndarray:
        numbers, (low, high) = np.asarray(self.numbers), self.range
        if self.n_whole is not None and self.n_whole <= MOST_WHOLE:
            found = np.arange(low, high + 1)
        elif self.cuts is None:
            found = np.quantile(numbers, np.linspace(0, 1, N_QUANTILES), method="inverted_cdf")
        else:
            found = self._nearest_in_cells(float(np.median(numbers)) if np.isnan(own) else own)
        found = np.unique(self.representable(found))
        return found[(found >= low) & (found <= high)]

    def _nearest_in_cells(self, start: float) -> np.ndarray:
        """Give for each interval between cuts the number next to `start`, to within a hundredth of a spread."""
        low, high = self.range
        cuts = np.asarray(self.cuts)
        if len(cuts) > MOST_CELLS:
            cuts = cuts[np.linspace(0, len(cuts) - 1, MOST_CELLS).round().astype(int)]
        above = np.nextafter(np.concatenate([[-np.inf], cuts]), np.inf)
        floors, tops = np.maximum(above, low), np.minimum(np.concatenate([cuts, [np.inf]]), high)
        return np.array([self._nearest(a, b, start) for a, b in zip(floors, tops, strict=True) if a <= b])

    def _nearest(self, floor: float, top: float, start: float) -> float:
        """Give a number from floor to top next to `start` that the column's type can hold; NaN if there is none."""
        if self.whole:
            found = float(np.clip(round(start), np.ceil(floor), np.floor(top)))
            return found if floor <= found <= top else np.nan
        exact = float(np.clip(start, floor, top))
        tried = [self.rounded(exact, start, floor, top), exact]
        if self.template.dtype == np.float32:  # just above a cut there may be no number of its own
            tried.append(float(np.nextafter(np.float32(exact), np.float32(np.inf))))
        for found in tried:
            held = float(self.representable(np.array([found]))[0])
            if floor <= held <= top:
                return held
        return np.nan

    def rounded(self, value: float, start: float, floor: float, top: float) -> float:
        """Give the number of fewest digits between `value` and a hundredth of a spread farther away from `start`."""
        if value >= start:
            return shortest_between(value, float(np.nextafter(min(value + CLOSE * self.unit, top), np.inf)))
        return shortest_between(max(value - CLOSE * self.unit, floor), float(np.nextafter(value, np.inf)))

    def cost(self, own: float, values: np.ndarray) -> np.ndarray:
        """Give what changes cost: the difference in spreads of a number; 1 for another level, or for filling a gap."""
        if not self.is_number or np.isnan(own):
            return differ(own, values).astype(float)
        return np.abs(values - own) / self.unit

    def representable(self, numbers: np.ndarray) -> np.ndarray:
        """Give numbers as the column's type holds them."""
        if self.whole:
            numbers = np.round(numbers)
        return as_floats(pd.Series(self.typed(numbers[~np.isnan(numbers)])), self.kind)

    def typed(self, values: np.ndarray) -> Any:
        """Give numbers, or ranks of levels, as values of the column's own type."""
        dtype: Any = self.template.dtype
        if not self.is_number:
            by_rank = {(self.ranks or {})[text]: level for text, level in zip(self.texts, self.levels, strict=True)}
            return [by_rank[int(value)] for value in values]
        if self.kind == "datetime":
            moments = pd.Series(pd.to_datetime((values * 86_400e9).round().astype(np.int64), unit="ns"))
            zone = getattr(dtype, "tz", None)
            moments = moments.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else moments
            return moments.astype(dtype).array
        if dtype.kind in "iu" and self.whole:
            values = values.astype(np.int64)
        return pd.Series(values).astype(dtype).array


def differ(own: Any, values: np.ndarray) -> np.ndarray:
    """Tell which codes differ from a row's own; two missing ones are the same."""
    return (values != own) & ~(np.isnan(values) & np.isnan(own))
