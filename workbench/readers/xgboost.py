"""XGBoost's trees, from the model that the library itself writes as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from workbench.forms import Additive, Tree
from workbench.forms.cuts import float32_boundary

# objectives whose base score stands on the scale of the response, with the link to the scale of the margin
_LINKS = {"binary:logistic": lambda p: np.log(p / (1 - p))}


def read_xgboost(model: Any) -> Additive:
    """Read a fitted XGBRegressor or XGBClassifier: margins as a sum of trees.

    A row goes left where float32(x) < split; each split becomes the exact float64 boundary of that. Missing values
    follow the default direction, and of a categorical split the stored categories go right.

    Returns
    -------
    Additive
        With k = 1 for regression and two classes, else one entry per class.
    """
    learner = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    n_classes = int(learner["learner_model_param"]["num_class"])
    k = max(n_classes, 1)
    base = np.array(json.loads(learner["learner_model_param"]["base_score"]), dtype=np.float64).ravel()
    link = _LINKS.get(learner["objective"]["name"])
    intercept = np.broadcast_to(base if link is None else link(base), (k,)).astype(np.float64)
    booster = learner["gradient_booster"]["model"]
    trees = zip(booster["trees"], booster["tree_info"], strict=True)
    n_inputs = int(learner["learner_model_param"]["num_feature"])
    return Additive(intercept, tuple(_tree(tree, int(output), k, n_inputs) for tree, output in trees))


def _tree(stored: dict[str, Any], output: int, k: int, n_inputs: int) -> Tree:
    order = _parents_first(stored["left_children"], stored["right_children"])
    place = np.full(len(stored["left_children"]), -1)
    place[order] = np.arange(order.size)
    left = np.array(stored["left_children"])[order]
    leaf = left < 0
    right = np.array(stored["right_children"])[order]
    split = np.array(stored["split_conditions"], dtype=np.float32)[order]
    sets = _sets(stored)
    width = 2 + max((max(codes, default=0) for codes in sets.values()), default=0)
    subset = np.full(order.size, -1)
    rows: list[np.ndarray] = []
    for node, codes in sets.items():
        subset[place[node]] = len(rows)
        goes_left = np.ones(width, dtype=np.bool_)
        goes_left[codes] = False
        rows.append(goes_left)
    value = np.zeros((order.size, k))
    value[leaf, output] = split[leaf]
    by_number = ~leaf & (subset < 0)
    before = np.nextafter(split, np.float32(-np.inf)).astype(np.float64)
    return Tree(
        columns=tuple(str(j) for j in range(n_inputs)),
        levels=((),) * n_inputs,
        feature=np.where(leaf, -1, np.array(stored["split_indices"])[order]).astype(np.intp),
        threshold=np.where(by_number, float32_boundary(before), np.nan),
        subset=subset.astype(np.intp),
        subsets=np.array(rows, dtype=np.bool_).reshape(len(rows), width),
        left=np.where(leaf, -1, place[left]).astype(np.intp),
        right=np.where(leaf, -1, place[right]).astype(np.intp),
        missing_left=np.array(stored["default_left"], dtype=np.bool_)[order] & ~leaf,
        value=value,
    )


def _parents_first(left: list[int], right: list[int]) -> np.ndarray:
    """Give the nodes that the root reaches, each after its parent."""
    order = [0]
    for node in order:
        order += [child for child in (left[node], right[node]) if child >= 0]
    return np.array(order)


def _sets(stored: dict[str, Any]) -> dict[int, list[int]]:
    """Give for each categorical split the categories that go right."""
    parts = zip(stored["categories_nodes"], stored["categories_segments"], stored["categories_sizes"], strict=True)
    return {node: stored["categories"][start : start + count] for node, start, count in parts}
