"""How smooth each part of a generalized additive model should be: a search on the normal equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve, eigh, helmert
from scipy.special import expit

# what pygam adds to every penalty
LOADING = float(np.sqrt(np.finfo(np.float64).eps))
# penalties per row that are tried, the stiffest first, so that of equally good ones the smoothest wins
GRID = 10.0 ** np.arange(4.0, -6.01, -0.25)
START = 1e-2
# beyond these log odds a row has no weight left, and no penalty holds what is fitted to it
_MOST_LOG_ODDS = 15.0
_MOST_STEPS = 100
_SMALLEST_STEP = 1e-6


@dataclass(frozen=True, eq=False)
class Block:
    """Neighbouring coefficients that share one penalty, lam * |root @ coef|^2.

    Attributes
    ----------
    root : ndarray of shape (n_differences, n_coefs)
    centred : bool
        Whether the coefficients add up to 0: the columns of a spline add up to 1, as the intercept does.
    ridge : float
        What is added to the penalty whatever lam is.
    """

    root: np.ndarray
    centred: bool
    ridge: float


@dataclass(frozen=True, eq=False)
class Problem:
    """Weighted least squares, the intercept taken out: (coef - best)' gram (coef - best) + what is left over.

    Attributes
    ----------
    gram : ndarray of shape (n_free, n_free)
    moment : ndarray of shape (n_free,)
    total : float
        The weighted sum of squares around the mean.
    n_rows : int
    known_scale : bool
        Whether the variance is known, as that of a yes or no is.
    gamma : float
        What a degree of freedom costs.
    """

    gram: np.ndarray
    moment: np.ndarray
    total: float
    n_rows: int
    known_scale: bool
    gamma: float

    def criterion(self, left: np.ndarray, edof: np.ndarray) -> np.ndarray:
        """Give GCV = n D / (n - gamma edof)^2, or where the scale is known UBRE = (D + 2 gamma edof) / n.

        D is what is left over, edof counts the intercept; as pygam defines them, but for a constant (Wood 2017,
        Generalized Additive Models, doi 10.1201/9781315370279, section 6.2).
        """
        n = self.n_rows
        if self.known_scale:
            return (left + 2 * self.gamma * edof) / n
        room = n - self.gamma * edof
        return np.where(room > 0, n * left / np.where(room > 0, room, 1.0) ** 2, np.inf)


class Design:
    """The columns of the model, and the penalties of their blocks.

    Parameters
    ----------
    columns : sparse array of shape (n_samples, n_coefs)
        Without the intercept.
    blocks : sequence of Block
        In the order of the columns.
    gamma : float
        What a degree of freedom costs in the search.
    """

    def __init__(self, columns: Any, blocks: Sequence[Block], gamma: float) -> None:
        self.columns, self.gamma = columns, gamma
        # free coefficients instead of those that add up to 0: orthonormal, so that a ridge stays a ridge
        bases = [helmert(b.root.shape[1]).T if b.centred else np.eye(b.root.shape[1]) for b in blocks]
        self.basis = block_diag(*bases)
        ends = np.cumsum([0, *(basis.shape[1] for basis in bases)])
        self.places = [slice(a, b) for a, b in pairwise(ends)]
        self.roots = [b.root @ basis for b, basis in zip(blocks, bases, strict=True)]
        self.ridge = np.repeat([b.ridge + LOADING for b in blocks], [basis.shape[1] for basis in bases])

    def problem(self, target: np.ndarray, weight: np.ndarray, known_scale: bool) -> Problem:
        """Give the normal equations of a target with weights, both of shape (n_samples,)."""
        total = weight.sum()
        mean = self.columns.T @ weight / total
        gram = (self.columns.T @ self.columns.multiply(weight[:, None])).toarray() - total * np.outer(mean, mean)
        centred = target - np.average(target, weights=weight)
        return Problem(
            self.basis.T @ gram @ self.basis,
            self.basis.T @ (self.columns.T @ (weight * centred)),
            float(weight @ centred**2),
            len(target),
            known_scale,
            self.gamma,
        )

    def penalty(self, lams: np.ndarray) -> np.ndarray:
        """Give the penalty's matrix over the free coefficients, shape (n_free, n_free)."""
        P = np.diag(self.ridge)
        for place, root, lam in zip(self.places, self.roots, lams, strict=True):
            P[place, place] += lam * root.T @ root
        return P

    def solve(self, problem: Problem, lams: np.ndarray) -> np.ndarray:
        """Give the best free coefficients, shape (n_free,)."""
        solved: np.ndarray = cho_solve(cho_factor(problem.gram + self.penalty(lams)), problem.moment)
        return solved

    def parts(self, free: np.ndarray) -> np.ndarray:
        """Give what free coefficients add to each row's score, shape (n_samples,)."""
        added: np.ndarray = self.columns @ (self.basis @ free)
        return added

    def edof(self, problem: Problem, penalty: np.ndarray) -> np.ndarray:
        """Give the effective degrees of freedom of each block, shape (n_blocks,).

        The diagonal of (X'WX + penalty)^-1 X'WX, summed by block; the intercept has one more.
        """
        K = problem.gram + self.basis.T @ penalty @ self.basis + LOADING * np.eye(len(self.ridge))
        diagonal = np.diag(cho_solve(cho_factor(K), problem.gram))
        return np.array([diagonal[place].sum() for place in self.places])


def search(design: Design, problem: Problem, lams: np.ndarray, scale: float) -> np.ndarray:
    """Go over the blocks once, and give each the penalty of the grid that is best while the others stay.

    Parameters
    ----------
    design, problem : Design, Problem
    lams : ndarray of shape (n_blocks,)
        Where the search stands.
    scale : float
        What the grid is times: the number of rows.

    Returns
    -------
    ndarray of shape (n_blocks,)
    """
    lams = lams.copy()
    for g in range(len(lams)):
        lams[g] = _best(design, problem, lams, g, scale * GRID)
    return lams


def _best(design: Design, problem: Problem, lams: np.ndarray, g: int, grid: np.ndarray) -> float:
    """Try all penalties of one block at the price of one factorization.

    With K at the grid's smallest penalty, root K^-1 root' = U diag(d) U' and V = K^-1 root' U, a penalty larger by e
    has the inverse K^-1 - V diag(e / (1 + e d)) V' (Woodbury).
    """
    low, place, root = grid.min(), design.places[g], design.roots[g]
    K = problem.gram + design.penalty(np.where(np.arange(len(lams)) == g, low, lams))
    inverse = cho_solve(cho_factor(K), np.eye(len(K)))
    turned = inverse[:, place] @ root.T
    d, U = eigh(root @ turned[place])
    V = turned @ U
    shrink = (grid - low)[:, None] / (1 + (grid - low)[:, None] * np.maximum(d, 0.0))
    coef = inverse @ problem.moment
    fitted = problem.gram @ coef
    inner = V.T @ problem.gram @ V
    edof = 1 + np.sum(inverse * problem.gram) - shrink @ np.diag(inner)
    moved = shrink * (V.T @ problem.moment)
    left = problem.total - 2 * problem.moment @ coef + coef @ fitted
    left = left + 2 * moved @ (V.T @ (problem.moment - fitted)) + np.sum((moved @ inner) * moved, axis=1)
    return float(grid[np.argmin(problem.criterion(np.maximum(left, 0.0), edof))])


def smooth_numbers(
    design: Design, y: np.ndarray, weight: np.ndarray, lams: np.ndarray, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the penalties of a number's model, and its coefficients with the intercept last.

    Parameters
    ----------
    design : Design
    y, weight : ndarray of shape (n_samples,)
    lams : ndarray of shape (n_blocks,)
        Where the search starts.
    rounds : int
        The most rounds; fewer where one changes nothing; 0 to keep the penalties.
    """
    problem = design.problem(y, weight, known_scale=False)
    for _ in range(rounds):
        before, lams = lams, search(design, problem, lams, len(y))
        if np.array_equal(before, lams):
            break
    free = design.solve(problem, lams)
    return lams, np.append(design.basis @ free, np.average(y - design.parts(free), weights=weight))


def smooth_odds(
    design: Design, y: np.ndarray, weight: np.ndarray, lams: np.ndarray, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the penalties of a logistic model, and its coefficients with the intercept last.

    Each round searches once on the working response and weights of the coefficients so far (performance iteration,
    Gu 1992, doi 10.1080/10618600.1992.10477012).

    Parameters
    ----------
    design : Design
    y : ndarray of shape (n_samples,)
        0 or 1.
    weight, lams, rounds
        As in `smooth_numbers`.
    """
    share = np.average(y, weights=weight)
    level = float(np.log(share / (1 - share)))
    free, score = np.zeros(len(design.ridge)), np.full(len(y), level)
    for step in range(rounds + _MOST_STEPS):
        p = expit(np.clip(score, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))
        working, response = weight * p * (1 - p), score + (y - p) / (p * (1 - p))
        problem, before = design.problem(response, working, known_scale=True), lams
        if step < rounds:
            lams = search(design, problem, lams, len(y))
        towards = design.solve(problem, lams)
        level_towards = float(np.average(response - design.parts(towards), weights=working))
        share = _share_of_step(
            y, weight, design.penalty(lams), (free, towards), (score, design.parts(towards) + level_towards)
        )
        free, level = free + share * (towards - free), level + share * (level_towards - level)
        last, score = score, design.parts(free) + level
        if np.abs(score - last).max() < _SMALLEST_STEP and np.array_equal(before, lams):
            break
    return lams, np.append(design.basis @ free, level)


def _share_of_step(
    y: np.ndarray,
    weight: np.ndarray,
    penalty: np.ndarray,
    free: tuple[np.ndarray, np.ndarray],
    score: tuple[np.ndarray, np.ndarray],
) -> float:
    """Halve a step until the penalized deviance does not rise: a whole one may overshoot where rows lie far out."""

    def loss(share: float) -> float:
        at = free[0] + share * (free[1] - free[0])
        odds = score[0] + share * (score[1] - score[0])
        return float(2 * weight @ (np.logaddexp(0, odds) - y * odds) + at @ penalty @ at)

    start, share = loss(0.0), 1.0
    while share > _SMALLEST_STEP and loss(share) > start * (1 + 1e-12):
        share /= 2
    return share
