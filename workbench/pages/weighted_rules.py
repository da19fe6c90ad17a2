"""The model itself where it is a sum of rules, each with a number of its own, beside lines and levels."""

from __future__ import annotations

from dataclasses import replace

from workbench.forms import Additive, Form, Rule
from workbench.pages import shapes
from workbench.pages.card import Card
from workbench.pages.outputs import ending, spoken
from workbench.pages.rule_lines import holding_up, lines
from workbench.pages.rules import table
from workbench.pages.views import Block
from workbench.plots.numbers import count, number
from workbench.plots.style import shown


def is_sum_of_rules(form: Form) -> bool:
    """Tell whether a form is a sum of rules and of terms that can be drawn as shapes."""
    body = form.body
    if not isinstance(body, Additive) or body.divisor != 1.0 or not any(isinstance(t, Rule) for t in body.terms):
        return False
    return all(isinstance(t, Rule) or shapes.is_shape(t) for t in body.terms)


def blocks(card: Card, form: Form) -> list[Block]:
    """Give the blocks of a sum of rules: how they add up, the rules by importance, and the shapes of what is left."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_sum_of_rules` holds
    body = form.body
    found = sorted(lines(card, form), key=lambda line: -line.weight)
    others = tuple(t for t in body.terms if not isinstance(t, Rule))
    n, columns = len(body.terms) - len(others), len({t.columns for t in others})
    start = f"the start, {number(float(body.intercept[0]))}" if body.k == 1 else "its start for each class"
    if body.k > 1 and body.intercept.any():
        start += (
            " ("
            + ", ".join(f"{shown(o, 20)} {number(float(v))}" for o, v in zip(form.outputs, body.intercept, strict=True))
            + ")"
        )
    rest = f", plus what {'one column adds' if columns == 1 else f'each of {count(columns)} columns adds'}"
    how = f"The {spoken(form, card)} is {start}, plus what each of {count(n)} rules adds where a row meets it"
    how += f"{rest if others else ''}. A row may meet many rules, or none. {ending(form)}"
    tables = []
    if found:
        note = (
            "The most important rule stands first: by the size of what it adds times sqrt(s (1 − s)), s its coverage."
        )
        tables.append(table(card, form, found, "The rules and what each adds", note=note))
    out = [Block(paragraphs=[how.strip(), *filter(None, [holding_up(card, found)])], tables=tables)]
    if others:
        rest_of = replace(form, body=replace(body, terms=others))
        out += shapes.pictures(card, rest_of)
    return out
