"""Which columns of some rows may be changed, and to what; the changed rows in their original types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.disclosure import MIN_ROWS
from workbench.explainers.changes.column import ChangeableColumn, differ
from workbench.explainers.changes.step_cuts import StepCuts
from workbench.explainers.grid import as_floats, finite_floats, kind_of
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import column_of, take
from workbench.explainers.spread import spread


@dataclass(frozen=True, eq=False)
class Changes:
    """The columns of some rows that may be changed.

    Attributes
    ----------
    X : DataFrame or ndarray
    columns : tuple of ChangeableColumn
    codes : ndarray of shape (n_samples, n_columns)
        The rows as these columns tell them: see `ChangeableColumn.codes`.
    left_out : mapping of str to tuple of str
        For columns that may change, the levels of the background that the type of X can't hold.
    """

    X: Any
    columns: tuple[ChangeableColumn, ...]
    codes: np.ndarray
    left_out: Mapping[str, tuple[str, ...]]

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
        found, left_out = [], {}
        for position, name in enumerate(inputs.feature_names):
            if name in immutable or (steps.used is not None and name not in steps.used):
                continue
            column, unfit = _column(inputs, position, direction.get(name), steps)
            if column is not None:
                found.append(column)
            if unfit:
                left_out[name] = unfit
        codes = [column.codes(inputs.column(column.position)) for column in found]
        return cls(inputs.X, tuple(found), np.array(codes).reshape(len(found), len(inputs.X)).T, left_out)

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
        out = take(self.X, copies)
        out = out if isinstance(out, np.ndarray) else out.reset_index(drop=True)
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


def _column(
    inputs: Inputs, position: int, direction: str | None, steps: StepCuts
) -> tuple[ChangeableColumn | None, tuple[str, ...]]:
    """Find what a column may be changed to, None where it is nothing; and the levels that its type can't hold."""
    name, template = inputs.feature_names[position], inputs.column(position)
    column = column_of(inputs.background, position)
    kind = steps.kinds.get(name, kind_of(column))
    sign = {"increasing": 1, "decreasing": -1}.get(direction or "", 0)
    if kind in ("number", "datetime") and kind_of(column) == kind:
        return _numbers(inputs, position, kind, sign, steps), ()
    kind = kind if kind not in ("number", "datetime") else "category"
    if sign and kind not in ("ordered", "boolean"):
        raise ValueError(
            f"counterfactuals: direction: column {name!r} must be of numbers, dates, ordered levels or truth values; "
            f"got kind {kind!r}: list it under immutable, or leave it out"
        )
    return _levels(position, kind, template, column, sign)


def _numbers(inputs: Inputs, position: int, kind: str, sign: int, steps: StepCuts) -> ChangeableColumn | None:
    template = inputs.column(position)
    numbers = np.sort(as_floats(column_of(inputs.background, position), kind))
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    known = numbers[MIN_ROWS - 1 : len(numbers) - MIN_ROWS + 1] if len(numbers) >= 2 * MIN_ROWS else numbers
    own = finite_floats(template, kind, "counterfactuals") if kind_of(template) == kind else np.empty(0)
    whole = template.dtype.kind in "iu" or _are_whole(np.concatenate([numbers, own]))
    return ChangeableColumn(
        position=position,
        kind=kind,
        template=template,
        direction=sign,
        numbers=known,
        unit=spread(numbers),
        whole=whole,
        cuts=steps.cuts.get(inputs.feature_names[position]),
    )


def _levels(
    position: int, kind: str, template: pd.Series, column: pd.Series, sign: int
) -> tuple[ChangeableColumn | None, tuple[str, ...]]:
    known = {text: value for text, value in zip(level_texts(column), column, strict=True) if text is not None}
    levels = {text: value for text, value in known.items() if _fits(template, value)}
    unfit = tuple(text for text in known if text not in levels)
    if not levels:
        return None, unfit
    if isinstance(column.dtype, pd.CategoricalDtype):
        order = [str(text) for text in level_texts(pd.Series(column.cat.categories))]
    else:
        order = sorted(levels)
    made = ChangeableColumn(
        position=position,
        kind=kind,
        template=template,
        direction=sign,
        levels=tuple(levels.values()),
        texts=tuple(levels),
        ranks={text: rank for rank, text in enumerate(order)},
    )
    return made, unfit


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
