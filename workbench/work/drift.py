"""Compare the rows of the holdout with those that models are made of."""

from __future__ import annotations

import numpy as np

from workbench.answers import Drift
from workbench.evaluation.drift import drift
from workbench.table import Table
from workbench.work.explain import of_drawn


def compare_rows(
    table: Table, development: np.ndarray, holdout: np.ndarray, *, seed: int, drawn: str | None = None
) -> Drift:
    """Say in which features the holdout differs from the development rows."""
    X = table.X[list(table.features)]
    found: Drift = of_drawn(drift(X.iloc[development], X.iloc[holdout], random_state=seed), drawn)  # type: ignore[assignment]
    return found
