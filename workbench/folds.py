"""Rows laid in folds and set aside: by class, by whole blocks, or forward in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.blocks import choose_blocks, deal_blocks
from workbench.table import Table

PARTS = 5  # that a holdout is scored in, where it is scored alone


class SplitError(ValueError):
    """A table can't be split as asked: names the setting, the numbers and the way out."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the development rows: row positions in the table, ascending.

    Where the holdout is scored alone, all development rows and one part of the holdout.
    """

    train: np.ndarray
    test: np.ndarray
    repeat: int
    number: int


# ---- rows in any order


def _class_counts(table: Table, rows: np.ndarray, blocks: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Give each row's block, numbered from 0, and the rows per block and class, shape (n_blocks, n_classes)."""
    block = np.arange(len(rows)) if blocks is None else pd.factorize(blocks[rows])[0]
    label = pd.factorize(table.y.to_numpy()[rows])[0] if table.classes else np.zeros(len(rows), dtype=np.int64)
    n_blocks, n_classes = int(block.max()) + 1, int(label.max()) + 1
    counts = np.bincount(block * n_classes + label, minlength=n_blocks * n_classes)
    return block, counts.reshape(n_blocks, n_classes)


def set_aside(
    table: Table, rows: np.ndarray, blocks: np.ndarray | None, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Part off a share of the rows of each class, by whole blocks."""
    if share == 0:
        return rows, rows[:0]
    block, counts = _class_counts(table, rows, blocks)
    held = choose_blocks(counts, share, seed)[block]
    if not held.any():
        unit = "row" if blocks is None else "block of rows that belong together"
        raise SplitError(
            f"split.holdout: {share} of {len(rows):,} rows is less than half of any {unit}; set 0 or a larger share"
        )
    return rows[~held], rows[held]


def lay_folds(
    table: Table, rows: np.ndarray, blocks: np.ndarray | None, n_folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give the rows that each fold trains on and tests."""
    if table.time is not None:
        parts = _forward(moments_of(table.time), rows, blocks, n_folds)
    elif blocks is None:
        parts = _by_row(table, rows, n_folds, seed)
    else:
        parts = _by_block(table, rows, blocks, n_folds, seed)
    for number, (train, test) in enumerate(parts):
        _check_training_part(table, train, number)
        yield train, test


def _by_row(table: Table, rows: np.ndarray, n_folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import KFold, StratifiedKFold

    if len(rows) < n_folds:
        raise SplitError(f"split.folds: {n_folds} folds need as many rows; there are {len(rows)} outside the holdout")
    splitter = (StratifiedKFold if table.classes else KFold)(n_folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(rows, pd.factorize(table.y.iloc[rows])[0]):
        yield rows[train], rows[test]


def _by_block(
    table: Table, rows: np.ndarray, blocks: np.ndarray, n_folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    block, counts = _class_counts(table, rows, blocks)
    if len(counts) < n_folds:
        raise SplitError(
            f"split.folds: {n_folds} folds need as many blocks of rows that belong together (groups, identical rows); "
            f"there are {len(counts):,} outside the holdout; set fewer folds"
        )
    fold = deal_blocks(counts, n_folds, seed)[block]
    for number in range(n_folds):
        yield rows[fold != number], rows[fold == number]


def lay_parts(
    table: Table, development: np.ndarray, held: np.ndarray, blocks: np.ndarray | None, seed: int
) -> Iterator[Fold]:
    """Divide the holdout into parts of whole blocks; forward in time into spans."""
    if table.time is not None:
        in_time = held[np.argsort(moments_of(table.time)[held], kind="stable")]
        parts = [np.sort(span) for span in np.array_split(in_time, PARTS)]
    else:
        block, counts = _class_counts(table, held, blocks)
        part = deal_blocks(counts, PARTS, seed)[block]
        parts = [held[part == number] for number in range(PARTS)]
    for number, test in enumerate(part for part in parts if len(part)):
        yield Fold(development, test, 0, number)


def _check_training_part(table: Table, train: np.ndarray, number: int) -> None:
    if not len(train):
        raise SplitError(
            f"fold {number + 1} has no row to train on: all rows before it share a block with the rows that it tests; "
            "set fewer folds, or take the role group or time from its column"
        )
    if table.classes and (absent := set(table.classes) - set(table.y.iloc[train].unique())):
        place = "before the time that it tests" if table.time is not None else "outside the group that it tests"
        raise SplitError(
            f"fold {number + 1} can't learn class {sorted(absent, key=str)[0]!r}: no row {place} has it; "
            "set fewer folds, or join the class with another or leave it out"
        )


# ---- forward in time


def moments_of(time: np.ndarray) -> np.ndarray:
    """Give the rank of each row's time among the distinct times."""
    moments = pd.factorize(time, sort=True)[0]
    if missing := int((moments < 0).sum()):
        raise SplitError(f"the time is missing in {missing:,} rows; give each row a time, or leave these rows out")
    return moments


def last_share(
    moments: np.ndarray, rows: np.ndarray, blocks: np.ndarray | None, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Part off the last share of the rows, at the nearest change of time; purge what shares a block with it."""
    if share == 0:
        return rows, rows[:0]
    _, moment, counts = np.unique(moments[rows], return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise SplitError("split.holdout: all rows have the same time, so there is no last share; set 0")
    before = np.cumsum(counts)[:-1]
    held = moment > int(np.argmin(np.abs(before - (1 - share) * len(rows))))
    return _purged(rows[~held], rows[held], blocks), rows[held]


def _forward(
    moments: np.ndarray, rows: np.ndarray, blocks: np.ndarray | None, n_folds: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give expanding windows over the distinct times."""
    from sklearn.model_selection import TimeSeriesSplit

    times, moment = np.unique(moments[rows], return_inverse=True)
    if len(times) <= n_folds:
        raise SplitError(
            f"split.folds: {n_folds} folds forward in time need {n_folds + 1} different times; "
            f"there are {len(times)} outside the holdout; set fewer folds"
        )
    for _, tested in TimeSeriesSplit(n_folds).split(times):
        test = rows[(moment >= tested[0]) & (moment <= tested[-1])]
        yield _purged(rows[moment < tested[0]], test, blocks), test


def _purged(train: np.ndarray, test: np.ndarray, blocks: np.ndarray | None) -> np.ndarray:
    return train if blocks is None else train[~np.isin(blocks[train], blocks[test])]
