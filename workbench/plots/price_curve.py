"""The picture of what size buys: the best score against the numbers to hold, in steps, over all models tried."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.plots.axes import axes_size, new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import count, fixed, interval, score_decimals, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH, HEIGHT = 420.0, 300.0
_LABEL = 11.0
_Box = tuple[float, float, float, float]  # left, bottom, right, top in points


def draw(curve: Any, palette: Palette = LIGHT, *, metric: str = "", title: bool = True) -> Any:
    """Draw the steps of the best score so far, with the interval of each step's model, over dots of all models.

    Better is always up. Names stand at the steps that have room for one.
    """
    figure = new_figure(WIDTH, HEIGHT, palette)
    ax = new_axes(figure, palette, left=50, right=16, bottom=48, top=30)
    if len(curve.sizes):
        _limit(ax, curve, palette)
        at, scores = _logs(curve.sizes), np.asarray(curve.scores)
        end = ax.get_xlim()[1]
        ax.plot(
            _logs(curve.all_sizes),
            curve.all_scores,
            linestyle="none",
            marker="o",
            markersize=3.5,
            color=palette.muted,
            alpha=0.7,
        )
        ax.step([*at, end], [*scores, scores[-1]], where="post", color=palette.accent, linewidth=1.8)
        ax.vlines(at, curve.lower, curve.upper, color=palette.accent, linewidth=1.4, alpha=0.45)
        ax.plot(at, scores, linestyle="none", marker="o", markersize=6, color=palette.accent)
        _name_steps(ax, curve, at, palette)
    _name_axes(ax, metric or curve.metric, curve.greater_is_better, palette)
    if title:
        set_title(figure, finding(curve), palette)
    return figure


def finding(curve: Any) -> str:
    """Say which size comes within the interval of the best score, and which the best score needs."""
    if not len(curve.sizes):
        return "No model of known size has a score"
    best = len(curve.sizes) - 1
    edge = curve.lower[best] if curve.greater_is_better else curve.upper[best]
    enough = next(
        i
        for i in range(best + 1)
        if i == best or (curve.scores[i] >= edge if curve.greater_is_better else curve.scores[i] <= edge)
    )
    holds = f"{shown(curve.models[best], 24)} ({count(curve.sizes[best])} numbers to hold)"
    if enough == best:
        return f"Best: {holds}; no smaller model comes within its interval"
    small = f"{shown(curve.models[enough], 24)}, {count(curve.sizes[enough])} numbers,"
    return f"Best: {holds}; {small} is within its interval"


def describe(curve: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    places = _places(curve)
    parts = [
        f"from {count(size)} numbers on {shown(model)}: {fixed(score, places)} {interval(lower, upper, places)}"
        for model, size, score, lower, upper in zip(
            curve.models, curve.sizes, curve.scores, curve.lower, curve.upper, strict=True
        )
    ]
    tried = f"{len(curve.all_models)} models"
    return (
        f"The best score of {tried} by the numbers to hold, with {100 * curve.level:g}% intervals. {'; '.join(parts)}."
    )


def _places(curve: Any) -> int:
    return score_decimals(list(curve.scores), list((curve.upper - curve.lower) / 2))


def _logs(sizes: Any) -> np.ndarray:
    logs: np.ndarray = np.log10(np.maximum(np.asarray(sizes, dtype=float), 1))
    return logs


def _limit(ax: Any, curve: Any, palette: Palette) -> None:
    at = _logs(curve.all_sizes)
    low, high = max(math.floor(at.min() - 0.1), 0), max(math.ceil(at.max() + 0.1), 1)
    ax.set_xlim(low - 0.08, high)
    ticks(ax, "x", palette, labels={float(p): _power(p) for p in range(low, high + 1)})
    ends = np.concatenate([curve.all_scores, curve.lower, curve.upper])
    ends = ends[np.isfinite(ends)]
    margin = 0.08 * float(np.ptp(ends)) or max(abs(float(ends[0])) * 0.05, 0.01)
    ax.set_ylim(float(ends.min()) - margin, float(ends.max()) + margin)
    if not curve.greater_is_better:
        ax.invert_yaxis()
    ticks(ax, "y", palette, grid=True)


def _power(exponent: int) -> str:
    if exponent >= 15:
        return short(10.0**exponent)
    return f"{10 ** (exponent % 3)}{('', 'k', 'M', 'G', 'T')[exponent // 3]}"


def _name_steps(ax: Any, curve: Any, at: np.ndarray, palette: Palette) -> None:
    """Name the steps, the last one first, each where nothing is in the way; those without room stay unnamed."""
    (width, height), (x0, x1), (y0, y1) = axes_size(ax), ax.get_xlim(), ax.get_ylim()
    x, y = width * (at - x0) / (x1 - x0), height * (np.asarray(curve.scores) - y0) / (y1 - y0)
    feet, heads = (
        height * (np.nan_to_num(ends, nan=float(y0)) - y0) / (y1 - y0) for ends in (curve.lower, curve.upper)
    )
    known = np.isfinite(curve.lower)
    taken = [(px - 5, py - 5, px + 5, py + 5) for px, py in zip(x, y, strict=True)]
    taken += [
        (px - 2, min(a, b), px + 2, max(a, b))
        for px, a, b, is_known in zip(x, feet, heads, known, strict=True)
        if is_known
    ]
    for i in [len(at) - 1, *range(len(at) - 1)]:
        name = shown(curve.models[i], 22)
        w = text_width(name, _LABEL)
        for side, dy in ((-1, 10.0), (1, -12.0), (1, 10.0), (-1, -12.0)):
            left = x[i] + 7 if side > 0 else x[i] - 7 - w
            box = (left, y[i] + dy - 7, left + w, y[i] + dy + 7)
            inside = box[0] >= 2 and box[2] <= width + 14 and box[1] >= 0 and box[3] <= height + 8
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                where: dict[str, Any] = {"shift": (7 * side, dy), "ha": "left" if side > 0 else "right"}
                write(ax, at[i], curve.scores[i], name, palette, fontsize=_LABEL, **where)
                break


def _meet(a: _Box, b: _Box) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def _name_axes(ax: Any, metric: str, greater_is_better: bool, palette: Palette) -> None:
    direction = "" if greater_is_better else ", axis turned: lower is better"
    heading: dict[str, Any] = {"shift": (-42, 16), "fontsize": SMALL, "color": palette.muted}
    write(ax, 0, 1, f"{shown(metric, 24)}{direction}", palette, at="axes", **heading)
    foot: dict[str, Any] = {"shift": (0, -26), "ha": "center", "va": "top", "fontsize": SMALL + 0.5}
    write(ax, 0.5, 0, "numbers to hold (logarithmic)", palette, at="axes", **foot)
