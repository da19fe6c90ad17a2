from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.pages import drawn
from tests.pages.results import HOSTILE, results
from workbench.pages import card_html, cards, index, index_html, render

VOID = {"meta", "link", "br", "img", "input", "hr", "path", "use", "rect"}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.pieces: list[str] = []
        self.feed(text)
        self.text = "".join(self.pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def pages(task: str, hostile: bool) -> dict[str, str]:
    given = results(task, hostile=hostile)
    return {
        "index": index_html(index(given)),
        **{name: drawn.card_html(cards(given)[name]) for name in ("linear", "tree")},
    }


@pytest.fixture(scope="module", params=[("regression", False), ("binary", True), ("multiclass", True)], ids=str)
def made(request: pytest.FixtureRequest) -> dict[str, str]:
    return pages(*request.param)


def test_no_name_becomes_markup(made: dict[str, str]) -> None:
    for text in made.values():
        page = Page(text)
        tags = [tag for tag, _ in page.tags]
        assert tags.count("script") == 1
        assert tags.count("style") == 1
        assert not {"img", "iframe", "object", "link", "form"} & set(tags)
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
        assert "</style><img" not in text


def test_no_request_leaves_the_page(made: dict[str, str]) -> None:
    for text in made.values():
        page = Page(text)
        policy = next(
            a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
        assert not re.search(r"@import|url\((?!#)", text)
        links = [a["href"] for t, a in page.tags if t == "a" and a.get("class") != "csv svgfile"]
        assert not [link for link in links if re.match(r"(?!data:text/csv)[a-z]+:|//", link)]


def test_structure_for_those_who_listen(made: dict[str, str]) -> None:
    for text in made.values():
        page = Page(text)
        assert page.headings[0] == 1
        assert page.headings.count(1) == 1
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids))
        inner = {a["href"][1:] for t, a in page.tags if t == "a" and (a.get("href") or "").startswith("#")}
        assert inner <= set(ids)
        tables = [t for t, _ in page.tags if t in ("table", "caption")]
        assert tables.count("table") == tables.count("caption") > 0
        assert all(a.get("scope") in ("col", "row") for t, a in page.tags if t == "th")
        assert all(a.get("role") == "img" and a.get("aria-labelledby") for t, a in page.tags if t == "svg")


def test_numbers_keep_a_true_minus_sign(made: dict[str, str]) -> None:
    page = Page(re.sub(r"<(pre|style|script|code|desc)\b.*?</\1>", "", made["index"], flags=re.DOTALL))
    assert not re.search(r"(?<![\w,–-])-\d", page.text.replace("CC0-", ""))


def test_the_same_card_gives_the_same_page() -> None:
    card = cards(results())["dummy"]
    assert card_html(card) == card_html(card)


def test_a_page_is_made_of_its_json_alone() -> None:
    card = cards(results())["tree"]
    assert card_html(json.loads(json.dumps(card))) == card_html(card)


def test_linear_card_says_what_one_more_unit_goes_with() -> None:
    text = Page(drawn.card_html(cards(results())["linear"])).text
    assert (
        "One % vol more Alcohol goes with 0.284 more Quality, the other columns equal. This is not causation." in text
    )
    assert "Counted from" in text


def test_binary_linear_card_speaks_of_odds() -> None:
    # 0.284 per % vol: exp(0.284) = 1.328
    text = Page(drawn.card_html(cards(results("binary"))["linear"])).text
    assert "One % vol more Alcohol goes with odds of true that are 1.33 times as high" in text


def test_black_box_card_says_that_there_is_no_form_to_hold() -> None:
    text = Page(drawn.card_html(cards(results())["forest"])).text
    assert "There is no form that a person can hold (48,211 numbers)" in text
    assert "The model as JSON" not in text


def test_absent_statements_are_printed_as_not_provided() -> None:
    text = Page(drawn.card_html(cards(results())["tree"])).text
    assert text.count("not provided") == 14
    assert "2 of 16 entries" in text


def test_index_answers_first() -> None:
    given = results()
    text = Page(index_html(index(given))).text
    order = (
        given["headline"], "240 rows repeat another row", "Leaderboard", "What interpretability costs",
        "What repeated rows do", "The columns", "fit forest", "workbench run wine-quality-red",
    )  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_csv_of_a_table_holds_unrounded_numbers_and_runs_nothing() -> None:
    given = results("regression", hostile=True)
    page = Page(index_html(index(given)))
    links = [a["href"] for t, a in page.tags if t == "a" and a.get("download") == "columns.csv"]
    table = list(csv.reader(io.StringIO(unquote(links[0]).partition(",")[2].lstrip("\ufeff"))))
    assert table[0][0] == "Column"
    cells = [cell for line in table[1:] for cell in line]
    assert not [cell for cell in cells if cell[:1] in "=+@" and cell]
    assert f"'{HOSTILE[8]}" in cells
    assert "0.99084" in cells


def test_models_without_scores_are_still_told() -> None:
    given = results()
    row = next(r for r in given["leaderboard"]["rows"] if r["model"] == "tree")
    row |= dict.fromkeys(("score", "lower", "upper", "price", "price_lower", "price_upper", "holdout"))
    given["comparisons"] = [c for c in given["comparisons"] if c["model"] != "tree"]
    tree = given["models"][2]
    for score in tree["scores"].values():
        score |= {"mean": None, "lower": None, "upper": None, "folds": [None] * 10}
    tree["holdout"] = None
    assert "could not be computed on any fold" in Page(card_html(cards(given)["tree"])).text
    assert "tree" in index_html(index(given))


def test_a_study_of_one_dummy_can_be_shown() -> None:
    given = results()
    given["models"] = given["models"][:1]
    given["leaderboard"]["rows"] = [r for r in given["leaderboard"]["rows"] if r["model"] == "dummy"]
    given |= {"comparisons": [], "price": [], "duplicates_story": None, "findings": [], "multiplicity": None}
    given["price_curve"] |= {key: [] for key in ("models", "sizes", "scores", "lower", "upper", "all_models")}
    given["recommendation"] |= {"model": None, "reason": "No model is recommended: none could be scored."}
    assert "No findings." in Page(card_html(cards(given)["dummy"])).text
    page = index_html(index(given))
    assert "What interpretability costs" not in page
    assert "No model is recommended: none could be scored." in page


def test_render_writes_cards_and_index(tmp_path: Path) -> None:
    folder = tmp_path / "a run"
    folder.mkdir()
    given = results()
    del given["models"][3], given["models"][1]
    (folder / "results.json").write_text(json.dumps(given))
    written = render(folder)
    names = [path.relative_to(folder).as_posix() for path in written]
    assert names == [f"cards/{m}.{e}" for m in ("dummy", "tree") for e in ("json", "html")] + [
        "compare.html",
        "index.html",
    ]
    card = json.loads((folder / "cards" / "tree.json").read_text())
    assert (folder / "cards" / "tree.html").read_text() == card_html(card)
    with pytest.raises(FileNotFoundError):
        render(tmp_path)


def test_dropped_repeats_have_their_own_words() -> None:
    given = results()
    for row in given["duplicates_story"]["rows"]:
        row["drop"] = row.pop("together")
    page = index_html(index(given))
    assert "First of each" in page


def test_one_card_that_fails_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import workbench.pages as pages

    drawn = pages.card_view

    def fails(card: Any) -> Any:
        if card.name == "tree":
            raise ValueError("can't be drawn")
        return drawn(card)

    monkeypatch.setattr(pages, "card_view", fails)
    with pytest.raises(pages.PageError, match="card of tree: ValueError: can't be drawn"):
        pages.render(tmp_path, results())
    written = {p.name for p in (tmp_path / "cards").iterdir()}
    assert {"linear.html", "forest.html", "tree.json"} <= written
    assert "tree.html" not in written
    assert (tmp_path / "index.html").exists()
