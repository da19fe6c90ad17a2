"""What a model predicts, on average, along the values of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Effect(Answer):
    """The average prediction along one column.

    ``average``, ``lower`` and ``upper`` have shape (n_outputs, n_grid); the method that made the answer says what the
    interval means. ``grid_values`` are numbers for a column of numbers, days since 1970-01-01 for a datetime, and level
    names otherwise.

    The rows behind the picture: where ``bin_edges`` (n_bins + 1) is given, ``bin_counts`` (n_bins,) counts the rows in
    each bin, and those beyond the outer edges in the outer bins; where it is None, ``bin_counts`` (n_grid,) counts the
    rows at each grid value. In an answer read back from a report's results a count that is withheld is NaN.
    """

    kind: ClassVar[str] = "effect"

    feature: str
    feature_kind: str
    grid_values: tuple[float | str, ...]
    average: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    outputs: tuple[str, ...]
    scale: str
    bin_edges: np.ndarray | None = None
    bin_counts: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.bin_counts is not None:  # a dictionary read back brings them as floats
            counts = np.array(self.bin_counts, dtype=float)
            whole = counts if np.isnan(counts).any() else counts.astype(np.int64)
            object.__setattr__(self, "bin_counts", whole)
        super().__post_init__()


@dataclass(frozen=True, kw_only=True)
class Effects(Answer):
    """The effects of several columns of one model; ``n_background`` rows were averaged over."""

    kind: ClassVar[str] = "effects"

    effects: tuple[Effect, ...]
    n_background: int

    def __post_init__(self) -> None:
        effects = (Effect.from_dict(e) if isinstance(e, Mapping) else e for e in self.effects)
        object.__setattr__(self, "effects", tuple(effects))
        super().__post_init__()

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary that JSON can hold; each effect in it is a dictionary that stands alone."""
        return {**super().to_dict(), "effects": [effect.to_dict() for effect in self.effects]}

    def __getitem__(self, feature: str) -> Effect:
        """Give the effect of one column by its name."""
        for effect in self.effects:
            if effect.feature == feature:
                return effect
        raise KeyError(feature)
