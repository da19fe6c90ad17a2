"""What templates print: tables, pictures and facts as plain values, so that templates decide nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote


@dataclass(frozen=True)
class Cell:
    """A cell: its text, the value that sorting and the CSV use, a link, and the mark of a glass or a black box."""

    text: str
    value: float | str | None = None
    href: str = ""
    mark: Literal["", "glass", "black", "dummy"] = ""
    note: str = ""

    @property
    def sort(self) -> str:
        """The value that the script sorts by; empty sorts last."""
        return "" if self.value is None and self.text == "–" else str(self.text if self.value is None else self.value)

    @property
    def parts(self) -> tuple[str, str]:
        """The text before the decimal point, and from it on."""
        whole, point, rest = self.text.partition(".")
        return (whole, point + rest) if point and rest[:1].isdigit() else (self.text, "")


@dataclass(frozen=True)
class Head:
    """A column's header; `numeric` columns stand right-aligned on the decimal point."""

    text: str
    numeric: bool = False
    long: bool = False


@dataclass(frozen=True)
class TableView:
    """A table whose first column names its rows."""

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False
    strong: int = -1
    note: str = ""
    name: str = "table"

    def places(self, column: int) -> int:
        """How many characters the longest fraction of a column takes, the point included."""
        return max((len(row[column].parts[1]) for row in self.rows if "×" not in row[column].text), default=0)

    @property
    def csv(self) -> str:
        """The table as a link to a CSV file that holds unrounded numbers."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([_csv(head.text) for head in self.heads])
        writer.writerows([[_csv(cell.text if cell.value is None else cell.value) for cell in row] for row in self.rows])
        return "data:text/csv;charset=utf-8," + quote("\ufeff" + out.getvalue())


def _csv(value: float | str) -> float | str:
    # a spreadsheet would run a text that starts so as a formula
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@dataclass(frozen=True)
class PictureView:
    """A picture, the finding above it, and a note below."""

    svg: str
    finding: str
    note: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Fact:
    """A term and what is said of it; `text` None prints as not provided."""

    term: str
    text: str | None
    code: bool = False


@dataclass(frozen=True)
class Block:
    """A part of a section: any of a heading, paragraphs, tables, pictures, facts, a text to be read as it stands."""

    heading: str = ""
    paragraphs: Sequence[str] = ()
    facts: Sequence[Fact] = ()
    pictures: Sequence[PictureView] = ()
    tables: Sequence[TableView] = ()
    text: str = ""
    label: str = ""
    folded: Sequence[tuple[str, str]] = ()
    bullets: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A section of a page: an id, a heading, the sentence that says what to see, and its blocks."""

    id: str
    title: str
    lead: str
    blocks: Sequence[Block] = field(default_factory=tuple)
