"""Shapley values of a sum of radial kernels, exactly and in polynomial time."""

from __future__ import annotations

import numpy as np

from workbench.explainers.score import Score
from workbench.explainers.shapley.games import BackgroundMean
from workbench.explainers.shapley.result import Shapley
from workbench.forms import Frame, Kernel, encode

_CACHED = 2**18  # numbers in one array of the innermost loop, columns x pairs: a handful of them nearly fit a cache
_LEAST = 2**10
_FACTORS = 2**21  # numbers in the factors of one block of rows


def kernel_shapley(
    score: Score, rows: Frame, background: Frame, share: np.ndarray, columns: tuple[str, ...]
) -> Shapley:
    r"""Give Shapley values of a score that is a sum of products over columns, one for each support vector.

    A radial kernel is a product of one factor for each column, over all inputs that the column is encoded to. With
    :math:`a_{is}` and :math:`b_{is}` the factors of column i for a row and a background row at support vector s,

    .. math:: \phi_j = \sum_b w_b \sum_s \alpha_s (a_{js} - b_{js}) \int_0^1 \prod_{i \ne j} (t a_{is} + (1 - t)
        b_{is}) \, dt

    as the weights of the Shapley value are integrals of powers of t and 1 - t. The integrand is a polynomial of degree
    d - 1 for d columns, so that Gauss and Legendre's quadrature with ceil(d / 2) nodes is exact. The cost grows with
    rows x background rows x support vectors x d x ceil(d / 2).

    Parameters
    ----------
    score : Score
        With a `Kernel` as its body.
    rows, background : Frame
        What is explained, and what is averaged over.
    share : ndarray of shape (n_background,)
        Weights of the background rows, adding up to 1.
    columns : tuple of str
        The columns of the answer; those that the score does not read get exactly 0.

    References
    ----------
    The multilinear extension of a game and its integral: G. Owen, 1972, "Multilinear extensions of games", doi
    10.1287/mnsc.18.5.64.
    """
    body = score.body
    if not isinstance(body, Kernel):
        raise ValueError("kernel_shapley: the score must be a sum over kernels")
    shape = (rows.n_rows, len(columns), len(score.outputs))
    values, error = np.zeros(shape), np.zeros(shape)
    Z, B = encode(body.inputs, rows), encode(body.inputs, background)
    groups = _groups(body, Z, B)
    places = np.array([columns.index(name) for name in groups], dtype=int)
    alpha = body.dual_coef @ score.select
    if len(places) and len(alpha):
        per_row = max(1, _FACTORS // (len(groups) * len(alpha)))
        for start in range(0, rows.n_rows, per_row):
            part = slice(start, start + per_row)
            found = _explain(body, list(groups.values()), Z[part], B, alpha, share)
            values[part, places], error[part, places] = found.mean, found.error
    return Shapley(values, share @ score.values(background), background_error=error)


def _groups(body: Kernel, Z: np.ndarray, B: np.ndarray) -> dict[str, np.ndarray]:
    """Give the positions of the inputs of each column that is not the same in all rows."""
    found: dict[str, list[int]] = {}
    for i, each in enumerate(body.inputs):
        found.setdefault(each.column, []).append(i)
    first = Z[:1]
    varies = (first != Z).any(axis=0) | (first != B).any(axis=0)
    return {name: np.array(own) for name, own in found.items() if varies[own].any()}


def _factors(body: Kernel, groups: list[np.ndarray], Z: np.ndarray, support: slice) -> np.ndarray:
    """Give the factor of each column for rows and support vectors, shape (n_columns, n_rows, n_support)."""
    S = body.support_vectors[support]
    out = np.zeros((len(groups), len(Z), len(S)))
    with np.errstate(over="ignore", under="ignore"):
        for own, squares in zip(groups, out, strict=True):
            for i in own:
                squares += (Z[:, i, None] - S[None, :, i]) ** 2
        out *= -body.gamma
        factors: np.ndarray = np.exp(out, out=out)
    return factors


def _explain(
    body: Kernel, groups: list[np.ndarray], Z: np.ndarray, B: np.ndarray, alpha: np.ndarray, share: np.ndarray
) -> BackgroundMean:
    d, n_support = len(groups), len(alpha)
    still = np.setdiff1d(np.arange(len(body.inputs)), np.concatenate(groups))
    # columns that are the same in all rows only scale each support vector
    alpha = alpha * _factors(body, [still], Z[:1], slice(None))[0, 0][:, None]
    nodes, weights = np.polynomial.legendre.leggauss(-(-d // 2))
    nodes, weights = (nodes + 1) / 2, weights / 2
    wide = min(n_support, max(_LEAST, _CACHED // d))
    tall = max(1, _CACHED // d // wide)
    ours = _factors(body, groups, Z, slice(None))
    kept = BackgroundMean()
    work = _Work(d, tall * wide)
    for begin in range(0, len(B), tall):
        part = slice(begin, begin + tall)
        out = np.zeros((len(B[part]), len(Z), d, alpha.shape[1]))
        for first in range(0, n_support, wide):
            some = slice(first, first + wide)
            theirs = _factors(body, groups, B[part], some)
            for r in range(len(Z)):
                gained = work.gains(ours[:, r, None, some], theirs, nodes, weights)
                out[:, r] += (gained @ alpha[some]).swapaxes(0, 1)
        kept.add(out, share[part])
    return kept


class _Work:
    """The innermost loop, with its arrays."""

    def __init__(self, d: int, size: int) -> None:
        self._arrays = [np.empty(d * size) for _ in range(4)]
        self._lines = [np.empty(size) for _ in range(2)]

    def gains(self, ours: np.ndarray, theirs: np.ndarray, nodes: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Give (a_j - b_j) times the integral of the product over all others, shape (n_columns, n_rows, n_support)."""
        d, shape = len(theirs), theirs.shape
        difference, factor, before, total = (array[: theirs.size].reshape(shape) for array in self._arrays)
        after, product = (line[: theirs.size // d].reshape(shape[1:]) for line in self._lines)
        np.subtract(ours, theirs, out=difference)
        total[:] = 0.0
        for t, weight in zip(nodes, weights, strict=True):
            np.multiply(difference, t, out=factor)
            factor += theirs
            before[0] = weight
            for j in range(1, d):
                np.multiply(before[j - 1], factor[j - 1], out=before[j])
            total[d - 1] += before[d - 1]
            after[:] = factor[d - 1]
            for j in range(d - 2, -1, -1):
                np.multiply(before[j], after, out=product)
                total[j] += product
                after *= factor[j]
        total *= difference
        return total
