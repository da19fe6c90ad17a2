"""Shares of rows, and intervals of these."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def wilson(share: Any, n: Any, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the score interval of a share of n independent rows.

    .. math:: \frac{\hat p + z^2 / 2n \pm z \sqrt{\hat p (1 - \hat p) / n + z^2 / 4n^2}}{1 + z^2 / n}

    Parameters
    ----------
    share : array-like of float
        Between 0 and 1.
    n : array-like of float
        Rows; of weighted rows the effective number, (sum w)^2 / sum w^2.
    level : float

    Returns
    -------
    lower, upper : ndarray

    References
    ----------
    Wilson (1927), doi 10.1080/01621459.1927.10502953; Brown, Cai and DasGupta (2001), doi 10.1214/ss/1009213286.

    Examples
    --------
    >>> lower, upper = wilson(0.2, 50)
    >>> round(float(lower), 3), round(float(upper), 3)
    (0.112, 0.33)
    """
    from scipy.special import ndtri

    p, n = np.asarray(share, dtype=float), np.asarray(n, dtype=float)
    z = float(ndtri((1 + level) / 2))
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # at 0 and 1 rounding would leave a bound a hair outside
    return np.clip((middle - half) / (1 + z**2 / n), 0, 1), np.clip((middle + half) / (1 + z**2 / n), 0, 1)


def rows_behind(share: float, lower: float, upper: float, level: float = 0.95) -> float:
    r"""Give the number of independent rows whose share has this interval of `wilson`.

    With :math:`a = z^2 / n` and half the interval's width h, :math:`h^2 (1 + a)^2 = a\,p (1 - p) + a^2 / 4`.

    Examples
    --------
    >>> round(rows_behind(0.2, *wilson(0.2, 50)), 6), round(rows_behind(0.0, *wilson(0.0, 50)), 6)
    (50.0, 50.0)
    """
    from scipy.special import ndtri

    z, h = float(ndtri((1 + level) / 2)), float(upper - lower) / 2
    p = share * (1 - share)
    # (1/4 - h^2) a^2 + (p - 2 h^2) a - h^2 = 0
    square, line = 0.25 - h**2, p - 2 * h**2
    a = (-line + math.sqrt(line**2 + 4 * square * h**2)) / (2 * square)
    return z**2 / a


def effective_rows(weight: np.ndarray) -> float:
    """Give the number of equally weighted rows that say as much, (sum w)^2 / sum w^2.

    Examples
    --------
    >>> effective_rows(np.array([1.0, 1.0, 2.0]))
    2.6666666666666665
    """
    return float(weight.sum() ** 2 / (weight**2).sum())
