"""What residuals would sum up to by chance: draws under a null hypothesis, in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

N_DRAWS = 999
_BLOCK = 4_000_000  # numbers drawn at once: 32 MB

Draw = Callable[[np.random.Generator, int], np.ndarray]


def null_sums(draw: Draw, design: np.ndarray, random_state: int, n_draws: int = N_DRAWS) -> np.ndarray:
    """Give the sums that residuals drawn by chance make with each column of a design.

    Parameters
    ----------
    draw : callable
        ``draw(rng, m)`` gives m draws of all residuals, shape (m, n_samples).
    design : ndarray of shape (n_samples, n_sums)
    random_state : int
    n_draws : int

    Returns
    -------
    ndarray of shape (n_draws, n_sums)
    """
    return np.vstack([residuals @ design for residuals in _drawn(draw, len(design), random_state, n_draws)])


def null_ratios(draw: Draw, design: np.ndarray, random_state: int, n_draws: int = N_DRAWS) -> np.ndarray:
    """Give squared sums over the sums of squares, (sum r d)^2 / sum (r d)^2, of each column d of a design.

    Parameters
    ----------
    draw, design, random_state, n_draws
        As in `null_sums`.

    Returns
    -------
    ndarray of shape (n_draws, n_sums)
    """
    return np.vstack([ratios_of(residuals, design) for residuals in _drawn(draw, len(design), random_state, n_draws)])


def _drawn(draw: Draw, n_samples: int, random_state: int, n_draws: int) -> Iterator[np.ndarray]:
    """Yield the draws in blocks of bounded size, shape (m, n_samples)."""
    rng = np.random.default_rng(random_state)
    block = max(1, _BLOCK // max(n_samples, 1))
    for start in range(0, n_draws, block):
        yield draw(rng, min(block, n_draws - start))


def ratios_of(residuals: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Give (sum r d)^2 / sum (r d)^2 of residuals, shape (m, n_samples), with each column d of a design."""
    squares = residuals**2 @ design**2
    return (residuals @ design) ** 2 / np.where(squares > 0, squares, np.inf)


def outcomes(p: np.ndarray) -> Draw:
    """Draw y - p with y one at the probability p and else zero: what residuals are where p is right."""

    def draw(rng: np.random.Generator, m: int) -> np.ndarray:
        return (rng.random((m, len(p))) < p) - p

    return draw


def signs(residual: np.ndarray) -> Draw:
    """Draw residuals with signs at random: what they are where none is more likely above than below 0.

    References
    ----------
    Wu (1986), doi 10.1214/aos/1176350142; Liu (1988), doi 10.1214/aos/1176351062: the wild bootstrap.
    """

    def draw(rng: np.random.Generator, m: int) -> np.ndarray:
        return np.where(rng.random((m, len(residual))) < 0.5, -residual, residual)

    return draw


def shuffles(values: np.ndarray) -> Draw:
    """Draw the values in another order: what they are where they have nothing to do with the rows."""

    def draw(rng: np.random.Generator, m: int) -> np.ndarray:
        return rng.permuted(np.broadcast_to(values, (m, len(values))), axis=1)

    return draw
