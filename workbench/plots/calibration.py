"""The picture of calibration: what came against what was predicted, bin by bin, beside the line where both agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.plots.axes import axes_size, new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, interval, rows, short
from workbench.plots.panel import limits
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH, HEIGHT = 300.0, 290.0
_MOST_CURVES = 6
_QUARTERS = {0.0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1.0: "1"}


def draw(calibration: Any, palette: Palette = LIGHT, *, unit: str = "", target: str = "", title: bool = True) -> Any:
    """Draw a panel per curve, at most six: a dot per bin with its interval; on the line a prediction is right."""
    curves = calibration.curves[:_MOST_CURVES]
    columns = min(len(curves), 3)
    lines = math.ceil(len(curves) / columns)
    figure = new_figure(WIDTH * columns, HEIGHT * lines, palette)
    ends = _limits(calibration)
    wide = max(text_width(short(end), SMALL) for end in ends) if calibration.task == "regression" else 24.0
    for i, curve in enumerate(curves):
        line, column = divmod(i, columns)
        ax = new_axes(
            figure,
            palette,
            left=WIDTH * column + max(44.0, wide + 20),
            right=WIDTH * (columns - 1 - column) + 12,
            bottom=HEIGHT * (lines - 1 - line) + 42,
            top=HEIGHT * line + 26,
        )
        _panel(ax, curve, ends, palette, calibration.task == "regression", (unit, target), wide)
    if title:
        set_title(figure, finding(calibration), palette)
    return figure


def _limits(calibration: Any) -> tuple[float, float]:
    if calibration.task != "regression":
        return -0.02, 1.02
    return limits([values for c in calibration.curves for values in (c.predicted, c.observed, c.lower, c.upper)])


def _panel(
    ax: Any,
    curve: Any,
    ends: tuple[float, float],
    palette: Palette,
    regression: bool,
    words: tuple[str, str],
    wide: float,
) -> None:
    unit, target = words
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    bins = max(2, int(axes_size(ax)[0] // max(50.0, 1.6 * wide)))
    labels = None if regression else _QUARTERS
    ticks(ax, "y", palette, grid=True, bins=bins, labels=labels)
    ticks(ax, "x", palette, bins=bins, labels=labels)
    ax.plot(ends, ends, color=palette.muted, linewidth=1)
    area = np.sqrt(curve.rows / curve.rows.max())
    ax.vlines(curve.predicted, curve.lower, curve.upper, color=palette.accent, linewidth=1.6)
    ax.scatter(curve.predicted, curve.observed, s=44 * area, color=palette.accent, zorder=3)
    said = shown(target or "value", 20) if regression else "probability"
    of = f", {shown(unit, 12)}" if unit else ""
    place: dict[str, Any] = {"at": "axes", "ha": "right", "va": "top", "fontsize": SMALL}
    write(ax, 1, 0, f"{'predicted' if regression else 'given'} {said}{of}", palette, shift=(0, -22), **place)
    came = f"mean that came{of}" if regression else f"share that was {shown(curve.name, 26)}"
    write(ax, 0, 1, came, palette, at="axes", shift=(-34, 12), fontsize=SMALL, color=palette.muted)


def finding(calibration: Any) -> str:
    """Say whether, and in which way, predictions are shown to be off."""
    what = "Predictions" if calibration.task == "regression" else "Probabilities"
    if not calibration.p_value <= 0.01:
        return f"{what} agree with what came, as far as {rows(calibration.n_rows)} rows can tell"
    curve = min(calibration.curves, key=lambda c: (c.p_value, -c.error))
    way = "off in places"
    if curve.slope_upper < 1 or curve.slope_lower > 1:
        way = "too extreme" if curve.slope < 1 else "too timid"
    elif curve.intercept_upper < 0 or curve.intercept_lower > 0:
        way = "too high" if curve.intercept < 0 else "too low"
    of = f" of {shown(curve.name, 20)}" if calibration.task == "multiclass" else ""
    return f"{what}{of} are {way}"


def describe(calibration: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = []
    for curve in calibration.curves[:_MOST_CURVES]:
        places = decimals(curve.observed, (curve.upper - curve.lower) / 2)
        told = [
            f"{fixed(p, places)}: {fixed(o, places)} {interval(low, high, places)}"
            for p, o, low, high in zip(curve.predicted, curve.observed, curve.lower, curve.upper, strict=True)
        ]
        parts.append((f"{shown(curve.name)}. " if curve.name else "") + "; ".join(told))
    return "Predicted on average, then what came with its 95% interval. " + ". ".join(parts) + "."
