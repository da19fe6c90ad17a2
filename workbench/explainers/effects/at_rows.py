"""Partial dependence at the rows themselves: over all of them, and without each of some groups of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.explainers.effects.values import ROUNDING, Columns, Mixtures, Values
from workbench.explainers.inputs import Inputs

MOST_GROUPS = 20
LEAST_ROWS = 5  # fewer say nothing of how far other rows would lead elsewhere
MOST_NUMBERS = 2**21  # of what is averaged for several sets of columns at once


@dataclass(frozen=True, eq=False)
class Versions:
    """The same rows, weighed in several ways: all of them first, then without each of the groups in turn.

    Attributes
    ----------
    share : ndarray of shape (n_rows, 1 + n_groups)
        Of each row in each version; each adds up to 1. There are no groups of fewer than 5 rows.
    """

    share: np.ndarray

    @classmethod
    def of(cls, inputs: Inputs) -> Versions:
        """Divide the rows of the background into 20 groups by the seed; fewer than 20 rows are a group each."""
        weight = inputs.weight
        n_rows = len(weight)
        n_groups = min(MOST_GROUPS, n_rows) if n_rows >= LEAST_ROWS else 0
        group = np.random.default_rng([inputs.random_state, 1]).permutation(n_rows) % max(n_groups, 1)
        left = [weight, *(np.where(group == g, 0.0, weight) for g in range(n_groups))]
        return cls(np.array([each / each.sum() for each in left]).T)

    def __len__(self) -> int:
        return self.share.shape[1]

    def centred(self, values: np.ndarray) -> np.ndarray:
        """Give values at the rows, (n_versions, n_rows, n_outputs), about the mean of each version."""
        return values - np.einsum("rv,vrk->vk", self.share, values)[:, None]

    def spread(self, values: np.ndarray, size: float = 0.0) -> np.ndarray:
        """Give the root of the mean of squares, (n_versions, n_outputs); 0 where it rounds numbers of that size."""
        found: np.ndarray = np.sqrt(np.einsum("rv,vrk->vk", self.share, values**2))
        return np.where(found > 10 * ROUNDING * size, found, 0.0)

    def averages(
        self, inputs: Inputs, mixtures: Mixtures, sets: Sequence[Columns]
    ) -> dict[Columns, tuple[np.ndarray, float]]:
        """Give the partial dependence on each set at the rows, centred, (n_versions, n_rows, n_outputs).

        With it stands the largest number that it was made of.
        """
        found: dict[Columns, np.ndarray] = {}
        sizes: dict[Columns, float] = {}
        for block in mixtures.blocks(zipped(inputs, sets), sets) if sets else ():
            columns, own = sets[block.which], self.share[block.rows]
            told = np.tensordot(own, block.moving, axes=(0, 0)) + (own.T @ block.still)[:, None]
            found[columns] = found[columns] + told if columns in found else told
            largest = max(float(np.abs(block.moving).max()), float(np.abs(block.still).max()))
            sizes[columns] = max(sizes.get(columns, 0.0), largest)
        return {columns: (self.centred(each), sizes[columns]) for columns, each in found.items()}

    def portions(self, sets: Sequence[Columns], n_outputs: int) -> Iterator[Sequence[Columns]]:
        """Divide sets of columns into portions whose averages may be held at once."""
        step = max(1, MOST_NUMBERS // (self.share.size * n_outputs))
        for start in range(0, len(sets), step):
            yield sets[start : start + step]


def zipped(inputs: Inputs, sets: Sequence[Columns]) -> Values:
    """Give the values of columns in the rows of the background, row by row."""
    rows = np.arange(len(inputs.background))
    return Values(inputs.background, dict.fromkeys(sorted({j for each in sets for j in each}), rows), product=False)


def jackknife(versions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the interval of 95% that other rows could lead to: the delete-a-group jackknife, at least 0.

    .. math:: \hat\theta \pm t_{0.975, G - 1} \sqrt{\frac{G - 1}{G} \sum_g (\hat\theta_{(g)} - \bar\theta)^2}

    Parameters
    ----------
    versions : ndarray of shape (1 + n_groups, ...)
        What is told of all rows, and without each group.

    Returns
    -------
    lower, upper : ndarray of shape (...)
        NaN where there are no groups, or a version is undefined.

    References
    ----------
    B. Efron and C. Stein, 1981, "The jackknife estimate of variance", doi 10.1214/aos/1176345462.

    Examples
    --------
    >>> jackknife(np.array([[1.0], [1.0], [1.0]]))
    (array([1.]), array([1.]))
    """
    from scipy.stats import t

    n = len(versions) - 1
    if n < 2:
        nothing = np.full(versions.shape[1:], np.nan)
        return nothing, nothing.copy()
    left = versions[1:]
    moved = left - left[0]  # so that what does not vary has an error of exactly 0
    error = np.sqrt((n - 1) / n * ((moved - moved.mean(axis=0)) ** 2).sum(axis=0))
    reach = float(t.ppf(0.975, n - 1)) * error
    return np.maximum(versions[0] - reach, 0.0), versions[0] + reach
