"""Better probabilities from a model's own, by a map that becomes part of its form; judged on rows left out of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.calibration import Recalibration
from workbench.answers.finding import Finding
from workbench.evaluation.calibration import calibration
from workbench.evaluation.digits import spanned
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.row_losses import row_losses
from workbench.evaluation.shares import effective_rows
from workbench.forms.output import Recalibrated, output_to_dict
from workbench.probability_maps import fit_probability_map, mapped

_FOLDS = 5


def recalibration(
    predictions: Predictions, *, method: str = "sigmoid", folds: Any = None, level: float = 0.95, random_state: int = 0
) -> Recalibration:
    """Fit a map from probabilities to better ones, and measure calibration before it and after.

    After means: each row is judged by a map that was fitted to the rows of the other folds.

    Parameters
    ----------
    predictions : Predictions
        Of classes, for rows that the model has not seen: out-of-fold predictions, each row once.
    method : {"sigmoid", "isotonic"}
        See `workbench.probability_maps.fit_probability_map`.
    folds : array-like of int, shape (n_samples,), optional
        Rows with the same number are judged together; by default 5 folds at random. Rows that depend on each other
        (groups, repeats) must share one.
    level : float
    random_state : int

    Returns
    -------
    Recalibration

    Raises
    ------
    ValueError
        Where `fit_map` raises, or if the folds are not one number for each row, at least two different.

    Notes
    -----
    Scores beyond the log odds of one in a million count as these in the fit, as 0 and 1 have none; a form of log odds
    maps its scores as they are. The map belongs to models fitted on the folds' training rows; that of a model fitted on
    all rows, which is used, may be a little better calibrated. With fewer than some hundred rows a map can do more harm
    than good: read the gain.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(2000)
    >>> bold = np.where(rng.random(2000) < p, 0.99, 0.01) * 0.3 + 0.7 * np.where(p > 0.5, 0.95, 0.05)
    >>> came = rng.random(2000) < p
    >>> told = recalibration(Predictions.of(came, np.column_stack([1 - bold, bold]), classes=(False, True)))
    >>> told.gain_lower > 0, told.after.curves[0].error < told.before.curves[0].error
    (True, True)
    """
    n = predictions.n_rows
    parts = np.random.default_rng(random_state).permutation(n) % _FOLDS if folds is None else np.asarray(folds)
    numbers = np.unique(parts)
    if parts.shape != (n,) or len(numbers) < 2:
        raise ValueError(f"folds must be one number for each of {n} rows, at least two different; got {parts.shape}")
    output = fit_map(predictions, method)
    improved = np.empty_like(predictions.predicted)
    for number in numbers:
        inside = parts == number
        map_ = fit_map(predictions.take(np.flatnonzero(~inside)), method)
        improved[inside] = mapped(map_, predictions.predicted[inside])
    told = Provenance(
        method=f"{method} map, cross-fitted",
        parameters={"folds": len(numbers)},
        random_state=random_state,
        n_rows=n,
        exact=False,
    )
    after = predictions.but(improved)
    return _compared(predictions, after, method, output, told, level=level, random_state=random_state)


def applied_recalibration(
    before: Predictions,
    after: Predictions,
    *,
    method: str,
    output: Recalibrated,
    level: float = 0.95,
    random_state: int = 0,
) -> Recalibration:
    """Measure what the recalibration of a model does, which is a part of it.

    Parameters
    ----------
    before, after : Predictions
        Of the same rows, which neither the models nor the maps in them have seen: what the library gives, and what the
        models say.
    method : {"sigmoid", "isotonic"}
    output : Scaled or Monotone
        The map of the model that is used.
    level : float
    random_state : int

    Raises
    ------
    ValueError
        If the two are not about the same rows.
    """
    if not np.array_equal(before.y, after.y):
        raise ValueError(f"before and after must be about the same rows; got {before.n_rows} and {after.n_rows}")
    told = Provenance(
        method=f"{method} map, part of the model", random_state=random_state, n_rows=before.n_rows, exact=False
    )
    return _compared(before, after, method, output, told, level=level, random_state=random_state).but(applied=True)


def _compared(
    before: Predictions,
    after: Predictions,
    method: str,
    output: Recalibrated,
    provenance: Provenance,
    *,
    level: float,
    random_state: int,
) -> Recalibration:
    losses = [row_losses(each, "log_loss") for each in (before, after)]
    gain, half = _mean(losses[0] - losses[1], before.weight, level)
    return Recalibration(
        method=method,
        before=calibration(before, level=level, random_state=random_state),
        after=calibration(after, level=level, random_state=random_state),
        loss_before=float(np.average(losses[0], weights=before.weight)),
        loss_after=float(np.average(losses[1], weights=before.weight)),
        gain=gain,
        gain_lower=gain - half,
        gain_upper=gain + half,
        level=level,
        output=output_to_dict(output),
        provenance=provenance,
    )


def _mean(values: np.ndarray, weight: np.ndarray, level: float) -> tuple[float, float]:
    """Give the mean and half of its interval's width."""
    from scipy.special import stdtrit

    mean, effective = np.average(values, weights=weight), effective_rows(weight)
    error = np.sqrt(np.average((values - mean) ** 2, weights=weight) / max(effective - 1, 1))
    return float(mean), float(stdtrit(max(effective - 1, 1), (1 + level) / 2) * error)


def fit_map(predictions: Predictions, method: str = "sigmoid") -> Recalibrated:
    """Fit a map from probabilities to better ones, as `workbench.probability_maps.fit_probability_map` does.

    Raises
    ------
    ValueError
        Where that raises, or if a number is predicted.
    """
    if predictions.task == "regression":
        raise ValueError("recalibration maps probabilities; a predicted number has none: see its calibration")
    return fit_probability_map(predictions.predicted, predictions.y, predictions.weight, method)


def recalibration_finding(answer: Recalibration, *, about: str) -> Finding | None:
    """Make a finding where a map is shown to improve log loss, or a model's own map to harm it; else None."""
    if answer.applied:
        return _harm(answer, about) if answer.gain_upper < 0 else None
    if not answer.gain_lower > 0:
        return None
    gain = spanned(answer.gain, answer.gain_lower, answer.gain_upper, "log loss")
    return Finding(
        severity="low",
        title="Recalibration would improve the probabilities",
        evidence=f"A {answer.method} map, judged on rows that it was not fitted to, gains {gain}.",
        action=f"Set calibrate: {answer.method} for this model; the map becomes part of its form, the order of rows "
        "stays.",
        about=about,
        provenance=answer.provenance,
    )


def _harm(answer: Recalibration, about: str) -> Finding:
    loss = spanned(-answer.gain, -answer.gain_upper, -answer.gain_lower, "log loss")
    return Finding(
        severity="medium",
        title="Recalibration makes the probabilities worse",
        evidence=f"Against the library's own probabilities its {answer.method} map loses {loss} on rows left out.",
        action="Take calibrate out.",
        about=about,
        provenance=answer.provenance,
    )
