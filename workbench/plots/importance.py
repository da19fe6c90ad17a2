"""The picture of importance: how much a score worsens when one column is shuffled, repeat by repeat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.plots.axes import new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 380.0
_MOST = 20


def draw(
    importance: Any,
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    metric: str = "",
    title: bool = True,
) -> Any:
    """Draw a row per feature, most important first: a dot at the mean, a line from the lowest to the highest repeat."""
    order = ranked(importance)[:_MOST]
    names = [shown((labels or {}).get(importance.feature_names[i], importance.feature_names[i]), 26) for i in order]
    means = importance.importances_mean[order]
    low, high = importance.importances[order].min(axis=1), importance.importances[order].max(axis=1)
    places = decimals(means)
    texts = [fixed(float(mean), places) for mean in means]
    figure = new_figure(WIDTH, 52 + 22 * len(order), palette)
    left, right = max(map(text_width, names)) + 14, max(map(text_width, texts)) + 16
    ax = new_axes(figure, palette, left=left, right=right, bottom=44, top=6)
    y = np.arange(len(order))
    ax.hlines(y, low, high, color=palette.accent, linewidth=2)
    ax.plot(means, y, linestyle="none", marker="o", markersize=6.5, color=palette.accent)
    ax.set_ylim(len(order) - 0.4, -0.6)
    reach = max(float(high.max()), -float(low.min())) or 1.0
    ax.set_xlim(min(-0.03 * reach, 1.05 * float(low.min())), 1.05 * max(float(high.max()), 0.05 * reach))
    ax.axvline(0, color=palette.muted, linewidth=1)
    ticks(ax, "x", palette)
    for row, (name, text) in enumerate(zip(names, texts, strict=True)):
        write(ax, 0, row, name, palette, at="row", shift=(-8, 0), ha="right")
        write(
            ax,
            1,
            row,
            text,
            palette,
            at="row",
            shift=(right - 6, 0),
            ha="right",
            fontsize=SMALL + 0.5,
        )
    score = shown(metric or importance.metric, 24)
    change = "fall" if importance.greater_is_better else "rise"
    write(
        ax,
        0.5,
        0,
        f"{change} in {score} when the column is shuffled",
        palette,
        at="axes",
        shift=(0, -24),
        ha="center",
        va="top",
        fontsize=SMALL,
    )
    if title:
        set_title(figure, finding(importance, labels=labels), palette)
    return figure


def ranked(importance: Any) -> Any:
    """Give the positions of the features, most important first; ties stay in the order of the table."""
    return np.argsort(-np.asarray(importance.importances_mean), kind="stable")


def finding(importance: Any, *, labels: Mapping[str, str] | None = None) -> str:
    """Say which columns the score rests on: those whose lowest repeat lies above zero, the first three by name."""
    order = ranked(importance)
    clear = [i for i in order if importance.importances[i].min() > 0]
    if not clear:
        return "Shuffling any single column makes no difference that stands out from chance"
    names = [shown((labels or {}).get(importance.feature_names[i], importance.feature_names[i]), 26) for i in clear[:3]]
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    more = f", then {len(clear) - 3} more" if len(clear) > 3 else ""
    return f"The score rests most on {told}{more}"


def describe(importance: Any, *, labels: Mapping[str, str] | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = []
    for i in ranked(importance)[:_MOST]:
        name = shown((labels or {}).get(importance.feature_names[i], importance.feature_names[i]))
        repeats = importance.importances[i]
        parts.append(
            f"{name} {short(importance.importances_mean[i])} ({short(repeats.min())} to {short(repeats.max())})"
        )
    return "Mean over repeats, and lowest to highest repeat. " + "; ".join(parts) + "."
