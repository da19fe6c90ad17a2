"""From a card or the index to one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

from workbench.answers import Answer
from workbench.pages import sections as parts
from workbench.pages import tables
from workbench.pages.card import Card
from workbench.pages.index import Index
from workbench.pages.views import Block, Fact, PictureView, Section
from workbench.plots import PAGE, comparison, leaderboard, scores, svg
from workbench.plots.numbers import count, fixed, interval, seconds, short
from workbench.plots.style import shown


def card_html(data: Mapping[str, Any]) -> str:
    """Render the page of one model from its card JSON.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no card of this version.
    """
    card = Card.model_validate(data)
    row = next(row for row in card.leaderboard if row.model == card.name)
    return _render(
        "card.html.j2",
        title=f"{shown(card.name, 60)} · {shown(card.study, 80)}",
        card=card,
        kind=tables.mark(row),
        what=parts.what(card),
        facts=_glance(card),
        picture=None if row.score is None else _score_picture(card),
        sections=parts.sections(card),
    )


def index_html(data: Mapping[str, Any]) -> str:
    """Render the index of a run from its index JSON.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no index of this version.
    """
    index = Index.model_validate(data)
    part = index.data
    meta = [
        f"{count(part.n_rows)} rows",
        f"{count(part.n_features)} features",
        _task(index),
        f"seed {index.splits.seed}",
    ]
    board = tables.leaderboard(index.leaderboard, index.ranking, f"Leaderboard ({index.splits.scheme})", links=True)
    return _render(
        "index.html.j2",
        title=shown(index.title, 80),
        index=index,
        meta=meta,
        board=board,
        picture=_accuracy_picture(index),
        sections=_index_sections(index),
    )


def _task(index: Index) -> str:
    classes = len(index.data.classes)
    return f"{classes} classes" if classes else "regression"


def _score_picture(card: Card) -> PictureView:
    finding = f"{tables.capital(card.ranking.title)} from the dummy to the best model"
    line = scores.draw_line(card.name, card.leaderboard, PAGE, greater_is_better=card.ranking.greater_is_better)
    told = scores.describe_line(card.name, card.leaderboard, card.ranking.title)
    return PictureView(svg(line, finding, told), finding, "Thick line: 95% interval of the mean over folds.")


def _glance(card: Card) -> list[Fact]:
    row = next(row for row in card.leaderboard if row.model == card.name)
    places = tables.score_places(card.leaderboard)
    within = "" if row.lower is None else f" {interval(row.lower, row.upper, places)}"
    facts = [
        Fact(
            f"{tables.capital(card.ranking.title)}, mean over folds [95% interval]",
            f"{fixed(row.score, places)}{within}",
        )
    ]
    if row.holdout is not None:
        facts.append(Fact(f"{tables.capital(card.ranking.title)} on the holdout", fixed(row.holdout, places)))
    size = "not counted" if card.size is None else f"{count(card.size)} numbers"
    facts.append(Fact("Size: what a reader has to hold", size))
    facts.append(Fact("Filled in by a person", f"{card.provided} of {card.asked} entries"))
    return facts


def _accuracy_picture(index: Index) -> PictureView:
    better = index.ranking.greater_is_better
    board = SimpleNamespace(rows=index.leaderboard, metric=index.ranking.name)
    finding = leaderboard.finding(board, greater_is_better=better)
    drawing = leaderboard.draw(board, PAGE, metric=index.ranking.title, greater_is_better=better, title=False)
    note = (
        "● glass box, ○ black box; vertical lines are 95% intervals. Size counts the numbers that a reader has to hold."
    )
    return PictureView(svg(drawing, finding, leaderboard.describe(board)), finding, note)


def _index_sections(index: Index) -> list[Section]:
    out = []
    if index.price or index.comparisons:
        out.append(_price(index))
    if index.repeats is not None:
        block = Block(
            paragraphs=[parts.design(index.splits, repeats=False)],
            tables=[tables.repeats(index.repeats, index.ranking)],
        )
        out.append(Section("repeats", "What repeated rows do", index.repeats.sentence, [block]))
    else:
        out.append(Section("design", "How the models were checked", parts.design(index.splits)))
    part = index.data
    lead = f"{count(part.n_rows)} rows, {count(part.n_features)} features, and the target {shown(part.target.title)}."
    out.append(Section("data", "The data", lead, parts.data_blocks(index.data)))
    last = parts.reproduce(index.environment, index.splits, index.data.hash, None)
    took = [] if index.seconds is None else [f"The whole run took {seconds(index.seconds)} seconds."]
    blocks = [*last.blocks, Block(paragraphs=took, tables=[tables.steps(index.steps)] if index.steps else [])]
    return [*out, Section("reproduce", "How to reproduce", last.lead, blocks)]


def _price(index: Index) -> Section:
    compared: list[Any] = [Answer.from_dict(c) for c in index.comparisons]
    pictures = []
    lead = "Each glass box against the best black box, on the same folds."
    if compared:
        glass = {row.model: row.glassbox for row in index.leaderboard}
        finding = comparison.finding(compared)
        drawing = comparison.draw(
            compared, PAGE, region=index.region, metric=index.ranking.title, title=False, glassbox=glass
        )
        note = f"Lines are 95% intervals. Shaded: differences below {short(index.region)}, too small to matter."
        pictures.append(PictureView(svg(drawing, finding, comparison.describe(compared)), finding, note))
    return Section(
        "price",
        "What interpretability costs",
        lead,
        [Block(bullets=[p.sentence for p in index.price], pictures=pictures)],
    )


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
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rendered: str = _environment().get_template(template).render(style=style, script=script, digest=digest, **values)
    return rendered


def _css_string(text: str) -> str:
    """Write a text so that nothing in it can end a CSS string or a style element."""
    return "".join(ch if ch.isalnum() and ch.isascii() else f"\\{ord(ch):x} " for ch in text)
