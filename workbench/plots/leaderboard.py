"""The picture of accuracy against complexity: every model's score over the numbers that a reader has to hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from workbench.plots.axes import axes_size, new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import count, fixed, interval, score_decimals, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH, HEIGHT = 400.0, 310.0
_NO_SIZE = "no count"
_LABEL = 11.5
_POINT = "point of "
_Box = tuple[float, float, float, float]  # left, bottom, right, top in points


def draw(
    leaderboard: Any, palette: Palette = LIGHT, *, metric: str = "", greater_is_better: bool = True, title: bool = True
) -> Any:
    """Draw score against size on a logarithmic axis: filled circles are glass boxes, open ones black boxes.

    Better is always up. The dummy, which every score is read against, is a line; models whose size nobody has
    counted stand at the right edge.
    """
    scored = [row for row in leaderboard.rows if row.score is not None]
    rows = [row for row in scored if row.family != "dummy"]
    dummy = next((row for row in scored if row.family == "dummy"), None)
    figure = new_figure(WIDTH, HEIGHT, palette)
    ax = new_axes(figure, palette, left=50, right=12, bottom=48, top=30)
    x = _horizontal(ax, rows, palette)
    level = _vertical(ax, rows, dummy, greater_is_better, palette)
    for row in rows:
        colour = palette.accent if row.glassbox else palette.rival
        if row.lower is not None:
            ax.vlines(x[row.model], row.lower, row.upper, color=colour, linewidth=1.6, alpha=0.75)
        ax.plot(
            [x[row.model]],
            [row.score],
            marker="o",
            markersize=8.5,
            color=colour,
            markeredgewidth=1.8,
            markerfacecolor=colour if row.glassbox else palette.paper,
            gid=f"{_POINT}{row.model}",
        )
    taken = _taken(ax, rows, x)
    if dummy and level is not None:
        text = f"{shown(dummy.model, 20)} {_score(leaderboard, dummy.score)}"
        if level != dummy.score:
            text += ", beyond this axis"
        ax.axhline(level, color=palette.muted, linewidth=1, linestyle=(0, (4, 3)))
        taken += _name_line(ax, level, text, taken, palette)
    _label_points(ax, rows, x, taken, palette)
    _name_axes(ax, metric or leaderboard.metric, greater_is_better, palette)
    if title:
        set_title(figure, finding(leaderboard, greater_is_better=greater_is_better), palette)
    return figure


def finding(leaderboard: Any, *, greater_is_better: bool = True) -> str:
    """Say which model scores best and which glass box does, with the size of both."""
    rows = [row for row in leaderboard.rows if row.family != "dummy" and row.score is not None]
    if not rows:
        return "No model beside the dummy has a score"
    sign = 1 if greater_is_better else -1
    best = max(rows, key=lambda row: sign * row.score)
    glass = [row for row in rows if row.glassbox]
    if best.glassbox or not glass:
        kind = "glass box" if best.glassbox else "black box"
        return f"The best score is that of a {kind}: {shown(best.model)}{_holds(best)}"
    read = max(glass, key=lambda row: sign * row.score)
    return f"Best: {shown(best.model)}{_holds(best)}; best to read: {shown(read.model)}{_holds(read)}"


def describe(leaderboard: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = []
    for row in leaderboard.rows:
        kind = "baseline" if row.family == "dummy" else "glass box" if row.glassbox else "black box"
        size = "size not counted" if row.size is None else f"size {count(row.size)}"
        places = _places(leaderboard)
        within = "" if row.lower is None else f", 95% interval {interval(row.lower, row.upper, places)}"
        parts.append(f"{shown(row.model)} ({kind}): {fixed(row.score, places)}{within}, {size}")
    return "; ".join(parts) + "."


def places(figure: Any) -> dict[str, tuple[float, float]]:
    """Give where each model's point lies in what `draw` drew, from left to right.

    Places are shares of the width, from the left, and of the height, from above: what a page lays over the picture
    finds its place by them.
    """
    (width, height), found = figure.bbox.size, {}
    for ax in figure.axes:
        for line in ax.lines:
            if (line.get_gid() or "").startswith(_POINT):
                x, y = ax.transData.transform(line.get_xydata()[0])
                found[line.get_gid().removeprefix(_POINT)] = (float(x / width), float(1 - y / height))
    return dict(sorted(found.items(), key=lambda point: point[1]))


def _holds(row: Any) -> str:
    return "" if row.size is None else f" ({count(row.size)} numbers to hold)"


def _places(leaderboard: Any) -> int:
    rows = leaderboard.rows
    return score_decimals([r.score for r in rows], [(r.upper - r.lower) / 2 for r in rows if r.upper is not None])


def _score(leaderboard: Any, value: float) -> str:
    return fixed(value, _places(leaderboard))


def _horizontal(ax: Any, rows: Sequence[Any], palette: Palette) -> dict[str, float]:
    """Set the logarithmic axis and give every model its place on it."""
    known = [math.log10(max(row.size, 1)) for row in rows if row.size is not None]
    low, high = (math.floor(min(known) - 0.15), math.ceil(max(known) + 0.15)) if known else (0, 1)
    edge = float(max(high, low + 2))
    powers = list(range(low, int(edge) + 1))
    step = 1 if len(powers) <= 7 else 2
    labels = {float(p): _power(p) for p in powers[::step] if p >= 0}
    if any(row.size is None for row in rows):
        edge += 1.6
        labels[edge - 0.6] = _NO_SIZE
    ax.set_xlim(max(low, 0) - 0.1, edge)
    ticks(ax, "x", palette, labels=labels)
    return {row.model: edge - 0.6 if row.size is None else math.log10(max(row.size, 1)) for row in rows}


def _power(exponent: int) -> str:
    if exponent >= 15:
        return short(10.0**exponent)
    return f"{10 ** (exponent % 3)}{('', 'k', 'M', 'G', 'T')[exponent // 3]}"


def _vertical(ax: Any, rows: Sequence[Any], dummy: Any, greater_is_better: bool, palette: Palette) -> float | None:
    """Set the axis of scores and give the height of the dummy's line.

    Where the models would share less than a third of an axis that reaches down to the dummy, the axis holds the models
    alone, and the line at its foot says so.
    """
    ends = [v for row in rows for v in (row.score, row.lower, row.upper) if v is not None and math.isfinite(v)]
    ends = ends or [dummy.score if dummy else 0.0]
    low, high = min(ends), max(ends)
    margin = 0.08 * (high - low) or max(abs(high) * 0.05, 0.01)
    level = None
    if dummy is not None:
        level = dummy.score
        reach = max(high, level) - min(low, level)
        if high - low < reach / 3 and high > low:
            foot = low if greater_is_better else high
            level = foot + (-1 if greater_is_better else 1) * 0.25 * (high - low)
        low, high = min(low, level), max(high, level)
    ax.set_ylim(low - margin, high + margin)
    if not greater_is_better:
        ax.invert_yaxis()
    ticks(ax, "y", palette, grid=True)
    return level


def _name_axes(ax: Any, metric: str, greater_is_better: bool, palette: Palette) -> None:
    direction = "" if greater_is_better else ", axis turned: lower is better"
    write(
        ax,
        0,
        1,
        f"{shown(metric, 24)}{direction}",
        palette,
        at="axes",
        shift=(-42, 16),
        fontsize=SMALL,
        color=palette.muted,
    )
    write(
        ax,
        0.5,
        0,
        "numbers to hold (logarithmic)",
        palette,
        at="axes",
        shift=(0, -26),
        ha="center",
        va="top",
        fontsize=SMALL + 0.5,
    )


def _to_points(ax: Any, x: float, y: float) -> tuple[float, float]:
    (width, height), (x0, x1), (y0, y1) = axes_size(ax), ax.get_xlim(), ax.get_ylim()
    return width * (x - x0) / (x1 - x0), height * (y - y0) / (y1 - y0)


def _taken(ax: Any, rows: Sequence[Any], x: dict[str, float]) -> list[_Box]:
    """Give the boxes of points and intervals, where no name may stand."""
    boxes = []
    for row in rows:
        px, py = _to_points(ax, x[row.model], row.score)
        ends = [py, *(_to_points(ax, 0, v)[1] for v in (row.lower, row.upper) if v is not None)]
        boxes += [(px - 6, py - 6, px + 6, py + 6), (px - 2, min(ends), px + 2, max(ends))]
    return boxes


def _label_points(ax: Any, rows: Sequence[Any], x: dict[str, float], taken: list[_Box], palette: Palette) -> None:
    """Name every point beside it: of the free places, the nearest; the same input gives the same places."""
    for row in sorted(rows, key=lambda r: (-_to_points(ax, 0, r.score)[1], r.model)):
        name = shown(row.model, 22)
        dx, dy, box = _nearest_free(
            _to_points(ax, x[row.model], row.score), text_width(name, _LABEL), axes_size(ax), taken
        )
        taken.append(box)
        if abs(dy) > 12:
            line = {"arrowstyle": "-", "color": palette.muted, "lw": 0.7, "shrinkA": 0, "shrinkB": 5}
            ax.annotate("", (x[row.model], row.score), xytext=(dx, dy), textcoords="offset points", arrowprops=line)
        write(
            ax,
            x[row.model],
            row.score,
            name,
            palette,
            shift=(dx, dy),
            fontsize=_LABEL,
            ha="left" if dx > 0 else "right",
        )


def _name_line(ax: Any, level: float, text: str, taken: list[_Box], palette: Palette) -> list[_Box]:
    """Name the dummy's line at one of its ends, above or below, where nothing is in the way; give what it takes."""
    width, at, room = axes_size(ax)[0], _to_points(ax, 0, level)[1], text_width(text, SMALL)
    places: list[tuple[float, int, int, _Box]] = []
    for end in (0, 1):
        for below in (0, 1):
            left, middle = (width - 4 - room if end else 4.0), at + (-9 if below else 9)
            box = (left, middle - 7, left + room, middle + 7)
            places.append((sum(_shared(box, other) for other in taken) + (99 if box[1] < 0 else 0), end, below, box))
    _, end, below, box = min(places)
    write(
        ax, end, level, text, palette, at="row", shift=(4 - 8 * end, 9 - 18 * below),
        fontsize=SMALL, color=palette.muted, ha="right" if end else "left",
    )  # fmt: skip
    return [box, (0, at - 1, width, at + 1)]


def _nearest_free(
    point: tuple[float, float], w: float, area: tuple[float, float], taken: list[_Box]
) -> tuple[float, float, _Box]:
    places = []
    for step in range(41):
        dy = (step + 1) // 2 * 6.0 * (1 if step % 2 else -1)
        for dx in (10.0, -10.0):
            left = point[0] + dx if dx > 0 else point[0] + dx - w
            box = (left, point[1] + dy - 7, left + w, point[1] + dy + 7)
            beyond = (-40 - box[0], box[2] - area[0] - 10, -box[1], box[3] - area[1] - 8)
            outside = sum(max(0.0, distance) for distance in beyond)
            hits = sum(_shared(box, other) for other in taken)
            places.append((50 * outside + 5 * hits + abs(dy) + (1 if dx < 0 else 0), dx, dy, box))
    return min(places)[1:]


def _shared(a: _Box, b: _Box) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0
