"""Maps from a model's probabilities to better ones: fitted, applied, and made a part of a form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.bins import even_bins
from workbench.disclosure import MIN_ROWS
from workbench.forms import Form, Identity, Logistic, Monotone, Scaled, Softmax, base
from workbench.forms.output import Recalibrated, log_odds

METHODS = ("sigmoid", "isotonic")
LEAST_ROWS = 2 * MIN_ROWS
_MOST_ENTRIES = 20
_TINY = 1e-6


def misfit(method: str, task: str) -> str:
    """Say why a map of this method does not go with a task, to follow the name of what asked for it; "" where it does.

    Examples
    --------
    >>> misfit("isotonic", "multiclass")
    "must be sigmoid for task multiclass, as isotonic maps the probability of the second of two; got 'isotonic'"
    """
    if method not in METHODS:
        return f"must be one of {', '.join(METHODS)}; got {method!r}"
    if task == "regression":
        return f"maps probabilities, and a regression predicts none: leave it out; got {method!r}"
    if method == "isotonic" and task == "multiclass":
        rule = "for task multiclass, as isotonic maps the probability of the second of two"
        return f"must be sigmoid {rule}; got {method!r}"
    return ""


def fit_probability_map(
    proba: np.ndarray, outcome: np.ndarray, weight: np.ndarray | None = None, method: str = "sigmoid"
) -> Recalibrated:
    r"""Fit a map from probabilities to better ones.

    sigmoid: of two classes :math:`\sigma(a + b\,\mathrm{logit}\,p)`, of several :math:`\mathrm{softmax}(a_c + b \log
    p_c)`, by the likelihood, held to the map that changes nothing by a penalty of :math:`(\log^2 b + \sum a^2) / 2`.

    isotonic: of two classes; the shares that came in at most 20 bins of at least 20 rows, made to rise by isotonic
    regression, straight in between. Each level counts one more row with the share of all, so that none is 0 or 1.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        For rows that the model has not seen.
    outcome : ndarray of shape (n_samples,)
        The class that came, by its position.
    weight : ndarray of shape (n_samples,), optional
        Above 0; their scale does not matter.
    method : {"sigmoid", "isotonic"}

    Returns
    -------
    Scaled or Monotone
        Over probabilities (`of` is the identity); `recalibrated` sets it after a form's own output.

    Raises
    ------
    ValueError
        If the method is unknown or can't do several classes, or there are fewer than 20 rows.

    Notes
    -----
    Misleads where the rows are unlike those to come, or were seen by the model: then the map makes probabilities bold.
    Isotonic maps give neighbouring probabilities the same value, so that fewer rows can be told apart.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines; Guo et al. (2017), arXiv 1706.04599, and Alexandari
    et al. (2020), arXiv 1901.06852 (temperature, with intercepts); Zadrozny and Elkan (2002), doi
    10.1145/775047.775151.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> score = rng.normal(0, 1, 5000)
    >>> came = rng.random(5000) < 1 / (1 + np.exp(-score))
    >>> bold = 1 / (1 + np.exp(-2 * score))
    >>> found = fit_probability_map(np.column_stack([1 - bold, bold]), came)
    >>> round(found.slope, 1)
    0.5
    """
    if rule := misfit(method, "binary" if proba.shape[1] == 2 else "multiclass"):
        raise ValueError(f"method {rule}")
    if len(proba) < LEAST_ROWS:
        raise ValueError(f"recalibration needs at least {LEAST_ROWS} rows; got {len(proba)}")
    weight = np.ones(len(proba)) if weight is None else weight / weight.mean()
    return (_sigmoid if method == "sigmoid" else _isotonic)(proba, np.asarray(outcome, dtype=float), weight)


def _sigmoid(p: np.ndarray, outcome: np.ndarray, weight: np.ndarray) -> Scaled:
    from scipy.optimize import minimize

    two = p.shape[1] == 2
    # of two classes the first one's score stays 0
    logs = np.column_stack([np.zeros(len(p)), log_odds(p[:, 1])]) if two else np.log(np.maximum(p, _TINY))
    came = outcome[:, None] == np.arange(p.shape[1])
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


def _isotonic(proba: np.ndarray, outcome: np.ndarray, weight: np.ndarray) -> Monotone:
    from sklearn.isotonic import isotonic_regression

    p = proba[:, 1]
    bins = even_bins(p, _MOST_ENTRIES, least=LEAST_ROWS)
    total = np.bincount(bins, weight)
    risen = isotonic_regression(np.bincount(bins, weight * outcome) / total, sample_weight=total, y_min=0, y_max=1)
    # bins that were made one level count as one; what the one more row does to levels of few rows may part their order
    level = np.cumsum(np.diff(risen, prepend=risen[:1]) != 0)
    rows = np.bincount(level, total)[level]
    held = (rows * risen + np.average(outcome, weights=weight)) / (rows + 1)
    risen = isotonic_regression(held, sample_weight=total, y_min=0, y_max=1)
    before = np.bincount(bins, weight * p) / total
    # between two equal neighbours an entry says nothing
    inner = np.zeros(len(risen), dtype=bool)
    inner[1:-1] = (risen[1:-1] == risen[:-2]) & (risen[1:-1] == risen[2:])
    return Monotone(Identity(), tuple(before[~inner].tolist()), tuple(risen[~inner].tolist()))


def reads_scores(output: Recalibrated) -> bool:
    """Tell whether a map reads the score itself: beyond one in a million its log odds still differ."""
    return isinstance(output, Scaled) and isinstance(output.of, Logistic | Softmax)


def mapped(output: Recalibrated, proba: np.ndarray) -> np.ndarray:
    """Give the probabilities that a map makes of others, whatever gave these; shape (n_samples, n_classes)."""
    output = replace(output, of=Identity())
    whole = proba.shape[1] > 2 or (isinstance(output, Scaled) and len(output.intercept) == 2)
    return output(proba) if whole else both(output(proba[:, 1:]))


def both(p: np.ndarray) -> np.ndarray:
    """Give the probabilities of all classes, of two where there is one number for the second."""
    return np.hstack([1.0 - p, p]) if p.shape[1] == 1 else p


def recalibrated(form: Form, output: Recalibrated) -> Form:
    """Give the form with a map of `fit_probability_map` after its own output: the score stays, probabilities change.

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
