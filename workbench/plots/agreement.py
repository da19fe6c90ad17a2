"""The picture of agreement: the rank correlation of the importances that each two methods give to the columns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from workbench.plots.axes import new_axes, new_figure, set_title, write
from workbench.plots.numbers import fixed
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

_CELL, _TALL = 52.0, 30.0
_FOOT = "rank correlation of importances: 1 the same order, 0 none, −1 reversed"


def draw(
    agreement: Any, palette: Palette = LIGHT, *, titles: Mapping[str, str] | None = None, title: bool = True
) -> Any:
    """Draw the lower half of the matrix, a number in each cell: blue of the same order, orange of the reverse."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    names = _names(agreement, titles)
    n = len(names)
    left = max(text_width(f"{k}  {name}", SMALL) for k, name in enumerate(names, 1)) + 16
    width = max(left + _CELL * (n - 1) + 10, text_width(_FOOT, SMALL) + 14)
    height = 26 + _TALL * n + 26
    figure = new_figure(width, height, palette)
    ax = new_axes(figure, palette, left=0, right=0, bottom=0, top=0, foot=False)
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    boxes, tones = [], []
    for i, name in enumerate(names):
        y = 26 + _TALL * i
        write(ax, 6, y + _TALL / 2, f"{i + 1}  {name}", palette, fontsize=SMALL)
        if i < n - 1:
            write(
                ax, left + _CELL * (i + 0.5), 13, str(i + 1), palette, fontsize=SMALL, color=palette.muted, ha="center"
            )
        for j in range(i):
            rho = float(agreement.rank_correlation[i, j])
            x = left + _CELL * j
            if np.isfinite(rho):
                boxes.append(
                    [(x + 1, y + 1), (x + _CELL - 1, y + 1), (x + _CELL - 1, y + _TALL - 1), (x + 1, y + _TALL - 1)]
                )
                tones.append(to_rgba(palette.minus if rho >= 0 else palette.plus, round(0.04 + 0.36 * abs(rho), 3)))
            write(ax, x + _CELL / 2, y + _TALL / 2, fixed(rho, 2), palette, fontsize=SMALL, ha="center")
    ax.add_collection(PolyCollection(boxes, facecolors=tones, linewidths=0), autolim=False)
    write(ax, 6, height - 12, _FOOT, palette, fontsize=SMALL, color=palette.muted)
    if title:
        set_title(figure, finding(agreement, titles=titles), palette)
    return figure


def finding(agreement: Any, *, titles: Mapping[str, str] | None = None) -> str:
    """Say which two methods agree least, and which column all of them rank first, if there is one."""
    names, pairs = _names(agreement, titles), _pairs(agreement)
    if not pairs:
        return "The order of the columns can't be compared between these methods"
    rho, i, j = min(pairs)
    least = f"{names[i]} and {names[j]} ({fixed(rho, 2)})"
    values = np.where(np.isnan(agreement.importances), -np.inf, agreement.importances)
    first = {int(k) for k in values.argmax(axis=1)}
    same = f"; all put {shown(agreement.feature_names[first.pop()], 26)} first" if len(first) == 1 else ""
    if len(pairs) == 1:
        return f"How alike two methods order the columns: {least}{same}"
    return f"Least alike in the order of columns: {least}{same}"


def describe(agreement: Any, *, titles: Mapping[str, str] | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    names = _names(agreement, titles)
    told = [f"{names[i]} and {names[j]} {fixed(rho, 2)}" for rho, i, j in _pairs(agreement)]
    return "Rank correlation of importances over columns. " + ("; ".join(told) if told else "None can be told") + "."


def _pairs(agreement: Any) -> list[tuple[float, int, int]]:
    every = combinations(range(len(agreement.methods)), 2)
    found = [(float(agreement.rank_correlation[i, j]), i, j) for i, j in every]
    return [pair for pair in found if np.isfinite(pair[0])]


def _names(agreement: Any, titles: Mapping[str, str] | None) -> list[str]:
    return [shown((titles or {}).get(m, m.replace("_", " ")), 30) for m in agreement.methods]
