"""Pictures of effects: the average prediction along one feature, with its interval and where the rows lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots import effect_surface, panel
from workbench.plots.axes import new_figure, set_title
from workbench.plots.numbers import days, number, short
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = panel.WIDTH
_CONTINUOUS = ("number", "datetime")
_MOST_ROWS = 100
_MARKS = "osD^vP"
_DASHES: tuple[Any, ...] = ("solid", (0, (6, 2)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (1, 1)), (0, (12, 3)))


def draw(
    effect: Any,
    palette: Palette = LIGHT,
    *,
    label: str = "",
    unit: str = "",
    response: str = "",
    ylim: tuple[float, float] | None = None,
    title: bool = True,
) -> Any:
    """Draw one effect: a line with its 95% interval for numbers, a point a level for categories.

    The strip below a line shows where the rows lie, in bins of 10 or more: the darker, the denser. Where refits are
    known, the shade is theirs, about their mean, and dots bound what other background rows would make of the saved
    model's line. Curves of single rows, up to 100 of them, are thin and grey; without them thin grey lines bound most
    rows' curves, where these differ.
    """
    response = response or measured(effect)
    figure = new_figure(WIDTH, _height(effect), palette)
    name = shown(label or effect.feature)
    axis = f"{name} ({shown(unit, 16)})" if unit else name
    _panel(figure, effect, palette, (axis, response), ylim, panel.MARGINS)
    if title:
        set_title(figure, finding(effect, label=label, unit=unit, response=response), palette)
    return figure


def draw_all(effects: Any, palette: Palette = LIGHT, *, response: str = "") -> Any:
    """Draw the effects of several features side by side, two a row, on one shared scale; a lone surface by itself.

    Raises
    ------
    ValueError
        If there is no effect of a single column to draw.
    """
    shown_ones = list(effects.effects)
    if not shown_ones:
        if len(effects.surfaces) == 1:
            return effect_surface.draw(effects.surfaces[0], palette)
        raise ValueError("draw: there is no effect of a single column; draw each of `surfaces` by its own plot()")
    response = response or measured(shown_ones[0])
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
    own = panel.HEIGHT if effect.feature_kind in _CONTINUOUS else panel.levels_height(len(effect.grid_values))
    return own + (panel.KEY_HEIGHT if _key(effect) else 0)


def measured(effect: Any) -> str:
    """Say what the curve is measured in, where nobody names the response."""
    if effect.provenance.method == "ale":
        return "change in the prediction"
    return "change in the average prediction" if effect.centred else "average prediction"


def _key(effect: Any) -> str:
    """Say in words what is drawn beside the line; nothing where only its interval is."""
    parts = []
    if effect.refits is not None:
        parts += ["shade: refits", "dots: other rows" if effect.feature_kind in _CONTINUOUS else "line: other rows"]
    if effect.individual is not None and effect.feature_kind in _CONTINUOUS:
        parts.append("grey: single rows")
    elif rows_differ(effect):
        parts.append("grey: rows")
    return " · ".join(parts)


def shared_limits(effects: Sequence[Any]) -> tuple[float, float]:
    """Give the limits that hold every curve and every interval of these effects, so that their sizes compare."""
    arrays = []
    for one in effects:
        refits = one.refits
        arrays += [one.average, one.lower, one.upper]
        arrays += [] if refits is None else [refits.mean, refits.lower, refits.upper]
        arrays += [] if one.individual is None else [_some_rows(one)]
        arrays += [one.spread.curves] if rows_differ(one) else []
    return panel.limits([a for a in arrays if a is not None])


def rows_differ(effect: Any) -> bool:
    """Tell whether rows' own curves differ from their average so that it shows: by 1% of how far that goes."""
    if effect.spread is None or effect.feature_kind not in _CONTINUOUS:
        return False
    off = np.abs(effect.spread.curves - np.atleast_2d(effect.average)).max()
    return bool(off > 0.01 * max(float(np.ptp(np.atleast_2d(effect.average), axis=1).max()), 1e-12))


def _some_rows(effect: Any) -> Any:
    """Give the curves of at most 100 rows, (n_rows, n_outputs, n_grid)."""
    n = len(effect.individual)
    return effect.individual[np.unique(np.linspace(0, n - 1, min(n, _MOST_ROWS)).round().astype(int))]


def is_flat(effect: Any) -> bool:
    """Tell whether no output moves along the column, but for rounding."""
    average = np.atleast_2d(effect.average)
    return bool(np.all(np.ptp(average, axis=1) <= 1e-9 * np.maximum(np.abs(average).max(axis=1), 1e-9)))


def finding(effect: Any, *, label: str = "", unit: str = "", response: str = "") -> str:
    """Say in one sentence what the curve shows; of several outputs, the one that varies most is told."""
    response = response or measured(effect)
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
    if effect.centred:
        bottom, top = (f"+{t}" if v > 0 else t for v, t in ((curve[low], bottom), (curve[high], top)))

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
    told = measured(effect)
    text = f"{told[:1].upper()}{told[1:]} at values of {shown(effect.feature)}. " + ". ".join(parts) + "."
    if effect.refits is not None and len(effect.outputs) == 1:
        ends = [
            f"{_value(effect, effect.grid_values[i])}: {short(effect.refits.lower[0][i], 4)} to "
            f"{short(effect.refits.upper[0][i], 4)}"
            for i in picks
        ]
        text += f" Where {effect.refits.n_refits} refits of the learner lie. {'; '.join(ends)}."
    if rows_differ(effect) and len(effect.outputs) == 1:
        low, high = effect.spread.curves[0][0], effect.spread.curves[-1][0]
        ends = [f"{_value(effect, effect.grid_values[i])}: {short(low[i], 4)} to {short(high[i], 4)}" for i in picks]
        share = 100 * (effect.spread.levels[-1] - effect.spread.levels[0])
        text += f" Where {share:.0f}% of rows' own curves lie, moved to one mean. {'; '.join(ends)}."
    return text


def _value(effect: Any, value: Any) -> str:
    if isinstance(value, str):
        return shown(value, 20)
    return days(value) if effect.feature_kind == "datetime" else short(value, 4)


def _panel(
    figure: Any, effect: Any, palette: Palette, texts: tuple[str, str], ylim: Any, margins: Mapping[str, float]
) -> None:
    draw_axes = _curve if effect.feature_kind in _CONTINUOUS else _levels
    if key := _key(effect):
        margins = {**margins, "bottom": margins["bottom"] + panel.KEY_HEIGHT}
    ax = draw_axes(figure, effect, palette, texts, ylim or shared_limits([effect]), margins)
    if key:
        panel.write_key(ax, key, palette, drop=52 if effect.feature_kind in _CONTINUOUS else 40)


def _curve(figure: Any, effect: Any, palette: Palette, texts: Any, ylim: Any, margins: Mapping[str, float]) -> Any:
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
        low, high = effect.lower[row], effect.upper[row]
        if effect.individual is not None:
            panel.thin_curves(ax, x, _some_rows(effect)[:, row], colour if several else palette.muted)
        if effect.refits is not None:
            low, high = effect.refits.lower[row], effect.refits.upper[row]
        ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, effect.average[row], color=colour, linewidth=2, linestyle=_DASHES[row % 6] if several else "solid")
        if effect.refits is not None:
            for end in (effect.lower[row], effect.upper[row]):
                ax.plot(x, end, color=palette.muted, linewidth=1.2, linestyle=(0, (1, 1.6)))
        if rows_differ(effect) and effect.individual is None:
            for curve in effect.spread.curves[:, row]:
                ax.plot(x, curve, color=colour if several else palette.muted, linewidth=0.8)
    if several:
        panel.name_ends(ax, x[-1], [float(curve[-1]) for curve in effect.average], effect.outputs, palette)
    edges = effect.bin_edges
    if edges is None and x.size > 1:  # counts stand at the values themselves
        edges = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2, x[-1:]])
    panel.strip(ax, edges, effect.bin_counts, palette)
    return ax


def _levels(figure: Any, effect: Any, palette: Palette, texts: Any, ylim: Any, margins: Mapping[str, float]) -> Any:
    several = len(effect.outputs) > 1
    order = np.argsort(np.atleast_2d(effect.average)[0], kind="stable")[-panel.MOST_LEVELS :]
    names = [shown(effect.grid_values[i], 20) for i in order]
    ax = panel.level_axes(figure, palette, margins, names, ylim, texts)
    for row in range(len(effect.outputs)):
        y = np.arange(len(order)) + (0.36 * (0.5 - row / (len(effect.outputs) - 1)) if several else 0.0)
        colour = palette.series[row % 6] if several else palette.accent
        refits = effect.refits
        if refits is not None:
            ax.hlines(
                y,
                refits.lower[row][order],
                refits.upper[row][order],
                color=colour,
                alpha=0.25,
                linewidth=6 if several else 9,
            )
        line = (palette.muted, 1.2) if refits is not None else (colour, 2)
        ax.hlines(y, effect.lower[row][order], effect.upper[row][order], color=line[0], linewidth=line[1])
        ax.plot(effect.average[row][order], y, linestyle="none", marker=_MARKS[row % 6], markersize=6, color=colour)
    if several:
        panel.name_heads(ax, [float(curve[order[-1]]) for curve in effect.average], effect.outputs, palette)
    return ax
