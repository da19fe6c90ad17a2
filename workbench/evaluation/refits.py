"""Where refits of a learner would lie: bands on explanations, from the models that the folds have trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.answers import Answer, Effect, Effects, Importance, RefitBand

# At most this share of the variance is put down to the noise of single fits: with few repeats it is estimated from
# few numbers, and bands that trust it wholly cover too little (tests/benchmarks/refit_coverage.py).
MOST_NOISE = 0.5


def refit_band(
    arrays: Sequence[Any],
    *,
    n_train: Any,
    n_test: Any,
    repeat: Sequence[int] | None = None,
    own_rows: bool = False,
    level: float = 0.95,
) -> RefitBand:
    r"""Give the mean of an explanation over J refits, element by element, and a band for its expectation.

    The refits stand on training parts that overlap, so they are alike, and s / sqrt(J) is far too small a standard
    error. Two corrections, for two questions:

    *The same rows were explained by all refits* (partial dependence on one background, importance on one holdout). Then
    only the training rows differ, each refit is the learner without one fold, and the variance is that of the delete-d
    jackknife,

    .. math:: v = \left((1 - \lambda) \frac{K - 1}{K} \frac{n_{train}}{n_{test}} + \frac{\lambda}{J}\right) s_w^2

    with K refits in each repeat and s_w² their sample variance within repeats (divisor K - 1, averaged over repeats);
    with λ = 0 it is n_train / n_test times the mean squared deviation of the refits. λ is the share of s_w² that is
    noise of single fits: K times the variance of the means of the repeats over s_w², both summed over all elements. For
    what is a mean over training rows the means of repeats agree, λ is 0 and v unbiased, as it is where single fits add
    noise of their own; for a learner that depends on rows in combination (a tree) v is too large rather than too small.
    λ is 0 where there is one repeat, and never more than 0.5.

    *Each refit was explained on its own test rows* (`own_rows`). Then these differ too, and add the noise of scores:

    .. math:: v = \left(\frac{1}{J} + \frac{n_{test}}{n_{train}}\right) s^2

    with s² the sample variance of all J, as for scores.

    The band is mean ± t sqrt(v), with t the quantile of Student's distribution for as many degrees of freedom as the
    variance has: J less the number of repeats, or J - 1.

    Parameters
    ----------
    arrays : sequence of array-like, all of one shape
        The explanation of each refit.
    n_train, n_test : int or array-like of shape (n_refits,)
        Rows that each refit was trained on, and that it was not; of several the mean ratio counts.
    repeat : sequence of int, optional
        The repeat that each refit belongs to; all to one when absent.
    own_rows : bool
        Whether each refit was explained on its own test rows.
    level : float
        Between 0 and 1.

    Returns
    -------
    RefitBand
        Bounds are NaN with fewer than two refits in a repeat, and where a value is NaN for one refit.

    Raises
    ------
    ValueError
        If there is no refit, shapes differ, a value is infinite, a number of rows is not positive, or the level is
        outside (0, 1).

    Notes
    -----
    The expectation is that over training sets of n_train rows, so of a learner that has fewer rows than the saved
    model, and it is the learner's: where that is biased, the truth may lie outside. Each element has its own band; a
    whole curve leaves its band more often. Folds forward in time differ in more than their rows: then it is a rough
    guide only. `tests/benchmarks/refit_coverage.py` counts how often bands cover, by simulation.

    With 5 folds the variance for test scores of Nadeau and Bengio is a tenth of what the mean of linear models on one
    background has: their correction takes refits as correlated by n_test / (n_train + n_test) = 0.2, and these are by
    0.8.

    References
    ----------
    J. Shao and C. F. J. Wu, 1989, "A general theory for jackknife variance estimation", doi 10.1214/aos/1176347263;
    B. Efron and C. Stein, 1981, "The jackknife estimate of variance" (it is too large rather than too small),
    doi 10.1214/aos/1176345462; C. Nadeau and Y. Bengio, 2003, "Inference for the generalization error",
    doi 10.1023/A:1024068626366; C. Molnar et al., 2023, "Relating the partial dependence plot and permutation feature
    importance to the data generating process" (the learner's effect and importance, and bands of refits),
    doi 10.1007/978-3-031-44064-9_24.

    Examples
    --------
    >>> band = refit_band([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], n_train=20, n_test=10)
    >>> band.mean.round(2).tolist(), band.lower.round(2).tolist(), band.upper.round(2).tolist()
    ([2.0, 5.0], [-2.97, 5.0], [6.97, 5.0])
    """
    from scipy.special import stdtrit

    values = _checked(arrays)
    train, test = np.asarray(n_train, dtype=float), np.asarray(n_test, dtype=float)
    if not ((train > 0).all() and (test > 0).all()):
        raise ValueError("refits: n_train and n_test must be positive")
    if not 0 < level < 1:
        raise ValueError(f"refits: level must be between 0 and 1; got {level!r}")
    n = len(values)
    about = values - values[0]  # exactly 0 where all refits agree
    if own_rows:
        degrees = n - 1
        factor = 1 / n + float(np.mean(test / train))
        variance = about.var(axis=0, ddof=1) * factor if degrees else np.full(about.shape[1:], math.nan)
    else:
        groups = _repeats(about, repeat)
        degrees = n - len(groups)
        variance = _jackknife(groups, float(np.mean(train / test)))
    half = float(stdtrit(degrees, (1 + level) / 2)) * np.sqrt(variance) if degrees else variance
    mean = values[0] + about.mean(axis=0)
    return RefitBand(mean=mean, lower=mean - half, upper=mean + half, n_refits=n, level=level)


def _checked(arrays: Sequence[Any]) -> np.ndarray:
    found = [np.asarray(array, dtype=float) for array in arrays]
    if not found:
        raise ValueError("refits: at least one refit is needed; got none")
    if shapes := {array.shape for array in found} - {found[0].shape}:
        raise ValueError(f"refits: all must have the shape of the first, {found[0].shape}; got {min(shapes)}")
    values = np.stack(found)
    if np.isinf(values).any():
        raise ValueError("refits: values must be finite or NaN; got an infinite one")
    return values


def _repeats(values: np.ndarray, repeat: Sequence[int] | None) -> list[np.ndarray]:
    """Part the refits by repeat."""
    which = np.zeros(len(values), dtype=int) if repeat is None else np.asarray(repeat)
    if which.shape != (len(values),):
        raise ValueError(f"refits: repeat must have one entry per refit, {len(values)}; got shape {which.shape}")
    return [values[which == one] for one in np.unique(which)]


def _jackknife(groups: list[np.ndarray], ratio: float) -> np.ndarray:
    """Give the variance of the mean over all refits; `ratio` is n_train / n_test."""
    n = sum(map(len, groups))
    degrees = n - len(groups)
    if not degrees:
        return np.full(groups[0].shape[1:], math.nan)
    within = np.sum([((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups], axis=0) / degrees
    size = n / len(groups)
    noise = 0.0
    if len(groups) > 1 and np.nansum(within) > 0:
        between = size * np.var([group.mean(axis=0) for group in groups], axis=0, ddof=1)
        noise = min(MOST_NOISE, float(np.nansum(between) / np.nansum(within)))
    variance: np.ndarray = within * ((1 - noise) * ratio * (size - 1) / size + noise / n)
    return variance


def with_refits(answer: Answer, refits: Sequence[Any], **folds: Any) -> Answer:
    """Give effects or an importance with the band of the same answer about each refit.

    Parameters
    ----------
    answer : Answer
        What is neither comes back as it is.
    refits : sequence of Answer
    **folds
        What `refit_band` takes.

    Returns
    -------
    Answer
        With a warning for each column whose effect a refit shows at other values: it has no band.
    """
    if isinstance(answer, Importance):
        return answer.but(refits=refit_band([each.importances_mean for each in refits], **folds))
    if not isinstance(answer, Effects):
        return answer
    effects, warnings = [], []
    for effect in answer.effects:
        same = [_same(effect, each) for each in refits]
        if any(one is None for one in same):
            warnings.append(f"{effect.feature} has no band of refits: they show it at other values")
            effects.append(effect)
        else:
            curves = [one.average for one in same if one]
            # about their means: that all curves of a refit lie higher or lower says nothing of where they go
            shape = refit_band([curve - curve.mean(axis=1, keepdims=True) for curve in curves], **folds)
            effects.append(effect.but(refits=refit_band(curves, **folds), flat_fits=_holds_flat(shape)))
    return warned(answer.but(effects=tuple(effects)), *warnings)


def _same(effect: Effect, refit: Effects) -> Effect | None:
    found = next((e for e in refit.effects if e.feature == effect.feature), None)
    alike = found is not None and (found.grid_values, found.outputs) == (effect.grid_values, effect.outputs)
    return found if alike else None


def warned(answer: Answer, *warnings: str) -> Answer:
    """Give an answer with more warnings."""
    if not warnings:
        return answer
    told = (*answer.provenance.warnings, *warnings)
    return answer.but(provenance=replace(answer.provenance, warnings=told))


def undecided(effects: Effects) -> tuple[str, ...]:
    """Name the columns along which predictions move, and refits, each about its mean, may as well not."""
    return tuple(one.feature for one in effects.effects if one.flat_fits and np.ptp(one.average, axis=1).any())


def _holds_flat(band: RefitBand) -> bool | None:
    """Tell whether a flat line lies within a band of curves, (n_outputs, n_grid), of each output; None if unknown."""
    if not np.isfinite([band.lower, band.upper]).all():
        return None
    return bool((band.lower.max(axis=1) <= band.upper.min(axis=1)).all())
