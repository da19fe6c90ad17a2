"""Quantiles of the rows' own curves: how far rows differ from the average in shape."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workbench.answers.row_quantiles import RowQuantiles

_MOST_ROWS, _MOST_BYTES = 1_000, 64 * 2**20
_FEWEST = 10  # rows beyond a quantile
_LEVEL, _WIDEST = 0.1, 0.25


@dataclass(eq=False)
class OwnCurves:
    """Curves of at most 1,000 rows, evenly spaced among those of a weight above 0, each less its own mean over values.

    Attributes
    ----------
    rows : ndarray of shape (n_kept,)
        Positions of the rows that are kept, ascending.
    weight : ndarray of shape (n_kept,)
    from_first : bool
        Whether curves are told as differences from their first value, as in `Curves`.
    """

    rows: np.ndarray
    weight: np.ndarray
    from_first: bool = False
    _kept: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def of(cls, weight: np.ndarray, points: int, *, from_first: bool = False) -> OwnCurves:
        """Choose the rows; `points` are the values of all curves of one row, which bound how many rows are kept."""
        alive = np.flatnonzero(weight > 0)
        most = min(_MOST_ROWS, max(_MOST_BYTES // (8 * max(points, 1)), int(_FEWEST / _WIDEST)), alive.size)
        rows = alive[np.unique(np.linspace(0, alive.size - 1, most).round().astype(int))] if most else alive
        return cls(rows, weight[rows], from_first)

    def add(self, moving: np.ndarray, rows: slice | np.ndarray) -> None:
        """Add rows, in their order: `moving` (n_rows, n_values, n_outputs) of the rows at positions `rows`."""
        whole = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else np.asarray(rows)
        curves = moving[np.isin(whole, self.rows)]
        if len(curves):
            curves = curves - curves[:, :1]  # exactly 0 where a curve is flat
            self._kept.append(curves if self.from_first else curves - curves.mean(axis=1, keepdims=True))

    def quantiles(self, average: np.ndarray) -> RowQuantiles | None:
        r"""Give the quantiles q and 1 - q of the curves about the mean of `average`, (n_values, n_outputs).

        q is 0.1, or where 10 rows are more than that 10 / n; None where these are more than a quarter. With weights it
        is the lowest value at which the weights up to it make q of their sum.
        """
        n = len(self.rows)
        level = max(_LEVEL, _FEWEST / n) if n else 1.0
        if level > _WIDEST:
            return None
        curves = np.concatenate(self._kept)
        about = average[:1] if self.from_first else average.mean(axis=0, keepdims=True)
        if np.ptp(self.weight) == 0:
            found = np.quantile(curves, [level, 1 - level], axis=0)
        else:
            found = np.quantile(curves, [level, 1 - level], axis=0, weights=self.weight, method="inverted_cdf")
        return RowQuantiles(levels=(level, 1 - level), curves=(found + about).transpose(0, 2, 1))
