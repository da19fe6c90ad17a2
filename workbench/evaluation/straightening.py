"""What predictions of a number would gain if what came on average took their place: how much their faults cost."""

from __future__ import annotations

import math

import numpy as np

from workbench.answers.calibration import Reliability

HINTS = {
    "too extreme": "It follows its training rows too closely: take a smaller or more regularized model.",
    "too timid": "It follows its training rows too little: allow it more terms, leaves or rounds.",
    "off in places": "Look where the bins part from the diagonal: a bend there is a shape that the model can't follow.",
}


def straightening_gain(curve: Reliability, spread: float, level: float = 0.95) -> tuple[float, float, float]:
    r"""Give the share of the target's variance that predictions f would explain more as a + b f, with its interval.

    .. math:: \frac{(1 - b)^2 \, Var(f) + (\bar y - \bar f)^2}{Var(y)}

    less what chance makes of both squares; b is the slope of what came on what was predicted. The ends are those of the
    intervals of slope and mean that are nearest to, and farthest from, 1 and 0, so that the lower end is above 0 only
    where one of them is shown to be off. It is what R² would gain on the same rows.

    Parameters
    ----------
    curve : Reliability
        Of a number.
    spread : float
        The target's standard deviation.
    level : float
        Of the curve's intervals.

    Returns
    -------
    gain, lower, upper : float
        All 0 where the target or the slope is not known to vary.

    Notes
    -----
    Var(f) is that of the bins' means, some hundredths too low. A line does not mend a bend: see `levelling_gain`.

    Examples
    --------
    >>> from workbench.evaluation.calibration import calibration
    >>> from workbench.evaluation.predictions import Predictions
    >>> rng = np.random.default_rng(0)
    >>> f = rng.normal(size=2000)
    >>> told = calibration(Predictions.of(0.7 * f + rng.normal(size=2000), f))
    >>> gain, lower, upper = straightening_gain(told.curves[0], told.spread)
    >>> lower < 0.3**2 / (0.7**2 + 1) < upper
    True
    """
    from scipy.special import ndtri

    if not spread > 0 or not math.isfinite(curve.slope):
        return 0.0, 0.0, 0.0
    z = float(ndtri((1 + level) / 2))
    share = curve.rows / curve.rows.sum()
    scaled = curve.predicted / spread
    variance = float(share @ (scaled - share @ scaled) ** 2)
    total = np.zeros(3)
    for weight, off, lower, upper in (
        (variance, 1 - curve.slope, 1 - curve.slope_upper, 1 - curve.slope_lower),
        (1.0, curve.intercept / spread, curve.intercept_lower / spread, curve.intercept_upper / spread),
    ):
        by_chance = ((upper - lower) / (2 * z)) ** 2
        near = 0.0 if lower <= 0 <= upper else min(abs(lower), abs(upper))
        total += weight * np.array([max(0.0, off**2 - by_chance), near**2, max(lower**2, upper**2)])
    gain, lower, upper = (float(value) for value in total)
    return gain, lower, upper


def levelling_gain(curve: Reliability, spread: float, level: float = 0.95) -> tuple[float, float]:
    r"""Give the share of the target's variance that predictions would explain more if each bin were moved to its mean.

    .. math:: G = \frac{1}{Var(y)} \sum_b \pi_b (d_b^2 - s_b^2), \qquad
        G - z \frac{1}{Var(y)} \sqrt{\sum_b \pi_b^2 (4 d_b^2 s_b^2 + 2 s_b^4)}

    with the bins' shares :math:`\pi_b`, what came less what was predicted :math:`d_b`, and its standard error
    :math:`s_b`, normal: a sum of squares less what chance makes of it, and the lower end of its interval.

    Returns
    -------
    gain, lower : float
        At least 0.
    """
    from scipy.special import ndtri, stdtrit

    if not spread > 0:
        return 0.0, 0.0
    share = curve.rows / curve.rows.sum()
    off = (curve.observed - curve.predicted) / spread
    error = (curve.upper - curve.lower) / (2 * spread * stdtrit(curve.rows - 1, (1 + level) / 2))
    gain = float(share @ (off**2 - error**2))
    noise = math.sqrt(float(share**2 @ (4 * off**2 * error**2 + 2 * error**4)))
    return max(0.0, gain), max(0.0, gain - float(ndtri((1 + level) / 2)) * noise)


def way_off(curve: Reliability) -> str:
    """Say in which way predictions are off: too extreme, too timid, too high, too low, or in places.

    Where both slope and mean of a number are shown to be off, the one that costs more is named.
    """
    sloped, moved = (
        not curve.slope_lower <= 1 <= curve.slope_upper,
        not curve.intercept_lower <= 0 <= curve.intercept_upper,
    )
    if sloped and moved and not curve.name:
        share = curve.rows / curve.rows.sum()
        variance = float(share @ (curve.predicted - share @ curve.predicted) ** 2)
        sloped = (1 - curve.slope) ** 2 * variance >= curve.intercept**2
    if sloped and math.isfinite(curve.slope):
        return "too extreme" if curve.slope < 1 else "too timid"
    if moved and math.isfinite(curve.intercept):
        return "too high" if curve.intercept < 0 else "too low"
    return "off in places"
