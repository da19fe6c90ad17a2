"""The picture of an effect over two columns: cells about the grid's points, orange above its mean and blue below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.plots import panel, surface
from workbench.plots.axes import set_title
from workbench.plots.numbers import days, decimals, short, signed
from workbench.plots.shapes import Scale
from workbench.plots.style import LIGHT, Palette, shown

_CONTINUOUS = ("number", "datetime")


def draw(
    effect: Any,
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    output: int = 0,
    most: float | None = None,
    title: bool = True,
) -> Any:
    """Draw a surface: how far the average prediction at each point lies from its mean over the points.

    Points without rows near are dotted: there the model was never checked. `most` is the absolute value of the
    strongest tone.
    """
    grid, empty = _about_mean(effect, output), _empty(effect, output)
    term, scales = _term(effect, grid), _scales(effect, labels, units)
    heading = "adds" if effect.provenance.method == "ale" else "vs mean"
    figure = surface.draw(term, scales, palette, most=most, heading=heading)
    if empty.any():
        _dots(figure.axes[0], term, empty, palette)
        _foot(figure, "dots: no rows near", palette)
    if title:
        set_title(figure, finding(effect, labels=labels, units=units, output=output), palette)
    return figure


def _about_mean(effect: Any, output: int) -> Any:
    """Give the surface less its mean, weighed by the rows near each point where these are known; 0 where it is NaN."""
    values = np.array(effect.average[output], dtype=float)
    if effect.provenance.method == "ale":  # is about its mean already
        return np.nan_to_num(values)
    return np.nan_to_num(values - np.nanmean(values))


def _empty(effect: Any, output: int) -> Any:
    """Tell at which points nothing is known, or no row is near."""
    unknown = np.isnan(effect.average[output])
    return unknown if effect.counts is None else unknown | (np.asarray(effect.counts) == 0)


def _term(effect: Any, grid: Any) -> Any:
    """Give the surface as a term of a sum is drawn: a cell about each point, with the rows of none withheld."""
    from workbench.forms import Axis, Surface

    axes = []
    for side in (0, 1):
        values, n = effect.grid_values[side], grid.shape[side]
        if effect.feature_kinds[side] in _CONTINUOUS:
            x = np.asarray(values, dtype=float)
            axes.append(Axis(effect.features[side], (x[1:] + x[:-1]) / 2, (), np.append(np.ones(n), 0.0)))
        else:
            axes.append(Axis(effect.features[side], np.empty(0), tuple(values), np.append(np.ones(n), [0.0, 0.0])))
    padded = np.zeros((axes[0].n_cells, axes[1].n_cells))
    padded[: grid.shape[0], : grid.shape[1]] = grid
    return Surface(axes[0], axes[1], padded.reshape(-1, 1))


def _scales(effect: Any, labels: Mapping[str, str] | None, units: Mapping[str, str] | None) -> tuple[Scale, Scale]:
    made = []
    for name, kind, values in zip(effect.features, effect.feature_kinds, effect.grid_values, strict=True):
        ends: dict[str, Any] = {}
        if kind in _CONTINUOUS:
            x = np.asarray(values, dtype=float)
            ends = {"low": float(x[0]), "high": float(x[-1]), "whole": bool(np.all(x == np.round(x)))}
        titled = (labels or {}).get(name, name)
        made.append(Scale(titled, (units or {}).get(name, ""), dates=kind == "datetime", **ends))
    return made[0], made[1]


def _dots(ax: Any, term: Any, empty: Any, palette: Palette) -> None:
    """Dot the cells without rows."""
    turned = bool(term.first.levels) and not term.second.levels
    sides = (term.second, term.first) if turned else (term.first, term.second)
    cells = empty.T if turned else empty
    places = [_middles(axis, limits) for axis, limits in zip(sides, (ax.get_xlim(), ax.get_ylim()), strict=True)]
    rows, columns = np.nonzero(cells[: len(places[0]), : len(places[1])])
    ax.plot(
        places[0][rows],
        places[1][columns],
        linestyle="none",
        marker="o",
        markersize=1.6,
        markeredgewidth=0,
        color=palette.muted,
    )


def _foot(figure: Any, text: str, palette: Palette) -> None:
    """Make room for a line of words at the foot, and write it."""
    width, height = (72 * side for side in figure.get_size_inches())
    figure.set_size_inches(width / 72, (height + panel.KEY_HEIGHT) / 72)
    share = height / (height + panel.KEY_HEIGHT)
    for ax in figure.axes:
        x, y, w, h = ax.get_position().bounds
        ax.set_position((x, 1 - share + y * share, w, h * share))
    deep = 72 * figure.axes[0].get_position().y0 * figure.get_size_inches()[1]
    panel.write_key(figure.axes[0], text, palette, drop=float(deep) - 16)


def _middles(axis: Any, limits: tuple[float, float]) -> Any:
    if axis.levels:
        return np.arange(int(limits[1])) + 0.5
    edges = np.concatenate([[limits[0]], axis.cuts, [limits[1]]])
    return (edges[1:] + edges[:-1]) / 2


def finding(
    effect: Any,
    *,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    output: int = 0,
) -> str:
    """Say where the surface is lowest and highest; of a second order effect what both columns add together."""
    names = [shown((labels or {}).get(name, name), 24) for name in effect.features]
    of = f" of {shown(effect.outputs[output])}" if len(effect.outputs) > 1 else ""
    values = np.asarray(effect.average[output], dtype=float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    both = f"{names[0]} with {names[1]}"
    if effect.provenance.method == "ale":
        places = decimals([low, high], digits=2)
        if low == high:
            return f"{both} adds nothing to the prediction{of} beyond what each does"
        return f"{both} adds {signed(low, places)} to {signed(high, places)} to the prediction{of}, beyond each alone"
    if low == high:
        return f"{both}: the average prediction{of} is {short(low)} throughout"
    ends = [f"{short(float(v))} ({_where(effect, v, units)})" for v in (low, high)]
    return f"{both}: average prediction{of} from {ends[0]} to {ends[1]}"


def describe(effect: Any, *, units: Mapping[str, str] | None = None, output: int = 0) -> str:
    """Give the picture's extremes in words, for those who do not see it."""
    values = np.asarray(effect.average[output], dtype=float)
    parts = [
        f"{word} {short(float(v), 4)} ({_where(effect, v, units)})"
        for word, v in (("lowest", np.nanmin(values)), ("highest", np.nanmax(values)))
    ]
    sparse = "" if effect.sparse_share is None else f" {effect.sparse_share:.0%} of the cells have no or too few rows."
    first, second = (shown(name) for name in effect.features)
    return (
        f"A grid of {values.shape[0]} values of {first} by {values.shape[1]} of {second}; {'; '.join(parts)}.{sparse}"
    )


def _where(effect: Any, value: float, units: Mapping[str, str] | None) -> str:
    """Name the first point of the grid that has a value."""
    grid = np.asarray(effect.average, dtype=float)
    at = next(np.argwhere(each == value)[0] for each in grid if (each == value).any())
    told = []
    for side in (0, 1):
        name, found = effect.features[side], effect.grid_values[side][int(at[side])]
        unit = (units or {}).get(name, "")
        if isinstance(found, str):
            told.append(shown(found, 20))
        elif effect.feature_kinds[side] == "datetime":
            told.append(days(found))
        else:
            told.append(short(found) + (f" {shown(unit, 16)}" if unit else ""))
    return ", ".join(told)
