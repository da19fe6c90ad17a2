"""The picture of a surrogate: how much of a model it explains on rows that it has not seen, fold by fold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.plots.axes import new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import fixed, interval
from workbench.plots.style import LIGHT, SMALL, Palette, shown

WIDTH = 380.0


def draw(surrogate: Any, palette: Palette = LIGHT, *, model: str = "", title: bool = True) -> Any:
    """Draw R² of every fold as a dot, and below the mean with its interval, on a line from 0 to 1.

    Folds below 0, where the mean of the model's own predictions does better, stretch the line to the left. `model` is
    what the explained model is called.
    """
    figure = new_figure(WIDTH, 116, palette)
    ax = new_axes(figure, palette, left=60, right=16, bottom=46, top=6)
    folds = np.asarray(surrogate.folds, dtype=float)
    folds = folds[np.isfinite(folds)]
    low = min([0.0, *folds, *(v for v in (surrogate.lower,) if math.isfinite(v))])
    high = max([1.0, *(v for v in (surrogate.upper,) if math.isfinite(v))])
    margin = 0.03 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(-0.6, 1.6)
    ax.vlines([0, 1], -0.6, 1.6, color=palette.muted, linewidth=1, linestyle=(0, (4, 3)))
    dots: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 8, "markeredgewidth": 0}
    ax.plot(folds, np.ones(len(folds)), color=palette.accent, alpha=0.5, **dots)
    if math.isfinite(surrogate.fidelity):
        if math.isfinite(surrogate.lower):
            ax.hlines(0, surrogate.lower, surrogate.upper, color=palette.accent, linewidth=2.5)
        ax.plot([surrogate.fidelity], [0], color=palette.accent, **dots)
    for y, text in ((1, "folds"), (0, "mean")):
        write(ax, 0, y, text, palette, at="row", shift=(-8, 0), ha="right")
    ticks(ax, "x", palette)
    name = shown(model or "the model", 24)
    text = f"share of what {name} does that is explained (R²)"
    write(ax, 0.5, 0, text, palette, at="axes", shift=(-22, -26), ha="center", va="top", fontsize=SMALL)
    if title:
        set_title(figure, finding(surrogate, model=model), palette)
    return figure


def finding(surrogate: Any, *, model: str = "") -> str:
    """Say how much of the model the surrogate explains, with half of the interval's width.

    >>> from types import SimpleNamespace
    >>> found = SimpleNamespace(title="decision tree", fidelity=0.834, lower=0.81, upper=0.858, agreement=None)
    >>> finding(found, model="the forest")
    'A decision tree explains 83% of what the forest does, ±2'
    """
    name, title = shown(model or "the model", 30), shown(surrogate.title, 30)
    start = f"{'An' if title[0].lower() in 'aeio' else 'A'} {title}"
    if not math.isfinite(surrogate.fidelity):
        return f"How much {start[0].lower()}{start[1:]} explains of what {name} does could not be told"
    if surrogate.fidelity <= 0:
        text = f"{start} explains nothing of what {name} does"
    else:
        text = f"{start} explains {_percent(surrogate.fidelity)} of what {name} does"
        if math.isfinite(surrogate.upper):
            half = 100 * (surrogate.upper - surrogate.lower) / 2
            text += f", ±{fixed(half, 0 if half >= 0.95 else 1)}"
    if surrogate.agreement is not None:
        text += f"; both decide alike for {_percent(surrogate.agreement)} of the rows"
    return text


def describe(surrogate: Any, *, model: str = "") -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    name = shown(model or "the model", 30)
    folds = ", ".join(fixed(float(v), 2) for v in surrogate.folds)
    within = ""
    if math.isfinite(surrogate.lower):
        within = f", 95% interval {interval(surrogate.lower, surrogate.upper, 2)}"
    return (
        f"R² between the {shown(surrogate.title)} and {name} on rows that the {shown(surrogate.title)} was not fitted "
        f"on: {fixed(surrogate.fidelity, 2)}{within}; folds {folds or 'none'}."
    )


def _percent(share: float) -> str:
    """Write a share as a percentage; what is not all is not rounded to all."""
    percent = 100 * share
    if 99.5 <= percent < 100:
        return "99.9%" if percent >= 99.95 else f"{percent:.1f}%"
    return "< 1%" if percent < 0.5 else f"{percent:.0f}%"
