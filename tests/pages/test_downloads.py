"""Each figure as an SVG file, which a script makes of what the page shows, and its numbers as CSV, in a link."""

from __future__ import annotations

import csv
import io
import re
from importlib.resources import files
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.pages import drawn
from tests.pages.results import HOSTILE, results
from tests.pages.test_html import Page
from workbench.pages import cards, index, index_html
from workbench.pages.card import Card
from workbench.pages.html import view_html
from workbench.pages.room import MOST_BYTES
from workbench.pages.sections import card_view
from workbench.pages.views import Cell, Head, PictureView, TableView
from workbench.plots.style import LIGHT, VARIABLES

VARIABLE_NAMES = [name.removeprefix("var(--").removesuffix(")") for name in VARIABLES.values()]


def pictures(card: dict) -> list[PictureView]:
    found = drawn.view(card)
    shown = [found.picture] if found.picture else []
    return shown + [p for section in found.sections for block in section.blocks for p in block.pictures]


@pytest.fixture(scope="module", params=[("regression", True), ("binary", True), ("multiclass", True)], ids=str)
def given(request: pytest.FixtureRequest) -> dict[str, dict]:
    return cards(results(request.param[0], hostile=request.param[1]))


def lines(link: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(unquote(link).partition(",")[2].lstrip("\ufeff"))))


def test_every_figure_can_stand_alone(given: dict[str, dict]) -> None:
    """What the script writes into a file is the picture with its colours told; the browser tests save some."""
    style = (files("workbench.pages") / "templates" / "page.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"(--\w+): (#[0-9a-f]{6});", style[style.index(":root {") : style.index("}")]))
    assert {f"--{name}": getattr(LIGHT, name) for name in VARIABLE_NAMES}.items() <= light.items()
    for card in given.values():
        for view in pictures(card):
            root = ElementTree.fromstring(view.svg)  # noqa: S314 - our own drawing
            assert root.tag.endswith("}svg")
            used = {name for e in root.iter() for name in re.findall(r"var\((--\w+)\)", e.get("style", ""))}
            assert used <= {*light, "--plotface"}
            assert view.svg.count("var(--") == sum(e.get("style", "").count("var(--") for e in root.iter())
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


RUNS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "-x", "+x", "=", "-")


@pytest.mark.parametrize("text", RUNS)
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    """Wherever the text comes from: a cell or a head of a table or of a picture's numbers."""
    cells = [Cell(text), Cell("shown", text), Cell("−1.5", -1.5), Cell("plain", f"a{text}")]
    table = lines(TableView("t", [Head(text)] * 4, [cells], rest=[cells]).csv)
    assert table == [[f"'{text}"] * 4, *[[f"'{text}", f"'{text}", "-1.5", f"a{text}"]] * 2]
    shown = PictureView("", "", "", data=[[text, "b"], [-1.5, text], [1e-7, None]])
    assert lines(shown.csv) == [[f"'{text}", "b"], ["-1.5", f"'{text}"], ["1e-07", ""]]


STARTS = ("@", "-x")


def test_no_name_or_value_of_data_runs_in_any_download() -> None:
    """All that data name is called so, and no file of any card begins a cell with it."""
    given = named(results("multiclass", hostile=True))
    pages = [index_html(index(given)), *(drawn.card_html(card) for card in cards(given).values())]
    files = [a["href"] for page in pages for t, a in Page(page).tags if str(a.get("href")).startswith("data:text/csv")]
    found = [cell for link in files for row in lines(str(link)) for cell in row if cell]
    for text in STARTS:
        assert sum(cell.startswith(f"'{text}") for cell in found) > 100
    assert not [cell for cell in found if cell[:1] in "=@\t\r" or (cell[:1] in "+-" and not is_number(cell))]
    assert any(is_number(cell) and cell.startswith("-") for cell in found)


def named(value: Any) -> Any:
    """Put a text before every hostile name of results, one of two in turn."""
    if isinstance(value, dict):
        return {named(k): named(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [named(v) for v in value]
    return f"{STARTS[HOSTILE.index(value) % 2]}{value}" if isinstance(value, str) and value in HOSTILE else value


def is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False


def test_pages_offer_them_and_stay_small(given: dict[str, dict]) -> None:
    for card in given.values():
        text = drawn.card_html(card)
        assert len(text.encode()) < MOST_BYTES
        page = Page(text)
        links = [a for t, a in page.tags if t == "a" and "download" in a]
        figures = [a for a in links if str(a["download"]).endswith(".svg")]
        assert len(figures) == len(pictures(card))
        assert all("hidden" in a and "href" not in a for a in figures)  # until the script can make the file
        assert all(str(a["href"]).startswith("data:text/csv") for a in links if a not in figures)
        assert all(a["aria-label"].startswith(("SVG of ", "CSV of ")) for a in links)
        assert "Saving one as a file of its own takes a script" in page.text


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


def test_a_swarm_says_that_its_csv_holds_the_columns_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.plots import swarm

    told = "The CSV holds the {} columns drawn of 9, the card's JSON all."
    card = cards(results())["forest"]
    assert "columns drawn" not in drawn.card_html(card)  # they are all
    monkeypatch.setattr(swarm, "_MOST", 4)
    view = card_view(Card.model_validate(card))
    assert told.format(4) in Page(view_html(view)).text
    made = [p for section in view.sections for block in section.blocks for p in block.pictures if p.csv]
    table = next(t for each in made if (t := lines(each.csv))[0][1:3] == ["adds from", "to"])
    assert len({row[0] for row in table[1:]}) == 4
    answer = next(a["answer"] for a in card["answers"] if a["method"] == "shap")
    assert len(answer["swarm"]["rows"]) == 9
