"""Explain one fitted model by one method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.answers import Answer
from workbench.explainers import explain, explainer
from workbench.sampling import draw_rows
from workbench.table import Table
from workbench.work.fit import Fitted


def explain_model(
    table: Table,
    fitted: Fitted,
    development: np.ndarray,
    holdout: np.ndarray,
    *,
    method: str,
    options: Mapping[str, Any],
    seed: int,
    drawn: str | None = None,
) -> Answer:
    """Explain a model; the answer may hold rows, see `Answer.public`. `drawn` says how the given ones were drawn."""
    answer = ask(table, fitted.estimator, development, holdout, method=method, options=options, seed=seed)
    return of_drawn(answer, drawn)


def of_drawn(answer: Answer, drawn: str | None) -> Answer:
    """Give the answer with a word on how its rows were drawn, where they were."""
    if drawn is None:
        return answer
    told = answer.provenance
    return answer.but(provenance=replace(told, parameters={**told.parameters, "drawn": drawn}))


def ask(
    table: Table,
    estimator: Any,
    development: np.ndarray,
    unseen: np.ndarray,
    *,
    method: str,
    options: Mapping[str, Any],
    seed: int,
) -> Answer:
    """Ask a method about a model on the rows that it is for.

    What needs scores, and what explains rows one by one, gets rows that the model has not seen, where there are any:
    of the latter a seeded draw. All else gets the development rows. Averages are over a seeded draw of the development
    rows, the same for every model: the answer's interval says what that leaves open.
    """
    found = explainer(method)
    columns = list(estimator.feature_names_in_)
    rows = unseen if len(unseen) and (found.needs_y or found.most_rows is not None) else development
    rows = draw_rows(rows, found.most_rows, [seed, 1])
    weighted = part = table.take(rows)
    given: dict[str, Any] = {"y": part.y} if found.needs_y else {}
    if found.uses_background:
        background = draw_rows(development, found.most_background, seed)
        if not np.array_equal(background, rows):
            weighted = table.take(background)
            given["background"] = weighted.X[columns]
    return explain(
        estimator,
        method,
        part.X[columns],
        sample_weight=weighted.sample_weight,
        random_state=seed,
        positive=table.classes[1] if table.task == "binary" else None,
        **given,
        **options,
    )
