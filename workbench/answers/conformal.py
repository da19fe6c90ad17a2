"""Intervals and sets that hold what comes at a stated rate, and whether they do so everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class Coverage(Part):
    """How often what came lay inside, in a part of the rows.

    Attributes
    ----------
    text : str
        What its rows have in common.
    column : str
        The column that bounds it; "" for a class.
    rows : int
        At least 30.
    coverage, lower, upper : float
        In what is sent, the coverage is NaN where fewer than 10 rows lie inside, or outside, or where it would give
        away another part's; the interval then holds for any count that is withheld alike.
    p_value : float
        Of a coverage that is no lower than the level, corrected for the number of parts; NaN for a class, whose
        coverage may differ from the level by the nature of the method.
    """

    text: str
    column: str
    rows: int
    coverage: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Conformal(Answer):
    """Split-conformal intervals around a number, or sets of classes.

    Attributes
    ----------
    task : {"regression", "binary", "multiclass"}
    level : float
        The share of rows that intervals or sets are made to hold.
    threshold : float
        Of a number: half of the interval's width, prediction - threshold to prediction + threshold. Of classes: a class
        is in the set if its probability is at least 1 - threshold.
    n_calibration, n_rows : int
        Rows that set the threshold, and rows that judged it.
    coverage, lower, upper : float
        The share of rows in which what came lay inside, with its interval over rows; in what is sent withheld as that
        of a part is.
    p_value : float
        Of a coverage that is no lower than the level; corrected as for the parts, of which it is one.
    slices : tuple of Coverage
    mean_size : float
        The width of the interval, or the mean number of classes in a set; rounded where the next is withheld.
    size_without : float
        The width of an interval that looks at no column, or the number of classes that the commonest ones take.
    share_single, share_empty : float
        Sets of one class, and of none; NaN for a number, and where fewer than 10 rows would be told.
    """

    kind: ClassVar[str] = "conformal"

    task: str
    level: float
    threshold: float
    n_calibration: int
    n_rows: int
    coverage: float
    lower: float
    upper: float
    p_value: float
    slices: tuple[Coverage, ...]
    mean_size: float
    size_without: float
    share_single: float
    share_empty: float

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "slices", Coverage.read_all(self.slices))
        super().__post_init__()
