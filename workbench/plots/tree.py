"""The picture of a decision tree, from left to right: conditions, then what is predicted where they lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots.axes import new_figure, write
from workbench.plots.numbers import rows, short
from workbench.plots.style import LIGHT, SMALL, Palette, shown, text_width

_ROW = 40.0
_PAD = 34.0
_LONGEST = 52  # signs of a question


def draw(
    tree: Any,
    leaf_texts: Sequence[str],
    palette: Palette = LIGHT,
    *,
    labels: Mapping[str, str] | None = None,
    questions: Sequence[str] | None = None,
) -> Any:
    """Draw a tree term; the upper branch is where the condition holds.

    `leaf_texts` says for every node what is predicted there (read at leaves only), `questions` what is asked there (at
    inner nodes only; by default `condition`). Below each leaf stand the training rows that reach it.
    """
    depth, height = _depths(tree), _heights(tree)
    asked = questions or [condition(tree, i, labels or {}) for i in range(tree.feature.size)]
    texts = [leaf_texts[i] if tree.is_leaf[i] else shown(asked[i], _LONGEST) for i in range(tree.feature.size)]
    widths = [max(text_width(texts[i]) for i in np.flatnonzero(depth == d)) for d in range(depth.max() + 1)]
    lefts = np.concatenate([[0.0], np.cumsum([w + _PAD for w in widths])]) + 10
    total = (_ROW * (height.max() + 1) + 16, float(lefts[-1]) + 10)
    figure = new_figure(total[1], total[0], palette)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_xlim(0, total[1])
    ax.set_ylim(total[0], 0)
    y = 8 + _ROW * (height + 0.5)
    for i in range(tree.feature.size):
        left = float(lefts[depth[i]])
        if tree.is_leaf[i]:
            support = "" if tree.support is None else f"{rows(float(tree.support[i]))} rows"
            write(ax, left, y[i] - (7 if support else 0), texts[i], palette, fontweight="bold")
            write(ax, left, y[i] + 8, support, palette, fontsize=SMALL, color=palette.muted)
            continue
        write(ax, left, y[i], texts[i], palette)
        start = left + text_width(texts[i]) + 6
        for child, word, up in ((tree.left[i], "yes", -1), (tree.right[i], "no", 1)):
            end = float(lefts[depth[child]]) - 6
            bend = start + 5
            ax.plot([start, bend, bend, end], [y[i], y[i], y[child], y[child]], color=palette.muted, linewidth=1)
            write(ax, end - 1, y[child] + 7 * up, word, palette, fontsize=SMALL - 1, color=palette.muted, ha="right")
    return figure


def condition(tree: Any, node: int, labels: Mapping[str, str]) -> str:
    """Write the question that an inner node asks."""
    column = int(tree.feature[node])
    name = shown(labels.get(tree.columns[column], tree.columns[column]), 24)
    if tree.subset[node] >= 0:
        levels = tree.levels[column]
        left = [level for level, go in zip(levels, tree.subsets[tree.subset[node]], strict=False) if go]
        listed = ", ".join(shown(level, 14) for level in left[:3]) + (" …" if len(left) > 3 else "")
        return f"{name} is {listed}" if len(left) == 1 else f"{name} in {{{listed}}}"
    cut = tree.threshold[node] if tree.shown is None else tree.shown[node]
    return f"{name} ≤ {short(float(cut), 6)}" if np.isfinite(cut) else f"{name} is given"


def describe(tree: Any, leaf_texts: Sequence[str]) -> str:
    """Say how large the tree is and what it can predict, for those who do not see it."""
    leaves = np.flatnonzero(tree.is_leaf)
    inner = tree.feature.size - leaves.size
    return f"A tree of {inner} conditions and {leaves.size} outcomes. The text of the rules stands beside it."


def _depths(tree: Any) -> Any:
    depth = np.zeros(tree.feature.size, dtype=int)
    for i in np.flatnonzero(~tree.is_leaf):  # children follow their parent
        depth[tree.left[i]] = depth[tree.right[i]] = depth[i] + 1
    return depth


def _heights(tree: Any) -> Any:
    """Give every node its row: leaves one below the other, a parent midway between its children."""
    height = np.zeros(tree.feature.size)
    stack, next_row = [0], 0
    while stack:
        i = stack.pop()
        if tree.is_leaf[i]:
            height[i] = next_row
            next_row += 1
        else:
            stack += [int(tree.right[i]), int(tree.left[i])]
    for i in np.flatnonzero(~tree.is_leaf)[::-1]:
        height[i] = (height[tree.left[i]] + height[tree.right[i]]) / 2
    return height
