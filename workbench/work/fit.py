"""Fit one model: on all development rows, or on the training rows of a fold."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.estimator import estimator_for
from workbench.families.engine import engine_of
from workbench.forms import Form
from workbench.metrics import metric
from workbench.table import Table

# A form of more numbers than this stands in its own file alone, not in the card too.
_MOST_IN_CARD = 5_000


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model fitted on the development rows, and what is known of it.

    Attributes
    ----------
    estimator : fitted estimator
    engine : str
        The library that did the work, with its version.
    holdout : dict of str to float
        Scores on the holdout; empty where there is none.
    form : FormFacts or None
    smallest_support : int or None
        How few training rows may stand behind one number of the form; None where nothing is promised.
    seconds : float
        What the fit took.
    """

    estimator: Any
    engine: str
    holdout: dict[str, float]
    form: FormFacts | None
    smallest_support: int | None
    seconds: float


@dataclass(frozen=True, eq=False)
class FormFacts:
    """A form as files, and what is said of it."""

    files: dict[str, bytes]
    columns: tuple[str, ...]
    size: int
    stored_numbers: int
    text: str
    latex: str
    plain: dict[str, Any] | None


def fit_model(
    table: Table,
    rows: np.ndarray,
    holdout: np.ndarray,
    *,
    name: str,
    family: str,
    params: Mapping[str, Any],
    metrics: Sequence[str],
) -> Fitted:
    """Fit on the development rows, score the holdout, and read the form."""
    started = time.perf_counter()
    estimator = _fit(table.take(rows), family, params)
    seconds = time.perf_counter() - started
    return Fitted(
        estimator=estimator,
        engine=engine_of(estimator.estimator_),
        holdout=_scores(estimator, table.take(holdout), metrics) if len(holdout) else {},
        form=None if estimator.form_ is None else _facts(estimator.form_, name),
        smallest_support=estimator.smallest_support_,
        seconds=seconds,
    )


def score_fold(
    table: Table,
    train: np.ndarray,
    test: np.ndarray,
    *,
    family: str,
    params: Mapping[str, Any],
    metrics: Sequence[str],
) -> dict[str, float]:
    """Fit on a fold's training rows and score its test rows; NaN where a score is undefined on them."""
    return _scores(_fit(table.take(train), family, params), table.take(test), metrics)


def _fit(table: Table, family: str, params: Mapping[str, Any]) -> Any:
    estimator = estimator_for(table.task, family, **params)
    return estimator.fit(
        table.X[list(table.features)],
        table.y,
        sample_weight=table.sample_weight,
        kinds={column.name: column.kind for column in table.schema},
        classes=table.classes,
    )


def _scores(estimator: Any, table: Table, metrics: Sequence[str]) -> dict[str, float]:
    X = table.X[list(table.features)]
    return {
        name: metric(name).score(estimator, X, table.y, classes=table.classes, sample_weight=table.sample_weight)
        for name in metrics
    }


def _facts(form: Form, name: str) -> FormFacts:
    return FormFacts(
        files=form.to_files(f"{name}.json"),
        columns=form.columns,
        size=form.size,
        stored_numbers=form.stored_numbers,
        text=str(form),
        latex=form.to_latex(),
        plain=form.to_dict() if form.stored_numbers <= _MOST_IN_CARD else None,
    )
