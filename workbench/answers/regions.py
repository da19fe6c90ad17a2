"""Where a model is weak: parts of the data in which its loss is clearly above the average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class WeakRegion(Part):
    """A part of the data that one or two columns bound.

    Attributes
    ----------
    text : str
        What its rows have in common.
    columns : tuple of str
    rows_found, rows : int
        In the half in which it was found, and in the half in which it was judged; at least 30 each.
    loss_found : float
        Mean loss in the half in which it was found: flattered by the search, always too high.
    loss, lower, upper : float
        Mean loss in the other half, with its interval.
    rest : float
        Mean loss of the other half's rows outside.
    p_value : float
        Of a loss that is no higher there than elsewhere, corrected for the number of regions that were judged.
    reference : float
        Mean loss of another model, the dummy say, in the region; NaN where none was given.
    """

    text: str
    columns: tuple[str, ...]
    rows_found: int
    rows: int
    loss_found: float
    loss: float
    lower: float
    upper: float
    rest: float
    p_value: float
    reference: float


@dataclass(frozen=True, kw_only=True)
class WeakRegions(Answer):
    """The weakest regions that a search found in one half of the rows, judged in the other, weakest first.

    Attributes
    ----------
    loss_title : str
        What each row's loss is.
    mean_loss : float
        Over the rows of the half that judges.
    regions : tuple of WeakRegion
    n_searched : int
        Regions that the search compared.
    n_rows : int
        In both halves.
    level : float
    """

    kind: ClassVar[str] = "weak_regions"

    loss_title: str
    mean_loss: float
    regions: tuple[WeakRegion, ...]
    n_searched: int
    n_rows: int
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "regions", WeakRegion.read_all(self.regions))
        super().__post_init__()

    def confirmed(self, rate: float = 0.01, least_ratio: float = 1.25) -> tuple[WeakRegion, ...]:
        """Give the regions whose loss is shown to be higher than elsewhere, and by a quarter at least."""
        return tuple(r for r in self.regions if r.p_value <= rate and r.loss >= least_ratio * r.rest)
