"""A CSV file as a link that holds it whole, safe for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from urllib.parse import quote

_MARK = "\ufeff"  # says to a spreadsheet that the file is UTF-8


def csv_link(lines: Iterable[Iterable[float | str | None]]) -> str:
    """Give rows as the address of a CSV file."""
    out = io.StringIO()
    csv.writer(out).writerows([_plain(value) for value in line] for line in lines)
    # what may stand in an address as it is stays short
    return f"data:text/csv;charset=utf-8,{quote(_MARK + out.getvalue(), safe='/,.:;=*! ')}"


def _plain(value: float | str | None) -> float | str | None:
    # a spreadsheet would run a text that starts so as a formula
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
