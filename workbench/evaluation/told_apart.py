"""How well a classifier tells two sets of rows apart, on rows that it has not seen, blocks of rows kept together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.evaluation.alarms import share_at_least
from workbench.evaluation.dealt import deals
from workbench.explainers.grid import as_floats

TREES = 200
_LEAF = 10
_MOST_ROWS = 10_000
_DRAWS = 1999


@dataclass(frozen=True)
class ToldApart:
    """An AUC with its interval of 95%, and the p-value of one that is no better than chance."""

    auc: float
    lower: float
    upper: float
    p_value: float


def told_apart(
    sets: Sequence[pd.DataFrame], kinds: Sequence[str], blocks: Sequence[np.ndarray] | None, random_state: int
) -> ToldApart:
    """Teach a random forest one half of two sets of rows, and let it rank the other half.

    Parameters
    ----------
    sets : sequence of two DataFrame
        With the same columns, whose kinds are `kinds`.
    blocks : sequence of two ndarray of int, or None
        The block of each row, none of them in both sets; None where rows don't belong together.
    random_state : int
    """
    from scipy.stats import mannwhitneyu
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(random_state)
    units = [np.arange(len(rows)) for rows in sets] if blocks is None else [pd.factorize(b)[0] for b in blocks]
    both, labels, first, unit = [], [], [], []
    for label, rows in enumerate(sets):
        kept, learns = _halved(units[label], rng)
        both.append(rows.iloc[kept])
        labels.append(np.full(len(kept), label))
        first.append(learns)
        unit.append(units[label][kept] + (0 if label == 0 else units[0].max() + 1))
    Z = _encoded(pd.concat(both, ignore_index=True), kinds)
    y, learns = np.concatenate(labels), np.concatenate(first)
    forest = RandomForestClassifier(
        TREES, min_samples_leaf=_LEAF, class_weight="balanced", random_state=random_state, n_jobs=1
    ).fit(Z[learns], y[learns])
    score, y, unit = forest.predict_proba(Z[~learns])[:, 1], y[~learns], np.concatenate(unit)[~learns]
    auc, error = auc_by_blocks(score, y, unit)
    if blocks is None:
        p_value = float(mannwhitneyu(score[y == 1], score[y == 0], alternative="greater", method="asymptotic").pvalue)
    else:
        p_value = _chance(auc, score, y, unit, rng)
    half = 1.959964 * error
    return ToldApart(auc, max(0.0, auc - half), min(1.0, auc + half), p_value)


def some_blocks(unit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give the rows of as many blocks, drawn at random and one after the other, as have at most 10,000 rows."""
    code = pd.factorize(unit)[0]
    place = rng.permutation(int(code.max()) + 1)[code]
    ends = np.cumsum(np.bincount(place))  # rows in the blocks up to each
    blocks = max(int(np.searchsorted(ends, _MOST_ROWS, side="right")), 2)  # two in any case
    return np.argsort(place, kind="stable")[: ends[min(blocks, len(ends)) - 1]]


def _halved(unit: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give rows in whole blocks, and which of them are in the half that teaches: of few large blocks at least one."""
    kept = some_blocks(unit, rng)
    place = pd.factorize(unit[kept])[0]  # in the order in which they were drawn
    ends = np.cumsum(np.bincount(place))
    teaching = int(np.searchsorted(ends, ends[-1] / 2, side="right"))
    return kept, place < min(max(teaching, 1), len(ends) - 1)


def auc_by_blocks(score: np.ndarray, y: np.ndarray, unit: np.ndarray) -> tuple[float, float]:
    r"""Give the AUC of scores, and its standard error with blocks as what is drawn.

    With :math:`V_i` the share of the other set's rows that rank below (of the first set: above) row i, n rows in K
    blocks of a set, the variance is the sum over both sets of :math:`\frac{K}{(K - 1) n^2} \sum_k (\sum_{i \in k}
    (V_i - A))^2`.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), doi 10.2307/2531595; of blocks Obuchowski (1997), doi 10.2307/2533958.
    """
    from scipy.stats import rankdata

    ranks = rankdata(score)
    n = np.bincount(y, minlength=2)
    above = np.empty(len(y))
    for label in (0, 1):
        own = y == label
        below = (ranks[own] - rankdata(score[own])) / n[1 - label]  # the share of the other set that ranks below
        above[own] = below if label else 1 - below
    auc = float(above[y == 1].mean())
    variance = 0.0
    for label in (0, 1):
        own = y == label
        code = pd.factorize(unit[own])[0]
        blocks = int(code.max()) + 1
        sums = np.bincount(code, above[own] - auc)
        variance += blocks / max(blocks - 1, 1) * float(sums @ sums) / n[label] ** 2
    return auc, math.sqrt(variance)


def _chance(auc: float, score: np.ndarray, y: np.ndarray, unit: np.ndarray, rng: np.random.Generator) -> float:
    """Give the share of deals of the blocks to the two sets that make as high an AUC."""
    from scipy.stats import rankdata

    ranks = rankdata(score)
    drawn = []
    for later in deals(unit, y == 1, rng, _DRAWS):
        n = later.sum(axis=1)
        drawn.append((later @ ranks - n * (n + 1) / 2) / (n * (len(y) - n)))
    return share_at_least(auc, np.concatenate(drawn))


def _encoded(rows: pd.DataFrame, kinds: Sequence[str]) -> np.ndarray:
    """Give columns as numbers: numbers by their order, levels by their frequency, missing as NaN."""
    columns = []
    for name, kind in zip(rows.columns, kinds, strict=True):
        if kind in ("number", "datetime"):
            columns.append(_places(as_floats(rows[name], kind)))
            continue
        texts = pd.Series(level_texts(rows[name]), dtype=object)
        order = texts.value_counts().index  # ties in the order of appearance
        codes = pd.Index(order).get_indexer(texts).astype(float)
        columns.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack(columns)


def _places(numbers: np.ndarray) -> np.ndarray:
    """Give each number its place among the different ones: to a tree the same, and float32 holds them all apart."""
    places = np.unique(numbers, return_inverse=True)[1].astype(float)
    return np.where(np.isnan(numbers), np.nan, places)
