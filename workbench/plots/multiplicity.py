"""The picture of many good models: on how many rows each two conflict, or how alike their orders of columns are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Literal

import numpy as np

from workbench.plots.agreement import correlations
from workbench.plots.axes import set_title
from workbench.plots.numbers import fixed, rows, short
from workbench.plots.style import LIGHT, Palette, shown
from workbench.plots.triangle import Cell, draw_triangle

What = Literal["rows", "columns"]
_ROWS = "share of rows on which two models conflict"
_COLUMNS = "rank correlation of importances: 1 the same order, 0 none, −1 reversed"
_FULL = 0.5  # the share of rows that has the strongest tone


def draw(
    multiplicity: Any,
    palette: Palette = LIGHT,
    *,
    what: What = "rows",
    titles: Mapping[str, str] | None = None,
    title: bool = True,
) -> Any:
    """Draw the lower half of the matrix of conflicts over rows, or of rank correlations of importances over columns.

    Raises
    ------
    ValueError
        If there are fewer than two models, or importances were not given.
    """
    names = _names(multiplicity, titles)
    if len(names) < 2:
        raise ValueError("multiplicity: a single model conflicts with none, so there is nothing to draw")
    if what == "columns":
        if multiplicity.rank_correlation is None:
            raise ValueError("multiplicity: no importances were given, so there is no order of columns to compare")
        figure = draw_triangle(names, correlations(multiplicity.rank_correlation, palette), _COLUMNS, palette)
    else:
        tones = np.nan_to_num(multiplicity.disagreement) / _FULL
        pairs = zip(multiplicity.disagreement, tones, strict=True)
        shares = [[Cell(_percent(s), palette.plus, float(t)) for s, t in zip(*row, strict=True)] for row in pairs]
        figure = draw_triangle(names, shares, _ROWS, palette)
    if title:
        set_title(figure, finding(multiplicity, what=what, titles=titles), palette)
    return figure


def finding(multiplicity: Any, *, what: What = "rows", titles: Mapping[str, str] | None = None) -> str:
    """Say which two models differ most."""
    names, pairs = _names(multiplicity, titles), _pairs(multiplicity, what)
    if not pairs:
        return "No two models can be compared" if what == "columns" else "No two of these models conflict on 10 rows"
    if what == "columns":
        rho, i, j = min(pairs)
        return f"Least alike in the order of columns: {names[i]} and {names[j]} ({fixed(rho, 2)})"
    share, i, j = max(pairs, key=lambda pair: pair[0])
    if share == 0:
        return "No two of these models conflict on any row"
    return f"{names[i]} and {names[j]} conflict most, on {_percent(share)} of rows"


def describe(multiplicity: Any, *, what: What = "rows", titles: Mapping[str, str] | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    names = _names(multiplicity, titles)
    columns = what == "columns"
    told = [
        f"{names[i]} and {names[j]} {fixed(value, 2) if columns else _percent(value)}"
        for value, i, j in _pairs(multiplicity, what)
    ]
    return f"{(_COLUMNS if columns else _ROWS).capitalize()}. " + "; ".join(told) + "."


def _percent(share: float) -> str:
    if np.isnan(share):
        return f"{rows(share)} rows"  # withheld
    return "< 1%" if 0 < share < 0.01 else f"{short(round(100 * float(share)))}%"


def _pairs(multiplicity: Any, what: What) -> list[tuple[float, int, int]]:
    matrix = multiplicity.rank_correlation if what == "columns" else multiplicity.disagreement
    every = combinations(range(len(multiplicity.models)), 2)
    found = [] if matrix is None else [(float(matrix[i, j]), i, j) for i, j in every]
    return [pair for pair in found if np.isfinite(pair[0])]


def _names(multiplicity: Any, titles: Mapping[str, str] | None) -> list[str]:
    return [shown((titles or {}).get(name, name), 30) for name in multiplicity.models]
