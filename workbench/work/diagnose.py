"""Diagnose one model: what it says of rows that it has not seen, looked at in many ways."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers import Answer
from workbench.disclosure import MIN_ROWS
from workbench.evaluation.calibration import calibration
from workbench.evaluation.conformal import LEAST_ROWS, conformal
from workbench.evaluation.fairness import fairness
from workbench.evaluation.overfit import overfit
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.recalibration import applied_recalibration, recalibration
from workbench.evaluation.residuals import residuals
from workbench.evaluation.robustness import robustness
from workbench.evaluation.row_losses import loss_title, row_losses
from workbench.evaluation.weak_regions import weak_regions
from workbench.magnitude import unit_of
from workbench.metrics import metric
from workbench.table import Table
from workbench.work.explain import of_drawn
from workbench.work.subject import HOLDOUT, OUT_OF_FOLD, CannotError, Subject

_FEWEST, _FEWEST_RESIDUALS = 2 * MIN_ROWS, 40
_LEVEL = 0.9  # of conformal intervals
_FEWEST_CALIBRATING = 109  # so that 10 of them lie outside at that level


class DiagnosticWarning(UserWarning):
    """A diagnostic that should have worked and did not; its message may hold values of the data."""


@dataclass(frozen=True, eq=False)
class Diagnostic:
    """One diagnostic: its answer, or the reason why there is none."""

    name: str
    answer: Answer | None = None
    reason: str = ""


def diagnose_model(table: Table, **given: Any) -> tuple[Diagnostic, ...]:
    """Run all diagnostics that go with the task; arguments are those of `Subject`, the metric by its name."""
    if given.get("alone"):  # what refits are asked elsewhere, the parts of the holdout are asked here
        given |= {"refits": given["fitted"].parts, "baseline_refits": given["baseline"].parts}
    subject = Subject(table, **{**given, "metric": metric(given["metric"])})
    return tuple(_run(name, question, subject) for name, question in _questions(table).items())


def _questions(table: Table) -> dict[str, Callable[[Subject], Answer]]:
    is_number = table.task == "regression"
    asked: dict[str, Callable[[Subject], Answer] | None] = {
        "calibration": _calibration,
        "recalibration": None if is_number else _recalibration,
        "residuals": _residuals if is_number else None,
        "weak_regions": _weak_regions,
        "conformal": _conformal,
        "robustness": _robustness,
        "overfit": _overfit,
        "fairness": None if table.sensitive is None else _fairness,
    }
    return {name: question for name, question in asked.items() if question is not None}


def _run(name: str, question: Callable[[Subject], Answer], subject: Subject) -> Diagnostic:
    """Ask a question; one that fails costs no other."""
    try:
        return Diagnostic(name, of_drawn(question(subject), None if name == "overfit" else subject.drawn))
    except CannotError as reason:
        return Diagnostic(name, reason=str(reason))
    except Exception as error:
        warnings.warn(f"{name}: {type(error).__name__}: {error}", DiagnosticWarning, stacklevel=2)
        return Diagnostic(name, reason=f"it could not be computed: {type(error).__name__}")


def _of(rows: str, answer: Answer) -> Answer:
    """Give the answer with a word on which rows it is about."""
    told = answer.provenance
    return answer.but(provenance=replace(told, parameters={**told.parameters, "rows": rows}))


def _enough(predictions: Predictions, least: int) -> None:
    if predictions.n_rows < least:
        raise CannotError(f"fewer than {least} rows that the folds' models have not seen")


def _enough_of_classes(predictions: Predictions) -> None:
    """Refuse curves that would be of fewer than 10 rows."""
    if not predictions.classes:
        return
    counts = np.bincount(predictions.y.astype(int), minlength=len(predictions.classes))
    if (min(counts) if predictions.task == "binary" else max(counts)) < MIN_ROWS:
        raise CannotError(f"a class has fewer than {MIN_ROWS} rows that the folds' models have not seen")


def _calibration(subject: Subject) -> Answer:
    _enough(subject.out_of_fold, _FEWEST)
    _enough_of_classes(subject.out_of_fold)
    return _of(subject.unseen, calibration(subject.out_of_fold, random_state=subject.seed))


def _recalibration(subject: Subject) -> Answer:
    """Judge a map of each fold's rows by the others; of a recalibrated model, what its own maps do."""
    if (method := subject.fitted.params.get("calibrate")) is not None:
        return _of(subject.unseen, _applied(subject, method))
    numbers = np.repeat(np.arange(len(subject.first)), [len(subject.tested(i)) for i in subject.first])
    if len(numbers) - np.bincount(numbers).max() < _FEWEST:
        raise CannotError(f"a map would be fitted to fewer than {_FEWEST} rows")
    _enough_of_classes(subject.out_of_fold)
    return _of(subject.unseen, recalibration(subject.out_of_fold, folds=numbers, random_state=subject.seed))


def _applied(subject: Subject, method: str) -> Answer:
    """Judge the maps that are part of the folds' models, each fitted inside its training rows."""
    _enough(subject.out_of_fold, _FEWEST)
    raw = subject.said(subject.first, subject.refits).raw
    if raw is None:
        raise CannotError("the probabilities before recalibration are not known")
    return applied_recalibration(
        subject.out_of_fold.but(raw),
        subject.out_of_fold,
        method=method,
        output=subject.fitted.estimator.calibration_,
        random_state=subject.seed,
    )


def _residuals(subject: Subject) -> Answer:
    _enough(subject.out_of_fold, _FEWEST_RESIDUALS)
    X = subject.columns(subject.left_out)
    return _of(subject.unseen, residuals(subject.out_of_fold, X, random_state=subject.seed))


def _weak_regions(subject: Subject) -> Answer:
    rows, said, baseline, which = subject.judged()
    unit = 1.0 if said.classes else unit_of(said.y, said.predicted)
    if unit != 1.0:
        said, baseline = said.by(unit), baseline.by(unit)
    name = subject.metric.name
    try:
        title = loss_title(name)
    except ValueError:  # deviances are no means of losses of rows
        name, title = "rmse", loss_title("rmse")
    found = weak_regions(
        subject.columns(rows),
        row_losses(said, name),
        loss_title=title if unit == 1.0 else f"{title} in units of {unit:.4g}",
        sample_weight=said.weight,
        groups=None if subject.blocks is None else subject.blocks[rows],
        reference=row_losses(baseline, name),
        random_state=subject.seed,
    )
    if unit != 1.0:
        told = found.provenance
        found = found.but(provenance=replace(told, parameters={**told.parameters, "unit": unit}))
    return _of(which, found)


def _conformal(subject: Subject) -> Answer:
    if subject.alone:
        return _conformal_alone(subject)
    judged = subject.held
    if subject.out_of_fold.n_rows < _FEWEST_CALIBRATING or judged.n_rows < LEAST_ROWS:
        raise CannotError(
            f"it takes {_FEWEST_CALIBRATING} rows to set a threshold, and {LEAST_ROWS} of the holdout to judge it"
        )
    found = conformal(subject.out_of_fold, judged, subject.columns(subject.held_rows), level=_LEVEL)
    return _of(f"threshold {OUT_OF_FOLD}; judged on the {HOLDOUT}", found)


def _conformal_alone(subject: Subject) -> Answer:
    """Set the threshold on some parts of the holdout, and judge it on the others."""
    half = len(subject.first) // 2
    setting, judging = subject.first[:half], subject.first[half:]
    calibrating, judged = (subject.of_folds(folds, subject.refits) for folds in (setting, judging))
    X = subject.columns(np.concatenate([subject.tested(i) for i in judging]))
    found = conformal(calibrating, judged, X, level=_LEVEL)
    return _of(f"threshold on {half} parts of the {HOLDOUT}; judged on the others", found)


class _Fixed:
    """A model asked about its features alone: offset and exposure stay what they are."""

    def __init__(self, model: Any, others: pd.DataFrame) -> None:
        self.model, self.others = model, others
        self.classes_ = getattr(model, "classes_", None)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.model.predict(self._whole(X)))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.model.predict_proba(self._whole(X)))

    def _whole(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([X, self.others], axis=1)[list(self.model.feature_names_in_)]


def _robustness(subject: Subject) -> Answer:
    if not len(subject.holdout):
        raise CannotError("there is no holdout: the model itself has seen all rows")
    model, part = subject.fitted.estimator, subject.table.take(subject.held_rows)
    names = list(model.feature_names_in_)
    features = [name for name in names if name in subject.table.features]
    found = robustness(
        _Fixed(model, part.X[[name for name in names if name not in features]]),
        part.X[features],
        part.y,
        metric=subject.metric,
        classes=part.classes,
        sample_weight=part.sample_weight,
        random_state=subject.seed,
    )
    return _of(HOLDOUT, found)


def _overfit(subject: Subject) -> Answer:
    name = subject.metric.name
    return overfit(
        [refit.train[name] for refit in subject.refits],
        [refit.scores[name] for refit in subject.refits],
        metric=subject.metric,
        n_train=np.array([len(fold.train) for fold in subject.folds]),
        n_test=np.array([len(fold.test) for fold in subject.folds]),
        dummy_scores=[refit.scores[name] for refit in subject.baseline_refits],
    )


def _fairness(subject: Subject) -> Answer:
    _enough(subject.out_of_fold, _FEWEST)
    sensitive = subject.table.take(subject.left_out).sensitive
    assert sensitive is not None  # noqa: S101 nobody asks where there is none
    return _of(subject.unseen, fairness(subject.out_of_fold, sensitive, random_state=subject.seed))
