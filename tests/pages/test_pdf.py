from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import typst

from tests.pages import drawn
from tests.pages.results import HOSTILE, results
from tests.pages.test_shapes import with_shapes
from workbench.pages import PageError, card_pdf, cards, render
from workbench.plots.numbers import count, fixed

A4 = pytest.approx((595.28, 841.89), abs=0.1)
MARKUP = ("#set page(width: 1pt)", "$x$ #panic()", "../../x", "*bold* _it_ `raw` <label> @ref", "\\ // /* ~", '"); #{')


class Document:
    """A PDF as a reader finds it: the text of its pages, where the text stands, and what it says of itself."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.file = pypdfium2.PdfDocument(data)
        self.pages = [page.get_textpage().get_text_bounded() for page in self.file]
        self.text = re.sub(r"\s+", " ", " ".join(self.pages))
        self.meta = self.file.get_metadata_dict()

    def beyond(self) -> list[str]:
        """Give the signs that stand outside of their page."""
        out = []
        for page in self.file:
            (width, height), text = page.get_size(), page.get_textpage()
            for i in range(text.count_chars()):
                left, bottom, right, top = text.get_charbox(i)
                if right > left and (left < 0 or bottom < 0 or right > width or top > height):
                    out.append(text.get_text_range(i, 1))
        return out


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[Mapping[str, Any], Document]]:
    given = {name: card for name, card in cards(results()).items() if name != "dummy"}
    given["shapes"] = cards(with_shapes("regression"))["linear"]
    return {name: (card, Document(drawn.card_pdf(card))) for name, card in given.items()}


def test_a_pdf_says_what_it_is(made: dict[str, tuple[Mapping[str, Any], Document]]) -> None:
    for card, document in made.values():
        assert document.data.startswith(b"%PDF-")
        assert document.meta["Title"] == f"{card['name']} · Red wine quality"
        assert document.meta["Author"] == "Quality control"
        assert document.meta["CreationDate"].startswith("D:20261121")
        assert b"pdfuaid" in document.data
        assert pypdfium2.raw.FPDFCatalog_IsTagged(document.file)
        assert 3 < len(document.pages) <= 25
        assert len(document.data) < 3_000_000
        assert document.file[0].get_size() == A4


def test_numbers_are_those_of_the_card(made: dict[str, tuple[Mapping[str, Any], Document]]) -> None:
    for card, document in made.values():
        row = next(r for r in card["leaderboard"] if r["model"] == card["name"])
        first = document.pages[0].replace("\r\n", " ")
        assert f"{fixed(row['score'], 3)} [{fixed(row['lower'], 3)}, {fixed(row['upper'], 3)}]" in first
        assert f"{count(card['size'])} numbers" in first
        if card["price"]:
            assert card["price"] in first
        assert row["price"] is None or fixed(row["price"], 3) in document.text


def test_sections_and_sentences_are_those_of_the_html_page(
    made: dict[str, tuple[Mapping[str, Any], Document]],
) -> None:
    for card, document in made.values():
        page = drawn.card_html(card)
        headings = re.findall(r"<h2 [^>]*>([^<]+)</h2>", page)
        assert len(headings) == 12
        contents = [(item.get_title(), item.level) for item in document.file.get_toc()]
        assert [title for title, level in contents if level == min(lv for _, lv in contents)] == headings
        for lead in re.findall(r'<p class="lead">([^<]+)</p>', page):
            plain = lead.replace("&#39;", "'").replace("&amp;", "&")
            assert re.sub(r"\s", "", plain) in re.sub(r"\s", "", document.text)


def test_pages_are_numbered_below_a_running_title(made: dict[str, tuple[Mapping[str, Any], Document]]) -> None:
    for card, document in made.values():
        n = len(document.pages)
        for number, text in enumerate(document.pages, start=1):
            assert f"{number} / {n}" in text
            assert (f"{card['name']} · Red wine quality" in text) == (number > 1)


def test_pictures_are_vectors_with_their_labels_as_text(
    made: dict[str, tuple[Mapping[str, Any], Document]],
) -> None:
    _, document = made["shapes"]
    for label in ("Mean size", "adds to Quality", "missing", "Porto", "2012"):
        assert label in document.text, label
    images = [o for page in document.file for o in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])]
    assert not images


@pytest.mark.parametrize(("task", "name"), [("multiclass", "linear"), ("binary", "linear"), ("regression", "tree")])
def test_no_name_becomes_markup_or_leaves_the_page(task: str, name: str) -> None:
    given = with_shapes(task, hostile=True) if task == "binary" else results(task, hostile=True)
    for column, title in zip(given["data"]["columns"][2:], MARKUP, strict=False):
        column.update(title=title, description=title * 20, unit=title)
    given["data"].update(title=MARKUP[0], description="\n".join((*MARKUP, *HOSTILE)), source=MARKUP[2])
    given["study"]["report"]["owner"] = HOSTILE[6]
    given["findings"][1].update(title=MARKUP[3], evidence="x" * 300, action=MARKUP[5])
    document = Document(card_pdf(cards(given)[name]))
    assert not document.beyond()
    assert {page.get_size() for page in document.file} == {document.file[0].get_size()}
    assert document.file[0].get_size() == A4
    assert len(document.pages) <= 25
    for text in MARKUP[:4]:
        assert text in document.text
    assert document.meta["Title"] == f"{name} · {MARKUP[0]}"


def test_equal_cards_give_equal_bytes() -> None:
    card = cards(results())["tree"]
    assert card_pdf(card) == card_pdf(json.loads(json.dumps(card)))


def test_no_date_is_made_up() -> None:
    given = results()
    given["timing"]["date"] = ""
    assert "1980" not in Document(card_pdf(cards(given)["dummy"])).text


def pdf_results() -> dict[str, Any]:
    given = results()
    given["models"] = [m for m in given["models"] if m["name"] in ("dummy", "tree")]
    given["study"]["report"]["formats"] = ["html", "pdf"]
    return given


ENDS = ("compare.html", "index.html")


def test_render_writes_and_links_what_the_study_asks_for(tmp_path: Path) -> None:
    given = pdf_results()
    names = [path.relative_to(tmp_path).as_posix() for path in render(tmp_path, given)]
    assert names == [*(f"cards/{m}.{e}" for m in ("dummy", "tree") for e in ("json", "html", "pdf")), *ENDS]
    assert (tmp_path / "cards" / "tree.pdf").read_bytes().startswith(b"%PDF-")
    assert 'href="tree.pdf"' in (tmp_path / "cards" / "tree.html").read_text()
    line = re.findall(r'<a href="cards/tree[^<]+</a>', (tmp_path / "index.html").read_text())
    assert [re.sub("<[^>]+>", "", link) for link in line] == ["tree", "HTML", "PDF", "JSON"]
    given["study"]["report"]["formats"] = ["html"]
    render(tmp_path, given)
    assert not list(tmp_path.rglob("*.pdf"))
    assert ".pdf" not in (tmp_path / "cards" / "tree.html").read_text() + (tmp_path / "index.html").read_text()


def test_a_pdf_that_fails_is_named_and_the_other_pages_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = typst.compile

    def refuse(source: bytes, **options: Any) -> Any:
        return real(b'#panic("no")' if '"name": "tree"' in options["sys_inputs"]["card"] else source, **options)

    monkeypatch.setattr(typst, "compile", refuse)
    with pytest.raises(
        PageError, match=r"card of tree: PdfError: .*typst could not make its PDF: panicked with: no; all other pages"
    ):
        render(tmp_path, pdf_results())
    written = {path.name for path in tmp_path.rglob("*.*")}
    assert written == {*ENDS, "dummy.html", "dummy.json", "dummy.pdf", "tree.html", "tree.json"}
