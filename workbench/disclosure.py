"""What counts of rows may be told: none between 1 and 9, nor one that the others give away."""

from __future__ import annotations

from collections.abc import Sequence

# No level, leaf, bin or count stands for fewer rows than this: what is said of few rows could be traced to them.
MIN_ROWS = 10


def small(count: float | None) -> bool:
    """Tell whether a count of rows is one that no report may show."""
    return count is not None and 0 < count < MIN_ROWS


def withheld(counts: Sequence[int | None]) -> list[int | None]:
    """Withhold counts between 1 and 9; where that is one alone, the next smallest too, as its total would tell it.

    Examples
    --------
    >>> withheld([120, 4, 30]), withheld([120, 4, 3]), withheld([120, 0, 30])
    ([120, None, None], [120, None, None], [120, 0, 30])
    """
    out = [None if small(count) else count for count in counts]
    if out.count(None) == 1:
        known = [(count, i) for i, count in enumerate(out) if count]
        if known:
            out[min(known)[1]] = None
    return out
