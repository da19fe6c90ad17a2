"""Better probabilities from a model's own, by a map that becomes part of its form; judged on rows left out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.calibration import Recalibration
from workbench.answers.finding import Finding
from workbench.disclosure import MIN_ROWS
from workbench.evaluation.bins import even_bins
from workbench.evaluation.calibration import calibration
from workbench.evaluation.digits import spanned
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.row_losses import row_losses
from workbench.evaluation.shares import effective_rows
from workbench.forms import Form, Identity, Monotone, Scaled, Softmax, base
from workbench.forms.output import Recalibrated, log_odds, output_to_dict

METHODS = ("sigmoid", "monotone")
_FOLDS = 5
_MOST_ENTRIES = 20


def recalibration(
    predictions: Predictions, *, method: str = "sigmoid", folds: Any = None, level: float = 0.95, random_state: int = 0
) -> Recalibration:
    """Fit a map from probabilities to better ones, and measure calibration before it and after.

    After means: each row is judged by a map that was fitted to the rows of the other folds.

    Parameters
    ----------
    predictions : Predictions
        Of classes, for rows that the model has not seen: out-of-fold predictions, each row once.
    method : {"sigmoid", "monotone"}
        See `fit_map`.
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
    after = predictions.but(improved)
    losses = [row_losses(each, "log_loss") for each in (predictions, after)]
    gain, half = _mean(losses[0] - losses[1], predictions.weight, level)
    return Recalibration(
        method=method,
        before=calibration(predictions, level=level, random_state=random_state),
        after=calibration(after, level=level, random_state=random_state),
        loss_before=float(np.average(losses[0], weights=predictions.weight)),
        loss_after=float(np.average(losses[1], weights=predictions.weight)),
        gain=gain,
        gain_lower=gain - half,
        gain_upper=gain + half,
        level=level,
        output=output_to_dict(output),
        provenance=Provenance(
            method=f"{method} map, cross-fitted",
            parameters={"folds": len(numbers)},
            random_state=random_state,
            n_rows=n,
            exact=False,
        ),
    )


def _mean(values: np.ndarray, weight: np.ndarray, level: float) -> tuple[float, float]:
    """Give the mean and half of its interval's width."""
    from scipy.special import stdtrit

    mean, effective = np.average(values, weights=weight), effective_rows(weight)
    error = np.sqrt(np.average((values - mean) ** 2, weights=weight) / max(effective - 1, 1))
    return float(mean), float(stdtrit(max(effective - 1, 1), (1 + level) / 2) * error)


def fit_map(predictions: Predictions, method: str = "sigmoid") -> Recalibrated:
    r"""Fit a map from probabilities to better ones.

    sigmoid: of two classes :math:`\sigma(a + b\,\mathrm{logit}\,p)`, of several :math:`\mathrm{softmax}(a_c + b \log
    p_c)`, by the likelihood, held to the map that changes nothing by a penalty of :math:`(\log^2 b + \sum a^2) / 2`.

    monotone: of two classes; the shares that came in at most 20 bins of at least 20 rows, made to rise by isotonic
    regression, straight in between. Each share counts one more row with the share of all, so that none is 0 or 1.

    Parameters
    ----------
    predictions : Predictions
        Of classes.
    method : {"sigmoid", "monotone"}

    Returns
    -------
    Scaled or Monotone
        Over probabilities (`of` is the identity); `recalibrated` sets it after a form's own output.

    Raises
    ------
    ValueError
        If a number is predicted, the method is unknown or can't do several classes, or there are fewer than 20 rows.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines; Guo et al. (2017), arXiv 1706.04599, and Alexandari
    et al. (2020), arXiv 1901.06852 (temperature, with intercepts); Zadrozny and Elkan (2002), doi
    10.1145/775047.775151.
    """
    if predictions.task == "regression":
        raise ValueError("recalibration maps probabilities; a predicted number has none: see its calibration")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if predictions.n_rows < 2 * MIN_ROWS:
        raise ValueError(f"recalibration needs at least {2 * MIN_ROWS} rows; got {predictions.n_rows}")
    if method == "sigmoid":
        return _sigmoid_map(predictions)
    if predictions.task == "multiclass":
        raise ValueError("method 'monotone' needs two classes; take 'sigmoid'")
    return _monotone_map(predictions)


def _sigmoid_map(predictions: Predictions) -> Scaled:
    from scipy.optimize import minimize

    two = predictions.task == "binary"
    p, weight = predictions.predicted, predictions.weight
    # of two classes the first one's score stays 0
    logs = np.column_stack([np.zeros(len(p)), log_odds(p[:, 1])]) if two else np.log(np.maximum(p, 1e-6))
    came = predictions.y[:, None] == np.arange(p.shape[1])
    held = np.arange(p.shape[1]) > 0 if two else np.ones(p.shape[1], dtype=bool)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slope, start = np.exp(parameters[0]), parameters[1:] * held
        score = start + slope * logs
        highest = score.max(axis=1, keepdims=True)
        total = highest[:, 0] + np.log(np.exp(score - highest).sum(axis=1))
        off = (Softmax()(score) - came) * weight[:, None]
        value = weight @ (total - score[came]) + (parameters**2).sum() / 2
        gradient = np.concatenate([[slope * (off * logs).sum()], off.sum(axis=0) * held]) + parameters
        return float(value), gradient

    bounds = [(-4, 4)] + [(None, None)] * p.shape[1]
    found = minimize(loss, np.zeros(1 + p.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    intercept = found[2:] if two else found[1:]
    return Scaled(Identity(), float(np.exp(found[0])), tuple(intercept.tolist()))


def _monotone_map(predictions: Predictions) -> Monotone:
    from sklearn.isotonic import isotonic_regression

    p, weight = predictions.predicted[:, 1], predictions.weight
    weight = weight / weight.mean()
    bins = even_bins(p, _MOST_ENTRIES, least=2 * MIN_ROWS)
    total = np.bincount(bins, weight)
    share = (np.bincount(bins, weight * predictions.y) + np.average(predictions.y, weights=weight)) / (total + 1)
    risen = isotonic_regression(share, sample_weight=total, y_min=0, y_max=1)
    before = np.bincount(bins, weight * p) / total
    # between two equal neighbours an entry says nothing
    inner = np.zeros(len(risen), dtype=bool)
    inner[1:-1] = (risen[1:-1] == risen[:-2]) & (risen[1:-1] == risen[2:])
    return Monotone(Identity(), tuple(before[~inner].tolist()), tuple(risen[~inner].tolist()))


def mapped(output: Recalibrated, proba: np.ndarray) -> np.ndarray:
    """Give the probabilities that a map of `fit_map` makes of others, shape (n_samples, n_classes)."""
    if proba.shape[1] > 2:
        return output(proba)
    p = output(proba[:, 1:])
    return np.hstack([1.0 - p, p])


def recalibrated(form: Form, output: Recalibrated) -> Form:
    """Give the form with a map of `fit_map` after its own output: score and size stay, probabilities change.

    A threshold of 0.5 stays: rows whose probability crosses it get another label. An earlier map is replaced.

    Raises
    ------
    ValueError
        If the form predicts a number, or the map is for another number of classes.
    """
    n = len(form.classes)
    if n < 2 or (n == 2) != (isinstance(output, Monotone) or len(output.intercept) == 1):
        raise ValueError(f"the map does not go with a form of {n} classes")
    own: Any = base(form.output)
    if isinstance(output, Scaled) and n == 2 and form.body.k == 2:
        output = replace(output, intercept=(0.0, *output.intercept))
    return replace(form, output=replace(output, of=own))


def recalibration_finding(answer: Recalibration, *, about: str) -> Finding | None:
    """Make a finding where a map is shown to improve log loss; else None. Low: it says what can be done."""
    if not answer.gain_lower > 0:
        return None
    gain = spanned(answer.gain, answer.gain_lower, answer.gain_upper, "log loss")
    return Finding(
        severity="low",
        title="Recalibration would improve the probabilities",
        evidence=f"A {answer.method} map, judged on rows that it was not fitted to, gains {gain}.",
        action="Recalibrate the model; the map becomes part of its form, the order of rows stays.",
        about=about,
        provenance=answer.provenance,
    )
