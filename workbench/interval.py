"""The mean of fold scores with an interval that knows that folds share their training rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A mean with its interval.

    Attributes
    ----------
    mean, lower, upper, standard_error : float
        NaN where there are too few scores (the mean needs one, the others two) or they are too large to be squared.
    level : float
        The coverage that the interval aims at.
    n_scores : int
        The scores that there were, NaN left out.
    """

    mean: float
    lower: float
    upper: float
    standard_error: float
    level: float
    n_scores: int

    @property
    def half_width(self) -> float:
        """Half of upper minus lower."""
        return (self.upper - self.lower) / 2


def corrected_interval(scores: Any, *, n_train: Any, n_test: Any, level: float = 0.95) -> Interval:
    r"""Give the mean of J fold scores with the corrected resampled interval.

    .. math:: \bar s \pm t_{J-1} \sqrt{\left(\frac{1}{J} + \frac{n_{test}}{n_{train}}\right) \hat\sigma^2}

    with the sample variance (divisor J - 1) of the scores. Training parts overlap, so fold scores are dependent and
    s / sqrt(J) is far too small; the second term makes up for it.

    Parameters
    ----------
    scores : array-like of shape (n_scores,)
        One score per fold, over all repeats; NaN where a score is undefined, which is left out and not counted.
    n_train, n_test : int or array-like of shape (n_scores,)
        Rows that each fold trains on and tests; of several, the mean ratio counts. n_test = 0 gives Student's interval.
    level : float
        Between 0 and 1.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If a score is infinite, n_train is not positive, n_test negative, or the level outside (0, 1).

    Notes
    -----
    The correction is an approximation: the interval tends to be too wide for stable models. It takes folds as drawn at
    random, so forward in time, where training parts grow, it is a rough guide only.

    References
    ----------
    Nadeau and Bengio (2003), Inference for the generalization error, doi 10.1023/A:1024068626366; for repeated K-fold,
    Bouckaert and Frank (2004), doi 10.1007/978-3-540-24775-3_3.

    Examples
    --------
    >>> interval = corrected_interval([0.30, 0.34, 0.38, 0.35, 0.33], n_train=80, n_test=20)
    >>> round(interval.mean, 3), round(interval.lower, 3), round(interval.upper, 3)
    (0.34, 0.286, 0.394)
    """
    from scipy.special import stdtrit

    scores = np.asarray(scores, dtype=float)
    n_train, n_test = np.asarray(n_train, dtype=float), np.asarray(n_test, dtype=float)
    if np.isinf(scores).any():
        raise ValueError(f"scores must be finite or NaN; score {int(np.argmax(np.isinf(scores)))} is infinite")
    if not ((n_train > 0).all() and (n_test >= 0).all()):
        raise ValueError("n_train must be positive and n_test at least 0")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; got {level!r}")
    present = scores[~np.isnan(scores)]
    n = len(present)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(present.mean()) if n else math.nan
        variance = float(present.var(ddof=1)) if n > 1 else math.nan
    if not math.isfinite(variance):
        return Interval(mean if math.isfinite(mean) else math.nan, math.nan, math.nan, math.nan, level, n)
    error = math.sqrt((1 / n + float(np.mean(n_test / n_train))) * variance)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return Interval(mean, mean - half, mean + half, error, level, n)
