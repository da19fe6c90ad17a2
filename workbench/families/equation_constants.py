"""The constants of an equation, fitted in float64 over all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.forms import Constant, Equation, Frame, Operator
from workbench.forms.equation import OPERATORS, apply

_MOST_STEPS = 50
_TOLERANCE = 1e-10

# an operator's derivatives by its operands a and b, given its value v
_PARTIALS: dict[str, Any] = {
    "add": lambda v, a, b: (1.0, 1.0),
    "sub": lambda v, a, b: (1.0, -1.0),
    "mul": lambda v, a, b: (b, a),
    "div": lambda v, a, b: (1.0 / b, -v / b),
    "pow": lambda v, a, b: (b * a ** (b - 1.0), v * np.log(np.abs(a))),
    "square": lambda v, a: (2.0 * a,),
    "sqrt": lambda v, a: (0.5 / v,),
    "exp": lambda v, a: (v,),
    "log": lambda v, a: (1.0 / a,),
    "sin": lambda v, a: (np.cos(a),),
    "cos": lambda v, a: (-np.sin(a),),
    "tanh": lambda v, a: (1.0 - v * v,),
    "abs": lambda v, a: (np.sign(a),),
}


def row_losses(score: np.ndarray, y: np.ndarray, binary: bool) -> np.ndarray:
    """Give each row's squared error, or log loss where the score is the log odds of y = 1; shape (n_samples,)."""
    if not binary:
        with np.errstate(over="ignore"):
            return (score - y) ** 2
    return np.logaddexp(0.0, np.where(y > 0, -score, score))


def fit_constants(equation: Equation, free: Sequence[int], frame: Frame, y: np.ndarray, binary: bool) -> Equation:
    """Fit the free constants, starting from their values; where nothing is gained they stay.

    For a number the sum of squared errors is minimized. For two classes it is the sum of log losses, plus half the
    variance of the score: as a ridge of strength 1 on one standardized column, it keeps the constants finite where an
    equation tells the classes apart without an error.

    Parameters
    ----------
    equation : Equation
    free : sequence of int
        The positions of the constants among its nodes.
    frame : Frame
        The columns that it reads.
    y : ndarray of shape (n_samples,)
        Numbers, or 0 and 1.
    binary : bool
    """
    residuals = _Residuals(equation, free, frame, y, binary)
    start = np.array([equation.nodes[i].value for i in free])  # type: ignore[union-attr]
    if not free:
        return equation
    with np.errstate(all="ignore"):
        return _improved(equation, free, residuals, start)


def _improved(equation: Equation, free: Sequence[int], residuals: _Residuals, start: np.ndarray) -> Equation:
    """Minimize from a start; the equation itself where nothing better is found."""
    from scipy.optimize import least_squares

    before = residuals(start)
    if not (np.isfinite(before @ before) and np.isfinite(residuals.jacobian(start)).all()):
        return equation
    try:
        found = least_squares(
            residuals,
            start,
            jac=residuals.jacobian,
            # MINPACK needs as many residuals as constants; it is faster than the other by far
            method="lm" if before.size >= start.size else "trf",
            x_scale="jac",
            ftol=_TOLERANCE,
            xtol=_TOLERANCE,
            gtol=_TOLERANCE,
            max_nfev=_MOST_STEPS,
        )
    except (ValueError, np.linalg.LinAlgError):
        # a derivative that is not finite on the way: where it started is as good as any
        return equation
    better = np.isfinite(found.x).all() and 2.0 * found.cost < before @ before
    return with_constants(equation, free, found.x) if better else equation


def with_constants(equation: Equation, free: Sequence[int], values: np.ndarray) -> Equation:
    """Give the equation with other numbers at the free positions."""
    nodes = list(equation.nodes)
    for i, value in zip(free, values, strict=True):
        nodes[i] = Constant(float(value))
    return Equation(tuple(nodes))


class _Residuals:
    """What is squared and summed: errors, or deviance residuals and the deviations of the score; and derivatives."""

    def __init__(self, equation: Equation, free: Sequence[int], frame: Frame, y: np.ndarray, binary: bool) -> None:
        self._nodes, self._free, self._y, self._binary = equation.nodes, list(free), y, binary
        self._leaves = [None if isinstance(n, Operator) else n.evaluate(frame) for n in equation.nodes]
        # residuals near 1, so that the tolerances mean the same for all units
        self._unit = 1.0 if binary else float(np.std(y)) or 1.0

    def __call__(self, constants: np.ndarray) -> np.ndarray:
        """Give the residuals; shape (n_samples,), twice that for two classes."""
        score = self._score(constants)
        if not self._binary:
            return (score - self._y) / self._unit
        deviance = np.sqrt(2.0 * row_losses(score, self._y, True))
        return np.concatenate([deviance, (score - score.mean()) / np.sqrt(score.size)])

    def jacobian(self, constants: np.ndarray) -> np.ndarray:
        """Give the derivative of each residual by each constant."""
        score, slopes = self._score(constants), self._slopes(constants)
        if not self._binary:
            return slopes / self._unit
        deviance = np.sqrt(2.0 * row_losses(score, self._y, True))
        p = np.exp(-np.logaddexp(0.0, -score))
        by_score = (p - self._y) / np.maximum(deviance, 1e-150)
        return np.concatenate([slopes * by_score[:, None], (slopes - slopes.mean(axis=0)) / np.sqrt(score.size)])

    def _score(self, constants: np.ndarray) -> np.ndarray:
        return np.asarray(self._forward(constants)[0][-1]) + np.zeros(self._y.size)

    def _forward(self, constants: np.ndarray) -> tuple[list[Any], list[list[int]]]:
        """Give the value of each node, and the positions of its operands."""
        values = list(self._leaves)
        operands: list[list[int]] = [[] for _ in values]
        for i, value in zip(self._free, constants, strict=True):
            values[i] = np.float64(value)
        stack: list[int] = []
        with np.errstate(all="ignore"):
            for i, node in enumerate(self._nodes):
                if isinstance(node, Operator):
                    operands[i] = [stack.pop() for _ in range(OPERATORS[node.name])][::-1]
                    values[i] = apply(node.name, [values[j] for j in operands[i]])
                stack.append(i)
        return values, operands

    def _slopes(self, constants: np.ndarray) -> np.ndarray:
        """Give the derivative of the score by each constant, from the last node back; shape (n_samples, n_free)."""
        values, operands = self._forward(constants)
        slopes: list[Any] = [0.0] * len(values)
        slopes[-1] = np.float64(1.0)
        with np.errstate(all="ignore"):
            for i in reversed(range(len(values))):
                node = self._nodes[i]
                if isinstance(node, Operator):
                    partials = _PARTIALS[node.name](values[i], *(values[j] for j in operands[i]))
                    for j, partial in zip(operands[i], partials, strict=True):
                        slopes[j] = slopes[i] * partial
        return np.column_stack([slopes[i] + np.zeros(self._y.size) for i in self._free])
