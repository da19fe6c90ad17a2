"""Rows that take the values of some columns from an explained row and the others from background rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.explainers.response import Response
from workbench.explainers.score import Score
from workbench.explainers.stacks import parts_of, rows_per_call
from workbench.forms import Frame, Picked
from workbench.forms.frame import Floats, Ints


class Joined(Frame):
    """The rows of two frames, one after the other, without converting anything again."""

    def __init__(self, first: Frame, second: Frame) -> None:
        super().__init__({"": np.empty(first.n_rows + second.n_rows)})
        self._parts = (first, second)

    def numbers(self, name: str) -> Floats:
        """Give a column as float64, NaN where missing, as `Frame.numbers` does."""
        if name not in self._numbers:
            self._numbers[name] = np.concatenate([part.numbers(name) for part in self._parts])
        return self._numbers[name]

    def codes(self, name: str, levels: tuple[str, ...]) -> Ints:
        """Give a column as positions in `levels`, as `Frame.codes` does."""
        key = (name, levels)
        if key not in self._codes:
            self._codes[key] = np.concatenate([part.codes(name, levels) for part in self._parts])
        return self._codes[key]


class Hybrids(ABC):
    """What is said of rows put together from an explained row, in a coalition of columns, and each background row.

    Attributes
    ----------
    background_values : ndarray of shape (n_background, n_outputs)
    row_values : ndarray of shape (n_samples, n_outputs)
        What is said of background rows and of explained rows as they are.
    """

    background_values: np.ndarray
    row_values: np.ndarray

    def __init__(self, X: Any, background: Any) -> None:
        self.X, self.background = X, background
        self.parts = parts_of(background)  # one call asks about coalitions with the background rows of one part

    def copies(self, part: slice) -> int:
        """Count the coalitions that one call may ask about for the background rows of a part; at least 1."""
        return max(1, rows_per_call(self.background) // max(part.stop - part.start, 1))

    @property
    def n_background(self) -> int:
        """The number of background rows."""
        return len(self.background)

    def ask(self, rows: np.ndarray, masks: np.ndarray, part: slice) -> np.ndarray:
        """Say the value of every coalition for every background row of a part.

        Parameters
        ----------
        rows : ndarray of int, shape (n_coalitions,)
            The explained row of each coalition.
        masks : ndarray of bool, shape (n_coalitions, n_columns)
            The columns whose values it takes from that row.
        part : slice
            Of the background rows.

        Returns
        -------
        ndarray of shape (n_coalitions, n_part, n_outputs)
        """
        taken, local = np.unique(rows, return_inverse=True)
        own = np.arange(self.n_background)[part]
        values = self._ask(taken, local, masks, own)
        return values.reshape(len(masks), len(own), -1)

    @abstractmethod
    def _ask(self, taken: np.ndarray, local: np.ndarray, masks: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Give the values, coalition after coalition, shape (n_coalitions * n_own, n_outputs)."""


class ModelHybrids(Hybrids):
    """What a model says, through `Response`."""

    def __init__(self, model: Any, X: Any, background: Any, positive: Any) -> None:
        super().__init__(X, background)
        self._model, self._positive = model, positive
        found = Response.of(model, X, positive)
        self.row_values, self.outputs, self.scale = found.values, found.outputs, found.scale
        self.background_values = Response.of(model, background, positive).values
        self._uniform = isinstance(X, np.ndarray) or _one_dtype(X, background)

    def _ask(self, taken: np.ndarray, local: np.ndarray, masks: np.ndarray, own: np.ndarray) -> np.ndarray:
        build = self._as_matrix if self._uniform else self._as_columns
        return Response.of(self._model, build(taken, local, masks, own), self._positive).values

    def _as_matrix(self, taken: np.ndarray, local: np.ndarray, masks: np.ndarray, own: np.ndarray) -> Any:
        if isinstance(self.X, np.ndarray):
            rows, others = self.X[taken], self.background[own[0] : own[-1] + 1]
        else:
            rows, others = self.X.iloc[taken].to_numpy(), self.background.iloc[own[0] : own[-1] + 1].to_numpy()
        mixed = np.where(masks[:, None, :], rows[local][:, None, :], others[None])
        flat = mixed.reshape(-1, mixed.shape[2])
        return flat if isinstance(self.X, np.ndarray) else pd.DataFrame(flat, columns=self.X.columns, copy=False)

    def _as_columns(self, taken: np.ndarray, local: np.ndarray, masks: np.ndarray, own: np.ndarray) -> pd.DataFrame:
        columns = {}
        others = np.arange(len(own))[None, :]
        for j, name in enumerate(self.X.columns):
            pool = pd.concat([self.background.iloc[own, j], self.X.iloc[taken, j]], ignore_index=True)
            positions = np.where(masks[:, j, None], len(own) + local[:, None], others).ravel()
            columns[name] = pool.array.take(positions)
        return pd.DataFrame(columns, copy=False)


class ScoreHybrids(Hybrids):
    """What the score of a form says."""

    def __init__(self, score: Score, X: Any, background: Any, names: tuple[str, ...]) -> None:
        super().__init__(X, background)
        self._score, self._names = score, names
        self._rows, self._others = score.frame(X), score.frame(background)
        self._used = set(score.body.columns)
        self.outputs, self.scale = score.outputs, score.scale
        self.row_values, self.background_values = score.values(self._rows), score.values(self._others)
        self._joined = Joined(self._others, self._rows)

    def _ask(self, taken: np.ndarray, local: np.ndarray, masks: np.ndarray, own: np.ndarray) -> np.ndarray:
        at = (self.n_background + taken[local])[:, None]
        picks: dict[str, tuple[Frame, npt.NDArray[np.intp]]] = {
            name: (self._joined, np.where(masks[:, j, None], at, own[None, :]).ravel())
            for j, name in enumerate(self._names)
            if name in self._used
        }
        if not picks:
            return np.tile(self.background_values[own], (len(masks), 1))
        return self._score.values(Picked(picks))


def players(X: Any, background: Any, used: np.ndarray) -> np.ndarray:
    """Say which columns take part in each row's game: those used in which some background row differs from it.

    Returns
    -------
    ndarray of bool, shape (n_samples, n_columns)
    """
    found = np.tile(used, (len(X), 1))
    for j in np.flatnonzero(used):
        if isinstance(X, np.ndarray):
            both = np.concatenate([background[:, j], X[:, j]])
        else:
            both = pd.concat([background.iloc[:, j], X.iloc[:, j]], ignore_index=True)
        codes, _ = pd.factorize(both, use_na_sentinel=False)
        others = np.unique(codes[: len(background)])
        found[:, j] = len(others) > 1 or codes[len(background) :] != others[0]
    return found


def _one_dtype(X: pd.DataFrame, background: pd.DataFrame) -> bool:
    found = {*X.dtypes, *background.dtypes}
    return len(found) == 1 and isinstance(found.pop(), np.dtype)
