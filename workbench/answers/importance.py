"""How much worse a model scores without what a column tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Importance(Answer):
    """Importance of every column, in units of a metric; larger is more important, whatever the metric's direction.

    ``importances`` has shape (n_features, n_repeats); ``importances_mean`` and ``importances_std`` (n_features,) are
    its mean and standard deviation over the repeats (``ddof=0``, as in scikit-learn).
    """

    kind: ClassVar[str] = "importance"

    feature_names: tuple[str, ...]
    importances: np.ndarray
    importances_mean: np.ndarray
    importances_std: np.ndarray
    metric: str
    baseline_score: float
    greater_is_better: bool
