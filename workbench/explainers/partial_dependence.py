"""Partial dependence: the average prediction when one column is set to a value in every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pydantic

from workbench.answers.effect import Effect, Effects
from workbench.disclosure import MIN_ROWS
from workbench.explainers.explainer import Explainer, nearest
from workbench.explainers.grid import Grid, as_floats, kind_of
from workbench.explainers.inputs import Inputs
from workbench.explainers.response import Response
from workbench.explainers.stacks import copies_per_stack, stack

LEVEL = 0.95
STRONG_CORRELATION = 0.7
CORRELATED_ROWS = 5_000
ROUNDING = 1e-12  # relative to the largest prediction


class PartialDependence(Explainer):
    r"""The average prediction when a column is set to one value in all rows, value by value.

    .. math:: PD_j(v) = \sum_i w_i f(v, x_{i,-j}) / \sum_i w_i

    over the background rows :math:`x_i`, exactly. `Grid` says which values :math:`v` are shown.

    A column without a value to show, as too few rows stand behind each, is named in a warning; so may all columns be.

    The interval is about the shape alone, and about one error alone: that the background is a finite sample. With
    :math:`c_i(v) = f(v, x_{i,-j}) - mean_u f(u, x_{i,-j})`, the curve of row i less its own mean over the grid, it is
    :math:`PD_j(v) \pm 1.96 s(v)`, where s(v) is the standard error of the (weighted) mean of :math:`c_i(v)`. It is 0
    for a model that is additive in the column, and NaN for a single row. It says nothing of the error of the model.

    It misleads where the column moves with others: see `caution`.

    References
    ----------
    J. H. Friedman, 2001, "Greedy function approximation: a gradient boosting machine", doi 10.1214/aos/1013203451.
    """

    name = "partial_dependence"
    title = "Partial dependence"
    summary = "How the average prediction changes when one column is set to one value after another in all rows."
    reference = (
        "J. H. Friedman, 2001, Greedy function approximation: a gradient boosting machine, doi 10.1214/aos/1013203451"
    )
    caution = (
        "Where columns move together it averages over combinations that may not occur, and the model's answers there "
        "were never checked; an average can also hide effects that differ from row to row. It shows what the model "
        "does, not what causes what."
    )

    uses_background = True
    has_refits = has_noise = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of partial dependence."""

        features: tuple[str, ...] | None = pydantic.Field(None, description="columns to show; all where absent")
        grid_resolution: int = pydantic.Field(40, ge=2, le=1000, description="most values shown of a column of numbers")
        min_rows: int = pydantic.Field(
            MIN_ROWS, ge=1, description="fewest rows behind an extreme, a level or a bin that is shown; 10 in a study"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns, and values that fewer rows stand behind than a report may show."""
        for name in options.features or ():
            if name not in columns:
                yield "features", f"must name features of the data; got {name!r}{nearest(name, columns)}"
        if options.min_rows < MIN_ROWS:
            yield (
                "min_rows",
                f"must be at least {MIN_ROWS} in a study, whose results may be sent; got {options.min_rows}; fewer can "
                "be had from workbench.explain",
            )

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Effects:
        """Compute the effect of each column asked for.

        Raises
        ------
        ValueError
            If a feature is unknown.
        """
        effects, left_out = [], []
        positions = _positions(inputs, options.features)
        cautions = correlation_cautions(inputs, positions)
        for feature in positions:
            name = inputs.feature_names[feature]
            grid = Grid.of(inputs.column(feature), resolution=options.grid_resolution, min_rows=options.min_rows)
            if len(grid):
                own = (cautions[name],) if name in cautions else ()
                effects.append(cls._effect(inputs, options, feature, grid, own))
            else:
                left_out.append(f"{name} is not shown: no value has {options.min_rows} rows behind it")
        warnings = tuple(w for effect in effects for w in effect.provenance.warnings) + tuple(left_out)
        return Effects(
            effects=tuple(effects),
            n_background=len(inputs.background),
            provenance=cls.provenance(inputs, options, warnings=warnings),
        )

    @classmethod
    def _effect(cls, inputs: Inputs, options: Any, feature: int, grid: Grid, warnings: tuple[str, ...]) -> Effect:
        individual, outputs, scale = individual_curves(inputs, feature, grid)
        average = np.average(individual, axis=1, weights=inputs.sample_weight)
        half = NormalDist().inv_cdf(0.5 + LEVEL / 2) * _standard_error(individual, inputs.sample_weight)
        return Effect(
            feature=inputs.feature_names[feature],
            feature_kind=grid.kind,
            grid_values=grid.values,
            average=average.T,
            lower=(average - half).T,
            upper=(average + half).T,
            outputs=outputs,
            scale=scale,
            bin_edges=grid.bin_edges,
            bin_counts=grid.bin_counts,
            provenance=cls.provenance(inputs, options, warnings=warnings),
        )


def individual_curves(inputs: Inputs, feature: int, grid: Grid) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Predict every background row with one column set to each value of a grid.

    Returns
    -------
    individual : ndarray of shape (n_grid, n_background, n_outputs)
    outputs : tuple of str
    scale : str
    """
    n_rows = len(inputs.background)
    step = copies_per_stack(inputs.background)
    parts = []
    for start in range(0, len(grid), step):
        chosen = grid.positions[start : start + step]
        positions = np.repeat(chosen, n_rows).reshape(-1, n_rows)
        stacked = stack(inputs.background, feature, inputs.X, positions)
        response = Response.of(inputs.model, stacked, inputs.positive)
        parts.append(response.values.reshape(len(chosen), n_rows, -1))
    individual = np.concatenate(parts)
    # A matrix product may round a row by its place in the matrix: a column that is not used must come out exactly flat.
    if np.ptp(individual, axis=0).max() <= ROUNDING * np.abs(individual).max():
        individual[:] = individual[0]
    return individual, response.outputs, response.scale


def correlation_cautions(inputs: Inputs, features: Sequence[int]) -> dict[str, str]:
    """Warn of those of some columns of numbers, by name, whose rank correlation with another one is above 0.7 in size.

    Of more than 5,000 rows, 5,000 are drawn by the seed of the inputs.
    """
    numbers = {j: c for j in range(len(inputs.feature_names)) if kind_of(c := inputs.column(j)) == "number"}
    asked = [k for k, j in enumerate(numbers) if j in set(features)]
    if len(numbers) < 2 or not asked:
        return {}
    rows = np.arange(len(inputs.X))
    if len(rows) > CORRELATED_ROWS:
        drawn = np.random.default_rng(inputs.random_state).choice(len(rows), CORRELATED_ROWS, replace=False)
        rows = np.sort(drawn)
    values = np.column_stack([as_floats(column.iloc[rows], "number") for column in numbers.values()])
    correlation = rank_correlation(values, asked)
    correlation[np.arange(len(asked)), asked] = 0.0
    names = [inputs.feature_names[j] for j in numbers]
    cautions = {}
    for k, own in zip(asked, correlation, strict=True):
        partner = int(np.abs(own).argmax())
        if abs(own[partner]) > STRONG_CORRELATION:
            cautions[names[k]] = (
                f"{names[k]} moves with {names[partner]} (Spearman correlation {own[partner]:.2f}): "
                "partial dependence averages over combinations that may not occur"
            )
    return cautions


def rank_correlation(values: np.ndarray, chosen: Sequence[int]) -> np.ndarray:
    """Correlate the ranks of chosen columns with those of all, over the rows where both are known.

    A column is ranked once, among its own known values. 0 where a column is constant or fewer than 10 rows have both.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN where missing.
    chosen : sequence of int
        Positions of columns.

    Returns
    -------
    ndarray of shape (n_chosen, n_columns)
    """
    frame = pd.DataFrame(values)
    ranks = frame.rank() - (frame.count() + 1) / 2  # about 0, so that sums of products stay small
    known = frame.notna().to_numpy(dtype=float)
    r = ranks.fillna(0.0).to_numpy()
    ours, ours_known = r[:, chosen].T, known[:, chosen].T
    n = ours_known @ known
    sum_x, sum_y = ours @ known, ours_known @ r
    both = np.maximum(n, 1.0)
    var_x = (ours**2) @ known - sum_x**2 / both
    var_y = ours_known @ (r**2) - sum_y**2 / both
    covariance = ours @ r - sum_x * sum_y / both
    size = np.sqrt(np.maximum(var_x, 0.0) * np.maximum(var_y, 0.0))
    enough = (n >= MIN_ROWS) & (size > ROUNDING * n**3)
    return np.divide(covariance, size, out=np.zeros_like(size), where=enough)


def _standard_error(individual: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Give the standard error of the weighted mean over rows of curves less their own means, (n_grid, n_outputs)."""
    weight = np.ones(individual.shape[1]) if sample_weight is None else sample_weight
    n = np.count_nonzero(weight)
    if n < 2:
        return np.full((individual.shape[0], individual.shape[2]), np.nan)
    centred = individual - individual[0]  # exactly 0 where a curve is flat
    centred -= centred.mean(axis=0)
    deviation = centred - np.average(centred, axis=1, weights=weight)[:, None]
    share = (weight / weight.sum())[:, None]
    return np.sqrt((share**2 * deviation**2).sum(axis=1) * n / (n - 1))


def _positions(inputs: Inputs, features: tuple[str, ...] | None) -> list[int]:
    known = inputs.feature_names
    for name in features or ():
        if name not in known:
            raise ValueError(f"partial_dependence: features: unknown column {name!r}{nearest(name, known)}")
    return [known.index(name) for name in features] if features is not None else list(range(len(known)))
