"""How findings about a table speak: names in quotes, at most six; no count of rows between 1 and 9."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.answers.answer import Provenance
from workbench.answers.finding import Finding
from workbench.disclosure import MIN_ROWS, small

MOST_NAMED = 6
FEW = f"fewer than {MIN_ROWS}"
_LONGEST_NAME = 40


def quoted(name: object) -> str:
    """Give a name in quotes, shortened where it is long; characters that can't be seen are written as their codes."""
    text = str(name)
    return repr(text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…")


def joined(parts: Sequence[str], mark: str = ", ") -> str:
    """Give the first six parts of a list, and how many more there are."""
    shown = mark.join(parts[:MOST_NAMED])
    return shown if len(parts) <= MOST_NAMED else f"{shown} and {len(parts) - MOST_NAMED} more"


def columns(count: int) -> str:
    """Give a number of columns in words."""
    return f"{count:,} column{'s' * (count != 1)}"


def titled(names: Sequence[str], one: str, several: str) -> str:
    """Say something of one column by its name, or of several by their number.

    Examples
    --------
    >>> titled(["age"], "misses values", "miss values"), titled(["a", "b"], "misses values", "miss values")
    ("'age' misses values", '2 columns miss values')
    """
    return f"{quoted(names[0])} {one}" if len(names) == 1 else f"{columns(len(names))} {several}"


def all_quoted(names: Sequence[str]) -> str:
    """Give the first six names in quotes, and how many more there are."""
    return joined([quoted(name) for name in names])


def rows(count: int) -> str:
    """Give a number of rows in words.

    Examples
    --------
    >>> rows(1599), rows(4)
    ('1,599 rows', 'fewer than 10 rows')
    """
    return f"{FEW if small(count) else f'{count:,}'} rows"


def share(count: int, total: int) -> str:
    """Give a part of all rows in words, so that neither it nor the rest can be told where it is small.

    Examples
    --------
    >>> share(410, 1000), share(4, 1000), share(996, 1000)
    ('41% of 1,000 rows', 'fewer than 10 of 1,000 rows', 'all but fewer than 10 of 1,000 rows')
    """
    if small(count):
        return f"{FEW} of {rows(total)}"
    if small(total - count):
        return f"all but {FEW} of {rows(total)}"
    percent = 100 * count / total
    return f"{percent:.{0 if 10 <= percent <= 99 else 1}f}% of {rows(total)}"


def finding(severity: str, title: str, evidence: str, action: str, *, by: str, n_rows: int, **limits: float) -> Finding:
    """Make a finding about a study; `by` says what was measured, in how many rows, `limits` from where on it counts."""
    return Finding(
        severity=severity,
        title=title,
        evidence=evidence,
        action=action,
        about="study",
        topic="data",
        provenance=Provenance(method=by, parameters=limits, n_rows=n_rows),
    )
