"""Shapley values from a sample of coalitions, each with its complement, and the standard error of each value."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from workbench.explainers.shapley.hybrids import Hybrids

FIRST_DRAWS = 32  # pairs beside those of one column against all others
CHECKS = 16  # random coalitions in which a column that seems without use is tried again
ROUNDING = 1e-12


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
    n, n_draws = masks.shape[1], len(which)
    sizes = np.arange(1, n)
    mass = 1.0 / (sizes * (n - sizes))
    of_single = (mass[0] + mass[-1]) / mass.sum()
    counts = np.bincount(which, minlength=len(masks)).astype(float)
    weight = np.concatenate([np.full(n, of_single / n), (1.0 - of_single) * counts / n_draws])
    design = np.concatenate([np.eye(n), masks]) - 0.5
    basis = _without_sum(n)
    along = design @ basis
    answer = np.concatenate([single, odd]) - np.multiply.outer(design.sum(axis=1), total / n)
    inverse = np.linalg.inv(along.T @ (weight[:, None] * along))
    slope = inverse @ (along.T @ (weight[:, None] * answer))
    values = total / n + basis @ slope
    drawn = along[n:]
    leverage = np.einsum("ij,jk,ik->i", drawn, inverse, drawn) * (1.0 - of_single) / n_draws
    residual = (answer[n:] - drawn @ slope) / (1.0 - np.minimum(leverage, 0.99))[:, None]
    spread_out = (basis @ inverse @ drawn.T) * (1.0 - of_single)  # (n, n_distinct): influence of each draw
    influence = spread_out[:, :, None] * residual
    mean = np.einsum("jdk,d->jk", influence, counts) / n_draws
    square = np.einsum("jdk,d->jk", (influence - mean[:, None]) ** 2, counts)
    return values, np.sqrt(square / (n_draws - 1) / n_draws)


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

    def _say(self, masks: np.ndarray, part: slice) -> np.ndarray:
        full = np.zeros((len(masks), self._hybrids.X.shape[1]), dtype=bool)
        full[:, self.columns] = masks
        return self._hybrids.ask(np.full(len(masks), self._row), full, part)

    def _blocks(self, masks: np.ndarray) -> list[slice]:
        step = self._hybrids.copies
        return [slice(start, start + step) for start in range(0, len(masks), step)]

    def worth(self, masks: np.ndarray) -> np.ndarray:
        """Give what coalitions are worth, shape (n_coalitions, n_outputs)."""
        self.evaluations += len(masks) * self._hybrids.n_background
        every = slice(None)
        parts = [np.einsum("cbk,b->ck", self._say(masks[some], every), self._share) for some in self._blocks(masks)]
        return np.concatenate(parts)

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
        found = []
        for masks, known in ((single, self._hybrids.background_values), (~single, self._hybrids.row_values[self._row])):
            mean, still = [], []
            for some in self._blocks(masks):
                said = self._say(masks[some], slice(None))
                mean.append(np.einsum("cbk,b->ck", said, self._share))
                still.append(np.abs(said - known).max(axis=(1, 2)) <= self._slack)
            found.append(_Singles(np.concatenate(mean), np.concatenate(still)))
        return found[0], found[1]

    def used(self, alone: _Singles, last: _Singles, generator: np.random.Generator) -> np.ndarray:
        """Say which columns were seen to change some prediction."""
        idle = alone.still & last.still
        if not idle.any():
            return ~idle
        masks = generator.random((CHECKS, len(idle))) < 0.5
        without, having = masks & ~idle, masks | idle
        self.evaluations += 2 * CHECKS * self._hybrids.n_background
        for some in self._blocks(masks):
            change = np.abs(self._say(without[some], slice(None)) - self._say(having[some], slice(None)))
            if change.max() > self._slack:
                return np.ones_like(idle)
        return ~idle
