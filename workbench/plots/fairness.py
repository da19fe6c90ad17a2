"""The picture of fairness: one measure in every group of a sensitive column, beside that of all rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.columns import quoted
from workbench.plots.axes import set_title
from workbench.plots.intervals import draw_rows, unquoted
from workbench.plots.numbers import decimals, fixed, interval, rows
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = 420.0
CLEAR = 0.01
_NUMBERS = ("mean absolute error", "mean residual")


def draw(fairness: Any, palette: Palette = LIGHT, *, rate: int = 0, unit: str = "", title: bool = True) -> Any:
    """Draw one of the rates: a row per group with 10 rows or more; the line is the mean of their rows.

    Raises
    ------
    ValueError
        If no group has as many rows.
    """
    one = fairness.rates[rate]
    known = np.flatnonzero(np.isfinite(one.values))
    if not known.size:
        raise ValueError(f"fairness: no group of {one.column!r} has rows enough for the {one.measure}")
    scale, of = _scale(one, unit)
    places = _places(one, scale)
    figure = draw_rows(
        [group(one, int(i)) for i in known],
        scale * one.values[known],
        scale * one.lower[known],
        scale * one.upper[known],
        [f"{fixed(scale * one.values[i], places)}, {rows(one.rows[i])} rows" for i in known],
        palette,
        line=scale * float(np.average(one.values[known], weights=one.rows[known])),
        axis=f"{one.measure}{of}; line: all of them",
        width=WIDTH,
        name_limit=26,
    )
    if title:
        set_title(figure, finding(one), palette)
    return figure


def _scale(one: Any, unit: str) -> tuple[float, str]:
    """Give what numbers are multiplied with, and what they are then in."""
    if one.measure in _NUMBERS:
        return 1.0, f", {shown(unit, 16)}" if unit else ""
    return 100.0, ", %"


def _places(one: Any, scale: float) -> int:
    known = np.isfinite(one.values)
    return decimals(scale * one.values[known], scale * (one.upper - one.lower)[known] / 2, digits=2)


def group(one: Any, i: int) -> str:
    """Say what a group is, without the column's name."""
    text, start = str(one.groups[i]), quoted([one.column])
    return unquoted(text[len(start) + 1 :].removeprefix("is ")) if text.startswith(start) else unquoted(text)


def finding(one: Any, *, label: str = "") -> str:
    """Say whether a measure is shown to differ between the groups, and between which most."""
    name = shown(label or one.column, 30)
    known = np.flatnonzero(np.isfinite(one.values))
    if one.p_value <= CLEAR and np.isnan(one.gap):  # an end of it is withheld
        return f"The {one.measure} differs by {name}, in fewer than 10 rows of a group"
    if known.size < 2:
        return f"The {one.measure} by {name} is known of one group alone"
    if not one.p_value <= CLEAR:
        return f"The {one.measure} is not shown to differ by {name}"
    high, low = known[one.values[known].argmax()], known[one.values[known].argmin()]
    return f"The {one.measure} is highest where {name} is {group(one, int(high))}, lowest where {group(one, int(low))}"


def describe(one: Any, *, unit: str = "") -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    scale, of = _scale(one, unit)
    places = _places(one, scale)
    told = [
        f"{group(one, i)}: withheld, as fewer than 10 rows would show"
        if not np.isfinite(one.values[i])
        else f"{group(one, i)}: {fixed(scale * one.values[i], places)} "
        f"{interval(scale * one.lower[i], scale * one.upper[i], places)} of {rows(one.rows[i])} rows"
        for i in range(len(one.groups))
    ]
    return f"{one.measure[:1].upper()}{one.measure[1:]}{of}, with 95% interval. " + "; ".join(told) + "."
