"""The model itself where it is a sum of lines and levels: its sentence, its equation, and the pictures of its moves."""

from __future__ import annotations

import math

import numpy as np

from workbench.forms import Additive, Form, Levels, Linear, Offset
from workbench.pages import coefficients, figure_data
from workbench.pages.card import Card
from workbench.pages.equation import equation
from workbench.pages.outputs import change, ending, factors, said_of, scale
from workbench.pages.parts import ColumnPart
from workbench.pages.views import Block, Cell, Head, PictureView, TableView, picture
from workbench.plots import PAGE, terms
from workbench.plots.numbers import number, short, signed
from workbench.plots.style import shown

_MOST_MOVES = 20


def is_linear(form: Form) -> bool:
    """Tell whether a form is a sum of lines, levels and offsets, or a constant."""
    body = form.body
    return (
        isinstance(body, Additive)
        and body.divisor == 1.0
        and all(isinstance(term, Linear | Levels | Offset) for term in body.terms)
    )


def blocks(card: Card, form: Form) -> list[Block]:
    """Give the blocks of a sum of lines and levels."""
    body = form.body
    assert isinstance(body, Additive)  # noqa: S101 - `is_linear` holds
    known = {column.name: column for column in card.data.columns}
    linear = [t for t in body.terms if isinstance(t, Linear)]
    leveled = [t for t in body.terms if isinstance(t, Levels)]
    left = said_of(form, card)
    out = [
        Block(
            paragraphs=[*_sentence(card, form, linear, known), *_afterwards(form, known)],
            equation=equation(form, left, {name: column.title for name, column in known.items()}),
            tables=[coefficients.table(card, form, linear)],
        )
    ]
    if leveled:
        out.append(Block(tables=[_level_table(term, form, left, known) for term in leveled]))
    if body.k == 1 and (moves := _moves(body, known)):
        out.insert(1, Block(pictures=[_moves_picture(moves, left)]))
    return out


def _afterwards(form: Form, known: dict[str, ColumnPart]) -> list[str]:
    """Say what becomes of the sum, what a unit does on that scale, and what offsets are."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_linear` holds
    said = [ending(form), factors(form)] if form.body.terms else []
    for term in form.body.terms:
        if isinstance(term, Offset):
            name = shown(known[term.column].title if term.column in known else term.column)
            what = f"the logarithm of {name}, the exposure," if term.log else name
            said.append(f"To each sum {what} is added as it stands: its coefficient of 1 is set, not fitted.")
    return [" ".join(filter(None, said))] if any(said) else []


def _sentence(card: Card, form: Form, linear: list[Linear], known: dict[str, ColumnPart]) -> list[str]:
    """Put the strongest line into words: so much more of the column goes with so much more of the target."""
    told = [(abs(float(t.coef[0])) * coefficients.reach(known.get(t.column)), t) for t in linear]
    told = [pair for pair in told if pair[0] > 0]
    if form.body.k != 1 or not told:
        return []
    term = max(told, key=lambda pair: pair[0])[1]
    column = known[term.column]
    step = 10.0 ** math.floor(math.log10(coefficients.reach(column) / 2))
    unit = f" {shown(column.unit, 16)}" if column.unit else ""
    goes = change(form, float(term.coef[0]) * step, card)
    amount = f"One{unit} more" if step == 1 else f"{short(step)}{unit} more"
    return [f"{amount} {shown(column.title)} goes with {goes}, the other columns equal. This is not causation."]


def _moves(body: Additive, known: dict[str, ColumnPart]) -> list[tuple[str, float]]:
    """Give how far each term moves the score: from low to high along a line, from lowest to highest over levels."""
    out = []
    for term in body.terms:
        name = known[term.columns[0]].title if term.columns[0] in known else term.columns[0]
        if isinstance(term, Linear):
            out.append((name, float(term.coef[0]) * coefficients.reach(known.get(term.column))))
        elif isinstance(term, Levels):
            out.append((f"{shown(name, 18)} (levels)", float(np.ptp(term.values[:, 0]))))
    return sorted((move for move in out if move[1]), key=lambda move: -abs(move[1]))[:_MOST_MOVES]


def _moves_picture(moves: list[tuple[str, float]], what: str) -> PictureView:
    names, sizes = [m[0] for m in moves], [m[1] for m in moves]
    axis = f"change in {what} from low to high"
    finding = f"{shown(names[0])} moves the prediction most: {signed(sizes[0], 2)} from its low to its high value"
    drawing = terms.draw(names, sizes, PAGE, axis=axis)
    note = "Low and high are the 10th lowest and the 10th highest value; over levels, from the lowest to the highest."
    data = figure_data.rows(["column", axis], names, sizes)
    return picture(drawing, finding, terms.describe(names, sizes), note, data=data)


def _level_table(term: Levels, form: Form, left: str, known: dict[str, ColumnPart]) -> TableView:
    title = shown(known[term.column].title if term.column in known else term.column)
    lines = [
        [Cell(shown(level)), *(Cell(number(float(v)), float(v)) for v in values)]
        for level, values in zip(term.levels, term.values, strict=True)
    ]
    for name, branch in (("any other", term.unseen), ("missing", term.missing)):
        if branch.any():
            lines.append([Cell(name), *(Cell(number(float(v)), float(v)) for v in branch)])
    names = [left] if form.body.k == 1 else [f"{scale(form)}{shown(o, 24)}" for o in form.outputs]
    heads = [Head(title), *(Head(f"Adds to {name}", numeric=True) for name in names)]
    return TableView(f"{title}: what each level adds", heads, lines, name="levels")
