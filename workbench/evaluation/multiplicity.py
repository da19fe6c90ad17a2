"""Many good models: how often those that score alike disagree on single rows, and whether they tell the same story."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.multiplicity import Multiplicity
from workbench.disclosure import tells_few
from workbench.evaluation.comparison import Entry
from workbench.evaluation.digits import brief
from workbench.evaluation.withholding import few_words
from workbench.magnitude import unit_of
from workbench.metrics import Metric

_DUMMY = "dummy"
_ALIKE, _UNLIKE = 0.8, 0.5  # rank correlations


def good_models(entries: Sequence[Entry], metric: Metric, region: float) -> tuple[str, ...]:
    """Name the models whose mean score is within the region of the best, the best first, the dummy aside.

    Parameters
    ----------
    entries : sequence of Entry
    metric : Metric
    region : float
        The smallest difference that matters, in the metric's unit.
    """
    sign = 1 if metric.greater_is_better else -1
    scored = [e for e in entries if e.family != _DUMMY and not math.isnan(e.mean)]
    scored.sort(key=lambda e: (-sign * e.mean, math.inf if e.size is None else e.size, e.model))
    slack = 1e-12 * abs(scored[0].mean) if scored else 0.0
    return tuple(e.model for e in scored if sign * (scored[0].mean - e.mean) <= region + slack)


def tolerance_for(metric: Metric, region: float, y: Any) -> float:
    r"""Give the difference of two predictions that matters, in the target's unit.

    Of a metric in the target's unit it is the region itself. A difference of :math:`\delta` on every row moves R² by
    up to :math:`\delta^2 / Var(y)`, so there it is :math:`\sqrt{region \cdot Var(y)}`: a region of 0.01 is a tenth of
    the target's standard deviation.

    Raises
    ------
    ValueError
        If the metric scores no numbers.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> float(tolerance_for(metric("r2"), 0.01, [0.0, 10.0])), tolerance_for(metric("rmse"), 0.3, [0.0, 10.0])
    (0.5, 0.3)
    """
    if "regression" not in metric.tasks:
        raise ValueError(f"{metric.name}: a tolerance is for predictions that are numbers; labels are equal or not")
    if metric.in_target_units:
        return float(region)
    numbers = np.asarray(y, dtype=float)
    unit = unit_of(numbers)
    return math.sqrt(region) * float(np.std(numbers / unit)) * unit


def multiplicity(
    models: Sequence[str],
    predictions: Any,
    *,
    tolerance: float | None = None,
    sample_weight: Any = None,
    importances: Any = None,
) -> Multiplicity:
    r"""Compare the predictions of good models row by row.

    .. math:: ambiguity = \frac{1}{n} \sum_i \max_m 1[h_m(x_i) \neq h_0(x_i)], \qquad
        discrepancy = \max_m \frac{1}{n} \sum_i 1[h_m(x_i) \neq h_0(x_i)]

    over the models m that score within the region of the best, :math:`h_0`. Numbers are taken as different where they
    differ by more than the tolerance.

    Parameters
    ----------
    models : sequence of str
        The best first: `good_models`.
    predictions : array-like of shape (n_models, n_rows)
        Labels, or numbers where there is a tolerance; best for rows that no model was trained on.
    tolerance : float, optional
        In the target's unit: `tolerance_for`.
    sample_weight : array-like of shape (n_rows,), optional
        Shares of rows are shares of their weight.
    importances : array-like of shape (n_models, n_features), optional
        Of the same columns, in the same order, by one and the same method.

    Returns
    -------
    Multiplicity

    Raises
    ------
    ValueError
        If shapes don't fit each other, numbers are not finite, or weights are negative or all 0.

    Notes
    -----
    The source searches all models of a class that score alike; here are those that were trained, so both shares are
    lower bounds.

    References
    ----------
    Marx, Calmon and Ustun 2020, Predictive multiplicity in classification, arXiv 1909.06677.

    Examples
    --------
    >>> found = multiplicity(["a", "b", "c"], [[0, 0, 1, 1], [0, 1, 1, 1], [1, 0, 1, 1]])
    >>> found.ambiguity, found.discrepancy
    (0.5, 0.25)
    """
    said = np.asarray(predictions)
    if said.ndim != 2 or len(said) != len(models) or 0 in said.shape:
        raise ValueError(
            f"predictions must have a row for each of {len(models)} models and a column for each of the rows, "
            f"at least one; got shape {said.shape}"
        )
    weight = _weight(sample_weight, said.shape[1])
    if tolerance is not None:
        said = said.astype(float)
        if not (np.isfinite(said).all() and 0 <= tolerance < math.inf):
            raise ValueError(
                f"predictions and tolerance must be finite, and it at least 0; got tolerance {tolerance!r}"
            )
    disagreement, against_best = np.zeros((len(said), len(said))), np.zeros(said.shape, dtype=bool)
    for i, row in enumerate(said):
        conflicts = np.abs(said - row) > tolerance if tolerance is not None else said != row
        disagreement[i] = conflicts @ weight
        if i == 0:
            against_best = conflicts
    return Multiplicity(
        models=tuple(models),
        ambiguity=float(against_best.any(axis=0) @ weight),
        discrepancy=float(disagreement[0].max()),
        disagreement=disagreement,
        tolerance=None if tolerance is None else float(tolerance),
        n_rows=said.shape[1],
        rank_correlation=None if importances is None else _rank_correlation(importances, len(models)),
        provenance=Provenance(
            method="ambiguity and discrepancy (Marx, Calmon and Ustun 2020)",
            parameters={"tolerance": tolerance},
            n_rows=said.shape[1],
        ),
    )


def _weight(sample_weight: Any, n_rows: int) -> np.ndarray:
    weight = np.ones(n_rows) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if weight.shape != (n_rows,) or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise ValueError(f"sample_weight must be {n_rows} finite numbers of at least 0, not all 0")
    shares: np.ndarray = weight / weight.sum()
    return shares


def _rank_correlation(importances: Any, n_models: int) -> np.ndarray:
    from scipy.stats import rankdata

    given = np.asarray(importances, dtype=float)
    if given.ndim != 2 or len(given) != n_models or not given.shape[1] or not np.isfinite(given).all():
        raise ValueError(
            f"importances must be finite, with a row for each of {n_models} models and a column for each feature; "
            f"got shape {given.shape}"
        )
    ranks = rankdata(given, axis=1)
    away = ranks - ranks.mean(axis=1, keepdims=True)
    length = np.sqrt((away**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = away @ away.T / np.outer(length, length)
    return np.clip(found, -1, 1)


def multiplicity_sentence(found: Multiplicity, titles: Mapping[str, str], *, unit: str = "") -> str:
    """Say how often the choice among good models decides about a row, and whether they rest on the same columns.

    Parameters
    ----------
    found : Multiplicity
    titles : mapping of str to str
        What a model is called in a sentence, by its name; a name that is absent stands for itself.
    unit : str
        Of the target.
    """
    best, *others = (titles.get(name, name) for name in found.models)
    if not others:
        return f"No other model scores within what matters of the {best}."
    start = f"{len(others)} other model{'s' * (len(others) > 1)} score{'s' * (len(others) == 1)} as well as the {best}"
    if found.ambiguity == 0:
        return (
            f"{start}, to within what matters, and conflict{'s' * (len(others) == 1)} with it on no row.{_story(found)}"
        )
    way = "predict another class"
    if found.tolerance is not None:
        way = f"differ by more than {brief(found.tolerance)}{f' {unit}' if unit else ''}"
    told = f"{start}, to within what matters; on {_share(found.ambiguity, found.n_rows)} "
    if len(others) == 1:
        return f"{told}the two {way}.{_story(found)}"
    one = way.replace("predict", "predicts").replace("differ", "differs")
    told = f"{told}at least one of them {one}"
    if math.isnan(found.discrepancy):
        return f"{told}.{_story(found)}"
    most = others[int(np.nanargmax(found.disagreement[0, 1:]))]
    share = _share(found.discrepancy, found.n_rows).removesuffix(" of the rows")
    return f"{told}; the {most} does most often, on {share}.{_story(found)}"


def _share(share: float, n_rows: int) -> str:
    if math.isnan(share) or tells_few(share, n_rows):  # NaN: in what was sent
        return few_words(0.0 if math.isnan(share) else share, n_rows)
    return "less than 1% of the rows" if share < 0.01 else f"{share:.0%} of the rows"


def _story(found: Multiplicity) -> str:
    if found.rank_correlation is None:
        return ""
    pairs = found.rank_correlation[np.triu_indices(len(found.models), 1)]
    known = pairs[~np.isnan(pairs)]
    if not len(known):
        return ""
    low, high = (f"{value:.2f}".replace("-", "−") for value in (known.min(), known.max()))
    span = f"of {low}" if low == high else f"from {low} to {high}"
    story = "much the same story"
    if (least := round(float(known.min()), 9)) < _ALIKE:
        story = "stories that differ in part" if least >= _UNLIKE else "different stories"
    return f" About the columns they tell {story}: their importances have rank correlations {span}."
