"""Choose a model's parameters by trials inside the rows that it may train on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from workbench.folds import Fold
from workbench.metrics import Metric
from workbench.splits import make_splits
from workbench.table import Table

INNER_FOLDS = 3

# fits on a fold's training rows with these parameters, and scores its test rows
Score = Callable[[Mapping[str, Any], Fold], float]


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes
    ----------
    changes : dict
        The parameters that differ from the model's own.
    score : float
        Mean over the inner folds; NaN where a fit failed or a score is undefined.
    seconds : float
    error : str
        The class of the exception that ended it, "" where none did.
    """

    changes: dict[str, Any]
    score: float
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Tuned:
    """What the search chose, and all that it tried; the first trial is the model as the study gives it.

    Attributes
    ----------
    params : dict
        All parameters of the model.
    trials : tuple of Trial
    stopped : bool
        Whether the time was over before the budget.
    """

    params: dict[str, Any]
    trials: tuple[Trial, ...]
    stopped: bool = False

    @property
    def seconds(self) -> float:
        """What the search took."""
        return sum(trial.seconds for trial in self.trials)


def tune(
    table: Table,
    params: Mapping[str, Any],
    space: Mapping[str, Sequence[Any]],
    *,
    check: Callable[..., Any],
    score: Score,
    metric: Metric,
    budget: int,
    seconds: float | None = None,
    duplicates: str = "auto",
    seed: int = 0,
) -> Tuned:
    """Choose parameters by the mean score over three folds of the rows at hand: nothing else is looked at.

    The model as it is comes first, then settings drawn without replacement from all combinations of the space, by the
    seed; of equal scores the earlier trial wins. Folds are laid as those of a study: by class, group, time and repeats.

    Parameters
    ----------
    table : Table
        The rows that may be trained on.
    params : mapping
        The model's parameters; those of the space are exchanged.
    space : mapping of str to sequence
        The values to try of each parameter.
    check : callable
        The family's `Parameters`: a combination that it refuses is none.
    score : callable
    metric : Metric
        Says which way is better.
    budget : int
        The most settings tried besides the model as it is.
    seconds : float, optional
        No trial starts after that; numbers then depend on the machine.
    duplicates : str
        As in `make_splits`.
    seed : int

    Raises
    ------
    SplitError
        If the rows can't be split into three folds.
    """
    folds = make_splits(table, holdout=0.0, folds=INNER_FOLDS, repeats=1, seed=seed, duplicates=duplicates).folds
    started = time.monotonic()
    trials = [_trial({}, params, folds, score)]
    stopped = False
    for changes in _settings(params, space, check, seed):
        if len(trials) > budget:
            break
        if seconds is not None and time.monotonic() - started > seconds:
            stopped = True
            break
        trials.append(_trial(changes, params, folds, score))
    sign = 1.0 if metric.greater_is_better else -1.0
    scores = np.array([sign * trial.score for trial in trials])
    best = 0 if np.isnan(scores).all() else int(np.nanargmax(scores))
    return Tuned({**params, **trials[best].changes}, tuple(trials), stopped)


def _settings(
    params: Mapping[str, Any], space: Mapping[str, Sequence[Any]], check: Callable[..., Any], seed: int
) -> Iterator[dict[str, Any]]:
    """Yield what each setting changes, in an order drawn by the seed; each once, and never the model as it is."""
    names = sorted(space)
    shape = tuple(len(space[name]) for name in names)
    for code in np.random.default_rng(seed).permutation(int(np.prod(shape))) if names else ():
        picked = {name: space[name][i] for name, i in zip(names, _place(int(code), shape), strict=True)}
        changes = {name: value for name, value in picked.items() if params.get(name) != value}
        try:
            check(**{**params, **changes})
        except ValidationError:
            continue
        if changes:
            yield changes


def _place(code: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(code, shape))


def _trial(changes: dict[str, Any], params: Mapping[str, Any], folds: Sequence[Fold], score: Score) -> Trial:
    started = time.monotonic()
    error, scores = "", [np.nan]
    try:
        scores = [score({**params, **changes}, fold) for fold in folds]
    except Exception as raised:  # a setting that can't be fitted is not chosen, and its reason is told
        error = type(raised).__name__
    return Trial(changes, float(np.mean(scores)), time.monotonic() - started, error)
