"""How much a page holds: where pictures or tables would take too much room some are left out, and it is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.pages.views import Block, PictureView, Section, TableView
from workbench.plots.numbers import count

MOST_BYTES = 2_000_000  # that a page may have
_FRAME = 150_000  # style, scripts, contents, signs, and what escaping adds
_CELL = 100  # bytes of a table's cell, beside its text
_FEWEST_ROWS = 200  # that a table keeps, if it has them
_MOST_OF_TABLE = 800_000  # bytes of one table that pictures make room for; beyond, rows of it are left out
_MOST_CSV = 300_000  # bytes of the CSV of a table, on a page that is too large with all

Make = Callable[[Sequence[Section]], str]  # makes a page of sections


class RoomError(ValueError):
    """A page is larger than pages may be, and there is nothing left that it could do without."""


def fitted(sections: Sequence[Section]) -> list[Section]:
    """Give the sections with as many pictures of each ranking as a page holds, and say where some are not drawn.

    Every ranking keeps the same number, the largest one that fits; pictures that stand in no ranking stay.

    Parameters
    ----------
    sections : sequence of Section
        All of a page.
    """
    blocks = [block for section in sections for block in section.blocks]
    most = max((len(block.pictures) for block in blocks if block.ranking is not None), default=0)
    fixed = sum(_bytes(block, len(block.pictures)) for block in blocks if block.ranking is None)
    ranked = [block for block in blocks if block.ranking is not None]
    room = MOST_BYTES - _FRAME - fixed
    kept = next((n for n in range(most, 1, -1) if sum(_bytes(block, n) for block in ranked) <= room), 1)
    return [replace(section, blocks=[_cut(block, kept) for block in section.blocks]) for section in sections]


def _bytes(block: Block, kept: int) -> int:
    """Count the bytes of a block with so many of its pictures."""
    texts = [block.heading, block.text, *block.paragraphs, *block.bullets, *block.cautions]
    texts += [text for _, text in block.folded]
    return (
        sum(len(text.encode()) for text in texts) + sum(map(_of, block.pictures[:kept])) + sum(map(_of, block.tables))
    )


def _of(part: PictureView | TableView) -> int:
    if isinstance(part, PictureView):
        return len(part.svg.encode()) + len(part.csv)
    return min(2 * len(part.csv) + _CELL * sum(map(len, part.rows)), _MOST_OF_TABLE)


def _cut(block: Block, kept: int) -> Block:
    """Draw no more pictures of a ranking than that; where some are not drawn, say how many, why and where they are."""
    of = block.ranking
    if of is None or (n := min(kept, len(block.pictures))) >= of.n:
        return block
    why = f", {because()}" if n < len(block.pictures) else ""
    drawn = f"{count(n)} of {count(of.n)} {'is' if n == 1 else 'are'} drawn, {of.first}{why}"
    told = f"{drawn}; the numbers of all are {of.rest}."
    return replace(block, pictures=block.pictures[:n], paragraphs=[*block.paragraphs, told])


def because() -> str:
    """Give the reason why something is left out of a page."""
    return f"as a page holds no more than {MOST_BYTES / 1e6:g} MB"


def excess(page: str) -> int:
    """Count the bytes that a finished page has too many; below 1 where it may be as it is."""
    return len(page.encode()) - MOST_BYTES


def held(sections: Sequence[Section], make: Make, numbers: str) -> str:
    """Make a page; where it comes out too large, leave out of it what a reader misses least.

    These are the numbers behind figures first, the largest first; then rows of long tables, and CSV files of tables
    that are large; then figures, the largest first.

    Parameters
    ----------
    sections : sequence of Section
        All of a page, or all that can be left out of it.
    make : callable
        Makes the page of sections.
    numbers : str
        Where the numbers stand that are left out: "in ...".

    Raises
    ------
    RoomError
        If it is still too large without any of these.
    """
    page = make(sections)
    sections, page = _with_fewer_pictures(sections, page, make, numbers, data=True)
    if excess(page) > 0:
        sections, page = _with_short_tables(sections, make, numbers)
    sections, page = _with_fewer_pictures(sections, page, make, numbers, data=False)
    if (over := excess(page)) > 0:
        raise RoomError(
            f"a page must have at most {MOST_BYTES:,} bytes; got {over + MOST_BYTES:,} without any figure, and with "
            f"{count(_FEWEST_ROWS)} rows a table at most: leave columns or explanations out of the study"
        )
    return page


def _with_fewer_pictures(
    sections: Sequence[Section], page: str, make: Make, numbers: str, *, data: bool
) -> tuple[Sequence[Section], str]:
    """Leave out numbers of figures, or figures, until the page fits, or there are no more."""
    while (over := excess(page)) > 0 and (lighter := _lighter(sections, over, numbers, data=data)) is not None:
        sections, page = lighter, make(lighter)
    return sections, page


def _with_short_tables(sections: Sequence[Section], make: Make, numbers: str) -> tuple[Sequence[Section], str]:
    """Halve the rows that a table may have until the page fits, or tables are as short as they may be."""
    most = max((len(t.rows) for section in sections for block in section.blocks for t in block.tables), default=0)
    while True:
        most = max(most // 2, _FEWEST_ROWS)
        shorter = [
            replace(
                section,
                blocks=[replace(b, tables=[_short(t, most, numbers) for t in b.tables]) for b in section.blocks],
            )
            for section in sections
        ]
        page = make(shorter)
        if most == _FEWEST_ROWS or excess(page) <= 0:
            return shorter, page


def _short(table: TableView, most: int, numbers: str) -> TableView:
    """Give a table with so many rows, and without its CSV if that is large; say so, and where all rows are."""
    files = len(table.csv) <= _MOST_CSV
    if len(table.rows) > most:
        told = f"The first {count(most)} of {count(len(table.rows) + len(table.rest))} rows stand here, {because()}; "
        return table.shortened(most, told + ("its CSV holds all." if files else f"all are {numbers}."), files=files)
    if files:
        return table
    return table.shortened(most, f"Its CSV is left out, {because()}; all rows are {numbers}.", files=False)


def _lighter(sections: Sequence[Section], over: int, numbers: str, *, data: bool) -> list[Section] | None:
    """Leave out numbers of figures, or figures, that have so many bytes; None without any."""
    pictures = [p for section in sections for block in section.blocks for p in block.pictures]
    sizes = {id(p): len(p.csv) if data else len(p.svg.encode()) for p in pictures if (p.data if data else p.svg)}
    if not sizes:
        return None
    dropped: set[int] = set()
    for picture in sorted(sizes, key=lambda each: -sizes[each]):
        if over > 0:
            dropped.add(picture)
            over -= sizes[picture]

    def change(picture: PictureView) -> PictureView:
        if id(picture) not in dropped:
            return picture
        if data:
            return picture.without_data(f"Its numbers are {numbers} alone, {because()}.")
        return picture.undrawn(f"Not drawn, {because()}; its numbers are {numbers}.")

    return [
        replace(section, blocks=[replace(b, pictures=[change(p) for p in b.pictures]) for b in section.blocks])
        for section in sections
    ]
