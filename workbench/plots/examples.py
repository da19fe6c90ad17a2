"""The picture of prototypes and criticisms: a table with a line for each column and the chosen rows side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots.axes import new_axes, new_figure, set_title, write
from workbench.plots.numbers import MISSING, decimals, fixed, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

_MOST_ROWS = 5  # of prototypes and of criticisms
_MOST_COLUMNS = 24
_LINE = 19.0
_GAP, _BETWEEN = 14.0, 26.0
_LEGEND = "missed: more rows are like it than prototypes are; overstated: fewer"


def draw(
    examples: Any, palette: Palette = LIGHT, *, labels: Mapping[str, str] | None = None, title: bool = True
) -> Any:
    """Draw the first five prototypes and criticisms: their values, what the model says, and what they stand for."""
    names = _lines(examples, labels)
    left = max(text_width(name, SMALL) for name in names) + 10
    spans: list[tuple[str, float, list[float], list[list[str]]]] = []
    right = left
    for head, columns in _parts(examples):
        wide = [max(text_width(text, SMALL) for text in cells) + _GAP for cells in columns]
        wide[0] += max(0.0, text_width(head, SMALL) + _GAP - sum(wide))
        start = right + (_BETWEEN - _GAP if spans else 0)
        right = start + sum(wide)
        spans.append((head, start, (start + np.cumsum(wide)).tolist(), columns))
    notes = _notes(examples)
    width = max([right, *(text_width(note, SMALL) + 6 for note in notes)]) + 10
    height = _place(len(names) + len(notes)) - 2
    figure = new_figure(width, height, palette)
    ax = new_axes(figure, palette, left=0, right=0, bottom=0, top=0, foot=False)
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    for head, start, ends, columns in spans:
        write(ax, start + _GAP, 10, head, palette, fontsize=SMALL, color=palette.muted)
        ax.hlines(20, start + _GAP, ends[-1], color=palette.muted, linewidth=1)
        for end, cells in zip(ends, columns, strict=True):
            for line, text in enumerate(cells):
                write(ax, end, _place(line), text, palette, fontsize=SMALL, ha="right")
    n_heads = len(names) - min(len(examples.feature_names), _MOST_COLUMNS)
    for line, name in enumerate(names):
        tone = palette.muted if line < n_heads else palette.ink
        write(ax, 6, _place(line), name, palette, fontsize=SMALL, color=tone)
        if line:
            ax.hlines(_place(line) - _LINE / 2, 6, right, color=palette.hair, linewidth=0.6)
    for line, note in enumerate(notes, len(names)):
        write(ax, 6, _place(line) + 2, note, palette, fontsize=SMALL, color=palette.muted)
    if title:
        set_title(figure, finding(examples), palette)
    return figure


def finding(examples: Any) -> str:
    """Say how many rows stand for all, and for how much the first of them does."""
    n, k = len(examples.prototypes), len(examples.criticisms)
    most = _percent(float(np.max(examples.shares)))
    told = "One row stands for all others" if n == 1 else f"{n} rows stand for all others, one of them for {most}"
    these = "this one" if n == 1 else "these"
    return told + (f"; {'one fits' if k == 1 else f'{k} fit'} {these} least" if k else "")


def describe(examples: Any, *, labels: Mapping[str, str] | None = None) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    told = []
    for what, which in (("Prototype", 0), ("Criticism", 1)):
        lines = (examples.prototype_rows, examples.criticism_rows)[which][:_MOST_ROWS]
        heads = _standing(examples, which)
        for place, (row, head) in enumerate(zip(lines, heads, strict=True), 1):
            values = ", ".join(
                f"{_name(name, labels)} {_cell(value, 20)}"
                for name, value in list(zip(examples.feature_names, row, strict=True))[:_MOST_COLUMNS]
            )
            told.append(f"{what} {place} ({head}): {values}")
    end = " Missed: more rows than the prototypes stand for. Overstated: fewer." if len(examples.criticisms) else ""
    return ". ".join(told) + "." + end


def _lines(examples: Any, labels: Mapping[str, str] | None) -> list[str]:
    """Name the lines of the table: what a row stands for, what the model says, then the columns."""
    outputs = examples.outputs
    said = "most probable" if len(outputs) > 1 else "prediction"
    if len(outputs) == 1 and outputs[0] != "prediction":
        said = f"prediction: {shown(outputs[0], 14)}"
    head = ["share of rows nearest"] + ([said] if examples.predictions is not None else [])
    return head + [_name(name, labels) for name in examples.feature_names[:_MOST_COLUMNS]]


def _parts(examples: Any) -> list[tuple[str, list[list[str]]]]:
    """Give headings and texts of prototypes and of criticisms, row by row; a part without rows is left out."""
    n = [min(len(rows), _MOST_ROWS) for rows in (examples.prototype_rows, examples.criticism_rows)]
    rows = [*examples.prototype_rows[: n[0]], *examples.criticism_rows[: n[1]]]
    lines = [_standing(examples, 0) + _standing(examples, 1)]
    if examples.predictions is not None:
        said = np.asarray(examples.predictions, dtype=float)
        first = len(examples.prototypes)
        lines.append(_said(np.concatenate([said[: n[0]], said[first : first + n[1]]]), examples.outputs))
    lines += [_aligned([row[j] for row in rows]) for j in range(min(len(examples.feature_names), _MOST_COLUMNS))]
    columns = [list(column) for column in zip(*lines, strict=True)]
    found = []
    for what, all_rows, part in (
        ("prototypes", examples.prototype_rows, columns[: n[0]]),
        ("criticisms", examples.criticism_rows, columns[n[0] :]),
    ):
        more = f", the first {_MOST_ROWS} of {len(all_rows)}" if len(all_rows) > _MOST_ROWS else ""
        if part:
            found.append((what + more, part))
    return found


def _standing(examples: Any, which: int) -> list[str]:
    if which:
        return ["missed" if value > 0 else "overstated" for value in examples.witness[:_MOST_ROWS]]
    return [_percent(float(share)) for share in examples.shares[:_MOST_ROWS]]


def _said(predictions: np.ndarray, outputs: Sequence[str]) -> list[str]:
    if predictions.shape[1] == 1:
        places = decimals(predictions[:, 0].tolist())
        return [fixed(value, places) for value in predictions[:, 0].tolist()]
    return [shown(outputs[k], 11) for k in predictions.argmax(axis=1)]


def _notes(examples: Any) -> list[str]:
    hidden = len(examples.feature_names) - _MOST_COLUMNS
    notes = [f"and {hidden} more column{'s' if hidden > 1 else ''}"] if hidden > 0 else []
    return notes + ([_LEGEND] if len(examples.criticisms) else [])


def _percent(share: float) -> str:
    return "< 1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


def _name(name: str, labels: Mapping[str, str] | None) -> str:
    return shown((labels or {}).get(name, name), 26)


def _aligned(values: Sequence[Any]) -> list[str]:
    """Write a line of the table: its numbers with as many decimals as the one that needs most has."""
    numbers = [float(value) for value in values if value is not None and not isinstance(value, str)]
    texts = [short(value, 4) for value in numbers]
    places = max((len(text.partition(".")[2]) for text in texts), default=0)
    if not places or any("×" in text for text in texts):
        return [_cell(value, 11) for value in values]
    plain = [value is None or isinstance(value, str) for value in values]
    return [_cell(v, 11) if keep else fixed(v, places) for v, keep in zip(values, plain, strict=True)]


def _cell(value: Any, limit: int) -> str:
    if value is None:
        return MISSING
    return shown(value, limit) if isinstance(value, str) else short(float(value), 4)


def _place(line: int) -> float:
    return 20 + _LINE * (line + 0.5) + (2 if line else 0)
