"""The rules of a model as tables: each in words, how many rows it meets, and what becomes of them here and held out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers import Answer
from workbench.evaluation.rules import leaf_rules
from workbench.forms import Additive, Form, Rule, RuleList, RuleSet, Tree
from workbench.pages.card import Card
from workbench.pages.outputs import scale, target
from workbench.pages.rule_words import words
from workbench.pages.views import Block, Cell, Head, TableView
from workbench.plots.numbers import MISSING, count, decimals, fixed, number, rows, signed
from workbench.plots.style import shown

_CHANCE = 1.96  # standard errors that chance alone rarely exceeds: in one of 20 rules
_MARK = "†"
_COMPARISON = re.compile(r" ([≤<>]) ")
_SEVERAL = 5  # rules, for their order to say something


@dataclass(frozen=True)
class Line:
    """A rule, what it says, and what it meets; None where a number is withheld or there is none.

    ``group`` counts the trees of a sum, 0 elsewhere; ``value`` is what the model holds for the rule, of the class that
    ``label`` names.
    """

    text: str
    label: str
    group: int
    value: float
    train_rows: float | None
    train_value: float | None
    holdout_rows: float | None
    holdout_value: float | None
    weight: float

    @property
    def gap(self) -> float | None:
        """How much higher the value is on held-out rows."""
        if self.holdout_value is None or self.train_value is None:
            return None
        return self.holdout_value - self.train_value

    @property
    def differs(self) -> bool:
        """Whether two shares differ by more than chance: |p - q| / sqrt(m (1 - m) (1/n + 1/k)) > 1.96, m their mean."""
        if not self.label or self.gap is None or not self.train_rows or not self.holdout_rows:
            return False
        p, q, n, k = self.train_value or 0.0, self.holdout_value or 0.0, self.train_rows, self.holdout_rows
        m = (n * p + k * q) / (n + k)
        error = math.sqrt(m * (1 - m) * (1 / n + 1 / k))
        return error > 0 and abs(self.gap) > _CHANCE * error


def lines(card: Card, form: Form) -> list[Line]:
    """Give the rules of a form with what the card tells of each, in the order of the form; none where it tells none."""
    if card.rules is None:
        return []
    told: Any = Answer.from_dict(card.rules)
    found = _rules(form)
    if len(found) != len(told.texts):
        return []
    titles = {column.name: column.title for column in card.data.columns}
    out = []
    for i, (rule, group) in enumerate(found):
        at = form.outputs.index(told.labels[i]) if told.labels[i] and rule.value.size > 1 else 0
        n = _known(told.train_rows[i])
        out.append(
            Line(
                text=words(rule, form, titles)
                if rule.conditions or not isinstance(form.body, RuleList)
                else "otherwise",
                label=told.labels[i],
                group=group,
                value=float(rule.value[at]),
                train_rows=n,
                train_value=_known(told.train_values[i]),
                holdout_rows=_known(told.holdout_rows[i]),
                holdout_value=_known(told.holdout_values[i]),
                weight=_weight(rule, n, told),
            )
        )
    return out


def _rules(form: Form) -> list[tuple[Rule, int]]:
    """Give the rules as the answer lists them, each with the tree that it is a leaf of."""
    body = form.body
    if isinstance(body, RuleList | RuleSet):
        return [(rule, 0) for rule in body.rules]
    if not isinstance(body, Additive):
        return []
    trees = [t for t in body.terms if isinstance(t, Tree)]
    found = [(t, 0) for t in body.terms if isinstance(t, Rule)]
    for place, tree in enumerate(trees, start=1):
        found += [(rule, place) for _, rule in leaf_rules(tree)]
    return found


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _weight(rule: Rule, n: float | None, told: Any) -> float:
    """Give a rule's importance in a sum, |value| sqrt(s (1 - s)) s its share of rows (Friedman and Popescu 2008)."""
    share = (n or 0.0) / max(told.n_train, 1)
    return float(np.abs(rule.value).sum() * math.sqrt(max(share * (1 - share), 0.0)))


def holding_up(card: Card, found: Sequence[Line]) -> str:
    """Say whether the rules hold up on held-out rows: the largest gap, those beyond chance, those too small to tell."""
    if not found or card.rules is None:
        return ""
    if not card.rules["n_holdout"]:
        return "No rows were held out, so nothing here tells whether the rules hold up."
    what = "rules" if found[0].group == 0 else "leaves"
    told = [line for line in found if line.gap is not None]
    few = len(found) - len(told)
    withheld = ""
    if few:
        have = "has" if few == 1 else "have"
        withheld = (
            f" {capital_count(few)} of {count(len(found))} {what} {have} too few held-out rows to be told ({MISSING})."
        )
    if not told:
        return f"Nothing tells whether the {what} hold up.{withheld}"
    worst = max(told, key=lambda line: abs(line.gap or 0.0))
    is_share = bool(worst.label)
    train, held = (_value(v, is_share, unit=True) for v in (worst.train_value, worst.holdout_value))
    gap = f"{100 * abs(worst.gap or 0):.1f} points" if is_share else number(abs(worst.gap or 0))
    mean = "" if is_share else f" of mean {target(card)}"
    sentence = f"The largest gap{mean} is {gap}: {train} in training, {held} held out ({worst.text})."
    if is_share:
        agree = len(told) - sum(line.differs for line in told)
        some = f"All {count(agree)}" if agree == len(told) else f"{capital_count(agree)} of the {count(len(told))}"
        start = f"{some} {what} that can be checked hold up"
        chance = "their shares on training and held-out rows differ no more than chance would make them"
        sentence = f"{start}: {chance}. {sentence}"
    elif len(told) >= _SEVERAL and (order := _order(told)) is not None:
        start = f"Training and held-out means of the {count(len(told))} {what}"
        sentence = f"{start} have a rank correlation of {fixed(order, 2)}: 1 would be the same order. {sentence}"
    return sentence + withheld


def _order(told: Sequence[Line]) -> float | None:
    """Give Spearman's rank correlation of the values on training and on held-out rows; None where one is constant."""
    from scipy.stats import rankdata

    ranks = [
        rankdata(values) for values in zip(*((line.train_value, line.holdout_value) for line in told), strict=True)
    ]
    if any(np.ptp(each) == 0 for each in ranks):
        return None
    return float(np.corrcoef(ranks)[0, 1])


def capital_count(n: int) -> str:
    """Write a small count that begins a sentence."""
    return ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")[n] if n < 10 else count(n)


def _value(value: float | None, is_share: bool, *, unit: bool = False, places: int = 3) -> str:
    if value is None:
        return MISSING
    if not is_share:
        return number(value) if unit else fixed(value, places)
    return f"{100 * value:.1f}" + ("%" if unit else "")


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
    predicts = "" if said else f"The training {'share' if is_share else 'mean'} is what the model predicts."
    notes = (note, predicts, _note(found, is_share, held))
    return TableView(caption, heads, body, sortable=order, note=" ".join(filter(None, notes)), name=name)


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
    return "" if same else "Predicts (%)" if labels[0] else "Predicts"


def _said_cell(form: Form, line: Line, said: str, places: int) -> Cell:
    if said.startswith("Adds"):
        return Cell(signed(line.value, places), line.value)
    return Cell(_value(line.value, "%" in said, places=places), line.value)


def _met(line: Line, n_train: int, is_share: bool, places: int) -> list[Cell]:
    share = None if line.train_rows is None or not n_train else line.train_rows / n_train
    coverage = MISSING if share is None else f"{100 * share:.1f}%"
    told = MISSING if line.train_rows is None else rows(line.train_rows)
    return [
        Cell(coverage, share, bar=share),
        Cell(told, line.train_rows),
        Cell(_value(line.train_value, is_share, places=places), line.train_value),
    ]


def _held(line: Line, is_share: bool, places: int) -> list[Cell]:
    told = MISSING if line.holdout_rows is None else rows(line.holdout_rows)
    gap = MISSING
    if line.gap is not None:
        gap = signed(100 * line.gap, 1) if is_share else signed(line.gap, places + 1)
        gap += _MARK if line.differs else ""
    return [
        Cell(told, line.holdout_rows),
        Cell(_value(line.holdout_value, is_share, places=places), line.holdout_value),
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
