"""The coefficients of a generalized linear model in the columns' own units, with standard errors where valid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import t

from workbench.answers import Details, Provenance
from workbench.forms import Affine, Input, IsMissing, Lookup

_CONFIDENCE = 0.95


def coefficient_table(fitted: Any, inputs: Sequence[Input]) -> Details:
    """List the coefficients of a fit by glum, per unit of each column, with 95% intervals by Student's t.

    Parameters
    ----------
    fitted : GeneralizedLinearRegressor
        With ``kept_``, the positions of the inputs that have coefficients, ``errors_``, their standard errors or None,
        and ``free_degrees_``.
    inputs : sequence of Input
        Those that are no offsets.
    """
    errors = fitted.errors_
    place = {int(j): i for i, j in enumerate(fitted.kept_)}
    rows: list[tuple[Any, ...]] = []
    for j, source in enumerate(inputs):
        found: list[float | None] = [None] * 5
        scale = source.scale if isinstance(source, Affine) else 1.0
        if j in place:
            found[0] = float(fitted.coef_[place[j]]) / scale
        if j in place and errors is not None:
            found[1:] = _interval(found[0] or 0.0, errors[place[j]] / scale, fitted.free_degrees_)
        rows.append((_name(source), *found))
    note = "Per unit of the column, on the scale of the link."
    if errors is not None:
        if any(isinstance(each, Lookup) for each in inputs):
            note += " A level is read against the level of its column that is not listed."
    else:
        note += f" {_why_none(fitted)} have no valid standard errors."
    if len(place) < len(rows):
        note += " A line without numbers follows from other columns, and is left out."
    provenance = Provenance(method="Wald intervals, expected information, estimated dispersion (glum)")
    heads = ("Term", "Coefficient", "Standard error", "Lower 95%", "Upper 95%", "p-value")
    return Details(provenance=provenance, title="Coefficients", columns=heads, rows=tuple(rows), note=note)


def standard_errors(fitted: Any, given: tuple[Any, ...]) -> np.ndarray | None:
    """Give the standard errors of the coefficients, sqrt(phi diag (X' W X)^-1), phi Pearson's estimate.

    None where nothing is left to estimate phi from: as many coefficients as rows, or a fit without any residual. glum
    3.4 divides by the degrees of freedom twice: in its estimate of phi, and again in its covariance.
    """
    if fitted.free_degrees_ <= 0:
        return None
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            found: np.ndarray = fitted.std_errors(*given)[1:]
    except (ValueError, np.linalg.LinAlgError):
        return None
    if not (np.isfinite(found) & (found > 0)).all():
        return None
    return found * np.sqrt(fitted.free_degrees_ / fitted.n_rows_)


def _why_none(fitted: Any) -> str:
    if fitted.alpha != 0.0:
        return "Penalized coefficients"
    return "Coefficients that leave no residual" if fitted.lower_bounds is None else "Bounded coefficients"


def _interval(estimate: float, error: float, degrees: float) -> list[float]:
    """Give standard error, both ends of the 95% interval, and the two-sided p-value, by Student's t."""
    half = float(t.ppf(0.5 + _CONFIDENCE / 2, degrees)) * error
    return [float(v) for v in (error, estimate - half, estimate + half, 2 * t.sf(abs(estimate) / error, degrees))]


def _name(source: Input) -> str:
    if isinstance(source, IsMissing):
        return f"{source.column} is missing"
    if isinstance(source, Lookup):
        top = int(np.argmax(source.table))
        level = (*source.levels, "any other", "missing")[top]
        return f"{source.column} is {level}"
    return source.column
