"""A tree cut to so few leaves that its picture can be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.forms import Tree


def pruned(tree: Tree, most: int) -> tuple[Tree, list[int], list[bool]]:
    """Cut a tree below the greatest depth at which it has at most so many leaves.

    A node where it was cut holds the mean of the leaves below, weighted by their training rows where these are known.

    Returns
    -------
    Tree
        The tree itself where it is small enough.
    list of int
        For each of its nodes the position in the whole tree.
    list of bool
        Whether the tree goes on there.
    """
    n = tree.feature.size
    if int(tree.is_leaf.sum()) <= most:
        return tree, list(range(n)), [False] * n
    depth = _depths(tree)
    allowed = [d for d in range(1, int(depth.max()) + 1) if _leaves_at(tree, depth, d) <= most] or [1]
    kept = np.flatnonzero(depth <= allowed[-1])
    ends = (depth[kept] == allowed[-1]) & ~tree.is_leaf[kept]
    place = np.full(n, -1)
    place[kept] = np.arange(kept.size)
    cut = replace(
        tree,
        feature=np.where(ends, -1, tree.feature[kept]),
        threshold=np.where(ends, np.nan, tree.threshold[kept]),
        subset=np.where(ends, -1, tree.subset[kept]),
        left=np.where(ends, -1, _moved(tree.left[kept], place)),
        right=np.where(ends, -1, _moved(tree.right[kept], place)),
        missing_left=tree.missing_left[kept],
        value=means(tree)[kept],
        shown=None if tree.shown is None else tree.shown[kept],
        support=None if tree.support is None else tree.support[kept],
    )
    return cut, kept.tolist(), ends.tolist()


def means(tree: Tree) -> np.ndarray:
    """Give for each node the mean of the leaves below it, weighted by training rows where these are known."""
    weight = np.ones(tree.feature.size) if tree.support is None else tree.support.astype(float)
    found, total = tree.value.astype(float).copy(), np.where(tree.is_leaf, weight, 0.0)
    for i in np.flatnonzero(~tree.is_leaf)[::-1]:  # children follow their parent
        both = [int(tree.left[i]), int(tree.right[i])]
        shares = total[both] if total[both].any() else np.ones(2)
        found[i] = np.average(found[both], axis=0, weights=shares)
        total[i] = total[both].sum()
    return found


def _moved(children: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.where(children < 0, -1, place[children])


def _depths(tree: Tree) -> np.ndarray:
    depth = np.zeros(tree.feature.size, dtype=int)
    for i in np.flatnonzero(~tree.is_leaf):
        depth[[tree.left[i], tree.right[i]]] = depth[i] + 1
    return depth


def _leaves_at(tree: Tree, depth: np.ndarray, most: int) -> int:
    """Count the leaves of a tree that is cut below a depth."""
    return int(((depth == most) | (tree.is_leaf & (depth < most))).sum())
