"""The section of diagnostics: a block for each check of a model, and what could not be checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workbench.answers import Answer
from workbench.pages import complexity, conformal, errors, fairness, reliability, sensitivity, tables
from workbench.pages.card import Card
from workbench.pages.check import Check
from workbench.pages.views import Block, Section
from workbench.plots.numbers import count

_CHECKS: dict[str, Callable[[Card, Any], Check]] = {
    "calibration": reliability.calibrated,
    "recalibration": reliability.recalibrated,
    "residuals": errors.residuals,
    "weak_regions": errors.weak_regions,
    "conformal": conformal.promised,
    "robustness": sensitivity.robustness,
    "overfit": sensitivity.overfit,
    "fairness": fairness.groups,
}
_TITLES = {
    "weak_regions": "Weak regions",
    "conformal": "Conformal intervals",
}


def section(card: Card) -> Section:
    """Give the section: the checks in one order for all models, then complexity, then what was left out."""
    answers = {part.name: Answer.from_dict(part.answer) for part in card.diagnostics if part.answer is not None}
    checks = {name: make(card, answers[name]) for name, make in _CHECKS.items() if name in answers}
    shown = {name: check.shows for name, check in checks.items() if check.shows}
    blocks = [Block(bullets=[f"{tables.capital(text)}." for text in shown.values()])] if shown else []
    blocks += [replace(check.block, topic=name) for name, check in checks.items()]
    if card.complexity is not None:
        blocks.append(complexity.block(card, card.complexity))
    left_out = [f"{_title(part.name)}: {part.reason}" for part in card.diagnostics if part.answer is None]
    if left_out:
        blocks.append(Block(heading="What was not checked", bullets=[text.rstrip(".") + "." for text in left_out]))
    return Section("diagnostics", "Sensitivity and diagnostics", _lead(card, len(checks), list(shown)), blocks)


def _lead(card: Card, n_checks: int, shown: list[str]) -> str:
    if not n_checks:
        if card.diagnostics:
            return "No diagnostic could be computed."
        return "The baseline is not diagnosed." if card.family == "dummy" else "The study asked for no diagnostics."
    checks = f"{count(n_checks)} {'check' if n_checks == 1 else 'checks'}"
    if not shown:
        return f"None of {checks} shows anything wrong."
    names = ", ".join(_title(name).lower() for name in shown)
    return f"{count(len(shown))} of {checks} {'shows' if len(shown) == 1 else 'show'} something: {names}."


def _title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " ").capitalize())
