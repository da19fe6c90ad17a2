"""Compare the rows of the holdout with those that models are made of."""

from __future__ import annotations

import numpy as np

from workbench.answers import Drift
from workbench.evaluation.drift import drift
from workbench.table import Table
from workbench.work.explain import of_drawn


def compare_rows(
    table: Table,
    development: np.ndarray,
    holdout: np.ndarray,
    blocks: np.ndarray | None = None,
    *,
    seed: int,
    drawn: str | None = None,
) -> Drift:
    """Say in which features the holdout differs from the development rows.

    Parameters
    ----------
    table : Table
    development, holdout : ndarray of int
        Positions of rows.
    blocks : ndarray of shape (n_rows,), optional
        The number of each row's block, where rows belong together and were put on one side.
    seed : int
    drawn : str, optional
        How these rows were drawn, where they are not all.
    """
    X = table.X[list(table.features)]
    groups = None if blocks is None else (blocks[development], blocks[holdout])
    found = drift(X.iloc[development], X.iloc[holdout], groups=groups, random_state=seed)
    return of_drawn(found, drawn)
