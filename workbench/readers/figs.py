"""imodels' greedy-tree sums: linked nodes, compared in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.forms import Additive, Tree


def read_figs(model: Any) -> Additive:
    """Read a fitted FIGSRegressor or FIGSClassifier: the sum of its trees; of two classes the second's share alone."""
    two = hasattr(model, "classes_") and model.n_outputs == 2
    supports = getattr(model, "supports_", [None] * len(model.trees_))
    terms = [_tree(root, model, two, counts) for root, counts in zip(model.trees_, supports, strict=True)]
    return Additive(np.zeros(1 if two else model.n_outputs), tuple(terms))


def reached(root: Any, Z: np.ndarray) -> np.ndarray:
    """Count the rows that reach each node of a tree, parents first."""
    nodes = _nodes(root)
    rows = {id(root): np.arange(len(Z))}
    for node in nodes:
        if node.left is not None:
            here = rows[id(node)]
            left = Z[here, node.feature] <= node.threshold
            rows[id(node.left)], rows[id(node.right)] = here[left], here[~left]
    return np.array([rows[id(node)].size for node in nodes])


def _nodes(root: Any) -> list[Any]:
    """List the nodes of a tree, each after its parent."""
    nodes = [root]
    for node in nodes:
        nodes += [child for child in (node.left, node.right) if child is not None]
    return nodes


def _tree(root: Any, model: Any, two: bool, support: np.ndarray | None) -> Tree:
    nodes = _nodes(root)
    place = {id(node): i for i, node in enumerate(nodes)}
    leaf = np.array([node.left is None for node in nodes])
    value = np.zeros((leaf.size, model.n_outputs))
    for i in np.flatnonzero(leaf):
        value[i] = np.ravel(nodes[i].value)
    if two:
        value = value[:, 1:]
    n = int(model.n_features)
    return Tree(
        columns=tuple(str(j) for j in range(n)),
        levels=((),) * n,
        feature=np.array([-1 if node.left is None else node.feature for node in nodes], dtype=np.intp),
        threshold=np.array([np.nan if node.left is None else node.threshold for node in nodes], dtype=np.float64),
        subset=np.full(leaf.size, -1, dtype=np.intp),
        subsets=np.zeros((0, 1), dtype=np.bool_),
        left=np.array([-1 if node.left is None else place[id(node.left)] for node in nodes], dtype=np.intp),
        right=np.array([-1 if node.right is None else place[id(node.right)] for node in nodes], dtype=np.intp),
        missing_left=np.zeros(leaf.size, dtype=np.bool_),
        value=value,
        support=None if support is None else support.astype(np.intp),
    )
