"""Pictures of the terms of a sum over one column: steps as a curve, levels as bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.plots import panel
from workbench.plots.axes import axes_size, new_figure, write
from workbench.plots.numbers import days, decimals, short, signed
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

_FEW_DAYS = 7


@dataclass(frozen=True)
class Scale:
    """What a picture of a term needs to know of its column and of what the terms add to.

    `low` and `high` bound what is drawn as supported by data; ticks of a `whole` column are whole numbers; `counts` are
    rows by level, where they may be told.
    """

    title: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    dates: bool = False
    whole: bool = False
    outputs: tuple[str, ...] = ("prediction",)
    adds: str = "adds to the prediction"
    counts: Mapping[str, int] | None = None

    @property
    def axis(self) -> str:
        """The column with its unit."""
        return f"{shown(self.title)} ({shown(self.unit, 16)})" if self.unit else shown(self.title)

    def at(self, value: float) -> str:
        """Write a value of the column with its unit; a moment as a date where the range is more than a few days."""
        if self.dates:
            few = self.low is not None and self.high is not None and self.high - self.low < _FEW_DAYS
            return days(value if few else math.floor(value))
        return short(value) + (f" {shown(self.unit, 16)}" if self.unit else "")


def draw_steps(term: Any, scale: Scale, palette: Palette = LIGHT, *, ylim: tuple[float, float] | None = None) -> Any:
    """Draw a step shape, dashed where fewer than 10 rows lie beyond; a missing value's part stands at the right."""
    edges = span(term.cuts, scale.low, scale.high)
    xs, values = np.concatenate([edges[:1], term.cuts, edges[1:]]), term.values
    missing = bool(term.missing.any())
    names = panel.name_room(scale.outputs)
    figure = new_figure(panel.WIDTH, panel.HEIGHT, palette)
    limits = ylim or panel.limits([term.values, term.missing])
    ax = panel.number_axes(
        figure, palette, panel.MARGINS, edges, limits, (scale.axis, scale.adds), room=names + 46 * missing,
        whole=scale.whole,
        dates=scale.dates,
    )  # fmt: skip
    ax.axhline(0, color=palette.muted, linewidth=1)
    for row in range(values.shape[1]):
        colour = palette.series[row % 6] if values.shape[1] > 1 else palette.accent
        for part, dashes in _parts(xs, values[:, row], scale):
            ax.plot(*part, color=colour, linewidth=2 if dashes == "solid" else 1.4, linestyle=dashes)
    if values.shape[1] > 1:
        panel.name_ends(ax, edges[1], values[-1], scale.outputs, palette)
    if missing:
        _missing(ax, term.missing, names + 20, palette)
    panel.strip(ax, *panel.pooled(xs, term.weights), palette)
    return figure


def span(cuts: Any, low: float | None, high: float | None) -> Any:
    """Give the ends of a picture's axis: all cuts and the column's range lie within, with some air."""
    ends = [v for v in (low, high, *cuts[:1], *cuts[-1:]) if v is not None and math.isfinite(v)] or [0.0]
    air = 0.02 * (max(ends) - min(ends)) or max(abs(ends[0]) * 0.05, 0.5)
    return np.array([min(ends) - air, max(ends) + air])


def _parts(xs: Any, values: Any, scale: Scale) -> list[tuple[tuple[Any, Any], Any]]:
    """Give the corners of a step curve in up to three parts: dashed below `low` and above `high`, solid between."""
    low = xs[0] if scale.low is None else max(scale.low, xs[0])
    high = xs[-1] if scale.high is None else min(scale.high, xs[-1])
    parts = []
    for first, last, dashes in ((xs[0], low, (0, (3, 2))), (low, high, "solid"), (high, xs[-1], (0, (3, 2)))):
        if last > first:
            inner = np.flatnonzero((xs[1:] > first) & (xs[:-1] < last))
            corners = np.clip(np.repeat(xs[inner[0] : inner[-1] + 2], 2)[1:-1], first, last)
            parts.append(((corners, np.repeat(values[inner], 2)), dashes))
    return parts


def _missing(ax: Any, values: Any, shift: float, palette: Palette) -> None:
    """Mark right of the axes what a missing value adds."""
    place = 1 + shift / axes_size(ax)[0]
    for row, value in enumerate(values):
        colour = palette.series[row % 6] if values.size > 1 else palette.accent
        ax.plot(
            [place], [value], transform=ax.get_yaxis_transform(), marker="D", markersize=6, color=colour, clip_on=False
        )
    write(
        ax, place, 0, "missing", palette, at="axes", shift=(0, -16), ha="center", va="top", fontsize=SMALL,
        color=palette.muted,
    )  # fmt: skip


def draw_levels(term: Any, scale: Scale, palette: Palette = LIGHT, *, xlim: tuple[float, float] | None = None) -> Any:
    """Draw a bar per level, sorted by effect: orange for a rise, blue for a fall; of many the farthest from zero."""
    named, values = _rows(term)
    several = values.shape[1] > 1
    kept = np.argsort(-np.abs(values).max(axis=1), kind="stable")[: panel.MOST_LEVELS]
    kept = kept[np.argsort(values[kept, 0], kind="stable")]
    names = [shown(named[i], 20) for i in kept]
    places = decimals(values[kept].ravel())
    texts = [] if several else [signed(float(values[i, 0]), places) for i in kept]
    room = max((text_width(t, SMALL) for t in texts), default=0)
    figure = new_figure(panel.WIDTH, panel.levels_height(len(named)), palette)
    margins = {**panel.MARGINS, "right": panel.MARGINS["right"] + room}
    limits = xlim or panel.limits([values, np.zeros(1)])
    ax = panel.level_axes(figure, palette, margins, names, limits, (scale.axis, scale.adds))
    k = values.shape[1]
    for row in range(k):
        tall = 0.56 / k
        y = np.arange(len(kept)) + (tall * ((k - 1) / 2 - row) if several else 0.0)
        colours = [palette.plus if v > 0 else palette.minus for v in values[kept, row]]
        ax.barh(y, values[kept, row], height=tall, color=palette.series[row % 6] if several else colours, linewidth=0)
    ax.axvline(0, color=palette.muted, linewidth=1)
    if several:
        panel.name_heads(ax, list(values[kept[-1]]), scale.outputs, palette)
    for place, text in enumerate(texts):
        write(ax, 1, place, text, palette, at="row", shift=(room + 10, 0), ha="right", fontsize=SMALL)
    return figure


def _rows(term: Any) -> tuple[list[str], Any]:
    """Give the levels with their values; those for other and missing values where they say something."""
    named, values = list(term.levels), [*term.values]
    for name, branch in (("any other", term.unseen), ("missing", term.missing)):
        if branch.any():
            named.append(name)
            values.append(branch)
    return named, np.array(values)


def finding(term: Any, scale: Scale) -> str:
    """Say in one sentence what the term adds where; of several outputs, the one that varies most is told."""
    if hasattr(term, "levels"):
        named, values = _rows(term)
        places = [f"at {shown(name, 20)}" for name in term.levels]
        places += ["where missing" if name == "missing" else "at any other" for name in named[len(term.levels) :]]
    else:
        values, places = term.values, [f"at {scale.at(float(v))}" for v in _inside(term, scale)]
    row = int(np.argmax(np.ptp(values, axis=0)))
    curve = values[:, row]
    name = shown(scale.title) + (f" ({shown(scale.outputs[row])})" if values.shape[1] > 1 else "")
    low, high = int(curve.argmin()), int(curve.argmax())
    digits = decimals([float(curve[low]), float(curve[high])])
    if curve[low] == curve[high]:
        return f"{name} adds {signed(float(curve[low]), digits)} throughout"
    ends = sorted((low, high)) if not hasattr(term, "levels") else [low, high]
    first, last = (f"{signed(float(curve[i]), digits)} {places[i]}" for i in ends)
    return f"{name} adds {first}, {last}"


def _inside(term: Any, scale: Scale) -> Any:
    low, high = span(term.cuts, scale.low, scale.high)
    return np.clip(np.where(np.isfinite(term.centers), term.centers, high), low, high)


def describe(term: Any, scale: Scale) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    if hasattr(term, "levels"):
        named, values = _rows(term)
        parts = [f"{shown(name)}: {_vector(value, scale.outputs)}" for name, value in zip(named, values, strict=True)]
        return f"What each level of {shown(scale.title)} adds. " + "; ".join(parts[:30]) + "."
    picks = np.unique(np.linspace(0, len(term.values) - 1, min(7, len(term.values))).round().astype(int))
    where = _inside(term, scale)
    parts = [f"at {scale.at(float(where[i]))}: {_vector(term.values[i], scale.outputs)}" for i in picks]
    if term.missing.any():
        parts.append(f"missing: {_vector(term.missing, scale.outputs)}")
    return f"What values of {shown(scale.title)} add. " + "; ".join(parts) + "."


def _vector(values: Sequence[float], outputs: Sequence[str]) -> str:
    texts = [short(float(value)) for value in values]
    return texts[0] if len(texts) == 1 else ", ".join(f"{shown(o)} {t}" for o, t in zip(outputs, texts, strict=True))


def importance(term: Any, counts: Mapping[str, int] | None = None) -> float:
    """Mean over training rows of the absolute value that a term adds, averaged over outputs.

    sum_i w_i |v_i| / sum_i w_i over intervals, levels or cells i with w_i rows. A surface knows the rows of its two
    axes only: its cells weigh the product of both. Levels weigh their `counts`, the same where those are unknown.
    """
    weights: Any
    if hasattr(term, "grid"):
        values, weights = np.abs(term.grid).mean(axis=2), np.outer(term.first.weights, term.second.weights)
    else:
        values = np.abs(term.values).mean(axis=1)
        weights = getattr(term, "weights", None)
        if weights is None:
            weights = np.array([float((counts or {}).get(level) or 0) for level in term.levels])
    weights = weights if weights.sum() > 0 else np.ones_like(values)
    return float((values * weights).sum() / weights.sum())
