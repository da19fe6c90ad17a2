"""The gap between the score on training rows and the score on rows left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.finding import Finding
from workbench.answers.overfit import Overfit
from workbench.evaluation.digits import decimals_for, spanned, written
from workbench.interval import corrected_interval
from workbench.metrics import Metric

_HALF = 0.5


def overfit(
    train_scores: Any,
    test_scores: Any,
    *,
    metric: Metric,
    n_train: Any,
    n_test: Any,
    dummy_scores: Any = None,
    level: float = 0.95,
) -> Overfit:
    """Compare the scores of folds' models on their own training rows with those on the rows left out, fold by fold.

    Parameters
    ----------
    train_scores, test_scores : array-like of shape (n_scores,)
        Of the same folds in the same order; NaN where undefined.
    metric : Metric
    n_train, n_test : int or array-like of shape (n_scores,)
    dummy_scores : array-like of shape (n_scores,), optional
        The dummy's on the rows left out.
    level : float

    Returns
    -------
    Overfit

    Raises
    ------
    ValueError
        If the scores are not as many, and where `corrected_interval` raises.

    Notes
    -----
    A gap is no fault: forests learn their training rows by heart and predict well. It says that the score on training
    rows tells nothing. Whether a model is too large is told by its score on rows left out against a smaller one's.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> told = overfit([0.95, 0.94, 0.96], [0.40, 0.35, 0.38], metric=metric("r2"), n_train=80, n_test=20)
    >>> round(told.gap, 3), told.lower > 0
    (0.573, True)
    """
    train, test = np.asarray(train_scores, dtype=float), np.asarray(test_scores, dtype=float)
    dummy = np.full(test.shape, np.nan) if dummy_scores is None else np.asarray(dummy_scores, dtype=float)
    if not train.shape == test.shape == dummy.shape:
        raise ValueError(f"scores must be as many each; got {train.shape}, {test.shape} and {dummy.shape}")
    sign = 1 if metric.greater_is_better else -1
    sizes = {"n_train": n_train, "n_test": n_test, "level": level}
    gap = corrected_interval(sign * (train - test), **sizes)
    gained = corrected_interval(sign * (test - dummy), **sizes)
    both = ~np.isnan(train - test)
    seeming = float(np.nanmean(sign * (train - dummy))) if (~np.isnan(train - dummy)).any() else math.nan
    return Overfit(
        metric=metric.name,
        train=float(train[both].mean()) if both.any() else math.nan,
        test=float(test[both].mean()) if both.any() else math.nan,
        gap=gap.mean,
        lower=gap.lower,
        upper=gap.upper,
        share=gap.mean / seeming if seeming > 0 else math.nan,
        above_dummy=gained.lower,
        n_scores=gap.n_scores,
        level=level,
        provenance=Provenance(
            method="scores on training rows and on rows left out; corrected interval (Nadeau and Bengio 2003)",
            parameters={"level": level},
            exact=False,
        ),
    )


def overfit_finding(answer: Overfit, *, about: str, metric: Metric, region: float) -> Finding | None:
    """Make a finding where the training rows are shown to score better by more than what matters.

    Medium where the rows left out can't be shown to score better than the dummy; low where more than half of what the
    training rows seem to gain over the dummy is lost; else none.
    """
    if not answer.lower > region:
        return None
    useless = answer.above_dummy <= 0
    if not useless and not answer.share > _HALF:
        return None
    decimals = decimals_for((answer.upper - answer.lower) / 2)
    gap = spanned(answer.gap, answer.lower, answer.upper, metric.title)
    train, test = written(answer.train, decimals), written(answer.test, decimals)
    lost = f", {answer.share:.0%} of its seeming gain over the dummy" if answer.share > 0 else ""
    nothing = " The rows left out can't be shown to score better than the dummy." if useless else ""
    return Finding(
        severity="medium" if useless else "low",
        title="The score on training rows says little",
        evidence=f"It scores {train} on training rows, {test} on rows left out: a gap of {gap}{lost}.{nothing}",
        action=(
            "Take a smaller or more regularized model."
            if useless
            else "Read scores on rows left out alone; a smaller model may do as well, see the price curve."
        ),
        about=about,
        provenance=answer.provenance,
    )
