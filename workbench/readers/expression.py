"""Expressions of sympy as equations, and equations as expressions; no text is ever parsed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.forms import Constant, Equation, Node, Operator, Variable

_FUNCTIONS = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "Abs": "abs"}
# a constant so near to a whole number, relative to it, may be that number
_ROUNDING = 1e-6
_Nodes = list[tuple[Node, bool]]


def tidy(expression: Any) -> Any:
    """Merge constants that say the same: factors inside a product, powers, logarithms and exponentials move out.

    Where a step changes where the expression is defined, as exp(log x) = x does, the tidied one is what is meant.
    """
    import sympy

    if not expression.args:
        return expression
    args = [tidy(each) for each in expression.args]
    if isinstance(expression, sympy.Mul):
        pairs = [_content(each) for each in args]
        rest = sympy.Mul(*(inner for _, inner in pairs))
        return sympy.Mul(sympy.Mul(*(factor for factor, _ in pairs)), rest)
    if isinstance(expression, sympy.Pow):
        return _tidy_power(*args)
    if isinstance(expression, sympy.log):
        factor, inner = _content(args[0])
        return sympy.log(factor) + sympy.log(inner)
    if isinstance(expression, sympy.exp):
        shift, inner = args[0].as_coeff_Add()
        return sympy.exp(shift) * sympy.exp(inner)
    if isinstance(expression, sympy.Add) and any(each.is_number for each in args):
        args = [_doubled(each) for each in args]
    return expression.func(*args)


def _tidy_power(base: Any, exponent: Any) -> Any:
    import sympy

    if not (exponent.is_number and exponent.is_real and exponent.is_finite):
        return base**exponent
    # whole and half powers are exact; a Float equals no Integer
    twice = 2.0 * float(exponent)
    power = sympy.Rational(int(twice), 2) if twice.is_integer() else exponent
    factor, inner = _content(base)
    return factor**power * inner**power


def _doubled(term: Any) -> Any:
    """Give a squared sine or cosine as a cosine of twice the angle, whose constant merges into the sum's."""
    import sympy

    factor, inner = term.as_coeff_Mul()
    if isinstance(inner, sympy.Pow) and inner.args[1] == 2 and isinstance(inner.args[0], sympy.sin | sympy.cos):
        sign = 1 if isinstance(inner.args[0], sympy.cos) else -1
        return factor / 2 + sign * factor / 2 * sympy.cos(2 * inner.args[0].args[0])
    return term


def rounded(expression: Any) -> Any:
    """Leave out what may be rounding alone.

    Whole numbers, and in angles multiples of pi / 2, take the place of constants close to them, and terms of a sum with
    a coefficient that is tiny beside another's go. It is up to the caller to see whether the result is as good.
    """
    import sympy

    if isinstance(expression, sympy.Float):
        return _near(expression, 1)
    if isinstance(expression, sympy.sin | sympy.cos):
        angle = expression.args[0]
        shift, inner = angle.as_coeff_Add()
        return expression.func(_near(shift, sympy.pi / 2) + rounded(inner))
    if isinstance(expression, sympy.Add):
        sizes = [abs(float(term.as_coeff_Mul()[0])) for term in expression.args]
        kept = [t for t, size in zip(expression.args, sizes, strict=True) if size > _ROUNDING * max(sizes)]
        return sympy.Add(*map(rounded, kept))
    return expression.func(*map(rounded, expression.args)) if expression.args else expression


def is_near(values: np.ndarray, unit: float) -> np.ndarray:
    """Say which numbers are multiples of a unit, but not 0, up to rounding."""
    times = np.round(values / unit)
    near: np.ndarray = (times != 0) & (np.abs(values / unit - times) <= _ROUNDING * np.abs(times))
    return near


def is_tiny(values: np.ndarray) -> np.ndarray:
    """Say which numbers are tiny beside the largest."""
    sizes = np.abs(values)
    tiny: np.ndarray = sizes <= _ROUNDING * sizes.max(initial=0.0)
    return tiny


def _near(value: Any, unit: Any) -> Any:
    number = np.array(float(value / unit))
    return round(float(number)) * unit if is_near(number, 1.0) else value


def _content(expression: Any) -> tuple[Any, Any]:
    """Give the size of the first coefficient, and the expression divided by it."""
    import sympy

    if isinstance(expression, sympy.Add):
        first = next(t for t in expression.as_ordered_terms() if not t.is_number)
        size, inner = first.as_coeff_Mul()
        factor = abs(size)
        # a coefficient of 1 that is no float is no constant of the equation
        return factor, sympy.Add(sympy.sign(size) * inner, *(t / factor for t in expression.args if t != first))
    factor, inner = expression.as_coeff_Mul()
    return (expression, sympy.Integer(1)) if expression.is_number else (abs(factor), sympy.sign(factor) * inner)


def read_expression(expression: Any) -> tuple[Equation, tuple[int, ...]]:
    """Read an expression over symbols as an equation over columns of the same names.

    Returns
    -------
    Equation
    tuple of int
        Which nodes are constants that may be fitted: all but whole and rational exponents.

    Raises
    ------
    ValueError
        If the expression holds anything but real numbers, symbols and the operators of `Equation`.
    """
    nodes = _read(expression)
    return Equation(tuple(node for node, _ in nodes)), tuple(i for i, (_, free) in enumerate(nodes) if free)


def _read(expression: Any) -> _Nodes:
    import sympy

    if isinstance(expression, sympy.Symbol):
        return [(Variable(expression.name), False)]
    if expression.is_number:
        return _number(expression, free=True)
    if isinstance(expression, sympy.Add):
        return _sum(expression.as_ordered_terms())
    if isinstance(expression, sympy.Mul):
        return _product(expression)
    if isinstance(expression, sympy.Pow):
        return _power(*expression.args)
    name = _FUNCTIONS.get(expression.func.__name__)
    if name is None or len(expression.args) != 1:
        raise ValueError(f"{expression.func.__name__} is no operator of an equation")
    return [*_read(expression.args[0]), (Operator(name), False)]


def _number(value: Any, *, free: bool) -> _Nodes:
    if not (value.is_real and value.is_finite):
        raise ValueError("a constant is not a finite real number")
    return [(Constant(float(value)), free)]


def _sum(terms: Sequence[Any]) -> _Nodes:
    # a term that is not subtracted comes first
    ordered = sorted(terms, key=lambda t: bool(t.as_coeff_Mul()[0].is_negative))
    nodes = _read(ordered[0])
    for term in ordered[1:]:
        negative = bool(term.as_coeff_Mul()[0].is_negative)
        nodes += [*_read(-term if negative else term), (Operator("sub" if negative else "add"), False)]
    return nodes


def _product(expression: Any) -> _Nodes:
    import sympy

    factor, rest = expression.as_coeff_Mul()
    over: list[Any] = []
    under: list[Any] = []
    for each in rest.as_ordered_factors():
        down = isinstance(each, sympy.Pow) and each.args[1].is_number and bool(each.args[1].is_negative)
        (under if down else over).append(1 / each if down else each)
    nodes = [] if factor == 1 and over else _number(factor, free=True)
    for each in over:
        nodes += [*_read(each), *([(Operator("mul"), False)] if nodes else [])]
    for each in under:
        nodes += [*_read(each), (Operator("div"), False)]
    return nodes


def _power(base: Any, exponent: Any) -> _Nodes:
    import sympy

    if exponent == 2:
        return [*_read(base), (Operator("square"), False)]
    if exponent == sympy.Rational(1, 2):
        return [*_read(base), (Operator("sqrt"), False)]
    if exponent.is_number and exponent.is_negative:
        return [*_number(sympy.Integer(1), free=True), *_power_or_base(base, -exponent), (Operator("div"), False)]
    inner = _number(exponent, free=not exponent.is_Rational) if exponent.is_number else _read(exponent)
    return [*_read(base), *inner, (Operator("pow"), False)]


def _power_or_base(base: Any, exponent: Any) -> _Nodes:
    return _read(base) if exponent == 1 else _power(base, exponent)


def to_expression(equation: Equation, names: Sequence[str]) -> Any:
    """Give an equation as an expression; `names` has a symbol for each node, used where it is no number or operator."""
    import sympy

    functions: dict[str, Any] = {
        **{ours: getattr(sympy, theirs) for theirs, ours in _FUNCTIONS.items()},
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "pow": lambda a, b: a**b,
        "square": lambda a: a**2,
        "sqrt": sympy.sqrt,
    }
    symbols = {name: sympy.Symbol(name, real=True) for name in set(names)}
    stack: list[Any] = []
    for node, name in zip(equation.nodes, names, strict=True):
        if isinstance(node, Constant):
            whole = node.value.is_integer() and abs(node.value) < 10
            stack.append(sympy.Integer(int(node.value)) if whole else sympy.Float(node.value))
        elif isinstance(node, Operator):
            arity = 2 if node.name in ("add", "sub", "mul", "div", "pow") else 1
            operands = [stack.pop() for _ in range(arity)][::-1]
            stack.append(functions[node.name](*operands))
        else:
            stack.append(symbols[name])
    return stack[0]
