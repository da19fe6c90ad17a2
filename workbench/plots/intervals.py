"""A row per part of the data: a dot with its interval beside a line at what is expected of all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.plots.axes import new_axes, new_figure, ticks, write
from workbench.plots.style import SMALL, Palette, shown, text_width

_ROW = 22.0
_LEAST = 150.0  # for the axes


def unquoted(text: str) -> str:
    r"""Give the text of a part without the quotes around names and levels.

    Examples
    --------
    >>> unquoted("'size' is 'L' and \"it's\" > 3")
    "size is L and it's > 3"
    """
    return re.sub(r"(['\"])(.+?)\1(?= |$)", r"\2", text)


def draw_rows(
    names: Sequence[str],
    values: Any,
    lower: Any,
    upper: Any,
    texts: Sequence[str],
    palette: Palette,
    *,
    line: float,
    axis: str,
    width: float,
    marked: Sequence[bool] = (),
    name_limit: int = 40,
    ends: tuple[float, float] | None = None,
) -> Any:
    """Draw rows from top to bottom; those that are `marked` in the colour of what is out of line.

    Parameters
    ----------
    names, texts : sequence of str
        At the left and the right of each row.
    values, lower, upper : array-like of float
        The dot and the ends of its interval.
    line : float
        What a vertical line marks.
    axis : str
        What the horizontal axis counts.
    ends : tuple of float, optional
        The limits of the axis; by default all intervals and the line.
    """
    values, lower, upper = (np.asarray(v, dtype=float) for v in (values, lower, upper))
    names = [shown(name, name_limit) for name in names]
    left = max(map(text_width, names)) + 14
    right = max(text_width(text, SMALL) for text in texts) + 16
    figure = new_figure(max(width, left + right + _LEAST), 54 + _ROW * len(names), palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=44, top=8)
    ax.set_ylim(len(names) - 0.4, -0.6)
    reach = np.concatenate([lower, upper, values, [line]])
    reach = reach[np.isfinite(reach)]
    margin = 0.06 * float(np.ptp(reach)) or 0.5 * abs(line) or 1.0
    ax.set_xlim(*(ends or (float(reach.min()) - margin, float(reach.max()) + margin)))
    ax.axvline(line, color=palette.muted, linewidth=1)
    ticks(ax, "x", palette, bins=4)
    marked = list(marked) or [False] * len(names)
    for row, (name, text) in enumerate(zip(names, texts, strict=True)):
        colour = palette.plus if marked[row] else palette.accent
        ax.hlines(row, lower[row], upper[row], color=colour, linewidth=2)
        # shape tells as well as colour
        ax.plot([values[row]], [row], marker="D" if marked[row] else "o", markersize=6, color=colour)
        write(ax, 0, row, name, palette, at="row", shift=(-8, 0), ha="right")
        write(ax, 1, row, text, palette, at="row", shift=(right - 6, 0), ha="right", fontsize=SMALL)
    write(ax, 0.5, 0, axis, palette, at="axes", shift=(0, -24), ha="center", va="top", fontsize=SMALL)
    return figure
