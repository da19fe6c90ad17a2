"""How far the values of a column lie apart: the unit that differences are counted in."""

from __future__ import annotations

import numpy as np

_NORMAL = 1.4826  # the standard deviation of a normal distribution, in median absolute deviations


def spread(numbers: np.ndarray) -> float:
    r"""Give a robust spread, ``1.4826 * median |x - median x|``; the standard deviation where that is 0.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows,)
        NaN where missing.

    Returns
    -------
    float
        1.0 for a column without two different values, or of values too far apart for float64.

    Examples
    --------
    >>> round(spread(np.array([1.0, 2.0, 3.0, 4.0, 1000.0])), 4), spread(np.array([0.0, 0.0, 0.0, 2.0, np.nan]))
    (1.4826, 0.8660254037844386)
    >>> spread(np.full(5, 7.0))
    1.0
    """
    known = numbers[~np.isnan(numbers)]
    if len(known) < 2 or np.all(known == known[0]):
        return 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        found = _NORMAL * float(np.median(np.abs(known - np.median(known)))) or float(known.std())
    return found if np.isfinite(found) and found > 0 else 1.0
