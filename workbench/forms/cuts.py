"""Cut points: the exact float64 boundary of a comparison made in float32, and the decimal that texts print."""

from __future__ import annotations

import math

import numpy as np

from workbench.forms.frame import Floats


def float32_boundary(threshold: Floats) -> Floats:
    """Give the largest float64 b with: ``float32(x) <= threshold`` exactly where ``x <= b``.

    A float64 x is rounded to the nearest float32, ties to even. With f the largest float32 that is at most the
    threshold and g its successor, x rounds to f or below up to their midpoint, which itself goes to the even one.

    Parameters
    ----------
    threshold : ndarray of float64

    Returns
    -------
    ndarray of float64, same shape
    """
    given = np.asarray(threshold, dtype=np.float64)
    t = np.where(np.isinf(given), 0.0, given)
    with np.errstate(over="ignore"):
        f = t.astype(np.float32)
        f = np.where(f.astype(np.float64) > t, np.nextafter(f, np.float32(-np.inf)), f)
        g = np.nextafter(f, np.float32(np.inf))
        middle = f.astype(np.float64) + (g.astype(np.float64) - f.astype(np.float64)) / 2
        exact = np.where(middle.astype(np.float32) <= f, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isinf(given), given, exact)


def shortest_between(low: float, high: float) -> float:
    """Give the decimal with the fewest digits in [low, high), the nearest to the middle among equals.

    Examples
    --------
    >>> shortest_between(10.95, 11.05), shortest_between(0.1234, 0.5), shortest_between(1200.0, 1800.0)
    (11.0, 0.3, 1500.0)
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return low
    middle = low + (high - low) / 2
    largest = max(abs(low), abs(high))
    start = -math.floor(math.log10(largest)) if largest > 0 else 0
    for digits in range(start, start + 18):
        candidate = round(middle, digits) + 0.0
        if low <= candidate < high:
            return candidate
    return low


def shown_cuts(cuts: Floats, values: Floats) -> Floats:
    """Give for each cut the shortest decimal between the two training values that it separates.

    Parameters
    ----------
    cuts : ndarray of shape (n_cuts,)
    values : ndarray of shape (n_samples,)
        The training column; missing values are passed over.

    Returns
    -------
    ndarray of shape (n_cuts,)
        The cut itself where it is infinite or has no training value on one side.
    """
    distinct = np.unique(values[~np.isnan(values)])
    above = np.searchsorted(distinct, cuts, side="right")
    return np.array(
        [
            shortest_between(float(distinct[i - 1]), float(distinct[i])) if 0 < i < distinct.size else float(cut)
            for cut, i in zip(cuts, above, strict=True)
        ],
        dtype=np.float64,
    )
