"""What the columns of a row may be changed to, what a change costs, and the changed rows in their original types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.disclosure import MIN_ROWS
from workbench.explainers.grid import as_floats, kind_of
from workbench.explainers.inputs import Inputs
from workbench.explainers.spread import spread
from workbench.explainers.step_cuts import StepCuts
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


@dataclass(frozen=True, eq=False)
class Changes:
    """The columns of some rows that may be changed.

    Attributes
    ----------
    X : DataFrame or ndarray
    columns : tuple of ChangeableColumn
    codes : ndarray of shape (n_samples, n_columns)
        The rows as these columns tell them: see `ChangeableColumn.codes`.
    """

    X: Any
    columns: tuple[ChangeableColumn, ...]
    codes: np.ndarray

    @classmethod
    def of(cls, inputs: Inputs, *, immutable: Sequence[str], direction: Mapping[str, str]) -> Changes:
        """Find what the rows of X may be changed to.

        Numbers stay between the tenth lowest and the tenth highest of the background, where it knows 20 or more, and
        between its lowest and highest otherwise; levels are those of the background. Columns that the form of a model
        does not read are left out.

        Raises
        ------
        ValueError
            If a direction is asked of a column whose levels have no order.
        """
        steps = StepCuts.of(inputs.score)
        found = []
        for position, name in enumerate(inputs.feature_names):
            if name in immutable or (steps.used is not None and name not in steps.used):
                continue
            column = _column(inputs, position, direction.get(name), steps)
            if column is not None:
                found.append(column)
        codes = [column.codes(inputs.column(column.position)) for column in found]
        return cls(inputs.X, tuple(found), np.array(codes).reshape(len(found), len(inputs.X)).T)

    def rows(self, row: int, values: np.ndarray) -> Any:
        """Give copies of a row in which the columns take these codes; what is unchanged stays the cell it was.

        Parameters
        ----------
        row : int
        values : ndarray of shape (n_copies, n_columns)

        Returns
        -------
        DataFrame or ndarray of shape (n_copies, n_features)
            In the types of X.
        """
        copies = np.full(len(values), row)
        out = self.X[copies] if isinstance(self.X, np.ndarray) else self.X.iloc[copies].reset_index(drop=True)
        for column, own, given in zip(self.columns, self.codes[row], values.T, strict=True):
            at = np.flatnonzero(differ(own, given))
            if not len(at):
                continue
            if isinstance(out, np.ndarray):
                out[at, column.position] = column.typed(given[at])
            else:
                array = out.iloc[:, column.position].array.copy()
                array[at] = column.typed(given[at])
                out.isetitem(column.position, array)
        return out

    def costs(self, row: int, values: np.ndarray) -> np.ndarray:
        """Give what each change of these copies of a row costs, shape (n_copies, n_columns); 0 where there is none."""
        parts = [c.cost(own, given) for c, own, given in zip(self.columns, self.codes[row], values.T, strict=True)]
        return np.array(parts).T.reshape(values.shape)


def differ(own: Any, values: np.ndarray) -> np.ndarray:
    """Tell which codes differ from a row's own; two missing ones are the same."""
    return (values != own) & ~(np.isnan(values) & np.isnan(own))


def _column(inputs: Inputs, position: int, direction: str | None, steps: StepCuts) -> ChangeableColumn | None:
    """Find what a column may be changed to; None where it is nothing."""
    name, template = inputs.feature_names[position], inputs.column(position)
    background = inputs.background
    column = (
        background.iloc[:, position] if isinstance(background, pd.DataFrame) else pd.Series(background[:, position])
    )
    kind = steps.kinds.get(name, kind_of(column))
    sign = {"increasing": 1, "decreasing": -1}.get(direction or "", 0)
    if kind in ("number", "datetime") and kind_of(column) == kind:
        numbers = np.sort(as_floats(column, kind))
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return None
        known = numbers[MIN_ROWS - 1 : len(numbers) - MIN_ROWS + 1] if len(numbers) >= 2 * MIN_ROWS else numbers
        own = as_floats(template, kind) if kind_of(template) == kind else np.empty(0)
        whole = template.dtype.kind in "iu" or _are_whole(np.concatenate([numbers, own]))
        return ChangeableColumn(
            position=position,
            kind=kind,
            template=template,
            direction=sign,
            numbers=known,
            unit=spread(numbers),
            whole=whole,
            cuts=steps.cuts.get(name),
        )
    kind = kind if kind not in ("number", "datetime") else "category"
    if sign and kind not in ("ordered", "boolean"):
        raise ValueError(
            f"counterfactuals: direction: column {name!r} must be of numbers, dates, ordered levels or truth values; "
            f"got kind {kind!r}: list it under immutable, or leave it out"
        )
    return _levels(position, kind, template, column, sign)


def _levels(position: int, kind: str, template: pd.Series, column: pd.Series, sign: int) -> ChangeableColumn | None:
    levels = {text: value for text, value in zip(level_texts(column), column, strict=True) if text is not None}
    levels = {text: value for text, value in levels.items() if _fits(template, value)}
    if isinstance(column.dtype, pd.CategoricalDtype):
        order = [str(text) for text in level_texts(pd.Series(column.cat.categories))]
    else:
        order = sorted(levels)
    return (
        ChangeableColumn(
            position=position,
            kind=kind,
            template=template,
            direction=sign,
            levels=tuple(levels.values()),
            texts=tuple(levels),
            ranks={text: rank for rank, text in enumerate(order)},
        )
        if levels
        else None
    )


def _fits(template: pd.Series, value: Any) -> bool:
    """Tell whether a column's type can hold a value, as a category that does not list a level can't."""
    array = template.iloc[:1].array.copy()
    try:
        array[0] = value
    except (TypeError, ValueError):
        return False
    return True


def _are_whole(numbers: np.ndarray) -> bool:
    known = numbers[np.isfinite(numbers)]
    return bool(np.all(known == np.round(known)))
