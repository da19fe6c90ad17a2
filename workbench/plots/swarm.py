"""The picture of a binned beeswarm: what a column adds to predictions, how often, and how high its values are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.plots.attribution import link_words, name_axis, value_ticks, what_of
from workbench.plots.attribution_summary import ranked
from workbench.plots.axes import axes_size, new_axes, new_figure, set_title, write
from workbench.plots.numbers import decimals, short, signed
from workbench.plots.style import LIGHT, Palette, shown, text_width

WIDTH = 440.0
_STEP = 24.0
_MOST = 16
_TALLEST = 0.42  # of the room between two rows, up and down
_TONES = (0.2, 1.0)
_CLEAR = 0.5  # a rank correlation that is told in words


def draw(
    summary: Any,
    palette: Palette = LIGHT,
    *,
    output: int = 0,
    labels: Mapping[str, str] | None = None,
    response: str = "",
    title: bool = True,
) -> Any:
    """Draw a row of boxes a column, most telling first: a box is a bin of 10 rows or more.

    It stands at what the column adds there; its area is its share of the rows; the darker it is, the higher are the
    column's values in it. Columns without numbers are of one middle tone. Of more than 16 columns the first stand here.

    Raises
    ------
    ValueError
        If the summary holds no bins.
    """
    _check(summary)
    order = drawn(summary)
    names = [_name(summary, j, labels) for j in order]
    left = 16 + 1.04 * max(map(text_width, names))  # what rounding of letters to pixels may add
    figure = new_figure(WIDTH, 64 + _STEP * len(order), palette)
    ax = new_axes(figure, palette, left=left, right=14, bottom=56, top=6)
    ax.set_ylim(len(order) - 0.4, -0.6)
    edges = [np.asarray(summary.swarm.edges[j][output]) for j in order]
    low, high = min(float(e[0]) for e in edges), max(float(e[-1]) for e in edges)
    air = 0.03 * (high - low) or max(abs(low) * 0.05, 0.5)
    ax.set_xlim(low - air, high + air)
    ax.axvline(0, color=palette.muted, linewidth=1, zorder=0.5)
    least = 2.5 * (high - low + 2 * air) / axes_size(ax)[0]
    for at, (j, ends) in enumerate(zip(order, edges, strict=True)):
        _boxes(ax, at, ends, summary.swarm.rows[j][output], summary.swarm.height[j][output], least, palette)
        write(ax, 0, at, names[at], palette, at="row", shift=(-8, 0), ha="right")
    value_ticks(ax, palette)
    what = what_of(summary, output, response) + link_words(summary, response)
    for text, down in ((f"adds to the {what}", 22), ("the darker, the higher the column's value", 37)):
        name_axis(ax, text, palette, down=down)
    if title:
        set_title(figure, finding(summary, output=output, labels=labels), palette)
    return figure


def drawn(summary: Any) -> list[int]:
    """Give the places of the columns that are drawn, most telling first."""
    return [int(j) for j in ranked(summary)[:_MOST]]


def _check(summary: Any) -> None:
    if summary.swarm is None:
        raise ValueError("swarm: needs attributions of 20 rows or more; got a summary without bins")


def _boxes(ax: Any, at: int, edges: Any, rows: Any, height: Any, least: float, palette: Palette) -> None:
    """Draw the boxes of one column; a bin of equal values is a narrow box."""
    rows = np.asarray(rows, dtype=float)
    width = np.maximum(np.diff(edges), least)
    middle = (edges[1:] + edges[:-1]) / 2
    tall = _TALLEST * (rows / width) / (rows / width).max()
    for x, w, h, tone in zip(middle, width, np.maximum(tall, 0.04), height, strict=True):
        shade = 0.5 if tone is None else _TONES[0] + (_TONES[1] - _TONES[0]) * tone
        colour = palette.muted if tone is None else palette.accent
        ax.bar(x, 2 * h, width=w, bottom=at - h, color=colour, alpha=shade, linewidth=0)


def _name(summary: Any, j: int, labels: Mapping[str, str] | None) -> str:
    name = summary.feature_names[j]
    return shown((labels or {}).get(name, name), 26)


def finding(summary: Any, *, output: int = 0, labels: Mapping[str, str] | None = None) -> str:
    """Say how much the first column adds, and whether its high values or its low ones do."""
    j = int(ranked(summary)[0])
    name, edges = _name(summary, j, labels), summary.swarm.edges[j][output]
    of = f" to {shown(summary.outputs[output], 20)}" if len(summary.outputs) > 1 else ""
    places = decimals([edges[0], edges[-1]], digits=2)
    low, high = signed(edges[0], places), signed(edges[-1], places)
    if edges[0] == edges[-1]:
        return f"{name} adds {low}{of} to nearly all rows" if edges[0] else f"No column adds anything{of}"
    turn = _direction(edges, summary.swarm.rows[j][output], summary.swarm.height[j][output])
    if abs(turn) < _CLEAR:
        return f"{name} adds {low} to {high}{of}, but for the 9 lowest and highest rows"
    first, last = (low, high) if turn > 0 else (high, low)
    return f"Where {name} is low it adds about {first}{of}, where it is high about {last}"


def _direction(edges: Any, rows: Any, height: Any) -> float:
    """Correlate what is added with the column's rank over the bins; 0 where that can't be told."""
    known = np.array([h is not None for h in height])
    if known.sum() < 2:
        return 0.0
    ends = np.asarray(edges)
    x, y = ((ends[1:] + ends[:-1]) / 2)[known], np.array([h for h in height if h is not None], dtype=float)
    w = np.asarray(rows, dtype=float)[known]
    x, y = x - np.average(x, weights=w), y - np.average(y, weights=w)
    size = float(np.sqrt((w * x**2).sum() * (w * y**2).sum()))
    return float((w * x * y).sum()) / size if size else 0.0


def describe(summary: Any, *, output: int = 0, labels: Mapping[str, str] | None = None) -> str:
    """Give the picture in words: for each column what it adds at both ends, and where its values are high."""
    parts = []
    for j in drawn(summary):
        edges = summary.swarm.edges[j][output]
        turn = _direction(edges, summary.swarm.rows[j][output], summary.swarm.height[j][output])
        where = "" if abs(turn) < _CLEAR else ", more where it is high" if turn > 0 else ", less where it is high"
        parts.append(f"{_name(summary, j, labels)}: {short(edges[0])} to {short(edges[-1])}{where}")
    return "What each column adds, from the 10th lowest to the 10th highest row. " + "; ".join(parts) + "."
