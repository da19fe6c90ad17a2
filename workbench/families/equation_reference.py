"""A second evaluation of equations, row by row and node within node, which shares no code with the form's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.forms import Constant, Equation, Operator, Variable

_Row = Any
_Value = Callable[[_Row], float]


def evaluate_by_row(equation: Equation, Z: np.ndarray) -> np.ndarray:
    """Give an equation's value over the columns "0", "1", ... of Z, shape (n_samples,), with the module math alone."""
    nodes = list(equation.nodes)
    value = _last(nodes)
    return np.array([value(row) for row in Z.tolist()], dtype=np.float64)


def _last(nodes: list[Any]) -> _Value:
    """Take the last node, and before it its operands, off the list, and give what computes it."""
    node = nodes.pop()
    if isinstance(node, Constant):
        return lambda row, number=node.value: number  # type: ignore[misc]
    if isinstance(node, Variable):
        return lambda row, j=int(node.column): row[j]  # type: ignore[misc]
    if not isinstance(node, Operator):
        raise TypeError(f"an equation over encoded inputs has no {node.kind} node")
    if node.name in _TWO:
        right = _last(nodes)
        left = _last(nodes)
        return lambda row: _guarded(_TWO[node.name], left(row), right(row))
    inner = _last(nodes)
    return lambda row: _guarded(_ONE[node.name], inner(row))


def _guarded(compute: Callable[..., float], *operands: float) -> float:
    """Compute as IEEE arithmetic does where Python raises."""
    try:
        return compute(*operands)
    except OverflowError:
        # exp, a square or a power of large size
        return math.inf
    except ValueError:
        # outside of the domain: no number, but for the logarithm of 0 and the negative power of 0
        if compute is math.log and operands[0] == 0.0:
            return -math.inf
        return math.inf if compute is math.pow and operands[0] == 0.0 else math.nan
    except ZeroDivisionError:
        return math.nan if operands[0] == 0.0 or math.isnan(operands[0]) else math.copysign(math.inf, operands[0])


_TWO: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": math.pow,
}
_ONE: dict[str, Callable[[float], float]] = {
    "square": lambda a: a * a,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "abs": abs,
}
