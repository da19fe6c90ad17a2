"""Where refits of a learner would lie: the third of the three errors of an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class RefitBand:
    """The same explanation of models fitted on the training parts of the folds.

    The band is about the mean over the refits; the model that was saved is one more fit, and may lie outside it. It
    says what other draws of training rows do to this learner, not how far the learner is from the truth.

    Attributes
    ----------
    mean, lower, upper : ndarray
        In the shape of what they are about.
    n_refits : int
    level : float
        The coverage that the band aims at, for the learner's expected explanation.
    """

    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    n_refits: int
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("mean", "lower", "upper"):
            array = floats(getattr(self, name))
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def read(cls, data: Any) -> RefitBand | None:
        """Read what a dictionary of an answer holds."""
        return cls(**data) if isinstance(data, Mapping) else data


def floats(value: Any) -> np.ndarray:
    """Copy numbers, NaN for None at any depth."""
    if isinstance(value, np.ndarray):
        return np.array(value, dtype=float)

    def known(item: Any) -> Any:
        return [known(v) for v in item] if isinstance(item, list | tuple) else (np.nan if item is None else item)

    return np.array(known(value), dtype=float)
