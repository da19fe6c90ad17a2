"""What a model predicts, on average, along the values of one column or of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.refits import RefitBand
from workbench.answers.row_quantiles import RowQuantiles


@dataclass(frozen=True, kw_only=True)
class Effect(Answer):
    """The average prediction along one column.

    ``average``, ``lower`` and ``upper`` have shape (n_outputs, n_grid). ``grid_values`` are numbers for a column of
    numbers, days since 1970-01-01 for a datetime, and level names otherwise.

    Three errors, which are never mixed: ``approximation_error`` is how far the average may be from what the method
    defines over these background rows, 0 where it is exact; from ``lower`` to ``upper`` is what other background rows
    could make of it; ``refits`` says where refits of the learner lie, None where nobody refitted it.

    The rows behind the picture: where ``bin_edges`` (n_bins + 1) is given, ``bin_counts`` (n_bins,) counts the rows in
    each bin, and those beyond the outer edges in the outer bins; where it is None, ``bin_counts`` (n_grid,) counts the
    rows at each grid value. In an answer read back from a report's results a count that is withheld is NaN.

    Attributes
    ----------
    individual : ndarray of shape (n_background, n_outputs, n_grid) or None
        The curve of each background row (individual conditional expectation), where they were asked for.
    centred : bool
        Whether each curve, and the average, is told as the difference from its value at the first grid value, or from
        its mean: see `provenance`.
    sparse_share : float or None
        The share of the points that the model was asked at where there are no data: see the method.
    flat_fits : bool or None
        Whether a flat line lies within the band of refits, where each refit's curve is told about its own mean.
    noise : float or None
        How far the effect of a model that was trained on a shuffled target goes up and down.
    spread : RowQuantiles or None
        How the rows' own curves differ; None where there are too few of them, or the method has none.
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
    approximation_error: float = 0.0
    individual: np.ndarray | None = None
    centred: bool = False
    sparse_share: float | None = None
    refits: RefitBand | None = None
    flat_fits: bool | None = None
    noise: float | None = None
    spread: RowQuantiles | None = None

    def __post_init__(self) -> None:
        _whole_counts(self, "bin_counts")
        object.__setattr__(self, "refits", RefitBand.read(self.refits))
        object.__setattr__(self, "spread", RowQuantiles.read(self.spread))
        super().__post_init__()

    def public(self) -> Self:
        """Give the effect without the curves of single rows."""
        return self.but(individual=None)


@dataclass(frozen=True, kw_only=True)
class Effects(Answer):
    """The effects of several columns of one model; ``n_background`` rows were averaged over."""

    kind: ClassVar[str] = "effects"

    effects: tuple[Effect, ...]
    n_background: int
    surfaces: tuple[EffectSurface, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("effects", Effect), ("surfaces", EffectSurface)):
            made = (kind.from_dict(e) if isinstance(e, Mapping) else e for e in getattr(self, name))
            object.__setattr__(self, name, tuple(made))
        super().__post_init__()

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary that JSON can hold; each effect in it is a dictionary that stands alone."""
        return {
            **super().to_dict(),
            "effects": [effect.to_dict() for effect in self.effects],
            "surfaces": [surface.to_dict() for surface in self.surfaces],
        }

    def public(self) -> Self:
        """Give the effects without the curves of single rows."""
        return self.but(effects=tuple(effect.public() for effect in self.effects))

    def __getitem__(self, feature: str | tuple[str, str]) -> Any:
        """Give the effect of one column by its name, or that of two by both."""
        for effect in self.effects:
            if effect.feature == feature:
                return effect
        for surface in self.surfaces:
            if surface.features == feature:
                return surface
        raise KeyError(feature)


@dataclass(frozen=True, kw_only=True)
class EffectSurface(Answer):
    """The average prediction over a grid of two columns; of accumulated local effects, what the two add together.

    Attributes
    ----------
    features, feature_kinds : tuple of two str
    grid_values : tuple of two tuples
        As in `Effect`, for each column.
    average : ndarray of shape (n_outputs, n_first, n_second)
        NaN where nothing can be said.
    counts : ndarray of shape (n_first, n_second) or None
        The rows nearest to each point of the grid.
    outputs, scale, approximation_error, sparse_share
        As in `Effect`.
    """

    kind: ClassVar[str] = "effect_surface"

    features: tuple[str, str]
    feature_kinds: tuple[str, str]
    grid_values: tuple[tuple[float | str, ...], tuple[float | str, ...]]
    average: np.ndarray
    outputs: tuple[str, ...]
    scale: str
    counts: np.ndarray | None = None
    approximation_error: float = 0.0
    sparse_share: float | None = None

    def __post_init__(self) -> None:
        _whole_counts(self, "counts")
        super().__post_init__()


def _whole_counts(answer: Any, name: str) -> None:
    """Make counts whole numbers again, where a dictionary brought them as floats and none is withheld."""
    given = getattr(answer, name)
    if given is not None:
        counts = np.array(given, dtype=float)
        whole = counts if np.isnan(counts).any() else counts.astype(np.int64)
        object.__setattr__(answer, name, whole)
