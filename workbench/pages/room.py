"""How much a page holds: where pictures would take too much room the least important are not drawn, and it is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.pages.views import Block, PictureView, Section, TableView
from workbench.plots.numbers import count

MOST_BYTES = 2_000_000  # that a page may have
_FRAME = 150_000  # style, scripts, contents, signs, and what escaping adds
_CELL = 100  # bytes of a table's cell, beside its text


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
    return 2 * len(part.csv) + _CELL * sum(map(len, part.rows))


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


def held(sections: Sequence[Section], make: Callable[[Sequence[Section]], str], numbers: str) -> str:
    """Make a page; where it comes out too large, leave out numbers behind figures, then figures, the largest first.

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
    while (over := excess(page)) > 0:
        lighter = _lighter(sections, over, numbers)
        if lighter is None:
            raise RoomError(
                f"a page must have at most {MOST_BYTES:,} bytes; got {over + MOST_BYTES:,} without any figure: leave "
                "columns or explanations out of the study"
            )
        sections, page = lighter, make(lighter)
    return page


def _lighter(sections: Sequence[Section], over: int, numbers: str) -> list[Section] | None:
    """Leave out numbers of figures, or figures where no numbers are left, that have so many bytes; None without any."""
    pictures = [p for section in sections for block in section.blocks for p in block.pictures]
    with_data = [p for p in pictures if p.data]
    sizes = {id(p): len(p.csv) for p in with_data} or {id(p): len(p.svg.encode()) for p in pictures if p.svg}
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
        if with_data:
            return picture.without_data(f"Its numbers are {numbers} alone, {because()}.")
        return picture.undrawn(f"Not drawn, {because()}; its numbers are {numbers}.")

    return [
        replace(section, blocks=[replace(b, pictures=[change(p) for p in b.pictures]) for b in section.blocks])
        for section in sections
    ]
