"""Shapley values of a model's score, whatever way they were computed; one file for each way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Shapley:
    """Shapley values of rows against a background; players are original columns.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_columns, n_outputs)
    baseline : ndarray of shape (n_outputs,)
        The (weighted) mean over the background.
    approximation_error : ndarray of shape (n_samples, n_columns, n_outputs) or None
        Standard errors; None where the values are exact.
    background_error : ndarray of shape (n_samples, n_columns, n_outputs) or None
        Standard errors that come of the background being a finite draw of rows; None where they were not computed.
    """

    values: np.ndarray
    baseline: np.ndarray
    approximation_error: np.ndarray | None = None
    background_error: np.ndarray | None = None
