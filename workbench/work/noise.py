"""What chance alone makes: a model of a shuffled target, and its explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.answers import Answer
from workbench.table import Table
from workbench.work.explain import ask
from workbench.work.fit import fit_rows
from workbench.work.fitted import Fitted


def fit_noise(
    table: Table,
    rows: np.ndarray,
    *,
    family: str,
    params: Mapping[str, Any],
    seed: int,
    tuned: Fitted | None = None,
) -> Any:
    """Fit on the development rows after their target was shuffled, with the parameters that a search has chosen."""
    chosen = params if tuned is None else tuned.params
    return fit_rows(shuffled(table, [rows], seed).take(rows), family, chosen)


def explain_noise(
    table: Table,
    estimator: Any,
    development: np.ndarray,
    holdout: np.ndarray,
    *,
    method: str,
    options: Mapping[str, Any],
    seed: int,
) -> Answer | None:
    """Ask a method about a model of a shuffled target; scores are those of rows whose target was shuffled too."""
    noise = shuffled(table, [development, holdout], seed)
    return ask(noise, estimator, development, holdout, method=method, options=options, seed=seed).public()


def shuffled(table: Table, parts: Sequence[np.ndarray], seed: int) -> Table:
    """Shuffle the target among the rows of each part, by the seed; rows of one part keep to it.

    What belongs to the target goes along: weight, offset and exposure. So nothing is lost but what ties it to the
    features.
    """
    source = np.arange(table.n_rows)
    for number, rows in enumerate(parts):
        source[rows] = np.random.default_rng([seed, number]).permutation(rows)
    X = table.X.copy()
    for column in table.schema:
        if column.role in ("offset", "exposure"):
            X[column.name] = X[column.name].array[source]
    return replace(
        table,
        X=X,
        y=table.y.iloc[source].set_axis(table.y.index),
        sample_weight=None if table.sample_weight is None else table.sample_weight[source],
    )
