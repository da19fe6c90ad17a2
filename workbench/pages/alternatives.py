"""The alternatives that a study considered beside a model, and how each differs from it."""

from __future__ import annotations

from workbench.evaluation.digits import brief
from workbench.pages import tables
from workbench.pages.card import Card
from workbench.pages.parts import Standing
from workbench.pages.views import Cell, Head, Link, TableView
from workbench.plots.numbers import count, fixed, signed
from workbench.plots.style import shown


def table(card: Card) -> TableView | None:
    """Make the table of all other models, best first, each with what it has for and against it; None without a score.

    Differences are those of the means over the same folds; a difference below the study's region does not matter.
    """
    own = next(row for row in card.leaderboard if row.model == card.name)
    others = [row for row in card.leaderboard if row.model != card.name and row.score is not None]
    if own.score is None or not others:
        return None
    places = tables.score_places(card.leaderboard)
    title = tables.capital(card.ranking.title)
    heads = [Head("Model"), Head(title, numeric=True), Head("Better by", numeric=True), Head("Against it", long=True)]
    lines = []
    for row in others:
        gain = gained(card, row, own)
        lines.append(
            [
                Cell(
                    shown(row.model, 40),
                    row.model,
                    (Link(shown(row.model, 40), f"{row.model}.html"),),
                    tables.mark(row),
                ),
                Cell(fixed(row.score, places), row.score),
                Cell(signed(gain, places), gain),
                Cell(against(card, row, own)),
            ]
        )
    note = (
        f"Better by: the difference of the means on the same test rows, above 0 where the other model is better; below "
        f"{brief(card.region)} it does not matter. Paired intervals against the best of each kind stand above."
    )
    return TableView(
        f"Alternatives considered, against {shown(card.name, 40)}", heads, lines, note=note, name="alternatives"
    )


def gained(card: Card, row: Standing, own: Standing) -> float:
    """Give how much better another model scores, in the metric's unit, whichever direction is better."""
    assert row.score is not None and own.score is not None  # noqa: S101, PT018 - `table` asks of models with a score
    difference = row.score - own.score
    return difference if card.ranking.greater_is_better else -difference


def against(card: Card, row: Standing, own: Standing) -> str:
    """Say what speaks against another model: its score, that it can't be read, that there is more of it to hold."""
    gain = gained(card, row, own)
    said = []
    if gain <= -card.region:
        said.append("scores worse")
    if own.glassbox and not row.glassbox:
        said.append("a black box" + ("" if row.size is None else f" of {count(row.size)} numbers"))
    elif row.size is not None and own.size is not None and row.size > own.size:
        said.append(f"{count(row.size)} numbers to hold, not {count(own.size)}")
    if said:
        return tables.capital("; ".join(said)) + "."
    return "Nothing in score or size: it is better." if gain >= card.region else "Nothing in score or size."
