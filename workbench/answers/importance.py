"""How much worse a model scores without what a column tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.refits import RefitBand


@dataclass(frozen=True, kw_only=True)
class Importance(Answer):
    """Importance of every column, in units of a metric; larger is more important, whatever the metric's direction.

    ``importances`` has shape (n_features, n_repeats); ``importances_mean`` and ``importances_std`` (n_features,) are
    its mean and standard deviation over the repeats (``ddof=0``, as in scikit-learn).

    Attributes
    ----------
    groups : tuple of tuple of str
        Columns that move together, and were shuffled together too.
    group_importances : ndarray of shape (n_groups, n_repeats) or None
        What the score loses without a whole group.
    refits : RefitBand or None
        Of ``importances_mean``: where refits of the learner lie.
    noise : ndarray of shape (n_features,) or None
        ``importances_mean`` of a model that was trained on a shuffled target: what chance alone makes of it.
    """

    kind: ClassVar[str] = "importance"

    feature_names: tuple[str, ...]
    importances: np.ndarray
    importances_mean: np.ndarray
    importances_std: np.ndarray
    metric: str
    baseline_score: float
    greater_is_better: bool
    groups: tuple[tuple[str, ...], ...] = ()
    group_importances: np.ndarray | None = None
    refits: RefitBand | None = None
    noise: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "refits", RefitBand.read(self.refits))
        super().__post_init__()
