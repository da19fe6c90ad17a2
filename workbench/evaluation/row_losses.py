"""What each row adds to a score: the losses whose mean the metric is, or one that stands for it."""

from __future__ import annotations

import numpy as np

from workbench.evaluation.predictions import Predictions

_SQUARED, _ABSOLUTE, _LOG, _BRIER, WRONG = "squared error", "absolute error", "log loss", "Brier score", "share wrong"
_LOSSES = {
    "r2": _SQUARED,
    "rmse": _SQUARED,
    "mae": _ABSOLUTE,
    "log_loss": _LOG,
    "roc_auc": _LOG,
    "brier": _BRIER,
    "accuracy": WRONG,
    "balanced_accuracy": WRONG,
    "f1": WRONG,
}


def loss_title(metric: str) -> str:
    """Name the loss of a single row that goes with a metric: R² and RMSE are made of squared errors; AUC gets log loss.

    Raises
    ------
    ValueError
        If no loss of single rows is known for the metric.

    Examples
    --------
    >>> loss_title("rmse")
    'squared error'
    """
    if metric not in _LOSSES:
        raise ValueError(f"metric must be one of {', '.join(_LOSSES)}; got {metric!r}")
    return _LOSSES[metric]


def row_losses(predictions: Predictions, metric: str) -> np.ndarray:
    """Give the loss of each row, shape (n_samples,): lower is better, whatever the metric's direction.

    Squared error (R², RMSE) and absolute error (MAE) of a number; log loss with probabilities cut off at float64's
    epsilon as scikit-learn does (log loss, AUC), squared distance of probabilities (Brier score), 1 where the likeliest
    class is wrong and else 0 (accuracy, balanced accuracy, F1).

    Raises
    ------
    ValueError
        If the metric does not go with what is predicted.
    """
    title = loss_title(metric)
    y, predicted = predictions.y, predictions.predicted
    if (title in (_SQUARED, _ABSOLUTE)) != (predictions.task == "regression"):
        raise ValueError(f"metric {metric!r} has no loss of rows where the task is {predictions.task}")
    if title in (_SQUARED, _ABSOLUTE):
        off = np.abs(y - predicted)
        return off**2 if title == _SQUARED else off
    code = y.astype(int)
    if title == WRONG:
        two = predictions.task == "binary"
        chosen = predicted[:, 1] > 0.5 if two else predicted.argmax(axis=1)
        return (chosen != code).astype(float)
    if title == _LOG:
        own = predicted[np.arange(len(code)), code]
        return -np.log(np.clip(own, np.finfo(float).eps, 1.0))
    came = code[:, None] == np.arange(predicted.shape[1])
    squared = ((predicted - came) ** 2).sum(axis=1)
    return squared / 2 if predictions.task == "binary" else squared
