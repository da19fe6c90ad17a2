"""What a diagnosis looks at: what a model, its folds' models and the baseline said of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from workbench.evaluation.predictions import Predictions
from workbench.folds import Fold
from workbench.metrics import Metric
from workbench.table import Table
from workbench.work.fitted import Fitted, Refit
from workbench.work.said import Said

_ENOUGH = 200  # rows of a holdout in which regions can be found and judged
HOLDOUT, OUT_OF_FOLD = "holdout", "out of fold, first repeat"


class CannotError(Exception):
    """A diagnostic does not go with these rows, or this model; the message may be sent."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A model, with what it and its folds' models said, and the baseline beside it.

    Attributes
    ----------
    table : Table
    fitted, baseline : Fitted
    refits, baseline_refits : sequence of Refit
        In the order of the folds.
    folds : sequence of Fold
    holdout : ndarray of int
    blocks : ndarray or None
        The number of each row's block, where rows belong together.
    metric : Metric
        The one that ranks.
    seed : int
    alone : bool
        Whether the holdout is scored alone: `folds` are its parts, and nobody has refitted anything.
    kept : ndarray of int or None
        The rows that are looked at, ascending, where they are not all.
    drawn : str or None
        How these were drawn.
    """

    table: Table
    fitted: Fitted
    refits: Sequence[Refit]
    baseline: Fitted
    baseline_refits: Sequence[Refit]
    folds: Sequence[Fold]
    holdout: np.ndarray
    blocks: np.ndarray | None
    metric: Metric
    seed: int
    alone: bool = False
    kept: np.ndarray | None = None
    drawn: str | None = None

    @property
    def unseen(self) -> str:
        """What the rows are called that the folds test."""
        return HOLDOUT if self.alone else OUT_OF_FOLD

    @cached_property
    def first(self) -> list[int]:
        """The positions of the folds of the first repeat: each row is tested once at most."""
        return [i for i, fold in enumerate(self.folds) if fold.repeat == 0]

    @cached_property
    def left_out(self) -> np.ndarray:
        """The rows that these folds test, one fold after the other."""
        return np.concatenate([self.tested(i) for i in self.first])

    def tested(self, i: int) -> np.ndarray:
        """The rows of a fold's test part that are looked at."""
        rows = self.folds[i].test
        return rows[self._looked_at(rows)]

    def _looked_at(self, rows: np.ndarray) -> np.ndarray:
        """Tell which positions among rows are looked at."""
        return np.arange(len(rows)) if self.kept is None else np.flatnonzero(np.isin(rows, self.kept))

    @cached_property
    def out_of_fold(self) -> Predictions:
        """What the folds' models said of the rows that they test."""
        return self.of_folds(self.first, self.refits)

    def of_folds(self, folds: Sequence[int], refits: Sequence[Refit]) -> Predictions:
        """Give what models of some folds said of the rows that they test, as predictions."""
        return self._predictions(np.concatenate([self.tested(i) for i in folds]), self.said(folds, refits))

    def said(self, folds: Sequence[int], refits: Sequence[Refit]) -> Said:
        """Give what models of some folds said of the rows that they test."""
        said = [one.at(self._looked_at(self.folds[i].test)) for i in folds if (one := refits[i].said) is not None]
        return Said.joined(said)

    @cached_property
    def held_rows(self) -> np.ndarray:
        """The rows of the holdout that are looked at."""
        return self.holdout[self._looked_at(self.holdout)]

    @cached_property
    def held(self) -> Predictions:
        """What the model said of the holdout.

        Raises
        ------
        CannotError
            If there is none.
        """
        if self.fitted.said is None:
            raise CannotError("there is no holdout: the model itself has seen all rows")
        return self._on_holdout(self.fitted.said)

    def _on_holdout(self, said: Said) -> Predictions:
        return self._predictions(self.held_rows, said.at(self._looked_at(self.holdout)))

    def judged(self) -> tuple[np.ndarray, Predictions, Predictions, str]:
        """Give rows, what the model and the baseline said of them, and which they are: the holdout if large enough."""
        if len(self.holdout) >= _ENOUGH and self.baseline.said is not None:
            return self.held_rows, self.held, self._on_holdout(self.baseline.said), HOLDOUT
        return self.left_out, self.out_of_fold, self.of_folds(self.first, self.baseline_refits), OUT_OF_FOLD

    def columns(self, rows: np.ndarray) -> pd.DataFrame:
        """Give the features of rows."""
        return self.table.X.iloc[rows][list(self.table.features)].reset_index(drop=True)

    def _predictions(self, rows: np.ndarray, said: Said) -> Predictions:
        if self.table.classes and said.shares is None:
            raise CannotError("the model gives no probabilities")
        part = self.table.take(rows)
        return Predictions.of(part.y, said.predicted, classes=part.classes, sample_weight=part.sample_weight)
