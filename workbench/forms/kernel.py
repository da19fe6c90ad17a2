"""A sum of radial kernels around support vectors: what a support vector machine computes, and nobody can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json, number_to_json
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame
from workbench.forms.inputs import Affine, Binned, Input, IsMissing, Lookup, encode

_MOST_INPUTS = 100_000
# rows are taken in parts, so that the kernel matrix of a part has at most so many entries
_PART = 4_000_000


@dataclass(frozen=True, eq=False)
class Kernel:
    """score = intercept + sum over support vectors s of dual_coef[s] exp(-gamma ||z - s||²), z the encoded row.

    Attributes
    ----------
    support_vectors : ndarray of shape (n_vectors, n_inputs)
        Encoded training rows: a form that holds them is kept private.
    dual_coef : ndarray of shape (n_vectors, k)
    intercept : ndarray of shape (k,)
    gamma : float
    inputs : tuple of Input
        The map from original columns to z; () while the score is over encoded inputs.
    """

    kind: ClassVar[str] = "kernel"
    support_vectors: Floats
    dual_coef: Floats
    intercept: Floats
    gamma: float
    inputs: tuple[Input, ...] = ()

    @property
    def k(self) -> int:
        """The length of the score's vector."""
        return self.intercept.size

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the score reads."""
        return tuple(dict.fromkeys(each.column for each in self.inputs))

    @property
    def stored_numbers(self) -> int:
        """How many numbers the score holds."""
        return self.support_vectors.size + self.dual_coef.size + self.k + 1

    def score(self, frame: Frame) -> Floats:
        """Give the score, shape (n_samples, k)."""
        return self.at(encode(self.inputs, frame))

    def at(self, Z: Floats) -> Floats:
        """Give the score of encoded rows, shape (n_samples, k)."""
        S = self.support_vectors
        out = np.empty((len(Z), self.k))
        step = max(1, _PART // max(1, len(S)))
        with np.errstate(over="ignore", under="ignore"):
            squares = (S**2).sum(axis=1)
            for start in range(0, len(Z), step):
                part = Z[start : start + step]
                distance = (part**2).sum(axis=1)[:, None] + squares - 2.0 * part @ S.T
                out[start : start + step] = np.exp(-self.gamma * np.maximum(distance, 0.0)) @ self.dual_coef
        return self.intercept + out

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the score."""
        return {
            "kind": self.kind,
            "intercept": array_to_json(self.intercept),
            "gamma": self.gamma,
            "inputs": [_input_to_dict(each) for each in self.inputs],
            "support_vectors": pack.put(self.support_vectors),
            "dual_coef": pack.put(self.dual_coef),
        }

    @classmethod
    def read(cls, fields: Fields, pack: Pack) -> Kernel:
        """Read what `to_dict` gave."""
        intercept, gamma = fields.array("intercept", None), fields.number("gamma")
        if intercept.size == 0 or not 0 <= gamma < np.inf:
            raise FormError(f"{fields.place}: intercept must hold a number, and gamma be one of at least 0")
        listed = fields.objects("inputs", _MOST_INPUTS)
        inputs = tuple(_input_from_dict(data, f"{fields.place}.inputs[{i}]") for i, data in enumerate(listed))
        vectors = fields.array("support_vectors", None, len(inputs))
        return cls(vectors, fields.array("dual_coef", len(vectors), intercept.size), intercept, gamma, inputs)


def _input_to_dict(each: Input) -> dict[str, Any]:
    if isinstance(each, Affine):
        numbers = {n: number_to_json(getattr(each, n)) for n in ("center", "scale", "missing")}
        return {"kind": "affine", "column": each.column, **numbers}
    if isinstance(each, IsMissing):
        return {"kind": "is_missing", "column": each.column}
    values = {"values": array_to_json(np.array(each.values)), "missing": number_to_json(each.missing)}
    if isinstance(each, Binned):
        return {"kind": "binned", "column": each.column, "cuts": array_to_json(np.array(each.cuts)), **values}
    return {
        "kind": "lookup",
        "column": each.column,
        "levels": list(each.levels),
        "unseen": number_to_json(each.unseen),
        **values,
    }


def _input_from_dict(data: Any, place: str) -> Input:
    fields = Fields(data, place)
    kind, column = fields.text("kind"), fields.text("column")
    found: Input
    if kind == "affine":
        found = Affine(column, *(fields.number(n) for n in ("center", "scale", "missing")))
        if found.scale == 0:
            raise FormError(f"{place}.scale must not be 0")
    elif kind == "is_missing":
        found = IsMissing(column)
    elif kind == "binned":
        cuts = fields.array("cuts", None)
        if np.isnan(cuts).any() or (np.diff(cuts) <= 0).any():
            raise FormError(f"{place}.cuts must ascend")
        values = fields.array("values", cuts.size + 1)
        found = Binned(column, tuple(cuts.tolist()), tuple(values.tolist()), fields.number("missing"))
    elif kind == "lookup":
        levels = fields.texts("levels")
        values = tuple(fields.array("values", len(levels)).tolist())
        found = Lookup(column, levels, values, fields.number("unseen"), fields.number("missing"))
    else:
        raise FormError(f"{place}.kind must be one of affine, is_missing, binned, lookup; got {kind!r:.80}")
    fields.done()
    return found
