"""Whether residuals still follow the prediction or a column: in their mean, or in their size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.finding import Finding
from workbench.answers.residuals import Residuals, ResidualsBy
from workbench.columns import quoted
from workbench.evaluation.alarms import RATE, chance_in_words
from workbench.evaluation.cells import Cells
from workbench.evaluation.digits import brief, decimals_for, written
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.residual_tests import chances, most_tested
from workbench.evaluation.units import times
from workbench.magnitude import unit_of

_N_CELLS, _LEAST_ROWS = 6, 20
_NORMAL = 2.9058  # (97.5% - 2.5%) / (75% - 25%) of a normal distribution
_TAIL_ROWS, _SKEW_ROWS = 400, 200
_BIAS = (0.01, 0.03, 0.10)  # shares of the residuals' variance: low, medium, high
_SPREAD = (1.5, 3.0)  # ratios of sizes: low, medium


def residuals(predictions: Predictions, X: pd.DataFrame, *, level: float = 0.95, random_state: int = 0) -> Residuals:
    r"""Ask of residuals y - f whether their mean or their size differs between parts of a column or of the prediction.

    Parts are up to six intervals of about equally many rows, or levels, and missing, of 20 rows or more each.

    - Mean: :math:`\sum_c (\sum_{i \in c} r_i)^2 / \sum_{i \in c} r_i^2` of residuals less their overall mean (which is
      a matter of `calibration`), against residuals in another order, which is right however skewed they are, and
      against residuals with signs drawn, which is right however unequal their sizes are; the larger p-value counts.
    - Size: :math:`\sum_c n_c \bar R_c^2` with R the ranks of absolute residuals (Kruskal and Wallis), against the
      same ranks in another order: exact.

    Each statistic is standardized by its draws. Of all columns together the draws' largest is kept: a p-value is the
    share of draws whose largest is no smaller than what was found (Westfall and Young), and counts twice, as two
    questions are asked.

    Parameters
    ----------
    predictions : Predictions
        Of a number, for rows that the model has not seen.
    X : DataFrame of shape (n_samples, n_features)
        The same rows; columns that the model does not use are welcome.
    level : float
    random_state : int

    Returns
    -------
    Residuals

    Raises
    ------
    ValueError
        If classes are predicted (their residuals have no spread of their own: see `calibration` and `weak_regions`),
        X has other rows, or there are fewer than 40.

    Notes
    -----
    Of more than 10,000 rows (fewer where columns are many) as many are drawn for the tests. Misleads where rows depend
    on each other. What two columns do together is not looked for: see `weak_regions`. The test of sizes also sees a
    bias that it can't tell from them.

    References
    ----------
    Westfall and Young (1993), Resampling-based multiple testing; Kruskal and Wallis (1952), doi
    10.1080/01621459.1952.10483441; for the signs see `draws.signs`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"a": rng.uniform(-1, 1, 400), "b": rng.uniform(-1, 1, 400)})
    >>> y = X["a"] ** 2 + 0.2 * rng.normal(size=400)
    >>> told = residuals(Predictions.of(y, np.full(400, 1 / 3)), X)
    >>> told["a"].bias_p, told["b"].bias_p > 0.01
    (0.002, True)
    """
    unit, n = unit_of(predictions.y, predictions.predicted), predictions.n_rows
    r = predictions.by(unit).residual
    if len(X) != n:
        raise ValueError(f"X must have the {n} rows that are predicted; got {len(X)}")
    if n < 2 * _LEAST_ROWS:
        raise ValueError(f"residuals need at least {2 * _LEAST_ROWS} rows that the model has not seen; got {n}")
    weight = predictions.weight / predictions.weight.mean()
    cells = [Cells.of_numbers("", predictions.predicted, most=_N_CELLS, least=_LEAST_ROWS)]
    cells += [Cells.of(str(name), X[name], most=_N_CELLS, least=_LEAST_ROWS) for name in X.columns]
    bias = float(np.average(r, weights=weight))
    bias_p, spread_p = chances(cells, r - bias, weight, random_state)
    parts = [
        _part(c, r, weight, level, (float(b), float(s)))
        for c, b, s in zip(cells, bias_p, spread_p, strict=True)
        if len(c)
    ]
    tail, skew = _shape(r)
    told = Residuals(
        by=tuple(parts),
        bias=bias,
        spread=float(np.sqrt(np.average((r - bias) ** 2, weights=weight))),
        tail_weight=tail,
        skewness=skew,
        n_rows=n,
        level=level,
        provenance=Provenance(
            method="residuals by parts of columns; orders and signs drawn, largest statistic of all columns",
            parameters={"cells": _N_CELLS},
            random_state=random_state,
            n_rows=n,
            exact=False,
            warnings=(f"tests on {most_tested(cells):,} rows, drawn",) * (n > most_tested(cells)),
        ),
    )
    return times(told, unit)


def _part(cells: Cells, r: np.ndarray, weight: np.ndarray, level: float, p: tuple[float, float]) -> ResidualsBy:
    from scipy.special import stdtrit

    known = cells.codes >= 0
    code, own, w = cells.codes[known], r[known], weight[known]
    rows, total = np.bincount(code), np.bincount(code, w)
    mean = np.bincount(code, w * own) / total
    squares = np.bincount(code, w * (own - mean[code]) ** 2)
    error = np.sqrt(np.bincount(code, (w * (own - mean[code])) ** 2) / total**2 * rows / (rows - 1))
    half = stdtrit(rows - 1, (1 + level) / 2) * error
    k, n = len(rows), len(own)
    overall = float(np.average(own, weights=w))
    between, within = float(total @ (mean - overall) ** 2), float(squares.sum())
    noise = within / max(n - k, 1)
    share = (between - (k - 1) * noise) / (between + within + noise) if between + within > 0 else 0.0
    return ResidualsBy(
        column=cells.column,
        cells=tuple(cells.texts()),
        rows=rows,
        mean=mean,
        lower=mean - half,
        upper=mean + half,
        size=np.bincount(code, w * np.abs(own)) / total,
        bias_share=max(0.0, share),
        bias_p=p[0],
        spread_p=p[1],
    )


def _shape(r: np.ndarray) -> tuple[float, float]:
    """Give the weight of the tails and the skewness, of quantiles beyond which 10 rows lie at least."""
    q = np.quantile(r, [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975])
    tail = (q[6] - q[0]) / (q[4] - q[2]) / _NORMAL if len(r) >= _TAIL_ROWS and q[4] > q[2] else math.nan
    skew = (q[5] + q[1] - 2 * q[3]) / (q[5] - q[1]) if len(r) >= _SKEW_ROWS and q[5] > q[1] else math.nan
    return float(tail), float(skew)


def residuals_findings(answer: Residuals, *, about: str, unit: str = "", rate: float = RATE) -> tuple[Finding, ...]:
    """Make findings of means and of sizes that differ, where they do so by enough to matter.

    Means: high where they explain 10% of the residuals' variance, medium from 3%, low from 1% on. Sizes: medium where
    the largest is three times the smallest, low from one and a half times on. On clean data any finding comes up in at
    most `rate` of all cases.
    """
    found = []
    biased = sorted(
        (p for p in answer.by if p.bias_p <= rate and p.bias_share >= _BIAS[0]), key=lambda p: -p.bias_share
    )
    if biased:
        share = biased[0].bias_share
        severity = "high" if share >= _BIAS[2] else "medium" if share >= _BIAS[1] else "low"
        found.append(
            _finding(
                answer,
                severity,
                f"Residuals still follow {_names(biased)}",
                "; ".join(_bias_told(p, unit) for p in biased[:3]),
                max(p.bias_p for p in biased),
                "The model misses the shape of what they do: allow it a curve, more knots or leaves, or pairs.",
                about,
                rate,
            )
        )
    # a bias makes errors large too: of a column that has one, that is enough to say
    uneven = [
        p for p in answer.by if not any(p is b for b in biased) and p.spread_p <= rate and p.spread_ratio >= _SPREAD[0]
    ]
    uneven.sort(key=lambda p: -p.spread_ratio)
    if uneven:
        found.append(
            _finding(
                answer,
                "medium" if uneven[0].spread_ratio >= _SPREAD[1] else "low",
                f"The size of errors depends on {_names(uneven)}",
                "; ".join(_spread_told(p, unit) for p in uneven[:3]),
                max(p.spread_p for p in uneven),
                "Intervals of one width fit no part then: give errors by part, or model a logarithm or another "
                "distribution (glm) if they grow with the prediction.",
                about,
                rate,
            )
        )
    return tuple(found)


def _finding(
    answer: Residuals, severity: str, title: str, told: str, p: float, action: str, about: str, rate: float
) -> Finding:
    return Finding(
        severity=severity,
        title=title,
        evidence=f"{told[0].upper()}{told[1:]} ({chance_in_words(p)} by chance, all columns considered).",
        action=action,
        about=about,
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate},
            random_state=answer.provenance.random_state,
            n_rows=answer.n_rows,
            exact=False,
        ),
    )


def _names(parts: Sequence[ResidualsBy]) -> str:
    names = [quoted([p.column]) if p.column else "the prediction" for p in parts]
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more columns"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _where(part: ResidualsBy, i: int) -> str:
    return part.cells[i].replace("''", "the prediction is", 1) if not part.column else part.cells[i]


def _bias_told(part: ResidualsBy, unit: str) -> str:
    clear = np.where(part.lower > 0, part.lower, np.where(part.upper < 0, -part.upper, -np.inf))
    i = int(np.argmax(clear if np.isfinite(clear).any() else np.abs(part.mean)))
    mean, lower, upper = (float(v[i]) for v in (part.mean, part.lower, part.upper))
    way = "low" if mean > 0 else "high"
    ends = sorted((abs(lower), abs(upper))) if (lower > 0) == (upper > 0) else [lower, upper]
    decimals = decimals_for((upper - lower) / 2)
    of = f" {unit}" if unit else ""
    by = f"{written(abs(mean), decimals)}{of} [{written(ends[0], decimals)}, {written(ends[1], decimals)}]"
    return f"where {_where(part, i)}, in {int(part.rows[i]):,} rows, predictions are too {way} by {by}"


def _spread_told(part: ResidualsBy, unit: str) -> str:
    most, least = int(np.argmax(part.size)), int(np.argmin(part.size))
    of = f" {unit}" if unit else ""
    large, small = brief(float(part.size[most])), brief(float(part.size[least]))
    return f"the mean error is {large}{of} where {_where(part, most)}, but {small}{of} where {_where(part, least)}"
