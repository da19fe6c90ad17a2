"""How many digits a number earns, and how it is written in a sentence."""

from __future__ import annotations

import math

_MOST = 6
_LONG = 1e15


def decimals_for(uncertainty: float) -> int:
    """Give the decimals that show two significant digits of an uncertainty; 3 where there is none.

    Examples
    --------
    >>> decimals_for(0.031), decimals_for(0.31), decimals_for(31)
    (3, 2, 0)
    """
    if not (math.isfinite(uncertainty) and uncertainty > 0):
        return 3
    return min(_MOST, max(0, 1 - math.floor(math.log10(uncertainty))))


def written(value: float, decimals: int) -> str:
    """Write a number with a real minus sign and thousands separators; never minus zero.

    Numbers that would fill a line, or be zeros down to the last decimal there is, are written with a power of ten.

    Examples
    --------
    >>> written(-0.0241, 3), written(-0.0001, 2), written(12345.6, 0), written(-6.846e199, 0), written(2.5e-9, 6)
    ('−0.024', '0.00', '12,346', '−6.85e+199', '2.5e-09')
    """
    if abs(value) >= _LONG or (decimals == _MOST and 0 < abs(value) < 0.5 * 10**-_MOST):
        return f"{value:.3g}".replace("-", "−", 1 if value < 0 else 0)
    return f"{value:z,.{decimals}f}".replace("-", "−")


def brief(value: float) -> str:
    """Write a number to two significant digits, without zeros at its end.

    Examples
    --------
    >>> brief(0.01), brief(0.00807), brief(150.4)
    ('0.01', '0.0081', '150')
    """
    text = written(value, decimals_for(abs(value)))
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def spanned(value: float, lower: float, upper: float, unit: str) -> str:
    """Write a number with its unit and interval, to two significant digits of half the interval's width.

    Examples
    --------
    >>> spanned(0.0712, 0.0401, 0.1023, "R²")
    '0.071 R² [0.040, 0.102]'
    """
    decimals = decimals_for((upper - lower) / 2)
    return f"{written(value, decimals)} {unit} [{written(lower, decimals)}, {written(upper, decimals)}]"
