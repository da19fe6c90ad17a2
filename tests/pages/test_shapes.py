from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.pages.drawn import card_html
from tests.pages.results import results
from tests.pages.test_html import Page
from tests.plots import sums
from workbench.forms import Additive, Curve, Form, Identity, Linear
from workbench.pages import cards, index, index_html
from workbench.pages.equation import equation
from workbench.pages.shapes import _together
from workbench.plots import shapes


def with_shapes(task: str, **options: Any) -> dict[str, Any]:
    """Give results whose linear model is a sum of shapes instead."""
    given = results(task, **options)
    form = sums.form(task)
    given["models"][1] |= {
        "form_dict": form.to_dict(), "form_text": str(form), "form_latex": form.to_latex(), "size": form.size,
        "features_used": list(form.columns), "title": "sum of shapes",
    }  # fmt: skip
    return given


def page(task: str) -> Page:
    return Page(card_html(cards(with_shapes(task))["linear"]))


def test_shapes_stand_in_the_order_of_their_importance() -> None:
    html = card_html(cards(with_shapes("regression"))["linear"])
    form = sums.form("regression")
    single = [t for t in form.body.terms if len(t.columns) == 1]
    order = [t.columns[0] for t in sorted(single, key=lambda t: -shapes.importance(t))]
    assert re.findall(r"<figcaption>(\w+) adds ", html) == order
    assert len(re.findall(r"<figcaption>\w+ with \w+ adds ", html)) == 3


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (
            "regression",
            "The predicted Quality is the start, 0.500, plus what each of 4 columns adds and what 3 pairs of",
        ),
        ("binary", "The probability is 1 / (1 + exp(−log odds))."),
        ("multiclass", "The class with the highest score is predicted"),
    ],
)
def test_the_sum_is_said_in_a_sentence(task: str, sentence: str) -> None:
    assert sentence in page(task).text


def test_an_equation_has_a_product_a_line_and_functions_side_by_side() -> None:
    lines = (
        Linear("x", np.array([2.5]), 10.0, np.zeros(1)), Linear("<b>", np.array([-0.00001234]), -3.0, np.zeros(1)),
        Linear("day", np.array([1.0]), 14975.0, np.zeros(1)), *(sums.town() for _ in range(2)),
    )  # fmt: skip
    kinds = {"x": "number", "<b>": "number", "day": "datetime", "town": "category"}
    form = Form(Additive(np.array([-1.0]), lines), Identity(), kinds, "y")
    made = equation(form, "Price", {"x": "Floor space"})
    assert made is not None
    assert made.told == (
        "Price = −1.00 + 2.50 × ( Floor space − 10 ) − 1.23 × 10⁻⁵ × ( <b> + 3 ) + 1.00 × days of day since 2011-01-01 "
        "+ f4 ( town ) + f5 ( town )"
    )
    assert [len(row) for row in made.rows] == [3, 8, 8, 4, 10]
    assert equation(sums.form("multiclass"), "y", {}) is None


def test_an_equation_is_mathematics_on_the_page() -> None:
    found = page("regression")
    tags = [tag for tag, _ in found.tags]
    assert tags.count("math") == 1
    assert tags.count("msub") == 7
    assert "In words" not in found.text


def test_columns_that_no_model_sees_are_listed() -> None:
    text = page("regression").text
    assert "Columns that no model sees" in text
    assert "Who tasted." in text


def test_flat_effects_are_told_not_drawn() -> None:
    given = results()
    text = card_html(cards(given)["dummy"])
    assert "The average prediction is the same along every column." in text
    assert "throughout" not in text
    effects = given["models"][1]["answers"][1]["answer"]["effects"]
    effects[0] |= {name: [[5.0] * len(effects[0]["grid_values"])] for name in ("average", "lower", "upper")}
    text = Page(card_html(cards(given)["linear"])).text
    assert "The average prediction does not move along Alcohol." in text
    assert "Sulphates: average predicted Quality" in text


def test_the_story_of_repeats_is_told_once_on_the_index() -> None:
    given = results()
    story = given["duplicates_story"]["sentence"]
    given["findings"][1]["evidence"] = story
    text = Page(index_html(index(given))).text
    assert text.count(story) == 1
    assert text.index(story) < text.index("Find out whether repeats are copies.") < text.index("Leaderboard")
    assert story in Page(card_html(cards(given)["tree"])).text


def test_curves_of_one_column_are_added_up() -> None:
    def curve(knots: list[float], seed: int, missing: float) -> Curve:
        n, rng = len(knots) + 1, np.random.default_rng(seed)
        ends = np.array([1.0, 5.0])
        return Curve("x", np.array(knots), rng.normal(size=n), rng.normal(size=(n, 6)), np.full(2, missing), ends, ends)

    parts = [curve([1.0, 3.0], 0, 0.5), curve([2.0, 3.0, 4.0], 1, 0.25)]
    (both,) = _together(parts)
    straight = replace(parts[0], knots=np.empty(0), origin=np.zeros(1), coef=parts[0].coef[:1])
    assert len(_together([straight, straight])) == 1
    x = np.array([-2.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 9.0])
    np.testing.assert_allclose(both.at(x), parts[0].at(x) + parts[1].at(x), rtol=1e-9, atol=1e-9)
    assert both.missing.tolist() == [0.75, 0.75]
