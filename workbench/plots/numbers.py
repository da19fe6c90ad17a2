"""Numbers as a reader meets them: three significant digits, thousands separators, a true minus sign."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from workbench.disclosure import MIN_ROWS

MISSING = "–"
MINUS = "\N{MINUS SIGN}"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with so many significant digits; whole parts are never rounded away.

    Examples
    --------
    >>> number(0.37149), number(-5.6), number(61204.4), number(0.0000123), number(None)
    ('0.371', '−5.60', '61,204', '1.23 × 10⁻⁵', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    exponent = _exponent(value, digits)
    if not -4 <= exponent < 15:
        mantissa = f"{value:.{digits - 1}e}".split("e")[0]
        return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPT)}".replace("-", MINUS)
    return f"{value:,.{max(0, digits - 1 - exponent)}f}".replace("-", MINUS)


def short(value: float | None, digits: int = 3) -> str:
    """Write a number as `number` does, without zeros that say nothing: axis ticks, ranges, levels.

    Up to four digits stand without a separator, so that years look like years.

    Examples
    --------
    >>> short(46.0), short(0.50), short(8.31), short(2007.0), short(12000.0)
    ('46', '0.5', '8.31', '2007', '12,000')
    """
    text = number(value, digits)
    if value is not None and abs(value) < 9999.5:
        text = text.replace(",", "")
    return text.rstrip("0").rstrip(".") if "." in text and "×" not in text else text


def fixed(value: float | None, decimals: int) -> str:
    """Write a number of a column with fixed decimals; what would round to nothing says so.

    Examples
    --------
    >>> fixed(0.3714, 3), fixed(-0.02, 2), fixed(0.0002, 3), fixed(-0.0002, 3), fixed(0.0, 3)
    ('0.371', '−0.02', '< 0.001', '> −0.001', '0.000')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    text = f"{value:,.{decimals}f}"
    if value != 0 and not any(ch in text for ch in "123456789"):
        text = f"< {10.0**-decimals:.{decimals}f}" if value > 0 else f"> -{10.0**-decimals:.{decimals}f}"
    return text.replace("-", MINUS)


def signed(value: float | None, decimals: int) -> str:
    """Write a number with its sign, plus included.

    Examples
    --------
    >>> signed(0.284, 2), signed(-0.284, 2), signed(0.0, 2)
    ('+0.28', '−0.28', '0.00')
    """
    text = fixed(value, decimals)
    return f"+{text}" if text[0].isdigit() and value else text


def decimals(values: Iterable[float | None], widths: Iterable[float | None] = (), digits: int = 3) -> int:
    """Choose the decimals of a column: three significant digits of its largest, more where intervals are narrower.

    `widths` are half widths; the first digit of the median one is shown. Without values two digits of it are.

    Examples
    --------
    >>> decimals([0.372, 0.02]), decimals([120.0, 5.0]), decimals([0.372], widths=[0.0004])
    (3, 0, 4)
    >>> decimals([], widths=[0.031])
    3
    """
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    places = digits - 1 - _exponent(max(sizes), digits) if sizes else 0
    narrow = [w for w in widths if w is not None and math.isfinite(w) and w > 0]
    if narrow:
        middle = sorted(narrow)[len(narrow) // 2]
        places = max(places, -_exponent(middle, 1)) if sizes else 1 - _exponent(middle, 2)
    return min(max(places, 0), 6)


def interval_decimals(values: Iterable[float | None], widths: Iterable[float | None]) -> int:
    """Choose the decimals of numbers with intervals: two digits of the median half width, or of the largest number.

    Examples
    --------
    >>> interval_decimals([0.02, 0.17], [0.004, 0.018, 0.034]), interval_decimals([0.021], [0.0])
    (3, 3)
    """
    widths = list(widths)
    known = any(w and math.isfinite(w) for w in widths)
    return decimals([], widths) if known else decimals(values, digits=2)


def score_decimals(values: Iterable[float | None], widths: Iterable[float | None] = ()) -> int:
    """Choose the decimals of scores: those of `decimals`, but three at least where all lie below 10.

    A loss near 0 stands beside a dummy's near 1, whose three digits alone would leave it one.

    Examples
    --------
    >>> score_decimals([0.047, 1.05]), score_decimals([412.0, 388.1])
    (3, 0)
    """
    values = list(values)
    places = decimals(values, widths)
    return max(places, 3) if all(abs(value or 0) < 10 for value in values) else places


def interval(lower: float | None, upper: float | None, places: int) -> str:
    """Write an interval in brackets; a dash where neither end is known.

    Examples
    --------
    >>> interval(-0.02, 0.04, 2), interval(None, None, 2)
    ('[−0.02, 0.04]', '–')
    """
    if all(end is None or math.isnan(end) for end in (lower, upper)):
        return MISSING
    return f"[{fixed(lower, places)}, {fixed(upper, places)}]"


def count(value: float | None) -> str:
    """Write a count of things that are not rows: whole, with thousands separators.

    Examples
    --------
    >>> count(61204), count(None)
    ('61,204', '–')
    """
    return MISSING if value is None else f"{round(value):,}".replace("-", MINUS)


def rows(value: float | None) -> str:
    """Write a count of rows; None or NaN stands for one that is withheld because it is below 10.

    Examples
    --------
    >>> rows(240), rows(None), rows(3), rows(0)
    ('240', '< 10', '< 10', '0')
    """
    withheld = value is None or math.isnan(value) or 0 < value < MIN_ROWS
    return f"< {MIN_ROWS}" if withheld else count(value)


def days(value: float) -> str:
    """Write a moment, given in days since 1970-01-01, as a date; with the time of day unless it is midnight.

    Examples
    --------
    >>> days(14975.0), days(14975.25)
    ('2011-01-01', '2011-01-01 06:00')
    """
    moment = datetime(1970, 1, 1) + timedelta(minutes=round(value * 24 * 60))
    return f"{moment:%Y-%m-%d}" + (f" {moment:%H:%M}" if moment.hour or moment.minute else "")


def seconds(value: float | None) -> str:
    """Write a duration in seconds.

    Examples
    --------
    >>> seconds(0.004), seconds(0.93), seconds(4.41), seconds(123.4)
    ('< 0.01', '0.93', '4.4', '123')
    """
    if value is None:
        return MISSING
    return fixed(value, 2 if value < 1 else 1 if value < 100 else 0)


def _exponent(value: float, digits: int) -> int:
    return int(f"{value:.{digits - 1}e}".split("e")[1])
