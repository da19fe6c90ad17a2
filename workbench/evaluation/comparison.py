"""Which model scores best, and how much worse each scores than the best of a kind: paired, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.comparison import Comparison
from workbench.answers.leaderboard import Leaderboard, LeaderboardRow
from workbench.evaluation.equivalence import equivalence
from workbench.interval import Interval, corrected_interval
from workbench.metrics import Metric

_METHOD = "corrected resampled t-test (Nadeau and Bengio 2003)"
_DUMMY = "dummy"
BLACK, GLASS = "black box", "glass box"


@dataclass(frozen=True, eq=False)
class Entry:
    """What a leaderboard needs to know of a model; one score per fold of the metric that ranks, NaN if undefined."""

    model: str
    family: str
    title: str
    glassbox: bool
    scores: np.ndarray
    size: int | None = None
    stored_numbers: int | None = None
    holdout: float | None = None

    @property
    def mean(self) -> float:
        """The mean of the scores that there are, NaN if none."""
        present = np.asarray(self.scores, dtype=float)
        present = present[~np.isnan(present)]
        return float(present.mean()) if len(present) else math.nan


def compare(
    scores_model: Any,
    scores_reference: Any,
    *,
    model: str,
    reference: str,
    metric: Metric,
    n_train: Any,
    n_test: Any,
    level: float = 0.95,
    region: float | None = None,
    against: str = "",
) -> Comparison:
    """Give the price of a model: how much worse it scores than a reference, fold by fold.

    The difference of a fold is reference minus model where higher scores are better, model minus reference otherwise,
    so that a positive one always is a cost; its mean and interval are those of `corrected_interval`.

    Parameters
    ----------
    scores_model, scores_reference : array-like of shape (n_scores,)
        Scores on the same folds in the same order. A fold where either is NaN is left out, and a warning says so.
    model, reference : str
        Their names.
    metric : Metric
    n_train, n_test : int or array-like of shape (n_scores,)
    level : float
    region : float, optional
        The smallest difference that matters, in the metric's unit; without it there are no probabilities.
    against : str
        What the reference is the best of: "black box", "glass box", "dummy".

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the scores are not as many for both, and where `corrected_interval` raises.

    Notes
    -----
    Misleads a little where the reference was chosen as the best of many on the same folds: its scores then flatter it.
    `compare_on_holdout` estimates the difference again on rows that chose nothing.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> scores = [0.30, 0.33, 0.36, 0.35], [0.36, 0.37, 0.43, 0.40]
    >>> answer = compare(*scores, model="tree", reference="forest", metric=metric("r2"), n_train=75, n_test=25)
    >>> round(answer.difference, 3), round(answer.lower, 3), round(answer.upper, 3)
    (0.055, 0.024, 0.086)
    """
    ours, theirs = np.asarray(scores_model, dtype=float), np.asarray(scores_reference, dtype=float)
    if ours.shape != theirs.shape:
        raise ValueError(f"{model} has scores of shape {ours.shape}, {reference} of {theirs.shape}: pairs are needed")
    costs = theirs - ours if metric.greater_is_better else ours - theirs
    interval = corrected_interval(costs, n_train=n_train, n_test=n_test, level=level)
    undefined = len(costs) - interval.n_scores
    chances = None if region is None else equivalence(interval, region)
    return Comparison(
        model=model,
        reference=reference,
        metric=metric.name,
        difference=interval.mean,
        lower=interval.lower,
        upper=interval.upper,
        level=level,
        n_scores=interval.n_scores,
        minimum_detectable=interval.half_width,
        p_value=_p_value(interval),
        against=against,
        region=math.nan if region is None else float(region),
        probability_worse=chances.worse if chances else math.nan,
        probability_equivalent=chances.equivalent if chances else math.nan,
        probability_better=chances.better if chances else math.nan,
        provenance=Provenance(
            method=_METHOD,
            parameters={"level": level, "test_to_train": float(np.mean(np.divide(n_test, n_train)))},
            exact=False,
            warnings=(f"{undefined} of {len(costs)} folds have no score of both and are left out",) * (undefined > 0),
        ),
    )


def _p_value(interval: Interval) -> float:
    from scipy.special import stdtr

    if interval.standard_error == 0:
        return 1.0 if interval.mean == 0 else 0.0
    return float(2 * stdtr(interval.n_scores - 1, -abs(interval.mean) / interval.standard_error))


def references(entries: Sequence[Entry], metric: Metric) -> dict[str, Entry]:
    """Choose what models are compared with: the best black box, the best glass box, and the dummy.

    Only kinds that have a score are there. The choice is made on the scores of the folds, so the best of many looks
    better there than it is.
    """
    scored = [e for e in entries if not math.isnan(e.mean)]
    kinds = {
        BLACK: [e for e in scored if not e.glassbox and e.family != _DUMMY],
        GLASS: [e for e in scored if e.glassbox and e.family != _DUMMY],
        _DUMMY: [e for e in scored if e.family == _DUMMY],
    }
    return {kind: min(found, key=lambda e: _place(e, metric)) for kind, found in kinds.items() if found}


def comparisons(
    entries: Sequence[Entry],
    *,
    metric: Metric,
    n_train: Any,
    n_test: Any,
    level: float = 0.95,
    region: float | None = None,
) -> tuple[Comparison, ...]:
    """Compare every model, the dummy aside, with each of `references` but itself.

    Parameters
    ----------
    entries : sequence of Entry
    metric : Metric
        The one that ranks.
    n_train, n_test : int or array-like of shape (n_scores,)
    level : float
    region : float, optional
        The smallest difference that matters, in the metric's unit.

    Returns
    -------
    tuple of Comparison
        Those with the best black box first, then with the best glass box, then with the dummy; `Comparison.against`
        tells them apart.
    """
    options: dict[str, Any] = {"metric": metric, "n_train": n_train, "n_test": n_test, "level": level, "region": region}
    return tuple(
        compare(entry.scores, best.scores, model=entry.model, reference=best.model, against=against, **options)
        for against, best in references(entries, metric).items()
        for entry in entries
        if entry.family != _DUMMY and entry.model != best.model
    )


def prices(
    entries: Sequence[Entry],
    *,
    metric: Metric,
    n_train: Any,
    n_test: Any,
    level: float = 0.95,
    region: float | None = None,
) -> tuple[Comparison, ...]:
    """Compare each glass box, the dummy aside, with the best black box; empty where no black box has a score."""
    found = comparisons(entries, metric=metric, n_train=n_train, n_test=n_test, level=level, region=region)
    glass = {e.model for e in entries if e.glassbox}
    return tuple(c for c in found if c.against == BLACK and c.model in glass)


def leaderboard(
    entries: Sequence[Entry], *, metric: Metric, n_train: Any, n_test: Any, level: float = 0.95
) -> Leaderboard:
    """Order models by the mean of their scores, best first; of equals, the smaller first; those without a score last.

    Parameters
    ----------
    entries : sequence of Entry
        The dummy among them: it takes a place, but has no price and is no reference.
    metric : Metric
        The one that ranks.
    n_train, n_test : int or array-like of shape (n_scores,)
        Rows that each fold trains on and tests.
    level : float

    Returns
    -------
    Leaderboard
    """
    best = references(entries, metric).get(BLACK)
    priced = {c.model: c for c in prices(entries, metric=metric, n_train=n_train, n_test=n_test, level=level)}
    rows = []
    for entry in sorted(entries, key=lambda e: _place(e, metric)):
        interval = corrected_interval(entry.scores, n_train=n_train, n_test=n_test, level=level)
        price = priced.get(entry.model)
        rows.append(
            LeaderboardRow(
                model=entry.model,
                family=entry.family,
                title=entry.title,
                glassbox=entry.glassbox,
                score=_or_none(interval.mean),
                lower=_or_none(interval.lower),
                upper=_or_none(interval.upper),
                price=_or_none(price.difference) if price else None,
                price_lower=_or_none(price.lower) if price else None,
                price_upper=_or_none(price.upper) if price else None,
                size=entry.size,
                stored_numbers=entry.stored_numbers,
                holdout=entry.holdout,
            )
        )
    return Leaderboard(
        metric=metric.name,
        rows=tuple(rows),
        reference=best.model if best else None,
        provenance=Provenance(method=_METHOD, parameters={"level": level}, exact=False),
    )


def _place(entry: Entry, metric: Metric) -> tuple[bool, float, float, str]:
    mean = -entry.mean if metric.greater_is_better else entry.mean
    return (
        math.isnan(mean),
        0.0 if math.isnan(mean) else mean,
        math.inf if entry.size is None else entry.size,
        entry.model,
    )


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
