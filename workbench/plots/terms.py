"""The picture of the terms of a sum: how far each moves the score as its column goes from low to high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.plots.axes import new_axes, new_figure, ticks, write
from workbench.plots.numbers import decimals, signed
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 380.0


def draw(names: Sequence[str], moves: Sequence[float], palette: Palette = LIGHT, *, axis: str = "") -> Any:
    """Draw a bar per term, orange to the right for a rise, blue to the left for a fall, each with its signed number."""
    names = [shown(name, 26) for name in names]
    places = decimals(moves)
    texts = [signed(move, places) for move in moves]
    figure = new_figure(WIDTH, 46 + 22 * len(names), palette)
    left, right = max(map(text_width, names)) + 14, max(text_width(t, SMALL) for t in texts) + 16
    ax = new_axes(figure, palette, left=left, right=right, bottom=40, top=6)
    for row, (name, move, text) in enumerate(zip(names, moves, texts, strict=True)):
        ax.barh(row, move, height=0.56, color=palette.plus if move > 0 else palette.minus, linewidth=0)
        write(ax, 0, row, name, palette, at="row", shift=(-8, 0), ha="right")
        write(ax, 1, row, text, palette, at="row", shift=(right - 6, 0), ha="right", fontsize=SMALL)
    ax.axvline(0, color=palette.muted, linewidth=1)
    ax.set_ylim(len(names) - 0.4, -0.6)
    reach = [min(0.0, *moves), max(0.0, *moves)]
    margin = 0.04 * (reach[1] - reach[0]) or 1.0
    ax.set_xlim(reach[0] - margin, reach[1] + margin)
    ticks(ax, "x", palette)
    write(ax, 0.5, 0, shown(axis, 60), palette, at="axes", shift=(0, -24), ha="center", va="top", fontsize=SMALL)
    return figure


def describe(names: Sequence[str], moves: Sequence[float]) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    places = decimals(moves)
    return "; ".join(f"{shown(n)} {signed(m, places)}" for n, m in zip(names, moves, strict=True)) + "."
