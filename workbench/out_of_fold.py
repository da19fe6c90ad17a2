"""Probabilities for training rows by models that have not seen them: what a recalibration is fitted to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.families.family import Family
from workbench.forms.output import Recalibrated
from workbench.library_model import LibraryModel
from workbench.probability_maps import LEAST_ROWS, fit_probability_map
from workbench.training_rows import TrainingRows

N_FOLDS = 5

# the positions of the rows that a model is fitted on, and of those that it is asked about
Parts = Sequence[tuple[np.ndarray, np.ndarray]]


def stratified_folds(target: np.ndarray, seed: Any) -> Parts:
    """Lay five folds over rows at random, each class shared out evenly; fewer where a class has fewer rows.

    A seed that is no number counts as 0: what a generator draws next is the model's.

    Raises
    ------
    ValueError
        If a class has a single row.
    """
    from sklearn.model_selection import StratifiedKFold

    n_folds = min(N_FOLDS, int(np.bincount(target).min()))
    if n_folds < 2:
        raise ValueError("calibrate needs at least 2 rows of each class, and one has a single row; leave it out")
    number = int(seed) if isinstance(seed, int | np.integer) else 0
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=number)
    return list(splitter.split(np.zeros((len(target), 1)), target))


def given_folds(folds: Iterable[Any], used: np.ndarray) -> Parts:
    """Check folds that a caller lays over rows, and give them over the rows that are used.

    Parameters
    ----------
    folds : iterable of pairs of array-like of int
    used : ndarray of bool, shape (n_samples,)
        Which of the caller's rows are fitted on.

    Raises
    ------
    ValueError
        If a fold is no pair of positions of rows, trains on rows that it tests, or tests rows that another tests too.
    """
    n_rows, place = len(used), np.where(used, np.cumsum(used) - 1, -1)
    tested = np.zeros(n_rows, dtype=int)
    laid = []
    for number, fold in enumerate(folds):
        parts = [np.asarray(part) for part in fold]
        if len(parts) != 2 or not all(_are_positions(part, n_rows) for part in parts):
            raise ValueError(f"folds[{number}] must be two arrays of positions of rows, from 0 to {n_rows - 1}")
        if np.isin(parts[0], parts[1]).any():
            raise ValueError(f"folds[{number}] must not test rows that it trains on")
        np.add.at(tested, parts[1], 1)
        train, test = (at[at >= 0] for at in (place[part] for part in parts))
        laid.append((train, test))
    if not laid or tested.max() > 1:
        raise ValueError("folds must be one or more, which test each row once at most")
    return laid


def _are_positions(part: np.ndarray, n_rows: int) -> bool:
    whole = part.ndim == 1 and part.size > 0 and part.dtype.kind in "iu"
    return bool(whole and part.min() >= 0 and part.max() < n_rows)


def out_of_fold(
    family: Family, params: Mapping[str, Any], rows: TrainingRows, folds: Parts
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a model on each fold's training rows, and ask it about those that the fold tests.

    Returns
    -------
    tested : ndarray of int
        The positions of the rows that were tested; without those of which a model says nothing.
    proba : ndarray of shape (len(tested), n_classes)

    Raises
    ------
    ValueError
        If a fold can't learn a class, or fewer than 20 rows are left.
    """
    n_classes = int(rows.target.max()) + 1
    said = np.full((len(rows.target), n_classes), np.nan)
    for number, (train, test) in enumerate(folds):
        if len(np.unique(rows.target[train])) < n_classes:
            raise ValueError(
                f"{family.name}: calibrate: fold {number + 1} has no row of some class to train on; leave calibrate "
                "out, lay other folds, or join the class with another"
            )
        if len(test):
            model = LibraryModel.fit(family, params, rows.take(train))
            said[test] = model.predict_proba(rows.take(test).frame)
    tested = np.flatnonzero(np.isfinite(said).all(axis=1))
    if len(tested) < LEAST_ROWS:
        raise ValueError(
            f"{family.name}: calibrate needs at least {LEAST_ROWS} rows that models of other rows are asked about; got "
            f"{len(tested)}; leave it out, or take more rows"
        )
    return tested, said[tested]


def map_out_of_fold(
    method: str, family: Family, params: Mapping[str, Any], rows: TrainingRows, folds: Parts
) -> Recalibrated:
    """Fit a map to better probabilities on what models of the folds say of rows that they have not seen.

    Raises
    ------
    ValueError
        Where `out_of_fold` raises.
    """
    tested, said = out_of_fold(family, params, rows, folds)
    weight = None if rows.weight is None else rows.weight[tested]
    return fit_probability_map(said, rows.target[tested], weight, method)
