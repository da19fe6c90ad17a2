"""The rules of a model as tables: each in words, how many rows it meets, and what becomes of them here and held out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.forms import Additive, Form, RuleList, RuleSet, base
from workbench.pages.card import Card
from workbench.pages.outputs import scale, target
from workbench.pages.rule_lines import Line, holding_up, lines, value_text
from workbench.pages.views import Block, Cell, Head, TableView
from workbench.plots.numbers import MISSING, count, decimals, number, rows, signed
from workbench.plots.style import shown

_MARK = "†"
_MOST_RULES = 60
_COMPARISON = re.compile(r" ([≤<>]) ")


def table(
    card: Card, form: Form, found: Sequence[Line], caption: str, *, name: str = "rules", note: str = ""
) -> TableView:
    """Make the table of rules: in words, what each says or adds, coverage with a bar, and training beside held out."""
    assert card.rules is not None  # noqa: S101 - lines come from there
    is_share = bool(found[0].label)
    labels = list(dict.fromkeys(line.label for line in found))
    said = _said(card, form, found, labels)
    what = "share (%)" if is_share else "mean"
    of = f"share of {shown(labels[0], 20) if len(labels) == 1 else 'the class'}" if is_share else f"mean {target(card)}"
    caption = f"{caption}, with the {of} among the rows that they meet"
    held = bool(card.rules["n_holdout"])
    heads = [
        Head("Rule", long=True),
        *([Head("Class")] if len(labels) > 1 else []),
        *([Head(said, numeric=True)] if said else []),
    ]
    heads += [Head(text, numeric=True) for text in ("Coverage", "Training rows", f"Training {what}")]
    heads += (
        [
            Head(text, numeric=True)
            for text in ("Held-out rows", f"Held-out {what}", "Gap (points)" if is_share else "Gap")
        ]
        if held
        else []
    )
    values = [v for line in found for v in (line.train_value, line.holdout_value)]
    places = {"value": decimals([line.value for line in found]), "mean": decimals(values)}
    starts = _starts(form, len(found))
    body = []
    for start, line in zip(starts, found, strict=True):
        cells = [_named(f"{start} {line.text}".strip())]
        cells += [Cell(shown(line.label, 20))] if len(labels) > 1 else []
        cells += [_said_cell(form, line, said, places["value"])] if said else []
        cells += _met(line, card.rules["n_train"], is_share, places["mean"])
        cells += _held(line, is_share, places["mean"]) if held else []
        body.append(cells)
    order = not isinstance(form.body, RuleList)
    last = "what the model predicts" if base(form.output) is form.output else "the probability before recalibration"
    predicts = "" if said else f"The training {'share' if is_share else 'mean'} is {last}."
    all_of = f"The first {count(_MOST_RULES)} of {count(len(body))} stand here; the CSV of this table holds all."
    notes = [all_of] * (len(body) > _MOST_RULES) + [note, predicts, _note(found, is_share, held)]
    told = " ".join(filter(None, notes))
    return TableView(caption, heads, body[:_MOST_RULES], sortable=order, note=told, name=name, rest=body[_MOST_RULES:])


def _named(text: str) -> Cell:
    """Give the cell of a rule, in which no line breaks beside a comparison."""
    return Cell(_COMPARISON.sub(lambda sign: f"\u00a0{sign[1]}\u00a0", text), text)


def _starts(form: Form, n: int) -> list[str]:
    """Give the words that stand before each rule of a list."""
    if not isinstance(form.body, RuleList):
        return [""] * n
    return ["If", *["else if"] * (n - 2), ""] if n > 1 else [""]


def _said(card: Card, form: Form, found: Sequence[Line], labels: Sequence[str]) -> str:
    """Name the column of what the model says; nothing where that is the training share or mean to the digit."""
    if isinstance(form.body, Additive) and (len(form.body.terms) > 1 or form.body.intercept.any()):
        of_one = shown(form.outputs[0], 24) if form.classes else target(card)
        return f"Adds to {scale(form)}{'its class' if len(labels) > 1 else of_one}"
    same = all(line.train_value is not None and abs(line.value - line.train_value) < 1e-6 for line in found)
    says = "Predicts" if base(form.output) is form.output else "Before recalibration"
    return "" if same else f"{says} (%)" if labels[0] else says


def _said_cell(form: Form, line: Line, said: str, places: int) -> Cell:
    if said.startswith("Adds"):
        return Cell(signed(line.value, places), line.value)
    return Cell(value_text(line.value, "%" in said, places=places), line.value)


def _met(line: Line, n_train: int, is_share: bool, places: int) -> list[Cell]:
    share = None if line.train_rows is None or not n_train else line.train_rows / n_train
    coverage = MISSING if share is None else f"{100 * share:.1f}%"
    told = MISSING if line.train_rows is None else rows(line.train_rows)
    return [
        Cell(coverage, share, bar=share),
        Cell(told, line.train_rows),
        Cell(value_text(line.train_value, is_share, places=places), line.train_value),
    ]


def _held(line: Line, is_share: bool, places: int) -> list[Cell]:
    told = MISSING if line.holdout_rows is None else rows(line.holdout_rows)
    gap = MISSING
    if line.gap is not None:
        gap = signed(100 * line.gap, 1) if is_share else signed(line.gap, places + 1)
        gap += _MARK if line.differs else ""
    return [
        Cell(told, line.holdout_rows),
        Cell(value_text(line.holdout_value, is_share, places=places), line.holdout_value),
        Cell(gap, line.gap),
    ]


def _note(found: Sequence[Line], is_share: bool, held: bool) -> str:
    parts = ["Coverage is the share of all training rows."]
    if held:
        parts.append(
            f"{MISSING} is told where fewer than 10 rows would show, or where other counts would give them away."
        )
    if held and is_share and any(line.differs for line in found):
        parts.append(
            f"{_MARK} The two shares differ by more than chance makes them in 19 of 20 rules (test of two shares)."
        )
    return " ".join(parts)


def blocks(card: Card, form: Form) -> list[Block]:
    """Give the blocks of a list or a set of rules: how it is read, whether it holds up, and the table."""
    found = lines(card, form)
    if not found:
        return []
    how = _reading(card, form)
    caption = "The rules, from first to last" if isinstance(form.body, RuleList) else "The rules"
    return [Block(paragraphs=[how, holding_up(card, found)], tables=[table(card, form, found, caption)])]


def _reading(card: Card, form: Form) -> str:
    """Say how a prediction comes of the rules."""
    body = form.body
    if isinstance(body, RuleList):
        start = "Read from the top: the first rule that a row meets decides, and no later one is looked at."
        return f"{start} So each rule speaks of the rows that those above it leave. Every row meets one."
    assert isinstance(body, RuleSet)  # noqa: S101 - the only other kind with blocks of its own
    default = [f"{100 * float(v):.1f}%" if form.classes else number(float(v)) for v in body.default]
    if body.k == 1:
        what = f"the share of {shown(form.outputs[0])}" if form.classes else f"the predicted {target(card)}"
        return (
            f"A row may meet several rules: {what} is the mean of what they say, and {default[0]} where it meets none."
        )
    none = ", ".join(f"{shown(o, 20)} {v}" for o, v in zip(form.outputs, default, strict=True))
    return (
        "A row may meet several rules: for each class its share is the mean of what its own rules say; where it meets "
        f"none of them, {none}. The shares are then divided by their sum."
    )
