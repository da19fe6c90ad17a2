"""An equation as text and as mathematics."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.forms.equation import OPERATORS, Coded, Constant, Equation, Gap, Node, Operator, Variable
from workbench.forms.text import (
    Reading,
    latex_name,
    moment_text,
    number_text,
    score_latex,
    score_text,
)

# how tightly the outermost operator of a piece binds
_SUM, _PRODUCT, _POWER, _WHOLE = range(4)
# constants that shift a column are round numbers: all their digits are told
_ALL_DIGITS = 15


@dataclass(frozen=True)
class _Piece:
    """The text of a part of the equation; the node where it is a single one."""

    text: str
    binds: int
    node: Node | None = None


@dataclass(frozen=True)
class _Style:
    """How one notation writes numbers, names and operators."""

    number: Callable[[float, int], str]
    name: Callable[[str], str]
    minus: str
    times: str
    apply: Callable[[str, str], str]
    quotient: Callable[[_Piece, _Piece], _Piece]
    power: Callable[[_Piece, str], str]
    bracket: Callable[[str], str]


@score_text.register
def _equation_text(body: Equation, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    return "\n".join([f"{subject} = {infix(body, reading)}", *_notes(body, reading)])


def infix(body: Equation, reading: Reading) -> str:
    """Write the equation itself on one line, without what missing values and levels count as.

    Examples
    --------
    >>> from workbench.forms import Constant, Equation, Operator, Variable
    >>> double = (Constant(2.0), Variable("x"), Operator("mul"), Operator("cos"), Constant(-0.5), Operator("add"))
    >>> infix(Equation(double), Reading({}, frozenset()))
    'cos(2 × x) − 0.5'
    """
    return _write(body, reading, _PLAIN)


@score_latex.register
def _equation_latex(body: Equation, reading: Reading) -> list[str]:
    return [_write(body, reading, _LATEX)]


def _write(body: Equation, reading: Reading, style: _Style) -> str:
    labels, stack = _labels(body), []
    for node in body.nodes:
        if not isinstance(node, Operator):
            stack.append(_leaf(node, labels, reading, style))
        elif OPERATORS[node.name] == 1:
            stack.append(_unary(node.name, stack.pop(), style))
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(_binary(node.name, left, right, reading, style))
    return stack[0].text


def _leaf(node: Node, labels: dict[Coded, str], reading: Reading, style: _Style) -> _Piece:
    if isinstance(node, Constant):
        text = style.number(node.value, 4)
        whole = text.replace(".", "").isdigit()
        return _Piece(text, _WHOLE if whole else _PRODUCT, node)
    if isinstance(node, Gap):
        return _Piece(f"[{style.name(f'{node.column} is missing')}]", _WHOLE, node)
    if isinstance(node, Coded):
        met = _met(node)
        said = labels[node] if met is None else f"{node.column} is {' or '.join(met)}"
        return _Piece(style.name(said) if met is None else f"[{style.name(said)}]", _WHOLE, node)
    assert isinstance(node, Variable)  # noqa: S101 - the last kind of leaf
    if reading.kinds.get(node.column) == "datetime":
        return _Piece(_days(node.column, 0.0, style), _WHOLE, node)
    return _Piece(style.name(node.column), _WHOLE, node)


def _days(column: str, since: float, style: _Style) -> str:
    return style.bracket(style.name(f"days of {column} since {moment_text(since)}"))


def _unary(name: str, piece: _Piece, style: _Style) -> _Piece:
    if name == "square":
        return _Piece(style.power(piece, "2"), _POWER)
    return _Piece(style.apply(name, piece.text), _WHOLE)


def _binary(name: str, left: _Piece, right: _Piece, reading: Reading, style: _Style) -> _Piece:
    if name == "pow":
        return _Piece(style.power(left, right.text), _POWER)
    if name == "div":
        return style.quotient(left, right)
    if name == "mul":
        parts = [style.bracket(p.text) if p.binds < _PRODUCT else p.text for p in (left, right)]
        if parts[1].startswith(style.minus):
            parts[1] = style.bracket(parts[1])
        return _Piece(style.times.join(parts), _PRODUCT)
    return _sum(name, left, right, reading, style)


def _sum(name: str, left: _Piece, right: _Piece, reading: Reading, style: _Style) -> _Piece:
    column = left.node
    if name == "sub" and isinstance(column, Variable) and isinstance(right.node, Constant):
        if reading.kinds.get(column.column) == "datetime":
            return _Piece(_days(column.column, right.node.value, style), _WHOLE)
        right = _Piece(style.number(right.node.value, _ALL_DIGITS), _PRODUCT)
    text = right.text
    if name == "sub" and right.binds == _SUM:
        text = style.bracket(text)
    sign = "+" if name == "add" else style.minus
    if text.startswith(style.minus):
        sign = style.minus if name == "add" else "+"
        text = text.removeprefix(style.minus)
    return _Piece(f"{left.text} {sign} {text}", _SUM)


def _met(node: Coded) -> list[str] | None:
    """Name the levels for which an indicator is 1; None for a node that has other values."""
    pairs = [*zip(node.levels, node.values, strict=True), ("any other", node.unseen), ("missing", node.missing)]
    met = [name for name, value in pairs if value == 1.0]
    return met if met and all(value in (0.0, 1.0) for _, value in pairs) and len(met) < len(pairs) else None


def _labels(body: Equation) -> dict[Coded, str]:
    """Name the codings that are no indicators: by their column, numbered where it has several."""
    found = [n for n in dict.fromkeys(body.nodes) if isinstance(n, Coded) and _met(n) is None]
    named: dict[Coded, str] = {}
    for node in found:
        alike = [n for n in found if n.column == node.column]
        named[node] = node.column if len(alike) == 1 else f"{node.column} ({alike.index(node) + 1})"
    return named


def _notes(body: Equation, reading: Reading) -> list[str]:
    """Say what levels count as, and missing values where there were any in training."""
    lines = []
    for node, name in _labels(body).items():
        pairs = [*zip(node.levels, node.values, strict=True), ("any other", node.unseen)]
        pairs += [("missing", node.missing)] if node.column in reading.gaps else []
        lines.append(f"    {name} counts as " + ", ".join(f"{number_text(v)} where {level}" for level, v in pairs))
    filled = [n for n in dict.fromkeys(body.nodes) if isinstance(n, Variable) and n.column in reading.gaps]
    for each in filled:
        moment = reading.kinds.get(each.column) == "datetime" and np.isfinite(each.missing)
        said = moment_text(each.missing) if moment else number_text(each.missing)
        lines.append(f"    {each.column} counts as {said} where missing")
    return lines


def _plain_name(name: str) -> str:
    """Quote a name that could be taken for a part of the equation."""
    return f"'{name}'" if re.search(r"[-+*/^×−()]", name) and not name.startswith("days of ") else name


def _plain_quotient(left: _Piece, right: _Piece) -> _Piece:
    over = left.text if left.binds >= _PRODUCT else f"({left.text})"
    under = right.text if right.binds > _PRODUCT else f"({right.text})"
    return _Piece(f"{over} / {under}", _PRODUCT)


def _plain_power(base: _Piece, exponent: str) -> str:
    over = base.text if base.binds == _WHOLE else f"({base.text})"
    return f"{over}^{exponent}" if re.fullmatch(r"[\w.]+", exponent) else f"{over}^({exponent})"


def _latex_number(value: float, digits: int) -> str:
    mantissa, _, exponent = number_text(value, digits).replace("−", "-").partition(" × 10^")
    return mantissa + (rf" \times 10^{{{exponent}}}" if exponent else "")


def _latex_apply(name: str, inner: str) -> str:
    if name == "sqrt":
        return rf"\sqrt{{{inner}}}"
    if name == "abs":
        return rf"\left|{inner}\right|"
    return rf"\{name}\left({inner}\right)"


def _latex_power(base: _Piece, exponent: str) -> str:
    over = base.text if base.binds == _WHOLE else rf"\left({base.text}\right)"
    return rf"{{{over}}}^{{{exponent}}}"


_PLAIN = _Style(
    number=number_text,
    name=_plain_name,
    minus="−",
    times=" × ",
    apply=lambda name, inner: f"{name}({inner})",
    quotient=_plain_quotient,
    power=_plain_power,
    bracket=lambda text: f"({text})",
)
_LATEX = _Style(
    number=_latex_number,
    name=latex_name,
    minus="-",
    times=r" \cdot ",
    apply=_latex_apply,
    quotient=lambda left, right: _Piece(rf"\frac{{{left.text}}}{{{right.text}}}", _POWER),
    power=_latex_power,
    bracket=lambda text: rf"\left({text}\right)",
)
