"""The model itself where it is a sum of shapes: its sentence and equation, every shape, every pair, and their sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.forms import Additive, Curve, Form, Levels, Linear, Steps, Surface
from workbench.pages import figure_data
from workbench.pages.card import Card
from workbench.pages.equation import equation
from workbench.pages.outputs import ending, said_of, scale, spoken, target
from workbench.pages.parts import ColumnPart
from workbench.pages.views import Block, Cell, Head, PictureView, Ranking, TableView, picture
from workbench.plots import PAGE, panel, shapes, surface
from workbench.plots.numbers import MISSING, count, decimals, fixed, number, signed
from workbench.plots.shapes import Scale
from workbench.plots.style import shown

_MOST_SHAPES = 24
_MOST_PAIRS = 12
_REST = "in the model's file, and in the card's JSON"
_FLAT = 0.005  # of the largest value that some shape adds: less is not seen
_SHAPES = Steps | Surface | Levels | Curve | Linear
_BENT = Steps | Surface | Curve  # a sum without one of these is better told by coefficients


def is_shape(term: Any) -> bool:
    """Tell whether a term can be drawn as a shape of one column, or of a pair."""
    return isinstance(term, _SHAPES)


def is_sum_of_shapes(form: Form) -> bool:
    """Tell whether a form is a sum of shapes of single columns and of pairs."""
    body = form.body
    if not isinstance(body, Additive) or body.divisor != 1.0:
        return False
    return any(isinstance(t, _BENT) for t in body.terms) and all(map(is_shape, body.terms))


def blocks(card: Card, form: Form) -> list[Block]:
    """Give the blocks of a sum of shapes: how they add up, every shape, every pair, and their sizes."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_sum_of_shapes` holds
    titles = {column.name: column.title for column in card.data.columns}
    pairs = sum(isinstance(t, Surface) for t in form.body.terms)
    start = Block(
        paragraphs=[_sentence(card, form, len(form.body.terms) - pairs, pairs)],
        equation=equation(form, said_of(form, card), titles),
    )
    return [start, *pictures(card, form)]


def pictures(card: Card, form: Form) -> list[Block]:
    """Give the pictures of the shapes of a sum, the most important first, and the table of their sizes."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_sum_of_shapes` holds
    scales = _scales(card, form)
    terms = _together([_as_drawn(term, form, scales[term.columns[0]]) for term in form.body.terms])
    sizes = {id(t): shapes.importance(t, _counts(scales, t)) for t in terms}
    ranked = sorted(terms, key=lambda t: -sizes[id(t)])
    pairs = [t for t in ranked if isinstance(t, Surface)]
    single = [t for t in ranked if not isinstance(t, Surface)]
    out = [_shapes(single, scales)] if single else []
    out += [_pairs(pairs, scales)] if pairs else []
    return [*out, Block(tables=[_sizes(ranked, sizes, scales)])]


def _as_drawn(term: Any, form: Form, scale: Scale) -> Any:
    """Give a line as what it is drawn as: the two levels of a yes/no column, or a curve from low to high.

    What a missing value adds is told of columns that missed some: others have a number for it too.
    """
    if isinstance(term, Curve | Linear) and term.column not in form.gaps:
        term = replace(term, missing=np.zeros(term.missing.size))
    if not isinstance(term, Linear):
        return term
    if form.kinds.get(term.column) == "boolean":
        values = np.array([term.coef * (at - term.center) for at in (0.0, 1.0)])
        return Levels(term.column, ("false", "true"), values, np.zeros(term.coef.size), term.missing)
    ends = [v for v in (scale.low, scale.high) if v is not None] or [term.center]
    coef = np.concatenate([np.zeros(term.coef.size), term.coef])[None, :]
    return Curve(
        term.column, np.empty(0), np.array([term.center]), coef, term.missing, np.array(ends), np.zeros(len(ends))
    )


def _together(terms: Sequence[Any]) -> list[Any]:
    """Add up the curves of one column: several classes may have one each."""
    curves: dict[str, list[Curve]] = {}
    for term in terms:
        if isinstance(term, Curve):
            curves.setdefault(term.column, []).append(term)
    sums = [parts[0] if len(parts) == 1 else _sum(parts) for parts in curves.values()]
    return [*sums, *(term for term in terms if not isinstance(term, Curve))]


def _sum(parts: Sequence[Curve]) -> Curve:
    """Give the sum of curves over one column: between all their knots, polynomials from a common origin."""
    knots = np.unique(np.concatenate([part.knots for part in parts]))
    ends = np.append(knots, np.inf)
    k = parts[0].missing.size
    origin = np.append(knots, knots[-1:]) if knots.size else parts[0].origin[:1]
    coef = np.zeros((ends.size, max(part.coef.shape[1] for part in parts)))
    for part in parts:
        piece = np.searchsorted(part.knots, ends, side="left")
        for i, at in enumerate(piece):
            shift = origin[i] - part.origin[at]
            own = part.coef[at].reshape(-1, k)
            for d in range(len(own)):  # sum over e >= d of c_e (e over d) shift^(e - d)
                moved = sum(own[e] * math.comb(e, d) * shift ** (e - d) for e in range(d, len(own)))
                coef[i, d * k : (d + 1) * k] += moved
    missing = sum((part.missing for part in parts), np.zeros(k))
    return replace(parts[0], knots=knots, origin=origin, coef=coef, missing=missing)


def _scales(card: Card, form: Form) -> dict[str, Scale]:
    to = target(card) if not form.classes else shown(form.outputs[0], 20) if form.body.k == 1 else "each class"
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
            adds=f"adds to {scale(form)}{to}",
            counts={v.level: v.count for v in column.levels if v.count} if column else None,
        )
    return out


def _whole(column: ColumnPart | None) -> bool:
    ends = [] if column is None else [v for v in (column.low, column.median, column.high) if v is not None]
    return bool(ends) and all(v.is_integer() for v in ends)


def _counts(scales: dict[str, Scale], term: Any) -> Any:
    return scales[term.columns[0]].counts


def _sentence(card: Card, form: Form, single: int, pairs: int) -> str:
    """Say how a prediction comes about."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_sum_of_shapes` holds
    parts = [f"what each of {count(single)} columns adds" if single > 1 else "what one column adds"] * bool(single)
    if pairs:
        parts.append(f"what {count(pairs)} {'pair' if pairs == 1 else 'pairs'} of columns add on top")
    intercept = form.body.intercept
    if form.body.k > 1:
        starts = ", ".join(f"{shown(o, 20)} {number(float(v))}" for o, v in zip(form.outputs, intercept, strict=True))
        what = {"score of ": "The score of a class is its start"}.get(
            scale(form), f"The {scale(form)}a class are its start"
        )
        start = f"{what} ({starts})"
    else:
        start = f"The {spoken(form, card)} is the start, {number(float(intercept[0]))}"
    return f"{start}, plus {' and '.join(parts)}. {ending(form)}".strip()


def _shapes(terms: Sequence[Any], scales: dict[str, Scale]) -> Block:
    sizes = [max(float(np.abs(_values(t, scales)).max()), float(np.abs(t.missing).max())) for t in terms]
    bent = [t for t, size in zip(terms, sizes, strict=True) if size > _FLAT * max(sizes) or len(terms) == 1]
    drawn = bent[:_MOST_SHAPES]
    limits = panel.limits([a for t in drawn for a in (_values(t, scales), t.missing, np.zeros(1))])
    made = []
    for term in drawn:
        scale = scales[term.column]
        draw = shapes.draw_levels if isinstance(term, Levels) else shapes.draw_curve
        drawing = draw(term, scale, PAGE, limits=limits)
        data = figure_data.shape(term, scale)
        made.append(picture(drawing, shapes.finding(term, scale), shapes.describe(term, scale), data=data))
    rest = _next_to_nothing([shown(scales[t.column].title, 26) for t in terms if not any(t is b for b in bent)])
    return Block(
        heading="What each column adds",
        paragraphs=[
            "The most important column stands first, by the mean size of what it adds over the training rows. All "
            "panels share one scale, so that their sizes compare. Dashed: beyond the 10th lowest and the 10th highest "
            f"value. The strip below a curve shows where training rows lie, the darker the denser.{rest}"
        ],
        pictures=made,
        ranking=Ranking(len(bent), rest=_REST),
    )


def _next_to_nothing(names: Sequence[str]) -> str:
    """Name the columns whose shape would be a line along zero."""
    if not names:
        return ""
    listed = ", ".join(names[:_MOST_SHAPES])
    return f" Not drawn, as nowhere more than {100 * _FLAT:g}% of the largest: {listed}."


def _values(term: Any, scales: dict[str, Scale]) -> Any:
    return shapes.corners(term, scales[term.column])[1] if isinstance(term, Curve) else term.values


def _pairs(terms: Sequence[Surface], scales: dict[str, Scale]) -> Block:
    pictures: list[PictureView] = []
    most = max(float(np.abs(t.values).max()) for t in terms) or 1.0
    maps = [(term, output) for term in terms for output in range(term.values.shape[1])]
    for term, output in maps[:_MOST_PAIRS]:
        both = (scales[term.first.column], scales[term.second.column])
        drawing = surface.draw(term, both, PAGE, output=output, most=most)
        finding, told = (tell(term, both, output=output) for tell in (surface.finding, surface.describe))
        data = figure_data.shape_surface(term, both, output)
        pictures.append(picture(drawing, finding, told, data=data))
    return Block(
        heading="What pairs of columns add on top",
        paragraphs=[
            "Each cell adds to what the two columns add alone: orange raises, blue lowers, white changes nothing. All "
            "maps share one scale of colours."
        ],
        pictures=pictures,
        ranking=Ranking(len(maps), rest=_REST),
    )


def _sizes(terms: list[Any], sizes: dict[int, float], scales: dict[str, Scale]) -> TableView:
    """Make the table of what every term adds: its mean size, its extremes, and what a missing value adds."""
    digits = decimals([max(sizes.values())])
    lines = []
    for term in terms:
        values = shapes.told(term, scales[term.column])[1] if isinstance(term, Curve) else term.values
        size, low, high = sizes[id(term)], float(values.min()), float(values.max())
        gap = getattr(term, "missing", None)
        told = MISSING if gap is None or gap.size > 1 or not gap.any() else signed(float(gap[0]), digits)
        name = " with ".join(shown(scales[column].title, 40) for column in term.columns)
        cells = [Cell(fixed(size, digits), size), Cell(signed(low, digits), low), Cell(signed(high, digits), high)]
        lines.append([Cell(name), *cells, Cell(told, float(gap[0]) if gap is not None and told != MISSING else None)])
    heads = [Head("Term"), *(Head(t, numeric=True) for t in ("Mean size", "Lowest", "Highest", "If missing"))]
    note = "Mean size: the mean of the absolute value over the training rows."
    return TableView("What every term adds", heads, lines, sortable=True, note=note, name="terms")
