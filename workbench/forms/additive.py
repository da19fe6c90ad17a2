"""The additive score: an intercept and a sum of terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json
from workbench.forms.curve import Curve
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame
from workbench.forms.rules import Rule
from workbench.forms.shapes import Steps, Surface
from workbench.forms.terms import Levels, Linear, Offset
from workbench.forms.tree import Tree

Term = Linear | Levels | Steps | Curve | Surface | Tree | Rule | Offset
_TERMS: tuple[type[Term], ...] = (Linear, Levels, Steps, Curve, Surface, Tree, Rule, Offset)
TERMS: dict[str, type[Term]] = {each.kind: each for each in _TERMS}

# no library's model that we read has more terms; a file that claims more is hostile or broken
_MOST_TERMS = 1_000_000


@dataclass(frozen=True, eq=False)
class Additive:
    """score(x) = intercept + sum of terms / divisor, summed in float64 in the order of the terms.

    Attributes
    ----------
    intercept : ndarray of shape (k,)
    terms : tuple of Term
    divisor : float
        The number of trees where the terms are averaged; dividing once, as libraries do, keeps ties what they are.
    """

    kind: ClassVar[str] = "additive"
    intercept: Floats
    terms: tuple[Term, ...]
    divisor: float = 1.0

    @property
    def k(self) -> int:
        """The length of the score's vector."""
        return self.intercept.size

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that some term reads, in order of first use."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.columns))

    @property
    def stored_numbers(self) -> int:
        """How many numbers the score holds."""
        return self.k + sum(term.stored_numbers for term in self.terms)

    def score(self, frame: Frame) -> Floats:
        """Give the score, shape (n_samples, k)."""
        averaged = self.divisor != 1.0
        start = np.zeros(self.k) if averaged else self.intercept
        total: Floats = start[None, :].repeat(frame.n_rows, axis=0)
        for term in self.terms:
            total += term.score(frame)
        return self.intercept + total / self.divisor if averaged else total

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the score."""
        return {
            "kind": self.kind,
            "intercept": array_to_json(self.intercept),
            "divisor": self.divisor,
            "terms": [term.to_dict(pack) for term in self.terms],
        }

    @classmethod
    def read(cls, fields: Fields, pack: Pack) -> Additive:
        """Read what `to_dict` gave."""
        intercept = fields.array("intercept", None)
        if intercept.size == 0:
            raise FormError(f"{fields.place}.intercept must hold at least one number")
        divisor = fields.number("divisor")
        if not 0 < divisor < np.inf:
            raise FormError(f"{fields.place}.divisor must be a number above 0; got {divisor!r}")
        listed = fields.objects("terms", _MOST_TERMS)
        return cls(
            intercept,
            tuple(_term(t, f"{fields.place}.terms[{i}]", intercept.size, pack) for i, t in enumerate(listed)),
            divisor,
        )


def _term(data: Any, place: str, k: int, pack: Pack) -> Term:
    fields = Fields(data, place, pack)
    kind = fields.text("kind")
    if kind not in TERMS:
        raise FormError(f"{place}.kind must be one of {', '.join(TERMS)}; got {kind!r:.80}")
    term = TERMS[kind].read(fields, k)
    fields.done()
    return term
