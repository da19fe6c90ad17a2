"""Whether explanations of one model agree on which columns matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Agreement(Answer):
    """Rank correlations between the importances that methods give to the same columns.

    ``importances`` has shape (n_methods, n_features), each in its method's own unit; ``rank_correlation`` (n_methods,
    n_methods) is Spearman's, NaN where a method tells no column from another.
    """

    kind: ClassVar[str] = "agreement"

    methods: tuple[str, ...]
    feature_names: tuple[str, ...]
    importances: np.ndarray
    rank_correlation: np.ndarray
