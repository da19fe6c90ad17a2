"""The picture of repeated rows: each model's score with them kept together, and what it seems with them split apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.plots.axes import new_axes, new_figure, set_title, ticks, write
from workbench.plots.numbers import fixed, score_decimals, signed
from workbench.plots.panel import limits
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

WIDTH = 460.0


def draw(
    scores: Sequence[Any],
    palette: Palette = LIGHT,
    *,
    metric: str,
    dropped: bool = False,
    glassbox: Mapping[str, bool] | None = None,
    title: str = "",
) -> Any:
    """Draw a row per model, in the given order: a dot where repeats do not cross folds, a line to where they do.

    Parameters
    ----------
    scores : sequence
        Each with `model`, `guarded` and `ignore`, means over folds; models without one of both are left out.
    palette : Palette
    metric : str
        What the axis is called.
    dropped : bool
        Whether the first of each repeated row alone was kept, and not all of them together.
    glassbox : mapping of model to bool, optional
        Black boxes are drawn hollow, in the colour of rivals.
    title : str
        The finding, where the figure has to carry it.

    Raises
    ------
    ValueError
        If no model has both scores.
    """
    told = both(scores)
    if not told:
        raise ValueError("repeated rows: no model has a score under both readings, so there is nothing to draw")
    names = [shown(one.model, 24) for one in told]
    gaps = growths(told)
    left, right = max(map(text_width, names)) + 14, max(text_width(t, SMALL) for t in gaps) + 16
    figure = new_figure(max(WIDTH, left + right + 200), 78 + 22 * len(told), palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=46, top=24)
    ax.set_ylim(len(told) - 0.4, -0.6)
    ax.set_xlim(*limits([[one.guarded for one in told], [one.ignore for one in told]]))
    for row, one in enumerate(told):
        glass = (glassbox or {}).get(one.model, True)
        colour = palette.accent if glass else palette.rival
        ax.plot([one.guarded, one.ignore], [row, row], color=colour, linewidth=2, alpha=0.45, solid_capstyle="butt")
        ax.plot([one.ignore], [row], marker="|", markersize=10, markeredgewidth=2, color=colour)
        fill = {"markeredgewidth": 1.6, "markerfacecolor": colour if glass else palette.paper}
        ax.plot([one.guarded], [row], marker="o", markersize=7, color=colour, **fill)
        write(ax, 0, row, names[row], palette, at="row", shift=(-8, 0), ha="right")
        write(ax, 1, row, gaps[row], palette, at="row", shift=(right - 6, 0), ha="right", fontsize=SMALL)
    ticks(ax, "x", palette, grid=True)
    key = f"dot: {'first of each' if dropped else 'kept together'}; bar: split apart"
    write(ax, 0, 1, key, palette, at="axes", shift=(0, 10), fontsize=SMALL, color=palette.muted)
    write(ax, 0.5, 0, shown(metric, 30), palette, at="axes", shift=(0, -26), ha="center", va="top", fontsize=SMALL)
    if title:
        set_title(figure, title, palette)
    return figure


def both(scores: Sequence[Any]) -> list[Any]:
    """Give the models that have both scores."""
    return [one for one in scores if one.guarded is not None and one.ignore is not None]


def growths(scores: Sequence[Any]) -> list[str]:
    """Write how much higher each model's score is with repeated rows split apart."""
    places = score_decimals([value for one in scores for value in (one.guarded, one.ignore)])
    return [signed(one.ignore - one.guarded, places) for one in scores]


def finding(scores: Sequence[Any], *, greater_is_better: bool = True) -> str:
    """Say which model is best under each reading."""
    told = both(scores)
    sign = 1 if greater_is_better else -1
    first, other = (max(told, key=lambda one: sign * getattr(one, name)).model for name in ("guarded", "ignore"))
    if first == other:
        return f"{shown(first, 30)} is best either way; the other scores move"
    return f"Split apart, repeated rows make {shown(other, 30)} the best model; kept together, {shown(first, 30)} is"


def describe(scores: Sequence[Any], *, dropped: bool = False) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    told = both(scores)
    places = score_decimals([value for one in told for value in (one.guarded, one.ignore)])
    parts = [f"{shown(one.model, 30)} {fixed(one.guarded, places)}, {fixed(one.ignore, places)}" for one in told]
    guarded = "with the first of each repeated row alone" if dropped else "with repeated rows kept together"
    return f"Mean score of each model {guarded}, then with them split apart: {'; '.join(parts)}."
