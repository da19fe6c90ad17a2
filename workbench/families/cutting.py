"""Where a number column is cut into intervals, before a library sees it."""

from __future__ import annotations

import numpy as np

from workbench.disclosure import MIN_ROWS

# scikit-learn's checks on tables of fewer than 20 rows, which no column can be cut on
CHECKS_ON_FEW_ROWS = dict.fromkeys(
    (
        "check_n_features_in_after_fitting",
        "check_sample_weights_pandas_series",
        "check_sample_weights_not_an_array",
        "check_sample_weights_shape",
        "check_sample_weights_not_overwritten",
        "check_classifier_data_not_an_array",
        "check_fit2d_1feature",
    ),
    "intervals hold at least 10 rows: a table of fewer than 20 rows has none, and is refused",
)


def interval_cuts(z: np.ndarray, max_bins: int) -> list[float]:
    """Cut a column into intervals of about equally many rows, at least 10 each.

    Parameters
    ----------
    z : ndarray of shape (n_samples,)
        Missing values are passed over.
    max_bins : int
        The most intervals.

    Returns
    -------
    list of float
        Ascending; each halfway between two values of the column.

    Examples
    --------
    >>> interval_cuts(np.arange(40.0), 4), interval_cuts(np.arange(19.0), 4)
    ([9.5, 19.5, 29.5], [])
    """
    values, counts = np.unique(z[~np.isnan(z)], return_counts=True)
    total = int(counts.sum())
    wanted = max(MIN_ROWS, total / max_bins)
    cuts: list[float] = []
    inside = before = 0
    for value, following, count in zip(values[:-1], values[1:], counts[:-1], strict=True):
        inside += int(count)
        if inside >= wanted - 1e-9 and total - before - inside >= MIN_ROWS:
            middle = value + (following - value) / 2
            cuts.append(float(middle if middle > value else following))
            before, inside = before + inside, 0
    return cuts
