"""What the page of two models prints: every model's part of each table and picture, of which a page shows two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.answers import Answer
from workbench.pages import methods, tables
from workbench.pages.links import on_index
from workbench.pages.room import RoomError, because
from workbench.pages.side_by_side import ModelPart, SideBySide
from workbench.pages.views import FindingView, PictureView, picture
from workbench.plots import PAGE, effect, importance, panel
from workbench.plots import side_by_side as drawn
from workbench.plots.numbers import MISSING, count, decimals, fixed, interval, score_decimals, seconds
from workbench.plots.style import shown

_MOST_PANELS = 12
_MOST_COLUMNS = 20


@dataclass(frozen=True)
class Line:
    """A row of a table with a cell for each model, in the order of the page's models."""

    name: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Panel:
    """A picture that holds every model, and what it says of each: model and sentence."""

    picture: PictureView
    told: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class PairView:
    """The page in reading order.

    `findings` are those of each model; `effects` the first of `n_asked` panels; `absent` says of a model why it has no
    importance or no effects here.
    """

    page: SideBySide
    glance: Sequence[Line]
    findings: Mapping[str, Sequence[FindingView]]
    importance: Panel | None
    importances: Sequence[Line]
    effects: Sequence[Panel]
    about_effects: str
    n_asked: int
    absent: Sequence[tuple[str, str]]


def pair_view(page: SideBySide) -> PairView:
    """Give all that the page of two models says."""
    order = _order(page.models)
    told = {model.name: Answer.from_dict(model.importance) for model in page.models if model.importance is not None}
    effects = _drawable(page)
    asked = _asked(effects, order)
    return PairView(
        page=page,
        glance=_glance(page),
        findings={model.name: on_index(model.findings) for model in page.models},
        importance=_importance(page, told, order) if order else None,
        importances=_importances(page, told, order),
        effects=_panels(page, effects, asked[:_MOST_PANELS]),
        about_effects=_about(page, min(len(asked), _MOST_PANELS), len(asked)),
        n_asked=len(asked),
        absent=_absent(page, told, effects),
    )


def lighter(view: PairView, over: int) -> PairView:
    """Leave out the least important panels, so many that they have that many bytes; all of them, then importance.

    Raises
    ------
    RoomError
        If there is neither left.
    """
    if not view.effects:
        if view.importance is None or not view.importance.picture.svg:
            raise RoomError(f"a page of {count(len(view.page.models))} models is too large; compare fewer of them")
        undrawn = view.importance.picture.undrawn(f"Not drawn, {because()}.")
        return replace(view, importance=replace(view.importance, picture=undrawn))
    kept = len(view.effects)
    while kept and over > 0:
        kept -= 1
        over -= len(view.effects[kept].picture.svg.encode())
    return replace(view, effects=view.effects[:kept], about_effects=_about(view.page, kept, view.n_asked, because()))


def _order(models: Sequence[ModelPart]) -> list[str]:
    """Give the columns by the mean of their importances over the models, each model's largest counting 1."""
    sums: Counter[str] = Counter()
    for model in models:
        given = model.importance or {"feature_names": (), "importances_mean": ()}
        sizes = [max(size or 0.0, 0.0) for size in given["importances_mean"]]
        for name, size in zip(given["feature_names"], sizes, strict=True):
            sums[name] += size / (max(sizes) or 1.0)  # type: ignore[assignment]
    return [name for name, _ in sums.most_common()]


def _glance(page: SideBySide) -> list[Line]:
    board = {row.model: row for row in page.leaderboard}
    rows = [board[model.name] for model in page.models]
    kinds = {"glass": "glass box", "black": "black box", "dummy": "baseline"}
    lines = [Line("Kind", [f"{tables.capital(row.title)}, {kinds[tables.mark(row)]}" for row in rows])]
    for name, title in {s.metric.name: s.metric.title for model in page.models for s in model.scores}.items():
        lines += _scores(page, name, title)
    places = tables.score_places(page.leaderboard)
    prices = [
        MISSING if r.price is None else f"{fixed(r.price, places)}{_within(r.price_lower, r.price_upper, places)}"
        for r in rows
    ]
    return [
        *lines,
        Line("Price against the best black box", prices),
        Line("Size: numbers to hold", [count(row.size) for row in rows]),
        Line("Stored numbers", [count(row.stored_numbers) for row in rows]),
        Line("Fit, seconds", [seconds(row.fit_seconds) for row in rows]),
    ]


def _scores(page: SideBySide, name: str, title: str) -> list[Line]:
    """Give the rows of one metric: the mean over folds with its interval, and the holdout; a dash for none."""
    parts = [next((s for s in model.scores if s.metric.name == name), None) for model in page.models]
    known = [part for part in parts if part is not None]
    halves = [None if p.lower is None or p.upper is None else (p.upper - p.lower) / 2 for p in known]
    digits = score_decimals([part.mean for part in known], halves)
    means = [MISSING if p is None else f"{fixed(p.mean, digits)}{_within(p.lower, p.upper, digits)}" for p in parts]
    found = [Line(f"{tables.capital(title)}, {page.scored_on.mean} [95% interval]", means)]
    if any(part.holdout is not None for part in known):
        held = [MISSING if part is None else fixed(part.holdout, digits) for part in parts]
        found.append(Line(f"{tables.capital(title)} on the holdout", held))
    return found


def _within(lower: float | None, upper: float | None, digits: int) -> str:
    """Write an interval that no line is broken within."""
    return "" if lower is None else f" {interval(lower, upper, digits).replace(' ', chr(160))}"


def _labels(page: SideBySide) -> dict[str, str]:
    return {column.name: column.title for column in page.columns}


def _importance(page: SideBySide, told: Mapping[str, Any], order: Sequence[str]) -> Panel:
    labels, metric = _labels(page), page.ranking.title
    drawing = drawn.draw_importance(told, order[:_MOST_COLUMNS], PAGE, labels=labels, metric=metric)
    words = "The numbers stand in the table below."
    finding = f"What each column is worth to the {shown(metric, 24)}"
    note = "Square: mean over the shuffles; line: from the lowest to the highest. Both models share the axis."
    lines = [(name, importance.finding(answer, labels=labels) + ".") for name, answer in told.items()]
    return Panel(replace(picture(drawing, finding, words, note), files=False), lines)


def _importances(page: SideBySide, told: Mapping[str, Any], order: Sequence[str]) -> list[Line]:
    sizes = {name: dict(zip(a.feature_names, map(float, a.importances_mean), strict=True)) for name, a in told.items()}
    digits = decimals([max(each.values(), default=0.0) for each in sizes.values()])
    return [
        Line(
            shown(_labels(page).get(column, column), 40),
            [fixed(sizes.get(model.name, {}).get(column), digits) for model in page.models],
        )
        for column in order[:_MOST_COLUMNS]
    ]


def _drawable(page: SideBySide) -> dict[str, dict[str, Any]]:
    """Give each model's effects by column; only of models whose effects are told on the commonest scale."""
    answers: dict[str, Any] = {
        model.name: Answer.from_dict(model.effects) for model in page.models if model.effects is not None
    }
    found = {name: {e.feature: e for e in getattr(a, "effects", (a,))} for name, a in answers.items()}
    scales = {name: _scale(each) for name, each in found.items() if each}
    most = Counter(scales.values()).most_common(1)
    return {name: found[name] for name, scale in scales.items() if scale == most[0][0]}


def _scale(effects: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    first = next(iter(effects.values()))
    return first.scale, tuple(first.outputs)


def _asked(effects: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> list[tuple[str, int]]:
    """List what there is to draw, column and output, the most important column first, without what moves nothing."""
    found: dict[tuple[str, int], None] = {}
    for column in dict.fromkeys([*order, *(name for each in effects.values() for name in each)]):
        here = [each[column] for each in effects.values() if column in each]
        if any(not effect.is_flat(one) for one in here):
            found |= dict.fromkeys((column, output) for output in range(len(here[0].outputs)))
    return list(found)


def _panels(
    page: SideBySide, effects: Mapping[str, Mapping[str, Any]], asked: Sequence[tuple[str, int]]
) -> list[Panel]:
    """Draw a panel per column and output, all on one scale."""
    every = [one for each in effects.values() for one in each.values()]
    limits = panel.limits([a for one in every for i in range(len(one.outputs)) for a in drawn.band(one, i)])
    return [
        _panel(page, column, {n: each[column] for n, each in effects.items() if column in each}, output, limits)
        for column, output in asked
    ]


def _panel(page: SideBySide, column: str, here: Mapping[str, Any], output: int, limits: tuple[float, float]) -> Panel:
    first = next(iter(here.values()))
    units = {each.name: each.unit for each in page.columns}
    response = _response(page, first, output)
    options: dict[str, Any] = {"label": _labels(page).get(column, column), "unit": units.get(column, "")}
    drawing = drawn.draw_effect(here, PAGE, output=output, response=response, ylim=limits, **options)
    name = shown(options["label"], 40)
    title = f"{name}: {response}" if len(first.outputs) > 1 else name
    told = [(model, _told(one, output, {**options, "response": response})) for model, one in here.items()]
    view = picture(drawing, title, "One curve a model; what each does is told below.")
    return Panel(replace(view, files=False), told)


def _told(one: Any, output: int, options: Mapping[str, Any]) -> str:
    """Say what one output's curve does, without the column's name, which stands above."""
    alone = one.but(
        average=one.average[output : output + 1],
        lower=one.lower[output : output + 1],
        upper=one.upper[output : output + 1],
        outputs=one.outputs[output : output + 1],
        refits=None,
    )
    name = shown(options["label"])
    return tables.capital(effect.finding(alone, **options).removeprefix(f"{name}: ")) + "."


def _response(page: SideBySide, one: Any, output: int) -> str:
    changes = page.method == "ale" or one.centred
    if not page.classes:
        return f"{'change in ' if changes else 'average '}predicted {shown(page.target, 24)}"
    return f"{'change in' if changes else 'average'} probability of {shown(one.outputs[output], 20)}"


def _about(page: SideBySide, drawn: int, asked: int, why: str = "") -> str:
    """Say what the panels are, and of how many the first are drawn."""
    if not asked:
        return "No effects of two models on one scale: the study asked for none, or no column moves a prediction."
    more, why = asked - drawn, f", {why}" if why else ""
    rest = f" The {count(more)} least important panels are left out{why}; the cards have them." if more > 0 else ""
    if not drawn:
        return f"{methods.WHAT[page.method]} The panels are left out{why}; the cards have them."
    return (
        f"{methods.WHAT[page.method]} Both models share every axis, and all panels one scale. The shade is the band of "
        "refits where there is one, else the interval over the rows averaged; the strip below shows where rows lie. "
        "Each model's own pictures and numbers are on its card, as SVG and CSV."
        f"{rest}"
    )


def _absent(page: SideBySide, told: Mapping[str, Any], effects: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for model in page.models:
        lacks = [what for what, there in (("importance", told), ("effects", effects)) if model.name not in there]
        if lacks:
            found.append((model.name, f"{shown(model.name, 40)} has no {' and no '.join(lacks)} to be drawn here."))
    return found
