"""What each number to hold buys: the best score against the allowed size, over families and their own paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.price_curve import PriceCurve
from workbench.interval import corrected_interval
from workbench.metrics import Metric


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model of known size with its score on each fold, NaN where undefined."""

    name: str
    size: float
    scores: np.ndarray

    @property
    def mean(self) -> float:
        """The mean of the scores that there are, NaN if none."""
        present = np.asarray(self.scores, dtype=float)
        present = present[~np.isnan(present)]
        return float(present.mean()) if len(present) else math.nan


def pareto_front(candidates: Sequence[Candidate], metric: Metric) -> tuple[Candidate, ...]:
    """Give those that no other beats: none is at most as large and scores at least as well, one of them strictly.

    Of candidates with equal size and score the first by name stands for all. Those without a score are left out.

    Returns
    -------
    tuple of Candidate
        From the smallest and worst to the largest and best.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> made = [Candidate(n, s, np.array([r])) for n, s, r in (("a", 9, 0.2), ("b", 9, 0.3), ("c", 50, 0.1))]
    >>> [c.name for c in pareto_front(made, metric("r2"))]
    ['b']
    """
    sign = 1 if metric.greater_is_better else -1
    scored = [c for c in candidates if not math.isnan(c.mean)]
    front: list[Candidate] = []
    for candidate in sorted(scored, key=lambda c: (c.size, -sign * c.mean, c.name)):
        if not front or sign * (candidate.mean - front[-1].mean) > 0:
            front.append(candidate)
    return tuple(front)


def price_curve(
    candidates: Sequence[Candidate], *, metric: Metric, n_train: Any, n_test: Any, level: float = 0.95
) -> PriceCurve:
    r"""Give the best score that models of at most a size reach, for every size.

    .. math:: c(s) = \max_{m:\ size(m) \le s} \bar s_m

    with :math:`\bar s_m` the mean score of the folds (the minimum where lower scores are better).

    Parameters
    ----------
    candidates : sequence of Candidate
        The models of a study, and those on the paths of their families (`Family.path`), all scored on the same folds.
    metric : Metric
    n_train, n_test : int or array-like of shape (n_scores,)
        Rows that each fold trains on and tests.
    level : float

    Returns
    -------
    PriceCurve
        Empty where no candidate has a score.

    Raises
    ------
    ValueError
        If a size is not a number of at least 0, or two candidates share a name.

    Notes
    -----
    Each step is the best of all that are small enough, chosen on the folds that it is told for: the more candidates,
    the more the curve flatters. The intervals are those of single models, and know nothing of the choice.
    """
    names = [c.name for c in candidates]
    for candidate in candidates:
        if not 0 <= candidate.size < math.inf:
            raise ValueError(f"size of {candidate.name!r} must be a number of at least 0; got {candidate.size!r}")
        if names.count(candidate.name) > 1:
            raise ValueError(f"candidates must have names of their own; got {candidate.name!r} more than once")
    front = pareto_front(candidates, metric)
    found = [corrected_interval(c.scores, n_train=n_train, n_test=n_test, level=level) for c in front]
    scored = sorted((c for c in candidates if not math.isnan(c.mean)), key=lambda c: (c.size, c.name))
    return PriceCurve(
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        models=tuple(c.name for c in front),
        sizes=np.array([c.size for c in front], dtype=float),
        scores=np.array([i.mean for i in found], dtype=float),
        lower=np.array([i.lower for i in found], dtype=float),
        upper=np.array([i.upper for i in found], dtype=float),
        level=level,
        all_models=tuple(c.name for c in scored),
        all_sizes=np.array([c.size for c in scored], dtype=float),
        all_scores=np.array([c.mean for c in scored], dtype=float),
        provenance=Provenance(
            method="best mean score over folds of models up to a size",
            parameters={"level": level, "candidates": len(scored)},
            exact=False,
        ),
    )
