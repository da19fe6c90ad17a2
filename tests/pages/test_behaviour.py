from __future__ import annotations

import json
import re

import pytest

from tests.pages.drawn import card_html, card_markdown
from tests.pages.results import HOSTILE, results
from tests.pages.test_html import Page
from workbench.answers import Answer
from workbench.pages import behaviour, cards, index
from workbench.pages.card import Card
from workbench.pages.cautions import sentences

HEADINGS = (
    "Which columns the score rests on",
    "How predictions stand along the columns",
    "How predictions stand along pairs of columns",
    "How predictions change along the columns, among rows that are alike",
    "What columns add to single predictions",
    "Reasons for typical predictions, by SHAP",
    "What columns add near single rows",
    "Which columns act together",
    "What a model that can be read makes of it",
    "Do the methods agree?",
    "Kept apart",
)


@pytest.fixture(scope="module", params=[("regression", False), ("binary", True), ("multiclass", True)], ids=str)
def forest(request: pytest.FixtureRequest) -> dict:
    return cards(results(request.param[0], hostile=request.param[1]))["forest"]


def test_every_answer_has_a_block_with_a_picture(forest: dict) -> None:
    blocks = behaviour.blocks(Card.model_validate(forest))
    assert [block.heading for block in blocks] == list(HEADINGS)
    assert all(block.pictures for block in blocks[:-1])
    assert {part["method"] for part in forest["answers"]} <= {
        "permutation_importance", "partial_dependence", "ale", "shap", "lime", "interaction", "surrogate",
    }  # fmt: skip
    for block in blocks[:-1]:
        for view in block.pictures:
            assert view.finding
            assert view.told.endswith(".")


def test_pages_tell_of_it_in_words(forest: dict) -> None:
    page, written = Page(card_html(forest)), card_markdown(forest)
    for heading in HEADINGS:
        assert heading in page.text
        assert f"### {heading}" in written
    assert page.text.count("The band of refits is where 10 models of the same kind") == 1
    assert "(95% interval about their mean)" in page.text
    assert "Median R² of the local models on fresh neighbours: 0.710." in page.text
    assert "The decision tree in words" in page.text
    assert "LIME, prototypes and criticisms, counterfactuals" in page.text


def test_pictures_say_the_numbers_of_the_card() -> None:
    card = cards(results())["forest"]
    answers = {part["method"]: Answer.from_dict(part["answer"]) for part in card["answers"]}
    told = {block.heading: block for block in behaviour.blocks(Card.model_validate(card))}
    fidelity = told["What a model that can be read makes of it"].pictures[0].finding
    assert fidelity.startswith(f"A decision tree explains {answers['surrogate'].fidelity:.0%} of what the random")
    assert (
        told["What columns add to single predictions"]
        .pictures[0]
        .finding.endswith("with Alcohol, Sulphates and Volatile acidity")
    )
    assert "Least alike in the order of columns" in told["Do the methods agree?"].pictures[0].finding
    assert "noise floor 0.012" in told["Which columns the score rests on"].pictures[0].told
    assert "noise floor −" not in told["Which columns the score rests on"].pictures[0].told


def test_a_surface_says_what_its_tones_count() -> None:
    card = cards(results())["linear"]
    panels = behaviour.blocks(Card.model_validate(card))[2].pictures
    surface = next(view for view in panels if view.finding.startswith("Alcohol with Sulphates"))
    assert ">vs mean<" in surface.svg
    assert ">adds<" not in surface.svg


def test_cautions_come_last_and_stand_together() -> None:
    card = cards(results())["forest"]
    page = card_html(card)
    block = page[page.index("among rows that are alike") : page.index("What columns add to single predictions")]
    assert block.rindex("</svg>") < block.index("What can mislead here")
    assert "<li>Sulphates: rows that miss it are left out of its effect; likewise Volatile acidity.</li>" in block
    assert "What can mislead here" in card_markdown(card)


def test_cautions_that_differ_in_numbers_alone_are_one() -> None:
    labels = {"a": "Age", "bulk": "Bulk", "bulk two": "Second bulk", "   ": "blank", "c$1": "C"}
    warned = (
        "a moves with bulk two (Spearman correlation 0.70): it may not occur",
        "bulk two moves with a (Spearman correlation 0.70): it may not occur",
        "bulk moves with c$1 (Spearman correlation 0.85): it may not occur",
        "a: 3% of the points (of one) are empty",
        "bulk two: 30% of the points (of two) are empty",
        "about is no column",
        "about is no column",
    )
    assert sentences(warned, labels) == [
        "Bulk moves with C (Spearman correlation 0.85): it may not occur; likewise Age with Second bulk (0.70).",
        "Second bulk: 30% of the points (of two) are empty; likewise Age (3%).",
        "About is no column.",
    ]
    many = [f"{name}: 1 of rows" for name in labels if name.strip()]
    assert sentences(many, labels)[0].count(",") == 2


def test_hostile_cautions_stay_text() -> None:
    labels = {name: name for name in HOSTILE}
    for told in sentences([f"{name}: 3% of the rows" for name in HOSTILE], labels):
        assert "3%" in told
    given = results(hostile=True)
    page = card_html(cards(given)["forest"])
    assert not re.search(r"<script>alert", page)


def test_findings_read_as_sentences() -> None:
    given = results()
    given["findings"][0] |= {"evidence": "a flat line fits", "action": ""}
    told = json.dumps(index(given)["findings"])
    assert "A flat line fits." in told


def test_a_model_without_interactions_needs_no_picture_of_them() -> None:
    given = results()
    answer = given["models"][3]["answers"][5]
    assert answer["method"] == "interaction"
    for key in ("overall", "pairwise"):
        answer["answer"][key] = [[0.0] for _ in answer["answer"][key]]
    blocks = behaviour.blocks(Card.model_validate(cards(given)["forest"]))
    block = next(b for b in blocks if b.heading == "Which columns act together")
    assert not block.pictures
    assert block.paragraphs[-1].startswith("No two columns act together")
