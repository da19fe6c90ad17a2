"""What a fitted model says of rows, asked once: its scores, and what comparisons and diagnostics start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from workbench.metrics import metric
from workbench.table import Table


@dataclass(frozen=True, eq=False)
class Said:
    """The predictions of a model for rows of a table, in their order; they never leave the user's cache.

    Attributes
    ----------
    labels : ndarray of shape (n_rows,)
        Numbers, or class labels.
    shares : ndarray of shape (n_rows, n_classes) or None
        The probability of each of the table's classes, in their order; None for numbers, and where the model gives
        none.
    raw : ndarray of shape (n_rows, n_classes) or None
        The same before they were recalibrated, as the library gives them; None where they are not recalibrated.
    """

    labels: np.ndarray
    shares: np.ndarray | None = None
    raw: np.ndarray | None = None

    @classmethod
    def of(cls, estimator: Any, table: Table, metrics: Sequence[str]) -> Self:
        """Ask a fitted estimator about all rows of a table.

        Raises
        ------
        ValueError
            If the model knows other classes than the table, or gives no probabilities where a metric needs them.
        """
        X = table.X[list(estimator.feature_names_in_)]
        labels = np.asarray(estimator.predict(X))
        if not table.classes:
            return cls(labels)
        known = np.asarray(estimator.classes_).tolist()
        if set(known) != set(table.classes):
            raise ValueError(f"the model knows the classes {known}, the table has {list(table.classes)}")
        try:
            proba = np.asarray(estimator.predict_proba(X))
        except ValueError:
            if any(metric(name).needs == "predict_proba" for name in metrics):
                raise
            return cls(labels)
        order = [known.index(label) for label in table.classes]
        raw = estimator.uncalibrated_proba(X)[:, order] if getattr(estimator, "calibration_", None) else None
        return cls(labels, proba[:, order], raw)

    @classmethod
    def joined(cls, parts: Sequence[Said]) -> Self:
        """Put what was said of several sets of rows one after the other."""
        labels = np.concatenate([part.labels for part in parts])
        return cls(labels, _joined([part.shares for part in parts]), _joined([part.raw for part in parts]))

    def at(self, positions: np.ndarray) -> Self:
        """Give what was said of some of the rows."""
        shares, raw = (None if part is None else part[positions] for part in (self.shares, self.raw))
        return type(self)(self.labels[positions], shares, raw)

    @property
    def predicted(self) -> np.ndarray:
        """Numbers, or probabilities where the model gives them, else labels."""
        return self.labels if self.shares is None else self.shares

    def scores(self, table: Table, metrics: Sequence[str]) -> dict[str, float]:
        """Score what was said of the table's rows; NaN where a score is undefined."""
        return {
            name: metric(name)(
                table.y, self.labels, self.shares, classes=table.classes, sample_weight=table.sample_weight
            )
            for name in metrics
        }


def _joined(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if there and len(there) == len(parts) else None
