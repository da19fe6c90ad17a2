"""Fit one model: on all development rows, or on the training rows of a fold."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import log_loss

from workbench.estimator import estimator_for
from workbench.evaluation.rules import rule_shares
from workbench.families import find_family
from workbench.folds import Fold, SplitError
from workbench.library_model import LibraryModel
from workbench.metrics import metric
from workbench.out_of_fold import N_FOLDS
from workbench.splits import make_splits
from workbench.table import Table
from workbench.training_rows import TrainingRows
from workbench.work.fitted import Fitted, FormFacts, OtherLink, Refit
from workbench.work.said import Said
from workbench.work.tune import Tuned, tune

_MOST_CHECKED = 1_000
# All folds of a model together: estimators that are larger are fitted again where they are needed, not kept.
_MOST_KEPT_BYTES = 128 * 2**20


class Trainer(Protocol):
    """Fits a library's object by a cluster: see `workbench.distributed.Trainer`; no import, as keys hold sources."""

    @property
    def n_workers(self) -> int:
        """How many workers took part."""
        ...

    def __call__(self, used: np.ndarray, model: LibraryModel, given: TrainingRows) -> None:
        """Train."""
        ...


class PartedTable(Protocol):
    """A table whose parts the workers of a cluster read: see `workbench.distributed.PartedTable`."""

    def trainer(self, rows: np.ndarray) -> Trainer:
        """Give what trains a model on the rows at these positions."""
        ...


class FormMismatchError(Exception):
    """A form and the model that it was read from disagree: a fault of the workbench, never to be printed in a card."""


def _check_form(estimator: Any, table: Table) -> None:
    """Check that the form predicts what the model predicts, on up to 1,000 of the rows that it was fitted on."""
    rows = np.unique(np.linspace(0, table.n_rows - 1, _MOST_CHECKED).astype(int))
    X = table.X[list(estimator.feature_names_in_)].iloc[rows]
    ask = "predict_proba" if hasattr(estimator, "classes_") else "predict"
    found, expected = (np.asarray(getattr(each, ask)(X)) for each in (estimator.form_, estimator))
    with np.errstate(over="ignore", invalid="ignore"):  # targets near the end of float64
        allowed = 10 * estimator.family.tolerance * (np.abs(expected) + np.nanmax(np.abs(expected), initial=0.0))
        same = (np.abs(found - expected) <= allowed) | (np.isnan(found) & np.isnan(expected)) | (found == expected)
    if not same.all():
        off = float(np.nanmax(np.abs(found - expected)))
        raise FormMismatchError(
            f"{estimator.family.name}: the form is off from the model by up to {off:.3g}; please report this as a fault"
        )


def fit_model(
    table: Table,
    rows: np.ndarray,
    holdout: np.ndarray,
    *,
    name: str,
    family: str,
    params: Mapping[str, Any],
    metrics: Sequence[str],
    tuning: Mapping[str, Any] | None = None,
    parts: Sequence[np.ndarray] = (),
    parted: PartedTable | None = None,
) -> Fitted:
    """Fit on the development rows, score the holdout, and read the form; with `tuning`, choose parameters first.

    `parts` are rows of the holdout that are scored each by itself too; where the table is `parted`, a cluster trains.
    """
    train, held = table.take(rows), table.take(holdout) if len(holdout) else None
    params, tuned = _choose(train, family, params, tuning)
    started = time.perf_counter()
    trainer = None if parted is None else parted.trainer(rows)
    estimator = fit_rows(train, family, params, trainer)
    seconds = time.perf_counter() - started
    form = estimator.form_
    if form is not None:
        _check_form(estimator, train)
    said = None if held is None else Said.of(estimator, held, metrics)
    on_train = Said.of(estimator, train, metrics).scores(train, metrics)
    return Fitted(
        estimator=estimator,
        params=params,
        tuned=tuned,
        engine=estimator.family().engine(estimator.estimator_),
        holdout={} if said is None or held is None else said.scores(held, metrics),
        said=said,
        train=on_train,
        form=None if form is None else FormFacts.of(form, name),
        details=estimator.details_,
        rules=None if form is None else rule_shares(form, train, held),
        other_link=_other_link(estimator, train if held is None else held, held is not None),
        smallest_support=estimator.smallest_support_,
        seconds=seconds,
        parts=tuple(_part(table, said, holdout, rows, metrics, params, on_train) for rows in parts if said is not None),
        n_workers=None if trainer is None else trainer.n_workers,
    )


def _part(
    table: Table,
    said: Said,
    holdout: np.ndarray,
    rows: np.ndarray,
    metrics: Sequence[str],
    params: dict[str, Any],
    train: dict[str, float],
) -> Refit:
    """Score what was said of a part of the holdout."""
    own = said.at(np.searchsorted(holdout, rows))
    scores = own.scores(table.take(rows), metrics)
    return Refit(scores=scores, train=train, said=own, params=params, tuned=None, pickled=None)


def score_fold(
    table: Table,
    train: np.ndarray,
    test: np.ndarray,
    *,
    family: str,
    params: Mapping[str, Any],
    metrics: Sequence[str],
    keep: int,
    tuning: Mapping[str, Any] | None = None,
    parted: PartedTable | None = None,
) -> Refit:
    """Fit on a fold's training rows and score its test rows; with `tuning`, choose parameters inside the former first.

    `keep` is the number of folds of which estimators and predictions are kept, this one among them; 0: scores alone.
    """
    rows, tested = table.take(train), table.take(test)
    params, tuned = _choose(rows, family, params, tuning)
    estimator = fit_rows(rows, family, params, None if parted is None else parted.trainer(train))
    said = Said.of(estimator, tested, metrics)
    scores = said.scores(tested, metrics)
    if not keep:
        return Refit(scores=scores, train={}, said=None, params=params, tuned=tuned, pickled=None)
    pickled = pickle.dumps(estimator, protocol=5)
    return Refit(
        scores=scores,
        train=Said.of(estimator, rows, metrics).scores(rows, metrics),
        said=said,
        params=params,
        tuned=tuned,
        pickled=pickled if len(pickled) <= _MOST_KEPT_BYTES / keep else None,
    )


def _choose(
    table: Table, family: str, params: Mapping[str, Any], tuning: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Tuned | None]:
    """Choose parameters inside the rows at hand, where that is asked for: `tuning` holds arguments of `tune`."""
    if tuning is None:
        return dict(params), None
    ranking = metric(tuning["metric"])

    def score(setting: Mapping[str, Any], fold: Fold) -> float:
        estimator, tested = fit_rows(table.take(fold.train), family, setting), table.take(fold.test)
        return Said.of(estimator, tested, [ranking.name]).scores(tested, [ranking.name])[ranking.name]

    check = find_family(family).Parameters
    found = tune(table, params, check=check, score=score, **{**tuning, "metric": ranking})
    return found.params, found


def _other_link(estimator: Any, table: Table, on_holdout: bool) -> OtherLink | None:
    """Compare the library's probabilities with the model's own, where they are not the same."""
    if table.task == "regression":
        return None
    X = table.X[list(estimator.feature_names_in_)]
    given = estimator.family().library_proba(estimator.estimator_, estimator.encode(X))
    if given is None:
        return None
    own, library = (
        float(log_loss(table.y, p, labels=list(estimator.classes_), sample_weight=table.sample_weight))
        for p in (_in_order(estimator, estimator.uncalibrated_proba(X)), _in_order(estimator, given))
    )
    return OtherLink(own, library, on_holdout)


def _in_order(estimator: Any, shares: np.ndarray) -> np.ndarray:
    """Order the columns as scikit-learn's log loss wants them: by label, sorted."""
    return shares[:, np.argsort(estimator.classes_)]


def fit_rows(table: Table, family: str, params: Mapping[str, Any], trainer: Trainer | None = None) -> Any:
    """Fit a family's estimator on a table; by a cluster, where there is a trainer for its rows."""
    estimator = estimator_for(table.task, family, **params)
    folds = _calibrating(table, params) if params.get("calibrate") else None
    added = [params[role] for role in ("offset", "exposure") if params.get(role) is not None]
    return estimator.fit(
        # a column that is asked for as an offset may be a feature of the study too
        table.X[[*(name for name in table.features if name not in added), *added]],
        table.y,
        sample_weight=table.sample_weight,
        kinds={column.name: column.kind for column in table.schema},
        classes=table.classes,
        folds=folds,
        trainer=trainer,
    )


def _calibrating(table: Table, params: Mapping[str, Any]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lay the folds whose models say what a recalibration is fitted to: as a study's, by class, group, time, repeats.

    Raises
    ------
    ValueError
        If the rows can't be split into as many folds, five or what the smallest class has rows for.
    """
    fewest = int(table.y.value_counts().min()) if table.classes else N_FOLDS
    n_folds, seed = max(2, min(N_FOLDS, fewest)), params.get("random_state") or 0
    try:
        splits = make_splits(table, holdout=0.0, folds=n_folds, repeats=1, seed=seed)
    except SplitError as error:
        raise ValueError(
            f"calibrate: the training rows can't be split into {n_folds} folds: {error}; leave calibrate out"
        ) from error
    return [(fold.train, fold.test) for fold in splits.folds]
