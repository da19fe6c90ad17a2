"""The picture of counterfactuals: for each row what would have had to be different, and what the model says then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.plots.axes import new_axes, new_figure, set_title, write
from workbench.plots.numbers import fixed, number, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width, wrap

_MOST_ROWS = 6
_LINE, _HEAD, _AIR = 18.0, 22.0, 8.0
_ARROW = "→"


def draw(
    counterfactuals: Any,
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    row: int | None = None,
    title: bool = True,
) -> Any:
    """Draw a block for each explained row, or for one: its prediction, then each set of changes with the new one.

    Raises
    ------
    ValueError
        If there is no such row.
    """
    n = len(counterfactuals.data)
    if row is not None and not 0 <= row < n:
        raise ValueError(f"draw: row must be one of the explained rows, 0 to {n - 1}; got {row}")
    rows = list(range(n))[:_MOST_ROWS] if row is None else [row]
    blocks = [_block(counterfactuals, i, labels, units) for i in rows]
    every = [line for _, sets in blocks for lines, _ in sets for line in lines]
    left = max((text_width(name, SMALL) for name, _ in every), default=60.0) + 26
    middle = max((text_width(change, SMALL) for _, change in every), default=150.0)
    right = max((text_width(after, SMALL) for _, sets in blocks for _, after in sets), default=0.0)
    heads = max(text_width(head, SMALL + 0.5) for head, _ in blocks) * 1.14
    width = max(left + middle + right + 40, heads + 20, 300.0)
    more = n - _MOST_ROWS if row is None else 0
    asked = wrap(f"asked: {shown(counterfactuals.wanted, 90)}", width - 14, SMALL)
    foot = 15.0 * len(asked) + 6
    top = 20.0
    height = top + sum(_height(sets) for _, sets in blocks) + (_LINE if more > 0 else 0) + foot
    figure = new_figure(width, height, palette)
    ax = new_axes(figure, palette, left=0, right=0, bottom=0, top=0, foot=False)
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    if every:
        then = f"{_what(counterfactuals)} then"
        write(ax, width - 8, 9, then, palette, fontsize=SMALL, color=palette.muted, ha="right")
    for head, sets in blocks:
        _draw_block(ax, palette, top, head, sets, left)
        top += _height(sets)
    if more > 0:
        write(ax, 6, top + _LINE / 2, f"and {more} more rows", palette, fontsize=SMALL, color=palette.muted)
    for line, text in enumerate(asked):
        write(ax, 6, height - foot + 15 * (line + 0.5), text, palette, fontsize=SMALL, color=palette.muted)
    if title:
        set_title(figure, finding(counterfactuals, labels=labels, row=row), palette)
    return figure


def finding(counterfactuals: Any, *, labels: Mapping[str, str] | None = None, row: int | None = None) -> str:
    """Say for how many rows one column is enough, and which column changes most often; or what changes in one row."""
    every = counterfactuals.row.tolist()
    n = len(counterfactuals.data) if row is None else 1
    found = sorted(set(every)) if row is None else [row] * (row in every)
    if not found:
        return f"No change was found with which the model says otherwise of {'the row' if n == 1 else 'any row'}"
    best = [every.index(i) for i in found]  # the first of each row is the least
    counts: dict[str, int] = {}
    for name in (name for k in best for name in _changes(counterfactuals, k)):
        counts[name] = counts.get(name, 0) + 1
    often = max(counts, key=lambda name: counts[name])
    name = shown((labels or {}).get(often, often), 26)
    single = sum(int(counterfactuals.changed[k]) == 1 for k in best)
    if n == 1:
        more = int(counterfactuals.changed[best[0]]) - 1
        others = f" and {more} other column{'s' if more > 1 else ''}" if more else ""
        return f"The model would say otherwise with another value of {name}{others}"
    if not single:
        return f"Several columns must change for the model to say otherwise; most often {name}"
    several = f", several are for {len(best) - single}" if len(best) > single else ""
    return f"One changed column is enough for {single} of {n} rows{several}; most often {name}"


def describe(
    counterfactuals: Any, *, labels: Mapping[str, str] | None = None, units: Mapping[str, str] | None = None
) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    told = []
    for i in range(min(len(counterfactuals.data), _MOST_ROWS)):
        head, sets = _block(counterfactuals, i, labels, units)
        ways = [
            " and ".join(f"{name} {change.replace(_ARROW, 'to')}" for name, change in lines) + f" gives {after}"
            for lines, after in sets
        ]
        told.append(f"{head}: {'; or '.join(ways) if ways else 'nothing found'}")
    return ". ".join(told) + "."


def _block(
    counterfactuals: Any, i: int, labels: Mapping[str, str] | None, units: Mapping[str, str] | None
) -> tuple[str, list[tuple[list[tuple[str, str]], str]]]:
    """Give the heading of a row and for each counterfactual its lines (name, from and to) and the prediction then."""
    outputs = counterfactuals.outputs
    output = outputs[i] if len(outputs) > 1 else outputs[0]
    what = _what(counterfactuals)
    said = what if what == "prediction" else f"{what} of {shown(output, 20)}"
    before = float(counterfactuals.before[i])
    sets = []
    for k in np.flatnonzero(counterfactuals.row == i):
        lines = []
        for name, (was, now) in _changes(counterfactuals, int(k)).items():
            unit = shown((units or {}).get(name, ""), 16) if (units or {}).get(name) else ""
            change = f"{_cell(was)} {_ARROW} {_cell(now)}" + (f" {unit}" if unit else "")
            lines.append((shown((labels or {}).get(name, name), 26), change))
        after = float(counterfactuals.after[k])
        sets.append((lines, fixed(after, 3) if what == "probability" else _apart(before, after)))
    now = fixed(before, 3) if what == "probability" else number(before)
    return f"Row {i + 1}: {said} {now}", sets


def _what(counterfactuals: Any) -> str:
    if counterfactuals.outputs[0] == "prediction":
        return "prediction"
    return "probability" if counterfactuals.scale == "response" else counterfactuals.scale


def _changes(counterfactuals: Any, k: int) -> dict[str, tuple[Any, Any]]:
    """Give what a counterfactual changes, by column."""
    own = counterfactuals.data[int(counterfactuals.row[k])]
    pairs = zip(counterfactuals.feature_names, own, counterfactuals.found[k], strict=True)
    return {name: (was, now) for name, was, now in pairs if was != now}


def _apart(before: float, after: float) -> str:
    """Write a prediction with as many digits as tell it from the one before."""
    for digits in (3, 4, 5, 6):
        if number(before, digits) != number(after, digits):
            return number(after, digits)
    return number(after, 8)


def _cell(value: Any) -> str:
    if value is None:
        return "missing"
    return shown(value, 20) if isinstance(value, str) else short(float(value), 6)


def _height(sets: list[Any]) -> float:
    lines = sum(len(lines) for lines, _ in sets) or 1
    return _HEAD + _LINE * lines + _AIR


def _draw_block(ax: Any, palette: Palette, top: float, head: str, sets: list[Any], left: float) -> None:
    width = float(ax.get_xlim()[1])
    ax.hlines(top, 6, width - 6, color=palette.muted, linewidth=1)
    write(ax, 6, top + _HEAD / 2 + 1, head, palette, fontsize=SMALL + 0.5, fontweight="bold")
    y = top + _HEAD
    if not sets:
        write(ax, 18, y + _LINE / 2, "no change found", palette, fontsize=SMALL, color=palette.muted)
    for place, (lines, after) in enumerate(sets):
        if place:
            ax.hlines(y, 18, width - 6, color=palette.hair, linewidth=0.6)
        write(ax, width - 8, y + _LINE / 2, after, palette, fontsize=SMALL, ha="right")
        for name, change in lines:
            write(ax, 18, y + _LINE / 2, name, palette, fontsize=SMALL)
            write(ax, left + 10, y + _LINE / 2, change, palette, fontsize=SMALL)
            y += _LINE
