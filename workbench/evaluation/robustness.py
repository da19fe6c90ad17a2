"""What noise and missing values cost a fitted model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.finding import Finding
from workbench.answers.robustness import Disturbance, Robustness
from workbench.evaluation.digits import brief, spanned
from workbench.explainers.grid import kind_of
from workbench.interval import corrected_interval
from workbench.metrics import Metric

NOISE, MISSING = (0.01, 0.05, 0.10), (0.05, 0.20)
_MUCH = 5  # times what matters


def robustness(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    *,
    metric: Metric,
    classes: Sequence[Any] = (),
    sample_weight: Any = None,
    noise: Sequence[float] = NOISE,
    missing: Sequence[float] = MISSING,
    n_repeats: int = 10,
    level: float = 0.95,
    random_state: int = 0,
) -> Robustness:
    r"""Score a model on rows whose columns are disturbed.

    Noise of share s: numbers and moments get :math:`x + s\,\sigma_x \epsilon`, :math:`\epsilon` normal; levels and
    truth values are those of another row with the probability s. Missing of share s: each cell is emptied with that
    probability. The cost is the score as it was less the one after (the reverse for losses), a mean over draws with
    Student's interval: it says how well the mean over such disturbances is known on these rows, no more.

    Parameters
    ----------
    model : fitted estimator
    X : DataFrame of shape (n_samples, n_features)
        Rows that the model has not seen.
    y : array-like of shape (n_samples,)
    metric : Metric
    classes : sequence
        As for `Metric.score`.
    sample_weight : array-like of shape (n_samples,), optional
    noise, missing : sequence of float
        Shares above 0 and at most 1.
    n_repeats : int
        At least 2.
    level : float
    random_state : int

    Returns
    -------
    Robustness

    Raises
    ------
    ValueError
        If a share is outside its range or there are fewer than 2 repeats.

    Notes
    -----
    Columns are disturbed independently of each other, which makes rows that may not exist. A model that refuses missing
    values is told as such, not scored.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from workbench.metrics import metric
    >>> X = pd.DataFrame({"x": np.arange(100.0)})
    >>> model = LinearRegression().fit(X, X["x"])
    >>> told = robustness(model, X, X["x"], metric=metric("r2"), missing=())
    >>> [(d.amount, round(d.cost, 4)) for d in told.disturbances]
    [(0.01, 0.0001), (0.05, 0.0024), (0.1, 0.0097)]
    """
    asked = [*(("noise", s) for s in noise), *(("missing", s) for s in missing)]
    if n_repeats < 2 or not all(0 < share <= 1 for _, share in asked):
        raise ValueError("robustness: shares must be above 0 and at most 1, and n_repeats at least 2")
    scoring = {"classes": classes, "sample_weight": sample_weight}
    baseline = metric.score(model, X, y, **scoring)
    kinds = {name: kind_of(X[name]) for name in X.columns}
    sign = 1 if metric.greater_is_better else -1
    found = []
    for change, amount in asked:
        costs: list[float] = []
        for repeat in range(n_repeats):
            rng = np.random.default_rng([random_state, repeat])
            rows = _noisy(X, kinds, amount, rng) if change == "noise" else _emptied(X, amount, rng)
            try:
                costs.append(sign * (baseline - metric.score(model, rows, y, **scoring)))
            except (ValueError, TypeError):
                if change == "noise":
                    raise
                break  # the model takes no missing values, in any draw
        found.append(_disturbance(change, amount, costs, n_repeats, level))
    return Robustness(
        metric=metric.name,
        baseline=baseline,
        disturbances=tuple(found),
        n_repeats=n_repeats,
        n_rows=len(X),
        level=level,
        provenance=Provenance(
            method="score on disturbed columns",
            parameters={"n_repeats": n_repeats},
            random_state=random_state,
            n_rows=len(X),
            exact=False,
            warnings=("the model refuses missing values",) * any(d.refused for d in found),
        ),
    )


def _disturbance(change: str, amount: float, costs: list[float], n_repeats: int, level: float) -> Disturbance:
    if len(costs) < n_repeats:
        return Disturbance(change=change, amount=amount, cost=math.nan, lower=math.nan, upper=math.nan, refused=True)
    told = corrected_interval(costs, n_train=1, n_test=0, level=level)  # draws are independent: Student's interval
    return Disturbance(change=change, amount=amount, cost=told.mean, lower=told.lower, upper=told.upper)


def _noisy(X: pd.DataFrame, kinds: dict[Any, str], amount: float, rng: np.random.Generator) -> pd.DataFrame:
    columns = {}
    for name, kind in kinds.items():
        column = X[name]
        if kind == "number":
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            columns[name] = pd.Series(numbers + amount * _spread(numbers) * rng.normal(size=len(X)), index=X.index)
        elif kind == "datetime":
            moved = amount * column.std().total_seconds() * rng.normal(size=len(X))
            moved = np.nan_to_num(moved)  # of a single moment there is no spread
            columns[name] = (column + pd.to_timedelta(moved, unit="s")).astype(column.dtype)
        else:
            at = np.where(rng.random(len(X)) < amount, rng.integers(0, len(X), len(X)), np.arange(len(X)))
            columns[name] = column.iloc[at].set_axis(X.index)
    return pd.DataFrame(columns)[list(X.columns)]


def _spread(numbers: np.ndarray) -> float:
    known = numbers[np.isfinite(numbers)]
    return float(known.std()) if known.size else 0.0


def _emptied(X: pd.DataFrame, amount: float, rng: np.random.Generator) -> pd.DataFrame:
    columns = {}
    for name in X.columns:
        column = X[name]
        if column.dtype.kind in "iu":
            column = column.astype(float)
        elif column.dtype.kind == "b":
            column = column.astype(object)
        columns[name] = column.mask(rng.random(len(X)) < amount)
    return pd.DataFrame(columns)[list(X.columns)]


def robustness_finding(answer: Robustness, *, about: str, metric: Metric, region: float) -> Finding | None:
    """Make a finding where noise of 1% of the columns' spread is shown to cost more than what matters.

    High where it costs five times as much, else medium; low where noise of 5% is needed for it. The interval is that of
    the draws on these rows, so a finding speaks of these rows.
    """
    noisy = [d for d in answer.disturbances if d.change == "noise" and d.amount <= 0.05 and d.lower > region]
    if not noisy:
        return None
    least = min(noisy, key=lambda d: d.amount)
    small = least.amount <= 0.01
    cost = spanned(least.cost, least.lower, least.upper, metric.title)
    return Finding(
        severity="low" if not small else "high" if least.cost > _MUCH * region else "medium",
        title="Small noise in the columns costs more than matters",
        evidence=f"Noise of {least.amount:.0%} of each column's spread costs {cost}; {brief(region)} matters here.",
        action="Its thresholds or curves are steeper than the columns are measured: prefer a smoother model, or round "
        "the columns to what their measurement holds.",
        about=about,
        provenance=answer.provenance,
    )
