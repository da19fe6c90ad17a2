"""The average of the rows' own curves, how far a draw of rows leaves it open, and how far rows differ from it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

LEVEL = 0.95
QUANTILE = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(eq=False)
class Curves:
    r"""Weighted moments of the rows' curves, gathered block after block.

    With :math:`c_i(v) = f_i(v) - mean_u f_i(u)`, the curve of row i less its own mean over the values, and shares
    :math:`s_i = w_i / \sum w`: the average :math:`\sum s_i f_i`; the standard error of the mean of the curves,
    :math:`\sqrt{n / (n - 1) \sum s_i^2 (c_i - \bar c)^2}`, n the rows of a weight above 0; and the share of the
    variance of the curves that their mean does not explain,
    :math:`\sum_i s_i \sum_v (c_i - \bar c)^2 / \sum_i s_i \sum_v c_i^2`.

    Attributes
    ----------
    from_first : bool
        Whether curves are told as differences from their first value: then :math:`c_i(v) = f_i(v) - f_i(v_1)`.
    """

    from_first: bool = False
    _total: float = 0.0
    _n: int = 0
    _average: np.ndarray | float = 0.0
    _near: np.ndarray | None = None  # a curve near the mean: sums of squares about it lose no digits
    _first: np.ndarray | float = 0.0
    _second: np.ndarray | float = 0.0
    _first_of_squares: np.ndarray | float = 0.0
    _second_of_squares: np.ndarray | float = 0.0
    _squares: float = 0.0

    def add(self, moving: np.ndarray, still: np.ndarray, weight: np.ndarray) -> None:
        """Add rows: their curves are ``moving + still[:, None]``, (n_rows, n_values, n_outputs)."""
        weight = weight[weight_on := weight > 0]
        if not weight.size:
            return
        moving, still = moving[weight_on], still[weight_on]
        self._average = self._average + np.tensordot(weight, moving, axes=1) + weight @ still
        curves = moving - moving[:, :1]  # exactly 0 where a curve is flat
        if not self.from_first:
            curves -= curves.mean(axis=1, keepdims=True)
        if self._near is None:
            self._near = np.tensordot(weight / weight.sum(), curves, axes=1)
        curves -= self._near
        self._first = self._first + np.tensordot(weight, curves, axes=1)
        self._first_of_squares = self._first_of_squares + np.tensordot(weight**2, curves, axes=1)
        curves **= 2
        self._second = self._second + np.tensordot(weight, curves, axes=1)
        self._second_of_squares = self._second_of_squares + np.tensordot(weight**2, curves, axes=1)
        self._total += float(weight.sum())
        self._squares += float((weight**2).sum())
        self._n += weight.size

    @property
    def average(self) -> np.ndarray:
        """The average curve, (n_values, n_outputs)."""
        average = np.asarray(self._average / self._total)
        return average - average[:1] if self.from_first else average

    @property
    def standard_error(self) -> np.ndarray:
        """The standard error of the curve's shape, (n_values, n_outputs); NaN for a single row."""
        off = np.asarray(self._first / self._total)
        if self._n < 2:
            return np.full(off.shape, np.nan)
        spread = self._second_of_squares - 2 * off * self._first_of_squares + off**2 * self._squares
        root: np.ndarray = np.sqrt(np.maximum(spread, 0.0) * self._n / (self._n - 1)) / self._total
        return root

    @property
    def unexplained(self) -> np.ndarray:
        """The share of the curves' variance that the average does not explain, (n_outputs,); 0 where none varies."""
        off = np.asarray(self._first / self._total)
        apart = np.maximum(np.asarray(self._second / self._total) - off**2, 0.0).sum(axis=0)
        whole = apart + ((self._near + off) ** 2).sum(axis=0)
        return np.divide(apart, whole, out=np.zeros_like(whole), where=whole > 0)
