"""A page stays under 2 MB whatever a study holds, and says which pictures it does not draw."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import workbench.pages as pages
from tests.pages import drawn
from tests.pages.hard import hard_card
from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.pages import card_html, cards, index, index_html, room, side_by_side, side_by_side_html
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
        assert "as a page holds no more" not in drawn.card_html(card)


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


# --- the finished page


@pytest.mark.parametrize("most", [450_000, 300_000, 200_000])
def test_a_card_that_comes_out_too_large_leaves_out_numbers_then_figures(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cards(results())["forest"]
    whole = drawn.card_html(card)
    monkeypatch.setattr(room, "MOST_BYTES", most)
    monkeypatch.setattr(room, "fitted", list)  # as if it had counted too little
    page = card_html(card)
    assert most - 150_000 < len(page.encode()) <= most < len(whole.encode())
    text = Page(page).text
    left_out = text.count(f"Its numbers are in the card's JSON alone, as a page holds no more than {most / 1e6:g} MB.")
    undrawn = text.count(
        f"Not drawn, as a page holds no more than {most / 1e6:g} MB; its numbers are in the card's JSON."
    )
    svgs, csvs = (lambda p: p.count("<svg")), (lambda p: p.count('aria-label="CSV of'))
    assert csvs(whole) - csvs(page) == left_out > 0
    assert svgs(whole) - svgs(page) == undrawn
    assert (undrawn > 0) == (most < 450_000)
    assert page.count("<table") == whole.count("<table")
    assert page.count("<figcaption") == whole.count("<figcaption")


def test_the_index_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = index(results())
    most = len(index_html(given).encode()) - 20_000
    monkeypatch.setattr(room, "MOST_BYTES", most)
    page = index_html(given)
    assert len(page.encode()) <= most
    assert "in results.json" in Page(page).text


def test_a_page_that_nothing_makes_small_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_BYTES", 50_000)
    with pytest.raises(room.RoomError, match=r"a page must have at most 50,000 bytes; got [\d,]+ without any figure"):
        card_html(cards(results())["tree"])
    made = side_by_side(results())
    assert made is not None
    monkeypatch.setattr(room, "MOST_BYTES", 20_000)
    with pytest.raises(room.RoomError, match="a page of 4 models is too large; compare fewer of them"):
        side_by_side_html(made)


@pytest.mark.parametrize(("most_csv", "where"), [(900_000, "its CSV holds all"), (50_000, "all are in {}")])
def test_pages_of_thousands_of_columns_have_shorter_tables(
    most_csv: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MOST_CSV", most_csv)
    given = results()
    columns = given["data"]["columns"]
    columns += [{**columns[0], "name": f"extra {i}", "title": f"Extra column {i}, " * 4} for i in range(2_500)]
    card = cards(given)["tree"]
    for page, place in ((card_html(card), "the card's JSON"), (index_html(index(given)), "results.json")):
        assert len(page.encode()) <= 2 * _MB
        text = Page(page).text
        told = re.findall(r"The first ([\d,]+) of ([\d,]+) rows stand here, as a page holds no more than 2 MB; ", text)
        ((first, of),) = told
        assert of == f"{len(columns) + 1:,}"
        assert f"no more than 2 MB; {where.format(place)}." in text
        assert page.count("Extra column ") >= int(first.replace(",", "")) - 9
        assert ('aria-label="CSV of The columns"' in page) == (most_csv == 900_000)
        assert page.count("<svg") > 2


def test_an_index_that_is_too_large_costs_no_other_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Any) -> str:
        raise room.RoomError("too large")

    monkeypatch.setattr(pages, "index_html", fails)
    monkeypatch.setattr(pages, "_draw", lambda data: ({"json": "{}"}, "no view" if data["name"] == "tree" else ""))
    (tmp_path / "index.html").write_text("of an earlier run")
    with pytest.raises(pages.PageError, match="card of tree: no view; index: RoomError: too large; all other pages"):
        pages.render(tmp_path, results())
    assert not (tmp_path / "index.html").exists()
    assert (tmp_path / "compare.html").exists()


def many(n_models: int) -> dict[str, Any]:
    """Give results with so many models, all explained."""
    given = results()
    tree = given["models"][2]
    row = next(row for row in given["leaderboard"]["rows"] if row["model"] == "tree")
    names = [f"tree-{i + 1}" for i in range(n_models - 4)]
    given["models"][4:4] = [{**tree, "name": name} for name in names]
    given["leaderboard"]["rows"] += [{**row, "model": name} for name in names]
    return given


def test_forty_models_side_by_side_stay_under_two_megabytes() -> None:
    made = side_by_side(many(40))
    assert made is not None
    assert len(made["pairs"]) == 780
    page = side_by_side_html(made)
    assert 0.5 * _MB < len(page.encode()) < 2 * _MB


def test_models_side_by_side_leave_out_panels_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    made = side_by_side(results())
    assert made is not None
    whole = side_by_side_html(made)
    assert "panels are left out" not in whole
    panels = whole.count("<figcaption")
    for share in (0.8, 0.4):
        monkeypatch.setattr(room, "MOST_BYTES", int(len(whole.encode()) * share))
        page = side_by_side_html(made)
        assert len(page.encode()) <= share * len(whole.encode())
        gone = panels - page.count("<figcaption")
        why = f"as a page holds no more than {room.MOST_BYTES / 1e6:g} MB; the cards have them."
        told = f"The {gone} least important panels are left out, {why}"
        assert gone > 0
        assert (told if share > 0.5 else f"panels are left out, {why}") in Page(page).text
