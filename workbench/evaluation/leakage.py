"""What folds drawn at random would have claimed, where rows of a group or of a time belong together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.finding import Finding
from workbench.answers.leakage import CarelessScore, Leakage
from workbench.evaluation.alarms import RATE, holm
from workbench.evaluation.digits import spanned, written
from workbench.interval import Interval, corrected_interval
from workbench.metrics import Metric

_SAY = {
    "group": ("rows of one group lie on both sides", "keep groups together"),
    "time": ("later rows train what earlier ones test", "run forward in time"),
}


def leakage(
    guarded: Mapping[str, Any],
    careless: Mapping[str, Any],
    *,
    by: str,
    metric: Metric,
    region: float,
    n_train: Any,
    n_test: Any,
    n_train_careless: Any,
    n_test_careless: Any,
    level: float = 0.95,
) -> Leakage:
    r"""Compare each model's scores under the study's folds with those under folds drawn at random.

    The gap of the means has the interval of two independent corrected intervals, :math:`t \sqrt{e_1^2 + e_2^2}` with
    Welch's degrees of freedom: folds are not paired.

    Parameters
    ----------
    guarded, careless : mapping of str to array-like
        Scores by model, one a fold. A model that has but one of them is left out.
    by : {"group", "time"}
    metric : Metric
    region : float
        The smallest difference that matters.
    n_train, n_test, n_train_careless, n_test_careless : int or array-like
        Rows that each fold trains on and tests.
    level : float

    Returns
    -------
    Leakage

    Raises
    ------
    ValueError
        If `by` is neither, and where `corrected_interval` raises.

    Notes
    -----
    Folds forward in time train on fewer rows, so a part of the gap is no leakage. Both sets of folds are of the same
    rows, which makes the interval somewhat too wide. What is used on new rows of *known* groups earns the careless
    score honestly: only who knows the use can say which split is the right one.

    References
    ----------
    Kapoor and Narayanan (2023), doi 10.1016/j.patter.2023.100804; Roberts et al. (2017), doi 10.1111/ecog.02881.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> sizes = dict(n_train=80, n_test=20, n_train_careless=80, n_test_careless=20)
    >>> scores = {"tree": [0.3, 0.32, 0.28]}, {"tree": [0.6, 0.61, 0.58]}
    >>> told = leakage(*scores, by="group", metric=metric("r2"), region=0.01, **sizes)
    >>> round(told.scores[0].gap, 3), told.scores[0].lower > 0
    (0.297, True)
    """
    if by not in _SAY:
        raise ValueError(f"by must be one of {', '.join(_SAY)}; got {by!r}")
    sign = 1 if metric.greater_is_better else -1
    models = [model for model in guarded if model in careless]
    gaps = []
    for model in models:
        honest = corrected_interval(guarded[model], n_train=n_train, n_test=n_test, level=level)
        rash = corrected_interval(careless[model], n_train=n_train_careless, n_test=n_test_careless, level=level)
        gaps.append((honest.mean, rash.mean, *_gap(sign, honest, rash, level, region)))
    p_values = holm([gap[-1] for gap in gaps])
    return Leakage(
        by=by,
        metric=metric.name,
        region=region,
        scores=tuple(
            CarelessScore(
                model=model,
                guarded=honest,
                careless=rash,
                gap=sign * (rash - honest),
                lower=sign * (rash - honest) - half,
                upper=sign * (rash - honest) + half,
                p_value=float(p),
            )
            for model, (honest, rash, half, _), p in zip(models, gaps, p_values, strict=True)
        ),
        level=level,
        provenance=Provenance(
            method=f"scores on folds that {_SAY[by][1]} and on folds drawn at random",
            parameters={"level": level},
            exact=False,
        ),
    )


def _gap(sign: int, honest: Interval, rash: Interval, level: float, region: float) -> tuple[float, float]:
    """Give half of the interval's width, and the p-value of a gap that is no larger than the region."""
    from scipy.special import stdtr, stdtrit

    squares = np.array([honest.standard_error, rash.standard_error]) ** 2
    more = sign * (rash.mean - honest.mean) - region
    if not np.isfinite(squares).all():
        return math.nan, math.nan
    if not squares.any():
        return 0.0, float(more <= 0)
    freedom = squares.sum() ** 2 / (squares**2 / (np.array([honest.n_scores, rash.n_scores]) - 1)).sum()
    error = float(np.sqrt(squares.sum()))
    return float(stdtrit(freedom, (1 + level) / 2)) * error, float(stdtr(freedom, -more / error))


def leakage_finding(
    answer: Leakage, *, titles: Mapping[str, str], metric: Metric, rate: float = RATE
) -> Finding | None:
    """Make a finding where folds drawn at random are shown to flatter a model by more than what matters.

    High where by five times as much, else medium. Where nothing leaks a finding comes up in at most `rate` of all
    cases, as far as the corrected intervals hold.
    """
    clear = [s for s in answer.scores if s.p_value <= rate]
    if not clear:
        return None
    worst = max(clear, key=lambda s: s.gap)
    why, guarded = _SAY[answer.by]
    title = titles.get(worst.model, worst.model)
    gap = spanned(worst.gap, worst.lower, worst.upper, metric.title)
    return Finding(
        severity="high" if worst.gap > 5 * answer.region else "medium",
        title="A careless split would have claimed too much",
        evidence=(
            f"On folds that {guarded}, the {title} scores {written(worst.guarded, 3)} {metric.title}; on folds drawn "
            f"at random, where {why}, it would seem to score {written(worst.careless, 3)}: {gap} too much."
        ),
        action="Judge the models by the scores of this study's folds. If they will meet known groups again, the better "
        "score is earned.",
        about="study",
        topic="leakage",
        provenance=answer.provenance,
    )
