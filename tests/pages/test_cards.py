from __future__ import annotations

import copy
import json

import pytest
from pydantic import ValidationError

from tests.pages.results import results
from workbench.pages import Card, Index, cards, index
from workbench.pages.card import PROVIDED
from workbench.pages.parts import public
from workbench.study.parts import Report


def counts_of_rows(value: object, key: str = "") -> list[int]:
    if isinstance(value, dict):
        return [n for k, v in value.items() for n in counts_of_rows(v, k)]
    if isinstance(value, list):
        return [n for v in value for n in counts_of_rows(v, key)]
    counting = key in ("count", "missing", "bin_counts", "repeated_rows", "n_rows")
    return [value] if counting and isinstance(value, int | float) else []


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("hostile", [False, True])
def test_cards_and_index_are_valid_json_of_their_schema(task: str, hostile: bool) -> None:
    given = results(task, hostile=hostile)
    made = cards(given)
    assert list(made) == ["dummy", "linear", "tree", "forest"]
    for card in made.values():
        assert card["card_format"] == 1
        again = json.loads(json.dumps(card, allow_nan=False))
        assert Card.model_validate(again).model_dump(mode="json") == card
    assert Index.model_validate(json.loads(json.dumps(index(given), allow_nan=False))).index_format == 1


def test_an_unknown_field_or_version_is_refused() -> None:
    card = cards(results())["tree"]
    with pytest.raises(ValidationError, match="surprise"):
        Card.model_validate({**card, "surprise": 1})
    with pytest.raises(ValidationError, match="card_format"):
        Card.model_validate({**card, "card_format": 2})


def test_results_are_not_changed() -> None:
    given = results(hostile=True)
    before = copy.deepcopy(given)
    cards(given), index(given)
    assert given == before


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_no_count_of_rows_below_ten_is_told(task: str) -> None:
    given = results(task)
    told = counts_of_rows([*cards(given).values(), index(given)])
    assert told
    assert not [n for n in told if 0 < n < 10]


def test_few_repeated_rows_are_withheld_from_the_sentence_too() -> None:
    given = results()
    given["splits"]["duplicates"] |= {"repeated_rows": 4, "reason": "4 of 1,599 rows repeat"}
    card = cards(given)["tree"]
    assert card["splits"]["duplicates"]["repeated_rows"] is None
    assert "4 of" not in json.dumps(card)


def test_folders_of_paths_are_left_out() -> None:
    given = results()
    given["environment"]["command"] = "workbench run /home/ann/secret/study.yaml --out ~/private/reports"
    given["data"]["source"] = "C:\\Users\\ann\\wine.csv"
    text = json.dumps([cards(given), index(given)])
    assert "ann" not in text.replace("channel", "")
    assert "study.yaml" in text
    assert public("R² / RMSE in mg/dm³, and/or https://a.b/c/d") == "R² / RMSE in mg/dm³, and/or https://a.b/c/d"


def test_what_nobody_provided_is_counted() -> None:
    card = cards(results())["tree"]
    assert (card["provided"], card["asked"]) == (2, len(PROVIDED))
    assert {s["key"] for s in card["statements"] if s["text"]} == {"owner", "intended_use"}


def test_the_card_asks_for_all_that_a_study_can_tell() -> None:
    assert set(PROVIDED) == set(Report.model_fields) - {"formats", "rows"}


def test_a_private_form_stays_out() -> None:
    given = results()
    model = given["models"][2]
    model["form"] |= {"private": True, "reason": "holds rows"}
    card = cards(given)["tree"]
    assert card["form"] == {"available": True, "private": True, "reason": "holds rows", "sha256": "ab" * 32, "file": "",
                            "text": "",
                            "latex": "", "form": None}  # fmt: skip
    assert any("kept apart" in line for line in card["privacy"])


def test_findings_stand_gravest_first_and_with_their_model() -> None:
    given = results()
    assert [f["severity"] for f in index(given)["findings"]] == ["high", "medium", "low"]
    assert [f["about"] for f in cards(given)["tree"]["findings"]] == ["tree"]


def test_a_failed_model_is_told_without_its_paths() -> None:
    failures = index(results())["failures"]
    assert failures == [{"model": "broken", "error": "MemoryError in secret.py: no room for 3 arrays"}]


@pytest.mark.parametrize("name", ["../../etc/cron", "a/b", "", ".hidden", "a" * 61])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    given = results()
    given["models"][2]["name"] = name
    with pytest.raises(ValidationError, match="name"):
        cards(given)
