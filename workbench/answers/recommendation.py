"""Which model to take, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Recommendation(Answer):
    """The simplest model within one standard error of the best, or the reason why none is recommended.

    Attributes
    ----------
    model : str or None
        None where none can be recommended.
    best : str or None
        The model that scores best, the dummy aside; None where none has a score.
    metric : str
    standard_error : float
        Of the best model's score; NaN where there is none.
    limit : float
        The score that counts as within one standard error; NaN where there is none.
    within : tuple of str
        The models that reach the limit, simplest first; the dummy, if it does, among them. In a study those alone that
        are as near to the best fold by fold, too.
    reason : str
        A sentence or two.
    """

    kind: ClassVar[str] = "recommendation"
    model: str | None
    best: str | None
    metric: str
    standard_error: float
    limit: float
    within: tuple[str, ...]
    reason: str

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("standard_error", "limit"):
            if getattr(self, name) is None:  # JSON has no NaN
                object.__setattr__(self, name, math.nan)
