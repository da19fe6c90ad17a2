"""Cards as pages, drawn once by a process: it takes the better part of a second, and many tests look at the same cards.

They are those of `workbench.pages`, of the same names, which tests of drawing itself call: that it gives the same
twice, or fails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.pages.card import Card
from workbench.pages.html import view_html
from workbench.pages.markdown import view_markdown
from workbench.pages.pdf import view_pdf
from workbench.pages.sections import card_view
from workbench.pages.views import CardView


def view(card: Mapping[str, Any]) -> CardView:
    """Give all that the page of a card says; nobody may change it."""
    return _view(json.dumps(card))


def card_html(card: Mapping[str, Any]) -> str:
    return _html(json.dumps(card))


def card_markdown(card: Mapping[str, Any]) -> str:
    return view_markdown(view(card))


def card_pdf(card: Mapping[str, Any]) -> bytes:
    return view_pdf(view(card))


@lru_cache(maxsize=64)
def _view(card: str) -> CardView:
    return card_view(Card.model_validate(json.loads(card)))


@lru_cache(maxsize=64)
def _html(card: str) -> str:
    return view_html(_view(card))
