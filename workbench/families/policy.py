"""How a family gets its inputs: what happens to missing values, categories and levels never seen before."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.disclosure import MIN_ROWS, small
from workbench.families.cutting import interval_cuts
from workbench.forms import Affine, Binned, Frame, Input, IsMissing, Lookup

# libraries of rules go through all cuts in Python
_MOST_CUTS = 400
# of a one-hot column: each level is a column of numbers, and a model of thousands of them can't be read
MOST_LEVELS = 200


class LevelsPooled(UserWarning):
    """A column has more levels than a family tells apart, and the rarer ones are pooled."""


@dataclass(frozen=True)
class Policy:
    """What a family does with the columns that it is given, as the card prints it.

    Attributes
    ----------
    missing : {"native", "impute+indicator"}
        Left to the library (the training mean where 1 to 9 training rows miss), or the training mean with an indicator
        where at least 10 training rows miss.
    categories : {"native", "one-hot", "ordinal"}
        Levels of fewer than 10 training rows are pooled; of one-hot columns also those beyond the 200 commonest, and a
        warning says so (`LevelsPooled`). Ordered levels are codes wherever there are thresholds.
    unseen : {"other", "prior"}
        A level not seen in training counts as the pooled rare levels; without such a pool as no level at all
        ("other"), or as the average training row ("prior").
    scale : bool
        Whether inputs are centred and numbers brought to unit variance; never with thresholds.
    numbers : {"values", "bins", "above cuts", "both sides of cuts"}
        Number columns as they are; or, for rules, as the codes of at most `bins` intervals of 10 training rows or
        more; or for each cut between those as a truth value of being above it, or as one of being above and one of not.
    bins : int
        The most intervals of a number column; with many columns fewer, so that there are at most 400 cuts, or one each.
    """

    missing: Literal["native", "impute+indicator"]
    categories: Literal["native", "one-hot", "ordinal"]
    unseen: Literal["other", "prior"]
    scale: bool = False
    numbers: Literal["values", "bins", "above cuts", "both sides of cuts"] = "values"
    bins: int = 10


def fit_inputs(
    X: pd.DataFrame, kinds: Mapping[str, str], policy: Policy, sample_weight: np.ndarray | None = None
) -> tuple[Input, ...]:
    """Fit the maps from original columns to encoded inputs.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
    kinds : mapping of column name to kind
    policy : Policy
    sample_weight : ndarray of shape (n_samples,), optional
        Means and variances are weighted; counts of rows are not.
    """
    frame = Frame(X, kinds)
    n_cut = sum(kind != "category" for kind in kinds.values())
    policy = replace(policy, bins=min(policy.bins, max(2, 1 + _MOST_CUTS // max(1, n_cut))))
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    inputs: list[Input] = []
    for name, kind in kinds.items():
        if policy.numbers == "bins" and kind in ("category", "ordered"):
            inputs += _level_bins(name, X[name], kind)
        elif policy.numbers != "values" and kind == "ordered":
            inputs += _ordered_cuts(name, X[name], policy)
        elif policy.numbers != "values" and kind != "category":
            inputs += _cut(name, frame.numbers(name), policy, weight)
        elif kind in ("category", "ordered"):
            inputs += _category(X[name], kind, policy, frame, weight)
        else:
            inputs += _number(name, frame.numbers(name), policy, weight)
    return tuple(inputs)


def _number(name: str, x: np.ndarray, policy: Policy, weight: np.ndarray) -> list[Input]:
    present = ~np.isnan(x)
    if _says_little(x[present], policy, n_rows=x.size):
        return []
    if policy.missing == "native" and not small(int((~present).sum())):
        return [Affine(name)]
    mean = float(np.average(x[present], weights=weight[present])) if present.any() else 0.0
    scale = _deviation(x[present] - mean, weight[present]) if policy.scale and present.any() else 1.0
    filled: Input = Affine(name, mean, scale, missing=0.0) if policy.scale else Affine(name, missing=mean)
    return [filled, IsMissing(name)] if (~present).sum() >= MIN_ROWS else [filled]


def _cut(name: str, x: np.ndarray, policy: Policy, weight: np.ndarray) -> list[Input]:
    """Cut a number column into intervals; a missing value counts as the mean, or is a part of its own."""
    present = ~np.isnan(x)
    cuts = tuple(interval_cuts(x, policy.bins))
    if not cuts:
        return []
    has_gaps = int((~present).sum()) >= MIN_ROWS
    mean = float(np.average(x[present], weights=weight[present]))
    if policy.numbers == "bins":
        codes = tuple(float(i) for i in range(len(cuts) + 1))
        return [Binned(name, cuts, codes, float(len(codes)) if has_gaps else float(np.searchsorted(cuts, mean)))]
    inputs: list[Input] = []
    for cut in cuts:
        inputs.append(Binned(name, (cut,), (0.0, 1.0), float(mean > cut)))
        if policy.numbers == "both sides of cuts":
            inputs.append(Binned(name, (cut,), (1.0, 0.0), float(mean <= cut)))
    return [*inputs, IsMissing(name)] if has_gaps else inputs


def _ordered_cuts(name: str, values: pd.Series, policy: Policy) -> list[Input]:
    """Cut between ordered levels: above or not; what is missing or was never seen counts as the middle level."""
    texts = pd.Series(level_texts(values), dtype="str")
    levels = _order(values, "ordered", list(texts.dropna().unique()))
    place = {level: float(i) for i, level in enumerate(levels)}
    codes = texts.map(place).to_numpy(dtype=float)
    cuts = interval_cuts(codes, policy.bins)
    inputs: list[Input] = []
    for cut in cuts:
        for above in (True, False)[: 1 if policy.numbers == "above cuts" else 2]:
            table = tuple(float((place[level] > cut) == above) for level in levels)
            other = table[len(levels) // 2]
            inputs.append(Lookup(name, levels, table, other, other))
    if inputs and int(texts.isna().sum()) >= MIN_ROWS:
        inputs.append(Lookup(name, levels, (0.0,) * len(levels), 0.0, 1.0))
    return inputs


def _level_bins(name: str, values: pd.Series, kind: str) -> list[Input]:
    """Number the levels, the pooled rare ones, and missing values; what has too few rows counts as the commonest."""
    texts = pd.Series(level_texts(values), dtype="str")
    counts = texts.value_counts()
    kept = tuple(level for level in _order(values, kind, list(counts.index)) if counts.get(level, 0) >= MIN_ROWS)
    n_missing = int(texts.isna().sum())
    pooled = len(texts) - n_missing - sum(int(counts[level]) for level in kept)
    if len(kept) + (pooled >= MIN_ROWS) + (n_missing >= MIN_ROWS) < 2 or not kept:
        return []
    codes = tuple(float(i) for i in range(len(kept)))
    commonest = float(np.argmax([counts[level] for level in kept]))
    unseen = float(len(kept)) if pooled >= MIN_ROWS else commonest
    missing = float(len(kept) + 1) if n_missing >= MIN_ROWS else commonest
    return [Lookup(name, kept, codes, unseen, missing, nominal=True)]


def _says_little(x: np.ndarray, policy: Policy, n_rows: int) -> bool:
    """Whether a column stands for fewer than 10 rows: too few are known, or too few differ from all the others."""
    if x.size < min(MIN_ROWS, n_rows):
        return True
    if not policy.scale or not x.size:
        return False
    most = int(np.unique(x, return_counts=True)[1].max())
    return most >= MIN_ROWS and small(x.size - most)


def _deviation(centred: np.ndarray, weight: np.ndarray) -> float:
    """The standard deviation, 1 of a constant column; computed so that no square overflows or vanishes."""
    largest = float(np.abs(centred).max())
    if largest == 0 or np.ptp(centred) == 0:
        return 1.0
    return largest * float(np.sqrt(np.average((centred / largest) ** 2, weights=weight)))


def _category(values: pd.Series, kind: str, policy: Policy, frame: Frame, weight: np.ndarray) -> list[Input]:
    name, texts = str(values.name), pd.Series(level_texts(values), dtype="str")
    counts = texts.value_counts()
    order = _order(values, kind, list(counts.index))
    kept = tuple(level for level in order if counts.get(level, 0) >= MIN_ROWS)
    pooled = len(texts) - int(texts.isna().sum()) - sum(int(counts[level]) for level in kept)
    has_missing, has_pool = int(texts.isna().sum()) >= MIN_ROWS, pooled >= MIN_ROWS
    if kind == "ordered" and not policy.scale:
        # cuts between ordered levels join neighbours, so no level needs a pool
        return [_codes(name, order, False, policy, nominal=False)] if counts.size else []
    if not kept:
        return []
    if policy.categories != "one-hot":
        return [_codes(name, kept, has_pool, policy, nominal=policy.categories == "native" and kind == "category")]
    if len(kept) > MOST_LEVELS:
        kept, has_pool = _commonest(name, kept, counts), True
    inputs = [Lookup(name, kept, tuple(float(a == b) for a in kept), 0.0, 0.0) for b in kept]
    if has_pool:
        inputs.append(Lookup(name, kept, (0.0,) * len(kept), 1.0, 0.0 if has_missing else 1.0))
    if has_missing:
        inputs.append(Lookup(name, kept, (0.0,) * len(kept), 0.0, 1.0))
    if not policy.scale:
        return list(inputs)
    return [_centred(each, frame, weight, has_pool, has_missing) for each in inputs]


def _commonest(name: str, levels: tuple[str, ...], counts: pd.Series) -> tuple[str, ...]:
    """Keep the levels of most rows, in their order; of equals those that come first."""
    ranked = sorted(range(len(levels)), key=lambda i: (-counts[levels[i]], i))[:MOST_LEVELS]
    message = (
        f"column {name!r}: of {len(levels):,} levels with {MIN_ROWS} rows or more the {MOST_LEVELS} commonest are told "
        "apart, all others are pooled; join levels that belong together, or take a family that needs no column for "
        "each level, as ebm"
    )
    warnings.warn(message, LevelsPooled, stacklevel=2)
    return tuple(levels[i] for i in sorted(ranked))


def _order(values: pd.Series, kind: str, found: Sequence[str]) -> tuple[str, ...]:
    if kind == "ordered" and isinstance(values.dtype, pd.CategoricalDtype):
        return tuple(level for level in level_texts(pd.Series(values.cat.categories)) if level is not None)
    return tuple(sorted(found))


def _codes(name: str, levels: tuple[str, ...], has_pool: bool, policy: Policy, nominal: bool) -> Lookup:
    """Codes 0, 1, 2, ...; pooled levels come last; missing is left to the library, or the middle."""
    codes = tuple(float(i) for i in range(len(levels)))
    missing = float("nan") if policy.missing == "native" else (len(levels) - 1) / 2
    return Lookup(name, levels, codes, float(len(levels)) if has_pool else missing, missing, nominal)


def _centred(each: Lookup, frame: Frame, weight: np.ndarray, has_pool: bool, has_missing: bool) -> Lookup:
    """Shift by the training mean, so that what was never seen stands at 0, the average row."""
    mean = float(np.average(each.encode(frame), weights=weight))
    return Lookup(
        each.column,
        each.levels,
        tuple(v - mean for v in each.values),
        each.unseen - mean if has_pool else 0.0,
        each.missing - mean if has_missing or has_pool else 0.0,
    )
