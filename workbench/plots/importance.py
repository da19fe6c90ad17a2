"""The picture of importance: how much a score worsens when a column, or a group, is shuffled, repeat by repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench import metrics
from workbench.plots.axes import axes_size, new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 380.0
_MOST = 20
_MOST_GROUPS = 8
_FAR = 1.5  # a group so many times as important as any column alone is what the picture shows
_NOISE, _REFITS = "noise floor", "refits, 95%"


@dataclass(frozen=True)
class _Row:
    """A column, or a group: its name in one or two lines, the mean and the range of the repeats, and what is beside."""

    lines: tuple[str, ...]
    y: float
    mean: float
    low: float
    high: float
    noise: float = np.nan
    refits: tuple[float, float, float] | None = None  # lower, mean, upper

    @property
    def ends(self) -> tuple[float, ...]:
        return (self.mean, self.low, self.high, self.noise, *(self.refits or ()))


def draw(
    importance: Any,
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    metric: str = "",
    title: bool = True,
) -> Any:
    """Draw a row per feature, most important first: a dot at the mean, a line from the lowest to the highest repeat.

    Below a row's line lies the band of refits with their mean, where it is known; a short upright line marks the noise
    floor. Groups that were shuffled together stand below the features.
    """
    columns = _columns(importance, labels)
    groups = _groups(importance, labels, len(columns) + 1.0)
    rows = [*columns, *groups]
    pitch = 22 if importance.refits is None else 30
    last = rows[-1].y + (0.7 if groups else 0.4)
    top = 22 if any(np.isfinite(row.noise) for row in rows) else 6
    texts = [fixed(row.mean, decimals([row.mean for row in rows])) for row in rows]
    left = max(text_width(line, _size(row)) for row in rows for line in row.lines) + 14
    right = max(map(text_width, texts)) + 16
    figure = new_figure(WIDTH, 44 + top + pitch * (last + 0.6), palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=44, top=top)
    ax.set_ylim(last, -0.6)
    ax.set_xlim(*_limits(rows))
    _marks(ax, rows, palette)
    ax.axvline(0, color=palette.muted, linewidth=1)
    ticks(ax, "x", palette, bins=max(2, min(5, int(axes_size(ax)[0] // 44))))
    for row, text in zip(rows, texts, strict=True):
        _name(ax, row, 22 / pitch, palette)
        write(ax, 1, row.y, text, palette, at="row", shift=(right - 6, 0), ha="right", fontsize=SMALL + 0.5)
    if groups:
        style: dict[str, Any] = {"ha": "right", "fontsize": SMALL, "color": palette.muted}
        write(ax, 0, len(columns) - 0.12, "shuffled together", palette, at="row", shift=(-8, 0), **style)
    _foot(ax, importance, metric, palette)
    if title:
        set_title(figure, finding(importance, labels=labels), palette)
    return figure


def _columns(importance: Any, labels: Mapping[str, str] | None) -> list[_Row]:
    rows = []
    for place, i in enumerate(ranked(importance)[:_MOST]):
        band = importance.refits
        rows.append(
            _Row(
                lines=(_label(importance.feature_names[i], labels, 26),),
                y=float(place),
                mean=float(importance.importances_mean[i]),
                low=float(importance.importances[i].min()),
                high=float(importance.importances[i].max()),
                noise=_floor(importance, int(i)),
                refits=None if band is None else (float(band.lower[i]), float(band.mean[i]), float(band.upper[i])),
            )
        )
    return rows


def _floor(importance: Any, i: int) -> float:
    """Give the noise floor of a column, 0 where chance does not even help; NaN where it is not known."""
    return np.nan if importance.noise is None else float(np.maximum(importance.noise[i], 0.0))


def _groups(importance: Any, labels: Mapping[str, str] | None, start: float) -> list[_Row]:
    if importance.group_importances is None:
        return []
    means = importance.group_importances.mean(axis=1)
    rows = []
    for place, g in enumerate(np.argsort(-means, kind="stable")[:_MOST_GROUPS]):
        first, *others = importance.groups[g]
        more = _label(others[0], labels, 24) if len(others) == 1 else f"{len(others)} more"
        repeats = importance.group_importances[g]
        rows.append(
            _Row(
                lines=(_label(first, labels, 26), f"+ {more}"),
                y=start + 1.5 * place,
                mean=float(means[g]),
                low=float(repeats.min()),
                high=float(repeats.max()),
            )
        )
    return rows


def _label(name: str, labels: Mapping[str, str] | None, limit: int) -> str:
    return shown((labels or {}).get(name, name), limit)


def _size(row: _Row) -> float:
    return SMALL + 1.5 if len(row.lines) == 1 else SMALL


def _limits(rows: Sequence[_Row]) -> tuple[float, float]:
    known = [end for row in rows for end in row.ends if np.isfinite(end)] or [0.0]
    low, high = min(known), max(known)
    reach = max(high, -low) or 1.0
    return min(-0.03 * reach, 1.05 * low), 1.05 * max(high, 0.05 * reach)


def _marks(ax: Any, rows: Sequence[_Row], palette: Palette) -> None:
    """Draw repeats, refits and noise, and name the last two once, where there is room."""
    y = [row.y for row in rows]
    ax.hlines(y, [row.low for row in rows], [row.high for row in rows], color=palette.accent, linewidth=2)
    means = [row.mean for row in rows]
    ax.plot(means, y, linestyle="none", marker="o", markersize=6.5, color=palette.accent)
    small: dict[str, Any] = {"fontsize": SMALL - 1, "color": palette.muted}
    refitted = [(row, row.refits) for row in rows if row.refits is not None and np.isfinite(row.refits).all()]
    for row, (lower, mean, upper) in refitted:
        ax.hlines(row.y + 0.32, lower, upper, color=palette.muted, linewidth=4, alpha=0.35)
        ax.plot([mean], [row.y + 0.32], linestyle="none", marker="d", markersize=4.5, color=palette.muted)
    if refitted:
        row, (_, _, upper) = min(refitted, key=lambda each: max(each[0].high, each[1][2]))
        write(ax, max(upper, 0.0), row.y + 0.32, _REFITS, palette, shift=(6, 0), **small)
    noisy = [row for row in rows if np.isfinite(row.noise)]
    for row in noisy:
        ax.vlines(row.noise, row.y - 0.34, row.y + 0.34, color=palette.muted, linewidth=1.6)
    if noisy:
        write(ax, noisy[0].noise, 1, _NOISE, palette, at="column", shift=(0, 9), ha="center", **small)


def _name(ax: Any, row: _Row, share: float, palette: Palette) -> None:
    """Write the name of a row; of two lines one above and one below the middle."""
    style: dict[str, Any] = {"ha": "right", "fontsize": _size(row)}
    apart = 0.3 * share if len(row.lines) > 1 else 0.0
    for line, place in zip(row.lines, (row.y - apart, row.y + apart), strict=False):
        write(ax, 0, place, line, palette, at="row", shift=(-8, 0), **style)


def _foot(ax: Any, importance: Any, metric: str, palette: Palette) -> None:
    known = metrics.metric(importance.metric).title if importance.metric in metrics.metrics() else importance.metric
    score = shown(metric or known, 24)
    change = "fall" if importance.greater_is_better else "rise"
    what = "the column is shuffled" if importance.group_importances is None else "shuffled"
    text = f"{change} in {score} when {what}"
    style: dict[str, Any] = {"at": "axes", "shift": (0, -24), "ha": "center", "va": "top", "fontsize": SMALL}
    write(ax, 0.5, 0, text, palette, **style)


def ranked(importance: Any) -> Any:
    """Give the positions of the features, most important first; ties stay in the order of the table."""
    return np.argsort(-np.asarray(importance.importances_mean), kind="stable")


def finding(importance: Any, *, labels: Mapping[str, str] | None = None) -> str:
    """Say which columns the score rests on, the first three by name.

    A column counts where its lowest repeat lies above zero, and above the noise floor where that is known. A group that
    loses more than 1.5 times what any column loses alone is named in their place.
    """
    floor = np.zeros(len(importance.feature_names))
    if importance.noise is not None:
        floor = np.maximum(np.nan_to_num(importance.noise), 0.0)
    clear = [i for i in ranked(importance) if importance.importances[i].min() > floor[i]]
    most = float(importance.importances_mean[clear[0]]) if clear else 0.0
    if together := _group_ahead(importance, _FAR * most, floor):
        names = [_label(name, labels, 26) for name in together]
        if len(names) == 2:
            return f"The score rests most on {_listed(names)}, which move together"
        return f"The score rests most on {names[0]} and {len(names) - 1} columns that move with it"
    if not clear:
        return "Shuffling any single column makes no difference that stands out from chance"
    names = [_label(importance.feature_names[i], labels, 26) for i in clear[:3]]
    more = f", then {len(clear) - 3} more" if len(clear) > 3 else ""
    return f"The score rests most on {_listed(names)}{more}"


def _group_ahead(importance: Any, of: float, floor: Any) -> tuple[str, ...]:
    """Give the group that loses most, if its mean exceeds a number, and its repeats the floors of its columns."""
    repeats = importance.group_importances
    if repeats is None:
        return ()
    best = int(np.argmax(repeats.mean(axis=1)))
    names = tuple(importance.groups[best])
    chance = sum(floor[importance.feature_names.index(name)] for name in names)
    return names if repeats[best].mean() > of and repeats[best].min() > chance else ()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def describe(importance: Any, *, labels: Mapping[str, str] | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = []
    for i in ranked(importance)[:_MOST]:
        parts.append(_told(_label(importance.feature_names[i], labels, 30), importance.importances[i]))
        if importance.refits is not None:
            band = importance.refits
            parts[-1] += f", refits {short(band.mean[i])} [{short(band.lower[i])}, {short(band.upper[i])}]"
        if importance.noise is not None:
            parts[-1] += f", noise floor {short(_floor(importance, int(i)))}"
    text = "Mean over repeats, and lowest to highest repeat. " + "; ".join(parts) + "."
    if importance.group_importances is None:
        return text
    pairs = zip(importance.groups, importance.group_importances, strict=True)
    together = [_told(" + ".join(_label(n, labels, 30) for n in names), repeats) for names, repeats in pairs]
    return f"{text} Shuffled together: {'; '.join(together[:_MOST_GROUPS])}."


def _told(name: str, repeats: Any) -> str:
    return f"{name} {short(repeats.mean())} ({short(repeats.min())} to {short(repeats.max())})"
