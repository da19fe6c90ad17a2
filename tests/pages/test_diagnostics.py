from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.pages.drawn import card_html, card_markdown
from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.answers import Answer
from workbench.pages import cards, diagnostics
from workbench.pages.card import Card
from workbench.plots.numbers import fixed

HEADINGS = {
    "calibration": "Do predictions mean what they say?",
    "recalibration": "Would recalibration help?",
    "residuals": "What errors still follow",
    "weak_regions": "Where the model is weak",
    "conformal": "How sure single predictions are",
    "robustness": "What small changes of the columns do",
    "overfit": "Training rows against rows left out",
    "fairness": "Are groups treated alike?",
}
TASKS = ("regression", "binary", "multiclass")


def section(name: str, task: str = "regression", **options: Any) -> Any:
    return diagnostics.section(Card.model_validate(cards(results(task, **options))[name]))


@pytest.mark.parametrize("task", TASKS)
def test_every_check_has_a_block_in_one_order(task: str) -> None:
    left_out = "recalibration" if task == "regression" else "residuals"
    expected = [heading for name, heading in HEADINGS.items() if name != left_out]
    for name in ("forest", "linear"):
        found = section(name, task)
        headings = [block.heading for block in found.blocks if block.heading]
        assert headings == [*expected, "How complex it is to explain", "What was not checked"]
        assert found.title == "Sensitivity and diagnostics"
        assert found.blocks[-1].bullets[0].startswith(f"{left_out.capitalize()}: ")
        for block in found.blocks:
            assert all(view.finding and view.told.endswith(".") for view in block.pictures)


def test_planted_faults_are_told_first_and_a_sound_model_has_none() -> None:
    faulty = section("forest")
    assert faulty.lead == (
        "7 of 7 checks show something: calibration, residuals, weak regions, conformal intervals, robustness, overfit, "
        "fairness."
    )
    told = " ".join(faulty.blocks[0].bullets)
    assert "Predictions are too timid." in told
    assert "Residuals still follow the prediction, Alcohol." in told
    assert "Where alcohol > " in told
    assert "Groups of cellar owner are treated differently." in told
    sound = section("linear")
    assert sound.lead == "1 of 7 checks shows something: overfit."
    assert "calibration" not in section("linear", "binary").lead


def test_numbers_are_those_of_the_answers() -> None:
    card = cards(results("binary"))["forest"]
    answers = {part["name"]: Answer.from_dict(part["answer"]) for part in card["diagnostics"] if part["answer"]}
    page, written = Page(card_html(card)), card_markdown(card)
    curve, better = answers["calibration"].curves[0], answers["recalibration"]
    for text in (page.text, written.replace("\\", "")):
        assert fixed(curve.slope, 2) in text
        assert fixed(better.loss_before, 3) in text
        assert fixed(better.loss_after, 3) in text
        assert f"{answers['overfit'].share:.0%} of what the training rows seem to gain" in text
        assert f"{answers['conformal'].share_single:.0%} of the sets hold one class" in text
    gaps = next(
        t for b in diagnostics.section(Card.model_validate(card)).blocks for t in b.tables if t.name == "fairness"
    )
    assert [row[4].value for row in gaps.rows] == pytest.approx([rate.gap for rate in answers["fairness"].rates])


def test_a_wide_picture_is_no_small_multiple() -> None:
    page = card_html(cards(results())["forest"])
    blocks = section("forest").blocks
    errors = next(block for block in blocks if block.heading == HEADINGS["residuals"])
    assert len(errors.pictures) == 2
    assert errors.large
    assert 'class="multiples large"' in page
    assert 'class="multiples">' in page  # of effects


def test_what_a_model_refuses_is_said_once() -> None:
    block = next(b for b in section("linear").blocks if b.heading == HEADINGS["robustness"])
    assert block.bullets == ["The model refuses rows with missing values."]
    assert not block.cautions
    assert [cell.text for cell in block.tables[0].rows[-1]] == ["10% of cells missing", "–", "refused"]


def test_complexity_stands_beside_size_and_by_column() -> None:
    card = cards(results())["forest"]
    text = Page(card_html(card)).text
    assert "7 of 9 columns used; 23% of what it does is interaction; curves of 3.4 linear pieces on average" in text
    table = section("forest").blocks[-2].tables[0]
    assert [row[0].text for row in table.rows[:2]] == ["Alcohol", "Sulphates"]
    assert [row[1].text for row in table.rows] == ["4", "3", "3", "2", "1", "1", "1", "not used", "not used"]
    assert sum(row[2].value for row in table.rows if row[2].value) == pytest.approx(1)


def test_older_results_have_no_diagnostics() -> None:
    given = results()
    for model in given["models"]:
        for key in ("diagnostics", "complexity", "tuning"):
            model.pop(key, None)
    for name, card in cards(given).items():
        page = Page(card_html(card))
        lead = "The baseline is not diagnosed." if name == "dummy" else "The study asked for no diagnostics."
        assert lead in page.text
        assert "Complexity, from its predictions alone" not in page.text


def test_only_reasons_are_no_checks() -> None:
    given = results()
    given["models"][1]["diagnostics"] = [{"name": "weak_regions", "reason": "fewer than 60 rows"}]
    card = Card.model_validate(cards(given)["linear"])
    found = diagnostics.section(card)
    assert found.lead == "No diagnostic could be computed."
    assert found.blocks[-1].bullets == ["Weak regions: fewer than 60 rows."]


def test_counts_of_rows_below_ten_are_withheld_in_diagnostics() -> None:
    given = results()
    part = next(d for d in given["models"][1]["diagnostics"] if d["name"] == "fairness")
    part = json.loads(json.dumps(part))
    rate = part["answer"]["rates"][0]
    rate["rows"][0] = 4.0
    given["models"][1]["diagnostics"] = [part]
    card = cards(given)["linear"]
    assert card["diagnostics"][0]["answer"]["rates"][0]["rows"][0] is None
    assert np.isnan(Answer.from_dict(card["diagnostics"][0]["answer"]).rates[0].rows[0])
    assert "&lt; 10 rows" in card_html(card)


@pytest.mark.parametrize("task", TASKS)
def test_hostile_names_stay_text(task: str) -> None:
    page = card_html(cards(results(task, hostile=True))["forest"])
    assert "<script>alert" not in page
    assert len(page) < 2_000_000


@pytest.mark.parametrize(("gain", "said"), [(0.1, "lowers log loss by 0.100"), (-0.1, "raises log loss by 0.100")])
def test_the_map_of_a_recalibrated_model_is_told(gain: float, said: str) -> None:
    given = results("binary")
    (part,) = [d for d in given["models"][1]["diagnostics"] if d["name"] == "recalibration"]
    part["answer"] |= {"applied": True, "gain": gain, "gain_lower": gain - 0.05, "gain_upper": gain + 0.05}
    found = diagnostics.section(Card.model_validate(cards(given)[given["models"][1]["name"]]))
    (block,) = [b for b in found.blocks if b.heading == "What did recalibration do?"]
    assert said in block.paragraphs[0]
    assert "The model is recalibrated (sigmoid)" in block.paragraphs[0]
    assert block.tables[0].rows[0][0].text == "as the library gives them"
    assert ("Its recalibration raises log loss" in " ".join(found.blocks[0].bullets)) == (gain < 0)
