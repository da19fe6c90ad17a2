"""Blocks of rows that may not be parted: made of groups and identical rows, chosen for a share, dealt to folds."""

from __future__ import annotations

import numpy as np
import pandas as pd


def join_blocks(groups: np.ndarray | None, same: np.ndarray | None) -> np.ndarray | None:
    """Give each row the number of its block: the connected components of groups and identical rows.

    Two rows are in one block when a chain of rows leads from one to the other, each in the same group as the next or
    identical to it. None where there is nothing to keep together.

    Examples
    --------
    >>> join_blocks(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    if groups is None or same is None:
        return same if groups is None else pd.factorize(groups)[0]
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    group = pd.factorize(groups)[0]
    n_groups = int(group.max()) + 1
    n_nodes = n_groups + int(same.max()) + 1  # a node per group and per distinct row, a link per row of the table
    links = coo_array((np.ones(len(same), dtype=np.int8), (group, n_groups + same)), shape=(n_nodes, n_nodes))
    _, component = connected_components(links, directed=False)
    return np.asarray(component[group], dtype=np.int64)


def choose_blocks(counts: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Choose blocks in random order, each one that brings the chosen rows per class nearer to their share.

    A block of v rows per class comes nearer to the m that are still missing when |m - v|^2 < |m|^2, that is
    v (2 m - v) > 0. m only shrinks, so a block that was refused once stays refused: long stretches are taken at once.
    """
    order = np.random.default_rng(seed).permutation(len(counts))
    missing = share * counts.sum(axis=0)
    chosen = np.zeros(len(counts), dtype=bool)
    while len(order):
        v = counts[order]
        before = np.cumsum(v, axis=0) - v
        nearer = (v * (2 * (missing - before) - v)).sum(axis=1) > 0
        stop = len(order) if nearer.all() else int(np.argmin(nearer))
        chosen[order[:stop]] = True
        missing = missing - v[:stop].sum(axis=0)
        order, v = order[stop:], v[stop:]
        order = order[(v * (2 * missing - v)).sum(axis=1) > 0]
    return chosen


def deal_blocks(counts: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Deal blocks to folds, larger ones first, each to the fold that has fewest rows of the block's classes.

    scikit-learn's StratifiedGroupKFold takes 0.3 ms a block (32 s for 100,000 rows), and GroupKFold balances either
    the rows or the shuffle, not both. Here blocks with the same rows per class are dealt at once: the m lowest steps of
    all folds are what m blocks fill, one after the other. Sizes are compared by powers of two only, so that seeds
    matter for few large blocks too.
    """
    rng = np.random.default_rng(seed)
    rng_order = rng.permutation(len(counts))
    kinds, kind = np.unique(counts[rng_order], axis=0, return_inverse=True)
    by_kind = np.split(rng_order[np.argsort(kind, kind="stable")], np.cumsum(np.bincount(kind))[:-1])
    magnitude = np.frexp(kinds.sum(axis=1))[1]
    held = np.zeros((n_folds, counts.shape[1]), dtype=np.int64)
    fold = np.empty(len(counts), dtype=np.int64)
    for k in np.lexsort((rng.permutation(len(kinds)), -magnitude)):
        blocks, v = by_kind[k], kinds[k]
        have = (held @ v) / (v @ v)
        most = min(len(blocks), int(len(blocks) / n_folds + np.ptp(have)) + 2)
        steps = have[:, np.newaxis] + np.arange(most)
        total = np.broadcast_to(held.sum(axis=1)[:, np.newaxis], steps.shape)  # empty folds first among equals
        fold[blocks] = np.lexsort((total.ravel(), steps.ravel()))[: len(blocks)] // most
        held += np.bincount(fold[blocks], minlength=n_folds)[:, np.newaxis] * v
    return fold
