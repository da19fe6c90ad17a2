"""The base of all answers: frozen, typed, with provenance; it draws nothing itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np


class AnswerError(ValueError):
    """A dictionary is no answer of the kind that it claims to be."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where an answer comes from: method, parameters, seed, rows used, exact or estimated, warnings."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    random_state: int | None = None
    n_rows: int | None = None
    exact: bool = True
    warnings: tuple[str, ...] = ()


_KINDS: dict[str, type[Answer]] = {}
_FEW, _SHORT = 3, 60  # how many entries of a tuple, and letters of a value, stand in what is printed


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Answer:
    """One answer about a model or a study.

    A subclass is a frozen dataclass with a class attribute ``kind``; arrays are numpy arrays, made read-only. Two
    answers are equal where their dictionaries are.
    """

    kind: ClassVar[str] = ""
    provenance: Provenance

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind:
            _KINDS[cls.kind] = cls
        # what a dataclass would write compares arrays as if they were truth values, and prints all of them
        for name in ("__eq__", "__repr__"):
            setattr(cls, name, getattr(Answer, name))

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Answer) and self.to_dict() == other.to_dict()

    def __repr__(self) -> str:
        """Name kind and method, whether it is exact, the shape of what it holds, and the warnings in full."""
        told = [f"{f.name}={_brief(value)}" for f in fields(self) if _is_told(f.name, value := getattr(self, f.name))]
        source = self.provenance
        head = f"{type(self).__name__}({source.method}, {'exact' if source.exact else 'estimated'}; {', '.join(told)})"
        return "\n".join([head, *(f"  ! {warning}" for warning in source.warnings)])

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary that JSON can hold; NaN becomes None."""
        return {"kind": self.kind, **{f.name: _plain(getattr(self, f.name)) for f in fields(self)}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave.

        Raises
        ------
        AnswerError
            If the kind is unknown, or a field is missing or unknown.
        """
        kind = _KINDS.get(str(data.get("kind")))
        if kind is None or not issubclass(kind, cls):
            raise AnswerError(f"answer: kind must be one of {', '.join(sorted(_KINDS))}; got {data.get('kind')!r}")
        names = {f.name: f for f in fields(kind)}
        given = {k: v for k, v in data.items() if k != "kind"}
        if unknown := sorted(set(given) - set(names)):
            raise AnswerError(f"answer: {kind.kind} has no field {unknown[0]!r}")
        try:
            return kind(**{k: _typed(v, str(names[k].type)) for k, v in given.items()})
        except TypeError as error:
            raise AnswerError(f"answer: {kind.kind}: {error}") from error

    def but(self, **changes: Any) -> Self:
        """Give a copy with some fields exchanged."""
        return replace(self, **changes)

    def public(self) -> Answer | None:
        """Give what of the answer holds no row of the data, and may be sent; None where nothing is left."""
        return self

    def plot(self, **options: Any) -> Any:
        """Draw the answer with matplotlib; options go to the drawing of its kind."""
        from workbench.plots import draw

        return draw(self, **options)


def _is_told(name: str, value: Any) -> bool:
    return name != "provenance" and value is not None and not (isinstance(value, tuple | str) and not value)


def _brief(value: Any) -> str:
    """Give a value in a few letters: the shape of an array, how many things a tuple or mapping holds."""
    if isinstance(value, np.ndarray):
        return "array" + str(value.shape).replace(",)", ")")
    if isinstance(value, tuple | Mapping):
        few = isinstance(value, tuple) and len(value) <= _FEW and all(isinstance(v, str | int) for v in value)
        return repr(value) if few and len(repr(value)) <= _SHORT else f"[{len(value)}]"
    if is_dataclass(value):
        return type(value).__name__
    told = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return told if len(told) <= _SHORT else f"{told[: _SHORT - 1]}…"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value


def _typed(value: Any, annotation: str) -> Any:
    """Turn lists back into what the annotation of a field names: an array, or (nested) tuples."""
    if annotation.startswith("Provenance"):
        return Provenance(**{**value, "warnings": tuple(value.get("warnings", ()))})
    if "ndarray" in annotation or "NDArray" in annotation:
        return value if value is None else np.asarray(_nan(value), dtype=float)
    if annotation == "float" and value is None:
        return math.nan
    return _tuples(value) if annotation.startswith("tuple") else value


def _nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_nan(v) for v in value]
    return math.nan if value is None else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
