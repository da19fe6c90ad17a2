"""Parts of answers: small frozen records that an answer holds several of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from workbench.answers.answer import AnswerError


@dataclass(frozen=True, kw_only=True)
class Part:
    """A record within an answer; arrays are made read-only, and what JSON holds as null is NaN again."""

    def __post_init__(self) -> None:
        nan_for_none(self)

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read what a dictionary of an answer holds of it.

        Raises
        ------
        AnswerError
            If a field is missing or unknown.
        """
        if isinstance(data, cls):
            return data
        try:
            return cls(**data) if isinstance(data, Mapping) else cls(**dict(data))
        except (TypeError, ValueError) as error:
            raise AnswerError(f"answer: {cls.__name__}: {error}") from error

    @classmethod
    def read_all(cls, data: Any) -> tuple[Self, ...]:
        """Read several."""
        return tuple(cls.read(each) for each in data)


def nan_for_none(record: Any) -> None:
    """Make numbers and arrays of a record that came out of JSON what they were: NaN for null, floats in arrays."""
    for f in fields(record):
        value, annotation = getattr(record, f.name), str(f.type)
        if "ndarray" in annotation and value is not None:
            array = np.array(_known(value), dtype=float)
            array.setflags(write=False)
            object.__setattr__(record, f.name, array)
        elif annotation == "float" and value is None:
            object.__setattr__(record, f.name, math.nan)
        elif annotation.startswith("tuple") and isinstance(value, list):
            object.__setattr__(record, f.name, tuple(value))


def _known(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return math.nan if value is None else value
