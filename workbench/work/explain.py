"""Explain one fitted model by one method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from workbench.answers import Answer, Attribution
from workbench.explainers import explain, explainer
from workbench.sampling import draw_rows
from workbench.table import Table
from workbench.work.fitted import Fitted
from workbench.work.profiles import profiles

_Told = TypeVar("_Told", bound=Answer)


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
    """Explain a model; the answer may hold rows of the data, see `Answer.public`.

    An `Attribution` tells of made-up rows too: see `workbench.work.profiles`. `drawn` says how the rows were drawn.
    """
    model = fitted.estimator
    answer = ask(table, model, development, holdout, method=method, options=options, seed=seed)
    if isinstance(answer, Attribution):
        answer = _with_profiles(answer, table, model, development, method=method, options=options, seed=seed)
    return of_drawn(answer, drawn)


def _with_profiles(
    answer: Attribution,
    table: Table,
    model: Any,
    development: np.ndarray,
    *,
    method: str,
    options: Mapping[str, Any],
    seed: int,
) -> Attribution:
    """Tell of made-up rows too."""
    found = explainer(method)
    X = table.take(development).X[list(model.feature_names_in_)]
    positive = _positive(table)

    def of(rows: pd.DataFrame) -> Any:
        given = {"random_state": seed, "positive": positive, **options}
        if found.uses_background:
            behind = table.take(draw_rows(development, found.most_background, seed))
            given |= {"background": behind.X[list(X.columns)], "sample_weight": behind.sample_weight}
        return explain(model, method, rows, **given)

    return answer.but(profiles=profiles(model, X, of, positive=positive))


def of_drawn(answer: _Told, drawn: str | None) -> _Told:
    """Give the answer with a word on how its rows were drawn, where they were."""
    if drawn is None:
        return answer
    told = answer.provenance
    return answer.but(provenance=replace(told, parameters={**told.parameters, "drawn": drawn}))


def _positive(table: Table) -> Any:
    return table.classes[1] if table.task == "binary" else None


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
        positive=_positive(table),
        **given,
        **options,
    )
