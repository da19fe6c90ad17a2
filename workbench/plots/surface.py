"""The picture of what two columns add together: a grid of cells, orange for a rise and blue for a fall."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from workbench.plots import panel
from workbench.plots.axes import axes_size, new_axes, new_figure, ticks, write
from workbench.plots.numbers import decimals, signed
from workbench.plots.shapes import Scale, span
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

HEIGHT = 270.0
_TONES = 12  # of each colour
_MOST_LEVELS = 16


@dataclass(frozen=True)
class _Side:
    """One side of the picture: the edges of its cells, which cells of the grid they are, and their labels."""

    edges: Any
    cells: Any
    labels: dict[float, str] | None
    names: tuple[str, ...]


def draw(
    term: Any,
    scales: tuple[Scale, Scale],
    palette: Palette = LIGHT,
    *,
    output: int = 0,
    most: float | None = None,
    heading: str = "adds",
) -> Any:
    """Draw a surface: the first column across, the second upwards; a single category column stands upwards.

    `most` is the absolute value of the strongest tone, so that several pictures can share one scale; `heading`
    says what it counts. Cells for missing or unlisted values stand last, where training rows had them.
    """
    grid, (first, second), (across, up) = _turned(term, scales, output)
    sides = _side(first, across, grid), _side(second, up, grid.T)
    most = most or float(np.abs(grid).max()) or 1.0
    left = max((text_width(t, SMALL) for t in (sides[1].labels or {}).values()), default=26) + 22
    slanted = sides[0].labels is not None
    figure = new_figure(panel.WIDTH, HEIGHT + 30 * slanted, palette)
    ax = new_axes(figure, palette, left=left, right=64, bottom=50 + 30 * slanted, top=34, foot=False)
    ax.set_xlim(sides[0].edges[0], sides[0].edges[-1])
    ax.set_ylim(sides[1].edges[0], sides[1].edges[-1])
    _cells(ax, sides, grid[np.ix_(sides[0].cells, sides[1].cells)], most, palette)
    _labels(ax, "x", sides[0], across, palette)
    _labels(ax, "y", sides[1], up, palette)
    drop = -26 - 34 * slanted
    write(ax, 0.5, 0, across.axis, palette, at="axes", shift=(0, drop), ha="center", va="top", fontsize=SMALL + 0.5)
    name = _fitted(up.axis, panel.WIDTH - 72)
    write(ax, 0, 1, name, palette, at="axes", shift=(12 - left, 14), fontsize=SMALL + 0.5)
    _bar(ax, most, heading, palette)
    return figure


def _fitted(text: str, room: float) -> str:
    """Shorten a name to a room in points: the heading of the scale of tones stands on its line."""
    return next((t for n in range(len(text), 1, -1) if text_width(t := shown(text, n), SMALL + 0.5) <= room), "…")


def _turned(term: Any, scales: tuple[Scale, Scale], output: int) -> tuple[Any, tuple[Any, Any], tuple[Scale, Scale]]:
    grid = term.grid[:, :, output]
    if term.first.levels and not term.second.levels:
        return grid.T, (term.second, term.first), (scales[1], scales[0])
    return grid, (term.first, term.second), scales


def _side(axis: Any, scale: Scale, grid: Any) -> _Side:
    """Lay out the cells of one axis; `grid` has them along its first dimension."""
    if axis.levels:
        order = np.argsort(-axis.weights[: len(axis.levels)], kind="stable")[:_MOST_LEVELS]
        cells, names = [*np.sort(order)], [axis.levels[i] for i in np.sort(order)]
        for cell, name in ((len(axis.levels), "any other"), (len(axis.levels) + 1, "missing")):
            if grid[cell].any() and axis.weights[cell]:
                cells.append(cell)
                names.append(name)
        edges = np.arange(len(cells) + 1.0)
        return _Side(edges, np.array(cells), {i + 0.5: shown(n, 12) for i, n in enumerate(names)}, tuple(names))
    ends = span(axis.cuts, scale.low, scale.high)
    edges, cells = np.concatenate([ends[:1], axis.cuts, ends[1:]]), list(range(axis.cuts.size + 1))
    if grid[axis.cuts.size + 1].any() and axis.weights[-1]:
        edges = np.append(edges, ends[1] + 0.1 * (ends[1] - ends[0]))
        cells.append(axis.cuts.size + 1)
    return _Side(edges, np.array(cells), None, ())


def _cells(ax: Any, sides: tuple[_Side, _Side], grid: Any, most: float, palette: Palette) -> None:
    """Fill the cells: one path for each tone, in which neighbours of one tone along a row are one box."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    tones = np.rint(np.clip(grid / most, -1, 1) * _TONES).astype(int)
    x, y = sides[0].edges, sides[1].edges
    boxes: dict[int, list[tuple[float, float, float, float]]] = {}
    for row in range(tones.shape[1]):
        line = tones[:, row]
        starts = np.concatenate([[0], np.flatnonzero(np.diff(line)) + 1, [line.size]])
        for start, end in pairwise(starts):
            if line[start]:
                boxes.setdefault(int(line[start]), []).append((x[start], y[row], x[end], y[row + 1]))
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    for tone, found in sorted(boxes.items()):
        corners = [[(a, b), (c, b), (c, d), (a, d), (a, b)] for a, b, c, d in found]
        path = Path(np.concatenate(corners), codes * len(found))
        colour = palette.plus if tone > 0 else palette.minus
        ax.add_patch(PathPatch(path, facecolor=colour, alpha=abs(tone) / _TONES, linewidth=0))
    frame = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    ax.add_patch(
        PathPatch(Path(frame, codes), transform=ax.transAxes, facecolor="none", edgecolor=palette.hair, clip_on=False)
    )


def _labels(ax: Any, side: str, laid: _Side, scale: Scale, palette: Palette) -> None:
    if laid.labels is None:
        length = axes_size(ax)[0 if side == "x" else 1]
        ticks(
            ax,
            side,
            palette,
            bins=max(2, int(length // (72 if scale.dates else 44))),
            dates=scale.dates,
            integer=scale.whole,
        )
    elif side == "y":
        ticks(ax, side, palette, labels=laid.labels)
    else:
        for place, text in laid.labels.items():
            write(
                ax, place, 0, text, palette, at="column", shift=(3, -4), ha="right", va="top", rotation=35,
                rotation_mode="anchor", fontsize=SMALL, color=palette.muted,
            )  # fmt: skip


def _bar(ax: Any, most: float, heading: str, palette: Palette) -> None:
    """Draw the scale of tones at the right, from the largest fall to the largest rise."""
    from matplotlib.patches import Rectangle

    width = axes_size(ax)[0]
    left, thick, step = 1 + 10 / width, 9 / width, 1 / (2 * _TONES + 1)
    for tone in range(-_TONES, _TONES + 1):
        colour = palette.plus if tone > 0 else palette.minus
        box = Rectangle((left, (tone + _TONES) * step), thick, step * 1.02, transform=ax.transAxes, linewidth=0)
        box.set(facecolor=colour, alpha=abs(tone) / _TONES, clip_on=False)
        ax.add_artist(box)
    places = decimals([most], digits=2)
    for share, value in ((step / 2, -most), (0.5, 0.0), (1 - step / 2, most)):
        text = signed(value, places) if value else "0"
        write(ax, left + thick, share, text, palette, at="axes", shift=(4, 0), fontsize=SMALL, color=palette.muted)
    write(ax, left, 1, heading, palette, at="axes", shift=(0, 14), fontsize=SMALL, color=palette.muted)


def finding(term: Any, scales: tuple[Scale, Scale], *, output: int = 0) -> str:
    """Say what the two columns add together, and at which values most and least."""
    grid = term.grid[:, :, output]
    names = f"{shown(scales[0].title, 24)} with {shown(scales[1].title, 24)}"
    names += f" ({shown(scales[0].outputs[output])})" if len(scales[0].outputs) > 1 else ""
    low, high = float(grid.min()), float(grid.max())
    places = decimals([low, high], digits=2)
    if low == high:
        return f"{names} adds {signed(low, places)} throughout"
    return f"{names} adds {signed(low, places)} to {signed(high, places)}"


def describe(term: Any, scales: tuple[Scale, Scale], *, output: int = 0) -> str:
    """Give the picture's extremes in words, for those who do not see it."""
    grid = term.grid[:, :, output]
    parts = []
    for word, position in (("lowest", grid.argmin()), ("highest", grid.argmax())):
        i, j = np.unravel_index(int(position), grid.shape)
        where = f"{_where(term.first, int(i), scales[0])} and {_where(term.second, int(j), scales[1])}"
        parts.append(f"{word} {signed(float(grid[i, j]), decimals([float(grid[i, j])]))} at {where}")
    return f"A grid of {grid.shape[0]} by {grid.shape[1]} cells; " + "; ".join(parts) + "."


def _where(axis: Any, cell: int, scale: Scale) -> str:
    name = shown(scale.title, 24)
    if axis.levels:
        return f"{name} {shown([*axis.levels, 'any other', 'missing'][cell], 20)}"
    if cell > axis.cuts.size:
        return f"{name} missing"
    edges = [scale.at(float(cut)) for cut in axis.cuts]
    if not edges:
        return f"any {name}"
    if cell == 0:
        return f"{name} up to {edges[0]}"
    return f"{name} above {edges[-1]}" if cell == len(edges) else f"{name} {edges[cell - 1]} to {edges[cell]}"
