"""The section about data and split: whether the holdout is like the rest, and what a careless split would claim."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from workbench.answers import Drift, Leakage
from workbench.evaluation.alarms import chance_in_words
from workbench.evaluation.price import titles_of
from workbench.pages.check import CLEAR
from workbench.pages.details import p_value
from workbench.pages.index import Index
from workbench.pages.views import Block, Cell, Head, Section, TableView
from workbench.plots.numbers import MISSING, fixed, interval, interval_decimals, rows
from workbench.plots.style import shown

_GUARDS = {
    "group": ("keep groups together", "Groups kept together"),
    "time": ("run forward in time", "Forward in time"),
}


def section(index: Index) -> Section:
    """Give the section; its first sentence says what was found."""
    leads, blocks = [], []
    if index.drift is not None:
        drift = Drift.from_dict(index.drift)
        leads.append(_drift_lead(drift))
        blocks.append(_drift(index, drift))
    if index.leakage is not None:
        leakage = Leakage.from_dict(index.leakage)
        leads.append(_leakage_lead(leakage))
        blocks.append(_leakage(index, leakage))
    return Section("checks", "Checks of the data and the split", " ".join(leads), blocks)


def _drift_lead(answer: Drift) -> str:
    # half of the rate for the columns, half for all of them together
    if not answer.telling and not answer.auc_p_value <= CLEAR / 2:
        return "The holdout looks like the rows for development."
    return "The holdout differs from the rows for development."


def _drift(index: Index, answer: Drift) -> Block:
    auc = f"{fixed(answer.auc, 2)} {interval(answer.auc_lower, answer.auc_upper, 2)}"
    told = (
        f"A random forest tells the {rows(answer.n_after)} rows of the holdout from the {rows(answer.n_before)} for "
        f"development with an AUC of {auc} ({chance_in_words(answer.auc_p_value)}); 0.5 is guessing, 1 is every time."
    )
    table = _columns(index, answer)
    return Block(heading="Is the holdout like the rest?", paragraphs=[told], tables=[table], topic="drift")


def _columns(index: Index, answer: Drift) -> TableView:
    titles = {column.name: column.title for column in index.data.columns}
    gaps = any(gap > 0 for c in answer.columns for gap in (c.missing_before, c.missing_after))
    heads = [Head("Column"), Head("Distance", numeric=True), Head("p", numeric=True)]
    heads += [Head("Missing, development", numeric=True), Head("Missing, holdout", numeric=True)] * gaps
    lines = []
    for column in sorted(answer.columns, key=lambda c: -_or(c.distance, -1.0)):
        distance = None if math.isnan(column.distance) else column.distance
        lines.append(
            [
                Cell(shown(titles.get(column.column, column.column), 40), column.column),
                Cell(fixed(distance, 2), distance, bar=distance),
                Cell(p_value(column.p_value), column.p_value),
                *(_share(gap) for gap in (column.missing_before, column.missing_after) * gaps),
            ]
        )
    note = (
        "Distance: 0 where both sets of rows have the same distribution, 1 where they share nothing. p: of two draws "
        "of the same distribution, corrected for the number of columns."
    )
    if gaps:
        note += " Shares of missing values that would tell of fewer than 10 rows are withheld."
    return TableView("Development against holdout", heads, lines, sortable=True, name="drift", note=note)


def _share(gap: float) -> Cell:
    return Cell(MISSING) if math.isnan(gap) else Cell(f"{gap:.1%}", gap)


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value


def _leakage_lead(answer: Leakage) -> str:
    clear = [score for score in answer.scores if score.p_value <= CLEAR]
    if not clear:
        return "Folds drawn at random would not be shown to claim more."
    return f"Folds drawn at random, instead of ones that {_GUARDS[answer.by][0]}, would claim too much."


def _leakage(index: Index, answer: Leakage) -> Block:
    titles: dict[str, Any] = titles_of(SimpleNamespace(rows=index.leaderboard))  # type: ignore[arg-type]
    places = interval_decimals([s.gap for s in answer.scores], [(s.upper - s.lower) / 2 for s in answer.scores])
    heads = [
        Head("Model"),
        Head(_GUARDS[answer.by][1], numeric=True),
        Head("At random", numeric=True),
        Head("Claimed too much", numeric=True),
        Head("95% interval"),
        Head("p", numeric=True),
    ]
    lines = [
        [
            Cell(shown(titles.get(s.model, s.model), 40), s.model),
            Cell(fixed(s.guarded, places), _number(s.guarded)),
            Cell(fixed(s.careless, places), _number(s.careless)),
            Cell(fixed(s.gap, places), _number(s.gap)),
            Cell(MISSING if math.isnan(s.lower) else interval(s.lower, s.upper, places)),
            Cell(p_value(s.p_value), _number(s.p_value)),
        ]
        for s in answer.scores
    ]
    told = (
        f"The folds of this study {_GUARDS[answer.by][0]}. Folds drawn at random put alike rows on both sides, so that "
        "a model is tested on what it has all but seen. If it will meet known groups again, or gaps in known time, the "
        "better score is earned."
    )
    note = "p: of a gap no larger than what matters, corrected for the number of models."
    caption = f"{index.ranking.title[:1].upper()}{index.ranking.title[1:]} under both kinds of folds"
    return Block(
        heading="What a careless split would claim",
        paragraphs=[told],
        tables=[TableView(caption, heads, lines, name="leakage", note=note)],
        topic="leakage",
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
