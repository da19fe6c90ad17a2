"""Whether later or held-out rows are like those that a model was made of: by column, and all columns together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.drift import ColumnDrift, Drift
from workbench.answers.finding import Finding
from workbench.columns import level_texts, listed, quoted
from workbench.disclosure import MIN_ROWS, small
from workbench.evaluation.alarms import RATE, chance_in_words, holm
from workbench.evaluation.digits import spanned
from workbench.explainers.grid import as_floats, kind_of

_MOST_ROWS = 10_000
_TREES, _LEAF = 200, 10
_MUCH, _MEDIUM = 0.80, 0.65  # AUC


def drift(before: pd.DataFrame, after: pd.DataFrame, *, random_state: int = 0) -> Drift:
    r"""Compare two sets of rows.

    - Numbers and moments: the two-sample Kolmogorov-Smirnov test of the known values. Levels: the chi-squared test of
      the counts, levels of fewer than 10 rows in both sets together pooled. Missing values: the chi-squared test of
      their number; of both p-values of a column the smaller counts twice. Columns are corrected by Holm's method.
    - All columns together: a random forest is taught to tell the sets apart on one half of the rows and ranks the
      other half. Its AUC there is U / (n m), with the Mann-Whitney statistic U, whose distribution, for rows that can't
      be told apart, gives a p-value: exact in the limit, whatever the forest has learned. The interval is that of
      Hanley and McNeil.

    Parameters
    ----------
    before, after : DataFrame of shape (n_rows, n_features)
        With the same columns.
    random_state : int

    Returns
    -------
    Drift

    Raises
    ------
    ValueError
        If columns differ, or a set has fewer than 20 rows.

    Notes
    -----
    Of more than 10,000 rows of a set as many are drawn for the forest. Misleads where rows depend on each other: whole
    groups on one side make sets look different that are not. A difference need not hurt: see the scores on both.

    References
    ----------
    Smirnov (1948), doi 10.1214/aoms/1177730256; Lopez-Paz and Oquab (2017), arXiv 1610.06545, and Kim, Ramdas, Singh
    and Wasserman (2021), doi 10.1214/20-AOS1962 (classifier two-sample tests); Hanley and McNeil (1982), doi
    10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300)})
    >>> told = drift(before, before + np.array([0.8, 0.0]))
    >>> told.telling, told.auc > 0.6
    (('a',), True)
    """
    if list(before.columns) != list(after.columns) or not len(before.columns):
        raise ValueError("both sets of rows must have the same columns in the same order, at least one")
    if min(len(before), len(after)) < 2 * MIN_ROWS:
        raise ValueError(f"drift needs at least {2 * MIN_ROWS} rows on each side; got {len(before)} and {len(after)}")
    found = [_column(str(name), before[name], after[name]) for name in before.columns]
    p_values = holm([p for _, p in found])
    columns = tuple(ColumnDrift(**told, p_value=float(p)) for (told, _), p in zip(found, p_values, strict=True))
    auc, p_value, half = _told_apart(before, after, [c.kind for c in columns], random_state)
    telling = sorted((c for c in columns if c.p_value <= RATE), key=lambda c: c.p_value)
    return Drift(
        columns=columns,
        auc=auc,
        auc_lower=max(0.0, auc - half),
        auc_upper=min(1.0, auc + half),
        auc_p_value=p_value,
        telling=tuple(c.column for c in telling),
        n_before=len(before),
        n_after=len(after),
        provenance=Provenance(
            method="Kolmogorov-Smirnov and chi-squared tests by column; classifier two-sample test",
            parameters={"n_estimators": _TREES},
            random_state=random_state,
            n_rows=len(before) + len(after),
            exact=False,
        ),
    )


def _column(name: str, before: pd.Series, after: pd.Series) -> tuple[dict[str, Any], float]:
    kind = kind_of(pd.concat([before, after], ignore_index=True))
    if kind in ("number", "datetime"):
        first, second = as_floats(before, kind), as_floats(after, kind)
        gaps = np.isnan(first), np.isnan(second)
        distance, p = _of_numbers(first[~gaps[0]], second[~gaps[1]])
    else:
        texts = np.array(level_texts(before), dtype=object), np.array(level_texts(after), dtype=object)
        gaps = pd.isna(texts[0]), pd.isna(texts[1])
        distance, p = _of_levels(texts[0][~gaps[0]], texts[1][~gaps[1]])
    missing = [int(g.sum()) for g in gaps]
    if sum(missing):
        gap_p = _of_counts(np.array([[m, len(g) - m] for m, g in zip(missing, gaps, strict=True)]))
        p = min(1.0, 2 * np.nanmin([p, gap_p]))
    shares = [math.nan if small(m) or small(len(g) - m) else m / len(g) for m, g in zip(missing, gaps, strict=True)]
    told = {
        "column": name,
        "kind": kind,
        "distance": distance,
        "missing_before": shares[0],
        "missing_after": shares[1],
    }
    return told, float(p)


def _of_numbers(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    from scipy.stats import ks_2samp

    if not len(first) or not len(second):
        return math.nan, math.nan
    test = ks_2samp(first, second, method="asymp" if max(len(first), len(second)) > 1000 else "auto")
    return float(test.statistic), float(test.pvalue)


def _of_levels(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    if not len(first) or not len(second):
        return math.nan, math.nan
    levels, codes = np.unique(np.concatenate([first, second]).astype(str), return_inverse=True)
    counts = np.array([np.bincount(c, minlength=len(levels)) for c in (codes[: len(first)], codes[len(first) :])])
    rare = counts.sum(axis=0) < MIN_ROWS
    pooled = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    shares = pooled / pooled.sum(axis=1, keepdims=True)
    return float(np.abs(shares[0] - shares[1]).sum() / 2), _of_counts(pooled)


def _of_counts(table: np.ndarray) -> float:
    """Give the p-value of the chi-squared test of counts, 1 where there is nothing to compare."""
    from scipy.stats import chi2_contingency

    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return 1.0
    return float(chi2_contingency(table, correction=True).pvalue)


def _told_apart(
    before: pd.DataFrame, after: pd.DataFrame, kinds: list[str], random_state: int
) -> tuple[float, float, float]:
    """Give the AUC of a classifier on rows that it has not seen, its p-value, and half of its interval's width."""
    from scipy.stats import mannwhitneyu
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(random_state)
    both, labels, first = [], [], []
    for label, rows in enumerate((before, after)):
        kept = rng.permutation(len(rows))[:_MOST_ROWS]
        both.append(rows.iloc[kept])
        labels.append(np.full(len(kept), label))
        first.append(np.arange(len(kept)) < len(kept) // 2)
    Z = _encoded(pd.concat(both, ignore_index=True), kinds)
    y, learns = np.concatenate(labels), np.concatenate(first)
    forest = RandomForestClassifier(
        _TREES, min_samples_leaf=_LEAF, class_weight="balanced", random_state=random_state, n_jobs=1
    ).fit(Z[learns], y[learns])
    score = forest.predict_proba(Z[~learns])[:, 1]
    one, other = score[y[~learns] == 1], score[y[~learns] == 0]
    test = mannwhitneyu(one, other, alternative="greater", method="asymptotic")
    auc = float(test.statistic / (len(one) * len(other)))
    return auc, float(test.pvalue), 1.959964 * _standard_error(auc, len(one), len(other))


def _standard_error(auc: float, n: int, m: int) -> float:
    q, r = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n - 1) * (q - auc**2) + (m - 1) * (r - auc**2)
    return math.sqrt(max(variance, 0.0) / (n * m))


def _encoded(rows: pd.DataFrame, kinds: list[str]) -> np.ndarray:
    """Give columns as numbers: levels in the order of their frequency, missing as NaN."""
    columns = []
    for name, kind in zip(rows.columns, kinds, strict=True):
        if kind in ("number", "datetime"):
            columns.append(as_floats(rows[name], kind))
            continue
        texts = pd.Series(level_texts(rows[name]), dtype=object)
        order = texts.value_counts().index  # ties in the order of appearance
        codes = pd.Index(order).get_indexer(texts).astype(float)
        columns.append(np.where(codes < 0, np.nan, codes))
    # the forest computes in float32
    return np.clip(np.column_stack(columns), -3e38, 3e38)


def drift_finding(
    answer: Drift, *, rate: float = RATE, before: str = "the training rows", after: str = "the holdout"
) -> Finding | None:
    """Make a finding where the sets are shown to differ, by columns or all together; else None.

    High where a classifier tells them apart with an AUC of 0.80 or more, medium from 0.65 on, else low. Where sets are
    alike a finding comes up in at most `rate` of all cases, half of it by columns, half by the classifier.
    """
    columns = sorted((c for c in answer.columns if c.p_value <= rate / 2), key=lambda c: c.p_value)
    joint = answer.auc_p_value <= rate / 2
    if not columns and not joint:
        return None
    auc = spanned(answer.auc, answer.auc_lower, answer.auc_upper, "AUC")
    parts = [f"A random forest tells rows of {after} from {before} with {auc} ({chance_in_words(answer.auc_p_value)})"]
    if columns:
        names = listed([f"{quoted([c.column])} ({c.distance:.2f})" for c in columns], 4)
        parts.append(f"By distance of their distributions differ: {names}")
    high = joint and answer.auc >= _MUCH
    return Finding(
        severity="high" if high else "medium" if joint and answer.auc >= _MEDIUM else "low",
        title=f"{after[0].upper()}{after[1:]} differs from {before}",
        evidence=f"{'. '.join(parts)}.",
        action="Find out what changed, and when. Scores on rows like the new ones say more than scores over all.",
        about="study",
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate, "auc": answer.auc},
            random_state=answer.provenance.random_state,
            n_rows=answer.n_before + answer.n_after,
            exact=False,
        ),
    )
