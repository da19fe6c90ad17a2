"""The model itself: the blocks of a card that show its whole form, or say why there is none to show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.forms import Additive, Form, Levels, Linear, Tree
from workbench.pages import shapes
from workbench.pages.card import Card
from workbench.pages.equation import equation
from workbench.pages.parts import ColumnPart
from workbench.pages.views import Block, Cell, Head, PictureView, TableView, picture
from workbench.plots import PAGE, terms, tree
from workbench.plots.numbers import count, number, short, signed
from workbench.plots.style import shown

_MOST_LEAVES = 24
_SHORT_TEXT = 4_000
_MOST_TEXT = 20_000
_SCALES = {"logistic": "log odds of ", "softmax": "score of "}


def blocks(card: Card) -> list[Block]:
    """Give the blocks that show the form: a tree as picture and rules, a sum as coefficients, or its text."""
    form = None if card.form.form is None else Form.from_dict(card.form.form)
    if form is not None and not (isinstance(form.body, Additive) and form.body.divisor == 1.0):
        form = None  # no sum that its terms can be read off
    out: list[Block] = []
    if form is not None and _single_tree(form):
        out.append(Block(pictures=[_tree_picture(card, form)]))
    elif form is not None and shapes.is_sum_of_shapes(form):
        out += shapes.blocks(card, form, _target(card), _SCALES.get(form.output.kind, ""))
    elif form is not None and all(isinstance(term, Linear | Levels) for term in form.body.terms):
        out += _sum_blocks(card, form)
    folded = []
    said = form is not None and (shapes.is_sum_of_shapes(form) or any(block.equation for block in out))
    if 0 < len(card.form.text) <= _SHORT_TEXT and not said:
        out.append(Block(heading="In words", text=card.form.text, label="The model in words"))
    elif 0 < len(card.form.text) <= _MOST_TEXT:
        folded.append(("The model in words", card.form.text))
    if 0 < len(card.form.latex) <= _MOST_TEXT:
        folded.append(("The same in LaTeX", card.form.latex))
    return [*out, Block(folded=folded)] if folded else out


def lead(card: Card) -> str:
    """Say what kind of thing the model is and how much of it there is to hold."""
    stored = "" if card.stored_numbers is None else f" ({count(card.stored_numbers)} numbers)"
    if not card.form.available:
        return f"There is no form that a person can hold{stored}: what follows about its behaviour is an outside view."
    if not card.glassbox:
        file = "a file kept apart" if card.form.private else "its file"
        return f"There is no form that a person can hold{stored}, although {file} computes it exactly."
    size = "" if card.size is None else f" of {count(card.size)} numbers to hold"
    used = len(card.method.features_used or ())
    reads = f"It reads {count(used)} of {count(card.data.n_features)} columns"
    if used == 0:
        return f"This is the whole model, a constant{size}. It reads none of the {count(card.data.n_features)} columns."
    return f"This is the whole model{size}; nothing else takes part in a prediction. {reads}."


def _single_tree(form: Form) -> bool:
    kinds = [type(term) for term in form.body.terms]
    return kinds == [Tree] and 1 < int(form.body.terms[0].is_leaf.sum()) <= _MOST_LEAVES  # type: ignore[union-attr]


def _tree_picture(card: Card, form: Form) -> PictureView:
    term: Any = form.body.terms[0]
    values = form.output(term.value + form.body.intercept)
    if not form.classes:
        texts = [number(float(v[0])) for v in values]
    elif values.shape[1] == 1:
        texts = [f"{_percent(float(v[0]))} {shown(form.classes[1], 16)}" for v in values]
    else:
        texts = [f"{shown(form.classes[int(v.argmax())], 16)} {_percent(float(v.max()))}" for v in values]
    leaves = int(term.is_leaf.sum())
    first = tree.condition(term, 0, _labels(card))
    what = "the share of its class" if form.classes else f"the predicted {_target(card)}"
    return picture(
        tree.draw(term, texts, PAGE, labels=_labels(card)),
        f"{leaves - 1} questions lead to {leaves} answers; the first asks whether {first}",
        tree.describe(term, texts),
        f"In bold {what}; below it the training rows that come to it.",
        wide=True,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if 0.005 <= share < 0.995 else "> 99%" if share > 0.5 else "< 1%"


def _labels(card: Card) -> dict[str, str]:
    return {column.name: column.title for column in card.data.columns}


def _target(card: Card) -> str:
    return shown(card.data.target.title or card.data.target.name)


def _sum_blocks(card: Card, form: Form) -> list[Block]:
    outputs = form.outputs if form.classes else (_target(card),)
    scale = _SCALES.get(form.output.kind, "")
    known = {column.name: column for column in card.data.columns}
    linear = [t for t in form.body.terms if isinstance(t, Linear)]
    leveled = [t for t in form.body.terms if isinstance(t, Levels)]
    out = [
        Block(
            paragraphs=_sentence(card, form, linear, scale),
            equation=equation(form, f"{scale}{outputs[0]}", _labels(card)),
            tables=[_coefficients(form.body, linear, outputs, known, scale)],
        )
    ]
    if leveled:
        out.append(Block(tables=[_level_table(term, outputs, known, scale) for term in leveled]))
    if form.body.k == 1 and (moves := _moves(form, known)):
        out.insert(1, Block(pictures=[_moves_picture(card, moves, f"{scale}{outputs[0]}")]))
    return out


def _sentence(card: Card, form: Form, linear: list[Linear], scale: str) -> list[str]:
    """Put the strongest line into words: so much more of the column goes with so much more of the target."""
    known = {column.name: column for column in card.data.columns}
    told = [(abs(float(t.coef[0])) * _range(known.get(t.column)), t) for t in linear]
    told = [pair for pair in told if pair[0] > 0]
    if form.body.k != 1 or not told:
        return []
    term = max(told, key=lambda pair: pair[0])[1]
    column = known[term.column]
    step = 10.0 ** math.floor(math.log10(_range(column) / 2))
    unit = f" {shown(column.unit, 16)}" if column.unit else ""
    change = float(term.coef[0]) * step
    more = "more" if change > 0 else "less"
    goes = f"{number(abs(change))} {more} {_target(card)}"
    if scale:
        factor = math.exp(change)
        goes = f"odds of {shown(form.outputs[0])} that are {number(factor)} times as high"
    amount = f"One{unit} more" if step == 1 else f"{short(step)}{unit} more"
    return [f"{amount} {shown(column.title)} goes with {goes}, the other columns equal. This is not causation."]


def _range(column: ColumnPart | None) -> float:
    return 0.0 if column is None or column.low is None or column.high is None else column.high - column.low


def _moves(form: Form, known: dict[str, ColumnPart]) -> list[tuple[str, float]]:
    """Give how far each term moves the score: from low to high along a line, from lowest to highest over levels."""
    out = []
    for term in form.body.terms:
        name = known[term.columns[0]].title if term.columns[0] in known else term.columns[0]
        if isinstance(term, Linear):
            out.append((name, float(term.coef[0]) * _range(known.get(term.column))))
        elif isinstance(term, Levels):
            out.append((f"{shown(name, 18)} (levels)", float(np.ptp(term.values[:, 0]))))
    return sorted((move for move in out if move[1]), key=lambda move: -abs(move[1]))[:20]


def _moves_picture(card: Card, moves: list[tuple[str, float]], what: str) -> PictureView:
    names, sizes = [m[0] for m in moves], [m[1] for m in moves]
    axis = f"change in {what} from low to high"
    finding = f"{shown(names[0])} moves the prediction most: {signed(sizes[0], 2)} from its low to its high value"
    drawing = terms.draw(names, sizes, PAGE, axis=axis)
    note = "Low and high are the 10th lowest and the 10th highest value; over levels, from the lowest to the highest."
    return picture(drawing, finding, terms.describe(names, sizes), note)


def _coefficients(
    body: Additive, linear: list[Linear], outputs: Any, known: dict[str, ColumnPart], scale: str
) -> TableView:
    single = body.k == 1
    names = [f"Per unit: {scale}{shown(o, 24)}" for o in outputs]
    missing = any(term.missing.any() for term in linear)
    heads = [Head("Term"), Head("Unit"), *(Head(n, numeric=True) for n in names)]
    if single:
        heads += [Head("Low", numeric=True), Head("High", numeric=True), Head("Low to high", numeric=True)]
    heads.append(Head("Counted from", numeric=True))
    heads += (
        [Head(f"If missing: {shown(o, 24)}" if not single else "If missing", numeric=True) for o in outputs]
        if missing
        else []
    )
    start = [Cell("Start"), Cell(""), *(Cell(number(float(v)), float(v)) for v in body.intercept)]
    lines = [start + [Cell("")] * (len(heads) - len(start))]
    for term in linear:
        column = known.get(term.column)
        cells = [
            Cell(shown(column.title if column else term.column, 40)),
            Cell(shown(column.unit, 16) if column and column.unit else ""),
        ]
        cells += [Cell(number(float(c)), float(c)) for c in term.coef]
        if single:
            move = float(term.coef[0]) * _range(column)
            ends = (column.low, column.high) if column else (None, None)
            cells += [Cell(short(v, 4), v) for v in ends] + [Cell(number(move), move)]
        cells.append(Cell(short(term.center, 4), term.center))
        cells += [Cell(number(float(m)), float(m)) for m in term.missing] if missing else []
        lines.append(cells)
    note = "The start, plus for every column its coefficient times the value's distance from where it is counted from."
    return TableView(
        "Coefficients, in the columns' own units", heads, lines, sortable=False, note=note, name="coefficients"
    )


def _level_table(term: Levels, outputs: Any, known: dict[str, ColumnPart], scale: str) -> TableView:
    title = shown(known[term.column].title if term.column in known else term.column)
    lines = [
        [Cell(shown(level)), *(Cell(number(float(v)), float(v)) for v in values)]
        for level, values in zip(term.levels, term.values, strict=True)
    ]
    for name, branch in (("any other", term.unseen), ("missing", term.missing)):
        if branch.any():
            lines.append([Cell(name), *(Cell(number(float(v)), float(v)) for v in branch)])
    heads = [Head(title), *(Head(f"Adds to {scale}{shown(o, 24)}", numeric=True) for o in outputs)]
    return TableView(f"{title}: what each level adds", heads, lines, name="levels")
