"""Which columns move together: how strongly, in which groups, and the warning that follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.columns import level_texts
from workbench.disclosure import MIN_ROWS
from workbench.explainers.grid import as_floats, kind_of, level_codes
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import Rows, column_of

STRONG_CORRELATION = 0.7
CORRELATED_ROWS = 5_000
ROUNDING = 1e-12  # relative to the largest sum of products
ORDERED = ("number", "datetime", "boolean", "ordered")  # kinds of columns that have ranks


def correlation_cautions(inputs: Inputs, features: Sequence[int]) -> dict[str, str]:
    """Warn of those of some columns of numbers, by name, whose rank correlation with another one is above 0.7 in size.

    Of more than 5,000 rows, 5,000 are drawn by the seed of the inputs.
    """
    numbers, correlation = _of_numbers(inputs, inputs.X, features)
    cautions = {}
    for j, own in correlation.items():
        partner = int(np.abs(own).argmax())
        if abs(own[partner]) > STRONG_CORRELATION:
            name, other = inputs.feature_names[j], inputs.feature_names[numbers[partner]]
            cautions[name] = (
                f"{name} moves with {other} (Spearman correlation {own[partner]:.2f}): "
                "partial dependence averages over combinations that may not occur"
            )
    return cautions


def exchange_caution(inputs: Inputs, features: Sequence[int]) -> tuple[str, ...]:
    """Warn, once, of columns of numbers that are exchanged one by one, and move together among the background rows.

    Of more than 5,000 rows, 5,000 are drawn by the seed of the inputs.
    """
    numbers, correlation = _of_numbers(inputs, inputs.background, features)
    pairs = [
        (own[k], j, numbers[k])
        for j, own in correlation.items()
        for k in np.flatnonzero(np.abs(own) > STRONG_CORRELATION)
        if j < numbers[k] and numbers[k] in correlation
    ]
    if not pairs:
        return ()
    strongest, first, second = max(pairs, key=lambda pair: abs(pair[0]))
    names = inputs.feature_names
    told = f"{names[first]} moves with {names[second]} (Spearman correlation {strongest:.2f})"
    more = f", as do {len(pairs) - 1} more {'pairs' if len(pairs) > 2 else 'pair'}" if len(pairs) > 1 else ""
    return (f"{told}{more}: values average over combinations that may not occur",)


def _of_numbers(inputs: Inputs, rows: Rows, features: Sequence[int]) -> tuple[list[int], dict[int, np.ndarray]]:
    """Give the columns of numbers, and for each of those asked for its rank correlation with all, 0 with itself."""
    columns = {j: column_of(rows, j) for j in range(len(inputs.feature_names))}
    numbers = [j for j, column in columns.items() if kind_of(column) == "number"]
    asked = [k for k, j in enumerate(numbers) if j in set(features)]
    if len(numbers) < 2 or not asked:
        return numbers, {}
    drawn = _drawn_rows(rows, inputs.random_state)
    values = np.column_stack([as_floats(columns[j].iloc[drawn], "number") for j in numbers])
    correlation = rank_correlation(values, asked)
    correlation[np.arange(len(asked)), asked] = 0.0
    return numbers, {numbers[k]: own for k, own in zip(asked, correlation, strict=True)}


def rank_correlation(values: np.ndarray, chosen: Sequence[int]) -> np.ndarray:
    """Correlate the ranks of chosen columns with those of all, over the rows where both are known.

    A column is ranked once, among its own known values. 0 where a column is constant or fewer than 10 rows have both.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN where missing.
    chosen : sequence of int
        Positions of columns.

    Returns
    -------
    ndarray of shape (n_chosen, n_columns)
    """
    frame = pd.DataFrame(values)
    ranks = frame.rank() - (frame.count() + 1) / 2  # about 0, so that sums of products stay small
    known = frame.notna().to_numpy(dtype=float)
    r = ranks.fillna(0.0).to_numpy()
    ours, ours_known = r[:, chosen].T, known[:, chosen].T
    n = ours_known @ known
    sum_x, sum_y = ours @ known, ours_known @ r
    both = np.maximum(n, 1.0)
    var_x = (ours**2) @ known - sum_x**2 / both
    var_y = ours_known @ (r**2) - sum_y**2 / both
    covariance = ours @ r - sum_x * sum_y / both
    size = np.sqrt(np.maximum(var_x, 0.0) * np.maximum(var_y, 0.0))
    enough = (n >= MIN_ROWS) & (size > ROUNDING * n**3)
    return np.divide(covariance, size, out=np.zeros_like(size), where=enough)


def correlated_groups(inputs: Inputs, above: float) -> tuple[tuple[int, ...], ...]:
    """Group columns that move together: positions in order, groups of two and more, by their first column.

    Average linkage: the two groups whose columns have the largest mean `association` are joined, as long as that mean
    is at least `above`. So no single pair chains far columns together, and twins always end up in one group.

    Parameters
    ----------
    inputs : Inputs
    above : float
        Between 0 and 1.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    n = len(inputs.feature_names)
    if n < 2:
        return ()
    distance = 1.0 - association(inputs)[np.triu_indices(n, k=1)]
    label = fcluster(linkage(distance, "average"), 1.0 - above + ROUNDING, "distance")
    found: dict[int, list[int]] = {}
    for position, group in enumerate(label.tolist()):
        found.setdefault(group, []).append(position)
    return tuple(tuple(members) for members in found.values() if len(members) > 1)


def association(inputs: Inputs) -> np.ndarray:
    """Say how strongly each two columns move together, 0 to 1, shape (n_features, n_features).

    - Two that have an order (numbers, datetimes, truth values, ordered levels): Spearman's correlation in size, over
      the rows where both are known.
    - A category and one that has an order: the correlation ratio of its ranks, over the rows where these are known. It
      is the root of the share of their variance that lies between levels, less what as many levels explain by chance
      (epsilon squared, Kelley 1935, doi 10.1073/pnas.21.9.554).
    - Two categories: Cramér's V, less chance (Bergsma 2013, doi 10.1016/j.jkss.2012.10.002).

    A missing category is a level; a key, whose levels have a row each, moves with nothing. Of more than 5,000 rows,
    5,000 are drawn by the seed of the inputs.
    """
    rows = _drawn_rows(inputs.X, inputs.random_state)
    columns = [inputs.column(j).iloc[rows] for j in range(len(inputs.feature_names))]
    kinds = [kind_of(column) for column in columns]
    ordered = [j for j, kind in enumerate(kinds) if kind in ORDERED]
    levels = {j: level_codes(columns[j]) for j, kind in enumerate(kinds) if kind not in ORDERED}
    values = (
        np.column_stack([_as_order(columns[j], kinds[j]) for j in ordered]) if ordered else np.empty((len(rows), 0))
    )
    found = np.eye(len(columns))
    found[np.ix_(ordered, ordered)] = np.abs(rank_correlation(values, range(len(ordered))))
    for j, codes in levels.items():
        found[j, ordered] = found[ordered, j] = correlation_ratio(codes, values)
        for other in levels:
            if other < j:
                found[j, other] = found[other, j] = cramers_v(codes, levels[other])
    np.fill_diagonal(found, 1.0)
    return np.clip(found, 0.0, 1.0)


def correlation_ratio(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    r"""Give the root of epsilon squared of the ranks of columns between the levels of a category.

    .. math:: \epsilon^2 = 1 - (1 - \eta^2) (n - 1) / (n - k)

    where :math:`\eta^2` is the share of the variance of the ranks that lies between the k levels, of n known rows.
    0 where it would be negative, a column is constant, or fewer than 10 rows are known.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The level of each row, from 0.
    values : ndarray of shape (n_rows, n_columns)
        NaN where missing.

    Returns
    -------
    ndarray of shape (n_columns,)
    """
    frame = pd.DataFrame(values)
    ranks = (frame.rank() - (frame.count() + 1) / 2).fillna(0.0).to_numpy()  # about 0
    known = frame.notna().to_numpy(dtype=float)
    n_levels = int(codes.max(initial=0)) + 1
    sums, counts = np.zeros((n_levels, values.shape[1])), np.zeros((n_levels, values.shape[1]))
    np.add.at(sums, codes, ranks)
    np.add.at(counts, codes, known)
    total = (ranks**2).sum(axis=0)
    between = (sums**2 / np.maximum(counts, 1.0)).sum(axis=0)
    n, k = known.sum(axis=0), (counts > 0).sum(axis=0)
    enough = (n >= MIN_ROWS) & (n > k) & (total > ROUNDING * n**3)
    within = np.divide(total - between, total, out=np.ones_like(total), where=enough)
    share: np.ndarray = 1.0 - within * (n - 1) / np.maximum(n - k, 1)
    return np.sqrt(np.where(enough, np.maximum(share, 0.0), 0.0))


def cramers_v(one: np.ndarray, other: np.ndarray) -> float:
    r"""Give Cramér's V of two categories, corrected for chance.

    .. math:: V = \sqrt{\max(0, \chi^2 / n - (r - 1) (c - 1) / (n - 1)) / \min(r' - 1, c' - 1)}

    with :math:`r' = r - (r - 1)^2 / (n - 1)` of r levels, and likewise of the other's c. 0 for one level, for keys and
    for fewer than 10 rows.

    Parameters
    ----------
    one, other : ndarray of int, shape (n_rows,)
        The level of each row, from 0.
    """
    n = len(one)
    if n < MIN_ROWS:
        return 0.0
    rows, columns = np.bincount(one), np.bincount(other)
    r, c = np.count_nonzero(rows), np.count_nonzero(columns)
    cells, counts = np.unique(one * len(columns) + other, return_counts=True)
    expected = rows[cells // len(columns)] * columns[cells % len(columns)]
    chi2_by_n = float((counts**2 / expected).sum()) - 1.0
    left = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1.0
    beyond = chi2_by_n - (r - 1) * (c - 1) / (n - 1)
    return float(np.sqrt(max(0.0, beyond) / left)) if left > ROUNDING else 0.0


def _drawn_rows(rows: Rows, random_state: int) -> np.ndarray:
    n = len(rows)
    if n <= CORRELATED_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, CORRELATED_ROWS, replace=False))


def _as_order(column: pd.Series, kind: str) -> np.ndarray:
    """Give what the ranks of a column follow; NaN where missing."""
    if kind == "ordered":
        return np.where(column.cat.codes < 0, np.nan, column.cat.codes.astype(float))
    return as_floats(column, kind) if kind in ("number", "datetime") else _truth(column)


def _truth(column: pd.Series) -> np.ndarray:
    """Give truth values, however they are written, as 0 and 1 in the order of their texts."""
    codes, _ = pd.factorize(np.array(level_texts(column), dtype=object), sort=True)
    return np.where(codes < 0, np.nan, codes.astype(float))
