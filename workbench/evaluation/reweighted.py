"""The score of fixed predictions under many weightings of the rows at once: what resampling asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.metrics import Metric

# of R²: below this share of the mean square about the overall mean, a variance got by subtraction loses digits
_SURE = 1e-6
_Rows = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
_Score = Callable[[np.ndarray], np.ndarray]


class Reweighted:
    """One metric of fixed predictions, for any counts of its units.

    A unit is a row, or a group of rows that are drawn together. Most metrics are functions of sums over rows, so that
    the scores of B weightings are one product of matrices; AUC is a sum over pairs, got from cumulated sums. What is
    no function of sums, and any weighting where the sums give no number, is asked of the metric itself. The scores
    are those of the metric to rounding.

    Parameters
    ----------
    metric : Metric
    y : ndarray of shape (n_rows,)
    predicted : ndarray of shape (n_rows,) or (n_rows, n_classes)
        What the metric needs.
    classes : sequence
        All labels that may occur, in the order of the columns of `predicted`; empty for numbers.
    weight : ndarray of shape (n_rows,)
        Above 0.
    unit : ndarray of int, shape (n_rows,)
        The unit of each row, numbered from 0 without gaps.
    """

    def __init__(
        self,
        metric: Metric,
        y: np.ndarray,
        predicted: np.ndarray,
        *,
        classes: Sequence[Any],
        weight: np.ndarray,
        unit: np.ndarray,
    ) -> None:
        self._metric, self._y, self._predicted, self._classes = metric, y, predicted, classes
        self._weight, self._unit = weight, unit
        labels = bool(len(classes)) and metric.needs == "predict"
        self._coded = np.asarray(_codes(y, classes) if len(classes) else y, dtype=float)
        self._shown = np.asarray(_codes(predicted, classes) if labels else predicted, dtype=float)
        self._totals, self._combine = None, None
        if metric.name in _SUMS:
            rows, self._combine = _SUMS[metric.name]
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                per_row = rows(self._coded, self._shown, len(classes)) * weight[:, None]
                self._totals = np.zeros((int(unit.max()) + 1, per_row.shape[1]))
                np.add.at(self._totals, unit, per_row)

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        """Give the score of each weighting.

        Parameters
        ----------
        counts : ndarray of shape (n_weightings, n_units)
            How often each unit is there.

        Returns
        -------
        ndarray of shape (n_weightings,)
            NaN where the score is undefined.
        """
        if self._metric.name == "roc_auc":
            return self._areas(counts)
        if self._totals is None or self._combine is None:
            scores = np.full(len(counts), np.nan)
        else:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                scores = self._combine(counts @ self._totals)
        for i in np.flatnonzero(~np.isfinite(scores)):
            scores[i] = self._asked(counts[i])
        return scores

    def _asked(self, counts: np.ndarray) -> float:
        weight = self._weight * counts[self._unit]
        name = "y_pred" if self._metric.needs == "predict" else "y_proba"
        return self._metric(self._y, classes=self._classes, sample_weight=weight, **{name: self._predicted})

    def _areas(self, counts: np.ndarray) -> np.ndarray:
        """The area under the curve of each class against the rest; of two classes that of the second."""
        k = len(self._classes)
        areas = [self._area(counts, self._shown[:, c], self._coded == c) for c in ((1,) if k == 2 else range(k))]
        found: np.ndarray = np.mean(areas, axis=0)  # NaN where a class is absent
        return found

    def _area(self, counts: np.ndarray, score: np.ndarray, positive: np.ndarray) -> np.ndarray:
        order = np.argsort(score, kind="stable")
        weights = counts[:, self._unit[order]] * self._weight[order]
        ties = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
        ups, downs = (np.add.reduceat(weights * is_in[order], ties, axis=1) for is_in in (positive, ~positive))
        beaten = np.cumsum(downs, axis=1) - downs / 2  # those with a lower score, and half of those with the same
        with np.errstate(invalid="ignore", divide="ignore"):
            area: np.ndarray = (ups * beaten).sum(axis=1) / (ups.sum(axis=1) * downs.sum(axis=1))
        return area


def _codes(labels: np.ndarray, classes: Sequence[Any]) -> np.ndarray:
    return pd.Index(list(classes), dtype=object).get_indexer(pd.Index(labels, dtype=object))


def _of_mean(loss: _Rows) -> tuple[_Rows, _Score]:
    """A metric that is the weighted mean of a number per row."""

    def rows(y: np.ndarray, predicted: np.ndarray, k: int) -> np.ndarray:
        return np.column_stack([np.ones(len(y)), loss(y, predicted, k)])

    return rows, lambda sums: sums[:, 1] / sums[:, 0]


def _squared(y: np.ndarray, predicted: np.ndarray, _: int) -> np.ndarray:
    return (y - predicted) ** 2


def _log_loss(y: np.ndarray, shares: np.ndarray, _: int) -> np.ndarray:
    least = np.finfo(float).eps
    chosen = shares[np.arange(len(y)), y.astype(int)]
    loss: np.ndarray = -np.log(np.clip(chosen, least, 1 - least))
    return loss


def _brier(y: np.ndarray, shares: np.ndarray, k: int) -> np.ndarray:
    squared: np.ndarray = ((shares - _indicators(y, k)) ** 2).sum(axis=1)
    return squared / (2 if k == 2 else 1)


def _indicators(codes: np.ndarray, k: int) -> np.ndarray:
    return (codes[:, None] == np.arange(k)).astype(float)


def _r2_rows(y: np.ndarray, predicted: np.ndarray, _: int) -> np.ndarray:
    away = y - y.mean()
    return np.column_stack([np.ones(len(y)), away, away**2, (y - predicted) ** 2])


def _r2(sums: np.ndarray) -> np.ndarray:
    weight, away, squares, errors = sums.T
    total = squares - away**2 / weight
    found: np.ndarray = np.where(total > _SURE * squares, 1 - errors / total, np.nan)
    return found


def _hits(y: np.ndarray, predicted: np.ndarray, k: int) -> np.ndarray:
    """Per class: whether the row is of it, whether it is predicted, and both."""
    true, said = _indicators(y, k), _indicators(predicted, k)
    return np.hstack([true, said, true * said])


def _balanced(sums: np.ndarray) -> np.ndarray:
    true, _, both = np.split(sums, 3, axis=1)
    return _mean_of_defined(both / true)


def _f1(sums: np.ndarray) -> np.ndarray:
    true, said, both = np.split(sums, 3, axis=1)
    scores = 2 * both / (true + said)
    return scores[:, 1] if scores.shape[1] == 2 else _mean_of_defined(scores)


def _mean_of_defined(scores: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.nansum(scores, axis=1) / (~np.isnan(scores)).sum(axis=1)
    return found


_rmse_rows, _mean = _of_mean(_squared)
_SUMS: dict[str, tuple[_Rows, _Score]] = {
    "r2": (_r2_rows, _r2),
    "rmse": (_rmse_rows, lambda sums: np.sqrt(_mean(sums))),
    "mae": _of_mean(lambda y, predicted, _: np.abs(y - predicted)),
    "accuracy": _of_mean(lambda y, predicted, _: (y == predicted).astype(float)),
    "log_loss": _of_mean(_log_loss),
    "brier": _of_mean(_brier),
    "balanced_accuracy": (_hits, _balanced),
    "f1": (_hits, _f1),
}
