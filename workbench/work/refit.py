"""Explain the models of the folds as the study's own model is explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.answers import Answer
from workbench.folds import Fold
from workbench.table import Table
from workbench.work.explain import ask
from workbench.work.fit import PartedTable, fit_rows
from workbench.work.fitted import Refit


def explain_refits(
    table: Table,
    refits: Sequence[Refit],
    folds: Sequence[Fold],
    development: np.ndarray,
    holdout: np.ndarray,
    *,
    family: str,
    method: str,
    options: Mapping[str, Any],
    seed: int,
    parted: PartedTable | None = None,
) -> tuple[Answer | None, ...]:
    """Ask a method about each fold's model, on the same rows, background and grid as about the model of all rows.

    Where the study has no holdout, what needs scores takes each fold's own test rows. One unit asks about all folds: a
    process for each would take longer to start than to answer.
    """
    answers = []
    for refit, fold in zip(refits, folds, strict=True):
        estimator = refit.estimator()
        if estimator is None:
            trainer = None if parted is None else parted.trainer(fold.train)
            estimator = fit_rows(table.take(fold.train), family, refit.params, trainer)
        # what was drawn of the development rows is drawn of the tested ones
        unseen = holdout if len(holdout) else fold.test[np.isin(fold.test, development)]
        answers.append(ask(table, estimator, development, unseen, method=method, options=options, seed=seed).public())
    return tuple(answers)
