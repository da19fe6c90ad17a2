"""The picture of agreement: the rank correlation of the importances that each two methods give to the columns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from workbench.plots.axes import set_title
from workbench.plots.numbers import MISSING, fixed
from workbench.plots.style import LIGHT, Palette, shown
from workbench.plots.triangle import Cell, draw_triangle

_FOOT = "rank correlation of importances: 1 the same order, 0 none, −1 reversed"


def draw(
    agreement: Any, palette: Palette = LIGHT, *, titles: Mapping[str, str] | None = None, title: bool = True
) -> Any:
    """Draw the lower half of the matrix, a number in each cell: blue of the same order, orange of the reverse."""
    figure = draw_triangle(_names(agreement, titles), correlations(agreement.rank_correlation, palette), _FOOT, palette)
    if title:
        set_title(figure, finding(agreement, titles=titles), palette)
    return figure


def correlations(matrix: Any, palette: Palette) -> list[list[Cell]]:
    """Give the cells of a matrix of rank correlations."""
    return [
        [
            Cell(fixed(float(rho), 2), palette.minus if rho >= 0 else palette.plus, abs(float(rho)))
            if np.isfinite(rho)
            else Cell(MISSING)
            for rho in row
        ]
        for row in matrix
    ]


def finding(agreement: Any, *, titles: Mapping[str, str] | None = None, labels: Mapping[str, str] | None = None) -> str:
    """Say which two methods agree least, and which column all of them rank first, if there is one."""
    names, pairs = _names(agreement, titles), _pairs(agreement)
    if not pairs:
        return "The order of the columns can't be compared between these methods"
    rho, i, j = min(pairs)
    least = f"{names[i]} and {names[j]} ({fixed(rho, 2)})"
    values = np.where(np.isnan(agreement.importances), -np.inf, agreement.importances)
    first = {int(k) for k in values.argmax(axis=1)}
    most = agreement.feature_names[min(first)]
    same = f"; all put {shown((labels or {}).get(most, most), 26)} first" if len(first) == 1 else ""
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
