"""The picture of interactions: how strongly columns act together, pair by pair, and each with all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from workbench.plots.axes import new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 480.0
_ROW = 22.0
_RIGHT = 108.0
_LEAST = 170.0  # for the axes
_MOST = 10
_CLEAR = 0.005  # what two decimals show as 0.01

_REACH = 1.5  # times the largest H: how far intervals are shown


class _Row(NamedTuple):
    """A pair, or a column: its name, H with its interval, and the spread behind it."""

    name: str
    value: float
    lower: float
    upper: float
    size: float | None = None


def draw(
    interactions: Any,
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    output: int | None = None,
    title: bool = True,
) -> Any:
    """Draw pairs as dots at their H, those that move predictions most first; below each column with all others.

    A line is the interval that other rows could lead to, where it is known. Beside H stands the spread that it is a
    share of: how far both columns together move predictions, root mean square, beyond what each does. Of several
    outputs the one with the largest is drawn, if none is named.
    """
    chosen = strongest_output(interactions) if output is None else output
    parts = {
        "two columns together": _pairs(interactions, labels, chosen),
        "each column with all others": _columns(interactions, labels, chosen),
    }
    parts = {heading: part for heading, part in parts.items() if part}
    every = [row for part in parts.values() for row in part]
    notes = ["H, whose square is the share of the effect's variance"]
    if any(np.isfinite(row.upper) for row in every):
        notes.append("line: 95% interval of what other rows would give")
    height = 32 + 14 * len(notes) + sum(_ROW * len(part) + 30 for part in parts.values())
    left = max(text_width(row.name) for row in every) + 14
    figure = new_figure(max(WIDTH, left + _RIGHT + _LEAST), height, palette)
    most = max([1.0, *(row.value for row in every if np.isfinite(row.value))])
    most = max([most, *(min(row.upper, _REACH * most) for row in every if np.isfinite(row.upper))])
    top = 30.0
    for heading, part in parts.items():
        last = heading == list(parts)[-1]
        margins = {"left": left, "right": _RIGHT, "top": top, "bottom": height - top - _ROW * len(part)}
        ax = new_axes(figure, palette, foot=last, **margins)
        ax.set_xlim(-0.02 * most, 1.04 * most)
        _rows(ax, part, heading, palette, left)
        if last:
            ticks(ax, "x", palette)
            for line, note in enumerate(notes):
                foot: dict[str, Any] = {
                    "at": "axes",
                    "shift": (_RIGHT - 8, -24 - 14 * line),
                    "ha": "right",
                    "va": "top",
                }
                write(ax, 1, 0, note, palette, fontsize=SMALL, **foot)
        top += _ROW * len(part) + 30
    if title:
        set_title(figure, finding(interactions, labels=labels, output=chosen), palette)
    return figure


def any_act_together(interactions: Any) -> bool:
    """Tell whether anything is there to be seen in the picture, of any output."""
    found = [np.asarray(values, dtype=float).ravel() for values in (interactions.overall, interactions.pairwise)]
    return bool((np.nan_to_num(np.concatenate(found)) > _CLEAR).any())


def strongest_output(interactions: Any) -> int:
    """Give the output of the strongest pair, or of the strongest column where there are no pairs."""
    found = interactions.unnormalized if len(interactions.pairs) else interactions.overall
    return int(np.argmax(np.nan_to_num(found).max(axis=0)))


def _rows(ax: Any, part: Sequence[_Row], heading: str, palette: Palette, left: float) -> None:
    values, y = np.array([row.value for row in part]), np.arange(len(part))
    sizes = [row.size for row in part if row.size is not None]
    ax.set_ylim(len(part) - 0.4, -0.6)
    ax.axvline(0, color=palette.muted, linewidth=1)
    ax.hlines(y, 0, values, color=palette.hair, linewidth=1)
    ax.hlines(y, [row.lower for row in part], [row.upper for row in part], color=palette.accent, linewidth=2)
    face = palette.accent if sizes else palette.paper
    dots: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 6.5, "markeredgewidth": 1.5}
    ax.plot(values, y, color=palette.accent, markerfacecolor=face, **dots)
    over: dict[str, Any] = {"at": "axes", "fontsize": SMALL, "color": palette.muted}
    write(ax, 0, 1, heading, palette, shift=(8 - left, 9), **over)
    write(ax, 1, 1, "H", palette, shift=(44, 9), ha="right", **over)
    if sizes:
        write(ax, 1, 1, "moves by", palette, shift=(_RIGHT - 8, 9), ha="right", **over)
    places = decimals(sizes)
    for row, (name, value, _, _, size) in enumerate(part):
        write(ax, 0, row, name, palette, at="row", shift=(-8, 0), ha="right")
        write(ax, 1, row, fixed(value, 2), palette, at="row", shift=(44, 0), ha="right", fontsize=SMALL + 0.5)
        if size is not None:
            told = fixed(size, places)
            write(ax, 1, row, told, palette, at="row", shift=(_RIGHT - 8, 0), ha="right", fontsize=SMALL + 0.5)


def _named(interactions: Any, labels: Mapping[str, str] | None, column: int, limit: int = 22) -> str:
    name = interactions.feature_names[column]
    return shown((labels or {}).get(name, name), limit)


def _pairs(interactions: Any, labels: Mapping[str, str] | None, output: int) -> list[_Row]:
    """Give the pairs that move predictions most."""
    if not len(interactions.pairs):
        return []
    values, sizes = (np.asarray(a)[:, output] for a in (interactions.pairwise, interactions.unnormalized))
    named: list[_Row] = []
    for i in np.argsort(-np.nan_to_num(sizes, nan=-1.0), kind="stable")[:_MOST]:
        first, second = interactions.pairs[i]
        both = f"{_named(interactions, labels, first, 18)} × {_named(interactions, labels, second, 18)}"
        named.append(
            _Row(both, float(values[i]), *_interval(interactions, "pairwise", int(i), output), float(sizes[i]))
        )
    return named


def _columns(interactions: Any, labels: Mapping[str, str] | None, output: int) -> list[_Row]:
    values = np.asarray(interactions.overall)[:, output]
    order = np.argsort(-np.nan_to_num(values, nan=-1.0), kind="stable")[:_MOST]
    return [
        _Row(
            _named(interactions, labels, int(j)), float(values[j]), *_interval(interactions, "overall", int(j), output)
        )
        for j in order
    ]


def _interval(interactions: Any, name: str, row: int, output: int) -> tuple[float, float]:
    """Give the ends of the interval of an H; NaN where it is not known."""
    ends = (getattr(interactions, f"{name}_{end}") for end in ("lower", "upper"))
    low, high = (np.nan if found is None else float(found[row, output]) for found in ends)
    return low, high


def finding(interactions: Any, *, labels: Mapping[str, str] | None = None, output: int | None = None) -> str:
    """Say which two columns move predictions together most, and what share of their effect's variance that is."""
    chosen = strongest_output(interactions) if output is None else output
    of = f" on {shown(interactions.outputs[chosen])}" if len(interactions.outputs) > 1 else ""
    pairs = _pairs(interactions, labels, chosen)
    if not pairs:
        return f"How strongly each column acts together with all others{of}"
    name, value, *_, size = pairs[0]
    if not value > _CLEAR:
        return f"No two columns act together{of}: what they do is the sum of what each does"
    first, second = name.split(" × ", 1)
    share = f"{value**2:.0%}" if value**2 >= _CLEAR else "less than 1%"
    return f"{first} and {second} act together most{of}: by {short(size, 2)}, {share} of the variance of what both do"


def describe(interactions: Any, *, labels: Mapping[str, str] | None = None, output: int | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    chosen = strongest_output(interactions) if output is None else output
    parts = [
        f"{row.name} {short(row.value)}{_between(row)}, moving predictions by {short(row.size or 0.0)}"
        for row in _pairs(interactions, labels, chosen)
    ]
    own = [f"{row.name} {short(row.value)}{_between(row)}" for row in _columns(interactions, labels, chosen)]
    pairs = f"H of pairs: {'; '.join(parts)}. " if parts else ""
    return f"{pairs}H of each column with all others: {'; '.join(own)}."


def _between(row: _Row) -> str:
    return f" ({short(row.lower)} to {short(row.upper)})" if row.lower < row.upper else ""
