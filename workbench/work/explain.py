"""Explain one fitted model by one method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.disclosure import withheld
from workbench.explainers import explain, explainer
from workbench.table import Table
from workbench.work.fit import Fitted

# Methods that average over rows take a seeded draw of this many; the answer's interval says what that leaves open.
_BACKGROUND = 300


def explain_model(
    table: Table,
    fitted: Fitted,
    development: np.ndarray,
    holdout: np.ndarray,
    *,
    method: str,
    options: Mapping[str, Any],
    seed: int,
) -> dict[str, Any]:
    """Explain a model by its development rows; what needs scores, by the holdout where there is one."""
    scored = explainer(method).needs_y
    rows = holdout if scored and len(holdout) else development
    part = table.take(rows)
    columns = list(fitted.estimator.feature_names_in_)
    given: dict[str, Any] = {"y": part.y} if scored else {}
    weighted = part
    if explainer(method).uses_background and len(rows) > _BACKGROUND:
        drawn = np.random.default_rng(seed).choice(len(rows), _BACKGROUND, replace=False)
        weighted = part.take(np.sort(drawn))
        given["background"] = weighted.X[columns]
    answer = explain(
        fitted.estimator,
        method,
        part.X[columns],
        sample_weight=weighted.sample_weight,
        random_state=seed,
        positive=table.classes[1] if table.task == "binary" else None,
        **given,
        **options,
    )
    told: dict[str, Any] = _without_few(answer.to_dict(), part.n_rows)
    return told


def _without_few(value: Any, n_rows: int) -> Any:
    """Withhold the counts of rows that are below 10, or that the others give away: rows not shown are a part too."""
    if isinstance(value, list):
        return [_without_few(item, n_rows) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _without_few(item, n_rows) for key, item in value.items()}
    if counts := found.get("bin_counts"):
        found["bin_counts"] = withheld([*counts, n_rows - sum(counts)])[:-1]
    return found
