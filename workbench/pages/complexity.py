"""How complex a model is, found from its predictions alone: in a line, and as a block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.answers import Complexity
from workbench.pages import methods, tables
from workbench.pages.card import Card
from workbench.pages.views import Block, Cell, Head, TableView
from workbench.plots.numbers import MISSING, count, fixed, short
from workbench.plots.style import shown


def told(given: Mapping[str, Any]) -> str:
    """Say in a line how many columns are used, how much is interaction, and how bent the curves are."""
    answer = Complexity.from_dict(given)
    parts = [f"{count(len(answer.features_used))} of {count(len(answer.feature_names))} columns used"]
    if math.isfinite(answer.interaction_strength):
        parts.append(f"{_share(answer.interaction_strength)} of what it does is interaction")
    if math.isfinite(answer.main_effect_complexity):
        pieces = short(answer.main_effect_complexity, 2)
        parts.append(f"curves of {pieces} linear {'piece' if pieces == '1' else 'pieces'} on average")
    return "; ".join(parts)


def _share(value: float) -> str:
    return "100% or more" if value > 1 else "< 1%" if 0 < value < 0.005 else f"{value:.0%}"


def block(card: Card, given: Mapping[str, Any]) -> Block:
    """Give the block: what the measures are, and the pieces of every column's curve."""
    answer = Complexity.from_dict(given)
    return Block(
        heading="How complex it is to explain",
        paragraphs=[
            f"{tables.capital(told(given))}. These measures need no form, so that black boxes have them too (Molnar et "
            "al. 2019). Interaction is the share of the variance of predictions that curves of single columns leave "
            "unexplained; pieces are the fewest straight lines that keep 95% of a curve's variance."
        ],
        tables=[_columns(card, answer)],
        cautions=methods.cautions(card, answer),
    )


def _columns(card: Card, answer: Complexity) -> TableView:
    total = float(np.nansum(answer.variances))
    labels = methods.labels(card)
    heads = [Head("Column"), Head("Pieces", numeric=True), Head("Share of the curves' variance", numeric=True)]
    lines = []
    for j in np.argsort(-np.nan_to_num(answer.variances, nan=-1.0), kind="stable"):
        name, pieces, variance = answer.feature_names[j], float(answer.pieces[j]), float(answer.variances[j])
        share = variance / total if total > 0 and math.isfinite(variance) else None
        text = "not used" if name not in answer.features_used else MISSING if math.isnan(pieces) else count(pieces)
        lines.append(
            [
                Cell(shown(labels.get(name, name), 40), name),
                Cell(text, None if math.isnan(pieces) else pieces),
                Cell(MISSING if share is None else f"{fixed(100 * share, 1)}%", share, bar=share),
            ]
        )
    return TableView("Pieces of the curves", heads, lines, name="complexity")
