"""How complex a model is to explain, from its predictions: columns used, interaction strength, main effects."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers import Complexity, Effect, Effects, Provenance
from workbench.columns import level_texts
from workbench.disclosure import FEW, small
from workbench.explainers.grid import MISSING, as_floats
from workbench.explainers.inputs import Inputs
from workbench.explainers.response import Response
from workbench.explainers.stacks import copies_per_stack, stack
from workbench.forms.pieces import linear_pieces
from workbench.magnitude import unit_of

_PLACE = "complexity"
_MOST_ROWS = 500  # that show whether a column is used
_COPIES = 5
_CHANGED = 1e-9  # of the largest prediction: below that it is rounding in another batch
_NUMBERS = ("number", "datetime")


def complexity(
    model: Any,
    X: pd.DataFrame | np.ndarray,
    effects: Effects,
    *,
    sample_weight: Any = None,
    random_state: int = 0,
    positive: Any = None,
) -> Complexity:
    r"""Measure a model by what it predicts for rows, and by its first-order effects.

    With predictions :math:`f(x)`, their mean :math:`f_0`, and a curve :math:`f_j` of each column about its mean,

    .. math:: IAS = \frac{\sum_i (f(x_i) - f_0 - \sum_j f_j(x_{ij}))^2}{\sum_i (f(x_i) - f_0)^2}, \qquad
        MEC = \frac{\sum_j V_j M_j}{\sum_j V_j}

    with :math:`V_j` the variance of the curve over the rows and :math:`M_j` its linear pieces. Sums run over outputs
    too. A column is used if exchanging its values between rows changes a prediction.

    Parameters
    ----------
    model : fitted estimator
    X : DataFrame or ndarray of shape (n_samples, n_features)
    effects : Effects
        First-order accumulated local effects of the model over X, on the scale of its predictions, best with
        ``min_rows=1``, so that the curves reach to the last row: nothing of the curves themselves is told.
    sample_weight : array-like of shape (n_samples,), optional
    random_state : int
        Seed of the exchanges.
    positive : label, optional
        As in `explain`.

    Returns
    -------
    Complexity

    Raises
    ------
    ValueError
        If the effects are of other columns, outputs or another scale than the predictions.

    Notes
    -----
    Pieces are counted as `size` counts them; the source counts the coefficients of the pieces. A missing value of a
    number counts as a level of its own, whose effect is fitted by least squares. Rows beyond a curve's ends, or with a
    level that has no point on it, are left out of the interaction strength. A column that the model asks about few
    rows may pass for unused. Where columns are correlated the curves need not add up to the best sum of curves, and
    interaction strength may exceed 1.

    References
    ----------
    Molnar, Casalicchio and Bischl 2019, Quantifying model complexity via functional decomposition,
    doi 10.1007/978-3-030-43823-4_17.
    """
    inputs = Inputs.check(
        model, X, sample_weight=sample_weight, random_state=random_state, positive=positive, place=_PLACE
    )
    said = Response.of(model, inputs.X, positive)
    _check(effects, inputs, said)
    unit = unit_of(said.values)  # of what is squared: both measures are ratios
    values = said.values / unit
    effects = effects.but(effects=tuple(replace(e, average=e.average / unit) for e in effects.effects))
    weight = np.ones(len(said.values)) if inputs.sample_weight is None else inputs.sample_weight
    curves = {effect.feature: _Curve.of(effect, inputs.column(j)) for j, effect in _placed(effects, inputs)}
    strength, n_rows = _interaction_strength(values, list(curves.values()), weight)
    variances, pieces = np.full((2, len(inputs.feature_names)), np.nan)
    for j, name in enumerate(inputs.feature_names):
        if name in curves:
            variances[j], pieces[j] = curves[name].variance(weight), curves[name].pieces(weight)
    total = float(np.nansum(variances))
    beyond = len(said.values) - n_rows
    return Complexity(
        feature_names=inputs.feature_names,
        features_used=features_used(inputs),
        interaction_strength=strength,
        main_effect_complexity=float(np.nansum(variances * pieces)) / total if total > 0 else math.nan,
        pieces=pieces,
        variances=variances,
        scale=said.scale,
        n_rows=n_rows,
        provenance=Provenance(
            method=_PLACE,
            parameters={"effects": effects.provenance.method, "copies": _COPIES},
            random_state=random_state,
            n_rows=len(said.values),
            exact=False,
            warnings=(_beyond(beyond, len(said.values)),) * (beyond > 0)
            + (f"variances are in squares of {unit:.4g}",) * (unit != 1.0),
        ),
    )


def _beyond(rows: int, n: int) -> str:
    told = "less than 1%" if rows < 0.01 * n else f"{rows / n:.0%}"
    told = FEW if small(rows) else f"{told} of the"
    return f"{told} rows lie beyond the curves and are left out of the interaction strength"


def _check(effects: Effects, inputs: Inputs, said: Response) -> None:
    for effect in effects.effects:
        if effect.feature not in inputs.feature_names:
            raise ValueError(f"{_PLACE}: effects must be of the columns of X; got one of {effect.feature!r}")
        if (effect.scale, effect.outputs) != (said.scale, said.outputs):
            raise ValueError(
                f"{_PLACE}: effects must be of the predictions, scale {said.scale!r}, outputs {said.outputs}; "
                f"got {effect.scale!r}, {effect.outputs}"
            )


def _placed(effects: Effects, inputs: Inputs) -> list[tuple[int, Effect]]:
    return [(inputs.feature_names.index(effect.feature), effect) for effect in effects.effects]


def features_used(inputs: Inputs) -> tuple[str, ...]:
    """Name the columns whose exchange between rows changes a prediction, on at most 500 rows, five times each."""
    rng = np.random.default_rng(inputs.random_state)
    rows = inputs.X
    if len(rows) > _MOST_ROWS:
        drawn = np.sort(rng.choice(len(rows), _MOST_ROWS, replace=False))
        rows = rows.iloc[drawn] if isinstance(rows, pd.DataFrame) else rows[drawn]
    before = Response.of(inputs.model, rows, inputs.positive).values
    allowed = _CHANGED * float(np.abs(before).max(initial=0.0))
    step = copies_per_stack(rows)
    used = []
    for j, name in enumerate(inputs.feature_names):
        orders = np.array([rng.permutation(len(rows)) for _ in range(_COPIES)])
        for start in range(0, _COPIES, step):
            part = orders[start : start + step]
            after = Response.of(inputs.model, stack(rows, j, rows, part), inputs.positive).values
            if (np.abs(after.reshape(len(part), *before.shape) - before) > allowed).any():
                used.append(name)
                break
    return tuple(used)


@dataclass(frozen=True, eq=False)
class _Curve:
    """A column's effect at the rows: ``at`` (n_samples, n_outputs), and which rows it knows."""

    effect: Effect
    at: np.ndarray
    nearest: np.ndarray  # of each row the point of the curve; -1 where it has none
    missing: np.ndarray
    beyond: np.ndarray

    @classmethod
    def of(cls, effect: Effect, column: pd.Series) -> _Curve:
        if effect.feature_kind in _NUMBERS:
            return cls._of_numbers(effect, as_floats(column, effect.feature_kind))
        places = {value: i for i, value in enumerate(effect.grid_values)}
        texts = level_texts(column)
        nearest = np.array([places.get(MISSING if text is None else text, -1) for text in texts])
        missing = np.array([text is None for text in texts]) & (nearest < 0)
        at = np.where(nearest[:, None] >= 0, effect.average.T[nearest], 0.0)
        return cls(effect, at, nearest, missing, (nearest < 0) & ~missing)

    @classmethod
    def _of_numbers(cls, effect: Effect, numbers: np.ndarray) -> _Curve:
        grid, missing = np.asarray(effect.grid_values, dtype=float), np.isnan(numbers)
        known = np.where(missing, grid[0], numbers)
        at = np.column_stack([np.interp(known, grid, curve) for curve in effect.average])
        at[missing] = 0.0
        nearest = np.searchsorted((grid[1:] + grid[:-1]) / 2, known)
        nearest[missing] = -1
        return cls(effect, at, nearest, missing, ((known < grid[0]) | (known > grid[-1])))

    def variance(self, weight: np.ndarray) -> float:
        """The variance of the curve over the rows where it is known, summed over outputs."""
        there = (self.nearest >= 0) & (weight > 0)
        if not there.any():
            return 0.0
        spread = self.at[there] - np.average(self.at[there], axis=0, weights=weight[there])
        found = float(np.average((spread**2).sum(axis=1), weights=weight[there]))
        rounding = 1e-24 * float((self.at[there] ** 2).max(initial=0.0))
        return found if found > rounding else 0.0

    def pieces(self, weight: np.ndarray) -> int:
        """The linear pieces of the curve; of levels the groups that have one value each, but for the first."""
        if self.variance(weight) == 0.0:
            return 0
        there = self.nearest >= 0
        rows = np.bincount(self.nearest[there], weight[there], len(self.effect.grid_values)).astype(float)
        values = self.effect.average.T
        if self.effect.feature_kind in _NUMBERS:
            return linear_pieces(np.asarray(self.effect.grid_values, dtype=float), values, rows)
        order = np.argsort(values[:, 0], kind="stable")
        groups = linear_pieces(np.zeros(len(order)), values[order], rows[order])  # lines without a slope
        return max(groups - 1, 1)


def _interaction_strength(said: np.ndarray, curves: list[_Curve], weight: np.ndarray) -> tuple[float, int]:
    """Give the unexplained share, and how many rows it is about."""
    known = weight > 0
    for curve in curves:
        known &= ~curve.beyond
    if not known.any():
        return math.nan, 0
    f, w = said[known], weight[known]
    total = f - np.average(f, axis=0, weights=w)
    rest = total.copy()
    for curve in curves:
        rest -= curve.at[known]
    gaps = [curve.missing[known] for curve in curves if curve.missing[known].any()]
    design = np.column_stack([np.ones(len(w)), *gaps]) * np.sqrt(w)[:, None]
    fitted = np.linalg.lstsq(design, rest * np.sqrt(w)[:, None], rcond=None)[0]
    rest -= np.column_stack([np.ones(len(w)), *gaps]) @ fitted
    variance = float((w @ total**2).sum())
    if not variance > 1e-24 * float((w @ f**2).sum()):
        return math.nan, int(known.sum())
    return float((w @ rest**2).sum()) / variance, int(known.sum())
