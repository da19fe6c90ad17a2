"""Where a model is weak: found in one half of the rows, judged in the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.finding import SEVERITIES, Finding
from workbench.answers.regions import WeakRegion, WeakRegions
from workbench.disclosure import tells_few
from workbench.evaluation.alarms import RATE, chance_in_words, holm, share_at_least
from workbench.evaluation.cells import Cells
from workbench.evaluation.digits import brief, decimals_for, written
from workbench.evaluation.draws import null_sums, shuffles
from workbench.evaluation.region_search import LEAST_ROWS, Region, search
from workbench.evaluation.row_losses import WRONG
from workbench.evaluation.withholding import few_words, withholding

_N_CELLS = 8
_MOST_ROWS = 20_000
_DRAWS = 1999
_HELD = 0.99
_MUCH, _MEDIUM = 3.0, 1.5  # times the loss elsewhere
_HALF = 0.5  # of the reference's loss


def weak_regions(
    X: pd.DataFrame,
    losses: Any,
    *,
    loss_title: str = "loss",
    sample_weight: Any = None,
    groups: Any = None,
    reference: Any = None,
    level: float = 0.95,
    random_state: int = 0,
) -> WeakRegions:
    r"""Search for regions of one or two columns whose mean loss is above that of the other rows.

    A region is a run of neighbouring intervals between the eighths of a column, a level, or missing; or where two of
    these meet. One half of the rows, drawn at random, is searched: see `search`. The regions found there are judged in
    the other half: by the share of 1,999 shuffles of the losses over the rows that give a region as high a loss,
    corrected by Holm's method for the number judged. As that half took no part in the search, no other correction is
    due, and the p-values are exact for any distribution of losses. For search and test alike, losses above their 99%
    quantile count as that; the means that are told are those of the losses as they are.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Columns to look at; they need not be those of the model.
    losses : array-like of shape (n_samples,)
        Of each row, see `row_losses`; on rows that the model has not seen.
    loss_title : str
    sample_weight : array-like of shape (n_samples,), optional
    groups : array-like of shape (n_samples,), optional
        Rows of a group stay in one half.
    reference : array-like of shape (n_samples,), optional
        Losses of another model, told beside.
    level : float
    random_state : int

    Returns
    -------
    WeakRegions
        Empty, with a warning, where there are too few rows for a region and its rest in both halves.

    Raises
    ------
    ValueError
        If lengths differ, or a loss is missing, infinite or negative.

    Notes
    -----
    Regions of 30 rows in each half or more are found; of more than 20,000 rows as many are drawn. Misleads where rows
    depend on each other beyond their groups. A region can be weak because its target is noisier, which no model mends:
    `reference` tells how hard it is for others. Pairs are searched among the 40 columns that are worthiest alone.

    References
    ----------
    The split follows Cox (1975), A note on data-splitting for the evaluation of significance levels, doi
    10.1093/biomet/62.2.441; the search Chung et al. (2019), Slice Finder, doi 10.1109/ICDE.2019.00139.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"a": rng.random(800), "b": rng.random(800), "c": rng.random(800)})
    >>> losses = rng.normal(size=800) ** 2 * np.where((X["a"] > 0.6) & (X["b"] < 0.5), 9, 1)
    >>> [region.columns for region in weak_regions(X, losses).confirmed()][:1]
    [('a', 'b')]
    """
    given, weight, others = _checked(len(X), losses, sample_weight, reference)
    rng = np.random.default_rng(random_state)
    rows, first = _halves(len(given), groups, rng)
    X, given, weight, others = X.iloc[rows], given[rows], weight[rows], others[rows]
    warnings = ["of more than 20,000 rows as many were drawn"] * (len(rows) < len(losses))
    found: list[Region] = []
    n_searched = 0
    if min(first.sum(), (~first).sum()) < 2 * LEAST_ROWS:
        warnings.append(f"fewer than {4 * LEAST_ROWS} rows: no region can be found in one half and judged in the other")
    else:
        cells = [Cells.of(str(name), X[name], most=_N_CELLS, least=2 * LEAST_ROWS) for name in X.columns]
        found, n_searched, left_out = search(cells, _held(given), weight, first)
        warnings += [f"pairs of {left_out} columns were not searched"] * (left_out > 0)
    return WeakRegions(
        loss_title=loss_title,
        mean_loss=float(np.average(given[~first], weights=weight[~first])) if (~first).any() else math.nan,
        regions=_judged(found, given, weight, others, first, level, random_state),
        n_searched=n_searched,
        n_rows=len(rows),
        level=level,
        provenance=Provenance(
            method="regions found in one half, judged in the other by shuffles",
            parameters={"draws": _DRAWS, "least_rows": LEAST_ROWS},
            random_state=random_state,
            n_rows=len(rows),
            exact=False,
            warnings=tuple(warnings),
        ),
    )


def _checked(n: int, losses: Any, sample_weight: Any, reference: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    given = np.asarray(losses, dtype=float)
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    others = np.full(n, np.nan) if reference is None else np.asarray(reference, dtype=float)
    for name, values in (("losses", given), ("sample_weight", weight), ("reference", others)):
        if values.shape != (n,):
            raise ValueError(f"{name} must be {n} numbers, one for each row; got the shape {values.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise ValueError("losses must be numbers of at least 0, none missing or infinite")
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        raise ValueError("sample_weight must be above 0; leave rows of weight 0 out")
    return given, weight, others


def _halves(n: int, groups: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the rows that take part, and which of them are in the half that is searched."""
    rows = np.arange(n) if n <= _MOST_ROWS else np.sort(rng.choice(n, _MOST_ROWS, replace=False))
    if groups is None:
        order = rng.permutation(len(rows))
        return rows, order < len(rows) / 2
    codes = pd.factorize(np.asarray(groups)[rows], use_na_sentinel=False)[0]
    dealt = rng.permutation(codes.max() + 1)
    until = np.cumsum(np.bincount(codes)[dealt])
    in_first = np.empty(len(dealt), dtype=bool)
    in_first[dealt] = until <= max(len(rows) / 2, until[0])
    return rows, in_first[codes]


def _held(losses: np.ndarray) -> np.ndarray:
    """Give the losses without the excess of the largest hundredth, which would hide what the others say."""
    most = float(np.quantile(losses, _HELD))
    return np.minimum(losses, most) if most > 0 else losses


def _judged(
    found: Sequence[Region],
    losses: np.ndarray,
    weight: np.ndarray,
    others: np.ndarray,
    first: np.ndarray,
    level: float,
    random_state: int,
) -> tuple[WeakRegion, ...]:
    from scipy.special import stdtrit

    if not found:
        return ()
    inside = np.column_stack([region.inside() for region in found])
    half, w, own = inside[~first], weight[~first], losses[~first]
    design = w[:, None] * half / (w @ half)
    means = own @ design
    held = _held(losses)[~first]
    drawn = null_sums(shuffles(held), design, random_state + 1, _DRAWS)
    p_values = holm([share_at_least(float(m), d) for m, d in zip(held @ design, drawn.T, strict=True)])
    judged = []
    for i, region in enumerate(found):
        at, part = half[:, i], design[:, i]
        error = math.sqrt(float(part**2 @ (own - means[i]) ** 2) * at.sum() / (at.sum() - 1))
        reach = float(stdtrit(int(at.sum()) - 1, (1 + level) / 2)) * error
        searched = inside[:, i] & first
        judged.append(
            WeakRegion(
                text=region.text,
                columns=tuple(c.column for c in region.cells),
                rows_found=int(searched.sum()),
                rows=int(at.sum()),
                loss_found=float(np.average(losses[searched], weights=weight[searched])),
                loss=float(means[i]),
                lower=float(means[i] - reach),
                upper=float(means[i] + reach),
                rest=float(np.average(own[~at], weights=w[~at])),
                p_value=float(p_values[i]),
                reference=float(others[~first] @ part),
            )
        )
    return tuple(sorted(judged, key=lambda r: -r.loss))


def weak_regions_finding(
    answer: WeakRegions, *, about: str, matters: float = 0.0, rate: float = RATE, reference: str = "the reference"
) -> Finding | None:
    """Make a finding where a region is shown to be weaker by a quarter at least; else None.

    A large ratio alone is no fault: where hardly any loss is left, the cases at the border of two classes are many
    times worse than the others and still told well. So it is low as long as the model has less than half of the
    reference's loss there. Else it is medium where its loss is one and a half times that of other rows, and high where
    that is no smaller than the reference's; without a reference, where it is three times that of other rows. On clean
    data a finding comes up in at most `rate` of all cases.

    Parameters
    ----------
    answer : WeakRegions
    about : str
        The model's name.
    matters : float
        The smallest difference of a mean loss that does.
    rate : float
    reference : str
        What the model of the answer's `reference` is called in a sentence.
    """
    weak = [r for r in answer.confirmed(rate) if r.loss - r.rest > matters]
    if not weak:
        return None
    sent = {r.text: r for r in withholding(answer).regions}
    severity = min((_severity(r) for r in weak), key=SEVERITIES.index)
    places = "a region" if len(weak) == 1 else f"{len(weak)} regions"
    told = "; ".join(_told(r, sent.get(r.text), reference) for r in weak[:3])
    told += f"; and {len(weak) - 3} more" if len(weak) > 3 else ""
    useless = any(r.loss >= r.reference for r in weak)
    worse = f" There it is no better than {reference}." if useless else ""
    return Finding(
        severity=severity,
        title=f"The model is weak in {places}",
        evidence=f"{_overall(answer)}; {told}. Judged in rows that the search had not "
        f"seen ({chance_in_words(max(r.p_value for r in weak))}).{worse}",
        action="Expect larger errors there than the scores say."
        if severity == "low"
        else "Look at these rows: a column may be missing that tells them apart, or their target be noisy. Don't rely "
        "on the model there.",
        about=about,
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate, "searched": answer.n_searched},
            random_state=answer.provenance.random_state,
            n_rows=answer.n_rows,
            exact=False,
        ),
    )


def _severity(region: WeakRegion) -> str:
    ratio = region.loss / region.rest if region.rest > 0 else math.inf
    if ratio < _MEDIUM or region.loss < _HALF * region.reference:
        return "low"
    worst = ratio >= _MUCH if math.isnan(region.reference) else region.loss >= region.reference
    return "high" if worst else "medium"


def _overall(answer: WeakRegions) -> str:
    told = f"Mean {answer.loss_title}"
    if answer.loss_title == WRONG and tells_few(answer.mean_loss, answer.n_rows / 2):
        return f"{told} is that of {few_words(answer.mean_loss, answer.n_rows / 2)}"
    return f"{told} is {brief(answer.mean_loss)}"


def _told(region: WeakRegion, sent: WeakRegion | None, reference: str) -> str:
    if sent is None:
        few = tells_few(region.loss, region.rows)
        told = f" ({few_words(region.loss, region.rows)})" if few else ""
        return f"where {region.text} it is higher{told}"
    decimals = decimals_for((region.upper - region.lower) / 2)
    bounds = f"[{written(region.lower, decimals)}, {written(region.upper, decimals)}]"
    beside = "" if math.isnan(sent.reference) else f"; {reference} has {written(sent.reference, decimals)}"
    return f"where {region.text} it is {written(region.loss, decimals)} {bounds} ({region.rows:,} rows{beside})"
