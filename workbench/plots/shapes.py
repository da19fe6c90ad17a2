"""Pictures of the terms of a sum over one column: steps, smooth curves and lines as a curve, levels as bars."""

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
_POINTS = 121  # of a smooth curve between its ends
_BEYOND = 0.06  # of the range, how far a smooth curve goes on where no data supports it


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


def draw_curve(term: Any, scale: Scale, palette: Palette = LIGHT, *, limits: tuple[float, float] | None = None) -> Any:
    """Draw a shape over numbers, dashed where fewer than 10 rows lie beyond; a missing value's part at the right."""
    xs, values = corners(term, scale)
    missing = bool(term.missing.any())
    names = panel.name_room(scale.outputs)
    figure = new_figure(panel.WIDTH, panel.HEIGHT, palette)
    ax = panel.number_axes(
        figure, palette, panel.MARGINS, (xs[0], xs[-1]), limits or panel.limits([values, term.missing]),
        (scale.axis, scale.adds), room=names + 46 * missing, whole=scale.whole, dates=scale.dates,
    )  # fmt: skip
    ax.axhline(0, color=palette.muted, linewidth=1)
    for row in range(values.shape[1]):
        colour = palette.series[row % 6] if values.shape[1] > 1 else palette.accent
        for first, last, dashes in _parts(xs, scale):
            part = _smooth(term, row, first, last) if _is_smooth(term) else _stairs(xs, values[:, row], first, last)
            ax.plot(*part, color=colour, linewidth=2 if dashes == "solid" else 1.4, linestyle=dashes)
    if values.shape[1] > 1:
        panel.name_ends(ax, xs[-1], values[-1], scale.outputs, palette)
    if missing:
        _missing(ax, term.missing, names + 20, palette)
    if term.weights.any():
        panel.strip(ax, *panel.pooled(_bins(term, xs), term.weights), palette)
    return figure


def corners(term: Any, scale: Scale) -> tuple[Any, Any]:
    """Give where a curve's pieces begin and end, and a value for each piece; of a smooth curve many points."""
    if not _is_smooth(term):
        ends = span(term.cuts, scale.low, scale.high)
        return np.concatenate([ends[:1], term.cuts, ends[1:]]), term.values
    known = [v for v in (scale.low, scale.high) if v is not None and math.isfinite(v)] or list(term.centers)
    low, high = min(known), max(known)
    air = _BEYOND * (high - low) or max(abs(low) * 0.05, 0.5)
    xs = np.linspace(low - air, high + air, _POINTS)
    return xs, term.at(xs)


def _is_smooth(term: Any) -> bool:
    return hasattr(term, "knots")


def _bins(term: Any, xs: Any) -> Any:
    """Give the edges of the bins whose rows the weights count; of a smooth curve midway between their means."""
    if not _is_smooth(term):
        return xs
    return np.concatenate([xs[:1], (term.centers[1:] + term.centers[:-1]) / 2, xs[-1:]])


def span(cuts: Any, low: float | None, high: float | None) -> Any:
    """Give the ends of a picture's axis: all cuts and the column's range lie within, with some air."""
    ends = [v for v in (low, high, *cuts[:1], *cuts[-1:]) if v is not None and math.isfinite(v)] or [0.0]
    air = 0.02 * (max(ends) - min(ends)) or max(abs(ends[0]) * 0.05, 0.5)
    return np.array([min(ends) - air, max(ends) + air])


def _parts(xs: Any, scale: Scale) -> list[tuple[float, float, Any]]:
    """Give up to three parts of an axis: dashed below `low` and above `high`, solid between."""
    low = xs[0] if scale.low is None else max(scale.low, xs[0])
    high = xs[-1] if scale.high is None else min(scale.high, xs[-1])
    parts = ((xs[0], low, (0, (3, 2))), (low, high, "solid"), (high, xs[-1], (0, (3, 2))))
    return [part for part in parts if part[1] > part[0]]


def _stairs(xs: Any, values: Any, first: float, last: float) -> tuple[Any, Any]:
    """Give the corners of a step curve between two numbers."""
    inner = np.flatnonzero((xs[1:] > first) & (xs[:-1] < last))
    return np.clip(np.repeat(xs[inner[0] : inner[-1] + 2], 2)[1:-1], first, last), np.repeat(values[inner], 2)


def _smooth(term: Any, row: int, first: float, last: float) -> tuple[Any, Any]:
    """Give points of a smooth curve between two numbers, its knots among them."""
    inner = term.knots[(term.knots > first) & (term.knots < last)]
    at = np.union1d(np.linspace(first, last, _POINTS), inner)
    return at, term.at(at)[:, row]


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


def draw_levels(term: Any, scale: Scale, palette: Palette = LIGHT, *, limits: tuple[float, float] | None = None) -> Any:
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
    wide = limits or panel.limits([values, np.zeros(1)])
    ax = panel.level_axes(figure, palette, margins, names, wide, (scale.axis, scale.adds))
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
        where, values = told(term, scale)
        places = [f"at {scale.at(float(v))}" for v in where]
    row = int(np.argmax(np.ptp(values, axis=0)))
    curve = values[:, row]
    name = shown(scale.title) + (f" ({shown(scale.outputs[row])})" if values.shape[1] > 1 else "")
    low, high = int(curve.argmin()), int(curve.argmax())
    digits = decimals([float(curve[low]), float(curve[high])])
    if len({signed(float(curve[i]), digits) for i in (low, high)}) == 1:
        return f"{name} adds {signed(float(curve[low]), digits)} throughout"
    ends = sorted((low, high)) if not hasattr(term, "levels") else [low, high]
    first, last = (f"{signed(float(curve[i]), digits)} {places[i]}" for i in ends)
    return f"{name} adds {first}, {last}"


def told(term: Any, scale: Scale) -> tuple[Any, Any]:
    """Give the places at which a curve is told, none of them beyond `low` and `high`, and its values there."""
    if _is_smooth(term):
        xs, _ = corners(term, scale)
        inside = [part for part in _parts(xs, scale) if part[2] == "solid"] or [(xs[0], xs[-1], "")]
        where = np.linspace(*inside[0][:2], _POINTS)
        return where, term.at(where)
    low, high = span(term.cuts, scale.low, scale.high)
    return np.clip(np.where(np.isfinite(term.centers), term.centers, high), low, high), term.values


def describe(term: Any, scale: Scale) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    if hasattr(term, "levels"):
        named, values = _rows(term)
        parts = [f"{shown(name)}: {_vector(value, scale.outputs)}" for name, value in zip(named, values, strict=True)]
        return f"What each level of {shown(scale.title)} adds. " + "; ".join(parts[:30]) + "."
    where, values = told(term, scale)
    picks = np.unique(np.linspace(0, len(values) - 1, min(7, len(values))).round().astype(int))
    parts = [f"at {scale.at(float(where[i]))}: {_vector(values[i], scale.outputs)}" for i in picks]
    if term.missing.any():
        parts.append(f"missing: {_vector(term.missing, scale.outputs)}")
    return f"What values of {shown(scale.title)} add. " + "; ".join(parts) + "."


def _vector(values: Sequence[float], outputs: Sequence[str]) -> str:
    texts = [short(float(value)) for value in values]
    return texts[0] if len(texts) == 1 else ", ".join(f"{shown(o)} {t}" for o, t in zip(outputs, texts, strict=True))


def importance(term: Any, counts: Mapping[str, int] | None = None) -> float:
    """Mean over training rows of the absolute value that a term adds, averaged over outputs.

    sum_i w_i |v_i| / sum_i w_i over intervals, levels or cells i with w_i rows; of a smooth curve over the means of
    intervals. A surface knows the rows of its two axes only: its cells weigh the product of both. Levels weigh their
    `counts`, the same where those are unknown.
    """
    weights: Any
    if hasattr(term, "grid"):
        values, weights = np.abs(term.grid).mean(axis=2), np.outer(term.first.weights, term.second.weights)
    elif _is_smooth(term):
        values, weights = np.abs(term.at(term.centers)).mean(axis=1), term.weights
    else:
        values = np.abs(term.values).mean(axis=1)
        weights = getattr(term, "weights", None)
        if weights is None:
            weights = np.array([float((counts or {}).get(level) or 0) for level in term.levels])
    weights = weights if weights.sum() > 0 else np.ones_like(values)
    return float((values * weights).sum() / weights.sum())
