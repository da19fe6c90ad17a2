"""Small games: how the Shapley value weighs coalitions, and the mean over background rows with its standard error."""

from __future__ import annotations

from math import comb

import numpy as np


def coalitions(n_players: int) -> np.ndarray:
    """Give all coalitions of n players, shape (2**n, n); player j belongs to coalition c where bit j of c is set.

    >>> coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (np.arange(2**n_players)[:, None] >> np.arange(n_players)) & 1 == 1


def size_weights(n_players: int) -> np.ndarray:
    """Give the weight s! (n - s - 1)! / n! of what a player adds to a coalition of s others, for s = 0, ..., n - 1."""
    return np.array([1.0 / (n_players * comb(n_players - 1, s)) for s in range(n_players)])


def shares(values: np.ndarray) -> np.ndarray:
    r"""Share out a game that is known in full among its players.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|! (n - |S| - 1)!}{n!} (v(S \cup j) - v(S))

    Parameters
    ----------
    values : ndarray of shape (2**n, ...)
        What each coalition is worth, in the order of `coalitions`.

    Returns
    -------
    ndarray of shape (n, ...)

    References
    ----------
    L. S. Shapley, 1953, "A value for n-person games", doi 10.1515/9781400881970-018.

    Examples
    --------
    Two players who are worth 4 only together share it:

    >>> shares(np.array([0.0, 0.0, 0.0, 4.0])).tolist()
    [2.0, 2.0]
    """
    n_players = len(values).bit_length() - 1
    sizes = coalitions(n_players).sum(axis=1)
    weights = size_weights(n_players)
    out = np.empty((n_players, *values.shape[1:]))
    for j in range(n_players):
        without = _without(j, len(values))
        out[j] = np.tensordot(weights[sizes[without]], values[without | 1 << j] - values[without], axes=1)
    return out


def most_added(values: np.ndarray) -> np.ndarray:
    """Give the most, up or down, that each player adds to any coalition of a game as in `shares`, shape (n, ...)."""
    n_players = len(values).bit_length() - 1
    out = np.empty((n_players, *values.shape[1:]))
    for j in range(n_players):
        without = _without(j, len(values))
        out[j] = np.abs(values[without | 1 << j] - values[without]).max(axis=0)
    return out


def _without(j: int, n_coalitions: int) -> np.ndarray:
    """Give the coalitions that a player does not belong to."""
    every = np.arange(n_coalitions)
    return every[every >> j & 1 == 0]


def signed_weights(masks: np.ndarray) -> np.ndarray:
    """Give the weight of each coalition's worth in each player's share, shape (n_players, n_coalitions)."""
    n_players = masks.shape[1]
    weights, sizes = size_weights(n_players), masks.sum(axis=1)
    inside = weights[np.maximum(sizes - 1, 0)]
    outside = weights[np.minimum(sizes, n_players - 1)]
    return np.where(masks.T, inside, -outside)


class BackgroundMean:
    r"""The weighted mean over background rows, which come in blocks, and the standard error that so few rows leave.

    With shares :math:`w_b` that add up to 1 over n rows, the error of :math:`m = \sum_b w_b c_b` is
    :math:`\sqrt{n / (n - 1) \sum_b w_b^2 (c_b - m)^2}`; NaN for a single row.
    """

    def __init__(self) -> None:
        self._n = 0
        self._first: np.ndarray | None = None
        self._sums: list[np.ndarray] = []

    def add(self, contributions: np.ndarray, share: np.ndarray) -> None:
        """Take in a block: contributions of shape (n_block, ...), and the share of each of its rows."""
        if self._first is None:
            self._first = contributions[0].copy()
            self._sums = [np.zeros_like(self._first) for _ in range(3)] + [np.zeros(1)]
        moved = contributions - self._first  # so that what does not vary has an error of exactly 0
        self._sums[0] += np.tensordot(share, moved, axes=1)
        self._sums[1] += np.tensordot(share**2, moved, axes=1)
        moved *= moved
        self._sums[2] += np.tensordot(share**2, moved, axes=1)
        self._sums[3] += (share**2).sum()
        self._n += len(share)

    @property
    def mean(self) -> np.ndarray:
        """The weighted mean, of the shape of one contribution."""
        if self._first is None:
            raise ValueError("background: it must have at least one row with a weight")
        total: np.ndarray = self._first + self._sums[0]
        return total

    @property
    def error(self) -> np.ndarray:
        """The standard error of the mean, of the same shape."""
        if self._n < 2:
            return np.full_like(self.mean, np.nan)
        mean, linear, square, of_shares = self._sums
        variance = square - 2.0 * mean * linear + mean**2 * of_shares
        found: np.ndarray = np.sqrt(np.maximum(variance, 0.0) * self._n / (self._n - 1))
        return found
