"""A page stays under 2 MB whatever a study holds, and says which pictures it does not draw."""

from __future__ import annotations

from typing import Any

from tests.pages.drawn import card_html
from tests.pages.hard import hard_card
from tests.pages.results import results
from workbench.pages import cards, room
from workbench.pages.card import Card
from workbench.pages.html import view_html
from workbench.pages.markdown import view_markdown
from workbench.pages.sections import card_view
from workbench.pages.views import Block, PictureView, Ranking, Section, TableView

_MB = 10**6


def test_the_hardest_card_stays_under_two_megabytes() -> None:
    view = card_view(Card.model_validate(hard_card(n_columns=60, n_classes=5)))
    page = view_html(view)
    assert len(page.encode()) < 2 * _MB
    assert len(page.encode()) > 1.5 * _MB  # the room is used
    told = " drawn, the most important, as a page holds no more than 2 MB; the numbers of all are in the "
    blocks = 4  # shapes, pairs, and two kinds of effects
    assert page.count(told) == view_markdown(view).count(told) == blocks
    assert " of 60 are drawn" in page


def test_ordinary_cards_are_whole() -> None:
    for card in cards(results("multiclass")).values():
        assert "as a page holds no more" not in card_html(card)


def section(*blocks: Block) -> Section:
    return Section("model", "The model itself", "", blocks)


def picture(size: int, name: str = "") -> PictureView:
    return PictureView("x" * size, name, "")


def kept(*blocks: Block) -> list[Block]:
    return [block for part in room.fitted([section(*blocks)]) for block in part.blocks]


def ranked(n: int, size: int, **more: Any) -> Block:
    return Block(pictures=[picture(size, str(i)) for i in range(n)], ranking=Ranking(n, **more))


def test_all_rankings_keep_as_many_and_the_others_all() -> None:
    free = Block(pictures=[picture(400_000), picture(300_000)])
    one, two, three = kept(ranked(10, 100_000), free, ranked(4, 50_000))
    # 2 MB without the frame and 700 kB: 1.15 MB hold ten of 100 kB, but not four of 50 kB with them
    assert [p.finding for p in one.pictures] == [str(i) for i in range(9)]
    assert two == free
    assert len(three.pictures) == 4
    assert one.paragraphs == [
        "9 of 10 are drawn, the most important, as a page holds no more than 2 MB; the numbers of all are in the "
        "card's JSON."
    ]
    assert not three.paragraphs


def test_what_is_left_out_for_another_reason_is_told_without_that_one() -> None:
    block = Block(pictures=[picture(10)] * 3, paragraphs=["First."], ranking=Ranking(7, rest="elsewhere"))
    assert kept(block)[0].paragraphs == [
        "First.",
        "3 of 7 are drawn, the most important; the numbers of all are elsewhere.",
    ]
    named = kept(ranked(3, 1_000_000, first="as the study names them"))[0]
    assert named.paragraphs[0].startswith("1 of 3 is drawn, as the study names them, as a page")


def test_tables_and_texts_take_room_too() -> None:
    block = ranked(10, 150_000)
    assert len(kept(block)[0].pictures) == 10
    assert len(kept(block, Block(text="é" * 400_000))[0].pictures) == 7
    assert len(kept(block, Block(tables=[_table()]))[0].pictures) < 10


def _table() -> TableView:
    from workbench.pages.views import Cell, Head

    return TableView("", [Head("a")], [[Cell("b")] * 3] * 2_000)
