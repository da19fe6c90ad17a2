"""Neighbours of rows: some columns of each exchanged for near values of background rows, and how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.explainers.draws import column_generator
from workbench.explainers.grid import finite_floats, kind_of, level_codes
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import column_of, take
from workbench.explainers.stacks import MAX_BYTES, MAX_ROWS, size_of

NUMBERS = ("number", "datetime")


@dataclass(frozen=True, eq=False)
class ColumnOfNeighbours:
    r"""One column: what a neighbour may hold in place of a row's own value, and how that is told as numbers.

    A neighbour keeps the row's value with probability 1/2. Otherwise it takes that of a background row which has
    another one, drawn with the background's weights: of numbers and moments the near ones likelier, with the density
    :math:`\exp(-(r - r_0)^2 / 2 w^2)` over the ranks r from 0 to 1 that the (weighted) rows with other values share
    among them, where :math:`r_0` is the row's own rank; a missing one as often as in the background.

    It is told by one or two features, all 0 for the row's own value: of a number the difference in standard deviations
    of the background, and 1 for missing; of a category, or where the row's number is missing, 1 for another value.

    Attributes
    ----------
    number : bool
    own : ndarray of shape (n_samples,)
        Values of the explained rows: numbers, NaN where missing; or codes of levels, missing is one.
    values : ndarray of shape (n_known,)
        Of background rows, sorted, without the missing ones.
    order : ndarray of int, shape (n_background,)
        The background rows in that order, missing ones last; those of weight 0 are left out.
    reached : ndarray of shape (n_background + 1,)
        Sums of weights, from 0.
    scale : float
        Standard deviation of the known values, 1 where they are all the same.
    has_missing : bool
        Whether a background row misses a number.
    """

    number: bool
    own: np.ndarray
    values: np.ndarray
    order: np.ndarray
    reached: np.ndarray
    scale: float
    has_missing: bool

    @classmethod
    def of(cls, inputs: Inputs, feature: int) -> ColumnOfNeighbours:
        """Sort the values of one column of the background.

        Raises
        ------
        ValueError
            If a number is infinite.
        """
        background = column_of(inputs.background, feature)
        both = pd.concat([background, inputs.column(feature)], ignore_index=True)
        kind = kind_of(both)
        number = kind in NUMBERS
        told = finite_floats(both, kind, "lime") if number else level_codes(both).astype(float)
        n = len(background)
        weight = inputs.weight
        order = np.argsort(told[:n], kind="stable")  # NaN last
        order = order[weight[order] > 0]
        values = told[order]
        known = values[~np.isnan(values)]
        scale = _deviation(known, weight[order[: len(known)]])
        reached = np.concatenate([[0.0], np.cumsum(weight[order])])
        return cls(number, told[n:], known, order, reached, scale, len(known) < len(values))

    @property
    def n_features(self) -> int:
        """The features that tell of the column."""
        return 2 if self.has_missing else 1

    @property
    def _known(self) -> float:
        return float(self.reached[len(self.values)])

    @property
    def _missing(self) -> float:
        return float(self.reached[-1] - self._known)

    def draw(self, rows: np.ndarray, chances: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
        """Draw the column of neighbours.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            The explained rows.
        chances : ndarray of shape (2, n_draws)
            Uniform on [0, 1): whether the value changes, and to which; the same for every row.
        width : float
            w, the kernel's width in ranks.

        Returns
        -------
        positions : ndarray of int, shape (n_rows, n_draws)
            The background row that the value is taken from; -1 where it is the row's own.
        features : ndarray of shape (n_rows, n_draws, n_features)
        """
        x = self.own[rows][:, None]
        gap = np.isnan(x)
        low, high = (self.reached[np.searchsorted(self.values, x, side=side)] for side in ("left", "right"))
        low, high = np.where(gap, 0.0, low), np.where(gap, 0.0, high)
        others = self._known - (high - low)
        missing = np.where(gap, 0.0, self._missing)
        total = others + missing
        changed = (chances[0] < 0.5) & (total > 0)
        to_gap = changed & (2 * chances[0] * total < missing)
        share = self._near(low / np.where(others > 0, others, 1.0), chances[1], width)
        share = np.where(gap, chances[1], share) if self.number else np.broadcast_to(chances[1], changed.shape)
        target = share * others
        target = np.where(target >= low, target + (high - low), target)
        target = np.where(to_gap, self._known + chances[1] * missing, target)
        place = np.minimum(np.searchsorted(self.reached[1:], target, side="right"), len(self.order) - 1)
        positions = np.where(changed, self.order[place], -1)
        return positions, self._told(x, place, changed, to_gap)

    def _near(self, own: np.ndarray, chance: np.ndarray, width: float) -> np.ndarray:
        """Give ranks from a normal distribution about a row's own, cut off at 0 and 1."""
        from scipy.special import ndtr, ndtri

        lowest, highest = ndtr(-own / width), ndtr((1.0 - own) / width)
        return np.clip(own + width * ndtri(lowest + chance * (highest - lowest)), 0.0, np.nextafter(1.0, 0.0))

    def _told(self, x: np.ndarray, place: np.ndarray, changed: np.ndarray, to_gap: np.ndarray) -> np.ndarray:
        features = np.zeros((*changed.shape, self.n_features))
        features[..., 0] = changed
        if self.number:
            known = changed & ~to_gap & ~np.isnan(x)
            values = self.values[np.minimum(place, len(self.values) - 1)] if len(self.values) else np.zeros(place.shape)
            away = np.where(known, (values - x) / self.scale, 0.0)
            features[..., 0] = np.where(np.isnan(x), changed, away)
        if self.has_missing:
            features[..., 1] = to_gap
        return features

    def mean_features(self) -> np.ndarray:
        """Give the mean of the features over the background, for every explained row, (n_samples, n_features)."""
        total = float(self.reached[-1])
        gap = np.isnan(self.own)
        low, high = (self.reached[np.searchsorted(self.values, self.own, side=side)] for side in ("left", "right"))
        means = np.zeros((len(self.own), self.n_features))
        means[:, 0] = 1.0 - (high - low) / total
        if self.number:
            weight = np.diff(self.reached)[: len(self.values)]
            away = (weight[None] @ self.values - self._known * np.where(gap, 0.0, self.own)) / self.scale
            means[:, 0] = np.where(gap, self._known, away) / total
        if self.has_missing:
            means[:, 1] = np.where(gap, 0.0, self._missing / total)
        return means


class Neighbours:
    """The neighbours of all explained rows.

    Parameters
    ----------
    inputs : Inputs
    used : sequence of int
        The columns that may change.
    width : float
        The kernel's width, in ranks.

    Raises
    ------
    ValueError
        If a column of the background has a type that does not go together with that of X, or an infinite number.
    """

    def __init__(self, inputs: Inputs, used: Sequence[int], width: float) -> None:
        self._inputs, self._width = inputs, width
        inputs.check_exchange("lime")
        self.columns = {j: ColumnOfNeighbours.of(inputs, j) for j in used}

    @property
    def owner(self) -> np.ndarray:
        """The column that each feature tells of, shape (n_features,)."""
        return np.repeat(list(self.columns), [c.n_features for c in self.columns.values()]).astype(int)

    @property
    def per_call(self) -> int:
        """How many neighbours may be held at once."""
        X = self._inputs.X
        each = -(-size_of(X) // len(X)) + 8 * len(self.owner) + 64
        return max(1, min(MAX_ROWS, MAX_BYTES // each))

    def mean_features(self) -> np.ndarray:
        """Give the means of the features over the background, shape (n_samples, n_features)."""
        parts = [column.mean_features() for column in self.columns.values()]
        return np.concatenate([np.empty((len(self._inputs.X), 0)), *parts], axis=1)

    def draw(self, rows: np.ndarray, part: slice) -> tuple[Any, np.ndarray]:
        """Draw neighbours of some rows.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
        part : slice
            Of the draws.

        Returns
        -------
        stacked : DataFrame or ndarray of shape (n_rows * n_part, n_columns)
            Neighbours of the first row, then of the next; values are moved, never converted.
        features : ndarray of shape (n_rows, n_part, n_features)
        """
        n_part = part.stop - part.start
        tiled = np.repeat(rows, n_part)
        X = self._inputs.X
        stacked = take(X, tiled)
        stacked = stacked.reset_index(drop=True) if isinstance(X, pd.DataFrame) else stacked
        features = np.empty((len(rows), n_part, len(self.owner)))
        start = 0
        for j, column in self.columns.items():
            positions, told = column.draw(rows, self._chances(j, part), self._width)
            features[..., start : start + column.n_features] = told
            start += column.n_features
            stacked = self._exchange(stacked, j, positions.ravel())
        return stacked, features

    def _chances(self, column: int, part: slice) -> np.ndarray:
        """Give the chances of a part of the draws, shape (2, n_part), by seed, name and place among the draws alone.

        They are the same for every row: other rows and columns change nothing.
        """
        generator = column_generator(self._inputs.random_state, self._inputs.feature_names[column])
        generator.bit_generator.advance(2 * part.start)  # type: ignore[attr-defined]  # one step a number
        return generator.random((part.stop - part.start, 2)).T

    def _exchange(self, stacked: Any, column: int, positions: np.ndarray) -> Any:
        """Put background values in the place of those that change."""
        changed = np.flatnonzero(positions >= 0)
        background = self._inputs.background
        if isinstance(stacked, pd.DataFrame):
            taken = background.iloc[positions[changed], column]  # type: ignore[union-attr]
            pool = pd.concat([stacked.iloc[:, column], taken], ignore_index=True)
            places = np.arange(len(stacked))
            places[changed] = len(stacked) + np.arange(len(changed))
            stacked.isetitem(column, pool.array.take(places))
            return stacked
        values = np.asarray(background)[positions[changed], column]
        stacked = stacked.astype(np.result_type(stacked, values), copy=False)
        stacked[changed, column] = values
        return stacked


def blocks(
    n_rows: int, n_seeds: int, n_draws: int, per_call: int, most_rows: int | None = None
) -> Iterator[tuple[np.ndarray, slice]]:
    """Divide rows, and the draws of all seeds one after the other, into parts of at most `per_call` neighbours.

    A part holds all draws of some rows, at most `most_rows`, or where one row has too many, draws of one row and one
    seed.

    Examples
    --------
    >>> [(rows.tolist(), draws) for rows, draws in blocks(3, 2, 10, per_call=40)]
    [([0, 1], slice(0, 20, None)), ([2], slice(0, 20, None))]
    """
    step = per_call // (n_seeds * n_draws)
    step = step if most_rows is None else min(step, most_rows)
    for start in range(0, n_rows, max(1, step)):
        rows = np.arange(start, min(start + max(1, step), n_rows))
        if step:
            yield rows, slice(0, n_seeds * n_draws)
            continue
        for seed in range(0, n_seeds * n_draws, n_draws):
            for first in range(seed, seed + n_draws, per_call):
                yield rows, slice(first, min(first + per_call, seed + n_draws))


def _deviation(values: np.ndarray, weight: np.ndarray) -> float:
    if not len(values) or (values == values[0]).all():
        return 1.0
    mean = np.average(values, weights=weight)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weight))) or 1.0
