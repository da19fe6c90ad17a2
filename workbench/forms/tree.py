"""The tree term: conditions on original columns, with a branch for missing and one for unseen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from workbench.forms.arrays import Fields, Pack
from workbench.forms.errors import FormError
from workbench.forms.frame import Bools, Floats, Frame, Ints


@dataclass(frozen=True, eq=False)
class Tree:
    """A binary tree of conditions; a row gets the value of the leaf that it reaches.

    A node goes left where ``x <= threshold`` (number columns) or where the level is in the node's set (category
    columns); where x is missing, `missing_left` decides. Children have higher positions than their parent.

    Attributes
    ----------
    columns : tuple of str
        The columns that the tree reads.
    levels : tuple of tuple of str
        For each column its levels; () for a number column.
    feature : ndarray of shape (n_nodes,)
        Position in `columns`; -1 at a leaf.
    threshold : ndarray of shape (n_nodes,)
        The exact float64 boundary; NaN at leaves and at category columns.
    subset : ndarray of shape (n_nodes,)
        At a category column the row of `subsets`; -1 elsewhere.
    subsets : ndarray of shape (n_subsets, 1 + most levels of a column)
        Which levels go left; the entry after a column's last level says where an unseen level goes.
    left, right : ndarray of shape (n_nodes,)
        Positions of the children; -1 at a leaf.
    missing_left : ndarray of shape (n_nodes,)
    value : ndarray of shape (n_nodes, k)
        The leaves' values; 0 at inner nodes.
    shown : ndarray of shape (n_nodes,) or None
        The cut as texts print it: the shortest decimal that separates the same training values.
    support : ndarray of shape (n_nodes,) or None
        The number of training rows in each node.
    """

    kind: ClassVar[str] = "tree"
    columns: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    feature: Ints
    threshold: Floats
    subset: Ints
    subsets: Bools
    left: Ints
    right: Ints
    missing_left: Bools
    value: Floats
    shown: Floats | None = None
    support: Ints | None = None

    @property
    def is_leaf(self) -> Bools:
        """Which nodes are leaves, shape (n_nodes,)."""
        return self.feature < 0

    @property
    def stored_numbers(self) -> int:
        """How many numbers the term holds: a cut and a column per condition, a vector per leaf."""
        leaves = int(self.is_leaf.sum())
        return 2 * (self.feature.size - leaves) + leaves * int(self.value.shape[1])

    def leaves(self, frame: Frame) -> Ints:
        """Give the leaf that each row reaches, shape (n_samples,)."""
        node = np.zeros(frame.n_rows, dtype=np.intp)
        values, codes = self._read(frame)
        rows = np.flatnonzero(self.feature[node] >= 0)
        while rows.size:
            at = node[rows]
            column = self.feature[at]
            go = values[column, rows] <= self.threshold[at]
            gone = np.isnan(values[column, rows])
            if codes is not None:
                by_set = self.subset[at] >= 0
                code = codes[column[by_set], rows[by_set]]
                go[by_set] = self.subsets[self.subset[at[by_set]], np.maximum(code, 0)]
                gone[by_set] = code < 0
            go = np.where(gone, self.missing_left[at], go)
            node[rows] = np.where(go, self.left[at], self.right[at])
            rows = rows[self.feature[node[rows]] >= 0]
        return node

    def score(self, frame: Frame) -> Floats:
        """Give the term's part of the score, shape (n_samples, k)."""
        return self.value[self.leaves(frame)]

    def _read(self, frame: Frame) -> tuple[Floats, Ints | None]:
        """Give numbers (NaN at category columns) and codes (-1 where missing), each of shape (n_columns, n_samples)."""
        key = (self.columns, self.levels)
        if key not in frame.matrices:
            values = np.full((len(self.columns), frame.n_rows), np.nan)
            codes = np.full(values.shape, -1, dtype=np.intp) if any(self.levels) else None
            for j, (name, levels) in enumerate(zip(self.columns, self.levels, strict=True)):
                if levels and codes is not None:
                    read = frame.codes(name, levels)
                    codes[j] = np.where(read > len(levels), -1, read)
                else:
                    values[j] = frame.numbers(name)
            # one is kept: trees of a forest share columns and follow one another, boosted trees may each have their own
            frame.matrices.clear()
            frame.matrices[key] = (values, codes)
        return frame.matrices[key]

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the term."""
        arrays = ("feature", "threshold", "subset", "subsets", "left", "right", "missing_left", "value")
        optional = [n for n in ("shown", "support") if getattr(self, n) is not None]
        return {
            "kind": self.kind,
            "columns": list(self.columns),
            "levels": [list(each) for each in self.levels],
            **{n: pack.put(getattr(self, n)) for n in (*arrays, *optional)},
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Tree:
        """Read what `to_dict` gave, checking that the nodes are a tree."""
        columns = fields.texts("columns")
        levels = _levels(fields.take("levels"), len(columns), fields.place)
        feature = fields.array("feature", None, kind="i")
        n = feature.size
        tree = cls(
            columns,
            levels,
            feature,
            fields.array("threshold", n),
            fields.array("subset", n, kind="i"),
            _subsets(fields, levels),
            fields.array("left", n, kind="i"),
            fields.array("right", n, kind="i"),
            fields.array("missing_left", n, kind="b"),
            fields.array("value", n, k),
            fields.array("shown", n) if "shown" in fields else None,
            fields.array("support", n, kind="i") if "support" in fields else None,
        )
        tree.check(fields.place)
        return tree

    def check(self, place: str) -> None:
        """Refuse nodes that are no tree, or that point outside it.

        Raises
        ------
        FormError
            If a child does not follow its parent or has two parents, or a column or set does not exist.
        """
        inner = np.flatnonzero(~self.is_leaf)
        n = self.feature.size
        children = np.concatenate([self.left[inner], self.right[inner]])
        if n == 0 or children.size != n - 1 or not np.array_equal(np.sort(children), np.arange(1, n)):
            raise FormError(f"{place}: the nodes are no tree: each but the first must be the child of one node")
        if (self.left[inner] <= inner).any() or (self.right[inner] <= inner).any():
            raise FormError(f"{place}: the nodes are no tree: a child must follow its parent")
        if (self.feature[inner] >= len(self.columns)).any():
            raise FormError(f"{place}.feature points to a column that is not listed")
        by_set = np.array([bool(each) for each in self.levels], dtype=np.bool_)[self.feature[inner]]
        subset = self.subset[inner]
        if (subset[by_set] < 0).any() or (subset >= len(self.subsets)).any() or (subset[~by_set] >= 0).any():
            raise FormError(f"{place}.subset points to a set that is not listed, or a number column has one")


def _subsets(fields: Fields, levels: tuple[tuple[str, ...], ...]) -> npt.NDArray[np.bool_]:
    width = 1 + max((len(each) for each in levels), default=0)
    raw = fields.peek("subsets")
    if raw == []:
        fields.take("subsets")
        return np.zeros((0, width), dtype=np.bool_)
    return fields.array("subsets", None, width, kind="b")


def _levels(value: Any, n_columns: int, place: str) -> tuple[tuple[str, ...], ...]:
    well = isinstance(value, list) and len(value) == n_columns
    if not well or not all(isinstance(e, list) and all(isinstance(v, str) for v in e) for e in value):
        raise FormError(f"{place}.levels must list the levels of each of the {n_columns} columns, as texts")
    return tuple(tuple(each) for each in value)
