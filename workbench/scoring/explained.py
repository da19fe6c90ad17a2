"""Whose rows contributions are told against, and what is said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workbench.remote import is_url, public_url
from workbench.scoring.contributions import Contributions
from workbench.scoring.parts import Part, draw_rows
from workbench.scoring.scorer import Scorer

N_BACKGROUND = 1_000


def explained(scorer: Scorer, parts: Sequence[Part], n: int = N_BACKGROUND) -> Scorer:
    """Give a scorer that tells contributions too, against rows of a table: all, or n that are drawn by the seed 0.

    Raises
    ------
    ScoringError
        If the form has no exact contributions of many rows, or the table has no row.
    """
    rows = draw_rows(parts, scorer.form.columns, n, text=scorer.text)
    return replace(scorer, contributions=Contributions.of(scorer.form, rows))


def told(scorer: Scorer, source: str) -> str:
    """Say in a sentence what the contributions are."""
    found = scorer.contributions
    if found is None:
        return "rows are not explained"
    name = public_url(source) if is_url(source) else Path(source).name
    of = "prediction" if found.scale == "response" else "score before the link, such as log odds"
    return (
        f"contributions: Shapley values of the {of}, exact against {found.n_background:,} rows of {name}; baseline and "
        "contributions of a row add up to it; columns that the model does not read contribute 0 and have no column"
    )
