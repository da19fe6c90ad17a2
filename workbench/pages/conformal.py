"""The block about intervals and sets that hold what comes at a stated rate."""

from __future__ import annotations

import math
from typing import Any

from workbench.pages import figure_data, methods
from workbench.pages.card import Card
from workbench.pages.check import Check
from workbench.pages.views import Block, picture
from workbench.plots import PAGE, conformal
from workbench.plots.numbers import number, rows, short
from workbench.plots.style import shown


def promised(card: Card, answer: Any) -> Check:
    """Say how wide intervals (how large sets) must be to keep a promise, and whether it is kept everywhere."""
    finding = conformal.finding(answer)
    kept = finding.endswith(("was asked", "of rows"))
    note = (
        "Diamonds are parts of the data that are shown to be covered less. The line is what was promised. Parts whose "
        "coverage would tell of fewer than 10 rows are left out."
    )
    return Check(
        Block(
            heading="How sure single predictions are",
            paragraphs=[_about(card, answer), _how(answer)],
            pictures=[
                picture(
                    conformal.draw(answer, PAGE, title=False),
                    finding,
                    conformal.describe(answer),
                    note,
                    data=figure_data.coverage(answer),
                )
            ],
            cautions=methods.cautions(card, answer),
        ),
        "" if kept else finding[:1].lower() + finding[1:],
    )


def _about(card: Card, answer: Any) -> str:
    level = f"{answer.level:.0%}"
    if answer.task == "regression":
        target = card.data.target
        unit = f" {shown(target.unit, 16)}" if target.unit else ""
        name = shown(target.title or target.name, 30)
        return (
            f"To hold what comes in {level} of rows, an interval must reach {number(answer.threshold)}{unit} to "
            f"either side of the predicted {name}: {number(answer.mean_size)} wide. One that looks at no column is "
            f"{number(answer.size_without)} wide."
        )
    told = (
        f"To hold the class that comes in {level} of rows, a set takes every class with a probability of at least "
        f"{short(max(1 - answer.threshold, 0.0))}: {number(answer.mean_size)} classes on average. One that looks at no "
        f"column takes {short(answer.size_without)}."
    )
    if math.isnan(answer.share_single):
        return told
    empty = "" if not answer.share_empty > 0 else f", {answer.share_empty:.0%} none"
    return f"{told} {answer.share_single:.0%} of the sets hold one class{empty}."


def _how(answer: Any) -> str:
    return (
        f"Split-conformal: the width is set on {rows(answer.n_calibration)} rows and judged on {rows(answer.n_rows)} "
        "others. It is kept for all rows together, whatever the model, if new rows are like these; not for each part "
        "of them: see below."
    )
