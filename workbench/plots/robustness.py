"""The picture of robustness: what small changes of the columns cost, change by change."""

from __future__ import annotations

import math
from typing import Any

from workbench.plots.axes import set_title
from workbench.plots.intervals import draw_rows
from workbench.plots.numbers import fixed, interval, interval_decimals, short
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = 460.0
_SMALL = 0.05  # the share of a column's spread that counts as small noise


def draw(
    answer: Any, palette: Palette = LIGHT, *, region: float | None = None, metric: str = "", title: bool = True
) -> Any:
    """Draw a row per change that the model takes; diamonds cost more than the `region` that matters.

    Raises
    ------
    ValueError
        If the model takes none of the changes.
    """
    taken = _taken(answer)
    if not taken:
        raise ValueError("robustness: the model refuses all of these changes, so there is nothing to draw")
    digits = places(answer)
    figure = draw_rows(
        [name(d) for d in taken],
        [d.cost for d in taken],
        [d.lower for d in taken],
        [d.upper for d in taken],
        [fixed(d.cost, digits) for d in taken],
        palette,
        line=0.0,
        axis=f"how much worse the score becomes ({shown(metric or answer.metric, 20)})",
        width=WIDTH,
        marked=[region is not None and d.lower > region for d in taken],
    )
    if title:
        set_title(figure, finding(answer, region=region, metric=metric), palette)
    return figure


def name(disturbance: Any) -> str:
    """Name a change and its amount."""
    share = f"{short(100 * disturbance.amount)}%"
    return f"noise of {share} of the spread" if disturbance.change == "noise" else f"{share} of cells missing"


def _taken(answer: Any) -> list[Any]:
    return [d for d in answer.disturbances if math.isfinite(d.cost)]


def places(answer: Any) -> int:
    """Give the decimals that all costs share."""
    taken = _taken(answer)
    return interval_decimals([d.cost for d in taken], [(d.upper - d.lower) / 2 for d in taken])


def costly(answer: Any, region: float) -> Any:
    """Give the least noise, of 5% of a column's spread at most, that is shown to cost more than matters; else None."""
    noisy = [d for d in answer.disturbances if d.change == "noise" and d.amount <= _SMALL and d.lower > region]
    return min(noisy, key=lambda d: d.amount, default=None)


def finding(answer: Any, *, region: float | None = None, metric: str = "") -> str:
    """Say what small noise costs."""
    noisy = [d for d in _taken(answer) if d.change == "noise"]
    if not noisy:
        return "The model refuses such rows" if not _taken(answer) else "What empty cells cost"
    told = costly(answer, region) if region is not None else None
    most = told or max([d for d in noisy if d.amount <= _SMALL] or noisy, key=lambda d: d.amount)
    digits = places(answer)
    cost = f"{fixed(max(most.cost, 0.0), digits)} {shown(metric or answer.metric, 20)}"
    start = f"Noise of {short(100 * most.amount)}% of each column's spread costs {cost}"
    if region is None:
        return start
    return f"{start}, {'more' if told else 'no more'} than matters" if told or most.lower <= region else start


def describe(answer: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    digits = places(answer)
    told = [
        f"{name(d)}: refused"
        if d.refused
        else f"{name(d)}: {fixed(d.cost, digits)} {interval(d.lower, d.upper, digits)}"
        for d in answer.disturbances
    ]
    return "How much worse the score becomes, with the 95% interval over draws. " + "; ".join(told) + "."
