"""Pictures that hold every model of a study on shared axes, each as parts of its own, so that a page can show two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots import panel
from workbench.plots.axes import axes_size, new_axes, new_figure, ticks, write
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width
from workbench.plots.svg import part

IMPORTANCE_WIDTH = 460.0
_PITCH = 27.0
_CONTINUOUS = ("number", "datetime")


def draw_importance(
    importances: Mapping[str, Any],
    features: Sequence[str],
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    metric: str = "",
) -> Any:
    """Draw a row per feature, in the order given: of each model a square at the mean, a line over its repeats.

    All models lie on one another; whoever shows the picture chooses by their parts, named `dot` and `line`.
    """
    names = [shown((labels or {}).get(name, name), 26) for name in features]
    left = max(map(text_width, names)) + 14
    figure = new_figure(IMPORTANCE_WIDTH, 50 + _PITCH * len(features), palette)
    ax = new_axes(figure, palette, left=left, right=12, bottom=44, top=6)
    ax.set_ylim(len(features) - 0.4, -0.6)
    repeats = {model: _repeats(answer, features) for model, answer in importances.items()}
    ends = np.concatenate([np.ravel(each) for each in repeats.values()] or [np.zeros(1)])
    low, high = float(np.nanmin(ends, initial=0.0)), float(np.nanmax(ends, initial=0.0))
    margin = 0.04 * (high - low) or 1.0
    ax.set_xlim(low - margin, high + margin)
    ax.axvline(0, color=palette.muted, linewidth=1)
    rows = np.arange(len(features), dtype=float)
    for model, values in repeats.items():
        known = np.isfinite(values).all(axis=1)
        y, seen = rows[known], values[known]
        ax.hlines(y, seen.min(1), seen.max(1), color=palette.accent, linewidth=2, gid=part(model, "line"))
        style: dict[str, Any] = {"linestyle": "none", "marker": "s", "markersize": 6.5, "markeredgewidth": 1.6}
        ax.plot(seen.mean(1), y, color=palette.accent, gid=part(model, "dot"), **style)
    ticks(ax, "x", palette, bins=max(2, min(5, int(axes_size(ax)[0] // 48))), grid=True)
    for row, name in zip(rows, names, strict=True):
        write(ax, 0, row, name, palette, at="row", shift=(-8, 0), ha="right", fontsize=SMALL + 1)
    first = next(iter(importances.values()))
    change = "fall" if first.greater_is_better else "rise"
    text = f"{change} in {shown(metric or first.metric, 24)} when the column is shuffled"
    # at the right edge, where it has the room below the names too
    foot: dict[str, Any] = {"shift": (0, -24), "ha": "right", "va": "top", "fontsize": SMALL}
    write(ax, 1, 0, text, palette, at="axes", **foot)
    return figure


def _repeats(importance: Any, features: Sequence[str]) -> np.ndarray:
    """Give the repeats of the features, (n_features, n_repeats); NaN for one that the answer does not hold."""
    at = {name: i for i, name in enumerate(importance.feature_names)}
    absent = np.full(importance.importances.shape[1], np.nan)
    return np.array([importance.importances[at[name]] if name in at else absent for name in features])


def draw_effect(
    effects: Mapping[str, Any],
    palette: Palette = LIGHT,
    *,
    output: int = 0,
    label: str = "",
    unit: str = "",
    response: str = "",
    ylim: tuple[float, float] | None = None,
) -> Any:
    """Draw the effect of one column in every model: a curve with its band for numbers, a square a level otherwise.

    Parts are named `curve` and `band`, of levels `dot` and `line`. Bands are those of refits where they are known,
    else the interval over the rows averaged. The strip below tells where rows lie.
    """
    first = next(iter(effects.values()))
    limits = ylim or panel.limits([end for one in effects.values() for end in band(one, output)])
    axis = f"{shown(label or first.feature)} ({shown(unit, 16)})" if unit else shown(label or first.feature)
    if first.feature_kind in _CONTINUOUS:
        return _curves(effects, palette, output, (axis, response), limits)
    return _levels(effects, palette, output, (axis, response), limits)


def band(effect: Any, output: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the lower end, the curve and the upper end of one output's effect, each (n_grid,)."""
    ends = effect if effect.refits is None else effect.refits
    return ends.lower[output], np.atleast_2d(effect.average)[output], ends.upper[output]


def _curves(effects: Mapping[str, Any], palette: Palette, output: int, texts: Any, ylim: Any) -> Any:
    figure = new_figure(panel.WIDTH, panel.HEIGHT, palette)
    grids = {model: np.asarray(one.grid_values, dtype=float) for model, one in effects.items()}
    every, first = np.concatenate(list(grids.values())), next(iter(effects.values()))
    margin = 0.02 * float(np.ptp(every)) or max(abs(float(every[0])) * 0.05, 0.5)
    xlim = (float(every.min()) - margin, float(every.max()) + margin)
    how: dict[str, Any] = {"whole": bool(np.all(every == np.round(every))), "dates": first.feature_kind == "datetime"}
    ax = panel.number_axes(figure, palette, panel.MARGINS, xlim, ylim, texts, **how)
    for model, one in effects.items():
        low, curve, high = band(one, output)
        shade = {"color": palette.accent, "alpha": 0.16, "linewidth": 0}
        ax.fill_between(grids[model], low, high, gid=part(model, "band"), **shade)
        ax.plot(grids[model], curve, color=palette.accent, linewidth=2.2, gid=part(model, "curve"))
    x, edges = next(iter(grids.values())), first.bin_edges
    if edges is None and x.size > 1:  # counts stand at the values themselves
        edges = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2, x[-1:]])
    panel.strip(ax, edges, first.bin_counts, palette)
    return figure


def _levels(effects: Mapping[str, Any], palette: Palette, output: int, texts: Any, ylim: Any) -> Any:
    first = next(iter(effects.values()))
    order = np.argsort(band(first, output)[1], kind="stable")[-panel.MOST_LEVELS :]
    levels = [first.grid_values[i] for i in order]
    figure = new_figure(panel.WIDTH, panel.levels_height(len(levels)), palette)
    names = [shown(level, 20) for level in levels]
    ax = panel.level_axes(figure, palette, panel.MARGINS, names, ylim, texts)
    for model, one in effects.items():
        at = {level: i for i, level in enumerate(one.grid_values)}
        y = np.array([row for row, level in enumerate(levels) if level in at], dtype=float)
        low, middle, high = (ends[[at[level] for level in levels if level in at]] for ends in band(one, output))
        ax.hlines(y, low, high, color=palette.accent, linewidth=2, gid=part(model, "line"))
        style: dict[str, Any] = {"linestyle": "none", "marker": "s", "markersize": 6.5, "markeredgewidth": 1.6}
        ax.plot(middle, y, color=palette.accent, gid=part(model, "dot"), **style)
    return figure
