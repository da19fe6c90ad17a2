"""What scores are means over, in words: folds, or parts of a holdout that is scored alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoredOn:
    """The words for what models were scored on."""

    one: str
    many: str
    short: str
    widened: str  # why intervals are as wide as they are

    @property
    def mean(self) -> str:
        """The name of a mean."""
        return f"mean over {self.many}"

    @classmethod
    def of(cls, alone: bool) -> ScoredOn:
        """Give the words; `alone`: the holdout was scored alone, in parts, by one fit."""
        return PARTS if alone else FOLDS


FOLDS = ScoredOn("fold", "folds", "folds", "widened because folds share rows (Nadeau and Bengio 2003)")
PARTS = ScoredOn(
    "part of the holdout",
    "parts of the holdout",
    "parts",
    "for other rows alone: all parts are scored by one and the same fit",
)
