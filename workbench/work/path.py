"""Fit a family at one of the settings on its path from simple to complex, and count what its form holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.table import Table
from workbench.work.fit import fit_rows
from workbench.work.said import Said


@dataclass(frozen=True)
class Step:
    """Size and scores of one fold's model at one setting; no size where it has no form."""

    size: int | None
    scores: dict[str, float]


def score_step(
    table: Table,
    train: np.ndarray,
    test: np.ndarray,
    *,
    family: str,
    params: Mapping[str, Any],
    metrics: Sequence[str],
) -> Step:
    """Fit on a fold's training rows, and score its test rows."""
    estimator, tested = fit_rows(table.take(train), family, params), table.take(test)
    form = estimator.form_
    return Step(None if form is None else form.size, Said.of(estimator, tested, metrics).scores(tested, metrics))
