"""The lower half of a symmetric matrix: a number and a tone for each two of several things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.plots.axes import new_axes, new_figure, write
from workbench.plots.style import SMALL, Palette, text_width

_CELL, _TALL, _HEAD = 52.0, 30.0, 26.0


@dataclass(frozen=True)
class Cell:
    """A cell: its text, its colour, "" for none, and how strong that is, from 0 to 1."""

    text: str
    colour: str = ""
    strength: float = 0.0


def draw_triangle(names: Sequence[str], cells: Sequence[Sequence[Cell]], foot: str, palette: Palette) -> Any:
    """Draw numbered rows, and below the diagonal a cell for each row and each earlier one."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    left = max(text_width(f"{k}  {name}", SMALL) for k, name in enumerate(names, 1)) + 16
    width = max(left + _CELL * (len(names) - 1) + 10, text_width(foot, SMALL) + 14)
    height = _HEAD + _TALL * len(names) + 26
    figure = new_figure(width, height, palette)
    ax = new_axes(figure, palette, left=0, right=0, bottom=0, top=0, foot=False)
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    boxes, tones = [], []
    small: dict[str, Any] = {"fontsize": SMALL}
    for i, name in enumerate(names):
        y = _HEAD + _TALL * i
        write(ax, 6, y + _TALL / 2, f"{i + 1}  {name}", palette, **small)
        if i < len(names) - 1:
            head = {"color": palette.muted, "ha": "center", **small}
            write(ax, left + _CELL * (i + 0.5), _HEAD / 2, str(i + 1), palette, **head)
        for j in range(i):
            cell, x = cells[i][j], left + _CELL * j
            if cell.colour:
                right, foot_y = x + _CELL - 1, y + _TALL - 1
                boxes.append([(x + 1, y + 1), (right, y + 1), (right, foot_y), (x + 1, foot_y)])
                tones.append(to_rgba(cell.colour, round(0.04 + 0.36 * min(cell.strength, 1.0), 3)))
            write(ax, x + _CELL / 2, y + _TALL / 2, cell.text, palette, ha="center", **small)
    ax.add_collection(PolyCollection(boxes, facecolors=tones, linewidths=0), autolim=False)
    write(ax, 6, height - 12, foot, palette, color=palette.muted, **small)
    return figure
