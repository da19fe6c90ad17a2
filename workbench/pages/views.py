"""What templates print: tables, pictures and facts as plain values, so that templates decide nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from workbench.pages.csv_link import csv_link
from workbench.plots import svg

_BROAD = 430  # points
_LARGEST = 380  # points: the width of a picture whose words can still be read when it is one of a row


@dataclass(frozen=True)
class Sign:
    """How a number can be checked: a sign, and the same in words."""

    text: str
    label: str


@dataclass(frozen=True)
class Link:
    """A link to a file beside the page, or within the page, and what those call it who do not see the page."""

    text: str
    href: str
    label: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, the value that sorting and the CSV use, links, and the mark of a glass or a black box.

    ``bar`` is a share from 0 to 1 that a bar before the text shows.
    """

    text: str
    value: float | str | None = None
    links: Sequence[Link] = ()
    mark: Literal["", "glass", "black", "dummy"] = ""
    bar: float | None = None

    @property
    def sort(self) -> str:
        """The value that the script sorts by; empty sorts last."""
        return "" if self.value is None and self.text == "–" else str(self.text if self.value is None else self.value)

    @property
    def parts(self) -> tuple[str, str]:
        """The text before the decimal point, and from it on; a power of ten stands undivided."""
        if "×" in self.text:
            return (self.text, "")
        whole, point, rest = self.text.partition(".")
        return (whole, point + rest) if point and rest[:1].isdigit() else (self.text, "")


@dataclass(frozen=True)
class Head:
    """A column's header; `numeric` columns stand right-aligned on the decimal point."""

    text: str
    numeric: bool = False
    long: bool = False
    order: Literal["", "ascending", "descending"] = ""  # in which the rows stand already
    sign: Sign | None = None


@dataclass(frozen=True)
class TableView:
    """A table whose first column names its rows; those of ``rest`` stand in its CSV alone.

    ``models`` are the models that rows are about; without ``files`` the page offers no CSV.
    """

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False
    strong: int = -1
    note: str = ""
    name: str = "table"
    models: Sequence[str] = ()
    sign: Sign | None = None
    rest: Sequence[Sequence[Cell]] = ()
    files: bool = True

    def shortened(self, most: int, why: str, *, files: bool) -> TableView:
        """Give the table with so many rows, the others in its CSV alone where that is offered, and say why."""
        rest = (*self.rows[most:], *self.rest)
        return replace(self, rows=self.rows[:most], rest=rest, files=files, note=f"{self.note} {why}".strip())

    def places(self, column: int) -> int:
        """How many characters the longest fraction of a column takes, the point included."""
        return self._places[column]

    @cached_property
    def _places(self) -> list[int]:
        """Of all columns: every cell asks."""
        columns = range(len(self.heads))
        return [max((len(row[column].parts[1]) for row in self.rows), default=0) for column in columns]

    @property
    def csv(self) -> str:
        """The table as a link to a CSV file that holds unrounded numbers."""
        lines = [[cell.text if cell.value is None else cell.value for cell in row] for row in (*self.rows, *self.rest)]
        return csv_link([[head.text for head in self.heads], *lines])


@dataclass(frozen=True)
class PointView:
    """A point of a picture as a link: where it lies, in shares from the left and from above, and what it tells.

    ``label`` is what it is called by those who do not see it, ``told`` the lines that stand beside it when it is
    pointed at.
    """

    model: str
    href: str
    left: float
    top: float
    glass: bool
    label: str
    told: Sequence[str]


@dataclass(frozen=True)
class PictureView:
    """A picture, the finding above it, what it shows in words, a note below, and its numbers: heads, then rows.

    ``points`` of it may be links; without ``files`` the page offers none of it. One without ``svg`` is not drawn: it
    stands there in words.
    """

    svg: str
    finding: str
    told: str
    note: str = ""
    wide: bool = False
    width: float = 0
    data: Sequence[Sequence[float | str | None]] = ()
    points: Sequence[PointView] = ()
    files: bool = True

    @property
    def name(self) -> str:
        """A name for its files, from the finding."""
        words = re.findall(r"[a-z0-9]+", self.finding.lower())
        return "-".join(words)[:40].strip("-") or "figure"

    @property
    def csv(self) -> str:
        """The numbers as a link to a CSV file; "" where a table beside the picture has them."""
        return csv_link(self.data) if self.data else ""

    def without_data(self, why: str) -> PictureView:
        """Give the picture without its numbers, and say why."""
        return replace(self, data=(), note=f"{self.note} {why}".strip())

    def undrawn(self, why: str) -> PictureView:
        """Give what the picture finds and shows in words alone, and say why."""
        return replace(self, svg="", files=False, note=f"{self.note} {why}".strip())

    @property
    def broad(self) -> bool:
        """Whether a phone has to scroll it, as its words would be too small to read."""
        return not self.wide and self.width > _BROAD


def picture(
    drawing: Any,
    finding: str,
    told: str,
    note: str = "",
    *,
    wide: bool = False,
    data: Sequence[Sequence[float | str | None]] = (),
) -> PictureView:
    """Make the view of a drawing whose colours are those of the page."""
    return PictureView(svg(drawing, finding, told), finding, told, note, wide, 72 * drawing.get_figwidth(), data)


@dataclass(frozen=True)
class Token:
    """A sign of an equation; a function's text is its number.

    ``parts`` are what a fraction (above and below the line), a power (base and exponent) or a root is made of.
    """

    kind: Literal["name", "number", "operator", "open", "close", "function", "fraction", "power", "root"]
    text: str
    parts: Sequence[Sequence[Token]] = ()


@dataclass(frozen=True)
class Equation:
    """An equation in rows of tokens, and the same in words; `large` where it is all there is to read."""

    rows: Sequence[Sequence[Token]]
    told: str
    large: bool = False


@dataclass(frozen=True)
class Fact:
    """A term and what is said of it; `text` None prints as not provided."""

    term: str
    text: str | None
    code: bool = False
    sign: Sign | None = None


@dataclass(frozen=True)
class FindingView:
    """Something that a reader should know or do, and where its evidence stands; None where no page shows more."""

    severity: Literal["high", "medium", "low"]
    title: str
    evidence: str
    action: str
    link: Link | None = None


@dataclass(frozen=True)
class Ranking:
    """An order of `n` pictures, drawn or not: which come first, and where the numbers of all are."""

    n: int
    first: str = "the most important"
    rest: str = "in the card's JSON"


@dataclass(frozen=True)
class Block:
    """A part of a section: any of a heading, paragraphs, tables, pictures, facts, a text to be read as it stands.

    ``cautions`` are where it can mislead, told last. Pictures with a ``ranking`` may be the first of more. ``topic``
    is what findings call it that have their evidence here; such a block has a heading.
    """

    heading: str = ""
    paragraphs: Sequence[str] = ()
    equation: Equation | None = None
    facts: Sequence[Fact] = ()
    pictures: Sequence[PictureView] = ()
    tables: Sequence[TableView] = ()
    text: str = ""
    label: str = ""
    folded: Sequence[tuple[str, str]] = ()
    bullets: Sequence[str] = ()
    cautions: Sequence[str] = ()
    ranking: Ranking | None = None
    topic: str = ""

    @property
    def id(self) -> str:
        """What links call it; "" where there are none to it."""
        return part_id(self.topic) if self.topic and self.heading else ""

    @property
    def large(self) -> bool:
        """Whether a picture is too large to stand among small multiples."""
        return any(each.width > _LARGEST for each in self.pictures)


def part_id(topic: str) -> str:
    """Give the id of the block that tells of a topic, on whatever page; no section has one like it."""
    return f"about-{topic}"


@dataclass(frozen=True)
class Section:
    """A section of a page: an id, a heading, the sentence that says what to see, and blocks, two a row in a `pair`."""

    id: str
    title: str
    lead: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    pair: bool = False
    sign: Sign | None = None


@dataclass(frozen=True)
class CardView:
    """All that a page about a model says, in reading order, whatever the format."""

    title: str
    name: str
    study: str
    mark: Literal["glass", "black", "dummy"]
    what: str
    answer: str
    recommendation: str
    facts: Sequence[Fact]
    picture: PictureView | None
    findings: Sequence[tuple[str, Sequence[FindingView]]]
    links: Sequence[Link]
    sections: Sequence[Section]
    made: str
    date: str
    author: str
    sign: Sign | None = None
    legend: str = ""

    @property
    def kind(self) -> str:
        """What the mark says."""
        return {"glass": "Glass box", "black": "Black box", "dummy": "Baseline"}[self.mark]
