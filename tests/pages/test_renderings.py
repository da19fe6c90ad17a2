"""The numbers of a card's three renderings: the same ones, and those of its JSON, rounded as they are printed."""

from __future__ import annotations

import html
import html.parser
import re
from typing import Any

import pytest

from tests.pages.drawn import card_html, card_markdown, card_pdf
from tests.pages.results import results
from tests.pages.test_pdf import Document
from workbench.pages import cards

TASKS = ("regression", "binary", "multiclass")
_NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
_SIGNS = re.compile(r"\s*(?:\(✓\)|[✓↻⊘])")


class Tables(html.parser.HTMLParser):
    """The tables of a page by caption, as texts of cells; and its facts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.facts: dict[str, str] = {}
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "caption":
            self._caption: list[str] = [""]
            self._into = self._caption
        elif tag == "tr":
            self.tables.setdefault(plain(self._caption[0]), []).append([])
        elif tag in ("th", "td"):
            self._cells = self.tables[plain(self._caption[0])][-1]
            self._cells.append("")
            self._into = self._cells
        elif tag in ("dt", "dd"):
            self._term = self._term if tag == "dd" else [""]
            self._said = [""]
            self._into = self._term if tag == "dt" else self._said

    def handle_endtag(self, tag: str) -> None:
        if tag in ("caption", "th", "td", "dt", "dd"):
            if tag == "dd":
                self.facts[plain(self._term[0])] = plain(self._said[0])
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data


def plain(text: str) -> str:
    """Give a text without the signs that say how it is checked, with plain blanks."""
    return re.sub(r"\s+", " ", _SIGNS.sub("", text).replace("\u00a0", " ")).strip()


def markdown_tables(text: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for caption, table in re.findall(r"^\*\*(.*?)\*\*[^\n|]*\n\n((?:\|.*\|\n?)+)", text, flags=re.M):
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()]
        found[plain(unescaped(caption))] = [
            [plain(unescaped(cell)) for cell in line] for line in (lines[0], *lines[2:])
        ]
    return found


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


@pytest.fixture(scope="module", params=[(task, name) for task in TASKS for name in ("linear", "tree", "forest")],
                ids=lambda p: f"{p[1]}-{p[0]}")  # fmt: skip
def made(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Tables, str, Document]:
    task, name = request.param
    card = cards(results(task))[name]
    return card, Tables(card_html(card)), card_markdown(card), Document(card_pdf(card))


def test_all_tables_say_the_same_in_html_and_markdown(made: Any) -> None:
    _, page, markdown, _ = made
    told = {k: [[plain(c) for c in row] for row in rows] for k, rows in page.tables.items()}
    assert len(told) > 5
    assert markdown_tables(markdown) == told


def test_all_numbers_of_tables_and_facts_stand_in_the_pdf(made: Any) -> None:
    _, page, _, pdf = made
    there = set(_NUMBER.findall(pdf.text))
    texts = [cell for rows in page.tables.values() for row in rows[:81] for cell in row]
    texts += [text for text in page.facts.values() if not re.fullmatch(r"[0-9a-f]{64}", text)]
    wanted = {number for text in texts for number in _NUMBER.findall(text)}
    assert len(wanted) > 50
    assert not wanted - there


def rounds_to(printed: str, value: float | None) -> bool:
    """Tell whether a printed number is a value rounded to its digits; a dash stands for none."""
    if value is None:
        return printed == "–"
    decimals = len(printed.partition(".")[2])
    return abs(float(printed.replace("−", "-").replace(",", "")) - value) <= 0.5000001 * 10.0**-decimals


def interval(text: str) -> tuple[str, str]:
    low, high = _NUMBER.findall(text)
    return low, high


def test_scores_are_those_of_the_json(made: Any) -> None:
    card, page, _, _ = made
    rows = page.tables["Scores: mean over the folds, and once on the holdout"][1:]
    assert len(rows) == len(card["scores"])
    for row, score in zip(rows, card["scores"], strict=True):
        low, high = interval(row[2])
        for printed, key in ((row[1], "mean"), (low, "lower"), (high, "upper"), (row[3], "holdout"), (row[4], "dummy")):
            assert rounds_to(plain(printed), score[key]), key
    for position, row in enumerate(page.tables["Score of every fold"][1:]):
        for printed, score in zip(row[1:], card["scores"], strict=True):
            assert rounds_to(plain(printed), score["folds"][position])


def test_the_leaderboard_is_that_of_the_json(made: Any) -> None:
    card, page, _, _ = made
    rows = page.tables["All models of the study"][1:]
    assert len(rows) == len(card["leaderboard"])
    for row, line in zip(rows, card["leaderboard"], strict=True):
        assert plain(row[0]).endswith(line["model"])
        for place, key in ((1, "score"), (3, "holdout"), (4, "price"), (6, "size")):
            assert rounds_to(plain(row[place]), line[key]), key
        assert rounds_to(plain(row[2]), (line["upper"] - line["lower"]) / 2)
        if line["price"] is not None:
            assert rounds_to(plain(row[5]), (line["price_upper"] - line["price_lower"]) / 2)


def test_the_columns_are_those_of_the_json(made: Any) -> None:
    card, page, _, _ = made
    head, *rows = page.tables["The columns"]
    names = [plain(text) for text in head]
    parts = [card["data"]["target"], *card["data"]["columns"]]
    assert len(rows) == len(parts)
    for row, part in zip(rows, parts, strict=True):
        cells = dict(zip(names, map(plain, row), strict=True))
        for name, key in (("Low", "low"), ("Median", "median"), ("High", "high")):
            if part[key] is None:
                assert cells[name] == "–"
            else:
                assert float(cells[name].replace("−", "-").replace(",", "")) == pytest.approx(part[key], rel=5e-4)
        assert cells["Missing"] == ("< 10" if part["missing"] is None else f"{part['missing']:,}")


def test_the_facts_at_a_glance_are_those_of_the_json(made: Any) -> None:
    card, page, _, _ = made
    row = next(row for row in card["leaderboard"] if row["model"] == card["name"])
    facts = {term: _NUMBER.findall(text) for term, text in page.facts.items()}
    mean = next(numbers for term, numbers in facts.items() if term.endswith("mean over folds [95% interval]"))
    assert all(rounds_to(*pair) for pair in zip(mean, (row["score"], row["lower"], row["upper"]), strict=True))
    held = next(numbers for term, numbers in facts.items() if term.endswith("on the holdout"))
    assert rounds_to(held[0], row["holdout"])
    assert rounds_to(facts["Size: what a reader has to hold"][0], card["size"])
    assert facts["Filled in by a person"] == [str(card["provided"]), str(card["asked"])]
    assert page.facts["Data, SHA-256"] == card["data"]["hash"]
    assert facts["Seed"] == [str(card["splits"]["seed"])]


def test_the_parameters_are_those_of_the_json(made: Any) -> None:
    card, page, _, _ = made
    told = {name: float(value) for name, value in page.tables["Parameters"][1:] if _NUMBER.fullmatch(value)}
    given = card["method"]["params"].items()
    assert told == {name: v for name, v in given if isinstance(v, int | float) and not isinstance(v, bool)}


def test_all_numbers_of_the_texts_stand_in_markdown(made: Any) -> None:
    card, _, markdown, _ = made
    text = re.sub(r"<(svg|style|script|math)\b.*?</\1>", " ", card_html(card), flags=re.S)
    text = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?span[^>]*>", "", text.partition('tabindex="-1">')[2])))
    missing = set(_NUMBER.findall(text)) - set(_NUMBER.findall(unescaped(markdown)))
    assert not missing
