"""What a search for equations is given, and the columns as it sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# a column that lies so many standard deviations from 0 is centred for the search
_FAR = 4.0


@dataclass(frozen=True)
class SearchSettings:
    """What both engines are told.

    Attributes
    ----------
    operators : tuple of str
        Names of `workbench.forms.equation.OPERATORS`.
    max_length : int
        Most nodes of an equation in the search.
    generations, population_size, runs : int
        Rounds, equations in each, and how often the search starts anew.
    time_limit : int or None
        Seconds after which the searches stop.
    rows : int
        Most rows that the search looks at, drawn by chance.
    seed : int
    """

    operators: tuple[str, ...]
    max_length: int
    generations: int
    population_size: int
    runs: int
    time_limit: int | None
    rows: int
    seed: int


@dataclass(frozen=True)
class Scaled:
    """The columns and the target of a search: of unit variance, and of mean 0 where they lie far from 0.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_used)
        The columns that are not constant.
    y : ndarray of shape (n_rows,)
    symbols : list of sympy.Symbol
        For each used column its position as a symbol: it stands for the column less its centre.
    center, scale : ndarray of shape (n_columns,)
        Of all columns; centres are round numbers.
    """

    X: np.ndarray
    y: np.ndarray
    symbols: list[Any]
    center: np.ndarray
    scale: np.ndarray
    used: list[int] = field(default_factory=list)

    def unscaled(self) -> list[Any]:
        """Give for each used column what it is, written with the symbols."""
        import sympy

        return [s / sympy.Float(float(self.scale[j])) for s, j in zip(self.symbols, self.used, strict=True)]


def scale_columns(Z: np.ndarray, y: np.ndarray, rows: int, seed: int) -> Scaled:
    """Prepare the columns and the target of a search, of at most so many rows.

    A scaled column costs an equation nothing, for its scale goes into a constant; a centred one costs two nodes.
    """
    import sympy

    scale = Z.std(axis=0)
    center = np.array([_round_center(float(m), float(s)) for m, s in zip(Z.mean(axis=0), scale, strict=True)])
    used = [j for j in range(Z.shape[1]) if np.isfinite(scale[j]) and scale[j] > 0 and np.ptp(Z[:, j]) > 0]
    at = np.arange(len(y))
    if len(y) > rows:
        at = np.sort(np.random.default_rng(seed).choice(len(y), rows, replace=False))
    X = (Z[at][:, used] - center[used]) / scale[used]
    symbols = [sympy.Symbol(str(j), real=True) for j in used]
    target = (y[at] - y.mean()) / (float(y.std()) or 1.0)
    return Scaled(X, target, symbols, center, scale, used)


def _round_center(mean: float, deviation: float) -> float:
    """Give the mean to a tenth of the deviation or finer, where it is far from 0; else 0."""
    if not deviation > 0 or abs(mean) <= _FAR * deviation or not np.isfinite(mean):
        return 0.0
    return float(round(mean, int(np.ceil(-np.log10(deviation))) + 1))
