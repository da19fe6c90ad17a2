"""The blocks about a model's errors: what they still follow, and where they are largest."""

from __future__ import annotations

from typing import Any

from workbench.pages import figure_data, methods
from workbench.pages.card import Card
from workbench.pages.check import CLEAR, Check
from workbench.pages.details import p_value
from workbench.pages.views import Block, Cell, Head, PictureView, TableView, picture
from workbench.plots import PAGE
from workbench.plots import residuals as residuals_plot
from workbench.plots import weak_regions as regions_plot
from workbench.plots.intervals import unquoted
from workbench.plots.numbers import MISSING, count, decimals, fixed, interval, number, rows
from workbench.plots.style import shown

_MOST = 3  # columns that have a picture of their own


def residuals(card: Card, answer: Any) -> Check:
    """Say whether errors still follow the prediction or a column."""
    clear = [part for part in answer.by if part.bias_p <= CLEAR]
    uneven = [part for part in answer.by if part.spread_p <= CLEAR]
    drawn = ["", *(part.column for part in sorted(clear, key=lambda part: -part.bias_share) if part.column)][
        : 1 + _MOST
    ]
    return Check(
        Block(
            heading="What errors still follow",
            paragraphs=[
                "Residuals, what came less what was predicted, in parts of the prediction and of each column. Where "
                f"their mean leaves 0, the model misses something that it could know. {_shape(card, answer)}"
            ],
            pictures=[_residuals(card, answer, column) for column in drawn],
            tables=[_by_column(card, answer)],
            cautions=methods.cautions(card, answer),
        ),
        _follow(card, clear, uneven),
    )


def _follow(card: Card, clear: list[Any], uneven: list[Any]) -> str:
    if clear:
        return f"residuals still follow {_listed(card, clear)}"
    return f"the size of errors depends on {_listed(card, uneven)}" if uneven else ""


def _listed(card: Card, parts: list[Any]) -> str:
    names = [_name(card, part.column) for part in parts[:_MOST]]
    more = f" and {count(len(parts) - _MOST)} more" if len(parts) > _MOST else ""
    return ", ".join(names) + more


def _name(card: Card, column: str) -> str:
    return shown(methods.labels(card).get(column, column), 40) if column else "the prediction"


def _shape(card: Card, answer: Any) -> str:
    unit = f" {shown(card.data.target.unit, 16)}" if card.data.target.unit else ""
    told = f"Their mean is {number(answer.bias)}{unit}, their standard deviation {number(answer.spread)}{unit}."
    if answer.tail_weight == answer.tail_weight:
        than = "more" if answer.tail_weight > 1 else "less"
        told += (
            f" Large ones are {than} common than a normal distribution has them (tails {number(answer.tail_weight)} "
        )
        told += "times as wide, against the middle)."
    return told


def _residuals(card: Card, answer: Any, column: str) -> PictureView:
    drawing = residuals_plot.draw(answer, PAGE, column=column, unit=card.data.target.unit, title=False)
    finding = residuals_plot.finding(answer, column=column)
    if column:
        finding = finding.replace(shown(column, 40), _name(card, column))
    part = answer[column]
    heads = [_name(card, column), "rows", "mean residual", "lower 95%", "upper 95%"]
    data = figure_data.rows(heads, part.cells, part.rows, part.mean, part.lower, part.upper)
    return picture(drawing, finding, residuals_plot.describe(answer, column=column), data=data)


def _by_column(card: Card, answer: Any) -> TableView:
    heads = [
        Head("Along"),
        Head("Share of variance that means explain", numeric=True),
        Head("p, means", numeric=True),
        Head("Largest against smallest error", numeric=True),
        Head("p, sizes", numeric=True),
    ]
    lines = [
        [
            Cell(_name(card, part.column), part.column or "prediction"),
            Cell(f"{100 * max(part.bias_share, 0.0):.1f}%", part.bias_share),
            Cell(p_value(part.bias_p), part.bias_p),
            Cell(fixed(part.spread_ratio, 2), part.spread_ratio),
            Cell(p_value(part.spread_p), part.spread_p),
        ]
        for part in answer.by
    ]
    note = "p: the probability that chance alone makes as much, corrected for the number of columns."
    return TableView("Residuals by column", heads, lines, sortable=True, name="residuals", note=note)


def weak_regions(card: Card, answer: Any) -> Check:
    """Say where a model's loss is shown to be higher than elsewhere."""
    weak = answer.confirmed()
    finding = regions_plot.finding(answer)
    told = (
        f"The search compared {count(answer.n_searched)} regions of one or two columns in one half of "
        f"{rows(answer.n_rows)} rows; the weakest were judged in the other half, which the search had not seen. "
        "A region counts as weak where its loss is a quarter above that elsewhere, beyond chance."
    )
    pictures = []
    if answer.regions:
        drawing = regions_plot.draw(answer, PAGE, title=False)
        note = "Diamonds are regions that are shown to be weak; lines are 95% intervals."
        named = {"text": "region", "rows": "rows", "loss": f"mean {answer.loss_title}", "rest": "elsewhere"}
        data = figure_data.parts(answer.regions, **named, lower="lower 95%", upper="upper 95%")
        pictures.append(picture(drawing, finding, regions_plot.describe(answer), note, data=data))
    return Check(
        Block(
            heading="Where the model is weak",
            paragraphs=[told] if answer.regions else [told, f"{finding}."],
            pictures=pictures,
            tables=[_regions(answer)] if answer.regions else [],
            cautions=methods.cautions(card, answer),
        ),
        finding[:1].lower() + finding[1:] if weak else "",
    )


def _regions(answer: Any) -> TableView:
    places = decimals([r.loss for r in answer.regions], [(r.upper - r.lower) / 2 for r in answer.regions])
    dummy = any(r.reference == r.reference for r in answer.regions)
    loss = shown(answer.loss_title, 30)
    heads = [
        Head("Region", long=True),
        Head("Rows", numeric=True),
        Head(f"Mean {loss}", numeric=True),
        Head("95% interval"),
        Head("Elsewhere", numeric=True),
        *[Head("Dummy there", numeric=True)] * dummy,
        Head("p", numeric=True),
    ]
    lines = [
        [
            Cell(shown(unquoted(r.text), 120)),
            Cell(rows(r.rows), r.rows),
            Cell(fixed(r.loss, places), r.loss),
            Cell(interval(r.lower, r.upper, places)),
            Cell(fixed(r.rest, places), r.rest),
            *[Cell(fixed(r.reference, places) if r.reference == r.reference else MISSING)] * dummy,
            Cell(p_value(r.p_value), r.p_value),
        ]
        for r in answer.regions
    ]
    note = "p: the probability that chance alone makes such a loss, corrected for the number of regions judged."
    return TableView("The weakest regions found, in the half that judges", heads, lines, name="regions", note=note)
