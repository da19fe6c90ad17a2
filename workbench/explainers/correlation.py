"""Which columns of numbers move together, by the correlation of their ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.disclosure import MIN_ROWS
from workbench.explainers.grid import as_floats, kind_of
from workbench.explainers.inputs import Inputs

STRONG_CORRELATION = 0.7
CORRELATED_ROWS = 5_000
_ROUNDING = 1e-12


def correlation_cautions(inputs: Inputs, features: Sequence[int]) -> dict[str, str]:
    """Warn of those of some columns of numbers, by name, whose rank correlation with another one is above 0.7 in size.

    Of more than 5,000 rows, 5,000 are drawn by the seed of the inputs.
    """
    numbers = {j: c for j in range(len(inputs.feature_names)) if kind_of(c := inputs.column(j)) == "number"}
    asked = [k for k, j in enumerate(numbers) if j in set(features)]
    if len(numbers) < 2 or not asked:
        return {}
    rows = np.arange(len(inputs.X))
    if len(rows) > CORRELATED_ROWS:
        drawn = np.random.default_rng(inputs.random_state).choice(len(rows), CORRELATED_ROWS, replace=False)
        rows = np.sort(drawn)
    values = np.column_stack([as_floats(column.iloc[rows], "number") for column in numbers.values()])
    correlation = rank_correlation(values, asked)
    correlation[np.arange(len(asked)), asked] = 0.0
    names = [inputs.feature_names[j] for j in numbers]
    cautions = {}
    for k, own in zip(asked, correlation, strict=True):
        partner = int(np.abs(own).argmax())
        if abs(own[partner]) > STRONG_CORRELATION:
            cautions[names[k]] = (
                f"{names[k]} moves with {names[partner]} (Spearman correlation {own[partner]:.2f}): "
                "partial dependence averages over combinations that may not occur"
            )
    return cautions


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
    enough = (n >= MIN_ROWS) & (size > _ROUNDING * n**3)
    return np.divide(covariance, size, out=np.zeros_like(size), where=enough)
