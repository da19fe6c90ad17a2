"""Trees of operon: postfix nodes, each variable with a weight, as expressions of sympy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# operands come off the stack first operand first
_BINARY: dict[str, Any] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
    "Pow": lambda a, b: a**b,
}
_UNARY = {"Exp": "exp", "Log": "log", "Sin": "sin", "Cos": "cos", "Tanh": "tanh", "Sqrt": "sqrt", "Abs": "Abs"}


def read_operon(tree: Any, variables: Mapping[int, Any]) -> Any:
    """Read the nodes of a tree, not its text, which has few digits.

    Parameters
    ----------
    tree : pyoperon.Tree
    variables : mapping of int to sympy expression
        What stands for each variable, by its hash.

    Returns
    -------
    sympy expression

    Raises
    ------
    ValueError
        If the tree has a node of another kind.
    """
    import sympy

    stack: list[Any] = []
    for node in tree.Nodes:
        kind = node.Type.name
        if kind == "Constant":
            stack.append(sympy.Float(node.Value))
        elif kind == "Variable":
            stack.append(sympy.Float(node.Value) * variables[node.HashValue])
        elif kind == "Square" and node.Arity == 1:
            stack.append(stack.pop() ** 2)
        elif kind in _UNARY and node.Arity == 1:
            stack.append(getattr(sympy, _UNARY[kind])(stack.pop()))
        elif kind in _BINARY and node.Arity == 2:
            first, second = stack.pop(), stack.pop()
            stack.append(_BINARY[kind](first, second))
        else:
            raise ValueError(f"operon's node {kind} with {node.Arity} operands can't be read")
    return stack[0]
