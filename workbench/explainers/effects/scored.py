"""Mixtures of rows by the form of a model: of a sum, only the parts that read the columns are computed anew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.explainers.effects.leaf_sets import Donors, tree_mixtures
from workbench.explainers.effects.values import BLOCK_BYTES, Block, Columns, Values, level_flat, row_blocks
from workbench.explainers.rows import Rows, take
from workbench.explainers.score import Component, Score, used_columns
from workbench.explainers.stacks import MAX_ROWS
from workbench.forms import Additive, Frame, Identity, Picked, Tree


class _FromForm:
    """What a sum and any other score share: names, and the way from the body's vector to what is told."""

    source = "form"

    def __init__(self, score: Score, names: Sequence[str], rows: Rows, scale: str) -> None:
        self.outputs = score.outputs
        self._score, self._names, self._rows = score, tuple(names), rows
        self._straight = scale == "link" or (score.form is not None and isinstance(score.form.output, Identity))
        self.scale = score.scale if self._straight else "response"

    def _told(self, raw: np.ndarray) -> np.ndarray:
        """Give what is told, (..., n_outputs), for vectors of the body, (..., k)."""
        if self._straight:
            return raw @ self._score.select + self._score.shift
        said: np.ndarray = self._score.response(raw.reshape(-1, raw.shape[-1]))
        return said.reshape(*raw.shape[:-1], -1)

    def _mixed(self, frame: Frame, columns: Columns, donor: Frame, chosen: Sequence[np.ndarray]) -> Iterator[Picked]:
        """Give frames of all mixtures, row after row, in parts of some values each."""
        n = frame.n_rows
        step = max(1, MAX_ROWS // n)
        for start in range(0, len(chosen[0]), step):
            some = [positions[start : start + step] for positions in chosen]
            own = np.repeat(np.arange(n), len(some[0]))
            picks: dict[str, Any] = dict.fromkeys(self._names, (frame, own))
            picks |= {self._names[c]: (donor, np.tile(each, n)) for c, each in zip(columns, some, strict=True)}
            yield Picked(picks)

    def _cornered(self, frame: Frame, columns: Columns, donor: Frame, positions: Sequence[np.ndarray]) -> Picked:
        """Give a frame of rows with some columns set to values of each row's own."""
        picks: dict[str, Any] = dict.fromkeys(self._names, (frame, np.arange(frame.n_rows)))
        return Picked(picks | {self._names[c]: (donor, each) for c, each in zip(columns, positions, strict=True)})


class Scored(_FromForm):
    """Mixtures by a form that is no sum: rules, an equation, a kernel."""

    together = None

    def blocks(self, values: Values, sets: Sequence[Columns]) -> Iterator[Block]:
        """Give all mixtures, as `Mixtures.blocks` says."""
        values = values.compact()
        donor = self._score.frame(values.donor)
        body = self._score.body
        for rows in row_blocks(len(self._rows), 8 * body.k * max(map(values.count, sets))):
            frame = self._score.frame(take(self._rows, rows))
            for which, columns in enumerate(sets):
                if not {self._names[c] for c in columns} & set(body.columns):
                    still = self._told(body.score(frame))
                    yield Block(which, rows, np.zeros((len(still), values.count(columns), still.shape[1])), still)
                    continue
                parts = [
                    self._told(body.score(mixed)).reshape(frame.n_rows, -1, len(self.outputs))
                    for mixed in self._mixed(frame, columns, donor, values.of(columns))
                ]
                moving = np.concatenate(parts, axis=1)
                level_flat(moving)
                yield Block(which, rows, moving, np.zeros(moving[:, 0].shape))

    def difference(
        self, columns: Columns, donor: Rows, corners: Sequence[tuple[int, Sequence[np.ndarray]]]
    ) -> np.ndarray:
        """Add up what the form says of the corners, as `Mixtures.difference` says."""
        body, found = self._score.body, []
        used = {self._names[c] for c in columns} & set(body.columns)
        giver = self._score.frame(donor)
        for rows in row_blocks(len(self._rows), 64 * body.k * len(corners)):
            frame = self._score.frame(take(self._rows, rows))
            total = np.zeros((frame.n_rows, len(self.outputs)))
            for sign, positions in corners if used else ():
                some = [each[rows] for each in positions]
                total += sign * self._told(body.score(self._cornered(frame, columns, giver, some)))
            found.append(total)
        return np.concatenate(found)


class Summed(_FromForm):
    """Mixtures by the parts of a sum: those that read none of the columns are computed once a row."""

    def __init__(self, score: Score, names: Sequence[str], rows: Rows, scale: str) -> None:
        super().__init__(score, names, rows, scale)
        body = score.body
        if not isinstance(body, Additive):
            raise ValueError("the score is no sum")
        raw = replace(score, select=np.eye(body.k), shift=np.zeros(body.k))
        self._constant, self._divisor = raw.constant, body.divisor
        self._parts: list[Component] = []
        self._trees: list[Tree] = []
        for part in raw.components or ():
            self._trees += [term for term in part.terms if isinstance(term, Tree)]
            if plain := tuple(term for term in part.terms if not isinstance(term, Tree)):
                self._parts.append(replace(part, terms=plain))

    def blocks(self, values: Values, sets: Sequence[Columns]) -> Iterator[Block]:
        """Give all mixtures, as `Mixtures.blocks` says."""
        values = values.compact()
        donor = self._score.frame(values.donor)
        for rows in row_blocks(len(self._rows), self._bytes_per_row(values, sets)):
            frame = self._score.frame(take(self._rows, rows))
            own = [part.values(frame) for part in self._parts]
            grown = self._grown(frame, donor, values, sets)
            for which, (columns, (moving, still)) in enumerate(zip(sets, grown, strict=True)):
                still = still + self._constant
                read = {self._names[c] for c in columns}
                for part, value in zip(self._parts, own, strict=True):
                    if not read & set(part.columns):
                        still += value
                self._add_parts(moving, frame, columns, donor, values)
                yield self._block(which, rows, moving, still)

    @property
    def together(self) -> Sequence[frozenset[int]] | None:
        """The columns that each part of the sum reads; None where an inverse link comes after it."""
        if not self._straight:
            return None
        read = {part.columns for part in self._parts} | {used_columns(tree) for tree in self._trees}
        return [frozenset(map(self._names.index, columns)) for columns in read]

    def _block(self, which: int, rows: slice, moving: np.ndarray, still: np.ndarray) -> Block:
        if self._straight:
            return Block(which, rows, moving @ self._score.select, self._told(still))
        if not np.ptp(moving, axis=1).any():  # nothing moves: one answer a row
            told = self._told(still + moving[:, 0])
            return Block(which, rows, np.zeros((*moving.shape[:2], told.shape[1])), told)
        moving += still[:, None]
        told = self._told(moving)
        return Block(which, rows, told, np.zeros(told[:, 0].shape))

    def _grown(
        self, frame: Frame, donor: Frame, values: Values, sets: Sequence[Columns]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give what trees add, moving and still, for each set; of all sets at once only where there are trees."""
        k = self._constant.size
        if not self._trees:
            for columns in sets:
                yield np.zeros((frame.n_rows, values.count(columns), k)), np.zeros((frame.n_rows, k))
            return
        longest = max(map(len, values.positions.values()))
        picks = {
            self._names[column]: (donor, np.append(rows, np.repeat(rows[-1:], longest - len(rows))))
            for column, rows in values.positions.items()
        }
        for tree in self._trees:  # other columns are asked of, but in vain
            for name in tree.columns:
                picks.setdefault(name, (donor, np.zeros(longest, dtype=int)))
        sizes = {self._names[column]: len(rows) for column, rows in values.positions.items()}
        donors = Donors(Picked(picks), sizes if values.product else {})
        named = [tuple(self._names[c] for c in columns) for columns in sets]
        moving, still = tree_mixtures(self._trees, frame, donors, named)
        for m, s in zip(moving, still, strict=True):
            yield m / self._divisor, s / self._divisor

    def _add_parts(self, moving: np.ndarray, frame: Frame, columns: Columns, donor: Frame, values: Values) -> None:
        """Add the parts that read the columns, and are no trees, to mixtures (n_rows, n_values, k)."""
        read = {self._names[c] for c in columns}
        chosen = values.of(columns)
        given = Picked({self._names[c]: (donor, each) for c, each in zip(columns, chosen, strict=True)})
        both = []
        for part in self._parts:
            if read >= set(part.columns):
                moving += part.values(given)
            elif read & set(part.columns):
                both.append(part)
        start = 0
        for mixed in self._mixed(frame, columns, donor, chosen) if both else ():
            stop = start + mixed.n_rows // frame.n_rows
            for part in both:
                moving[:, start:stop] += part.values(mixed).reshape(frame.n_rows, stop - start, -1)
            start = stop

    def difference(
        self, columns: Columns, donor: Rows, corners: Sequence[tuple[int, Sequence[np.ndarray]]]
    ) -> np.ndarray:
        """Add up what the sum says of the corners, as `Mixtures.difference` says."""
        read = {self._names[c] for c in columns}
        giver, found = self._score.frame(donor), []
        whole = [*self._parts, *_components(self._trees, self._divisor)]
        ours = [part for part in whole if read & set(part.columns)]
        rest = [part for part in whole if not read & set(part.columns)]
        for rows in row_blocks(len(self._rows), 64 * self._constant.size * len(corners)):
            frame = self._score.frame(take(self._rows, rows))
            still = np.zeros((frame.n_rows, self._constant.size)) + self._constant
            if ours and not self._straight:
                still += sum((part.values(frame) for part in rest), np.zeros(1))
            total = np.zeros((frame.n_rows, len(self.outputs)))
            for sign, positions in corners if ours else ():
                mixed = self._cornered(frame, columns, giver, [each[rows] for each in positions])
                total += sign * self._told(still + sum((part.values(mixed) for part in ours), np.zeros(1)))
            found.append(total)
        return np.concatenate(found)

    def _bytes_per_row(self, values: Values, sets: Sequence[Columns]) -> float:
        k = self._constant.size
        counts = [values.count(columns) for columns in sets]
        kept = 8.0 * k * (len(self._parts) + 2 * (sum(counts) if self._trees else max(counts)))
        if not self._trees:
            return kept
        # sets of rows: of the largest tree a bit per row, node and column that is set, copied a few times; of each
        # column one set per distinct value, which is as many as rows
        groups = 1 + len({column for columns in sets for column in columns})
        bits = max(tree.feature.size for tree in self._trees) * groups
        most_rows = math.sqrt(8 * BLOCK_BYTES / max(len(tree.columns) for tree in self._trees))
        return max(kept, 0.5 * bits, BLOCK_BYTES / most_rows)


def _components(trees: Sequence[Tree], divisor: float) -> list[Component]:
    k = trees[0].value.shape[1] if trees else 0
    return [Component(tuple(sorted(used_columns(tree))), (tree,), np.eye(k) / divisor) for tree in trees]
