"""The picture of an attribution: how one prediction is made up of what columns add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.plots.axes import axes_size, new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, number, short, signed
from workbench.plots.style import LIGHT, SIZE, SMALL, Palette, shown, text_width

WIDTH = 440.0
_MOST = 12
_Z = 1.96
_STEP = 22.0
_LEAST = 190.0  # the room that bars have at least
_WHAT = {"response": "prediction", "link": "score", "margin": "margin"}


@dataclass(frozen=True)
class _Bar:
    """One row of the picture: a column with its value, or several columns together."""

    name: str
    cell: str
    value: float
    error: float = 0.0


def draw(
    attribution: Any,
    palette: Palette = LIGHT,
    *,
    row: int = 0,
    output: int = 0,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    response: str = "",
    subject: str = "this row",
    beside: Sequence[tuple[int, int]] = (),
    title: bool = True,
) -> Any:
    """Draw what each column adds to one row's prediction, from the baseline at the top to the prediction at the foot.

    Bars to the right raise it, bars to the left lower it; beyond 12 columns those that add least are pooled. Estimated
    values carry their 95% interval. Where an attribution does not add up to the prediction, bars start at 0. `beside`
    lists rows and outputs of the same attribution whose pictures stand beside this one: they share one scale.
    """
    bars = _bars(attribution, row, output, labels or {}, units or {})
    values = np.array([bar.value for bar in bars])
    ends = _ends(attribution, values, row, output)
    starts = ends - values if attribution.additive else np.zeros_like(values)
    places = _places(attribution, [(row, output), *beside])
    sides = [fixed(float(ends[-1]), places), fixed(float(starts[0]), places)]
    right = max(map(text_width, [*sides, *(signed(bar.value, places) for bar in bars)])) + 22
    n_rows = len(bars) + (2 if attribution.additive else 0)
    left = 16 + max(width_of(bar.name) + (width_of(bar.cell, SMALL) + 7 if bar.cell else 0) for bar in bars)
    left = max(left, 96.0)
    figure = new_figure(max(WIDTH, left + right + _LEAST), 50 + _STEP * n_rows, palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=42, top=6)
    ax.set_ylim(n_rows - 0.4, -0.6)
    first = 1 if attribution.additive else 0
    y = np.arange(first, first + len(bars))
    _draw_bars(ax, bars, starts, ends, y, palette)
    if beside:
        ax.set_xlim(*_shared(attribution, beside))
    for bar, place in zip(bars, y.tolist(), strict=True):
        _write_row(ax, place, bar.name, bar.cell, signed(bar.value, places), right, palette)
    if attribution.additive:
        for name, value, at in (("baseline", float(starts[0]), 0), (subject, float(ends[-1]), n_rows - 1)):
            ax.plot([value], [at], marker="o", markersize=6.5, color=palette.ink)
            _write_row(ax, at, name, "", fixed(value, places), right, palette)
    value_ticks(ax, palette)
    name_axis(ax, f"{what_of(attribution, output, response)}{link_words(attribution, response)}", palette)
    if title:
        set_title(figure, finding(attribution, row=row, output=output, labels=labels, response=response), palette)
    return figure


def _draw_bars(ax: Any, bars: Sequence[_Bar], starts: Any, ends: Any, y: Any, palette: Palette) -> None:
    """Draw bars with their intervals, within limits that hold them all, each joined to the next."""
    errors = _Z * np.array([bar.error for bar in bars])
    low = float(np.min([starts, ends - errors]))
    high = float(np.max([starts, ends + errors]))
    margin = 0.04 * (high - low) or max(abs(high) * 0.05, 0.5)
    ax.set_xlim(low - margin, high + margin)
    colours = [palette.plus if bar.value >= 0 else palette.minus for bar in bars]
    ax.barh(y, ends - starts, left=starts, height=0.62, color=colours, linewidth=0)
    ax.axvline(float(starts[0]), color=palette.muted, linewidth=1, zorder=0.5)
    if np.any(starts):  # a baseline, from which bars go on
        ax.vlines(ends, y, y + 1, color=palette.muted, linewidth=0.8, zorder=0.6)
    ax.hlines(y[errors > 0], (ends - errors)[errors > 0], (ends + errors)[errors > 0], color=palette.ink, linewidth=1.4)


def _places(attribution: Any, shown_ones: Sequence[tuple[int, int]]) -> int:
    """Give the decimals that the values of rows and outputs share."""
    return decimals(np.concatenate([np.nan_to_num(_of(attribution.values, *one)) for one in shown_ones]))


def _shared(attribution: Any, beside: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Give the ends of an axis that holds the bars of several rows and outputs, and their intervals."""
    reached = []
    for row, output in beside:
        bars = _bars(attribution, row, output, {}, {})
        values = np.array([bar.value for bar in bars])
        ends, errors = _ends(attribution, values, row, output), _Z * np.array([bar.error for bar in bars])
        reached += [ends - values if attribution.additive else np.zeros_like(values), ends - errors, ends + errors]
    low, high = float(np.min(reached)), float(np.max(reached))
    margin = 0.04 * (high - low) or max(abs(high) * 0.05, 0.5)
    return low - margin, high + margin


def width_of(text: str, size: float = SIZE) -> float:
    """Measure a text, and what rounding of its letters to pixels may add."""
    return 1.04 * text_width(text, size)


def _write_row(ax: Any, at: float, name: str, cell: str, text: str, right: float, palette: Palette) -> None:
    space = width_of(cell, SMALL) + 7 if cell else 0.0
    write(ax, 0, at, name, palette, at="row", shift=(-8 - space, 0), ha="right")
    if cell:
        write(ax, 0, at, cell, palette, at="row", shift=(-8, 0), ha="right", fontsize=SMALL, color=palette.muted)
    write(ax, 1, at, text, palette, at="row", shift=(right - 6, 0), ha="right", fontsize=SMALL + 0.5)


def value_ticks(ax: Any, palette: Palette) -> None:
    """Label as many round values as have room beside each other."""
    low, high = ax.get_xlim()
    places = decimals([], widths=[(high - low) / 8])
    widest = max(text_width(fixed(end, places), SMALL) for end in (low, high))
    ticks(ax, "x", palette, bins=max(2, min(5, int(axes_size(ax)[0] // (widest + 10)))))


def name_axis(ax: Any, text: str, palette: Palette, down: float = 22) -> None:
    """Set a line below the axis, about its middle, or further left where it would run over the edge."""
    box, width = ax.get_position(), 72 * float(ax.figure.get_size_inches()[0])
    beyond = width * (box.x0 + box.width / 2) + text_width(text, SMALL) / 2 - (width - 6)
    place: dict[str, Any] = {"at": "axes", "shift": (-max(0.0, beyond), -down), "ha": "center", "va": "top"}
    write(ax, 0.5, 0, text, palette, fontsize=SMALL, **place)


def what_of(answer: Any, output: int, response: str = "") -> str:
    """Name what is shared out: the prediction, the probability or the score of a class."""
    output_name = answer.outputs[output]
    if output_name.startswith("prediction"):  # no class, but a number target
        return response or (output_name if answer.scale == "response" else _WHAT.get(answer.scale, answer.scale))
    what = response or ("probability" if answer.scale == "response" else _WHAT.get(answer.scale, answer.scale))
    return f"{what} of {shown(output_name, 20)}"


def link_words(answer: Any, response: str) -> str:
    """Say that values are on the link scale, where nobody names the response."""
    return ", on the link scale" if answer.scale == "link" and not response else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ends(attribution: Any, values: Any, row: int, output: int) -> Any:
    """Give where each bar ends: each starts where the one above ends, or at 0."""
    if not attribution.additive:
        return values
    baseline = np.reshape(attribution.baseline, -1)[output]
    return baseline + np.cumsum(np.nan_to_num(values))


def _of(array: Any, row: int, output: int) -> Any:
    """Give one row and output of an array over rows, (features and) outputs."""
    chosen = np.asarray(array)[row]
    return chosen if chosen.ndim == 1 else chosen[:, output]


def _bars(attribution: Any, row: int, output: int, labels: Mapping[str, str], units: Mapping[str, str]) -> list[_Bar]:
    values = np.nan_to_num(_of(attribution.values, row, output))
    known = attribution.approximation_error is not None
    errors = np.nan_to_num(_of(attribution.approximation_error, row, output)) if known else np.zeros_like(values)
    order = np.argsort(-np.abs(values), kind="stable")
    most = _MOST if len(order) <= _MOST else _MOST - 1
    bars = []
    for j in order[:most]:
        name = attribution.feature_names[j]
        cell = _cell(attribution.data[row][j], units.get(name, ""))
        bars.append(_Bar(shown(labels.get(name, name), 22), cell, float(values[j]), float(errors[j])))
    if len(rest := order[most:]):
        bars.append(_Bar(f"{len(rest)} others", "", float(values[rest].sum())))
    return bars


def _cell(value: Any, unit: str) -> str:
    if value is None:
        return "missing"
    if isinstance(value, str):
        return shown(value, 14)
    return short(value, 4) + (f" {shown(unit, 10)}" if unit else "")


def finding(
    attribution: Any,
    *,
    row: int = 0,
    output: int = 0,
    labels: Mapping[str, str] | None = None,
    response: str = "",
    beside: Sequence[tuple[int, int]] = (),
) -> str:
    """Say what is predicted, how far from the baseline, and which column adds most to that; `beside` as in `draw`."""
    bars = _bars(attribution, row, output, labels or {}, {})
    what = _sentence(what_of(attribution, output, response))
    places = _places(attribution, [(row, output), *beside])
    top = bars[0]
    most = f"{top.name} counts most, {signed(top.value, places)}"
    if not attribution.additive:
        return f"{what}: no column adds anything" if top.value == 0 else f"{what}: {most}"
    baseline = float(np.reshape(attribution.baseline, -1)[output])
    end = baseline + sum(bar.value for bar in bars)
    if top.value == 0:
        return f"{what} {number(end)}: the baseline, to which no column adds anything"
    side = "above" if end >= baseline else "below"
    return f"{what} {fixed(end, places)}, {fixed(abs(end - baseline), places)} {side} the baseline: {most}"


def describe(
    attribution: Any, *, row: int = 0, output: int = 0, labels: Mapping[str, str] | None = None, response: str = ""
) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = []
    for bar in _bars(attribution, row, output, labels or {}, {}):
        error = f" (standard error {short(bar.error)})" if bar.error else ""
        cell = f" = {bar.cell}" if bar.cell else ""
        parts.append(f"{bar.name}{cell}: {_signed(bar.value)}{error}")
    what = what_of(attribution, output, response)
    start = (
        f"From the baseline {short(_one(attribution.baseline, output))} to the " if attribution.additive else "To the "
    )
    end = short(_one(attribution.predictions[row], output))
    return f"What each column adds. {start}{what} {end}. " + "; ".join(parts) + "."


def _one(value: Any, output: int) -> float:
    return float(np.reshape(value, -1)[output])


def _signed(value: float) -> str:
    return f"+{short(value)}" if value > 0 else short(value)
