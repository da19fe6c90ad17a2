"""How alike rows of mixed columns are: a positive semidefinite kernel over original columns, gaps included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.explainers.grid import finite_floats, kind_of, level_codes
from workbench.explainers.inputs import Inputs
from workbench.explainers.spread import spread

MISMATCH = 2.0  # the mean squared difference of two draws of a column with standard deviation 1
BLOCK = 2**19  # entries of the kernel at a time: 4 MiB, and two more of that for one column
_PAIRED_ROWS = 1_000
_FAR = 1e150  # spreads: beyond, squares overflow


@dataclass(frozen=True, eq=False)
class RowKernel:
    r"""A Gaussian kernel over rows, a product of one kernel for each column.

    .. math:: k(x, x') = \exp(-D(x, x') / (2 \sigma^2)), \quad D(x, x') = \sum_j d_j(x_j, x'_j)

    - A number, a datetime (in days) or the rank of an ordered level: ``d = (u - u')²``, in units of the column's robust
      spread (`spread`). A missing one stands at the median, and ``d`` is 2 larger where one of two is missing.
    - A level, of a category or a boolean: 0 where both are the same, 2 where not; missing is a level of its own.

    ``D`` is a squared Euclidean distance between encoded rows (numbers, indicators of gaps and of levels), so that
    every matrix of ``k`` is positive semidefinite. Gower's distance with gaps, which leaves columns out, is not, and
    neither is a constant distance from a gap to every number. The 2 of a mismatch is the mean squared difference of
    two draws of a number.

    ``σ²`` is the median of ``D`` between different rows (the median rule), of at most 1,000 rows drawn by a seed.

    Attributes
    ----------
    numbers : ndarray of shape (n_numbers, n_rows)
        In units of their spread, about their median; 0 where missing.
    levels : ndarray of int, shape (n_levels, n_rows)
        Codes: of levels, and of whether a number is missing.
    scale : float
        ``σ²``.
    """

    numbers: np.ndarray
    levels: np.ndarray
    scale: float = 1.0

    @classmethod
    def of(cls, inputs: Inputs, rows: np.ndarray, features: Sequence[int]) -> RowKernel:
        """Make the kernel of some rows of X over some columns, both by position.

        Raises
        ------
        ValueError
            If a number is infinite.
        """
        numbers: list[np.ndarray] = []
        levels: list[np.ndarray] = []
        for feature in features:
            for part in _encoded(inputs.column(feature).iloc[rows]):
                (levels if part.dtype.kind == "i" else numbers).append(part)
        n = len(rows)
        made = cls(np.array(numbers).reshape(-1, n), np.array(levels, dtype=np.int64).reshape(-1, n))
        return cls(made.numbers, made.levels, made._median(inputs.random_state))

    def __len__(self) -> int:
        return self.numbers.shape[1]

    def take(self, rows: np.ndarray) -> RowKernel:
        """Give the kernel of some of the rows, with the same scale."""
        return RowKernel(self.numbers[:, rows], self.levels[:, rows], self.scale)

    def distance(self, rows: np.ndarray) -> np.ndarray:
        """Give ``D`` between some rows and all, shape (n_chosen, n_rows)."""
        total = np.zeros((len(rows), len(self)))
        with np.errstate(over="ignore"):
            for column in self.numbers:
                difference = column[rows, None] - column
                total += np.multiply(difference, difference, out=difference)
        for codes in self.levels:
            total += MISMATCH * (codes[rows, None] != codes)
        return total

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Give the kernel between some rows and all, shape (n_chosen, n_rows)."""
        found = self.distance(rows)
        found /= -2.0 * self.scale
        return np.exp(found, out=found)

    def mean(self, weight: np.ndarray) -> np.ndarray:
        """Give the weighted mean over all rows of the kernel with each row, shape (n_rows,), block by block."""
        step = max(1, BLOCK // max(len(self), 1))
        starts = range(0, len(self), step)
        parts = [self(np.arange(start, min(start + step, len(self)))) @ weight for start in starts]
        return np.concatenate(parts)

    def distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """Tell rows apart: the first one of each kind of row, and the kind of every row."""
        frame = pd.DataFrame(np.vstack([self.numbers, self.levels]).T)
        kind = frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy()
        first = np.unique(kind, return_index=True)[1]
        return first, kind

    def _median(self, random_state: int) -> float:
        """Give the median of D between different rows; the mean of those that differ where most are the same."""
        some = np.arange(len(self))
        if len(some) > _PAIRED_ROWS:
            drawn = np.random.default_rng(random_state).choice(len(some), _PAIRED_ROWS, replace=False)
            some = np.sort(drawn)
        one = self.take(some)
        parts = [one.distance(np.array([i]))[0, i + 1 :] for i in range(len(some) - 1)]
        apart = np.concatenate(parts) if parts else np.zeros(0)
        apart = apart[np.isfinite(apart)]
        if not (apart > 0).any():
            return 1.0
        return float(np.median(apart)) or float(apart[apart > 0].mean())


def _encoded(column: pd.Series) -> list[np.ndarray]:
    """Give a column as numbers in units of their spread and as codes."""
    kind = kind_of(column)
    if kind in ("number", "datetime"):
        numbers = finite_floats(column, kind, "prototypes")
    elif kind == "ordered":
        numbers = column.cat.codes.to_numpy(dtype=float)
        numbers[numbers < 0] = np.nan
    else:
        return [level_codes(column)]
    missing = np.isnan(numbers)
    if missing.all():
        return [missing.astype(np.int64)]
    unit = spread(numbers)
    with np.errstate(over="ignore"):
        middle = np.clip(np.median(numbers[~missing]) / unit, -_FAR, _FAR)
        centred = np.where(missing, 0.0, np.clip(numbers / unit, -_FAR, _FAR) - middle)
    return [centred, missing.astype(np.int64)] if missing.any() else [centred]
