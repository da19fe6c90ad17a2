"""What a model said of rows that it had not seen, beside what came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from workbench.forms.frame import level_text


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for rows whose target is known; what every diagnostic of a model starts from.

    Attributes
    ----------
    y : ndarray of shape (n_samples,)
        The target: numbers, or positions in `classes`.
    predicted : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Numbers, or the probability of each class.
    classes : tuple
        Empty for regression; of two the second is the positive one.
    weight : ndarray of shape (n_samples,)

    Examples
    --------
    >>> told = Predictions.of(["no", "yes"], [[0.9, 0.1], [0.2, 0.8]], classes=("no", "yes"))
    >>> told.task, [(name, came.tolist(), p.tolist()) for name, came, p in told.chances()]
    ('binary', [('yes', [0.0, 1.0], [0.1, 0.8])])
    """

    y: np.ndarray
    predicted: np.ndarray
    classes: tuple[Any, ...]
    weight: np.ndarray

    @classmethod
    def of(cls, y: Any, predicted: Any, *, classes: Sequence[Any] = (), sample_weight: Any = None) -> Self:
        """Check and hold predictions.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Numbers, or class labels.
        predicted : array-like of shape (n_samples,) or (n_samples, n_classes)
            Numbers, or probabilities in the order of `classes`.
        classes : sequence
            All labels; empty for regression.
        sample_weight : array-like of shape (n_samples,), optional
            Above 0: rows of weight 0 are to be left out.

        Raises
        ------
        ValueError
            If lengths differ, a number is missing or infinite, a label is none of the classes, a row's probabilities
            are no probabilities, or a weight is not above 0.
        """
        predicted = np.asarray(predicted, dtype=float)
        outcome = _codes(y, classes) if len(classes) else np.asarray(y, dtype=float)
        n = len(outcome)
        shape = (n, len(classes)) if len(classes) else (n,)
        if n == 0 or predicted.shape != shape:
            raise ValueError(f"predictions: they must have the shape {shape}, at least one row; got {predicted.shape}")
        for name, values in (("y", outcome), ("predicted", predicted)):
            if not np.isfinite(values).all():
                raise ValueError(
                    f"predictions: {name} must be finite; {int((~np.isfinite(values)).sum())} values are not: leave "
                    "these rows out, or mend the model"
                )
        if len(classes) and (predicted.min() < 0 or (np.abs(predicted.sum(axis=1) - 1) > 1e-6).any()):
            raise ValueError("predictions: the probabilities of a row must be at least 0 and sum to 1")
        weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        if weight.shape != (n,) or not np.isfinite(weight).all() or not (weight > 0).all():
            raise ValueError(
                f"predictions: sample_weight must be {n} numbers above 0; leave rows of weight 0 out of y and predicted"
            )
        return cls(outcome, predicted, tuple(classes), weight)

    @property
    def task(self) -> str:
        """One of regression, binary, multiclass."""
        return "regression" if not self.classes else "binary" if len(self.classes) == 2 else "multiclass"

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.y)

    @property
    def residual(self) -> np.ndarray:
        """What came less what was predicted; of a number.

        Raises
        ------
        ValueError
            If classes are predicted.
        """
        if self.classes:
            raise ValueError("residuals are those of a predicted number; of classes see their calibration instead")
        return self.y - self.predicted

    def chances(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Give for each class its name, whether it came, and its probability; of two classes for the second alone."""
        for i in [1] if len(self.classes) == 2 else range(len(self.classes)):
            yield level_text(self.classes[i]), (self.y == i).astype(float), self.predicted[:, i]

    def take(self, rows: np.ndarray) -> Predictions:
        """Give the predictions for the rows at these positions."""
        return Predictions(self.y[rows], self.predicted[rows], self.classes, self.weight[rows])

    def by(self, unit: float) -> Predictions:
        """Give a predicted number in another unit: everything divided by it."""
        return Predictions(self.y / unit, self.predicted / unit, self.classes, self.weight)

    def but(self, predicted: np.ndarray) -> Predictions:
        """Give other predictions for the same rows."""
        return Predictions(self.y, predicted, self.classes, self.weight)


def _codes(y: Any, classes: Sequence[Any]) -> np.ndarray:
    labels = np.asarray(y)
    codes = pd.Index(list(classes), dtype=object).get_indexer(pd.Index(labels, dtype=object))
    if (codes < 0).any():
        raise ValueError(f"predictions: label {labels[codes < 0].tolist()[0]!r:.80} is none of the classes")
    return codes.astype(float)
