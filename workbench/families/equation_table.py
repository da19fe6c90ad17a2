"""The table of equations, complexity against loss, and which of them is picked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.forms import Equation

# A loss so small beside the constant's is rounding: smaller ones are not told apart.
_ROUNDING = 1e-12
# `best` looks among equations of at most so many times the lowest loss ...
_MOST_TIMES = 1.5
# ... that also keep this share of what the lowest gains on the constant
_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Candidate:
    """A fitted equation over the encoded inputs, with its loss on each training row."""

    equation: Equation
    losses: np.ndarray

    @property
    def complexity(self) -> int:
        """How many nodes it has."""
        return len(self.equation.nodes)

    @property
    def loss(self) -> float:
        """The mean loss of the training rows: squared error, or log loss."""
        return float(self.losses.mean())


def pareto_front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Give the candidates that no other beats with as few nodes, simplest first; the first is the constant.

    Losses of less than 1e-12 times the constant's count as equal, and candidates with a loss that is not finite do not
    count. Where several candidates tie, the earlier one stays.
    """
    usable = [c for c in candidates if np.isfinite(c.losses).all() and np.isfinite(c.loss)]
    floor = _ROUNDING * max(c.loss for c in usable if c.complexity == 1)
    front: list[Candidate] = []
    for candidate in sorted(usable, key=lambda c: (c.complexity, max(c.loss, floor))):
        if not front or max(candidate.loss, floor) < max(front[-1].loss, floor):
            front.append(candidate)
    return front


def gains(front: Sequence[Candidate]) -> np.ndarray:
    """Give how far the logarithm of the loss drops for each node added to the equation before; 0 for the first.

    As PySR's score: Cranmer 2023, Interpretable machine learning for science with PySR, doi 10.48550/arXiv.2305.01582.
    """
    floor = max(_ROUNDING * front[0].loss, np.finfo(float).tiny)
    logs = np.log([max(c.loss, floor) for c in front])
    sizes = np.array([c.complexity for c in front], dtype=float)
    return np.append(0.0, -np.diff(logs) / np.diff(sizes))


def select(front: Sequence[Candidate], rule: str) -> int:
    """Give the position of the equation that a rule picks.

    Parameters
    ----------
    front : sequence of Candidate
        From `pareto_front`.
    rule : {"best", "accuracy", "simple"}
        accuracy: the lowest loss. simple: the fewest nodes with a loss of at most the lowest plus its standard error,
        the standard deviation of the rows' losses divided by the root of their number (Breiman et al. 1984,
        Classification and Regression Trees). best: the greatest gain (`gains`) among equations with a loss of at most
        1.5 times the lowest, that keep at least 90% of what the lowest gains on the constant. PySR's rule is the first
        of these two conditions alone, under which noisy data would let the constant win.
    """
    losses = np.array([c.loss for c in front])
    last = len(front) - 1
    if rule == "accuracy":
        return last
    if rule == "simple":
        rows = front[last].losses
        return int(np.argmax(losses <= losses[last] + rows.std() / np.sqrt(rows.size)))
    floor = _ROUNDING * losses[0]
    near = np.maximum(losses, floor) <= _MOST_TIMES * max(losses[last], floor)
    near &= losses[0] - losses >= _SHARE * (losses[0] - losses[last])
    return int(np.argmax(np.where(near, gains(front), -np.inf)))
