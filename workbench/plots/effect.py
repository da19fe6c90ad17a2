"""Pictures of effects: the average prediction along one feature, with its interval and where the rows lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots.numbers import number, short
from workbench.plots.style import (
    LIGHT,
    SMALL,
    Palette,
    axes_size,
    new_axes,
    new_figure,
    quiet_axis,
    set_title,
    shown,
    spread,
    text_width,
    write,
)

WIDTH = 300.0
_CONTINUOUS = ("number", "datetime")
_MARKS = "osD^vP"
_DASHES: tuple[Any, ...] = ("solid", (0, (6, 2)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (1, 1)), (0, (12, 3)))
_MOST_LEVELS = 12


def draw(
    effect: Any,
    palette: Palette = LIGHT,
    *,
    label: str = "",
    unit: str = "",
    response: str = "average prediction",
    ylim: tuple[float, float] | None = None,
    title: bool = True,
) -> Any:
    """Draw one effect: a line with its 95% interval for numbers, a point a level for categories.

    The strip below a line shows where the rows lie, in bins of 10 or more: the darker, the denser.
    """
    figure = new_figure(WIDTH, _height(effect), palette)
    name = shown(label or effect.feature)
    axis = f"{name} ({shown(unit, 16)})" if unit else name
    _panel(figure, effect, palette, (axis, response), ylim, {"left": 8, "right": 10, "bottom": 4, "top": 4})
    if title:
        set_title(figure, finding(effect, label=label, unit=unit, response=response), palette)
    return figure


def draw_all(effects: Any, palette: Palette = LIGHT, *, response: str = "average prediction") -> Any:
    """Draw the effects of several features side by side, two a row, on one shared scale."""
    panels = list(effects.effects)
    columns, height = min(2, len(panels)), max(_height(panel) for panel in panels)
    total = height * -(-len(panels) // columns)
    figure = new_figure(WIDTH * columns, total, palette)
    limits = shared_limits(panels)
    for position, panel in enumerate(panels):
        row, column = divmod(position, columns)
        margins = {
            "left": column * WIDTH + 8,
            "right": (columns - 1 - column) * WIDTH + 10,
            "top": row * height + 4,
            "bottom": total - (row + 1) * height + 4,
        }
        _panel(figure, panel, palette, (shown(panel.feature), response), limits, margins)
    return figure


def _height(effect: Any) -> float:
    return 230 if effect.feature_kind in _CONTINUOUS else 92 + 26 * min(len(effect.grid_values), _MOST_LEVELS)


def shared_limits(effects: Sequence[Any]) -> tuple[float, float]:
    """Give the limits that hold every curve and every interval of these effects, so that their sizes compare."""
    values = np.concatenate([np.ravel(a) for e in effects for a in (e.average, e.lower, e.upper) if a is not None])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    margin = 0.06 * (high - low) or max(abs(high) * 0.05, 0.5)
    return low - margin, high + margin


def finding(effect: Any, *, label: str = "", unit: str = "", response: str = "average prediction") -> str:
    """Say in one sentence what the curve shows; of several outputs, the one that varies most is told."""
    name = shown(label or effect.feature)
    average = np.atleast_2d(effect.average)
    row = int(np.argmax(np.nanmax(average, axis=1) - np.nanmin(average, axis=1)))
    curve = average[row]
    low, high = int(np.nanargmin(curve)), int(np.nanargmax(curve))
    what = response + (f" of {shown(effect.outputs[row])}" if len(effect.outputs) > 1 else "")
    unit = f" {shown(unit, 16)}" if unit else ""
    if curve[low] == curve[high]:
        return f"{name}: the {what} is {short(curve[low])} throughout"
    bottom, top = _told_apart(curve[low], curve[high])

    def at(index: int) -> str:
        value = effect.grid_values[index]
        return shown(value, 20) if isinstance(value, str) else short(value, 4) + unit

    steps = np.diff(curve)
    slack = 0.02 * (curve[high] - curve[low])
    if effect.feature_kind in _CONTINUOUS and (np.all(steps >= -slack) or np.all(steps <= slack)):
        first, last = (bottom, top) if low < high else (top, bottom)
        return f"{name}: {what} {first} at {at(0)}, {last} at {at(len(curve) - 1)}"
    return f"{name}: {what} lowest at {at(low)} ({bottom}), highest at {at(high)} ({top})"


def _told_apart(low: float, high: float) -> tuple[str, str]:
    for digits in (3, 4, 5, 6):
        if number(low, digits) != number(high, digits):
            return number(low, digits), number(high, digits)
    return number(low, 12), number(high, 12)


def describe(effect: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    average = np.atleast_2d(effect.average)
    picks = np.unique(np.linspace(0, average.shape[1] - 1, min(6, average.shape[1])).round().astype(int))
    parts = []
    for output, curve in zip(effect.outputs, average, strict=True):
        points = "; ".join(f"{_value(effect.grid_values[i])}: {short(curve[i], 4)}" for i in picks)
        parts.append(f"{shown(output)}: {points}" if len(effect.outputs) > 1 else points)
    return f"Average prediction at values of {shown(effect.feature)}. " + ". ".join(parts) + "."


def _value(value: Any) -> str:
    return shown(value) if isinstance(value, str) else short(value, 4)


def _panel(
    figure: Any, effect: Any, palette: Palette, texts: tuple[str, str], ylim: Any, margins: Mapping[str, float]
) -> None:
    draw_axes = _curve if effect.feature_kind in _CONTINUOUS else _levels
    draw_axes(figure, effect, palette, texts, ylim or shared_limits([effect]), margins)


def _curve(figure: Any, effect: Any, palette: Palette, texts: Any, ylim: Any, margins: Mapping[str, float]) -> None:
    label, response = texts
    outputs = [shown(o, 14) for o in effect.outputs]
    several = len(outputs) > 1
    room = max(text_width(o, SMALL) for o in outputs) + 4 if several else 0
    ax = new_axes(
        figure,
        palette,
        left=margins["left"] + 40,
        right=margins["right"] + room,
        top=margins["top"] + 22,
        bottom=margins["bottom"] + 50,
    )
    x = np.asarray(effect.grid_values, dtype=float)
    margin = 0.02 * float(np.ptp(x)) or max(abs(float(x[0])) * 0.05, 0.5)
    ax.set_xlim(x.min() - margin, x.max() + margin)
    ax.set_ylim(*ylim)
    for row in range(len(outputs)):
        colour = palette.series[row % 6] if several else palette.accent
        ax.fill_between(x, effect.lower[row], effect.upper[row], color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, effect.average[row], color=colour, linewidth=2, linestyle=_DASHES[row % 6] if several else "solid")
    if several:
        scale = axes_size(ax)[1] / (ylim[1] - ylim[0])
        ends = [float(curve[-1]) for curve in effect.average]
        for end, place, output in zip(ends, spread([scale * end for end in ends], SMALL + 3), outputs, strict=True):
            write(ax, x[-1], end, output, palette, shift=(6, place - scale * end), fontsize=SMALL)
    _quiet(ax, "y")
    quiet_axis(ax.xaxis, bins=max(2, int(axes_size(ax)[0] // 48)), integer=bool(np.all(x == np.round(x))))
    ax.tick_params(axis="x", pad=13)  # the strip of rows lies between the axis and its labels
    _strip(ax, effect, palette)
    write(ax, 0.5, 0, label, palette, at="axes fraction", shift=(0, -36), ha="center", va="top", fontsize=SMALL + 0.5)
    _above(ax, response, palette)


def _strip(ax: Any, effect: Any, palette: Palette) -> None:
    """Shade where the rows lie, by the square root of rows per width against the densest bin."""
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import ScaledTranslation

    if effect.bin_edges is None or effect.bin_counts is None or len(effect.bin_edges) < 2:
        return
    edges = np.asarray(effect.bin_edges, dtype=float)
    widths = np.diff(edges)
    counts = np.nan_to_num(np.asarray(effect.bin_counts, dtype=float))
    density = np.divide(counts, widths, out=np.zeros_like(widths), where=widths > 0)
    low, high = ax.get_xlim()
    place = ax.get_xaxis_transform() + ScaledTranslation(0, -12 / 72, ax.figure.dpi_scale_trans)
    for left, right, share in zip(edges[:-1], edges[1:], np.sqrt(density / (density.max() or 1.0)), strict=True):
        first, last = max(left, low), min(right, high)
        if share > 0 and last > first:
            ax.add_artist(
                Rectangle(
                    (first, 0),
                    last - first,
                    8 / axes_size(ax)[1],
                    transform=place,
                    clip_on=False,
                    color=palette.muted,
                    alpha=round(0.06 + 0.74 * float(share), 3),
                    linewidth=0,
                )
            )


def _levels(figure: Any, effect: Any, palette: Palette, texts: Any, ylim: Any, margins: Mapping[str, float]) -> None:
    label, response = texts
    several = len(effect.outputs) > 1
    order = _kept_levels(effect)
    names = [shown(effect.grid_values[i], 20) for i in order]
    ax = new_axes(
        figure,
        palette,
        left=margins["left"] + max(text_width(n, SMALL) for n in names) + 14,
        ticks="x",
        right=margins["right"] + 6,
        bottom=margins["bottom"] + 40,
        top=margins["top"] + 40,
    )
    ax.set_xlim(*ylim)
    ax.set_ylim(-0.6, len(order) - 0.4)
    for row in range(len(effect.outputs)):
        y = np.arange(len(order)) + (0.36 * (0.5 - row / (len(effect.outputs) - 1)) if several else 0.0)
        colour = palette.series[row % 6] if several else palette.accent
        ax.hlines(y, effect.lower[row][order], effect.upper[row][order], color=colour, linewidth=2)
        ax.plot(effect.average[row][order], y, linestyle="none", marker=_MARKS[row % 6], markersize=6, color=colour)
    if several:
        _level_heads(ax, effect, order[-1], palette)
    _quiet(ax, "x")
    for place, name in enumerate(names):
        write(ax, 0, place, name, palette, at=("axes fraction", "data"), shift=(-8, 0), ha="right", fontsize=SMALL)
    write(ax, 0.5, 0, response, palette, at="axes fraction", shift=(0, -24), ha="center", va="top", fontsize=SMALL)
    write(ax, 0, 1, label, palette, at="axes fraction", shift=(-margins["left"] - 0, 30), fontsize=SMALL + 0.5)


def _level_heads(ax: Any, effect: Any, top: int, palette: Palette) -> None:
    """Name the outputs once, above the uppermost level."""
    scale = axes_size(ax)[0] / (ax.get_xlim()[1] - ax.get_xlim()[0])
    names = [shown(o, 14) for o in effect.outputs]
    ends = [float(curve[top]) for curve in effect.average]
    gap = max(text_width(n, SMALL) for n in names) + 8
    for row, place in enumerate(spread([scale * end for end in ends], gap)):
        write(
            ax,
            ends[row],
            1,
            names[row],
            palette,
            at=("data", "axes fraction"),
            ha="center",
            fontsize=SMALL,
            shift=(place - scale * ends[row], 8),
        )


def _kept_levels(effect: Any) -> Any:
    average = np.atleast_2d(effect.average)
    return np.argsort(average[0], kind="stable")[-_MOST_LEVELS:]


def _quiet(ax: Any, value_axis: str) -> None:
    quiet_axis(ax.xaxis if value_axis == "x" else ax.yaxis)
    ax.grid(axis=value_axis, color=ax.spines["bottom"].get_edgecolor(), linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis=value_axis, length=0)


def _above(ax: Any, text: str, palette: Palette) -> None:
    write(ax, 0, 1, text, palette, at="axes fraction", shift=(-36, 12), fontsize=SMALL, color=palette.muted)
