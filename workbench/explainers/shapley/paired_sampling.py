"""Shapley values from a sample of coalitions, each with its complement, and the standard error of each value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from workbench.explainers.shapley.hybrids import Hybrids

FIRST_DRAWS = 32  # pairs beside those of one column against all others
CHECKS = 16  # random coalitions in which a column that seems without use is tried again
ROUNDING = 1e-12
_BLOCK = 2**20  # numbers of influence that draws may take at once


@dataclass(frozen=True, eq=False)
class Sampled:
    """What sampling found for one row.

    Attributes
    ----------
    columns : ndarray of int
        Those that take part; columns whose change was never seen to change a prediction are left out.
    exact : bool
        Whether so few columns are left that all their coalitions are affordable: values are then not estimated.
    values, error : ndarray of shape (n_chosen, n_outputs)
    evaluations : int
    missed : float
        The largest error, relative to the spread, where it is above the precision asked for; else 0.
    """

    columns: np.ndarray
    exact: bool
    values: np.ndarray
    error: np.ndarray
    evaluations: int
    missed: float


class Draws:
    """Random coalitions of 2 to n - 2 players, the same for every row; each stands for itself and its complement.

    Sizes are drawn in proportion to 1 / (s (n - s)), the share of a size in the kernel of Shapley values; all
    coalitions of a size are alike. A pair that was drawn before is asked about once.
    """

    def __init__(self, random_state: int) -> None:
        self._random_state = random_state
        self._known: dict[int, tuple[np.random.Generator, dict[bytes, int], list[np.ndarray], list[int]]] = {}

    def of(self, n_players: int, n_draws: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the distinct coalitions of the first draws, (n_distinct, n), and for each draw its coalition."""
        if n_players not in self._known:
            self._known[n_players] = (np.random.default_rng([self._random_state, n_players]), {}, [], [])
        generator, index, masks, drawn = self._known[n_players]
        sizes = np.arange(2, n_players - 1)
        weights = 1.0 / (sizes * (n_players - sizes))
        while len(drawn) < n_draws:
            mask = np.zeros(n_players, dtype=bool)
            size = generator.choice(sizes, p=weights / weights.sum())
            mask[generator.choice(n_players, size, replace=False)] = True
            mask = mask if mask[0] else ~mask
            at = index.setdefault(mask.tobytes(), len(index))
            if at == len(masks):
                masks.append(mask)
            drawn.append(at)
        which = np.array(drawn[:n_draws])
        return np.array(masks[: which.max() + 1]), which


def least_evaluations(n_columns: int, n_background: int) -> int:
    """Count the evaluations that one row takes at least: each column alone and last, checks, and the first draws."""
    return 2 * (n_columns + CHECKS + max(FIRST_DRAWS, n_columns)) * n_background


def sample(
    hybrids: Hybrids,
    row: int,
    columns: np.ndarray,
    share: np.ndarray,
    draws: Draws,
    *,
    max_evaluations: int,
    precision: float,
) -> Sampled:
    r"""Estimate Shapley values of one row by regression on coalitions in pairs.

    Shapley values :math:`\phi` are the least squares fit of :math:`v(S)` by :math:`v(\emptyset) + \sum_{j \in S}
    \phi_j` under the kernel weights :math:`1 / (\binom{p}{|S|} |S| (p - |S|))`, with the sum of all :math:`\phi_j`
    fixed (KernelSHAP). With complements in pairs only :math:`(v(S) - v(\bar S)) / 2` counts: interactions of even
    order drop out. The p pairs of one column against all others are all taken, with their exact weight; pairs of other
    sizes are drawn. The draws double until the largest standard error is at most `precision` times the spread, or
    `max_evaluations` leaves no more.

    Standard errors are those of weighted least squares whose residuals follow no model (a sandwich): the drawn pairs
    vary, the p others don't; residuals are divided by one less their leverage, as a fit lies too close to few draws.

    A column is given exactly 0 where changing it, alone and last, changes no prediction for any background row, nor
    in `CHECKS` random coalitions together with all such columns.

    References
    ----------
    S. Lundberg, S.-I. Lee, 2017, "A unified approach to interpreting model predictions", doi
    10.48550/arXiv.1705.07874; I. Covert, S.-I. Lee, 2021, "Improving KernelSHAP", doi 10.48550/arXiv.2012.01536;
    L. H. B. Olsen, M. Jullum, 2024, "Improving the weighting strategy in KernelSHAP", doi 10.48550/arXiv.2410.04883.
    """
    asked = _Row(hybrids, row, columns, share)
    alone, last = asked.singles()
    used = asked.used(alone, last, np.random.default_rng([0, len(columns)]))
    single = (alone.mean - last.mean)[used] / 2
    columns = columns[used]
    n, n_background = len(columns), hybrids.n_background
    if n < 4 or asked.evaluations + 2**n * n_background <= max_evaluations:
        spent = asked.evaluations + 2**n * n_background
        return Sampled(columns, True, np.empty(0), np.empty(0), spent, 0.0)
    asked.columns = columns
    total = hybrids.row_values[row] - share @ hybrids.background_values
    limit = asked.spread * precision
    odd = np.empty((0, len(total)))
    n_draws = max(FIRST_DRAWS, n)
    while True:
        masks, which = draws.of(n, n_draws)
        room = len(odd) + (max_evaluations - asked.evaluations) // (2 * n_background)
        last_stage = len(masks) > room
        if last_stage:  # as many draws as can be paid for
            new = np.maximum.accumulate(which)
            which = which[: np.searchsorted(new, room, side="left")]
            masks = masks[: which.max() + 1]
        odd = np.concatenate([odd, asked.odd(masks[len(odd) :])])
        values, error = fit(single, odd, masks, which, total)
        largest = float(error.max())
        if last_stage or largest <= limit:
            missed = largest / asked.spread if largest > limit else 0.0
            return Sampled(columns, False, values, error, asked.evaluations, missed)
        n_draws *= 2


def fit(
    single: np.ndarray, odd: np.ndarray, masks: np.ndarray, which: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit values to pairs of coalitions.

    Parameters
    ----------
    single : ndarray of shape (n, n_outputs)
        Half the difference between what each player alone and all others are worth.
    odd : ndarray of shape (n_distinct, n_outputs)
        The same for the distinct coalitions that were drawn.
    masks : ndarray of bool, shape (n_distinct, n)
    which : ndarray of int, shape (n_draws,)
        The coalition of each draw.
    total : ndarray of shape (n_outputs,)
        What the values add up to.

    Returns
    -------
    values, error : ndarray of shape (n, n_outputs)
    """
    n, n_draws, n_outputs = masks.shape[1], len(which), len(total)
    sizes = np.arange(1, n)
    mass = 1.0 / (sizes * (n - sizes))
    of_single = (mass[0] + mass[-1]) / mass.sum()
    counts = np.bincount(which, minlength=len(masks)).astype(float)
    basis = _without_sum(n)
    step = max(1, _BLOCK // (n * n_outputs))
    blocks = [slice(start, start + step) for start in range(0, len(masks), step)]
    along, answer = _along(np.eye(n), single, total, basis)
    square, product = along.T @ along * of_single / n, along.T @ answer * of_single / n
    for some in blocks:
        along, answer = _along(masks[some], odd[some], total, basis)
        weighted = along.T * (counts[some] * (1.0 - of_single) / n_draws)
        square, product = square + weighted @ along, product + weighted @ answer
    inverse = np.linalg.inv(square)
    slope = inverse @ product
    first, second = np.zeros((n, n_outputs)), np.zeros((n, n_outputs))
    for some in blocks:
        along, answer = _along(masks[some], odd[some], total, basis)
        leverage = np.einsum("ij,jk,ik->i", along, inverse, along, optimize=True) * (1.0 - of_single) / n_draws
        residual = (answer - along @ slope) / (1.0 - np.minimum(leverage, 0.99))[:, None]
        spread_out = (basis @ inverse @ along.T) * (1.0 - of_single)  # (n, n_some): influence of each draw
        influence = spread_out[:, :, None] * residual
        first += np.einsum("jdk,d->jk", influence, counts[some])
        second += np.einsum("jdk,d->jk", influence * influence, counts[some])
    variance = np.maximum(second - first**2 / n_draws, 0.0) / (n_draws - 1)
    return total / n + basis @ slope, np.sqrt(variance / n_draws)


def _along(
    masks: np.ndarray, answer: np.ndarray, total: np.ndarray, basis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give coalitions along the basis, and what is left of their worth when all players have the same share."""
    design = masks - 0.5
    return design @ basis, answer - np.multiply.outer(design.sum(axis=1), total / masks.shape[1])


def _without_sum(n: int) -> np.ndarray:
    """Give an orthonormal basis of the vectors that add up to 0, shape (n, n - 1): Helmert's contrasts."""
    basis = np.zeros((n, n - 1))
    for k in range(1, n):
        basis[:k, k - 1], basis[k, k - 1] = 1.0, -k
        basis[:, k - 1] /= sqrt(k * (k + 1))
    return basis


@dataclass(frozen=True, eq=False)
class _Singles:
    """What coalitions of one kind, one for each column, are worth, and whether each changes no background row."""

    mean: np.ndarray
    still: np.ndarray


class _Row:
    """What is asked about one row, and how often."""

    def __init__(self, hybrids: Hybrids, row: int, columns: np.ndarray, share: np.ndarray) -> None:
        self._hybrids, self._row, self._share = hybrids, row, share
        self.columns, self.evaluations = columns, 0
        own, others = hybrids.row_values[row], hybrids.background_values
        self.spread = float(np.sqrt((share @ (others - own) ** 2).max()))
        self._slack = ROUNDING * max(np.abs(own).max(), np.abs(others).max())

    def _asked(self, masks: np.ndarray) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Ask about coalitions, so many and with so many background rows as one call may hold.

        Yields the coalitions, the background rows, and what is said, (n_some, n_part, n_outputs).
        """
        hybrids = self._hybrids
        for part in hybrids.parts:
            step = hybrids.copies(part)
            for start in range(0, len(masks), step):
                some = slice(start, min(start + step, len(masks)))
                full = np.zeros((some.stop - some.start, hybrids.X.shape[1]), dtype=bool)
                full[:, self.columns] = masks[some]
                yield some, part, hybrids.ask(np.full(len(full), self._row), full, part)

    def worth(self, masks: np.ndarray) -> np.ndarray:
        """Give what coalitions are worth, shape (n_coalitions, n_outputs)."""
        self.evaluations += len(masks) * self._hybrids.n_background
        found = np.zeros((len(masks), self._hybrids.row_values.shape[1]))
        for some, part, said in self._asked(masks):
            found[some] += np.einsum("cbk,b->ck", said, self._share[part])
        return found

    def odd(self, masks: np.ndarray) -> np.ndarray:
        """Give half the difference between what coalitions and their complements are worth."""
        if not len(masks):
            return np.empty((0, self._hybrids.row_values.shape[1]))
        worth = self.worth(np.concatenate([masks, ~masks]))
        return (worth[: len(masks)] - worth[len(masks) :]) / 2

    def singles(self) -> tuple[_Singles, _Singles]:
        """Ask what each column is worth alone, and what all others are worth without it."""
        single = np.eye(len(self.columns), dtype=bool)
        self.evaluations += 2 * len(single) * self._hybrids.n_background
        own, others = self._hybrids.row_values[self._row], self._hybrids.background_values
        found = []
        for masks, known in ((single, others), (~single, np.broadcast_to(own, others.shape))):
            mean, still = np.zeros((len(masks), len(own))), np.ones(len(masks), dtype=bool)
            for some, part, said in self._asked(masks):
                mean[some] += np.einsum("cbk,b->ck", said, self._share[part])
                still[some] &= np.abs(said - known[part]).max(axis=(1, 2)) <= self._slack
            found.append(_Singles(mean, still))
        return found[0], found[1]

    def used(self, alone: _Singles, last: _Singles, generator: np.random.Generator) -> np.ndarray:
        """Say which columns were seen to change some prediction."""
        idle = alone.still & last.still
        if not idle.any():
            return ~idle
        masks = generator.random((CHECKS, len(idle))) < 0.5
        without, having = masks & ~idle, masks | idle
        self.evaluations += 2 * CHECKS * self._hybrids.n_background
        for (*_, one), (*_, other) in zip(self._asked(without), self._asked(having), strict=True):
            if np.abs(one - other).max() > self._slack:
                return np.ones_like(idle)
        return ~idle
