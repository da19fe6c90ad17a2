"""How often a diagnostic may raise a false alarm, and what asking many questions costs."""

from __future__ import annotations

from typing import Any

import numpy as np

# A diagnostic of one model raises a false alarm on clean data in at most this share of studies: a study asks some ten
# diagnostics of some ten models, so about one of its findings is due to chance.
RATE = 0.01


def holm(p_values: Any) -> np.ndarray:
    r"""Correct p-values for their number: the chance of any false alarm at alpha is at most alpha.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) p_{(j)})

    Parameters
    ----------
    p_values : array-like of shape (m,)
        However they depend on each other; NaN where a question could not be asked, which does not count.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03]).tolist()]
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=float)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    corrected = np.full(given.shape, np.nan)
    steps = np.minimum(1.0, given[order] * np.arange(len(order), 0, -1))
    corrected[order] = np.maximum.accumulate(steps)
    return corrected


def share_at_least(found: float, drawn: np.ndarray) -> float:
    """Give the Monte Carlo p-value (1 + draws that are at least as large) / (1 + draws): exact whatever their number.

    References
    ----------
    Phipson and Smyth (2010), Permutation p-values should never be zero, doi 10.2202/1544-6115.1585.

    Examples
    --------
    >>> share_at_least(2.0, np.array([0.5, 1.0, 3.0]))
    0.5
    """
    slack = 1e-9 * max(abs(found), 1.0)  # equal sums in another order of adding differ in their last digits
    return float((1 + np.count_nonzero(drawn >= found - slack)) / (1 + len(drawn)))


def chance_in_words(p_value: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> chance_in_words(0.0312), chance_in_words(2e-7)
    ('p = 0.031', 'p < 0.001')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
