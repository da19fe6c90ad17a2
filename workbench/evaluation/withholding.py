"""What may be sent of a diagnostic: no share from which a count of rows between 1 and 9 follows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import singledispatch
from typing import TypeVar, cast

import numpy as np

from workbench.answers import (
    Calibration,
    Complexity,
    Conformal,
    Drift,
    Fairness,
    Multiplicity,
    Recalibration,
    WeakRegions,
)
from workbench.answers.answer import Answer
from workbench.answers.calibration import Reliability
from workbench.answers.conformal import Coverage
from workbench.answers.drift import ColumnDrift
from workbench.answers.fairness import GroupRate
from workbench.bins import joined_bins
from workbench.disclosure import MIN_ROWS, small, tells_few, withheld_shares
from workbench.evaluation.row_losses import WRONG
from workbench.evaluation.shares import rows_behind, wilson

A = TypeVar("A", bound=Answer)
_CAUGHT, _ALARMED, _MISTAKEN = "true positive rate", "false positive rate", "share wrong"
_SHARES = ("selection rate", _CAUGHT, _ALARMED, _MISTAKEN)
_OF_ONE_TABLE = (_CAUGHT, _ALARMED, _MISTAKEN)  # with the selection rate any two of them tell the third
STEPS = (0.01, 0.05)  # a p-value that goes with a withheld count is told no finer


def withholding(answer: A) -> A:
    """Give an answer without the shares that tell of fewer than 10 rows: inside, outside, or what is left of a whole.

    A share with its number of rows is a count; so is what remains of the share of all when those of other parts are
    taken away. Such shares become NaN; intervals become those that hold for any count that is withheld alike.

    Notes
    -----
    Scores over all rows that judge a model are told as they are, whatever count of errors they amount to: they speak of
    the model, not of a part of the data. Two answers about the same rows may tell together what neither tells alone.

    Examples
    --------
    >>> from workbench.answers import Provenance
    >>> shares = np.array([[0, 0.04], [0.04, 0]])
    >>> told = Multiplicity(models=("a", "b"), ambiguity=0.04, discrepancy=0.04, disagreement=shares, tolerance=None,
    ...     n_rows=200, provenance=Provenance(method="told"))
    >>> withholding(told).ambiguity
    nan
    """
    return cast("A", _withheld(answer))


@singledispatch
def _withheld(answer: Answer) -> Answer:
    return answer


@_withheld.register
def _calibration(answer: Calibration) -> Calibration:
    """Join bins in which fewer than 10 rows came, or did not, with others; leave out classes of fewer rows."""
    if answer.task == "regression":
        return answer
    joined = [_joined(curve, answer.level) for curve in answer.curves]
    told = [c for c in joined if not any(map(tells_few, c.observed.tolist(), c.rows.tolist()))]
    warnings = list(answer.provenance.warnings)
    if any(len(c.rows) < len(was.rows) for c, was in zip(joined, answer.curves, strict=True)):
        warnings.append(f"bins in which fewer than {MIN_ROWS} rows came, or did not, are joined with others")
    if len(told) < len(joined):
        warnings.append(f"classes of fewer than {MIN_ROWS} rows are left out")
    provenance = replace(answer.provenance, warnings=tuple(warnings))
    return answer.but(curves=tuple(told), provenance=provenance)


def _joined(curve: Reliability, level: float) -> Reliability:
    """Give a curve of fewer bins; each counts by its rows, its interval by the rows that it amounts to."""
    came = np.round(curve.rows * curve.observed).astype(int)
    number = joined_bins(np.column_stack([came, curve.rows.astype(int) - came]))
    if number[-1] == len(number) - 1:
        return curve
    rows = np.bincount(number, curve.rows)
    said, observed = (np.bincount(number, curve.rows * v) / rows for v in (curve.predicted, curve.observed))
    behind = [rows_behind(*ends, level) for ends in zip(curve.observed, curve.lower, curve.upper, strict=True)]
    lower, upper = wilson(observed, np.bincount(number, behind), level)
    return replace(curve, rows=rows, predicted=said, observed=observed, lower=lower, upper=upper)


@_withheld.register
def _recalibration(answer: Recalibration) -> Recalibration:
    return answer.but(before=_calibration(answer.before), after=_calibration(answer.after))


@_withheld.register
def _conformal(answer: Conformal) -> Conformal:
    by_column: dict[str, list[int]] = {}
    for i, part in enumerate(answer.slices):
        by_column.setdefault(part.column, []).append(i)
    slices = list(answer.slices)
    for places in by_column.values():
        parts = [slices[i] for i in places]
        rows = [float(p.rows) for p in parts]
        inside = [p.rows * p.coverage for p in parts]
        rest = answer.n_rows * answer.coverage - sum(inside), answer.n_rows - sum(rows)
        hidden = withheld_shares([*inside, rest[0]], [*rows, rest[1]])[:-1]
        for i, hide in zip(places, hidden, strict=True):
            slices[i] = _part(slices[i], answer.level) if hide else slices[i]
    told = answer.but(slices=tuple(slices))
    if not tells_few(answer.coverage, answer.n_rows):
        return told
    lower, upper = _range(answer.coverage, answer.n_rows)
    return told.but(coverage=math.nan, lower=lower, upper=upper, p_value=_no_finer(answer.p_value))


def _part(part: Coverage, level: float) -> Coverage:
    lower, upper = _range(part.coverage, part.rows)
    return replace(part, coverage=math.nan, lower=lower, upper=upper, p_value=_no_finer(part.p_value))


def _range(share: float, rows: float, level: float = 0.95) -> tuple[float, float]:
    """Give the interval that holds for every count of the same ten as that outside (or inside, if fewer are)."""
    count = round(min(share, 1 - share) * rows)
    ten = MIN_ROWS * (count // MIN_ROWS)
    ends = np.clip([max(ten, 1), ten + MIN_ROWS - 1], 0, rows) / rows
    lower, upper = wilson(ends if share < 0.5 else 1 - ends, rows, level)
    return float(lower.min()), float(upper.max())


def _no_finer(p_value: float) -> float:
    if math.isnan(p_value):
        return p_value
    return next((step for step in STEPS if p_value <= step), 1.0)


@_withheld.register
def _fairness(answer: Fairness) -> Fairness:
    """Withhold shares of groups; of two classes all that together make up the table of a group's errors."""
    rates = []
    for rate in answer.rates:
        table = [o for o in answer.rates if o.column == rate.column and o.measure in _OF_ONE_TABLE]
        together = answer.task == "binary" and rate.measure in _OF_ONE_TABLE
        hidden = np.logical_or.reduce([_hidden_groups(other) for other in (table if together else [rate])])
        counted = np.logical_and.reduce([np.isfinite(o.rows) for o in table if o.measure != _MISTAKEN])
        rates.append(_rate(rate, hidden, counted if rate.measure in (_CAUGHT, _ALARMED) else ~np.isnan(rate.rows)))
    return answer.but(rates=tuple(rates))


def _hidden_groups(rate: GroupRate) -> np.ndarray:
    if rate.measure not in _SHARES:
        return np.isnan(rate.values)
    if rate.measure == _MISTAKEN:  # the score tells that of all groups
        return np.array(withheld_shares((rate.rows * rate.values).tolist(), rate.rows.tolist()), dtype=bool)
    pairs = zip(rate.values.tolist(), rate.rows.tolist(), strict=True)
    return np.array([math.isnan(share) or tells_few(share, n) for share, n in pairs])


def _rate(rate: GroupRate, hidden: np.ndarray, counted: np.ndarray) -> GroupRate:
    """Give a measure without its hidden values, and without rows that others of a class would tell."""
    told = {name: np.where(hidden, np.nan, getattr(rate, name)) for name in ("values", "lower", "upper")}
    told["rows"] = np.where(counted, rate.rows, np.nan)
    told_of = replace(rate, **told)  # type: ignore[arg-type]
    if np.isnan(rate.values).all():
        return told_of
    ends = [int(np.nanargmin(rate.values)), int(np.nanargmax(rate.values))]
    if not hidden[ends].any():
        return told_of
    return replace(told_of, gap=math.nan, gap_lower=math.nan, gap_upper=math.nan)


@_withheld.register
def _weak_regions(answer: WeakRegions) -> WeakRegions:
    if answer.loss_title != WRONG:
        return answer
    judging = answer.n_rows / 2
    told = [
        replace(
            r,
            loss_found=math.nan if tells_few(r.loss_found, r.rows_found) else r.loss_found,
            reference=math.nan if tells_few(r.reference, r.rows) else r.reference,
        )
        for r in answer.regions
        if not tells_few(r.loss, r.rows) and not tells_few(r.rest, judging - r.rows)
    ]
    if len(told) == len(answer.regions):
        return answer.but(regions=tuple(told))
    warning = f"regions in or beside which fewer than {MIN_ROWS} rows are wrong, or right, are withheld"
    provenance = replace(answer.provenance, warnings=(*answer.provenance.warnings, warning))
    return answer.but(regions=tuple(told), provenance=provenance)


@_withheld.register
def _multiplicity(answer: Multiplicity) -> Multiplicity:
    most = 1 - MIN_ROWS / answer.n_rows

    def told(share: float) -> float:
        if not tells_few(share, answer.n_rows):
            return share
        return most if share > 0.5 and most > 0.5 else math.nan

    return answer.but(
        ambiguity=told(answer.ambiguity),
        discrepancy=told(answer.discrepancy),
        disagreement=np.vectorize(told, otypes=[float])(answer.disagreement),
    )


@_withheld.register
def _drift(answer: Drift) -> Drift:
    """Withhold shares of missing values, and write distances to two digits: a total would tell the counts in them."""

    def told(column: ColumnDrift) -> ColumnDrift:
        gaps = ((column.missing_before, answer.n_before), (column.missing_after, answer.n_after))
        few = any(math.isnan(share) or tells_few(share, n) for share, n in gaps)
        before, after = (math.nan if few else share for share, _ in gaps)
        return replace(column, distance=round(column.distance, 2), missing_before=before, missing_after=after)

    return answer.but(columns=tuple(told(column) for column in answer.columns))


@_withheld.register
def _complexity(answer: Complexity) -> Complexity:
    """Take the rows beyond the curves for rows on them, where they are few."""
    whole = answer.provenance.n_rows
    return answer.but(n_rows=whole) if whole is not None and small(whole - answer.n_rows) else answer


def few_words(share: float, rows: float, noun: str = "rows") -> str:
    """Write of how many rows a share is that must not be told.

    Examples
    --------
    >>> few_words(0.05, 100), few_words(0.96, 1200)
    ('fewer than 10 of 100 rows', 'all but fewer than 10 of 1,200 rows')
    """
    few = f"fewer than {MIN_ROWS} of {round(rows):,} {noun}"
    return few if share < 0.5 else f"all but {few}"
