"""The picture of price: how much each model falls short of a reference on the same folds, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.plots.axes import new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, interval
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 400.0


def draw(
    comparison: Any,
    palette: Palette = LIGHT,
    *,
    region: float | None = None,
    metric: str = "",
    glassbox: Mapping[str, bool] | None = None,
    title: bool = True,
) -> Any:
    """Draw one comparison, or several against one reference, a row each: right of zero the model is worse.

    Within the shaded `region` a difference is too small to matter.
    """
    several: Sequence[Any] = comparison if isinstance(comparison, Sequence) else (comparison,)
    texts = [_price(c) for c in several]
    names = [shown(c.model, 22) for c in several]
    left, right = max(map(text_width, names)) + 14, max(text_width(t, SMALL) for t in texts) + 14
    figure = new_figure(WIDTH, 64 + 24 * len(several), palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=46, top=14)
    ax.set_ylim(len(several) - 0.4, -0.6)
    ends = [
        0.0,
        *(v for c in several for v in (c.difference, c.lower, c.upper)),
        *((region, -region) if region else ()),
    ]
    ends = [end for end in ends if math.isfinite(end)]
    margin = 0.06 * (max(ends) - min(ends)) or 1.0
    ax.set_xlim(min(ends) - margin, max(ends) + margin)
    if region:
        ax.axvspan(-region, region, color=palette.muted, alpha=0.14, linewidth=0)
    ax.axvline(0, color=palette.muted, linewidth=1)
    for row, c in enumerate(several):
        glass = (glassbox or {}).get(c.model, True)
        colour = palette.accent if glass else palette.rival
        ax.hlines(row, c.lower, c.upper, color=colour, linewidth=2)
        ax.plot(
            [c.difference],
            [row],
            marker="o",
            markersize=7,
            color=colour,
            markeredgewidth=1.6,
            markerfacecolor=colour if glass else "none",
        )
        write(ax, 0, row, names[row], palette, at="row", shift=(-8, 0), ha="right")
        write(
            ax,
            1,
            row,
            texts[row],
            palette,
            at="row",
            shift=(right - 6, 0),
            ha="right",
            fontsize=SMALL,
        )
    ticks(ax, "x", palette, bins=4)
    score = shown(metric or several[0].metric, 20)
    write(
        ax,
        0.5,
        0,
        f"how much worse than {shown(several[0].reference, 20)} ({score})",
        palette,
        at="axes",
        shift=(0, -26),
        ha="center",
        va="top",
        fontsize=SMALL,
    )
    if title:
        set_title(figure, finding(several), palette)
    return figure


def finding(comparisons: Sequence[Any]) -> str:
    """Say how many models are shown to be worse than the reference, and how many are not."""
    reference = shown(comparisons[0].reference, 30)
    worse = [c for c in comparisons if c.lower > 0]
    better = [c for c in comparisons if c.upper < 0]
    if len(comparisons) == 1:
        c = comparisons[0]
        verdict = "scores worse than" if worse else "scores better than" if better else "cannot be told apart from"
        return f"{shown(c.model)} {verdict} {reference}"
    if not worse and not better:
        return f"No model can be told apart from {reference}"
    parts = [
        f"{len(some)} {'is' if len(some) == 1 else 'are'} {way}"
        for some, way in ((worse, "worse"), (better, "better"))
        if some
    ]
    rest = len(comparisons) - len(worse) - len(better)
    unclear = f"; {rest} cannot be told apart from it" if rest else ""
    return f"Of {len(comparisons)} models {' and '.join(parts)} than {reference}{unclear}"


def describe(comparisons: Sequence[Any]) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = [f"{shown(c.model)}: {_price(c)}" for c in comparisons]
    return (
        f"How much worse than {shown(comparisons[0].reference)}, with 95% interval; negative is better. "
        + "; ".join(parts)
        + "."
    )


def _price(c: Any) -> str:
    """Write a difference to two digits of its own interval's half width."""
    places = decimals([], [(c.upper - c.lower) / 2])
    return f"{fixed(c.difference, places)} {interval(c.lower, c.upper, places)}"
