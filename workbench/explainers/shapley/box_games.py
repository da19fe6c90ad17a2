"""The Shapley values of one box's game, over patterns of which of its conditions a row meets.

A row x and a background row z play a game on the d columns of a box: a coalition S takes its columns from x, the others
from z, and is worth 1 where all conditions hold. Let x fail m conditions that z meets, and z fail k that x meets. If
some condition fails for both, every value is 0; otherwise

    phi_j = (k - 1)! m! / (k + m)!    for the k columns where z fails,
    phi_j = -k! (m - 1)! / (k + m)!   for the m columns where x fails,

and 0 for the rest: S has to hold all of the k columns and none of the m. As integrals over t in [0, 1] these are
``t**(k-1) (1-t)**m`` and ``t**k (1-t)**(m-1)``: polynomials of degree at most d - 1, for which Gauss-Legendre with
ceil(d / 2) nodes is exact.
"""

from __future__ import annotations

import numpy as np

from workbench.forms.frame import Bools, Floats, Ints


def nodes(d: int) -> tuple[Floats, Floats]:
    """Give nodes and weights on [0, 1] that integrate polynomials of degree d - 1 exactly."""
    t, weight = np.polynomial.legendre.leggauss((d + 1) // 2)
    return (t + 1) / 2, weight / 2


def pattern_values(weight: Floats) -> Floats:
    """Give the Shapley values of a row of every pattern against a background.

    With ``W_t(x) = sum of w_z t**(k_z - 1)`` over the background rows z that meet all that x fails, sums over supersets
    for all x at once, the gains are ``integral of (1-t)**m (W_t(x) - W_t(x and j))`` (of the rows that fail j), the
    losses ``integral of t (1-t)**(m-1) W_t(x)``.

    Parameters
    ----------
    weight : ndarray of shape (2**d, n_boxes)
        The weight of the background rows of each pattern; bit j of a pattern is whether condition j is met.

    Returns
    -------
    ndarray of shape (d, 2**d, n_boxes)
        The value of each condition's column for a row of each pattern; bit j is whether condition j is *failed*.
    """
    n_patterns, n_boxes = weight.shape
    d = n_patterns.bit_length() - 1
    bits = np.bitwise_count(np.arange(n_patterns)).astype(np.intp)
    t, w = nodes(d)
    powers = np.zeros((d + 1, len(t)))  # of t, by k; a row that meets everything is dealt with below
    powers[1:] = t ** np.arange(d)[:, None]
    sums = weight[:, None, :] * powers[d - bits][:, :, None]
    for j in range(d):
        halves = sums.reshape(-1, 2, 2**j * len(t) * n_boxes)
        halves[:, 0] += halves[:, 1]
    m = bits[:, None]
    # one less, for x with j added, which fails one more; never used where x fails nothing
    less = w * (1 - t) ** np.maximum(m - 1, 0)
    mixed = np.matmul(np.stack([w * (1 - t) ** m, less, t * less], axis=1), sums)
    gain, gain_less, loss = mixed[:, 0], mixed[:, 1], mixed[:, 2]
    loss += weight[-1] / np.maximum(m, 1)
    values = np.empty((d, n_patterns, n_boxes))
    for j in range(d):
        shape = (-1, 2, 2**j, n_boxes)
        out = values[j].reshape(shape)
        np.subtract(gain.reshape(shape)[:, 0], gain_less.reshape(shape)[:, 1], out=out[:, 0])
        np.negative(loss.reshape(shape)[:, 1], out=out[:, 1])
    return values


def share_values(failed: Bools, share: Floats) -> Floats:
    """Give the Shapley values where a column outside the coalition counts by its share of training rows.

    ``phi_j = (a_j - r_j) integral of product over i != j of (t a_i + (1 - t) r_i)``, with a_i = 1 where the row meets
    condition i and r_i its share.

    Parameters
    ----------
    failed : ndarray of bool, shape (d, n_boxes or 1, n_patterns)
    share : ndarray of shape (n_boxes, d)

    Returns
    -------
    ndarray of shape (d, n_boxes, n_patterns)
    """
    d, n_boxes, n_patterns = len(failed), len(share), failed.shape[2]
    values = np.zeros((d, n_boxes, n_patterns))
    for t, w in zip(*nodes(d), strict=True):
        met = t + (1 - t) * share
        # where x fails, what is left without the column is the same for all of them: it has (1 - t) share as factor
        product = np.full((n_boxes, n_patterns), w)
        for j in range(d):
            product *= np.where(failed[j], ((1 - t) * share)[:, j, None], met[:, j, None])
        for j in range(d):
            gain = ((1 - share) / met)[:, j, None]
            values[j] += product * np.where(failed[j], -1 / (1 - t), gain)
    return values


def pair_values(failed: Ints, others: Ints, weight: Floats, d: int) -> Floats:
    """Give the Shapley values of rows against background rows, pair by pair: for boxes of many columns.

    Parameters
    ----------
    failed : ndarray of uint16, shape (n_words, n_boxes, n_samples)
        The conditions that each row fails, 16 a word.
    others : ndarray of uint16, shape (n_words, n_boxes, n_background)
    weight : ndarray of shape (n_background,)
    d : int
        The number of conditions.

    Returns
    -------
    ndarray of shape (d, n_boxes, n_samples)
    """
    n_boxes, n = failed.shape[1:]
    live = (failed[0][:, :, None] & others[0][:, None, :]) == 0
    for mine, theirs in zip(failed[1:], others[1:], strict=True):
        live &= (mine[:, :, None] & theirs[:, None, :]) == 0
    pair, z = np.divmod(np.flatnonzero(live), live.shape[2])
    values = np.zeros((16 * len(failed), n_boxes, n))
    if not pair.size:
        return values[:d]
    at = pair // n * live.shape[2] + z
    m = np.bitwise_count(failed).sum(axis=0).ravel()[pair]
    k = np.bitwise_count(others).sum(axis=0).ravel()[at]
    gains, losses = _pair_weights(d)
    gain, loss = (gains[k, m] * weight[z])[:, None], losses[k, m] * weight[z]
    starts = np.flatnonzero(np.r_[True, np.diff(pair) > 0])  # pairs of one row stand side by side
    lost = np.zeros(n_boxes * n)
    lost[pair[starts]] = np.add.reduceat(loss, starts)
    by_word = values.reshape(len(failed), 16, -1)
    for word, gained in enumerate(by_word):
        gained[:, pair[starts]] = np.add.reduceat(gain * _bits(others[word].ravel()[at]), starts, axis=0).T
        gained -= lost * _bits(failed[word].ravel()).T
    return values[:d]


def _bits(words: np.ndarray) -> np.ndarray:
    """Give the bits of 16-bit words, the lowest first, shape (n_words, 16)."""
    return np.unpackbits(words.astype("<u2").view(np.uint8).reshape(-1, 2), axis=1, bitorder="little")


def _pair_weights(d: int) -> tuple[Floats, Floats]:
    """Give ``(k - 1)! m! / (k + m)!`` and ``k! (m - 1)! / (k + m)!`` by (k, m); 0 where k = 0 or m = 0."""
    gain = np.zeros((d + 1, d + 1))
    gain[1:, 0] = 1 / np.arange(1, d + 1)
    for m in range(1, d + 1):
        k = np.arange(1, d + 1)
        gain[1:, m] = gain[1:, m - 1] * m / (k + m)
    return gain, gain.T.copy()
