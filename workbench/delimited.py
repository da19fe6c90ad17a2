"""Delimited text files (CSV and its kin), read without guessing: what is not clear is refused, with its place."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator

import pandas as pd

_DELIMITERS = ("\t", "|", ";", ",")
_SNIFFED_ROWS = 100

# pandas' own markers without "None", which is as often a level ("no alley, no pool"), and with the "?" of UCI's files.
MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#NA", "#N/A", "#N/A N/A", "<NA>", "NULL", "null", "NaN", "nan", "-NaN", "-nan"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)


class CatalogError(ValueError):
    """A data set or file can't be found or read: names the place, the rule, the value and the way out."""


def read_delimited(data: bytes, place: str) -> pd.DataFrame:
    """Read the content of a delimited text file with a header line.

    The delimiter is the one of tab, ``|``, ``;`` and comma that splits the header and the first rows into equally many
    cells; blanks after it don't count. A decimal comma is read as such where the delimiter is no comma, and no number
    in the file has a decimal point. A cell is missing if it is empty or one of `MISSING`.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte order mark.
    place : str
        What errors call the file.

    Raises
    ------
    CatalogError
        If it is empty or no UTF-8, a line has more or fewer cells than the header, a column has no name or that of
        another one, a quote is left open, or the decimal mark is not clear. Names the line.
    """
    text = _decode(data, place)
    delimiter = _delimiter(text)
    _check_lines(text, delimiter, place)
    return pd.read_csv(
        io.BytesIO(data),
        sep=delimiter,
        decimal=_decimal_mark(text, delimiter, place),
        encoding="utf-8-sig",
        skipinitialspace=True,
        keep_default_na=False,
        na_values=list(MISSING),
        low_memory=False,  # else the type of a column is found out chunk by chunk
    )


def _decode(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        encoding = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "WINDOWS-1252"
        raise CatalogError(
            f"{place}: the text must be UTF-8; byte {error.start} (line {line}) is 0x{data[error.start]:02x}, which "
            f"is not: save the file as UTF-8; if it is {encoding}, iconv -f {encoding} -t UTF-8 does it"
        ) from error


def _delimiter(text: str) -> str:
    """Give the delimiter that splits header and first rows alike, into the most cells; else the header alone.

    The comma stands back behind any other that splits alike, for a file with decimal commas may be split by them too.
    """
    stream = io.StringIO(text, newline="")
    merits: dict[str, tuple[bool, bool, int]] = {}
    for delimiter in _DELIMITERS:
        stream.seek(0)
        rows = csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            cells = [len(row) for row in itertools.islice(rows, _SNIFFED_ROWS) if not _is_blank(row)]
        except csv.Error:  # quotes that make no sense with it
            continue
        if cells and cells[0] > 1:
            alike = len(set(cells)) == 1
            merits[delimiter] = (alike, alike and delimiter != ",", cells[0])
    if merits:
        return max(merits, key=merits.__getitem__)
    return max(reversed(_DELIMITERS), key=text.split("\n", 1)[0].count)


def _check_lines(text: str, delimiter: str, place: str) -> None:
    """Raise what pandas would mend in silence: missing and surplus cells, nameless and repeated columns."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    has_rows = False
    try:
        header = next(itertools.dropwhile(_is_blank, rows), None)
        if header is None:
            raise CatalogError(f"{place}: the file is empty; it needs a header line and rows")
        _check_header(header, f"{place}: line {rows.line_num}")
        width = len(header)
        for row in rows:
            if len(row) == width:
                has_rows = True
            elif not _is_blank(row):
                raise CatalogError(
                    f"{place}: line {rows.line_num} has {len(row)} cells, but the header has {width} (delimiter "
                    f"{delimiter!r}): mend the line; a cell that holds the delimiter needs quotes"
                )
    except csv.Error as error:
        raise CatalogError(f"{place}: line {rows.line_num}: {error}; mend the quotes or the cell") from error
    if not has_rows:
        raise CatalogError(f"{place}: the file has a header but no rows")


def _is_blank(row: list[str]) -> bool:
    return len(row) <= 1 and not "".join(row).strip()


def _check_header(header: list[str], place: str) -> None:
    for position, name in enumerate(header, start=1):
        if not name.strip():
            raise CatalogError(
                f"{place}: column {position} of {len(header)} has no name: name it, or remove it; pandas leaves a row "
                "index away with to_csv(..., index=False)"
            )
        if (first := header.index(name) + 1) != position:
            raise CatalogError(f"{place}: columns {first} and {position} are both named {name!r}; names must differ")


def _decimal_mark(text: str, delimiter: str, place: str) -> str:
    """Give the decimal mark: a comma where cells are numbers with one and none has a point."""
    if delimiter == "," or "," not in text:
        return "."
    edge = re.escape(delimiter) + r'"\r\n'

    def numbers(mark: str) -> Iterator[re.Match[str]]:
        return re.finditer(rf"(?:\A|[{edge}]) *([+-]?\d*{mark}\d+(?:[eE][+-]?\d+)?) *(?=[{edge}]|\Z)", text)

    def shown(number: re.Match[str]) -> str:
        return f"{number[1]!r} in line {text.count(chr(10), 0, number.start(1)) + 1}"

    comma = next(numbers(","), None)
    if comma is None:
        return "."
    if "." in text and (point := next(numbers(r"\."), None)):
        raise CatalogError(
            f"{place}: the decimal mark must be one; got {shown(comma)} and {shown(point)}: write all numbers with a "
            "decimal point, or give a DataFrame"
        )
    if all(re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", number[1]) for number in numbers(",")):
        raise CatalogError(
            f"{place}: the decimal mark is not clear; {shown(comma)} may be a decimal number or a thousand: write "
            "numbers with a decimal point and no mark for thousands"
        )
    return ","
