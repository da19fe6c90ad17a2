"""How much of a card a page holds: where its pictures would take too much room, the least important are not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.pages.views import Block, PictureView, Section, TableView
from workbench.plots.numbers import count

MOST_BYTES = 2_000_000  # that a page may have
_FRAME = 150_000  # style, scripts, contents, signs, and what escaping adds
_CELL = 100  # bytes of a table's cell, beside its text


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
    parts: list[PictureView | TableView] = [*block.pictures[:kept], *block.tables]
    return sum(len(text.encode()) for text in texts) + sum(map(_of, parts))


def _of(part: PictureView | TableView) -> int:
    if isinstance(part, PictureView):
        return len(part.svg.encode()) + len(part.csv)
    return 2 * len(part.csv) + _CELL * sum(map(len, part.rows))


def _cut(block: Block, kept: int) -> Block:
    """Draw no more pictures of a ranking than that; where some are not drawn, say how many, why and where they are."""
    of = block.ranking
    if of is None or (n := min(kept, len(block.pictures))) >= of.n:
        return block
    why = f", as a page holds no more than {MOST_BYTES // 10**6} MB" if n < len(block.pictures) else ""
    drawn = f"{count(n)} of {count(of.n)} {'is' if n == 1 else 'are'} drawn, {of.first}{why}"
    told = f"{drawn}; the numbers of all are {of.rest}."
    return replace(block, pictures=block.pictures[:n], paragraphs=[*block.paragraphs, told])
