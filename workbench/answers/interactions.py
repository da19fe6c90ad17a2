"""How much of what a model does with columns is not the sum of what it does with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Interactions(Answer):
    """Friedman's H: the share of an effect's variance that comes of columns acting together; 0 where they do not.

    ``overall`` (n_features, n_outputs) is that of each column with all others, ``pairwise`` (n_pairs, n_outputs) that
    of two columns; ``pairs`` holds their positions. ``unnormalized`` (n_pairs, n_outputs) is the square root of the
    variance itself, on the scale of predictions, which a share of little hides. NaN where an effect has no variance.
    ``approximation_error`` is 0 where it is exact over these background rows.
    """

    kind: ClassVar[str] = "interactions"

    feature_names: tuple[str, ...]
    outputs: tuple[str, ...]
    scale: str
    overall: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    pairwise: np.ndarray
    unnormalized: np.ndarray
    n_background: int
    approximation_error: float = 0.0

    def __post_init__(self) -> None:
        for name in ("pairwise", "unnormalized"):  # lists of no pair have no second axis
            object.__setattr__(self, name, np.reshape(getattr(self, name), (len(self.pairs), len(self.outputs))))
        super().__post_init__()
