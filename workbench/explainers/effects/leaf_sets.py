"""Which rows meet what a tree's leaves ask of each column: sets of rows as bits, for all mixtures of rows at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.explainers.score import used_columns
from workbench.forms import Frame, Tree

_WORD = 64
_NUMBERS = 2**21  # of leaves by values at a time
_WORDS = 2**19  # of the sets of rows of trees that are looked at together


class RowSets:
    """The rows of a frame as sets of bits, in words of 64: those with a value up to a number, and so on.

    Parameters
    ----------
    frame : Frame
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.all = pack(np.ones((1, frame.n_rows), dtype=np.bool_))[0]
        self._upto: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def upto(self, name: str, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the rows with x <= t for each threshold, (n, n_words), and those without x, (n_words,)."""
        if name not in self._upto:
            x = self.frame.numbers(name)
            distinct = np.unique(x[~np.isnan(x)])
            table = pack(np.vstack([np.zeros(x.size, dtype=np.bool_), x <= distinct[:, None]]))
            self._upto[name] = (distinct, table, pack(np.isnan(x)[None])[0])
        distinct, table, missing = self._upto[name]
        return table[np.searchsorted(distinct, thresholds, side="right")], missing

    def left(self, tree: Tree, column: int, nodes: np.ndarray) -> np.ndarray:
        """Give the rows that go left at nodes that all ask of one column, (n_nodes, n_words)."""
        name, levels = tree.columns[column], tree.levels[column]
        missing_left = tree.missing_left[nodes]
        if levels:
            code = self.frame.codes(name, levels)
            gone = code > len(levels)
            goes = tree.subsets[tree.subset[nodes]][:, np.where(gone, 0, code)]
            goes[:, gone] = missing_left[:, None]
            return pack(goes)
        known, missing = self.upto(name, tree.threshold[nodes])
        return known | np.where(missing_left[:, None], missing, np.uint64(0))


def pack(truth: np.ndarray) -> np.ndarray:
    """Pack truth values (n, n_rows) into words of 64, (n, n_words), filled up with false."""
    n_words = -(-truth.shape[1] // _WORD)
    packed = np.zeros((len(truth), n_words * 8), dtype=np.uint8)
    bits = np.packbits(truth, axis=1)
    packed[:, : bits.shape[1]] = bits
    return packed.view(np.uint64)


def unpack(words: np.ndarray, n_rows: int) -> np.ndarray:
    """Give the truth values, 0 and 1, (n, n_rows), of words (n, n_words)."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, count=n_rows)


def members(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the sets' members: their rows, set after set, (n_members,), and where each set's begin, (n_sets + 1,)."""
    flat = np.ascontiguousarray(words).view(np.uint8)
    n_bytes = flat.shape[1]
    some = np.flatnonzero(flat != 0)
    which, bit = np.nonzero(np.unpackbits(flat.ravel()[some][:, None], axis=1))
    place = some[which]
    begin = np.searchsorted(place // n_bytes, np.arange(len(flat) + 1))
    return (place % n_bytes) * 8 + bit, begin


def leaf_sets(tree: Tree, rows: RowSets, place: Mapping[str, int]) -> np.ndarray:
    """Give for each group of columns and each leaf the rows that meet all that the leaf asks of these columns.

    Parameters
    ----------
    tree : Tree
    rows : RowSets
    place : mapping of str to int
        The group of each column, from 0 on without gaps; what is asked of columns that have none is left out.

    Returns
    -------
    ndarray of uint64, shape (n_groups, n_leaves, n_words)
        The leaves in the order of their nodes.
    """
    sets = np.empty((max(place.values()) + 1, tree.feature.size, rows.all.size), dtype=np.uint64)
    sets[:, 0] = rows.all
    level = np.zeros(1, dtype=np.intp)
    while (level := level[tree.feature[level] >= 0]).size:
        left, right = tree.left[level], tree.right[level]
        sets[:, left] = sets[:, right] = sets[:, level]
        for column in np.unique(tree.feature[level]).tolist():
            if (group := place.get(tree.columns[column])) is not None:
                here = tree.feature[level] == column
                goes = rows.left(tree, column, level[here])
                sets[group, left[here]] &= goes
                sets[group, right[here]] &= ~goes
        level = np.concatenate([left, right])
    return sets[:, tree.is_leaf]


@dataclass(frozen=True, eq=False)
class Grove:
    """Some trees whose leaves are looked at together: small trees one by one would cost more calls than work.

    Attributes
    ----------
    trees : tuple of Tree
    names : tuple of str
        The columns that some tree asks of.
    outputs : ndarray of int
        The entries of the score's vector that some tree speaks of: each tree of boosted classes of one alone.
    """

    trees: tuple[Tree, ...]
    names: tuple[str, ...]
    outputs: np.ndarray

    @classmethod
    def plant(cls, trees: Sequence[Tree], most_leaves: int) -> Iterator[Grove]:
        """Put trees that speak of the same outputs together, up to so many leaves; a tree may have more."""
        kinds: dict[tuple[int, ...], list[Tree]] = {}
        for tree in trees:
            kinds.setdefault(tuple(np.flatnonzero(tree.value.any(axis=0)).tolist()), []).append(tree)
        for outputs, alike in kinds.items():
            some: list[Tree] = []
            for tree in alike:
                if some and sum(int(each.is_leaf.sum()) for each in (*some, tree)) > most_leaves:
                    yield cls._of(some, outputs)
                    some = []
                some.append(tree)
            yield cls._of(some, outputs)

    @classmethod
    def _of(cls, trees: Sequence[Tree], outputs: Sequence[int]) -> Grove:
        names = sorted({name for tree in trees for name in used_columns(tree)})
        return cls(tuple(trees), tuple(names), np.array(outputs, dtype=np.intp))

    def sets(self, rows: RowSets, place: Mapping[str, int]) -> np.ndarray:
        """Give the sets of rows of all leaves, tree after tree, (n_groups, n_leaves, n_words): see `leaf_sets`."""
        return np.concatenate([leaf_sets(tree, rows, place) for tree in self.trees], axis=1)

    @property
    def value(self) -> np.ndarray:
        """The values of all leaves, (n_leaves, n_outputs)."""
        return np.concatenate([tree.value[tree.is_leaf][:, self.outputs] for tree in self.trees])


@dataclass(frozen=True, eq=False)
class Donors:
    """Values that columns are set to.

    Attributes
    ----------
    frame : Frame
        Its v-th row holds the v-th value of each column, also where these do not belong together.
    sizes : mapping of str to int
        How many values of each column count, of a product; empty where the columns of a set come from one donor.
    """

    frame: Frame
    sizes: Mapping[str, int]

    def n_values(self, columns: Sequence[str]) -> int:
        """Count the values, or combinations of values, that a set of columns takes."""
        return math.prod(self.sizes[name] for name in columns) if self.sizes else self.frame.n_rows

    def reach(self, offered: np.ndarray, names: Sequence[str], columns: Sequence[str]) -> np.ndarray:
        """Say which values reach which leaves, (n_leaves, n_values): the first of the columns runs slowest.

        `offered` (n_columns, n_leaves, n_words) holds the leaves' sets of donors for the columns called `names`.
        """
        n_leaves, n_rows = offered.shape[1], self.frame.n_rows
        if not self.sizes:
            met = np.bitwise_and.reduce(offered[[names.index(c) for c in columns if c in names]], axis=0)
            return unpack(met, n_rows)
        met = np.ones((n_leaves, 1), dtype=np.uint8)
        for column in columns:
            n = self.sizes[column]
            own = unpack(offered[names.index(column)], n_rows)[:, :n] if column in names else np.ones((1, n), np.uint8)
            met = (met[:, :, None] & own[:, None, :]).reshape(n_leaves, -1)
        return met


def tree_mixtures(
    trees: Sequence[Tree], rows: Frame, donors: Donors, sets: Sequence[tuple[str, ...]]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    r"""Sum trees over mixtures of rows: some columns of a donor, the others of a row.

    What a leaf asks of one column is independent of what it asks of another: with :math:`A_c(l)` the donors, and
    :math:`B_c(l)` the rows, that meet what leaf l asks of column c, the mixture of donor v and row i reaches l if v is
    in :math:`A_c(l)` for each column of the set and i in :math:`B_c(l)` for each other one. So each tree is walked once
    for all rows, columns and values, instead of once for each mixture.

    Parameters
    ----------
    trees : sequence of Tree
    rows : Frame
    donors : Donors
    sets : sequence of tuple of str
        The columns that come from a donor, one or several each.

    Returns
    -------
    moving : list of ndarray of shape (n_rows, n_values, k)
        For each set, the sum of the trees that ask of it.
    still : list of ndarray of shape (n_rows, k)
        The sum of the others.
    """
    k = trees[0].value.shape[1]
    moving = [np.zeros((rows.n_rows, donors.n_values(each), k)) for each in sets]
    still = [np.zeros((rows.n_rows, k)) for _ in sets]
    ours, theirs = RowSets(rows), RowSets(donors.frame)
    wide = (ours.all.size + theirs.all.size) * (1 + len({name for each in sets for name in each}))
    for grove in Grove.plant(trees, _WORDS // wide):
        apart = [position for position, each in enumerate(sets) if not set(grove.names) & set(each)]
        if apart:
            own = sum((tree.score(rows) for tree in grove.trees), np.zeros(k))
            for position in apart:
                still[position] += own
        if len(apart) < len(sets):
            # columns that no set has are one group: what is asked of them is asked together
            asked = [name for name in grove.names if any(name in each for each in sets)]
            place = {name: i for i, name in enumerate(asked)}
            offered, value = grove.sets(theirs, place), grove.value
            met = grove.sets(ours, {name: place.get(name, len(asked)) for name in grove.names})
            for position, each in enumerate(sets):
                if position not in apart:
                    outside = _others(met, [i for i, name in enumerate(asked) if name in each], ours.all)
                    total = moving[position]
                    step = max(1, _NUMBERS // (total.shape[1] * value.shape[1]))
                    for start in range(0, len(value), step):
                        part = slice(start, start + step)
                        reach = donors.reach(offered[:, part], asked, each)
                        total[:, :, grove.outputs] += _spread(outside[part], reach, value[part], rows.n_rows)
    return moving, still


def _others(met: np.ndarray, inside: Sequence[int], everyone: np.ndarray) -> np.ndarray:
    """Give for each leaf the rows that meet all that it asks of the columns which are not inside."""
    kept = [i for i in range(len(met)) if i not in inside]
    if not kept:
        return np.broadcast_to(everyone, met.shape[1:])
    return np.bitwise_and.reduce(met[kept], axis=0)


def _spread(rows: np.ndarray, reach: np.ndarray, value: np.ndarray, n_rows: int) -> np.ndarray:
    """Give the sum of the leaves' values at the mixtures that reach them, (n_rows, n_values, n_outputs)."""
    from scipy.sparse import csr_array

    useful = reach.any(axis=1) & rows.any(axis=1)
    rows, reach, value = rows[useful], reach[useful], value[useful]
    told = (reach[:, :, None] * value[:, None, :]).reshape(len(value), reach.shape[1] * value.shape[1])
    found, begin = members(rows)
    which = csr_array((np.ones(found.size), found, begin), shape=(len(value), n_rows))
    total: np.ndarray = (which.T @ told).reshape(n_rows, reach.shape[1], value.shape[1])
    return total
