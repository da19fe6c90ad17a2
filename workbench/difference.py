"""The first place where two JSON values differ by more than rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

CLOSE = 1e-9


@dataclass(frozen=True)
class Difference:
    """A place, what was found for it, and what is told."""

    place: str
    found: Any
    told: Any


def difference(found: Any, told: Any, place: str, *, tolerance: float = CLOSE, floor: float = 1.0) -> Difference | None:
    """Give the first difference between two JSON values; None where there is none.

    Numbers may differ by ``tolerance * max(floor, |told|)``.

    Examples
    --------
    >>> difference({"a": [1, 2.0]}, {"a": [1, 2.5]}, "x")
    Difference(place='x.a[1]', found=2.0, told=2.5)
    >>> difference((1, 2), [1, 2 + 1e-12], "x") is None
    True
    """
    if isinstance(found, dict) and isinstance(told, dict):
        if set(found) != set(told):
            key = sorted(set(found) ^ set(told))[0]
            return Difference(f"{place}.{key}", found.get(key), told.get(key))
        pairs = ((f"{place}.{key}", value, told[key]) for key, value in found.items())
    elif isinstance(found, list | tuple) and isinstance(told, list | tuple):
        if len(found) != len(told):
            return Difference(place, found, told)
        pairs = ((f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(found, told, strict=True)))
    elif _is_number(found) and _is_number(told):
        return None if close(float(found), float(told), tolerance, floor) else Difference(place, found, told)
    else:
        return None if found == told and type(found) is type(told) else Difference(place, found, told)
    found_there = (difference(a, b, where, tolerance=tolerance, floor=floor) for where, a, b in pairs)
    return next(filter(None, found_there), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def close(found: float | None, told: float | None, tolerance: float = CLOSE, floor: float = 1.0) -> bool:
    """Tell whether two numbers are the same but for rounding; a missing one equals one that is undefined."""
    if found is None or told is None or math.isnan(found):
        return (found is None or math.isnan(found)) and told is None
    return abs(found - told) <= tolerance * max(floor, abs(told))
