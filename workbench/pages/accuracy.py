"""The picture of accuracy against complexity on the index, whose points are links that tell their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

from workbench.pages import tables
from workbench.pages.index import Index
from workbench.pages.parts import Standing
from workbench.pages.views import PictureView, PointView, picture
from workbench.plots import PAGE, leaderboard
from workbench.plots.numbers import count, fixed, interval
from workbench.plots.style import shown

_NOTE = "● glass box, ○ black box; vertical lines are 95% intervals. Size counts the numbers that a reader has to hold."


def picture_of(index: Index) -> PictureView:
    """Draw every model's score over its size, and lay a link over each point."""
    better = index.ranking.greater_is_better
    board = SimpleNamespace(rows=index.leaderboard, metric=index.ranking.name)
    finding = leaderboard.finding(board, greater_is_better=better)
    drawing = leaderboard.draw(board, PAGE, metric=index.ranking.title, greater_is_better=better, title=False)
    rows = {row.model: row for row in index.leaderboard}
    places = tables.score_places(index.leaderboard)
    points = [
        _point(rows[model], place, index.ranking.title, places) for model, place in leaderboard.places(drawing).items()
    ]
    return replace(picture(drawing, finding, leaderboard.describe(board), _NOTE), points=points)


def _point(row: Standing, place: tuple[float, float], metric: str, places: int) -> PointView:
    told = [f"{tables.capital(metric)} {fixed(row.score, places)} {_within(row.lower, row.upper, places)}".rstrip()]
    size = "size not counted" if row.size is None else f"size {count(row.size)}"
    kind = "glass box" if row.glassbox else "black box"
    return PointView(
        model=row.model,
        href=f"cards/{row.model}.html",
        left=place[0],
        top=place[1],
        glass=row.glassbox,
        label=f"{shown(row.model, 40)}: {', '.join([*told, size, kind])}",
        told=[f"{shown(row.model, 40)}, {kind}", *_lines(row, told, places)],
    )


def _lines(row: Standing, told: Sequence[str], places: int) -> list[str]:
    lines = [*told]
    if row.holdout is not None:
        lines.append(f"Holdout {fixed(row.holdout, places)}")
    if row.price is not None:
        within = _within(row.price_lower, row.price_upper, places)
        lines.append(f"Price {fixed(row.price, places)} {within}".rstrip())
    return [*lines, "Size not counted" if row.size is None else f"{count(row.size)} numbers to hold"]


def _within(lower: float | None, upper: float | None, places: int) -> str:
    return "" if lower is None else interval(lower, upper, places)
