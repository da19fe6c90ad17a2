"""The picture of price: how much models fall short of a reference on the same folds, with intervals and chances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.plots.axes import new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import decimals, fixed, interval, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 400.0
_CHANCES = ("worse", "same", "better")
_COLUMN = 42.0  # of one of them
_LEAST = 150.0  # for the axes


def draw(
    comparison: Any,
    palette: Palette = LIGHT,
    *,
    region: float | None = None,
    metric: str = "",
    glassbox: Mapping[str, bool] | None = None,
    title: bool = True,
) -> Any:
    """Draw one comparison, or several of models or of references, a row each: right of zero the model is worse.

    Within the shaded `region`, by default that of the comparisons, a difference is too small to matter. Where they
    have probabilities these stand at the right: that the model is worse by more than the region, that the difference
    is within it, and that the model is better by more.
    """
    several: Sequence[Any] = comparison if isinstance(comparison, Sequence) else (comparison,)
    texts, names = [_price(c) for c in several], [shown(name, 24) for name in _names(several)]
    chances = any(not math.isnan(c.probability_worse) for c in several)
    if region is None and not math.isnan(several[0].region):
        region = several[0].region
    table = 3 * _COLUMN + 10 if chances else 0.0
    left = max(map(text_width, names)) + 14
    right = max(text_width(t, SMALL) for t in texts) + 14 + table
    width = max(WIDTH + table, left + right + _LEAST)
    figure = new_figure(width, 64 + 24 * len(several) + (10 if chances else 0), palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=46, top=24 if chances else 14)
    ax.set_ylim(len(several) - 0.4, -0.6)
    _limit(ax, several, region)
    if region:
        ax.axvspan(-region, region, color=palette.muted, alpha=0.14, linewidth=0)
    ax.axvline(0, color=palette.muted, linewidth=1)
    for row, c in enumerate(several):
        _mark(ax, row, c, (glassbox or {}).get(c.model, True), palette)
        write(ax, 0, row, names[row], palette, at="row", shift=(-8, 0), ha="right")
        write(ax, 1, row, texts[row], palette, at="row", shift=(right - table - 6, 0), ha="right", fontsize=SMALL)
    if chances:
        _write_chances(ax, several, right, palette)
    ticks(ax, "x", palette, bins=4 if width - left - right > 180 else 3)
    what = f"how much worse than {shown(several[0].reference, 20)}"
    if _is_of_references(several):
        what = f"how much worse {shown(several[0].model, 20)} is"
    axis: dict[str, Any] = {"shift": (0, -26), "ha": "center", "va": "top", "fontsize": SMALL}
    write(ax, 0.5, 0, f"{what} ({shown(metric or several[0].metric, 20)})", palette, at="axes", **axis)
    if title:
        set_title(figure, finding(several), palette)
    return figure


def _names(several: Sequence[Any]) -> list[str]:
    """Name each row by what differs: the model, or what it is compared with."""
    if not _is_of_references(several):
        return [c.model for c in several]
    return [f"{shown(c.reference, 14)} ({c.against})" if c.against in _BEST else c.reference for c in several]


_BEST = ("black box", "glass box")


def _is_of_references(several: Sequence[Any]) -> bool:
    return len({c.model for c in several}) == 1 and len({c.reference for c in several}) > 1


def _limit(ax: Any, several: Sequence[Any], region: float | None) -> None:
    ends = [0.0, *(v for c in several for v in (c.difference, c.lower, c.upper))]
    ends = [end for end in [*ends, *((region, -region) if region else ())] if math.isfinite(end)]
    margin = 0.06 * (max(ends) - min(ends)) or 1.0
    ax.set_xlim(min(ends) - margin, max(ends) + margin)


def _mark(ax: Any, row: int, c: Any, glass: bool, palette: Palette) -> None:
    colour = palette.accent if glass else palette.rival
    ax.hlines(row, c.lower, c.upper, color=colour, linewidth=2)
    fill = {"markeredgewidth": 1.6, "markerfacecolor": colour if glass else "none"}
    ax.plot([c.difference], [row], marker="o", markersize=7, color=colour, **fill)


def _write_chances(ax: Any, several: Sequence[Any], right: float, palette: Palette) -> None:
    """Write three columns of probabilities at the right edge, with their heads above."""
    for column, head in enumerate(_CHANCES):
        edge = right - 6 - _COLUMN * (2 - column)
        style = {"ha": "right", "fontsize": SMALL}
        write(ax, 1, 1, head, palette, at="axes", shift=(edge, 10), color=palette.muted, **style)
        for row, c in enumerate(several):
            chance = (c.probability_worse, c.probability_equivalent, c.probability_better)[column]
            write(ax, 1, row, _percent(chance), palette, at="row", shift=(edge, 0), **style)


def _percent(chance: float) -> str:
    """Write a probability, which no finite number of folds makes 0 or 1."""
    if math.isnan(chance):
        return "–"
    return "< 1%" if chance < 0.01 else "> 99%" if chance > 0.99 else f"{chance:.0%}"


def finding(comparisons: Sequence[Any]) -> str:
    """Say how many models are shown to be worse than the reference, and how many are not."""
    if _is_of_references(comparisons):
        return _against_references(comparisons)
    reference = shown(comparisons[0].reference, 30)
    worse = [c for c in comparisons if c.lower > 0]
    better = [c for c in comparisons if c.upper < 0]
    if len(comparisons) == 1:
        c = comparisons[0]
        verdict = "scores worse than" if worse else "scores better than" if better else "cannot be told apart from"
        return f"{shown(c.model)} {verdict} {reference}"
    if not worse and not better:
        return f"No model can be told apart from {reference}"
    parts = [
        f"{len(some)} {'is' if len(some) == 1 else 'are'} {way}"
        for some, way in ((worse, "worse"), (better, "better"))
        if some
    ]
    rest = len(comparisons) - len(worse) - len(better)
    unclear = f"; {rest} cannot be told apart from it" if rest else ""
    return f"Of {len(comparisons)} models {' and '.join(parts)} than {reference}{unclear}"


def _against_references(comparisons: Sequence[Any]) -> str:
    """Say what one model is worse than, better than, and not told apart from."""
    worse = [shown(c.reference, 20) for c in comparisons if c.lower > 0]
    better = [shown(c.reference, 20) for c in comparisons if c.upper < 0]
    rest = [shown(c.reference, 20) for c in comparisons if not c.lower > 0 and not c.upper < 0]
    told = [
        f"{way} {', '.join(names[:-1])}{' and ' if names[:-1] else ''}{names[-1]}"
        for way, names in (
            ("scores worse than", worse),
            ("scores better than", better),
            ("cannot be told apart from", rest),
        )
        if names
    ]
    return f"{shown(comparisons[0].model)} {', '.join(told)}"


def describe(comparisons: Sequence[Any]) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    of_references = _is_of_references(comparisons)
    parts = []
    for c in comparisons:
        told = f"{shown(c.reference if of_references else c.model)}: {_price(c)}"
        if not math.isnan(c.probability_worse):
            chances = (c.probability_worse, c.probability_equivalent, c.probability_better)
            told += ", " + ", ".join(f"{_percent(p)} {head}" for p, head in zip(chances, _CHANCES, strict=True))
        parts.append(told)
    first = comparisons[0]
    what = f"How much worse than {shown(first.reference)}"
    if of_references:
        what = f"How much worse {shown(first.model)} is than each"
    chance = ""
    if not math.isnan(first.probability_worse):
        chance = f"; then the probabilities of a difference of more than {short(first.region)}, or of less (same)"
    return f"{what}, with 95% interval; negative is better{chance}. {'; '.join(parts)}."


def _price(c: Any) -> str:
    """Write a difference to two digits of its own interval's half width."""
    places = decimals([], [(c.upper - c.lower) / 2])
    return f"{fixed(c.difference, places)} {interval(c.lower, c.upper, places)}"
