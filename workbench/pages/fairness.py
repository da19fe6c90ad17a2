"""The block about groups that sensitive columns make: measures in each, and the gaps between them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.pages import figure_data, methods
from workbench.pages.card import Card
from workbench.pages.check import CLEAR, Check
from workbench.pages.details import p_value
from workbench.pages.views import Block, Cell, Head, PictureView, TableView, picture
from workbench.plots import PAGE
from workbench.plots import fairness as plot
from workbench.plots.numbers import MISSING, count, decimals, fixed, interval
from workbench.plots.style import shown

_MOST = 8  # pictures
_NUMBERS = ("mean absolute error", "mean residual")


def groups(card: Card, answer: Any) -> Check:
    """Say whether groups are treated differently."""
    clear = [rate for rate in answer.rates if rate.p_value <= CLEAR]
    of = f" Selected is who is predicted {shown(answer.positive, 30)}." if answer.positive else ""
    told = (
        "Measures in every group of each sensitive column; groups with fewer than 10 rows are pooled or left out, and "
        "shares from which a count below 10 would follow are withheld. "
        "Equal rates of one kind may exclude equal rates of another, so not every gap is a fault: which measure "
        f"matters is for those who know the use.{of}"
    )
    drawn = sorted(range(len(answer.rates)), key=lambda i: (not answer.rates[i].p_value <= CLEAR, i))
    drawn = [i for i in drawn if np.isfinite(answer.rates[i].values).sum() > 1][:_MOST]
    names = list(dict.fromkeys(_label(card, rate) for rate in clear))
    none = [] if answer.rates else ["No sensitive column has two groups with rows enough."]
    return Check(
        Block(
            heading="Are groups treated alike?",
            paragraphs=[told, *none],
            pictures=[_picture(card, answer, i) for i in drawn],
            tables=[_gaps(card, answer)] if answer.rates else [],
            cautions=methods.cautions(card, answer),
        ),
        f"groups of {', '.join(names)} are treated differently" if names else "",
    )


def _label(card: Card, rate: Any) -> str:
    titles = methods.labels(card) | {column.name: column.title for column in card.data.left_out}
    return shown(titles.get(rate.column, rate.column), 40)


def _unit(card: Card, rate: Any) -> str:
    return card.data.target.unit if rate.measure in _NUMBERS else ""


def _picture(card: Card, answer: Any, i: int) -> PictureView:
    rate, unit = answer.rates[i], _unit(card, answer.rates[i])
    drawing = plot.draw(answer, PAGE, rate=i, unit=unit, title=False)
    heads = [shown(rate.column), "rows", rate.measure, "lower 95%", "upper 95%"]
    data = figure_data.rows(heads, rate.groups, rate.rows, rate.values, rate.lower, rate.upper)
    told = plot.describe(rate, unit=unit)
    return picture(drawing, plot.finding(rate, label=_label(card, rate)), told, data=data)


def _gaps(card: Card, answer: Any) -> TableView:
    heads = [
        Head("Measure"),
        Head("By"),
        Head("Lowest", numeric=True),
        Head("Highest", numeric=True),
        Head("Gap", numeric=True),
        Head("95% interval"),
        Head("p", numeric=True),
    ]
    lines = []
    for rate in answer.rates:
        known = rate.values[np.isfinite(rate.values)]
        places = decimals([], [(rate.gap_upper - rate.gap_lower) / 2])
        ends = (float(known.min()), float(known.max())) if known.size else (math.nan, math.nan)
        lines.append(
            [
                Cell(rate.measure),
                Cell(_label(card, rate), rate.column),
                *(Cell(fixed(v, places) if math.isfinite(v) else MISSING, _known(v)) for v in (*ends, rate.gap)),
                Cell(MISSING if math.isnan(rate.gap) else interval(rate.gap_lower, rate.gap_upper, places)),
                Cell(p_value(rate.p_value), _known(rate.p_value)),
            ]
        )
    note = (
        "A gap is the highest less the lowest, so that its interval never reaches below 0. p: the probability that "
        f"chance alone makes as much, corrected for all {count(len(answer.rates))} gaps."
    )
    return TableView("Gaps between groups", heads, lines, name="fairness", note=note)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
