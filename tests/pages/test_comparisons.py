from __future__ import annotations

from typing import Any

import pytest

from tests.pages.drawn import card_html, card_markdown
from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.answers import Answer
from workbench.evaluation.digits import spanned
from workbench.pages import cards, evidence, index, index_html, tuning
from workbench.pages.card import Card
from workbench.pages.index import Index
from workbench.pages.overview import overview
from workbench.plots.style import shown

NEW = ("holdout_comparisons", "recommendation", "pareto", "price_curve", "multiplicity", "drift", "leakage")


@pytest.fixture(scope="module", params=[("regression", False), ("binary", True), ("multiclass", True)], ids=str)
def given(request: pytest.FixtureRequest) -> dict[str, Any]:
    return results(request.param[0], hostile=request.param[1])


def sections_of(given: dict[str, Any]) -> dict[str, Any]:
    return {section.id: section for section in overview(Index.model_validate(index(given)))}


def test_a_card_compares_with_black_box_glass_box_and_dummy(given: dict[str, Any]) -> None:
    for name, against in (
        ("linear", {"black box", "dummy"}),
        ("tree", {"black box", "glass box", "dummy"}),
        ("forest", {"glass box", "dummy"}),
    ):
        card = cards(given)[name]
        assert {c["against"] for c in card["comparisons"]} == against
        blocks = evidence.section(Card.model_validate(card)).blocks
        challengers = next(block for block in blocks if block.heading == "Challengers")
        assert len(challengers.bullets) == len(against)
        assert all("with a probability of" in told for told in challengers.bullets)
        assert len(challengers.pictures) == 1
        again = next(block for block in blocks if block.heading.startswith("The difference, estimated again"))
        assert all(told.startswith("On the holdout, whose rows chose neither, the ") for told in again.bullets)
        assert [row[0].value for row in again.tables[0].rows] == [c["reference"] for c in card["comparisons"]]


def test_differences_are_those_of_folds_and_holdout(given: dict[str, Any]) -> None:
    card = cards(given)["tree"]
    blocks = evidence.section(Card.model_validate(card)).blocks
    again = next(block for block in blocks if block.heading.startswith("The difference, estimated again"))
    held = {c["against"]: c["difference"] for c in card["holdout_comparisons"]}
    for row, c in zip(again.tables[0].rows, card["comparisons"], strict=True):
        assert row[1].value == c["difference"]
        assert row[3].value == held.get(c["against"])
    first = Answer.from_dict(card["holdout_comparisons"][0])
    assert spanned(first.difference, first.lower, first.upper, "").split(" ")[0] in again.bullets[0]


def test_the_recommended_model_is_told_on_index_and_on_its_card_alone(given: dict[str, Any]) -> None:
    told = given["recommendation"]
    page = index_html(index(given))
    assert told["reason"] in Page(page).text
    assert page.index('class="answer"') < page.index('class="answer second"')
    for name, card in cards(given).items():
        assert card["recommendation"] == told["reason"] * (name == told["model"])
    card = cards(given)[told["model"]]
    assert Page(card_html(card)).text.count(told["reason"]) == 2
    assert card_markdown(card).count(told["reason"][:40]) == 2
    row = page[page.index('<tr class="strong"') :][:400]
    assert f'href="cards/{told["model"]}.html"' in row


def test_the_price_is_that_of_glass_boxes_against_the_best_black_box(given: dict[str, Any]) -> None:
    told = index(given)
    assert {(c["model"], c["against"]) for c in told["comparisons"]} == {
        ("linear", "black box"),
        ("tree", "black box"),
    }
    price = sections_of(given)["price"]
    assert len(price.blocks[0].pictures) == len(price.blocks[1].pictures) == 1
    assert price.blocks[1].heading == "What size buys"
    assert all(name in price.blocks[1].paragraphs[0] for name in given["pareto"])


def test_many_good_models_say_where_they_agree_and_differ(given: dict[str, Any]) -> None:
    many = sections_of(given)["many"]
    assert f"{given['multiplicity']['ambiguity']:.0%} of the rows" in many.lead
    assert "About the columns" not in many.lead
    agree, differ = many.blocks
    titles = [c["title"] for c in given["data"]["columns"]]
    assert index(given)["agreed"] == titles[:3]
    assert shown(titles[0], 40) in agree.paragraphs[0]
    assert agree.paragraphs[1].startswith("About the columns they tell")
    assert "rank correlation" in agree.pictures[0].svg
    assert "share of rows on which two models conflict" in differ.pictures[0].svg


def test_columns_are_agreed_on_only_if_every_good_model_has_them_first() -> None:
    given = results()
    names = [c["name"] for c in given["data"]["columns"]]
    importance = given["models"][3]["answers"][0]["answer"]
    means = importance["importances_mean"]
    means[1], means[5] = means[5], means[1]  # sulphates fall behind
    assert index(given)["agreed"] == ["Alcohol", "Volatile acidity"]
    assert "sulphates" in names
    del given["models"][3]["answers"][0]
    assert index(given)["agreed"] == []


def test_two_good_models_need_no_matrix() -> None:
    given = results()
    found = given["multiplicity"]
    found["models"] = found["models"][:2]
    for key in ("disagreement", "rank_correlation"):
        found[key] = [row[:2] for row in found[key][:2]]
    assert not any(block.pictures for block in sections_of(given)["many"].blocks)


def test_planted_drift_and_leak_are_told(given: dict[str, Any]) -> None:
    checks = sections_of(given)["checks"]
    assert checks.title == "Checks of the data and the split"
    assert checks.lead == (
        "The holdout differs from the rows for development. Folds drawn at random, instead of ones that keep groups "
        "together, would claim too much."
    )
    drift, leakage = (block.tables[0] for block in checks.blocks)
    assert drift.rows[0][0].value == given["data"]["columns"][1]["name"]
    assert len(drift.heads) == 3  # nothing is missing
    assert leakage.rows[0][3].value == pytest.approx(0.12, abs=1e-6)
    given = {**given, "leakage": None}
    assert len(sections_of(given)["checks"].blocks) == 1


def test_missing_shares_are_told_where_there_are_any() -> None:
    given = results()
    column = given["drift"] = {**given["drift"], "columns": [dict(c) for c in given["drift"]["columns"]]}
    column["columns"][0] |= {"missing_before": 0.25, "missing_after": None}
    table = sections_of(given)["checks"].blocks[0].tables[0]
    row = next(row for row in table.rows if row[0].value == "alcohol")
    assert [cell.text for cell in row[3:]] == ["25.0%", "–"]


def test_older_results_have_none_of_it() -> None:
    given = results()
    for key in NEW:
        del given[key]
    for c in given["comparisons"]:
        for key in ("against", "region", "probability_worse", "probability_equivalent", "probability_better"):
            del c[key]
    given["comparisons"] = [c for c in given["comparisons"] if c["reference"] == "forest" and c["model"] != "dummy"]
    sections = sections_of(given)
    assert "many" not in sections
    assert "checks" not in sections
    assert len(sections["price"].blocks) == 1
    page = Page(card_html(cards(given)["linear"])).text
    assert "estimated again" not in page
    assert "with a probability of" not in page
    assert "Bold: the recommended model" not in Page(index_html(index(given))).text


@pytest.mark.parametrize(("task", "shares"), [("regression", ""), ("binary", ", each class by its share")])
def test_cards_and_index_say_how_rows_were_drawn(task: str, shares: str) -> None:
    given = results(task)
    told = (
        "Explanations and diagnostics look at {} rows for development and {} that are set aside, drawn at random, "
        f"none twice, by the seed 0{shares}. Fits and scores use all rows"
    )
    pages = [*map(card_html, cards(given).values()), index_html(index(given))]
    assert not [page for page in pages if "look at" in page and "drawn at random" in page]
    for development, holdout, words in (
        (200, 100, ("200 of the 1,199", "100 of the 400")),
        (200, 400, ("200 of the 1,199", "all 400")),
    ):
        given["sampling"] = {"holdout_alone": False, "most": 200, "development": development, "holdout": holdout}
        pages = [*map(card_html, cards(given).values()), index_html(index(given))]
        assert [page.count(told.format(*words)) for page in pages] == [1] * 5
    assert told.format(*words) in card_markdown(cards(given)["tree"])
    given["duplicates_story"] = None
    assert told.format(*words) in index_html(index(given))


@pytest.mark.parametrize(
    ("numbers", "looked_at", "words"),
    [
        ((1199, None), (200, 100), "200 of the 1,199 rows for development and 100 rows that are set aside,"),
        ((1199, None), (200, None), "200 of the 1,199 rows for development and all rows that are set aside,"),
        ((None, 800), (None, 200), "all rows for development and 200 of the 800 that are set aside,"),
        ((None, 400), (200, 400), "200 rows for development and all 400 that are set aside,"),
    ],
)
def test_a_draw_is_told_without_numbers_that_are_withheld(
    numbers: tuple[int | None, int | None], looked_at: tuple[int | None, int | None], words: str
) -> None:
    given = results()
    given["splits"] |= dict(zip(("n_development", "n_holdout"), numbers, strict=True))
    given["sampling"] = {"holdout_alone": False, "most": 200} | dict(
        zip(("development", "holdout"), looked_at, strict=True)
    )
    (told,) = evidence.drawn(Card.model_validate(cards(given)["tree"]).splits)
    assert f"look at {words}" in told
    assert told in index_html(index(given))


def test_tuning_says_what_was_tried_and_chosen() -> None:
    card = cards(results())["tree"]
    page = Page(card_html(card)).text
    assert "3 settings were tried by three folds inside the rows for development" in page
    assert "Chosen for the final fit: alpha 0.0, max_leaf_nodes 24." in page
    assert "max_leaf_nodes: 24 in 6, 12 in 4 of 10 folds." in page
    table = tuning.block(Card.model_validate(card), Card.model_validate(card).tuning).tables[0]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["max_leaf_nodes 24", "0.322", ""],
        ["as the study gives it", "0.310", ""],
        ["alpha 0.1, max_leaf_nodes 48", "–", "MemoryError"],
    ]
    assert "Tuning" in card_markdown(card)
    assert "were tried" not in Page(card_html(cards(results())["linear"])).text


def test_tuning_that_changes_nothing_says_so() -> None:
    given = results()
    found = given["models"][2]["tuning"]
    found["trials"] = found["trials"][:1]
    found["folds"] = []
    page = Page(card_html(cards(given)["tree"])).text
    assert "1 setting was tried" in page
    assert "The model stays as the study gives it" in page
