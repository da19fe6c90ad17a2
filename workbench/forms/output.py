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


@dataclass(frozen=True)
class Exponential:
    """The inverse log link, exp(score): a number that is above 0."""

    kind: ClassVar[str] = "exponential"

    def __call__(self, score: Floats) -> Floats:
        """Map logarithms to numbers, (n_samples, k) to (n_samples, k)."""
        with np.errstate(over="ignore"):
            return np.exp(score)


@dataclass(frozen=True)
class CompLogLog:
    """The inverse complementary log-log link, 1 - exp(-exp(score))."""

    kind: ClassVar[str] = "cloglog"

    def __call__(self, score: Floats) -> Floats:
        """Map scores to probabilities, (n_samples, k) to (n_samples, k)."""
        with np.errstate(over="ignore"):
            return -np.expm1(-np.exp(score))


@dataclass(frozen=True)
class Clip:
    """The score, but not below `low` nor above `high`: sums of shares as probabilities."""

    kind: ClassVar[str] = "clip"
    low: float = 0.0
    high: float = 1.0

    def __call__(self, score: Floats) -> Floats:
        """Map scores to probabilities, (n_samples, k) to (n_samples, k)."""
        return np.clip(score, self.low, self.high)


@dataclass(frozen=True)
class OneVsRest:
    """Each class's probability against the rest, divided by their sum; equal shares where all are 0.

    Attributes
    ----------
    each : Identity, Logistic or Clip
        From a class's score to its probability against the rest.
    """

    kind: ClassVar[str] = "one_vs_rest"
    each: Identity | Logistic | Clip

    def __call__(self, score: Floats) -> Floats:
        """Map scores to probabilities, (n_samples, k) to (n_samples, k)."""
        p = self.each(score)
        total = p.sum(axis=1, keepdims=True)
        shares: Floats = np.where(total > 0, p / np.where(total > 0, total, 1.0), 1.0 / p.shape[1])
        return shares


_Plain = Identity | Logistic | Softmax | Exponential | CompLogLog | Clip
Output = _Plain | OneVsRest
_PLAIN: dict[str, type[_Plain]] = {o.kind: o for o in (Identity, Logistic, Softmax, Exponential, CompLogLog, Clip)}


def output_to_dict(output: Output) -> dict[str, Any]:
    """Give what JSON holds of an output map."""
    if isinstance(output, OneVsRest):
        return {"kind": output.kind, "each": output_to_dict(output.each)}
    return {"kind": output.kind, **({"low": output.low, "high": output.high} if isinstance(output, Clip) else {})}


def output_from_dict(data: Any, place: str) -> Output:
    """Read what `output_to_dict` gave.

    Raises
    ------
    FormError
        If the kind is unknown or fields are left over.
    """
    fields = Fields(data, place)
    found: Output
    if fields.peek("kind") == OneVsRest.kind:
        fields.take("kind")
        each = fields.inner("each")
        found = OneVsRest(_plain(each, (Identity, Logistic, Clip)))
        each.done()
    else:
        found = _plain(fields, tuple(_PLAIN.values()))
    fields.done()
    return found


def _plain(fields: Fields, allowed: tuple[type[_Plain], ...]) -> Any:
    kind = fields.text("kind")
    if kind not in [each.kind for each in allowed]:
        known = ", ".join([each.kind for each in allowed])
        raise FormError(f"{fields.place}.kind must be one of {known}; got {kind!r:.80}")
    if kind != Clip.kind:
        return _PLAIN[kind]()
    low, high = fields.number("low"), fields.number("high")
    if not 0 <= low < high <= 1:
        raise FormError(f"{fields.place}: low and high must ascend from 0 to 1; got {low!r}, {high!r}")
    return Clip(low, high)
