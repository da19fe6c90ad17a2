"""Measures by group of sensitive columns: rates and errors, their gaps, and whether chance explains these.

Written here: fairlearn's MetricFrame (0.15) gives the same numbers by group (compared) and bootstraps them, but has no
floor under the size of a group, no test of a gap and no correction for asking of many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.fairness import Fairness, GroupRate
from workbench.answers.finding import Finding
from workbench.columns import quoted
from workbench.disclosure import MIN_ROWS
from workbench.evaluation.alarms import RATE, chance_in_words, holm, share_at_least
from workbench.evaluation.cells import Cells
from workbench.evaluation.digits import decimals_for, spanned, written
from workbench.evaluation.draws import null_sums, shuffles
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.shares import effective_rows, wilson
from workbench.evaluation.units import in_its_unit
from workbench.evaluation.withholding import withholding
from workbench.explainers.grid import kind_of
from workbench.forms.frame import level_text

_N_GROUPS = 8
_MOST_ROWS = 20_000  # whose values are shuffled
_DRAWS, _BOOTSTRAPS = 1999, 999
_MUCH, _MEDIUM = 0.20, 0.10  # gaps of rates, or of the target's standard deviation


@dataclass(frozen=True, eq=False)
class _Measure:
    """A number for each of the rows that a measure is about; a share where all are 0 or 1."""

    name: str
    values: np.ndarray
    rows: np.ndarray
    is_share: bool = True


@in_its_unit
def fairness(
    predictions: Predictions,
    sensitive: pd.DataFrame,
    *,
    threshold: float = 0.5,
    level: float = 0.95,
    random_state: int = 0,
) -> Fairness:
    """Measure what a model does to the groups of every sensitive column.

    Two classes: how often the second class is predicted (selection rate), also among the rows where it came (true
    positive rate) and among those where it did not (false positive rate), and the share of wrong predictions. Several
    classes: the share of wrong predictions. A number: mean absolute error, and mean residual (above 0 where a group is
    predicted too low).

    Groups are levels, up to four intervals of a number, or missing; levels with fewer than 10 rows are pooled, and a
    measure about fewer than 10 rows of a group is withheld. Intervals are Wilson's for shares, Student's for means; of
    the gap, the percentiles of 999 draws with replacement within each group. The p-value is the share of 1,999 shuffles
    of the values over the rows of a measure (at most 20,000, drawn) whose variance between groups is no smaller; Holm's
    correction covers all columns and measures.

    Parameters
    ----------
    predictions : Predictions
        For rows that the model has not seen.
    sensitive : DataFrame of shape (n_samples, n_columns)
        `Table.sensitive` of these rows.
    threshold : float
        Of two classes the second is predicted where its probability exceeds this.
    level : float
    random_state : int

    Returns
    -------
    Fairness

    Raises
    ------
    ValueError
        If the sensitive columns have other rows.

    Notes
    -----
    Equal rates of one kind exclude equal rates of another where groups differ in what comes (Chouldechova 2017), so not
    every gap is a fault: which measure matters is for those who know the use. A gap's interval is never below 0: it is
    the largest less the smallest. Groups of two columns together are not looked at: see `weak_regions`.

    References
    ----------
    Hardt, Price and Srebro (2016), arXiv 1610.02413; Chouldechova (2017), doi 10.1089/big.2016.0047; DiCiccio et al.
    (2020), doi 10.1145/3394486.3403199 (tests of gaps by permutation).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> group, came = rng.choice(["a", "b"], 1000), rng.random(1000) < 0.5
    >>> p = np.where(came ^ (rng.random(1000) < np.where(group == "a", 0.1, 0.3)), 0.9, 0.1)
    >>> predictions = Predictions.of(came, np.column_stack([1 - p, p]), classes=(False, True))
    >>> told = fairness(predictions, pd.DataFrame({"g": group}))
    >>> [rate.measure for rate in told.rates if rate.p_value < 0.01]
    ['true positive rate', 'false positive rate', 'share wrong']
    """
    if len(sensitive) != predictions.n_rows:
        raise ValueError(f"sensitive columns must have the {predictions.n_rows} rows that are predicted")
    rng = np.random.default_rng(random_state)
    asked = []
    for name in sensitive.columns:
        cells = Cells.of(str(name), sensitive[name], most=_most(sensitive[name]), least=MIN_ROWS)
        if len(cells) > 1:
            asked += [(cells, measure) for measure in _measures(predictions, threshold)]
    n_draws = max(_DRAWS, round(2 * len(asked) / RATE))  # so that p-values stay below the rate when corrected
    rates = [_rate(cells, measure, predictions.weight, level, rng, n_draws) for cells, measure in asked]
    p_values = holm([p for _, p in rates])
    regression = predictions.task == "regression"
    return Fairness(
        task=predictions.task,
        positive=level_text(predictions.classes[1]) if predictions.task == "binary" else "",
        rates=tuple(GroupRate(**told, p_value=float(p)) for (told, _), p in zip(rates, p_values, strict=True)),
        spread=math.sqrt(np.cov(predictions.y, aweights=predictions.weight)) if regression else 1.0,
        n_rows=predictions.n_rows,
        level=level,
        provenance=Provenance(
            method="measures by group; shuffles, bootstrap of gaps",
            parameters={"threshold": threshold, "draws": n_draws, "bootstraps": _BOOTSTRAPS},
            random_state=random_state,
            n_rows=predictions.n_rows,
            exact=False,
        ),
    )


def _most(column: pd.Series) -> int:
    return 4 if kind_of(column) in ("number", "datetime") else _N_GROUPS


def _measures(predictions: Predictions, threshold: float) -> Iterator[_Measure]:
    everyone = np.arange(predictions.n_rows)
    if predictions.task == "regression":
        yield _Measure("mean absolute error", np.abs(predictions.residual), everyone, False)
        yield _Measure("mean residual", predictions.residual, everyone, False)
        return
    if predictions.task == "multiclass":
        yield _Measure("share wrong", (predictions.predicted.argmax(axis=1) != predictions.y).astype(float), everyone)
        return
    chosen = (predictions.predicted[:, 1] > threshold).astype(float)
    yield _Measure("selection rate", chosen, everyone)
    for name, label in (("true positive rate", 1), ("false positive rate", 0)):
        rows = np.flatnonzero(predictions.y == label)
        yield _Measure(name, chosen[rows], rows)
    yield _Measure("share wrong", (chosen != predictions.y).astype(float), everyone)


def _rate(
    cells: Cells, measure: _Measure, weight: np.ndarray, level: float, rng: np.random.Generator, n_draws: int
) -> tuple[dict[str, Any], float]:
    from scipy.special import stdtrit

    code, w = cells.codes[measure.rows], weight[measure.rows]
    n = len(cells)
    values, lower, upper, rows = (np.full(n, np.nan) for _ in range(4))
    boots = np.full((_BOOTSTRAPS, n), np.nan)
    for i in range(n):
        at = code == i
        if at.sum() < MIN_ROWS:
            continue
        own, v = measure.values[at], w[at]
        rows[i], values[i] = at.sum(), np.average(own, weights=v)
        effective = effective_rows(v)
        if measure.is_share:
            lower[i], upper[i] = (float(end) for end in wilson(values[i], effective, level))
        else:
            error = math.sqrt(np.average((own - values[i]) ** 2, weights=v) / max(effective - 1, 1e-9))
            half = float(stdtrit(max(effective - 1, 1), (1 + level) / 2)) * error
            lower[i], upper[i] = values[i] - half, values[i] + half
        boots[:, i] = _redrawn(own, v, rng)
    known = ~np.isnan(values)
    told: dict[str, Any] = {
        "column": cells.column,
        "measure": measure.name,
        "groups": tuple(cells.texts()),
        "rows": rows,
        "values": values,
        "lower": lower,
        "upper": upper,
        "gap": math.nan,
        "gap_lower": math.nan,
        "gap_upper": math.nan,
    }
    if known.sum() < 2:
        return told, math.nan
    gaps = np.ptp(boots[:, known], axis=1)
    ends = np.quantile(gaps, [(1 - level) / 2, (1 + level) / 2])
    told |= {"gap": float(np.ptp(values[known])), "gap_lower": float(ends[0]), "gap_upper": float(ends[1])}
    return told, _p_value(measure.values, code, w, known, rng, n_draws)


def _redrawn(values: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give means of rows drawn with replacement, in blocks."""
    means = np.empty(_BOOTSTRAPS)
    block = max(1, 4_000_000 // len(values))
    for start in range(0, _BOOTSTRAPS, block):
        size = min(block, _BOOTSTRAPS - start)
        drawn = rng.integers(0, len(values), (size, len(values)))
        w = weight[drawn]
        means[start : start + size] = (w * values[drawn]).sum(axis=1) / w.sum(axis=1)
    return means


def _p_value(
    values: np.ndarray, code: np.ndarray, weight: np.ndarray, known: np.ndarray, rng: np.random.Generator, n_draws: int
) -> float:
    """Give the share of shuffles whose variance between groups is no smaller."""
    rows = np.flatnonzero(np.isin(code, np.flatnonzero(known)))
    if len(rows) > _MOST_ROWS:
        rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
    own, w = values[rows], weight[rows]
    inside = w[:, None] * (code[rows][:, None] == np.flatnonzero(known))
    total = np.maximum(inside.sum(axis=0), 1e-300)
    centred = own - np.average(own, weights=w)

    def between(sums: np.ndarray) -> np.ndarray:
        means = sums / total
        overall = (means @ total / total.sum())[:, None]
        return ((means - overall) ** 2) @ total

    found = float(between((centred @ inside)[None])[0])
    drawn = between(null_sums(shuffles(centred), inside, int(rng.integers(2**31)), n_draws))
    return share_at_least(found, drawn)


def fairness_finding(answer: Fairness, *, about: str, unit: str = "", rate: float = RATE) -> Finding | None:
    """Make a finding where a measure is shown to differ between groups; else None.

    High where the gap is 0.20 of a rate (or of the target's standard deviation) or more, medium from 0.10 on, else low.
    Where all groups are treated alike a finding comes up in at most `rate` of all cases.
    """
    pairs = zip(answer.rates, withholding(answer).rates, strict=True)
    clear = sorted(((r, sent) for r, sent in pairs if r.p_value <= rate), key=lambda pair: -pair[0].gap)
    if not clear:
        return None
    size = clear[0][0].gap / answer.spread if answer.spread > 0 else 0.0
    names = list(dict.fromkeys(r.column for r, _ in clear))
    told = "; ".join(_told(r, sent, unit) for r, sent in clear[:3])
    told += f"; and {len(clear) - 3} more" if len(clear) > 3 else ""
    few = any(math.isnan(sent.gap) for _, sent in clear[:3])
    kept = f" Values that would tell of fewer than {MIN_ROWS} rows are withheld." if few else ""
    return Finding(
        severity="high" if size >= _MUCH else "medium" if size >= _MEDIUM else "low",
        title=f"The model treats groups of {quoted(names)} differently",
        evidence=f"{told[0].upper()}{told[1:]} ({chance_in_words(max(r.p_value for r, _ in clear))} by chance).{kept}",
        action="Say which of these measures matters for the use, and whether the gap comes of the target, of too few "
        "rows of a group, or of the model; then set thresholds by it, gather rows, or don't use the model there.",
        about=about,
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate},
            random_state=answer.provenance.random_state,
            n_rows=answer.n_rows,
            exact=False,
        ),
    )


def _told(rate: GroupRate, sent: GroupRate, unit: str) -> str:
    most, least = int(np.nanargmax(rate.values)), int(np.nanargmin(rate.values))
    decimals = decimals_for((rate.gap_upper - rate.gap_lower) / 2)
    number = rate.measure in ("mean absolute error", "mean residual")
    if math.isnan(sent.gap):
        return f"{rate.measure} is highest where {rate.groups[most]}, lowest where {rate.groups[least]}"
    gap = spanned(rate.gap, rate.gap_lower, rate.gap_upper, unit if number else "").replace("  ", " ")
    high, low = (written(float(rate.values[i]), decimals) for i in (most, least))
    return f"{rate.measure} is {high} where {rate.groups[most]}, {low} where {rate.groups[least]}, a gap of {gap}"
