"""The signs that say how a card's numbers can be checked."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tests.pages import drawn
from tests.pages.results import results
from workbench.pages import card_html, card_markdown, cards, signs
from workbench.pages.views import CardView


def view(name: str, **changes: Any) -> CardView:
    return drawn.view(cards(results())[name] | changes)


def shown(sign: Any) -> str:
    return "" if sign is None else sign.text


def test_each_place_that_has_a_sign_of_its_own_is_on_a_card() -> None:
    """A fact or a head that was given other words would lose its sign without a word."""
    card = view("tree")
    facts = [("glance", fact.term) for fact in card.facts]
    facts += [(s.id, fact.term) for s in card.sections for block in s.blocks for fact in block.facts]
    for place, text in signs._FACTS:
        assert [term for at, term in facts if at == place and (term.startswith(text) or term.endswith(text))], text
    tables = [table for s in card.sections for block in s.blocks for table in block.tables]
    for name, text in signs._HEADS:
        assert [h for t in tables if t.name == name for h in t.heads if h.text.startswith(text)], text
    assert set(signs._SECTIONS) <= {s.id for s in card.sections}


def test_signs_stand_where_they_differ() -> None:
    card = view("tree")
    assert [shown(fact.sign) for fact in card.facts] == ["↻", "✓", "✓", "↻", "⊘"]
    assert {s.id: shown(s.sign) for s in card.sections} == {
        **dict.fromkeys(("model", "data"), "✓"),
        **dict.fromkeys(("behaviour", "evidence", "diagnostics", "method"), "↻"),
        **dict.fromkeys(("use", "limits", "identity", "reproduce"), "⊘"),
        "privacy": "",
    }
    tables = {t.name: t for s in card.sections for block in s.blocks for t in block.tables}
    assert [shown(head.sign) for head in tables["scores"].heads[3:5]] == ["✓", ""]
    assert shown(next(h for h in tables["leaderboard"].heads if h.text.startswith("Fit")).sign) == "⊘"


def test_what_the_library_knows_of_its_fit_takes_a_refit() -> None:
    told = {
        "kind": "details",
        "title": "Standard errors",
        "columns": ["column", "error"],
        "rows": [["a", 1.0], ["b", 2.0]],
        "note": "",
        "provenance": {"method": "made up"},
    }
    card = view("linear", details=[told])
    model = next(s for s in card.sections if s.id == "model")
    found = {t.caption: shown(t.sign) for block in model.blocks for t in block.tables}
    assert found["Standard errors"] == "↻"
    assert "" in found.values()


@pytest.mark.parametrize(("name", "sign"), [("linear", "✓"), ("forest", "(✓)")])
def test_a_private_form_can_be_checked_with_the_private_part_alone(name: str, sign: str) -> None:
    card = view(name)
    assert shown(card.facts[1].sign) == sign
    assert ("not checkable without the private part" in card.legend) == (sign == "(✓)")
    page = drawn.card_html(cards(results())[name])
    assert f">{sign}</span>" in page
    assert ("not checkable without the private part" in page) == (sign == "(✓)")


def test_no_sign_promises_a_refit_where_a_cluster_trained_a_model() -> None:
    """A study with such a model can't be run again to the same numbers: `verify --refit` leaves it open."""
    given = results()
    given["models"][2]["n_workers"] = 2
    for name, card in cards(given).items():
        assert "refit" not in card["checked"].values()
        for page in (card_html(card), card_markdown(card)):
            assert "↻" not in page, name
            assert "recomputed by workbench verify --refit" not in page, name
            assert "⊘ can't be recomputed" in unescape(page), name
    view = drawn.view(cards(given)["linear"])
    assert shown(view.sign) == "⊘"
    assert [shown(fact.sign) for fact in view.facts] == ["⊘", "✓", "✓", "⊘", "⊘"]
    found = {s.id: shown(s.sign) for s in view.sections}
    assert found["evidence"] == found["behaviour"] == found["method"] == "⊘"
    assert found["data"] == found["model"] == "✓"
