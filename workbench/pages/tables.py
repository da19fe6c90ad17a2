"""The tables of the pages: rows of formatted cells, from the typed parts of a card or the index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from workbench.pages.checked import ScorePart
from workbench.pages.index import RepeatsPart
from workbench.pages.parts import ColumnPart, LeftOutPart, MetricPart, Standing
from workbench.pages.scored_on import ScoredOn
from workbench.pages.views import Cell, Head, Link, TableView
from workbench.plots.numbers import (
    MISSING,
    count,
    days,
    fixed,
    interval,
    interval_decimals,
    rows,
    score_decimals,
    seconds,
    short,
)
from workbench.plots.style import shown

_MOST_LEVELS = 8


def mark(row: Standing) -> Any:
    """Give the mark of a model: a glass box, a black box, or the dummy."""
    return "dummy" if row.family == "dummy" else "glass" if row.glassbox else "black"


def score_places(board: Sequence[Standing]) -> int:
    """Give the decimals that all scores and prices of a study share."""
    return score_decimals([row.score for row in board], [half(row) for row in board])


def half(row: Standing) -> float | None:
    """Give half the width of a score's interval."""
    return _half(row.lower, row.upper)


def _half(lower: float | None, upper: float | None) -> float | None:
    return None if lower is None or upper is None else (upper - lower) / 2


def leaderboard(
    board: Sequence[Standing], metric: MetricPart, caption: str, *, formats: Sequence[str] = (), strong: str = ""
) -> TableView:
    """Make the table of all models, best first, on the index with links to the cards in their `formats`."""
    places = score_places(board)
    heads = [
        Head("Model"),
        Head(capital(metric.title), numeric=True, order="descending" if metric.greater_is_better else "ascending"),
        *(
            Head(text, numeric=True)
            for text in ("±\u00a095%", "Holdout", "Price", "Price ±\u00a095%", "Size", "Fit\u00a0(s)")
        ),
    ]
    if formats:
        heads.append(Head("Card"))
    lines = []
    for row in board:
        folder = "cards/" if formats else ""
        itself = row.model == strong and not formats  # on its own card
        to_card = () if itself else (Link(shown(row.model, 40), f"{folder}{row.model}.html"),)
        off = _half(row.price_lower, row.price_upper)
        cells = [
            Cell(shown(row.model, 40), row.model, to_card, mark(row)),
            Cell(fixed(row.score, places), row.score),
            Cell(fixed(half(row), places), half(row)),
            Cell(fixed(row.holdout, places), row.holdout),
            Cell(fixed(row.price, places), row.price),
            Cell(fixed(off, places), off),
            Cell(count(row.size), row.size),
            Cell(seconds(row.fit_seconds), row.fit_seconds),
        ]
        if formats:
            cells.append(Cell(" ".join(map(str.upper, formats)), links=_files(row, formats)))
        lines.append(cells)
    position = next((i for i, row in enumerate(board) if row.model == strong), -1)
    models = [row.model for row in board]
    return TableView(caption, heads, lines, sortable=True, strong=position, name="leaderboard", models=models)


def _files(row: Standing, formats: Sequence[str]) -> list[Link]:
    name = shown(row.model, 40)
    return [Link(f.upper(), f"cards/{row.model}.{f}", f"{f.upper()} card of {name}") for f in formats]


def capital(text: str) -> str:
    """Begin a sentence or a cell with a capital letter."""
    return text[:1].upper() + text[1:]


def scores(parts: Sequence[ScorePart], on: ScoredOn) -> TableView:
    """Make the table of a model's scores, a metric a row."""
    told_other = any(part.other_duplicates is not None for part in parts)
    heads = [
        Head("Metric"),
        Head(capital(on.mean), numeric=True),
        Head("95% interval"),
        Head("Holdout", numeric=True),
        Head("Dummy", numeric=True),
    ]
    if told_other:
        heads.append(Head("Repeats treated the other way", numeric=True))
    lines = []
    for part in parts:
        width = None if part.lower is None or part.upper is None else (part.upper - part.lower) / 2
        places = score_decimals([part.mean], [width])
        direction = "higher is better" if part.metric.greater_is_better else "lower is better"
        within = MISSING if part.lower is None else interval(part.lower, part.upper, places)
        values = (part.holdout, part.dummy) + ((part.other_duplicates,) if told_other else ())
        lines.append(
            [
                Cell(f"{capital(part.metric.title)} ({direction})"),
                Cell(fixed(part.mean, places), part.mean),
                Cell(within),
            ]
            + [Cell(fixed(value, places), value) for value in values]
        )
    return TableView(f"Scores: mean over the {on.many}, and once on the holdout", heads, lines, name="scores")


def folds(parts: Sequence[ScorePart], on: ScoredOn) -> TableView:
    """Make the table of a model's scores fold by fold."""
    places = [score_decimals([part.mean], [_above(part)]) for part in parts]
    heads = [Head(capital(on.one)), *(Head(capital(part.metric.title), numeric=True) for part in parts)]
    lines = [
        [Cell(str(i + 1), i + 1), *(Cell(fixed(p.folds[i], d), p.folds[i]) for p, d in zip(parts, places, strict=True))]
        for i in range(len(parts[0].folds))
    ]
    return TableView(f"Score of every {on.one}", heads, lines, sortable=True, name="folds")


def _above(part: ScorePart) -> float | None:
    return None if part.upper is None or part.mean is None else part.upper - part.mean


def differences(compared: Sequence[Any], again: Sequence[Any], metric: MetricPart) -> TableView:
    """Make the table of how much worse a model is than each reference: on the folds, and again on the holdout."""
    held = {(c.against, c.reference): c for c in again}
    heads = [
        Head("Compared with"),
        *(
            Head(text, numeric=i % 2 == 0)
            for i, text in enumerate(("Folds", "95% interval", "Holdout", "95% interval"))
        ),
    ]
    lines = []
    for c in compared:
        name = shown(c.reference, 30)
        kind = f" ({c.against})" if c.against in ("black box", "glass box") else ""
        cells = [Cell(f"{name}{kind}", c.reference)]
        for each in (c, held.get((c.against, c.reference))):
            cells += [Cell(MISSING), Cell(MISSING)] if each is None else _difference(each)
        lines.append(cells)
    note = "Above 0 where the reference scores better."
    return TableView(f"How much worse in {capital(metric.title)}", heads, lines, name="differences", note=note)


def _difference(compared: Any) -> list[Cell]:
    """Write a difference and its interval, to two digits of half its width."""
    places = interval_decimals([compared.difference], [(compared.upper - compared.lower) / 2])
    value = None if math.isnan(compared.difference) else compared.difference
    return [Cell(fixed(value, places), value), Cell(interval(compared.lower, compared.upper, places))]


def columns(parts: Sequence[ColumnPart], target: ColumnPart) -> TableView:
    """Make the table of the columns: what each is, what it ranges over, what is missing."""
    leveled = any(part.levels for part in (target, *parts))
    heads = [Head(text) for text in ("Column", "Kind", "Role", "Unit")]
    heads += [Head(text, numeric=True) for text in ("Low", "Median", "High")]
    heads += [Head("Levels (rows)", long=True)] * leveled
    heads += [Head("Missing", numeric=True), Head("What it is", long=True)]
    lines = []
    for part in (target, *parts):
        cells = [Cell(_both_names(part), part.title), Cell(part.kind), Cell("target" if part is target else part.role)]
        cells.append(Cell(shown(part.unit, 24) if part.unit else ""))
        cells += [Cell(_value(part, value), value) for value in (part.low, part.median, part.high)]
        cells += [Cell(_levels(part))] * leveled
        cells.append(Cell(rows(part.missing), part.missing))
        cells.append(Cell(shown(part.description, 300) if part.description else ""))
        lines.append(cells)
    note = "Low and high are the 10th lowest and the 10th highest value. Counts of rows below 10 are withheld."
    return TableView("The columns", heads, lines, sortable=True, name="columns", note=note)


def _value(part: ColumnPart, value: float | None) -> str:
    return days(value) if part.kind == "datetime" and value is not None else short(value, 4)


def left_out(parts: Sequence[LeftOutPart]) -> TableView:
    """Make the table of the columns that no model sees."""
    heads = [Head("Column"), Head("Role"), Head("Unit"), Head("What it is", long=True)]
    lines = [
        [Cell(_both_names(p), p.title), Cell(p.role), Cell(shown(p.unit, 24) if p.unit else ""),
         Cell(shown(p.description, 300) if p.description else "")] for p in parts
    ]  # fmt: skip
    return TableView("Columns that no model sees", heads, lines, name="left-out")


def _both_names(part: ColumnPart | LeftOutPart) -> str:
    title, name = shown(part.title, 40), shown(part.name, 40)
    return title if title.casefold() == name.casefold() else f"{title} ({name})"


def _levels(part: ColumnPart) -> str:
    listed = [f"{shown(level.level)} ({rows(level.count)})" for level in part.levels[:_MOST_LEVELS]]
    more = len(part.levels) - _MOST_LEVELS
    return ", ".join([*listed, f"and {count(more)} more"] if more > 0 else listed)


def repeats(part: RepeatsPart, metric: MetricPart) -> TableView:
    """Make the table of scores under both readings of repeated rows."""
    values = [v for row in part.rows for v in (row.guarded, row.ignore)]
    places = score_decimals(values)
    heads = [
        Head("Model"),
        Head("First of each" if part.dropped else "Kept together", numeric=True),
        Head("Split apart", numeric=True),
        Head("Difference", numeric=True),
    ]
    lines = []
    for row in part.rows:
        gap = None if row.guarded is None or row.ignore is None else row.ignore - row.guarded
        lines.append(
            [
                Cell(shown(row.model, 40), row.model),
                *(Cell(fixed(v, places), v) for v in (row.guarded, row.ignore, gap)),
            ]
        )
    return TableView(
        f"{capital(metric.title)} by how repeated rows are split", heads, lines, sortable=True, name="repeats"
    )


def versions(given: dict[str, str]) -> TableView:
    """Make the table of package versions."""
    lines = [[Cell(name), Cell(version)] for name, version in sorted(given.items())]
    return TableView("Packages", [Head("Package"), Head("Version")], lines, name="versions")
