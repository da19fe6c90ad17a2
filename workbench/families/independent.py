"""Columns that don't follow from each other."""

from __future__ import annotations

import numpy as np

# of a column's length; what is left of it below this is rounding
_TOLERANCE = 1e-7


def independent_columns(Z: np.ndarray) -> np.ndarray:
    """Give the positions of columns that, with a constant, are linearly independent, in ascending order.

    Earlier columns are kept before later ones: each column is projected on those before it.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_inputs)

    Examples
    --------
    >>> x = np.arange(5.0)
    >>> independent_columns(np.column_stack([x, x * 2 + 1, x**2, np.ones(5)]))
    array([0, 2])
    """
    centred = Z - Z.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    # a constant column leaves only the rounding of its mean
    varies = length > 1e-12 * np.sqrt(len(Z)) * np.abs(Z).max(axis=0, initial=0.0)
    places = np.flatnonzero(varies & (length > 0))
    if not places.size:
        return places
    kept: list[int] = []
    basis = np.zeros((len(Z), 0))
    for j in places:
        column = centred[:, j] / length[j]
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # twice is enough
        size = float(np.linalg.norm(rest))
        if size > _TOLERANCE:
            basis = np.column_stack([basis, rest / size])
            kept.append(int(j))
    return np.array(kept, dtype=int)
