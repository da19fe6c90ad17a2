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
    ``approximation_error`` is 0 where it is exact over these background rows. Each of the three has an interval, from
    ``..._lower`` to ``..._upper``, of what other background rows could make of it; None in answers of before there was
    one, NaN where it is not known.
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
    overall_lower: np.ndarray | None = None
    overall_upper: np.ndarray | None = None
    pairwise_lower: np.ndarray | None = None
    pairwise_upper: np.ndarray | None = None
    unnormalized_lower: np.ndarray | None = None
    unnormalized_upper: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("pairwise", "unnormalized"):  # lists of no pair have no second axis
            for each in (name, f"{name}_lower", f"{name}_upper"):
                if (found := getattr(self, each)) is not None:
                    object.__setattr__(self, each, np.reshape(found, (len(self.pairs), len(self.outputs))))
        super().__post_init__()
