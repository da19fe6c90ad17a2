"""Sums fitted to what a model does near a row, seed by seed: least squares from sums of products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RIDGE = 1e-10  # added to correlations: features that say the same share their coefficient
MOST_PRODUCTS = 2**20  # sums of products that are worked on at once: of several rows, or of some seeds of one
FLAT = 1e-12  # of a prediction: differences below are rounding


@dataclass(frozen=True, eq=False)
class LocalSums:
    r"""Sums of products over the neighbours of rows, and what follows from them.

    With :math:`a = (1, \phi, y)` for each neighbour, its features and what the model says of it less what it says of
    the row, ``products`` holds :math:`\sum a a^T`.

    Attributes
    ----------
    products : ndarray of shape (n_rows, n_seeds, 1 + n_features + n_outputs, ...)
    level : ndarray of shape (n_rows, n_outputs)
        What the model says of the rows.
    """

    products: np.ndarray
    level: np.ndarray

    @property
    def _k(self) -> int:
        return self.level.shape[1]

    @property
    def _means(self) -> tuple[np.ndarray, np.ndarray]:
        first = self.products[:, :, 0, :]
        means = first[..., 1:] / first[..., :1]
        return means[..., : -self._k], means[..., -self._k :]

    def _spreads(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give covariances of features, of features with outputs, and variances of outputs."""
        n = self.products[:, :, :1, :1]
        means = self.products[:, :, 1:, :1] / n
        cov = self.products[:, :, 1:, 1:] / n - means * np.swapaxes(means, 2, 3)
        k = self._k
        of_outputs = np.diagonal(cov[:, :, -k:, -k:], axis1=2, axis2=3)
        seen = self.level[:, None] ** 2 + self.products[:, :, -k:, -k:].diagonal(axis1=2, axis2=3) / n[..., 0]
        return cov[:, :, :-k, :-k], cov[:, :, :-k, -k:], np.where(of_outputs > FLAT**2 * seen, of_outputs, 0.0)

    def coefficients(self, kept: np.ndarray | None = None) -> np.ndarray:
        """Give the least squares coefficients, with a ridge that is rounding: (n_rows, n_seeds, n_features, n_outputs).

        Parameters
        ----------
        kept : ndarray of bool, shape (n_rows, n_features, n_outputs), optional
            The features that each row's sum may use; all by default.
        """
        parts = [self._of(seeds)._coefficients(kept) for seeds in self._parts()]
        return np.concatenate(parts, axis=1)

    def _parts(self) -> list[np.ndarray]:
        """Divide the seeds into parts that may be worked on at once."""
        n_rows, n_seeds = self.products.shape[:2]
        step = max(1, MOST_PRODUCTS // max(1, n_rows * self.products[0, 0].size))
        return [np.arange(start, min(start + step, n_seeds)) for start in range(0, n_seeds, step)]

    def _of(self, seeds: np.ndarray) -> LocalSums:
        return LocalSums(self.products[:, seeds], self.level)

    def _coefficients(self, kept: np.ndarray | None) -> np.ndarray:
        cov, with_outputs, variance = self._spreads()
        own = np.diagonal(cov, axis1=2, axis2=3)
        varies = own > FLAT**2 * np.maximum(own.max(axis=2, keepdims=True, initial=0.0), 1.0)
        root = np.sqrt(np.where(varies, own, 1.0))
        scaled = cov / (root[..., :, None] * root[..., None, :])
        right = np.where((variance > 0)[..., None, :], with_outputs / root[..., None], 0.0)
        if kept is None:
            found = _solved(scaled, right, varies)
        else:
            each = [_solved(scaled, right[..., [o]], varies & kept[:, None, :, o]) for o in range(self._k)]
            found = np.concatenate(each, axis=3)
        result: np.ndarray = found / root[..., None]
        return result

    def fidelity(self, coefficients: np.ndarray) -> np.ndarray:
        """Give R² of each seed's sum over the neighbours of the next seed, all seeds together: (n_rows, n_outputs).

        1 where the model is flat there.
        """
        n_seeds = self.products.shape[1]
        left, total = np.zeros(self.level.shape), np.zeros(self.level.shape)
        for seeds in self._parts():
            mine, following = self._of(seeds), self._of((seeds + 1) % n_seeds)
            own = coefficients[:, seeds]
            cov, with_outputs, variance = following._spreads()
            features, outputs = (after - before for after, before in zip(following._means, mine._means, strict=True))
            off = outputs - np.einsum("rsf,rsfo->rso", features, own)
            fitted = np.einsum("rsfo,rsfo->rso", own, with_outputs)
            curved = np.einsum("rsfo,rsfo->rso", own, cov @ own)
            left += (variance - 2 * fitted + curved + off**2).sum(axis=1)
            total += variance.sum(axis=1)
        return 1.0 - np.divide(left, total, out=np.zeros_like(total), where=total > 0)


def _solved(scaled: np.ndarray, right: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Solve for the coefficients of the features used; those of others are 0."""
    both = used[..., :, None] & used[..., None, :]
    matrix = np.where(both, scaled, 0.0) + (np.where(used, RIDGE, 1.0)[..., None] * np.eye(used.shape[-1]))
    found: np.ndarray = np.linalg.solve(matrix, np.where(used[..., None], right, 0.0))
    return found


def stability(values: np.ndarray) -> np.ndarray:
    """Give Spearman's correlation of sizes between two seeds, mean over the pairs: (n_rows, n_outputs).

    Sizes below 1e-9 of a seed's largest count as 0; where all columns have one size in both seeds it is 1, where in
    one of them, 0.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_seeds, n_columns, n_outputs)
    """
    from scipy.stats import rankdata

    sizes = np.abs(values)
    sizes = np.where(sizes > 1e-9 * sizes.max(axis=2, keepdims=True), sizes, 0.0)
    ranks = rankdata(sizes, axis=2)
    ranks -= ranks.mean(axis=2, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=2, keepdims=True))
    flat = length[:, :, 0] == 0
    unit = np.divide(ranks, length, out=np.zeros_like(ranks), where=length > 0)
    n_seeds = values.shape[1]
    pairs = [
        np.where(flat[:, a] & flat[:, b], 1.0, (unit[:, a] * unit[:, b]).sum(axis=1))
        for a in range(n_seeds)
        for b in range(a)
    ]
    return np.mean(pairs, axis=0)
