"""What counts of rows may be told: none between 1 and 9, nor one that the others give away."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import Any

# No level, leaf, bin or count stands for fewer rows than this: what is said of few rows could be traced to them.
MIN_ROWS = 10
# under these keys answers say of how many rows they are
_TOTALS = ("n_rows", "n_background", "n_calibration", "n_before", "n_after")
FEW = f"fewer than {MIN_ROWS}"


def small(count: float | None) -> bool:
    """Tell whether a count of rows is one that no report may show."""
    return count is not None and 0 < count < MIN_ROWS


def tells_few(share: float, count: float) -> bool:
    """Tell whether a share of so many rows gives away that between 1 and 9 of them are inside, or outside.

    Examples
    --------
    >>> tells_few(0.017, 118), tells_few(0.5, 118), tells_few(0.0, 118), tells_few(0.983, 118)
    (True, False, False, True)
    """
    inside = share * count
    rounding = 1e-9 * max(count, 1.0)
    return any(rounding < part < MIN_ROWS - 0.5 for part in (inside, count - inside))


def in_words(count: int) -> str:
    """Write a count of rows for a sentence.

    Examples
    --------
    >>> in_words(1599), in_words(4), in_words(0)
    ('1,599', 'fewer than 10', '0')
    """
    return FEW if small(count) else f"{count:,}"


def private_reason(support: int | None, rows: str = "training rows") -> str:
    """Say why a form must stay private whose parts stand for so many rows at least; "" where it need not.

    Examples
    --------
    >>> private_reason(4), private_reason(10)
    ('a part of its form stands for fewer than 10 training rows', '')
    """
    if support is None:
        return "its form may hold numbers that come from single rows"
    return f"a part of its form stands for fewer than {MIN_ROWS} {rows}" if support < MIN_ROWS else ""


def withheld(counts: Sequence[int]) -> list[int | None]:
    """Withhold counts between 1 and 9, and so many of the next smallest that the known total doesn't tell them.

    What is left when the counts that are told are taken from the total is the sum of those that are withheld. It must
    be 0 or at least 10, and must not leave one way only to make it up of counts from 1 to 9 (all of them 1, or all 9).

    Parameters
    ----------
    counts : sequence of int
        All parts of a total that the reader knows: where only some are of interest, the rest must be a part too.

    Examples
    --------
    >>> withheld([120, 60, 4]), withheld([120, 60, 4, 3]), withheld([120, 60, 4, 8]), withheld([120, 0, 30])
    ([120, None, None], [120, None, None, None], [120, 60, None, None], [120, 0, 30])
    """
    hidden = {i for i, count in enumerate(counts) if small(count)}
    others = sorted((count, i) for i, count in enumerate(counts) if count and not small(count))
    while hidden and others and _given_away([counts[i] for i in hidden]):
        hidden.add(others.pop(0)[1])
    return [None if i in hidden else count for i, count in enumerate(counts)]


def _given_away(hidden: list[int]) -> bool:
    return sum(hidden) < MIN_ROWS or set(hidden) in ({1}, {MIN_ROWS - 1})


def withheld_shares(inside: Sequence[float], rows: Sequence[float]) -> list[bool]:
    """Tell of each part of a whole whether its share must be withheld, where the share of the whole may be known.

    Neither the rows inside nor those outside may be between 1 and 9, in a part or in what is left of the whole.

    Parameters
    ----------
    inside, rows : sequence of float
        Of each part; NaN where its share is not told anyway. What is in no part is a part too.

    Examples
    --------
    >>> withheld_shares([4, 30, 50], [100, 100, 100]), withheld_shares([12, 30, 50], [100, 100, 100])
    ([True, True, False], [False, False, False])
    """
    unknown = [math.isnan(k) or math.isnan(n) for k, n in zip(inside, rows, strict=True)]
    hidden = list(unknown)
    for counts in (inside, [n - k for k, n in zip(inside, rows, strict=True)]):
        # one that is not told anyway counts as a few, so that what is left of the whole doesn't tell it either
        told = withheld([1 if u else round(k) for k, u in zip(counts, unknown, strict=True)])
        hidden = [h or t is None for h, t in zip(hidden, told, strict=True)]
    return hidden


def without_few(value: Any, n_rows: int) -> Any:
    """Withhold counts of rows in a dictionary of an answer, at any depth: those below 10, or that others give away.

    Rows that are not counted are a part of the whole too: `n_rows`, unless the answer says of how many rows it is.
    """
    if isinstance(value, list):
        return [without_few(item, n_rows) for item in value]
    if not isinstance(value, dict):
        return value
    n_rows = (value.get("provenance") or {}).get("n_rows") or n_rows
    found = {key: without_few(item, n_rows) for key, item in value.items()}
    for key in ("bin_counts", "counts"):
        if counts := found.get(key):
            found[key] = _without_few(counts, n_rows)
    return found


def _without_few(counts: list[Any], n_rows: int) -> list[Any]:
    """Withhold of counts in a list, or in a list of lists of equal lengths."""
    if not isinstance(counts[0], list):
        if any(count is None for count in counts):  # who made the answer has withheld some, and knows of how many rows
            return [None if small(count) else count for count in counts]
        whole = [int(count) for count in counts]
        return withheld([*whole, max(n_rows - sum(whole), 0)])[:-1]
    flat = _without_few([count for row in counts for count in row], n_rows)
    width = len(counts[0])
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def without_totals(value: Any, hidden: Collection[int]) -> Any:
    """Withhold the numbers of rows used, in a dictionary of an answer, where they are numbers that are withheld."""
    if isinstance(value, list):
        return [without_totals(item, hidden) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: None if k in _TOTALS and v in hidden else without_totals(v, hidden) for k, v in value.items()}


def without_totals_in_words(text: str, hidden: Collection[int]) -> str:
    """Write a sentence without the numbers of rows that are withheld.

    Examples
    --------
    >>> without_totals_in_words("in 120 of 1,199 rows", {1199})
    'in 120 of all rows'
    """
    for count in hidden:
        text = re.sub(rf"(?<![\d.,]){count:,}(?![\d.]|,\d)", "all", text)
    return text
