"""The model itself where it is a sum of shapes: its sentence and equation, every shape, every pair, and their sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.forms import Form, Levels, Steps, Surface
from workbench.pages.card import Card
from workbench.pages.equation import equation
from workbench.pages.parts import ColumnPart
from workbench.pages.views import Block, Cell, Head, PictureView, TableView, picture
from workbench.plots import PAGE, panel, shapes, surface
from workbench.plots.numbers import MISSING, count, decimals, fixed, number, signed
from workbench.plots.shapes import Scale
from workbench.plots.style import shown

_MOST_SHAPES = 24
_MOST_PAIRS = 12
Shape = Steps | Levels


def is_sum_of_shapes(form: Form) -> bool:
    """Tell whether a form is a sum of shapes of single columns and of pairs."""
    terms = form.body.terms
    return any(isinstance(t, Steps | Surface) for t in terms) and all(
        isinstance(t, Steps | Surface | Levels) for t in terms
    )


def blocks(card: Card, form: Form, subject: str, scale: str) -> list[Block]:
    """Give the blocks of a sum of shapes; `subject` is the target, `scale` says on which scale the sum is."""
    scales = _scales(card, form, subject, scale)
    sizes = {id(t): shapes.importance(t, _counts(scales, t)) for t in form.body.terms}
    ranked = sorted(form.body.terms, key=lambda t: -sizes[id(t)])
    single: list[Any] = [t for t in ranked if not isinstance(t, Surface)]
    pairs: list[Any] = [t for t in ranked if isinstance(t, Surface)]
    left = scale + (shown(form.outputs[0]) if form.classes else subject)
    out = [
        Block(
            paragraphs=[_sentence(form, subject, scale, len(single), len(pairs))],
            equation=equation(form, left, {name: s.title for name, s in scales.items()}),
        )
    ]
    if single:
        out.append(_shapes(single, scales))
    if pairs:
        out.append(_pairs(pairs, scales))
    return [*out, Block(tables=[_sizes(ranked, sizes, scales)])]


def _scales(card: Card, form: Form, subject: str, scale: str) -> dict[str, Scale]:
    to = subject if not form.classes else shown(form.outputs[0], 20) if form.body.k == 1 else "each class"
    known = {column.name: column for column in card.data.columns}
    out = {}
    for name in form.columns:
        column = known.get(name)
        out[name] = Scale(
            title=column.title if column else name,
            unit=column.unit if column else "",
            low=column.low if column else None,
            high=column.high if column else None,
            dates=form.kinds[name] == "datetime",
            whole=_whole(column),
            outputs=form.outputs,
            adds=f"adds to {scale}{to}",
            counts={v.level: v.count for v in column.levels if v.count} if column else None,
        )
    return out


def _whole(column: ColumnPart | None) -> bool:
    ends = [] if column is None else [v for v in (column.low, column.median, column.high) if v is not None]
    return bool(ends) and all(v.is_integer() for v in ends)


def _counts(scales: dict[str, Scale], term: Any) -> Any:
    return scales[term.columns[0]].counts


def _sentence(form: Form, subject: str, scale: str, single: int, pairs: int) -> str:
    """Say how a prediction comes about."""
    parts = [f"what each of {count(single)} columns adds" if single > 1 else "what one column adds"] * bool(single)
    if pairs:
        parts.append(f"what {count(pairs)} {'pair' if pairs == 1 else 'pairs'} of columns add on top")
    if form.body.k > 1:
        start = "The score of a class is its start"
        end = "The class with the highest score is predicted; its probability is exp(score) over the sum of all."
    else:
        what = f"The {scale}{shown(form.outputs[0])}" if scale else f"The predicted {subject}"
        start = f"{what} is the start, {number(float(form.body.intercept[0]))}"
        end = "The probability is 1 / (1 + exp(−log odds))." if scale else ""
    return f"{start}, plus {' and '.join(parts)}. {end}".strip()


def _shapes(terms: list[Shape], scales: dict[str, Scale]) -> Block:
    drawn = terms[:_MOST_SHAPES]
    limits = panel.limits([a for t in drawn for a in (t.values, t.missing, np.zeros(1))])
    pictures = []
    for term in drawn:
        scale = scales[term.column]
        if isinstance(term, Steps):
            drawing = shapes.draw_steps(term, scale, PAGE, ylim=limits)
        else:
            drawing = shapes.draw_levels(term, scale, PAGE, xlim=limits)
        pictures.append(picture(drawing, shapes.finding(term, scale), shapes.describe(term, scale)))
    more = len(terms) - len(drawn)
    rest = f" The {count(more)} least important are in the card's JSON." if more else ""
    return Block(
        heading="What each column adds",
        paragraphs=[
            "The most important column stands first, by the mean size of what it adds over the training rows. All "
            "panels share one scale, so that their sizes compare. Dashed: beyond the 10th lowest and the 10th highest "
            f"value. The strip below a curve shows where training rows lie, the darker the denser.{rest}"
        ],
        pictures=pictures,
    )


def _pairs(terms: list[Surface], scales: dict[str, Scale]) -> Block:
    pictures: list[PictureView] = []
    most = max(float(np.abs(t.values).max()) for t in terms) or 1.0
    maps = [(term, output) for term in terms for output in range(term.values.shape[1])]
    for term, output in maps[:_MOST_PAIRS]:
        both = (scales[term.first.column], scales[term.second.column])
        drawing = surface.draw(term, both, PAGE, output=output, most=most)
        finding, told = (tell(term, both, output=output) for tell in (surface.finding, surface.describe))
        pictures.append(picture(drawing, finding, told))
    more = len(maps) - len(pictures)
    rest = f" The {count(more)} least important are in the card's JSON." if more else ""
    return Block(
        heading="What pairs of columns add on top",
        paragraphs=[
            "Each cell adds to what the two columns add alone: orange raises, blue lowers, white changes nothing. All "
            f"maps share one scale of colours.{rest}"
        ],
        pictures=pictures,
    )


def _sizes(terms: list[Any], sizes: dict[int, float], scales: dict[str, Scale]) -> TableView:
    """Make the table of what every term adds: its mean size, its extremes, and what a missing value adds."""
    digits = decimals([max(sizes.values())])
    lines = []
    for term in terms:
        size, low, high = sizes[id(term)], float(term.values.min()), float(term.values.max())
        gap = getattr(term, "missing", None)
        told = MISSING if gap is None or gap.size > 1 or not gap.any() else signed(float(gap[0]), digits)
        name = " with ".join(shown(scales[column].title, 40) for column in term.columns)
        cells = [Cell(fixed(size, digits), size), Cell(signed(low, digits), low), Cell(signed(high, digits), high)]
        lines.append([Cell(name), *cells, Cell(told, float(gap[0]) if gap is not None and told != MISSING else None)])
    heads = [Head("Term"), *(Head(t, numeric=True) for t in ("Mean size", "Lowest", "Highest", "If missing"))]
    note = "Mean size: the mean of the absolute value over the training rows."
    return TableView("What every term adds", heads, lines, sortable=True, note=note, name="terms")
