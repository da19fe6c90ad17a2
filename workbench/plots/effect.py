"""Pictures of effects: the average prediction along one feature, with its interval and where the rows lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots import panel
from workbench.plots.axes import new_figure, set_title
from workbench.plots.numbers import days, number, short
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = panel.WIDTH
_CONTINUOUS = ("number", "datetime")
_MARKS = "osD^vP"
_DASHES: tuple[Any, ...] = ("solid", (0, (6, 2)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (1, 1)), (0, (12, 3)))


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
    _panel(figure, effect, palette, (axis, response), ylim, panel.MARGINS)
    if title:
        set_title(figure, finding(effect, label=label, unit=unit, response=response), palette)
    return figure


def draw_all(effects: Any, palette: Palette = LIGHT, *, response: str = "average prediction") -> Any:
    """Draw the effects of several features side by side, two a row, on one shared scale."""
    shown_ones = list(effects.effects)
    columns, height = min(2, len(shown_ones)), max(map(_height, shown_ones))
    total = height * -(-len(shown_ones) // columns)
    figure = new_figure(WIDTH * columns, total, palette)
    limits = shared_limits(shown_ones)
    for position, one in enumerate(shown_ones):
        row, column = divmod(position, columns)
        margins = {
            "left": column * WIDTH + 8,
            "right": (columns - 1 - column) * WIDTH + 10,
            "top": row * height + 4,
            "bottom": total - (row + 1) * height + 4,
        }
        _panel(figure, one, palette, (shown(one.feature), response), limits, margins)
    return figure


def _height(effect: Any) -> float:
    return panel.HEIGHT if effect.feature_kind in _CONTINUOUS else panel.levels_height(len(effect.grid_values))


def shared_limits(effects: Sequence[Any]) -> tuple[float, float]:
    """Give the limits that hold every curve and every interval of these effects, so that their sizes compare."""
    return panel.limits([a for e in effects for a in (e.average, e.lower, e.upper) if a is not None])


def is_flat(effect: Any) -> bool:
    """Tell whether no output moves along the column, but for rounding."""
    average = np.atleast_2d(effect.average)
    return bool(np.all(np.ptp(average, axis=1) <= 1e-9 * np.maximum(np.abs(average).max(axis=1), 1e-9)))


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
        return _value(effect, value) + ("" if isinstance(value, str) else unit)

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
        points = "; ".join(f"{_value(effect, effect.grid_values[i])}: {short(curve[i], 4)}" for i in picks)
        parts.append(f"{shown(output)}: {points}" if len(effect.outputs) > 1 else points)
    return f"Average prediction at values of {shown(effect.feature)}. " + ". ".join(parts) + "."


def _value(effect: Any, value: Any) -> str:
    if isinstance(value, str):
        return shown(value, 20)
    return days(value) if effect.feature_kind == "datetime" else short(value, 4)


def _panel(
    figure: Any, effect: Any, palette: Palette, texts: tuple[str, str], ylim: Any, margins: Mapping[str, float]
) -> None:
    draw_axes = _curve if effect.feature_kind in _CONTINUOUS else _levels
    draw_axes(figure, effect, palette, texts, ylim or shared_limits([effect]), margins)


def _curve(figure: Any, effect: Any, palette: Palette, texts: Any, ylim: Any, margins: Mapping[str, float]) -> None:
    several = len(effect.outputs) > 1
    x = np.asarray(effect.grid_values, dtype=float)
    margin = 0.02 * float(np.ptp(x)) or max(abs(float(x[0])) * 0.05, 0.5)
    ax = panel.number_axes(
        figure,
        palette,
        margins,
        (x.min() - margin, x.max() + margin),
        ylim,
        texts,
        room=panel.name_room(effect.outputs),
        whole=bool(np.all(x == np.round(x))),
        dates=effect.feature_kind == "datetime",
    )
    for row in range(len(effect.outputs)):
        colour = palette.series[row % 6] if several else palette.accent
        ax.fill_between(x, effect.lower[row], effect.upper[row], color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, effect.average[row], color=colour, linewidth=2, linestyle=_DASHES[row % 6] if several else "solid")
    if several:
        panel.name_ends(ax, x[-1], [float(curve[-1]) for curve in effect.average], effect.outputs, palette)
    edges = effect.bin_edges
    if edges is None and x.size > 1:  # counts stand at the values themselves
        edges = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2, x[-1:]])
    panel.strip(ax, edges, effect.bin_counts, palette)


def _levels(figure: Any, effect: Any, palette: Palette, texts: Any, ylim: Any, margins: Mapping[str, float]) -> None:
    several = len(effect.outputs) > 1
    order = np.argsort(np.atleast_2d(effect.average)[0], kind="stable")[-panel.MOST_LEVELS :]
    names = [shown(effect.grid_values[i], 20) for i in order]
    ax = panel.level_axes(figure, palette, margins, names, ylim, texts)
    for row in range(len(effect.outputs)):
        y = np.arange(len(order)) + (0.36 * (0.5 - row / (len(effect.outputs) - 1)) if several else 0.0)
        colour = palette.series[row % 6] if several else palette.accent
        ax.hlines(y, effect.lower[row][order], effect.upper[row][order], color=colour, linewidth=2)
        ax.plot(effect.average[row][order], y, linestyle="none", marker=_MARKS[row % 6], markersize=6, color=colour)
    if several:
        panel.name_heads(ax, [float(curve[order[-1]]) for curve in effect.average], effect.outputs, palette)
