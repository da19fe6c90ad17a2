"""The model itself where it is one equation: its expression as tokens of mathematics, large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.forms import Equation as Body
from workbench.forms import Form
from workbench.forms.equation import OPERATORS, Coded, Constant, Gap, Node, Operator, Variable
from workbench.forms.equation_text import infix
from workbench.pages.card import Card
from workbench.pages.equation import LONGEST, signs
from workbench.pages.outputs import ending, said_of
from workbench.pages.views import Block, Equation, Token
from workbench.plots.numbers import days, number, short
from workbench.plots.style import shown

# how tightly the outermost operator of a part binds
_SUM, _PRODUCT, _POWER, _WHOLE = range(4)
_MOST_NODES = 200


@dataclass(frozen=True)
class _Part:
    """The tokens of a part of an expression; of a sum its addends, each with its sign; the node of a single one."""

    tokens: list[Token]
    binds: int
    node: Node | None = None
    addends: tuple[tuple[bool, list[Token]], ...] = ()


def is_equation(form: Form) -> bool:
    """Tell whether a form is one equation that can be set."""
    body = form.body
    return isinstance(body, Body) and len(body.nodes) <= _MOST_NODES and not any(map(_is_table, body.nodes))


def says_all(form: Form) -> bool:
    """Tell whether the equation alone is the whole model: missing values count as nothing of their own."""
    return "\n" not in str(form)


def blocks(card: Card, form: Form) -> list[Block]:
    """Give the block of an equation: what becomes of it, and the mathematics."""
    assert isinstance(form.body, Body)  # noqa: S101 - `is_equation` holds
    titles = {column.name: column.title for column in card.data.columns}
    made = formula(form, said_of(form, card), titles)
    told = "Constants stand at three digits here; the card's JSON holds them in full."
    return [Block(paragraphs=[f"{ending(form)} {told}".strip()], equation=made)]


def formula(form: Form, left: str, titles: Mapping[str, str]) -> Equation:
    """Set the expression of an equation, broken at its outermost sum where it is long."""
    assert isinstance(form.body, Body)  # noqa: S101 - `is_equation` holds
    stack: list[_Part] = []
    for node in form.body.nodes:
        if not isinstance(node, Operator):
            stack.append(_leaf(node, form, titles))
        elif OPERATORS[node.name] == 1:
            stack.append(_unary(node.name, stack.pop()))
        else:
            right, one = stack.pop(), stack.pop()
            stack.append(_binary(node.name, one, right, form))
    rows = [[Token("name", shown(left, 60)), Token("operator", "=")]]
    for place, (minus, tokens) in enumerate(stack[0].addends or ((False, stack[0].tokens),)):
        sign = [Token("operator", "−" if minus else "+")] if place or minus else []
        if place and signs((*rows[-1], *sign, *tokens)) > LONGEST // 2:
            rows.append([])
        rows[-1] += [*sign, *tokens]
    return Equation(rows, f"{shown(left, 60)} = {infix(form.body, form.reading)}", large=True)


def _is_table(node: Node) -> bool:
    """Tell whether a node maps levels to numbers of their own: no sign stands for it."""
    return isinstance(node, Coded) and not {*node.values, node.unseen, node.missing} <= {0.0, 1.0}


def _leaf(node: Node, form: Form, titles: Mapping[str, str]) -> _Part:
    if isinstance(node, Constant):
        tokens = [Token("number", number(abs(node.value)))]
        if node.value < 0:
            return _Part([Token("operator", "−"), *tokens], _SUM, node, ((True, tokens),))
        return _Part(tokens, _WHOLE, node)
    assert isinstance(node, Variable | Gap | Coded)  # noqa: S101 - the other kinds of leaf
    title = shown(titles.get(node.column, node.column))
    if isinstance(node, Gap):
        return _Part([Token("open", "["), Token("name", f"{title} is missing"), Token("close", "]")], _WHOLE, node)
    if isinstance(node, Coded):
        met = [level for level, value in zip(node.levels, node.values, strict=True) if value]
        met += ["any other"] * bool(node.unseen) + ["missing"] * bool(node.missing and node.column in form.gaps)
        said = f"{title} is {' or '.join(shown(level, 20) for level in met) or 'never'}"
        return _Part([Token("open", "["), Token("name", said), Token("close", "]")], _WHOLE, node)
    said = f"days of {title} since 1970-01-01" if form.kinds.get(node.column) == "datetime" else title
    return _Part([Token("name", said)], _WHOLE, node)


def _bracketed(part: _Part, least: int) -> list[Token]:
    return part.tokens if part.binds >= least else [Token("open", "("), *part.tokens, Token("close", ")")]


def _unary(name: str, part: _Part) -> _Part:
    if name == "square":
        return _power(part, [Token("number", "2")])
    if name == "sqrt":
        return _Part([Token("root", "", (part.tokens,))], _WHOLE)
    if name == "abs":
        return _Part([Token("open", "|"), *part.tokens, Token("close", "|")], _WHOLE)
    return _Part([Token("name", name), Token("open", "("), *part.tokens, Token("close", ")")], _WHOLE)


def _power(base: _Part, exponent: list[Token]) -> _Part:
    return _Part([Token("power", "", (_bracketed(base, _WHOLE), exponent))], _POWER)


def _binary(name: str, left: _Part, right: _Part, form: Form) -> _Part:
    if name == "pow":
        return _power(left, right.tokens)
    if name == "div":
        return _Part([Token("fraction", "", (left.tokens, right.tokens))], _POWER)
    if name == "mul":
        minus = isinstance(left.node, Constant) and left.node.value < 0
        first = left.addends[0][1] if minus else _bracketed(left, _PRODUCT)
        tokens = [*first, Token("operator", "×"), *_bracketed(right, _PRODUCT)]
        if minus:
            return _Part([Token("operator", "−"), *tokens], _SUM, None, ((True, tokens),))
        return _Part(tokens, _PRODUCT)
    return _sum(name, left, right, form)


def _sum(name: str, left: _Part, right: _Part, form: Form) -> _Part:
    """Join two parts with a sign, which turns those of a sum that is taken off; shifts of a column keep all digits."""
    column, constant = left.node, right.node
    if name == "sub" and isinstance(column, Variable) and isinstance(constant, Constant):
        if form.kinds.get(column.column) == "datetime":
            text = left.tokens[0].text.replace("1970-01-01", days(constant.value))
            return _Part([Token("name", text)], _WHOLE)
        right = _Part([Token("number", short(abs(constant.value), 15))], _WHOLE)
        right = _minus(right) if constant.value < 0 else right
    turned = name == "sub"
    first = left.addends or ((False, left.tokens),)
    second = tuple((minus != turned, tokens) for minus, tokens in right.addends or ((False, right.tokens),))
    addends = (*first, *second)
    tokens: list[Token] = []
    for place, (minus, part) in enumerate(addends):
        tokens += [Token("operator", "−" if minus else "+")] if place or minus else []
        tokens += part
    return _Part(tokens, _SUM, None, addends)


def _minus(part: _Part) -> _Part:
    """Give a part with a minus sign before it."""
    return _Part([Token("operator", "−"), *part.tokens], _SUM, None, ((True, part.tokens),))
