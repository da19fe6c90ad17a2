"""Explain the model of a fold as the study's own model is explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.answers import Answer
from workbench.table import Table
from workbench.work.explain import ask
from workbench.work.fit import Refit, fit_rows


def explain_refit(
    table: Table,
    refit: Refit,
    train: np.ndarray,
    development: np.ndarray,
    unseen: np.ndarray,
    *,
    family: str,
    params: Mapping[str, Any],
    method: str,
    options: Mapping[str, Any],
    seed: int,
) -> Answer | None:
    """Ask a method about a fold's model, on the same rows, background and grid as about the model of all rows.

    Where the study has no holdout, `unseen` are the fold's own test rows.
    """
    estimator = refit.estimator()
    if estimator is None:
        estimator = fit_rows(table.take(train), family, params)
    return ask(table, estimator, development, unseen, method=method, options=options, seed=seed).public()
