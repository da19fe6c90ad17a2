"""Pictures of scores: one model on the line from the dummy to the best, and its score fold by fold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from workbench.plots.axes import axes_size, new_axes, new_figure, ticks, write
from workbench.plots.numbers import fixed, interval, score_decimals
from workbench.plots.style import LIGHT, SMALL, Palette, shown, spread, text_width

WIDTH = 380.0


def draw_line(model: str, rows: Sequence[Any], palette: Palette = LIGHT, *, greater_is_better: bool = True) -> Any:
    """Draw one model's score with its interval on the line from the dummy (left) to the best model (right).

    Rows without a score are left out; the model's own must have one.
    """
    rows = [row for row in rows if row.score is not None]
    this = next(row for row in rows if row.model == model)
    sign = 1 if greater_is_better else -1
    dummy = next((row for row in rows if row.family == "dummy"), None)
    best = max(rows, key=lambda row: sign * row.score)
    figure = new_figure(WIDTH, 84, palette)
    ax = new_axes(figure, palette, left=26, right=26, bottom=30, top=30, foot=False)
    marks = {row.model: row for row in (dummy, best) if row is not None}
    ends = [this.score, this.lower, this.upper, *(row.score for row in marks.values())]
    known = [v for v in ends if v is not None and math.isfinite(v)]
    margin = 0.04 * (max(known) - min(known)) or 1.0
    limits = (min(known) - margin, max(known) + margin)
    ax.set_xlim(*(limits if greater_is_better else limits[::-1]))
    ax.set_ylim(0, 1)
    ax.axhline(0.5, color=palette.hair, linewidth=2, zorder=0)
    places = score_decimals(known, [this.upper - this.score] if this.upper is not None else [])
    if this.lower is not None:
        ax.plot(
            [this.lower, this.upper],
            [0.5, 0.5],
            color=_colour(this, palette),
            linewidth=5,
            alpha=0.45,
            solid_capstyle="butt",
        )
    colour = _colour(this, palette)
    ax.plot(
        [this.score],
        [0.5],
        marker="o",
        markersize=11,
        color=colour,
        markeredgewidth=2,
        markerfacecolor=colour if this.glassbox else palette.paper,
    )
    _text(ax, this.score, f"{shown(this.model, 24)} {fixed(this.score, places)}", 20, palette, bold=True)
    others = [row for row in marks.values() if row.model != model]
    texts = [f"{shown(row.model, 18)} {fixed(row.score, places)}" for row in others]
    ax.vlines([row.score for row in others], 0.2, 0.8, color=palette.muted, linewidth=2)
    scale = axes_size(ax)[0] / (limits[1] - limits[0])
    wide = max((text_width(t, SMALL) for t in texts), default=0)
    across = [scale * sign * row.score for row in others]
    for row, text, at, place in zip(others, texts, across, spread(across, wide + 10), strict=True):
        _text(ax, row.score, text, -20, palette, nudge=place - at)
    return figure


def _colour(row: Any, palette: Palette) -> str:
    return palette.muted if row.family == "dummy" else palette.accent if row.glassbox else palette.rival


def _text(ax: Any, x: float, text: str, dy: float, palette: Palette, *, nudge: float = 0, bold: bool = False) -> None:
    """Write above or below the line, moved in from the edges so that nothing is cut."""
    width = axes_size(ax)[0]
    x0, x1 = ax.get_xlim()
    middle = width * (x - x0) / (x1 - x0) + nudge
    half = text_width(text, SMALL) / 2 * (1.12 if bold else 1) + 2
    inside = min(max(middle, half - 24), width + 24 - half)
    write(
        ax,
        x,
        0.5,
        text,
        palette,
        shift=(inside - width * (x - x0) / (x1 - x0), dy),
        ha="center",
        fontsize=SMALL,
        fontweight="bold" if bold else "normal",
        color=palette.ink if bold else palette.muted,
    )


def describe_line(model: str, rows: Sequence[Any], metric: str) -> str:
    """Give the numbers of the line in words, for those who do not see it."""
    rows = [row for row in rows if row.score is not None]
    this = next(row for row in rows if row.model == model)
    places = score_decimals([row.score for row in rows], [this.upper - this.score] if this.upper is not None else [])
    within = "" if this.lower is None else f", 95% interval {interval(this.lower, this.upper, places)}"
    others = "; ".join(f"{shown(row.model)} {fixed(row.score, places)}" for row in rows if row.model != model)
    return f"{shown(metric)}: {shown(model)} {fixed(this.score, places)}{within}; {others}."


def draw_folds(
    folds: Sequence[float],
    mean: float,
    lower: float,
    upper: float,
    palette: Palette = LIGHT,
    *,
    metric: str = "",
    parts: str = "folds",
    dummy: float | None = None,
    holdout: float | None = None,
) -> Any:
    """Draw the score of every fold as a dot, the mean with its interval below, dummy and holdout as marked lines."""
    figure = new_figure(WIDTH, 150, palette)
    ax = new_axes(figure, palette, left=60, right=16, bottom=46, top=28)
    known = [v for v in (*folds, mean, lower, upper, dummy, holdout) if v is not None and math.isfinite(v)]
    margin = 0.05 * (max(known) - min(known)) or 0.05
    ax.set_xlim(min(known) - margin, max(known) + margin)
    ax.set_ylim(-0.6, 1.6)
    ax.plot(
        list(folds),
        [1.0] * len(folds),
        linestyle="none",
        marker="o",
        markersize=8,
        color=palette.accent,
        alpha=0.5,
        markeredgewidth=0,
    )
    ax.hlines(0, lower, upper, color=palette.accent, linewidth=2.5)
    ax.plot([mean], [0], marker="o", markersize=8, color=palette.accent)
    for y, text in ((1, parts), (0, "mean")):
        write(ax, 0, y, text, palette, at="row", shift=(-8, 0), ha="right")
    lines = [(v, t) for v, t in ((dummy, "dummy"), (holdout, "holdout")) if v is not None and math.isfinite(v)]
    scale = axes_size(ax)[0] / (ax.get_xlim()[1] - ax.get_xlim()[0])
    for (value, text), place in zip(lines, spread([scale * v for v, _ in lines], 60), strict=True):
        ax.axvline(value, color=palette.muted, linewidth=1, linestyle=(0, (4, 3)))
        _text_above(ax, value, text, place - scale * value, palette)
    ticks(ax, "x", palette)
    write(ax, 0.5, 0, shown(metric), palette, at="axes", shift=(0, -26), ha="center", va="top", fontsize=SMALL)
    return figure


def _text_above(ax: Any, x: float, text: str, nudge: float, palette: Palette) -> None:
    write(
        ax,
        x,
        1,
        text,
        palette,
        at="column",
        shift=(nudge, 10),
        ha="center",
        fontsize=SMALL,
        color=palette.muted,
    )
