"""A table as numbers: what one column, or any values at hand, say of the target."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from workbench.checks import chance
from workbench.disclosure import MIN_ROWS
from workbench.forms import Frame
from workbench.magnitude import unit_of
from workbench.table import Table

FEWEST_ROWS = 30  # to say that one thing follows another
_FEW_LEVELS = 20


class Seen:
    """A table as numbers, each column converted once.

    Parameters
    ----------
    table : Table
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.kinds = {column.name: column.kind for column in table.schema}
        self.frame = Frame(table.X)
        self._codes: dict[str, np.ndarray] = {}

    def has_order(self, name: str) -> bool:
        """Tell whether greater codes mean more."""
        return self.kinds[name] != "category"

    def codes(self, name: str) -> np.ndarray:
        """Give each row's value as a number from 0, in the order of the values where they have one; -1 is missing."""
        if name not in self._codes:
            values = self.table.X[name]
            if self.kinds[name] not in ("category", "ordered"):
                self._codes[name] = ranked(self.frame.numbers(name))
            elif self.kinds[name] == "ordered":
                self._codes[name] = ranked(values.cat.codes.where(values.notna()).to_numpy(dtype=float))
            else:
                self._codes[name] = pd.factorize(values)[0]
        return self._codes[name]

    @cached_property
    def target(self) -> np.ndarray:
        """The target's values as numbers from 0, in their order where they are numbers."""
        y = self.table.y
        return ranked(y.to_numpy()) if self.table.task == "regression" else pd.factorize(y)[0]

    @cached_property
    def outcomes(self) -> np.ndarray:
        """The target and its ranks, of variance 1, or an indicator of each class; centred, shape (k, n_samples)."""
        y = self.table.y
        if self.table.task == "regression":
            numbers = y.to_numpy(dtype=float)
            both = np.vstack([numbers / unit_of(numbers), y.rank().to_numpy()])
            return (both - both.mean(axis=1, keepdims=True)) / both.std(axis=1, keepdims=True)
        of_class = (self.target == np.arange(self.target.max() + 1)[:, None]).astype(float)
        return of_class - of_class.mean(axis=1, keepdims=True)

    @cached_property
    def distinct(self) -> np.ndarray:
        """True for the first of the rows with identical features."""
        code = np.zeros(self.table.n_rows, dtype=np.int64)
        for name in self.table.features:
            column = self.codes(name) + 1
            code = pd.factorize(code * (column.max() + 1) + column)[0]
            if code[-1] + 1 == len(code):  # all rows differ already
                break
        return ~pd.Series(code).duplicated().to_numpy()

    def is_copy(self, name: str) -> bool:
        """Tell whether a column, where it is known, has the target's values, in their order or renamed."""
        codes, target = self.codes(name), self.target
        known = codes >= 0
        if not known.all():
            if 2 * known.sum() < len(known):
                return False
            codes, target = codes[known], np.unique(target[known], return_inverse=True)[1]
        last = target.max()
        if codes.max() != last:
            return False
        both_ordered = self.has_order(name) and self.table.task == "regression"
        if both_ordered and (np.array_equal(codes, target) or np.array_equal(codes, last - target)):
            return chance.same_order(target) < chance.RARE
        if last >= _FEW_LEVELS or not np.array_equal(pd.factorize(codes)[0], pd.factorize(target)[0]):
            return False
        return chance.same_parts(target) < chance.RARE

    def share(self, name: str) -> float:
        """Give the share of the target's variance that a column alone explains, in all rows or where it is known.

        1 - sum (y - p)^2 / sum (y - mean y)^2, p of a row being made of other rows; of a number the larger of that of
        y and that of its ranks.
        """
        return self.explained(self.codes(name), self.has_order(name))

    def explained(self, codes: np.ndarray, has_order: bool) -> float:
        """Give the share of the target's variance that a column with these codes explains."""
        regression, known = self.table.task == "regression", codes >= 0
        reach = 1 if regression else MIN_ROWS // 2
        predicted = _predicted(codes, self.outcomes, self.distinct, reach, has_order=has_order)
        parts = [(self.outcomes, predicted)]
        if not known.all():
            parts.append((self.outcomes[:, known], predicted[:, known]))
        found = 0.0
        for y, p in parts:
            left, total = ((y - p) ** 2).sum(axis=1), ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
            if not regression:
                left, total = left.sum(keepdims=True), total.sum(keepdims=True)
            if y.shape[1] >= FEWEST_ROWS and (total > 1e-6).all():  # else there is nothing to tell
                found = max(found, float((1 - left / total).max()))
        return found


def ranked(numbers: np.ndarray) -> np.ndarray:
    """Give each number's rank among the distinct ones, from 0; -1 where missing."""
    order = np.argsort(numbers)  # NaN comes last
    inside = numbers[order]
    known = len(inside) - int(np.isnan(inside).sum())
    ranks = np.full(len(inside), -1, dtype=np.int64)
    ranks[order[:known]] = np.cumsum(np.diff(inside[:known], prepend=inside[:1]) != 0)
    return ranks


def _predicted(
    codes: np.ndarray, outcomes: np.ndarray, distinct: np.ndarray, reach: int, *, has_order: bool
) -> np.ndarray:
    """Predict each row's outcomes from other rows, shape (k, n_samples).

    A value of at least 10 rows: from the others that have it. A rarer one: from the values next to it, `reach` on each
    side; where values have no order, from all rare ones. Where there are many values, copies of a row count once, so
    that they don't predict each other. Missing is a value without neighbours. The outcomes have mean 0, which is what
    is predicted of a row with no like.
    """
    n_values = int(codes.max(initial=-1)) + 1
    value = np.where(codes < 0, n_values, codes)  # missing is the last value
    counted = value[distinct] if n_values > _FEW_LEVELS else value
    rare = np.append(np.bincount(counted, minlength=n_values + 1)[:n_values] < MIN_ROWS, False)
    if not has_order:
        value = np.where(rare[value], n_values + 1, value)
    counts = np.bincount(value, minlength=n_values + 2)
    sums = np.vstack([np.bincount(value, each, minlength=len(counts)) for each in outcomes])
    alone = rare[value] if has_order and n_values > 1 else np.zeros(len(value), dtype=bool)
    like = value[~alone]
    predicted = np.empty_like(outcomes)
    predicted[:, ~alone] = (sums[:, like] - outcomes[:, ~alone]) / np.maximum(counts[like] - 1, 1)
    if alone.any():
        means = sums[:, :n_values] / counts[:n_values]
        predicted[:, alone] = _beside(means, reach)[:, value[alone]]
    return predicted


def _beside(means: np.ndarray, reach: int) -> np.ndarray:
    """Give the mean over the next `reach` columns on each side of a column, shape (k, n_values)."""
    n = means.shape[1]
    until = np.cumsum(np.pad(means, ((0, 0), (reach + 1, reach))), axis=1)
    beside = np.minimum(np.arange(n) + reach, n - 1) - np.maximum(np.arange(n) - reach, 0)
    return (until[:, 2 * reach + 1 :] - until[:, :n] - means) / beside
