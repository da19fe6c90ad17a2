"""What data, study and saved models give again without a fit: the places of results that cards mark so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.asked import Asked
from workbench.disclosure import without_totals
from workbench.evaluation.rules import rule_shares
from workbench.facts import describe_data, describe_splits, hidden_counts, number, source_facts, study_hash
from workbench.forms import Form
from workbench.study import Study
from workbench.work.fitted import MOST_IN_CARD


def of_run(told: Study, asked: Asked) -> dict[str, Any]:
    """Give the places of results.json that are checked without a refit.

    Parameters
    ----------
    told : Study
        The study with its source as the results name it, wherever the data are now.
    asked : Asked
        The study and the table of its data.
    """
    return {
        "study_hash": study_hash(told.to_dict()),
        "data": describe_data(asked.table, source_facts(told, asked.table)),
        "splits": describe_splits(asked.splits, asked.table.n_rows),
    }


def of_form(form: Form, path: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """Give the places of one model in results.json that its saved form alone gives; `told` is what they hold now."""
    private = bool(told["form"]["private"])
    fits = form.stored_numbers <= MOST_IN_CARD
    return {
        "form": {
            **told["form"],
            "path": f"models/{path.name}",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        },
        "size": form.size,
        "stored_numbers": form.stored_numbers,
        "features_used": list(form.columns),
        "form_dict": None if private or not fits else form.to_dict(),
        "form_text": None if private else str(form),
        "form_latex": None if private else form.to_latex(),
    }


def of_rows(form: Form, asked: Asked, *, private: bool) -> dict[str, Any]:
    """Give the places of one model that its saved form and the data give: holdout scores, and what its rules meet."""
    table, splits = asked.table, asked.splits
    held = table.take(splits.holdout) if len(splits.holdout) else None
    rules = None if private else rule_shares(form, table.take(splits.development), held)
    return {
        "holdout": None if held is None else _scores(form, asked, held),
        "rules": None if rules is None else without_totals(rules.to_dict(), hidden_counts(splits, table.n_rows)),
    }


class _Estimator:
    """A form with the face of a fitted estimator, as metrics ask one."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.predict, self.predict_proba = form.predict, form.predict_proba
        self.classes_ = np.array(form.classes)


def _scores(form: Form, asked: Asked, held: Any) -> dict[str, float | None]:
    estimator = _Estimator(form)
    return {
        m.name: number(m.score(estimator, held.X, held.y, classes=held.classes, sample_weight=held.sample_weight))
        for m in asked.metrics
    }
