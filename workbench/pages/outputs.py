"""What a model's score speaks of, and how a prediction comes of it, in words."""

from __future__ import annotations

import math
from typing import Any

from workbench.forms import Clip, CompLogLog, Exponential, Form, Identity, Logistic, Monotone, OneVsRest, Softmax, base
from workbench.forms.output_text import output_text
from workbench.pages.card import Card
from workbench.pages.views import Block, Cell, Head, TableView
from workbench.plots.numbers import decimals, fixed, number, short
from workbench.plots.style import shown

_SCALES: dict[type[Any], str] = {
    Logistic: "log odds of ",
    Softmax: "score of ",
    Exponential: "log of ",
    CompLogLog: "complementary log-log of ",
}


def scale(form: Form) -> str:
    """Say on which scale the score is: a word that stands before the target or the class, or nothing."""
    output = base(form.output)
    each = output.each if isinstance(output, OneVsRest) else output
    return _SCALES.get(type(each), "share of " if form.classes else "")


def target(card: Card) -> str:
    """Name what is predicted."""
    return shown(card.data.target.title or card.data.target.name)


def said_of(form: Form, card: Card) -> str:
    """Name what the score is: its scale, and the target or the class that it speaks of."""
    if not form.classes:
        return scale(form) + target(card)
    return scale(form) + (shown(form.outputs[0]) if form.body.k == 1 else "each class")


def spoken(form: Form, card: Card) -> str:
    """Name what the sum of a model is within a sentence: as `said_of`, but a plain target is a predicted one."""
    return said_of(form, card) if scale(form) else f"predicted {target(card)}"


def ending(form: Form) -> str:
    """Say what becomes of the score, before any recalibration; nothing where it is the prediction itself."""
    return _ending(base(form.output))


def recalibration(form: Form) -> list[Block]:
    """Give the block of what is done to the probabilities that the score gives; none where nothing is."""
    output = form.output
    if isinstance(output, Monotone):
        told = "The probability that comes of the above is looked up in a table: straight between entries, then level."
        before = f"Probability of {shown(form.outputs[-1], 24)}, as above"
        entries = [[_chance(p), _chance(q)] for p, q in zip(output.before, output.after, strict=True)]
        heads = [Head(before, numeric=True), Head("Becomes", numeric=True)]
        table = TableView("The last step", heads, entries, name="recalibration-map")
        return [Block(heading="Recalibration", paragraphs=[told], tables=[table])]
    if after := output_text(output, form.outputs):
        return [Block(heading="Recalibration", paragraphs=[f"{after[:1].upper()}{after[1:]}."])]
    return []


def _chance(p: float) -> Cell:
    """Give a probability so that those near 0 and 1 can be told apart."""
    return Cell(fixed(p, max(3, decimals([min(p, 1.0 - p)], digits=2))), p)


def _ending(output: Any) -> str:
    if isinstance(output, Logistic):
        return "The probability is 1 / (1 + exp(−log odds))."
    if isinstance(output, CompLogLog):
        return "The probability is 1 − exp(−exp(score)), with the complementary log-log as the score."
    if isinstance(output, Exponential):
        return "The prediction is exp of that sum."
    if isinstance(output, Clip):
        return f"Cut off below {short(output.low)} and above {short(output.high)} it is the probability."
    if isinstance(output, Softmax):
        return "The class with the highest score is predicted; its probability is exp(score) over the sum of all."
    return _one_vs_rest(output.each) if isinstance(output, OneVsRest) else ""


def _one_vs_rest(each: Identity | Logistic | Clip) -> str:
    if isinstance(each, Logistic):
        own = "Each class's log odds give its probability against the rest"
    elif isinstance(each, Clip):
        own = f"Each class's share is cut off below {short(each.low)} and above {short(each.high)}"
    else:
        own = "Each class has a share of its own"
    return f"{own}; divided by the sum over all classes they are the probabilities. The highest one is predicted."


def change(form: Form, by: float, card: Card) -> str:
    """Say in words what goes with a score that is higher by so much; of one output."""
    output = base(form.output)
    before = "" if output is form.output else ", before recalibration"
    if isinstance(output, Exponential):
        return f"a predicted {target(card)} that is {number(math.exp(by))} times as high"
    if isinstance(output, Logistic):
        return f"odds of {shown(form.outputs[0])} that are {number(math.exp(by))} times as high{before}"
    if isinstance(output, CompLogLog):
        times = f"{number(math.exp(by))} times as high{before}"
        return f"a −log(1 − probability) of {shown(form.outputs[0])} that is {times}"
    of = f"share of {shown(form.outputs[0])}" if form.classes else target(card)
    return f"{number(abs(by))} {'more' if by > 0 else 'less'} {of}{before}"


def factors(form: Form) -> str:
    """Say what exp of a coefficient does, where a sum of terms goes through an exponential; else nothing."""
    output = base(form.output)
    what = {
        Exponential: "the prediction",
        Logistic: "the odds",
        CompLogLog: "−log(1 − probability)",
    }.get(type(output))
    before = "" if output is form.output else ", before recalibration"
    return f"Each further unit of a column multiplies {what} by exp(coefficient){before}." if what else ""
