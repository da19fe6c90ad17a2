"""Delimited text files (CSV and its kin): how they are read is found out and told; what is not clear is refused."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Collection, Iterator

import pandas as pd

_DELIMITERS = ("\t", "|", ";", ",")
_SNIFFED_ROWS = 100

# pandas' own markers without "None", which is as often a level ("no alley, no pool"), and with the "?" of UCI's files.
MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#NA", "#N/A", "#N/A N/A", "<NA>", "NULL", "null", "NaN", "nan", "-NaN", "-nan"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)

_NOT_TEXT = (
    (b"\x1f\x8b", "compressed: unpack it"),
    (b"PK\x03\x04", "a zip archive, or a spreadsheet: unpack it, or save the sheet as CSV"),
    (b"PAR1", "a Parquet file: give it the suffix .parquet"),
)


class CatalogError(ValueError):
    """A data set or file can't be found or read: names the place, the rule, the value and the way out."""


def read_delimited(data: bytes, place: str, *, text: Collection[str] = ()) -> pd.DataFrame:
    r"""Read the content of a delimited text file with a header line.

    The encoding is the one of the byte order mark, if there is one (UTF-8, UTF-16), else UTF-8, else Windows-1252. The
    delimiter is the one of tab, ``|``, ``;`` and comma that splits the header and the first rows into equally many
    cells; blanks after it don't count. Where several do, it is the one that leaves the largest share of cells as
    numbers. A decimal comma is read as such where the delimiter is no comma, and no number in the file has a decimal
    point. A cell is missing if it is empty or one of `MISSING`.

    Parameters
    ----------
    data : bytes
    place : str
        What errors call the file.
    text : collection of str, optional
        Columns that are kept as they are written.

    Returns
    -------
    DataFrame
        Its ``attrs["read_as"]`` says which encoding, delimiter and decimal mark were found.

    Raises
    ------
    CatalogError
        If it is empty or in another encoding, a line has more or fewer cells than the header, a column has no name or
        that of another one, a quote is left open, or the decimal mark is not clear. Names the line.

    Examples
    --------
    >>> frame = read_delimited("Größe;Preis\n1,5;3\n".encode("cp1252"), "wines.csv")
    >>> frame.to_dict("list"), frame.attrs["read_as"]
    ({'Größe': [1.5], 'Preis': [3]}, "Windows-1252 (byte 2, in line 1, is no UTF-8), delimiter ';', decimal comma")
    """
    content, encoding, name = _decode(data, place)
    delimiter = _delimiter(content)
    _check_lines(content, delimiter, place)
    mark = _decimal_mark(content, delimiter, place)
    frame = pd.read_csv(
        io.BytesIO(data),
        sep=delimiter,
        decimal=mark,
        encoding=encoding,
        skipinitialspace=True,
        keep_default_na=False,
        na_values=list(MISSING),
        dtype=dict.fromkeys(text, "str"),
        low_memory=False,  # else the type of a column is found out chunk by chunk
    )
    frame.attrs["read_as"] = f"{name}, delimiter {delimiter!r}, decimal {'comma' if mark == ',' else 'point'}"
    return frame


def _decode(data: bytes, place: str) -> tuple[str, str, str]:
    """Give the text, Python's name of its encoding, and what is said of it."""
    for start, what in _NOT_TEXT:
        if data.startswith(start):
            raise CatalogError(f"{place}: the file is {what}")
    if data[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise CatalogError(f"{place}: the file is a web page, no table: find the address of the file itself")
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding, name = ("utf-16", "UTF-16") if marked else ("utf-8-sig", "UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if marked or _is_damaged(data):
            raise _undecoded(data, error.start, place, f"no {name}, as the rest of the file is") from error
        encoding, name = "cp1252", f"Windows-1252 (byte {error.start}, in {_line(data, error.start)}, is no UTF-8)"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as second:
            raise _undecoded(data, second.start, place, "neither UTF-8 nor Windows-1252") from second
    if (nul := text.find("\0")) >= 0:
        raise CatalogError(
            f"{place}: line {text.count(chr(10), 0, nul) + 1} holds the character NUL: this is no text, or text in an "
            "encoding without its mark; save the file as UTF-8"
        )
    return text, encoding, name


def _is_damaged(data: bytes) -> bool:
    """Tell whether bytes that are no UTF-8 were meant to be: more characters beyond ASCII are whole than broken."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return sum(c > "\x7f" for c in text) > 2 * broken


def _undecoded(data: bytes, at: int, place: str, what: str) -> CatalogError:
    return CatalogError(
        f"{place}: byte {at} (0x{data[at]:02x}, in {_line(data, at)}) is {what}: mend it, or save the file as UTF-8"
    )


def _line(data: bytes, at: int) -> str:
    number = data.count(b"\n", 0, at) + 1
    return f"line {number}"


def _delimiter(text: str) -> str:
    """Give the delimiter that splits header and first rows alike, into most numbers; else the header alone.

    A wrong delimiter that happens to stand once in every line leaves cells such as ``1,a`` and ``b,2``. Where that does
    not tell, the comma stands back, for a file with decimal commas may be split alike by them too.
    """
    stream = io.StringIO(text, newline="")
    merits: dict[str, tuple[bool, float, bool, int]] = {}
    for delimiter in _DELIMITERS:
        stream.seek(0)
        rows = csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            cells = [row for row in itertools.islice(rows, _SNIFFED_ROWS) if not _is_blank(row)]
        except csv.Error:  # quotes that make no sense with it
            continue
        if cells and len(cells[0]) > 1:
            alike = len({len(row) for row in cells}) == 1
            merits[delimiter] = (alike, alike * _share_of_numbers(cells[1:]), alike and delimiter != ",", len(cells[0]))
    if merits:
        return max(merits, key=merits.__getitem__)
    return max(reversed(_DELIMITERS), key=text.split("\n", 1)[0].count)


def _share_of_numbers(rows: list[list[str]]) -> float:
    cells = [cell.strip() for row in rows for cell in row if cell.strip() not in MISSING]
    numbers = sum(re.fullmatch(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?", cell) is not None for cell in cells)
    return numbers / max(1, len(cells))


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
