"""What trees and rules ask on the way to each leaf, over original columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.forms import Rule, Term, Tree
from workbench.forms.frame import Bools, Floats, Frame, Ints
from workbench.forms.rules import Condition

_LEAVES = 4096  # of one tree, taken at once
_QUESTIONS = 2**17  # merged at once: some 10 MiB
_Key = tuple[str, tuple[str, ...], bool]


@dataclass(frozen=True, eq=False)
class Reading:
    """How questions about one column see it: as the cell that a value lies in.

    A number's cell is the number of cuts below it, so ``x <= cuts[i]`` holds where the cell is at most i. A level's
    cell is its position; one more is an unseen level.
    """

    column: str
    levels: tuple[str, ...]
    cuts: Floats | None  # None: levels

    @property
    def n_cells(self) -> int:
        """Count the cells of values that are not missing."""
        return (len(self.levels) if self.cuts is None else len(self.cuts)) + 1

    def cells(self, frame: Frame, rows: slice, missing: int) -> Ints:
        """Give the cell of each row, `missing` where the value is; shape (n_samples,)."""
        if self.cuts is None:
            codes = frame.codes(self.column, self.levels)[rows]
            return np.where(codes > len(self.levels), missing, codes)
        x = frame.numbers(self.column)[rows]
        return np.where(np.isnan(x), missing, np.searchsorted(self.cuts, x, side="left"))


@dataclass(frozen=True, eq=False)
class Questions:
    """One entry a question; several may ask the same column on the way to the same box.

    Attributes
    ----------
    box, reading : ndarray of int, shape (n_questions,)
        Whose way, and what column.
    first, last : ndarray of int, shape (n_questions,)
        The cells of a number column that go on; all of them for levels.
    missing : ndarray of bool, shape (n_questions,)
        Whether a missing value goes on.
    share : ndarray of shape (n_questions,) or None
        Of the training rows that are asked, those that go on.
    entry : ndarray of int, shape (n_questions,)
        The row of `rows`; -1 for a number column.
    rows : ndarray of bool, shape (n_entries, 1 + most levels of a column)
        The levels that go on, then whether an unseen one does.
    value : ndarray of shape (n_boxes, k)
    """

    box: Ints
    reading: Ints
    first: Ints
    last: Ints
    missing: Bools
    share: Floats | None
    entry: Ints
    rows: Bools
    value: Floats


def readings_of(terms: Sequence[Term]) -> tuple[Reading, ...]:
    """Collect the columns that trees and rules ask, and all cuts of number columns."""
    found: dict[_Key, list[Floats]] = {}
    for term in terms:
        if isinstance(term, Rule):
            for condition in term.conditions:
                found.setdefault(_key(condition), []).append(np.array([condition.lower, condition.upper]))
        elif isinstance(term, Tree):
            for j in np.unique(term.feature[~term.is_leaf]):
                key = (term.columns[j], term.levels[j], bool(term.levels[j]))
                found.setdefault(key, []).append(term.threshold[term.feature == j])
    return tuple(
        Reading(column, levels, None if by_level else _cuts(cuts)) for (column, levels, by_level), cuts in found.items()
    )


def _cuts(parts: list[Floats]) -> Floats:
    cuts = np.unique(np.concatenate(parts))
    return cuts[cuts < np.inf]  # nothing is above infinity: a cut there would part off a cell that no value has


def questions(terms: Sequence[Term], readings: tuple[Reading, ...]) -> Iterator[Questions]:
    """Give what trees and rules ask, some boxes at a time."""
    position = {(r.column, r.levels, r.cuts is None): i for i, r in enumerate(readings)}
    width = max((len(r.levels) for r in readings), default=0) + 1
    most = max(1, _QUESTIONS * 8 // (7 + width))
    with_share = all(isinstance(term, Tree) and term.support is not None for term in terms)
    waiting: list[Questions] = []
    for term in terms:
        for some in _of_tree(term, readings, position, width) if isinstance(term, Tree) else ():
            waiting.append(some)
            if sum(len(each.box) for each in waiting) >= most:
                yield _together(waiting, with_share)
                waiting = []
    rules = [term for term in terms if isinstance(term, Rule)]
    for start in range(0, len(rules), most // 4 + 1):
        waiting.append(_of_rules(rules[start : start + most // 4 + 1], readings, position, width))
        yield _together(waiting, with_share)
        waiting = []
    if waiting:
        yield _together(waiting, with_share)


def _of_tree(tree: Tree, readings: tuple[Reading, ...], position: dict[_Key, int], width: int) -> Iterator[Questions]:
    inner, leaves = np.flatnonzero(~tree.is_leaf), np.flatnonzero(tree.is_leaf)
    parent = np.full(tree.feature.size, -1, dtype=np.intp)
    parent[tree.left[inner]] = parent[tree.right[inner]] = inner
    reading, rank = np.full(parent.size, -1), np.zeros(parent.size, dtype=np.intp)
    for j in np.unique(tree.feature[inner]):
        at = np.flatnonzero(tree.feature == j)
        reading[at] = position[tree.columns[j], tree.levels[j], bool(tree.levels[j])]
        cuts = readings[reading[at[0]]].cuts
        if cuts is not None:
            rank[at] = np.searchsorted(cuts, tree.threshold[at])
    n_cells = np.array([r.n_cells for r in readings], dtype=np.intp)
    for start in range(0, len(leaves), _LEAVES):
        chunk = leaves[start : start + _LEAVES]
        box, node, child = _ways(parent, chunk)
        left, by_level = tree.left[node] == child, tree.subset[node] >= 0
        rows = np.zeros((int(by_level.sum()), width), dtype=np.bool_)
        if len(rows):
            wide = tree.subsets[tree.subset[node[by_level]]]
            rows[:, : wide.shape[1]] = np.where(left[by_level, None], wide, ~wide)
        last = n_cells[reading[node]] - 1
        yield Questions(
            box=box,
            reading=reading[node],
            first=np.where(left | by_level, 0, rank[node] + 1),
            last=np.where(left & ~by_level, rank[node], last),
            missing=tree.missing_left[node] == left,
            share=None if tree.support is None else _shares(tree.support, node, child),
            entry=np.where(by_level, np.cumsum(by_level) - 1, -1),
            rows=rows,
            value=tree.value[chunk],
        )


def _ways(parent: Ints, leaves: Ints) -> tuple[Ints, Ints, Ints]:
    """Climb from leaves to the root: for every step the position of the leaf, the node and its child on the way."""
    steps = []
    child, box = leaves, np.arange(len(leaves))
    while (above := parent[child] >= 0).any():
        child, box = child[above], box[above]
        steps.append((box, parent[child], child))
        child = parent[child]
    empty = np.zeros(0, dtype=np.intp)
    box, node, child = (np.concatenate([empty, *part]) for part in (zip(*steps, strict=True) if steps else ((),) * 3))
    return box, node, child


def _shares(support: Ints, node: Ints, child: Ints) -> Floats:
    rows = support[node].astype(np.float64)
    # where no row got to, half goes each way: only a row that is explained can be sent there
    return np.divide(support[child], rows, out=np.full(len(rows), 0.5), where=rows > 0)


def _of_rules(rules: Sequence[Rule], readings: tuple[Reading, ...], position: dict[_Key, int], width: int) -> Questions:
    asked = [(i, position[_key(c)], c) for i, rule in enumerate(rules) for c in rule.conditions]
    cells = np.zeros((len(asked), 2), dtype=np.intp)
    rows: list[Bools] = []
    entry = np.full(len(asked), -1, dtype=np.intp)
    for n, (_, j, condition) in enumerate(asked):
        cuts = readings[j].cuts
        if cuts is None:
            cells[n] = 0, readings[j].n_cells - 1
            entry[n] = len(rows)
            rows.append(np.pad(np.array(condition.inside, dtype=np.bool_), (0, width - len(condition.inside))))
        else:
            lower, upper = np.searchsorted(cuts, [condition.lower, condition.upper])
            cells[n] = lower + 1, upper
    return Questions(
        box=np.array([i for i, _, _ in asked], dtype=np.intp),
        reading=np.array([j for _, j, _ in asked], dtype=np.intp),
        first=cells[:, 0],
        last=cells[:, 1],
        missing=np.array([c.missing for _, _, c in asked], dtype=np.bool_),
        share=None,
        entry=entry,
        rows=np.array(rows, dtype=np.bool_).reshape(len(rows), width),
        value=np.array([rule.value for rule in rules]),
    )


def _key(condition: Condition) -> _Key:
    return condition.column, condition.levels, bool(condition.inside)


def _together(parts: list[Questions], with_share: bool) -> Questions:
    """Put questions together, counting boxes and entries on."""
    boxes = np.cumsum([0, *(len(part.value) for part in parts)])
    entries = np.cumsum([0, *(len(part.rows) for part in parts)])
    plain = ("reading", "first", "last", "missing", "rows", "value")
    return Questions(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in plain},
        box=np.concatenate([part.box + start for part, start in zip(parts, boxes, strict=False)]),
        entry=np.concatenate(
            [np.where(p.entry < 0, -1, p.entry + start) for p, start in zip(parts, entries, strict=False)]
        ),
        share=np.concatenate([part.share for part in parts if part.share is not None]) if with_share else None,
    )
