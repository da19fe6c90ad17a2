"""Figures and axes of all pictures: margins in points, one line at the foot, few round ticks.

Matplotlib's own axis draws a dozen tick objects a side, which is most of the time a small picture takes; here ticks
are plain texts and one line, drawn last, when the limits stand.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.plots.numbers import days, fixed, short
from workbench.plots.style import FONT, SIZE, SMALL, Palette, escape, text_width, wrap


def new_figure(width: float, height: float, palette: Palette) -> Any:
    """Give an empty matplotlib figure of that size in points, without pyplot's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=144, facecolor=palette.paper)
    FigureCanvasAgg(figure)
    return figure


def new_axes(
    figure: Any, palette: Palette, *, left: float, right: float, bottom: float, top: float, foot: bool = True
) -> Any:
    """Add axes with margins in points: a hairline at the foot, no box, no ticks of their own."""
    from matplotlib.lines import Line2D

    width, height = (72 * side for side in figure.get_size_inches())
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    ax = figure.add_axes(box, facecolor="none")
    ax.set_axis_off()
    if foot:
        line = Line2D([0, 1], [0, 0], transform=ax.transAxes, color=palette.hair, linewidth=1, clip_on=False)
        figure.add_artist(line)
    return ax


def axes_size(ax: Any) -> tuple[float, float]:
    """Width and height of axes in points."""
    box, (width, height) = ax.get_position(), ax.figure.get_size_inches()
    return 72 * float(width * box.width), 72 * float(height * box.height)


def write(
    ax: Any,
    x: float,
    y: float,
    text: str,
    palette: Palette,
    *,
    at: str = "data",
    shift: tuple[float, float] = (0, 0),
    **options: Any,
) -> Any:
    """Set a text in ink at a place moved by points; options are those of matplotlib's text.

    `at` says what the place counts in: "data", "axes" (shares of the axes), "row" (a share across, data upwards) or
    "column" (data across, a share upwards).
    """
    from matplotlib.transforms import ScaledTranslation

    place = {"data": ax.transData, "axes": ax.transAxes}.get(at)
    if place is None:
        place = {"row": ax.get_yaxis_transform, "column": ax.get_xaxis_transform}[at]()
    moved = place + ScaledTranslation(shift[0] / 72, shift[1] / 72, ax.figure.dpi_scale_trans)
    options = {"fontsize": SIZE, "color": palette.ink, "fontfamily": FONT, "va": "center", **options}
    return ax.text(x, y, escape(text), transform=moved, **options)


def ticks(
    ax: Any,
    side: str,
    palette: Palette,
    *,
    bins: int = 5,
    integer: bool = False,
    dates: bool = False,
    labels: Mapping[float, str] | None = None,
    grid: bool = False,
    gap: float = 3,
) -> None:
    """Label the axis `side` ("x" or "y") at few round values within its limits, or at those of `labels`.

    With `dates` the values are days since 1970. `gap` in points parts the labels from the axis; with `grid` a hairline
    runs from each.
    """
    limits = sorted(ax.get_xlim() if side == "x" else ax.get_ylim())
    if labels is None:
        labels = _date_labels(limits, bins) if dates else _round_labels(limits, bins, integer)
    for value, text in labels.items():
        if side == "x":
            nudge = _back_inside(ax, value, text) if dates else 0.0  # numbers are short
            place: dict[str, Any] = {"at": "column", "shift": (nudge, -gap - 1), "ha": "center", "va": "top"}
            write(ax, value, 0, text, palette, fontsize=SMALL, color=palette.muted, **place)
        else:
            place = {"at": "row", "shift": (-gap - 1, 0), "ha": "right"}
            write(ax, 0, value, text, palette, fontsize=SMALL, color=palette.muted, **place)
    if grid:
        lines, style = (ax.vlines, ax.get_xaxis_transform()) if side == "x" else (ax.hlines, ax.get_yaxis_transform())
        lines(list(labels), 0, 1, transform=style, color=palette.hair, linewidth=0.6, zorder=0.5)


def _back_inside(ax: Any, value: float, text: str) -> float:
    """Give the points by which a label centred at `value` must move to the left to stay on the figure."""
    low, high = ax.get_xlim()
    box, width = ax.get_position(), 72 * float(ax.figure.get_size_inches()[0])
    middle = width * (box.x0 + box.width * (value - low) / (high - low))
    return min(0.0, width - 2 - middle - text_width(text, SMALL) / 2)


def _round_labels(limits: Sequence[float], bins: int, integer: bool) -> dict[float, str]:
    """Give few round values within the limits, all with the same decimals."""
    from matplotlib.ticker import MaxNLocator

    low, high = limits
    slack = 1e-9 * (high - low)
    found = MaxNLocator(bins, integer=integer).tick_values(low, high)
    values = [float(value) for value in found if low - slack <= value <= high + slack]
    texts = [short(value, 6) for value in values]
    if not any("×" in text for text in texts):
        places = max((len(text.partition(".")[2]) for text in texts), default=0)
        texts = [fixed(v, places).replace(",", "") if places else t for v, t in zip(values, texts, strict=True)]
    return dict(zip(values, texts, strict=True))


def _date_labels(limits: Sequence[float], bins: int) -> dict[float, str]:
    """Give few days, months or years within the limits."""
    from matplotlib.dates import AutoDateLocator, num2date

    locator = AutoDateLocator(minticks=2, maxticks=bins)
    with warnings.catch_warnings():  # of a year or so it makes too many, and says so: they are thinned below
        warnings.simplefilter("ignore", UserWarning)
        found = locator.tick_values(*map(num2date, limits))
    values = [float(v) for v in found if limits[0] <= v <= limits[1]]
    values = values[:: max(1, -(-len(values) // max(bins, 1)))]
    moments = [num2date(value) for value in values]
    if all((m.month, m.day, m.hour, m.minute) == (1, 1, 0, 0) for m in moments):
        texts = [f"{m:%Y}" for m in moments]
    elif all((m.day, m.hour, m.minute) == (1, 0, 0) for m in moments):
        texts = [f"{m:%b %Y}" for m in moments]
    else:
        texts = [days(value) for value in values]
    return dict(zip(values, texts, strict=True))


def set_title(figure: Any, text: str, palette: Palette) -> None:
    """Set the finding above the picture, at the left edge, wrapped to the width."""
    width, height = (72 * side for side in figure.get_size_inches())
    lines = wrap(text, (width - 12) / 1.14, SIZE)  # bold runs wider than what is measured
    extra = 17 * len(lines) + 6
    figure.set_size_inches(width / 72, (height + extra) / 72)
    for ax in figure.axes:
        x, y, w, h = ax.get_position().bounds
        ax.set_position((x, y * height / (height + extra), w, h * height / (height + extra)))
    figure.text(
        6 / width,
        1 - 4 / (height + extra),
        escape("\n".join(lines)),
        fontsize=SIZE,
        fontfamily=FONT,
        fontweight="bold",
        color=palette.ink,
        va="top",
    )
