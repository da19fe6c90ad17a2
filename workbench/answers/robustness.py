"""What small changes of the columns do to a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class Disturbance(Part):
    """One kind and amount of change, and what it costs.

    Attributes
    ----------
    change : {"noise", "missing"}
    amount : float
        Of noise the share of each column's standard deviation (of levels: of rows that get another row's level); of
        missing the share of cells that are emptied.
    cost, lower, upper : float
        How much worse the score becomes, positive where worse, with its interval over draws; NaN where the model
        refuses such rows.
    refused : bool
    """

    change: str
    amount: float
    cost: float
    lower: float
    upper: float
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Robustness(Answer):
    """The score of a fitted model as its columns are disturbed, on rows that it has not seen.

    Attributes
    ----------
    metric : str
    baseline : float
        The score on the rows as they are.
    disturbances : tuple of Disturbance
    n_repeats : int
    n_rows : int
    level : float
    """

    kind: ClassVar[str] = "robustness"

    metric: str
    baseline: float
    disturbances: tuple[Disturbance, ...]
    n_repeats: int
    n_rows: int
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "disturbances", Disturbance.read_all(self.disturbances))
        super().__post_init__()
