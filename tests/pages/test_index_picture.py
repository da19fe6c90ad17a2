from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.pages import index, index_html
from workbench.plots.numbers import count, fixed


@pytest.fixture(scope="module", params=[("regression", False), ("binary", True), ("multiclass", True)], ids=str)
def given(request: pytest.FixtureRequest) -> dict[str, Any]:
    return results(request.param[0], hostile=request.param[1])


def test_every_point_is_a_link_to_its_card_that_says_its_numbers(given: dict[str, Any]) -> None:
    tags = Page(index_html(index(given))).tags
    points = {a["data-model"]: a for tag, a in tags if tag == "a" and (a.get("class") or "").startswith("point")}
    rows = [row for row in given["leaderboard"]["rows"] if row["family"] != "dummy"]
    assert set(points) == {row["model"] for row in rows}
    for row in rows:
        point = points[row["model"]]
        assert point["href"] == f"cards/{row['model']}.html"
        label = point["aria-label"] or ""
        kind = "glass box" if row["glassbox"] else "black box"
        assert label.startswith(f"{row['model']}: ")
        assert label.endswith(f"], size {count(row['size'])}, {kind}")
        assert f" {fixed(row['score'], 3)} [{fixed(row['lower'], 3)}, {fixed(row['upper'], 3)}]" in label


def test_points_come_from_left_to_right_and_lie_within_the_picture(given: dict[str, Any]) -> None:
    page = index_html(index(given))
    places = [tuple(map(float, pair)) for pair in re.findall(r"--x:([\d.]+)%;--y:([\d.]+)%", page)]
    sizes = {row["model"]: row["size"] for row in given["leaderboard"]["rows"]}
    order = re.findall(r'<a class="point[^"]*" href="cards/([^"]+)\.html"', page)
    assert order == sorted(order, key=lambda name: sizes[name])
    assert len(places) == len(order) == 3
    assert places == sorted(places)
    assert all(0 < x < 100 and 0 < y < 100 for x, y in places)


def test_the_leaderboard_says_in_which_order_it_stands_and_marks_rows_by_model(given: dict[str, Any]) -> None:
    page = index_html(index(given))
    order = "ascending" if given["ranking"] == "log_loss" else "descending"
    board = page[page.index('class="sortable board"') :].partition("</table>")[0]
    assert re.findall(r'aria-sort="(\w+)">([^<]+)<', board) == [(order, index(given)["ranking"]["title"].capitalize())]
    told = re.findall(r'<tr[^>]* data-model="([^"]+)"', board)
    assert told == [row["model"] for row in given["leaderboard"]["rows"]]
    heads = re.findall(r"<th[^>]*>([^<]+)</th>", board)
    assert [head.replace("\u00a0", " ") for head in heads[2:]] == [
        "± 95%", "Holdout", "Price", "Price ± 95%", "Size", "Fit (s)", "Card",
    ]  # fmt: skip


def test_the_story_of_repeated_rows_stands_first_and_once() -> None:
    given = results()
    story = given["duplicates_story"]["sentence"]
    assert Page(index_html(index(given))).text.count(story) == 1  # where no finding tells it
    row = next(row for row in given["duplicates_story"]["rows"] if row["model"] == "tree")
    row["ignore"] += 0.2  # to 0.05
    for finding in given["findings"]:
        finding["evidence"] = story if finding["about"] == "study" else finding["evidence"]
    page = Page(index_html(index(given))).text
    assert page.count(story) == 1
    assert page.index(story) < page.index("Accuracy against complexity")
    assert "With repeated rows split apart the decision tree would seem to gain most: 0.250 R²." in page
