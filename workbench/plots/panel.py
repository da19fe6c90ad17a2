"""What the panels of small multiples share: axes over numbers or levels, the strip of rows, names beside curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.disclosure import MIN_ROWS
from workbench.plots.axes import axes_size, new_axes, ticks, write
from workbench.plots.style import SMALL, Palette, shown, spread, text_width

WIDTH = 300.0
HEIGHT = 230.0
MOST_LEVELS = 12
KEY_HEIGHT = 16.0  # of the line of words below the column's name
_KEY = 9.0  # the room of a square in a curve's colour
MARGINS = {"left": 8.0, "right": 10.0, "bottom": 4.0, "top": 4.0}


def levels_height(n_levels: int) -> float:
    """Give the height of a panel that has a row per level."""
    return 92 + 26 * min(n_levels, MOST_LEVELS)


def limits(arrays: Sequence[Any]) -> tuple[float, float]:
    """Give limits that hold all finite values of the arrays, and some air."""
    values = np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.empty(0)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    margin = 0.06 * (high - low) or max(abs(high) * 0.05, 0.5)
    return low - margin, high + margin


def number_axes(
    figure: Any,
    palette: Palette,
    margins: Mapping[str, float],
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    texts: tuple[str, str],
    *,
    room: float = 0,
    whole: bool = False,
    dates: bool = False,
) -> Any:
    """Add axes over numbers (or days since 1970): `texts` name the column and what stands above the left end.

    `room` in points is kept free at the right.
    """
    ax = new_axes(
        figure,
        palette,
        left=margins["left"] + 40,
        right=margins["right"] + room,
        top=margins["top"] + 22,
        bottom=margins["bottom"] + 50,
    )
    ax.set_xlim(*xlim)
    ax.set_ylim(*ylim)
    ticks(ax, "y", palette, grid=True)
    bins = max(2, int(axes_size(ax)[0] // (72 if dates else 48)))
    # the strip of rows lies between the axis and its labels
    ticks(ax, "x", palette, bins=bins, integer=whole, dates=dates, gap=15)
    write(ax, 0.5, 0, texts[0], palette, at="axes", shift=(0, -36), ha="center", va="top", fontsize=SMALL + 0.5)
    write(ax, 0, 1, texts[1], palette, at="axes", shift=(-36, 12), fontsize=SMALL, color=palette.muted)
    return ax


def level_axes(
    figure: Any,
    palette: Palette,
    margins: Mapping[str, float],
    names: Sequence[str],
    xlim: tuple[float, float],
    texts: tuple[str, str],
) -> Any:
    """Add axes with a row per level, the first one lowest; `texts` name the column and the axis of values."""
    ax = new_axes(
        figure,
        palette,
        left=margins["left"] + max(text_width(name, SMALL) for name in names) + 14,
        right=margins["right"] + 6,
        bottom=margins["bottom"] + 40,
        top=margins["top"] + 40,
    )
    ax.set_xlim(*xlim)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ticks(ax, "x", palette, bins=max(2, int(axes_size(ax)[0] // 44)), grid=True)
    for place, name in enumerate(names):
        write(ax, 0, place, name, palette, at="row", shift=(-8, 0), ha="right", fontsize=SMALL)
    write(ax, 1, 0, texts[1], palette, at="axes", shift=(0, -24), ha="right", va="top", fontsize=SMALL)
    write(ax, 0, 1, texts[0], palette, at="axes", shift=(-margins["left"], 30), fontsize=SMALL + 0.5)
    return ax


def write_key(ax: Any, text: str, palette: Palette, *, drop: float) -> None:
    """Write below the axes, `drop` points deep, what shades and lines stand for."""
    place: dict[str, Any] = {"at": "axes", "shift": (0, -drop), "ha": "right", "va": "top"}
    write(ax, 1, 0, text, palette, fontsize=SMALL, color=palette.muted, **place)


def thin_curves(ax: Any, x: Any, curves: Any, colour: str) -> None:
    """Draw the curves of single rows, (n_rows, n_points), thin and pale, behind all else."""
    from matplotlib.collections import LineCollection

    lines = [np.column_stack([x, curve]) for curve in curves]
    alpha = min(0.5, max(0.15, 8 / max(len(lines), 1)))
    ax.add_collection(LineCollection(lines, colors=colour, linewidths=0.6, alpha=alpha, zorder=1), autolim=False)


def strip(ax: Any, edges: Any, counts: Any, palette: Palette) -> None:
    """Shade below the axis where the rows lie, by the square root of rows per width against the densest bin."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba
    from matplotlib.transforms import ScaledTranslation

    if edges is None or counts is None or len(edges) < 2:
        return
    edges = np.clip(np.asarray(edges, dtype=float), *ax.get_xlim())
    widths = np.diff(edges)
    counts = np.nan_to_num(np.asarray(counts, dtype=float))
    density = np.divide(counts, widths, out=np.zeros_like(widths), where=widths > 0)
    shares = np.sqrt(density / (density.max() or 1.0))
    tall = 8 / axes_size(ax)[1]
    seen = [(a, b, s) for a, b, s in zip(edges[:-1], edges[1:], shares, strict=True) if s > 0]
    boxes = [[(a, 0), (b, 0), (b, tall), (a, tall)] for a, b, _ in seen]
    tones = [to_rgba(palette.muted, round(0.06 + 0.74 * float(share), 3)) for _, _, share in seen]
    place = ax.get_xaxis_transform() + ScaledTranslation(0, -12 / 72, ax.figure.dpi_scale_trans)
    ax.add_artist(PolyCollection(boxes, facecolors=tones, linewidths=0, transform=place, clip_on=False))


def pooled(edges: Any, counts: Any, parts: int = 40) -> tuple[Any, Any]:
    """Join neighbouring bins until each holds 10 rows and is no narrower than a part of the whole.

    Examples
    --------
    >>> pooled([0.0, 1.0, 2.0, 3.0, 4.0], [4.0, 8.0, 30.0, 2.0])
    (array([0., 2., 4.]), array([12., 32.]))
    """
    least = (edges[-1] - edges[0]) / parts
    out_edges, out_counts = [float(edges[0])], [0.0]
    for right, count in zip(edges[1:], counts, strict=True):
        out_counts[-1] += float(count)
        if out_counts[-1] >= MIN_ROWS and right - out_edges[-1] >= least:
            out_edges.append(float(right))
            out_counts.append(0.0)
    rest = out_counts.pop()
    if not out_counts:
        return np.array([edges[0], edges[-1]], dtype=float), np.array([rest if rest >= MIN_ROWS else 0.0])
    out_counts[-1] += rest
    out_edges[-1] = float(edges[-1])
    return np.array(out_edges), np.array(out_counts)


def name_room(outputs: Sequence[str]) -> float:
    """Give the room in points that names at the right ends of curves need; one output needs no name."""
    return max(text_width(shown(o, 14), SMALL) for o in outputs) + _KEY + 4 if len(outputs) > 1 else 0


def name_ends(ax: Any, x: float, ends: Sequence[float], outputs: Sequence[str], palette: Palette) -> None:
    """Name curves at their right ends, moved apart where they would overlap, each after a key in its colour."""
    low, high = ax.get_ylim()
    scale = axes_size(ax)[1] / (high - low)
    places = spread([scale * end for end in ends], SMALL + 3)
    for row, (end, place, output) in enumerate(zip(ends, places, outputs, strict=True)):
        up = place - scale * end
        write(ax, x, end, "■", palette, shift=(5, up), fontsize=SMALL - 3, color=palette.series[row % 6])
        write(ax, x, end, shown(output, 14), palette, shift=(_KEY + 5, up), fontsize=SMALL)


def name_heads(ax: Any, ends: Sequence[float], outputs: Sequence[str], palette: Palette) -> None:
    """Name outputs once, above the uppermost level."""
    low, high = ax.get_xlim()
    scale = axes_size(ax)[0] / (high - low)
    names = [shown(o, 14) for o in outputs]
    wide = [text_width(n, SMALL) for n in names]
    places = spread([scale * (end - low) for end in ends], max(wide) + _KEY + 6)
    beyond = max(place + (w + _KEY) / 2 for place, w in zip(places, wide, strict=True)) - axes_size(ax)[0] - 12
    places = [place - max(0.0, beyond) for place in places]
    for row, (end, name, place) in enumerate(zip(ends, names, places, strict=True)):
        left = place - scale * (end - low) - (wide[row] + _KEY) / 2
        colour = palette.series[row % 6]
        write(ax, end, 1, "■", palette, at="column", fontsize=SMALL - 3, shift=(left, 8), color=colour)
        write(ax, end, 1, name, palette, at="column", fontsize=SMALL, shift=(left + _KEY, 8))
