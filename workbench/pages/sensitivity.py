"""The blocks about what a score hangs on: the exact values of the columns, and the rows that trained the model."""

from __future__ import annotations

import math
from typing import Any

from workbench.evaluation.digits import brief
from workbench.pages import figure_data, methods, tables
from workbench.pages.card import Card
from workbench.pages.check import Check
from workbench.pages.scored_on import ScoredOn
from workbench.pages.views import Block, Cell, Head, TableView, picture
from workbench.plots import PAGE
from workbench.plots import robustness as plot
from workbench.plots.numbers import MISSING, count, decimals, fixed, interval, rows

_HALF = 0.5  # of the seeming gain


def robustness(card: Card, answer: Any) -> Check:
    """Say what small noise and missing cells cost."""
    metric = _title(card, answer.metric)
    finding = plot.finding(answer, region=card.region, metric=metric)
    pictures = []
    if any(math.isfinite(d.cost) for d in answer.disturbances):
        drawing = plot.draw(answer, PAGE, region=card.region, metric=metric, title=False)
        note = f"Lines are 95% intervals over {count(answer.n_repeats)} draws; diamonds cost more than matters, "
        named = {"change": "change", "amount": "amount", "cost": f"{metric} lost"}
        data = figure_data.parts(answer.disturbances, **named, lower="lower 95%", upper="upper 95%")
        pictures.append(picture(drawing, finding, plot.describe(answer), f"{note}{brief(card.region)}.", data=data))
    refused = any(d.refused for d in answer.disturbances)
    return Check(
        Block(
            heading="What small changes of the columns do",
            paragraphs=[
                f"The {rows(answer.n_rows)} rows are scored again with noise added to every column (a share of its "
                "standard deviation; of categories the share of rows that get another row's level), and with cells "
                "emptied at random. Columns are changed independently of each other, which makes rows that may not "
                "exist."
            ],
            pictures=pictures,
            tables=[_costs(answer, metric)],
            bullets=["The model refuses rows with missing values."] if refused else [],
            cautions=[c for c in methods.cautions(card, answer) if "refuses missing" not in c],
        ),
        "small noise costs more than matters" if plot.costly(answer, card.region) is not None else "",
    )


def _title(card: Card, name: str) -> str:
    return next((part.metric.title for part in card.scores if part.metric.name == name), name)


def _costs(answer: Any, metric: str) -> TableView:
    places = plot.places(answer)
    heads = [Head("Change"), Head(f"Worse by, {metric}", numeric=True), Head("95% interval")]
    lines = [
        [
            Cell(tables.capital(plot.name(d))),
            Cell(MISSING if d.refused else fixed(d.cost, places), None if d.refused else d.cost),
            Cell("refused" if d.refused else interval(d.lower, d.upper, places)),
        ]
        for d in answer.disturbances
    ]
    caption = f"What changes cost, from {fixed(answer.baseline, max(places, 3))} {metric} on the rows as they are"
    return TableView(caption, heads, lines, name="robustness")


def overfit(card: Card, answer: Any) -> Check:
    """Say what the score on training rows is worth."""
    metric = _title(card, answer.metric)
    places = decimals([answer.train, answer.test], [(answer.upper - answer.lower) / 2])
    gap = f"{fixed(answer.gap, places)} {interval(answer.lower, answer.upper, places)}"
    useless = answer.above_dummy <= 0
    lost = answer.lower > card.region and answer.share > _HALF
    ends = f"{fixed(answer.train, places)} {metric}, rows left out {fixed(answer.test, places)}"
    told = f"Training rows score {ends}: a gap of {gap}."
    if answer.share > 0:
        told += f" That is {answer.share:.0%} of what the training rows seem to gain over the dummy."
    if useless:
        told += " The rows left out can't be shown to score better than the dummy."
    shows = ""
    if useless and answer.lower > card.region:
        shows = "nothing of the score on training rows is shown to hold on others"
    elif lost:
        shows = f"{answer.share:.0%} of the seeming gain on training rows is lost on others"
    return Check(
        Block(
            heading="Training rows against rows left out",
            paragraphs=[told],
            tables=[_both(answer, metric, places, card.splits.scored_on)],
            cautions=methods.cautions(card, answer),
        ),
        shows,
    )


def _both(answer: Any, metric: str, places: int, on: ScoredOn) -> TableView:
    """Make the table of scores on both kinds of rows."""
    heads = [Head("Rows"), Head(f"Mean {metric}", numeric=True)]
    lines = [
        [Cell("trained on"), Cell(fixed(answer.train, places), answer.train)],
        [Cell("left out"), Cell(fixed(answer.test, places), answer.test)],
    ]
    note = "A gap is no fault by itself: it says that the score on training rows tells little."
    caption = f"Mean scores over {count(answer.n_scores)} {on.many}"
    return TableView(caption, heads, lines, name="overfit", note=note)
