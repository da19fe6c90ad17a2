"""The picture of weak regions: their loss, in rows that the search had not seen, beside that of all rows."""

from __future__ import annotations

from typing import Any

from workbench.plots.axes import set_title
from workbench.plots.intervals import draw_rows, unquoted
from workbench.plots.numbers import decimals, fixed, interval, rows
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = 620.0


def draw(answer: Any, palette: Palette = LIGHT, *, title: bool = True) -> Any:
    """Draw a row per region; diamonds are those that are shown to be weak, the line is the mean over all rows.

    Raises
    ------
    ValueError
        If no region was found: there is nothing to draw.
    """
    if not answer.regions:
        raise ValueError("weak_regions: no region was found, so there is nothing to draw; see `finding`")
    weak = answer.confirmed()
    places = _places(answer)
    figure = draw_rows(
        [unquoted(region.text) for region in answer.regions],
        [region.loss for region in answer.regions],
        [region.lower for region in answer.regions],
        [region.upper for region in answer.regions],
        [f"{fixed(region.loss, places)}, {rows(region.rows)} rows" for region in answer.regions],
        palette,
        line=answer.mean_loss,
        axis=f"mean {shown(answer.loss_title, 30)}; line: all rows",
        width=WIDTH,
        marked=[region in weak for region in answer.regions],
        name_limit=44,
    )
    if title:
        set_title(figure, finding(answer), palette)
    return figure


def _places(answer: Any) -> int:
    return decimals([r.loss for r in answer.regions], [(r.upper - r.lower) / 2 for r in answer.regions])


def finding(answer: Any) -> str:
    """Say where the model is shown to be weak."""
    weak = answer.confirmed()
    if not weak:
        if any("withheld" in warning for warning in answer.provenance.warnings):
            return "No region of one or two columns that may be told is shown to be weak"
        return "No region of one or two columns is shown to be weak"
    more = f", and {len(weak) - 1} more" if len(weak) > 1 else ""
    times = fixed(weak[0].loss / weak[0].rest, 1) if weak[0].rest > 0 else "many"
    where = shown(unquoted(weak[0].text), 90)
    return f"Where {where} the {shown(answer.loss_title)} is {times} times that elsewhere{more}"


def describe(answer: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    places = _places(answer)
    told = [
        f"{r.text}: {fixed(r.loss, places)} {interval(r.lower, r.upper, places)}, {rows(r.rows)} rows"
        for r in answer.regions
    ]
    return f"Mean {answer.loss_title} over all rows {fixed(answer.mean_loss, places)}. " + "; ".join(told) + "."
