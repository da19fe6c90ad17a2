"""The picture of residuals: their mean, with its interval, in the parts of the prediction or of a column."""

from __future__ import annotations

from typing import Any

from workbench.columns import quoted
from workbench.plots.axes import set_title
from workbench.plots.intervals import draw_rows, unquoted
from workbench.plots.numbers import decimals, fixed, interval, rows
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = 520.0
_CLEAR = 0.01


def draw(residuals: Any, palette: Palette = LIGHT, *, column: str = "", unit: str = "", title: bool = True) -> Any:
    """Draw a row per part of a column, of the prediction where `column` is ""; on the line predictions are right.

    Diamonds are parts whose interval leaves out 0, where the column's residuals are shown to differ.

    Raises
    ------
    KeyError
        If nothing is known of the column.
    """
    part = residuals[column]
    places = decimals([], (part.upper - part.lower) / 2)
    clear = (part.lower > 0) | (part.upper < 0)
    of = f", {shown(unit, 16)}" if unit else ""
    figure = draw_rows(
        [_cell(part, i) for i in range(len(part.cells))],
        part.mean,
        part.lower,
        part.upper,
        [f"{fixed(m, places)}, {rows(n)} rows" for m, n in zip(part.mean, part.rows, strict=True)],
        palette,
        line=0.0,
        axis=f"mean of what came less what was predicted{of}",
        width=WIDTH,
        marked=list(clear & (part.bias_p <= _CLEAR)),
        name_limit=30,
    )
    if title:
        set_title(figure, finding(residuals, column=column), palette)
    return figure


def _cell(part: Any, i: int) -> str:
    """Say what a part is, without the column's name, which the title gives."""
    name = quoted([part.column])
    text = str(part.cells[i])
    return unquoted(text[len(name) + 1 :].removeprefix("is ")) if text.startswith(name) else text


def finding(residuals: Any, *, column: str = "") -> str:
    """Say whether residuals still follow the column (or prediction) in mean or size."""
    part = residuals[column]
    name = shown(column, 40) if column else "the prediction"
    biased, uneven = part.bias_p <= _CLEAR, part.spread_p <= _CLEAR
    if biased:
        return f"Residuals still follow {name}"
    return f"The size of errors depends on {name}" if uneven else f"Residuals show nothing more of {name}"


def describe(residuals: Any, *, column: str = "") -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    part = residuals[column]
    places = decimals([], (part.upper - part.lower) / 2)
    told = [
        f"{_cell(part, i)}: {fixed(part.mean[i], places)} {interval(part.lower[i], part.upper[i], places)}"
        for i in range(len(part.cells))
    ]
    by = f"by {shown(column)}" if column else "by prediction"
    return f"Mean of what came less what was predicted, {by}, with its 95% interval. " + "; ".join(told) + "."
