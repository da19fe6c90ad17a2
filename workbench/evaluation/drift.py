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
from workbench.evaluation.dealt import Statistic, chances, counts, distances
from workbench.evaluation.digits import spanned
from workbench.evaluation.told_apart import TREES, some_blocks, told_apart
from workbench.explainers.grid import as_floats, kind_of

FEWEST_BLOCKS = 4  # of a set: two to learn from, two to rank
_MUCH, _MEDIUM = 0.80, 0.65  # AUC


def drift(
    before: pd.DataFrame, after: pd.DataFrame, *, groups: tuple[Any, Any] | None = None, random_state: int = 0
) -> Drift:
    r"""Compare two sets of rows.

    - Numbers and moments: the two-sample Kolmogorov-Smirnov test of the known values. Levels: the chi-squared test of
      the counts, levels of fewer than 10 rows in both sets together pooled. Missing values: the chi-squared test of
      their number; of both p-values of a column the smaller counts twice. Columns are corrected by Holm's method.
    - All columns together: a random forest is taught to tell the sets apart on one half of the rows and ranks the
      other half. Its AUC there is U / (n m), with the Mann-Whitney statistic U, whose distribution, for rows that can't
      be told apart, gives a p-value: exact in the limit, whatever the forest has learned. The interval is DeLong's.
    - Where rows belong together (groups, repeats), whole blocks are what is drawn. None is in both halves, so that the
      forest can't know rows by heart; p-values are the shares of 999 (of the AUC 1,999) ways to deal the blocks to the
      sets that make as large a statistic: the distance of a column, or the chi-squared statistic of its levels or
      missing values, the largest of all columns, each standardized; for the interval see Obuchowski.

    Parameters
    ----------
    before, after : DataFrame of shape (n_rows, n_features)
        With the same columns.
    groups : tuple of two array-like, optional
        The block of each row of both sets: rows of one were put on one side whatever they are.
    random_state : int

    Returns
    -------
    Drift

    Raises
    ------
    ValueError
        If columns differ, a set has fewer than 20 rows or 4 blocks, the blocks are not one for each row, or one is in
        both sets.

    Notes
    -----
    Of more than 10,000 rows of a set as many are drawn for the forest, in whole blocks; with groups for the tests of
    columns too. Misleads where rows depend on each other and `groups` don't say so: whole groups on one side make sets
    look different that are not. A difference need not hurt: see the scores on both.

    References
    ----------
    Smirnov (1948), doi 10.1214/aoms/1177730256; Lopez-Paz and Oquab (2017), arXiv 1610.06545, and Kim, Ramdas, Singh
    and Wasserman (2021), doi 10.1214/20-AOS1962 (classifier two-sample tests); DeLong, DeLong and Clarke-Pearson
    (1988), doi 10.2307/2531595; Obuchowski (1997), doi 10.2307/2533958; Westfall and Young (1993), Resampling-based
    multiple testing.

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
    blocks = None if groups is None else _blocks(groups, len(before), len(after))
    found = [_column(str(name), before[name], after[name]) for name in before.columns]
    if blocks is None:
        p_values = holm([p for _, p in found])
    else:
        p_values = _dealt(before, after, [told["kind"] for told, _ in found], blocks, random_state)
    columns = tuple(ColumnDrift(**told, p_value=float(p)) for (told, _), p in zip(found, p_values, strict=True))
    joint = told_apart((before, after), [c.kind for c in columns], blocks, random_state)
    telling = sorted((c for c in columns if c.p_value <= RATE), key=lambda c: c.p_value)
    return Drift(
        columns=columns,
        auc=joint.auc,
        auc_lower=joint.lower,
        auc_upper=joint.upper,
        auc_p_value=joint.p_value,
        telling=tuple(c.column for c in telling),
        n_before=len(before),
        n_after=len(after),
        provenance=Provenance(
            method="Kolmogorov-Smirnov and chi-squared tests by column; classifier two-sample test"
            + ("" if blocks is None else "; blocks of rows dealt at random"),
            parameters={"n_estimators": TREES, "by_blocks": blocks is not None},
            random_state=random_state,
            n_rows=len(before) + len(after),
            exact=False,
        ),
    )


def _blocks(groups: tuple[Any, Any], n_before: int, n_after: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the blocks of both sets together."""
    first, second = (np.asarray(labels) for labels in groups)
    if first.shape != (n_before,) or second.shape != (n_after,):
        raise ValueError(f"groups must be one label for each of {n_before} and {n_after} rows")
    code = pd.factorize(np.concatenate([first, second]), use_na_sentinel=False)[0]
    parts = code[:n_before], code[n_before:]
    if np.intersect1d(*parts).size:
        raise ValueError("groups: rows of one group are in both sets; a group must be on one side")
    if min(len(np.unique(part)) for part in parts) < FEWEST_BLOCKS:
        raise ValueError(f"drift needs at least {FEWEST_BLOCKS} groups on each side")
    return parts


def _dealt(
    before: pd.DataFrame, after: pd.DataFrame, kinds: list[str], blocks: tuple[np.ndarray, np.ndarray], seed: int
) -> np.ndarray:
    """Give the p-value of each column, blocks dealt at random; NaN where nothing of it is known on one side."""
    rng = np.random.default_rng(seed)
    kept = [some_blocks(block, rng) for block in blocks]
    later = np.repeat([False, True], [len(rows) for rows in kept])
    unit = np.concatenate([block[rows] for block, rows in zip(blocks, kept, strict=True)])
    both = pd.concat([rows.iloc[some] for rows, some in zip((before, after), kept, strict=True)], ignore_index=True)
    statistics = [_statistics(both[name], kind, later) for name, kind in zip(both.columns, kinds, strict=True)]
    return chances(statistics, unit, later, seed + 1)


def _statistics(column: pd.Series, kind: str, later: np.ndarray) -> list[Statistic]:
    if kind in ("number", "datetime"):
        numbers = as_floats(column, kind)
        known, own = ~np.isnan(numbers), [distances(numbers)]
    else:
        codes = pd.factorize(np.array(level_texts(column), dtype=object))[0]
        known, own = codes >= 0, [counts(_pooled(codes))]
    if not (known[later].any() and known[~later].any()):
        own = []
    return [*own, *([] if known.all() or not known.any() else [counts(known.astype(int))])]


def _pooled(codes: np.ndarray) -> np.ndarray:
    """Number levels of fewer than 10 rows alike."""
    rare = np.bincount(codes[codes >= 0], minlength=1) < MIN_ROWS
    number = np.where(rare, len(rare), np.arange(len(rare)))
    return pd.factorize(np.where(codes < 0, np.nan, number[codes]))[0]  # NaN stays -1


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
        topic="drift",
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate, "auc": answer.auc},
            random_state=answer.provenance.random_state,
            n_rows=answer.n_before + answer.n_after,
            exact=False,
        ),
    )
