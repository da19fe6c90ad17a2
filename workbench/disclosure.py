"""What counts of rows may be told: none between 1 and 9, nor one that the others give away."""

from __future__ import annotations

from collections.abc import Sequence

# No level, leaf, bin or count stands for fewer rows than this: what is said of few rows could be traced to them.
MIN_ROWS = 10
FEW = f"fewer than {MIN_ROWS}"


def small(count: float | None) -> bool:
    """Tell whether a count of rows is one that no report may show."""
    return count is not None and 0 < count < MIN_ROWS


def in_words(count: int) -> str:
    """Write a count of rows for a sentence.

    Examples
    --------
    >>> in_words(1599), in_words(4), in_words(0)
    ('1,599', 'fewer than 10', '0')
    """
    return FEW if small(count) else f"{count:,}"


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
