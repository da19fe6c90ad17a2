"""From a score to what a model says: identity, inverse link, softmax; and probabilities recalibrated after these."""

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


# Probabilities of 0 and 1 have no log odds: those nearer than this to either count as this.
NEAREST = 1e-6


def log_odds(p: Floats) -> Floats:
    """Give log(p / (1 - p)), of p cut off at one in a million from 0 and from 1."""
    cut: Floats = np.clip(p, NEAREST, 1 - NEAREST)
    return np.log(cut) - np.log1p(-cut)


@dataclass(frozen=True)
class Scaled:
    """Probabilities recalibrated along a line: of two classes sigmoid(a + b logit p), else softmax(a_c + b log p_c).

    Where `of` is logistic (or softmax) the line is that of the score itself; elsewhere p is cut off at one in a million
    from 0 and 1.

    Attributes
    ----------
    of : Output
        What gave the probabilities before.
    slope : float
        b, above 0: 1 changes nothing, less draws probabilities towards the middle; 1 / b is called a temperature.
    intercept : tuple of float
        a: one number where the score speaks of the second of two classes alone, else one for each class.
    """

    kind: ClassVar[str] = "scaled"
    of: Identity | Logistic | Softmax | CompLogLog | Clip | OneVsRest
    slope: float
    intercept: tuple[float, ...]

    def __call__(self, score: Floats) -> Floats:
        """Map scores to probabilities, (n_samples, k) to (n_samples, k)."""
        if len(self.intercept) == 1:
            odds = score if isinstance(self.of, Logistic) else log_odds(self.of(score))
            return Logistic()(self.intercept[0] + self.slope * odds)
        logs = score if isinstance(self.of, Softmax) else np.log(np.maximum(self.of(score), NEAREST))
        return Softmax()(np.array(self.intercept) + self.slope * logs)


@dataclass(frozen=True)
class Monotone:
    """The probability of the second of two classes, looked up in a table that never falls, straight between entries.

    Attributes
    ----------
    of : Output
        What gave the probability before.
    before, after : tuple of float
        The table, `before` ascending; outside it the nearest end counts.
    """

    kind: ClassVar[str] = "monotone"
    of: Identity | Logistic | Softmax | CompLogLog | Clip | OneVsRest
    before: tuple[float, ...]
    after: tuple[float, ...]

    def __call__(self, score: Floats) -> Floats:
        """Map scores to probabilities, (n_samples, k) to (n_samples, k)."""
        p = self.of(score)
        found: Floats = np.interp(p[:, -1], self.before, self.after)[:, None]
        return found if p.shape[1] == 1 else np.hstack([1.0 - found, found])


_Plain = Identity | Logistic | Softmax | Exponential | CompLogLog | Clip
Recalibrated = Scaled | Monotone
Output = _Plain | OneVsRest | Recalibrated
_PLAIN: dict[str, type[_Plain]] = {o.kind: o for o in (Identity, Logistic, Softmax, Exponential, CompLogLog, Clip)}


def output_to_dict(output: Output) -> dict[str, Any]:
    """Give what JSON holds of an output map."""
    if isinstance(output, OneVsRest):
        return {"kind": output.kind, "each": output_to_dict(output.each)}
    if isinstance(output, Scaled):
        line = {"slope": output.slope, "intercept": list(output.intercept)}
        return {"kind": output.kind, "of": output_to_dict(output.of), **line}
    if isinstance(output, Monotone):
        table = {"before": list(output.before), "after": list(output.after)}
        return {"kind": output.kind, "of": output_to_dict(output.of), **table}
    return {"kind": output.kind, **({"low": output.low, "high": output.high} if isinstance(output, Clip) else {})}


def output_from_dict(data: Any, place: str) -> Output:
    """Read what `output_to_dict` gave.

    Raises
    ------
    FormError
        If the kind is unknown or fields are left over.
    """
    fields = Fields(data, place)
    if fields.peek("kind") in (Scaled.kind, Monotone.kind):
        return _recalibrated(fields)
    found: Output = _simple(fields, tuple(_PLAIN.values()))
    return found


def base(output: Output) -> _Plain | OneVsRest:
    """Give the output without its recalibration, if it has one: what the scale of the score depends on."""
    return output.of if isinstance(output, Scaled | Monotone) else output


def map_size(output: Output) -> int:
    """Count the numbers of a recalibration that a reader has to hold; 0 where there is none.

    Of a line its slope, and each intercept that is not zero; of a table two for each entry.
    """
    if isinstance(output, Scaled):
        return 1 + sum(a != 0 for a in output.intercept)
    return map_numbers(output)


def map_numbers(output: Output) -> int:
    """Count the numbers that a recalibration holds, literally; 0 where there is none."""
    if isinstance(output, Scaled):
        return 1 + len(output.intercept)
    return len(output.before) + len(output.after) if isinstance(output, Monotone) else 0


def _simple(fields: Fields, allowed: tuple[type[_Plain], ...]) -> Any:
    found: _Plain | OneVsRest
    if fields.peek("kind") == OneVsRest.kind:
        fields.take("kind")
        each = fields.inner("each")
        found = OneVsRest(_plain(each, (Identity, Logistic, Clip)))
        each.done()
    else:
        found = _plain(fields, allowed)
    fields.done()
    return found


def _recalibrated(fields: Fields) -> Recalibrated:
    kind, place = fields.take("kind"), fields.place
    of = _simple(fields.inner("of"), (Identity, Logistic, Softmax, CompLogLog, Clip))
    found: Recalibrated
    if kind == Scaled.kind:
        slope, intercept = fields.number("slope"), fields.array("intercept", None)
        if not (0 < slope < np.inf and intercept.size and np.isfinite(intercept).all()):
            raise FormError(f"{place}: the slope must be above 0, and the intercepts be numbers; got {slope!r}")
        found = Scaled(of, slope, tuple(intercept.tolist()))
    else:
        before, after = fields.array("before", None), fields.array("after", None)
        steps = np.diff(before) if before.size == after.size > 0 else np.array([-1.0])
        inside = np.concatenate([before, after])
        if not ((steps > 0).all() and (np.diff(after) >= 0).all() and (inside >= 0).all() and (inside <= 1).all()):
            raise FormError(f"{place}: before must ascend and after must not fall, as many each, from 0 to 1")
        found = Monotone(of, tuple(before.tolist()), tuple(after.tolist()))
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
