"""How large numbers are, where their squares would leave float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_EXTREME = 200  # powers of two: squares of 1e60 are summed without care


def unit_of(*values: Any) -> float:
    """Give a power of two near the largest of some numbers, 1 where none is extreme: dividing by it rounds nothing.

    Missing values don't count.

    Examples
    --------
    >>> unit_of(np.array([3.0, -70.0])), 0.5 <= 1e200 / unit_of(np.array([1e200])) <= 1
    (1.0, True)
    """
    largest = max((float(np.nanmax(np.abs(v), initial=0.0)) for v in values), default=0.0)
    exponent = math.frexp(largest)[1] if math.isfinite(largest) else 0
    return math.ldexp(1.0, min(exponent, 1023)) if abs(exponent) > _EXTREME else 1.0
