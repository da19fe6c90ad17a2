"""From a card or the index to one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from workbench.pages import accuracy, room, tables
from workbench.pages.card import Card
from workbench.pages.index import Index
from workbench.pages.links import on_index
from workbench.pages.overview import overview
from workbench.pages.pair_view import lighter, pair_view
from workbench.pages.parts import FindingPart
from workbench.pages.sections import card_view
from workbench.pages.side_by_side import SideBySide
from workbench.pages.views import CardView, Section
from workbench.plots.numbers import count
from workbench.plots.style import shown

_MOST_FINDINGS = 5
_SCRIPTS = ("page.js", "points.js", "pair.js", "figures.js")


def card_html(data: Mapping[str, Any]) -> str:
    """Render the page of one model from its card JSON.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no card of this version.
    """
    return view_html(card_view(Card.model_validate(data)))


def view_html(card: CardView) -> str:
    """Render the view of a card.

    Raises
    ------
    RoomError
        If the page is too large whatever is left out of it.
    """

    def made(sections: Sequence[Section]) -> str:
        return _render("card.html.j2", title=card.title, card=replace(card, sections=sections))

    return room.held(card.sections, made, "in the card's JSON")


def index_html(data: Mapping[str, Any]) -> str:
    """Render the index of a run from its index JSON.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no index of this version.
    RoomError
        If the page is too large whatever is left out of it.
    """
    index = Index.model_validate(data)
    part = index.data
    meta = [
        f"{count(part.n_rows)} rows",
        f"{count(part.n_features)} features",
        _task(index),
        f"seed {index.splits.seed}",
    ]
    board = tables.leaderboard(
        index.leaderboard,
        index.ranking,
        f"Leaderboard ({index.splits.scheme})",
        formats=index.formats,
        strong=index.recommended,
    )
    parts = overview(index)
    found, minor = (on_index(each, parts) for each in _findings(index))
    known: dict[str, Any] = {"index": index, "findings": found, "minor": minor, "meta": meta, "board": board}
    known |= {"title": shown(index.title, 80), "picture": accuracy.picture_of(index)}
    return room.held(parts, lambda sections: _render("index.html.j2", **known, sections=sections), "in results.json")


def side_by_side_html(data: Mapping[str, Any]) -> str:
    """Render the page of two models from its JSON.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no such page of this version.
    RoomError
        If the page is too large without any picture.
    """
    page = SideBySide.model_validate(data)
    names = [model.name for model in page.models]
    shown_first = {page.first: 0, page.second: 1}
    known: dict[str, Any] = {
        "title": f"Two models side by side · {shown(page.title, 80)}",
        "title_of_study": shown(page.title, 80),
        "ordered": sorted(page.models, key=lambda model: shown_first.get(model.name, 2)),
        "places": {name: place for place, name in enumerate(names)},
    }
    view = pair_view(page)
    made = _render("compare.html.j2", **known, view=view)
    while (over := room.excess(made)) > 0:
        view = lighter(view, over)
        made = _render("compare.html.j2", **known, view=view)
    return made


def _task(index: Index) -> str:
    classes = len(index.data.classes)
    return f"{classes} classes" if classes else "regression"


def _findings(index: Index) -> tuple[list[FindingPart], list[FindingPart]]:
    """Give the findings that stand open, and those that fold where there are many.

    Then findings about the study stand first, those about single models, which are on their cards too, and those of
    low severity fold.
    """
    told = list(index.findings)
    if len(told) <= _MOST_FINDINGS or all(f.severity == "low" for f in told):
        return told, []
    is_open = [f.about == "study" and f.severity != "low" for f in told]
    return [f for f, o in zip(told, is_open, strict=True) if o], [
        f for f, o in zip(told, is_open, strict=True) if not o
    ]


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("workbench.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css_string"] = _css_string
    return environment


def _render(template: str, **values: Any) -> str:
    folder = files("workbench.pages") / "templates"
    style, *scripts = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", *_SCRIPTS))
    script = "".join(scripts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rendered: str = _environment().get_template(template).render(style=style, script=script, digest=digest, **values)
    return rendered


def _css_string(text: str) -> str:
    """Write a text so that nothing in it can end a CSS string or a style element."""
    return "".join(ch if ch.isalnum() and ch.isascii() else f"\\{ord(ch):x} " for ch in text)
