"""How likely a coincidence is: what chance explains is no finding."""

from __future__ import annotations

import math

import numpy as np

# A coincidence rarer than this, log(1e-9), has another reason than chance, in hundreds of columns too.
RARE = math.log(1e-9)


def same_order(codes: np.ndarray) -> float:
    """Log probability that another column with these values happens to hold them in the same rows.

    log(prod_v c_v! / n!), where c_v counts the rows with the value v.

    Parameters
    ----------
    codes : ndarray of int, shape (n_samples,)
        Each row's value, numbered from 0.

    Examples
    --------
    >>> round(math.exp(same_order(np.array([0, 0, 1, 1]))), 4)  # one of 6 orders
    0.1667
    """
    of_size = np.bincount(np.bincount(codes)).tolist()  # values with 0, 1, 2, ... rows
    return sum(m * math.lgamma(s + 1) for s, m in enumerate(of_size) if m) - math.lgamma(len(codes) + 1)


def same_parts(codes: np.ndarray) -> float:
    """Log probability that another column that parts the rows into sets of these sizes happens to part them alike.

    log(prod_v c_v! prod_s m_s! / n!), where c_v counts the rows with the value v, and m_s the values with s rows.

    Examples
    --------
    >>> round(math.exp(same_parts(np.array([0, 0, 1, 1]))), 4)  # one of 3 ways to make two pairs
    0.3333
    """
    of_size = np.bincount(np.bincount(codes))[1:].tolist()
    return same_order(codes) + sum(math.lgamma(m + 1) for m in of_size if m)


def all_differ(n: int, values: int) -> float:
    """Log probability that n draws from equally likely values all differ, sum over k < n of log(1 - k / values).

    Examples
    --------
    >>> round(math.exp(all_differ(23, 365)), 3)  # birthdays in a class
    0.493
    """
    return float(np.log1p(-np.arange(n) / values).sum()) if values >= n else -math.inf
