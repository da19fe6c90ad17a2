"""Each figure as an SVG file and its numbers as CSV, in links that hold them whole."""

from __future__ import annotations

import csv
import io
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.pages import card_html, cards
from workbench.pages.card import Card
from workbench.pages.sections import card_view
from workbench.pages.views import PictureView

_MB = 2**20


def pictures(card: dict) -> list[PictureView]:
    view = card_view(Card.model_validate(card))
    shown = [view.picture] if view.picture else []
    return shown + [p for section in view.sections for block in section.blocks for p in block.pictures]


@pytest.fixture(scope="module", params=[("regression", True), ("binary", True), ("multiclass", True)], ids=str)
def given(request: pytest.FixtureRequest) -> dict[str, dict]:
    return cards(results(request.param[0], hostile=request.param[1]))


def lines(link: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(unquote(link).partition(",")[2].lstrip("\ufeff"))))


def test_every_figure_is_a_file_that_stands_alone(given: dict[str, dict]) -> None:
    for card in given.values():
        for view in pictures(card):
            text = unquote(view.file.partition(",")[2])
            root = ElementTree.fromstring(text)  # noqa: S314 - our own drawing
            assert root.tag.endswith("}svg")
            assert "var(--" not in text
            assert "#" not in view.file
            assert "<" not in view.file
            assert root.find("{http://www.w3.org/2000/svg}title").text == view.finding


def test_every_figure_has_its_numbers_and_no_cell_runs(given: dict[str, dict]) -> None:
    for card in given.values():
        for view in pictures(card):
            if view.wide and "lead to" in view.finding:
                continue  # a tree: its leaves are a table
            table = lines(view.csv)
            assert len(table) > 1, view.finding
            assert len({len(row) for row in table}) == 1
            for cell in (cell for row in table for cell in row if cell):
                assert cell[:1] not in "=@\t\r"
                if cell[:1] in "+-":
                    float(cell)


def test_pages_link_them_and_stay_small(given: dict[str, dict]) -> None:
    for card in given.values():
        text = card_html(card)
        assert len(text.encode()) < 2 * _MB
        page = Page(text)
        files = [a.get("download", "") for t, a in page.tags if t == "a" and a.get("href", "").startswith("data:")]
        assert sum(name.endswith(".svg") for name in files) == len(pictures(card))
        labels = [a["aria-label"] for t, a in page.tags if t == "a" and "download" in a]
        assert all(label.startswith(("SVG of ", "CSV of ")) for label in labels)


def test_numbers_are_those_of_the_card() -> None:
    card = cards(results())["forest"]
    found = {part["method"]: part["answer"] for part in card["answers"]}
    by = [lines(view.csv) for view in pictures(card)]
    ale = next(e for e in found["ale"]["effects"] if e["feature_kind"] == "number")
    wanted = np.array([ale["grid_values"], ale["average"][0], ale["lower"][0]])
    assert any(
        len(table) - 1 == wanted.shape[1]
        and table[0][1:3] == ["average", "lower 95%"]
        and np.allclose(np.array([[float(c) for c in row[:3]] for row in table[1:]]).T, wanted, rtol=1e-7)
        for table in by
    )
    shap = found["shap"]
    sizes = next(t for t in by if t[0][:2] == ["column", "mean size"] and t[0][-1] == "of a shuffled target")
    np.testing.assert_allclose([float(row[1]) for row in sizes[1:]], np.ravel(shap["mean_abs"]), rtol=1e-7)
    swarm = next(t for t in by if t[0][1:3] == ["adds from", "to"])
    assert [int(float(row[3])) for row in swarm[1:]] == [n for column in shap["swarm"]["rows"] for n in column[0]]
    profile = next(t for t in by if t[0] == ["column", "value", "adds"])
    np.testing.assert_allclose([float(row[2]) for row in profile[1:]], shap["profiles"]["values"][0], rtol=1e-7)
