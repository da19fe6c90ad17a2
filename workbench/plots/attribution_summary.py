"""Pictures of attributions summed up over rows: how much each column adds on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots.attribution import link_words, name_axis, value_ticks, what_of, width_of
from workbench.plots.axes import new_axes, new_figure, set_title, write
from workbench.plots.numbers import MISSING, decimals, fixed, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

_MOST = 20
_WIDTH = 380.0
_STEP = 22.0
_Z = 1.96
_MARKS = "osD^vP"


def draw(
    summary: Any,
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    response: str = "",
    title: bool = True,
) -> Any:
    """Draw a row per column, most telling first: a dot at the mean absolute value, a line for its 95% interval.

    Several outputs stand side by side in a row, each with a colour and a mark. A grey stroke is what a model that was
    trained on a shuffled target has in place of the dot.
    """
    order = ranked(summary)[:_MOST]
    names = [shown((labels or {}).get(summary.feature_names[j], summary.feature_names[j]), 26) for j in order]
    means, errors = _table(summary.mean_abs)[order], _Z * np.nan_to_num(_table(summary.standard_error)[order])
    several = means.shape[1] > 1
    places = decimals(means.ravel())
    texts = [] if several else [fixed(float(mean), places) for mean in means[:, 0]]
    right = max((text_width(text) for text in texts), default=0.0) + 14
    step = _STEP + 5 * (min(means.shape[1], 6) - 1)
    noise = summary.noise is not None
    left, keys = max(map(width_of, names)) + 14, _keys(summary.outputs) if several else []
    top = 8 + 18.0 * (1 + max((line for _, line, _ in keys), default=-1))
    figure = new_figure(_WIDTH, 42 + 14 * noise + top + step * len(order), palette)
    ax = new_axes(figure, palette, left=left, right=right, bottom=42 + 14 * noise, top=top)
    for k, (name, line, along) in enumerate(keys):
        at: dict[str, Any] = {"at": "axes", "fontsize": SMALL}
        up = top - 12 - 18.0 * line
        write(ax, 0, 1, "■", palette, shift=(along - left, up), color=palette.series[k % 6], **at)
        write(ax, 0, 1, name, palette, shift=(along - left + 12, up), **at)
    ax.set_ylim(len(order) - 0.4, -0.6)
    low, high = np.maximum(means - errors, 0.0), means + errors
    reach = float(np.nanmax(high)) or 1.0
    ax.set_xlim(-0.03 * reach, 1.05 * reach)
    ax.axvline(0, color=palette.muted, linewidth=1)
    for k in range(means.shape[1]):
        y = np.arange(len(order)) + (0.6 * ((k + 0.5) / means.shape[1] - 0.5) if several else 0.0)
        colour = palette.series[k % 6] if several else palette.accent
        ax.hlines(y, low[:, k], high[:, k], color=colour, linewidth=2)
        ax.plot(means[:, k], y, linestyle="none", marker=_MARKS[k % 6] if several else "o", markersize=6, color=colour)
    if noise:
        chance = _table(summary.noise)[order].mean(axis=1)
        ax.plot(chance, np.arange(len(order)), linestyle="none", marker="|", markersize=14, color=palette.muted)
    value_ticks(ax, palette)
    _write_summary(ax, summary, names, texts, right, response, palette)
    if title:
        set_title(figure, finding(summary, labels=labels, response=response), palette)
    return figure


def _keys(outputs: Sequence[str]) -> list[tuple[str, int, float]]:
    """Place the names of outputs above the picture, line by line: name, line, and points from the left."""
    found: list[tuple[str, int, float]] = []
    line, along = 0, 8.0
    for output in outputs:
        name = shown(output, 18)
        wide = width_of(name, SMALL) + 12
        if found and along + wide > _WIDTH - 6:
            line, along = line + 1, 8.0
        found.append((name, line, along))
        along += wide + 14
    return found


def _write_summary(
    ax: Any, summary: Any, names: Sequence[str], texts: Sequence[str], right: float, response: str, palette: Palette
) -> None:
    for at, name in enumerate(names):
        write(ax, 0, at, name, palette, at="row", shift=(-8, 0), ha="right")
    for at, text in enumerate(texts):
        write(ax, 1, at, text, palette, at="row", shift=(right - 6, 0), ha="right", fontsize=SMALL + 0.5)
    name_axis(ax, f"mean change of the {_what(summary, response)}, up or down{link_words(summary, response)}", palette)
    if summary.noise is not None:
        told = "grey stroke: of a model trained on a shuffled target"
        name_axis(ax, told, palette, down=36)


def _what(summary: Any, response: str) -> str:
    if len(summary.outputs) == 1:
        return what_of(summary, 0, response)
    return response or what_of(summary, 0).partition(" of ")[0].removesuffix(" 0")


def ranked(summary: Any) -> Any:
    """Give the positions of the columns, most telling over all outputs first; ties stay in the order of the table."""
    return np.argsort(-np.nan_to_num(_table(summary.mean_abs)).sum(axis=1), kind="stable")


def finding(summary: Any, *, labels: Mapping[str, str] | None = None, response: str = "") -> str:
    """Say which columns add most to predictions, the first three by name."""
    total = np.nan_to_num(_table(summary.mean_abs)).sum(axis=1)
    order = [j for j in ranked(summary) if total[j] > 0]
    what = _what(summary, response)
    if not order:
        return f"No column adds anything to the {what}"
    names = [shown((labels or {}).get(summary.feature_names[j], summary.feature_names[j]), 26) for j in order[:3]]
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"The {what} changes most with {told}"


def describe(summary: Any, *, labels: Mapping[str, str] | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = []
    means, errors = _table(summary.mean_abs), _table(summary.standard_error)
    for j in ranked(summary)[:_MOST]:
        name = shown((labels or {}).get(summary.feature_names[j], summary.feature_names[j]))
        each = [
            (f"{shown(output, 20)} " if len(summary.outputs) > 1 else "")
            + short(float(mean))
            + ("" if np.isnan(error) else f" (standard error {short(float(error))})")
            for output, mean, error in zip(summary.outputs, means[j], errors[j], strict=True)
        ]
        parts.append(f"{name} {', '.join(each) or MISSING}")
    return "Mean absolute value of what each column adds. " + "; ".join(parts) + "."


def _table(values: Any) -> Any:
    """Give an array over columns and outputs."""
    array = np.asarray(values, dtype=float)
    return array.reshape(len(array), -1)
