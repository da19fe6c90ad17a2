"""From a score to what a model says: identity, inverse link, softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats


@dataclass(frozen=True)
class Identity:
    """The score itself: a prediction, or probabilities (of the positive class alone where k = 1)."""

    kind: ClassVar[str] = "identity"

    def __call__(self, score: Floats) -> Floats:
        """Map scores to outputs, (n_samples, k) to (n_samples, k)."""
        return score


@dataclass(frozen=True)
class Logistic:
    """The inverse logit link, 1 / (1 + exp(-score)), computed without overflow."""

    kind: ClassVar[str] = "logistic"

    def __call__(self, score: Floats) -> Floats:
        """Map log odds to probabilities, (n_samples, k) to (n_samples, k)."""
        small = np.exp(-np.abs(score))
        return np.where(score >= 0, 1.0, small) / (1.0 + small)


@dataclass(frozen=True)
class Softmax:
    """exp(score_c) / sum over classes of exp(score), shifted by the largest score so that nothing overflows."""

    kind: ClassVar[str] = "softmax"

    def __call__(self, score: Floats) -> Floats:
        """Map scores to probabilities, (n_samples, k) to (n_samples, k)."""
        weights = np.exp(score - score.max(axis=1, keepdims=True))
        total: Floats = weights / weights.sum(axis=1, keepdims=True)
        return total


Output = Identity | Logistic | Softmax
OUTPUTS: dict[str, type[Identity] | type[Logistic] | type[Softmax]] = {o.kind: o for o in (Identity, Logistic, Softmax)}


def output_to_dict(output: Output) -> dict[str, Any]:
    """Give what JSON holds of an output map."""
    return {"kind": output.kind}


def output_from_dict(data: Any, place: str) -> Output:
    """Read what `output_to_dict` gave.

    Raises
    ------
    FormError
        If the kind is unknown or fields are left over.
    """
    fields = Fields(data, place)
    kind = fields.text("kind")
    fields.done()
    if kind not in OUTPUTS:
        raise FormError(f"{place}.kind must be one of {', '.join(OUTPUTS)}; got {kind!r:.80}")
    return OUTPUTS[kind]()
