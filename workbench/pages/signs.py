"""The signs on a card that say how each of its numbers can be checked, set on the view that all formats print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workbench.pages.card import Card
from workbench.pages.checkable import Mark
from workbench.pages.views import Block, CardView, Fact, Head, Section, Sign, TableView

_SIGNS: dict[Mark, Sign] = {
    "holdout": Sign("✓", "recomputed by workbench verify from the data and the saved model"),
    "private": Sign("(✓)", "not checkable without the private part"),
    "refit": Sign("↻", "recomputed by workbench verify --refit, which trains again"),
    "none": Sign("⊘", "can't be recomputed"),
}
# the field of the card that a section is about; one that is not named is about what a refit gives again, if one may
_SECTIONS = {
    "model": "form",
    "use": "statements",
    "data": "data",
    "limits": "statements",
    "identity": "statements",
    "reproduce": "environment",
    "privacy": "",
}
# facts, by section and how their terms begin or end, and the fields that they are of
_FACTS = {
    ("glance", "on the holdout"): "scores.holdout",
    ("glance", "Size"): "size",
    ("glance", "Filled in"): "statements",
    ("identity", "Model file, SHA-256"): "form",
    ("reproduce", "Seed"): "splits",
    ("reproduce", "Data, SHA-256"): "data",
    ("reproduce", "Splits, SHA-256"): "splits",
    ("reproduce", "Rows"): "splits",
}
# heads of tables, by the table's name and how the head's text begins
_HEADS = {("scores", "Holdout"): "scores.holdout", ("leaderboard", "Fit"): "fit_seconds"}


def signed(card: Card, view: CardView) -> CardView:
    """Set the signs: one a section, and one on each fact, table and head that differs from it."""
    of, other = card.checked, _other(card.checked)
    return replace(
        view,
        sign=_SIGNS[other],
        legend=_legend(of),
        facts=[replace(fact, sign=_SIGNS[_fact(of, "glance", fact) or other]) for fact in view.facts],
        sections=[_section(card, section) for section in view.sections],
    )


def _other(of: Mapping[str, Mark]) -> Mark:
    """Give the mark of all that has none of its own: no refit gives it again where none does in the whole study."""
    return "refit" if "refit" in of.values() else "none"


def _legend(of: Mapping[str, Mark]) -> str:
    told = [
        f"{sign.text} {sign.label}"
        for mark, sign in _SIGNS.items()
        if mark in of.values() or mark not in ("private", "refit")
    ]
    whole = "The sign after a section's first sentence holds for all numbers of the section that have none of their own"
    return f"Signs: {'; '.join(told)}. {whole}; no time can be recomputed."


def _section(card: Card, section: Section) -> Section:
    field = _SECTIONS.get(section.id)
    if field == "":
        return section
    own: Mark = _other(card.checked) if field is None else card.checked[field]
    return replace(section, sign=_SIGNS[own], blocks=[_block(card, section.id, own, block) for block in section.blocks])


def _block(card: Card, section: str, own: Mark, block: Block) -> Block:
    return replace(
        block,
        facts=[_signed_fact(card.checked, section, own, fact) for fact in block.facts],
        tables=[_table(card, section, own, table) for table in block.tables],
    )


def _signed_fact(of: Mapping[str, Mark], section: str, own: Mark, fact: Fact) -> Fact:
    found = _fact(of, section, fact)
    return fact if found in (None, own) else replace(fact, sign=_SIGNS[found])


def _fact(of: Mapping[str, Mark], section: str, fact: Fact) -> Mark | None:
    fields = (f for (place, text), f in _FACTS.items() if place == section and _is_at_an_end(text, fact.term))
    return next((of[field] for field in fields), None)


def _is_at_an_end(text: str, term: str) -> bool:
    return term.startswith(text) or term.endswith(text)


def _table(card: Card, section: str, own: Mark, table: TableView) -> TableView:
    found = own
    if section == "model" and any(table.caption.startswith(str(each.get("title"))) for each in card.details):
        found = card.checked["details"]  # what the library knows of its fit stands in no form
    heads = [_head(card.checked, table.name, found, head) for head in table.heads]
    return replace(table, heads=heads, sign=None if found == own else _SIGNS[found])


def _head(of: Mapping[str, Mark], table: str, own: Mark, head: Head) -> Head:
    fields = (f for (name, text), f in _HEADS.items() if name == table and head.text.startswith(text))
    found = next((of[field] for field in fields), own)
    return head if found == own else replace(head, sign=_SIGNS[found])
