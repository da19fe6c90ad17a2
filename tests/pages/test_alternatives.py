from __future__ import annotations

import copy

import pytest

from tests.pages.results import results
from workbench.pages import alternatives, cards
from workbench.pages.card import Card


def card(name: str, changes: dict[str, dict], region: float = 0.01, greater: bool = True) -> Card:
    data = copy.deepcopy(cards(results())[name])
    data["region"] = region
    data["ranking"]["greater_is_better"] = greater
    for row in data["leaderboard"]:
        row |= changes.get(row["model"], {})
    return Card.model_validate(data)


def told(given: Card) -> dict[str, list[str]]:
    made = alternatives.table(given)
    assert made is not None
    return {row[0].text: [cell.text for cell in row[1:]] for row in made.rows}


@pytest.mark.parametrize("greater", [True, False])
def test_others_are_told_with_what_speaks_against_them(greater: bool) -> None:
    sign = 1 if greater else -1
    changes = {
        "linear": {"score": 0.5, "size": 20},
        "forest": {"score": 0.5 + 0.1 * sign, "size": 50_000},
        "dummy": {"score": 0.5 - 0.4 * sign, "size": 1},
    }
    found = told(card("linear", changes, greater=greater))
    assert "linear" not in found
    assert found["forest"][1].startswith("+0.1")
    assert found["forest"][2] == "A black box of 50,000 numbers."
    assert found["dummy"][1].startswith("−0.4")
    assert found["dummy"][2] == "Scores worse."


def test_sizes_count_and_small_differences_do_not() -> None:
    changes = {"forest": {"score": 0.5, "size": 500}, "linear": {"score": 0.495, "size": 20}}
    found = told(card("forest", changes))
    assert found["linear"][2] == "Nothing in score or size."
    changes = {"linear": {"score": 0.5, "size": 20}, "dummy": {"score": 0.505, "size": 400}}
    assert told(card("linear", changes))["dummy"][2] == "400 numbers to hold, not 20."


def test_a_model_without_a_score_is_compared_with_none() -> None:
    assert alternatives.table(card("linear", {"linear": {"score": None}})) is None
