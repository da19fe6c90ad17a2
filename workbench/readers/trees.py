"""scikit-learn's trees: single ones, and ensembles that average them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.forms import Additive, Tree
from workbench.forms.cuts import float32_boundary


def read_tree(tree: Any, value: np.ndarray, *, support: bool, in_float32: bool) -> Tree:
    """Read a fitted ``sklearn.tree._tree.Tree``.

    scikit-learn casts X to float32 before it compares; each cut then becomes the exact float64 boundary of that.

    Parameters
    ----------
    tree : Tree
        The attribute ``tree_`` of a fitted scikit-learn tree.
    value : ndarray of shape (n_nodes, k)
        What each node predicts.
    support : bool
        Whether to keep the number of training rows in each node.
    in_float32 : bool
        Whether the library compares in float32.
    """
    cuts = float32_boundary(tree.threshold) if in_float32 else tree.threshold.astype(np.float64)
    leaf = tree.children_left < 0
    n_inputs = int(tree.n_features)
    return Tree(
        columns=tuple(str(j) for j in range(n_inputs)),
        levels=((),) * n_inputs,
        feature=np.where(leaf, -1, tree.feature).astype(np.intp),
        threshold=np.where(leaf, np.nan, cuts),
        subset=np.full(leaf.size, -1, dtype=np.intp),
        subsets=np.zeros((0, 1), dtype=np.bool_),
        left=tree.children_left.astype(np.intp),
        right=tree.children_right.astype(np.intp),
        missing_left=tree.missing_go_to_left.astype(np.bool_) & ~leaf,
        value=np.where(leaf[:, None], value, 0.0),
        support=tree.n_node_samples.astype(np.intp) if support else None,
    )


def read_trees(models: Sequence[Any], *, support: bool = False, in_float32: bool = True) -> Additive:
    """Read the average of fitted scikit-learn trees; one tree is its own average.

    Returns
    -------
    Additive
        With k = 1 for regression and for two classes (the share of the second), else one entry per class.
    """
    terms = []
    for model in models:
        value = model.tree_.value[:, 0, :].astype(np.float64)
        if value.shape[1] == 2:
            value = value[:, 1:]
        terms.append(read_tree(model.tree_, value, support=support, in_float32=in_float32))
    return Additive(np.zeros(terms[0].value.shape[1]), tuple(terms), float(len(models)))
