"""The difference of two models, estimated again on rows that chose neither: a paired bootstrap of the holdout."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.holdout_comparison import HoldoutComparison
from workbench.evaluation.digits import spanned, written
from workbench.evaluation.reweighted import Reweighted
from workbench.evaluation.verbs import agreeing
from workbench.metrics import Metric

_MAX_BYTES = 32 * 2**20  # of the counts of one block of resamples
_FEW_GROUPS = 20
_Method = Literal["percentile", "bca"]


def compare_on_holdout(
    y: Any,
    predicted_model: Any,
    predicted_reference: Any,
    *,
    model: str,
    reference: str,
    metric: Metric,
    classes: Sequence[Any] = (),
    sample_weight: Any = None,
    groups: Any = None,
    n_resamples: int = 1_000,
    level: float = 0.95,
    method: _Method = "percentile",
    random_state: int = 0,
    against: str = "",
) -> HoldoutComparison:
    r"""Give the price of a model on the holdout, with a bootstrap interval.

    .. math:: d = \pm \left(s(y, \hat y_{reference}) - s(y, \hat y_{model})\right)

    with the sign that makes it positive where the model is worse. Rows are drawn with replacement, as many as there
    are, or whole groups, as many as there are, and both models are scored on the same draw.

    Where the reference was chosen as the best of many on the folds, its scores there flatter it; on rows that took no
    part in the choice they do not.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
    predicted_model, predicted_reference : array-like of shape (n_rows,) or (n_rows, n_classes)
        What the metric needs, of both models for the same rows in the same order.
    model, reference : str
    metric : Metric
    classes : sequence
        The labels in the order of the columns of probabilities; by default those that occur, sorted.
    sample_weight : array-like of shape (n_rows,), optional
        Rows of weight 0 count as absent.
    groups : array-like of shape (n_rows,), optional
        Labels of rows that belong together, and are drawn together; a missing label is a group of one row.
    n_resamples : int
        At least 1.
    level : float
    method : {"percentile", "bca"}
        Quantiles of the resampled differences; or these corrected for bias and acceleration, by leaving out each unit.
    random_state : int
    against : str
        What the reference is the best of.

    Returns
    -------
    HoldoutComparison

    Raises
    ------
    ValueError
        If the level or the number of resamples is out of bounds, the groups are not one per row, and where the metric
        raises.

    Notes
    -----
    The models stay as they were fitted, so the interval is narrower than one over refits would be. Of few rows, or few
    groups, a bootstrap interval is too narrow.

    References
    ----------
    Efron 1987, Better bootstrap confidence intervals, doi 10.1080/01621459.1987.10478410; of whole groups: Davison and
    Hinkley 1997, Bootstrap Methods and their Application, section 3.8, doi 10.1017/CBO9780511802843.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> y = np.arange(40.0)
    >>> answer = compare_on_holdout(y, y + 2, y - 1, model="tree", reference="forest", metric=metric("mae"))
    >>> answer.difference, answer.lower, answer.upper
    (1.0, 1.0, 1.0)
    """
    _check(n_resamples, level, method)
    y, ours, theirs = np.asarray(y), np.asarray(predicted_model), np.asarray(predicted_reference)
    if metric.tasks != ("regression",) and not len(classes):
        labels = [y, *(p for p in (ours, theirs) if p.ndim == 1)]
        classes = sorted({label for each in labels for label in each.tolist()})
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    # what the metric checks of rows, labels and weights is sound from here
    scores = [_score(metric, y, predicted, classes, sample_weight) for predicted in (ours, theirs)]
    there = weight > 0
    unit = pd.factorize(_units(groups, len(y))[there])[0]
    pair = tuple(
        Reweighted(metric, y[there], p[there], classes=classes, weight=weight[there], unit=unit) for p in (ours, theirs)
    )
    sign, n_units = (1 if metric.greater_is_better else -1), int(unit.max()) + 1
    difference = sign * (scores[1] - scores[0])
    drawn = _differences(pair, sign, _draws(n_units, n_resamples, random_state))
    known = drawn[~np.isnan(drawn)]
    warnings = _warnings(len(drawn) - len(known), n_resamples, None if groups is None else n_units)
    lower, upper = percentile_interval(known, level)
    if method == "bca":
        left_out = _differences(pair, sign, _leaving_one_out(n_units))
        found = bca_interval(known, difference, left_out, level)
        if math.isnan(found[0]):
            method = "percentile"
            warnings += ("bca is not defined on these rows: quantiles instead",)
        else:
            lower, upper = found
    return HoldoutComparison(
        model=model,
        reference=reference,
        metric=metric.name,
        against=against,
        difference=difference,
        lower=lower,
        upper=upper,
        level=level,
        model_score=scores[0],
        reference_score=scores[1],
        n_rows=int(there.sum()),
        n_groups=None if groups is None else n_units,
        n_resamples=len(known),
        provenance=Provenance(
            method="paired bootstrap of the holdout",
            parameters={"method": method, "n_resamples": n_resamples, "level": level},
            random_state=random_state,
            n_rows=int(there.sum()),
            exact=False,
            warnings=warnings,
        ),
    )


def _score(metric: Metric, y: np.ndarray, predicted: np.ndarray, classes: Sequence[Any], weight: Any) -> float:
    shares = metric.needs != "predict"
    return metric(
        y, None if shares else predicted, predicted if shares else None, classes=classes, sample_weight=weight
    )


def _check(n_resamples: int, level: float, method: str) -> None:
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1; got {n_resamples!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; got {level!r}")
    if method not in ("percentile", "bca"):
        raise ValueError(f"method must be percentile or bca; got {method!r}")


def _units(groups: Any, n_rows: int) -> np.ndarray:
    """Number the units that are drawn: rows, or groups."""
    if groups is None:
        return np.arange(n_rows)
    labels = pd.Series(groups)
    if labels.shape != (n_rows,):
        raise ValueError(f"groups must have one label per row, shape ({n_rows},); got shape {labels.shape}")
    codes = pd.factorize(labels.to_numpy())[0]
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def _draws(n_units: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Give counts of the units in each resample, in blocks of shape (n_block, n_units)."""
    rng = np.random.default_rng(seed)
    step = max(1, _MAX_BYTES // (8 * n_units))
    for start in range(0, n_resamples, step):
        n = min(step, n_resamples - start)
        drawn = rng.integers(n_units, size=(n, n_units)) + n_units * np.arange(n)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * n_units).reshape(n, n_units).astype(float)


def _leaving_one_out(n_units: int) -> Iterator[np.ndarray]:
    """Give the counts of all units but one, for each one, in blocks."""
    if n_units == 1:
        return
    step = max(1, _MAX_BYTES // (8 * n_units))
    for start in range(0, n_units, step):
        n = min(step, n_units - start)
        counts = np.ones((n, n_units))
        counts[np.arange(n), start + np.arange(n)] = 0.0
        yield counts


def _differences(both: Sequence[Reweighted], sign: int, blocks: Iterator[np.ndarray]) -> np.ndarray:
    ours, theirs = both
    found = [sign * (theirs(counts) - ours(counts)) for counts in blocks]
    return np.concatenate(found) if found else np.empty(0)


def _warnings(undefined: int, n_resamples: int, n_groups: int | None) -> tuple[str, ...]:
    told = []
    if undefined:
        told.append(f"{undefined} of {n_resamples} resamples have no score of both models and are left out")
    if n_groups is not None and n_groups < _FEW_GROUPS:
        told.append(f"an interval from fewer than {_FEW_GROUPS} groups is a rough guide: it tends to be too narrow")
    return tuple(told)


def percentile_interval(drawn: np.ndarray, level: float) -> tuple[float, float]:
    """Give the quantiles of resampled values that leave out the same share at both ends; NaN of none."""
    if not len(drawn):
        return math.nan, math.nan
    lower, upper = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def bca_interval(drawn: np.ndarray, value: float, left_out: np.ndarray, level: float) -> tuple[float, float]:
    """Give the interval corrected for bias and acceleration (Efron 1987), NaN where it is not defined.

    Parameters
    ----------
    drawn : ndarray of shape (n_resamples,)
    value : float
        Of all rows.
    left_out : ndarray of shape (n_units,)
        The value without each unit.
    level : float
    """
    from scipy.special import ndtr, ndtri

    away = np.mean(left_out) - left_out if len(left_out) else np.zeros(1)
    spread = float((away**2).sum())
    if not len(drawn) or not spread > 0:
        return math.nan, math.nan
    bias = float(ndtri(((drawn < value).mean() + (drawn <= value).mean()) / 2))
    if not math.isfinite(bias):
        return math.nan, math.nan
    acceleration = float((away**3).sum()) / (6 * spread**1.5)
    ends = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    lower, upper = np.quantile(drawn, ndtr(bias + ends / (1 - acceleration * ends)))
    return float(lower), float(upper)


def holdout_sentence(comparison: HoldoutComparison, titles: Mapping[str, str], metric: Metric) -> str:
    """Say what the difference is on the holdout, and whether its rows tell the two models apart.

    Parameters
    ----------
    comparison : HoldoutComparison
    titles : mapping of str to str
        What a model is called in a sentence, by its name; a name that is absent stands for itself.
    metric : Metric
    """
    c = comparison
    model, reference = (titles.get(name, name) for name in (c.model, c.reference))
    worse, better = ("below", "above") if metric.greater_is_better else ("worse than", "better than")
    start = f"On the holdout, whose rows chose neither, the {model} {agreeing(model, 'scores', 'score')}"
    if math.isnan(c.difference):
        return f"On the holdout the {model} can't be compared with the {reference}: its rows leave a score undefined."
    if c.difference == c.lower == c.upper == 0:
        return f"{start} the same as the {reference}."
    way = worse if c.difference >= 0 else better
    if math.isnan(c.lower):
        return f"{start} {written(abs(c.difference), 3)} {metric.title} {way} the {reference}, without an interval."
    ends = (c.lower, c.upper) if c.difference >= 0 else (-c.upper, -c.lower)
    told = f"{start} {spanned(abs(c.difference), *ends, metric.title)} {way} the {reference}"
    return f"{told}; its rows don't tell the two apart." if c.lower <= 0 <= c.upper else f"{told}."
